//! What a peer says, as frames, for the lane that waits for them.
//!
//! Owns: the framer of one lane and the frames that it has cut and nobody took. Never: patterns. Called by: `lane`.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use bytes::Bytes;

use super::super::peer::Peer;
use super::super::tap::{Poured, Tap};
use crate::framing::Framer;
use crate::model::{Framing, Timestamp};
use crate::session::Clock;

/// A connection and the tap on it; closed when dropped.
pub(in super::super) struct Listening {
    pub peer: Arc<Peer>,
    pub tap: Arc<Tap>,
}

pub(super) struct Intake {
    listening: Listening,
    clock: Clock,
    framing: Framing,
    framer: Framer,
    frames: VecDeque<Bytes>,
    /// When the newest chunk came.
    newest: Timestamp,
    over: Option<NoMore>,
}

/// Why no frame follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoMore {
    Ended,
    Overflowed,
}

impl Listening {
    pub fn new(peer: &Arc<Peer>, held: &Arc<AtomicUsize>, deaf: bool) -> Self {
        Self { peer: peer.clone(), tap: peer.taps.open(held, deaf) }
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.peer.taps.close(&self.tap);
    }
}

impl Intake {
    pub fn new(listening: Listening, clock: Clock) -> Self {
        let framing = listening.peer.endpoint.shown.lock().settings.framing.clone();
        let framer = Framer::new(&framing);
        let newest = Timestamp::default();
        Self { listening, clock, framing, framer, frames: VecDeque::new(), newest, over: None }
    }

    /// The next frame. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Result<Bytes, NoMore> {
        loop {
            if let Some(frame) = self.frames.pop_front() {
                return Ok(frame);
            }
            if let Some(over) = self.over {
                return Err(over);
            }
            match self.silence() {
                Some(left) => match tokio::time::timeout(left, self.listening.tap.next()).await {
                    Ok(poured) => self.take(poured),
                    Err(_) => self.cut_rest(),
                },
                None => {
                    let poured = self.listening.tap.next().await;
                    self.take(poured);
                }
            }
        }
    }

    /// How long it must stay silent until what waits is a frame.
    fn silence(&self) -> Option<Duration> {
        match self.framing {
            Framing::IdleGap { nanos, .. } if self.framer.waiting() > 0 => {
                Some(Duration::from_nanos(nanos.saturating_sub(self.clock.now().nanos_since(self.newest))))
            }
            _ => None,
        }
    }

    fn take(&mut self, poured: Poured) {
        match poured {
            Poured::Chunk(chunk, time) => {
                self.newest = time;
                let frames = &mut self.frames;
                self.framer.push(&chunk, time, &mut |frame| frames.push_back(frame.content.into()));
                // A datagram's end is an end of frames too.
                if self.listening.peer.udp().is_some() {
                    self.cut_rest();
                    if chunk.is_empty() {
                        self.frames.push_back(Bytes::new());
                    }
                }
            }
            Poured::Ended => {
                self.cut_rest();
                self.over = Some(NoMore::Ended);
            }
            Poured::Overflowed => self.over = Some(NoMore::Overflowed),
        }
    }

    fn cut_rest(&mut self) {
        let frames = &mut self.frames;
        self.framer.end(&mut |frame| frames.push_back(frame.content.into()));
    }

    pub fn tap(&self) -> &Tap {
        &self.listening.tap
    }
}
