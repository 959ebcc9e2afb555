//! CBOR (RFC 8949): every item with its bytes; items one behind the other (RFC 8742) are read too. `ciborium-ll` says what
//! the head of an item means, and how long it is.
//!
//! Never: makes values out of them; what a tree of values knows, it knows without places.

use std::borrow::Cow;

use ciborium_ll::{Decoder as Heads, Error, Header};

use super::tree::{Step, Walk, hex, messages, shown, shown_text};
use super::{Decoded, Decoder};
use crate::model::Transport;

pub struct Cbor;

impl Decoder for Cbor {
    fn key(&self) -> &'static str {
        "cbor"
    }

    fn name(&self) -> &'static str {
        "CBOR"
    }

    fn ports(&self) -> &'static [(Transport, u16)] {
        &[]
    }

    fn decode(&self, frame: &[u8]) -> Decoded {
        messages(frame, |walk| item(walk, "$".into()))
    }
}

/// The head of the next item, which stays unread, and its length.
fn head(walk: &Walk<'_>) -> Step<(Header, usize)> {
    let mut heads = Heads::from(walk.rest());
    match heads.pull() {
        Ok(header) => Ok((header, heads.offset())),
        Err(Error::Io(_)) => walk.wrong(walk.at..walk.at + walk.left(), "the head of an item is cut off"),
        Err(Error::Syntax(_)) => walk.wrong(walk.at..walk.at + 1, "no item begins with this byte"),
    }
}

fn item(walk: &mut Walk<'_>, name: Cow<'static, str>) -> Step<String> {
    let start = walk.at;
    let (header, length) = head(walk)?;
    let said = match header {
        Header::Positive(value) => value.to_string(),
        Header::Negative(value) => (!i128::from(value)).to_string(),
        Header::Float(value) => format!("{value:?}"),
        Header::Simple(20) => "false".to_owned(),
        Header::Simple(21) => "true".to_owned(),
        Header::Simple(22) => "null".to_owned(),
        Header::Simple(23) => "undefined".to_owned(),
        Header::Simple(value) => format!("simple({value})"),
        Header::Break => return walk.wrong(start..start + length, "a break without an item that it ends"),
        Header::Bytes(count) => return string(walk, name, length, count, false),
        Header::Text(count) => return string(walk, name, length, count, true),
        Header::Array(count) => return array(walk, name, length, count),
        Header::Map(count) => return map(walk, name, length, count),
        Header::Tag(tag) => {
            return walk.nest(name, |walk| {
                walk.at += length;
                let held = item(walk, "content".into())?;
                let said = shown_text(&format!("{tag}({held})"));
                Ok((said.clone(), said))
            });
        }
    };
    walk.at += length;
    walk.field(name, said.clone(), start..walk.at)?;
    Ok(said)
}

fn string(
    walk: &mut Walk<'_>,
    name: Cow<'static, str>,
    length: usize,
    count: Option<usize>,
    is_text: bool,
) -> Step<String> {
    let start = walk.at;
    let Some(count) = count else { return segments(walk, name, length, is_text) };
    walk.at += length;
    let content = walk.take(count, if is_text { "a text string" } else { "a byte string" })?;
    let said = if is_text {
        if let Err(error) = std::str::from_utf8(content) {
            let bad = walk.at - count + error.valid_up_to();
            walk.note(bad..bad + 1, "a text string is not UTF-8 here");
        }
        format!("\"{}\"", shown(content))
    } else {
        format!("h'{}'", hex(content))
    };
    walk.field(name, said.clone(), start..walk.at)?;
    Ok(said)
}

/// A string in pieces of the same kind, until a break.
fn segments(walk: &mut Walk<'_>, name: Cow<'static, str>, length: usize, is_text: bool) -> Step<String> {
    walk.nest(name, |walk| {
        walk.at += length;
        let mut count = 0;
        while !ends(walk)? {
            match head(walk)?.0 {
                Header::Text(Some(_)) if is_text => {}
                Header::Bytes(Some(_)) if !is_text => {}
                _ => return walk.wrong(walk.at..walk.at + 1, "a segment of the same kind is expected"),
            }
            item(walk, format!("segment {count}").into())?;
            count += 1;
        }
        let said = format!("{} string in {count} segments", if is_text { "text" } else { "byte" });
        Ok((said.clone(), said))
    })
}

/// Whether a break stands here; it is read.
fn ends(walk: &mut Walk<'_>) -> Step<bool> {
    let (header, length) = head(walk)?;
    let ends = header == Header::Break;
    if ends {
        walk.at += length;
    }
    Ok(ends)
}

fn array(walk: &mut Walk<'_>, name: Cow<'static, str>, length: usize, count: Option<usize>) -> Step<String> {
    walk.nest(name, |walk| {
        walk.at += length;
        let mut number = 0;
        while count.is_none_or(|count| number < count) {
            if count.is_none() && ends(walk)? {
                break;
            }
            item(walk, format!("[{number}]").into())?;
            number += 1;
        }
        let said = format!("array of {number}");
        Ok((said.clone(), said))
    })
}

fn map(walk: &mut Walk<'_>, name: Cow<'static, str>, length: usize, count: Option<usize>) -> Step<String> {
    walk.nest(name, |walk| {
        walk.at += length;
        let mut number = 0;
        while count.is_none_or(|count| number < count) {
            if count.is_none() && ends(walk)? {
                break;
            }
            walk.nest(format!("{{{number}}}"), |walk| {
                let key = item(walk, "key".into())?;
                let held = item(walk, "value".into())?;
                Ok((shown_text(&format!("{key}: {held}")), ()))
            })?;
            number += 1;
        }
        let said = format!("map of {number}");
        Ok((said.clone(), said))
    })
}
