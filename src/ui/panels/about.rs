//! About this program, and the list of its keys.

use egui::{Id, Label, Modal, RichText, Ui};

use crate::ui::action::{Action, Form, ViewAction};
use crate::ui::commands::{self, COMMANDS, OTHER_KEYS};
use crate::ui::panels::Panel;
use crate::ui::state::Ctx;
use crate::ui::theme;
use crate::ui::widgets;

#[derive(Default)]
pub struct About {}

impl Panel for About {
    fn key(&self) -> &'static str {
        "about"
    }

    fn ui(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
        let content: fn(&Ctx<'_>, &mut Ui) = match ctx.state.form {
            Form::About => about,
            Form::Shortcuts => keys,
            _ => return,
        };
        let modal = Modal::new(Id::unique("about")).frame(egui::Frame::popup(ui.style()).inner_margin(16)).show(
            ui.ctx(),
            |ui| {
                ui.set_width(380.0);
                ui.spacing_mut().item_spacing.y = 8.0;
                content(ctx, ui);
                ui.add_space(4.0);
                ui.with_layout(egui::Layout::right_to_left(egui::Align::Min), |ui| {
                    widgets::primary(ui, ctx.theme, ctx.words.get("about.close")).clicked()
                })
                .inner
            },
        );
        if modal.inner || modal.should_close() {
            actions.push(Action::View(ViewAction::HideForm));
        }
    }
}

fn about(ctx: &Ctx<'_>, ui: &mut Ui) {
    ui.label(RichText::new("Sockscope").font(theme::semibold(18.0)));
    let version = ctx.words.fill("about.version", &[("version", &env!("CARGO_PKG_VERSION"))]);
    ui.label(RichText::new(version).color(ctx.theme.dim));
    ui.add(Label::new(ctx.words.get("about.what")).wrap());
    ui.add(Label::new(RichText::new(ctx.words.get("about.licence")).color(ctx.theme.dim)).wrap());
}

fn keys(ctx: &Ctx<'_>, ui: &mut Ui) {
    ui.label(RichText::new(ctx.words.get("keys.title")).font(theme::semibold(15.0)));
    egui::Grid::new("keys").num_columns(2).spacing([24.0, 6.0]).show(ui, |ui| {
        for command in COMMANDS {
            let Some(shortcut) = command.shortcut else { continue };
            ui.label(RichText::new(commands::shortcut_text(shortcut)).font(theme::mono()).color(ctx.theme.dim));
            ui.label(ctx.words.get(&commands::words_key(command)));
            ui.end_row();
        }
        for (key, shortcut) in OTHER_KEYS {
            ui.label(RichText::new(*shortcut).font(theme::mono()).color(ctx.theme.dim));
            ui.label(ctx.words.get(key));
            ui.end_row();
        }
    });
}
