//! HTTP and Modbus on real sockets, as their peers see them.

mod engine_support;

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream, UdpSocket};

use engine_support::{Bench, PATIENCE, local_listener, local_udp};
use sockscope::model::{
    Answer, ClientSettings, Doing, Draft, EndpointId, EndpointSettings, Happening, HostPort, HttpAnswer,
    ListenerSettings, ModbusTable, ModbusUnit, Protocol, Reason, UdpSettings,
};

fn listener(answer: Answer) -> EndpointSettings {
    EndpointSettings::new(Protocol::TcpListener(ListenerSettings { answer, ..local_listener() }))
}

fn connected(bench: &Bench, settings: &EndpointSettings) -> TcpStream {
    bench.engine.open(EndpointId(1), settings.clone()).unwrap();
    let peer = TcpStream::connect(bench.wait_listening(1)).unwrap();
    peer.set_read_timeout(Some(PATIENCE)).unwrap();
    peer
}

fn text(text: &str) -> Draft {
    Draft { text: text.into(), ..Draft::default() }
}

/// One answer with a length, without what follows it.
fn http_answer(peer: &mut TcpStream) -> (String, Vec<u8>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        peer.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: ")).map_or(0, |n| n.parse().unwrap());
    let mut body = vec![0; length];
    peer.read_exact(&mut body).unwrap();
    (head, body)
}

fn rest(peer: &mut TcpStream) -> String {
    let mut rest = Vec::new();
    peer.read_to_end(&mut rest).unwrap();
    String::from_utf8_lossy(&rest).into_owned()
}

