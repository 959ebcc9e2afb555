//! What goes wrong, and that it is said.

mod engine_support;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use bytes::Bytes;
use engine_support::{Bench, PATIENCE, local_listener, local_udp, skipped};
use sockscope::engine::{CloseHow, EndpointState, Peers, Repeat, SendState, Source, Target};
use sockscope::model::{
    Answer, ClientSettings, Doing, EndpointId, Failure, Happening, HostPort, ListenerSettings, Protocol, Reason,
    UdpSettings, What,
};

/// Runs one test of this file again in a child process, for what must not be done to this one.
fn in_child(test: &str, wrap: &[&str]) -> Option<std::process::Output> {
    if std::env::var_os("SOCKSCOPE_CHILD").is_some() {
        return None;
    }
    let own = std::env::current_exe().unwrap();
    let mut words: Vec<&std::ffi::OsStr> = wrap.iter().map(std::ffi::OsStr::new).collect();
    words.push(own.as_os_str());
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).args(["--exact", test, "--nocapture", "--test-threads=1"]);
    Some(command.env("SOCKSCOPE_CHILD", "1").output().unwrap())
}

/// `true` in the child; in the parent the child has run, and its failure is ours.
fn is_child(test: &str, wrap: &[&str]) -> bool {
    let Some(output) = in_child(test, wrap) else { return true };
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if said.contains("unshare failed") || said.contains("setpriv:") {
        skipped(&format!("{}: {said}", wrap.join(" ")));
        return false;
    }
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
    false
}

fn run(command: &str) {
    let status = Command::new("sh").args(["-c", command]).status().unwrap();
    assert!(status.success(), "{command}");
}

fn open_fails(bench: &Bench, id: u32, protocol: Protocol) -> Failure {
    bench.open(id, protocol);
    let failure = bench.wait_snapshot("a failed endpoint", |snapshot| {
        let status = snapshot.endpoint(EndpointId(id))?;
        if status.state == EndpointState::Failed { status.failure.clone() } else { None }
    });
    bench.wait_for("its row", |h| matches!(h, Happening::Failed { failure: row } if *row == failure));
    failure
}

fn listener(at: SocketAddr) -> Protocol {
    Protocol::TcpListener(ListenerSettings { address: at.ip(), port: at.port(), ..local_listener() })
}

fn client(to: SocketAddr) -> Protocol {
    Protocol::TcpClient(ClientSettings::new(HostPort::from(to)))
}

#[test]
fn a_taken_port_names_its_holder() {
    let bench = Bench::start();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = taken.local_addr().unwrap();
    let failure = open_fails(&bench, 1, listener(at));
    assert_eq!((failure.doing, failure.reason, failure.on), (Doing::Listen, Reason::PortTaken, at.to_string()));
    assert!(failure.holder.unwrap().contains(&format!("pid {}", std::process::id())));
    let any = SocketAddr::from(([0, 0, 0, 0], at.port()));
    assert_eq!(open_fails(&bench, 2, listener(any)).reason, Reason::PortTaken);
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = socket.local_addr().unwrap().port();
    let failure = open_fails(&bench, 3, Protocol::Udp(UdpSettings { port, ..local_udp() }));
    assert_eq!((failure.doing, failure.reason), (Doing::Bind, Reason::PortTaken));
    assert!(failure.holder.is_some());
}

#[test]
fn an_address_of_another_computer_is_refused() {
    let bench = Bench::start();
    let failure = open_fails(&bench, 1, listener("203.0.113.9:0".parse().unwrap()));
    assert_eq!((failure.reason, &*failure.on), (Reason::AddressNotHere, "203.0.113.9:0"));
}

#[test]
fn a_low_port_needs_rights() {
    let wrap =
        ["unshare", "-n", "setpriv", "--reuid", "65534", "--clear-groups", "--bounding-set=-all", "--inh-caps=-all"];
    if !is_child("a_low_port_needs_rights", &wrap) {
        return;
    }
    let bench = Bench::start();
    let failure = open_fails(&bench, 1, listener("0.0.0.0:80".parse().unwrap()));
    assert_eq!((failure.doing, failure.reason), (Doing::Listen, Reason::PortNeedsRights));
    let settings = UdpSettings { address: "0.0.0.0".parse().unwrap(), port: 53, ..local_udp() };
    assert_eq!(open_fails(&bench, 2, Protocol::Udp(settings)).reason, Reason::PortNeedsRights);
}

