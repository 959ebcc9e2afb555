//! Patterns on frames: what fits, what is captured, what is refused and where.

use proptest::prelude::*;

use super::*;
use crate::model::TextEncoding;

fn pattern(how: MatchHow, text: &str) -> FramePattern {
    FramePattern { how, pattern: text.into(), ..FramePattern::default() }
}

fn fits(pattern: &FramePattern, frame: &[u8]) -> bool {
    Matcher::new(pattern).unwrap().of(&Bytes::copy_from_slice(frame)).is_some()
}

fn mistake(how: MatchHow, text: &str) -> PatternMistake {
    Matcher::new(&pattern(how, text)).unwrap_err()
}

#[test]
fn text_fits_at_its_place_and_in_its_encoding() {
    let at = |place| FramePattern { place, ..pattern(MatchHow::Text, "a\\r") };
    assert!(fits(&at(MatchPlace::Anywhere), b"xa\ry") && !fits(&at(MatchPlace::Anywhere), b"a"));
    assert!(fits(&at(MatchPlace::Begins), b"a\ry") && !fits(&at(MatchPlace::Begins), b"xa\r"));
    assert!(fits(&at(MatchPlace::Ends), b"xa\r") && !fits(&at(MatchPlace::Ends), b"a\ry"));
    assert!(fits(&at(MatchPlace::Whole), b"a\r") && !fits(&at(MatchPlace::Whole), b"a\ra\r"));
    let gbk = FramePattern { encoding: TextEncoding::Gbk, ..pattern(MatchHow::Text, "泵") };
    assert!(fits(&gbk, &[1, 0xB1, 0xC3]) && !fits(&gbk, "泵".as_bytes()));
    let found = Matcher::new(&pattern(MatchHow::Text, "b")).unwrap().of(&Bytes::from_static(b"abc")).unwrap();
    assert_eq!(found, [Some(Bytes::from_static(b"b"))]);
}

#[test]
fn both_cases_fit_in_every_encoding_and_never_mix() {
    for encoding in TextEncoding::ALL {
        let folded = |text: &str| FramePattern { encoding, ignore_case: true, ..pattern(MatchHow::Text, text) };
        let bytes = |text: &str| payload::text_to_bytes(text, encoding).unwrap();
        assert!(fits(&folded("LoGin"), &bytes("xloGINy")), "{encoding:?}");
        assert!(!fits(&folded("\\x41"), b"a") && fits(&folded("\\x41"), b"A"), "an escaped byte is that byte");
        let whole = FramePattern { place: MatchPlace::Whole, ..folded("ab.") };
        assert!(fits(&whole, &bytes("AB.")) && !fits(&whole, &bytes("AB.x")) && !fits(&whole, &bytes("AB-")));
    }
    let greek = FramePattern { ignore_case: true, ..pattern(MatchHow::Text, "Ω\\u{3b2}é") };
    assert!(fits(&greek, "ωβÉ".as_bytes()) && !fits(&greek, "ωΒÉ".as_bytes()));
    let sharp = FramePattern { ignore_case: true, encoding: TextEncoding::Latin1, ..pattern(MatchHow::Text, "ÿß") };
    assert!(fits(&sharp, &[0xFF, 0xDF]), "its capital does not exist in Latin-1");
}

