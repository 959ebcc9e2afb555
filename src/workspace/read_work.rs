//! The parts of a workspace that say what is sent, answered and awaited: payloads, framing, replies, services, sequences.
//!
//! As strict as `read`. Text in the payload language is kept as it was typed, with its mistakes: the window shows them where they
//! stand. Called by: `read`.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;

use super::WorkspaceError;
use super::read::{Fields, syntax};
use crate::model::{
    Awaited, ByteOrder, Counts, Draft, FramePattern, Framing, HttpAnswer, LengthPrefix, MOST_NESTED, ModbusUnit,
    ReplyRule, Sequence, Step, Verify,
};
use crate::payload::checksum::algorithm;
use crate::services::http::{MOST_HEADERS_SENT, check_header, check_value};

pub(super) fn draft(fields: &mut Fields<'_>) -> Result<Draft, WorkspaceError> {
    Ok(Draft {
        format: fields.or_default("format")?,
        text: fields.or_default("text")?,
        encoding: fields.or_default("encoding")?,
        ending: fields.or_default("ending")?,
        checksum: checksum(fields)?,
    })
}

pub(super) fn shortcut(fields: &mut Fields<'_>) -> Result<Option<u8>, WorkspaceError> {
    let at = fields.value_start("shortcut");
    let shortcut = fields.optional::<u8>("shortcut")?;
    if shortcut.is_some_and(|digit| !(1..=9).contains(&digit)) {
        return Err(syntax(fields.text, at, "shortcut: Alt and a digit from 1 to 9"));
    }
    Ok(shortcut)
}

pub(super) fn framing(fields: &mut Fields<'_>) -> Result<Framing, WorkspaceError> {
    let Some(mut fields) = fields.table("framing")? else { return Ok(Framing::None) };
    let at = fields.value_start("type");
    let kind = fields.required::<String>("type")?;
    let usual = LengthPrefix::default();
    let most_bytes = |fields: &mut Fields<'_>| fields.or("most_bytes", usual.most_bytes);
    let framing = match kind.as_str() {
        "none" => Framing::None,
        "delimiter" => {
            let framing = Framing::Delimiter {
                bytes: fields.required("bytes")?,
                keep: fields.or_default("keep")?,
                most_bytes: most_bytes(&mut fields)?,
            };
            if matches!(&framing, Framing::Delimiter { bytes, .. } if bytes.is_empty()) {
                return Err(syntax(fields.text, at, "bytes: a delimiter has at least one byte"));
            }
            framing
        }
        "line" => Framing::Line { most_bytes: most_bytes(&mut fields)? },
        "fixed" => Framing::Fixed { bytes: above_zero(&mut fields, "bytes")? },
        "length-prefix" => Framing::LengthPrefix(LengthPrefix {
            offset: fields.or("offset", usual.offset)?,
            width: width(&mut fields)?,
            order: fields.or::<ByteOrder>("order", usual.order)?,
            counts: fields.or::<Counts>("counts", usual.counts)?,
            extra: fields.or("extra", usual.extra)?,
            most_bytes: most_bytes(&mut fields)?,
        }),
        "idle-gap" => Framing::IdleGap { nanos: fields.required("nanos")?, most_bytes: most_bytes(&mut fields)? },
        "slip" => Framing::Slip { most_bytes: most_bytes(&mut fields)? },
        "cobs" => Framing::Cobs { most_bytes: most_bytes(&mut fields)? },
        "stx-etx" => Framing::StxEtx { escape: fields.optional("escape")?, most_bytes: most_bytes(&mut fields)? },
        other => {
            let known = "none, delimiter, line, fixed, length-prefix, idle-gap, slip, cobs, stx-etx";
            return Err(syntax(fields.text, at, &format!("{other:?} is no framing; known are {known}")));
        }
    };
    fields.finish()?;
    Ok(framing)
}

pub(super) fn verify(mut fields: Fields<'_>) -> Result<Verify, WorkspaceError> {
    let verify = Verify {
        checksum: checksum(&mut fields)?,
        skip: fields.or_default("skip")?,
        behind: fields.or_default("behind")?,
    };
    fields.finish()?;
    Ok(verify)
}

pub(super) fn reply(mut fields: Fields<'_>) -> Result<ReplyRule, WorkspaceError> {
    let rule = ReplyRule {
        name: fields.or_default("name")?,
        off: fields.or_default("off")?,
        on: fields.or_default("on")?,
        pattern: pattern(&mut fields)?,
        act: fields.or_default("act")?,
        send: whole_draft(&mut fields, "send")?,
        delay_millis: fields.or_default("delay_millis")?,
        jitter_millis: fields.or_default("jitter_millis")?,
        times: fields.optional("times")?,
    };
    fields.finish()?;
    Ok(rule)
}

pub(super) fn http(mut fields: Fields<'_>) -> Result<HttpAnswer, WorkspaceError> {
    let usual = HttpAnswer::default();
    let at = fields.value_start("status");
    let status = fields.or("status", usual.status)?;
    if !(200..=599).contains(&status) {
        return Err(syntax(fields.text, at, "status: a final answer has a number from 200 to 599"));
    }
    let body = match fields.table("body")? {
        Some(mut body) => {
            let draft = draft(&mut body)?;
            body.finish()?;
            draft
        }
        None => usual.body,
    };
    let at = fields.value_start("content_type");
    let content_type = fields.or("content_type", usual.content_type)?;
    if check_value(&content_type).is_err() {
        return Err(syntax(fields.text, at, "content_type: a header field has no control characters"));
    }
    let at = fields.value_start("headers");
    let headers: Vec<String> = fields.or_default("headers")?;
    if headers.len() > MOST_HEADERS_SENT || headers.iter().any(|line| check_header(line).is_err()) {
        let why = format!(
            "headers: up to {MOST_HEADERS_SENT} lines, each \"Name: value\"; lengths, types and Connection are not among them"
        );
        return Err(syntax(fields.text, at, &why));
    }
    let answer = HttpAnswer { status, content_type, headers, body };
    fields.finish()?;
    Ok(answer)
}

