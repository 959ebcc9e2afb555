//! Text, hex and what is shown, by example and by property.

use proptest::prelude::*;

use super::*;
use crate::model::{Checksum, Draft, LineEnding, PayloadFormat};

fn text(text: &str) -> Result<Vec<u8>, Mistake> {
    text_to_bytes(text, TextEncoding::Utf8)
}

fn hex(text: &str) -> Vec<u8> {
    hex_to_bytes(text).unwrap_or_else(|mistake| panic!("{text:?}: {mistake:?}"))
}

fn mistake(at: Range<usize>, what: MistakeKind) -> Mistake {
    Mistake { at, what }
}

#[test]
fn escapes_become_bytes() {
    assert_eq!(text(r#"a\r\n\t\0\\\"\x00\xfF\u{41}\u{10FFFF}é"#).unwrap(), {
        let mut bytes = b"a\r\n\t\0\\\"\x00\xffA".to_vec();
        bytes.extend("\u{10FFFF}é".as_bytes());
        bytes
    });
    assert_eq!(text("two\nlines").unwrap(), b"two\nlines");
    assert_eq!(text("").unwrap(), b"");
}

#[test]
fn text_mistakes_are_marked_at_their_character() {
    use MistakeKind::*;
    for (source, at, what) in [
        (r"ab\q", 2..4, UnknownEscape('q')),
        (r"ab\é!", 2..5, UnknownEscape('é')),
        (r"ab\", 2..3, UnfinishedEscape),
        (r"ab\x4", 2..5, UnfinishedEscape),
        (r"ab\x4g", 5..6, BadHexDigit('g')),
        (r"ab\xé", 4..6, BadHexDigit('é')),
        (r"ab\u41", 2..5, UnfinishedEscape),
        (r"ab\u{41", 2..7, UnfinishedEscape),
        (r"ab\u{4z}", 6..7, BadHexDigit('z')),
        (r"ab\u{}", 2..6, BadCodePoint),
        (r"ab\u{d800}", 2..10, BadCodePoint),
        (r"ab\u{1234567}", 2..12, BadCodePoint),
    ] {
        assert_eq!(text(source), Err(mistake(at, what)), "{source}");
    }
}

#[test]
fn every_encoding_has_its_bytes() {
    for (encoding, source, bytes) in [
        (TextEncoding::Gbk, "泵", &[0xb1, 0xc3][..]),
        (TextEncoding::Big5, "溫度", &[0xb7, 0xc5, 0xab, 0xd7]),
        (TextEncoding::ShiftJis, "ポンプ", &[0x83, 0x7c, 0x83, 0x93, 0x83, 0x76]),
        (TextEncoding::ShiftJis, "ﾎﾟ", &[0xce, 0xdf]),
        (TextEncoding::EucKr, "펌프", &[0xc6, 0xdf, 0xc7, 0xc1]),
        (TextEncoding::Latin1, "é", &[0xe9]),
        (TextEncoding::Utf16Le, r"A\r😀", &[0x41, 0, 0x0d, 0, 0x3d, 0xd8, 0x00, 0xde]),
        (TextEncoding::Utf16Be, r"A\r😀", &[0, 0x41, 0, 0x0d, 0xd8, 0x3d, 0xde, 0x00]),
    ] {
        assert_eq!(text_to_bytes(source, encoding).as_deref(), Ok(bytes), "{source} in {encoding:?}");
        assert_eq!(bytes_to_text(bytes, encoding), source, "{encoding:?}");
        assert!(!visible(bytes, encoding, 100).contains('⟨'), "{encoding:?}");
    }
}

#[test]
fn a_lone_surrogate_leaves_the_rest_in_step() {
    let lone = b"\xd8\x3d\0A\0B\0";
    assert_eq!(visible(lone, TextEncoding::Utf16Be, 100), "\u{fffd}AB⟨00⟩");
    assert_eq!(bytes_to_text(lone, TextEncoding::Utf16Be), r"\xd8\x3dAB\x00");
    assert_eq!(visible(b"A\0\x3d\xd8\0", TextEncoding::Utf16Le, 100), "A⟨3d⟩⟨d8⟩⟨00⟩");
}

#[test]
fn a_line_ends_in_the_encoding_of_its_text() {
    let draft =
        Draft { text: "a".into(), encoding: TextEncoding::Utf16Le, ending: LineEnding::CrLf, ..Draft::default() };
    assert_eq!(compose(&draft).unwrap(), b"a\0\r\0\n\0");
    let draft = Draft { text: "61".into(), format: PayloadFormat::Hex, ..draft };
    assert_eq!(compose(&draft).unwrap(), b"a\r\n");
}

#[test]
fn characters_outside_the_encoding_are_mistakes() {
    for (source, encoding, at, character) in [
        ("aé€b", TextEncoding::Latin1, 3..6, '€'),
        ("a😀b", TextEncoding::Gbk, 1..5, '😀'),
        ("中ก", TextEncoding::Gbk, 3..6, 'ก'),
        (r"a\u{20ac}", TextEncoding::Latin1, 1..9, '€'),
    ] {
        let what = MistakeKind::NotInEncoding { character, encoding };
        assert_eq!(text_to_bytes(source, encoding), Err(mistake(at, what)));
    }
    assert_eq!(text_to_bytes("é\u{80}", TextEncoding::Latin1).unwrap(), [0xE9, 0x80]);
    assert_eq!(text_to_bytes("中文", TextEncoding::Gbk).unwrap(), [0xD6, 0xD0, 0xCE, 0xC4]);
    assert_eq!(text_to_bytes("😀", TextEncoding::Gb18030).unwrap(), [0x94, 0x39, 0xFC, 0x36]);
}

#[test]
fn bytes_become_text_that_can_be_read() {
    let say = |bytes: &[u8], encoding| bytes_to_text(bytes, encoding);
    assert_eq!(say(b"GET /\r\n\0\x1b\\\"\xff", TextEncoding::Utf8), r#"GET /\r\n\0\x1b\\"\xff"#);
    assert_eq!(say("é\u{202e}\u{85}".as_bytes(), TextEncoding::Utf8), r"é\u{202e}\u{85}");
    assert_eq!(say(&[0xD6, 0xD0, 0x81], TextEncoding::Gbk), r"中\x81");
    assert_eq!(say(&[0xE9, 0x80, 0xAD], TextEncoding::Latin1), r"é\u{80}\u{ad}");
}

#[test]
fn pasted_hex_is_read() {
    let hello = b"hello";
    for source in [
        "68656c6c6f",
        "68 65 6C 6C 6F",
        " 68,65,6c,6c,6f ",
        "0x68, 0x65, 0x6c, 0x6c, 0x6f",
        "0x680x650x6c0x6c0x6f",
        "0x68656c6c6f",
        r"\x68\x65\x6c\x6c\x6f",
        "\"\\x68\\x65\"\n\"\\x6c\\x6c\\x6f\";",
        "68:65:6c:6c:6f",
        "68-65-6c-6c-6f",
        "68;65;6c;6c;6f",
        "{0x68, 0x65, 0x6c, 0x6c, 0x6f};",
        "unsigned char data[5] = {\n  0x68, 0x65, 0x6c, /* two l */\n  0x6c, 0x6f // end\n};",
        "static const uint8_t de[] =\n{ 0x68, 0x65, 0x6c, 0x6c, 0x6f };",
        "6865 6c6c 6f",
        "68\u{a0}65\u{a0}6c\u{a0}6c\u{a0}6f",
        "[68, 65, 6c, 6c, 6f]",
    ] {
        assert_eq!(hex(source), hello, "{source}");
    }
    assert_eq!(hex("{0x1, 0x0}"), [1, 0]);
    assert_eq!(hex(""), b"");
    assert_eq!(hex(" \n"), b"");
}

#[test]
fn hex_mistakes_are_marked_at_their_character() {
    use MistakeKind::*;
    for (source, at, what) in [
        ("68 6", 3..4, OddHexDigits),
        ("686", 2..3, OddHexDigits),
        ("1 2", 0..1, OddHexDigits),
        ("0x123", 4..5, OddHexDigits),
        ("68 0x", 5..5, OddHexDigits),
        ("68 6g", 4..5, BadHexDigit('g')),
        ("zz", 0..1, BadHexDigit('z')),
        ("68 é", 3..5, BadHexDigit('é')),
        ("68 6é", 4..6, BadHexDigit('é')),
        ("68 /* open", 3..4, BadHexDigit('/')),
        (r"68 \n", 3..4, BadHexDigit('\\')),
    ] {
        assert_eq!(hex_to_bytes(source), Err(mistake(at, what)), "{source}");
    }
}

const SAMPLE: &[u8] = b"hello world, abcdef 12 34 ab cd";

#[test]
fn dumps_lose_their_offsets_and_text() {
    for dump in [
        include_str!("../../tests/fixtures/dump-xxd.txt"),
        include_str!("../../tests/fixtures/dump-xxd-narrow.txt"),
        include_str!("../../tests/fixtures/dump-hexdump.txt"),
        include_str!("../../tests/fixtures/dump-od.txt"),
        include_str!("../../tests/fixtures/dump-od-text.txt"),
        include_str!("../../tests/fixtures/dump-wireshark.txt"),
        include_str!("../../tests/fixtures/dump-tcpdump.txt"),
    ] {
        assert_eq!(hex(dump), SAMPLE, "{dump}");
        assert_eq!(hex(&dump.replace('\n', "\r\n")), SAMPLE);
    }
    assert_eq!(hex("0000   61 62   ab"), b"ab");
    assert_eq!(hex("00000000: 6162 63  abc"), b"abc");
    // A line as wide as no next offset tells: nothing of it is taken for text.
    let wide: Vec<u8> = (0..32).collect();
    assert_eq!(hex(&format!("0000: {}", bytes_to_hex(&wide))), wide);
    assert_eq!(hex(&format!("0000: {}  text", bytes_to_hex(&wide))), wide);
    let repeated = "00000000  41 41 41 41 41 41 41 41  41 41 41 41 41 41 41 41  |AAAAAAAAAAAAAAAA|\n*\n00000040  0a  |.|\n00000041\n";
    assert_eq!(hex(repeated), [vec![b'A'; 64], b"\n".to_vec()].concat());
}

#[test]
fn plain_hex_is_not_taken_for_a_dump() {
    assert_eq!(hex("0000"), [0, 0]);
    assert_eq!(hex("0000 0102"), [0, 0, 1, 2]);
    assert_eq!(hex("0000 01 02"), [0, 0, 1, 2]);
    assert_eq!(hex("0000:0001"), [0, 0, 0, 1]);
    assert_eq!(hex("00000000 00000001"), [0, 0, 0, 0, 0, 0, 0, 1]);
    assert_eq!(hex("0000 01\n0001 02"), [0, 0, 1, 0, 1, 2]);
    assert_eq!(hex("deadbeef\ncafebabe"), [0xDE, 0xAD, 0xBE, 0xEF, 0xCA, 0xFE, 0xBA, 0xBE]);
    // Offsets that do not fit the bytes between them.
    assert!(hex_to_bytes("00000000: 6162\n00000008: 63\n").is_ok_and(|bytes| bytes.len() == 11));
    // A repeated line that would fill the memory.
    assert!(hex_to_bytes("00000000  41  |A|\n*\nffffffffffffffff\n").is_err());
}

#[test]
fn bytes_become_hex() {
    assert_eq!(bytes_to_hex(b"hel"), "68 65 6c");
    assert_eq!(bytes_to_hex(b""), "");
    assert_eq!(bytes_to_c_array(b"he"), "{ 0x68, 0x65 }");
    assert_eq!(bytes_to_c_array(b""), "{ }");
}

#[test]
fn a_draft_is_composed() {
    let draft = Draft {
        format: PayloadFormat::Hex,
        text: "01 03 00 00 00 02".into(),
        checksum: Checksum::of("crc16-modbus"),
        ..Draft::default()
    };
    assert_eq!(compose(&draft).unwrap(), [0x01, 0x03, 0x00, 0x00, 0x00, 0x02, 0xC4, 0x0B]);
    let draft =
        Draft { text: "hi".into(), ending: LineEnding::CrLf, checksum: Checksum::of("xor8"), ..Draft::default() };
    assert_eq!(compose(&draft).unwrap(), [b'h', b'i', b'\r', b'\n', b'h' ^ b'i' ^ b'\r' ^ b'\n']);
    assert_eq!(outgoing(&draft), compose(&draft).map(Outgoing::Bytes));
}

#[test]
fn a_payload_has_a_limit() {
    let draft = Draft { text: "x".repeat(MAX_PAYLOAD_BYTES as usize), ..Draft::default() };
    assert_eq!(compose(&draft).unwrap().len() as u64, MAX_PAYLOAD_BYTES);
    let draft = Draft { ending: LineEnding::Lf, ..draft };
    let end = draft.text.len();
    let what = MistakeKind::TooLong { bytes: MAX_PAYLOAD_BYTES + 1, limit: MAX_PAYLOAD_BYTES };
    assert_eq!(compose(&draft), Err(mistake(end..end, what)));
}

#[test]
fn a_file_draft_gives_its_path() {
    let path = |text: &str| {
        let draft = Draft { format: PayloadFormat::File, text: text.into(), ..Draft::default() };
        assert_eq!(compose(&draft).unwrap_err().what, MistakeKind::IsAFile);
        file_path(&draft)
    };
    for text in ["/tmp/a b.bin", " /tmp/a b.bin\n", "'/tmp/a b.bin'", "\"/tmp/a b.bin\""] {
        assert_eq!(path(text).unwrap(), std::path::Path::new("/tmp/a b.bin"));
    }
    for text in ["file:///tmp/a%20b.bin", "FILE://localhost/tmp/a%20b.bin\r\n", "file:///tmp/a b.bin"] {
        assert_eq!(path(text).unwrap(), std::path::Path::new("/tmp/a b.bin"));
    }
    assert_eq!(path("100%.bin").unwrap(), std::path::Path::new("100%.bin"));
    assert_eq!(path("  ").unwrap_err(), mistake(2..2, MistakeKind::NoPath));
    for text in ["file://other.example/x", "file:///a%zz", "file:///a%2", "file:///a%00", "file://"] {
        assert_eq!(path(text).unwrap_err(), mistake(0..text.len(), MistakeKind::BadFileUri), "{text}");
    }
}

#[test]
fn outside_bytes_are_shown() {
    let utf8 = |bytes: &[u8], limit| visible(bytes, TextEncoding::Utf8, limit);
    assert_eq!(utf8(b"GET /\r\n\x7f\x00", 99), "GET /␍␊␡␀");
    assert_eq!(utf8(b"a\xff\xc3(\xe2\x82", 99), "a⟨ff⟩⟨c3⟩(⟨e2⟩⟨82⟩");
    assert_eq!(utf8("a\u{202e}\u{feff}\u{85}".as_bytes(), 99), "a⟨U+202E⟩⟨U+FEFF⟩⟨U+0085⟩");
    assert_eq!(visible(&[0xE9, 0x85, 0x93], TextEncoding::Latin1, 99), "é⟨U+0085⟩⟨U+0093⟩");
    assert_eq!(visible(&[0xD6, 0xD0, 0xCE, 0xC4, 0xFF, 0x81], TextEncoding::Gbk, 99), "中文⟨ff⟩⟨81⟩");
    assert_eq!(utf8(b"hello", 5), "hello");
    assert_eq!(utf8(b"hello world", 8), "hello…");
    assert_eq!(utf8("ééé".as_bytes(), 5), "é…");
    assert_eq!(utf8("a\u{202e}b".as_bytes(), 10), "a…");
    assert_eq!(utf8(b"abc", 2), "");
}

fn encoding() -> impl Strategy<Value = TextEncoding> {
    proptest::sample::select(&TextEncoding::ALL[..])
}

/// Text made of what the parsers look for, so that they get past the first character.
fn likely_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[0-9a-fA-F]{1,6}",
        "[ ,;:\\-\n{}=\"'/*]{1,2}",
        Just("0x".to_owned()),
        "\\\\[rnt0xu\\\\\"q]?",
        Just("\\u{".to_owned()),
        any::<char>().prop_map(String::from),
    ];
    proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn text_of_bytes_gives_the_bytes(bytes: Vec<u8>, encoding in encoding()) {
        prop_assert_eq!(text_to_bytes(&bytes_to_text(&bytes, encoding), encoding), Ok(bytes));
    }

    #[test]
    fn hex_of_bytes_gives_the_bytes(bytes: Vec<u8>) {
        prop_assert_eq!(hex_to_bytes(&bytes_to_hex(&bytes)), Ok(bytes.clone()));
        prop_assert_eq!(hex_to_bytes(&bytes_to_c_array(&bytes)), Ok(bytes));
    }

    #[test]
    fn printed_dumps_give_the_bytes(bytes in proptest::collection::vec(any::<u8>(), 1..200), style in 0..3) {
        let mut dump = String::new();
        for (index, line) in bytes.chunks(16).enumerate() {
            let hex = bytes_to_hex(line);
            let shown: String = line.iter().map(|b| if b.is_ascii_graphic() { char::from(*b) } else { '.' }).collect();
            dump += &match style {
                0 => format!("{:04x}   {hex:<47}   {shown}\n", index * 16),
                1 => format!("{:08x}: {hex:<47}  {shown}\n", index * 16),
                _ => format!("{:08x}  {hex:<49} |{shown}|\n", index * 16),
            };
        }
        prop_assert_eq!(hex_to_bytes(&dump), Ok(bytes), "{}", dump);
    }

    #[test]
    fn composing_never_panics_and_marks_characters(
        text in likely_text(),
        format in proptest::sample::select(&PayloadFormat::ALL[..]),
        encoding in encoding(),
        ending in proptest::sample::select(&LineEnding::ALL[..]),
        checksum in proptest::sample::select(&["", "crc16-modbus", "crc32", "sum8", "xor8"][..]),
    ) {
        let draft = Draft { format, text, encoding, ending, checksum: Checksum::of(checksum) };
        if let Err(Mistake { at, .. }) = outgoing(&draft) {
            prop_assert!(draft.text.get(at).is_some());
        }
    }

    #[test]
    fn what_is_shown_fits_and_hides_nothing(bytes: Vec<u8>, encoding in encoding(), limit in 0_usize..80) {
        let shown = visible(&bytes, encoding, limit);
        prop_assert!(shown.len() <= limit);
        let whole = visible(&bytes, encoding, usize::MAX);
        match shown.strip_suffix('…') {
            Some(cut) => prop_assert!(whole.starts_with(cut)),
            None => prop_assert!(shown == whole || limit < 3),
        }
        prop_assert!(!whole.chars().any(units::is_invisible));
        prop_assert_eq!(visible_text(&whole, usize::MAX), whole);
    }
}

