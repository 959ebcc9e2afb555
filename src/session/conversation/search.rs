//! Looking for text, bytes or a pattern in a conversation: over the joined bytes of a turn, so that what spans chunks is
//! found; in one datagram at a time where datagrams are.
//!
//! Owns: the pattern, the matches. Never: lines. Called by: `work`, `line`.

use std::fmt::Write;
use std::ops::Range;

use regex::bytes::{Regex, RegexBuilder};

use super::layout::Item;
use crate::filter::{HexByte, Term};
use crate::model::{Direction, TextEncoding};
use crate::payload::text_to_bytes;

/// No more matches are kept; what is looked for is then too common to be stepped through.
pub const MAX_MATCHES: usize = 500_000;
/// A pattern and its machines are no larger.
const MAX_PATTERN_BYTES: usize = 1024 * 1024;
/// The joined bytes are searched when they are so many.
const WINDOW_BYTES: usize = 1024 * 1024;
/// A match of a pattern may be so long and still span windows.
const LONGEST_MATCH: usize = 64 * 1024;
/// Bytes kept before the place where the search goes on, for what looks at what stands before.
const CONTEXT: usize = 64;

/// Where a match begins, and where it ends: row and offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Match {
    pub start: (u64, u32),
    pub end: (u64, u32),
}

pub struct Search {
    /// `None`: it cannot be found in this encoding, or is no pattern.
    pattern: Option<Regex>,
    /// Every match is so long.
    length: Option<usize>,
    datagrams: bool,
    /// The row that is taken next.
    pub next_item: u64,
    pub matches: Vec<Match>,
    /// Matches before this one stand whatever follows.
    confirmed: usize,
    /// The match that was stepped to.
    pub current: Option<usize>,
    turn: Option<Direction>,
    window: Vec<u8>,
    /// From a place in the window on: row and offset.
    places: Vec<(usize, u64, u32)>,
    /// Where in the window the search goes on.
    from: usize,
}

impl Search {
    pub fn new(term: &Term, encoding: TextEncoding, datagrams: bool) -> Self {
        let (pattern, length) = compile(term, encoding).map_or((None, None), |(regex, length)| (Some(regex), length));
        Self {
            pattern,
            length,
            datagrams,
            next_item: 0,
            matches: Vec::new(),
            confirmed: 0,
            current: None,
            turn: None,
            window: Vec::new(),
            places: Vec::new(),
            from: 0,
        }
    }

    /// It can be looked for at all.
    pub fn is_possible(&self) -> bool {
        self.pattern.is_some()
    }

    pub fn is_full(&self) -> bool {
        self.matches.len() >= MAX_MATCHES
    }

    pub fn take(&mut self, item: Item<'_>) {
        let at = self.next_item;
        self.next_item += 1;
        if self.is_full() || self.pattern.is_none() {
            return;
        }
        match item {
            Item::Chunk { direction, bytes: Some(bytes), .. } => {
                if self.turn != Some(direction) || self.datagrams {
                    self.end_turn();
                    self.turn = Some(direction);
                }
                self.places.push((self.window.len(), at, 0));
                self.window.extend_from_slice(bytes);
                if self.window.len() >= WINDOW_BYTES {
                    self.look(false);
                }
            }
            Item::Chunk { bytes: None, .. } | Item::Happened => self.end_turn(),
        }
    }

    /// All there is yet was taken: what was found at its end shows, until more comes.
    pub fn settle(&mut self) {
        self.look(false);
    }

