//! Bytes read as numbers, times and characters, in both byte orders; and sums over many bytes.
//!
//! Pure. Never: how readings are drawn. Called by: ui.

use super::units::{Unit, Units};
use super::{checksum, visible_text};
use crate::model::{Checksum, TextEncoding};

/// One way to read the bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// `u16`, or what its words are kept under: `bytes.read_<name>`.
    pub name: &'static str,
    pub value: Value,
}

/// `None`: too few bytes, or nothing that can be meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// There is no order in it.
    One(Option<String>),
    Both {
        little: Option<String>,
        big: Option<String>,
    },
}

/// The bytes from the first one on, read in every way; never fewer readings than for other bytes.
pub fn inspect(bytes: &[u8], encoding: TextEncoding) -> Vec<Reading> {
    let first = bytes.first().copied();
    let one = |name, value: Option<String>| Reading { name, value: Value::One(value) };
    let mut readings = vec![
        one("u8", first.map(|byte| byte.to_string())),
        one("i8", first.map(|byte| byte.cast_signed().to_string())),
        one("binary", first.map(|byte| format!("{:04b} {:04b}", byte >> 4, byte & 15))),
        one("octal", first.map(|byte| format!("{byte:03o}"))),
    ];
    for (unsigned, signed, width) in [("u16", "i16", 2), ("u24", "i24", 3), ("u32", "i32", 4), ("u64", "i64", 8)] {
        readings.push(both(unsigned, bytes, width, |value| Some(value.to_string())));
        readings.push(both(signed, bytes, width, |value| Some(signed_of(value, width).to_string())));
    }
    readings.push(both("f32", bytes, 4, f32_text));
    readings.push(both("f64", bytes, 8, f64_text));
    readings.push(both("time32", bytes, 4, |value| time(signed_of(value, 4))));
    readings.push(both("time64", bytes, 8, |value| time(value.cast_signed())));
    readings.push(both("millis64", bytes, 8, millis));
    readings.push(one("utf8", character(bytes, TextEncoding::Utf8)));
    if encoding != TextEncoding::Utf8 {
        readings.push(one("character", character(bytes, encoding)));
    }
    readings
}

/// Sums that protocols use, over all of the bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sums {
    pub sum8: u8,
    pub xor8: u8,
    pub crc16_modbus: u16,
    pub crc32: u32,
}

impl Sums {
    pub fn of(bytes: &[u8]) -> Self {
        let number = |name| checksum(&Checksum::of(name), bytes);
        let one = |name| number(name).first().copied().unwrap_or_default();
        Self {
            sum8: one("sum8"),
            xor8: one("xor8"),
            // Sent low byte first.
            crc16_modbus: number("crc16-modbus").try_into().map_or(0, u16::from_le_bytes),
            crc32: number("crc32").try_into().map_or(0, u32::from_be_bytes),
        }
    }
}

fn both(name: &'static str, bytes: &[u8], width: usize, text: impl Fn(u64) -> Option<String>) -> Reading {
    let taken = bytes.get(..width);
    let fold = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
    let little = taken.and_then(|taken| text(taken.iter().rev().fold(0, fold)));
    let big = taken.and_then(|taken| text(taken.iter().fold(0, fold)));
    Reading { name, value: Value::Both { little, big } }
}

/// The two's complement of `width` bytes.
fn signed_of(value: u64, width: usize) -> i64 {
    let unused = 64 - 8 * width as u32;
    (value << unused).cast_signed() >> unused
}

/// Very large and very small ones with an exponent: nobody counts forty zeros.
fn is_plain_size(size: f64) -> bool {
    size == 0.0 || !size.is_finite() || (1e-5..1e16).contains(&size)
}

fn f32_text(value: u64) -> Option<String> {
    let value = f32::from_bits(value as u32);
    Some(if is_plain_size(f64::from(value.abs())) { value.to_string() } else { format!("{value:e}") })
}

fn f64_text(value: u64) -> Option<String> {
    let value = f64::from_bits(value);
    Some(if is_plain_size(value.abs()) { value.to_string() } else { format!("{value:e}") })
}

