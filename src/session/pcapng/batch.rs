//! Encoded blocks on their way to the file: small payloads copied into one buffer, large ones handed over as they are.
//! Called by: `encoder`, the recorder and the pcapng export.

use std::io::{self, IoSlice};

use bytes::Bytes;

/// From this size on a payload is not copied: a vectored write takes it from where it is.
const SPLICE_BYTES: usize = 4 * 1024;
/// More slices than this are not taken by one system call (IOV_MAX is 1024 on Linux).
const MAX_SLICES: usize = 1024;

#[derive(Default)]
pub(in crate::session) struct Batch {
    buffer: Vec<u8>,
    splices: Vec<Splice>,
    spliced_bytes: usize,
}

/// A payload that stands at `at` of the buffer.
struct Splice {
    at: usize,
    bytes: Bytes,
}

impl Batch {
    pub(in crate::session) fn len(&self) -> usize {
        self.buffer.len() + self.spliced_bytes
    }

    pub(in crate::session) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Nearly as much as one system call takes, or as stays in the processor's cache.
    pub(in crate::session) fn is_full(&self) -> bool {
        self.buffer.len() >= 256 * 1024 || self.spliced_bytes >= 1024 * 1024 || self.splices.len() >= MAX_SLICES / 2 - 8
    }

    pub(in crate::session) fn clear(&mut self) {
        self.buffer.clear();
        self.splices.clear();
        self.spliced_bytes = 0;
        // One enormous block must not stay in memory for ever.
        self.buffer.shrink_to(1024 * 1024);
    }

    /// What comes next is appended here.
    pub(in crate::session) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    pub(in crate::session) fn put_payload(&mut self, bytes: &Bytes) {
        if bytes.len() < SPLICE_BYTES {
            self.buffer.extend_from_slice(bytes);
        } else {
            self.spliced_bytes += bytes.len();
            self.splices.push(Splice { at: self.buffer.len(), bytes: bytes.clone() });
        }
    }

    /// The CRC-32 of the last bytes, where they stand in the buffer one after the other.
    pub(in crate::session) fn crc_of_last(&self, bytes: usize) -> Option<u32> {
        let at = self.buffer.len().checked_sub(bytes)?;
        let copied = self.splices.last().is_none_or(|splice| splice.at <= at);
        copied.then(|| crc32fast::hash(&self.buffer[at..]))
    }

    /// Everything, through `write`, which takes slices as `Write::write_vectored` does.
    pub(in crate::session) fn write_all(
        &self,
        mut write: impl FnMut(&[IoSlice<'_>]) -> io::Result<usize>,
    ) -> io::Result<()> {
        let mut slices = Vec::with_capacity(self.splices.len() * 2 + 1);
        let mut from = 0;
        for splice in &self.splices {
            slices.push(IoSlice::new(&self.buffer[from..splice.at]));
            slices.push(IoSlice::new(&splice.bytes));
            from = splice.at;
        }
        slices.push(IoSlice::new(&self.buffer[from..]));
        let mut rest = slices.as_mut_slice();
        // Empty slices at the front would look like a write of nothing.
        IoSlice::advance_slices(&mut rest, 0);
        while !rest.is_empty() {
            match write(&rest[..rest.len().min(MAX_SLICES)]) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => IoSlice::advance_slices(&mut rest, written),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
