//! Why a text is no filter: where, what, and what to write instead.
//! Called by: the other files of this room; `words` makes sentences of it.

use std::ops::Range;

use super::Key;
use crate::payload;

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

/// What is wrong in a regular expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegexFault {
    UnclosedGroup,
    UnopenedGroup,
    GroupName,
    UnclosedClass,
    BadRange,
    /// A name of characters, as in `\p{…}`, that does not exist.
    UnknownClass,
    NothingToRepeat,
    BadCount,
    BadEscape,
    BadFlags,
    LookAround,
    Backreference,
    TooDeep,
    Other,
}

impl RegexFault {
    pub const ALL: [Self; 14] = [
        Self::UnclosedGroup,
        Self::UnopenedGroup,
        Self::GroupName,
        Self::UnclosedClass,
        Self::BadRange,
        Self::UnknownClass,
        Self::NothingToRepeat,
        Self::BadCount,
        Self::BadEscape,
        Self::BadFlags,
        Self::LookAround,
        Self::Backreference,
        Self::TooDeep,
        Self::Other,
    ];

    /// As the tables of words name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::UnclosedGroup => "unclosed_group",
            Self::UnopenedGroup => "unopened_group",
            Self::GroupName => "group_name",
            Self::UnclosedClass => "unclosed_class",
            Self::BadRange => "bad_range",
            Self::UnknownClass => "unknown_class",
            Self::NothingToRepeat => "nothing_to_repeat",
            Self::BadCount => "bad_count",
            Self::BadEscape => "bad_escape",
            Self::BadFlags => "bad_flags",
            Self::LookAround => "look_around",
            Self::Backreference => "backreference",
            Self::TooDeep => "too_deep",
            Self::Other => "other",
        }
    }
}

impl Mistake {
    pub(super) fn new(at: Range<usize>, what: MistakeKind) -> Self {
        Self { at, what }
    }
}