#[test]
fn without_ipv6_it_says_so() {
    if !is_child("without_ipv6_it_says_so", &["unshare", "-n"]) {
        return;
    }
    run("ip link set lo up && echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6 \
         && echo 1 > /proc/sys/net/ipv6/conf/lo/disable_ipv6");
    let bench = Bench::start();
    for (id, at) in [(1, "[::1]:0"), (2, "[::]:0")] {
        let failure = open_fails(&bench, id, listener(at.parse().unwrap()));
        assert_eq!(failure.reason, Reason::Ipv6Off, "{at}: {failure:?}");
    }
    assert_eq!(open_fails(&bench, 3, client("[::1]:9".parse().unwrap())).reason, Reason::Ipv6Off);
    let both = ListenerSettings { address: "::".parse().unwrap(), dual_stack: true, ..local_listener() };
    let port = bench.listen(4, both).port();
    TcpStream::connect(("127.0.0.1", port)).unwrap();
}

#[test]
fn three_ways_of_not_getting_there_are_three_reasons() {
    if !is_child("three_ways_of_not_getting_there_are_three_reasons", &["unshare", "-n"]) {
        return;
    }
    run("ip link set lo up && ip route add unreachable 10.1.0.0/16 && ip route add prohibit 10.2.0.0/16");
    let bench = Bench::start();
    let reason = |id, to: &str| open_fails(&bench, id, client(to.parse().unwrap())).reason;
    assert_eq!(reason(1, "10.0.0.1:9"), Reason::NetworkUnreachable);
    assert_eq!(reason(2, "10.1.0.1:9"), Reason::HostUnreachable);
    assert_eq!(reason(3, "10.2.0.1:9"), Reason::Prohibited);
    bench.udp(4, UdpSettings { address: "0.0.0.0".parse().unwrap(), ..local_udp() });
    let to = HostPort::new("10.2.0.1", 9);
    let send = bench.engine.send(Target::Datagram { from: EndpointId(4), to }, Source::Bytes(Bytes::new()), None);
    let send = send.unwrap();
    bench.wait_snapshot("a prohibited datagram", |s| match &s.send(send)?.state {
        SendState::Failed(failure) => (failure.reason == Reason::Prohibited).then_some(()),
        _ => None,
    });
}

#[test]
fn without_descriptors_the_listener_pauses_and_recovers_alone() {
    if !is_child(
        "without_descriptors_the_listener_pauses_and_recovers_alone",
        &["sh", "-c", "ulimit -S -n 64 && exec \"$@\"", "sh"],
    ) {
        return;
    }
    let bench = Bench::start();
    let at = bench.listen(1, ListenerSettings { answer: Answer::Echo, ..local_listener() });
    // The peers live in another process: their descriptors are not ours.
    let script = "import socket,sys,resource\nresource.setrlimit(resource.RLIMIT_NOFILE,(500,500))\na=[socket.create_connection(('127.0.0.1',int(sys.argv[1]))) for _ in range(80)]\n\
                  print('up',flush=True)\nsys.stdin.readline()\n";
    let port = at.port().to_string();
    let child = Command::new("python3").args(["-c", script, &port]).stdin(std::process::Stdio::piped()).spawn();
    let Ok(mut child) = child else { return skipped("no python3") };
    let row = bench.wait_for("the pause", |h| matches!(h, Happening::AcceptPaused { .. }));
    let failure = row.happening().unwrap().failure().unwrap();
    assert_eq!((failure.doing, failure.reason, failure.errno), (Doing::Accept, Reason::TooManyOpenFiles, Some(24)));
    bench.wait_snapshot("paused", |s| {
        let status = &s.endpoints[0];
        (status.state == EndpointState::Paused).then(|| assert!(status.failure.is_some()))
    });
    bench.wait_snapshot("a time for the next try", |s| s.endpoints[0].retry_at);
    let before = processor_time();
    std::thread::sleep(Duration::from_secs(1));
    assert!(processor_time() - before < Duration::from_millis(300), "a paused listener rests");
    // What was accepted works while the listener rests, and it comes back when descriptors are free.
    bench.engine.close_peers(EndpointId(1), CloseHow::Reset);
    bench.wait_for("the end of the pause", |h| matches!(h, Happening::AcceptResumed { .. }));
    bench.wait_snapshot("open", |s| (s.endpoints[0].state == EndpointState::Open).then_some(()));
    let pauses =
        bench.events().iter().filter(|e| matches!(e.happening(), Some(Happening::AcceptPaused { .. }))).count();
    assert!(pauses <= 2, "one row a pause, not one a try: {pauses}");
    drop(child.stdin.take());
    child.wait().unwrap();
}

