//! What stands behind a key: numbers, sizes, times, ranges, hex.
//! Called by: `parse`; the units also by `print`.

use std::ops::Range;

use super::{Bounds, HexByte, Key, Mistake, MistakeKind, Moment};

type Found<T> = Result<T, Mistake>;

/// Nanoseconds of each unit, the largest first.
pub(super) const UNITS: &[(&str, u64)] = &[
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

const SIZES: &[(&str, u64)] = &[
    ("b", 1),
    ("k", 1_000),
    ("kb", 1_000),
    ("kib", 1 << 10),
    ("m", 1_000_000),
    ("mb", 1_000_000),
    ("mib", 1 << 20),
    ("g", 1_000_000_000),
    ("gb", 1_000_000_000),
    ("gib", 1 << 30),
];

const NANOS_OF_A_DAY: u64 = 24 * 3_600_000_000_000;

/// The largest number that a key can have.
pub(super) fn most_of(key: Key) -> u64 {
    match key {
        Key::Port => u64::from(u16::MAX),
        Key::Connection => u64::from(u32::MAX),
        _ => u64::MAX,
    }
}

/// What a number, a range (`1..9`, `1..`, `..9`) or a comparison leaves open. `at` is where the text begins in the filter.
pub(super) fn bounds(key: Key, operator: &str, text: &str, at: usize) -> Found<Bounds<u64>> {
    let most = most_of(key);
    let all = at..at + text.len();
    let nothing = || Mistake::new(all.clone(), MistakeKind::NothingFits);
    let (least, most) = match operator {
        ">" => (one(key, text, at)?.checked_add(1).filter(|least| *least <= most).ok_or_else(nothing)?, most),
        ">=" => (one(key, text, at)?, most),
        "<" => (0, one(key, text, at)?.checked_sub(1).ok_or_else(nothing)?),
        "<=" => (0, one(key, text, at)?),
        _ => match text.split_once("..") {
            Some(("", "")) => return Err(Mistake::new(all, MistakeKind::BadNumber(key))),
            Some((least, most_text)) => {
                let behind = all.end - most_text.len();
                let least = if least.is_empty() { 0 } else { one(key, least, at)? };
                let most = if most_text.is_empty() { most } else { one(key, most_text, behind)? };
                (least, most)
            }
            None => {
                let number = one(key, text, at)?;
                (number, number)
            }
        },
    };
    if least > most {
        return Err(Mistake::new(all, MistakeKind::ReversedRange));
    }
    Ok(Bounds { least, most })
}

fn one(key: Key, text: &str, at: usize) -> Found<u64> {
    let all = at..at + text.len();
    let bad = || Mistake::new(all.clone(), MistakeKind::BadNumber(key));
    let (digits, factor) = match key {
        Key::Gap => return duration(text, at),
        Key::Size => {
            let (digits, unit) = text.split_at(text.find(|c: char| c.is_alphabetic()).unwrap_or(text.len()));
            let factor = SIZES.iter().find(|(name, _)| unit.eq_ignore_ascii_case(name)).map(|(_, factor)| *factor);
            (digits, if unit.is_empty() { 1 } else { factor.ok_or_else(bad)? })
        }
        // As the window writes it.
        Key::Connection => (text.strip_prefix('#').unwrap_or(text), 1),
        _ => (text, 1),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(bad());
    }
    let number = digits.parse::<u64>().ok().and_then(|number| number.checked_mul(factor));
    let most = most_of(key);
    number
        .filter(|number| *number <= most)
        .ok_or_else(|| Mistake::new(all.clone(), MistakeKind::NumberTooLarge { most }))
}

/// `1.5s` in nanoseconds.
pub(super) fn duration(text: &str, at: usize) -> Found<u64> {
    let all = at..at + text.len();
    let bad = || Mistake::new(all.clone(), MistakeKind::BadDuration);
    let (number, unit) = text.split_at(text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len()));
    let (whole, parts) = number.split_once('.').unwrap_or((number, ""));
    let is_number = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(parts) || whole.is_empty() || (number.contains('.') && parts.is_empty()) {
        return Err(bad());
    }
    if unit.is_empty() {
        return Err(Mistake::new(all, MistakeKind::DurationWithoutUnit));
    }
    let unit = if unit == "µs" || unit == "μs" { "us" } else { unit };
    let (_, nanos) = UNITS.iter().find(|(name, _)| unit.eq_ignore_ascii_case(name)).ok_or_else(bad)?;
    let too_large = || Mistake::new(all.clone(), MistakeKind::NumberTooLarge { most: u64::MAX });
    let whole = whole.parse::<u64>().ok().and_then(|whole| whole.checked_mul(*nanos)).ok_or_else(too_large)?;
    whole.checked_add(parts_of(parts, *nanos).ok_or_else(bad)?).ok_or_else(too_large)
}

