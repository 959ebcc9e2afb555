//! The thread of a conversation: looks at new rows, lays them out, searches them, and makes the lines on screen ready, for
//! about half a frame at a time.
//! Called by: `Conversation::new`.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::super::FindStep;
use super::super::log::Log;
use super::super::reader::Reader;
use super::breaking::{Place, Shape};
use super::items::Items;
use super::layout::{Item, Kind, Layout, Lines, Walk};
use super::line::{Keep, Laid, Line, Making, push_copied};
use super::search::Search;
use super::source::Source;
use super::{ConversationFind, ConversationOrder, ConversationSnapshot, Shared};
use crate::model::{ConnectionId, Flow, Recorded, Timestamp, Transport};

/// From one wake to the next; about a frame.
const FRAME: Duration = Duration::from_millis(33);
const SCAN_WINDOW_BYTES: usize = 512 * 1024;
const SCREEN_WINDOW_BYTES: usize = 32 * 1024;
/// No screen shows more lines than this at once.
const MAX_WANTED: usize = 4096;
/// Rows taken before the clock is looked at.
const ROWS_AT_ONCE: usize = 32;
/// Connections looked up before something else has its turn.
const FLOWS_AT_ONCE: usize = 2048;
/// A long list of connections is not made anew more often than this.
const RELIST: Duration = Duration::from_millis(500);
const LONG_LIST: usize = 2000;
/// What is copied is no longer.
const MAX_COPIED_BYTES: usize = 8 * 1024 * 1024;
/// A character cut in two begins in one of so many rows before the one that finishes it.
const CUT_ROWS: u64 = 4;

pub fn run(log: &Log, shared: &Shared, wake: &(dyn Fn() + Send + Sync)) {
    let mut work = Work::new(log, shared);
    let (mut woke, mut wake_due): (Option<Instant>, bool) = (None, false);
    let mut made: Option<Instant> = None;
    loop {
        shared.ordered.take();
        let (order, closed) = shared.orders.lock().clone();
        if closed {
            return;
        }
        work.follow(order);
        let more = work.advance();
        // While there is much to do, a snapshot a frame is enough.
        let is_due = !more || made.is_none_or(|made| made.elapsed() >= FRAME);
        if let Some(next) = is_due.then(|| work.snapshot()).flatten() {
            made = Some(Instant::now());
            *shared.snapshot.lock() = Arc::new(next);
            wake_due = true;
        }
        if wake_due && woke.is_none_or(|woke| woke.elapsed() >= FRAME) {
            (wake_due, woke) = (false, Some(Instant::now()));
            wake();
        }
        if more {
            continue;
        }
        match woke.map(|woke| FRAME.saturating_sub(woke.elapsed())) {
            // Until the next frame only orders are heard, so that a fast recorder need not wake anybody.
            Some(rest) if !rest.is_zero() => shared.ordered.wait(rest),
            // What was left for later is looked at although nothing new comes.
            _ if work.flows.is_behind => shared.moved.wait(RELIST),
            _ => shared.moved.wait(Duration::from_secs(3600)),
        }
    }
}

struct Work<'a> {
    log: &'a Log,
    shared: &'a Shared,
    order: ConversationOrder,
    items: Items,
    layout: Layout,
    search: Option<Search>,
    scanner: Source<'a>,
    screen: Source<'a>,
    about: About,
    flows: Flows<'a>,
    /// The lines made ready last, and what they were made for.
    shown: (Option<Made>, Vec<Arc<Line>>),
    answers: Answers,
    published: Option<Published>,
}

/// What is known of the connection besides its bytes.
#[derive(Default)]
struct About {
    /// The row that it was read from.
    row: Option<u64>,
    flow: Option<Arc<Flow>>,
    first: Option<Timestamp>,
    /// The item that `last` is the time of.
    last: Option<(u64, Timestamp)>,
    end: Option<Arc<Recorded>>,
}

#[derive(Clone, PartialEq)]
struct Made {
    lines: Range<u64>,
    /// Matches, and the current one.
    found: (usize, Option<usize>),
}

