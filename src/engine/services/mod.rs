//! Ready-made services beside echo: what each says, one file each. (Discard reads and says nothing, as every endpoint does.)
//!
//! Owns: the bytes, and the order of sending on a TCP connection. Never: reads; `serving` is handed what was read.
//! Called by: `tcp_stream`, `udp`.

mod chargen;
mod daytime;
mod http;
mod offered;
mod serving;

pub(super) use offered::Offered;
pub(super) use serving::Serving;

use std::sync::Arc;

use bytes::Bytes;

use super::peer::Peer;
use super::shared::Shared;
use super::tcp_stream::finish_sending;
use super::tcp_write::{Payload, Writer};
use crate::model::{Answer, Timestamp};
use crate::session::RecorderHandle;

/// What a datagram is answered with; nothing where it is not.
pub(super) fn datagram(answer: Answer, received: &Bytes, now: Timestamp) -> Option<Bytes> {
    match answer {
        Answer::Echo => Some(received.clone()),
        Answer::Daytime => Some(daytime::line(now)),
        Answer::Chargen => Some(chargen::datagram()),
        Answer::Nothing | Answer::Discard | Answer::Http | Answer::Modbus => None,
    }
}

/// A connection of this service ends with its peer: nothing more can be asked.
pub(super) fn ends_with_peer(answer: Answer) -> bool {
    matches!(answer, Answer::Discard | Answer::Http | Answer::Modbus)
}

/// Begins to serve a new connection, in a task of its own.
pub(super) fn begin(answer: Answer, shared: &Arc<Shared>, recorder: &RecorderHandle, peer: &Arc<Peer>) {
    let (shared, recorder, peer) = (shared.clone(), recorder.clone(), peer.clone());
    match answer {
        Answer::Daytime => shared.clone().spawn(async move {
            let line = daytime::line(recorder.now());
            let writer = Writer { shared: &shared, recorder: &recorder, peer: &peer, stop: None };
            if writer.send(&Payload::Bytes(line), |_| ()).await.is_ok() {
                finish_sending(shared.clone(), recorder.clone(), peer.clone()).await;
            }
        }),
        Answer::Chargen => shared.clone().spawn(async move {
            let payload = Payload::Bytes(chargen::lines());
            let writer = Writer { shared: &shared, recorder: &recorder, peer: &peer, stop: None };
            // Held back by the peer's own flow control; what ends it is told by the connection's reader.
            while writer.send(&payload, |_| ()).await.is_ok() {}
        }),
        Answer::Nothing | Answer::Echo | Answer::Discard | Answer::Http | Answer::Modbus => {}
    }
}