/// The digits behind the point, of so many nanoseconds; `None`: finer than a nanosecond.
fn parts_of(digits: &str, mut nanos: u64) -> Option<u64> {
    let (mut sum, mut rest) = (0_u64, 0_u64);
    for digit in digits.bytes() {
        // Whole while the unit divides by ten; hours and minutes have a factor of three left, which must come out even.
        if nanos.is_multiple_of(10) {
            nanos /= 10;
            sum += u64::from(digit - b'0') * nanos;
        } else if digit != b'0' {
            rest += 1;
        }
    }
    (rest == 0).then_some(sum)
}

/// `17:40`, `17:40:02.118`, `2026-11-22T17:40:02`, `2026-11-22`.
pub(super) fn moment(text: &str, at: usize) -> Found<Moment> {
    let all = at..at + text.len();
    let bytes = text.as_bytes();
    let has_date = bytes.get(4) == Some(&b'-');
    let (date, time, time_at) = if has_date {
        let date = text.get(..10).ok_or_else(|| Mistake::new(all.clone(), MistakeKind::BadDate))?;
        let found = self::date(date).ok_or_else(|| Mistake::new(at..at + 10, MistakeKind::BadDate))?;
        match text.get(10..).unwrap_or_default() {
            "" => return Ok(Moment { date: Some(found), time_nanos: 0 }),
            rest => {
                let Some(time) = rest.strip_prefix(['T', 't', ' ', '_']) else {
                    return Err(Mistake::new(all, MistakeKind::BadTime));
                };
                (Some(found), time, at + 11)
            }
        }
    } else {
        (None, text, at)
    };
    if has_zone(time) {
        return Err(Mistake::new(time_at..all.end, MistakeKind::TimeZone));
    }
    let time_nanos = self::time(time).ok_or(Mistake::new(all, MistakeKind::BadTime))?;
    Ok(Moment { date, time_nanos })
}

fn has_zone(time: &str) -> bool {
    time.contains(['+', '-']) || time.ends_with(['Z', 'z']) && time.len() > 1
}

fn date(text: &str) -> Option<(i16, u8, u8)> {
    let mut parts = text.split('-');
    let year = digits(parts.next()?, 4)?;
    let (month, day) = (digits(parts.next()?, 2)?, digits(parts.next()?, 2)?);
    let (year, month, day) = (i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?);
    jiff::civil::Date::new(year, month, day).ok()?;
    Some((year, month.unsigned_abs(), day.unsigned_abs()))
}

fn time(text: &str) -> Option<u64> {
    let (clock, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let mut parts = clock.split(':');
    let (hours, minutes) = (digits(parts.next()?, 2)?, digits(parts.next()?, 2)?);
    let seconds = match parts.next() {
        Some(seconds) => digits(seconds, 2)?,
        None if text.contains('.') => return None,
        None => 0,
    };
    if parts.next().is_some() || minutes > 59 || seconds > 59 || fraction.is_empty() || fraction.len() > 9 {
        return None;
    }
    let fraction = digits(fraction, fraction.len())? * 10_u64.pow(9 - fraction.len() as u32);
    let nanos = ((hours * 60 + minutes) * 60 + seconds) * 1_000_000_000 + fraction;
    (nanos < NANOS_OF_A_DAY).then_some(nanos)
}

/// Exactly so many digits.
fn digits(text: &str, count: usize) -> Option<u64> {
    (text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

/// Pairs of hex digits, `?` for a digit that may be any; blanks anywhere between pairs.
pub(super) fn hex(text: &str, at: usize) -> Found<Vec<HexByte>> {
    let mut bytes = Vec::with_capacity(text.len() / 2);
    let mut half: Option<(usize, HexByte)> = None;
    let odd = |place: usize| Mistake::new(at + place..at + place + 1, MistakeKind::OddHexDigits);
    for (place, character) in text.char_indices() {
        if character.is_whitespace() {
            if let Some((place, _)) = half {
                return Err(odd(place));
            }
            continue;
        }
        let (value, mask) = match character {
            '?' => (0, 0),
            _ => match character.to_digit(16) {
                Some(digit) => (digit as u8, 0xF),
                None => {
                    let range = at + place..at + place + character.len_utf8();
                    return Err(Mistake::new(range, MistakeKind::BadHexDigit(character)));
                }
            },
        };
        half = match half {
            None => Some((place, HexByte { value: value << 4, mask: mask << 4 })),
            Some((_, high)) => {
                bytes.push(HexByte { value: high.value | value, mask: high.mask | mask });
                None
            }
        };
    }
    match half {
        Some((place, _)) => Err(odd(place)),
        None => Ok(bytes),
    }
}

/// The pieces of a list, each with its place.
pub(super) fn items(text: &str, at: usize) -> impl Iterator<Item = (&str, Range<usize>)> {
    let mut from = at;
    text.split(',').map(move |item| {
        let place = from..from + item.len();
        from = place.end + 1;
        (item, place)
    })
}
