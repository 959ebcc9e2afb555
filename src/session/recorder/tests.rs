//! The recorder on files that say no: whichever call fails, the file stays an exact prefix and the gap's count is exact.

use std::fs::File;
use std::io::{self, IoSlice};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use parking_lot::Mutex;

use super::file::{Disk, Storage, Storages, SyncOrder};
use super::{Recorder, RecorderOptions, RecorderStatus};
use crate::model::{
    ConnectionId, EndpointId, Event, EventKind, Flow, Happening, Note, Reason, Recorded, Role, Rotation, Timestamp,
    Transport, What,
};
use crate::session::{Log, NoteEdit, RecorderHandle, Subscription};

const LIMIT: Duration = Duration::from_secs(60);

/// What happens at which call of the file.
#[derive(Clone)]
struct Plan {
    calls: Arc<AtomicU64>,
    fail_at: u64,
    /// How many calls from there on.
    fail_for: u64,
    errno: i32,
    /// Bytes that a failing write takes before it fails.
    short: Option<usize>,
    /// The file has no name any longer.
    unlinked: Arc<Mutex<bool>>,
}

impl Plan {
    fn new(fail_at: u64, fail_for: u64, errno: i32, short: Option<usize>) -> Self {
        Self { calls: Arc::default(), fail_at, fail_for, errno, short, unlinked: Arc::default() }
    }

    fn call(&self) -> io::Result<()> {
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        if call >= self.fail_at && call - self.fail_at < self.fail_for {
            return Err(io::Error::from_raw_os_error(self.errno));
        }
        Ok(())
    }
}

struct Faulty {
    plan: Plan,
}

struct FaultyFile {
    plan: Plan,
    file: Box<dyn Storage>,
}

impl Storages for Faulty {
    fn create(&mut self, path: &Path) -> io::Result<Box<dyn Storage>> {
        self.plan.call()?;
        Ok(Box::new(FaultyFile { plan: self.plan.clone(), file: Disk.create(path)? }))
    }

    fn free_bytes(&mut self, path: &Path) -> io::Result<Option<u64>> {
        self.plan.call()?;
        Disk.free_bytes(path)
    }
}

impl Storage for FaultyFile {
    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        if let Err(error) = self.plan.call() {
            if let Some(short) = self.plan.short {
                let bytes: Vec<u8> = slices.iter().flat_map(|slice| slice.iter().copied()).take(short).collect();
                self.file.write_vectored(&[IoSlice::new(&bytes)])?;
            }
            return Err(error);
        }
        self.file.write_vectored(slices)
    }

    fn truncate(&mut self, bytes: u64) -> io::Result<()> {
        self.plan.call()?;
        self.file.truncate(bytes)
    }

    fn is_linked(&self) -> io::Result<bool> {
        self.plan.call()?;
        Ok(!*self.plan.unlinked.lock() && self.file.is_linked()?)
    }

    fn handle(&self) -> Arc<File> {
        self.file.handle()
    }

    fn begin_writeback(&self, from: u64, bytes: u64) -> SyncOrder {
        let (plan, mut begin) = (self.plan.clone(), self.file.begin_writeback(from, bytes));
        Box::new(move || {
            plan.call()?;
            begin()
        })
    }

    fn sync(&self) -> SyncOrder {
        let (plan, mut sync) = (self.plan.clone(), self.file.sync());
        Box::new(move || {
            plan.call()?;
            sync()
        })
    }
}

fn flow() -> Arc<Flow> {
    Arc::new(Flow {
        endpoint: EndpointId(1),
        endpoint_uri: "tcp://127.0.0.1:9000".into(),
        connection: ConnectionId(1),
        transport: Transport::Tcp,
        role: Role::Listener,
        local: Some("127.0.0.1:9000".parse().unwrap()),
        peer: Some("127.0.0.1:50000".parse().unwrap()),
        mirror: false,
    })
}

fn chunk(handle: &RecorderHandle, flow: &Arc<Flow>, bytes: Vec<u8>) -> Event {
    Event { time: handle.now(), flow: flow.clone(), what: What::Received(Bytes::from(bytes)) }
}

fn take(subscription: &Subscription, events: usize) -> Vec<Recorded> {
    let mut taken = Vec::new();
    while taken.len() < events {
        taken.extend(subscription.recv_timeout(LIMIT).unwrap().iter().cloned());
    }
    taken
}

