//! One connection as a conversation: what each side said, turn by turn, as text, hex or raw.
//!
//! Owns: the reader thread of a conversation, what it is asked for and what it answers, and saving a side as raw bytes.
//! Never: a frame, sockets, all lines at once (checkpoints are kept, lines are laid out for the screen). A gigabyte needs
//! two bytes a row and about a hundredth for checkpoints. Called by: `ui`; `save_raw` by jobs off the UI and tokio threads.

mod breaking;
mod items;
mod layout;
mod line;
mod raw;
mod search;
mod source;
mod work;

use std::ops::Range;
use std::sync::Arc;
use std::thread;

use parking_lot::Mutex;

use super::log::Signal;
use super::{FindStep, Log};
use crate::filter::Term;
use crate::model::{ConnectionId, Flow, Recorded, TextEncoding, Timestamp};

pub use breaking::{OVERHANG, Shape};
pub use line::{BytesLine, Line, LineContent, TextLine, Turn, raw_character};
pub use raw::{Sides, save_raw};
pub use search::MAX_MATCHES;

/// What the window asks for; giving the same again costs nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConversationOrder {
    /// `None`: only the list of connections.
    pub connection: Option<ConnectionId>,
    pub shape: Shape,
    /// In which text is looked for, whatever the shape.
    pub encoding: TextEncoding,
    /// Lines wanted: the first, and how many fit the screen.
    pub want: (u64, usize),
    /// Wanted are the last ones, wherever the end is.
    pub at_end: bool,
    /// Text, hex or a pattern to be found.
    pub find: Option<Term>,
    /// Counts the steps, so that the same one can be asked for twice; from the current match, or else from this line on.
    pub step: (u64, Option<(FindStep, u64)>),
    /// Counts the questions; on which line stands this event?
    pub reveal: (u64, Option<u64>),
    /// Counts the wishes; these lines as text.
    pub copy: (u64, Range<u64>),
}

/// What can be drawn now.
#[derive(Clone, Debug, Default)]
pub struct ConversationSnapshot {
    /// What it belongs to.
    pub connection: Option<ConnectionId>,
    pub shape: Shape,
    /// All connections of the log, in order of their ids.
    pub connections: Arc<[Arc<Flow>]>,
    pub flow: Option<Arc<Flow>>,
    /// Received and sent.
    pub bytes: [u64; 2],
    pub chunks: [u64; 2],
    pub first: Option<Timestamp>,
    pub last: Option<Timestamp>,
    /// One side has finished sending, or both.
    pub half_closed: bool,
    /// What ended the connection.
    pub end: Option<Arc<Recorded>>,
    /// The log is being recorded.
    pub live: bool,
    pub lines: u64,
    pub turns: u64,
    /// Rows laid out and rows there are, beside those of the log that were looked at; ready when all are.
    pub done: u64,
    pub total: u64,
    pub ready: bool,
    /// Lines from this one on.
    pub first_line: u64,
    pub rows: Vec<Arc<Line>>,
    pub find: ConversationFind,
    /// The answers to `ConversationOrder::reveal` and `copy`, by their numbers.
    pub revealed: (u64, Option<u64>),
    pub copied: (u64, Option<Arc<str>>),
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConversationFind {
    pub term: Option<Term>,
    pub found: u64,
    /// There may be more than are counted.
    pub full: bool,
    /// All there is was looked at.
    pub ready: bool,
    /// The encoding has no such characters, or the pattern is refused.
    pub impossible: bool,
    /// The match stepped to, counted from 1, and its line.
    pub current: Option<(u64, u64)>,
    /// The step that `current` answers.
    pub step: u64,
}

/// A handle on the thread; dropping it ends the thread.
pub struct Conversation {
    log: Arc<Log>,
    shared: Arc<Shared>,
}

struct Shared {
    orders: Mutex<(ConversationOrder, bool)>,
    snapshot: Mutex<Arc<ConversationSnapshot>>,
    /// Given by orders alone, and by orders and a growing log.
    ordered: Signal,
    moved: Arc<Signal>,
}

impl Conversation {
    /// `wake` is called when a new snapshot stands ready, at most once per 33 ms.
    pub fn new(log: Arc<Log>, order: ConversationOrder, wake: Arc<dyn Fn() + Send + Sync>) -> Self {
        let shared = Arc::new(Shared {
            orders: Mutex::new((order, false)),
            snapshot: Mutex::default(),
            ordered: Signal::default(),
            moved: log.watch(),
        });
        let (reading, of) = (shared.clone(), log.clone());
        // Where no thread can be had the conversation stays empty; the program has worse troubles then.
        let _ =
            thread::Builder::new().name("conversation".into()).spawn(move || work::run(&of, &reading, wake.as_ref()));
        Self { log, shared }
    }

    pub fn is_of(&self, log: &Arc<Log>) -> bool {
        Arc::ptr_eq(&self.log, log)
    }

    pub fn order(&self, order: &ConversationOrder) {
        let mut orders = self.shared.orders.lock();
        if orders.0 != *order {
            orders.0 = order.clone();
            drop(orders);
            self.signal();
        }
    }

    pub fn snapshot(&self) -> Arc<ConversationSnapshot> {
        self.shared.snapshot.lock().clone()
    }

    fn signal(&self) {
        self.shared.ordered.give();
        self.shared.moved.give();
    }
}

impl Drop for Conversation {
    fn drop(&mut self) {
        self.shared.orders.lock().1 = true;
        self.signal();
    }
}
