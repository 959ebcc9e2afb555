//! `sockscope run … --sequence`: one sequence on one endpoint of the workspace, its result printed and reported.
//!
//! Owns: which endpoint, the result's lines, the exit code. Never: steps. Called by: `listen` (the command `run`).

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::Refusal;
use super::arguments::RunArguments;
use super::endpoints;
use super::junit;
use super::live::{self, Live, sentence};
use super::printer::Output;
use super::standard;
use super::wrong_usage;
use crate::engine::{SequenceMistake, SequenceMistakeKind, SequenceOrder, SequenceTarget, check_sequence};
use crate::model::{
    Draft, Encodings, EndpointId, EndpointSettings, LaneOutcome, LaneReport, PayloadFormat, Protocol, Sequence,
    SequenceReport, Step,
};
use crate::payload;
use crate::words::{Language, Words};
use crate::workspace::{Workspace, WorkspaceSupply};

const ID: EndpointId = EndpointId(1);

pub fn run(arguments: &RunArguments, name: &str, workspace: &Workspace) -> Result<(), Refusal> {
    let sequence = named(workspace, name);
    let settings = endpoint(workspace, sequence, arguments.on.as_deref());
    if let Err(mistake) = check_sequence(sequence) {
        wrong_usage("run", &format!("the sequence {name}, {}", told(&mistake)));
    }
    if arguments.connections.is_some() && !matches!(settings.protocol, Protocol::TcpClient(_)) {
        wrong_usage("run", "--connections is for TCP clients");
    }
    let encodings =
        Encodings { endpoints: std::iter::once((ID, settings.shown_as)).collect(), ..arguments.session.encodings() };
    let result = RefCell::new(None);
    let ended = live::run(&arguments.session, Output::Lines, encodings, async |live| {
        live.set_unfinished(Some("The sequence was stopped before it had ended.".to_owned()));
        result.replace(Some(run_live(live, arguments, sequence, &settings).await));
        live.set_unfinished(None);
        Ok(())
    });
    // Standard output is the printer's until the session has ended.
    let Some(report) = result.into_inner() else { return ended.and(Err("The sequence did not run.".to_owned())) };
    standard::print_all(lines(&report, arguments.session.json).as_bytes())?;
    if let Some(path) = &arguments.report {
        junit::write(path, &report).map_err(|failure| sentence(&failure))?;
    }
    ended?;
    if report.passed() { Ok(()) } else { Err(format!("The sequence {} failed.", report.name)) }
}

async fn run_live(
    live: &Live,
    arguments: &RunArguments,
    sequence: &Sequence,
    settings: &EndpointSettings,
) -> Arc<SequenceReport> {
    live.engine.set_supply(Arc::new(supply(arguments, sequence)));
    // A client that speaks first is heard from its first byte only by a run that connects itself.
    let own = matches!(settings.protocol, Protocol::TcpClient(_)).then_some(1);
    let on = match arguments.connections.or(own) {
        Some(count) => {
            while live.engine.list_closed(ID, settings.clone()).is_err() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            SequenceTarget::Connections { client: ID, count }
        }
        None => {
            live.open(ID, settings).await;
            SequenceTarget::Peers(ID)
        }
    };
    let asks: BTreeMap<_, _> = arguments.ask.iter().cloned().collect();
    let order = SequenceOrder { sequence: sequence.clone(), on, asks: Arc::new(asks) };
    let id = loop {
        match live.engine.run_sequence(order.clone()) {
            Ok(id) => break id,
            Err(_) => tokio::time::sleep(Duration::from_millis(1)).await,
        }
    };
    let over = || {
        live.snapshot_when(|snapshot| {
            let run = snapshot.runs.iter().find(|run| run.id == id)?;
            run.over.then(|| run.report.clone())
        })
    };
    let Some(limit) = arguments.timeout else { return over().await };
    match tokio::time::timeout(limit, over()).await {
        Ok(report) => report,
        Err(_) => {
            live.engine.stop_run(id);
            over().await
        }
    }
}

fn named<'a>(workspace: &'a Workspace, name: &str) -> &'a Sequence {
    match workspace.sequences.iter().find(|sequence| sequence.name == name) {
        Some(sequence) => sequence,
        None => {
            let known: Vec<_> = workspace.sequences.iter().map(|sequence| sequence.name.as_str()).collect();
            wrong_usage("run", &format!("the workspace has no sequence {name:?}; it has: {}", known.join(", ")))
        }
    }
}

