//! The library of payloads: moved, renamed, kept from the log, imported.

use std::path::Path;

use super::{Seen, error_toast, session, toast, words, workspace_changed};
use crate::model::{SavedPayload, Timestamp};
use crate::payload::visible_text;
use crate::ui::action::{Action, LibraryAction};
use crate::ui::effects::{Ask, Effects, Job};
use crate::ui::state::State;
use crate::workspace::{Imported, MAX_ITEMS, NotImported};

pub(super) fn apply(state: &mut State, action: LibraryAction, seen: &Seen<'_>, effects: &mut dyn Effects) {
    match action {
        LibraryAction::Set(place, payload) => set(state, place, payload),
        LibraryAction::Move { from, to, folder } => shift(state, from, to, folder),
        LibraryAction::Duplicate(place) => duplicate(state, place),
        LibraryAction::Keep(payload) => keep(state, payload, seen.now),
        LibraryAction::Insert(place, payload) => {
            let place = place.min(state.payloads.len());
            let shortcut = payload.shortcut.filter(|digit| !is_taken(state, *digit));
            state.payloads.insert(place, SavedPayload { shortcut, ..payload });
        }
        LibraryAction::Forget(payloads) => {
            for payload in &payloads {
                if let Some(place) = state.payloads.iter().rposition(|there| there == payload) {
                    state.payloads.remove(place);
                }
            }
        }
        LibraryAction::ImportWithDialog => {
            return session::ask(state, Ask::PayloadImport, std::path::PathBuf::new(), effects);
        }
        LibraryAction::Import(path) => return effects.start(Job::ImportPayloads(path)),
        LibraryAction::NotSent(why) => return error_toast(state, why, seen.now),
    }
    workspace_changed(state, seen.now);
}

fn set(state: &mut State, place: usize, payload: SavedPayload) {
    if place >= state.payloads.len() {
        return;
    }
    if let Some(digit) = payload.shortcut {
        free(state, digit);
    }
    if let Some(there) = state.payloads.get_mut(place) {
        *there = payload;
    }
}

fn shift(state: &mut State, from: usize, to: usize, folder: String) {
    if from >= state.payloads.len() {
        return;
    }
    let payload = state.payloads.remove(from);
    // It left a gap before its new place.
    let to = if to > from { to - 1 } else { to };
    state.payloads.insert(to.min(state.payloads.len()), SavedPayload { folder, ..payload });
}

fn duplicate(state: &mut State, place: usize) {
    let Some(original) = state.payloads.get(place) else { return };
    let copy = SavedPayload { name: unused_name(state, &original.name), shortcut: None, ..original.clone() };
    state.payloads.insert(place + 1, copy);
    state.naming = (state.naming.0 + 1, place + 1);
}

fn keep(state: &mut State, payload: SavedPayload, now: Timestamp) {
    let payload = SavedPayload { name: unused_name(state, &payload.name), ..payload };
    let name = visible_text(&payload.name, 200);
    state.payloads.push(payload.clone());
    state.naming = (state.naming.0 + 1, state.payloads.len() - 1);
    let text = words(state).fill("library.kept", &[("name", &name)]);
    toast(state, text, now, Some(Action::Library(LibraryAction::Forget(vec![payload]))));
}

/// The same name, with a number behind it where it is taken.
fn unused_name(state: &State, name: &str) -> String {
    let taken: std::collections::HashSet<&str> = state.payloads.iter().map(|payload| payload.name.as_str()).collect();
    if !taken.contains(name) {
        return name.to_owned();
    }
    let numbered = (2..).map(|number: usize| format!("{name} {number}"));
    numbered.into_iter().find(|name| !taken.contains(name.as_str())).unwrap_or_default()
}

pub(super) fn is_taken(state: &State, digit: u8) -> bool {
    let digit = Some(digit);
    state.payloads.iter().any(|payload| payload.shortcut == digit)
        || state.sequences.iter().any(|sequence| sequence.shortcut == digit)
}

pub(super) fn free(state: &mut State, digit: u8) {
    let digit = Some(digit);
    for payload in state.payloads.iter_mut().filter(|payload| payload.shortcut == digit) {
        payload.shortcut = None;
    }
    for sequence in state.sequences.iter_mut().filter(|sequence| sequence.shortcut == digit) {
        sequence.shortcut = None;
    }
}

/// What a file gave; what was left out is said with the first reason.
pub(super) fn imported(state: &mut State, path: &Path, result: Result<Imported, NotImported>, now: Timestamp) {
    let name = visible_text(&path.file_name().unwrap_or(path.as_os_str()).to_string_lossy(), 200);
    let mut imported = match result {
        Ok(imported) => imported,
        Err(why) => {
            let reason = why.sentence(words(state));
            let text = words(state).fill("library.not_imported", &[("name", &name), ("reason", &reason)]);
            return error_toast(state, text, now);
        }
    };
    let room = MAX_ITEMS.saturating_sub(super::workspace(state).items());
    let no_room = imported.payloads.len().saturating_sub(room);
    imported.payloads.truncate(room);
    let words = words(state);
    let count = words.number(imported.payloads.len() as u64);
    let left_out = imported.left_out.len() + imported.more_left_out + no_room;
    let mut text = words.fill("library.imported", &[("count", &count), ("name", &name)]);
    if left_out > 0 {
        let count = words.number(left_out as u64);
        text = format!("{text} {}", words.fill("library.left_out", &[("count", &count)]));
        if let Some(first) = imported.left_out.first() {
            text = format!("{text} {}", first.sentence(words));
        }
    }
    if imported.payloads.is_empty() {
        return error_toast(state, text, now);
    }
    state.payloads.extend(imported.payloads.iter().cloned());
    toast(state, text, now, Some(Action::Library(LibraryAction::Forget(imported.payloads))));
    workspace_changed(state, now);
}
