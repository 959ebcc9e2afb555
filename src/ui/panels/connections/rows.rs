//! The rows of the table: painted, each an accessibility node, each with its menu.

use egui::{Color32, CornerRadius, Id, Painter, Pos2, Rect, Response, Role, Sense, Stroke, Ui, Vec2, WidgetInfo};

use super::columns::{Cell, Column};
use super::{offers, text};
use crate::model::{ConnectionId, Timestamp};
use crate::session::{ConnectionColumn, ConnectionEntry, ConnectionLife};
use crate::ui::action::Action;
use crate::ui::panels::log::text::{Clock, socket_within};
use crate::ui::panels::sidebar::one_line;
use crate::ui::state::Ctx;
use crate::ui::theme;
use crate::ui::widgets;

const STRIP: f32 = 8.0;

/// What a row was asked for.
pub enum Asked {
    Select,
    Follow(ConnectionId),
}

pub struct Drawing<'a, 'b> {
    pub ctx: &'a Ctx<'b>,
    pub clock: &'a Clock,
    pub columns: &'a [Column],
    pub char_width: f32,
    pub selected: Option<ConnectionId>,
}

impl Drawing<'_, '_> {
    pub fn row(
        &self,
        ui: &mut Ui,
        entry: &ConnectionEntry,
        rect: Rect,
        list: &Response,
        actions: &mut Vec<Action>,
    ) -> Option<Asked> {
        let ctx = self.ctx;
        let response = ui.interact(rect, Id::unique(("connection", entry.id)), Sense::CLICK);
        let selected = self.selected == Some(entry.id);
        if selected {
            ui.painter().rect_filled(rect, 0.0, ctx.theme.selection);
        } else if response.hovered() {
            ui.painter().rect_filled(rect, 0.0, ctx.theme.raised);
        }
        for column in self.columns {
            self.cell(ui, rect, entry, column);
        }
        response.widget_info(|| {
            WidgetInfo::selected(Role::ListItem, true, selected, text::said(ctx, self.clock, entry, self.columns))
        });
        let mut asked = None;
        if response.clicked() || response.secondary_clicked() {
            list.request_focus();
            asked = Some(Asked::Select);
        }
        if response.double_clicked() {
            asked = Some(Asked::Follow(entry.id));
        }
        response.context_menu(|ui| offers::menu(ctx, ui, self.clock, entry, actions));
        if let Some(reason) = text::reason(ctx.words, &entry.life) {
            response.on_hover_text(reason);
        }
        asked
    }

    fn cell(&self, ui: &Ui, row: Rect, entry: &ConnectionEntry, column: &Column) {
        let ctx = self.ctx;
        let rect = column.rect(row);
        let painter = ui.painter().with_clip_rect(rect.expand(1.0).intersect(ui.clip_rect()));
        let by = match column.cell {
            Cell::Lived => return lived(ctx, &painter, rect, entry),
            Cell::Value(by) => by,
        };
        let value = text::value(ctx, self.clock, entry, by);
        let (at, align) = column.anchor(row);
        let dim =
            if value == "–" || value == "0" || value.starts_with("0 ") { ctx.theme.faint } else { ctx.theme.dim };
        match by {
            ConnectionColumn::State => self.state(ui, &painter, rect, entry, &value),
            ConnectionColumn::Endpoint | ConnectionColumn::Local | ConnectionColumn::Peer => {
                let color = if by == ConnectionColumn::Peer { ctx.theme.text } else { ctx.theme.dim };
                let chars = (rect.width() / self.char_width + 0.01).floor() as usize;
                widgets::mono_text(&painter, at, align, &socket_within(&value, chars), color);
            }
            ConnectionColumn::BytesIn if entry.bytes_in > 0 => {
                widgets::mono_text(&painter, at, align, &value, ctx.theme.incoming);
            }
            ConnectionColumn::BytesOut if entry.bytes_out > 0 => {
                widgets::mono_text(&painter, at, align, &value, ctx.theme.outgoing);
            }
            ConnectionColumn::RateNow if entry.rate_now.is_some() => {
                widgets::mono_text(&painter, at, align, &value, ctx.theme.text);
            }
            _ => {
                widgets::mono_text(&painter, at, align, &value, dim);
            }
        }
    }

    fn state(&self, ui: &Ui, painter: &Painter, rect: Rect, entry: &ConnectionEntry, value: &str) {
        let color = text::color(self.ctx.theme, &entry.life);
        widgets::dot(painter, Pos2::new(rect.left() + 4.0, rect.center().y), color, entry.live);
        let ink = match entry.life {
            ConnectionLife::Open => self.ctx.theme.text,
            _ => color,
        };
        let galley = one_line(ui, value, theme::body(), ink, rect.width() - 14.0);
        painter.galley(Pos2::new(rect.left() + 14.0, rect.center().y - galley.size().y / 2.0), galley, ink);
    }
}

/// When in the session it lived: from its first event to its last, or to now.
fn lived(ctx: &Ctx<'_>, painter: &Painter, rect: Rect, entry: &ConnectionEntry) {
    let track = Rect::from_center_size(rect.center(), Vec2::new(rect.width(), STRIP));
    painter.hline(track.x_range(), track.center().y, Stroke::new(1.0, ctx.theme.line));
    let (Some(opened), Some(until)) = (entry.opened, entry.until) else { return };
    let (from, to) = (ctx.connections.from, ctx.connections.until);
    let (left, right) = (share(opened, from, to), share(until, from, to));
    let left = (track.left() + left * track.width()).min(track.right() - 2.0);
    let right = (track.left() + right * track.width()).max(left + 2.0);
    let bar = Rect::from_min_max(Pos2::new(left, track.top()), Pos2::new(right, track.bottom()));
    painter.rect_filled(bar, CornerRadius::same(2), strip_color(ctx, entry));
}

fn strip_color(ctx: &Ctx<'_>, entry: &ConnectionEntry) -> Color32 {
    match entry.life {
        ConnectionLife::Closed { .. } | ConnectionLife::Unended => ctx.theme.faint,
        _ => text::color(ctx.theme, &entry.life),
    }
}

/// Where a time stands between two, from 0 to 1.
fn share(time: Timestamp, from: Timestamp, to: Timestamp) -> f32 {
    let whole = to.nanos_since(from);
    if whole == 0 { 0.0 } else { (time.nanos_since(from) as f64 / whole as f64).clamp(0.0, 1.0) as f32 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_its_share_of_the_session() {
        let at = Timestamp;
        assert_eq!(share(at(150), at(100), at(200)), 0.5);
        assert_eq!(share(at(50), at(100), at(200)), 0.0);
        assert_eq!(share(at(999), at(100), at(200)), 1.0);
        assert_eq!(share(at(100), at(100), at(100)), 0.0);
        assert_eq!(share(at(100), at(200), at(100)), 0.0);
    }
}
