//! Save log…: format, which events, where to. Works through the path field alone; the system's dialog only fills it.

use std::path::PathBuf;

use egui::{Align2, Area, ComboBox, Frame, Id, Key, Order, ProgressBar, RichText, TextEdit, Ui, Vec2};

use crate::session::export::FORMATS;
use crate::ui::action::{Action, Form, SaveWhat, SessionAction, ViewAction};
use crate::ui::panels::{Anchor, Panel, anchor};
use crate::ui::state::Ctx;
use crate::ui::theme;
use crate::ui::widgets;

const WIDTH: f32 = 560.0;

#[derive(Default)]
pub struct SaveLog {
    format: usize,
    what: SaveWhat,
    path: String,
    /// The person changed the path: it no longer follows the format.
    typed: bool,
    chosen: u64,
    /// The path that the system's dialog brought: it asked already whether to write over it.
    asked: String,
    /// Replace stood there in the last frame.
    asks: bool,
    open: bool,
}

impl Panel for SaveLog {
    fn key(&self) -> &'static str {
        "save_log"
    }

    fn ui(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
        if ctx.state.form != Form::SaveLog {
            self.open = false;
            return;
        }
        let fresh = !std::mem::replace(&mut self.open, true);
        if fresh {
            self.typed = false;
            // Whoever marked rows and then saves means those.
            self.what = match self.what {
                _ if marked(ctx) > 0 => SaveWhat::Marked,
                SaveWhat::Marked => SaveWhat::All,
                what => what,
            };
            self.suggest(ctx);
        }
        if self.chosen != ctx.state.saving.chosen.0 {
            self.chosen = ctx.state.saving.chosen.0;
            if let Some(path) = &ctx.state.saving.chosen.1 {
                self.path = path.to_string_lossy().into_owned();
                self.asked.clone_from(&self.path);
                self.typed = true;
                self.follow_ending();
            }
        }
        let screen = ui.ctx().content_rect();
        let beneath = anchor(ui.ctx(), Anchor::SaveLog);
        let at = beneath
            .map_or(screen.right_top() + Vec2::new(-12.0, 80.0), |rect| rect.right_bottom() + Vec2::new(0.0, 6.0));
        // Not in the foreground: that is where its own list of formats opens, which must never lie beneath it.
        let area = Area::new(Id::unique("save_log")).order(Order::Middle).pivot(Align2::RIGHT_TOP).fixed_pos(at);
        let response = area.show(ui.ctx(), |ui| {
            Frame::popup(ui.style()).inner_margin(16).show(ui, |ui| {
                ui.set_width(WIDTH.min(screen.width() - 60.0));
                self.content(ctx, ui, fresh, actions);
            });
        });
        let escaped = ui.input(|input| input.key_pressed(Key::Escape));
        let elsewhere = response.response.clicked_elsewhere()
            && !fresh
            && !ctx.state.dialog_open
            && !egui::Popup::is_any_open(ui.ctx())
            && !beneath.is_some_and(|rect| ui.rect_contains_pointer(rect));
        if escaped || elsewhere {
            actions.push(Action::View(ViewAction::HideForm));
        }
    }
}

/// A name that was taken from a file of others: nothing in it is hidden.
fn plain(name: &str) -> String {
    name.chars().map(|character| if crate::payload::is_invisible(character) { '_' } else { character }).collect()
}

impl SaveLog {
    fn suggest(&mut self, ctx: &Ctx<'_>) {
        if !self.typed {
            let extension = FORMATS.get(self.format).map_or("", |format| format.extension);
            let opened = ctx.state.opened_file.as_ref().and_then(|opened| opened.path.file_stem());
            let name = match opened {
                Some(name) => ctx.state.saving.suggested.with_file_name(plain(&name.to_string_lossy())),
                None => ctx.state.saving.suggested.clone(),
            };
            let name = name.to_string_lossy();
            self.path = if extension.is_empty() { name.into_owned() } else { format!("{name}.{extension}") };
        } else if let Some(format) = FORMATS.get(self.format) {
            // A typed path keeps its name; only the ending of a known format follows.
            let path = PathBuf::from(&self.path);
            let known = path.extension().is_some_and(|end| FORMATS.iter().any(|format| end == format.extension));
            if known {
                self.path = path.with_extension(format.extension).to_string_lossy().into_owned();
            }
        }
    }

    /// Who names a file log.csv wants CSV in it.
    fn follow_ending(&mut self) {
        let path = PathBuf::from(self.path.trim());
        let named = FORMATS.iter().position(|format| path.extension().is_some_and(|end| end == format.extension));
        self.format = named.unwrap_or(self.format);
    }

    fn content(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, fresh: bool, actions: &mut Vec<Action>) {
        let words = ctx.words;
        ui.spacing_mut().item_spacing.y = 8.0;
        ui.label(RichText::new(words.get("save.title")).font(theme::semibold(14.0)));
        egui::Grid::new("save_log_grid").num_columns(2).spacing([12.0, 10.0]).show(ui, |ui| {
            ui.label(RichText::new(words.get("save.format")).color(ctx.theme.dim));
            self.formats(ctx, ui);
            ui.end_row();
            ui.label(RichText::new(words.get("save.what")).color(ctx.theme.dim));
            self.events(ctx, ui);
            ui.end_row();
            ui.label(RichText::new(words.get("save.path")).color(ctx.theme.dim));
            self.path_field(ctx, ui, fresh, actions);
            ui.end_row();
        });
        if ctx.state.query.frames && self.what != SaveWhat::All {
            let frames = FORMATS.get(self.format).is_some_and(|format| format.frames);
            let key = if frames { "save.as_frames" } else { "save.as_chunks" };
            ui.add(egui::Label::new(RichText::new(words.get(key)).color(ctx.theme.dim)).wrap());
        }
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
        self.buttons(ctx, ui, actions);
    }

