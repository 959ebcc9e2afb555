//! A slow matcher that reads every event and knows no shortcut, compared with the fast one on random sessions.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::filter::{AddressPattern, Bounds, HexByte, Host, Moment, Term};
use crate::model::{
    By, ConnectionId, Direction, Encodings, EndpointId, Event, Flow, Happening, Note, Recorded, Role, TextEncoding,
    Timestamp, Transport, What,
};
use crate::session::{Notes, Recorder, RecorderOptions};

/// 2026-11-23 07:00:00 UTC.
const FIRST: u64 = 1_795_417_200_000_000_000;
const SECOND: u64 = 1_000_000_000;
const LIMIT: Duration = Duration::from_secs(60);

#[test]
fn marks_are_in_order_and_apart() {
    assert_eq!(apart(vec![5..7, 0..2, 1..3, 3..4, 9..9], 10), [0..3, 3..4, 5..7]);
    assert_eq!(apart(vec![5..7, 0..2, 1..3], 1), std::slice::from_ref(&(0..3)));
}

fn flows() -> Vec<Arc<Flow>> {
    let flow = |connection: u32, transport, role, local: &str, peer: Option<&str>, mirror| {
        Arc::new(Flow {
            endpoint: EndpointId(1 + role as u32),
            endpoint_uri: format!("{transport}://{local}").into(),
            connection: ConnectionId(connection),
            transport,
            role,
            local: Some(local.parse().unwrap()),
            peer: peer.map(|peer| peer.parse().unwrap()),
            mirror,
        })
    };
    use Transport::{Tcp, Udp};
    vec![
        flow(0, Tcp, Role::Listener, "127.0.0.1:9000", None, false),
        flow(1, Tcp, Role::Listener, "127.0.0.1:9000", Some("127.0.0.1:50000"), false),
        flow(2, Tcp, Role::Client, "[::1]:50001", Some("[::1]:80"), false),
        flow(3, Udp, Role::Datagram, "[::]:5005", Some("[::ffff:192.168.1.7]:5005"), false),
        flow(4, Udp, Role::Datagram, "0.0.0.0:5005", Some("192.168.2.9:1234"), false),
        flow(70_000, Tcp, Role::Listener, "127.0.0.1:9000", Some("127.0.0.1:50001"), true),
    ]
}

fn content() -> impl Strategy<Value = Vec<u8>> {
    let word = prop_oneof![
        Just(b"ping".to_vec()),
        Just(b"PiNg 42\r\n".to_vec()),
        Just("温度".as_bytes().to_vec()),
        Just(vec![0xce, 0xc2, 0xb6, 0xc8]),
        Just(vec![0, 0xff, 0x0d, 0x0a]),
        prop::collection::vec(any::<u8>(), 0..12),
    ];
    prop_oneof![
        9 => prop::collection::vec(word, 0..5).prop_map(|words| words.concat()),
        1 => (any::<u8>(), 1000..60_000usize).prop_map(|(byte, count)| [vec![byte; count], b"ping".to_vec()].concat()),
    ]
}

/// Which flow, what, and nanoseconds since the event before.
fn events() -> impl Strategy<Value = Vec<(usize, u8, Vec<u8>, u64)>> {
    let pause = prop_oneof![0..2000u64, 0..(3 * SECOND)];
    prop::collection::vec((0..6usize, 0..12u8, content(), pause), 1..120)
}

fn session(events: &[(usize, u8, Vec<u8>, u64)]) -> (tempfile::TempDir, Arc<Log>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("session.pcapng");
    let options = RecorderOptions { path: Some(path.clone()), ..RecorderOptions::default() };
    let (recorder, handle, _) = Recorder::start(options).unwrap();
    let flows = flows();
    let mut time = FIRST;
    for (flow, what, bytes, pause) in events {
        time += pause;
        let flow = flows[*flow].clone();
        let what = match what {
            0..5 if !flow.connection.is_none() => What::Received(bytes.clone().into()),
            5..10 if !flow.connection.is_none() => What::Sent(bytes.clone().into()),
            10 => What::Happened(Box::new(Happening::PeerFinished { received: 7 })),
            _ => What::Happened(Box::new(Happening::Reset { by: By::Peer, received: 1, sent: 2 })),
        };
        handle.note(Event { time: Timestamp(time), flow, what });
    }
    drop(handle);
    recorder.finish(LIMIT);
    let log = Log::open(&path).unwrap();
    log.wait_complete(LIMIT);
    (folder, log)
}

