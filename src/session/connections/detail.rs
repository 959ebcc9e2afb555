//! What a row on screen shows beyond the numbers: addresses, times, why it ended; read when it comes into view.
//!
//! Owns: what was read for the rows in view. Never: more than those. Called by: the thread of the table, and the CSV of it.

use std::collections::HashMap;
use std::sync::Arc;

use super::super::log::Log;
use super::super::reader::Reader;
use super::facts::{ended_by, time_of};
use super::records::{Ending, Record, Records};
use super::{ConnectionEntry, ConnectionLife};
use crate::model::{By, Flow, Happening, Timestamp, Transport};

#[derive(Clone)]
struct Read {
    flow: Option<Arc<Flow>>,
    opened: Option<Timestamp>,
    /// What was read of this row: its time, and what ended the connection.
    last_row: u64,
    last: Option<Timestamp>,
    told: Option<Box<Happening>>,
}

/// What was read for the rows in view, by their place among the records.
#[derive(Default)]
pub(super) struct Details {
    read: HashMap<u32, Read>,
}

impl Details {
    /// Forgets all rows but these.
    pub fn keep(&mut self, places: &[u32]) {
        if self.read.len() > places.len() {
            let places: std::collections::HashSet<u32> = places.iter().copied().collect();
            self.read.retain(|place, _| places.contains(place));
        }
    }

    /// The row of the table; `now`: until when live ones live.
    pub fn entry(
        &mut self,
        log: &Log,
        reader: &mut Reader<'_>,
        records: &Records,
        place: u32,
        now: Option<Timestamp>,
    ) -> Option<ConnectionEntry> {
        let record = records.get(place)?;
        let read = match self.read.remove(&place) {
            Some(read) if read.last_row == record.last_row => read,
            known => renewed(known, log, reader, record),
        };
        let life = life(record, read.told.as_deref(), records.is_stopped(record), now.is_some());
        let live = matches!(life, ConnectionLife::Open | ConnectionLife::HalfClosed { .. });
        let udp = read.flow.as_ref().is_some_and(|flow| flow.transport == Transport::Udp);
        let entry = ConnectionEntry {
            id: record.id,
            endpoint: record.endpoint,
            flow: read.flow.clone(),
            life,
            live,
            opened: read.opened,
            until: if live && !udp { now } else { read.last },
            bytes_in: record.bytes_in,
            bytes_out: record.bytes_out,
            events_in: record.events_in,
            events_out: record.events_out,
            rate_now: None,
        };
        self.read.insert(place, read);
        Some(entry)
    }
}

fn renewed(known: Option<Read>, log: &Log, reader: &mut Reader<'_>, record: &Record) -> Read {
    let (flow, opened) = match known {
        Some(known) if known.flow.is_some() => (known.flow, known.opened),
        _ => match reader.recorded(record.first_row) {
            Ok(recorded) => (Some(recorded.event.flow), Some(recorded.event.time)),
            // Where the beginning is gone with its file, the newest event tells who they are.
            Err(_) => {
                let newest = reader.recorded(record.last_row).ok();
                (newest.map(|newest| newest.event.flow), time_of(log, reader, record.first_row))
            }
        },
    };
    let last = time_of(log, reader, record.last_row);
    let told = (record.ending != Ending::None).then(|| reader.recorded(record.telling_row).ok()).flatten();
    let told = told.and_then(|recorded| recorded.event.happening().cloned()).map(Box::new);
    Read { flow, opened, last_row: record.last_row, last, told }
}

fn life(record: &Record, told: Option<&Happening>, stopped: bool, live: bool) -> ConnectionLife {
    let by = told.and_then(ended_by);
    match record.ending {
        Ending::Closed => ConnectionLife::Closed { by },
        Ending::Reset => ConnectionLife::Reset { by },
        Ending::TurnedAway => ConnectionLife::TurnedAway,
        Ending::Failed => ConnectionLife::Failed(told.and_then(Happening::failure).cloned().map(Box::new)),
        Ending::None if stopped => ConnectionLife::Closed { by: Some(By::Us) },
        Ending::None if !live => ConnectionLife::Unended,
        Ending::None if record.peer_finished => ConnectionLife::HalfClosed { by: By::Peer },
        Ending::None if record.we_finished => ConnectionLife::HalfClosed { by: By::Us },
        Ending::None => ConnectionLife::Open,
    }
}
