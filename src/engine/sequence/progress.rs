//! How far the lanes of a run are.
//!
//! Owns: a lane's report while it runs, and the report of all that the snapshot shares. Never: steps.
//! Called by: `sequence`, `lane`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use super::super::publisher::Board;
use crate::model::{ConnectionId, LaneOutcome, LaneReport, RunId, SequenceReport};

/// One run: what its tasks, the stop lane and the publisher share.
pub(in super::super) struct Run {
    pub id: RunId,
    pub stop: CancellationToken,
    name: String,
    lanes: Vec<Mutex<LaneReport>>,
    began: Instant,
    /// A lane is not where the last report says.
    changed: AtomicBool,
    report: Mutex<Arc<SequenceReport>>,
}

impl Run {
    /// `on`: for each lane its connection and what it is called.
    pub fn new(id: RunId, name: String, on: Vec<(ConnectionId, String)>) -> Self {
        let lanes = on.into_iter().map(|(connection, on)| {
            let step = Vec::new();
            Mutex::new(LaneReport { connection, on, step, ..LaneReport::default() })
        });
        Self {
            id,
            stop: CancellationToken::new(),
            name,
            lanes: lanes.collect(),
            began: Instant::now(),
            changed: AtomicBool::new(true),
            report: Mutex::default(),
        }
    }

    pub fn change(&self, board: &Board, lane: usize, change: impl FnOnce(&mut LaneReport)) {
        let mut report = self.lanes[lane].lock();
        change(&mut report);
        report.nanos = u64::try_from(self.began.elapsed().as_nanos()).unwrap_or(u64::MAX);
        drop(report);
        if !self.changed.swap(true, Ordering::AcqRel) {
            board.list_changed();
        }
    }

    /// Whoever still runs has this outcome now.
    pub fn settle(&self, board: &Board, outcome: &LaneOutcome) {
        for lane in 0..self.lanes.len() {
            if self.lanes[lane].lock().outcome == LaneOutcome::Running {
                self.change(board, lane, |report| report.outcome = outcome.clone());
            }
        }
    }

    /// Made anew only where a lane moved since.
    pub fn report(&self) -> Arc<SequenceReport> {
        if self.changed.swap(false, Ordering::AcqRel) {
            let lanes = self.lanes.iter().map(|lane| lane.lock().clone()).collect();
            *self.report.lock() = Arc::new(SequenceReport { name: self.name.clone(), lanes });
        }
        self.report.lock().clone()
    }
}
