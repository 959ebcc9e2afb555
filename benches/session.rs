//! What the session file costs: recording, opening, filtering, exporting. Yardsticks run beside them.
//!
//! `SOCKSCOPE_BENCH_EVENTS` says how many events the filters look at (default: 1,000,000; ten times as many take 2.2 GB).
//! `SOCKSCOPE_BENCH_FOLDER` says where the files go (default: /dev/shm where there is one, else the system's).
#![allow(clippy::print_stdout)]

use std::fs::File;
use std::hint::black_box;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use sockscope::filter::Filter;
use sockscope::model::{
    By, ConnectionId, EndpointId, Event, Flow, Framing, Framings, Happening, Role, Transport, What,
};
use sockscope::session::export::{self, Progress, format};
use sockscope::session::{
    ConnectionColumn, ConnectionsOrder, ConnectionsView, Log, LogView, Query, Recorder, RecorderOptions, ViewSnapshot,
    connections_csv,
};

const EVENTS: u64 = 1_000_000;
const LIMIT: Duration = Duration::from_secs(120);

fn folder() -> tempfile::TempDir {
    let shm = Path::new("/dev/shm");
    let at = std::env::var_os("SOCKSCOPE_BENCH_FOLDER").map(PathBuf::from);
    let at = at.unwrap_or_else(|| if shm.is_dir() { shm.into() } else { std::env::temp_dir() });
    tempfile::tempdir_in(at).unwrap()
}

fn flow(transport: Transport) -> Arc<Flow> {
    Arc::new(Flow {
        endpoint: EndpointId(1),
        endpoint_uri: format!("{transport}://127.0.0.1:9000").into(),
        connection: ConnectionId(1),
        transport,
        role: if transport == Transport::Tcp { Role::Listener } else { Role::Datagram },
        local: Some("127.0.0.1:9000".parse().unwrap()),
        peer: Some("127.0.0.1:50000".parse().unwrap()),
        mirror: false,
    })
}

/// Records so many events of one size and waits until the file is finished.
fn record(path: Option<PathBuf>, transport: Transport, events: u64, size: usize) -> Duration {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let flow = flow(transport);
    let payload = Bytes::from((0..size).map(|at| b"ab\r\ncdef"[at % 8]).collect::<Vec<_>>());
    let batch = if size > 4096 { 16 } else { 256 };
    let options = RecorderOptions { path, keep_rows: true, subscription: 0 };
    let (recorder, handle, _) = Recorder::start(options).unwrap();
    let begun = Instant::now();
    if transport == Transport::Tcp {
        handle.note(handle.happened(&flow, Happening::Accepted));
    }
    let mut left = events;
    while left > 0 {
        let count = left.min(batch);
        let room = runtime.block_on(handle.room(&flow, count as usize * (size + 128)));
        let time = handle.now();
        let event = || Event { time, flow: flow.clone(), what: What::Received(payload.clone()) };
        handle.append(room, (0..count).map(|_| event()));
        left -= count;
    }
    drop(handle);
    let status = recorder.finish(LIMIT);
    assert_eq!(status.unrecorded_total, 0);
    begun.elapsed()
}

/// The bare format: packet blocks without headers, checksums, numbers or rows.
fn bare(path: &Path, events: u64, size: usize) -> Duration {
    let payload = vec![b'x'; size];
    let mut file = File::create(path).unwrap();
    let begun = Instant::now();
    let mut buffer = Vec::with_capacity(300 * 1024);
    for n in 0..events {
        let total = (32 + size) as u32;
        buffer.extend_from_slice(&6u32.to_le_bytes());
        buffer.extend_from_slice(&total.to_le_bytes());
        buffer.extend_from_slice(&[0; 4]);
        buffer.extend_from_slice(&n.to_le_bytes());
        buffer.extend_from_slice(&(size as u32).to_le_bytes());
        buffer.extend_from_slice(&(size as u32).to_le_bytes());
        buffer.extend_from_slice(&payload);
        buffer.extend_from_slice(&total.to_le_bytes());
        if buffer.len() >= 256 * 1024 {
            file.write_all(&buffer).unwrap();
            buffer.clear();
        }
    }
    file.write_all(&buffer).unwrap();
    file.sync_data().unwrap();
    begun.elapsed()
}

