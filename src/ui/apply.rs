//! Carries out what panels and jobs ask for. The only writer of `State`; knows nothing of egui.
//!
//! Called by: `app`, after layout, and by tests with recorded effects.

mod connections;
mod conversation;
mod endpoints;
mod find;
mod jobs;
mod library;
mod log;
mod notes;
mod sending;
mod sequences;
mod session;
#[cfg(test)]
mod tests;

use std::time::Duration;

use super::action::{Action, Form, SendAction, ViewAction};
use super::effects::{Ask, Effects, Job, WindowOrder};
use super::state::{Focus, State, Toast};
use super::understood::Pressed;
use crate::engine::EngineSnapshot;
use crate::model::Timestamp;
use crate::payload;
use crate::session::{LogState, ViewSnapshot};
use crate::words::Words;
use crate::workspace::{Preferences, Workspace};

pub use connections::list_connections;
pub use find::searched;
use jobs::failed;
pub use jobs::{landed, recording_failed, restore};
pub use log::asks_selected_time;

/// What the person saw when they asked.
pub struct Seen<'a> {
    pub engine: &'a EngineSnapshot,
    pub view: &'a ViewSnapshot,
    pub now: Timestamp,
}

const TOAST: Duration = Duration::from_secs(6);
const ERROR_TOAST: Duration = Duration::from_secs(12);
/// Texts that the composer's history keeps.
const HISTORY: usize = 100;
/// Changes of the workspace are written so long after the last of them.
const SAVE_AFTER_NANOS: u64 = 500_000_000;

pub fn apply(state: &mut State, action: Action, seen: &Seen<'_>, effects: &mut dyn Effects) {
    let changes_endpoints = matches!(action, Action::Endpoint(_));
    match action {
        Action::Endpoint(action) => endpoints::apply(state, action, seen, effects),
        Action::Send(action) => send(state, action, seen, effects),
        Action::Log(action) => log::apply(state, action, seen, effects),
        Action::Find(action) => find::apply(state, action, seen, effects),
        Action::Note(action) => notes::apply(state, action, seen, effects),
        Action::Conversation(action) => conversation::apply(state, action, effects),
        Action::Session(action) => session::apply(state, action, seen, effects),
        Action::Workspace(action) => session::apply_workspace(state, action, effects),
        Action::Connections(action) => connections::apply(state, action, seen, effects),
        Action::Library(action) => library::apply(state, action, seen, effects),
        Action::Sequence(action) => sequences::apply(state, action, seen, effects),
        Action::View(action) => view(state, action, seen, effects),
        Action::Copy(text) => effects.window(WindowOrder::Copy(text)),
        Action::DismissToast(place) => {
            if place < state.toasts.len() {
                state.toasts.remove(place);
            }
        }
        Action::Quit => effects.window(WindowOrder::Close),
    }
    if changes_endpoints {
        log::follow_encodings(state, effects);
    }
}

/// The engine's newest snapshot: goes on with what waited for it.
pub fn engine_moved(state: &mut State, engine: &EngineSnapshot, now: Timestamp, effects: &mut dyn Effects) {
    endpoints::engine_moved(state, engine, now, effects);
}

/// How far the index of the opened file is.
pub fn opened_moved(state: &mut State, opened: Option<(std::path::PathBuf, LogState)>) {
    if let (Some(shown), Some((path, log))) = (&mut state.opened_file, opened)
        && shown.path == path
    {
        shown.log = log;
    }
}

