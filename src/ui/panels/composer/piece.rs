//! A long text is edited a piece at a time: laying out and reading out all of it would cost every frame what it is long.
//!
//! Owns: which bytes of a text are in the editor, and the row that goes from one piece to the next. Never: copies the text.
//! Called by: the editor, `views`, `insert`.

use std::any::TypeId;
use std::ops::Range;

use egui::text::CharIndex;
use egui::{RichText, TextBuffer, Ui};

use crate::ui::state::Ctx;
use crate::ui::widgets::plain_button;

/// A text of at most so many bytes is edited as a whole.
pub const WHOLE_BYTES: usize = 64 * 1024;
/// A piece of a longer one.
pub const PIECE_BYTES: usize = 16 * 1024;
/// A piece may grow to so much before it is cut: it is not cut under each key.
const MOST_PIECE_BYTES: usize = 32 * 1024;

/// What the editor changes.
pub struct Piece<'a> {
    pub whole: &'a mut String,
    pub range: &'a mut Range<usize>,
    pub changed: bool,
}

/// Where a piece is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Earlier,
    Later,
    /// The one with this byte.
    To(usize),
}

/// The piece that this range of a text can be: between characters, not empty where the text is not, not too long.
pub fn fit(range: &Range<usize>, text: &str) -> Range<usize> {
    if text.len() <= WHOLE_BYTES {
        return 0..text.len();
    }
    if range.len() > MOST_PIECE_BYTES || range.start >= range.end || range.end > text.len() {
        return from(range.start.min(text.len() - 1), text);
    }
    text.floor_char_boundary(range.start)..text.ceil_char_boundary(range.end)
}

/// The piece from about here on.
fn from(start: usize, text: &str) -> Range<usize> {
    // The last one is not a small rest.
    let start = text.floor_char_boundary(start.min(text.len().saturating_sub(PIECE_BYTES)));
    let end = text.ceil_char_boundary((start + PIECE_BYTES).min(text.len()));
    start..end
}

/// The piece of another place.
pub fn step(range: &Range<usize>, text: &str, step: Step) -> Range<usize> {
    match step {
        _ if text.len() <= WHOLE_BYTES => 0..text.len(),
        Step::Earlier => from(range.start.saturating_sub(PIECE_BYTES), text),
        Step::Later => from(range.end, text),
        // With some of what is before it.
        Step::To(byte) => from(byte.saturating_sub(PIECE_BYTES / 4), text),
    }
}

/// Which piece is shown, and the ways to the others. `mistake`: where one stands that is not in it.
pub fn row(ctx: &Ctx<'_>, ui: &mut Ui, range: &Range<usize>, whole: usize, mistake: Option<usize>) -> Option<Step> {
    let words = ctx.words;
    let number = |value: usize| words.number(value as u64);
    let mut wanted = None;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 8.0;
        let places = [number(range.start + 1), number(range.end), number(whole)];
        let [from, to, all] = &places;
        let shown = words.fill("composer.piece", &[("from", from), ("to", to), ("all", all)]);
        ui.label(RichText::new(shown).color(ctx.theme.dim));
        for (key, step, is_there) in [
            ("composer.piece_earlier", Step::Earlier, range.start > 0),
            ("composer.piece_later", Step::Later, range.end < whole),
        ] {
            let clicked = ui.add_enabled_ui(is_there, |ui| plain_button(ui, ctx.theme, words.get(key), "").clicked());
            if clicked.inner {
                wanted = Some(step);
            }
        }
        if let Some(at) = mistake
            && plain_button(ui, ctx.theme, words.get("composer.piece_mistake"), "").clicked()
        {
            wanted = Some(Step::To(at));
        }
    });
    wanted
}

impl TextBuffer for Piece<'_> {
    fn is_mutable(&self) -> bool {
        true
    }

    fn as_str(&self) -> &str {
        self.whole.get(self.range.clone()).unwrap_or_default()
    }

    fn insert_text(&mut self, text: &str, char_index: CharIndex) -> usize {
        let at = self.range.start + usize::from(self.byte_index_from_char_index(char_index));
        self.whole.insert_str(at, text);
        self.range.end += text.len();
        self.changed |= !text.is_empty();
        text.chars().count()
    }

    fn delete_char_range(&mut self, char_range: Range<CharIndex>) {
        let place = |index: CharIndex| self.range.start + usize::from(self.byte_index_from_char_index(index));
        let range = place(char_range.start)..place(char_range.end);
        if range.start < range.end {
            self.range.end -= range.len();
            self.whole.drain(range);
            self.changed = true;
        }
    }

    fn type_id(&self) -> TypeId {
        TypeId::of::<Piece<'static>>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_text_is_one_piece_and_a_long_one_is_walked_to_its_ends() {
        assert_eq!(fit(&(3..4), "泵 ok"), 0..6);
        let text = "泵".repeat(100_000);
        let mut range = fit(&(0..0), &text);
        let mut seen = range.end;
        while range.end < text.len() {
            range = step(&range, &text, Step::Later);
            assert!(range.start <= seen && text.get(range.clone()).is_some() && range.len() <= PIECE_BYTES + 4);
            seen = range.end;
        }
        assert_eq!(seen, text.len());
        while range.start > 0 {
            let before = range.start;
            range = step(&range, &text, Step::Earlier);
            assert!(range.end >= before && range.start < before);
        }
        assert!(step(&range, &text, Step::To(150_000)).contains(&150_000));
        assert_eq!(fit(&(299_000..400_000), &text).end, text.len());
        assert!(text.get(fit(&(7..11), &text)).is_some());
    }

    #[test]
    fn what_is_typed_in_a_piece_stands_in_the_whole() {
        let mut whole = format!("{}{}", "泵".repeat(30_000), "x".repeat(10_000));
        let mut range = 30_000..30_030;
        let mut piece = Piece { whole: &mut whole, range: &mut range, changed: false };
        assert_eq!(piece.insert_text("né", CharIndex(2)), 2);
        piece.delete_char_range(CharIndex(0)..CharIndex(1));
        assert_eq!((piece.as_str(), piece.changed), ("泵né泵泵泵泵泵泵泵泵", true));
        piece.replace_with("!");
        assert_eq!(piece.as_str(), "!");
        assert_eq!((whole.len(), range), (100_000 - 30 + 1, 30_000..30_001));
    }
}
