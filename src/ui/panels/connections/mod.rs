//! The connections tab: every connection of the session, live and past, sortable, each with what can be done with it.
//!
//! Owns: the scroll, the selected row, the half-typed text. Never: sorts or counts; the session's thread does.
//! Called by: the window's shell, through the panel registry.

mod columns;
mod offers;
mod rows;
pub mod text;

use std::sync::Arc;
use std::time::Duration;

use egui::{Align, Id, Key, Layout, Pos2, Rect, RichText, Sense, Stroke, TextEdit, Ui, UiBuilder, Vec2};

use super::Panel;
use super::log::text::Clock;
use super::tabs::strip;
use crate::model::ConnectionId;
use crate::session::{ConnectionEntry, ConnectionsOrder};
use crate::ui::action::{Action, ConnectionList, ConnectionsAction, Form, ViewAction};
use crate::ui::state::Ctx;
use crate::ui::theme::{self, LOG_ROW};
use crate::ui::widgets::{self, row_list, row_list::RowList, row_list::TYPING_PAUSE};

use rows::{Asked, Drawing};

const STRIP: f32 = 38.0;
const FOOT: f32 = 32.0;
/// Rows beyond the screen that are asked for, so that a small scroll finds them there.
const AHEAD: u64 = 40;

pub struct ConnectionsPanel {
    list: RowList,
    clock: Clock,
    wanted: (u64, usize),
    selected: Option<Arc<ConnectionEntry>>,
    /// The text as typed, and since when it waits to be taken over.
    text: String,
    taken: String,
    typed_at: Option<f64>,
    opened: Option<std::path::PathBuf>,
}

impl Default for ConnectionsPanel {
    fn default() -> Self {
        Self {
            list: RowList::default(),
            clock: Clock::new(),
            wanted: (0, 0),
            selected: None,
            text: String::new(),
            taken: String::new(),
            typed_at: None,
            opened: None,
        }
    }
}

impl Panel for ConnectionsPanel {
    fn key(&self) -> &'static str {
        "connections"
    }

    fn ui(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
        ui.spacing_mut().item_spacing.y = 0.0;
        let opened = ctx.state.opened_file.as_ref().map(|file| file.path.clone());
        if self.opened != opened {
            // Another session: its ids mean other connections.
            (self.opened, self.selected) = (opened, None);
            self.list.to_start();
        }
        let snapshot = ctx.connections;
        if snapshot.ready && snapshot.total == 0 && snapshot.scanned >= snapshot.rows {
            return nothing_yet(ctx, ui, actions);
        }
        strip(ctx, ui, STRIP, |ui| self.head(ctx, ui, actions));
        let rect = ui.available_rect_before_wrap();
        let (mut above, mut below) = (rect, rect);
        above.max.y = (rect.bottom() - FOOT).max(rect.top());
        below.min.y = above.max.y;
        ui.scope_builder(UiBuilder::new().max_rect(above), |ui| self.table(ctx, ui, actions));
        ui.scope_builder(UiBuilder::new().max_rect(below), |ui| self.foot(ctx, ui, actions));
    }
}

