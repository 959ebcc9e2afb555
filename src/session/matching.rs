//! Which rows a query shows: by what the row says, and by text in the bytes of the file.
//!
//! Owns: the query made ready. Never: lists of rows. Called by: the log view and the exports.

use memchr::memmem;

use super::log::Log;
use super::reader::Reader;
use super::rows::Row;
use super::view::{Query, Scope};
use crate::filter::{Expression, Term};
use crate::model::{ConnectionId, EndpointId, EventKind, TextEncoding};

/// A query made ready for looking at many rows.
pub(super) struct Matcher {
    query: Query,
    /// In the bytes of the encoding; `None`: no bytes of it say that text.
    in_bytes: Option<Needle>,
    /// In the sentences of happenings.
    in_words: Option<Needle>,
    /// The connection looked up last, and its endpoint.
    last: (ConnectionId, EndpointId),
}

impl Matcher {
    pub(super) fn new(query: &Query) -> Self {
        let (in_bytes, in_words) = match query.filter.expression() {
            Some(Expression::Is(Term::Text(text))) => {
                let encoding = query.encodings.in_use().last().copied().unwrap_or_default();
                (Needle::new(text, encoding), Needle::new(text, TextEncoding::Utf8))
            }
            _ => (None, None),
        };
        Self { query: query.clone(), in_bytes, in_words, last: Default::default() }
    }

    /// Every row matches: no list of them is needed.
    pub(super) fn takes_all(&self) -> bool {
        let Query { scope, received, sent, state, errors, filter, only, .. } = &self.query;
        *scope == Scope::All && *received && *sent && *state && *errors && filter.takes_all() && only.is_none()
    }

    /// How many of so many rows are looked at.
    pub(super) fn limit(&self, rows: u64) -> u64 {
        self.query.before_row.map_or(rows, |before| before.min(rows))
    }

    pub(super) fn matches(&mut self, log: &Log, reader: &mut Reader<'_>, row: Row) -> bool {
        let kind = row.kind();
        let shown = match kind {
            EventKind::Received => self.query.received,
            EventKind::Sent => self.query.sent,
            kind if kind.is_error() => self.query.errors,
            _ => self.query.state,
        };
        if !shown || !self.in_scope(log, row) {
            return false;
        }
        if self.query.filter.takes_all() {
            return true;
        }
        let needle = match kind {
            EventKind::Received | EventKind::Sent => &self.in_bytes,
            _ => &self.in_words,
        };
        let Some(needle) = needle else { return false };
        if matches!(kind, EventKind::Received | EventKind::Sent) && row.length() < needle.len() {
            return false;
        }
        // A row that cannot be read contains nothing that could be looked for.
        reader
            .stored(row)
            .is_ok_and(|stored| stored.payload().or_else(|| stored.message()).is_some_and(|bytes| needle.is_in(bytes)))
    }

    fn in_scope(&mut self, log: &Log, row: Row) -> bool {
        match self.query.scope {
            Scope::All => true,
            Scope::Connection(connection) => row.connection() == connection,
            Scope::Endpoint(endpoint) => {
                if let Some(own) = row.own_endpoint() {
                    return own == endpoint;
                }
                if self.last.0 != row.connection() {
                    self.last = (row.connection(), log.endpoint_of(row));
                }
                self.last.1 == endpoint
            }
        }
    }
}

/// A text to be found in bytes; ASCII letters match in both cases, everything else as it is.
struct Needle {
    /// ASCII letters in lower case.
    bytes: Vec<u8>,
    /// Which of the bytes are ASCII letters (the second byte of a GBK character may look like one).
    letters: Vec<bool>,
    /// The place of the byte that is met most rarely.
    rarest: usize,
    /// Without letters the bytes are searched as they are.
    exact: Option<memmem::Finder<'static>>,
}

