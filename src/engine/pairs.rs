//! Which connections have both ends in this engine.
//!
//! Owns: the list of open ends. Never: sockets. Called by: `tcp_connect`, `tcp_listener`, `udp`, `udp_link`.
//! The same bytes must not become packets twice, and two echoes must not answer each other without end.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::Arc;

use parking_lot::Mutex;

use super::streak::Streak;
use crate::model::EndpointId;

#[derive(Default)]
pub(super) struct Pairs {
    /// (local, peer) of every open TCP connection, clients from the moment they begin to connect.
    tcp: Mutex<HashMap<(SocketAddr, SocketAddr), End>>,
    udp: Mutex<UdpEnds>,
}

#[derive(Clone, Debug)]
pub(super) struct End {
    pub echoes: bool,
    /// Held over "write and append" and over "append what was read". Two ends of ours share it, so that the log never shows
    /// an arrival before its sending.
    pub order: Order,
    /// Shared by two ends of ours.
    pub streak: Streak,
}

pub(super) type Order = Arc<Mutex<()>>;

#[derive(Default)]
struct UdpEnds {
    /// Own bound sockets.
    sockets: HashMap<EndpointId, (SocketAddr, End)>,
    /// (own, other own) where `own` has a lane to `other own` whose events become packets.
    lanes: HashSet<(EndpointId, EndpointId)>,
    /// Of two sockets of ours, the smaller id first.
    streaks: HashMap<(EndpointId, EndpointId), Streak>,
}

/// One end of a TCP connection; forgotten when dropped.
pub(super) struct TcpEnd {
    pairs: Arc<Pairs>,
    key: (SocketAddr, SocketAddr),
    pub order: Order,
    pub streak: Streak,
}

/// A UDP peer that is a socket of ours.
#[derive(Clone, Debug)]
pub(super) struct OwnPeer {
    pub id: EndpointId,
    pub end: End,
    /// The other end's events are the packets, ours are not.
    pub mirror: bool,
}

impl Pairs {
    /// Begins to connect and notes the new end before anybody can look for it.
    pub fn begin_tcp<E>(
        self: &Arc<Self>,
        end: End,
        connect: impl FnOnce() -> Result<(SocketAddr, SocketAddr), E>,
    ) -> Result<TcpEnd, E> {
        let mut ends = self.tcp.lock();
        let (local, peer) = connect()?;
        let key = (local, peer);
        let (order, streak) = (end.order.clone(), end.streak.clone());
        ends.insert(key, end);
        Ok(TcpEnd { pairs: self.clone(), key, order, streak })
    }

    /// Notes an accepted connection; tells about its other end where that is ours.
    pub fn accept_tcp(self: &Arc<Self>, local: SocketAddr, peer: SocketAddr, end: End) -> (TcpEnd, Option<End>) {
        let mut ends = self.tcp.lock();
        let other = ends.get(&(peer, local)).cloned();
        let order = other.as_ref().map_or_else(|| end.order.clone(), |other| other.order.clone());
        let streak = other.as_ref().map_or_else(|| end.streak.clone(), |other| other.streak.clone());
        let key = (local, peer);
        ends.insert(key, end);
        (TcpEnd { pairs: self.clone(), key, order, streak }, other)
    }

    pub fn add_udp(&self, id: EndpointId, local: SocketAddr, end: End) {
        self.udp.lock().sockets.insert(id, (local, end));
    }

    pub fn remove_udp(&self, id: EndpointId) {
        let mut udp = self.udp.lock();
        udp.sockets.remove(&id);
        udp.lanes.retain(|(own, other)| *own != id && *other != id);
        udp.streaks.retain(|(own, other), _| *own != id && *other != id);
    }

    /// What our socket and a peer that is a socket of ours answer each other; asked at each reply, for the peer may have been
    /// opened only now.
    pub fn udp_streak(&self, id: EndpointId, peer: SocketAddr) -> Option<(Streak, bool)> {
        let mut udp = self.udp.lock();
        let (other, _) = udp.at(peer)?;
        let streak = udp.streaks.entry((id.min(other), id.max(other))).or_default().clone();
        Some((streak, id == other))
    }

    /// Whether `peer` is a socket of ours, seen from our endpoint `id`, and which of the two makes the packets.
    pub fn udp_peer(&self, id: EndpointId, peer: SocketAddr) -> Option<OwnPeer> {
        let mut udp = self.udp.lock();
        let (other, end) = udp.at(peer)?;
        let mirror = other != id && udp.lanes.contains(&(other, id));
        if !mirror {
            udp.lanes.insert((id, other));
        }
        Some(OwnPeer { id: other, end, mirror })
    }
}

impl UdpEnds {
    /// The socket of ours at an address.
    fn at(&self, peer: SocketAddr) -> Option<(EndpointId, End)> {
        let here = |local: &SocketAddr| {
            let (local_ip, peer_ip) = (local.ip().to_canonical(), peer.ip().to_canonical());
            local.port() == peer.port() && (local_ip == peer_ip || (local_ip.is_unspecified() && is_own(peer_ip)))
        };
        self.sockets.iter().find(|(_, (local, _))| here(local)).map(|(id, (_, end))| (*id, end.clone()))
    }
}

/// The loopback without asking the system: this is on the way of every new UDP peer whose port is also ours.
fn is_own(ip: std::net::IpAddr) -> bool {
    ip.is_loopback() || crate::kernel::own_addresses().contains(&ip)
}

impl Drop for TcpEnd {
    fn drop(&mut self) {
        self.pairs.tcp.lock().remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(echoes: bool) -> End {
        End { echoes, order: Order::default(), streak: Streak::default() }
    }

    fn at(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    #[test]
    fn the_accepting_end_is_the_mirror() {
        let pairs = Arc::new(Pairs::default());
        let (client, server) = (at("127.0.0.1:1"), at("127.0.0.1:2"));
        let connecting = pairs.begin_tcp(end(false), || Ok::<_, ()>((client, server))).unwrap();
        let (accepted, other) = pairs.accept_tcp(server, client, end(true));
        assert!(other.is_some_and(|other| !other.echoes));
        assert!(Arc::ptr_eq(&connecting.order, &accepted.order));
        drop((connecting, accepted));
        assert!(pairs.accept_tcp(server, client, end(false)).1.is_none());
    }

    #[test]
    fn the_first_udp_lane_makes_the_packets() {
        let pairs = Pairs::default();
        let (a, b) = (EndpointId(1), EndpointId(2));
        pairs.add_udp(a, at("0.0.0.0:10"), end(false));
        pairs.add_udp(b, at("127.0.0.1:20"), end(true));
        let seen_from_a = pairs.udp_peer(a, at("127.0.0.1:20")).unwrap();
        assert!(seen_from_a.id == b && seen_from_a.end.echoes && !seen_from_a.mirror);
        let seen_from_b = pairs.udp_peer(b, at("127.0.0.1:10")).unwrap();
        assert!(seen_from_b.id == a && !seen_from_b.end.echoes && seen_from_b.mirror);
        assert!(pairs.udp_peer(b, at("127.0.0.1:11")).is_none());
        pairs.remove_udp(a);
        assert!(pairs.udp_peer(b, at("127.0.0.1:10")).is_none());
    }
}
