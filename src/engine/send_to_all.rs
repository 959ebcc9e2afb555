//! One payload to all peers of a listener, each at its own speed.
//!
//! Owns: a lane for each peer, so that one that does not read holds up nobody. Never: sockets. Called by: `send`.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::JoinSet;

use super::Repeat;
use super::endpoint::Endpoint;
use super::pace::Pace;
use super::peer::Peer;
use super::send::{Load, Sender, Told};
use crate::model::{Doing, Failure, Reason};

/// Peers that arrived meanwhile are looked for this often.
const LOOK: Duration = Duration::from_millis(50);

type Outcome = Result<(), Option<Told>>;

struct Lanes<'a> {
    sender: &'a Sender,
    endpoint: &'a Arc<Endpoint>,
    load: Load,
    rounds: watch::Sender<u64>,
    known: HashSet<u32>,
    tasks: JoinSet<Outcome>,
    looked: Option<Instant>,
    reached: u64,
    failure: Option<Told>,
}

pub(super) async fn send_to_all(
    sender: &Sender,
    endpoint: &Arc<Endpoint>,
    load: Load,
    repeat: Option<Repeat>,
) -> Outcome {
    let repeat = if load.is_empty() { None } else { repeat };
    let mut pace = Pace::new(repeat);
    let mut lanes = Lanes {
        sender,
        endpoint,
        load,
        rounds: watch::Sender::new(0),
        known: HashSet::new(),
        tasks: JoinSet::new(),
        looked: None,
        reached: 0,
        failure: None,
    };
    let mut released = 0;
    if pace.is_full_speed() {
        let all = pace.left().unwrap_or(u64::MAX);
        lanes.look(0)?;
        lanes.rounds.send_replace(all);
        if all == u64::MAX {
            lanes.look_until_stopped().await?;
        }
    } else {
        while let Some(true) = pace.next(&sender.job.stop).await {
            if let Some(late) = pace.late() {
                sender.job.lateness.lock().note(late);
            }
            lanes.look(released)?;
            released += 1;
            lanes.rounds.send_replace(released);
        }
    }
    lanes.join().await
}

impl Lanes<'_> {
    /// A lane for each peer that has none yet; those that come later get the rounds from `from` on.
    fn look(&mut self, from: u64) -> Outcome {
        if self.looked.is_some_and(|at| at.elapsed() < LOOK) {
            return Ok(());
        }
        self.looked = Some(Instant::now());
        while let Some(ended) = self.tasks.try_join_next() {
            self.note(ended);
        }
        for peer in self.endpoint.open_peers() {
            if peer.stop().is_cancelled() || !self.known.insert(peer.id.0) {
                continue;
            }
            let sender = self.sender.clone();
            let lane = lane(sender, peer, self.load.clone(), self.rounds.subscribe(), from);
            self.tasks.spawn(lane);
        }
        if self.tasks.is_empty() {
            let flow = self.endpoint.flow(None);
            let nobody = (Failure::new(Doing::Send, &*flow.endpoint_uri, Reason::NoPeers), Some(flow));
            return Err(Some(self.failure.take().unwrap_or(nobody)));
        }
        Ok(())
    }

    /// Without an end, whoever comes joins in.
    async fn look_until_stopped(&mut self) -> Outcome {
        let stop = self.sender.job.stop.clone();
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => return Ok(()),
                () = tokio::time::sleep(LOOK) => self.look(0)?,
            }
        }
    }

    fn note(&mut self, ended: Result<Outcome, tokio::task::JoinError>) {
        match ended {
            Ok(Ok(())) => self.reached += 1,
            Ok(Err(Some(told))) => {
                // Told at the peer as well, for the send as a whole names one of them only.
                if let Some((failure, flow)) = self.failure.replace(told) {
                    self.sender.note_failure(flow, failure);
                }
            }
            Ok(Err(None)) | Err(_) => {}
        }
    }

    /// Waits for the slow ones. Done when at least one peer got all of it.
    async fn join(mut self) -> Outcome {
        let rounds = std::mem::replace(&mut self.rounds, watch::Sender::new(0));
        drop(rounds);
        while let Some(ended) = self.tasks.join_next().await {
            self.note(ended);
        }
        if self.sender.job.stop.is_cancelled() {
            return Err(None);
        }
        match (self.reached, self.failure.take()) {
            (0, told) => Err(told),
            (_, Some((failure, flow))) => {
                self.sender.note_failure(flow, failure);
                Ok(())
            }
            (_, None) => Ok(()),
        }
    }
}

/// Sends each released round to one peer, in order, as fast as it takes them.
async fn lane(sender: Sender, peer: Arc<Peer>, load: Load, mut rounds: watch::Receiver<u64>, from: u64) -> Outcome {
    let mut done = from;
    loop {
        while done < *rounds.borrow() {
            sender.round(&peer, &load).await?;
            done += 1;
            sender.job.rounds.fetch_max(done, Ordering::Relaxed);
        }
        let more = tokio::select! {
            biased;
            () = sender.job.stop.cancelled() => return Err(None),
            () = peer.stop().cancelled() => return Ok(()),
            more = rounds.changed() => more,
        };
        if more.is_err() && done >= *rounds.borrow() {
            return Ok(());
        }
    }
}
