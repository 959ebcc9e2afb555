//! Ids that name one thing for as long as a session lives. They are numbers of ours, not of the system.

use serde::{Deserialize, Serialize};

/// A configured endpoint: a listener, a client or a UDP socket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EndpointId(pub u32);

/// One TCP connection, or one peer's lane of a UDP socket. Never used twice within a session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ConnectionId(pub u32);

impl ConnectionId {
    /// Events of an endpoint itself (listening, failed to bind) belong to no connection.
    pub const NONE: ConnectionId = ConnectionId(0);

    pub fn is_none(self) -> bool {
        self == Self::NONE
    }
}

/// One press of Send, repeats included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SendId(pub u64);
