//! Captured TCP segments: which connection, who is the server, what happened, and the bytes of both directions in order.
//!
//! The endpoint is the server's side: its listener accepted, received what the client sent, and sent what it answered. A
//! chunk has the time of the packet that made it readable. Nothing is told that the capture does not show: a connection
//! whose beginning was not captured has no row that says so.
//! Called by: `mod`.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use super::headers::Segment;
use super::missing;
use super::recent::{Pair, Recent};
use super::sink::Sink;
use super::stream::{Part, Piece, Stream};
use crate::model::{By, Direction, Flow, Happening, LeftOut, Timestamp, Transport, What};

/// What all connections together may hold of segments that came early.
const MAX_HELD_BYTES: usize = 128 * 1024 * 1024;

#[derive(Default)]
pub(super) struct Connections {
    connections: Recent<Connection>,
    pieces: Vec<Piece>,
    held_bytes: usize,
}

struct Connection {
    flow: Arc<Flow>,
    server: SocketAddr,
    client: Side,
    answerer: Side,
    /// The handshake, or a part of it, was captured.
    asked: bool,
    answered: bool,
    accepted: bool,
    /// FIN by both or RST.
    ended: bool,
    told: bool,
    last: Timestamp,
}

/// What one of the two has sent.
#[derive(Default)]
struct Side {
    stream: Stream,
    /// The number of its SYN.
    syn: Option<u32>,
    bytes: u64,
    /// Bytes that are missing before what comes next: told once, not once a segment.
    missing: u64,
    finished: bool,
}

impl Connections {
    pub(super) fn take(&mut self, segment: &Segment<'_>, time: Timestamp, sink: &mut Sink) -> io::Result<()> {
        let pair = Pair::of(segment.source, segment.target);
        let known = self.connections.get(pair);
        if known.is_none_or(|connection| connection.is_another(segment)) {
            for mut old in self.connections.overflow() {
                self.held_bytes = self.held_bytes.saturating_sub(old.cost());
                old.close(&mut self.pieces, sink)?;
            }
            let connection = Connection::new(segment, time, sink);
            if let Some(mut old) = self.connections.insert(pair, connection) {
                self.held_bytes = self.held_bytes.saturating_sub(old.cost());
                old.close(&mut self.pieces, sink)?;
            }
        }
        let Some(connection) = self.connections.get(pair) else { return Ok(()) };
        let before = connection.cost();
        connection.take(segment, time, &mut self.pieces, sink)?;
        self.held_bytes = (self.held_bytes + connection.cost()).saturating_sub(before);
        if self.held_bytes > MAX_HELD_BYTES { self.let_go(time, sink) } else { Ok(()) }
    }

    /// Too much is held: what is missing everywhere is given up.
    fn let_go(&mut self, time: Timestamp, sink: &mut Sink) -> io::Result<()> {
        for connection in self.connections.all() {
            connection.flush(time, &mut self.pieces, sink)?;
        }
        self.held_bytes = 0;
        Ok(())
    }

    /// The capture ends here.
    pub(super) fn finish(&mut self, sink: &mut Sink) -> io::Result<()> {
        for mut connection in self.connections.drain() {
            connection.close(&mut self.pieces, sink)?;
        }
        Ok(())
    }
}

impl Connection {
    fn new(segment: &Segment<'_>, time: Timestamp, sink: &mut Sink) -> Self {
        let (source, target) = (segment.source, segment.target);
        let server = match (segment.syn, segment.ack.is_some()) {
            (true, false) => target,
            (true, true) => source,
            // Nobody was seen to ask: services have low ports.
            (false, _) if source.port() < target.port() => source,
            (false, _) => target,
        };
        let client = if server == target { source } else { target };
        Self {
            flow: sink.flow(Transport::Tcp, server, client),
            server,
            client: Side::default(),
            answerer: Side::default(),
            asked: false,
            answered: false,
            accepted: false,
            ended: false,
            told: false,
            last: time,
        }
    }

    /// The segment begins a new connection between the same two addresses.
    fn is_another(&self, segment: &Segment<'_>) -> bool {
        if !segment.syn {
            return false;
        }
        let by_server = segment.source == self.server;
        let side = if by_server { &self.answerer } else { &self.client };
        match (segment.ack.is_some(), by_server) {
            // The same number again is the same SYN again, unless the connection is over.
            (false, false) => match side.syn {
                Some(syn) => syn != segment.seq || self.ended,
                None => side.stream.has_begun() || self.answerer.stream.has_begun() && !self.answered,
            },
            // The former server asks: they have changed their roles, or both ask at once.
            (false, true) => side.syn != Some(segment.seq) && (side.stream.has_begun() || self.ended),
            // A second answer with another number is one that nobody takes up.
            (true, _) => self.ended && side.syn != Some(segment.seq),
        }
    }

