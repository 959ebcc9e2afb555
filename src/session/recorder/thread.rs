//! The recorder thread's loop: drain, number, write, hand on; and what it does while the file says no.
//! Called by: `Recorder::start`.

use std::mem;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::file::SyncOrder;
use super::writing::Writing;
use super::{SaysEnded, Shared};
use crate::model::{
    ConnectionId, Doing, EndpointId, Event, Failure, Flow, Happening, Reason, Recorded, Role, Transport, What,
};
use crate::session::lane::LaneReceiver;
use crate::session::notes::NoteEdit;

/// After work the thread naps instead of waiting to be woken: under steady traffic nobody pays for waking it, and
/// an event still reaches the file well within 20 ms.
const NAP: Duration = Duration::from_millis(1);
/// So many naps without an event, and the thread sleeps until it is woken.
const NAPS: u32 = 3;
/// How often what needs no event is looked at: syncing, trying a failed file again.
const TICK: Duration = Duration::from_millis(if cfg!(test) { 10 } else { 1000 });
/// How often the end is tried when the file says no.
const FINISH_TRIES: u32 = 5;
/// A subscriber that is full is asked again after this long.
const SUBSCRIBER_NAP: Duration = Duration::from_millis(1);
/// Nothing that fits into a block is longer.
const MAX_EVENT_BYTES: usize = 8 * 1024 * 1024;
/// Without a file, events are handed to the subscriber in batches of so many.
const BATCH_EVENTS: usize = 4096;
/// The disk is told to begin each time so many bytes were written.
const WRITEBACK_BYTES: u64 = if cfg!(test) { 4096 } else { 16 * 1024 * 1024 };

pub(super) struct Machine {
    receiver: LaneReceiver,
    writing: Option<Writing>,
    subscriber: Option<SyncSender<Arc<[Recorded]>>>,
    notes: Option<Receiver<NoteEdit>>,
    shared: Arc<Shared>,
    syncer: Option<Syncer>,
    seq: u64,
    /// Events of the batch that is being put together, and their bytes.
    batched_events: u64,
    batched_bytes: u64,
    outgoing: Vec<Recorded>,
    failing: Option<Failing>,
    last_tick: Instant,
    unrecorded_total: u64,
}

struct Failing {
    failure: Failure,
    events: u64,
    bytes: u64,
    tried: Instant,
}

impl Machine {
    pub(super) fn new(
        receiver: LaneReceiver,
        writing: Option<Writing>,
        subscriber: Option<SyncSender<Arc<[Recorded]>>>,
        notes: Option<Receiver<NoteEdit>>,
        shared: Arc<Shared>,
    ) -> Self {
        let syncer = writing.as_ref().and_then(|_| Syncer::start());
        Self {
            receiver,
            writing,
            subscriber,
            notes,
            shared,
            syncer,
            seq: 0,
            batched_events: 0,
            batched_bytes: 0,
            outgoing: Vec::new(),
            failing: None,
            last_tick: Instant::now(),
            unrecorded_total: 0,
        }
    }

    pub(super) fn run(self) {
        // Said last, when the file is let go of: whoever waited may open, delete or record into it at once.
        let _ended = SaysEnded(self.shared.clone());
        let mut machine = self;
        machine.record();
        machine.end();
    }

    fn record(&mut self) {
        let mut events = Vec::new();
        let mut quiet = 0;
        loop {
            let patience = if quiet >= NAPS { TICK.saturating_sub(self.last_tick.elapsed()) } else { Duration::ZERO };
            let drained = self.receiver.drain(&mut events, patience);
            quiet = if events.is_empty() { (quiet + 1).min(NAPS) } else { 0 };
            self.take(&mut events, drained.units);
            self.take_notes();
            if drained.unrecorded_events > 0 {
                self.count_found_no_room(drained.unrecorded_events, drained.unrecorded_bytes);
            }
            if drained.closed {
                break;
            }
            if self.last_tick.elapsed() >= TICK {
                self.tick();
            }
            if quiet < NAPS && !self.receiver.is_pressed() {
                thread::sleep(NAP);
            }
        }
    }

