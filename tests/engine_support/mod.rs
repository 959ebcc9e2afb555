//! What the engine's tests share: an engine on the real lane, with a thread that drains it.
//!
//! Owns: waiting for events, never for time. Never: sleeps. Called by: `tests/engine_*.rs`.
#![allow(dead_code, unreachable_pub, clippy::print_stderr)]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};
use sockscope::engine::{Engine, EngineSnapshot, Resolver, SystemResolver};
use sockscope::model::{
    ClientSettings, ConnectionId, EndpointId, EndpointSettings, Event, Happening, HostPort, ListenerSettings, Protocol,
    UdpSettings, What,
};
use sockscope::session::{Clock, lane::lane};

/// Longer than anything here takes; a test that waits so long has failed.
pub const PATIENCE: Duration = Duration::from_secs(15);

pub struct Bench {
    pub engine: Engine,
    pub runtime: Option<tokio::runtime::Runtime>,
    log: Arc<Log>,
    drain: Option<JoinHandle<()>>,
    pub wakes: Arc<AtomicU64>,
}

#[derive(Default)]
struct Log {
    events: Mutex<Vec<Event>>,
    more: Condvar,
    unrecorded: AtomicU64,
}

impl Bench {
    pub fn start() -> Self {
        Self::start_with(Arc::new(SystemResolver::default()))
    }

