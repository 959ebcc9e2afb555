//! Exports against golden files, with notes in every format that has a place for them, and the hex dump through text2pcap.

#![allow(clippy::print_stderr, reason = "a skipped test says so aloud")]

mod session_support;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use session_support::{all, flow, open, record, tshark};
use sockscope::model::{By, Event, Flow, Happening, Note, Role, Timestamp, Transport, What};
use sockscope::session::export::{self, FORMATS, Progress, format};
use sockscope::session::{Log, NoteEdit, Query, RecorderHandle};

const TIME: u64 = 1_763_833_202_118_204_999;

fn at(handle: &RecorderHandle, flow: &Arc<Flow>, millis: u64, what: What) {
    handle.note(Event { time: Timestamp(TIME + millis * 1_000_000), flow: flow.clone(), what });
}

fn annotate(log: &Log, seq: u64, text: &str) {
    log.annotate(NoteEdit::Write(Note { seq, text: text.into(), time: Timestamp(TIME) })).unwrap();
}

/// Everything that a format has to get right, at fixed times.
fn session(folder: &Path) -> Arc<Log> {
    let path = folder.join("session.pcapng");
    record(&path, |handle| {
        let tcp = flow(Transport::Tcp, Role::Client, 1, "127.0.0.1:50000", "127.0.0.1:9000");
        let udp = flow(Transport::Udp, Role::Datagram, 2, "[::1]:5005", "[::1]:40000");
        let happened = |happening| What::Happened(Box::new(happening));
        at(handle, &tcp, 0, happened(Happening::Connected { took_nanos: 2_680_000, self_connected: false }));
        at(handle, &tcp, 1, What::Sent("=1+1, \"quoted\"\r\nab cd 00 11 # no comment".into()));
        at(handle, &tcp, 2, What::Received(b"\x1b[2J\0\xff\xe2\x80\xaeabc"[..].into()));
        at(handle, &udp, 1003, What::Received("".into()));
        at(handle, &udp, 1004, What::Received("温度 21".into()));
        at(handle, &tcp, 2000, happened(Happening::Closed { by: By::Peer, received: 12, sent: 39, unread: 0 }));
    });
    let log = open(&path);
    annotate(&log, 2, "=cmd|' /C calc'!A0\n# second line\nI 000000 ff");
    annotate(&log, 3, "");
    annotate(&log, 5, "\u{1b}[31m\u{202e}温\u{200b}");
    annotate(&log, 6, "the peer \"went\"");
    log
}

fn exported(log: &Log, name: &str) -> Vec<u8> {
    let mut out = Vec::new();
    export::write(log, &Query::default(), format(name).unwrap(), &mut out, &Progress::default()).unwrap();
    out
}

/// Written anew by `SOCKSCOPE_WRITE_FIXTURE=1` where one is missing. (A pcapng names the system it was written on.)
#[test]
fn every_format_is_as_in_its_golden_file() {
    let folder = tempfile::tempdir().unwrap();
    let log = session(folder.path());
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/export");
    for format in FORMATS.iter().filter(|format| format.name != "pcapng") {
        let (out, path) = (exported(&log, format.name), golden.join(format!("golden-{}", format.name)));
        if std::env::var_os("SOCKSCOPE_WRITE_FIXTURE").is_some() && !path.exists() {
            fs::create_dir_all(&golden).unwrap();
            fs::write(&path, &out).unwrap();
        }
        let expected = fs::read(&path).unwrap();
        assert_eq!(String::from_utf8_lossy(&out), String::from_utf8_lossy(&expected), "{}", format.name);
        assert_eq!(out, expected, "{}", format.name);
    }
}

