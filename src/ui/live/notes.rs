//! One thread that writes notes, in the order in which they were asked for: a toggle sees what the one before it did.
//! Called by: `live`.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

use super::Waker;
use crate::model::{Doing, Failure, Note, Reason, Timestamp};
use crate::session::{Log, NoteEdit};
use crate::ui::effects::{Done, NoteChange};

const QUEUE: usize = 256;

pub enum NoteJob {
    Change {
        /// The log that was shown; `None`: nothing is recorded.
        log: Option<Arc<Log>>,
        seq: u64,
        change: NoteChange,
        time: Timestamp,
    },
    /// Answers when all before it is carried out.
    End(SyncSender<()>),
}

pub fn start(done: SyncSender<Done>, waker: Waker) -> SyncSender<NoteJob> {
    let (sender, receiver) = sync_channel(QUEUE);
    // Without the thread no note is written, and each says so.
    let _ = std::thread::Builder::new().name("notes".into()).spawn(move || run(receiver, &done, &waker));
    sender
}

fn run(jobs: Receiver<NoteJob>, done: &SyncSender<Done>, waker: &Waker) {
    for job in jobs {
        let answer = match job {
            NoteJob::Change { log, seq, change, time } => carry_out(log.as_deref(), seq, change, time),
            NoteJob::End(ended) => {
                let _ = ended.try_send(());
                continue;
            }
        };
        if done.send(answer).is_err() {
            return;
        }
        waker.wake();
    }
}

fn carry_out(log: Option<&Log>, seq: u64, change: NoteChange, time: Timestamp) -> Done {
    let old = log.and_then(|log| log.notes().by_seq.get(&seq).cloned());
    let edit = match &change {
        NoteChange::Write(text) => NoteEdit::Write(Note { seq, text: text.clone(), time }),
        NoteChange::Toggle if old.is_none() => NoteEdit::Write(Note { seq, text: String::new(), time }),
        NoteChange::Toggle | NoteChange::Remove => NoteEdit::Remove(seq),
        NoteChange::Restore(note) => NoteEdit::Write(note.clone()),
    };
    let result = match log {
        Some(log) => log.annotate(edit),
        None => Err(Failure::new(Doing::WriteFile, "", Reason::FileMissing)),
    };
    Done::Annotated { seq, change, old, result }
}

/// The answer to one that found no room in the queue.
pub fn refused(error: TrySendError<NoteJob>) -> Option<Done> {
    let (TrySendError::Full(job) | TrySendError::Disconnected(job)) = error;
    match job {
        NoteJob::Change { seq, change, .. } => {
            let result = Err(Failure::new(Doing::Record, "", Reason::NoProgress));
            Some(Done::Annotated { seq, change, old: None, result })
        }
        NoteJob::End(_) => None,
    }
}
