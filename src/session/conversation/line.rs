//! Lines as they are drawn and copied: made for those around the screen only.
//! Called by: `work`; the types by `ui`.

use std::fmt::Write;
use std::ops::Range;
use std::sync::Arc;

use super::super::sentences;
use super::breaking::{Place, Shape};
use super::items::Items;
use super::layout::{Kind, Lines, Walk};
use super::search::Search;
use super::source::Source;
use crate::model::{Direction, Recorded, TextEncoding, Timestamp};
use crate::payload::{Piece, pieces};

/// A line of a conversation.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// The event that it begins in.
    pub seq: u64,
    /// Of happenings: none.
    pub direction: Option<Direction>,
    pub content: LineContent,
}

#[derive(Clone, Debug)]
pub enum LineContent {
    Turn(Turn),
    Text(TextLine),
    Bytes(BytesLine),
    EmptyDatagram,
    /// The bytes of this event cannot be read from the file.
    Unreadable,
    Happened(Arc<Recorded>),
}

/// What one side said before the other spoke.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    pub direction: Direction,
    pub first_seq: u64,
    pub last_seq: u64,
    pub first: Timestamp,
    pub last: Timestamp,
    pub bytes: u64,
    pub chunks: u64,
    /// Nanoseconds from the last chunk of the turn before to the first of this one.
    pub after: Option<u64>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TextLine {
    pub text: String,
    /// Parts of the text that stand for something else: escapes, bytes that are no character. In order.
    pub marked: Vec<Range<usize>>,
    /// Parts that fit what is looked for; the second says that it is the current one.
    pub found: Vec<(Range<usize>, bool)>,
    /// A datagram begins here, within a turn of several.
    pub datagram: bool,
    /// It ends with a line feed, so the next line is one of the stream too.
    pub ends: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BytesLine {
    /// From the start of the direction's stream.
    pub offset: u64,
    pub bytes: Vec<u8>,
    /// Places in `bytes`, as in `TextLine`.
    pub found: Vec<(Range<usize>, bool)>,
    pub datagram: bool,
}

impl PartialEq for LineContent {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Turn(a), Self::Turn(b)) => a == b,
            (Self::Text(a), Self::Text(b)) => a == b,
            (Self::Bytes(a), Self::Bytes(b)) => a == b,
            (Self::EmptyDatagram, Self::EmptyDatagram) | (Self::Unreadable, Self::Unreadable) => true,
            (Self::Happened(a), Self::Happened(b)) => a.seq == b.seq,
            _ => false,
        }
    }
}

/// A byte of a raw line as one cell: what Latin-1 prints, and a dot for the rest.
pub fn raw_character(byte: u8) -> char {
    match byte {
        b' '..=b'~' | 0xA1..=0xAC | 0xAE..=0xFF => char::from(byte),
        _ => '·',
    }
}

/// A line as it was laid out, before it is made ready.
pub struct Laid {
    kind: Kind,
    at: Place,
    walk: Walk,
    bytes: Vec<u8>,
    /// Where the bytes stand: each from a place in `bytes` on.
    places: Vec<(usize, Place)>,
}

impl Laid {
    /// Row and offset of its first byte.
    pub fn place(&self) -> (u64, u32) {
        (self.at.item, self.at.offset)
    }
}

/// Keeps the lines of a range.
pub struct Keep {
    pub wanted: Range<u64>,
    /// The number of the next line.
    pub next: u64,
    pub lines: Vec<Laid>,
}

impl Lines for Keep {
    fn begin(&mut self, at: Place, kind: Kind, walk: &Walk) {
        if self.wanted.contains(&self.next) {
            self.lines.push(Laid { kind, at, walk: *walk, bytes: Vec::new(), places: Vec::new() });
        }
        self.next += 1;
    }

    fn bytes(&mut self, at: Place, bytes: &[u8]) {
        let is_wanted = self.next.checked_sub(1).is_some_and(|line| self.wanted.contains(&line));
        if let Some(line) = self.lines.last_mut().filter(|_| is_wanted) {
            line.places.push((line.bytes.len(), at));
            line.bytes.extend_from_slice(bytes);
        }
    }
}

