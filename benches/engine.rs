//! End-to-end load on the engine, each figure beside its yardstick of the same run.
//!
//! `cargo bench --bench engine [udp|stream|disk|ncat|pingpong|reply|repeat|peers]`. The other side of each connection is a child process.
//! Owns: nothing of the product. Never: asserts on time. Called by: people.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::io::{IoSlice, Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use sockscope::engine::{Engine, EngineSnapshot, Peers, Repeat, SendProgress, Source, Target};
use sockscope::kernel::{self, DatagramArea};
use sockscope::model::{
    Answer, Draft, EndpointId, EndpointSettings, FramePattern, Framing, ListenerSettings, MatchHow, Protocol, ReplyAct,
    ReplyRule, UdpSettings, What,
};
use sockscope::payload::compile;
use sockscope::session::{Log, Recorder, RecorderOptions};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

const ROUNDS: usize = 5;
const DATAGRAMS: u64 = 1_000_000;
const STREAM_BYTES: u64 = 4 << 30;
const PING_PONG: Duration = Duration::from_secs(2);
const PEERS: usize = 10_000;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    if words.first().is_some_and(|word| word == "child") {
        return child(&words[1..]);
    }
    kernel::raise_file_limit();
    let all = words.is_empty();
    for (name, bench) in [
        ("udp", udp as fn()),
        ("stream", stream),
        ("disk", disk),
        ("ncat", ncat),
        ("pingpong", ping_pong),
        ("reply", reply),
        ("repeat", repeat),
        ("peers", peers),
    ] {
        if all || words.iter().any(|word| word == name) {
            bench();
        }
    }
}

/// Where sessions are recorded: a memory-backed folder where there is one, `SOCKSCOPE_BENCH_FOLDER` where it is set.
fn memory_folder() -> PathBuf {
    let shared = PathBuf::from("/dev/shm");
    let folder = std::env::var_os("SOCKSCOPE_BENCH_FOLDER").map(PathBuf::from);
    folder.unwrap_or_else(|| if shared.is_dir() { shared } else { std::env::temp_dir() })
}

fn disk_folder() -> PathBuf {
    std::env::var_os("SOCKSCOPE_BENCH_DISK")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target"), PathBuf::from)
}

struct Bench {
    runtime: Runtime,
    engine: Engine,
    recorder: Recorder,
    /// Holds the session; removed at the end.
    _folder: TempDir,
}

impl Bench {
    fn start(protocol: Protocol) -> (Self, SocketAddr) {
        Self::start_in(&memory_folder(), protocol)
    }

    fn start_in(folder: &Path, protocol: Protocol) -> (Self, SocketAddr) {
        Self::start_with(folder, EndpointSettings::new(protocol))
    }

    fn start_with(folder: &Path, settings: EndpointSettings) -> (Self, SocketAddr) {
        let runtime = runtime();
        let folder = tempfile::tempdir_in(folder).unwrap();
        let path = Some(folder.path().join("session.pcapng"));
        let options = RecorderOptions { path, keep_rows: true, subscription: 0 };
        let (recorder, handle, _) = Recorder::start(options).unwrap();
        let engine = Engine::start(runtime.handle().clone(), handle, Arc::new(|| ()));
        engine.open(EndpointId(1), settings).unwrap();
        let bench = Self { runtime, engine, recorder, _folder: folder };
        let at = bench.wait(|snapshot| snapshot.endpoints.first()?.local.first().copied());
        (bench, at)
    }

