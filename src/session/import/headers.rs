//! One captured packet: link, IP, TCP and UDP headers taken off.
//!
//! Never: state beyond IP fragments. A header that is cut off or wrong is counted and left out.
//! Called by: `mod`. Link types: the registry at tcpdump.org; Ethernet types and IP protocols: IANA.

use std::net::{IpAddr, SocketAddr};

use etherparse::{EtherType, LaxIpPayloadSlice, LaxNetSlice, LaxSlicedPacket, TcpSlice, UdpSlice, ip_number};

use super::fragments::{Fragment, Fragments, Whole};
use crate::model::LeftOut;

const NULL: u16 = 0;
const ETHERNET: u16 = 1;
/// Raw IP, as three systems number it.
const RAW: [u16; 5] = [101, 12, 14, 228, 229];
const LOOP: u16 = 108;
const LINUX_COOKED: u16 = 113;
const LINUX_COOKED_2: u16 = 276;
/// Address families that stand for IP on some system.
const FAMILIES: [u32; 6] = [2, 10, 23, 24, 28, 30];
/// IP within IP, at most so deep.
const IP_IN_IP: u8 = 4;
const IPV6_IN_IP: u8 = 41;
const MAX_DEPTH: u8 = 4;
const IPV4: u16 = 0x0800;
const IPV6: u16 = 0x86dd;

pub(super) enum Content<'a> {
    Tcp(Segment<'a>),
    Udp(Datagram<'a>),
    /// A piece of a packet, and how many pieces of others were given up for it.
    Whole(Vec<u8>, Whole, u64),
    Piece(u64),
    LeftOut(LeftOut),
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Segment<'a> {
    pub source: SocketAddr,
    pub target: SocketAddr,
    pub seq: u32,
    pub ack: Option<u32>,
    pub syn: bool,
    pub fin: bool,
    pub rst: bool,
    pub payload: &'a [u8],
    /// Payload bytes that were sent and not captured.
    pub uncaptured: u32,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Datagram<'a> {
    pub source: SocketAddr,
    pub target: SocketAddr,
    pub payload: &'a [u8],
    pub uncaptured: u32,
}

/// What a packet of this link type carries; `cut`: so many bytes of it were not captured.
pub(super) fn content<'a>(link: u16, packet: &'a [u8], cut: usize, fragments: &mut Fragments) -> Content<'a> {
    let sliced = match link {
        ETHERNET => LaxSlicedPacket::from_ethernet(packet).ok(),
        LINUX_COOKED => typed(packet, 14, 16),
        LINUX_COOKED_2 => typed(packet, 0, 20),
        NULL | LOOP => return loopback(packet, cut, fragments),
        raw if RAW.contains(&raw) => LaxSlicedPacket::from_ip(packet).ok(),
        other => return Content::LeftOut(LeftOut::LinkType(other)),
    };
    sliced.map_or(Content::LeftOut(LeftOut::Headers), |sliced| of_sliced(&sliced, cut, 0, fragments))
}

/// TCP or UDP out of a packet that came in pieces.
pub(super) fn of_whole(payload: &[u8], whole: Whole) -> Content<'_> {
    above_ip(whole.protocol, whole.source, whole.target, payload, 0)
}

/// A header of `header` bytes, of which two say what follows.
fn typed(packet: &[u8], kind_at: usize, header: usize) -> Option<LaxSlicedPacket<'_>> {
    let kind = packet.get(kind_at..)?.first_chunk::<2>().map(|kind| u16::from_be_bytes(*kind))?;
    Some(LaxSlicedPacket::from_ether_type(EtherType(kind), packet.get(header..)?))
}

/// Four bytes of address family, in the byte order of the computer that captured.
fn loopback<'a>(packet: &'a [u8], cut: usize, fragments: &mut Fragments) -> Content<'a> {
    let Some((family, ip)) = packet.split_first_chunk::<4>() else { return Content::LeftOut(LeftOut::Headers) };
    let (little, big) = (u32::from_le_bytes(*family), u32::from_be_bytes(*family));
    if !FAMILIES.contains(&little) && !FAMILIES.contains(&big) {
        return Content::LeftOut(LeftOut::NotIp(0));
    }
    let sliced = LaxSlicedPacket::from_ip(ip);
    sliced.map_or(Content::LeftOut(LeftOut::Headers), |sliced| of_sliced(&sliced, cut, 0, fragments))
}

