//! The table of connections: what it says of each, growth, every order, and the table as CSV.

mod session_support;

use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};

use session_support::{LIMIT, closed, flow, happened, open, received, record, sent};
use sockscope::model::{By, Doing, Event, Failure, Flow, Happening, Reason, Role, Timestamp, Transport, What};
use sockscope::session::{
    Clock, ConnectionColumn, ConnectionLife, ConnectionsOrder, ConnectionsSnapshot, ConnectionsView, Log, Recorder,
    RecorderHandle, RecorderOptions, connections_csv, save_connections_csv,
};

struct Watched {
    view: ConnectionsView,
    woken: Receiver<()>,
}

impl Watched {
    fn new(log: &Arc<Log>, clock: Option<Clock>) -> Self {
        let (sender, woken) = sync_channel(1);
        let wake = Arc::new(move || {
            let _ = sender.try_send(());
        });
        let view = ConnectionsView::new(log.clone(), clock, wake);
        view.want(0, 100);
        Self { view, woken }
    }

    /// The first snapshot that is as asked for.
    fn until(&self, right: impl Fn(&ConnectionsSnapshot) -> bool) -> Arc<ConnectionsSnapshot> {
        loop {
            let snapshot = self.view.snapshot();
            if right(&snapshot) {
                return snapshot;
            }
            self.woken.recv_timeout(LIMIT).unwrap_or_else(|_| panic!("{:#?}", self.view.snapshot()));
        }
    }

    /// All rows in this order, as the ids of their connections.
    fn ordered(&self, order: &ConnectionsOrder) -> Vec<u32> {
        self.view.arrange(order.clone());
        let done = |s: &ConnectionsSnapshot| {
            s.ready
                && s.order == *order
                && s.read >= s.total
                && s.scanned >= s.rows
                && s.entries.len() as u64 == s.listed.connections
        };
        self.until(done).entries.iter().map(|entry| entry.id.0).collect()
    }
}

fn by(by: ConnectionColumn, descending: bool) -> ConnectionsOrder {
    ConnectionsOrder { by, descending, ..ConnectionsOrder::default() }
}

fn peer(connection: u32, at: &str) -> Arc<Flow> {
    flow(Transport::Tcp, Role::Listener, connection, "127.0.0.1:9000", at)
}

fn at(handle: &RecorderHandle, flow: &Arc<Flow>, seconds: u64, what: What) {
    handle.note(Event {
        time: Timestamp(1_763_833_202_000_000_000 + seconds * 1_000_000_000),
        flow: flow.clone(),
        what,
    });
}

fn what(happening: Happening) -> What {
    What::Happened(Box::new(happening))
}

/// Five connections, each with an end of its own; times are whole seconds.
fn five(handle: &RecorderHandle) {
    let flows = ["127.0.0.1:50003", "127.0.0.1:50001", "10.0.0.9:50002", "[::1]:7", "127.0.0.1:50001"];
    let flows: Vec<_> = flows.iter().zip(1..).map(|(address, id)| peer(id, address)).collect();
    let bytes = |length: usize| What::Received(vec![b'x'; length].into());
    for (flow, second) in flows.iter().zip(0..) {
        at(handle, flow, second, what(Happening::Accepted));
    }
    at(handle, &flows[0], 10, bytes(1000));
    at(handle, &flows[0], 11, What::Sent(vec![b'y'; 10].into()));
    at(handle, &flows[1], 12, bytes(20));
    at(handle, &flows[1], 13, bytes(30));
    at(handle, &flows[0], 14, what(closed(By::Peer)));
    at(handle, &flows[1], 15, what(Happening::Reset { by: By::Us, received: 50, sent: 0 }));
    let failure = Failure::new(Doing::Receive, "10.0.0.9:50002", Reason::TimedOut);
    at(handle, &flows[2], 16, what(Happening::Failed { failure }));
    at(handle, &flows[2], 17, what(closed(By::Us)));
    at(handle, &flows[3], 18, what(Happening::PeerFinished { received: 0 }));
    at(handle, &flows[4], 30, bytes(50));
}

fn file_of(events: impl FnOnce(&RecorderHandle)) -> (tempfile::TempDir, Arc<Log>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("session.pcapng");
    record(&path, events);
    let log = open(&path);
    (folder, log)
}

