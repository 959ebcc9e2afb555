//! A Modbus/TCP server as it is spoken to: frames out of the stream, and what each request does to the registers ("MODBUS
//! Application Protocol" 1.1b3, "MODBUS Messaging on TCP/IP Implementation Guide" 1.0b).
//!
//! Owns: where a frame ends, and the answer to it. Never: sockets; who may write when is its caller's.

mod bank;
mod request;
#[cfg(test)]
mod tests;

pub use bank::{Bank, MOST_ADDRESSES};
pub use request::{Exception, Written, answer, read, writes};

use bytes::{Buf as _, Bytes, BytesMut};

/// Transaction, protocol, length, unit.
const HEAD: usize = 7;
/// What the length counts, at most: the unit and the longest PDU.
const MOST_LENGTH: u16 = 254;

/// A request of a master.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    pub transaction: u16,
    pub unit: u8,
    /// Function code and what belongs to it; never empty.
    pub pdu: Bytes,
}

/// Why the stream cannot be followed any further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Astray {
    /// The protocol identifier of Modbus is 0.
    Protocol(u16),
    /// A unit and a PDU are 2 to 254 bytes.
    Length(u16),
}

/// The frames of one connection.
#[derive(Debug, Default)]
pub struct Frames {
    buffer: BytesMut,
    astray: bool,
}

impl Frames {
    /// Ask `take_next` for all there is before the next chunk, so that nothing piles up.
    pub fn push(&mut self, chunk: &[u8]) {
        if !self.astray {
            self.buffer.extend_from_slice(chunk);
        }
    }

    /// Bytes of a frame that has not ended.
    pub fn waiting(&self) -> usize {
        self.buffer.len()
    }

    /// `None`: more bytes are needed, or it went astray before.
    pub fn take_next(&mut self) -> Option<Result<Frame, Astray>> {
        let next = self.take();
        if next.is_none() {
            // Ten thousand peers that wait must not each keep the room of a large chunk.
            self.buffer = BytesMut::from(self.buffer.as_ref());
        }
        next
    }

    fn take(&mut self) -> Option<Result<Frame, Astray>> {
        let field = |at: usize| Some(u16::from_be_bytes([*self.buffer.get(at)?, *self.buffer.get(at + 1)?]));
        // Told as soon as it can be: what announces itself wrongly may never send the rest.
        let protocol = field(2)?;
        if protocol != 0 {
            return Some(Err(self.go_astray(Astray::Protocol(protocol))));
        }
        let length = field(4)?;
        if !(2..=MOST_LENGTH).contains(&length) {
            return Some(Err(self.go_astray(Astray::Length(length))));
        }
        let end = HEAD - 1 + usize::from(length);
        if self.buffer.len() < end {
            return None;
        }
        let transaction = field(0)?;
        let mut frame = self.buffer.split_to(end).freeze();
        let unit = frame[HEAD - 1];
        frame.advance(HEAD);
        Some(Ok(Frame { transaction, unit, pdu: frame }))
    }

    fn go_astray(&mut self, why: Astray) -> Astray {
        self.astray = true;
        self.buffer = BytesMut::new();
        why
    }
}

/// The bytes of an answer with its head.
pub fn framed(transaction: u16, unit: u8, pdu: &[u8]) -> Vec<u8> {
    let length = u16::try_from(pdu.len() + 1).unwrap_or(u16::MAX);
    let mut frame = Vec::with_capacity(HEAD + pdu.len());
    frame.extend_from_slice(&transaction.to_be_bytes());
    frame.extend_from_slice(&[0, 0]);
    frame.extend_from_slice(&length.to_be_bytes());
    frame.push(unit);
    frame.extend_from_slice(pdu);
    frame
}
