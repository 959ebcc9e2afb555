//! `sockscope send`.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::program::*;

/// Reads what the first who connects sends, until its end.
fn sink() -> (SocketAddr, JoinHandle<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap();
    let reading = std::thread::spawn(move || {
        let mut all = Vec::new();
        listener.accept().unwrap().0.read_to_end(&mut all).unwrap();
        all
    });
    (at, reading)
}

fn sends(arguments: &[&str], expected: &[u8]) {
    let output = sends_and(arguments, expected);
    assert_done(&output);
}

fn sends_and(arguments: &[&str], expected: &[u8]) -> std::process::Output {
    let (at, reading) = sink();
    let output = run(&[&["send", &format!("tcp://{at}")][..], arguments].concat(), b"");
    let got = reading.join().unwrap();
    assert!(got == expected, "{arguments:?}: {} bytes, {:?}", got.len(), text(&got[..got.len().min(80)]));
    output
}

/// A schedule ends with one line on standard error: how often it was sent, and how late.
fn assert_late(output: &std::process::Output, rounds: &str) {
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    let begins = format!("sockscope: Sent {rounds} times. Late: median ");
    let is_whole = said.starts_with(&begins) && [", 99 % ", ", at most "].iter().all(|part| said.contains(part));
    assert!(is_whole && said.ends_with(".\n") && said.lines().count() == 1, "{said:?}");
}

#[test]
fn text_hex_and_endings() {
    sends(&["--text", r"a\tb\x00\u{e9}", "--eol", "crlf"], b"a\tb\0\xc3\xa9\r\n");
    sends(&["--hex", "0x01, 02 0a ff"], &[1, 2, 10, 255]);
    sends(&["--hex", "00", "--eol", "nul"], &[0, 0]);
    sends(&["--text", "-x"], b"-x");
    sends(&["--text", "泵", "--encoding", "gbk"], &[0xb1, 0xc3]);
    sends(&["--text", "泵", "--encoding", "UTF-16LE", "--eol", "lf"], &[0xf5, 0x6c, 0x0a, 0]);
}

#[test]
fn repeats() {
    sends(&["--text", "ab", "--repeat", "1000"], "ab".repeat(1000).as_bytes());
    let begun = Instant::now();
    let output = sends_and(&["--text", "t", "--repeat", "4", "--every", "50ms"], b"tttt");
    assert_late(&output, "4");
    assert!(begun.elapsed() >= Duration::from_millis(150));
}

#[test]
fn repeats_until_stopped_when_no_count_is_given() {
    let (at, reading) = sink();
    let output = run(&["send", &format!("tcp://{at}"), "--text", "t", "--every", "10ms", "--for", "500ms"], b"");
    let sent = reading.join().unwrap().len();
    let said = text(&output.stderr);
    let rounds = said.split(' ').nth(2).unwrap_or_default().to_owned();
    assert_late(&output, &rounds);
    // What is told stands in the snapshot, which may lag behind by a tick.
    assert!(rounds.parse::<usize>().is_ok_and(|rounds| (1..=sent).contains(&rounds)), "{said}");
    assert!((2..=60).contains(&sent), "{sent}");
}

#[test]
fn a_file_is_streamed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("firmware.bin");
    let bytes: Vec<u8> = (0..3_000_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    std::fs::write(&path, &bytes).unwrap();
    sends(&["--file", path.to_str().unwrap()], &bytes);
}

#[test]
fn a_missing_file_is_refused() {
    let (at, reading) = sink();
    let output = run(&["send", &format!("tcp://{at}"), "--file", "/no/such/file"], b"");
    assert_refused(&output, &["/no/such/file"]);
    reading.join().unwrap();
}

#[test]
fn prints_what_the_peer_answers_in_time() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut asked = [0; 4];
        stream.read_exact(&mut asked).unwrap();
        stream.write_all(b"answer").unwrap();
    });
    let output = run(&["send", &format!("tcp://{at}"), "--text", "ask?", "--wait", "20s"], b"");
    server.join().unwrap();
    assert_done(&output);
    assert_eq!(text(&output.stdout), "answer");
}

#[test]
fn a_mistake_in_the_payload_is_wrong_usage() {
    for payload in [["--hex", "0g"], ["--hex", "123"], ["--text", r"a\q"], ["--base64", "a?"], ["--mixed", "a[0"]] {
        let output = run(&["send", "tcp://127.0.0.1:1", payload[0], payload[1]], b"");
        assert_eq!(output.status.code(), Some(2), "{payload:?}: {}", text(&output.stderr));
    }
}

