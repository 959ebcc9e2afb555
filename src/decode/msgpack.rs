//! MessagePack: every value with its bytes; values one behind the other are read too. `rmp` says what a first byte means.
//!
//! Never: makes values out of them; what a tree of values knows, it knows without places.

use std::borrow::Cow;

use rmp::Marker;

use super::tree::{Step, Walk, big, hex, messages, shown};
use super::{Decoded, Decoder};
use crate::model::Transport;

pub struct MsgPack;

impl Decoder for MsgPack {
    fn key(&self) -> &'static str {
        "msgpack"
    }

    fn name(&self) -> &'static str {
        "MessagePack"
    }

    fn ports(&self) -> &'static [(Transport, u16)] {
        &[]
    }

    fn decode(&self, frame: &[u8]) -> Decoded {
        messages(frame, |walk| value(walk, "$".into()))
    }
}

fn value(walk: &mut Walk<'_>, name: Cow<'static, str>) -> Step<String> {
    let start = walk.at;
    let marker = Marker::from_u8(walk.take(1, "a value")?[0]);
    let said = match marker {
        Marker::FixPos(value) => value.to_string(),
        Marker::FixNeg(value) => value.to_string(),
        Marker::Null => "nil".to_owned(),
        Marker::True => "true".to_owned(),
        Marker::False => "false".to_owned(),
        Marker::Reserved => return walk.wrong(start..walk.at, "0xc1 is never used"),
        Marker::U8 => uint(walk, 1)?.to_string(),
        Marker::U16 => uint(walk, 2)?.to_string(),
        Marker::U32 => uint(walk, 4)?.to_string(),
        Marker::U64 => uint(walk, 8)?.to_string(),
        Marker::I8 => (uint(walk, 1)? as i8).to_string(),
        Marker::I16 => (uint(walk, 2)? as i16).to_string(),
        Marker::I32 => (uint(walk, 4)? as i32).to_string(),
        Marker::I64 => (uint(walk, 8)? as i64).to_string(),
        Marker::F32 => format!("{:?}", f32::from_bits(uint(walk, 4)? as u32)),
        Marker::F64 => format!("{:?}", f64::from_bits(uint(walk, 8)?)),
        Marker::FixStr(length) => string(walk, u64::from(length))?,
        Marker::Str8 => sized(walk, 1, string)?,
        Marker::Str16 => sized(walk, 2, string)?,
        Marker::Str32 => sized(walk, 4, string)?,
        Marker::Bin8 => sized(walk, 1, binary)?,
        Marker::Bin16 => sized(walk, 2, binary)?,
        Marker::Bin32 => sized(walk, 4, binary)?,
        Marker::Ext8 => sized(walk, 1, extension)?,
        Marker::Ext16 => sized(walk, 2, extension)?,
        Marker::Ext32 => sized(walk, 4, extension)?,
        Marker::FixExt1 => extension(walk, 1)?,
        Marker::FixExt2 => extension(walk, 2)?,
        Marker::FixExt4 => extension(walk, 4)?,
        Marker::FixExt8 => extension(walk, 8)?,
        Marker::FixExt16 => extension(walk, 16)?,
        Marker::FixArray(_) | Marker::Array16 | Marker::Array32 => return array(walk, name, start, marker),
        Marker::FixMap(_) | Marker::Map16 | Marker::Map32 => return map(walk, name, start, marker),
    };
    walk.field(name, said.clone(), start..walk.at)?;
    Ok(said)
}

fn uint(walk: &mut Walk<'_>, width: usize) -> Step<u64> {
    walk.take(width, "a number").map(big)
}

fn sized(walk: &mut Walk<'_>, width: usize, content: fn(&mut Walk<'_>, u64) -> Step<String>) -> Step<String> {
    let length = big(walk.take(width, "a length")?);
    content(walk, length)
}

fn string(walk: &mut Walk<'_>, length: u64) -> Step<String> {
    let at = walk.at;
    let bytes = walk.take(length as usize, "a string")?;
    if let Err(error) = std::str::from_utf8(bytes) {
        let bad = at + error.valid_up_to();
        walk.note(bad..bad + 1, "a str is not UTF-8 here");
    }
    Ok(format!("\"{}\"", shown(bytes)))
}

fn binary(walk: &mut Walk<'_>, length: u64) -> Step<String> {
    Ok(format!("bin {}", hex(walk.take(length as usize, "a bin")?)))
}

fn extension(walk: &mut Walk<'_>, length: u64) -> Step<String> {
    let kind = walk.take(1, "the type of an ext")?[0] as i8;
    let content = walk.take(length as usize, "an ext")?;
    let seconds = match (kind, content.len()) {
        (-1, 4) => Some(big(content)),
        (-1, 8) => Some(big(content) & 0x3_FFFF_FFFF),
        _ => None,
    };
    let time = seconds.map(|seconds| format!(", timestamp {seconds} s")).unwrap_or_default();
    Ok(format!("ext {kind} {}{time}", hex(content)))
}

/// Counts follow the marker; what is counted is never allocated before it is there.
fn count(walk: &mut Walk<'_>, marker: Marker) -> Step<u64> {
    match marker {
        Marker::FixArray(count) | Marker::FixMap(count) => Ok(u64::from(count)),
        Marker::Array16 | Marker::Map16 => walk.take(2, "a count").map(big),
        _ => walk.take(4, "a count").map(big),
    }
}

fn array(walk: &mut Walk<'_>, name: Cow<'static, str>, start: usize, marker: Marker) -> Step<String> {
    walk.at = start;
    walk.nest(name, |walk| {
        walk.at += 1;
        let count = count(walk, marker)?;
        for number in 0..count {
            value(walk, format!("[{number}]").into())?;
        }
        let said = format!("array of {count}");
        Ok((said.clone(), said))
    })
}

fn map(walk: &mut Walk<'_>, name: Cow<'static, str>, start: usize, marker: Marker) -> Step<String> {
    walk.at = start;
    walk.nest(name, |walk| {
        walk.at += 1;
        let count = count(walk, marker)?;
        for number in 0..count {
            walk.nest(format!("{{{number}}}"), |walk| {
                let key = value(walk, "key".into())?;
                let held = value(walk, "value".into())?;
                Ok((super::tree::shown_text(&format!("{key}: {held}")), ()))
            })?;
        }
        let said = format!("map of {count}");
        Ok((said.clone(), said))
    })
}
