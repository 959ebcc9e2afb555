//! What must be known while it lasts: events that are not being recorded, a workspace that nobody trusted yet.
//!
//! Called by: the window's shell, through the panel registry; takes no room when there is nothing to say.

use egui::{Frame, Label, Margin, RichText, Stroke, Ui};

use super::Panel;
use crate::model::Failure;
use crate::ui::action::{Action, WorkspaceAction};
use crate::ui::state::Ctx;
use crate::ui::widgets::plain_button;

#[derive(Default)]
pub struct Banners;

impl Banners {
    /// Whether there is something to say.
    pub fn needed(ctx: &Ctx<'_>) -> bool {
        ctx.recorder.failing.is_some() || ctx.state.inert_workspace
    }
}

impl Panel for Banners {
    fn key(&self) -> &'static str {
        "banners"
    }

    fn ui(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
        if let Some(failure) = &ctx.recorder.failing {
            banner(ctx, ui, ctx.theme.error, &recording_words(ctx, failure), |_| {});
        }
        if ctx.state.inert_workspace {
            banner(ctx, ui, ctx.theme.outgoing, ctx.words.get("log.inert"), |ui| {
                if plain_button(ui, ctx.theme, ctx.words.get("log.trust"), "").clicked() {
                    actions.push(Action::Workspace(WorkspaceAction::Trust));
                }
            });
        }
    }
}

fn recording_words(ctx: &Ctx<'_>, failure: &Failure) -> String {
    let reason = ctx.words.failure(failure);
    let events = ctx.words.number(ctx.recorder.unrecorded_now);
    let text = ctx.words.fill("log.not_recording", &[("reason", &reason), ("events", &events)]);
    format!("{text} {}", ctx.words.hint(failure))
}

fn banner(ctx: &Ctx<'_>, ui: &mut Ui, color: egui::Color32, text: &str, buttons: impl FnOnce(&mut Ui)) {
    let frame =
        Frame::new().fill(ctx.theme.raised).stroke(Stroke::new(1.0, color)).inner_margin(Margin::symmetric(12, 6));
    frame.show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.horizontal_wrapped(|ui| {
            ui.add(Label::new(RichText::new(text).color(color)).wrap());
            buttons(ui);
        });
    });
}
