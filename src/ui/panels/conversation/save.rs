//! Save bytes…: which side, where to. Works through the path field alone; the system's dialog only fills it.

use std::path::PathBuf;

use egui::{Align2, Area, Frame, Id, Key, Order, ProgressBar, Rect, RichText, TextEdit, Ui, Vec2};

use crate::model::ConnectionId;
use crate::session::conversation::Sides;
use crate::ui::action::{Action, ConversationAction, SessionAction};
use crate::ui::state::Ctx;
use crate::ui::theme;
use crate::ui::widgets;

const WIDTH: f32 = 520.0;

#[derive(Default)]
pub struct SaveBytes {
    open: bool,
    sides: Sides,
    path: String,
    /// The person changed the path: it no longer follows the side.
    typed: bool,
    chosen: u64,
    /// The path that the system's dialog brought: it asked already whether to write over it.
    asked: String,
    /// It is being saved since this was pressed.
    saving: bool,
}

impl SaveBytes {
    pub fn close(&mut self) {
        self.open = false;
    }

    /// The button, and what it opens.
    pub fn ui(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, connection: ConnectionId, actions: &mut Vec<Action>) {
        let button = widgets::button(ui, ctx.words.get("conversation.save"));
        let fresh = button.clicked() && !self.open;
        if button.clicked() {
            self.open = !self.open;
        }
        if fresh {
            actions.push(Action::Conversation(ConversationAction::BeginSave));
            (self.typed, self.saving) = (false, false);
            self.chosen = ctx.state.saving.chosen.0;
            self.suggest(ctx, connection);
        }
        if self.open {
            self.popup(ctx, ui, connection, button.rect, fresh, actions);
        }
    }

    fn popup(
        &mut self,
        ctx: &Ctx<'_>,
        ui: &Ui,
        connection: ConnectionId,
        button: Rect,
        fresh: bool,
        actions: &mut Vec<Action>,
    ) {
        self.follow(ctx);
        let screen = ui.ctx().content_rect();
        let at = button.right_bottom() + Vec2::new(0.0, 6.0);
        let area = Area::new(Id::unique("save_bytes")).order(Order::Foreground).pivot(Align2::RIGHT_TOP).fixed_pos(at);
        let response = area.show(ui.ctx(), |ui| {
            Frame::popup(ui.style()).inner_margin(16).show(ui, |ui| {
                ui.set_width(WIDTH.min(screen.width() - 60.0));
                self.content(ctx, ui, connection, fresh, actions);
            });
        });
        let escaped = ui.input(|input| input.key_pressed(Key::Escape));
        let elsewhere = response.response.clicked_elsewhere()
            && !fresh
            && !ctx.state.dialog_open
            && !ui.rect_contains_pointer(button);
        if escaped || elsewhere {
            self.open = false;
        }
    }

    /// What the dialog brought, and how saving went.
    fn follow(&mut self, ctx: &Ctx<'_>) {
        let saving = &ctx.state.saving;
        if self.chosen != saving.chosen.0 {
            self.chosen = saving.chosen.0;
            if let Some(path) = &saving.chosen.1 {
                self.path = path.to_string_lossy().into_owned();
                self.asked.clone_from(&self.path);
                self.typed = true;
            }
        }
        if self.saving && saving.running.is_none() {
            self.saving = false;
            // What went well needs no form any more.
            self.open = saving.failed.is_some() || saving.exists.is_some();
        }
    }

    fn suggest(&mut self, ctx: &Ctx<'_>, connection: ConnectionId) {
        if self.typed {
            return;
        }
        let opened = ctx.state.opened_file.as_ref().and_then(|opened| opened.path.file_stem());
        let base = match opened {
            Some(name) => ctx.state.saving.suggested.with_file_name(name),
            None => ctx.state.saving.suggested.clone(),
        };
        let side = match self.sides {
            Sides::Received => "received",
            Sides::Sent => "sent",
            Sides::Both => "both",
        };
        self.path = format!("{}-{}-{side}.bin", base.to_string_lossy(), connection.0);
    }

