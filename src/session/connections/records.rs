//! One compact record for each connection of a session, added up from the 16-byte rows in memory.
//!
//! Owns: the records, in the order in which the connections began, and when endpoints stopped. Never: the file, times,
//! addresses. Called by: the thread of the table, and the CSV of it.

use std::collections::HashMap;

use super::super::log::Log;
use super::super::rows::Row;
use crate::model::{ConnectionId, EndpointId, EventKind};

/// Rows copied from the log at once.
const ROWS_AT_ONCE: usize = 16 * 1024;
/// Places of the vector of ids that may be empty beside one for each that is taken: a file may hold ids with wide holes.
const DENSE_AHEAD: usize = 4096;

/// What the rows tell of one connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub first_row: u64,
    pub last_row: u64,
    /// The row that says how it ended; only meant where `ending` is one.
    pub telling_row: u64,
    pub bytes_in: u64,
    pub bytes_out: u64,
    pub events_in: u64,
    pub events_out: u64,
    pub id: ConnectionId,
    pub endpoint: EndpointId,
    pub ending: Ending,
    pub peer_finished: bool,
    pub we_finished: bool,
}

/// How a connection ended, as far as the kinds of its events tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Ending {
    #[default]
    None,
    Closed,
    Reset,
    TurnedAway,
    /// A datagram that comes later takes it back: UDP goes on after an unreachable port.
    Failed,
}

impl Record {
    fn new(row_number: u64, id: ConnectionId, endpoint: EndpointId) -> Self {
        Self {
            first_row: row_number,
            last_row: row_number,
            telling_row: row_number,
            bytes_in: 0,
            bytes_out: 0,
            events_in: 0,
            events_out: 0,
            id,
            endpoint,
            ending: Ending::None,
            peer_finished: false,
            we_finished: false,
        }
    }

    pub fn bytes(&self) -> u64 {
        self.bytes_in.saturating_add(self.bytes_out)
    }

    fn add(&mut self, number: u64, row: Row) {
        self.last_row = number;
        match row.kind() {
            EventKind::Received => {
                self.events_in += 1;
                self.bytes_in = self.bytes_in.saturating_add(row.length() as u64);
                self.goes_on();
            }
            EventKind::Sent => {
                self.events_out += 1;
                self.bytes_out = self.bytes_out.saturating_add(row.length() as u64);
                self.goes_on();
            }
            EventKind::PeerFinished => self.peer_finished = true,
            EventKind::Finished => self.we_finished = true,
            // What failed is closed afterwards; why it failed says more.
            EventKind::Closed if self.ending == Ending::Failed => {}
            EventKind::Closed => self.ends(Ending::Closed, number),
            EventKind::Reset => self.ends(Ending::Reset, number),
            EventKind::TurnedAway => self.ends(Ending::TurnedAway, number),
            EventKind::Failed => self.ends(Ending::Failed, number),
            _ => {}
        }
    }

    fn ends(&mut self, ending: Ending, number: u64) {
        (self.ending, self.telling_row) = (ending, number);
    }

    fn goes_on(&mut self) {
        if self.ending == Ending::Failed {
            self.ending = Ending::None;
        }
    }
}

/// What is known of an endpoint.
#[derive(Clone, Copy, Debug)]
pub(super) struct EndpointRecord {
    /// A row that names it.
    pub row: u64,
    /// Its newest end: UDP peers have no end of their own.
    pub stopped_row: Option<u64>,
    pub connections: u64,
    /// A UDP socket, as far as it was read.
    pub is_udp: bool,
}

#[derive(Default)]
pub(super) struct Records {
    /// Rows looked at.
    pub rows: u64,
    list: Vec<Record>,
    /// Place in the list plus one, by id; wild ids lie in the map.
    dense: Vec<u32>,
    sparse: HashMap<u32, u32>,
    endpoints: HashMap<EndpointId, EndpointRecord>,
    /// An endpoint stopped: before that nobody needs to be looked up.
    any_stopped: bool,
    /// Bytes of those that moved since they were asked for, as they were before.
    moved: Option<HashMap<u32, u64>>,
}

impl Records {
    pub fn len(&self) -> usize {
        self.list.len()
    }

    pub fn get(&self, place: u32) -> Option<&Record> {
        self.list.get(place as usize)
    }

    /// In the order in which they began.
    pub fn all(&self) -> &[Record] {
        &self.list
    }

    pub fn endpoints(&self) -> &HashMap<EndpointId, EndpointRecord> {
        &self.endpoints
    }

