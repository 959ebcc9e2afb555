//! A window on a file that is read from front to back: positioned reads, bounded memory, and the exact byte everything
//! stands at.
//! Called by: `packets`.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::sync::Arc;

use crate::session::reader::read_at;

const WINDOW_BYTES: usize = 1024 * 1024;

pub(super) struct Window {
    file: Arc<File>,
    /// Room that is made once; what was read of the file stands in `at..end`.
    room: Vec<u8>,
    /// The room begins at this offset of the file.
    begins: u64,
    at: usize,
    end: usize,
}

impl Window {
    pub(super) fn new(file: Arc<File>) -> Self {
        Self { file, room: vec![0; WINDOW_BYTES], begins: 0, at: 0, end: 0 }
    }

    /// Where in the file reading stands.
    pub(super) fn offset(&self) -> u64 {
        self.begins + self.at as u64
    }

    /// The bytes from where reading stands, as far as they are held.
    pub(super) fn rest(&self) -> &[u8] {
        self.room.get(self.at..self.end).unwrap_or_default()
    }

    /// A range that was found in `rest` before the last `skip`.
    pub(super) fn before(&self, skipped: usize, range: Range<usize>) -> &[u8] {
        let from = self.at.saturating_sub(skipped);
        self.room.get(from + range.start..from + range.end).unwrap_or_default()
    }

    /// Holds so many bytes; `false`: the file ends before.
    pub(super) fn need(&mut self, bytes: usize) -> io::Result<bool> {
        if self.end - self.at >= bytes {
            return Ok(true);
        }
        self.room.copy_within(self.at..self.end, 0);
        (self.begins, self.end, self.at) = (self.offset(), self.end - self.at, 0);
        if bytes > self.room.len() {
            let mut larger = vec![0; bytes];
            larger[..self.end].copy_from_slice(&self.room[..self.end]);
            self.room = larger;
        }
        while self.end < self.room.len() {
            match read_at(&self.file, &mut self.room[self.end..], self.begins + self.end as u64)? {
                0 => break,
                read => self.end += read,
            }
        }
        Ok(self.end >= bytes)
    }

    /// Goes on behind so many bytes, held or not.
    pub(super) fn skip(&mut self, bytes: usize) {
        if bytes <= self.end - self.at {
            self.at += bytes;
        } else {
            (self.begins, self.at, self.end) = (self.offset() + bytes as u64, 0, 0);
        }
    }
}
