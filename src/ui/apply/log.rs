//! The log: what it shows, pausing, selecting and marking, colours, encodings.

use super::{Seen, find, preferences_changed, workspace_changed};
use crate::filter::{Expression, Filter, Term};
use crate::session::{Highlight, Query, ViewSnapshot};
use crate::ui::action::LogAction;
use crate::ui::effects::{Effects, Job};
use crate::ui::state::State;

/// Filters that the history keeps, and the longest that is worth keeping.
const HISTORY: usize = 50;
const LONGEST_KEPT: usize = 4096;

pub fn apply(state: &mut State, action: LogAction, seen: &Seen<'_>, effects: &mut dyn Effects) {
    let before = state.query.clone();
    let query = &mut state.query;
    match action {
        LogAction::Want { first, count } => return effects.want(first, count),
        LogAction::Select(scope) => query.scope = scope,
        LogAction::SetFilter(text) => set_filter(state, text),
        LogAction::CommitFilter => commit_filter(state, seen),
        LogAction::ToggleReceived => query.received = !query.received,
        LogAction::ToggleSent => query.sent = !query.sent,
        LogAction::ToggleState => query.state = !query.state,
        LogAction::ToggleErrors => query.errors = !query.errors,
        LogAction::Pause(paused) => {
            state.paused = paused;
            query.before_row = paused.then_some(seen.view.total);
        }
        LogAction::SelectEvent(seq) => {
            state.selected_event = seq;
            (state.selected_frame, state.selected_beneath) = (None, None);
            state.compared_event = None;
            effects.select_frame(None);
            state.marked.clear();
            effects.select(seq, None);
        }
        LogAction::SelectFrame { seq, index } => {
            state.selected_event = Some(seq);
            (state.selected_frame, state.selected_beneath) = (Some(index), None);
            state.compared_event = None;
            state.marked.clear();
            effects.select(Some(seq), None);
            effects.select_frame(Some(index));
        }
        LogAction::OpenFrame { frame, open } => {
            state.opened_frames.retain(|opened| *opened != frame);
            if open {
                state.opened_frames.push(frame);
                state.opened_frames.sort_unstable();
            }
            return effects.open_frames(&state.opened_frames);
        }
        LogAction::SelectChunk { seq, frame } => {
            (state.selected_event, state.selected_frame) = (Some(seq), None);
            (state.selected_beneath, state.compared_event) = (Some(frame), None);
            state.marked.clear();
            effects.select_frame(None);
            effects.select(Some(seq), None);
        }
        LogAction::ShowFrames(on) => {
            state.show_frames = on;
            state.query.frames = on;
        }
        LogAction::SetFraming(id, framing) => {
            if state.opened_file.is_some() {
                state.file_framings.insert(id, framing);
            } else if let Some(endpoint) = state.endpoints.iter_mut().find(|endpoint| endpoint.id == id) {
                endpoint.settings.framing = framing;
                effects.retune(id, endpoint.settings.clone());
                workspace_changed(state, seen.now);
            }
        }
        LogAction::FollowSelected => {}
        LogAction::Sample(of) => return effects.sample(of),
        LogAction::Compare(seq) => {
            state.compared_event = seq;
            effects.select(state.selected_event, seq);
        }
        LogAction::MarkEvents(marked) => (state.marked, state.marked_shown_only) = (marked, false),
        LogAction::MarkShown(range) => (state.marked, state.marked_shown_only) = (vec![range], true),
        LogAction::SetLocalTime(local) => {
            state.local_time = local;
            state.query.local_time = local;
            preferences_changed(state, seen.now);
        }
        LogAction::ShowAsHex(hex) => state.as_hex = hex,
        LogAction::SetEncoding(id, encoding) => {
            if state.opened_file.is_some() {
                state.file_encodings.insert(id, encoding);
            } else if let Some(endpoint) = state.endpoints.iter_mut().find(|endpoint| endpoint.id == id) {
                endpoint.settings.shown_as = encoding;
                workspace_changed(state, seen.now);
            }
        }
        LogAction::SetConnectionEncoding(id, encoding) => {
            match encoding {
                Some(encoding) => state.connection_encodings.insert(id, encoding),
                None => state.connection_encodings.remove(&id),
            };
        }
        LogAction::SetHighlights(rules) => {
            state.highlights = rules;
            workspace_changed(state, seen.now);
            show_rules(state, effects);
        }
        LogAction::FindChecksum { number, finder, finding } => {
            return effects.start(Job::FindChecksum { number, finder, finding });
        }
        LogAction::FindDifference { number, before, after } => {
            return effects.start(Job::Compare { number, before, after });
        }
        LogAction::SetSavedFilters(filters) => {
            state.saved_filters = filters;
            workspace_changed(state, seen.now);
        }
    }
    refresh_encodings(state);
    refresh_selected_time(state, seen.view);
    if state.query.framings != before.framings && !state.opened_frames.is_empty() {
        // Cut otherwise, they are others.
        state.opened_frames.clear();
        effects.open_frames(&[]);
    }
    if state.query != before {
        forget_shown_marks(state, &before);
        effects.show(state.query.clone());
    }
}

