//! The events that carry no payload: what happened to an endpoint or a connection, as facts.
//! They are stored in the session file as they stand here, so a session opened in another language reads in that language.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use super::{EventKind, Failure};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Happening {
    /// A TCP listener or a UDP socket is open.
    Listening {
        /// Asked for; the system caps it at net.core.somaxconn. Absent for UDP.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        backlog: Option<u32>,
        #[serde(default)]
        dual_stack: bool,
        /// Bytes of receive buffer asked for and given (UDP).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        receive_buffer: Option<(u64, u64)>,
    },
    /// The endpoint was closed by us; its peers may live on.
    Stopped {
        peers_kept: u64,
    },
    Resolved {
        host: String,
        addresses: Vec<SocketAddr>,
    },
    Connecting {
        address: SocketAddr,
        attempt: u32,
        of: u32,
    },
    /// One address of several did not answer; the next is tried.
    AttemptFailed {
        address: SocketAddr,
        failure: Failure,
    },
    Connected {
        took_nanos: u64,
        /// The connection's two ends are the same socket.
        #[serde(default)]
        self_connected: bool,
    },
    Accepted,
    /// A peer beyond the limit was reset.
    TurnedAway {
        limit: u32,
    },
    /// The peer closed its sending direction (FIN).
    PeerFinished {
        received: u64,
    },
    /// We closed our sending direction.
    Finished {
        sent: u64,
    },
    Closed {
        by: By,
        received: u64,
        sent: u64,
        /// Bytes that we had not read: the system then sends RST instead of FIN.
        #[serde(default)]
        unread: u64,
    },
    Reset {
        by: By,
        received: u64,
        sent: u64,
    },
    Failed {
        failure: Failure,
    },
    /// A client will connect again.
    Reconnecting {
        in_millis: u64,
        attempt: u32,
    },
    /// The peer has not read for so long while bytes wait here.
    PeerNotReading {
        waiting: u64,
        millis: u64,
    },
    PeerReading {
        waited_millis: u64,
    },
    /// The listener cannot accept and tries again.
    AcceptPaused {
        failure: Failure,
        retry_millis: u64,
    },
    AcceptResumed {
        after_millis: u64,
    },
    /// The kernel dropped datagrams because this socket's receive buffer was full.
    Dropped {
        datagrams: u64,
        total: u64,
    },
    /// Recording was behind, so reading waited.
    ReadingPaused {
        millis: u64,
    },
    /// Events that happened and were not recorded.
    Gap {
        events: u64,
        bytes: u64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        failure: Option<Failure>,
    },
    /// A send ended before all of it was accepted by the kernel.
    SendStopped {
        sent: u64,
        total: u64,
    },
    /// A record of a newer version, in the words that stand in the file.
    Unknown {
        message: String,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    Us,
    Peer,
}

impl Happening {
    pub fn kind(&self) -> EventKind {
        match self {
            Self::Listening { .. } => EventKind::Listening,
            Self::Stopped { .. } => EventKind::Stopped,
            Self::Resolved { .. } => EventKind::Resolved,
            Self::Connecting { .. } => EventKind::Connecting,
            Self::AttemptFailed { .. } => EventKind::AttemptFailed,
            Self::Connected { .. } => EventKind::Connected,
            Self::Accepted => EventKind::Accepted,
            Self::TurnedAway { .. } => EventKind::TurnedAway,
            Self::PeerFinished { .. } => EventKind::PeerFinished,
            Self::Finished { .. } => EventKind::Finished,
            Self::Closed { .. } => EventKind::Closed,
            Self::Reset { .. } => EventKind::Reset,
            Self::Failed { .. } => EventKind::Failed,
            Self::Reconnecting { .. } => EventKind::Reconnecting,
            Self::PeerNotReading { .. } => EventKind::PeerNotReading,
            Self::PeerReading { .. } => EventKind::PeerReading,
            Self::AcceptPaused { .. } => EventKind::AcceptPaused,
            Self::AcceptResumed { .. } => EventKind::AcceptResumed,
            Self::Dropped { .. } => EventKind::Dropped,
            Self::ReadingPaused { .. } => EventKind::ReadingPaused,
            Self::Gap { .. } => EventKind::Gap,
            Self::SendStopped { .. } => EventKind::SendStopped,
            Self::Unknown { .. } => EventKind::Unknown,
        }
    }

    /// The failure inside, for those that carry one.
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Failed { failure } | Self::AttemptFailed { failure, .. } | Self::AcceptPaused { failure, .. } => {
                Some(failure)
            }
            Self::Gap { failure, .. } => failure.as_ref(),
            _ => None,
        }
    }

    /// The connection has ended: no event of it follows.
    pub fn ends_connection(&self) -> bool {
        matches!(self, Self::Closed { .. } | Self::Reset { .. })
    }
}
