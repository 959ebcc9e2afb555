//! UDP sockets.

mod engine_support;

use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use bytes::Bytes;
use engine_support::{Bench, PATIENCE, local_udp, skipped};
use sockscope::engine::{Peers, Repeat, SendState, Source, Target};
use sockscope::model::{
    Answer, Doing, EndpointId, Event, Failure, Happening, HostPort, MAX_DATAGRAM_V4, Reason, UdpSettings, What,
};

fn peer() -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket
}

fn datagrams(events: &[Event]) -> Vec<Vec<u8>> {
    let received = |event: &Event| match &event.what {
        What::Received(bytes) => Some(bytes.to_vec()),
        _ => None,
    };
    events.iter().filter_map(received).collect()
}

fn wait_datagrams(bench: &Bench, count: usize) -> Vec<Vec<u8>> {
    let mut left = count;
    bench.wait("datagrams", |event| {
        left -= usize::from(matches!(event.what, What::Received(_)));
        (left == 0).then_some(())
    });
    datagrams(&bench.events())
}

fn to(from: u32, address: SocketAddr) -> Target {
    Target::Datagram { from: EndpointId(from), to: HostPort::from(address) }
}

fn bytes(text: &'static str) -> Source {
    Source::Bytes(Bytes::from_static(text.as_bytes()))
}

fn failed_send(bench: &Bench, target: Target, source: Source) -> Failure {
    let send = bench.engine.send(target, source, None).unwrap();
    let failure = bench.wait_snapshot("a failed send", |snapshot| match &snapshot.send(send)?.state {
        SendState::Failed(failure) => Some(failure.clone()),
        SendState::Running => None,
        other => panic!("{other:?}"),
    });
    bench.wait_for("its row", |h| matches!(h, Happening::Failed { failure: row } if *row == failure));
    failure
}

#[test]
fn every_datagram_is_one_row_and_every_peer_a_lane() {
    let bench = Bench::start();
    let at = bench.udp(1, local_udp());
    let (a, b) = (peer(), peer());
    a.send_to(b"one", at).unwrap();
    a.send_to(b"", at).unwrap();
    b.send_to(&vec![9; MAX_DATAGRAM_V4], at).unwrap();
    let got = wait_datagrams(&bench, 3);
    assert_eq!(got, [b"one".to_vec(), vec![], vec![9; MAX_DATAGRAM_V4]]);
    let peers = bench.wait_snapshot("two lanes", |s| Some(s.endpoints[0].peers.clone()).filter(|p| p.len() == 2));
    assert_eq!(peers[0].flow.peer, Some(a.local_addr().unwrap()));
    assert_eq!(peers[1].flow.peer, Some(b.local_addr().unwrap()));
    bench.wait_snapshot("counters", |s| (s.endpoints[0].peers[0].totals.events_in == 2).then_some(()));
    // Answers to a lane, and to a typed address that is the same peer.
    bench.engine.send(Target::Connection(peers[0].id), bytes("reply"), None).unwrap();
    let mut area = [0; 100];
    assert_eq!(a.recv_from(&mut area).unwrap(), (5, at));
    bench.engine.send(to(1, b.local_addr().unwrap()), bytes(""), None).unwrap();
    assert_eq!(b.recv_from(&mut area).unwrap(), (0, at));
    let empty = bench.wait("the empty datagram sent", |event| {
        matches!(&event.what, What::Sent(sent) if sent.is_empty()).then(|| event.flow.connection)
    });
    assert_eq!(empty, peers[1].id);
    bench.engine.close_connection(peers[0].id, sockscope::engine::CloseHow::Close);
    bench.wait_snapshot("one lane", |s| (s.endpoints[0].peers.len() == 1).then_some(()));
    bench.engine.close(EndpointId(1), Peers::Close);
    bench.wait_for("stopped", |h| *h == Happening::Stopped { peers_kept: 0 });
    UdpSocket::bind(at).unwrap();
}

