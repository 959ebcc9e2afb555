//! The sequence that people come for: a greeting with a token, a login that repeats it, a heartbeat, the end.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use sockscope::engine::{SequenceMistakeKind, SequenceOrder, SequenceTarget, check_sequence};
use sockscope::model::{
    Draft, EndpointSettings, Framing, LaneOutcome, LengthPrefix, ListenerSettings, MatchHow, PayloadFormat, Reason,
    RunId, Sequence, SequenceClose, Step, StepFailure,
};
use sockscope::workspace::WorkspaceSupply;

use super::engine_support::{Bench, PATIENCE};
use super::{ID, client, connect, expect, fails, lines, passes, pattern, read, read_end, report, run, send, server};

fn draft(text: &str) -> Draft {
    Draft { text: text.to_owned(), ..Draft::default() }
}

fn set(variable: &str, value: &str) -> Step {
    Step::Set { variable: variable.to_owned(), value: draft(value) }
}

fn expect_regex(text: &str) -> Step {
    Step::Expect(pattern(MatchHow::Regex, text))
}

/// Keeps the token of the greeting, logs in with it, beats three times, closes.
fn login() -> Vec<Step> {
    let beat = vec![send("PING {{counter:name=beat}}\\n"), expect_regex("^PONG [0-9]+$")];
    vec![
        expect_regex(r"^TOKEN=(\w+)$"),
        set("token", "{{1}}"),
        send("LOGIN {{var:token}}\\n"),
        expect("OK"),
        Step::Repeat { times: 3, steps: beat },
        Step::Close { how: SequenceClose::Close },
    ]
}

/// Speaks first, with another token each time; tells how many logged in with theirs.
fn tokens(connections: usize) -> (SocketAddr, Arc<AtomicU32>, JoinHandle<()>) {
    let logged_in = Arc::new(AtomicU32::new(0));
    let (given, counted) = (AtomicU32::new(0), logged_in.clone());
    let (at, serving) = server(connections, move |stream| {
        let token = format!("t{}", 7919 * (given.fetch_add(1, Ordering::Relaxed) + 1));
        greet(stream, &token);
        counted.fetch_add(1, Ordering::Relaxed);
    });
    (at, logged_in, serving)
}

fn greet(mut stream: TcpStream, token: &str) {
    // In pieces: the frame counts, not the read.
    stream.write_all(b"TOK").unwrap();
    stream.write_all(format!("EN={token}\r\n").as_bytes()).unwrap();
    let mut said = BufReader::new(stream.try_clone().unwrap()).lines();
    assert_eq!(said.next().unwrap().unwrap(), format!("LOGIN {token}"));
    stream.write_all(b"OK\n").unwrap();
    for _ in 0..3 {
        let ping = said.next().unwrap().unwrap();
        let number = ping.strip_prefix("PING ").unwrap();
        stream.write_all(format!("PONG {number}\n").as_bytes()).unwrap();
    }
    assert!(said.next().is_none());
}

fn own(bench: &Bench, settings: EndpointSettings, count: u32, steps: Vec<Step>) -> RunId {
    bench.engine.list_closed(ID, settings).unwrap();
    run(bench, SequenceTarget::Connections { client: ID, count }, steps)
}

#[test]
fn a_captured_token_is_sent_on_a_hundred_connections() {
    let bench = Bench::start();
    let (at, logged_in, serving) = tokens(100);
    let id = own(&bench, client(at), 100, login());
    passes(&bench, id);
    let report = report(&bench, id);
    assert_eq!(report.lanes.len(), 100);
    assert!(report.lanes.iter().all(|lane| lane.step == [6] && lane.connection.0 > 0), "{report:#?}");
    serving.join().unwrap();
    assert_eq!(logged_in.load(Ordering::Relaxed), 100);
}

