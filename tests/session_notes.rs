//! Notes and bookmarks in the session file: while it is recorded, after a crash, after it was closed; and what is refused.

mod session_support;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use proptest::prelude::*;
use session_support::{LIMIT, all, flow, open, received, record, tshark};
use sockscope::model::{Note, Reason, Role, Timestamp, Transport};
use sockscope::session::{Log, MAX_NOTE_BYTES, NoteEdit, Recorder, RecorderOptions, SessionLibrary};

fn write(seq: u64, text: &str) -> NoteEdit {
    NoteEdit::Write(Note { seq, text: text.to_owned(), time: Timestamp(1_763_833_202_118_204_999) })
}

/// Seq and text of every note.
fn notes(log: &Log) -> Vec<(u64, String)> {
    log.notes().by_seq.values().map(|note| (note.seq, note.text.clone())).collect()
}

fn texts(expected: &[(u64, &str)]) -> Vec<(u64, String)> {
    expected.iter().map(|(seq, text)| (*seq, (*text).to_owned())).collect()
}

/// A session of so many events that was closed cleanly.
fn closed(path: &Path, events: usize) {
    record(path, |handle| {
        let flow = flow(Transport::Udp, Role::Datagram, 1, "127.0.0.1:5005", "127.0.0.1:40000");
        for number in 0..events {
            received(handle, &flow, format!("datagram {number}"));
        }
    });
}

fn is_crashed(path: &Path) -> bool {
    let library = SessionLibrary::new(path.parent().unwrap());
    library.list().unwrap().iter().find(|file| file.path == path).unwrap().crashed
}

/// Waits until the file holds these bytes.
fn wait_for(path: &Path, needle: &[u8]) -> Vec<u8> {
    let begun = Instant::now();
    loop {
        let bytes = fs::read(path).unwrap();
        if bytes.windows(needle.len()).any(|window| window == needle) {
            return bytes;
        }
        assert!(begun.elapsed() < LIMIT, "never written");
        std::thread::yield_now();
    }
}

#[test]
fn notes_of_a_live_session_stand_at_once_and_after_a_crash() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("live.pcapng");
    let options = RecorderOptions { path: Some(path.clone()), keep_rows: true, subscription: 0 };
    let (recorder, handle, _) = Recorder::start(options).unwrap();
    let log = recorder.log().unwrap();
    let udp = flow(Transport::Udp, Role::Datagram, 1, "127.0.0.1:5005", "127.0.0.1:40000");
    received(&handle, &udp, "one");
    received(&handle, &udp, "two");
    for edit in [write(1, ""), write(2, "first words"), write(2, "last words"), write(7, "gone"), NoteEdit::Remove(7)] {
        log.annotate(edit).unwrap();
    }
    let expected = texts(&[(1, ""), (2, "last words")]);
    assert_eq!(notes(&log), expected);

    // Killed: the file ends with a whole block, without an index.
    let crashed = folder.path().join("crashed.pcapng");
    fs::write(&crashed, wait_for(&path, b"last words")).unwrap();
    assert!(is_crashed(&crashed));
    assert_eq!(notes(&open(&crashed))[..2], expected);

    received(&handle, &udp, "three");
    drop(handle);
    recorder.finish(LIMIT);
    let again = open(&path);
    assert_eq!((notes(&again), all(&again).len()), (expected, 3));
    // The log of the window goes on as that of a closed file.
    log.annotate(write(3, "after the end")).unwrap();
    assert_eq!(notes(&open(&path)).len(), 3);
    assert!(!is_crashed(&path));
    if let Some(text) = tshark(&["-r", path.to_str().unwrap(), "-T", "fields", "-e", "udp.payload"]) {
        assert_eq!(text.lines().filter(|line| !line.is_empty()).count(), 3);
    }
}

