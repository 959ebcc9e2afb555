//! Pieces to expression, by recursive descent.
//! Called by: `Filter::parse`.

use std::ops::Range;

use super::lexer::{Lexeme, TermParts, What, lexemes};
use super::{
    Expression, HexByte, Key, MAX_BYTES, MAX_DEPTH, MAX_REGEXES, MAX_TERMS, Mistake, MistakeKind, Term, addresses,
    pattern, values,
};
use crate::model::{Direction, EventKind, TextEncoding, Transport};
use crate::payload;

type Found<T> = Result<T, Mistake>;

pub(super) fn filter(text: &str) -> Found<Option<Expression>> {
    expression(text, true)
}

/// How a text is put together, at little cost: patterns are not looked into.
pub(super) fn outline(text: &str) -> Found<Option<Expression>> {
    expression(text, false)
}

fn expression(text: &str, builds_patterns: bool) -> Found<Option<Expression>> {
    if text.len() > MAX_BYTES {
        return Err(Mistake::new(0..text.len(), MistakeKind::TooLong { limit: MAX_BYTES }));
    }
    let mut pieces = lexemes(text);
    pieces.retain(|piece| piece.what != What::Blank);
    if pieces.is_empty() {
        return Ok(None);
    }
    let regexes = pieces.iter().filter(|piece| matches!(piece.what, What::Regex { .. })).count();
    let mut parser = Parser { text, pieces, at: 0, depth: 0, terms: 0, regexes, builds_patterns };
    let expression = parser.any()?;
    match parser.pieces.get(parser.at) {
        None => Ok(Some(expression)),
        Some(left) => Err(Mistake::new(left.at.clone(), MistakeKind::UnopenedBracket)),
    }
}

