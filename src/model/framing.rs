//! How a stream is taken apart into frames. The same words stand in the workspace file.

use serde::{Deserialize, Serialize};

/// Longer frames are cut into pieces, with a fault that says so.
pub const MOST_FRAME_BYTES: u32 = 16 * 1024 * 1024;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Framing {
    /// Every chunk stands for itself.
    #[default]
    None,
    /// Up to these bytes; never empty.
    Delimiter {
        bytes: Vec<u8>,
        /// They belong to the frame.
        #[serde(default)]
        keep: bool,
        #[serde(default = "one_mebibyte")]
        most_bytes: u32,
    },
    /// Up to LF, without it and without a CR before it.
    Line {
        #[serde(default = "one_mebibyte")]
        most_bytes: u32,
    },
    /// So many bytes each; never 0.
    Fixed {
        bytes: u32,
    },
    LengthPrefix(LengthPrefix),
    /// Up to a pause of so many nanoseconds between two chunks.
    IdleGap {
        nanos: u64,
        #[serde(default = "one_mebibyte")]
        most_bytes: u32,
    },
    /// RFC 1055.
    Slip {
        #[serde(default = "one_mebibyte")]
        most_bytes: u32,
    },
    /// Consistent overhead byte stuffing (Cheshire and Baker, 1997), a zero byte behind each frame.
    Cobs {
        #[serde(default = "one_mebibyte")]
        most_bytes: u32,
    },
    /// From STX (02) to ETX (03), without both. A byte behind the escape counts as content, whatever it is.
    StxEtx {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        escape: Option<u8>,
        #[serde(default = "one_mebibyte")]
        most_bytes: u32,
    },
}

/// A length stands near the beginning of each frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LengthPrefix {
    /// Bytes before the length.
    pub offset: u32,
    /// Bytes of the length: 1, 2, 3, 4 or 8.
    pub width: u8,
    pub order: ByteOrder,
    pub counts: Counts,
    /// Bytes that belong to the frame and are not counted, such as a checksum at its end; may be negative.
    pub extra: i32,
    /// A larger frame is a fault: the stream and its lengths are out of step.
    pub most_bytes: u32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ByteOrder {
    #[default]
    Big,
    Little,
}

/// What the length counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Counts {
    /// What follows it.
    #[default]
    Rest,
    /// Itself and what follows it.
    FromLength,
    /// The whole frame.
    Whole,
}

impl Default for LengthPrefix {
    /// Two bytes, high byte first, that count the rest.
    fn default() -> Self {
        Self { offset: 0, width: 2, order: ByteOrder::Big, counts: Counts::Rest, extra: 0, most_bytes: one_mebibyte() }
    }
}

fn one_mebibyte() -> u32 {
    1024 * 1024
}