/// Some rounds of events, each waited for; what the subscriber saw, and how it ended.
fn record(path: &Path, storages: Box<dyn Storages>) -> Option<(Vec<Recorded>, RecorderStatus)> {
    let options = RecorderOptions { path: Some(path.to_owned()), keep_rows: true, subscription: 64 };
    let (recorder, handle, subscription) = Recorder::start_on(options, storages).ok()?;
    let (subscription, flow) = (subscription.unwrap(), flow());
    let mut seen = Vec::new();
    for round in 0..6 {
        if round == 0 {
            handle.note(handle.happened(&flow, Happening::Accepted));
        }
        for n in 0..5 {
            handle.note(chunk(&handle, &flow, vec![n; usize::from(n) * 3000]));
        }
        seen.extend(take(&subscription, 5));
        // Long enough for what failed to be tried again.
        std::thread::sleep(Duration::from_millis(12));
    }
    drop(handle);
    let status = recorder.finish(LIMIT);
    seen.extend(subscription.iter().flat_map(|batch| batch.to_vec()));
    Some((seen, status))
}

fn read(path: &Path) -> Vec<Recorded> {
    let log = Log::open(path).unwrap();
    let state = log.wait_complete(LIMIT);
    assert_eq!(state.damage, None);
    (0..state.rows).map(|row| log.read(row).unwrap()).collect()
}

/// Every hole is followed by a row that counts it; what is there is what was seen.
fn check(file: &[Recorded], seen: &[Recorded], first: u64) -> u64 {
    let (mut next, mut lost) = (first, 0);
    for recorded in file {
        assert!(!recorded.damaged);
        let hole = recorded.seq - next;
        if let Some(Happening::Gap { events, .. }) = recorded.event.happening() {
            assert_eq!(*events, hole, "at {}", recorded.seq);
            lost += events;
        } else {
            assert_eq!(hole, 0, "at {}", recorded.seq);
        }
        let same = seen.iter().find(|seen| seen.seq == recorded.seq).unwrap();
        assert_eq!(same.event.what, recorded.event.what);
        assert_eq!((same.event.time, &same.event.flow), (recorded.event.time, &recorded.event.flow));
        next = recorded.seq + 1;
    }
    lost
}

#[test]
fn whichever_call_fails_the_file_is_an_exact_prefix_and_the_gap_is_exact() {
    const ENOSPC: i32 = 28;
    const EIO: i32 = 5;
    let folder = tempfile::tempdir().unwrap();
    for (errno, short, fail_for) in [(ENOSPC, None, 1), (EIO, Some(5000), 1), (ENOSPC, Some(7), 3)] {
        let mut fail_at = 0;
        loop {
            let plan = Plan::new(fail_at, fail_for, errno, short);
            let path = folder.path().join(format!("{errno}-{fail_for}-{fail_at}.pcapng"));
            match record(&path, Box::new(Faulty { plan: plan.clone() })) {
                None => assert!(!path.exists(), "{fail_at}"),
                Some((seen, status)) => {
                    let file = read(&path);
                    let lost = check(&file, &seen, 1);
                    // What failed at the very end has no row after it.
                    let lost = lost + seen.last().unwrap().seq - file.last().unwrap().seq;
                    assert_eq!(lost, status.unrecorded_total, "call {fail_at}");
                    let seqs: Vec<_> = seen.iter().map(|seen| seen.seq).collect();
                    assert_eq!(seqs, (1..=status.events).collect::<Vec<_>>());
                }
            }
            if plan.calls.load(Ordering::Relaxed) <= fail_at {
                break;
            }
            fail_at += 1;
        }
        assert!(fail_at > 10);
    }
}

/// Rounds of half a megabyte, with a new file for each two of them.
fn record_rotating(path: &Path, storages: Box<dyn Storages>, keep_files: Option<u32>) -> Option<Rotated> {
    let options = RecorderOptions { path: Some(path.to_owned()), keep_rows: true, subscription: 64 };
    let (recorder, handle, subscription) = Recorder::start_on(options, storages).ok()?;
    recorder.set_rotation(Rotation { every_bytes: Some(Rotation::LEAST_BYTES), every_secs: None, keep_files });
    let (subscription, flow) = (subscription.unwrap(), flow());
    let mut seen = Vec::new();
    for round in 0..10 {
        for _ in 0..9 {
            handle.note(chunk(&handle, &flow, vec![round; 60_000]));
        }
        seen.extend(take(&subscription, 9));
    }
    let log = recorder.log().unwrap();
    drop(handle);
    let status = recorder.finish(LIMIT);
    seen.extend(subscription.iter().flat_map(|batch| batch.to_vec()));
    Some(Rotated { log, seen, status })
}

struct Rotated {
    log: Arc<Log>,
    seen: Vec<Recorded>,
    status: RecorderStatus,
}

fn files_of(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    // The first file has no number: "a.pcapng" stands behind "a.0002.pcapng" by name.
    files.sort_by_key(|path| super::rotation::place_in_set(path).1);
    files
}

