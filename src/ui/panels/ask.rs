//! What a payload or a sequence asks before it is sent (`{{ask:Name}}`).
//!
//! Owns: the answers as typed. Called by: the registry, while `Form::Ask` is open.

use egui::{Id, Key, RichText, Ui};

use super::Panel;
use crate::payload::visible_text;
use crate::ui::action::{Action, Form, SendAction, SequenceAction, ViewAction};
use crate::ui::state::{Asked, Asking, Ctx};
use crate::ui::widgets::{Field, FieldText, plain_button, primary_button};

#[derive(Default)]
pub struct Ask {
    of: Option<Asking>,
    answers: Vec<FieldText>,
    /// The first field gets the keyboard once it is there.
    fresh: bool,
}

impl Panel for Ask {
    fn key(&self) -> &'static str {
        "ask"
    }

    fn ui(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
        let asking = ctx.state.asking.as_ref().filter(|_| ctx.state.form == Form::Ask);
        if self.of.as_ref() != asking {
            self.of = asking.cloned();
            self.fresh = true;
            self.answers = asking.map_or_else(Vec::new, |asking| {
                asking.names.iter().map(|(_, last)| FieldText::new(last.clone())).collect()
            });
        }
        let Some(asking) = asking else { return };
        let frame = egui::Frame::popup(ui.style()).inner_margin(16);
        let modal =
            egui::Modal::new(Id::unique("ask")).frame(frame).show(ui.ctx(), |ui| self.fields(ctx, ui, asking, actions));
        if modal.should_close() {
            actions.push(Action::View(ViewAction::HideForm));
        }
    }
}

impl Ask {
    fn fields(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, asking: &Asking, actions: &mut Vec<Action>) {
        let words = ctx.words;
        ui.set_width(360.0);
        ui.label(RichText::new(words.get("ask.title")).heading());
        ui.label(RichText::new(words.get("ask.text")).color(ctx.theme.dim));
        ui.add_space(8.0);
        let mut enter = false;
        for (place, ((name, _), answer)) in asking.names.iter().zip(&mut self.answers).enumerate() {
            let name = visible_text(name, 100);
            ui.label(&name);
            let field = Field { theme: ctx.theme, name: &name, width: 344.0, placeholder: "" };
            let response = field.show(ui, Id::unique(("ask", place)), answer);
            if std::mem::take(&mut self.fresh) {
                response.request_focus();
            }
            enter |= response.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter));
            ui.add_space(4.0);
        }
        ui.add_space(6.0);
        ui.horizontal(|ui| {
            let key = match asking.then {
                Asked::Send { .. } => "composer.send",
                Asked::Run { .. } => "ask.run",
            };
            if primary_button(ui, ctx.theme, words.get(key), "", true).clicked() || enter {
                actions.push(self.answer(asking));
            }
            if plain_button(ui, ctx.theme, words.get("composer.cancel"), "").clicked() {
                actions.push(Action::View(ViewAction::HideForm));
            }
        });
    }

    fn answer(&self, asking: &Asking) -> Action {
        let names = asking.names.iter().zip(&self.answers);
        let asks = names.map(|((name, _), answer)| (name.clone(), answer.text.clone())).collect();
        match asking.then.clone() {
            Asked::Send { target, draft, repeat } => {
                Action::Send(SendAction::SendAnswered { target, draft, repeat, asks })
            }
            Asked::Run { sequence, on } => Action::Sequence(SequenceAction::RunAnswered { sequence, on, asks }),
        }
    }
}
