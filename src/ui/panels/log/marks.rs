//! What a search or the filter found in a row's content, as marks on the painted text. Pure.
//!
//! Called by: the log's rows.

use std::ops::Range;

use egui::text::LayoutJob;
use egui::{Color32, Stroke};

use super::text;
use crate::model::{Event, TextEncoding};
use crate::payload;
use crate::session::Decoration;
use crate::ui::theme::{self, Theme};
use crate::ui::widgets;

/// Why a piece of content is marked; what the find bar found counts for more than what the filter did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    Found,
    Filtered,
}

/// Ranges of characters of a row's content (`text::content`), in order and apart.
pub type Marks = Vec<(Range<usize>, Mark)>;

/// The marks of an event's content; `skipped` characters stand before it.
pub fn of(
    event: &Event,
    encoding: TextEncoding,
    as_hex: bool,
    decoration: &Decoration,
    chars: usize,
    skipped: usize,
) -> Marks {
    let Some(bytes) = event.bytes() else { return Marks::new() };
    if decoration.found.is_empty() && decoration.filtered.is_empty() {
        return Marks::new();
    }
    let is_hex = text::is_hex(bytes, encoding, as_hex);
    let places = |ranges: &[Range<usize>]| {
        let places = if is_hex {
            hex_ranges(ranges, bytes.len())
        } else {
            payload::visible_ranges(bytes, encoding, ranges, chars)
        };
        places.into_iter().map(|place| place.start + skipped..place.end + skipped).collect()
    };
    joined(places(&decoration.found), places(&decoration.filtered))
}

/// The same in `68 65 6c`: two characters a byte and one between.
fn hex_ranges(ranges: &[Range<usize>], length: usize) -> Vec<Range<usize>> {
    let within = ranges.iter().map(|range| range.start..range.end.min(length)).filter(|range| range.start < range.end);
    within.map(|range| range.start * 3..range.end * 3 - 1).collect()
}

/// Both kinds in one order; where they overlap the found one stays.
fn joined(found: Vec<Range<usize>>, filtered: Vec<Range<usize>>) -> Marks {
    let mut marks: Marks = Vec::with_capacity(found.len() + filtered.len());
    let mut found = found.into_iter().peekable();
    // Behind the last found one, which may reach over several of the others.
    let mut past = 0;
    for range in filtered {
        let mut from = range.start.max(past);
        while let Some(next) = found.next_if(|next| next.start < range.end) {
            if from < next.start {
                marks.push((from..next.start, Mark::Filtered));
            }
            past = next.end;
            from = from.max(past);
            marks.push((next, Mark::Found));
        }
        if from < range.end {
            marks.push((from..range.end, Mark::Filtered));
        }
    }
    marks.extend(found.map(|range| (range, Mark::Found)));
    marks
}

/// The content as it is painted, with its marks.
pub fn painted(
    content: &str,
    chars: usize,
    color: Color32,
    marks: &[(Range<usize>, Mark)],
    theme: &Theme,
) -> LayoutJob {
    laid_out(content, chars, marks, |is_escape, mark| {
        let mut format = egui::TextFormat::simple(theme::mono(), if is_escape { theme.dim } else { color });
        match mark {
            Some(Mark::Found) => (format.color, format.background) = (theme.on_found, theme.found),
            Some(Mark::Filtered) => format.underline = Stroke::new(1.0, theme.accent),
            None => {}
        }
        format
    })
}