    fn content(
        &mut self,
        ctx: &Ctx<'_>,
        ui: &mut Ui,
        connection: ConnectionId,
        fresh: bool,
        actions: &mut Vec<Action>,
    ) {
        let words = ctx.words;
        ui.spacing_mut().item_spacing.y = 8.0;
        ui.label(RichText::new(words.get("conversation.save_title")).font(theme::semibold(14.0)));
        egui::Grid::new("save_bytes_grid").num_columns(2).spacing([12.0, 10.0]).show(ui, |ui| {
            ui.label(RichText::new(words.get("conversation.sides")).color(ctx.theme.dim));
            ui.horizontal(|ui| {
                let names = ["conversation.sides_received", "conversation.sides_sent", "conversation.sides_both"];
                for (sides, key) in Sides::ALL.into_iter().zip(names) {
                    let name = words.get(key);
                    if widgets::chip(ui, ctx.theme, name, None, name, self.sides == sides).clicked() {
                        self.sides = sides;
                        self.suggest(ctx, connection);
                    }
                }
            });
            ui.end_row();
            ui.label(RichText::new(words.get("save.path")).color(ctx.theme.dim));
            self.path_field(ctx, ui, connection, fresh, actions);
            ui.end_row();
        });
        if ctx.state.no_dialog {
            ui.label(RichText::new(words.get("dialog.none")).color(ctx.theme.dim));
        }
        if let Some(failure) = &ctx.state.saving.failed {
            let text = format!("{} {}", words.failure(failure), words.hint(failure));
            ui.add(egui::Label::new(RichText::new(text).color(ctx.theme.error)).wrap());
        }
        if self.exists(ctx) {
            ui.label(RichText::new(words.get("save.exists")).color(ctx.theme.outgoing));
        }
        self.buttons(ctx, ui, connection, actions);
    }

    fn path_field(
        &mut self,
        ctx: &Ctx<'_>,
        ui: &mut Ui,
        connection: ConnectionId,
        fresh: bool,
        actions: &mut Vec<Action>,
    ) {
        ui.horizontal(|ui| {
            let mut layouter = widgets::mono_line(ctx.theme.text);
            let field = TextEdit::singleline(&mut self.path)
                .id(Id::unique("save_bytes_path"))
                .font(theme::mono())
                .layouter(&mut layouter)
                .desired_width(WIDTH - 170.0)
                .margin(egui::Margin::symmetric(8, 4));
            let response = ui.add(field).accessible_name(ctx.words.get("save.path"));
            if fresh {
                response.request_focus();
            }
            if response.changed() {
                self.typed = true;
            }
            if response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter)) {
                self.save(ctx, connection, false, actions);
            }
            let choose = egui::Button::new(ctx.words.get("save.choose"));
            if ui.add_enabled(!ctx.state.dialog_open, choose).clicked() {
                let suggested = PathBuf::from(self.path.trim());
                actions.push(Action::Conversation(ConversationAction::ChooseFile { suggested }));
            }
        });
    }

    fn buttons(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, connection: ConnectionId, actions: &mut Vec<Action>) {
        if let Some(running) = &ctx.state.saving.running {
            let (done, total) = running.done();
            let (done_text, total_text) = (ctx.words.number(done), ctx.words.number(total));
            let text = ctx.words.fill("save.saving", &[("done", &done_text), ("total", &total_text)]);
            let share = if total == 0 { 0.0 } else { (done as f64 / total as f64) as f32 };
            ui.horizontal(|ui| {
                ui.add(ProgressBar::new(share).text(text).desired_width(300.0));
                if widgets::button(ui, ctx.words.get("save.stop")).clicked() {
                    actions.push(Action::Session(SessionAction::CancelSave));
                }
            });
            ui.ctx().request_repaint_after(std::time::Duration::from_millis(100));
            return;
        }
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let exists = self.exists(ctx);
            let key = if exists { "save.replace" } else { "save.save" };
            if widgets::primary(ui, ctx.theme, ctx.words.get(key)).clicked() {
                self.save(ctx, connection, exists, actions);
            }
            if widgets::button(ui, ctx.words.get("save.cancel")).clicked() {
                self.open = false;
            }
        });
    }

    /// The file that the field names is there, and only a second press writes over it.
    fn exists(&self, ctx: &Ctx<'_>) -> bool {
        ctx.state.saving.exists.is_some() && ctx.state.saving.exists == self.target()
    }

    fn target(&self) -> Option<PathBuf> {
        let typed = self.path.trim();
        (!typed.is_empty()).then(|| PathBuf::from(typed))
    }

    fn save(&mut self, ctx: &Ctx<'_>, connection: ConnectionId, replace: bool, actions: &mut Vec<Action>) {
        let Some(path) = self.target().filter(|_| ctx.state.saving.running.is_none()) else { return };
        let replace = replace || self.path == self.asked;
        self.saving = true;
        let save = ConversationAction::Save { connection, sides: self.sides, path, replace };
        actions.push(Action::Conversation(save));
    }
}