#[test]
fn http_answers_each_request_and_stays() {
    let bench = Bench::start();
    let headers = vec!["X-Test: yes".to_owned()];
    let http = HttpAnswer { status: 418, content_type: "text/x".into(), headers, body: text("{{counter}}\\n") };
    let mut peer = connected(&bench, &EndpointSettings { http, ..listener(Answer::Http) });
    for number in 1..=3 {
        peer.write_all(b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello").unwrap();
        let (head, body) = http_answer(&mut peer);
        assert!(head.starts_with("HTTP/1.1 418 I'm a teapot\r\nDate: "), "{head}");
        assert!(head.contains("\r\nContent-Type: text/x\r\n") && head.contains("\r\nX-Test: yes\r\n"), "{head}");
        assert_eq!(String::from_utf8(body).unwrap(), format!("{number}\n"), "filled in anew each time");
    }
    // Two at once, the second split in the middle; HEAD has no body.
    peer.write_all(b"GET / HTTP/1.1\r\n\r\nGET / HT").unwrap();
    assert_eq!(http_answer(&mut peer).1, b"4\n");
    peer.write_all(b"TP/1.1\r\nConnection: close\r\n\r\nGET / HTTP/1.1\r\n\r\n").unwrap();
    let last = rest(&mut peer);
    assert!(last.ends_with("Connection: close\r\n\r\n5\n"), "{last}");
    bench.wait_for("its end by us", |h| matches!(h, Happening::Finished { .. }));
}

#[test]
fn http_ends_with_a_peer_that_has_finished() {
    let bench = Bench::start();
    let mut peer = connected(&bench, &listener(Answer::Http));
    peer.write_all(
        b"HEAD / HTTP/1.1\r\n\r\nPOST / HTTP/1.1\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n",
    )
    .unwrap();
    peer.write_all(b"2\r\nab\r\n0\r\n\r\n").unwrap();
    peer.shutdown(Shutdown::Write).unwrap();
    let all = rest(&mut peer);
    let (head, after) = all.split_once("\r\n\r\n").unwrap();
    assert!(head.contains("Content-Length: 10"), "{head}");
    assert!(after.starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"), "{after}");
    assert!(after.ends_with("\r\n\r\nSockscope\n"), "{after}");
}

#[test]
fn what_is_no_http_is_told_so() {
    let bench = Bench::start();
    let mut peer = connected(&bench, &listener(Answer::Http));
    peer.write_all(b"\x16\x03\x01 hello").unwrap();
    let all = rest(&mut peer);
    assert!(
        all.starts_with("HTTP/1.1 400 Bad Request\r\n") && all.ends_with("400: this is no HTTP/1 request\n"),
        "{all}"
    );
    let mut peer = TcpStream::connect(bench.wait_listening(1)).unwrap();
    peer.write_all(&[b"GET / HTTP/1.1\r\nA: ".to_vec(), vec![b'x'; 20_000]].concat()).unwrap();
    assert!(rest(&mut peer).starts_with("HTTP/1.1 431 "));
}

#[test]
fn a_body_that_cannot_be_made_is_an_error_and_a_row() {
    let bench = Bench::start();
    let http = HttpAnswer { body: text("{{file:/etc/passwd}}"), ..HttpAnswer::default() };
    let settings = EndpointSettings { http, ..listener(Answer::Http) };
    let mut peer = connected(&bench, &settings);
    peer.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    assert!(http_answer(&mut peer).0.starts_with("HTTP/1.1 500 "));
    bench.wait_for("why", |h| matches!(h, Happening::Failed { failure } if failure.doing == Doing::ReadFile && failure.on.contains("passwd")));
    // What is edited holds from the next request on.
    let http = HttpAnswer { status: 204, ..HttpAnswer::default() };
    bench.engine.retune(EndpointId(1), EndpointSettings { http, ..settings });
    let end = std::time::Instant::now() + PATIENCE;
    loop {
        peer.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
        let (head, body) = http_answer(&mut peer);
        if head.starts_with("HTTP/1.1 204 No Content\r\n") {
            assert!(body.is_empty() && !head.contains("Content-"), "{head}");
            return;
        }
        assert!(std::time::Instant::now() < end, "{head}");
    }
}

#[test]
fn a_large_body_waits_for_a_peer_that_does_not_read() {
    let bench = Bench::start();
    let http = HttpAnswer { body: text(&"x".repeat(1 << 20)), ..HttpAnswer::default() };
    let mut peer = connected(&bench, &EndpointSettings { http, ..listener(Answer::Http) });
    for _ in 0..40 {
        peer.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    }
    for _ in 0..40 {
        assert_eq!(http_answer(&mut peer).1.len(), 1 << 20);
    }
}

fn ask(peer: &mut TcpStream, request: &[u8]) -> Vec<u8> {
    peer.write_all(request).unwrap();
    modbus_answer(peer)
}

fn modbus_answer(peer: &mut TcpStream) -> Vec<u8> {
    let mut answer = vec![0; 6];
    peer.read_exact(&mut answer).unwrap();
    answer.resize(6 + usize::from(answer[5]), 0);
    peer.read_exact(&mut answer[6..]).unwrap();
    answer
}

#[test]
fn modbus_registers_are_shared_and_edited_while_it_runs() {
    let bench = Bench::start();
    let modbus = ModbusUnit { unit: Some(1), size: 100, holding: [(10, 0xABCD)].into(), ..ModbusUnit::default() };
    let settings = EndpointSettings { modbus, ..listener(Answer::Modbus) };
    let mut one = connected(&bench, &settings);
    let mut other = TcpStream::connect(bench.wait_listening(1)).unwrap();
    assert_eq!(ask(&mut one, b"\0\x01\0\0\0\x06\x01\x03\0\x0a\0\x01"), b"\0\x01\0\0\0\x05\x01\x03\x02\xAB\xCD");
    assert_eq!(ask(&mut one, b"\0\x02\0\0\0\x06\x01\x06\0\x0b\x12\x34"), b"\0\x02\0\0\0\x06\x01\x06\0\x0b\x12\x34");
    assert_eq!(ask(&mut other, b"\0\x03\0\0\0\x06\x01\x03\0\x0b\0\x01"), b"\0\x03\0\0\0\x05\x01\x03\x02\x12\x34");
    let seen = bench.wait_snapshot("what the peer wrote", |snapshot| {
        snapshot.endpoint(EndpointId(1))?.modbus.clone().filter(|modbus| modbus.version == 1)
    });
    assert_eq!(seen.bank.get(ModbusTable::Holding, 11), 0x1234);
    assert!(seen.bank.is_by_peer(ModbusTable::Holding, 11) && !seen.bank.is_by_peer(ModbusTable::Holding, 10));
    let (written, by) = seen.last_written.unwrap();
    assert_eq!((written.address, written.count, by), (11, 1, Some(one.local_addr().unwrap())));
    bench.engine.set_register(EndpointId(1), ModbusTable::Coils, 3, 1);
    assert_eq!(ask(&mut one, b"\0\x04\0\0\0\x06\x01\x01\0\0\0\x08"), b"\0\x04\0\0\0\x04\x01\x01\x01\x08");
    bench.wait_snapshot("our own", |snapshot| {
        snapshot.endpoint(EndpointId(1))?.modbus.as_ref().filter(|m| m.version == 2).map(drop)
    });
    // Another unit, an address beyond, a function that is not there.
    assert_eq!(ask(&mut one, b"\0\x05\0\0\0\x06\x02\x03\0\x0a\0\x01"), b"\0\x05\0\0\0\x03\x02\x83\x0B");
    assert_eq!(ask(&mut one, b"\0\x06\0\0\0\x06\x01\x03\0\x63\0\x02"), b"\0\x06\0\0\0\x03\x01\x83\x02");
    assert_eq!(ask(&mut one, b"\0\x07\0\0\0\x02\x01\x07"), b"\0\x07\0\0\0\x03\x01\x87\x01");
    // Opened again, it holds what it held at the beginning.
    bench.engine.open(EndpointId(1), settings).unwrap();
    bench.wait_snapshot("the beginning", |snapshot| {
        snapshot
            .endpoint(EndpointId(1))?
            .modbus
            .as_ref()
            .filter(|m| m.bank.get(ModbusTable::Holding, 11) == 0)
            .map(drop)
    });
}

#[test]
fn modbus_requests_come_in_any_pieces() {
    let bench = Bench::start();
    let mut peer = connected(&bench, &listener(Answer::Modbus));
    let request = b"\0\x01\0\0\0\x06\x01\x03\0\0\0\x01";
    peer.write_all(&request.repeat(500)).unwrap();
    for _ in 0..500 {
        assert_eq!(modbus_answer(&mut peer), b"\0\x01\0\0\0\x05\x01\x03\x02\0\0");
    }
    for byte in request {
        peer.write_all(&[*byte]).unwrap();
    }
    assert_eq!(modbus_answer(&mut peer).len(), 11);
    peer.shutdown(Shutdown::Write).unwrap();
    assert_eq!(rest(&mut peer), "");
    bench.wait_for("its end", |h| matches!(h, Happening::Closed { .. }));
}

#[test]
fn what_is_no_modbus_is_closed_and_said() {
    let bench = Bench::start();
    let mut peer = connected(&bench, &listener(Answer::Modbus));
    peer.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    let mut end = [0; 10];
    assert!(matches!(peer.read(&mut end), Ok(0) | Err(_)));
    bench.wait_for("why", |h| {
        matches!(h, Happening::Failed { failure } if failure.reason == Reason::NotModbus && failure.system.contains("21536"))
    });
}

/// Both ends answer by themselves: they are noticed, and the bytes stop.
#[track_caller]
fn rests(bench: &Bench) {
    bench.wait_for(
        "they are noticed",
        |h| matches!(h, Happening::Failed { failure } if failure.reason == Reason::EchoLoop),
    );
    bench.wait_snapshot("both rest", |snapshot| {
        [1, 2].iter().all(|id| snapshot.endpoint(EndpointId(*id)).is_some_and(|end| end.replies_paused)).then_some(())
    });
}

#[test]
fn datagram_services_of_ours_do_not_answer_each_other_without_end() {
    for (one, other) in [
        (Answer::Chargen, Answer::Chargen),
        (Answer::Daytime, Answer::Chargen),
        (Answer::Daytime, Answer::Daytime),
        (Answer::Echo, Answer::Chargen),
    ] {
        let bench = Bench::start();
        let to = bench.udp(1, UdpSettings { answer: one, ..local_udp() });
        bench.udp(2, UdpSettings { answer: other, remote: Some(HostPort::from(to)), ..local_udp() });
        let target = sockscope::engine::Target::Endpoint(EndpointId(2));
        bench.engine.send(target, sockscope::engine::Source::Bytes("go".into()), None).unwrap();
        rests(&bench);
    }
}

#[test]
fn a_datagram_service_that_hears_itself_rests() {
    let bench = Bench::start();
    let at = bench.udp(1, UdpSettings { answer: Answer::Chargen, ..local_udp() });
    let target = sockscope::engine::Target::Datagram { from: EndpointId(1), to: HostPort::from(at) };
    bench.engine.send(target, sockscope::engine::Source::Bytes("go".into()), None).unwrap();
    bench.wait_for(
        "it is noticed",
        |h| matches!(h, Happening::Failed { failure } if failure.reason == Reason::EchoLoop),
    );
}

#[test]
fn a_stranger_is_served_for_as_long_as_it_asks() {
    let bench = Bench::start();
    let at = bench.udp(1, UdpSettings { answer: Answer::Daytime, ..local_udp() });
    let peer = UdpSocket::bind("127.0.0.1:0").unwrap();
    peer.set_read_timeout(Some(PATIENCE)).unwrap();
    for _ in 0..3000 {
        peer.send_to(b"?", at).unwrap();
        peer.recv_from(&mut [0; 100]).unwrap();
    }
}

#[test]
fn modbus_and_an_echo_of_ours_do_not_answer_each_other_without_end() {
    let bench = Bench::start();
    let at = bench.listen(1, ListenerSettings { answer: Answer::Modbus, ..local_listener() });
    bench.open(
        2,
        Protocol::TcpClient(ClientSettings { answer: Answer::Echo, ..ClientSettings::new(HostPort::from(at)) }),
    );
    // The answer to a write of one register is the request itself.
    let peer = bench.wait_connected(2);
    let request = bytes::Bytes::from_static(b"\0\x01\0\0\0\x06\x01\x06\0\x01\0\x02");
    bench
        .engine
        .send(sockscope::engine::Target::Connection(peer), sockscope::engine::Source::Bytes(request), None)
        .unwrap();
    rests(&bench);
}