    fn wait<T>(&self, wanted: impl Fn(&EngineSnapshot) -> Option<T>) -> T {
        loop {
            if let Some(found) = wanted(&self.engine.snapshot()) {
                return found;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    fn path(&self) -> PathBuf {
        self._folder.path().join("session.pcapng")
    }

    fn end(self) -> (u64, Duration) {
        self.end_and(|_| ())
    }

    /// Closes all; `look` sees the finished session.
    fn end_and(self, look: impl FnOnce(&Path)) -> (u64, Duration) {
        let (began, path) = (Instant::now(), self.path());
        self.runtime.block_on(self.engine.shutdown(Duration::from_secs(5)));
        let took = began.elapsed();
        drop(self.engine);
        let status = self.recorder.finish(Duration::from_secs(30));
        assert_eq!((status.failing, status.unrecorded_total), (None, 0), "everything was recorded");
        look(&path);
        (status.events, took)
    }
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

fn listener(answer: Answer) -> Protocol {
    Protocol::TcpListener(ListenerSettings { port: 0, answer, ..ListenerSettings::default() })
}

fn spawn_child(role: &str, at: SocketAddr) -> Child {
    let own = std::env::current_exe().unwrap();
    let mut command = Command::new(own);
    command.args(["child", role, &at.to_string()]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap()
}

fn said(child: Child) -> String {
    let output = child.wait_with_output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn table(title: &str, unit: &str, ours: Vec<f64>, yardstick: Vec<f64>) {
    table_of(title, unit, ours, "bare", yardstick);
}

fn table_of(title: &str, unit: &str, ours: Vec<f64>, name: &str, yardstick: Vec<f64>) {
    let show = |values: &[f64]| values.iter().map(|v| format!("{v:.0}")).collect::<Vec<_>>().join(" ");
    println!("{title}");
    println!("  recorded  {:>12.0} {unit}   ({})", median(ours.clone()), show(&ours));
    println!("  {name:<8}  {:>12.0} {unit}   ({})", median(yardstick.clone()), show(&yardstick));
    println!("  ratio     {:>12.2}", median(ours) / median(yardstick));
}

fn udp() {
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let (received, sent, rate) = udp_bare();
        println!("  udp bare: sent {sent}, received {received} ({:.2} %)", 100.0 * received as f64 / sent as f64);
        bare.push(rate);
        let (bench, at) = Bench::start(Protocol::Udp(UdpSettings::default()));
        let began = Instant::now();
        let sent: u64 = said(spawn_child("udp", at)).parse().unwrap();
        let seconds = began.elapsed().as_secs_f64();
        let (received, dropped) = bench.wait(|snapshot| {
            let status = &snapshot.endpoints[0];
            let dropped = status.dropped?;
            let all = status.totals.events_in + dropped == sent;
            (all || began.elapsed() > Duration::from_secs(30)).then_some((status.totals.events_in, dropped))
        });
        // The sender's time is the measure for both.
        ours.push(received as f64 / seconds);
        let (events, _) = bench.end();
        println!("  udp recorded: sent {sent}, received {received}, dropped {dropped}, {events} events in the session");
        assert_eq!(received + dropped, sent, "sent = recorded + dropped");
    }
    table("UDP, 64 bytes, sender at full speed", "datagrams/s", ours, bare);
}

fn udp_bare() -> (u64, u64, f64) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket2::SockRef::from(&socket).set_recv_buffer_size(4 << 20).unwrap();
    socket.set_nonblocking(true).unwrap();
    let at = socket.local_addr().unwrap();
    let counting = std::thread::spawn(move || {
        let (mut area, mut count) = (DatagramArea::new(), 0u64);
        loop {
            let mut waiting = [rustix::event::PollFd::new(&socket, rustix::event::PollFlags::IN)];
            let patience = rustix::event::Timespec { tv_sec: 1, tv_nsec: 0 };
            if rustix::event::poll(&mut waiting, Some(&patience)).unwrap() == 0 && count > 0 {
                return count;
            }
            while let Ok(more) = area.receive(&socket) {
                count += more as u64;
            }
        }
    });
    let began = Instant::now();
    let sent: u64 = said(spawn_child("udp", at)).parse().unwrap();
    let seconds = began.elapsed().as_secs_f64();
    let count = counting.join().unwrap();
    (count, sent, count as f64 / seconds)
}

fn stream() {
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let runtime = runtime();
        let (at, sink) = bare_listener(&runtime, false);
        bare.push(megabytes_a_second(said(spawn_child("stream", at))));
        sink.abort();
        drop(runtime);
        let (bench, at) = Bench::start(listener(Answer::Nothing));
        ours.push(megabytes_a_second(said(spawn_child("stream", at))));
        bench.end();
    }
    table("TCP, one stream, 64 KiB writes", "MB/s", ours, bare);
}

/// A stream recorded on a disk, until the session is closed, beside `dd` with as many bytes in pieces of the same size.
fn disk() {
    let (mut ours, mut dd) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let folder = tempfile::tempdir_in(disk_folder()).unwrap();
        let to = format!("of={}", folder.path().join("dd").display());
        let count = format!("count={}", STREAM_BYTES / (60 << 10));
        let began = Instant::now();
        let run =
            Command::new("dd").args(["if=/dev/zero", &to, "bs=60K", &count, "conv=fdatasync", "status=none"]).status();
        if !run.is_ok_and(|status| status.success()) {
            return println!("SKIPPED: the disk yardstick, for dd is not here or failed");
        }
        dd.push(megabytes_a_second(began.elapsed().as_secs_f64().to_string()));
        drop(folder);
        let (bench, at) = Bench::start_in(&disk_folder(), listener(Answer::Nothing));
        let began = Instant::now();
        said(spawn_child("stream", at));
        bench.wait(|snapshot| (snapshot.endpoints.first()?.totals.bytes_in == STREAM_BYTES).then_some(()));
        bench.end();
        ours.push(megabytes_a_second(began.elapsed().as_secs_f64().to_string()));
    }
    table_of(
        "TCP, one stream recorded on a disk, synced; the yardstick is dd bs=60K conv=fdatasync",
        "MB/s",
        ours,
        "dd",
        dd,
    );
}

/// The same stream into `ncat -o`, which keeps the bytes in a file too.
fn ncat() {
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        let folder = tempfile::tempdir_in(memory_folder()).unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let listening = Command::new("ncat")
            .args(["-l", "127.0.0.1", &port.to_string(), "--recv-only", "-o"])
            .arg(folder.path().join("ncat"))
            .stdout(Stdio::null())
            .spawn();
        let Ok(mut listening) = listening else {
            return println!("SKIPPED: the ncat yardstick, for ncat is not here");
        };
        std::thread::sleep(Duration::from_millis(500));
        theirs.push(megabytes_a_second(said(spawn_child("stream", SocketAddr::from(([127, 0, 0, 1], port))))));
        listening.wait().unwrap();
        drop(folder);
        let (bench, at) = Bench::start(listener(Answer::Nothing));
        ours.push(megabytes_a_second(said(spawn_child("stream", at))));
        bench.end();
    }
    table_of("TCP, one stream, kept in a memory-backed folder", "MB/s", ours, "ncat -o", theirs);
}

fn megabytes_a_second(seconds: String) -> f64 {
    STREAM_BYTES as f64 / 1e6 / seconds.parse::<f64>().unwrap()
}

fn ping_pong() {
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let runtime = runtime();
        let (at, echo) = bare_listener(&runtime, true);
        bare.push(said(spawn_child("pingpong", at)).parse().unwrap());
        echo.abort();
        drop(runtime);
        let (bench, at) = Bench::start(listener(Answer::Echo));
        ours.push(said(spawn_child("pingpong", at)).parse().unwrap());
        bench.end();
    }
    table("TCP, ping-pong of 64 bytes", "round trips/s", ours, bare);
}

