//! Open a workspace, save it under another name: a path field that always works, and the system's dialog beside it.
//!
//! Owns: the half-typed path. Never: reads or writes files (it asks by `WorkspaceAction`).

use std::path::PathBuf;

use egui::{Align, Id, Key, Layout, Modal, RichText, TextEdit, Ui, Vec2};

use crate::ui::action::{Action, Form, ViewAction, WorkspaceAction};
use crate::ui::panels::Panel;
use crate::ui::state::Ctx;
use crate::ui::theme;
use crate::ui::widgets;

#[derive(Default)]
pub struct WorkspaceDialog {
    path: String,
    open: bool,
}

impl Panel for WorkspaceDialog {
    fn key(&self) -> &'static str {
        "workspace"
    }

    fn ui(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
        let saves = match ctx.state.form {
            Form::OpenWorkspace => false,
            Form::SaveWorkspace => true,
            _ => {
                self.open = false;
                return;
            }
        };
        let fresh = !std::mem::replace(&mut self.open, true);
        if fresh {
            // A new name begins as the old one; what is to be opened is another file.
            let used = ctx.state.workspace_path.clone().filter(|_| saves).unwrap_or_default();
            self.path = used.to_string_lossy().into_owned();
        }
        let width = 600.0_f32.min(ui.ctx().content_rect().width() - 80.0);
        let frame = egui::Frame::popup(ui.style()).inner_margin(16);
        let modal = Modal::new(Id::unique("workspace")).frame(frame).show(ui.ctx(), |ui| {
            ui.set_width(width);
            self.content(ctx, ui, saves, fresh, actions);
        });
        if modal.should_close() {
            actions.push(Action::View(ViewAction::HideForm));
        }
    }
}

impl WorkspaceDialog {
    fn content(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, saves: bool, fresh: bool, actions: &mut Vec<Action>) {
        let words = ctx.words;
        ui.spacing_mut().item_spacing.y = 8.0;
        let title = if saves { "workspace.save_title" } else { "workspace.open_title" };
        ui.label(RichText::new(words.get(title)).font(theme::semibold(15.0)));
        let hint = if saves { "workspace.save_hint" } else { "workspace.open_hint" };
        ui.add(egui::Label::new(RichText::new(words.get(hint)).color(ctx.theme.dim)).wrap());
        let line = Vec2::new(ui.available_width(), 28.0);
        let mut entered = false;
        ui.allocate_ui_with_layout(line, Layout::right_to_left(Align::Center), |ui| {
            let choose = egui::Button::new(words.get("save.choose")).min_size(Vec2::new(0.0, 26.0));
            if ui.add_enabled(!ctx.state.dialog_open, choose).clicked() {
                let by_dialog = if saves { WorkspaceAction::SaveAsWithDialog } else { WorkspaceAction::OpenWithDialog };
                actions.push(Action::Workspace(by_dialog));
            }
            entered = self.field(ctx, ui, fresh);
        });
        if ctx.state.no_dialog {
            ui.label(RichText::new(words.get("dialog.none")).color(ctx.theme.dim));
        }
        let exists = saves && ctx.state.saving.exists.is_some() && ctx.state.saving.exists == self.target(true);
        if exists {
            ui.label(RichText::new(words.get("save.exists")).color(ctx.theme.outgoing));
        }
        ui.allocate_ui_with_layout(line, Layout::right_to_left(Align::Center), |ui| {
            let key = match (saves, exists) {
                (true, true) => "save.replace",
                (true, false) => "save.save",
                (false, _) => "sessions.open",
            };
            let pressed = widgets::primary(ui, ctx.theme, words.get(key)).clicked();
            if (pressed || entered)
                && let Some(path) = self.target(saves)
            {
                let action = if saves {
                    WorkspaceAction::SaveAs { path, replace: exists && pressed }
                } else {
                    WorkspaceAction::Open(path)
                };
                actions.push(Action::Workspace(action));
            }
            if widgets::button(ui, words.get("save.cancel")).clicked() {
                actions.push(Action::View(ViewAction::HideForm));
            }
        });
    }

    /// Whether Enter was pressed in it.
    fn field(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, fresh: bool) -> bool {
        let name = ctx.words.get("workspace.path");
        let mut layouter = widgets::mono_line(ctx.theme.text);
        let field = TextEdit::singleline(&mut self.path)
            .id(Id::unique("workspace_path"))
            .font(theme::mono())
            .layouter(&mut layouter)
            .desired_width(ui.available_width())
            .margin(egui::Margin::symmetric(8, 4));
        let response = ui.add(field);
        let text = self.path.clone();
        response.widget_info(|| {
            let mut info = egui::WidgetInfo::labeled(egui::Role::TextInput, true, name);
            info.current_text_value = Some(text.clone());
            info
        });
        if fresh {
            response.request_focus();
        }
        response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter))
    }

    fn target(&self, saves: bool) -> Option<PathBuf> {
        let typed = self.path.trim();
        let mut path = PathBuf::from(typed);
        if saves && path.extension().is_none() {
            path.set_extension("toml");
        }
        (!typed.is_empty()).then_some(path)
    }
}