#[test]
fn the_receive_buffer_is_asked_for_and_told() {
    let bench = Bench::start();
    bench.udp(1, local_udp());
    let row = bench.wait_for("listening", |h| matches!(h, Happening::Listening { .. }));
    let Some(Happening::Listening { backlog: None, receive_buffer: Some((asked, given)), .. }) = row.happening() else {
        panic!("{row:?}")
    };
    assert_eq!(*asked, 4 * 1024 * 1024);
    assert!(*given > 0 && *given <= 2 * *asked, "{given}");
    let status = bench.wait_snapshot("status", |s| s.endpoints[0].receive_buffer);
    assert_eq!((status.asked, status.given), (*asked, *given));
    bench.wait_snapshot("no drops", |s| (s.endpoints[0].dropped == Some(0)).then_some(()));
}

#[test]
fn sent_is_recorded_and_dropped_to_the_last_datagram() {
    let bench = Bench::start();
    let at = bench.udp(1, UdpSettings { receive_buffer: 8192, ..local_udp() });
    let sender = peer();
    let sent = 200_000u64;
    for n in 0..sent {
        while sender.send_to(&n.to_be_bytes(), at).is_err() {}
    }
    bench.wait_snapshot("all accounted for", |snapshot| {
        let status = snapshot.endpoint(EndpointId(1))?;
        (status.totals.events_in + status.dropped? == sent).then_some(())
    });
    let events = bench.events();
    let recorded = datagrams(&events).len() as u64;
    let rows = events.iter().filter_map(|event| match event.happening() {
        Some(Happening::Dropped { datagrams, .. }) => Some(*datagrams),
        _ => None,
    });
    assert_eq!(recorded + rows.sum::<u64>(), sent);
    assert_eq!(bench.unrecorded(), 0);
}

#[test]
fn an_echo_answers_peers_but_not_another_echo_of_ours() {
    let bench = Bench::start();
    let echo = || UdpSettings { answer: Answer::Echo, ..local_udp() };
    let (a, b) = (bench.udp(1, echo()), bench.udp(2, echo()));
    let stranger = peer();
    stranger.send_to(b"knock", a).unwrap();
    let mut area = [0; 16];
    assert_eq!(stranger.recv_from(&mut area).unwrap(), (5, a));
    bench.engine.send(to(1, b), bytes("loop?"), None).unwrap();
    let row = bench.wait_for("the refusal to answer", |h| h.failure().is_some());
    assert_eq!(row.happening().unwrap().failure().unwrap().reason, Reason::EchoLoop);
    assert_eq!(row.flow.endpoint, EndpointId(2));
    let between = bench.events().into_iter().filter(|e| e.flow.peer == Some(a) || e.flow.peer == Some(b));
    assert_eq!(between.filter(|e| e.bytes().is_some()).count(), 2, "sent once, received once");
}

#[test]
fn between_two_of_ours_one_end_is_the_mirror() {
    let bench = Bench::start();
    let (a, b) = (bench.udp(1, local_udp()), bench.udp(2, UdpSettings { answer: Answer::Echo, ..local_udp() }));
    bench.engine.send(to(1, b), bytes("there and back"), None).unwrap();
    bench.wait("the answer", |event| {
        (matches!(event.what, What::Received(_)) && event.flow.endpoint == EndpointId(1)).then_some(())
    });
    let mirror = |id: u32| {
        let flows =
            bench.events().into_iter().filter(move |e| e.flow.endpoint == EndpointId(id) && e.bytes().is_some());
        flows.map(|event| (event.flow.mirror, event.flow.peer)).collect::<Vec<_>>()
    };
    assert_eq!(mirror(1), [(false, Some(b)); 2]);
    assert_eq!(mirror(2), [(true, Some(a)); 2]);
}

