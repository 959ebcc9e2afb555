//! The filter language: what a person types into the filter line, the find bar, a highlight rule or `--filter`, and what
//! it means. Grammar, positions of mistakes, colours, completion, and writing an expression back as text.
//!
//! ```text
//! filter  = all { "or" all }
//! all     = one { [ "and" ] one }
//! one     = ( "not" | "-" ) one | "(" filter ")" | text | /regex/ | key operator value
//! ```
//!
//! A word is text unless it begins like a key (`name:`), a keyword, a quote, a slash or a minus sign; in double quotes
//! everything is text. `docs/filter.md` tells it to people; `help()` is the table of everything that can be said.
//!
//! Pure: no IO, no clock, no bytes of a session; never panics on any text. Whether a row fits is decided in `session`.
//! Called by: words, session, workspace, ui, cli.

mod addresses;
mod complete;
mod expression;
mod help;
mod keys;
mod lexer;
mod like;
mod mistake;
mod parse;
mod pattern;
mod print;
#[cfg(test)]
mod tests;
mod tokens;
mod values;

use std::sync::Arc;

pub use crate::payload::RegexFault;
pub use complete::{Completion, Completions, Context, complete};
pub use expression::{AddressPattern, Bounds, Expression, HexByte, Host, Moment, Term};
pub use help::{HelpGroup, HelpRow, help};
pub use keys::Key;
pub use like::{exclude_like, narrowed, only_like};
pub use mistake::{Mistake, MistakeKind};
pub use pattern::{MAX_REGEX_BYTES, regex};
pub use tokens::{TokenKind, tokens};

/// A longer text is refused.
pub const MAX_BYTES: usize = 16 * 1024;
/// Terms in one filter.
pub const MAX_TERMS: usize = 1000;
/// Brackets and negations within each other.
pub const MAX_DEPTH: usize = 64;
/// Regular expressions in one filter.
pub const MAX_REGEXES: usize = 8;

/// A text that was understood. Cheap to clone; two are equal when their texts are.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    text: Arc<str>,
    expression: Option<Arc<Expression>>,
}

impl Filter {
    /// Understands a text; an empty one takes every row.
    pub fn parse(text: &str) -> Result<Self, Mistake> {
        let expression = parse::filter(text)?.map(Arc::new);
        Ok(Self { text: text.into(), expression })
    }

    /// As it was typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// `None`: every row fits.
    pub fn expression(&self) -> Option<&Expression> {
        self.expression.as_deref()
    }

    pub fn takes_all(&self) -> bool {
        self.expression.is_none()
    }

    /// Whether rows fit or not by where the selected row stands (`within:`).
    pub fn asks_for_selection(&self) -> bool {
        self.expression.as_deref().is_some_and(Expression::asks_for_selection)
    }
}

impl PartialEq for Filter {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Filter {}