fn repeated(iterations: u64, mut one: impl FnMut(u64) -> Duration) -> Duration {
    (0..iterations).map(&mut one).sum()
}

fn recording(criterion: &mut Criterion) {
    let folder = folder();
    let mut group = criterion.benchmark_group("record");
    group.sample_size(10).measurement_time(Duration::from_secs(8));
    let path = folder.path().join("session.pcapng");
    let fresh = || {
        let _ = std::fs::remove_file(&path);
        path.clone()
    };
    group.throughput(Throughput::Elements(EVENTS));
    group.bench_function("64 B bare format", |b| b.iter_custom(|i| repeated(i, |_| bare(&fresh(), EVENTS, 64))));
    group.bench_function("64 B no file", |b| {
        b.iter_custom(|i| repeated(i, |_| record(None, Transport::Udp, EVENTS, 64)))
    });
    for transport in [Transport::Udp, Transport::Tcp] {
        group.bench_function(format!("64 B {transport}"), |b| {
            b.iter_custom(|i| repeated(i, |_| record(Some(fresh()), transport, EVENTS, 64)))
        });
    }
    let chunks = 16 * 1024;
    group.throughput(Throughput::Bytes(chunks * 60 * 1024));
    group.bench_function("60 KiB bare format", |b| {
        b.iter_custom(|i| repeated(i, |_| bare(&fresh(), chunks, 60 * 1024)))
    });
    group.bench_function("60 KiB tcp", |b| {
        b.iter_custom(|i| repeated(i, |_| record(Some(fresh()), Transport::Tcp, chunks, 60 * 1024)))
    });
    group.finish();
}

fn open(path: &Path) -> Arc<Log> {
    let log = Log::open(path).unwrap();
    assert_eq!(log.wait_complete(LIMIT).rows, EVENTS);
    log
}

fn reading(criterion: &mut Criterion) {
    let folder = folder();
    let path = folder.path().join("session.pcapng");
    record(Some(path.clone()), Transport::Udp, EVENTS, 64);
    let cut = folder.path().join("cut.pcapng");
    std::fs::copy(&path, &cut).unwrap();
    let bytes = std::fs::metadata(&cut).unwrap().len();
    File::options().write(true).open(&cut).unwrap().set_len(bytes - 44).unwrap();

    let mut group = criterion.benchmark_group("read");
    group.sample_size(10).measurement_time(Duration::from_secs(5));
    group.throughput(Throughput::Elements(EVENTS));
    group.bench_function("open by the index", |b| b.iter(|| open(&path)));
    group.bench_function("open without an index", |b| b.iter(|| open(&cut)));
    let log = open(&path);
    let mut row = 0;
    group.throughput(Throughput::Elements(1));
    group.bench_function("one row", |b| {
        b.iter(|| {
            row = (row + 611_953) % EVENTS;
            black_box(log.read(row).unwrap())
        })
    });
    group.throughput(Throughput::Bytes(bytes));
    for (name, text) in [("text filter, letters", "xyz"), ("text filter, exact", "123")] {
        let query = Query { filter: Filter::parse(text).unwrap(), ..Query::default() };
        group.bench_function(name, |b| {
            b.iter(|| {
                let (woken, wake) = std::sync::mpsc::channel();
                let view = LogView::new(
                    log.clone(),
                    Arc::new(move || {
                        let _ = woken.send(());
                    }),
                );
                view.set_query(query.clone());
                while !(view.snapshot().query == query && view.snapshot().scanned == EVENTS) {
                    wake.recv_timeout(LIMIT).unwrap();
                }
            })
        });
    }
    group.throughput(Throughput::Elements(EVENTS));
    for name in ["jsonl", "csv", "text", "pcapng", "hexdump", "raw"] {
        let to = folder.path().join("export");
        group.bench_function(format!("export {name}"), |b| {
            b.iter(|| export::save(&log, &Query::default(), format(name).unwrap(), &to, &Progress::default()).unwrap())
        });
    }
    group.finish();
}