/// Control characters become the escapes of the composer, because their pictures are too small to be read; `format` is
/// told which they are. At most `chars` characters.
pub fn laid_out(
    content: &str,
    chars: usize,
    marks: &[(Range<usize>, Mark)],
    format: impl Fn(bool, Option<Mark>) -> egui::TextFormat,
) -> LayoutJob {
    let mut parts: Vec<(String, egui::TextFormat)> = Vec::new();
    let mut kind = None;
    let mut marks = marks.iter().peekable();
    let mut left = chars;
    for (at, character) in content.chars().enumerate() {
        while marks.next_if(|(range, _)| range.end <= at).is_some() {}
        let mark = marks.peek().filter(|(range, _)| range.contains(&at)).map(|(_, mark)| *mark);
        let escape = text::escape_of(character);
        let length = escape.as_ref().map_or(1, |escape| escape.chars().count());
        let fits = length <= left;
        if kind.replace((escape.is_some(), mark)) != Some((escape.is_some(), mark)) || parts.is_empty() {
            parts.push((String::new(), format(escape.is_some(), mark)));
        }
        if let Some((text, _)) = parts.last_mut() {
            match escape {
                _ if !fits => text.push('…'),
                Some(escape) => text.push_str(&escape),
                None => text.push(character),
            }
        }
        if !fits {
            break;
        }
        left -= length;
    }
    widgets::formatted(&parts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pieces(job: &LayoutJob) -> Vec<(String, bool, bool)> {
        let mut pieces: Vec<(String, bool, bool)> = Vec::new();
        for section in &job.sections {
            let text = &job.text[section.byte_range.start.0..section.byte_range.end.0];
            let found = section.format.background == Theme::DARK.found;
            let filtered = section.format.underline.width > 0.0;
            match pieces.last_mut() {
                Some((last, a, b)) if (*a, *b) == (found, filtered) => last.push_str(text),
                _ => pieces.push((text.to_owned(), found, filtered)),
            }
        }
        pieces
    }

    fn paint(content: &str, chars: usize, marks: &[(Range<usize>, Mark)]) -> LayoutJob {
        painted(content, chars, Theme::DARK.text, marks, &Theme::DARK)
    }

    #[test]
    fn control_characters_are_painted_as_escapes() {
        let job = paint("a␍␊b␀␁␡", 40, &[]);
        assert_eq!(job.text, "a\\r\\nb\\0\\x01\\x7F");
        let dim = |job: &LayoutJob| {
            let is_dim = |section: &&egui::text::LayoutSection| section.format.color == Theme::DARK.dim;
            job.sections
                .iter()
                .filter(is_dim)
                .map(|section| &job.text[section.byte_range.start.0..section.byte_range.end.0])
                .collect::<String>()
        };
        assert_eq!(dim(&job), "\\r\\n\\0\\x01\\x7F");
        assert_eq!(dim(&paint("\\r", 40, &[])), "", "what the peer wrote is no control character");
        assert_eq!(paint("ab␍␊", 3, &[]).text, "ab…");
        assert_eq!(paint("", 3, &[]).text, "");
    }

    #[test]
    fn marks_follow_characters_that_are_painted_as_escapes() {
        let job = paint("a␍␊bc", 40, &[(1..3, Mark::Found), (3..4, Mark::Filtered)]);
        let piece = |text: &str, found, filtered| (text.to_owned(), found, filtered);
        let expected =
            [piece("a", false, false), piece("\\r\\n", true, false), piece("b", false, true), piece("c", false, false)];
        assert_eq!(pieces(&job), expected);
    }

    #[test]
    fn hex_marks_take_whole_bytes() {
        assert_eq!(hex_ranges(&[0..1, 2..4, 5..5, 7..20], 8), [0..2, 6..11, 21..23]);
    }

    #[test]
    fn what_was_found_counts_for_more() {
        let (found, filtered) = (vec![2..4, 8..9], vec![0..3, 5..10, 12..13]);
        let expected = [
            (0..2, Mark::Filtered),
            (2..4, Mark::Found),
            (5..8, Mark::Filtered),
            (8..9, Mark::Found),
            (9..10, Mark::Filtered),
            (12..13, Mark::Filtered),
        ];
        assert_eq!(joined(found, filtered), expected);
    }

    proptest! {
        #[test]
        fn marks_are_in_order_and_apart(ends in proptest::collection::vec(0usize..60, 0..16), split in 0usize..8) {
            let mut ends = ends;
            let split = split.min(ends.len() / 2) * 2;
            let ranges = |ends: &mut [usize]| {
                ends.sort_unstable();
                let pairs = ends.chunks_exact(2).map(|pair| pair[0]..pair[1]);
                let mut apart: Vec<Range<usize>> = Vec::new();
                for range in pairs.filter(|range| !range.is_empty()) {
                    if apart.last().is_none_or(|last| last.end <= range.start) {
                        apart.push(range);
                    }
                }
                apart
            };
            let (one, two) = ends.split_at_mut(split);
            let mut last = 0;
            for (range, _) in joined(ranges(one), ranges(two)) {
                prop_assert!(last <= range.start && range.start < range.end);
                last = range.end;
            }
        }
    }
}
