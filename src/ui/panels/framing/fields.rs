//! The fields of each framing as they are typed, and what they read as.
//!
//! Owns: the texts and their mistakes. Called by: the framing form.

use egui::{Id, Ui};

use super::{FIELD, field};
use crate::model::{ByteOrder, Counts, Framing, LengthPrefix, MOST_FRAME_BYTES, TextEncoding};
use crate::payload;
use crate::ui::state::Ctx;
use crate::ui::widgets::{Choice, Field, FieldText, chip, choice, form_row, problem};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    #[default]
    None,
    Line,
    Delimiter,
    Fixed,
    Length,
    Gap,
    Slip,
    Cobs,
    Stx,
}

pub const KINDS: [Kind; 9] =
    [Kind::None, Kind::Line, Kind::Delimiter, Kind::Fixed, Kind::Length, Kind::Gap, Kind::Slip, Kind::Cobs, Kind::Stx];
const WIDTHS: [u8; 5] = [1, 2, 3, 4, 8];
const DELIMITER: f32 = 120.0;
/// An hour.
const MOST_MILLIS: i64 = 3_600_000;
const NANOS: u64 = 1_000_000;

impl Kind {
    pub fn key(self) -> &'static str {
        match self {
            Self::None => "framing.none",
            Self::Line => "framing.line",
            Self::Delimiter => "framing.delimiter",
            Self::Fixed => "framing.fixed",
            Self::Length => "framing.length",
            Self::Gap => "framing.gap",
            Self::Slip => "framing.slip",
            Self::Cobs => "framing.cobs",
            Self::Stx => "framing.stx",
        }
    }
}

#[derive(Default)]
pub struct Fields {
    pub kind: Kind,
    delimiter: FieldText,
    /// The delimiter is typed as text with escapes, not in hex.
    as_text: bool,
    keep: bool,
    fixed: FieldText,
    prefix: LengthPrefix,
    offset: FieldText,
    extra: FieldText,
    /// A pause that the field's milliseconds cannot say exactly stays until the field is changed.
    nanos: u64,
    millis: FieldText,
    escape: FieldText,
    most: FieldText,
}

impl Fields {
    pub fn of(framing: &Framing) -> Self {
        let mut fields = Self {
            delimiter: FieldText::new("\\r\\n"),
            as_text: true,
            fixed: FieldText::new("8"),
            offset: FieldText::new("0"),
            extra: FieldText::new("0"),
            nanos: 50 * NANOS,
            most: FieldText::new((1 << 20).to_string()),
            ..Self::default()
        };
        let mut longest = None;
        match framing {
            Framing::None => {}
            Framing::Line { most_bytes } => (fields.kind, longest) = (Kind::Line, Some(*most_bytes)),
            Framing::Delimiter { bytes, keep, most_bytes } => {
                (fields.kind, fields.keep, longest) = (Kind::Delimiter, *keep, Some(*most_bytes));
                let plain = bytes.iter().all(|byte| matches!(byte, b' '..=b'~' | b'\r' | b'\n' | b'\t'));
                fields.as_text = plain;
                fields.delimiter = FieldText::new(written(bytes, plain));
            }
            Framing::Fixed { bytes } => {
                (fields.kind, fields.fixed) = (Kind::Fixed, FieldText::new(bytes.to_string()));
            }
            Framing::LengthPrefix(prefix) => {
                (fields.kind, fields.prefix, longest) = (Kind::Length, *prefix, Some(prefix.most_bytes));
                fields.offset = FieldText::new(prefix.offset.to_string());
                fields.extra = FieldText::new(prefix.extra.to_string());
            }
            Framing::IdleGap { nanos, most_bytes } => {
                (fields.kind, fields.nanos, longest) = (Kind::Gap, *nanos, Some(*most_bytes));
            }
            Framing::Slip { most_bytes } => (fields.kind, longest) = (Kind::Slip, Some(*most_bytes)),
            Framing::Cobs { most_bytes } => (fields.kind, longest) = (Kind::Cobs, Some(*most_bytes)),
            Framing::StxEtx { escape, most_bytes } => {
                (fields.kind, longest) = (Kind::Stx, Some(*most_bytes));
                fields.escape = FieldText::new(escape.map_or_else(String::new, |escape| format!("{escape:02X}")));
            }
        }
        fields.millis = FieldText::new(millis_of(fields.nanos));
        if let Some(longest) = longest {
            fields.most = FieldText::new(longest.to_string());
        }
        fields
    }

