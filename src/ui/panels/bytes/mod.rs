//! The bytes of the selected event: hex dump, text and readings with one selection; two events compared; for what
//! happened, the sentence and the facts.
//!
//! Owns: the selection, what is searched for, how the panel is divided. Never: reads files, nor works over a payload in
//! every frame: what takes time is done once for a payload and kept.

mod difference;
mod dump;
mod fields;
mod happened;
mod head;
mod inspector;
mod marks;
mod search;
mod selection;
mod text_view;

use std::ops::Range;
use std::sync::Arc;

use egui::{Rect, RichText, Ui, UiBuilder, Vec2};

use super::log::{selected_row, text};
use crate::model::{Recorded, TextEncoding};
use crate::payload::{self, ByteRole, CopyFormat};
use crate::session::Decoration;
use crate::ui::action::{Action, LogAction};
use crate::ui::panels::Panel;
use crate::ui::state::Ctx;

/// Bytes that are decoded and searched; behind them only the hex dump goes on.
const MOST_READ: usize = 256 * 1024;
const GAP: f32 = 12.0;

/// What stands in the panel besides the readings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Mode {
    #[default]
    Hex,
    Text,
    Both,
}

pub struct BytesPanel {
    mode: Mode,
    /// `None`: shown where there is room.
    inspector_wanted: Option<bool>,
    marks_changes: bool,
    /// The event that is shown, so that a new one begins at its start.
    event: Option<u64>,
    read: Option<Read>,
    reads: u64,
    selection: selection::Selection,
    dump: dump::Dump,
    text: text_view::TextView,
    inspector: inspector::Inspector,
    fields: fields::Fields,
    /// Where there are fields, they stand in the place of the readings.
    prefers_fields: bool,
    search: search::Search,
    difference: difference::DifferenceView,
    clock: text::Clock,
}

/// A payload as it was read: made once for an event and an encoding.
struct Read {
    of: (u64, usize, usize, TextEncoding),
    roles: Vec<ByteRole>,
    /// Bytes that are others than in the payload before; `None`: there is none of the same length.
    changed: (usize, Option<usize>),
}

/// A payload with all that is drawn of it.
pub struct Shown<'a> {
    seq: u64,
    /// Another number for every payload and encoding.
    read: u64,
    bytes: &'a [u8],
    roles: &'a [ByteRole],
    marks: marks::Marks<'a>,
    encoding: TextEncoding,
}

/// How the panel's width is divided.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Division {
    per_row: usize,
    dump: Option<f32>,
    text: bool,
    inspector: Option<f32>,
}

impl Default for BytesPanel {
    fn default() -> Self {
        Self {
            mode: Mode::Hex,
            inspector_wanted: None,
            marks_changes: false,
            event: None,
            read: None,
            reads: 0,
            selection: selection::Selection::default(),
            dump: dump::Dump::default(),
            text: text_view::TextView::default(),
            inspector: inspector::Inspector::default(),
            fields: fields::Fields::default(),
            prefers_fields: true,
            search: search::Search::default(),
            difference: difference::DifferenceView::default(),
            clock: text::Clock::new(),
        }
    }
}

impl Panel for BytesPanel {
    fn key(&self) -> &'static str {
        "bytes"
    }

    fn ui(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
        ui.spacing_mut().item_spacing.y = 0.0;
        let row = selected_row(ctx).cloned();
        if self.event != ctx.state.selected_event {
            self.event = ctx.state.selected_event;
            self.selection.clear();
            self.dump.rewind();
            self.text.rewind();
        }
        if let (Some(row), Some(compared)) = (&row, compared_row(ctx))
            && row.event.bytes().is_some()
            && compared.event.bytes().is_some()
        {
            return self.compare(ctx, ui, row, &compared.clone(), actions);
        }
        if let Some(row) = &row {
            self.read(ctx, row);
            self.fields.follow(ctx, row);
        }
        self.head(ctx, ui, row.as_ref(), actions);
        let body = body_rect(ui);
        ui.scope_builder(UiBuilder::new().max_rect(body), |ui| match &row {
            None => {
                ui.label(RichText::new(ctx.words.get("bytes.loading")).color(ctx.theme.dim));
            }
            Some(row) => self.body(ctx, ui, row, actions),
        });
    }
}

