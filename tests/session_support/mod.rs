//! What the session tests share: flows, recording a list of events, reading them back, asking tshark.
#![allow(dead_code, reason = "each test program uses a part of it")]
#![allow(clippy::print_stderr, reason = "a skipped test says so aloud")]

pub mod watched;

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use sockscope::model::{By, ConnectionId, EndpointId, Event, Flow, Happening, Recorded, Role, Transport, What};
use sockscope::session::{Log, Recorder, RecorderHandle, RecorderOptions, RecorderStatus};

pub const LIMIT: Duration = Duration::from_secs(60);

pub fn flow(transport: Transport, role: Role, connection: u32, local: &str, peer: &str) -> Arc<Flow> {
    Arc::new(Flow {
        endpoint: EndpointId(1 + role as u32),
        endpoint_uri: format!("{transport}://{local}").into(),
        connection: ConnectionId(connection),
        transport,
        role,
        local: Some(local.parse().unwrap()),
        peer: Some(peer.parse().unwrap()),
        mirror: false,
    })
}

pub fn happened(handle: &RecorderHandle, flow: &Arc<Flow>, happening: Happening) {
    handle.note(handle.happened(flow, happening));
}

pub fn received(handle: &RecorderHandle, flow: &Arc<Flow>, bytes: impl Into<Bytes>) {
    handle.note(Event { time: handle.now(), flow: flow.clone(), what: What::Received(bytes.into()) });
}

pub fn sent(handle: &RecorderHandle, flow: &Arc<Flow>, bytes: impl Into<Bytes>) {
    handle.note(Event { time: handle.now(), flow: flow.clone(), what: What::Sent(bytes.into()) });
}

pub fn closed(by: By) -> Happening {
    Happening::Closed { by, received: 0, sent: 0, unread: 0 }
}

/// Records what `events` notes, and finishes the file.
pub fn record(path: &Path, events: impl FnOnce(&RecorderHandle)) -> RecorderStatus {
    let options = RecorderOptions { path: Some(path.to_owned()), ..RecorderOptions::default() };
    let (recorder, handle, _) = Recorder::start(options).unwrap();
    events(&handle);
    drop(handle);
    recorder.finish(LIMIT)
}

pub fn open(path: &Path) -> Arc<Log> {
    let log = Log::open(path).unwrap();
    assert!(log.wait_complete(LIMIT).complete);
    log
}

pub fn all(log: &Log) -> Vec<Recorded> {
    (0..log.state().rows).map(|row| log.read(row).unwrap()).collect()
}

/// What tshark prints; `None` (said aloud) where it is not installed.
pub fn tshark(arguments: &[&str]) -> Option<String> {
    let output = match Command::new("tshark").args(arguments).output() {
        Ok(output) => output,
        Err(error) => {
            eprintln!("SKIPPED: tshark cannot be run: {error}");
            return None;
        }
    };
    let errors = String::from_utf8_lossy(&output.stderr);
    let errors: Vec<_> = errors.lines().filter(|line| !line.starts_with("Running as user")).collect();
    assert!(output.status.success() && errors.is_empty(), "tshark {arguments:?}: {} {errors:?}", output.status);
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// What each side of tshark's stream said, first the one that opened it.
pub fn follow(path: &Path, stream: usize) -> Option<(Vec<u8>, Vec<u8>)> {
    let text = tshark(&["-r", path.to_str().unwrap(), "-q", "-z", &format!("follow,tcp,raw,{stream}")])?;
    let (mut opener, mut answerer) = (Vec::new(), Vec::new());
    for line in text.lines().skip_while(|line| !line.starts_with("Node 1")).skip(1) {
        let hex = line.trim();
        if !hex.is_empty() && hex.bytes().all(|b| b.is_ascii_hexdigit()) {
            let bytes = (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap());
            if line.starts_with('\t') { answerer.extend(bytes) } else { opener.extend(bytes) }
        }
    }
    Some((opener, answerer))
}

/// Expert information, and packets with a wrong checksum, that tshark finds.
pub fn complaints(path: &Path) -> Option<String> {
    tshark(&[
        "-r",
        path.to_str().unwrap(),
        "-o",
        "tcp.check_checksum:TRUE",
        "-o",
        "udp.check_checksum:TRUE",
        "-o",
        "ip.check_checksum:TRUE",
        "-Y",
        "tcp.analysis.flags || tcp.checksum.status == 0 || udp.checksum.status == 0 || ip.checksum.status == 0 || _ws.malformed",
    ])
}
