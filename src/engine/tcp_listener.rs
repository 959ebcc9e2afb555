//! A TCP listener: bind, accept, and keep accepting whatever happens.
//!
//! Owns: the listening socket. Never: the accepted connections (each has a task of its own). Called by: `run`.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use socket2::{Domain, Protocol as IpProtocol, SockRef, Socket, Type};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use super::endpoint::Endpoint;
use super::pairs::End;
use super::run::{Opened, taken_by};
use super::shared::{Shared, note_failure};
use super::status::EndpointState;
use super::tcp_stream::{Conversation, Fresh, Manners, canonical};
use crate::kernel;
use crate::model::{
    Answer, ConnectionId, Doing, Event, Failure, Flow, Happening, ListenerSettings, OverLimit, Reason, Timestamp,
    Transport, What,
};
use crate::session::RecorderHandle;
use crate::session::lane::EVENT_COST;

/// A listener that cannot accept tries again after this long.
const BACK_OFF: Duration = Duration::from_millis(100);

struct Acceptor<'a> {
    shared: &'a Arc<Shared>,
    recorder: &'a RecorderHandle,
    endpoint: &'a Arc<Endpoint>,
    settings: &'a ListenerSettings,
    flow: Arc<Flow>,
    stop: &'a CancellationToken,
    /// Given up while paused, so that the rest of the program can open what it needs, and taken again before accepting.
    reserve: Option<Socket>,
    paused: Option<(Instant, Failure)>,
}

/// Listens until stopped; the failure where that could not begin.
pub(super) async fn run(
    shared: &Arc<Shared>,
    recorder: &RecorderHandle,
    endpoint: &Arc<Endpoint>,
    settings: &ListenerSettings,
    stop: &CancellationToken,
) -> Result<Opened, Failure> {
    let wanted = SocketAddr::new(settings.address, settings.port);
    let listening = bind(settings, wanted).and_then(|listener| Ok((listener.local_addr()?, listener)));
    let (local, listener) = match listening {
        Ok(listening) => listening,
        Err(error) => {
            return Err(
                taken_by(Transport::Tcp, wanted, kernel::failure(Doing::Listen, wanted.to_string(), &error)).await
            );
        }
    };
    if settings.address.is_ipv6() && !settings.dual_stack && kernel::ipv6_is_off() {
        // The system lets one bind [::] and then never hears of anybody.
        return Err(Failure::new(Doing::Listen, wanted.to_string(), Reason::Ipv6Off));
    }
    let flow = endpoint.flow(Some(local));
    let dual_stack = settings.dual_stack && settings.address.is_ipv6();
    let listening = Happening::Listening { backlog: Some(settings.backlog), dual_stack, receive_buffer: None };
    recorder.note(recorder.happened(&flow, listening));
    shared.show(endpoint, |shown| {
        shown.state = EndpointState::Open;
        shown.local = vec![local];
    });
    let reserve = reserve();
    let mut acceptor =
        Acceptor { shared, recorder, endpoint, settings, flow: flow.clone(), stop, reserve, paused: None };
    acceptor.accept_all(&listener).await;
    drop(listener);
    Ok(Opened { flow })
}

fn bind(settings: &ListenerSettings, at: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(at), Type::STREAM, Some(IpProtocol::TCP))?;
    if at.is_ipv6() {
        socket.set_only_v6(!settings.dual_stack)?;
    }
    // On Windows this option would let two listeners share a port.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&at.into())?;
    socket.listen(i32::try_from(settings.backlog).unwrap_or(i32::MAX))?;
    TcpListener::from_std(socket.into())
}

