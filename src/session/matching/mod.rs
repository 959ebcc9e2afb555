//! Which rows a query shows: by what the row in memory says, and only then by what stands in the file.
//!
//! Owns: the query made ready, and what it learns of the session on its way. Never: lists of rows, threads.
//! Called by: the log view and the exports.

mod compile;
mod hex;
mod known;
mod moments;
mod needle;
mod term;
#[cfg(test)]
mod tests;
mod window;

use std::ops::Range;

use regex::bytes::Regex;

pub(super) use known::{Placed, gap_before, row_before};

use self::compile::{compile, for_each_positive, for_each_test, has, prefilter};
use self::known::Known;
use self::term::{Look, Node, Test, has_bytes, kind_bit};
use super::log::Log;
use super::reader::Reader;
use super::rows::Row;
use super::view::{Query, Scope};
use crate::filter::Expression;
use crate::framing::Fault;
use crate::model::EventKind;

/// A frame, looked at in place of the row that it ends in.
#[derive(Clone, Copy)]
pub(super) struct LookedFrame<'a> {
    pub content: &'a [u8],
    pub fault: Option<Fault>,
    /// More of it may come.
    pub pending: bool,
}

/// Rows read in vain before the session's first event counts as unreadable.
const MAX_FIRST: u64 = 64;

/// A query made ready for looking at many rows.
pub(super) struct Matcher {
    query: Query,
    /// One bit for each kind that is shown.
    kinds: u32,
    test: Option<Node>,
    /// Bytes of which some stand in the block of every row that fits.
    prefilter: Option<Regex>,
    known: Known,
    asks_for_notes: bool,
    has_notes: bool,
    asks_for_gaps: bool,
    asks_for_content: bool,
    has_moments: bool,
    /// Rows of a batch that only the file can tell of.
    undecided: Vec<u32>,
}

impl Matcher {
    pub(super) fn new(query: &Query) -> Self {
        Self::of(query, query.filter.expression())
    }

    /// The query with another filter in place of its own.
    fn of(query: &Query, expression: Option<&Expression>) -> Self {
        let test = expression.map(|expression| compile(expression, query));
        let shown = |kind: &EventKind| match *kind {
            EventKind::Received => query.received,
            EventKind::Sent => query.sent,
            kind if kind.is_error() => query.errors,
            _ => query.state,
        };
        let asks = |is_it: &dyn Fn(&Test) -> bool| test.as_ref().is_some_and(|node| has(node, is_it));
        Self {
            query: query.clone(),
            kinds: EventKind::ALL.into_iter().filter(shown).fold(0, |bits, kind| bits | kind_bit(kind)),
            prefilter: test.as_ref().and_then(prefilter),
            known: Known::new(query),
            has_notes: false,
            asks_for_notes: asks(&|test| matches!(test, Test::HasNote)),
            asks_for_gaps: asks(&|test| matches!(test, Test::Gap(_))),
            asks_for_content: asks(&|test| {
                !matches!(test, Test::HasNote | Test::Kinds(_) | Test::Connection(_) | Test::Size(_))
            }),
            has_moments: asks(&|test| matches!(test, Test::Moment(..))),
            test,
            undecided: Vec::new(),
        }
    }

    /// Every row matches: no list of them is needed.
    pub(super) fn takes_all(&self) -> bool {
        let Query { scope, received, sent, state, errors, filter, only, .. } = &self.query;
        *scope == Scope::All && *received && *sent && *state && *errors && filter.takes_all() && only.is_none()
    }

    /// How many of so many rows are looked at.
    pub(super) fn limit(&self, rows: u64) -> u64 {
        self.query.before_row.map_or(rows, |before| before.min(rows))
    }

    /// It may read the file.
    pub(super) fn asks_for_content(&self) -> bool {
        self.asks_for_content
    }

    /// The notes that it counts on are not these any more: what it found is to be found anew.
    pub(super) fn is_outdated(&self, notes_version: u64) -> bool {
        self.asks_for_notes && self.known.notes.version != notes_version
    }

