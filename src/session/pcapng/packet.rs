//! Packet blocks with synthetic IP, TCP and UDP headers, and reading them back.
//! Called by: `encoder` and `decode`. The block: draft-ietf-opsawg-pcapng, "Enhanced Packet Block".

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::ops::Range;

use super::batch::Batch;
use super::{OPTION_ADDRESSES, OPTION_COMMENT, OPTION_END, Options, PACKET, option_bytes, padding, put_option, u32_at};
use crate::model::{Flow, Timestamp, Transport};

const OPTION_FLAGS: u16 = 2;
const OPTION_HASH: u16 = 3;
const OPTION_PACKET_ID: u16 = 5;
const OPTION_QUEUE: u16 = 6;
const HASH_CRC32: u8 = 2;
const INBOUND: u32 = 1;
const OUTBOUND: u32 = 2;
const FIXED_BYTES: usize = 20;
/// Flags, hash and queue, and the end of the options.
const FIXED_OPTION_BYTES: usize = 8 + 12 + 8 + 4;
/// IPv6, and TCP with the options of a SYN.
const MAX_HEADER_BYTES: usize = 64;
const TCP: u8 = 6;
const UDP: u8 = 17;

pub(in crate::session) const FIN: u8 = 1;
pub(in crate::session) const SYN: u8 = 2;
pub(in crate::session) const RST: u8 = 4;
pub(in crate::session) const PSH: u8 = 8;
pub(in crate::session) const ACK: u8 = 16;
/// Window scale 14 (the most that RFC 7323 allows) and a filler: with a window of 65,535 that is 1 GiB.
const SYN_OPTIONS: [u8; 4] = [3, 3, 14, 1];

/// The two addresses of a packet. Both are of one family: what cannot be said so is mapped, and `exact` is false.
#[derive(Clone, Debug)]
pub(in crate::session) struct Ends {
    local: (IpAddr, u16),
    peer: (IpAddr, u16),
    pub exact: bool,
}

impl Ends {
    pub(in crate::session) fn of(flow: &Flow) -> Self {
        let (Some(local), Some(peer)) = (flow.local, flow.peer) else {
            let known = flow.local.or(flow.peer);
            let unspecified = match known {
                Some(SocketAddr::V6(_)) => SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)),
                _ => SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
            };
            let (local, peer) = (flow.local.unwrap_or(unspecified), flow.peer.unwrap_or(unspecified));
            return Self { exact: false, ..Self::between(local, peer) };
        };
        Self::between(local, peer)
    }

    fn between(local: SocketAddr, peer: SocketAddr) -> Self {
        let plain = |a: &SocketAddr| match a {
            SocketAddr::V4(_) => true,
            SocketAddr::V6(a) => a.scope_id() == 0 && a.flowinfo() == 0,
        };
        let (l, p, exact) = match (local.ip(), peer.ip()) {
            (l @ IpAddr::V4(_), p @ IpAddr::V4(_)) => (l, p, true),
            (IpAddr::V6(l), IpAddr::V6(p)) => match (l.to_ipv4_mapped(), p.to_ipv4_mapped()) {
                // A dual-stack socket's IPv4 peer: on the wire this was IPv4.
                (Some(l), Some(p)) => (l.into(), p.into(), false),
                _ => (l.into(), p.into(), plain(&local) && plain(&peer)),
            },
            (l, p) => (mapped(l), mapped(p), false),
        };
        Self { local: (l, local.port()), peer: (p, peer.port()), exact }
    }

    /// Whether a packet of so many payload bytes can be said in an IP header.
    pub(in crate::session) fn fits(&self, transport: Transport, payload: usize) -> bool {
        let above = if transport == Transport::Tcp { 20 } else { 8 };
        payload + above + if self.local.0.is_ipv4() { 20 } else { 0 } <= usize::from(u16::MAX)
    }
}

fn mapped(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(ip) => ip.to_ipv6_mapped().into(),
        v6 => v6,
    }
}

/// The exact addresses as the option's text.
pub(in crate::session) fn addresses_text(flow: &Flow) -> String {
    let one = |a: Option<SocketAddr>| a.map_or_else(|| "-".to_owned(), |a| a.to_string());
    format!("{} {}", one(flow.local), one(flow.peer))
}

pub(in crate::session) type Addresses = (Option<SocketAddr>, Option<SocketAddr>);

