//! The socket engine: tokio lives here. Opens endpoints, owns every socket, reads, writes, closes.
//!
//! Owns: tasks, sockets, timers of one engine. Never: the window, formatting for people, files of the session.
//! Traffic goes to the recorder's lane (`session::RecorderHandle`) and never through a front; the fronts (`ui`, `cli`)
//! give orders through `Engine` and read `EngineSnapshot`.

mod answering;
mod buffers;
mod counters;
mod endpoint;
mod filling;
mod lateness;
mod pace;
mod pairs;
mod peer;
mod publisher;
mod replies;
mod resolve;
mod run;
mod send;
mod send_to_all;
mod sequence;
mod services;
mod shared;
mod status;
mod streak;
mod tap;
mod tcp_client;
mod tcp_connect;
mod tcp_listener;
mod tcp_stream;
mod tcp_write;
mod udp;
mod udp_link;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use tokio_util::sync::CancellationToken;

use crate::model::{ConnectionId, EndpointId, EndpointSettings, ModbusTable, Protocol, RunId, SendId, Sequence};
use crate::payload::{Compiled, Supply};
use crate::session::RecorderHandle;

use endpoint::Endpoint;
use publisher::{Board, publish};
use shared::Shared;

pub use crate::rules::{SequenceMistake, SequenceMistakeKind};
pub use sequence::check_sequence;

pub use resolve::{Lookup, Resolver, SystemResolver};

pub use status::{
    AddressOutcome, BufferSize, ConnectionState, ConnectionStatus, EndpointState, EndpointStatus, EngineSnapshot,
    Lateness, ModbusStatus, ReplyStatus, ResolvedAddress, RunProgress, SendProgress, SendState, Totals,
};

/// A cheap handle on the engine. All calls return at once; what came of them is in the snapshot and in the log.
#[derive(Clone)]
pub struct Engine {
    shared: Arc<Shared>,
    /// Ends the task that publishes snapshots, with one last snapshot.
    published: CancellationToken,
    /// The last snapshot stands.
    last_published: CancellationToken,
}

/// Endpoints that may be known at a time; more is a mistake in a script, not a use.
const ENDPOINTS: usize = 10_000;
/// Of the time a shutdown has, this much is left for what follows the graceful part.
const LAST_WORD: Duration = Duration::from_millis(100);

/// The order could not be taken: too many wait already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the engine is busy: too many orders wait already")]
pub struct Busy;

/// Called by the engine when a new snapshot stands ready, at most once per 50 ms. Must not block.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseHow {
    /// Close both directions (FIN, unless bytes are left unread).
    Close,
    /// Finish sending (FIN) and go on reading.
    FinishSending,
    /// Reset (RST): both directions end at once, what waits is thrown away.
    Reset,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peers {
    Keep,
    Close,
}

/// To whom a payload goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// One TCP connection, or the UDP peer of a lane.
    Connection(ConnectionId),
    /// A client's connection as it is at each sending; all peers of a listener; the peer of a connected UDP socket.
    Endpoint(EndpointId),
    /// From a UDP socket to a typed `host:port`.
    Datagram { from: EndpointId, to: crate::model::HostPort },
}

#[derive(Clone, Debug)]
pub enum Source {
    Bytes(Bytes),
    /// Streamed with bounded memory over TCP; over UDP it is one datagram and must fit one.
    File(PathBuf),
    /// Filled in anew at each sending.
    Payload {
        compiled: Compiled,
        /// What the person answered to its `{{ask:…}}`.
        asks: Arc<BTreeMap<String, String>>,
    },
}

/// A sequence to be run.
#[derive(Clone, Debug)]
pub struct SequenceOrder {
    pub sequence: Sequence,
    pub on: SequenceTarget,
    /// What the person answered to the `{{ask:…}}` of its payloads.
    pub asks: Arc<BTreeMap<String, String>>,
}

