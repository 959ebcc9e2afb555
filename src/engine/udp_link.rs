//! What the receive loop and the senders of a UDP socket share: the socket, and a lane for each peer.
//!
//! Owns: the lanes, sending, and the rows of ICMP errors. Never: receiving. Called by: `udp`, `send`.

use std::collections::{HashMap, VecDeque};
use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::io::Interest;
use tokio::net::UdpSocket;
use tokio_util::sync::CancellationToken;

use super::endpoint::Endpoint;
use super::pairs::Order;
use super::peer::{Link, Peer, UdpLane};
use super::shared::Shared;
use super::status::ConnectionState;
use super::tcp_stream::canonical;
use super::tcp_write::SendEnd;
use crate::kernel;
use crate::model::{Doing, Event, Failure, Flow, Happening, MAX_DATAGRAM_V4, MAX_DATAGRAM_V6, Protocol, Reason, What};
use crate::session::RecorderHandle;
use crate::session::lane::EVENT_COST;

/// Peers that are listed; of more, the newest.
const LANES: usize = 10_000;
/// A send that meets the ICMP errors of earlier ones tries again.
const TRIES: usize = 4;

pub(super) struct UdpLink {
    pub socket: UdpSocket,
    pub local: SocketAddr,
    pub remote: Option<SocketAddr>,
    broadcast: bool,
    /// The endpoint's own flow.
    pub flow: Arc<Flow>,
    endpoint: Arc<Endpoint>,
    pub stop: CancellationToken,
    /// Held over "send and append" and over "append what was received": the log's order is the order of causes.
    pub order: Order,
    lanes: Mutex<Lanes>,
}

#[derive(Default)]
struct Lanes {
    by_peer: HashMap<SocketAddr, Arc<Peer>>,
    /// From the one that may be forgotten first. A lane seen again since it was queued gets a second turn.
    queue: VecDeque<SocketAddr>,
}

impl UdpLink {
    pub fn new(
        socket: UdpSocket,
        local: SocketAddr,
        remote: Option<SocketAddr>,
        broadcast: bool,
        flow: Arc<Flow>,
        endpoint: Arc<Endpoint>,
        stop: CancellationToken,
    ) -> Self {
        let (order, lanes) = (Order::default(), Mutex::default());
        Self { socket, local, remote, broadcast, flow, endpoint, stop, order, lanes }
    }

    /// The lane of a peer; a new one where there is none.
    pub fn lane(self: &Arc<Self>, shared: &Shared, to: SocketAddr) -> Arc<Peer> {
        let mut lanes = self.lanes.lock();
        if let Some(peer) = lanes.by_peer.get(&to) {
            if let Some(lane) = peer.udp() {
                lane.touched.store(true, Ordering::Relaxed);
            }
            return peer.clone();
        }
        let peer = Arc::new(self.new_lane(shared, to));
        // A socket that is being closed lists nobody any more; its last datagrams are recorded all the same.
        if shared.register(&peer) {
            lanes.by_peer.insert(to, peer.clone());
            lanes.queue.push_back(to);
            if lanes.by_peer.len() > LANES {
                self.forget_oldest(shared, &mut lanes);
            }
        }
        peer
    }

    fn new_lane(self: &Arc<Self>, shared: &Shared, to: SocketAddr) -> Peer {
        let id = self.endpoint.id;
        let own = shared.pairs.udp_peer(id, to);
        let answers = {
            let shown = self.endpoint.shown.lock();
            matches!(&shown.settings.protocol, Protocol::Udp(udp) if udp.answer == crate::model::Answer::Echo)
        };
        let flow = Arc::new(Flow {
            connection: shared.next_connection(),
            local: Some(self.local_towards(to)),
            peer: Some(to),
            mirror: own.as_ref().is_some_and(|own| own.mirror),
            ..Flow::clone(&self.flow)
        });
        let lane = UdpLane {
            link: self.clone(),
            to,
            touched: AtomicBool::new(false),
            quiet: answers && own.as_ref().is_some_and(|own| own.end.echoes),
            other: own.filter(|own| own.id != id).map(|own| (own.end.order, own.id < id)),
            quiet_said: AtomicBool::new(false),
            heard: AtomicBool::new(false),
            answering: Mutex::default(),
            stop: self.stop.child_token(),
        };
        Peer {
            id: flow.connection,
            flow,
            endpoint: self.endpoint.clone(),
            opened: shared.clock.now(),
            counters: Default::default(),
            meter: Default::default(),
            state: Mutex::new(ConnectionState::Open),
            stalled_since: Default::default(),
            self_connected: false,
            taps: Default::default(),
            link: Link::Udp(lane),
        }
    }