#[test]
fn notes_stand_in_their_column_and_their_field() {
    let folder = tempfile::tempdir().unwrap();
    let log = session(folder.path());
    let csv = exported(&log, "csv");
    let mut reader = csv::Reader::from_reader(&csv[..]);
    assert_eq!(reader.headers().unwrap().get(11), Some("note"));
    let notes: Vec<_> = reader.records().map(|record| record.unwrap()[11].to_owned()).collect();
    assert_eq!(notes[..3], ["", "'=cmd|' /C calc'!A0␊# second line␊I 000000 ff", "bookmark"]);
    assert_eq!((notes[3].as_str(), notes[5].as_str()), ("", "the peer \"went\""));
    let lines = String::from_utf8(exported(&log, "jsonl")).unwrap();
    let objects: Vec<serde_json::Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(objects[0].get("note").is_none() && objects[2]["note"] == "");
    assert_eq!(objects[4]["note"], "\u{1b}[31m\u{202e}温\u{200b}");
}

#[test]
fn a_pcapng_brings_notes_back_and_shows_them_in_wireshark() {
    let folder = tempfile::tempdir().unwrap();
    let log = session(folder.path());
    let path = folder.path().join("again.pcapng");
    let written = export::save(&log, &Query::default(), format("pcapng").unwrap(), &path, &Progress::default());
    assert_eq!(written.unwrap(), 6);
    let again = open(&path);
    assert_eq!(again.notes().by_seq, log.notes().by_seq);
    let what = |log: &Log| all(log).into_iter().map(|recorded| recorded.event.what).collect::<Vec<_>>();
    assert_eq!(what(&again), what(&log));
    // It takes notes like any session of ours.
    annotate(&again, 1, "later");
    assert_eq!(open(&path).notes().by_seq.len(), 5);
    let file = path.to_str().unwrap();
    let of_packets = tshark(&["-r", file, "-Y", "frame.packet_id", "-T", "fields", "-e", "frame.comment"]);
    if let Some(comments) = of_packets {
        assert!(comments.contains("# second line") && comments.contains("bookmark"), "{comments}");
        assert!(!comments.contains('\u{1b}') && !comments.contains('\u{202e}'), "{comments:?}");
    }
    if let Some(text) = tshark(&["-r", file, "-V"]) {
        assert!(text.contains("(the peer \"went\")"), "{text}");
    }
}

/// Payload bytes of the packets, with their direction.
fn packets(path: &Path, field: &str) -> Option<Vec<(String, String)>> {
    let direction = "frame.packet_flags_direction";
    let text = tshark(&["-r", path.to_str().unwrap(), "-T", "fields", "-e", direction, "-e", field])?;
    let pair = |line: &str| line.split_once('\t').map(|(a, b)| (a.to_owned(), b.to_owned()));
    Some(text.lines().filter_map(pair).collect())
}

#[test]
fn text2pcap_takes_the_hex_dump_back() {
    let folder = tempfile::tempdir().unwrap();
    let log = session(folder.path());
    let dump = folder.path().join("dump.hex");
    fs::write(&dump, exported(&log, "hexdump")).unwrap();
    for (options, field) in
        [(["-T", "9000,50000"], "tcp.payload"), (["-u", "9000,50000"], "udp.payload"), (["-l", "147"], "data.data")]
    {
        let capture = folder.path().join("capture.pcapng");
        let mut command = Command::new("text2pcap");
        command.args(["-q", "-D", "-t", "ISO"]).args(options).args([&dump, &capture]);
        let Ok(status) = command.status() else {
            eprintln!("SKIPPED: text2pcap cannot be run");
            return;
        };
        assert!(status.success(), "{options:?}");
        let Some(found) = packets(&capture, field) else { return };
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let expected: Vec<_> = all(&log)
            .iter()
            .filter_map(|recorded| {
                let bytes = recorded.event.bytes().filter(|bytes| !bytes.is_empty())?;
                let inbound = matches!(recorded.event.what, What::Received(_));
                let direction = if inbound { "0x00000001" } else { "0x00000002" };
                Some((direction.to_owned(), hex(bytes)))
            })
            .collect();
        assert_eq!(found, expected, "{options:?}");
    }
    let capture = folder.path().join("capture.pcapng");
    if let Some(times) = tshark(&["-r", capture.to_str().unwrap(), "-T", "fields", "-e", "frame.time_epoch"]) {
        assert_eq!(times.lines().next(), Some("1763833202.119204999"));
    }
}

