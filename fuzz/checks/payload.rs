//! What must hold for any input. Run by the fuzz targets and, over the corpus, by `tests/fuzz_corpus_payload.rs`.

use std::str::FromStr;

use bytes::Bytes;
use sockscope::model::{Checksum, Draft, EndpointUri, PayloadFormat, TextEncoding, Timestamp};
use sockscope::payload::{
    Compiled, Fill, Memory, Missing, Mistake, Supplied, bytes_to_c_array, bytes_to_hex, bytes_to_mixed, bytes_to_text,
    compile, compose, hex_to_bytes, outgoing, text_to_bytes, visible, visible_text,
};

/// Text with escapes: mistakes lie on characters, bytes become text and the same bytes again, what is shown is harmless.
pub fn payload_text(input: &[u8]) {
    let (choice, bytes) = input.split_first().map_or((0, input), |(first, rest)| (*first, rest));
    let encoding = TextEncoding::ALL[usize::from(choice) % TextEncoding::ALL.len()];
    let text = bytes_to_text(bytes, encoding);
    assert_eq!(text_to_bytes(&text, encoding).as_deref(), Ok(bytes));

    let typed = String::from_utf8_lossy(bytes);
    match text_to_bytes(&typed, encoding) {
        Ok(made) => assert!(made.len() <= typed.len() * 4),
        Err(mistake) => assert_on_characters(&typed, &mistake),
    }
    let limit = usize::from(choice);
    let shown = visible(bytes, encoding, limit);
    assert!(shown.len() <= limit);
    let whole = visible(bytes, encoding, usize::MAX);
    assert_eq!(visible_text(&whole, usize::MAX), whole);
    assert!(!whole.chars().any(char::is_control));
}

/// Hex in any clothes, dumps and paths among them.
pub fn payload_hex(input: &[u8]) {
    assert_eq!(hex_to_bytes(&bytes_to_hex(input)).as_deref(), Ok(input));
    assert_eq!(hex_to_bytes(&bytes_to_c_array(input)).as_deref(), Ok(input));

    let typed = String::from_utf8_lossy(input).into_owned();
    for format in PayloadFormat::ALL {
        let draft = Draft { format, text: typed.clone(), ..Draft::default() };
        if let Err(mistake) = outgoing(&draft) {
            assert_on_characters(&typed, &mistake);
        }
    }
}

/// The payload language: mistakes lie on characters, what is filled in is gapless and the same where it says so.
pub fn payload_language(input: &[u8]) {
    let (choice, bytes) = input.split_first().map_or((0, input), |(first, rest)| (*first, rest));
    let encoding = TextEncoding::ALL[usize::from(choice) % TextEncoding::ALL.len()];
    let text = String::from_utf8_lossy(bytes).into_owned();
    for format in PayloadFormat::ALL {
        let checksum = Checksum::of(if choice & 1 == 0 { "" } else { "sum8" });
        let draft = Draft { format, text: text.clone(), encoding, checksum, ..Draft::default() };
        match compile(&draft) {
            Err(mistake) => assert_on_characters(&text, &mistake),
            Ok(compiled) => assert_rendered(&compiled),
        }
    }
    for (format, text) in
        [(PayloadFormat::Text, bytes_to_text(bytes, encoding)), (PayloadFormat::Mixed, bytes_to_mixed(bytes, encoding))]
    {
        let draft = Draft { format, text, encoding, ..Draft::default() };
        assert_eq!(compose(&draft).as_deref(), Ok(bytes));
    }
}

fn assert_rendered(compiled: &Compiled) {
    let needs = compiled.needs();
    let named = |names: &[String]| names.iter().map(|name| (name.clone(), "é1".to_owned())).collect();
    let raw = |names: &[String]| names.iter().map(|name| (name.clone(), Bytes::from_static(b"\xff{{1}}"))).collect();
    let supplied =
        Supplied { asks: named(&needs.asks), environment: named(&needs.environment), files: raw(&needs.files) };
    let variables = raw(&needs.variables);
    let captures = vec![Some(Bytes::from_static(b"\0")); needs.captures + 1];
    let mut memory = Memory::seeded(7);
    let mut fill = Fill {
        peer: Some(([127, 0, 0, 1], 9).into()),
        local: Some(([0; 16], 10).into()),
        captures: &captures,
        variables: &variables,
        ..Fill::plain(Timestamp(1 << 60), jiff::tz::TimeZone::UTC, &supplied, &mut memory)
    };
    for _ in 0..2 {
        match compiled.render_marked(&mut fill) {
            Ok(rendered) => {
                let mut at = 0;
                for part in rendered.parts.iter() {
                    assert!(part.bytes.start == at && part.bytes.end > at, "{part:?}");
                    assert!(compiled.draft().text.get(part.text.clone()).is_some(), "{part:?}");
                    at = part.bytes.end;
                }
                assert_eq!(at, rendered.bytes.len());
                assert!(compiled.fixed().is_none_or(|fixed| *fixed == rendered.bytes));
            }
            Err((at, missing)) => {
                assert!(compiled.draft().text.get(at).is_some());
                assert!(matches!(missing, Missing::TooLarge(_) | Missing::NotInEncoding { .. }), "{missing:?}");
            }
        }
    }
}

/// An endpoint in one line is read, written and read again as the same.
pub fn endpoint_uri(input: &[u8]) {
    let typed = String::from_utf8_lossy(input);
    match EndpointUri::from_str(&typed) {
        Ok(uri) => assert_eq!(EndpointUri::from_str(&uri.to_string()), Ok(uri)),
        Err(error) => assert!(!error.to_string().chars().any(char::is_control)),
    }
}

fn assert_on_characters(text: &str, mistake: &Mistake) {
    assert!(text.get(mistake.at.clone()).is_some(), "{mistake:?} in {text:?}");
}