    /// Our address in the peer's family: a dual-stack socket speaks IPv4 to an IPv4 peer.
    fn local_towards(&self, to: SocketAddr) -> SocketAddr {
        let local = canonical(self.local);
        if to.is_ipv4() && local.is_ipv6() {
            return SocketAddr::new(IpAddr::from([0, 0, 0, 0]), local.port());
        }
        local
    }

    fn forget_oldest(&self, shared: &Shared, lanes: &mut Lanes) {
        while let Some(to) = lanes.queue.pop_front() {
            let Some(peer) = lanes.by_peer.get(&to) else { continue };
            let seen_again = peer.udp().is_some_and(|lane| lane.touched.swap(false, Ordering::Relaxed));
            if seen_again {
                lanes.queue.push_back(to);
                continue;
            }
            if let Some(peer) = lanes.by_peer.remove(&to) {
                peer.stop().cancel();
                shared.unregister(&peer);
                self.endpoint.forgotten_peers.fetch_add(1, Ordering::Relaxed);
            }
            return;
        }
    }

    pub fn forget_lanes(&self, shared: &Shared) {
        let gone = std::mem::take(&mut *self.lanes.lock());
        for peer in gone.by_peer.values() {
            peer.stop().cancel();
            shared.unregister(peer);
        }
    }

    pub fn forget_lane(&self, shared: &Shared, peer: &Peer) {
        if let Some(lane) = peer.udp() {
            let mut lanes = self.lanes.lock();
            lanes.by_peer.remove(&lane.to);
            lanes.queue.retain(|to| *to != lane.to);
        }
        peer.stop().cancel();
        shared.unregister(peer);
    }

    /// Sends one datagram to the peer of a lane.
    pub async fn send(
        self: &Arc<Self>,
        shared: &Shared,
        recorder: &RecorderHandle,
        peer: &Arc<Peer>,
        payload: &Bytes,
        stop: Option<&CancellationToken>,
    ) -> Result<(), SendEnd> {
        let Some(lane) = peer.udp() else { return Err(SendEnd::Stopped) };
        check_length(lane.to, payload.len()).map_err(SendEnd::Failed)?;
        let mut tries = 0;
        loop {
            let room = tokio::select! {
                biased;
                () = stopped(lane, stop) => return Err(SendEnd::Stopped),
                room = self.room_to_send(recorder, peer, payload.len()) => room.map_err(|e| self.failed(lane.to, &e))?,
            };
            let result = {
                // Both orders where both ends are ours, always in the same sequence.
                let other = lane.other.as_ref();
                let _first = other.filter(|(_, goes_first)| *goes_first).map(|(order, _)| order.lock());
                let _order = self.order.lock();
                let _last = other.filter(|(_, goes_first)| !*goes_first).map(|(order, _)| order.lock());
                let time = recorder.now();
                let sent = self.try_send(lane.to, payload);
                if sent.is_ok() {
                    let what = What::Sent(payload.clone());
                    recorder.append(room, [Event { time, flow: peer.flow.clone(), what }]);
                }
                sent
            };
            match result {
                Ok(()) => break,
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
                Err(error) => {
                    tries += 1;
                    // What an earlier datagram met is told on its lane, and is no reason not to send this one.
                    if self.report_errors(shared, recorder).await == 0 || tries >= TRIES {
                        return Err(self.failed(lane.to, &error));
                    }
                }
            }
        }
        shared.sent(peer, 1, payload.len() as u64);
        Ok(())
    }

