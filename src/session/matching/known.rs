//! What a matcher learns of the session while it looks at rows: who the ends of a connection are, how its bytes are
//! encoded, when its last event was, which events have notes.
//!
//! Owns: these memories, each bounded. Never: what a filter means.
//! Called by: `matching` and `term`.

use std::collections::HashMap;
use std::sync::Arc;

use crate::model::{ConnectionId, EndpointId, EventKind, Flow, TextEncoding, Timestamp};
use crate::session::log::Log;
use crate::session::pcapng::decode::Stored;
use crate::session::reader::Reader;
use crate::session::rows::Row;
use crate::session::{Notes, Query};

/// Connections whose addresses are kept at once.
const MAX_FLOWS: usize = 64 * 1024;
/// Connections whose last row is kept; beyond these the ones that were silent longest are forgotten.
const MAX_LAST: usize = 256 * 1024;
/// Rows looked at for the row before on the same connection.
const MAX_WALK: u64 = 100_000;
/// Enough for one event's header.
const ONE_ROW_WINDOW_BYTES: usize = 1024;

/// A row and its number.
#[derive(Clone, Copy)]
pub(in crate::session) struct Placed {
    pub number: u64,
    pub row: Row,
}

pub(super) struct Known {
    query: Query,
    pub notes: Arc<Notes>,
    flows: HashMap<ConnectionId, Arc<Flow>>,
    last_flow: Option<(ConnectionId, Arc<Flow>)>,
    /// Of the connection looked up last.
    endpoint: (ConnectionId, EndpointId),
    encoding: (ConnectionId, TextEncoding),
    last_rows: LastRows,
}

impl Known {
    pub(super) fn new(query: &Query) -> Self {
        Self {
            query: query.clone(),
            notes: Arc::default(),
            flows: HashMap::new(),
            last_flow: None,
            endpoint: Default::default(),
            encoding: (ConnectionId::NONE, query.encodings.everywhere),
            last_rows: LastRows::default(),
        }
    }

    pub(super) fn endpoint(&mut self, log: &Log, row: Row) -> EndpointId {
        if let Some(own) = row.own_endpoint() {
            return own;
        }
        if self.endpoint.0 != row.connection() {
            self.endpoint = (row.connection(), log.endpoint_of(row));
        }
        self.endpoint.1
    }

    /// How the bytes of a row are read as text.
    pub(super) fn encoding(&mut self, log: &Log, row: Row) -> TextEncoding {
        let encodings = &self.query.encodings;
        if encodings.connections.is_empty() && encodings.endpoints.is_empty() {
            return encodings.everywhere;
        }
        if self.encoding.0 != row.connection() || row.connection().is_none() {
            let endpoint = self.endpoint(log, row);
            self.encoding = (row.connection(), self.query.encodings.of_connection(endpoint, row.connection()));
        }
        self.encoding.1
    }

    /// Who the ends are, when it is known without reading.
    ///
    /// The events with bytes of one connection have one flow; happenings tell theirs themselves (a client has no address
    /// of its own before it is connected).
    pub(super) fn flow_of(&mut self, row: Row) -> Option<Arc<Flow>> {
        if !matches!(row.kind(), EventKind::Received | EventKind::Sent) || row.connection().is_none() {
            return None;
        }
        match &self.last_flow {
            Some((connection, flow)) if *connection == row.connection() => return Some(flow.clone()),
            _ => {}
        }
        let flow = self.flows.get(&row.connection())?.clone();
        self.last_flow = Some((row.connection(), flow.clone()));
        Some(flow)
    }

    /// The same, from the row as it stands in the file.
    pub(super) fn flow_in(&mut self, log: &Log, row: Row, stored: &Stored<'_>) -> Arc<Flow> {
        if let Some(flow) = self.flow_of(row) {
            return flow;
        }
        let interface = stored.interface().and_then(|number| log.interface(row.file(), row.offset(), number));
        let flow = Arc::new(stored.flow(interface.as_ref()));
        if stored.payload().is_some() && !row.connection().is_none() {
            if self.flows.len() >= MAX_FLOWS {
                self.flows.clear();
            }
            self.flows.insert(row.connection(), flow.clone());
            self.last_flow = Some((row.connection(), flow.clone()));
        }
        flow
    }

    /// Tells of a row that was looked at, so that the next one on its connection finds it.
    pub(super) fn note(&mut self, log: &Log, at: Placed, time: Option<Timestamp>) {
        self.last_rows.note(at, time, log);
    }

    /// Nanoseconds since the row before on the same connection.
    pub(super) fn gap(&mut self, log: &Log, at: Placed, time: Timestamp) -> Option<u64> {
        if at.row.connection().is_none() {
            return None;
        }
        let before = if self.last_rows.next == at.number {
            let (row, before) = self.last_rows.rows.get(&at.row.connection())?;
            before.or_else(|| time_of(log, *row))?
        } else {
            time_of(log, row_before(log, at, MAX_WALK)?.row)?
        };
        Some(time.nanos_since(before))
    }
}

/// The last row of each connection, as long as the rows are told in their order and none is left out.
#[derive(Default)]
struct LastRows {
    /// The number of the row that comes next.
    next: u64,
    rows: HashMap<ConnectionId, (Row, Option<Timestamp>)>,
}

impl LastRows {
    fn note(&mut self, at: Placed, time: Option<Timestamp>, log: &Log) {
        if at.number > self.next && at.number <= log.rows.first() {
            // The rows between are gone with their file: there is nothing left to be told before this one.
            self.rows.clear();
            self.next = at.number;
        }
        if at.number != self.next {
            return;
        }
        self.next += 1;
        if at.row.connection().is_none() {
            return;
        }
        if self.rows.len() >= MAX_LAST && !self.rows.contains_key(&at.row.connection()) {
            let mut places: Vec<_> = self.rows.values().map(|(row, _)| row.place()).collect();
            let middle = places.len() / 2;
            let (_, newer, _) = places.select_nth_unstable(middle);
            let newer = *newer;
            self.rows.retain(|_, (row, _)| row.place() >= newer);
        }
        self.rows.insert(at.row.connection(), (at.row, time));
    }
}

/// The row before on the same connection, among so many rows before it.
pub(in crate::session) fn row_before(log: &Log, at: Placed, most: u64) -> Option<Placed> {
    let connection = at.row.connection();
    if connection.is_none() {
        return None;
    }
    let (number, row) = log.rows.last_before(at.number, most, |row| row.connection() == connection)?;
    Some(Placed { number, row })
}

/// Nanoseconds from the row before to a time.
pub(in crate::session) fn gap_before(log: &Log, before: Placed, time: Timestamp) -> Option<u64> {
    Some(time.nanos_since(time_of(log, before.row)?))
}

fn time_of(log: &Log, row: Row) -> Option<Timestamp> {
    Reader::new(log, ONE_ROW_WINDOW_BYTES).stored(row).ok().map(|stored| stored.time)
}
