//! "Save payload": name and folder asked for in place, beginning with those of the saved payload that is being edited.
//! Called by: the composer.

use egui::{Id, Key, Ui};

use super::Composer;
use crate::model::SavedPayload;
use crate::ui::action::{Action, SendAction};
use crate::ui::state::Ctx;
use crate::ui::widgets::{Field, FieldText, plain_button, primary_button, problem};

/// What is typed.
#[derive(Default)]
pub struct SaveFields {
    name: FieldText,
    folder: FieldText,
    /// Frames until the name takes the keyboard.
    focus_after: Option<u8>,
}

impl Composer {
    pub(super) fn save_button(&mut self, ctx: &Ctx<'_>, ui: &mut Ui) {
        let text = ctx.words.get("composer.save_payload");
        if plain_button(ui, ctx.theme, text, "").clicked() && self.saving.is_none() {
            let (name, folder) = ctx.state.edited_payload.clone().unwrap_or_default();
            // Not in this frame: to the field that opens, this very click is one beside it.
            let (name, folder) = (FieldText::new(name), FieldText::new(folder));
            self.saving = Some(SaveFields { name, folder, focus_after: Some(1) });
            ui.ctx().request_repaint();
        }
    }

    /// The fields, where they are open.
    pub(super) fn save_row(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
        if self.saving.is_none() {
            return;
        }
        let draft = self.draft();
        let Some(fields) = &mut self.saving else { return };
        let words = ctx.words;
        let mut done = false;
        ui.horizontal_wrapped(|ui| {
            let enter = fields.show(ctx, ui);
            if primary_button(ui, ctx.theme, words.get("composer.save"), "", true).clicked() || enter {
                let (name, folder) = (fields.name.text.trim(), fields.folder.text.trim().trim_matches('/'));
                if name.is_empty() {
                    fields.name.problem = Some(words.get("composer.name_needed").to_owned());
                } else {
                    let (name, folder) = (name.to_owned(), folder.to_owned());
                    let saved = SavedPayload { name, folder, draft, ..SavedPayload::default() };
                    actions.push(Action::Send(SendAction::SavePayload(saved)));
                    done = true;
                }
            }
            let escape = ui.input(|i| i.key_pressed(Key::Escape));
            done |= plain_button(ui, ctx.theme, words.get("composer.cancel"), "").clicked() || escape;
            if let Some(text) = &fields.name.problem {
                problem(ui, ctx.theme, text);
            }
        });
        if done {
            self.saving = None;
        }
    }
}

impl SaveFields {
    /// `true`: Enter was pressed in one of them.
    fn show(&mut self, ctx: &Ctx<'_>, ui: &mut Ui) -> bool {
        let words = ctx.words;
        let enter =
            |ui: &Ui, response: &egui::Response| response.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter));
        let name = words.get("composer.payload_name");
        let field = Field { theme: ctx.theme, name, width: 220.0, placeholder: name };
        let response = field.show(ui, Id::unique("composer payload name"), &mut self.name);
        if self.focus_after == Some(0) {
            response.request_focus();
        }
        self.focus_after = self.focus_after.and_then(|frames| frames.checked_sub(1));
        let folder = words.get("library.folder");
        let field = Field { theme: ctx.theme, name: folder, width: 160.0, placeholder: folder };
        let in_folder = field.show(ui, Id::unique("composer payload folder"), &mut self.folder);
        enter(ui, &response) | enter(ui, &in_folder)
    }
}
