//! Automatic replies on real sockets.

mod engine_support;

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::time::Duration;

use bytes::Bytes;
use engine_support::{Bench, PATIENCE, local_listener, local_udp};
use sockscope::engine::{Source, Target};
use sockscope::model::{
    Answer, ClientSettings, Draft, EndpointId, EndpointSettings, FramePattern, Framing, Happening, HostPort,
    ListenerSettings, MatchHow, MatchPlace, Occasion, Protocol, Reason, ReplyAct, ReplyRule, UdpSettings, What,
};

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
    assert_eq!(failure.on, "reply 1 (login)");
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
