//! Orders to send: to whom, how often, how far they are.
//!
//! Owns: the running sends and the newest that ended. Never: sockets (each connection has its own way to send).
//! Called by: `Engine::send`.

use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use super::endpoint::Endpoint;
use super::filling::{Given, Template};
use super::lateness::LatenessMeter;
use super::pace::Pace;
use super::peer::{Link, Peer};
use super::resolve::resolve;
use super::send_to_all::send_to_all;
use super::shared::{Shared, note_failure};
use super::status::{ConnectionState, EndpointState, SendProgress, SendState};
use super::tcp_write::{FilePayload, Payload, SendEnd, Writer};
use super::{Busy, Repeat, Source, Target};
use crate::kernel;
use crate::model::{Doing, Failure, Flow, HostPort, MAX_DATAGRAM_V6, Protocol, Reason, SendId};
use crate::session::RecorderHandle;

/// Sends that may run at a time.
const RUNNING: usize = 1024;
/// Ended sends whose outcome can still be read.
const ENDED_LISTED: usize = 32;

#[derive(Default)]
pub(super) struct Sends {
    jobs: Mutex<Jobs>,
}

#[derive(Default)]
struct Jobs {
    running: Vec<Arc<Job>>,
    ended: VecDeque<SendProgress>,
}

/// One press of Send.
pub(super) struct Job {
    pub id: SendId,
    pub stop: CancellationToken,
    pub sent: AtomicU64,
    round_bytes: AtomicU64,
    pub rounds: AtomicU64,
    rounds_asked: Option<u64>,
    pub lateness: Mutex<LatenessMeter>,
}

/// What a send needs, in its own task and in those it starts.
#[derive(Clone)]
pub(super) struct Sender {
    pub shared: Arc<Shared>,
    pub recorder: RecorderHandle,
    pub job: Arc<Job>,
}

/// A send while it runs: its outcome is kept even when its task dies.
struct Running {
    sender: Sender,
    outcome: Option<SendState>,
}

/// What each round sends.
#[derive(Clone)]
pub(super) enum Load {
    Same(Payload),
    /// Filled in for each round and each peer.
    Template(Template),
}

/// A failure, and the flow it is written on; none where the endpoint or connection is not there any more.
pub(super) type Told = (Failure, Option<Arc<Flow>>);

impl Sends {
    pub fn add(&self, job: Arc<Job>) -> Result<(), Busy> {
        let mut jobs = self.jobs.lock();
        if jobs.running.len() >= RUNNING {
            return Err(Busy);
        }
        jobs.running.push(job);
        Ok(())
    }

    pub fn stop(&self, id: SendId) {
        if let Some(job) = self.jobs.lock().running.iter().find(|job| job.id == id) {
            job.stop.cancel();
        }
    }

    pub fn stop_all(&self) {
        for job in &self.jobs.lock().running {
            job.stop.cancel();
        }
    }

    pub fn progress(&self) -> Vec<SendProgress> {
        let jobs = self.jobs.lock();
        let running = jobs.running.iter().map(|job| job.progress(SendState::Running));
        jobs.ended.iter().cloned().chain(running).collect()
    }

    fn ended(&self, job: &Job, state: SendState) {
        let mut jobs = self.jobs.lock();
        jobs.running.retain(|running| running.id != job.id);
        if jobs.ended.len() == ENDED_LISTED {
            jobs.ended.pop_front();
        }
        jobs.ended.push_back(job.progress(state));
    }
}

impl Load {
    /// There is nothing to send, however often.
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Same(payload) if payload.length() == 0)
    }
}

impl Job {
    pub fn new(id: SendId, repeat: Option<Repeat>) -> Self {
        Self {
            id,
            stop: CancellationToken::new(),
            sent: AtomicU64::new(0),
            round_bytes: AtomicU64::new(0),
            rounds: AtomicU64::new(0),
            rounds_asked: repeat.map_or(Some(1), |repeat| repeat.count),
            lateness: Mutex::default(),
        }
    }

