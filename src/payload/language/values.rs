//! Values of templates that stand for themselves: counters, time, random numbers, addresses, and what comes from outside.
//!
//! Never: reads a clock or a file. Called by: `template` (which makes them), `render`.

use std::borrow::Cow;
use std::net::SocketAddr;

use jiff::fmt::strtime;
use jiff::tz::TimeZone;

use super::super::{MAX_PAYLOAD_BYTES, push_encoded};
use super::memory::Key;
use super::numbers::Written;
use super::{Fill, MadeBy, Missing, Needs};
use crate::model::{TextEncoding, Timestamp};

#[derive(Clone, Debug)]
pub(super) enum Value {
    Counter(Counter),
    Now(Moment),
    Random(Random),
    Uuid,
    Peer(AddressPart),
    Local(AddressPart),
    File(String),
    Environment(String),
    Ask(String),
    Variable(String),
    Capture(usize),
}

#[derive(Clone, Debug)]
pub(super) struct Counter {
    pub name: Option<String>,
    pub start: i64,
    pub step: i64,
    pub written: Written,
}

#[derive(Clone, Debug)]
pub(super) struct Moment {
    kind: MomentKind,
    utc: bool,
}

#[derive(Clone, Debug)]
enum MomentKind {
    Formatted(String),
    /// Counted since 1970; so many nanoseconds are one.
    Since(u64),
}

#[derive(Clone, Debug)]
pub(super) enum Random {
    Int { from: i64, to: i64, seed: Option<u64> },
    Hex { digits: usize, seed: Option<u64> },
    Bytes { count: usize, seed: Option<u64> },
}

#[derive(Clone, Copy, Debug)]
pub(super) enum AddressPart {
    Both,
    Ip,
    Port,
}

/// Where a value stands, and how its text is encoded.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub draft: u64,
    pub at: usize,
    pub encoding: TextEncoding,
}

const MOST_FORMAT_BYTES: usize = 200;
const USUAL_FORMAT: &str = "%Y-%m-%dT%H:%M:%S%.3f%:z";

impl Moment {
    /// `None`: this is no format.
    pub(super) fn of(format: &str, utc: bool) -> Option<Self> {
        let kind = match format {
            "unix" => MomentKind::Since(1_000_000_000),
            "millis" => MomentKind::Since(1_000_000),
            "micros" => MomentKind::Since(1_000),
            "nanos" => MomentKind::Since(1),
            "" => MomentKind::Formatted(USUAL_FORMAT.to_owned()),
            // Without a directive it is a word that is not known.
            _ if format.len() > MOST_FORMAT_BYTES || !format.contains('%') => return None,
            _ => MomentKind::Formatted(format.to_owned()),
        };
        let moment = Self { kind, utc };
        moment.text(Timestamp(0), &TimeZone::UTC).map(|_| moment)
    }

    fn text(&self, now: Timestamp, local: &TimeZone) -> Option<String> {
        match &self.kind {
            MomentKind::Since(nanos) => Some((now.0 / nanos).to_string()),
            MomentKind::Formatted(format) => {
                let zone = if self.utc { TimeZone::UTC } else { local.clone() };
                let moment = jiff::Timestamp::from_nanosecond(i128::from(now.0)).ok()?.to_zoned(zone);
                strtime::format(format, &moment).ok()
            }
        }
    }
}

impl AddressPart {
    fn text(self, address: SocketAddr) -> String {
        match self {
            Self::Both => address.to_string(),
            Self::Ip => address.ip().to_string(),
            Self::Port => address.port().to_string(),
        }
    }
}

impl Value {
    pub(super) fn made_by(&self) -> MadeBy {
        match self {
            Self::Counter(_) => MadeBy::Counter,
            Self::Now(_) => MadeBy::Time,
            Self::Random(_) | Self::Uuid => MadeBy::Random,
            Self::Peer(_) | Self::Local(_) => MadeBy::Address,
            Self::File(_) => MadeBy::File,
            Self::Environment(_) => MadeBy::Environment,
            Self::Ask(_) => MadeBy::Asked,
            Self::Variable(_) => MadeBy::Variable,
            Self::Capture(_) => MadeBy::Capture,
        }
    }

    pub(super) fn add_to(&self, needs: &mut Needs) {
        let once = |list: &mut Vec<String>, name: &String| {
            if !list.contains(name) {
                list.push(name.clone());
            }
        };
        match self {
            Self::Peer(_) => needs.peer = true,
            Self::Local(_) => needs.local = true,
            Self::File(path) => once(&mut needs.files, path),
            Self::Environment(name) => once(&mut needs.environment, name),
            Self::Ask(name) => once(&mut needs.asks, name),
            Self::Variable(name) => once(&mut needs.variables, name),
            Self::Capture(number) => needs.captures = needs.captures.max(*number),
            Self::Counter(_) | Self::Now(_) | Self::Random(_) | Self::Uuid => {}
        }
    }

