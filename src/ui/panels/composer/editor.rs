//! The text of the payload: a mistake is marked at its character, Up and Down walk through the history.
//! A file has a path field and a dialog in its place. Called by: the composer.

use std::ops::Range;
use std::sync::Arc;

use egui::text::{LayoutJob, TextFormat};
use egui::text_edit::TextEditOutput;
use egui::{Galley, Key, Modifiers, Stroke, TextBuffer, TextEdit, TextStyle, Ui};

use super::pages::{LONG_BYTES, Pages};
use super::preview::Shown;
use super::{Composer, editor_id};
use crate::model::PayloadFormat;
use crate::payload::MadeBy;
use crate::ui::action::{Action, SendAction};
use crate::ui::state::Ctx;
use crate::ui::theme::{self, Theme};
use crate::ui::widgets::{self, Field, FieldText, hint, plain_button, problem};

/// The line of bytes stands beneath the text. A little more than it needs: the panel would grow by what is missing.
const LINE_BELOW: f32 = 36.0;
/// What the text keeps however small the window is; the row of pages takes some of it.
const TWO_ROWS: f32 = 44.0;
const ONE_ROW: f32 = 28.0;
const LOW_WINDOW: f32 = 600.0;
/// More parts than this are not told apart in the text: each costs a piece of layout.
const MOST_COLORED: usize = 2000;

impl Composer {
    pub(super) fn editor(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
        if self.format() == PayloadFormat::File {
            self.file_row(ctx, ui, actions);
        } else {
            self.text_area(ctx, ui);
        }
    }

    fn text_area(&mut self, ctx: &Ctx<'_>, ui: &mut Ui) {
        self.take_long_paste(ui);
        self.page_row(ctx, ui);
        let paged = Pages::are_for(&self.views);
        if !paged && ui.memory(|memory| memory.has_focus(editor_id())) {
            self.walk_history(ctx, ui);
        }
        let from = if paged { self.pages.at.start } else { 0 };
        // Parts and the mark belong to the text that was understood; after a change they are off until the next frame.
        let understood = self.preview.of().cloned().unwrap_or_default();
        let colored = self.colored(ctx.theme);
        let theme = ctx.theme;
        let mut layouter = |ui: &Ui, text: &dyn TextBuffer, width: f32| -> Arc<Galley> {
            let text = text.as_str();
            let known = understood.text.get(from..from + text.len()) == Some(text)
                && (paged || understood.text.len() == text.len());
            let plain = TextFormat::simple(TextStyle::Monospace.resolve(ui.style()), theme.text);
            let colored = if known { colored.as_slice() } else { &[] };
            let job = widgets::without_ligatures(in_colors(text, from, colored, &plain, width));
            ui.fonts_mut(|fonts| fonts.layout_job(job))
        };
        let name = ctx.words.get("composer.text");
        let text = if paged { &mut self.pages.text } else { self.views.typed() };
        let is_low = ui.ctx().content_rect().height() < LOW_WINDOW;
        let least = if paged && is_low { ONE_ROW } else { TWO_ROWS };
        let height = (ui.available_height() - LINE_BELOW).max(least);
        let scroll = egui::ScrollArea::vertical().id_salt("composer scroll");
        let output = scroll.max_height(height).min_scrolled_height(height).show(ui, |ui| {
            TextEdit::multiline(text)
                .id(editor_id())
                .font(TextStyle::Monospace)
                .desired_width(f32::INFINITY)
                .desired_rows(1)
                .min_size(egui::vec2(0.0, height))
                .layouter(&mut layouter)
                .show(ui)
        });
        let output = output.inner;
        if output.response.changed() {
            if paged {
                self.pages.put_back(&mut self.views);
            } else {
                self.views.revision += 1;
            }
            self.forget_refusal();
            self.history.forget();
        }
        self.point_at_text(ui, &output);
        if let Some(cursor) = output.cursor_range.filter(|_| output.response.has_focus()) {
            self.selected = Some(cursor);
        }
        if let Some(cursor) = output.cursor_range {
            let row = output.galley.layout_from_cursor(cursor.primary).row;
            self.history.in_first_row = row == 0;
            self.history.in_last_row = row + 1 >= output.galley.rows.len();
        }
        output.response.response.accessible_name(name);
    }

    /// What made the bytes, in its colour, and the mistake.
    fn colored(&self, theme: &Theme) -> Vec<(Range<usize>, TextFormat)> {
        let format = |color| TextFormat::simple(theme::mono(), color);
        match self.preview.shown() {
            Shown::Mistake(mistake) => {
                let text = self.preview.of().map_or("", |of| &of.text);
                let underline = Stroke::new(2.0, theme.error);
                vec![(seen_mark(text, mistake.at.clone()), TextFormat { underline, ..format(theme.error) })]
            }
            Shown::Bytes(example) if example.rendered.parts.len() <= MOST_COLORED => {
                let parts = example.rendered.parts.iter().enumerate();
                let seen = parts.filter(|(place, part)| {
                    !part.text.is_empty() && (part.made_by != MadeBy::Typed || self.pointed == Some(*place))
                });
                seen.map(|(place, part)| {
                    let background =
                        if self.pointed == Some(place) { theme.selection } else { egui::Color32::TRANSPARENT };
                    (part.text.clone(), TextFormat { background, ..format(theme.made_by(part.made_by)) })
                })
                .collect()
            }
            Shown::Bytes(_) | Shown::Missing(_) => Vec::new(),
        }
    }

