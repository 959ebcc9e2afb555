//! The reader thread of one log view: filters, follows the growing session, caches the rows around the screen.
//!
//! Owns: the list of matching rows, the cache, the snapshot. Never: drawing, waiting inside a frame.
//! Called by: `ui`, one for each log on screen.

mod decorating;
mod drawn;
mod find;
mod frame_export;
mod frame_list;
mod framed;
mod matches;
mod work;

use std::collections::BTreeMap;
use std::ops::{Range, RangeInclusive};
use std::sync::Arc;
use std::thread;

use parking_lot::Mutex;

pub(in crate::session) use self::frame_export::for_each_frame;
use self::matches::Matches;
use self::work::Work;
use super::Log;
use super::log::Signal;
use crate::filter::Filter;
use crate::model::{ConnectionId, Encodings, EndpointId, Framings, HighlightColor, Note, Recorded, Timestamp, Verify};
use crate::payload::checksum::Verdict;

/// No screen shows more rows than this at once.
const MAX_WANTED: usize = 4096;
/// Frames that are open at once, and chunks beneath each.
const MOST_OPENED: usize = 64;
const CHUNKS_BENEATH: usize = 1000;
/// Chunks of a sample, and rows looked at for them.
const SAMPLE_CHUNKS: usize = 20;
const SAMPLE_ROWS: u64 = 50_000;

/// What the log shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    pub scope: Scope,
    pub received: bool,
    pub sent: bool,
    /// Happenings that are not errors.
    pub state: bool,
    pub errors: bool,
    pub filter: Filter,
    /// How content is shown as text, which is how `filter` reads it.
    pub encodings: Arc<Encodings>,
    /// The clock that times in `filter` are read on: local, or UTC.
    pub local_time: bool,
    /// When the selected event was; only set while `filter` asks for it (`within:`).
    pub selected_time: Option<Timestamp>,
    /// Only these events, by seq, in ascending order; `None`: all.
    pub only: Option<Arc<[RangeInclusive<u64>]>>,
    /// Rows from this one on are left out (a paused view).
    pub before_row: Option<u64>,
    /// Rows are frames instead of chunks and datagrams.
    pub frames: bool,
    pub framings: Arc<Framings>,
    /// Checksums that received frames (or chunks, while frames are off) carry.
    pub verify: Arc<BTreeMap<EndpointId, Verify>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Scope {
    #[default]
    All,
    Endpoint(EndpointId),
    Connection(ConnectionId),
}

impl Default for Query {
    fn default() -> Self {
        Self {
            scope: Scope::All,
            received: true,
            sent: true,
            state: true,
            errors: true,
            filter: Filter::default(),
            encodings: Arc::default(),
            local_time: false,
            selected_time: None,
            only: None,
            before_row: None,
            frames: false,
            framings: Arc::default(),
            verify: Arc::default(),
        }
    }
}

/// A handle on the thread; dropping it ends the thread.
pub struct LogView {
    log: Arc<Log>,
    shared: Arc<Shared>,
}

/// What can be drawn now.
#[derive(Clone, Debug, Default)]
pub struct ViewSnapshot {
    pub query: Query,
    /// Rows that match so far.
    pub matched: u64,
    /// Rows of the session looked at, and rows there are.
    pub scanned: u64,
    pub total: u64,
    /// Cached rows, from this place in the matched ones on. A row that could not be read is `None`.
    pub first: u64,
    pub rows: Vec<Option<Arc<Recorded>>>,
    /// Beside each cached row; may be shorter than `rows`.
    pub decorations: Vec<Decoration>,
    /// The selected event, and the one it is compared with.
    pub selected: Option<Arc<Recorded>>,
    pub compared: Option<Arc<Recorded>>,
    /// Of the selected event, with everything that was found in it.
    pub selected_decoration: Decoration,
    /// The event before the selected one that has the same length, direction and connection.
    pub before_selected: Option<Arc<Recorded>>,
    pub find: FindSnapshot,
    /// The newest chunks of what was asked for, the oldest first, as they were read: also while frames are shown.
    pub sample: Vec<Arc<Recorded>>,
    /// Wrong checksums among the rows that match, as far as they were looked at; `None`: none is verified.
    pub wrong_sums: Option<u64>,
}