/// Ends what has a time: toasts, and the pause before saving. Nanoseconds until it is to be called again.
pub fn expire(state: &mut State, now: Timestamp, effects: &mut dyn Effects) -> Option<u64> {
    state.toasts.retain(|toast| toast.until > now);
    let mut next = state.toasts.iter().map(|toast| toast.until.nanos_since(now)).min();
    let unsaved = &state.unsaved;
    for since in [unsaved.workspace, unsaved.preferences, unsaved.unsent].into_iter().flatten() {
        let waited = now.nanos_since(since);
        if waited < SAVE_AFTER_NANOS {
            let left = SAVE_AFTER_NANOS - waited;
            next = Some(next.map_or(left, |next| next.min(left)));
        }
    }
    let is_due = |since: Option<Timestamp>| since.is_some_and(|since| now.nanos_since(since) >= SAVE_AFTER_NANOS);
    if is_due(state.unsaved.workspace) {
        save_workspace(state, effects);
    }
    if is_due(state.unsaved.preferences) {
        state.unsaved.preferences = None;
        effects.start(Job::SavePreferences(preferences(state)));
    }
    if is_due(state.unsaved.unsent) {
        state.unsaved.unsent = None;
        effects.start(Job::SaveUnsent(state.unsent.clone()));
    }
    next
}

/// Writes now what waits to be written: at the end of the program.
pub fn flush(state: &mut State, effects: &mut dyn Effects) {
    if state.unsaved.workspace.is_some() {
        save_workspace(state, effects);
    }
    if state.unsaved.preferences.take().is_some() {
        effects.start(Job::SavePreferences(preferences(state)));
    }
    if state.unsaved.unsent.take().is_some() {
        effects.start(Job::SaveUnsent(state.unsent.clone()));
    }
}

fn save_workspace(state: &mut State, effects: &mut dyn Effects) {
    state.unsaved.workspace = None;
    if let Some(path) = state.workspace_path.clone() {
        effects.start(Job::SaveWorkspace { path, workspace: workspace(state), as_new: false, replace: true });
    }
}

pub fn workspace(state: &State) -> Workspace {
    Workspace {
        version: crate::workspace::VERSION,
        endpoints: state.endpoints.iter().map(|endpoint| endpoint.settings.clone()).collect(),
        payloads: state.payloads.clone(),
        highlights: state.highlights.clone(),
        filters: state.saved_filters.clone(),
        sequences: state.sequences.clone(),
    }
}

pub fn preferences(state: &State) -> Preferences {
    Preferences {
        language: Some(state.language),
        theme: state.theme,
        zoom: (state.zoom > 0.0).then_some(state.zoom),
        local_time: state.local_time,
        rotation: state.rotation,
        decimal_offsets: state.decimal_offsets,
        workspace: state.workspace_path.clone(),
        // The file has the newest first.
        history: state.history.iter().rev().cloned().collect(),
        filter_history: state.filter_history.clone(),
        ..state.other_preferences.clone()
    }
}

fn words(state: &State) -> &'static Words {
    Words::of(state.language)
}

fn workspace_changed(state: &mut State, now: Timestamp) {
    state.unsaved.workspace = Some(now);
}

fn preferences_changed(state: &mut State, now: Timestamp) {
    state.unsaved.preferences = Some(now);
}

fn after(now: Timestamp, time: Duration) -> Timestamp {
    Timestamp(now.0.saturating_add(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)))
}

fn toast(state: &mut State, text: String, now: Timestamp, undo: Option<Action>) {
    push_toast(state, Toast { text, is_error: false, until: after(now, TOAST), undo: undo.map(Into::into) });
}

fn error_toast(state: &mut State, text: String, now: Timestamp) {
    push_toast(state, Toast { text, is_error: true, until: after(now, ERROR_TOAST), undo: None });
}

fn push_toast(state: &mut State, toast: Toast) {
    // The same words twice are one message.
    state.toasts.retain(|there| there.text != toast.text);
    state.toasts.push(toast);
    if state.toasts.len() > 4 {
        state.toasts.remove(0);
    }
}