    /// Numbers, writes and hands on a drained batch, and gives its room back as it goes.
    fn take(&mut self, events: &mut Vec<Event>, units: u32) {
        let total = events.len() as u64;
        let (mut taken, mut given) = (0u64, 0u32);
        for event in events.drain(..) {
            // Not sooner: the last file of a session would be an empty one.
            if self.batched_events == 0 {
                self.rotate();
            }
            taken += 1;
            if self.put(event) {
                self.flush();
                let due = (u64::from(units) * taken / total) as u32;
                self.receiver.done(due - given);
                given = due;
            }
        }
        self.flush();
        self.receiver.done(units - given);
    }

    /// What a person wrote on events: it stands behind them in the file, and waits there while the file says no.
    fn take_notes(&mut self) {
        let (Some(notes), Some(writing)) = (&self.notes, &mut self.writing) else { return };
        let mut any = false;
        for edit in notes.try_iter() {
            writing.note(edit);
            any = true;
        }
        if any {
            self.flush();
        }
    }

    /// `true`: the batch is full.
    fn put(&mut self, event: Event) -> bool {
        let bytes = event.bytes().map_or(0, |bytes| bytes.len());
        self.seq += 1;
        if bytes > MAX_EVENT_BYTES {
            self.unrecorded_total += 1;
            self.put_gap(1, bytes as u64, Failure::new(Doing::Record, "", Reason::DatagramTooLong));
            return true;
        }
        self.batched_events += 1;
        self.batched_bytes += bytes as u64;
        let mut full = false;
        if let Some(writing) = &mut self.writing {
            if self.failing.is_some() {
                writing.skip(&event);
                full = self.batched_events >= BATCH_EVENTS as u64;
            } else {
                full = writing.put(self.seq, &event);
            }
        }
        if self.subscriber.is_some() {
            self.outgoing.push(Recorded { seq: self.seq, event, damaged: false });
            full |= self.outgoing.len() >= BATCH_EVENTS;
        }
        full
    }

    /// Writes what was put together, or counts it as lost; then the subscriber gets it.
    fn flush(&mut self) {
        let (events, bytes) = (mem::take(&mut self.batched_events), mem::take(&mut self.batched_bytes));
        if let Some(writing) = &mut self.writing {
            if let Some(failing) = &mut self.failing {
                failing.events += events;
                failing.bytes += bytes;
                self.unrecorded_total += events;
            } else if let Err(failure) = writing.write_rows() {
                let lost = if failure.rows_written { (0, 0) } else { (events, bytes) };
                self.lose(lost.0, lost.1, failure.failure);
            } else if let Some(syncer) = &mut self.syncer {
                syncer.begin_writeback(writing);
            }
        }
        self.show_status();
        self.hand_on();
    }

    fn lose(&mut self, events: u64, bytes: u64, failure: Failure) {
        self.unrecorded_total += events;
        match &mut self.failing {
            Some(failing) => {
                failing.events += events;
                failing.bytes += bytes;
            }
            None => self.failing = Some(Failing { failure, events, bytes, tried: Instant::now() }),
        }
    }

    /// Events that a task had no room for while this thread was stuck: they get numbers, and a row that counts them.
    fn count_found_no_room(&mut self, events: u64, bytes: u64) {
        self.seq += events;
        let on = self.shared.status.lock().path.as_ref().map_or_else(String::new, |p| p.to_string_lossy().into_owned());
        let failure = Failure::new(Doing::Record, on, Reason::NoProgress);
        if self.writing.is_some() && self.failing.is_some() {
            self.lose(events, bytes, failure);
            return;
        }
        self.unrecorded_total += events;
        self.put_gap(events, bytes, failure);
        self.flush();
    }

