//! Both tables say the same things, and everything that can be said has words.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use super::*;
use crate::filter;
use crate::model::*;

fn words() -> &'static Words {
    Words::of(Language::English)
}

fn flow(transport: Transport) -> Flow {
    Flow {
        endpoint: EndpointId(1),
        endpoint_uri: Arc::from("tcp://127.0.0.1:9000"),
        connection: ConnectionId(1),
        transport,
        role: Role::Listener,
        local: Some("127.0.0.1:9000".parse().unwrap()),
        peer: Some("127.0.0.1:40000".parse().unwrap()),
        mirror: false,
    }
}

fn failure(doing: Doing, on: &str, reason: Reason) -> Failure {
    Failure { system: "Some words (os error 5)".into(), errno: Some(5), ..Failure::new(doing, on, reason) }
}

/// One of each kind, and of each variant that has a sentence of its own.
fn happenings() -> Vec<Happening> {
    let address: SocketAddr = "192.0.2.7:80".parse().unwrap();
    let refused = failure(Doing::Connect, "192.0.2.7:80", Reason::Refused);
    let mut all = vec![
        Happening::Listening { backlog: Some(4096), dual_stack: false, receive_buffer: None },
        Happening::Listening { backlog: None, dual_stack: true, receive_buffer: Some((4_194_304, 212_992)) },
        Happening::Stopped { peers_kept: 0 },
        Happening::Stopped { peers_kept: 3 },
        Happening::Resolved { host: "plc".into(), addresses: vec![] },
        Happening::Resolved { host: "plc".into(), addresses: vec![address] },
        Happening::Resolved { host: "plc".into(), addresses: vec![address; 20] },
        Happening::Connecting { address, attempt: 1, of: 1 },
        Happening::Connecting { address, attempt: 2, of: 3 },
        Happening::AttemptFailed { address, failure: refused.clone() },
        Happening::Connected { took_nanos: 2_680_000, self_connected: false },
        Happening::Connected { took_nanos: 1, self_connected: true },
        Happening::Accepted,
        Happening::TurnedAway { limit: 5 },
        Happening::PeerFinished { received: 1 },
        Happening::Finished { sent: 20 },
        Happening::Failed { failure: refused.clone() },
        Happening::Reconnecting { in_millis: 5000, attempt: 2 },
        Happening::PeerNotReading { waiting: 1_000_000, millis: 2000 },
        Happening::PeerReading { waited_millis: 2500 },
        Happening::AcceptPaused { failure: refused.clone(), retry_millis: 100 },
        Happening::AcceptResumed { after_millis: 300 },
        Happening::Dropped { datagrams: 42, total: 42 },
        Happening::ReadingPaused { millis: 12 },
        Happening::Gap { events: 7, bytes: 700, failure: None },
        Happening::Gap { events: 7, bytes: 700, failure: Some(refused) },
        Happening::SendStopped { sent: 5, total: 10 },
        Happening::SendStopped { sent: 5, total: 0 },
        Happening::Unknown { message: "tls_started: hello".into() },
        Happening::Unknown { message: String::new() },
    ];
    for by in [By::Us, By::Peer] {
        all.push(Happening::Closed { by, received: 156, sent: 20, unread: 0 });
        all.push(Happening::Closed { by, received: 156, sent: 20, unread: 9 });
        all.push(Happening::Reset { by, received: 156, sent: 20 });
    }
    all
}