/// Automatic replies beside a plain tokio echo: round trips, and how long after each read the reply was written, by the times
/// in the session.
fn reply() {
    let any = ReplyRule { act: ReplyAct::Echo, ..ReplyRule::default() };
    let pattern = FramePattern { how: MatchHow::Regex, pattern: r"^get (\d+)".into(), ..FramePattern::default() };
    let send =
        Draft { text: r"value {{1}} {{counter}} of the pump {{checksum:CRC-16/MODBUS}}\n".into(), ..Draft::default() };
    let filled = ReplyRule { pattern, send, ..ReplyRule::default() };
    let settings =
        |answer, framing, replies| EndpointSettings { framing, replies, ..EndpointSettings::new(listener(answer)) };
    let line = Framing::Line { most_bytes: 1024 };
    let kinds = [
        ("answer: echo", settings(Answer::Echo, Framing::None, vec![])),
        ("rule: any frame, echo", settings(Answer::Nothing, Framing::None, vec![any.clone()])),
        ("rule: any line, echo", settings(Answer::Nothing, line.clone(), vec![any])),
        ("rule: regex on lines, filled in", settings(Answer::Nothing, line, vec![filled])),
    ];
    let mut bare = Vec::new();
    let mut ours = vec![Vec::new(); kinds.len()];
    for _ in 0..ROUNDS {
        let runtime = runtime();
        let (at, echo) = bare_listener(&runtime, true);
        bare.push(trips(at, None));
        echo.abort();
        drop(runtime);
        for ((_, settings), ours) in kinds.iter().zip(&mut ours) {
            let (bench, at) = Bench::start_with(&memory_folder(), settings.clone());
            let mut figures = trips(at, Some("get 17, please, and do not be late: a line of sixty-four bytes.\n"));
            bench.end_and(|path| figures.extend(reply_times(path)));
            ours.push(figures);
        }
    }
    let of = |all: &[Vec<f64>], figure: usize| median(all.iter().map(|figures| figures[figure]).collect());
    println!("TCP, replies to 64 bytes, recorder on; the goals are 100 µs (median) and 0.7 of bare tokio");
    println!(
        "  {:32} {:>10} {:>6} {:>8} {:>8}   from read to write: p50 µs, p99 µs",
        "", "trips/s", "ratio", "p50 µs", "p99 µs"
    );
    println!("  {:32} {:10.0} {:6.2} {:8.1} {:8.1}", "bare tokio", of(&bare, 0), 1.0, of(&bare, 1), of(&bare, 2));
    for ((name, _), ours) in kinds.iter().zip(&ours) {
        let ratio = of(ours, 0) / of(&bare, 0);
        let met = if ratio >= 0.7 && of(ours, 3) <= 100.0 { "met" } else { "MISSED" };
        println!(
            "  {name:32} {:10.0} {ratio:6.2} {:8.1} {:8.1}   {:8.1} {:8.1}   {met}",
            of(ours, 0),
            of(ours, 1),
            of(ours, 2),
            of(ours, 3),
            of(ours, 4)
        );
    }
}