fn bounds(most: u64) -> impl Strategy<Value = Bounds<u64>> {
    (0..=most, 0..=most).prop_map(|(a, b)| Bounds { least: a.min(b), most: a.max(b) })
}

fn address() -> impl Strategy<Value = AddressPattern> {
    let hosts = ["127.0.0.1", "::1", "192.168.1.0", "::ffff:192.168.2.9", "0.0.0.0", "::"];
    let host = (prop::sample::select(hosts.to_vec()), prop::sample::select(&[0u8, 8, 24, 32, 64, 96, 120, 128][..]));
    let host = host.prop_map(|(host, prefix)| Host { address: host.parse().unwrap(), prefix });
    let port = prop::sample::select(&[80u16, 5005, 9000, 50_001][..]);
    (prop::option::of(host), prop::option::of(port)).prop_map(|(host, port)| AddressPattern { host, port })
}

fn moment() -> impl Strategy<Value = Moment> {
    let date = prop::option::of(prop::sample::select(&[(2026, 11, 23), (2026, 11, 22), (2026, 2, 31)][..]));
    (date, 0..300 * SECOND).prop_map(|(date, nanos)| Moment { date, time_nanos: 7 * 3600 * SECOND + nanos })
}

fn term() -> impl Strategy<Value = Term> {
    let words = ["ping", "PING 4", "温度", "g", "42\r\n", "peer", "\u{ff}", "no such text", "ing\u{0}"];
    let patterns = [r"p.ng", r"^ping", r"\d+\r", r"(?-u)\xff.", "温", "(", r"\bby\b", r"$"];
    let byte = prop_oneof![
        Just(HexByte { value: 0xff, mask: 0xff }),
        Just(HexByte { value: 0x0d, mask: 0xff }),
        Just(HexByte { value: b'p', mask: 0xff }),
        Just(HexByte { value: 0x60, mask: 0xf0 }),
        Just(HexByte { value: 0, mask: 0 }),
    ];
    prop_oneof![
        4 => prop::sample::select(words.to_vec()).prop_map(|text| Term::Text(text.to_owned())),
        2 => (prop::sample::select(patterns.to_vec()), any::<bool>())
            .prop_map(|(pattern, ignore_case)| Term::Regex { pattern: pattern.to_owned(), ignore_case }),
        2 => prop::collection::vec(byte, 1..4).prop_map(Term::Hex),
        1 => prop::sample::select(&[Direction::In, Direction::Out][..]).prop_map(Term::Direction),
        1 => prop::sample::subsequence(&EventKind::ALL[..], 1..20).prop_map(Term::Kind),
        1 => address().prop_map(Term::From),
        1 => address().prop_map(Term::To),
        1 => address().prop_map(Term::Peer),
        1 => bounds(60_000).prop_map(Term::Port),
        1 => bounds(5).prop_map(Term::Connection),
        1 => prop::sample::select(&["9000", "TCP://", "::", "nowhere"][..]).prop_map(|uri| Term::Endpoint(uri.into())),
        1 => prop::sample::select(&[Transport::Tcp, Transport::Udp][..]).prop_map(Term::Transport),
        1 => bounds(40).prop_map(Term::Size),
        1 => moment().prop_map(Term::After),
        1 => moment().prop_map(Term::Before),
        1 => (0..100 * SECOND).prop_map(Term::Within),
        2 => bounds(5 * SECOND).prop_map(Term::Gap),
        1 => Just(Term::HasNote),
        1 => prop_oneof![Just(Term::Damaged), Just(Term::WrongSum), Just(Term::BadFrame)],
    ]
}

fn expression() -> impl Strategy<Value = Expression> {
    term().prop_map(Expression::Is).prop_recursive(3, 10, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4).prop_map(Expression::All),
            prop::collection::vec(inner.clone(), 2..4).prop_map(Expression::Any),
            inner.prop_map(|inner| Expression::Not(Box::new(inner))),
        ]
    })
}

