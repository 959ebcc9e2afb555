//! The packets of a capture, one after the other: classic pcap in its four magics, pcapng in both byte orders.
//!
//! Every length is checked before it is followed; the first that cannot be ends the reading, at a byte that is told.
//! Called by: `mod`. Formats: draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng.

use std::fs::File;
use std::ops::Range;
use std::sync::Arc;

use pcap_parser::{
    EnhancedPacketBlock, InterfaceDescriptionBlock, LegacyPcapBlock, OptionCode, parse_enhancedpacketblock_be,
    parse_enhancedpacketblock_le, parse_interfacedescriptionblock_be, parse_interfacedescriptionblock_le,
    parse_pcap_frame, parse_pcap_frame_be, parse_pcap_frame_modified, parse_pcap_header,
};

use super::Damage;
use super::window::Window;
use crate::model::Timestamp;

/// No program writes longer packets; a longer one is damage.
const MAX_PACKET_BYTES: usize = 16 * 1024 * 1024;
const MAX_INTERFACES: usize = 1 << 20;
const SECTION: u32 = 0x0a0d_0d0a;
const INTERFACE: u32 = 1;
const OBSOLETE_PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const ENHANCED_PACKET: u32 = 6;
const BYTE_ORDER: u32 = 0x1a2b_3c4d;
const OPTION_HASH: u16 = 3;
const HASH_CRC32: u8 = 2;
const BLOCK_OVERHEAD: usize = 12;
const PCAP_HEADER_BYTES: usize = 24;
const RECORD_HEADER_BYTES: usize = 16;
const PATCHED_HEADER_BYTES: usize = 24;
const CUT: &str = "the last packet is cut off";

/// What a file begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Pcap,
    Pcapng,
}

impl Form {
    pub(super) fn of(begin: &[u8]) -> Option<Self> {
        match begin.first_chunk::<4>()? {
            [0x0a, 0x0d, 0x0d, 0x0a] => Some(Self::Pcapng),
            [0xd4, 0xc3, 0xb2, 0xa1]
            | [0xa1, 0xb2, 0xc3, 0xd4]
            | [0x4d, 0x3c, 0xb2, 0xa1]
            | [0xa1, 0xb2, 0x3c, 0x4d] => Some(Self::Pcap),
            // A patched libpcap of 1997: longer record headers.
            [0x34, 0xcd, 0xb2, 0xa1] => Some(Self::Pcap),
            _ => None,
        }
    }
}

/// A packet; its bytes are asked for with `bytes`.
#[derive(Clone, Debug)]
pub(super) struct Packet {
    pub time: Option<Timestamp>,
    pub link: u16,
    /// The capture holds a checksum, and it does not fit.
    pub damaged: bool,
    /// Bytes that the packet had on the wire beyond those that were captured.
    pub cut: usize,
    range: Range<usize>,
    taken: usize,
}

pub(super) struct Packets {
    window: Window,
    form: Option<Open>,
    begins_as: Form,
}

enum Open {
    Pcap(Records),
    Pcapng { big: bool, interfaces: Vec<Interface> },
}

/// How the records of a classic capture stand.
#[derive(Clone, Copy, Debug)]
struct Records {
    big: bool,
    nanos: bool,
    link: u16,
    header_bytes: usize,
}

/// What the packets of an interface have in common.
#[derive(Clone, Copy, Debug)]
struct Interface {
    link: u16,
    resolution: u8,
    offset_seconds: i64,
    snaplen: u32,
}

impl Packets {
    pub(super) fn new(file: Arc<File>, form: Form) -> Self {
        Self { window: Window::new(file), form: None, begins_as: form }
    }

    /// Bytes of the file that were read.
    pub(super) fn offset(&self) -> u64 {
        self.window.offset()
    }

    pub(super) fn bytes(&self, packet: &Packet) -> &[u8] {
        self.window.before(packet.taken, packet.range.clone())
    }