#[test]
fn a_closed_session_takes_notes_and_opens_by_its_index() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("closed.pcapng");
    closed(&path, 70_000);
    let before = fs::metadata(&path).unwrap();
    let log = open(&path);
    log.annotate(write(69_999, "near the end")).unwrap();
    log.annotate(write(1, "at the beginning\nsecond line")).unwrap();
    log.annotate(write(2, "")).unwrap();
    log.annotate(NoteEdit::Remove(2)).unwrap();
    let expected = texts(&[(1, "at the beginning\nsecond line"), (69_999, "near the end")]);
    assert_eq!(notes(&log), expected);
    assert_eq!(log.state().file_bytes, fs::metadata(&path).unwrap().len());
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let after = fs::metadata(&path).unwrap();
        assert_eq!((after.mode(), after.ino()), (before.mode(), before.ino()));
    }
    let again = open(&path);
    assert_eq!((notes(&again), again.state().rows, again.state().damage), (expected, 70_000, None));
    assert!(!is_crashed(&path));
    // Rows come from the index alone: bytes of a packet that were overwritten are not met while it opens.
    let mut bytes = fs::read(&path).unwrap();
    bytes[1024..2048].fill(0xff);
    fs::write(&path, bytes).unwrap();
    assert_eq!((open(&path).state().rows, before.len() > 2048), (70_000, true));
}

#[test]
fn many_notes_while_recording_are_found_through_the_index() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("many.pcapng");
    let options = RecorderOptions { path: Some(path.clone()), keep_rows: true, subscription: 0 };
    let (recorder, handle, _) = Recorder::start(options).unwrap();
    let (log, begun) = (recorder.log().unwrap(), Instant::now());
    let udp = flow(Transport::Udp, Role::Datagram, 1, "127.0.0.1:5005", "127.0.0.1:40000");
    for seq in 1..=300u64 {
        received(&handle, &udp, "x");
        while let Err(failure) = log.annotate(write(seq, &format!("note {seq}"))) {
            assert!(failure.reason == Reason::NoProgress && begun.elapsed() < LIMIT, "{failure:?}");
        }
    }
    drop(handle);
    recorder.finish(LIMIT);
    let mut bytes = fs::read(&path).unwrap();
    // A note among the packets is damaged: the index has it too.
    let at = bytes.windows(6).position(|window| window == b"note 1").unwrap();
    bytes[at] ^= 1;
    fs::write(&path, bytes).unwrap();
    let again = open(&path);
    assert_eq!((again.notes().by_seq.len(), again.state().rows), (300, 300));
    assert_eq!(again.notes().by_seq[&1].text, "note 1");
}

#[test]
fn an_old_session_opens_and_takes_notes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old.pcapng");
    fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/session-0.1.0.pcapng"), &path).unwrap();
    let log = open(&path);
    assert!(log.notes().by_seq.is_empty());
    log.annotate(write(3, "备注")).unwrap();
    let again = open(&path);
    assert_eq!((notes(&again), again.state().rows), (texts(&[(3, "备注")]), 14));
}

#[test]
fn a_session_with_notes_written_today_still_opens() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/session-with-notes.pcapng");
    if std::env::var_os("SOCKSCOPE_WRITE_FIXTURE").is_some() && !path.exists() {
        let options = RecorderOptions { path: Some(path.clone()), keep_rows: true, subscription: 0 };
        let (recorder, handle, _) = Recorder::start(options).unwrap();
        received(&handle, &flow(Transport::Udp, Role::Datagram, 1, "127.0.0.1:5005", "127.0.0.1:40000"), "one");
        recorder.log().unwrap().annotate(write(1, "while it was recorded")).unwrap();
        drop(handle);
        recorder.finish(LIMIT);
        open(&path).annotate(write(2, "when it was closed")).unwrap();
    }
    let log = open(&path);
    assert_eq!(notes(&log), texts(&[(1, "while it was recorded"), (2, "when it was closed")]));
    assert_eq!((log.state().rows, log.state().damage), (1, None));
}

/// What a note meets with, and that the file is left as it was.
fn refusal(path: &PathBuf, log: &Arc<Log>) -> Reason {
    let before = fs::read(path).unwrap();
    let failure = log.annotate(write(1, "x")).unwrap_err();
    assert_eq!((fs::read(path).unwrap(), log.notes().by_seq.len()), (before, 0));
    assert!(failure.on.contains(path.file_name().unwrap().to_str().unwrap()), "{failure:?}");
    failure.reason
}