#[test]
fn hex_takes_wildcards_for_bytes_and_digits() {
    let hex = |text: &str| FramePattern { place: MatchPlace::Whole, ..pattern(MatchHow::Hex, text) };
    assert!(fits(&hex("01 ff"), &[1, 0xFF]) && !fits(&hex("01 ff"), &[1, 0xFE]));
    assert!(fits(&hex("01??0x0A"), &[1, b'\n', 10]), "any byte, a line feed too");
    assert!(fits(&hex("1? ?a"), &[0x1F, 0xFA]) && !fits(&hex("1? ?a"), &[0x2F, 0xFA]));
    assert!(!fits(&hex("1? ?a"), &[0x1F, 0xFB]) && !fits(&hex("??"), &[]));
    assert!(fits(&pattern(MatchHow::Hex, "5? 5?"), &[0, 0x5D, 0x5E, 0]));
    let odd = mistake(MatchHow::Hex, "01 f");
    assert_eq!((odd.at, odd.what), (3..4, PatternMistakeKind::Payload(payload::MistakeKind::OddHexDigits)));
    let odd = mistake(MatchHow::Hex, "0 12");
    assert_eq!((odd.at, odd.what), (0..1, PatternMistakeKind::Payload(payload::MistakeKind::OddHexDigits)));
    let bad = mistake(MatchHow::Hex, "01 泵");
    assert_eq!((bad.at, bad.what), (3..6, PatternMistakeKind::Payload(payload::MistakeKind::BadHexDigit('泵'))));
    assert_eq!(mistake(MatchHow::Hex, " ").what, PatternMistakeKind::Empty);
}

#[test]
fn expressions_capture_slices_of_the_frame() {
    let matcher = Matcher::new(&pattern(MatchHow::Regex, r"^ID (\d+)( x)?=(?P<v>[\x80-\xff]+)$")).unwrap();
    let frame = Bytes::from_static(b"ID 42=\xfe\xff");
    let found = matcher.of(&frame).unwrap();
    assert_eq!(found.len(), 4);
    assert_eq!(found[1].as_deref(), Some(b"42".as_slice()));
    assert_eq!((found[2].as_ref(), found[3].as_deref()), (None, Some(b"\xfe\xff".as_slice())));
    assert_eq!(found[1].as_ref().unwrap().as_ptr(), frame[3..].as_ptr(), "nothing is copied");
    assert!(matcher.of(&Bytes::from_static(b"ID x=\xff")).is_none());
    let folded = FramePattern { ignore_case: true, ..pattern(MatchHow::Regex, "ok") };
    assert!(fits(&folded, b"OK"));
    assert!(fits(&pattern(MatchHow::Regex, "泵"), "泵".as_bytes()));
}

#[test]
fn expressions_that_cost_too_much_are_refused_with_their_place() {
    let fault = |text: &str| mistake(MatchHow::Regex, text);
    assert_eq!(fault("a(b").what, PatternMistakeKind::Regex(RegexFault::UnclosedGroup));
    assert_eq!(fault("a(b").at, 1..2);
    assert_eq!(fault("(a{100}){100}").what, PatternMistakeKind::TooLarge);
    assert_eq!(fault("(((a{50}){0,5}){5,})").what, PatternMistakeKind::TooLarge);
    assert_eq!(fault(&format!("({}){{900}}", "abcdefghij".repeat(90))).what, PatternMistakeKind::TooLarge);
    assert_eq!(fault(r"x\pL").what, PatternMistakeKind::Unicode);
    assert_eq!(fault(r"(?u:.)").what, PatternMistakeKind::Unicode);
    assert!(Matcher::new(&pattern(MatchHow::Regex, r"(?-u)\xff")).is_ok());
    assert_eq!(fault(&"()".repeat(100)).what, PatternMistakeKind::TooManyGroups { limit: 99 });
    assert_eq!(fault(&"a".repeat(1001)).what, PatternMistakeKind::TooLong { limit: 1000 });
    assert_eq!(fault("").what, PatternMistakeKind::Empty);
}