/// What is drawn on a row besides what it says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decoration {
    /// Of the first rule that fits.
    pub highlight: Option<HighlightColor>,
    /// Where in the payload bytes the find text stands, and the filter's, in order and apart.
    pub found: Arc<[Range<usize>]>,
    pub filtered: Arc<[Range<usize>]>,
    pub note: Option<Arc<Note>>,
    /// Nanoseconds since the row before on the same connection, where that is known.
    pub gap: Option<u64>,
    /// The row is a frame: its content stands in place of the chunk's, its seq is that of the chunk in which it ends.
    pub frame: Option<Arc<FrameFacts>>,
    /// The row is a chunk beneath this frame: the seq of the chunk it ends in, and which of those.
    pub beneath: Option<(u64, u32)>,
    /// What became of its checksum, where its endpoint verifies one.
    pub sum: Option<Verdict>,
}

/// Where a frame stands in its stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FrameFacts {
    /// Which of the frames that end in its last chunk, counted from 0.
    pub index: u32,
    /// The chunks its bytes came in, by seq, in order.
    pub chunks: Vec<u64>,
    /// Bytes in the stream, delimiters and escapes included.
    pub raw_bytes: u64,
    pub fault: Option<crate::framing::Fault>,
    /// Not a frame yet: the stream goes on, and more of it may come.
    pub pending: bool,
}

/// How far the search of the find bar is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FindSnapshot {
    /// What is searched for, among the rows that the filter shows.
    pub filter: Filter,
    pub found: u64,
    /// Rows of the session looked at.
    pub scanned: u64,
    /// The answer to the newest step.
    pub current: Option<Found>,
    /// Counts the steps asked for; `current` belongs to this one.
    pub step: u64,
    /// Nothing was found in the direction of the step, so the search went on from the other end.
    pub wrapped: bool,
    /// Which parts of the shown rows have matches: each a share of their number, from the first to the last.
    pub bar: Arc<[bool]>,
}

/// A match of the find bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    pub seq: u64,
    /// Its place among the shown rows.
    pub place: u64,
    /// Which of the matches it is, counted from 1.
    pub number: u64,
    /// Which of the frames that end in the event, while frames are shown and it is one.
    pub frame: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FindStep {
    Next,
    Previous,
}

/// Of which chunks a sample is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SampleOf {
    pub endpoint: EndpointId,
    pub connection: Option<ConnectionId>,
}

/// A rule for colours, ready for use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Highlight {
    pub filter: Filter,
    pub color: HighlightColor,
}

struct Shared {
    orders: Mutex<Orders>,
    snapshot: Mutex<Arc<ViewSnapshot>>,
    matches: Mutex<Matches>,
    /// Given by orders alone, and by orders and a growing log.
    ordered: Signal,
    moved: Arc<Signal>,
}

#[derive(Clone, Default, PartialEq)]
struct Orders {
    query: Query,
    /// Counts the queries: what was found for an older one never shows under a newer.
    generation: u64,
    want: (u64, usize),
    select: Option<u64>,
    frame: Option<u32>,
    compared: Option<u64>,
    find: Option<Filter>,
    /// Counts what was searched for.
    finds: u64,
    /// Counts the steps of the find bar, so that the same one can be asked for twice.
    steps: u64,
    step: Option<(FindStep, Option<u64>)>,
    highlights: Arc<[Highlight]>,
    sample: Option<SampleOf>,
    opened: Arc<[(u64, u32)]>,
    closed: bool,
}

