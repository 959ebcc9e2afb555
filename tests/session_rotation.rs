//! A session that goes on in new files and keeps the newest: the log view and the exports span what is kept.

mod session_support;

use std::sync::Arc;
use std::sync::mpsc::sync_channel;

use session_support::watched::Watched;
use session_support::{LIMIT, flow, received};
use sockscope::filter::Filter;
use sockscope::model::{ConnectionId, Role, Rotation, Transport};
use sockscope::session::conversation::{Conversation, ConversationOrder};
use sockscope::session::export::{self, Progress, format};
use sockscope::session::{ConnectionsView, FindStep, Log, Query, Recorder, RecorderOptions};

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
    a_table_that_is_opened_late_counts_what_is_kept(&log, kept);
    a_connection_followed_late_has_what_is_kept(&log, flow.connection, kept);
    drop(handle);
    recorder.finish(LIMIT);
}

fn a_table_that_is_opened_late_counts_what_is_kept(log: &Arc<Log>, kept: u64) {
    let (sender, woken) = sync_channel(1);
    let wake = Arc::new(move || {
        let _ = sender.try_send(());
    });
    let table = ConnectionsView::new(log.clone(), None, wake);
    table.want(0, 10);
    while table.snapshot().entries.is_empty() {
        woken.recv_timeout(LIMIT).unwrap_or_else(|_| panic!("{:?}", table.snapshot()));
    }
    let snapshot = table.snapshot();
    assert_eq!((snapshot.total, snapshot.scanned), (1, snapshot.rows));
    assert_eq!(snapshot.entries[0].events_in + snapshot.entries[0].events_out, kept);
    assert_eq!(snapshot.from, log.read(log.state().first_row).unwrap().event.time);
}

fn a_connection_followed_late_has_what_is_kept(log: &Arc<Log>, connection: ConnectionId, kept: u64) {
    let (sender, woken) = sync_channel(1);
    let wake = Arc::new(move || {
        let _ = sender.try_send(());
    });
    let order = ConversationOrder { connection: Some(connection), want: (0, 10), ..ConversationOrder::default() };
    let followed = Conversation::new(log.clone(), order, wake);
    while followed.snapshot().chunks.iter().sum::<u64>() < kept || followed.snapshot().rows.is_empty() {
        woken.recv_timeout(LIMIT).unwrap_or_else(|_| panic!("{:?}", followed.snapshot().chunks));
    }
    assert_eq!(followed.snapshot().chunks.iter().sum::<u64>(), kept);
}