#[derive(Default)]
struct Answers {
    revealed: (u64, Option<u64>),
    copied: (u64, Option<Arc<str>>),
    /// The step that was taken last.
    step: u64,
    current: Option<(u64, u64)>,
}

/// What a snapshot was made of; an equal one is not made again.
#[derive(PartialEq)]
struct Published {
    order: ConversationOrder,
    count: u64,
    done: u64,
    ready: bool,
    found: (usize, bool),
    connections: usize,
    live: bool,
}

impl<'a> Work<'a> {
    fn new(log: &'a Log, shared: &'a Shared) -> Self {
        Self {
            log,
            shared,
            order: ConversationOrder::default(),
            items: Items::new(ConnectionId::NONE),
            layout: Layout::new(Shape::default(), false),
            search: None,
            scanner: Source::new(log, SCAN_WINDOW_BYTES),
            screen: Source::new(log, SCREEN_WINDOW_BYTES),
            about: About::default(),
            flows: Flows {
                reader: Reader::new(log, 4096),
                known: BTreeMap::new(),
                listed: Arc::from([]),
                count: 0,
                listed_at: None,
                has_unread: false,
                is_behind: false,
            },
            shown: (None, Vec::new()),
            // A step that was asked for in another thread's time is over.
            answers: Answers { step: shared.orders.lock().0.step.0, ..Answers::default() },
            published: None,
        }
    }

    fn follow(&mut self, order: ConversationOrder) {
        if order.connection != self.order.connection {
            self.items = Items::new(order.connection.unwrap_or_default());
            self.about = About::default();
            self.begin_again(&order);
            self.begin_search(&order);
        } else if order.shape != self.order.shape {
            self.begin_again(&order);
        }
        if order.find != self.order.find || order.encoding != self.order.encoding {
            self.begin_search(&order);
        }
        self.order = order;
    }

    fn begin_again(&mut self, order: &ConversationOrder) {
        self.layout = Layout::new(order.shape, self.datagrams());
        self.shown = (None, Vec::new());
        // Lines have other numbers now.
        self.answers.current = None;
    }

    fn begin_search(&mut self, order: &ConversationOrder) {
        let find = order.find.as_ref();
        self.search = find.map(|term| Search::new(term, order.encoding, self.datagrams()));
        self.answers.current = None;
        self.shown.0 = None;
    }

    fn datagrams(&self) -> bool {
        self.about.flow.as_ref().is_some_and(|flow| flow.transport == Transport::Udp)
    }

    /// Goes on for about half a frame. `true`: there is more to do.
    fn advance(&mut self) -> bool {
        // Who reads a conversation does not wait for a list of others.
        (self.order.connection.is_some() && self.converse(Instant::now())) || self.flows.refresh(self.log)
    }

    /// Items whose file was deleted are laid out no longer: the others are, from the first one that is left.
    fn follow_forgotten(&mut self) {
        if self.items.row(0).is_some_and(|row| row < self.log.rows.first()) {
            self.items = Items::new(self.items.connection);
            (self.about.first, self.about.last, self.about.end) = (None, None, None);
            let order = self.order.clone();
            self.begin_again(&order);
            self.begin_search(&order);
        }
    }

    fn converse(&mut self, begun: Instant) -> bool {
        self.follow_forgotten();
        while self.items.scan(self.log) {
            if self.must_stop(begun) {
                return true;
            }
        }
        if self.items.count == 0 {
            return false;
        }
        self.learn();
        let needs_bytes = matches!(self.order.shape, Shape::Text { .. });
        while self.layout.next_item() < self.items.count {
            for item in self.layout.next_item()..self.items.count.min(self.layout.next_item() + ROWS_AT_ONCE as u64) {
                let taken = self.scanner.with(&self.items, item, needs_bytes, |item| self.layout.take(item));
                // A row that is gone must not be waited for.
                taken.unwrap_or_else(|| self.layout.take(Item::Happened));
            }
            if self.must_stop(begun) {
                return true;
            }
        }
        if self.search(begun) {
            return true;
        }
        self.answer();
        false
    }

