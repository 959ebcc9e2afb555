//! A long text is edited page by page, so that a key costs the layout of one page, however long the whole is.
//!
//! Owns: which page is shown, and its text as it stands in the editor. Called by: the composer's editor.

use std::ops::Range;

use egui::{Event, RichText, Ui};

use super::views::Views;
use super::{Composer, editor_id};
use crate::payload::MAX_PAYLOAD_BYTES;
use crate::ui::state::Ctx;
use crate::ui::understood::Shown;
use crate::ui::widgets::{problem, small_button};

/// A longer text has pages.
pub const LONG_BYTES: usize = 64 * 1024;
const PAGE_BYTES: usize = 32 * 1024;
/// A page rather ends with a line or a word, where one ends this close.
const NEAR_BYTES: usize = 1024;

#[derive(Default)]
pub struct Pages {
    pub text: String,
    /// Where it stands in the whole.
    pub at: Range<usize>,
    /// The revision of the whole that it is of.
    revision: u64,
    /// Bytes of a paste that was refused.
    refused: Option<u64>,
}

impl Pages {
    pub fn are_for(views: &Views) -> bool {
        views.text().len() > LONG_BYTES
    }

    /// Up to date with a text that was changed elsewhere.
    pub fn follow(&mut self, views: &Views) {
        if self.revision != views.revision {
            self.go(views, self.at.start);
        }
    }

    /// The page that begins at this byte, or a little before it.
    pub fn go(&mut self, views: &Views, start: usize) {
        let whole = views.text();
        let start = if start < whole.len() { start } else { whole.len().saturating_sub(PAGE_BYTES) };
        let start = whole.floor_char_boundary(start);
        self.at = start..end_of_page(whole, start);
        self.text = whole.get(self.at.clone()).unwrap_or_default().to_owned();
        self.revision = views.revision;
    }

    /// The page was edited: so is the whole.
    pub fn put_back(&mut self, views: &mut Views) {
        views.text_mut().replace_range(self.at.clone(), &self.text);
        self.at.end = self.at.start + self.text.len();
        self.revision = views.revision;
    }
}

fn end_of_page(text: &str, start: usize) -> usize {
    let end = text.floor_char_boundary((start + PAGE_BYTES).min(text.len()));
    // A rest that is hardly longer than nothing belongs to this page.
    if text.len() - end < NEAR_BYTES {
        return text.len();
    }
    let near = text.floor_char_boundary(end - NEAR_BYTES);
    let tail = text.get(near..end).unwrap_or_default();
    let cut = tail.rfind('\n').or_else(|| tail.rfind(' '));
    cut.map_or(end, |cut| near + cut + 1)
}

impl Composer {
    /// The row above a page: which one it is, and the way to the others.
    pub(super) fn page_row(&mut self, ctx: &Ctx<'_>, ui: &mut Ui) {
        let words = ctx.words;
        if let Some(bytes) = self.pages.refused {
            let limit = words.bytes(MAX_PAYLOAD_BYTES);
            let text = words.fill("composer.paste_refused", &[("bytes", &words.bytes(bytes)), ("limit", &limit)]);
            problem(ui, ctx.theme, &text);
        }
        if !Pages::are_for(&self.views) {
            return;
        }
        self.pages.follow(&self.views);
        let (at, whole) = (self.pages.at.clone(), self.views.text().len());
        ui.horizontal_wrapped(|ui| {
            let places = [("from", at.start as u64 + 1), ("to", at.end as u64), ("all", whole as u64)]
                .map(|(key, number)| (key, words.number(number)));
            let places: Vec<(&str, &dyn std::fmt::Display)> =
                places.iter().map(|(key, number)| (*key, number as &dyn std::fmt::Display)).collect();
            ui.label(RichText::new(words.fill("composer.page", &places)).color(ctx.theme.dim));
            let mut to = None;
            let before = at.start.saturating_sub(PAGE_BYTES);
            for (key, start, there) in [
                ("composer.page_first", 0, at.start > 0),
                ("composer.page_before", before, at.start > 0),
                ("composer.page_after", at.end, at.end < whole),
                ("composer.page_last", whole, at.end < whole),
            ] {
                let button = ui.add_enabled_ui(there, |ui| small_button(ui, ctx.theme, words.get(key)));
                if button.inner.clicked() {
                    to = Some(start);
                }
            }
            if let Some(place) = self.mistake_elsewhere()
                && small_button(ui, ctx.theme, words.get("composer.page_mistake")).clicked()
            {
                to = Some(place.saturating_sub(NEAR_BYTES));
            }
            if let Some(start) = to {
                self.pages.go(&self.views, start);
                // Cursor and undo were those of another page.
                egui::TextEdit::store_state(ui.ctx(), editor_id(), Default::default());
                self.selected = None;
            }
        });
    }