    fn put_gap(&mut self, events: u64, bytes: u64, failure: Failure) {
        let happening = Happening::Gap { events, bytes, failure: Some(failure) };
        let flow = Arc::new(Flow {
            endpoint: EndpointId::default(),
            endpoint_uri: "".into(),
            connection: ConnectionId::NONE,
            transport: Transport::Tcp,
            role: Role::Listener,
            local: None,
            peer: None,
            mirror: false,
        });
        let time = self.receiver.clock().now();
        self.put(Event { time, flow, what: What::Happened(Box::new(happening)) });
    }

    /// Tries a failed file again. When it takes the row that counts what is missing, recording goes on.
    fn try_again(&mut self) {
        let (Some(writing), Some(failing)) = (&mut self.writing, &mut self.failing) else { return };
        failing.tried = Instant::now();
        if let Err(failure) = writing.recover() {
            failing.failure = failure;
            return;
        }
        let Some(Failing { failure, events, bytes, .. }) = self.failing.take() else { return };
        let (seq, outgoing) = (self.seq, self.outgoing.len());
        self.put_gap(events, bytes, failure);
        let (_, _) = (mem::take(&mut self.batched_events), mem::take(&mut self.batched_bytes));
        let written = self.writing.as_mut().map_or(Ok(()), Writing::write_rows);
        match written {
            Err(again) if !again.rows_written => {
                // The gap row was not written: it has not happened yet.
                self.seq = seq;
                self.outgoing.truncate(outgoing);
                self.failing = Some(Failing { failure: again.failure, events, bytes, tried: Instant::now() });
            }
            Err(again) => self.lose(0, 0, again.failure),
            Ok(()) => {}
        }
        self.show_status();
        self.hand_on();
    }

    fn tick(&mut self) {
        self.last_tick = Instant::now();
        if self.failing.as_ref().is_some_and(|failing| failing.tried.elapsed() >= TICK) {
            self.try_again();
        }
        let (Some(writing), Some(syncer)) = (&mut self.writing, &mut self.syncer) else { return };
        if self.failing.is_none() {
            let error = syncer.error.lock().take();
            let looked_after = match error {
                Some(error) => Err(Failure::of_file(Doing::Record, writing.path(), &error)),
                None => writing.look_after(),
            };
            match looked_after {
                Ok(()) => syncer.sync(writing),
                Err(failed) => self.lose(0, 0, failed),
            }
        }
        self.show_status();
    }

    /// Begins the next file where this one is large or old enough, and deletes what is too old to be kept.
    fn rotate(&mut self) {
        let rotation = *self.shared.rotation.lock();
        let Some(writing) = self.writing.as_mut().filter(|_| self.failing.is_none()) else { return };
        if writing.is_rotation_due(rotation)
            && let Err(failure) = writing.rotate(rotation)
        {
            self.lose(0, 0, failure);
        }
    }

    fn hand_on(&mut self) {
        let Some(subscriber) = &self.subscriber else { return };
        if self.outgoing.is_empty() {
            return;
        }
        let mut batch: Arc<[Recorded]> = mem::take(&mut self.outgoing).into();
        loop {
            match subscriber.try_send(batch) {
                Ok(()) => return,
                Err(TrySendError::Disconnected(_)) => break,
                Err(TrySendError::Full(_)) if self.shared.in_a_hurry() => break,
                Err(TrySendError::Full(back)) => batch = back,
            }
            // Behind, but not stuck: the sockets wait, so that nothing is lost.
            self.receiver.done(0);
            thread::sleep(SUBSCRIBER_NAP);
        }
        self.subscriber = None;
    }