    /// The next packet; `None`: the file ends here, as it should.
    pub(super) fn advance(&mut self) -> Result<Option<Packet>, Damage> {
        loop {
            if !self.need(1)? {
                return Ok(None);
            }
            let found = match (&self.form, self.begins_as) {
                (None, Form::Pcap) => self.header().map(|()| None),
                (Some(Open::Pcap(records)), _) => {
                    let records = *records;
                    self.record(records).map(Some)
                }
                (None, Form::Pcapng) | (Some(Open::Pcapng { .. }), _) => self.block(),
            }?;
            if found.is_some() {
                return Ok(found);
            }
        }
    }

    fn need(&mut self, bytes: usize) -> Result<bool, Damage> {
        let offset = self.window.offset();
        self.window.need(bytes).map_err(|error| (offset, error.to_string()))
    }

    fn damaged(&self, why: &str) -> Damage {
        (self.window.offset(), why.to_owned())
    }

    fn header(&mut self) -> Result<(), Damage> {
        if !self.need(PCAP_HEADER_BYTES)? {
            return Err(self.damaged("the file's header is cut off"));
        }
        let (_, header) = parse_pcap_header(self.window.rest()).map_err(|_| self.damaged("no pcap header"))?;
        // The upper bits say whether frames end with a checksum, which IP's own length leaves out.
        let link = header.network.0.cast_unsigned() as u16;
        self.form = Some(Open::Pcap(Records {
            big: header.is_bigendian(),
            nanos: header.is_nanosecond_precision(),
            link,
            header_bytes: if header.is_modified_format() { PATCHED_HEADER_BYTES } else { RECORD_HEADER_BYTES },
        }));
        self.window.skip(PCAP_HEADER_BYTES);
        Ok(())
    }

