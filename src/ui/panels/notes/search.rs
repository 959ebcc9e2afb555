//! The search of the notes tab: a part of the notes is looked through in each frame, so that none takes long.
//! Called by: the tab.

use std::ops::Bound;

use crate::session::Notes;

/// What a frame looks through: all of it for as many notes as people write, and never so much that it takes long.
const BYTES_A_FRAME: usize = 256 * 1024;
/// What a note counts besides its text.
const NOTE_COST: usize = 64;

/// Which notes have the text that is searched for; a part of them is looked through in each frame.
#[derive(Default)]
pub struct Search {
    /// What was searched, and for what.
    version: Option<u64>,
    text: String,
    /// Their events, in order; those of the search before while the new one has only begun.
    pub found: Vec<u64>,
    finding: Vec<u64>,
    /// The event after which it goes on; `None` when it is done.
    next: Option<Bound<u64>>,
}

impl Search {
    /// `true`: not all was looked through yet.
    pub fn follow(&mut self, notes: &Notes, typed: &str, bookmark: &str) -> bool {
        if self.version != Some(notes.version) || self.text != typed {
            self.version = Some(notes.version);
            typed.clone_into(&mut self.text);
            self.finding.clear();
            self.next = Some(Bound::Unbounded);
        }
        let Some(from) = self.next else { return false };
        let needle = self.text.to_lowercase();
        let mut budget = BYTES_A_FRAME;
        for (seq, note) in notes.by_seq.range((from, Bound::Unbounded)) {
            if budget == 0 {
                return true;
            }
            let text = if note.text.is_empty() { bookmark } else { &note.text };
            if needle.is_empty() || text.to_lowercase().contains(&needle) {
                self.finding.push(*seq);
            }
            budget = budget.saturating_sub(text.len() + NOTE_COST);
            self.next = Some(Bound::Excluded(*seq));
        }
        self.next = None;
        self.found = std::mem::take(&mut self.finding);
        false
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::{Note, Timestamp};

    fn notes(texts: &[&str], version: u64) -> Notes {
        let note = |(number, text): (usize, &&str)| {
            let seq = number as u64 + 1;
            (seq, Arc::new(Note { seq, text: (*text).to_owned(), time: Timestamp(0) }))
        };
        Notes { by_seq: texts.iter().enumerate().map(note).collect(), version }
    }

    #[test]
    fn finds_words_in_both_cases_and_bookmarks_by_their_name() {
        let notes = notes(&["Broken frame", "", "the FRAME after", "温度"], 1);
        let mut search = Search::default();
        for (text, found) in [("", vec![1, 2, 3, 4]), ("frame", vec![1, 3]), ("book", vec![2]), ("温", vec![4])] {
            assert!(!search.follow(&notes, text, "Bookmark"));
            assert_eq!(search.found, found, "{text}");
        }
    }

    #[test]
    fn many_notes_take_many_frames_and_a_change_begins_anew() {
        let long = "x".repeat(BYTES_A_FRAME / 2);
        let texts = vec![long.as_str(); 9];
        let mut search = Search::default();
        let all = notes(&texts, 1);
        let mut frames = 1;
        while search.follow(&all, "x", "") {
            frames += 1;
            assert!(search.found.is_empty());
        }
        assert_eq!((frames, search.found.len()), (5, 9));
        assert!(search.follow(&notes(&texts[..8], 2), "x", ""));
        assert_eq!(search.found.len(), 9, "the old rows stay until the new ones are found");
    }
}
