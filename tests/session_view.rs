//! The log view: filters, growth, keeping one's place, and never an old query's rows under a new one.

mod session_support;

use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};

use session_support::{LIMIT, closed, flow, happened, open, received, sent};
use sockscope::filter::Filter;
use sockscope::model::{
    By, ConnectionId, Doing, Encodings, EndpointId, Failure, Happening, Reason, Role, TextEncoding, Transport,
};
use sockscope::session::{Log, LogView, Query, Recorder, RecorderHandle, RecorderOptions, Scope, ViewSnapshot};

struct Watched {
    view: LogView,
    woken: Receiver<()>,
}

impl Watched {
    fn new(log: &Arc<Log>) -> Self {
        let (sender, woken) = sync_channel(1);
        let wake = Arc::new(move || {
            let _ = sender.try_send(());
        });
        Self { view: LogView::new(log.clone(), wake), woken }
    }

    /// The first snapshot that is as asked for.
    fn until(&self, right: impl Fn(&ViewSnapshot) -> bool) -> Arc<ViewSnapshot> {
        loop {
            let snapshot = self.view.snapshot();
            if right(&snapshot) {
                return snapshot;
            }
            self.woken.recv_timeout(LIMIT).unwrap_or_else(|_| panic!("{:?}", self.view.snapshot()));
        }
    }

    fn matched(&self, query: Query) -> u64 {
        self.view.set_query(query.clone());
        self.until(|snapshot| {
            snapshot.query == query && snapshot.scanned >= snapshot.total.min(query.before_row.unwrap_or(u64::MAX))
        })
        .matched
    }
}

fn recorder() -> (tempfile::TempDir, Recorder, RecorderHandle) {
    let folder = tempfile::tempdir().unwrap();
    let path = Some(folder.path().join("session.pcapng"));
    let (recorder, handle, _) = Recorder::start(RecorderOptions { path, keep_rows: true, subscription: 0 }).unwrap();
    (folder, recorder, handle)
}

fn text(text: &str) -> Query {
    Query { filter: Filter::parse(text).unwrap(), ..Query::default() }
}

#[test]
fn filters_and_grows() {
    let (_folder, recorder, handle) = recorder();
    let log = recorder.log().unwrap();
    let watched = Watched::new(&log);
    let tcp = flow(Transport::Tcp, Role::Listener, 1, "127.0.0.1:9000", "127.0.0.1:50000");
    let udp = flow(Transport::Udp, Role::Datagram, 2, "127.0.0.1:5005", "127.0.0.1:50001");
    happened(&handle, &tcp, Happening::Accepted);
    for n in 0..1000u32 {
        received(&handle, &tcp, format!("Line {n}\r\n"));
        sent(&handle, &udp, vec![0xce, 0xc2, 0xb6, 0xc8]);
    }
    let failure = Failure::new(Doing::Receive, "127.0.0.1:5005", Reason::PortUnreachable);
    happened(&handle, &udp, Happening::Failed { failure });
    watched.view.want(0, 50);
    let snapshot = watched.until(|snapshot| snapshot.total == 2002);
    assert_eq!((snapshot.matched, snapshot.first), (2002, 0));
    assert!(snapshot.rows.len() >= 50);
    assert!(snapshot.rows.iter().flatten().zip(1..).all(|(row, seq)| row.seq == seq));

    let none = Query { received: false, sent: false, state: false, errors: false, ..Query::default() };
    assert_eq!(watched.matched(Query { received: true, ..none.clone() }), 1000);
    assert_eq!(watched.matched(Query { sent: true, ..none.clone() }), 1000);
    assert_eq!(watched.matched(Query { state: true, ..none.clone() }), 1);
    assert_eq!(watched.matched(Query { errors: true, ..none }), 1);
    assert_eq!(watched.matched(Query { scope: Scope::Connection(ConnectionId(2)), ..Query::default() }), 1001);
    assert_eq!(watched.matched(Query { scope: Scope::Endpoint(EndpointId(1)), ..Query::default() }), 1001);
    assert_eq!(watched.matched(text("\"LINE 99\"")), 11);
    assert_eq!(
        watched.matched(Query {
            encodings: Arc::new(Encodings { everywhere: TextEncoding::Gbk, ..Encodings::default() }),
            ..text("温度")
        }),
        1000
    );
    assert_eq!(watched.matched(text("温度")), 0);
    assert_eq!(watched.matched(Query { before_row: Some(100), ..text("line") }), 50);

    // The cache follows the matches, and the view follows the session.
    watched.matched(text("\"line 99\""));
    watched.view.want(5, 100);
    let snapshot = watched.until(|snapshot| snapshot.rows.len() == 11);
    let shown = |snapshot: &ViewSnapshot, at: usize| {
        String::from_utf8_lossy(snapshot.rows[at].as_ref().unwrap().event.bytes().unwrap()).into_owned()
    };
    assert_eq!(shown(&snapshot, 0), "Line 99\r\n");
    assert_eq!(shown(&snapshot, 10), "Line 999\r\n");
    received(&handle, &tcp, "line 99 again");
    let snapshot = watched.until(|snapshot| snapshot.matched == 12);
    assert_eq!(shown(&snapshot, 11), "line 99 again");

    // Places: seq 200 is "Line 99"; the next match is "Line 990".
    assert_eq!(watched.view.place_of(1), Some(0));
    assert_eq!(watched.view.place_of(200), Some(0));
    assert_eq!(watched.view.place_of(201), Some(1));
    assert_eq!(watched.view.place_of(2003), Some(11));
    assert_eq!(watched.view.place_of(2004), None);

    // A selected event stays, whatever the query shows.
    watched.view.select(Some(2), None);
    let snapshot = watched.until(|snapshot| snapshot.selected.is_some());
    assert_eq!(snapshot.selected.as_ref().unwrap().seq, 2);
    happened(&handle, &tcp, closed(By::Us));
    drop(handle);
    recorder.finish(LIMIT);
    assert!(!log.state().live);
}

#[test]
fn a_new_query_never_shows_what_an_older_one_found() {
    let (folder, recorder, handle) = recorder();
    let udp = flow(Transport::Udp, Role::Datagram, 1, "127.0.0.1:5005", "127.0.0.1:50001");
    for n in 0..100_000u32 {
        received(&handle, &udp, format!("{n}"));
    }
    drop(handle);
    recorder.finish(LIMIT);
    let log = open(&folder.path().join("session.pcapng"));
    let watched = Watched::new(&log);
    watched.view.want(0, 100);
    for round in 0..40 {
        let needle = (round % 10).to_string();
        watched.view.set_query(text(&needle));
        let snapshot = watched.view.snapshot();
        for row in snapshot.rows.iter().flatten() {
            let bytes = String::from_utf8_lossy(row.event.bytes().unwrap()).into_owned();
            assert!(bytes.contains(snapshot.query.filter.text()));
        }
    }
    let snapshot = watched.until(|snapshot| snapshot.query.filter.text() == "9" && snapshot.scanned == 100_000);
    assert_eq!(snapshot.matched, 100_000 - 9u64.pow(5));
    // An open view does not keep its thread when it is dropped, nor the log.
    drop(watched);
}