    /// The bytes of what is under the pointer are shown on another ground.
    fn point_at_text(&mut self, ui: &Ui, output: &TextEditOutput) {
        let Some(at) = output.response.hover_pos() else { return };
        let text = self.views.text();
        if text.len() > LONG_BYTES {
            return;
        }
        let cursor = output.galley.cursor_from_pos(at - output.galley_pos);
        let byte = text.char_indices().nth(cursor.index.0).map(|(byte, _)| byte);
        let pointed = byte.and_then(|byte| self.preview.example()?.part_at(byte));
        if self.pointed != pointed {
            self.pointed = pointed;
            ui.ctx().request_repaint();
        }
    }

    fn walk_history(&mut self, ctx: &Ctx<'_>, ui: &Ui) {
        let press = |modifiers: Modifiers, key: Key| ui.input_mut(|i| i.consume_key(modifiers, key));
        let up =
            press(Modifiers::ALT, Key::ArrowUp) || (self.history.in_first_row && press(Modifiers::NONE, Key::ArrowUp));
        let down = press(Modifiers::ALT, Key::ArrowDown)
            || (self.history.in_last_row && press(Modifiers::NONE, Key::ArrowDown));
        let text = if up {
            let current = self.views.text().clone();
            self.history.older(&ctx.state.history, &current)
        } else if down {
            self.history.newer(&ctx.state.history)
        } else {
            None
        };
        let Some(text) = text else { return };
        let end = egui::text::CCursor::new(text.chars().count());
        *self.views.text_mut() = text;
        if let Some(mut state) = TextEdit::load_state(ui.ctx(), editor_id()) {
            state.cursor.set_char_range(Some(egui::text::CCursorRange::one(end)));
            TextEdit::store_state(ui.ctx(), editor_id(), state);
        }
    }

    fn file_row(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
        let words = ctx.words;
        ui.horizontal(|ui| {
            let name = words.get("composer.file_path");
            let width = (ui.available_width() - 130.0).max(120.0);
            let field = Field { theme: ctx.theme, name, width, placeholder: words.get("composer.file_placeholder") };
            let mut path = FieldText::new(std::mem::take(self.views.typed()));
            let changed = field.show(ui, egui::Id::unique("composer file"), &mut path).changed();
            *self.views.typed() = path.text;
            self.views.revision += u64::from(changed);
            if plain_button(ui, ctx.theme, words.get("composer.choose_file"), "").clicked() {
                actions.push(Action::Send(SendAction::ChooseFile));
            }
        });
        let path = self.views.text().trim();
        match ctx.state.file.as_ref().filter(|file| file.path == path && !path.is_empty()).map(|file| &file.size) {
            Some(Ok(size)) => hint(
                ui,
                ctx.theme,
                &words.fill("composer.file_size", &[("size", &words.bytes(*size)), ("bytes", &words.number(*size))]),
            ),
            Some(Err(failure)) => problem(ui, ctx.theme, &words.failure(failure)),
            None => hint(ui, ctx.theme, words.get("composer.file_drop")),
        };
    }
}

/// The text with these ranges, in order, in their formats. A range that is not between characters is left out.
/// The ranges are of a text of which this one begins at `from`.
fn in_colors(
    text: &str,
    from: usize,
    colored: &[(Range<usize>, TextFormat)],
    plain: &TextFormat,
    width: f32,
) -> LayoutJob {
    let mut job = LayoutJob::default();
    job.wrap.max_width = width;
    let mut at = 0;
    for (range, format) in colored {
        let range = range.start.saturating_sub(from)..range.end.saturating_sub(from).min(text.len());
        let (Some(before), Some(inner)) = (text.get(at..range.start), text.get(range.clone())) else { continue };
        if inner.is_empty() {
            continue;
        }
        job.append(before, 0.0, plain.clone());
        job.append(inner, 0.0, format.clone());
        at = range.end;
    }
    job.append(text.get(at..).unwrap_or_default(), 0.0, plain.clone());
    job
}

/// A mark of no length is put on the character before it.
fn seen_mark(text: &str, mark: Range<usize>) -> Range<usize> {
    let before = text.get(..mark.start).and_then(|before| before.chars().next_back()).map_or(0, char::len_utf8);
    if mark.is_empty() { mark.start - before..mark.end } else { mark }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_the_character_and_never_loses_text() {
        let (plain, wrong) = (TextFormat::default(), TextFormat { italics: true, ..TextFormat::default() });
        let parts = |text: &str, mark: Option<Range<usize>>| {
            let mark: Vec<_> = mark.map(|mark| (seen_mark(text, mark), wrong.clone())).into_iter().collect();
            let job = in_colors(text, 0, &mark, &plain, 100.0);
            assert_eq!(job.text, text);
            job.sections
                .iter()
                .filter(|section| section.format.italics)
                .map(|section| job.text[section.byte_range.start.0..section.byte_range.end.0].to_owned())
                .collect::<String>()
        };
        assert_eq!(parts("a\\qb", Some(1..3)), "\\q");
        assert_eq!(parts("泵é", Some(5..5)), "é");
        assert_eq!(parts("", Some(0..0)), "");
        assert_eq!(parts("泵", Some(1..2)), "", "a range inside a character marks nothing");
        assert_eq!(parts("abc", Some(9..12)), "");
        assert_eq!(parts("abc", None), "");
    }
}
