//! What each byte of a payload is in its encoding, and the payload broken into lines of text.
//!
//! Owns: which bytes make one character, which make none, where lines end. Never: how they are drawn.
//! Called by: ui (the text column of the hex dump, the text beside it).

use std::ops::Range;

use super::units::{Unit, Units, is_invisible};
use crate::model::TextEncoding;

/// What a byte is within the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByteRole {
    /// The first byte of a character that has a picture.
    Character(char),
    /// The first byte of a control, bidi or other invisible character.
    Hidden(char),
    /// A later byte of the character before it.
    Rest,
    /// It belongs to no character.
    Invalid,
}

/// One for each byte.
pub fn byte_roles(bytes: &[u8], encoding: TextEncoding) -> Vec<ByteRole> {
    let mut roles = Vec::with_capacity(bytes.len());
    for unit in Units::of(bytes, encoding) {
        match unit {
            Unit::Plain(text) => roles.extend(text.chars().map(ByteRole::Character)),
            Unit::Character(character, taken) => {
                roles.push(if is_invisible(character) {
                    ByteRole::Hidden(character)
                } else {
                    ByteRole::Character(character)
                });
                roles.extend(std::iter::repeat_n(ByteRole::Rest, taken.saturating_sub(1)));
            }
            Unit::Invalid(_) => roles.push(ByteRole::Invalid),
        }
    }
    // One for each byte, whatever a decoder says of itself.
    roles.resize(bytes.len(), ByteRole::Invalid);
    roles
}

/// The bytes of the whole characters that a range touches.
pub fn whole_characters(roles: &[ByteRole], range: Range<usize>) -> Range<usize> {
    let end = range.end.min(roles.len());
    let mut start = range.start.min(end);
    while start > 0 && roles.get(start) == Some(&ByteRole::Rest) {
        start -= 1;
    }
    let rest = roles.get(end..).unwrap_or_default();
    start..end + rest.iter().take_while(|role| **role == ByteRole::Rest).count()
}

/// Text for one byte's place in a line: the character, the escape of a hidden one, `⟨ff⟩` for a byte that is none, and
/// nothing for the later bytes of a character.
pub fn role_text(role: ByteRole, byte: u8) -> String {
    match role {
        ByteRole::Character(character) => character.to_string(),
        ByteRole::Hidden(character) => match character {
            '\r' => "\\r".to_owned(),
            '\n' => "\\n".to_owned(),
            '\t' => "\\t".to_owned(),
            '\0' => "\\0".to_owned(),
            control if control.is_ascii_control() => format!("\\x{:02x}", u32::from(control)),
            hidden => format!("⟨U+{:04X}⟩", u32::from(hidden)),
        },
        ByteRole::Rest => String::new(),
        ByteRole::Invalid => format!("⟨{byte:02x}⟩"),
    }
}

/// A line of text on screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextLine {
    pub bytes: Range<usize>,
    /// These bytes are not shown: the line was longer than can be.
    pub is_cut: bool,
}

/// No more than this of a line is shown, in bytes.
pub const MAX_LINE_BYTES: usize = 4096;

/// Lines that end behind LF, CR LF or a lone CR, broken again at `columns` columns (wide characters take two). Together
/// they hold every byte once.
pub fn text_lines(roles: &[ByteRole], columns: usize) -> Vec<TextLine> {
    let columns = columns.max(8);
    let mut lines = Vec::new();
    let mut start = 0;
    while start < roles.len() {
        let end = line_end(roles, start);
        let shown = if end - start > MAX_LINE_BYTES { character_start(roles, start + MAX_LINE_BYTES) } else { end };
        wrap(roles, start..shown, columns, &mut lines);
        if shown < end {
            lines.push(TextLine { bytes: shown..end, is_cut: true });
        }
        start = end;
    }
    lines
}

/// Which line a byte is on.
pub fn line_of(lines: &[TextLine], at: usize) -> usize {
    lines.partition_point(|line| line.bytes.end <= at).min(lines.len().saturating_sub(1))
}

/// Columns that a byte's text takes.
fn columns_of(role: ByteRole) -> usize {
    match role {
        ByteRole::Character(character) if character.is_ascii() => 1,
        // What the font lacks comes from fonts that are wider; two columns hold any of them.
        ByteRole::Character(_) => 2,
        ByteRole::Hidden('\r' | '\n' | '\t' | '\0') => 2,
        ByteRole::Hidden(control) if control.is_ascii_control() => 4,
        ByteRole::Hidden(_) => 9,
        ByteRole::Rest => 0,
        ByteRole::Invalid => 5,
    }
}

