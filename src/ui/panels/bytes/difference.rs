//! Two events' bytes compared: side by side, or one beneath the other where there is no room.
//!
//! Owns: what was compared, which difference was gone to. Never: compares more than a millisecond's worth in a frame; a
//! job does the rest. Draws the rows in view only.

use std::ops::Range;
use std::sync::Arc;

use egui::{Align2, Color32, Id, Painter, Pos2, Rect, Sense, Stroke, Ui, Vec2, WidgetInfo};

use super::dump::{LEFT, ROW, char_width, offset_chars, offset_text};
use super::marks;
use crate::model::{Recorded, TextEncoding};
use crate::payload::{self, ByteRole, Counts, Difference, Part, PartKind};
use crate::ui::action::{Action, LogAction};
use crate::ui::state::Ctx;
use crate::ui::theme::Theme;
use crate::ui::widgets::{self, row_list::RowList};

/// Bytes of which the characters are told.
const MOST_READ: usize = 256 * 1024;

#[derive(Default)]
pub struct DifferenceView {
    list: RowList,
    compared: Option<Compared>,
    /// Counts the questions, so that an answer to an older one is known.
    asked: u64,
    /// The later event stands first.
    pub swapped: bool,
    /// The difference that was gone to, among those that are none of equal bytes.
    current: Option<usize>,
    rows: Option<Rows>,
}

struct Compared {
    of: [(u64, usize, usize); 2],
    swapped: bool,
    encodings: [TextEncoding; 2],
    roles: [Vec<ByteRole>; 2],
    /// `None`: a job is at it.
    difference: Option<Arc<Difference>>,
    /// Where each part begins when both stand side by side, and where the last one ends.
    starts: Vec<usize>,
    /// Parts that stand together without equal bytes between them: one difference for a person.
    groups: Vec<Range<usize>>,
}

/// What stands on each row on screen, one beneath the other.
struct Rows {
    per_row: usize,
    is_beneath: bool,
    rows: Vec<(usize, usize)>,
}

/// One place of two payloads side by side.
struct Place {
    at: [Option<usize>; 2],
    kind: PartKind,
    is_current: bool,
}

/// Where the two dumps stand.
#[derive(Clone, Copy)]
struct Columns {
    char_width: f32,
    per_row: usize,
    offset: f32,
    side: f32,
}

impl Columns {
    fn new(char_width: f32, per_row: usize, offset_chars: usize) -> Self {
        let offset = (offset_chars as f32 + 2.0) * char_width;
        Self { char_width, per_row, offset, side: offset + (per_row as f32 * 4.0 + 1.0) * char_width }
    }

    fn hex_cell(&self, row: Rect, left: f32, column: usize) -> Rect {
        let x = row.left() + left + self.offset + (column as f32 * 3.0 - 0.5) * self.char_width;
        Rect::from_min_size(Pos2::new(x, row.top() + 1.0), Vec2::new(3.0 * self.char_width, row.height() - 2.0))
    }

    fn text_x(&self, left: f32, column: usize) -> f32 {
        left + self.offset + (self.per_row as f32 * 3.0 + column as f32 + 0.5) * self.char_width
    }
}

/// The two rows in the order in which they are shown.
pub fn in_order<'a>(
    one: &'a Arc<Recorded>,
    other: &'a Arc<Recorded>,
    swapped: bool,
) -> (&'a Arc<Recorded>, &'a Arc<Recorded>) {
    if (one.seq <= other.seq) != swapped { (one, other) } else { (other, one) }
}

impl DifferenceView {
    /// Compares where the pair is another; the answer may come in a later frame.
    pub fn follow(&mut self, ctx: &Ctx<'_>, before: &Recorded, after: &Recorded, actions: &mut Vec<Action>) {
        let both = [before, after];
        let bytes = both.map(|row| row.event.bytes().cloned().unwrap_or_default());
        let name = |at: usize| (both[at].seq, bytes[at].as_ptr() as usize, bytes[at].len());
        let of = [name(0), name(1)];
        let encodings = both.map(|row| ctx.state.encoding_of(&row.event.flow));
        let known = self.compared.as_ref().is_some_and(|known| known.of == of && known.swapped == self.swapped);
        if !known {
            self.asked += 1;
            (self.current, self.rows, self.list) = (None, None, RowList::default());
            let quick = payload::is_quick(&bytes[0], &bytes[1]);
            let difference = quick.then(|| Arc::new(payload::difference(&bytes[0], &bytes[1], None)));
            self.compared = Some(Compared {
                of,
                swapped: self.swapped,
                encodings,
                roles: [0, 1].map(|at| roles(&bytes[at], encodings[at])),
                starts: difference.as_deref().map(starts).unwrap_or_default(),
                groups: difference.as_deref().map(groups).unwrap_or_default(),
                difference,
            });
            if !quick {
                let [before, after] = bytes;
                actions.push(Action::Log(LogAction::FindDifference { number: self.asked, before, after }));
            }
        } else if let Some(compared) = &mut self.compared {
            if compared.encodings != encodings {
                compared.encodings = encodings;
                compared.roles = [0, 1].map(|at| roles(&bytes[at], encodings[at]));
            }
            if let (None, Some((number, found))) = (&compared.difference, &ctx.state.difference)
                && *number == self.asked
            {
                compared.starts = starts(found);
                compared.groups = groups(found);
                compared.difference = Some(found.clone());
            }
        }
    }

