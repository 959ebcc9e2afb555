//! Which frames fit: patterns of automatic replies and of the steps of sequences.
//!
//! Pure; what a pattern may cost is bounded when it is made ready: whatever searches takes time in proportion to the frame.
//! Never: sends, waits. Called by: engine, ui, cli, workspace, words (mistakes).

mod expression;
mod length;
mod masked;
mod reply;
mod steps;
#[cfg(test)]
mod tests;
mod text;

use std::ops::Range;

use bytes::Bytes;
use regex::bytes::Regex;

use crate::model::{FramePattern, MatchHow, MatchPlace};
use crate::payload;

use length::Lengths;

pub use crate::payload::RegexFault;
pub use reply::{NeverGiven, ReadyReply, ReplyMistake};
pub use steps::{SequenceMistake, SequenceMistakeKind, sequence_asks, sequence_mistakes};

/// A longer text or hex pattern is refused.
pub const MAX_PATTERN_BYTES: usize = 64 * 1024;
/// A longer regular expression is refused.
pub const MAX_REGEX_BYTES: usize = 1000;
/// Groups of a regular expression that can be captured: `{{1}}` to `{{99}}`.
pub const MAX_GROUPS: usize = 99;

/// A pattern made ready. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Matcher {
    pattern: FramePattern,
    ready: Ready,
}

#[derive(Clone, Debug)]
enum Ready {
    Any,
    /// These bytes at the pattern's place.
    Bytes(Bytes),
    /// The place stands in the expression.
    Expression(Regex),
    Length(Lengths),
}

/// Where the pattern's text cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatternMistake {
    /// Byte range in `FramePattern::pattern`, on character boundaries.
    pub at: Range<usize>,
    pub what: PatternMistakeKind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PatternMistakeKind {
    /// The text or hex is wrong as a payload would be.
    Payload(payload::MistakeKind),
    /// Nothing is looked for.
    Empty,
    TooLong {
        limit: usize,
    },
    /// Making it ready would take too much time or memory.
    TooLarge,
    TooManyGroups {
        limit: usize,
    },
    /// `(?u)` and `\p{…}`: the expression is over bytes.
    Unicode,
    Regex(RegexFault),
    /// Neither `8`, `4..12` nor `>=3`.
    BadLength,
    /// `12..4`, which would be written so.
    ReversedRange {
        suggestion: String,
    },
    NumberTooLarge,
}

/// What a frame gave: place 0 is all that matched, then the groups of a regular expression.
pub type Captures = Vec<Option<Bytes>>;

impl Matcher {
    pub fn new(pattern: &FramePattern) -> Result<Self, PatternMistake> {
        let typed = pattern.pattern.as_str();
        let limit = if pattern.how == MatchHow::Regex { MAX_REGEX_BYTES } else { MAX_PATTERN_BYTES };
        let whole = |what| PatternMistake { at: 0..typed.len(), what };
        if pattern.how != MatchHow::Any {
            if typed.len() > limit {
                return Err(whole(PatternMistakeKind::TooLong { limit }));
            }
            if typed.is_empty() {
                return Err(whole(PatternMistakeKind::Empty));
            }
        }
        let ready = match pattern.how {
            MatchHow::Any => Ready::Any,
            MatchHow::Length => Ready::Length(Lengths::parse(typed)?),
            MatchHow::Regex => Ready::Expression(expression::ready(typed, pattern.ignore_case)?),
            MatchHow::Hex => masked::ready(typed, pattern.place)?,
            MatchHow::Text => text::ready(typed, pattern.encoding, pattern.ignore_case, pattern.place)?,
        };
        Ok(Self { pattern: pattern.clone(), ready })
    }

    /// `None`: the frame does not fit. What is captured are slices of the frame.
    pub fn of(&self, frame: &Bytes) -> Option<Captures> {
        let found = match &self.ready {
            Ready::Any => 0..frame.len(),
            Ready::Length(lengths) => lengths.contain(frame.len()).then_some(0..frame.len())?,
            Ready::Bytes(sought) => place_of(frame, sought, self.pattern.place)?,
            Ready::Expression(regex) if regex.captures_len() > 1 => {
                let found = regex.captures(frame)?;
                return Some(found.iter().map(|group| group.map(|group| frame.slice(group.range()))).collect());
            }
            Ready::Expression(regex) => regex.find(frame)?.range(),
        };
        Some(vec![Some(frame.slice(found))])
    }

    /// Groups of a regular expression that can be captured.
    pub fn groups(&self) -> usize {
        match &self.ready {
            Ready::Expression(regex) => regex.captures_len() - 1,
            _ => 0,
        }
    }

    /// Its groups that have a name, by their number.
    pub fn group_names(&self) -> impl Iterator<Item = (usize, &str)> {
        let regex = match &self.ready {
            Ready::Expression(regex) => Some(regex),
            _ => None,
        };
        let names = regex.into_iter().flat_map(|regex| regex.capture_names().enumerate());
        names.filter_map(|(place, name)| Some((place, name?)))
    }

    /// What is expected, in the pattern's own words (`expected`).
    pub fn expected(&self) -> String {
        expected(&self.pattern)
    }
}

/// What a pattern expects, in its own words, for reports: `"LOGIN"…`, `/^OK (\d+)/`, `4..12 B`, `*`.
pub fn expected(pattern: &FramePattern) -> String {
    let typed = &pattern.pattern;
    let placed = |what: String| match pattern.place {
        MatchPlace::Anywhere => format!("…{what}…"),
        MatchPlace::Begins => format!("{what}…"),
        MatchPlace::Ends => format!("…{what}"),
        MatchPlace::Whole => what,
    };
    match pattern.how {
        MatchHow::Any => "*".to_owned(),
        MatchHow::Text => placed(format!("\"{typed}\"")),
        MatchHow::Hex => placed(format!("[{typed}]")),
        MatchHow::Regex => format!("/{typed}/"),
        MatchHow::Length => format!("{typed} B"),
    }
}

fn place_of(frame: &[u8], sought: &[u8], place: MatchPlace) -> Option<Range<usize>> {
    let at = match place {
        MatchPlace::Anywhere => memchr::memmem::find(frame, sought)?,
        MatchPlace::Begins => frame.starts_with(sought).then_some(0)?,
        MatchPlace::Ends => frame.ends_with(sought).then(|| frame.len() - sought.len())?,
        MatchPlace::Whole => (frame == sought).then_some(0)?,
    };
    Some(at..at + sought.len())
}
