//! Clients: names, addresses, timeouts, sources, reconnecting.

mod engine_support;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use engine_support::{Bench, local_listener};
use sockscope::engine::{AddressOutcome, EndpointState, Lookup, Peers, Resolver, Source, Target};
use sockscope::model::{
    Answer, ClientSettings, Doing, EndpointId, Failure, Happening, HostPort, ListenerSettings, Protocol, Reason,
};

/// Answers what it was told to, or never.
struct Told(Option<Vec<SocketAddr>>);

impl Resolver for Told {
    fn lookup(&self, _host: String, _port: u16) -> Lookup {
        let answer = self.0.clone();
        Box::pin(async move {
            match answer {
                Some(addresses) => Ok(addresses),
                None => std::future::pending().await,
            }
        })
    }
}

fn closed_port() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

fn open(bench: &Bench, settings: ClientSettings) {
    bench.open(1, Protocol::TcpClient(settings));
}

fn to(address: SocketAddr) -> ClientSettings {
    ClientSettings::new(HostPort::from(address))
}

fn wait_failed(bench: &Bench) -> Failure {
    let failure = bench.wait_snapshot("a failed client", |snapshot| {
        let status = snapshot.endpoint(EndpointId(1))?;
        if status.state == EndpointState::Failed { status.failure.clone() } else { None }
    });
    bench.wait_for("its row", |h| matches!(h, Happening::Failed { failure: row } if *row == failure));
    failure
}

#[test]
fn a_refusal_says_who_refused() {
    let bench = Bench::start();
    let at = closed_port();
    open(&bench, to(at));
    let failure = wait_failed(&bench);
    assert_eq!((failure.doing, failure.reason, failure.on), (Doing::Connect, Reason::Refused, at.to_string()));
    assert_eq!(failure.errno, Some(libc::ECONNREFUSED));
}

#[test]
fn every_address_of_a_name_is_tried_and_the_winner_named() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let open_at = listener.local_addr().unwrap();
    let closed_at = SocketAddr::from((std::net::Ipv6Addr::LOCALHOST, closed_port().port()));
    let bench = Bench::start_with(Arc::new(Told(Some(vec![closed_at, open_at]))));
    open(&bench, ClientSettings::new(HostPort::new("plc.example", 9)));
    let id = bench.wait_connected(1);
    let resolved = bench.wait_for("resolved", |h| matches!(h, Happening::Resolved { .. }));
    let wanted = Happening::Resolved { host: "plc.example".into(), addresses: vec![closed_at, open_at] };
    assert_eq!(resolved.happening(), Some(&wanted));
    bench.wait_for("the failed attempt", |h| {
        matches!(h, Happening::AttemptFailed { address, failure } if *address == closed_at && failure.reason == Reason::Refused)
    });
    let status =
        bench.wait_snapshot("open", |s| Some(s.endpoints.first()?.clone()).filter(|e| e.state == EndpointState::Open));
    let outcomes: Vec<_> = status.resolved.iter().map(|entry| &entry.outcome).collect();
    assert!(matches!(outcomes[..], [AddressOutcome::Failed(_), AddressOutcome::Won]), "{outcomes:?}");
    let flow = bench.wait("its flow", |e| (e.flow.connection == id).then(|| e.flow.clone()));
    assert_eq!(flow.peer, Some(open_at));
    assert_eq!(&*flow.endpoint_uri, "tcp://plc.example:9");
}

#[test]
fn a_silent_address_does_not_hold_up_the_next() {
    // A full queue answers nothing: like an address behind a firewall.
    let full = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    full.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    full.listen(0).unwrap();
    let silent = full.local_addr().unwrap().as_socket().unwrap();
    let _held = TcpStream::connect(silent).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let bench = Bench::start_with(Arc::new(Told(Some(vec![silent, listener.local_addr().unwrap()]))));
    let began = Instant::now();
    open(&bench, ClientSettings::new(HostPort::new("two.example", 9)));
    bench.wait_connected(1);
    assert!(began.elapsed() >= Duration::from_millis(240) && began.elapsed() < Duration::from_secs(5));

    // And alone it ends when the time is up.
    let settings = ClientSettings { connect_timeout_millis: 300, ..to(silent) };
    bench.open(2, Protocol::TcpClient(settings));
    let failure = bench.wait_snapshot("a timeout", |s| s.endpoint(EndpointId(2))?.failure.clone());
    assert_eq!((failure.reason, failure.on), (Reason::TimedOut, silent.to_string()));
}

#[test]
fn a_slow_name_can_be_given_up_at_once() {
    let bench = Bench::start_with(Arc::new(Told(None)));
    open(&bench, ClientSettings::new(HostPort::new("slow.example", 9)));
    bench.wait_snapshot("resolving", |s| (s.endpoints.first()?.state == EndpointState::Resolving).then_some(()));
    let began = Instant::now();
    bench.engine.close(EndpointId(1), Peers::Close);
    bench.wait_snapshot("closed", |s| (s.endpoints[0].state == EndpointState::Closed).then_some(()));
    assert!(began.elapsed() < Duration::from_secs(1));
    open(
        &bench,
        ClientSettings { connect_timeout_millis: 50, ..ClientSettings::new(HostPort::new("slow.example", 9)) },
    );
    let failure = wait_failed(&bench);
    assert_eq!(
        (failure.doing, failure.reason, &*failure.on),
        (Doing::Resolve, Reason::NameServerSilent, "slow.example")
    );
}

