//! Sequences: kept, arranged, run, stopped, reported.

use std::path::Path;
use std::sync::Arc;

use super::sending::{answered, ask};
use super::{Seen, error_toast, failed, library, session, toast, words, workspace_changed};
use crate::engine::{SequenceOrder, SequenceTarget};
use crate::model::{Failure, Sequence, Timestamp};
use crate::payload::visible_text;
use crate::rules::sequence_asks;
use crate::ui::action::{Action, SequenceAction};
use crate::ui::effects::{Ask, Effects, Job};
use crate::ui::state::{Asked, State};
use crate::workspace::MAX_ITEMS;

pub fn apply(state: &mut State, action: SequenceAction, seen: &Seen<'_>, effects: &mut dyn Effects) {
    match action {
        SequenceAction::Save { sequence, replaces } => save(state, sequence, replaces),
        SequenceAction::Insert(place, sequence) => {
            let place = place.min(state.sequences.len());
            let shortcut = sequence.shortcut.filter(|digit| !library::is_taken(state, *digit));
            state.sequences.insert(place, Sequence { shortcut, ..sequence });
            show(state, place);
        }
        SequenceAction::Remove(place) => remove(state, place, seen.now),
        SequenceAction::Duplicate(place) => duplicate(state, place),
        SequenceAction::Move { from, to } => {
            if from < state.sequences.len() && to < state.sequences.len() {
                let sequence = state.sequences.remove(from);
                state.sequences.insert(to, sequence);
                show(state, to);
            }
        }
        SequenceAction::RemoveStep { sequence, step } => remove_step(state, sequence, step, seen.now),
        SequenceAction::InsertStep { sequence, name, path, step } => {
            let there = state.sequences.get_mut(sequence).filter(|there| there.name == name);
            if let Some(there) = there {
                there.insert_step(&path, *step);
            }
        }
        SequenceAction::Run { sequence, on } => {
            let asks = state.sequences.get(sequence).map(|sequence| sequence_asks(&sequence.steps)).unwrap_or_default();
            return if asks.is_empty() {
                run(state, sequence, on, Default::default(), seen, effects);
            } else {
                ask(state, asks, Asked::Run { sequence, on });
            };
        }
        SequenceAction::RunAnswered { sequence, on, asks } => return run(state, sequence, on, asks, seen, effects),
        SequenceAction::Stop(id) => return effects.stop_run(id),
        SequenceAction::Show(place) => return show(state, place),
        SequenceAction::NotRun(why) => return error_toast(state, why, seen.now),
        SequenceAction::BeginReport => {
            state.saving.failed = None;
            state.saving.exists = None;
            state.saving.report = None;
            state.no_dialog = false;
            return;
        }
        SequenceAction::ChooseReport { suggested } => return session::ask(state, Ask::SaveReport, suggested, effects),
        SequenceAction::SaveReport { run, path, replace } => {
            state.saving.failed = None;
            state.saving.exists = None;
            let run = seen.engine.runs.iter().find(|there| there.id == run);
            if let Some(report) = run.map(|run| run.report.clone()) {
                effects.start(Job::SaveReport { path, report, replace });
            }
            return;
        }
    }
    workspace_changed(state, seen.now);
}

/// How saving a report went.
pub fn report_saved(state: &mut State, path: &Path, result: Result<(), Failure>, now: Timestamp) {
    match result {
        Ok(()) => {
            state.saving.report = Some(path.to_path_buf());
            let path = visible_text(&path.to_string_lossy(), 300);
            let text = words(state).fill("sequences.report_saved", &[("path", &path)]);
            toast(state, text, now, None);
        }
        Err(failure) => {
            failed(state, &failure, now);
            state.saving.failed = Some(failure);
        }
    }
}

fn show(state: &mut State, place: usize) {
    state.shown_sequence = (state.shown_sequence.0 + 1, place);
}

fn save(state: &mut State, sequence: Sequence, replaces: Option<usize>) {
    let before = replaces.and_then(|place| state.sequences.get(place)).and_then(|there| there.shortcut);
    if let Some(digit) = sequence.shortcut.filter(|digit| before != Some(*digit)) {
        library::free(state, digit);
    }
    let has_room = replaces.is_some() || super::workspace(state).items() < MAX_ITEMS;
    match replaces.and_then(|place| state.sequences.get_mut(place)) {
        Some(there) => *there = sequence,
        None if has_room => {
            state.sequences.push(sequence);
            show(state, state.sequences.len() - 1);
        }
        None => {}
    }
}

fn remove(state: &mut State, place: usize, now: Timestamp) {
    if place >= state.sequences.len() {
        return;
    }
    let sequence = state.sequences.remove(place);
    let name = visible_text(&sequence.name, 200);
    let text = words(state).fill("toasts.sequence_removed", &[("name", &name)]);
    toast(state, text, now, Some(Action::Sequence(SequenceAction::Insert(place, sequence))));
}

fn duplicate(state: &mut State, place: usize) {
    let Some(original) = state.sequences.get(place) else { return };
    if super::workspace(state).items() >= MAX_ITEMS {
        return;
    }
    let taken = |name: &str| state.sequences.iter().any(|sequence| sequence.name == name);
    let names = (2..).map(|number: usize| format!("{} {number}", original.name));
    let name = names.into_iter().find(|name| !taken(name)).unwrap_or_default();
    let copy = Sequence { name, shortcut: None, ..original.clone() };
    state.sequences.insert(place + 1, copy);
    show(state, place + 1);
}

fn remove_step(state: &mut State, sequence: usize, path: Vec<usize>, now: Timestamp) {
    let Some(there) = state.sequences.get_mut(sequence) else { return };
    let Some(step) = there.remove_step(&path) else { return };
    let place = path.iter().map(|at| (at + 1).to_string()).collect::<Vec<_>>().join(".");
    let undo = SequenceAction::InsertStep { sequence, name: there.name.clone(), path, step: step.into() };
    let text = words(state).fill("toasts.step_removed", &[("step", &place)]);
    toast(state, text, now, Some(Action::Sequence(undo)));
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
    let client = match &on {
        SequenceTarget::Connections { client, .. } => state.endpoint(*client),
        SequenceTarget::Connection(_) | SequenceTarget::Peers(_) => None,
    };
    // The engine may not know a client that was never opened.
    let listed = client.map_or(Ok(()), |client| effects.list_closed(client.id, client.settings.clone()));
    let order = SequenceOrder { sequence, on, asks: Arc::new(asks) };
    if listed.and_then(|()| effects.run_sequence(order)).is_err() {
        error_toast(state, words(state).get("engine.busy").to_owned(), seen.now);
    }
}
