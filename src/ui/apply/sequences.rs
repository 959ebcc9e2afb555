//! Sequences: kept, run, stopped.

use super::{Seen, error_toast, toast, words, workspace_changed};
use crate::engine::{SequenceOrder, SequenceTarget};
use crate::payload;
use crate::ui::action::{Action, SequenceAction};
use crate::ui::effects::Effects;
use crate::ui::state::State;

pub fn apply(state: &mut State, action: SequenceAction, seen: &Seen<'_>, effects: &mut dyn Effects) {
    match action {
        SequenceAction::Save { sequence, replaces } => {
            match replaces.and_then(|place| state.sequences.get_mut(place)) {
                Some(there) => *there = sequence,
                None => state.sequences.push(sequence),
            }
            workspace_changed(state, seen.now);
        }
        SequenceAction::Remove(place) => {
            if place < state.sequences.len() {
                let sequence = state.sequences.remove(place);
                let name = payload::visible_text(&sequence.name, 200);
                let text = words(state).fill("toasts.sequence_removed", &[("name", &name)]);
                let undo = Action::Sequence(SequenceAction::Save { sequence, replaces: None });
                toast(state, text, seen.now, Some(undo));
                workspace_changed(state, seen.now);
            }
        }
        SequenceAction::Run { sequence, on } => run(state, sequence, on, Default::default(), seen, effects),
        SequenceAction::RunAnswered { sequence, on, asks } => run(state, sequence, on, asks, seen, effects),
        SequenceAction::Stop(id) => effects.stop_run(id),
    }
}

fn run(
    state: &mut State,
    sequence: usize,
    on: SequenceTarget,
    asks: std::collections::BTreeMap<String, String>,
    seen: &Seen<'_>,
    effects: &mut dyn Effects,
) {
    let Some(sequence) = state.sequences.get(sequence).cloned() else { return };
    if effects.run_sequence(SequenceOrder { sequence, on, asks: asks.into() }).is_err() {
        error_toast(state, words(state).get("engine.busy").to_owned(), seen.now);
    }
}