#[test]
fn the_source_is_honoured_or_refused_by_name() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap();
    let source = closed_port().port();
    let from = |address: &str, port| ClientSettings {
        source_address: Some(address.parse().unwrap()),
        source_port: port,
        ..to(at)
    };
    let bench = Bench::start();
    open(&bench, from("127.0.0.5", source));
    let (peer, seen) = listener.accept().unwrap();
    assert_eq!(seen, SocketAddr::from(([127, 0, 0, 5], source)));
    // The same port again, while the old connection is still in TIME_WAIT (we closed first).
    bench.engine.close(EndpointId(1), Peers::Close);
    drop(peer);
    bench.wait_snapshot("closed", |s| (s.endpoints[0].state == EndpointState::Closed).then_some(()));
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    open(&bench, ClientSettings { remote: HostPort::from(other.local_addr().unwrap()), ..from("127.0.0.5", source) });
    assert_eq!(other.accept().unwrap().1, seen);
    bench.engine.close(EndpointId(1), Peers::Close);
    bench.wait_snapshot("closed", |s| (s.endpoints[0].state == EndpointState::Closed).then_some(()));

    open(&bench, from("203.0.113.9", 0));
    let failure = wait_failed(&bench);
    assert_eq!((failure.doing, failure.reason, &*failure.on), (Doing::Bind, Reason::AddressNotHere, "203.0.113.9:0"));
    let taken = TcpListener::bind("127.0.0.5:0").unwrap();
    open(&bench, from("127.0.0.5", taken.local_addr().unwrap().port()));
    let failure = bench.wait_snapshot("port taken", |s| {
        s.endpoints[0].failure.clone().filter(|failure| failure.reason != Reason::AddressNotHere)
    });
    assert_eq!((failure.doing, failure.reason), (Doing::Bind, Reason::PortTaken));
    open(&bench, ClientSettings { source_address: Some("::1".parse().unwrap()), ..to(at) });
    bench.wait_snapshot("mismatch", |s| {
        s.endpoints[0].failure.clone().filter(|failure| failure.reason == Reason::FamilyMismatch)
    });
}

#[test]
fn a_connection_to_itself_is_noticed_and_does_not_echo() {
    let bench = Bench::start();
    let port = closed_port().port();
    let at = SocketAddr::from(([127, 0, 0, 1], port));
    open(&bench, ClientSettings { source_address: Some(at.ip()), source_port: port, answer: Answer::Echo, ..to(at) });
    bench.wait_for("connected to itself", |h| matches!(h, Happening::Connected { self_connected: true, .. }));
    bench.wait_for("no echo", |h| h.failure().is_some_and(|f| f.reason == Reason::EchoLoop));
    bench.engine.send(Target::Endpoint(EndpointId(1)), Source::Bytes(Bytes::from_static(b"me")), None).unwrap();
    assert_eq!(bench.wait_received(None, 2), b"me");
    bench.wait_snapshot("shown", |s| s.endpoints[0].peers.first()?.self_connected.then_some(()));
}

#[test]
fn two_echoes_of_ours_do_not_answer_each_other() {
    let bench = Bench::start();
    let at = bench.listen(2, ListenerSettings { answer: Answer::Echo, ..local_listener() });
    open(&bench, ClientSettings { answer: Answer::Echo, ..to(at) });
    bench.wait_for("said", |h| h.failure().is_some_and(|f| f.reason == Reason::EchoLoop));
}

#[test]
fn a_client_comes_back_until_it_is_told_not_to() {
    let bench = Bench::start();
    let at = closed_port();
    open(&bench, ClientSettings { reconnect_millis: Some(30), ..to(at) });
    bench.wait_for("the second try", |h| *h == Happening::Reconnecting { in_millis: 30, attempt: 2 });
    bench.wait_snapshot("waiting", |s| {
        let status = &s.endpoints[0];
        (status.state == EndpointState::Waiting).then(|| assert!(status.retry_at.is_some() && status.failure.is_some()))
    });
    let listener = TcpListener::bind(at).unwrap();
    let (mut first, _) = listener.accept().unwrap();
    first.write_all(b"bye").unwrap();
    drop(first);
    let (mut second, _) = listener.accept().unwrap();
    bench.wait_for("the count begins anew", |h| *h == Happening::Reconnecting { in_millis: 30, attempt: 1 });
    bench.wait_snapshot("connected", |s| (s.endpoints[0].state == EndpointState::Open).then_some(()));
    bench.engine.close(EndpointId(1), Peers::Close);
    assert_eq!(second.read(&mut [0; 8]).unwrap(), 0);
    bench.wait_snapshot("closed", |s| (s.endpoints[0].state == EndpointState::Closed).then_some(()));
    let status = bench.engine.snapshot().endpoints[0].clone();
    assert_eq!(status.retry_at, None);
}

#[test]
fn waiting_and_connecting_are_cancelled_at_once() {
    let bench = Bench::start();
    open(&bench, ClientSettings { reconnect_millis: Some(3_600_000), ..to(closed_port()) });
    bench.wait_snapshot("waiting", |s| (s.endpoints.first()?.state == EndpointState::Waiting).then_some(()));
    let began = Instant::now();
    bench.engine.close(EndpointId(1), Peers::Close);
    bench.wait_snapshot("closed", |s| (s.endpoints[0].state == EndpointState::Closed).then_some(()));
    assert!(began.elapsed() < Duration::from_secs(1));
}