    /// `None`: not compared yet.
    pub fn counts(&self) -> Option<Counts> {
        Some(self.difference()?.counts())
    }

    pub fn gave_up(&self) -> bool {
        self.difference().is_some_and(|difference| difference.gave_up)
    }

    /// Goes to the next difference, or the one before; past the last it begins again.
    pub fn step(&mut self, back: bool) {
        let Some(last) = self.groups().len().checked_sub(1) else { return };
        self.current = Some(match self.current {
            None => {
                if back {
                    last
                } else {
                    0
                }
            }
            Some(at) if back => at.checked_sub(1).unwrap_or(last),
            Some(at) => {
                if at >= last {
                    0
                } else {
                    at + 1
                }
            }
        });
        let group = self.current.and_then(|at| self.groups().get(at));
        let at = group.and_then(|group| self.compared.as_ref()?.starts.get(group.start).copied());
        if let (Some(at), Some(rows)) = (at, &self.rows) {
            let row = at / rows.per_row;
            let shown = if rows.is_beneath { rows.rows.partition_point(|(of, _)| *of < row) } else { row };
            self.list.reveal(shown as u64);
        }
    }

    /// Which difference was gone to, and how many there are.
    pub fn place(&self) -> (Option<usize>, usize) {
        (self.current, self.groups().len())
    }

    pub fn ui(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, before: &Recorded, after: &Recorded) {
        let current = self.current.and_then(|at| self.groups().get(at)).cloned().unwrap_or_default();
        let Some(compared) = &self.compared else { return };
        let Some(difference) = compared.difference.clone() else {
            ui.label(egui::RichText::new(ctx.words.get("bytes.comparing")).color(ctx.theme.dim));
            return;
        };
        let empty = bytes::Bytes::new();
        let bytes = [before, after].map(|row| row.event.bytes().unwrap_or(&empty));
        let longest = bytes[0].len().max(bytes[1].len());
        let (columns, unified) = fitting(ui, offset_chars(longest, ctx.state.decimal_offsets));
        let total = compared.starts.last().copied().unwrap_or(0);
        let drawing = Drawing {
            ctx,
            bytes: [bytes[0], bytes[1]],
            roles: [&compared.roles[0], &compared.roles[1]],
            seqs: [before.seq, after.seq],
            parts: &difference.parts,
            starts: &compared.starts,
            current,
            columns,
            total,
            longest,
        };
        let (per_row, is_beneath) = (columns.per_row, unified);
        if self.rows.as_ref().is_none_or(|rows| (rows.per_row, rows.is_beneath) != (per_row, is_beneath)) {
            let rows = if is_beneath { drawing.rows_beneath() } else { Vec::new() };
            self.rows = Some(Rows { per_row, is_beneath, rows });
        }
        let rows = self.rows.as_ref().map_or(&[][..], |rows| &rows.rows);
        let count = if unified { rows.len() } else { total.div_ceil(columns.per_row) };
        let name = ctx.words.get("bytes.difference");
        self.list.show(ui, Id::unique("bytes_difference"), name, count as u64, ROW, |ui, row, rect, _| {
            let row = usize::try_from(row).unwrap_or(usize::MAX);
            if unified {
                if let Some((row, sides)) = rows.get(row) {
                    drawing.row_beneath(ui, rect, *row, *sides);
                }
            } else {
                drawing.row_beside(ui, rect, row);
            }
        });
    }

    fn difference(&self) -> Option<&Difference> {
        self.compared.as_ref()?.difference.as_deref()
    }

    fn groups(&self) -> &[Range<usize>] {
        self.compared.as_ref().map_or(&[], |compared| &compared.groups)
    }
}

fn roles(bytes: &[u8], encoding: TextEncoding) -> Vec<ByteRole> {
    payload::byte_roles(bytes.get(..MOST_READ).unwrap_or(bytes), encoding)
}

fn starts(difference: &Difference) -> Vec<usize> {
    let mut at = 0;
    let ends = difference.parts.iter().map(|part| {
        at += part.len();
        at
    });
    std::iter::once(0).chain(ends).collect()
}

