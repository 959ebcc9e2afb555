//! Sequences: steps that run on connections, and what comes of them.
//!
//! Owns: the runs, their lanes, and who waits for a first peer. Never: the window, the report's words.
//! Called by: `Engine::run_sequence`, and `shared` (which tells of connections that come and endpoints that end).

mod intake;
mod lane;
mod own;
mod program;
mod progress;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use parking_lot::Mutex;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use super::endpoint::Endpoint;
use super::peer::Peer;
use super::shared::Shared;
use super::status::{EndpointState, RunProgress};
use super::tcp_stream::internal_error;
use super::{Busy, CloseHow, SequenceOrder, SequenceTarget};
use crate::model::{ConnectionId, Doing, EndpointId, Failure, LaneOutcome, Protocol, Reason, RunId, StepFailure};
use crate::session::RecorderHandle;

use intake::Listening;
use lane::Lane;
use own::Remote;
use program::Program;
use progress::Run;

pub use program::check_sequence;

/// Sequences that may run at a time.
const RUNNING: usize = 256;
/// Ended runs whose report can still be read.
const ENDED_LISTED: usize = 32;
/// Connections that one run may make.
const CONNECTIONS: u32 = 10_000;

#[derive(Default)]
pub(super) struct Runs {
    jobs: Mutex<Jobs>,
    /// Held while it is looked who is connected, so that nobody comes unseen between the look and the waiting.
    waiting: Mutex<Vec<Waiting>>,
    last: AtomicU64,
    /// Bytes that wait in taps.
    pub held: Arc<AtomicUsize>,
}

#[derive(Default)]
struct Jobs {
    running: Vec<Arc<Run>>,
    ended: VecDeque<RunProgress>,
}

/// A lane that waits for the first peer of an endpoint.
struct Waiting {
    endpoint: EndpointId,
    deaf: bool,
    found: oneshot::Sender<Result<Listening, Failure>>,
}

/// Where a lane has its connection from.
enum Post {
    Here(Listening),
    Coming(oneshot::Receiver<Result<Listening, Failure>>),
    Own(Arc<Remote>),
    Nowhere(StepFailure, Vec<u32>),
}

/// A run while it runs: its report is kept even when its task dies.
struct Running {
    shared: Arc<Shared>,
    run: Arc<Run>,
    over: bool,
}

/// Begins a run. The taps stand when this returns: what comes from now on is not missed.
pub(super) fn start(shared: &Arc<Shared>, order: SequenceOrder) -> Result<RunId, Busy> {
    let recorder = shared.recorder().ok_or(Busy)?;
    let program = Program::new(&order.sequence, &order.asks);
    let deaf = program.as_ref().is_ok_and(|program| !program.listens);
    let posts = match &program {
        Ok(_) => posts(shared, &order.on, deaf),
        // The fronts look at sequences before they run them; this is for those that do not.
        Err(mistake) => {
            let failure = StepFailure::Template(format!("{:?}", mistake.what));
            vec![(ConnectionId::NONE, String::new(), Post::Nowhere(failure, mistake.step.clone()))]
        }
    };
    let program = program.unwrap_or(Program { steps: Vec::new(), listens: false });
    let id = RunId(shared.runs.last.fetch_add(1, Ordering::Relaxed) + 1);
    let on = posts.iter().map(|(connection, on, _)| (*connection, on.clone())).collect();
    let run = Arc::new(Run::new(id, order.sequence.name, on));
    shared.runs.add(run.clone())?;
    shared.board.list_changed();
    let running = Running { shared: shared.clone(), run, over: false };
    let posts = posts.into_iter().map(|(_, _, post)| post).collect();
    shared.spawn(running.lanes(recorder, Arc::new(program), posts));
    Ok(id)
}

impl Runs {
    pub fn stop(&self, id: RunId) {
        if let Some(run) = self.jobs.lock().running.iter().find(|run| run.id == id) {
            run.stop.cancel();
        }
    }

