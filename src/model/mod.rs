//! The words all rooms share: ids, addresses, endpoints, events, failures, payload drafts.
//!
//! Owns: plain types that are built in one room and read in another.
//! Never: IO, clocks, threads, text for people (that is `words`).
//! Called by: every room.

mod address;
mod capture;
mod draft;
mod endpoint;
mod event;
mod failure;
mod framing;
mod happening;
mod ids;
mod reading;
mod recording;
mod reply;
mod sequence;
mod settings;
mod steps;

pub use address::{HostPort, HostPortError};
pub use capture::{Imported, LeftOut};
pub use draft::{Checksum, Draft, LineEnding, PayloadFormat, SavedPayload, SumForm, TextEncoding};
pub use endpoint::{EndpointUri, EndpointUriError, Transport};
pub use event::{Direction, Event, EventKind, Flow, Recorded, Role, Timestamp, What};
pub use failure::{Doing, Failure, Reason};
pub use framing::{ByteOrder, Counts, Framing, LengthPrefix, MOST_FRAME_BYTES};
pub use happening::{By, Happening};
pub use ids::{ConnectionId, EndpointId, SendId};
pub use reading::{Encodings, Framings, HighlightColor, HighlightRule, Note, SavedFilter};
pub use recording::Rotation;
pub use reply::{
    DecoderChoice, FramePattern, HttpAnswer, MatchHow, MatchPlace, ModbusTable, ModbusUnit, Occasion, ReplyAct,
    ReplyRule, Verify,
};
pub use sequence::{
    Awaited, LaneOutcome, LaneReport, MOST_NESTED, RunId, Sequence, SequenceClose, SequenceReport, Step, StepFailure,
    endpoint_called,
};
pub use settings::{Answer, ClientSettings, EndpointSettings, ListenerSettings, OverLimit, Protocol, UdpSettings};

/// The largest payload of one UDP datagram over IPv4: 65,535 less 20 bytes IP and 8 bytes UDP header (RFC 768, RFC 791).
pub const MAX_DATAGRAM_V4: usize = 65_507;
/// The largest payload of one UDP datagram over IPv6: 65,535 less 8 bytes UDP header (RFC 8200: the IP header does not count).
pub const MAX_DATAGRAM_V6: usize = 65_527;
/// One TCP read or write is recorded in pieces of at most this many bytes, so that each fits one packet block.
pub const MAX_CHUNK: usize = 60 * 1024;