#[test]
fn a_row_says_who_since_when_how_much_and_how_it_ended() {
    let (_folder, log) = file_of(five);
    let watched = Watched::new(&log, None);
    let snapshot = watched.until(|s| s.entries.len() == 5);
    let lives: Vec<_> = snapshot.entries.iter().map(|entry| entry.life.clone()).collect();
    assert_eq!(lives[0], ConnectionLife::Closed { by: Some(By::Peer) });
    assert_eq!(lives[1], ConnectionLife::Reset { by: Some(By::Us) });
    assert!(matches!(&lives[2], ConnectionLife::Failed(Some(why)) if why.reason == Reason::TimedOut), "{:?}", lives[2]);
    assert_eq!((&lives[3], &lives[4]), (&ConnectionLife::Unended, &ConnectionLife::Unended));
    let first = &snapshot.entries[0];
    assert_eq!((first.bytes_in, first.bytes_out, first.events_in, first.events_out), (1000, 10, 1, 1));
    assert_eq!(first.duration_nanos(), Some(14_000_000_000));
    assert_eq!(first.rate().map(f64::round), Some(72.0));
    assert_eq!(first.flow.as_ref().and_then(|flow| flow.peer), Some("127.0.0.1:50003".parse().unwrap()));
    assert_eq!(snapshot.until.nanos_since(snapshot.from), 30_000_000_000);
    assert_eq!((snapshot.listed.bytes_in, snapshot.listed.events_out, snapshot.listed.live), (1100, 1, 0));
    assert_eq!(snapshot.endpoints.len(), 1);
    assert_eq!((snapshot.endpoints[0].uri.as_ref(), snapshot.endpoints[0].connections), ("tcp://127.0.0.1:9000", 5));
}

#[test]
fn every_column_sorts_both_ways_and_equal_ones_stay_as_they_began() {
    let (_folder, log) = file_of(five);
    let watched = Watched::new(&log, None);
    let both = |column, up: [u32; 5], down: [u32; 5]| {
        assert_eq!(watched.ordered(&by(column, false)), up, "{column:?}");
        assert_eq!(watched.ordered(&by(column, true)), down, "{column:?} descending");
    };
    both(ConnectionColumn::Opened, [1, 2, 3, 4, 5], [5, 4, 3, 2, 1]);
    both(ConnectionColumn::Endpoint, [1, 2, 3, 4, 5], [1, 2, 3, 4, 5]);
    both(ConnectionColumn::Local, [1, 2, 3, 4, 5], [1, 2, 3, 4, 5]);
    both(ConnectionColumn::Peer, [4, 3, 2, 5, 1], [1, 2, 5, 3, 4]);
    both(ConnectionColumn::State, [4, 5, 1, 2, 3], [3, 2, 1, 4, 5]);
    // Seconds: 14, 14, 15, 15, 26.
    both(ConnectionColumn::Duration, [1, 2, 3, 4, 5], [5, 3, 4, 1, 2]);
    both(ConnectionColumn::BytesIn, [3, 4, 2, 5, 1], [1, 2, 5, 3, 4]);
    both(ConnectionColumn::BytesOut, [2, 3, 4, 5, 1], [1, 2, 3, 4, 5]);
    both(ConnectionColumn::EventsIn, [3, 4, 1, 5, 2], [2, 1, 5, 3, 4]);
    both(ConnectionColumn::EventsOut, [2, 3, 4, 5, 1], [1, 2, 3, 4, 5]);
    both(ConnectionColumn::Rate, [3, 4, 5, 2, 1], [1, 2, 5, 3, 4]);
    both(ConnectionColumn::RateNow, [1, 2, 3, 4, 5], [1, 2, 3, 4, 5]);
}

#[test]
fn a_text_narrows_by_addresses_and_endpoints() {
    let (_folder, log) = file_of(five);
    let watched = Watched::new(&log, None);
    let text = |text: &str| ConnectionsOrder { text: text.into(), ..ConnectionsOrder::default() };
    assert_eq!(watched.ordered(&text("50001")), [2, 5]);
    assert_eq!(watched.ordered(&text("TCP://127")), [1, 2, 3, 4, 5]);
    assert_eq!(watched.ordered(&text("10.0.0.9")), [3]);
    assert_eq!(watched.ordered(&text("nobody")), [0; 0]);
    assert_eq!(watched.view.snapshot().total, 5);
    assert_eq!(watched.ordered(&text("")), [1, 2, 3, 4, 5]);
}