#[test]
fn lengths_are_numbers_ranges_and_comparisons() {
    let length = |text: &str, bytes: usize| fits(&pattern(MatchHow::Length, text), &vec![0; bytes]);
    assert!(length("8", 8) && !length("8", 9) && length(" = 8 ", 8));
    assert!(length("4..12", 4) && length("4..12", 12) && !length("4..12", 13) && !length("4 .. 12", 3));
    assert!(length(">=3", 3) && !length(">=3", 2) && !length(">3", 3) && length("<3", 2) && length("<=3", 3));
    assert!(length("3..", 3) && length("..3", 0) && !length("..3", 4));
    let reversed = mistake(MatchHow::Length, "12..4").what;
    assert_eq!(reversed, PatternMistakeKind::ReversedRange { suggestion: "4..12".into() });
    assert_eq!(mistake(MatchHow::Length, "4..x"), PatternMistake { at: 3..4, what: PatternMistakeKind::BadLength });
    assert_eq!(mistake(MatchHow::Length, "<0").what, PatternMistakeKind::BadLength);
    assert_eq!(mistake(MatchHow::Length, "99999999999").what, PatternMistakeKind::NumberTooLarge);
}

#[test]
fn what_is_expected_reads_like_the_pattern() {
    let expected =
        |how, text: &str, place| Matcher::new(&FramePattern { place, ..pattern(how, text) }).unwrap().expected();
    assert_eq!(expected(MatchHow::Text, "OK", MatchPlace::Begins), "\"OK\"…");
    assert_eq!(expected(MatchHow::Hex, "0? 1f", MatchPlace::Whole), "[0? 1f]");
    assert_eq!(expected(MatchHow::Regex, "^O", MatchPlace::Anywhere), "/^O/");
    assert_eq!(expected(MatchHow::Length, "4..8", MatchPlace::Anywhere), "4..8 B");
    assert_eq!(expected(MatchHow::Any, "", MatchPlace::Anywhere), "*");
}

fn how() -> impl Strategy<Value = MatchHow> {
    prop::sample::select(vec![MatchHow::Any, MatchHow::Text, MatchHow::Hex, MatchHow::Regex, MatchHow::Length])
}

fn place() -> impl Strategy<Value = MatchPlace> {
    prop::sample::select(vec![MatchPlace::Anywhere, MatchPlace::Begins, MatchPlace::Ends, MatchPlace::Whole])
}

proptest! {
    #[test]
    fn any_pattern_is_ready_or_has_a_mistake_at_a_place(
        how in how(), place in place(), text in "\\PC{0,30}|[0-9a-f? ]{0,12}|[0-9.<>=]{0,6}|[(){}|*+?a\\\\\\[\\]0-9,]{0,12}",
        encoding in prop::sample::select(TextEncoding::ALL.to_vec()), ignore_case: bool, frame: Vec<u8>,
    ) {
        let pattern = FramePattern { how, pattern: text.clone(), place, encoding, ignore_case };
        match Matcher::new(&pattern) {
            Err(mistake) => prop_assert!(text.get(mistake.at.clone()).is_some(), "{mistake:?}"),
            Ok(matcher) => {
                let frame = Bytes::from(frame);
                if let Some(found) = matcher.of(&frame) {
                    prop_assert!(found.iter().flatten().all(|part| part.len() <= frame.len()));
                    prop_assert!(!found.is_empty());
                }
            }
        }
    }

    #[test]
    fn text_fits_exactly_where_its_bytes_stand(text in "[a-cA-C泵]{1,3}", frame in "[a-cA-C泵]{0,8}", place in place()) {
        let typed = FramePattern { place, ..pattern(MatchHow::Text, &text) };
        let stands = |frame: &str, text: &str| match place {
            MatchPlace::Anywhere => frame.contains(text),
            MatchPlace::Begins => frame.starts_with(text),
            MatchPlace::Ends => frame.ends_with(text),
            MatchPlace::Whole => frame == text,
        };
        prop_assert_eq!(fits(&typed, frame.as_bytes()), stands(&frame, &text));
        let folded = FramePattern { ignore_case: true, ..typed };
        prop_assert_eq!(fits(&folded, frame.as_bytes()), stands(&frame.to_lowercase(), &text.to_lowercase()));
        let digits = payload::bytes_to_hex(text.as_bytes());
        let hex = FramePattern { place, ..pattern(MatchHow::Hex, &digits) };
        prop_assert_eq!(fits(&hex, frame.as_bytes()), stands(&frame, &text));
    }
}