fn query() -> impl Strategy<Value = Query> {
    let scope = prop_oneof![
        6 => Just(Scope::All),
        1 => Just(Scope::Connection(ConnectionId(1))),
        1 => Just(Scope::Endpoint(EndpointId(1))),
    ];
    let encoding = prop::sample::select(&[TextEncoding::Utf8, TextEncoding::Gbk, TextEncoding::Latin1][..]);
    let encodings = (encoding.clone(), prop::option::of((1..4u32, encoding.clone())), prop::option::of(encoding));
    let only = prop::option::weighted(0.2, Just(Arc::from([2..=5, 9..=9, 20..=100])));
    let chips = prop::collection::vec(prop::bool::weighted(0.9), 4);
    (scope, encodings, only, chips, prop::option::of(0..100 * SECOND)).prop_map(
        |(scope, (everywhere, connection, endpoint), only, chips, selected)| {
            let connections = connection.into_iter().map(|(id, encoding)| (ConnectionId(id), encoding)).collect();
            let endpoints = endpoint.into_iter().map(|encoding| (EndpointId(3), encoding)).collect();
            Query {
                scope,
                received: chips[0],
                sent: chips[1],
                state: chips[2],
                errors: chips[3],
                encodings: Arc::new(Encodings { everywhere, connections, endpoints }),
                only,
                selected_time: selected.map(|nanos| Timestamp(FIRST + nanos)),
                ..Query::default()
            }
        },
    )
}

/// One event with what is known around it.
struct Seen<'a> {
    query: &'a Query,
    notes: &'a Notes,
    event: &'a Recorded,
    before: Option<&'a Recorded>,
    first: Timestamp,
    /// The sentence in the file.
    sentence: &'a str,
}

impl Seen<'_> {
    fn fits(&self, expression: &Expression) -> bool {
        match expression {
            Expression::All(all) => all.iter().all(|one| self.fits(one)),
            Expression::Any(any) => any.iter().any(|one| self.fits(one)),
            Expression::Not(not) => !self.fits(not),
            Expression::Is(term) => self.is(term),
        }
    }

    fn content(&self) -> &[u8] {
        self.event.event.bytes().map_or(self.sentence.as_bytes(), |bytes| bytes)
    }

    fn is(&self, term: &Term) -> bool {
        let Event { time, flow, what } = &self.event.event;
        let kind = self.event.event.kind();
        let (source, target) = match what {
            What::Received(_) => (flow.peer, flow.local),
            What::Sent(_) => (flow.local, flow.peer),
            What::Happened(_) => (None, None),
        };
        match term {
            Term::Text(text) => self.has_text(text),
            Term::Regex { pattern, ignore_case } => {
                let pattern = if *ignore_case { format!("(?i:{pattern})") } else { pattern.clone() };
                Regex::new(&pattern).is_ok_and(|regex| regex.is_match(self.content()))
            }
            Term::Hex(hex) => self
                .content()
                .windows(hex.len())
                .any(|window| window.iter().zip(hex).all(|(byte, hex)| (byte ^ hex.value) & hex.mask == 0)),
            Term::Direction(direction) => self.event.event.direction() == Some(*direction),
            Term::Kind(kinds) => kinds.contains(&kind),
            Term::From(pattern) => is_at(pattern, source),
            Term::To(pattern) => is_at(pattern, target),
            Term::Peer(pattern) => is_at(pattern, flow.peer),
            Term::Port(bounds) => [flow.local, flow.peer].iter().flatten().any(|a| bounds.hold(&a.port().into())),
            Term::Connection(bounds) => !flow.connection.is_none() && bounds.hold(&flow.connection.0.into()),
            Term::Endpoint(text) => flow.endpoint_uri.to_lowercase().contains(&text.to_lowercase()),
            Term::Transport(transport) => flow.transport == *transport,
            Term::Size(bounds) => self.event.event.bytes().is_some_and(|bytes| bounds.hold(&(bytes.len() as u64))),
            Term::After(moment) => self.moment(moment).is_some_and(|moment| *time >= moment),
            Term::Before(moment) => self.moment(moment).is_some_and(|moment| *time < moment),
            Term::Within(nanos) => self.query.selected_time.is_some_and(|at| time.0.abs_diff(at.0) <= *nanos),
            Term::Gap(bounds) => {
                !flow.connection.is_none()
                    && self.before.is_some_and(|before| bounds.hold(&time.nanos_since(before.event.time)))
            }
            Term::HasNote => self.notes.by_seq.contains_key(&self.event.seq),
            Term::Damaged => self.event.damaged,
            // No endpoint verifies, and no frames are looked at.
            Term::WrongSum | Term::BadFrame => false,
        }
    }

    fn has_text(&self, text: &str) -> bool {
        let flow = &self.event.event.flow;
        let encoding =
            if self.event.event.bytes().is_some() { self.query.encodings.of(flow) } else { TextEncoding::Utf8 };
        let encoded = match encoding {
            TextEncoding::Utf8 => Some(text.as_bytes().to_vec()),
            TextEncoding::Latin1 => text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect(),
            _ => {
                let (bytes, _, unmappable) = encoding_rs::GBK.encode(text);
                (!unmappable).then(|| bytes.into_owned())
            }
        };
        // No letter stands within a wide character of the words used here.
        encoded.is_some_and(|text| self.content().windows(text.len()).any(|hay| hay.eq_ignore_ascii_case(&text)))
    }

    fn moment(&self, moment: &Moment) -> Option<Timestamp> {
        let (year, month, day) = moment.date.unwrap_or((2026, 11, 23));
        let date = jiff::civil::date(year, 1, 1).with().month(month as i8).day(day as i8).build().ok()?;
        let midnight = date.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_nanosecond() as u64;
        assert!(self.first.0 - FIRST < 3600 * SECOND, "the first event is on the first day");
        Some(Timestamp(midnight + moment.time_nanos))
    }

    fn is_shown(&self) -> bool {
        let Query { scope, received, sent, state, errors, only, .. } = self.query;
        let (kind, flow) = (self.event.event.kind(), &self.event.event.flow);
        let chip = match kind {
            EventKind::Received => *received,
            EventKind::Sent => *sent,
            kind if kind.is_error() => *errors,
            _ => *state,
        };
        let scope = match scope {
            Scope::All => true,
            Scope::Connection(connection) => flow.connection == *connection,
            Scope::Endpoint(endpoint) => flow.endpoint == *endpoint,
        };
        chip && scope && only.as_ref().is_none_or(|only| only.iter().any(|range| range.contains(&self.event.seq)))
    }
}