/// Large chunks and bytes that look like text, offsets and comments survive the way through text2pcap.
#[test]
fn every_byte_survives_text2pcap() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("session.pcapng");
    let all_bytes: Vec<u8> = (0..60 * 1024u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let tcp = flow(Transport::Tcp, Role::Client, 1, "127.0.0.1:50000", "127.0.0.1:9000");
    record(&path, |handle| {
        at(handle, &tcp, 0, What::Received(all_bytes.clone().into()));
        at(handle, &tcp, 1, What::Sent(b"I 000000 ff\nO 000010 00\n# "[..].into()));
    });
    let (dump, capture) = (folder.path().join("dump.hex"), folder.path().join("capture.pcapng"));
    fs::write(&dump, exported(&open(&path), "hexdump")).unwrap();
    let mut command = Command::new("text2pcap");
    command.args(["-q", "-D", "-t", "ISO", "-T", "9000,50000"]).args([&dump, &capture]);
    let Ok(status) = command.status() else {
        eprintln!("SKIPPED: text2pcap cannot be run");
        return;
    };
    assert!(status.success());
    let Some(found) = packets(&capture, "tcp.payload") else { return };
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].1, hex(&all_bytes));
    assert_eq!(found[1].1, hex(b"I 000000 ff\nO 000010 00\n# "));
}

/// Every hostile text as a note: shown, not obeyed, and no line of it is taken for something else.
#[test]
fn hostile_notes_are_shown_in_every_export() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("session.pcapng");
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/hostile.txt");
    let hostile = fs::read_to_string(fixture).unwrap();
    let texts: Vec<String> =
        hostile.lines().map(|line| format!("{line}\u{1b}]0;x\u{7}\r\nO 2026\n000000 61")).collect();
    let tcp = flow(Transport::Tcp, Role::Client, 1, "127.0.0.1:50000", "127.0.0.1:9000");
    record(&path, |handle| texts.iter().for_each(|_| at(handle, &tcp, 0, What::Sent("a".into()))));
    let log = open(&path);
    for (number, text) in texts.iter().enumerate() {
        annotate(&log, number as u64 + 1, text);
    }
    for name in ["text", "hexdump", "csv", "jsonl"] {
        let out = String::from_utf8(exported(&log, name)).unwrap();
        for line in out.lines() {
            assert_eq!(sockscope::payload::visible_text(line, usize::MAX), line, "{name}");
        }
        let starts = |start: &str| out.lines().filter(|line| line.starts_with(start)).count();
        match name {
            "hexdump" => assert_eq!((starts("O "), starts("000000 ")), (texts.len(), texts.len())),
            "text" => assert_eq!((starts("#"), starts("0")), (texts.len(), 0)),
            _ => assert_eq!(starts("O "), 0),
        }
    }
    let copy = folder.path().join("copy.pcapng");
    export::save(&log, &Query::default(), format("pcapng").unwrap(), &copy, &Progress::default()).unwrap();
    assert_eq!(open(&copy).notes().by_seq, log.notes().by_seq);
    assert!(tshark(&["-r", copy.to_str().unwrap(), "-c", "10"]).is_none_or(|text| text.lines().count() == 10));
}

#[test]
fn marked_events_and_noted_ones_are_exported_alone() {
    let folder = tempfile::tempdir().unwrap();
    let log = session(folder.path());
    let seqs = |query: &Query| {
        let mut out = Vec::new();
        export::write(&log, query, format("jsonl").unwrap(), &mut out, &Progress::default()).unwrap();
        let lines = String::from_utf8(out).unwrap();
        let seq = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap()["seq"].as_u64().unwrap();
        lines.lines().map(seq).collect::<Vec<_>>()
    };
    let only: Arc<[std::ops::RangeInclusive<u64>]> = [2..=3, 6..=9].into();
    assert_eq!(seqs(&Query { only: Some(only.clone()), ..Query::default() }), [2, 3, 6]);
    assert_eq!(seqs(&Query { only: Some(only), sent: false, ..Query::default() }), [3, 6]);
    let noted = sockscope::filter::Filter::parse("has:note").unwrap();
    assert_eq!(seqs(&Query { filter: noted, ..Query::default() }), [2, 3, 5, 6]);
}
