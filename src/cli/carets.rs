//! A text with carets under a part of it, for mistakes in what was typed. Pure. Called by: `filters`, `payloads`.

use std::ops::Range;

use crate::payload::visible_text;

/// Shown on either side of a mistake, in characters.
const AROUND: usize = 60;
const LINE_BYTES: usize = 4096;

/// Two lines: the text around the place, cut where it is long, and carets under it. Nothing in it moves a terminal's cursor.
pub fn marked(text: &str, at: &Range<usize>) -> String {
    let (before, rest) = text.split_at_checked(at.start).unwrap_or((text, ""));
    let (marked, after) = rest.split_at_checked(at.end.saturating_sub(at.start)).unwrap_or((rest, ""));
    let cut = before.char_indices().rev().nth(AROUND).map_or(0, |(at, _)| at);
    let before = before.get(cut..).unwrap_or_default();
    let before = format!("{}{}", if cut > 0 { "…" } else { "" }, shown(before));
    let (marked, after) = (shortened(marked), shortened(after));
    let carets = "^".repeat(columns(&marked).max(1));
    format!("  {before}{marked}{after}\n  {}{carets}", " ".repeat(columns(&before)))
}

pub fn shown(text: &str) -> String {
    visible_text(text, LINE_BYTES)
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(AROUND) {
        Some((at, _)) => format!("{}…", shown(text.get(..at).unwrap_or_default())),
        None => shown(text),
    }
}

/// What a terminal needs for it: Chinese, Japanese and Korean characters and emoji are two columns wide.
fn columns(text: &str) -> usize {
    let width = |character: char| match u32::from(character) {
        0x1100..=0x115F | 0x2E80..=0xA4CF | 0xAC00..=0xD7A3 | 0xF900..=0xFAFF | 0xFE30..=0xFE6F => 2,
        0xFF00..=0xFF60 | 0xFFE0..=0xFFE6 | 0x1F300..=0x1FAFF | 0x20000..=0x3FFFD => 2,
        _ => 1,
    };
    text.chars().map(width).sum()
}
