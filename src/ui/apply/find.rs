//! The find bar: what it looks for, and stepping through the matches.

use super::Seen;
use crate::filter::Filter;
use crate::ui::action::FindAction;
use crate::ui::effects::Effects;
use crate::ui::state::{Focus, State};

pub fn apply(state: &mut State, action: FindAction, _seen: &Seen<'_>, effects: &mut dyn Effects) {
    match action {
        FindAction::Open => {
            state.find.open = true;
            state.focus = Some(Focus::Find);
            search(state, effects);
        }
        FindAction::Close => {
            state.find.open = false;
            effects.find(None);
        }
        FindAction::SetText(text) => {
            state.find.text = text;
            search(state, effects);
        }
        FindAction::Step(step) => effects.find_step(step, state.selected_event),
    }
}

/// Tells the log's reader what the bar looks for.
pub fn search(state: &mut State, effects: &mut dyn Effects) {
    if !state.find.open {
        return;
    }
    match Filter::parse(&state.find.text) {
        Ok(filter) => {
            state.find.mistake = None;
            effects.find((!filter.takes_all()).then_some(filter));
        }
        Err(mistake) => {
            state.find.mistake = Some(mistake);
            effects.find(None);
        }
    }
}
