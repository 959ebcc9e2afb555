//! What came of jobs.

use std::path::PathBuf;

use super::{Seen, conversation, endpoints, error_toast, log, notes, preferences_changed, session, toast, words};
use crate::engine::EngineSnapshot;
use crate::model::{Draft, EndpointId, Failure, PayloadFormat, Timestamp};
use crate::session::{LogState, Query, ViewSnapshot};
use crate::ui::action::{Action, EndpointAction, Form, SendAction, SessionAction, WorkspaceAction};
use crate::ui::effects::{Ask, Done, Effects, Job};
use crate::ui::state::{MeasuredFile, OpenedFile, State};
use crate::workspace::{Workspace, WorkspaceError};

/// The newest session that was offered after a crash, among the preferences.
const OFFERED: &str = "offered_after_crash";

pub fn landed(state: &mut State, done: Done, now: Timestamp, effects: &mut dyn Effects) {
    match done {
        Done::Saved { path, result, cancelled } => saved(state, path, result, cancelled, now),
        Done::ConversationSaved { path, result, cancelled } => {
            conversation::saved(state, &path, result, cancelled, now)
        }
        Done::ConnectionsCopied(csv) => super::connections::copied(state, csv, now, effects),
        Done::ConnectionsSaved { path, result } => super::connections::saved(state, &path, result, now),
        Done::ReportSaved { path, result } => super::sequences::report_saved(state, &path, result, now),
        Done::Exists { path } => {
            state.saving.running = None;
            state.saving.exists = Some(path);
        }
        Done::Listed { folder, result } => listed(state, folder, result, now),
        Done::Deleted { path, result } => {
            if let Err(failure) = result {
                failed(state, &failure, now);
            } else {
                let name = name_of(&path);
                toast(state, words(state).fill("toasts.session_deleted", &[("name", &name)]), now, None);
            }
            effects.start(Job::ListSessions);
        }
        Done::SessionOpened { path, result } => session_opened(state, path, result, now, effects),
        Done::WorkspaceOpened { path, result } => workspace_opened(state, path, result, now, effects),
        Done::WorkspaceSaved { path, as_new, result } => workspace_saved(state, path, as_new, result, now),
        Done::WorkspaceInUse { path } => {
            let text = words(state).fill("workspace.in_use", &[("name", &name_of(&path))]);
            error_toast(state, text, now);
        }
        Done::PreferencesSaved(result) => {
            if let Err(failure) = result {
                failed(state, &failure, now);
            }
        }
        Done::Trusted(result) => match result {
            Ok(()) => {
                state.inert_workspace = false;
                start_marked(state, now, effects);
            }
            Err(failure) => failed(state, &failure, now),
        },
        Done::OwnAddresses(addresses) => state.own_addresses = addresses,
        Done::Annotated { seq, change, old, result } => notes::annotated(state, seq, &change, old, result, now),
        Done::Facts { opened, asked, found, rows } => notes::facts_read(state, opened, &asked, found, rows),
        Done::Measured { path, size } => state.file = Some(MeasuredFile { path, size }),
        Done::PayloadsImported { path, result } => super::library::imported(state, &path, result, now),
        Done::ChecksumsFound { number, found } => state.found_checksums = Some((number, found.map(Into::into))),
        Done::Understood(understood) => state.understood = Some(understood),
        Done::Compiled { pressed, compiled } => super::sending::compiled(state, *pressed, compiled, now, effects),
        Done::Compared { number, difference } => state.difference = Some((number, difference)),
        Done::PathChosen { what, path, no_dialog } => path_chosen(state, what, path, no_dialog, now, effects),
    }
}

/// There is no session file: the sockets work, nothing is kept.
pub fn recording_failed(state: &mut State, failure: &Failure, now: Timestamp) {
    failed(state, failure, now);
}

pub(super) fn failed(state: &mut State, failure: &Failure, now: Timestamp) {
    let words = words(state);
    let text = format!("{} {}", words.failure(failure), words.hint(failure));
    error_toast(state, text.trim().to_owned(), now);
}

fn name_of(path: &std::path::Path) -> String {
    crate::payload::visible_text(&path.file_name().unwrap_or(path.as_os_str()).to_string_lossy(), 200)
}

