//! Files on disk: read with a limit, replaced as a whole. Called by: the other files of this room.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::model::{Doing, Failure, Reason};

/// As many as Linux follows.
const MAX_LINKS: usize = 40;

pub(super) enum ReadError {
    Io(Failure),
    /// The size of a file that is larger than the limit.
    TooLarge(u64),
}

/// The bytes of a plain file of at most `limit` bytes. A pipe or a device is refused and never waited for.
pub(super) fn read(path: &Path, limit: u64) -> Result<Vec<u8>, ReadError> {
    let failed = |error: &io::Error| ReadError::Io(Failure::of_file(Doing::ReadFile, path, error));
    let file = open_plain(path).map_err(ReadError::Io)?;
    let size = file.metadata().map_err(|error| failed(&error))?.len();
    if size > limit {
        return Err(ReadError::TooLarge(size));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
    // The file may grow while it is read.
    file.take(limit + 1).read_to_end(&mut bytes).map_err(|error| failed(&error))?;
    if bytes.len() as u64 > limit {
        return Err(ReadError::TooLarge(bytes.len() as u64));
    }
    Ok(bytes)
}

/// Opens a plain file for reading.
pub(super) fn open_plain(path: &Path) -> Result<File, Failure> {
    let failed = |error: &io::Error| Failure::of_file(Doing::ReadFile, path, error);
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        // Opening a pipe would wait for its writer.
        options.custom_flags(rustix::fs::OFlags::NONBLOCK.bits() as i32);
    }
    let file = options.open(path).map_err(|error| failed(&error))?;
    if file.metadata().map_err(|error| failed(&error))?.is_file() {
        Ok(file)
    } else {
        Err(Failure::new(Doing::ReadFile, path.display().to_string(), Reason::NotAFile))
    }
}

/// Where a write to `path` lands once links are followed; the last file need not exist.
pub(super) fn target_of(path: &Path) -> Result<PathBuf, Failure> {
    let mut target = path.to_path_buf();
    for _ in 0..MAX_LINKS {
        match fs::read_link(&target) {
            Ok(next) => target = target.parent().unwrap_or(Path::new("")).join(next),
            // Not a link, or nothing there yet.
            Err(_) => return Ok(target),
        }
    }
    let error = io::Error::other("the link leads back to itself");
    Err(Failure::of_file(Doing::WriteFile, path, &error))
}

/// Writes beside the target, then renames: after a crash the file is the old or the new one, never half.
pub(super) fn replace(target: &Path, bytes: &[u8]) -> Result<(), Failure> {
    write_and_rename(target, bytes).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => {
            Failure { reason: Reason::FolderGone, ..Failure::of_file(Doing::WriteFile, target, &error) }
        }
        _ => Failure::of_file(Doing::WriteFile, target, &error),
    })
}

/// Copies the file to its name with `extension` appended, replacing an older copy.
pub(super) fn keep_copy(target: &Path, extension: &str) -> Result<(), Failure> {
    let bytes = fs::read(target).map_err(|error| Failure::of_file(Doing::ReadFile, target, &error))?;
    replace(&with_extension_appended(target, extension), &bytes)
}

pub(super) fn with_extension_appended(path: &Path, extension: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(extension);
    PathBuf::from(name)
}

fn write_and_rename(target: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let before = match fs::metadata(target) {
        Ok(metadata) if !metadata.is_file() => return Err(io::ErrorKind::IsADirectory.into()),
        Ok(metadata) => Some(metadata),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    // A file that may not be written must not be replaced either.
    if before.is_some() {
        OpenOptions::new().append(true).open(target)?;
    }
    let mut file = tempfile::Builder::new().prefix(".sockscope-").suffix(".new").tempfile_in(folder)?;
    file.write_all(bytes)?;
    if let Some(before) = before {
        file.as_file().set_permissions(before.permissions())?;
    }
    file.as_file().sync_all()?;
    file.persist(target).map_err(|error| error.error)?;
    // The new name is on disk only when the folder is.
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    Ok(())
}