impl BytesPanel {
    /// Decodes the payload, where it or its encoding is another than in the frame before.
    fn read(&mut self, ctx: &Ctx<'_>, row: &Recorded) {
        let Some(bytes) = row.event.bytes() else { return };
        let encoding = ctx.state.encoding_of(&row.event.flow);
        let of = (row.seq, bytes.as_ptr() as usize, bytes.len(), encoding);
        if self.read.as_ref().is_none_or(|read| read.of != of) {
            let roles = payload::byte_roles(bytes.get(..MOST_READ).unwrap_or(bytes), encoding);
            self.read = Some(Read { of, roles, changed: (0, None) });
            self.reads += 1;
        }
        let before = bytes_before(ctx, row);
        let place = before.map_or(0, |before| before.as_ptr() as usize);
        if let Some(read) = &mut self.read
            && (read.changed.0 != place || read.changed.1.is_some() != before.is_some())
        {
            let differ = |before: &[u8]| before.iter().zip(bytes).filter(|(before, after)| before != after).count();
            read.changed = (place, before.map(differ));
        }
        self.selection.keep_within(bytes.len());
        self.search.follow(self.reads, bytes.get(..MOST_READ).unwrap_or(bytes), encoding);
    }

    fn body(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, row: &Arc<Recorded>, actions: &mut Vec<Action>) {
        self.notices(ctx, ui, row);
        if let Some(happening) = row.event.happening() {
            return happened::ui(ctx, ui, row, happening, &self.clock);
        }
        let Some(bytes) = row.event.bytes() else { return };
        if bytes.is_empty() {
            ui.label(RichText::new(ctx.words.get("bytes.zero")).color(ctx.theme.dim));
            return;
        }
        // They are drawn from what the panel keeps, while it moves its selection.
        let roles = self.read.as_mut().map(|read| std::mem::take(&mut read.roles)).unwrap_or_default();
        let places = std::mem::take(&mut self.search.places);
        let decoration = decoration(ctx);
        let none = Decoration::default();
        let decoration = decoration.unwrap_or(&none);
        let side_shows_fields = self.prefers_fields && self.fields.has_any();
        let hovered = self.fields.hovered.clone().filter(|_| side_shows_fields);
        let current = hovered.or_else(|| self.search.current_of(&places).cloned());
        let marks = marks::Marks {
            sought: &places.ranges,
            current: current.as_ref(),
            found: &decoration.found,
            filtered: &decoration.filtered,
            before: if self.marks_changes { bytes_before(ctx, row) } else { None },
            bytes,
        };
        let encoding = ctx.state.encoding_of(&row.event.flow);
        let shown = Shown { seq: row.seq, read: self.reads, bytes, roles: &roles, marks, encoding };
        let asked = self.views(ctx, ui, &shown, actions);
        self.search.places = places;
        if let Some(read) = &mut self.read {
            read.roles = roles;
        }
        if asked.search {
            self.search.show();
        }
        if let Some(back) = asked.again {
            self.search.step(back, &mut self.selection);
        }
    }

