//! The language: what is understood, what is refused and where, and that writing and reading agree.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::Range;

use proptest::prelude::*;

use super::*;
use crate::model::{Direction, EventKind, Transport};

fn parsed(text: &str) -> Expression {
    match Filter::parse(text) {
        Ok(filter) => filter.expression().unwrap_or_else(|| panic!("{text:?} takes all")).clone(),
        Err(mistake) => panic!("{text:?}: {mistake:?}"),
    }
}

fn term(text: &str) -> Term {
    match parsed(text) {
        Expression::Is(term) => term,
        other => panic!("{text:?} is {other:?}"),
    }
}

fn mistake(text: &str) -> (Range<usize>, MistakeKind) {
    match Filter::parse(text) {
        Err(mistake) => (mistake.at, mistake.what),
        Ok(filter) => panic!("{text:?} is understood as {:?}", filter.expression()),
    }
}

fn word(text: &str) -> Expression {
    Expression::Is(Term::Text(text.to_owned()))
}

fn not(inner: Expression) -> Expression {
    Expression::Not(Box::new(inner))
}

fn exactly(bytes: &[u8]) -> Term {
    Term::Hex(bytes.iter().map(|value| HexByte { value: *value, mask: 0xFF }).collect())
}

#[test]
fn nothing_takes_all() {
    for text in ["", " ", "\t \u{3000}"] {
        assert!(Filter::parse(text).unwrap().takes_all(), "{text:?}");
    }
    assert_eq!(Filter::default(), Filter::parse("").unwrap());
}

#[test]
fn words_are_text() {
    for text in [
        "hello",
        "温度",
        "{\"id\":7}",
        "main()",
        "f(x)(y)",
        "http://127.0.0.1:80/a?b=1",
        "tcp://[::1]:9000",
        "std::fmt",
        "C:\\dir",
        "12:30:00",
        "Content-Type:",
        "a=1",
        "x>5",
        ":80",
        "-",
        "->",
        "andy",
        "|",
        "hello\\r\\n",
        "it's",
        "kind",
        "50%",
        "温度:",
    ] {
        if text == "->" {
            assert_eq!(parsed(text), not(word(">")));
            continue;
        }
        assert_eq!(parsed(text), word(text), "{text:?}");
    }
}