    fn must_stop(&self, begun: Instant) -> bool {
        begun.elapsed() >= FRAME / 2 || self.shared.ordered.is_given()
    }

    /// Searches what is new. `true`: there is more to do.
    fn search(&mut self, begun: Instant) -> bool {
        let Some(search) = &mut self.search else { return false };
        if search.next_item >= self.items.count {
            return false;
        }
        while search.next_item < self.items.count {
            for item in search.next_item..self.items.count.min(search.next_item + ROWS_AT_ONCE as u64) {
                let taken = self.scanner.with(&self.items, item, true, |item| search.take(item));
                taken.unwrap_or_else(|| search.take(Item::Happened));
            }
            if begun.elapsed() >= FRAME / 2 || self.shared.ordered.is_given() {
                return true;
            }
        }
        search.settle();
        false
    }

    /// Reads who talks with whom, since when, until when.
    fn learn(&mut self) {
        let best = self.log.connection_row(self.items.connection).filter(|row| *row >= self.log.rows.first());
        let row = best.or_else(|| self.items.row(0));
        if row != self.about.row || self.about.flow.is_none() {
            let was = self.datagrams();
            self.about.row = row;
            let recorded = row.and_then(|row| self.flows.reader.recorded(row).ok());
            self.about.flow = recorded.map(|recorded| recorded.event.flow).or(self.about.flow.take());
            if self.datagrams() != was {
                let order = self.order.clone();
                self.begin_again(&order);
                self.begin_search(&order);
            }
        }
        if self.about.first.is_none() {
            self.about.first = self.screen.time(&self.items, 0);
        }
        let last = self.items.count - 1;
        if self.about.last.is_none_or(|(item, _)| item != last) {
            self.about.last = self.screen.time(&self.items, last).map(|time| (last, time));
        }
        let end_seq = self.items.end.map(|row| self.log.seq_of(row));
        if end_seq != self.about.end.as_ref().map(|end| end.seq) {
            self.about.end = self.items.end.and_then(|row| self.flows.reader.recorded(row).ok()).map(Arc::new);
        }
    }

    /// Answers what was asked once: steps, lines of events, copies.
    fn answer(&mut self) {
        if self.answers.step != self.order.step.0 {
            self.answers.step = self.order.step.0;
            self.step();
            self.published = None;
        }
        self.show_current();
        if self.answers.revealed.0 != self.order.reveal.0 {
            let item = self.order.reveal.1.map(|seq| self.items.item_of(self.log.row_of(seq)));
            let line = item.filter(|item| *item < self.items.count).map(|item| self.line_of((item, 0)));
            self.answers.revealed = (self.order.reveal.0, line);
            self.published = None;
        }
        if self.answers.copied.0 != self.order.copy.0 {
            let text = self.copied(self.order.copy.1.clone());
            self.answers.copied = (self.order.copy.0, Some(text.into()));
            self.published = None;
        }
    }

    fn step(&mut self) {
        let Some((step, from_line)) = self.order.step.1 else { return };
        let place = self.place_of(from_line);
        let Some(search) = &mut self.search else { return };
        let count = search.matches.len();
        if count == 0 {
            return;
        }
        let number = match (search.current, step) {
            (Some(current), FindStep::Next) => (current + 1) % count,
            (Some(current), FindStep::Previous) => (current + count - 1) % count,
            (None, step) => {
                let first = search.first_from(place) % count;
                if step == FindStep::Next { first } else { (first + count - 1) % count }
            }
        };
        search.current = Some(number);
        self.answers.current = None;
        self.shown.0 = None;
    }

    /// The line of the current match, which is another one after lines were broken anew.
    fn show_current(&mut self) {
        let current = self.search.as_ref().and_then(|search| search.current);
        let place = |number: usize| self.search.as_ref()?.matches.get(number).map(|found| found.start);
        if let (None, Some(number)) = (self.answers.current, current)
            && let Some(place) = place(number)
        {
            self.answers.current = Some((number as u64 + 1, self.line_of(place)));
            self.published = None;
        }
    }

