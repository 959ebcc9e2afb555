//! The steps of a sequence on one connection, one after the other.
//!
//! Owns: what the last frame that fitted gave, the variables, the place in the steps. Never: connects.
//! Called by: `sequence`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::super::filling::Given;
use super::super::peer::{Link, Peer};
use super::super::shared::Shared;
use super::super::status::ConnectionState;
use super::super::tcp_write::{Payload, SendEnd, Writer};
use super::super::{CloseHow, tcp_stream};
use super::intake::{Intake, Listening, NoMore};
use super::program::{Awaiting, Load, Ready};
use super::progress::Run;
use crate::model::{Doing, Failure, Reason, SequenceClose, StepFailure};
use crate::payload::Needs;
use crate::rules::Captures;
use crate::session::RecorderHandle;

/// Of a frame that did not fit, so much is kept for the report.
const SHOWN_BYTES: usize = 1024;

pub(super) struct Lane {
    pub shared: Arc<Shared>,
    pub recorder: RecorderHandle,
    pub run: Arc<Run>,
    pub number: usize,
    peer: Arc<Peer>,
    intake: Intake,
    captures: Captures,
    variables: BTreeMap<String, Bytes>,
}

/// A repeat that is under way; the sequence itself is one of a single round.
struct Level<'a> {
    steps: &'a [Ready],
    next: usize,
    done: u32,
    times: u32,
}

/// What is waited for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Which {
    Next,
    Any,
}

impl Lane {
    pub fn new(
        shared: &Arc<Shared>,
        recorder: &RecorderHandle,
        run: &Arc<Run>,
        number: usize,
        listening: Listening,
    ) -> Self {
        let peer = listening.peer.clone();
        Self {
            shared: shared.clone(),
            recorder: recorder.clone(),
            run: run.clone(),
            number,
            peer,
            intake: Intake::new(listening, shared.clock),
            captures: Captures::new(),
            variables: BTreeMap::new(),
        }
    }

    /// All steps. Dropping the future stops it, wherever it is.
    pub async fn steps(&mut self, steps: &[Ready]) -> Result<(), StepFailure> {
        let mut levels = vec![Level { steps, next: 0, done: 0, times: 1 }];
        while let Some(level) = levels.last_mut() {
            // Steps that wait for nothing must not keep the thread for themselves.
            tokio::task::coop::consume_budget().await;
            let Some(step) = level.steps.get(level.next) else {
                level.done += 1;
                level.next = 0;
                if level.done >= level.times {
                    levels.pop();
                }
                continue;
            };
            level.next += 1;
            self.tell(&levels);
            match step {
                Ready::Repeat { times: 0, .. } => {}
                Ready::Repeat { times, steps } => {
                    levels.push(Level { steps, next: 0, done: 0, times: *times });
                }
                step => self.step(step).await?,
            }
        }
        Ok(())
    }

    /// Closes a connection that was made for the sequence, and waits until it has ended.
    pub async fn close(&self, how: CloseHow) {
        match &self.peer.link {
            Link::Tcp(_) => tcp_stream::close(&self.shared, self.peer.clone(), how),
            Link::Udp(lane) => lane.link.clone().forget_lane(&self.shared, &self.peer),
        }
    }

