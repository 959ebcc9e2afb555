//! Where the lines of a turn begin: pure, fed with bytes in any pieces, and the same for every way of cutting them.
//!
//! Text is decoded by a decoder that keeps the beginning of a character until the next chunk finishes it; a line ends
//! behind a line feed and at the width, which CR and LF may pass by a little so that they never stand alone. Hex and raw
//! count bytes only and need not see them. Raw means: every byte one cell, nothing obeyed, line feeds neither.
//! Never: rows, files. Called by: `layout`.

use crate::model::TextEncoding;
use crate::payload::{Piece, is_unfinished, pieces};

/// How a conversation is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    Text {
        encoding: TextEncoding,
        /// Cells of a line; wide characters take two. Line ends may take up to four more.
        columns: u16,
    },
    Hex {
        /// On a line.
        bytes: u16,
    },
    /// Every byte one cell.
    Raw { columns: u16 },
}

impl Default for Shape {
    fn default() -> Self {
        Self::Text { encoding: TextEncoding::default(), columns: 100 }
    }
}

/// Cells by which line ends may pass the width.
pub const OVERHANG: u16 = 4;

/// Where in a conversation a byte stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Which of the conversation's rows, counted from 0.
    pub item: u64,
    /// Within its bytes.
    pub offset: u32,
    /// Bytes of the same direction before that row.
    pub before: u64,
}

impl Place {
    pub fn plus(self, bytes: usize) -> Self {
        Self { offset: self.offset.saturating_add(u32::try_from(bytes).unwrap_or(u32::MAX)), ..self }
    }
}

/// What hears of the lines.
pub trait Pen {
    /// A line begins here; the one before it has ended.
    fn begin(&mut self, at: Place);
    /// Bytes of the line that began last. Those of one call are neighbours in one chunk.
    fn bytes(&mut self, at: Place, bytes: &[u8]);
}

/// The state between two pieces of a turn.
#[derive(Clone, Debug)]
pub struct Breaker {
    shape: Shape,
    in_line: bool,
    cells: usize,
    /// The beginning of a character, and where each byte of it stands.
    held: Vec<(u8, Place)>,
}

impl Breaker {
    pub fn new(shape: Shape) -> Self {
        Self { shape, in_line: false, cells: 0, held: Vec::new() }
    }

    /// More of the turn. `bytes` may be shorter than `length` where the shape does not need them.
    pub fn take(&mut self, at: Place, length: usize, bytes: &[u8], pen: &mut impl Pen) {
        match self.shape {
            Shape::Text { encoding, columns } => self.text(at, bytes, encoding, usize::from(columns.max(1)), pen),
            Shape::Hex { bytes: columns } | Shape::Raw { columns } => {
                self.counted(at, length, bytes, usize::from(columns.max(1)), pen);
            }
        }
    }

    /// The turn or the datagram ends; the beginning of a character is shown as the bytes that it is.
    pub fn end(&mut self, pen: &mut impl Pen) {
        if let Shape::Text { encoding, columns } = self.shape {
            let held = std::mem::take(&mut self.held);
            let bytes: Vec<u8> = held.iter().map(|(byte, _)| *byte).collect();
            let mut at = 0;
            for piece in pieces(&bytes, encoding) {
                if let (Some((_, place)), Some(bytes)) = (held.get(at), bytes.get(at..at + piece.len())) {
                    self.put(piece, *place, bytes, usize::from(columns.max(1)), pen);
                }
                at += piece.len();
            }
        }
        self.in_line = false;
    }

    fn counted(&mut self, at: Place, length: usize, bytes: &[u8], columns: usize, pen: &mut impl Pen) {
        let mut done = 0;
        while done < length {
            self.room(1, columns, at.plus(done), pen);
            let fits = (columns - self.cells).min(length - done);
            let there = bytes.len().min(done + fits);
            pen.bytes(at.plus(done), bytes.get(done..there).unwrap_or_default());
            self.cells += fits;
            done += fits;
        }
    }

