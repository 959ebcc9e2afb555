//! `sockscope run … --sequence`: sequences of a workspace, one after the other, their results printed and reported.
//!
//! Owns: the order of the runs, their results, the exit code. Never: steps. Called by: `listen` (the command `run`).

mod plan;
mod progress;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::Refusal;
use super::arguments::RunArguments;
use super::live::{self, Live, sentence};
use super::printer::Output;
use super::standard;
use crate::engine::{Engine, EngineSnapshot, RunProgress, SequenceOrder, SequenceTarget};
use crate::model::{EndpointId, LaneOutcome, Protocol, RunId, SequenceReport};
use crate::payload;
use crate::words::{Language, Words};
use crate::workspace::{Workspace, save_junit};

use plan::Planned;

pub fn run(arguments: &RunArguments, workspace: &Workspace) -> Result<(), Refusal> {
    let planned = plan::plan(arguments, workspace);
    let encodings = plan::encodings(&planned, arguments.session.encodings());
    let results = RefCell::new(Results::default());
    let ended = live::run(&arguments.session, Output::Nothing, encodings, async |live| {
        live.set_unfinished(Some("The sequences were stopped before they had ended.".to_owned()));
        results.borrow_mut().engine = Some(live.engine.clone());
        live.engine.set_supply(Arc::new(plan::supply(arguments, &planned)));
        let mut opened = BTreeSet::new();
        for planned in &planned {
            one(live, arguments, planned, &mut opened, &results).await;
        }
        live.set_unfinished(None);
        Ok(())
    });
    // Standard output is the printer's until the session has ended.
    let reports = results.into_inner().of_all(&planned);
    let reports: Vec<&SequenceReport> = reports.iter().map(Arc::as_ref).collect();
    standard::print_all(lines(&reports, arguments.session.json).as_bytes())?;
    if let Some(path) = &arguments.report {
        save_junit(path, &reports).map_err(|failure| sentence(&failure))?;
    }
    ended?;
    verdict(&reports)
}

/// What came of the runs; what a signal cut off is found in the engine's last snapshot.
#[derive(Default)]
struct Results {
    engine: Option<Engine>,
    over: Vec<Arc<SequenceReport>>,
    running: Option<RunId>,
}

impl Results {
    /// One for each that was planned; one without connections where it was not begun.
    fn of_all(mut self, planned: &[Planned<'_>]) -> Vec<Arc<SequenceReport>> {
        if let (Some(id), Some(engine)) = (self.running, &self.engine) {
            self.over.extend(of(&engine.snapshot(), id).map(|run| run.report.clone()));
        }
        let missing = planned.iter().skip(self.over.len());
        let not_run = missing.map(|planned| {
            let name = planned.sequence.name.clone();
            Arc::new(SequenceReport { name, lanes: Vec::new() })
        });
        self.over.extend(not_run.collect::<Vec<_>>());
        self.over
    }
}

fn of(snapshot: &EngineSnapshot, id: RunId) -> Option<&RunProgress> {
    snapshot.runs.iter().find(|run| run.id == id)
}

async fn one(
    live: &Live,
    arguments: &RunArguments,
    planned: &Planned<'_>,
    opened: &mut BTreeSet<EndpointId>,
    results: &RefCell<Results>,
) {
    let on = ready(live, arguments, planned, opened).await;
    let asks: BTreeMap<_, _> = arguments.ask.iter().cloned().collect();
    let order = SequenceOrder { sequence: planned.sequence.clone(), on, asks: Arc::new(asks) };
    let id = loop {
        match live.engine.run_sequence(order.clone()) {
            Ok(id) => break id,
            Err(_) => tokio::time::sleep(Duration::from_millis(1)).await,
        }
    };
    results.borrow_mut().running = Some(id);
    let over = || live.snapshot_when(|snapshot| of(snapshot, id).filter(|run| run.over).map(|run| run.report.clone()));
    let limited = async {
        let limit = arguments.timeout.unwrap_or(Duration::MAX);
        match tokio::time::timeout(limit, over()).await {
            Ok(report) => report,
            Err(_) => {
                progress::say(planned.sequence, "stopped: it took longer than --timeout");
                live.engine.stop_run(id);
                over().await
            }
        }
    };
    let report = tokio::select! {
        report = limited => report,
        never = progress::tell(live, id, planned) => match never {},
    };
    let mut results = results.borrow_mut();
    results.running = None;
    results.over.push(report);
}

/// Opens the endpoint of a sequence where nobody did before, and says on what it runs.
async fn ready(
    live: &Live,
    arguments: &RunArguments,
    planned: &Planned<'_>,
    opened: &mut BTreeSet<EndpointId>,
) -> SequenceTarget {
    let fresh = opened.insert(planned.id);
    // A client that speaks first is heard from its first byte only by a run that connects itself.
    if matches!(planned.settings.protocol, Protocol::TcpClient(_)) {
        while live.engine.list_closed(planned.id, planned.settings.clone()).is_err() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        return SequenceTarget::Connections { client: planned.id, count: arguments.connections.unwrap_or(1) };
    }
    if fresh {
        live.open(planned.id, &planned.settings).await;
    }
    SequenceTarget::Peers(planned.id)
}

fn verdict(reports: &[&SequenceReport]) -> Result<(), Refusal> {
    let name = |report: &&&SequenceReport| payload::visible_text(&report.name, 200);
    let failed: Vec<_> = reports.iter().filter(|report| !report.passed()).map(|report| name(&report)).collect();
    match failed.as_slice() {
        [] => Ok(()),
        [one] => Err(format!("The sequence {one} failed.")),
        all => Err(format!("{} of {} sequences failed: {}.", all.len(), reports.len(), all.join(", "))),
    }
}

fn lines(reports: &[&SequenceReport], json: bool) -> String {
    let mut text = String::new();
    for report in reports {
        if json { json_lines(report, &mut text) } else { plain_lines(report, &mut text) }
    }
    text
}

fn json_lines(report: &SequenceReport, text: &mut String) {
    let words = Words::of(Language::English);
    for lane in &report.lanes {
        let passed = lane.outcome == LaneOutcome::Passed;
        let object = serde_json::json!({
            "kind": "sequence",
            "name": report.name,
            "connection": lane.connection.0,
            "on": lane.on,
            "passed": passed,
            "seconds": Duration::from_nanos(lane.nanos).as_secs_f64(),
            "step": lane.step,
            "failure": (!passed).then(|| words.lane(lane)),
        });
        text.push_str(&format!("{object}\n"));
    }
    if report.lanes.is_empty() {
        let object =
            serde_json::json!({ "kind": "sequence", "name": report.name, "passed": false, "failure": "not run" });
        text.push_str(&format!("{object}\n"));
    }
}

fn plain_lines(report: &SequenceReport, text: &mut String) {
    let words = Words::of(Language::English);
    for lane in report.lanes.iter().filter(|lane| lane.outcome != LaneOutcome::Passed) {
        text.push_str(&format!("{}: {}\n", payload::visible_text(&lane.on, 300), words.lane(lane)));
    }
    let name = payload::visible_text(&report.name, 512);
    if report.lanes.is_empty() {
        text.push_str(&format!("{name}: not run\n"));
        return;
    }
    let passed = report.lanes.iter().filter(|lane| lane.outcome == LaneOutcome::Passed).count();
    text.push_str(&format!("{name}: {passed} of {} passed\n", report.lanes.len()));
}
