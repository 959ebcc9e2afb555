//! Text with escapes ⇄ bytes.
//!
//! Escapes: `\r \n \t \0 \\ \" \{ \[ \xHH \u{…}`. `\xHH` is that byte in every encoding; the others are encoded like typed
//! characters. Templates are read by `language`. Called by: `language`, filter, ui (copy as text).

use std::fmt::Write;
use std::ops::Range;

use encoding_rs::EncoderResult;

use super::hex::digit;
use super::units::{Unit, Units, is_invisible, table_of};
use super::{Mistake, MistakeKind};
use crate::model::TextEncoding;

/// Text with escapes to bytes.
pub fn text_to_bytes(text: &str, encoding: TextEncoding) -> Result<Vec<u8>, Mistake> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let literal = memchr::memchr(b'\\', rest.as_bytes()).unwrap_or(rest.len());
        let (plain, escape) = rest.split_at(literal);
        encode(plain, encoding, &mut bytes)
            .map_err(|(offset, character)| not_in_encoding(at + offset, character, encoding))?;
        at += literal;
        if !escape.is_empty() {
            at += unescape(escape, at, encoding, &mut bytes)?;
        }
    }
    Ok(bytes)
}

/// The text that becomes exactly these bytes, by `text_to_bytes` and as a draft of text.
pub fn bytes_to_text(bytes: &[u8], encoding: TextEncoding) -> String {
    escaped(bytes, encoding, false)
}

/// The same for a draft of text and hex digits.
pub fn bytes_to_mixed(bytes: &[u8], encoding: TextEncoding) -> String {
    escaped(bytes, encoding, true)
}

/// Text as it was typed when two braces meant nothing, so that it still becomes the same bytes.
pub fn without_templates(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if character == '{' && characters.peek() == Some(&'{') {
            kept.push('\\');
        }
        kept.push(character);
        if character == '\\' {
            kept.extend(characters.next());
        }
    }
    kept
}

fn escaped(bytes: &[u8], encoding: TextEncoding, mixed: bool) -> String {
    let mut text = String::with_capacity(bytes.len() + bytes.len() / 8);
    let mut at = 0;
    for unit in Units::of(bytes, encoding) {
        match unit {
            Unit::Plain(plain) => {
                push_plain(plain, mixed, &mut text);
                at += plain.len();
            }
            Unit::Character(character, taken) => {
                let source = bytes.get(at..at + taken).unwrap_or_default();
                match character {
                    '{' | '[' => push_plain(character.encode_utf8(&mut [0; 4]), mixed, &mut text),
                    _ => push_character(character, source, encoding, &mut text),
                }
                at += taken;
            }
            Unit::Invalid(byte) => {
                push_raw(&[byte], &mut text);
                at += 1;
            }
        }
    }
    text
}

/// Encodes ASCII, which stands in every encoding.
pub(super) fn encode_ascii(ascii: &str, encoding: TextEncoding, bytes: &mut Vec<u8>) {
    debug_assert!(ascii.is_ascii());
    let encoded = encode(ascii, encoding, bytes);
    debug_assert!(encoded.is_ok());
}

/// Adds text as an encoding writes it, without escapes. `false`: the encoding has no bytes for some of it, and what was added
/// is a part.
pub fn push_encoded(text: &str, encoding: TextEncoding, bytes: &mut Vec<u8>) -> bool {
    encode(text, encoding, bytes).is_ok()
}

/// Encodes without escapes; on failure gives the offset and the character that does not exist in the encoding.
pub(super) fn encode(text: &str, encoding: TextEncoding, bytes: &mut Vec<u8>) -> Result<(), (usize, char)> {
    match encoding {
        TextEncoding::Utf16Le => {
            bytes.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
            return Ok(());
        }
        TextEncoding::Utf16Be => {
            bytes.extend(text.encode_utf16().flat_map(u16::to_be_bytes));
            return Ok(());
        }
        _ if encoding == TextEncoding::Utf8 || text.is_ascii() => {
            bytes.extend_from_slice(text.as_bytes());
            return Ok(());
        }
        _ => {}
    }
    let Some(table) = table_of(encoding) else {
        for (offset, character) in text.char_indices() {
            bytes.push(u8::try_from(u32::from(character)).map_err(|_| (offset, character))?);
        }
        return Ok(());
    };
    let mut encoder = table.new_encoder();
    let mut read = 0;
    loop {
        let rest = text.get(read..).unwrap_or_default();
        bytes.reserve(rest.len() + 16);
        let (result, taken) = encoder.encode_from_utf8_to_vec_without_replacement(rest, bytes, true);
        read += taken;
        match result {
            EncoderResult::InputEmpty => return Ok(()),
            EncoderResult::OutputFull => {}
            EncoderResult::Unmappable(character) => return Err((read.saturating_sub(character.len_utf8()), character)),
        }
    }
}

/// Reads one escape at the start of `escape`, which stands at `at` in the whole text; gives its length in bytes.
pub(super) fn unescape(escape: &str, at: usize, encoding: TextEncoding, bytes: &mut Vec<u8>) -> Result<usize, Mistake> {
    // The most frequent ones.
    let usual = match escape.as_bytes() {
        [_, b'x', high, low, ..] => digit(*high).zip(digit(*low)).map(|(high, low)| (high << 4 | low, 4)),
        [_, b'r', ..] if is_ascii_in(encoding) => Some((b'\r', 2)),
        [_, b'n', ..] if is_ascii_in(encoding) => Some((b'\n', 2)),
        _ => None,
    };
    if let Some((byte, taken)) = usual {
        bytes.push(byte);
        return Ok(taken);
    }
    let unfinished = || mistake(at..at + escape.len(), MistakeKind::UnfinishedEscape);
    let name = escape.chars().nth(1).ok_or_else(unfinished)?;
    let simple = match name {
        'r' => '\r',
        'n' => '\n',
        't' => '\t',
        '0' => '\0',
        '\\' => '\\',
        '"' => '"',
        // Two braces begin a template, a bracket begins hex digits.
        '{' => '{',
        '[' => '[',
        'x' => return unescape_byte(escape, at, bytes),
        'u' => return unescape_code_point(escape, at, encoding, bytes),
        other => return Err(mistake(at..at + 1 + other.len_utf8(), MistakeKind::UnknownEscape(other))),
    };
    encode_ascii(simple.encode_utf8(&mut [0; 4]), encoding, bytes);
    Ok(2)
}