fn of_sliced<'a>(sliced: &LaxSlicedPacket<'a>, cut: usize, depth: u8, fragments: &mut Fragments) -> Content<'a> {
    let (source, target, carried, uncaptured): (IpAddr, IpAddr, &LaxIpPayloadSlice<'a>, usize) = match &sliced.net {
        Some(LaxNetSlice::Ipv4(ip)) => {
            let header = ip.header();
            let before = header.slice().len() + ip.extensions().auth.map_or(0, |auth| auth.slice().len());
            let said = usize::from(header.total_len());
            let missing = said.saturating_sub(before + ip.payload().payload.len());
            (header.source_addr().into(), header.destination_addr().into(), ip.payload(), missing)
        }
        Some(LaxNetSlice::Ipv6(ip)) => {
            let header = ip.header();
            let said = usize::from(header.payload_length());
            let missing = said.saturating_sub(ip.extensions().slice().len() + ip.payload().payload.len());
            (header.source_addr().into(), header.destination_addr().into(), ip.payload(), missing)
        }
        Some(LaxNetSlice::Arp(_)) => return Content::LeftOut(LeftOut::NotIp(0x0806)),
        None => return without_ip(sliced),
    };
    if carried.fragmented {
        return piece(sliced, source, target, carried, fragments);
    }
    if matches!(carried.ip_number.0, IP_IN_IP | IPV6_IN_IP) && depth < MAX_DEPTH {
        let inner = LaxSlicedPacket::from_ip(carried.payload);
        return inner.map_or(Content::LeftOut(LeftOut::Headers), |inner| of_sliced(&inner, cut, depth + 1, fragments));
    }
    // An IP header that claims more than was on the wire is wrong: nothing is missing.
    above_ip(carried.ip_number.0, source, target, carried.payload, uncaptured.min(cut))
}

fn without_ip<'a>(sliced: &LaxSlicedPacket<'a>) -> Content<'a> {
    match sliced.ether_payload() {
        Some(payload) if !matches!(payload.ether_type.0, IPV4 | IPV6) => {
            Content::LeftOut(LeftOut::NotIp(payload.ether_type.0))
        }
        _ => Content::LeftOut(LeftOut::Headers),
    }
}

fn piece<'a>(
    sliced: &LaxSlicedPacket<'a>,
    source: IpAddr,
    target: IpAddr,
    carried: &LaxIpPayloadSlice<'a>,
    fragments: &mut Fragments,
) -> Content<'a> {
    let (id, offset, more) = match &sliced.net {
        Some(LaxNetSlice::Ipv4(ip)) => {
            let header = ip.header();
            (u32::from(header.identification()), header.fragments_offset(), header.more_fragments())
        }
        Some(LaxNetSlice::Ipv6(ip)) => {
            let found = ip.extensions().clone().into_iter().find_map(|extension| match extension {
                etherparse::Ipv6ExtensionSlice::Fragment(fragment) => Some(fragment),
                _ => None,
            });
            let Some(fragment) = found else { return Content::LeftOut(LeftOut::Headers) };
            (fragment.identification(), fragment.fragment_offset(), fragment.more_fragments())
        }
        _ => return Content::LeftOut(LeftOut::Headers),
    };
    let protocol = carried.ip_number.0;
    if carried.incomplete {
        // The rest cannot be put behind it, but the first piece of a datagram says how long the whole was.
        return if offset.value() == 0 && protocol == ip_number::UDP.0 {
            above_ip(protocol, source, target, carried.payload, usize::from(u16::MAX))
        } else {
            Content::LeftOut(LeftOut::Fragments)
        };
    }
    let whole = Whole { source, target, protocol, id };
    let offset = usize::from(offset.value()) * 8;
    match fragments.take(Fragment { whole, offset, more, payload: carried.payload }) {
        (Some(payload), lost) => Content::Whole(payload, whole, lost),
        (None, lost) => Content::Piece(lost),
    }
}

fn above_ip(protocol: u8, source: IpAddr, target: IpAddr, payload: &[u8], uncaptured: usize) -> Content<'_> {
    let uncaptured = u32::try_from(uncaptured).unwrap_or(0);
    if protocol == ip_number::TCP.0 {
        let Ok(tcp) = TcpSlice::from_slice(payload) else { return Content::LeftOut(LeftOut::Headers) };
        return Content::Tcp(Segment {
            source: SocketAddr::new(source, tcp.source_port()),
            target: SocketAddr::new(target, tcp.destination_port()),
            seq: tcp.sequence_number(),
            ack: tcp.ack().then(|| tcp.acknowledgment_number()),
            syn: tcp.syn(),
            fin: tcp.fin(),
            rst: tcp.rst(),
            payload: tcp.payload(),
            uncaptured,
        });
    }
    if protocol == ip_number::UDP.0 {
        let Ok(udp) = UdpSlice::from_slice_lax(payload) else { return Content::LeftOut(LeftOut::Headers) };
        // A length of 0 stands for one that does not fit (RFC 2675).
        let said = usize::from(udp.length()).saturating_sub(8);
        let missing = said.saturating_sub(udp.payload().len()).min(uncaptured as usize);
        return Content::Udp(Datagram {
            source: SocketAddr::new(source, udp.source_port()),
            target: SocketAddr::new(target, udp.destination_port()),
            payload: udp.payload(),
            uncaptured: missing as u32,
        });
    }
    Content::LeftOut(LeftOut::NotTcpUdp(protocol))
}
