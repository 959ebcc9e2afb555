//! Syslog: RFC 5424 and the older RFC 3164, bare or with the octet counting of TCP (RFC 6587).
//!
//! Never: turns a time into another. By hand: crates for syslog give values without places.

use super::tree::{Step, Walk, messages, shown};
use super::{Decoded, Decoder};
use crate::model::Transport;

pub struct Syslog;

impl Decoder for Syslog {
    fn key(&self) -> &'static str {
        "syslog"
    }

    fn name(&self) -> &'static str {
        "Syslog"
    }

    fn ports(&self) -> &'static [(Transport, u16)] {
        &[(Transport::Udp, 514), (Transport::Tcp, 514), (Transport::Tcp, 601)]
    }

    fn decode(&self, frame: &[u8]) -> Decoded {
        messages(frame, |walk| walk.nest("SYSLOG-MSG", |walk| framed(walk).map(|said| (said.clone(), said))))
    }
}

/// A counted message, or one to the end of its line.
fn framed(walk: &mut Walk<'_>) -> Step<String> {
    let digits = walk.rest().iter().take(8).take_while(|byte| byte.is_ascii_digit()).count();
    if digits > 0 && walk.peek(digits) == Some(b' ') && walk.peek(digits + 1) == Some(b'<') {
        let length = walk.text("MSG-LEN", digits)?;
        let length = shown(length).parse::<usize>().unwrap_or(usize::MAX);
        walk.at += 1;
        return walk.within(length, "what MSG-LEN counts", |walk| {
            let said = message(walk)?;
            rest(walk)?;
            Ok(said)
        });
    }
    // Several messages in one read stand on lines of their own.
    let bytes = walk.rest();
    let next = bytes.windows(2).position(|pair| pair == b"\n<").unwrap_or(bytes.len());
    let length = bytes[..next].iter().rposition(|byte| !matches!(byte, b'\n' | b'\r' | 0)).map_or(0, |at| at + 1);
    let said = walk.within(length, "the message", |walk| {
        let said = message(walk)?;
        rest(walk)?;
        Ok(said)
    })?;
    walk.at += walk.rest().iter().take_while(|byte| matches!(byte, b'\n' | b'\r' | 0)).count();
    Ok(said)
}

fn rest(walk: &mut Walk<'_>) -> Step {
    if walk.is_done() { Ok(()) } else { walk.octets("MSG", walk.left()).map(|_| ()) }
}

fn message(walk: &mut Walk<'_>) -> Step<String> {
    let start = walk.at;
    let digits = walk.rest().iter().skip(1).take(4).take_while(|byte| byte.is_ascii_digit()).count();
    let value = walk.rest().get(1..1 + digits).and_then(|digits| shown(digits).parse::<u16>().ok());
    let is_closed = walk.peek(0) == Some(b'<') && walk.peek(1 + digits) == Some(b'>');
    let Some(value) = value.filter(|value| is_closed && *value <= 191) else {
        return walk
            .wrong(start..start + walk.left().min(digits + 2), "a message begins with <PRI>, PRI from 0 to 191");
    };
    let (facility, severity) = (FACILITIES[usize::from(value / 8)], SEVERITIES[usize::from(value % 8)]);
    walk.nest("PRI", |walk| {
        walk.at += digits + 2;
        let at = start..walk.at;
        walk.field("Facility", format!("{} {facility}", value / 8), at.clone())?;
        walk.field("Severity", format!("{} {severity}", value % 8), at)?;
        Ok((format!("{value}"), ()))
    })?;
    let is_new = matches!(walk.peek(0), Some(b'1'..=b'9'))
        && walk.rest().iter().take(4).find(|byte| !byte.is_ascii_digit()) == Some(&b' ');
    let who = if is_new { structured(walk)? } else { legacy(walk)? };
    Ok(format!("{facility}.{severity} {who}"))
}

/// A word up to the next space, which is read too.
fn word<'a>(walk: &mut Walk<'a>, name: &'static str) -> Step<&'a [u8]> {
    let length = walk.rest().iter().position(|byte| *byte == b' ').unwrap_or(walk.left());
    if length == 0 {
        return walk.wrong(walk.at..walk.at, format!("{name} is missing"));
    }
    let taken = walk.text(name, length)?;
    if !walk.is_done() {
        walk.at += 1;
    }
    Ok(taken)
}

