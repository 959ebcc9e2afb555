//! Regular expressions in filters: what one may cost, what is wrong in it and where.
//!
//! The `regex` crate bounds what it builds, but not what it takes to get there: a few kilobytes of character classes keep it
//! busy for seconds. So the syntax tree is looked at first, which is cheap, and what is too much is not built at all.
//! Called by: `parse`; `regex` also by session, so that both accept the same.

use regex::bytes::{Regex, RegexBuilder};
use regex_syntax::ast::{self, Ast, ClassPerl, ClassSetItem, ClassSetRange, Flags, FlagsItemKind};
use regex_syntax::hir::{self, HirKind};

use super::{Mistake, MistakeKind};
use crate::payload::RegexFault;

/// A longer pattern is refused.
pub const MAX_REGEX_BYTES: usize = 1000;
/// What a compiled pattern may take.
const SIZE_LIMIT: usize = 1 << 20;
const NEST_LIMIT: u32 = 50;
/// Character classes count by the time they take; see `Cost`.
const COST_LIMIT: usize = 40;

/// Builds a pattern that `Filter::parse` accepted. `None` for any other.
pub fn regex(pattern: &str, ignore_case: bool) -> Option<Regex> {
    check(pattern, ignore_case).ok().and_then(|()| build(pattern, ignore_case, SIZE_LIMIT))
}

/// Whether a pattern is one, and one of `among` in a filter, which share what a filter may cost. Places count from its
/// beginning.
pub(super) fn validate(pattern: &str, ignore_case: bool, among: usize) -> Result<(), Mistake> {
    check(pattern, ignore_case)?;
    match build(pattern, ignore_case, SIZE_LIMIT / among.max(1)) {
        Some(_) => Ok(()),
        None => Err(whole(pattern, MistakeKind::RegexTooLarge)),
    }
}

fn build(pattern: &str, ignore_case: bool, size_limit: usize) -> Option<Regex> {
    let mut builder = RegexBuilder::new(pattern);
    builder.case_insensitive(ignore_case).nest_limit(NEST_LIMIT).size_limit(size_limit).dfa_size_limit(SIZE_LIMIT);
    builder.build().ok()
}

/// All that can be said without building it.
fn check(pattern: &str, ignore_case: bool) -> Result<(), Mistake> {
    if pattern.len() > MAX_REGEX_BYTES {
        return Err(whole(pattern, MistakeKind::RegexTooLong { limit: MAX_REGEX_BYTES }));
    }
    let mut parser = ast::parse::ParserBuilder::new().nest_limit(NEST_LIMIT).build();
    let tree = parser.parse(pattern).map_err(|error| fault(error.span(), RegexFault::of(error.kind())))?;
    let mut cost = Cost { pattern, folds: ignore_case, total: 0 };
    // Folding may be asked for anywhere within; then all of it is taken to fold.
    cost.folds |= ast::visit(&tree, FindsFolding(false)).unwrap_or(true);
    let total = ast::visit(&tree, cost).unwrap_or(usize::MAX);
    if total > COST_LIMIT {
        return Err(whole(pattern, MistakeKind::RegexTooLarge));
    }
    hir::translate::TranslatorBuilder::new()
        .utf8(false)
        .case_insensitive(ignore_case)
        .build()
        .translate(pattern, &tree)
        .map(drop)
        .map_err(|error| match error.kind() {
            hir::ErrorKind::UnicodePropertyNotFound
            | hir::ErrorKind::UnicodePropertyValueNotFound
            | hir::ErrorKind::UnicodePerlClassNotFound => fault(error.span(), RegexFault::UnknownClass),
            _ => fault(error.span(), RegexFault::Other),
        })
}

fn whole(pattern: &str, what: MistakeKind) -> Mistake {
    Mistake::new(0..pattern.len(), what)
}

fn fault(span: &ast::Span, fault: RegexFault) -> Mistake {
    Mistake::new(span.start.offset..span.end.offset, MistakeKind::Regex(fault))
}

/// Whether `(?i` stands anywhere.
struct FindsFolding(bool);

impl ast::Visitor for FindsFolding {
    type Output = bool;
    type Err = ();

    fn finish(self) -> Result<bool, ()> {
        Ok(self.0)
    }

    fn visit_pre(&mut self, tree: &Ast) -> Result<(), ()> {
        let folds =
            |flags: &Flags| flags.items.iter().any(|item| item.kind == FlagsItemKind::Flag(ast::Flag::CaseInsensitive));
        self.0 |= match tree {
            Ast::Flags(set) => folds(&set.flags),
            Ast::Group(group) => group.flags().is_some_and(folds),
            _ => false,
        };
        Ok(())
    }
}

/// Adds up what character classes take to build, in pieces of 50 to 100 µs.
struct Cost<'a> {
    pattern: &'a str,
    folds: bool,
    total: usize,
}

impl Cost<'_> {
    /// Folding goes through all characters of a class, one by one.
    fn of_folding(&self, characters: usize) -> usize {
        if self.folds { characters / 4096 } else { 0 }
    }

    fn of_range(&self, range: &ClassSetRange) -> usize {
        self.of_folding((u32::from(range.end.c) as usize).saturating_sub(u32::from(range.start.c) as usize))
    }

    fn of_named(&self, class: &ast::ClassUnicode) -> usize {
        // What does not exist is told by the translator.
        let text = self.pattern.get(class.span.start.offset..class.span.end.offset).unwrap_or_default();
        let characters = regex_syntax::parse(text).ok().map_or(0, |tree| match tree.kind() {
            HirKind::Class(hir::Class::Unicode(class)) => class.ranges().iter().map(|range| range.len()).sum(),
            _ => 0,
        });
        4 + self.of_folding(characters)
    }

    /// As soon as it is too much, nothing more is looked at.
    fn add(&mut self, cost: usize) -> Result<(), ()> {
        self.total += cost;
        if self.total > COST_LIMIT { Err(()) } else { Ok(()) }
    }
}

impl ast::Visitor for Cost<'_> {
    type Output = usize;
    type Err = ();

    fn finish(self) -> Result<usize, ()> {
        Ok(self.total)
    }

    fn visit_pre(&mut self, tree: &Ast) -> Result<(), ()> {
        let cost = match tree {
            Ast::ClassPerl(_) => 1,
            Ast::ClassUnicode(class) => self.of_named(class),
            _ => 0,
        };
        self.add(cost)
    }

    fn visit_class_set_item_pre(&mut self, item: &ClassSetItem) -> Result<(), ()> {
        let cost = match item {
            ClassSetItem::Perl(ClassPerl { .. }) => 4,
            ClassSetItem::Unicode(class) => self.of_named(class),
            ClassSetItem::Range(range) => self.of_range(range),
            _ => 0,
        };
        self.add(cost)
    }

    fn visit_class_set_binary_op_pre(&mut self, _: &ast::ClassSetBinaryOp) -> Result<(), ()> {
        self.add(1)
    }
}