struct Parser<'a> {
    text: &'a str,
    pieces: Vec<Lexeme>,
    at: usize,
    depth: usize,
    terms: usize,
    regexes: usize,
    builds_patterns: bool,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<&What> {
        self.pieces.get(self.at).map(|piece| &piece.what)
    }

    fn slice(&self, range: &Range<usize>) -> &'a str {
        self.text.get(range.clone()).unwrap_or_default()
    }

    fn any(&mut self) -> Found<Expression> {
        let first = self.all()?;
        let mut all = vec![first];
        while self.peek() == Some(&What::Or) {
            self.at += 1;
            all.push(self.all()?);
        }
        Ok(joined(all, Expression::Any))
    }

    fn all(&mut self) -> Found<Expression> {
        let first = self.one()?;
        let mut all = vec![first];
        loop {
            match self.peek() {
                None | Some(What::Or | What::Close) => return Ok(joined(all, Expression::All)),
                Some(What::And) => self.at += 1,
                Some(_) => self.expect_blank()?,
            }
            all.push(self.one()?);
        }
    }

    /// Something closed by a quote or a slash ends there: `"a"b` would be read differently by everybody.
    fn expect_blank(&self) -> Found<()> {
        let Some((before, next)) =
            self.at.checked_sub(1).and_then(|at| Some((self.pieces.get(at)?, self.pieces.get(at + 1)?)))
        else {
            return Ok(());
        };
        let closes = match &before.what {
            What::Quoted { .. } | What::Regex { .. } => true,
            What::Term(parts) => self.slice(&parts.value).starts_with('"'),
            _ => false,
        };
        if closes && before.at.end == next.at.start && next.what != What::Open {
            return Err(Mistake::new(before.at.start..next.at.end, MistakeKind::MissingBlank));
        }
        Ok(())
    }

    fn one(&mut self) -> Found<Expression> {
        let begin = self.at;
        while matches!(self.peek(), Some(What::Not | What::Minus)) {
            self.at += 1;
            self.deeper(begin)?;
        }
        let negations = self.at - begin;
        let mut expression = self.operand()?;
        for _ in 0..negations {
            expression = Expression::Not(Box::new(expression));
        }
        self.depth -= negations;
        Ok(expression)
    }

    fn deeper(&mut self, piece: usize) -> Found<()> {
        self.depth += 1;
        if self.depth <= MAX_DEPTH {
            return Ok(());
        }
        let at = self.pieces.get(piece).map(|piece| piece.at.clone()).unwrap_or_default();
        Err(Mistake::new(at, MistakeKind::TooDeep { limit: MAX_DEPTH }))
    }

    fn operand(&mut self) -> Found<Expression> {
        let Some(piece) = self.pieces.get(self.at).cloned() else { return Err(self.missing()) };
        match piece.what {
            What::Open => self.brackets(piece.at),
            What::Close | What::And | What::Or => Err(self.missing()),
            What::Symbol(word) => Err(Mistake::new(piece.at, MistakeKind::UseWord(word))),
            _ => {
                self.terms += 1;
                if self.terms > MAX_TERMS {
                    return Err(Mistake::new(piece.at, MistakeKind::TooManyTerms { limit: MAX_TERMS }));
                }
                self.at += 1;
                self.term(&piece)
            }
        }
    }

    fn brackets(&mut self, open: Range<usize>) -> Found<Expression> {
        let begin = self.at;
        self.at += 1;
        if let Some(Lexeme { at, what: What::Close }) = self.pieces.get(self.at) {
            return Err(Mistake::new(open.start..at.end, MistakeKind::EmptyBrackets));
        }
        self.deeper(begin)?;
        let inner = self.any()?;
        self.depth -= 1;
        if self.peek() != Some(&What::Close) {
            return Err(Mistake::new(open, MistakeKind::UnclosedBracket));
        }
        self.at += 1;
        Ok(inner)
    }

    /// Why there is no operand at this place.
    fn missing(&self) -> Mistake {
        let here = self.pieces.get(self.at);
        match self.at.checked_sub(1).and_then(|at| self.pieces.get(at)) {
            Some(before) if before.what == What::Open && here.is_none() => {
                Mistake::new(before.at.clone(), MistakeKind::UnclosedBracket)
            }
            Some(Lexeme { at, what }) if *what != What::Open => {
                Mistake::new(at.clone(), MistakeKind::NothingAfter(name_of(what)))
            }
            _ => match here {
                Some(Lexeme { at, what: What::Close }) => Mistake::new(at.clone(), MistakeKind::UnopenedBracket),
                Some(Lexeme { at, what }) => Mistake::new(at.clone(), MistakeKind::NothingBefore(name_of(what))),
                None => Mistake::new(self.text.len()..self.text.len(), MistakeKind::EmptyBrackets),
            },
        }
    }

    fn term(&self, piece: &Lexeme) -> Found<Expression> {
        let term = match &piece.what {
            What::Quoted { closed } => quoted(self.slice(&piece.at), piece.at.start, *closed)?,
            What::Regex { pattern, closed } => self.regex(&piece.at, pattern, *closed)?,
            What::Term(parts) => return self.keyed(&piece.at, parts),
            _ => Term::Text(self.slice(&piece.at).to_owned()),
        };
        Ok(Expression::Is(term))
    }

    fn regex(&self, at: &Range<usize>, inner: &Range<usize>, closed: bool) -> Found<Term> {
        if !closed {
            return Err(Mistake::new(at.clone(), MistakeKind::UnclosedRegex));
        }
        if inner.is_empty() {
            return Err(Mistake::new(at.clone(), MistakeKind::EmptyRegex));
        }
        if self.regexes > MAX_REGEXES {
            return Err(Mistake::new(at.clone(), MistakeKind::TooManyRegexes { limit: MAX_REGEXES }));
        }
        let flags = inner.end + 1..at.end;
        let mut ignore_case = false;
        for flag in self.slice(&flags).chars() {
            if !flag.eq_ignore_ascii_case(&'i') || ignore_case {
                return Err(Mistake::new(flags, MistakeKind::UnknownFlag(flag)));
            }
            ignore_case = true;
        }
        let (pattern, places) = without_escaped_slashes(self.slice(inner));
        if !self.builds_patterns {
            return Ok(Term::Regex { pattern, ignore_case });
        }
        pattern::validate(&pattern, ignore_case, self.regexes).map_err(|mistake| {
            let place = |at: usize| inner.start + at + places.iter().filter(|slash| **slash < at).count();
            let (start, end) = (place(mistake.at.start), place(mistake.at.end));
            // What is missing at the end is marked on the pattern.
            Mistake::new(if start == end { inner.clone() } else { start..end }, mistake.what)
        })?;
        Ok(Term::Regex { pattern, ignore_case })
    }

    fn keyed(&self, at: &Range<usize>, parts: &TermParts) -> Found<Expression> {
        let name = self.slice(&parts.name);
        let Some(key) = parts.key else {
            let what = MistakeKind::UnknownKey { name: name.to_owned(), suggestion: Key::meant_by(name) };
            return Err(Mistake::new(parts.name.start..parts.operator.end, what));
        };
        let operator = self.slice(&parts.operator);
        let operator = operator.strip_prefix(':').filter(|rest| !rest.is_empty()).unwrap_or(operator);
        if operator.starts_with(['<', '>']) && !key.is_number() {
            return Err(Mistake::new(parts.operator.clone(), MistakeKind::NoComparison(key)));
        }
        if parts.value.is_empty() {
            return Err(Mistake::new(at.clone(), MistakeKind::NoValue(key)));
        }
        let (value, from) = self.unquoted(key, parts)?;
        let expression = if let Key::From | Key::To | Key::Peer | Key::Port | Key::Connection | Key::Size = key {
            let items = values::items(value, from).map(|(item, place)| {
                let item = required(key, item, place.clone(), at)?;
                numbered(key, operator, item, place.start).map(Expression::Is)
            });
            joined(items.collect::<Found<Vec<_>>>()?, Expression::Any)
        } else {
            Expression::Is(self.single(key, operator, value, from, at)?)
        };
        Ok(if operator == "!=" { Expression::Not(Box::new(expression)) } else { expression })
    }

    /// The value without its quotes, and where it begins.
    fn unquoted(&self, key: Key, parts: &TermParts) -> Found<(&'a str, usize)> {
        let value = self.slice(&parts.value);
        if !value.starts_with('"') {
            return Ok((value, parts.value.start));
        }
        let inner = value.get(1..).and_then(|rest| rest.strip_suffix('"'));
        // A closing quote that is escaped closes nothing.
        let closed = lexemes(value).first().is_some_and(|piece| piece.what == What::Quoted { closed: true });
        match inner.filter(|_| closed) {
            None => Err(Mistake::new(parts.value.clone(), MistakeKind::UnclosedQuote)),
            Some("") => Err(Mistake::new(parts.name.start..parts.value.end, MistakeKind::NoValue(key))),
            Some(inner) => Ok((inner, parts.value.start + 1)),
        }
    }

    fn single(&self, key: Key, operator: &str, value: &str, from: usize, at: &Range<usize>) -> Found<Term> {
        Ok(match key {
            Key::Kind => {
                let kinds = values::items(value, from).map(|(item, place)| {
                    let name = chosen(key, required(key, item, place.clone(), at)?, place)?;
                    Ok(EventKind::ALL.into_iter().find(|kind| kind.name() == name).unwrap_or(EventKind::Unknown))
                });
                Term::Kind(kinds.collect::<Found<_>>()?)
            }
            Key::Direction => match chosen(key, value, from..from + value.len())? {
                "in" => Term::Direction(Direction::In),
                _ => Term::Direction(Direction::Out),
            },
            Key::Protocol if value.eq_ignore_ascii_case("tls") => {
                return Err(Mistake::new(from..from + value.len(), MistakeKind::TlsNotRecorded));
            }
            Key::Protocol => match chosen(key, value, from..from + value.len())? {
                "tcp" => Term::Transport(Transport::Tcp),
                _ => Term::Transport(Transport::Udp),
            },
            Key::Has => chosen(key, value, from..from + value.len()).map(|_| Term::HasNote)?,
            Key::Is => match chosen(key, value, from..from + value.len())? {
                "damaged" => Term::Damaged,
                "badsum" => Term::WrongSum,
                "badframe" => Term::BadFrame,
                _ => Term::Kind(errors()),
            },
            Key::Hex => match values::hex(value, from)? {
                bytes if bytes.is_empty() => return Err(Mistake::new(at.clone(), MistakeKind::NoValue(key))),
                bytes => Term::Hex(bytes),
            },
            Key::After => Term::After(values::moment(value, from)?),
            Key::Before => Term::Before(values::moment(value, from)?),
            Key::Within => Term::Within(values::duration(value, from)?),
            Key::Gap => Term::Gap(values::bounds(key, operator, value, from)?),
            _ if self.text.get(from.saturating_sub(1)..from) == Some("\"") => Term::Endpoint(unescaped(value, from)?),
            _ => Term::Endpoint(value.to_owned()),
        })
    }
}

