//! The recorder: one thread that numbers events, writes them to the session file and hands them to a subscriber.
//!
//! Owns: the file while it grows. Never: sockets, or waiting for anything but the disk and a full subscriber.
//! Called by: `ui` and `cli`, which start and finish it; the engine holds its `RecorderHandle`.

mod file;
mod note_lane;
pub(super) mod rotation;
#[cfg(test)]
mod tests;
mod thread;
mod writing;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::thread as threads;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use super::lane::{self, RecorderHandle};
use super::{Clock, Log};
use crate::model::{Doing, Failure, Reason, Recorded, Rotation};

use file::{Disk, Storages};
use thread::Machine;
use writing::Writing;

pub(in crate::session) use note_lane::{NoteLane, Sent};

#[derive(Clone, Debug, Default)]
pub struct RecorderOptions {
    /// The file to create (never overwritten); `None`: events are only numbered and handed to subscribers.
    pub path: Option<PathBuf>,
    /// Keep rows in memory so that a `Log` can show the session while it grows (the window). The command line needs none.
    pub keep_rows: bool,
    /// Batches that a subscriber may lag behind before the recorder waits for it; 0: no subscriber.
    pub subscription: usize,
}

/// Batches of events in order. When it is full the recorder waits, so nothing is lost; drop it to unsubscribe.
pub type Subscription = Receiver<Arc<[Recorded]>>;

/// The thread that writes the session file. Dropping it does not stop it: `finish` does, or the last `RecorderHandle`.
pub struct Recorder {
    shared: Arc<Shared>,
    log: Option<Arc<Log>>,
}

#[derive(Clone, Debug, Default)]
pub struct RecorderStatus {
    /// The file that grows.
    pub path: Option<PathBuf>,
    pub events: u64,
    /// Bytes in the session's files, without those that were deleted to keep the newest ones.
    pub file_bytes: u64,
    /// Events that stood in deleted files.
    pub deleted_events: u64,
    /// Why events are not being recorded right now.
    pub failing: Option<Failure>,
    /// Events not recorded since `failing` began, and over the whole session.
    pub unrecorded_now: u64,
    pub unrecorded_total: u64,
}

/// What the thread and its handle share.
#[derive(Default)]
struct Shared {
    status: Mutex<RecorderStatus>,
    rotation: Mutex<Rotation>,
    ended: Mutex<Ended>,
    end: Condvar,
}

#[derive(Default)]
struct Ended {
    ended: bool,
    /// Nobody waits any longer: a subscriber that takes nothing is left behind.
    hurry: bool,
}

impl Recorder {
    pub fn start(options: RecorderOptions) -> Result<(Self, RecorderHandle, Option<Subscription>), Failure> {
        Self::start_on(options, Box::new(Disk))
    }

    fn start_on(
        options: RecorderOptions,
        storages: Box<dyn Storages>,
    ) -> Result<(Self, RecorderHandle, Option<Subscription>), Failure> {
        let writing = match &options.path {
            // Nothing is being recorded yet, so this is a file that cannot be written like any other.
            Some(path) => Some(
                Writing::create(path, storages, options.keep_rows)
                    .map_err(|failure| Failure { doing: Doing::WriteFile, ..failure })?,
            ),
            None => None,
        };
        let log = writing.as_ref().and_then(Writing::log);
        let (handle, receiver) = lane::lane(Clock::start());
        let (subscriber, subscription) = match options.subscription {
            0 => (None, None),
            batches => {
                let (sender, receiver) = mpsc::sync_channel(batches);
                (Some(sender), Some(receiver))
            }
        };
        let shared = Arc::new(Shared::default());
        *shared.status.lock() = RecorderStatus {
            path: options.path.clone(),
            file_bytes: writing.as_ref().map_or(0, Writing::file_bytes),
            ..RecorderStatus::default()
        };
        let notes = log.as_ref().map(|log| {
            let (lane, notes) = note_lane::note_lane(receiver.bell());
            log.send_notes_to(Some(lane));
            notes
        });
        let machine = Machine::new(receiver, writing, subscriber, notes, shared.clone());
        threads::Builder::new().name("recorder".into()).spawn(move || machine.run()).map_err(|error| Failure {
            system: error.to_string(),
            errno: error.raw_os_error(),
            ..Failure::new(Doing::Record, "recorder", Reason::NoMemory)
        })?;
        Ok((Self { shared, log }, handle, subscription))
    }

    pub fn status(&self) -> RecorderStatus {
        self.shared.status.lock().clone()
    }

    /// When a new file is begun, and how many are kept; takes effect within a second.
    pub fn set_rotation(&self, rotation: Rotation) {
        *self.shared.rotation.lock() = rotation;
    }

    /// The growing log; `None` without `keep_rows` or without a file.
    pub fn log(&self) -> Option<Arc<Log>> {
        self.log.clone()
    }

    /// Waits until all handles are gone and the file is finished (index, fdatasync), for at most `limit`.
    pub fn finish(self, limit: Duration) -> RecorderStatus {
        let begun = Instant::now();
        let mut ended = self.shared.ended.lock();
        // A subscriber that takes nothing must not cost the file its end.
        while !ended.ended && begun.elapsed() < limit {
            if begun.elapsed() >= limit / 2 {
                ended.hurry = true;
            }
            let left = if ended.hurry { limit } else { limit / 2 }.saturating_sub(begun.elapsed());
            self.shared.end.wait_for(&mut ended, left);
        }
        drop(ended);
        self.status()
    }
}

impl Shared {
    fn in_a_hurry(&self) -> bool {
        self.ended.lock().hurry
    }
}

/// However the thread ends, whoever waits for it learns that it did.
struct SaysEnded(Arc<Shared>);

impl Drop for SaysEnded {
    fn drop(&mut self) {
        self.0.ended.lock().ended = true;
        self.0.end.notify_all();
    }
}
