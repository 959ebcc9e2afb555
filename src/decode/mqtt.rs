//! MQTT: control packets of 3.1.1 and 5.0, one behind the other.
//!
//! Owns: which version a packet follows. Only CONNECT says it; of the others the layout decides, and says so where both
//! would do. Never: looks at another frame. By hand: MQTT crates are clients and give packets without places.

use super::tree::{Step, Walk, big, hex, messages, shown, shown_text};
use super::{Decoded, Decoder};
use crate::model::Transport;

pub struct Mqtt;

impl Decoder for Mqtt {
    fn key(&self) -> &'static str {
        "mqtt"
    }

    fn name(&self) -> &'static str {
        "MQTT"
    }

    fn ports(&self) -> &'static [(Transport, u16)] {
        &[(Transport::Tcp, 1883)]
    }

    fn decode(&self, frame: &[u8]) -> Decoded {
        messages(frame, |walk| walk.nest("Control Packet", |walk| packet(walk).map(|said| (said.clone(), said))))
    }
}

const TYPES: [&str; 16] = [
    "Reserved",
    "CONNECT",
    "CONNACK",
    "PUBLISH",
    "PUBACK",
    "PUBREC",
    "PUBREL",
    "PUBCOMP",
    "SUBSCRIBE",
    "SUBACK",
    "UNSUBSCRIBE",
    "UNSUBACK",
    "PINGREQ",
    "PINGRESP",
    "DISCONNECT",
    "AUTH",
];

fn packet(walk: &mut Walk<'_>) -> Step<String> {
    let start = walk.at;
    let first = walk.take(1, "the fixed header")?[0];
    let (kind, flags) = (first >> 4, first & 15);
    let name = TYPES[usize::from(kind)];
    walk.field("Control Packet type", format!("{kind} {name}"), start..walk.at)?;
    if kind == 3 {
        for (name, value) in [("DUP", flags >> 3), ("QoS", flags >> 1 & 3), ("RETAIN", flags & 1)] {
            walk.field(name, value.to_string(), start..walk.at)?;
        }
    }
    if kind == 0 {
        return walk.wrong(start..walk.at, "packet type 0 is reserved");
    }
    let expected = if matches!(kind, 6 | 8 | 10) { 2 } else { 0 };
    if kind != 3 && flags != expected {
        return walk.wrong(start..walk.at, format!("the flags of {name} are {expected}"));
    }
    if kind == 3 && flags & 6 == 6 {
        return walk.wrong(start..walk.at, "QoS 3 is reserved");
    }
    let at = walk.at;
    let length = variable(walk, "Remaining Length")?;
    walk.field("Remaining Length", length.to_string(), at..walk.at)?;
    let detail = walk.within(length, "what Remaining Length counts", |walk| match kind {
        1 => connect(walk),
        12 | 13 => ended(walk, String::new()),
        _ => either(walk, kind, flags),
    })?;
    Ok(shown_text(format!("{name} {detail}").trim_end()))
}

/// A packet that does not name its version: as 5.0 or as 3.1.1, whichever is whole.
fn either(walk: &mut Walk<'_>, kind: u8, flags: u8) -> Step<String> {
    // Without properties these are the same in both, and the older reading has no doubt in it.
    let newer_first = match kind {
        3 => true,
        9 => walk.left() > 3,
        15 => true,
        _ => false,
    };
    let mut fault = None;
    for is_newer in [newer_first, !newer_first] {
        let mark = walk.mark();
        let done = of_version(walk, kind, flags, is_newer);
        match done {
            Ok(said) => return Ok(said),
            Err(found) => {
                walk.rewind(mark);
                // What is told is of the reading that came further.
                let furthest = fault
                    .as_ref()
                    .is_none_or(|(known, _): &(super::tree::Fault, bool)| found.at.start > known.at.start);
                if furthest {
                    fault = Some((found, is_newer));
                }
            }
        }
    }
    match fault {
        Some((_, is_newer)) => of_version(walk, kind, flags, is_newer),
        None => Ok(String::new()),
    }
}