    fn record(&mut self, records: Records) -> Result<Packet, Damage> {
        let Records { big, nanos, link, header_bytes } = records;
        if !self.need(header_bytes)? {
            return Err(self.damaged(CUT));
        }
        let captured = u32_at(self.window.rest(), 8, big) as usize;
        if captured > MAX_PACKET_BYTES {
            return Err(self.damaged("a packet's length is damaged"));
        }
        let taken = header_bytes + captured;
        if !self.need(taken)? {
            return Err(self.damaged(CUT));
        }
        let parse = match (big, header_bytes) {
            (_, PATCHED_HEADER_BYTES) => parse_pcap_frame_modified,
            (true, _) => parse_pcap_frame_be,
            (false, _) => parse_pcap_frame,
        };
        let (_, record): (_, LegacyPcapBlock<'_>) =
            parse(self.window.rest()).map_err(|_| self.damaged("a packet's header is damaged"))?;
        let fraction = u64::from(record.ts_usec) * if nanos { 1 } else { 1000 };
        let time = Timestamp(u64::from(record.ts_sec) * 1_000_000_000 + fraction);
        let cut = (record.origlen as usize).saturating_sub(captured);
        self.window.skip(taken);
        Ok(Packet { time: Some(time), link, damaged: false, cut, range: header_bytes..taken, taken })
    }

    /// One block; `None`: it holds no packet.
    fn block(&mut self) -> Result<Option<Packet>, Damage> {
        if !self.need(BLOCK_OVERHEAD)? {
            return Err(self.damaged("the last block is cut off"));
        }
        let rest = self.window.rest();
        let is_section = u32_at(rest, 0, false) == SECTION;
        let big = match &self.form {
            _ if is_section => match (u32_at(rest, 8, false), u32_at(rest, 8, true)) {
                (BYTE_ORDER, _) => false,
                (_, BYTE_ORDER) => true,
                _ => return Err(self.damaged("a section has no byte order")),
            },
            Some(Open::Pcapng { big, .. }) => *big,
            _ => return Err(self.damaged("the file does not begin with a section")),
        };
        let (kind, total) = (u32_at(rest, 0, big), u32_at(rest, 4, big) as usize);
        if total < BLOCK_OVERHEAD || !total.is_multiple_of(4) {
            return Err(self.damaged("a block's length is damaged"));
        }
        let matters = is_section || matches!(kind, INTERFACE | OBSOLETE_PACKET | SIMPLE_PACKET | ENHANCED_PACKET);
        if !matters {
            return self.pass(total, big).map(|()| None);
        }
        if total > MAX_PACKET_BYTES {
            return Err(self.damaged("a block's length is damaged"));
        }
        if !self.need(total)? {
            return Err(self.damaged("the last block is cut off"));
        }
        if u32_at(self.window.rest(), total - 4, big) as usize != total {
            return Err(self.damaged("a block's length is damaged"));
        }
        let found = self.block_of(kind, is_section, total, big)?;
        self.window.skip(total);
        Ok(found)
    }

    /// A block that says nothing about packets, however long it is, is not even read.
    fn pass(&mut self, total: usize, big: bool) -> Result<(), Damage> {
        let at = self.damaged("a block's length is damaged");
        let cut = self.damaged("the last block is cut off");
        self.window.skip(total - 4);
        if !self.need(4)? {
            return Err(cut);
        }
        if u32_at(self.window.rest(), 0, big) as usize != total {
            return Err(at);
        }
        self.window.skip(4);
        Ok(())
    }

    fn block_of(&mut self, kind: u32, is_section: bool, total: usize, big: bool) -> Result<Option<Packet>, Damage> {
        if is_section {
            if total < BLOCK_OVERHEAD + 16 {
                return Err(self.damaged("a section's header is damaged"));
            }
            self.form = Some(Open::Pcapng { big, interfaces: Vec::new() });
            return Ok(None);
        }
        let block = self.window.rest().get(..total).unwrap_or_default();
        let damaged = |why: &str| (self.window.offset(), why.to_owned());
        if kind == INTERFACE {
            let interface = interface(block, big).ok_or_else(|| damaged("an interface's description is damaged"))?;
            let Some(Open::Pcapng { interfaces, .. }) = &mut self.form else { return Ok(None) };
            if interfaces.len() >= MAX_INTERFACES {
                return Err(self.damaged("there are too many interfaces"));
            }
            interfaces.push(interface);
            return Ok(None);
        }
        let Some(Open::Pcapng { interfaces, .. }) = &self.form else { return Ok(None) };
        let number = match kind {
            SIMPLE_PACKET => 0,
            OBSOLETE_PACKET => u16_at(block, 8, big) as usize,
            _ => u32_at(block, 8, big) as usize,
        };
        let interface =
            interfaces.get(number).ok_or_else(|| damaged("a packet is of an interface that is not there"))?;
        let packet = match kind {
            SIMPLE_PACKET => interface.simple(block, big),
            OBSOLETE_PACKET => interface.obsolete(block, big),
            _ => interface.enhanced(block, big),
        };
        Ok(Some(packet.ok_or_else(|| damaged("a packet's header is damaged"))?))
    }
}

fn interface(block: &[u8], big: bool) -> Option<Interface> {
    let parse = if big { parse_interfacedescriptionblock_be } else { parse_interfacedescriptionblock_le };
    let (_, found): (_, InterfaceDescriptionBlock<'_>) = parse(block).ok()?;
    let offset = found.options.iter().find(|option| option.code == OptionCode::IfTsoffset);
    let offset = offset.and_then(|option| option.as_bytes().ok()?.first_chunk::<8>().copied());
    let offset_seconds =
        offset.map_or(0, |bytes| if big { i64::from_be_bytes(bytes) } else { i64::from_le_bytes(bytes) });
    let link = found.linktype.0.cast_unsigned() as u16;
    Some(Interface { link, resolution: found.if_tsresol, offset_seconds, snaplen: found.snaplen })
}

impl Interface {
    fn enhanced(&self, block: &[u8], big: bool) -> Option<Packet> {
        let parse = if big { parse_enhancedpacketblock_be } else { parse_enhancedpacketblock_le };
        let (_, found): (_, EnhancedPacketBlock<'_>) = parse(block).ok()?;
        let range = within(28, found.caplen as usize, block.len())?;
        let hash = found.options.iter().find(|option| option.code.0 == OPTION_HASH);
        let damaged = hash.and_then(|option| option.as_bytes().ok()).is_some_and(|value| match value {
            [HASH_CRC32, crc @ ..] if crc.len() == 4 => {
                u32_at(crc, 0, big) != crc32fast::hash(block.get(range.clone()).unwrap_or_default())
            }
            _ => false,
        });
        let time = self.time(u64::from(found.ts_high) << 32 | u64::from(found.ts_low));
        let cut = found.origlen.saturating_sub(found.caplen) as usize;
        Some(Packet { time: Some(time), link: self.link, damaged, cut, range, taken: block.len() })
    }

    /// Type 2, which older programs wrote.
    fn obsolete(&self, block: &[u8], big: bool) -> Option<Packet> {
        if block.len() < 32 {
            return None;
        }
        let range = within(28, u32_at(block, 20, big) as usize, block.len())?;
        let time = self.time(u64::from(u32_at(block, 12, big)) << 32 | u64::from(u32_at(block, 16, big)));
        let cut = (u32_at(block, 24, big) as usize).saturating_sub(range.len());
        Some(Packet { time: Some(time), link: self.link, damaged: false, cut, range, taken: block.len() })
    }

    /// No time, and no captured length either: what fits is what was captured.
    fn simple(&self, block: &[u8], big: bool) -> Option<Packet> {
        let room = block.len().checked_sub(16)?;
        let snaplen = if self.snaplen == 0 { usize::MAX } else { self.snaplen as usize };
        let sent = u32_at(block, 8, big) as usize;
        let captured = sent.min(snaplen).min(room);
        Some(Packet {
            time: None,
            link: self.link,
            damaged: false,
            cut: sent - captured,
            range: 12..12 + captured,
            taken: block.len(),
        })
    }

    fn time(&self, units: u64) -> Timestamp {
        let nanos = match self.resolution {
            6 => u128::from(units) * 1000,
            9 => u128::from(units),
            power if power & 0x80 != 0 => (u128::from(units) * 1_000_000_000) >> (power & 0x7f),
            power => match 10u128.checked_pow(u32::from(power)) {
                Some(a_second) => u128::from(units) * 1_000_000_000 / a_second,
                None => 0,
            },
        };
        let nanos = nanos.cast_signed() + i128::from(self.offset_seconds) * 1_000_000_000;
        Timestamp(nanos.clamp(0, i128::from(u64::MAX)) as u64)
    }
}

/// A packet's bytes, with their padding and the block's second length behind them.
fn within(from: usize, captured: usize, total: usize) -> Option<Range<usize>> {
    let end = from.checked_add(captured)?;
    (end <= total.checked_sub(4)?).then_some(from..end)
}

fn u16_at(bytes: &[u8], at: usize, big: bool) -> u16 {
    let two = bytes.get(at..).and_then(|bytes| bytes.first_chunk::<2>()).copied().unwrap_or_default();
    if big { u16::from_be_bytes(two) } else { u16::from_le_bytes(two) }
}

fn u32_at(bytes: &[u8], at: usize, big: bool) -> u32 {
    let four = bytes.get(at..).and_then(|bytes| bytes.first_chunk::<4>()).copied().unwrap_or_default();
    if big { u32::from_be_bytes(four) } else { u32::from_le_bytes(four) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_every_resolution_become_nanoseconds() {
        let at = |resolution, offset_seconds, units| {
            Interface { link: 1, resolution, offset_seconds, snaplen: 0 }.time(units).0
        };
        assert_eq!(at(6, 0, 1_700_000_000_123_456), 1_700_000_000_123_456_000);
        assert_eq!(at(9, 0, 1_700_000_000_123_456_789), 1_700_000_000_123_456_789);
        assert_eq!(at(3, 10, 2_500), 12_500_000_000);
        assert_eq!(at(0, -1, 5), 4_000_000_000);
        assert_eq!(at(12, 0, 1_000), 1);
        assert_eq!(at(0x80 | 10, 0, 1536), 1_500_000_000);
        assert_eq!(at(0xff, i64::MIN, u64::MAX), 0);
        assert_eq!(at(127, i64::MAX, u64::MAX), u64::MAX);
    }
}
