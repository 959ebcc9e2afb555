//! Regular expressions over bytes: what one may cost, what is wrong in it and where.
//!
//! Called by: `rules`, and by `masked` and `text`, whose patterns are expressions of our own making.

use std::fmt::Write as _;

use regex::bytes::{Regex, RegexBuilder};
use regex_syntax::ast::{self, Ast, ClassSetItem, Flag, Flags, FlagsItemKind, RepetitionKind, RepetitionRange};
use regex_syntax::hir;

use super::{MAX_GROUPS, PatternMistake, PatternMistakeKind};
use crate::model::MatchPlace;
use crate::payload::RegexFault;

/// What a compiled pattern may take, and what its search may keep.
const SIZE_LIMIT: usize = 1 << 20;
const NEST_LIMIT: u32 = 50;
/// Counts within counts multiply, and with them what each byte of a frame costs.
const MOST_REPEATS: u64 = 1000;

/// Builds a typed expression.
pub(super) fn ready(typed: &str, ignore_case: bool) -> Result<Regex, PatternMistake> {
    check(typed, ignore_case)?;
    let too_large = PatternMistake { at: 0..typed.len(), what: PatternMistakeKind::TooLarge };
    let regex = build(typed, ignore_case, false).ok_or(too_large)?;
    if regex.captures_len() > MAX_GROUPS + 1 {
        let what = PatternMistakeKind::TooManyGroups { limit: MAX_GROUPS };
        return Err(PatternMistake { at: 0..typed.len(), what });
    }
    Ok(regex)
}

/// Builds an expression of our own making, at its place. `None`: too large.
pub(super) fn placed(pattern: &str, place: MatchPlace) -> Option<Regex> {
    let (begin, end) = match place {
        MatchPlace::Anywhere => ("", ""),
        MatchPlace::Begins => ("\\A", ""),
        MatchPlace::Ends => ("", "\\z"),
        MatchPlace::Whole => ("\\A", "\\z"),
    };
    build(&format!("{begin}{pattern}{end}"), false, true)
}

pub(super) fn push_byte(byte: u8, pattern: &mut String) {
    // Writing to a string cannot fail.
    let _ = write!(pattern, "\\x{byte:02x}");
}

fn build(pattern: &str, ignore_case: bool, dot_fits_line_feed: bool) -> Option<Regex> {
    let mut builder = RegexBuilder::new(pattern);
    builder.unicode(false).case_insensitive(ignore_case).dot_matches_new_line(dot_fits_line_feed);
    builder.nest_limit(NEST_LIMIT).size_limit(SIZE_LIMIT).dfa_size_limit(SIZE_LIMIT);
    builder.build().ok()
}

/// All that can be said without building it.
fn check(typed: &str, ignore_case: bool) -> Result<(), PatternMistake> {
    let mut parser = ast::parse::ParserBuilder::new().nest_limit(NEST_LIMIT).build();
    let tree = parser.parse(typed).map_err(|error| fault(error.span(), RegexFault::of(error.kind())))?;
    ast::visit(&tree, Bounds { repeats: Vec::new() })?;
    hir::translate::TranslatorBuilder::new()
        .unicode(false)
        .utf8(false)
        .case_insensitive(ignore_case)
        .build()
        .translate(typed, &tree)
        .map(drop)
        .map_err(|error| match error.kind() {
            hir::ErrorKind::UnicodeNotAllowed => at(error.span(), PatternMistakeKind::Unicode),
            _ => fault(error.span(), RegexFault::Other),
        })
}

fn fault(span: &ast::Span, fault: RegexFault) -> PatternMistake {
    at(span, PatternMistakeKind::Regex(fault))
}

fn at(span: &ast::Span, what: PatternMistakeKind) -> PatternMistake {
    PatternMistake { at: span.start.offset..span.end.offset, what }
}

/// Refuses counts within counts that multiply to too many, and everything that asks for Unicode, whose classes are large.
struct Bounds {
    /// The product of the counts around the place.
    repeats: Vec<u64>,
}

impl Bounds {
    fn flags(flags: &Flags) -> Result<(), PatternMistake> {
        match flags.items.iter().find(|item| item.kind == FlagsItemKind::Flag(Flag::Unicode)) {
            // `(?-u)` asks for what is so anyway.
            Some(item) if flags.flag_state(Flag::Unicode) == Some(true) => {
                Err(at(&item.span, PatternMistakeKind::Unicode))
            }
            _ => Ok(()),
        }
    }
}

impl ast::Visitor for Bounds {
    type Output = ();
    type Err = PatternMistake;

    fn finish(self) -> Result<(), PatternMistake> {
        Ok(())
    }

    fn visit_pre(&mut self, tree: &Ast) -> Result<(), PatternMistake> {
        match tree {
            Ast::Flags(set) => Self::flags(&set.flags),
            Ast::Group(group) => group.flags().map_or(Ok(()), Self::flags),
            Ast::ClassUnicode(class) => Err(at(&class.span, PatternMistakeKind::Unicode)),
            Ast::Repetition(repetition) => {
                let count = match &repetition.op.kind {
                    RepetitionKind::Range(RepetitionRange::Exactly(n) | RepetitionRange::AtLeast(n)) => *n,
                    RepetitionKind::Range(RepetitionRange::Bounded(_, most)) => *most,
                    _ => 1,
                };
                let around = self.repeats.last().copied().unwrap_or(1);
                let product = around.saturating_mul(u64::from(count.max(1)));
                if product > MOST_REPEATS {
                    return Err(at(&repetition.span, PatternMistakeKind::TooLarge));
                }
                self.repeats.push(product);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn visit_post(&mut self, tree: &Ast) -> Result<(), PatternMistake> {
        if let Ast::Repetition(_) = tree {
            self.repeats.pop();
        }
        Ok(())
    }

    fn visit_class_set_item_pre(&mut self, item: &ClassSetItem) -> Result<(), PatternMistake> {
        match item {
            ClassSetItem::Unicode(class) => Err(at(&class.span, PatternMistakeKind::Unicode)),
            _ => Ok(()),
        }
    }
}
