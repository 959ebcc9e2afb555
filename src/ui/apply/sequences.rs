//! Sequences: kept, run, stopped.

use super::sending::{answered, ask};
use super::{Seen, error_toast, toast, words, workspace_changed};
use crate::engine::{SequenceOrder, SequenceTarget};
use crate::model::Step;
use crate::payload;
use crate::ui::action::{Action, SequenceAction};
use crate::ui::effects::Effects;
use crate::ui::state::{Asked, State};

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
        SequenceAction::Run { sequence, on } => {
            let asks = state.sequences.get(sequence).map(|sequence| asks(&sequence.steps)).unwrap_or_default();
            if asks.is_empty() {
                run(state, sequence, on, Default::default(), seen, effects);
            } else {
                ask(state, asks, Asked::Run { sequence, on });
            }
        }
        SequenceAction::RunAnswered { sequence, on, asks } => run(state, sequence, on, asks, seen, effects),
        SequenceAction::Stop(id) => effects.stop_run(id),
    }
}

/// Everything that the payloads of some steps ask, each once.
fn asks(steps: &[Step]) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for step in steps {
        let more = match step {
            Step::Send(draft) | Step::Set { value: draft, .. } => {
                payload::compile(draft).map(|compiled| compiled.needs().asks.clone()).unwrap_or_default()
            }
            Step::Repeat { steps, .. } => asks(steps),
            Step::WaitFor(_) | Step::Expect(_) | Step::Pause { .. } | Step::Close { .. } => Vec::new(),
        };
        for name in more {
            if !all.contains(&name) {
                all.push(name);
            }
        }
    }
    all
}

fn run(
    state: &mut State,
    sequence: usize,
    on: SequenceTarget,
    asks: std::collections::BTreeMap<String, String>,
    seen: &Seen<'_>,
    effects: &mut dyn Effects,
) {
    answered(state, &asks);
    let Some(sequence) = state.sequences.get(sequence).cloned() else { return };
    if effects.run_sequence(SequenceOrder { sequence, on, asks: asks.into() }).is_err() {
        error_toast(state, words(state).get("engine.busy").to_owned(), seen.now);
    }
}
