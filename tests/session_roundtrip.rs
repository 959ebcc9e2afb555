//! Whatever is recorded comes back; whatever a file holds, opening it ends well.

mod session_support;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;
use session_support::{LIMIT, all, closed, flow, happened, open, received, record, sent};
use sockscope::model::{
    By, ConnectionId, Doing, EndpointId, Event, Failure, Flow, Happening, Reason, Recorded, Role, Timestamp, Transport,
    What,
};
use sockscope::session::{Log, Recorder, RecorderOptions};

fn address() -> impl Strategy<Value = SocketAddr> {
    prop_oneof![
        (any::<u32>(), any::<u16>()).prop_map(|(ip, port)| (Ipv4Addr::from(ip), port).into()),
        (any::<u128>(), any::<u16>()).prop_map(|(ip, port)| (Ipv6Addr::from(ip), port).into()),
        (any::<u32>(), any::<u16>())
            .prop_map(|(ip, port)| { (IpAddr::from(Ipv4Addr::from(ip).to_ipv6_mapped()), port).into() }),
        any::<u32>().prop_map(|scope| SocketAddrV6::new("fe80::1".parse().unwrap(), 7, 0, scope).into()),
    ]
}

fn a_flow() -> impl Strategy<Value = Arc<Flow>> {
    let role = prop_oneof![Just(Role::Listener), Just(Role::Client), Just(Role::Datagram)];
    let ends = (proptest::option::of(address()), proptest::option::of(address()));
    (any::<bool>(), role, 0u32..6, 0u32..3, ends, "\\PC{0,20}|tcp://\\[::1\\]:9000|a\nb", any::<bool>()).prop_map(
        |(udp, role, connection, endpoint, (local, peer), uri, mirror)| {
            Arc::new(Flow {
                endpoint: EndpointId(endpoint),
                endpoint_uri: uri.into(),
                connection: ConnectionId(connection),
                transport: if udp { Transport::Udp } else { Transport::Tcp },
                role,
                local,
                peer,
                mirror,
            })
        },
    )
}

fn happening() -> impl Strategy<Value = Happening> {
    let failure = "[\\x00-\\x7f]{0,12}".prop_map(|system| Failure {
        system,
        errno: Some(98),
        holder: Some("nginx (pid 812)".into()),
        ..Failure::new(Doing::Listen, "127.0.0.1:80", Reason::PortTaken)
    });
    prop_oneof![
        Just(Happening::Accepted),
        any::<u64>().prop_map(|took_nanos| Happening::Connected { took_nanos, self_connected: false }),
        any::<u64>().prop_map(|received| Happening::PeerFinished { received }),
        any::<u64>().prop_map(|sent| Happening::Finished { sent }),
        (any::<bool>(), 0u64..2).prop_map(|(us, unread)| {
            Happening::Closed { by: if us { By::Us } else { By::Peer }, received: 1, sent: 2, unread }
        }),
        Just(Happening::Reset { by: By::Us, received: 0, sent: 0 }),
        failure.prop_map(|failure| Happening::Failed { failure }),
        "\\PC{0,9}\n?\\PC{0,9}".prop_map(|host| Happening::Resolved { host, addresses: vec![] }),
        "\\PC{0,30}".prop_map(|message| Happening::Unknown { message }),
    ]
}

