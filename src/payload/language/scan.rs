//! The text of a draft, cut into bytes that are always the same and templates.
//!
//! Never: knows what a template's value is, or which bytes a part covers. Called by: `plan`.

use std::ops::Range;

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::super::dump::dump_to_bytes;
use super::super::hex::{digits_until, start_of_digits};
use super::super::text::{encode, not_in_encoding, unescape};
use super::super::{Mistake, MistakeKind};
use super::template::{Template, is_meant, template};
use super::{MadeBy, RenderedPart};
use crate::model::{Draft, PayloadFormat, TextEncoding};

/// Beyond this number of parts, neighbours are told apart no more and count as typed.
pub(super) const MOST_PARTS: usize = 100_000;
/// Templates of one draft.
pub(super) const MOST_TEMPLATES: usize = 2_000;

/// A draft's text in pieces, in order: templates, and what stands before, between and behind them.
#[derive(Debug, Default)]
pub(super) struct Scanned {
    /// The bytes of all fixed pieces.
    pub pool: Vec<u8>,
    /// What made which of them, one behind the other. A long text has many of these and few pieces.
    pub parts: Vec<RenderedPart>,
    pub pieces: Vec<Piece>,
    /// Where the fixed piece begins that is being read.
    begun: Fixed,
    templates: usize,
}

#[derive(Debug)]
pub(super) struct Piece {
    pub text: Range<usize>,
    pub what: PieceKind,
}

#[derive(Debug)]
pub(super) enum PieceKind {
    Fixed(Fixed),
    Template(Box<Template>),
}

/// Bytes that are always the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Fixed {
    /// A range of the pool.
    pub bytes: Range<usize>,
    /// Of the parts in it; their ranges are of the pool.
    pub parts: Range<usize>,
}

impl Piece {
    pub(super) fn template(&self) -> Option<&Template> {
        match &self.what {
            PieceKind::Template(template) => Some(template),
            PieceKind::Fixed(_) => None,
        }
    }
}

/// Cuts a draft of any format but a file's.
pub(super) fn scan(draft: &Draft) -> Result<Scanned, Mistake> {
    let mut scanned = Scanned::default();
    let text = &draft.text;
    match draft.format {
        PayloadFormat::Text => scanned.text(text, draft.encoding, false)?,
        PayloadFormat::Mixed => scanned.text(text, draft.encoding, true)?,
        PayloadFormat::Hex => match dump_to_bytes(text) {
            Some(bytes) => scanned.pool = bytes,
            None => scanned.hex(text)?,
        },
        PayloadFormat::Base64 => base64_to_bytes(text, &mut scanned.pool)?,
        PayloadFormat::File => return Err(Mistake { at: 0..text.len(), what: MistakeKind::IsAFile }),
    }
    if scanned.pieces.is_empty() && scanned.parts.is_empty() {
        scanned.fixed(0..text.len(), 0, MadeBy::Typed);
    }
    scanned.end_fixed();
    Ok(scanned)
}

impl Scanned {
    fn text(&mut self, text: &str, encoding: TextEncoding, mixed: bool) -> Result<(), Mistake> {
        let source = text.as_bytes();
        self.pool.reserve(text.len());
        let mut at = 0;
        while let Some(first) = source.get(at) {
            let before = self.pool.len();
            match first {
                b'\\' => {
                    let taken = unescape(text.get(at..).unwrap_or_default(), at, encoding, &mut self.pool)?;
                    self.fixed(at..at + taken, before, MadeBy::Escape);
                    at += taken;
                }
                b'[' if mixed => at = self.brackets(text, at)?,
                b'{' if source.get(at + 1) == Some(&b'{') => at = self.template(text, at)?,
                _ => {
                    // A brace for itself, or what ended the last run and meant nothing, is the first of this one.
                    let behind = source.get(at + 1..).unwrap_or_default();
                    let plain = match mixed {
                        true => memchr::memchr3(b'\\', b'{', b'[', behind),
                        false => memchr::memchr2(b'\\', b'{', behind),
                    };
                    let end = at + 1 + plain.unwrap_or(behind.len());
                    encode(text.get(at..end).unwrap_or_default(), encoding, &mut self.pool)
                        .map_err(|(offset, character)| not_in_encoding(at + offset, character, encoding))?;
                    self.fixed(at..end, before, MadeBy::Typed);
                    at = end;
                }
            }
        }
        Ok(())
    }

    /// From a bracket to behind its other half.
    fn brackets(&mut self, text: &str, open: usize) -> Result<usize, Mistake> {
        let source = text.as_bytes();
        let stops = |at: usize| source.get(at) == Some(&b']') || begins_template(text, at);
        let marked = |mistake: Mistake| match mistake.what {
            MistakeKind::BadHexDigit(character) => {
                Mistake { what: MistakeKind::NotHexInBrackets(character), ..mistake }
            }
            _ => mistake,
        };
        let mut start = open;
        let mut at = open + 1;
        loop {
            let before = self.pool.len();
            let end = digits_until(text, at, stops, &mut self.pool).map_err(marked)?;
            match source.get(end) {
                Some(b']') if start == open && self.pool.len() == before => {
                    return Err(Mistake { at: open..end + 1, what: MistakeKind::EmptyBrackets });
                }
                Some(b']') => {
                    self.fixed(start..end + 1, before, MadeBy::Hex);
                    return Ok(end + 1);
                }
                Some(_) => {
                    self.fixed(start..end, before, MadeBy::Hex);
                    at = self.template(text, end)?;
                    start = at;
                }
                None => return Err(Mistake { at: open..open + 1, what: MistakeKind::UnclosedBracket }),
            }
        }
    }

