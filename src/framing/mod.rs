//! A stream taken apart into frames, one direction of one connection at a time.
//!
//! Pure: bytes and times come in, frames come out; which chunks the bytes came in never changes the frames (but for
//! `Framing::IdleGap`, whose frames end where the chunks pause). Memory is bounded by the longest frame allowed.
//! Never: sockets, files, clocks. Called by: session, engine, ui, cli.

mod cut;
#[cfg(test)]
mod tests;
mod wrap;

use std::collections::VecDeque;

use crate::model::{Framing, MOST_FRAME_BYTES, Timestamp};

use cut::{Cut, Cutter};

pub use wrap::wrap;

/// One frame, as it stood in the stream and as it reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Offsets in the stream: of its first byte, and behind its last one. Delimiters and escapes lie within.
    pub begins: u64,
    pub ends: u64,
    /// Without delimiters and escapes.
    pub content: Vec<u8>,
    /// When its first and its last byte came.
    pub first: Timestamp,
    pub last: Timestamp,
    pub fault: Option<Fault>,
}

/// Why a frame is not what the framing promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is longer than is allowed, and cut here.
    TooLong,
    /// The stream ended within it.
    Unfinished,
    /// A length that cannot be: what follows is out of step with its lengths.
    BadLength,
    /// Bytes outside any frame.
    Stray,
    /// An escape, or a COBS code, that means nothing.
    BadEscape,
}

/// Takes one direction of a stream apart.
pub struct Framer {
    cutter: Cutter,
    buffer: Vec<u8>,
    /// Bytes at the beginning of the buffer that are done with.
    done: usize,
    /// Offset in the stream of the buffer's first byte.
    begins: u64,
    /// Up to which offset of the stream bytes came, and when. Only of bytes that a frame may begin or end with, so that a
    /// long frame that comes byte by byte takes no more than another.
    arrivals: VecDeque<(u64, Timestamp)>,
}

/// Bytes that are done with are taken out of the buffer when there are so many.
const TIDY_BYTES: usize = 64 * 1024;

impl Framer {
    pub fn new(framing: &Framing) -> Self {
        let cutter = Cutter::new(framing);
        Self { cutter, buffer: Vec::new(), done: 0, begins: 0, arrivals: VecDeque::new() }
    }

    /// Takes a chunk and gives the frames that it completes.
    pub fn push(&mut self, chunk: &[u8], time: Timestamp, frame: &mut impl FnMut(Frame)) {
        if let (Some(nanos), Some((_, last))) = (self.cutter.idle_nanos(), self.arrivals.back())
            && time.nanos_since(*last) >= nanos
        {
            self.rest(frame);
        }
        // A long chunk must not make the buffer longer than a frame may be.
        for piece in chunk.chunks(TIDY_BYTES) {
            self.buffer.extend_from_slice(piece);
            let end = self.begins + self.buffer.len() as u64;
            match self.arrivals.back_mut() {
                Some((to, last)) if *last == time => *to = end,
                _ => self.arrivals.push_back((end, time)),
            }
            self.cut(frame);
            self.forget_arrivals(end);
        }
        if self.cutter.ends_with_chunk() {
            self.rest(frame);
        }
    }

    /// The stream is at its end, or nothing came for as long as the gap is: what is left is a frame too.
    pub fn end(&mut self, frame: &mut impl FnMut(Frame)) {
        self.rest(frame);
    }

    /// How many bytes belong to no frame yet.
    pub fn waiting(&self) -> usize {
        self.rest_bytes().len()
    }

    /// They themselves, as they came.
    pub fn rest_bytes(&self) -> &[u8] {
        self.buffer.get(self.done..).unwrap_or_default()
    }

    /// The next frame begins with the first byte that waits, and ends within so many at the end or behind them.
    pub fn reach(&self) -> usize {
        self.cutter.reach()
    }

    /// With this framing a pause of so many nanoseconds ends a frame.
    pub fn pause_nanos(&self) -> Option<u64> {
        self.cutter.idle_nanos()
    }

    fn cut(&mut self, frame: &mut impl FnMut(Frame)) {
        while let Some(cut) = self.cutter.next(&self.buffer[self.done..]) {
            self.give(cut, frame);
        }
        if self.done >= TIDY_BYTES || self.done == self.buffer.len() {
            self.buffer.drain(..self.done);
            self.begins += self.done as u64;
            self.done = 0;
        }
    }

    /// The next frame begins with the first byte that waits, and ends among the last ones: the times between are not asked for.
    fn forget_arrivals(&mut self, end: u64) {
        let waits_from = self.begins + self.done as u64;
        while self.arrivals.len() > 1 && self.arrivals.front().is_some_and(|(to, _)| *to <= waits_from) {
            self.arrivals.pop_front();
        }
        let settled = end.saturating_sub(self.cutter.reach() as u64);
        while self.arrivals.len() > 2 && self.arrivals.get(1).is_some_and(|(to, _)| *to <= settled) {
            self.arrivals.remove(1);
        }
    }

    fn rest(&mut self, frame: &mut impl FnMut(Frame)) {
        let left = self.buffer.len() - self.done;
        if left > 0 {
            let cut = self.cutter.rest(&self.buffer[self.done..]);
            self.give(cut, frame);
        }
        self.cutter.begin();
        self.begins += self.buffer.len() as u64;
        self.buffer.clear();
        self.done = 0;
        self.arrivals.retain(|(to, _)| *to > self.begins);
    }

    fn give(&mut self, cut: Cut, frame: &mut impl FnMut(Frame)) {
        let begins = self.begins + self.done as u64;
        let ends = begins + cut.bytes as u64;
        self.done += cut.bytes;
        let Some(content) = cut.content else { return };
        let first = self.arrived(begins);
        let last = self.arrived(ends.saturating_sub(1).max(begins));
        while self.arrivals.len() > 1 && self.arrivals.front().is_some_and(|(to, _)| *to <= ends) {
            self.arrivals.pop_front();
        }
        frame(Frame { begins, ends, content, first, last, fault: cut.fault });
    }

    fn arrived(&self, offset: u64) -> Timestamp {
        let at = self.arrivals.partition_point(|(to, _)| *to <= offset);
        self.arrivals.get(at).or(self.arrivals.back()).map_or(Timestamp::default(), |(_, time)| *time)
    }
}

/// The longest frame that a setting allows, within what is ever allowed.
fn most(bytes: u32) -> usize {
    bytes.clamp(1, MOST_FRAME_BYTES) as usize
}
