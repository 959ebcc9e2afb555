//! The bytes at the cursor read as numbers, times and characters, and sums over what is selected. A click copies a value.
//!
//! Owns: what was read last, so that sums are not computed in every frame. Never: what a reading means (that is
//! `payload::inspect`).

use std::ops::Range;

use egui::{Align2, Id, Pos2, Rect, Sense, Ui, WidgetInfo};

use super::Shown;
use super::dump::offset_text;
use super::selection::Selection;
use crate::model::TextEncoding;
use crate::payload::{self, Reading, Sums, Value};
use crate::ui::action::Action;
use crate::ui::state::Ctx;
use crate::ui::widgets::{self, row_list::RowList};
use crate::words::Words;

const ROW: f32 = 19.0;
const NAME: f32 = 74.0;
/// Room for a date, and for both of them side by side with their name and the scroll bar.
const VALUE: f32 = 152.0;
pub const WIDE: f32 = NAME + 2.0 * VALUE + 18.0;
pub const NARROW: f32 = NAME + VALUE + 14.0;

#[derive(Default)]
pub struct Inspector {
    list: RowList,
    read: Option<Read>,
}

/// Made once for a selection.
struct Read {
    of: (u64, Option<Range<usize>>, TextEncoding),
    readings: Vec<Reading>,
    sums: Sums,
    length: usize,
}

/// One line: a name, and one value or one for each byte order.
struct Line {
    /// The key of a word, or a name that is the same in every language.
    name: String,
    values: Vec<(String, Option<String>)>,
}

impl Inspector {
    pub fn ui(
        &mut self,
        ctx: &Ctx<'_>,
        ui: &mut Ui,
        shown: &Shown<'_>,
        selection: &Selection,
        actions: &mut Vec<Action>,
    ) {
        let range = selection.range();
        let of = (shown.read, range.clone(), shown.encoding);
        if self.read.as_ref().is_none_or(|read| read.of != of) {
            let start = range.as_ref().map_or(0, |range| range.start);
            let chosen = range.and_then(|range| shown.bytes.get(range)).unwrap_or(shown.bytes);
            let readings = payload::inspect(shown.bytes.get(start..).unwrap_or_default(), shown.encoding);
            self.read = Some(Read { of, readings, sums: Sums::of(chosen), length: chosen.len() });
        }
        let Some(read) = &self.read else { return };
        let wide = ui.available_width() >= WIDE - 1.0;
        let lines = lines(ctx, read, wide);
        let start = read.of.1.as_ref().map_or(0, |range| range.start);
        let offset = offset_text(start, shown.bytes.len(), ctx.state.decimal_offsets);
        let name = ctx.words.fill("bytes.inspected", &[("offset", &offset)]);
        let count = lines.len() as u64 + 1;
        self.list.show(ui, Id::unique("bytes_inspector"), &name, count, ROW, |ui, row, rect, _| match usize::try_from(
            row,
        )
        .unwrap_or(0)
        .checked_sub(1)
        .and_then(|at| lines.get(at))
        {
            Some(line) => draw(ctx, ui, line, rect, row, actions),
            None => heading(ctx, ui, &name, &offset, wide, rect),
        });
    }
}

fn heading(ctx: &Ctx<'_>, ui: &mut Ui, name: &str, offset: &str, wide: bool, rect: Rect) {
    let word = |x: f32, text: &str| {
        let at = Pos2::new(rect.left() + x, rect.center().y);
        ui.painter().text(at, Align2::LEFT_CENTER, text, crate::ui::theme::small(), ctx.theme.dim);
    };
    if wide {
        word(8.0, offset);
        word(NAME, ctx.words.get("bytes.little"));
        word(NAME + VALUE, ctx.words.get("bytes.big"));
    } else {
        word(8.0, name);
    }
    let node = ui.interact(rect, Id::unique("bytes_inspector_head"), Sense::hover());
    node.widget_info(|| WidgetInfo::labeled(egui::Role::Label, true, name));
}