    /// The parts of the panel beside each other.
    fn views(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, shown: &Shown<'_>, actions: &mut Vec<Action>) -> dump::Asked {
        let char_width = dump::char_width(ui);
        let offset_chars = dump::offset_chars(shown.bytes.len(), ctx.state.decimal_offsets);
        let columns = |per_row| dump::Columns::new(char_width, per_row, offset_chars);
        let place = ui.available_rect_before_wrap();
        let widths = [16, 8].map(|per_row| columns(per_row).width());
        let division = divided(place.width(), self.mode, self.inspector_wanted, widths);
        let mut left = place;
        if let (Some(_), None, false) = (division.inspector, division.dump, division.text) {
            within(ui, place, |ui| self.side(ctx, ui, shown, actions));
        } else if let Some(width) = division.inspector {
            let cut = left.max.x - width;
            let rect = Rect::from_min_max(egui::pos2(cut, left.top()), left.max);
            left.max.x = cut - GAP;
            line(ctx, ui, cut - GAP / 2.0, rect);
            within(ui, rect, |ui| self.side(ctx, ui, shown, actions));
        }
        let mut asked = dump::Asked::default();
        if let Some(width) = division.dump {
            let mut rect = left;
            if division.text {
                rect.max.x = left.min.x + width;
                left.min.x = rect.max.x + GAP;
                line(ctx, ui, rect.max.x + GAP / 2.0, left);
            }
            let columns = columns(division.per_row);
            asked = within(ui, rect, |ui| self.dump.ui(ctx, ui, shown, columns, &mut self.selection));
            self.copy_asked(shown, asked.copy, CopyFormat::Hex, actions);
        }
        if division.text {
            let of_text = within(ui, left, |ui| self.text.ui(ctx, ui, shown, char_width, &mut self.selection));
            self.copy_asked(shown, of_text.copy, CopyFormat::Text, actions);
            asked.search |= of_text.search;
            asked.again = asked.again.or(of_text.again);
        }
        asked
    }

    /// The fields, or the readings.
    fn side(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, shown: &Shown<'_>, actions: &mut Vec<Action>) {
        if self.prefers_fields && self.fields.has_any() {
            self.fields.ui(ctx, ui, &mut self.selection, actions);
        } else {
            self.inspector.ui(ctx, ui, shown, &self.selection, actions);
        }
    }

    fn copy_asked(&self, shown: &Shown<'_>, asked: bool, format: CopyFormat, actions: &mut Vec<Action>) {
        if asked {
            let bytes = self.chosen(shown.bytes, shown.roles, format);
            actions.push(Action::Copy(payload::copied(bytes, format, shown.encoding)));
        }
    }

    /// What copying takes: the selected bytes, or all. As text, whole characters.
    fn chosen<'a>(&self, bytes: &'a [u8], roles: &[ByteRole], format: CopyFormat) -> &'a [u8] {
        let Some(range) = self.selection.range() else { return bytes };
        let range = if format == CopyFormat::Text { payload::whole_characters(roles, range) } else { range };
        bytes.get(range).unwrap_or(bytes)
    }

    fn notices(&self, ctx: &Ctx<'_>, ui: &mut Ui, row: &Recorded) {
        let words = ctx.words;
        let say = |ui: &mut Ui, text: &str, color| {
            ui.add(egui::Label::new(RichText::new(text).color(color)).truncate());
            ui.add_space(2.0);
        };
        if row.damaged {
            say(ui, &format!("▲ {}", words.get("bytes.damaged")), ctx.theme.error);
        }
        if ctx.state.compared_event.is_some_and(|seq| Some(seq) != ctx.state.selected_event) {
            // Both would stand here, were there bytes in both.
            let loading = compared_row(ctx).is_none();
            say(ui, words.get(if loading { "bytes.loading" } else { "bytes.compare_no_bytes" }), ctx.theme.dim);
        }
        if self.marks_changes
            && let Some(read) = self.read.as_ref().filter(|_| row.event.bytes().is_some_and(|bytes| !bytes.is_empty()))
        {
            match (read.changed.1, &ctx.view.before_selected) {
                (Some(count), Some(before)) => {
                    let seq = words.number(before.seq);
                    let text = if count == 0 {
                        words.fill("bytes.unchanged", &[("seq", &seq)])
                    } else {
                        let count = words.count("count.bytes", count as u64);
                        words.fill("bytes.changed_since", &[("bytes", &count), ("seq", &seq)])
                    };
                    say(ui, &text, ctx.theme.dim);
                }
                _ => say(ui, words.get("bytes.nothing_before"), ctx.theme.dim),
            }
        }
    }

    fn compare(
        &mut self,
        ctx: &Ctx<'_>,
        ui: &mut Ui,
        row: &Arc<Recorded>,
        other: &Arc<Recorded>,
        actions: &mut Vec<Action>,
    ) {
        let (before, after) = difference::in_order(row, other, self.difference.swapped);
        self.difference.follow(ctx, before, after, actions);
        self.compare_head(ctx, ui, before, after, actions);
        let body = body_rect(ui);
        ui.scope_builder(UiBuilder::new().max_rect(body), |ui| {
            if self.difference.gave_up() {
                let text = RichText::new(ctx.words.get("bytes.gave_up")).color(ctx.theme.dim);
                ui.add(egui::Label::new(text).truncate());
            }
            self.difference.ui(ctx, ui, before, after);
        });
    }

    fn stop_comparing(actions: &mut Vec<Action>) {
        actions.push(Action::Log(LogAction::Compare(None)));
    }
}

