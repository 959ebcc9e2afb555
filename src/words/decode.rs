//! What decoders say is wrong with a frame, in the language of the table.
//!
//! Decoders speak English, since files and tests hold their sentences; here a sentence is found again by its pattern in the
//! English table. One that is not in it (a crate's own words) stays as it is. Called by: ui.

use super::{Language, Words};

/// Those with the most fixed words stand before those that fit more.
const SENTENCES: &[&str] = &[
    "decode_fault.cut_off",
    "decode_fault.too_deep",
    "decode_fault.too_many",
    "decode_fault.cbor_head",
    "decode_fault.cbor_byte",
    "decode_fault.cbor_break",
    "decode_fault.cbor_text",
    "decode_fault.cbor_segment",
    "decode_fault.dns_behind",
    "decode_fault.dns_rdata",
    "decode_fault.dns_pointer_label",
    "decode_fault.dns_pointer_cut",
    "decode_fault.dns_pointer_back",
    "decode_fault.dns_label",
    "decode_fault.longer_255",
    "decode_fault.is_cut_off",
    "decode_fault.http_length",
    "decode_fault.http_digits",
    "decode_fault.http_chunk",
    "decode_fault.http_crlf",
    "decode_fault.http_last",
    "decode_fault.json_value_end",
    "decode_fault.json_value",
    "decode_fault.json_comma",
    "decode_fault.json_open",
    "decode_fault.json_name",
    "decode_fault.json_colon",
    "decode_fault.json_string",
    "decode_fault.modbus_protocol",
    "decode_fault.modbus_length",
    "decode_fault.modbus_behind",
    "decode_fault.modbus_coil",
    "decode_fault.modbus_even",
    "decode_fault.modbus_least",
    "decode_fault.modbus_crc",
    "decode_fault.mqtt_zero",
    "decode_fault.mqtt_flags",
    "decode_fault.mqtt_qos_three",
    "decode_fault.mqtt_code",
    "decode_fault.mqtt_return",
    "decode_fault.mqtt_auth",
    "decode_fault.mqtt_behind",
    "decode_fault.mqtt_versions",
    "decode_fault.mqtt_filter",
    "decode_fault.mqtt_qos",
    "decode_fault.mqtt_property",
    "decode_fault.mqtt_four",
    "decode_fault.not_utf8",
    "decode_fault.msgpack_reserved",
    "decode_fault.msgpack_str",
    "decode_fault.nmea_begin",
    "decode_fault.nmea_tag",
    "decode_fault.nmea_address",
    "decode_fault.nmea_sum",
    "decode_fault.nmea_digits",
    "decode_fault.protobuf_group_end",
    "decode_fault.protobuf_group",
    "decode_fault.protobuf_wire",
    "decode_fault.protobuf_number",
    "decode_fault.syslog_pri",
    "decode_fault.syslog_missing",
    "decode_fault.syslog_data",
    "decode_fault.syslog_space",
    "decode_fault.syslog_bracket",
    "decode_fault.syslog_element",
    "decode_fault.syslog_equals",
    "decode_fault.syslog_value",
];

impl Words {
    pub fn decoder_fault(&'static self, why: &str) -> String {
        let english = Words::of(Language::English);
        if std::ptr::eq(self, english) {
            return why.to_owned();
        }
        let found = SENTENCES.iter().filter_map(|key| {
            let pattern = english.get(key);
            Some((pattern.len(), key, places(pattern, why)?))
        });
        let Some((_, key, places)) = found.max_by_key(|(length, _, _)| *length) else { return why.to_owned() };
        let places: Vec<(&str, &dyn std::fmt::Display)> =
            places.iter().map(|(name, value)| (*name, value as &dyn std::fmt::Display)).collect();
        self.fill(key, &places)
    }
}

/// What stands in the places of a pattern; `None`: the text is not of this pattern.
fn places<'t>(pattern: &'static str, text: &'t str) -> Option<Vec<(&'static str, &'t str)>> {
    let (mut pattern, mut text, mut found) = (pattern, text, Vec::new());
    while let Some((fixed, rest)) = pattern.split_once('{') {
        let (name, rest) = rest.split_once('}')?;
        text = text.strip_prefix(fixed)?;
        // Up to the next fixed words; the last place takes what is left before the end.
        let next = rest.split_once('{').map_or(rest, |(next, _)| next);
        let end = match (next.is_empty(), rest.contains('{')) {
            (true, _) => text.len(),
            (false, true) => text.find(next)?,
            (false, false) => text.len().checked_sub(next.len()).filter(|end| text.is_char_boundary(*end))?,
        };
        found.push((name, text.get(..end).filter(|value| !value.is_empty())?));
        (text, pattern) = (text.get(end..)?, rest);
    }
    (text == pattern).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chinese(why: &str) -> String {
        Words::of(Language::Chinese).decoder_fault(why)
    }

    #[test]
    fn sentences_are_found_again_with_what_stands_in_them() {
        assert_eq!(chinese("CRC has 2 bytes, 1 of them are here"), "CRC 有 2 字节，此处只有 1 字节");
        assert_eq!(chinese("the frame ends; `[` at byte 7 is open"), "帧已结束；字节 7 处的 `[` 未闭合");
        assert_eq!(chinese("a value is expected here"), "此处应有一个值");
        assert_eq!(chinese("`:` is expected"), "此处应为 `:`");
        assert_eq!(chinese("words of a crate"), "words of a crate");
        assert_eq!(Words::of(Language::English).decoder_fault("a string does not end"), "a string does not end");
    }

    #[test]
    fn every_sentence_of_the_decoders_is_known() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/decode");
        let mut unknown = Vec::new();
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let source = std::fs::read_to_string(&path).unwrap();
            let source = source.as_str();
            let said = [".wrong(", ".note(", "let why = format!("].iter();
            let calls = said.flat_map(|call| source.match_indices(call).map(move |(at, _)| &source[at..]));
            for call in calls.filter(|_| !path.ends_with("tests.rs")) {
                let ends = [";\n", ")\n"].iter().filter_map(|end| call.find(end));
                let call = &call[..ends.min().unwrap_or(call.len())];
                let call = call.replace("\\\"", "\u{1}");
                let Some(sentence) = call.split('"').nth(1) else { continue };
                let sentence = with_places_filled(&sentence.replace('\u{1}', "\""));
                if chinese(&sentence) == sentence {
                    unknown.push(sentence);
                }
            }
        }
        assert!(unknown.is_empty(), "{unknown:#?}");
    }

    fn with_places_filled(sentence: &str) -> String {
        let mut parts = sentence.split('{');
        let mut filled = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            filled.push('7');
            filled.push_str(part.split_once('}').map_or("", |(_, rest)| rest));
        }
        filled
    }
}
