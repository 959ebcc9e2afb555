//! A disk that really fills up: a small tmpfs in a mount namespace of the test's own.
#![cfg(target_os = "linux")]
#![allow(clippy::print_stderr, reason = "a skipped test says so aloud")]

mod session_support;

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use session_support::{LIMIT, all, flow, open, received};
use sockscope::model::{EventKind, Happening, Reason, Role, Transport};
use sockscope::session::{Recorder, RecorderOptions};

const FOLDER: &str = "SOCKSCOPE_TEST_SMALL_DISK";

/// The child, inside its namespace: the disk has 80 MiB, of which 64 are kept for others.
#[test]
fn child_records_on_a_small_disk() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let folder = Path::new(&folder);
    let path = folder.join("session.pcapng");
    let options = RecorderOptions { path: Some(path.clone()), keep_rows: true, subscription: 0 };
    let (recorder, handle, _) = Recorder::start(options).unwrap();
    let flow = flow(Transport::Udp, Role::Datagram, 1, "127.0.0.1:5005", "127.0.0.1:50000");
    let status_where = |right: &dyn Fn(&sockscope::session::RecorderStatus) -> bool| {
        let begun = Instant::now();
        loop {
            let status = recorder.status();
            if right(&status) {
                return status;
            }
            assert!(begun.elapsed() < LIMIT, "{status:?}");
            std::thread::sleep(Duration::from_millis(5));
        }
    };
    // 40 MB in rounds: the disk is full on the way, and the sockets would not notice.
    for round in 1..=20 {
        for _ in 0..40 {
            received(&handle, &flow, vec![0x55; 50_000]);
        }
        status_where(&|status| status.events == round * 40);
    }
    let status = recorder.status();
    assert_eq!(status.failing.as_ref().map(|failure| failure.reason), Some(Reason::DiskFull));
    assert!(status.unrecorded_now > 0 && status.file_bytes > 4 << 20 && status.file_bytes < 17 << 20, "{status:?}");
    let log = recorder.log().unwrap();
    let kept = log.state().rows;
    assert_eq!(kept + status.unrecorded_now, 800);
    // Room again: a larger disk. Recording goes on, and a row says what is missing.
    assert!(Command::new("mount").args(["-o", "remount,size=300m"]).arg(folder).status().unwrap().success());
    status_where(&|status| status.failing.is_none());
    received(&handle, &flow, vec![0x66; 10]);
    drop(handle);
    let status = recorder.finish(LIMIT);
    assert_eq!((status.failing, status.unrecorded_now, status.unrecorded_total), (None, 0, 800 - kept));
    let events = all(&open(&path));
    assert_eq!(events.len() as u64, kept + 2);
    let gap = &events[kept as usize];
    assert_eq!((gap.seq, gap.event.kind()), (801, EventKind::Gap));
    let Some(Happening::Gap { events, bytes, failure }) = gap.event.happening() else { panic!() };
    assert_eq!((*events, *bytes), (800 - kept, (800 - kept) * 50_000));
    assert_eq!(failure.as_ref().unwrap().reason, Reason::DiskFull);
}

#[test]
fn a_full_disk_stops_recording_before_it_is_full_and_room_resumes_it() {
    let folder = tempfile::tempdir().unwrap();
    let script =
        "mount -t tmpfs -o size=80m none \"$1\" && exec \"$0\" --exact child_records_on_a_small_disk --nocapture";
    let output = Command::new("unshare")
        .args(["-m", "sh", "-c", script])
        .arg(std::env::current_exe().unwrap())
        .arg(folder.path())
        .env(FOLDER, folder.path())
        .output();
    let output = match output {
        Ok(output) => output,
        Err(error) => return eprintln!("SKIPPED: unshare cannot be run: {error}"),
    };
    let errors = String::from_utf8_lossy(&output.stderr);
    if errors.contains("unshare failed") || errors.contains("mount:") {
        return eprintln!("SKIPPED: no mount namespace may be made here: {errors}");
    }
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}\n{errors}");
}
