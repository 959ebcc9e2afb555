//! What the printer has seen so far: the part of a session's events that decides when a command is over. Pure.
//! Called by: `printer` (which notes events), `connect` and `send` (which wait for them).

use std::sync::Arc;

use crate::model::{By, Event, Failure, Flow, Happening, Reason, Transport};

/// Changes as events pass the printer, so what it says is on standard output already.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    pub printed: u64,
    /// As many events as asked for are printed.
    pub enough: bool,
    /// The reader of standard output has gone away.
    pub output_gone: bool,
    /// Standard output refused what was written.
    pub output_failed: Option<String>,
    /// The recorder has handed over its last event, and it is printed.
    pub over: bool,
    pub life: Life,
}

/// The life of the one connection of `connect` and `send`.
#[derive(Clone, Debug, Default)]
pub struct Life {
    pub bytes_sent: u64,
    pub peer_finished: bool,
    /// It was closed or reset: no event of it follows.
    pub ended: bool,
    /// The reset by the peer, with the flow that its sentence needs.
    pub reset: Option<(Happening, Arc<Flow>)>,
    pub failure: Option<Failure>,
}

impl Life {
    pub fn note(&mut self, event: &Event) {
        if let Some(happening) = event.happening() {
            self.note_happening(happening, &event.flow);
            return;
        }
        let length = event.bytes().map_or(0, |bytes| bytes.len() as u64);
        match event.direction() {
            Some(crate::model::Direction::Out) => self.bytes_sent += length,
            // A UDP peer that answers is there after all.
            _ => self.failure = None,
        }
    }

    fn note_happening(&mut self, happening: &Happening, flow: &Arc<Flow>) {
        match happening {
            Happening::PeerFinished { .. } => self.peer_finished = true,
            Happening::Closed { .. } => self.ended = true,
            Happening::Reset { by, .. } => {
                self.ended = true;
                if *by == By::Peer {
                    self.reset = Some((happening.clone(), flow.clone()));
                }
            }
            Happening::Failed { failure } => {
                self.failure = Some(failure.clone());
                self.ended |= flow.transport == Transport::Tcp;
            }
            _ => {}
        }
    }

    /// A UDP peer's closed port was reported and nothing came from it since.
    pub fn unreachable(&self) -> Option<&Failure> {
        self.failure.as_ref().filter(|failure| matches!(failure.reason, Reason::PortUnreachable | Reason::Refused))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ConnectionId, Doing, EndpointId, Role, Timestamp, What};
    use bytes::Bytes;

    fn event(transport: Transport, what: What) -> Event {
        let flow = Flow {
            endpoint: EndpointId(1),
            endpoint_uri: "tcp://127.0.0.1:9000".into(),
            connection: ConnectionId(1),
            transport,
            role: Role::Client,
            local: None,
            peer: None,
            mirror: false,
        };
        Event { time: Timestamp(0), flow: Arc::new(flow), what }
    }

    fn happened(transport: Transport, happening: Happening) -> Event {
        event(transport, What::Happened(Box::new(happening)))
    }

    #[test]
    fn a_reset_by_the_peer_is_the_end() {
        let mut life = Life::default();
        life.note(&event(Transport::Tcp, What::Sent(Bytes::from_static(b"abc"))));
        life.note(&happened(Transport::Tcp, Happening::PeerFinished { received: 0 }));
        assert_eq!((life.bytes_sent, life.peer_finished, life.ended), (3, true, false));
        life.note(&happened(Transport::Tcp, Happening::Reset { by: By::Peer, received: 0, sent: 3 }));
        assert!(life.ended && life.reset.is_some());
    }

    #[test]
    fn our_own_reset_is_no_failure() {
        let mut life = Life::default();
        life.note(&happened(Transport::Tcp, Happening::Reset { by: By::Us, received: 0, sent: 0 }));
        assert!(life.ended && life.reset.is_none());
    }

    #[test]
    fn an_answer_takes_port_unreachable_back() {
        let mut life = Life::default();
        let failure = Failure::new(Doing::Send, "127.0.0.1:9", Reason::PortUnreachable);
        life.note(&happened(Transport::Udp, Happening::Failed { failure }));
        assert!(life.unreachable().is_some() && !life.ended);
        life.note(&event(Transport::Udp, What::Received(Bytes::new())));
        assert!(life.unreachable().is_none());
    }
}