#[test]
fn it_grows_while_it_is_watched() {
    let folder = tempfile::tempdir().unwrap();
    let path = Some(folder.path().join("session.pcapng"));
    let (recorder, handle, _) = Recorder::start(RecorderOptions { path, keep_rows: true, subscription: 0 }).unwrap();
    let log = recorder.log().unwrap();
    let watched = Watched::new(&log, Some(handle.clock()));
    watched.view.arrange(by(ConnectionColumn::BytesIn, true));
    let one = peer(1, "127.0.0.1:50001");
    happened(&handle, &one, Happening::Accepted);
    received(&handle, &one, vec![1; 100]);
    let snapshot = watched.until(|s| s.listed.bytes_in == 100 && s.entries.len() == 1);
    assert!(snapshot.entries[0].live && snapshot.listed.live == 1);
    assert_eq!(snapshot.entries[0].life, ConnectionLife::Open);
    let two = peer(2, "127.0.0.1:50002");
    received(&handle, &two, vec![1; 200]);
    watched.until(|s| s.entries.iter().map(|entry| entry.id.0).eq([2, 1]));
    happened(&handle, &one, Happening::PeerFinished { received: 100 });
    watched.until(|s| s.entries.iter().any(|e| e.life == ConnectionLife::HalfClosed { by: By::Peer }));
    sent(&handle, &one, vec![1; 5]);
    happened(&handle, &one, closed(By::Us));
    let snapshot = watched.until(|s| s.listed.live == 1 && s.listed.bytes_out == 5);
    let one = snapshot.entries.iter().find(|entry| entry.id.0 == 1).unwrap();
    assert_eq!((one.live, &one.life), (false, &ConnectionLife::Closed { by: Some(By::Us) }));
    drop(handle);
    recorder.finish(LIMIT);
}

#[test]
fn peers_of_a_udp_socket_end_with_it_and_those_of_a_listener_do_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = Some(folder.path().join("session.pcapng"));
    let (recorder, handle, _) = Recorder::start(RecorderOptions { path, keep_rows: true, subscription: 0 }).unwrap();
    let log = recorder.log().unwrap();
    let watched = Watched::new(&log, Some(handle.clock()));
    let lane = flow(Transport::Udp, Role::Datagram, 1, "127.0.0.1:5005", "127.0.0.1:40000");
    let tcp = peer(2, "127.0.0.1:50001");
    received(&handle, &lane, vec![1; 100]);
    happened(&handle, &tcp, Happening::Accepted);
    for flow in [&lane, &tcp] {
        let own = Flow { connection: sockscope::model::ConnectionId::NONE, peer: None, ..Flow::clone(flow) };
        happened(&handle, &Arc::new(own), Happening::Stopped { peers_kept: 1 });
    }
    let snapshot = watched.until(|s| s.scanned == 4 && s.entries.len() == 2);
    assert_eq!(snapshot.entries[0].life, ConnectionLife::Closed { by: Some(By::Us) });
    assert_eq!(snapshot.entries[1].life, ConnectionLife::Open);
    drop(handle);
    recorder.finish(LIMIT);
}

#[test]
fn the_snapshot_carries_only_what_is_wanted() {
    let (_folder, log) = file_of(|handle| {
        for id in 1..=5_000 {
            received(handle, &peer(id, &format!("10.0.{}.{}:4000", id / 200, id % 200)), vec![1; id as usize % 50]);
        }
    });
    let watched = Watched::new(&log, None);
    watched.view.want(3_000, 20);
    let snapshot = watched.until(|s| s.total == 5_000 && s.first == 2_980);
    assert_eq!(snapshot.entries.len(), 60);
    assert_eq!(snapshot.entry(3_000).unwrap().id.0, 3_001);
    watched.view.arrange(by(ConnectionColumn::Peer, true));
    let snapshot = watched.until(|s| s.read == 5_000 && s.order.descending && s.entry(4_999).is_none());
    assert!(snapshot.entries.len() <= 60);
    watched.view.want(4_999, 20);
    assert_eq!(watched.until(|s| s.entry(4_999).is_some()).entry(4_999).unwrap().id.0, 1);
}

