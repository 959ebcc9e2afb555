//! One row of the log: painted, an accessibility node, with its marks, its note and what a click on it asks for.
//!
//! Called by: the log's rows, for those on screen.

use std::sync::Arc;

use egui::{Align2, Color32, Id, Painter, Pos2, Rect, Response, Sense, Stroke, Ui, WidgetInfo};

use super::rows::is_selected;
use super::rows::{decoration_at, is_unreadable, row_at};
use super::{frames, marks, selection, text};
use crate::model::{Note, Recorded, What};
use crate::session::Decoration;
use crate::ui::action::{Action, LogAction};
use crate::ui::state::Ctx;
use crate::ui::theme::{self, Theme};
use crate::ui::widgets;

/// Tooltips are cut at this many bytes.
const MOST_TOOLTIP: usize = 4096;

/// The width of the sign that opens a frame.
const FOLD: f32 = 14.0;

/// Where the columns stand, from the left edge of the list.
#[derive(Clone, Copy)]
pub struct Columns {
    pub time: f32,
    pub delta: f32,
    pub arrow: f32,
    pub socket: f32,
    pub socket_end: f32,
    pub size_end: f32,
    pub content: f32,
    pub char_width: f32,
}

impl Columns {
    pub fn new(ui: &Ui, width: f32) -> Self {
        let char_width = ui.fonts_mut(|fonts| fonts.glyph_width(&theme::mono(), '0')).max(1.0);
        let narrow = width < 760.0;
        let time = 14.0;
        let delta = time + 16.0 * char_width + 14.0;
        let arrow = delta + if narrow { 0.0 } else { 11.0 * char_width + 8.0 };
        let socket = arrow + 24.0;
        let socket_end = socket + if narrow { 15.5 } else { 22.0 } * char_width;
        let size_end = socket_end + 7.0 * char_width;
        Self { time, delta, arrow, socket, socket_end, size_end, content: size_end + 16.0, char_width }
    }

    pub fn has_delta(&self) -> bool {
        self.arrow > self.delta
    }
}

pub struct Drawing<'a, 'b> {
    pub ctx: &'a Ctx<'b>,
    pub columns: Columns,
    pub clock: &'a text::Clock,
}

