//! What can be drawn now: the rows around the screen with what is drawn on them, the selected one, a sample.
//!
//! Owns: nothing that lasts; what the last snapshot held is not read again. Never: the scan, waiting.
//! Called by: `work`, each time that something is new.

use std::collections::HashMap;
use std::sync::Arc;

use super::find::Find;
use super::frame_list::FrameRow;
use super::framed::cut_again;
use super::work::Work;
use super::{Decoration, FindSnapshot, FrameFacts, Query, SAMPLE_CHUNKS, SAMPLE_ROWS, SampleOf, ViewSnapshot};
use crate::model::{EventKind, Recorded};
use crate::session::Log;
use crate::session::matching::Placed;
use crate::session::reader::Reader;
use crate::session::rows::Row;

/// An event, or a frame in place of its chunk.
pub(super) type Shown = (Arc<Recorded>, Option<Arc<FrameFacts>>);

impl Work {
    /// What can be drawn now; `None`: just what is shown already.
    pub(super) fn snapshot<'l>(&mut self, log: &'l Log, reader: &mut Reader<'l>) -> Option<ViewSnapshot> {
        let total = log.rows.len();
        let (matched, scanned, first, numbers) = {
            let matches = self.shared.matches.lock();
            let (wanted, count) = self.orders.want;
            let count = count as u64;
            // One screen more on either side, for scrolling.
            let first = wanted.saturating_sub(count).min(matches.count);
            let end = wanted.saturating_add(count * 2).min(matches.count);
            let numbers: Vec<_> = (first..end).filter_map(|place| matches.at_with_frame(place)).collect();
            (matches.count, matches.scanned, first, numbers)
        };
        let shown = self.shown.clone();
        let find = match &mut self.find {
            Some(find) => find.snapshot(log, &self.shared.matches, &shown.find),
            None => FindSnapshot { step: self.orders.steps, ..FindSnapshot::default() },
        };
        let wrong_sums = self.sums.as_ref().map(Find::count);
        let same = total == shown.total && matched == shown.matched && scanned == shown.scanned && find == shown.find;
        if same && wrong_sums == shown.wrong_sums && !self.stale {
            return None;
        }
        self.stale = false;
        let known = Known::of(&shown, &self.orders.query);
        let framings = self.orders.query.framings.clone();
        let fetch = |row: FrameRow, reader: &mut Reader<'l>| -> Option<Shown> {
            let seq = log.seq_of(row.end);
            known.get(seq, row.is_frame().then(|| row.index())).filter(|shown| is_of(shown, row)).or_else(|| {
                let recorded = reader.recorded(row.end).ok()?;
                if !row.is_frame() {
                    return Some((Arc::new(recorded), None));
                }
                let (recorded, facts) = cut_again(log, reader, &framings, row, &recorded);
                Some((Arc::new(recorded), Some(Arc::new(facts))))
            })
        };
        let (mut rows, mut decorations) = (Vec::with_capacity(numbers.len()), Vec::with_capacity(numbers.len()));
        self.decorator.begin(log);
        for (row, beneath) in numbers {
            let shown = fetch(row, reader);
            let decorated = shown.as_ref().and_then(|shown| {
                Some(self.decorator.row(log, reader, Placed { number: row.end, row: log.rows.get(row.end)? }, shown))
            });
            let mut decorated: Decoration = decorated.unwrap_or_default();
            if let Some((end, index)) = beneath.filter(|_| row.is_beneath()) {
                // What is verified is the frame.
                (decorated.beneath, decorated.sum) = (Some((log.seq_of(end), index)), None);
            }
            decorations.push(decorated);
            rows.push(shown.map(|(recorded, _)| recorded));
        }
        let of_seq = |seq: Option<u64>| {
            let (seq, number) = seq.map(|seq| (seq, log.row_of(seq)))?;
            let row = log.rows.get(number)?;
            (log.seq_of(number) == seq).then_some(Placed { number, row })
        };
        let chosen = of_seq(self.orders.select);
        let selected =
            chosen.and_then(|at| self.chosen_frame(at, &known).or_else(|| fetch(self.chosen_row(at), reader)));
        let selected_decoration = match (chosen, &selected) {
            (Some(at), Some(selected)) => self.decorator.selected(log, reader, at, selected),
            _ => Decoration::default(),
        };
        let is_frame = selected.as_ref().is_some_and(|(_, facts)| facts.is_some());
        let before = chosen.filter(|_| !is_frame).and_then(|at| self.decorator.before_selected(log, at));
        let chunk = |number: u64, reader: &mut Reader<'l>| Some(fetch(FrameRow::whole(number), reader)?.0);
        let sample = self.orders.sample.map(|of| sampled(log, of)).unwrap_or_default();
        Some(ViewSnapshot {
            query: self.orders.query.clone(),
            matched,
            scanned,
            total,
            first,
            rows,
            decorations,
            before_selected: before.and_then(|number| chunk(number, reader)),
            compared: of_seq(self.orders.compared).and_then(|at| chunk(at.number, reader)),
            selected: selected.map(|(recorded, _)| recorded),
            selected_decoration,
            sample: sample.into_iter().rev().filter_map(|number| chunk(number, reader)).collect(),
            find,
            wrong_sums,
        })
    }

    /// The selected frame, kept while the filter does not show it; one that was not finished is not kept.
    fn chosen_frame(&self, at: Placed, known: &Known) -> Option<Shown> {
        let index = self.orders.frame.filter(|_| self.orders.query.frames)?;
        let kept = known.get(self.log.seq_of(at.number), Some(index))?;
        let listed = {
            let matches = self.shared.matches.lock();
            matches.frames.as_ref().and_then(|frames| frames.find((at.number, index)))
        };
        let is_still = match listed {
            Some(row) => is_of(&kept, row),
            None => kept.1.as_ref().is_none_or(|facts| !facts.pending),
        };
        is_still.then_some(kept)
    }

    /// The selected frame, or its chunk where there is no such frame.
    fn chosen_row(&self, at: Placed) -> FrameRow {
        let frame = self.orders.frame.and_then(|index| {
            let matches = self.shared.matches.lock();
            matches.frames.as_ref().and_then(|frames| frames.find((at.number, index)))
        });
        frame.unwrap_or(FrameRow::whole(at.number))
    }
}

