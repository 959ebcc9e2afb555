//! The reader thread of one log view: filters, follows the growing session, caches the rows around the screen.
//!
//! Owns: the list of matching rows, the cache, the snapshot. Never: drawing, waiting inside a frame.
//! Called by: `ui`, one for each log on screen.

use std::collections::HashMap;
use std::ops::{Range, RangeInclusive};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::Log;
use super::log::Signal;
use super::matching::Matcher;
use super::reader::Reader;
use super::rows::{PIECE_ROWS, Row};
use crate::filter::Filter;
use crate::model::{ConnectionId, Encodings, EndpointId, HighlightColor, Note, Recorded, Timestamp};

/// From one wake to the next; about a frame.
const FRAME: Duration = Duration::from_millis(33);
/// A text filter reads the file in pieces of this size, rows on screen in smaller ones.
const SCAN_WINDOW_BYTES: usize = 2 * 1024 * 1024;
const CACHE_WINDOW_BYTES: usize = 32 * 1024;
/// No screen shows more rows than this at once.
const MAX_WANTED: usize = 4096;
/// Rows looked at before the clock is.
const SCAN_ROWS: usize = 1024;

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
    /// The event before the selected one that has the same length, direction and connection.
    pub before_selected: Option<Arc<Recorded>>,
    pub find: FindSnapshot,
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
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FindStep {
    Next,
    Previous,
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
    compared: Option<u64>,
    find: Option<Filter>,
    /// Counts the steps of the find bar, so that the same one can be asked for twice.
    steps: u64,
    step: Option<(FindStep, Option<u64>)>,
    highlights: Arc<[Highlight]>,
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

    /// Searches among the shown rows, hiding none; `None`: the find bar is closed.
    pub fn find(&self, filter: Option<Filter>) {
        self.order(|orders| orders.find = filter);
    }

    /// Goes to the next match after an event, or the one before it; the answer is `FindSnapshot::current`.
    pub fn find_step(&self, step: FindStep, from: Option<u64>) {
        self.order(|orders| {
            orders.steps += 1;
            orders.step = Some((step, from));
        });
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
        let place = matches.place_of(row);
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

/// Rows that match, two bytes each; all rows when the query takes all.
#[derive(Default)]
struct Matches {
    generation: u64,
    all: bool,
    scanned: u64,
    count: u64,
    /// For each piece of `PIECE_ROWS` rows: matches before it, and the rows within it.
    pieces: Vec<(u64, Vec<u16>)>,
}

impl Matches {
    fn push(&mut self, row: u64) {
        let piece = (row / PIECE_ROWS as u64) as usize;
        while self.pieces.len() <= piece {
            if let Some((_, last)) = self.pieces.last_mut() {
                last.shrink_to_fit();
            }
            self.pieces.push((self.count, Vec::new()));
        }
        if let Some((_, rows)) = self.pieces.get_mut(piece) {
            rows.push((row % PIECE_ROWS as u64) as u16);
        }
        self.count += 1;
    }

    /// The row at a place.
    fn row_at(&self, place: u64) -> Option<u64> {
        if place >= self.count {
            return None;
        }
        if self.all {
            return Some(place);
        }
        let piece = self.pieces.partition_point(|(before, _)| *before <= place).checked_sub(1)?;
        let (before, rows) = self.pieces.get(piece)?;
        let within = rows.get(usize::try_from(place - before).ok()?)?;
        Some(piece as u64 * PIECE_ROWS as u64 + u64::from(*within))
    }

    /// How many matches stand before a row.
    fn place_of(&self, row: u64) -> u64 {
        if self.all {
            return row.min(self.count);
        }
        let (piece, within) = ((row / PIECE_ROWS as u64) as usize, (row % PIECE_ROWS as u64) as u16);
        match self.pieces.get(piece) {
            Some((before, rows)) => before + rows.partition_point(|found| *found < within) as u64,
            None => self.count,
        }
    }
}

/// The thread's own things.
struct Work {
    log: Arc<Log>,
    shared: Arc<Shared>,
    wake: Arc<dyn Fn() + Send + Sync>,
    orders: Orders,
    matcher: Matcher,
    woke: Option<Instant>,
    /// A snapshot stands ready that nobody was woken for.
    wake_due: bool,
}

impl Work {
    fn new(log: Arc<Log>, shared: Arc<Shared>, wake: Arc<dyn Fn() + Send + Sync>) -> Self {
        let orders = Orders::default();
        let matcher = Matcher::new(&orders.query);
        Self { log, shared, wake, orders, matcher, woke: None, wake_due: false }
    }

    fn run(mut self) {
        let log = self.log.clone();
        let mut scanner = Reader::new(&log, SCAN_WINDOW_BYTES);
        let mut reader = Reader::new(&log, CACHE_WINDOW_BYTES);
        let mut shown = ViewSnapshot { total: u64::MAX, ..ViewSnapshot::default() };
        loop {
            let orders = self.shared.orders.lock().clone();
            if orders.closed {
                return;
            }
            self.follow(orders, &mut shown);
            let more = self.scan(&mut scanner);
            if let Some(next) = self.snapshot(&shown, &mut reader) {
                *self.shared.snapshot.lock() = Arc::new(next.clone());
                shown = next;
                self.wake_due = true;
            }
            self.wake_when_due();
            if more {
                continue;
            }
            match self.woke.map(|woke| FRAME.saturating_sub(woke.elapsed())) {
                // Until the next frame only orders are heard, so that a fast recorder need not wake anybody.
                Some(rest) if !rest.is_zero() => self.shared.ordered.wait(rest),
                _ => self.shared.moved.wait(Duration::from_secs(3600)),
            }
        }
    }

    fn follow(&mut self, orders: Orders, shown: &mut ViewSnapshot) {
        if orders.generation != self.orders.generation {
            self.matcher = Matcher::new(&orders.query);
            let mut matches = self.shared.matches.lock();
            *matches = Matches { generation: orders.generation, ..Matches::default() };
        }
        if orders.generation != self.orders.generation
            || orders.select != self.orders.select
            || orders.want != self.orders.want
        {
            // Whatever it shows is not what is asked for now.
            shown.total = u64::MAX;
        }
        self.orders = orders;
    }

    /// Looks at rows for about a frame. `true`: there are more.
    fn scan(&mut self, reader: &mut Reader<'_>) -> bool {
        let limit = self.matcher.limit(self.log.rows.len());
        if self.matcher.takes_all() {
            let mut matches = self.shared.matches.lock();
            (matches.all, matches.count, matches.scanned) = (true, limit, limit);
            return false;
        }
        let begun = Instant::now();
        let mut scanned = self.shared.matches.lock().scanned;
        let (mut rows, mut found): (Vec<Row>, Vec<u64>) = (Vec::new(), Vec::new());
        while scanned < limit {
            let count = usize::try_from(limit - scanned).unwrap_or(SCAN_ROWS).min(SCAN_ROWS);
            self.log.rows.copy(scanned, count, &mut rows);
            if rows.is_empty() {
                return false;
            }
            for (at, row) in rows.iter().enumerate() {
                if self.matcher.matches(&self.log, reader, *row) {
                    found.push(scanned + at as u64);
                }
            }
            scanned += rows.len() as u64;
            let mut matches = self.shared.matches.lock();
            found.drain(..).for_each(|row| matches.push(row));
            matches.scanned = scanned;
            drop(matches);
            if begun.elapsed() >= FRAME / 2 {
                return scanned < limit;
            }
            if self.shared.orders.lock().generation != self.orders.generation {
                return true;
            }
        }
        false
    }

    /// What can be drawn now; `None`: just what is shown already.
    fn snapshot(&self, shown: &ViewSnapshot, reader: &mut Reader<'_>) -> Option<ViewSnapshot> {
        let total = self.log.rows.len();
        let (matched, scanned, first, numbers) = {
            let matches = self.shared.matches.lock();
            let (wanted, count) = self.orders.want;
            let count = count as u64;
            // One screen more on either side, for scrolling.
            let first = wanted.saturating_sub(count).min(matches.count);
            let end = wanted.saturating_add(count * 2).min(matches.count);
            let numbers: Vec<u64> = (first..end).filter_map(|place| matches.row_at(place)).collect();
            (matches.count, matches.scanned, first, numbers)
        };
        if total == shown.total && matched == shown.matched && scanned == shown.scanned {
            return None;
        }
        let mut known: HashMap<u64, &Arc<Recorded>> = shown.rows.iter().flatten().map(|r| (r.seq, r)).collect();
        known.extend(shown.selected.iter().map(|r| (r.seq, r)));
        let mut row = |number: u64| {
            let seq = self.log.seq_of(number);
            known.get(&seq).map(|known| Arc::clone(known)).or_else(|| reader.recorded(number).ok().map(Arc::new))
        };
        let rows = numbers.into_iter().map(&mut row).collect();
        let selected = self.orders.select.and_then(|seq| {
            let number = self.log.row_of(seq);
            (number < total && self.log.seq_of(number) == seq).then(|| row(number)).flatten()
        });
        let query = self.orders.query.clone();
        Some(ViewSnapshot { query, matched, scanned, total, first, rows, selected, ..ViewSnapshot::default() })
    }

    fn wake_when_due(&mut self) {
        if self.wake_due && self.woke.is_none_or(|woke| woke.elapsed() >= FRAME) {
            self.wake_due = false;
            self.woke = Some(Instant::now());
            (self.wake)();
        }
    }
}
