//! Happenings as systemd journal export entries: readable rows in Wireshark, and the facts as JSON for ourselves.
//! Called by: `encoder` and `decode`. The form: systemd, "Journal Export Formats".

use std::net::SocketAddr;

use super::{BLOCK_OVERHEAD, JOURNAL, padding};
use crate::model::{ConnectionId, EndpointId, EventKind, Flow, Happening, Role, Timestamp, Transport};
use crate::session::sentences;

const CRC_FIELD: &[u8] = b"SOCKSCOPE_CRC32";
/// A host name or a system message longer than this is cut in the file.
const MAX_VALUE_BYTES: usize = 1024 * 1024;

pub(in crate::session) fn put_journal(
    out: &mut Vec<u8>,
    time: Timestamp,
    seq: u64,
    flow: &Flow,
    happening: &Happening,
    comment: &str,
) {
    let start = out.len();
    out.extend_from_slice(&JOURNAL.to_le_bytes());
    out.extend_from_slice(&[0; 4]);
    let body = out.len();
    // First of all and always: without it tshark refuses the whole file.
    put_field(out, "__REALTIME_TIMESTAMP", &(time.0 / 1000).to_string());
    let mut message = sentences::happening(happening, flow);
    if !comment.is_empty() {
        // Entries have no comments: what Wireshark shows of one is its sentence.
        message.push_str(&format!(" ({comment})"));
    }
    put_field(out, "MESSAGE", &message);
    put_field(out, "PRIORITY", if happening.kind().is_error() { "3" } else { "6" });
    put_field(out, "SYSLOG_IDENTIFIER", "sockscope");
    put_field(out, "SOCKSCOPE_SEQ", &seq.to_string());
    put_field(out, "SOCKSCOPE_KIND", happening.kind().name());
    put_field(out, "SOCKSCOPE_ENDPOINT", &flow.endpoint.0.to_string());
    put_field(out, "SOCKSCOPE_URI", &flow.endpoint_uri);
    put_field(out, "SOCKSCOPE_CONNECTION", &flow.connection.0.to_string());
    put_field(out, "SOCKSCOPE_TRANSPORT", flow.transport.name());
    put_field(out, "SOCKSCOPE_ROLE", role_name(flow.role));
    if let Some(local) = flow.local {
        put_field(out, "SOCKSCOPE_LOCAL", &local.to_string());
    }
    if let Some(peer) = flow.peer {
        put_field(out, "SOCKSCOPE_PEER", &peer.to_string());
    }
    if flow.mirror {
        put_field(out, "SOCKSCOPE_MIRROR", "1");
    }
    put_field(out, "SOCKSCOPE_TIME_NANOS", &time.0.to_string());
    // Plain data without maps of other keys than strings: this cannot fail; an empty text would read back as unknown.
    put_field(out, "SOCKSCOPE_EVENT", &serde_json::to_string(happening).unwrap_or_default());
    let crc = crc32fast::hash(&out[body..]);
    put_field(out, "SOCKSCOPE_CRC32", &format!("{crc:08x}"));
    let length = out.len() - body;
    out.extend_from_slice(&[0; 3][..padding(length)]);
    let total = (BLOCK_OVERHEAD + length + padding(length)) as u32;
    out[start + 4..start + 8].copy_from_slice(&total.to_le_bytes());
    out.extend_from_slice(&total.to_le_bytes());
}

/// A value with a control character takes the length-prefixed form, so that no host name can forge a field.
fn put_field(out: &mut Vec<u8>, name: &str, value: &str) {
    let value = &value[..value.floor_char_boundary(MAX_VALUE_BYTES)];
    out.extend_from_slice(name.as_bytes());
    if value.chars().any(char::is_control) {
        out.push(b'\n');
        out.extend_from_slice(&(value.len() as u64).to_le_bytes());
    } else {
        out.push(b'=');
    }
    out.extend_from_slice(value.as_bytes());
    out.push(b'\n');
}

fn role_name(role: Role) -> &'static str {
    match role {
        Role::Listener => "listener",
        Role::Client => "client",
        Role::Datagram => "datagram",
    }
}

