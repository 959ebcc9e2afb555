//! Where the next frame of a buffer ends, and what it reads as. One arm for each framing.
//!
//! Every decision depends on the bytes before it only, never on how they were handed over.
//! Called by: `Framer`.

use memchr::{memchr, memchr2, memmem};

use super::{Fault, most};
use crate::model::{ByteOrder, Counts, Framing, LengthPrefix, MOST_FRAME_BYTES};

pub(super) const STX: u8 = 0x02;
pub(super) const ETX: u8 = 0x03;
/// RFC 1055.
pub(super) const SLIP_END: u8 = 0xc0;
pub(super) const SLIP_ESC: u8 = 0xdb;
pub(super) const SLIP_ESC_END: u8 = 0xdc;
pub(super) const SLIP_ESC_ESC: u8 = 0xdd;

/// The next bytes of the buffer.
pub(super) struct Cut {
    /// How many; never 0.
    pub bytes: usize,
    /// `None`: they are between frames and no frame themselves.
    pub content: Option<Vec<u8>>,
    pub fault: Option<Fault>,
}

/// A framing made ready for cutting.
pub(super) struct Cutter {
    framing: Framing,
    /// No end of a frame stands before here: it was looked for already.
    searched: usize,
    /// Lengths are out of step: nothing can be told any more.
    lost: bool,
    /// A frame from STX that has not ended yet, as far as it was read.
    begun: Begun,
}

/// What was read of an unfinished frame with escapes: reading goes on behind it, never again from its beginning.
#[derive(Default)]
struct Begun {
    /// Bytes of the buffer that were read; 0: none yet.
    read: usize,
    content: Vec<u8>,
}

impl Cutter {
    pub(super) fn new(framing: &Framing) -> Self {
        let framing = match framing {
            // What cannot end a frame leaves every chunk for itself.
            Framing::Delimiter { bytes, .. } if bytes.is_empty() => Framing::None,
            Framing::Fixed { bytes: 0 } => Framing::None,
            framing => framing.clone(),
        };
        Self { framing, searched: 0, lost: false, begun: Begun::default() }
    }

    /// The stream begins anew.
    pub(super) fn begin(&mut self) {
        (self.searched, self.lost, self.begun) = (0, false, Begun::default());
    }

    pub(super) fn ends_with_chunk(&self) -> bool {
        self.framing == Framing::None
    }

    pub(super) fn idle_nanos(&self) -> Option<u64> {
        match self.framing {
            Framing::IdleGap { nanos, .. } => Some(nanos),
            _ => None,
        }
    }

    /// Of a buffer that holds no whole frame: the next one may end within so many bytes at its end, never before.
    pub(super) fn reach(&self) -> usize {
        match &self.framing {
            Framing::Delimiter { bytes, .. } => bytes.len(),
            _ => 1,
        }
    }

