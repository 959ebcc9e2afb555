//! What a person chose for the window on this computer. Called by: ui, cli.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{MAX_FILE_BYTES, disk};
use crate::model::{Doing, Failure, Rotation};
use crate::words::Language;

const FILE: &str = "preferences.toml";
const VERSION: u32 = 1;
/// Newest first; older lines are forgotten.
const MAX_HISTORY: usize = 200;
/// A longer line (a pasted megabyte) is not worth keeping for the next day.
const MAX_HISTORY_LINE_BYTES: usize = 16 * 1024;
const ZOOM: std::ops::RangeInclusive<f32> = 0.5..=4.0;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Preferences {
    pub version: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<Language>,
    pub theme: ThemeChoice,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zoom: Option<f32>,
    pub local_time: bool,
    /// Of the sessions that the window records.
    #[serde(skip_serializing_if = "is_off")]
    pub rotation: Rotation,
    /// Offsets beside bytes are decimal.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub decimal_offsets: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workspace: Option<PathBuf>,
    pub history: Vec<String>,
    /// Filters of the log used last.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub filter_history: Vec<String>,
    /// Settings of a newer version, kept as they are.
    #[serde(flatten)]
    pub rest: toml::Table,
}

fn is_off(rotation: &Rotation) -> bool {
    *rotation == Rotation::default()
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ThemeChoice {
    #[default]
    System,
    Dark,
    Light,
}

impl Preferences {
    /// What stands in the folder. A file that cannot be understood is kept as `.bad`, and everything is as at first.
    pub fn load(folder: &Path) -> Self {
        let file = folder.join(FILE);
        let text = match disk::read(&file, MAX_FILE_BYTES) {
            Ok(bytes) => String::from_utf8(bytes).ok(),
            Err(disk::ReadError::TooLarge(_)) => None,
            // Nothing there, or nothing that may be read: leave it alone.
            Err(disk::ReadError::Io(_)) => return Self::default(),
        };
        match text.and_then(|text| toml::from_str::<Self>(&text).ok()) {
            Some(preferences) => preferences.within_bounds(),
            None => {
                // Where even this fails, the next save replaces the broken file; the program works all the same.
                let _ = std::fs::rename(&file, disk::with_extension_appended(&file, "bad"));
                Self::default()
            }
        }
    }

    pub fn save(&self, folder: &Path) -> Result<(), Failure> {
        let file = folder.join(FILE);
        let mut kept = self.clone().within_bounds();
        kept.version = kept.version.max(VERSION);
        // A path that is no text cannot stand in the file; opening nothing next time is better than saving nothing.
        kept.workspace = kept.workspace.filter(|path| path.to_str().is_some());
        let text = toml::to_string_pretty(&kept).map_err(|error| {
            Failure::of_file(Doing::WriteFile, &file, &std::io::Error::new(ErrorKind::InvalidData, error))
        })?;
        disk::replace(&file, text.as_bytes())
    }

    fn within_bounds(mut self) -> Self {
        self.zoom = self.zoom.filter(|zoom| ZOOM.contains(zoom));
        self.rotation.every_bytes = self.rotation.every_bytes.filter(|bytes| *bytes >= Rotation::LEAST_BYTES);
        self.rotation.every_secs = self.rotation.every_secs.filter(|secs| *secs >= Rotation::LEAST_SECS);
        self.rotation.keep_files = self.rotation.keep_files.filter(|files| *files > 0);
        self.history.retain(|line| line.len() <= MAX_HISTORY_LINE_BYTES);
        self.history.truncate(MAX_HISTORY);
        self.filter_history.retain(|line| line.len() <= MAX_HISTORY_LINE_BYTES);
        self.filter_history.truncate(MAX_HISTORY);
        self
    }
}
