//! Events to blocks: which interface, which synthetic packets around them, and the row that finds each again.
//! Called by: the recorder and the pcapng export.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::sync::Arc;

use bytes::Bytes;

use super::aside::put_aside;
use super::batch::Batch;
use super::journal::put_journal;
use super::packet::{Above, Beside, Ends, Header, addresses_text, put_packet};
use super::section::{Interface, put_interface, put_section};
use super::tcp::{Conversations, IdHasher, Synthetic};
use crate::model::{EndpointId, Event, Flow, Happening, Timestamp, Transport, What};
use crate::session::rows::Row;

#[derive(Default)]
pub(in crate::session) struct Encoder {
    interfaces: Vec<Interface>,
    by_endpoint: HashMap<EndpointId, Vec<u32>, BuildHasherDefault<IdHasher>>,
    /// The flow of the event before: often the same one again.
    last: Option<Known>,
    conversations: Conversations,
    synthetic: Vec<Synthetic>,
    /// Stands beside the next event.
    comment: String,
}

/// What is the same for all events of a flow.
struct Known {
    flow: Arc<Flow>,
    interface: u32,
    ends: Ends,
    /// The exact addresses, where the header cannot hold them.
    addresses: String,
}

impl Encoder {
    /// A section header; interfaces are counted from 0 again.
    pub(in crate::session) fn begin_section(&mut self, batch: &mut Batch) {
        self.forget_interfaces(0);
        put_section(batch.buffer());
    }

    /// Interfaces that stand in this section so far, in order of their numbers.
    pub(in crate::session) fn interfaces(&self) -> &[Interface] {
        &self.interfaces
    }

    /// Their blocks were cut off again: interfaces from this number on must be written anew.
    pub(in crate::session) fn forget_interfaces(&mut self, from: usize) {
        self.interfaces.truncate(from);
        self.by_endpoint.retain(|_, numbers| {
            numbers.retain(|number| (*number as usize) < from);
            !numbers.is_empty()
        });
        self.last = None;
    }

    /// A comment on the next event, for other programs to show. Where it has no place (a block for local use) it is dropped.
    pub(in crate::session) fn comment_next(&mut self, comment: String) {
        self.comment = comment;
    }

    /// Encodes one event. `base` is the file offset at which the batch begins.
    pub(in crate::session) fn event(&mut self, batch: &mut Batch, base: u64, seq: u64, event: &Event) -> Row {
        let known = match self.last.take() {
            Some(known) if Arc::ptr_eq(&known.flow, &event.flow) => known,
            _ => self.known(batch, &event.flow),
        };
        let (at, length) = match &event.what {
            What::Received(bytes) => (self.payload(batch, seq, event.time, bytes, false, &known), bytes.len()),
            What::Sent(bytes) => (self.payload(batch, seq, event.time, bytes, true, &known), bytes.len()),
            What::Happened(happening) => self.happening(batch, seq, event.time, happening, &known),
        };
        self.last = Some(known);
        self.comment.clear();
        Row::new(base + at as u64, event.kind(), event.flow.connection, event.flow.endpoint, length)
    }

    /// The event is not written: only its bytes are counted, so that a reader of packets sees that some are missing.
    pub(in crate::session) fn skip(&mut self, event: &Event) {
        match &event.what {
            What::Received(bytes) | What::Sent(bytes) if becomes_packets(&event.flow) => {
                if let Some(conversation) = self.conversations.get(event.flow.connection) {
                    conversation.chunk(matches!(event.what, What::Sent(_)), bytes.len());
                }
            }
            What::Happened(happening) if becomes_packets(&event.flow) => {
                self.synthetic.clear();
                self.conversations.end(event.flow.connection, happening, &mut self.synthetic);
            }
            _ => {}
        }
    }

