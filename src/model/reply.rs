//! What an endpoint answers by itself: rules, and what its ready-made services hold. The same words stand in the workspace file.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Checksum, Draft, TextEncoding};

/// One automatic reply.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReplyRule {
    /// For the person; may be empty.
    pub name: String,
    #[serde(skip_serializing_if = "is_on")]
    pub off: bool,
    pub on: Occasion,
    /// Which frames, when `on` is a frame.
    #[serde(flatten)]
    pub pattern: FramePattern,
    pub act: ReplyAct,
    /// What `ReplyAct::Send` sends.
    #[serde(skip_serializing_if = "is_default")]
    pub send: Draft,
    /// Waited before it acts; up to `jitter_millis` more, at random.
    #[serde(skip_serializing_if = "is_default")]
    pub delay_millis: u64,
    #[serde(skip_serializing_if = "is_default")]
    pub jitter_millis: u64,
    /// Acts at most so many times a connection; absent: always.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Occasion {
    /// A frame was received.
    #[default]
    Frame,
    /// The connection stands; for UDP: the peer was heard for the first time.
    Connect,
    /// The peer has finished sending.
    Close,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReplyAct {
    #[default]
    Send,
    /// The frame itself, as it stood in the stream.
    Echo,
    /// Nothing, and no later rule is asked.
    Discard,
    Close,
    /// FIN: we send no more and go on reading.
    FinishSending,
    Reset,
}

/// Which frames are meant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FramePattern {
    #[serde(rename = "match")]
    pub how: MatchHow,
    /// Text with escapes, hex with `??`, a regular expression over bytes, or a length (`8`, `4..12`), as typed.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub pattern: String,
    #[serde(skip_serializing_if = "is_default")]
    pub place: MatchPlace,
    /// Of the pattern's text.
    #[serde(rename = "pattern_encoding", skip_serializing_if = "is_default")]
    pub encoding: TextEncoding,
    /// Capital and small letters are the same (text, regular expression).
    #[serde(skip_serializing_if = "is_default")]
    pub ignore_case: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MatchHow {
    #[default]
    Any,
    Text,
    Hex,
    Regex,
    Length,
}

/// Where in the frame text or hex must stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MatchPlace {
    #[default]
    Anywhere,
    Begins,
    Ends,
    Whole,
}

/// What the HTTP service answers to every request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HttpAnswer {
    pub status: u16,
    pub content_type: String,
    /// More header fields, `Name: value` each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<String>,
    /// In the payload language.
    pub body: Draft,
}

/// The tables of the Modbus service; what is not named is 0. Addresses count from 0, as they stand on the wire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ModbusUnit {
    /// Answers to this unit only; absent: to every one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<u8>,
    /// Registers and coils a table has: an address at or beyond is answered with exception 2.
    pub size: u32,
    #[serde(with = "addresses", skip_serializing_if = "BTreeMap::is_empty")]
    pub coils: BTreeMap<u16, bool>,
    #[serde(with = "addresses", skip_serializing_if = "BTreeMap::is_empty")]
    pub inputs: BTreeMap<u16, bool>,
    #[serde(with = "addresses", skip_serializing_if = "BTreeMap::is_empty")]
    pub holding: BTreeMap<u16, u16>,
    #[serde(with = "addresses", skip_serializing_if = "BTreeMap::is_empty")]
    pub input_registers: BTreeMap<u16, u16>,
}

/// One of the four tables of a Modbus unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ModbusTable {
    #[default]
    Holding,
    InputRegisters,
    Coils,
    Inputs,
}

/// Which bytes of a received frame are its checksum, and what they cover.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Verify {
    pub checksum: Checksum,
    /// Bytes at the beginning of the frame that it does not cover.
    pub skip: u32,
    /// Bytes of the frame behind the checksum (an ending).
    pub behind: u32,
}

/// What reads the fields of a frame.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum DecoderChoice {
    /// By the ports of the connection.
    #[default]
    ByPort,
    None,
    /// A key of `decode::registry`.
    Named(String),
}

impl Occasion {
    pub const ALL: [Self; 3] = [Self::Frame, Self::Connect, Self::Close];
}

impl ReplyAct {
    pub const ALL: [Self; 6] = [Self::Send, Self::Echo, Self::Discard, Self::Close, Self::FinishSending, Self::Reset];
}

impl MatchHow {
    pub const ALL: [Self; 5] = [Self::Any, Self::Text, Self::Hex, Self::Regex, Self::Length];
}

impl MatchPlace {
    pub const ALL: [Self; 4] = [Self::Anywhere, Self::Begins, Self::Ends, Self::Whole];
}

impl ModbusUnit {
    /// Sets what an address holds at the beginning; 0 is what it holds by itself.
    pub fn begin_with(&mut self, table: ModbusTable, address: u16, value: u16) {
        let bits = match table {
            ModbusTable::Coils => &mut self.coils,
            ModbusTable::Inputs => &mut self.inputs,
            ModbusTable::Holding => return keep(&mut self.holding, address, value),
            ModbusTable::InputRegisters => return keep(&mut self.input_registers, address, value),
        };
        keep(bits, address, value != 0);
    }
}

fn keep<V: Default + PartialEq>(values: &mut BTreeMap<u16, V>, address: u16, value: V) {
    if value == V::default() {
        values.remove(&address);
    } else {
        values.insert(address, value);
    }
}

impl ModbusTable {
    pub const ALL: [Self; 4] = [Self::Holding, Self::InputRegisters, Self::Coils, Self::Inputs];
}

impl Default for HttpAnswer {
    fn default() -> Self {
        let body = Draft { text: "Sockscope\\n".into(), ..Draft::default() };
        Self { status: 200, content_type: "text/plain; charset=utf-8".into(), headers: Vec::new(), body }
    }
}

impl Default for ModbusUnit {
    fn default() -> Self {
        Self {
            unit: None,
            size: 65_536,
            coils: BTreeMap::new(),
            inputs: BTreeMap::new(),
            holding: BTreeMap::new(),
            input_registers: BTreeMap::new(),
        }
    }
}

impl From<String> for DecoderChoice {
    fn from(text: String) -> Self {
        match text.as_str() {
            "by-port" => Self::ByPort,
            "none" => Self::None,
            _ => Self::Named(text),
        }
    }
}

impl From<DecoderChoice> for String {
    fn from(choice: DecoderChoice) -> Self {
        match choice {
            DecoderChoice::ByPort => "by-port".into(),
            DecoderChoice::None => "none".into(),
            DecoderChoice::Named(key) => key,
        }
    }
}

/// Keys of TOML tables are text.
mod addresses {
    use std::collections::BTreeMap;

    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<V: Serialize, S: Serializer>(map: &BTreeMap<u16, V>, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(map.iter().map(|(address, value)| (address.to_string(), value)))
    }

    pub fn deserialize<'de, V: Deserialize<'de>, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<u16, V>, D::Error> {
        let map = BTreeMap::<String, V>::deserialize(from)?;
        let parsed = map.into_iter().map(|(address, value)| match address.parse() {
            Ok(address) => Ok((address, value)),
            Err(_) => Err(D::Error::custom(format!("{address:?} is no address: use 0 to 65535"))),
        });
        parsed.collect()
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_on(off: &bool) -> bool {
    !*off
}