    fn text(&mut self, at: Place, bytes: &[u8], encoding: TextEncoding, columns: usize, pen: &mut impl Pen) {
        let mut done = self.finish(at, bytes, encoding, columns, pen);
        let rest = bytes.get(done..).unwrap_or_default();
        for piece in pieces(rest, encoding) {
            let rest = bytes.get(done..).unwrap_or_default();
            if matches!(piece, Piece::Invalid(_)) && is_unfinished(rest, encoding) {
                self.held.extend(rest.iter().enumerate().map(|(n, byte)| (*byte, at.plus(done + n))));
                return;
            }
            let (taken, _) = rest.split_at(piece.len().min(rest.len()));
            self.put(piece, at.plus(done), taken, columns, pen);
            done += taken.len();
        }
    }

    /// Puts what was held together with what comes now. How many of the new bytes that took.
    fn finish(&mut self, at: Place, bytes: &[u8], encoding: TextEncoding, columns: usize, pen: &mut impl Pen) -> usize {
        let mut done = 0;
        while let Some((_, place)) = self.held.first().copied() {
            let more = bytes.iter().skip(done);
            let joined: Vec<u8> = self.held.iter().map(|(byte, _)| byte).chain(more).take(8).copied().collect();
            if is_unfinished(&joined, encoding) {
                let rest = bytes.iter().enumerate().skip(done);
                self.held.extend(rest.map(|(n, byte)| (*byte, at.plus(n))));
                return bytes.len();
            }
            let piece = match pieces(&joined, encoding).next() {
                // What follows the held bytes is taken where it stands.
                Some(Piece::Plain(text)) => Piece::Plain(text.get(..self.held.len()).unwrap_or(text)),
                Some(piece) => piece,
                None => return done,
            };
            let (held, length) = (self.held.len(), piece.len());
            if let Some(first) = joined.get(..length.min(held)) {
                self.put(piece, place, first, columns, pen);
            }
            if length > held {
                pen.bytes(at.plus(done), bytes.get(done..done + length - held).unwrap_or_default());
                done += length - held;
            }
            self.held.drain(..length.min(held));
        }
        done
    }

    fn put(&mut self, piece: Piece<'_>, at: Place, bytes: &[u8], columns: usize, pen: &mut impl Pen) {
        if let Piece::Plain(text) = piece {
            return self.counted(at, text.len(), bytes, columns, pen);
        }
        let cells = piece.cells();
        let is_end = matches!(piece, Piece::Character('\r' | '\n', _));
        self.room(cells, columns + if is_end { usize::from(OVERHANG) } else { 0 }, at, pen);
        pen.bytes(at, bytes);
        self.cells += cells;
        if matches!(piece, Piece::Character('\n', _)) {
            self.in_line = false;
        }
    }

