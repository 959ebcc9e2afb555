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
    held: Vec<u8>,
    /// The window holds bytes of the file from this offset on; reading stands at `at` within it.
    begins: u64,
    at: usize,
}

impl Window {
    pub(super) fn new(file: Arc<File>) -> Self {
        Self { file, held: Vec::new(), begins: 0, at: 0 }
    }

    /// Where in the file reading stands.
    pub(super) fn offset(&self) -> u64 {
        self.begins + self.at as u64
    }

    /// The bytes from where reading stands, as far as they are held.
    pub(super) fn rest(&self) -> &[u8] {
        self.held.get(self.at..).unwrap_or_default()
    }

    /// A range that was found in `rest` before the last `skip`.
    pub(super) fn before(&self, skipped: usize, range: Range<usize>) -> &[u8] {
        let from = self.at.saturating_sub(skipped);
        self.held.get(from + range.start..from + range.end).unwrap_or_default()
    }

    /// Holds so many bytes; `false`: the file ends before.
    pub(super) fn need(&mut self, bytes: usize) -> io::Result<bool> {
        if self.rest().len() >= bytes {
            return Ok(true);
        }
        let kept = self.rest().len();
        let from = self.at.min(self.held.len());
        self.held.copy_within(from.., 0);
        (self.begins, self.at) = (self.offset(), 0);
        self.held.resize(bytes.max(WINDOW_BYTES), 0);
        let mut filled = kept;
        while filled < self.held.len() {
            match read_at(&self.file, &mut self.held[filled..], self.begins + filled as u64) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) => {
                    self.held.truncate(filled);
                    return Err(error);
                }
            }
        }
        self.held.truncate(filled);
        Ok(filled >= bytes)
    }

    /// Goes on behind so many bytes, held or not.
    pub(super) fn skip(&mut self, bytes: usize) {
        if bytes <= self.rest().len() {
            self.at += bytes;
        } else {
            (self.begins, self.at) = (self.offset() + bytes as u64, 0);
            self.held.clear();
        }
    }
}
