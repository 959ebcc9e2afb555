//! Sequences on real sockets: what is sent, waited for and told. The peers are sockets of these tests.

mod engine_support;
#[path = "engine_sequence/login.rs"]
mod login;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use engine_support::{Bench, PATIENCE};
use sockscope::engine::{SequenceMistakeKind, SequenceOrder, SequenceTarget, check_sequence};
use sockscope::model::{
    Awaited, ClientSettings, Draft, EndpointId, EndpointSettings, FramePattern, Framing, HostPort, LaneOutcome,
    ListenerSettings, MatchHow, MatchPlace, Protocol, Reason, RunId, Sequence, SequenceClose, SequenceReport, Step,
    StepFailure, UdpSettings,
};

const ID: EndpointId = EndpointId(1);

fn send(text: &str) -> Step {
    Step::Send(Draft { text: text.to_owned(), ..Draft::default() })
}

fn pattern(how: MatchHow, text: &str) -> Awaited {
    let pattern = FramePattern { how, pattern: text.to_owned(), place: MatchPlace::Whole, ..FramePattern::default() };
    Awaited { pattern, timeout_millis: 10_000 }
}

fn expect(text: &str) -> Step {
    Step::Expect(pattern(MatchHow::Text, text))
}

fn wait_for(text: &str) -> Step {
    Step::WaitFor(pattern(MatchHow::Text, text))
}

fn lines() -> Framing {
    Framing::Line { most_bytes: 4096 }
}

fn run(bench: &Bench, on: SequenceTarget, steps: Vec<Step>) -> RunId {
    let sequence = Sequence { name: "trial".into(), steps, ..Sequence::default() };
    bench.engine.run_sequence(SequenceOrder { sequence, on, asks: Arc::default() }).unwrap()
}

#[track_caller]
fn report(bench: &Bench, id: RunId) -> Arc<SequenceReport> {
    bench.wait_snapshot("the end of the run", |snapshot| {
        let run = snapshot.runs.iter().find(|run| run.id == id)?;
        run.over.then(|| run.report.clone())
    })
}

#[track_caller]
fn passes(bench: &Bench, id: RunId) {
    let report = report(bench, id);
    assert!(report.passed(), "{report:#?}");
}

#[track_caller]
fn fails(bench: &Bench, id: RunId) -> (Vec<u32>, StepFailure) {
    let report = report(bench, id);
    match &report.lanes[..] {
        [lane] => match &lane.outcome {
            LaneOutcome::Failed(failure) => (lane.step.clone(), failure.clone()),
            other => panic!("{other:?}"),
        },
        lanes => panic!("{lanes:#?}"),
    }
}

/// A server that serves so many connections, one after the other or at once.
fn server(connections: usize, talk: impl Fn(TcpStream) + Send + Sync + 'static) -> (SocketAddr, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap();
    let talk = Arc::new(talk);
    let serving = std::thread::spawn(move || {
        let mut threads = Vec::new();
        for _ in 0..connections {
            let (stream, _) = listener.accept().unwrap();
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            stream.set_nodelay(true).unwrap();
            let talk = talk.clone();
            threads.push(std::thread::spawn(move || talk(stream)));
        }
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    });
    (at, serving)
}

fn read(stream: &mut TcpStream, text: &str) {
    let mut got = vec![0; text.len()];
    stream.read_exact(&mut got).unwrap();
    assert_eq!(String::from_utf8_lossy(&got), text);
}

fn read_end(stream: &mut TcpStream) {
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest);
    assert_eq!(rest, b"");
}

fn client(at: SocketAddr) -> EndpointSettings {
    let settings = EndpointSettings::new(Protocol::TcpClient(ClientSettings::new(HostPort::from(at))));
    EndpointSettings { framing: lines(), ..settings }
}

fn connect(bench: &Bench, at: SocketAddr) -> SequenceTarget {
    bench.engine.open(ID, client(at)).unwrap();
    SequenceTarget::Peers(ID)
}

#[test]
fn frames_are_waited_for_however_they_arrive() {
    let bench = Bench::start();
    let (at, serving) = server(1, |mut stream| {
        // Two frames in one chunk; then one in pieces.
        read(&mut stream, "hi");
        stream.write_all(b"hello\r\nversion 3\r\n").unwrap();
        read(&mut stream, "login");
        for piece in [&b"wel"[..], b"co", b"me\r", b"\nnoise\nready\n"] {
            stream.write_all(piece).unwrap();
        }
        read(&mut stream, "bye");
        read_end(&mut stream);
    });
    let on = connect(&bench, at);
    let version = Step::Expect(pattern(MatchHow::Regex, "version [0-9]+"));
    let hex = Step::Expect(pattern(MatchHow::Hex, "77 ?? 6c 63 6f 6d 65"));
    let close = Step::Close { how: SequenceClose::Close };
    let id = run(
        &bench,
        on,
        vec![send("hi"), expect("hello"), version, send("login"), hex, wait_for("ready"), send("bye"), close],
    );
    passes(&bench, id);
    serving.join().unwrap();
}

