//! Files that are there only when they are whole: written beside their place, synced, renamed.
//! Called by: every export of a session, blocking, off the UI and tokio threads.

use std::fs::File;
use std::io;
use std::path::Path;

use crate::model::{Doing, Failure, Reason};

/// What `write` puts into the file takes its place when all is written; what it returns is returned. One that was given up
/// ends with `ErrorKind::Interrupted`.
pub fn write_whole<T>(to: &Path, write: impl FnOnce(&mut File) -> io::Result<T>) -> Result<T, Failure> {
    let failed = |error: &io::Error| {
        let mut failure = Failure::of_file(Doing::WriteFile, to, error);
        if error.kind() == io::ErrorKind::Interrupted {
            failure.reason = Reason::Cancelled;
        }
        failure
    };
    let folder = match to.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    // Created for its owner only, as the session itself is.
    let mut file = tempfile::Builder::new().prefix(".sockscope-").tempfile_in(folder).map_err(|e| failed(&e))?;
    let written = write(file.as_file_mut()).map_err(|e| failed(&e))?;
    file.as_file().sync_all().map_err(|e| failed(&e))?;
    file.persist(to).map_err(|error| failed(&error.error))?;
    Ok(written)
}
