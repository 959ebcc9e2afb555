//! Which frames fit: patterns of automatic replies and of the steps of sequences.
//!
//! Pure; what a pattern may cost is bounded when it is made ready. Never: sends, waits. Called by: engine, ui, cli, workspace.

use std::ops::Range;

use bytes::Bytes;

use crate::model::{FramePattern, MatchHow};

/// A pattern made ready.
#[derive(Clone, Debug)]
pub struct Matcher {
    pattern: FramePattern,
}

/// Where the pattern's text cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatternMistake {
    /// Byte range in `FramePattern::pattern`.
    pub at: Range<usize>,
    pub what: PatternMistakeKind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PatternMistakeKind {
    /// The text or hex is wrong as a payload would be.
    Payload(crate::payload::MistakeKind),
}

/// What a frame gave: place 0 is all that matched, then the groups of a regular expression.
pub type Captures = Vec<Option<Bytes>>;

impl Matcher {
    pub fn new(pattern: &FramePattern) -> Result<Self, PatternMistake> {
        Ok(Self { pattern: pattern.clone() })
    }

    /// `None`: the frame does not fit.
    pub fn of(&self, frame: &Bytes) -> Option<Captures> {
        match self.pattern.how {
            MatchHow::Any => Some(vec![Some(frame.clone())]),
            _ => None,
        }
    }

    /// What is expected, in the pattern's own words, for reports.
    pub fn expected(&self) -> String {
        self.pattern.pattern.clone()
    }
}
