//! The thread of one table: adds up what is new, reads what the order needs, sorts, and lays the rows in view ready.
//!
//! Owns: the records while the table is shown. Never: more than a frame's time between two looks at the orders.
//! Called by: `ConnectionsView`.

use std::collections::HashMap;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::super::Clock;
use super::super::log::Log;
use super::super::reader::Reader;
use super::arrange::{Known, Listed, arrange, is_natural, needs_facts, sums};
use super::detail::Details;
use super::facts::{EndpointBook, FactBook, time_of};
use super::records::Records;
use super::{ConnectionsSnapshot, EndpointEntry, Orders, Shared};
use crate::model::Timestamp;

/// From one wake to the next; about a frame.
const FRAME: Duration = Duration::from_millis(33);
/// What grows is looked at so often.
const PACE: Duration = Duration::from_millis(100);
/// Rates of the last second, and the age of what is open.
const SECOND: Duration = Duration::from_secs(1);
/// Rows added up between two looks at the orders, and the time for reading.
const ROWS_A_TURN: usize = 1_000_000;
const READING_A_TURN: Duration = Duration::from_millis(20);
const WINDOW_BYTES: usize = 4 * 1024;

pub(super) fn start(log: Arc<Log>, clock: Option<Clock>, shared: Arc<Shared>, wake: Arc<dyn Fn() + Send + Sync>) {
    let work = Work {
        log,
        clock,
        shared,
        wake,
        orders: Orders::default(),
        records: Records::default(),
        facts: FactBook::default(),
        endpoints: EndpointBook::default(),
        details: Details::default(),
        listed: Listed::default(),
        listed_endpoints: Arc::default(),
        stale: Stale::default(),
        rates: Rates::default(),
        settled: 0,
        from: None,
        woke: None,
        wake_due: false,
    };
    // Where no thread can be had the table stays empty; the program has worse troubles then.
    let _ = thread::Builder::new().name("connections".into()).spawn(move || work.run());
}

struct Work {
    log: Arc<Log>,
    clock: Option<Clock>,
    shared: Arc<Shared>,
    wake: Arc<dyn Fn() + Send + Sync>,
    orders: Orders,
    records: Records,
    facts: FactBook,
    endpoints: EndpointBook,
    details: Details,
    /// What was sorted last, and the endpoints by which it was.
    listed: Listed,
    listed_endpoints: Arc<[EndpointEntry]>,
    stale: Stale,
    rates: Rates,
    /// Connections whose facts the order knows.
    settled: u64,
    /// When the first event was.
    from: Option<Timestamp>,
    woke: Option<Instant>,
    /// A snapshot stands ready that nobody was woken for.
    wake_due: bool,
}

/// What must be done again.
#[derive(Default)]
struct Stale {
    order: bool,
    snapshot: bool,
    /// The order fits older facts; when it was made, and how long that took.
    facts: bool,
    /// Facts are still being read.
    reading: bool,
    arranged: Option<(Instant, Duration)>,
}

/// Bytes a second over the last second, for those that moved.
#[derive(Default)]
struct Rates {
    since: Option<Instant>,
    list: HashMap<u32, f64>,
}

impl Work {
    fn run(mut self) {
        let log = self.log.clone();
        let mut reader = Reader::new(&log, WINDOW_BYTES);
        let mut looked = Instant::now();
        let mut drawn: Option<Instant> = None;
        self.stale.snapshot = true;
        loop {
            let orders = self.shared.orders.lock().clone();
            if orders.closed {
                return;
            }
            let asked = self.follow(orders);
            let mut more = self.grow(&log, &mut reader);
            more |= self.read(&log, &mut reader);
            self.arrange();
            // While there is much to read, what comes in between is shown now and then.
            let rested = drawn.is_none_or(|at| at.elapsed() >= PACE);
            if self.stale.snapshot && (asked || rested || !more) {
                self.stale.snapshot = false;
                drawn = Some(Instant::now());
                let next = Arc::new(self.snapshot(&log, &mut reader));
                let mut shown = self.shared.snapshot.lock();
                if **shown != *next {
                    *shown = next;
                    self.wake_due = true;
                }
            }
            self.wake_when_due();
            if !more {
                self.wait(looked);
                looked = Instant::now();
            }
        }
    }

    /// `true`: something else is asked for.
    fn follow(&mut self, orders: Orders) -> bool {
        let asked = orders != self.orders;
        self.stale.order |= orders.order != self.orders.order;
        self.stale.snapshot |= asked;
        self.orders = orders;
        asked
    }

    /// Adds up new rows. `true`: there are more.
    fn grow(&mut self, log: &Log, reader: &mut Reader<'_>) -> bool {
        let before = self.records.rows;
        let more = self.records.catch_up(log, ROWS_A_TURN);
        if self.from.is_none() && self.records.rows > 0 {
            self.from = time_of(log, reader, log.rows.first());
        }
        if self.records.rows != before {
            (self.stale.facts, self.stale.snapshot) = (true, true);
            self.endpoints.update(log, reader, &mut self.records);
        }
        if !more && self.clock.is_some() {
            self.measure();
        }
        more
    }

