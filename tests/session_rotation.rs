//! A session that goes on in new files and keeps the newest: the log view and the exports span what is kept.

mod session_support;

use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};

use session_support::watched::Watched;
use session_support::{LIMIT, flow, received};
use sockscope::filter::Filter;
use sockscope::model::{ConnectionId, Role, Rotation, Transport};
use sockscope::session::conversation::{Conversation, ConversationOrder, Line, LineContent};
use sockscope::session::export::{self, Progress, format};
use sockscope::session::{ConnectionsView, FindStep, Query, Recorder, RecorderOptions};

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
