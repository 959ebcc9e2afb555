//! Automatic replies on real sockets.

mod engine_support;

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use engine_support::{Bench, PATIENCE, local_listener, local_udp};
use sockscope::engine::{Repeat, SendState, Source, Target};
use sockscope::model::{
    Answer, ByteOrder, ClientSettings, Doing, Draft, EndpointId, EndpointSettings, Failure, FramePattern, Framing,
    Happening, HostPort, LengthPrefix, ListenerSettings, MatchHow, MatchPlace, Occasion, PayloadFormat, Protocol,
    Reason, ReplyAct, ReplyRule, UdpSettings, What,
};
use sockscope::workspace::WorkspaceSupply;

const LINE: Framing = Framing::Line { most_bytes: 1024 };

fn pattern(how: MatchHow, text: &str) -> FramePattern {
    FramePattern { how, pattern: text.into(), place: MatchPlace::Whole, ..FramePattern::default() }
}

fn rule(pattern: FramePattern, send: &str) -> ReplyRule {
    ReplyRule { pattern, send: Draft { text: send.into(), ..Draft::default() }, ..ReplyRule::default() }
}

fn settings(protocol: Protocol, framing: Framing, replies: Vec<ReplyRule>) -> EndpointSettings {
    EndpointSettings { framing, replies, ..EndpointSettings::new(protocol) }
}

fn listener(framing: Framing, replies: Vec<ReplyRule>) -> EndpointSettings {
    settings(Protocol::TcpListener(local_listener()), framing, replies)
}

fn open(bench: &Bench, id: u32, settings: EndpointSettings) -> SocketAddr {
    bench.engine.open(EndpointId(id), settings).unwrap();
    bench.wait_listening(id)
}

fn peer(at: SocketAddr) -> TcpStream {
    let peer = TcpStream::connect(at).unwrap();
    peer.set_nodelay(true).unwrap();
    peer.set_read_timeout(Some(PATIENCE)).unwrap();
    peer
}

fn expect(peer: &mut TcpStream, wanted: &str) {
    let mut got = vec![0; wanted.len()];
    peer.read_exact(&mut got).unwrap();
    assert_eq!(String::from_utf8_lossy(&got), wanted);
}

/// Sends a piece and waits until it was received as a chunk of its own.
fn segment(bench: &Bench, peer: &mut TcpStream, bytes: &[u8], so_far: usize) {
    peer.write_all(bytes).unwrap();
    bench.wait_received(None, so_far + bytes.len());
}

fn hits(bench: &Bench, id: u32, wanted: &[u64]) {
    bench.wait_snapshot("hits", |s| {
        let replies = &s.endpoint(EndpointId(id))?.replies;
        let got: Vec<u64> = replies.iter().map(|reply| reply.hits).collect();
        (got == wanted && replies.iter().all(|reply| (reply.hits > 0) == reply.last.is_some())).then_some(())
    });
}

#[test]
fn frames_are_answered_once_however_the_stream_is_cut() {
    let bench = Bench::start();
    let rules = vec![
        ReplyRule { off: true, ..rule(pattern(MatchHow::Any, ""), "never") },
        rule(pattern(MatchHow::Text, "LOGIN"), "welcome\\n"),
        rule(pattern(MatchHow::Regex, r"^add (\d+)"), "sum\\n"),
        ReplyRule { act: ReplyAct::Echo, ..rule(pattern(MatchHow::Length, "3"), "") },
        ReplyRule { act: ReplyAct::Discard, ..rule(pattern(MatchHow::Hex, "71 ??"), "") },
        rule(pattern(MatchHow::Any, ""), "what\\n"),
    ];
    let at = open(&bench, 1, listener(LINE, rules));
    let mut peer = peer(at);
    segment(&bench, &mut peer, b"LO", 0);
    segment(&bench, &mut peer, b"GI", 2);
    segment(&bench, &mut peer, b"N\r\n", 4);
    expect(&mut peer, "welcome\n");
    peer.write_all(b"LOGIN\nadd 42\nqq\nabc\r\nqqqq\n").unwrap();
    expect(&mut peer, "welcome\nsum\nabc\r\nwhat\n");
    hits(&bench, 1, &[0, 2, 1, 1, 1, 1]);
}