#[test]
fn a_session_goes_on_in_new_files_and_the_log_spans_them() {
    let folder = tempfile::tempdir().unwrap();
    let rotated = record_rotating(&folder.path().join("a.pcapng"), Box::new(Disk), None).unwrap();
    let files = files_of(folder.path());
    assert!(files.len() >= 5, "{files:?}");
    let mut next = 1;
    for file in &files {
        let bytes = std::fs::metadata(file).unwrap().len();
        assert!(bytes < 3 * Rotation::LEAST_BYTES, "{bytes}");
        let read = read(file);
        assert_eq!(check(&read, &rotated.seen, next), 0);
        next = read.last().unwrap().seq + 1;
    }
    assert_eq!(next, rotated.status.events + 1);
    let state = rotated.log.state();
    assert_eq!((state.rows, state.first_row), (rotated.status.events, 0));
    for row in 0..state.rows {
        assert_eq!(rotated.log.read(row).unwrap().seq, row + 1);
    }
    let bytes: u64 = files.iter().map(|file| std::fs::metadata(file).unwrap().len()).sum();
    assert_eq!((rotated.status.file_bytes, rotated.status.path.as_ref()), (bytes, files.last()));
}

#[test]
fn only_the_newest_files_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let rotated = record_rotating(&folder.path().join("a.pcapng"), Box::new(Disk), Some(2)).unwrap();
    let files = files_of(folder.path());
    assert_eq!(files.len(), 2, "{files:?}");
    let oldest = read(&files[0])[0].seq;
    let state = rotated.log.state();
    assert_eq!((state.rows, state.first_row), (rotated.status.events, oldest - 1));
    assert_eq!(rotated.status.deleted_events, oldest - 1);
    assert!(rotated.log.read(state.first_row - 1).is_err());
    for row in state.first_row..state.rows {
        assert_eq!(rotated.log.read(row).unwrap().seq, row + 1);
    }
}

#[test]
fn whichever_call_fails_while_files_change_the_gap_is_exact() {
    const EIO: i32 = 5;
    let root = tempfile::tempdir().unwrap();
    let mut fail_at = 3;
    loop {
        let plan = Plan::new(fail_at, 1, EIO, Some(5000));
        let folder = root.path().join(fail_at.to_string());
        std::fs::create_dir(&folder).unwrap();
        if let Some(rotated) = record_rotating(&folder.join("a.pcapng"), Box::new(Faulty { plan: plan.clone() }), None)
        {
            let read: Vec<_> = files_of(&folder).iter().flat_map(|file| read(file)).collect();
            let lost = check(&read, &rotated.seen, 1);
            let lost = lost + rotated.seen.last().unwrap().seq - read.last().unwrap().seq;
            assert_eq!(lost, rotated.status.unrecorded_total, "call {fail_at}");
        }
        std::fs::remove_dir_all(&folder).unwrap();
        if plan.calls.load(Ordering::Relaxed) <= fail_at {
            break;
        }
        fail_at += 5;
    }
}

#[test]
fn a_removed_folder_is_a_failure_and_its_return_a_new_file() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("sessions");
    std::fs::create_dir(&folder).unwrap();
    let path = folder.join("session.pcapng");
    let options = RecorderOptions { path: Some(path.clone()), keep_rows: true, subscription: 64 };
    let (recorder, handle, subscription) = Recorder::start(options).unwrap();
    let (subscription, flow) = (subscription.unwrap(), flow());
    handle.note(handle.happened(&flow, Happening::Accepted));
    handle.note(chunk(&handle, &flow, vec![1; 100]));
    let mut seen = take(&subscription, 2);
    std::fs::remove_dir_all(&folder).unwrap();
    handle.note(chunk(&handle, &flow, vec![2; 200]));
    seen.extend(take(&subscription, 1));
    let status = recorder.status();
    assert_eq!(status.failing.map(|failure| failure.reason), Some(Reason::FolderGone));
    assert_eq!(status.unrecorded_now, 1);
    std::fs::create_dir(&folder).unwrap();
    let gap = take(&subscription, 1);
    assert_eq!(gap[0].event.kind(), EventKind::Gap);
    seen.extend(gap);
    handle.note(chunk(&handle, &flow, vec![3; 300]));
    seen.extend(take(&subscription, 1));
    let log = recorder.log().unwrap();
    drop(handle);
    let status = recorder.finish(LIMIT);
    assert_eq!((status.failing, status.unrecorded_total), (None, 1));
    // The live log still has what stood in the removed file; the new file begins with the gap.
    let live: Vec<_> = (0..log.state().rows).map(|row| log.read(row).unwrap()).collect();
    assert_eq!(live.iter().map(|r| r.seq).collect::<Vec<_>>(), [1, 2, 4, 5]);
    check(&live, &seen, 1);
    let file = read(&path);
    assert_eq!(file.iter().map(|r| r.seq).collect::<Vec<_>>(), [4, 5]);
    check(&file, &seen, 3);
}