fn is_at(pattern: &AddressPattern, address: Option<SocketAddr>) -> bool {
    let Some(address) = address else { return false };
    let bits = |ip: IpAddr| match ip {
        IpAddr::V4(ip) => format!("{:032b}", ip.to_bits()),
        IpAddr::V6(ip) => format!("{:0128b}", ip.to_bits()),
    };
    let host = pattern.host.as_ref().is_none_or(|host| {
        let ip = match (host.address, address.ip().to_canonical()) {
            (IpAddr::V6(_), IpAddr::V4(ip)) => ip.to_ipv6_mapped().into(),
            (_, ip) => ip,
        };
        let (host_bits, bits) = (bits(host.address), bits(ip));
        let counted = usize::from(host.prefix).min(bits.len());
        host_bits.len() == bits.len() && host_bits[..counted] == bits[..counted]
    });
    host && pattern.port.is_none_or(|port| port == address.port())
}

fn ready(query: &Query, expression: &Expression, notes: &Arc<Notes>) -> Matcher {
    let mut matcher = Matcher::of(query, Some(expression));
    (matcher.has_notes, matcher.known.notes) = (true, notes.clone());
    matcher
}

#[test]
fn what_counts_on_notes_is_outdated_when_they_change() {
    let notes = Arc::new(Notes { by_seq: BTreeMap::new(), version: 3 });
    let outdated = |term: Term, version| {
        let expression = Expression::Not(Box::new(Expression::Is(term)));
        ready(&Query::default(), &expression, &notes).is_outdated(version)
    };
    assert!(!outdated(Term::HasNote, 3) && outdated(Term::HasNote, 4));
    assert!(!outdated(Term::Damaged, 4));
}

