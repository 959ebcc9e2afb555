//! Marking rows: what clicks and keys ask for, which rows are marked, and copying them.
//!
//! Owns: the end of the marked rows that Shift moves. Marks themselves are shared state, by seq.
//! Called by: the log's rows, notices.

use std::ops::RangeInclusive;
use std::sync::Arc;

use egui::Modifiers;

use super::rows::{is_selected, place_of_event, row_at, select_at};
use super::{filters, text};
use crate::model::Recorded;
use crate::session::{Scope, ViewSnapshot};
use crate::ui::action::LogAction;
use crate::ui::state::{Ctx, State};

/// More rows than this are not kept ready for copying.
pub const MOST_COPIED: u64 = 4096;
/// Marks in more ranges than this are counted by their seqs, which is the same unless events were lost in between.
const MOST_COUNTED: usize = 16;

#[derive(Default)]
pub struct Selection {
    /// The other end of the marked rows, the selected one being the first.
    end: Option<u64>,
    /// What was marked in the last frame.
    seen: Vec<RangeInclusive<u64>>,
    /// Copying was refused: too many rows for the clipboard.
    pub refused: bool,
    /// Places that hold the marked rows, where they are few enough for copying.
    pub wanted: Option<RangeInclusive<u64>>,
}

impl Selection {
    /// Once a frame: follows marks that changed.
    pub fn follow(&mut self, ctx: &Ctx<'_>) {
        let marked = &ctx.state.marked;
        if marked.is_empty() {
            self.end = None;
        }
        if self.seen != *marked {
            self.seen.clone_from(marked);
            self.refused = false;
            self.wanted = places(ctx).filter(|places| places.end() - places.start() < MOST_COPIED);
        }
    }

    /// Shift and an arrow: the end of the marked rows moves, and where it is to be seen.
    pub fn extend(&mut self, ctx: &Ctx<'_>, by: i64, first_shown: u64) -> Option<(u64, Vec<LogAction>)> {
        let last = ctx.view.matched.checked_sub(1)?;
        let anchor = ctx.state.selected_event.and_then(|seq| place_of_event(ctx, seq));
        let Some(anchor) = anchor else {
            return Some((first_shown, vec![select_at(ctx.view, first_shown)?]));
        };
        let end = self.end.and_then(|seq| place_of_event(ctx, seq)).unwrap_or(anchor);
        let moved = end.saturating_add_signed(by).min(last);
        let seq = row_at(ctx.view, moved)?.seq;
        self.end = Some(seq);
        let mark = if moved == anchor { LogAction::MarkEvents(Vec::new()) } else { between(ctx, anchor, moved)? };
        Some((moved, vec![mark]))
    }

    /// A row that was clicked with Shift is where arrows go on.
    pub fn ended_at(&mut self, seq: u64) {
        self.end = Some(seq);
    }

    /// The marked rows as they are copied; `None`: they are too many, or were not read yet.
    pub fn copied(&mut self, ctx: &Ctx<'_>, clock: &text::Clock) -> Option<String> {
        let rows: Vec<&Arc<Recorded>> = marked_rows(ctx).collect();
        if rows.len() as u64 != count(ctx) {
            self.refused = true;
            return None;
        }
        let row = |row: &&Arc<Recorded>| text::whole_row(ctx.words, clock, row, ctx.state, usize::MAX, "\t");
        Some(rows.iter().map(row).collect::<Vec<_>>().join("\n"))
    }
}

/// What a click on a row asks for.
pub fn clicked(ctx: &Ctx<'_>, place: u64, held: Modifiers, secondary: bool) -> Option<LogAction> {
    let seq = row_at(ctx.view, place)?.seq;
    let state = ctx.state;
    if secondary {
        // A menu changes no selection: what is selected may be what the row is compared with, or belong to the marks.
        let nothing = state.selected_event.is_none() && state.marked.is_empty();
        return nothing.then(|| select_at(ctx.view, place)).flatten();
    }
    let selected = state.selected_event;
    if let Some(selected) = selected.filter(|selected| *selected != seq) {
        if held.shift {
            let anchor = place_of_event(ctx, selected)?;
            return between(ctx, anchor, place);
        }
        if held.command {
            return Some(LogAction::Compare((state.compared_event != Some(seq)).then_some(seq)));
        }
    }
    let again = is_selected(ctx, place) && state.marked.is_empty() && state.compared_event.is_none();
    if again { Some(LogAction::SelectEvent(None)) } else { select_at(ctx.view, place) }
}