#[test]
fn rules_act_at_the_beginning_and_at_the_end_and_so_many_times() {
    let bench = Bench::start();
    let rules = vec![
        ReplyRule { on: Occasion::Connect, ..rule(pattern(MatchHow::Any, ""), "hello\\n") },
        ReplyRule { times: Some(2), ..rule(pattern(MatchHow::Any, ""), "yes\\n") },
        rule(pattern(MatchHow::Any, ""), "no\\n"),
        ReplyRule { on: Occasion::Close, ..rule(pattern(MatchHow::Any, ""), "bye\\n") },
    ];
    let at = open(&bench, 1, listener(LINE, rules));
    for _ in 0..2 {
        let mut peer = peer(at);
        expect(&mut peer, "hello\n");
        peer.write_all(b"1\n2\n3\nthe rest").unwrap();
        expect(&mut peer, "yes\nyes\nno\n");
        peer.shutdown(std::net::Shutdown::Write).unwrap();
        expect(&mut peer, "no\nbye\n");
    }
    hits(&bench, 1, &[2, 4, 4, 2]);
}

#[test]
fn connections_are_ended_by_rules() {
    let bench = Bench::start();
    let acts = [("fin", ReplyAct::FinishSending), ("close", ReplyAct::Close), ("reset", ReplyAct::Reset)];
    let rules = acts.map(|(text, act)| ReplyRule { act, ..rule(pattern(MatchHow::Text, text), "") });
    let at = open(&bench, 1, listener(LINE, rules.to_vec()));
    let mut finished = peer(at);
    finished.write_all(b"fin\n").unwrap();
    assert_eq!(finished.read(&mut [0; 1]).unwrap(), 0);
    bench.wait_for("its row", |h| matches!(h, Happening::Finished { .. }));
    let mut closed = peer(at);
    closed.write_all(b"close\n").unwrap();
    assert_eq!(closed.read(&mut [0; 1]).unwrap(), 0);
    let mut reset = peer(at);
    reset.write_all(b"reset\n").unwrap();
    assert_eq!(reset.read(&mut [0; 1]).unwrap_err().kind(), ErrorKind::ConnectionReset);
    hits(&bench, 1, &[1, 1, 1]);
}

#[test]
fn delayed_replies_keep_their_order_and_hold_up_no_other_connection() {
    let bench = Bench::start();
    let slow = ReplyRule { delay_millis: 300, jitter_millis: 20, ..rule(pattern(MatchHow::Text, "slow"), "slow\\n") };
    let at = open(&bench, 1, listener(LINE, vec![slow, rule(pattern(MatchHow::Any, ""), "fast\\n")]));
    let (mut first, mut second) = (peer(at), peer(at));
    let began = std::time::Instant::now();
    first.write_all(b"slow\nfast\n").unwrap();
    bench.wait_received(None, 10);
    second.write_all(b"fast\n").unwrap();
    expect(&mut second, "fast\n");
    expect(&mut first, "slow\nfast\n");
    assert!(began.elapsed() >= Duration::from_millis(300));
    bench.wait("the slow reply", |e| matches!(&e.what, What::Sent(bytes) if bytes.starts_with(b"slow")).then_some(()));
    let sent: Vec<_> = bench.events().into_iter().filter(|e| matches!(e.what, What::Sent(_))).collect();
    assert_ne!(sent[0].flow.connection, sent[1].flow.connection, "the other connection went first");
}

#[test]
fn a_pause_ends_a_frame() {
    let bench = Bench::start();
    let gap = Framing::IdleGap { nanos: 30_000_000, most_bytes: 1024 };
    let at = open(&bench, 1, listener(gap, vec![rule(pattern(MatchHow::Text, "abc"), "ok")]));
    let mut peer = peer(at);
    peer.write_all(b"abc").unwrap();
    expect(&mut peer, "ok");
}