/// The kinds that `is:error` means.
pub(super) fn errors() -> Vec<EventKind> {
    EventKind::ALL.into_iter().filter(|kind| kind.is_error()).collect()
}

fn numbered(key: Key, operator: &str, item: &str, at: usize) -> Found<Term> {
    Ok(match key {
        Key::From => Term::From(addresses::address(item, at)?),
        Key::To => Term::To(addresses::address(item, at)?),
        Key::Peer => Term::Peer(addresses::address(item, at)?),
        Key::Port => Term::Port(values::bounds(key, operator, item, at)?),
        Key::Connection => Term::Connection(values::bounds(key, operator, item, at)?),
        _ => Term::Size(values::bounds(key, operator, item, at)?),
    })
}

fn required<'a>(key: Key, item: &'a str, place: Range<usize>, whole: &Range<usize>) -> Found<&'a str> {
    if item.is_empty() {
        // The comma beside it is marked.
        let comma = place.start.saturating_sub(1).max(whole.start)..place.end.max(whole.start + 1).min(whole.end);
        let comma = if comma.is_empty() { whole.clone() } else { comma };
        return Err(Mistake::new(comma, MistakeKind::NoValue(key)));
    }
    Ok(item)
}

/// One of the values in the key's list, by its name there.
fn chosen(key: Key, value: &str, at: Range<usize>) -> Found<&'static str> {
    let name = value.to_ascii_lowercase().replace('-', "_");
    key.values().iter().copied().find(|known| *known == name).ok_or_else(|| {
        let suggestion = key.value_meant_by(value);
        Mistake::new(at, MistakeKind::UnknownValue { key, value: value.to_owned(), suggestion })
    })
}

