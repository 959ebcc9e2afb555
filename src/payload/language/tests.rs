//! The language by example and by property.

use proptest::prelude::*;

use super::*;
use crate::model::{Checksum, LineEnding};
use crate::payload::{bytes_to_mixed, bytes_to_text, compose};

fn draft(format: PayloadFormat, text: &str) -> Draft {
    Draft { format, text: text.to_owned(), ..Draft::default() }
}

fn text(text: &str) -> Draft {
    draft(PayloadFormat::Text, text)
}

/// What everything is given in these tests.
fn filled(draft: &Draft, memory: &mut Memory) -> Result<Rendered, Missing> {
    let compiled = compile(draft).unwrap_or_else(|mistake| panic!("{draft:?}: {mistake:?}"));
    let supplied = Supplied {
        asks: BTreeMap::from([("Name".to_owned(), "泵 {{1}}".to_owned())]),
        environment: BTreeMap::from([("TOKEN".to_owned(), "s3".to_owned())]),
        files: BTreeMap::from([("a, b.bin".to_owned(), Bytes::from_static(b"\0\xff"))]),
    };
    let variables = BTreeMap::from([("id".to_owned(), Bytes::from_static(b"\x01\x02"))]);
    let captures = [Some(Bytes::from_static(b"whole")), Some(Bytes::from_static(b"\xfe")), None];
    let mut fill = Fill {
        // 2026-11-23T11:22:33.456789012Z
        now: Timestamp(1_795_432_953_456_789_012),
        zone: TimeZone::fixed(jiff::tz::offset(2)),
        peer: Some("127.0.0.1:9000".parse().unwrap()),
        local: Some("[::1]:80".parse().unwrap()),
        captures: &captures,
        variables: &variables,
        supplied: &supplied,
        memory,
    };
    compiled.render(&mut fill)
}

fn bytes(draft: &Draft) -> Vec<u8> {
    filled(draft, &mut Memory::default()).unwrap_or_else(|missing| panic!("{draft:?}: {missing:?}")).bytes.to_vec()
}

fn string(source: &str) -> String {
    String::from_utf8(bytes(&text(source))).unwrap()
}

fn mistake(draft: &Draft) -> (&str, MistakeKind) {
    let Err(Mistake { at, what }) = compile(draft) else { panic!("{draft:?} has no mistake") };
    (draft.text.get(at).unwrap(), what)
}

#[test]
fn mixed_text_holds_hex() {
    let mixed = |text: &str| bytes(&draft(PayloadFormat::Mixed, text));
    assert_eq!(mixed(r"LOGIN \x02[01 ff]\r\n"), b"LOGIN \x02\x01\xff\r\n");
    assert_eq!(mixed(r"\[01] a[0x01,02]{ ] \{{"), b"[01] a\x01\x02{ ] {{");
    assert_eq!(mixed("[01 {{length:u16be}} 02]abc[{{1}}]"), b"\x01\0\x05\x02abc\xfe");
    assert_eq!(string("[01]"), "[01]");
    let wrong = |text| mistake(&draft(PayloadFormat::Mixed, text)).1;
    assert_eq!(wrong("a[01"), MistakeKind::UnclosedBracket);
    assert_eq!(wrong("a[]"), MistakeKind::EmptyBrackets);
    assert_eq!(wrong("a[0]"), MistakeKind::OddHexDigits);
    assert_eq!(wrong("a[hello]"), MistakeKind::NotHexInBrackets('h'));
    let draft =
        Draft { ending: LineEnding::Lf, encoding: TextEncoding::Utf16Le, ..draft(PayloadFormat::Mixed, "a[01]") };
    assert_eq!(bytes(&draft), b"a\0\x01\n\0");
}