fn mistakes() -> Vec<MistakeKind> {
    vec![
        MistakeKind::UnknownEscape('q'),
        MistakeKind::UnfinishedEscape,
        MistakeKind::UnknownChecksum("crc-17".into()),
        MistakeKind::BadHexDigit('\u{202e}'),
        MistakeKind::OddHexDigits,
        MistakeKind::BadCodePoint,
        MistakeKind::NotInEncoding { character: '€', encoding: TextEncoding::Latin1 },
        MistakeKind::TooLong { bytes: 70_000, limit: 65_507 },
        MistakeKind::NoPath,
        MistakeKind::BadFileUri,
        MistakeKind::IsAFile,
        MistakeKind::UnclosedTemplate,
        MistakeKind::UnknownTemplate { name: "x\u{202e}".into(), nearest: None },
        MistakeKind::UnknownTemplate { name: "conter".into(), nearest: Some("counter") },
        MistakeKind::MissingArgument { template: "file", example: "{{file:request.bin}}" },
        MistakeKind::BadArgument { template: "now", argument: "\r\n".repeat(1000), expected: "unix" },
        MistakeKind::TooManyTemplates { limit: 2000 },
        MistakeKind::ChecksumIsCalled { name: "crc23".into(), nearest: "crc32" },
        MistakeKind::PartTwice("a".into()),
        MistakeKind::PartTwice(String::new()),
        MistakeKind::UnclosedPart("a".into()),
        MistakeKind::UnclosedPart(String::new()),
        MistakeKind::EndWithoutBegin("\u{7}".into()),
        MistakeKind::EndWithoutBegin(String::new()),
        MistakeKind::UnknownPart { name: "heda".into(), nearest: Some("head".into()) },
        MistakeKind::UnknownPart { name: "x".into(), nearest: None },
        MistakeKind::CoversItself,
        MistakeKind::DoesNotFit,
        MistakeKind::NeedsValues,
        MistakeKind::UnclosedBracket,
        MistakeKind::EmptyBrackets,
        MistakeKind::NotHexInBrackets('\u{202e}'),
        MistakeKind::BadBase64('\u{7}'),
        MistakeKind::UnfinishedBase64,
    ]
}

#[test]
fn everything_missing_has_a_sentence() {
    use crate::payload::Missing;
    let name = || "x\u{202e}\r\n".repeat(1000);
    for language in Language::ALL {
        for missing in [
            Missing::Ask(name()),
            Missing::Environment(name()),
            Missing::File(name()),
            Missing::Variable(name()),
            Missing::Capture(3),
            Missing::Peer,
            Missing::Local,
            Missing::TooLarge(name()),
            Missing::NotInEncoding { value: name(), encoding: TextEncoding::Latin1 },
        ] {
            let text = Words::of(language).missing(&missing);
            assert_sentence(&text, language);
            assert!(text.len() < 1000 && !text.contains("missing."), "{text}");
        }
    }
    let end = Mistake { at: 0..0, what: MistakeKind::UnclosedPart("head".into()) };
    assert_eq!(words().mistake(&end), "The part head is not ended: {{end:head}} is missing.");
    let unclosed = Mistake { at: 0..0, what: MistakeKind::UnclosedTemplate };
    assert!(words().mistake(&unclosed).ends_with(r"Write \{{ for the braces themselves."));
}

#[test]
fn what_no_reply_has_is_said() {
    use crate::rules::NeverGiven;
    let name = || "x\u{202e}\r\n".repeat(1000);
    for language in Language::ALL {
        for what in [
            NeverGiven::Ask(name()),
            NeverGiven::Variable { name: name(), regex: true },
            NeverGiven::Variable { name: name(), regex: false },
            NeverGiven::Capture { number: 2, groups: Some(1) },
            NeverGiven::Capture { number: 2, groups: None },
        ] {
            let text = Words::of(language).never_given(&what);
            assert_sentence(&text, language);
            assert!(text.len() < 1000 && !text.contains("reply_never."), "{text}");
        }
    }
}

/// One of each kind.
fn filter_mistakes() -> Vec<filter::MistakeKind> {
    use filter::{Key, MistakeKind::*};
    let mut all = vec![
        TooLong { limit: 16_384 },
        TooDeep { limit: 64 },
        TooManyTerms { limit: 1000 },
        UnclosedQuote,
        Escape(MistakeKind::UnknownEscape('\u{202e}')),
        EmptyText,
        MissingBlank,
        UnclosedRegex,
        EmptyRegex,
        UnknownFlag('\u{202e}'),
        RegexTooLong { limit: 1000 },
        RegexTooLarge,
        TooManyRegexes { limit: 8 },
        UnclosedBracket,
        UnopenedBracket,
        EmptyBrackets,
        NothingAfter("and"),
        NothingBefore("or"),
        UseWord("and"),
        UnknownKey { name: "knd".into(), suggestion: Some(Key::Kind) },
        UnknownKey { name: "foo".into(), suggestion: None },
        TlsNotRecorded,
        BadHexDigit('\u{7}'),
        OddHexDigits,
        BadAddress,
        BadPrefix { most: 32 },
        BadPort,
        NumberTooLarge { most: 65_535 },
        ReversedRange,
        NothingFits,
        BadDuration,
        DurationWithoutUnit,
        BadTime,
        BadDate,
        TimeZone,
    ];
    all.extend(filter::RegexFault::ALL.map(Regex));
    for key in Key::ALL {
        all.extend([NoValue(key), NoComparison(key), BadNumber(key)]);
        for suggestion in [None, key.values().first().copied()] {
            all.push(UnknownValue { key, value: "x\u{202e}\r\n".repeat(1000), suggestion });
        }
    }
    all
}

