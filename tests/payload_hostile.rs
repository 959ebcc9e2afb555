//! What came from outside never acts on a screen: a fixture of hostile strings through the one function that shows them.

use sockscope::model::TextEncoding;
use sockscope::payload::{text_to_bytes, visible, visible_text};

fn hostile() -> Vec<String> {
    let lines = include_str!("fixtures/hostile.txt").lines().filter(|line| !line.starts_with("# "));
    lines.map(|line| String::from_utf8(text_to_bytes(line, TextEncoding::Utf8).unwrap()).unwrap()).collect()
}

/// Written out here, so that the test does not lean on the code it tests.
fn may_act(character: char) -> bool {
    matches!(u32::from(character),
        0x00..=0x1F | 0x7F..=0x9F | 0xAD | 0x34F | 0x600..=0x605 | 0x61C | 0x6DD | 0x70F | 0x890 | 0x891 | 0x8E2
        | 0x115F | 0x1160 | 0x17B4 | 0x17B5 | 0x180B..=0x180F | 0x200B..=0x200F | 0x2028..=0x202E | 0x2060..=0x206F
        | 0x3164 | 0xFE00..=0xFE0F | 0xFEFF | 0xFFA0 | 0xFFF0..=0xFFFB | 0x110BD | 0x110CD | 0x13430..=0x1343F
        | 0x1BCA0..=0x1BCA3 | 0x1D173..=0x1D17A | 0xE0000..=0xE0FFF)
}

#[test]
fn the_fixture_is_large_enough_and_hostile() {
    let strings = hostile();
    assert!(strings.len() >= 200, "{}", strings.len());
    assert!(strings.iter().filter(|text| text.chars().any(may_act)).count() >= 150);
}

#[test]
fn nothing_that_acts_survives() {
    for text in hostile() {
        for limit in [0, 1, 2, 3, 4, 7, 16, 64, 4096, usize::MAX] {
            let mut shown = vec![visible_text(&text, limit)];
            shown.extend(TextEncoding::ALL.map(|encoding| visible(text.as_bytes(), encoding, limit)));
            for line in shown {
                assert!(!line.chars().any(may_act), "{text:?} is shown as {line:?}");
                assert!(line.len() <= limit, "{} bytes, limit {limit}: {line:?}", line.len());
            }
        }
    }
}

#[test]
fn all_hidden_characters_are_named_and_all_others_stay() {
    for character in '\0'..=char::MAX {
        let text = character.to_string();
        let shown = visible_text(&text, 64);
        if may_act(character) {
            let code = u32::from(character);
            let expected = match code {
                0..=0x1F => char::from_u32(0x2400 + code).unwrap().to_string(),
                0x7F => "␡".to_owned(),
                _ => format!("⟨U+{code:04X}⟩"),
            };
            assert_eq!(shown, expected);
        } else {
            assert_eq!(shown, text, "U+{:04X}", u32::from(character));
        }
    }
}

#[test]
fn five_megabytes_on_one_line_cost_what_is_shown() {
    let long = vec![0xE4; 5 << 20];
    for encoding in TextEncoding::ALL {
        let shown = visible(&long, encoding, 100);
        assert!(shown.ends_with('…') && shown.len() <= 100, "{shown}");
        assert!(shown.capacity() < 1_000);
    }
    let text = "\u{202e}".repeat(1 << 20);
    assert!(visible_text(&text, 100).len() <= 100);
}