fn of_version(walk: &mut Walk<'_>, kind: u8, flags: u8, is_newer: bool) -> Step<String> {
    match kind {
        2 => {
            let session = walk.u8("Session Present")?;
            let code = reason(walk, if is_newer { "Reason Code" } else { "Connect Return code" })?;
            if is_newer {
                properties(walk, "Properties")?;
            }
            ended(walk, format!("{code:#04x}, session present {}", session & 1))
        }
        3 => publish(walk, flags, is_newer),
        4..=7 | 11 if !is_newer => {
            let id = walk.u16("Packet Identifier")?;
            ended(walk, id.to_string())
        }
        4..=7 => {
            let id = walk.u16("Packet Identifier")?;
            reasoned(walk)?;
            ended(walk, id.to_string())
        }
        8 | 10 => {
            let id = walk.u16("Packet Identifier")?;
            if is_newer {
                properties(walk, "Properties")?;
            }
            topics(walk, kind == 8, is_newer).map(|said| format!("{id}: {said}"))
        }
        9 | 11 => {
            let id = walk.u16("Packet Identifier")?;
            if is_newer {
                properties(walk, "Properties")?;
            }
            if walk.is_done() {
                return walk.wrong(walk.at..walk.at, "at least one code is expected");
            }
            while !walk.is_done() {
                let at = walk.at;
                let code = reason(walk, if is_newer { "Reason Code" } else { "Return Code" })?;
                if !is_newer && !matches!(code, 0..=2 | 0x80) {
                    return walk.wrong(at..at + 1, "a return code is 0, 1, 2 or 0x80");
                }
            }
            Ok(id.to_string())
        }
        14 if !is_newer => ended(walk, String::new()),
        15 if !is_newer => walk.wrong(walk.at..walk.at, "AUTH is of MQTT 5.0"),
        _ => {
            reasoned(walk)?;
            ended(walk, String::new())
        }
    }
}

/// A reason code and properties, both left out at will.
fn reasoned(walk: &mut Walk<'_>) -> Step {
    if !walk.is_done() {
        reason(walk, "Reason Code")?;
    }
    if !walk.is_done() {
        properties(walk, "Properties")?;
    }
    Ok(())
}

fn reason(walk: &mut Walk<'_>, field: &'static str) -> Step<u8> {
    let at = walk.at;
    let code = walk.take(1, field)?[0];
    walk.field(field, format!("0x{code:02x}"), at..walk.at)?;
    Ok(code)
}

fn ended(walk: &Walk<'_>, said: String) -> Step<String> {
    if walk.is_done() {
        return Ok(said);
    }
    walk.wrong(walk.at..walk.at + walk.left(), "bytes behind the end of the packet")
}

fn connect(walk: &mut Walk<'_>) -> Step<String> {
    let name = string(walk, "Protocol Name")?;
    let level = walk.u8("Protocol Version")?;
    let version = match (name.as_str(), level) {
        ("MQTT", 4) => "3.1.1",
        ("MQTT", 5) => "5.0",
        ("MQIsdp", 3) => "3.1",
        _ => return walk.wrong(walk.at - 1..walk.at, "MQTT 3.1, 3.1.1 and 5.0 are known"),
    };
    let at = walk.at;
    let flags = walk.take(1, "Connect Flags")?[0];
    walk.nest("Connect Flags", |walk| {
        let names = [
            ("User Name Flag", 7, 1),
            ("Password Flag", 6, 1),
            ("Will Retain", 5, 1),
            ("Will QoS", 3, 3),
            ("Will Flag", 2, 1),
            ("Clean Start", 1, 1),
            ("Reserved", 0, 1),
        ];
        for (name, place, bits) in names {
            walk.field(name, (flags >> place & bits).to_string(), at..at + 1)?;
        }
        Ok((format!("0x{flags:02x}"), ()))
    })?;
    walk.u16("Keep Alive")?;
    if level == 5 {
        properties(walk, "Properties")?;
    }
    let client = string(walk, "Client Identifier")?;
    if flags & 4 != 0 {
        if level == 5 {
            properties(walk, "Will Properties")?;
        }
        string(walk, "Will Topic")?;
        binary(walk, "Will Payload")?;
    }
    if flags & 0x80 != 0 {
        string(walk, "User Name")?;
    }
    if flags & 0x40 != 0 {
        binary(walk, "Password")?;
    }
    ended(walk, format!("{version} \"{client}\""))
}

fn publish(walk: &mut Walk<'_>, flags: u8, is_newer: bool) -> Step<String> {
    let topic = string(walk, "Topic Name")?;
    if flags & 6 != 0 {
        walk.u16("Packet Identifier")?;
    }
    if is_newer {
        properties(walk, "Properties (5.0, by the layout)")?;
    }
    let count = walk.left();
    if count > 0 {
        walk.octets("Payload", count)?;
    }
    Ok(format!("\"{topic}\", {count} bytes"))
}

fn topics(walk: &mut Walk<'_>, with_options: bool, is_newer: bool) -> Step<String> {
    let mut all = Vec::new();
    loop {
        let at = walk.at;
        let filter = string(walk, "Topic Filter")?;
        if walk.at - at == 2 {
            return walk.wrong(at..walk.at, "a Topic Filter has at least one character");
        }
        if with_options {
            let name = if is_newer { "Subscription Options" } else { "Requested QoS" };
            let options = walk.u8(name)?;
            if options & 3 == 3 || !is_newer && options > 2 {
                return walk.wrong(walk.at - 1..walk.at, "QoS is 0, 1 or 2");
            }
        }
        if all.len() < 8 {
            all.push(format!("\"{filter}\""));
        }
        if walk.is_done() {
            return Ok(all.join(", "));
        }
    }
}