#[test]
fn every_mistake_in_a_filter_has_words() {
    for language in Language::ALL {
        for what in filter_mistakes() {
            let text = Words::of(language).filter_mistake(&filter::Mistake { at: 0..0, what: what.clone() });
            assert!(!text.is_empty() && !text.contains("filter_") && text.len() < 2_000, "{what:?}: {text}");
            assert!(placeholders(&text).is_empty(), "{what:?}: {text}");
            assert_eq!(crate::payload::visible_text(&text, usize::MAX), text);
        }
        for group in filter::help() {
            let keys = group.rows.iter().map(|row| row.key).chain([group.key]);
            assert!(keys.into_iter().all(|key| Words::of(language).find(key).is_some()), "{}", group.key);
        }
    }
    let mistake = filter::Filter::parse("knd:reset").unwrap_err();
    assert!(words().filter_mistake(&mistake).starts_with("knd: is not known here; kind: is."));
    let mistake = filter::Filter::parse("conn:x").unwrap_err();
    assert_eq!(words().filter_mistake(&mistake), "conn takes a number or a range, for example conn:7");
}

#[test]
fn every_mistake_in_a_pattern_has_words() {
    use crate::rules::{PatternMistake, PatternMistakeKind::*, RegexFault};
    let mut all = vec![
        Empty,
        TooLong { limit: 1000 },
        TooLarge,
        TooManyGroups { limit: 99 },
        Unicode,
        BadLength,
        ReversedRange { suggestion: "4..12".into() },
        NumberTooLarge,
    ];
    all.extend(RegexFault::ALL.map(Regex));
    all.extend(mistakes().into_iter().map(Payload));
    for language in Language::ALL {
        for what in &all {
            let text = Words::of(language).pattern_mistake(&PatternMistake { at: 0..0, what: what.clone() });
            assert!(!text.is_empty() && !text.contains("mistake.") && !text.contains("regex."), "{what:?}: {text}");
            assert!(
                !text.contains("{limit}") && !text.contains("{suggestion}") && !text.contains("{reason}"),
                "{text}"
            );
        }
    }
}

/// A finished sentence: something in it, no place left open, no key shown, nothing that could act on a screen.
fn assert_sentence(text: &str, language: Language) {
    let end = text.chars().last();
    let ends_well = match language {
        Language::English => end == Some('.'),
        Language::Chinese => end == Some('。'),
    };
    assert!(ends_well, "no full stop: {text:?}");
    assert!(placeholders(text).is_empty(), "open place: {text:?}");
    assert!(!text.contains("failure.") && !text.contains("happening."), "a key is shown: {text:?}");
    assert!(!text.contains('!') && !text.contains('！'), "{text:?}");
    assert!(!text.to_lowercase().contains("please"), "{text:?}");
    assert_eq!(crate::payload::visible_text(text, usize::MAX), text);
}

#[test]
fn both_tables_have_the_same_keys_and_places() {
    let [english, chinese] = Language::ALL.map(|language| flatten(language.source()).unwrap());
    let keys = |table: &HashMap<String, String>| table.keys().cloned().collect::<BTreeSet<_>>();
    let only = |a, b| keys(a).difference(&keys(b)).cloned().collect::<Vec<_>>();
    assert_eq!(only(&english, &chinese), Vec::<String>::new(), "missing in zh-CN.toml");
    assert_eq!(only(&chinese, &english), Vec::<String>::new(), "missing in en.toml");
    for (key, text) in &english {
        assert_eq!(placeholders(text), placeholders(&chinese[key]), "places of {key}");
        assert!(!text.trim().is_empty() && !chinese[key].trim().is_empty(), "{key} is empty");
    }
}