    fn take(
        &mut self,
        segment: &Segment<'_>,
        time: Timestamp,
        pieces: &mut Vec<Piece>,
        sink: &mut Sink,
    ) -> io::Result<()> {
        self.last = time;
        let outbound = segment.source == self.server;
        if segment.syn {
            let side = if outbound { &mut self.answerer } else { &mut self.client };
            side.syn.get_or_insert(segment.seq);
            if segment.ack.is_some() { self.answered = true } else { self.asked = true }
        } else if !outbound && segment.ack.is_some() && !segment.rst && (self.asked || self.answered) {
            self.accept(time, sink)?;
        }
        if let Some(ack) = segment.ack {
            let other = if outbound { &mut self.client } else { &mut self.answerer };
            other.stream.confirmed(ack, pieces);
            self.put(pieces, !outbound, time, sink)?;
        }
        if segment.rst {
            return self.reset(outbound, time, pieces, sink);
        }
        let side = if outbound { &mut self.answerer } else { &mut self.client };
        let part = Part {
            seq: segment.seq,
            payload: segment.payload,
            uncaptured: segment.uncaptured,
            syn: segment.syn,
            fin: segment.fin,
        };
        if !side.stream.take(part, pieces) && !segment.payload.is_empty() {
            sink.leave_out(LeftOut::FarSegments);
        }
        self.put(pieces, outbound, time, sink)
    }

    fn accept(&mut self, time: Timestamp, sink: &mut Sink) -> io::Result<()> {
        if self.accepted || self.told {
            return Ok(());
        }
        self.accepted = true;
        self.tell(time, Happening::Accepted, sink)
    }

    /// The pieces of one direction become events.
    fn put(&mut self, pieces: &mut Vec<Piece>, outbound: bool, time: Timestamp, sink: &mut Sink) -> io::Result<()> {
        for piece in pieces.drain(..) {
            match piece {
                Piece::Missing(bytes) => self.side(outbound).missing += bytes,
                Piece::Bytes(bytes) => {
                    if self.asked || self.answered {
                        self.accept(time, sink)?;
                    }
                    self.tell_missing(outbound, time, sink)?;
                    self.side(outbound).bytes += bytes.len() as u64;
                    self.told = true;
                    let what = if outbound { What::Sent(bytes) } else { What::Received(bytes) };
                    sink.put(time, &self.flow, what)?;
                }
                Piece::Finished => self.finish(outbound, time, sink)?,
            }
        }
        Ok(())
    }

    /// The first FIN is the end of one direction, the second that of the connection.
    fn finish(&mut self, outbound: bool, time: Timestamp, sink: &mut Sink) -> io::Result<()> {
        self.tell_missing(outbound, time, sink)?;
        self.side(outbound).finished = true;
        if self.ended {
            return Ok(());
        }
        let (received, sent) = (self.client.bytes, self.answerer.bytes);
        let happening = match (self.side(!outbound).finished, outbound) {
            (true, _) => {
                self.ended = true;
                Happening::Closed { by: if outbound { By::Peer } else { By::Us }, received, sent, unread: 0 }
            }
            (false, true) => Happening::Finished { sent },
            (false, false) => Happening::PeerFinished { received },
        };
        self.tell(time, happening, sink)
    }

    fn reset(&mut self, outbound: bool, time: Timestamp, pieces: &mut Vec<Piece>, sink: &mut Sink) -> io::Result<()> {
        if self.ended {
            return Ok(());
        }
        // It sends no more; what the other side had sent before may still come.
        self.side(outbound).stream.flush(pieces);
        self.put(pieces, outbound, time, sink)?;
        self.tell_missing(outbound, time, sink)?;
        if self.ended {
            return Ok(());
        }
        self.ended = true;
        let by = if outbound { By::Us } else { By::Peer };
        let happening = Happening::Reset { by, received: self.client.bytes, sent: self.answerer.bytes };
        self.tell(time, happening, sink)
    }

    /// Nothing more of it is read: what was held comes out.
    fn close(&mut self, pieces: &mut Vec<Piece>, sink: &mut Sink) -> io::Result<()> {
        self.flush(self.last, pieces, sink)?;
        if !self.told && self.asked {
            sink.leave_out(LeftOut::Unanswered);
        }
        Ok(())
    }

    /// What is held comes out, and what is missing before it is told.
    fn flush(&mut self, time: Timestamp, pieces: &mut Vec<Piece>, sink: &mut Sink) -> io::Result<()> {
        for outbound in [false, true] {
            self.side(outbound).stream.flush(pieces);
            self.put(pieces, outbound, time, sink)?;
            self.tell_missing(outbound, time, sink)?;
        }
        Ok(())
    }

    fn cost(&self) -> usize {
        self.client.stream.cost() + self.answerer.stream.cost()
    }

    fn tell_missing(&mut self, outbound: bool, time: Timestamp, sink: &mut Sink) -> io::Result<()> {
        let bytes = std::mem::take(&mut self.side(outbound).missing);
        if bytes == 0 {
            return Ok(());
        }
        self.told = true;
        let direction = if outbound { Direction::Out } else { Direction::In };
        sink.put(time, &self.flow, missing(direction, bytes))
    }

    fn tell(&mut self, time: Timestamp, happening: Happening, sink: &mut Sink) -> io::Result<()> {
        self.told = true;
        sink.put(time, &self.flow, What::Happened(Box::new(happening)))
    }

    fn side(&mut self, outbound: bool) -> &mut Side {
        if outbound { &mut self.answerer } else { &mut self.client }
    }
}
