//! A text as pieces: every byte of any text belongs to one, whatever mistakes stand in it.
//!
//! Owns: where things begin and end. Never: whether a value makes sense.
//! Called by: `parse`, `tokens`, `complete`, `print`.

use std::ops::Range;

use super::Key;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Lexeme {
    pub(super) at: Range<usize>,
    pub(super) what: What,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    Blank,
    Open,
    Close,
    And,
    Or,
    Not,
    /// A `-` right before what it negates.
    Minus,
    /// `&&`, `||`; the word that is meant.
    Symbol(&'static str),
    Word,
    Quoted {
        closed: bool,
    },
    /// Flags stand from the closing slash to the end of the piece.
    Regex {
        pattern: Range<usize>,
        closed: bool,
    },
    Term(TermParts),
}

/// `key operator value`, each as a place in the text; blanks may stand between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TermParts {
    pub(super) key: Option<Key>,
    pub(super) name: Range<usize>,
    pub(super) operator: Range<usize>,
    /// Quotes included; empty where nothing stands.
    pub(super) value: Range<usize>,
}

/// Longer ones first. The colon of Chinese keyboards is one too.
const OPERATORS: &[&str] = &[":>=", ":<=", ":>", ":<", "!=", ">=", "<=", "==", ":", "：", ">", "<", "="];
/// A bracket within a word is part of it when its other half stands no further away than this.
const BRACKET_REACH: usize = 256;

pub(super) fn lexemes(text: &str) -> Vec<Lexeme> {
    let mut all = Vec::new();
    let mut at = 0;
    while let Some(first) = text.get(at..).and_then(|rest| rest.chars().next()) {
        let lexeme = next(text, at, first);
        at = lexeme.at.end;
        all.push(lexeme);
    }
    all
}

fn next(text: &str, at: usize, first: char) -> Lexeme {
    let piece = |end: usize, what: What| Lexeme { at: at..end, what };
    match first {
        _ if first.is_whitespace() => piece(end_of_blanks(text, at), What::Blank),
        '(' => piece(at + 1, What::Open),
        ')' => piece(at + 1, What::Close),
        '"' => {
            let (end, closed) = end_of_quoted(text, at, '"');
            piece(end, What::Quoted { closed })
        }
        '/' => regex(text, at),
        '-' if text.get(at + 1..).and_then(|rest| rest.chars().next()).is_some_and(begins_something) => {
            piece(at + 1, What::Minus)
        }
        _ => term(text, at).unwrap_or_else(|| word(text, at)),
    }
}

fn begins_something(character: char) -> bool {
    !character.is_whitespace() && character != ')'
}

fn word(text: &str, at: usize) -> Lexeme {
    let end = end_of_word(text, at);
    let word = text.get(at..end).unwrap_or_default();
    let what = match word {
        "&&" => What::Symbol("and"),
        "||" => What::Symbol("or"),
        _ => keyword(word).unwrap_or(What::Word),
    };
    Lexeme { at: at..end, what }
}

fn keyword(word: &str) -> Option<What> {
    [("and", What::And), ("or", What::Or), ("not", What::Not)]
        .into_iter()
        .find(|(name, _)| word.eq_ignore_ascii_case(name))
        .map(|(_, what)| what)
}

fn regex(text: &str, at: usize) -> Lexeme {
    let (slash, closed) = end_of_quoted(text, at, '/');
    let pattern = at + 1..if closed { slash - 1 } else { slash };
    let end = if closed { end_of_token(text, slash) } else { slash };
    Lexeme { at: at..end, what: What::Regex { pattern, closed } }
}

/// A key with its operator, where one stands here.
fn term(text: &str, at: usize) -> Option<Lexeme> {
    let rest = text.get(at..)?;
    let length = rest.bytes().take_while(|byte| byte.is_ascii_alphabetic() || *byte == b'_').count();
    let name = rest.get(..length)?;
    let key = Key::of(name);
    let after = at + length;
    let (begin, operator) = match operator_at(text, after) {
        Some(operator) => (after, operator),
        // `size > 64`: with blanks only where nothing else can be meant.
        None => {
            let begin = end_of_blanks(text, after);
            let is_comparison = |operator: &&str| !operator.starts_with([':', '：']) && *operator != "=";
            (begin, operator_at(text, begin).filter(is_comparison).filter(|_| key.is_some_and(Key::is_number))?)
        }
    };
    let behind = begin + operator.len();
    if key.is_none() && !is_meant_as_key(text, name, operator, behind) {
        return None;
    }
    let value = value(text, key, behind);
    let end = value.end.max(behind);
    Some(Lexeme { at: at..end, what: What::Term(TermParts { key, name: at..after, operator: begin..behind, value }) })
}

