//! `--filter`: reads one, shows a mistake where it stands, and tells the language in `--help`.
//!
//! Pure. Called by: `arguments` and `export`.

use std::fmt::Write as _;

use super::carets::{marked, shown};
use crate::filter::{Filter, Mistake, help};
use crate::words::{Language, Words};

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
    let marked = marked(text, &mistake.at);
    let mut told = format!("this is no filter:\n\n{marked}\n{}", words.filter_mistake(mistake));
    if let Some(mended) = mistake.remedy(text) {
        let _ = write!(told, "\nPerhaps you mean: {}", shown(&mended));
    }
    told
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
