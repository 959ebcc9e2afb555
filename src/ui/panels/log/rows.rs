//! The rows on screen: painted, each an accessibility node, each with its menu.

use std::sync::Arc;

use egui::{Align2, Color32, Id, Painter, Pos2, Rect, Response, Sense, Stroke, Ui, Vec2, WidgetInfo};

use super::{LogPanel, filters, middle, place, text};
use crate::model::{Recorded, TextEncoding, What};
use crate::payload;
use crate::session::{Scope, ViewSnapshot};
use crate::ui::action::{Action, LogAction};
use crate::ui::panels::note_editor;
use crate::ui::state::Ctx;
use crate::ui::theme::{self, LOG_ROW};
use crate::ui::widgets::{self, row_list};

const HEADER: f32 = 24.0;
/// Rows beyond the screen that are asked for, so that a small scroll finds them there.
const AHEAD: u64 = 60;

/// Where the columns stand, from the left edge of the list.
#[derive(Clone, Copy)]
struct Columns {
    time: f32,
    delta: f32,
    arrow: f32,
    socket: f32,
    socket_end: f32,
    size_end: f32,
    content: f32,
    char_width: f32,
}

impl Columns {
    fn new(ui: &Ui, width: f32) -> Self {
        let char_width = ui.fonts_mut(|fonts| fonts.glyph_width(&theme::mono(), '0')).max(1.0);
        let narrow = width < 760.0;
        let time = 10.0;
        let delta = time + 16.0 * char_width + 14.0;
        let arrow = delta + if narrow { 0.0 } else { 11.0 * char_width + 8.0 };
        let socket = arrow + 24.0;
        let socket_end = socket + if narrow { 15.5 } else { 22.0 } * char_width;
        let size_end = socket_end + 7.0 * char_width;
        Self { time, delta, arrow, socket, socket_end, size_end, content: size_end + 16.0, char_width }
    }

    fn has_delta(&self) -> bool {
        self.arrow > self.delta
    }
}

impl LogPanel {
    pub(super) fn rows(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
        let columns = Columns::new(ui, ui.available_width());
        header(ctx, ui, columns);
        let place = ui.available_rect_before_wrap();
        if ctx.view.matched == 0 {
            nothing(ctx, ui, place, actions);
        }
        if self.go_to.apply(ctx, ui, &mut self.list, actions) {
            // The place that was looked at before is left.
            self.place = place::Place::of(&ctx.state.query);
        }
        self.place.apply(ctx, ui, &mut self.list);
        let (list, clock) = (&mut self.list, &self.clock);
        let drawing = Drawing { ctx, columns, clock };
        let rows = rows_to_show(ctx.view, list.following);
        let name = ctx.words.get("log.rows");
        let shown = list.show(ui, Id::unique("log_rows"), name, rows, LOG_ROW, |ui, place, rect, list| {
            drawing.row(ui, place, rect, list, actions);
        });
        // What is wanted next is the true end, not the one that is shown.
        let first = if list.following { ctx.view.matched.saturating_sub(shown.count as u64) } else { shown.first };
        let want = (first.saturating_sub(AHEAD), shown.count + 2 * AHEAD as usize);
        if want != self.wanted || row_at(ctx.view, shown.first).is_none() {
            self.wanted = want;
            actions.push(Action::Log(LogAction::Want { first: want.0, count: want.1 }));
        }
        self.show_selected(ctx, ui);
        self.place.remember(ctx, &self.list, &shown);
        self.keyboard(ctx, ui, &shown, actions);
        self.newer(ctx, ui, place, &shown);
    }

    /// The bytes open beneath a row that was just selected: it must not be what they push out of view.
    fn show_selected(&mut self, ctx: &Ctx<'_>, ui: &Ui) {
        if self.selected == ctx.state.selected_event {
            return;
        }
        self.selected = ctx.state.selected_event;
        if let Some(place) = selected_place(ctx) {
            self.list.reveal(place);
            ui.ctx().request_repaint();
        }
    }