#[test]
fn hex_holds_templates_and_c_arrays() {
    let hex = |text: &str| bytes(&draft(PayloadFormat::Hex, text));
    assert_eq!(hex("00 01 {{length:u16be}} 01 03 // {{counter}}\n{{counter:as=u16le}}"), b"\0\x01\0\x04\x01\x03\x01\0");
    assert_eq!(hex("{{0x01, 0x02}, {0x03}}"), [1, 2, 3]);
    assert_eq!(hex("int a[2][1] = {{0x01}, {0x02}};".trim_start_matches("int a[2][1]")), [1, 2]);
    assert_eq!(hex("{{1}}{{var:id}}"), [0xfe, 1, 2]);
    assert_eq!(hex("{{dead}}"), [0xde, 0xad]);
    assert_eq!(mistake(&draft(PayloadFormat::Hex, "01 {{lenght}}")).0, "lenght");
    assert_eq!(mistake(&draft(PayloadFormat::Hex, "0{{now}}1")).1, MistakeKind::OddHexDigits);
}

#[test]
fn base64_is_read() {
    let base64 = |text: &str| compose(&draft(PayloadFormat::Base64, text));
    assert_eq!(base64(" aGVs\n bG8= ").unwrap(), b"hello");
    assert_eq!(base64("aGVsbG8").unwrap(), b"hello");
    assert_eq!(base64("-_8=").unwrap(), base64("+/8").unwrap());
    assert_eq!(base64("").unwrap(), b"");
    let wrong = |text| mistake(&draft(PayloadFormat::Base64, text)).1;
    assert_eq!(wrong("aG!s"), MistakeKind::BadBase64('!'));
    assert_eq!(wrong("aGVsbG8=aG"), MistakeKind::BadBase64('a'));
    assert_eq!(wrong("aGVsb"), MistakeKind::UnfinishedBase64);
    assert_eq!(wrong("="), MistakeKind::BadBase64('='));
}

#[test]
fn counters_count() {
    let mut memory = Memory::default();
    let mut next = |source: &str| filled(&text(source), &mut memory).unwrap().bytes.to_vec();
    assert_eq!([0; 3].map(|_| next("{{counter}}")), [b"1", b"2", b"3"]);
    assert_eq!([0; 2].map(|_| next("{{counter:start=8,step=5,width=3}}")), [b"008", b"013"]);
    assert_eq!(next("{{counter:name=seq,as=u16be}}"), [0, 1]);
    assert_eq!(next("x {{ counter : name=seq , as=hex }}"), b"x 2");
    assert_eq!([0; 2].map(|_| next("{{counter:255,1,u8}}")), [b"\xff", b"\0"]);
    assert_eq!(next("{{counter}} {{counter}}"), b"1 1");
}

#[test]
fn time_is_told() {
    assert_eq!(string("{{now}}"), "2026-11-23T13:22:33.456+02:00");
    assert_eq!(string("{{now:utc}}"), "2026-11-23T11:22:33.456+00:00");
    assert_eq!(string("{{now:%a, %H:%M}} {{now:%H:%M,utc}}"), "Mon, 13:22 11:22");
    assert_eq!(string("{{now:unix}} {{now:millis}}"), "1795432953 1795432953456");
    assert_eq!(string("{{now:micros}} {{now:nanos}}"), "1795432953456789 1795432953456789012");
    assert_eq!(mistake(&text("{{now:%!}}")).0, "%!");
    assert_eq!(mistake(&text("{{now:seconds}}")).0, "seconds");
}

#[test]
fn random_values_are_new_each_time() {
    let mut memory = Memory::seeded(1);
    let mut next = |source: &str| filled(&text(source), &mut memory).unwrap().bytes.to_vec();
    assert_ne!(next("{{random:bytes,16}}"), next("{{random:bytes,16}}"));
    assert_eq!(next("{{random:hex,7}}").len(), 7);
    for _ in 0..50 {
        let number: i64 = String::from_utf8(next("{{random:int,-3,6}}")).unwrap().parse().unwrap();
        assert!((-3..=6).contains(&number));
    }
    let seeded = "{{random:bytes,8,seed=5}}";
    let (first, second) = (next(seeded), next(seeded));
    assert_ne!(first, second);
    assert_eq!(bytes(&text(seeded)), first);
    let uuid = String::from_utf8(next("{{uuid}}")).unwrap();
    assert_eq!((uuid.len(), &uuid[14..15]), (36, "4"));
    assert!(matches!(&uuid[19..20], "8" | "9" | "a" | "b"), "{uuid}");
    assert_ne!(next("{{uuid}}"), uuid.as_bytes());
}