fn what() -> impl Strategy<Value = What> {
    let bytes =
        prop_oneof![4 => vec(any::<u8>(), 0..200), 1 => vec(any::<u8>(), 4090..4100), 1 => Just(vec![7; 65_527])];
    prop_oneof![
        bytes.clone().prop_map(|bytes| What::Received(bytes.into())),
        bytes.prop_map(|bytes| What::Sent(bytes.into())),
        happening().prop_map(|happening| What::Happened(Box::new(happening))),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn any_events_come_back_as_they_were(
        flows in vec(a_flow(), 1..5),
        events in vec((any::<prop::sample::Index>(), any::<u64>(), what()), 0..60),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("session.pcapng");
        let events: Vec<Event> = events
            .into_iter()
            .map(|(flow, time, what)| Event { time: Timestamp(time), flow: flow.get(&flows).clone(), what })
            .collect();
        record(&path, |handle| events.iter().cloned().for_each(|event| handle.note(event)));
        let log = open(&path);
        prop_assert_eq!(log.state().damage, None);
        let back = all(&log);
        prop_assert_eq!(back.len(), events.len());
        for ((event, back), seq) in events.iter().zip(&back).zip(1..) {
            prop_assert_eq!((back.seq, back.damaged), (seq, false));
            prop_assert_eq!(back.event.time, event.time);
            prop_assert_eq!(&back.event.flow, &event.flow);
            prop_assert_eq!(&back.event.what, &event.what);
        }
    }

    #[test]
    fn any_bytes_are_opened_without_harm(bytes in vec(any::<u8>(), 0..2000)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("session.pcapng");
        std::fs::write(&path, bytes).unwrap();
        prop_assert_eq!(look_through(&path), (0, Vec::new()));
    }
}

fn small_session(path: &Path) {
    record(path, |handle| {
        let tcp = flow(Transport::Tcp, Role::Listener, 1, "127.0.0.1:9000", "127.0.0.1:50000");
        let udp = flow(Transport::Udp, Role::Datagram, 2, "[::]:5005", "[::ffff:127.0.0.1]:50000");
        happened(handle, &tcp, Happening::Accepted);
        for n in 0..6u8 {
            received(handle, &tcp, vec![n; 40]);
            sent(handle, &udp, vec![n; 11]);
        }
        happened(handle, &tcp, closed(By::Peer));
    });
}

/// Opens a file that may be anything; every row that shows must either read or say why not.
fn look_through(path: &Path) -> (u64, Vec<u64>) {
    // What begins like nothing that we know is refused.
    if let Err(failure) = Log::open(path) {
        assert_eq!(failure.reason, Reason::NotACapture);
        return (0, Vec::new());
    }
    let log = open(path);
    let rows = log.state().rows;
    let seqs = (0..rows).filter_map(|row| log.read(row).ok()).map(|recorded| recorded.seq).collect();
    log.flows();
    (rows, seqs)
}

#[test]
fn every_prefix_is_an_exact_prefix_of_the_events() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("session.pcapng");
    small_session(&path);
    let bytes = std::fs::read(&path).unwrap();
    let cut = folder.path().join("cut.pcapng");
    let mut rows_before = 0;
    for length in 0..bytes.len() {
        std::fs::write(&cut, &bytes[..length]).unwrap();
        let (rows, seqs) = look_through(&cut);
        assert!(rows >= rows_before && rows <= 14);
        assert_eq!(seqs, (1..=rows).collect::<Vec<_>>(), "{length} bytes");
        rows_before = rows;
        // A page of zeros behind it, as a power cut may leave it.
        if length % 16 == 0 {
            std::fs::write(&cut, [&bytes[..length], &[0; 4096][..]].concat()).unwrap();
            let (rows, seqs) = look_through(&cut);
            assert_eq!(seqs, (1..=rows).collect::<Vec<_>>(), "{length} bytes and zeros");
        }
    }
    assert_eq!(rows_before, 14);
}

#[test]
fn every_flipped_bit_is_survived_and_no_payload_is_silently_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("session.pcapng");
    small_session(&path);
    let whole = all(&open(&path));
    let mut bytes = std::fs::read(&path).unwrap();
    let flipped = folder.path().join("flipped.pcapng");
    for at in 0..bytes.len() {
        let bit = 1 << (at % 8);
        bytes[at] ^= bit;
        std::fs::write(&flipped, &bytes).unwrap();
        let (rows, _) = look_through(&flipped);
        // One of the first four bytes is another: refused.
        let Ok(log) = Log::open(&flipped) else { continue };
        log.wait_complete(LIMIT);
        for row in 0..rows {
            let Ok(read) = log.read(row) else { continue };
            let Some(same) = whole.iter().find(|whole| whole.seq == read.seq) else { continue };
            let same_bytes = same.event.bytes() == read.event.bytes();
            assert!(
                read.damaged || same_bytes || same.event.kind() != read.event.kind(),
                "byte {at}, event {}",
                read.seq
            );
        }
        bytes[at] ^= bit;
    }
}