    fn show_status(&self) {
        let mut status = self.shared.status.lock();
        status.events = self.seq;
        if let Some(writing) = &self.writing {
            status.file_bytes = writing.kept_bytes();
            status.deleted_events = writing.deleted_rows();
            if status.path.as_deref() != Some(writing.path()) {
                status.path = Some(writing.path().to_owned());
            }
        }
        status.unrecorded_total = self.unrecorded_total;
        status.unrecorded_now = self.failing.as_ref().map_or(0, |failing| failing.events);
        match (&self.failing, &status.failing) {
            (Some(failing), shown) if shown.as_ref() != Some(&failing.failure) => {
                status.failing = Some(failing.failure.clone());
            }
            (None, Some(_)) => status.failing = None,
            _ => {}
        }
    }

    fn end(&mut self) {
        if let Some(log) = self.writing.as_ref().and_then(Writing::log) {
            // From here on none comes; those on the way are written.
            log.send_notes_to(None);
        }
        self.take_notes();
        // Nobody will try again later.
        for _ in 0..FINISH_TRIES {
            if self.failing.is_some() {
                self.try_again();
            }
        }
        if self.failing.is_none()
            && let Some(writing) = &mut self.writing
        {
            let mut finished = writing.finish();
            for _ in 1..FINISH_TRIES {
                if finished.is_err() {
                    finished = writing.finish();
                }
            }
            if let Some(log) = writing.log() {
                log.end_recording();
            }
            match finished {
                Err(failure) => self.lose(0, 0, failure),
                Ok(()) => {
                    if let Some(mut sync) = writing.sync()
                        && let Err(error) = sync()
                    {
                        let failed = Failure::of_file(Doing::Record, writing.path(), &error);
                        self.lose(0, 0, failed);
                    }
                }
            }
        } else if let Some(log) = self.writing.as_ref().and_then(Writing::log) {
            log.end_recording();
        }
        if let Some(writing) = &self.writing {
            writing.unlock();
        }
        self.subscriber = None;
        self.show_status();
    }
}

/// `fdatasync` on a thread of its own: it may take long, and events must not wait for it.
struct Syncer {
    orders: SyncSender<SyncOrder>,
    error: Arc<Mutex<Option<std::io::Error>>>,
    synced_bytes: u64,
    /// What could not be handed over yet.
    waiting: Option<SyncOrder>,
    /// The disk was told to begin with the file up to here.
    begun_bytes: u64,
}

impl Syncer {
    /// `None` where no thread can be had: then only the end is synced.
    fn start() -> Option<Self> {
        let (orders, received) = sync_channel::<SyncOrder>(1);
        let error = Arc::new(Mutex::new(None));
        let told = error.clone();
        let run = move || {
            while let Ok(mut sync) = received.recv() {
                if let Err(error) = sync() {
                    *told.lock() = Some(error);
                }
            }
        };
        thread::Builder::new().name("session-sync".into()).spawn(run).ok()?;
        Some(Self { orders, error, synced_bytes: 0, waiting: None, begun_bytes: 0 })
    }

    fn sync(&mut self, writing: &mut Writing) {
        if self.waiting.is_none() && writing.kept_bytes() != self.synced_bytes {
            self.synced_bytes = writing.kept_bytes();
            self.waiting = writing.sync();
        }
        // Full: the last one still runs.
        if let Some(TrySendError::Full(order)) = self.waiting.take().and_then(|order| self.orders.try_send(order).err())
        {
            self.waiting = Some(order);
        }
    }

    /// Without this a fast stream leaves a second's worth of dirty pages to each `fdatasync`, and the disk idles between.
    fn begin_writeback(&mut self, writing: &Writing) {
        let written = writing.file_bytes();
        // A file that was begun anew is shorter than its predecessor.
        self.begun_bytes = self.begun_bytes.min(written);
        if written - self.begun_bytes < WRITEBACK_BYTES {
            return;
        }
        if let Some(begin) = writing.begin_writeback(self.begun_bytes)
            && self.orders.try_send(begin).is_ok()
        {
            self.begun_bytes = written;
        }
    }
}