fn wrap(roles: &[ByteRole], range: Range<usize>, columns: usize, lines: &mut Vec<TextLine>) {
    let mut start = range.start;
    let mut used = 0;
    for at in range.clone() {
        let Some(role) = roles.get(at) else { break };
        let is_end = matches!(role, ByteRole::Hidden('\r' | '\n'));
        let width = columns_of(*role);
        // A line end never begins a line of its own.
        if used + width > columns && at > start && *role != ByteRole::Rest && !is_end {
            lines.push(TextLine { bytes: start..at, is_cut: false });
            (start, used) = (at, 0);
        }
        used += width;
    }
    if start < range.end {
        lines.push(TextLine { bytes: start..range.end, is_cut: false });
    }
}

/// Behind the end of the line that begins at `start`.
fn line_end(roles: &[ByteRole], start: usize) -> usize {
    let mut at = start;
    while let Some(role) = roles.get(at) {
        let next = next_character(roles, at);
        match role {
            ByteRole::Hidden('\n') => return next,
            ByteRole::Hidden('\r') if roles.get(next) != Some(&ByteRole::Hidden('\n')) => return next,
            _ => at = next,
        }
    }
    roles.len()
}

fn next_character(roles: &[ByteRole], at: usize) -> usize {
    let rest = roles.get(at + 1..).unwrap_or_default();
    at + 1 + rest.iter().take_while(|role| **role == ByteRole::Rest).count()
}

/// The start of the character that `at` lies in.
fn character_start(roles: &[ByteRole], mut at: usize) -> usize {
    while at > 0 && roles.get(at) == Some(&ByteRole::Rest) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_byte_has_a_role() {
        use ByteRole::{Character, Hidden, Invalid, Rest};
        let roles = byte_roles("a泵\r\u{202e}".as_bytes(), TextEncoding::Utf8);
        assert_eq!(roles, [Character('a'), Character('泵'), Rest, Rest, Hidden('\r'), Hidden('\u{202e}'), Rest, Rest]);
        assert_eq!(byte_roles(&[0xFF, b'b'], TextEncoding::Utf8), [Invalid, Character('b')]);
        assert_eq!(byte_roles(&[0xB1, 0xC3], TextEncoding::Gbk), [Character('泵'), Rest]);
        assert_eq!(whole_characters(&roles, 2..3), 1..4);
        assert_eq!(whole_characters(&roles, 0..1), 0..1);
        assert_eq!(role_text(Hidden('\u{202e}'), 0), "⟨U+202E⟩");
        assert_eq!(role_text(Hidden('\x1b'), 0), "\\x1b");
        assert_eq!(role_text(Invalid, 0xFF), "⟨ff⟩");
    }

    #[test]
    fn lines_end_where_the_text_says_and_at_the_width() {
        let lines = |text: &str, columns| {
            let roles = byte_roles(text.as_bytes(), TextEncoding::Utf8);
            text_lines(&roles, columns).into_iter().map(|line| text[line.bytes].to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(lines("a\nb\r\nc\rd", 80), ["a\n", "b\r\n", "c\r", "d"]);
        assert_eq!(lines("0123456789", 8), ["01234567", "89"]);
        assert_eq!(lines("泵泵泵泵泵", 8), ["泵泵泵泵", "泵"]);
        assert_eq!(lines("01234567\r\nx", 8), ["01234567\r\n", "x"]);
        assert!(lines("", 8).is_empty());
    }

    #[test]
    fn a_long_line_is_cut_and_says_what_is_left() {
        let text = format!("{}\nend", "泵".repeat(2_000));
        let roles = byte_roles(text.as_bytes(), TextEncoding::Utf8);
        let lines = text_lines(&roles, 100);
        let cut: Vec<_> = lines.iter().filter(|line| line.is_cut).collect();
        assert_eq!(cut.len(), 1);
        assert_eq!(cut[0].bytes, 4095..6001, "cut between characters, up to the line's end");
        assert_eq!(lines.last().unwrap().bytes, 6001..6004);
        assert_eq!(line_of(&lines, 6002), lines.len() - 1);
        assert_eq!(line_of(&lines, 0), 0);
    }

    proptest! {
        #[test]
        fn lines_hold_every_byte_once(bytes in proptest::collection::vec(any::<u8>(), 0..600), columns in 0usize..60) {
            for encoding in TextEncoding::ALL {
                let roles = byte_roles(&bytes, encoding);
                prop_assert_eq!(roles.len(), bytes.len());
                let mut at = 0;
                for line in text_lines(&roles, columns) {
                    prop_assert_eq!(line.bytes.start, at);
                    prop_assert!(line.bytes.end > at);
                    at = line.bytes.end;
                }
                prop_assert_eq!(at, bytes.len());
            }
        }
    }
}
