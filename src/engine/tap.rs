//! What a peer says, handed to whoever runs steps on its connection.
//!
//! Owns: chunks that nobody has looked at yet, bounded in bytes. Never: holds up reading: what does not fit is counted as lost.
//! Called by: `tcp_stream` and `udp` (which fill it), `sequence` (which drinks from it).

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::model::Timestamp;

/// Chunks of one connection that wait.
const MOST_BYTES: usize = 64 * 1024 * 1024;
/// Of all connections together.
const MOST_BYTES_OF_ALL: usize = 256 * 1024 * 1024;
/// What a chunk costs beside its bytes.
const CHUNK_COST: usize = 64;

/// Of one connection: who listens to what it says.
#[derive(Default)]
pub(super) struct Taps {
    /// Most connections never have one: reading pays one look.
    any: AtomicBool,
    list: Mutex<List>,
}

#[derive(Default)]
struct List {
    taps: Vec<Arc<Tap>>,
    ended: bool,
}

/// One listener.
pub(super) struct Tap {
    inner: Mutex<Inner>,
    arrived: Notify,
    /// Bytes that wait in all taps.
    waiting: Arc<AtomicUsize>,
    /// Only the end matters.
    deaf: bool,
}

#[derive(Default)]
struct Inner {
    chunks: VecDeque<(Bytes, Timestamp)>,
    bytes: usize,
    overflowed: bool,
    ended: bool,
    closed: bool,
}

/// What comes out of a tap.
pub(super) enum Poured {
    Chunk(Bytes, Timestamp),
    /// The peer says nothing more.
    Ended,
    /// More came than may wait; what came later is missing.
    Overflowed,
}

impl Taps {
    pub fn open(&self, waiting: &Arc<AtomicUsize>, deaf: bool) -> Arc<Tap> {
        let mut list = self.list.lock();
        let inner = Inner { ended: list.ended, ..Inner::default() };
        let tap = Arc::new(Tap { inner: Mutex::new(inner), arrived: Notify::new(), waiting: waiting.clone(), deaf });
        list.taps.push(tap.clone());
        self.any.store(true, Ordering::Release);
        tap
    }

    /// Nobody reads this one any more.
    pub fn close(&self, tap: &Arc<Tap>) {
        let mut list = self.list.lock();
        list.taps.retain(|other| !Arc::ptr_eq(other, tap));
        self.any.store(!list.taps.is_empty(), Ordering::Release);
        drop(list);
        tap.empty();
    }

    pub fn received(&self, chunk: &Bytes, time: Timestamp) {
        if !self.any.load(Ordering::Acquire) {
            return;
        }
        for tap in &self.list.lock().taps {
            tap.put(chunk, time);
        }
    }

    pub fn end(&self) {
        let mut list = self.list.lock();
        list.ended = true;
        for tap in &list.taps {
            tap.inner.lock().ended = true;
            tap.arrived.notify_one();
        }
    }
}

impl Tap {
    /// The next chunk. Dropping the future loses nothing.
    pub async fn next(&self) -> Poured {
        loop {
            let arrived = self.arrived.notified();
            if let Some(poured) = self.take() {
                return poured;
            }
            arrived.await;
        }
    }

    /// Waits for the connection's end, whatever else comes.
    pub async fn ended(&self) {
        loop {
            let arrived = self.arrived.notified();
            if self.inner.lock().ended {
                return;
            }
            arrived.await;
        }
    }

    fn take(&self) -> Option<Poured> {
        let mut inner = self.inner.lock();
        if let Some((chunk, time)) = inner.chunks.pop_front() {
            inner.bytes -= chunk.len() + CHUNK_COST;
            self.waiting.fetch_sub(chunk.len() + CHUNK_COST, Ordering::Relaxed);
            return Some(Poured::Chunk(chunk, time));
        }
        match (inner.overflowed, inner.ended) {
            (true, _) => Some(Poured::Overflowed),
            (_, true) => Some(Poured::Ended),
            _ => None,
        }
    }

    fn put(&self, chunk: &Bytes, time: Timestamp) {
        if self.deaf {
            return;
        }
        let mut inner = self.inner.lock();
        if inner.overflowed || inner.closed {
            return;
        }
        let cost = chunk.len() + CHUNK_COST;
        let of_all = self.waiting.fetch_add(cost, Ordering::Relaxed) + cost;
        if inner.bytes + cost > MOST_BYTES || of_all > MOST_BYTES_OF_ALL {
            self.waiting.fetch_sub(cost, Ordering::Relaxed);
            inner.overflowed = true;
        } else {
            inner.bytes += cost;
            inner.chunks.push_back((chunk.clone(), time));
        }
        self.arrived.notify_one();
    }

    fn empty(&self) {
        let mut inner = self.inner.lock();
        inner.closed = true;
        self.waiting.fetch_sub(inner.bytes, Ordering::Relaxed);
        inner.bytes = 0;
        inner.chunks.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn chunks_wait_in_order_and_the_end_behind_them() {
        let (taps, waiting) = (Taps::default(), Arc::default());
        taps.received(&Bytes::from_static(b"unheard"), Timestamp(0));
        let tap = taps.open(&waiting, false);
        taps.received(&Bytes::from_static(b"a"), Timestamp(1));
        taps.received(&Bytes::from_static(b"b"), Timestamp(2));
        taps.end();
        assert!(matches!(tap.next().await, Poured::Chunk(bytes, Timestamp(1)) if bytes == "a"));
        assert!(matches!(tap.next().await, Poured::Chunk(bytes, Timestamp(2)) if bytes == "b"));
        assert!(matches!(tap.next().await, Poured::Ended));
        assert_eq!(waiting.load(Ordering::Relaxed), 0);
        assert!(matches!(taps.open(&waiting, false).next().await, Poured::Ended), "it had ended before");
    }

    #[tokio::test]
    async fn what_does_not_fit_is_told_behind_what_did() {
        let (taps, waiting) = (Taps::default(), Arc::default());
        let tap = taps.open(&waiting, false);
        let large = Bytes::from(vec![0; MOST_BYTES - CHUNK_COST]);
        taps.received(&large, Timestamp(1));
        taps.received(&Bytes::from_static(b"b"), Timestamp(2));
        assert!(matches!(tap.next().await, Poured::Chunk(..)));
        assert!(matches!(tap.next().await, Poured::Overflowed));
        taps.close(&tap);
        assert_eq!(waiting.load(Ordering::Relaxed), 0);
    }
}
