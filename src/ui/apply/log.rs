//! The log: what it shows, pausing, selecting.

use super::{Seen, preferences_changed, workspace_changed};
use crate::ui::action::LogAction;
use crate::ui::effects::Effects;
use crate::ui::state::State;

pub fn apply(state: &mut State, action: LogAction, seen: &Seen<'_>, effects: &mut dyn Effects) {
    let before = state.query.clone();
    let query = &mut state.query;
    match action {
        LogAction::Want { first, count } => return effects.want(first, count),
        LogAction::Select(scope) => query.scope = scope,
        LogAction::SetText(text) => query.text = text,
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
            effects.select(seq);
        }
        LogAction::SetLocalTime(local) => {
            state.local_time = local;
            preferences_changed(state, seen.now);
        }
        LogAction::ShowAsHex(hex) => state.as_hex = hex,
        LogAction::SetEncoding(id, encoding) => {
            if let Some(endpoint) = state.endpoints.iter_mut().find(|endpoint| endpoint.id == id) {
                endpoint.settings.shown_as = encoding;
                workspace_changed(state, seen.now);
            }
        }
    }
    state.query.encoding = state.encoding_of_scope(&state.query.scope, seen.engine);
    if state.query != before {
        effects.show(state.query.clone());
    }
}
