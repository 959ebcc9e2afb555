//! The columns of the table: which of them have room, where they stand, and the header that sorts by them.
//!
//! A narrow table leaves out whole columns, the least important first; a number is never cut.
//! Called by: the connections panel.

use egui::{Align2, Id, Pos2, Rect, Role, Sense, Stroke, Ui, Vec2, WidgetInfo};

use crate::session::{ConnectionColumn, ConnectionsOrder};
use crate::ui::state::Ctx;
use crate::ui::theme;

pub const HEADER: f32 = 26.0;
/// Around the columns, and between two of them.
const EDGE: f32 = 12.0;
const GAP: f32 = 12.0;

/// What a column shows: a value that can be sorted by, or the strip that shows when the connection lived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell {
    Value(ConnectionColumn),
    Lived,
}

struct Spec {
    cell: Cell,
    words: &'static str,
    /// In digits of the monospaced font.
    chars: f32,
    to_right: bool,
    /// Those with the highest number go first where room is short.
    rank: u8,
    /// Its part of the room that is left over.
    grows: f32,
}

const fn value(by: ConnectionColumn, words: &'static str, chars: f32, rank: u8) -> Spec {
    Spec { cell: Cell::Value(by), words, chars, to_right: false, rank, grows: 0.0 }
}

const fn number(by: ConnectionColumn, words: &'static str, chars: f32, rank: u8) -> Spec {
    Spec { cell: Cell::Value(by), words, chars, to_right: true, rank, grows: 0.0 }
}

/// From left to right.
const SPECS: [Spec; 13] = [
    Spec { grows: 0.15, ..value(ConnectionColumn::Endpoint, "connections.endpoint", 21.0, 6) },
    value(ConnectionColumn::Local, "connections.local", 21.0, 9),
    value(ConnectionColumn::Peer, "connections.peer", 21.0, 0),
    Spec { grows: 0.5, ..value(ConnectionColumn::State, "connections.state", 13.0, 1) },
    value(ConnectionColumn::Opened, "connections.opened", 12.0, 5),
    number(ConnectionColumn::Duration, "connections.duration", 11.0, 4),
    Spec { cell: Cell::Lived, words: "connections.lived", chars: 9.0, to_right: false, rank: 3, grows: 0.35 },
    number(ConnectionColumn::BytesIn, "connections.bytes_in", 8.0, 2),
    number(ConnectionColumn::BytesOut, "connections.bytes_out", 8.0, 2),
    number(ConnectionColumn::EventsIn, "connections.events_in", 8.0, 8),
    number(ConnectionColumn::EventsOut, "connections.events_out", 8.0, 8),
    number(ConnectionColumn::Rate, "connections.rate", 10.0, 7),
    number(ConnectionColumn::RateNow, "connections.rate_now", 10.0, 10),
];
/// The strip needs no more than this.
const WIDEST_LIVED: f32 = 220.0;

/// A column that has room: from where to where, counted from the left edge of the table.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    pub cell: Cell,
    pub words: &'static str,
    pub from: f32,
    pub to: f32,
    pub to_right: bool,
}

impl Column {
    pub fn rect(&self, row: Rect) -> Rect {
        Rect::from_min_max(
            Pos2::new(row.left() + self.from, row.top()),
            Pos2::new((row.left() + self.to).min(row.right()), row.bottom()),
        )
    }

    /// Where its text is anchored.
    pub fn anchor(&self, row: Rect) -> (Pos2, Align2) {
        let rect = self.rect(row);
        if self.to_right {
            (rect.right_center(), Align2::RIGHT_CENTER)
        } else {
            (rect.left_center(), Align2::LEFT_CENTER)
        }
    }
}

/// The columns that a width has room for; `char_width` is that of a digit.
pub fn fitting(width: f32, char_width: f32) -> Vec<Column> {
    let least = |spec: &Spec| (spec.chars * char_width).ceil();
    let needed = |most: u8| {
        let shown = SPECS.iter().filter(|spec| spec.rank <= most);
        shown.map(|spec| least(spec) + GAP).sum::<f32>() - GAP + 2.0 * EDGE
    };
    let most = (0..=10u8).rev().find(|most| needed(*most) <= width).unwrap_or(0);
    let shown: Vec<&Spec> = SPECS.iter().filter(|spec| spec.rank <= most).collect();
    let left_over = (width - needed(most)).max(0.0);
    let growing: f32 = shown.iter().map(|spec| spec.grows).sum();
    let mut at = EDGE;
    let mut columns = Vec::with_capacity(shown.len());
    for spec in shown {
        let more = if growing > 0.0 { left_over * spec.grows / growing } else { 0.0 };
        let mut width = least(spec) + more.floor();
        if spec.cell == Cell::Lived {
            width = width.min(WIDEST_LIVED.max(least(spec)));
        }
        let (from, to) = (at, at + width);
        columns.push(Column { cell: spec.cell, words: spec.words, from, to, to_right: spec.to_right });
        at = to + GAP;
    }
    columns
}