    fn progress(&self, state: SendState) -> SendProgress {
        SendProgress {
            id: self.id,
            sent: self.sent.load(Ordering::Relaxed),
            round_bytes: self.round_bytes.load(Ordering::Relaxed),
            rounds: self.rounds.load(Ordering::Relaxed),
            rounds_asked: self.rounds_asked,
            lateness: self.lateness.lock().figures(),
            state,
        }
    }
}

/// Runs a send to its end and keeps its outcome.
pub(super) async fn run(
    shared: Arc<Shared>,
    recorder: RecorderHandle,
    job: Arc<Job>,
    target: Target,
    source: Source,
    repeat: Option<Repeat>,
) {
    let sender = Sender { shared, recorder, job };
    let mut running = Running { sender: sender.clone(), outcome: None };
    let outcome = match sender.execute(target, source, repeat).await {
        Ok(()) => SendState::Done,
        Err(None) => SendState::Stopped,
        Err(Some((failure, flow))) => {
            sender.note_failure(flow, failure.clone());
            SendState::Failed(failure)
        }
    };
    running.outcome = Some(outcome);
}

impl Drop for Running {
    fn drop(&mut self) {
        let Sender { shared, job, .. } = &self.sender;
        shared.sends.ended(job, self.outcome.take().unwrap_or(SendState::Stopped));
        shared.board.list_changed();
    }
}

impl Sender {
    /// `Err(None)`: stopped.
    async fn execute(&self, target: Target, source: Source, repeat: Option<Repeat>) -> Result<(), Option<Told>> {
        let nowhere = |what: String| Some((Failure::new(Doing::Send, what, Reason::NotConnected), None));
        match target {
            Target::Connection(id) => {
                let peer = self.shared.peer(id).ok_or_else(|| nowhere(format!("connection {}", id.0)))?;
                let load = self.load(source, &peer.flow).await?;
                self.repeat_to(load, repeat, || Ok(Some(peer.clone()))).await
            }
            Target::Endpoint(id) => {
                let endpoint = self.shared.endpoint(id).ok_or_else(|| nowhere(format!("endpoint {}", id.0)))?;
                self.to_endpoint(&endpoint, source, repeat).await
            }
            Target::Datagram { from, to } => {
                let endpoint = self.shared.endpoint(from).ok_or_else(|| nowhere(format!("endpoint {}", from.0)))?;
                self.to_typed_address(&endpoint, &to, source, repeat).await
            }
        }
    }

    async fn to_endpoint(
        &self,
        endpoint: &Arc<Endpoint>,
        source: Source,
        repeat: Option<Repeat>,
    ) -> Result<(), Option<Told>> {
        let flow = endpoint.flow(None);
        let load = self.load(source, &flow).await?;
        let protocol = endpoint.shown.lock().settings.protocol.clone();
        let not_connected =
            || Some((Failure::new(Doing::Send, &*flow.endpoint_uri, Reason::NotConnected), Some(flow.clone())));
        match protocol {
            Protocol::TcpListener(_) => send_to_all(self, endpoint, load, repeat).await,
            Protocol::TcpClient(_) => {
                // A client that will be back misses a round; one that is gone ends the send.
                let current = || match endpoint.open_peers().into_iter().find(|peer| !peer.stop().is_cancelled()) {
                    Some(peer) => Ok(Some(peer)),
                    None if repeat.is_some() && will_be_back(endpoint) => Ok(None),
                    None => Err(not_connected()),
                };
                self.repeat_to(load, repeat, current).await
            }
            Protocol::Udp(_) => {
                let link = endpoint.udp.lock().clone().ok_or_else(not_connected)?;
                let peer = link.lane(&self.shared, link.remote.ok_or_else(not_connected)?);
                self.repeat_to(load, repeat, || Ok(Some(peer.clone()))).await
            }
        }
    }