/// `name:` looks like a key; an address (`http://x`), a path (`std::fmt`) and a single letter do not. Signs make a key only
/// of what is nearly one: `a=1` is text.
fn is_meant_as_key(text: &str, name: &str, operator: &str, behind: usize) -> bool {
    let rest = text.get(behind..).unwrap_or_default();
    match operator {
        ":" => name.len() >= 2 && !rest.starts_with("//") && !rest.starts_with(':'),
        _ => Key::meant_by(name).is_some_and(Key::is_number),
    }
}

fn operator_at(text: &str, at: usize) -> Option<&'static str> {
    let rest = text.get(at..)?;
    OPERATORS.iter().copied().find(|operator| rest.starts_with(operator))
}

fn value(text: &str, key: Option<Key>, behind: usize) -> Range<usize> {
    // A blank may stand between a known key and its value, and nothing else is skipped.
    let at = if key.is_some() { end_of_blanks(text, behind) } else { behind };
    match text.get(at..).and_then(|rest| rest.chars().next()) {
        None | Some(')') => behind..behind,
        Some('"') => at..end_of_quoted(text, at, '"').0,
        Some(_) if key == Some(Key::Hex) => at..end_of_hex(text, at),
        Some(_) => at..end_of_word(text, at),
    }
}

/// Hex goes on over blanks as long as whole bytes follow, or a single digit that is not whole yet.
fn end_of_hex(text: &str, at: usize) -> usize {
    let mut end = end_of_token(text, at);
    loop {
        let begin = end_of_blanks(text, end);
        let next = end_of_token(text, begin);
        if begin == end || !text.get(begin..next).is_some_and(continues_hex) {
            return end;
        }
        end = next;
    }
}

/// Whether a word behind `hex:…` would be taken for more of it.
pub(super) fn continues_hex(word: &str) -> bool {
    (word.len() == 1 || word.len().is_multiple_of(2) && !word.is_empty())
        && word.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'?')
}

fn end_of_blanks(text: &str, at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    text.len() - rest.trim_start().len()
}

/// Up to the next blank or bracket.
pub(super) fn end_of_token(text: &str, at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    at + rest.find(|c: char| c.is_whitespace() || c == '(' || c == ')').unwrap_or(rest.len())
}

/// Up to the next blank or bracket, but over brackets that come in pairs: `main()` is one word.
fn end_of_word(text: &str, at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    let (mut depth, mut first_open) = (0_usize, None);
    for (offset, character) in rest.char_indices() {
        match character {
            '(' => {
                let open = *first_open.get_or_insert(offset);
                let before = rest.get(..open).unwrap_or_default();
                if keyword(before).is_some() || before == "-" || offset > open + BRACKET_REACH {
                    return at + open;
                }
                depth += 1;
            }
            ')' if depth == 0 => return at + offset,
            ')' => {
                depth -= 1;
                if depth == 0 {
                    first_open = None;
                }
            }
            _ if character.is_whitespace() => return at + first_open.unwrap_or(offset),
            _ if first_open.is_some_and(|open| offset > open + BRACKET_REACH) => {
                return at + first_open.unwrap_or(offset);
            }
            _ => {}
        }
    }
    at + first_open.unwrap_or(rest.len())
}

/// Behind the closing `quote` of what begins with one, and whether there is one; a backslash takes the next character along.
fn end_of_quoted(text: &str, at: usize, quote: char) -> (usize, bool) {
    let mut rest = text.get(at..).unwrap_or_default().char_indices().skip(1);
    while let Some((offset, character)) = rest.next() {
        match character {
            '\\' => drop(rest.next()),
            _ if character == quote => return (at + offset + 1, true),
            _ => {}
        }
    }
    (text.len(), false)
}
