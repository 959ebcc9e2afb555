//! A session that goes on in new files and keeps the newest: the log view and the exports span what is kept.

mod session_support;

use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};

use session_support::watched::Watched;
use session_support::{LIMIT, flow, received};
use sockscope::filter::Filter;
use sockscope::model::{ConnectionId, Note, Role, Rotation, Timestamp, Transport};
use sockscope::session::conversation::{Conversation, ConversationOrder, Line, LineContent};
use sockscope::session::export::{self, Progress, format};
use sockscope::session::{ConnectionsView, FindStep, Log, NoteEdit, Query, Recorder, RecorderOptions};

#[test]
fn the_log_view_and_exports_span_the_files_that_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = Some(folder.path().join("session.pcapng"));
    let (recorder, handle, _) = Recorder::start(RecorderOptions { path, keep_rows: true, subscription: 0 }).unwrap();
    recorder.set_rotation(Rotation { every_bytes: Some(Rotation::LEAST_BYTES), every_secs: None, keep_files: Some(3) });
    let log = recorder.log().unwrap();
    let watched = Watched::new(&log);
    let filtered = Watched::new(&log);
    let query = Query { filter: Filter::parse("even").unwrap(), ..Query::default() };
    filtered.view.set_query(query.clone());
    filtered.view.find(Some(Filter::parse("even").unwrap()));
    let flow = flow(Transport::Tcp, Role::Listener, 1, "127.0.0.1:9000", "127.0.0.1:50000");
    let filler = "x".repeat(20_000);
    let mut sent = 0u64;
    while recorder.status().deleted_events == 0 || sent < 1_000 {
        for _ in 0..50 {
            let parity = if sent.is_multiple_of(2) { "even" } else { "odd" };
            received(&handle, &flow, format!("{parity} {sent} {filler}"));
            sent += 1;
        }
        watched.until(|snapshot| snapshot.total == sent);
    }
    let first = log.state().first_row;
    assert!(first > 0 && first == recorder.status().deleted_events, "{first}");
    let kept = sent - first;
    watched.view.want(0, 10);
    let snapshot = watched.until(|snapshot| snapshot.matched == kept && snapshot.rows.iter().flatten().count() > 9);
    assert_eq!(snapshot.rows[0].as_ref().unwrap().seq, first + 1);
    assert_eq!(watched.view.place_of(first + 8), Some(7));
    let even = (first..sent).filter(|row| row.is_multiple_of(2)).count() as u64;
    let done = |snapshot: &sockscope::session::ViewSnapshot| {
        snapshot.query == query && snapshot.scanned == sent && snapshot.matched == even && snapshot.find.found == even
    };
    filtered.until(done);
    filtered.view.find_step(FindStep::Next, None);
    let snapshot = filtered.until(|snapshot| snapshot.find.current.is_some());
    let found = snapshot.find.current.unwrap();
    assert_eq!((found.place, found.number, found.seq), (0, 1, first + 1 + first % 2));
    let mut out = Vec::new();
    let written = export::write(&log, &query, format("csv").unwrap(), &mut out, &Progress::default()).unwrap();
    assert_eq!(written, even);
    drop(handle);
    recorder.finish(LIMIT);
}

/// A conversation, a table of connections, and gaps: those that were there before files were deleted, and those that come
/// afterwards, show what is kept.
#[test]
fn conversations_connections_and_gaps_go_on_after_files_are_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let path = Some(folder.path().join("session.pcapng"));
    let (recorder, handle, _) = Recorder::start(RecorderOptions { path, keep_rows: true, subscription: 0 }).unwrap();
    recorder.set_rotation(Rotation { every_bytes: Some(Rotation::LEAST_BYTES), every_secs: None, keep_files: Some(2) });
    let log = recorder.log().unwrap();
    let flow = flow(Transport::Udp, Role::Listener, 1, "127.0.0.1:9000", "127.0.0.1:50000");
    let order = || ConversationOrder { connection: Some(ConnectionId(1)), want: (0, 50), ..Default::default() };
    let (early, late) = (sync_channel(1), sync_channel(1));
    let wake = |sender: SyncSender<()>| {
        Arc::new(move || {
            let _ = sender.try_send(());
        })
    };
    let watched = Watched::new(&log);
    let before = Conversation::new(log.clone(), order(), wake(early.0));
    let (changed, signal) = sync_channel(1);
    let table_before = ConnectionsView::new(log.clone(), None, wake(changed));
    let filler = "x".repeat(20_000);
    let mut noted = 0u64;
    while recorder.status().deleted_events == 0 || noted < 400 {
        for _ in 0..50 {
            received(&handle, &flow, format!("{noted} {filler}"));
            noted += 1;
        }
        watched.until(|snapshot| snapshot.total == noted);
    }
    drop(handle);
    recorder.finish(LIMIT);
    let first = log.state().first_row;
    let kept = noted - first;
    assert!(first > 0 && kept > 1, "{first} of {noted}");

    let after = Conversation::new(log.clone(), order(), wake(late.0));
    for (conversation, woken) in [(before, early.1), (after, late.1)] {
        loop {
            let snapshot = conversation.snapshot();
            if snapshot.ready && snapshot.chunks == [kept, 0] {
                assert_eq!(snapshot.flow.as_ref().unwrap().peer, flow.peer);
                assert!(snapshot.rows.len() > 1 && snapshot.first.is_some() && snapshot.last.is_some());
                let is_readable = |line: &Arc<Line>| !matches!(line.content, LineContent::Unreadable);
                assert!(snapshot.rows.iter().all(is_readable), "{:?}", snapshot.rows);
                break;
            }
            woken.recv_timeout(LIMIT).unwrap_or_else(|_| panic!("{:?}", conversation.snapshot()));
        }
    }

    let (changed, signal_after) = sync_channel(1);
    let table_after = ConnectionsView::new(log.clone(), None, wake(changed));
    // The older one had looked at all rows by the time that they were deleted, or at some of them.
    for (table, woken, events) in [(table_before, signal, kept..=noted), (table_after, signal_after, kept..=kept)] {
        table.want(0, 10);
        loop {
            let snapshot = table.snapshot();
            if let ([entry], true) = (&snapshot.entries[..], snapshot.scanned == noted) {
                assert!(events.contains(&entry.events_in), "{entry:?}");
                assert_eq!(entry.flow.as_ref().unwrap().peer, flow.peer);
                break;
            }
            woken.recv_timeout(LIMIT).unwrap_or_else(|_| panic!("{:?}", table.snapshot()));
        }
    }

    // Every kept row but the first has one before it.
    let query = Query { filter: Filter::parse("gap>=0s").unwrap(), ..Query::default() };
    assert_eq!(watched.matched(query.clone()), kept - 1);
    let mut out = Vec::new();
    assert_eq!(export::write(&log, &query, format("csv").unwrap(), &mut out, &Progress::default()).unwrap(), kept - 1);
}

