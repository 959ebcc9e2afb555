//! What the rows in memory do not tell of a connection and an order needs: addresses and times, read from the file once.
//!
//! Owns: one fact sheet for each connection, read in the background, and the addresses of endpoints.
//! Never: what only a row on screen shows (`detail`). Called by: the thread of the table, and the CSV of it.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::super::log::Log;
use super::super::reader::Reader;
use super::EndpointEntry;
use super::records::{Ending, EndpointRecord, Record, Records};
use crate::model::{By, EndpointId, Flow, Happening, Timestamp, Transport, What};

/// Reads between two looks at the clock.
const READS: usize = 64;
/// Endpoints whose address is read; a file may name as many as it has rows.
const MAX_NAMED_ENDPOINTS: usize = 10_000;

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Facts {
    pub opened: Timestamp,
    pub local: Option<SocketAddr>,
    pub peer: Option<SocketAddr>,
    pub udp: bool,
    /// When the row `end_row` was; who ended it, where that row says so.
    pub ended: Timestamp,
    pub by: Option<By>,
    end_row: Option<u64>,
}

/// The facts of all connections, by their place among the records.
#[derive(Default)]
pub(super) struct FactBook {
    list: Vec<Facts>,
    /// Where the search for changed ends goes on.
    next: usize,
}

impl FactBook {
    pub fn get(&self, place: u32) -> Option<&Facts> {
        self.list.get(place as usize)
    }

    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Reads what is missing or has changed, for about `time`. `true` in the first place: something was read; in the
    /// second: there is more.
    pub fn read(
        &mut self,
        log: &Log,
        reader: &mut Reader<'_>,
        records: &Records,
        live: bool,
        time: Duration,
    ) -> (bool, bool) {
        let begun = Instant::now();
        let mut reads = 0;
        let over = |reads: usize| reads.is_multiple_of(READS) && begun.elapsed() >= time;
        while let Some(record) = records.all().get(self.list.len()) {
            self.list.push(beginning(log, reader, record));
            reads += 1;
            if over(reads) {
                return (true, true);
            }
        }
        for _ in 0..self.list.len() {
            let place = self.next % self.list.len();
            self.next = place + 1;
            let (Some(facts), Some(record)) = (self.list.get_mut(place), records.all().get(place)) else { continue };
            // One that lives has no end to be read.
            let lives = live && !facts.udp && record.ending == Ending::None;
            if lives || facts.end_row == Some(record.last_row) {
                continue;
            }
            facts.end_row = Some(record.last_row);
            (facts.ended, facts.by) = end(log, reader, record);
            reads += 1;
            if over(reads) {
                return (true, true);
            }
        }
        (reads > 0, false)
    }
}

fn beginning(log: &Log, reader: &mut Reader<'_>, record: &Record) -> Facts {
    // Where the beginning is gone with its file, the newest event tells who they are.
    let told = time_and_flow(log, reader, record.first_row);
    let Some((time, flow)) = told.or_else(|| time_and_flow(log, reader, record.last_row)) else {
        return Facts::default();
    };
    let udp = flow.transport == Transport::Udp;
    Facts { opened: time, local: flow.local, peer: flow.peer, udp, ..Facts::default() }
}

/// When its newest event was, and who ended it.
fn end(log: &Log, reader: &mut Reader<'_>, record: &Record) -> (Timestamp, Option<By>) {
    let tells = matches!(record.ending, Ending::Closed | Ending::Reset);
    if !tells {
        return (time_of(log, reader, record.last_row).unwrap_or_default(), None);
    }
    let told = log.rows.get(record.telling_row).and_then(|row| {
        let stored = reader.stored(row).ok()?;
        let by = match stored.what() {
            What::Happened(happening) => ended_by(&happening),
            _ => None,
        };
        Some((stored.time, by))
    });
    let (time, by) = told.unwrap_or_default();
    let last = (record.last_row != record.telling_row).then(|| time_of(log, reader, record.last_row)).flatten();
    (last.unwrap_or(time), by)
}

pub(super) fn ended_by(happening: &Happening) -> Option<By> {
    match happening {
        Happening::Closed { by, .. } | Happening::Reset { by, .. } => Some(*by),
        _ => None,
    }
}

pub(super) fn time_of(log: &Log, reader: &mut Reader<'_>, row: u64) -> Option<Timestamp> {
    Some(reader.stored(log.rows.get(row)?).ok()?.time)
}

pub(super) fn time_and_flow(log: &Log, reader: &mut Reader<'_>, row: u64) -> Option<(Timestamp, Flow)> {
    let row = log.rows.get(row)?;
    let stored = reader.stored(row).ok()?;
    let interface = stored.interface().and_then(|number| log.interface(row.file(), row.offset(), number));
    Some((stored.time, stored.flow(interface.as_ref())))
}

/// Endpoints in the order of their addresses.
#[derive(Default)]
pub(super) struct EndpointBook {
    uris: HashMap<EndpointId, Arc<str>>,
    ranks: HashMap<EndpointId, u32>,
    sorted: Arc<[EndpointEntry]>,
    /// Connections that are counted in it.
    connections: usize,
}

impl EndpointBook {
    /// `true`: something is new.
    /// Reads the addresses of those that are new.
    pub fn update(&mut self, log: &Log, reader: &mut Reader<'_>, records: &mut Records) {
        if records.endpoints().len() == self.sorted.len() && records.len() == self.connections {
            return;
        }
        self.connections = records.len();
        let room = MAX_NAMED_ENDPOINTS.saturating_sub(self.uris.len());
        let unnamed = records.endpoints().iter().filter(|(id, _)| !self.uris.contains_key(id));
        let unnamed: Vec<(EndpointId, u64)> = unnamed.take(room).map(|(id, endpoint)| (*id, endpoint.row)).collect();
        for (id, row) in unnamed {
            let flow = time_and_flow(log, reader, row).map(|(_, flow)| flow);
            if flow.as_ref().is_some_and(|flow| flow.transport == Transport::Udp) {
                records.set_udp(id);
            }
            self.uris.insert(id, flow.map(|flow| flow.endpoint_uri).unwrap_or_default());
        }
        let entry = |(id, endpoint): (&EndpointId, &EndpointRecord)| EndpointEntry {
            id: *id,
            uri: self.uri(*id),
            connections: endpoint.connections,
        };
        let mut sorted: Vec<EndpointEntry> = records.endpoints().iter().map(entry).collect();
        sorted.sort_by(|a, b| a.uri.cmp(&b.uri).then(a.id.cmp(&b.id)));
        self.ranks = sorted.iter().zip(0..).map(|(endpoint, rank)| (endpoint.id, rank)).collect();
        self.sorted = sorted.into();
    }

    pub fn uri(&self, id: EndpointId) -> Arc<str> {
        self.uris.get(&id).cloned().unwrap_or_default()
    }

    pub fn rank(&self, id: EndpointId) -> u32 {
        self.ranks.get(&id).copied().unwrap_or(u32::MAX)
    }

    pub fn sorted(&self) -> Arc<[EndpointEntry]> {
        self.sorted.clone()
    }
}
