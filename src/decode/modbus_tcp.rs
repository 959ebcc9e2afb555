//! Modbus/TCP: MBAP headers and the PDUs behind them ("MODBUS Messaging on TCP/IP Implementation Guide" 1.0b and "MODBUS
//! Application Protocol" 1.1b3).
//!
//! Owns: which layout a PDU has. Requests and responses are told apart by their lengths, since the bytes do not say it.
//! Never: looks at another frame. By hand: Modbus crates make and answer frames and tell no positions.

use super::tree::{Step, Walk, big, messages};
use super::{Decoded, Decoder};
use crate::model::Transport;

pub struct ModbusTcp;

impl Decoder for ModbusTcp {
    fn key(&self) -> &'static str {
        "modbus-tcp"
    }

    fn name(&self) -> &'static str {
        "Modbus/TCP"
    }

    fn ports(&self) -> &'static [(Transport, u16)] {
        &[(Transport::Tcp, 502), (Transport::Udp, 502)]
    }

    fn decode(&self, frame: &[u8]) -> Decoded {
        messages(frame, |walk| walk.nest("ADU", |walk| adu(walk).map(|summary| (summary.clone(), summary))))
    }
}

/// The longest PDU.
const MOST_PDU: usize = 253;

fn adu(walk: &mut Walk<'_>) -> Step<String> {
    walk.u16("Transaction Identifier")?;
    let protocol = walk.u16("Protocol Identifier")?;
    if protocol != 0 {
        return walk.wrong(walk.at - 2..walk.at, "the Protocol Identifier of Modbus is 0");
    }
    let length = usize::from(walk.u16("Length")?);
    if !(2..=MOST_PDU + 1).contains(&length) {
        return walk.wrong(walk.at - 2..walk.at, format!("Length is from 2 to {}", MOST_PDU + 1));
    }
    walk.within(length, "what Length counts", |walk| {
        let unit = walk.u8("Unit Identifier")?;
        let said = pdu(walk)?;
        if !walk.is_done() {
            return walk.wrong(walk.at..walk.at + walk.left(), "bytes behind the end of the PDU");
        }
        Ok(format!("{said}, unit {unit}"))
    })
}

/// What a PDU is, as far as its length tells.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Request,
    Response,
    /// A response that repeats its request.
    Either,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Response => "response",
            Self::Either => "request or response",
        }
    }
}

/// A request or a response without what carries it; there must be an end to the walk where it ends.
pub(super) fn pdu(walk: &mut Walk<'_>) -> Step<String> {
    let start = walk.at;
    let Some(code) = walk.peek(0) else { return walk.u8("Function Code").map(|_| String::new()) };
    let name = function(code & 0x7F);
    walk.at += 1;
    walk.field("Function Code", format!("{code} (0x{code:02x}) {name}"), start..walk.at)?;
    if code & 0x80 != 0 {
        let at = walk.at;
        let reason = exception(walk.peek(0).unwrap_or(0));
        let code = walk.take(1, "Exception Code")?[0];
        walk.field("Exception Code", format!("{code} {reason}"), at..walk.at)?;
        return Ok(format!("{name}: exception {code} {reason}"));
    }
    let kind = kind_of(code, walk.rest());
    let detail = match (code, kind) {
        (1..=4, Kind::Request | Kind::Either) => span(walk)?,
        (1 | 2, Kind::Response) => bits(walk)?,
        (3 | 4 | 23, Kind::Response) => registers(walk)?,
        (5, _) => {
            let address = walk.u16("Output Address")?;
            let at = walk.at;
            let value = big(walk.take(2, "Output Value")?);
            let said = match value {
                0xFF00 => "ON",
                0 => "OFF",
                _ => return walk.wrong(at..at + 2, "Output Value is 0xFF00 or 0x0000"),
            };
            walk.field("Output Value", format!("{said} (0x{value:04x})"), at..walk.at)?;
            format!("{address} = {said}")
        }
        (6, _) => format!("{} = {}", walk.u16("Register Address")?, walk.u16("Register Value")?),
        (15, Kind::Request) => [span(walk)?, bits(walk)?].join(", "),
        (16, Kind::Request) => [span(walk)?, registers(walk)?].join(", "),
        (15 | 16, _) => span(walk)?,
        (22, _) => {
            let address = walk.u16("Reference Address")?;
            let (and, or) = (walk.u16("And_Mask")?, walk.u16("Or_Mask")?);
            format!("{address} & 0x{and:04x} | 0x{or:04x}")
        }
        (23, _) => {
            let read = (walk.u16("Read Starting Address")?, walk.u16("Quantity to Read")?);
            let write = (walk.u16("Write Starting Address")?, walk.u16("Quantity to Write")?);
            registers(walk)?;
            format!("read {} from {}, write {} from {}", read.1, read.0, write.1, write.0)
        }
        (43, _) => identification(walk, kind)?,
        _ => {
            walk.hex("Data", walk.left())?;
            return Ok(name.to_owned());
        }
    };
    Ok(format!("{name}, {}: {detail}", kind.name()))
}