/// Round trips a second, and how long one takes: the middle one and the slowest of a hundred, in microseconds.
fn trips(at: SocketAddr, line: Option<&str>) -> Vec<f64> {
    let mut child = spawn_child("trips", at);
    let mut orders = child.stdin.take().unwrap();
    orders.write_all(line.unwrap_or(&"x".repeat(64)).as_bytes()).unwrap();
    drop(orders);
    said(child).split(' ').map(|figure| figure.parse().unwrap()).collect()
}

/// From each read to the reply behind it, in microseconds: the middle one and the slowest of a hundred.
fn reply_times(session: &Path) -> [f64; 2] {
    let log = Log::open(session).unwrap();
    let rows = log.wait_complete(Duration::from_secs(60)).rows;
    let (mut times, mut received) = (Vec::new(), None);
    for row in 0..rows.min(100_000) {
        let event = log.read(row).unwrap().event;
        match (&event.what, received) {
            (What::Received(_), _) => received = Some(event.time),
            (What::Sent(_), Some(at)) => times.push(event.time.nanos_since(at) as f64 / 1e3),
            _ => {}
        }
    }
    times.sort_by(f64::total_cmp);
    [times[times.len() / 2], times[times.len() * 99 / 100]]
}

const REPEAT: Duration = Duration::from_secs(10);

