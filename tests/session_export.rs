//! Every format of the registry: what it says, that it is safe to open, that a file is whole or not there.

mod session_support;

use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use session_support::{all, closed, flow, follow, happened, open, received, record, sent, tshark};
use sockscope::model::{By, Doing, Failure, Happening, Reason, Role, Transport};
use sockscope::session::export::{self, FORMATS, Progress, format};
use sockscope::session::{Log, Query};

fn session(folder: &Path) -> Arc<Log> {
    let path = folder.join("session.pcapng");
    record(&path, |handle| {
        let tcp = flow(Transport::Tcp, Role::Client, 1, "127.0.0.1:50000", "127.0.0.1:9000");
        let failure =
            Failure { system: "\u{1b}[31m=evil".into(), ..Failure::new(Doing::Connect, "=1+1", Reason::Refused) };
        happened(handle, &tcp, Happening::AttemptFailed { address: "[::1]:9000".parse().unwrap(), failure });
        happened(handle, &tcp, Happening::Connected { took_nanos: 5, self_connected: false });
        sent(handle, &tcp, "=1+1, \"quoted\"\r\n");
        received(handle, &tcp, b"\x1b[2J\0\xff\xe2\x80\xaeabc".to_vec());
        happened(handle, &tcp, closed(By::Peer));
    });
    open(&path)
}

fn exported(log: &Log, query: &Query, name: &str) -> Vec<u8> {
    let mut out = Vec::new();
    export::write(log, query, format(name).unwrap(), &mut out, &Progress::default()).unwrap();
    out
}

#[test]
fn json_lines_are_the_objects_of_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let log = session(folder.path());
    let text = String::from_utf8(exported(&log, &Query::default(), "jsonl")).unwrap();
    assert!(text.is_ascii());
    let objects: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let kinds: Vec<_> = objects.iter().map(|object| object["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["attempt_failed", "connected", "sent", "received", "closed"]);
    let sent = &objects[2];
    assert_eq!(
        (sent["seq"].as_u64(), sent["connection"].as_u64(), sent["length"].as_u64()),
        (Some(3), Some(1), Some(16))
    );
    assert_eq!(sent["hex"], "3d312b312c202271756f746564220d0a");
    assert_eq!((&sent["local"], &sent["peer"]), (&"127.0.0.1:50000".into(), &"127.0.0.1:9000".into()));
    let time: jiff::Timestamp = sent["time"].as_str().unwrap().parse().unwrap();
    assert_eq!(time.as_nanosecond() as u64, log.read(2).unwrap().event.time.0);
    assert_eq!(sent["time"].as_str().unwrap().len(), "2026-11-23T04:05:06.123456789Z".len());
    assert!(objects[0]["error"].is_string() && objects[0]["message"].is_string() && objects[4]["by"] == "peer");
    for (line, recorded) in text.lines().zip(all(&log)) {
        assert_eq!(line, export::json_object(&recorded));
    }
}

#[test]
fn csv_is_whole_and_no_cell_is_a_formula() {
    let folder = tempfile::tempdir().unwrap();
    let log = session(folder.path());
    let bytes = exported(&log, &Query::default(), "csv");
    let mut reader = csv::Reader::from_reader(&bytes[..]);
    let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(records.len(), 5);
    for cell in records.iter().flatten() {
        assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{cell}");
        assert!(!cell.chars().any(|c| c.is_control()), "{cell:?}");
    }
    assert_eq!(&records[2][8], "3d312b312c202271756f746564220d0a");
    assert!(records[2][9].starts_with("'=1+1, \"quoted\""));
}

#[test]
fn no_text_format_holds_what_a_terminal_would_obey() {
    let folder = tempfile::tempdir().unwrap();
    let log = session(folder.path());
    for format in FORMATS.iter().filter(|format| !matches!(format.name, "pcapng" | "raw")) {
        let text = String::from_utf8(exported(&log, &Query::default(), format.name)).unwrap();
        for character in text.chars() {
            let obeyed = character.is_control() && !['\n', '\r'].contains(&character);
            let invisible =
                matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
            assert!(!obeyed && !invisible, "{}: {character:?}", format.name);
        }
    }
}

#[test]
fn pcapng_opens_again_with_what_was_shown() {
    let folder = tempfile::tempdir().unwrap();
    let log = session(folder.path());
    let query = Query { errors: false, ..Query::default() };
    let path = folder.path().join("export.pcapng");
    let written = export::save(&log, &query, format("pcapng").unwrap(), &path, &Progress::default()).unwrap();
    let again = open(&path);
    assert_eq!((written, again.state().rows, again.state().damage), (4, 4, None));
    for (again, first) in all(&again).iter().zip(&all(&log)[1..]) {
        assert_eq!(
            (again.seq, &again.event.what, &again.event.flow),
            (first.seq, &first.event.what, &first.event.flow)
        );
    }
    assert_eq!(again.row_of(3), 1);
    if tshark(&["-r", path.to_str().unwrap()]).is_some() {
        assert_eq!(follow(&path, 0).unwrap().0, b"=1+1, \"quoted\"\r\n");
    }
}

#[test]
fn every_format_saves_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let log = session(folder.path());
    let before = std::fs::read_dir(folder.path()).unwrap().count();
    for format in FORMATS {
        assert_eq!(export::format(format.name).map(|found| found.name), Some(format.name));
        let path = folder.path().join(format!("kept.{}", format.extension));
        std::fs::write(&path, "old").unwrap();
        let progress = Progress::default();
        progress.cancel.store(true, Ordering::Relaxed);
        let error = export::save(&log, &Query::default(), format, &path, &progress).unwrap_err();
        assert_eq!(error.reason, Reason::Cancelled);
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
        let progress = Progress::default();
        assert_eq!(export::save(&log, &Query::default(), format, &path, &progress).unwrap(), 5);
        assert_eq!((progress.done.into_inner(), progress.total.into_inner()), (5, 5));
        assert_ne!(std::fs::read(&path).unwrap(), b"old");
        let missing = folder.path().join("missing").join("file");
        let error = export::save(&log, &Query::default(), format, &missing, &Progress::default()).unwrap_err();
        assert_eq!(error.doing, Doing::WriteFile);
    }
    let after = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(after, before + FORMATS.len());
}

struct Closed;

impl Write for Closed {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_closed_pipe_is_returned_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let log = session(folder.path());
    for format in FORMATS {
        let error = export::write(&log, &Query::default(), format, &mut Closed, &Progress::default()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe, "{}", format.name);
    }
}
