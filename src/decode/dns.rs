//! DNS (RFC 1035 and what came after it): header, questions and resource records, over UDP or behind TCP's length.
//!
//! Never: follows a compression pointer forwards, so that none goes in circles. By hand: the crates for DNS that are well
//! kept give records without their places in the message.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::tree::{Step, Walk, big, hex, shown, shown_text};
use super::{Decoded, Decoder};
use crate::model::Transport;

pub struct Dns;

impl Decoder for Dns {
    fn key(&self) -> &'static str {
        "dns"
    }

    fn name(&self) -> &'static str {
        "DNS"
    }

    fn ports(&self) -> &'static [(Transport, u16)] {
        &[(Transport::Udp, 53), (Transport::Tcp, 53), (Transport::Udp, 5353)]
    }

    fn decode(&self, frame: &[u8]) -> Decoded {
        let bare = || {
            let mut walk = Walk::new(frame);
            let mut said = String::new();
            let done = message(&mut walk).and_then(|summary| {
                said = summary;
                if walk.is_done() { Ok(()) } else { walk.wrong(walk.at..frame.len(), "bytes behind the last record") }
            });
            walk.finish(done, said)
        };
        let counted = || {
            super::tree::messages(frame, |walk| {
                let length = usize::from(walk.u16("Length")?);
                walk.within(length, "what Length counts", |walk| {
                    walk.nest("Message", |walk| {
                        let said = message(walk)?;
                        if !walk.is_done() {
                            return walk.wrong(walk.at..walk.at + walk.left(), "bytes behind the last record");
                        }
                        Ok((said.clone(), said))
                    })
                })
            })
        };
        // The bytes do not say how they came: a length that fits is one, unless the rest is no message.
        let fits = frame.get(..2).is_some_and(|length| big(length) as usize + 2 == frame.len());
        let (first, second) = if fits { (counted(), None) } else { (bare(), Some(counted)) };
        match second {
            _ if first.fault.is_none() => first,
            Some(second) => Some(second()).filter(|second| second.fault.is_none()).unwrap_or(first),
            None => Some(bare()).filter(|bare| bare.fault.is_none()).unwrap_or(first),
        }
    }
}

fn message(walk: &mut Walk<'_>) -> Step<String> {
    let start = walk.at;
    walk.u16("ID")?;
    let flags = flags(walk)?;
    let counts = [walk.u16("QDCOUNT")?, walk.u16("ANCOUNT")?, walk.u16("NSCOUNT")?, walk.u16("ARCOUNT")?];
    let mut asked = String::new();
    for _ in 0..counts[0] {
        let said = walk.nest("Question", |walk| {
            let name = name(walk, "QNAME", start)?;
            let kind = kind(walk, "QTYPE")?;
            let class = class(walk, "QCLASS")?;
            Ok((shown_text(&format!("{name} {class} {kind}")), shown_text(&format!("{name} {kind}"))))
        })?;
        if asked.is_empty() {
            asked = said;
        }
    }
    for (section, count) in ["Answer", "Authority", "Additional"].into_iter().zip(&counts[1..]) {
        for _ in 0..*count {
            walk.nest(section, |walk| record(walk, start).map(|said| (said, ())))?;
        }
    }
    let answers = if counts[1] == 1 { "answer" } else { "answers" };
    Ok(match flags & 0x8000 {
        0 => format!("query {asked}"),
        _ => format!("response {asked}: {}, {} {answers}", rcode(flags), counts[1]),
    })
}

fn flags(walk: &mut Walk<'_>) -> Step<u64> {
    walk.nest("Flags", |walk| {
        let at = walk.at;
        let flags = big(walk.take(2, "Flags")?);
        let bit = |place: u32| (flags >> place & 1).to_string();
        let opcode = flags >> 11 & 15;
        let named = ["QUERY", "IQUERY", "STATUS", "", "NOTIFY", "UPDATE", "DSO"];
        let named = named.get(opcode as usize).copied().unwrap_or_default();
        let (first, second) = (at..at + 1, at + 1..at + 2);
        walk.field("QR", if flags & 0x8000 == 0 { "0 query" } else { "1 response" }, first.clone())?;
        walk.field("OPCODE", format!("{opcode} {named}"), first.clone())?;
        for (name, place) in [("AA", 10), ("TC", 9), ("RD", 8)] {
            walk.field(name, bit(place), first.clone())?;
        }
        for (name, place) in [("RA", 7), ("Z", 6), ("AD", 5), ("CD", 4)] {
            walk.field(name, bit(place), second.clone())?;
        }
        walk.field("RCODE", rcode(flags), second)?;
        Ok((format!("0x{flags:04x}"), flags))
    })
}