/// How the value of a property is written.
#[derive(Clone, Copy)]
enum Shape {
    Number(usize),
    Variable,
    Text,
    Binary,
    Pair,
}

fn property(id: u8) -> Option<(&'static str, Shape)> {
    use Shape::{Binary, Number, Pair, Text, Variable};
    Some(match id {
        0x01 => ("Payload Format Indicator", Number(1)),
        0x02 => ("Message Expiry Interval", Number(4)),
        0x03 => ("Content Type", Text),
        0x08 => ("Response Topic", Text),
        0x09 => ("Correlation Data", Binary),
        0x0B => ("Subscription Identifier", Variable),
        0x11 => ("Session Expiry Interval", Number(4)),
        0x12 => ("Assigned Client Identifier", Text),
        0x13 => ("Server Keep Alive", Number(2)),
        0x15 => ("Authentication Method", Text),
        0x16 => ("Authentication Data", Binary),
        0x17 => ("Request Problem Information", Number(1)),
        0x18 => ("Will Delay Interval", Number(4)),
        0x19 => ("Request Response Information", Number(1)),
        0x1A => ("Response Information", Text),
        0x1C => ("Server Reference", Text),
        0x1F => ("Reason String", Text),
        0x21 => ("Receive Maximum", Number(2)),
        0x22 => ("Topic Alias Maximum", Number(2)),
        0x23 => ("Topic Alias", Number(2)),
        0x24 => ("Maximum QoS", Number(1)),
        0x25 => ("Retain Available", Number(1)),
        0x26 => ("User Property", Pair),
        0x27 => ("Maximum Packet Size", Number(4)),
        0x28 => ("Wildcard Subscription Available", Number(1)),
        0x29 => ("Subscription Identifier Available", Number(1)),
        0x2A => ("Shared Subscription Available", Number(1)),
        _ => return None,
    })
}

fn properties(walk: &mut Walk<'_>, name: &'static str) -> Step {
    walk.nest(name, |walk| {
        let at = walk.at;
        let length = variable(walk, "Property Length")?;
        walk.field("Property Length", length.to_string(), at..walk.at)?;
        walk.within(length, "what Property Length counts", |walk| {
            let mut count = 0;
            while let Some(id) = walk.peek(0) {
                let Some((name, shape)) = property(id) else {
                    return walk.wrong(walk.at..walk.at + 1, format!("0x{id:02x} is no property"));
                };
                let start = walk.at;
                walk.at += 1;
                let value = match shape {
                    Shape::Number(width) => big(walk.take(width, name)?).to_string(),
                    Shape::Variable => variable(walk, name)?.to_string(),
                    Shape::Text => shown(counted(walk, name)?),
                    Shape::Binary => hex(counted(walk, name)?),
                    Shape::Pair => {
                        let key = shown(counted(walk, name)?);
                        shown_text(&format!("{key}={}", shown(counted(walk, name)?)))
                    }
                };
                walk.field(name, value, start..walk.at)?;
                count += 1;
            }
            Ok((format!("{count} properties"), ()))
        })
    })
}

/// Bytes behind their length in two bytes.
fn counted<'a>(walk: &mut Walk<'a>, name: &str) -> Step<&'a [u8]> {
    let length = big(walk.take(2, name)?) as usize;
    walk.take(length, name)
}

fn string(walk: &mut Walk<'_>, name: &'static str) -> Step<String> {
    let start = walk.at;
    let text = counted(walk, name)?;
    if std::str::from_utf8(text).is_err() {
        return walk.wrong(start..walk.at, format!("{name} is not UTF-8"));
    }
    walk.field(name, shown(text), start..walk.at)?;
    Ok(shown(text))
}

fn binary(walk: &mut Walk<'_>, name: &'static str) -> Step {
    let start = walk.at;
    let content = counted(walk, name)?;
    walk.field(name, super::tree::text_or_hex(content), start..walk.at)
}

/// A Variable Byte Integer: at most four bytes, seven bits in each.
fn variable(walk: &mut Walk<'_>, name: &str) -> Step<usize> {
    let start = walk.at;
    let mut value = 0;
    for place in 0..4 {
        let byte = walk.take(1, name)?[0];
        value |= usize::from(byte & 0x7F) << (7 * place);
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    walk.wrong(start..walk.at, format!("{name} is longer than four bytes"))
}
