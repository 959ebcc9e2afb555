//! One thread that reads and writes the workspace and the preferences, in the order in which it was asked to.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use super::Waker;
use crate::engine::Engine;
use crate::ui::effects::Done;
use crate::workspace::{
    Folders, Preferences, TrustStore, Unsent, Workspace, WorkspaceError, WorkspaceLock, WorkspaceSupply,
};

const QUEUE: usize = 64;

pub enum FileJob {
    Open(PathBuf),
    Save {
        path: PathBuf,
        workspace: Workspace,
        as_new: bool,
        replace: bool,
    },
    Preferences(Box<Preferences>),
    Unsent(Arc<Unsent>),
    /// The person picked a file: templates may read it. `workspace`: the one in use.
    Picked {
        file: PathBuf,
        workspace: PathBuf,
    },
    Trust {
        path: PathBuf,
        workspace: Workspace,
    },
    /// Answers when all before it is written.
    End(SyncSender<()>),
}

struct Files {
    folders: Folders,
    trust: TrustStore,
    /// Held while the workspace in use may be written; another window may have it.
    lock: Option<WorkspaceLock>,
    /// The workspace in use was made or trusted here.
    ours: bool,
    /// Files that were picked since the start, wherever they lie.
    picked: BTreeSet<PathBuf>,
    /// Is told what templates of the workspace in use may read.
    engine: Option<Engine>,
}

/// Starts the thread. `lock` and `ours` are of the workspace in use.
pub fn start(
    folders: Folders,
    lock: Option<WorkspaceLock>,
    ours: bool,
    engine: Engine,
    done: SyncSender<Done>,
    waker: Waker,
) -> SyncSender<FileJob> {
    let (sender, receiver) = sync_channel(QUEUE);
    let trust = TrustStore::load(&folders.config);
    let files = Files { folders, trust, lock, ours, picked: BTreeSet::new(), engine: Some(engine) };
    // Without the thread nothing is saved; a program that cannot start one thread has worse troubles.
    let _ = std::thread::Builder::new().name("files".into()).spawn(move || files.run(receiver, done, waker));
    sender
}

impl Files {
    fn run(mut self, jobs: Receiver<FileJob>, done: SyncSender<Done>, waker: Waker) {
        for job in jobs {
            let answer = match job {
                FileJob::Open(path) => self.open(path),
                FileJob::Save { path, replace: false, .. } if path.exists() => Done::Exists { path },
                FileJob::Save { path, workspace, as_new, .. } => self.save(path, &workspace, as_new),
                FileJob::Preferences(preferences) => Done::PreferencesSaved(preferences.save(&self.folders.config)),
                FileJob::Unsent(unsent) => Done::PreferencesSaved(unsent.save(&self.folders.data)),
                FileJob::Trust { path, workspace } => self.trust(path, &workspace),
                FileJob::Picked { file, workspace } => {
                    self.picked.insert(file);
                    self.supply(&workspace);
                    continue;
                }
                FileJob::End(written) => {
                    let _ = written.try_send(());
                    continue;
                }
            };
            if done.send(answer).is_err() {
                return;
            }
            waker.wake();
        }
    }

    fn open(&mut self, path: PathBuf) -> Done {
        let path = std::path::absolute(&path).unwrap_or(path);
        let result = read(&self.trust, &path);
        if let Ok((_, trusted)) = &result {
            self.ours = *trusted;
            self.lock = WorkspaceLock::take(&self.folders, &path).ok().flatten();
            self.supply(&path);
        }
        Done::WorkspaceOpened { path, result }
    }

    /// What the person saw is what is trusted, whatever somebody wrote into the file meanwhile.
    fn trust(&mut self, path: PathBuf, workspace: &Workspace) -> Done {
        if self.lock.is_none() {
            return Done::WorkspaceInUse { path };
        }
        let result = self.trust.save_workspace(workspace, &path, true);
        self.ours |= result.is_ok();
        self.supply(&path);
        Done::Trusted(result)
    }

    fn save(&mut self, path: PathBuf, workspace: &Workspace, as_new: bool) -> Done {
        let path = std::path::absolute(&path).unwrap_or(path);
        if as_new {
            // Whether it is ours stays as it was: a new name makes nothing trusted that came from elsewhere.
            self.lock = WorkspaceLock::take(&self.folders, &path).ok().flatten();
        }
        if self.lock.is_none() {
            return Done::WorkspaceInUse { path };
        }
        let result = self.trust.save_workspace(workspace, &path, self.ours);
        if as_new {
            self.supply(&path);
        }
        Done::WorkspaceSaved { path, as_new, result }
    }
}

impl Files {
    fn supply(&self, path: &Path) {
        if let Some(engine) = &self.engine {
            let supply = supply_of(path, self.ours);
            let picked = self.picked.clone();
            engine.set_supply(Arc::new(WorkspaceSupply { picked, ..(*supply).clone() }));
        }
    }
}

/// What templates of a workspace may read.
pub fn supply_of(path: &Path, trusted: bool) -> Arc<WorkspaceSupply> {
    let folder = path.parent().map(Path::to_owned);
    Arc::new(WorkspaceSupply { folder, trusted, ..WorkspaceSupply::default() })
}

/// The workspace, and whether exactly what was read is trusted on this computer.
pub fn read(trust: &TrustStore, path: &Path) -> Result<(Workspace, bool), WorkspaceError> {
    let text = Workspace::read_text(path)?;
    let workspace = Workspace::parse(&text)?;
    Ok((workspace, trust.trusts_content(path, text.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workspace_from_elsewhere_stays_untrusted_under_a_new_name() {
        let home = tempfile::tempdir().unwrap();
        let folders = Folders::within(home.path());
        folders.create().unwrap();
        let (theirs, copy) = (home.path().join("theirs.toml"), home.path().join("copy.toml"));
        Workspace::default().save(&theirs).unwrap();
        let trust = TrustStore::load(&folders.config);
        let mut files = Files { folders, trust, lock: None, ours: true, picked: BTreeSet::new(), engine: None };
        let Done::WorkspaceOpened { result: Ok((workspace, false)), .. } = files.open(theirs) else { panic!() };
        let Done::WorkspaceSaved { result: Ok(()), .. } = files.save(copy.clone(), &workspace, true) else { panic!() };
        assert!(matches!(read(&files.trust, &copy), Ok((_, false))));
        files.trust.trust(&copy).unwrap();
        assert!(matches!(read(&files.trust, &copy), Ok((_, true))));
    }

    #[test]
    fn what_is_trusted_is_what_was_seen() {
        let home = tempfile::tempdir().unwrap();
        let folders = Folders::within(home.path());
        folders.create().unwrap();
        let path = home.path().join("theirs.toml");
        Workspace::default().save(&path).unwrap();
        let trust = TrustStore::load(&folders.config);
        let mut files = Files { folders, trust, lock: None, ours: false, picked: BTreeSet::new(), engine: None };
        let Done::WorkspaceOpened { result: Ok((seen, false)), .. } = files.open(path.clone()) else { panic!() };
        let payload = crate::model::SavedPayload { name: "slipped in".into(), ..Default::default() };
        Workspace { payloads: vec![payload], ..Workspace::default() }.save(&path).unwrap();
        let Done::Trusted(Ok(())) = files.trust(path.clone(), &seen) else { panic!() };
        let (now, trusted) = read(&files.trust, &path).unwrap();
        assert_eq!((now, trusted), (seen, true));
    }
}