/// Seconds since 1970 as a date in UTC; `None` beyond the calendar.
fn time(seconds: i64) -> Option<String> {
    let at = jiff::Timestamp::from_second(seconds).ok()?;
    Some(at.strftime("%Y-%m-%d %H:%M:%S").to_string())
}

/// Milliseconds since 1970, where they name a day between 1990 and 2100: anything else was not meant as a time.
fn millis(value: u64) -> Option<String> {
    const PLAUSIBLE: std::ops::Range<i64> = 631_152_000_000..4_102_444_800_000;
    let value = i64::try_from(value).ok().filter(|value| PLAUSIBLE.contains(value))?;
    let at = jiff::Timestamp::from_millisecond(value).ok()?;
    Some(format!("{}.{:03}", at.strftime("%Y-%m-%d %H:%M:%S"), value % 1000))
}

/// `泵 U+6CF5`; of what has no picture only the number.
fn character(bytes: &[u8], encoding: TextEncoding) -> Option<String> {
    // A run of ASCII is one unit: only its first character is meant.
    let character = match Units::of(bytes.get(..8).unwrap_or(bytes), encoding).next()? {
        Unit::Plain(text) => text.chars().next()?,
        Unit::Character(character, _) => character,
        Unit::Invalid(_) => return None,
    };
    let shown = visible_text(character.encode_utf8(&mut [0; 4]), 16);
    let number = format!("U+{:04X}", u32::from(character));
    Some(if shown.contains(&number) { number } else { format!("{shown} {number}") })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn value(bytes: &[u8], name: &str) -> Value {
        let readings = inspect(bytes, TextEncoding::Gbk);
        readings.into_iter().find(|reading| reading.name == name).unwrap().value
    }

    fn pair(bytes: &[u8], name: &str) -> (String, String) {
        match value(bytes, name) {
            Value::Both { little, big } => (little.unwrap_or("–".into()), big.unwrap_or("–".into())),
            Value::One(_) => panic!("{name} has no order"),
        }
    }

    fn one(bytes: &[u8], name: &str) -> Option<String> {
        match value(bytes, name) {
            Value::One(value) => value,
            Value::Both { .. } => panic!("{name} has an order"),
        }
    }

    fn texts(little: &str, big: &str) -> (String, String) {
        (little.to_owned(), big.to_owned())
    }

    #[test]
    fn integers_in_both_orders() {
        let bytes = [0xFE, 0xFF, 0x00, 0x01, 0x02, 0x03, 0x04, 0x80];
        assert_eq!(one(&bytes, "u8").as_deref(), Some("254"));
        assert_eq!(one(&bytes, "i8").as_deref(), Some("-2"));
        assert_eq!(one(&bytes, "binary").as_deref(), Some("1111 1110"));
        assert_eq!(one(&bytes, "octal").as_deref(), Some("376"));
        assert_eq!(pair(&bytes, "u16"), texts("65534", "65279"));
        assert_eq!(pair(&bytes, "i16"), texts("-2", "-257"));
        assert_eq!(pair(&bytes, "u24"), texts("65534", "16711424"));
        assert_eq!(pair(&bytes, "i24"), texts("65534", "-65792"));
        assert_eq!(pair(&bytes, "u32"), texts("16842750", "4278124545"));
        assert_eq!(pair(&bytes, "i32"), texts("16842750", "-16842751"));
        assert_eq!(pair(&bytes, "u64"), texts("9224501243903279102", "18374405009023632512"));
        assert_eq!(pair(&bytes, "i64"), texts("-9222242829806272514", "-72339064685919104"));
    }

    #[test]
    fn floats_of_all_kinds() {
        let float = |value: f32| pair(&value.to_be_bytes(), "f32").1;
        assert_eq!(float(1.5), "1.5");
        assert_eq!(float(-0.0), "-0");
        assert_eq!(float(f32::NAN), "NaN");
        assert_eq!(float(f32::NEG_INFINITY), "-inf");
        assert_eq!(float(f32::MAX), "3.4028235e38");
        assert_eq!(float(f32::MIN_POSITIVE), "1.1754944e-38");
        assert_eq!(float(0.1), "0.1");
        assert_eq!(pair(&(-2.5e-300_f64).to_le_bytes(), "f64").0, "-2.5e-300");
        assert_eq!(pair(&1e16_f64.to_le_bytes(), "f64").0, "1e16");
        assert_eq!(pair(&f64::NAN.to_be_bytes(), "f64").1, "NaN");
    }

    #[test]
    fn times_in_utc() {
        assert_eq!(pair(&1_763_833_202_i32.to_be_bytes(), "time32").1, "2025-11-22 17:40:02");
        assert_eq!(pair(&(-1_i32).to_be_bytes(), "time32").1, "1969-12-31 23:59:59");
        assert_eq!(pair(&1_763_833_202_i64.to_le_bytes(), "time64").0, "2025-11-22 17:40:02");
        assert_eq!(pair(&i64::MAX.to_le_bytes(), "time64").0, "–");
        assert_eq!(pair(&1_763_833_202_118_i64.to_be_bytes(), "millis64").1, "2025-11-22 17:40:02.118");
        assert_eq!(pair(&7_i64.to_be_bytes(), "millis64").1, "–");
    }

    #[test]
    fn characters_in_utf_8_and_in_the_encoding() {
        assert_eq!(one("泵x".as_bytes(), "utf8").as_deref(), Some("泵 U+6CF5"));
        assert_eq!(one(&[0xB1, 0xC3], "character").as_deref(), Some("泵 U+6CF5"));
        assert_eq!(one(&[0xB1, 0xC3], "utf8"), None);
        assert_eq!(one("\u{202e}".as_bytes(), "utf8").as_deref(), Some("U+202E"));
        assert_eq!(one(b"\n", "utf8").as_deref(), Some("␊ U+000A"));
        assert_eq!(one(b"abcdefghijk", "utf8").as_deref(), Some("a U+0061"));
    }

    #[test]
    fn too_few_bytes_say_nothing() {
        for reading in inspect(&[], TextEncoding::Utf8) {
            assert!(matches!(reading.value, Value::One(None) | Value::Both { little: None, big: None }), "{reading:?}");
        }
        assert_eq!(pair(&[1, 2, 3], "u32"), texts("–", "–"));
        assert_eq!(pair(&[1, 2, 3], "u24"), texts("197121", "66051"));
    }

    #[test]
    fn sums_are_the_published_ones() {
        let sums = Sums::of(b"123456789");
        assert_eq!(sums, Sums { sum8: 0xDD, xor8: 0x31, crc16_modbus: 0x4B37, crc32: 0xCBF4_3926 });
        assert_eq!(Sums::of(b"").crc32, 0);
    }

    proptest! {
        #[test]
        fn numbers_are_what_rust_reads(bytes in proptest::array::uniform8(any::<u8>())) {
            let four: [u8; 4] = bytes[..4].try_into().unwrap();
            prop_assert_eq!(pair(&bytes, "i64").0, i64::from_le_bytes(bytes).to_string());
            prop_assert_eq!(pair(&bytes, "u64").1, u64::from_be_bytes(bytes).to_string());
            prop_assert_eq!(pair(&bytes, "i32").1, i32::from_be_bytes(four).to_string());
            let (float, double) = (f32::from_le_bytes(four), f64::from_be_bytes(bytes));
            let read: f32 = pair(&bytes, "f32").0.parse().unwrap();
            prop_assert!(read.to_bits() == float.to_bits() || (read.is_nan() && float.is_nan()));
            let read: f64 = pair(&bytes, "f64").1.parse().unwrap();
            prop_assert!(read.to_bits() == double.to_bits() || (read.is_nan() && double.is_nan()));
        }

        #[test]
        fn any_bytes_in_any_encoding_can_be_read(bytes in proptest::collection::vec(any::<u8>(), 0..12)) {
            for encoding in TextEncoding::ALL {
                let readings = inspect(&bytes, encoding).len();
                prop_assert_eq!(readings, inspect(&[], encoding).len());
            }
        }
    }
}
