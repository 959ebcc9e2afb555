//! The lane that events take from the engine's tasks to the recorder thread: batched, bounded in bytes.
//!
//! A task takes `Room` **before** it reads from its socket. Where there is none, it waits and does not read: TCP's flow
//! control then holds the peer, and a UDP socket's buffer fills and the kernel counts its drops. When the recorder makes
//! no progress for `STALLED`, tasks stop waiting: sockets go on, and what finds no room is counted as unrecorded.
//! Called by: `engine` (the handle), the recorder (the receiver).

use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};
use tokio::sync::Semaphore;

use super::Clock;
use crate::model::{Event, Flow, Happening, Timestamp, What};

/// What an event costs beside its bytes.
pub const EVENT_COST: usize = 128;
/// Bytes that may wait for the recorder.
pub const CAPACITY: usize = 64 * 1024 * 1024;
/// A recorder without progress for so long no longer holds up the sockets.
pub const STALLED: Duration = Duration::from_secs(2);
/// Events that may wait for the recorder before happenings, which take no room, are turned away.
pub const MAX_WAITING: usize = if cfg!(test) { 100_000 } else { 1_000_000 };
/// A wait for room that is worth a row in the log.
const WORTH_A_ROW: Duration = Duration::from_millis(20);
/// Room is counted in units of so many bytes.
const UNIT: usize = 1024;

/// The engine's end: cheap to clone. The recorder finishes the file when the last one is gone.
pub struct RecorderHandle {
    lane: Arc<Lane>,
}

/// The recorder thread's end.
pub struct LaneReceiver {
    lane: Arc<Lane>,
}

/// Wakes the recorder for what does not come through the lane; it neither takes room nor keeps the lane open.
pub struct Bell {
    lane: Arc<Lane>,
}

/// The right to append about so many bytes; what is not used goes back.
pub struct Room {
    units: u32,
    lane: Arc<Lane>,
}

/// What one `drain` brought.
#[derive(Debug, Default)]
pub struct Drained {
    /// Units to give back with `LaneReceiver::done` when the events are written.
    pub units: u32,
    /// Events and payload bytes that found no room since the last call.
    pub unrecorded_events: u64,
    pub unrecorded_bytes: u64,
    /// All handles are gone and nothing is left.
    pub closed: bool,
}

struct Lane {
    clock: Clock,
    room: Semaphore,
    queue: Mutex<Queue>,
    wake: Condvar,
    /// The recorder sleeps until somebody appends.
    asleep: AtomicBool,
    handles: AtomicU64,
    /// Milliseconds on the session's clock when the recorder last gave room back.
    progress_millis: AtomicU64,
    unrecorded_events: AtomicU64,
    unrecorded_bytes: AtomicU64,
}

#[derive(Default)]
struct Queue {
    events: Vec<Event>,
    units: u32,
    /// Something else waits for the recorder.
    rung: bool,
}

/// A lane with its two ends.
pub fn lane(clock: Clock) -> (RecorderHandle, LaneReceiver) {
    let lane = Arc::new(Lane {
        clock,
        room: Semaphore::new(CAPACITY / UNIT),
        queue: Mutex::default(),
        wake: Condvar::new(),
        asleep: AtomicBool::new(false),
        handles: AtomicU64::new(1),
        progress_millis: AtomicU64::new(clock.now().0 / 1_000_000),
        unrecorded_events: AtomicU64::new(0),
        unrecorded_bytes: AtomicU64::new(0),
    });
    (RecorderHandle { lane: lane.clone() }, LaneReceiver { lane })
}

impl RecorderHandle {
    pub fn now(&self) -> Timestamp {
        self.lane.clock.now()
    }

    pub fn clock(&self) -> Clock {
        self.lane.clock
    }