    fn tell(&self, levels: &[Level<'_>]) {
        self.run.change(&self.shared.board, self.number, |report| {
            report.step.clear();
            report.step.extend(levels.iter().map(|level| u32::try_from(level.next).unwrap_or(u32::MAX)));
            report.round = levels.last().filter(|_| levels.len() > 1).map(|level| (level.done, level.times));
        });
    }

    async fn step(&mut self, step: &Ready) -> Result<(), StepFailure> {
        match step {
            Ready::Send(load) => {
                let bytes = self.fill(load).await?;
                self.send(bytes).await
            }
            Ready::WaitFor(awaiting) => self.wait_for(awaiting, Which::Any).await,
            Ready::Expect(awaiting) => self.wait_for(awaiting, Which::Next).await,
            Ready::Pause(time) => {
                tokio::time::sleep(*time).await;
                Ok(())
            }
            Ready::Set { variable, value } => {
                let value = self.fill(value).await?;
                self.variables.insert(variable.clone(), value);
                Ok(())
            }
            Ready::Close(how) => {
                self.close_step(*how).await;
                Ok(())
            }
            // Entered by `steps`.
            Ready::Repeat { .. } => Ok(()),
        }
    }

    async fn fill(&self, load: &Load) -> Result<Bytes, StepFailure> {
        let filled = match load {
            Load::Template(template) => {
                let given = Given { captures: &self.captures, variables: Some(&self.variables) };
                template.fill(&self.shared, &self.peer, given).await
            }
            Load::File(path) => self.file(path).await,
        };
        filled.map_err(|failure| match failure.reason {
            Reason::NotFilledIn => StepFailure::Template(failure.system),
            _ => StepFailure::Connection(failure),
        })
    }

    async fn file(&self, path: &str) -> Result<Bytes, Failure> {
        let supply = self.shared.supply.lock().clone();
        let Some(supply) = supply else { return Err(Failure::new(Doing::ReadFile, path, Reason::OutOfReach)) };
        let needs = Needs { files: vec![path.to_owned()], ..Needs::default() };
        let reading = tokio::task::spawn_blocking(move || supply.supply(&needs));
        let interrupted = |_| Err(Failure::new(Doing::ReadFile, path, Reason::Other));
        let mut supplied = reading.await.unwrap_or_else(interrupted)?;
        supplied.files.remove(path).ok_or_else(|| Failure::new(Doing::ReadFile, path, Reason::FileMissing))
    }

    async fn send(&self, bytes: Bytes) -> Result<(), StepFailure> {
        let stop = Some(&self.run.stop);
        let sent = match &self.peer.link {
            Link::Tcp(_) => {
                let writer = Writer { shared: &self.shared, recorder: &self.recorder, peer: &self.peer, stop };
                writer.send(&Payload::Bytes(bytes), |_| ()).await
            }
            Link::Udp(lane) => lane.link.send(&self.shared, &self.recorder, &self.peer, &bytes, stop).await,
        };
        match sent {
            Ok(()) => Ok(()),
            Err(SendEnd::Failed(failure)) => Err(StepFailure::Connection(failure)),
            // Where the run was stopped, its outcome says so whatever stands here.
            Err(SendEnd::Stopped) => Err(StepFailure::Connection(self.why_ended(Doing::Send))),
        }
    }

    async fn wait_for(&mut self, awaiting: &Awaiting, which: Which) -> Result<(), StepFailure> {
        let deadline = Instant::now() + awaiting.timeout.min(Duration::from_secs(365 * 86_400));
        let mut last = None;
        loop {
            let frame = match tokio::time::timeout_at(deadline, self.intake.next()).await {
                Ok(Ok(frame)) => frame,
                Ok(Err(NoMore::Ended)) => {
                    let (expected, failure) = (awaiting.matcher.expected(), self.why_ended(Doing::Receive));
                    return Err(StepFailure::Ended { expected, failure });
                }
                Ok(Err(NoMore::Overflowed)) => return Err(self.overflowed()),
                Err(_) => return Err(timeout(awaiting, last.as_ref())),
            };
            if let Some(captures) = awaiting.matcher.of(&frame) {
                self.captures = captures;
                return Ok(());
            }
            if which == Which::Next {
                return Err(StepFailure::Unexpected { expected: awaiting.matcher.expected(), got: shown(&frame) });
            }
            last = Some(frame);
            // A peer that never pauses would otherwise outlast every deadline.
            if Instant::now() >= deadline {
                return Err(timeout(awaiting, last.as_ref()));
            }
            tokio::task::coop::consume_budget().await;
        }
    }

    async fn close_step(&self, how: SequenceClose) {
        match how {
            SequenceClose::FinishSending => {
                tcp_stream::finish_sending(self.shared.clone(), self.recorder.clone(), self.peer.clone()).await;
            }
            SequenceClose::Close => self.close_and_wait(CloseHow::Close).await,
            SequenceClose::Reset => self.close_and_wait(CloseHow::Reset).await,
        }
    }

    async fn close_and_wait(&self, how: CloseHow) {
        self.close(how).await;
        self.peer.stop().cancelled().await;
        // The tap hears of the peer's end, or of ours, whichever comes first.
        self.intake.tap().ended().await;
    }

    fn why_ended(&self, doing: Doing) -> Failure {
        let on = self.peer.flow.peer.map(|at| at.to_string()).unwrap_or_default();
        match &*self.peer.state.lock() {
            ConnectionState::Failed(failure) => failure.clone(),
            ConnectionState::Reset => Failure::new(doing, on, Reason::Reset),
            _ => Failure::new(doing, on, Reason::NotConnected),
        }
    }

    fn overflowed(&self) -> StepFailure {
        let on = self.peer.flow.peer.map(|at| at.to_string()).unwrap_or_default();
        let system = "more came than can wait for a step that takes it".to_owned();
        StepFailure::Connection(Failure { system, ..Failure::new(Doing::Receive, on, Reason::NoMemory) })
    }
}

fn timeout(awaiting: &Awaiting, last: Option<&Bytes>) -> StepFailure {
    let millis = u64::try_from(awaiting.timeout.as_millis()).unwrap_or(u64::MAX);
    StepFailure::Timeout { expected: awaiting.matcher.expected(), millis, last: last.map(shown) }
}

fn shown(frame: &Bytes) -> Vec<u8> {
    frame[..frame.len().min(SHOWN_BYTES)].to_vec()
}
