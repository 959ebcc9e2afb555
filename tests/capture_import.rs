//! Captures of other programs become sessions: every form of file and link layer, what happened, and every kind of damage.
#![allow(clippy::print_stderr, reason = "a skipped test says so aloud")]

mod capture_support;
mod session_support;

use std::path::{Path, PathBuf};
use std::process::Command;

use capture_support::*;
use session_support::{LIMIT, all, open};
use sockscope::model::{By, Doing, EventKind, Happening, LeftOut, Reason, Recorded, Role, What};
use sockscope::session::export::{self, Progress};
use sockscope::session::{Log, LogState, Query};

fn write(folder: &Path, bytes: &[u8]) -> PathBuf {
    let path = folder.join("capture.pcap");
    std::fs::write(&path, bytes).unwrap();
    path
}

fn import(bytes: &[u8]) -> (Vec<Recorded>, LogState) {
    let folder = tempfile::tempdir().unwrap();
    let log = open(&write(folder.path(), bytes));
    (all(&log), log.state())
}

fn import_packets(packets: &[Vec<u8>]) -> (Vec<Recorded>, LogState) {
    import(&pcap(LITTLE, 101, packets, 65_535))
}

/// `accepted`, `<hello`, `>world!`, `peer_finished`: what happened, received and sent.
fn told(events: &[Recorded]) -> Vec<String> {
    events
        .iter()
        .map(|recorded| match &recorded.event.what {
            What::Received(bytes) => format!("<{}", String::from_utf8_lossy(bytes)),
            What::Sent(bytes) => format!(">{}", String::from_utf8_lossy(bytes)),
            What::Happened(happening) => match &**happening {
                Happening::Gap { events: 0, bytes, failure: Some(failure) } => {
                    assert_eq!(failure.reason, Reason::NotCaptured);
                    format!("{}?{bytes}", if failure.doing == Doing::Send { '>' } else { '<' })
                }
                happening => happening.kind().name().to_owned(),
            },
        })
        .collect()
}

const WHOLE: [&str; 5] = ["accepted", "<hello", ">world!", "peer_finished", "closed"];

#[test]
fn every_link_type_carries_the_same_conversation() {
    for link in [0, 1, 12, 14, 101, 108, 113, 228, 229, 276] {
        let packets: Vec<_> = conversation().iter().map(|ip| in_link(link, ip)).collect();
        let (events, state) = import(&pcap(LITTLE, link, &packets, 65_535));
        assert_eq!(told(&events), WHOLE, "link type {link}");
        assert_eq!(state.damage, None);
        let flow = &events[0].event.flow;
        assert_eq!((flow.role, flow.endpoint_uri.as_ref()), (Role::Listener, "tcp://10.0.0.2:80"));
        assert_eq!((flow.local, flow.peer), ("10.0.0.2:80".parse().ok(), "10.0.0.1:50000".parse().ok()));
    }
    let (events, state) = import(&pcap(LITTLE, 147, &conversation(), 65_535));
    assert!(events.is_empty());
    assert_eq!(state.imported.unwrap().left_out[&LeftOut::LinkType(147)], 8);
}

#[test]
fn every_magic_of_classic_pcap_is_read_with_its_times() {
    let mut magics = vec![LITTLE, [0x4d, 0x3c, 0xb2, 0xa1]];
    for at in 0..2 {
        let mut swapped: [u8; 4] = magics[at];
        swapped.reverse();
        magics.push(swapped);
    }
    for magic in magics {
        let (events, state) = import(&pcap(magic, 101, &conversation(), 65_535));
        assert_eq!(told(&events), WHOLE, "{magic:x?}");
        let times: Vec<_> = events.iter().map(|recorded| recorded.event.time.0).collect();
        let second = |number: u64| (1_700_000_000 + number) * 1_000_000_000 + 500_000_000;
        assert_eq!(times, [second(2), second(3), second(4), second(5), second(6)]);
        assert_eq!((state.file_bytes, state.imported.unwrap().packets), (state.indexed_bytes, 8));
    }
}

