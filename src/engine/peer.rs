//! One TCP connection, or one peer's lane of a UDP socket: what its tasks, the stop lane and the publisher share.
//!
//! Owns: its state, its counters and the way to its socket. Never: tasks. Called by: all of `engine`.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};

use parking_lot::Mutex;
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::CloseHow;
use super::answering::Answering;
use super::counters::{Counters, Meter};
use super::endpoint::Endpoint;
use super::pairs::Order;
use super::shared::Shared;
use super::status::{ConnectionState, ConnectionStatus};
use super::streak::Streak;
use super::tap::Taps;
use super::udp::UdpLink;
use crate::model::{ConnectionId, Flow, Timestamp};

pub(super) struct Peer {
    pub id: ConnectionId,
    pub flow: Arc<Flow>,
    pub endpoint: Arc<Endpoint>,
    pub opened: Timestamp,
    pub counters: Counters,
    pub meter: Mutex<Meter>,
    pub state: Mutex<ConnectionState>,
    /// Nanoseconds on the session's clock since bytes wait for a peer that does not read; 0 while none wait too long.
    pub stalled_since: AtomicU64,
    pub self_connected: bool,
    /// Sequences that listen.
    pub taps: Taps,
    pub link: Link,
}

pub(super) enum Link {
    Tcp(TcpLink),
    Udp(UdpLane),
}

pub(super) struct TcpLink {
    stream: Mutex<Option<Arc<TcpStream>>>,
    /// Whose turn it is to send: payloads never mix. Only who has the turn may hold the stream while it waits.
    pub turn: tokio::sync::Mutex<()>,
    /// Held over "write and append" and over "append what was read": the log's order is the order of causes.
    pub order: Order,
    /// Only where the other end is ours do both ends count in it.
    pub streak: Streak,
    pub stop: CancellationToken,
    how: AtomicU8,
    /// The sending direction changed: finished by us, or broken.
    pub changed: Notify,
    pub we_finished: AtomicBool,
    pub broken: AtomicBool,
}

pub(super) struct UdpLane {
    pub link: Arc<UdpLink>,
    pub to: SocketAddr,
    /// Seen since the list of lanes was last pruned.
    pub touched: AtomicBool,
    /// The other end is a socket of ours: its order, and whether it is taken before our own.
    pub other: Option<(Order, bool)>,
    /// The other end is an echo of ours: do not answer it.
    pub quiet: bool,
    pub quiet_said: AtomicBool,
    /// The peer was heard.
    pub heard: AtomicBool,
    /// Its replies; taken out while they act.
    pub answering: Mutex<Option<Box<Answering>>>,
    pub stop: CancellationToken,
}

impl Peer {
    pub fn tcp(&self) -> Option<&TcpLink> {
        match &self.link {
            Link::Tcp(link) => Some(link),
            Link::Udp(_) => None,
        }
    }

    pub fn udp(&self) -> Option<&UdpLane> {
        match &self.link {
            Link::Udp(lane) => Some(lane),
            Link::Tcp(_) => None,
        }
    }

    pub fn stop(&self) -> &CancellationToken {
        match &self.link {
            Link::Tcp(link) => &link.stop,
            Link::Udp(lane) => &lane.stop,
        }
    }

    /// Where replies to a socket of ours are counted, and whether it is this one.
    pub fn streak(&self, shared: &Shared) -> Option<(Streak, bool)> {
        match &self.link {
            Link::Tcp(link) => Some((link.streak.clone(), self.self_connected)),
            Link::Udp(lane) => shared.pairs.udp_streak(self.endpoint.id, lane.to),
        }
    }

    /// What the fronts see. `now` is for what grows by itself.
    pub fn status(&self, now: Timestamp) -> ConnectionStatus {
        let stalled_since = self.stalled_since.load(Ordering::Acquire);
        let meter = self.meter.lock();
        ConnectionStatus {
            id: self.id,
            flow: self.flow.clone(),
            state: self.state.lock().clone(),
            opened: self.opened,
            totals: meter.totals(self.counters.counts()),
            recent: meter.recent(),
            not_reading_millis: (stalled_since > 0).then(|| now.nanos_since(Timestamp(stalled_since)) / 1_000_000),
            self_connected: self.self_connected,
        }
    }

    /// What stays of it when it is gone.
    pub fn last_status(&self) -> ConnectionStatus {
        let totals = self.counters.counts().at_rest();
        ConnectionStatus { totals, recent: [0; 12], not_reading_millis: None, ..self.status(self.opened) }
    }
}

impl TcpLink {
    pub fn new(stream: Arc<TcpStream>, order: Order, streak: Streak) -> Self {
        Self {
            stream: Mutex::new(Some(stream)),
            turn: tokio::sync::Mutex::default(),
            order,
            streak,
            stop: CancellationToken::new(),
            how: AtomicU8::new(0),
            changed: Notify::new(),
            we_finished: AtomicBool::new(false),
            broken: AtomicBool::new(false),
        }
    }

    /// The socket; nothing once the connection has ended.
    pub fn stream(&self) -> Option<Arc<TcpStream>> {
        self.stream.lock().clone()
    }

    pub fn take_stream(&self) -> Option<Arc<TcpStream>> {
        self.stream.lock().take()
    }

    /// Ends the connection; the task that reads does it. A reset overrules a close that is under way.
    pub fn end(&self, how: CloseHow) {
        if how == CloseHow::Reset {
            self.how.store(1, Ordering::Release);
        }
        self.stop.cancel();
    }

    pub fn ends_by_reset(&self) -> bool {
        self.how.load(Ordering::Acquire) == 1
    }
}