    /// Where in the batch the event's own block begins.
    fn payload(
        &mut self,
        batch: &mut Batch,
        seq: u64,
        time: Timestamp,
        bytes: &Bytes,
        outbound: bool,
        known: &Known,
    ) -> usize {
        let flow = &*known.flow;
        let udp = flow.transport == Transport::Udp && !flow.mirror;
        if !(udp || becomes_packets(flow)) || !known.ends.fits(flow.transport, bytes.len()) {
            let at = batch.len();
            put_aside(batch, flow, known.interface, time, seq, outbound, bytes);
            return at;
        }
        let (above, ack) = if udp { (Above::Udp, None) } else { self.chunk(batch, time, bytes.len(), outbound, known) };
        let at = batch.len();
        let header = Header::new(&known.ends, outbound, above, bytes);
        let beside = Beside {
            interface: known.interface,
            time,
            outbound,
            seq: Some(seq),
            connection: flow.connection.0,
            comment: &self.comment,
            addresses: &known.addresses,
        };
        put_packet(batch, &header, bytes, &beside);
        if let Some(ack) = ack {
            put_synthetic(batch, known, time, &[ack]);
        }
        at
    }

    /// The chunk's place in its conversation, which is begun when nothing told of its beginning.
    fn chunk(
        &mut self,
        batch: &mut Batch,
        time: Timestamp,
        bytes: usize,
        outbound: bool,
        known: &Known,
    ) -> (Above, Option<Synthetic>) {
        let flow = &*known.flow;
        if let Some(conversation) = self.conversations.get(flow.connection) {
            return conversation.chunk(outbound, bytes);
        }
        put_synthetic(batch, known, time, &self.conversations.begin(flow.connection, flow.role));
        match self.conversations.get(flow.connection) {
            Some(conversation) => conversation.chunk(outbound, bytes),
            None => unreachable!("the conversation was begun a line ago"),
        }
    }

    /// Where in the batch the journal entry begins, and its length.
    fn happening(
        &mut self,
        batch: &mut Batch,
        seq: u64,
        time: Timestamp,
        happening: &Happening,
        known: &Known,
    ) -> (usize, usize) {
        let flow = &*known.flow;
        if becomes_packets(flow) {
            self.synthetic.clear();
            if matches!(happening, Happening::Accepted | Happening::Connected { .. }) {
                let handshake = self.conversations.begin(flow.connection, flow.role);
                self.synthetic.extend(handshake);
            } else {
                self.conversations.end(flow.connection, happening, &mut self.synthetic);
            }
            put_synthetic(batch, known, time, &self.synthetic);
        }
        let at = batch.len();
        put_journal(batch.buffer(), time, seq, flow, happening, &self.comment);
        (at, batch.len() - at)
    }

    /// What is the same for all events of a flow; the block of its interface is written when it is new.
    fn known(&mut self, batch: &mut Batch, flow: &Arc<Flow>) -> Known {
        let numbers = self.by_endpoint.entry(flow.endpoint).or_default();
        let number = numbers.iter().copied().find(|n| self.interfaces.get(*n as usize).is_some_and(|i| i.is_of(flow)));
        let interface = number.unwrap_or_else(|| {
            let interface = Interface { endpoint: flow.endpoint, uri: flow.endpoint_uri.clone(), role: flow.role };
            let number = self.interfaces.len() as u32;
            put_interface(batch.buffer(), &interface);
            self.interfaces.push(interface);
            numbers.push(number);
            number
        });
        let ends = Ends::of(flow);
        let addresses = if ends.exact { String::new() } else { addresses_text(flow) };
        Known { flow: flow.clone(), interface, ends, addresses }
    }
}

/// A stream whose chunks stand in the file as packets. The second copy of a connection with both ends ours does not, nor
/// does a socket that is connected to itself: its two directions would be one.
fn becomes_packets(flow: &Flow) -> bool {
    flow.transport == Transport::Tcp && !flow.mirror && !flow.connection.is_none() && flow.local != flow.peer
}

fn put_synthetic(batch: &mut Batch, known: &Known, time: Timestamp, packets: &[Synthetic]) {
    for packet in packets {
        let header = Header::new(&known.ends, packet.outbound, packet.above, b"");
        let beside = Beside {
            interface: known.interface,
            time,
            outbound: packet.outbound,
            seq: None,
            connection: known.flow.connection.0,
            comment: packet.comment,
            addresses: "",
        };
        put_packet(batch, &header, &Bytes::new(), &beside);
    }
}
