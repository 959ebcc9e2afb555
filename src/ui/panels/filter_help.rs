//! The filter language on one page: everything that can be said, with an example of each that can be taken over.
//!
//! Called by: the shell, while its form is open. The table is the language's own.

use egui::{Button, Grid, Id, Label, Modal, RichText, ScrollArea, Ui};

use super::log::filter_layout;
use crate::filter::{self, HelpGroup};
use crate::ui::action::{Action, Form, LogAction, ViewAction};
use crate::ui::panels::Panel;
use crate::ui::state::Ctx;
use crate::ui::theme;
use crate::ui::widgets;

const WIDTH: f32 = 700.0;
/// The columns of what is written and of its example.
const SYNTAX: f32 = 160.0;
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
                ScrollArea::vertical().max_height(screen.y - 180.0).show(ui, |ui| {
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
    Grid::new(("filter_help", group.key)).num_columns(3).spacing([12.0, 4.0]).show(ui, |ui| {
        let meaning = (ui.available_width() - SYNTAX - EXAMPLE - 40.0).max(120.0);
        for row in group.rows {
            ui.scope(|ui| {
                ui.set_width(SYNTAX);
                ui.label(widgets::mono_job(row.syntax, ctx.theme.dim));
            });
            ui.scope(|ui| {
                ui.set_width(EXAMPLE);
                let galley = filter_layout(ctx, None)(ui, &row.example, f32::INFINITY);
                let name = ctx.words.fill("filter_guide.try", &[("example", &row.example)]);
                let response = ui.add(Button::new(galley)).on_hover_text(&name).accessible_name(&name);
                if response.clicked() {
                    actions.push(Action::Log(LogAction::SetFilter(row.example.to_owned())));
                    actions.push(Action::View(ViewAction::HideForm));
                    actions.push(Action::View(ViewAction::FocusFilter));
                }
            });
            ui.scope(|ui| {
                ui.set_width(meaning);
                ui.add(Label::new(RichText::new(ctx.words.get(row.key)).color(ctx.theme.text)).wrap());
            });
            ui.end_row();
        }
    });
}
