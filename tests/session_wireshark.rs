//! Somebody else's eyes: tshark and the pcap-file crate read what we record.

mod session_support;

use std::fs::File;

use bytes::Bytes;
use pcap_file::pcapng::{Block, PcapNgReader};
use session_support::{all, closed, complaints, flow, follow, happened, open, received, record, sent, tshark};
use sockscope::model::{By, Flow, Happening, Role, Transport};
use std::sync::Arc;

fn pattern(length: usize, seed: u8) -> Bytes {
    (0..length).map(|at| (at as u8).wrapping_mul(31).wrapping_add((at >> 8) as u8) ^ seed).collect::<Vec<_>>().into()
}

fn connected() -> Happening {
    Happening::Connected { took_nanos: 116_000, self_connected: false }
}

#[test]
fn streams_are_followed_byte_by_byte() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("session.pcapng");
    let (there, here) = (pattern(600_000, 1), pattern(90_000, 2));
    let status = record(&path, |handle| {
        // Two connections on one 4-tuple, one after the other, then one over IPv6.
        for (id, peer, local) in [
            (1, "127.0.0.1:50000", "127.0.0.1:9000"),
            (2, "127.0.0.1:50000", "127.0.0.1:9000"),
            (3, "[::1]:50001", "[::1]:9000"),
        ] {
            let flow = flow(Transport::Tcp, Role::Listener, id, local, peer);
            happened(handle, &flow, Happening::Accepted);
            for (number, chunk) in there.chunks(1 + 7919 * id as usize).enumerate() {
                received(handle, &flow, there.slice_ref(chunk));
                if let Some(answer) = here.chunks(4001).nth(number) {
                    sent(handle, &flow, here.slice_ref(answer));
                }
            }
            happened(handle, &flow, Happening::PeerFinished { received: there.len() as u64 });
            sent(handle, &flow, Bytes::from_static(b"after"));
            happened(handle, &flow, closed(By::Us));
        }
        let client = flow(Transport::Tcp, Role::Client, 4, "127.0.0.1:50002", "127.0.0.1:80");
        happened(handle, &client, connected());
        for _ in 0..5000 {
            sent(handle, &client, here.slice(..8));
        }
        happened(handle, &client, Happening::Reset { by: By::Peer, received: 0, sent: 40_000 });
    });
    assert_eq!(status.unrecorded_total, 0);
    let Some(complaints) = complaints(&path) else { return };
    // A note, not a complaint, and true: the second connection has the first one's addresses.
    let unexpected: Vec<_> = complaints.lines().filter(|line| !line.contains("[TCP Port numbers reused]")).collect();
    assert!(unexpected.is_empty(), "{unexpected:#?}");
    for stream in 0..3 {
        let (opener, answerer) = follow(&path, stream).unwrap();
        assert!(opener == there[..], "stream {stream}: {} bytes of {}", opener.len(), there.len());
        let chunks = there.chunks(1 + 7919 * (stream + 1)).len();
        let answers: Vec<u8> = here.chunks(4001).take(chunks).flatten().copied().chain(*b"after").collect();
        assert!(answerer == answers, "stream {stream}: {} bytes of {}", answerer.len(), answers.len());
    }
    assert_eq!(follow(&path, 3).unwrap().0.len(), 40_000);
    let expert = tshark(&["-r", path.to_str().unwrap(), "-q", "-z", "expert,warn"]).unwrap();
    for word in ["retransmission", "Window", "ACKed segment", "Previous segment", "Out-Of-Order", "Malformed"] {
        assert!(!expert.contains(word), "{expert}");
    }
}