    /// Which events, and how many they are.
    fn events(&mut self, ctx: &Ctx<'_>, ui: &mut Ui) {
        let searched = ctx.view.query == ctx.state.query && ctx.view.scanned >= ctx.view.total;
        let shown = if searched { "save.shown" } else { "save.shown_searching" };
        let marked = marked(ctx);
        let choices = [
            ("save.all", SaveWhat::All, ctx.view.total),
            (shown, SaveWhat::Shown, ctx.view.matched),
            ("save.marked", SaveWhat::Marked, marked),
        ];
        ui.horizontal_wrapped(|ui| {
            for (key, what, events) in choices {
                if what == SaveWhat::Marked && marked == 0 {
                    continue;
                }
                let name = ctx.words.fill(key, &[("events", &ctx.words.number(events))]);
                if widgets::chip(ui, ctx.theme, &name, None, &name, self.what == what).clicked() {
                    self.what = what;
                }
            }
        });
        if marked == 0 && self.what == SaveWhat::Marked {
            self.what = SaveWhat::All;
        }
    }

    /// The file that the field names is there, and only a second press writes over it.
    fn exists(&self, ctx: &Ctx<'_>) -> bool {
        ctx.state.saving.exists.is_some() && ctx.state.saving.exists == self.target()
    }

    /// The file that the field names, with the ending of the format where it has none.
    fn target(&self) -> Option<PathBuf> {
        let typed = self.path.trim();
        let format = FORMATS.get(self.format)?;
        let mut path = PathBuf::from(typed);
        if path.extension().is_none() {
            path.set_extension(format.extension);
        }
        (!typed.is_empty()).then_some(path)
    }

    fn formats(&mut self, ctx: &Ctx<'_>, ui: &mut Ui) {
        let name = |at: usize| FORMATS.get(at).map_or("", |format| ctx.words.export_format(format.name));
        let combo = ComboBox::from_id_salt("save_format").selected_text(name(self.format)).width(240.0);
        let before = self.format;
        let response = combo.show_ui(ui, |ui| {
            for at in 0..FORMATS.len() {
                ui.selectable_value(&mut self.format, at, name(at));
            }
        });
        let label = format!("{}: {}", ctx.words.get("save.format"), name(self.format));
        response.response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, &label));
        if before != self.format {
            self.suggest(ctx);
        }
    }

    fn path_field(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, fresh: bool, actions: &mut Vec<Action>) {
        ui.horizontal(|ui| {
            let mut layouter = widgets::mono_line(ctx.theme.text);
            let field = TextEdit::singleline(&mut self.path)
                .id(egui::Id::unique("save_path"))
                .font(theme::mono())
                .layouter(&mut layouter)
                .desired_width(WIDTH - 170.0);
            let response = ui.add(field.margin(egui::Margin::symmetric(8, 4)));
            let (name, text) = (ctx.words.get("save.path"), self.path.clone());
            response.widget_info(|| {
                let mut info = egui::WidgetInfo::labeled(egui::Role::TextInput, true, name);
                info.current_text_value = Some(text.clone());
                info
            });
            if fresh {
                response.request_focus();
            }
            if response.changed() {
                self.typed = true;
                self.follow_ending();
            }
            if response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter)) {
                self.save(ctx, false, actions);
            }
            let choose = egui::Button::new(ctx.words.get("save.choose"));
            if ui.add_enabled(!ctx.state.dialog_open, choose).clicked() {
                let format = FORMATS.get(self.format).map_or("", |format| format.name);
                actions.push(Action::Session(SessionAction::SaveWithDialog { format, what: self.what }));
            }
        });
    }

    fn buttons(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
        if let Some(running) = &ctx.state.saving.running {
            let (done, total) = running.done();
            let share = if total == 0 { 0.0 } else { (done as f64 / total as f64) as f32 };
            let numbers = ((share * 100.0) as u32, ctx.words.number(done), ctx.words.number(total));
            let text =
                ctx.words.fill("save.saving", &[("percent", &numbers.0), ("done", &numbers.1), ("total", &numbers.2)]);
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
            let key = if self.exists(ctx) { "save.replace" } else { "save.save" };
            let response = widgets::primary(ui, ctx.theme, ctx.words.get(key));
            // Whoever pressed Enter in the field answers with the keyboard too.
            let asks = self.exists(ctx);
            if asks && !std::mem::replace(&mut self.asks, asks) {
                response.request_focus();
            }
            self.asks = asks;
            if response.clicked() {
                let replace = self.exists(ctx);
                self.save(ctx, replace, actions);
            }
            if widgets::button(ui, ctx.words.get("save.cancel")).clicked() {
                actions.push(Action::View(ViewAction::HideForm));
            }
        });
    }

    fn save(&mut self, ctx: &Ctx<'_>, replace: bool, actions: &mut Vec<Action>) {
        let (Some(format), Some(path)) = (FORMATS.get(self.format), self.target()) else { return };
        if ctx.state.saving.running.is_some() {
            return;
        }
        let replace = replace || self.path == self.asked;
        let what = self.what;
        actions.push(Action::Session(SessionAction::Save { format: format.name, what, path, replace }));
    }
}

/// How many of the shown rows are marked.
fn marked(ctx: &Ctx<'_>) -> u64 {
    let place = |seq: u64| (ctx.place_of)(seq).unwrap_or(ctx.view.matched).min(ctx.view.matched);
    let count = |range: &std::ops::RangeInclusive<u64>| {
        let end = range.end().checked_add(1).map_or(ctx.view.matched, place);
        end.saturating_sub(place(*range.start()))
    };
    ctx.state.marked.iter().map(count).sum()
}
