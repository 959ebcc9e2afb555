//! The payload as text: decoded, broken at its line ends and at the width, hidden and invalid bytes marked.
//!
//! Owns: the lines of one payload at one width. Never: which bytes are selected (that is `Selection`), nor more of a line
//! than 4 KB. Draws the lines in view only.

use std::ops::Range;
use std::sync::Arc;

use egui::text::LayoutJob;
use egui::{Align2, Galley, Id, Pos2, Rect, Response, Sense, Ui, WidgetInfo};

use super::Shown;
use super::dump::{Asked, LEFT, byte_note};
use super::marks::{self, Mark};
use super::selection::{self, Pressed, Selection, Step};
use crate::payload::{self, ByteRole, TextLine};
use crate::ui::state::Ctx;
use crate::ui::theme::LOG_ROW;
use crate::ui::widgets::{
    self,
    row_list::{self, RowList},
};

const ROW: f32 = LOG_ROW - 3.0;

#[derive(Default)]
pub struct TextView {
    list: RowList,
    seen: u64,
    lines: Option<Lines>,
}

/// Made once for a payload as it was read, and a width.
struct Lines {
    of: (u64, usize),
    lines: Vec<TextLine>,
}

/// One line laid out.
struct Laid {
    galley: Arc<Galley>,
    /// For each of its characters on screen, the bytes behind it.
    bytes: Vec<Range<usize>>,
}

impl TextView {
    pub fn rewind(&mut self) {
        self.list = RowList::default();
    }

    pub fn ui(
        &mut self,
        ctx: &Ctx<'_>,
        ui: &mut Ui,
        shown: &Shown<'_>,
        char_width: f32,
        selection: &mut Selection,
    ) -> Asked {
        let id = Id::unique("bytes_text");
        let place = ui.available_rect_before_wrap();
        let columns = ((place.width() - LEFT - 16.0) / char_width).max(8.0) as usize;
        let of = (shown.read, columns);
        if self.lines.as_ref().is_none_or(|lines| lines.of != of) {
            let mut lines = payload::text_lines(shown.roles, columns);
            if shown.roles.len() < shown.bytes.len() {
                lines.push(TextLine { bytes: shown.roles.len()..shown.bytes.len(), is_cut: true });
            }
            self.lines = Some(Lines { of, lines });
            // The same bytes stay in view at another width.
            self.seen = u64::MAX;
        }
        let Some(Lines { lines, .. }) = &self.lines else { return Asked::default() };
        let page = usize::try_from(self.list.page()).unwrap_or(1);
        let mut asked = Asked::default();
        for pressed in selection::pressed(ui, id, selection) {
            match pressed {
                Pressed::Step { step, extend } => {
                    selection.go(stepped(shown.roles, lines, selection.cursor(), step, page), extend);
                }
                Pressed::All => selection.select(0..shown.bytes.len()),
                Pressed::Clear => selection.clear(),
                Pressed::Search => asked.search = true,
                Pressed::SearchAgain { back } => asked.again = Some(back),
            }
        }
        follow(&mut self.list, &mut self.seen, selection, lines);
        let name = ctx.words.get("bytes.text");
        let chosen = selection.range().map(|range| payload::whole_characters(shown.roles, range)).unwrap_or_default();
        let list = self.list.show(ui, id, name, lines.len() as u64, ROW, |ui, at, rect, _| {
            let Some(line) = usize::try_from(at).ok().and_then(|at| lines.get(at)) else { return };
            draw(ctx, ui, shown, line, rect, &chosen);
        });
        selection::hold_keys(ui, id, selection);
        let position = self.list.position;
        let under = |pointer: Pos2| {
            let down = f64::from(pointer.y - place.top()) + position.remainder;
            let row = (position.top_row as f64 + (down / f64::from(ROW)).floor()).max(0.0) as usize;
            let line = lines.get(row.min(lines.len().saturating_sub(1)))?;
            let laid = lay(ctx, ui, shown, line);
            Some((row < lines.len(), bytes_at(&laid, line, pointer.x - place.left() - LEFT)))
        };
        select(ui, &list.response, place, selection, &under);
        follow(&mut self.list, &mut self.seen, selection, lines);
        if let Some((true, bytes)) = list.response.hover_pos().and_then(under)
            && let Some(note) = bytes.clone().find_map(|at| byte_note(ctx, shown, at, true))
            && !list.response.is_pointer_button_down_on()
        {
            list.response.clone().on_hover_text_at_pointer(note);
        }
        asked.copy = row_list::copy_pressed(ui, &list.response);
        asked
    }
}

/// Brings the moving end into view when something moved it.
fn follow(list: &mut RowList, seen: &mut u64, selection: &Selection, lines: &[TextLine]) {
    if *seen != selection.moved {
        *seen = selection.moved;
        if let Some(cursor) = selection.cursor() {
            list.reveal(payload::line_of(lines, cursor) as u64);
        }
    }
}