    pub fn stop_all(&self) {
        for run in &self.jobs.lock().running {
            run.stop.cancel();
        }
    }

    pub fn progress(&self) -> Vec<RunProgress> {
        let jobs = self.jobs.lock();
        let running = jobs.running.iter().map(|run| RunProgress { id: run.id, report: run.report(), over: false });
        jobs.ended.iter().cloned().chain(running).collect()
    }

    /// A connection is listed, and nothing was read from it yet.
    pub fn arrived(&self, peer: &Arc<Peer>) {
        let mut waiting = self.waiting.lock();
        for one in waiting.extract_if(.., |one| one.endpoint == peer.endpoint.id) {
            let _ = one.found.send(Ok(Listening::new(peer, &self.held, one.deaf)));
        }
    }

    /// Nobody will come any more.
    pub fn endpoint_ended(&self, endpoint: &Endpoint, failure: Option<Failure>) {
        let mut waiting = self.waiting.lock();
        for one in waiting.extract_if(.., |one| one.endpoint == endpoint.id) {
            let _ = one.found.send(Err(failure.clone().unwrap_or_else(|| not_connected(endpoint))));
        }
    }

    fn add(&self, run: Arc<Run>) -> Result<(), Busy> {
        let mut jobs = self.jobs.lock();
        if jobs.running.len() >= RUNNING {
            return Err(Busy);
        }
        jobs.running.push(run);
        Ok(())
    }

    fn ended(&self, run: &Run) {
        let mut jobs = self.jobs.lock();
        jobs.running.retain(|running| running.id != run.id);
        if jobs.ended.len() == ENDED_LISTED {
            jobs.ended.pop_front();
        }
        jobs.ended.push_back(RunProgress { id: run.id, report: run.report(), over: true });
    }
}

fn posts(shared: &Arc<Shared>, on: &SequenceTarget, deaf: bool) -> Vec<(ConnectionId, String, Post)> {
    let nowhere = |on: String, failure: Failure| {
        vec![(ConnectionId::NONE, on, Post::Nowhere(StepFailure::Connection(failure), Vec::new()))]
    };
    match *on {
        SequenceTarget::Connection(id) => match shared.peer(id) {
            Some(peer) => vec![here(shared, &peer, deaf)],
            None => {
                let on = format!("connection {}", id.0);
                nowhere(on.clone(), Failure::new(Doing::Send, on, Reason::NotConnected))
            }
        },
        SequenceTarget::Peers(id) => match shared.endpoint(id) {
            Some(endpoint) => peers(shared, &endpoint, deaf),
            None => {
                let on = format!("endpoint {}", id.0);
                nowhere(on.clone(), Failure::new(Doing::Send, on, Reason::NotConnected))
            }
        },
        SequenceTarget::Connections { client, count } => {
            let found = shared.endpoint(client).and_then(|endpoint| {
                let settings = endpoint.shown.lock().settings.clone();
                let Protocol::TcpClient(remote) = settings.protocol.clone() else { return None };
                Some(Arc::new(Remote::new(&endpoint, settings, remote)))
            });
            let Some(remote) = found else {
                let on = format!("endpoint {}", client.0);
                return nowhere(on.clone(), Failure::new(Doing::Connect, on, Reason::NotConnected));
            };
            let each = |_| (ConnectionId::NONE, remote.name(), Post::Own(remote.clone()));
            (0..count.clamp(1, CONNECTIONS)).map(each).collect()
        }
    }
}

