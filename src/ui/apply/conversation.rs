//! The conversation tab: what it follows, and saving what one side said.

use std::path::Path;
use std::sync::Arc;

use super::{error_toast, session, toast, words};
use crate::model::{Failure, Timestamp};
use crate::session::export::Progress;
use crate::ui::action::ConversationAction;
use crate::ui::effects::{Ask, Effects, Job};
use crate::ui::state::{SaveRunning, State};

pub fn apply(state: &mut State, action: ConversationAction, effects: &mut dyn Effects) {
    match action {
        ConversationAction::Order(order) => state.conversation = order,
        ConversationAction::BeginSave => {
            state.saving.failed = None;
            state.saving.exists = None;
            state.no_dialog = false;
        }
        ConversationAction::ChooseFile { suggested } => session::ask(state, Ask::SaveConversation, suggested, effects),
        ConversationAction::Save { connection, sides, path, replace } => {
            if state.saving.running.is_some() {
                return;
            }
            let progress = Arc::new(Progress::default());
            state.saving.failed = None;
            state.saving.exists = None;
            state.saving.running = Some(SaveRunning { path: path.clone(), progress: progress.clone() });
            effects.start(Job::SaveConversation { connection, sides, path, replace, progress });
        }
    }
}

pub fn saved(state: &mut State, path: &Path, result: Result<u64, Failure>, cancelled: bool, now: Timestamp) {
    state.saving.running = None;
    let words = words(state);
    match result {
        _ if cancelled => toast(state, words.get("save.cancelled").to_owned(), now, None),
        Ok(bytes) => {
            let shown = crate::payload::visible_text(&path.to_string_lossy(), 300);
            let bytes = words.count("count.bytes", bytes);
            toast(state, words.fill("conversation.saved", &[("bytes", &bytes), ("path", &shown)]), now, None);
        }
        Err(failure) => {
            let text = format!("{} {}", words.failure(&failure), words.hint(&failure));
            error_toast(state, text.trim().to_owned(), now);
            state.saving.failed = Some(failure);
        }
    }
}
