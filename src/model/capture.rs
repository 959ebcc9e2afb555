//! What an imported capture was: how many packets it held, and what of them has no place in a session.
//! Built by: session's import. Shown by: ui and cli, in the words of `words::capture`.

use std::collections::BTreeMap;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    pub packets: u64,
    /// What was not taken over, and how often.
    pub left_out: BTreeMap<LeftOut, u64>,
}

/// Why something that stands in a capture is not among the events of its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LeftOut {
    /// Packets of a link type that is not read (a number of the tcpdump registry).
    LinkType(u16),
    /// Frames that carry something other than IP (an Ethernet type: 0x0806 is ARP).
    NotIp(u16),
    /// IP packets that are neither TCP nor UDP (a number of the IANA registry: 1 is ICMP).
    NotTcpUdp(u8),
    /// Packets whose headers are cut off or contradict themselves.
    Headers,
    /// IP fragments of which a part is missing.
    Fragments,
    /// TCP segments whose number lies far from all of their stream.
    FarSegments,
    /// Connections that were asked for and never answered.
    Unanswered,
    /// Packets that carry no time: their events are of 1970.
    NoTime,
    /// Packets whose checksum, where the capture holds one, does not fit their bytes.
    Damaged,
}

impl Imported {
    pub fn leave_out(&mut self, what: LeftOut) {
        *self.left_out.entry(what).or_default() += 1;
    }
}