    /// The line that shows the byte at a place.
    fn line_of(&mut self, place: (u64, u32)) -> u64 {
        let (line, mut walker) = self.layout.before_place(place.0, place.1);
        let mut seek = Seek { place, next: line, found: line, passed: false };
        let end = self.layout.next_item().min(place.0.saturating_add(CUT_ROWS));
        while walker.item < end && !seek.passed {
            let item = walker.item;
            self.screen.with(&self.items, item, true, |item| walker.take(item, &mut seek));
            if walker.item == item {
                break;
            }
        }
        if walker.item == self.layout.next_item() {
            walker.end(&mut seek);
        }
        seek.found
    }

    /// Where a line begins.
    fn place_of(&mut self, line: u64) -> (u64, u32) {
        self.laid(line..line + 1).first().map_or((self.items.count, 0), Laid::place)
    }

    fn laid(&mut self, lines: Range<u64>) -> Vec<Laid> {
        let (next, mut walker) = self.layout.before_line(lines.start);
        let mut keep = Keep { wanted: lines, next, lines: Vec::new() };
        // A line is whole when the next one begins.
        while keep.next <= keep.wanted.end && walker.item < self.layout.next_item() {
            let item = walker.item;
            self.screen.with(&self.items, item, true, |item| walker.take(item, &mut keep));
            if walker.item == item {
                break;
            }
        }
        if walker.item == self.layout.next_item() {
            walker.end(&mut keep);
        }
        keep.lines
    }

    fn ready(&mut self, laid: &[Laid]) -> Vec<Line> {
        let (shape, datagrams) = (self.order.shape, self.datagrams());
        let (items, source) = (&self.items, &mut self.screen);
        let mut making = Making { items, source, shape, datagrams, search: self.search.as_ref() };
        laid.iter().map(|laid| making.line(laid)).collect()
    }

    fn copied(&mut self, lines: Range<u64>) -> String {
        let (mut text, mut next) = (String::new(), lines.start);
        let end = lines.end.min(self.layout.lines());
        while next < end {
            let laid = self.laid(next..end.min(next + MAX_WANTED as u64));
            let ready = self.ready(&laid);
            for (laid, line) in laid.iter().zip(&ready) {
                push_copied(laid, line, self.order.shape, &mut text);
                if text.len() > MAX_COPIED_BYTES {
                    text.push('…');
                    return text;
                }
            }
            if laid.is_empty() {
                break;
            }
            next += laid.len() as u64;
        }
        text
    }

    /// What can be drawn now; `None`: just what is shown already.
    fn snapshot(&mut self) -> Option<ConversationSnapshot> {
        let state = self.log.state();
        let is_chosen = self.order.connection.is_some();
        let laid_out = self.layout.next_item() == self.items.count && self.items.scanned >= state.rows;
        let searched = self.search.as_ref().is_none_or(|search| search.next_item >= self.items.count);
        let published = Published {
            order: self.order.clone(),
            count: self.items.count,
            done: self.layout.next_item(),
            ready: is_chosen && laid_out,
            found: (self.search.as_ref().map_or(0, |search| search.matches.len()), searched),
            connections: self.flows.listed.len(),
            live: state.live,
        };
        if self.published.as_ref() == Some(&published) {
            return None;
        }
        let (first_line, rows) = if is_chosen { self.lines_on_screen() } else { (0, Vec::new()) };
        let search = self.search.as_ref();
        let find = ConversationFind {
            term: self.order.find.clone(),
            found: search.map_or(0, |search| search.matches.len() as u64),
            full: search.is_some_and(Search::is_full),
            ready: published.found.1,
            impossible: search.is_some_and(|search| !search.is_possible()),
            current: self.answers.current,
            step: self.answers.step,
        };
        let snapshot = ConversationSnapshot {
            connection: self.order.connection,
            shape: self.order.shape,
            connections: self.flows.listed.clone(),
            flow: self.about.flow.clone(),
            bytes: self.items.bytes,
            chunks: self.items.chunks,
            first: self.about.first,
            last: self.about.last.map(|(_, time)| time),
            half_closed: self.items.half_closed,
            end: self.about.end.clone(),
            live: state.live,
            lines: self.layout.lines(),
            turns: self.layout.turns(),
            done: published.done,
            total: published.count,
            ready: published.ready,
            first_line,
            rows,
            find,
            revealed: self.answers.revealed,
            copied: self.answers.copied.clone(),
        };
        self.published = Some(published);
        Some(snapshot)
    }