#[test]
fn every_block_of_pcapng_is_read_in_both_byte_orders() {
    for big in [false, true] {
        let mut blocks = Blocks::new(big);
        let offset = if big { 10i64.to_be_bytes() } else { 10i64.to_le_bytes() };
        blocks.interface(101, &[(9, vec![9])]);
        blocks.interface(1, &[(9, vec![3]), (14, offset.to_vec())]);
        blocks.block(0x0bad_f00d, &[7; 400]);
        blocks.enhanced(0, 5_000_000_001, &datagram(true, b"one"), &[(1, b"a comment".to_vec())]);
        blocks.enhanced(1, 2_500, &in_link(1, &datagram(false, b"two")), &[]);
        blocks.obsolete(0, 6_000_000_000, &datagram(true, b"three"));
        blocks.simple(&datagram(true, b"four"));
        let crc = crc32fast::hash(&datagram(true, b"five"));
        let right = [&[2][..], &blocks.word(crc)].concat();
        let wrong = [&[2][..], &blocks.word(crc ^ 1)].concat();
        blocks.enhanced(0, 7_000_000_000, &datagram(true, b"five"), &[(3, right)]);
        blocks.enhanced(0, 8_000_000_000, &datagram(true, b"five"), &[(3, wrong)]);
        // A section of its own byte order, with interfaces of its own.
        blocks.big = !big;
        blocks.section();
        blocks.interface(113, &[]);
        blocks.enhanced(0, 9_000_000, &in_link(113, &datagram(true, b"six")), &[]);
        let (events, state) = import(&blocks.out);
        assert_eq!(told(&events), ["<one", ">two", "<three", "<four", "<five", "<five", "<six"], "{big}");
        let times: Vec<_> = events.iter().map(|recorded| recorded.event.time.0).collect();
        let expected = [5_000_000_001, 12_500_000_000, 6_000_000_000, 0, 7_000_000_000, 8_000_000_000, 9_000_000_000];
        assert_eq!(times, expected);
        let left_out = state.imported.unwrap().left_out.clone();
        assert_eq!(left_out.into_iter().collect::<Vec<_>>(), [(LeftOut::NoTime, 1), (LeftOut::Damaged, 1)]);
        assert_eq!(events[0].event.flow.role, Role::Datagram);
    }
}

#[test]
fn a_reset_a_second_connection_and_a_question_without_an_answer() {
    let mut packets = conversation();
    packets.truncate(5);
    packets.push(segment(false, RST, 907, 0, b""));
    // The same addresses again, begun anew; what the client says first comes twice and early.
    packets.extend([
        segment(true, SYN, 5000, 0, b""),
        segment(true, SYN, 5000, 0, b""),
        segment(false, SYN_ACK, 7000, 5001, b""),
        segment(true, ACK, 5004, 7001, b"def"),
        segment(true, ACK, 5001, 7001, b"abc"),
        segment(true, ACK, 5001, 7001, b"abc"),
    ]);
    let (events, _) = import_packets(&packets);
    assert_eq!(told(&events), ["accepted", "<hello", ">world!", "reset", "accepted", "<abc", "<def"]);
    assert!(matches!(events[3].event.happening(), Some(Happening::Reset { by: By::Us, received: 5, sent: 6 })));
    assert_ne!(events[3].event.flow.connection, events[4].event.flow.connection);
    assert_eq!(events[3].event.flow.endpoint, events[4].event.flow.endpoint);

    let (events, state) = import_packets(&[segment(true, SYN, 1, 0, b""), segment(true, SYN, 1, 0, b"")]);
    assert!(events.is_empty());
    assert_eq!(state.imported.unwrap().left_out[&LeftOut::Unanswered], 1);
    let refused = [segment(true, SYN, 1, 0, b""), segment(false, RST | ACK, 0, 2, b"")];
    assert_eq!(told(&import_packets(&refused).0), ["reset"]);
}

#[test]
fn what_the_capture_lacks_is_told_where_it_is_missing() {
    // The second of three segments was not captured; the server confirmed all three.
    let packets = [
        segment(true, ACK, 101, 901, b"one"),
        segment(true, ACK, 107, 901, b"three"),
        segment(false, ACK, 901, 112, b"answer"),
        segment(true, ACK, 120, 907, b"at the end"),
    ];
    let (events, _) = import_packets(&packets);
    // Its beginning was not captured either: so nothing says that it was accepted.
    assert_eq!(told(&events), ["<one", "<?3", "<three", ">answer", "<?8", "<at the end"]);

    // The capture holds only the first 60 bytes of a packet.
    let mut packets = conversation();
    packets.truncate(3);
    packets.push(segment(true, ACK, 101, 901, &[b'x'; 100]));
    packets.push(segment(true, ACK, 201, 901, b"y"));
    packets.push(datagram(true, &[b'z'; 100]));
    let (events, _) = import(&pcap(LITTLE, 101, &packets, 60));
    let (x, z) = ("x".repeat(20), "z".repeat(32));
    assert_eq!(told(&events), ["accepted", &format!("<{x}"), "<?80", "<y", &format!("<{z}"), "<?68"]);
}

