//! What must hold for any input. Run by the fuzz targets and, over the corpus, by `tests/fuzz_corpus_payload.rs`.

use std::str::FromStr;

use sockscope::model::{Draft, EndpointUri, PayloadFormat, TextEncoding};
use sockscope::payload::{
    Mistake, bytes_to_c_array, bytes_to_hex, bytes_to_text, hex_to_bytes, outgoing, text_to_bytes, visible,
    visible_text,
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