#[test]
fn rules_change_under_living_connections_and_keep_their_counts() {
    let bench = Bench::start();
    let kept = rule(pattern(MatchHow::Text, "a"), "A\\n");
    let at = open(&bench, 1, listener(LINE, vec![kept.clone()]));
    let mut peer = peer(at);
    peer.write_all(b"a\n").unwrap();
    expect(&mut peer, "A\n");
    hits(&bench, 1, &[1]);
    let semicolon = Framing::Delimiter { bytes: b";".to_vec(), keep: false, most_bytes: 100 };
    let bad = ReplyRule { name: "login".into(), ..rule(pattern(MatchHow::Regex, "a(b"), "") };
    let tuned = listener(semicolon, vec![bad, rule(pattern(MatchHow::Text, "b"), "B\\n"), kept]);
    bench.engine.retune(EndpointId(1), tuned);
    // The one that cannot be made ready is told of, by its number, its name and the place.
    let told = bench.wait_for("what is wrong", |h| matches!(h, Happening::Failed { .. }));
    let failure = told.happening().and_then(Happening::failure).cloned().unwrap();
    assert_eq!((failure.doing, failure.on.as_str()), (Doing::Reply, "1 (login)"));
    assert!(failure.system.contains("character 2"), "{failure:?}");
    peer.write_all(b"b;a;").unwrap();
    expect(&mut peer, "B\nA\n");
    hits(&bench, 1, &[0, 1, 2]);
}

#[test]
fn each_datagram_is_answered_by_itself() {
    let bench = Bench::start();
    let rules = vec![
        ReplyRule { on: Occasion::Connect, ..rule(pattern(MatchHow::Any, ""), "hello") },
        rule(pattern(MatchHow::Text, "ping"), "pong"),
        ReplyRule { delay_millis: 20, ..rule(pattern(MatchHow::Text, "later"), "now") },
    ];
    let at = open(&bench, 1, settings(Protocol::Udp(local_udp()), LINE, rules));
    let peer = UdpSocket::bind("127.0.0.1:0").unwrap();
    peer.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut area = [0; 100];
    for (sent, answers) in [("ping", vec!["hello", "pong"]), ("later\nping\n", vec!["now", "pong"])] {
        peer.send_to(sent.as_bytes(), at).unwrap();
        for answer in answers {
            let (length, _) = peer.recv_from(&mut area).unwrap();
            assert_eq!(&area[..length], answer.as_bytes());
        }
    }
    peer.send_to(b"pi", at).unwrap();
    peer.send_to(b"ng", at).unwrap();
    peer.send_to(b"ping", at).unwrap();
    assert_eq!(peer.recv_from(&mut area).unwrap().0, 4);
    hits(&bench, 1, &[1, 3, 1]);
}

fn paused(bench: &Bench, ids: [u32; 2]) {
    bench.wait_snapshot("both rest", |s| {
        ids.iter().all(|id| s.endpoint(EndpointId(*id)).is_some_and(|e| e.replies_paused)).then_some(())
    });
    let loops = |h: &Happening| h.failure().is_some_and(|failure| failure.reason == Reason::EchoLoop);
    bench.wait_for("a row that says so", loops);
    assert_eq!(bench.events().iter().filter(|e| e.happening().is_some_and(loops)).count(), 1);
}

#[test]
fn two_of_ours_that_answer_each_other_without_end_rest() {
    let bench = Bench::start();
    let echo = ListenerSettings { answer: Answer::Echo, ..local_listener() };
    let at = bench.listen(1, echo);
    let client = Protocol::TcpClient(ClientSettings::new(HostPort::from(at)));
    let any = rule(pattern(MatchHow::Any, ""), "again\\n");
    bench.engine.open(EndpointId(2), settings(client, LINE, vec![any])).unwrap();
    bench.wait_connected(2);
    let kick = || {
        let source = Source::Bytes(Bytes::from_static(b"go\n"));
        bench.engine.send(Target::Endpoint(EndpointId(2)), source, None).unwrap();
    };
    kick();
    paused(&bench, [1, 2]);
    let replies = |s: &sockscope::engine::EngineSnapshot| s.endpoint(EndpointId(2)).map(|e| e.replies[0].hits);
    let before = replies(&bench.engine.snapshot()).unwrap();
    bench.engine.resume_replies(EndpointId(1));
    bench.engine.resume_replies(EndpointId(2));
    kick();
    bench.wait_snapshot("it acts again", |s| replies(s).filter(|hits| *hits > before));
}

