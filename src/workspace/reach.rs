//! Which files a workspace may send: those inside its own folder. Called by: `Workspace::file_allowed`.

use std::path::{Path, PathBuf};

use crate::model::{Doing, Failure, Reason};

pub(super) fn file_allowed(base: &Path, path: &Path) -> Result<PathBuf, Failure> {
    let failed = |error: &std::io::Error| Failure::of_file(Doing::ReadFile, path, error);
    let base = if base.as_os_str().is_empty() { Path::new(".") } else { base };
    let base = base.canonicalize().map_err(|error| Failure::of_file(Doing::ReadFile, base, &error))?;
    let real = base.join(path).canonicalize().map_err(|error| failed(&error))?;
    if !real.starts_with(&base) {
        return Err(Failure {
            system: "it lies outside the folder of the workspace".to_owned(),
            ..Failure::new(Doing::ReadFile, path.display().to_string(), Reason::NotAllowed)
        });
    }
    if !real.metadata().map_err(|error| failed(&error))?.is_file() {
        return Err(Failure::new(Doing::ReadFile, path.display().to_string(), Reason::NotAFile));
    }
    Ok(real)
}