fn select(
    ui: &Ui,
    response: &Response,
    place: Rect,
    selection: &mut Selection,
    under: &dyn Fn(Pos2) -> Option<(bool, Range<usize>)>,
) {
    let Some(pointer) = response.interact_pointer_pos() else { return };
    let Some((on_line, bytes)) = under(pointer) else { return };
    let shift = ui.input(|input| input.modifiers.shift);
    if response.clicked() {
        if on_line { selection.click(bytes, shift) } else { selection.clear() }
    } else if response.drag_started_by(egui::PointerButton::Primary) {
        let begun = ui.input(|input| input.pointer.press_origin()).and_then(under);
        if !shift && let Some((_, begun)) = begun {
            // The character at which the drag began belongs to the selection wherever it goes.
            selection.go(if bytes.start < begun.start { begun.end - 1 } else { begun.start }, false);
        }
        drag_to(selection, &bytes);
    } else if response.dragged_by(egui::PointerButton::Primary) {
        drag_to(selection, &bytes);
        if !place.y_range().contains(pointer.y) {
            // It goes on scrolling while the pointer rests outside.
            ui.ctx().request_repaint();
        }
    }
}

fn drag_to(selection: &mut Selection, bytes: &Range<usize>) {
    let anchor = selection.anchor().unwrap_or(bytes.start);
    selection.go(if bytes.start < anchor { bytes.start } else { bytes.end - 1 }, true);
}

/// The bytes of the character at `x` in a line; beyond its end those of its last one.
fn bytes_at(laid: &Laid, line: &TextLine, x: f32) -> Range<usize> {
    if line.is_cut {
        return line.bytes.clone();
    }
    let glyphs = laid.galley.rows.first().map_or(&[][..], |row| &row.glyphs);
    let nearest = glyphs.iter().enumerate().min_by(|(_, a), (_, b)| {
        let away = |rect: Rect| (rect.left() - x).max(x - rect.right()).max(0.0);
        away(a.logical_rect()).total_cmp(&away(b.logical_rect()))
    });
    let found = nearest.and_then(|(at, _)| laid.bytes.get(at)).cloned();
    found.unwrap_or(line.bytes.start..line.bytes.end.min(line.bytes.start + 1))
}

fn lay(ctx: &Ctx<'_>, ui: &Ui, shown: &Shown<'_>, line: &TextLine) -> Laid {
    let (job, bytes) = job_of(ctx, shown, line);
    Laid { galley: ui.painter().layout_job(job), bytes }
}

fn job_of(ctx: &Ctx<'_>, shown: &Shown<'_>, line: &TextLine) -> (LayoutJob, Vec<Range<usize>>) {
    let theme = ctx.theme;
    let mut parts: Vec<(String, egui::Color32)> = Vec::new();
    let mut bytes = Vec::new();
    if line.is_cut {
        let count = ctx.words.count("count.bytes", line.bytes.len() as u64);
        let text = ctx.words.fill("bytes.more", &[("bytes", &count)]);
        bytes.resize(text.chars().count(), line.bytes.clone());
        return (widgets::mono_job(&text, theme.accent), bytes);
    }
    for at in line.bytes.clone() {
        let (Some(role), Some(byte)) = (shown.roles.get(at), shown.bytes.get(at)) else { break };
        let color = match role {
            ByteRole::Rest => {
                bytes.iter_mut().rev().take(1).for_each(|range: &mut Range<usize>| range.end = at + 1);
                continue;
            }
            ByteRole::Character(_) => theme.text,
            ByteRole::Hidden(_) => theme.dim,
            ByteRole::Invalid => theme.error,
        };
        let text = payload::role_text(*role, *byte);
        let end = at + 1 + rest_after(shown.roles, at);
        bytes.resize(bytes.len() + text.chars().count(), at..end);
        match parts.last_mut() {
            Some((last, of)) if *of == color => last.push_str(&text),
            _ => parts.push((text, color)),
        }
    }
    (widgets::mono_parts(&parts), bytes)
}

fn rest_after(roles: &[ByteRole], at: usize) -> usize {
    roles.get(at + 1..).unwrap_or_default().iter().take_while(|role| **role == ByteRole::Rest).count()
}

fn draw(ctx: &Ctx<'_>, ui: &mut Ui, shown: &Shown<'_>, line: &TextLine, rect: Rect, chosen: &Range<usize>) {
    let laid = lay(ctx, ui, shown, line);
    let painter = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
    let origin = Pos2::new(rect.left() + LEFT, rect.center().y);
    grounds(ctx, &painter, shown, &laid, rect, chosen);
    let place = Align2::LEFT_CENTER.anchor_size(origin, laid.galley.size());
    painter.galley(place.min, laid.galley.clone(), ctx.theme.text);
    let touched = chosen.start < line.bytes.end && chosen.end > line.bytes.start;
    let node = ui.interact(rect, Id::unique(("text_line", shown.seq, line.bytes.start)), Sense::hover());
    node.widget_info(|| {
        let bytes = shown.bytes.get(line.bytes.clone()).unwrap_or_default();
        let label = if line.is_cut {
            laid.galley.text().to_owned()
        } else {
            payload::visible(bytes, shown.encoding, payload::MAX_LINE_BYTES)
        };
        WidgetInfo::selected(egui::Role::ListItem, true, touched, label)
    });
}