#[test]
fn happenings_stand_between_the_packets_and_names_cannot_forge_fields() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("session.pcapng");
    let forged = "host\nSOCKSCOPE_SEQ=99\n\u{202e}";
    record(&path, |handle| {
        let udp = flow(Transport::Udp, Role::Datagram, 1, "127.0.0.1:5005", "127.0.0.1:50000");
        happened(handle, &udp, Happening::Resolved { host: forged.into(), addresses: vec![] });
        received(handle, &udp, Bytes::new());
        received(handle, &udp, pattern(65_507, 3));
        happened(handle, &udp, Happening::Dropped { datagrams: 3, total: 3 });
        let six = flow(Transport::Udp, Role::Datagram, 2, "[::1]:5005", "[::1]:50000");
        sent(handle, &six, pattern(65_527, 4));
        sent(handle, &six, pattern(33, 4));
    });
    let log = open(&path);
    let events = all(&log);
    assert_eq!(events.len(), 6);
    assert!(matches!(events[0].event.happening(), Some(Happening::Resolved { host, .. }) if host == forged));
    assert_eq!(events[1].event.bytes().unwrap().len(), 0);
    let Some(complaints) = complaints(&path) else { return };
    assert_eq!(complaints, "");
    let list = tshark(&["-r", path.to_str().unwrap()]).unwrap();
    assert_eq!(list.lines().count(), 6, "{list}");
    let fields =
        ["-T", "fields", "-e", "frame.interface_name", "-e", "frame.packet_flags_direction", "-e", "udp.length"];
    let fields = tshark(&[&["-r", path.to_str().unwrap(), "-Y", "udp"], &fields[..]].concat()).unwrap();
    let lines: Vec<_> = fields.lines().collect();
    assert!(lines[0].starts_with("udp://127.0.0.1:5005\t") && lines[0].ends_with("\t8"), "{fields}");
}

#[test]
fn both_ends_ours_makes_one_stream() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("session.pcapng");
    record(&path, |handle| {
        let client = flow(Transport::Tcp, Role::Client, 1, "127.0.0.1:50000", "127.0.0.1:9000");
        let accepted = flow(Transport::Tcp, Role::Listener, 2, "127.0.0.1:9000", "127.0.0.1:50000");
        let accepted = Arc::new(Flow { mirror: true, ..(*accepted).clone() });
        happened(handle, &client, connected());
        happened(handle, &accepted, Happening::Accepted);
        for _ in 0..200 {
            sent(handle, &client, pattern(100, 5));
            received(handle, &accepted, pattern(100, 5));
            sent(handle, &accepted, pattern(100, 6));
            received(handle, &client, pattern(100, 6));
        }
        happened(handle, &client, closed(By::Us));
        happened(handle, &accepted, closed(By::Peer));
    });
    let log = open(&path);
    let events = all(&log);
    assert_eq!(events.len(), 804);
    assert_eq!(events.iter().filter(|e| e.event.flow.mirror && e.event.bytes().is_some()).count(), 400);
    assert_eq!(log.flows().len(), 2);
    let Some(complaints) = complaints(&path) else { return };
    assert_eq!(complaints, "");
    let (opener, answerer) = follow(&path, 0).unwrap();
    assert_eq!((opener.len(), answerer.len()), (20_000, 20_000));
}

#[test]
fn dual_stack_peers_are_ipv4_packets_and_keep_their_addresses() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("session.pcapng");
    let flow = flow(Transport::Tcp, Role::Listener, 1, "[::ffff:127.0.0.1]:9000", "[::ffff:127.0.0.1]:50000");
    record(&path, |handle| {
        happened(handle, &flow, Happening::Accepted);
        received(handle, &flow, pattern(10, 1));
    });
    assert_eq!(all(&open(&path))[1].event.flow, flow);
    let Some(list) = tshark(&["-r", path.to_str().unwrap(), "-Y", "ip.src == 127.0.0.1 && tcp.len == 10"]) else {
        return;
    };
    assert_eq!(list.lines().count(), 1, "{list}");
}

#[test]
fn the_pcap_file_crate_reads_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("session.pcapng");
    let payload = pattern(50_000, 1);
    record(&path, |handle| {
        let udp = flow(Transport::Udp, Role::Datagram, 1, "127.0.0.1:5005", "127.0.0.1:50000");
        for _ in 0..10 {
            received(handle, &udp, payload.clone());
        }
    });
    let mut reader = PcapNgReader::new(File::open(&path).unwrap()).unwrap();
    let mut packets = 0;
    while let Some(block) = reader.next_block() {
        if let Block::EnhancedPacket(packet) = block.unwrap() {
            assert_eq!(packet.data[28..], payload[..]);
            packets += 1;
        }
    }
    assert_eq!(packets, 10);
}