pub(in crate::session) fn read_addresses(text: &[u8]) -> Option<Addresses> {
    let (local, peer) = std::str::from_utf8(text).ok()?.split_once(' ')?;
    let one = |text: &str| if text == "-" { Some(None) } else { text.parse().ok().map(Some) };
    Some((one(local)?, one(peer)?))
}

/// The header above IP.
#[derive(Clone, Copy)]
pub(in crate::session) enum Above {
    Tcp { seq: u32, ack: u32, flags: u8 },
    Udp,
}

/// IP and TCP or UDP header of one packet.
pub(in crate::session) struct Header {
    bytes: [u8; MAX_HEADER_BYTES],
    length: usize,
}

impl Header {
    pub(in crate::session) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    pub(in crate::session) fn new(ends: &Ends, outbound: bool, above: Above, payload: &[u8]) -> Self {
        let (source, target) = if outbound { (&ends.local, &ends.peer) } else { (&ends.peer, &ends.local) };
        let mut header = Self { bytes: [0; MAX_HEADER_BYTES], length: 0 };
        let (protocol, above_bytes) = match above {
            Above::Tcp { flags, .. } => (TCP, if flags & SYN != 0 { 24 } else { 20 }),
            Above::Udp => (UDP, 8),
        };
        // `fits` was asked before: this never saturates for what we write.
        let length = u16::try_from(above_bytes + payload.len()).unwrap_or(u16::MAX);
        let mut sum = u64::from(u16::from(protocol).to_be());
        sum += u64::from(length.to_be());
        match (source.0, target.0) {
            (IpAddr::V4(source), IpAddr::V4(target)) => {
                let b = &mut header.bytes;
                b[0] = 0x45;
                b[2..4].copy_from_slice(&length.saturating_add(20).to_be_bytes());
                // "Don't fragment": so the identification field may stay 0 (RFC 6864).
                b[6] = 0x40;
                b[8] = 64;
                b[9] = protocol;
                b[12..16].copy_from_slice(&source.octets());
                b[16..20].copy_from_slice(&target.octets());
                let own = checksum(words(&b[..20]));
                b[10..12].copy_from_slice(&own.to_ne_bytes());
                sum += words(&b[12..20]);
                header.length = 20;
            }
            (source, target) => {
                let octets = |ip: IpAddr| match mapped(ip) {
                    IpAddr::V6(ip) => ip.octets(),
                    IpAddr::V4(_) => [0; 16],
                };
                let b = &mut header.bytes;
                b[0] = 0x60;
                b[4..6].copy_from_slice(&length.to_be_bytes());
                b[6] = protocol;
                b[7] = 64;
                b[8..24].copy_from_slice(&octets(source));
                b[24..40].copy_from_slice(&octets(target));
                sum += words(&b[8..40]);
                header.length = 40;
            }
        }
        header.put_above(source.1, target.1, above, length, sum + words(payload));
        header
    }

    fn put_above(&mut self, source: u16, target: u16, above: Above, length: u16, mut sum: u64) {
        let b = &mut self.bytes[self.length..];
        b[0..2].copy_from_slice(&source.to_be_bytes());
        b[2..4].copy_from_slice(&target.to_be_bytes());
        match above {
            Above::Tcp { seq, ack, flags } => {
                let size = if flags & SYN != 0 { 24 } else { 20 };
                b[4..8].copy_from_slice(&seq.to_be_bytes());
                b[8..12].copy_from_slice(&ack.to_be_bytes());
                b[12] = (size as u8 / 4) << 4;
                b[13] = flags;
                b[14..16].copy_from_slice(&u16::MAX.to_be_bytes());
                if flags & SYN != 0 {
                    b[20..24].copy_from_slice(&SYN_OPTIONS);
                }
                sum += words(&b[..size]);
                b[16..18].copy_from_slice(&checksum(sum).to_ne_bytes());
                self.length += size;
            }
            Above::Udp => {
                b[4..6].copy_from_slice(&length.to_be_bytes());
                sum += words(&b[..8]);
                // A checksum of 0 would mean "none" (RFC 768).
                let own = match checksum(sum) {
                    0 => u16::MAX,
                    own => own,
                };
                b[6..8].copy_from_slice(&own.to_ne_bytes());
                self.length += 8;
            }
        }
    }
}

