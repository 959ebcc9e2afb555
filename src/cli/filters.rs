//! `--filter`: reads one, shows a mistake where it stands, and tells the language in `--help`.
//!
//! Pure. Called by: `arguments` and `export`.

use std::fmt::Write as _;

use crate::filter::{Filter, Mistake, help};
use crate::payload::visible_text;
use crate::words::{Language, Words};

/// Shown on either side of a mistake, in characters.
const AROUND: usize = 60;
const LINE_BYTES: usize = 4096;

/// A filter, or why it is none: the place in it with a line of carets, the reason, and what was perhaps meant.
pub fn parse(text: &str) -> Result<Filter, String> {
    let words = Words::of(Language::English);
    match Filter::parse(text) {
        Err(mistake) => Err(told(text, &mistake, words)),
        Ok(filter) if filter.asks_for_selection() => {
            Err(format!("within: counts from the selected row, and the command line selects none: {}", shown(text)))
        }
        Ok(filter) => Ok(filter),
    }
}

/// The whole language, a line for each thing that can be said.
pub fn language() -> String {
    let words = Words::of(Language::English);
    let mut all = "Filters (in quotes, so that the shell leaves them alone):".to_owned();
    for group in help() {
        // Writing to a string cannot fail.
        let _ = write!(all, "\n  {}", words.get(group.key));
        for row in group.rows {
            let _ = write!(all, "\n    {:<27} {}", row.example, words.get(row.key));
        }
    }
    all
}

fn told(text: &str, mistake: &Mistake, words: &Words) -> String {
    let (before, rest) = text.split_at(mistake.at.start);
    let (marked, after) = rest.split_at(mistake.at.end - mistake.at.start);
    let cut = before.char_indices().rev().nth(AROUND).map_or(0, |(at, _)| at);
    let before = before.get(cut..).unwrap_or_default();
    let before = format!("{}{}", if cut > 0 { "…" } else { "" }, shown(before));
    let (marked, after) = (shortened(marked), shortened(after));
    let carets = "^".repeat(columns(&marked).max(1));
    let mut told = format!(
        "this is no filter:\n\n  {before}{marked}{after}\n  {}{carets}\n{}",
        " ".repeat(columns(&before)),
        words.filter_mistake(mistake)
    );
    if let Some(mended) = mistake.remedy(text) {
        let _ = write!(told, "\nPerhaps you mean: {}", shown(&mended));
    }
    told
}

fn shown(text: &str) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        parse(text).unwrap_err().lines().map(str::to_owned).collect()
    }

    #[test]
    fn carets_stand_under_the_mistake() {
        let told = lines("温度 kind:rest or x");
        assert_eq!(told[2], "  温度 kind:rest or x");
        assert_eq!(told[3], "            ^^^^");
        assert!(told[4].contains("reset"), "{told:?}");
        assert_eq!(told[5], "Perhaps you mean: 温度 kind:reset or x");
        let long = format!("{} dir:up {}", "a".repeat(500), "b".repeat(500));
        let told = lines(&long);
        assert!(told[2].chars().count() < 200 && told[2].contains("…"), "{told:?}");
        assert_eq!(told[2].chars().skip(told[3].find('^').unwrap()).take(2).collect::<String>(), "up");
        let told = lines("\u{1b}[31m \"x");
        assert!(told.iter().all(|line| !line.contains('\u{1b}')));
        assert!(parse("within:5s").unwrap_err().contains("selected row"));
        assert!(parse("a or b").is_ok() && parse("").is_ok());
    }

    #[test]
    fn the_language_is_told() {
        let told = language();
        assert!(told.lines().count() > 20 && told.contains("kind:connected,reset"), "{told}");
        assert!(told.lines().all(|line| line.chars().count() <= 110), "{told}");
    }
}
