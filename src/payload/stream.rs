//! Text of a stream that arrives in pieces: character by character, with what is not finished yet told apart from what is
//! no character, and how many cells of a monospaced line each takes when it is shown.
//!
//! Called by: session (conversations).

use std::fmt::Write;

use encoding_rs::{DecoderResult, UTF_8};

use super::units::{LONGEST_CHARACTER_BYTES, Unit, Units, is_high_surrogate, is_invisible, table_of, utf16_unit};
use crate::model::TextEncoding;

/// A step through encoded text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// A run of printable ASCII, a cell each.
    Plain(&'a str),
    /// A character and the number of bytes it was made of.
    Character(char, usize),
    /// A byte that belongs to no character.
    Invalid(u8),
}

impl Piece<'_> {
    /// How many bytes it was made of.
    pub fn len(&self) -> usize {
        match self {
            Self::Plain(text) => text.len(),
            Self::Character(_, bytes) => *bytes,
            Self::Invalid(_) => 1,
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// It is shown by a mark that stands for it.
    pub fn is_marked(&self) -> bool {
        match self {
            Self::Plain(_) => false,
            Self::Character(character, _) => !is_usual(*character) && is_invisible(*character),
            Self::Invalid(_) => true,
        }
    }

    /// How many cells `push_to` takes.
    pub fn cells(&self) -> usize {
        match self {
            Self::Plain(text) => text.len(),
            Self::Invalid(_) => 4,
            Self::Character(character, _) if is_usual(*character) => 2,
            Self::Character('\r' | '\n' | '\t' | '\0', _) => 2,
            Self::Character(character, _) if character.is_ascii_control() => 4,
            Self::Character(character, _) if is_invisible(*character) => {
                if u32::from(*character) > 0xFFFF {
                    9
                } else {
                    8
                }
            }
            Self::Character(character, _) => 1 + usize::from(is_wide(*character)),
        }
    }

    /// As it is shown: control characters as the escapes of the composer, what cannot be seen as `⟨U+202E⟩`, bytes that
    /// are no character as `⟨ff⟩`.
    pub fn push_to(&self, text: &mut String) {
        // Writing to a string cannot fail.
        let _ = match self {
            Self::Plain(plain) => text.write_str(plain),
            Self::Invalid(byte) => write!(text, "⟨{byte:02x}⟩"),
            Self::Character('\r', _) => text.write_str("\\r"),
            Self::Character('\n', _) => text.write_str("\\n"),
            Self::Character('\t', _) => text.write_str("\\t"),
            Self::Character('\0', _) => text.write_str("\\0"),
            Self::Character(character, _) if character.is_ascii_control() => {
                write!(text, "\\x{:02X}", u32::from(*character))
            }
            Self::Character(character, _) if !is_usual(*character) && is_invisible(*character) => {
                write!(text, "⟨U+{:04X}⟩", u32::from(*character))
            }
            Self::Character(character, _) => text.write_char(*character),
        };
    }
}

/// Walks over bytes piece by piece.
pub fn pieces(bytes: &[u8], encoding: TextEncoding) -> impl Iterator<Item = Piece<'_>> {
    Units::of(bytes, encoding).map(|unit| match unit {
        Unit::Plain(text) => Piece::Plain(text),
        Unit::Character(character, bytes) => Piece::Character(character, bytes),
        Unit::Invalid(byte) => Piece::Invalid(byte),
    })
}

/// These last bytes of a piece are the beginning of a character that the next piece may finish.
pub fn is_unfinished(bytes: &[u8], encoding: TextEncoding) -> bool {
    if bytes.is_empty() || bytes.len() >= LONGEST_CHARACTER_BYTES {
        return false;
    }
    let table = match (table_of(encoding), encoding) {
        (Some(table), _) => table,
        (None, TextEncoding::Utf8) => UTF_8,
        (None, TextEncoding::Utf16Le | TextEncoding::Utf16Be) => {
            return utf16_unit(bytes, encoding).is_none_or(is_high_surrogate);
        }
        (None, _) => return false,
    };
    let mut decoded = [0; 16];
    let mut decoder = table.new_decoder_without_bom_handling();
    let (result, read, written) = decoder.decode_to_utf8_without_replacement(bytes, &mut decoded, false);
    result == DecoderResult::InputEmpty && read == bytes.len() && written == 0
}

/// Han, kana and Hangul: most of what is not ASCII, and found fast.
fn is_usual(character: char) -> bool {
    matches!(u32::from(character), 0x3041..=0x3096 | 0x30A0..=0x30FF | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xAC00..=0xD7A3)
}

/// Two cells of a monospaced font, after Unicode's East Asian Width.
fn is_wide(character: char) -> bool {
    matches!(u32::from(character),
        0x1100..=0x115F | 0x2E80..=0x303E | 0x3041..=0xA4CF | 0xA960..=0xA97F | 0xAC00..=0xD7A3 | 0xF900..=0xFAFF
        | 0xFE30..=0xFE6F | 0xFF00..=0xFF60 | 0xFFE0..=0xFFE6 | 0x1F300..=0x1F64F | 0x1F680..=0x1F6FF
        | 0x1F900..=0x1FAFF | 0x20000..=0x3FFFD)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(bytes: &[u8], encoding: TextEncoding) -> (String, usize) {
        let mut text = String::new();
        let cells = pieces(bytes, encoding).map(|piece| {
            piece.push_to(&mut text);
            piece.cells()
        });
        let cells = cells.sum();
        (text, cells)
    }

    #[test]
    fn what_is_shown_takes_the_cells_that_are_counted() {
        let text = |text: &str| (text.to_owned(), text.chars().count());
        assert_eq!(shown(b"a\r\n\t\0\x1b\x7f", TextEncoding::Utf8), text("a\\r\\n\\t\\0\\x1B\\x7F"));
        assert_eq!(shown(b"\xff\xe6", TextEncoding::Utf8), text("⟨ff⟩⟨e6⟩"));
        assert_eq!(shown("\u{202e}\u{e0001}é".as_bytes(), TextEncoding::Utf8), text("⟨U+202E⟩⟨U+E0001⟩é"));
        assert_eq!(shown("水泵，".as_bytes(), TextEncoding::Utf8), ("水泵，".to_owned(), 6));
    }

    #[test]
    fn a_beginning_is_told_from_what_is_no_character() {
        for (bytes, encoding, unfinished) in [
            (&b"\xe6"[..], TextEncoding::Utf8, true),
            (b"\xe6\xb0", TextEncoding::Utf8, true),
            (b"\xe6\xb0\xb4", TextEncoding::Utf8, false),
            (b"\xe6A", TextEncoding::Utf8, false),
            (b"\xff", TextEncoding::Utf8, false),
            (b"\xf0\x9f\x92", TextEncoding::Utf8, true),
            (b"\x81", TextEncoding::Gbk, true),
            (b"\x81\x30\x81", TextEncoding::Gb18030, true),
            (b"\xff", TextEncoding::Gbk, false),
            (b"\xe6", TextEncoding::Latin1, false),
            (b"", TextEncoding::Utf8, false),
        ] {
            assert_eq!(is_unfinished(bytes, encoding), unfinished, "{bytes:x?} {encoding:?}");
        }
    }
}