    pub fn start_with(resolver: Arc<dyn Resolver>) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let (handle, receiver) = lane(Clock::start());
        let log = Arc::new(Log::default());
        let kept = log.clone();
        let drain = std::thread::spawn(move || {
            let mut batch = Vec::new();
            loop {
                let drained = receiver.drain(&mut batch, Duration::from_millis(100));
                kept.unrecorded.fetch_add(drained.unrecorded_events, Ordering::Relaxed);
                kept.events.lock().append(&mut batch);
                receiver.done(drained.units);
                kept.more.notify_all();
                if drained.closed {
                    return;
                }
            }
        });
        let wakes = Arc::new(AtomicU64::new(0));
        let counted = wakes.clone();
        let wake = Arc::new(move || {
            counted.fetch_add(1, Ordering::Relaxed);
        });
        let engine = Engine::start_with_resolver(runtime.handle().clone(), handle, wake, resolver);
        Self { engine, runtime: Some(runtime), log, drain: Some(drain), wakes }
    }

    /// The first event that `wanted` makes something of, from the beginning of the session or still to come.
    #[track_caller]
    pub fn wait<T>(&self, what: &str, mut wanted: impl FnMut(&Event) -> Option<T>) -> T {
        let end = Instant::now() + PATIENCE;
        let mut events = self.log.events.lock();
        let mut seen = 0;
        loop {
            for event in &events[seen..] {
                if let Some(found) = wanted(event) {
                    return found;
                }
            }
            seen = events.len();
            if self.log.more.wait_until(&mut events, end).timed_out() {
                let rows: Vec<_> = events.iter().rev().take(30).rev().map(row).collect();
                drop(events);
                panic!("waited in vain for {what}; the last rows are\n{}", rows.join("\n"));
            }
        }
    }

    /// Waits for a happening of an endpoint.
    #[track_caller]
    pub fn wait_for(&self, what: &str, wanted: impl Fn(&Happening) -> bool) -> Event {
        self.wait(what, |event| event.happening().is_some_and(&wanted).then(|| event.clone()))
    }

    #[track_caller]
    pub fn wait_snapshot<T>(&self, what: &str, wanted: impl Fn(&EngineSnapshot) -> Option<T>) -> T {
        let end = Instant::now() + PATIENCE;
        loop {
            let snapshot = self.engine.snapshot();
            if let Some(found) = wanted(&snapshot) {
                return found;
            }
            assert!(Instant::now() < end, "waited in vain for {what}: {snapshot:#?}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until so many bytes were received on a connection, and gives them.
    #[track_caller]
    pub fn wait_received(&self, connection: Option<ConnectionId>, length: usize) -> Vec<u8> {
        let mut got = Vec::new();
        self.wait("received bytes", |event| {
            if let What::Received(bytes) = &event.what
                && connection.is_none_or(|id| id == event.flow.connection)
            {
                got.extend_from_slice(bytes);
            }
            (got.len() >= length).then(|| std::mem::take(&mut got))
        })
    }

    pub fn events(&self) -> Vec<Event> {
        self.log.events.lock().clone()
    }

    pub fn unrecorded(&self) -> u64 {
        self.log.unrecorded.load(Ordering::Relaxed)
    }

    pub fn rows(&self) -> Vec<String> {
        self.log.events.lock().iter().map(row).collect()
    }

    /// Opens an endpoint and waits until it listens; gives its address.
    #[track_caller]
    pub fn listen(&self, id: u32, settings: ListenerSettings) -> std::net::SocketAddr {
        self.open(id, Protocol::TcpListener(settings));
        self.wait_listening(id)
    }

    #[track_caller]
    pub fn udp(&self, id: u32, settings: UdpSettings) -> std::net::SocketAddr {
        self.open(id, Protocol::Udp(settings));
        self.wait_listening(id)
    }

    pub fn open(&self, id: u32, protocol: Protocol) {
        self.engine.open(EndpointId(id), EndpointSettings::new(protocol)).unwrap();
    }

    #[track_caller]
    pub fn wait_listening(&self, id: u32) -> std::net::SocketAddr {
        self.wait("listening", |event| match event.happening() {
            Some(Happening::Listening { .. }) if event.flow.endpoint == EndpointId(id) => event.flow.local,
            Some(Happening::Failed { failure }) if event.flow.endpoint == EndpointId(id) => panic!("{failure:?}"),
            _ => None,
        })
    }

    /// Connects a client of ours and waits until it stands; gives its connection.
    #[track_caller]
    pub fn connect(&self, id: u32, to: std::net::SocketAddr) -> ConnectionId {
        self.open(id, Protocol::TcpClient(ClientSettings::new(HostPort::from(to))));
        self.wait_connected(id)
    }

    #[track_caller]
    pub fn wait_connected(&self, id: u32) -> ConnectionId {
        self.wait("connected", |event| match event.happening() {
            Some(Happening::Connected { .. }) if event.flow.endpoint == EndpointId(id) => Some(event.flow.connection),
            _ => None,
        })
    }

    /// The `n`th accepted connection, from 0.
    #[track_caller]
    pub fn accepted(&self, n: usize) -> ConnectionId {
        let mut left = n;
        self.wait("an accepted connection", |event| {
            if !matches!(event.happening(), Some(Happening::Accepted)) {
                return None;
            }
            if left == 0 {
                return Some(event.flow.connection);
            }
            left -= 1;
            None
        })
    }

    pub fn shutdown(&mut self) -> Duration {
        let began = Instant::now();
        if let Some(runtime) = &self.runtime {
            runtime.block_on(self.engine.shutdown(Duration::from_secs(2)));
        }
        let took = began.elapsed();
        if let Some(drain) = self.drain.take() {
            drain.join().unwrap();
        }
        took
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            if !std::thread::panicking() {
                runtime.block_on(self.engine.shutdown(Duration::from_secs(2)));
            }
            runtime.shutdown_background();
        }
    }
}

pub fn local_listener() -> ListenerSettings {
    ListenerSettings { port: 0, ..ListenerSettings::default() }
}

pub fn local_udp() -> UdpSettings {
    UdpSettings::default()
}

fn row(event: &Event) -> String {
    let what = match &event.what {
        What::Received(bytes) => format!("received {}", bytes.len()),
        What::Sent(bytes) => format!("sent {}", bytes.len()),
        What::Happened(happening) => format!("{happening:?}"),
    };
    format!("{} {} {:?} {what}", event.flow.endpoint_uri, event.flow.connection.0, event.flow.peer)
}

/// Says loudly why a test did not run.
pub fn skipped(why: &str) {
    eprintln!("SKIPPED: {why}");
}