    /// A peer of a UDP socket that was closed: no event of its own says so. Peers of a listener outlive it.
    pub fn is_stopped(&self, record: &Record) -> bool {
        if !self.any_stopped {
            return false;
        }
        let stopped = self.endpoints.get(&record.endpoint).filter(|endpoint| endpoint.is_udp);
        stopped.and_then(|endpoint| endpoint.stopped_row).is_some_and(|row| row > record.last_row)
    }

    /// It turned out to be a UDP socket.
    pub fn set_udp(&mut self, id: EndpointId) {
        if let Some(endpoint) = self.endpoints.get_mut(&id) {
            endpoint.is_udp = true;
        }
    }

    /// Adds rows of the log that are new, at most about `limit` of them. `true`: there are more.
    pub fn catch_up(&mut self, log: &Log, limit: usize) -> bool {
        let until = self.rows.saturating_add(limit as u64);
        let mut rows = Vec::new();
        while self.rows < until {
            // What stood before was deleted with its file, uncounted.
            self.rows = self.rows.max(log.rows.first());
            log.rows.copy(self.rows, ROWS_AT_ONCE, &mut rows);
            if rows.is_empty() {
                return false;
            }
            for row in &rows {
                self.add(*row, |row| log.endpoint_of(row));
            }
        }
        self.rows < log.rows.len()
    }

    /// Adds the next row; `endpoint_of` is asked for the first of a connection.
    pub fn add(&mut self, row: Row, endpoint_of: impl FnOnce(Row) -> EndpointId) {
        let number = self.rows;
        self.rows += 1;
        if let Some(endpoint) = row.own_endpoint() {
            let known = self.endpoint(endpoint, number);
            if row.kind() == EventKind::Stopped {
                known.stopped_row = Some(number);
                self.any_stopped = true;
            }
            return;
        }
        let id = row.connection();
        let place = match self.place_of(id) {
            Some(place) => place,
            // More than four billion connections: what is beyond is not listed.
            None if self.list.len() >= u32::MAX as usize - 1 => return,
            None => self.begin(number, id, endpoint_of(row)),
        };
        let Some(record) = self.list.get_mut(place as usize) else { return };
        if let Some(moved) = &mut self.moved
            && matches!(row.kind(), EventKind::Received | EventKind::Sent)
        {
            moved.entry(place).or_insert_with(|| record.bytes());
        }
        record.add(number, row);
    }

    /// From now on it is noted which ones move; gives back those that moved until now, with their bytes before that.
    pub fn note_moves(&mut self) -> HashMap<u32, u64> {
        self.moved.replace(HashMap::new()).unwrap_or_default()
    }

    fn endpoint(&mut self, id: EndpointId, row: u64) -> &mut EndpointRecord {
        self.endpoints.entry(id).or_insert(EndpointRecord { row, stopped_row: None, connections: 0, is_udp: false })
    }

    fn begin(&mut self, number: u64, id: ConnectionId, endpoint: EndpointId) -> u32 {
        let place = self.list.len() as u32;
        self.endpoint(endpoint, number).connections += 1;
        self.list.push(Record::new(number, id, endpoint));
        let at = id.0 as usize;
        if at >= self.dense.len() && at < 2 * self.list.len() + DENSE_AHEAD {
            self.dense.resize(at + 1, 0);
        }
        match self.dense.get_mut(at) {
            Some(of) => *of = place + 1,
            None => {
                self.sparse.insert(id.0, place + 1);
            }
        }
        place
    }

