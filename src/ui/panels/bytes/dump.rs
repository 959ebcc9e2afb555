//! The hex dump: offset, bytes, the same as text; selecting in one column selects in the other.
//!
//! Owns: where bytes stand on screen. Never: which are selected (that is `Selection`). Draws the rows in view only.

use std::ops::Range;

use egui::{Align2, Color32, Id, Painter, Pos2, Rect, Response, Sense, Stroke, Ui, Vec2, WidgetInfo};

use super::Shown;
use super::marks;
use super::selection::{self, Pressed, Selection, Step};
use crate::payload::{self, ByteRole};
use crate::ui::state::Ctx;
use crate::ui::theme::{self, LOG_ROW};
use crate::ui::widgets::{
    self,
    row_list::{self, RowList},
};

pub const ROW: f32 = LOG_ROW - 3.0;
/// Room for the line that tells which list has the keyboard.
pub const LEFT: f32 = 6.0;

#[derive(Default)]
pub struct Dump {
    list: RowList,
    /// The selection that it showed last.
    seen: u64,
}

/// What a view of bytes asks of the panel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    pub copy: bool,
    pub search: bool,
    pub again: Option<bool>,
}

/// Where the columns stand, in points from the left edge.
#[derive(Clone, Copy, Debug)]
pub struct Columns {
    char_width: f32,
    per_row: usize,
    hex: f32,
    text: f32,
}

impl Columns {
    pub fn new(char_width: f32, per_row: usize, offset_chars: usize) -> Self {
        let hex = LEFT + (offset_chars as f32 + 2.0) * char_width;
        // Two digits and a blank a byte, one blank more in the middle, and a gap.
        Self { char_width, per_row, hex, text: hex + (per_row as f32 * 3.0 + 3.0) * char_width }
    }

    /// All columns and a little room, in points.
    pub fn width(&self) -> f32 {
        self.text_of(self.per_row) + 8.0
    }

    fn hex_of(&self, column: usize) -> f32 {
        let gap = if column >= self.per_row / 2 { 1.0 } else { 0.0 };
        self.hex + (column as f32 * 3.0 + gap) * self.char_width
    }

    fn text_of(&self, column: usize) -> f32 {
        self.text + column as f32 * self.char_width
    }

    /// The place of a byte in the hex column, of its two digits and half a blank on either side.
    fn hex_cell(&self, row: Rect, column: usize) -> Rect {
        let left = row.left() + self.hex_of(column) - self.char_width * 0.5;
        Rect::from_min_size(Pos2::new(left, row.top() + 1.0), Vec2::new(self.char_width * 3.0, row.height() - 2.0))
    }

    fn text_cell(&self, row: Rect, column: usize) -> Rect {
        let left = row.left() + self.text_of(column);
        Rect::from_min_size(Pos2::new(left, row.top() + 1.0), Vec2::new(self.char_width, row.height() - 2.0))
    }

    /// The column under `x`, in either part.
    fn at(&self, x: f32) -> usize {
        let column = if x >= self.text - self.char_width {
            (x - self.text) / self.char_width
        } else {
            let chars = (x - self.hex) / self.char_width + 0.5;
            let middle = (self.per_row / 2) as f32 * 3.0;
            (if chars > middle { chars - 1.0 } else { chars }) / 3.0
        };
        (column.max(0.0) as usize).min(self.per_row - 1)
    }
}

/// An offset as it is written beside a row.
pub fn offset_text(at: usize, length: usize, decimal: bool) -> String {
    let width = offset_chars(length, decimal);
    if decimal { format!("{at:0width$}") } else { format!("{at:0width$x}") }
}

/// Characters that the offsets of a payload take; four at the least, so that most dumps look alike.
pub fn offset_chars(length: usize, decimal: bool) -> usize {
    let last = length.saturating_sub(1);
    let digits = if decimal { last.checked_ilog10() } else { last.checked_ilog(16) };
    (digits.unwrap_or(0) as usize + 1).max(if decimal { 5 } else { 4 })
}

impl Dump {
    pub fn rewind(&mut self) {
        self.list = RowList::default();
    }

