//! Notes and bookmarks on events, as they stand now.
//! Called by: the log (which holds them), matching, the log view, exports, `ui`.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::Note;

/// All notes of a session, by the event they belong to. A changed one is a new value: keep the `Arc` and compare `version`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Notes {
    pub by_seq: BTreeMap<u64, Arc<Note>>,
    /// Grows with every change.
    pub version: u64,
}