fn processor_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<_> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    Duration::from_millis(ticks * 10)
}

fn resident_bytes() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 4096
}

#[test]
fn a_peer_that_does_not_read_is_told_of_and_costs_no_memory() {
    if !is_child("a_peer_that_does_not_read_is_told_of_and_costs_no_memory", &["env"]) {
        return;
    }
    let bench = Bench::start();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let id = bench.connect(1, listener.local_addr().unwrap());
    let (mut peer, _) = listener.accept().unwrap();
    let total = 100_000_000u64;
    let payload = Bytes::from(vec![5; total as usize]);
    let before = resident_bytes();
    let send = bench.engine.send(Target::Connection(id), Source::Bytes(payload.clone()), None).unwrap();
    let row = bench.wait_for("the row", |h| matches!(h, Happening::PeerNotReading { .. }));
    let Some(Happening::PeerNotReading { waiting, millis }) = row.happening() else { unreachable!() };
    assert!(*waiting > total / 2 && *millis >= 2000, "{row:?}");
    let first = bench.wait_snapshot("the status", |s| s.endpoints[0].peers.first()?.not_reading_millis);
    assert!(first >= 2000);
    bench.wait_snapshot("which counts up", |s| {
        s.endpoints[0].peers.first()?.not_reading_millis.filter(|now| *now > first + 300)
    });
    assert!(resident_bytes() < before + 16_000_000, "{} more", resident_bytes() - before);
    // It reads again, and this is told as well.
    let mut area = vec![0; 1 << 20];
    for _ in 0..30 {
        assert!(peer.read(&mut area).unwrap() > 0);
    }
    bench
        .wait_for("reading again", |h| matches!(h, Happening::PeerReading { waited_millis } if *waited_millis >= 2000));
    let began = Instant::now();
    bench.engine.stop_send(send);
    let stopped = bench.wait_for("the stop", |h| matches!(h, Happening::SendStopped { .. }));
    assert!(began.elapsed() < Duration::from_millis(200), "{:?}", began.elapsed());
    assert!(
        matches!(stopped.happening(), Some(Happening::SendStopped { sent, total: of }) if *sent > 0 && *of == total)
    );
    bench.wait_snapshot("no longer shown", |s| {
        let progress = s.send(send).filter(|progress| progress.state == SendState::Stopped)?;
        assert!(progress.sent < total);
        s.endpoints[0].peers.first()?.not_reading_millis.is_none().then_some(())
    });
}

#[test]
fn payloads_do_not_mix_and_slow_peers_hold_up_nobody() {
    let bench = Bench::start();
    let at = bench.listen(1, local_listener());
    let slow = TcpStream::connect(at).unwrap();
    let slow_id = bench.accepted(0);
    let mut quick = TcpStream::connect(at).unwrap();
    quick.set_read_timeout(Some(PATIENCE)).unwrap();
    let quick_id = bench.accepted(1);
    let length = 8_000_000;
    let (a, b) = (Bytes::from(vec![b'a'; length]), Bytes::from(vec![b'b'; length]));
    let everybody = Target::Endpoint(EndpointId(1));
    let all = bench.engine.send(everybody, Source::Bytes(a.clone()), None).unwrap();
    bench.wait("the first bytes", |event| {
        (matches!(event.what, What::Sent(_)) && event.flow.connection == quick_id).then_some(())
    });
    bench.engine.send(Target::Connection(quick_id), Source::Bytes(b.clone()), None).unwrap();
    let mut got = vec![0; 2 * length];
    quick.read_exact(&mut got).unwrap();
    assert!(got[..length] == a && got[length..] == b);
    bench.wait_snapshot("the slow one still waits", |s| (s.send(all)?.state == SendState::Running).then_some(()));
    bench.engine.close_connection(slow_id, CloseHow::Reset);
    bench.wait_snapshot("done for the others", |s| (s.send(all)?.state == SendState::Done).then_some(()));
    drop(slow);
    bench.engine.close_peers(EndpointId(1), CloseHow::Close);
    bench.wait_snapshot("nobody", |s| (s.endpoints[0].open_peers == 0).then_some(()));
    let send = bench.engine.send(Target::Endpoint(EndpointId(1)), Source::Bytes(a), None).unwrap();
    bench.wait_snapshot("no peers", |s| match &s.send(send)?.state {
        SendState::Failed(failure) => (failure.reason == Reason::NoPeers).then_some(()),
        _ => None,
    });
}

