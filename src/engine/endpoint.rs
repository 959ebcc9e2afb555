//! One endpoint as long as the fronts know it: opened, closed, opened again.
//!
//! Owns: what is shown of it, its peers and the token that stops its run. Never: sockets, tasks.
//! Called by: all of `engine`.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::CloseHow;
use super::counters::{Counters, Meter};
use super::peer::Peer;
use super::replies::ReplySet;
use super::services::Offered;
use super::shared::{Shared, note_failure};
use super::status::{BufferSize, ConnectionStatus, EndpointState, EndpointStatus, ResolvedAddress};
use super::udp::UdpLink;
use crate::model::{
    Answer, ConnectionId, EndpointId, EndpointSettings, Failure, Flow, HostPort, Protocol, Role, Timestamp,
};
use crate::session::RecorderHandle;

/// Ended connections that stay listed.
const CLOSED_LISTED: usize = 100;

pub(super) struct Endpoint {
    pub id: EndpointId,
    pub shown: Mutex<Shown>,
    pub counters: Counters,
    pub meter: Mutex<Meter>,
    pub peers: Mutex<Peers>,
    /// Datagrams that the kernel dropped.
    pub dropped: AtomicU64,
    pub forgotten_peers: AtomicU64,
    /// Something of it or of its peers changed since the last snapshot.
    pub changed: AtomicBool,
    /// A peer of a listener ended.
    pub place_free: Notify,
    /// The open socket of a UDP endpoint.
    pub udp: Mutex<Option<Arc<UdpLink>>>,
    /// One run at a time: a second opening waits until the first has let go of its port.
    pub turn: tokio::sync::Mutex<()>,
    /// Made ready from the settings.
    pub replies: Mutex<Arc<ReplySet>>,
    /// Held while they are made ready, which takes its time.
    preparing: Mutex<()>,
    /// What its services hold.
    pub offered: Offered,
    /// They rest until the person lets them act again.
    pub replies_paused: AtomicBool,
    stop: Mutex<CancellationToken>,
}

/// The part of the status that the tasks write.
#[derive(Clone)]
pub(super) struct Shown {
    pub settings: EndpointSettings,
    pub state: EndpointState,
    pub local: Vec<SocketAddr>,
    pub receive_buffer: Option<BufferSize>,
    pub failure: Option<Failure>,
    pub resolved: Vec<ResolvedAddress>,
    pub retry_at: Option<Timestamp>,
}

#[derive(Default)]
pub(super) struct Peers {
    pub open: BTreeMap<ConnectionId, Arc<Peer>>,
    closed: VecDeque<ConnectionStatus>,
    /// Closed together with the endpoint: whoever arrives after that is turned back.
    refusing: bool,
}

impl Endpoint {
    pub fn new(id: EndpointId, settings: EndpointSettings) -> Self {
        Self {
            id,
            shown: Mutex::new(Shown::new(settings)),
            counters: Counters::default(),
            meter: Mutex::default(),
            peers: Mutex::default(),
            dropped: AtomicU64::new(0),
            forgotten_peers: AtomicU64::new(0),
            changed: AtomicBool::new(true),
            place_free: Notify::new(),
            udp: Mutex::new(None),
            turn: tokio::sync::Mutex::default(),
            replies: Mutex::default(),
            preparing: Mutex::default(),
            offered: Offered::default(),
            replies_paused: AtomicBool::new(false),
            stop: Mutex::new(CancellationToken::new()),
        }
    }

    /// Stops the run there may be and begins another: new settings, counters at zero.
    pub fn restart(&self, settings: EndpointSettings) -> CancellationToken {
        let token = CancellationToken::new();
        std::mem::replace(&mut *self.stop.lock(), token.clone()).cancel();
        self.offered.restart(&settings);
        *self.shown.lock() = Shown::new(settings);
        self.peers.lock().refusing = false;
        self.counters.reset();
        *self.meter.lock() = Meter::default();
        self.dropped.store(0, Ordering::Relaxed);
        self.forgotten_peers.store(0, Ordering::Relaxed);
        *self.replies.lock() = Arc::default();
        self.replies_paused.store(false, Ordering::Release);
        token
    }

    /// Makes the replies ready, as the newest settings have them, and tells of each that cannot be. Of two that are under way
    /// the one that looks at the settings last puts its own in place last.
    pub fn prepare_replies(&self, shared: &Shared, recorder: &RecorderHandle) {
        let turn = self.preparing.lock();
        let (settings, old) = (self.shown.lock().settings.clone(), self.replies.lock().clone());
        let (set, mut failures) = ReplySet::new(&settings, &old);
        failures.extend(self.offered.retune(&settings).err());
        *self.replies.lock() = Arc::new(set);
        drop(turn);
        let flow = self.flow(None);
        for failure in failures {
            note_failure(recorder, &flow, failure);
        }
        shared.board.state_changed(self);
    }

