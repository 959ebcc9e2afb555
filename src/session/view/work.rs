//! The thread behind a log view: scans, follows the growing session, fetches the rows around the screen.
//!
//! Owns: the scan of the shown rows, the cache, the pace of snapshots. Never: drawing, waiting inside a frame.
//! Called by: `LogView::new`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::decorating::Decorator;
use super::find::Find;
use super::frame_list::FrameRow;
use super::framed::Framed;
use super::framed::chunks_of;
use super::matches::{Matches, Opened};
use super::{CHUNKS_BENEATH, Orders, Query, Shared, ViewSnapshot};
use crate::session::Log;
use crate::session::matching::Matcher;
use crate::session::reader::Reader;
use crate::session::rows::Row;

/// From one wake to the next; about a frame.
const FRAME: Duration = Duration::from_millis(33);
/// A wake that nobody asked for, in case one was missed.
const IDLE: Duration = Duration::from_secs(3600);
/// A scan looks up after this long.
const SLICE: Duration = Duration::from_millis(16);
/// A text filter reads the file in pieces of this size, rows on screen in smaller ones.
const SCAN_WINDOW_BYTES: usize = 2 * 1024 * 1024;
const CACHE_WINDOW_BYTES: usize = 32 * 1024;
/// Rows looked at before the clock and the orders are: fewer when the file must be read for them.
const SCAN_ROWS: usize = 16 * 1024;
const SCAN_ROWS_OF_FILE: usize = 1024;
const SCAN_BYTES: usize = 256 * 1024;

pub(super) struct Work {
    pub(super) log: Arc<Log>,
    pub(super) shared: Arc<Shared>,
    wake: Arc<dyn Fn() + Send + Sync>,
    pub(super) orders: Orders,
    matcher: Matcher,
    /// While frames are shown.
    framed: Option<Framed>,
    pub(super) find: Option<Find>,
    /// Counts wrong checksums.
    pub(super) sums: Option<Find>,
    pub(super) decorator: Decorator,
    pub(super) shown: Arc<ViewSnapshot>,
    /// What is shown is not what is asked for now.
    pub(super) stale: bool,
    notes_version: u64,
    /// The first row that is not forgotten.
    first_row: u64,
    woke: Option<Instant>,
    /// A snapshot stands ready that nobody was woken for.
    wake_due: bool,
}

/// Rows of the session that are looked at together.
pub(super) struct Batch {
    pub first: u64,
    pub rows: Vec<Row>,
}

impl Batch {
    /// The next rows from `first` on, none beyond `limit`.
    pub(super) fn fill(&mut self, log: &Log, reads_content: bool, first: u64, limit: u64) {
        let most = if reads_content { SCAN_ROWS_OF_FILE } else { SCAN_ROWS };
        let count = usize::try_from(limit.saturating_sub(first)).unwrap_or(most).min(most);
        self.first = first;
        log.rows.copy(first, count, &mut self.rows);
        if reads_content {
            let mut bytes = 0;
            let fits = |row: &Row| {
                bytes += row.length();
                bytes <= SCAN_BYTES
            };
            let count = self.rows.iter().copied().take_while(fits).count();
            self.rows.truncate(count.max(1));
        }
    }
}

fn framed(query: &Query) -> Option<Framed> {
    query.frames.then(|| Framed::new(query, vec![Matcher::new(query)]))
}

/// No row comes behind these any more.
pub(super) fn is_at_end(log: &Log, scanned: u64) -> bool {
    let state = log.state();
    state.complete && !state.live && scanned >= log.rows.len()
}

impl Work {
    pub(super) fn new(log: Arc<Log>, shared: Arc<Shared>, wake: Arc<dyn Fn() + Send + Sync>) -> Self {
        let orders = Orders::default();
        Self {
            matcher: Matcher::new(&orders.query),
            framed: None,
            find: None,
            sums: None,
            decorator: Decorator::new(&orders),
            shown: Arc::default(),
            stale: true,
            notes_version: log.notes().version,
            first_row: 0,
            log,
            shared,
            wake,
            orders,
            woke: None,
            wake_due: false,
        }
    }

