//! A UDP socket: bind, receive in batches, answer, count what the kernel dropped.
//!
//! Owns: the socket and its receive loop. Never: receive offload (it merges datagrams). Called by: `run`.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use socket2::{Domain, Protocol as IpProtocol, Socket, Type};
use tokio::io::Interest;
use tokio::net::UdpSocket;
use tokio_util::sync::CancellationToken;

use super::answering::{Answering, may_reply};
use super::endpoint::Endpoint;
use super::pairs::End;
use super::peer::Peer;
use super::resolve::resolve;
use super::run::{Opened, taken_by};
use super::services;
use super::shared::{Shared, note_failure};
use super::status::{BufferSize, EndpointState};
use super::tcp_stream::canonical;
use crate::kernel::{self, BATCH, DatagramArea, MAX_DATAGRAM};
use crate::model::{Answer, Doing, Event, Failure, Happening, Reason, Transport, UdpSettings, What};
use crate::session::RecorderHandle;
use crate::session::lane::EVENT_COST;

pub(super) use super::udp_link::UdpLink;

/// While traffic flows, and once after it ended, the kernel is asked this often how much it dropped.
const DROPS_EVERY: Duration = Duration::from_millis(100);

struct Receiver<'a> {
    shared: &'a Arc<Shared>,
    recorder: &'a RecorderHandle,
    endpoint: &'a Arc<Endpoint>,
    link: &'a Arc<UdpLink>,
    stop: &'a CancellationToken,
    answer: Answer,
    /// The kernel's count when last asked: it wraps.
    drops_seen: u32,
    drops_asked: Instant,
    /// Something arrived since.
    drops_due: bool,
}

/// Lets go of the lanes and of the endpoint's way to the socket, however the run ends.
struct Bound<'a> {
    shared: &'a Arc<Shared>,
    endpoint: &'a Arc<Endpoint>,
    link: Arc<UdpLink>,
}

/// Receives until stopped; the failure where that could not begin.
pub(super) async fn run(
    shared: &Arc<Shared>,
    recorder: &RecorderHandle,
    endpoint: &Arc<Endpoint>,
    settings: &UdpSettings,
    stop: &CancellationToken,
) -> Result<Opened, Failure> {
    let remote = tokio::select! {
        biased;
        () = stop.cancelled() => return Ok(Opened { flow: endpoint.flow(None) }),
        remote = remote(shared, endpoint, settings) => remote?,
    };
    let wanted = bind_address(settings, remote)?;
    let (socket, given) = match open(settings, wanted) {
        Ok(opened) => opened,
        Err(error) => {
            let failure = kernel::failure(Doing::Bind, wanted.to_string(), &error);
            return Err(taken_by(Transport::Udp, wanted, failure).await);
        }
    };
    if let Some(remote) = remote {
        let connected = socket.connect(remote).await;
        connected.map_err(|error| kernel::failure(Doing::Connect, remote.to_string(), &error))?;
    }
    let local = socket.local_addr().map_err(|error| kernel::failure(Doing::Bind, wanted.to_string(), &error))?;
    let flow = endpoint.flow(Some(local));
    let buffer = BufferSize { asked: u64::from(settings.receive_buffer), given };
    let dual_stack = settings.dual_stack && local.is_ipv6();
    let echo = settings.answer == Answer::Echo;
    let link =
        Arc::new(UdpLink::new(socket, local, remote, settings.broadcast, flow.clone(), endpoint.clone(), stop.clone()));
    shared.pairs.add_udp(
        endpoint.id,
        local,
        End { echoes: echo, order: link.order.clone(), streak: Default::default() },
    );
    let bound = Bound { shared, endpoint, link: link.clone() };
    *endpoint.udp.lock() = Some(link.clone());
    let receive_buffer = Some((buffer.asked, buffer.given));
    let listening = Happening::Listening { backlog: None, dual_stack, receive_buffer };
    recorder.note(recorder.happened(&flow, listening));
    if let Some(remote) = remote {
        link.lane(shared, remote);
    }
    shared.show(endpoint, |shown| {
        shown.state = EndpointState::Open;
        shown.local = vec![local];
        shown.receive_buffer = Some(buffer);
    });
    let mut receiver = Receiver {
        shared,
        recorder,
        endpoint,
        link: &link,
        stop,
        answer: settings.answer,
        drops_seen: 0,
        drops_asked: Instant::now(),
        drops_due: false,
    };
    receiver.receive_all().await;
    receiver.count_drops();
    drop(bound);
    Ok(Opened { flow })
}