fn lines(ctx: &Ctx<'_>, read: &Read, wide: bool) -> Vec<Line> {
    let words = ctx.words;
    let (little, big) = (words.get("bytes.little"), words.get("bytes.big"));
    let mut lines = Vec::new();
    for reading in &read.readings {
        let name = name_of(words, reading.name, read.of.2);
        match reading.value.clone() {
            Value::One(value) => lines.push(Line { values: vec![(name.clone(), value)], name }),
            Value::Both { little: low, big: high } => {
                let values = [(little, "LE", low), (big, "BE", high)];
                if wide {
                    let values = values.map(|(order, _, value)| (format!("{name}, {order}"), value)).to_vec();
                    lines.push(Line { name, values });
                } else {
                    lines.extend(values.map(|(order, short, value)| Line {
                        name: format!("{name} {short}"),
                        values: vec![(format!("{name}, {order}"), value)],
                    }));
                }
            }
        }
    }
    let sums = &read.sums;
    let sums = [
        ("bytes.read_length", read.length.to_string()),
        ("checksum.sum8", format!("0x{:02x}", sums.sum8)),
        ("checksum.xor8", format!("0x{:02x}", sums.xor8)),
        ("checksum.crc16_modbus", format!("0x{:04x}", sums.crc16_modbus)),
        ("checksum.crc32", format!("0x{:08x}", sums.crc32)),
    ];
    lines.extend(sums.map(|(key, value)| {
        let name = words.get(key).to_owned();
        Line { values: vec![(name.clone(), Some(value))], name }
    }));
    lines
}

fn name_of(words: &Words, name: &str, encoding: TextEncoding) -> String {
    match name {
        "binary" => words.get("bytes.read_binary").to_owned(),
        "octal" => words.get("bytes.read_octal").to_owned(),
        "time32" => words.get("bytes.read_time32").to_owned(),
        "time64" => words.get("bytes.read_time64").to_owned(),
        "millis64" => words.get("bytes.read_millis64").to_owned(),
        "utf8" => TextEncoding::Utf8.name().to_owned(),
        "character" => encoding.name().to_owned(),
        plain => plain.to_owned(),
    }
}

fn draw(ctx: &Ctx<'_>, ui: &mut Ui, line: &Line, rect: Rect, row: u64, actions: &mut Vec<Action>) {
    let theme = ctx.theme;
    let at = Pos2::new(rect.left() + 8.0, rect.center().y);
    let galley = ui.painter().layout_no_wrap(line.name.clone(), crate::ui::theme::small(), theme.dim);
    // A long name takes the room that its only value leaves.
    let from = if line.values.len() == 1 { (galley.size().x + 14.0).max(NAME) } else { NAME };
    ui.painter().galley(Align2::LEFT_CENTER.anchor_size(at, galley.size()).min, galley, theme.dim);
    for (number, (name, value)) in line.values.iter().enumerate() {
        let left = rect.left() + from + number as f32 * VALUE;
        let right = if line.values.len() == 1 { rect.right() } else { left + VALUE };
        let place = Rect::from_min_max(Pos2::new(left, rect.top()), Pos2::new(right.min(rect.right()), rect.bottom()));
        let painter = ui.painter().with_clip_rect(place.intersect(ui.clip_rect()));
        let Some(value) = value else {
            widgets::mono_text(&painter, place.left_center(), Align2::LEFT_CENTER, "–", theme.faint);
            continue;
        };
        let response = ui.interact(place, Id::unique(("bytes_reading", row, number)), Sense::CLICK);
        if response.hovered() || response.has_focus() {
            painter.rect_filled(place.expand2(egui::vec2(3.0, -1.0)), 3.0, theme.raised);
        }
        let job = widgets::mono_job(value, theme.text);
        widgets::paint_job(&painter, place.left_center(), Align2::LEFT_CENTER, job, theme.text);
        response.widget_info(|| {
            let label = ctx.words.fill("bytes.reading", &[("name", name), ("value", value)]);
            WidgetInfo::labeled(egui::Role::Button, true, label)
        });
        let response = response.on_hover_text(ctx.words.get("bytes.copy_value"));
        if response.clicked() {
            actions.push(Action::Copy(value.clone()));
        }
    }
}
