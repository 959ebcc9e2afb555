//! Mistakes in filters as sentences: what is wrong, and what can be written instead.
//! Called by: ui, cli.

use super::{MAX_OUTSIDE_BYTES, Words};
use crate::filter::{HelpRow, Key, Mistake, MistakeKind, help};
use crate::payload::{self, visible_text};

impl Words {
    /// "knd: is not known here; kind: is."
    pub fn filter_mistake(&self, mistake: &Mistake) -> String {
        let key = |name: &str| format!("filter_mistake.{name}");
        let say = |name: &str| self.get(&key(name)).to_owned();
        let limited = |name: &str, limit: u64| self.fill(&key(name), &[("limit", &self.number(limit))]);
        let with_key =
            |name: &str, of: Key| self.fill(&key(name), &[("key", &of.name()), ("example", &example_of(of))]);
        match &mistake.what {
            MistakeKind::TooLong { limit } => limited("too_long", *limit as u64),
            MistakeKind::TooDeep { limit } => limited("too_deep", *limit as u64),
            MistakeKind::TooManyTerms { limit } => limited("too_many_terms", *limit as u64),
            MistakeKind::TooManyRegexes { limit } => limited("too_many_regexes", *limit as u64),
            MistakeKind::RegexTooLong { limit } => limited("regex_too_long", *limit as u64),
            MistakeKind::Escape(what) => {
                let reason = self.mistake(&payload::Mistake { at: 0..0, what: what.clone() });
                self.fill("filter_mistake.escape", &[("reason", &reason)])
            }
            MistakeKind::UnknownFlag(flag) => self.fill("filter_mistake.unknown_flag", &[("flag", &shown(*flag))]),
            MistakeKind::BadHexDigit(digit) => {
                self.fill("filter_mistake.bad_hex_digit", &[("character", &shown(*digit))])
            }
            MistakeKind::Regex(fault) => {
                let reason = self.get(&format!("filter_regex.{}", fault.name())).to_owned();
                self.fill("filter_mistake.regex", &[("reason", &reason)])
            }
            MistakeKind::NothingAfter(word) => self.fill("filter_mistake.nothing_after", &[("word", word)]),
            MistakeKind::NothingBefore(word) => self.fill("filter_mistake.nothing_before", &[("word", word)]),
            MistakeKind::UseWord(word) => self.fill("filter_mistake.use_word", &[("word", word)]),
            MistakeKind::UnknownKey { name, suggestion } => self.unknown_key(name, *suggestion),
            MistakeKind::UnknownValue { key, value, suggestion } => self.unknown_value(*key, value, *suggestion),
            MistakeKind::NoValue(key) => with_key("no_value", *key),
            MistakeKind::NoComparison(key) => with_key("no_comparison", *key),
            MistakeKind::BadNumber(key) => with_key("bad_number", *key),
            MistakeKind::BadPrefix { most } => self.fill("filter_mistake.bad_prefix", &[("most", most)]),
            MistakeKind::NumberTooLarge { most } => {
                self.fill("filter_mistake.number_too_large", &[("most", &self.number(*most))])
            }
            MistakeKind::UnclosedQuote => say("unclosed_quote"),
            MistakeKind::EmptyText => say("empty_text"),
            MistakeKind::MissingBlank => say("missing_blank"),
            MistakeKind::UnclosedRegex => say("unclosed_regex"),
            MistakeKind::EmptyRegex => say("empty_regex"),
            MistakeKind::RegexTooLarge => say("regex_too_large"),
            MistakeKind::UnclosedBracket => say("unclosed_bracket"),
            MistakeKind::UnopenedBracket => say("unopened_bracket"),
            MistakeKind::EmptyBrackets => say("empty_brackets"),
            MistakeKind::TlsNotRecorded => say("tls_not_recorded"),
            MistakeKind::OddHexDigits => say("odd_hex_digits"),
            MistakeKind::BadAddress => say("bad_address"),
            MistakeKind::BadPort => say("bad_port"),
            MistakeKind::ReversedRange => say("reversed_range"),
            MistakeKind::NothingFits => say("nothing_fits"),
            MistakeKind::BadDuration => say("bad_duration"),
            MistakeKind::DurationWithoutUnit => say("duration_without_unit"),
            MistakeKind::BadTime => say("bad_time"),
            MistakeKind::BadDate => say("bad_date"),
            MistakeKind::TimeZone => say("time_zone"),
        }
    }

    fn unknown_key(&self, name: &str, suggestion: Option<Key>) -> String {
        let name = visible_text(name, MAX_OUTSIDE_BYTES);
        match suggestion {
            Some(key) => self.fill("filter_mistake.unknown_key_near", &[("name", &name), ("suggestion", &key.name())]),
            None => self.fill("filter_mistake.unknown_key", &[("name", &name)]),
        }
    }

    fn unknown_value(&self, key: Key, value: &str, suggestion: Option<&str>) -> String {
        let (value, name) = (visible_text(value, MAX_OUTSIDE_BYTES), format!("{}:", key.name()));
        match suggestion {
            Some(suggestion) => self.fill(
                "filter_mistake.unknown_value_near",
                &[("value", &value), ("key", &name), ("suggestion", &suggestion)],
            ),
            None => {
                let values = key.values().join(", ");
                self.fill("filter_mistake.unknown_value", &[("value", &value), ("key", &name), ("values", &values)])
            }
        }
    }
}

fn shown(character: char) -> String {
    visible_text(character.encode_utf8(&mut [0; 4]), 16)
}

/// The example in the table of the language.
fn example_of(key: Key) -> &'static str {
    let begins = |row: &&HelpRow| row.example.strip_prefix(key.name()).is_some_and(|rest| rest.starts_with([':', '>']));
    help().iter().flat_map(|group| group.rows).find(begins).map_or("", |row| row.example)
}