impl Shown<'_> {
    /// What a byte is; behind those that were decoded only ASCII is told.
    fn role(&self, at: usize) -> ByteRole {
        self.roles.get(at).copied().unwrap_or_else(|| match self.bytes.get(at) {
            Some(byte) if byte.is_ascii_graphic() || *byte == b' ' => ByteRole::Character(char::from(*byte)),
            _ => ByteRole::Hidden('\0'),
        })
    }
}

/// The row that is compared with the selected one.
fn compared_row<'a>(ctx: &Ctx<'a>) -> Option<&'a Arc<Recorded>> {
    let seq = ctx.state.compared_event.filter(|seq| Some(*seq) != ctx.state.selected_event)?;
    let is_it = |row: &&Arc<Recorded>| row.seq == seq;
    ctx.view.rows.iter().flatten().find(is_it).or(ctx.view.compared.as_ref().filter(is_it))
}

/// The payload of the same length before the selected one on its connection.
fn bytes_before<'a>(ctx: &Ctx<'a>, row: &Recorded) -> Option<&'a [u8]> {
    let before = ctx.view.before_selected.as_ref().filter(|before| before.seq < row.seq)?;
    let same = before.event.flow.connection == row.event.flow.connection;
    let bytes = before.event.bytes().filter(|_| same)?;
    (Some(bytes.len()) == row.event.bytes().map(|bytes| bytes.len())).then_some(bytes)
}

/// What the log found in the selected row.
fn decoration<'a>(ctx: &Ctx<'a>) -> Option<&'a Decoration> {
    let selected = ctx.view.selected.as_ref()?;
    let decoration = &ctx.view.selected_decoration;
    let index = decoration.frame.as_ref().map(|frame| frame.index);
    let is_it = ctx.state.selected_event == Some(selected.seq) && ctx.state.selected_frame == index;
    is_it.then_some(decoration)
}

fn body_rect(ui: &Ui) -> Rect {
    let mut rect = ui.available_rect_before_wrap().shrink2(Vec2::new(12.0, 0.0));
    rect.max.y -= 4.0;
    rect
}

/// A part of the panel that keeps within its place.
fn within<R>(ui: &mut Ui, rect: Rect, content: impl FnOnce(&mut Ui) -> R) -> R {
    ui.scope_builder(UiBuilder::new().max_rect(rect), |ui| {
        ui.set_clip_rect(rect.expand(1.0).intersect(ui.clip_rect()));
        content(ui)
    })
    .inner
}

fn line(ctx: &Ctx<'_>, ui: &Ui, x: f32, beside: Rect) {
    ui.painter().vline(x, beside.y_range(), egui::Stroke::new(1.0, ctx.theme.line));
}

/// The scroll bar of a list.
const BAR: f32 = 12.0;
const LEAST_TEXT: f32 = 200.0;

