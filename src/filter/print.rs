//! An expression as text: `parse` makes the same expression of it.
//! Called by: `Display`, and `like`, which writes filters for the person.

use std::fmt::{self, Display};

use super::lexer::{self, What, lexemes};
use super::values::{UNITS, most_of};
use super::{Bounds, Expression, HexByte, Key, Moment, Term, addresses, parse};
use crate::model::{Direction, EventKind, TextEncoding};
use crate::payload;

impl Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any(all) => list(f, all, " or ", |inner| matches!(inner, Self::Any(_))),
            Self::All(all) => list(f, all, " ", |inner| matches!(inner, Self::Any(_) | Self::All(_))),
            Self::Not(inner) => {
                f.write_str("not ")?;
                within(f, inner, matches!(**inner, Self::Any(_) | Self::All(_)))
            }
            Self::Is(term) => term.fmt(f),
        }
    }
}

fn list(
    f: &mut fmt::Formatter<'_>,
    all: &[Expression],
    between: &str,
    needs_brackets: fn(&Expression) -> bool,
) -> fmt::Result {
    for (number, inner) in all.iter().enumerate() {
        if number > 0 {
            f.write_str(between)?;
        }
        within(f, inner, needs_brackets(inner))?;
    }
    Ok(())
}

fn within(f: &mut fmt::Formatter<'_>, inner: &Expression, brackets: bool) -> fmt::Result {
    if brackets { write!(f, "({inner})") } else { inner.fmt(f) }
}

impl Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |key: Key| key.name();
        match self {
            Self::Text(text) => f.write_str(&text_of(text)),
            Self::Regex { pattern, ignore_case } => {
                write!(f, "/{}/{}", with_escaped_slashes(pattern), if *ignore_case { "i" } else { "" })
            }
            Self::Hex(bytes) => write!(f, "hex:{}", hex_of(bytes)),
            Self::Direction(Direction::In) => f.write_str("dir:in"),
            Self::Direction(Direction::Out) => f.write_str("dir:out"),
            Self::Kind(kinds) if *kinds == parse::errors() => f.write_str("is:error"),
            Self::Kind(kinds) => {
                let names: Vec<_> = kinds.iter().copied().map(EventKind::name).collect();
                write!(f, "kind:{}", names.join(","))
            }
            Self::From(address) => write!(f, "from:{}", addresses::text_of(address)),
            Self::To(address) => write!(f, "to:{}", addresses::text_of(address)),
            Self::Peer(address) => write!(f, "peer:{}", addresses::text_of(address)),
            Self::Port(bounds) => f.write_str(&bounds_of(Key::Port, bounds)),
            Self::Connection(bounds) => f.write_str(&bounds_of(Key::Connection, bounds)),
            Self::Endpoint(text) => write!(f, "{}:{}", name(Key::Endpoint), value_of(text)),
            Self::Transport(transport) => write!(f, "proto:{transport}"),
            Self::Size(bounds) => f.write_str(&bounds_of(Key::Size, bounds)),
            Self::After(moment) => write!(f, "after:{}", moment_of(moment)),
            Self::Before(moment) => write!(f, "before:{}", moment_of(moment)),
            Self::Within(nanos) => write!(f, "within:{}", duration_of(*nanos)),
            Self::Gap(bounds) => f.write_str(&gap_of(bounds)),
            Self::HasNote => f.write_str("has:note"),
            Self::Damaged => f.write_str("is:damaged"),
            Self::WrongSum => f.write_str("is:badsum"),
            Self::BadFrame => f.write_str("is:badframe"),
        }
    }
}

/// A text to be looked for: bare where nothing else can be meant, else in quotes.
pub(super) fn text_of(text: &str) -> String {
    let is_word = matches!(lexemes(text).as_slice(), [only] if only.what == What::Word);
    let is_clear = is_word
        && Key::of(text).is_none()
        && !lexer::continues_hex(text)
        && !text.contains(['(', ')', '"', '\\'])
        && payload::visible_text(text, usize::MAX) == text;
    if is_clear { text.to_owned() } else { quoted(text) }
}

