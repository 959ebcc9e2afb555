//! The fields of a frame: what the bytes mean in the protocol they belong to.
//!
//! Pure, bounded, never panics; one file a protocol, all listed in `registry`. Never: state between frames. Called by: ui, cli.

mod cbor;
mod dns;
mod http1;
mod json;
mod modbus_rtu;
mod modbus_tcp;
mod mqtt;
mod msgpack;
mod nmea;
mod protobuf;
mod syslog;
#[cfg(test)]
mod tests;
mod tree;

use std::borrow::Cow;
use std::ops::Range;

pub use self::tree::{MOST_DEPTH, MOST_FIELDS, MOST_VALUE};
use crate::model::{DecoderChoice, Flow, Transport};

/// One protocol.
pub trait Decoder: Sync {
    /// Names it in files: `modbus-tcp`.
    fn key(&self) -> &'static str;
    /// As people write it: `Modbus/TCP`.
    fn name(&self) -> &'static str;
    /// Ports by which it is picked.
    fn ports(&self) -> &'static [(Transport, u16)];
    fn decode(&self, frame: &[u8]) -> Decoded;
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decoded {
    /// One line that says what the frame is.
    pub summary: String,
    pub fields: Vec<Field>,
    /// Where it is not what the protocol promises, and why; what stands before it is in `fields`.
    pub fault: Option<(Range<usize>, String)>,
}

/// A named value, linked to its bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    pub name: Cow<'static, str>,
    pub value: String,
    /// In the frame.
    pub at: Range<usize>,
    pub fields: Vec<Field>,
}

/// All decoders, in the order in which they are offered.
pub fn registry() -> &'static [&'static dyn Decoder] {
    &[
        &modbus_tcp::ModbusTcp,
        &modbus_rtu::ModbusRtu,
        &mqtt::Mqtt,
        &http1::Http1,
        &dns::Dns,
        &nmea::Nmea,
        &syslog::Syslog,
        &json::Json,
        &msgpack::MsgPack,
        &cbor::Cbor,
        &protobuf::Protobuf,
    ]
}

/// The decoder for a connection.
pub fn decoder_for(choice: &DecoderChoice, flow: &Flow) -> Option<&'static dyn Decoder> {
    let registry = registry();
    match choice {
        DecoderChoice::None => None,
        DecoderChoice::Named(key) => registry.iter().copied().find(|known| known.key() == key),
        DecoderChoice::ByPort => {
            let ports = [flow.local, flow.peer].into_iter().flatten().map(|at| (flow.transport, at.port()));
            let ports: Vec<_> = ports.collect();
            registry.iter().copied().find(|known| known.ports().iter().any(|port| ports.contains(port)))
        }
    }
}