fn saved(state: &mut State, path: PathBuf, result: Result<u64, Failure>, cancelled: bool, now: Timestamp) {
    state.saving.running = None;
    let shown = crate::payload::visible_text(&path.to_string_lossy(), 300);
    match result {
        _ if cancelled => toast(state, words(state).get("save.cancelled").to_owned(), now, None),
        Ok(events) => {
            let events = words(state).number(events);
            let text = words(state).fill("save.saved", &[("events", &events), ("path", &shown)]);
            toast(state, text, now, None);
            if state.form == Form::SaveLog {
                state.form = Form::None;
            }
        }
        Err(failure) => {
            if state.form != Form::SaveLog {
                failed(state, &failure, now);
            }
            state.saving.failed = Some(failure);
        }
    }
}

fn listed(
    state: &mut State,
    folder: PathBuf,
    result: Result<Vec<crate::session::SessionFile>, Failure>,
    now: Timestamp,
) {
    let first_time = state.sessions.list.is_none();
    state.sessions.folder = folder;
    match result {
        Ok(list) => {
            state.sessions.failed = None;
            let left = list.iter().find(|file| file.crashed && !file.recording);
            let rest = &mut state.other_preferences.rest;
            if first_time
                && let Some(left) = left
                && rest.get(OFFERED).and_then(|name| name.as_str()) != Some(&name_of(&left.path))
            {
                // Offered once: it stays in the list of sessions.
                rest.insert(OFFERED.to_owned(), name_of(&left.path).into());
                preferences_changed(state, now);
                let name = name_of(&left.path);
                let open = Action::Session(SessionAction::Open(left.path.clone()));
                state.crashed_offer = Some((name, open));
            }
            state.sessions.list = Some(list.into());
        }
        Err(failure) => {
            if state.form != Form::Sessions && !first_time {
                failed(state, &failure, now);
            }
            state.sessions.failed = Some(failure);
        }
    }
}

fn session_opened(
    state: &mut State,
    path: PathBuf,
    result: Result<(), Failure>,
    now: Timestamp,
    effects: &mut dyn Effects,
) {
    if let Err(failure) = result {
        return failed(state, &failure, now);
    }
    if state.opened_file.is_none() {
        state.held_query = Some(state.query.clone());
        state.held_encodings = state.connection_encodings.clone();
    }
    super::connections::forget(state);
    state.opened_file = Some(OpenedFile { path, log: LogState::default() });
    state.query = Query { local_time: state.local_time, ..Query::default() };
    log::forget_encodings(state);
    log::refresh_encodings(state);
    state.paused = false;
    state.filter_text.clear();
    state.filter_mistake = None;
    log::forget_selection(state);
    state.crashed_offer = None;
    state.form = Form::None;
    effects.show(state.query.clone());
    effects.select(None, None);
    log::show_rules(state, effects);
}

/// The workspace of the last time, at the start of the program.
pub fn restore(
    state: &mut State,
    path: PathBuf,
    result: Result<(Workspace, bool), WorkspaceError>,
    now: Timestamp,
    effects: &mut dyn Effects,
) {
    workspace_opened(state, path, result, now, effects);
    // Nothing changed yet.
    state.unsaved = Default::default();
}

fn workspace_opened(
    state: &mut State,
    path: PathBuf,
    result: Result<(Workspace, bool), WorkspaceError>,
    now: Timestamp,
    effects: &mut dyn Effects,
) {
    let (workspace, trusted) = match result {
        Ok(opened) => opened,
        Err(error) => {
            let name = name_of(&path);
            let reason = workspace_error(state, &error);
            let text = words(state).fill("workspace.not_opened", &[("name", &name), ("reason", &reason)]);
            return error_toast(state, text, now);
        }
    };
    // What was changed in the old one is written before it is left.
    super::flush(state, effects);
    let old: Vec<EndpointId> = state.endpoints.iter().map(|endpoint| endpoint.id).collect();
    for id in old {
        effects.forget(id);
    }
    endpoints::adopt(state, workspace.endpoints);
    state.payloads = workspace.payloads;
    state.highlights = workspace.highlights;
    state.saved_filters = workspace.filters;
    state.sequences = workspace.sequences;
    log::show_rules(state, effects);
    if state.form == Form::OpenWorkspace {
        state.form = Form::None;
    }
    state.workspace_path = Some(path);
    state.inert_workspace = !trusted && state.endpoints.iter().any(|endpoint| endpoint.settings.start_with_workspace);
    preferences_changed(state, now);
    if trusted {
        start_marked(state, now, effects);
    }
}