/// The query follows what endpoints and connections are shown as, taken apart by, and verified by.
pub fn refresh_encodings(state: &mut State) {
    let encodings = state.encodings();
    if *state.query.encodings != encodings {
        state.query.encodings = encodings.into();
    }
    let (framings, verified) = (state.framings(), state.verified());
    if *state.query.framings != framings {
        state.query.framings = framings.into();
    }
    if *state.query.verify != verified {
        state.query.verify = verified.into();
    }
    state.query.frames = state.show_frames;
}

/// The same, after endpoints came or went.
pub fn follow_encodings(state: &mut State, effects: &mut dyn Effects) {
    let before = state.query.clone();
    refresh_encodings(state);
    if state.query != before {
        effects.show(state.query.clone());
    }
}

/// Connections of another log have numbers of their own.
pub fn forget_encodings(state: &mut State) {
    state.connection_encodings.clear();
    state.file_encodings.clear();
    state.file_framings.clear();
}

/// Nothing is selected, compared or marked any longer.
pub fn forget_selection(state: &mut State) {
    state.selected_event = None;
    (state.selected_frame, state.selected_beneath) = (None, None);
    state.opened_frames.clear();
    state.compared_event = None;
    state.marked.clear();
    // Facts about notes are of the log that was shown.
    state.noted.facts.clear();
}

/// Tells the reader of the log that is shown about rules and the find bar: after another log is shown.
pub fn show_rules(state: &mut State, effects: &mut dyn Effects) {
    let ready = |rule: &crate::model::HighlightRule| {
        let filter = Filter::parse(&rule.filter).ok().filter(|filter| rule.enabled && !filter.takes_all())?;
        Some(Highlight { filter, color: rule.color })
    };
    effects.highlight(state.highlights.iter().filter_map(ready).collect());
    find::search(state, effects);
}

/// Whether the filter asks when the selected event was.
pub fn asks_selected_time(filter: &Filter) -> bool {
    fn asks(expression: &Expression) -> bool {
        match expression {
            Expression::All(parts) | Expression::Any(parts) => parts.iter().any(asks),
            Expression::Not(part) => asks(part),
            Expression::Is(term) => matches!(term, Term::Within(_)),
        }
    }
    filter.expression().is_some_and(asks)
}

/// Only a filter that asks for it is told: any other must not be searched anew with every click.
fn refresh_selected_time(state: &mut State, view: &ViewSnapshot) {
    if !asks_selected_time(&state.query.filter) {
        state.query.selected_time = None;
        return;
    }
    let Some(seq) = state.selected_event else {
        state.query.selected_time = None;
        return;
    };
    let rows = view.rows.iter().flatten().chain(&view.selected);
    let time = rows.into_iter().find(|row| row.seq == seq).map(|row| row.event.time);
    // One that is not read yet comes with the next snapshot, and `FollowSelected` with it.
    state.query.selected_time = time.or(state.query.selected_time);
}

/// Marks that meant shown rows mean nothing under another filter.
fn forget_shown_marks(state: &mut State, before: &Query) {
    let same = Query { before_row: before.before_row, encodings: before.encodings.clone(), ..state.query.clone() };
    if state.marked_shown_only && same != *before {
        state.marked.clear();
    }
}

fn set_filter(state: &mut State, text: String) {
    match Filter::parse(&text) {
        Ok(filter) => {
            state.filter_mistake = None;
            state.query.filter = filter;
        }
        Err(mistake) => state.filter_mistake = Some(mistake),
    }
    state.filter_text = text;
}

fn commit_filter(state: &mut State, seen: &Seen<'_>) {
    let text = state.filter_text.trim();
    let is_known = state.filter_history.first().is_some_and(|newest| newest == text);
    if text.is_empty() || text.len() > LONGEST_KEPT || state.filter_mistake.is_some() || is_known {
        return;
    }
    let text = text.to_owned();
    state.filter_history.retain(|old| *old != text);
    state.filter_history.insert(0, text);
    state.filter_history.truncate(HISTORY);
    preferences_changed(state, seen.now);
}
