//! The filter language on one page: everything that can be said, with an example of each that can be taken over.
//!
//! Called by: the shell, while its form is open. The table is the language's own.

use egui::{Align, Button, Id, Label, Layout, Modal, RichText, ScrollArea, Sense, Ui, UiBuilder, Vec2};

use super::log::filter_layout;
use crate::filter::{self, HelpGroup};
use crate::ui::action::{Action, Form, LogAction, ViewAction};
use crate::ui::panels::Panel;
use crate::ui::state::Ctx;
use crate::ui::theme;
use crate::ui::widgets;

const WIDTH: f32 = 700.0;
/// The columns of what is written and of its example.
const SYNTAX: f32 = 156.0;
const EXAMPLE: f32 = 220.0;

#[derive(Default)]
pub struct FilterHelp {}

impl Panel for FilterHelp {
    fn key(&self) -> &'static str {
        "filter_help"
    }

    fn ui(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
        if ctx.state.form != Form::FilterHelp {
            return;
        }
        let screen = ui.ctx().content_rect().size();
        let modal = Modal::new(Id::unique("filter_help")).frame(egui::Frame::popup(ui.style()).inner_margin(16)).show(
            ui.ctx(),
            |ui| {
                ui.set_width(WIDTH.min(screen.x - 64.0));
                ui.label(RichText::new(ctx.words.get("filter_guide.title")).font(theme::semibold(15.0)));
                ui.add(Label::new(RichText::new(ctx.words.get("filter_guide.what")).color(ctx.theme.dim)).wrap());
                let most = screen.y - 180.0;
                ScrollArea::vertical().max_height(most).min_scrolled_height(most).show(ui, |ui| {
                    for group in filter::help() {
                        rows(ctx, ui, group, actions);
                    }
                });
                ui.add_space(4.0);
                ui.with_layout(egui::Layout::right_to_left(egui::Align::Min), |ui| {
                    widgets::primary(ui, ctx.theme, ctx.words.get("filter_guide.close")).clicked()
                })
                .inner
            },
        );
        if modal.inner || modal.should_close() {
            actions.push(Action::View(ViewAction::HideForm));
        }
    }
}

fn rows(ctx: &Ctx<'_>, ui: &mut Ui, group: &HelpGroup, actions: &mut Vec<Action>) {
    ui.add_space(8.0);
    ui.label(RichText::new(ctx.words.get(group.key)).font(theme::semibold(13.0)));
    for row in group.rows {
        ui.push_id(row.example, |ui| {
            ui.horizontal(|ui| {
                ui.spacing_mut().item_spacing.x = 0.0;
                column(ui, SYNTAX, |ui| drop(ui.label(widgets::mono_job(row.syntax, ctx.theme.dim))));
                column(ui, EXAMPLE, |ui| {
                    if example(ctx, ui, row.example) {
                        actions.push(Action::Log(LogAction::SetFilter(row.example.to_owned())));
                        actions.push(Action::View(ViewAction::HideForm));
                        actions.push(Action::View(ViewAction::FocusFilter));
                    }
                });
                ui.add(Label::new(RichText::new(ctx.words.get(row.key)).color(ctx.theme.text)).wrap());
            });
        });
    }
}

fn column(ui: &mut Ui, width: f32, content: impl FnOnce(&mut Ui)) {
    let place = ui.allocate_exact_size(Vec2::new(width, theme::ROW), Sense::hover()).0;
    let layout = Layout::left_to_right(Align::Center);
    // A child of its own: the columns stand beneath each other whatever is in them.
    content(&mut ui.new_child(UiBuilder::new().max_rect(place).layout(layout)));
}

fn example(ctx: &Ctx<'_>, ui: &mut Ui, example: &str) -> bool {
    let galley = filter_layout(ctx, None)(ui, &example, f32::INFINITY);
    let name = ctx.words.fill("filter_guide.try", &[("example", &example)]);
    ui.add(Button::new(galley)).on_hover_text(&name).accessible_name(&name).clicked()
}
