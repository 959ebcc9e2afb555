//! `sockscope connect`.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::program::*;

/// A peer that does `talk` with the first who connects.
fn peer<T: Send + 'static>(
    talk: impl FnOnce(TcpStream) -> T + Send + 'static,
) -> (SocketAddr, std::thread::JoinHandle<T>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap();
    (at, std::thread::spawn(move || talk(listener.accept().unwrap().0)))
}

/// Resets instead of finishing when it is dropped.
fn reset(stream: TcpStream) {
    socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
}

#[test]
fn finishes_sending_at_the_inputs_end_and_waits_for_the_answer() {
    let (at, server) = peer(|mut stream| {
        let mut asked = String::new();
        stream.read_to_string(&mut asked).unwrap();
        write!(stream, "you said {asked}").unwrap();
        asked
    });
    let output = run(&["connect", &format!("tcp://{at}")], b"good\x20morning\n");
    assert_done(&output);
    assert_eq!(text(&output.stdout), "you said good morning\n");
    assert_eq!(server.join().unwrap(), "good morning\n");
}

#[test]
fn a_name_is_resolved_and_tried() {
    let (at, server) = peer(drop);
    let output = run(&["connect", &format!("tcp://localhost:{}", at.port())], b"");
    assert_done(&output);
    server.join().unwrap();
}