#[test]
fn quotes_make_text_of_anything() {
    assert_eq!(term("\"kind:reset and (x\""), Term::Text("kind:reset and (x".into()));
    assert_eq!(term(r#""a\"b\\c\r\n\t\0""#), Term::Text("a\"b\\c\r\n\t\0".into()));
    assert_eq!(term(r#""\x41\u{6e29}""#), Term::Text("A温".into()));
    assert_eq!(term(r#""é\xff""#), exactly(&[0xC3, 0xA9, 0xFF]));
    assert_eq!(parsed(r#""a" "b""#), Expression::All(vec![word("a"), word("b")]));
}

#[test]
fn what_stands_together_is_joined() {
    let (a, b, c) = (word("a"), word("b"), word("c"));
    let all = |all: Vec<Expression>| Expression::All(all);
    let any = |any: Vec<Expression>| Expression::Any(any);
    assert_eq!(parsed("a b"), all(vec![a.clone(), b.clone()]));
    assert_eq!(parsed("a AND b and c"), all(vec![a.clone(), b.clone(), c.clone()]));
    assert_eq!(parsed("a b or c"), any(vec![all(vec![a.clone(), b.clone()]), c.clone()]));
    assert_eq!(parsed("a (b Or c)"), all(vec![a.clone(), any(vec![b.clone(), c.clone()])]));
    assert_eq!(parsed("a(b or c)"), all(vec![a.clone(), any(vec![b.clone(), c.clone()])]));
    assert_eq!(parsed("(a)(b)"), all(vec![a.clone(), b.clone()]));
    assert_eq!(parsed("not a b"), all(vec![not(a.clone()), b.clone()]));
    assert_eq!(parsed("not(a b)"), not(all(vec![a.clone(), b.clone()])));
    assert_eq!(parsed("-a -\"b\" -(c)"), all(vec![not(a.clone()), not(b), not(c)]));
    assert_eq!(parsed("not not a"), not(not(a.clone())));
    assert_eq!(parsed("-(((a)))"), not(a));
    assert_eq!(parsed("-kind:reset"), not(Expression::Is(Term::Kind(vec![EventKind::Reset]))));
}

#[test]
fn regular_expressions() {
    let regex = |pattern: &str, ignore_case| Term::Regex { pattern: pattern.into(), ignore_case };
    assert_eq!(term("/a b+/"), regex("a b+", false));
    assert_eq!(term("/a\\/b\\\\/i"), regex("a/b\\\\", true));
    assert_eq!(term("/(?-u:\\xff)$/I"), regex("(?-u:\\xff)$", true));
    assert_eq!(parsed("(/a(b)/)"), Expression::Is(regex("a(b)", false)));
    assert!(super::regex("a(b)", true).unwrap().is_match(b"xAB"));
    assert!(super::regex("(", true).is_none());
}

#[test]
fn hex_is_read_with_wildcards() {
    let any = HexByte { value: 0, mask: 0 };
    let byte = |value| HexByte { value, mask: 0xFF };
    assert_eq!(term("hex:0d 0A ?? ff"), Term::Hex(vec![byte(0x0d), byte(0x0a), any, byte(0xff)]));
    assert_eq!(term("hex:0d0a??f?"), Term::Hex(vec![byte(0x0d), byte(0x0a), any, HexByte { value: 0xF0, mask: 0xF0 }]));
    assert_eq!(term("hex:\"0d 0a\""), exactly(&[0x0d, 0x0a]));
    assert_eq!(term("HEX: 0d"), exactly(&[0x0d]));
    // What is made of whole pairs belongs to it; anything else does not, and `and` ends it.
    assert_eq!(term("hex:0d face"), exactly(&[0x0d, 0xfa, 0xce]));
    assert_eq!(parsed("hex:0d add"), Expression::All(vec![Expression::Is(exactly(&[0x0d])), word("add")]));
    assert_eq!(parsed("hex:0d and face"), Expression::All(vec![Expression::Is(exactly(&[0x0d])), word("face")]));
    assert_eq!(parsed("hex:\"0d\" face"), Expression::All(vec![Expression::Is(exactly(&[0x0d])), word("face")]));
    assert_eq!(parsed("(hex:0d) 0a"), Expression::All(vec![Expression::Is(exactly(&[0x0d])), word("0a")]));
}

#[test]
fn keys_with_values() {
    assert_eq!(term("dir:in"), Term::Direction(Direction::In));
    assert_eq!(term("DIR=OUT"), Term::Direction(Direction::Out));
    assert_eq!(term("kind:received,Peer-Finished"), Term::Kind(vec![EventKind::Received, EventKind::PeerFinished]));
    assert_eq!(term("kind：reset"), Term::Kind(vec![EventKind::Reset]));
    for kind in EventKind::ALL {
        assert_eq!(term(&format!("kind:{}", kind.name())), Term::Kind(vec![kind]));
    }
    assert_eq!(term("proto:udp"), Term::Transport(Transport::Udp));
    assert_eq!(term("endpoint:9000"), Term::Endpoint("9000".into()));
    assert_eq!(term("endpoint:\"my plc\\n\""), Term::Endpoint("my plc\n".into()));
    assert_eq!(term("endpoint:tcp://[::1]:9000"), Term::Endpoint("tcp://[::1]:9000".into()));
    assert_eq!(term("has:note"), Term::HasNote);
    assert_eq!(term("is:damaged"), Term::Damaged);
    assert_eq!((term("is:badsum"), term("IS:BadFrame")), (Term::WrongSum, Term::BadFrame));
    assert_eq!(term("is:error"), Term::Kind(EventKind::ALL.into_iter().filter(|kind| kind.is_error()).collect()));
    assert_eq!(parsed("dir!=in"), not(Expression::Is(Term::Direction(Direction::In))));
    let peer = |text: &str| Expression::Is(Term::Peer(addresses::address(text, 0).unwrap()));
    assert_eq!(parsed("peer:10.0.0.0/8"), peer("10.0.0.0/8"));
    assert_eq!(parsed("peer:[::1]:80,:90"), Expression::Any(vec![peer("[::1]:80"), peer(":90")]));
    assert!(matches!(term("from:::1"), Term::From(_)));
    assert!(matches!(term("to:\"127.0.0.1\""), Term::To(_)));
}

#[test]
fn numbers_and_ranges() {
    let bounds = |least, most| Bounds { least, most };
    for (text, size) in [
        ("size>64", bounds(65, u64::MAX)),
        ("size > 64", bounds(65, u64::MAX)),
        ("size:>=64", bounds(64, u64::MAX)),
        ("size<64", bounds(0, 63)),
        ("size<=64", bounds(0, 64)),
        ("size=64", bounds(64, 64)),
        ("size==64", bounds(64, 64)),
        ("size:64", bounds(64, 64)),
        ("size:1..100", bounds(1, 100)),
        ("size:1..", bounds(1, u64::MAX)),
        ("size:..9", bounds(0, 9)),
        ("size>1kB", bounds(1001, u64::MAX)),
        ("size<=2MiB", bounds(0, 2 << 20)),
    ] {
        assert_eq!(term(text), Term::Size(size), "{text}");
    }
    assert_eq!(term("port:8000..9000"), Term::Port(bounds(8000, 9000)));
    assert_eq!(term("port>1023"), Term::Port(bounds(1024, 65535)));
    assert_eq!(term("conn:#7"), Term::Connection(bounds(7, 7)));
    assert_eq!(term("conn:1..5"), Term::Connection(bounds(1, 5)));
    assert_eq!(
        parsed("port:80,443"),
        Expression::Any(vec![Expression::Is(Term::Port(bounds(80, 80))), Expression::Is(Term::Port(bounds(443, 443)))])
    );
    assert_eq!(term("gap>1s"), Term::Gap(bounds(1_000_000_001, u64::MAX)));
    assert_eq!(term("gap:1.5ms..2s"), Term::Gap(bounds(1_500_000, 2_000_000_000)));
    assert_eq!(term("within:5s"), Term::Within(5_000_000_000));
    assert_eq!(term("within:0.5h"), Term::Within(1_800_000_000_000));
    assert_eq!(term("within:250µs"), Term::Within(250_000));
}

#[test]
fn times() {
    let moment = |date, time_nanos| Moment { date, time_nanos };
    let at = ((17 * 60 + 40) * 60 + 2) * 1_000_000_000;
    assert_eq!(term("after:17:40:02"), Term::After(moment(None, at)));
    assert_eq!(term("after:17:40:02.118"), Term::After(moment(None, at + 118_000_000)));
    assert_eq!(term("before:17:40"), Term::Before(moment(None, at - 2_000_000_000)));
    assert_eq!(term("after:2026-11-22T17:40:02"), Term::After(moment(Some((2026, 11, 22)), at)));
    assert_eq!(term("after:\"2026-11-22 17:40:02\""), Term::After(moment(Some((2026, 11, 22)), at)));
    assert_eq!(term("before:2024-02-29"), Term::Before(moment(Some((2024, 2, 29)), 0)));
}

#[test]
fn mistakes_have_their_place() {
    use MistakeKind::*;
    let unknown = |name: &str, suggestion| UnknownKey { name: name.into(), suggestion };
    let value = |key, value: &str, suggestion| UnknownValue { key, value: value.into(), suggestion };
    let cases = [
        ("a knd:reset", 2..6, unknown("knd", Some(Key::Kind))),
        ("Host: x", 0..5, unknown("Host", Some(Key::Peer))),
        ("foo:bar", 0..4, unknown("foo", None)),
        ("sise>5", 0..5, unknown("sise", Some(Key::Size))),
        ("kind:", 0..5, NoValue(Key::Kind)),
        ("(kind:)", 1..6, NoValue(Key::Kind)),
        ("size> ", 0..5, NoValue(Key::Size)),
        ("kind:sent,", 9..10, NoValue(Key::Kind)),
        ("kind:\"\"", 0..7, NoValue(Key::Kind)),
        ("hex:\" \"", 0..7, NoValue(Key::Hex)),
        ("kind:rest", 5..9, value(Key::Kind, "rest", Some("reset"))),
        ("kind:sent,é", 10..12, value(Key::Kind, "é", None)),
        ("dir:up", 4..6, value(Key::Direction, "up", None)),
        ("proto:tls", 6..9, TlsNotRecorded),
        ("proto:sctp", 6..10, value(Key::Protocol, "sctp", None)),
        ("dir>in", 3..4, NoComparison(Key::Direction)),
        ("\"abc", 0..4, UnclosedQuote),
        ("\"abc\\\"", 0..6, UnclosedQuote),
        ("endpoint:\"a", 9..11, UnclosedQuote),
        ("x \"a\\qb\"", 4..6, Escape(crate::payload::MistakeKind::UnknownEscape('q'))),
        ("\"\"", 0..2, EmptyText),
        ("\"id\":7", 0..6, MissingBlank),
        ("\"a\"\"b\"", 0..6, MissingBlank),
        ("/abc", 0..4, UnclosedRegex),
        ("//", 0..2, EmptyRegex),
        ("/api/v1", 5..7, UnknownFlag('v')),
        ("/a/ii", 3..5, UnknownFlag('i')),
        ("x /a(b/", 4..5, Regex(RegexFault::UnclosedGroup)),
        ("/é\\/*+(?=x)/", 7..10, Regex(RegexFault::LookAround)),
        ("/[z-a]/", 2..5, Regex(RegexFault::BadRange)),
        ("/*/", 1..2, Regex(RegexFault::NothingToRepeat)),
        ("/a\\1/", 2..4, Regex(RegexFault::Backreference)),
        ("/\\p{Nope}/", 1..9, Regex(RegexFault::UnknownClass)),
        ("/a{2,1}/", 2..7, Regex(RegexFault::BadCount)),
        ("/[a/", 1..2, Regex(RegexFault::UnclosedClass)),
        ("(a", 0..1, UnclosedBracket),
        ("a (", 2..3, UnclosedBracket),
        ("a)", 1..2, UnopenedBracket),
        (")", 0..1, UnopenedBracket),
        ("x ( )", 2..5, EmptyBrackets),
        ("a and", 2..5, NothingAfter("and")),
        ("a or or b", 2..4, NothingAfter("or")),
        ("(a and)", 3..6, NothingAfter("and")),
        ("not", 0..3, NothingAfter("not")),
        ("or a", 0..2, NothingBefore("or")),
        ("(and a)", 1..4, NothingBefore("and")),
        ("a && b", 2..4, NothingAfter("and")),
        ("hex:0d 0", 7..8, OddHexDigits),
        ("hex:abc", 6..7, OddHexDigits),
        ("hex:0x10", 5..6, BadHexDigit('x')),
        ("hex:é", 4..6, BadHexDigit('é')),
        ("peer:localhost", 5..14, BadAddress),
        ("peer:1.2.3.4/99", 5..15, BadPrefix { most: 32 }),
        ("peer:1.2.3.4,1.2.3.4:x", 21..22, BadPort),
        ("port:http", 5..9, BadNumber(Key::Port)),
        ("port:-1", 5..7, BadNumber(Key::Port)),
        ("port:65536", 5..10, NumberTooLarge { most: 65535 }),
        ("size:..", 5..7, BadNumber(Key::Size)),
        ("size:9..1", 5..9, ReversedRange),
        ("size:1..x", 8..9, BadNumber(Key::Size)),
        ("size:1zb", 5..8, BadNumber(Key::Size)),
        ("size<0", 5..6, NothingFits),
        ("port>65535", 5..10, NothingFits),
        ("size:99999999999999999999", 5..25, NumberTooLarge { most: u64::MAX }),
        ("gap>1", 4..5, DurationWithoutUnit),
        ("gap>x", 4..5, BadDuration),
        ("within:0.5ns", 7..12, BadDuration),
        ("within:1.s", 7..10, BadDuration),
        ("within:99999999h", 7..16, NumberTooLarge { most: u64::MAX }),
        ("after:25:00", 6..11, BadTime),
        ("after:17:4", 6..10, BadTime),
        ("after:noon", 6..10, BadTime),
        ("after:2026-02-30", 6..16, BadDate),
        ("after:2026-1-1", 6..14, BadDate),
        ("after:17:40Z", 6..12, TimeZone),
        ("after:2026-11-22T17:40:02+01:00", 17..31, TimeZone),
    ];
    for (text, at, what) in cases {
        let what = if text == "a && b" { UseWord("and") } else { what };
        assert_eq!(mistake(text), (at, what), "{text:?}");
    }
}

#[test]
fn some_filters_ask_for_the_selected_row() {
    assert!(Filter::parse("a or not (b within:5s)").unwrap().asks_for_selection());
    assert!(!Filter::parse("a or \"within:5s\"").unwrap().asks_for_selection());
    assert!(!Filter::default().asks_for_selection());
}

#[test]
fn everything_is_bounded() {
    let long = "a".repeat(MAX_BYTES + 1);
    assert_eq!(mistake(&long), (0..MAX_BYTES + 1, MistakeKind::TooLong { limit: MAX_BYTES }));
    for deep in
        ["(".repeat(MAX_BYTES), "not ".repeat(MAX_BYTES / 4), "-".repeat(MAX_BYTES - 1) + "a", "a(".repeat(8000)]
    {
        assert_eq!(mistake(&deep).1, MistakeKind::TooDeep { limit: MAX_DEPTH });
    }
    let most = format!("{}a{}", "(".repeat(MAX_DEPTH), ")".repeat(MAX_DEPTH));
    assert_eq!(parsed(&most), word("a"));
    assert_eq!(mistake(&"a ".repeat(MAX_TERMS + 1)).1, MistakeKind::TooManyTerms { limit: MAX_TERMS });
    assert_eq!(mistake(&"/a/ ".repeat(MAX_REGEXES + 1)).1, MistakeKind::TooManyRegexes { limit: MAX_REGEXES });
    let pattern = format!("/{}/", "a".repeat(MAX_REGEX_BYTES + 1));
    assert_eq!(mistake(&pattern).1, MistakeKind::RegexTooLong { limit: MAX_REGEX_BYTES });
    let nested = format!("/{}a{}/", "(".repeat(60), ")".repeat(60));
    assert_eq!(mistake(&nested).1, MistakeKind::Regex(RegexFault::TooDeep));
    // Odd nesting of brackets within words is looked at once, not once for each bracket.
    for text in ["a(b".repeat(5000), "x()(".repeat(4000), "size ".repeat(3000), "\"\\".repeat(8000)] {
        let begun = std::time::Instant::now();
        let _ = Filter::parse(&text);
        assert!(begun.elapsed().as_secs() < 2, "{} took {:?}", &text[..10], begun.elapsed());
    }
}

/// Patterns that keep the `regex` crate busy for up to seconds are not even begun.
#[test]
fn hostile_patterns_are_refused_before_they_cost_anything() {
    let fill = |piece: &str| piece.repeat(MAX_REGEX_BYTES / piece.len());
    for pattern in [
        fill("\\w"),
        fill("\\pL"),
        fill("[\\w]"),
        fill("[\\w--\\d]"),
        fill("[^\\w]"),
        fill("\\p{any}"),
        fill("[\\w&&\\pL]"),
        "\\p{any}".into(),
        "[\u{80}-\u{10ffff}]".into(),
        "(a{1000}){1000}".into(),
        "\\w{1000}".into(),
    ] {
        let text = format!("/{pattern}/i");
        assert_eq!(mistake(&text), (1..1 + pattern.len(), MistakeKind::RegexTooLarge), "{text}");
    }
    for pattern in
        ["\\d{1,3}\\.\\d+", "[\\w.-]+@[\\w.-]+", "\\p{Han}+", "[^\\x00-\\x7f]", "^.*$", "(?i)[\u{4e00}-\u{9fff}]"]
    {
        parsed(&format!("/{pattern}/i"));
    }
}

/// Every expression that can be typed.
fn expressions() -> impl Strategy<Value = Expression> {
    terms().prop_map(Expression::Is).prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4).prop_map(Expression::All),
            prop::collection::vec(inner.clone(), 2..4).prop_map(Expression::Any),
            inner.prop_map(|inner| Expression::Not(Box::new(inner))),
        ]
    })
}

fn terms() -> impl Strategy<Value = Term> {
    let text =
        prop_oneof!["[a-z0-9()\\-\"/:<>=.\\\\ ]{1,8}", "\\PC{1,6}", ".{1,4}", "and|or|not|size|kind|hex|face|0d|-|>5"];
    let nibble = prop_oneof![Just(0xFF_u8), Just(0xF0), Just(0x0F), Just(0)];
    let byte = (any::<u8>(), nibble).prop_map(|(value, mask)| HexByte { value: value & mask, mask });
    let kinds = prop::collection::vec(any::<u8>().prop_map(|kind| EventKind::from_u8(kind % 25)), 1..4);
    let address = || {
        let host = prop_oneof![
            (any::<u32>(), 0..=32_u8).prop_map(|(bits, prefix)| (IpAddr::V4(Ipv4Addr::from_bits(bits)), prefix)),
            (any::<u128>(), 0..=128_u8).prop_map(|(bits, prefix)| (IpAddr::V6(Ipv6Addr::from_bits(bits)), prefix)),
        ];
        (prop::option::of(host), prop::option::of(any::<u16>()))
            .prop_filter("nothing", |(host, port)| host.is_some() || port.is_some())
            .prop_map(|(host, port)| AddressPattern {
                host: host.map(|(address, prefix)| Host { address, prefix }),
                port,
            })
    };
    let bounds = |most: u64| {
        let end =
            prop_oneof![Just(0), Just(most), 0..=most, (0..=most / 1_000_000_000).prop_map(|n| n * 1_000_000_000)];
        (end.clone(), end).prop_map(|(one, other)| Bounds { least: one.min(other), most: one.max(other) })
    };
    let date = (0..=9999_i16, 1..=12_u8, 1..=28_u8);
    let moment =
        (prop::option::of(date), 0..86_400_000_000_000_u64).prop_map(|(date, time_nanos)| Moment { date, time_nanos });
    prop_oneof![
        text.prop_map(Term::Text),
        ("([a-z/. ]|\\\\[.*]){1,6}", any::<bool>())
            .prop_map(|(pattern, ignore_case)| Term::Regex { pattern, ignore_case }),
        prop::collection::vec(byte, 1..6).prop_map(Term::Hex),
        prop_oneof![Just(Direction::In), Just(Direction::Out)].prop_map(Term::Direction),
        kinds.prop_map(Term::Kind),
        Just(Term::Kind(parse::errors())),
        address().prop_map(Term::From),
        address().prop_map(Term::To),
        address().prop_map(Term::Peer),
        bounds(65535).prop_map(Term::Port),
        bounds(u64::from(u32::MAX)).prop_map(Term::Connection),
        bounds(u64::MAX).prop_map(Term::Size),
        bounds(u64::MAX).prop_map(Term::Gap),
        "\\PC{1,12}".prop_map(Term::Endpoint),
        prop_oneof![Just(Transport::Tcp), Just(Transport::Udp)].prop_map(Term::Transport),
        moment.clone().prop_map(Term::After),
        moment.prop_map(Term::Before),
        any::<u64>().prop_map(Term::Within),
        Just(Term::HasNote),
        prop_oneof![Just(Term::Damaged), Just(Term::WrongSum), Just(Term::BadFrame)],
    ]
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(expression in expressions()) {
        let regexes = format!("{expression:?}").matches("Regex").count();
        prop_assume!(regexes <= MAX_REGEXES);
        let text = expression.to_string();
        let read = Filter::parse(&text);
        let read = read.as_ref().map(Filter::expression);
        prop_assert_eq!(read, Ok(Some(&expression)), "{}", text);
    }

    #[test]
    fn any_text_is_understood_or_marked(text in prop_oneof![
        "\\PC{0,60}",
        "(kind:|size|[<>=:]|hex:|[0-9a-f]{2}| |\\(|\\)|\"|/|-|and |not |or |[a-z,.:é\\\\?]){0,30}",
    ]) {
        match Filter::parse(&text) {
            Err(mistake) => {
                prop_assert!(text.get(mistake.at.clone()).is_some_and(|marked| !marked.is_empty()), "{:?}", mistake);
            }
            Ok(filter) => if let Some(expression) = filter.expression() {
                let written = expression.to_string();
                let read = Filter::parse(&written);
                prop_assert_eq!(read.as_ref().map(Filter::expression), Ok(Some(expression)), "{}", written);
            },
        }
    }
}