    pub fn ui(&mut self, ctx: &Ctx<'_>, ui: &mut Ui) {
        let words = ctx.words;
        match self.kind {
            Kind::Delimiter => {
                self.delimiter(ctx, ui);
                ui.checkbox(&mut self.keep, words.get("framing.keep"));
            }
            Kind::Fixed => field(ctx, ui, "framing.fixed_bytes", "", &mut self.fixed),
            Kind::Length => self.prefix(ctx, ui),
            Kind::Gap => field(ctx, ui, "framing.millis", "", &mut self.millis),
            Kind::Stx => field(ctx, ui, "framing.escape", words.get("framing.escape_hint"), &mut self.escape),
            Kind::None | Kind::Line | Kind::Slip | Kind::Cobs => {}
        }
        if !matches!(self.kind, Kind::None | Kind::Fixed) {
            field(ctx, ui, "framing.most", "", &mut self.most);
        }
    }

    fn delimiter(&mut self, ctx: &Ctx<'_>, ui: &mut Ui) {
        let label = ctx.words.get("framing.bytes");
        form_row(ui, ctx.theme, label, |ui| {
            for (as_text, key) in [(true, "payload_format.text"), (false, "payload_format.hex")] {
                let name = ctx.words.get(key);
                if chip(ui, ctx.theme, name, None, name, self.as_text == as_text).clicked() && self.as_text != as_text {
                    // What cannot be read stays as it was typed.
                    if let Ok(bytes) = read_delimiter(&self.delimiter.text, self.as_text) {
                        self.delimiter = FieldText::new(written(&bytes, as_text));
                    }
                    self.as_text = as_text;
                }
            }
            let placeholder = if self.as_text { "\\r\\n" } else { "0D 0A" };
            let field = Field { theme: ctx.theme, name: label, width: DELIMITER, placeholder };
            field.show(ui, Id::unique("framing_delimiter"), &mut self.delimiter);
            if let Some(text) = &self.delimiter.problem {
                problem(ui, ctx.theme, text);
            }
        });
    }

    fn prefix(&mut self, ctx: &Ctx<'_>, ui: &mut Ui) {
        let words = ctx.words;
        let widths = WIDTHS.map(|value| Choice { value, text: value.to_string() });
        let orders = [(ByteOrder::Big, "framing.big"), (ByteOrder::Little, "framing.little")];
        let counted = [
            (Counts::Rest, "framing.rest"),
            (Counts::FromLength, "framing.from_length"),
            (Counts::Whole, "framing.whole"),
        ];
        let shown = self.prefix.width.to_string();
        pick(ctx, ui, "framing.width", &shown, &mut self.prefix.width, &widths);
        let orders = orders.map(|(value, key)| Choice { value, text: words.get(key).to_owned() });
        let shown = text_of(&orders, self.prefix.order);
        pick(ctx, ui, "framing.order", &shown, &mut self.prefix.order, &orders);
        let counted = counted.map(|(value, key)| Choice { value, text: words.get(key).to_owned() });
        let shown = text_of(&counted, self.prefix.counts);
        pick(ctx, ui, "framing.counts", &shown, &mut self.prefix.counts, &counted);
        field(ctx, ui, "framing.offset", "", &mut self.offset);
        field(ctx, ui, "framing.extra", "", &mut self.extra);
    }

