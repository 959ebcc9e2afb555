//! Notes and bookmarks on events: as they stand now, and how they change.
//!
//! Owns: the limits, the list in memory. Never: waits in a frame; `Log::annotate` may touch the disk.
//! Called by: the log (which holds them), matching, the log view, exports, `ui`.

mod append;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::{Doing, Failure, Note, Reason};

pub(super) use append::append;

/// A longer text is cut here.
pub const MAX_NOTE_BYTES: usize = 64 * 1024;
/// More notes than this, or more text in all of them, is not kept in memory, whatever a file says.
const MAX_NOTES: usize = 100_000;
const MAX_TEXT_BYTES: usize = 64 * 1024 * 1024;

/// All notes of a session, by the event they belong to. A changed one is a new value: keep the `Arc` and compare `version`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Notes {
    pub by_seq: BTreeMap<u64, Arc<Note>>,
    /// Grows with every change.
    pub version: u64,
}

/// A change of the notes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoteEdit {
    /// A new note, or one in the place of the event's old one.
    Write(Note),
    /// Takes away the note of the event with this seq.
    Remove(u64),
}

impl NoteEdit {
    pub fn seq(&self) -> u64 {
        match self {
            Self::Write(note) => note.seq,
            Self::Remove(seq) => *seq,
        }
    }

    /// The same with its text cut to what a file takes.
    pub(super) fn bounded(mut self) -> Self {
        if let Self::Write(note) = &mut self {
            note.text.truncate(note.text.floor_char_boundary(MAX_NOTE_BYTES));
        }
        self
    }
}

/// The notes of a log and how much text they hold.
#[derive(Default)]
pub(super) struct NoteBook {
    notes: Arc<Notes>,
    text_bytes: usize,
}

impl NoteBook {
    pub(super) fn notes(&self) -> Arc<Notes> {
        self.notes.clone()
    }

    /// Whether one more note finds room.
    pub(super) fn takes(&self, edit: &NoteEdit) -> bool {
        match edit {
            NoteEdit::Remove(_) => true,
            NoteEdit::Write(note) => {
                let old = self.notes.by_seq.get(&note.seq);
                let text = self.text_bytes - old.map_or(0, |old| old.text.len()) + note.text.len();
                self.notes.by_seq.len() + usize::from(old.is_none()) <= MAX_NOTES && text <= MAX_TEXT_BYTES
            }
        }
    }

    /// Carries changes out, in order; those that find no room are left out.
    pub(super) fn apply(&mut self, edits: impl IntoIterator<Item = NoteEdit>) {
        for edit in edits {
            if !self.takes(&edit) {
                continue;
            }
            // Copied only while somebody else looks at the notes of before.
            let notes = Arc::make_mut(&mut self.notes);
            let old = match edit {
                NoteEdit::Write(note) => {
                    self.text_bytes += note.text.len();
                    notes.by_seq.insert(note.seq, Arc::new(note))
                }
                NoteEdit::Remove(seq) => notes.by_seq.remove(&seq),
            };
            self.text_bytes -= old.map_or(0, |old| old.text.len());
            notes.version += 1;
        }
    }
}

/// Why one more note is not taken.
pub(super) fn too_many(path: &std::path::Path) -> Failure {
    Failure::new(Doing::WriteFile, path.to_string_lossy(), Reason::TooManyNotes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;

    fn write(seq: u64, text: &str) -> NoteEdit {
        NoteEdit::Write(Note { seq, text: text.into(), time: Timestamp(1) })
    }

    #[test]
    fn the_last_change_counts() {
        let mut book = NoteBook::default();
        book.apply([write(3, "a"), write(1, "b"), write(3, "longer"), NoteEdit::Remove(1), NoteEdit::Remove(9)]);
        let notes = book.notes();
        assert_eq!(notes.by_seq.values().map(|note| note.text.as_str()).collect::<Vec<_>>(), ["longer"]);
        assert_eq!((book.text_bytes, notes.version), (6, 5));
        book.apply([NoteEdit::Remove(3)]);
        assert_eq!((book.text_bytes, notes.by_seq.len()), (0, 1), "who looks at the old notes keeps them");
    }

    #[test]
    fn memory_is_bounded_whatever_a_file_says() {
        let mut book = NoteBook::default();
        book.apply((0..MAX_NOTES as u64 + 7).map(|seq| write(seq, "")));
        assert_eq!(book.notes().by_seq.len(), MAX_NOTES);
        assert!(!book.takes(&write(u64::MAX, "")) && book.takes(&write(5, "again")));
        let mut book = NoteBook::default();
        let long = "x".repeat(MAX_NOTE_BYTES);
        book.apply((0..1100).map(|seq| write(seq, &long)));
        assert_eq!(book.text_bytes, MAX_TEXT_BYTES);
    }
}
