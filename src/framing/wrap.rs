//! The bytes that carry a content as one frame: what `Framer` takes apart, put together.
//!
//! Pure. Called by: whoever sends frames.

use super::{Framer, cut};
use crate::model::{Framing, Timestamp};

/// `None`: the framing cannot carry this content. A frame with a length prefix holds its length already, as `Frame::content`
/// does; it must be right.
pub fn wrap(content: &[u8], framing: &Framing) -> Option<Vec<u8>> {
    let bytes = wrapped(content, framing);
    // Whether a content fits is told by those who read it.
    let (mut framer, mut frames) = (Framer::new(framing), Vec::new());
    framer.push(&bytes, Timestamp::default(), &mut |frame| frames.push(frame));
    framer.end(&mut |frame| frames.push(frame));
    let fits = matches!(frames.as_slice(), [one] if one.content == content && one.fault.is_none());
    fits.then_some(bytes)
}

fn wrapped(content: &[u8], framing: &Framing) -> Vec<u8> {
    match framing {
        Framing::None | Framing::IdleGap { .. } | Framing::Fixed { .. } | Framing::LengthPrefix(_) => content.to_vec(),
        Framing::Delimiter { keep: true, .. } => content.to_vec(),
        Framing::Delimiter { bytes, keep: false, .. } => [content, bytes].concat(),
        // A CR before LF belongs to the end: one of the content needs another.
        Framing::Line { .. } if content.ends_with(b"\r") => [content, b"\r\n"].concat(),
        Framing::Line { .. } => [content, b"\n"].concat(),
        Framing::Slip { .. } => slip(content),
        Framing::Cobs { .. } => cobs(content),
        Framing::StxEtx { escape, .. } => {
            let mut bytes = vec![cut::STX];
            for byte in content {
                if let Some(escape) = escape.filter(|escape| *byte == cut::ETX || byte == escape) {
                    bytes.push(escape);
                }
                bytes.push(*byte);
            }
            bytes.push(cut::ETX);
            bytes
        }
    }
}

fn slip(content: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(content.len() + 1);
    for byte in content {
        match *byte {
            cut::SLIP_END => bytes.extend([cut::SLIP_ESC, cut::SLIP_ESC_END]),
            cut::SLIP_ESC => bytes.extend([cut::SLIP_ESC, cut::SLIP_ESC_ESC]),
            byte => bytes.push(byte),
        }
    }
    bytes.push(cut::SLIP_END);
    bytes
}

fn cobs(content: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(content.len() + content.len() / 254 + 2);
    for part in content.split(|byte| *byte == 0) {
        let mut rest = part;
        while rest.len() >= 254 {
            bytes.push(0xff);
            bytes.extend_from_slice(&rest[..254]);
            rest = &rest[254..];
        }
        bytes.push(rest.len() as u8 + 1);
        bytes.extend_from_slice(rest);
    }
    bytes.push(0);
    bytes
}