    /// Matches within bytes of a row: where in them, and whether it is the current one.
    pub fn within(&self, item: u64, offset: u32, length: u32) -> impl Iterator<Item = (Range<u32>, bool)> + '_ {
        let end = offset.saturating_add(length);
        let first = self.matches.partition_point(|found| found.end <= (item, offset));
        let matches = self.matches.iter().enumerate().skip(first);
        matches.take_while(move |(_, found)| found.start < (item, end)).map(move |(number, found)| {
            let from = if found.start.0 == item { found.start.1.max(offset) } else { offset };
            let to = if found.end.0 == item { found.end.1.min(end) } else { end };
            (from - offset..to.max(from) - offset, self.current == Some(number))
        })
    }

    /// The first match at or after a place.
    pub fn first_from(&self, place: (u64, u32)) -> usize {
        self.matches.partition_point(|found| found.start < place)
    }

    fn end_turn(&mut self) {
        self.look(true);
        self.window.clear();
        self.places.clear();
        self.from = 0;
        self.turn = None;
    }

    /// `is_whole`: nothing follows these bytes.
    fn look(&mut self, is_whole: bool) {
        let Some(pattern) = &self.pattern else { return };
        self.matches.truncate(self.confirmed);
        let mut at = self.from;
        while self.matches.len() < MAX_MATCHES
            && at < self.window.len()
            && let Some(found) = pattern.find_at(&self.window, at)
        {
            if found.is_empty() {
                at = found.end() + 1;
                continue;
            }
            at = found.end();
            if let (Some(start), Some(last)) = (self.place_of(found.start()), self.place_of(found.end() - 1)) {
                self.matches.push(Match { start, end: (last.0, last.1 + 1) });
            }
            // A pattern may take more when there is more.
            if is_whole || self.length.is_some() || found.end() < self.window.len() {
                (self.confirmed, self.from) = (self.matches.len(), at);
            }
        }
        if is_whole {
            self.confirmed = self.matches.len();
            return;
        }
        let overlap = self.length.map_or(LONGEST_MATCH, |length| length.saturating_sub(1));
        self.from = self.from.max(self.window.len().saturating_sub(overlap));
        self.forget(self.from.saturating_sub(CONTEXT));
    }

    /// Drops bytes that no match can begin in any more.
    fn forget(&mut self, bytes: usize) {
        // Not for a few: the rest must be moved each time.
        if bytes < WINDOW_BYTES / 4 {
            return;
        }
        self.window.drain(..bytes);
        self.from -= bytes;
        let first = self.places.partition_point(|(at, ..)| *at <= bytes).saturating_sub(1);
        self.places.drain(..first);
        for place in &mut self.places {
            match place.0.checked_sub(bytes) {
                Some(at) => place.0 = at,
                None => {
                    place.2 += u32::try_from(bytes - place.0).unwrap_or(u32::MAX);
                    place.0 = 0;
                }
            }
        }
    }

    fn place_of(&self, at: usize) -> Option<(u64, u32)> {
        let after = self.places.partition_point(|(from, ..)| *from <= at);
        let (from, item, offset) = self.places.get(after.checked_sub(1)?)?;
        Some((*item, offset.saturating_add(u32::try_from(at - from).ok()?)))
    }
}

/// The pattern as bytes, and the length of its matches where they all have the same.
fn compile(term: &Term, encoding: TextEncoding) -> Option<(Regex, Option<usize>)> {
    let (mut pattern, mut length, mut folds) = (String::from("(?s-u)"), None, false);
    match term {
        Term::Text(text) => length = Some(push_text(text, encoding, &mut pattern)?),
        Term::Hex(bytes) => {
            push_hex(bytes, &mut pattern);
            length = Some(bytes.len());
        }
        Term::Regex { pattern: typed, ignore_case } => {
            pattern.clone_from(typed);
            folds = *ignore_case;
        }
        _ => return None,
    }
    let mut builder = RegexBuilder::new(&pattern);
    builder.case_insensitive(folds).multi_line(true).size_limit(MAX_PATTERN_BYTES).dfa_size_limit(MAX_PATTERN_BYTES);
    Some((builder.build().ok()?, length.filter(|length| *length > 0)))
}

/// ASCII letters match in both cases. `None`: the encoding has no such character.
fn push_text(text: &str, encoding: TextEncoding, pattern: &mut String) -> Option<usize> {
    let mut length = 0;
    for character in text.chars() {
        let lower = encoded(character.to_ascii_lowercase(), encoding)?;
        length += lower.len();
        let upper = encoded(character.to_ascii_uppercase(), encoding)?;
        if lower == upper {
            push_bytes(&lower, pattern);
        } else {
            pattern.push_str("(?:");
            push_bytes(&lower, pattern);
            pattern.push('|');
            push_bytes(&upper, pattern);
            pattern.push(')');
        }
    }
    Some(length)
}

fn encoded(character: char, encoding: TextEncoding) -> Option<Vec<u8>> {
    let text = if character == '\\' { "\\\\".to_owned() } else { character.to_string() };
    text_to_bytes(&text, encoding).ok()
}

fn push_bytes(bytes: &[u8], pattern: &mut String) {
    for byte in bytes {
        // Writing to a string cannot fail.
        let _ = write!(pattern, "\\x{byte:02x}");
    }
}