#[test]
fn chunks_are_never_longer_than_those_we_record() {
    // As a network card hands it on that cuts segments itself.
    let mut packet = segment(true, ACK, 101, 901, &[]);
    let payload: Vec<u8> = (0..200_000u32).map(|at| (at % 251) as u8).collect();
    packet.extend_from_slice(&payload);
    packet[2..4].copy_from_slice(&[0, 0]);
    let (events, _) = import(&pcap(LITTLE, 101, &[packet], 300_000));
    assert_eq!(told(&events).len(), 4);
    let bytes: Vec<u8> = events.iter().flat_map(|recorded| recorded.event.bytes().unwrap().to_vec()).collect();
    assert!(bytes == payload && events.iter().all(|r| r.event.bytes().unwrap().len() <= sockscope::model::MAX_CHUNK));
}

#[test]
fn fragments_are_put_together_and_others_are_counted() {
    let whole = datagram(true, &(0..200).collect::<Vec<u8>>());
    let cut = |from: usize, to: usize, more: bool| {
        let mut packet = whole[..20].to_vec();
        let offset = (from / 8) as u16 | if more { 0x2000 } else { 0 };
        packet[2..4].copy_from_slice(&((20 + to - from) as u16).to_be_bytes());
        packet[6..8].copy_from_slice(&offset.to_be_bytes());
        packet.extend_from_slice(&whole[20 + from..20 + to]);
        packet
    };
    let mut ping = datagram(true, b"");
    ping[9] = 1;
    let arp = [&[0; 12][..], &[8, 6], &[0; 28]].concat();
    let ip = [cut(104, 208, false), cut(0, 104, true), ping, cut(0, 48, true), datagram_v6(b"six")];
    let mut packets: Vec<_> = ip.iter().map(|ip| in_link(1, ip)).collect();
    packets.extend([arp, vec![1, 2, 3]]);
    let (events, state) = import(&pcap(LITTLE, 1, &packets, 65_535));
    assert_eq!(events.len(), 2);
    assert_eq!(events[0].event.bytes().unwrap()[..], (0..200).collect::<Vec<u8>>());
    assert_eq!(events[1].event.bytes().unwrap()[..], *b"six");
    let left_out: Vec<_> = state.imported.unwrap().left_out.clone().into_iter().collect();
    assert_eq!(
        left_out,
        [(LeftOut::NotIp(0x0806), 1), (LeftOut::NotTcpUdp(1), 1), (LeftOut::Headers, 1), (LeftOut::Fragments, 1)]
    );
}

#[test]
fn every_prefix_opens_and_says_at_which_byte_it_ends() {
    let folder = tempfile::tempdir().unwrap();
    let mut blocks = Blocks::new(false);
    blocks.interface(101, &[]);
    conversation().iter().for_each(|packet| blocks.enhanced(0, 5, packet, &[]));
    for (whole, header) in [(pcap(LITTLE, 101, &conversation(), 65_535), 24), (blocks.out, 48)] {
        let mut rows_before = 0;
        for length in 0..=whole.len() {
            let path = write(folder.path(), &whole[..length]);
            let Ok(log) = Log::open(&path) else {
                assert!(length < 4);
                continue;
            };
            let state = log.wait_complete(LIMIT);
            assert!(state.complete && state.rows >= rows_before && log.flows().len() <= 1);
            rows_before = state.rows;
            if let Some((at, why)) = state.damage {
                assert!(at < length as u64 && whole.len() > length, "{length}: {at} {why}");
                // All before that byte was read, and what is cut off begins there.
                assert_eq!(state.indexed_bytes, if at > header { at } else { 0 }, "{length}: {why}");
                assert!(why.contains("cut off") || length < 28, "{length}: {why}");
            }
        }
        assert_eq!(rows_before, 5);
    }
}

#[test]
fn five_thousand_flipped_bits_are_survived() {
    let folder = tempfile::tempdir().unwrap();
    let mut blocks = Blocks::new(false);
    blocks.interface(101, &[(9, vec![9])]);
    let mut packets = conversation();
    packets.extend([datagram(true, b"question"), datagram(false, b"answer"), datagram_v6(b"six")]);
    packets.iter().for_each(|packet| blocks.enhanced(0, 5, packet, &[(1, b"comment".to_vec())]));
    let files = [pcap(LITTLE, 101, &packets, 65_535), blocks.out];
    let mut seed = 0x5eed_u64;
    let mut random = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % below
    };
    for round in 0..5000 {
        let mut bytes = files[round % 2].clone();
        for _ in 0..=random(3) {
            let at = random(bytes.len());
            bytes[at] ^= 1 << random(8);
        }
        let Ok(log) = Log::open(&write(folder.path(), &bytes)) else { continue };
        let state = log.wait_complete(LIMIT);
        assert!(state.complete && state.rows < 100, "round {round}");
        for row in 0..state.rows {
            assert!(!log.read(row).unwrap().damaged, "round {round}");
        }
    }
}