#[test]
fn what_cannot_take_a_note_says_why_and_stays_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("session.pcapng");
    closed(&path, 100);
    let whole = fs::read(&path).unwrap();
    // Cut within a block.
    let cut = folder.path().join("cut.pcapng");
    fs::write(&cut, &whole[..whole.len() / 2 + 1]).unwrap();
    let log = Log::open(&cut).unwrap();
    log.wait_complete(LIMIT);
    assert_eq!(refusal(&cut, &log), Reason::Damaged);
    // Written by somebody else.
    let foreign = folder.path().join("foreign.pcapng");
    fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/capture_import/link-101"), &foreign).unwrap();
    let log = Log::open(&foreign).unwrap();
    log.wait_complete(LIMIT);
    assert_eq!(refusal(&foreign, &log), Reason::NotOurs);
    // Recorded into.
    let log = open(&path);
    let holder = fs::File::options().read(true).open(&path).unwrap();
    holder.lock().unwrap();
    assert_eq!(refusal(&path, &log), Reason::BeingRecorded);
    drop(holder);
    // Replaced, and grown.
    fs::remove_file(&path).unwrap();
    fs::write(&path, &whole).unwrap();
    assert_eq!(refusal(&path, &log), Reason::FileChanged);
    let log = open(&path);
    open(&path).annotate(write(2, "from another window")).unwrap();
    assert_eq!(refusal(&path, &log), Reason::FileChanged);
    // No right to write: whoever runs the tests as root may all the same.
    let mut mode = fs::metadata(&path).unwrap().permissions();
    mode.set_readonly(true);
    fs::set_permissions(&path, mode).unwrap();
    if fs::File::options().write(true).open(&path).is_err() {
        let log = open(&path);
        assert_eq!(log.annotate(write(1, "x")).unwrap_err().reason, Reason::NotAllowed);
    }
    // Gone.
    fs::remove_file(&path).unwrap();
    assert_eq!(log.annotate(write(1, "x")).unwrap_err().reason, Reason::FolderGone);
}

#[test]
fn a_crashed_session_of_whole_blocks_takes_notes_and_stays_crashed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("session.pcapng");
    closed(&path, 100);
    let bytes = fs::read(&path).unwrap();
    // Without its end block.
    fs::write(&path, &bytes[..bytes.len() - 44]).unwrap();
    open(&path).annotate(write(5, "found the crash")).unwrap();
    let again = open(&path);
    assert_eq!(
        (notes(&again), again.state().rows, again.state().damage),
        (texts(&[(5, "found the crash")]), 100, None)
    );
    assert!(is_crashed(&path));
}

/// Cut or damaged anywhere, it opens, and no note says what was not written.
#[test]
fn every_prefix_and_every_flipped_bit_opens() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("session.pcapng");
    let whole =
        fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/session-with-notes.pcapng")).unwrap();
    let written = ["while it was recorded", "when it was closed"];
    let look = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        // Where the first bytes are damaged it is no session at all.
        let Ok(log) = Log::open(&path) else { return };
        assert!(log.wait_complete(LIMIT).complete);
        assert!(log.notes().by_seq.values().all(|note| written.contains(&note.text.as_str())));
    };
    (0..whole.len()).step_by(4).for_each(|end| look(&whole[..end]));
    for bit in (0..whole.len() * 8).step_by(7) {
        let mut bytes = whole.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        look(&bytes);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn any_text_survives_a_closed_file(texts in proptest::collection::vec("[\\s\\S]{0,200}", 1..6)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("session.pcapng");
        closed(&path, 10);
        let log = open(&path);
        for (number, text) in texts.iter().enumerate() {
            log.annotate(write(number as u64, text)).unwrap();
        }
        let expected: Vec<_> = texts.into_iter().enumerate().map(|(number, text)| (number as u64, text)).collect();
        prop_assert_eq!(notes(&log), expected.clone());
        prop_assert_eq!(notes(&open(&path)), expected);
    }
}

#[test]
fn hostile_texts_survive_and_long_ones_are_cut() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("session.pcapng");
    closed(&path, 300);
    let log = open(&path);
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/hostile.txt");
    let hostile = fs::read_to_string(fixture).unwrap();
    for (number, line) in hostile.lines().enumerate() {
        log.annotate(write(number as u64 + 1, line)).unwrap();
    }
    log.annotate(write(300, &"泵".repeat(MAX_NOTE_BYTES))).unwrap();
    let again = open(&path);
    assert_eq!(notes(&again), notes(&log));
    assert_eq!(again.notes().by_seq[&300].text.len(), MAX_NOTE_BYTES / 3 * 3);
    assert_eq!(again.notes().by_seq[&1].text, hostile.lines().next().unwrap());
}