/// Sum of 16-bit words, in any byte order (RFC 1071), taken four bytes at a time so that the compiler makes vectors of it.
fn words(bytes: &[u8]) -> u64 {
    let (chunks, rest) = bytes.as_chunks::<4>();
    let mut sum: u64 = chunks.iter().map(|chunk| u64::from(u32::from_ne_bytes(*chunk))).sum();
    let mut last = [0; 4];
    last[..rest.len()].copy_from_slice(rest);
    sum += u64::from(u32::from_ne_bytes(last));
    // Folded once, so that sums of sums do not overflow.
    (sum & 0xffff_ffff) + (sum >> 32)
}

/// The folded ones' complement, in the byte order that the words were read in.
fn checksum(mut sum: u64) -> u16 {
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

/// What stands beside the bytes of a packet.
pub(in crate::session) struct Beside<'a> {
    pub interface: u32,
    pub time: Timestamp,
    pub outbound: bool,
    /// Absent for packets that are no event (SYN, FIN …): our own reader skips those.
    pub seq: Option<u64>,
    pub connection: u32,
    pub comment: &'a str,
    pub addresses: &'a str,
}

pub(in crate::session) fn put_packet(batch: &mut Batch, header: &Header, payload: &bytes::Bytes, beside: &Beside<'_>) {
    let head = header.bytes();
    let captured = head.len() + payload.len();
    let mut options = FIXED_OPTION_BYTES;
    options += if beside.seq.is_some() { option_bytes(8) } else { 0 };
    options += if beside.comment.is_empty() { 0 } else { option_bytes(beside.comment.len()) };
    options += if beside.addresses.is_empty() { 0 } else { option_bytes(beside.addresses.len()) };
    let total = (8 + FIXED_BYTES + captured + padding(captured) + options + 4) as u32;

    // Put together beside the buffer and copied at once: a copy for each field would cost more than the fields.
    let mut front = [0; 8 + FIXED_BYTES + MAX_HEADER_BYTES];
    front[0..4].copy_from_slice(&PACKET.to_le_bytes());
    front[4..8].copy_from_slice(&total.to_le_bytes());
    front[8..12].copy_from_slice(&beside.interface.to_le_bytes());
    front[12..16].copy_from_slice(&((beside.time.0 >> 32) as u32).to_le_bytes());
    front[16..20].copy_from_slice(&(beside.time.0 as u32).to_le_bytes());
    front[20..24].copy_from_slice(&(captured as u32).to_le_bytes());
    front[24..28].copy_from_slice(&(captured as u32).to_le_bytes());
    front[28..].copy_from_slice(&header.bytes);
    batch.buffer().extend_from_slice(&front[..28 + head.len()]);
    batch.put_payload(payload);
    let crc = batch.crc_of_last(captured).unwrap_or_else(|| {
        let mut crc = crc32fast::Hasher::new();
        crc.update(head);
        crc.update(payload);
        crc.finalize()
    });
    put_behind(batch.buffer(), captured, crc, total, beside);
}

/// Padding, options and the length once more.
fn put_behind(out: &mut Vec<u8>, captured: usize, crc: u32, total: u32, beside: &Beside<'_>) {
    let crc = crc.to_le_bytes();
    let direction = if beside.outbound { OUTBOUND } else { INBOUND };
    let queue = beside.connection.to_le_bytes();
    let at = padding(captured);
    let mut tail = [0; 3 + 8 + 12 + 8 + 12 + 8];
    tail[at..at + 4].copy_from_slice(&[OPTION_FLAGS as u8, 0, 4, 0]);
    tail[at + 4..at + 8].copy_from_slice(&direction.to_le_bytes());
    tail[at + 8..at + 17].copy_from_slice(&[OPTION_HASH as u8, 0, 5, 0, HASH_CRC32, crc[0], crc[1], crc[2], crc[3]]);
    tail[at + 20..at + 24].copy_from_slice(&[OPTION_QUEUE as u8, 0, 4, 0]);
    tail[at + 24..at + 28].copy_from_slice(&queue);
    let mut end = at + 28;
    if let Some(seq) = beside.seq {
        tail[end..end + 4].copy_from_slice(&[OPTION_PACKET_ID as u8, 0, 8, 0]);
        tail[end + 4..end + 12].copy_from_slice(&seq.to_le_bytes());
        end += 12;
    }
    if beside.comment.is_empty() && beside.addresses.is_empty() {
        // Four zeros end the options.
        tail[end + 4..end + 8].copy_from_slice(&total.to_le_bytes());
        out.extend_from_slice(&tail[..end + 8]);
        return;
    }
    out.extend_from_slice(&tail[..end]);
    if !beside.comment.is_empty() {
        put_option(out, OPTION_COMMENT, beside.comment.as_bytes());
    }
    if !beside.addresses.is_empty() {
        put_option(out, OPTION_ADDRESSES, beside.addresses.as_bytes());
    }
    put_option(out, OPTION_END, b"");
    out.extend_from_slice(&total.to_le_bytes());
}