impl Drawing<'_, '_> {
    pub fn row(&self, ui: &mut Ui, place: u64, rect: Rect, list: &Response, actions: &mut Vec<Action>) {
        let ctx = self.ctx;
        let Some(row) = row_at(ctx.view, place) else {
            let key = if is_unreadable(ctx.view, place) { "log.unreadable" } else { "log.loading" };
            let painter = ui.painter();
            self.cell(painter, rect, self.columns.time, f32::MAX, ctx.words.get(key), ctx.theme.faint);
            return;
        };
        let plain = Decoration::default();
        let decoration = decoration_at(ctx.view, place).unwrap_or(&plain);
        let id = match (&decoration.frame, decoration.beneath) {
            (Some(facts), _) => Id::unique(("frame", row.seq, facts.index)),
            (None, Some(frame)) => Id::unique(("chunk", row.seq, frame)),
            (None, None) => Id::unique(("event", row.seq)),
        };
        let mut response = ui.interact(rect, id, Sense::CLICK);
        let selected = is_selected(ctx, place);
        let marked = selected || selection::is_marked(ctx.state, row.seq);
        let compared = ctx.state.compared_event == Some(row.seq);
        let ground = match decoration.highlight.map(|color| ctx.theme.highlight(color)) {
            _ if marked || compared => Some(ctx.theme.selection),
            Some(color) if response.hovered() => Some(Theme::mix(color, ctx.theme.text, 0.06)),
            None if response.hovered() => Some(ctx.theme.raised),
            color => color,
        };
        if let Some(ground) = ground {
            ui.painter().rect_filled(rect, 0.0, ground);
        }
        // Whose menu is open must be seen, whichever row is selected.
        if compared || response.context_menu_opened() {
            let edge = rect.shrink2(egui::vec2(1.0, 0.5));
            ui.painter().rect_stroke(edge, 2.0, Stroke::new(1.0, ctx.theme.accent), egui::StrokeKind::Inside);
        }
        let chars = ((rect.width() - self.columns.content - 8.0) / self.columns.char_width - 1.0).max(0.0) as usize;
        let previous = place.checked_sub(1).and_then(|place| row_at(ctx.view, place));
        self.paint(ui.painter(), rect, row, decoration, previous, chars);
        if let Some(note) = &decoration.note {
            self.note(ui, rect, row.seq, note);
        }
        response.widget_info(|| {
            let text = text::whole_row(ctx.words, self.clock, row, ctx.state, chars.min(200), "  ");
            let text = frames::said(ctx.words, decoration) + &text;
            WidgetInfo::selected(egui::Role::ListItem, true, marked, text)
        });
        if let Some(facts) = &decoration.frame {
            self.fold(ui, rect, (row.seq, facts.index), actions);
        }
        if let Some(gap) = decoration.gap.filter(|_| self.is_over_delta(&response)) {
            let gap = ctx.words.fill("log.gap", &[("time", &ctx.words.duration(gap))]);
            response = response.on_hover_text(gap);
        }
        if let Some(said) = frames::hint(ctx.words, decoration) {
            response = response.on_hover_text(said);
        }
        if response.clicked() || response.secondary_clicked() {
            list.request_focus();
            let held = ui.input(|input| input.modifiers);
            let secondary = response.secondary_clicked();
            actions.extend(selection::clicked(ctx, place, held, secondary).map(Action::Log));
        }
        response.context_menu(|ui| self.menu(ui, row, actions));
    }

