//! Ready-made services on real sockets.

mod engine_support;

use std::io::Read;
use std::net::{TcpStream, UdpSocket};

use engine_support::{Bench, PATIENCE, local_listener, local_udp};
use sockscope::model::{Answer, Happening, ListenerSettings, UdpSettings, What};

fn is_daytime(line: &[u8]) -> bool {
    let text = String::from_utf8_lossy(line);
    text.ends_with("\r\n") && text.contains(", 20") && text.matches(':').count() == 2
}

fn served(bench: &Bench, id: u32, answer: Answer) -> TcpStream {
    let peer = TcpStream::connect(bench.listen(id, ListenerSettings { answer, ..local_listener() })).unwrap();
    peer.set_read_timeout(Some(PATIENCE)).unwrap();
    peer
}

#[test]
fn daytime_is_a_line_and_the_end() {
    let bench = Bench::start();
    let mut line = Vec::new();
    served(&bench, 1, Answer::Daytime).read_to_end(&mut line).unwrap();
    assert!(is_daytime(&line), "{line:?}");
    bench.wait_for("its end", |h| matches!(h, Happening::Closed { .. }));
}

#[test]
fn chargen_goes_on_for_as_long_as_the_peer_reads() {
    let bench = Bench::start();
    let mut peer = served(&bench, 1, Answer::Chargen);
    let mut got = vec![0; 3 << 20];
    peer.read_exact(&mut got).unwrap();
    for (index, line) in got.chunks_exact(74).enumerate() {
        assert_eq!(usize::from(line[0]), 32 + index % 95);
        assert_eq!(&line[72..], b"\r\n");
    }
    drop(peer);
    bench.wait_for("its end", |h| matches!(h, Happening::Closed { .. } | Happening::Reset { .. }));
}

#[test]
fn datagrams_are_answered_by_the_service() {
    let bench = Bench::start();
    let peer = UdpSocket::bind("127.0.0.1:0").unwrap();
    peer.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut area = [0; 1000];
    let at = bench.udp(1, UdpSettings { answer: Answer::Daytime, ..local_udp() });
    peer.send_to(b"", at).unwrap();
    let (length, _) = peer.recv_from(&mut area).unwrap();
    assert!(is_daytime(&area[..length]));
    let at = bench.udp(2, UdpSettings { answer: Answer::Chargen, ..local_udp() });
    for _ in 0..10 {
        peer.send_to(b"", at).unwrap();
        assert!(peer.recv_from(&mut area).unwrap().0 <= 512);
    }
    let at = bench.udp(3, UdpSettings { answer: Answer::Discard, ..local_udp() });
    peer.send_to(b"nothing", at).unwrap();
    bench.wait("it received", |e| matches!(&e.what, What::Received(bytes) if bytes.len() == 7).then_some(()));
}
