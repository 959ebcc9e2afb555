//! What can be wrong in a regular expression that a person typed, as the tables of words name it.
//!
//! Called by: filter and rules, which bound what an expression may cost each in its own way.

use regex_syntax::ast;

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

    /// The parser's own word for it.
    pub fn of(kind: &ast::ErrorKind) -> Self {
        use ast::ErrorKind::*;
        match kind {
            GroupUnclosed | GroupNameUnexpectedEof => Self::UnclosedGroup,
            GroupUnopened => Self::UnopenedGroup,
            GroupNameDuplicate { .. } | GroupNameEmpty | GroupNameInvalid => Self::GroupName,
            ClassUnclosed => Self::UnclosedClass,
            ClassRangeInvalid | ClassRangeLiteral | ClassEscapeInvalid => Self::BadRange,
            UnicodeClassInvalid => Self::UnknownClass,
            RepetitionMissing => Self::NothingToRepeat,
            RepetitionCountInvalid
            | RepetitionCountDecimalEmpty
            | RepetitionCountUnclosed
            | DecimalEmpty
            | DecimalInvalid => Self::BadCount,
            EscapeHexEmpty | EscapeHexInvalid | EscapeHexInvalidDigit | EscapeUnexpectedEof | EscapeUnrecognized => {
                Self::BadEscape
            }
            FlagDanglingNegation
            | FlagDuplicate { .. }
            | FlagRepeatedNegation { .. }
            | FlagUnexpectedEof
            | FlagUnrecognized => Self::BadFlags,
            UnsupportedLookAround => Self::LookAround,
            UnsupportedBackreference => Self::Backreference,
            NestLimitExceeded(_) => Self::TooDeep,
            _ => Self::Other,
        }
    }
}
