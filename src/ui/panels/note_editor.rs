//! The editor of one event's note, and the entries about notes in the menu of a row.
//!
//! Owns: the half-typed text. Never: writes it (it asks by `NoteAction`); it stays open until the note stands in the file.

use egui::{Align, Id, Key, Layout, Modal, Modifiers, RichText, TextEdit, Ui, Vec2};

use super::Panel;
use super::log::text::{self, Clock};
use crate::session::MAX_NOTE_BYTES;
use crate::ui::action::{Action, Form, NoteAction, ViewAction};
use crate::ui::state::{Ctx, Facts};
use crate::ui::theme;
use crate::ui::widgets;

const WIDTH: f32 = 520.0;
const LINES: usize = 6;
const EVENT_CHARS: usize = 80;

pub struct NoteEditor {
    clock: Clock,
    /// The event whose note is edited, and the text as it was.
    open: Option<(u64, String)>,
    text: String,
}

impl Default for NoteEditor {
    fn default() -> Self {
        Self { clock: Clock::new(), open: None, text: String::new() }
    }
}

/// Entries of a row's menu.
pub fn menu(ctx: &Ctx<'_>, ui: &mut Ui, seq: u64, actions: &mut Vec<Action>) {
    let note = ctx.state.notes.by_seq.get(&seq);
    if ui.button(ctx.words.get("notes.edit")).clicked() {
        actions.push(Action::View(ViewAction::ShowForm(Form::Note(seq))));
        ui.close();
    }
    let key = match note {
        None => "notes.bookmark_this",
        Some(note) if note.text.is_empty() => "notes.remove_bookmark",
        Some(_) => "notes.remove",
    };
    if ui.button(ctx.words.get(key)).clicked() {
        actions.push(Action::Note(NoteAction::ToggleBookmark(seq)));
        ui.close();
    }
    ui.separator();
}

impl Panel for NoteEditor {
    fn key(&self) -> &'static str {
        "note_editor"
    }

    fn ui(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
        let Form::Note(seq) = ctx.state.form else {
            self.open = None;
            return;
        };
        let fresh = self.open.as_ref().is_none_or(|(open, _)| *open != seq);
        if fresh {
            self.text = ctx.state.notes.by_seq.get(&seq).map_or_else(String::new, |note| note.text.clone());
            self.open = Some((seq, self.text.clone()));
        }
        let frame = egui::Frame::popup(ui.style()).inner_margin(16);
        let modal = Modal::new(Id::unique("note_editor")).frame(frame).show(ui.ctx(), |ui| {
            ui.set_width(WIDTH.min(ui.ctx().content_rect().width() - 80.0));
            self.content(ctx, ui, seq, fresh, actions);
        });
        // A click beside it must not cost what was typed.
        let unchanged = self.open.as_ref().is_none_or(|(_, before)| *before == self.text);
        let beside = modal.backdrop_response.clicked();
        if (!beside || unchanged) && modal.should_close() {
            actions.push(Action::View(ViewAction::HideForm));
        }
    }
}

impl NoteEditor {
    fn content(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, seq: u64, fresh: bool, actions: &mut Vec<Action>) {
        let words = ctx.words;
        ui.spacing_mut().item_spacing.y = 8.0;
        let title = words.fill("notes.editor_title", &[("number", &words.number(seq))]);
        ui.label(RichText::new(title).font(theme::semibold(15.0)));
        if let Some(event) = self.event(ctx, seq) {
            let job = widgets::mono_job(&event, ctx.theme.dim);
            ui.add(egui::Label::new(job).truncate());
        }
        // Taken before the field sees it: there it would begin a line.
        let by_key = ui.input_mut(|input| input.consume_key(Modifiers::COMMAND, Key::Enter));
        self.field(ctx, ui, fresh);
        let too_long = self.text.len() > MAX_NOTE_BYTES;
        if too_long {
            let text = words.fill("notes.too_long", &[("bytes", &words.bytes(MAX_NOTE_BYTES as u64))]);
            widgets::problem(ui, ctx.theme, &text);
        } else {
            ui.add(egui::Label::new(RichText::new(words.get("notes.editor_hint")).color(ctx.theme.dim)).wrap());
        }
        if let Some(failure) = &ctx.state.noted.failed {
            let text = format!("{} {}", words.failure(failure), words.hint(failure));
            widgets::problem(ui, ctx.theme, text.trim());
        }
        let line = Vec2::new(ui.available_width(), 28.0);
        ui.allocate_ui_with_layout(line, Layout::right_to_left(Align::Center), |ui| {
            let save = ui.add_enabled_ui(!too_long, |ui| widgets::primary(ui, ctx.theme, words.get("notes.save")));
            if (save.inner.clicked() || by_key) && !too_long {
                let text = if self.text.trim().is_empty() { String::new() } else { self.text.clone() };
                actions.push(Action::Note(NoteAction::Write { seq, text }));
            }
            if widgets::button(ui, words.get("notes.cancel")).clicked() {
                actions.push(Action::View(ViewAction::HideForm));
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let Some(note) = ctx.state.notes.by_seq.get(&seq) else { return };
                let key = if note.text.is_empty() { "notes.remove_bookmark" } else { "notes.remove" };
                if widgets::button(ui, words.get(key)).clicked() {
                    actions.push(Action::Note(NoteAction::Remove(seq)));
                }
            });
        });
    }

    /// The event in one line, as far as it is known without reading the file.
    fn event(&self, ctx: &Ctx<'_>, seq: u64) -> Option<String> {
        let rows = ctx.view.rows.iter().flatten().chain(&ctx.view.selected);
        if let Some(row) = rows.into_iter().find(|row| row.seq == seq) {
            return Some(text::whole_row(ctx.words, &self.clock, row, ctx.state, EVENT_CHARS, "  "));
        }
        let Some(Facts::Known(facts)) = ctx.state.noted.facts.get(&seq) else { return None };
        let time = self.clock.time(facts.time, ctx.state.local_time);
        Some(facts.flow.peer.map_or_else(|| time.clone(), |peer| format!("{time}  {peer}")))
    }

    fn field(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, fresh: bool) {
        let most = (ui.ctx().content_rect().height() - 280.0).max(80.0);
        egui::ScrollArea::vertical().max_height(most).show(ui, |ui| {
            let field = TextEdit::multiline(&mut self.text)
                .id(Id::unique("note_text"))
                .font(theme::body())
                .text_color(ctx.theme.text)
                .desired_rows(LINES)
                .desired_width(f32::INFINITY)
                .margin(egui::Margin::symmetric(8, 6));
            let response = ui.add(field);
            let (name, text) = (ctx.words.get("notes.text"), self.text.clone());
            response.widget_info(|| {
                let mut info = egui::WidgetInfo::labeled(egui::Role::MultilineTextInput, true, name);
                info.current_text_value = Some(text.clone());
                info
            });
            if fresh {
                response.request_focus();
            }
        });
    }
}