    fn keyboard(&mut self, ctx: &Ctx<'_>, ui: &Ui, shown: &row_list::Shown, actions: &mut Vec<Action>) {
        if shown.step != 0 && ctx.view.matched > 0 {
            let at = selected_place(ctx)
                .map_or(shown.first, |place| place.saturating_add_signed(shown.step).min(ctx.view.matched - 1));
            if let Some(row) = row_at(ctx.view, at) {
                actions.push(Action::Log(LogAction::SelectEvent(Some(row.seq))));
                self.list.reveal(at);
                ui.ctx().request_repaint();
            }
        }
        if row_list::copy_pressed(ui, &shown.response)
            && let Some(row) = selected_row(ctx)
        {
            let text = text::whole_row(ctx.words, &self.clock, row, ctx.state, usize::MAX, "\t");
            actions.push(Action::Copy(text));
        }
        let escaped = shown.response.has_focus() && ui.input(|input| input.key_pressed(egui::Key::Escape));
        if escaped && !ctx.state.filter_text.is_empty() {
            actions.push(Action::Log(LogAction::SetFilter(String::new())));
        }
    }

    /// While scrolled up: how many rows are below, and the way back to them.
    fn newer(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, place: Rect, shown: &row_list::Shown) {
        let below = ctx.view.matched.saturating_sub(shown.first + shown.count as u64);
        if self.list.following || below == 0 {
            return;
        }
        // A file does not grow: what is below is only further down.
        let key = if ctx.state.opened_file.is_some() { "log.more_below" } else { "log.new_below" };
        let text = format!("↓ {}", ctx.words.fill(key, &[("events", &ctx.words.number(below))]));
        let galley = ui.painter().layout_no_wrap(text.clone(), theme::body(), ctx.theme.text);
        let size = Vec2::new(galley.size().x + 2.0 * ui.spacing().button_padding.x + 2.0, 26.0);
        let rect = Rect::from_min_size(place.right_bottom() - size - Vec2::new(24.0, 12.0), size);
        if ui.put(rect, egui::Button::new(text).fill(ctx.theme.raised)).clicked() {
            self.list.to_end();
            ui.ctx().request_repaint();
        }
    }
}

fn header(ctx: &Ctx<'_>, ui: &mut Ui, columns: Columns) {
    let (rect, _) = ui.allocate_exact_size(Vec2::new(ui.available_width(), HEADER), Sense::hover());
    ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, Stroke::new(1.0, ctx.theme.line));
    let middle = rect.center().y;
    let word = |key, x, align| {
        let at = Pos2::new(rect.left() + x, middle);
        ui.painter().text(at, align, ctx.words.get(key), theme::mono(), ctx.theme.dim);
    };
    word("log.time", columns.time, Align2::LEFT_CENTER);
    if columns.has_delta() {
        word("log.delta", columns.delta, Align2::LEFT_CENTER);
    }
    word("log.socket", columns.socket, Align2::LEFT_CENTER);
    word("log.size", columns.size_end, Align2::RIGHT_CENTER);
    word("log.content", columns.content, Align2::LEFT_CENTER);
}

fn nothing(ctx: &Ctx<'_>, ui: &mut Ui, place: Rect, actions: &mut Vec<Action>) {
    let searching = ctx.view.query != ctx.state.query || ctx.view.scanned < ctx.view.total;
    if searching || place.height() < 100.0 {
        return;
    }
    middle(ui, place, |ui| {
        ui.label(egui::RichText::new(ctx.words.get("log.nothing")).font(theme::medium(15.0)));
        if filters(&ctx.state.query) {
            ui.label(egui::RichText::new(ctx.words.get("log.nothing_hint")).color(ctx.theme.dim));
            if widgets::button(ui, ctx.words.get("log.clear")).clicked() {
                actions.extend(clear_filter(ctx));
            }
        }
    });
}

pub(super) fn clear_filter(ctx: &Ctx<'_>) -> Vec<Action> {
    let query = &ctx.state.query;
    let mut changes = Vec::new();
    if !ctx.state.filter_text.is_empty() {
        changes.push(LogAction::SetFilter(String::new()));
    }
    let chips = [
        (query.received, LogAction::ToggleReceived),
        (query.sent, LogAction::ToggleSent),
        (query.state, LogAction::ToggleState),
        (query.errors, LogAction::ToggleErrors),
    ];
    changes.extend(chips.into_iter().filter(|(on, _)| !on).map(|(_, toggle)| toggle));
    changes.into_iter().map(Action::Log).collect()
}

/// The row at a place of the matched rows, where the cache has it.
pub(super) fn row_at(view: &ViewSnapshot, place: u64) -> Option<&Arc<Recorded>> {
    let index = usize::try_from(place.checked_sub(view.first)?).ok()?;
    view.rows.get(index)?.as_ref()
}

