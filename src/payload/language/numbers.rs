//! How a counter, a length or a random number is written: digits, or bytes in an order.
//! Called by: `template`, `values`, `render`.

use super::super::text::encode_ascii;
use crate::model::TextEncoding;

/// The way a whole number is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Number {
    Decimal,
    Hex,
    HexUpper,
    Binary { bytes: usize, little: bool },
}

/// A way of writing, and the least number of digits (of a length: exactly so many).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Written {
    pub number: Number,
    /// 0: as many as are needed.
    pub digits: usize,
}

pub(super) const MOST_DIGITS: usize = 64;
pub(super) const WORDS: [&str; 12] =
    ["dec", "hex", "HEX", "u8", "u16be", "u16le", "u24be", "u24le", "u32be", "u32le", "u64be", "u64le"];

impl Number {
    pub(super) fn of_word(word: &str) -> Option<Self> {
        let binary = |bytes, little| Some(Self::Binary { bytes, little });
        match word {
            "dec" => Some(Self::Decimal),
            "hex" => Some(Self::Hex),
            "HEX" => Some(Self::HexUpper),
            "u8" => binary(1, false),
            "u16be" => binary(2, false),
            "u16le" => binary(2, true),
            "u24be" => binary(3, false),
            "u24le" => binary(3, true),
            "u32be" => binary(4, false),
            "u32le" => binary(4, true),
            "u64be" => binary(8, false),
            "u64le" => binary(8, true),
            _ => None,
        }
    }
}

impl Written {
    /// The bytes it takes, where that is the same for every value; `encoding` is that of digits.
    pub(super) fn width(self, encoding: TextEncoding) -> Option<usize> {
        match self.number {
            Number::Binary { bytes, .. } => Some(bytes),
            _ if self.digits > 0 => Some(self.digits * bytes_of_a_digit(encoding)),
            _ => None,
        }
    }

    /// A length; `None`: it does not fit.
    pub(super) fn exact(self, value: u64, encoding: TextEncoding) -> Option<Vec<u8>> {
        let bytes = match self.number {
            Number::Binary { bytes, .. } if bytes < 8 && value >> (8 * bytes) != 0 => return None,
            _ => self.wrapped(i64::try_from(value).ok()?, encoding),
        };
        self.width(encoding).is_none_or(|width| bytes.len() == width).then_some(bytes)
    }

    /// A counter: bytes that are too few take the lower part, as a counter in a protocol runs over.
    pub(super) fn wrapped(self, value: i64, encoding: TextEncoding) -> Vec<u8> {
        let digits = self.digits;
        let text = match self.number {
            Number::Decimal if value < 0 => format!("-{:0>digits$}", value.unsigned_abs()),
            Number::Decimal => format!("{value:0>digits$}"),
            Number::Hex => format!("{value:0>digits$x}"),
            Number::HexUpper => format!("{value:0>digits$X}"),
            Number::Binary { bytes, little } => {
                let mut low = value.to_le_bytes();
                if !little {
                    low.reverse();
                }
                let range = if little { 0..bytes } else { 8 - bytes..8 };
                return low.get(range).unwrap_or_default().to_vec();
            }
        };
        let mut bytes = Vec::with_capacity(text.len());
        encode_ascii(&text, encoding, &mut bytes);
        bytes
    }
}

/// A number as typed: decimal, or hex behind `0x`, with a sign before it.
pub(super) fn integer(text: &str) -> Option<i64> {
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let value = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        // `from_str_radix` takes a sign of its own.
        Some(digits) if digits.starts_with(|c: char| c.is_ascii_hexdigit()) => i128::from_str_radix(digits, 16).ok()?,
        None if text.starts_with(|c: char| c.is_ascii_digit()) => text.parse::<i128>().ok()?,
        _ => return None,
    };
    i64::try_from(if negative { -value } else { value }).ok()
}

fn bytes_of_a_digit(encoding: TextEncoding) -> usize {
    if matches!(encoding, TextEncoding::Utf16Le | TextEncoding::Utf16Be) { 2 } else { 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(word: &str, digits: usize) -> Written {
        Written { number: Number::of_word(word).unwrap(), digits }
    }

    #[test]
    fn numbers_are_written() {
        let utf8 = TextEncoding::Utf8;
        assert_eq!(written("dec", 4).wrapped(-7, utf8), b"-0007");
        assert_eq!(written("HEX", 4).wrapped(0xab, utf8), b"00AB");
        assert_eq!(written("u24be", 0).wrapped(0x0102_0304, utf8), [2, 3, 4]);
        assert_eq!(written("u16le", 0).wrapped(-2, utf8), [0xfe, 0xff]);
        assert_eq!(written("dec", 0).wrapped(7, TextEncoding::Utf16Be), [0, b'7']);
        assert_eq!(written("u8", 0).exact(256, utf8), None);
        assert_eq!(written("u8", 0).exact(255, utf8), Some(vec![255]));
        assert_eq!(written("dec", 2).exact(100, utf8), None);
        assert_eq!(written("dec", 2).exact(9, TextEncoding::Utf16Le), Some(b"0\x009\0".to_vec()));
        assert!(WORDS.iter().all(|word| Number::of_word(word).is_some()));
    }

    #[test]
    fn numbers_are_read() {
        assert_eq!(integer("-0x10"), Some(-16));
        assert_eq!(integer("+5"), Some(5));
        for wrong in ["", "-", "0x", "0x-1", "--1", "9223372036854775808", "1e3", "é"] {
            assert_eq!(integer(wrong), None, "{wrong}");
        }
    }
}
