//! Every word of the filter language on a recorded session: which events a log shows.

mod session_support;

use std::sync::Arc;

use session_support::watched::{Watched, query, received_at, recorder, sent_at, tree};
use session_support::{LIMIT, flow, open};
use sockscope::model::{
    By, ConnectionId, Encodings, EndpointId, Event, Flow, Happening, Role, TextEncoding, Timestamp, Transport, What,
};
use sockscope::session::{Log, Query};

/// 2026-11-23 07:00:00 UTC.
const FIRST: u64 = 1_795_417_200_000_000_000;
const SECOND: u64 = 1_000_000_000;

/// Ten events on three connections; the number of each stands before it.
fn session() -> (tempfile::TempDir, Arc<Log>) {
    let (folder, recorder, handle) = recorder();
    let tcp = flow(Transport::Tcp, Role::Listener, 1, "127.0.0.1:9000", "127.0.0.1:50000");
    let six = flow(Transport::Tcp, Role::Client, 2, "[::1]:50001", "[::1]:80");
    let udp = flow(Transport::Udp, Role::Datagram, 3, "0.0.0.0:5005", "192.168.1.7:1234");
    let of_endpoint = Arc::new(Flow { connection: ConnectionId::NONE, peer: None, ..Flow::clone(&tcp) });
    let happened = |flow: &Arc<Flow>, at: u64, happening| {
        handle.note(Event { time: Timestamp(at), flow: flow.clone(), what: What::Happened(Box::new(happening)) });
    };
    let listening = Happening::Listening { backlog: Some(128), dual_stack: false, receive_buffer: None };
    happened(&of_endpoint, FIRST, listening);
    happened(&tcp, FIRST + SECOND, Happening::Accepted);
    received_at(&handle, &tcp, FIRST + 2 * SECOND, "GET /index HTTP/1.1\r\n");
    sent_at(&handle, &tcp, FIRST + 3 * SECOND, "HTTP/1.1 200 OK\r\n");
    received_at(&handle, &six, FIRST + 4 * SECOND, "温度 21");
    sent_at(&handle, &six, FIRST + 5 * SECOND, vec![0xce, 0xc2, 0xb6, 0xc8, 0x0d, 0x0a]);
    received_at(&handle, &udp, FIRST + 6 * SECOND, "");
    received_at(&handle, &udp, FIRST + 60 * SECOND, vec![b'x'; 3000]);
    happened(&tcp, FIRST + 61 * SECOND, Happening::Reset { by: By::Peer, received: 20, sent: 17 });
    received_at(&handle, &udp, FIRST + 62 * SECOND, "got index");
    drop(handle);
    recorder.finish(LIMIT);
    let log = open(&folder.path().join("session.pcapng"));
    (folder, log)
}

#[test]
fn every_term_shows_its_events() {
    let (_folder, log) = session();
    let watched = Watched::new(&log);
    for (text, expected) in [
        // Bytes, sentences, patterns.
        ("INDEX", vec![3, 10]),
        ("\"index http\"", vec![3]),
        ("\"reset the connection\"", vec![9]),
        ("温度", vec![5]),
        ("/^http/i", vec![4]),
        ("/^http/", vec![]),
        ("/[0-9]{3} OK/", vec![4]),
        ("/index$/", vec![10]),
        ("hex:0d0a", vec![3, 4, 6]),
        ("hex:\"ce ?? b6\"", vec![6]),
        // What the row says.
        ("dir:in", vec![3, 5, 7, 8, 10]),
        ("dir:out", vec![4, 6]),
        ("kind:listening,accepted", vec![1, 2]),
        ("conn:1", vec![2, 3, 4, 9]),
        ("conn:2..3", vec![5, 6, 7, 8, 10]),
        ("size:0", vec![7]),
        ("size>1000", vec![8]),
        ("size:6..9", vec![5, 6, 10]),
        // Addresses.
        ("from:127.0.0.1:50000", vec![3]),
        ("from:127.0.0.0/8", vec![3, 4]),
        ("to:127.0.0.1:50000", vec![4]),
        ("to:[::1]:80", vec![6]),
        ("peer:[::1]:80", vec![5, 6]),
        ("peer:192.168.0.0/16", vec![7, 8, 10]),
        ("peer:127.0.0.1", vec![2, 3, 4, 9]),
        ("port:80", vec![5, 6]),
        ("port:9000", vec![1, 2, 3, 4, 9]),
        ("endpoint:5005", vec![7, 8, 10]),
        ("endpoint:TCP://127", vec![1, 2, 3, 4, 9]),
        ("proto:udp", vec![7, 8, 10]),
        // Times.
        ("after:07:01:00", vec![8, 9, 10]),
        ("before:07:00:02", vec![1, 2]),
        ("after:2026-11-24T00:00:00", vec![]),
        ("gap>50s", vec![8, 9]),
        ("gap:1s", vec![3, 4, 6]),
        // Together.
        ("index dir:in", vec![3, 10]),
        ("index -proto:udp", vec![3]),
        ("index or 温度", vec![3, 5, 10]),
        ("not (dir:in or dir:out)", vec![1, 2, 9]),
        ("(conn:1 or conn:2) and kind:sent", vec![4, 6]),
        ("not index not conn:2 not size:0", vec![1, 2, 4, 8, 9]),
        ("is:damaged", vec![]),
    ] {
        assert_eq!(watched.seqs(query(text)), expected, "{text}");
    }
}

