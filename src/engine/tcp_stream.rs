//! A TCP connection from the moment it stands until it has ended.
//!
//! Owns: reading, both directions' ends, and the last row of a connection. Never: connecting, accepting, payloads.
//! Called by: `tcp_listener`, `tcp_client`.

use std::io::{self, ErrorKind, Read as _};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use socket2::SockRef;
use tokio::io::Interest;
use tokio::net::TcpStream;

use super::CloseHow;
use super::answering::{Answering, may_reply};
use super::buffers::Buffer;
use super::endpoint::Endpoint;
use super::pairs::TcpEnd;
use super::peer::{Link, Peer, TcpLink};
use super::services::{self, Serving, ends_with_peer};
use super::shared::{Shared, note_failure};
use super::status::ConnectionState;
use super::tcp_write::{Payload, Writer};
use crate::kernel;
use crate::model::{Answer, By, Doing, Event, Failure, Flow, Happening, MAX_CHUNK, Reason, What};
use crate::session::RecorderHandle;
use crate::session::lane::EVENT_COST;

/// How a connection behaves, apart from what the user orders.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Manners {
    pub echo: bool,
    /// What is served from the beginning on.
    pub service: Answer,
    /// Do not stay half open once the peer has finished.
    pub close_when_peer_finished: bool,
}

/// Who ended it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    Ordered,
    ByItself,
}

/// A connection that stands and is not served yet.
pub(super) struct Fresh {
    pub stream: TcpStream,
    pub flow: Arc<Flow>,
    pub self_connected: bool,
    pub pair: TcpEnd,
}

/// One connection's task: what it needs and what it holds until the end.
pub(super) struct Conversation {
    shared: Arc<Shared>,
    recorder: RecorderHandle,
    peer: Arc<Peer>,
    manners: Manners,
    over: bool,
    _pair: TcpEnd,
}

/// Why reading ended.
enum ReadEnd {
    PeerFinished,
    Stopped,
    Broken(io::Error),
}

impl Conversation {
    /// Lists the connection; who began it writes its first row. Nothing where the endpoint was closed meanwhile.
    pub fn begin(
        shared: &Arc<Shared>,
        recorder: RecorderHandle,
        endpoint: &Arc<Endpoint>,
        fresh: Fresh,
        manners: Manners,
    ) -> Option<Self> {
        // Each write of a user is to leave at once, not when the next one fills the segment.
        let _ = fresh.stream.set_nodelay(true);
        let peer = Arc::new(Peer {
            id: fresh.flow.connection,
            flow: fresh.flow,
            endpoint: endpoint.clone(),
            opened: recorder.now(),
            counters: Default::default(),
            meter: Default::default(),
            state: parking_lot::Mutex::new(ConnectionState::Open),
            stalled_since: Default::default(),
            self_connected: fresh.self_connected,
            taps: Default::default(),
            link: Link::Tcp(TcpLink::new(Arc::new(fresh.stream), fresh.pair.order.clone(), fresh.pair.streak.clone())),
        });
        if !shared.register(&peer) {
            return None;
        }
        Some(Self { shared: shared.clone(), recorder, peer, manners, over: false, _pair: fresh.pair })
    }

    pub fn flow(&self) -> &Arc<Flow> {
        &self.peer.flow
    }

    /// Reads until the end, whoever brings it about.
    pub async fn run(mut self) -> Ended {
        let peer = self.peer.clone();
        let Some(link) = peer.tcp() else { return Ended::ByItself };
        let Some(stream) = link.stream() else { return Ended::ByItself };
        let mut answering = Answering::new(&self.shared, &self.recorder, &peer);
        answering.begin().await;
        services::begin(self.manners.service, &self.shared, &self.recorder, &peer);
        let mut end = self.read(link, &stream, &mut answering).await;
        if let ReadEnd::PeerFinished = end {
            end = self.after_peer_finished(link, &stream, &mut answering).await;
        }
        drop(stream);
        self.finish(link, end).await
    }

    async fn read(&self, link: &TcpLink, stream: &TcpStream, answering: &mut Answering) -> ReadEnd {
        let peer = &self.peer;
        let mut serving = Serving::new(self.manners.service, &self.shared, &self.recorder, peer);
        loop {
            tokio::select! {
                biased;
                () = link.stop.cancelled() => return ReadEnd::Stopped,
                () = at(answering.pause_due()) => {
                    answering.paused().await;
                    continue;
                }
                ready = stream.readable() => if let Err(error) = ready { return ReadEnd::Broken(error) },
            }
            let room = tokio::select! {
                biased;
                () = link.stop.cancelled() => return ReadEnd::Stopped,
                room = self.recorder.room(&peer.flow, MAX_CHUNK + EVENT_COST) => room,
            };
            let bytes = match read_chunk(stream, self.shared.buffers.take()) {
                Ok(bytes) if bytes.is_empty() => return ReadEnd::PeerFinished,
                Ok(bytes) => bytes,
                Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return ReadEnd::Broken(error),
            };
            let length = bytes.len() as u64;
            let time = {
                let _order = link.order.lock();
                let (time, flow) = (self.recorder.now(), peer.flow.clone());
                self.recorder.append(room, [Event { time, flow, what: What::Received(bytes.clone()) }]);
                time
            };
            self.shared.received(peer, 1, length);
            peer.taps.received(&bytes, time);
            answering.received(&bytes, time).await;
            serving.received(&bytes).await;
            if self.manners.echo {
                self.echo(bytes).await;
            }
            tokio::task::coop::consume_budget().await;
        }
    }