/// What has room beside what: the readings take less room first, then the dump shows eight bytes a row, then the readings
/// go unless they were asked for, then the text. `dumps`: the dump's width with sixteen and with eight bytes a row.
fn divided(width: f32, mode: Mode, inspector_wanted: Option<bool>, dumps: [f32; 2]) -> Division {
    use inspector::{NARROW, WIDE};
    let of = |per_row, dump, text, inspector| Division { per_row, dump, text, inspector };
    let (wide, narrow) = (Some(dumps[0] + BAR), Some(dumps[1] + BAR));
    let beside = |text| {
        [
            of(16, wide, text, Some(WIDE)),
            of(16, wide, text, Some(NARROW)),
            of(8, narrow, text, Some(NARROW)),
            of(16, wide, text, None),
            of(8, narrow, text, None),
        ]
    };
    let text = [Some(WIDE), Some(NARROW), None].map(|inspector| of(16, None, true, inspector));
    let choices: Vec<Division> = match mode {
        Mode::Hex => beside(false).to_vec(),
        Mode::Text => text.to_vec(),
        Mode::Both => [beside(true), beside(false)].concat(),
    };
    let fits = |division: &&Division| division.least_width() <= width;
    let with = choices.iter().filter(|division| division.inspector.is_some()).find(fits);
    let any = choices.iter().filter(|division| division.inspector.is_none()).find(fits);
    let found = match inspector_wanted {
        None => choices.iter().find(fits),
        Some(false) => any,
        // Where nothing has room beside them, they take the place of the bytes.
        Some(true) => return with.copied().unwrap_or(of(8, None, false, Some(width))),
    };
    found.copied().unwrap_or(of(8, (mode != Mode::Text).then_some(width), mode == Mode::Text, None))
}

impl Division {
    fn least_width(&self) -> f32 {
        let text = if self.text { LEAST_TEXT } else { 0.0 };
        let gaps = [self.dump.is_some(), self.text, self.inspector.is_some()].iter().filter(|is| **is).count();
        self.dump.unwrap_or(0.0) + text + self.inspector.unwrap_or(0.0) + GAP * gaps.saturating_sub(1) as f32
    }
}

/// Whether hex and text have room beside each other.
fn has_room_for_both(width: f32, dumps: [f32; 2]) -> bool {
    divided(width, Mode::Both, Some(false), dumps).text
}

/// A range of bytes in words: how many, and from where.
fn range_words(ctx: &Ctx<'_>, range: &Range<usize>, length: usize) -> String {
    let count = ctx.words.count("count.bytes", range.len() as u64);
    let offset = dump::offset_text(range.start, length, ctx.state.decimal_offsets);
    ctx.words.fill("bytes.selected", &[("bytes", &count), ("offset", &offset)])
}

#[cfg(test)]
mod tests {
    use super::*;

    const DUMPS: [f32; 2] = [563.0, 315.0];

    fn shape(width: f32, mode: Mode, inspector: Option<bool>) -> (usize, bool, bool, Option<f32>) {
        let division = divided(width, mode, inspector, DUMPS);
        let is_least =
            [division.dump.is_some(), division.text, division.inspector.is_some()].iter().filter(|is| **is).count()
                == 1;
        assert!(division.least_width() <= width || is_least, "{width} {mode:?}: {division:?}");
        (division.per_row, division.dump.is_some(), division.text, division.inspector)
    }

    #[test]
    fn the_width_is_divided_so_that_all_of_it_fits() {
        use inspector::{NARROW, WIDE};
        assert_eq!(shape(1092.0, Mode::Hex, None), (16, true, false, Some(WIDE)));
        assert_eq!(shape(1092.0, Mode::Both, None), (16, true, true, Some(NARROW)));
        assert_eq!(shape(1092.0, Mode::Text, None), (16, false, true, Some(WIDE)));
        assert_eq!(shape(1092.0, Mode::Both, Some(false)), (16, true, true, None));
        assert_eq!(shape(512.0, Mode::Hex, Some(false)), (8, true, false, None));
        assert_eq!(shape(600.0, Mode::Hex, Some(false)), (16, true, false, None));
        assert_eq!(shape(402.0, Mode::Hex, None), (8, true, false, None));
        assert_eq!(shape(402.0, Mode::Hex, Some(true)), (8, false, false, Some(402.0)));
        assert!(!shape(402.0, Mode::Both, None).2);
        for width in 100..1600 {
            for mode in [Mode::Hex, Mode::Text, Mode::Both] {
                for inspector in [None, Some(false), Some(true)] {
                    shape(width as f32, mode, inspector);
                }
            }
        }
    }
}