impl ConnectionsPanel {
    /// The text field and what concerns the whole table.
    fn head(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
        ui.spacing_mut().item_spacing.x = 8.0;
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if widgets::button(ui, ctx.words.get("connections.save_csv")).clicked() && !ctx.state.dialog_open {
                actions.push(Action::Connections(ConnectionsAction::SaveCsvWithDialog));
            }
            if widgets::button(ui, ctx.words.get("connections.copy_csv")).clicked() {
                actions.push(Action::Connections(ConnectionsAction::CopyCsv));
            }
            self.field(ctx, ui, actions);
        });
    }

    fn field(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
        if self.taken != ctx.state.connections.order.text {
            self.taken.clone_from(&ctx.state.connections.order.text);
            self.text.clone_from(&self.taken);
            self.typed_at = None;
        }
        let mut layouter = widgets::mono_line(ctx.theme.text);
        let field = TextEdit::singleline(&mut self.text)
            .id(Id::unique("connections_text"))
            .font(theme::mono())
            .layouter(&mut layouter)
            .hint_text(RichText::new(ctx.words.get("connections.filter_hint")).color(ctx.theme.dim))
            .desired_width(ui.available_width().min(420.0))
            .margin(egui::Margin::symmetric(9, 4));
        // It begins at the left, whatever stands at the right.
        let response = ui.with_layout(Layout::left_to_right(Align::Center), |ui| ui.add(field)).inner;
        let text = self.text.clone();
        response.widget_info(|| {
            let mut info = egui::WidgetInfo::labeled(egui::Role::TextInput, true, ctx.words.get("connections.filter"));
            info.current_text_value = Some(text.clone());
            info
        });
        let now = ui.input(|input| input.time);
        if response.changed() {
            self.typed_at = Some(now);
        }
        let escaped = response.lost_focus() && ui.input(|input| input.key_pressed(Key::Escape));
        if escaped {
            self.text.clear();
        }
        if escaped || (response.lost_focus() && self.typed_at.is_some()) {
            return self.take(ctx, actions);
        }
        if let Some(typed_at) = self.typed_at {
            let left = TYPING_PAUSE.as_secs_f64() - (now - typed_at);
            if left <= 0.0 {
                self.take(ctx, actions);
            } else {
                ui.ctx().request_repaint_after(Duration::from_secs_f64(left));
            }
        }
    }

    fn take(&mut self, ctx: &Ctx<'_>, actions: &mut Vec<Action>) {
        self.typed_at = None;
        if self.text != self.taken {
            self.taken.clone_from(&self.text);
            self.list.to_start();
            let order = ConnectionsOrder { text: self.text.clone(), ..ctx.state.connections.order.clone() };
            actions.push(Action::Connections(ConnectionsAction::Arrange(order)));
        }
    }

    fn table(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
        let char_width = ui.fonts_mut(|fonts| fonts.glyph_width(&theme::mono(), '0')).max(1.0);
        // The scroll bar covers no number.
        let columns = columns::fitting(ui.available_width() - 12.0, char_width);
        if let Some(order) = columns::header(ctx, ui, &columns) {
            self.list.to_start();
            actions.push(Action::Connections(ConnectionsAction::Arrange(order)));
        }
        let snapshot = ctx.connections;
        let place = ui.available_rect_before_wrap();
        let all_read = snapshot.scanned >= snapshot.rows && snapshot.read >= snapshot.total;
        if snapshot.listed.connections == 0 && all_read && snapshot.order == ctx.state.connections.order {
            self.none_listed(ctx, ui, place, actions);
        }
        self.refresh_selected(ctx);
        let selected = self.selected.as_ref().map(|entry| entry.id);
        let drawing = Drawing { ctx, clock: &self.clock, columns: &columns, char_width, selected };
        let mut asked = None;
        let name = ctx.words.get("connections.table");
        let rows = snapshot.listed.connections;
        let shown = self.list.show(ui, Id::unique("connections_rows"), name, rows, LOG_ROW, |ui, place, rect, list| {
            match snapshot.entry(place) {
                Some(entry) => {
                    if let Some(of_row) = drawing.row(ui, entry, rect, list, actions) {
                        asked = Some((of_row, entry.clone()));
                    }
                }
                None => {
                    let at = Pos2::new(rect.left() + 12.0, rect.center().y);
                    let text = ctx.words.get("log.loading");
                    widgets::mono_text(ui.painter(), at, egui::Align2::LEFT_CENTER, text, ctx.theme.faint);
                }
            }
        });
        let want = (shown.first.saturating_sub(AHEAD), shown.count + 2 * AHEAD as usize);
        if want != self.wanted || snapshot.entry(shown.first).is_none() {
            self.wanted = want;
            let (first, count) = want;
            actions.push(Action::Connections(ConnectionsAction::Want { list: ConnectionList::Table, first, count }));
        }
        if let Some((of_row, entry)) = asked {
            match of_row {
                Asked::Select => self.selected = Some(entry),
                Asked::Follow(id) => actions.extend(offers::follow(id)),
            }
            ui.ctx().request_repaint();
        }
        self.keyboard(ctx, ui, &shown, actions);
    }

    /// What was selected goes on to change while it is in view.
    fn refresh_selected(&mut self, ctx: &Ctx<'_>) {
        if let Some(id) = self.selected.as_ref().map(|entry| entry.id)
            && let Some(entry) = ctx.connections.entries.iter().find(|entry| entry.id == id)
        {
            self.selected = Some(entry.clone());
        }
    }

    fn keyboard(&mut self, ctx: &Ctx<'_>, ui: &Ui, shown: &row_list::Shown, actions: &mut Vec<Action>) {
        let snapshot = ctx.connections;
        if shown.step != 0 && snapshot.listed.connections > 0 {
            let at = self.selected.as_ref().and_then(|entry| place_of(ctx, entry.id));
            let last = snapshot.listed.connections - 1;
            let to = at.map_or(shown.first, |at| at.saturating_add_signed(shown.step).min(last));
            if let Some(entry) = snapshot.entry(to) {
                self.selected = Some(entry.clone());
                self.list.reveal(to);
                ui.ctx().request_repaint();
            }
        }
        let Some(entry) = &self.selected else { return };
        if shown.response.has_focus() && ui.input(|input| input.key_pressed(Key::Enter)) {
            actions.extend(offers::follow(entry.id));
        }
        if row_list::copy_pressed(ui, &shown.response) {
            actions.push(Action::Copy(text::whole_row(ctx, &self.clock, entry)));
        }
    }

    /// Totals, and what can be done with the selected one.
    fn foot(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
        let (rect, _) = ui.allocate_exact_size(ui.available_size(), Sense::hover());
        ui.painter().rect_filled(rect, 0.0, ctx.theme.panel);
        ui.painter().hline(rect.x_range(), rect.top() + 0.5, Stroke::new(1.0, ctx.theme.line));
        let inner = rect.shrink2(Vec2::new(12.0, 2.0));
        let layout = Layout::right_to_left(Align::Center);
        ui.scope_builder(UiBuilder::new().max_rect(inner).layout(layout), |ui| {
            ui.spacing_mut().item_spacing.x = 6.0;
            if let Some(entry) = self.selected.clone() {
                offers::buttons(ctx, ui, &entry, actions);
                ui.add_space(8.0);
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let text = totals(ctx);
                let label = egui::Label::new(RichText::new(&text).color(ctx.theme.dim)).truncate();
                ui.add(label).on_hover_text(text);
            });
        });
    }

    /// A text that no address has.
    fn none_listed(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, place: Rect, actions: &mut Vec<Action>) {
        middle(ui, place, |ui| {
            ui.label(RichText::new(ctx.words.get("connections.none_listed")).font(theme::medium(15.0)));
            if widgets::button(ui, ctx.words.get("log.clear")).clicked() {
                let order = ConnectionsOrder { text: String::new(), ..ctx.state.connections.order.clone() };
                actions.push(Action::Connections(ConnectionsAction::Arrange(order)));
            }
        });
    }
}

