//! Listeners and clients over real sockets.

mod engine_support;

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::time::Duration;

use bytes::Bytes;
use engine_support::{Bench, PATIENCE, local_listener};
use sockscope::engine::{CloseHow, ConnectionState, EndpointState, Peers, SendState, Source, Target};
use sockscope::model::{
    Answer, By, ClientSettings, EndpointId, Happening, HostPort, ListenerSettings, OverLimit, Protocol, Reason, What,
};

fn bytes(text: &'static str) -> Source {
    Source::Bytes(Bytes::from_static(text.as_bytes()))
}

fn peer(to: std::net::SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(to).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

fn read_all(stream: &mut TcpStream) -> Vec<u8> {
    let mut all = Vec::new();
    stream.read_to_end(&mut all).unwrap();
    all
}

#[test]
fn accepts_reads_sends_and_closes() {
    let bench = Bench::start();
    let at = bench.listen(1, local_listener());
    assert_ne!(at.port(), 0);
    let mut peer = peer(at);
    let id = bench.accepted(0);
    peer.write_all(b"hello").unwrap();
    assert_eq!(bench.wait_received(Some(id), 5), b"hello");
    let send = bench.engine.send(Target::Connection(id), bytes("welcome"), None).unwrap();
    let mut got = [0; 7];
    peer.read_exact(&mut got).unwrap();
    assert_eq!(&got, b"welcome");
    let progress = bench.wait_snapshot("the send's end", |snapshot| {
        snapshot.send(send).filter(|send| send.state == SendState::Done).cloned()
    });
    assert_eq!((progress.sent, progress.round_bytes, progress.rounds, progress.rounds_asked), (7, 7, 1, Some(1)));
    let status = bench.wait_snapshot("counters", |snapshot| {
        let status = snapshot.endpoint(EndpointId(1))?;
        (status.totals.bytes_in == 5 && status.totals.bytes_out == 7).then(|| status.clone())
    });
    assert_eq!(status.state, EndpointState::Open);
    assert_eq!(status.local, [at]);
    assert_eq!((status.open_peers, status.peers.len()), (1, 1));
    assert_eq!(status.peers[0].state, ConnectionState::Open);
    assert_eq!(status.peers[0].flow.peer, Some(peer.local_addr().unwrap()));
    bench.engine.close_connection(id, CloseHow::Close);
    assert!(read_all(&mut peer).is_empty());
    let closed = bench.wait_for("closed", Happening::ends_connection);
    let wanted = Happening::Closed { by: By::Us, received: 5, sent: 7, unread: 0 };
    assert_eq!(closed.happening(), Some(&wanted));
    bench.wait_snapshot("the peer among the closed", |snapshot| {
        let status = snapshot.endpoint(EndpointId(1))?;
        (status.open_peers == 0 && status.peers.first()?.state == ConnectionState::Closed).then_some(())
    });
}

#[test]
fn both_ends_ours_and_only_the_accepting_end_is_the_mirror() {
    let bench = Bench::start();
    let at = bench.listen(1, ListenerSettings { answer: Answer::Echo, ..local_listener() });
    let client = bench.connect(2, at);
    bench.engine.send(Target::Endpoint(EndpointId(2)), bytes("ping"), None).unwrap();
    assert_eq!(bench.wait_received(Some(client), 4), b"ping");
    let flows: Vec<_> = bench.events().into_iter().map(|event| event.flow).collect();
    assert!(flows.iter().filter(|flow| flow.endpoint == EndpointId(2)).all(|flow| !flow.mirror));
    let accepting =
        |flow: &&std::sync::Arc<sockscope::model::Flow>| flow.endpoint == EndpointId(1) && flow.peer.is_some();
    assert!(flows.iter().filter(accepting).count() >= 3);
    assert!(flows.iter().filter(accepting).all(|flow| flow.mirror));
    // On each connection the log's order is that of causes.
    let order: Vec<_> =
        bench.events().iter().filter(|e| e.flow.connection == client).map(|e| e.kind().name()).collect();
    assert_eq!(order, ["connected", "sent", "received"]);
}

#[test]
fn an_echo_gives_every_byte_back_and_then_closes() {
    let bench = Bench::start();
    let at = bench.listen(1, ListenerSettings { answer: Answer::Echo, ..local_listener() });
    let mut peer = peer(at);
    let sent: Vec<u8> = (0..3_000_000u32).map(|n| (n % 251) as u8).collect();
    let (mut writer, copy) = (peer.try_clone().unwrap(), sent.clone());
    let writing = std::thread::spawn(move || {
        writer.write_all(&copy).unwrap();
        writer.shutdown(Shutdown::Write).unwrap();
    });
    assert!(read_all(&mut peer) == sent);
    writing.join().unwrap();
    let closed = bench.wait_for("closed", Happening::ends_connection);
    let length = sent.len() as u64;
    let wanted = Happening::Closed { by: By::Us, received: length, sent: length, unread: 0 };
    assert_eq!(closed.happening(), Some(&wanted));
    let pieces = bench.events();
    assert!(pieces.iter().filter_map(|e| e.bytes()).all(|b| b.len() <= sockscope::model::MAX_CHUNK && !b.is_empty()));
}

#[test]
fn a_peer_that_finished_can_still_be_sent_to() {
    let bench = Bench::start();
    let at = bench.listen(1, local_listener());
    let mut peer = peer(at);
    let id = bench.accepted(0);
    peer.write_all(b"question").unwrap();
    peer.shutdown(Shutdown::Write).unwrap();
    let finished = bench.wait_for("the peer's end", |h| matches!(h, Happening::PeerFinished { .. }));
    assert_eq!(finished.happening(), Some(&Happening::PeerFinished { received: 8 }));
    bench.wait_snapshot("the state", |snapshot| {
        (snapshot.endpoints[0].peers.first()?.state == ConnectionState::PeerFinished).then_some(())
    });
    bench.engine.send(Target::Connection(id), bytes("answer"), None).unwrap();
    let mut got = [0; 6];
    peer.read_exact(&mut got).unwrap();
    bench.engine.close_connection(id, CloseHow::FinishSending);
    assert!(read_all(&mut peer).is_empty());
    let closed = bench.wait_for("closed", Happening::ends_connection);
    assert_eq!(closed.happening(), Some(&Happening::Closed { by: By::Us, received: 8, sent: 6, unread: 0 }));
}

#[test]
fn finishing_sending_comes_after_what_waits_and_leaves_reading_open() {
    let bench = Bench::start();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = bench.connect(1, listener.local_addr().unwrap());
    let (mut peer, _) = listener.accept().unwrap();
    peer.set_read_timeout(Some(PATIENCE)).unwrap();
    let payload = Bytes::from(vec![7; 20_000_000]);
    bench.engine.send(Target::Connection(client), Source::Bytes(payload.clone()), None).unwrap();
    // The send has begun, and the finish is ordered behind it.
    bench.wait("the first bytes sent", |event| matches!(event.what, What::Sent(_)).then_some(()));
    bench.engine.close_connection(client, CloseHow::FinishSending);
    assert!(read_all(&mut peer) == payload);
    bench.wait_for("finished", |h| *h == Happening::Finished { sent: 20_000_000 });
    let late = bench.engine.send(Target::Connection(client), bytes("late"), None).unwrap();
    let reason = bench.wait_snapshot("the refusal", |snapshot| match &snapshot.send(late)?.state {
        SendState::Failed(failure) => Some(failure.reason),
        _ => None,
    });
    assert_eq!(reason, Reason::NotConnected);
    peer.write_all(b"still here").unwrap();
    assert_eq!(bench.wait_received(Some(client), 10), b"still here");
    drop(peer);
    let closed = bench.wait_for("closed", Happening::ends_connection);
    assert!(matches!(closed.happening(), Some(Happening::Closed { by: By::Peer, .. })));
    bench.wait_snapshot("the client's end", |s| (s.endpoints[0].state == EndpointState::Closed).then_some(()));
}

#[test]
fn a_reset_is_told_from_both_sides() {
    let bench = Bench::start();
    let at = bench.listen(1, local_listener());
    let mut stream = peer(at);
    let id = bench.accepted(0);
    bench.engine.close_connection(id, CloseHow::Reset);
    assert_eq!(stream.read(&mut [0; 8]).unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
    let row = bench.wait_for("reset by us", Happening::ends_connection);
    assert_eq!(row.happening(), Some(&Happening::Reset { by: By::Us, received: 0, sent: 0 }));

    let mut stream = peer(at);
    let second = bench.accepted(1);
    stream.write_all(b"0123456789").unwrap();
    socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
    drop(stream);
    let row = bench.wait("reset by the peer", |event| {
        let ends = event.flow.connection == second && event.happening().is_some_and(Happening::ends_connection);
        ends.then(|| event.clone())
    });
    assert_eq!(row.happening(), Some(&Happening::Reset { by: By::Peer, received: 10, sent: 0 }));
    assert_eq!(bench.wait_received(Some(second), 10), b"0123456789");
}

#[test]
fn a_peer_that_finished_and_then_resets_is_noticed() {
    let bench = Bench::start();
    let at = bench.listen(1, local_listener());
    let stream = peer(at);
    let id = bench.accepted(0);
    drop(stream);
    bench.wait_for("the peer's end", |h| matches!(h, Happening::PeerFinished { .. }));
    // Nobody is there any more: the first bytes bring the reset.
    bench.engine.send(Target::Connection(id), bytes("anybody?"), None).unwrap();
    let row = bench.wait_for("the reset", Happening::ends_connection);
    assert_eq!(row.happening(), Some(&Happening::Reset { by: By::Peer, received: 0, sent: 8 }));
}

#[test]
fn bytes_left_unread_are_told() {
    let bench = Bench::start();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let settings =
        ClientSettings { answer: Answer::Echo, ..ClientSettings::new(HostPort::from(listener.local_addr().unwrap())) };
    bench.open(1, Protocol::TcpClient(settings));
    let client = bench.wait_connected(1);
    let (mut peer, _) = listener.accept().unwrap();
    peer.set_nonblocking(true).unwrap();
    // The peer sends and never reads: the echo stands still, and so does the reading.
    let mut stuck = 0;
    while stuck < 50 {
        match peer.write(&[1; 65536]) {
            Ok(written) => stuck = usize::from(written == 0),
            Err(_) => {
                stuck += 1;
                std::thread::sleep(Duration::from_millis(10));
            }
        }
    }
    bench.engine.close_connection(client, CloseHow::Close);
    let row = bench.wait_for("closed", Happening::ends_connection);
    assert!(matches!(row.happening(), Some(Happening::Closed { unread, .. }) if *unread > 0), "{row:?}");
}

#[test]
fn peers_beyond_the_limit_are_reset_or_wait() {
    let bench = Bench::start();
    let at = bench.listen(1, ListenerSettings { max_peers: Some(1), ..local_listener() });
    let _first = peer(at);
    bench.accepted(0);
    let mut second = peer(at);
    assert_eq!(second.read(&mut [0; 8]).unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
    let row = bench.wait_for("turned away", |h| *h == Happening::TurnedAway { limit: 1 });
    assert_eq!(row.flow.peer, Some(second.local_addr().unwrap()));

    let at = bench.listen(2, ListenerSettings { max_peers: Some(1), over_limit: OverLimit::Wait, ..local_listener() });
    let first = peer(at);
    let id = bench.accepted(1);
    let mut second = peer(at);
    second.write_all(b"patient").unwrap();
    drop(first);
    bench.engine.close_connection(id, CloseHow::Close);
    assert_eq!(bench.wait_received(Some(bench.accepted(2)), 7), b"patient");
}

#[test]
fn stopping_a_listener_keeps_its_peers_or_closes_them() {
    let bench = Bench::start();
    let at = bench.listen(1, local_listener());
    let mut kept = peer(at);
    let id = bench.accepted(0);
    bench.engine.close(EndpointId(1), Peers::Keep);
    bench.wait_for("stopped", |h| *h == Happening::Stopped { peers_kept: 1 });
    assert!(TcpStream::connect(at).is_err());
    bench.wait_snapshot("closed with a peer", |s| {
        (s.endpoints[0].state == EndpointState::Closed && s.endpoints[0].open_peers == 1).then_some(())
    });
    bench.engine.send(Target::Connection(id), bytes("alive"), None).unwrap();
    kept.read_exact(&mut [0; 5]).unwrap();
    // The same id again, on the same port, while the old peer lives.
    let again = bench.listen(2, ListenerSettings { port: at.port(), ..local_listener() });
    assert_eq!(again, at);
    let mut closed = peer(at);
    bench.accepted(1);
    bench.engine.close(EndpointId(2), Peers::Close);
    assert!(read_all(&mut closed).is_empty());
    bench.engine.forget(EndpointId(1));
    assert!(read_all(&mut kept).is_empty());
    bench.wait_snapshot("forgotten", |s| (s.endpoints.len() == 1).then_some(()));
}

#[test]
fn an_endpoint_opens_again_under_its_id() {
    let bench = Bench::start();
    let echo = ListenerSettings { answer: Answer::Echo, ..local_listener() };
    let at = bench.listen(1, echo.clone());
    for _ in 0..5 {
        bench.engine.close(EndpointId(1), Peers::Close);
        bench.open(1, Protocol::TcpListener(ListenerSettings { port: at.port(), ..echo.clone() }));
    }
    // A socket that is about to close may still take a peer, and resets it: the last one answers.
    let answers = || {
        let mut peer = TcpStream::connect(at).ok()?;
        peer.write_all(b"?").ok()?;
        peer.read_exact(&mut [0]).ok()
    };
    while answers().is_none() {
        bench.wait_snapshot("open again", |s| (s.endpoints[0].state == EndpointState::Open).then_some(()));
    }
}

#[test]
fn dual_stack_only_where_it_was_chosen() {
    let bench = Bench::start();
    let any = || ListenerSettings { address: "::".parse().unwrap(), ..local_listener() };
    let at = bench.listen(1, ListenerSettings { dual_stack: true, ..any() });
    let v4 = peer(std::net::SocketAddr::from(([127, 0, 0, 1], at.port())));
    let row = bench.wait_for("accepted", |h| matches!(h, Happening::Accepted));
    assert_eq!(row.flow.peer, Some(v4.local_addr().unwrap()), "an IPv4 peer is shown as one");
    assert!(row.flow.local.unwrap().is_ipv4());
    let at = bench.listen(2, any());
    assert!(TcpStream::connect(("127.0.0.1", at.port())).is_err());
    peer(std::net::SocketAddr::from((std::net::Ipv6Addr::LOCALHOST, at.port())));
}