fn push_hex(bytes: &[HexByte], pattern: &mut String) {
    for HexByte { value, mask } in bytes {
        match mask {
            0xFF => push_bytes(&[*value], pattern),
            0 => pattern.push('.'),
            mask => {
                let fits: Vec<u8> = (0..=u8::MAX).filter(|byte| byte & mask == value & mask).collect();
                pattern.push('[');
                push_bytes(&fits, pattern);
                pattern.push(']');
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(text: &str) -> Term {
        Term::Text(text.to_owned())
    }

    fn searched(term: &Term, encoding: TextEncoding, datagrams: bool, chunks: &[(Direction, &[u8])]) -> Vec<Match> {
        let mut search = Search::new(term, encoding, datagrams);
        for (direction, bytes) in chunks {
            search.take(Item::Chunk { direction: *direction, length: bytes.len(), bytes: Some(bytes) });
            search.settle();
        }
        search.matches
    }

    fn found(term: &Term, encoding: TextEncoding, chunks: &[(Direction, &[u8])]) -> Vec<Match> {
        searched(term, encoding, false, chunks)
    }

    use Direction::{In, Out};

    #[test]
    fn a_match_may_span_chunks_but_not_turns_or_datagrams() {
        let chunks = [(In, &b"..GE"[..]), (In, b"T /"), (Out, b"ge"), (In, b"t")];
        let get = [Match { start: (0, 2), end: (1, 1) }];
        assert_eq!(found(&text("get"), TextEncoding::Utf8, &chunks), get);
        assert_eq!(searched(&text("get"), TextEncoding::Utf8, true, &chunks), []);
    }

    #[test]
    fn text_is_looked_for_in_its_encoding() {
        let gbk = [(In, &[0xce, 0xc2][..]), (In, &[0xb6, 0xc8])];
        assert_eq!(found(&text("温度"), TextEncoding::Gbk, &gbk).len(), 1);
        assert_eq!(found(&text("温度"), TextEncoding::Utf8, &gbk).len(), 0);
        assert!(!Search::new(&text("温"), TextEncoding::Latin1, false).is_possible());
        assert_eq!(found(&text("a\\.b"), TextEncoding::Utf8, &[(In, b"A\\.B")]).len(), 1, "no pattern");
    }

    #[test]
    fn bytes_with_wildcards_and_patterns() {
        let byte = |value, mask| HexByte { value, mask };
        let hex = Term::Hex(vec![byte(0x0d, 0xff), byte(0, 0), byte(0xf0, 0xf0)]);
        assert_eq!(found(&hex, TextEncoding::Utf8, &[(In, b"\x0d\n"), (In, b"\xf3")]).len(), 1);
        let regex = |pattern: &str| Term::Regex { pattern: pattern.into(), ignore_case: true };
        let chunks = [(In, &b"id=1"[..]), (In, b"23;"), (In, b"ID=4")];
        let ids = [Match { start: (0, 0), end: (1, 2) }, Match { start: (2, 0), end: (2, 4) }];
        assert_eq!(found(&regex("id=[0-9]+"), TextEncoding::Utf8, &chunks), ids);
        assert!(!Search::new(&regex("(a{1000}){1000}"), TextEncoding::Utf8, false).is_possible());
        assert_eq!(found(&regex("x*"), TextEncoding::Utf8, &chunks), [], "nothing is no match");
    }

    #[test]
    fn matches_are_found_within_parts_of_rows() {
        let mut search = Search::new(&text("abc"), TextEncoding::Utf8, false);
        for bytes in [&b"xxab"[..], b"cxxabc"] {
            search.take(Item::Chunk { direction: In, length: bytes.len(), bytes: Some(bytes) });
        }
        search.settle();
        let within = |item, offset, length| search.within(item, offset, length).map(|(r, _)| r).collect::<Vec<_>>();
        assert_eq!(within(0, 0, 4), vec![2..4]);
        assert_eq!(within(1, 0, 6), vec![0..1, 3..6]);
        assert_eq!(within(1, 4, 1), vec![0..1]);
        assert_eq!(within(0, 0, 2), vec![]);
    }

    proptest! {
        #[test]
        fn cutting_changes_no_match(stream in "[ab]{0,200}", cuts in proptest::collection::vec(1usize..9, 1..60)) {
            for term in [text("aba"), Term::Regex { pattern: "ab+".into(), ignore_case: false }] {
                let whole = found(&term, TextEncoding::Utf8, &[(In, stream.as_bytes())]);
                let (mut rest, mut chunks) = (stream.as_bytes(), Vec::new());
                for cut in cuts.iter().cycle() {
                    let (chunk, after) = rest.split_at((*cut).min(rest.len()));
                    chunks.push((In, chunk));
                    rest = after;
                    if rest.is_empty() {
                        break;
                    }
                }
                let starts: Vec<u32> = chunks.iter().scan(0, |at, (_, c)| { let s = *at; *at += c.len() as u32; Some(s) }).collect();
                let cut = found(&term, TextEncoding::Utf8, &chunks);
                let joined: Vec<(u32, u32)> = cut
                    .iter()
                    .map(|m| (starts[m.start.0 as usize] + m.start.1, starts[m.end.0 as usize] + m.end.1))
                    .collect();
                prop_assert_eq!(joined, whole.iter().map(|m| (m.start.1, m.end.1)).collect::<Vec<_>>());
            }
        }
    }
}