    /// The lines around the screen, with one screen more on either side.
    fn lines_on_screen(&mut self) -> (u64, Vec<Arc<Line>>) {
        let count = self.order.want.1.min(MAX_WANTED) as u64;
        let lines = self.layout.lines();
        let wanted = if self.order.at_end { lines.saturating_sub(count) } else { self.order.want.0 };
        let first = wanted.saturating_sub(count).min(lines);
        let end = wanted.saturating_add(count * 2).min(lines);
        let search = self.search.as_ref();
        let found = (search.map_or(0, |search| search.matches.len()), search.and_then(|search| search.current));
        let made = Made { lines: first..end, found };
        if self.shown.0.as_ref() != Some(&made) {
            let laid = self.laid(first..end);
            let rows = self.ready(&laid).into_iter().map(Arc::new).collect();
            // The newest turn may go on, so its lines are made again.
            let stays = end <= self.layout.settled();
            self.shown = (stays.then_some(made), rows);
        }
        (first, self.shown.1.clone())
    }
}

/// Finds the last line that begins at or before a place.
struct Seek {
    place: (u64, u32),
    next: u64,
    found: u64,
    passed: bool,
}

impl Lines for Seek {
    fn begin(&mut self, at: Place, _kind: Kind, _walk: &Walk) {
        if (at.item, at.offset) <= self.place {
            self.found = self.next;
        } else {
            self.passed = true;
        }
        self.next += 1;
    }

    fn bytes(&mut self, _at: Place, _bytes: &[u8]) {}
}

/// All connections of the log, each read once, and again when a better row of it is known.
struct Flows<'a> {
    reader: Reader<'a>,
    /// The row that was read; without a flow where it could not be.
    known: BTreeMap<ConnectionId, (u64, Option<Arc<Flow>>)>,
    listed: Arc<[Arc<Flow>]>,
    /// Connections there were when all were looked up.
    count: usize,
    listed_at: Option<Instant>,
    /// Some could not be read: their row was deleted with its file, and a newer one may name them.
    has_unread: bool,
    /// There are connections that are not in the list yet.
    is_behind: bool,
}

impl Flows<'_> {
    /// `true`: there are more to be looked up.
    fn refresh(&mut self, log: &Log) -> bool {
        let count = log.connection_count();
        let rested = self.listed_at.is_none_or(|at| at.elapsed() >= RELIST);
        if count == self.count && !(self.has_unread && rested) {
            return false;
        }
        self.is_behind = count > LONG_LIST && !rested;
        if self.is_behind {
            return false;
        }
        let rows = log.connection_rows();
        let is_new = |(id, row): &&(ConnectionId, u64)| self.known.get(id).is_none_or(|(known, _)| known != row);
        let new: Vec<(ConnectionId, u64)> = rows.iter().filter(is_new).take(FLOWS_AT_ONCE).copied().collect();
        for (id, row) in &new {
            let flow = self.reader.recorded(*row).ok().map(|recorded| recorded.event.flow);
            self.known.insert(*id, (*row, flow));
        }
        if new.len() == FLOWS_AT_ONCE {
            return true;
        }
        (self.count, self.listed_at) = (count, Some(Instant::now()));
        self.has_unread = self.known.values().any(|(_, flow)| flow.is_none());
        self.listed = self.known.values().filter_map(|(_, flow)| flow.clone()).collect();
        false
    }
}