#[test]
fn a_closed_port_appears_on_the_lane_of_its_peer() {
    let bench = Bench::start();
    bench.udp(1, local_udp());
    let closed = peer().local_addr().unwrap();
    bench.engine.send(to(1, closed), bytes("anybody?"), None).unwrap();
    let row = bench.wait_for("port unreachable", |h| matches!(h, Happening::Failed { .. }));
    let failure = row.happening().unwrap().failure().unwrap();
    assert_eq!(
        (failure.reason, failure.doing, failure.on.clone()),
        (Reason::PortUnreachable, Doing::Send, closed.to_string())
    );
    assert_eq!(row.flow.peer, Some(closed));
    // And the socket lives on, connected or not.
    let connected = UdpSettings { remote: Some(HostPort::from(closed)), ..local_udp() };
    bench.udp(2, connected);
    for _ in 0..3 {
        let send = bench.engine.send(Target::Endpoint(EndpointId(2)), bytes("again"), None).unwrap();
        bench.wait_snapshot("accepted by the kernel", |s| (s.send(send)?.state == SendState::Done).then_some(()));
    }
    let rows = |event: &Event| {
        event.flow.endpoint == EndpointId(2) && event.happening().is_some_and(|h| h.failure().is_some())
    };
    let mut left = 3;
    bench.wait("three rows", |event| {
        left -= usize::from(rows(event));
        (left == 0).then_some(())
    });
    let alive = UdpSocket::bind(closed).unwrap();
    alive.set_read_timeout(Some(PATIENCE)).unwrap();
    bench.engine.send(Target::Endpoint(EndpointId(2)), bytes("now"), None).unwrap();
    assert_eq!(alive.recv(&mut [0; 8]).unwrap(), 3);
}

#[test]
fn a_connected_socket_hears_its_peer_only() {
    let bench = Bench::start();
    let chosen = peer();
    let remote = Some(HostPort::from(chosen.local_addr().unwrap()));
    let at = bench.udp(1, UdpSettings { remote, ..local_udp() });
    peer().send_to(b"stranger", at).unwrap();
    chosen.send_to(b"chosen", at).unwrap();
    assert_eq!(wait_datagrams(&bench, 1), [b"chosen"]);
}

#[test]
fn what_cannot_be_sent_is_refused_with_its_reason() {
    let bench = Bench::start();
    bench.udp(1, UdpSettings { address: "0.0.0.0".parse().unwrap(), ..local_udp() });
    let somebody = peer().local_addr().unwrap();
    let too_long = Source::Bytes(Bytes::from(vec![0; MAX_DATAGRAM_V4 + 1]));
    assert_eq!(failed_send(&bench, to(1, somebody), too_long).reason, Reason::DatagramTooLong);
    let broadcast = "255.255.255.255:9".parse().unwrap();
    assert_eq!(failed_send(&bench, to(1, broadcast), bytes("all")).reason, Reason::BroadcastOff);
    let v6 = "[::1]:9".parse().unwrap();
    assert_eq!(failed_send(&bench, to(1, v6), bytes("six")).reason, Reason::FamilyMismatch);
    assert_eq!(failed_send(&bench, Target::Endpoint(EndpointId(1)), bytes("whom?")).reason, Reason::NotConnected);
    // Of an endpoint that is not there, there is no row: each row belongs to an endpoint.
    let send = bench.engine.send(to(7, somebody), bytes("from where?"), None).unwrap();
    bench.wait_snapshot("refused", |s| matches!(s.send(send)?.state, SendState::Failed(_)).then_some(()));
    let nobody = Target::Datagram { from: EndpointId(1), to: HostPort::new("nx.invalid", 9) };
    let failure = failed_send(&bench, nobody, bytes("who?"));
    assert!(matches!(failure.reason, Reason::NameUnknown | Reason::NameServerSilent), "{failure:?}");
}

