//! Files the user owns: the workspace (endpoints, payloads, highlight rules, saved filters) and the preferences; versioned,
//! saved atomically.
//!
//! Owns: reading, checking and writing these files, where they are kept, which of them are trusted.
//! Never: opens a socket. Blocking IO: call it off the UI and tokio threads, except at start.
//! Called by: ui, cli.

mod disk;
mod folders;
mod import;
mod junit;
mod lock;
mod preferences;
mod reach;
mod read;
mod read_work;
mod supply;
#[cfg(test)]
mod tests;
mod trust;
mod unsent;

use std::path::{Path, PathBuf};

use crate::model::{Doing, EndpointSettings, Failure, HighlightRule, Reason, SavedFilter, SavedPayload, Sequence};
use crate::words::Words;

pub use folders::Folders;
pub use import::{Imported, LeftOut, MAX_IMPORT_BYTES, NotImported, Why, import, import_text};
pub use junit::save_junit;
pub use lock::WorkspaceLock;
pub use preferences::{Preferences, ThemeChoice};
pub use supply::WorkspaceSupply;
pub use trust::TrustStore;
pub use unsent::Unsent;

/// The version that is written.
pub const VERSION: u32 = 3;
/// Files beyond are refused before they are read.
pub const MAX_FILE_BYTES: u64 = 10_000_000;
/// Endpoints, payloads, rules and filters together.
pub const MAX_ITEMS: usize = 10_000;

/// All of them are made ready when a workspace is opened, and each costs up to 10 ms where somebody means harm.
pub const MAX_HIGHLIGHTS: usize = 256;

/// What stands in a workspace file. `version` is that of the file it was read from; saving writes `VERSION`.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Workspace {
    pub version: u32,
    #[serde(rename = "endpoint", skip_serializing_if = "Vec::is_empty")]
    pub endpoints: Vec<EndpointSettings>,
    #[serde(rename = "payload", skip_serializing_if = "Vec::is_empty")]
    pub payloads: Vec<SavedPayload>,
    #[serde(rename = "highlight", skip_serializing_if = "Vec::is_empty")]
    pub highlights: Vec<HighlightRule>,
    #[serde(rename = "filter", skip_serializing_if = "Vec::is_empty")]
    pub filters: Vec<SavedFilter>,
    #[serde(rename = "sequence", skip_serializing_if = "Vec::is_empty")]
    pub sequences: Vec<Sequence>,
}

#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum WorkspaceError {
    #[error("{}: {}", .0.on, if .0.system.is_empty() { .0.reason.name() } else { &.0.system })]
    Io(Failure),
    /// Line and column count from 1, the column in characters.
    #[error("line {line}, column {column}: {message}")]
    Syntax { line: usize, column: usize, message: String },
    #[error("written by a newer Sockscope (version {0}); this one knows up to {1}")]
    Newer(u32, u32),
    #[error("{0} is more than a workspace may hold")]
    TooLarge(String),
}

impl Default for Workspace {
    fn default() -> Self {
        Self {
            version: VERSION,
            endpoints: Vec::new(),
            payloads: Vec::new(),
            highlights: Vec::new(),
            filters: Vec::new(),
            sequences: Vec::new(),
        }
    }
}

impl Workspace {
    pub fn load(path: &Path) -> Result<Self, WorkspaceError> {
        Self::parse(&Self::read_text(path)?)
    }

    /// The file's text, for those who check or trust exactly what they parse.
    pub fn read_text(path: &Path) -> Result<String, WorkspaceError> {
        let bytes = disk::read(path, MAX_FILE_BYTES).map_err(|error| match error {
            disk::ReadError::TooLarge(bytes) => WorkspaceError::TooLarge(format!("{bytes} bytes")),
            disk::ReadError::Io(failure) => WorkspaceError::Io(failure),
        })?;
        String::from_utf8(bytes).map_err(|error| {
            let valid = error.utf8_error().valid_up_to();
            let before = String::from_utf8_lossy(error.as_bytes().get(..valid).unwrap_or_default()).into_owned();
            read::syntax(&before, before.len(), "a workspace is written in UTF-8, and this byte is not")
        })
    }

    pub fn parse(text: &str) -> Result<Self, WorkspaceError> {
        read::workspace(text)
    }

    /// What counts against `MAX_ITEMS`.
    pub fn items(&self) -> usize {
        let kept = self.endpoints.len() + self.payloads.len() + self.highlights.len();
        kept + self.filters.len() + self.sequences.len()
    }

    /// The text of the file, version first.
    pub fn to_text(&self) -> Result<String, toml::ser::Error> {
        toml::to_string_pretty(&Self { version: VERSION, ..self.clone() })
    }

    /// Replaces the file as a whole: after a crash it is the old or the new one. A link is followed, the mode is kept, an
    /// older version's file stays beside it as `.bak`, and a newer version's file is never touched.
    pub fn save(&self, path: &Path) -> Result<(), Failure> {
        self.save_over(path, VERSION)
    }

    /// Where a payload file may lie: inside the workspace's folder once all links are followed, and a plain file. Gives the
    /// path without links.
    pub fn file_allowed(base: &Path, path: &Path) -> Result<PathBuf, Failure> {
        reach::file_allowed(base, path)
    }

    fn save_over(&self, path: &Path, current: u32) -> Result<(), Failure> {
        let text = self.to_text().map_err(|error| refused(path, Reason::Other, error.to_string()))?;
        if text.len() as u64 > MAX_FILE_BYTES {
            // It could not be opened again; the file that is there still can.
            let system = WorkspaceError::TooLarge(format!("{} bytes", text.len())).to_string();
            return Err(refused(path, Reason::NotAllowed, system));
        }
        let target = disk::target_of(path)?;
        if let Some(version) = version_on_disk(&target) {
            if version > current {
                let system = WorkspaceError::Newer(version, current).to_string();
                return Err(refused(path, Reason::NotAllowed, system));
            }
            if version < current {
                disk::keep_copy(&target, "bak")?;
            }
        }
        disk::replace(&target, text.as_bytes())
    }
}

impl WorkspaceError {
    /// What is wrong with the file, in one sentence.
    pub fn sentence(&self, words: &Words) -> String {
        match self {
            Self::Io(failure) => words.failure(failure),
            Self::Syntax { line, column, message } => {
                words.fill("workspace_error.syntax", &[("line", line), ("column", column), ("message", message)])
            }
            Self::Newer(version, known) => {
                words.fill("workspace_error.newer", &[("version", version), ("known", known)])
            }
            Self::TooLarge(what) => words.fill("workspace_error.too_large", &[("what", what)]),
        }
    }

    /// What to try, where there is something.
    pub fn hint(&self, words: &Words) -> Option<String> {
        match self {
            Self::Io(failure) => Some(words.hint(failure)),
            Self::Newer(..) => Some(words.get("workspace_error.newer_hint").to_owned()),
            Self::Syntax { .. } | Self::TooLarge(_) => None,
        }
    }
}

/// The version of the file that would be replaced; `None` where there is no file that can be read as one of ours.
fn version_on_disk(path: &Path) -> Option<u32> {
    let bytes = disk::read(path, MAX_FILE_BYTES).ok()?;
    read::version_of(std::str::from_utf8(&bytes).ok()?)
}

fn refused(path: &Path, reason: Reason, system: String) -> Failure {
    Failure { system, ..Failure::new(Doing::WriteFile, path.display().to_string(), reason) }
}