/// A session of events of 64 to 192 bytes on 16 connections, a needle in one of 10,000.
fn record_mixed(path: &Path, events: u64) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let flows: Vec<_> = (1..=16)
        .map(|id| Arc::new(Flow { connection: ConnectionId(id), ..Flow::clone(&flow(Transport::Udp)) }))
        .collect();
    let options = RecorderOptions { path: Some(path.into()), keep_rows: true, subscription: 0 };
    let (recorder, handle, _) = Recorder::start(options).unwrap();
    let mut random = 1u64;
    for number in 0..events {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let flow = &flows[(random >> 40) as usize % flows.len()];
        let word = if number % 10_000 == 9_999 { "Needle" } else { "status" };
        let mut text = format!("{word} {number}; temperature={}; value={}; ", random >> 50, random >> 33);
        let length = 64 + (random >> 45) as usize % 129;
        while text.len() < length {
            text.push_str("the quick brown fox; ");
        }
        text.truncate(length);
        let room = runtime.block_on(handle.room(flow, length + 128));
        let what = if random & (1 << 35) == 0 { What::Received(text.into()) } else { What::Sent(text.into()) };
        handle.append(room, std::iter::once(Event { time: handle.now(), flow: flow.clone(), what }));
    }
    drop(handle);
    assert_eq!(recorder.finish(LIMIT).unrecorded_total, 0);
}

/// From the query to the first snapshot that is right.
fn ask(log: &Arc<Log>, text: &str, right: impl Fn(&ViewSnapshot) -> bool) -> Duration {
    let query = Query { filter: Filter::parse(text).unwrap(), ..Query::default() };
    let (woken, wake) = std::sync::mpsc::channel();
    let view = LogView::new(
        log.clone(),
        Arc::new(move || {
            let _ = woken.send(());
        }),
    );
    view.want(0, 60);
    let begun = Instant::now();
    view.set_query(query.clone());
    loop {
        let snapshot = view.snapshot();
        if snapshot.query == query && right(&snapshot) {
            return begun.elapsed();
        }
        wake.recv_timeout(LIMIT).unwrap();
    }
}

fn filtering(criterion: &mut Criterion) {
    let events = std::env::var("SOCKSCOPE_BENCH_EVENTS").ok().and_then(|text| text.parse().ok()).unwrap_or(EVENTS);
    let folder = folder();
    let path = folder.path().join("session.pcapng");
    record_mixed(&path, events);
    let bytes = std::fs::metadata(&path).unwrap().len();
    let log = Log::open(&path).unwrap();
    // On a busy machine some rows tell that reading was paused.
    let events = log.wait_complete(LIMIT).rows;

    let mut group = criterion.benchmark_group("filter");
    group.sample_size(10).measurement_time(Duration::from_secs(5));
    let whole = |text: &str| ask(&log, text, |snapshot| snapshot.scanned == events);
    group.throughput(Throughput::Bytes(bytes));
    for text in [
        "needle",
        "\"12345;\"",
        "温度",
        "temperature",
        "needle dir:in",
        "hex:\"4e 65 ?? 64\"",
        "/needle \\d+/i",
        "/value=\\d*7;/",
        "/[a-z]+ 99\\d+;/",
        "gap>1s",
        "is:damaged",
    ] {
        group.bench_function(text, |b| b.iter_custom(|i| repeated(i, |_| whole(text))));
    }
    group.throughput(Throughput::Elements(events));
    for text in ["kind:sent", "size>100", "conn:3", "peer:127.0.0.1 dir:in", "-conn:3 size:64..80 or conn:5"] {
        group.bench_function(text, |b| b.iter_custom(|i| repeated(i, |_| whole(text))));
    }
    group.throughput(Throughput::Elements(1));
    for text in ["needle", "/value=\\d*7;/"] {
        let first = |_| ask(&log, text, |snapshot| snapshot.rows.iter().any(Option::is_some));
        group.bench_function(format!("first match of {text}"), |b| b.iter_custom(|i| repeated(i, first)));
    }
    group.finish();
}