/// Numbers of parts, for each run of those that are different.
fn groups(difference: &Difference) -> Vec<Range<usize>> {
    let mut groups: Vec<Range<usize>> = Vec::new();
    for (at, _) in difference.parts.iter().enumerate().filter(|(_, part)| part.kind != PartKind::Equal) {
        match groups.last_mut() {
            Some(last) if last.end == at => last.end = at + 1,
            _ => groups.push(at..at + 1),
        }
    }
    groups
}

/// As many bytes a row as fit; both payloads beside each other where that is possible.
fn fitting(ui: &Ui, offset_chars: usize) -> (Columns, bool) {
    let (width, char_width) = (ui.available_width() - 12.0, char_width(ui));
    let columns = |per_row| Columns::new(char_width, per_row, offset_chars);
    // One beneath the other, a row begins with its sign.
    let choices = [(16, false), (8, false), (16, true), (8, true)];
    let fits = |(per_row, unified): &(usize, bool)| {
        let columns: Columns = columns(*per_row);
        let needed = if *unified { columns.side + 2.0 * char_width } else { 2.0 * columns.side } + LEFT;
        needed <= width
    };
    let (per_row, unified) = choices.into_iter().find(fits).unwrap_or((8, true));
    (columns(per_row), unified)
}

struct Drawing<'a, 'b> {
    ctx: &'a Ctx<'b>,
    bytes: [&'a [u8]; 2],
    roles: [&'a [ByteRole]; 2],
    seqs: [u64; 2],
    parts: &'a [Part],
    starts: &'a [usize],
    /// The parts that were gone to.
    current: Range<usize>,
    columns: Columns,
    total: usize,
    longest: usize,
}

const BOTH: usize = 2;

impl Drawing<'_, '_> {
    fn places(&self, row: usize) -> Vec<Place> {
        let start = row.saturating_mul(self.columns.per_row);
        let end = self.total.min(start.saturating_add(self.columns.per_row));
        let mut part = self.starts.partition_point(|at| *at <= start).saturating_sub(1);
        let mut places = Vec::with_capacity(self.columns.per_row);
        for at in start..end {
            while self.starts.get(part + 1).is_some_and(|end| *end <= at) {
                part += 1;
            }
            let (Some(found), Some(begun)) = (self.parts.get(part), self.starts.get(part)) else { break };
            let of = |range: &Range<usize>| Some(range.start + at - begun).filter(|at| *at < range.end);
            let at = [of(&found.before), of(&found.after)];
            places.push(Place { at, kind: found.kind, is_current: self.current.contains(&part) });
        }
        places
    }

    /// For each row which side it shows: both where all is equal, else the one and then the other.
    fn rows_beneath(&self) -> Vec<(usize, usize)> {
        let mut rows = Vec::new();
        for row in 0..self.total.div_ceil(self.columns.per_row) {
            let places = self.places(row);
            if places.iter().all(|place| place.kind == PartKind::Equal) {
                rows.push((row, BOTH));
                continue;
            }
            let has = |side: usize| places.iter().any(|place| place.at[side].is_some());
            rows.extend((0..2).filter(|side| has(*side)).map(|side| (row, side)));
        }
        rows
    }

    fn row_beside(&self, ui: &mut Ui, rect: Rect, row: usize) {
        let places = self.places(row);
        let painter = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
        let middle = rect.width().min(2.0 * self.columns.side + 40.0) / 2.0;
        self.side(&painter, rect, LEFT, 0, &places);
        self.side(&painter, rect, middle, 1, &places);
        let x = rect.left() + middle - self.columns.char_width;
        painter.vline(x, rect.y_range(), Stroke::new(1.0, self.ctx.theme.line));
        let label = format!("{} | {}", self.label(0, &places), self.label(1, &places));
        self.node(ui, rect, row, BOTH, label);
    }

    fn row_beneath(&self, ui: &mut Ui, rect: Rect, row: usize, sides: usize) {
        let places = self.places(row);
        let painter = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
        let theme = self.ctx.theme;
        let (sign, color) = match sides {
            0 => ("−", theme.error),
            1 => ("+", theme.ok),
            _ => ("", theme.dim),
        };
        let at = Pos2::new(rect.left() + LEFT, rect.center().y);
        widgets::mono_text(&painter, at, Align2::LEFT_CENTER, sign, color);
        let side = if sides == BOTH { 0 } else { sides };
        self.side(&painter, rect, LEFT + 2.0 * self.columns.char_width, side, &places);
        let label = format!("{sign} {}", self.label(side, &places));
        self.node(ui, rect, row, sides, label);
    }

    fn node(&self, ui: &mut Ui, rect: Rect, row: usize, sides: usize, label: String) {
        let node = ui.interact(rect, Id::unique(("difference_row", self.seqs, row, sides)), Sense::hover());
        node.widget_info(|| WidgetInfo::labeled(egui::Role::ListItem, true, label.trim()));
    }

    fn side(&self, painter: &Painter, rect: Rect, left: f32, side: usize, places: &[Place]) {
        let (theme, columns) = (self.ctx.theme, self.columns);
        let middle = |x: f32| Pos2::new(rect.left() + x, rect.center().y);
        let write = |x: f32, parts: &[(String, Color32)]| {
            let job = widgets::mono_parts(parts);
            widgets::paint_job(painter, middle(x), Align2::LEFT_CENTER, job, theme.text);
        };
        let Some(first) = places.iter().find_map(|place| place.at[side]) else { return };
        let offset = offset_text(first, self.longest, self.ctx.state.decimal_offsets);
        write(left, &[(offset, theme.faint)]);
        let (mut hex, mut text) = (Vec::new(), Vec::new());
        for (column, place) in places.iter().enumerate() {
            let cell = columns.hex_cell(rect, left, column);
            let x = rect.left() + columns.text_x(left, column);
            let narrow = Rect::from_x_y_ranges(x..=x + columns.char_width, cell.y_range());
            let Some(at) = place.at[side] else {
                hex.push(("·· ".to_owned(), theme.faint));
                text.push((" ".to_owned(), theme.faint));
                continue;
            };
            paint_kind(painter, cell, place, theme);
            paint_kind(painter, narrow, place, theme);
            let byte = self.bytes[side].get(at).copied().unwrap_or_default();
            hex.push((format!("{byte:02x} "), theme.text));
            let (character, color) = match self.roles[side].get(at) {
                Some(ByteRole::Character(character)) if character.is_ascii() => (*character, theme.dim),
                Some(ByteRole::Character(character)) => {
                    write(columns.text_x(left, column), &[(character.to_string(), theme.dim)]);
                    (' ', theme.dim)
                }
                Some(ByteRole::Rest) => (' ', theme.dim),
                Some(ByteRole::Invalid) => ('×', theme.error),
                Some(ByteRole::Hidden(_)) | None => ('·', theme.dim),
            };
            text.push((character.to_string(), color));
        }
        write(left + columns.offset, &hex);
        write(columns.text_x(left, 0), &text);
        // Lines above the text, so that they are seen.
        for (column, place) in places.iter().enumerate() {
            if place.at[side].is_some() && place.kind == PartKind::Removed {
                let cell = columns.hex_cell(rect, left, column);
                painter.hline(cell.x_range(), cell.center().y, Stroke::new(1.0, theme.error));
            }
        }
    }

    /// A row of one side as a screen reader says it: what is different stands in brackets.
    fn label(&self, side: usize, places: &[Place]) -> String {
        let mut label = String::new();
        if let Some(first) = places.iter().find_map(|place| place.at[side]) {
            label.push_str(&offset_text(first, self.longest, self.ctx.state.decimal_offsets));
        }
        for place in places {
            let Some(at) = place.at[side] else { continue };
            let byte = self.bytes[side].get(at).copied().unwrap_or_default();
            label.push_str(&match place.kind {
                PartKind::Equal => format!(" {byte:02x}"),
                PartKind::Changed => format!(" [{byte:02x}]"),
                PartKind::Added => format!(" [+{byte:02x}]"),
                PartKind::Removed => format!(" [-{byte:02x}]"),
            });
        }
        label
    }
}

/// The ground of a byte that is different, with a shape of its own beside the colour.
fn paint_kind(painter: &Painter, rect: Rect, place: &Place, theme: &Theme) {
    let color = match place.kind {
        PartKind::Equal => return,
        PartKind::Changed => theme.outgoing,
        PartKind::Added => theme.ok,
        PartKind::Removed => theme.error,
    };
    painter.rect_filled(rect, 0.0, ground(theme, color));
    let line = Stroke::new(1.5, color);
    match place.kind {
        PartKind::Added => {
            painter.hline(rect.x_range(), rect.bottom() - 0.75, line);
        }
        PartKind::Changed => {
            let corner = Rect::from_min_size(rect.left_top(), Vec2::new(rect.width().min(5.0), 2.0));
            painter.rect_filled(corner, 0.0, color);
        }
        PartKind::Removed | PartKind::Equal => {}
    }
    if place.is_current {
        marks::paint_cursor(painter, rect, theme);
    }
}

fn ground(theme: &Theme, color: Color32) -> Color32 {
    Theme::mix(theme.panel, color, if theme.dark { 0.28 } else { 0.22 })
}