fn rcode(flags: u64) -> String {
    const NAMES: [&str; 11] = [
        "NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED", "YXDOMAIN", "YXRRSET", "NXRRSET", "NOTAUTH",
        "NOTZONE",
    ];
    let code = flags & 15;
    NAMES.get(code as usize).map_or_else(|| format!("RCODE {code}"), |name| (*name).to_owned())
}

fn record(walk: &mut Walk<'_>, start: usize) -> Step<String> {
    let owner = name(walk, "NAME", start)?;
    let kind = kind(walk, "TYPE")?;
    if kind == "OPT" {
        walk.u16("UDP payload size")?;
        walk.u8("EXTENDED-RCODE")?;
        walk.u8("VERSION")?;
        walk.u16("Flags (DO, Z)")?;
    } else {
        class(walk, "CLASS")?;
        walk.u32("TTL")?;
    }
    let length = usize::from(walk.u16("RDLENGTH")?);
    let content = walk.within(length, "what RDLENGTH counts", |walk| {
        if length == 0 {
            return Ok(String::new());
        }
        walk.nest("RDATA", |walk| {
            let said = content(walk, &kind, start)?;
            if !walk.is_done() {
                return walk.wrong(walk.at..walk.at + walk.left(), "RDATA is longer than its content");
            }
            Ok((said.clone(), said))
        })
    })?;
    Ok(shown_text(&format!("{owner} {kind} {content}")))
}

fn content(walk: &mut Walk<'_>, kind: &str, start: usize) -> Step<String> {
    let at = walk.at;
    let said = match kind {
        "A" => {
            let octets: [u8; 4] = walk.take(4, "ADDRESS")?.try_into().unwrap_or_default();
            let address = Ipv4Addr::from(octets).to_string();
            walk.field("ADDRESS", address.clone(), at..walk.at)?;
            address
        }
        "AAAA" => {
            let octets: [u8; 16] = walk.take(16, "ADDRESS")?.try_into().unwrap_or_default();
            let address = Ipv6Addr::from(octets).to_string();
            walk.field("ADDRESS", address.clone(), at..walk.at)?;
            address
        }
        "CNAME" => name(walk, "CNAME", start)?,
        "NS" => name(walk, "NSDNAME", start)?,
        "PTR" => name(walk, "PTRDNAME", start)?,
        "DNAME" => name(walk, "TARGET", start)?,
        "MX" => format!("{} {}", walk.u16("PREFERENCE")?, name(walk, "EXCHANGE", start)?),
        "SRV" => {
            let (priority, weight, port) = (walk.u16("Priority")?, walk.u16("Weight")?, walk.u16("Port")?);
            format!("{priority} {weight} {port} {}", name(walk, "Target", start)?)
        }
        "SOA" => {
            let first = name(walk, "MNAME", start)?;
            name(walk, "RNAME", start)?;
            let serial = walk.u32("SERIAL")?;
            for field in ["REFRESH", "RETRY", "EXPIRE", "MINIMUM"] {
                walk.u32(field)?;
            }
            format!("{first} {serial}")
        }
        "TXT" => {
            let mut all = Vec::new();
            while !walk.is_done() {
                let length = usize::from(walk.take(1, "TXT-DATA")?[0]);
                all.push(format!("\"{}\"", shown(walk.text("TXT-DATA", length)?)));
            }
            all.join(" ")
        }
        "CAA" => {
            walk.u8("Flags")?;
            let length = usize::from(walk.u8("Tag Length")?);
            let tag = shown(walk.text("Tag", length)?);
            format!("{tag} {}", shown(walk.text("Value", walk.left())?))
        }
        "OPT" => {
            let mut count = 0;
            while !walk.is_done() {
                walk.u16("OPTION-CODE")?;
                let length = usize::from(walk.u16("OPTION-LENGTH")?);
                walk.hex("OPTION-DATA", length)?;
                count += 1;
            }
            format!("{count} options")
        }
        _ => hex(walk.hex("octets", walk.left())?),
    };
    Ok(shown_text(&said))
}