    async fn to_typed_address(
        &self,
        endpoint: &Arc<Endpoint>,
        to: &HostPort,
        source: Source,
        repeat: Option<Repeat>,
    ) -> Result<(), Option<Told>> {
        let flow = endpoint.flow(None);
        let tell = |failure: Failure| Some((failure, Some(flow.clone())));
        let link = endpoint.udp.lock().clone();
        let not_open = || tell(Failure::new(Doing::Send, to.to_string(), Reason::NotConnected));
        let link = link.ok_or_else(not_open)?;
        let load = self.load(source, &flow).await?;
        let found = tokio::select! {
            biased;
            () = self.job.stop.cancelled() => return Err(None),
            () = link.stop.cancelled() => return Err(None),
            found = resolve(&*self.shared.resolver, to) => found.map_err(tell)?,
        };
        // Of several addresses the first that this socket can reach.
        let mut mismatch = None;
        for address in found {
            match link.check_family(address) {
                Ok(()) => {
                    let peer = link.lane(&self.shared, address);
                    return self.repeat_to(load, repeat, || Ok(Some(peer.clone()))).await;
                }
                Err(failure) => mismatch = Some(failure),
            }
        }
        Err(mismatch.and_then(tell))
    }

    /// Round after round to whoever `current` names; `None` leaves a round out.
    async fn repeat_to(
        &self,
        load: Load,
        repeat: Option<Repeat>,
        current: impl Fn() -> Result<Option<Arc<Peer>>, Option<Told>>,
    ) -> Result<(), Option<Told>> {
        let mut pace = Pace::new(repeat);
        while pace.next(&self.job.stop).await.ok_or(None)? {
            if let Some(late) = pace.late() {
                self.job.lateness.lock().note(late);
            }
            let Some(peer) = current()? else {
                pace.leave_out();
                // With no interval this would never wait for the connection to come back.
                tokio::select! {
                    () = self.job.stop.cancelled() => return Err(None),
                    () = tokio::time::sleep(std::time::Duration::from_millis(20)) => continue,
                }
            };
            self.round(&peer, &load).await?;
            self.job.rounds.fetch_add(1, Ordering::Relaxed);
            if load.is_empty() && peer.tcp().is_some() {
                // Nothing to send over a stream is done with once.
                break;
            }
        }
        Ok(())
    }

    pub fn note_failure(&self, flow: Option<Arc<Flow>>, failure: Failure) {
        if let Some(flow) = flow {
            note_failure(&self.recorder, &flow, failure);
        }
    }

    /// One payload to one peer.
    pub async fn round(&self, peer: &Arc<Peer>, load: &Load) -> Result<(), Option<Told>> {
        let job = &self.job;
        let filled;
        let payload = match load {
            Load::Same(payload) => payload,
            Load::Template(template) => {
                filled = self.fill(template, peer).await?;
                job.round_bytes.store(filled.length(), Ordering::Relaxed);
                &filled
            }
        };
        let counted = |bytes: u64| {
            job.sent.fetch_add(bytes, Ordering::Relaxed);
        };
        if let Some((streak, _)) = peer.streak(&self.shared) {
            streak.broken();
        }
        let result = match (&peer.link, payload) {
            (Link::Tcp(_), payload) => {
                let stop = Some(&job.stop);
                let writer = Writer { shared: &self.shared, recorder: &self.recorder, peer, stop };
                writer.send(payload, counted).await
            }
            (Link::Udp(lane), Payload::Bytes(bytes)) => {
                let sent = lane.link.send(&self.shared, &self.recorder, peer, bytes, Some(&job.stop)).await;
                sent.map(|()| counted(bytes.len() as u64))
            }
            (Link::Udp(lane), Payload::File(file)) => {
                let bytes =
                    self.whole_file(file, lane.to).await.map_err(|failure| Some((failure, Some(peer.flow.clone()))))?;
                let sent = lane.link.send(&self.shared, &self.recorder, peer, &bytes, Some(&job.stop)).await;
                sent.map(|()| counted(bytes.len() as u64))
            }
        };
        // A full socket buffer is not the only thing others wait for.
        tokio::task::coop::consume_budget().await;
        match result {
            Ok(()) => Ok(()),
            Err(SendEnd::Failed(failure)) => Err(Some((failure, Some(peer.flow.clone())))),
            Err(SendEnd::Stopped) if job.stop.is_cancelled() => Err(None),
            // The connection ended under the send.
            Err(SendEnd::Stopped) => {
                let on = peer.flow.peer.map(|at| at.to_string()).unwrap_or_default();
                let was_reset = *peer.state.lock() == ConnectionState::Reset;
                let reason = if was_reset { Reason::Reset } else { Reason::NotConnected };
                Err(Some((Failure::new(Doing::Send, on, reason), Some(peer.flow.clone()))))
            }
        }
    }