    /// Nothing is read while the answer waits: the peer's own flow control keeps memory flat.
    async fn echo(&self, bytes: Bytes) {
        if self.peer.endpoint.replies_paused.load(Ordering::Acquire)
            || !may_reply(&self.shared, &self.recorder, &self.peer)
        {
            return;
        }
        let writer = Writer { shared: &self.shared, recorder: &self.recorder, peer: &self.peer, stop: None };
        // What broke the answer ends the reading as well, and is told there.
        let _ = writer.send(&Payload::Bytes(bytes), |_| ()).await;
    }

    /// The peer sends no more; we may. Ends when we finish as well, when the peer resets, or when the user says so.
    async fn after_peer_finished(&self, link: &TcpLink, stream: &TcpStream, answering: &mut Answering) -> ReadEnd {
        // A writer that met the reset first has taken the error away, and reading looks like a plain end.
        drop(link.order.lock());
        if link.broken.load(Ordering::Acquire) {
            return ReadEnd::Broken(ErrorKind::ConnectionReset.into());
        }
        self.peer.taps.end();
        self.note(Happening::PeerFinished { received: self.peer.counters.counts().bytes_in });
        if link.we_finished.load(Ordering::Acquire) {
            answering.ended().await;
            return ReadEnd::PeerFinished;
        }
        self.shared.show_peer(&self.peer, ConnectionState::PeerFinished);
        answering.ended().await;
        if self.manners.echo || self.manners.close_when_peer_finished || ends_with_peer(self.manners.service) {
            tokio::select! {
                biased;
                () = link.stop.cancelled() => return ReadEnd::Stopped,
                () = answering.drained() => {}
            }
            return ReadEnd::PeerFinished;
        }
        loop {
            let changed = link.changed.notified();
            if link.broken.load(Ordering::Acquire) {
                return ReadEnd::Broken(ErrorKind::ConnectionReset.into());
            }
            if link.we_finished.load(Ordering::Acquire) {
                return ReadEnd::PeerFinished;
            }
            tokio::select! {
                biased;
                () = link.stop.cancelled() => return ReadEnd::Stopped,
                () = changed => {}
                error = reset_of(stream) => return ReadEnd::Broken(error),
            }
        }
    }

    /// Lets go of the socket and writes the last row.
    async fn finish(&mut self, link: &TcpLink, end: ReadEnd) -> Ended {
        let closing_after_peer = matches!(end, ReadEnd::PeerFinished) && !link.we_finished.load(Ordering::Acquire);
        if closing_after_peer && self.manners.close_when_peer_finished {
            // What is being sent may end first; the user's stop goes before it.
            tokio::select! {
                biased;
                () = link.stop.cancelled() => {}
                _turn = link.turn.lock() => {}
            }
        }
        let ordered = matches!(end, ReadEnd::Stopped);
        link.stop.cancel();
        // Whoever was sending lets go of the socket now.
        let _turn = link.turn.lock().await;
        let Some(stream) = link.take_stream() else { return Ended::ByItself };
        let counts = self.peer.counters.counts();
        let (received, sent) = (counts.bytes_in, counts.bytes_out);
        let (state, row) = match end {
            ReadEnd::Stopped if link.ends_by_reset() => {
                let _ = stream.set_zero_linger();
                (ConnectionState::Reset, Happening::Reset { by: By::Us, received, sent })
            }
            ReadEnd::Stopped => {
                let unread = kernel::unread_bytes(&*stream);
                (ConnectionState::Closed, Happening::Closed { by: By::Us, received, sent, unread })
            }
            ReadEnd::PeerFinished => {
                // The one who finished last closed it.
                let peer_was_last = *self.peer.state.lock() == ConnectionState::WeFinished;
                let by = if peer_was_last { By::Peer } else { By::Us };
                (ConnectionState::Closed, Happening::Closed { by, received, sent, unread: 0 })
            }
            ReadEnd::Broken(error) if is_reset(&error) => {
                (ConnectionState::Reset, Happening::Reset { by: By::Peer, received, sent })
            }
            ReadEnd::Broken(error) => {
                let on = self.peer.flow.peer.map(|at| at.to_string()).unwrap_or_default();
                let failure = kernel::failure(Doing::Receive, on, &error);
                note_failure(&self.recorder, &self.peer.flow, failure.clone());
                (ConnectionState::Failed(failure), Happening::Closed { by: By::Us, received, sent, unread: 0 })
            }
        };
        drop(stream);
        self.note(row);
        self.over = true;
        *self.peer.state.lock() = state;
        self.shared.unregister(&self.peer);
        if ordered { Ended::Ordered } else { Ended::ByItself }
    }

