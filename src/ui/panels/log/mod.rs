//! The log: title row, filter line, notices, and the rows themselves.
//!
//! Owns: scroll, the half-typed filter. Never: formats rows that are not on screen.

mod filter;
mod notices;
mod place;
mod rows;
pub mod text;

pub use rows::selected_row;

use egui::{Align, Layout, Rect, RichText, Stroke, Ui, Vec2};

use crate::session::{Query, Scope};
use crate::ui::action::{Action, LogAction};
use crate::ui::panels::Panel;
use crate::ui::state::Ctx;
use crate::ui::theme;
use crate::ui::widgets;
use crate::ui::widgets::row_list::RowList;

const TITLE: f32 = 35.0;
const FILTER: f32 = 38.0;
/// Height of the title row and the filter line together, with their lines.
pub const LOG_HEAD: f32 = TITLE + FILTER;

pub struct LogPanel {
    list: RowList,
    filter: filter::FilterField,
    clock: text::Clock,
    wanted: (u64, usize),
    place: place::Place,
    selected: Option<u64>,
    opened: Option<std::path::PathBuf>,
}

impl Default for LogPanel {
    fn default() -> Self {
        Self {
            list: RowList::new_following(),
            filter: filter::FilterField::default(),
            clock: text::Clock::new(),
            wanted: (0, 0),
            place: place::Place::default(),
            selected: None,
            opened: None,
        }
    }
}

impl Panel for LogPanel {
    fn key(&self) -> &'static str {
        "log"
    }

    fn ui(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
        ui.spacing_mut().item_spacing.y = 0.0;
        let opened = ctx.state.opened_file.as_ref().map(|file| file.path.clone());
        if self.opened != opened {
            // A file is read from its beginning, what is live from its end.
            if opened.is_some() {
                self.list.to_start();
            } else {
                self.list.to_end();
            }
            self.opened = opened;
            self.place = place::Place::of(&ctx.state.query);
        }
        strip(ctx, ui, TITLE, |ui| title(ctx, ui, actions));
        strip(ctx, ui, FILTER, |ui| self.filter.ui(ctx, ui, actions));
        notices::ui(ctx, ui, actions);
        if ctx.state.is_first_minute(ctx.view) {
            return;
        }
        self.rows(ctx, ui, actions);
    }
}

/// A row of controls on the panel's ground, with a line beneath.
fn strip(ctx: &Ctx<'_>, ui: &mut Ui, height: f32, content: impl FnOnce(&mut Ui)) {
    let (rect, _) = ui.allocate_exact_size(Vec2::new(ui.available_width(), height), egui::Sense::hover());
    ui.painter().rect_filled(rect, 0.0, ctx.theme.panel);
    ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, Stroke::new(1.0, ctx.theme.line));
    let inner = rect.shrink2(Vec2::new(10.0, 0.0));
    let layout = Layout::left_to_right(Align::Center);
    ui.scope_builder(egui::UiBuilder::new().max_rect(inner).layout(layout), |ui| {
        ui.set_clip_rect(rect.intersect(ui.clip_rect()));
        content(ui);
    });
}

fn title(ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
    ui.label(RichText::new(ctx.words.get("log.title")).font(theme::semibold(13.0)));
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| match text::scope_name(ctx) {
        None => {
            ui.label(RichText::new(ctx.words.get("log.everything")).color(ctx.theme.dim));
        }
        Some(socket) => {
            if widgets::icon(ui, "×", ctx.words.get("log.widen")).clicked() {
                actions.push(Action::Log(LogAction::Select(Scope::All)));
            }
            let text = ctx.words.fill("log.showing", &[("socket", &socket)]);
            ui.add(egui::Label::new(RichText::new(text).color(ctx.theme.dim)).truncate());
        }
    });
}

/// Whether the query leaves anything out.
fn filters(query: &Query) -> bool {
    !(query.received && query.sent && query.state && query.errors && query.text.is_empty())
}

/// The rest of the panel in one line of text, in its middle.
fn middle(ui: &mut Ui, rect: Rect, content: impl FnOnce(&mut Ui)) {
    let rect = Rect::from_center_size(rect.center(), Vec2::new(rect.width().min(420.0), 96.0).min(rect.size()));
    let layout = Layout::top_down(Align::Center);
    ui.scope_builder(egui::UiBuilder::new().max_rect(rect).layout(layout), |ui| {
        ui.spacing_mut().item_spacing.y = 8.0;
        content(ui);
    });
}