    async fn fill(&self, template: &Template, peer: &Arc<Peer>) -> Result<Payload, Option<Told>> {
        let filled = tokio::select! {
            biased;
            () = self.job.stop.cancelled() => return Err(None),
            filled = template.fill(&self.shared, peer, Given::default()) => filled,
        };
        filled.map(Payload::Bytes).map_err(|failure| Some((failure, Some(peer.flow.clone()))))
    }

    async fn load(&self, source: Source, flow: &Arc<Flow>) -> Result<Load, Option<Told>> {
        let payload = match source {
            Source::Bytes(bytes) => Payload::Bytes(bytes),
            Source::Payload { compiled, asks } => match compiled.fixed() {
                Some(bytes) => Payload::Bytes(bytes.clone()),
                None => return Ok(Load::Template(Template::new(compiled, asks))),
            },
            Source::File(path) => {
                let opening = tokio::task::spawn_blocking(move || open_file(&path));
                let opened = tokio::select! {
                    biased;
                    () = self.job.stop.cancelled() => return Err(None),
                    opened = opening => opened,
                };
                let interrupted = |_| Failure::new(Doing::ReadFile, "", Reason::Other);
                let opened = opened.map_err(interrupted).and_then(|opened| opened);
                Payload::File(opened.map_err(|failure| Some((failure, Some(flow.clone()))))?)
            }
        };
        self.job.round_bytes.store(payload.length(), Ordering::Relaxed);
        Ok(Load::Same(payload))
    }

    /// A file that is to be one datagram.
    async fn whole_file(&self, file: &FilePayload, to: std::net::SocketAddr) -> Result<Bytes, Failure> {
        let length = usize::try_from(file.length).unwrap_or(usize::MAX);
        super::udp_link::check_length(to, length)?;
        debug_assert!(length <= MAX_DATAGRAM_V6);
        let (handle, path) = (file.clone(), file.path.clone());
        let reading = tokio::task::spawn_blocking(move || super::tcp_write::read_at(&handle.file, 0, length));
        let read = reading.await.unwrap_or_else(|_| Err(io::Error::other("reading the file was interrupted")));
        read.map_err(|error| kernel::failure(Doing::ReadFile, &*path, &error))
    }
}

/// A regular file: a pipe would block, a device might never end.
fn open_file(path: &Path) -> Result<FilePayload, Failure> {
    let shown = path.to_string_lossy();
    match kernel::open_regular_file(path) {
        Ok(Some((file, length))) => Ok(FilePayload { file: Arc::new(file), path: (&*shown).into(), length }),
        Ok(None) => Err(Failure::new(Doing::ReadFile, &*shown, Reason::NotAFile)),
        Err(error) => Err(kernel::failure(Doing::ReadFile, &*shown, &error)),
    }
}

fn will_be_back(endpoint: &Endpoint) -> bool {
    let state = endpoint.shown.lock().state;
    matches!(state, EndpointState::Waiting | EndpointState::Connecting | EndpointState::Resolving)
}