/// ASCII is one byte each.
fn is_ascii_in(encoding: TextEncoding) -> bool {
    !matches!(encoding, TextEncoding::Utf16Le | TextEncoding::Utf16Be)
}

/// `\xHH`
fn unescape_byte(escape: &str, at: usize, bytes: &mut Vec<u8>) -> Result<usize, Mistake> {
    let mut value = 0;
    let mut digits = escape.char_indices().skip(2);
    for _ in 0..2 {
        let (offset, character) =
            digits.next().ok_or_else(|| mistake(at..at + escape.len(), MistakeKind::UnfinishedEscape))?;
        let digit = character.to_digit(16).ok_or_else(|| bad_digit(at + offset, character))?;
        value = value << 4 | digit as u8;
    }
    bytes.push(value);
    Ok(4)
}

/// `\u{…}` with one to six hex digits.
fn unescape_code_point(escape: &str, at: usize, encoding: TextEncoding, bytes: &mut Vec<u8>) -> Result<usize, Mistake> {
    let unfinished = || mistake(at..at + escape.len(), MistakeKind::UnfinishedEscape);
    let mut rest = escape.char_indices().skip(2);
    match rest.next().ok_or_else(unfinished)? {
        (_, '{') => {}
        (offset, character) => {
            return Err(mistake(at..at + offset + character.len_utf8(), MistakeKind::UnfinishedEscape));
        }
    }
    let mut value: u32 = 0;
    let mut digits = 0;
    let end = loop {
        let (offset, character) = rest.next().ok_or_else(unfinished)?;
        if character == '}' {
            break offset + 1;
        }
        let digit = character.to_digit(16).ok_or_else(|| bad_digit(at + offset, character))?;
        digits += 1;
        if digits > 6 {
            return Err(mistake(at..at + offset + 1, MistakeKind::BadCodePoint));
        }
        value = value << 4 | digit;
    };
    let character =
        char::from_u32(value).filter(|_| digits > 0).ok_or_else(|| mistake(at..at + end, MistakeKind::BadCodePoint))?;
    let mut buffer = [0; 4];
    encode(character.encode_utf8(&mut buffer), encoding, bytes)
        .map_err(|_| mistake(at..at + end, MistakeKind::NotInEncoding { character, encoding }))?;
    Ok(end)
}

fn push_plain(plain: &str, mixed: bool, text: &mut String) {
    let mut rest = plain;
    while let Some(at) = memchr::memchr3(b'\\', b'{', b'[', rest.as_bytes()) {
        let (before, marked) = rest.split_at(at);
        text.push_str(before);
        match marked.as_bytes().first() {
            Some(b'\\') => text.push_str("\\\\"),
            Some(b'[') if mixed => text.push_str("\\["),
            Some(b'[') => text.push('['),
            _ => {
                // A brace behind a brace would begin a template: the one before it is escaped.
                if text.ends_with('{') {
                    text.insert(text.len() - 1, '\\');
                }
                text.push('{');
            }
        }
        rest = marked.get(1..).unwrap_or_default();
    }
    text.push_str(rest);
}

fn push_character(character: char, source: &[u8], encoding: TextEncoding, text: &mut String) {
    match character {
        '\r' => text.push_str("\\r"),
        '\n' => text.push_str("\\n"),
        '\t' => text.push_str("\\t"),
        '\0' => text.push_str("\\0"),
        '\\' => text.push_str("\\\\"),
        // A decoder may know more ways to write a character than its encoder uses.
        _ if character.is_ascii_control() || !encodes_to(character, source, encoding) => push_raw(source, text),
        _ if is_invisible(character) => {
            // Writing to a string cannot fail.
            let _ = write!(text, "\\u{{{:x}}}", u32::from(character));
        }
        _ => text.push(character),
    }
}

fn push_raw(bytes: &[u8], text: &mut String) {
    for byte in bytes {
        let _ = write!(text, "\\x{byte:02x}");
    }
}

fn encodes_to(character: char, source: &[u8], encoding: TextEncoding) -> bool {
    // One byte, or one way of writing each character.
    if matches!(encoding, TextEncoding::Utf8 | TextEncoding::Latin1) {
        return true;
    }
    let mut buffer = [0; 4];
    let mut bytes = Vec::with_capacity(16);
    encode(character.encode_utf8(&mut buffer), encoding, &mut bytes).is_ok() && bytes == source
}

pub(super) fn not_in_encoding(at: usize, character: char, encoding: TextEncoding) -> Mistake {
    mistake(at..at + character.len_utf8(), MistakeKind::NotInEncoding { character, encoding })
}

fn bad_digit(at: usize, character: char) -> Mistake {
    mistake(at..at + character.len_utf8(), MistakeKind::BadHexDigit(character))
}

fn mistake(at: Range<usize>, what: MistakeKind) -> Mistake {
    Mistake { at, what }
}