#[test]
fn a_slow_subscriber_loses_nothing_and_one_that_left_is_forgotten() {
    let (recorder, handle, subscription) =
        Recorder::start(RecorderOptions { subscription: 1, ..RecorderOptions::default() }).unwrap();
    let (subscription, flow) = (subscription.unwrap(), flow());
    for n in 0..20_000u32 {
        handle.note(chunk(&handle, &flow, n.to_le_bytes().to_vec()));
    }
    let first = subscription.recv_timeout(LIMIT).unwrap();
    std::thread::sleep(Duration::from_millis(50));
    let mut seen = first.to_vec();
    seen.extend(take(&subscription, 20_000 - first.len()));
    assert!(seen.iter().zip(0u32..).all(|(r, n)| r.event.bytes().unwrap()[..] == n.to_le_bytes()));
    drop(subscription);
    handle.note(chunk(&handle, &flow, Vec::new()));
    drop(handle);
    assert_eq!(recorder.finish(LIMIT).events, 20_001);
}

#[test]
fn a_subscriber_that_takes_nothing_does_not_keep_the_file_open() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("session.pcapng");
    let options = RecorderOptions { path: Some(path.clone()), keep_rows: false, subscription: 1 };
    let (recorder, handle, subscription) = Recorder::start(options).unwrap();
    let flow = flow();
    for _ in 0..10 {
        handle.note(chunk(&handle, &flow, vec![0; 2 * 1024 * 1024]));
    }
    drop(handle);
    let status = recorder.finish(Duration::from_secs(4));
    assert_eq!((status.events, status.failing), (10, None));
    assert_eq!(read(&path).len(), 10);
    drop(subscription);
}

#[test]
fn a_finished_file_is_let_go_of_although_its_log_is_still_shown() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("session.pcapng");
    let options = RecorderOptions { path: Some(path.clone()), keep_rows: true, subscription: 0 };
    let (recorder, handle, _) = Recorder::start(options).unwrap();
    let (log, flow) = (recorder.log().unwrap(), flow());
    handle.note(chunk(&handle, &flow, vec![1]));
    drop(handle);
    recorder.finish(LIMIT);
    File::open(&path).unwrap().try_lock().unwrap();
    assert_eq!(log.state().rows, 1);
}

#[test]
fn an_event_that_no_block_can_hold_is_a_gap() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("session.pcapng");
    let options = RecorderOptions { path: Some(path.clone()), ..RecorderOptions::default() };
    let (recorder, handle, _) = Recorder::start(options).unwrap();
    let flow = flow();
    handle.note(chunk(&handle, &flow, vec![1]));
    handle.note(chunk(&handle, &flow, vec![0; 20 * 1024 * 1024]));
    handle.note(chunk(&handle, &flow, vec![2]));
    drop(handle);
    assert_eq!(recorder.finish(LIMIT).unrecorded_total, 1);
    let kinds: Vec<_> = read(&path).iter().map(|r| (r.seq, r.event.kind())).collect();
    assert_eq!(kinds, [(1, EventKind::Received), (3, EventKind::Gap), (4, EventKind::Received)]);
}

#[test]
fn whichever_call_fails_no_note_is_lost() {
    const ENOSPC: i32 = 28;
    let folder = tempfile::tempdir().unwrap();
    let mut fail_at = 0;
    loop {
        let plan = Plan::new(fail_at, 2, ENOSPC, Some(40));
        let path = folder.path().join(format!("{fail_at}.pcapng"));
        let options = RecorderOptions { path: Some(path.clone()), keep_rows: true, subscription: 64 };
        if let Ok((recorder, handle, subscription)) =
            Recorder::start_on(options, Box::new(Faulty { plan: plan.clone() }))
        {
            let (log, flow) = (recorder.log().unwrap(), flow());
            for seq in 1..=4u64 {
                handle.note(chunk(&handle, &flow, vec![0; 100]));
                take(subscription.as_ref().unwrap(), 1);
                let note = Note { seq, text: format!("note {seq}"), time: Timestamp(seq) };
                log.annotate(NoteEdit::Write(note)).unwrap();
            }
            log.annotate(NoteEdit::Remove(2)).unwrap();
            drop(handle);
            recorder.finish(LIMIT);
            let again = Log::open(&path).unwrap();
            assert_eq!(again.wait_complete(LIMIT).damage, None);
            assert_eq!(again.notes().by_seq, log.notes().by_seq, "call {fail_at}");
            assert_eq!(again.notes().by_seq.keys().copied().collect::<Vec<_>>(), [1, 3, 4]);
        }
        if plan.calls.load(Ordering::Relaxed) <= fail_at {
            break;
        }
        fail_at += 1;
    }
    assert!(fail_at > 5);
}