#[test]
fn the_corpus_is_imported_without_harm() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/capture_import");
    if std::env::var_os("SOCKSCOPE_WRITE_FIXTURE").is_some() {
        write_corpus(&corpus);
    }
    let mut files = 0;
    for entry in std::fs::read_dir(&corpus).unwrap() {
        let log = open(&entry.unwrap().path());
        assert!((0..log.state().rows).all(|row| log.read(row).is_ok()));
        files += 1;
    }
    assert!(files >= 8);
}

/// Begun once, with what the fuzzer needs to see of each format.
fn write_corpus(corpus: &Path) {
    std::fs::create_dir_all(corpus).unwrap();
    let put = |name: &str, bytes: &[u8]| std::fs::write(corpus.join(name), bytes).unwrap();
    for link in [0, 1, 101, 113, 276] {
        let packets: Vec<_> = conversation().iter().map(|ip| in_link(link, ip)).collect();
        put(&format!("link-{link}"), &pcap(LITTLE, link, &packets, 65_535));
    }
    put("big-nanos", &pcap([0xa1, 0xb2, 0x3c, 0x4d], 101, &conversation(), 50));
    put("enormous-packet", &[&pcap(LITTLE, 101, &[], 0)[..], &[0xff; 16]].concat());
    for big in [false, true] {
        let mut blocks = Blocks::new(big);
        blocks.interface(101, &[(9, vec![0x8a]), (14, vec![1; 8])]);
        blocks.enhanced(0, u64::MAX, &datagram(true, b"x"), &[(3, vec![2, 0, 0, 0, 0])]);
        blocks.obsolete(0, 1, &datagram_v6(b"y"));
        blocks.simple(&datagram(false, b"z"));
        blocks.block(99, &[0; 64]);
        put(if big { "blocks-big" } else { "blocks-little" }, &blocks.out);
        let mut cut = Blocks::new(big);
        cut.out.extend([cut.word(99), cut.word(u32::MAX - 3)].concat());
        put(if big { "enormous-block-big" } else { "enormous-block-little" }, &cut.out);
    }
}

#[test]
fn a_file_that_is_neither_is_refused_with_what_it_begins_with() {
    let folder = tempfile::tempdir().unwrap();
    let failure = Log::open(&write(folder.path(), &[0x1f, 0x8b, 8, 0, 0])).err().unwrap();
    assert_eq!((failure.reason, failure.system.as_str()), (Reason::NotACapture, "1f 8b 08 00 00"));
}

#[test]
fn an_imported_capture_is_exported_like_a_session_and_tshark_agrees() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), &pcap(LITTLE, 101, &conversation(), 65_535));
    let log = open(&path);
    let to = folder.path().join("export.pcapng");
    let format = export::format("pcapng").unwrap();
    assert_eq!(export::save(&log, &Query::default(), format, &to, &Progress::default()).unwrap(), 5);
    // Ours now, and the same.
    let again = open(&to);
    assert_eq!((told(&all(&again)), again.state().imported), (told(&all(&log)), None));
    let output = Command::new(env!("CARGO_BIN_EXE_sockscope"))
        .args(["export", path.to_str().unwrap(), "--as", "jsonl"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).unwrap();
    assert_eq!(lines.lines().count(), 5);
    assert!(lines.contains("68656c6c6f"), "{lines}");
    let Some((client, server)) = session_support::follow(&to, 0) else { return };
    assert_eq!((&client[..], &server[..]), (&b"hello"[..], &b"world!"[..]));
}

#[test]
fn connections_without_number_are_bounded_in_memory_and_none_is_lost() {
    // More than are kept at once, each with one byte, all of them alive.
    let packets: Vec<Vec<u8>> = (0..140_000u32)
        .map(|number| {
            let mut packet = segment(true, ACK, 1, 1, b"x");
            packet[12..16].copy_from_slice(&(0x0b00_0000 + number).to_be_bytes());
            packet
        })
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let log = open(&write(folder.path(), &pcap(LITTLE, 101, &packets, 65_535)));
    assert_eq!(log.state().rows, 140_000);
    assert_eq!(log.read(139_999).unwrap().event.kind(), EventKind::Received);
}