fn view(state: &mut State, action: ViewAction, seen: &Seen<'_>, effects: &mut dyn Effects) {
    let is_preference = matches!(action, ViewAction::SetLanguage(_) | ViewAction::SetTheme(_) | ViewAction::SetZoom(_));
    match action {
        ViewAction::ShowForm(form) => show_form(state, form, effects),
        ViewAction::ShowTab(tab) => state.tab = tab,
        ViewAction::HideForm => {
            state.form = Form::None;
            state.saving.failed = None;
            state.noted.failed = None;
            state.no_dialog = false;
        }
        ViewAction::SetLanguage(language) => state.language = language,
        ViewAction::SetTheme(theme) => {
            state.theme = theme;
            effects.window(WindowOrder::SetTheme(theme));
        }
        ViewAction::SetZoom(zoom) => {
            state.zoom = zoom.clamp(0.5, 3.0);
            effects.window(WindowOrder::SetZoom(state.zoom));
        }
        ViewAction::ShowPalette(open) => state.palette_open = open,
        ViewAction::ShowBytes(shown) => state.bytes_hidden = !shown,
        ViewAction::SetDecimalOffsets(decimal) => {
            state.decimal_offsets = decimal;
            preferences_changed(state, seen.now);
        }
        ViewAction::FocusComposer => state.focus = Some(Focus::Composer),
        ViewAction::FocusFilter => {
            state.tab = super::action::Tab::Log;
            state.focus = Some(Focus::Filter);
        }
    }
    if is_preference {
        preferences_changed(state, seen.now);
    }
}

fn show_form(state: &mut State, form: Form, effects: &mut dyn Effects) {
    match form {
        Form::Listen | Form::Connect | Form::Udp | Form::Edit(_) => effects.start(Job::OwnAddresses),
        Form::Sessions => effects.start(Job::ListSessions),
        _ => {}
    }
    state.palette_open = false;
    state.saving.failed = None;
    state.noted.failed = None;
    state.saving.exists = None;
    state.no_dialog = false;
    state.form = form;
}

fn send(state: &mut State, action: SendAction, seen: &Seen<'_>, effects: &mut dyn Effects) {
    match action {
        SendAction::Send { target, draft, repeat } => {
            sending::send(state, Pressed { target, draft, repeat, asks: None }, seen.now, effects);
        }
        SendAction::SendAnswered { target, draft, repeat, asks } => {
            sending::send(state, Pressed { target, draft, repeat, asks: Some(asks) }, seen.now, effects);
        }
        SendAction::Stop(id) => effects.stop_send(id),
        SendAction::SavePayload(payload) => library::save(state, payload, seen.now),
        SendAction::RemovePayload(place) => {
            if place < state.payloads.len() {
                let payload = state.payloads.remove(place);
                let name = payload::visible_text(&payload.name, 200);
                let text = words(state).fill("toasts.payload_removed", &[("name", &name)]);
                let undo = Action::Library(super::action::LibraryAction::Insert(place, payload));
                toast(state, text, seen.now, Some(undo));
                workspace_changed(state, seen.now);
            }
        }
        SendAction::RenamePayload(place, name) => {
            if let Some(payload) = state.payloads.get_mut(place) {
                payload.name = name;
                workspace_changed(state, seen.now);
            }
        }
        SendAction::PickFile(path) => {
            effects.start(Job::PickFile(path));
            state.last_send = None;
        }
        SendAction::Understand(question) => effects.start(Job::Understand(question)),
        SendAction::Unsent(unsent) => {
            state.unsent = unsent;
            state.unsaved.unsent = Some(seen.now);
        }
        SendAction::SetTarget(target) => state.target = target,
        SendAction::ChooseFile => session::ask(state, Ask::PayloadFile, std::path::PathBuf::new(), effects),
        SendAction::ChooseTemplateFile => session::ask(state, Ask::TemplateFile, std::path::PathBuf::new(), effects),
        SendAction::ChooseBodyFile => session::ask(state, Ask::BodyFile, std::path::PathBuf::new(), effects),
        SendAction::MeasureFile(path) => effects.start(Job::MeasureFile(path)),
        SendAction::SetChecksum(sum) => {
            state.edited_checksum = (state.edited_checksum.0 + 1, sum);
            state.focus = Some(Focus::Composer);
        }
        SendAction::Edit(draft) => {
            state.edited_draft = (state.edited_draft.0 + 1, draft);
            state.edited_payload = None;
            state.draft_is_offer = false;
            state.focus = Some(Focus::Composer);
        }
    }
}
