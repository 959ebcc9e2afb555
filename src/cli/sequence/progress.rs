//! How far a sequence is, on standard error, for the person who waits. Called by: `sequence`.

use std::time::Duration;

use tokio::time::Instant;

use super::plan::Planned;
use super::{of, standard};
use crate::cli::live::Live;
use crate::engine::EndpointStatus;
use crate::model::{LaneOutcome, Protocol, RunId, Sequence, SequenceReport};
use crate::payload::visible_text;
use crate::words::{Language, Words};

/// From one line to the next, at the least.
const EVERY: Duration = Duration::from_secs(1);

/// One line about a sequence.
pub fn say(sequence: &Sequence, what: &str) {
    standard::complain(&format!("{}: {what}", visible_text(&sequence.name, 200)));
}

/// Says now and then where a run is, as long as it changes. Never ends by itself.
pub async fn tell(live: &Live, id: RunId, planned: &Planned<'_>) -> std::convert::Infallible {
    waiting_for_a_peer(live, id, planned).await;
    let mut said = String::new();
    let mut next = Instant::now() + EVERY;
    loop {
        tokio::time::sleep_until(next).await;
        let line = live
            .snapshot_when(|snapshot| {
                let run = of(snapshot, id).filter(|run| !run.over)?;
                Some(line(&run.report)).filter(|line| *line != said)
            })
            .await;
        say(planned.sequence, &line);
        said = line;
        next = Instant::now() + EVERY;
    }
}

/// A listener's port may have been chosen by the system just now.
async fn waiting_for_a_peer(live: &Live, id: RunId, planned: &Planned<'_>) {
    if matches!(planned.settings.protocol, Protocol::TcpClient(_)) {
        return;
    }
    let at = live
        .snapshot_when(|snapshot| {
            let begun = of(snapshot, id)?.report.lanes.iter().any(|lane| !lane.step.is_empty());
            let endpoint = snapshot.endpoint(planned.id)?;
            (begun || !endpoint.local.is_empty()).then(|| (!begun).then(|| address(endpoint)))
        })
        .await;
    if let Some(at) = at {
        say(planned.sequence, &format!("waits for a peer at {at}"));
    }
}

fn address(endpoint: &EndpointStatus) -> String {
    let transport = endpoint.settings.transport();
    endpoint.local.iter().map(|local| format!("{transport}://{local}")).collect::<Vec<_>>().join(", ")
}

fn line(report: &SequenceReport) -> String {
    if let [lane] = report.lanes.as_slice() {
        return Words::of(Language::English).lane(lane);
    }
    let count = |wanted: fn(&LaneOutcome) -> bool| report.lanes.iter().filter(|lane| wanted(&lane.outcome)).count();
    let passed = count(|outcome| *outcome == LaneOutcome::Passed);
    let running = count(|outcome| *outcome == LaneOutcome::Running);
    format!("{passed} passed, {} failed, {running} running", report.lanes.len() - passed - running)
}
