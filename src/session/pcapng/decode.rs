//! Blocks back to rows (when a file is indexed) and to events (when a row is read).
//! Called by: the indexing and the reader.

use bytes::Bytes;

use super::aside::Aside;
use super::journal::Entry;
use super::packet::{Addresses, Packet};
use super::section::Interface;
use super::{ASIDE, Block, JOURNAL, PACKET};
use crate::model::{ConnectionId, EndpointId, EventKind, Flow, Timestamp, Transport, What};
use crate::session::rows::Row;

/// An event as it stands in the file, its payload not copied.
pub(in crate::session) struct Stored<'a> {
    pub seq: u64,
    pub time: Timestamp,
    pub connection: ConnectionId,
    pub body: Body<'a>,
}

pub(in crate::session) enum Body<'a> {
    Packet(Packet<'a>),
    Aside(Aside<'a>),
    Journal(Box<Entry<'a>>),
}

impl<'a> Stored<'a> {
    /// `None`: a block that is no event of ours.
    pub(in crate::session) fn read(block: &Block<'a>) -> Option<Self> {
        match block.kind {
            PACKET => {
                let packet = Packet::read(block.body)?;
                let (seq, time, connection) = (packet.seq, packet.time, ConnectionId(packet.connection));
                Some(Self { seq, time, connection, body: Body::Packet(packet) })
            }
            ASIDE => {
                let aside = Aside::read(block.body)?;
                let (seq, time, connection) = (aside.seq, aside.time, ConnectionId(aside.connection));
                Some(Self { seq, time, connection, body: Body::Aside(aside) })
            }
            JOURNAL => {
                let (seq, entry) = Entry::read(block.body)?;
                let (time, connection) = (entry.time(), ConnectionId(entry.connection));
                Some(Self { seq, time, connection, body: Body::Journal(Box::new(entry)) })
            }
            _ => None,
        }
    }

    pub(in crate::session) fn kind(&self) -> EventKind {
        let sent = |outbound: bool| if outbound { EventKind::Sent } else { EventKind::Received };
        match &self.body {
            Body::Packet(packet) => sent(packet.outbound),
            Body::Aside(aside) => sent(aside.outbound),
            Body::Journal(entry) => entry.event_kind(),
        }
    }

    /// The interface, by its number within the section; happenings name their endpoint themselves.
    pub(in crate::session) fn interface(&self) -> Option<u32> {
        match &self.body {
            Body::Packet(packet) => Some(packet.interface),
            Body::Aside(aside) => Some(aside.interface),
            Body::Journal(_) => None,
        }
    }

    pub(in crate::session) fn row(&self, offset: u64, total: usize, endpoint: EndpointId) -> Row {
        let length = self.payload().map_or(total, <[u8]>::len);
        Row::new(offset, self.kind(), self.connection, endpoint, length)
    }

    pub(in crate::session) fn endpoint(&self, interface: Option<&Interface>) -> EndpointId {
        match &self.body {
            Body::Journal(entry) => EndpointId(entry.endpoint),
            _ => interface.map_or(EndpointId::default(), |interface| interface.endpoint),
        }
    }

    pub(in crate::session) fn payload(&self) -> Option<&'a [u8]> {
        match &self.body {
            Body::Packet(packet) => Some(packet.payload),
            Body::Aside(aside) => Some(aside.payload),
            Body::Journal(_) => None,
        }
    }

    /// The English sentence of a happening.
    pub(in crate::session) fn message(&self) -> Option<&'a [u8]> {
        match &self.body {
            Body::Journal(entry) => Some(entry.message),
            _ => None,
        }
    }

    pub(in crate::session) fn is_damaged(&self) -> bool {
        match &self.body {
            Body::Packet(packet) => packet.is_damaged(),
            Body::Aside(aside) => aside.is_damaged(),
            Body::Journal(entry) => entry.is_damaged(),
        }
    }

    pub(in crate::session) fn what(&self) -> What {
        let chunk = |outbound: bool, payload: &[u8]| {
            let bytes = Bytes::copy_from_slice(payload);
            if outbound { What::Sent(bytes) } else { What::Received(bytes) }
        };
        match &self.body {
            Body::Packet(packet) => chunk(packet.outbound, packet.payload),
            Body::Aside(aside) => chunk(aside.outbound, aside.payload),
            Body::Journal(entry) => What::Happened(Box::new(entry.happening())),
        }
    }

    pub(in crate::session) fn flow(&self, interface: Option<&Interface>) -> Flow {
        let of = |transport: Transport, mirror: bool, addresses: Option<Addresses>| {
            let (local, peer) = addresses.unwrap_or_default();
            Flow {
                endpoint: interface.map_or(EndpointId::default(), |interface| interface.endpoint),
                endpoint_uri: interface.map_or_else(|| "".into(), |interface| interface.uri.clone()),
                connection: self.connection,
                transport,
                role: interface.map_or(crate::model::Role::Datagram, |interface| interface.role),
                local,
                peer,
                mirror,
            }
        };
        match &self.body {
            Body::Packet(packet) => of(packet.transport, false, packet.addresses()),
            Body::Aside(aside) => of(aside.transport, aside.mirror, aside.addresses()),
            Body::Journal(entry) => entry.flow(),
        }
    }
}
