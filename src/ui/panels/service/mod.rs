//! What the service of an endpoint answers: HTTP's status, header fields and body, or the registers of Modbus.
//!
//! Owns: what is half typed, and where the table of registers stands. Never: serves (the engine does).
//! Called by: the shell, while its form is open.

mod cells;
mod http;
mod number;
mod registers;

use egui::{Id, Label, Modal, RichText, Ui};

use super::Panel;
use crate::model::{Answer, EndpointId};
use crate::payload::visible_text;
use crate::ui::action::{Action, EndpointAction, Form, ViewAction};
use crate::ui::state::{Configured, Ctx, State};
use crate::ui::theme;
use crate::ui::widgets;

use http::HttpForm;
use registers::RegisterTable;

const WIDTH: f32 = 760.0;

#[derive(Default)]
pub struct ServicePanel {
    open: Option<EndpointId>,
    http: HttpForm,
    registers: RegisterTable,
}

impl Panel for ServicePanel {
    fn key(&self) -> &'static str {
        "service"
    }

    fn ui(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
        let Form::Service(id) = ctx.state.form else {
            self.open = None;
            return;
        };
        let Some(endpoint) = ctx.state.endpoint(id).filter(|endpoint| can_be_edited(endpoint)) else {
            actions.push(Action::View(ViewAction::HideForm));
            return;
        };
        if self.open.replace(id) != Some(id) {
            self.http = HttpForm::of(&endpoint.settings.http, ctx.state.body_file.0);
            self.registers = RegisterTable::of(&endpoint.settings.modbus);
        }
        let screen = ui.ctx().content_rect().size();
        let frame = egui::Frame::popup(ui.style()).inner_margin(16);
        let modal = Modal::new(Id::unique("service")).frame(frame).show(ui.ctx(), |ui| {
            ui.set_width(WIDTH.min(screen.x - 64.0));
            ui.spacing_mut().item_spacing.y = 8.0;
            self.content(ctx, ui, endpoint, screen.y - 140.0, actions);
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Min), |ui| {
                widgets::primary(ui, ctx.theme, ctx.words.get("service.close")).clicked()
            })
            .inner
        });
        if modal.inner || modal.should_close() {
            actions.push(Action::View(ViewAction::HideForm));
        }
    }
}

/// Whether the service of an endpoint holds anything that can be edited.
pub fn can_be_edited(endpoint: &Configured) -> bool {
    matches!(endpoint.settings.answer(), Answer::Http | Answer::Modbus)
}

/// The selected endpoint, where its service can be edited.
pub fn selected(state: &State) -> Option<EndpointId> {
    let crate::session::Scope::Endpoint(id) = state.query.scope else { return None };
    state.endpoint(id).filter(|endpoint| can_be_edited(endpoint)).map(|endpoint| endpoint.id)
}

impl ServicePanel {
    fn content(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, endpoint: &Configured, height: f32, actions: &mut Vec<Action>) {
        let (words, settings) = (ctx.words, &endpoint.settings);
        let is_http = settings.answer() == Answer::Http;
        let (title, what) = if is_http {
            ("service.http_title", "service.http_what")
        } else {
            ("service.modbus_title", "service.modbus_what")
        };
        let name = visible_text(&settings.name.clone().unwrap_or_else(|| settings.uri().to_string()), 60);
        ui.label(RichText::new(words.fill(title, &[("name", &name)])).font(theme::semibold(15.0)));
        ui.add(Label::new(RichText::new(words.get(what)).color(ctx.theme.dim)).wrap());
        let mut changed = settings.clone();
        if is_http {
            egui::ScrollArea::vertical()
                .max_height(height - 60.0)
                .show(ui, |ui| self.http.ui(ctx, ui, &mut changed.http, actions));
        } else {
            self.registers.ui(ctx, ui, endpoint, &mut changed.modbus, height - 60.0, actions);
        }
        if changed != *settings {
            actions.push(Action::Endpoint(EndpointAction::Retune(endpoint.id, changed.into())));
        }
    }
}
