//! The filter line: text, the four chips, pause, save.

use std::time::Duration;

use egui::{Align, Key, Layout, RichText, TextEdit, Ui};

use super::filters;
use crate::ui::action::{Action, Form, LogAction, ViewAction};
use crate::ui::panels::{Anchor, set_anchor};
use crate::ui::state::{Ctx, Focus};
use crate::ui::theme;
use crate::ui::widgets::{self, row_list::TYPING_PAUSE};

#[derive(Default)]
pub struct FilterField {
    text: String,
    /// What the query had last: it changes without us when another log is shown.
    taken: String,
    /// When the last key was pressed, while the text is not taken over yet.
    typed_at: Option<f64>,
}

impl FilterField {
    pub fn ui(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
        ui.spacing_mut().item_spacing.x = 8.0;
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            buttons(ctx, ui, actions);
            chips(ctx, ui, actions);
            progress(ctx, ui);
            self.field(ctx, ui, actions);
        });
    }

    fn field(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
        if self.taken != ctx.state.filter_text {
            self.taken.clone_from(&ctx.state.filter_text);
            self.text.clone_from(&self.taken);
            self.typed_at = None;
        }
        let name = ctx.words.get("log.filter");
        let mut layouter = widgets::mono_line(ctx.theme.text);
        let field = TextEdit::singleline(&mut self.text)
            .id(egui::Id::unique("log_filter"))
            .font(theme::mono())
            .layouter(&mut layouter)
            .hint_text(RichText::new(ctx.words.get("log.filter_hint")).color(ctx.theme.dim))
            .desired_width(ui.available_width())
            .margin(egui::Margin::symmetric(9, 4));
        let response = ui.add(field);
        let text = self.text.clone();
        response.widget_info(|| {
            let mut info = egui::WidgetInfo::labeled(egui::Role::TextInput, true, name);
            info.current_text_value = Some(text.clone());
            info
        });
        if ctx.state.focus == Some(Focus::Filter) {
            response.request_focus();
        }
        let now = ui.input(|input| input.time);
        if response.changed() {
            self.typed_at = Some(now);
        }
        let escaped = response.lost_focus() && ui.input(|input| input.key_pressed(Key::Escape));
        if escaped && !self.text.is_empty() {
            self.text.clear();
            self.take(actions);
        } else if response.lost_focus() && self.typed_at.is_some() {
            self.take(actions);
        } else if let Some(typed_at) = self.typed_at {
            let left = TYPING_PAUSE.as_secs_f64() - (now - typed_at);
            if left <= 0.0 {
                self.take(actions);
            } else {
                ui.ctx().request_repaint_after(Duration::from_secs_f64(left));
            }
        }
    }

    fn take(&mut self, actions: &mut Vec<Action>) {
        self.typed_at = None;
        if self.text != self.taken {
            self.taken.clone_from(&self.text);
            actions.push(Action::Log(LogAction::SetFilter(self.text.clone())));
        }
    }
}

/// From right to left.
fn buttons(ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
    let save = widgets::button(ui, ctx.words.get("log.save"));
    set_anchor(ui.ctx(), Anchor::SaveLog, save.rect);
    if save.clicked() {
        let open = ctx.state.form == Form::SaveLog;
        actions.push(Action::View(if open { ViewAction::HideForm } else { ViewAction::ShowForm(Form::SaveLog) }));
    }
    if ctx.state.opened_file.is_some() {
        return;
    }
    let key = if ctx.state.paused { "log.resume" } else { "log.pause" };
    let text = ctx.words.get(key);
    let glyph = if ctx.state.paused { "▶" } else { "⏸" };
    let response = widgets::button(ui, &format!("{glyph} {text}"));
    let paused = ctx.state.paused;
    response.widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, true, paused, text));
    if response.clicked() {
        actions.push(Action::Log(LogAction::Pause(!ctx.state.paused)));
    }
}

/// From right to left.
fn chips(ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
    let (query, theme) = (&ctx.state.query, ctx.theme);
    let chips = [
        ("log.error", "▲", query.errors, theme.error, LogAction::ToggleErrors),
        ("log.state", "◆", query.state, theme.text, LogAction::ToggleState),
        ("log.out", "↑", query.sent, theme.outgoing, LogAction::ToggleSent),
        ("log.in", "↓", query.received, theme.incoming, LogAction::ToggleReceived),
    ];
    for (key, glyph, on, color, action) in chips {
        let name = ctx.words.get(key);
        if widgets::chip(ui, theme, &format!("{glyph} {name}"), Some(color), name, on).clicked() {
            actions.push(Action::Log(action));
        }
    }
}

/// How many match, and how far the search is.
fn progress(ctx: &Ctx<'_>, ui: &mut Ui) {
    if !filters(&ctx.state.query) {
        return;
    }
    let words = ctx.words;
    let running = ctx.view.query != ctx.state.query || ctx.view.scanned < ctx.view.total;
    let (matched, total) = (words.number(ctx.view.matched), words.number(ctx.view.total));
    let mut text = words.fill("log.matches", &[("matched", &matched), ("total", &total)]);
    if running {
        let percent = (ctx.view.scanned.min(ctx.view.total) * 100).checked_div(ctx.view.total).unwrap_or(0);
        text = format!("{text} · {}", words.fill("log.searching", &[("percent", &percent)]));
    }
    ui.label(RichText::new(text).size(12.0).color(ctx.theme.dim));
}