#[test]
fn the_table_as_csv_is_whole_in_its_order_and_safe() {
    let (folder, log) = file_of(five);
    let csv = connections_csv(&log, &by(ConnectionColumn::BytesIn, true), None);
    let golden = "\
connection,transport,endpoint,local,peer,state,by,reason,opened,ended,seconds,bytes_in,bytes_out,events_in,events_out,bytes_per_second\r
1,tcp,tcp://127.0.0.1:9000,127.0.0.1:9000,127.0.0.1:50003,closed,peer,,2025-11-22T17:40:02.000000000Z,2025-11-22T17:40:16.000000000Z,14.000000,1000,10,1,1,72\r
2,tcp,tcp://127.0.0.1:9000,127.0.0.1:9000,127.0.0.1:50001,reset,us,,2025-11-22T17:40:03.000000000Z,2025-11-22T17:40:17.000000000Z,14.000000,50,0,2,0,4\r
5,tcp,tcp://127.0.0.1:9000,127.0.0.1:9000,127.0.0.1:50001,unended,,,2025-11-22T17:40:06.000000000Z,2025-11-22T17:40:32.000000000Z,26.000000,50,0,1,0,2\r
3,tcp,tcp://127.0.0.1:9000,127.0.0.1:9000,10.0.0.9:50002,failed,,REASON,2025-11-22T17:40:04.000000000Z,2025-11-22T17:40:19.000000000Z,15.000000,0,0,0,0,0\r
4,tcp,tcp://127.0.0.1:9000,127.0.0.1:9000,[::1]:7,unended,,,2025-11-22T17:40:05.000000000Z,2025-11-22T17:40:20.000000000Z,15.000000,0,0,0,0,0\r
";
    let why = csv.text.lines().find(|line| line.starts_with("3,")).and_then(|line| line.split(',').nth(7)).unwrap();
    assert!(why.contains("10.0.0.9"), "{why}");
    assert_eq!(csv.text, golden.replace("REASON", why));
    assert_eq!(csv.connections, 5);
    let only = ConnectionsOrder { text: "50001".into(), ..ConnectionsOrder::default() };
    assert_eq!(connections_csv(&log, &only, None).connections, 2);
    let to = folder.path().join("table.csv");
    assert_eq!(save_connections_csv(&log, &by(ConnectionColumn::BytesIn, true), None, &to).unwrap(), 5);
    assert_eq!(std::fs::read_to_string(&to).unwrap(), csv.text);
    assert!(save_connections_csv(&log, &only, None, &folder.path().join("no/such/table.csv")).is_err());
}

#[test]
fn a_hostile_endpoint_stays_harmless_in_the_csv() {
    let (_folder, log) = file_of(|handle| {
        let hostile = Flow {
            endpoint_uri: "=cmd|'/c calc'!A1,\"\u{1b}[31m\u{202e}".into(),
            ..Flow::clone(&peer(1, "127.0.0.1:1"))
        };
        happened(handle, &Arc::new(hostile), Happening::Accepted);
    });
    let csv = connections_csv(&log, &ConnectionsOrder::default(), None).text;
    let line = csv.lines().nth(1).unwrap();
    assert!(line.starts_with("1,tcp,\"'=cmd"), "{line}");
    assert!(!line.contains(['\u{1b}', '\u{202e}']), "{line}");
}

#[test]
fn what_cannot_be_read_is_listed_all_the_same() {
    let (folder, log) = file_of(five);
    // The index knows the rows; what they point at is gone.
    let path = folder.path().join("session.pcapng");
    let bytes = std::fs::metadata(&path).unwrap().len();
    std::fs::write(&path, vec![0xff; bytes as usize]).unwrap();
    let watched = Watched::new(&log, None);
    for column in ConnectionColumn::ALL {
        for descending in [false, true] {
            assert_eq!(watched.ordered(&by(column, descending)).len(), 5, "{column:?}");
        }
    }
    let first = watched.until(|s| s.order.descending && s.entries.len() == 5).entries[0].clone();
    assert_eq!((first.flow.is_none(), first.duration_nanos(), first.rate()), (true, None, None));
    assert_eq!(watched.view.snapshot().listed.bytes_in, 1100, "rows in memory still count");
    assert_eq!(connections_csv(&log, &by(ConnectionColumn::Peer, true), None).connections, 5);
}
