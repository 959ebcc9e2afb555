//! What can be written at the cursor.
//! Called by: ui.

use std::ops::Range;

use super::lexer::{Lexeme, TermParts, What, lexemes};
use super::{Expression, Key, MAX_BYTES, parse, print};
use crate::model::SavedFilter;

/// What the session and the workspace offer.
#[derive(Clone, Copy, Debug, Default)]
pub struct Context<'a> {
    /// Address lines, such as `tcp://127.0.0.1:9000`.
    pub endpoints: &'a [String],
    /// Addresses, such as `127.0.0.1:40000`.
    pub peers: &'a [String],
    pub saved: &'a [SavedFilter],
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completions {
    /// What an item takes the place of, in bytes of the text.
    pub replace: Range<usize>,
    /// Best first; none where nothing is to be said.
    pub items: Vec<Completion>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    pub insert: String,
    /// What the list shows.
    pub label: String,
    /// The words key of an explanation.
    pub explain_key: Option<String>,
}

const MOST_ITEMS: usize = 50;
/// So many letters before values of keys are offered for a bare word.
const LETTERS: usize = 2;

/// `cursor` is a byte of the text; one within a character counts as the place before it.
pub fn complete(text: &str, cursor: usize, context: &Context<'_>) -> Completions {
    if text.len() > MAX_BYTES {
        return Completions::default();
    }
    let cursor = text.floor_char_boundary(cursor);
    let pieces = lexemes(text);
    let here = pieces.iter().position(|piece| piece.at.start < cursor && cursor <= piece.at.end);
    let mut found = match here.and_then(|at| pieces.get(at)) {
        Some(Lexeme { at, what }) => match what {
            What::Word | What::And | What::Or | What::Not => word(text, at.start..cursor, at.end, &pieces, context),
            What::Term(parts) => term(text, parts, cursor, context),
            What::Blank | What::Open | What::Minus => fresh(cursor, &pieces, context),
            What::Close | What::Quoted { .. } | What::Regex { .. } | What::Symbol(_) => Completions::default(),
        },
        None => fresh(cursor, &pieces, context),
    };
    let there = text.get(found.replace.clone()).unwrap_or_default();
    // What stands there already is no help.
    found.items.retain(|item| item.insert.trim_end() != there);
    found.items.truncate(MOST_ITEMS);
    found
}

/// Nothing is typed yet at the cursor.
fn fresh(cursor: usize, pieces: &[Lexeme], context: &Context<'_>) -> Completions {
    let mut items: Vec<Completion> = Key::ALL.into_iter().map(of_key).collect();
    items.extend(keywords(cursor, pieces));
    items.extend(context.saved.iter().filter_map(|saved| of_saved(saved, pieces.is_empty())).take(MOST_ITEMS));
    Completions { replace: cursor..cursor, items }
}

fn word(text: &str, typed: Range<usize>, end: usize, pieces: &[Lexeme], context: &Context<'_>) -> Completions {
    let replace = typed.start..end;
    let alone = pieces.iter().all(|piece| piece.what == What::Blank || piece.at == replace);
    let typed_at = typed.start;
    let typed = text.get(typed).unwrap_or_default().to_lowercase();
    let mut items: Vec<Completion> =
        Key::ALL.into_iter().filter(|key| key.name().starts_with(&typed)).map(of_key).collect();
    items.extend(keywords(typed_at, pieces).filter(|item| item.label.starts_with(&typed)));
    if typed.chars().count() >= LETTERS {
        for key in Key::ALL {
            let values = key.values().iter().filter(|value| value.starts_with(&typed));
            items.extend(values.map(|value| {
                let insert = format!("{}:{value}", key.name());
                Completion { label: insert.clone(), insert, explain_key: explanation_of(key, value) }
            }));
        }
        let saved = context.saved.iter().filter(|saved| saved.name.to_lowercase().contains(&typed));
        items.extend(saved.filter_map(|saved| of_saved(saved, alone)).take(MOST_ITEMS));
        let endpoints = context.endpoints.iter().filter(|endpoint| endpoint.to_lowercase().contains(&typed));
        items.extend(endpoints.map(|endpoint| {
            let insert = format!("{}:{}", Key::Endpoint.name(), print::value_of(endpoint));
            Completion { label: insert.clone(), insert, explain_key: None }
        }));
    }
    Completions { replace, items }
}

