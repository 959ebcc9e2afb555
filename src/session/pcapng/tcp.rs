//! The synthetic TCP conversation around recorded chunks: handshake, sequence numbers, acknowledgements, ends.
//!
//! Wireshark follows a stream by these numbers. Every packet acknowledges all that the other side has sent; a stream that
//! flows one way gets a bare ACK now and then, so that its analysis keeps no long list of unacknowledged packets.
//! Called by: `encoder`.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use super::packet::{ACK, Above, FIN, PSH, RST, SYN};
use crate::model::{By, ConnectionId, Happening, Role};

/// Chunks in one direction until a bare ACK follows; far below the 1 GiB that the window allows.
const CHUNKS_TO_ACK: u8 = 64;

#[derive(Clone, Copy, Debug)]
pub(in crate::session) struct Conversation {
    ours: Side,
    theirs: Side,
}

#[derive(Clone, Copy, Debug)]
struct Side {
    /// The next byte's sequence number.
    next: u32,
    /// Chunks since the other side's last packet.
    unacknowledged: u8,
    finished: bool,
}

/// A packet to be written beside the events.
#[derive(Clone, Copy)]
pub(in crate::session) struct Synthetic {
    pub outbound: bool,
    pub above: Above,
    pub comment: &'static str,
}

#[derive(Default)]
pub(in crate::session) struct Conversations {
    by_id: HashMap<ConnectionId, Conversation, BuildHasherDefault<IdHasher>>,
}

impl Conversations {
    pub(in crate::session) fn get(&mut self, id: ConnectionId) -> Option<&mut Conversation> {
        self.by_id.get_mut(&id)
    }

    /// A new conversation: the handshake that begins it.
    pub(in crate::session) fn begin(&mut self, id: ConnectionId, role: Role) -> [Synthetic; 3] {
        // Any two numbers that differ from connection to connection, so that a reused 4-tuple is told apart.
        let ours = id.0.wrapping_mul(0x9e37_79b1);
        let theirs = ours.rotate_left(16) ^ 0x5bd1_e995;
        let conversation = Conversation { ours: Side::new(ours), theirs: Side::new(theirs) };
        let we_open = role != Role::Listener;
        let (opener, answerer) = if we_open { (ours, theirs) } else { (theirs, ours) };
        let after = |number: u32| number.wrapping_add(1);
        let handshake = [
            Synthetic {
                outbound: we_open,
                above: Above::Tcp { seq: opener, ack: 0, flags: SYN },
                comment: "Synthetic SYN: the connection was opened",
            },
            Synthetic {
                outbound: !we_open,
                above: Above::Tcp { seq: answerer, ack: after(opener), flags: SYN | ACK },
                comment: "Synthetic SYN, ACK",
            },
            Synthetic {
                outbound: we_open,
                above: Above::Tcp { seq: after(opener), ack: after(answerer), flags: ACK },
                comment: "Synthetic ACK",
            },
        ];
        self.by_id.insert(id, conversation);
        handshake
    }

    /// The packets that stand for a happening; a conversation that ended is forgotten.
    pub(in crate::session) fn end(&mut self, id: ConnectionId, happening: &Happening, out: &mut Vec<Synthetic>) {
        let Some(conversation) = self.by_id.get_mut(&id) else { return };
        match happening {
            Happening::PeerFinished { .. } => {
                conversation.finish(false, "Synthetic FIN: the peer finished sending", out)
            }
            Happening::Finished { .. } => conversation.finish(true, "Synthetic FIN: we finished sending", out),
            Happening::Closed { unread, .. } if *unread > 0 => {
                conversation.reset(true, "Synthetic RST: closed with bytes left unread", out);
            }
            Happening::Closed { by, .. } => {
                let first = *by == By::Us;
                conversation.finish(first, "Synthetic FIN: the connection was closed", out);
                conversation.finish(!first, "Synthetic FIN: the connection was closed", out);
                // The last FIN is acknowledged by the side that did not send it.
                if let Some(last) = out.last() {
                    out.push(conversation.bare_ack(!last.outbound));
                }
            }
            Happening::Reset { by, .. } => {
                conversation.reset(*by == By::Us, "Synthetic RST: the connection was reset", out);
            }
            _ => {}
        }
        if happening.ends_connection() {
            self.by_id.remove(&id);
        }
    }
}

impl Side {
    fn new(initial: u32) -> Self {
        Self { next: initial.wrapping_add(1), unacknowledged: 0, finished: false }
    }
}

impl Conversation {
    /// The header of a chunk of so many bytes, and the bare ACK that is due after it.
    pub(in crate::session) fn chunk(&mut self, outbound: bool, bytes: usize) -> (Above, Option<Synthetic>) {
        let (from, to) = self.sides(outbound);
        let above = Above::Tcp { seq: from.next, ack: to.next, flags: PSH | ACK };
        from.next = from.next.wrapping_add(bytes as u32);
        from.unacknowledged = from.unacknowledged.saturating_add(1);
        to.unacknowledged = 0;
        if from.unacknowledged < CHUNKS_TO_ACK {
            return (above, None);
        }
        from.unacknowledged = 0;
        (above, Some(self.bare_ack(!outbound)))
    }

    fn sides(&mut self, outbound: bool) -> (&mut Side, &mut Side) {
        if outbound { (&mut self.ours, &mut self.theirs) } else { (&mut self.theirs, &mut self.ours) }
    }

    fn bare_ack(&mut self, outbound: bool) -> Synthetic {
        let (from, to) = self.sides(outbound);
        let above = Above::Tcp { seq: from.next, ack: to.next, flags: ACK };
        Synthetic { outbound, above, comment: "Synthetic ACK" }
    }

    fn finish(&mut self, outbound: bool, comment: &'static str, out: &mut Vec<Synthetic>) {
        let (from, to) = self.sides(outbound);
        if from.finished {
            return;
        }
        let above = Above::Tcp { seq: from.next, ack: to.next, flags: FIN | ACK };
        from.finished = true;
        from.next = from.next.wrapping_add(1);
        to.unacknowledged = 0;
        out.push(Synthetic { outbound, above, comment });
    }

    fn reset(&mut self, outbound: bool, comment: &'static str, out: &mut Vec<Synthetic>) {
        let (from, to) = self.sides(outbound);
        let above = Above::Tcp { seq: from.next, ack: to.next, flags: RST | ACK };
        out.push(Synthetic { outbound, above, comment });
    }
}

/// Ids are counted up by ourselves, so one multiplication spreads them well enough.
#[derive(Default)]
pub(in crate::session) struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u32(u32::from(*byte));
        }
    }

    fn write_u32(&mut self, value: u32) {
        self.0 = (self.0.rotate_left(5) ^ u64::from(value)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}