    /// The next frame of the buffer, where it is whole.
    pub(super) fn next(&mut self, buffer: &[u8]) -> Option<Cut> {
        if buffer.is_empty() {
            return None;
        }
        let cut = match &self.framing {
            Framing::None => too_long(buffer, MOST_FRAME_BYTES as usize, 0),
            Framing::IdleGap { most_bytes, .. } => too_long(buffer, most(*most_bytes), 0),
            Framing::Delimiter { bytes, keep, most_bytes } => {
                let most = most(*most_bytes);
                let found = self.search(buffer, bytes.len(), most, |rest| memmem::find(rest, bytes));
                delimited(buffer, found, bytes.len(), most, |content| {
                    let kept: &[u8] = if *keep { bytes } else { b"" };
                    (content.iter().chain(kept).copied().collect(), None)
                })
            }
            Framing::Line { most_bytes } => {
                let most = most(*most_bytes);
                let found = self.search(buffer, 1, most, |rest| memchr(b'\n', rest));
                delimited(buffer, found, 1, most, |content| {
                    (content.strip_suffix(b"\r").unwrap_or(content).to_vec(), None)
                })
            }
            Framing::Fixed { bytes } => {
                let bytes = most(*bytes);
                let content = buffer.get(..bytes)?;
                Some(Cut { bytes, content: Some(content.to_vec()), fault: None })
            }
            Framing::LengthPrefix(prefix) => {
                let cut = if self.lost { Err(()) } else { prefixed(buffer, prefix) };
                cut.unwrap_or_else(|()| {
                    self.lost = true;
                    let whole = buffer.get(..most(prefix.most_bytes))?;
                    Some(Cut { bytes: whole.len(), content: Some(whole.to_vec()), fault: Some(Fault::BadLength) })
                })
            }
            Framing::Slip { most_bytes } => {
                let most = most(*most_bytes);
                let found = self.search(buffer, 1, most, |rest| memchr(SLIP_END, rest));
                between_ends(delimited(buffer, found, 1, most, from_slip))
            }
            Framing::Cobs { most_bytes } => {
                let most = most(*most_bytes);
                let found = self.search(buffer, 1, most, |rest| memchr(0, rest));
                between_ends(delimited(buffer, found, 1, most, from_cobs))
            }
            Framing::StxEtx { escape, most_bytes } => {
                let most = most(*most_bytes);
                if buffer[0] == STX {
                    self.begun.go_on(buffer, *escape, most)
                } else {
                    let found = self.search(buffer, 1, most, |rest| memchr(STX, rest));
                    stray(buffer, found, most)
                }
            }
        };
        self.searched = if cut.is_some() { 0 } else { buffer.len() };
        cut
    }

    /// What is left at the end of the stream.
    pub(super) fn rest(&mut self, buffer: &[u8]) -> Cut {
        let whole = |fault| Cut { bytes: buffer.len(), content: Some(buffer.to_vec()), fault };
        match &self.framing {
            Framing::None | Framing::IdleGap { .. } => whole(None),
            // The last line of a text often has no end.
            Framing::Line { .. } => whole(None),
            Framing::LengthPrefix(_) if self.lost => whole(Some(Fault::BadLength)),
            Framing::StxEtx { .. } if buffer.first() != Some(&STX) => whole(Some(Fault::Stray)),
            _ => whole(Some(Fault::Unfinished)),
        }
    }

    /// Looks only at what is new, at as much before it as an end that was cut in two could begin in, and no farther than a
    /// frame may reach.
    fn search(
        &self,
        buffer: &[u8],
        length: usize,
        most: usize,
        find: impl Fn(&[u8]) -> Option<usize>,
    ) -> Option<usize> {
        let to = buffer.len().min(most + length);
        let from = self.searched.saturating_sub(length - 1).min(to);
        find(&buffer[from..to]).map(|at| from + at)
    }
}

/// A buffer that is longer than a frame may be gives a piece of that length.
fn too_long(buffer: &[u8], most: usize, more: usize) -> Option<Cut> {
    (buffer.len() >= most + more.max(1)).then(|| Cut {
        bytes: most,
        content: Some(buffer[..most].to_vec()),
        fault: Some(Fault::TooLong),
    })
}

/// A frame that ends before a delimiter of `length` bytes found at `at`.
fn delimited(
    buffer: &[u8],
    at: Option<usize>,
    length: usize,
    most: usize,
    read: impl FnOnce(&[u8]) -> (Vec<u8>, Option<Fault>),
) -> Option<Cut> {
    match at {
        Some(at) if at <= most => {
            let (content, fault) = read(&buffer[..at]);
            Some(Cut { bytes: at + length, content: Some(content), fault })
        }
        // Not before it is certain that no delimiter begins within.
        _ => too_long(buffer, most, length),
    }
}

/// Two ends in a row are none: many senders put one before each frame as well.
fn between_ends(cut: Option<Cut>) -> Option<Cut> {
    cut.map(|cut| if cut.bytes == 1 && cut.fault.is_none() { Cut { content: None, ..cut } } else { cut })
}