#[test]
fn any_file_of_a_session_opens_all_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let first = folder.path().join("session.pcapng");
    let options = RecorderOptions { path: Some(first.clone()), keep_rows: true, subscription: 0 };
    let (recorder, handle, _) = Recorder::start(options).unwrap();
    recorder.set_rotation(Rotation { every_bytes: Some(Rotation::LEAST_BYTES), every_secs: None, keep_files: None });
    let live = recorder.log().unwrap();
    let watched = Watched::new(&live);
    let flows = [1, 2].map(|id| flow(Transport::Tcp, Role::Listener, id, "127.0.0.1:9000", "127.0.0.1:50000"));
    let filler = "x".repeat(20_000);
    for sent in 0..300u64 {
        received(&handle, &flows[(sent % 2) as usize], format!("{sent} {filler}"));
        if sent % 25 == 24 {
            watched.until(|snapshot| snapshot.total == sent + 1);
        }
    }
    drop(handle);
    recorder.finish(LIMIT);
    let files = sockscope::session::files_of_session(&first);
    assert!(files.len() >= 4, "{files:?}");
    let opened = |path: &std::path::Path| {
        let log = Log::open_session(path).unwrap();
        let state = log.wait_complete(LIMIT);
        (log, state)
    };
    for path in [&files[0], &files[2], &files[files.len() - 1]] {
        let (log, state) = opened(path);
        assert_eq!((state.rows, state.damage), (300, None), "{path:?}");
        let bytes: u64 = files.iter().map(|path| std::fs::metadata(path).unwrap().len()).sum();
        assert_eq!((state.file_bytes, state.indexed_bytes), (bytes, bytes));
        for row in 0..300 {
            let recorded = log.read(row).unwrap();
            assert_eq!((recorded.seq, recorded.event.flow.connection.0), (row + 1, 1 + (row % 2) as u32));
            assert!(recorded.event.bytes().unwrap().starts_with(format!("{row} ").as_bytes()));
        }
        assert_eq!(log.flows().len(), 2);
    }
    // A note goes to the end of the last file, whichever event it belongs to.
    let (log, _) = opened(&files[1]);
    log.annotate(NoteEdit::Write(Note { seq: 3, text: "early".into(), time: Timestamp(1) })).unwrap();
    log.annotate(NoteEdit::Write(Note { seq: 299, text: "late".into(), time: Timestamp(2) })).unwrap();
    let (log, state) = opened(&files[1]);
    let notes: Vec<_> = log.notes().by_seq.values().map(|note| note.text.clone()).collect();
    assert_eq!((notes, state.damage), (vec!["early".to_owned(), "late".to_owned()], None));
    // One file alone is still only itself.
    let alone = Log::open(&files[1]).unwrap();
    assert!(alone.wait_complete(LIMIT).rows < 300);
    // Damage in one file does not hide the others.
    let bytes = std::fs::metadata(&files[1]).unwrap().len();
    std::fs::File::options().write(true).open(&files[1]).unwrap().set_len(bytes / 2 + 1).unwrap();
    let (log, state) = opened(&first);
    let (at, reason) = state.damage.unwrap();
    assert!(at > 0 && reason.starts_with("file 2: "), "{at} {reason}");
    assert!(state.rows < 300);
    assert_eq!(log.read(state.rows - 1).unwrap().seq, 300);
}
