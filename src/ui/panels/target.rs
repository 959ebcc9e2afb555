//! To whom a payload goes: what the composer and the saved payloads of the sidebar share.
//!
//! Owns: which target counts now, whether it can be sent to, and how it is called. Never: sending.
//! Called by: composer, sidebar.

use crate::engine::{ConnectionState, ConnectionStatus, EndpointState, EndpointStatus, Target};
use crate::model::{ConnectionId, EndpointId, MAX_DATAGRAM_V4, MAX_DATAGRAM_V6, Protocol, Transport};
use crate::payload::visible_text;
use crate::ui::state::Ctx;

/// A workspace may come from elsewhere: names are shown cut and without characters that change how a line reads.
const NAME_BYTES: usize = 200;

/// Why nothing can be sent there; `key` names the sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsendable {
    pub key: &'static str,
    pub name: String,
}

/// The target chosen by the person, else the first that is there.
pub fn current(ctx: &Ctx<'_>) -> Option<Target> {
    ctx.state.target.clone().or_else(|| first_open(ctx))
}

/// A client of ours before the peers of listeners, then what can be sent to by UDP.
fn first_open(ctx: &Ctx<'_>) -> Option<Target> {
    let endpoints = || ctx.engine.endpoints.iter().map(|endpoint| endpoint.as_ref());
    let is_client = |endpoint: &&EndpointStatus| {
        let one_peer = matches!(endpoint.settings.protocol, Protocol::TcpClient(_)) || is_connected_udp(endpoint);
        one_peer && endpoint_sendable(endpoint).is_ok()
    };
    let client = || endpoints().find(is_client).map(|endpoint| Target::Endpoint(endpoint.id));
    let peer = || endpoints().find_map(|endpoint| endpoint.peers.iter().find(|peer| can_send(peer)));
    let is_udp = |endpoint: &&EndpointStatus| {
        endpoint.state == EndpointState::Open && endpoint.settings.transport() == Transport::Udp
    };
    client()
        .or_else(|| peer().map(|peer| Target::Connection(peer.id)))
        .or_else(|| endpoints().find(is_udp).map(|endpoint| Target::Endpoint(endpoint.id)))
}

pub fn can_send(peer: &ConnectionStatus) -> bool {
    matches!(peer.state, ConnectionState::Open | ConnectionState::PeerFinished)
}

pub fn find<'a>(ctx: &'a Ctx<'_>, id: ConnectionId) -> Option<(&'a EndpointStatus, &'a ConnectionStatus)> {
    ctx.engine
        .endpoints
        .iter()
        .find_map(|endpoint| Some((endpoint.as_ref(), endpoint.peers.iter().find(|peer| peer.id == id)?)))
}

/// A UDP socket that has one peer only.
pub fn is_connected_udp(endpoint: &EndpointStatus) -> bool {
    matches!(&endpoint.settings.protocol, Protocol::Udp(udp) if udp.remote.is_some())
}

/// A UDP socket that needs an address for each datagram.
pub fn wants_address(ctx: &Ctx<'_>, id: EndpointId) -> bool {
    ctx.engine
        .endpoint(id)
        .is_some_and(|endpoint| endpoint.settings.transport() == Transport::Udp && !is_connected_udp(endpoint))
}

/// `127.0.0.1:51022`, "all 3 peers of 127.0.0.1:9000", `udp 0.0.0.0:5005`.
pub fn name(ctx: &Ctx<'_>, target: &Target) -> String {
    match target {
        Target::Connection(id) => match find(ctx, *id) {
            Some((_, peer)) => peer_name(peer),
            None => ctx.words.get("composer.gone").to_owned(),
        },
        Target::Endpoint(id) => match ctx.engine.endpoint(*id) {
            Some(endpoint) if matches!(endpoint.settings.protocol, Protocol::TcpListener(_)) => ctx
                .words
                .fill("composer.all_peers", &[("count", &endpoint.open_peers), ("listener", &endpoint_name(endpoint))]),
            Some(endpoint) => endpoint_title(endpoint),
            None => ctx.words.get("composer.gone").to_owned(),
        },
        Target::Datagram { from, .. } => match ctx.engine.endpoint(*from) {
            Some(endpoint) => endpoint_title(endpoint),
            None => ctx.words.get("composer.gone").to_owned(),
        },
    }
}

pub fn peer_name(peer: &ConnectionStatus) -> String {
    match peer.flow.peer {
        Some(address) => address.to_string(),
        None => visible_text(&peer.flow.endpoint_uri, NAME_BYTES),
    }
}

