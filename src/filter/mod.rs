//! The filter language: what a person types into the filter line, the find bar, a highlight rule or `--filter`, and what
//! it means. Grammar, positions of mistakes, completion, and writing an expression back as text.
//!
//! Pure: no IO, no clock, no bytes of a session; never panics on any text. Whether a row fits is decided in `session`.
//! Called by: session, workspace, ui, cli.

mod expression;
mod parse;

use std::ops::Range;
use std::sync::Arc;

pub use expression::{AddressPattern, Bounds, Expression, HexByte, Host, Moment, Term};

/// A text that was understood. Cheap to clone; two are equal when their texts are.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    text: Arc<str>,
    expression: Option<Arc<Expression>>,
}

/// Why a text is no filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Byte range in the text, on character boundaries; empty at the end when something is missing.
    pub at: Range<usize>,
    pub what: MistakeKind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MistakeKind {
    TooLong,
}

impl Filter {
    /// Understands a text; an empty one takes every row.
    pub fn parse(text: &str) -> Result<Self, Mistake> {
        parse::filter(text)
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
}

impl PartialEq for Filter {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Filter {}