pub(super) fn modbus(mut fields: Fields<'_>) -> Result<ModbusUnit, WorkspaceError> {
    let at = fields.value_start("size");
    let size = fields.or("size", ModbusUnit::default().size)?;
    if !(1..=65_536).contains(&size) {
        return Err(syntax(fields.text, at, "size: a table has 1 to 65536 addresses"));
    }
    let unit = ModbusUnit {
        unit: fields.optional("unit")?,
        size,
        coils: addresses(&mut fields, "coils")?,
        inputs: addresses(&mut fields, "inputs")?,
        holding: addresses(&mut fields, "holding")?,
        input_registers: addresses(&mut fields, "input_registers")?,
    };
    fields.finish()?;
    Ok(unit)
}

pub(super) fn sequence(mut fields: Fields<'_>) -> Result<Sequence, WorkspaceError> {
    let sequence = Sequence {
        name: fields.required("name")?,
        folder: fields.or_default("folder")?,
        remark: fields.or_default("remark")?,
        shortcut: shortcut(&mut fields)?,
        endpoint: fields.or_default("endpoint")?,
        steps: steps(&mut fields, MOST_NESTED)?,
    };
    fields.finish()?;
    Ok(sequence)
}

fn steps(fields: &mut Fields<'_>, depth: usize) -> Result<Vec<Step>, WorkspaceError> {
    fields.tables("step")?.into_iter().map(|fields| step(fields, depth)).collect()
}

fn step(mut fields: Fields<'_>, depth: usize) -> Result<Step, WorkspaceError> {
    let at = fields.value_start("do");
    let kind = fields.required::<String>("do")?;
    let step = match kind.as_str() {
        "send" => Step::Send(draft(&mut fields)?),
        "wait-for" => Step::WaitFor(awaited(&mut fields)?),
        "expect" => Step::Expect(awaited(&mut fields)?),
        "pause" => Step::Pause { millis: fields.required("millis")? },
        "set" => Step::Set { variable: fields.required("variable")?, value: draft(&mut fields)? },
        "repeat" if depth == 0 => {
            return Err(syntax(fields.text, at, &format!("repeats stand in each other at most {MOST_NESTED} deep")));
        }
        "repeat" => Step::Repeat { times: above_zero(&mut fields, "times")?, steps: steps(&mut fields, depth - 1)? },
        "close" => Step::Close { how: fields.or_default("how")? },
        other => {
            let known = "send, wait-for, expect, pause, set, repeat, close";
            return Err(syntax(fields.text, at, &format!("{other:?} is no step; known are {known}")));
        }
    };
    fields.finish()?;
    Ok(step)
}

fn awaited(fields: &mut Fields<'_>) -> Result<Awaited, WorkspaceError> {
    let timeout_millis = fields.or("timeout_millis", Awaited::default().timeout_millis)?;
    Ok(Awaited { pattern: pattern(fields)?, timeout_millis })
}

fn pattern(fields: &mut Fields<'_>) -> Result<FramePattern, WorkspaceError> {
    Ok(FramePattern {
        how: fields.or_default("match")?,
        pattern: fields.or_default("pattern")?,
        place: fields.or_default("place")?,
        encoding: fields.or_default("pattern_encoding")?,
        ignore_case: fields.or_default("ignore_case")?,
    })
}

fn whole_draft(fields: &mut Fields<'_>, key: &'static str) -> Result<Draft, WorkspaceError> {
    let Some(mut fields) = fields.table(key)? else { return Ok(Draft::default()) };
    let draft = draft(&mut fields)?;
    fields.finish()?;
    Ok(draft)
}

/// A checksum that nobody computes would send something else than was meant.
fn checksum(fields: &mut Fields<'_>) -> Result<crate::model::Checksum, WorkspaceError> {
    let at = fields.value_start("checksum");
    let checksum: crate::model::Checksum = fields.or_default("checksum")?;
    if !checksum.is_none() && algorithm(&checksum.algorithm).is_none() {
        return Err(syntax(fields.text, at, &format!("checksum: {:?} is not in the catalogue", checksum.algorithm)));
    }
    Ok(checksum)
}

fn above_zero(fields: &mut Fields<'_>, key: &'static str) -> Result<u32, WorkspaceError> {
    let at = fields.value_start(key);
    match fields.required::<u32>(key)? {
        0 => Err(syntax(fields.text, at, &format!("{key}: 1 or more"))),
        number => Ok(number),
    }
}

fn width(fields: &mut Fields<'_>) -> Result<u8, WorkspaceError> {
    let at = fields.value_start("width");
    let width = fields.or("width", LengthPrefix::default().width)?;
    if ![1, 2, 3, 4, 8].contains(&width) {
        return Err(syntax(fields.text, at, "width: 1, 2, 3, 4 or 8 bytes"));
    }
    Ok(width)
}

/// Keys are addresses: `0 = 17`.
fn addresses<V: DeserializeOwned>(
    fields: &mut Fields<'_>,
    key: &'static str,
) -> Result<BTreeMap<u16, V>, WorkspaceError> {
    let at = fields.value_start(key);
    let named: BTreeMap<String, V> = fields.or_default(key)?;
    let parsed = named.into_iter().map(|(address, value)| match address.parse() {
        Ok(address) => Ok((address, value)),
        Err(_) => Err(syntax(fields.text, at, &format!("{key}: {address:?} is no address from 0 to 65535"))),
    });
    parsed.collect()
}
