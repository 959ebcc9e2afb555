//! What each part of a text is, for colouring it while it is typed.
//! Called by: ui.

use std::ops::Range;

use super::MAX_BYTES;
use super::lexer::{What, lexemes};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenKind {
    Blank,
    Text,
    Quoted,
    Regex,
    /// `kind` of `kind:reset`; the two beside it are `Operator` and `Value`.
    Key,
    Operator,
    Value,
    /// A name before a colon that is no key.
    UnknownKey,
    /// `and`, `or`, `not`, `-`
    Keyword,
    Bracket,
}

/// Covers the whole text in order, whatever mistakes stand in it. Cheap enough for every keystroke: looks at no value.
pub fn tokens(text: &str) -> Vec<(Range<usize>, TokenKind)> {
    if text.len() > MAX_BYTES {
        return vec![(0..text.len(), TokenKind::Text)];
    }
    let mut all = Vec::new();
    for piece in lexemes(text) {
        let kind = match piece.what {
            What::Blank => TokenKind::Blank,
            What::Open | What::Close => TokenKind::Bracket,
            What::And | What::Or | What::Not | What::Minus => TokenKind::Keyword,
            What::Word | What::Symbol(_) => TokenKind::Text,
            What::Quoted { .. } => TokenKind::Quoted,
            What::Regex { .. } => TokenKind::Regex,
            What::Term(parts) => {
                let name = if parts.key.is_some() { TokenKind::Key } else { TokenKind::UnknownKey };
                let parts = [
                    (parts.name.clone(), name),
                    (parts.name.end..parts.operator.start, TokenKind::Blank),
                    (parts.operator.clone(), TokenKind::Operator),
                    (parts.operator.end..parts.value.start, TokenKind::Blank),
                    (parts.value, TokenKind::Value),
                ];
                all.extend(parts.into_iter().filter(|(at, _)| !at.is_empty()));
                continue;
            }
        };
        all.push((piece.at, kind));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<(&str, TokenKind)> {
        tokens(text)
            .into_iter()
            .map(|(at, kind)| (&text[at], kind))
            .filter(|(_, kind)| *kind != TokenKind::Blank)
            .collect()
    }

    #[test]
    fn parts_have_their_kinds() {
        use TokenKind::*;
        assert_eq!(
            kinds("(GET OR -\"é\") kind:reset size > 64 /a b/i hex:0d 0a knd:x not"),
            [
                ("(", Bracket),
                ("GET", Text),
                ("OR", Keyword),
                ("-", Keyword),
                ("\"é\"", Quoted),
                (")", Bracket),
                ("kind", Key),
                (":", Operator),
                ("reset", Value),
                ("size", Key),
                (">", Operator),
                ("64", Value),
                ("/a b/i", Regex),
                ("hex", Key),
                (":", Operator),
                ("0d 0a", Value),
                ("knd", UnknownKey),
                (":", Operator),
                ("x", Value),
                ("not", Keyword),
            ]
        );
        assert_eq!(kinds("\"open /"), [("\"open /", Quoted)]);
    }
}