#[test]
fn every_failure_has_a_sentence_a_hint_and_a_title() {
    for language in Language::ALL {
        let words = Words::of(language);
        for reason in Reason::ALL {
            let title = words.title_of(reason);
            assert!(!title.is_empty() && title.chars().count() <= 22, "title of {reason:?}: {title:?}");
            for doing in Doing::ALL {
                for on in ["127.0.0.1:80", "tcp://[::1]:80", "plc.local", "/tmp/x", ""] {
                    for holder in [None, Some("nginx (pid 812)".to_owned())] {
                        let failure = Failure { holder, ..failure(doing, on, reason) };
                        assert_sentence(&words.failure(&failure), language);
                        assert_sentence(&words.hint(&failure), language);
                    }
                }
            }
        }
    }
}

#[test]
fn sentences_name_the_address_and_the_system() {
    let taken = Failure {
        holder: Some("nginx (pid 812)".into()),
        ..failure(Doing::Listen, "127.0.0.1:9000", Reason::PortTaken)
    };
    assert_eq!(words().failure(&taken), "Port 9000 on 127.0.0.1 is taken by nginx (pid 812).");
    assert_eq!(words().hint(&taken), "Pick a free port, or stop that program.");
    let taken = failure(Doing::Listen, "tcp://[::1]:9000", Reason::PortTaken);
    assert_eq!(words().failure(&taken), "Port 9000 on ::1 is taken by another program.");
    let other = failure(Doing::Connect, "plc:502", Reason::Other);
    assert_eq!(words().failure(&other), "Could not connect to plc:502: Some words.");
    assert_eq!(words().system_answer(&other).unwrap(), "The system said: Some words (error 5).");
    let silent = Failure::new(Doing::Record, "", Reason::Other);
    assert_eq!(words().failure(&silent), "Could not record the session: no reason given.");
    assert_eq!(words().system_answer(&silent), None);
    assert_eq!(words().title_of(Reason::PortNeedsRights), "port needs root");
    for reason in Reason::ALL {
        let text = words().failure(&failure(Doing::Connect, "plc:502", reason));
        assert!(text.contains("plc") || text.contains("source address"), "{reason:?}: {text}");
    }
}

#[test]
fn every_happening_has_a_sentence() {
    let all = happenings();
    let kinds: BTreeSet<u8> = all.iter().map(|happening| happening.kind() as u8).collect();
    let expected: BTreeSet<u8> = EventKind::ALL.into_iter().map(|kind| kind as u8).skip(2).collect();
    assert_eq!(kinds, expected, "the list above has one of each kind");
    for language in Language::ALL {
        for happening in &all {
            for transport in [Transport::Tcp, Transport::Udp] {
                let text = Words::of(language).happening(happening, &flow(transport));
                if !matches!(happening, Happening::Unknown { .. }) {
                    assert_sentence(&text, language);
                }
                assert!(!text.is_empty());
            }
            let needs_hint = happening.kind().is_error() && happening.kind() != EventKind::SendStopped;
            match Words::of(language).happening_hint(happening) {
                Some(hint) => assert!(!hint.is_empty() && placeholders(&hint).is_empty(), "{hint}"),
                None => assert!(!needs_hint || matches!(happening, Happening::Reset { by: By::Us, .. })),
            }
        }
    }
}