    pub(super) fn run(mut self) {
        let log = self.log.clone();
        let mut scanner = Reader::new(&log, SCAN_WINDOW_BYTES);
        let mut reader = Reader::new(&log, CACHE_WINDOW_BYTES);
        loop {
            let orders = self.shared.orders.lock().clone();
            if orders.closed {
                return;
            }
            self.follow(orders);
            self.follow_notes();
            self.follow_forgotten();
            let mut more = self.scan(&log, &mut scanner);
            self.open_frames(&log);
            more |= self.search(&log, &mut scanner);
            if let Some(next) = self.snapshot(&log, &mut reader) {
                self.shown = Arc::new(next);
                *self.shared.snapshot.lock() = self.shown.clone();
                self.wake_due = true;
            }
            self.wake_when_due();
            if more {
                continue;
            }
            match self.woke.map(|woke| FRAME.saturating_sub(woke.elapsed())) {
                // Until the next frame only orders are heard, so that a fast recorder need not wake anybody.
                Some(rest) if !rest.is_zero() => self.shared.ordered.wait(rest),
                _ => self.shared.moved.wait(self.until_due()),
            }
        }
    }

    /// How long nothing is to be done, should nothing come: until the next pause has ended a frame.
    fn until_due(&self) -> Duration {
        let shown = self.framed.as_ref().and_then(Framed::due);
        let searched = [&self.find, &self.sums].into_iter().flatten().filter_map(Find::due);
        let due = shown.into_iter().chain(searched).min();
        let rest = due.map(|due| due.saturating_duration_since(Instant::now()));
        rest.map_or(IDLE, |rest| rest.min(IDLE))
    }

    fn follow(&mut self, orders: Orders) {
        if orders == self.orders {
            return;
        }
        let new_query = orders.generation != self.orders.generation;
        let new_find = orders.finds != self.orders.finds;
        if new_query {
            self.matcher = Matcher::new(&orders.query);
            self.framed = framed(&orders.query);
            self.sums = Find::of_sums(&orders.query);
            let mut matches = self.shared.matches.lock();
            *matches = Matches::of(orders.generation, self.first_row, orders.query.frames);
        }
        match (&orders.find, &mut self.find) {
            (None, find) => *find = None,
            (Some(filter), Some(find)) if !new_find => {
                if new_query {
                    find.restart(filter, &orders.query, self.matcher.limit(self.log.rows.len()));
                }
            }
            (Some(filter), find) => *find = Some(Find::new(filter, &orders.query, self.orders.steps)),
        }
        if orders.steps != self.orders.steps
            && let (Some(find), Some((step, from))) = (&mut self.find, orders.step)
        {
            let frame = orders.frame.filter(|_| orders.query.frames && orders.select == from);
            find.ask(orders.steps, step, (from, frame), self.matcher.limit(self.log.rows.len()));
        }
        if new_query || new_find || orders.highlights != self.orders.highlights {
            self.decorator = Decorator::new(&orders);
        }
        self.stale = true;
        self.orders = orders;
    }

    /// What counts on notes is found anew when they change.
    fn follow_notes(&mut self) {
        let version = self.log.notes().version;
        if version == self.notes_version {
            return;
        }
        self.notes_version = version;
        self.stale = true;
        let found_anew = self.matcher.is_outdated(version);
        if found_anew {
            self.matcher = Matcher::new(&self.orders.query);
            self.framed = framed(&self.orders.query);
            self.sums = Find::of_sums(&self.orders.query);
            let mut matches = self.shared.matches.lock();
            *matches = Matches::of(self.orders.generation, self.first_row, self.orders.query.frames);
        }
        if let (Some(find), Some(filter)) = (&mut self.find, &self.orders.find)
            && (found_anew || find.is_outdated(version))
        {
            find.restart(filter, &self.orders.query, self.matcher.limit(self.log.rows.len()));
        }
        self.decorator = Decorator::new(&self.orders);
    }

    /// Rows whose file was deleted are shown no longer: the others move up.
    fn follow_forgotten(&mut self) {
        let first = self.log.rows.first();
        if first == self.first_row {
            return;
        }
        self.first_row = first;
        self.stale = true;
        *self.shared.matches.lock() = Matches::of(self.orders.generation, first, self.orders.query.frames);
        self.framed = framed(&self.orders.query);
        self.sums = Find::of_sums(&self.orders.query);
        if let (Some(find), Some(filter)) = (&mut self.find, &self.orders.find) {
            find.restart(filter, &self.orders.query, self.matcher.limit(self.log.rows.len()));
        }
    }