fn term(text: &str, parts: &TermParts, cursor: usize, context: &Context<'_>) -> Completions {
    let name = parts.name.start..parts.operator.end;
    if cursor <= parts.name.end {
        let typed = text.get(parts.name.start..cursor).unwrap_or_default().to_lowercase();
        let items = Key::ALL.into_iter().filter(|key| key.name().starts_with(&typed)).map(of_key).collect();
        return Completions { replace: name, items };
    }
    if cursor < parts.operator.end {
        return Completions::default();
    }
    match parts.key {
        None if cursor == parts.operator.end => {
            let meant = Key::meant_by(text.get(parts.name.clone()).unwrap_or_default());
            Completions { replace: name, items: meant.into_iter().map(of_key).collect() }
        }
        None => Completions::default(),
        Some(key) if cursor < parts.value.start => {
            Completions { replace: cursor..cursor, items: values(key, "", context) }
        }
        Some(key) => {
            let whole = text.get(parts.value.clone()).unwrap_or_default();
            let typed = text.get(parts.value.start..cursor).unwrap_or_default();
            // Of a list the item under the cursor; quotes belong to the value.
            let is_list = !whole.starts_with('"');
            let from = typed.rfind(',').filter(|_| is_list).map_or(0, |comma| comma + 1);
            let rest = whole.get(typed.len()..).unwrap_or_default();
            let end = rest.find(',').filter(|_| is_list).map_or(parts.value.end, |comma| cursor + comma);
            let typed = typed.get(from..).unwrap_or_default().trim_start_matches('"');
            Completions { replace: parts.value.start + from..end, items: values(key, typed, context) }
        }
    }
}

fn values(key: Key, typed: &str, context: &Context<'_>) -> Vec<Completion> {
    let typed = typed.to_lowercase();
    let plain =
        |value: &str, explain_key| Completion { insert: value.to_owned(), label: value.to_owned(), explain_key };
    let addresses = |all: &[String]| -> Vec<Completion> {
        let fitting = all.iter().filter(|value| value.to_lowercase().contains(&typed));
        fitting
            .map(|value| Completion { insert: print::value_of(value), label: value.clone(), explain_key: None })
            .collect()
    };
    match key {
        Key::From | Key::To | Key::Peer => addresses(context.peers),
        Key::Endpoint => addresses(context.endpoints),
        Key::Within | Key::Gap => {
            let usual = ["10ms", "100ms", "1s", "5s", "1m"];
            usual.into_iter().filter(|value| value.starts_with(&typed)).map(|value| plain(value, None)).collect()
        }
        _ => {
            let typed = typed.replace('-', "_");
            let fitting = key.values().iter().filter(|value| value.starts_with(&typed));
            fitting.map(|value| plain(value, explanation_of(key, value))).collect()
        }
    }
}

fn of_key(key: Key) -> Completion {
    let sign = if matches!(key, Key::Size | Key::Gap) { '>' } else { ':' };
    let insert = format!("{}{sign}", key.name());
    Completion { label: insert.clone(), insert, explain_key: Some(key.help_key()) }
}

/// `and` and `or` only where something stands before them.
fn keywords(at: usize, pieces: &[Lexeme]) -> impl Iterator<Item = Completion> {
    let before =
        pieces.iter().rev().find(|piece| piece.at.end <= at && piece.what != What::Blank).map(|piece| &piece.what);
    let joins = !matches!(before, None | Some(What::Open | What::And | What::Or | What::Not | What::Minus));
    ["and", "or", "not"].into_iter().filter(move |name| joins || *name == "not").map(|name| Completion {
        insert: format!("{name} "),
        label: name.to_owned(),
        explain_key: Some(format!("filter_help.{name}")),
    })
}

