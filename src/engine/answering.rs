//! The automatic replies of one connection, or of one UDP peer.
//!
//! Owns: its framer, what each rule did on it, and the queue of replies that wait for their time. A reply without a delay
//! leaves before more is read, so a peer that does not read holds up itself only. Called by: `tcp_stream`, `udp`.

use std::collections::BTreeMap;
use std::hash::BuildHasher as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::CloseHow;
use super::filling::Given;
use super::peer::{Link, Peer};
use super::replies::{ReplySet, Rule, name_of};
use super::shared::{Shared, note_failure};
use super::tcp_stream::{close, finish_sending};
use super::tcp_write::{Payload, SendEnd, Writer};
use crate::framing::Framer;
use crate::model::{Doing, Failure, Framing, Occasion, Reason, ReplyAct, Timestamp};
use crate::rules::Captures;
use crate::session::RecorderHandle;

/// Replies of one connection that may wait for their time.
const WAITING: usize = 1000;

pub(super) struct Answering {
    shared: Arc<Shared>,
    recorder: RecorderHandle,
    peer: Arc<Peer>,
    set: Arc<ReplySet>,
    /// Nothing where each chunk stands for itself.
    framer: Option<Framer>,
    /// Bytes of the stream that belong to no frame yet, where they may be sent back; and how many were before them.
    raw: BytesMut,
    raw_begins: u64,
    acted: BTreeMap<usize, u32>,
    /// When a frame that ends with a pause is at its end.
    idle: Option<(Duration, Instant)>,
    queue: Option<mpsc::Sender<Queued>>,
    pending: Arc<AtomicUsize>,
    full_told: bool,
}

/// A rule that is to act.
struct Hit {
    set: Arc<ReplySet>,
    index: usize,
    captures: Captures,
    raw: Bytes,
}

enum Queued {
    Act(Hit, Instant),
    /// All before it have acted.
    Reached(oneshot::Sender<()>),
}

impl Answering {
    pub fn new(shared: &Arc<Shared>, recorder: &RecorderHandle, peer: &Arc<Peer>) -> Self {
        let mut answering = Self {
            shared: shared.clone(),
            recorder: recorder.clone(),
            peer: peer.clone(),
            set: Arc::default(),
            framer: None,
            raw: BytesMut::new(),
            raw_begins: 0,
            acted: BTreeMap::new(),
            idle: None,
            queue: None,
            pending: Arc::default(),
            full_told: false,
        };
        answering.retune();
        answering
    }

    /// The connection stands, or the peer was heard for the first time.
    pub async fn begin(&mut self) {
        self.occasion(Occasion::Connect).await;
    }

    /// Takes what was received. Settings changed meanwhile hold from this chunk on; the beginning of a frame in the framing
    /// before is let go.
    pub async fn received(&mut self, chunk: &Bytes, time: Timestamp) {
        self.retune();
        if !self.set.has(Occasion::Frame) {
            return;
        }
        let mut hits = Vec::new();
        let Some(mut framer) = self.framer.take() else {
            self.ask(chunk.clone(), chunk.clone(), &mut hits);
            return self.act_all(hits).await;
        };
        if self.set.echoes() {
            self.raw.extend_from_slice(chunk);
        }
        let mut frames = Vec::new();
        framer.push(chunk, time, &mut |frame| frames.push(frame));
        let is_datagram = self.peer.udp().is_some();
        if is_datagram {
            framer.end(&mut |frame| frames.push(frame));
        }
        self.idle = self.idle.map(|(gap, _)| (gap, Instant::now() + gap));
        self.ask_all(frames, &mut hits);
        if is_datagram {
            // The next datagram is a stream of its own.
            framer = Framer::new(&self.set.framing);
            (self.raw, self.raw_begins) = (BytesMut::new(), 0);
        }
        // Bytes that are in no frame are not waited for.
        let beyond = self.raw.len().saturating_sub(framer.waiting());
        let _ = self.raw.split_to(beyond);
        self.raw_begins += beyond as u64;
        self.framer = Some(framer);
        self.act_all(hits).await;
    }

    /// When `paused` is due; nothing where no frame ends with a pause.
    pub fn pause_due(&self) -> Option<Instant> {
        let (_, at) = self.idle?;
        self.framer.as_ref().filter(|framer| framer.waiting() > 0).map(|_| at)
    }

    /// Nothing came for as long as the gap is: what is there is a frame.
    pub async fn paused(&mut self) {
        let (mut frames, mut hits) = (Vec::new(), Vec::new());
        if let Some(framer) = &mut self.framer {
            framer.end(&mut |frame| frames.push(frame));
        }
        self.ask_all(frames, &mut hits);
        self.act_all(hits).await;
    }

    /// The peer sends no more: what is left is a frame, and then comes the end.
    pub async fn ended(&mut self) {
        self.retune();
        self.paused().await;
        self.occasion(Occasion::Close).await;
    }