#[test]
fn two_datagram_sockets_of_ours_rest_too_and_a_fast_stranger_does_not() {
    let bench = Bench::start();
    let any = |text: &str| vec![rule(pattern(MatchHow::Any, ""), text)];
    let a = open(&bench, 1, settings(Protocol::Udp(local_udp()), Framing::None, any("a")));
    let remote = Some(HostPort::from(a));
    let connected = UdpSettings { remote, ..local_udp() };
    open(&bench, 2, settings(Protocol::Udp(connected), Framing::None, any("b")));
    let stranger = UdpSocket::bind("127.0.0.1:0").unwrap();
    stranger.set_read_timeout(Some(PATIENCE)).unwrap();
    for _ in 0..3000 {
        stranger.send_to(b"x", a).unwrap();
        assert_eq!(stranger.recv(&mut [0; 10]).unwrap(), 1);
    }
    assert!(!bench.engine.snapshot().endpoint(EndpointId(1)).unwrap().replies_paused);
    bench.engine.send(Target::Endpoint(EndpointId(2)), Source::Bytes(Bytes::from_static(b"go")), None).unwrap();
    paused(&bench, [1, 2]);
}

fn client(to: SocketAddr, framing: Framing, replies: Vec<ReplyRule>) -> EndpointSettings {
    settings(Protocol::TcpClient(ClientSettings::new(HostPort::from(to))), framing, replies)
}

fn failures(bench: &Bench) -> Vec<Failure> {
    bench.events().iter().filter_map(|event| event.happening()?.failure().cloned()).collect()
}

#[test]
fn an_answer_repeats_what_the_frame_said() {
    let bench = Bench::start();
    let sum = rule(pattern(MatchHow::Regex, r"^add (\d+) (\d+)"), r"{{2}}+{{1}}\n");
    let named = rule(pattern(MatchHow::Regex, r"^LOGIN (?P<who>\S+)( (?P<how>\S+))?$"), r"hello {{var:who}}\n");
    let at = open(&bench, 1, listener(LINE, vec![sum, named]));
    let mut peer = peer(at);
    peer.write_all(b"add 4").unwrap();
    bench.wait_received(None, 5);
    peer.write_all(b"0 2\nLOGIN \xffme\nadd 1 2\n").unwrap();
    let mut got = [0; 24];
    peer.read_exact(&mut got[..5 + 10 + 4]).unwrap();
    assert_eq!(&got[..19], b"2+40\nhello \xffme\n2+1\n");
}

#[test]
fn patterns_of_each_kind_fit_frames_with_a_length() {
    let bench = Bench::start();
    let at_end = FramePattern { place: MatchPlace::Ends, ..pattern(MatchHow::Hex, "0? ff") };
    let get = FramePattern { place: MatchPlace::Anywhere, ignore_case: true, ..pattern(MatchHow::Text, "get") };
    let hex = |text: &str| Draft { format: PayloadFormat::Hex, text: text.into(), ..Draft::default() };
    let answer = |pattern, text: &str| ReplyRule { send: hex(text), ..rule(pattern, "") };
    let rules = vec![
        answer(at_end, "{{length:u16be}} 01"),
        answer(get, "00 01 02"),
        ReplyRule { act: ReplyAct::Echo, ..rule(pattern(MatchHow::Length, "4..5"), "") },
        answer(pattern(MatchHow::Any, ""), "00 01 04"),
    ];
    let framing = Framing::LengthPrefix(LengthPrefix { order: ByteOrder::Big, ..LengthPrefix::default() });
    let at = open(&bench, 1, listener(framing, rules));
    let mut peer = peer(at);
    let sent = b"\0\x03\x01\x0a\xff\0\x05GeT /\0\x02ab\0\x01x";
    for (so_far, byte) in sent.iter().enumerate() {
        segment(&bench, &mut peer, &[*byte], so_far);
    }
    let mut got = [0; 3 + 3 + 4 + 3];
    peer.read_exact(&mut got).unwrap();
    assert_eq!(&got, b"\0\x01\x01\0\x01\x02\0\x02ab\0\x01\x04");
    peer.write_all(&[&sent[..], &sent[..]].concat()).unwrap();
    peer.read_exact(&mut got).unwrap();
    peer.read_exact(&mut got).unwrap();
    assert_eq!(&got, b"\0\x01\x01\0\x01\x02\0\x02ab\0\x01\x04");
    hits(&bench, 1, &[3, 3, 3, 3]);
}

