//! Protocol Buffers without their schema: the wire format, field numbers and what the values can mean.
//!
//! Never: knows names or types of fields. By hand: crates for the wire format read into known types, and tell no positions.

use super::tree::{MOST_DEPTH, Step, Walk, hex, shown};
use super::{Decoded, Decoder};
use crate::model::{TextEncoding, Transport};
use crate::payload;

pub struct Protobuf;

impl Decoder for Protobuf {
    fn key(&self) -> &'static str {
        "protobuf"
    }

    fn name(&self) -> &'static str {
        "Protocol Buffers"
    }

    fn ports(&self) -> &'static [(Transport, u16)] {
        &[]
    }

    fn decode(&self, frame: &[u8]) -> Decoded {
        let mut walk = Walk::new(frame);
        let mut count = 0;
        let done = message(&mut walk, None, &mut count);
        walk.finish(done, counted("message", count))
    }
}

/// Fields until the end, or until the end of the group of this number.
fn message(walk: &mut Walk<'_>, group: Option<u64>, count: &mut usize) -> Step {
    while !walk.is_done() {
        let (number, wire) = tag_of(walk.rest()).map_or((0, 0), |(number, wire, _)| (number, wire));
        if wire == 4 && group == Some(number) {
            return tag(walk).map(|_| ());
        }
        walk.nest(format!("#{number}"), |walk| record(walk).map(|value| (value, ())))?;
        *count += 1;
    }
    match group {
        Some(number) => walk.wrong(walk.at..walk.at, format!("the end of group {number} is missing")),
        None => Ok(()),
    }
}

fn record(walk: &mut Walk<'_>) -> Step<String> {
    let start = walk.at;
    let (number, wire) = tag(walk)?;
    let at = walk.at;
    match wire {
        0 => {
            let value = varint(walk)?;
            let zigzag = (value >> 1) as i64 ^ -((value & 1) as i64);
            let mut said = value.to_string();
            if value > i64::MAX as u64 {
                said.push_str(&format!(" (int64 {})", value as i64));
            }
            walk.field("VARINT", format!("{said}, sint64 {zigzag}"), at..walk.at)?;
            Ok(said)
        }
        1 => {
            let value = little(walk.take(8, "I64")?);
            let float = f64::from_bits(value);
            walk.field(
                "I64",
                format!("{value} (0x{value:016x}), int64 {}, double {float:?}", value as i64),
                at..walk.at,
            )?;
            Ok(format!("{value}, double {float:?}"))
        }
        5 => {
            let value = little(walk.take(4, "I32")?) as u32;
            let float = f32::from_bits(value);
            walk.field(
                "I32",
                format!("{value} (0x{value:08x}), int32 {}, float {float:?}", value as i32),
                at..walk.at,
            )?;
            Ok(format!("{value}, float {float:?}"))
        }
        2 => delimited(walk),
        3 => {
            let mut count = 0;
            message(walk, Some(number), &mut count)?;
            Ok(counted("group", count))
        }
        4 => walk.wrong(start..at, format!("group {number} ends here and did not begin")),
        _ => walk.wrong(start..at, format!("wire type {wire} is none of 0 to 5")),
    }
}

fn counted(what: &str, count: usize) -> String {
    let fields = if count == 1 { "field" } else { "fields" };
    format!("{what}, {count} {fields}")
}

/// Text where it is text, else a message where it can be one, else bytes.
fn delimited(walk: &mut Walk<'_>) -> Step<String> {
    let at = walk.at;
    let length = varint(walk)?;
    walk.field("LEN", length.to_string(), at..walk.at)?;
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    let content = walk.rest().get(..length);
    let Some(content) = content else { return walk.take(length, "what LEN counts").map(|_| String::new()) };
    if is_plain(content) {
        walk.text("string", length)?;
        return Ok(shown(content));
    }
    if can_be_message(content, MOST_DEPTH) {
        return walk.within(length, "message", |walk| {
            let mut count = 0;
            message(walk, None, &mut count)?;
            Ok(counted("message", count))
        });
    }
    walk.hex("bytes", length)?;
    Ok(hex(content))
}

fn is_plain(content: &[u8]) -> bool {
    let odd = |character: char| character.is_control() && !matches!(character, '\t' | '\r' | '\n');
    payload::is_text(content, TextEncoding::Utf8) && std::str::from_utf8(content).is_ok_and(|text| !text.contains(odd))
}

/// One level of it: tags with a number, and lengths that fit.
fn can_be_message(mut content: &[u8], groups: usize) -> bool {
    let mut open = Vec::new();
    while !content.is_empty() {
        let Some((number, wire, read)) = tag_of(content) else { return false };
        let behind = &content[read..];
        let skip = match wire {
            0 => varint_of(behind).map(|(_, read)| read),
            1 => Some(8),
            5 => Some(4),
            2 => varint_of(behind).and_then(|(length, read)| usize::try_from(length).ok()?.checked_add(read)),
            3 if open.len() < groups => {
                open.push(number);
                Some(0)
            }
            4 if open.pop() == Some(number) => Some(0),
            _ => None,
        };
        let Some(rest) = skip.and_then(|skip| behind.get(skip..)) else { return false };
        content = rest;
    }
    open.is_empty()
}

fn tag(walk: &mut Walk<'_>) -> Step<(u64, u8)> {
    let start = walk.at;
    let tag = varint(walk)?;
    let (number, wire) = (tag >> 3, (tag & 7) as u8);
    const KINDS: [&str; 8] = ["VARINT", "I64", "LEN", "SGROUP", "EGROUP", "I32", "6", "7"];
    walk.field("tag", format!("field {number}, {}", KINDS[usize::from(wire)]), start..walk.at)?;
    if !(1..=MOST_NUMBER).contains(&number) {
        return walk.wrong(start..walk.at, format!("field numbers are from 1 to {MOST_NUMBER}"));
    }
    Ok((number, wire))
}

const MOST_NUMBER: u64 = (1 << 29) - 1;

fn tag_of(bytes: &[u8]) -> Option<(u64, u8, usize)> {
    let (tag, read) = varint_of(bytes)?;
    (1..=MOST_NUMBER).contains(&(tag >> 3)).then_some((tag >> 3, (tag & 7) as u8, read))
}

fn varint(walk: &mut Walk<'_>) -> Step<u64> {
    match varint_of(walk.rest()) {
        Some((value, read)) => {
            walk.at += read;
            Ok(value)
        }
        None => {
            let at = walk.at..walk.at + walk.left().min(10);
            let why = if at.len() < 10 { "a VARINT is cut off" } else { "a VARINT is longer than 64 bits" };
            walk.wrong(at, why)
        }
    }
}

fn varint_of(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut value = 0_u64;
    for (at, byte) in bytes.iter().take(10).enumerate() {
        let low = u64::from(byte & 0x7F);
        if at == 9 && low > 1 {
            return None;
        }
        value |= low << (7 * at);
        if byte & 0x80 == 0 {
            return Some((value, at + 1));
        }
    }
    None
}

fn little(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte))
}
