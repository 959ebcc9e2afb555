//! Events: one read, one write that the kernel accepted, one datagram, or one thing that happened.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{ConnectionId, EndpointId, Happening, Transport};

/// Nanoseconds since 1970-01-01 00:00 UTC, derived from one monotonic base a session, so it never runs backwards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// Nanoseconds from `earlier` to here; 0 when `earlier` is later.
    pub fn nanos_since(self, earlier: Timestamp) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// An event on its way from the engine to the recorder.
#[derive(Clone, Debug)]
pub struct Event {
    /// Taken in the task that read, wrote or noticed.
    pub time: Timestamp,
    pub flow: Arc<Flow>,
    pub what: What,
}

#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// At most `MAX_CHUNK` bytes of a stream, or one datagram (which may be empty).
    Received(Bytes),
    /// Bytes that the kernel accepted: at most `MAX_CHUNK` of a stream, or one datagram.
    Sent(Bytes),
    Happened(Box<Happening>),
}

/// Where an event belongs. One value is shared by all events of a connection.
///
/// Events of an endpoint itself have `ConnectionId::NONE` and no peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flow {
    pub endpoint: EndpointId,
    /// The endpoint in one line, with the real port: `tcp://127.0.0.1:9000`.
    pub endpoint_uri: Arc<str>,
    pub connection: ConnectionId,
    pub transport: Transport,
    pub role: Role,
    pub local: Option<SocketAddr>,
    pub peer: Option<SocketAddr>,
    /// The other end is a socket of this very session that is recorded already: the same bytes must not become packets twice.
    pub mirror: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Accepted by a listener of ours, or the listener itself.
    Listener,
    /// Connected by us.
    Client,
    /// A UDP socket, or one of its peers.
    Datagram,
}

/// An event with its place in the session: what a reader, an export or a subscriber gets.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// Counts from 1 without holes; a hole means that events were lost, and a `Gap` says how many.
    pub seq: u64,
    pub event: Event,
    /// The checksum in the file does not fit the bytes.
    pub damaged: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    In,
    Out,
}

/// What kind of event it is; the name is the one in `--json`, in exports and in the session file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum EventKind {
    Received = 0,
    Sent,
    Listening,
    Stopped,
    Resolved,
    Connecting,
    AttemptFailed,
    Connected,
    Accepted,
    TurnedAway,
    PeerFinished,
    Finished,
    Closed,
    Reset,
    Failed,
    Reconnecting,
    PeerNotReading,
    PeerReading,
    AcceptPaused,
    AcceptResumed,
    Dropped,
    ReadingPaused,
    Gap,
    SendStopped,
    /// A record of a newer version: shown with the words that stand in the file.
    Unknown,
}

impl Event {
    pub fn kind(&self) -> EventKind {
        match &self.what {
            What::Received(_) => EventKind::Received,
            What::Sent(_) => EventKind::Sent,
            What::Happened(happening) => happening.kind(),
        }
    }

    pub fn direction(&self) -> Option<Direction> {
        match &self.what {
            What::Received(_) => Some(Direction::In),
            What::Sent(_) => Some(Direction::Out),
            What::Happened(_) => None,
        }
    }

    /// The bytes, for events that carry some.
    pub fn bytes(&self) -> Option<&Bytes> {
        match &self.what {
            What::Received(bytes) | What::Sent(bytes) => Some(bytes),
            What::Happened(_) => None,
        }
    }

    pub fn happening(&self) -> Option<&Happening> {
        match &self.what {
            What::Happened(happening) => Some(happening),
            _ => None,
        }
    }
}

impl EventKind {
    pub const ALL: [Self; 25] = [
        Self::Received,
        Self::Sent,
        Self::Listening,
        Self::Stopped,
        Self::Resolved,
        Self::Connecting,
        Self::AttemptFailed,
        Self::Connected,
        Self::Accepted,
        Self::TurnedAway,
        Self::PeerFinished,
        Self::Finished,
        Self::Closed,
        Self::Reset,
        Self::Failed,
        Self::Reconnecting,
        Self::PeerNotReading,
        Self::PeerReading,
        Self::AcceptPaused,
        Self::AcceptResumed,
        Self::Dropped,
        Self::ReadingPaused,
        Self::Gap,
        Self::SendStopped,
        Self::Unknown,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Sent => "sent",
            Self::Listening => "listening",
            Self::Stopped => "stopped",
            Self::Resolved => "resolved",
            Self::Connecting => "connecting",
            Self::AttemptFailed => "attempt_failed",
            Self::Connected => "connected",
            Self::Accepted => "accepted",
            Self::TurnedAway => "turned_away",
            Self::PeerFinished => "peer_finished",
            Self::Finished => "finished",
            Self::Closed => "closed",
            Self::Reset => "reset",
            Self::Failed => "failed",
            Self::Reconnecting => "reconnecting",
            Self::PeerNotReading => "peer_not_reading",
            Self::PeerReading => "peer_reading",
            Self::AcceptPaused => "accept_paused",
            Self::AcceptResumed => "accept_resumed",
            Self::Dropped => "dropped",
            Self::ReadingPaused => "reading_paused",
            Self::Gap => "gap",
            Self::SendStopped => "send_stopped",
            Self::Unknown => "unknown",
        }
    }

    /// Something went wrong: drawn in the error colour, kept by the "error" chip.
    pub fn is_error(self) -> bool {
        matches!(
            self,
            Self::Failed
                | Self::AttemptFailed
                | Self::Reset
                | Self::TurnedAway
                | Self::AcceptPaused
                | Self::Dropped
                | Self::Gap
                | Self::PeerNotReading
                | Self::SendStopped
        )
    }

    pub fn from_u8(value: u8) -> Self {
        Self::ALL.get(usize::from(value)).copied().unwrap_or(Self::Unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_numbered_as_listed_and_named_as_serialised() {
        for (number, kind) in EventKind::ALL.into_iter().enumerate() {
            assert_eq!(kind as usize, number);
            assert_eq!(EventKind::from_u8(number as u8), kind);
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
        }
    }
}