#[test]
fn a_client_answers_as_well() {
    let bench = Bench::start();
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let rules = vec![
        ReplyRule { on: Occasion::Connect, ..rule(pattern(MatchHow::Any, ""), "{{local:port}}\\n") },
        ReplyRule { times: Some(1), ..rule(pattern(MatchHow::Text, "token?"), "abc\\n") },
        ReplyRule { act: ReplyAct::FinishSending, ..rule(pattern(MatchHow::Text, "token?"), "") },
    ];
    bench.engine.open(EndpointId(1), client(server.local_addr().unwrap(), LINE, rules)).unwrap();
    let (mut accepted, from) = server.accept().unwrap();
    accepted.set_read_timeout(Some(PATIENCE)).unwrap();
    accepted.write_all(b"token?\ntoken?\n").unwrap();
    let mut said = String::new();
    accepted.read_to_string(&mut said).unwrap();
    assert_eq!(said, format!("{}\nabc\n", from.port()));
    hits(&bench, 1, &[1, 1, 1]);
}

#[test]
fn what_cannot_be_filled_in_is_told_once_and_the_connection_lives() {
    let bench = Bench::start();
    let rules = vec![
        rule(pattern(MatchHow::Regex, "^a(b)?$"), "{{1}}\\n"),
        rule(pattern(MatchHow::Text, "env"), "{{env:PATH}}"),
        ReplyRule { name: "who".into(), ..rule(pattern(MatchHow::Text, "ask"), "{{ask:Name}}") },
        rule(pattern(MatchHow::Any, ""), "else\\n"),
    ];
    bench.engine.open(EndpointId(1), listener(LINE, rules)).unwrap();
    let listening = |e: &sockscope::model::Event| {
        e.flow.local.filter(|_| matches!(e.happening(), Some(Happening::Listening { .. })))
    };
    let mut peer = peer(bench.wait("listening", listening));
    peer.write_all(b"a\na\nenv\nenv\nab\nask\n").unwrap();
    expect(&mut peer, "b\nelse\n");
    let mut left = 3;
    bench.wait("three failures", |event| {
        left -= u32::from(event.happening().and_then(Happening::failure).is_some());
        (left == 0).then_some(())
    });
    let failures = failures(&bench);
    let told: Vec<_> = failures.iter().map(|f| (f.doing, f.reason, f.on.as_str(), f.system.as_str())).collect();
    let never = (Doing::Reply, Reason::Other, "3 (who)", "there is nobody to ask for {{ask:Name}}");
    assert_eq!(told[0], never, "before anybody asks");
    assert_eq!(told[1], (Doing::Reply, Reason::NotFilledIn, "1", "{{1}}"));
    assert_eq!((told[2].1, told.len()), (Reason::OutOfReach, 3), "{told:?}");
    hits(&bench, 1, &[1, 0, 0, 1]);
}

#[test]
fn a_reply_reads_files_of_the_workspace_anew() {
    let bench = Bench::start();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("answer.txt");
    std::fs::write(&file, "one\n").unwrap();
    let supply = WorkspaceSupply { folder: Some(folder.path().to_owned()), ..WorkspaceSupply::default() };
    bench.engine.set_supply(Arc::new(supply));
    let at = open(&bench, 1, listener(LINE, vec![rule(pattern(MatchHow::Any, ""), "{{file:answer.txt}}")]));
    let mut peer = peer(at);
    peer.write_all(b"?\n").unwrap();
    expect(&mut peer, "one\n");
    std::fs::write(&file, "two\n").unwrap();
    peer.write_all(b"?\n").unwrap();
    expect(&mut peer, "two\n");
    std::fs::remove_file(&file).unwrap();
    peer.write_all(b"?\n").unwrap();
    let told = bench.wait_for("the missing file", |h| h.failure().is_some_and(|f| f.reason == Reason::FileMissing));
    assert_eq!(told.happening().unwrap().failure().unwrap().doing, Doing::ReadFile);
}

