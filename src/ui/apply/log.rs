//! The log: what it shows, pausing, selecting, colours, encodings.

use super::{Seen, find, preferences_changed, workspace_changed};
use crate::filter::Filter;
use crate::session::Highlight;
use crate::ui::action::LogAction;
use crate::ui::effects::{Effects, Job};
use crate::ui::state::State;

pub fn apply(state: &mut State, action: LogAction, seen: &Seen<'_>, effects: &mut dyn Effects) {
    let before = state.query.clone();
    let query = &mut state.query;
    match action {
        LogAction::Want { first, count } => return effects.want(first, count),
        LogAction::Select(scope) => query.scope = scope,
        LogAction::SetFilter(text) => set_filter(state, text),
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
            state.compared_event = None;
            state.marked.clear();
            effects.select(seq, None);
        }
        LogAction::Compare(seq) => {
            state.compared_event = seq;
            effects.select(state.selected_event, seq);
        }
        LogAction::MarkEvents(marked) => state.marked = marked,
        LogAction::SetLocalTime(local) => {
            state.local_time = local;
            state.query.local_time = local;
            preferences_changed(state, seen.now);
        }
        LogAction::ShowAsHex(hex) => state.as_hex = hex,
        LogAction::SetEncoding(id, encoding) => {
            if let Some(endpoint) = state.endpoints.iter_mut().find(|endpoint| endpoint.id == id) {
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
        LogAction::FindDifference { number, before, after } => {
            return effects.start(Job::Compare { number, before, after });
        }
        LogAction::SetSavedFilters(filters) => {
            state.saved_filters = filters;
            workspace_changed(state, seen.now);
        }
    }
    refresh_encodings(state);
    if state.query != before {
        effects.show(state.query.clone());
    }
}

/// The query follows what endpoints and connections are shown as.
pub fn refresh_encodings(state: &mut State) {
    let encodings = state.encodings();
    if *state.query.encodings != encodings {
        state.query.encodings = encodings.into();
    }
}

/// The same, after endpoints came or went.
pub fn follow_encodings(state: &mut State, effects: &mut dyn Effects) {
    let before = state.query.encodings.clone();
    refresh_encodings(state);
    if state.query.encodings != before {
        effects.show(state.query.clone());
    }
}

/// Nothing is selected, compared or marked any longer.
pub fn forget_selection(state: &mut State) {
    state.selected_event = None;
    state.compared_event = None;
    state.marked.clear();
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
