//! The search of the find bar: a second list of matches, among the rows that the filter shows.
//!
//! Owns: that list, the answer to the newest step, the marks on the scroll bar. Never: hides a row.
//! Called by: `work`.

use std::time::Instant;

use parking_lot::Mutex;

use super::framed::Framed;
use super::matches::Matches;
use super::work::{Batch, is_at_end};
use super::{FindSnapshot, FindStep, Found, Query};
use crate::filter::Filter;
use crate::session::Log;
use crate::session::matching::Matcher;
use crate::session::reader::Reader;

/// Parts of the scroll bar.
const BAR_PARTS: u64 = 400;

pub(super) struct Find {
    filter: Filter,
    matcher: Matcher,
    matches: Matches,
    batch: Batch,
    /// While frames are shown: its own reading of the streams, so that nothing is cut twice for a row that does not fit.
    framed: Option<Framed>,
    /// Asked for and not answered.
    asked: Option<Asked>,
    /// The answer to the newest step that has one: its number, the event found, whether the search wrapped.
    step: u64,
    current: Option<(u64, Option<u32>)>,
    wrapped: bool,
}

struct Asked {
    number: u64,
    step: FindStep,
    from: Option<u64>,
    /// Which of the frames that end in it.
    frame: Option<u32>,
    /// Rows that there were when it was asked for: the step waits for these, however fast the log grows.
    rows: u64,
}

impl Find {
    /// `step` is the number of the newest step: those before are answered.
    pub(super) fn new(filter: &Filter, query: &Query, step: u64) -> Self {
        Self {
            filter: filter.clone(),
            matcher: matcher(filter, query),
            matches: Matches::of(0, 0, query.frames),
            framed: framed(filter, query),
            batch: Batch { first: 0, rows: Vec::new() },
            asked: None,
            step,
            current: None,
            wrapped: false,
        }
    }

    /// Wrong checksums among the shown rows, where any is verified.
    pub(super) fn of_sums(query: &Query) -> Option<Self> {
        let verified = query.verify.values().any(|verify| !verify.checksum.is_none());
        let filter = Filter::parse("is:badsum").ok().filter(|_| verified)?;
        Some(Self::new(&filter, query, 0))
    }

    /// How many were found so far.
    pub(super) fn count(&self) -> u64 {
        self.matches.count
    }

    /// The shown rows are others now; so many rows are looked at for them.
    pub(super) fn restart(&mut self, filter: &Filter, query: &Query, rows: u64) {
        self.matcher = matcher(filter, query);
        self.matches = Matches::of(0, 0, query.frames);
        self.framed = framed(filter, query);
        if let Some(asked) = &mut self.asked {
            asked.rows = rows;
        }
    }

    /// When it is to look again, should nothing more come.
    pub(super) fn due(&self) -> Option<Instant> {
        self.framed.as_ref().and_then(Framed::due)
    }

    pub(super) fn ask(&mut self, number: u64, step: FindStep, (from, frame): (Option<u64>, Option<u32>), rows: u64) {
        self.asked = Some(Asked { number, step, from, frame, rows });
    }

    pub(super) fn is_outdated(&self, notes_version: u64) -> bool {
        self.matcher.is_outdated(notes_version)
    }