/// A send repeated every millisecond for ten seconds, beside a tokio loop that does nothing but keep the time.
fn repeat() {
    const EVERY: Duration = Duration::from_millis(1);
    println!("repeat every 1 ms for 10 s; the goal is 1,000 a second within 1 %");
    println!("  {:34} {:>10} {:>9} {:>34}", "", "rounds/s", "off by", "late: p50, p99, most, ms");
    let template = Draft { text: "{{counter}} {{now:millis}}{{checksum:CRC-16/MODBUS}}".into(), ..Draft::default() };
    let template = Source::Payload { compiled: compile(&template).unwrap(), asks: Arc::default() };
    for (name, source) in [("the same 64 bytes", Source::Bytes(vec![7; 64].into())), ("filled in each time", template)]
    {
        let (bench, at) = Bench::start(listener(Answer::Nothing));
        let child = spawn_child("sink", at);
        let peer = bench.wait(|snapshot| Some(snapshot.endpoints[0].peers.first()?.flow.connection));
        let began = Instant::now();
        let id =
            bench.engine.send(Target::Connection(peer), source, Some(Repeat { count: None, every: EVERY })).unwrap();
        let progress = |snapshot: &EngineSnapshot| snapshot.send(id).cloned().filter(|send| send.rounds > 0);
        bench.wait(progress);
        std::thread::sleep(REPEAT.saturating_sub(began.elapsed()));
        bench.engine.stop_send(id);
        let seconds = began.elapsed().as_secs_f64();
        let SendProgress { rounds, lateness, .. } = bench
            .wait(|snapshot| progress(snapshot).filter(|send| send.state == sockscope::engine::SendState::Stopped));
        bench.end();
        drop(said(child));
        held(name, rounds as f64 / seconds, [lateness.median, lateness.p99, lateness.most]);
    }
    let (rate, late) = runtime().block_on(async {
        let (began, mut late, mut due) = (Instant::now(), Vec::new(), tokio::time::Instant::now());
        while began.elapsed() < REPEAT {
            tokio::time::sleep_until(due).await;
            late.push(due.elapsed().as_nanos() as u64);
            due += EVERY;
        }
        let rate = late.len() as f64 / began.elapsed().as_secs_f64();
        late.sort_unstable();
        (rate, [late[late.len() / 2], late[late.len() * 99 / 100], late[late.len() - 1]])
    });
    held("bare tokio, sending nothing", rate, late);
}

fn held(name: &str, rate: f64, late: [u64; 3]) {
    let off = (rate / 1000.0 - 1.0) * 100.0;
    let met = if off.abs() <= 1.0 { "met" } else { "MISSED" };
    let [p50, p99, most] = late.map(|nanos| nanos as f64 / 1e6);
    println!("  {name:34} {rate:10.1} {off:8.2} % {p50:14.2} {p99:9.2} {most:9.2}   {met}");
}

/// A plain tokio sink or echo.
fn bare_listener(runtime: &Runtime, echo: bool) -> (SocketAddr, tokio::task::JoinHandle<()>) {
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let at = listener.local_addr().unwrap();
    let serving = runtime.spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        let mut area = vec![0; 64 * 1024];
        while let Ok(got @ 1..) = stream.read(&mut area).await {
            if echo {
                stream.write_all(&area[..got]).await.unwrap();
            }
        }
    });
    (at, serving)
}

fn peers() {
    let (bench, at) = Bench::start(listener(Answer::Echo));
    std::thread::sleep(Duration::from_millis(300));
    let before = private_bytes();
    let began = Instant::now();
    let mut child = spawn_child("peers", at);
    bench.wait(|snapshot| (snapshot.endpoints[0].open_peers == PEERS as u64).then_some(()));
    let accepted = began.elapsed();
    std::thread::sleep(Duration::from_secs(2));
    let idle = private_bytes();
    // From here on the child lets each peer send, and reads the answers.
    let began = Instant::now();
    let mut orders = child.stdin.take().unwrap();
    orders.write_all(b"go\n").unwrap();
    let expected = PEERS as u64 * 64;
    bench.wait(|snapshot| (snapshot.endpoints[0].totals.bytes_out == expected).then_some(()));
    let echoed = began.elapsed();
    let after = private_bytes();
    let began = Instant::now();
    bench.engine.close(EndpointId(1), Peers::Close);
    bench.wait(|snapshot| (snapshot.endpoints[0].open_peers == 0).then_some(()));
    let stopped = began.elapsed();
    drop(orders);
    let answers = said(child);
    bench.end();
    let each = |bytes: u64| bytes.saturating_sub(before) as f64 / PEERS as f64 / 1024.0;
    println!("{PEERS} peers on one listener");
    println!("  accepted  {:>10.0} ms (process start of the client included)", accepted.as_secs_f64() * 1e3);
    println!("  memory    {:>10.1} KiB each idle, {:.1} KiB each after the echo", each(idle), each(after));
    println!("  echoed    {:>10.0} ms, the client got {answers} answers", echoed.as_secs_f64() * 1e3);
    println!("  stopped   {:>10.0} ms", stopped.as_secs_f64() * 1e3);
}

