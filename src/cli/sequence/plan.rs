//! Which sequences run on which endpoints. Whatever cannot be done is told here, with code 2, before anything is opened.
//! Called by: `sequence`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::cli::arguments::RunArguments;
use crate::cli::{endpoints, wrong_usage};
use crate::engine::check_sequence;
use crate::model::{
    Draft, Encodings, EndpointId, EndpointSettings, PayloadFormat, Protocol, Sequence, Step, TextEncoding,
    endpoint_called,
};
use crate::payload::{self, visible_text};
use crate::rules::sequence_asks;
use crate::words::{Language, Words};
use crate::workspace::{Workspace, WorkspaceSupply};

/// Names that a complaint lists.
const LISTED: usize = 20;

/// A sequence and the endpoint it runs on; two that run on the same one have its `id` both.
pub struct Planned<'a> {
    pub sequence: &'a Sequence,
    pub id: EndpointId,
    pub settings: EndpointSettings,
}

pub fn plan<'a>(arguments: &RunArguments, workspace: &'a Workspace) -> Vec<Planned<'a>> {
    let chosen: Vec<_> = if arguments.all_sequences {
        workspace.sequences.iter().collect()
    } else {
        arguments.sequence.iter().map(|name| named(workspace, name)).collect()
    };
    if chosen.is_empty() {
        refuse("the workspace has no sequences");
    }
    let mut planned: Vec<Planned<'_>> = Vec::new();
    for sequence in chosen {
        look(arguments, sequence);
        let settings = endpoint(workspace, sequence, arguments.on.as_deref());
        if arguments.connections.is_some() && !matches!(settings.protocol, Protocol::TcpClient(_)) {
            refuse("--connections is for TCP clients");
        }
        let same = planned.iter().find(|other| other.settings == settings).map(|other| other.id);
        let next = planned.iter().map(|other| other.id.0).max().unwrap_or(0) + 1;
        planned.push(Planned { sequence, id: same.unwrap_or(EndpointId(next)), settings });
    }
    planned
}

/// How content of these endpoints is shown.
pub fn encodings(planned: &[Planned<'_>], session: Encodings) -> Encodings {
    let own = planned.iter().map(|planned| (planned.id, planned.settings.shown_as));
    Encodings { endpoints: own.filter(|(_, own)| *own != TextEncoding::default()).collect(), ..session }
}

/// What templates may read: with --trust also files outside the workspace's folder that its payloads name.
pub fn supply(arguments: &RunArguments, planned: &[Planned<'_>]) -> WorkspaceSupply {
    let folder = match arguments.workspace.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut picked = BTreeSet::new();
    if arguments.trust {
        planned.iter().for_each(|planned| absolute_files(&planned.sequence.steps, &mut picked));
    }
    WorkspaceSupply { folder: Some(folder.to_owned()), trusted: arguments.trust, picked }
}

fn named<'a>(workspace: &'a Workspace, name: &str) -> &'a Sequence {
    if let Some(sequence) = workspace.sequences.iter().find(|sequence| sequence.name == name) {
        return sequence;
    }
    let names = || workspace.sequences.iter().map(|sequence| sequence.name.as_str());
    let unknown = format!("the workspace has no sequence {name:?}");
    match (payload::nearest(name, names()), names().next()) {
        (_, None) => refuse(&format!("{unknown}: it has none at all")),
        (Some(nearest), _) => refuse(&format!("{unknown}; did you mean {nearest:?}? {}", listed(names()))),
        (None, _) => refuse(&format!("{unknown}. {}", listed(names()))),
    }
}

fn listed<'a>(names: impl Iterator<Item = &'a str> + Clone) -> String {
    let shown: Vec<_> = names.clone().take(LISTED).map(|name| format!("{name:?}")).collect();
    let more = names.count().saturating_sub(LISTED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("It has: {}{more}", shown.join(", "))
}

/// What is wrong with its steps, and what it asks and nobody answered.
fn look(arguments: &RunArguments, sequence: &Sequence) {
    let words = Words::of(Language::English);
    if let Err(mistake) = check_sequence(sequence) {
        let told = words.sequence_mistake_at(&mistake);
        refuse(&format!("the sequence {:?}, {}", sequence.name, told));
    }
    let answered = |name: &String| arguments.ask.iter().any(|(answered, _)| answered == name);
    if let Some(open) = sequence_asks(&sequence.steps).into_iter().find(|name| !answered(name)) {
        refuse(&format!(
            "the sequence {:?} asks for {open:?}: answer it with --ask {:?}",
            sequence.name,
            format!("{open}=VALUE")
        ));
    }
}

/// The endpoint by its name or its address; an address that the workspace does not have is connected to.
fn endpoint(workspace: &Workspace, sequence: &Sequence, on: Option<&str>) -> EndpointSettings {
    let wanted = on.or(Some(sequence.endpoint.as_str()).filter(|wanted| !wanted.is_empty()));
    let Some(wanted) = wanted else {
        let [only] = workspace.endpoints.as_slice() else {
            refuse(&format!(
                "the sequence {:?} names no endpoint: --on NAME or --on ENDPOINT says which",
                sequence.name
            ))
        };
        return only.clone();
    };
    let found = endpoint_called(wanted, workspace.endpoints.iter());
    let found = found.and_then(|place| workspace.endpoints.get(place));
    match (found, endpoints::to_connect_to(wanted)) {
        (Some(settings), _) => settings.clone(),
        (None, Ok(uri)) => endpoints::connecting(&uri),
        (None, Err(_)) => refuse(&format!("the workspace has no endpoint {wanted:?}")),
    }
}

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

fn refuse(message: &str) -> ! {
    wrong_usage("run", &visible_text(message, 4000))
}