#[test]
fn repeats_reach_all_peers_of_a_listener() {
    let bench = Bench::start();
    let at = bench.listen(1, local_listener());
    let mut peers: Vec<_> = (0..5).map(|_| TcpStream::connect(at).unwrap()).collect();
    bench.accepted(4);
    let repeat = Some(Repeat { count: Some(20), every: Duration::from_millis(2) });
    let payload = Source::Bytes(Bytes::from_static(b"tick"));
    let send = bench.engine.send(Target::Endpoint(EndpointId(1)), payload, repeat).unwrap();
    for peer in &mut peers {
        let mut got = [0; 80];
        peer.read_exact(&mut got).unwrap();
        assert_eq!(got.to_vec(), b"tick".repeat(20));
    }
    bench.wait_snapshot("done", |s| {
        let progress = s.send(send).filter(|p| p.state == SendState::Done)?;
        (progress.sent == 400 && progress.rounds == 20).then_some(())
    });
}

#[test]
fn files_are_streamed_and_only_files() {
    let bench = Bench::start();
    let at = bench.listen(1, local_listener());
    let mut peer = TcpStream::connect(at).unwrap();
    let id = bench.accepted(0);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("firmware.bin");
    let content: Vec<u8> = (0..5_000_000u32).map(|n| (n % 253) as u8).collect();
    std::fs::write(&path, &content).unwrap();
    let send = bench.engine.send(Target::Connection(id), Source::File(path.clone()), None).unwrap();
    let mut got = vec![0; content.len()];
    peer.read_exact(&mut got).unwrap();
    assert!(got == content);
    bench.wait_snapshot("done", |s| {
        let progress = s.send(send).filter(|p| p.state == SendState::Done)?;
        (progress.sent == 5_000_000 && progress.round_bytes == 5_000_000).then_some(())
    });
    let refused = |path: std::path::PathBuf| {
        let send = bench.engine.send(Target::Connection(id), Source::File(path), None).unwrap();
        bench.wait_snapshot("a refusal", |s| match &s.send(send)?.state {
            SendState::Failed(failure) => Some((failure.doing, failure.reason)),
            _ => None,
        })
    };
    assert_eq!(refused(folder.path().join("nothing")), (Doing::ReadFile, Reason::FileMissing));
    assert_eq!(refused(folder.path().into()), (Doing::ReadFile, Reason::NotAFile));
    assert_eq!(refused("/dev/zero".into()), (Doing::ReadFile, Reason::NotAFile));
    let pipe = folder.path().join("pipe");
    run(&format!("mkfifo {}", pipe.display()));
    assert_eq!(refused(pipe), (Doing::ReadFile, Reason::NotAFile));
    let at = bench.udp(2, local_udp());
    let to = HostPort::from(at);
    let target = Target::Datagram { from: EndpointId(2), to };
    let send = bench.engine.send(target, Source::File(path), None).unwrap();
    bench.wait_snapshot("too long for a datagram", |s| match &s.send(send)?.state {
        SendState::Failed(failure) => (failure.reason == Reason::DatagramTooLong).then_some(()),
        _ => None,
    });
}

#[test]
fn a_stop_at_full_speed_acts_at_once() {
    let bench = Bench::start();
    let at = bench.listen(1, local_listener());
    let mut peer = TcpStream::connect(at).unwrap();
    let id = bench.accepted(0);
    let reading = std::thread::spawn(move || {
        let mut area = vec![0; 1 << 20];
        while peer.read(&mut area).is_ok_and(|got| got > 0) {}
    });
    let flood = Some(Repeat { count: None, every: Duration::ZERO });
    let send = bench.engine.send(Target::Connection(id), Source::Bytes(Bytes::from(vec![1; 1000])), flood).unwrap();
    bench.wait_snapshot("a flood", |s| (s.send(send)?.rounds > 1000).then_some(()));
    let began = Instant::now();
    bench.engine.stop_send(send);
    bench.wait_snapshot("stopped", |s| (s.send(send)?.state == SendState::Stopped).then_some(()));
    // 200 ms, and the time until the next snapshot.
    assert!(began.elapsed() < Duration::from_millis(400), "{:?}", began.elapsed());
    bench.engine.close(EndpointId(1), Peers::Close);
    reading.join().unwrap();
}

