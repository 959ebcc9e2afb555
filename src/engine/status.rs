//! What the fronts see of the engine: a value that is rebuilt when something changed and shared by `Arc`.
//!
//! Owns: plain types. Never: locks, sockets. Built by: `publisher`. Read by: `ui`, `cli`.

use std::net::SocketAddr;
use std::sync::Arc;

use crate::model::{
    ConnectionId, EndpointId, EndpointSettings, Failure, Flow, RunId, SendId, SequenceReport, Timestamp,
};
use crate::services::modbus::{Bank, Written};

#[derive(Clone, Debug, Default)]
pub struct EngineSnapshot {
    /// Grows with every rebuild.
    pub version: u64,
    /// In the order in which they were opened first.
    pub endpoints: Vec<Arc<EndpointStatus>>,
    /// Running sends, and the newest 32 that ended.
    pub sends: Vec<SendProgress>,
    /// Running sequences, and the newest 32 that ended.
    pub runs: Vec<RunProgress>,
    pub totals: Totals,
}

/// A sequence while it runs and after it.
#[derive(Clone, Debug)]
pub struct RunProgress {
    pub id: RunId,
    pub report: Arc<SequenceReport>,
    pub over: bool,
}

/// How an automatic reply fares, over all connections of its endpoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReplyStatus {
    pub hits: u64,
    pub last: Option<Timestamp>,
}

/// Counters since the endpoint or connection was opened; rates over the last second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Totals {
    pub bytes_in: u64,
    pub bytes_out: u64,
    /// Chunks or datagrams.
    pub events_in: u64,
    pub events_out: u64,
    pub bytes_in_per_second: f64,
    pub bytes_out_per_second: f64,
    pub events_in_per_second: f64,
    pub events_out_per_second: f64,
}

#[derive(Clone, Debug)]
pub struct EndpointStatus {
    pub id: EndpointId,
    pub settings: EndpointSettings,
    pub state: EndpointState,
    /// The real addresses, ports filled in. Two for a pair of sockets.
    pub local: Vec<SocketAddr>,
    /// Connections of a listener, the one of a client, lanes of a UDP socket: open ones in order of arrival, then the
    /// newest 100 closed ones.
    pub peers: Arc<Vec<ConnectionStatus>>,
    pub open_peers: u64,
    /// Peers of a UDP socket that are no longer listed because 10,000 newer ones are.
    pub forgotten_peers: u64,
    pub totals: Totals,
    /// Datagrams that the kernel dropped because the receive buffer was full (SO_MEMINFO); absent for TCP.
    pub dropped: Option<u64>,
    pub receive_buffer: Option<BufferSize>,
    /// Why it failed or is paused.
    pub failure: Option<Failure>,
    /// Addresses that the name of a client's remote resolved to, in the order tried.
    pub resolved: Vec<ResolvedAddress>,
    /// When a waiting client connects again, or a paused listener accepts again.
    pub retry_at: Option<Timestamp>,
    /// Beside `settings.replies`, in their order.
    pub replies: Arc<[ReplyStatus]>,
    /// It and another endpoint of ours answered each other without end, so its replies rest.
    pub replies_paused: bool,
    /// The registers of the Modbus service as they are now.
    pub modbus: Option<ModbusStatus>,
}

/// Registers as they are now. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ModbusStatus {
    /// Grows with every change.
    pub version: u64,
    pub bank: Arc<Bank>,
    /// What a peer wrote last, and which.
    pub last_written: Option<(Written, Option<SocketAddr>)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndpointState {
    Resolving,
    /// Connecting, or about to bind.
    Connecting,
    /// Listening, connected, or bound.
    Open,
    /// A listener that cannot accept just now (too many open files).
    Paused,
    /// A client that will connect again at `retry_at`.
    Waiting,
    Closed,
    Failed,
}

/// What was asked for with SO_RCVBUF and what the system gave, in bytes of payload budget (Linux doubles the value it reports).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BufferSize {
    pub asked: u64,
    pub given: u64,
}

#[derive(Clone, Debug, PartialEq)]
pub struct ResolvedAddress {
    pub address: SocketAddr,
    pub outcome: AddressOutcome,
}

#[derive(Clone, Debug, PartialEq)]
pub enum AddressOutcome {
    NotTried,
    Trying,
    Failed(Failure),
    Won,
}

#[derive(Clone, Debug)]
pub struct ConnectionStatus {
    pub id: ConnectionId,
    pub flow: Arc<Flow>,
    pub state: ConnectionState,
    pub opened: Timestamp,
    pub totals: Totals,
    /// Bytes in and out of the last 12 periods of 250 ms, oldest first: the sparkline.
    pub recent: [u32; 12],
    /// For how long bytes have waited for a peer that does not read; absent while none wait 2 s.
    pub not_reading_millis: Option<u64>,
    pub self_connected: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConnectionState {
    Open,
    /// The peer finished sending; we can still send.
    PeerFinished,
    /// We finished sending; the peer can still send.
    WeFinished,
    Closed,
    Reset,
    Failed(Failure),
}

#[derive(Clone, Debug)]
pub struct SendProgress {
    pub id: SendId,
    /// Bytes that the kernel accepted, over all targets and rounds.
    pub sent: u64,
    /// Bytes of one round, where known.
    pub round_bytes: u64,
    pub rounds: u64,
    pub rounds_asked: Option<u64>,
    pub lateness: Lateness,
    pub state: SendState,
}

/// How late the rounds of a repeat were, in nanoseconds behind their schedule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lateness {
    pub median: u64,
    pub p99: u64,
    pub most: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SendState {
    Running,
    Done,
    Stopped,
    Failed(Failure),
}

impl EngineSnapshot {
    pub fn endpoint(&self, id: EndpointId) -> Option<&Arc<EndpointStatus>> {
        self.endpoints.iter().find(|endpoint| endpoint.id == id)
    }

    pub fn send(&self, id: SendId) -> Option<&SendProgress> {
        self.sends.iter().find(|send| send.id == id)
    }
}
