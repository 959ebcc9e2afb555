//! Whether a row fits: each kind of test, first by what the row in memory says, then by what stands in the file.
//!
//! Owns: the tests made ready, and their order from cheap to dear. Never: more than one row at a time.
//! Called by: `matching`; `compile` builds what stands here.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::sync::Arc;

use regex::bytes::Regex;

use super::LookedFrame;
use super::hex::HexPattern;
use super::known::{Known, Placed};
use super::needle::Needle;
use crate::filter::{AddressPattern, Bounds, Moment};
use crate::model::{EndpointId, EventKind, Flow, TextEncoding, Timestamp, Transport, Verify};
use crate::payload::checksum::{Verdict, verify};
use crate::session::log::Log;
use crate::session::pcapng::decode::Stored;
use crate::session::reader::Reader;
use crate::session::rows::Row;

/// An expression made ready.
pub(super) enum Node {
    /// Cheap ones first.
    All(Vec<Node>),
    Any(Vec<Node>),
    Not(Box<Node>),
    Is(Test),
}

pub(super) enum Test {
    /// One bit for each kind.
    Kinds(u32),
    Connection(Bounds<u64>),
    Size(Bounds<u64>),
    HasNote,
    Flow(FlowTest),
    /// Nanoseconds since 1970; `None`: nothing fits.
    Time(Option<RangeInclusive<u64>>),
    /// Not known yet: the session has no first event.
    Moment(Moment, Side),
    Gap(Bounds<u64>),
    Text(Box<Texts>),
    Hex(Box<HexPattern>),
    /// `None`: the pattern is none, nothing fits.
    Regex(Option<Regex>),
    Damaged,
    WrongSum(Arc<BTreeMap<EndpointId, Verify>>),
    BadFrame,
}

#[derive(Clone, Copy)]
pub(super) enum Side {
    After,
    Before,
}

pub(super) enum FlowTest {
    From(AddressPattern),
    To(AddressPattern),
    Peer(AddressPattern),
    Port(Bounds<u64>),
    /// In lower case.
    Endpoint(String),
    Transport(Transport),
}

/// A text in each encoding that is in use.
pub(super) struct Texts {
    pub by_encoding: Vec<(TextEncoding, Option<Needle>)>,
    /// In the sentences of happenings.
    pub words: Option<Needle>,
}

impl Texts {
    pub(super) fn of(&self, encoding: TextEncoding) -> Option<&Needle> {
        self.by_encoding.iter().find(|(known, _)| *known == encoding).and_then(|(_, needle)| needle.as_ref())
    }
}

/// One row being looked at; its block is read when somebody asks, and once.
pub(super) struct Look<'a, 'l> {
    pub log: &'l Log,
    pub at: Placed,
    reader: Option<&'a mut Reader<'l>>,
    stored: Option<Stored<'a>>,
    /// Looked at in place of the row's own bytes.
    frame: Option<LookedFrame<'a>>,
}

impl<'a, 'l> Look<'a, 'l> {
    pub(super) fn new(log: &'l Log, reader: &'a mut Reader<'l>, at: Placed) -> Self {
        Self { log, at, reader: Some(reader), stored: None, frame: None }
    }

    /// A frame that ends in the row, which has the length of the frame here.
    pub(super) fn of_frame(log: &'l Log, reader: &'a mut Reader<'l>, at: Placed, frame: LookedFrame<'a>) -> Self {
        Self { frame: Some(frame), ..Self::new(log, reader, at) }
    }

    /// `None`: it cannot be read.
    fn stored(&mut self) -> Option<&Stored<'a>> {
        if let Some(reader) = self.reader.take() {
            self.stored = reader.stored(self.at.row).ok();
        }
        self.stored.as_ref()
    }

    /// When it was, if the block was read.
    pub(super) fn time(&self) -> Option<Timestamp> {
        self.stored.as_ref().map(|stored| stored.time)
    }

    /// The bytes, or the sentence of a happening.
    fn content(&mut self) -> Option<&'a [u8]> {
        if let Some(frame) = self.frame {
            return Some(frame.content);
        }
        self.stored().and_then(|stored| stored.payload().or_else(|| stored.message()))
    }
}

