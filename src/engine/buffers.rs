//! Buffers for reading, shared by all connections: an idle peer holds none.
//!
//! Owns: the free buffers. Never: more than `KEPT` of them when nothing is read. Called by: `tcp_stream`, `udp`.

use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;

use crate::kernel::DatagramArea;
use crate::model::MAX_CHUNK;

/// Free buffers that are kept for the next read (7.5 MiB).
const KEPT: usize = 128;
/// Free areas for datagrams that are kept; each is as large as what was ever read into it.
const AREAS_KEPT: usize = 4;
/// A read of at least so many bytes is handed over in its buffer; a smaller one is copied, so that it holds no more than
/// four times its size.
const WORTH_HANDING_OVER: usize = MAX_CHUNK / 4;

#[derive(Default)]
pub(super) struct Buffers {
    free: Mutex<Vec<Box<[u8]>>>,
    #[expect(clippy::vec_box, reason = "an area carries 2 KiB of its own, which would be copied at each taking")]
    areas: Mutex<Vec<Box<DatagramArea>>>,
}

/// A buffer of `MAX_CHUNK` bytes that goes back when it is dropped, wherever it went meanwhile.
pub(super) struct Buffer {
    bytes: Box<[u8]>,
    length: usize,
    home: Arc<Buffers>,
}

impl Buffers {
    pub fn take(self: &Arc<Self>) -> Buffer {
        let bytes = self.free.lock().pop().unwrap_or_else(|| vec![0; MAX_CHUNK].into_boxed_slice());
        Buffer { bytes, length: 0, home: self.clone() }
    }

    pub fn take_area(&self) -> Box<DatagramArea> {
        self.areas.lock().pop().unwrap_or_default()
    }

    pub fn give_back_area(&self, area: Box<DatagramArea>) {
        let mut areas = self.areas.lock();
        if areas.len() < AREAS_KEPT {
            areas.push(area);
        }
    }
}

impl Buffer {
    pub fn whole(&mut self) -> &mut [u8] {
        &mut self.bytes
    }

    /// The first `length` bytes as a value that may outlive the read.
    pub fn into_bytes(mut self, length: usize) -> Bytes {
        if length < WORTH_HANDING_OVER {
            return Bytes::copy_from_slice(&self.bytes[..length]);
        }
        self.length = length;
        Bytes::from_owner(self)
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let bytes = std::mem::take(&mut self.bytes);
        let mut free = self.home.free.lock();
        if free.len() < KEPT {
            free.push(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_comes_back_when_its_bytes_are_gone() {
        let buffers = Arc::new(Buffers::default());
        let mut buffer = buffers.take();
        buffer.whole()[..3].copy_from_slice(b"abc");
        assert_eq!(buffer.into_bytes(3), "abc");
        assert_eq!(buffers.free.lock().len(), 1, "a small read is copied");
        let bytes = buffers.take().into_bytes(MAX_CHUNK);
        assert_eq!(bytes.len(), MAX_CHUNK);
        let slice = bytes.slice(5..6);
        drop(bytes);
        assert_eq!(buffers.free.lock().len(), 0);
        drop(slice);
        assert_eq!(buffers.free.lock().len(), 1);
    }
}