/// "1,204 connections · 3 live · in 12 MB · out 4 MB", and how far the count or the order is.
fn totals(ctx: &Ctx<'_>) -> String {
    let (words, snapshot) = (ctx.words, ctx.connections);
    let listed = &snapshot.listed;
    let mut parts = if listed.connections < snapshot.total {
        let values: [(&str, &dyn std::fmt::Display); 2] =
            [("listed", &words.number(listed.connections)), ("total", &words.number(snapshot.total))];
        vec![words.fill("connections.listed_of", &values)]
    } else {
        vec![words.count("connections.count", listed.connections)]
    };
    if ctx.state.opened_file.is_none() {
        parts.push(words.fill("connections.live", &[("live", &words.number(listed.live))]));
    }
    for (key, bytes) in [("connections.sum_in", listed.bytes_in), ("connections.sum_out", listed.bytes_out)] {
        parts.push(words.fill(key, &[("bytes", &words.bytes(bytes))]));
    }
    let percent = |done: u64, of: u64| (done.min(of) * 100).checked_div(of).unwrap_or(100);
    if snapshot.scanned < snapshot.rows {
        let percent = percent(snapshot.scanned, snapshot.rows);
        parts.push(words.fill("connections.counting", &[("percent", &percent)]));
    } else if snapshot.read < snapshot.total {
        parts.push(words.fill("connections.reading", &[("percent", &percent(snapshot.read, snapshot.total))]));
    }
    parts.join(" · ")
}

fn place_of(ctx: &Ctx<'_>, id: ConnectionId) -> Option<u64> {
    let at = ctx.connections.entries.iter().position(|entry| entry.id == id)?;
    Some(ctx.connections.first + at as u64)
}

/// An empty table says what it is for, and how to fill it.
fn nothing_yet(ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
    let place = ui.available_rect_before_wrap();
    middle(ui, place, |ui| {
        if ctx.state.opened_file.is_some() {
            ui.label(RichText::new(ctx.words.get("connections.none_in_file")).font(theme::medium(15.0)));
            return;
        }
        ui.label(RichText::new(ctx.words.get("connections.none")).font(theme::medium(15.0)));
        ui.label(RichText::new(ctx.words.get("connections.none_hint")).color(ctx.theme.dim));
        // Centred by hand: a row of widgets begins at the left.
        let offers = [("commands.listen", Form::Listen), ("commands.connect", Form::Connect)];
        let width = |ui: &Ui, key| {
            let galley = ui.painter().layout_no_wrap(ctx.words.get(key).to_owned(), theme::body(), ctx.theme.text);
            galley.size().x + 2.0 * ui.spacing().button_padding.x
        };
        let whole: f32 = offers.iter().map(|(key, _)| width(ui, key)).sum::<f32>() + 8.0;
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 8.0;
            ui.add_space((ui.available_width() - whole) / 2.0 - 4.0);
            for (key, form) in offers {
                if widgets::button(ui, ctx.words.get(key)).clicked() {
                    actions.push(Action::View(ViewAction::ShowForm(form)));
                }
            }
        });
    });
}

fn middle(ui: &mut Ui, place: Rect, content: impl FnOnce(&mut Ui)) {
    let size = Vec2::new(place.width().min(460.0), 150.0).min(place.size());
    let layout = Layout::top_down(Align::Center);
    ui.scope_builder(UiBuilder::new().max_rect(Rect::from_center_size(place.center(), size)).layout(layout), |ui| {
        ui.spacing_mut().item_spacing.y = 8.0;
        content(ui);
    });
}
