//! What came from outside never acts on a screen: a fixture of hostile strings through the one function that shows them.

mod hostile_support;

use hostile_support::{hostile, may_act};
use sockscope::model::TextEncoding;
use sockscope::payload::{visible, visible_text};

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
