//! A connection that is served by answering its requests: HTTP and Modbus.
//!
//! Owns: what of a request was heard so far. Nothing is read while an answer waits: the peer's own flow control keeps memory
//! flat, however many requests it sends at once. Called by: `tcp_stream`.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;

use super::http::HttpServer;
use crate::engine::CloseHow;
use crate::engine::answering::may_reply;
use crate::engine::peer::Peer;
use crate::engine::shared::{Shared, note_failure};
use crate::engine::tcp_stream::{close, finish_sending};
use crate::engine::tcp_write::{Payload, Writer};
use crate::model::{Answer, Doing, Failure, Reason};
use crate::services::modbus::{Astray, Frames, framed};
use crate::session::RecorderHandle;

pub(in crate::engine) struct Serving {
    ends: Ends,
    service: Service,
}

/// The ways of an answer.
pub(super) struct Ends {
    pub shared: Arc<Shared>,
    pub recorder: RecorderHandle,
    pub peer: Arc<Peer>,
}

enum Service {
    None,
    Http(Box<HttpServer>),
    Modbus(Frames),
}

impl Serving {
    pub fn new(answer: Answer, shared: &Arc<Shared>, recorder: &RecorderHandle, peer: &Arc<Peer>) -> Self {
        let service = match answer {
            Answer::Http => Service::Http(Box::default()),
            Answer::Modbus => Service::Modbus(Frames::default()),
            Answer::Nothing | Answer::Echo | Answer::Discard | Answer::Daytime | Answer::Chargen => Service::None,
        };
        Self { ends: Ends { shared: shared.clone(), recorder: recorder.clone(), peer: peer.clone() }, service }
    }

    /// Answers all requests that end with these bytes.
    pub async fn received(&mut self, bytes: &Bytes) {
        match &mut self.service {
            Service::None => {}
            Service::Http(http) => http.received(&self.ends, bytes).await,
            Service::Modbus(frames) => modbus(&self.ends, frames, bytes).await,
        }
    }
}

async fn modbus(ends: &Ends, frames: &mut Frames, bytes: &Bytes) {
    frames.push(bytes);
    while let Some(next) = frames.take_next() {
        let frame = match next {
            Ok(frame) => frame,
            Err(astray) => return ends.is_no_modbus(astray),
        };
        let pdu = ends.peer.endpoint.offered.carry_out(&frame, ends.peer.flow.peer);
        ends.shared.board.traffic(&ends.peer.endpoint);
        if !ends.say([framed(frame.transaction, frame.unit, &pdu).into()]).await {
            return;
        }
    }
}

impl Ends {
    /// `false`: the connection is over, or its endpoint rests.
    pub async fn say<const N: usize>(&self, parts: [Bytes; N]) -> bool {
        let rests = || self.peer.endpoint.replies_paused.load(Ordering::Acquire);
        if self.peer.stop().is_cancelled() || rests() || !may_reply(&self.shared, &self.recorder, &self.peer) {
            return false;
        }
        let writer = Writer { shared: &self.shared, recorder: &self.recorder, peer: &self.peer, stop: None };
        for part in parts {
            // What broke it ends the reading as well, and is told there.
            if writer.send(&Payload::Bytes(part), |_| ()).await.is_err() {
                return false;
            }
        }
        true
    }

    pub async fn finish(&self) {
        finish_sending(self.shared.clone(), self.recorder.clone(), self.peer.clone()).await;
    }

    pub fn note(&self, failure: Failure) {
        note_failure(&self.recorder, &self.peer.flow, failure);
    }

    pub fn on(&self) -> String {
        self.peer.flow.peer.map(|at| at.to_string()).unwrap_or_default()
    }

    /// Where the next frame begins cannot be known.
    fn is_no_modbus(&self, astray: Astray) {
        let system = match astray {
            Astray::Protocol(protocol) => format!("protocol identifier {protocol}"),
            Astray::Length(length) => format!("length {length}"),
        };
        self.note(Failure { system, ..Failure::new(Doing::Receive, self.on(), Reason::NotModbus) });
        close(&self.shared, self.peer.clone(), CloseHow::Close);
    }
}