    /// Chunks stand beneath the frames that are open, as soon as those are found.
    fn open_frames(&mut self, log: &Log) {
        let mut matches = self.shared.matches.lock();
        let Some(frames) = &matches.frames else { return };
        let asked = self.orders.opened.iter().map(|(seq, index)| (log.row_of(*seq), *index));
        let rows: Vec<FrameRow> = asked.filter_map(|key| frames.find(key)).filter(FrameRow::is_frame).collect();
        let keys: Vec<_> = rows.iter().map(FrameRow::key).collect();
        if !matches.is_open(&keys) {
            let chunks = |row: &FrameRow| Opened { key: row.key(), chunks: chunks_of(log, *row, CHUNKS_BENEATH) };
            let opened = rows.iter().map(chunks).collect();
            matches.open(opened);
            self.stale = true;
        }
    }

    /// Looks at rows for a while. `true`: there are more.
    fn scan<'l>(&mut self, log: &'l Log, reader: &mut Reader<'l>) -> bool {
        let limit = self.matcher.limit(log.rows.len());
        if self.framed.is_some() {
            return self.scan_frames(log, reader, limit);
        }
        if self.matcher.takes_all() {
            let mut matches = self.shared.matches.lock();
            let first = log.rows.first().min(limit);
            (matches.all, matches.first_row, matches.count, matches.scanned) = (true, first, limit - first, limit);
            return false;
        }
        let begun = Instant::now();
        let mut scanned = self.shared.matches.lock().scanned;
        let (mut batch, mut found) = (Batch { first: scanned, rows: Vec::new() }, Vec::new());
        while scanned < limit {
            batch.fill(log, self.matcher.asks_for_content(), scanned, limit);
            if batch.rows.is_empty() {
                return false;
            }
            found.clear();
            self.matcher.scan(log, reader, scanned, &batch.rows, None, &mut found);
            let mut matches = self.shared.matches.lock();
            found.iter().for_each(|place| matches.push(scanned + u64::from(*place)));
            scanned += batch.rows.len() as u64;
            matches.scanned = scanned;
            drop(matches);
            if begun.elapsed() >= SLICE {
                return scanned < limit;
            }
            if self.is_superseded() {
                return true;
            }
        }
        false
    }

    /// The same while frames are shown.
    fn scan_frames<'l>(&mut self, log: &'l Log, reader: &mut Reader<'l>, limit: u64) -> bool {
        let Some(mut framed) = self.framed.take() else { return false };
        let begun = Instant::now();
        let mut scanned = self.shared.matches.lock().scanned;
        let (mut batch, mut found) = (Batch { first: scanned, rows: Vec::new() }, Vec::new());
        let mut more = false;
        while scanned < limit && !more {
            batch.fill(log, true, scanned, limit);
            if batch.rows.is_empty() {
                break;
            }
            framed.read(log, reader, scanned, &batch.rows, &mut found);
            scanned += batch.rows.len() as u64;
            let mut matches = self.shared.matches.lock();
            matches.drop_rows(framed.gone());
            matches.take(&mut found);
            matches.scanned = scanned;
            drop(matches);
            more = begun.elapsed() >= SLICE || self.is_superseded();
        }
        if is_at_end(log, scanned) {
            framed.end(log, reader, &mut found);
        } else if scanned >= limit {
            framed.pause(log, reader, &mut found);
            framed.unfinished(log, reader, &mut found);
        }
        let mut matches = self.shared.matches.lock();
        let gone = framed.gone();
        // As many rows may be others.
        self.stale |= !gone.is_empty() || !found.is_empty();
        matches.drop_rows(gone);
        matches.take(&mut found);
        drop(matches);
        self.framed = Some(framed);
        more
    }

    /// Looks for the find bar, and for wrong checksums, among the rows that are shown. `true`: there are more.
    fn search<'l>(&mut self, log: &'l Log, reader: &mut Reader<'l>) -> bool {
        if self.find.is_none() && self.sums.is_none() {
            return false;
        }
        let begun = Instant::now();
        loop {
            let mut more = false;
            for find in [&mut self.find, &mut self.sums].into_iter().flatten() {
                more |= find.scan(log, reader, &self.shared.matches);
                find.answer(log);
            }
            if !more || begun.elapsed() >= SLICE {
                return more;
            }
            let orders = self.shared.orders.lock();
            if orders.generation != self.orders.generation || orders.finds != self.orders.finds || orders.closed {
                return true;
            }
        }
    }

    /// What is looked for now is not asked for any more.
    fn is_superseded(&self) -> bool {
        let orders = self.shared.orders.lock();
        orders.generation != self.orders.generation || orders.closed
    }

    fn wake_when_due(&mut self) {
        if self.wake_due && self.woke.is_none_or(|woke| woke.elapsed() >= FRAME) {
            self.wake_due = false;
            self.woke = Some(Instant::now());
            (self.wake)();
        }
    }
}
