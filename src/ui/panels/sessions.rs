//! The sessions that are kept: list, sizes, open, delete; and any session file by its path.

use std::path::PathBuf;

use egui::{Align, Align2, Id, Key, Layout, Modal, Pos2, RichText, TextEdit, Ui, Vec2};

use super::log::text::Clock;
use super::rotation::RotationFields;
use crate::model::Timestamp;
use crate::session::SessionFile;
use crate::ui::action::{Action, Form, SessionAction, ViewAction};
use crate::ui::panels::Panel;
use crate::ui::state::Ctx;
use crate::ui::theme;
use crate::ui::widgets::{self, row_list::RowList};

const ROW: f32 = 30.0;

pub struct SessionsDialog {
    list: RowList,
    clock: Clock,
    /// Delete was pressed once for this one: the second press does it.
    sure: Option<PathBuf>,
    path: String,
    rotation: RotationFields,
}

impl Default for SessionsDialog {
    fn default() -> Self {
        Self {
            list: RowList::default(),
            clock: Clock::new(),
            sure: None,
            path: String::new(),
            rotation: RotationFields::default(),
        }
    }
}

impl Panel for SessionsDialog {
    fn key(&self) -> &'static str {
        "sessions"
    }

    fn ui(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
        if ctx.state.form != Form::Sessions {
            self.sure = None;
            return;
        }
        let screen = ui.ctx().content_rect();
        let modal = Modal::new(Id::unique("sessions")).frame(egui::Frame::popup(ui.style()).inner_margin(16)).show(
            ui.ctx(),
            |ui| {
                ui.set_width(720.0_f32.min(screen.width() - 80.0));
                self.content(ctx, ui, (screen.height() - 310.0).clamp(120.0, 420.0), actions);
            },
        );
        if modal.should_close() {
            actions.push(Action::View(ViewAction::HideForm));
        }
    }
}

impl SessionsDialog {
    fn content(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, height: f32, actions: &mut Vec<Action>) {
        let words = ctx.words;
        ui.spacing_mut().item_spacing.y = 8.0;
        ui.horizontal(|ui| {
            ui.label(RichText::new(words.get("sessions.title")).font(theme::semibold(15.0)));
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if widgets::icon(ui, "×", words.get("sessions.close")).clicked() {
                    actions.push(Action::View(ViewAction::HideForm));
                }
            });
        });
        let folder = crate::payload::visible_text(&ctx.state.sessions.folder.to_string_lossy(), 300);
        let kept = words.fill("sessions.folder", &[("folder", &folder)]);
        ui.add(egui::Label::new(RichText::new(kept).color(ctx.theme.dim)).truncate());
        if let Some(failure) = &ctx.state.sessions.failed {
            let text = format!("{} {}", words.failure(failure), words.hint(failure));
            ui.add(egui::Label::new(RichText::new(text).color(ctx.theme.error)).wrap());
        }
        match &ctx.state.sessions.list {
            None if ctx.state.sessions.failed.is_none() => {
                ui.label(RichText::new(words.get("sessions.reading")).color(ctx.theme.dim));
            }
            None => {}
            Some(list) if list.is_empty() => {
                ui.label(RichText::new(words.get("sessions.none")).color(ctx.theme.dim));
            }
            Some(list) => {
                let bytes = words.bytes(list.iter().map(|file| file.bytes).sum());
                let count = words.count("count.sessions", list.len() as u64);
                ui.label(words.fill("sessions.total", &[("sessions", &count), ("bytes", &bytes)]));
                self.rows(ctx, ui, list, height, actions);
            }
        }
        self.by_path(ctx, ui, actions);
        ui.separator();
        self.rotation.ui(ctx, ui, actions);
    }

    fn rows(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, files: &[SessionFile], height: f32, actions: &mut Vec<Action>) {
        let size = Vec2::new(ui.available_width(), height.min(files.len() as f32 * ROW));
        let (rect, _) = ui.allocate_exact_size(size, egui::Sense::hover());
        let mut inner = ui.new_child(egui::UiBuilder::new().max_rect(rect));
        let (sure, clock) = (&mut self.sure, &self.clock);
        let name = ctx.words.get("sessions.title");
        self.list.show(&mut inner, Id::unique("session_rows"), name, files.len() as u64, ROW, |ui, at, rect, _| {
            let Some(file) = usize::try_from(at).ok().and_then(|at| files.get(at)) else { return };
            ui.push_id(&file.path, |ui| row(ctx, ui, rect, file, clock, sure, actions));
        });
    }

    fn by_path(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
        ui.separator();
        // A row of its own height: what stands beneath must not push the dialog up.
        let row = Vec2::new(ui.available_width(), 26.0);
        ui.allocate_ui_with_layout(row, Layout::right_to_left(Align::Center), |ui| {
            let open = widgets::button(ui, ctx.words.get("sessions.open_path"));
            let choose = egui::Button::new(ctx.words.get("sessions.choose")).min_size(Vec2::new(0.0, 26.0));
            if ui.add_enabled(!ctx.state.dialog_open, choose).clicked() {
                actions.push(Action::Session(SessionAction::OpenWithDialog));
            }
            let name = ctx.words.get("sessions.path");
            let mut layouter = widgets::mono_line(ctx.theme.text);
            let field = TextEdit::singleline(&mut self.path)
                .id(egui::Id::unique("session_path"))
                .font(theme::mono())
                .layouter(&mut layouter)
                .hint_text(RichText::new(name).color(ctx.theme.dim))
                .desired_width(ui.available_width());
            let response = ui.add(field.margin(egui::Margin::symmetric(8, 4)));
            let text = self.path.clone();
            response.widget_info(|| {
                let mut info = egui::WidgetInfo::labeled(egui::Role::TextInput, true, name);
                info.current_text_value = Some(text.clone());
                info
            });
            let entered = response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
            let path = self.path.trim();
            if (open.clicked() || entered) && !path.is_empty() {
                actions.push(Action::Session(SessionAction::Open(path.into())));
            }
        });
        if ctx.state.no_dialog {
            ui.label(RichText::new(ctx.words.get("dialog.none")).color(ctx.theme.dim));
        }
    }
}