    /// Room for `bytes`, `EVENT_COST` a piece included. Waits while the recorder is behind, and says so in the log;
    /// `None` when the recorder is stuck: read on, and `append` what was read without room.
    pub async fn room(&self, flow: &Arc<Flow>, bytes: usize) -> Option<Room> {
        let units = units_of(bytes);
        if let Ok(permit) = self.lane.room.try_acquire_many(units) {
            permit.forget();
            return Some(Room { units, lane: self.lane.clone() });
        }
        // Known to be stuck: the sockets do not wait anew for each read.
        if self.lane.stalled() {
            return None;
        }
        let since = Instant::now();
        let room = loop {
            match tokio::time::timeout(STALLED / 8, self.lane.room.acquire_many(units)).await {
                Ok(Ok(permit)) => {
                    permit.forget();
                    break Some(Room { units, lane: self.lane.clone() });
                }
                Ok(Err(_)) => return None,
                Err(_) if self.lane.stalled() => break None,
                Err(_) => {}
            }
        };
        if since.elapsed() >= WORTH_A_ROW {
            let millis = u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX);
            self.note(self.happened(flow, Happening::ReadingPaused { millis }));
        }
        room
    }

    /// Appends a batch, in order. Without room its events are counted as unrecorded.
    pub fn append(&self, room: Option<Room>, events: impl IntoIterator<Item = Event>) {
        let Some(mut room) = room else {
            for event in events {
                self.lane.count_unrecorded(&event);
            }
            return;
        };
        let mut queue = self.lane.queue.lock();
        let first = queue.events.len();
        queue.events.extend(events);
        let cost: usize = queue.events[first..].iter().map(cost_of).sum();
        let units = units_of(cost).min(room.units);
        queue.units += units;
        drop(queue);
        // What was not needed goes back when `room` is dropped.
        room.units -= units;
        drop(room);
        self.lane.rouse();
    }

    /// Appends one happening without waiting: they are rare and small, and a stop must never queue behind traffic.
    /// Should the recorder be stuck while they keep coming, those beyond `MAX_WAITING` are counted as unrecorded.
    pub fn note(&self, event: Event) {
        let mut queue = self.lane.queue.lock();
        if queue.events.len() >= MAX_WAITING {
            drop(queue);
            self.lane.count_unrecorded(&event);
            return;
        }
        queue.events.push(event);
        drop(queue);
        self.lane.rouse();
    }

    /// An event of now.
    pub fn happened(&self, flow: &Arc<Flow>, happening: Happening) -> Event {
        Event { time: self.now(), flow: flow.clone(), what: What::Happened(Box::new(happening)) }
    }
}

impl Clone for RecorderHandle {
    fn clone(&self) -> Self {
        self.lane.handles.fetch_add(1, Ordering::AcqRel);
        Self { lane: self.lane.clone() }
    }
}

impl Drop for RecorderHandle {
    fn drop(&mut self) {
        if self.lane.handles.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.lane.rouse();
        }
    }
}

impl Lane {
    fn rouse(&self) {
        if self.asleep.swap(false, Ordering::SeqCst) {
            // The lock orders this with the recorder's decision to sleep.
            drop(self.queue.lock());
            self.wake.notify_one();
        }
    }

    fn stalled(&self) -> bool {
        let now = self.clock.now().0 / 1_000_000;
        let stalled = u64::try_from(STALLED.as_millis()).unwrap_or(u64::MAX);
        now.saturating_sub(self.progress_millis.load(Ordering::Acquire)) >= stalled
    }

    fn count_unrecorded(&self, event: &Event) {
        let bytes = event.bytes().map_or(0, |bytes| bytes.len() as u64);
        self.unrecorded_events.fetch_add(1, Ordering::AcqRel);
        self.unrecorded_bytes.fetch_add(bytes, Ordering::AcqRel);
    }
}

impl Bell {
    pub fn ring(&self) {
        self.lane.queue.lock().rung = true;
        self.lane.rouse();
    }
}

impl LaneReceiver {
    pub fn bell(&self) -> Bell {
        Bell { lane: self.lane.clone() }
    }

    pub fn clock(&self) -> Clock {
        self.lane.clock
    }

    /// Moves all waiting events into `events` (which must be empty). Waits for some, or for the bell, for at most `patience`.
    pub fn drain(&self, events: &mut Vec<Event>, patience: Duration) -> Drained {
        debug_assert!(events.is_empty());
        let mut queue = self.lane.queue.lock();
        if queue.events.is_empty() && !queue.rung && !patience.is_zero() {
            // Said before the last handle is looked for: whoever drops it afterwards wakes this thread.
            self.lane.asleep.store(true, Ordering::SeqCst);
            if !self.closed() {
                self.lane.wake.wait_for(&mut queue, patience);
            }
            self.lane.asleep.store(false, Ordering::SeqCst);
        }
        // Looked at before the queue is taken: whoever appends and then drops the last handle is heard in the next round.
        let closed = self.closed();
        mem::swap(&mut queue.events, events);
        let units = mem::take(&mut queue.units);
        queue.rung = false;
        drop(queue);
        Drained {
            units,
            unrecorded_events: self.lane.unrecorded_events.swap(0, Ordering::AcqRel),
            unrecorded_bytes: self.lane.unrecorded_bytes.swap(0, Ordering::AcqRel),
            closed: closed && events.is_empty(),
        }
    }

    /// Gives the room of written events back to the tasks that wait for it.
    pub fn done(&self, units: u32) {
        self.lane.progress_millis.store(self.lane.clock.now().0 / 1_000_000, Ordering::Release);
        self.lane.room.add_permits(units as usize);
    }

    /// Half of the room is taken: tasks may soon wait for it, so this is no time to nap.
    pub fn is_pressed(&self) -> bool {
        self.lane.room.available_permits() < CAPACITY / UNIT / 2
    }

