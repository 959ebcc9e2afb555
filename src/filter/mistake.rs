//! Why a text is no filter: where, what, and what to write instead.
//! Called by: the other files of this room; `words` makes sentences of it.

use std::ops::Range;

use super::{Filter, Key, lexer, print};
use crate::payload::{self, RegexFault};

/// Why a text is no filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Byte range in the text, on character boundaries, never empty in a text that is not.
    pub at: Range<usize>,
    pub what: MistakeKind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MistakeKind {
    TooLong {
        limit: usize,
    },
    TooDeep {
        limit: usize,
    },
    TooManyTerms {
        limit: usize,
    },
    /// A quote without its end.
    UnclosedQuote,
    /// Within quotes.
    Escape(payload::MistakeKind),
    EmptyText,
    /// Behind a closing quote or slash something else begins at once.
    MissingBlank,
    UnclosedRegex,
    EmptyRegex,
    UnknownFlag(char),
    Regex(RegexFault),
    RegexTooLong {
        limit: usize,
    },
    /// It would cost more than a filter may.
    RegexTooLarge,
    TooManyRegexes {
        limit: usize,
    },
    /// A bracket without its end.
    UnclosedBracket,
    UnopenedBracket,
    EmptyBrackets,
    /// Nothing stands behind `and`, `or`, `not` or `-`.
    NothingAfter(&'static str),
    NothingBefore(&'static str),
    /// `&&` and the like: write this word.
    UseWord(&'static str),
    UnknownKey {
        name: String,
        suggestion: Option<Key>,
    },
    NoValue(Key),
    /// `dir>in`
    NoComparison(Key),
    /// Not one of `Key::values`.
    UnknownValue {
        key: Key,
        value: String,
        suggestion: Option<&'static str>,
    },
    TlsNotRecorded,
    /// Neither a hex digit nor `?`.
    BadHexDigit(char),
    OddHexDigits,
    BadAddress,
    BadPrefix {
        most: u8,
    },
    BadPort,
    BadNumber(Key),
    NumberTooLarge {
        most: u64,
    },
    /// `9..1`
    ReversedRange,
    /// `size<0`
    NothingFits,
    BadDuration,
    DurationWithoutUnit,
    BadTime,
    BadDate,
    /// A time with a zone; times are read on the clock that the log shows.
    TimeZone,
}

impl Mistake {
    pub(super) fn new(at: Range<usize>, what: MistakeKind) -> Self {
        Self { at, what }
    }

    /// The text without this mistake, where it can be guessed what was meant: the key that is nearly written, a text that
    /// needs quotes, the bracket that is missing.
    pub fn remedy(&self, text: &str) -> Option<String> {
        let mended = |(at, instead): (Range<usize>, String)| {
            Some(format!("{}{instead}{}", text.get(..at.start)?, text.get(at.end..)?))
        };
        let all: Vec<String> = self.replacements(text).into_iter().flatten().filter_map(mended).collect();
        // One that leaves nothing wrong, or else only what stands further on.
        let is_better = |mended: &&String| match Filter::parse(mended) {
            Ok(_) => true,
            Err(next) => next.at.start > self.at.start && next.at.start >= self.at.end,
        };
        all.iter().find(|mended| Filter::parse(mended).is_ok()).or_else(|| all.iter().rev().find(is_better)).cloned()
    }

    /// What could stand in the place of what, the nearest first.
    fn replacements(&self, text: &str) -> [Option<(Range<usize>, String)>; 2] {
        let (start, end) = (self.at.start, self.at.end);
        let one = |at: Range<usize>, instead: &str| [Some((at, instead.to_owned())), None];
        match &self.what {
            MistakeKind::UnknownKey { name, suggestion } => {
                let key = suggestion.map(|key| (start..start + name.len(), key.name().to_owned()));
                [key, self.in_quotes(text)]
            }
            MistakeKind::UnknownValue { suggestion: Some(value), .. } => one(start..end, value),
            MistakeKind::UseWord(word) => one(start..end, word),
            MistakeKind::NoComparison(_) => one(start..end, ":"),
            MistakeKind::DurationWithoutUnit => one(end..end, "s"),
            MistakeKind::UnclosedQuote => one(text.len()..text.len(), "\""),
            MistakeKind::UnclosedBracket => one(text.len()..text.len(), ")"),
            MistakeKind::MissingBlank
            | MistakeKind::UnknownFlag(_)
            | MistakeKind::UnclosedRegex
            | MistakeKind::EmptyRegex => [self.in_quotes(text), None],
            _ => [None, None],
        }
    }

    /// The word with the mistake as text to be looked for.
    fn in_quotes(&self, text: &str) -> Option<(Range<usize>, String)> {
        let piece = lexer::lexemes(text).into_iter().find(|piece| piece.at.contains(&self.at.start))?;
        // An unclosed pattern reaches to the end of the text; the word with the slash is meant.
        let behind = if self.what == MistakeKind::UnclosedRegex { self.at.start } else { self.at.end };
        let at = piece.at.start..lexer::end_of_token(text, behind);
        Some((at.clone(), print::quoted(text.get(at)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_meant_is_offered() {
        for (text, mended) in [
            ("a knd:reset", Some("a kind:reset")),
            ("kind:rset x", Some("kind:reset x")),
            ("a && b", Some("a and b")),
            ("dir>in", Some("dir:in")),
            ("gap>5", Some("gap>5s")),
            ("x \"ab", Some("x \"ab\"")),
            ("(a or b", Some("(a or b)")),
            ("Foo: bar", Some("\"Foo:\" bar")),
            ("foo:bar x", Some("\"foo:bar\" x")),
            ("GET /api/v1/x y", Some("GET \"/api/v1/x\" y")),
            ("GET /index y", Some("GET \"/index\" y")),
            ("\"id\":7 x", Some("\"\\\"id\\\":7\" x")),
            ("// x", Some("\"//\" x")),
            ("Host: x", Some("\"Host:\" x")),
            ("src:1.2.3.4", Some("from:1.2.3.4")),
            ("kind:", None),
            ("a and", None),
            ("/(/", None),
        ] {
            let mistake = Filter::parse(text).unwrap_err();
            assert_eq!(mistake.remedy(text).as_deref(), mended, "{text}");
        }
    }
}
