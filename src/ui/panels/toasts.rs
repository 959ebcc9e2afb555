//! Short messages at the corner, with Undo where there is one. They go by themselves.
//!
//! Called by: the window's shell, through the panel registry.

use std::time::Duration;

use egui::{Align2, Area, Frame, Id, Margin, Order, RichText, Stroke, Ui};

use super::{Anchor, Panel, anchor};
use crate::ui::action::Action;
use crate::ui::state::{Ctx, Toast};
use crate::ui::widgets::small_button;

/// More at once would hide the window; the newest are shown.
const AT_MOST: usize = 4;

#[derive(Default)]
pub struct Toasts;

impl Panel for Toasts {
    fn key(&self) -> &'static str {
        "toasts"
    }

    fn ui(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
        let alive: Vec<_> = ctx.state.toasts.iter().enumerate().filter(|(_, toast)| toast.until > ctx.now).collect();
        let Some(next) = alive.iter().map(|(_, toast)| toast.until.nanos_since(ctx.now)).min() else { return };
        // One frame when the next one goes, none before.
        ui.ctx().request_repaint_after(Duration::from_nanos(next));
        // Above the composer, so that Send is never covered.
        let composer = anchor(ui.ctx(), Anchor::Composer).filter(|_| ctx.state.opened_file.is_none());
        let bottom = ui.ctx().content_rect().bottom();
        let above = composer.map_or(40.0, |composer| bottom - composer.top() + 16.0);
        Area::new(Id::unique("toasts")).order(Order::Middle).anchor(Align2::RIGHT_BOTTOM, [-16.0, -above]).show(
            ui.ctx(),
            |ui| {
                for (place, toast) in alive.iter().rev().take(AT_MOST).rev() {
                    self.toast(ctx, ui, *place, toast, actions);
                }
            },
        );
    }
}

impl Toasts {
    fn toast(&self, ctx: &Ctx<'_>, ui: &mut Ui, place: usize, toast: &Toast, actions: &mut Vec<Action>) {
        let edge = if toast.is_error { ctx.theme.error } else { ctx.theme.line };
        let ink = if toast.is_error { ctx.theme.error } else { ctx.theme.text };
        let frame = Frame::popup(ui.style())
            .fill(ctx.theme.raised)
            .stroke(Stroke::new(1.0, edge))
            .inner_margin(Margin::symmetric(12, 8));
        frame.show(ui, |ui| {
            ui.set_max_width(420.0);
            ui.horizontal(|ui| {
                ui.add(egui::Label::new(RichText::new(&toast.text).color(ink)).wrap());
                if let Some(undo) = &toast.undo
                    && small_button(ui, ctx.theme, ctx.words.get("toast.undo")).clicked()
                {
                    actions.push(Action::DismissToast(place));
                    actions.push((**undo).clone());
                }
                let close = egui::Button::new(RichText::new("✕").color(ctx.theme.dim)).frame(false);
                if ui.add(close).accessible_name(ctx.words.get("toast.close")).clicked() {
                    actions.push(Action::DismissToast(place));
                }
            });
        });
    }
}
