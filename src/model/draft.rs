//! A payload as a person writes it: the text typed, and how it becomes bytes (`payload` does that).

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Draft {
    pub format: PayloadFormat,
    /// Text with escapes, hex digits, or the path of a file, as typed.
    pub text: String,
    pub encoding: TextEncoding,
    pub ending: LineEnding,
    pub checksum: Checksum,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PayloadFormat {
    #[default]
    Text,
    Hex,
    /// The bytes of a file, streamed; `Draft::text` is its path.
    File,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum TextEncoding {
    #[default]
    #[serde(rename = "utf-8")]
    Utf8,
    #[serde(rename = "gbk")]
    Gbk,
    #[serde(rename = "gb18030")]
    Gb18030,
    #[serde(rename = "big5")]
    Big5,
    #[serde(rename = "shift-jis")]
    ShiftJis,
    #[serde(rename = "euc-kr")]
    EucKr,
    #[serde(rename = "latin-1")]
    Latin1,
    #[serde(rename = "utf-16le")]
    Utf16Le,
    #[serde(rename = "utf-16be")]
    Utf16Be,
}

/// Appended after the payload's own bytes, before the checksum is computed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LineEnding {
    #[default]
    None,
    Lf,
    CrLf,
    Cr,
    Nul,
}

/// Computed over all bytes before it and appended. The catalogue names and check values are those of the `crc` crate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Checksum {
    #[default]
    None,
    /// CRC-16/MODBUS, low byte first, as Modbus RTU sends it.
    Crc16Modbus,
    /// CRC-32/ISO-HDLC, high byte first.
    Crc32,
    /// All bytes added up, modulo 256.
    Sum8,
    /// All bytes combined by exclusive or.
    Xor8,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedPayload {
    pub name: String,
    #[serde(flatten)]
    pub draft: Draft,
}

impl PayloadFormat {
    pub const ALL: [Self; 3] = [Self::Text, Self::Hex, Self::File];
}

impl TextEncoding {
    pub const ALL: [Self; 9] = [
        Self::Utf8,
        Self::Gbk,
        Self::Gb18030,
        Self::Big5,
        Self::ShiftJis,
        Self::EucKr,
        Self::Latin1,
        Self::Utf16Le,
        Self::Utf16Be,
    ];

    /// The name people know; the same in every language.
    pub fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Gbk => "GBK",
            Self::Gb18030 => "GB18030",
            Self::Big5 => "Big5",
            Self::ShiftJis => "Shift-JIS",
            Self::EucKr => "EUC-KR",
            Self::Latin1 => "Latin-1",
            Self::Utf16Le => "UTF-16LE",
            Self::Utf16Be => "UTF-16BE",
        }
    }
}

impl LineEnding {
    pub const ALL: [Self; 5] = [Self::None, Self::Lf, Self::CrLf, Self::Cr, Self::Nul];

    pub fn bytes(self) -> &'static [u8] {
        match self {
            Self::None => b"",
            Self::Lf => b"\n",
            Self::CrLf => b"\r\n",
            Self::Cr => b"\r",
            Self::Nul => b"\0",
        }
    }
}

impl Checksum {
    pub const ALL: [Self; 5] = [Self::None, Self::Crc16Modbus, Self::Crc32, Self::Sum8, Self::Xor8];
}