    /// The stop lane: acts at once, whatever the tasks are doing.
    pub fn stop(&self) {
        self.stop.lock().cancel();
    }

    /// Whether `token` is the one of the newest run.
    pub fn is_current(&self, token: &CancellationToken) -> bool {
        *self.stop.lock() == *token
    }

    /// Turns back whoever still arrives, and ends who is there.
    pub fn close_peers_for_good(&self) {
        let mut peers = self.peers.lock();
        peers.refusing = true;
        let open: Vec<_> = peers.open.values().cloned().collect();
        drop(peers);
        end_all(open, CloseHow::Close);
    }

    pub fn open_peers(&self) -> Vec<Arc<Peer>> {
        self.peers.lock().open.values().cloned().collect()
    }

    pub fn close_peers(&self, how: CloseHow) {
        end_all(self.open_peers(), how);
    }

    /// `false`: the endpoint was closed together with its peers meanwhile.
    pub fn add(&self, peer: Arc<Peer>) -> bool {
        let mut peers = self.peers.lock();
        if peers.refusing {
            return false;
        }
        peers.open.insert(peer.id, peer);
        true
    }

    /// Moves a connection from the open to the closed ones. Lanes of UDP peers simply go.
    pub fn remove(&self, peer: &Peer) {
        let mut peers = self.peers.lock();
        if peers.open.remove(&peer.id).is_none() {
            return;
        }
        if peer.tcp().is_some() {
            if peers.closed.len() == CLOSED_LISTED {
                peers.closed.pop_front();
            }
            peers.closed.push_back(peer.last_status());
        }
        drop(peers);
        self.place_free.notify_one();
    }

    pub fn open_count(&self) -> usize {
        self.peers.lock().open.len()
    }

    /// The flow of events that belong to no connection, with the real port where it is known.
    pub fn flow(&self, local: Option<SocketAddr>) -> Arc<Flow> {
        let settings = self.shown.lock().settings.clone();
        let mut uri = settings.uri();
        let role = match &settings.protocol {
            Protocol::TcpListener(_) => Role::Listener,
            Protocol::TcpClient(_) => Role::Client,
            Protocol::Udp(_) => Role::Datagram,
        };
        let names_itself = match &settings.protocol {
            Protocol::TcpListener(_) => true,
            Protocol::TcpClient(_) => false,
            Protocol::Udp(udp) => udp.remote.is_none(),
        };
        if let (true, Some(local)) = (names_itself, local) {
            uri.at = HostPort::from(local);
        }
        Arc::new(Flow {
            endpoint: self.id,
            endpoint_uri: uri.to_string().into(),
            connection: ConnectionId::NONE,
            transport: settings.transport(),
            role,
            local,
            peer: None,
            mirror: false,
        })
    }

    pub fn status(&self, now: Timestamp) -> EndpointStatus {
        // Counted before the list is taken: whoever is in the totals is in the list as well.
        let totals = self.meter.lock().totals(self.counters.counts());
        let dropped = self.dropped.load(Ordering::Relaxed);
        // The lock is held for the copying of pointers only: tasks add peers under it.
        let (open, closed) = {
            let peers = self.peers.lock();
            (peers.open.values().cloned().collect::<Vec<_>>(), peers.closed.iter().cloned().collect::<Vec<_>>())
        };
        let open_peers = open.len() as u64;
        let mut listed = Vec::with_capacity(open.len() + closed.len());
        listed.extend(open.iter().map(|peer| peer.status(now)));
        listed.extend(closed);
        let shown = self.shown.lock().clone();
        // They are made ready a little later than the settings change.
        let mut replies = self.replies.lock().status();
        replies.resize(shown.settings.replies.len(), Default::default());
        let replies = replies.into();
        let modbus = self.offered.modbus().filter(|_| shown.settings.answer() == Answer::Modbus);
        let is_udp = matches!(shown.settings.protocol, Protocol::Udp(_));
        EndpointStatus {
            id: self.id,
            settings: shown.settings,
            state: shown.state,
            local: shown.local,
            peers: Arc::new(listed),
            open_peers,
            forgotten_peers: self.forgotten_peers.load(Ordering::Relaxed),
            totals,
            dropped: is_udp.then_some(dropped),
            receive_buffer: shown.receive_buffer,
            failure: shown.failure,
            resolved: shown.resolved,
            retry_at: shown.retry_at,
            replies,
            replies_paused: self.replies_paused.load(Ordering::Acquire),
            modbus,
        }
    }
}

impl Shown {
    fn new(settings: EndpointSettings) -> Self {
        let state = EndpointState::Connecting;
        Self {
            settings,
            state,
            local: Vec::new(),
            receive_buffer: None,
            failure: None,
            resolved: Vec::new(),
            retry_at: None,
        }
    }
}

fn end_all(peers: Vec<Arc<Peer>>, how: CloseHow) {
    for peer in peers {
        match peer.tcp() {
            Some(link) => link.end(how),
            None => peer.stop().cancel(),
        }
    }
}