/// RFC 5424.
fn structured(walk: &mut Walk<'_>) -> Step<String> {
    word(walk, "VERSION")?;
    word(walk, "TIMESTAMP")?;
    let host = shown(word(walk, "HOSTNAME")?);
    let app = shown(word(walk, "APP-NAME")?);
    word(walk, "PROCID")?;
    word(walk, "MSGID")?;
    match walk.peek(0) {
        Some(b'-') => walk.text("STRUCTURED-DATA", 1).map(|_| ())?,
        Some(b'[') => walk.nest("STRUCTURED-DATA", |walk| {
            let mut count = 0;
            while walk.peek(0) == Some(b'[') {
                walk.nest("SD-ELEMENT", |walk| element(walk).map(|name| (name, ())))?;
                count += 1;
            }
            Ok((format!("{count} elements"), ()))
        })?,
        _ => return walk.wrong(walk.at..walk.at + walk.left().min(1), "STRUCTURED-DATA is - or begins with ["),
    }
    match walk.peek(0) {
        None => return Ok(format!("{host} {app}")),
        Some(b' ') => walk.at += 1,
        Some(_) => return walk.wrong(walk.at..walk.at + 1, "a space is expected before MSG"),
    }
    if walk.rest().starts_with(b"\xEF\xBB\xBF") {
        walk.hex("BOM", 3)?;
    }
    Ok(format!("{host} {app}"))
}

/// `[id name="value" …]`
fn element(walk: &mut Walk<'_>) -> Step<String> {
    let open = walk.at;
    walk.at += 1;
    let ends = |byte: &u8| matches!(byte, b' ' | b']' | b'=' | b'"');
    let length = walk.rest().iter().position(ends).unwrap_or(walk.left());
    let name = shown(walk.text("SD-ID", length)?);
    loop {
        match walk.peek(0) {
            Some(b']') => {
                walk.at += 1;
                return Ok(name);
            }
            Some(b' ') => walk.at += 1,
            Some(_) => return walk.wrong(walk.at..walk.at + 1, "a space or ] is expected"),
            None => return walk.wrong(walk.at..walk.at, format!("the element at byte {open} does not end")),
        }
        if walk.peek(0) == Some(b']') {
            continue;
        }
        walk.nest("SD-PARAM", |walk| parameter(walk).map(|value| (value, ())))?;
    }
}

fn parameter(walk: &mut Walk<'_>) -> Step<String> {
    let length = walk.rest().iter().position(|byte| matches!(byte, b'=' | b' ' | b']' | b'"')).unwrap_or(walk.left());
    let name = shown(walk.text("PARAM-NAME", length)?);
    if (walk.peek(0), walk.peek(1)) != (Some(b'='), Some(b'"')) {
        return walk.wrong(walk.at..walk.at + walk.left().min(2), "=\" is expected");
    }
    walk.at += 2;
    let mut escaped = false;
    let end = walk.rest().iter().position(|byte| {
        let ends = *byte == b'"' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        ends
    });
    let Some(end) = end else { return walk.wrong(walk.at..walk.at + walk.left(), "PARAM-VALUE does not end") };
    let value = shown(walk.text("PARAM-VALUE", end)?);
    walk.at += 1;
    Ok(super::tree::shown_text(&format!("{name}=\"{value}\"")))
}

/// RFC 3164. A relay takes what has no time as the content alone, and so does this.
fn legacy(walk: &mut Walk<'_>) -> Step<String> {
    if !has_time(walk.rest()) {
        return Ok("without a TIMESTAMP".to_owned());
    }
    walk.text("TIMESTAMP", 15)?;
    if walk.peek(0) == Some(b' ') {
        walk.at += 1;
    }
    let host = shown(word(walk, "HOSTNAME")?);
    let tag = walk.rest().iter().position(|byte| !byte.is_ascii_alphanumeric() && !b"-_./".contains(byte));
    let tag = tag.unwrap_or(0);
    if tag == 0 || !matches!(walk.peek(tag), Some(b':' | b'[')) {
        return Ok(host);
    }
    let name = shown(walk.text("TAG", tag)?);
    if walk.peek(0) == Some(b'[')
        && let Some(end) = walk.rest().iter().position(|byte| *byte == b']')
    {
        walk.at += 1;
        walk.text("PID", end - 1)?;
        walk.at += 1;
    }
    walk.at += walk.rest().iter().take(2).zip(b": ").take_while(|(byte, expected)| byte == expected).count();
    Ok(format!("{host} {name}"))
}

/// `Oct 11 22:14:15`
fn has_time(bytes: &[u8]) -> bool {
    const MONTHS: [&[u8]; 12] =
        [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];
    let Some(time) = bytes.get(..15) else { return false };
    MONTHS.contains(&&time[..3])
        && time[3..].iter().zip(b" dd dd:dd:dd").all(|(byte, kind)| match kind {
            b'd' => byte.is_ascii_digit() || *byte == b' ',
            _ => byte == kind,
        })
}

const FACILITIES: [&str; 24] = [
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp", "ntp",
    "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
];
const SEVERITIES: [&str; 8] = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"];
