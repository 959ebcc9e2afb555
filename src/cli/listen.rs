//! `sockscope listen` and `sockscope run`: many endpoints, every event printed, until something says stop.

use std::path::Path;

use super::Refusal;
use super::arguments::{ListenArguments, RunArguments};
use super::endpoints;
use super::live::{self, Live, sentence};
use super::printer::Output;
use super::sequence;
use super::standard;
use crate::engine::EndpointState;
use crate::model::{
    Doing, EndpointId, EndpointSettings, Failure, PayloadFormat, Protocol, Reason, SavedPayload, TextEncoding,
};
use crate::words::{Language, Words};
use crate::workspace::{Workspace, WorkspaceError};

pub fn listen(arguments: &ListenArguments) -> Result<(), Refusal> {
    let service = &arguments.service;
    let answer = service.answer(arguments.echo, arguments.endpoints.iter().map(|uri| uri.transport));
    let answer = answer.unwrap_or_else(|mistake| super::wrong_usage("listen", &mistake));
    let opened = |uri| {
        let mut settings = endpoints::listening(uri, answer, arguments.max_peers, arguments.dual_stack);
        service.fill(&mut settings);
        settings
    };
    let endpoints: Vec<_> = arguments.endpoints.iter().map(opened).collect();
    live::run(&arguments.session, Output::Lines, arguments.session.encodings(), async |live| {
        watch(live, &endpoints).await
    })
}

pub fn run(arguments: &RunArguments) -> Result<(), Refusal> {
    let path = &arguments.workspace;
    let workspace = Workspace::load(path).map_err(|error| workspace_refusal(path, &error))?;
    if arguments.all_sequences || !arguments.sequence.is_empty() {
        return sequence::run(arguments, &workspace);
    }
    if workspace.endpoints.is_empty() {
        return Err(format!("{} has no endpoints to open.", path.display()));
    }
    if !arguments.trust {
        say_what_stays_out_of_reach(path, &workspace.payloads);
    }
    let mut encodings = arguments.session.encodings();
    let own = workspace.endpoints.iter().map(|endpoint| endpoint.shown_as);
    encodings.endpoints = (1..).map(EndpointId).zip(own).filter(|(_, own)| *own != TextEncoding::default()).collect();
    live::run(&arguments.session, Output::Lines, encodings, async |live| watch(live, &workspace.endpoints).await)
}

/// Opens all; ends when a listener or a UDP socket fails, or when nothing is left open.
async fn watch(live: &Live, endpoints: &[EndpointSettings]) -> Result<(), Refusal> {
    // Nobody can send to them from here.
    live.engine.close_finished_peers();
    for (id, settings) in (1..).map(EndpointId).zip(endpoints) {
        live.open(id, settings).await;
    }
    let failure = live
        .snapshot_when(|snapshot| {
            let failed = |client: bool| {
                snapshot.endpoints.iter().find(move |endpoint| {
                    endpoint.state == EndpointState::Failed
                        && matches!(endpoint.settings.protocol, Protocol::TcpClient(_)) == client
                })
            };
            let all_over = snapshot.endpoints.len() >= endpoints.len()
                && snapshot
                    .endpoints
                    .iter()
                    .all(|endpoint| matches!(endpoint.state, EndpointState::Closed | EndpointState::Failed));
            let endpoint = failed(false).or_else(|| failed(true).filter(|_| all_over));
            match endpoint {
                Some(endpoint) => Some(Some(endpoint.failure.clone().unwrap_or_else(|| {
                    Failure::new(Doing::Listen, endpoint.settings.uri().to_string(), Reason::Other)
                }))),
                None => all_over.then_some(None),
            }
        })
        .await;
    failure.map_or(Ok(()), |failure| Err(sentence(&failure)))
}

fn workspace_refusal(path: &Path, error: &WorkspaceError) -> Refusal {
    let words = Words::of(Language::English);
    let sentence = match error {
        // Its sentence names the file already.
        WorkspaceError::Io(_) => error.sentence(words),
        _ => format!("{}: {}", path.display(), error.sentence(words)),
    };
    error.hint(words).map_or(sentence.clone(), |hint| format!("{sentence} {hint}"))
}

/// A workspace from elsewhere may name any file. Nothing of it is read here; the person should know all the same.
fn say_what_stays_out_of_reach(workspace: &Path, payloads: &[SavedPayload]) {
    let outside = payloads
        .iter()
        .filter(|payload| payload.draft.format == PayloadFormat::File && is_outside(workspace, &payload.draft.text))
        .count();
    if outside > 0 {
        standard::complain(&format!(
            "{}: {outside} of its payloads name files outside its folder. They stay out of reach without --trust.",
            workspace.display()
        ));
    }
}

/// Whether a path, as it stands in the workspace, leads out of the workspace's folder. What is not there leads nowhere.
fn is_outside(workspace: &Path, file: &str) -> bool {
    let folder = workspace.parent().unwrap_or(Path::new("."));
    Workspace::file_allowed(folder, Path::new(file)).is_err_and(|failure| failure.reason == Reason::NotAllowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_what_is_outside() {
        let folder = tempfile::tempdir().unwrap();
        let other = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(folder.path().join("inside.bin"), "x").unwrap();
        let workspace = folder.path().join("bench.toml");
        let outside = |file: &str| is_outside(&workspace, file);
        assert!(!outside("inside.bin"));
        assert!(!outside("missing.bin"));
        assert!(outside(other.path().to_str().unwrap()));
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(other.path(), folder.path().join("link.bin")).unwrap();
            assert!(outside("link.bin"));
        }
    }
}