#[test]
fn datagrams_go_out_one_by_one() {
    let server = UdpSocket::bind("127.0.0.1:0").unwrap();
    server.set_read_timeout(Some(LIMIT)).unwrap();
    let to = format!("udp://{}", server.local_addr().unwrap());
    assert_done(&run(&["send", &to, "--text", "tick", "--repeat", "3"], b""));
    assert_done(&run(&["send", &to, "--text", ""], b""));
    let mut buffer = [0; 64];
    let lengths: Vec<usize> = (0..4).map(|_| server.recv(&mut buffer).unwrap()).collect();
    assert_eq!(lengths, [4, 4, 4, 0]);
}

#[test]
fn an_answer_over_udp_is_printed() {
    let server = UdpSocket::bind("[::1]:0").unwrap();
    server.set_read_timeout(Some(LIMIT)).unwrap();
    let at = server.local_addr().unwrap();
    let answering = std::thread::spawn(move || {
        let (_, from) = server.recv_from(&mut [0; 64]).unwrap();
        server.send_to(b"pong", from).unwrap();
    });
    let output = run(&["send", &format!("udp://{at}"), "--text", "ping", "--wait", "1s"], b"");
    answering.join().unwrap();
    assert_done(&output);
    assert_eq!(text(&output.stdout), "pong");
}

#[test]
fn a_closed_udp_port_is_told() {
    let at = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let output = run(&["send", &format!("udp://{at}"), "--text", "x", "--wait", "20s"], b"");
    assert_refused(&output, &[&at.to_string()]);
}

#[test]
fn a_datagram_over_the_limit_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("big.bin");
    std::fs::write(&path, vec![0; 65_508]).unwrap();
    let output = run(&["send", "udp://127.0.0.1:9", "--file", path.to_str().unwrap()], b"");
    assert_refused(&output, &[]);
}

#[test]
fn a_peer_that_does_not_read_is_given_up_in_time() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("big.bin");
    std::fs::File::create(&path).unwrap().set_len(200_000_000).unwrap();
    let output = run(&["send", &format!("tcp://{at}"), "--file", path.to_str().unwrap(), "--for", "500ms"], b"");
    assert_refused(&output, &[]);
    drop(listener);
}

#[test]
fn mixed_text_base64_and_checksums() {
    sends(&["--mixed", r"LOGIN [01 ff]\r\n"], b"LOGIN \x01\xff\r\n");
    sends(&["--base64", "aGk="], b"hi");
    sends(&["--hex", "01 03 00 00 00 02", "--checksum", "modbus"], b"\x01\x03\0\0\0\x02\xc4\x0b");
    sends(&["--hex", "01 03 00 00 00 02", "--checksum", "CRC-16/MODBUS big HEX"], b"\x01\x03\0\0\0\x020BC4");
    sends(&["--text", "a", "--eol", "lf", "--checksum", "xor-8"], b"a\nk");
}

#[test]
fn templates_are_filled_in_at_each_sending() {
    sends(&["--text", "{{counter:width=2}};", "--repeat", "3"], b"01;02;03;");
    let asked = ["--mixed", "[02]{{ask:User}}={{ask:Word}}[03]", "--ask", "User=泵", "--ask", "Word=a=b {{now}}"];
    sends(&asked, "\u{2}泵=a=b {{now}}\u{3}".as_bytes());
    sends(&["--hex", "{{length:u16be}} 01 02"], &[0, 2, 1, 2]);
    let (at, reading) = sink();
    assert_done(&run(&["send", &format!("tcp://{at}"), "--text", "{{peer}}"], b""));
    assert_eq!(text(&reading.join().unwrap()), at.to_string());
}