    /// Waits until replies that wait for their time have acted.
    pub async fn drained(&self) {
        if let Some(queue) = &self.queue {
            let (tell, told) = oneshot::channel();
            if queue.send(Queued::Reached(tell)).await.is_ok() {
                let _ = told.await;
            }
        }
    }

    fn retune(&mut self) {
        let newest = self.peer.endpoint.replies.lock().clone();
        if Arc::ptr_eq(&newest, &self.set) {
            return;
        }
        // What a rule has done on this connection stays done while the rule stays the same.
        let old = std::mem::replace(&mut self.set, newest);
        let kept = self.acted.iter().filter_map(|(index, times)| {
            let tally = &old.rules.get(*index)?.tally;
            Some((self.set.rules.iter().position(|rule| Arc::ptr_eq(&rule.tally, tally))?, *times))
        });
        self.acted = kept.collect();
        let was_fed = old.has(Occasion::Frame) && (old.echoes() || !self.set.echoes());
        if old.framing != self.set.framing || !was_fed {
            // What came before was not kept as it is wanted now, so frames begin anew.
            self.framer = (self.set.framing != Framing::None).then(|| Framer::new(&self.set.framing));
            (self.raw, self.raw_begins) = (BytesMut::new(), 0);
        }
        self.idle = match self.set.framing {
            Framing::IdleGap { nanos, .. } => Some((Duration::from_nanos(nanos), Instant::now())),
            _ => None,
        };
    }

    fn ask_all(&mut self, frames: Vec<crate::framing::Frame>, hits: &mut Vec<Hit>) {
        for frame in frames {
            let raw = self.raw_of(frame.begins, frame.ends);
            self.ask(frame.content.into(), raw, hits);
        }
    }

    /// The bytes of a frame with its delimiters; those before it belong to no frame.
    fn raw_of(&mut self, begins: u64, ends: u64) -> Bytes {
        if !self.set.echoes() {
            return Bytes::new();
        }
        let mut take = |to: u64| {
            let length = usize::try_from(to.saturating_sub(self.raw_begins)).unwrap_or(0).min(self.raw.len());
            self.raw_begins += length as u64;
            self.raw.split_to(length).freeze()
        };
        let _ = take(begins);
        take(ends)
    }

    fn ask(&mut self, frame: Bytes, raw: Bytes, hits: &mut Vec<Hit>) {
        if self.rests() {
            return;
        }
        let Some((index, captures)) = self.set.first(Occasion::Frame, Some(&frame), &self.acted) else { return };
        *self.acted.entry(index).or_default() += 1;
        hits.push(Hit { set: self.set.clone(), index, captures, raw });
    }

    /// What comes meanwhile uses up nothing of what rules may do.
    fn rests(&self) -> bool {
        self.peer.endpoint.replies_paused.load(Ordering::Acquire)
    }

    async fn occasion(&mut self, on: Occasion) {
        if self.rests() {
            return;
        }
        let Some((index, captures)) = self.set.first(on, None, &self.acted) else { return };
        *self.acted.entry(index).or_default() += 1;
        self.act_all(vec![Hit { set: self.set.clone(), index, captures, raw: Bytes::new() }]).await;
    }

    async fn act_all(&mut self, hits: Vec<Hit>) {
        for hit in hits {
            if self.peer.stop().is_cancelled() {
                return;
            }
            let delay = hit.rule().map_or(Duration::ZERO, delay_of);
            if delay.is_zero() && self.pending.load(Ordering::Acquire) == 0 {
                act(&self.shared, &self.recorder, &self.peer, hit).await;
            } else {
                self.wait(hit, Instant::now() + delay);
            }
        }
    }

    fn wait(&mut self, hit: Hit, due: Instant) {
        let queue = self.queue.get_or_insert_with(|| {
            let (queue, waiting) = mpsc::channel(WAITING);
            let (shared, recorder, peer) = (self.shared.clone(), self.recorder.clone(), self.peer.clone());
            self.shared.spawn(act_in_time(shared, recorder, peer, waiting, self.pending.clone()));
            queue
        });
        self.pending.fetch_add(1, Ordering::AcqRel);
        if queue.try_send(Queued::Act(hit, due)).is_ok() {
            self.full_told = false;
            return;
        }
        self.pending.fetch_sub(1, Ordering::AcqRel);
        if !std::mem::replace(&mut self.full_told, true) {
            let system = format!("{WAITING} replies wait for their time already, so this one is left out");
            let on = self.peer.flow.peer.map(|at| at.to_string()).unwrap_or_default();
            let failure = Failure { system, ..Failure::new(Doing::Send, on, Reason::Other) };
            note_failure(&self.recorder, &self.peer.flow, failure);
        }
    }
}

impl Hit {
    fn rule(&self) -> Option<&Rule> {
        self.set.rules.get(self.index)
    }
}

