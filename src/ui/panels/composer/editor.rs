//! The text of the payload: a mistake is marked at its character, Up and Down walk through the history.
//! A file has a path field and a dialog in its place. Called by: the composer.

use std::ops::Range;
use std::sync::Arc;

use egui::text::{CCursor, CCursorRange, LayoutJob, TextFormat};
use egui::text_edit::TextEditOutput;
use egui::{Galley, Key, Modifiers, Stroke, TextBuffer, TextEdit, TextStyle, Ui};

use super::example::Shown;
use super::piece::{self, Step};
use super::{Composer, editor_id};
use crate::model::PayloadFormat;
use crate::payload::MadeBy;
use crate::ui::action::{Action, SendAction};
use crate::ui::state::Ctx;
use crate::ui::theme::{self, Theme};
use crate::ui::widgets::{self, Field, FieldText, hint, plain_button, problem};

/// The line of bytes stands beneath the text. A little more than it needs: the panel would grow by what is missing.
const LINE_BELOW: f32 = 36.0;
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
        if ui.memory(|memory| memory.has_focus(editor_id())) {
            self.walk_history(ctx, ui);
        }
        self.take_long_paste(ui);
        self.piece_row(ctx, ui);
        let range = self.views.piece_range();
        // Parts and the mark belong to the text that was understood; after a change they are off until the next frame.
        let understood = self.preview.of().clone();
        let colored = self.colored(ctx.theme, &range);
        let theme = ctx.theme;
        let mut layouter = |ui: &Ui, text: &dyn TextBuffer, width: f32| -> Arc<Galley> {
            let text = text.as_str();
            let is_understood = understood.text.get(range.clone()) == Some(text);
            let colored = if is_understood { colored.as_slice() } else { &[] };
            let plain = TextFormat::simple(TextStyle::Monospace.resolve(ui.style()), theme.text);
            let job = widgets::without_ligatures(in_colors(text, colored, &plain, width));
            ui.fonts_mut(|fonts| fonts.layout_job(job))
        };
        let name = ctx.words.get("composer.text");
        let mut piece = self.views.piece();
        let height = (ui.available_height() - LINE_BELOW).max(44.0);
        let output = egui::ScrollArea::vertical().id_salt("composer scroll").max_height(height).show(ui, |ui| {
            TextEdit::multiline(&mut piece)
                .id(editor_id())
                .font(TextStyle::Monospace)
                .desired_width(f32::INFINITY)
                .desired_rows(1)
                .min_size(egui::vec2(0.0, height))
                .layouter(&mut layouter)
                .show(ui)
        });
        let output = output.inner;
        if piece.changed {
            self.views.edited();
        }
        if output.response.changed() {
            self.history.forget();
        }
        self.point_at_text(ui, &output);
        if let Some(cursor) = output.cursor_range.filter(|_| output.response.has_focus()) {
            self.selected = Some(cursor);
        }
        if let Some(cursor) = output.cursor_range {
            let row = output.galley.layout_from_cursor(cursor.primary).row;
            let (range, whole) = (self.views.piece_range(), self.views.text().len());
            self.history.in_first_row = row == 0 && range.start == 0;
            self.history.in_last_row = row + 1 >= output.galley.rows.len() && range.end == whole;
        }
        output.response.response.accessible_name(name);
    }

    /// Above a long text: which piece of it is in the editor.
    fn piece_row(&mut self, ctx: &Ctx<'_>, ui: &mut Ui) {
        let whole = self.views.text().len();
        if whole <= piece::WHOLE_BYTES {
            return;
        }
        let range = self.views.piece_range();
        let mistake = match self.preview.shown() {
            Shown::Mistake(mistake) => Some(mistake.at.start).filter(|at| !range.contains(at) && *at < whole),
            _ => None,
        };
        if let Some(step) = piece::row(ctx, ui, &range, whole, mistake) {
            self.views.step(step);
            self.begin_piece(ui, 0);
        }
    }

    /// The cursor stands behind so many characters; what was undone belongs to another piece.
    fn begin_piece(&mut self, ui: &Ui, characters: usize) {
        let mut state = TextEdit::load_state(ui.ctx(), editor_id()).unwrap_or_default();
        state.clear_undoer();
        state.cursor.set_char_range(Some(CCursorRange::one(CCursor::new(characters))));
        TextEdit::store_state(ui.ctx(), editor_id(), state);
        self.selected = None;
    }

    /// A long text that is pasted never comes into the editor as a whole.
    fn take_long_paste(&mut self, ui: &Ui) {
        if !ui.memory(|memory| memory.has_focus(editor_id())) {
            return;
        }
        let is_long =
            |event: &egui::Event| matches!(event, egui::Event::Paste(text) if text.len() > piece::PIECE_BYTES);
        let pasted = ui.input_mut(|input| {
            let at = input.events.iter().position(is_long)?;
            Some(input.events.remove(at))
        });
        let Some(egui::Event::Paste(text)) = pasted else { return };
        let state = TextEdit::load_state(ui.ctx(), editor_id()).unwrap_or_default();
        let mut piece = self.views.piece();
        let last = CCursorRange::one(CCursor::new(piece.as_str().chars().count()));
        let selected = state.cursor.char_range().unwrap_or(last);
        let mut cursor = piece.delete_selected(&selected);
        piece.insert_text_at(&mut cursor, &text, usize::MAX);
        let end = piece.range.start + usize::from(piece.byte_index_from_char_index(cursor.index));
        self.views.edited();
        self.history.forget();
        // Behind what was pasted, as after any paste.
        if self.views.text().len() > piece::WHOLE_BYTES {
            self.views.step(Step::To(end));
        }
        let range = self.views.piece_range();
        let before = self.views.text().get(range.start..end).map_or(0, |before| before.chars().count());
        self.begin_piece(ui, before);
    }

    /// What made the bytes of this piece, in its colour, and the mistake; places are those in the piece.
    fn colored(&self, theme: &Theme, piece: &Range<usize>) -> Vec<(Range<usize>, TextFormat)> {
        let format = |color| TextFormat::simple(theme::mono(), color);
        let within = |range: &Range<usize>| {
            range.start.max(piece.start) - piece.start..range.end.min(piece.end).max(piece.start) - piece.start
        };
        match self.preview.shown() {
            Shown::Mistake(mistake) => {
                let mark = seen_mark(&self.preview.of().text, mistake.at.clone());
                if mark.start >= piece.end && mark.start > 0 || mark.end < piece.start {
                    return Vec::new();
                }
                let underline = Stroke::new(2.0, theme.error);
                vec![(within(&mark), TextFormat { underline, ..format(theme.error) })]
            }
            Shown::Bytes(example) => {
                let parts = &example.rendered.parts;
                let first = parts.partition_point(|part| part.text.end <= piece.start);
                let behind = parts.partition_point(|part| part.text.start < piece.end).max(first);
                if behind - first > MOST_COLORED {
                    return Vec::new();
                }
                let seen = parts.iter().enumerate().take(behind).skip(first).filter(|(place, part)| {
                    !part.text.is_empty() && (part.made_by != MadeBy::Typed || self.pointed == Some(*place))
                });
                seen.map(|(place, part)| {
                    let background =
                        if self.pointed == Some(place) { theme.selection } else { egui::Color32::TRANSPARENT };
                    (within(&part.text), TextFormat { background, ..format(theme.made_by(part.made_by)) })
                })
                .collect()
            }
            Shown::Missing(_) => Vec::new(),
        }
    }

    /// The bytes of what is under the pointer are shown on another ground.
    fn point_at_text(&mut self, ui: &Ui, output: &TextEditOutput) {
        let Some(at) = output.response.hover_pos() else { return };
        let range = self.views.piece_range();
        let text = self.views.text().get(range.clone()).unwrap_or_default();
        let cursor = output.galley.cursor_from_pos(at - output.galley_pos);
        let byte = text.char_indices().nth(cursor.index.0).map(|(byte, _)| range.start + byte);
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
        *self.views.text_mut() = text;
        let end = CCursor::new(self.views.piece().as_str().chars().count());
        if let Some(mut state) = TextEdit::load_state(ui.ctx(), editor_id()) {
            state.cursor.set_char_range(Some(CCursorRange::one(end)));
            TextEdit::store_state(ui.ctx(), editor_id(), state);
        }
    }

    fn file_row(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
        let words = ctx.words;
        ui.horizontal(|ui| {
            let name = words.get("composer.file_path");
            let width = (ui.available_width() - 130.0).max(120.0);
            let field = Field { theme: ctx.theme, name, width, placeholder: words.get("composer.file_placeholder") };
            let mut path = FieldText::new(std::mem::take(self.views.text_mut()));
            field.show(ui, egui::Id::unique("composer file"), &mut path);
            *self.views.text_mut() = path.text;
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
fn in_colors(text: &str, colored: &[(Range<usize>, TextFormat)], plain: &TextFormat, width: f32) -> LayoutJob {
    let mut job = LayoutJob::default();
    job.wrap.max_width = width;
    let mut at = 0;
    for (range, format) in colored {
        let (Some(before), Some(inner)) = (text.get(at..range.start), text.get(range.clone())) else { continue };
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
            let job = in_colors(text, &mark, &plain, 100.0);
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