/// A name as it is written, its place the labels here; compressed parts are looked up. Harmless text.
fn name(walk: &mut Walk<'_>, field: &'static str, start: usize) -> Step<String> {
    let begin = walk.at;
    let mut text = String::new();
    let mut length = 0;
    // Where the next label is, once a pointer was followed.
    let mut away: Option<usize> = None;
    let mut lowest = begin;
    loop {
        let at = away.unwrap_or(walk.at);
        let first = if away.is_some() { walk.bytes.get(at).copied() } else { walk.peek(0) };
        let Some(first) = first else { return walk.wrong(begin..walk.at, format!("{field} is cut off")) };
        match first >> 6 {
            0 => {
                let size = usize::from(first);
                let label = match away {
                    None => walk.take(size + 1, field)?,
                    Some(_) => match walk.bytes.get(at..at + size + 1) {
                        Some(label) => label,
                        None => return walk.wrong(begin..walk.at, "a pointer leads to a label that is cut off"),
                    },
                };
                away = away.map(|at| at + size + 1);
                if size == 0 {
                    break;
                }
                length += size + 1;
                if length > 254 {
                    return walk.wrong(begin..walk.at, format!("{field} is longer than 255 bytes"));
                }
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(&shown(&label[1..]).replace('.', "\\."));
            }
            3 => {
                let low = if away.is_some() { walk.bytes.get(at + 1).copied() } else { walk.peek(1) };
                let Some(low) = low else { return walk.wrong(begin..walk.at, "a pointer is cut off") };
                if away.is_none() {
                    walk.at += 2;
                }
                let target = start + (usize::from(first & 0x3F) << 8 | usize::from(low));
                if target >= lowest {
                    return walk.wrong(begin..walk.at, "a pointer does not lead back");
                }
                lowest = target;
                away = Some(target);
            }
            _ => return walk.wrong(begin..walk.at, "a label begins with 0 or with 1 in both of its first bits"),
        }
    }
    let text = if text.is_empty() { ".".to_owned() } else { shown_text(&text) };
    walk.field(field, text.clone(), begin..walk.at)?;
    Ok(text)
}

fn kind(walk: &mut Walk<'_>, field: &'static str) -> Step<String> {
    let at = walk.at;
    let number = big(walk.take(2, field)?);
    let name = match number {
        1 => "A",
        2 => "NS",
        5 => "CNAME",
        6 => "SOA",
        12 => "PTR",
        13 => "HINFO",
        15 => "MX",
        16 => "TXT",
        28 => "AAAA",
        33 => "SRV",
        35 => "NAPTR",
        39 => "DNAME",
        41 => "OPT",
        43 => "DS",
        46 => "RRSIG",
        47 => "NSEC",
        48 => "DNSKEY",
        50 => "NSEC3",
        52 => "TLSA",
        64 => "SVCB",
        65 => "HTTPS",
        251 => "IXFR",
        252 => "AXFR",
        255 => "ANY",
        257 => "CAA",
        _ => "",
    };
    let said = if name.is_empty() { format!("TYPE{number}") } else { name.to_owned() };
    walk.field(field, format!("{number} {said}"), at..walk.at)?;
    Ok(said)
}

fn class(walk: &mut Walk<'_>, field: &'static str) -> Step<String> {
    let at = walk.at;
    let number = big(walk.take(2, field)?);
    // The first bit is of multicast DNS.
    let said = match number & 0x7FFF {
        1 => "IN".to_owned(),
        3 => "CH".to_owned(),
        4 => "HS".to_owned(),
        254 => "NONE".to_owned(),
        255 => "ANY".to_owned(),
        other => format!("CLASS{other}"),
    };
    walk.field(field, format!("{number} {said}"), at..walk.at)?;
    Ok(said)
}
