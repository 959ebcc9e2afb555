//! What is sent, answered and awaited: written and read again, and mistakes with their place.

use std::collections::BTreeMap;

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use crate::model::*;
use crate::payload::checksum::catalogue;
use crate::workspace::{VERSION, Workspace, WorkspaceError};

/// The largest number that TOML can hold.
const MOST: u64 = i64::MAX as u64;

fn text() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), any::<String>(), "[a-z {}\\\\\"'\r\n\t\u{202e}=#\\[\\]]{0,24}"]
}

fn encoding() -> impl Strategy<Value = TextEncoding> {
    select(TextEncoding::ALL.to_vec())
}

fn checksum() -> impl Strategy<Value = Checksum> {
    let names: Vec<String> = catalogue().iter().map(|algorithm| algorithm.name.to_string()).collect();
    let order = option::of(select(vec![ByteOrder::Big, ByteOrder::Little]));
    let form = select(vec![SumForm::Binary, SumForm::Hex, SumForm::HexUpper]);
    let some = (select(names), order, form, text()).prop_map(|(algorithm, order, form, key)| Checksum {
        algorithm,
        order,
        form,
        key,
    });
    prop_oneof![Just(Checksum::default()), some]
}

fn draft() -> impl Strategy<Value = Draft> {
    let format = select(PayloadFormat::ALL.to_vec());
    (format, text(), encoding(), select(LineEnding::ALL.to_vec()), checksum())
        .prop_map(|(format, text, encoding, ending, checksum)| Draft { format, text, encoding, ending, checksum })
}

fn framing() -> impl Strategy<Value = Framing> {
    let prefix = (
        any::<u32>(),
        select(vec![1, 2, 3, 4, 8]),
        select(vec![ByteOrder::Big, ByteOrder::Little]),
        select(vec![Counts::Rest, Counts::FromLength, Counts::Whole]),
        any::<i32>(),
        any::<u32>(),
    );
    prop_oneof![
        Just(Framing::None),
        (vec(any::<u8>(), 1..6), any::<bool>(), any::<u32>())
            .prop_map(|(bytes, keep, most_bytes)| { Framing::Delimiter { bytes, keep, most_bytes } }),
        any::<u32>().prop_map(|most_bytes| Framing::Line { most_bytes }),
        (1..u32::MAX).prop_map(|bytes| Framing::Fixed { bytes }),
        prefix.prop_map(|(offset, width, order, counts, extra, most_bytes)| {
            Framing::LengthPrefix(LengthPrefix { offset, width, order, counts, extra, most_bytes })
        }),
        (0..=MOST, any::<u32>()).prop_map(|(nanos, most_bytes)| Framing::IdleGap { nanos, most_bytes }),
        any::<u32>().prop_map(|most_bytes| Framing::Slip { most_bytes }),
        any::<u32>().prop_map(|most_bytes| Framing::Cobs { most_bytes }),
        (any::<Option<u8>>(), any::<u32>()).prop_map(|(escape, most_bytes)| Framing::StxEtx { escape, most_bytes }),
    ]
}

fn pattern() -> impl Strategy<Value = FramePattern> {
    let how = select(vec![MatchHow::Any, MatchHow::Text, MatchHow::Hex, MatchHow::Regex, MatchHow::Length]);
    let place = select(vec![MatchPlace::Anywhere, MatchPlace::Begins, MatchPlace::Ends, MatchPlace::Whole]);
    (how, text(), place, encoding(), any::<bool>()).prop_map(|(how, pattern, place, encoding, ignore_case)| {
        FramePattern { how, pattern, place, encoding, ignore_case }
    })
}

fn reply() -> impl Strategy<Value = ReplyRule> {
    let act = select(vec![
        ReplyAct::Send,
        ReplyAct::Echo,
        ReplyAct::Discard,
        ReplyAct::Close,
        ReplyAct::FinishSending,
        ReplyAct::Reset,
    ]);
    let on = select(vec![Occasion::Frame, Occasion::Connect, Occasion::Close]);
    let times = option::of(any::<u32>());
    (text(), any::<bool>(), on, pattern(), act, draft(), 0..=MOST, 0..=MOST, times).prop_map(
        |(name, off, on, pattern, act, send, delay_millis, jitter_millis, times)| ReplyRule {
            name,
            off,
            on,
            pattern,
            act,
            send,
            delay_millis,
            jitter_millis,
            times,
        },
    )
}

fn http() -> impl Strategy<Value = HttpAnswer> {
    // What is no header field is refused.
    let (value, header) = ("[ -~é]{0,12}", "X-[A-Z]{1,5}:[ -~é]{0,9}");
    let some = (200..600_u16, value, vec(header, 0..3), draft())
        .prop_map(|(status, content_type, headers, body)| HttpAnswer { status, content_type, headers, body });
    prop_oneof![Just(HttpAnswer::default()), some]
}