#[test]
fn megabytes_arrive_whole_both_ways() {
    if !has("socat") {
        return;
    }
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut socat = Command::new("socat")
        .args(["-d", "-d", "-t", "30", &format!("TCP-LISTEN:{port},bind=127.0.0.1,reuseaddr"), "EXEC:cat"])
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = std::io::BufReader::new(socat.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("listening on") {
        line.clear();
        assert!(std::io::BufRead::read_line(&mut said, &mut line).unwrap() > 0, "socat listens");
    }
    let sink = std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
    let bytes: Vec<u8> = (0..8_000_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let mut child = command(&["connect", &format!("tcp://127.0.0.1:{port}")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let expected = bytes.clone();
    let writer = std::thread::spawn(move || input.write_all(&bytes));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success());
    assert!(output.stdout == expected, "{} of {} bytes came back", output.stdout.len(), expected.len());
    let _ = socat.kill();
    let _ = socat.wait();
    let _ = sink.join();
}

#[test]
fn nobody_there_is_refused_in_one_line() {
    let at = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let output = run(&["connect", &format!("tcp://{at}")], b"");
    assert_refused(&output, &[&at.to_string(), "refused"]);
    assert!(output.stdout.is_empty());
}

#[test]
fn failures_carry_their_sentence_and_what_to_try() {
    let at = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let output = run(&["connect", &format!("tcp://{at}"), "--json"], b"");
    let events = events(&output);
    let failed = events.iter().find(|event| event["kind"] == "failed").expect("a failure");
    let complaint = text(&output.stderr);
    for part in ["error", "hint"] {
        let words = failed[part].as_str().unwrap();
        assert!(!words.is_empty() && complaint.contains(words), "{part} {words:?}: {complaint}");
    }
}

#[test]
fn a_name_that_does_not_exist_is_told() {
    let output = run(&["connect", "tcp://no-such-host.invalid:80"], b"");
    assert_refused(&output, &["no-such-host.invalid"]);
}

#[test]
fn a_reset_by_the_peer_is_a_failure() {
    let (at, server) = peer(|mut stream| {
        stream.write_all(b"so far").unwrap();
        stream.read_exact(&mut [0; 1]).unwrap();
        reset(stream);
    });
    let mut program = Running::start(command(&["connect", &format!("tcp://{at}")]));
    program.write(b"x");
    let output = program.finish();
    server.join().unwrap();
    assert_eq!(text(&output.stdout), "so far");
    assert_refused(&output, &["reset"]);
}

#[test]
fn the_peers_end_ends_it_although_the_input_is_open() {
    let (at, server) = peer(|mut stream| stream.write_all(b"bye\n").unwrap());
    let program = Running::start(command(&["connect", &format!("tcp://{at}")]));
    let output = program.finish();
    server.join().unwrap();
    assert_done(&output);
    assert_eq!(text(&output.stdout), "bye\n");
}

#[test]
fn keeps_sending_to_a_peer_that_has_finished() {
    let (at, server) = peer(|mut stream| {
        stream.shutdown(Shutdown::Write).unwrap();
        let mut all = String::new();
        stream.read_to_string(&mut all).unwrap();
        all
    });
    let mut program = Running::start(command(&["connect", &format!("tcp://{at}"), "--json", "--keep-sending"]));
    program.event("peer_finished");
    program.write(b"after your end");
    program.event("sent");
    program.close_input();
    let output = program.finish();
    assert_done(&output);
    assert_eq!(server.join().unwrap(), "after your end");
}

#[test]
fn events_go_to_standard_error_when_asked() {
    let (at, server) = peer(|mut stream| stream.write_all(b"raw").unwrap());
    let output = run(&["connect", &format!("tcp://{at}"), "--verbose"], b"");
    server.join().unwrap();
    assert_eq!(text(&output.stdout), "raw");
    let told = text(&output.stderr);
    assert!(told.contains('↓') && told.contains(&at.to_string()), "{told}");
}

#[test]
fn a_closed_standard_input_is_an_input_at_its_end() {
    let (at, server) = peer(|mut stream| {
        let mut all = String::new();
        stream.read_to_string(&mut all).unwrap();
        stream.write_all(b"done").unwrap();
        all
    });
    let line = format!("exec '{}' connect tcp://{at} <&-", env!("CARGO_BIN_EXE_sockscope"));
    let output = Command::new("sh").args(["-c", &line]).output().unwrap();
    assert_done(&output);
    assert_eq!(text(&output.stdout), "done");
    assert_eq!(server.join().unwrap(), "");
}

#[test]
fn a_closed_standard_input_does_not_spin() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap();
    let line = format!("'{}' connect tcp://{at} --for 1s <&- ; cat /proc/$$/stat", env!("CARGO_BIN_EXE_sockscope"));
    let output = Command::new("sh").args(["-c", &line]).output().unwrap();
    // Fields 16 and 17 of stat: processor time of the children that ended, in ticks of 10 ms.
    let stat = text(&output.stdout);
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: u64 = fields[13].parse::<u64>().unwrap() + fields[14].parse::<u64>().unwrap();
    assert!(ticks < 50, "{ticks} ticks of processor time within 1 s: {stat}");
}

#[test]
fn talks_udp() {
    let server = UdpSocket::bind("127.0.0.1:0").unwrap();
    server.set_read_timeout(Some(LIMIT)).unwrap();
    let at = server.local_addr().unwrap();
    let mut program = Running::start(command(&["connect", &format!("udp://{at}"), "--json"]));
    program.write(b"ping");
    let mut buffer = [0; 64];
    let (length, from) = server.recv_from(&mut buffer).unwrap();
    assert_eq!(&buffer[..length], b"ping");
    server.send_to(b"pong", from).unwrap();
    let received = program.event("received");
    assert_eq!((received["hex"].as_str(), address(&received, "peer")), (Some("706f6e67"), at));
    program.close_input();
    program.signal(rustix::process::Signal::TERM);
    assert!(program.wait(Duration::from_secs(2)).success());
}

#[test]
fn udp_prints_the_peers_bytes_only() {
    let server = UdpSocket::bind("127.0.0.1:0").unwrap();
    server.set_read_timeout(Some(LIMIT)).unwrap();
    let at = server.local_addr().unwrap();
    let mut program = Running::start(command(&["connect", &format!("udp://{at}")]));
    program.write(b"one");
    let (_, from) = server.recv_from(&mut [0; 64]).unwrap();
    server.send_to(b"answer\n", from).unwrap();
    assert_eq!(program.line().unwrap(), "answer\n");
    program.signal(rustix::process::Signal::INT);
    assert!(program.wait(Duration::from_secs(2)).success());
    assert_eq!(program.complaints(), "");
}
