//! A payload as a person writes it: the text typed, and how it becomes bytes (`payload` does that).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::ByteOrder;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Draft {
    pub format: PayloadFormat,
    /// In the payload language (`docs/payloads.md`), or the path of a file, as typed.
    pub text: String,
    pub encoding: TextEncoding,
    pub ending: LineEnding,
    pub checksum: Checksum,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PayloadFormat {
    /// Text with escapes and templates.
    #[default]
    Text,
    /// The same, with hex digits between `[` and `]`.
    Mixed,
    /// Hex digits, and templates between them.
    Hex,
    Base64,
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

/// Computed over all bytes before it and appended. In files and templates it is one line of words: `CRC-16/MODBUS little hex`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Checksum {
    /// A name of `payload::checksum::catalogue`; empty: none.
    pub algorithm: String,
    /// The order of its bytes; absent: as the algorithm's own protocols send it.
    pub order: Option<ByteOrder>,
    pub form: SumForm,
    /// Of an HMAC, as typed.
    pub key: String,
}

/// How the bytes of a checksum are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SumForm {
    #[default]
    Binary,
    /// Two ASCII digits a byte.
    Hex,
    /// The same with capital letters.
    HexUpper,
}

/// A payload of the library.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedPayload {
    pub name: String,
    /// The folder it lies in, `/` between the levels; empty: at the top.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub folder: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub remark: String,
    /// 1 to 9: Alt and this digit send it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shortcut: Option<u8>,
    #[serde(flatten)]
    pub draft: Draft,
}

impl PayloadFormat {
    pub const ALL: [Self; 5] = [Self::Text, Self::Mixed, Self::Hex, Self::Base64, Self::File];
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
    pub fn of(algorithm: &str) -> Self {
        Self { algorithm: algorithm.to_owned(), ..Self::default() }
    }

    pub fn is_none(&self) -> bool {
        self.algorithm.is_empty()
    }
}

impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_none() {
            return f.write_str("none");
        }
        f.write_str(&self.algorithm)?;
        match self.order {
            Some(ByteOrder::Big) => f.write_str(" big")?,
            Some(ByteOrder::Little) => f.write_str(" little")?,
            None => {}
        }
        match self.form {
            SumForm::Binary => {}
            SumForm::Hex => f.write_str(" hex")?,
            SumForm::HexUpper => f.write_str(" HEX")?,
        }
        // Last, because it may hold anything.
        if !self.key.is_empty() {
            write!(f, " key={}", self.key)?;
        }
        Ok(())
    }
}

impl FromStr for Checksum {
    type Err = String;

    /// The line of words; whether the algorithm exists is asked of the catalogue.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (words, key) = text.split_once(" key=").unwrap_or((text, ""));
        let mut words = words.split_whitespace();
        let algorithm = match words.next() {
            None | Some("none") => String::new(),
            Some(name) => name.to_owned(),
        };
        let mut sum = Self { algorithm, key: key.to_owned(), ..Self::default() };
        for word in words {
            match word {
                "big" => sum.order = Some(ByteOrder::Big),
                "little" => sum.order = Some(ByteOrder::Little),
                "hex" => sum.form = SumForm::Hex,
                "HEX" => sum.form = SumForm::HexUpper,
                other => return Err(format!("{other:?} is no word of a checksum: use big, little, hex, HEX, key=")),
            }
        }
        Ok(sum)
    }
}

impl Serialize for Checksum {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Checksum {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}
