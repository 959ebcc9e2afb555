//! Published check values of the whole catalogue, the search, verdicts and the finder.

use proptest::prelude::*;

use super::*;

const CHECK: &[u8] = b"123456789";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn of(line: &str) -> Checksum {
    line.parse().expect("a line of words")
}

#[test]
fn every_crc_gives_its_published_check_value() {
    assert_eq!(crcs::CHECKS.len(), 113);
    for (name, check) in crcs::CHECKS {
        let known = algorithm(name).unwrap();
        let value = check.to_be_bytes();
        assert_eq!(known.compute(CHECK, b""), value[16 - known.bytes..], "{name}");
        assert_eq!(known.bytes, checksum_length(&Checksum::of(name)), "{name}");
    }
}

/// Values by hand, and those that RFC 1071, RFC 1950, RFC 2202, RFC 4231 and the digests' own papers give.
#[test]
fn every_other_gives_its_published_value() {
    let cases: &[(&str, &str, &[u8], &str)] = &[
        ("SUM-8", "", CHECK, "dd"),
        ("XOR-8", "", CHECK, "31"),
        ("LRC", "", CHECK, "23"),
        ("SUM-16", "", CHECK, "01dd"),
        ("FLETCHER-16", "", b"abcde", "c8f0"),
        ("FLETCHER-32", "", b"abcde", "f04fc729"),
        ("ADLER-32", "", b"Wikipedia", "11e60398"),
        ("INTERNET", "", &[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7], "220d"),
        ("MD5", "", b"abc", "900150983cd24fb0d6963f7d28e17f72"),
        ("SHA-1", "", b"abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
        ("SHA-256", "", b"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        ("HMAC-MD5", "Jefe", b"what do ya want for nothing?", "750c783e6ab0b503eaa86e310a5db738"),
        ("HMAC-SHA-1", "Jefe", b"what do ya want for nothing?", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
        (
            "HMAC-SHA-256",
            "Jefe",
            b"what do ya want for nothing?",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        ),
    ];
    for (name, key, bytes, value) in cases {
        let known = algorithm(name).unwrap();
        assert_eq!(hex(&known.compute(bytes, key.as_bytes())), *value, "{name}");
        assert_eq!(known.bytes * 2, value.len(), "{name}");
    }
    assert_eq!(cases.len() + crcs::CHECKS.len(), catalogue().len(), "an algorithm without a published value");
}

#[test]
fn names_and_aliases_are_used_once_and_old_ones_keep_their_orders() {
    let mut names: Vec<String> = Vec::new();
    for known in catalogue() {
        names.push(known.name.to_ascii_lowercase());
        names.extend(known.aliases.iter().map(|alias| (*alias).to_owned()));
        assert!(known.aliases.iter().all(|alias| *alias == alias.to_ascii_lowercase()), "{}", known.name);
        assert!(!known.name.contains(char::is_whitespace), "{} must be one word", known.name);
    }
    let all = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), all);
    assert_eq!(checksum(&of("crc16-modbus"), CHECK), 0x4B37_u16.to_le_bytes());
    assert_eq!(checksum(&of("crc32"), CHECK), 0xCBF4_3926_u32.to_be_bytes());
    assert_eq!(checksum(&of("sum8"), CHECK), [0xDD]);
    assert_eq!(checksum(&of("xor8"), CHECK), [0x31]);
    assert!(checksum(&of("none"), CHECK).is_empty());
}

/// A request that stands in the Modbus documentation: read two registers of unit 1.
#[test]
fn a_modbus_request_in_every_form() {
    let request = [0x01, 0x03, 0x00, 0x00, 0x00, 0x02];
    assert_eq!(checksum(&of("CRC-16/MODBUS"), &request), [0xC4, 0x0B]);
    assert_eq!(checksum(&of("CRC-16/MODBUS big"), &request), [0x0B, 0xC4]);
    assert_eq!(checksum(&of("CRC-16/MODBUS hex"), &request), b"c40b");
    assert_eq!(checksum(&of("CRC-16/MODBUS big HEX"), &request), b"0BC4");
}

#[test]
fn sums_of_long_payloads_do_not_overflow() {
    let long = vec![0xFF; 1024 * 1024];
    let names = ["FLETCHER-16", "FLETCHER-32", "INTERNET", "SUM-16"];
    let values = names.map(|name| hex(&algorithm(name).unwrap().compute(&long, b"")));
    assert_eq!(values, ["0000", "00000000", "0000", "0000"]);
}

#[test]
fn search_by_name_alias_and_width() {
    let first = |text: &str| search(text).first().map(|known| known.name);
    assert_eq!(first("modbus"), Some("CRC-16/MODBUS"));
    assert_eq!(first("x25"), Some("CRC-16/IBM-SDLC"));
    assert_eq!(first("CRC-16/CCITT-FALSE"), Some("CRC-16/IBM-3740"));
    assert_eq!(first("ccitt"), Some("CRC-16/KERMIT"));
    assert_eq!(first("crc 32"), Some("CRC-32/ISO-HDLC"));
    assert_eq!(first("32c"), Some("CRC-32/ISCSI"));
    assert_eq!(first("hmac 256"), Some("HMAC-SHA-256"));
    assert_eq!(first("lrc"), Some("LRC"));
    assert!(search("16").iter().take(20).all(|known| known.bytes == 2));
    assert_eq!(search("").len(), catalogue().len());
    assert!(search("nothing of the kind").is_empty());
}

#[test]
fn verdicts() {
    let rule = |line: &str, skip, behind| Verify { checksum: of(line), skip, behind };
    let frame = [0x01, 0x03, 0x00, 0x00, 0x00, 0x02, 0xC4, 0x0B];
    assert_eq!(verify(&rule("CRC-16/MODBUS", 0, 0), &frame), Verdict::Right);
    let wrong = Verdict::Wrong { expected: vec![0x0B, 0xC4], got: vec![0xC4, 0x0B] };
    assert_eq!(verify(&rule("CRC-16/MODBUS big", 0, 0), &frame), wrong);
    assert_eq!(
        verify(&rule("SUM-8 hex", 1, 2), b"$ABC6\r\n"),
        Verdict::Wrong { expected: b"83".to_vec(), got: b"C6".to_vec() }
    );
    assert_eq!(verify(&rule("XOR-8 HEX", 1, 2), b"$OO..O4f\r\n"), Verdict::Right, "small digits are right too");
    assert_eq!(verify(&rule("CRC-32/ISO-HDLC", 2, 1), &frame[..6]), Verdict::TooShort);
    assert_eq!(verify(&rule("CRC-16/MODBUS", u32::MAX, u32::MAX), &frame), Verdict::TooShort);
    assert_eq!(verify(&rule("none", 0, 0), &frame), Verdict::Right);
    assert!(matches!(verify(&rule("what", 0, 0), &frame), Verdict::Wrong { .. }));
}

#[test]
fn the_finder_finds_a_modbus_request_and_coincidences_go_with_a_second_frame() {
    let one = vec![0x01, 0x03, 0x00, 0x00, 0x00, 0x02, 0xC4, 0x0B];
    let found = find(std::slice::from_ref(&one), "");
    assert_eq!((found[0].algorithm.name, found[0].skip, found[0].behind), ("CRC-16/MODBUS", 0, 0));
    assert_eq!(found[0].chance_bits(), 16);
    assert_eq!(found[0].checksum("").to_string(), "CRC-16/MODBUS");
    let two = vec![0x01, 0x03, 0x00, 0x00, 0x00, 0x01, 0x84, 0x0A];
    let both = find(&[one, two], "");
    assert!(both.len() <= found.len());
    assert_eq!((both[0].algorithm.name, both[0].chance_bits()), ("CRC-16/MODBUS", 32));
}

#[test]
fn the_finder_is_bounded() {
    assert!(find(&[], "").is_empty());
    assert!(find(&[vec![]], "").is_empty());
    let zeros = find(&[vec![0; 20]], "");
    assert!(zeros.is_empty(), "zeros say nothing: {zeros:?}");
    assert!(find(&[vec![0; MOST_FRAME_BYTES + 1]], "").is_empty());
    let mut finder = Finder::new(&[vec![7; 1000]], "");
    let mut portions = 0;
    while !finder.advance(1) {
        portions += 1;
        assert!(portions < 9 * catalogue().len() + 2);
    }
    assert!(portions > catalogue().len());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn what_was_appended_is_found_and_right(
        place in 0..catalogue().len(),
        contents in prop::collection::vec(prop::collection::vec(1_u8.., 12..24), 3),
        little: bool,
        form in prop::sample::select(vec![SumForm::Binary, SumForm::Hex, SumForm::HexUpper]),
        skip in 0..=8_usize,
        ending in prop::sample::select(vec![&b""[..], b"\r\n", b"\0", b"\r\n\r\n"]),
    ) {
        let known = &catalogue()[place];
        let order = if little && known.has_order() { ByteOrder::Little } else { ByteOrder::Big };
        let key = if known.keyed { "key" } else { "" };
        let sum = Checksum { algorithm: known.name.into(), order: Some(order), form, key: key.into() };
        let frames: Vec<Vec<u8>> = contents
            .iter()
            .map(|content| [content.as_slice(), &checksum(&sum, &content[skip..]), ending].concat())
            .collect();
        let rule = Verify { checksum: sum, skip: skip as u32, behind: ending.len() as u32 };
        prop_assert!(frames.iter().all(|frame| verify(&rule, frame) == Verdict::Right));
        let found = find(&frames, key);
        // Another may be the same over these bytes; what is found is right in every case.
        for found in &found {
            let rule = found.verify(key);
            prop_assert!(frames.iter().all(|frame| verify(&rule, frame) == Verdict::Right), "{:?}", found);
        }
        let same = |found: &&Found| found.algorithm.name == known.name && found.behind == ending.len();
        prop_assert!(found.iter().any(|found| same(&found)), "{} is not among {:?}", known.name, found);
    }
}