/// The places that a matcher finds when it looks at so many rows at once.
fn scanned(log: &Log, mut matcher: Matcher, at_once: usize) -> Vec<u64> {
    let mut reader = Reader::new(log, 64 * 1024);
    let (mut first, mut rows, mut all) = (0, Vec::new(), Vec::new());
    loop {
        log.rows.copy(first, at_once, &mut rows);
        if rows.is_empty() {
            return all;
        }
        let mut found = Vec::new();
        matcher.scan(log, &mut reader, first, &rows, None, &mut found);
        all.extend(found.into_iter().map(|place| first + u64::from(place)));
        first += rows.len() as u64;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn finds_what_the_slow_matcher_finds(
        events in events(),
        asked in prop::collection::vec((query(), expression()), 16),
        noted in prop::collection::btree_set(1..100u64, 0..10),
        torn in prop::option::weighted(0.3, any::<prop::sample::Index>()),
    ) {
        let (_folder, log) = session(&events);
        if let Some(torn) = torn {
            // One bit of a payload is another than the checksum says; no header is longer than 100 bytes.
            let row = log.rows.get(torn.index(events.len()) as u64).unwrap();
            if row.length() > 48 && matches!(row.kind(), EventKind::Received | EventKind::Sent) {
                flip(&log, row.offset() + 100);
            }
        }
        let by_seq: BTreeMap<u64, Arc<Note>> = noted
            .iter()
            .map(|seq| (*seq, Arc::new(Note { seq: *seq, text: String::new(), time: Timestamp(0) })))
            .collect();
        let notes = Arc::new(Notes { by_seq, version: 1 });
        let rows = log.state().rows;
        let Ok(all) = (0..rows).map(|row| log.read(row)).collect::<Result<Vec<_>, _>>() else { return Ok(()) };
        let sentences: Vec<String> = (0..rows).map(|row| {
            let mut reader = Reader::new(&log, 4096);
            let stored = reader.stored(log.rows.get(row).unwrap()).unwrap();
            String::from_utf8_lossy(stored.message().unwrap_or_default()).into_owned()
        }).collect();
        for (query, expression) in asked {
            let expected: Vec<u64> = (0..all.len()).filter(|at| {
                let event = &all[*at];
                let before = all[..*at].iter().rfind(|e| e.event.flow.connection == event.event.flow.connection);
                let seen = Seen { query: &query, notes: &notes, event, before, first: all[0].event.time, sentence: &sentences[*at] };
                seen.is_shown() && seen.fits(&expression)
            }).map(|at| at as u64).collect();
            for at_once in [1, 7, 1000] {
                prop_assert_eq!(&scanned(&log, ready(&query, &expression, &notes), at_once), &expected, "{:?}", expression);
            }
            // One after the other, and each by itself.
            let mut reader = Reader::new(&log, 4096);
            let mut one = ready(&query, &expression, &notes);
            let each = (0..rows).filter(|row| one.matches(&log, &mut reader, *row, log.rows.get(*row).unwrap()));
            prop_assert_eq!(&each.collect::<Vec<_>>(), &expected, "{:?}", expression);
            for row in (0..rows).step_by(17) {
                let alone = ready(&query, &expression, &notes).matches(&log, &mut reader, row, log.rows.get(row).unwrap());
                prop_assert_eq!(alone, expected.contains(&row), "{:?}", expression);
            }
            // Only some are asked about.
            let some: Vec<u32> = (0..rows as u32).filter(|row| row % 3 == 1).collect();
            let (mut copied, mut found) = (Vec::new(), Vec::new());
            log.rows.copy(0, 1000, &mut copied);
            ready(&query, &expression, &notes).scan(&log, &mut reader, 0, &copied, Some(&some), &mut found);
            let expected: Vec<u32> = expected.iter().map(|at| *at as u32).filter(|row| row % 3 == 1).collect();
            prop_assert_eq!(found, expected, "{:?}", expression);
        }
    }

    #[test]
    fn what_is_marked_is_what_was_looked_for(payload in content(), text in "[a-z温0-9]{1,3}") {
        let query = Query::default();
        let mut matcher = Matcher::of(&query, Some(&Expression::Is(Term::Text(text.clone()))));
        let row = Row::new(0, EventKind::Sent, ConnectionId(1), EndpointId(1), payload.len());
        let (_folder, log) = session(&[]);
        let marks = matcher.marks(&log, row, &payload, 10_000);
        prop_assert!(marks.iter().all(|range| payload[range.clone()].eq_ignore_ascii_case(text.as_bytes())));
        prop_assert!(marks.windows(2).all(|pair| pair[0].end <= pair[1].start));
        let occurs = payload.windows(text.len()).any(|hay| hay.eq_ignore_ascii_case(text.as_bytes()));
        prop_assert_eq!(occurs, !marks.is_empty());
    }
}

fn flip(log: &Log, at: u64) {
    use std::io::{Read, Seek, SeekFrom, Write};
    let mut file = std::fs::File::options().read(true).write(true).open(log.path()).unwrap();
    let mut byte = [0];
    file.seek(SeekFrom::Start(at)).unwrap();
    if file.read(&mut byte).unwrap() == 1 {
        file.seek(SeekFrom::Start(at)).unwrap();
        file.write_all(&[byte[0] ^ 1]).unwrap();
    }
}