#[test]
fn files_of_this_folder_are_read_and_others_with_trust() {
    let folder = tempfile::tempdir().unwrap();
    let inside = folder.path().join("here");
    std::fs::create_dir(&inside).unwrap();
    std::fs::write(inside.join("a}}b.bin"), "near").unwrap();
    let far = folder.path().join("far.bin");
    std::fs::write(&far, "far").unwrap();
    let sent = |arguments: &[&str]| {
        let (at, reading) = sink();
        let mut command = command(&[&["send", &format!("tcp://{at}")][..], arguments].concat());
        command.current_dir(&inside).env("SOCKSCOPE_TEST", "secret");
        let output = Running::start(command).finish();
        // It may be refused before it connects.
        drop(std::net::TcpStream::connect(at));
        (output, reading.join().unwrap())
    };
    let (output, got) = sent(&["--text", r#"<{{file:"a}}b.bin"}}>"#]);
    assert_done(&output);
    assert_eq!(got, b"<near>");
    let outside = format!("{{{{file:{}}}}}", far.display());
    assert_refused(&sent(&["--text", &outside]).0, &["far.bin", "outside the folder", "--trust"]);
    assert_eq!(sent(&["--text", &outside, "--trust"]).1, b"far");
    assert_refused(&sent(&["--text", "{{env:SOCKSCOPE_TEST}}"]).0, &["{{env:SOCKSCOPE_TEST}}", "--trust"]);
    assert_eq!(sent(&["--text", "{{env:SOCKSCOPE_TEST}}", "--trust"]).1, b"secret");
    std::fs::File::create(inside.join("long")).unwrap().set_len((64 << 20) + 1).unwrap();
    assert_refused(&sent(&["--text", "{{file:long}}"]).0, &["64 MiB"]);
}

#[test]
fn a_mistake_has_carets_under_it() {
    let mistake = |arguments: &[&str]| {
        let output = run(&[&["send", "tcp://127.0.0.1:1"][..], arguments].concat(), b"");
        assert_eq!(output.status.code(), Some(2));
        text(&output.stderr)
    };
    let told = mistake(&["--text", r"泵 \q!"]);
    assert!(told.contains("at character 3") && told.contains("  泵 \\q!\n     ^^\n"), "{told}");
    let told = mistake(&["--text", "a {{conter}}"]);
    assert!(told.contains("^") && told.contains("counter"), "{told}");
    let told = mistake(&["--text", "{{ask:User}}"]);
    assert!(told.contains("--ask 'User=…'") && told.contains("^^^^^^^^^^^^"), "{told}");
    assert!(mistake(&["--text", "x{{1}}"]).contains("automatic replies"));
    assert!(mistake(&["--text", "x", "--checksum", "modbsu"]).contains("no checksum is called that"));
}

#[test]
fn a_dry_run_prints_the_bytes_and_opens_nothing() {
    let nobody = "tcp://127.0.0.1:1";
    let dumped = |arguments: &[&str]| {
        let output = run(&[&["send", nobody, "--dry-run"][..], arguments].concat(), b"");
        assert_done(&output);
        text(&output.stdout)
    };
    let request = dumped(&["--hex", "010300000002", "--checksum", "modbus"]);
    assert_eq!(request, "00000000  01 03 00 00 00 02 c4 0b                           |........|\n00000008\n");
    let twice = dumped(&["--text", "{{counter}} {{peer}}", "--repeat", "2"]);
    assert!(twice.contains("|1 127.0.0.1:1|") && twice.contains("|2 127.0.0.1:1|"), "{twice}");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    std::fs::write(&path, vec![b'x'; 100_000]).unwrap();
    let file = dumped(&["--file", path.to_str().unwrap()]);
    assert_eq!((file.lines().count(), file.lines().last()), (6251, Some("000186a0")));
    assert_refused(&run(&["send", nobody, "--dry-run", "--text", "{{local}}"], b""), &["dry run"]);
}

/// What the window's "copy as" gives, pasted into a shell and carried out by this very program.
#[test]
fn the_copied_command_sends_the_same_bytes() {
    use sockscope::model::{HostPort, Transport};
    use sockscope::payload::{CommandFormat, Receiver, command as copied};
    if !has("sh") {
        return;
    }
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_sockscope"));
    let folders = [program.parent().unwrap().to_path_buf()];
    let path = std::env::join_paths(folders.into_iter().chain(std::env::split_paths(&std::env::var("PATH").unwrap())));
    let all: Vec<u8> = (0..=255).collect();
    for bytes in [&all[..], b"$(touch pwned) `id` '\" \\ ! %s\n", b"--help\n", b"-\0"] {
        let (at, reading) = sink();
        let to = Receiver { transport: Transport::Tcp, at: HostPort::from(at) };
        let line = copied(bytes, Some(&to), CommandFormat::Sockscope).unwrap();
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", &line]).env("PATH", path.as_ref().unwrap());
        assert!(shell.status().unwrap().success(), "{line}");
        assert_eq!(reading.join().unwrap(), bytes, "{line}");
    }
}

#[test]
fn the_copied_array_is_that_of_a_compiler() {
    use sockscope::payload::{CommandFormat, command as copied};
    if !has("cc") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let all: Vec<u8> = (0..=255).collect();
    for bytes in [&all[..], b"\"*/ ??/\n", b"\0"] {
        let array = copied(bytes, None, CommandFormat::CArray).unwrap();
        let source =
            format!("#include <stdio.h>\n{array}\nint main(void) {{ fwrite(bytes, 1, sizeof bytes, stdout); }}\n");
        let (file, program) = (folder.path().join("a.c"), folder.path().join("a"));
        std::fs::write(&file, source).unwrap();
        let compiled = std::process::Command::new("cc").arg("-Werror").arg("-o").args([&program, &file]).status();
        assert!(compiled.unwrap().success(), "{array}");
        assert_eq!(std::process::Command::new(&program).output().unwrap().stdout, bytes);
    }
}