#[test]
fn happenings_read_as_planned() {
    let say = |happening: Happening| words().happening(&happening, &flow(Transport::Tcp));
    assert_eq!(
        say(Happening::Reset { by: By::Peer, received: 156, sent: 20 }),
        "The peer reset the connection after 156 bytes in, 20 bytes out."
    );
    assert_eq!(
        say(Happening::Closed { by: By::Us, received: 1, sent: 0, unread: 1234 }),
        "Closed by us after 1 byte in, 0 bytes out. The peer sees a reset, because 1,234 bytes were left unread here."
    );
    assert_eq!(
        say(Happening::Dropped { datagrams: 42, total: 42 }),
        "This socket's receive buffer was full: the kernel dropped 42 datagrams (42 so far)."
    );
    assert_eq!(say(Happening::Reconnecting { in_millis: 5000, attempt: 2 }), "Connecting again in 5 s (attempt 2).");
    let udp = Happening::Listening { backlog: None, dual_stack: false, receive_buffer: Some((4_194_304, 212_992)) };
    assert_eq!(
        words().happening(&udp, &flow(Transport::Udp)),
        "Socket open on 127.0.0.1:9000. The receive buffer is 213 kB instead of 4.2 MB: raise net.core.rmem_max to get \
         more."
    );
    assert_eq!(words().happening_hint(&udp).unwrap(), "sudo sysctl -w net.core.rmem_max=4194304");
}

#[test]
fn every_mistake_kind_and_label_has_words() {
    for language in Language::ALL {
        let words = Words::of(language);
        for what in mistakes() {
            // The compiler asks for a line above when a kind is added.
            match what {
                MistakeKind::UnknownEscape(_) | MistakeKind::UnfinishedEscape | MistakeKind::BadHexDigit(_) => {}
                MistakeKind::OddHexDigits | MistakeKind::BadCodePoint | MistakeKind::NotInEncoding { .. } => {}
                MistakeKind::TooLong { .. } | MistakeKind::NoPath => {}
                MistakeKind::BadFileUri | MistakeKind::IsAFile | MistakeKind::UnknownChecksum(_) => {}
                MistakeKind::UnclosedTemplate | MistakeKind::UnknownTemplate { .. } => {}
                MistakeKind::MissingArgument { .. } | MistakeKind::BadArgument { .. } => {}
                MistakeKind::TooManyTemplates { .. } | MistakeKind::ChecksumIsCalled { .. } => {}
                MistakeKind::PartTwice(_) | MistakeKind::UnclosedPart(_) | MistakeKind::EndWithoutBegin(_) => {}
                MistakeKind::UnknownPart { .. } | MistakeKind::CoversItself | MistakeKind::DoesNotFit => {}
                MistakeKind::NeedsValues | MistakeKind::UnclosedBracket | MistakeKind::EmptyBrackets => {}
                MistakeKind::NotHexInBrackets(_) | MistakeKind::BadBase64(_) | MistakeKind::UnfinishedBase64 => {}
            }
            let text = words.mistake(&Mistake { at: 0..0, what });
            assert!(!text.is_empty() && !text.starts_with("mistake."), "{text}");
            assert!(["character}", "bytes}", "limit}"].iter().all(|open| !text.contains(open)), "{text}");
            assert_eq!(crate::payload::visible_text(&text, usize::MAX), text);
        }
        let mut labels = vec![];
        labels.extend(EventKind::ALL.map(|kind| words.kind(kind)));
        labels.extend(PayloadFormat::ALL.map(|format| words.payload_format(format)));
        labels.extend(LineEnding::ALL.map(|ending| words.line_ending(ending)));
        labels.extend(["pcapng", "jsonl", "csv", "text"].map(|name| words.export_format(name)));
        labels.extend(Answer::ALL.map(|answer| words.answer(answer)));
        labels.extend(Answer::ALL.map(|answer| words.answer_hint(answer)));
        labels.extend([OverLimit::Reset, OverLimit::Wait].map(|limit| words.over_limit(limit)));
        labels.extend([Direction::In, Direction::Out].map(|direction| words.direction(direction)));
        labels.extend([Role::Listener, Role::Client, Role::Datagram].map(|role| words.role(role)));
        labels.extend(
            [
                Protocol::TcpListener(ListenerSettings::default()),
                Protocol::TcpClient(ClientSettings::new(HostPort::new("a", 1))),
                Protocol::Udp(UdpSettings::default()),
            ]
            .map(|protocol| words.protocol(&protocol)),
        );
        use HostPortError::*;
        labels.extend(
            [NoHost, NoPort, BadPort, NeedsBrackets, OpenBracket, BadCharacter].map(|error| words.address_error(error)),
        );
        assert!(labels.iter().all(|label| !label.is_empty()));
    }
}