    fn note(&self, happening: Happening) {
        self.recorder.note(self.recorder.happened(&self.peer.flow, happening));
    }
}

impl Drop for Conversation {
    /// The task died, or the time of the shutdown was up: the connection must not stay listed as if it lived.
    fn drop(&mut self) {
        if self.over {
            return;
        }
        let counts = self.peer.counters.counts();
        if std::thread::panicking() {
            let on = self.peer.flow.peer.map(|at| at.to_string()).unwrap_or_default();
            let failure = internal_error(Doing::Receive, on);
            note_failure(&self.recorder, &self.peer.flow, failure.clone());
            *self.peer.state.lock() = ConnectionState::Failed(failure);
        } else {
            *self.peer.state.lock() = ConnectionState::Closed;
        }
        if let Some(link) = self.peer.tcp() {
            link.stop.cancel();
            link.take_stream();
        }
        let (received, sent) = (counts.bytes_in, counts.bytes_out);
        self.note(Happening::Closed { by: By::Us, received, sent, unread: 0 });
        self.shared.unregister(&self.peer);
    }
}

/// A mistake of ours in a task: told like every other failure, and nothing else is taken down by it.
pub(super) fn internal_error(doing: Doing, on: String) -> Failure {
    Failure {
        system: "internal error: a task of Sockscope ended early".into(),
        ..Failure::new(doing, on, Reason::Other)
    }
}

/// Finishes our sending direction when it is our turn: behind payloads that wait, ahead of later ones.
pub(super) async fn finish_sending(shared: Arc<Shared>, recorder: RecorderHandle, peer: Arc<Peer>) {
    let Some(link) = peer.tcp() else { return };
    let _turn = tokio::select! {
        biased;
        () = link.stop.cancelled() => return,
        turn = link.turn.lock() => turn,
    };
    let Some(stream) = link.stream() else { return };
    let _order = link.order.lock();
    if link.we_finished.swap(true, Ordering::AcqRel) {
        return;
    }
    if let Err(error) = SockRef::from(&*stream).shutdown(std::net::Shutdown::Write) {
        // The connection is gone already; its reader says how.
        if error.kind() != ErrorKind::NotConnected {
            let on = peer.flow.peer.map(|at| at.to_string()).unwrap_or_default();
            note_failure(&recorder, &peer.flow, kernel::failure(Doing::Send, on, &error));
        }
        return;
    }
    let sent = peer.counters.counts().bytes_out;
    recorder.note(recorder.happened(&peer.flow, Happening::Finished { sent }));
    if *peer.state.lock() == ConnectionState::Open {
        shared.show_peer(&peer, ConnectionState::WeFinished);
    }
    link.changed.notify_one();
}

/// Closes a connection in the way asked for; acts at once except for `FinishSending`, which keeps its turn.
pub(super) fn close(shared: &Arc<Shared>, peer: Arc<Peer>, how: CloseHow) {
    let Some(link) = peer.tcp() else {
        peer.stop().cancel();
        return;
    };
    match how {
        CloseHow::Close | CloseHow::Reset => link.end(how),
        CloseHow::FinishSending => {
            if let Some(recorder) = shared.recorder() {
                shared.spawn(finish_sending(shared.clone(), recorder, peer));
            }
        }
    }
}

/// Waits until a time; for ever where there is none.
async fn at(time: Option<tokio::time::Instant>) {
    match time {
        Some(time) => tokio::time::sleep_until(time).await,
        None => std::future::pending().await,
    }
}

/// One read of at most `MAX_CHUNK` bytes; empty at the peer's end.
fn read_chunk(stream: &TcpStream, mut buffer: Buffer) -> io::Result<Bytes> {
    let mut length = None;
    let result = stream.try_io(Interest::READABLE, || {
        let area = buffer.whole();
        let socket = SockRef::from(stream);
        let read = (&*socket).read(area)?;
        length = Some(read);
        // A short read means that the queue is empty. Linux tells of every arrival anew, so the next wait needs no
        // second read that finds nothing.
        if cfg!(target_os = "linux") && read > 0 && read < area.len() {
            return Err(ErrorKind::WouldBlock.into());
        }
        Ok(())
    });
    match (length, result) {
        (Some(length), _) => Ok(if length == 0 { Bytes::new() } else { buffer.into_bytes(length) }),
        (None, Err(error)) => Err(error),
        (None, Ok(())) => Err(ErrorKind::WouldBlock.into()),
    }
}

/// Waits until the peer resets a connection whose reading has ended.
async fn reset_of(stream: &TcpStream) -> io::Error {
    if let Err(error) = stream.ready(Interest::ERROR).await {
        return error;
    }
    stream.take_error().ok().flatten().unwrap_or_else(|| ErrorKind::ConnectionReset.into())
}

fn is_reset(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe)
}

/// Addresses as people know them: an IPv4 peer of a dual-stack socket is an IPv4 peer.
pub(super) fn canonical(address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V6(v6) if v6.ip().to_ipv4_mapped().is_some() => SocketAddr::new(v6.ip().to_canonical(), v6.port()),
        other => other,
    }
}