impl LogView {
    /// `wake` is called when a new snapshot stands ready, at most once per 33 ms.
    pub fn new(log: Arc<Log>, wake: Arc<dyn Fn() + Send + Sync>) -> Self {
        let shared = Arc::new(Shared {
            orders: Mutex::default(),
            snapshot: Mutex::default(),
            matches: Mutex::default(),
            ordered: Signal::default(),
            moved: log.watch(),
        });
        let work = Work::new(log.clone(), shared.clone(), wake);
        // Where no thread can be had the view stays empty; the program has worse troubles then.
        let _ = thread::Builder::new().name("log-view".into()).spawn(move || work.run());
        Self { log, shared }
    }

    /// Takes effect soon; results of an older query never show under the new one.
    pub fn set_query(&self, query: Query) {
        self.order(|orders| {
            if orders.query != query {
                orders.query = query;
                orders.generation += 1;
            }
        });
    }

    /// Rows wanted in the cache: places in the matched rows.
    pub fn want(&self, first: u64, count: usize) {
        self.order(|orders| orders.want = (first, count.min(MAX_WANTED)));
    }

    /// Keeps these events in `ViewSnapshot::selected` and `compared`.
    pub fn select(&self, seq: Option<u64>, compared: Option<u64>) {
        self.order(|orders| (orders.select, orders.compared) = (seq, compared));
    }

    /// Which of the frames that end in the selected event is kept as the selected one.
    pub fn select_frame(&self, index: Option<u32>) {
        self.order(|orders| orders.frame = index);
    }

    /// Searches among the shown rows, hiding none; `None`: the find bar is closed.
    pub fn find(&self, filter: Option<Filter>) {
        self.order(|orders| {
            if orders.find != filter {
                orders.find = filter;
                orders.finds += 1;
            }
        });
    }

    /// Goes to the next match after an event, or the one before it; the answer is `FindSnapshot::current`.
    pub fn find_step(&self, step: FindStep, from: Option<u64>) {
        self.order(|orders| {
            orders.steps += 1;
            orders.step = Some((step, from));
        });
    }

    /// Shows the chunks of these frames beneath them, as far as the frames are shown. In ascending order; the first few count.
    pub fn open_frames(&self, frames: &[(u64, u32)]) {
        let frames = &frames[..frames.len().min(MOST_OPENED)];
        self.order(|orders| {
            if *orders.opened != *frames {
                orders.opened = frames.into();
            }
        });
    }

    /// Keeps the newest chunks of an endpoint, or of one of its connections, in `ViewSnapshot::sample`.
    pub fn sample(&self, of: Option<SampleOf>) {
        self.order(|orders| orders.sample = of);
    }

    /// Rules for colours; the first that fits counts.
    pub fn highlight(&self, rules: Arc<[Highlight]>) {
        self.order(|orders| orders.highlights = rules);
    }

    /// The place of the first matched row at or after `seq`, for keeping one's place when the query changes.
    /// `None`: there is none, or it is not known yet.
    pub fn place_of(&self, seq: u64) -> Option<u64> {
        let row = self.log.row_of(seq);
        let generation = self.shared.orders.lock().generation;
        let matches = self.shared.matches.lock();
        if matches.generation != generation {
            return None;
        }
        let place = matches.place_of_key((row, 0));
        (place < matches.count).then_some(place)
    }

    pub fn snapshot(&self) -> Arc<ViewSnapshot> {
        self.shared.snapshot.lock().clone()
    }

    /// Asking for the same again costs nothing: a frame may do so every time.
    fn order(&self, change: impl FnOnce(&mut Orders)) {
        let mut orders = self.shared.orders.lock();
        let before = orders.clone();
        change(&mut orders);
        let changed = before != *orders;
        drop(orders);
        if changed {
            self.shared.ordered.give();
            self.shared.moved.give();
        }
    }
}

impl Drop for LogView {
    fn drop(&mut self) {
        self.order(|orders| orders.closed = true);
    }
}