    /// Once a second: how fast those are that moved.
    fn measure(&mut self) {
        let elapsed = self.rates.since.map(|since| since.elapsed());
        if elapsed.is_some_and(|elapsed| elapsed < SECOND) {
            return;
        }
        self.rates.since = Some(Instant::now());
        let moved = self.records.note_moves();
        // After a long sleep the time is not that of the bytes.
        let seconds = elapsed.filter(|elapsed| *elapsed < 2 * SECOND).map(|elapsed| elapsed.as_secs_f64());
        let before = std::mem::take(&mut self.rates.list);
        if let Some(seconds) = seconds {
            let rate = |(place, bytes): (u32, u64)| {
                Some((place, self.records.get(place)?.bytes().saturating_sub(bytes) as f64 / seconds))
            };
            self.rates.list = moved.into_iter().filter_map(rate).collect();
        }
        if before != self.rates.list {
            (self.stale.facts, self.stale.snapshot) = (true, true);
        }
    }

    /// Reads what the order needs. `true`: there is more.
    fn read(&mut self, log: &Log, reader: &mut Reader<'_>) -> bool {
        if !needs_facts(&self.orders.order) {
            return false;
        }
        let live = self.clock.is_some();
        let (read, more) = self.facts.read(log, reader, &self.records, live, READING_A_TURN);
        if read {
            (self.stale.facts, self.stale.snapshot) = (true, true);
        }
        self.stale.reading = more;
        more
    }

    /// Sorts when another order is asked for, and now and then while things change.
    fn arrange(&mut self) {
        let again = self.stale.facts && !is_natural(&self.orders.order);
        let rested = self.stale.arranged.is_none_or(|(at, took)| at.elapsed() >= PACE.max(8 * took));
        if !(self.stale.order || again && rested) {
            return;
        }
        let begun = Instant::now();
        let known = Known {
            records: &self.records,
            facts: &self.facts,
            endpoints: &self.endpoints,
            rates: &self.rates.list,
            now: self.clock.map(|clock| clock.now()),
        };
        self.listed = arrange(&self.orders.order, &known);
        self.listed_endpoints = self.endpoints.sorted();
        let read = self.facts.len() as u64;
        self.settled = if self.stale.reading { read.min((self.records.len() as u64).saturating_sub(1)) } else { read };
        self.stale = Stale { snapshot: true, arranged: Some((begun, begun.elapsed())), ..Stale::default() };
    }

    fn snapshot(&mut self, log: &Log, reader: &mut Reader<'_>) -> ConnectionsSnapshot {
        let now = self.clock.map(|clock| clock.now());
        let last = || time_of(log, reader, self.records.rows.checked_sub(1)?);
        let until = now.or_else(last).or(self.from).unwrap_or_default();
        let count = self.listed.count(&self.records);
        let (wanted, rows) = self.orders.want;
        // One screen more on either side, for scrolling.
        let first = wanted.saturating_sub(rows as u64).min(count);
        let end = wanted.saturating_add(rows as u64 * 2).min(count);
        let places: Vec<u32> = (first..end).filter_map(|place| self.listed.at(place, &self.records)).collect();
        self.details.keep(&places);
        let mut entries = Vec::with_capacity(places.len());
        for place in places {
            if let Some(mut entry) = self.details.entry(log, reader, &self.records, place, now) {
                entry.rate_now = self.rates.list.get(&place).copied();
                entries.push(Arc::new(entry));
            }
        }
        let total = self.records.len() as u64;
        ConnectionsSnapshot {
            ready: true,
            order: self.orders.order.clone(),
            total,
            listed: sums(&self.listed, &self.records, now.is_some()),
            scanned: self.records.rows,
            rows: log.rows.len(),
            read: if needs_facts(&self.orders.order) { self.settled } else { total },
            from: self.from.unwrap_or_default(),
            until,
            first,
            entries,
            endpoints: if is_natural(&self.orders.order) {
                self.endpoints.sorted()
            } else {
                self.listed_endpoints.clone()
            },
        }
    }

    fn wake_when_due(&mut self) {
        if self.wake_due && self.woke.is_none_or(|woke| woke.elapsed() >= FRAME) {
            self.wake_due = false;
            self.woke = Some(Instant::now());
            (self.wake)();
        }
    }

    /// Until orders come, or it is worth looking again.
    fn wait(&mut self, looked: Instant) {
        if self.wake_due {
            let rest = self.woke.map_or(FRAME, |woke| FRAME.saturating_sub(woke.elapsed()));
            return self.shared.ordered.wait(rest.max(Duration::from_millis(1)));
        }
        let rest = PACE.saturating_sub(looked.elapsed());
        if !rest.is_zero() {
            self.shared.ordered.wait(rest);
            if self.shared.orders.lock().clone() != self.orders {
                return;
            }
        }
        if self.stale.facts && !is_natural(&self.orders.order) {
            // Changed facts wait for the next sorting.
            return self.shared.ordered.wait(PACE);
        }
        let ages = self.shared.snapshot.lock().entries.iter().any(|entry| entry.live);
        if ages || !self.rates.list.is_empty() {
            self.shared.moved.wait(SECOND);
            self.stale.snapshot = true;
        } else {
            self.shared.moved.wait(Duration::from_secs(3600));
        }
    }
}