/// On what a sequence runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SequenceTarget {
    Connection(ConnectionId),
    /// All peers that are there now; of a listener without any, the first that comes.
    Peers(EndpointId),
    /// So many connections of its own to the remote of a client, all at once.
    Connections {
        client: EndpointId,
        count: u32,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repeat {
    /// `None`: until stopped.
    pub count: Option<u64>,
    /// From one sending to the next; zero: as fast as the peer takes it.
    pub every: Duration,
}

impl Engine {
    /// Starts on the given runtime.
    pub fn start(runtime: tokio::runtime::Handle, recorder: RecorderHandle, wake: Wake) -> Self {
        Self::start_with_resolver(runtime, recorder, wake, Arc::new(SystemResolver::default()))
    }

    /// The same with names looked up in another way than the system's.
    pub fn start_with_resolver(
        runtime: tokio::runtime::Handle,
        recorder: RecorderHandle,
        wake: Wake,
        resolver: Arc<dyn Resolver>,
    ) -> Self {
        let shared = Arc::new(Shared::new(runtime, recorder, Board::new(wake), resolver));
        let published = CancellationToken::new();
        let last_published = CancellationToken::new();
        let publishing = publish(shared.clone(), published.clone());
        let over = last_published.clone().drop_guard();
        shared.runtime.spawn(async move {
            let _over = over;
            publishing.await;
        });
        Self { shared, published, last_published }
    }

    /// From now on a listener's new peers are closed once they have finished sending: for a front from which nobody can send to
    /// them, where those that come and go would pile up half open.
    pub fn close_finished_peers(&self) {
        self.shared.closes_finished_peers.store(true, Ordering::Relaxed);
    }

    /// The newest snapshot. Cheap: clones one `Arc`.
    pub fn snapshot(&self) -> Arc<EngineSnapshot> {
        self.shared.board.snapshot()
    }

    /// Opens an endpoint; the front chooses the id and may open the same id again once it is closed or failed (one that is
    /// open is closed first, and a listener's peers are kept).
    pub fn open(&self, id: EndpointId, settings: EndpointSettings) -> Result<(), Busy> {
        let Some(recorder) = self.shared.recorder() else { return Ok(()) };
        let endpoint = {
            let mut endpoints = self.shared.endpoints.lock();
            match endpoints.iter().find(|endpoint| endpoint.id == id) {
                Some(known) => known.clone(),
                None if endpoints.len() >= ENDPOINTS => return Err(Busy),
                None => {
                    let new = Arc::new(Endpoint::new(id, settings.clone()));
                    endpoints.push(new.clone());
                    new
                }
            }
        };
        if !is_listener(&endpoint) {
            endpoint.close_peers(CloseHow::Close);
        }
        let stop = endpoint.restart(settings.clone());
        self.shared.board.state_changed(&endpoint);
        self.shared.spawn(run::run(self.shared.clone(), recorder, endpoint, settings, stop));
        Ok(())
    }

    /// Closes an endpoint, cancels its connecting, its waiting and its sends. Never queues behind traffic.
    pub fn close(&self, id: EndpointId, peers: Peers) {
        if let Some(endpoint) = self.shared.endpoint(id) {
            close_endpoint(&endpoint, peers);
        }
    }

    /// Closes what is open and drops the endpoint from the snapshot.
    pub fn forget(&self, id: EndpointId) {
        let mut endpoints = self.shared.endpoints.lock();
        let Some(at) = endpoints.iter().position(|endpoint| endpoint.id == id) else { return };
        let endpoint = endpoints.remove(at);
        drop(endpoints);
        close_endpoint(&endpoint, Peers::Close);
        self.shared.board.list_changed();
    }

    pub fn close_connection(&self, id: ConnectionId, how: CloseHow) {
        if let Some(peer) = self.shared.peer(id) {
            self.close_peer(peer, how);
        }
    }

    /// Closes all peers of a listener, or forgets all lanes of a UDP socket; the endpoint stays open.
    pub fn close_peers(&self, id: EndpointId, how: CloseHow) {
        let Some(endpoint) = self.shared.endpoint(id) else { return };
        let udp = endpoint.udp.lock().clone();
        if let Some(link) = udp {
            link.forget_lanes(&self.shared);
            return;
        }
        for peer in endpoint.open_peers() {
            self.close_peer(peer, how);
        }
    }

    /// Sends; the progress is in `EngineSnapshot::sends`.
    pub fn send(&self, target: Target, source: Source, repeat: Option<Repeat>) -> Result<SendId, Busy> {
        let shared = &self.shared;
        let recorder = shared.recorder().ok_or(Busy)?;
        let id = SendId(shared.last_send.fetch_add(1, Ordering::Relaxed) + 1);
        let job = Arc::new(send::Job::new(id, repeat));
        shared.sends.add(job.clone())?;
        shared.board.list_changed();
        shared.spawn(send::run(shared.clone(), recorder, job, target, source, repeat));
        Ok(id)
    }

    /// Takes over what needs no new socket: name, framing, replies. The socket and its peers stay; living connections answer
    /// by it from their next chunk on, and a frame that was under way in another framing is let go.
    pub fn retune(&self, id: EndpointId, settings: EndpointSettings) {
        let Some(endpoint) = self.shared.endpoint(id) else { return };
        self.shared.show(&endpoint, |shown| {
            shown.settings = EndpointSettings { protocol: shown.settings.protocol.clone(), ..settings };
        });
        if let Some(recorder) = self.shared.recorder() {
            let shared = self.shared.clone();
            // Making patterns ready takes its time, which the caller must not wait for.
            self.shared.spawn(async move { endpoint.prepare_replies(&shared, &recorder) });
        }
    }

    /// Lets the replies of an endpoint act again after they rested (`EndpointStatus::replies_paused`).
    pub fn resume_replies(&self, id: EndpointId) {
        if let Some(endpoint) = self.shared.endpoint(id) {
            endpoint.replies_paused.store(false, Ordering::Release);
            self.shared.board.state_changed(&endpoint);
        }
    }

    /// Sets a register or a coil (0 or 1) of a Modbus service; masters read it from now on.
    pub fn set_register(&self, id: EndpointId, table: ModbusTable, address: u16, value: u16) {
        if let Some(endpoint) = self.shared.endpoint(id) {
            endpoint.offered.put(table, address, value);
            self.shared.board.state_changed(&endpoint);
        }
    }

    /// Who reads files and the environment for templates; until it is set they are refused.
    pub fn set_supply(&self, supply: Arc<dyn Supply>) {
        *self.shared.supply.lock() = Some(supply);
    }

    /// Lists an endpoint that stays closed, so that a sequence can make connections of its own to its remote. One that is
    /// closed already takes the settings over.
    pub fn list_closed(&self, id: EndpointId, settings: EndpointSettings) -> Result<(), Busy> {
        let mut endpoints = self.shared.endpoints.lock();
        if let Some(known) = endpoints.iter().find(|endpoint| endpoint.id == id) {
            let mut shown = known.shown.lock();
            if matches!(shown.state, EndpointState::Closed | EndpointState::Failed) {
                shown.settings = settings;
            }
            return Ok(());
        }
        if endpoints.len() >= ENDPOINTS {
            return Err(Busy);
        }
        let endpoint = Arc::new(Endpoint::new(id, settings));
        endpoint.shown.lock().state = EndpointState::Closed;
        endpoints.push(endpoint);
        drop(endpoints);
        self.shared.board.list_changed();
        Ok(())
    }

    /// Runs a sequence; its progress is in `EngineSnapshot::runs`.
    pub fn run_sequence(&self, order: SequenceOrder) -> Result<RunId, Busy> {
        sequence::start(&self.shared, order)
    }

    pub fn stop_run(&self, id: RunId) {
        self.shared.runs.stop(id);
    }

    /// Acts within 200 ms at any rate.
    pub fn stop_send(&self, id: SendId) {
        self.shared.sends.stop(id);
    }

    /// Stops accepting, closes every socket, waits for the tasks until `limit`, and lets go of the recorder. The snapshot after it
    /// is the last one.
    pub async fn shutdown(&self, limit: Duration) {
        let shared = &self.shared;
        let deadline = tokio::time::Instant::now() + limit.saturating_sub(LAST_WORD.min(limit / 4));
        shared.let_go_of_recorder();
        shared.sends.stop_all();
        shared.runs.stop_all();
        for endpoint in shared.endpoints.lock().iter() {
            close_endpoint(endpoint, Peers::Close);
        }
        shared.tasks.close();
        if tokio::time::timeout_at(deadline, shared.tasks.wait()).await.is_err() {
            // What waits for something that does not come is dropped where it stands: its sockets close with it.
            shared.kill.cancel();
            let _ = tokio::time::timeout(LAST_WORD, shared.tasks.wait()).await;
        }
        self.published.cancel();
        self.last_published.cancelled().await;
    }

    fn close_peer(&self, peer: Arc<peer::Peer>, how: CloseHow) {
        match peer.udp() {
            Some(lane) => lane.link.clone().forget_lane(&self.shared, &peer),
            None => tcp_stream::close(&self.shared, peer, how),
        }
    }
}

fn close_endpoint(endpoint: &Endpoint, peers: Peers) {
    // The peers first: the listener's last row counts those that stay.
    if peers == Peers::Close || !is_listener(endpoint) {
        endpoint.close_peers_for_good();
    }
    endpoint.stop();
}

/// Only a listener's peers can live on without it.
fn is_listener(endpoint: &Endpoint) -> bool {
    matches!(endpoint.shown.lock().settings.protocol, Protocol::TcpListener(_))
}