/// The endpoint by its name or its address; an address that the workspace does not have is connected to.
fn endpoint(workspace: &Workspace, sequence: &Sequence, on: Option<&str>) -> EndpointSettings {
    let wanted = on.or(Some(sequence.endpoint.as_str()).filter(|wanted| !wanted.is_empty()));
    let Some(wanted) = wanted else {
        let [only] = workspace.endpoints.as_slice() else {
            wrong_usage("run", "the sequence names no endpoint: --on NAME or --on ENDPOINT says which")
        };
        return only.clone();
    };
    let named = |settings: &&EndpointSettings| settings.name.as_deref() == Some(wanted);
    let at = |settings: &&EndpointSettings| settings.uri().to_string() == wanted;
    let found = workspace.endpoints.iter().find(named).or_else(|| workspace.endpoints.iter().find(at));
    match (found, endpoints::to_connect_to(wanted)) {
        (Some(settings), _) => settings.clone(),
        (None, Ok(uri)) => endpoints::connecting(&uri),
        (None, Err(_)) => wrong_usage("run", &format!("the workspace has no endpoint {wanted:?}")),
    }
}

fn supply(arguments: &RunArguments, sequence: &Sequence) -> WorkspaceSupply {
    let folder = match arguments.workspace.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut picked = BTreeSet::new();
    if arguments.trust {
        absolute_files(&sequence.steps, &mut picked);
    }
    WorkspaceSupply { folder: Some(folder.to_owned()), trusted: arguments.trust, picked }
}

/// Files outside the workspace's folder, which --trust allows.
fn absolute_files(steps: &[Step], files: &mut BTreeSet<PathBuf>) {
    for step in steps {
        match step {
            Step::Send(draft) | Step::Set { value: draft, .. } => files_of(draft, files),
            Step::Repeat { steps, .. } => absolute_files(steps, files),
            Step::WaitFor(_) | Step::Expect(_) | Step::Pause { .. } | Step::Close { .. } => {}
        }
    }
}

fn files_of(draft: &Draft, files: &mut BTreeSet<PathBuf>) {
    let absolute = |path: &PathBuf| path.is_absolute();
    if draft.format == PayloadFormat::File {
        files.extend(payload::file_path(draft).ok().filter(absolute));
    } else if let Ok(compiled) = payload::compile(draft) {
        files.extend(compiled.needs().files.iter().map(PathBuf::from).filter(absolute));
    }
}

fn told(mistake: &SequenceMistake) -> String {
    let words = Words::of(Language::English);
    let what = match &mistake.what {
        SequenceMistakeKind::Payload(mistake) => words.mistake(mistake),
        SequenceMistakeKind::Pattern(mistake) => words.pattern_mistake(mistake),
        SequenceMistakeKind::TooDeep => words.get("step_place.too_deep").to_owned(),
    };
    words.at_step(&mistake.step, &what)
}

/// Why a lane did not pass; nothing where it did.
pub fn reason(lane: &LaneReport) -> Option<String> {
    let words = Words::of(Language::English);
    match &lane.outcome {
        LaneOutcome::Passed => None,
        LaneOutcome::Failed(failure) => Some(words.at_step(&lane.step, &words.step_failure(failure))),
        LaneOutcome::Running | LaneOutcome::Stopped => Some(words.at_step(&lane.step, "stopped before it had ended")),
    }
}

fn lines(report: &SequenceReport, json: bool) -> String {
    let mut text = String::new();
    for lane in &report.lanes {
        let reason = reason(lane);
        if json {
            let object = serde_json::json!({
                "kind": "sequence",
                "name": report.name,
                "connection": lane.connection.0,
                "on": lane.on,
                "passed": reason.is_none(),
                "seconds": Duration::from_nanos(lane.nanos).as_secs_f64(),
                "failure": reason,
            });
            text.push_str(&format!("{object}\n"));
        } else if let Some(reason) = reason {
            text.push_str(&format!("{}: {reason}\n", lane.on));
        }
    }
    if !json {
        let passed = report.lanes.iter().filter(|lane| lane.outcome == LaneOutcome::Passed).count();
        let name = payload::visible_text(&report.name, 512);
        text.push_str(&format!("{name}: {passed} of {} passed\n", report.lanes.len()));
    }
    text
}
