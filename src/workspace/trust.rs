//! Which workspaces were made or trusted on this computer: path and content, kept outside the workspace's file.
//!
//! A workspace that somebody else changed has other content and is no longer trusted. Called by: ui, cli.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{MAX_FILE_BYTES, Workspace, disk};
use crate::model::{Doing, Failure};
use crate::payload::bytes_to_hex;

const FILE: &str = "trusted.toml";
/// The oldest are forgotten beyond this many.
const MAX_TRUSTED: usize = 1_000;

#[derive(Clone, Debug)]
pub struct TrustStore {
    file: PathBuf,
    list: Trusted,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Trusted {
    /// Oldest first.
    workspace: Vec<Entry>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Entry {
    path: String,
    sha256: String,
}

impl TrustStore {
    /// What cannot be read trusts nothing.
    pub fn load(folder: &Path) -> Self {
        let file = folder.join(FILE);
        let list = read_list(&file);
        Self { file, list }
    }

    /// Whether the file is trusted as it stands on disk now.
    pub fn trusts(&self, workspace: &Path) -> bool {
        disk::read(workspace, MAX_FILE_BYTES).is_ok_and(|content| self.trusts_content(workspace, &content))
    }

    /// Whether this content is trusted at this path; for those who have read the file already.
    pub fn trusts_content(&self, workspace: &Path, content: &[u8]) -> bool {
        let Ok(path) = key_of(workspace) else { return false };
        let sha256 = hash_of(content);
        self.list.workspace.iter().any(|entry| entry.path == path && entry.sha256 == sha256)
    }

    /// Trusts the file as it stands on disk now.
    pub fn trust(&mut self, workspace: &Path) -> Result<(), Failure> {
        let content = disk::read(workspace, MAX_FILE_BYTES).map_err(|error| match error {
            disk::ReadError::Io(failure) => failure,
            disk::ReadError::TooLarge(_) => {
                Failure::of_file(Doing::ReadFile, workspace, &std::io::ErrorKind::FileTooLarge.into())
            }
        })?;
        self.trust_content(workspace, &content)
    }

    /// Trusts exactly what the person has seen, even when the file has changed since.
    pub fn trust_content(&mut self, workspace: &Path, content: &[u8]) -> Result<(), Failure> {
        let path = key_of(workspace).map_err(|error| Failure::of_file(Doing::ReadFile, workspace, &error))?;
        // Another window may have added to the list.
        self.list = read_list(&self.file);
        self.list.workspace.retain(|entry| entry.path != path);
        self.list.workspace.push(Entry { path, sha256: hash_of(content) });
        let surplus = self.list.workspace.len().saturating_sub(MAX_TRUSTED);
        self.list.workspace.drain(..surplus);
        let text = toml::to_string_pretty(&self.list)
            .map_err(|error| Failure::of_file(Doing::WriteFile, &self.file, &std::io::Error::other(error)))?;
        disk::replace(&self.file, text.as_bytes())
    }

    /// Saves, and trusts the new content where the workspace was made or trusted here (`ours`). One from elsewhere stays
    /// untrusted, under whatever name it is saved.
    pub fn save_workspace(&mut self, workspace: &Workspace, path: &Path, ours: bool) -> Result<(), Failure> {
        workspace.save(path)?;
        if ours { self.trust(path) } else { Ok(()) }
    }
}

fn read_list(file: &Path) -> Trusted {
    let Ok(bytes) = disk::read(file, MAX_FILE_BYTES) else { return Trusted::default() };
    toml::from_slice(&bytes).unwrap_or_default()
}

/// The path without links, in a text that names it exactly.
fn key_of(workspace: &Path) -> std::io::Result<String> {
    let path = workspace.canonicalize()?;
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        Ok(crate::payload::bytes_to_text(path.as_os_str().as_bytes(), crate::model::TextEncoding::Utf8))
    }
    #[cfg(not(unix))]
    Ok(path.to_string_lossy().into_owned())
}

fn hash_of(content: &[u8]) -> String {
    bytes_to_hex(&Sha256::digest(content)).replace(' ', "")
}
