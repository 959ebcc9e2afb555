//! Modbus RTU: address, PDU and CRC, as on a serial line or in a tunnel of one ("MODBUS over Serial Line" 1.02).
//!
//! Owns: what stands around a PDU there. A frame is one message: on the line pauses part them, here the framing does.
//! Never: reads PDUs, which are those of Modbus/TCP. By hand for the same reason.

use super::modbus_tcp::pdu;
use super::tree::{Step, Walk};
use super::{Decoded, Decoder};
use crate::model::{Checksum, Transport};
use crate::payload::checksum;

pub struct ModbusRtu;

/// Address, function code, CRC.
const LEAST: usize = 4;
const CRC_BYTES: usize = 2;

impl Decoder for ModbusRtu {
    fn key(&self) -> &'static str {
        "modbus-rtu"
    }

    fn name(&self) -> &'static str {
        "Modbus RTU"
    }

    /// Gateways take any.
    fn ports(&self) -> &'static [(Transport, u16)] {
        &[]
    }

    fn decode(&self, frame: &[u8]) -> Decoded {
        let mut walk = Walk::new(frame);
        let done = message(&mut walk);
        let summary = done.as_ref().map_or_else(|_| String::new(), Clone::clone);
        walk.finish(done.map(|_| ()), summary)
    }
}

fn message(walk: &mut Walk<'_>) -> Step<String> {
    if walk.left() < LEAST {
        return walk.wrong(0..walk.left(), format!("a message has at least {LEAST} bytes: address, function, CRC"));
    }
    let unit = walk.u8("Address")?;
    let covered = walk.at + walk.left() - CRC_BYTES;
    let said = walk.within(walk.left() - CRC_BYTES, "the PDU", |walk| {
        let said = pdu(walk)?;
        if !walk.is_done() {
            return walk.wrong(walk.at..walk.at + walk.left(), "bytes behind the end of the PDU");
        }
        Ok(said)
    });
    // Where the PDU is none, the CRC tells whether the bytes or the framing are to blame.
    walk.at = covered;
    let computed = checksum(&Checksum::of("CRC-16/MODBUS"), walk.bytes.get(..covered).unwrap_or_default());
    let got = walk.take(CRC_BYTES, "CRC")?;
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ");
    if got == computed {
        walk.field("CRC", format!("{}, right", hex(got)), covered..walk.at)?;
    } else {
        walk.field("CRC", format!("{}, wrong: {} expected", hex(got), hex(&computed)), covered..walk.at)?;
        walk.note(covered..walk.at, format!("the CRC is {}, the message has {}", hex(got), hex(&computed)));
    }
    Ok(format!("{}, unit {unit}", said?))
}
