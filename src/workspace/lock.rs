//! Two programs on one workspace: the second opens it read-only. Called by: ui, cli.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::Folders;
use crate::model::{Doing, Failure};
use crate::payload::bytes_to_hex;

/// Held while a workspace may be written; let go when dropped, or when the program ends in whatever way.
///
/// The lock is a file in the data folder: the workspace itself is replaced at each save, and its folder may be somebody
/// else's, or read-only.
#[derive(Debug)]
pub struct WorkspaceLock {
    _file: File,
}

impl WorkspaceLock {
    /// `None`: another program of this user has the workspace open.
    pub fn take(folders: &Folders, workspace: &Path) -> Result<Option<Self>, Failure> {
        let real = real_path(workspace).map_err(|error| Failure::of_file(Doing::WriteFile, workspace, &error))?;
        let digest = bytes_to_hex(&Sha256::digest(real.as_os_str().as_encoded_bytes())).replace(' ', "");
        let side = folders.locks().join(digest).with_extension("lock");
        let failed = |error: &io::Error| Failure::of_file(Doing::WriteFile, &side, error);
        let file = OpenOptions::new().create(true).append(true).open(&side).map_err(|error| failed(&error))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(failed(&error)),
        }
    }
}

/// The path without links; a workspace that is not saved yet is named through its folder.
fn real_path(workspace: &Path) -> io::Result<PathBuf> {
    match workspace.canonicalize() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let whole = std::path::absolute(workspace)?;
            let folder = whole.parent().ok_or(io::ErrorKind::InvalidInput)?.canonicalize()?;
            Ok(folder.join(whole.file_name().ok_or(io::ErrorKind::InvalidInput)?))
        }
        other => other,
    }
}