#[test]
fn what_is_no_session_of_ours_is_read_as_a_capture() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.pcapng");
    small_session(&path);
    let mut bytes = std::fs::read(&path).unwrap();
    let at = bytes.windows(9).position(|window| window == b"Sockscope").unwrap();
    bytes[at] = b'X';
    std::fs::write(&path, &bytes).unwrap();
    // A capture of another program by its own word: what is in the packets is read, and what only we write is not.
    let log = open(&path);
    let state = log.state();
    assert!(state.imported.is_some() && state.damage.is_none());
    let (theirs, is_bytes) = (all(&log), |recorded: &&Recorded| recorded.event.bytes().is_some());
    assert_eq!(theirs.iter().filter(is_bytes).count(), 12);
    assert!(theirs.iter().all(|recorded| recorded.event.bytes().is_none_or(|b| b.len() == 40 || b.len() == 11)));
    assert!(Log::open(folder.path()).is_err());
    assert!(Log::open(&folder.path().join("missing")).is_err());
}

#[test]
fn a_live_log_reads_what_the_file_gives_and_the_index_says_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("session.pcapng");
    let options = RecorderOptions { path: Some(path.clone()), keep_rows: true, subscription: 0 };
    let (recorder, handle, _) = Recorder::start(options).unwrap();
    // More than one index block.
    let flows: Vec<_> = (1..=50)
        .map(|id| flow(Transport::Udp, Role::Datagram, id, "127.0.0.1:5005", &format!("127.0.0.1:{}", 50_000 + id)))
        .collect();
    let count = 150_000u32;
    for n in 0..count {
        let flow = &flows[n as usize % flows.len()];
        received(&handle, flow, Bytes::copy_from_slice(&n.to_le_bytes()));
    }
    let live = recorder.log().unwrap();
    drop(handle);
    assert_eq!(recorder.finish(LIMIT).events, u64::from(count));
    let opened = open(&path);
    // Without its end block the file is walked through.
    let bytes = std::fs::read(&path).unwrap();
    let crashed_path = folder.path().join("crashed.pcapng");
    std::fs::write(&crashed_path, &bytes[..bytes.len() - 1]).unwrap();
    let crashed = open(&crashed_path);
    assert!(crashed.state().damage.is_some());
    for log in [&live, &opened, &crashed] {
        assert_eq!(log.state().rows, u64::from(count));
        assert_eq!(log.flows(), flows);
        for row in [0, 1, 65_535, 65_536, 149_999] {
            let read = log.read(row).unwrap();
            assert_eq!(read.seq, row + 1);
            assert_eq!(read.event.bytes().unwrap()[..], (row as u32).to_le_bytes());
        }
    }
}

/// A session of version 0.1.0: whatever this program becomes, it still opens. Written once by `SOCKSCOPE_WRITE_FIXTURE=1`.
#[test]
fn an_old_session_still_opens() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/session-0.1.0.pcapng");
    if std::env::var_os("SOCKSCOPE_WRITE_FIXTURE").is_some() && !path.exists() {
        small_session(&path);
    }
    let log = open(&path);
    let events = all(&log);
    assert_eq!((events.len(), log.state().damage), (14, None));
    assert!(events.iter().all(|event| !event.damaged));
    assert!(matches!(events[0].event.happening(), Some(Happening::Accepted)));
    assert!(matches!(events[13].event.happening(), Some(Happening::Closed { by: By::Peer, .. })));
    for (number, pair) in events[1..13].chunks(2).enumerate() {
        assert_eq!(pair[0].event.what, What::Received(vec![number as u8; 40].into()));
        assert_eq!(pair[1].event.what, What::Sent(vec![number as u8; 11].into()));
    }
    let udp = &events[2].event.flow;
    assert_eq!((udp.endpoint_uri.as_ref(), udp.local), ("udp://[::]:5005", Some("[::]:5005".parse().unwrap())));
    assert_eq!(udp.peer, Some("[::ffff:127.0.0.1]:50000".parse().unwrap()));
}

/// Files that once broke a reader, or that the fuzzer found worth keeping.
#[test]
fn the_corpus_is_opened_without_harm() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/session_reader");
    let mut files = 0;
    for entry in std::fs::read_dir(&corpus).unwrap() {
        look_through(&entry.unwrap().path());
        files += 1;
    }
    assert!(files > 0);
}