fn modbus() -> impl Strategy<Value = ModbusUnit> {
    let bits = || btree_map(any::<u16>(), any::<bool>(), 0..4);
    let registers = || btree_map(any::<u16>(), any::<u16>(), 0..4);
    (any::<Option<u8>>(), 1..=65_536_u32, bits(), bits(), registers(), registers()).prop_map(
        |(unit, size, coils, inputs, holding, input_registers)| ModbusUnit {
            unit,
            size,
            coils,
            inputs,
            holding,
            input_registers,
        },
    )
}

fn protocol() -> impl Strategy<Value = Protocol> {
    let client = || ClientSettings::new(HostPort::new("plc-7.local", 502));
    prop_oneof![
        select(Answer::ALL.to_vec())
            .prop_map(|answer| Protocol::TcpListener(ListenerSettings { answer, ..ListenerSettings::default() })),
        select(Answer::FOR_CLIENTS.to_vec())
            .prop_map(move |answer| Protocol::TcpClient(ClientSettings { answer, ..client() })),
        select(Answer::FOR_UDP.to_vec()).prop_map(|answer| Protocol::Udp(UdpSettings { answer, ..Default::default() })),
    ]
}

fn endpoint() -> impl Strategy<Value = EndpointSettings> {
    let verify = option::of((checksum(), any::<u32>(), any::<u32>()).prop_map(|(checksum, skip, behind)| Verify {
        checksum,
        skip,
        behind,
    }));
    let decoder = prop_oneof![
        Just(DecoderChoice::ByPort),
        Just(DecoderChoice::None),
        "[a-z]{1,3}-[a-z]{1,9}".prop_map(DecoderChoice::from),
    ];
    (protocol(), framing(), decoder, verify, vec(reply(), 0..4), http(), modbus()).prop_map(
        |(protocol, framing, decoder, verify, replies, http, modbus)| EndpointSettings {
            framing,
            decoder,
            verify,
            replies,
            http,
            modbus,
            ..EndpointSettings::new(protocol)
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    let awaited = || (pattern(), 0..=MOST).prop_map(|(pattern, timeout_millis)| Awaited { pattern, timeout_millis });
    let how = select(vec![SequenceClose::Close, SequenceClose::FinishSending, SequenceClose::Reset]);
    let leaf = prop_oneof![
        draft().prop_map(Step::Send),
        awaited().prop_map(Step::WaitFor),
        awaited().prop_map(Step::Expect),
        (0..=MOST).prop_map(|millis| Step::Pause { millis }),
        (text(), draft()).prop_map(|(variable, value)| Step::Set { variable, value }),
        how.prop_map(|how| Step::Close { how }),
    ];
    leaf.prop_recursive(MOST_NESTED as u32, 24, 3, |inner| {
        (1..u32::MAX, vec(inner, 0..3)).prop_map(|(times, steps)| Step::Repeat { times, steps })
    })
}

fn sequence() -> impl Strategy<Value = Sequence> {
    (text(), text(), text(), option::of(1..=9_u8), text(), vec(step(), 0..4)).prop_map(
        |(name, folder, remark, shortcut, endpoint, steps)| Sequence {
            name,
            folder,
            remark,
            shortcut,
            endpoint,
            steps,
        },
    )
}

fn payload() -> impl Strategy<Value = SavedPayload> {
    (text(), text(), text(), option::of(1..=9_u8), draft())
        .prop_map(|(name, folder, remark, shortcut, draft)| SavedPayload { name, folder, remark, shortcut, draft })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn what_is_written_is_read_again_equal(
        endpoints in vec(endpoint(), 0..3),
        payloads in vec(payload(), 0..3),
        sequences in vec(sequence(), 0..3),
    ) {
        let workspace = Workspace { endpoints, payloads, sequences, ..Workspace::default() };
        let text = workspace.to_text().unwrap();
        prop_assert_eq!(Workspace::parse(&text).unwrap(), workspace, "{}", text);
    }

    #[test]
    fn no_text_makes_the_reader_panic(body in "[\\[\\]a-z={}'\" \n0-9._-]{0,200}") {
        let _ = Workspace::parse(&format!("version = 3\n[[sequence]]\nname = 'x'\n{body}"));
        let _ = Workspace::parse(&format!("version = 3\n[[endpoint]]\ntype = 'udp'\n{body}"));
    }
}

fn nested(depth: usize) -> Sequence {
    let innermost = vec![Step::Pause { millis: 1 }];
    let steps = (0..depth).fold(innermost, |steps, _| vec![Step::Repeat { times: 2, steps }]);
    Sequence { name: "deep".into(), steps, ..Sequence::default() }
}

#[test]
fn repeats_stand_in_each_other_as_deep_as_is_allowed() {
    let of = |depth| Workspace { sequences: vec![nested(depth)], ..Workspace::default() };
    let most = of(MOST_NESTED);
    assert_eq!(Workspace::parse(&most.to_text().unwrap()).unwrap(), most);
    let refused = Workspace::parse(&of(MOST_NESTED + 1).to_text().unwrap());
    assert!(matches!(refused, Err(WorkspaceError::Syntax { ref message, .. }) if message.contains("8 deep")));
}

#[test]
fn mistakes_are_told_with_their_place() {
    let at_endpoint = |rest: &str| format!("version = 3\n[[endpoint]]\ntype = 'udp'\n{rest}");
    let at_sequence = |rest: &str| format!("version = 3\n[[sequence]]\nname = 'é'\n{rest}");
    let at_payload = |rest: &str| format!("version = 3\n[[payload]]\nname = 'é'\n{rest}");
    let cases = [
        (at_payload("shortcut = 0"), 4, 12, "from 1 to 9"),
        (at_payload("shortcut = 10"), 4, 12, "from 1 to 9"),
        (at_payload("shortcut = 'x'"), 4, 12, "shortcut: "),
        (at_payload("folder = 7"), 4, 10, "folder: "),
        (at_payload("format = 'octal'"), 4, 10, "format: "),
        (at_payload("checksum = 'CRC-17/X'"), 4, 12, "not in the catalogue"),
        (at_endpoint("[endpoint.framing]\ntype = 'words'"), 5, 8, "no framing"),
        (at_endpoint("[endpoint.framing]\nmost_bytes = 1"), 4, 1, "type is missing"),
        (at_endpoint("[endpoint.framing]\ntype = 'fixed'\nbytes = 0"), 6, 9, "1 or more"),
        (at_endpoint("[endpoint.framing]\ntype = 'length-prefix'\nwidth = 5"), 6, 9, "1, 2, 3, 4 or 8"),
        (at_endpoint("[endpoint.framing]\ntype = 'slip'\nbytes = 3"), 6, 1, "bytes is not known here"),
        (at_endpoint("framing = 'line'"), 4, 11, "[framing]"),
        (at_endpoint("[[endpoint.reply]]\non = 'rain'"), 5, 6, "on: "),
        (at_endpoint("[[endpoint.reply]]\nsend = { txt = 'x' }"), 5, 10, "txt is not known here"),
        (at_endpoint("[endpoint.http]\nstatus = 99"), 5, 10, "200 to 599"),
        (at_endpoint("[endpoint.http]\nheaders = ['a']"), 5, 11, "Name: value"),
        (at_endpoint("[endpoint.http]\ncontent_type = \"a\\u0007\""), 5, 16, "control characters"),
        (at_endpoint("[endpoint.modbus]\nsize = 0"), 5, 8, "1 to 65536"),
        (at_endpoint("[endpoint.modbus]\ncoils = { x = true }"), 5, 9, "no address"),
        (at_endpoint("[endpoint.verify]\nchecksum = 'md55'"), 5, 12, "not in the catalogue"),
        (at_sequence("[[sequence.step]]\ndo = 'jump'"), 5, 6, "no step"),
        (at_sequence("[[sequence.step]]\ndo = 'repeat'\ntimes = 0"), 6, 9, "1 or more"),
        (at_sequence("[[sequence.step]]\ndo = 'pause'"), 4, 1, "millis is missing"),
        (at_sequence("step = 1"), 4, 8, "write [[step]]"),
    ];
    for (text, line, column, expected) in cases {
        match Workspace::parse(&text) {
            Err(WorkspaceError::Syntax { line: l, column: c, message }) => {
                assert_eq!((l, c), (line, column), "{text}: {message}");
                assert!(message.contains(expected), "{text}: {message}");
            }
            other => panic!("{text} gives {other:?}"),
        }
    }
}

#[test]
fn what_was_not_said_has_its_usual_value() {
    let text = format!(
        "version = {VERSION}\n[[endpoint]]\ntype = 'udp'\n[endpoint.modbus]\nholding = {{ 7 = 9 }}\n[[sequence]]\nname = \
         's'\n[[sequence.step]]\ndo = 'expect'\n"
    );
    let workspace = Workspace::parse(&text).unwrap();
    let modbus = &workspace.endpoints[0].modbus;
    assert_eq!((modbus.size, &modbus.holding), (65_536, &BTreeMap::from([(7, 9)])));
    assert_eq!(workspace.sequences[0].steps, [Step::Expect(Awaited::default())]);
}