/// The user's name, else the address with the real port.
pub fn endpoint_name(endpoint: &EndpointStatus) -> String {
    if let Some(name) = &endpoint.settings.name {
        return visible_text(name, NAME_BYTES);
    }
    match (&endpoint.settings.protocol, endpoint.local.first()) {
        (Protocol::TcpListener(_), Some(local)) => local.to_string(),
        (Protocol::Udp(udp), Some(local)) if udp.remote.is_none() => local.to_string(),
        _ => visible_text(&endpoint.settings.uri().at.to_string(), NAME_BYTES),
    }
}

/// The transport before the address: `tcp 127.0.0.1:9000`.
pub fn endpoint_title(endpoint: &EndpointStatus) -> String {
    if endpoint.settings.name.is_some() {
        return endpoint_name(endpoint);
    }
    format!("{} {}", endpoint.settings.transport(), endpoint_name(endpoint))
}

/// `Ok` when the target takes bytes now.
pub fn sendable(ctx: &Ctx<'_>, target: Option<&Target>) -> Result<(), Unsendable> {
    let no = |key: &'static str, name: String| Err(Unsendable { key, name });
    match target {
        None => no("composer.nobody", String::new()),
        Some(Target::Connection(id)) => match find(ctx, *id) {
            None => no("composer.why_gone", String::new()),
            Some((_, peer)) => match peer.state {
                ConnectionState::Open | ConnectionState::PeerFinished => Ok(()),
                ConnectionState::WeFinished => no("composer.why_finished", peer_name(peer)),
                _ => no("composer.why_closed", peer_name(peer)),
            },
        },
        Some(Target::Endpoint(id)) => match ctx.engine.endpoint(*id) {
            None => no("composer.why_gone", String::new()),
            Some(endpoint) => endpoint_sendable(endpoint),
        },
        Some(Target::Datagram { from, .. }) => match ctx.engine.endpoint(*from) {
            Some(endpoint) if endpoint.state == EndpointState::Open => Ok(()),
            Some(endpoint) => no("composer.why_not_open", endpoint_title(endpoint)),
            None => no("composer.why_gone", String::new()),
        },
    }
}

fn endpoint_sendable(endpoint: &EndpointStatus) -> Result<(), Unsendable> {
    let no = |key: &'static str| Err(Unsendable { key, name: endpoint_title(endpoint) });
    match &endpoint.settings.protocol {
        // A listener may be stopped while its peers live on.
        Protocol::TcpListener(_) if endpoint.peers.iter().any(can_send) => Ok(()),
        Protocol::TcpListener(_) => no("composer.why_no_peers"),
        Protocol::TcpClient(_) => match endpoint.peers.iter().find(|peer| can_send(peer)) {
            Some(_) => Ok(()),
            None if endpoint.peers.iter().any(|peer| peer.state == ConnectionState::WeFinished) => {
                no("composer.why_finished")
            }
            None => no("composer.why_not_connected"),
        },
        Protocol::Udp(_) if endpoint.state != EndpointState::Open => no("composer.why_not_open"),
        Protocol::Udp(udp) if udp.remote.is_none() => no("composer.why_address"),
        Protocol::Udp(_) => Ok(()),
    }
}

/// The most bytes that one datagram to this target can carry; `None` for a stream.
pub fn datagram_limit(ctx: &Ctx<'_>, target: &Target) -> Option<usize> {
    let of = |v4: bool| if v4 { MAX_DATAGRAM_V4 } else { MAX_DATAGRAM_V6 };
    match target {
        Target::Connection(id) => {
            let (endpoint, peer) = find(ctx, *id)?;
            (endpoint.settings.transport() == Transport::Udp)
                .then(|| of(peer.flow.peer.is_none_or(|peer| peer.ip().to_canonical().is_ipv4())))
        }
        Target::Endpoint(id) => {
            let endpoint = ctx.engine.endpoint(*id)?;
            let Protocol::Udp(udp) = &endpoint.settings.protocol else { return None };
            let v4 = match udp.remote.as_ref().map(|remote| remote.host.parse::<std::net::IpAddr>()) {
                Some(Ok(remote)) => remote.to_canonical().is_ipv4(),
                _ => endpoint.local.first().map_or(udp.address.is_ipv4(), |local| local.is_ipv4()),
            };
            Some(of(v4))
        }
        Target::Datagram { from, to } => {
            let v4 = match to.host.parse::<std::net::IpAddr>() {
                Ok(to) => to.to_canonical().is_ipv4(),
                Err(_) => ctx.engine.endpoint(*from)?.local.first().is_none_or(|local| local.is_ipv4()),
            };
            Some(of(v4))
        }
    }
}

/// An endpoint that the engine does not know (yet).
pub fn configured_title(settings: &crate::model::EndpointSettings) -> String {
    match &settings.name {
        Some(name) => visible_text(name, NAME_BYTES),
        None => visible_text(&format!("{} {}", settings.transport(), settings.uri().at), NAME_BYTES),
    }
}