#[test]
fn what_comes_from_outside_is_filled_in() {
    assert_eq!(string("{{peer}} {{peer.ip}} {{peer:port}}"), "127.0.0.1:9000 127.0.0.1 9000");
    assert_eq!(string("{{local}} {{local.ip}} {{local:port}}"), "[::1]:80 ::1 80");
    // What was filled in is not read again.
    assert_eq!(string("{{env:TOKEN}} {{ask:Name}}"), "s3 泵 {{1}}");
    assert_eq!(bytes(&text("{{file: a, b.bin }}{{1}}{{var:id}}")), b"\0\xff\xfe\x01\x02");
    let gbk = Draft { encoding: TextEncoding::Gbk, ..text("{{ask:Name}}") };
    assert_eq!(bytes(&gbk), b"\xb1\xc3 {{1}}");
    let latin = Draft { encoding: TextEncoding::Latin1, ..gbk };
    assert!(matches!(filled(&latin, &mut Memory::default()), Err(Missing::NotInEncoding { .. })));
    for (source, missing) in [
        ("{{env:X}}", Missing::Environment("X".into())),
        ("{{ask:X}}", Missing::Ask("X".into())),
        ("{{file:X}}", Missing::File("X".into())),
        ("{{var:X}}", Missing::Variable("X".into())),
        ("{{2}}", Missing::Capture(2)),
        ("{{99}}", Missing::Capture(99)),
    ] {
        let mut memory = Memory::default();
        let source = format!("{{{{counter:name=a}}}}{source}");
        assert_eq!(filled(&text(&source), &mut memory), Err(missing.clone()));
        // Nothing was sent: the counter stands where it stood.
        assert_eq!(filled(&text("{{counter:name=a}}"), &mut memory).unwrap().bytes[..], b"1"[..]);
        assert_eq!(compile(&text(&source)).unwrap().places_of(&missing), vec![18..source.len()]);
    }
    let needs = compile(&text("{{ask:B}}{{ask:A}}{{ask:B}}{{3}}{{peer.ip}}")).unwrap().needs().clone();
    assert_eq!(needs.asks, ["B", "A"]);
    assert_eq!((needs.captures, needs.peer, needs.local), (3, true, false));
}

#[test]
fn lengths_count() {
    assert_eq!(bytes(&text("{{length:u16be}}hello")), b"\0\x05hello");
    assert_eq!(bytes(&text("{{length:u24be,+3}}{{length:u8,-1}}hello")), b"\0\0\x09\x04hello");
    assert_eq!(string("{{length:dec,width=4,body}}a{{begin:body}}héllo{{end:body}}b"), "0006ahéllob");
    assert_eq!(string("a{{length}}{{begin}}xyz{{end}}b"), "a3xyzb");
    // Its own bytes count where they are known before.
    assert_eq!(bytes(&text("{{begin}}{{length:u32le}}ab{{end}}")), b"\x06\0\0\0ab");
    // A length over another whose digits are not known before.
    let circle = text("{{begin:a}}{{length:dec,b}}{{end:a}}{{begin:b}}x{{length:hex,a}}{{end:b}}");
    assert_eq!(mistake(&circle), ("{{length:dec,b}}", MistakeKind::CoversItself));
    assert_eq!(
        string("{{length:dec,o}} {{begin:o}}{{length:dec,i}}{{begin:i}}0123456789{{end}}{{end}}"),
        "12 100123456789"
    );
    assert_eq!(bytes(&Draft { encoding: TextEncoding::Utf16Be, ..text("{{length:dec}}ab") }), b"\x004\0a\0b");
    assert_eq!(mistake(&text("x{{begin}}{{length}}{{end}}")), ("{{length}}", MistakeKind::CoversItself));
    assert_eq!(mistake(&text(&format!("{{{{length:u8}}}}{}", "x".repeat(256)))).1, MistakeKind::DoesNotFit);
    assert_eq!(mistake(&text("{{length:u8,-6}}hello")).1, MistakeKind::DoesNotFit);
    assert!(matches!(mistake(&text("{{length:u16}}a")), ("u16", MistakeKind::BadArgument { .. })));
}

