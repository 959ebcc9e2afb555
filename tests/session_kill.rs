//! SIGKILL while recording: what is kept is an exact prefix, and nothing older than 100 ms is missing.
#![cfg(unix)]
#![allow(clippy::print_stderr, reason = "how much was kept is worth reading")]

mod session_support;

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use session_support::{flow, open, received};
use sockscope::model::{Role, Transport};
use sockscope::session::{Recorder, RecorderOptions};

const FOLDER: &str = "SOCKSCOPE_TEST_KILL_FOLDER";
const RATE: &str = "SOCKSCOPE_TEST_KILL_RATE";

fn now_micros() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros() as u64
}

/// The child: records at a rate until it is killed, and notes beside the session how many events it had handed over when.
#[test]
fn child_records_until_it_is_killed() {
    let (Ok(folder), Ok(rate)) = (std::env::var(FOLDER), std::env::var(RATE)) else { return };
    let (folder, rate): (_, u64) = (Path::new(&folder), rate.parse().unwrap());
    let path = Some(folder.join("session.pcapng"));
    let (_recorder, handle, _) = Recorder::start(RecorderOptions { path, ..RecorderOptions::default() }).unwrap();
    let flow = flow(Transport::Udp, Role::Datagram, 1, "127.0.0.1:5005", "127.0.0.1:50000");
    let mut notes = OpenOptions::new().create(true).append(true).open(folder.join("notes")).unwrap();
    let begun = Instant::now();
    let mut count = 0u64;
    loop {
        let due = (begun.elapsed().as_micros() as u64).saturating_mul(rate) / 1_000_000;
        while count < due {
            count += 1;
            received(&handle, &flow, count.to_le_bytes().repeat(8));
        }
        notes.write_all(&[count.to_le_bytes(), now_micros().to_le_bytes()].concat()).unwrap();
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn kill_after(rate: u64, millis: u64) {
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child_records_until_it_is_killed", "--nocapture"])
        .env(FOLDER, folder.path())
        .env(RATE, rate.to_string())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let notes_path = folder.path().join("notes");
    let notes = || std::fs::read(&notes_path).unwrap_or_default();
    while notes().is_empty() {
        assert!(child.try_wait().unwrap().is_none());
        std::thread::sleep(Duration::from_millis(1));
    }
    std::thread::sleep(Duration::from_millis(millis));
    let killed = now_micros();
    child.kill().unwrap();
    child.wait().unwrap();
    let must_be_kept = notes()
        .as_chunks::<16>()
        .0
        .iter()
        .map(|note| {
            (u64::from_le_bytes(note[..8].try_into().unwrap()), u64::from_le_bytes(note[8..].try_into().unwrap()))
        })
        .filter(|(_, at)| at + 100_000 <= killed)
        .map(|(count, _)| count)
        .max()
        .unwrap_or(0);
    let log = open(&folder.path().join("session.pcapng"));
    let rows = log.state().rows;
    assert!(rows >= must_be_kept, "{rows} events are kept, {must_be_kept} are older than 100 ms");
    for row in 0..rows {
        let recorded = log.read(row).unwrap();
        assert!(!recorded.damaged && recorded.seq == row + 1);
        assert_eq!(recorded.event.bytes().unwrap()[..8], (row + 1).to_le_bytes());
    }
    eprintln!("{rate}/s killed after {millis} ms: {rows} events kept, {must_be_kept} had to be");
}

#[test]
fn killed_at_any_rate_an_exact_prefix_is_kept() {
    for (rate, millis) in [(10, 700), (10, 1350), (1_000, 333), (1_000, 800), (100_000, 256), (100_000, 611)] {
        kill_after(rate, millis);
    }
}
