//! What a filter means, taken apart.
//! Called by: `parse` (which builds it) and `session` (which compiles it).

use std::net::IpAddr;

use crate::model::{Direction, EventKind, Transport};

#[derive(Clone, Debug, PartialEq)]
pub enum Expression {
    /// Never fewer than two, as for `Any`.
    All(Vec<Expression>),
    Any(Vec<Expression>),
    Not(Box<Expression>),
    Is(Term),
}

impl Expression {
    pub(super) fn asks_for_selection(&self) -> bool {
        match self {
            Self::All(all) | Self::Any(all) => all.iter().any(Self::asks_for_selection),
            Self::Not(inner) => inner.asks_for_selection(),
            Self::Is(term) => matches!(term, Term::Within(_)),
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum Term {
    /// In the bytes, in any encoding in which content is shown, or in the words of a happening. ASCII letters match in
    /// both cases.
    Text(String),
    /// In the bytes, or in the words of a happening; the pattern is one of the `regex` crate's.
    Regex {
        pattern: String,
        ignore_case: bool,
    },
    /// Never empty.
    Hex(Vec<HexByte>),
    Direction(Direction),
    /// Any of these.
    Kind(Vec<EventKind>),
    /// Where the bytes came from: the peer's address of what was received, our own of what was sent.
    From(AddressPattern),
    To(AddressPattern),
    /// The far end of the connection.
    Peer(AddressPattern),
    /// At either end.
    Port(Bounds<u64>),
    Connection(Bounds<u64>),
    /// In the endpoint's address line.
    Endpoint(String),
    Transport(Transport),
    /// Payload bytes; rows without payload never fit.
    Size(Bounds<u64>),
    After(Moment),
    Before(Moment),
    /// Nanoseconds at most from the selected row, before or after it; without a selected row nothing fits.
    Within(u64),
    /// Nanoseconds since the row before on the same connection.
    Gap(Bounds<u64>),
    HasNote,
    /// The checksum in the file does not fit the bytes.
    Damaged,
    /// Received, and the checksum that its endpoint verifies is wrong or missing.
    WrongSum,
    /// A frame that is not what its framing promises.
    BadFrame,
}

/// Both ends count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds<T> {
    pub least: T,
    pub most: T,
}

impl<T: PartialOrd> Bounds<T> {
    pub fn hold(&self, value: &T) -> bool {
        self.least <= *value && *value <= self.most
    }
}

/// A byte fits when it equals `value` in the bits of `mask`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HexByte {
    pub value: u8,
    pub mask: u8,
}

/// `192.168.1.0/24`, `127.0.0.1:9000`, `[::1]:9000`, `:9000`; what is absent fits anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressPattern {
    pub host: Option<Host>,
    pub port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    pub address: IpAddr,
    /// Leading bits that count.
    pub prefix: u8,
}

/// A time as it was typed: on the clock that the log shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Year, month, day; absent: the day on which the session began.
    pub date: Option<(i16, u8, u8)>,
    /// Nanoseconds after midnight.
    pub time_nanos: u64,
}