#[test]
fn a_thousand_connections_are_made_and_stopped_at_once() {
    let _ = sockscope::kernel::raise_file_limit();
    let bench = Bench::start();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap();
    // Everybody is greeted, nobody is answered; all are held open until the test has ended them.
    let serving = std::thread::spawn(move || {
        let mut streams = Vec::new();
        for _ in 0..1000 {
            let (mut stream, _) = listener.accept().unwrap();
            stream.write_all(b"TOKEN=x\n").unwrap();
            streams.push(stream);
        }
        for mut stream in streams {
            let mut said = Vec::new();
            let _ = stream.read_to_end(&mut said);
            assert_eq!(said, b"LOGIN x\n");
        }
    });
    let id = own(&bench, client(at), 1000, login());
    bench.wait_snapshot("all at the fourth step", |snapshot| {
        let run = snapshot.runs.iter().find(|run| run.id == id)?;
        run.report.lanes.iter().all(|lane| lane.step == [4]).then_some(())
    });
    let began = Instant::now();
    bench.engine.stop_run(id);
    let report = report(&bench, id);
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    assert!(report.lanes.iter().all(|lane| lane.outcome == LaneOutcome::Stopped && lane.step == [4]));
    serving.join().unwrap();
}

#[test]
fn every_peer_of_a_listener_has_variables_of_its_own() {
    let bench = Bench::start();
    let at = bench.listen(1, ListenerSettings { port: 0, ..ListenerSettings::default() });
    let settings = bench.engine.snapshot().endpoint(ID).unwrap().settings.clone();
    bench.engine.retune(ID, EndpointSettings { framing: lines(), ..settings });
    let mut peers: Vec<_> = (0..8).map(|_| TcpStream::connect(at).unwrap()).collect();
    bench.wait_snapshot("eight peers", |snapshot| (snapshot.endpoint(ID)?.open_peers == 8).then_some(()));
    let steps = vec![
        send("who\\n"),
        expect_regex("^I AM ([a-z]+)([0-9])$"),
        set("name", "{{1}}-{{2}}"),
        send("sit\\n"),
        expect("done"),
        send("bye {{var:name}}\\n"),
    ];
    let id = run(&bench, SequenceTarget::Peers(ID), steps);
    for (number, peer) in peers.iter_mut().enumerate() {
        peer.set_read_timeout(Some(PATIENCE)).unwrap();
        read(peer, "who\n");
        peer.write_all(format!("I AM peer{number}\n").as_bytes()).unwrap();
    }
    for (number, peer) in peers.iter_mut().enumerate().rev() {
        read(peer, "sit\n");
        peer.write_all(b"done\n").unwrap();
        read(peer, &format!("bye peer-{number}\n"));
    }
    passes(&bench, id);
}

#[test]
fn frames_of_the_endpoint_are_matched_not_reads() {
    let bench = Bench::start();
    let (at, serving) = server(1, |mut stream| {
        stream.write_all(&[0, 3, b'o', b'n']).unwrap();
        read(&mut stream, "\0\u{2}go");
        stream.write_all(&[b'e', 0, 3, b't', b'w', b'o', 0, 0]).unwrap();
        read_end(&mut stream);
    });
    let prefix = LengthPrefix { width: 2, ..LengthPrefix::default() };
    let settings = EndpointSettings { framing: Framing::LengthPrefix(prefix), ..client(at) };
    let hex = |text: &str| Step::Expect(pattern(MatchHow::Hex, text));
    let steps = vec![send("{{length:u16be}}go"), hex("00 03 6f 6e 65"), hex("00 03 74 77 6f"), hex("00 00")];
    let id = own(&bench, settings, 1, steps);
    passes(&bench, id);
    serving.join().unwrap();
}