#[test]
fn rules_are_switched_and_moved_while_they_run() {
    let bench = Bench::start();
    let (a, b) = (rule(pattern(MatchHow::Any, ""), "a\\n"), rule(pattern(MatchHow::Any, ""), "b\\n"));
    let off = |rule: &ReplyRule| ReplyRule { off: true, ..rule.clone() };
    let at = open(&bench, 1, listener(LINE, vec![a.clone(), b.clone()]));
    let mut peer = peer(at);
    // Making rules ready takes its time: until then the ones before answer.
    let mut ask = |rules: Vec<ReplyRule>, wanted: u8| {
        bench.engine.retune(EndpointId(1), listener(LINE, rules));
        let end = Instant::now() + PATIENCE;
        let mut answer = [0; 2];
        while answer[0] != wanted {
            assert!(Instant::now() < end, "{wanted} never answered");
            peer.write_all(b"?\n").unwrap();
            peer.read_exact(&mut answer).unwrap();
        }
    };
    ask(vec![b.clone(), a.clone()], b'b');
    ask(vec![off(&b), a.clone()], b'a');
    ask(vec![b.clone(), a.clone()], b'b');
    let hits = |at: usize| bench.engine.snapshot().endpoint(EndpointId(1)).map_or(0, |e| e.replies[at].hits);
    let end = Instant::now() + PATIENCE;
    while hits(0) < 2 || hits(1) < 1 {
        assert!(Instant::now() < end, "their hits go with them");
        std::thread::sleep(Duration::from_millis(5));
    }
    ask(vec![rule(pattern(MatchHow::Any, ""), "c\\n"), b, off(&a)], b'c');
}

#[test]
fn half_a_frame_outlives_a_changed_rule_and_not_a_changed_framing() {
    let bench = Bench::start();
    let echo = ReplyRule { act: ReplyAct::Echo, ..rule(pattern(MatchHow::Any, ""), "") };
    let at = open(&bench, 1, listener(LINE, vec![echo.clone()]));
    let mut peer = peer(at);
    segment(&bench, &mut peer, b"ha", 0);
    let bad = rule(pattern(MatchHow::Regex, "("), "");
    let told = |at: &str| bench.wait_for("it is ready", |h| h.failure().is_some_and(|f| f.on == at));
    bench.engine.retune(EndpointId(1), listener(LINE, vec![bad.clone(), echo.clone()]));
    told("1");
    segment(&bench, &mut peer, b"lf\nlost", 2);
    expect(&mut peer, "half\n");
    let comma = Framing::Delimiter { bytes: b",".to_vec(), keep: false, most_bytes: 100 };
    let other = rule(pattern(MatchHow::Regex, "["), "");
    bench.engine.retune(EndpointId(1), listener(comma, vec![echo, other]));
    told("2");
    peer.write_all(b"a\n,").unwrap();
    expect(&mut peer, "a\n,");
}

#[test]
fn echoes_of_both_ends_rest_and_use_up_nothing_meanwhile() {
    let bench = Bench::start();
    let echo = ReplyRule { act: ReplyAct::Echo, ..rule(pattern(MatchHow::Length, "2"), "") };
    let once = ReplyRule { times: Some(1), ..rule(pattern(MatchHow::Any, ""), "once\\n") };
    let at = open(&bench, 1, listener(LINE, vec![echo.clone(), once]));
    bench.engine.open(EndpointId(2), client(at, LINE, vec![echo])).unwrap();
    bench.wait_connected(2);
    let say = |text: &'static [u8]| {
        bench.engine.send(Target::Endpoint(EndpointId(2)), Source::Bytes(Bytes::from_static(text)), None).unwrap();
    };
    say(b"go\n");
    paused(&bench, [1, 2]);
    let told = failures(&bench);
    assert_eq!((told[0].doing, told[0].reason), (Doing::Reply, Reason::EchoLoop));
    let so_far: usize = bench.events().iter().map(|e| if let What::Received(b) = &e.what { b.len() } else { 0 }).sum();
    say(b"unheard\n");
    bench.wait_received(None, so_far + 8);
    bench.engine.resume_replies(EndpointId(1));
    say(b"heard\n");
    let answered =
        |e: &sockscope::model::Event| matches!(&e.what, What::Sent(b) if b.starts_with(b"once")).then_some(());
    bench.wait("the reply that acts once", answered);
}

