//! Search within the payload that is shown: in the filter language, of which only what bytes can be looked for counts.
//!
//! Owns: the text, and what it found in one payload. Never: the search of the log (that is the find bar). Runs when the
//! text or the payload changes, over 256 KB at the most.

use std::ops::Range;

use egui::{Id, Key, RichText, TextEdit, Ui};

use super::selection::Selection;
use crate::filter::{Expression, Filter, Term};
use crate::model::TextEncoding;
use crate::payload::{self, Pattern, Places};
use crate::ui::state::Ctx;
use crate::ui::theme;
use crate::ui::widgets;

/// More places are not marked.
const MOST_PLACES: usize = 10_000;

#[derive(Default)]
pub struct Search {
    pub open: bool,
    /// It is to get the keyboard.
    focus: bool,
    text: String,
    of: Option<(u64, String)>,
    pub places: Places,
    current: Option<usize>,
    mistake: Option<Mistake>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mistake {
    /// The filter language does not know it.
    NoFilter,
    /// Nothing in it is looked for in bytes.
    NothingToLookFor,
}

impl Search {
    pub fn show(&mut self) {
        self.open = true;
        self.focus = true;
    }

    /// The place that was gone to, of these.
    pub fn current_of<'a>(&self, places: &'a Places) -> Option<&'a Range<usize>> {
        places.ranges.get(self.current?)
    }

    /// Finds again where the text or the payload is another; `read` tells payloads and their encodings apart.
    pub fn follow(&mut self, read: u64, bytes: &[u8], encoding: TextEncoding) {
        if !self.open {
            if self.of.take().is_some() {
                (self.places, self.current, self.mistake) = (Places::default(), None, None);
            }
            return;
        }
        if self.of.as_ref().is_some_and(|(known, text)| *known == read && *text == self.text) {
            return;
        }
        self.of = Some((read, self.text.clone()));
        (self.places, self.current, self.mistake) = (Places::default(), None, None);
        if self.text.trim().is_empty() {
            return;
        }
        match patterns(&self.text, encoding) {
            Ok(patterns) => self.places = payload::find_all(bytes, &patterns, MOST_PLACES),
            Err(mistake) => self.mistake = Some(mistake),
        }
    }

    /// Goes to the next place behind the cursor, or the one before it; past the last it begins again.
    pub fn step(&mut self, back: bool, selection: &mut Selection) {
        let ranges = &self.places.ranges;
        let Some(last) = ranges.len().checked_sub(1) else { return };
        let next = match self.current {
            Some(at) if selection.range().as_ref() == ranges.get(at) => {
                if back {
                    at.checked_sub(1).unwrap_or(last)
                } else if at == last {
                    0
                } else {
                    at + 1
                }
            }
            _ => {
                let from = selection.range().map_or(0, |range| range.start);
                let behind = ranges.partition_point(|range| range.start < from);
                if back {
                    behind.checked_sub(1).unwrap_or(last)
                } else if behind > last {
                    0
                } else {
                    behind
                }
            }
        };
        self.current = Some(next);
        if let Some(range) = ranges.get(next) {
            selection.select(range.clone());
        }
    }

    /// The field with its count and buttons, from left to right.
    pub fn ui(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, selection: &mut Selection) {
        let words = ctx.words;
        let name = words.get("bytes.search");
        let width = (ui.available_width() - 150.0).clamp(60.0, 260.0);
        let mut layouter = widgets::mono_line(ctx.theme.text);
        let field = TextEdit::singleline(&mut self.text)
            .id(Id::unique("bytes_search"))
            .font(theme::mono())
            .layouter(&mut layouter)
            .hint_text(RichText::new(words.get("bytes.search_hint")).color(ctx.theme.dim))
            .desired_width(width)
            .margin(egui::Margin::symmetric(8, 3));
        let response = ui.add(field);
        let text = self.text.clone();
        response.widget_info(|| {
            let mut info = egui::WidgetInfo::labeled(egui::Role::TextInput, true, name);
            info.current_text_value = Some(text.clone());
            info
        });
        if std::mem::take(&mut self.focus) {
            response.request_focus();
        }
        let key = |key| ui.input(|input| input.key_pressed(key));
        if response.lost_focus() && key(Key::Escape) {
            self.open = false;
            return;
        }
        let again = response.lost_focus() && key(Key::Enter);
        let over = response.has_focus() && key(Key::F3);
        if again || over {
            let back = ui.input(|input| input.modifiers.shift);
            self.step(back, selection);
            response.request_focus();
        }
        let (count, color) = self.count(ctx);
        ui.label(RichText::new(count).color(color));
        let any = !self.places.ranges.is_empty();
        for (glyph, key, back) in [("‹", "bytes.search_previous", true), ("›", "bytes.search_next", false)] {
            if ui.add_enabled_ui(any, |ui| widgets::icon(ui, glyph, words.get(key))).inner.clicked() {
                self.step(back, selection);
            }
        }
        if widgets::icon(ui, "×", words.get("bytes.search_close")).clicked() {
            self.open = false;
        }
    }

    fn count(&self, ctx: &Ctx<'_>) -> (String, egui::Color32) {
        let words = ctx.words;
        let found = self.places.ranges.len();
        let number = |number: usize| words.number(number as u64);
        match (self.mistake, self.current) {
            (Some(Mistake::NoFilter), _) => (words.get("bytes.search_mistake").to_owned(), ctx.theme.error),
            (Some(Mistake::NothingToLookFor), _) => (words.get("bytes.search_no_bytes").to_owned(), ctx.theme.error),
            _ if self.text.trim().is_empty() => (String::new(), ctx.theme.dim),
            (None, _) if found == 0 => (words.get("bytes.search_nothing").to_owned(), ctx.theme.dim),
            (None, _) if self.places.is_cut => {
                (words.fill("bytes.search_many", &[("count", &number(found))]), ctx.theme.dim)
            }
            (None, Some(at)) => {
                let places = [("at", number(at + 1)), ("count", number(found))];
                (words.fill("bytes.search_at", &[("at", &places[0].1), ("count", &places[1].1)]), ctx.theme.dim)
            }
            (None, None) => (words.count("bytes.search_found", found as u64), ctx.theme.dim),
        }
    }
}