    /// `None`: there is a mistake, which stands at its field.
    pub fn read(&mut self, ctx: &Ctx<'_>) -> Option<Framing> {
        let most = || i64::from(MOST_FRAME_BYTES);
        let most_bytes = match self.kind {
            Kind::None | Kind::Fixed => 1,
            _ => number(ctx, &mut self.most, 1, most())? as u32,
        };
        Some(match self.kind {
            Kind::None => Framing::None,
            Kind::Line => Framing::Line { most_bytes },
            Kind::Slip => Framing::Slip { most_bytes },
            Kind::Cobs => Framing::Cobs { most_bytes },
            Kind::Fixed => Framing::Fixed { bytes: number(ctx, &mut self.fixed, 1, most())? as u32 },
            Kind::Delimiter => {
                let bytes = match read_delimiter(&self.delimiter.text, self.as_text) {
                    Ok(bytes) if !bytes.is_empty() => Ok(bytes),
                    Ok(_) => Err(ctx.words.get("framing.no_delimiter").to_owned()),
                    Err(mistake) => Err(ctx.words.mistake(&mistake)),
                };
                self.delimiter.problem = bytes.as_ref().err().cloned();
                Framing::Delimiter { bytes: bytes.ok()?, keep: self.keep, most_bytes }
            }
            Kind::Length => {
                let offset = number(ctx, &mut self.offset, 0, 65_535);
                let extra = number(ctx, &mut self.extra, -65_535, 65_535);
                let (offset, extra) = (offset? as u32, extra? as i32);
                Framing::LengthPrefix(LengthPrefix { offset, extra, most_bytes, ..self.prefix })
            }
            Kind::Gap => {
                if self.millis.text != millis_of(self.nanos) {
                    self.nanos = number(ctx, &mut self.millis, 1, MOST_MILLIS)?.unsigned_abs() * NANOS;
                }
                self.millis.problem = None;
                Framing::IdleGap { nanos: self.nanos, most_bytes }
            }
            Kind::Stx => {
                let escape = payload::hex_to_bytes(&self.escape.text).ok().filter(|bytes| bytes.len() < 2);
                self.escape.problem = escape.is_none().then(|| ctx.words.get("framing.bad_escape").to_owned());
                Framing::StxEtx { escape: escape?.first().copied(), most_bytes }
            }
        })
    }
}

fn read_delimiter(text: &str, as_text: bool) -> Result<Vec<u8>, payload::Mistake> {
    if as_text { payload::text_to_bytes(text, TextEncoding::Utf8) } else { payload::hex_to_bytes(text) }
}

fn written(bytes: &[u8], as_text: bool) -> String {
    if as_text { payload::bytes_to_text(bytes, TextEncoding::Utf8) } else { payload::bytes_to_hex(bytes) }
}

fn millis_of(nanos: u64) -> String {
    nanos.div_ceil(NANOS).to_string()
}

fn text_of<T: PartialEq>(list: &[Choice<T>], value: T) -> String {
    list.iter().find(|choice| choice.value == value).map_or_else(String::new, |choice| choice.text.clone())
}

fn pick<T: Clone + PartialEq>(
    ctx: &Ctx<'_>,
    ui: &mut Ui,
    key: &'static str,
    shown: &str,
    value: &mut T,
    list: &[Choice<T>],
) {
    let label = ctx.words.get(key);
    ui.push_id(Id::unique(("framing_choice", key)), |ui| {
        form_row(ui, ctx.theme, label, |ui| choice(ui, ctx.theme, label, shown, Some(FIELD), value, list));
    });
}

/// `None`: it is no such number, which its field says.
pub fn number(ctx: &Ctx<'_>, value: &mut FieldText, least: i64, most: i64) -> Option<i64> {
    let number = value.text.trim().parse::<i64>().ok().filter(|number| (least..=most).contains(number));
    let wrong = || ctx.words.fill("framing.bad_number", &[("least", &least), ("most", &most)]);
    value.problem = number.is_none().then(wrong);
    number
}
