//! Text with escapes, as it is written in an encoding, in one or in both cases.
//!
//! Called by: `rules`.

use super::{PatternMistake, PatternMistakeKind, Ready, expression};
use crate::model::{MatchPlace, TextEncoding};
use crate::payload::{push_encoded, text_to_bytes};

pub(super) fn ready(
    typed: &str,
    encoding: TextEncoding,
    ignore_case: bool,
    place: MatchPlace,
) -> Result<Ready, PatternMistake> {
    let bytes = text_to_bytes(typed, encoding)
        .map_err(|mistake| PatternMistake { at: mistake.at, what: PatternMistakeKind::Payload(mistake.what) })?;
    if !ignore_case {
        return Ok(Ready::Bytes(bytes.into()));
    }
    expression::placed(&in_both_cases(typed, encoding), place)
        .map(Ready::Expression)
        .ok_or(PatternMistake { at: 0..typed.len(), what: PatternMistakeKind::TooLarge })
}

/// An expression over bytes. A letter is taken as a whole in each case: its bytes never mix, in any encoding. What is escaped
/// stands for itself.
fn in_both_cases(typed: &str, encoding: TextEncoding) -> String {
    let mut pattern = String::with_capacity(typed.len() * 8);
    let mut rest = typed;
    while let Some(character) = rest.chars().next() {
        let length = if character == '\\' { escape_length(rest) } else { character.len_utf8() };
        let (unit, behind) = rest.split_at_checked(length).unwrap_or((rest, ""));
        rest = behind;
        if character == '\\' {
            push_bytes(&text_to_bytes(unit, encoding).unwrap_or_default(), &mut pattern);
        } else {
            push_letter(character, encoding, &mut pattern);
        }
    }
    pattern
}

/// The text was understood before, so the escape is whole.
fn escape_length(rest: &str) -> usize {
    match rest.as_bytes().get(1) {
        Some(b'x') => 4,
        Some(b'u') => rest.find('}').map_or(rest.len(), |end| end + 1),
        _ => 2,
    }
}

fn push_letter(character: char, encoding: TextEncoding, pattern: &mut String) {
    let only = |mut cases: Box<dyn Iterator<Item = char>>| cases.next().filter(|_| cases.next().is_none());
    let lower = only(Box::new(character.to_lowercase()));
    let upper = only(Box::new(character.to_uppercase()));
    let mut ways: Vec<Vec<u8>> = Vec::with_capacity(3);
    for case in [Some(character), lower, upper].into_iter().flatten() {
        let mut bytes = Vec::with_capacity(4);
        // A letter may have only one case in an encoding.
        if push_encoded(case.encode_utf8(&mut [0; 4]), encoding, &mut bytes) && !ways.contains(&bytes) {
            ways.push(bytes);
        }
    }
    if let [one] = ways.as_slice() {
        return push_bytes(one, pattern);
    }
    pattern.push_str("(?:");
    for (index, way) in ways.iter().enumerate() {
        if index > 0 {
            pattern.push('|');
        }
        push_bytes(way, pattern);
    }
    pattern.push(')');
}

fn push_bytes(bytes: &[u8], pattern: &mut String) {
    bytes.iter().for_each(|byte| expression::push_byte(*byte, pattern));
}