#[test]
fn broadcasts_arrive_where_they_are_allowed() {
    let bench = Bench::start();
    let any = |port| UdpSettings { address: "0.0.0.0".parse().unwrap(), port, broadcast: true, ..local_udp() };
    let at = bench.udp(1, any(0));
    bench.udp(2, any(0));
    let everybody = SocketAddr::from(([127, 255, 255, 255], at.port()));
    let send = bench.engine.send(to(2, everybody), bytes("all"), None).unwrap();
    let state =
        bench.wait_snapshot("the send", |s| Some(s.send(send)?.state.clone()).filter(|s| *s != SendState::Running));
    if state != SendState::Done {
        return skipped(&format!("no broadcasts on the loopback here: {state:?}"));
    }
    assert_eq!(wait_datagrams(&bench, 1), [b"all"]);
}

#[test]
fn a_dual_stack_socket_speaks_to_both_families() {
    let bench = Bench::start();
    let settings = UdpSettings { address: "::".parse().unwrap(), dual_stack: true, ..local_udp() };
    let port = bench.udp(1, settings).port();
    let v4 = peer();
    v4.send_to(b"four", ("127.0.0.1", port)).unwrap();
    let lane = bench.wait("received", |event| event.bytes().map(|_| event.flow.clone()));
    assert_eq!(lane.peer, Some(v4.local_addr().unwrap()));
    assert!(lane.local.unwrap().is_ipv4());
    bench.engine.send(Target::Connection(lane.connection), bytes("back"), None).unwrap();
    assert_eq!(v4.recv(&mut [0; 8]).unwrap(), 4);
}

#[test]
fn the_list_of_peers_is_bounded_and_the_rest_counted() {
    let bench = Bench::start();
    let at = bench.udp(1, UdpSettings { address: "0.0.0.0".parse().unwrap(), ..local_udp() });
    let regular = peer();
    let mut sent = 0u64;
    for n in 0..10_500u32 {
        let [_, b, c, d] = n.to_be_bytes();
        let stranger = UdpSocket::bind(SocketAddr::from(([127, b + 1, c, d], 0))).unwrap();
        stranger.send_to(b"x", SocketAddr::from(([127, 0, 0, 1], at.port()))).unwrap();
        if n % 100 == 0 {
            regular.send_to(b"r", SocketAddr::from(([127, 0, 0, 1], at.port()))).unwrap();
            sent += 1;
        }
        sent += 1;
    }
    let status = bench.wait_snapshot("all heard", |s| {
        let status = s.endpoint(EndpointId(1))?;
        (status.totals.events_in + status.dropped? == sent).then(|| status.clone())
    });
    assert_eq!(status.peers.len() as u64 + status.forgotten_peers + status.dropped.unwrap(), 10_501);
    assert!(status.peers.len() <= 10_000);
    let kept = status.peers.iter().any(|lane| lane.flow.peer == Some(regular.local_addr().unwrap()));
    assert!(kept, "a peer that is heard again and again stays listed");
}

#[test]
fn repeats_hold_their_rate_and_stop_at_once() {
    let bench = Bench::start();
    bench.udp(1, local_udp());
    let (listener, at) = {
        let p = peer();
        let at = p.local_addr().unwrap();
        (p, at)
    };
    let counted = Some(Repeat { count: Some(50), every: Duration::from_millis(1) });
    let began = std::time::Instant::now();
    let send = bench.engine.send(to(1, at), bytes("tick"), counted).unwrap();
    for _ in 0..50 {
        assert_eq!(listener.recv(&mut [0; 8]).unwrap(), 4);
    }
    assert!(began.elapsed() >= Duration::from_millis(49));
    let progress = bench.wait_snapshot("done", |s| s.send(send).filter(|p| p.state == SendState::Done).cloned());
    assert_eq!((progress.rounds, progress.rounds_asked, progress.sent), (50, Some(50), 200));
    let flood =
        bench.engine.send(to(1, at), bytes("flood"), Some(Repeat { count: None, every: Duration::ZERO })).unwrap();
    bench.wait_snapshot("a flood", |s| (s.send(flood)?.rounds > 1000).then_some(()));
    let began = std::time::Instant::now();
    bench.engine.stop_send(flood);
    bench.wait_snapshot("stopped", |s| (s.send(flood)?.state == SendState::Stopped).then_some(()));
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
}