/// Every shown row, also those that come while they are marked.
pub fn all(state: &State) -> LogAction {
    marks(state, 0..=u64::MAX)
}

pub fn is_marked(state: &State, seq: u64) -> bool {
    let at = state.marked.partition_point(|range| *range.end() < seq);
    state.marked.get(at).is_some_and(|range| range.contains(&seq))
}

/// How many shown rows are marked.
pub fn count(ctx: &Ctx<'_>) -> u64 {
    let marked = &ctx.state.marked;
    if let Some(read) = places(ctx).filter(|_| ctx.view.query.frames && !ctx.state.opened_frames.is_empty())
        && (ctx.view.first..=ctx.view.first + ctx.view.rows.len() as u64).contains(&(read.end() + 1))
        && *read.start() >= ctx.view.first
    {
        // Chunks beneath open frames have places, and are no rows of their own.
        return marked_rows(ctx).count() as u64;
    }
    if marked.len() > MOST_COUNTED {
        return marked.iter().map(|range| (range.end() - range.start()).saturating_add(1)).sum();
    }
    marked.iter().filter_map(|range| places_of(ctx, range)).map(|places| places.end() - places.start() + 1).sum()
}

/// Of those that are read; chunks beneath a frame belong to it.
fn marked_rows<'a>(ctx: &Ctx<'a>) -> impl Iterator<Item = &'a Arc<Recorded>> {
    let (view, state) = (ctx.view, ctx.state);
    let beneath = |at: usize| view.decorations.get(at).is_some_and(|decoration| decoration.beneath.is_some());
    let rows = view.rows.iter().enumerate().filter(move |(at, _)| !beneath(*at));
    rows.filter_map(|(_, row)| row.as_ref()).filter(|row| is_marked(state, row.seq))
}

/// Marks the rows between two places, both included.
fn between(ctx: &Ctx<'_>, one: u64, other: u64) -> Option<LogAction> {
    let (first, last) = (one.min(other), one.max(other));
    if let Some(ranges) = ranges_between(ctx.view, first, last) {
        return Some(LogAction::MarkEvents(ranges));
    }
    // Not all of them are read: from seq to seq, and of those only the shown ones.
    let seq = |place, known: Option<u64>| row_at(ctx.view, place).map(|row| row.seq).or(known);
    let known = ctx.state.selected_event;
    Some(marks(ctx.state, seq(first, known)?..=seq(last, known)?))
}

fn marks(state: &State, range: RangeInclusive<u64>) -> LogAction {
    let query = &state.query;
    if filters(query) || query.scope != Scope::All || query.only.is_some() {
        LogAction::MarkShown(range)
    } else {
        LogAction::MarkEvents(vec![range])
    }
}

/// The seqs of the rows from one place to another; `None` unless all of them are read.
fn ranges_between(view: &ViewSnapshot, first: u64, last: u64) -> Option<Vec<RangeInclusive<u64>>> {
    if last - first >= MOST_COPIED {
        return None;
    }
    let mut ranges: Vec<RangeInclusive<u64>> = Vec::new();
    for place in first..=last {
        let seq = row_at(view, place)?.seq;
        match ranges.last_mut() {
            Some(range) if range.end().checked_add(1) == Some(seq) => *range = *range.start()..=seq,
            _ => ranges.push(seq..=seq),
        }
    }
    Some(ranges)
}

/// The places from the first marked row to the last one.
fn places(ctx: &Ctx<'_>) -> Option<RangeInclusive<u64>> {
    let (first, last) = (ctx.state.marked.first()?, ctx.state.marked.last()?);
    places_of(ctx, &(*first.start()..=*last.end()))
}

fn places_of(ctx: &Ctx<'_>, range: &RangeInclusive<u64>) -> Option<RangeInclusive<u64>> {
    let first = (ctx.place_of)(*range.start())?;
    let after = range.end().checked_add(1).and_then(|seq| (ctx.place_of)(seq)).unwrap_or(ctx.view.matched);
    (first < after).then(|| first..=after - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seq_is_looked_up_among_ranges() {
        let state = State { marked: vec![2..=3, 7..=7, 9..=20], ..State::default() };
        let marked: Vec<u64> = (0..25).filter(|seq| is_marked(&state, *seq)).collect();
        assert_eq!(marked, [2, 3, 7, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20]);
    }
}
