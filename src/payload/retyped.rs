//! Recorded bytes as a draft that sends exactly them: text where they are text, else hex.
//!
//! Pure. Called by: ui (a row of the log becomes a payload), workspace (imports).

use super::{bytes_to_hex, bytes_to_text, compose, is_text};
use crate::model::{Draft, PayloadFormat, TextEncoding};

pub fn retyped(bytes: &[u8], encoding: TextEncoding) -> Draft {
    let draft = |format, text| Draft { format, text, encoding, ..Draft::default() };
    if is_text(bytes, encoding) {
        let typed = draft(PayloadFormat::Text, bytes_to_text(bytes, encoding));
        if compose(&typed).is_ok_and(|again| again == bytes) {
            return typed;
        }
    }
    draft(PayloadFormat::Hex, bytes_to_hex(bytes))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn text_stays_text_and_the_rest_is_hex() {
        let text = retyped(b"PING {{now}}\r\n", TextEncoding::Utf8);
        assert_eq!((text.format, text.text.as_str()), (PayloadFormat::Text, "PING \\{{now}}\\r\\n"));
        let hex = retyped(&[0, 1, 0xFF, 3], TextEncoding::Utf8);
        assert_eq!((hex.format, hex.text.as_str()), (PayloadFormat::Hex, "00 01 ff 03"));
    }

    proptest! {
        #[test]
        fn it_sends_the_same_bytes(
            bytes in prop_oneof![proptest::collection::vec(any::<u8>(), 0..200), "[a-z{}\\\\ \r\n]{0,40}".prop_map(String::into_bytes)],
            encoding in proptest::sample::select(TextEncoding::ALL.to_vec()),
        ) {
            let draft = retyped(&bytes, encoding);
            prop_assert_eq!(compose(&draft).unwrap(), bytes);
        }
    }
}
