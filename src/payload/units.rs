//! Bytes taken apart into characters, and into bytes that are no character in the chosen encoding.
//!
//! Owns: the decoding of one character at a time. Never allocates by input size, never fails.
//! Called by: `visible` and `text`.

use encoding_rs::{BIG5, EUC_KR, Encoding, GB18030, GBK, SHIFT_JIS};
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

use crate::model::TextEncoding;

/// The longest character of any encoding here, in bytes.
pub(super) const LONGEST_CHARACTER_BYTES: usize = 4;

/// One step through encoded text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit<'a> {
    /// A run of printable ASCII: nothing in it needs a second look.
    Plain(&'a str),
    /// A character and the number of bytes it was made of.
    Character(char, usize),
    /// A byte that belongs to no character.
    Invalid(u8),
}

/// Walks over `bytes` unit by unit.
pub(super) struct Units<'a> {
    bytes: &'a [u8],
    encoding: TextEncoding,
    /// The last character of UTF-16 is cut off: what is left of the bytes is its beginning.
    cut: bool,
}

impl<'a> Units<'a> {
    pub(super) fn of(bytes: &'a [u8], encoding: TextEncoding) -> Self {
        Self { bytes, encoding, cut: false }
    }

    /// The next character of UTF-16. A surrogate without its other half is U+FFFD, two bytes like any other, so that what
    /// follows stays in step; bytes that are too few for a character are none.
    fn next_of_utf16(&mut self) -> Option<Unit<'a>> {
        let first = *self.bytes.first()?;
        let unit = if self.cut { None } else { utf16_character(self.bytes, self.encoding) };
        let (unit, taken) = match unit {
            Some((character, taken)) => (Unit::Character(character, taken), taken),
            None => {
                self.cut = true;
                (Unit::Invalid(first), 1)
            }
        };
        self.bytes = self.bytes.get(taken..).unwrap_or_default();
        Some(unit)
    }
}

impl<'a> Iterator for Units<'a> {
    type Item = Unit<'a>;

    fn next(&mut self) -> Option<Unit<'a>> {
        if matches!(self.encoding, TextEncoding::Utf16Le | TextEncoding::Utf16Be) {
            return self.next_of_utf16();
        }
        let first = *self.bytes.first()?;
        if is_plain(first) {
            let length = self.bytes.iter().position(|byte| !is_plain(*byte)).unwrap_or(self.bytes.len());
            let (plain, rest) = self.bytes.split_at(length);
            self.bytes = rest;
            return Some(Unit::Plain(std::str::from_utf8(plain).unwrap_or_default()));
        }
        let found = match self.encoding {
            _ if first < 0x80 => Some((char::from(first), 1)),
            TextEncoding::Latin1 => Some((char::from(first), 1)),
            TextEncoding::Utf8 => utf8_character(self.bytes),
            TextEncoding::Gbk | TextEncoding::Gb18030 => table_character(self.bytes, self.encoding, gb_length),
            TextEncoding::Big5 | TextEncoding::EucKr => table_character(self.bytes, self.encoding, two_byte_length),
            TextEncoding::ShiftJis => table_character(self.bytes, self.encoding, shift_jis_length),
            TextEncoding::Utf16Le | TextEncoding::Utf16Be => utf16_character(self.bytes, self.encoding),
        };
        let (unit, taken) = match found {
            Some((character, taken)) => (Unit::Character(character, taken), taken),
            None => (Unit::Invalid(first), 1),
        };
        self.bytes = self.bytes.get(taken..).unwrap_or_default();
        Some(unit)
    }
}

/// The encoding's implementation, for those that need a table.
pub(super) fn table_of(encoding: TextEncoding) -> Option<&'static Encoding> {
    match encoding {
        TextEncoding::Gbk => Some(GBK),
        TextEncoding::Gb18030 => Some(GB18030),
        TextEncoding::Big5 => Some(BIG5),
        TextEncoding::ShiftJis => Some(SHIFT_JIS),
        TextEncoding::EucKr => Some(EUC_KR),
        TextEncoding::Utf8 | TextEncoding::Latin1 | TextEncoding::Utf16Le | TextEncoding::Utf16Be => None,
    }
}

