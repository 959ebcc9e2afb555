//! The find bar: what it looks for, and stepping through the matches.

use super::Seen;
use crate::filter::Filter;
use crate::session::FindStep;
use crate::ui::action::{FindAction, Tab};
use crate::ui::effects::Effects;
use crate::ui::state::{Focus, State};

pub fn apply(state: &mut State, action: FindAction, _seen: &Seen<'_>, effects: &mut dyn Effects) {
    match action {
        FindAction::Open => open(state, effects),
        FindAction::Close => {
            state.find.open = false;
            effects.find(None);
        }
        FindAction::SetText(text) => {
            state.find.text = text;
            search(state, effects);
        }
        FindAction::Search { text, from } => {
            state.find.text = text;
            if search(state, effects) {
                effects.find_step(FindStep::Next, from);
            }
        }
        FindAction::Step(_) if state.tab == Tab::Conversation => state.focus = Some(Focus::Find),
        FindAction::Step(step) => {
            if !state.find.open {
                open(state, effects);
            }
            if state.find.mistake.is_none() && !state.find.text.is_empty() {
                effects.find_step(step, state.selected_event);
            }
        }
    }
}

fn open(state: &mut State, effects: &mut dyn Effects) {
    state.focus = Some(Focus::Find);
    // A conversation has a field of its own.
    if state.tab == Tab::Conversation {
        return;
    }
    state.tab = Tab::Log;
    state.find.open = true;
    search(state, effects);
}

/// Tells the log's reader what the bar looks for. `true`: it is something.
pub fn search(state: &mut State, effects: &mut dyn Effects) -> bool {
    if !state.find.open {
        return false;
    }
    match Filter::parse(&state.find.text) {
        Ok(filter) => {
            state.find.mistake = None;
            let searches = !filter.takes_all();
            effects.find(searches.then_some(filter));
            searches
        }
        Err(mistake) => {
            state.find.mistake = Some(mistake);
            effects.find(None);
            false
        }
    }
}