impl Node {
    /// Whether the row fits, when that is known without reading the file.
    pub(super) fn quick(&self, log: &Log, at: Placed, known: &mut Known) -> Option<bool> {
        match self {
            Self::Is(test) => test.quick(log, at, known),
            Self::Not(node) => node.quick(log, at, known).map(|fits| !fits),
            Self::All(nodes) => {
                let mut all = Some(true);
                for node in nodes {
                    match node.quick(log, at, known) {
                        Some(true) => {}
                        Some(false) => return Some(false),
                        None => all = None,
                    }
                }
                all
            }
            Self::Any(nodes) => {
                let mut any = Some(false);
                for node in nodes {
                    match node.quick(log, at, known) {
                        Some(false) => {}
                        Some(true) => return Some(true),
                        None => any = None,
                    }
                }
                any
            }
        }
    }

    pub(super) fn fits(&self, look: &mut Look<'_, '_>, known: &mut Known) -> bool {
        match self {
            Self::Is(test) => match test.quick(look.log, look.at, known) {
                Some(fits) => fits,
                None => test.fits(look, known),
            },
            Self::Not(node) => !node.fits(look, known),
            Self::All(nodes) => nodes.iter().all(|node| node.fits(look, known)),
            Self::Any(nodes) => nodes.iter().any(|node| node.fits(look, known)),
        }
    }
}

impl Test {
    /// From the row alone and what was learned before.
    fn quick(&self, log: &Log, at: Placed, known: &mut Known) -> Option<bool> {
        let row = at.row;
        match self {
            Self::Kinds(kinds) => Some(kinds & kind_bit(row.kind()) != 0),
            Self::Connection(bounds) => {
                let connection = row.connection();
                Some(!connection.is_none() && bounds.hold(&u64::from(connection.0)))
            }
            Self::Size(bounds) => Some(has_bytes(row) && bounds.hold(&(row.length() as u64))),
            Self::HasNote => Some(known.notes.by_seq.contains_key(&log.seq_of(at.number))),
            Self::Flow(test) => known.flow_of(row).map(|flow| test.fits(row, &flow)),
            Self::Time(None) | Self::Moment(..) | Self::Regex(None) => Some(false),
            Self::Gap(_) if row.connection().is_none() => Some(false),
            Self::Text(texts) if has_bytes(row) => {
                let needle = texts.of(known.encoding(log, row));
                needle.is_none_or(|needle| needle.len() > row.length()).then_some(false)
            }
            Self::Text(texts) => texts.words.is_none().then_some(false),
            Self::Hex(pattern) => (has_bytes(row) && row.length() < pattern.len()).then_some(false),
            Self::WrongSum(verified) => {
                let asked = row.kind() == EventKind::Received && !verified.is_empty();
                let settings = if asked { verified.get(&known.endpoint(log, row)) } else { None };
                settings.is_none_or(|settings| settings.checksum.is_none()).then_some(false)
            }
            Self::BadFrame => (!has_bytes(row)).then_some(false),
            Self::Time(Some(_)) | Self::Gap(_) | Self::Regex(Some(_)) | Self::Damaged => None,
        }
    }

    /// From the file. A row that cannot be read contains nothing that could be looked for.
    fn fits(&self, look: &mut Look<'_, '_>, known: &mut Known) -> bool {
        match self {
            Self::Flow(test) => {
                let (log, row) = (look.log, look.at.row);
                look.stored().is_some_and(|stored| test.fits(row, &known.flow_in(log, row, stored)))
            }
            Self::Time(Some(times)) => look.stored().is_some_and(|stored| times.contains(&stored.time.0)),
            Self::Gap(bounds) => {
                let Some(time) = look.stored().map(|stored| stored.time) else { return false };
                known.gap(look.log, look.at, time).is_some_and(|gap| bounds.hold(&gap))
            }
            Self::Text(texts) => {
                let row = look.at.row;
                let needle =
                    if has_bytes(row) { texts.of(known.encoding(look.log, row)) } else { texts.words.as_ref() };
                needle.is_some_and(|needle| look.content().is_some_and(|bytes| needle.is_in(bytes)))
            }
            Self::Hex(pattern) => look.content().is_some_and(|bytes| pattern.is_in(bytes)),
            Self::Regex(Some(regex)) => look.content().is_some_and(|bytes| regex.is_match(bytes)),
            Self::Damaged => look.stored().is_none_or(Stored::is_damaged),
            // Of what is not there yet nothing is known.
            Self::WrongSum(_) if look.frame.is_some_and(|frame| frame.pending) => false,
            Self::WrongSum(verified) => {
                let settings = verified.get(&known.endpoint(look.log, look.at.row));
                let content = look.content();
                settings.zip(content).is_some_and(|(settings, content)| verify(settings, content) != Verdict::Right)
            }
            Self::BadFrame => look.frame.is_some_and(|frame| frame.fault.is_some()),
            // The row alone has told.
            _ => false,
        }
    }
}

