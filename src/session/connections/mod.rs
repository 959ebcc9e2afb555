//! The table of connections: every connection of a session, live and past, in any order, for as many as there are.
//!
//! Owns: the thread that adds rows up, reads what rows in memory do not tell, and sorts; the table as CSV.
//! Never: drawing, waiting inside a frame. The snapshot carries only the rows around the screen.
//! Called by: `ui`, while a table or the list of an opened file is shown.

mod arrange;
mod detail;
mod facts;
mod records;
mod table_csv;
mod thread;

use std::sync::Arc;

use parking_lot::Mutex;

use super::Clock;
use super::log::{Log, Signal};
use crate::model::{By, ConnectionId, EndpointId, Failure, Flow, Timestamp};

pub use table_csv::{ConnectionsCsv, connections_csv, save_connections_csv};

/// No screen shows more rows than this at once.
const MAX_WANTED: usize = 4096;

/// What the table can be sorted by; `Opened` is the order in which they began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ConnectionColumn {
    Endpoint,
    Local,
    Peer,
    State,
    #[default]
    Opened,
    Duration,
    BytesIn,
    BytesOut,
    EventsIn,
    EventsOut,
    /// Bytes a second over its life, and over the last second.
    Rate,
    RateNow,
}

impl ConnectionColumn {
    pub const ALL: [Self; 12] = [
        Self::Endpoint,
        Self::Local,
        Self::Peer,
        Self::State,
        Self::Opened,
        Self::Duration,
        Self::BytesIn,
        Self::BytesOut,
        Self::EventsIn,
        Self::EventsOut,
        Self::Rate,
        Self::RateNow,
    ];
}

/// Which connections are listed, in which order. Equal ones stand in the order in which they began.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConnectionsOrder {
    pub by: ConnectionColumn,
    pub descending: bool,
    /// Only those that have this text in an address or in their endpoint; ASCII letters match in both cases.
    pub text: String,
}

/// How a connection stands.
#[derive(Clone, Debug, PartialEq)]
pub enum ConnectionLife {
    Open,
    /// One side finished sending.
    HalfClosed {
        by: By,
    },
    /// `None`: what the row says about it cannot be read.
    Closed {
        by: Option<By>,
    },
    Reset {
        by: Option<By>,
    },
    /// Reset by a listener that had enough peers.
    TurnedAway,
    Failed(Option<Box<Failure>>),
    /// Nothing tells its end: the recording ended first.
    Unended,
}

/// A row of the table.
#[derive(Clone, Debug, PartialEq)]
pub struct ConnectionEntry {
    pub id: ConnectionId,
    pub endpoint: EndpointId,
    /// `None`: it cannot be read.
    pub flow: Option<Arc<Flow>>,
    pub life: ConnectionLife,
    pub live: bool,
    pub opened: Option<Timestamp>,
    /// Its end; for a live one the time of the snapshot, for a peer of a UDP socket its newest datagram.
    pub until: Option<Timestamp>,
    pub bytes_in: u64,
    pub bytes_out: u64,
    pub events_in: u64,
    pub events_out: u64,
    /// Over the last second, while bytes flow.
    pub rate_now: Option<f64>,
}

impl ConnectionEntry {
    pub fn duration_nanos(&self) -> Option<u64> {
        Some(self.until?.nanos_since(self.opened?))
    }

    /// Bytes a second over its life; `None` while that is too short to say.
    pub fn rate(&self) -> Option<f64> {
        rate(self.bytes_in.saturating_add(self.bytes_out), self.duration_nanos()?)
    }
}

/// Over less than a millisecond a rate says nothing.
fn rate(bytes: u64, nanos: u64) -> Option<f64> {
    (nanos >= 1_000_000).then(|| bytes as f64 * 1e9 / nanos as f64)
}

/// An endpoint of the session, for lists by endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointEntry {
    pub id: EndpointId,
    pub uri: Arc<str>,
    pub connections: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ConnectionSums {
    pub connections: u64,
    pub live: u64,
    pub bytes_in: u64,
    pub bytes_out: u64,
    pub events_in: u64,
    pub events_out: u64,
}

/// What can be drawn now.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConnectionsSnapshot {
    /// The thread has looked; before that nothing is known.
    pub ready: bool,
    pub order: ConnectionsOrder,
    /// Connections of the session, and those that are listed together.
    pub total: u64,
    pub listed: ConnectionSums,
    /// Rows of the session that are added up, and rows there are.
    pub scanned: u64,
    pub rows: u64,
    /// Connections that were read for this order; smaller than `total` while the order is not final.
    pub read: u64,
    /// From the first event to the last, or to now.
    pub from: Timestamp,
    pub until: Timestamp,
    /// Rows around the screen, from this place in the order on.
    pub first: u64,
    pub entries: Vec<Arc<ConnectionEntry>>,
    /// By their addresses, as `ConnectionColumn::Endpoint` sorts.
    pub endpoints: Arc<[EndpointEntry]>,
}

impl ConnectionsSnapshot {
    pub fn entry(&self, place: u64) -> Option<&Arc<ConnectionEntry>> {
        self.entries.get(usize::try_from(place.checked_sub(self.first)?).ok()?)
    }
}

/// A handle on the thread; dropping it ends the thread.
pub struct ConnectionsView {
    shared: Arc<Shared>,
}

struct Shared {
    orders: Mutex<Orders>,
    snapshot: Mutex<Arc<ConnectionsSnapshot>>,
    /// Given by orders alone, and by orders and a growing log.
    ordered: Signal,
    moved: Arc<Signal>,
}

#[derive(Clone, Default, PartialEq)]
struct Orders {
    order: ConnectionsOrder,
    want: (u64, usize),
    closed: bool,
}

impl ConnectionsView {
    /// `clock` is that of a session being recorded: its open connections live until now. `wake` is called when a new
    /// snapshot stands ready, at most once per 33 ms.
    pub fn new(log: Arc<Log>, clock: Option<Clock>, wake: Arc<dyn Fn() + Send + Sync>) -> Self {
        let shared = Arc::new(Shared {
            orders: Mutex::default(),
            snapshot: Mutex::default(),
            ordered: Signal::default(),
            moved: log.watch(),
        });
        thread::start(log, clock, shared.clone(), wake);
        Self { shared }
    }

    /// Takes effect soon; the snapshot says whose order it shows.
    pub fn arrange(&self, order: ConnectionsOrder) {
        self.order(|orders| orders.order = order);
    }

    /// Rows wanted in the snapshot: places in the order.
    pub fn want(&self, first: u64, count: usize) {
        self.order(|orders| orders.want = (first, count.min(MAX_WANTED)));
    }

    pub fn snapshot(&self) -> Arc<ConnectionsSnapshot> {
        self.shared.snapshot.lock().clone()
    }

    /// Asking for the same again costs nothing: a frame may do so every time.
    fn order(&self, change: impl FnOnce(&mut Orders)) {
        let mut orders = self.shared.orders.lock();
        let before = orders.clone();
        change(&mut orders);
        let changed = before != *orders;
        drop(orders);
        if changed {
            self.shared.ordered.give();
            self.shared.moved.give();
        }
    }
}

impl Drop for ConnectionsView {
    fn drop(&mut self) {
        self.order(|orders| orders.closed = true);
    }
}
