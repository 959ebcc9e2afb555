//! What templates of payloads may read: files inside the workspace's folder or picked by the person, and the environment of a
//! trusted workspace. Blocking IO. Called by: ui and cli, which hand it to the engine.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::reach;
use crate::model::{Doing, Failure, Reason};
use crate::payload::{MAX_PAYLOAD_BYTES, Needs, Supplied, Supply};

/// Who supplies the payloads of one workspace.
#[derive(Clone, Debug, Default)]
pub struct WorkspaceSupply {
    /// Of the workspace's file; relative paths begin here. Without one, only picked files are read.
    pub folder: Option<PathBuf>,
    /// The person trusts the workspace, or typed the payload themselves.
    pub trusted: bool,
    /// Chosen in a dialog or typed on the command line, wherever they lie.
    pub picked: BTreeSet<PathBuf>,
}

impl Supply for WorkspaceSupply {
    fn supply(&self, needs: &Needs) -> Result<Supplied, Failure> {
        let mut supplied = Supplied::default();
        for name in &needs.environment {
            supplied.environment.insert(name.clone(), self.variable(name)?);
        }
        for path in &needs.files {
            supplied.files.insert(path.clone(), self.file(path)?.into());
        }
        Ok(supplied)
    }
}

impl WorkspaceSupply {
    fn variable(&self, name: &str) -> Result<String, Failure> {
        let template = format!("{{{{env:{name}}}}}");
        if !self.trusted {
            let system = "the environment is for trusted workspaces only".to_owned();
            return Err(Failure { system, ..Failure::new(Doing::Send, template, Reason::NotAllowed) });
        }
        // A name with `=` or a zero byte is none, and asking for it would panic on some systems.
        let known = Some(name).filter(|name| !name.is_empty() && !name.contains(['=', '\0']));
        let value = known.and_then(|name| std::env::var(name).ok());
        value
            .ok_or_else(|| Failure { system: template.clone(), ..Failure::new(Doing::Send, name, Reason::NotFilledIn) })
    }

    fn file(&self, typed: &str) -> Result<Vec<u8>, Failure> {
        let path = Path::new(typed);
        let real = if self.picked.contains(path) {
            path.to_owned()
        } else {
            let folder = self.folder.as_deref().ok_or_else(|| Failure {
                system: "it was not chosen by hand, and the workspace has no folder yet".to_owned(),
                ..Failure::new(Doing::ReadFile, typed, Reason::NotAllowed)
            })?;
            reach::file_allowed(folder, path)?
        };
        read(&real)
    }
}

/// A regular file as a whole, as long as it fits a payload.
fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let failed = |error: &std::io::Error| Failure::of_file(Doing::ReadFile, path, error);
    // Looked at before it is opened: opening a FIFO would wait for its writer.
    let found = std::fs::metadata(path).map_err(|error| failed(&error))?;
    if !found.is_file() {
        return Err(Failure::new(Doing::ReadFile, path.to_string_lossy(), Reason::NotAFile));
    }
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(|error| failed(&error))?;
    file.take(MAX_PAYLOAD_BYTES + 1).read_to_end(&mut bytes).map_err(|error| failed(&error))?;
    if bytes.len() as u64 > MAX_PAYLOAD_BYTES {
        let system = format!("it is longer than {MAX_PAYLOAD_BYTES} bytes");
        return Err(Failure { system, ..Failure::new(Doing::ReadFile, path.to_string_lossy(), Reason::NotAllowed) });
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needs(file: &str) -> Needs {
        Needs { files: vec![file.to_owned()], ..Needs::default() }
    }

    #[test]
    fn files_inside_the_folder_and_picked_ones() {
        let folder = tempfile::tempdir().unwrap();
        let other = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(folder.path().join("a.bin"), "inside").unwrap();
        std::fs::write(other.path(), "outside").unwrap();
        let outside = other.path().to_str().unwrap();
        let mut supply = WorkspaceSupply { folder: Some(folder.path().to_owned()), ..WorkspaceSupply::default() };
        assert_eq!(supply.supply(&needs("a.bin")).unwrap().files["a.bin"], "inside");
        assert_eq!(supply.supply(&needs(outside)).unwrap_err().reason, Reason::NotAllowed);
        assert_eq!(supply.supply(&needs("gone")).unwrap_err().reason, Reason::FileMissing);
        supply.picked.insert(other.path().to_owned());
        assert_eq!(supply.supply(&needs(outside)).unwrap().files[outside], "outside");
        supply.picked.insert(PathBuf::from("/dev/zero"));
        assert_eq!(supply.supply(&needs("/dev/zero")).unwrap_err().reason, Reason::NotAFile);
        let homeless = WorkspaceSupply::default();
        assert_eq!(homeless.supply(&needs("a.bin")).unwrap_err().reason, Reason::NotAllowed);
    }

    #[test]
    fn the_environment_is_for_trusted_workspaces() {
        let needs = |name: &str| Needs { environment: vec![name.to_owned()], ..Needs::default() };
        let stranger = WorkspaceSupply::default();
        assert_eq!(stranger.supply(&needs("PATH")).unwrap_err().reason, Reason::NotAllowed);
        let trusted = WorkspaceSupply { trusted: true, ..WorkspaceSupply::default() };
        assert_eq!(trusted.supply(&needs("PATH")).unwrap().environment["PATH"], std::env::var("PATH").unwrap());
        for name in ["", "A=B", "A\0B", "NO_SUCH_NAME_HERE"] {
            assert_eq!(trusted.supply(&needs(name)).unwrap_err().reason, Reason::NotFilledIn);
        }
    }
}
