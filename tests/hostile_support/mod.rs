//! The fixture of hostile strings, and what makes a character hostile.
#![allow(dead_code, reason = "each test uses its part")]

use sockscope::model::TextEncoding;
use sockscope::payload::text_to_bytes;

/// Each string of the fixture.
pub fn hostile() -> Vec<String> {
    let lines = include_str!("../fixtures/hostile.txt").lines().filter(|line| !line.starts_with("# "));
    lines.map(|line| String::from_utf8(text_to_bytes(line, TextEncoding::Utf8).unwrap()).unwrap()).collect()
}

/// Written out here, so that the test does not lean on the code it tests.
pub fn may_act(character: char) -> bool {
    matches!(u32::from(character),
        0x00..=0x1F | 0x7F..=0x9F | 0xAD | 0x34F | 0x600..=0x605 | 0x61C | 0x6DD | 0x70F | 0x890 | 0x891 | 0x8E2
        | 0x115F | 0x1160 | 0x17B4 | 0x17B5 | 0x180B..=0x180F | 0x200B..=0x200F | 0x2028..=0x202E | 0x2060..=0x206F
        | 0x3164 | 0xFE00..=0xFE0F | 0xFEFF | 0xFFA0 | 0xFFF0..=0xFFFB | 0x110BD | 0x110CD | 0x13430..=0x1343F
        | 0x1BCA0..=0x1BCA3 | 0x1D173..=0x1D17A | 0xE0000..=0xE0FFF)
}
