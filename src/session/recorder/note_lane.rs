//! The way of notes to the recorder thread: a small queue beside the lane of events, which it never holds up.
//! Called by: `Log::annotate` (sending), the recorder's thread.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use crate::session::lane::Bell;
use crate::session::notes::NoteEdit;

/// Notes that may wait for a recorder that is busy or stuck.
const WAITING: usize = 1024;

/// The sending end, held by the log while the session is being recorded.
pub(in crate::session) struct NoteLane {
    sender: SyncSender<NoteEdit>,
    bell: Bell,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::session) enum Sent {
    Taken,
    /// The recorder is stuck.
    Full,
}

pub(super) fn note_lane(bell: Bell) -> (NoteLane, Receiver<NoteEdit>) {
    let (sender, receiver) = sync_channel(WAITING);
    (NoteLane { sender, bell }, receiver)
}

impl NoteLane {
    pub(in crate::session) fn send(&self, edit: NoteEdit) -> Sent {
        if self.sender.try_send(edit).is_err() {
            return Sent::Full;
        }
        self.bell.ring();
        Sent::Taken
    }
}
