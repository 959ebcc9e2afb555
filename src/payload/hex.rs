//! Hex digits ⇄ bytes, forgiving about what stands between the digits.
//!
//! Called by: `compose`, ui (paste, copy as hex or C array), cli (`--hex`).

use super::dump::dump_to_bytes;
use super::{Mistake, MistakeKind};

/// Hex digits as people paste them: blanks, commas, `0x`, `\x`, `:` or `-` between bytes, C arrays, and the dumps of
/// Wireshark, `hexdump -C`, `xxd`, `od` and `tcpdump` with their offsets and text columns.
pub fn hex_to_bytes(text: &str) -> Result<Vec<u8>, Mistake> {
    match dump_to_bytes(text) {
        Some(bytes) => Ok(bytes),
        None => digits_to_bytes(text),
    }
}

/// `68 65 6c`
pub fn bytes_to_hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 3);
    for byte in bytes {
        if !text.is_empty() {
            text.push(' ');
        }
        push_byte(*byte, &mut text);
    }
    text
}

/// `{ 0x68, 0x65 }`
pub fn bytes_to_c_array(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 6 + 4);
    text.push_str("{ ");
    for (index, byte) in bytes.iter().enumerate() {
        if index > 0 {
            text.push_str(", ");
        }
        text.push_str("0x");
        push_byte(*byte, &mut text);
    }
    text.push_str(if bytes.is_empty() { "}" } else { " }" });
    text
}

/// The value of a hex digit.
pub(super) fn digit(byte: u8) -> Option<u8> {
    match VALUES[usize::from(byte)] {
        NO_DIGIT => None,
        value => Some(value),
    }
}

const NO_DIGIT: u8 = 0xFF;
const VALUES: [u8; 256] = {
    let mut values = [NO_DIGIT; 256];
    let mut value = 0;
    while value < 16 {
        values[b"0123456789abcdef"[value] as usize] = value as u8;
        values[b"0123456789ABCDEF"[value] as usize] = value as u8;
        value += 1;
    }
    values
};

/// Bytes as they are written most: two digits and one blank. Reads as many as there are from `at` on and gives where they end.
/// The digits behind the last blank are left: only what follows tells whether they are whole.
pub(super) fn plain_pairs(source: &[u8], at: usize, most: usize, bytes: &mut Vec<u8>) -> usize {
    let rest = source.get(at..).unwrap_or_default();
    let pairs = rest.chunks_exact(3).take(most).map_while(|pair| {
        let (high, low) = (VALUES[usize::from(pair[0])], VALUES[usize::from(pair[1])]);
        ((high | low) < 16 && pair[2] == b' ').then_some(high << 4 | low)
    });
    let before = bytes.len();
    bytes.extend(pairs);
    at + 3 * (bytes.len() - before)
}

fn push_byte(byte: u8, text: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    text.push(char::from(DIGITS[usize::from(byte >> 4)]));
    text.push(char::from(DIGITS[usize::from(byte & 15)]));
}

fn digits_to_bytes(text: &str) -> Result<Vec<u8>, Mistake> {
    let mut bytes = Vec::with_capacity(text.len() / 2);
    digits_until(text, start_of_digits(text), |_| false, &mut bytes)?;
    Ok(bytes)
}

/// Reads bytes from `at` on, up to the end or to where something else begins that `stops` knows; gives that place.
pub(super) fn digits_until(
    text: &str,
    mut at: usize,
    stops: impl Fn(usize) -> bool,
    bytes: &mut Vec<u8>,
) -> Result<usize, Mistake> {
    let source = text.as_bytes();
    loop {
        // Neither a digit nor a blank is where something else begins.
        at = plain_pairs(source, at, usize::MAX, bytes);
        if at >= source.len() || stops(at) {
            return Ok(at);
        }
        let skipped = skip_separator(source, at);
        if skipped > at {
            at = skipped;
            continue;
        }
        let prefix = prefix_length(source, at);
        let start = at + prefix;
        let end = run_end(source, start);
        if end == start {
            return Err(bad_character(text, start));
        }
        if prefix > 0 && end - start == 1 {
            bytes.extend(source.get(start).and_then(|byte| digit(*byte)));
        } else if (end - start) % 2 == 1 {
            // A wrong character right behind is the likelier cause than a missing digit.
            let follows = source.get(end).is_some_and(|byte| byte.is_ascii_alphabetic() || !byte.is_ascii());
            return Err(if follows {
                bad_character(text, end)
            } else {
                Mistake { at: end - 1..end, what: MistakeKind::OddHexDigits }
            });
        } else {
            let run = source.get(start..end).unwrap_or_default();
            bytes.extend(run.chunks_exact(2).filter_map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)));
        }
        at = end;
    }
}

/// Behind the brace of `unsigned char name[] = {`, else the start.
pub(super) fn start_of_digits(text: &str) -> usize {
    let Some(brace) = text.find('{') else { return 0 };
    let before = text.get(..brace).unwrap_or_default().trim_end();
    if before.ends_with('=') { brace + 1 } else { 0 }
}

/// The position behind what may stand between bytes; `at` itself when there is nothing of the kind.
fn skip_separator(source: &[u8], at: usize) -> usize {
    let rest = source.get(at..).unwrap_or_default();
    match rest {
        [b' ' | b'\t' | b'\r' | b'\n' | 0x0B | 0x0C, ..] => at + 1,
        [b',' | b';' | b':' | b'-' | b'_' | b'{' | b'}' | b'[' | b']' | b'"' | b'\'', ..] => at + 1,
        // A no-break space, as web pages and chats put it between digits.
        [0xC2, 0xA0, ..] => at + 2,
        [b'\\', b'\n', ..] => at + 2,
        [b'\\', b'\r', b'\n', ..] => at + 3,
        [b'/', b'*', inner @ ..] => match memchr::memmem::find(inner, b"*/") {
            Some(length) => at + length + 4,
            None => at,
        },
        [b'/', b'/', inner @ ..] => at + 2 + memchr::memchr(b'\n', inner).unwrap_or(inner.len()),
        _ => at,
    }
}

fn prefix_length(source: &[u8], at: usize) -> usize {
    match source.get(at..at + 2) {
        Some([b'0' | b'\\', b'x' | b'X']) => 2,
        _ => 0,
    }
}

/// The end of the digits from `start`; a `0x` right behind digits begins a byte of its own.
fn run_end(source: &[u8], start: usize) -> usize {
    let mut end = start;
    while source.get(end).is_some_and(|byte| digit(*byte).is_some())
        && (end == start || prefix_length(source, end) == 0)
    {
        end += 1;
    }
    end
}

/// The character at `at`, or its absence behind a `0x` at the end.
fn bad_character(text: &str, at: usize) -> Mistake {
    match text.get(at..).and_then(|rest| rest.chars().next()) {
        Some(character) => Mistake { at: at..at + character.len_utf8(), what: MistakeKind::BadHexDigit(character) },
        None => Mistake { at: text.len()..text.len(), what: MistakeKind::OddHexDigits },
    }
}
