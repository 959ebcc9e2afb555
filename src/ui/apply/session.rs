//! Session files and the workspace: saving, opening, listing, deleting.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::{Seen, log, preferences_changed, workspace};
use crate::session::Query;
use crate::session::export::{self, Progress};
use crate::ui::action::{Form, SaveWhat, SessionAction, WorkspaceAction};
use crate::ui::effects::{Ask, Effects, Job};
use crate::ui::state::{SaveRunning, State};

pub fn apply(state: &mut State, action: SessionAction, seen: &Seen<'_>, effects: &mut dyn Effects) {
    match action {
        SessionAction::Save { format, what, path, replace } => {
            if state.saving.running.is_some() {
                return;
            }
            let query = query_of(state, what, seen);
            let progress = Arc::new(Progress::default());
            state.saving.failed = None;
            state.saving.exists = None;
            state.saving.running = Some(SaveRunning { path: path.clone(), progress: progress.clone() });
            effects.start(Job::SaveLog { query, format, path, replace, progress });
        }
        SessionAction::SaveWithDialog { format, what } => {
            let extension = export::format(format).map_or("", |format| format.extension);
            let suggested = state.saving.suggested.with_extension(extension);
            ask(state, Ask::SaveLog { format, what }, suggested, effects);
        }
        SessionAction::CancelSave => {
            if let Some(running) = &state.saving.running {
                running.progress.cancel.store(true, Ordering::Release);
            }
        }
        SessionAction::OpenWithDialog => ask(state, Ask::OpenSession, state.sessions.folder.clone(), effects),
        SessionAction::Open(path) => {
            if state.form == Form::Sessions {
                state.form = Form::None;
            }
            effects.start(Job::OpenSession(path));
        }
        SessionAction::ShowLive => {
            if state.opened_file.take().is_some() {
                effects.show_live();
                super::connections::forget(state);
                state.query = state.held_query.take().unwrap_or_default();
                state.paused = state.query.before_row.is_some();
                log::forget_encodings(state);
                state.connection_encodings = std::mem::take(&mut state.held_encodings);
                log::refresh_encodings(state);
                log::forget_selection(state);
                state.filter_text = state.query.filter.text().to_owned();
                state.filter_mistake = None;
                effects.show(state.query.clone());
                effects.select(None, None);
                log::show_rules(state, effects);
            }
        }
        SessionAction::Delete(path) => effects.start(Job::DeleteSession(path)),
        SessionAction::DismissCrashed => {
            state.crashed_offer = None;
            preferences_changed(state, seen.now);
        }
        SessionAction::SetRotation(rotation) => {
            state.rotation = rotation;
            effects.rotate(rotation);
            preferences_changed(state, seen.now);
        }
        SessionAction::RefreshList => effects.start(Job::ListSessions),
    }
}

pub fn apply_workspace(state: &mut State, action: WorkspaceAction, effects: &mut dyn Effects) {
    let folder = || state.workspace_path.clone().unwrap_or_default();
    match action {
        WorkspaceAction::OpenWithDialog => ask(state, Ask::OpenWorkspace, folder(), effects),
        WorkspaceAction::SaveAsWithDialog => ask(state, Ask::SaveWorkspace, folder(), effects),
        WorkspaceAction::Open(path) => effects.start(Job::OpenWorkspace(path)),
        WorkspaceAction::SaveAs { path, replace } => {
            state.saving.exists = None;
            effects.start(Job::SaveWorkspace { path, workspace: workspace(state), as_new: true, replace });
        }
        WorkspaceAction::Trust => {
            if let Some(path) = state.workspace_path.clone() {
                effects.start(Job::TrustWorkspace { path, workspace: workspace(state) });
            }
        }
    }
}

/// The events to be saved. Of all, those of now: what comes while it is being saved belongs to the next time.
fn query_of(state: &State, what: SaveWhat, seen: &Seen<'_>) -> Query {
    let shown = state.query.clone();
    match what {
        SaveWhat::All => {
            Query { before_row: Some(seen.view.total), encodings: shown.encodings.clone(), ..Query::default() }
        }
        SaveWhat::Shown => shown,
        SaveWhat::Marked => Query { only: Some(state.marked.as_slice().into()), ..shown },
    }
}

pub(super) fn ask(state: &mut State, what: Ask, suggested: std::path::PathBuf, effects: &mut dyn Effects) {
    if state.dialog_open {
        return;
    }
    state.dialog_open = true;
    state.no_dialog = false;
    effects.start(Job::AskPath { what, suggested });
}