    /// The sign before the content of a frame: its chunks are shown beneath it, or not.
    fn fold(&self, ui: &Ui, row: Rect, frame: (u64, u32), actions: &mut Vec<Action>) {
        let right = row.left() + self.columns.content - 1.0;
        let place = Rect::from_min_max(Pos2::new(right - FOLD, row.top()), Pos2::new(right, row.bottom()));
        let response = ui.interact(place, Id::unique(("frame_fold", frame)), Sense::CLICK);
        let is_open = self.ctx.state.opened_frames.contains(&frame);
        let key = if is_open { "frames.hide_chunks" } else { "frames.show_chunks" };
        let name = self.ctx.words.fill(key, &[("seq", &frame.0), ("number", &(frame.1 + 1))]);
        response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, &name));
        let theme = self.ctx.theme;
        let color = if response.hovered() || response.has_focus() { theme.text } else { theme.dim };
        let sign = if is_open { "▾" } else { "▸" };
        ui.painter().text(place.center(), Align2::CENTER_CENTER, sign, theme::body(), color);
        if response.clicked() {
            actions.push(Action::Log(LogAction::OpenFrame { frame, open: !is_open }));
        }
    }

    fn is_over_delta(&self, response: &Response) -> bool {
        let columns = self.columns.rect_of_delta(response.rect);
        columns.zip(response.hover_pos()).is_some_and(|(rect, at)| rect.contains(at))
    }

    /// A ribbon at the row's left edge.
    fn note(&self, ui: &mut Ui, row: Rect, seq: u64, note: &Note) {
        let rect = Rect::from_min_max(row.min, Pos2::new(row.left() + self.columns.time - 1.0, row.bottom()));
        let (left, right) = (row.left() + 4.0, row.left() + 11.0);
        let (top, bottom) = (row.center().y - 6.0, row.center().y + 6.0);
        let (middle, color) = (f32::midpoint(left, right), self.ctx.theme.accent);
        for (from, to) in [(left, middle), (middle, right)] {
            let inner = if from == left { to } else { from };
            let outer = if from == left { from } else { to };
            let points = vec![
                Pos2::new(outer, top),
                Pos2::new(inner, top),
                Pos2::new(inner, bottom - 3.5),
                Pos2::new(outer, bottom),
            ];
            ui.painter().add(egui::Shape::convex_polygon(points, color, Stroke::NONE));
        }
        let response = ui.interact(rect, Id::unique(("event_note", seq)), Sense::hover());
        let words = self.ctx.words;
        let text = crate::payload::visible_text(&note.text, MOST_TOOLTIP);
        let text = if text.is_empty() { words.get("log.bookmark").to_owned() } else { text };
        let name = words.fill("log.note", &[("text", &text)]);
        response.widget_info(|| WidgetInfo::labeled(egui::Role::Label, true, &name));
        response.on_hover_text(text);
    }

    fn paint(
        &self,
        painter: &Painter,
        rect: Rect,
        row: &Recorded,
        decoration: &Decoration,
        previous: Option<&Arc<Recorded>>,
        chars: usize,
    ) {
        let (theme, words, state) = (self.ctx.theme, self.ctx.words, self.ctx.state);
        let event = &row.event;
        let columns = self.columns;
        let mark = match &event.what {
            What::Received(_) => theme.incoming,
            What::Sent(_) => theme.outgoing,
            What::Happened(happening) if happening.kind().is_error() => theme.error,
            What::Happened(_) => theme.dim,
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
        self.content(painter, rect, row, decoration, chars);
    }

    fn content(&self, painter: &Painter, rect: Rect, row: &Recorded, decoration: &Decoration, chars: usize) {
        let (theme, words, state) = (self.ctx.theme, self.ctx.words, self.ctx.state);
        let event = &row.event;
        let encoding = state.encoding_of(&event.flow);
        let body = match &event.what {
            _ if row.damaged => theme.error,
            What::Received(_) | What::Sent(_) => theme.text,
            What::Happened(happening) if happening.kind().is_error() => theme.error,
            What::Happened(_) => theme.dim,
        };
        let body = if frames::is_wrong(decoration) { theme.error } else { body };
        let mut content = text::content(words, event, encoding, state.as_hex, chars);
        let said = frames::said(words, decoration);
        let mut before = said.chars().count();
        content = said + &content;
        if row.damaged {
            let damaged = format!("▲ {}: ", words.get("log.damaged"));
            before += damaged.chars().count();
            content = damaged + &content;
        }
        let job = match event.bytes() {
            Some(bytes) if bytes.is_empty() => widgets::mono_job(&content, theme.dim),
            Some(_) => {
                let marks = marks::of(event, encoding, state.as_hex, decoration, chars, before);
                marks::painted(&content, chars, body, &marks, theme)
            }
            None => widgets::mono_job(&content, body),
        };
        let painter = clipped(painter, rect, self.columns.content, f32::MAX);
        let at = Pos2::new(rect.left() + self.columns.content, rect.center().y);
        widgets::paint_job(&painter, at, Align2::LEFT_CENTER, job, body);
    }

    fn cell(&self, painter: &Painter, row: Rect, from: f32, to: f32, text: &str, color: Color32) {
        let painter = clipped(painter, row, from, to);
        let at = Pos2::new(row.left() + from, row.center().y);
        widgets::mono_text(&painter, at, Align2::LEFT_CENTER, text, color);
    }
}

impl Columns {
    /// Where the delta of a row stands.
    fn rect_of_delta(&self, row: Rect) -> Option<Rect> {
        let x = row.left() + self.delta..=row.left() + self.arrow;
        self.has_delta().then(|| Rect::from_x_y_ranges(x, row.y_range()))
    }
}

/// A painter for one column of a row.
fn clipped(painter: &Painter, row: Rect, from: f32, to: f32) -> Painter {
    let mut clip = row;
    clip.min.x = row.left() + from;
    clip.max.x = row.right().min(row.left() + to - 4.0);
    painter.with_clip_rect(clip.intersect(painter.clip_rect()))
}
