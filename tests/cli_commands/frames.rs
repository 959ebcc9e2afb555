//! `--framing`, `--verify`, `--decode`, and `sockscope checksum`.

use std::io::Write;
use std::net::{Shutdown, TcpListener, TcpStream, UdpSocket};

use super::program::*;

/// A server that says these pieces, each as a write of its own.
fn says(pieces: &'static [&'static [u8]]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.set_nodelay(true).unwrap();
        for piece in pieces {
            stream.write_all(piece).unwrap();
        }
    });
    format!("tcp://{at}")
}

#[test]
fn connect_prints_a_line_for_each_frame() {
    let to = says(&[b"he", b"llo\r\nwo\x1brld\n\nre", b"st"]);
    let output = run(&["connect", &to, "--framing", "line"], b"");
    assert_done(&output);
    assert_eq!(text(&output.stdout), "hello\nwo␛rld\n\nrest\n");
    let output = run(&["connect", &says(&[b"12345"]), "--framing", "fixed 4"], b"");
    assert_eq!(text(&output.stdout), "1234\n5  (unfinished)\n");
}

#[test]
fn wrong_checksums_are_marked() {
    let to = says(&[b"\x01\x03\x00\x00\x00\x02\xc4\x0b\x01\x03\0\0", b"\0\x03\xc4\x0b"]);
    let output = run(&["connect", &to, "--framing", "fixed 8", "--verify", "modbus"], b"");
    assert_done(&output);
    let said = text(&output.stdout);
    let lines: Vec<_> = said.lines().collect();
    assert!(lines[0].ends_with("✓ checksum"), "{lines:?}");
    assert!(lines[1].ends_with("✗ wrong checksum: expected 05 cb, got c4 0b"), "{lines:?}");
    let output = run(&["connect", &says(&[b"a61\nb61\n"]), "--framing", "line", "--verify", "xor-8 HEX"], b"");
    assert_eq!(text(&output.stdout), "a61  ✓ checksum\nb61  ✗ wrong checksum: expected 62, got 61\n");
    let output = run(&["connect", &says(&[b"ab\0\0"]), "--framing", "delimiter [00 00]", "--json"], b"");
    let received: Vec<_> = events(&output).into_iter().filter(|event| event["kind"] == "received").collect();
    assert_eq!((received.len(), &received[0]["hex"], &received[0]["frame"]), (1, &"6162".into(), &true.into()));
}

#[test]
fn listen_tells_the_fields_of_frames_that_came_in_pieces() {
    let arguments = ["listen", "tcp://127.0.0.1:0", "--framing", "length u16be at 4", "--decode", "modbus-tcp"];
    let (mut program, at) = Running::listening(&arguments, 1);
    let mut peer = TcpStream::connect(at[0]).unwrap();
    let request = [0, 7, 0, 0, 0, 6, 1, 3, 0, 0, 0, 2];
    peer.write_all(&[&request[..], &request[..5]].concat()).unwrap();
    peer.write_all(&request[5..]).unwrap();
    peer.shutdown(Shutdown::Write).unwrap();
    for _ in 0..2 {
        let frame = program.event("received");
        assert_eq!((&frame["length"], &frame["frame"]), (&12.into(), &true.into()));
        assert_eq!(frame["decoded"]["fields"][0]["fields"][0]["value"], "7 (0x0007)", "{frame}");
    }
    assert_eq!(program.event("peer_finished")["received"], 24);
}

#[test]
fn a_pause_ends_a_frame_while_nothing_else_comes() {
    let (mut program, at) = Running::listening(&["listen", "tcp://127.0.0.1:0", "--framing", "idle 30ms"], 1);
    let mut peer = TcpStream::connect(at[0]).unwrap();
    peer.write_all(b"abc").unwrap();
    assert_eq!(program.event("received")["hex"], "616263");
}

#[test]
fn datagrams_are_taken_apart_one_by_one_and_counted_as_frames() {
    let arguments = ["listen", "udp://127.0.0.1:0", "--framing", "line", "--events", "4"];
    let (program, at) = Running::listening(&arguments, 1);
    let peer = UdpSocket::bind("127.0.0.1:0").unwrap();
    peer.send_to(b"one\ntwo\nth", at[0]).unwrap();
    peer.send_to(b"ree\nmore", at[0]).unwrap();
    let output = program.finish();
    let frames = events(&output);
    let content: Vec<_> = frames.iter().filter_map(|event| event["hex"].as_str()).collect();
    assert_eq!(content, ["6f6e65", "74776f", "7468"], "{frames:?}");
}

#[test]
fn checksums_are_listed_computed_and_found() {
    let said = |arguments: &[&str]| {
        let output = run(&[&["checksum"][..], arguments].concat(), b"");
        assert_done(&output);
        text(&output.stdout)
    };
    assert!(said(&["list"]).lines().count() > 100);
    assert!(said(&["list", "modbus"]).starts_with("CRC-16/MODBUS "));
    assert_eq!(said(&["compute", "modbus", "--hex", "010300000002"]), "c4 0b\n");
    assert_eq!(said(&["compute", "modbus big", "--hex", "010300000002"]), "0b c4\n");
    assert_eq!(said(&["compute", "crc-32/iso-hdlc big", "--text", "123456789"]), "cb f4 39 26\n");
    let found = said(&["find", "01 03 00 00 00 02 c4 0b", "01 03 00 00 00 03 05 cb"]);
    assert_eq!(
        found.lines().next().map(str::trim_end),
        Some("CRC-16/MODBUS                            by chance 1 in 2^32")
    );
    let nmea = said(&["find", &format!("24{}0d0a", "4750474c4c2c342a3536"), "--key", "k"]);
    assert!(!nmea.is_empty());
    assert_refused(&run(&["checksum", "list", "nosuch"], b""), &["nosuch"]);
    let strangers = ["00 01 02 03 04 05 06 99 12 34", "a1 b2 c3 d4 e5 f6 07 18 29", "55 aa 12 9b 77 31 0c"];
    assert_refused(&run(&[&["checksum", "find"][..], &strangers].concat(), b""), &["fits"]);
    assert_eq!(run(&["checksum", "find", "0g"], b"").status.code(), Some(2));
}