/// What making a line ready needs.
pub struct Making<'a, 'b> {
    pub items: &'a Items,
    pub source: &'a mut Source<'b>,
    pub shape: Shape,
    pub datagrams: bool,
    pub search: Option<&'a Search>,
}

impl Making<'_, '_> {
    pub fn line(&mut self, laid: &Laid) -> Line {
        let content = match laid.kind {
            Kind::Turn => self.turn(laid.at.item).map_or(LineContent::Unreadable, LineContent::Turn),
            Kind::Happened => match self.source.recorded(self.items, laid.at.item) {
                Some(recorded) => LineContent::Happened(Arc::new(recorded)),
                None => LineContent::Unreadable,
            },
            Kind::EmptyDatagram => LineContent::EmptyDatagram,
            Kind::Unreadable => LineContent::Unreadable,
            Kind::Content => self.content(laid),
        };
        let direction = match &content {
            LineContent::Turn(turn) => Some(turn.direction),
            _ => laid.walk.open.map(|open| open.direction),
        };
        Line { seq: self.source.seq(self.items, laid.at.item), direction, content }
    }

    fn turn(&mut self, first_item: u64) -> Option<Turn> {
        let sum = self.source.turn(self.items, first_item)?;
        let last_item = first_item + sum.chunks.saturating_sub(1);
        let first = self.source.time(self.items, first_item)?;
        let before = self.source.chunk_before(self.items, first_item);
        let before = before.and_then(|item| self.source.time(self.items, item));
        Some(Turn {
            direction: sum.direction,
            first_seq: self.source.seq(self.items, first_item),
            last_seq: self.source.seq(self.items, last_item),
            first,
            last: self.source.time(self.items, last_item).unwrap_or(first),
            bytes: sum.bytes,
            chunks: sum.chunks,
            after: before.map(|before| first.nanos_since(before)),
        })
    }

    fn content(&self, laid: &Laid) -> LineContent {
        let begins_chunk = self.datagrams && laid.at.offset == 0;
        let datagram = begins_chunk && laid.walk.open.is_some_and(|open| open.first_item != laid.at.item);
        let found = self.found(laid);
        match self.shape {
            Shape::Text { encoding, .. } => LineContent::Text(text_line(&laid.bytes, encoding, &found, datagram)),
            Shape::Raw { .. } => {
                let text: String = laid.bytes.iter().copied().map(raw_character).collect();
                let at = |byte: usize| text.char_indices().nth(byte).map_or(text.len(), |(at, _)| at);
                let found = found.iter().map(|(range, current)| (at(range.start)..at(range.end), *current)).collect();
                LineContent::Text(TextLine { found, marked: Vec::new(), datagram, ends: false, text })
            }
            Shape::Hex { .. } => {
                let offset = laid.at.before + u64::from(laid.at.offset);
                LineContent::Bytes(BytesLine { offset, bytes: laid.bytes.clone(), found, datagram })
            }
        }
    }

    /// Which bytes of the line belong to matches.
    fn found(&self, laid: &Laid) -> Vec<(Range<usize>, bool)> {
        let Some(search) = self.search else { return Vec::new() };
        let ends = laid.places.iter().skip(1).map(|(at, _)| *at).chain([laid.bytes.len()]);
        let mut found: Vec<(Range<usize>, bool)> = Vec::new();
        for ((begin, place), end) in laid.places.iter().zip(ends) {
            let length = u32::try_from(end - begin).unwrap_or(u32::MAX);
            for (range, current) in search.within(place.item, place.offset, length) {
                let range = begin + range.start as usize..begin + range.end as usize;
                match found.last_mut() {
                    Some((last, of)) if last.end == range.start && *of == current && range.start == *begin => {
                        last.end = range.end;
                    }
                    _ => found.push((range, current)),
                }
            }
        }
        found
    }
}