fn grounds(ctx: &Ctx<'_>, painter: &egui::Painter, shown: &Shown<'_>, laid: &Laid, rect: Rect, chosen: &Range<usize>) {
    let Some(row) = laid.galley.rows.first() else { return };
    // Characters of one kind beside each other are one shape.
    let mut run: Option<(Rect, Mark, bool)> = None;
    let paint = |run: &Option<(Rect, Mark, bool)>| {
        if let Some((place, mark, selected)) = run.as_ref().filter(|(_, mark, on)| *on || !mark.is_plain()) {
            marks::paint(painter, *place, *mark, *selected, false, ctx.theme);
        }
    };
    for (glyph, bytes) in row.glyphs.iter().zip(&laid.bytes) {
        let mark = mark_of(shown, bytes);
        let selected = chosen.start < bytes.end && chosen.end > bytes.start;
        let x = glyph.logical_rect().x_range();
        let min = Pos2::new(rect.left() + LEFT + x.min, rect.top() + 1.0);
        let place = Rect::from_min_max(min, Pos2::new(rect.left() + LEFT + x.max, rect.bottom() - 1.0));
        match &mut run {
            Some((whole, of, on)) if (*of, *on) == (mark, selected) => *whole = whole.union(place),
            _ => {
                paint(&run);
                run = Some((place, mark, selected));
            }
        }
    }
    paint(&run);
}

/// The marks of all bytes of a character; those of a cut line are not looked at one by one.
fn mark_of(shown: &Shown<'_>, bytes: &Range<usize>) -> Mark {
    if bytes.len() > 16 {
        return Mark::default();
    }
    bytes.clone().map(|at| shown.marks.of(at)).fold(Mark::default(), |all, mark| Mark {
        found: all.found || mark.found,
        current: all.current || mark.current,
        filtered: all.filtered || mark.filtered,
        changed: all.changed || mark.changed,
    })
}

/// Where a key moves the moving end: by characters and lines.
fn stepped(roles: &[ByteRole], lines: &[TextLine], cursor: Option<usize>, step: Step, page: usize) -> usize {
    let last = roles.len().saturating_sub(1);
    let start_of = |at: usize| payload::whole_characters(roles, at..at).start;
    let Some(at) = cursor.map(|at| start_of(at.min(last))) else {
        return if matches!(step, Step::End) { start_of(last) } else { 0 };
    };
    let here = payload::line_of(lines, at);
    let line = |number: usize| lines.get(number).map_or(0..1, |line| line.bytes.clone());
    let on_line = |number: usize| {
        let (from, to) = (line(here), line(number));
        start_of(to.start + (at - from.start.min(at)).min(to.len().saturating_sub(1)))
    };
    match step {
        Step::Left => start_of(at.saturating_sub(1)),
        Step::Right => {
            Some(payload::whole_characters(roles, at..at + 1).end).filter(|next| *next <= last).unwrap_or(at)
        }
        Step::Up => on_line(here.saturating_sub(1)),
        Step::Down => on_line((here + 1).min(lines.len().saturating_sub(1))),
        Step::PageUp => on_line(here.saturating_sub(page)),
        Step::PageDown => on_line((here + page).min(lines.len().saturating_sub(1))),
        Step::LineStart => line(here).start,
        Step::LineEnd => start_of(line(here).end.saturating_sub(1)),
        Step::Start => 0,
        Step::End => start_of(last),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::TextEncoding;

    #[test]
    fn keys_move_by_characters_and_lines() {
        let text = "a泵b\nxyz\n0";
        let roles = payload::byte_roles(text.as_bytes(), TextEncoding::Utf8);
        let lines = payload::text_lines(&roles, 80);
        let go = |at, step| stepped(&roles, &lines, Some(at), step, 2);
        assert_eq!((go(0, Step::Right), go(1, Step::Right), go(4, Step::Left)), (1, 4, 1));
        assert_eq!((go(1, Step::Down), go(7, Step::Up), go(0, Step::Up)), (7, 1, 0));
        assert_eq!((go(3, Step::LineStart), go(1, Step::LineEnd)), (0, 5));
        assert_eq!((go(0, Step::PageDown), go(10, Step::Right), go(0, Step::End)), (10, 10, 10));
        assert_eq!(stepped(&roles, &lines, None, Step::Down, 2), 0);
    }
}