    pub fn ui(
        &mut self,
        ctx: &Ctx<'_>,
        ui: &mut Ui,
        shown: &Shown<'_>,
        columns: Columns,
        selection: &mut Selection,
    ) -> Asked {
        let id = Id::unique("hex_dump");
        let (length, per_row) = (shown.bytes.len(), columns.per_row);
        let mut asked = Asked::default();
        for pressed in selection::pressed(ui, id, selection) {
            match pressed {
                Pressed::Step { step, extend } => {
                    let page = usize::try_from(self.list.page()).unwrap_or(1);
                    selection.go(stepped(selection.cursor(), step, per_row, page, length), extend);
                }
                Pressed::All => selection.select(0..length),
                Pressed::Clear => selection.clear(),
                Pressed::Search => asked.search = true,
                Pressed::SearchAgain { back } => asked.again = Some(back),
            }
        }
        self.follow(selection, per_row);
        let place = ui.available_rect_before_wrap();
        let rows = length.div_ceil(per_row) as u64;
        let focused = ui.memory(|memory| memory.has_focus(id));
        let drawing = Drawing { ctx, shown, columns, selection: *selection, focused };
        let list = self.list.show(ui, id, ctx.words.get("bytes.rows"), rows, ROW, |ui, row, rect, _| {
            let start = usize::try_from(row).unwrap_or(usize::MAX).saturating_mul(per_row);
            drawing.row(ui, rect, start);
        });
        selection::hold_keys(ui, id, selection);
        self.select(ui, &list.response, place, columns, length, selection);
        self.tooltip(ctx, &list.response, place, columns, shown);
        asked.copy = row_list::copy_pressed(ui, &list.response);
        asked
    }

    /// Brings the moving end into view when something else moved it.
    fn follow(&mut self, selection: &Selection, per_row: usize) {
        if self.seen != selection.moved {
            self.seen = selection.moved;
            if let Some(cursor) = selection.cursor() {
                self.list.reveal((cursor / per_row) as u64);
            }
        }
    }

    /// The byte under a place on screen; beyond the last one it is past the end.
    fn byte_at(&self, at: Pos2, place: Rect, columns: Columns) -> usize {
        let down = f64::from(at.y - place.top()) + self.list.position.remainder;
        let row = (self.list.position.top_row as f64 + (down / f64::from(ROW)).floor()).max(0.0) as usize;
        row.saturating_mul(columns.per_row).saturating_add(columns.at(at.x - place.left()))
    }

    fn select(
        &mut self,
        ui: &Ui,
        response: &Response,
        place: Rect,
        columns: Columns,
        length: usize,
        selection: &mut Selection,
    ) {
        let Some(pointer) = response.interact_pointer_pos() else { return };
        let at = self.byte_at(pointer, place, columns);
        let shift = ui.input(|input| input.modifiers.shift);
        if response.clicked() {
            if at < length {
                selection.click(at..at + 1, shift);
            } else {
                selection.clear();
            }
        } else if response.drag_started_by(egui::PointerButton::Primary) {
            let begun = ui.input(|input| input.pointer.press_origin()).unwrap_or(pointer);
            selection.go(self.byte_at(begun, place, columns).min(length.saturating_sub(1)), shift);
            selection.go(at.min(length.saturating_sub(1)), true);
        } else if response.dragged_by(egui::PointerButton::Primary) {
            selection.go(at.min(length.saturating_sub(1)), true);
            if !place.y_range().contains(pointer.y) {
                // It goes on scrolling while the pointer rests outside.
                ui.ctx().request_repaint();
            }
        }
        self.follow(selection, columns.per_row);
    }

    /// What stood here before, and what cannot be seen in a character.
    fn tooltip(&self, ctx: &Ctx<'_>, response: &Response, place: Rect, columns: Columns, shown: &Shown<'_>) {
        let Some(pointer) = response.hover_pos() else { return };
        let at = self.byte_at(pointer, place, columns);
        let on_text = pointer.x - place.left() > columns.text;
        if let Some(text) = byte_note(ctx, shown, at, on_text).filter(|_| !response.is_pointer_button_down_on()) {
            response.clone().on_hover_text_at_pointer(text);
        }
    }
}