fn peers(shared: &Arc<Shared>, endpoint: &Arc<Endpoint>, deaf: bool) -> Vec<(ConnectionId, String, Post)> {
    let mut waiting = shared.runs.waiting.lock();
    let open = endpoint.open_peers();
    if !open.is_empty() {
        drop(waiting);
        return open.iter().map(|peer| here(shared, peer, deaf)).collect();
    }
    let (state, failure, uri) = {
        let shown = endpoint.shown.lock();
        (shown.state, shown.failure.clone(), shown.settings.uri().to_string())
    };
    let post = if matches!(state, EndpointState::Closed | EndpointState::Failed) {
        let failure = failure.unwrap_or_else(|| not_connected(endpoint));
        Post::Nowhere(StepFailure::Connection(failure), Vec::new())
    } else {
        let (found, coming) = oneshot::channel();
        waiting.retain(|one| !one.found.is_closed());
        waiting.push(Waiting { endpoint: endpoint.id, deaf, found });
        Post::Coming(coming)
    };
    vec![(ConnectionId::NONE, uri, post)]
}

fn here(shared: &Arc<Shared>, peer: &Arc<Peer>, deaf: bool) -> (ConnectionId, String, Post) {
    (peer.id, name_of(peer), Post::Here(Listening::new(peer, &shared.runs.held, deaf)))
}

fn name_of(peer: &Peer) -> String {
    peer.flow.peer.map(|at| at.to_string()).unwrap_or_default()
}

fn not_connected(endpoint: &Endpoint) -> Failure {
    Failure::new(Doing::Connect, endpoint.shown.lock().settings.uri().to_string(), Reason::NotConnected)
}

impl Running {
    async fn lanes(mut self, recorder: RecorderHandle, program: Arc<Program>, posts: Vec<Post>) {
        let mut lanes = JoinSet::new();
        for (number, post) in posts.into_iter().enumerate() {
            let (shared, run) = (self.shared.clone(), self.run.clone());
            lanes.spawn(lane(shared, recorder.clone(), run, number, program.clone(), post));
        }
        while lanes.join_next().await.is_some() {}
        self.over = true;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let Self { shared, run, over } = self;
        // A lane that has no outcome although all are over has died of a mistake of ours.
        let unsettled = if *over {
            LaneOutcome::Failed(StepFailure::Connection(internal_error(Doing::Send, String::new())))
        } else {
            LaneOutcome::Stopped
        };
        run.settle(&shared.board, &unsettled);
        shared.runs.ended(run);
        shared.board.list_changed();
    }
}

/// One lane from the beginning to its outcome.
async fn lane(
    shared: Arc<Shared>,
    recorder: RecorderHandle,
    run: Arc<Run>,
    number: usize,
    program: Arc<Program>,
    post: Post,
) {
    let own = matches!(post, Post::Own(_));
    let mut made = None;
    let work = async {
        let listening = connection(&shared, &recorder, &run, number, !program.listens, post).await?;
        run.change(&shared.board, number, |report| {
            report.connection = listening.peer.id;
            report.on = name_of(&listening.peer);
        });
        made.insert(Lane::new(&shared, &recorder, &run, number, listening)).steps(&program.steps).await
    };
    let outcome = match run.stop.run_until_cancelled(work).await {
        Some(_) | None if run.stop.is_cancelled() => LaneOutcome::Stopped,
        Some(Err(failure)) => LaneOutcome::Failed(failure),
        Some(Ok(())) => LaneOutcome::Passed,
        None => LaneOutcome::Stopped,
    };
    if let (true, Some(lane)) = (own, made) {
        lane.close(CloseHow::Close).await;
    }
    run.change(&shared.board, number, |report| report.outcome = outcome);
}

async fn connection(
    shared: &Arc<Shared>,
    recorder: &RecorderHandle,
    run: &Run,
    number: usize,
    deaf: bool,
    post: Post,
) -> Result<Listening, StepFailure> {
    match post {
        Post::Here(listening) => Ok(listening),
        Post::Coming(coming) => {
            let gone = |_| Err(Failure::new(Doing::Connect, "", Reason::Cancelled));
            coming.await.unwrap_or_else(gone).map_err(StepFailure::Connection)
        }
        Post::Own(remote) => remote.connect(shared, recorder, deaf).await.map_err(StepFailure::Connection),
        Post::Nowhere(failure, step) => {
            run.change(&shared.board, number, |report| report.step = step);
            Err(failure)
        }
    }
}
