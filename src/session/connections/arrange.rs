//! The order of the table: a stable sort by one column, of those that a text leaves. Pure.
//! Called by: the thread of the table, and the CSV of it.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};

use super::facts::{EndpointBook, FactBook, Facts};
use super::records::{Ending, Record, Records};
use super::{ConnectionColumn, ConnectionSums, ConnectionsOrder, rate};
use crate::model::{By, Timestamp};

/// Places among the records, as they are listed.
pub(super) enum Listed {
    /// All, as they began.
    All {
        descending: bool,
    },
    These(Vec<u32>),
}

impl Default for Listed {
    fn default() -> Self {
        Self::All { descending: false }
    }
}

impl Listed {
    pub fn count(&self, records: &Records) -> u64 {
        match self {
            Self::All { .. } => records.len() as u64,
            Self::These(places) => places.len() as u64,
        }
    }

    /// The place among the records of a place in the table.
    pub fn at(&self, place: u64, records: &Records) -> Option<u32> {
        match self {
            Self::All { descending: false } => {
                u32::try_from(place).ok().filter(|place| (*place as usize) < records.len())
            }
            Self::All { descending: true } => u32::try_from((records.len() as u64).checked_sub(place + 1)?).ok(),
            Self::These(places) => places.get(usize::try_from(place).ok()?).copied(),
        }
    }
}

/// Everything that an order may look at.
pub(super) struct Known<'a> {
    pub records: &'a Records,
    pub facts: &'a FactBook,
    pub endpoints: &'a EndpointBook,
    /// Bytes a second over the last second.
    pub rates: &'a HashMap<u32, f64>,
    /// Until when open connections live; `None` in a file.
    pub now: Option<Timestamp>,
}

/// The order looks at what only the file tells.
pub(super) fn needs_facts(order: &ConnectionsOrder) -> bool {
    use ConnectionColumn::{Duration, Local, Peer, Rate, State};
    !order.text.is_empty() || matches!(order.by, Local | Peer | State | Duration | Rate)
}

/// It is the order of the records themselves.
pub(super) fn is_natural(order: &ConnectionsOrder) -> bool {
    order.text.is_empty() && order.by == ConnectionColumn::Opened
}

pub(super) fn arrange(order: &ConnectionsOrder, known: &Known<'_>) -> Listed {
    if is_natural(order) {
        return Listed::All { descending: order.descending };
    }
    let needle = order.text.to_ascii_lowercase();
    let mut keyed: Vec<((u128, u32), u32)> = known
        .records
        .all()
        .iter()
        .zip(0u32..)
        .filter(|(record, place)| needle.is_empty() || has_text(&needle, record, *place, known))
        .map(|(record, place)| (key(order.by, record, place, known), place))
        .collect();
    // Both ways stable: equal ones stay as they began.
    if order.descending {
        keyed.sort_by_key(|(key, _)| std::cmp::Reverse(*key));
    } else {
        keyed.sort_by_key(|(key, _)| *key);
    }
    Listed::These(keyed.into_iter().map(|(_, place)| place).collect())
}

pub(super) fn sums(listed: &Listed, records: &Records, live: bool) -> ConnectionSums {
    let mut sums = ConnectionSums::default();
    let mut add = |record: &Record| {
        sums.connections += 1;
        sums.live += u64::from(live && record.ending == Ending::None && !records.is_stopped(record));
        sums.bytes_in = sums.bytes_in.saturating_add(record.bytes_in);
        sums.bytes_out = sums.bytes_out.saturating_add(record.bytes_out);
        sums.events_in += record.events_in;
        sums.events_out += record.events_out;
    };
    match listed {
        Listed::All { .. } => records.all().iter().for_each(add),
        Listed::These(places) => places.iter().filter_map(|place| records.get(*place)).for_each(&mut add),
    }
    sums
}

fn key(by: ConnectionColumn, record: &Record, place: u32, known: &Known<'_>) -> (u128, u32) {
    let facts = || known.facts.get(place).copied().unwrap_or_default();
    let number = |value: u64| (u128::from(value), 0);
    // Positive numbers are ordered as their bits are.
    let real = |value: Option<f64>| value.map_or((0, 0), |value| (u128::from(value.to_bits()), 1));
    match by {
        ConnectionColumn::Endpoint => (0, known.endpoints.rank(record.endpoint)),
        ConnectionColumn::Local => address(facts().local),
        ConnectionColumn::Peer => address(facts().peer),
        ConnectionColumn::State => (0, state_rank(record, &facts(), known)),
        ConnectionColumn::Opened => (0, place),
        ConnectionColumn::Duration => number(duration(record, &facts(), known)),
        ConnectionColumn::BytesIn => number(record.bytes_in),
        ConnectionColumn::BytesOut => number(record.bytes_out),
        ConnectionColumn::EventsIn => number(record.events_in),
        ConnectionColumn::EventsOut => number(record.events_out),
        ConnectionColumn::Rate => real(rate(record.bytes(), duration(record, &facts(), known))),
        ConnectionColumn::RateNow => real(known.rates.get(&place).copied()),
    }
}

/// By number: IPv4 as it is mapped into IPv6. Those without one come first.
fn address(address: Option<SocketAddr>) -> (u128, u32) {
    let Some(address) = address else { return (0, 0) };
    let bits = match address.ip() {
        IpAddr::V4(ip) => ip.to_ipv6_mapped().to_bits(),
        IpAddr::V6(ip) => ip.to_bits(),
    };
    (bits, u32::from(address.port()) + 1)
}

/// From the liveliest to the worst end.
fn state_rank(record: &Record, facts: &Facts, known: &Known<'_>) -> u32 {
    let by = |by: Option<By>| match by {
        Some(By::Us) => 0,
        Some(By::Peer) => 1,
        None => 2,
    };
    match record.ending {
        Ending::None if known.records.is_stopped(record) => 10,
        Ending::None if known.now.is_none() => 4,
        Ending::None if record.peer_finished => 2,
        Ending::None if record.we_finished => 1,
        Ending::None => 0,
        Ending::Closed => 10 + by(facts.by),
        Ending::Reset => 20 + by(facts.by),
        Ending::TurnedAway => 30,
        Ending::Failed => 40,
    }
}

fn duration(record: &Record, facts: &Facts, known: &Known<'_>) -> u64 {
    let lives = record.ending == Ending::None && !facts.udp && !known.records.is_stopped(record);
    let until = known.now.filter(|_| lives).unwrap_or(facts.ended);
    until.nanos_since(facts.opened)
}

fn has_text(needle: &str, record: &Record, place: u32, known: &Known<'_>) -> bool {
    let Some(facts) = known.facts.get(place) else { return false };
    let is_in = |text: &str| text.to_ascii_lowercase().contains(needle);
    let address = |address: Option<SocketAddr>| address.is_some_and(|address| is_in(&address.to_string()));
    address(facts.peer) || address(facts.local) || is_in(&known.endpoints.uri(record.endpoint))
}