#[test]
fn checksums_sum() {
    assert_eq!(
        bytes(&draft(PayloadFormat::Hex, "01 03 00 00 00 02 {{checksum:modbus}}")),
        b"\x01\x03\0\0\0\x02\xc4\x0b"
    );
    assert_eq!(string("$%{{begin:x}}AB{{end:x}}*{{checksum:xor8,HEX,x}}"), "$%AB*03");
    let mut swapped = bytes(&text("ab{{checksum:modbus}}"));
    swapped[2..].reverse();
    assert_eq!(bytes(&text("ab{{checksum:modbus,big}}")), swapped);
    // One over another, whichever is written first.
    let both = bytes(&text("{{checksum:sum8,o}}{{begin:o}}ab{{checksum:xor8,i}}{{begin:i}}cd{{end:i}}{{end:o}}"));
    let inner = b'c' ^ b'd';
    let outer = [b'a', b'b', inner, b'c', b'd'].iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
    assert_eq!(both, [outer, b'a', b'b', inner, b'c', b'd']);
    let own = text("{{begin}}a{{checksum:sum8}}{{end}}");
    assert_eq!(mistake(&own), ("{{checksum:sum8}}", MistakeKind::CoversItself));
    let around = "{{checksum:sum8,b}}{{begin:a}}{{checksum:sum8,c}}{{end:a}}{{begin:b}}x{{end:b}}";
    assert!(matches!(mistake(&text(around)).1, MistakeKind::UnknownPart { .. }));
    let whole = Draft { ending: LineEnding::Lf, checksum: Checksum::of("xor8"), ..text("{{1}}") };
    assert_eq!(bytes(&whole), [0xfe, b'\n', 0xfe ^ b'\n']);
}

#[test]
fn mistakes_stand_at_their_place_and_suggest() {
    for (source, at, what) in [
        ("é{{counter", "{{", MistakeKind::UnclosedTemplate),
        ("{{a {{counter}}", "{{", MistakeKind::UnclosedTemplate),
        ("a{{ conter:1}}", "conter", MistakeKind::UnknownTemplate { name: "conter".into(), nearest: Some("counter") }),
        ("{{}}", "", MistakeKind::UnknownTemplate { name: String::new(), nearest: None }),
        ("{{é}}", "é", MistakeKind::UnknownTemplate { name: "é".into(), nearest: None }),
        ("{{0}}", "0", MistakeKind::UnknownTemplate { name: "0".into(), nearest: None }),
        ("{{100}}", "100", MistakeKind::UnknownTemplate { name: "100".into(), nearest: None }),
        ("{{end}}", "{{end}}", MistakeKind::EndWithoutBegin(String::new())),
        ("{{begin:a}}", "begin:a", MistakeKind::UnclosedPart("a".into())),
        ("{{begin:a}}{{end:b}}", "{{end:b}}", MistakeKind::EndWithoutBegin("b".into())),
        ("{{begin}}{{end}}{{begin}}{{end}}", "{{begin}}", MistakeKind::PartTwice(String::new())),
        (
            "{{begin:head}}{{end}}{{length:u8,haed2}}",
            "haed2",
            MistakeKind::UnknownPart { name: "haed2".into(), nearest: None },
        ),
        ("a{{checksum:crc31}}", "crc31", MistakeKind::ChecksumIsCalled { name: "crc31".into(), nearest: "crc32" }),
        ("a{{checksum:elephants}}", "elephants", MistakeKind::UnknownChecksum("elephants".into())),
    ] {
        assert_eq!(mistake(&text(source)), (at, what), "{source}");
    }
    for (source, at) in [("{{file: }}", "file:"), ("{{random}}", "random"), ("{{checksum}}", "checksum")] {
        let draft = text(source);
        let (place, what) = mistake(&draft);
        assert!(matches!(what, MistakeKind::MissingArgument { .. }) && place == at, "{source}: {place} {what:?}");
    }
    for (source, at) in [
        ("{{counter:é}}", "é"),
        ("{{counter:width=65}}", "width=65"),
        ("{{counter:x=1}}", "x=1"),
        ("{{random:int,6,1}}", "1"),
        ("{{random:hex,99999999999}}", "hex"),
        ("{{peer:name}}", "name"),
        ("{{uuid:v7}}", "v7"),
    ] {
        let draft = text(source);
        let (place, what) = mistake(&draft);
        assert!(matches!(what, MistakeKind::BadArgument { .. }) && place == at, "{source}: {place} {what:?}");
    }
    let many = "{{now}}".repeat(scan::MOST_TEMPLATES + 1);
    assert_eq!(mistake(&text(&many)).1, MistakeKind::TooManyTemplates { limit: scan::MOST_TEMPLATES });
}