/// The rows of the newest chunks, the newest first.
fn sampled(log: &Log, of: SampleOf) -> Vec<u64> {
    let (mut found, mut end) = (Vec::new(), log.rows.len());
    let least = end.saturating_sub(SAMPLE_ROWS);
    let fits = |row: &Row| {
        matches!(row.kind(), EventKind::Received | EventKind::Sent)
            && of.connection.is_none_or(|connection| row.connection() == connection)
            && log.endpoint_of(*row) == of.endpoint
    };
    while found.len() < SAMPLE_CHUNKS
        && end > least
        && let Some((number, _)) = log.rows.last_before(end, end - least, fits)
    {
        found.push(number);
        end = number;
    }
    found
}

/// Whether what is kept is still what stands there: a frame that a pause had ended may go on after all.
fn is_of(shown: &Shown, row: FrameRow) -> bool {
    let same = |facts: &Arc<FrameFacts>| {
        facts.raw_bytes == u64::from(row.raw) && facts.fault == row.fault() && facts.pending == row.is_pending()
    };
    !row.is_frame() || shown.1.as_ref().is_some_and(same)
}

/// What the last snapshot held: it is not read again.
struct Known(HashMap<(u64, Option<u32>), Shown>);

impl Known {
    fn of(shown: &ViewSnapshot, query: &Query) -> Self {
        let (rows, same) = (shown.rows.iter().zip(&shown.decorations), shown.query.framings == query.framings);
        let selected = shown.selected.iter().map(|row| (row, &shown.selected_decoration));
        let rows = rows.filter_map(|(row, decoration)| Some((row.as_ref()?, decoration))).chain(selected);
        let mut known: HashMap<_, Shown> = rows
            .filter(|(_, decoration)| same || decoration.frame.is_none())
            .map(|(row, decoration)| {
                let facts = decoration.frame.clone();
                ((row.seq, facts.as_ref().map(|facts| facts.index)), (row.clone(), facts))
            })
            .collect();
        let others = [&shown.compared, &shown.before_selected].into_iter().flatten().chain(&shown.sample);
        known.extend(others.map(|row| ((row.seq, None), (row.clone(), None))));
        Self(known)
    }

    fn get(&self, seq: u64, frame: Option<u32>) -> Option<Shown> {
        self.0.get(&(seq, frame)).cloned()
    }
}
