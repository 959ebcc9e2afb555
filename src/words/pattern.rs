//! Mistakes in patterns of replies and sequences as sentences: what is wrong, and what can be written instead.
//! Called by: ui, cli, workspace.

use super::Words;
use crate::payload;
use crate::rules::{PatternMistake, PatternMistakeKind};

impl Words {
    /// "12..4 goes down; 4..12 goes up."
    pub fn pattern_mistake(&self, mistake: &PatternMistake) -> String {
        let say = |name: &str| self.get(&format!("pattern_mistake.{name}")).to_owned();
        let limited = |name: &str, limit: usize| {
            self.fill(&format!("pattern_mistake.{name}"), &[("limit", &self.number(limit as u64))])
        };
        match &mistake.what {
            PatternMistakeKind::Payload(what) => self.mistake(&payload::Mistake { at: 0..0, what: what.clone() }),
            PatternMistakeKind::Regex(fault) => {
                let reason = self.get(&format!("filter_regex.{}", fault.name())).to_owned();
                self.fill("filter_mistake.regex", &[("reason", &reason)])
            }
            PatternMistakeKind::TooLong { limit } => limited("too_long", *limit),
            PatternMistakeKind::TooManyGroups { limit } => limited("too_many_groups", *limit),
            PatternMistakeKind::ReversedRange { suggestion } => {
                self.fill("pattern_mistake.reversed_range", &[("suggestion", suggestion)])
            }
            PatternMistakeKind::Empty => say("empty"),
            PatternMistakeKind::TooLarge => say("too_large"),
            PatternMistakeKind::Unicode => say("unicode"),
            PatternMistakeKind::BadLength => say("bad_length"),
            PatternMistakeKind::NumberTooLarge => say("number_too_large"),
        }
    }
}