/// The only peer of a connected socket; of several addresses the first that fits the bind address.
async fn remote(
    shared: &Arc<Shared>,
    endpoint: &Arc<Endpoint>,
    settings: &UdpSettings,
) -> Result<Option<SocketAddr>, Failure> {
    let Some(remote) = &settings.remote else { return Ok(None) };
    if remote.as_socket_addr().is_none() {
        shared.show(endpoint, |shown| shown.state = EndpointState::Resolving);
    }
    let found = resolve(&*shared.resolver, remote).await?;
    let fits = found.iter().find(|at| at.is_ipv4() == settings.address.is_ipv4() || settings.dual_stack);
    let chosen = fits.or(found.first().filter(|_| settings.address.is_unspecified()));
    let mismatch = || Failure::new(Doing::Connect, remote.to_string(), Reason::FamilyMismatch);
    chosen.copied().map(Some).ok_or_else(mismatch)
}

/// A wildcard address is meant for the remote's family, whichever was written.
fn bind_address(settings: &UdpSettings, remote: Option<SocketAddr>) -> Result<SocketAddr, Failure> {
    let mut address = settings.address;
    if let Some(remote) = remote.filter(|remote| remote.is_ipv4() != address.is_ipv4()) {
        if !address.is_unspecified() {
            return Err(Failure::new(Doing::Bind, address.to_string(), Reason::FamilyMismatch));
        }
        address = if remote.is_ipv4() { IpAddr::V4(Ipv4Addr::UNSPECIFIED) } else { IpAddr::V6(Ipv6Addr::UNSPECIFIED) };
    }
    Ok(SocketAddr::new(address, settings.port))
}

/// The socket, and how much of the receive buffer asked for was given.
fn open(settings: &UdpSettings, at: SocketAddr) -> io::Result<(UdpSocket, u64)> {
    let socket = Socket::new(Domain::for_address(at), Type::DGRAM, Some(IpProtocol::UDP))?;
    if at.is_ipv6() {
        socket.set_only_v6(!settings.dual_stack)?;
    }
    socket.set_nonblocking(true)?;
    socket.set_broadcast(settings.broadcast)?;
    // Clamped without an error where the system allows less: the row and the status say what was given.
    let _ = socket.set_recv_buffer_size(settings.receive_buffer as usize);
    let reported = socket.recv_buffer_size().unwrap_or(0) as u64;
    // Linux reports twice what it was given, for its own bookkeeping.
    let given = if cfg!(target_os = "linux") { reported / 2 } else { reported };
    // Without it, an unconnected socket never learns that nobody listens; the rest works all the same.
    let _ = kernel::report_icmp_errors(&socket, at.is_ipv6());
    socket.bind(&at.into())?;
    Ok((UdpSocket::from_std(socket.into())?, given))
}