impl Needle {
    fn new(text: &str, encoding: TextEncoding) -> Option<Self> {
        let (mut bytes, mut letters) = (Vec::new(), Vec::new());
        let mut one = [0; 4];
        for character in text.chars() {
            let character = character.to_ascii_lowercase();
            let from = bytes.len();
            match encoding {
                TextEncoding::Utf8 => bytes.extend_from_slice(character.encode_utf8(&mut one).as_bytes()),
                TextEncoding::Latin1 => bytes.push(u8::try_from(u32::from(character)).ok()?),
                TextEncoding::Gbk => bytes.extend_from_slice(&encoded(character, encoding_rs::GBK)?),
                TextEncoding::Gb18030 => bytes.extend_from_slice(&encoded(character, encoding_rs::GB18030)?),
                _ => return None,
            }
            letters.resize(bytes.len(), false);
            letters[from] = character.is_ascii_lowercase();
        }
        let rarest = (0..bytes.len()).min_by_key(|at| commonness(bytes[*at]))?;
        let exact = (!letters.contains(&true)).then(|| memmem::Finder::new(&bytes).into_owned());
        Some(Self { bytes, letters, rarest, exact })
    }

    fn len(&self) -> usize {
        self.bytes.len()
    }

    fn is_in(&self, hay: &[u8]) -> bool {
        if let Some(exact) = &self.exact {
            return exact.find(hay).is_some();
        }
        let Some(last) = hay.len().checked_sub(self.bytes.len()) else { return false };
        let (rare, letter) = (self.bytes[self.rarest], self.letters[self.rarest]);
        // Where the rarest byte can stand.
        let places = &hay[self.rarest..=last + self.rarest];
        if letter {
            memchr::memchr2_iter(rare, rare.to_ascii_uppercase(), places).any(|at| self.is_at(&hay[at..]))
        } else {
            memchr::memchr_iter(rare, places).any(|at| self.is_at(&hay[at..]))
        }
    }

    fn is_at(&self, hay: &[u8]) -> bool {
        self.bytes
            .iter()
            .zip(&self.letters)
            .zip(hay)
            .all(|((byte, letter), found)| byte == found || (*letter && *byte == found.to_ascii_lowercase()))
    }
}

fn encoded(character: char, encoding: &'static encoding_rs::Encoding) -> Option<Vec<u8>> {
    let mut one = [0; 4];
    let (bytes, _, unmappable) = encoding.encode(character.encode_utf8(&mut one));
    (!unmappable).then(|| bytes.into_owned())
}

/// Roughly how often a byte is met in text and in binary protocols; only its order matters.
fn commonness(byte: u8) -> usize {
    const COMMON: &[u8] = b"zqxjkvbpygfwmucldrhsnioate0123456789-_/.:,\"\n\r \xff\0";
    COMMON.iter().position(|common| *common == byte).map_or(0, |at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finds(needle: &str, encoding: TextEncoding, hay: &[u8]) -> bool {
        Needle::new(needle, encoding).is_some_and(|needle| needle.is_in(hay))
    }

    #[test]
    fn letters_match_in_both_cases() {
        assert!(finds("get /INDEX", TextEncoding::Utf8, b"xx GET /index.html"));
        assert!(finds("a", TextEncoding::Utf8, b"A"));
        assert!(finds("1234", TextEncoding::Utf8, b"01234"));
        assert!(!finds("12345", TextEncoding::Utf8, b"1234"));
        assert!(!finds("ab", TextEncoding::Utf8, b""));
    }

    #[test]
    fn text_is_looked_for_in_the_bytes_of_its_encoding() {
        assert!(finds("温度", TextEncoding::Utf8, "x温度".as_bytes()));
        assert!(finds("温度", TextEncoding::Gbk, &[0, 0xce, 0xc2, 0xb6, 0xc8]));
        assert!(!finds("温度", TextEncoding::Gbk, "x温度".as_bytes()));
        assert!(finds("é", TextEncoding::Latin1, &[0xe9]));
        assert!(!finds("温", TextEncoding::Latin1, "温".as_bytes()));
        // 丂 is 81 40, 乤 is 81 61: its second byte is no letter "a".
        assert!(!finds("乤", TextEncoding::Gbk, &[0x81, 0x41]));
    }
}
