//! The text of the payload: a mistake is marked at its character, Up and Down walk through the history.
//! A file has a path field and a dialog in its place. Called by: the composer.

use std::sync::Arc;

use egui::text::{LayoutJob, TextFormat};
use egui::{Galley, Key, Modifiers, Stroke, TextBuffer, TextEdit, TextStyle, Ui};

use super::{Composer, editor_id};
use crate::model::PayloadFormat;
use crate::ui::action::{Action, SendAction};
use crate::ui::state::Ctx;
use crate::ui::widgets::{self, Field, FieldText, hint, plain_button, problem};

/// The line of bytes stands beneath the text. A little more than it needs: the panel would grow by what is missing.
const LINE_BELOW: f32 = 36.0;

impl Composer {
    pub(super) fn editor(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
        if self.format == PayloadFormat::File {
            self.file_row(ctx, ui, actions);
        } else {
            self.text_area(ctx, ui);
        }
    }

    fn text_area(&mut self, ctx: &Ctx<'_>, ui: &mut Ui) {
        if ui.memory(|memory| memory.has_focus(editor_id())) {
            self.walk_history(ctx, ui);
        }
        let mark = self.composed.bytes.as_ref().err().map(|mistake| mistake.at.clone());
        // The mark belongs to the text that was composed; after a change it is off until the next frame.
        let composed_text = self.composed.of.as_ref().map(|of| of.text.clone()).unwrap_or_default();
        let theme = ctx.theme;
        let mut layouter = |ui: &Ui, text: &dyn TextBuffer, width: f32| -> Arc<Galley> {
            let text = text.as_str();
            let mark = mark.clone().filter(|_| text == composed_text);
            let font = TextStyle::Monospace.resolve(ui.style());
            let plain = TextFormat::simple(font.clone(), theme.text);
            let wrong =
                TextFormat { underline: Stroke::new(2.0, theme.error), ..TextFormat::simple(font, theme.error) };
            let job = widgets::without_ligatures(marked(text, mark, &plain, &wrong, width));
            ui.fonts_mut(|fonts| fonts.layout_job(job))
        };
        let name = ctx.words.get("composer.text");
        let text = match self.format {
            PayloadFormat::Hex => &mut self.hex,
            _ => &mut self.text,
        };
        let height = (ui.available_height() - LINE_BELOW).max(44.0);
        let output = egui::ScrollArea::vertical().id_salt("composer scroll").max_height(height).show(ui, |ui| {
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
            self.history.forget();
        }
        if let Some(cursor) = output.cursor_range {
            let row = output.galley.layout_from_cursor(cursor.primary).row;
            self.history.in_first_row = row == 0;
            self.history.in_last_row = row + 1 >= output.galley.rows.len();
        }
        output.response.response.accessible_name(name);
    }

    fn walk_history(&mut self, ctx: &Ctx<'_>, ui: &Ui) {
        let press = |modifiers: Modifiers, key: Key| ui.input_mut(|i| i.consume_key(modifiers, key));
        let up =
            press(Modifiers::ALT, Key::ArrowUp) || (self.history.in_first_row && press(Modifiers::NONE, Key::ArrowUp));
        let down = press(Modifiers::ALT, Key::ArrowDown)
            || (self.history.in_last_row && press(Modifiers::NONE, Key::ArrowDown));
        let text = if up {
            let current = self.current_text().clone();
            self.history.older(&ctx.state.history, &current)
        } else if down {
            self.history.newer(&ctx.state.history)
        } else {
            None
        };
        let Some(text) = text else { return };
        let end = egui::text::CCursor::new(text.chars().count());
        match self.format {
            PayloadFormat::Hex => self.hex = text,
            _ => self.text = text,
        }
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
            let mut path = FieldText::new(std::mem::take(&mut self.path));
            field.show(ui, egui::Id::unique("composer file"), &mut path);
            self.path = path.text;
            if plain_button(ui, ctx.theme, words.get("composer.choose_file"), "").clicked() {
                actions.push(Action::Send(SendAction::ChooseFile));
            }
        });
        let path = self.path.trim();
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

/// The text with the marked range in the other format; a mark of no length is put on the character before it.
fn marked(
    text: &str,
    mark: Option<std::ops::Range<usize>>,
    plain: &TextFormat,
    wrong: &TextFormat,
    width: f32,
) -> LayoutJob {
    let mut job = LayoutJob::default();
    job.wrap.max_width = width;
    let Some(mark) = mark.filter(|mark| text.get(mark.clone()).is_some()) else {
        job.append(text, 0.0, plain.clone());
        return job;
    };
    let before = text[..mark.start].chars().next_back().map_or(0, char::len_utf8);
    let start = if mark.is_empty() { mark.start - before } else { mark.start };
    job.append(&text[..start], 0.0, plain.clone());
    job.append(&text[start..mark.end], 0.0, wrong.clone());
    job.append(&text[mark.end..], 0.0, plain.clone());
    job
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_the_character_and_never_loses_text() {
        let (plain, wrong) = (TextFormat::default(), TextFormat { italics: true, ..TextFormat::default() });
        let parts = |text: &str, mark: Option<std::ops::Range<usize>>| {
            let job = marked(text, mark, &plain, &wrong, 100.0);
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