    fn closed(&self) -> bool {
        self.lane.handles.load(Ordering::SeqCst) == 0
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        if self.units > 0 {
            self.lane.room.add_permits(self.units as usize);
        }
    }
}

fn units_of(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(UNIT).min(CAPACITY / UNIT)).unwrap_or(u32::MAX)
}

fn cost_of(event: &Event) -> usize {
    EVENT_COST + event.bytes().map_or(0, |bytes| bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ConnectionId, EndpointId, Role, Transport};
    use bytes::Bytes;

    fn flow() -> Arc<Flow> {
        Arc::new(Flow {
            endpoint: EndpointId(1),
            endpoint_uri: "tcp://127.0.0.1:9000".into(),
            connection: ConnectionId(1),
            transport: Transport::Tcp,
            role: Role::Listener,
            local: None,
            peer: None,
            mirror: false,
        })
    }

    fn received(handle: &RecorderHandle, flow: &Arc<Flow>, bytes: usize) -> Event {
        Event { time: handle.now(), flow: flow.clone(), what: What::Received(Bytes::from(vec![0; bytes])) }
    }

    #[tokio::test]
    async fn keeps_order_and_gives_unused_room_back() {
        let (handle, receiver) = lane(Clock::start());
        let flow = flow();
        let room = handle.room(&flow, 64 * 1024).await;
        let batch: Vec<_> = (1..=3).map(|n| received(&handle, &flow, n)).collect();
        handle.append(room, batch);
        let mut events = Vec::new();
        let drained = receiver.drain(&mut events, Duration::ZERO);
        assert_eq!(events.iter().map(|e| e.bytes().unwrap().len()).collect::<Vec<_>>(), [1, 2, 3]);
        receiver.done(drained.units);
        assert_eq!(receiver.lane.room.available_permits(), CAPACITY / UNIT);
    }

    #[tokio::test]
    async fn waits_for_room_and_says_so() {
        let (handle, receiver) = lane(Clock::start());
        let flow = flow();
        let full = handle.room(&flow, CAPACITY).await;
        let (waiter, waiting_flow) = (handle.clone(), flow.clone());
        let waiting = tokio::spawn(async move { waiter.room(&waiting_flow, 1).await.is_some() });
        tokio::time::sleep(WORTH_A_ROW * 2).await;
        assert!(!waiting.is_finished());
        drop(full);
        assert!(waiting.await.unwrap());
        let mut events = Vec::new();
        receiver.drain(&mut events, Duration::ZERO);
        assert!(matches!(events[0].happening(), Some(Happening::ReadingPaused { .. })));
    }

    #[tokio::test]
    async fn a_stuck_recorder_is_no_longer_waited_for() {
        let (handle, receiver) = lane(Clock::start());
        let flow = flow();
        let _full = handle.room(&flow, CAPACITY).await;
        let room = handle.room(&flow, 1).await;
        assert!(room.is_none());
        handle.append(room, [received(&handle, &flow, 7)]);
        let drained = receiver.drain(&mut Vec::new(), Duration::ZERO);
        assert_eq!((drained.unrecorded_events, drained.unrecorded_bytes), (1, 7));
        // Still stuck: the next read does not wait at all.
        let at_once = tokio::time::timeout(Duration::ZERO, handle.room(&flow, 1)).await;
        assert!(at_once.is_ok_and(|room| room.is_none()));
    }

    #[test]
    fn what_is_appended_just_before_the_last_handle_goes_is_not_lost() {
        for _ in 0..2_000 {
            let (handle, receiver) = lane(Clock::start());
            let appending = std::thread::spawn(move || {
                let last = handle.happened(&flow(), Happening::Accepted);
                handle.note(last);
            });
            let (mut taken, mut events) = (0, Vec::new());
            while !receiver.drain(&mut events, Duration::ZERO).closed {
                taken += events.len();
                events.clear();
            }
            appending.join().unwrap();
            assert_eq!(taken, 1);
        }
    }

    #[test]
    fn happenings_do_not_pile_up_before_a_stuck_recorder() {
        let (handle, receiver) = lane(Clock::start());
        let flow = flow();
        for _ in 0..MAX_WAITING + 3 {
            handle.note(handle.happened(&flow, Happening::Accepted));
        }
        let mut events = Vec::new();
        let drained = receiver.drain(&mut events, Duration::ZERO);
        assert_eq!((events.len(), drained.unrecorded_events), (MAX_WAITING, 3));
    }

    #[test]
    fn the_last_handle_closes_the_lane() {
        let (handle, receiver) = lane(Clock::start());
        let second = handle.clone();
        drop(handle);
        assert!(!receiver.drain(&mut Vec::new(), Duration::ZERO).closed);
        drop(second);
        assert!(receiver.drain(&mut Vec::new(), Duration::from_secs(60)).closed);
    }
}