    /// Begins a line where there is none, or where so many cells do not fit on it any more.
    fn room(&mut self, cells: usize, columns: usize, at: Place, pen: &mut impl Pen) {
        if !self.in_line || (self.cells > 0 && self.cells + cells > columns) {
            pen.begin(at);
            (self.in_line, self.cells) = (true, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Default)]
    struct Written {
        lines: Vec<Vec<u8>>,
        places: Vec<(u64, u64)>,
    }

    impl Pen for Written {
        fn begin(&mut self, at: Place) {
            self.lines.push(Vec::new());
            self.places.push((at.item, at.before + u64::from(at.offset)));
        }

        fn bytes(&mut self, _at: Place, bytes: &[u8]) {
            self.lines.last_mut().expect("a line has begun").extend_from_slice(bytes);
        }
    }

    fn broken(chunks: &[&[u8]], shape: Shape) -> Written {
        let (mut breaker, mut written, mut before) = (Breaker::new(shape), Written::default(), 0);
        for (item, chunk) in chunks.iter().enumerate() {
            let at = Place { item: item as u64, offset: 0, before };
            breaker.take(at, chunk.len(), chunk, &mut written);
            before += chunk.len() as u64;
        }
        breaker.end(&mut written);
        written
    }

    fn text(encoding: TextEncoding, columns: u16) -> Shape {
        Shape::Text { encoding, columns }
    }

    fn lines_of(chunks: &[&[u8]], columns: u16) -> Vec<String> {
        let written = broken(chunks, text(TextEncoding::Utf8, columns));
        written.lines.iter().map(|line| String::from_utf8_lossy(line).into_owned()).collect()
    }

    #[test]
    fn lines_end_at_line_feeds_and_at_the_width() {
        assert_eq!(lines_of(&[b"one\r\ntwo"], 20), ["one\r\n", "two"]);
        assert_eq!(lines_of(&[b"one\n"], 20), ["one\n"], "no empty line behind the last");
        assert_eq!(lines_of(&[b"abcdefg"], 3), ["abc", "def", "g"]);
        assert_eq!(lines_of(&[b"abc\r\nd"], 3), ["abc\r\n", "d"], "a line end never stands alone");
        assert_eq!(lines_of(&["水泵a".as_bytes()], 3), ["水", "泵a"]);
        assert_eq!(lines_of(&["水泵".as_bytes()], 1), ["水", "泵"], "too wide for any line");
    }

    #[test]
    fn a_character_cut_in_two_is_one() {
        let bytes = "温度".as_bytes();
        let written = broken(&[&bytes[..2], &bytes[2..3], &bytes[3..]], text(TextEncoding::Utf8, 2));
        assert_eq!(written.lines, [&bytes[..3], &bytes[3..]]);
        assert_eq!(written.places, [(0, 0), (2, 3)], "it begins where its first byte stands");
    }

    #[test]
    fn raw_and_hex_count_bytes() {
        let written = broken(&[b"ab\n", b"cde"], Shape::Raw { columns: 4 });
        assert_eq!(written.lines, [&b"ab\nc"[..], b"de"]);
        assert_eq!(broken(&[&[0; 33]], Shape::Hex { bytes: 16 }).lines.len(), 3);
    }

    fn shapes() -> impl Strategy<Value = Shape> {
        let columns = 1u16..40;
        prop_oneof![
            (columns.clone(), proptest::sample::select(&TextEncoding::ALL[..])).prop_map(|(c, e)| text(e, c)),
            columns.clone().prop_map(|columns| Shape::Raw { columns }),
            columns.prop_map(|bytes| Shape::Hex { bytes }),
        ]
    }

    /// Text with characters of one to four bytes, and bytes that are none.
    fn streams() -> impl Strategy<Value = Vec<u8>> {
        let parts = prop_oneof![
            "[a-z0-9]{0,12}".prop_map(String::into_bytes),
            "[\r\n\t水泵温度é𝄞\u{202e}]{0,6}".prop_map(String::into_bytes),
            proptest::collection::vec(any::<u8>(), 0..6),
        ];
        proptest::collection::vec(parts, 0..20).prop_map(|parts| parts.concat())
    }

    proptest! {
        #[test]
        fn no_way_of_cutting_changes_the_lines(
            stream in streams(), shape in shapes(), cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..12),
        ) {
            let whole = broken(&[&stream], shape);
            prop_assert_eq!(whole.lines.concat(), stream.clone());
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
            cuts.sort_unstable();
            let mut chunks = Vec::new();
            let mut from = 0;
            for cut in cuts {
                chunks.push(&stream[from..cut]);
                from = cut;
            }
            chunks.push(&stream[from..]);
            let cut = broken(&chunks, shape);
            prop_assert_eq!(&cut.lines, &whole.lines);
            let at = |written: &Written| written.places.iter().map(|(_, at)| *at).collect::<Vec<_>>();
            prop_assert_eq!(at(&cut), at(&whole));
        }

        #[test]
        fn a_line_is_never_much_longer_than_its_width(stream in streams(), shape in shapes()) {
            let (columns, bytes) = match shape {
                Shape::Text { columns, .. } => (columns.max(9), 4),
                Shape::Raw { columns } | Shape::Hex { bytes: columns } => (columns, 1),
            };
            for line in broken(&[&stream], shape).lines {
                prop_assert!(line.len() <= usize::from(columns + OVERHANG) * bytes);
            }
        }
    }
}