#[test]
fn hostile_text_in_a_failure_is_shown_and_not_obeyed() {
    let hostile = "a\u{1b}[31m\u{202e}\r\n{port}\u{200b}";
    for language in Language::ALL {
        for reason in Reason::ALL {
            let failure = Failure {
                system: hostile.into(),
                holder: Some(hostile.into()),
                ..Failure::new(Doing::Connect, hostile.repeat(10_000), reason)
            };
            let words = Words::of(language);
            let answer = words.system_answer(&failure).unwrap();
            for text in [words.failure(&failure), words.hint(&failure), answer] {
                assert!(text.len() < 8_000);
                assert_eq!(crate::payload::visible_text(&text, usize::MAX), text);
            }
        }
        let resolved = Happening::Resolved { host: hostile.into(), addresses: vec![] };
        let unknown = Happening::Unknown { message: hostile.repeat(10_000) };
        for happening in [resolved, unknown] {
            let text = Words::of(language).happening(&happening, &flow(Transport::Tcp));
            assert_eq!(crate::payload::visible_text(&text, usize::MAX), text);
            assert!(text.len() < 8_000);
        }
    }
}

#[test]
fn a_filled_value_is_not_looked_at_again() {
    let text = table::fill("{a} and {b}, {missing}, {not a place}, {", &[("a", &"{b}"), ("b", &"two")]);
    assert_eq!(text, "{b} and two, {missing}, {not a place}, {");
    assert_eq!(words().get("no.such.key"), "no.such.key");
}

#[test]
fn tables_flatten_and_say_what_is_wrong() {
    let table = flatten("a = 'x'\n[log]\npause = 'Pause'\n[log.more]\nb = 'c'").unwrap();
    let sorted: BTreeMap<_, _> = table.iter().map(|(key, text)| (key.as_str(), text.as_str())).collect();
    assert_eq!(sorted, BTreeMap::from([("a", "x"), ("log.pause", "Pause"), ("log.more.b", "c")]));
    assert_eq!(flatten("[a]\nb = 1"), Err(TableError::NotText("a.b".into())));
    assert!(matches!(flatten("a = "), Err(TableError::Syntax(_))));
}

#[test]
fn durations_have_three_digits() {
    let cases: [(u64, &str); 19] = [
        (0, "0 ns"),
        (999, "999 ns"),
        (1_000, "1.00 µs"),
        (116_000, "116 µs"),
        (999_499, "999 µs"),
        (999_500, "1.00 ms"),
        (2_680_000, "2.68 ms"),
        (9_994_000, "9.99 ms"),
        (9_996_000, "10.0 ms"),
        (99_960_000, "100 ms"),
        (999_499_999, "999 ms"),
        (999_500_000, "1.00 s"),
        (1_550_000_000, "1.55 s"),
        (59_949_999_999, "59.9 s"),
        (59_950_000_000, "1 min"),
        (200_000_000_000, "3 min 20 s"),
        (7_500_000_000_000, "2 h 5 min"),
        (86_400_000_000_000, "1 d"),
        (u64::MAX, "213503 d 23 h"),
    ];
    for (nanos, text) in cases {
        assert_eq!(words().duration(nanos), text);
    }
    for (millis, text) in [(0, "0 ms"), (100, "100 ms"), (2_000, "2 s"), (2_500, "2.5 s"), (60_000, "1 min")] {
        assert_eq!(words().duration_millis(millis), text);
    }
    assert_eq!(Words::of(Language::Chinese).duration(200_000_000_000), "3 分 20 s");
}

#[test]
fn sizes_and_rates() {
    let cases: [(u64, &str); 10] = [
        (0, "0 B"),
        (60, "60 B"),
        (999, "999 B"),
        (1_000, "1.0 kB"),
        (1_234, "1.2 kB"),
        (99_949, "99.9 kB"),
        (99_950, "100 kB"),
        (999_500, "1.0 MB"),
        (612_000_000, "612 MB"),
        (u64::MAX, "18447 PB"),
    ];
    for (bytes, text) in cases {
        assert_eq!(words().bytes(bytes), text);
    }
    assert_eq!(words().events_rate(52_000.4), "52,000/s");
    assert_eq!(words().events_rate(0.5), "0.5/s");
    assert_eq!(words().number(1_234_567), "1,234,567");
    assert_eq!(words().number(123), "123");
}

