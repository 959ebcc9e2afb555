//! `sockscope listen`.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::program::*;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn echoes_to_ncat_and_tells_every_event() {
    if !has("ncat") {
        return;
    }
    let (mut program, at) = Running::listening(&["listen", "tcp://127.0.0.1:0", "--echo", "--events", "7"], 1);
    let mut ncat = Command::new("ncat")
        .args(["127.0.0.1", &at[0].port().to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    ncat.stdin.take().unwrap().write_all(b"hello\r\n").unwrap();
    let accepted = program.event("accepted");
    assert_eq!(address(&accepted, "local"), at[0]);
    let received = program.event("received");
    assert_eq!(received["length"], 7);
    assert_eq!(received["hex"], hex(b"hello\r\n"));
    assert_eq!(received["connection"], accepted["connection"]);
    let sent = program.event("sent");
    assert_eq!(sent["hex"], hex(b"hello\r\n"));
    assert!(sent["seq"].as_u64() > received["seq"].as_u64());
    assert!(sent["time"].as_str().unwrap().ends_with('Z'));
    program.event("peer_finished");
    program.event("closed");
    assert_eq!(ncat.wait_with_output().unwrap().stdout, b"hello\r\n");
}

#[test]
fn a_peer_that_has_finished_is_closed_so_that_those_that_come_and_go_do_not_pile_up() {
    let (mut program, at) = Running::listening(&["listen", "tcp://127.0.0.1:0"], 1);
    let mut peer = TcpStream::connect(at[0]).unwrap();
    peer.write_all(b"all I have").unwrap();
    peer.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(peer.read(&mut [0; 8]).unwrap(), 0);
    assert_eq!(program.event("closed")["received"], 10);
}

#[test]
fn serves_tcp_and_udp_on_both_families_at_once() {
    let uris = ["tcp://127.0.0.1:0", "udp://127.0.0.1:0", "tcp://[::1]:0", "udp://[::1]:0"];
    let (mut program, at) = Running::listening(&[&["listen", "--echo"][..], &uris].concat(), 4);
    let mut sorted = at.clone();
    sorted.sort();
    sorted.dedup();
    assert_eq!(sorted.len(), 4);
    let endpoints: Vec<String> = program
        .seen
        .iter()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .map(|event| event["endpoint"].as_str().unwrap().to_owned())
        .collect();
    for (endpoint, at) in endpoints.iter().zip(&at) {
        assert!(endpoint.ends_with(&at.to_string()), "{endpoint} {at}");
        if endpoint.starts_with("tcp") {
            let mut peer = TcpStream::connect(at).unwrap();
            peer.write_all(b"over tcp").unwrap();
            let mut back = [0; 8];
            peer.read_exact(&mut back).unwrap();
            assert_eq!(&back, b"over tcp");
        } else {
            let peer = UdpSocket::bind(if at.is_ipv4() { "127.0.0.1:0" } else { "[::1]:0" }).unwrap();
            peer.set_read_timeout(Some(LIMIT)).unwrap();
            peer.send_to(b"", at).unwrap();
            peer.send_to(b"over udp", at).unwrap();
            let mut back = [0; 16];
            assert_eq!(peer.recv(&mut back).unwrap(), 0);
            assert_eq!(peer.recv(&mut back).unwrap(), 8);
        }
    }
    program.signal(rustix::process::Signal::INT);
    assert!(program.wait(Duration::from_secs(2)).success());
}

#[test]
fn one_peer_too_many_is_reset() {
    let (mut program, at) = Running::listening(&["listen", "tcp://127.0.0.1:0", "--max-peers", "1"], 1);
    let _first = TcpStream::connect(at[0]).unwrap();
    program.event("accepted");
    let mut second = TcpStream::connect(at[0]).unwrap();
    let event = program.event("turned_away");
    assert_eq!(address(&event, "peer"), second.local_addr().unwrap());
    second.set_read_timeout(Some(LIMIT)).unwrap();
    let error = second.read(&mut [0; 1]).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
}

#[test]
fn a_port_that_is_taken_ends_all() {
    let holder = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = holder.local_addr().unwrap();
    let output = run(&["listen", "udp://127.0.0.1:0", &format!("tcp://{taken}")], b"");
    assert_refused(&output, &[&taken.port().to_string(), "127.0.0.1"]);
}

#[test]
fn an_address_of_another_computer_is_refused() {
    let output = run(&["listen", "tcp://203.0.113.9:0"], b"");
    assert_refused(&output, &["203.0.113.9"]);
}

#[test]
fn lines_for_people_hold_no_control_characters() {
    let mut program = Running::start(command(&["listen", "tcp://127.0.0.1:0"]));
    let listening = program.line().unwrap();
    let port = listening.split("tcp://127.0.0.1:").nth(1).and_then(|rest| rest.split(' ').next()).unwrap();
    let mut peer = TcpStream::connect(format!("127.0.0.1:{port}")).unwrap();
    peer.write_all(b"\x1b[2J caf\xc3\xa9 \xe2\x80\xae\r\n").unwrap();
    let line = loop {
        let line = program.line().unwrap();
        if line.contains('↓') {
            break line;
        }
    };
    assert!(line.contains("16 B") && line.contains("café"), "{line}");
    assert!(line.contains(&peer.local_addr().unwrap().to_string()), "{line}");
    assert!(!line.trim_end_matches('\n').contains(|c: char| c.is_control() || c == '\u{202e}'), "{line:?}");
}

#[test]
fn stops_after_exactly_so_many_events() {
    let (program, at) = Running::listening(&["listen", "tcp://127.0.0.1:0", "--echo", "--events", "3"], 1);
    let mut peer = TcpStream::connect(at[0]).unwrap();
    for _ in 0..100 {
        if peer.write_all(b"more").is_err() {
            break;
        }
    }
    let output = program.finish();
    assert_eq!(events(&output).len(), 2, "one was read before");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn stops_after_its_time() {
    let begun = Instant::now();
    let output = run(&["listen", "tcp://127.0.0.1:0", "--for", "300ms", "--json"], b"");
    assert!(begun.elapsed() >= Duration::from_millis(300));
    assert_done(&output);
    assert_eq!(events(&output)[0]["kind"], "listening");
}

#[test]
fn wrong_usage_ends_with_code_2() {
    for arguments in [&["listen"][..], &["listen", "127.0.0.1:9000"], &["listen", "tcp://a.example:1"], &["listne"]] {
        let output = run(arguments, b"");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(!output.stderr.is_empty());
    }
}

#[test]
fn plays_http_and_modbus() {
    let line = ["listen", "tcp://127.0.0.1:0", "--answer", "http", "--http-status", "418", "--http-body", "tea\\n"];
    let (_program, at) = Running::listening(&line, 1);
    let mut peer = TcpStream::connect(at[0]).unwrap();
    peer.write_all(b"GET / HTTP/1.0\r\n\r\n").unwrap();
    let mut answer = String::new();
    peer.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 418 ") && answer.ends_with("\r\n\r\ntea\n"), "{answer}");
    let line = ["listen", "tcp://127.0.0.1:0", "--answer", "modbus", "--registers", "holding:1=0x1234"];
    let (_program, at) = Running::listening(&line, 1);
    let mut peer = TcpStream::connect(at[0]).unwrap();
    peer.write_all(b"\0\x01\0\0\0\x06\x01\x03\0\x01\0\x01").unwrap();
    let mut answer = [0; 11];
    peer.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"\0\x01\0\0\0\x05\x01\x03\x02\x12\x34");
    for wrong in [
        &["listen", "udp://127.0.0.1:0", "--answer", "http"][..],
        &["listen", "tcp://127.0.0.1:0", "--unit", "1"],
        &["listen", "tcp://127.0.0.1:0", "--echo", "--answer", "daytime"],
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_sockscope")).args(wrong).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{wrong:?}");
    }
}