/// How far down the log is drawn. While it follows fast traffic the newest rows are read a moment after they are counted:
/// the end of what was read is shown then, instead of rows that are never there in time.
fn rows_to_show(view: &ViewSnapshot, following: bool) -> u64 {
    let read = view.first + view.rows.len() as u64;
    let has_screenful = view.rows.len() as u64 >= AHEAD.min(view.matched);
    if following && has_screenful && read < view.matched { read } else { view.matched }
}

fn is_unreadable(view: &ViewSnapshot, place: u64) -> bool {
    let index = place.checked_sub(view.first).and_then(|index| usize::try_from(index).ok());
    index.is_some_and(|index| matches!(view.rows.get(index), Some(None)))
}

pub fn selected_row<'a>(ctx: &Ctx<'a>) -> Option<&'a Arc<Recorded>> {
    let seq = ctx.state.selected_event?;
    let is_it = |row: &&Arc<Recorded>| row.seq == seq;
    ctx.view.rows.iter().flatten().find(is_it).or(ctx.view.selected.as_ref().filter(is_it))
}

pub(super) fn selected_place(ctx: &Ctx<'_>) -> Option<u64> {
    let seq = ctx.state.selected_event?;
    let index = ctx.view.rows.iter().position(|row| row.as_ref().is_some_and(|row| row.seq == seq))?;
    Some(ctx.view.first + index as u64)
}

/// A painter for one column of a row.
fn clipped(painter: &Painter, row: Rect, from: f32, to: f32) -> Painter {
    let mut clip = row;
    clip.min.x = row.left() + from;
    clip.max.x = row.right().min(row.left() + to - 4.0);
    painter.with_clip_rect(clip.intersect(painter.clip_rect()))
}

struct Drawing<'a, 'b> {
    ctx: &'a Ctx<'b>,
    columns: Columns,
    clock: &'a text::Clock,
}

impl Drawing<'_, '_> {
    fn row(&self, ui: &mut Ui, place: u64, rect: Rect, list: &Response, actions: &mut Vec<Action>) {
        let ctx = self.ctx;
        let Some(row) = row_at(ctx.view, place) else {
            let key = if is_unreadable(ctx.view, place) { "log.unreadable" } else { "log.loading" };
            let painter = ui.painter();
            self.cell(painter, rect, self.columns.time, f32::MAX, ctx.words.get(key), ctx.theme.faint);
            return;
        };
        let response = ui.interact(rect, Id::unique(("event", row.seq)), Sense::CLICK);
        let selected = ctx.state.selected_event == Some(row.seq);
        if selected {
            ui.painter().rect_filled(rect, 0.0, ctx.theme.selection);
        } else if response.hovered() {
            ui.painter().rect_filled(rect, 0.0, ctx.theme.raised);
        }
        let chars = ((rect.width() - self.columns.content - 8.0) / self.columns.char_width - 1.0).max(0.0) as usize;
        let previous = place.checked_sub(1).and_then(|place| row_at(ctx.view, place));
        self.paint(ui.painter(), rect, row, previous, chars);
        response.widget_info(|| {
            let text = text::whole_row(ctx.words, self.clock, row, ctx.state, chars.min(200), "  ");
            WidgetInfo::selected(egui::Role::ListItem, true, selected, text)
        });
        if response.clicked() || response.secondary_clicked() {
            list.request_focus();
            if !selected || response.secondary_clicked() {
                actions.push(Action::Log(LogAction::SelectEvent(Some(row.seq))));
            } else {
                actions.push(Action::Log(LogAction::SelectEvent(None)));
            }
        }
        response.context_menu(|ui| self.menu(ui, row, actions));
    }