/// Draws the header; gives back the order that a press asks for.
pub fn header(ctx: &Ctx<'_>, ui: &mut Ui, columns: &[Column]) -> Option<ConnectionsOrder> {
    let order = &ctx.state.connections.order;
    let (rect, _) = ui.allocate_exact_size(Vec2::new(ui.available_width(), HEADER), Sense::hover());
    ui.painter().rect_filled(rect, 0.0, ctx.theme.panel);
    ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, Stroke::new(1.0, ctx.theme.line));
    let mut asked = None;
    for column in columns {
        let place = column.rect(rect).expand2(Vec2::new(GAP / 2.0 - 1.0, 0.0)).intersect(rect);
        let (at, align) = column.anchor(rect);
        let Cell::Value(by) = column.cell else {
            ui.painter().text(at, align, ctx.words.get(column.words), theme::small(), ctx.theme.dim);
            continue;
        };
        let response = ui.interact(place, Id::unique(("connections column", by)), Sense::click());
        let sorted = order.by == by;
        let name = ctx.words.get(column.words);
        response.widget_info(|| WidgetInfo::selected(Role::ColumnHeader, true, sorted, said(ctx, name, order, sorted)));
        let lit = sorted || response.hovered() || response.has_focus();
        let color = if lit { ctx.theme.text } else { ctx.theme.dim };
        let painter = ui.painter().with_clip_rect(place.intersect(ui.clip_rect()));
        if response.has_focus() {
            painter.rect_filled(place.shrink(2.0), 4.0, ctx.theme.raised);
        }
        let text = painter.text(at, align, name, theme::small(), color);
        if sorted {
            let middle = if column.to_right { text.left() - 7.0 } else { text.right() + 7.0 };
            triangle(&painter, Pos2::new(middle, place.center().y), order.descending, ctx.theme.accent);
        }
        let pressed = response.clicked();
        response.on_hover_text(ctx.words.fill("connections.sort_by", &[("column", &name)]));
        if pressed {
            asked = Some(turned(order, by, column.to_right));
        }
    }
    asked
}

/// Numbers begin with the largest, all else with the smallest; a second press turns it round.
fn turned(order: &ConnectionsOrder, by: ConnectionColumn, is_number: bool) -> ConnectionsOrder {
    let descending = if order.by == by { !order.descending } else { is_number };
    ConnectionsOrder { by, descending, text: order.text.clone() }
}

fn said(ctx: &Ctx<'_>, name: &str, order: &ConnectionsOrder, sorted: bool) -> String {
    if !sorted {
        return name.to_owned();
    }
    let key = if order.descending { "connections.sorted_descending" } else { "connections.sorted_ascending" };
    ctx.words.fill(key, &[("column", &name)])
}

fn triangle(painter: &egui::Painter, at: Pos2, down: bool, color: egui::Color32) {
    let tip = if down { 3.0 } else { -3.0 };
    let points = vec![at + Vec2::new(-3.5, -tip * 0.7), at + Vec2::new(3.5, -tip * 0.7), at + Vec2::new(0.0, tip)];
    painter.add(egui::Shape::convex_polygon(points, color, Stroke::NONE));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_never_overlap_and_never_leave_the_table() {
        for width in [200.0, 380.0, 536.0, 700.0, 900.0, 1116.0, 1400.0, 2400.0] {
            let columns = fitting(width, 7.5);
            for pair in columns.windows(2) {
                assert!(pair[0].to + GAP <= pair[1].from + 0.1, "{width}: {pair:?}");
            }
            let last = columns.last().expect("the peer is always there");
            assert!(last.to <= width || columns.len() == 1, "{width}: {last:?}");
        }
    }

    #[test]
    fn what_matters_least_goes_first() {
        let cells = |width| fitting(width, 7.5).iter().map(|column| column.cell).collect::<Vec<_>>();
        assert_eq!(cells(2400.0).len(), SPECS.len());
        let narrow = cells(536.0);
        for by in
            [ConnectionColumn::Peer, ConnectionColumn::State, ConnectionColumn::BytesIn, ConnectionColumn::BytesOut]
        {
            assert!(narrow.contains(&Cell::Value(by)), "{by:?} in {narrow:?}");
        }
        assert!(!narrow.contains(&Cell::Value(ConnectionColumn::Local)));
        let mut before = 0;
        for width in (100u16..2400).step_by(20) {
            let now = cells(f32::from(width)).len();
            assert!(now >= before, "a wider table shows no less");
            before = now;
        }
    }

    #[test]
    fn numbers_begin_with_the_largest_and_turn_round() {
        let first = turned(&ConnectionsOrder::default(), ConnectionColumn::BytesIn, true);
        assert!(first.descending);
        assert!(!turned(&first, ConnectionColumn::BytesIn, true).descending);
        assert!(!turned(&first, ConnectionColumn::Peer, false).descending);
    }
}
