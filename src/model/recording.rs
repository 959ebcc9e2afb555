//! How a session is kept: when a new file is begun, and how many are kept.

use serde::{Deserialize, Serialize};

/// A session may go on in a new file when one is large or old enough. Nothing set: one file, however large.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Rotation {
    /// A new file is begun when one holds so many bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every_bytes: Option<u64>,
    /// A new file is begun so many seconds after the one before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every_secs: Option<u64>,
    /// Only so many of the newest files are kept; older ones are deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_files: Option<u32>,
}

impl Rotation {
    /// Smaller files are more trouble than they save.
    pub const LEAST_BYTES: u64 = 1024 * 1024;
    pub const LEAST_SECS: u64 = 10;

    pub fn is_on(&self) -> bool {
        self.every_bytes.is_some() || self.every_secs.is_some()
    }
}
