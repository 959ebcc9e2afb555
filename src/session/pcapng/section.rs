//! The section header and one interface for each endpoint.
//! Called by: `encoder`, `index`, the indexing and the library.

use std::sync::Arc;

use super::{
    BLOCK_OVERHEAD, INTERFACE, OPTION_COMMENT, OPTION_END, OPTION_ENDPOINT, Options, PROGRAM, SECTION, option_bytes,
    put_block, put_option, u16_at, u32_at, u64_at,
};
use crate::model::{EndpointId, Flow, Role};

const BYTE_ORDER: u32 = 0x1a2b_3c4d;
/// Packets begin with their IP header.
const LINKTYPE_RAW: u16 = 101;
const NANOSECONDS: u8 = 9;
const OPTION_HARDWARE: u16 = 2;
const OPTION_SYSTEM: u16 = 3;
const OPTION_PROGRAM: u16 = 4;
const OPTION_NAME: u16 = 2;
const OPTION_DESCRIPTION: u16 = 3;
const OPTION_RESOLUTION: u16 = 9;
const COMMENT: &str = "Recorded at the socket, not on the wire: payload bytes and times are real, the IP, TCP and UDP \
                       headers are synthetic, and so are SYN, FIN, RST and bare ACK packets.";
const DESCRIPTION: &str = "Socket endpoint; the headers of its packets are synthetic";
/// Longer names than this stand cut in the file.
const MAX_NAME_BYTES: usize = 4096;

/// What an interface of ours stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::session) struct Interface {
    pub endpoint: EndpointId,
    pub uri: Arc<str>,
    pub role: Role,
}

impl Interface {
    pub(in crate::session) fn is_of(&self, flow: &Flow) -> bool {
        self.endpoint == flow.endpoint
            && self.role == flow.role
            && (Arc::ptr_eq(&self.uri, &flow.endpoint_uri) || self.uri == flow.endpoint_uri)
    }
}

pub(in crate::session) fn put_section(out: &mut Vec<u8>) {
    let mut body = Vec::with_capacity(512);
    body.extend_from_slice(&BYTE_ORDER.to_le_bytes());
    body.extend_from_slice(&1u16.to_le_bytes());
    body.extend_from_slice(&0u16.to_le_bytes());
    // The section's length is not known while it grows.
    body.extend_from_slice(&u64::MAX.to_le_bytes());
    put_option(&mut body, OPTION_COMMENT, COMMENT.as_bytes());
    put_option(&mut body, OPTION_HARDWARE, std::env::consts::ARCH.as_bytes());
    put_option(&mut body, OPTION_SYSTEM, std::env::consts::OS.as_bytes());
    put_option(&mut body, OPTION_PROGRAM, format!("{PROGRAM} {}", env!("CARGO_PKG_VERSION")).as_bytes());
    put_option(&mut body, OPTION_END, b"");
    put_block(out, SECTION, &body);
}

/// Whether the body of a section header is one that this program wrote.
pub(in crate::session) fn is_ours(body: &[u8]) -> bool {
    u32_at(body, 0) == Some(BYTE_ORDER)
        && u16_at(body, 4) == Some(1)
        && Options::new(body.get(16..).unwrap_or_default())
            .any(|(code, value)| code == OPTION_PROGRAM && value.starts_with(PROGRAM.as_bytes()))
}

/// The bytes that a section header needs at least before it can be told whose it is.
pub(in crate::session) const MIN_SECTION_BYTES: usize = BLOCK_OVERHEAD + 16;

pub(in crate::session) fn put_interface(out: &mut Vec<u8>, interface: &Interface) {
    let uri = &interface.uri.as_bytes()[..interface.uri.floor_char_boundary(MAX_NAME_BYTES)];
    let mut body = Vec::with_capacity(96 + option_bytes(uri.len()));
    body.extend_from_slice(&LINKTYPE_RAW.to_le_bytes());
    body.extend_from_slice(&0u16.to_le_bytes());
    body.extend_from_slice(&0u32.to_le_bytes());
    // Wireshark shows an interface without a name as "unknown".
    put_option(&mut body, OPTION_NAME, if uri.is_empty() { b"session" } else { uri });
    put_option(&mut body, OPTION_DESCRIPTION, DESCRIPTION.as_bytes());
    put_option(&mut body, OPTION_RESOLUTION, &[NANOSECONDS]);
    let mut ours = [0; 8];
    ours[..4].copy_from_slice(&interface.endpoint.0.to_le_bytes());
    ours[4] = role_number(interface.role);
    // The name stands in for an absent address, so that an empty one comes back empty.
    ours[5] = u8::from(uri.is_empty());
    put_option(&mut body, OPTION_ENDPOINT, &ours);
    put_option(&mut body, OPTION_END, b"");
    put_block(out, INTERFACE, &body);
}

/// `None`: an interface that another program wrote.
pub(in crate::session) fn read_interface(body: &[u8]) -> Option<Interface> {
    let mut name = None;
    let mut ours = None;
    for (code, value) in Options::new(body.get(8..)?) {
        match code {
            OPTION_NAME => name = Some(value),
            OPTION_ENDPOINT => ours = u64_at(value, 0).map(u64::to_le_bytes),
            _ => {}
        }
    }
    let ours = ours?;
    let endpoint = EndpointId(u32::from_le_bytes([ours[0], ours[1], ours[2], ours[3]]));
    let name = if ours[5] == 1 { b"" } else { name? };
    Some(Interface { endpoint, uri: String::from_utf8_lossy(name).into(), role: role_of(ours[4]) })
}

pub(in crate::session) fn role_number(role: Role) -> u8 {
    match role {
        Role::Listener => 0,
        Role::Client => 1,
        Role::Datagram => 2,
    }
}

pub(in crate::session) fn role_of(number: u8) -> Role {
    match number {
        0 => Role::Listener,
        1 => Role::Client,
        _ => Role::Datagram,
    }
}