fn anonymous_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    line.and_then(|line| line.trim().split(' ').next()?.parse::<u64>().ok()).unwrap_or(0) * 1024
}

/// A million chunks of 64 bytes as frames: from switching them on to the last one, what a frame takes in memory, and what
/// a jump to another place of the list costs with ten thousand of them and with a million.
fn frames(criterion: &mut Criterion) {
    let folder = folder();
    let mut group = criterion.benchmark_group("frames");
    group.sample_size(10).measurement_time(Duration::from_secs(5));
    let on = |framing: &Framing| Query {
        frames: true,
        framings: Arc::new(Framings { everywhere: framing.clone(), ..Framings::default() }),
        ..Query::default()
    };
    let line = Framing::Line { most_bytes: 1 << 20 };
    for events in [10_000, EVENTS] {
        let path = folder.path().join(format!("{events}.pcapng"));
        record(Some(path.clone()), Transport::Tcp, events, 64);
        let log = Log::open(&path).unwrap();
        // One row more tells that the connection was accepted.
        let rows = log.wait_complete(LIMIT).rows;
        if events == EVENTS {
            group.throughput(Throughput::Elements(rows));
            let delimiter = Framing::Delimiter { bytes: b"ef".to_vec(), keep: false, most_bytes: 1 << 20 };
            // Seven lines, or eight ends of `ef`, lie in each chunk of 64 bytes; the other framings have one frame each.
            for (name, framing) in [
                ("fixed 64 B", Framing::Fixed { bytes: 64 }),
                ("lines, 8 a chunk", line.clone()),
                ("delimiter, 8 a chunk", delimiter),
            ] {
                let whole = |_| ask_query(&log, on(&framing), |snapshot| snapshot.scanned == rows).0;
                group.bench_function(name, |b| b.iter_custom(|i| repeated(i, whole)));
            }
            let whole = |_| {
                ask_query(
                    &log,
                    Query { filter: Filter::parse("zzz").unwrap(), ..on(&Framing::Fixed { bytes: 64 }) },
                    |snapshot| snapshot.scanned == rows,
                )
                .0
            };
            group.bench_function("fixed 64 B, with a text filter", |b| b.iter_custom(|i| repeated(i, whole)));
            let before = anonymous_bytes();
            let (_, view) = ask_query(&log, on(&line), |snapshot| snapshot.scanned == rows);
            let matched = view.snapshot().matched;
            let each = anonymous_bytes().saturating_sub(before) as f64 / matched as f64;
            println!("frames: {matched} frames take {each:.1} bytes each in memory");
        }
        for (name, query) in [("frames", on(&line)), ("frames off", Query::default())] {
            let (sender, woken) = std::sync::mpsc::channel();
            let wake = Arc::new(move || {
                let _ = sender.send(());
            });
            let view = LogView::new(log.clone(), wake);
            view.set_query(query.clone());
            while !(view.snapshot().query == query && view.snapshot().scanned == rows) {
                woken.recv_timeout(LIMIT).unwrap();
            }
            let (matched, mut place) = (view.snapshot().matched, 0);
            group.throughput(Throughput::Elements(1));
            group.bench_function(format!("jump of {name} at {events}"), |b| {
                b.iter(|| {
                    place = (place + 611_953) % (matched - 60);
                    view.want(place, 60);
                    // The snapshot stands before anybody is woken for it.
                    while view.snapshot().first != place.saturating_sub(60) {
                        std::hint::spin_loop();
                    }
                })
            });
        }
    }
    group.finish();
}