#[test]
fn locales_choose_a_language() {
    for (locale, language) in [
        ("zh_CN.UTF-8", Language::Chinese),
        ("zh", Language::Chinese),
        ("en_GB.UTF-8", Language::English),
        ("C", Language::English),
        ("", Language::English),
    ] {
        assert_eq!(Language::of_locale(locale), language);
    }
    assert_eq!(Language::Chinese.name(), "简体中文");
}

/// Every key that the sources ask for stands in the table: `words.get("…")`, `.fill("…")`, `.count("…")`.
#[test]
fn every_key_that_the_sources_use_exists() {
    let mut missing = Vec::new();
    for_each_source(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut |path, source| {
        for (method, key) in keys_in(source) {
            let found = match method {
                "count" => words().find(&format!("{key}_one")).and(words().find(&format!("{key}_many"))),
                _ => words().find(key),
            };
            if found.is_none() {
                missing.push(format!("{}: {method}(\"{key}\")", path.display()));
            }
        }
    });
    assert!(missing.is_empty(), "keys without words:\n{}", missing.join("\n"));
}

/// A key is used when it stands in the sources as a text of its own, or begins as a text that is put together there.
#[test]
fn every_key_is_used_by_the_sources() {
    let (mut whole, mut begun) = (BTreeSet::new(), BTreeSet::new());
    for_each_source(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut |_, source| {
        for text in source.split('"') {
            let end = text.find(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || c == '.' || c == '_'));
            match end.map(|end| text.split_at(end)) {
                None => drop(whole.insert(text.to_owned())),
                Some((start, rest)) if start.ends_with('.') && rest.starts_with('{') => {
                    begun.insert(start.to_owned());
                }
                Some(_) => {}
            }
        }
    });
    begun.remove(".");
    let is_used = |key: &str| {
        let counted = key.strip_suffix("_one").or_else(|| key.strip_suffix("_many")).unwrap_or(key);
        whole.contains(key) || whole.contains(counted) || begun.iter().any(|start| key.starts_with(start))
    };
    let unused: BTreeSet<_> = words().keys().filter(|key| !is_used(key)).collect();
    assert!(unused.is_empty(), "words that nothing says: {unused:?}");
}

#[test]
fn the_search_for_keys_finds_them() {
    let source = r#"words.get("a.b"); self.words().fill(
        "c.d", &[]); map.get("e.f"); w.count("g.h", 1); list.iter().count(); context.words.get( "i.j" )"#;
    let found: Vec<_> = keys_in(source).collect();
    assert_eq!(found, [("get", "a.b"), ("fill", "c.d"), ("count", "g.h"), ("get", "i.j")]);
}

/// The literal keys asked of words. `get` is a common name: there the value before it must be called `words`.
fn keys_in(source: &str) -> impl Iterator<Item = (&'static str, &str)> {
    ["get", "fill", "count"]
        .into_iter()
        .flat_map(move |method| {
            let call = format!(".{method}(");
            source
                .match_indices(&call)
                .map(|(at, call)| (at, at + call.len()))
                .collect::<Vec<_>>()
                .into_iter()
                .filter_map(move |(at, open)| {
                    let before = source[..at].trim_end().trim_end_matches("()");
                    let key = source[open..].trim_start().strip_prefix('"')?.split('"').next()?;
                    let is_key = key.contains('.')
                        && key.bytes().all(|b| b.is_ascii_lowercase() || b"._0123456789".contains(&b));
                    (is_key && (method != "get" || before.ends_with("words"))).then_some((at, method, key))
                })
        })
        .collect::<std::collections::BinaryHeap<_>>()
        .into_sorted_vec()
        .into_iter()
        .map(|(_, method, key)| (method, key))
}

fn for_each_source(folder: &Path, use_it: &mut dyn FnMut(&Path, &str)) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            for_each_source(&path, use_it);
        } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("words/tests.rs") {
            use_it(&path, &std::fs::read_to_string(&path).unwrap());
        }
    }
}
