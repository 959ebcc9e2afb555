//! Session files and the workspace: saving, opening, listing, deleting.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::{Seen, log, preferences_changed, workspace};
use crate::session::Query;
use crate::session::export::{self, Progress};
use crate::ui::action::{Form, SessionAction, WorkspaceAction};
use crate::ui::effects::{Ask, Effects, Job};
use crate::ui::state::{SaveRunning, State};

pub fn apply(state: &mut State, action: SessionAction, seen: &Seen<'_>, effects: &mut dyn Effects) {
    match action {
        SessionAction::Save { format, shown_only, path, replace } => {
            if state.saving.running.is_some() {
                return;
            }
            let query = if shown_only { state.query.clone() } else { everything(seen) };
            let progress = Arc::new(Progress::default());
            state.saving.failed = None;
            state.saving.exists = None;
            state.saving.running = Some(SaveRunning { path: path.clone(), progress: progress.clone() });
            effects.start(Job::SaveLog { query, format, path, replace, progress });
        }
        SessionAction::SaveWithDialog { format, shown_only } => {
            let extension = export::format(format).map_or("", |format| format.extension);
            let suggested = state.saving.suggested.with_extension(extension);
            ask(state, Ask::SaveLog { format, shown_only }, suggested, effects);
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

/// All events of now; those that come while it is being saved belong to the next time.
fn everything(seen: &Seen<'_>) -> Query {
    Query { before_row: Some(seen.view.total), ..Query::default() }
}

pub(super) fn ask(state: &mut State, what: Ask, suggested: std::path::PathBuf, effects: &mut dyn Effects) {
    if state.dialog_open {
        return;
    }
    state.dialog_open = true;
    state.no_dialog = false;
    effects.start(Job::AskPath { what, suggested });
}