#[test]
fn compose_takes_what_is_always_the_same() {
    assert_eq!(compose(&text("{{length:u8}}ab")).unwrap(), b"\x02ab");
    assert_eq!(compose(&text("a{{now}}")).unwrap_err(), Mistake { at: 1..8, what: MistakeKind::NeedsValues });
    assert!(compile(&text("ab")).unwrap().fixed().is_some());
    assert!(compile(&text("{{uuid}}")).unwrap().fixed().is_none());
}

#[test]
fn the_whole_is_bounded() {
    let too_much = text("{{random:bytes,60000000}}{{random:bytes,60000000}}");
    assert_eq!(filled(&too_much, &mut Memory::default()), Err(Missing::TooLarge("{{random:bytes,60000000}}".into())));
    let pieces = r"a\n".repeat(scan::MOST_PARTS);
    let rendered = filled(&text(&pieces), &mut Memory::default()).unwrap();
    assert_eq!(rendered.parts.len(), scan::MOST_PARTS);
    assert_eq!(rendered.bytes.len(), 2 * scan::MOST_PARTS);
    assert_gapless(&rendered, &pieces);
}

#[test]
fn parts_say_what_made_them() {
    let draft =
        Draft { ending: LineEnding::Lf, ..draft(PayloadFormat::Mixed, r"a\r\n[01]{{counter}}{{1}}b{{length:u8}}") };
    let rendered = filled(&draft, &mut Memory::default()).unwrap();
    let parts: Vec<_> = rendered.parts.iter().map(|part| (&draft.text[part.text.clone()], part.made_by)).collect();
    let expected = [
        ("a", MadeBy::Typed),
        (r"\r\n", MadeBy::Escape),
        ("[01]", MadeBy::Hex),
        ("{{counter}}", MadeBy::Counter),
        ("{{1}}", MadeBy::Capture),
        ("b", MadeBy::Typed),
        ("{{length:u8}}", MadeBy::Length),
        ("", MadeBy::Ending),
    ];
    assert_eq!(parts, expected);
}

fn assert_gapless(rendered: &Rendered, text: &str) {
    let mut at = 0;
    for part in rendered.parts.iter() {
        assert_eq!(part.bytes.start, at);
        assert!(part.bytes.end > at && text.get(part.text.clone()).is_some(), "{part:?} of {text:?}");
        at = part.bytes.end;
    }
    assert_eq!(at, rendered.bytes.len());
}

