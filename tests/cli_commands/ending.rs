//! Signals, closed outputs, outputs that nobody reads.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::program::*;

const SIGNAL_LIMIT: Duration = Duration::from_secs(2);

#[test]
fn signals_close_sockets_and_finish_the_file() {
    for signal in [Signal::INT, Signal::TERM] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.pcapng");
        let arguments = ["listen", "tcp://127.0.0.1:0", "--record", path.to_str().unwrap()];
        let (mut program, at) = Running::listening(&arguments, 1);
        let mut peer = TcpStream::connect(at[0]).unwrap();
        program.event("accepted");
        program.signal(signal);
        let begun = Instant::now();
        assert!(program.wait(SIGNAL_LIMIT).success());
        assert!(begun.elapsed() < SIGNAL_LIMIT);
        peer.set_read_timeout(Some(LIMIT)).unwrap();
        assert_eq!(peer.read(&mut [0; 1]).unwrap(), 0, "the peer saw the end");
        let exported = run(&["export", path.to_str().unwrap(), "--as", "jsonl"], b"");
        assert_done(&exported);
        let kinds: Vec<_> = events(&exported).iter().map(|event| event["kind"].as_str().unwrap().to_owned()).collect();
        for kind in ["listening", "accepted", "closed", "stopped"] {
            assert!(kinds.iter().any(|found| found == kind), "{kind} is missing: {kinds:?}");
        }
    }
}

#[test]
fn a_reader_that_goes_away_ends_it_quietly() {
    let mut child = command(&["listen", "tcp://127.0.0.1:0"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut first = String::new();
    output.read_line(&mut first).unwrap();
    assert!(first.contains("tcp://127.0.0.1:"), "{first}");
    // No event follows: the program has to notice by itself.
    drop(output);
    let ended = child.wait_with_output().unwrap();
    assert_eq!((ended.status.code(), text(&ended.stderr).as_str()), (Some(0), ""));
}

#[test]
fn head_gets_its_line_and_no_panic_follows() {
    let program = env!("CARGO_BIN_EXE_sockscope");
    for rest in ["listen tcp://127.0.0.1:0 --json", "--help", "completions bash"] {
        let line = format!("set -o pipefail; '{program}' {rest} | head -1");
        let output = Command::new("bash").args(["-c", &line]).stdin(Stdio::null()).output().unwrap();
        assert_eq!(text(&output.stdout).lines().count(), 1, "{rest}");
        assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""), "{rest}");
    }
}

#[test]
fn a_full_disk_behind_standard_output_is_told() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = command(&["listen", "tcp://127.0.0.1:0"]).stdin(Stdio::null()).stdout(full).output().unwrap();
    assert_refused(&output, &["Standard output"]);
}

/// Standard output takes nothing more, traffic flows, and all the same the file is whole 2 s after the signal.
#[test]
fn an_output_that_nobody_reads_slows_the_peer_and_not_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.pcapng");
    let arguments = ["listen", "tcp://127.0.0.1:0", "--json", "--record", path.to_str().unwrap()];
    let mut child = command(&arguments).stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut first = String::new();
    output.read_line(&mut first).unwrap();
    let at = address(&serde_json::from_str(&first).unwrap(), "local");
    let mut peer = TcpStream::connect(at).unwrap();
    peer.set_write_timeout(Some(Duration::from_millis(500))).unwrap();
    // Until the peer is held up: that is when nothing is lost and nothing is piled up.
    let mut sent = 0_u64;
    while sent < 4_000_000_000 && peer.write_all(&[b'x'; 65_536]).is_ok() {
        sent += 65_536;
    }
    assert!(sent < 4_000_000_000, "the peer was never held up");
    kill_process(Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap(), Signal::TERM).unwrap();
    let begun = Instant::now();
    while child.try_wait().unwrap().is_none() {
        assert!(begun.elapsed() < Duration::from_secs(3), "it did not end in time");
        std::thread::sleep(Duration::from_millis(2));
    }
    assert!(begun.elapsed() < SIGNAL_LIMIT + Duration::from_millis(200), "{:?}", begun.elapsed());
    let check =
        run(&["export", path.to_str().unwrap(), "--as", "pcapng", "--output", &format!("{}.2", path.display())], b"");
    assert_eq!(check.status.code(), Some(0), "the file is whole: {}", text(&check.stderr));
}