async fn act_in_time(
    shared: Arc<Shared>,
    recorder: RecorderHandle,
    peer: Arc<Peer>,
    mut waiting: mpsc::Receiver<Queued>,
    pending: Arc<AtomicUsize>,
) {
    let stop = peer.stop().clone();
    loop {
        let next = tokio::select! {
            biased;
            () = stop.cancelled() => return,
            next = waiting.recv() => next,
        };
        match next {
            None => return,
            Some(Queued::Reached(tell)) => drop(tell.send(())),
            Some(Queued::Act(hit, due)) => {
                tokio::select! {
                    biased;
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep_until(due) => {}
                }
                act(&shared, &recorder, &peer, hit).await;
                pending.fetch_sub(1, Ordering::AcqRel);
            }
        }
    }
}

fn delay_of(rule: &Rule) -> Duration {
    let jitter = match rule.settings.jitter_millis {
        0 => 0,
        // Hashes with keys of the system's randomness.
        most => std::hash::RandomState::new().hash_one(most) % most.saturating_add(1),
    };
    // A year is as good as for ever, and never overflows.
    Duration::from_millis(rule.settings.delay_millis.saturating_add(jitter).min(31_536_000_000))
}

async fn act(shared: &Arc<Shared>, recorder: &RecorderHandle, peer: &Arc<Peer>, hit: Hit) {
    let Some(rule) = hit.rule() else { return };
    let sends = matches!(rule.settings.act, ReplyAct::Send | ReplyAct::Echo);
    if peer.endpoint.replies_paused.load(Ordering::Acquire) || (sends && !may_reply(shared, recorder, peer)) {
        return;
    }
    let result = match rule.settings.act {
        ReplyAct::Discard => Ok(()),
        ReplyAct::Echo => send(shared, recorder, peer, hit.raw.clone()).await,
        ReplyAct::Send => match rule.payload() {
            Some(payload) => {
                let variables = rule.variables(&hit.captures);
                let given = Given { captures: &hit.captures, variables: Some(&variables) };
                match payload.fill(shared, peer, given).await {
                    Ok(bytes) => send(shared, recorder, peer, bytes).await,
                    Err(failure) => Err(SendEnd::Failed(of_rule(failure, hit.index, rule))),
                }
            }
            None => return,
        },
        ReplyAct::FinishSending => {
            finish_sending(shared.clone(), recorder.clone(), peer.clone()).await;
            Ok(())
        }
        ReplyAct::Close | ReplyAct::Reset => {
            end(shared, peer, rule.settings.act);
            Ok(())
        }
    };
    match result {
        Ok(()) => {
            rule.tally.acted(recorder.now());
            shared.board.traffic(&peer.endpoint);
        }
        Err(SendEnd::Stopped) => {}
        Err(SendEnd::Failed(failure)) => {
            if rule.is_news(failure.reason) {
                note_failure(recorder, &peer.flow, failure);
            }
        }
    }
}

/// What could not be filled in is told of the rule; of a file, the file is told.
fn of_rule(failure: Failure, index: usize, rule: &Rule) -> Failure {
    match failure.doing {
        Doing::Send => Failure { doing: Doing::Reply, on: name_of(index, &rule.settings), ..failure },
        _ => failure,
    }
}

fn end(shared: &Arc<Shared>, peer: &Arc<Peer>, act: ReplyAct) {
    match &peer.link {
        Link::Udp(lane) => lane.link.forget_lane(shared, peer),
        Link::Tcp(_) => {
            let how = if act == ReplyAct::Reset { CloseHow::Reset } else { CloseHow::Close };
            close(shared, peer.clone(), how);
        }
    }
}

async fn send(shared: &Arc<Shared>, recorder: &RecorderHandle, peer: &Arc<Peer>, bytes: Bytes) -> Result<(), SendEnd> {
    match &peer.link {
        Link::Tcp(_) => Writer { shared, recorder, peer, stop: None }.send(&Payload::Bytes(bytes), |_| ()).await,
        Link::Udp(lane) => lane.link.send(shared, recorder, peer, &bytes, None).await,
    }
}

/// Counts a reply to a socket of ours. `false`: both answer each other without end, and both rest from now on.
pub(super) fn may_reply(shared: &Shared, recorder: &RecorderHandle, peer: &Peer) -> bool {
    let streak = peer.streak(shared);
    let Some(ends) = streak.and_then(|(streak, to_itself)| streak.replied(peer.endpoint.id, to_itself)) else {
        return true;
    };
    for endpoint in ends.into_iter().filter_map(|id| shared.endpoint(id)) {
        endpoint.replies_paused.store(true, Ordering::Release);
        shared.board.state_changed(&endpoint);
    }
    let on = peer.flow.peer.map(|at| at.to_string()).unwrap_or_default();
    note_failure(recorder, &peer.flow, Failure::new(Doing::Reply, on, Reason::EchoLoop));
    false
}