    fn mistake_elsewhere(&self) -> Option<usize> {
        match self.preview.shown() {
            Shown::Mistake(mistake) if !self.preview.waits() && !self.pages.at.contains(&mistake.at.start) => {
                Some(mistake.at.start)
            }
            _ => None,
        }
    }

    /// A paste that makes a long text does not go through the widget, which would lay all of it out.
    pub(super) fn take_long_paste(&mut self, ui: &mut Ui) {
        if !ui.memory(|memory| memory.has_focus(editor_id())) {
            return;
        }
        let (shown, whole) = match Pages::are_for(&self.views) {
            true => (self.pages.text.len(), self.views.text().len()),
            false => (self.views.text().len(), self.views.text().len()),
        };
        let pasted = ui.input_mut(|input| {
            let long = |event: &Event| matches!(event, Event::Paste(text) if shown + text.len() > LONG_BYTES);
            let place = input.events.iter().position(long)?;
            Some(input.events.remove(place))
        });
        let Some(Event::Paste(text)) = pasted else { return };
        if (whole + text.len()) as u64 > MAX_PAYLOAD_BYTES {
            self.pages.refused = Some(text.len() as u64);
            return;
        }
        self.put(ui, |_| text);
    }

    /// Something else was typed: the refusal is history.
    pub(super) fn forget_refusal(&mut self) {
        self.pages.refused = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn views(text: &str) -> Views {
        let mut views = Views::default();
        text.clone_into(views.text_mut());
        views
    }

    #[test]
    fn pages_follow_one_another_and_lose_nothing() {
        let text: String = (0..40_000).map(|number| format!("泵{number} ")).collect();
        let views = views(&text);
        let (mut pages, mut seen) = (Pages::default(), String::new());
        pages.follow(&views);
        loop {
            assert!(pages.text.len() <= PAGE_BYTES + NEAR_BYTES);
            seen.push_str(&pages.text);
            if pages.at.end == text.len() {
                break;
            }
            pages.go(&views, pages.at.end);
        }
        assert_eq!(seen, text);
        pages.go(&views, usize::MAX);
        assert_eq!(pages.at.end, text.len());
    }

    #[test]
    fn an_edited_page_edits_the_whole() {
        let text = "0123456789abcde ".repeat(10_000);
        let mut views = views(&text);
        let mut pages = Pages::default();
        pages.go(&views, 70_001);
        let at = pages.at.clone();
        pages.text.insert_str(3, "NEW");
        pages.put_back(&mut views);
        assert_eq!(views.text().len(), text.len() + 3);
        assert_eq!(views.text().get(at.start + 3..at.start + 6), Some("NEW"));
        assert_eq!(views.text().get(at.end + 3..), text.get(at.end..));
        let page = pages.text.clone();
        pages.follow(&views);
        assert_eq!(pages.text, page, "its own edit does not turn the page");
    }

    #[test]
    fn a_page_of_any_text_is_cut_between_characters() {
        for text in ["é".repeat(100_000), "x".repeat(LONG_BYTES + 1), String::new()] {
            let views = views(&text);
            for start in [0, 1, 32_767, 65_536, usize::MAX] {
                let mut pages = Pages::default();
                pages.go(&views, start);
                assert_eq!(text.get(pages.at.clone()), Some(pages.text.as_str()));
            }
        }
    }
}