/// The time to the first snapshot that is right, and the view.
fn ask_query(log: &Arc<Log>, query: Query, right: impl Fn(&ViewSnapshot) -> bool) -> (Duration, LogView) {
    let (woken, wake) = std::sync::mpsc::channel();
    let view = LogView::new(
        log.clone(),
        Arc::new(move || {
            let _ = woken.send(());
        }),
    );
    view.want(0, 60);
    let begun = Instant::now();
    view.set_query(query.clone());
    loop {
        let snapshot = view.snapshot();
        if snapshot.query == query && right(&snapshot) {
            return (begun.elapsed(), view);
        }
        wake.recv_timeout(LIMIT).unwrap();
    }
}

/// Records so many connections of ten events each, a thousand of them open at a time.
fn record_connections(path: PathBuf, connections: u32) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let options = RecorderOptions { path: Some(path), keep_rows: true, subscription: 0 };
    let (recorder, handle, _) = Recorder::start(options).unwrap();
    let payload = Bytes::from_static(&[b'x'; 64]);
    for group in 0..connections.div_ceil(1_000) {
        let flows: Vec<Arc<Flow>> = (0..1_000)
            .map(|within| {
                let id = group * 1_000 + within + 1;
                let peer = std::net::SocketAddr::from((id.to_be_bytes(), 20_000));
                Arc::new(Flow { connection: ConnectionId(id), peer: Some(peer), ..Flow::clone(&flow(Transport::Tcp)) })
            })
            .collect();
        for turn in 0..10 {
            let room = runtime.block_on(handle.room(&flows[0], 1_000 * 256));
            let time = handle.now();
            let what = || match turn {
                0 => What::Happened(Box::new(Happening::Accepted)),
                9 => What::Happened(Box::new(Happening::Closed { by: By::Peer, received: 512, sent: 0, unread: 0 })),
                _ => What::Received(payload.clone()),
            };
            handle.append(room, flows.iter().map(|flow| Event { time, flow: flow.clone(), what: what() }));
        }
    }
    drop(handle);
    assert_eq!(recorder.finish(LIMIT).unrecorded_total, 0);
}

/// A hundred thousand connections of a million events: the table from nothing, by a column of the rows and by one that
/// has to be read; the whole of it as CSV.
fn connections(criterion: &mut Criterion) {
    const CONNECTIONS: u32 = 100_000;
    let folder = folder();
    let path = folder.path().join("connections.pcapng");
    record_connections(path.clone(), CONNECTIONS);
    let log = Log::open(&path).unwrap();
    assert!(log.wait_complete(LIMIT).rows >= EVENTS);
    let mut group = criterion.benchmark_group("connections");
    group.sample_size(10).measurement_time(Duration::from_secs(5));
    group.throughput(Throughput::Elements(EVENTS));
    let orders = [
        ("table, as they began", ConnectionColumn::Opened, ""),
        ("table, by bytes", ConnectionColumn::BytesIn, ""),
        ("table, by duration", ConnectionColumn::Duration, ""),
        ("table, narrowed by a text", ConnectionColumn::Opened, ":20000"),
    ];
    for (name, by, text) in orders {
        let order = ConnectionsOrder { by, descending: true, text: text.into() };
        group.bench_function(name, |b| {
            b.iter(|| {
                let (sender, woken) = std::sync::mpsc::channel();
                let wake = Arc::new(move || {
                    let _ = sender.send(());
                });
                let view = ConnectionsView::new(log.clone(), None, wake);
                view.want(0, 40);
                view.arrange(order.clone());
                loop {
                    let shown = view.snapshot();
                    let whole = shown.ready && shown.order == order && shown.read == u64::from(CONNECTIONS);
                    if whole && shown.listed.connections == u64::from(CONNECTIONS) && !shown.entries.is_empty() {
                        break;
                    }
                    woken.recv_timeout(LIMIT).unwrap();
                }
            })
        });
    }
    group.bench_function("csv of all", |b| {
        b.iter(|| {
            let csv = connections_csv(&log, &ConnectionsOrder::default(), None);
            assert_eq!(csv.connections, u64::from(CONNECTIONS));
            black_box(csv.text.len())
        })
    });
    group.finish();
}