fn kind_of(code: u8, rest: &[u8]) -> Kind {
    let at = |place: usize| rest.get(place).copied().map(usize::from);
    // A count of bytes that ends where the PDU ends.
    let counts = |place: usize| at(place).is_some_and(|count| place + 1 + count == rest.len());
    let quantity = rest.get(2..4).map_or(0, big);
    let most = if code <= 2 { 2000 } else { 125 };
    match code {
        1..=4 if rest.len() == 4 && (1..=most).contains(&quantity) => {
            if counts(0) && code <= 2 {
                Kind::Either
            } else {
                Kind::Request
            }
        }
        1..=4 if counts(0) => Kind::Response,
        1..=4 => {
            if rest.len() < 4 {
                Kind::Request
            } else {
                Kind::Response
            }
        }
        15 | 16 if rest.len() == 4 => Kind::Response,
        15 | 16 => Kind::Request,
        23 if counts(8) => Kind::Request,
        23 if counts(0) => Kind::Response,
        23 => Kind::Request,
        43 if rest.len() == 3 => Kind::Request,
        43 => Kind::Response,
        _ => Kind::Either,
    }
}

/// An address and how many from there on.
fn span(walk: &mut Walk<'_>) -> Step<String> {
    let start = walk.u16("Starting Address")?;
    let count = walk.u16("Quantity")?;
    Ok(format!("{count} from {start}"))
}

fn bits(walk: &mut Walk<'_>) -> Step<String> {
    let count = usize::from(walk.u8("Byte Count")?);
    walk.within(count, "what Byte Count counts", |walk| {
        walk.nest("Status", |walk| {
            let mut number = 0;
            while let Some(byte) = walk.peek(0) {
                walk.at += 1;
                for bit in 0..8 {
                    walk.field(format!("Bit {number}"), (byte >> bit & 1).to_string(), walk.at - 1..walk.at)?;
                    number += 1;
                }
            }
            let said = format!("{number} bits");
            Ok((said.clone(), said))
        })
    })
}

fn registers(walk: &mut Walk<'_>) -> Step<String> {
    let at = walk.at;
    let count = usize::from(walk.u8("Byte Count")?);
    if count % 2 != 0 {
        return walk.wrong(at..at + 1, "Byte Count of registers is even");
    }
    walk.within(count, "what Byte Count counts", |walk| {
        walk.nest("Registers", |walk| {
            let mut number = 0;
            while !walk.is_done() {
                let at = walk.at;
                let value = big(walk.take(2, "a register")?) as u16;
                let signed = value as i16;
                let minus = if signed < 0 { format!(", {signed}") } else { String::new() };
                walk.field(format!("Register {number}"), format!("{value} (0x{value:04x}{minus})"), at..walk.at)?;
                number += 1;
            }
            let said = format!("{number} registers");
            Ok((said.clone(), said))
        })
    })
}

fn identification(walk: &mut Walk<'_>, kind: Kind) -> Step<String> {
    let mei = walk.u8("MEI Type")?;
    if mei != 14 {
        walk.hex("MEI Type Specific Data", walk.left())?;
        return Ok(format!("MEI type {mei}"));
    }
    walk.u8("Read Device ID Code")?;
    if kind == Kind::Request {
        return walk.u8("Object Id").map(|object| format!("device identification, object {object}"));
    }
    walk.u8("Conformity Level")?;
    walk.u8("More Follows")?;
    walk.u8("Next Object Id")?;
    let count = walk.u8("Number Of Objects")?;
    for _ in 0..count {
        let names = ["VendorName", "ProductCode", "MajorMinorRevision", "VendorUrl", "ProductName", "ModelName"];
        let object = walk.peek(0).unwrap_or(0);
        let name = names.get(usize::from(object)).copied().unwrap_or("Object");
        walk.nest(name, |walk| {
            walk.u8("Object Id")?;
            let length = usize::from(walk.u8("Object Length")?);
            let value = walk.octets("Object Value", length)?;
            Ok((super::tree::text_or_hex(value), ()))
        })?;
    }
    Ok(format!("device identification, {count} objects"))
}

fn function(code: u8) -> &'static str {
    match code {
        1 => "Read Coils",
        2 => "Read Discrete Inputs",
        3 => "Read Holding Registers",
        4 => "Read Input Registers",
        5 => "Write Single Coil",
        6 => "Write Single Register",
        7 => "Read Exception Status",
        8 => "Diagnostics",
        11 => "Get Comm Event Counter",
        12 => "Get Comm Event Log",
        15 => "Write Multiple Coils",
        16 => "Write Multiple Registers",
        17 => "Report Server ID",
        20 => "Read File Record",
        21 => "Write File Record",
        22 => "Mask Write Register",
        23 => "Read/Write Multiple Registers",
        24 => "Read FIFO Queue",
        43 => "Encapsulated Interface Transport",
        _ => "Function",
    }
}

fn exception(code: u8) -> &'static str {
    match code {
        1 => "ILLEGAL FUNCTION",
        2 => "ILLEGAL DATA ADDRESS",
        3 => "ILLEGAL DATA VALUE",
        4 => "SERVER DEVICE FAILURE",
        5 => "ACKNOWLEDGE",
        6 => "SERVER DEVICE BUSY",
        8 => "MEMORY PARITY ERROR",
        10 => "GATEWAY PATH UNAVAILABLE",
        11 => "GATEWAY TARGET DEVICE FAILED TO RESPOND",
        _ => "(not in the specification)",
    }
}