fn row(
    ctx: &Ctx<'_>,
    ui: &mut Ui,
    rect: egui::Rect,
    file: &SessionFile,
    clock: &Clock,
    sure: &mut Option<PathBuf>,
    actions: &mut Vec<Action>,
) {
    let words = ctx.words;
    let name = crate::payload::visible_text(&file.path.file_name().unwrap_or_default().to_string_lossy(), 200);
    if ui.rect_contains_pointer(rect) {
        ui.painter().rect_filled(rect, f32::from(theme::CORNER), ctx.theme.raised);
    }
    let at = |x: f32| Pos2::new(rect.left() + x, rect.center().y);
    let write = |x: f32, text: &str, color| {
        ui.painter().text(at(x), Align2::LEFT_CENTER, text, theme::mono(), color);
    };
    write(8.0, &name, ctx.theme.text);
    let wide = rect.width() > 620.0;
    if wide {
        let modified = file.modified.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let time = Timestamp(u64::try_from(modified.as_nanos()).unwrap_or(0));
        let shown = clock.date_time(time, true);
        write(250.0, shown.split('.').next().unwrap_or_default(), ctx.theme.dim);
    }
    let mut bytes = words.bytes(file.bytes);
    if file.files > 1 {
        bytes = format!("{bytes} · {}", words.count("count.files", u64::from(file.files)));
    }
    write(if wide { 410.0 } else { 250.0 }, &bytes, ctx.theme.dim);
    let mark = if file.recording {
        Some((words.get("sessions.recording"), ctx.theme.ok))
    } else if file.crashed {
        Some((words.get("sessions.crashed"), ctx.theme.outgoing))
    } else {
        None
    };
    let inner = rect.shrink2(Vec2::new(8.0, 0.0));
    let layout = Layout::right_to_left(Align::Center);
    ui.scope_builder(egui::UiBuilder::new().max_rect(inner).layout(layout), |ui| {
        if let Some((text, color)) = mark.filter(|_| file.recording) {
            ui.label(RichText::new(text).color(color));
            return;
        }
        let is_sure = sure.as_ref() == Some(&file.path);
        let text = words.get(if is_sure { "sessions.delete_sure" } else { "sessions.delete" });
        let text_color = if is_sure { ctx.theme.error } else { ctx.theme.text };
        let delete = ui.add(egui::Button::new(RichText::new(text).color(text_color)));
        delete.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, format!("{text} {name}")));
        if delete.clicked() {
            if is_sure {
                *sure = None;
                actions.push(Action::Session(SessionAction::Delete(file.path.clone())));
            } else {
                *sure = Some(file.path.clone());
            }
        }
        let open = ui.button(words.get("sessions.open"));
        let label = format!("{} {name}", words.get("sessions.open"));
        open.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &label));
        if open.clicked() {
            actions.push(Action::Session(SessionAction::Open(file.path.clone())));
        }
        if let Some((text, color)) = mark {
            ui.label(RichText::new(text).color(color));
        }
    });
    let node = ui.interact(rect, ui.unique_id().with("session"), egui::Sense::hover());
    node.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ListItem, true, format!("{name}, {bytes}")));
}