    pub fn place_of(&self, id: ConnectionId) -> Option<u32> {
        let dense = self.dense.get(id.0 as usize).copied().filter(|place| *place > 0);
        dense.or_else(|| self.sparse.get(&id.0).copied()).map(|place| place - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn of(kind: EventKind, connection: u32, length: usize) -> Row {
        Row::new(0, kind, ConnectionId(connection), EndpointId(connection % 7 + 1), length)
    }

    fn records(rows: &[Row]) -> Records {
        let mut records = Records::default();
        for row in rows {
            records.add(*row, |row| EndpointId(row.connection().0 % 7 + 1));
        }
        records
    }

    /// All that one connection's own events tell, one event after the other.
    fn slow(rows: &[Row], id: u32) -> Record {
        let own: Vec<(u64, Row)> = rows
            .iter()
            .enumerate()
            .filter(|(_, row)| row.connection().0 == id)
            .map(|(n, row)| (n as u64, *row))
            .collect();
        let is = |kind: EventKind| move |(_, row): &&(u64, Row)| row.kind() == kind;
        let bytes = |kind| own.iter().filter(is(kind)).map(|(_, row)| row.length() as u64).sum();
        let mut record = Record::new(own[0].0, ConnectionId(id), EndpointId(id % 7 + 1));
        record.last_row = own[own.len() - 1].0;
        (record.bytes_in, record.bytes_out) = (bytes(EventKind::Received), bytes(EventKind::Sent));
        record.events_in = own.iter().filter(is(EventKind::Received)).count() as u64;
        record.events_out = own.iter().filter(is(EventKind::Sent)).count() as u64;
        record.peer_finished = own.iter().any(|(_, row)| row.kind() == EventKind::PeerFinished);
        record.we_finished = own.iter().any(|(_, row)| row.kind() == EventKind::Finished);
        for (number, row) in &own {
            let failed = record.ending == Ending::Failed;
            let (ending, telling) = match row.kind() {
                EventKind::Closed if !failed => (Ending::Closed, *number),
                EventKind::Reset => (Ending::Reset, *number),
                EventKind::TurnedAway => (Ending::TurnedAway, *number),
                EventKind::Failed => (Ending::Failed, *number),
                EventKind::Received | EventKind::Sent if failed => (Ending::None, record.telling_row),
                _ => (record.ending, record.telling_row),
            };
            (record.ending, record.telling_row) = (ending, telling);
        }
        record
    }

    #[test]
    fn a_record_is_small() {
        assert!(size_of::<Record>() <= 72, "{}", size_of::<Record>());
    }

    proptest! {
        #[test]
        fn fast_and_slow_agree_on_any_session(
            events in prop::collection::vec((0..EventKind::ALL.len(), 1u32..40, 0usize..2000, any::<bool>()), 1..300)
        ) {
            let rows: Vec<Row> = events
                .iter()
                // Ids of a file of others may be anything.
                .map(|(kind, id, length, far)| of(EventKind::ALL[*kind], if *far { u32::MAX - id } else { *id }, *length))
                .collect();
            let records = records(&rows);
            let mut began = BTreeMap::new();
            for (number, row) in rows.iter().enumerate() {
                began.entry(row.connection().0).or_insert(number);
            }
            prop_assert_eq!(records.len(), began.len());
            let mut order: Vec<u32> = began.keys().copied().collect();
            order.sort_by_key(|id| began[id]);
            for (record, id) in records.all().iter().zip(order) {
                prop_assert_eq!(*record, slow(&rows, id));
                prop_assert_eq!(records.place_of(record.id).and_then(|place| records.get(place)), Some(record));
            }
        }
    }

    #[test]
    fn a_failure_is_why_it_was_closed_unless_it_went_on() {
        use EventKind::{Accepted, Closed, Failed, Received};
        let rows = [of(Accepted, 1, 9), of(Failed, 1, 9), of(Closed, 1, 9), of(Failed, 2, 9), of(Received, 2, 9)];
        let records = records(&rows);
        let [first, second] = records.all() else { panic!("{}", records.len()) };
        assert_eq!((first.ending, first.telling_row, first.last_row), (Ending::Failed, 1, 2));
        assert_eq!(second.ending, Ending::None);
    }

    #[test]
    fn peers_of_a_stopped_socket_live_no_more() {
        let stopped = Row::new(0, EventKind::Stopped, ConnectionId::NONE, EndpointId(2), 100);
        let mut records = records(&[of(EventKind::Received, 1, 5), of(EventKind::Received, 2, 5)]);
        records.add(stopped, |_| unreachable!("it names its endpoint"));
        assert!(!records.is_stopped(&records.all()[0]), "a peer of a listener lives on");
        records.set_udp(EndpointId(2));
        assert!(records.is_stopped(&records.all()[0]) && !records.is_stopped(&records.all()[1]));
        // The socket was opened again.
        records.add(of(EventKind::Received, 1, 5), |_| unreachable!("it is known"));
        assert!(!records.is_stopped(&records.all()[0]));
    }

    #[test]
    fn moves_are_noted_with_what_was_before() {
        let mut records = records(&[of(EventKind::Received, 1, 5)]);
        assert!(records.note_moves().is_empty());
        for _ in 0..2 {
            records.add(of(EventKind::Sent, 1, 10), |_| unreachable!("it is known"));
        }
        assert_eq!(records.note_moves(), HashMap::from([(0, 5)]));
        assert!(records.note_moves().is_empty());
    }
}