/// What a filter looks for in bytes.
fn patterns(text: &str, encoding: TextEncoding) -> Result<Vec<Pattern>, Mistake> {
    let filter = Filter::parse(text).map_err(|_| Mistake::NoFilter)?;
    let mut patterns = Vec::new();
    if let Some(expression) = filter.expression() {
        collect(expression, encoding, &mut patterns);
    }
    if patterns.is_empty() { Err(Mistake::NothingToLookFor) } else { Ok(patterns) }
}

/// What is not to be there is not looked for.
fn collect(expression: &Expression, encoding: TextEncoding, patterns: &mut Vec<Pattern>) {
    match expression {
        Expression::All(parts) | Expression::Any(parts) => {
            parts.iter().for_each(|part| collect(part, encoding, patterns));
        }
        Expression::Not(_) => {}
        Expression::Is(Term::Text(text)) => patterns.extend(Pattern::text(text, encoding)),
        Expression::Is(Term::Regex { pattern, ignore_case }) => {
            patterns.extend(Pattern::expression(pattern, *ignore_case));
        }
        Expression::Is(Term::Hex(bytes)) => {
            patterns.extend(Pattern::masked(bytes.iter().map(|byte| (byte.value, byte.mask)).collect()));
        }
        Expression::Is(_) => {}
    }
}

#[cfg(test)]
#[allow(clippy::single_range_in_vec_init, reason = "a list of one range is meant")]
mod tests {
    use super::*;
    use crate::filter::HexByte;

    fn search(text: &str, bytes: &[u8]) -> Search {
        let mut search = Search { open: true, text: text.to_owned(), ..Search::default() };
        search.follow(1, bytes, TextEncoding::Utf8);
        search
    }

    #[test]
    fn steps_go_around() {
        let mut search = search("ab", b"ab.AB.ab");
        let mut selection = Selection::default();
        let mut at = Vec::new();
        for back in [false, false, false, false, true, true] {
            search.step(back, &mut selection);
            at.push(selection.range().unwrap().start);
        }
        assert_eq!(at, [0, 3, 6, 0, 6, 3]);
        selection.go(4, false);
        search.step(false, &mut selection);
        assert_eq!(selection.range(), Some(6..8));
        search.open = false;
        search.follow(1, b"ab", TextEncoding::Utf8);
        assert!(search.places.ranges.is_empty());
    }

    #[test]
    fn only_what_stands_in_bytes_is_looked_for() {
        let is = Expression::Is;
        let text = is(Term::Text("b".into()));
        let hex = is(Term::Hex(vec![HexByte { value: b'a', mask: 0xFF }, HexByte { value: 0, mask: 0 }]));
        let not = Expression::Not(Box::new(is(Term::Text("c".into()))));
        let mut patterns = Vec::new();
        let all = Expression::All(vec![Expression::Any(vec![text, hex]), not, is(Term::HasNote)]);
        collect(&all, TextEncoding::Utf8, &mut patterns);
        assert_eq!(payload::find_all(b"axb.c", &patterns, 10).ranges, [0..2, 2..3]);
        assert_eq!(search("", b"x").mistake, None);
    }
}
