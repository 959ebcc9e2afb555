//! The strip above the rows: the filter line, how many rows it shows, the four chips, pause, save.
//!
//! Called by: the log.

use egui::{Align, Layout, RichText, Ui};

use super::filters;
use super::line::FilterLine;
use crate::ui::action::{Action, Form, LogAction, ViewAction};
use crate::ui::panels::{Anchor, set_anchor};
use crate::ui::state::Ctx;
use crate::ui::widgets;

/// Beneath this width controls are their glyphs alone, and what was matched is told in the rows' header.
const NARROW: f32 = 700.0;

pub fn is_narrow(width: f32) -> bool {
    width < NARROW
}

pub fn strip(line: &mut FilterLine, ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
    let narrow = is_narrow(ui.available_width());
    ui.spacing_mut().item_spacing.x = if narrow { 5.0 } else { 8.0 };
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        buttons(ctx, ui, narrow, actions);
        chips(ctx, ui, narrow, actions);
        if let Some(text) = progress(ctx).filter(|_| !narrow) {
            ui.label(RichText::new(text).size(12.0).color(ctx.theme.dim));
        }
        line.ui(ctx, ui, actions);
    });
}

/// From right to left.
fn buttons(ctx: &Ctx<'_>, ui: &mut Ui, narrow: bool, actions: &mut Vec<Action>) {
    let name = ctx.words.get("log.save");
    let save = if narrow { widgets::button(ui, "↧").on_hover_text(name) } else { widgets::button(ui, name) };
    let save = save.accessible_name(name);
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
    let response = if narrow {
        widgets::button(ui, glyph).on_hover_text(text)
    } else {
        widgets::button(ui, &format!("{glyph} {text}"))
    };
    let paused = ctx.state.paused;
    response.widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, true, paused, text));
    if response.clicked() {
        actions.push(Action::Log(LogAction::Pause(!ctx.state.paused)));
    }
}

/// From right to left.
fn chips(ctx: &Ctx<'_>, ui: &mut Ui, narrow: bool, actions: &mut Vec<Action>) {
    let (query, theme) = (&ctx.state.query, ctx.theme);
    let chips = [
        ("log.error", "▲", query.errors, theme.error, LogAction::ToggleErrors),
        ("log.state", "◆", query.state, theme.text, LogAction::ToggleState),
        ("log.out", "↑", query.sent, theme.outgoing, LogAction::ToggleSent),
        ("log.in", "↓", query.received, theme.incoming, LogAction::ToggleReceived),
    ];
    for (key, glyph, on, color, action) in chips {
        let name = ctx.words.get(key);
        let text = if narrow { glyph.to_owned() } else { format!("{glyph} {name}") };
        let mut response = widgets::chip(ui, theme, &text, Some(color), name, on);
        if narrow {
            response = response.on_hover_text(name);
        }
        if response.clicked() {
            actions.push(Action::Log(action));
        }
    }
    frames(ctx, ui, narrow, actions);
}

/// Rows are frames; of use where some endpoint has a framing.
fn frames(ctx: &Ctx<'_>, ui: &mut Ui, narrow: bool, actions: &mut Vec<Action>) {
    let (name, on) = (ctx.words.get("log.frames"), ctx.state.show_frames);
    let text = if narrow { "[ ]" } else { name };
    let is_set = !ctx.state.query.framings.endpoints.is_empty();
    let key = if is_set { "log.frames_hint" } else { "log.frames_none" };
    let response = widgets::chip(ui, ctx.theme, text, None, name, on).on_hover_text(ctx.words.get(key));
    if response.clicked() {
        actions.push(Action::Log(LogAction::ShowFrames(!on)));
    }
}

/// How many match, and how far the search is; `None` while nothing is left out.
pub fn progress(ctx: &Ctx<'_>) -> Option<String> {
    if !filters(&ctx.state.query) {
        return None;
    }
    let words = ctx.words;
    let running = ctx.view.query != ctx.state.query || ctx.view.scanned < ctx.view.total;
    let (matched, total) = (words.number(ctx.view.matched), words.number(ctx.view.total));
    let mut text = words.fill("log.matches", &[("matched", &matched), ("total", &total)]);
    if running {
        let percent = (ctx.view.scanned.min(ctx.view.total) * 100).checked_div(ctx.view.total).unwrap_or(0);
        text = format!("{text} · {}", words.fill("log.searching", &[("percent", &percent)]));
    }
    Some(text)
}