/// Opens what the person marked to start with this workspace.
pub fn start_marked(state: &mut State, now: Timestamp, effects: &mut dyn Effects) {
    let marked: Vec<EndpointId> = state
        .endpoints
        .iter()
        .filter(|endpoint| endpoint.settings.start_with_workspace)
        .map(|endpoint| endpoint.id)
        .collect();
    let (engine, view) = (EngineSnapshot::default(), ViewSnapshot::default());
    let seen = Seen { engine: &engine, view: &view, now };
    for id in marked {
        endpoints::apply(state, EndpointAction::Open(id), &seen, effects);
    }
}

fn workspace_error(state: &State, error: &WorkspaceError) -> String {
    let words = words(state);
    let hint = error.hint(words).unwrap_or_default();
    format!("{} {hint}", error.sentence(words)).trim_end().to_owned()
}

fn workspace_saved(state: &mut State, path: PathBuf, as_new: bool, result: Result<(), Failure>, now: Timestamp) {
    match result {
        Ok(()) if as_new => {
            let text = words(state).fill("workspace.saved", &[("name", &name_of(&path))]);
            toast(state, text, now, None);
            state.workspace_path = Some(path);
            if state.form == Form::SaveWorkspace {
                state.form = Form::None;
            }
            preferences_changed(state, now);
        }
        Ok(()) => {}
        // Tried again with the next change only: an endless loop of writing helps nobody.
        Err(failure) => failed(state, &failure, now),
    }
}

fn path_chosen(
    state: &mut State,
    what: Ask,
    path: Option<PathBuf>,
    no_dialog: bool,
    now: Timestamp,
    effects: &mut dyn Effects,
) {
    state.dialog_open = false;
    let Some(path) = path else {
        if no_dialog && what == Ask::OpenSession {
            // The list of sessions has a path field.
            super::show_form(state, Form::Sessions, effects);
        }
        state.no_dialog = no_dialog;
        let has_field = match what {
            Ask::SaveLog { .. } => state.form == Form::SaveLog,
            Ask::OpenSession | Ask::SaveConversation | Ask::SaveReport => true,
            Ask::OpenWorkspace => state.form == Form::OpenWorkspace,
            Ask::SaveWorkspace => state.form == Form::SaveWorkspace,
            Ask::BodyFile => matches!(state.form, Form::Service(_)),
            Ask::PayloadFile | Ask::PayloadImport | Ask::TemplateFile | Ask::SaveConnections => false,
        };
        if no_dialog && !has_field {
            error_toast(state, words(state).get("dialog.none").to_owned(), now);
        }
        return;
    };
    let (engine, view) = (EngineSnapshot::default(), ViewSnapshot::default());
    let seen = Seen { engine: &engine, view: &view, now };
    match what {
        Ask::SaveLog { .. } | Ask::SaveConversation | Ask::SaveReport => {
            state.saving.chosen = (state.saving.chosen.0 + 1, Some(path))
        }
        Ask::PayloadFile => {
            let text = path.to_string_lossy().into_owned();
            let draft = Draft { format: PayloadFormat::File, text, ..Draft::default() };
            super::apply(state, Action::Send(SendAction::Edit(draft)), &seen, effects);
        }
        Ask::PayloadImport => effects.start(Job::ImportPayloads(path)),
        Ask::TemplateFile => {
            effects.start(Job::PickFile(path.clone()));
            state.template_file = (state.template_file.0 + 1, path.to_string_lossy().into_owned());
            state.focus = Some(crate::ui::state::Focus::Composer);
        }
        Ask::BodyFile => {
            effects.start(Job::PickFile(path.clone()));
            state.body_file = (state.body_file.0 + 1, path.to_string_lossy().into_owned());
        }
        Ask::SaveConnections => super::connections::save(state, path, now, effects),
        Ask::OpenSession => session::apply(state, SessionAction::Open(path), &seen, effects),
        Ask::OpenWorkspace => session::apply_workspace(state, WorkspaceAction::Open(path), effects),
        Ask::SaveWorkspace => {
            let path = if path.extension().is_none() { path.with_extension("toml") } else { path };
            session::apply_workspace(state, WorkspaceAction::SaveAs { path, replace: true }, effects);
        }
    }
}