/// Whether a character has no picture of its own: controls, bidi marks, zero width, fillers, variation selectors.
pub fn is_invisible(character: char) -> bool {
    if character.is_ascii() {
        return character.is_ascii_control();
    }
    match u32::from(character) {
        // Default ignorable, yet neither Cf nor Cc: the joiner, Hangul and Khmer fillers, variation selectors.
        0x034F | 0x115F | 0x1160 | 0x17B4 | 0x17B5 | 0x180B..=0x180F | 0x3164 | 0xFFA0 => true,
        0x2065 | 0xFE00..=0xFE0F | 0xFFF0..=0xFFF8 | 0xE0000..=0xE0FFF => true,
        _ => matches!(
            character.general_category(),
            GeneralCategory::Control
                | GeneralCategory::Format
                | GeneralCategory::LineSeparator
                | GeneralCategory::ParagraphSeparator
        ),
    }
}

fn is_plain(byte: u8) -> bool {
    (0x20..0x7F).contains(&byte)
}

fn utf8_character(bytes: &[u8]) -> Option<(char, usize)> {
    let length = match bytes.first()? {
        0xC2..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xF4 => 4,
        _ => return None,
    };
    let text = std::str::from_utf8(bytes.get(..length)?).ok()?;
    Some((text.chars().next()?, length))
}

/// One character of an encoding with a table; `length_of` tells from its first bytes how many it has.
fn table_character(
    bytes: &[u8],
    encoding: TextEncoding,
    length_of: fn(u8, Option<u8>) -> Option<usize>,
) -> Option<(char, usize)> {
    let table = table_of(encoding)?;
    let length = length_of(*bytes.first()?, bytes.get(1).copied())?;
    let text = table.decode_without_bom_handling_and_without_replacement(bytes.get(..length)?)?;
    let mut characters = text.chars();
    match (characters.next(), characters.next()) {
        (Some(character), None) => Some((character, length)),
        _ => None,
    }
}

/// GBK is read as GB18030, as the WHATWG standard does: four-byte characters then appear instead of noise.
fn gb_length(first: u8, second: Option<u8>) -> Option<usize> {
    match (first, second) {
        (0x80, _) => Some(1),
        (0x81..=0xFE, Some(0x30..=0x39)) => Some(4),
        (0x81..=0xFE, Some(_)) => Some(2),
        _ => None,
    }
}

fn two_byte_length(first: u8, second: Option<u8>) -> Option<usize> {
    match (first, second) {
        (0x81..=0xFE, Some(_)) => Some(2),
        _ => None,
    }
}

/// Half-width katakana are one byte.
fn shift_jis_length(first: u8, second: Option<u8>) -> Option<usize> {
    match (first, second) {
        (0x80 | 0xA1..=0xDF, _) => Some(1),
        (0x81..=0x9F | 0xE0..=0xFC, Some(_)) => Some(2),
        _ => None,
    }
}

/// `None`: the bytes end within a character.
fn utf16_character(bytes: &[u8], encoding: TextEncoding) -> Option<(char, usize)> {
    let first = utf16_unit(bytes, encoding)?;
    let second = || utf16_unit(bytes.get(2..)?, encoding);
    let units = if is_high_surrogate(first) { [Some(first), Some(second()?)] } else { [Some(first), None] };
    let character = char::decode_utf16(units.into_iter().flatten()).next()?;
    let character = character.unwrap_or(char::REPLACEMENT_CHARACTER);
    Some((character, 2 * character.len_utf16()))
}

pub(super) fn utf16_unit(bytes: &[u8], encoding: TextEncoding) -> Option<u16> {
    let pair = bytes.first_chunk::<2>()?;
    Some(if encoding == TextEncoding::Utf16Be { u16::from_be_bytes(*pair) } else { u16::from_le_bytes(*pair) })
}

pub(super) fn is_high_surrogate(unit: u16) -> bool {
    (0xD800..0xDC00).contains(&unit)
}