    /// What is asked of outside and not there.
    pub(super) fn missing(&self, fill: &Fill<'_>) -> Option<Missing> {
        let supplied = fill.supplied;
        match self {
            Self::Peer(_) => fill.peer.is_none().then_some(Missing::Peer),
            Self::Local(_) => fill.local.is_none().then_some(Missing::Local),
            Self::File(path) => (!supplied.files.contains_key(path)).then(|| Missing::File(path.clone())),
            Self::Environment(name) => {
                (!supplied.environment.contains_key(name)).then(|| Missing::Environment(name.clone()))
            }
            Self::Ask(name) => (!supplied.asks.contains_key(name)).then(|| Missing::Ask(name.clone())),
            Self::Variable(name) => (!fill.variables.contains_key(name)).then(|| Missing::Variable(name.clone())),
            Self::Capture(number) => {
                (!matches!(fill.captures.get(*number), Some(Some(_)))).then_some(Missing::Capture(*number))
            }
            Self::Counter(_) | Self::Now(_) | Self::Random(_) | Self::Uuid => None,
        }
    }

    /// The bytes of this sending, at most `room`.
    pub(super) fn bytes<'a>(&self, fill: &mut Fill<'a>, place: Place, room: u64) -> Result<Cow<'a, [u8]>, Missing> {
        if let Some(missing) = self.missing(fill) {
            return Err(missing);
        }
        let supplied = fill.supplied;
        let text = match self {
            Self::Counter(counter) => {
                let key = match &counter.name {
                    Some(name) => Key::Named(name.clone()),
                    None => Key::At(place.draft, place.at),
                };
                let value = fill.memory.count(&key, counter.start, counter.step);
                return Ok(counter.written.wrapped(value, place.encoding).into());
            }
            Self::Random(Random::Bytes { count, seed }) => {
                return draw(fill, place, *seed, |rng| random_bytes(rng, *count, room)).map(Cow::Owned);
            }
            Self::Random(Random::Hex { digits, seed }) => {
                draw(fill, place, *seed, |rng| random_bytes(rng, *digits, room)).map(|bytes| hex_digits(&bytes))?
            }
            Self::Random(Random::Int { from, to, seed }) => {
                draw(fill, place, *seed, |rng| rng.i64(*from..=*to)).to_string()
            }
            Self::Uuid => uuid(draw(fill, place, None, |rng| rng.u128(..))),
            Self::Now(moment) => {
                moment.text(fill.now, &fill.zone).ok_or_else(|| Missing::TooLarge("{{now}}".into()))?
            }
            Self::Peer(part) => fill.peer.map(|address| part.text(address)).unwrap_or_default(),
            Self::Local(part) => fill.local.map(|address| part.text(address)).unwrap_or_default(),
            Self::File(path) => return Ok(supplied.files.get(path).map_or(Cow::default(), |bytes| bytes[..].into())),
            Self::Variable(name) => {
                return Ok(fill.variables.get(name).map_or(Cow::default(), |bytes| bytes[..].into()));
            }
            Self::Capture(number) => {
                let captured = fill.captures.get(*number).and_then(Option::as_ref);
                return Ok(captured.map_or(Cow::default(), |bytes| bytes[..].into()));
            }
            Self::Environment(name) => return encoded(supplied.environment.get(name), place, room),
            Self::Ask(name) => return encoded(supplied.asks.get(name), place, room),
        };
        encoded(Some(&text), place, room)
    }
}

fn encoded<'a>(text: Option<&String>, place: Place, room: u64) -> Result<Cow<'a, [u8]>, Missing> {
    let text = text.map(String::as_str).unwrap_or_default();
    if text.len() as u64 > room.saturating_mul(4) {
        return Err(Missing::TooLarge(String::new()));
    }
    let mut bytes = Vec::new();
    match push_encoded(text, place.encoding, &mut bytes) {
        true => Ok(bytes.into()),
        false => Err(Missing::NotInEncoding { value: text.to_owned(), encoding: place.encoding }),
    }
}

fn draw<T>(fill: &mut Fill<'_>, place: Place, seed: Option<u64>, draw: impl FnOnce(&mut fastrand::Rng) -> T) -> T {
    let key = Key::At(place.draft, place.at);
    fill.memory.draw(seed.map(|seed| (&key, seed)), draw)
}

fn random_bytes(rng: &mut fastrand::Rng, count: usize, room: u64) -> Result<Vec<u8>, Missing> {
    if count as u64 > room.min(MAX_PAYLOAD_BYTES) {
        return Err(Missing::TooLarge(String::new()));
    }
    let mut bytes = vec![0; count];
    rng.fill(&mut bytes);
    Ok(bytes)
}

/// One digit of each byte.
fn hex_digits(bytes: &[u8]) -> String {
    bytes.iter().filter_map(|byte| char::from_digit(u32::from(byte & 15), 16)).collect()
}

/// Version 4 of RFC 9562: random but for the version and the variant.
fn uuid(random: u128) -> String {
    let value = random & !(0xF << 76) & !(0x3 << 62) | 0x4 << 76 | 0x2 << 62;
    let digits = format!("{value:032x}");
    let piece = |range| digits.get(range).unwrap_or_default();
    format!("{}-{}-{}-{}-{}", piece(0..8), piece(8..12), piece(12..16), piece(16..20), piece(20..32))
}
