//! Hex with wildcards: `02 ?? 1? ff`, a `?` for any digit.
//!
//! Called by: `rules`.

use super::{PatternMistake, PatternMistakeKind, Ready, expression};
use crate::model::MatchPlace;
use crate::payload::MistakeKind;

pub(super) fn ready(typed: &str, place: MatchPlace) -> Result<Ready, PatternMistake> {
    let bytes = parse(typed)?;
    if bytes.iter().all(|(_, mask)| *mask == 0xFF) {
        return Ok(Ready::Bytes(bytes.into_iter().map(|(value, _)| value).collect()));
    }
    let mut pattern = String::with_capacity(bytes.len() * 12);
    for (value, mask) in bytes {
        match mask {
            0xFF => expression::push_byte(value, &mut pattern),
            0xF0 => pattern.push_str(&format!("[\\x{:02x}-\\x{:02x}]", value, value | 0x0F)),
            0x0F => {
                pattern.push('[');
                (0..16).for_each(|high| expression::push_byte(high << 4 | value, &mut pattern));
                pattern.push(']');
            }
            _ => pattern.push('.'),
        }
    }
    expression::placed(&pattern, place)
        .map(Ready::Expression)
        .ok_or(PatternMistake { at: 0..typed.len(), what: PatternMistakeKind::TooLarge })
}

/// Values, and the bits of them that count. Blanks and the usual marks may stand between bytes.
fn parse(typed: &str) -> Result<Vec<(u8, u8)>, PatternMistake> {
    let mistake = |at, what| PatternMistake { at, what: PatternMistakeKind::Payload(what) };
    let mut bytes = Vec::new();
    let mut first: Option<(usize, (u8, u8))> = None;
    for (at, character) in typed.char_indices() {
        let nibble = match character {
            '?' => (0, 0),
            _ => match character.to_digit(16) {
                Some(digit) => (digit as u8, 0xF),
                None if first.is_none() && is_separator(character) => continue,
                None if is_separator(character) => {
                    return Err(mistake(at.saturating_sub(1)..at, MistakeKind::OddHexDigits));
                }
                // `0x` before a byte.
                None if matches!(character, 'x' | 'X') && matches!(first, Some((_, (0, 0xF)))) => {
                    first = None;
                    continue;
                }
                None => return Err(mistake(at..at + character.len_utf8(), MistakeKind::BadHexDigit(character))),
            },
        };
        match first.take() {
            None => first = Some((at, nibble)),
            Some((_, (value, mask))) => bytes.push((value << 4 | nibble.0, mask << 4 | nibble.1)),
        }
    }
    if let Some((at, _)) = first {
        return Err(mistake(at..at + 1, MistakeKind::OddHexDigits));
    }
    if bytes.is_empty() {
        return Err(PatternMistake { at: 0..typed.len(), what: PatternMistakeKind::Empty });
    }
    Ok(bytes)
}

fn is_separator(character: char) -> bool {
    character.is_whitespace() || matches!(character, ',' | ':' | '-' | '.' | ';')
}
