//! The hex dump: offset, sixteen bytes, the same as text; selecting in one column selects in the other.

use std::ops::Range;

use egui::{Align2, Id, Painter, Pos2, Rect, Response, Sense, Stroke, Ui, Vec2, WidgetInfo};

use crate::ui::state::Ctx;
use crate::ui::theme::{self, LOG_ROW};
use crate::ui::widgets::{
    self,
    row_list::{self, RowList},
};

const PER_ROW: usize = 16;
const ROW: f32 = LOG_ROW - 3.0;

#[derive(Default)]
pub struct Dump {
    /// Selected bytes, never empty.
    pub selection: Option<Range<usize>>,
    /// The byte at which a drag began.
    anchor: Option<usize>,
}

/// Where the columns stand, in points from the left edge.
#[derive(Clone, Copy)]
struct Columns {
    char_width: f32,
    hex: f32,
    text: f32,
}

impl Columns {
    fn new(char_width: f32) -> Self {
        let hex = 6.0 * char_width;
        // Two digits and a blank a byte, one blank more in the middle, and a gap.
        Self { char_width, hex, text: hex + (PER_ROW as f32 * 3.0 + 3.0) * char_width }
    }

    fn hex_of(&self, column: usize) -> f32 {
        let gap = if column >= PER_ROW / 2 { 1.0 } else { 0.0 };
        self.hex + (column as f32 * 3.0 + gap) * self.char_width
    }

    fn text_of(&self, column: usize) -> f32 {
        self.text + column as f32 * self.char_width
    }

    /// The column under `x`, in either part.
    fn at(&self, x: f32) -> usize {
        let column = if x >= self.text - self.char_width {
            (x - self.text) / self.char_width
        } else {
            let chars = (x - self.hex) / self.char_width;
            let middle = (PER_ROW / 2) as f32 * 3.0;
            (if chars > middle { chars - 1.0 } else { chars }) / 3.0
        };
        (column.max(0.0) as usize).min(PER_ROW - 1)
    }
}

impl Dump {
    /// Draws the dump. Returns the bytes to copy when the copy key was pressed.
    pub fn ui<'a>(
        &mut self,
        ctx: &Ctx<'_>,
        ui: &mut Ui,
        list: &mut RowList,
        seq: u64,
        bytes: &'a [u8],
    ) -> Option<&'a [u8]> {
        let columns = Columns::new(ui.fonts_mut(|fonts| fonts.glyph_width(&theme::mono(), '0')).max(1.0));
        let place = ui.available_rect_before_wrap();
        let rows = bytes.len().div_ceil(PER_ROW) as u64;
        let selection = self.selection.clone();
        let shown =
            list.show(ui, Id::unique("hex_dump"), ctx.words.get("bytes.rows"), rows, ROW, |ui, row, rect, _| {
                let start = usize::try_from(row).unwrap_or(usize::MAX).saturating_mul(PER_ROW);
                let Some(line) = bytes.get(start..bytes.len().min(start.saturating_add(PER_ROW))) else { return };
                paint(ctx, ui.painter(), rect, columns, start, line, selection.as_ref());
                let node = ui.interact(rect, Id::unique(("hex_row", seq, row)), Sense::hover());
                node.widget_info(|| {
                    let label = format!("{start:04x} {} {}", crate::payload::bytes_to_hex(line), printable(line));
                    WidgetInfo::labeled(egui::Role::ListItem, true, label)
                });
            });
        self.select(&shown.response, place, columns, list, bytes.len());
        row_list::copy_pressed(ui, &shown.response).then(|| match &self.selection {
            Some(range) => bytes.get(range.clone()).unwrap_or(bytes),
            None => bytes,
        })
    }

    fn select(&mut self, response: &Response, place: Rect, columns: Columns, list: &RowList, length: usize) {
        let Some(pointer) = response.interact_pointer_pos() else { return };
        let down = f64::from(pointer.y - place.top()) + list.position.remainder;
        let row = list.position.top_row.saturating_add((down.max(0.0) / f64::from(ROW)) as u64);
        let row = usize::try_from(row).unwrap_or(usize::MAX);
        let at = row.saturating_mul(PER_ROW).saturating_add(columns.at(pointer.x - place.left()));
        if response.clicked() {
            self.anchor = None;
            let again = self.selection.as_ref().is_some_and(|range| range.len() == 1 && range.contains(&at));
            self.selection = (at < length && !again).then_some(at..at.saturating_add(1));
        } else if response.dragged() {
            let at = at.min(length.saturating_sub(1));
            let anchor = *self.anchor.get_or_insert(at);
            self.selection = Some(anchor.min(at)..anchor.max(at) + 1);
        }
        if response.drag_stopped() {
            self.anchor = None;
        }
    }
}

fn paint(
    ctx: &Ctx<'_>,
    painter: &Painter,
    rect: Rect,
    columns: Columns,
    start: usize,
    line: &[u8],
    selection: Option<&Range<usize>>,
) {
    let (theme, left, middle) = (ctx.theme, rect.left(), rect.center().y);
    for column in 0..line.len() {
        if selection.is_some_and(|range| range.contains(&(start + column))) {
            let mark = |x: f32, width: f32| {
                let min = Pos2::new(left + x, rect.top() + 1.0);
                painter.rect_filled(Rect::from_min_size(min, Vec2::new(width, ROW - 2.0)), 0.0, theme.selection);
            };
            mark(columns.hex_of(column) - columns.char_width * 0.5, columns.char_width * 3.0);
            mark(columns.text_of(column), columns.char_width);
        }
    }
    let text = |x: f32, text: String, color| {
        widgets::mono_text(painter, Pos2::new(left + x, middle), Align2::LEFT_CENTER, &text, color);
    };
    text(0.0, format!("{start:04x}"), theme.faint);
    let (first, second) = line.split_at(line.len().min(PER_ROW / 2));
    text(columns.hex_of(0), crate::payload::bytes_to_hex(first), theme.text);
    if !second.is_empty() {
        text(columns.hex_of(PER_ROW / 2), crate::payload::bytes_to_hex(second), theme.text);
    }
    text(columns.text, printable(line), theme.dim);
    for x in [columns.text - 4.0, columns.text_of(PER_ROW) + 4.0] {
        painter.vline(left + x, rect.y_range(), Stroke::new(1.0, theme.line));
    }
}

/// One character a byte, so that the columns stay in step.
fn printable(line: &[u8]) -> String {
    line.iter().map(|byte| if byte.is_ascii_graphic() || *byte == b' ' { char::from(*byte) } else { '·' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_of_a_byte_finds_it() {
        let columns = Columns::new(7.5);
        for column in 0..PER_ROW {
            assert_eq!(columns.at(columns.hex_of(column) + 8.0), column);
            assert_eq!(columns.at(columns.text_of(column) + 3.0), column);
        }
        assert_eq!(columns.at(-5.0), 0);
        assert_eq!(columns.at(9_000.0), PER_ROW - 1);
    }
}