#[test]
fn without_traffic_nothing_is_rebuilt_and_rates_fall_to_zero() {
    let bench = Bench::start();
    let at = bench.listen(1, local_listener());
    let mut peer = TcpStream::connect(at).unwrap();
    bench.accepted(0);
    peer.write_all(&[1; 10_000]).unwrap();
    bench.wait_snapshot("a rate", |s| (s.endpoints[0].totals.bytes_in_per_second > 0.0).then_some(()));
    bench.wait_snapshot("a sparkline", |s| s.endpoints[0].peers[0].recent.contains(&10_000).then_some(()));
    bench.wait_snapshot("rest", |s| {
        let (totals, peer) = (&s.endpoints[0].totals, &s.endpoints[0].peers[0]);
        let rates = totals.bytes_in_per_second + peer.totals.bytes_in_per_second + s.totals.events_in_per_second;
        (rates == 0.0 && peer.recent == [0; 12] && totals.bytes_in == 10_000).then_some(())
    });
    std::thread::sleep(Duration::from_millis(300));
    let (wakes, version) = (bench.wakes.load(Ordering::Relaxed), bench.engine.snapshot().version);
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(bench.wakes.load(Ordering::Relaxed), wakes);
    assert_eq!(bench.engine.snapshot().version, version);
}

#[test]
fn a_shutdown_closes_everything_and_lets_go_of_the_recorder() {
    let mut bench = Bench::start();
    let at = bench.listen(1, local_listener());
    bench.udp(2, local_udp());
    let mut peers: Vec<_> = (0..200).map(|_| TcpStream::connect(at).unwrap()).collect();
    bench.accepted(199);
    // A send that would never end, and a client that waits for hours.
    let stuck = Source::Bytes(Bytes::from(vec![0; 50_000_000]));
    bench.engine.send(Target::Endpoint(EndpointId(1)), stuck, None).unwrap();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let waiting = ClientSettings { reconnect_millis: Some(3_600_000), ..ClientSettings::new(HostPort::from(closed)) };
    bench.open(3, Protocol::TcpClient(waiting));
    bench.wait_for("waiting", |h| matches!(h, Happening::Reconnecting { .. }));
    // `shutdown` of the bench waits until the lane is closed: all handles on the recorder are gone.
    let took = bench.shutdown();
    assert!(took < Duration::from_secs(1), "{took:?}");
    let rows = bench.events();
    assert_eq!(rows.iter().filter(|e| e.happening().is_some_and(Happening::ends_connection)).count(), 200);
    assert_eq!(rows.iter().filter(|e| matches!(e.happening(), Some(Happening::Stopped { .. }))).count(), 2);
    assert!(TcpStream::connect(at).is_err());
    for peer in &mut peers {
        let mut rest = Vec::new();
        peer.read_to_end(&mut rest).unwrap();
    }
    let last = bench.engine.snapshot();
    assert!(last.endpoints.iter().all(|e| e.state == EndpointState::Closed && e.open_peers == 0), "{last:#?}");
    assert!(bench.engine.send(Target::Endpoint(EndpointId(1)), Source::Bytes(Bytes::new()), None).is_err());
}

#[test]
fn peers_that_we_did_not_write() {
    let bench = Bench::start();
    let at = bench.listen(1, ListenerSettings { answer: Answer::Echo, ..local_listener() });
    let port = at.port().to_string();
    for command in ["printf hello | socat -t5 - TCP:127.0.0.1:$PORT", "printf hello | ncat 127.0.0.1 $PORT"] {
        let tool = command.split(" | ").nth(1).unwrap().split(' ').next().unwrap();
        if Command::new(tool).arg("-h").output().is_err() {
            skipped(&format!("no {tool}"));
            continue;
        }
        let output = Command::new("sh").args(["-c", command]).env("PORT", &port).output().unwrap();
        assert_eq!(output.stdout, b"hello", "{command}");
    }
}
