//! What all tasks of one engine share.
//!
//! Owns: the registry of endpoints, connections and sends; spawning; the way to the recorder. Never: sockets.
//! Called by: all of `engine`.

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::buffers::Buffers;
use super::endpoint::{Endpoint, Shown};
use super::pairs::Pairs;
use super::peer::Peer;
use super::publisher::Board;
use super::resolve::Resolver;
use super::send::Sends;
use super::sequence::Runs;
use super::status::{ConnectionState, EndpointState};
use crate::model::{ConnectionId, EndpointId, Failure, Flow, Happening};
use crate::session::{Clock, RecorderHandle};

pub(super) struct Shared {
    pub runtime: Handle,
    pub clock: Clock,
    /// Tasks take a clone each; taken away at shutdown, so that the recorder sees the end.
    recorder: Mutex<Option<RecorderHandle>>,
    /// In the order in which they were opened first.
    pub endpoints: Mutex<Vec<Arc<Endpoint>>>,
    connections: Mutex<HashMap<ConnectionId, Arc<Peer>>>,
    pub sends: Sends,
    /// Sequences that run, and the newest that ended.
    pub runs: Runs,
    /// Reads files and the environment for templates.
    pub supply: Mutex<Option<Arc<dyn crate::payload::Supply>>>,
    /// Counters and random numbers of templates.
    pub memory: Mutex<crate::payload::Memory>,
    /// Of times that templates tell as local.
    pub zone: jiff::tz::TimeZone,
    pub pairs: Arc<Pairs>,
    pub buffers: Arc<Buffers>,
    pub resolver: Arc<dyn Resolver>,
    pub board: Board,
    pub tasks: TaskTracker,
    /// What still runs when the time of the shutdown is up is dropped where it stands.
    pub kill: CancellationToken,
    /// A listener's peer that has finished sending is closed: nobody will send to it any more.
    pub closes_finished_peers: AtomicBool,
    last_connection: AtomicU32,
    pub last_send: AtomicU64,
}

impl Shared {
    pub fn new(runtime: Handle, recorder: RecorderHandle, board: Board, resolver: Arc<dyn Resolver>) -> Self {
        Self {
            runtime,
            clock: recorder.clock(),
            recorder: Mutex::new(Some(recorder)),
            endpoints: Mutex::default(),
            connections: Mutex::default(),
            sends: Sends::default(),
            runs: Runs::default(),
            supply: Mutex::default(),
            memory: Mutex::new(crate::payload::Memory::seeded(random_seed())),
            zone: jiff::tz::TimeZone::system(),
            pairs: Arc::default(),
            buffers: Arc::default(),
            resolver,
            board,
            tasks: TaskTracker::new(),
            kill: CancellationToken::new(),
            closes_finished_peers: AtomicBool::new(false),
            last_connection: AtomicU32::new(0),
            last_send: AtomicU64::new(0),
        }
    }

    /// Nothing once the engine shuts down.
    pub fn recorder(&self) -> Option<RecorderHandle> {
        self.recorder.lock().clone()
    }

    pub fn let_go_of_recorder(&self) {
        self.recorder.lock().take();
    }

    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let kill = self.kill.clone();
        let task = async move {
            kill.run_until_cancelled_owned(task).await;
        };
        self.tasks.spawn_on(task, &self.runtime);
    }

    pub fn endpoint(&self, id: EndpointId) -> Option<Arc<Endpoint>> {
        self.endpoints.lock().iter().find(|endpoint| endpoint.id == id).cloned()
    }

    pub fn peer(&self, id: ConnectionId) -> Option<Arc<Peer>> {
        self.connections.lock().get(&id).cloned()
    }

    pub fn next_connection(&self) -> ConnectionId {
        ConnectionId(self.last_connection.fetch_add(1, Ordering::Relaxed) + 1)
    }

    /// Lists a connection; `false` where its endpoint takes none any more.
    pub fn register(&self, peer: &Arc<Peer>) -> bool {
        if !peer.endpoint.add(peer.clone()) {
            return false;
        }
        self.connections.lock().insert(peer.id, peer.clone());
        self.runs.arrived(peer);
        self.board.state_changed(&peer.endpoint);
        true
    }

    pub fn unregister(&self, peer: &Peer) {
        self.connections.lock().remove(&peer.id);
        // It knows the peer, and would keep it for ever.
        drop(peer.udp().and_then(|lane| lane.answering.lock().take()));
        peer.endpoint.remove(peer);
        peer.taps.end();
        self.board.state_changed(&peer.endpoint);
    }

    /// Changes what is shown of an endpoint.
    pub fn show(&self, endpoint: &Endpoint, change: impl FnOnce(&mut Shown)) {
        let over = {
            let mut shown = endpoint.shown.lock();
            change(&mut shown);
            let over = matches!(shown.state, EndpointState::Closed | EndpointState::Failed);
            over.then(|| shown.failure.clone())
        };
        if let Some(failure) = over {
            self.runs.endpoint_ended(endpoint, failure);
        }
        self.board.state_changed(endpoint);
    }

    pub fn show_peer(&self, peer: &Peer, state: ConnectionState) {
        *peer.state.lock() = state;
        self.board.state_changed(&peer.endpoint);
    }

    pub fn received(&self, peer: &Peer, events: u64, bytes: u64) {
        peer.counters.received(events, bytes);
        peer.endpoint.counters.received(events, bytes);
        self.board.traffic(&peer.endpoint);
    }

    pub fn sent(&self, peer: &Peer, events: u64, bytes: u64) {
        peer.counters.sent(events, bytes);
        peer.endpoint.counters.sent(events, bytes);
        self.board.traffic(&peer.endpoint);
    }
}

/// Another one in each run of the program; nothing that is sent is a secret.
fn random_seed() -> u64 {
    use std::hash::BuildHasher as _;
    std::hash::RandomState::new().hash_one(std::process::id())
}

/// A row about something that failed.
pub(super) fn note_failure(recorder: &RecorderHandle, flow: &Arc<Flow>, failure: Failure) {
    recorder.note(recorder.happened(flow, Happening::Failed { failure }));
}