fn private_bytes() -> u64 {
    let smaps = std::fs::read_to_string("/proc/self/smaps_rollup").unwrap();
    let lines = smaps.lines().filter(|line| line.starts_with("Private_"));
    lines.map(|line| line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024).sum()
}

fn child(words: &[String]) {
    let at: SocketAddr = words[1].parse().unwrap();
    match words[0].as_str() {
        "udp" => child_udp(at),
        "stream" => child_stream(at),
        "pingpong" => child_ping_pong(at),
        "trips" => child_trips(at),
        "sink" => drop(std::io::copy(&mut TcpStream::connect(at).unwrap(), &mut std::io::sink())),
        _ => child_peers(at),
    }
}

fn child_udp(at: SocketAddr) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.connect(at).unwrap();
    let payload = [7; 64];
    let pieces = [IoSlice::new(&payload)];
    let mut sent = 0u64;
    while sent < DATAGRAMS {
        let mut controls: Vec<_> = (0..64).map(|_| rustix::net::SendAncillaryBuffer::default()).collect();
        let mut batch: Vec<_> = controls.iter_mut().map(|c| rustix::net::MMsgHdr::new(&pieces, c)).collect();
        sent += rustix::net::sendmmsg(&socket, &mut batch, rustix::net::SendFlags::empty()).unwrap_or(0) as u64;
    }
    println!("{sent}");
}

fn child_stream(at: SocketAddr) {
    let mut stream = TcpStream::connect(at).unwrap();
    let payload = vec![7; 64 * 1024];
    let (began, mut left) = (Instant::now(), STREAM_BYTES);
    while left > 0 {
        stream.write_all(&payload).unwrap();
        left -= payload.len() as u64;
    }
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    println!("{}", began.elapsed().as_secs_f64());
}

fn child_ping_pong(at: SocketAddr) {
    let mut stream = TcpStream::connect(at).unwrap();
    stream.set_nodelay(true).unwrap();
    let (began, mut rounds, mut payload) = (Instant::now(), 0u64, [7; 64]);
    while began.elapsed() < PING_PONG {
        stream.write_all(&payload).unwrap();
        stream.read_exact(&mut payload).unwrap();
        rounds += 1;
    }
    println!("{}", rounds as f64 / began.elapsed().as_secs_f64());
}

/// Sends the line of its standard input and waits for a whole answer, over and over: bytes as many, or one line.
fn child_trips(at: SocketAddr) {
    let mut stream = TcpStream::connect(at).unwrap();
    stream.set_nodelay(true).unwrap();
    let mut line = Vec::new();
    std::io::stdin().read_to_end(&mut line).unwrap();
    assert_eq!(line.len(), 64);
    let (began, mut times, mut answer) = (Instant::now(), Vec::new(), [0; 1024]);
    while began.elapsed() < PING_PONG {
        let sent = Instant::now();
        stream.write_all(&line).unwrap();
        let mut got = 0;
        while got < 64 && !(got > 0 && answer[got - 1] == b'\n') {
            let more = stream.read(&mut answer[got..]).unwrap();
            assert!(more > 0, "the other side went away");
            got += more;
        }
        times.push(sent.elapsed().as_nanos() as f64 / 1e3);
    }
    let rate = times.len() as f64 / began.elapsed().as_secs_f64();
    times.sort_by(f64::total_cmp);
    println!("{rate} {} {}", times[times.len() / 2], times[times.len() * 99 / 100]);
}

fn child_peers(at: SocketAddr) {
    kernel::raise_file_limit();
    let mut peers: Vec<_> = (0..PEERS).map(|_| TcpStream::connect(at).unwrap()).collect();
    let mut go = String::new();
    std::io::stdin().read_line(&mut go).unwrap();
    for peer in &mut peers {
        peer.write_all(&[9; 64]).unwrap();
    }
    let mut answers = 0;
    for peer in &mut peers {
        let mut got = [0; 64];
        answers += usize::from(peer.read_exact(&mut got).is_ok() && got == [9; 64]);
    }
    println!("{answers}");
    // The peers stay until the other side has closed them.
    std::io::stdin().read_line(&mut go).unwrap();
}