    fn paint(&self, painter: &Painter, rect: Rect, row: &Recorded, previous: Option<&Arc<Recorded>>, chars: usize) {
        let (theme, words, state) = (self.ctx.theme, self.ctx.words, self.ctx.state);
        let event = &row.event;
        let columns = self.columns;
        let (mark, body) = match &event.what {
            What::Received(_) => (theme.incoming, theme.text),
            What::Sent(_) => (theme.outgoing, theme.text),
            What::Happened(happening) if happening.kind().is_error() => (theme.error, theme.error),
            What::Happened(_) => (theme.dim, theme.dim),
        };
        let time = self.clock.time(event.time, state.local_time);
        self.cell(painter, rect, columns.time, columns.delta, &time, theme.dim);
        if columns.has_delta() {
            let delta = previous.map_or("–".to_owned(), |row| words.duration(event.time.nanos_since(row.event.time)));
            self.cell(painter, rect, columns.delta, columns.arrow, &delta, theme.dim);
        }
        self.cell(painter, rect, columns.arrow, columns.socket, text::arrow(event), mark);
        let socket_chars = ((columns.socket_end - columns.socket - 4.0) / columns.char_width).round() as usize;
        let socket = text::socket_within(&text::socket(event), socket_chars);
        self.cell(painter, rect, columns.socket, columns.socket_end, &socket, theme.text);
        if let Some(bytes) = event.bytes() {
            let at = Pos2::new(rect.left() + columns.size_end, rect.center().y);
            painter.text(at, Align2::RIGHT_CENTER, words.number(bytes.len() as u64), theme::mono(), theme.text);
        }
        let encoding = state.encoding_of(&event.flow);
        let mut content = text::content(words, event, encoding, state.as_hex, chars);
        if row.damaged {
            content = format!("▲ {}: {content}", words.get("log.damaged"));
        }
        let color = if row.damaged { theme.error } else { body };
        let job = match event.bytes() {
            Some(bytes) if bytes.is_empty() => widgets::mono_job(&content, theme.dim),
            Some(_) => text::painted(&content, chars, color, theme.dim),
            None => widgets::mono_job(&content, color),
        };
        let painter = clipped(painter, rect, columns.content, f32::MAX);
        let at = Pos2::new(rect.left() + columns.content, rect.center().y);
        widgets::paint_job(&painter, at, Align2::LEFT_CENTER, job, color);
    }

    fn cell(&self, painter: &Painter, row: Rect, from: f32, to: f32, text: &str, color: Color32) {
        let painter = clipped(painter, row, from, to);
        let at = Pos2::new(row.left() + from, row.center().y);
        widgets::mono_text(&painter, at, Align2::LEFT_CENTER, text, color);
    }

    fn menu(&self, ui: &mut Ui, row: &Arc<Recorded>, actions: &mut Vec<Action>) {
        let (words, state) = (self.ctx.words, self.ctx.state);
        let event = &row.event;
        let entry = |ui: &mut Ui, key: &str, action: &dyn Fn() -> Action, actions: &mut Vec<Action>| {
            if ui.button(words.get(key)).clicked() {
                actions.push(action());
                ui.close();
            }
        };
        entry(
            ui,
            "log.copy_row",
            &|| Action::Copy(text::whole_row(words, self.clock, row, state, usize::MAX, "\t")),
            actions,
        );
        if let Some(bytes) = event.bytes() {
            let encoding = state.encoding_of(&event.flow);
            entry(ui, "log.copy_text", &|| Action::Copy(payload::bytes_to_text(bytes, encoding)), actions);
            entry(ui, "log.copy_hex", &|| Action::Copy(payload::bytes_to_hex(bytes)), actions);
            entry(ui, "log.copy_c", &|| Action::Copy(payload::bytes_to_c_array(bytes)), actions);
        }
        ui.separator();
        if !event.flow.connection.is_none() {
            let scope = Scope::Connection(event.flow.connection);
            entry(ui, "log.only_socket", &|| Action::Log(LogAction::Select(scope.clone())), actions);
        }
        let scope = Scope::Endpoint(event.flow.endpoint);
        entry(ui, "log.only_endpoint", &|| Action::Log(LogAction::Select(scope.clone())), actions);
        ui.separator();
        note_editor::menu(self.ctx, ui, row.seq, actions);
        ui.menu_button(words.get("log.encoding"), |ui| {
            let id = event.flow.endpoint;
            for encoding in TextEncoding::ALL {
                if ui.radio(state.encoding_of(&event.flow) == encoding, encoding.name()).clicked() {
                    actions.push(Action::Log(LogAction::SetEncoding(id, encoding)));
                    ui.close();
                }
            }
        });
        let mut hex = state.as_hex;
        if ui.checkbox(&mut hex, words.get("log.as_hex")).clicked() {
            actions.push(Action::Log(LogAction::ShowAsHex(hex)));
            ui.close();
        }
    }
}