/// `Err`: a length that cannot be.
fn prefixed(buffer: &[u8], prefix: &LengthPrefix) -> Result<Option<Cut>, ()> {
    let (offset, width) = (prefix.offset as usize, usize::from(prefix.width.clamp(1, 8)));
    let head = offset + width;
    let Some(field) = buffer.get(offset..head) else { return Ok(None) };
    let value = match prefix.order {
        ByteOrder::Big => field.iter().fold(0u64, |value, byte| value << 8 | u64::from(*byte)),
        ByteOrder::Little => field.iter().rev().fold(0u64, |value, byte| value << 8 | u64::from(*byte)),
    };
    let before = match prefix.counts {
        Counts::Rest => head as u64,
        Counts::FromLength => offset as u64,
        Counts::Whole => 0,
    };
    let bytes =
        value.checked_add(before).and_then(|bytes| bytes.checked_add_signed(i64::from(prefix.extra))).ok_or(())?;
    if bytes < head as u64 || bytes > most(prefix.most_bytes) as u64 {
        return Err(());
    }
    let bytes = usize::try_from(bytes).map_err(|_| ())?;
    Ok(buffer.get(..bytes).map(|frame| Cut { bytes, content: Some(frame.to_vec()), fault: None }))
}

fn from_slip(bytes: &[u8]) -> (Vec<u8>, Option<Fault>) {
    let (mut content, mut fault) = (Vec::with_capacity(bytes.len()), None);
    let mut rest = bytes.iter();
    while let Some(byte) = rest.next() {
        match (*byte, if *byte == SLIP_ESC { rest.next() } else { None }) {
            (SLIP_ESC, Some(&SLIP_ESC_END)) => content.push(SLIP_END),
            (SLIP_ESC, Some(&SLIP_ESC_ESC)) => content.push(SLIP_ESC),
            (SLIP_ESC, other) => {
                // RFC 1055 lets the byte stand as it is.
                fault = Some(Fault::BadEscape);
                content.extend(other);
            }
            (byte, _) => content.push(byte),
        }
    }
    (content, fault)
}

/// A frame whose codes do not add up is shown as it stood in the stream.
fn from_cobs(bytes: &[u8]) -> (Vec<u8>, Option<Fault>) {
    let mut content = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((code, after)) = rest.split_first() {
        let Some((block, after)) = after.split_at_checked(usize::from(*code).saturating_sub(1)) else {
            return (bytes.to_vec(), Some(Fault::BadEscape));
        };
        content.extend_from_slice(block);
        if *code != 0xff && !after.is_empty() {
            content.push(0);
        }
        rest = after;
    }
    (content, None)
}

/// Stray bytes end where a frame begins; until then more of them may come.
fn stray(buffer: &[u8], found: Option<usize>, most: usize) -> Option<Cut> {
    match found {
        Some(at) if at <= most => {
            Some(Cut { bytes: at, content: Some(buffer[..at].to_vec()), fault: Some(Fault::Stray) })
        }
        _ => too_long(buffer, most, 1),
    }
}

impl Begun {
    /// Reads on in a buffer that begins with STX. A frame that ends is given, and forgotten here.
    fn go_on(&mut self, buffer: &[u8], escape: Option<u8>, most: usize) -> Option<Cut> {
        let (bytes, fault) = self.end_of(buffer, escape, most)?;
        let content = std::mem::take(self).content;
        Some(Cut { bytes, content: Some(content), fault })
    }

    fn end_of(&mut self, buffer: &[u8], escape: Option<u8>, most: usize) -> Option<(usize, Option<Fault>)> {
        self.read = self.read.max(1);
        loop {
            if self.read > most {
                return Some((self.read.min(buffer.len()), Some(Fault::TooLong)));
            }
            let rest = buffer.get(self.read..)?;
            let found = match escape {
                Some(escape) => memchr2(ETX, escape, rest),
                None => memchr(ETX, rest),
            };
            // Never beyond what a frame may have, so that the cut does not depend on what came already.
            let plain = found.unwrap_or(rest.len()).min(most + 1 - self.read);
            self.content.extend_from_slice(&rest[..plain]);
            self.read += plain;
            if self.read > most {
                continue;
            }
            let end = *buffer.get(self.read)?;
            if end == ETX && escape != Some(ETX) {
                return Some((self.read + 1, None));
            }
            self.content.push(*buffer.get(self.read + 1)?);
            self.read += 2;
        }
    }
}