#[test]
fn another_frame_than_expected_is_told() {
    let bench = Bench::start();
    let (at, _serving) = server(1, |mut stream| {
        read(&mut stream, "hi");
        stream.write_all(b"first\nsecond\n").unwrap();
        read_end(&mut stream);
    });
    let on = connect(&bench, at);
    let id = run(&bench, on, vec![send("hi"), expect("first"), expect("third"), send("never")]);
    let (step, failure) = fails(&bench, id);
    assert_eq!(step, [3]);
    assert_eq!(failure, StepFailure::Unexpected { expected: "\"third\"".into(), got: b"second".to_vec() });
    bench.engine.close(ID, sockscope::engine::Peers::Close);
}

#[test]
fn what_does_not_come_in_time_is_told_with_the_last_that_came() {
    let bench = Bench::start();
    let (at, _serving) = server(1, |mut stream| {
        read(&mut stream, "hi");
        stream.write_all(b"noise\n").unwrap();
        read_end(&mut stream);
    });
    let on = connect(&bench, at);
    let mut awaited = pattern(MatchHow::Text, "done");
    awaited.timeout_millis = 200;
    let id = run(&bench, on, vec![Step::Repeat { times: 2, steps: vec![send("hi"), Step::WaitFor(awaited)] }]);
    let (step, failure) = fails(&bench, id);
    assert_eq!(step, [1, 2]);
    let last = Some(b"noise".to_vec());
    assert_eq!(failure, StepFailure::Timeout { expected: "\"done\"".into(), millis: 200, last });
    bench.engine.close(ID, sockscope::engine::Peers::Close);
}

#[test]
fn a_peer_that_leaves_ends_the_waiting() {
    let bench = Bench::start();
    let (at, serving) = server(1, |mut stream| {
        read(&mut stream, "hi");
        stream.write_all(b"bye\n").unwrap();
    });
    let on = connect(&bench, at);
    let id = run(&bench, on, vec![send("hi"), expect("bye"), expect("more")]);
    let (step, failure) = fails(&bench, id);
    assert_eq!(step, [3]);
    let StepFailure::Ended { expected, failure } = failure else { panic!("{failure:?}") };
    assert_eq!((expected.as_str(), failure.reason), ("\"more\"", Reason::NotConnected));
    serving.join().unwrap();
}

#[test]
fn nobody_answers() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let bench = Bench::start();
    let on = connect(&bench, free);
    let id = run(&bench, on, vec![send("x")]);
    let (_, StepFailure::Connection(failure)) = fails(&bench, id) else { panic!() };
    assert_eq!(failure.reason, Reason::Refused);
    // The same where it has failed before the run began.
    bench.wait_snapshot("the failure", |snapshot| snapshot.endpoint(ID)?.failure.clone());
    let id = run(&bench, SequenceTarget::Peers(ID), vec![send("x")]);
    assert!(matches!(fails(&bench, id).1, StepFailure::Connection(failure) if failure.reason == Reason::Refused));
}

#[test]
fn a_repeat_counts_its_rounds() {
    let bench = Bench::start();
    let (at, serving) = server(1, |mut stream| {
        for _ in 0..6 {
            read(&mut stream, "ping\n");
            stream.write_all(b"pong\n").unwrap();
        }
        read_end(&mut stream);
    });
    let on = connect(&bench, at);
    let inner = Step::Repeat { times: 3, steps: vec![send("ping\\n"), expect("pong")] };
    let steps = vec![Step::Repeat { times: 2, steps: vec![inner] }, Step::Repeat { times: 0, steps: vec![send("no")] }];
    let id = run(&bench, on, steps);
    passes(&bench, id);
    bench.engine.close(ID, sockscope::engine::Peers::Close);
    serving.join().unwrap();
}

#[test]
fn all_peers_of_a_listener() {
    let bench = Bench::start();
    let at = bench.listen(1, ListenerSettings { port: 0, ..ListenerSettings::default() });
    let mut peers: Vec<_> = (0..5).map(|_| TcpStream::connect(at).unwrap()).collect();
    bench.wait_snapshot("five peers", |snapshot| (snapshot.endpoint(ID)?.open_peers == 5).then_some(()));
    let id = run(&bench, SequenceTarget::Peers(ID), vec![send("who"), wait_for("me")]);
    for peer in &mut peers {
        peer.set_read_timeout(Some(PATIENCE)).unwrap();
        read(peer, "who");
        peer.write_all(b"me").unwrap();
    }
    let report = report(&bench, id);
    assert!(report.passed() && report.lanes.len() == 5, "{report:#?}");
    assert!(report.lanes.iter().all(|lane| lane.on.starts_with("127.0.0.1:") && lane.connection.0 > 0));
}