    /// Looks at a batch of the shown rows. `true`: there are more.
    pub(super) fn scan<'l>(&mut self, log: &'l Log, reader: &mut Reader<'l>, shown: &Mutex<Matches>) -> bool {
        let first = self.matches.scanned.max(log.rows.first());
        if let Some(framed) = &mut self.framed {
            let limit = shown.lock().scanned;
            self.batch.fill(log, true, first, limit);
            let (count, mut found) = (self.batch.rows.len() as u64, Vec::new());
            framed.read(log, reader, first, &self.batch.rows, &mut found);
            self.matches.scanned = first + count;
            if is_at_end(log, self.matches.scanned) {
                framed.end(log, reader, &mut found);
            } else if self.matches.scanned >= limit {
                framed.pause(log, reader, &mut found);
                framed.unfinished(log, reader, &mut found);
            }
            self.matches.drop_rows(framed.gone());
            self.matches.take(&mut found);
            return count > 0 && self.matches.scanned < limit;
        }
        let mut among = Vec::new();
        let limit = {
            let shown = shown.lock();
            self.batch.fill(log, self.matcher.asks_for_content(), first, shown.scanned);
            shown.within(first, self.batch.rows.len(), &mut among);
            shown.scanned
        };
        if first >= limit || self.batch.rows.is_empty() {
            return false;
        }
        let mut found = Vec::new();
        self.matcher.scan(log, reader, first, &self.batch.rows, Some(&among), &mut found);
        found.iter().for_each(|place| self.matches.push(first + u64::from(*place)));
        self.matches.scanned = first + self.batch.rows.len() as u64;
        self.matches.scanned < limit
    }

    /// Answers the step that is asked for, as soon as the answer is known.
    pub(super) fn answer(&mut self, log: &Log) {
        let Some(asked) = &self.asked else { return };
        let all_seen = self.matches.scanned >= asked.rows;
        let count = self.matches.count;
        let (found, wrapped) = match asked.step {
            FindStep::Next => {
                let from = match (asked.from, asked.frame) {
                    (Some(seq), Some(frame)) => (log.row_of(seq), frame + 1),
                    (from, _) => (from.map_or(0, |seq| log.row_of(seq.saturating_add(1))), 0),
                };
                let place = self.matches.place_of_key(from);
                match (place < count, all_seen) {
                    (true, _) => (Some(place), false),
                    (false, true) => ((count > 0).then_some(0), count > 0),
                    (false, false) => return,
                }
            }
            FindStep::Previous => {
                let from = asked.from.map_or(asked.rows, |seq| log.row_of(seq).min(asked.rows));
                if self.matches.scanned < from {
                    return;
                }
                let key = (from, asked.frame.unwrap_or_default());
                match (self.matches.place_of_key(key).checked_sub(1), all_seen) {
                    (Some(place), _) => (Some(place), false),
                    (None, true) => (count.checked_sub(1), count > 0),
                    (None, false) => return,
                }
            }
        };
        self.step = asked.number;
        let found = found.and_then(|place| self.matches.at(place));
        self.current = found.map(|row| (log.seq_of(row.end), row.is_frame().then(|| row.index())));
        self.wrapped = wrapped;
        self.asked = None;
    }

    pub(super) fn snapshot(&mut self, log: &Log, shown: &Mutex<Matches>, before: &FindSnapshot) -> FindSnapshot {
        let shown = shown.lock();
        let bar = self.bar(&shown);
        let current = self.current.and_then(|(seq, frame)| {
            let key = (log.row_of(seq), frame.unwrap_or_default());
            let number = self.matches.place_of_key(key);
            let found = Found { seq, place: shown.place_of_key(key), number: number + 1, frame };
            self.matches.at(number).is_some_and(|row| row.key() == key).then_some(found)
        });
        FindSnapshot {
            filter: self.filter.clone(),
            found: self.matches.count,
            scanned: self.matches.scanned,
            current,
            step: self.step,
            wrapped: self.wrapped,
            bar: if *before.bar == *bar { before.bar.clone() } else { bar.into() },
        }
    }

    /// Which parts of the shown rows have matches; fewer rows than parts: each row is several parts long.
    fn bar(&self, shown: &Matches) -> Vec<bool> {
        if self.matches.count == 0 || shown.count == 0 {
            return Vec::new();
        }
        let start_of = |part: u64| (u128::from(part) * u128::from(shown.count) / u128::from(BAR_PARTS)) as u64;
        let found_before =
            |place: u64| self.matches.place_of_key(shown.at(place).map_or((u64::MAX, 0), |row| row.key()));
        let part = |part: u64| {
            let first = start_of(part);
            found_before(first) < found_before(start_of(part + 1).max(first + 1))
        };
        (0..BAR_PARTS).map(part).collect()
    }
}

/// What it finds is among what is shown.
fn framed(filter: &Filter, query: &Query) -> Option<Framed> {
    query.frames.then(|| Framed::new(query, vec![Matcher::new(query), matcher(filter, query)]))
}

/// Among the shown rows every kind is searched.
fn matcher(filter: &Filter, query: &Query) -> Matcher {
    let (encodings, verify) = (query.encodings.clone(), query.verify.clone());
    let (local_time, selected_time) = (query.local_time, query.selected_time);
    Matcher::new(&Query { filter: filter.clone(), encodings, verify, local_time, selected_time, ..Query::default() })
}
