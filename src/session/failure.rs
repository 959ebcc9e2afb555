//! The system's answers about files as `model::Failure`.

use std::io::{Error, ErrorKind};
use std::path::Path;

use crate::model::{Doing, Failure, Reason};

pub(super) fn failure(doing: Doing, path: &Path, error: &Error) -> Failure {
    let reason = match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => Reason::DiskFull,
        ErrorKind::NotFound | ErrorKind::NotADirectory if doing != Doing::ReadFile => Reason::FolderGone,
        ErrorKind::NotFound | ErrorKind::NotADirectory => Reason::FileMissing,
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => Reason::NotAllowed,
        ErrorKind::AlreadyExists if path.is_dir() => Reason::NotAFile,
        ErrorKind::AlreadyExists => Reason::FileExists,
        ErrorKind::IsADirectory => Reason::NotAFile,
        ErrorKind::OutOfMemory => Reason::NoMemory,
        ErrorKind::BrokenPipe => Reason::BrokenPipe,
        ErrorKind::Interrupted => Reason::Cancelled,
        // EMFILE and ENFILE have no kind of their own.
        _ if matches!(error.raw_os_error(), Some(23 | 24)) && cfg!(unix) => Reason::TooManyOpenFiles,
        _ => Reason::Other,
    };
    Failure {
        system: error.to_string(),
        errno: error.raw_os_error(),
        ..Failure::new(doing, path.to_string_lossy(), reason)
    }
}