/// Decodes the bytes of a line; they hold whole characters only.
fn text_line(bytes: &[u8], encoding: TextEncoding, found: &[(Range<usize>, bool)], datagram: bool) -> TextLine {
    let mut line = TextLine { datagram, ..TextLine::default() };
    // Where each piece begins, in the bytes and in the text, and whether every byte of it is a character of its own.
    let (mut starts, mut at) = (Vec::new(), 0);
    for piece in pieces(bytes, encoding) {
        let from = line.text.len();
        starts.push((at, from, matches!(piece, Piece::Plain(_))));
        piece.push_to(&mut line.text);
        if piece.is_marked() {
            match line.marked.last_mut() {
                Some(last) if last.end == from => last.end = line.text.len(),
                _ => line.marked.push(from..line.text.len()),
            }
        }
        line.ends = matches!(piece, Piece::Character('\n', _));
        at += piece.len();
    }
    let length = line.text.len();
    let text_at = |byte: usize, is_end: bool| {
        let after = starts.partition_point(|(at, ..)| *at <= byte);
        match after.checked_sub(1).and_then(|piece| starts.get(piece)) {
            Some((at, text, true)) => (text + (byte - at)).min(length),
            Some((at, text, false)) if *at == byte || !is_end => *text,
            Some(_) => starts.get(after).map_or(length, |(_, text, _)| *text),
            None => 0,
        }
    };
    let ranges = found.iter().map(|(range, current)| (text_at(range.start, false)..text_at(range.end, true), *current));
    line.found = ranges.filter(|(range, _)| !range.is_empty()).collect();
    line
}

/// A line as it is copied: text as it was decoded, lines joined where only the width had broken them; what could do harm
/// where it is pasted is written as it is shown, and CR before LF is left out.
pub fn push_copied(laid: &Laid, line: &Line, shape: Shape, out: &mut String) {
    // Writing to a string cannot fail.
    let _ = match &line.content {
        LineContent::Turn(turn) => {
            end_line(out);
            let arrow = if turn.direction == Direction::In { '↓' } else { '↑' };
            let time = jiff::Timestamp::from_nanosecond(i128::from(turn.first.0)).unwrap_or_default();
            writeln!(out, "{arrow} {time} · {} B", turn.bytes)
        }
        LineContent::Happened(recorded) => {
            end_line(out);
            let happening = recorded.event.happening();
            let sentence = happening.map(|happening| sentences::happening(happening, &recorded.event.flow));
            writeln!(out, "— {}", sentence.unwrap_or_default())
        }
        LineContent::EmptyDatagram | LineContent::Unreadable => {
            end_line(out);
            Ok(())
        }
        LineContent::Bytes(bytes) => {
            let hex = crate::payload::bytes_to_hex(&bytes.bytes);
            let width = match shape {
                Shape::Hex { bytes } => usize::from(bytes) * 3,
                _ => hex.len(),
            };
            let text: String = bytes.bytes.iter().copied().map(printable).collect();
            writeln!(out, "{:08x}  {hex:<width$} {text}", bytes.offset)
        }
        LineContent::Text(text) => {
            if text.datagram
                || laid.walk.open.is_some_and(|open| open.first_item == laid.at.item && laid.at.offset == 0)
            {
                end_line(out);
            }
            push_text(laid, text, shape, out);
            Ok(())
        }
    };
}

fn push_text(laid: &Laid, line: &TextLine, shape: Shape, out: &mut String) {
    let Shape::Text { encoding, .. } = shape else { return out.push_str(&line.text) };
    for piece in pieces(&laid.bytes, encoding) {
        match piece {
            Piece::Character('\n', _) => {
                if out.ends_with("\\r") {
                    out.truncate(out.len() - 2);
                }
                out.push('\n');
            }
            Piece::Character('\t', _) => out.push('\t'),
            piece => piece.push_to(out),
        }
    }
}

fn end_line(out: &mut String) {
    if !out.is_empty() && !out.ends_with('\n') {
        out.push('\n');
    }
}

/// A byte in the text column of a dump.
fn printable(byte: u8) -> char {
    if byte.is_ascii_graphic() || byte == b' ' { char::from(byte) } else { '·' }
}
