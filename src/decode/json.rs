//! JSON: every value with the bytes that it stands in. Texts one behind the other (JSON lines) are read too.
//!
//! Owns: where values begin and end. Never: what a string or a number is; serde_json says it for each one. The walk is by
//! hand, since serde_json tells no positions and gives nothing of a text with a fault in it.

use std::borrow::Cow;

use super::tree::{Step, Walk, messages, shown, shown_text};
use super::{Decoded, Decoder};
use crate::model::Transport;

pub struct Json;

impl Decoder for Json {
    fn key(&self) -> &'static str {
        "json"
    }

    fn name(&self) -> &'static str {
        "JSON"
    }

    fn ports(&self) -> &'static [(Transport, u16)] {
        &[]
    }

    fn decode(&self, frame: &[u8]) -> Decoded {
        messages(frame, |walk| {
            skip_blanks(walk);
            let said = value(walk, "$".into())?;
            skip_blanks(walk);
            Ok(said)
        })
    }
}

fn skip_blanks(walk: &mut Walk<'_>) {
    walk.at += walk.rest().iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')).count();
}

fn value(walk: &mut Walk<'_>, name: Cow<'static, str>) -> Step<String> {
    let start = walk.at;
    match walk.peek(0) {
        Some(b'{') => walk.nest(name, |walk| {
            let said = counted(members(walk, b'}')?, "member");
            Ok((said.clone(), said))
        }),
        Some(b'[') => walk.nest(name, |walk| {
            let said = counted(members(walk, b']')?, "element");
            Ok((said.clone(), said))
        }),
        Some(b'"') => {
            let text = string(walk)?;
            let said = format!("\"{}\"", shown_text(&text));
            walk.field(name, said.clone(), start..walk.at)?;
            Ok(said)
        }
        Some(_) => {
            let word = walk.rest().iter().take_while(|byte| byte.is_ascii_alphanumeric() || b"+-._".contains(byte));
            let length = word.count();
            let word = &walk.rest()[..length];
            let known = matches!(word, b"true" | b"false" | b"null");
            if !known && serde_json::from_slice::<serde_json::Number>(word).is_err() {
                return walk.wrong(start..start + length.max(1), "a value is expected here");
            }
            walk.at += length;
            walk.field(name, shown(word), start..walk.at)?;
            Ok(shown(word))
        }
        None => walk.wrong(start..start, "a value is expected here, and the frame ends"),
    }
}

fn counted(count: usize, what: &str) -> String {
    let (open, close) = if what == "member" { ('{', '}') } else { ('[', ']') };
    format!("{open}{count} {what}{}{close}", if count == 1 { "" } else { "s" })
}

/// What stands between brackets, commas between. How many there were.
fn members(walk: &mut Walk<'_>, close: u8) -> Step<usize> {
    let open = walk.at;
    walk.at += 1;
    let mut count = 0;
    loop {
        skip_blanks(walk);
        let ends = walk.peek(0) == Some(close);
        if ends && count == 0 {
            walk.at += 1;
            return Ok(count);
        }
        if close == b'}' {
            member(walk)?
        } else {
            value(walk, format!("[{count}]").into()).map(|_| ())?
        }
        count += 1;
        skip_blanks(walk);
        match walk.peek(0) {
            Some(b',') => walk.at += 1,
            Some(byte) if byte == close => {
                walk.at += 1;
                return Ok(count);
            }
            Some(_) => return walk.wrong(walk.at..walk.at + 1, format!("`,` or `{}` is expected", char::from(close))),
            None => {
                let opened = char::from(walk.bytes[open]);
                return walk.wrong(walk.at..walk.at, format!("the frame ends; `{opened}` at byte {open} is open"));
            }
        }
    }
}

fn member(walk: &mut Walk<'_>) -> Step {
    let start = walk.at;
    if walk.peek(0) != Some(b'"') {
        return walk.wrong(start..start + walk.left().min(1), "the name of a member is expected, in quotes");
    }
    let name = string(walk)?;
    skip_blanks(walk);
    if walk.peek(0) != Some(b':') {
        return walk.wrong(walk.at..walk.at + walk.left().min(1), "`:` is expected");
    }
    walk.at += 1;
    skip_blanks(walk);
    value(walk, shown_text(&name).into()).map(|_| ())
}

fn string(walk: &mut Walk<'_>) -> Step<String> {
    let start = walk.at;
    let mut escaped = false;
    let length = walk.rest().iter().skip(1).position(|byte| {
        let ends = *byte == b'"' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        ends
    });
    let Some(length) = length else {
        return walk.wrong(start..start + walk.left(), "a string does not end");
    };
    let token = &walk.rest()[..length + 2];
    match serde_json::from_slice::<String>(token) {
        Ok(text) => {
            walk.at += token.len();
            Ok(text)
        }
        Err(error) => {
            // It tells the column of its own text, counted from one.
            let at = start + error.column().saturating_sub(1).min(token.len() - 1);
            let why = error.to_string();
            let why = why.split(" at line ").next().unwrap_or_default().to_owned();
            walk.wrong(at..at + 1, why)
        }
    }
}
