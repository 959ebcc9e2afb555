//! Notes and bookmarks: asking for changes, what came of them, and going to their events.

use std::path::PathBuf;
use std::sync::Arc;

use super::{Seen, jobs, toast, view, words};
use crate::model::{Failure, Note, Timestamp};
use crate::ui::action::{Action, Form, LogAction, NoteAction, Tab, ViewAction};
use crate::ui::effects::{Effects, Job, NoteChange};
use crate::ui::state::{EventFacts, Facts, State};

/// Facts that are kept; more are forgotten and read again where they are needed.
const MOST_FACTS: usize = 10_000;

pub fn apply(state: &mut State, action: NoteAction, seen: &Seen<'_>, effects: &mut dyn Effects) {
    let mut change = |seq, change| effects.start(Job::Annotate { seq, change, time: seen.now });
    match action {
        NoteAction::ToggleBookmark(seq) => change(seq, NoteChange::Toggle),
        NoteAction::Write { seq, text } => {
            state.noted.failed = None;
            change(seq, NoteChange::Write(text));
        }
        NoteAction::Remove(seq) => change(seq, NoteChange::Remove),
        NoteAction::Restore(note) => change(note.seq, NoteChange::Restore(note)),
        NoteAction::GoTo(seq) => {
            view(state, ViewAction::ShowTab(Tab::Log), seen, effects);
            super::log::apply(state, LogAction::SelectEvent(Some(seq)), seen, effects);
            state.go_to = (seq, state.go_to.1 + 1);
        }
        NoteAction::WantFacts(seqs) => {
            let facts = &mut state.noted.facts;
            if facts.len() + seqs.len() > MOST_FACTS {
                facts.clear();
            }
            facts.extend(seqs.iter().map(|seq| (*seq, Facts::Asked)));
            let opened = state.opened_file.as_ref().map(|opened| opened.path.clone());
            effects.start(Job::ReadFacts { opened, seqs });
        }
    }
}

pub fn annotated(
    state: &mut State,
    seq: u64,
    change: &NoteChange,
    old: Option<Arc<Note>>,
    result: Result<(), Failure>,
    now: Timestamp,
) {
    let in_editor = state.form == Form::Note(seq);
    if let Err(failure) = result {
        if !in_editor {
            jobs::failed(state, &failure, now);
        }
        state.noted.failed = in_editor.then_some(failure);
        return;
    }
    state.noted.failed = None;
    // What was asked for before the editor was opened does not close it.
    if in_editor && matches!(change, NoteChange::Write(_) | NoteChange::Remove) {
        state.form = Form::None;
    }
    let removed = matches!(change, NoteChange::Remove | NoteChange::Toggle);
    // A bookmark is set again as easily as it was taken away.
    if let Some(old) = old.filter(|old| removed && !(old.text.is_empty() && *change == NoteChange::Toggle)) {
        let key = if old.text.is_empty() { "notes.bookmark_removed" } else { "notes.removed" };
        let text = words(state).fill(key, &[("number", &words(state).number(seq))]);
        toast(state, text, now, Some(Action::Note(NoteAction::Restore((*old).clone()))));
    }
}

pub fn facts_read(state: &mut State, opened: Option<PathBuf>, asked: &[u64], found: Vec<(u64, EventFacts)>, rows: u64) {
    if opened != state.opened_file.as_ref().map(|opened| opened.path.clone()) {
        return;
    }
    let facts = &mut state.noted.facts;
    facts.extend(asked.iter().map(|seq| (*seq, Facts::Unknown { rows })));
    facts.extend(found.into_iter().map(|(seq, known)| (seq, Facts::Known(known))));
}