impl Acceptor<'_> {
    async fn accept_all(&mut self, listener: &TcpListener) {
        loop {
            if !self.place().await || (self.paused.is_some() && !self.rest().await) {
                return;
            }
            let accepted = tokio::select! {
                biased;
                () = self.stop.cancelled() => return,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, peer)) => {
                    self.resumed();
                    self.take(stream, peer).await;
                }
                Err(error) if kernel::accept_must_wait(&error) => self.pause(&error),
                // The peer was gone before we came to it: not a trouble of ours.
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(error) => {
                    // Told as the pause it leads to, so that a lasting error cannot fill the log.
                    self.pause(&error);
                }
            }
        }
    }

    /// Waits for a free place where the limit says so; `false` when stopped.
    async fn place(&self) -> bool {
        let Some(limit) = self.settings.max_peers.filter(|_| self.settings.over_limit == OverLimit::Wait) else {
            return true;
        };
        loop {
            let freed = self.endpoint.place_free.notified();
            if self.endpoint.open_count() < limit as usize {
                return true;
            }
            tokio::select! {
                biased;
                () = self.stop.cancelled() => return false,
                () = freed => {}
            }
        }
    }

    /// One back-off; `false` when stopped.
    async fn rest(&mut self) -> bool {
        loop {
            let retry_at = Timestamp(self.recorder.now().0 + BACK_OFF.as_nanos() as u64);
            self.shared.show(self.endpoint, |shown| shown.retry_at = Some(retry_at));
            tokio::select! {
                biased;
                () = self.stop.cancelled() => return false,
                () = tokio::time::sleep(BACK_OFF) => {}
            }
            if self.reserve.is_none() {
                self.reserve = reserve();
            }
            if self.reserve.is_some() {
                return true;
            }
        }
    }

    fn pause(&mut self, error: &io::Error) {
        self.reserve = None;
        if self.paused.is_some() {
            return;
        }
        let on = self.flow.local.map(|at| at.to_string()).unwrap_or_default();
        let failure = kernel::failure(Doing::Accept, on, error);
        self.paused = Some((Instant::now(), failure.clone()));
        let retry_millis = BACK_OFF.as_millis() as u64;
        let paused = Happening::AcceptPaused { failure: failure.clone(), retry_millis };
        self.recorder.note(self.recorder.happened(&self.flow, paused));
        self.shared.show(self.endpoint, |shown| {
            shown.state = EndpointState::Paused;
            shown.failure = Some(failure);
        });
    }

    fn resumed(&mut self) {
        let Some((since, _)) = self.paused.take() else { return };
        let after_millis = u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.recorder.note(self.recorder.happened(&self.flow, Happening::AcceptResumed { after_millis }));
        self.shared.show(self.endpoint, |shown| {
            shown.state = EndpointState::Open;
            shown.failure = None;
            shown.retry_at = None;
        });
    }

    async fn take(&mut self, stream: TcpStream, peer: SocketAddr) {
        let peer = canonical(peer);
        // A peer that reset meanwhile has no addresses any more; the listener's own is true then.
        let local = stream.local_addr().ok().map(canonical).or(self.flow.local);
        let over = self.settings.max_peers.filter(|&limit| self.endpoint.open_count() >= limit as usize);
        let echo = self.settings.answer == Answer::Echo;
        let id = self.shared.next_connection();
        if let Some(limit) = over {
            let _ = SockRef::from(&stream).set_linger(Some(Duration::ZERO));
            drop(stream);
            self.write(self.flow_of(id, local, peer, false), Happening::TurnedAway { limit }).await;
            return;
        }
        let end = End { echoes: echo, order: Default::default(), streak: Default::default() };
        let (pair, other) = self.shared.pairs.accept_tcp(local.unwrap_or(peer), peer, end);
        let flow = self.flow_of(id, local, peer, other.is_some());
        let fresh = Fresh { stream, flow: flow.clone(), self_connected: false, pair };
        // Two echoes would send the same bytes back and forth for ever.
        let loops = echo && other.as_ref().is_some_and(|other| other.echoes);
        let close_when_peer_finished = self.shared.closes_finished_peers.load(Ordering::Relaxed);
        let manners = Manners { echo: echo && !loops, service: self.settings.answer, close_when_peer_finished };
        let recorder = self.recorder.clone();
        let Some(conversation) = Conversation::begin(self.shared, recorder, self.endpoint, fresh, manners) else {
            return;
        };
        self.write(conversation.flow().clone(), Happening::Accepted).await;
        if loops {
            note_failure(self.recorder, &flow, Failure::new(Doing::Send, peer.to_string(), Reason::EchoLoop));
        }
        self.shared.spawn(async move {
            conversation.run().await;
        });
    }

    /// Strangers decide how many of these rows there are, so they take room like traffic does.
    async fn write(&self, flow: Arc<Flow>, happening: Happening) {
        let time = self.recorder.now();
        let room = tokio::select! {
            biased;
            () = self.stop.cancelled() => None,
            room = self.recorder.room(&flow, EVENT_COST) => room,
        };
        let event = Event { time, flow, what: What::Happened(Box::new(happening)) };
        if room.is_none() && self.stop.is_cancelled() {
            self.recorder.note(event);
            return;
        }
        self.recorder.append(room, [event]);
    }

    fn flow_of(&self, id: ConnectionId, local: Option<SocketAddr>, peer: SocketAddr, mirror: bool) -> Arc<Flow> {
        Arc::new(Flow { connection: id, local, peer: Some(peer), mirror, ..Flow::clone(&self.flow) })
    }
}

/// A descriptor kept for hard times.
fn reserve() -> Option<Socket> {
    Socket::new(Domain::IPV4, Type::DGRAM, None).ok()
}