impl FlowTest {
    fn fits(&self, row: Row, flow: &Flow) -> bool {
        let (source, target) = match row.kind() {
            EventKind::Received => (flow.peer, flow.local),
            EventKind::Sent => (flow.local, flow.peer),
            // No bytes went anywhere.
            _ => (None, None),
        };
        match self {
            Self::From(pattern) => fits_address(pattern, source),
            Self::To(pattern) => fits_address(pattern, target),
            Self::Peer(pattern) => fits_address(pattern, flow.peer),
            Self::Port(bounds) => {
                [flow.local, flow.peer].into_iter().flatten().any(|end| bounds.hold(&u64::from(end.port())))
            }
            Self::Endpoint(text) => flow.endpoint_uri.to_ascii_lowercase().contains(text),
            Self::Transport(transport) => flow.transport == *transport,
        }
    }
}

fn fits_address(pattern: &AddressPattern, address: Option<SocketAddr>) -> bool {
    let Some(address) = address else { return false };
    pattern.port.is_none_or(|port| port == address.port())
        && pattern.host.as_ref().is_none_or(|host| fits_host(host.address, host.prefix, address.ip()))
}

/// An IPv4 address that a dual-stack socket shows as IPv6 is that IPv4 address.
fn fits_host(host: IpAddr, prefix: u8, address: IpAddr) -> bool {
    let same = |host: u128, address: u128, bits: u32| {
        let rest = bits.saturating_sub(u32::from(prefix).min(bits));
        rest >= 128 || host >> rest == address >> rest
    };
    match (host, address.to_canonical()) {
        (IpAddr::V4(host), IpAddr::V4(address)) => same(host.to_bits().into(), address.to_bits().into(), 32),
        (IpAddr::V6(host), IpAddr::V4(address)) => same(host.to_bits(), address.to_ipv6_mapped().to_bits(), 128),
        (IpAddr::V6(host), IpAddr::V6(address)) => same(host.to_bits(), address.to_bits(), 128),
        (IpAddr::V4(_), IpAddr::V6(_)) => false,
    }
}

pub(super) fn has_bytes(row: Row) -> bool {
    matches!(row.kind(), EventKind::Received | EventKind::Sent)
}

pub(super) fn kind_bit(kind: EventKind) -> u32 {
    1 << kind as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::Host;

    fn fits(host: &str, prefix: u8, address: &str) -> bool {
        let pattern = AddressPattern { host: Some(Host { address: host.parse().unwrap(), prefix }), port: None };
        fits_address(&pattern, Some(SocketAddr::new(address.parse().unwrap(), 80)))
    }

    #[test]
    fn the_leading_bits_of_an_address_count() {
        assert!(fits("192.168.1.0", 24, "192.168.1.77"));
        assert!(!fits("192.168.1.0", 24, "192.168.2.77"));
        assert!(fits("0.0.0.0", 0, "8.8.8.8") && !fits("0.0.0.0", 0, "fe80::1"));
        assert!(fits("::", 0, "fe80::1") && fits("fe80::", 10, "fe80::1") && !fits("fe80::", 10, "fec0::1"));
        assert!(fits("127.0.0.1", 32, "::ffff:127.0.0.1") && fits("::ffff:127.0.0.1", 128, "127.0.0.1"));
        assert!(fits("1.2.3.4", 255, "1.2.3.4") && !fits("1.2.3.4", 255, "1.2.3.5"));
        let port = AddressPattern { host: None, port: Some(81) };
        assert!(!fits_address(&port, Some("[::1]:80".parse().unwrap())) && !fits_address(&port, None));
    }

    #[test]
    fn every_kind_has_a_bit() {
        assert!(EventKind::ALL.len() <= 32);
    }
}