impl Receiver<'_> {
    async fn receive_all(&mut self) {
        let wanted = Interest::READABLE | Interest::ERROR;
        loop {
            let drops_due = self.drops_due;
            let ready = tokio::select! {
                biased;
                () = self.stop.cancelled() => return,
                ready = self.link.socket.ready(wanted) => ready,
                () = tokio::time::sleep(DROPS_EVERY), if drops_due => {
                    self.drops_due = false;
                    self.count_drops();
                    continue;
                }
            };
            let Ok(ready) = ready else { return };
            if ready.is_error() {
                self.link.report_errors(self.shared, self.recorder).await;
            }
            if ready.is_readable() && !self.receive_batch().await {
                return;
            }
            tokio::task::coop::consume_budget().await;
        }
    }

    /// Reads and writes down one batch; `false` when stopped.
    async fn receive_batch(&mut self) -> bool {
        let most = BATCH * (MAX_DATAGRAM + EVENT_COST);
        let room = tokio::select! {
            biased;
            () = self.stop.cancelled() => return false,
            room = self.recorder.room(&self.link.flow, most) => room,
        };
        let mut area = self.shared.buffers.take_area();
        let received = self.read(&mut area);
        let (mut echoes, mut heard) = (Vec::new(), Vec::new());
        match received {
            Ok(0) => {}
            Ok(count) => {
                let _order = self.link.order.lock();
                let events = self.events(&area, count, &mut echoes, &mut heard);
                self.recorder.append(room, events);
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
            // An ICMP error that stood before the datagrams: its row comes from the error queue.
            Err(error) if self.link.report_errors(self.shared, self.recorder).await == 0 => {
                let on = self.link.local.to_string();
                note_failure(self.recorder, &self.link.flow, kernel::failure(Doing::Receive, on, &error));
                // Whatever it is, it must not fill the log at full speed.
                tokio::time::sleep(DROPS_EVERY).await;
            }
            Err(_) => {}
        }
        self.shared.buffers.give_back_area(area);
        self.drops_due = true;
        if self.drops_asked.elapsed() >= DROPS_EVERY {
            self.count_drops();
        }
        for (peer, payload) in echoes {
            self.echo(&peer, &payload).await;
        }
        for (peer, payload) in heard {
            self.answer(&peer, &payload).await;
        }
        true
    }

    fn read(&self, area: &mut DatagramArea) -> io::Result<usize> {
        let mut received = 0;
        let result = self.link.socket.try_io(Interest::READABLE, || {
            received = area.receive(&self.link.socket)?;
            // A batch that is not full has emptied the queue; Linux tells of every arrival anew.
            if cfg!(target_os = "linux") && received < BATCH { Err(ErrorKind::WouldBlock.into()) } else { Ok(()) }
        });
        match result {
            Err(error) if received == 0 => Err(error),
            _ => Ok(received),
        }
    }

    fn events(
        &self,
        area: &DatagramArea,
        count: usize,
        echoes: &mut Vec<(Arc<Peer>, Bytes)>,
        heard: &mut Vec<(Arc<Peer>, Bytes)>,
    ) -> Vec<Event> {
        let answers = !self.endpoint.replies.lock().rules.is_empty();
        let mut arena = BytesMut::with_capacity(area.payload_bytes());
        for (bytes, _) in area.datagrams() {
            arena.extend_from_slice(bytes);
        }
        let mut arena = arena.freeze();
        let time = self.recorder.now();
        let mut events = Vec::with_capacity(count);
        let mut last: Option<(SocketAddr, Arc<Peer>)> = None;
        for (bytes, sender) in area.datagrams() {
            let payload = arena.split_to(bytes.len());
            let peer = match &last {
                Some((address, peer)) if *address == sender => peer,
                _ => &last.insert((sender, self.link.lane(self.shared, canonical(sender)))).1,
            };
            self.shared.received(peer, 1, payload.len() as u64);
            peer.taps.received(&payload, time);
            events.push(Event { time, flow: peer.flow.clone(), what: What::Received(payload.clone()) });
            if answers {
                heard.push((peer.clone(), payload.clone()));
            }
            if self.answer != Answer::Nothing {
                echoes.push((peer.clone(), payload));
            }
        }
        events
    }

    /// Each datagram by itself.
    async fn answer(&self, peer: &Arc<Peer>, payload: &Bytes) {
        let Some(lane) = peer.udp() else { return };
        let kept = lane.answering.lock().take();
        let mut answering = kept.unwrap_or_else(|| Box::new(Answering::new(self.shared, self.recorder, peer)));
        tokio::select! {
            biased;
            () = self.stop.cancelled() => return,
            () = async {
                if !lane.heard.swap(true, Ordering::AcqRel) {
                    answering.begin().await;
                }
                answering.received(payload, self.recorder.now()).await;
            } => {}
        }
        *lane.answering.lock() = Some(answering);
        if lane.stop.is_cancelled() {
            // Forgotten meanwhile: what it keeps knows it, and would keep it for ever.
            lane.answering.lock().take();
        }
    }

    async fn echo(&self, peer: &Arc<Peer>, payload: &Bytes) {
        let Some(lane) = peer.udp() else { return };
        if self.endpoint.replies_paused.load(Ordering::Acquire) {
            return;
        }
        if lane.quiet {
            if !lane.quiet_said.swap(true, Ordering::AcqRel) {
                let failure = Failure::new(Doing::Send, lane.to.to_string(), Reason::EchoLoop);
                note_failure(self.recorder, &peer.flow, failure);
            }
            return;
        }
        let Some(payload) = services::datagram(self.answer, payload, self.recorder.now()) else { return };
        if !may_reply(self.shared, self.recorder, peer) {
            return;
        }
        if let Err(super::tcp_write::SendEnd::Failed(failure)) =
            self.link.send(self.shared, self.recorder, peer, &payload, None).await
        {
            note_failure(self.recorder, &peer.flow, failure);
        }
    }

    /// A row for what the kernel dropped since it was last asked.
    fn count_drops(&mut self) {
        self.drops_asked = Instant::now();
        let Some(now) = kernel::dropped_datagrams(&self.link.socket) else { return };
        let datagrams = u64::from(now.wrapping_sub(self.drops_seen));
        if datagrams == 0 {
            return;
        }
        self.drops_seen = now;
        let total = self.endpoint.dropped.fetch_add(datagrams, Ordering::Relaxed) + datagrams;
        let dropped = Happening::Dropped { datagrams, total };
        self.recorder.note(self.recorder.happened(&self.link.flow, dropped));
        self.shared.board.traffic(self.endpoint);
    }
}

impl Drop for Bound<'_> {
    fn drop(&mut self) {
        *self.endpoint.udp.lock() = None;
        self.link.forget_lanes(self.shared);
        self.shared.pairs.remove_udp(self.endpoint.id);
    }
}