/// A filter with a name; in brackets where something else stands beside it. One that is broken is not offered.
fn of_saved(saved: &SavedFilter, alone: bool) -> Option<Completion> {
    let text = saved.filter.trim();
    let insert = match parse::outline(text).ok()?? {
        Expression::Any(_) | Expression::All(_) if !alone => format!("({text})"),
        _ => text.to_owned(),
    };
    Some(Completion { insert, label: saved.name.clone(), explain_key: None })
}

fn explanation_of(key: Key, value: &str) -> Option<String> {
    match (key, value) {
        (Key::Kind, kind) => Some(format!("kind.{kind}")),
        (Key::Direction, direction) => Some(format!("direction.{direction}")),
        (Key::Is, what) => Some(format!("filter_help.{what}")),
        (Key::Has, _) => Some(key.help_key()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offered(marked: &str) -> (String, Vec<String>) {
        let cursor = marked.find('^').unwrap();
        let text = marked.replace('^', "");
        let endpoints = ["tcp://127.0.0.1:9000".to_owned(), "my plc".to_owned()];
        let peers = ["127.0.0.1:40000".to_owned(), "[::1]:5".to_owned()];
        let saved = [
            SavedFilter { name: "Noise".into(), filter: "a or b".into() },
            SavedFilter { name: "Broken noise".into(), filter: "knd:".into() },
        ];
        let context = Context { endpoints: &endpoints, peers: &peers, saved: &saved };
        let found = complete(&text, cursor, &context);
        (text[found.replace].to_owned(), found.items.into_iter().map(|item| item.insert).collect())
    }

    #[test]
    fn what_fits_at_the_cursor_is_offered() {
        let cases: [(&str, &str, &[&str]); 17] = [
            ("ki^", "ki", &["kind:"]),
            ("a k^i", "ki", &["kind:"]),
            ("x kind:re^", "re", &["received", "resolved", "reset", "reconnecting", "reading_paused"]),
            ("kind:sent,res^,x", "res", &["resolved", "reset"]),
            ("kind:peer-f^", "peer-f", &["peer_finished"]),
            ("dir:^ x", "", &["in", "out"]),
            ("dir:in^", "in", &[]),
            ("knd:^", "knd:", &["kind:"]),
            ("pee^r:x", "peer:", &[]),
            ("peer:4^", "4", &["127.0.0.1:40000"]),
            ("endpoint:pl^", "pl", &["\"my plc\""]),
            ("endpoint:\"my^\"", "\"my\"", &["\"my plc\""]),
            ("a nois^", "nois", &["(a or b)"]),
            ("nois^", "nois", &["a or b"]),
            ("9000^", "9000", &["endpoint:tcp://127.0.0.1:9000"]),
            ("\"ki^", "", &[]),
            ("within:5^", "5", &["5s"]),
        ];
        for (marked, replaced, expected) in cases {
            let (there, items) = offered(marked);
            assert_eq!(
                (there.as_str(), items),
                (replaced, expected.iter().map(|s| (*s).to_owned()).collect()),
                "{marked}"
            );
        }
    }

    #[test]
    fn at_a_free_place_everything_is_offered() {
        let (_, first) = offered("^");
        assert!(first.contains(&"size>".to_owned()) && first.contains(&"not ".to_owned()));
        assert!(first.contains(&"a or b".to_owned()) && !first.contains(&"and ".to_owned()));
        let (_, second) = offered("x ^");
        assert!(second.contains(&"and ".to_owned()) && second.contains(&"(a or b)".to_owned()));
        let (_, third) = offered("x or ^");
        assert!(!third.contains(&"and ".to_owned()));
        assert_eq!(offered("a an^").1, ["and "]);
    }

    #[test]
    fn every_explanation_has_words() {
        for text in ["", "x ", "kind:", "dir:", "is:", "has:"] {
            for item in complete(text, text.len(), &Context::default()).items {
                let key = item.explain_key.unwrap();
                assert!(crate::words::Words::of(crate::words::Language::English).find(&key).is_some(), "{key}");
            }
        }
    }
}
