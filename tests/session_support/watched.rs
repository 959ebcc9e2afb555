//! A log view, and waiting for what it shows: for events, never for time.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};

use bytes::Bytes;
use sockscope::filter::Filter;
use sockscope::model::{Event, Flow, Timestamp, What};
use sockscope::session::{
    FindSnapshot, FindStep, Log, LogView, Query, Recorder, RecorderHandle, RecorderOptions, ViewSnapshot,
};

use super::LIMIT;

pub struct Watched {
    pub view: LogView,
    woken: Receiver<()>,
}

impl Watched {
    pub fn new(log: &Arc<Log>) -> Self {
        let (sender, woken) = sync_channel(1);
        let wake = Arc::new(move || {
            let _ = sender.try_send(());
        });
        Self { view: LogView::new(log.clone(), wake), woken }
    }

    /// The first snapshot that is as asked for.
    pub fn until(&self, right: impl Fn(&ViewSnapshot) -> bool) -> Arc<ViewSnapshot> {
        loop {
            let snapshot = self.view.snapshot();
            if right(&snapshot) {
                return snapshot;
            }
            self.woken.recv_timeout(LIMIT).unwrap_or_else(|_| panic!("{:?}", self.view.snapshot()));
        }
    }

    /// The snapshot of a query, when all rows were looked at.
    pub fn all_of(&self, query: Query) -> Arc<ViewSnapshot> {
        self.view.set_query(query.clone());
        self.until(|snapshot| {
            snapshot.query == query && snapshot.scanned >= snapshot.total.min(query.before_row.unwrap_or(u64::MAX))
        })
    }

    pub fn matched(&self, query: Query) -> u64 {
        self.all_of(query).matched
    }

    /// The seqs of what a query shows, which is at most a screen.
    pub fn seqs(&self, query: Query) -> Vec<u64> {
        self.view.want(0, 1000);
        let matched = self.all_of(query.clone()).matched as usize;
        let snapshot = self.until(|snapshot| snapshot.query == query && snapshot.rows.len() == matched);
        snapshot.rows.iter().map(|row| row.as_ref().unwrap().seq).collect()
    }

    pub fn find(&self, text: &str) {
        self.view.find(Some(Filter::parse(text).unwrap()));
    }

    /// The answer to a step.
    pub fn step(&self, step: FindStep, from: Option<u64>) -> FindSnapshot {
        let before = self.view.snapshot().find.step;
        self.view.find_step(step, from);
        self.until(|snapshot| snapshot.find.step > before).find.clone()
    }
}

pub fn recorder() -> (tempfile::TempDir, Recorder, RecorderHandle) {
    let folder = tempfile::tempdir().unwrap();
    let path = Some(folder.path().join("session.pcapng"));
    let (recorder, handle, _) = Recorder::start(RecorderOptions { path, keep_rows: true, subscription: 0 }).unwrap();
    (folder, recorder, handle)
}

pub fn query(text: &str) -> Query {
    Query { filter: Filter::parse(text).unwrap_or_else(|mistake| panic!("{text}: {mistake:?}")), ..Query::default() }
}

pub fn received_at(handle: &RecorderHandle, flow: &Arc<Flow>, nanos: u64, bytes: impl Into<Bytes>) {
    handle.note(Event { time: Timestamp(nanos), flow: flow.clone(), what: What::Received(bytes.into()) });
}

pub fn sent_at(handle: &RecorderHandle, flow: &Arc<Flow>, nanos: u64, bytes: impl Into<Bytes>) {
    handle.note(Event { time: Timestamp(nanos), flow: flow.clone(), what: What::Sent(bytes.into()) });
}

pub fn tree<K: Ord, V>(pairs: impl IntoIterator<Item = (K, V)>) -> BTreeMap<K, V> {
    pairs.into_iter().collect()
}
