//! Where bytes stand in the line that `visible` makes of them: for marking what a search found.
//!
//! Pure; reads no more of the bytes than can be shown. Called by: ui.

use std::ops::Range;

use super::units::{Unit, Units, is_invisible};
use crate::model::TextEncoding;

/// Byte ranges as ranges of characters of `visible(bytes, encoding, …)`, at most `most` characters far. A range that begins
/// or ends within a character takes all of it. `ranges` are in order and apart; so is what comes back.
pub fn visible_ranges(bytes: &[u8], encoding: TextEncoding, ranges: &[Range<usize>], most: usize) -> Vec<Range<usize>> {
    let mut places: Vec<Range<usize>> = Vec::new();
    let mut ranges = ranges.iter().filter(|range| range.start < range.end).peekable();
    let (mut at, mut shown) = (0, 0);
    // Where the range began that reaches into the next unit.
    let mut open = None;
    for unit in Units::of(bytes, encoding) {
        let (length, width) = (byte_length(unit), width(unit));
        let is_plain = matches!(unit, Unit::Plain(_));
        while let Some(range) = ranges.peek() {
            if range.start >= at + length {
                break;
            }
            let begins = if is_plain { shown + range.start.saturating_sub(at) } else { shown };
            let from = open.take().unwrap_or(begins);
            if range.end > at + length {
                open = Some(from);
                break;
            }
            let to = if is_plain { shown + (range.end - at) } else { shown + width };
            push(&mut places, from..to);
            ranges.next();
        }
        at += length;
        shown += width;
        if shown >= most || ranges.peek().is_none() {
            break;
        }
    }
    if let Some(from) = open {
        push(&mut places, from..shown);
    }
    places
}

/// Two ranges within one wide character are one place.
fn push(places: &mut Vec<Range<usize>>, place: Range<usize>) {
    let from = places.last().map_or(place.start, |last| last.end.max(place.start));
    if from < place.end {
        places.push(from..place.end);
    }
}

fn byte_length(unit: Unit<'_>) -> usize {
    match unit {
        Unit::Plain(text) => text.len(),
        Unit::Character(_, length) => length,
        Unit::Invalid(_) => 1,
    }
}

/// Characters that `visible` shows for it.
fn width(unit: Unit<'_>) -> usize {
    match unit {
        Unit::Plain(text) => text.len(),
        Unit::Character(character, _) if !is_invisible(character) => 1,
        Unit::Character(character, _) => match u32::from(character) {
            // The picture of a control character.
            0..=0x1F | 0x7F => 1,
            // `⟨U+202E⟩`
            code => 4 + format!("{code:04X}").len(),
        },
        // `⟨ff⟩`
        Unit::Invalid(_) => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::visible;
    use proptest::prelude::*;

    fn places(bytes: &[u8], encoding: TextEncoding, ranges: &[Range<usize>]) -> Vec<String> {
        let shown: Vec<char> = visible(bytes, encoding, usize::MAX / 4).chars().collect();
        let places = visible_ranges(bytes, encoding, ranges, usize::MAX);
        places.into_iter().map(|place| shown[place].iter().collect()).collect()
    }

    #[test]
    fn ranges_follow_what_is_shown() {
        let utf8 = TextEncoding::Utf8;
        assert_eq!(places(b"hello world", utf8, &[0..2, 6..11]), ["he", "world"]);
        assert_eq!(places("a泵b".as_bytes(), utf8, std::slice::from_ref(&(1..4))), ["泵"]);
        assert_eq!(places("泵".as_bytes(), utf8, std::slice::from_ref(&(1..2))), ["泵"], "the whole character");
        assert_eq!(places("泵".as_bytes(), utf8, &[0..1, 1..2]), ["泵"], "once");
        assert_eq!(places(b"a\r\nb", utf8, std::slice::from_ref(&(1..3))), ["␍␊"]);
        assert_eq!(places(b"a\xffb", utf8, &[1..2, 2..3]), ["⟨ff⟩", "b"]);
        assert_eq!(places("a\u{202e}b".as_bytes(), utf8, std::slice::from_ref(&(1..5))), ["⟨U+202E⟩b"]);
        assert_eq!(places(&[0x61, 0xce, 0xc2, 0x62], TextEncoding::Gbk, std::slice::from_ref(&(1..3))), ["温"]);
        assert_eq!(places(b"abc", utf8, &[1..1, 2..9]), ["c"], "empty ones and what lies beyond");
        assert_eq!(visible_ranges(b"abcdef", utf8, &[0..1, 4..5], 3), [0..1, 4..5], "one run is not taken apart");
        assert!(visible_ranges(b"a\nb\nc\nd", utf8, std::slice::from_ref(&(6..7)), 3).is_empty());
    }

    proptest! {
        #[test]
        fn a_prefix_of_text_is_as_long_as_it_looks(text in ".{0,40}", share in 0.0f64..1.0) {
            let at = text.floor_char_boundary((text.len() as f64 * share) as usize);
            let expected = visible(&text.as_bytes()[..at], TextEncoding::Utf8, 10_000).chars().count();
            let places = visible_ranges(text.as_bytes(), TextEncoding::Utf8, std::slice::from_ref(&(0..at)), usize::MAX);
            prop_assert_eq!(places.first().map_or(0, |place| place.end), expected);
        }

        #[test]
        fn any_bytes_and_ranges_give_places_in_order(
            bytes in proptest::collection::vec(any::<u8>(), 0..64),
            ends in proptest::collection::vec(0usize..80, 0..8),
            encoding in proptest::sample::select(&TextEncoding::ALL[..]),
        ) {
            let mut ends = ends;
            ends.sort_unstable();
            let ranges: Vec<Range<usize>> = ends.chunks_exact(2).map(|pair| pair[0]..pair[1]).collect();
            let shown = visible(&bytes, encoding, 100_000).chars().count();
            let mut last = 0;
            for place in visible_ranges(&bytes, encoding, &ranges, usize::MAX) {
                prop_assert!(last <= place.start && place.start < place.end && place.end <= shown);
                last = place.end;
            }
        }
    }
}