#[test]
fn a_hundred_thousand_replies_to_a_fast_stranger_go_on() {
    const FRAMES: usize = 100_000;
    let bench = Bench::start();
    let at = open(&bench, 1, listener(LINE, vec![rule(pattern(MatchHow::Text, "q"), "a\\n")]));
    let mut reader = peer(at);
    let mut writer = reader.try_clone().unwrap();
    let writing = std::thread::spawn(move || writer.write_all(&b"q\n".repeat(FRAMES)).unwrap());
    let mut got = vec![0; 2 * FRAMES];
    reader.read_exact(&mut got).unwrap();
    writing.join().unwrap();
    assert!(got.chunks(2).all(|answer| answer == b"a\n"));
    hits(&bench, 1, &[FRAMES as u64]);
    assert!(!bench.engine.snapshot().endpoint(EndpointId(1)).unwrap().replies_paused);
}

#[test]
fn one_of_ours_that_only_asks_is_no_loop() {
    let bench = Bench::start();
    let at = open(&bench, 1, listener(LINE, vec![rule(pattern(MatchHow::Any, ""), "a\\n")]));
    let other = rule(pattern(MatchHow::Text, "never"), "");
    bench.engine.open(EndpointId(2), client(at, LINE, vec![other])).unwrap();
    bench.wait_connected(2);
    let many = Source::Bytes(Bytes::from(b"q\n".repeat(3000)));
    let repeat = Repeat { count: Some(3), every: Duration::ZERO };
    let id = bench.engine.send(Target::Endpoint(EndpointId(2)), many, Some(repeat)).unwrap();
    bench.wait_snapshot("all is sent", |s| (s.send(id)?.state == SendState::Done).then_some(()));
    hits(&bench, 1, &[9000]);
    assert!(bench.engine.snapshot().endpoints.iter().all(|endpoint| !endpoint.replies_paused));
}

#[test]
fn a_rule_that_is_being_typed_is_told_of_once() {
    let bench = Bench::start();
    let tune = |text: &str| {
        bench.engine.retune(EndpointId(1), listener(LINE, vec![rule(pattern(MatchHow::Regex, text), "yes\\n")]));
    };
    let at = open(&bench, 1, listener(LINE, vec![rule(pattern(MatchHow::Regex, "a"), "yes\\n")]));
    for typed in ["a(", "a(b", "a(b[", "a(b)"] {
        tune(typed);
    }
    let mut peer = peer(at);
    let end = Instant::now() + PATIENCE;
    let mut answer = [0; 4];
    while answer != *b"yes\n" {
        assert!(Instant::now() < end);
        peer.write_all(b"ab\n").unwrap();
        peer.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        let _ = peer.read_exact(&mut answer);
    }
    assert!(failures(&bench).len() <= 1, "{:?}", failures(&bench));
}

#[test]
fn two_rules_that_say_the_same_count_each_for_itself() {
    let bench = Bench::start();
    let once = ReplyRule { times: Some(1), ..rule(pattern(MatchHow::Any, ""), "a\\n") };
    let rules = vec![once.clone(), once.clone()];
    let at = open(&bench, 1, listener(LINE, rules.clone()));
    bench.engine.retune(EndpointId(1), listener(LINE, rules));
    let mut peer = peer(at);
    peer.write_all(b"?\n?\n?\n").unwrap();
    expect(&mut peer, "a\na\n");
    hits(&bench, 1, &[1, 1]);
}
