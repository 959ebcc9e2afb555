//! A task of ours that dies or does not end: it is told, and nothing else is taken down or held up by it.
#![allow(unreachable_pub)]

mod engine_support;

use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use engine_support::{Bench, local_listener};
use sockscope::engine::{EndpointState, Lookup, Resolver, Source, Target};
use sockscope::model::{ClientSettings, Doing, EndpointId, Happening, HostPort, Protocol, Reason};

/// A mistake like one of ours, put where a task of the engine meets it.
struct Dies;

impl Resolver for Dies {
    fn lookup(&self, _host: String, _port: u16) -> Lookup {
        Box::pin(async { panic!("a panic that this test asked for") })
    }
}

/// Holds its thread until the test lets go, and hears of no cancelling.
struct Blocks {
    begun: SyncSender<()>,
    release: Arc<Mutex<()>>,
}

impl Resolver for Blocks {
    fn lookup(&self, _host: String, _port: u16) -> Lookup {
        let (begun, release) = (self.begun.clone(), self.release.clone());
        Box::pin(async move {
            let _ = begun.send(());
            drop(release.lock());
            std::future::pending().await
        })
    }
}

fn client() -> Protocol {
    Protocol::TcpClient(ClientSettings::new(HostPort::new("plc.example", 9)))
}

#[test]
fn a_panic_in_one_endpoint_is_told_and_harms_no_other() {
    let mut bench = Bench::start_with(Arc::new(Dies));
    let at = bench.listen(1, local_listener());
    bench.open(2, client());
    let told = bench.wait_for("the failure", |h| matches!(h, Happening::Failed { .. }));
    let failure = told.happening().and_then(Happening::failure).cloned().unwrap();
    assert_eq!((failure.doing, failure.reason), (Doing::Connect, Reason::Other));
    assert!(failure.system.contains("internal error"), "{failure:?}");
    bench.wait_snapshot("failed", |s| {
        s.endpoint(EndpointId(2)).filter(|e| e.state == EndpointState::Failed && e.failure.is_some()).map(|_| ())
    });
    bench.connect(3, at);
    let peer = bench.accepted(0);
    bench.engine.send(Target::Endpoint(EndpointId(3)), Source::Bytes(Bytes::from_static(b"alive")), None).unwrap();
    assert_eq!(bench.wait_received(Some(peer), 5), b"alive");
    // The same id can be opened again, and fails again: its turn was given back.
    bench.open(2, client());
    bench.wait("a second failure", |e| {
        matches!(e.happening(), Some(Happening::Failed { .. })).then_some(e.time).filter(|time| *time > told.time)
    });
    bench.shutdown();
}

#[test]
fn a_task_that_does_not_end_holds_up_no_shutdown() {
    let (begun, has_begun) = sync_channel(1);
    let release = Arc::new(Mutex::new(()));
    let held = release.lock().unwrap();
    let bench = Bench::start_with(Arc::new(Blocks { begun, release: release.clone() }));
    let at = bench.listen(1, local_listener());
    let mut peer = std::net::TcpStream::connect(at).unwrap();
    bench.accepted(0);
    bench.open(2, client());
    has_begun.recv_timeout(Duration::from_secs(10)).unwrap();
    let (done, is_done) = sync_channel(1);
    let engine = bench.engine.clone();
    bench.runtime.as_ref().unwrap().spawn(async move {
        engine.shutdown(Duration::from_millis(500)).await;
        let _ = done.send(());
    });
    // It ends while the other thread is still held, and the other sockets are closed.
    is_done.recv_timeout(Duration::from_secs(10)).unwrap();
    assert_eq!(std::io::Read::read(&mut peer, &mut [0; 1]).unwrap(), 0);
    drop(held);
}