/// A packet block of ours as it stands in the file, nothing copied.
pub(in crate::session) struct Packet<'a> {
    pub interface: u32,
    pub time: Timestamp,
    pub seq: u64,
    pub connection: u32,
    pub outbound: bool,
    pub transport: Transport,
    pub payload: &'a [u8],
    data: &'a [u8],
    crc: Option<u32>,
    addresses: Option<&'a [u8]>,
}

impl<'a> Packet<'a> {
    /// `None`: no event of ours.
    pub(in crate::session) fn read(body: &'a [u8]) -> Option<Self> {
        let captured = u32_at(body, 12)? as usize;
        let data = body.get(FIXED_BYTES..)?.get(..captured)?;
        let options = body.get(FIXED_BYTES + captured + padding(captured)..)?;
        let (mut flags, mut seq, mut connection, mut crc, mut addresses) = (None, None, None, None, None);
        for (code, value) in Options::new(options) {
            match code {
                OPTION_FLAGS => flags = u32_at(value, 0),
                OPTION_HASH if value.first() == Some(&HASH_CRC32) => crc = u32_at(value, 1),
                OPTION_PACKET_ID => seq = super::u64_at(value, 0),
                OPTION_QUEUE => connection = u32_at(value, 0),
                OPTION_ADDRESSES => addresses = Some(value),
                _ => {}
            }
        }
        let (transport, payload) = payload_of(data)?;
        Some(Self {
            interface: u32_at(body, 0)?,
            time: Timestamp(u64::from(u32_at(body, 4)?) << 32 | u64::from(u32_at(body, 8)?)),
            seq: seq?,
            connection: connection?,
            outbound: flags? & 3 == OUTBOUND,
            transport,
            payload: &data[payload],
            data,
            crc,
            addresses,
        })
    }

    pub(in crate::session) fn is_damaged(&self) -> bool {
        self.crc != Some(crc32fast::hash(self.data)) || self.addresses().is_none()
    }

    pub(in crate::session) fn addresses(&self) -> Option<Addresses> {
        if let Some(text) = self.addresses {
            return read_addresses(text);
        }
        let (source, target) = ends_of(self.data)?;
        let (local, peer) = if self.outbound { (source, target) } else { (target, source) };
        Some((Some(local), Some(peer)))
    }
}

/// Which transport, and where the payload stands.
fn payload_of(data: &[u8]) -> Option<(Transport, Range<usize>)> {
    let (protocol, ip) = match data.first()? >> 4 {
        4 => (*data.get(9)?, 20),
        6 => (*data.get(6)?, 40),
        _ => return None,
    };
    let (transport, above) = match protocol {
        TCP => (Transport::Tcp, usize::from(data.get(ip + 12)? >> 4) * 4),
        UDP => (Transport::Udp, 8),
        _ => return None,
    };
    (ip + above <= data.len()).then_some((transport, ip + above..data.len()))
}

fn ends_of(data: &[u8]) -> Option<(SocketAddr, SocketAddr)> {
    let (source, target, ports): (IpAddr, IpAddr, usize) = if data.first()? >> 4 == 4 {
        let source: [u8; 4] = data.get(12..16)?.try_into().ok()?;
        let target: [u8; 4] = data.get(16..20)?.try_into().ok()?;
        (source.into(), target.into(), 20)
    } else {
        let source: [u8; 16] = data.get(8..24)?.try_into().ok()?;
        let target: [u8; 16] = data.get(24..40)?.try_into().ok()?;
        (source.into(), target.into(), 40)
    };
    let port = |at: usize| Some(u16::from_be_bytes([*data.get(at)?, *data.get(at + 1)?]));
    Some((SocketAddr::new(source, port(ports)?), SocketAddr::new(target, port(ports + 2)?)))
}