    async fn room_to_send(
        &self,
        recorder: &RecorderHandle,
        peer: &Peer,
        length: usize,
    ) -> io::Result<Option<crate::session::lane::Room>> {
        self.socket.writable().await?;
        Ok(recorder.room(&peer.flow, length + EVENT_COST).await)
    }

    fn try_send(&self, to: SocketAddr, payload: &[u8]) -> io::Result<()> {
        let sent = match self.remote {
            Some(remote) if canonical(remote) == to => self.socket.try_send(payload)?,
            _ => self.socket.try_send_to(payload, self.in_family(to))?,
        };
        debug_assert_eq!(sent, payload.len(), "a datagram goes whole or not at all");
        Ok(())
    }

    /// An IPv6 socket reaches IPv4 peers by their mapped addresses.
    fn in_family(&self, to: SocketAddr) -> SocketAddr {
        match to.ip() {
            IpAddr::V4(ip) if self.local.is_ipv6() => SocketAddr::new(ip.to_ipv6_mapped().into(), to.port()),
            _ => to,
        }
    }

    fn failed(&self, to: SocketAddr, error: &io::Error) -> SendEnd {
        let denied = error.kind() == ErrorKind::PermissionDenied;
        if denied && !self.broadcast && kernel::is_broadcast(to.ip()) {
            return SendEnd::Failed(kernel::broadcast_off(to.to_string(), error));
        }
        SendEnd::Failed(kernel::failure(Doing::Send, to.to_string(), error))
    }

    /// A row on the lane of each peer that the network could not reach; says how many there were.
    pub async fn report_errors(self: &Arc<Self>, shared: &Shared, recorder: &RecorderHandle) -> usize {
        let mut errors = Vec::new();
        let _ = self.socket.try_io(Interest::ERROR, || -> io::Result<()> {
            errors = kernel::icmp_errors(&self.socket);
            Err(ErrorKind::WouldBlock.into())
        });
        if errors.is_empty() {
            return 0;
        }
        let count = errors.len();
        let room = recorder.room(&self.flow, count * EVENT_COST).await;
        let time = recorder.now();
        let events = errors.into_iter().map(|icmp| {
            let to = canonical(icmp.to);
            let failure = kernel::failure(Doing::Send, to.to_string(), &icmp.error);
            let what = What::Happened(Box::new(Happening::Failed { failure }));
            Event { time, flow: self.lane(shared, to).flow.clone(), what }
        });
        // Collected first: making a lane takes a lock that must not be taken under the recorder's.
        let events: Vec<_> = events.collect();
        recorder.append(room, events);
        count
    }

    /// Whether a payload can go from this socket to an address at all.
    pub fn check_family(&self, to: SocketAddr) -> Result<(), Failure> {
        let can_mix = self.local.is_ipv6() && to.is_ipv4() && self.speaks_ipv4();
        if self.local.is_ipv4() == to.is_ipv4() || can_mix {
            return Ok(());
        }
        Err(Failure::new(Doing::Send, to.to_string(), Reason::FamilyMismatch))
    }

    fn speaks_ipv4(&self) -> bool {
        socket2::SockRef::from(&self.socket).only_v6().is_ok_and(|only_v6| !only_v6)
    }
}

/// The limit of the peer's family: 65,507 bytes over IPv4, 65,527 over IPv6.
pub(super) fn check_length(to: SocketAddr, length: usize) -> Result<(), Failure> {
    let limit = if to.is_ipv4() { MAX_DATAGRAM_V4 } else { MAX_DATAGRAM_V6 };
    if length <= limit {
        return Ok(());
    }
    let system = format!("{length} bytes, the limit is {limit}");
    Err(Failure { system, ..Failure::new(Doing::Send, to.to_string(), Reason::DatagramTooLong) })
}

async fn stopped(lane: &UdpLane, stop: Option<&CancellationToken>) {
    match stop {
        Some(stop) => tokio::select! {
            () = stop.cancelled() => {}
            () = lane.stop.cancelled() => {}
        },
        None => lane.stop.cancelled().await,
    }
}
