//! Where things are kept: `$SOCKSCOPE_HOME` for all of it, else the platform's data and configuration folders.
//! Called by: ui, cli, at start.

use std::ffi::OsString;
use std::fs::DirBuilder;
use std::path::{Path, PathBuf};

use crate::model::{Doing, Failure, Reason};

/// Names the folder that holds everything, for tests and for carrying it along.
const HOME_VARIABLE: &str = "SOCKSCOPE_HOME";

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folders {
    pub data: PathBuf,
    pub config: PathBuf,
}

impl Folders {
    /// The folders of this user, made (for nobody else to look into) where they are missing.
    pub fn discover() -> Result<Self, Failure> {
        let folders = Self::named(std::env::var_os(HOME_VARIABLE))?;
        folders.create()?;
        Ok(folders)
    }

    /// Everything within one folder.
    pub fn within(home: &Path) -> Self {
        Self { data: home.join("data"), config: home.join("config") }
    }

    /// Where sessions are recorded.
    pub fn sessions(&self) -> PathBuf {
        self.data.join("sessions")
    }

    /// Makes the folders that are missing.
    pub fn create(&self) -> Result<(), Failure> {
        for folder in [&self.data, &self.config, &self.sessions(), &self.locks()] {
            make_private(folder).map_err(|error| Failure::of_file(Doing::WriteFile, folder, &error))?;
        }
        Ok(())
    }

    pub(super) fn locks(&self) -> PathBuf {
        self.data.join("locks")
    }

    fn named(home: Option<OsString>) -> Result<Self, Failure> {
        if let Some(home) = home.filter(|home| !home.is_empty()) {
            return std::path::absolute(&home)
                .map(|home| Self::within(&home))
                .map_err(|error| Failure::of_file(Doing::WriteFile, Path::new(&home), &error));
        }
        let platform = directories::ProjectDirs::from("", "", "sockscope").ok_or_else(|| Failure {
            system: format!("this user has no home folder; set {HOME_VARIABLE}"),
            ..Failure::new(Doing::WriteFile, "", Reason::FolderGone)
        })?;
        Ok(Self { data: platform.data_dir().to_path_buf(), config: platform.config_dir().to_path_buf() })
    }
}

fn make_private(folder: &Path) -> std::io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_variable_moves_everything() {
        let folders = Folders::named(Some("/srv/bench".into())).unwrap();
        assert_eq!(folders.sessions(), Path::new("/srv/bench/data/sessions"));
        assert_eq!(folders.config, Path::new("/srv/bench/config"));
        let relative = Folders::named(Some("bench".into())).unwrap();
        assert!(relative.data.is_absolute() && relative.data.ends_with("bench/data"));
        if let Ok(usual) = Folders::named(Some("".into())) {
            assert!(usual.data.ends_with("sockscope") && usual.config.is_absolute());
        }
    }

    #[cfg(unix)]
    #[test]
    fn folders_are_private() {
        use std::os::unix::fs::PermissionsExt;
        let home = tempfile::tempdir().unwrap();
        let folders = Folders::within(&home.path().join("deep/er"));
        folders.create().unwrap();
        folders.create().unwrap();
        for folder in [&folders.data, &folders.config, &folders.sessions()] {
            assert_eq!(folder.metadata().unwrap().permissions().mode() & 0o777, 0o700);
        }
        std::fs::write(home.path().join("file"), "").unwrap();
        assert_eq!(Folders::within(&home.path().join("file")).create().unwrap_err().doing, Doing::WriteFile);
    }
}