#[test]
fn the_first_peer_that_comes_is_heard_from_its_first_byte() {
    let bench = Bench::start();
    let at = bench.listen(1, ListenerSettings { port: 0, ..ListenerSettings::default() });
    let id = run(&bench, SequenceTarget::Peers(ID), vec![expect("first words"), send("heard")]);
    let mut peer = TcpStream::connect(at).unwrap();
    peer.write_all(b"first words").unwrap();
    passes(&bench, id);
    read(&mut peer, "heard");
}

#[test]
fn datagrams_are_frames() {
    let bench = Bench::start();
    let at = bench.udp(1, UdpSettings { address: [127, 0, 0, 1].into(), ..UdpSettings::default() });
    let id = run(&bench, SequenceTarget::Peers(ID), vec![expect("one"), expect("two"), send("three")]);
    let peer = UdpSocket::bind("127.0.0.1:0").unwrap();
    peer.set_read_timeout(Some(PATIENCE)).unwrap();
    peer.send_to(b"one", at).unwrap();
    peer.send_to(b"two", at).unwrap();
    let mut answer = [0; 16];
    assert_eq!(peer.recv(&mut answer).unwrap(), 5);
    assert_eq!(&answer[..5], b"three");
    passes(&bench, id);
}

#[test]
fn connections_of_its_own_are_closed_at_the_end() {
    let bench = Bench::start();
    let count = 300;
    let (at, serving) = server(count, |mut stream| {
        read(&mut stream, "ask\n");
        stream.write_all(b"answer\n").unwrap();
        read_end(&mut stream);
    });
    bench.engine.list_closed(ID, client(at)).unwrap();
    let on = SequenceTarget::Connections { client: ID, count: count as u32 };
    let id = run(&bench, on, vec![send("ask\\n"), expect("answer")]);
    passes(&bench, id);
    assert_eq!(report(&bench, id).lanes.len(), count);
    serving.join().unwrap();
}

#[test]
fn a_stop_acts_at_once() {
    let bench = Bench::start();
    let (at, serving) = server(1, |mut stream| read_end(&mut stream));
    let on = connect(&bench, at);
    let id = run(&bench, on, vec![Step::Pause { millis: 3_600_000 }]);
    bench.wait_snapshot("the first step", |snapshot| {
        let run = snapshot.runs.iter().find(|run| run.id == id)?;
        (run.report.lanes[0].step == [1]).then_some(())
    });
    let began = Instant::now();
    bench.engine.stop_run(id);
    let report = report(&bench, id);
    assert_eq!(report.lanes[0].outcome, LaneOutcome::Stopped);
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    bench.engine.close(ID, sockscope::engine::Peers::Close);
    serving.join().unwrap();
}

#[test]
fn closing_is_a_step() {
    let bench = Bench::start();
    let (at, serving) = server(1, |mut stream| {
        let mut all = String::new();
        stream.read_to_string(&mut all).unwrap();
        assert_eq!(all, "request");
        stream.write_all(b"answer\n").unwrap();
    });
    let on = connect(&bench, at);
    let finish = Step::Close { how: SequenceClose::FinishSending };
    let id = run(&bench, on, vec![send("request"), finish, expect("answer")]);
    passes(&bench, id);
    serving.join().unwrap();

    let (at, serving) = server(1, |mut stream| {
        read(&mut stream, "x");
        assert!(stream.read(&mut [0; 8]).is_err(), "a reset is no end");
    });
    let on = connect(&bench, at);
    let id = run(&bench, on, vec![send("x"), Step::Close { how: SequenceClose::Reset }, send("late")]);
    let (step, failure) = fails(&bench, id);
    assert_eq!(step, [3]);
    assert!(matches!(failure, StepFailure::Connection(_)), "{failure:?}");
    serving.join().unwrap();
}

#[test]
fn a_sequence_that_cannot_be_understood_sends_nothing() {
    let steps = vec![send("fine"), Step::Expect(pattern(MatchHow::Regex, "("))];
    let sequence = Sequence { steps: steps.clone(), ..Sequence::default() };
    let mistake = check_sequence(&sequence).unwrap_err();
    assert_eq!(mistake.step, [2]);
    assert!(matches!(mistake.what, SequenceMistakeKind::Pattern(_)));
    let bench = Bench::start();
    let id = run(&bench, SequenceTarget::Peers(ID), steps);
    assert!(matches!(fails(&bench, id), (step, StepFailure::Template(_)) if step == [2]));
}
