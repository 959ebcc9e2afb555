//! The line at the bottom: is it recording, how much, how fast, how much was dropped, into which file.

use egui::{Align, Label, Layout, RichText, Sense, Ui, Vec2, WidgetInfo};

use crate::filter::{Expression, Term, narrowed};
use crate::ui::action::{Action, LogAction};
use crate::ui::panels::Panel;
use crate::ui::state::Ctx;
use crate::ui::theme::STEP;

#[derive(Default)]
pub struct Status {}

impl Panel for Status {
    fn key(&self) -> &'static str {
        "status"
    }

    fn ui(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = 4.0 * STEP;
            recording(ctx, ui);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                file(ctx, ui, actions);
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| figures(ctx, ui, actions));
            });
        });
    }
}

fn note(ui: &mut Ui, ctx: &Ctx<'_>, text: String) -> egui::Response {
    ui.add(Label::new(RichText::new(text).size(12.0).color(ctx.theme.dim)).truncate())
}

fn recording(ctx: &Ctx<'_>, ui: &mut Ui) {
    let failing = ctx.recorder.failing.as_ref();
    let (color, key) = match (failing, &ctx.recorder.path) {
        (Some(_), _) => (ctx.theme.error, "status.not_recording"),
        (None, Some(_)) => (ctx.theme.ok, "status.recording"),
        (None, None) => (ctx.theme.dim, "status.no_file"),
    };
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 1.5 * STEP;
        let (rect, _) = ui.allocate_exact_size(Vec2::splat(9.0), Sense::hover());
        ui.painter().circle_filled(rect.center(), 4.0, color);
        let color = if failing.is_some() { ctx.theme.error } else { ctx.theme.dim };
        ui.label(RichText::new(ctx.words.get(key)).size(12.0).color(color));
    });
}

fn figures(ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
    if ctx.recorder.failing.is_some() {
        let text = ctx.words.fill("status.unrecorded", &[("events", &ctx.words.number(ctx.recorder.unrecorded_now))]);
        ui.label(RichText::new(text).size(12.0).color(ctx.theme.error));
    }
    let events = ctx.words.count("count.events", ctx.recorder.events);
    let text = if ctx.recorder.file_bytes > 0 && ctx.recorder.events > 0 {
        let bytes = ctx.words.bytes(ctx.recorder.file_bytes);
        ctx.words.fill("status.events_on_disk", &[("events", &events), ("bytes", &bytes)])
    } else {
        events
    };
    note(ui, ctx, text);
    let totals = &ctx.engine.totals;
    if totals.events_in + totals.events_out > 0 {
        let (rate_in, rate_out) =
            (ctx.words.events_rate(totals.events_in_per_second), ctx.words.events_rate(totals.events_out_per_second));
        note(ui, ctx, ctx.words.fill("status.rates", &[("in", &rate_in), ("out", &rate_out)]));
    }
    let dropped: Option<u64> = ctx.engine.endpoints.iter().filter_map(|endpoint| endpoint.dropped).reduce(|a, b| a + b);
    if let Some(dropped) = dropped {
        let text = ctx.words.fill("status.dropped", &[("datagrams", &ctx.words.number(dropped))]);
        let color = if dropped > 0 { ctx.theme.error } else { ctx.theme.dim };
        let response = ui.add(Label::new(RichText::new(text).size(12.0).color(color)).truncate());
        response.on_hover_text(ctx.words.get("status.dropped_hint"));
    }
    wrong_sums(ctx, ui, actions);
    if ctx.recorder.unrecorded_total > 0 && ctx.recorder.failing.is_none() {
        let text = ctx.words.fill("status.gap", &[("events", &ctx.words.number(ctx.recorder.unrecorded_total))]);
        ui.label(RichText::new(text).size(12.0).color(ctx.theme.error));
    }
}

/// Among the rows of the log that is shown; a click shows those.
fn wrong_sums(ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
    let Some(count) = ctx.view.wrong_sums else { return };
    let color = if count > 0 { ctx.theme.error } else { ctx.theme.dim };
    let text = ctx.words.count("count.wrong_sums", count);
    let sense = if count > 0 { Sense::click() } else { Sense::hover() };
    let response = ui.add(Label::new(RichText::new(&text).size(12.0).color(color)).truncate().sense(sense));
    let role = if count > 0 { egui::Role::Button } else { egui::Role::Label };
    response.widget_info(|| WidgetInfo::labeled(role, true, &text));
    if response.clicked() {
        let filter = narrowed(&ctx.state.filter_text, Expression::Is(Term::WrongSum));
        actions.push(Action::Log(LogAction::SetFilter(filter)));
    }
    if count > 0 {
        response.on_hover_text(ctx.words.get("status.wrong_sums_hint"));
    }
}

fn file(ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
    let Some(path) = &ctx.recorder.path else { return };
    let name = crate::payload::visible_text(&path.file_name().unwrap_or_default().to_string_lossy(), 120);
    let full = crate::payload::visible_text(&path.to_string_lossy(), 400);
    let text = RichText::new(&name).size(12.0).color(ctx.theme.dim);
    let response = ui.add(Label::new(text).truncate().sense(Sense::click()));
    let label = ctx.words.fill("status.file", &[("name", &name)]);
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, &label));
    if response.clicked() {
        actions.push(Action::Copy(path.to_string_lossy().into_owned()));
    }
    response.on_hover_text(format!("{full}\n{}", ctx.words.get("status.copy_path")));
}