/// A journal entry of ours as it stands in the file.
#[derive(Debug, Default)]
pub(in crate::session) struct Entry<'a> {
    pub seq: Option<u64>,
    pub kind: &'a [u8],
    pub endpoint: u32,
    pub connection: u32,
    pub message: &'a [u8],
    uri: &'a [u8],
    transport: &'a [u8],
    role: &'a [u8],
    local: Option<&'a [u8]>,
    peer: Option<&'a [u8]>,
    mirror: bool,
    time_nanos: u64,
    event: &'a [u8],
    crc_fits: bool,
}

impl<'a> Entry<'a> {
    /// `None`: an entry that another program wrote.
    pub(in crate::session) fn read(body: &'a [u8]) -> Option<(u64, Self)> {
        let mut entry = Self::default();
        let mut fields = Fields { body, at: 0 };
        loop {
            let from = fields.at;
            let Some((name, value)) = fields.next() else { break };
            match name {
                b"MESSAGE" => entry.message = value,
                b"SOCKSCOPE_SEQ" => entry.seq = number(value),
                b"SOCKSCOPE_KIND" => entry.kind = value,
                b"SOCKSCOPE_ENDPOINT" => entry.endpoint = number(value)?,
                b"SOCKSCOPE_URI" => entry.uri = value,
                b"SOCKSCOPE_CONNECTION" => entry.connection = number(value)?,
                b"SOCKSCOPE_TRANSPORT" => entry.transport = value,
                b"SOCKSCOPE_ROLE" => entry.role = value,
                b"SOCKSCOPE_LOCAL" => entry.local = Some(value),
                b"SOCKSCOPE_PEER" => entry.peer = Some(value),
                b"SOCKSCOPE_MIRROR" => entry.mirror = true,
                b"SOCKSCOPE_TIME_NANOS" => entry.time_nanos = number(value)?,
                b"SOCKSCOPE_EVENT" => entry.event = value,
                CRC_FIELD => {
                    let stored = std::str::from_utf8(value).ok().and_then(|v| u32::from_str_radix(v, 16).ok());
                    entry.crc_fits = stored.is_some_and(|crc| crc == crc32fast::hash(&body[..from]));
                }
                _ => {}
            }
        }
        Some((entry.seq?, entry))
    }

    pub(in crate::session) fn event_kind(&self) -> EventKind {
        EventKind::ALL.into_iter().find(|kind| kind.name().as_bytes() == self.kind).unwrap_or(EventKind::Unknown)
    }

    pub(in crate::session) fn time(&self) -> Timestamp {
        Timestamp(self.time_nanos)
    }

    pub(in crate::session) fn is_damaged(&self) -> bool {
        !self.crc_fits
    }

    pub(in crate::session) fn happening(&self) -> Happening {
        serde_json::from_slice(self.event)
            .unwrap_or_else(|_| Happening::Unknown { message: String::from_utf8_lossy(self.message).into_owned() })
    }

    pub(in crate::session) fn flow(&self) -> Flow {
        Flow {
            endpoint: EndpointId(self.endpoint),
            endpoint_uri: String::from_utf8_lossy(self.uri).into(),
            connection: ConnectionId(self.connection),
            transport: if self.transport == b"udp" { Transport::Udp } else { Transport::Tcp },
            role: match self.role {
                b"listener" => Role::Listener,
                b"client" => Role::Client,
                _ => Role::Datagram,
            },
            local: self.local.and_then(address),
            peer: self.peer.and_then(address),
            mirror: self.mirror,
        }
    }
}

fn number<N: std::str::FromStr>(value: &[u8]) -> Option<N> {
    std::str::from_utf8(value).ok()?.parse().ok()
}

fn address(value: &[u8]) -> Option<SocketAddr> {
    number(value)
}

/// The fields of an entry in both forms; ends at the padding or at the first that is not whole.
struct Fields<'a> {
    body: &'a [u8],
    at: usize,
}

impl<'a> Iterator for Fields<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.body.get(self.at..)?;
        let line = &rest[..memchr::memchr(b'\n', rest)?];
        if let Some(equals) = memchr::memchr(b'=', line) {
            self.at += line.len() + 1;
            return Some((&line[..equals], &line[equals + 1..]));
        }
        let from = line.len() + 1;
        let length = usize::try_from(super::u64_at(rest, from)?).ok()?;
        let value = rest.get(from + 8..)?.get(..length)?;
        self.at += from + 8 + length + 1;
        Some((line, value))
    }
}
