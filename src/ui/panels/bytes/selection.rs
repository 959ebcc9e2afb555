//! Which bytes are selected, shared by the hex dump and the text, and the keys that move the selection.
//!
//! Owns: where it began and where its moving end is. Never: where bytes stand on screen. Called by: dump, text, inspector.

use std::ops::Range;

use egui::{Event, EventFilter, Id, Key, Modifiers, Ui};

/// Bytes between an end that stays and one that moves; both belong to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    ends: Option<(usize, usize)>,
    /// Counts the changes, so that a view that did not make one can show it.
    pub moved: u64,
}

impl Selection {
    pub fn range(&self) -> Option<Range<usize>> {
        self.ends.map(|(anchor, cursor)| anchor.min(cursor)..anchor.max(cursor) + 1)
    }

    /// The end that stays.
    pub fn anchor(&self) -> Option<usize> {
        self.ends.map(|(anchor, _)| anchor)
    }

    /// The end that moves.
    pub fn cursor(&self) -> Option<usize> {
        self.ends.map(|(_, cursor)| cursor)
    }

    pub fn clear(&mut self) {
        self.set(None);
    }

    /// From the first of these bytes to the last; none: nothing is selected.
    pub fn select(&mut self, range: Range<usize>) {
        self.set((!range.is_empty()).then(|| (range.start, range.end - 1)));
    }

    /// One byte more, or less, at the moving end; without `extend` the selection is this byte alone.
    pub fn go(&mut self, to: usize, extend: bool) {
        let anchor = self.ends.filter(|_| extend).map_or(to, |(anchor, _)| anchor);
        self.set(Some((anchor, to)));
    }

    /// A click on these bytes: on what is selected alone already it takes the selection away.
    pub fn click(&mut self, bytes: Range<usize>, extend: bool) {
        if extend {
            let to =
                if self.ends.is_some_and(|(anchor, _)| anchor > bytes.start) { bytes.start } else { bytes.end - 1 };
            self.go(to, true);
        } else if self.range().as_ref() == Some(&bytes) {
            self.clear();
        } else {
            self.select(bytes);
        }
    }

    /// Another payload is shown: what lies beyond its end is no longer selected.
    pub fn keep_within(&mut self, length: usize) {
        if self.ends.is_some_and(|(anchor, cursor)| anchor.max(cursor) >= length) {
            self.clear();
        }
    }

    fn set(&mut self, ends: Option<(usize, usize)>) {
        if self.ends != ends {
            self.ends = ends;
            self.moved += 1;
        }
    }
}

/// What a key asks of the view that has the keyboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Left,
    Right,
    Up,
    Down,
    PageUp,
    PageDown,
    LineStart,
    LineEnd,
    Start,
    End,
}

/// Keys pressed in a view of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pressed {
    Step { step: Step, extend: bool },
    All,
    Clear,
    Search,
    SearchAgain { back: bool },
}

/// Takes the keys of the view `id` out of this frame's input; nothing unless it has the keyboard.
pub fn pressed(ui: &Ui, id: Id, selection: &Selection) -> Vec<Pressed> {
    if !ui.memory(|memory| memory.has_focus(id)) {
        return Vec::new();
    }
    let mut found = Vec::new();
    let has_selection = selection.ends.is_some();
    ui.input_mut(|input| {
        input.events.retain(|event| {
            let asked = match event {
                Event::Key { key, pressed: true, modifiers, .. } => meaning(*key, *modifiers, has_selection),
                Event::Text(text) if text == "/" => Some(Pressed::Search),
                _ => None,
            };
            found.extend(asked);
            asked.is_none()
        });
    });
    found
}

/// Keeps the arrows in the view `id`, instead of moving the keyboard to the next control.
pub fn hold_keys(ui: &Ui, id: Id, selection: &Selection) {
    if ui.memory(|memory| memory.has_focus(id)) {
        let escape = selection.ends.is_some();
        let filter = EventFilter { horizontal_arrows: true, vertical_arrows: true, escape, tab: false };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(id, filter));
    }
}

fn meaning(key: Key, modifiers: Modifiers, has_selection: bool) -> Option<Pressed> {
    let command = modifiers.command;
    if modifiers.alt {
        return None;
    }
    let step = match key {
        Key::ArrowLeft if !command => Step::Left,
        Key::ArrowRight if !command => Step::Right,
        Key::ArrowUp if !command => Step::Up,
        Key::ArrowDown if !command => Step::Down,
        Key::PageUp if !command => Step::PageUp,
        Key::PageDown if !command => Step::PageDown,
        Key::Home => {
            if command {
                Step::Start
            } else {
                Step::LineStart
            }
        }
        Key::End => {
            if command {
                Step::End
            } else {
                Step::LineEnd
            }
        }
        Key::A if command && !modifiers.shift => return Some(Pressed::All),
        Key::Escape if has_selection => return Some(Pressed::Clear),
        Key::F3 => return Some(Pressed::SearchAgain { back: modifiers.shift }),
        _ => return None,
    };
    Some(Pressed::Step { step, extend: modifiers.shift })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_moving_end_goes_both_ways() {
        let mut selection = Selection::default();
        selection.go(5, false);
        assert_eq!(selection.range(), Some(5..6));
        selection.go(8, true);
        assert_eq!(selection.range(), Some(5..9));
        selection.go(2, true);
        assert_eq!((selection.range(), selection.cursor()), (Some(2..6), Some(2)));
        selection.keep_within(6);
        assert_eq!(selection.range(), Some(2..6));
        selection.keep_within(5);
        assert_eq!(selection.range(), None);
    }

    #[test]
    fn a_click_selects_extends_and_takes_away() {
        let mut selection = Selection::default();
        selection.click(3..6, false);
        selection.click(8..9, true);
        assert_eq!(selection.range(), Some(3..9));
        selection.click(0..1, true);
        assert_eq!(selection.range(), Some(0..4));
        selection.click(2..3, false);
        selection.click(2..3, false);
        assert_eq!(selection.range(), None);
        selection.select(4..4);
        assert_eq!(selection.range(), None);
    }

    #[test]
    fn keys_mean_steps() {
        let none = Modifiers::NONE;
        let step = |step, extend| Some(Pressed::Step { step, extend });
        assert_eq!(meaning(Key::ArrowLeft, none, false), step(Step::Left, false));
        assert_eq!(meaning(Key::ArrowDown, Modifiers::SHIFT, false), step(Step::Down, true));
        assert_eq!(meaning(Key::Home, Modifiers::COMMAND, false), step(Step::Start, false));
        assert_eq!(meaning(Key::End, none, false), step(Step::LineEnd, false));
        assert_eq!(meaning(Key::A, Modifiers::COMMAND, false), Some(Pressed::All));
        assert_eq!(meaning(Key::A, none, false), None);
        assert_eq!(meaning(Key::Escape, none, false), None, "there is nothing to take away");
        assert_eq!(meaning(Key::Escape, none, true), Some(Pressed::Clear));
    }
}
