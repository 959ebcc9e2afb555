//! What templates of payloads may read: files inside the workspace's folder or picked by the person, and the environment of a
//! trusted workspace. Blocking IO. Called by: ui and cli, which hand it to the engine.

use std::collections::BTreeSet;
use std::fs::File;
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
            return Err(Failure::new(Doing::Send, template, Reason::NotTrusted));
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
            let folder = self.folder.as_deref().ok_or_else(|| out_of_reach(typed))?;
            is_no_link(&folder.join(path))?;
            reach::file_allowed(folder, path).map_err(|failure| match failure.errno {
                None if failure.reason == Reason::NotAllowed => out_of_reach(typed),
                _ => failure,
            })?
        };
        read(&real)
    }
}

fn out_of_reach(typed: &str) -> Failure {
    Failure::new(Doing::ReadFile, typed, Reason::OutOfReach)
}

/// A link may lead elsewhere by the time it is read.
fn is_no_link(path: &Path) -> Result<(), Failure> {
    let found = std::fs::symlink_metadata(path).map_err(|error| Failure::of_file(Doing::ReadFile, path, &error))?;
    if found.is_symlink() { Err(not_a_file(path)) } else { Ok(()) }
}

fn not_a_file(path: &Path) -> Failure {
    Failure::new(Doing::ReadFile, path.to_string_lossy(), Reason::NotAFile)
}

/// A regular file as a whole, as long as it fits a payload.
fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let failed = |error: &std::io::Error| Failure::of_file(Doing::ReadFile, path, error);
    is_no_link(path)?;
    let file = open(path).map_err(|error| failed(&error))?;
    // Of what was opened, not of what stood there before.
    let found = file.metadata().map_err(|error| failed(&error))?;
    if !found.is_file() {
        return Err(not_a_file(path));
    }
    let too_long = || Failure::new(Doing::ReadFile, path.to_string_lossy(), Reason::PayloadTooLong);
    if found.len() > MAX_PAYLOAD_BYTES {
        return Err(too_long());
    }
    let mut bytes = Vec::new();
    file.take(MAX_PAYLOAD_BYTES + 1).read_to_end(&mut bytes).map_err(|error| failed(&error))?;
    // It may have grown meanwhile.
    if bytes.len() as u64 > MAX_PAYLOAD_BYTES { Err(too_long()) } else { Ok(bytes) }
}

/// Never waits for the writer of a FIFO.
#[cfg(unix)]
fn open(path: &Path) -> std::io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    File::options().read(true).custom_flags(flags.bits() as i32).open(path)
}

#[cfg(not(unix))]
fn open(path: &Path) -> std::io::Result<File> {
    File::open(path)
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
        assert_eq!(supply.supply(&needs(outside)).unwrap_err().reason, Reason::OutOfReach);
        assert_eq!(supply.supply(&needs("gone")).unwrap_err().reason, Reason::FileMissing);
        supply.picked.insert(other.path().to_owned());
        assert_eq!(supply.supply(&needs(outside)).unwrap().files[outside], "outside");
        supply.picked.insert(PathBuf::from("/dev/zero"));
        assert_eq!(supply.supply(&needs("/dev/zero")).unwrap_err().reason, Reason::NotAFile);
        let homeless = WorkspaceSupply::default();
        assert_eq!(homeless.supply(&needs("a.bin")).unwrap_err().reason, Reason::OutOfReach);
    }

    #[cfg(unix)]
    #[test]
    fn links_fifos_and_devices_are_refused_at_once() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("a.bin"), "inside").unwrap();
        symlink(at("a.bin"), at("link")).unwrap();
        symlink("/etc/passwd", at("escape")).unwrap();
        symlink("/etc", at("etc")).unwrap();
        rustix::fs::mkfifoat(rustix::fs::CWD, at("fifo"), rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR).unwrap();
        let mut supply = WorkspaceSupply { folder: Some(folder.path().to_owned()), ..WorkspaceSupply::default() };
        let reason = |supply: &WorkspaceSupply, name: &str| supply.supply(&needs(name)).unwrap_err().reason;
        for name in ["link", "escape", "fifo", "."] {
            assert_eq!(reason(&supply, name), Reason::NotAFile, "{name}");
        }
        for name in ["etc/passwd", "../a", "/dev/zero", "/etc/passwd"] {
            assert!(matches!(reason(&supply, name), Reason::OutOfReach | Reason::FileMissing), "{name}");
        }
        for name in ["link", "fifo"] {
            supply.picked.insert(at(name));
            assert_eq!(reason(&supply, at(name).to_str().unwrap()), Reason::NotAFile, "picked {name}");
        }
    }

    #[test]
    fn what_is_too_long_for_a_payload_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let supply = WorkspaceSupply { folder: Some(folder.path().to_owned()), ..WorkspaceSupply::default() };
        let file = File::create(folder.path().join("big.bin")).unwrap();
        file.set_len(MAX_PAYLOAD_BYTES + 1).unwrap();
        assert_eq!(supply.supply(&needs("big.bin")).unwrap_err().reason, Reason::PayloadTooLong);
    }

    #[test]
    fn the_environment_is_for_trusted_workspaces() {
        let needs = |name: &str| Needs { environment: vec![name.to_owned()], ..Needs::default() };
        let stranger = WorkspaceSupply::default();
        assert_eq!(stranger.supply(&needs("PATH")).unwrap_err().reason, Reason::NotTrusted);
        let trusted = WorkspaceSupply { trusted: true, ..WorkspaceSupply::default() };
        assert_eq!(trusted.supply(&needs("PATH")).unwrap().environment["PATH"], std::env::var("PATH").unwrap());
        for name in ["", "A=B", "A\0B", "NO_SUCH_NAME_HERE"] {
            assert_eq!(trusted.supply(&needs(name)).unwrap_err().reason, Reason::NotFilledIn);
        }
    }
}