/// A classic capture of a thousand connections that all send in turn.
fn capture(path: &Path, packets: u64, payload: usize) -> u64 {
    let mut file = std::io::BufWriter::with_capacity(1024 * 1024, File::create(path).unwrap());
    file.write_all(&[0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 101, 0, 0, 0]).unwrap();
    let mut packet = vec![b'x'; 40 + payload];
    packet[..40].fill(0);
    packet[0] = 0x45;
    packet[2..4].copy_from_slice(&(40 + payload as u16).to_be_bytes());
    packet[8..10].copy_from_slice(&[64, 6]);
    packet[12..20].copy_from_slice(&[10, 0, 0, 1, 10, 0, 0, 2]);
    packet[22..24].copy_from_slice(&80u16.to_be_bytes());
    packet[32..34].copy_from_slice(&[0x50, 0x10]);
    for number in 0..packets {
        packet[20..22].copy_from_slice(&(10_000 + (number % 1000) as u16).to_be_bytes());
        packet[24..28].copy_from_slice(&((number / 1000) as u32 * payload as u32).to_be_bytes());
        let length = packet.len() as u32;
        for word in [(number / 1_000_000) as u32, (number % 1_000_000) as u32, length, length] {
            file.write_all(&word.to_le_bytes()).unwrap();
        }
        file.write_all(&packet).unwrap();
    }
    file.flush().unwrap();
    std::fs::metadata(path).unwrap().len()
}

/// Opens a file, and says when its first rows could be read and when it was complete.
fn timed_open(path: &Path) -> (Duration, Duration, u64) {
    let begun = Instant::now();
    let log = Log::open(path).unwrap();
    while log.state().rows == 0 && !log.state().complete {
        std::thread::sleep(Duration::from_micros(100));
    }
    black_box(log.read(0).unwrap());
    let first = begun.elapsed();
    let rows = log.wait_complete(LIMIT).rows;
    (first, begun.elapsed(), rows)
}

fn importing(criterion: &mut Criterion) {
    let folder = folder();
    let path = folder.path().join("capture.pcap");
    let mut group = criterion.benchmark_group("import");
    group.sample_size(10).measurement_time(Duration::from_secs(5));
    for (packets, payload) in [(200_000, 1400), (1_000_000, 100)] {
        group.throughput(Throughput::Bytes(capture(&path, packets, payload)));
        group.bench_function(format!("pcap {payload} B"), |b| {
            b.iter_custom(|i| {
                repeated(i, |_| {
                    let (_, whole, rows) = timed_open(&path);
                    assert_eq!(rows, packets);
                    whole
                })
            })
        });
        group.bench_function(format!("pcap {payload} B, first rows"), |b| {
            b.iter_custom(|i| repeated(i, |_| timed_open(&path).0))
        });
    }
    group.finish();
}

/// `SOCKSCOPE_BENCH_EVENTS=10000000` records so many events once and opens them, closed cleanly and not.
fn opening_large(criterion: &mut Criterion) {
    let Some(events) = std::env::var("SOCKSCOPE_BENCH_EVENTS").ok().and_then(|events| events.parse().ok()) else {
        return;
    };
    let folder = folder();
    let path = folder.path().join("large.pcapng");
    record(Some(path.clone()), Transport::Udp, events, 128);
    let mut group = criterion.benchmark_group("read");
    group.sample_size(10).measurement_time(Duration::from_secs(5));
    group.throughput(Throughput::Elements(events));
    for name in ["closed cleanly", "not closed"] {
        group.bench_function(format!("open {events}, {name}"), |b| {
            b.iter_custom(|i| repeated(i, |_| timed_open(&path).1))
        });
        group.bench_function(format!("open {events}, {name}, first rows"), |b| {
            b.iter_custom(|i| repeated(i, |_| timed_open(&path).0))
        });
        let bytes = std::fs::metadata(&path).unwrap().len();
        File::options().write(true).open(&path).unwrap().set_len(bytes - 44).unwrap();
    }
    group.finish();
}

criterion_group!(benches, recording, reading, filtering, frames, connections, importing, opening_large);
criterion_main!(benches);