#[test]
fn what_is_asked_is_answered_once() {
    let bench = Bench::start();
    let (at, serving) = server(2, |mut stream| {
        read(&mut stream, "USER ann\nUSER ann\nUSER ann\n");
        read_end(&mut stream);
    });
    bench.engine.list_closed(ID, client(at)).unwrap();
    let steps = vec![Step::Repeat { times: 3, steps: vec![send("USER {{ask:User}}\\n")] }];
    let sequence = Sequence { name: "asks".into(), steps, ..Sequence::default() };
    let on = SequenceTarget::Connections { client: ID, count: 2 };
    let asks = Arc::new(BTreeMap::from([("User".to_owned(), "ann".to_owned())]));
    passes(&bench, bench.engine.run_sequence(SequenceOrder { sequence: sequence.clone(), on, asks }).unwrap());
    serving.join().unwrap();
    // Nobody answered: nothing is sent.
    let (at, serving) = server(1, |mut stream| read_end(&mut stream));
    let on = connect_another(&bench, at);
    let id = bench.engine.run_sequence(SequenceOrder { sequence, on, asks: Arc::default() }).unwrap();
    let (step, failure) = fails(&bench, id);
    assert_eq!((step, failure), (vec![1, 1], StepFailure::Template("{{ask:User}}".into())));
    serving.join().unwrap();
}

fn connect_another(bench: &Bench, at: SocketAddr) -> SequenceTarget {
    let other = sockscope::model::EndpointId(2);
    bench.engine.list_closed(other, client(at)).unwrap();
    SequenceTarget::Connections { client: other, count: 1 }
}

#[test]
fn files_and_the_environment_are_for_trusted_workspaces() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("inside.bin"), b"inside").unwrap();
    let outside = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(outside.path(), b"outside").unwrap();
    let bench = Bench::start();
    let supply = |trusted| {
        let folder = Some(folder.path().to_owned());
        bench.engine.set_supply(Arc::new(WorkspaceSupply { folder, trusted, ..WorkspaceSupply::default() }));
    };
    let file = |path: &str| Step::Send(Draft { format: PayloadFormat::File, ..draft(path) });
    let attempt = |step: Step| {
        let (at, serving) = server(1, |mut stream| {
            let _ = stream.read_to_end(&mut Vec::new());
        });
        let on = connect_another(&bench, at);
        let id = run(&bench, on, vec![step]);
        let report = report(&bench, id);
        bench.engine.forget(sockscope::model::EndpointId(2));
        serving.join().unwrap();
        report.lanes[0].outcome.clone()
    };
    supply(false);
    assert_eq!(attempt(send("{{file:inside.bin}}")), LaneOutcome::Passed);
    assert_eq!(attempt(file("inside.bin")), LaneOutcome::Passed);
    let refused = [
        (send("{{env:PATH}}"), Reason::NotTrusted),
        (file(outside.path().to_str().unwrap()), Reason::OutOfReach),
        (file("../../etc/passwd"), Reason::OutOfReach),
    ];
    for (step, reason) in refused {
        let LaneOutcome::Failed(StepFailure::Connection(failure)) = attempt(step) else { panic!("it was read") };
        assert_eq!(failure.reason, reason, "{failure:?}");
    }
    supply(true);
    assert_eq!(attempt(send("{{env:PATH}}")), LaneOutcome::Passed);
}

#[test]
fn a_peer_that_leaves_in_the_middle_is_told_with_its_place() {
    let bench = Bench::start();
    let (at, serving) = server(1, |mut stream| {
        for _ in 0..2 {
            read(&mut stream, "ping\n");
            stream.write_all(b"pong\n").unwrap();
        }
        read(&mut stream, "ping\n");
    });
    let on = connect(&bench, at);
    let id = run(&bench, on, vec![Step::Repeat { times: 5, steps: vec![send("ping\\n"), expect("pong")] }]);
    let (step, failure) = fails(&bench, id);
    assert_eq!(step, [1, 2]);
    assert!(matches!(failure, StepFailure::Ended { expected, .. } if expected == "\"pong\""));
    assert_eq!(report(&bench, id).lanes[0].round, Some((2, 5)));
    serving.join().unwrap();
}

#[test]
fn what_nobody_sets_or_nothing_at_all_is_no_sequence() {
    let of = |steps| check_sequence(&Sequence { steps, ..Sequence::default() }).unwrap_err().what;
    assert_eq!(of(vec![send("{{var:token}}")]), SequenceMistakeKind::NeverSet("token".into()));
    assert_eq!(of(vec![]), SequenceMistakeKind::NoSteps);
    assert_eq!(check_sequence(&Sequence { steps: login(), ..Sequence::default() }), Ok(()));
}
