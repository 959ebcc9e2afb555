//! The snapshot: rebuilt when something changed, and only then.
//!
//! Owns: the newest snapshot, the flags that say what is stale, the task that rebuilds it.
//! Never: holds up a task; raising a flag is one atomic operation. Called by: all of `engine`.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::Wake;
use super::endpoint::Endpoint;
use super::shared::Shared;
use super::status::{EndpointStatus, EngineSnapshot, Totals};
use crate::model::EndpointId;

/// From one snapshot to the next when a state changed.
const STATE_PAUSE: Duration = Duration::from_millis(50);
/// The same when only counters moved, or something counts down.
const COUNTER_PAUSE: Duration = Duration::from_millis(125);
/// The period of rates and sparklines.
const TICK: Duration = Duration::from_millis(250);
/// Rebuilding takes at most one part in so many of the time, however many peers there are.
const SHARE_OF_TIME: u32 = 20;

pub(super) struct Board {
    snapshot: Mutex<Arc<EngineSnapshot>>,
    wake: Wake,
    notify: Notify,
    state: AtomicBool,
    traffic: AtomicBool,
    /// Connections whose bytes wait for a peer that does not read: their status counts up.
    stalled: AtomicUsize,
}

impl Board {
    pub fn new(wake: Wake) -> Self {
        Self {
            snapshot: Mutex::default(),
            wake,
            notify: Notify::new(),
            state: AtomicBool::new(false),
            traffic: AtomicBool::new(false),
            stalled: AtomicUsize::new(0),
        }
    }

    pub fn snapshot(&self) -> Arc<EngineSnapshot> {
        self.snapshot.lock().clone()
    }

    /// A state of the endpoint, or of one of its peers, is another one.
    pub fn state_changed(&self, endpoint: &Endpoint) {
        endpoint.changed.store(true, Ordering::Release);
        self.list_changed();
    }

    /// An endpoint or a send came or went.
    pub fn list_changed(&self) {
        if !self.state.swap(true, Ordering::AcqRel) {
            self.notify.notify_one();
        }
    }

    /// Counters of the endpoint moved. Called for each event.
    pub fn traffic(&self, endpoint: &Endpoint) {
        if endpoint.changed.load(Ordering::Relaxed) {
            return;
        }
        endpoint.changed.store(true, Ordering::Release);
        if !self.traffic.swap(true, Ordering::AcqRel) {
            self.notify.notify_one();
        }
    }

    pub fn stalled(&self, more: bool) {
        if more {
            self.stalled.fetch_add(1, Ordering::AcqRel);
        } else {
            self.stalled.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

/// What the publisher remembers from one snapshot to the next.
struct Publisher {
    shared: Arc<Shared>,
    built: HashMap<EndpointId, Arc<EndpointStatus>>,
    version: u64,
    /// Rates or sparklines are still falling to zero.
    warm: bool,
    last: Instant,
    cost: Duration,
    next_tick: Instant,
    ticks: [Instant; 5],
}

/// Publishes until `end`, and once more then.
pub(super) async fn publish(shared: Arc<Shared>, end: CancellationToken) {
    let now = Instant::now();
    let long_ago = now.checked_sub(TICK).unwrap_or(now);
    let mut publisher = Publisher {
        shared,
        built: HashMap::new(),
        version: 0,
        warm: false,
        last: long_ago,
        cost: Duration::ZERO,
        next_tick: now,
        ticks: [long_ago; 5],
    };
    loop {
        let changed = publisher.shared.board.notify.notified();
        tokio::select! {
            biased;
            () = end.cancelled() => break,
            () = publisher.due() => publisher.rebuild(),
            // Another flag may make it due earlier.
            () = changed => {}
        }
    }
    publisher.rebuild();
}

impl Publisher {
    /// Waits until a snapshot is due; for ever when nothing changed.
    async fn due(&self) {
        let board = &self.shared.board;
        let counting = self.warm || board.stalled.load(Ordering::Acquire) > 0;
        let pause = if board.state.load(Ordering::Acquire) {
            STATE_PAUSE
        } else if counting || board.traffic.load(Ordering::Acquire) {
            COUNTER_PAUSE
        } else {
            return std::future::pending().await;
        };
        let at = self.last + pause.max(self.cost * SHARE_OF_TIME);
        tokio::time::sleep_until(at.into()).await;
    }

    fn rebuild(&mut self) {
        let began = Instant::now();
        let shared = self.shared.clone();
        let board = &shared.board;
        // Cleared before reading: what changes meanwhile is in the next snapshot.
        board.state.store(false, Ordering::Release);
        board.traffic.store(false, Ordering::Release);
        let span = self.tick(began);
        let stalled = board.stalled.load(Ordering::Acquire) > 0;
        let endpoints: Vec<_> = shared.endpoints.lock().clone();
        let mut warm = false;
        let mut built = HashMap::with_capacity(endpoints.len());
        let mut listed = Vec::with_capacity(endpoints.len());
        let mut totals = Totals::default();
        for endpoint in &endpoints {
            let changed = endpoint.changed.swap(false, Ordering::AcqRel);
            let counts = endpoint.counters.counts();
            let moving = {
                let meter = endpoint.meter.lock();
                // Counters that moved since the last tick have not warmed the meter yet.
                meter.is_warm() || meter.is_behind(counts)
            };
            let known = self.built.get(&endpoint.id).filter(|_| !changed && !moving && !stalled);
            let status = match known {
                Some(known) => known.clone(),
                None => {
                    if let Some(span_seconds) = span {
                        tick_endpoint(endpoint, span_seconds);
                    }
                    Arc::new(endpoint.status(shared.clock.now()))
                }
            };
            warm |= moving || endpoint.meter.lock().is_warm();
            totals.add(&status.totals);
            built.insert(endpoint.id, status.clone());
            listed.push(status);
        }
        self.built = built;
        self.warm = warm;
        self.version += 1;
        let snapshot = EngineSnapshot {
            version: self.version,
            endpoints: listed,
            sends: shared.sends.progress(),
            runs: shared.runs.progress(),
            totals,
        };
        let old = std::mem::replace(&mut *board.snapshot.lock(), Arc::new(snapshot));
        drop(old);
        self.last = Instant::now();
        self.cost = self.last - began;
        (board.wake)();
    }

    /// Whether a period has passed, and how long the last four took, in seconds.
    fn tick(&mut self, now: Instant) -> Option<f64> {
        if now < self.next_tick {
            return None;
        }
        // After a time without traffic the grid begins anew.
        self.next_tick = if now - self.next_tick > TICK { now + TICK } else { self.next_tick + TICK };
        self.ticks.rotate_left(1);
        self.ticks[4] = now;
        let span = (now - self.ticks[0]).as_secs_f64();
        // The periods before the first traffic were empty, however long ago.
        Some(if span > 1.5 { 1.0 } else { span.max(1.0) })
    }
}

fn tick_endpoint(endpoint: &Endpoint, span_seconds: f64) {
    endpoint.meter.lock().tick(endpoint.counters.counts(), span_seconds);
    for peer in endpoint.open_peers() {
        peer.meter.lock().tick(peer.counters.counts(), span_seconds);
    }
}

impl Totals {
    fn add(&mut self, other: &Totals) {
        self.bytes_in += other.bytes_in;
        self.bytes_out += other.bytes_out;
        self.events_in += other.events_in;
        self.events_out += other.events_out;
        self.bytes_in_per_second += other.bytes_in_per_second;
        self.bytes_out_per_second += other.bytes_out_per_second;
        self.events_in_per_second += other.events_in_per_second;
        self.events_out_per_second += other.events_out_per_second;
    }
}
