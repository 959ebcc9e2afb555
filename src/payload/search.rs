//! Places in one payload where bytes, text or an expression stand.
//!
//! Owns: patterns ready for use, bounded in what they may cost. Never: the search over a session (that is `session`).
//! Called by: ui.

use std::ops::Range;

use regex::bytes::{Regex, RegexBuilder};

use super::text_to_bytes;
use crate::model::TextEncoding;

/// A pattern that takes more than this is refused.
const MOST_PATTERN_BYTES: usize = 1 << 20;

/// Something to look for, ready for use.
#[derive(Clone, Debug)]
pub enum Pattern {
    /// Never empty. ASCII letters fit in both cases where `ignore_case` is set.
    Bytes {
        bytes: Vec<u8>,
        ignore_case: bool,
    },
    /// Value and the bits of it that count; never empty.
    Masked(Vec<(u8, u8)>),
    Expression(Regex),
}

/// What was found, in order and apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    pub ranges: Vec<Range<usize>>,
    /// There are more than were asked for.
    pub is_cut: bool,
}

impl Pattern {
    /// Text as it is written in an encoding; `None`: it cannot be, or is empty.
    pub fn text(text: &str, encoding: TextEncoding) -> Option<Self> {
        let bytes = text_to_bytes(&text.replace('\\', "\\\\"), encoding).ok()?;
        (!bytes.is_empty()).then_some(Self::Bytes { bytes, ignore_case: true })
    }

    /// `None`: no expression, or one that costs too much.
    pub fn expression(pattern: &str, ignore_case: bool) -> Option<Self> {
        let mut builder = RegexBuilder::new(pattern);
        builder.case_insensitive(ignore_case).size_limit(MOST_PATTERN_BYTES).dfa_size_limit(MOST_PATTERN_BYTES);
        builder.build().ok().map(Self::Expression)
    }

    pub fn masked(bytes: Vec<(u8, u8)>) -> Option<Self> {
        (!bytes.is_empty()).then_some(Self::Masked(bytes))
    }

    fn find_at(&self, bytes: &[u8], from: usize) -> Option<Range<usize>> {
        let rest = bytes.get(from..)?;
        let same = |seen: &[u8], length: usize, fits: &dyn Fn(usize, u8) -> bool| {
            let mut windows = seen.windows(length);
            let at = windows.position(|window| window.iter().enumerate().all(|(at, byte)| fits(at, *byte)))?;
            Some(from + at..from + at + length)
        };
        match self {
            Self::Bytes { bytes: sought, ignore_case: true } => {
                same(rest, sought.len(), &|at, byte| sought[at].eq_ignore_ascii_case(&byte))
            }
            Self::Bytes { bytes: sought, ignore_case: false } => {
                memchr::memmem::find(rest, sought).map(|at| from + at..from + at + sought.len())
            }
            Self::Masked(sought) => {
                same(rest, sought.len(), &|at, byte| byte & sought[at].1 == sought[at].0 & sought[at].1)
            }
            Self::Expression(expression) => expression.find_at(bytes, from).map(|found| found.range()),
        }
    }

    fn all(&self, bytes: &[u8], most: usize, places: &mut Places) {
        let (mut from, mut count) = (0, 0);
        while let Some(found) = self.find_at(bytes, from) {
            // An expression may fit nothing at all, which nobody sees.
            from = found.end.max(found.start + 1).max(from + 1);
            if found.is_empty() {
                continue;
            }
            if count == most {
                places.is_cut = true;
                return;
            }
            places.ranges.push(found);
            count += 1;
        }
    }
}

/// Where any of the patterns stands, at most `most` places of each.
pub fn find_all(bytes: &[u8], patterns: &[Pattern], most: usize) -> Places {
    let mut places = Places::default();
    for pattern in patterns {
        pattern.all(bytes, most, &mut places);
    }
    places.ranges.sort_by_key(|range| (range.start, range.end));
    // Places that lie over one another are one.
    places.ranges.dedup_by(|next, kept| {
        let over = next.start < kept.end;
        if over {
            kept.end = kept.end.max(next.end);
        }
        over
    });
    places
}

#[cfg(test)]
#[allow(clippy::single_range_in_vec_init, reason = "a list of one range is meant")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn places(bytes: &[u8], pattern: Option<Pattern>) -> Vec<Range<usize>> {
        find_all(bytes, &[pattern.unwrap()], 100).ranges
    }

    #[test]
    fn text_is_found_in_both_cases_and_in_the_encoding() {
        let utf8 = |text| Pattern::text(text, TextEncoding::Utf8);
        assert_eq!(places(b"ab AB aB", utf8("ab")), [0..2, 3..5, 6..8]);
        assert_eq!(places("泵泵".as_bytes(), utf8("泵")), [0..3, 3..6]);
        assert_eq!(places(&[0xB1, 0xC3], Pattern::text("泵", TextEncoding::Gbk)), [0..2]);
        assert_eq!(places(b"a\\n", utf8("\\n")), [1..3], "a typed backslash is one");
        assert!(Pattern::text("泵", TextEncoding::Latin1).is_none());
        assert!(utf8("").is_none());
    }

    #[test]
    fn masks_and_expressions_find_their_places() {
        let hex = Pattern::masked(vec![(0x0D, 0xFF), (0, 0), (0xF0, 0xF0)]);
        assert_eq!(places(&[0x0D, 1, 0xF7, 0x0D, 2, 0x17], hex), [0..3]);
        assert_eq!(places(b"a1b22", Pattern::expression("[0-9]+", false)), [1..2, 3..5]);
        assert_eq!(places(b"xAAx", Pattern::expression("a*", true)), [1..3]);
        assert_eq!(places(b"\xff\x00", Pattern::expression(r"(?-u)\xff", false)), [0..1]);
        assert!(Pattern::expression("(", false).is_none());
        assert!(Pattern::expression("(a{1000}){1000}", false).is_none());
    }

    #[test]
    fn many_places_are_cut_and_overlaps_are_one() {
        let a = Pattern::text("a", TextEncoding::Utf8).unwrap();
        let found = find_all(&[b'a'; 50], std::slice::from_ref(&a), 10);
        assert_eq!((found.ranges.len(), found.is_cut), (10, true));
        let aba = Pattern::text("aba", TextEncoding::Utf8).unwrap();
        let ba = Pattern::text("bac", TextEncoding::Utf8).unwrap();
        assert_eq!(find_all(b"abac", &[aba, ba], 10).ranges, [0..4]);
    }

    proptest! {
        #[test]
        fn places_are_in_order_and_apart(bytes in proptest::collection::vec(0u8..5, 0..200), sought in proptest::collection::vec(0u8..5, 1..4)) {
            let pattern = Pattern::Bytes { bytes: sought.clone(), ignore_case: false };
            let found = find_all(&bytes, &[pattern], 1000).ranges;
            prop_assert!(found.windows(2).all(|two| two[0].end <= two[1].start));
            prop_assert!(found.iter().all(|range| bytes[range.clone()] == sought[..]));
        }
    }
}