fn joined(mut all: Vec<Expression>, join: fn(Vec<Expression>) -> Expression) -> Expression {
    match all.len() {
        1 => all.swap_remove(0),
        _ => join(all),
    }
}

fn name_of(what: &What) -> &'static str {
    match what {
        What::And => "and",
        What::Or => "or",
        What::Minus => "-",
        _ => "not",
    }
}

/// Text in quotes. With a byte that is no text (`\xff`) it is looked for byte by byte.
fn quoted(text: &str, at: usize, closed: bool) -> Found<Term> {
    let whole = at..at + text.len();
    let inner = text.get(1..).and_then(|rest| rest.strip_suffix('"')).filter(|_| closed);
    let Some(inner) = inner else { return Err(Mistake::new(whole, MistakeKind::UnclosedQuote)) };
    let bytes = escaped_bytes(inner, at + 1)?;
    if bytes.is_empty() {
        return Err(Mistake::new(whole, MistakeKind::EmptyText));
    }
    Ok(match String::from_utf8(bytes) {
        Ok(text) => Term::Text(text),
        Err(error) => Term::Hex(error.into_bytes().into_iter().map(|value| HexByte { value, mask: 0xFF }).collect()),
    })
}

fn unescaped(inner: &str, at: usize) -> Found<String> {
    String::from_utf8(escaped_bytes(inner, at)?).map_err(|_| {
        let what = MistakeKind::Escape(payload::MistakeKind::BadCodePoint);
        Mistake::new(at..at + inner.len(), what)
    })
}

fn escaped_bytes(inner: &str, at: usize) -> Found<Vec<u8>> {
    payload::text_to_bytes(inner, TextEncoding::Utf8).map_err(|mistake| {
        let place = at + mistake.at.start..at + mistake.at.end;
        Mistake::new(place, MistakeKind::Escape(mistake.what))
    })
}

/// `\/` is a slash, all other escapes belong to the pattern; with the places behind which a backslash is missing.
fn without_escaped_slashes(inner: &str) -> (String, Vec<usize>) {
    let (mut pattern, mut places) = (String::with_capacity(inner.len()), Vec::new());
    let mut rest = inner.chars();
    while let Some(character) = rest.next() {
        match (character, rest.clone().next()) {
            ('\\', Some('/')) => places.push(pattern.len()),
            ('\\', Some(next)) => {
                pattern.extend(['\\', next]);
                rest.next();
            }
            _ => pattern.push(character),
        }
    }
    (pattern, places)
}