#[test]
fn near_the_selected_event() {
    let (_folder, log) = session();
    let watched = Watched::new(&log);
    assert!(watched.seqs(query("within:2s")).is_empty());
    let near =
        |selected: u64| Query { selected_time: Some(Timestamp(FIRST + selected * SECOND)), ..query("within:2s") };
    assert_eq!(watched.seqs(near(3)), [2, 3, 4, 5, 6]);
    assert_eq!(watched.seqs(near(61)), [8, 9, 10]);
}

#[test]
fn text_is_read_in_the_encoding_of_its_connection() {
    let (_folder, log) = session();
    let watched = Watched::new(&log);
    let with = |encodings: Encodings| Query { encodings: Arc::new(encodings), ..query("温度") };
    assert_eq!(watched.seqs(with(Encodings { everywhere: TextEncoding::Gbk, ..Encodings::default() })), [6]);
    let connections = tree([(ConnectionId(2), TextEncoding::Gb18030), (ConnectionId(1), TextEncoding::Latin1)]);
    assert_eq!(watched.seqs(with(Encodings { connections, ..Encodings::default() })), [6]);
    let endpoints = tree([(EndpointId(1), TextEncoding::Gbk)]);
    assert_eq!(watched.seqs(with(Encodings { endpoints, ..Encodings::default() })), [5]);
    // A sentence is no content: its encoding is its own.
    let latin = Encodings { everywhere: TextEncoding::Latin1, ..Encodings::default() };
    assert_eq!(watched.seqs(Query { encodings: Arc::new(latin), ..query("accepted") }), [2]);
}

#[test]
fn only_some_events_and_only_up_to_a_row() {
    let (_folder, log) = session();
    let watched = Watched::new(&log);
    let only = Query { only: Some(Arc::from([2..=4, 6..=6, 10..=99])), ..Query::default() };
    assert_eq!(watched.seqs(only.clone()), [2, 3, 4, 6, 10]);
    assert_eq!(watched.seqs(Query { only: only.only.clone(), ..query("dir:in") }), [3, 10]);
    assert_eq!(watched.seqs(Query { before_row: Some(5), ..only }), [2, 3, 4]);
    assert!(watched.seqs(Query { only: Some(Arc::from([])), ..Query::default() }).is_empty());
}

#[test]
fn a_damaged_event_is_found() {
    let (folder, log) = session();
    drop(log);
    let path = folder.path().join("session.pcapng");
    let mut bytes = std::fs::read(&path).unwrap();
    let at = bytes.windows(9).position(|window| window == b"got index").unwrap();
    bytes[at] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let watched = Watched::new(&open(&path));
    assert_eq!(watched.seqs(query("is:damaged")), [10]);
}

#[test]
fn long_events_between_short_ones_are_searched_whole() {
    let (folder, recorder, handle) = recorder();
    let udp = flow(Transport::Udp, Role::Datagram, 1, "127.0.0.1:5005", "127.0.0.1:50001");
    let mut expected = Vec::new();
    for n in 1..=3000u64 {
        let length = if n % 97 == 0 { 60_000 } else { n as usize % 50 };
        let mut bytes = vec![b'.'; length];
        if n % 7 == 0 {
            bytes.extend_from_slice(b"NeedLe");
            expected.push(n);
        } else if n % 5 == 0 {
            // The next one begins with the rest.
            bytes.extend_from_slice(b"nee");
        }
        session_support::received(&handle, &udp, bytes);
    }
    drop(handle);
    recorder.finish(LIMIT);
    let watched = Watched::new(&open(&folder.path().join("session.pcapng")));
    assert_eq!(watched.seqs(query("needle")), expected);
    assert_eq!(watched.seqs(query("hex:\"4e 65 65 64 4c 65\"")), expected);
    assert_eq!(watched.seqs(query("/Ne{2}dLe$/")), expected);
    assert_eq!(watched.matched(query("not needle")), 3000 - expected.len() as u64);
}