/// Text made of what the language looks for.
fn likely_text() -> impl Strategy<Value = String> {
    const KNOWN: &[&str] = &[
        "{{",
        "}}",
        "{{counter}}",
        "{{now:%H",
        "{{random:bytes,3}}",
        "{{uuid}}",
        "{{length:u8}}",
        "{{length}}",
        "{{length:dec,a}}",
        "{{checksum:sum8}}",
        "{{checksum:xor8,a}}",
        "{{begin}}",
        "{{end}}",
        "{{begin:a}}",
        "{{end:a}}",
        "{{1}}",
        "{{peer}}",
        "{{file:x}}",
        "{{ask:Name}}",
        "[",
        "]",
        "[01 ff]",
        "\\{",
        "\\[",
        "{",
        "[[",
        ":",
        ",",
    ];
    let piece = prop_oneof![
        4 => proptest::sample::select(KNOWN).prop_map(str::to_owned),
        1 => "[0-9a-f]{2}",
        1 => any::<char>().prop_map(String::from),
    ];
    proptest::collection::vec(piece, 0..16).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn nothing_panics_and_parts_are_gapless(
        text in likely_text(),
        format in proptest::sample::select(&PayloadFormat::ALL[..]),
        encoding in proptest::sample::select(&TextEncoding::ALL[..]),
    ) {
        let draft = Draft { encoding, checksum: Checksum::of("sum8"), ..draft(format, &text) };
        match compile(&draft) {
            Err(mistake) => prop_assert!(text.get(mistake.at).is_some()),
            Ok(compiled) => {
                let rendered = filled(&draft, &mut Memory::default());
                prop_assert!(rendered.is_ok() || compiled.fixed().is_none());
                if let Ok(rendered) = rendered {
                    assert_gapless(&rendered, &text);
                    prop_assert!(compiled.fixed().is_none_or(|bytes| *bytes == rendered.bytes));
                }
            }
        }
    }

    #[test]
    fn bytes_written_as_text_are_the_same_bytes(
        bytes in proptest::collection::vec(prop_oneof![any::<u8>(), Just(b'{'), Just(b'['), Just(b'\\'), Just(0)], 0..64),
        encoding in proptest::sample::select(&TextEncoding::ALL[..]),
    ) {
        let text = Draft { encoding, ..text(&bytes_to_text(&bytes, encoding)) };
        prop_assert_eq!(compose(&text), Ok(bytes.clone()));
        let mixed = Draft { encoding, ..draft(PayloadFormat::Mixed, &bytes_to_mixed(&bytes, encoding)) };
        prop_assert_eq!(compose(&mixed), Ok(bytes));
    }

    #[test]
    fn base64_of_bytes_gives_the_bytes(bytes: Vec<u8>, url: bool, padded: bool) {
        use base64::Engine;
        use base64::prelude::*;
        let text = match (url, padded) {
            (false, true) => BASE64_STANDARD.encode(&bytes),
            (false, false) => BASE64_STANDARD_NO_PAD.encode(&bytes),
            (true, true) => BASE64_URL_SAFE.encode(&bytes),
            (true, false) => BASE64_URL_SAFE_NO_PAD.encode(&bytes),
        };
        prop_assert_eq!(compose(&draft(PayloadFormat::Base64, &text)), Ok(bytes));
    }

    #[test]
    fn lengths_and_checksums_are_right(head in "[a-z]{0,9}", body in "[a-z{]{0,300}", tail in "[a-z]{0,9}") {
        let escaped = body.replace('{', "\\{");
        let source = format!(
            "{head}{{{{length:u32le,b}}}}{{{{begin:b}}}}{escaped}{{{{end:b}}}}{tail}{{{{checksum:crc32}}}}{{{{length:b}}}}"
        );
        let mut expected = head.into_bytes();
        expected.extend((body.len() as u32).to_le_bytes());
        expected.extend(body.as_bytes());
        expected.extend(tail.as_bytes());
        expected.extend(crc32fast::hash(&expected).to_be_bytes());
        expected.extend(body.len().to_string().as_bytes());
        prop_assert_eq!(bytes(&text(&source)), expected);
    }
}

#[test]
fn paths_in_quotes_hold_braces_and_quotes() {
    use crate::payload::file_template;
    for path in
        ["request.bin", "a}}b", "{{a", "a}", r#"it"s\ "q".bin"#, " blank ", r"C:\new\x", r"\\server\a}b", "泵}}"]
    {
        for format in [PayloadFormat::Text, PayloadFormat::Mixed, PayloadFormat::Hex] {
            let text = file_template(path);
            let draft = Draft { format, text, ..Draft::default() };
            let compiled = compile(&draft).unwrap_or_else(|mistake| panic!("{path}: {mistake:?}"));
            assert_eq!(compiled.needs().files, [path], "{}", draft.text);
        }
    }
    assert_eq!(file_template("request.bin"), "{{file:request.bin}}");
    let behind = Draft { text: r#"{{ file : "a}}" }}{{ask:b}}"#.into(), ..Draft::default() };
    let needs = compile(&behind).unwrap().needs().clone();
    assert_eq!((needs.files, needs.asks), (vec!["a}}".to_owned()], vec!["b".to_owned()]));
    let open = Draft { text: r#"{{file:"a}}"#.into(), ..Draft::default() };
    assert_eq!(compile(&open).unwrap().needs().files, ["\"a"], "one quote is a part of the name");
}