/// What a tooltip says of a byte; nothing of a plain one. `as_text`: it is looked at as a character.
pub fn byte_note(ctx: &Ctx<'_>, shown: &Shown<'_>, at: usize, as_text: bool) -> Option<String> {
    let byte = *shown.bytes.get(at)?;
    let words = ctx.words;
    let mut lines = Vec::new();
    if let Some(was) = shown.marks.was(at) {
        let (was, now) = (format!("{was:02x}"), format!("{byte:02x}"));
        lines.push(words.fill("bytes.was", &[("before", &was), ("after", &now)]));
    }
    match shown.roles.get(at) {
        Some(ByteRole::Invalid) if as_text => {
            let byte = format!("{byte:02x}");
            lines.push(words.fill("bytes.invalid", &[("byte", &byte), ("encoding", &shown.encoding.name())]));
        }
        Some(ByteRole::Hidden(hidden)) if as_text && !hidden.is_ascii() => {
            let number = format!("U+{:04X}", u32::from(*hidden));
            lines.push(words.fill("bytes.hidden", &[("character", &number)]));
        }
        _ => {}
    }
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// Where a key moves the moving end.
fn stepped(cursor: Option<usize>, step: Step, per_row: usize, page: usize, length: usize) -> usize {
    let last = length.saturating_sub(1);
    let Some(at) = cursor else {
        return if matches!(step, Step::End) { last } else { 0 };
    };
    let down = |rows: usize| {
        let below = at.saturating_add(rows.saturating_mul(per_row));
        // Into the shorter last row, but not out of it.
        if below <= last {
            below
        } else if at / per_row < last / per_row {
            last
        } else {
            at
        }
    };
    let up = |rows: usize| {
        let rows = rows.min(at / per_row);
        at - rows * per_row
    };
    match step {
        Step::Left => at.saturating_sub(1),
        Step::Right => (at + 1).min(last),
        Step::Up => up(1),
        Step::Down => down(1),
        Step::PageUp => up(page),
        Step::PageDown => down(page),
        Step::LineStart => at - at % per_row,
        Step::LineEnd => (at - at % per_row + per_row - 1).min(last),
        Step::Start => 0,
        Step::End => last,
    }
}

struct Drawing<'a, 'b> {
    ctx: &'a Ctx<'b>,
    shown: &'a Shown<'a>,
    columns: Columns,
    selection: Selection,
    focused: bool,
}

impl Drawing<'_, '_> {
    fn row(&self, ui: &mut Ui, rect: Rect, start: usize) {
        let end = self.shown.bytes.len().min(start.saturating_add(self.columns.per_row));
        let Some(line) = self.shown.bytes.get(start..end) else { return };
        let painter = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
        self.grounds(&painter, rect, start..end);
        let offset = offset_text(start, self.shown.bytes.len(), self.ctx.state.decimal_offsets);
        text(&painter, rect, LEFT, &offset, self.ctx.theme.faint);
        self.hex(&painter, rect, line);
        self.characters(&painter, rect, start..end);
        let x = rect.left() + self.columns.text - self.columns.char_width * 0.5;
        painter.vline(x, rect.y_range(), Stroke::new(1.0, self.ctx.theme.line));
        let chosen = self.selection.range();
        let touched = chosen.is_some_and(|range| range.start < end && range.end > start);
        let node = ui.interact(rect, Id::unique(("hex_row", self.shown.seq, start)), Sense::hover());
        node.widget_info(|| {
            let label = format!("{offset} {} {}", payload::bytes_to_hex(line), self.label(start..end));
            WidgetInfo::selected(egui::Role::ListItem, true, touched, label)
        });
    }

    fn grounds(&self, painter: &Painter, rect: Rect, range: Range<usize>) {
        let (theme, columns) = (self.ctx.theme, self.columns);
        let chosen = self.selection.range().unwrap_or_default();
        let mut left = None;
        for (column, at) in range.enumerate() {
            let (mark, selected) = (self.shown.marks.of(at), chosen.contains(&at));
            if !mark.is_plain() || selected {
                let joins = left == Some((mark, selected));
                let mut hex = columns.hex_cell(rect, column);
                if joins && column == columns.per_row / 2 {
                    hex.min.x -= columns.char_width;
                }
                marks::paint(painter, hex, mark, selected, joins, theme);
                marks::paint(painter, columns.text_cell(rect, column), mark, selected, joins, theme);
            }
            if self.focused && self.selection.cursor() == Some(at) {
                marks::paint_cursor(painter, columns.hex_cell(rect, column), theme);
                marks::paint_cursor(painter, columns.text_cell(rect, column), theme);
            }
            left = Some((mark, selected));
        }
    }

    fn hex(&self, painter: &Painter, rect: Rect, line: &[u8]) {
        let half = self.columns.per_row / 2;
        let (first, second) = line.split_at(line.len().min(half));
        let color = self.ctx.theme.text;
        text(painter, rect, self.columns.hex_of(0), &payload::bytes_to_hex(first), color);
        if !second.is_empty() {
            text(painter, rect, self.columns.hex_of(half), &payload::bytes_to_hex(second), color);
        }
    }

    /// A character stands at its first byte, with a line beneath all of its bytes.
    fn characters(&self, painter: &Painter, rect: Rect, range: Range<usize>) {
        let (theme, columns) = (self.ctx.theme, self.columns);
        let mut parts: Vec<(String, Color32)> = Vec::new();
        let mut push = |character: char, color: Color32| match parts.last_mut() {
            Some((last, of)) if *of == color => last.push(character),
            _ => parts.push((character.to_string(), color)),
        };
        for (column, at) in range.clone().enumerate() {
            let role = self.shown.role(at);
            match role {
                ByteRole::Character(character) if character.is_ascii() => push(character, theme.text),
                ByteRole::Character(character) => {
                    push(' ', theme.text);
                    text(painter, rect, columns.text_of(column), &character.to_string(), theme.text);
                }
                ByteRole::Hidden(_) => push('·', theme.dim),
                ByteRole::Rest => push(' ', theme.text),
                ByteRole::Invalid => push('×', theme.error),
            }
            let next_is_rest = at + 1 < range.end && self.shown.roles.get(at + 1) == Some(&ByteRole::Rest);
            if role == ByteRole::Rest || next_is_rest {
                let cell = columns.text_cell(rect, column);
                let from = cell.left() + if role == ByteRole::Rest { 0.0 } else { 1.0 };
                let to = cell.right() - if next_is_rest { 0.0 } else { 1.5 };
                marks::paint_tie(painter, Pos2::new(from, cell.bottom() - 0.5), to, theme);
            }
        }
        let job = widgets::mono_parts(&parts);
        let at = Pos2::new(rect.left() + columns.text, rect.center().y);
        widgets::paint_job(painter, at, Align2::LEFT_CENTER, job, theme.text);
    }

    /// The text column as a screen reader says it.
    fn label(&self, range: Range<usize>) -> String {
        range
            .filter_map(|at| match self.shown.role(at) {
                ByteRole::Character(character) => Some(character),
                ByteRole::Hidden(_) => Some('·'),
                ByteRole::Invalid => Some('×'),
                ByteRole::Rest => None,
            })
            .collect()
    }
}

fn text(painter: &Painter, rect: Rect, x: f32, text: &str, color: Color32) {
    widgets::mono_text(painter, Pos2::new(rect.left() + x, rect.center().y), Align2::LEFT_CENTER, text, color);
}

/// The width of a digit.
pub fn char_width(ui: &Ui) -> f32 {
    ui.fonts_mut(|fonts| fonts.glyph_width(&theme::mono(), '0')).max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_of_a_byte_finds_it() {
        for per_row in [8, 16] {
            let columns = Columns::new(7.5, per_row, 4);
            let row = Rect::from_min_size(Pos2::ZERO, Vec2::new(900.0, ROW));
            for column in 0..per_row {
                for x in [0.5, 11.0, 22.0] {
                    assert_eq!(columns.at(columns.hex_cell(row, column).left() + x), column, "{per_row} {x}");
                }
                assert_eq!(columns.at(columns.text_of(column) + 3.0), column);
            }
            assert_eq!(columns.at(-5.0), 0);
            assert_eq!(columns.at(9_000.0), per_row - 1);
        }
    }

    #[test]
    fn offsets_have_room_for_the_last() {
        assert_eq!(offset_text(16, 100, false), "0010");
        assert_eq!(offset_text(16, 100, true), "00016");
        assert_eq!(offset_text(65_520, 65_536, false), "fff0");
        assert_eq!(offset_text(65_536, 65_537, false), "10000");
        assert_eq!(offset_text(0, 1_000_000, true), "000000");
        assert_eq!(offset_chars(0, false), 4);
    }

    #[test]
    fn keys_move_among_the_bytes() {
        let go = |at, step| stepped(Some(at), step, 16, 3, 40);
        assert_eq!((go(0, Step::Left), go(0, Step::Right), go(39, Step::Right)), (0, 1, 39));
        assert_eq!((go(5, Step::Up), go(21, Step::Up)), (5, 5));
        assert_eq!((go(5, Step::Down), go(26, Step::Down), go(33, Step::Down)), (21, 39, 33));
        assert_eq!((go(39, Step::PageUp), go(3, Step::PageDown)), (7, 39));
        assert_eq!((go(21, Step::LineStart), go(21, Step::LineEnd), go(34, Step::LineEnd)), (16, 31, 39));
        assert_eq!((go(21, Step::Start), go(21, Step::End)), (0, 39));
        assert_eq!(stepped(None, Step::Down, 16, 3, 40), 0);
        assert_eq!(stepped(None, Step::End, 16, 3, 40), 39);
    }
}