    /// One row by itself. Asked about every row in their order, a gap is known however far back its row before is.
    pub(super) fn matches<'l>(&mut self, log: &'l Log, reader: &mut Reader<'l>, number: u64, row: Row) -> bool {
        self.prepare(log);
        let at = Placed { number, row };
        let quick = self.quick(log, at);
        let mut look = Look::new(log, reader, at);
        let fits = quick.unwrap_or_else(|| self.fits(&mut look));
        if self.asks_for_gaps {
            self.known.note(log, at, look.time());
        }
        fits
    }

    /// A frame that ends in a row, by its content.
    pub(super) fn matches_frame<'l>(
        &mut self,
        log: &'l Log,
        reader: &mut Reader<'l>,
        at: Placed,
        frame: LookedFrame<'_>,
    ) -> bool {
        self.prepare(log);
        let at = Placed { row: at.row.of_length(frame.content.len()), ..at };
        self.quick(log, at).unwrap_or_else(|| self.fits(&mut Look::of_frame(log, reader, at, frame)))
    }

    /// `false`: no frame with bytes of this row can be shown.
    pub(super) fn may_show(&mut self, log: &Log, row: Row) -> bool {
        self.kinds & kind_bit(row.kind()) != 0 && self.in_scope(log, row)
    }

    /// Which of the rows match: their places in `rows`, in order, added to `found`. `first` is the number of the first of
    /// them; only those at the places `among` are asked about.
    pub(super) fn scan<'l>(
        &mut self,
        log: &'l Log,
        reader: &mut Reader<'l>,
        first: u64,
        rows: &[Row],
        among: Option<&[u32]>,
        found: &mut Vec<u32>,
    ) {
        self.prepare(log);
        let mut undecided = std::mem::take(&mut self.undecided);
        undecided.clear();
        let placed = |place: u32| {
            let number = first + u64::from(place);
            rows.get(place as usize).map(|row| Placed { number, row: *row })
        };
        let mut ask = |place: u32| match placed(place).map(|at| self.quick(log, at)) {
            Some(Some(true)) => found.push(place),
            Some(None) => undecided.push(place),
            Some(Some(false)) | None => {}
        };
        match among {
            Some(places) => places.iter().for_each(|place| ask(*place)),
            None => (0..rows.len() as u32).for_each(&mut ask),
        }
        if let Some(prefilter) = self.prefilter.as_ref().filter(|_| !undecided.is_empty()) {
            window::keep_candidates(prefilter, reader, rows, &mut undecided);
        }
        let decided = found.len();
        if self.asks_for_gaps {
            // Every row counts as the one before another.
            let mut next = undecided.iter().copied().peekable();
            for at in (0..rows.len() as u32).filter_map(placed) {
                let place = (at.number - first) as u32;
                let mut look = Look::new(log, reader, at);
                if next.next_if_eq(&place).is_some() && self.fits(&mut look) {
                    found.push(place);
                }
                self.known.note(log, at, look.time());
            }
        } else {
            for at in undecided.iter().copied().filter_map(placed) {
                if self.fits(&mut Look::new(log, reader, at)) {
                    found.push((at.number - first) as u32);
                }
            }
        }
        if decided > 0 && found.len() > decided {
            found.sort_unstable();
        }
        self.undecided = undecided;
    }

    /// Where in the payload bytes of a row that fits its words and patterns stand: in order and apart, `most` at most.
    pub(super) fn marks(&mut self, log: &Log, row: Row, payload: &[u8], most: usize) -> Vec<Range<usize>> {
        let (Some(test), true) = (&self.test, has_bytes(row)) else { return Vec::new() };
        let encoding = self.known.encoding(log, row);
        let mut found: Vec<Range<usize>> = Vec::new();
        for_each_positive(test, true, &mut |test| {
            let mut from = 0;
            let next = |from: usize| match test {
                Test::Text(texts) => {
                    let needle = texts.of(encoding)?;
                    needle.find(payload, from).map(|at| at..at + needle.len())
                }
                Test::Hex(pattern) => pattern.find(payload, from).map(|at| at..at + pattern.len()),
                // An empty match is nothing that could be marked.
                Test::Regex(Some(regex)) if from <= payload.len() => {
                    regex.find_at(payload, from).map(|found| found.range())
                }
                _ => None,
            };
            for _ in 0..most {
                let Some(range) = next(from) else { break };
                from = range.end.max(range.start + 1);
                found.push(range);
            }
        });
        apart(found, most)
    }

    fn prepare(&mut self, log: &Log) {
        if self.asks_for_notes && !self.has_notes {
            // The same ones for all rows: who uses the matcher asks whether they changed.
            self.has_notes = true;
            self.known.notes = log.notes();
        }
        if self.has_moments
            && let Some(first) = first_time(log)
        {
            self.has_moments = false;
            let local_time = self.query.local_time;
            if let Some(node) = &mut self.test {
                for_each_test(node, &mut |test| {
                    if let Test::Moment(moment, side) = test {
                        *test = Test::Time(moments::side(moment, *side, first, local_time));
                    }
                });
            }
        }
    }

    /// From the row alone; `None`: the file must tell.
    fn quick(&mut self, log: &Log, at: Placed) -> Option<bool> {
        if self.kinds & kind_bit(at.row.kind()) == 0 || !self.in_scope(log, at.row) || !self.is_one_of_those(log, at) {
            return Some(false);
        }
        match &self.test {
            Some(node) => node.quick(log, at, &mut self.known),
            None => Some(true),
        }
    }

    fn fits(&mut self, look: &mut Look<'_, '_>) -> bool {
        self.test.as_ref().is_none_or(|node| node.fits(look, &mut self.known))
    }

    fn in_scope(&mut self, log: &Log, row: Row) -> bool {
        match self.query.scope {
            Scope::All => true,
            Scope::Connection(connection) => row.connection() == connection,
            Scope::Endpoint(endpoint) => self.known.endpoint(log, row) == endpoint,
        }
    }

    fn is_one_of_those(&self, log: &Log, at: Placed) -> bool {
        let Some(only) = &self.query.only else { return true };
        let seq = log.seq_of(at.number);
        let next = only.partition_point(|range| *range.end() < seq);
        only.get(next).is_some_and(|range| range.contains(&seq))
    }
}

/// When the session's first event was. `None`: there is none yet, or no one can read it.
fn first_time(log: &Log) -> Option<crate::model::Timestamp> {
    let first = log.rows.first();
    let rows = log.rows.len().min(first + MAX_FIRST);
    let mut reader = Reader::new(log, 4096);
    (first..rows).find_map(|number| reader.stored(log.rows.get(number)?).ok().map(|stored| stored.time))
}

/// In order, and those that overlap as one.
fn apart(mut ranges: Vec<Range<usize>>, most: usize) -> Vec<Range<usize>> {
    ranges.retain(|range| !range.is_empty());
    ranges.sort_unstable_by_key(|range| (range.start, range.end));
    let mut apart: Vec<Range<usize>> = Vec::with_capacity(ranges.len().min(most));
    for range in ranges {
        let count = apart.len();
        match apart.last_mut() {
            Some(last) if range.start < last.end => last.end = last.end.max(range.end),
            _ if count == most => break,
            _ => apart.push(range),
        }
    }
    apart
}