#[test]
fn binary_is_told_from_text() {
    use crate::model::TextEncoding::{Gb18030, Latin1, Utf8};
    let text: [&[u8]; 8] = [
        b"",
        b"\r\n",
        b"hello\r\n",
        b"\x02DATA\x03",
        b"hello\0",
        b"\x1b[31mred\x1b[0m",
        "{\"名称\": \"泵 1\"}".as_bytes(),
        // A chunk that ends within a character.
        &"泵泵泵泵泵泵泵泵泵泵".as_bytes()[..29],
    ];
    for bytes in text {
        assert!(super::is_text(bytes, Utf8), "{bytes:x?}");
    }
    let binary: [&[u8]; 6] = [
        b"\x00\x01\x00\x00\x00\x06\x01\x03\x00\x00\x00\x0a",
        b"\x00",
        b"\x00\x01world",
        b"\x00\x00\x00\x05hello",
        b"h\0e\0l\0l\0o\0",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03abcdefgh",
    ];
    for bytes in binary {
        assert!(!super::is_text(bytes, Utf8), "{bytes:x?}");
    }
    assert!(super::is_text(b"\xb1\xc3 1", Gb18030) && !super::is_text(b"\xb1\xc3 1", Utf8));
    assert!(super::is_text(b"h\0e\0l\0l\0o\0", crate::model::TextEncoding::Utf16Le));
    assert!(super::is_text(b"caf\xe9", Latin1));
    let every_byte: Vec<u8> = (0..=255).collect();
    assert!(!super::is_text(&every_byte, Latin1));
}