    fn hex(&mut self, text: &str) -> Result<(), Mistake> {
        let mut at = if begins_template(text, text.find('{').unwrap_or(0)) { 0 } else { start_of_digits(text) };
        self.pool.reserve(text.len() / 2);
        while at < text.len() {
            let before = self.pool.len();
            let end = digits_until(text, at, |at| begins_template(text, at), &mut self.pool)?;
            self.fixed(at..end, before, MadeBy::Typed);
            at = if end < text.len() { self.template(text, end)? } else { end };
        }
        Ok(())
    }

    /// From two braces to behind their other half.
    fn template(&mut self, text: &str, open: usize) -> Result<usize, Mistake> {
        let rest = text.get(open + 2..).unwrap_or_default();
        let unclosed = Mistake { at: open..open + 2, what: MistakeKind::UnclosedTemplate };
        let quoted = quoted_length(rest);
        let behind = rest.as_bytes().get(quoted..).unwrap_or_default();
        let Some(length) = memchr::memmem::find(behind, b"}}").map(|length| quoted + length) else {
            return Err(unclosed);
        };
        let inner = rest.get(..length).unwrap_or_default();
        if inner.get(quoted..).is_some_and(|inner| inner.contains("{{")) {
            return Err(unclosed);
        }
        let end = open + length + 4;
        self.templates += 1;
        if self.templates > MOST_TEMPLATES {
            let what = MistakeKind::TooManyTemplates { limit: MOST_TEMPLATES };
            return Err(Mistake { at: open..end, what });
        }
        let template = template(inner, open + 2)?;
        self.end_fixed();
        self.pieces.push(Piece { text: open..end, what: PieceKind::Template(Box::new(template)) });
        Ok(end)
    }

    /// What was added to the pool since `from`.
    fn fixed(&mut self, text: Range<usize>, from: usize, made_by: MadeBy) {
        let bytes = from..self.pool.len();
        let is_full = self.parts.len() + self.templates >= MOST_PARTS;
        let last = if self.parts.len() > self.begun.parts.start { self.parts.last_mut() } else { None };
        if let Some(last) = last.filter(|last| last.made_by == made_by || is_full) {
            if last.made_by != made_by {
                last.made_by = MadeBy::Typed;
            }
            last.text.end = text.end;
            last.bytes.end = bytes.end;
        } else if !bytes.is_empty() {
            self.parts.push(RenderedPart { bytes, text, made_by });
        }
    }

    /// A template follows, or nothing.
    fn end_fixed(&mut self) {
        let parts = self.begun.parts.start..self.parts.len();
        let bytes = self.begun.bytes.start..self.pool.len();
        self.begun = Fixed { bytes: bytes.end..bytes.end, parts: parts.end..parts.end };
        let Some((first, last)) = self.parts.get(parts.clone()).and_then(|own| own.first().zip(own.last())) else {
            return;
        };
        let text = first.text.start..last.text.end;
        self.pieces.push(Piece { text, what: PieceKind::Fixed(Fixed { bytes, parts }) });
    }
}

/// How much of `file:"…"` stands up to and with the second quote; a path in quotes may hold braces. 0: nothing is quoted.
fn quoted_length(behind: &str) -> usize {
    let quoted = || {
        let arguments = behind.trim_start().strip_prefix("file")?.trim_start().strip_prefix(':')?;
        let inside = arguments.trim_start().strip_prefix('"')?;
        let mut escaped = false;
        let end = inside.find(|c: char| {
            let ends = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            ends
        })?;
        Some(behind.len() - inside.len() + end + 1)
    };
    quoted().unwrap_or(0)
}

/// Between bytes, two braces are a template only where one can be meant: C arrays have them too.
fn begins_template(text: &str, at: usize) -> bool {
    text.as_bytes().get(at..at + 2) == Some(b"{{") && text.get(at + 2..).is_some_and(is_meant)
}

/// Both alphabets, white space anywhere, padding or none.
fn base64_to_bytes(text: &str, bytes: &mut Vec<u8>) -> Result<(), Mistake> {
    const FORGIVING: GeneralPurposeConfig = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    const ENGINE: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, FORGIVING);
    let before = bytes.len();
    if ENGINE.decode_vec(text, bytes).is_ok() {
        return Ok(());
    }
    // Blanks, the other alphabet, or a mistake whose place is looked for.
    bytes.truncate(before);
    let mut digits = Vec::with_capacity(text.len());
    let mut padded = false;
    for (at, character) in text.char_indices() {
        let digit = match character {
            '-' => b'+',
            '_' => b'/',
            'A'..='Z' | 'a'..='z' | '0'..='9' | '+' | '/' => character as u8,
            '=' if !digits.is_empty() => {
                padded = true;
                continue;
            }
            _ if character.is_whitespace() => continue,
            _ => return Err(bad_digit(at, character)),
        };
        if padded {
            return Err(bad_digit(at, character));
        }
        digits.push(digit);
    }
    ENGINE
        .decode_vec(&digits, bytes)
        .map_err(|_| Mistake { at: text.len()..text.len(), what: MistakeKind::UnfinishedBase64 })
}

fn bad_digit(at: usize, character: char) -> Mistake {
    Mistake { at: at..at + character.len_utf8(), what: MistakeKind::BadBase64(character) }
}
