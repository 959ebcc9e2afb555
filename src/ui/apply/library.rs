//! The library of payloads: moved, renamed, kept from the log, imported.

use std::path::Path;

use super::{Seen, error_toast, session, toast, words, workspace_changed};
use crate::model::{SavedPayload, Timestamp};
use crate::payload::visible_text;
use crate::ui::action::{Action, LibraryAction, SendAction};
use crate::ui::effects::{Ask, Effects, Job};
use crate::ui::state::State;
use crate::workspace::{Imported, MAX_ITEMS, NotImported};

/// Bytes of a text in the library: they stand in the workspace's file, which is read whole.
const LONGEST_SAVED: usize = 2_000_000;

pub(super) fn apply(state: &mut State, action: LibraryAction, seen: &Seen<'_>, effects: &mut dyn Effects) {
    match action {
        LibraryAction::Set(place, payload) => set(state, place, payload, seen.now),
        LibraryAction::Move { from, to, folder } => shift(state, from, to, folder),
        LibraryAction::Duplicate(place) => duplicate(state, place),
        LibraryAction::Edit(place) => return edit(state, place, seen, effects),
        LibraryAction::RenameFolder { from, to } => rename_folder(state, &from, &to),
        LibraryAction::RemoveFolder(path) => remove_folder(state, &path, seen.now),
        LibraryAction::PutBack(payloads) => {
            payloads.into_iter().for_each(|(place, payload)| insert(state, place, payload))
        }
        LibraryAction::Keep(payload) => keep(state, payload, seen.now),
        LibraryAction::Insert(place, payload) => insert(state, place, payload),
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

/// A payload from the composer. One of this name in the same folder sends something else from now on; where it stands and
/// what is said of it stays.
pub(super) fn save(state: &mut State, payload: SavedPayload, now: Timestamp) {
    let name = visible_text(&payload.name, 200);
    if payload.draft.text.len() > LONGEST_SAVED {
        let bytes = words(state).bytes(payload.draft.text.len() as u64);
        let text = words(state).fill("library.too_long", &[("name", &name), ("bytes", &bytes)]);
        return error_toast(state, text, now);
    }
    let same = |there: &SavedPayload| there.name == payload.name && there.folder == payload.folder;
    match state.payloads.iter().position(same) {
        Some(place) => {
            let before = state.payloads[place].clone();
            if before.draft == payload.draft {
                return;
            }
            state.payloads[place].draft = payload.draft;
            let text = words(state).fill("library.replaced", &[("name", &name)]);
            toast(state, text, now, Some(Action::Library(LibraryAction::Set(place, before))));
        }
        None => {
            state.payloads.push(payload.clone());
            let text = words(state).fill("library.kept", &[("name", &name)]);
            toast(state, text, now, Some(Action::Library(LibraryAction::Forget(vec![payload]))));
        }
    }
    workspace_changed(state, now);
}

fn set(state: &mut State, place: usize, payload: SavedPayload, now: Timestamp) {
    let Some(there) = state.payloads.get(place) else { return };
    if let Some(digit) = payload.shortcut.filter(|_| there.shortcut != payload.shortcut)
        && let Some(before) = free(state, digit)
    {
        let (name, before) = (visible_text(&payload.name, 80), visible_text(&before, 80));
        let places: [(&str, &dyn std::fmt::Display); 3] = [("digit", &digit), ("name", &name), ("before", &before)];
        let text = words(state).fill("library.shortcut_taken", &places);
        toast(state, text, now, None);
    }
    if let Some(there) = state.payloads.get_mut(place) {
        *there = payload;
    }
}

fn insert(state: &mut State, place: usize, payload: SavedPayload) {
    let place = place.min(state.payloads.len());
    let shortcut = payload.shortcut.filter(|digit| !is_taken(state, *digit));
    state.payloads.insert(place, SavedPayload { shortcut, ..payload });
}

fn edit(state: &mut State, place: usize, seen: &Seen<'_>, effects: &mut dyn Effects) {
    let Some(payload) = state.payloads.get(place).cloned() else { return };
    super::apply(state, Action::Send(SendAction::Edit(payload.draft)), seen, effects);
    state.edited_payload = Some((payload.name, payload.folder));
}

/// What is left of a folder's path below another one; `Some("")`: it is that one.
fn below<'a>(folder: &'a str, path: &str) -> Option<&'a str> {
    let rest = folder.strip_prefix(path)?;
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix('/') }
}

fn rename_folder(state: &mut State, from: &str, to: &str) {
    for payload in &mut state.payloads {
        if let Some(rest) = below(&payload.folder, from) {
            payload.folder = format!("{to}/{rest}").trim_matches('/').to_owned();
        }
    }
}

fn remove_folder(state: &mut State, path: &str, now: Timestamp) {
    let (mut gone, mut kept) = (Vec::new(), Vec::new());
    for (place, payload) in std::mem::take(&mut state.payloads).into_iter().enumerate() {
        match below(&payload.folder, path) {
            Some(_) => gone.push((place, payload)),
            None => kept.push(payload),
        }
    }
    state.payloads = kept;
    let (name, count) = (visible_text(path, 200), words(state).number(gone.len() as u64));
    let text = words(state).fill("library.folder_removed", &[("name", &name), ("count", &count)]);
    toast(state, text, now, Some(Action::Library(LibraryAction::PutBack(gone))));
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

/// Takes a shortcut from whoever has it; whose it was.
pub(super) fn free(state: &mut State, digit: u8) -> Option<String> {
    let digit = Some(digit);
    let mut before = None;
    for payload in state.payloads.iter_mut().filter(|payload| payload.shortcut == digit) {
        payload.shortcut = None;
        before = Some(payload.name.clone());
    }
    for sequence in state.sequences.iter_mut().filter(|sequence| sequence.shortcut == digit) {
        sequence.shortcut = None;
        before = Some(sequence.name.clone());
    }
    before
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
    let mut text = match imported.payloads.len() {
        1 => words.fill("library.imported_one", &[("name", &name)]),
        _ => words.fill("library.imported", &[("count", &count), ("name", &name)]),
    };
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