pub(super) fn value_of(text: &str) -> String {
    let is_clear = !text.contains(['(', ')', '"', '\\', ','])
        && !text.starts_with(['<', '>', '='])
        && !text.contains(char::is_whitespace)
        && payload::visible_text(text, usize::MAX) == text;
    if is_clear { text.to_owned() } else { quoted(text) }
}

pub(super) fn quoted(text: &str) -> String {
    let escaped = payload::bytes_to_text(text.as_bytes(), TextEncoding::Utf8);
    format!("\"{}\"", escaped.replace('"', "\\\""))
}

fn with_escaped_slashes(pattern: &str) -> String {
    let mut text = String::with_capacity(pattern.len());
    let mut rest = pattern.chars();
    while let Some(character) = rest.next() {
        match character {
            '/' => text.push_str("\\/"),
            '\\' => text.extend(std::iter::once('\\').chain(rest.next())),
            _ => text.push(character),
        }
    }
    text
}

fn hex_of(bytes: &[HexByte]) -> String {
    let digit = |value: u8, mask: u8| match mask & 0xF {
        0xF => char::from_digit(u32::from(value & 0xF), 16).unwrap_or('?'),
        _ => '?',
    };
    let pair = |byte: &HexByte| {
        [digit(byte.value >> 4, byte.mask >> 4), digit(byte.value, byte.mask)].into_iter().collect::<String>()
    };
    bytes.iter().map(pair).collect::<Vec<_>>().join(" ")
}

fn bounds_of(key: Key, bounds: &Bounds<u64>) -> String {
    let name = key.name();
    match bounds {
        Bounds { least, most } if least == most => format!("{name}:{least}"),
        Bounds { least, most } if *most == most_of(key) => format!("{name}>={least}"),
        Bounds { least: 0, most } => format!("{name}<={most}"),
        Bounds { least, most } => format!("{name}:{least}..{most}"),
    }
}

fn gap_of(bounds: &Bounds<u64>) -> String {
    let is_rounder = |one: u64, other: u64| unit_of(one).1 > unit_of(other).1;
    match bounds {
        Bounds { least, most } if least == most => format!("gap:{}", duration_of(*least)),
        Bounds { least, most: u64::MAX } => match least.checked_sub(1) {
            Some(less) if is_rounder(less, *least) => format!("gap>{}", duration_of(less)),
            _ => format!("gap>={}", duration_of(*least)),
        },
        Bounds { least: 0, most } if is_rounder(most + 1, *most) => format!("gap<{}", duration_of(most + 1)),
        Bounds { least: 0, most } => format!("gap<={}", duration_of(*most)),
        Bounds { least, most } => format!("gap:{}..{}", duration_of(*least), duration_of(*most)),
    }
}

fn duration_of(nanos: u64) -> String {
    let (name, unit) = unit_of(nanos);
    format!("{}{name}", nanos / unit)
}

/// The largest unit of which there is a whole number.
fn unit_of(nanos: u64) -> (&'static str, u64) {
    match nanos {
        0 => ("s", 1_000_000_000),
        _ => UNITS.iter().copied().find(|(_, unit)| nanos.is_multiple_of(*unit)).unwrap_or(("ns", 1)),
    }
}

fn moment_of(moment: &Moment) -> String {
    let (seconds, nanos) = (moment.time_nanos / 1_000_000_000, moment.time_nanos % 1_000_000_000);
    let clock = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    let fraction = format!(".{nanos:09}");
    let fraction = if nanos == 0 { "" } else { fraction.trim_end_matches('0') };
    match moment.date {
        Some((year, month, day)) => format!("{year:04}-{month:02}-{day:02}T{clock}{fraction}"),
        None => format!("{clock}{fraction}"),
    }
}
