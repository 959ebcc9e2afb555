//! One direction of a TCP connection: segments in the order of the capture become its bytes in the order of the stream.
//!
//! Where two segments hold the same place, the first copy counts. What arrives early is held, within bounds; what never
//! arrives is told as missing, with its size. Pure: no addresses, no clock, no file.
//! Called by: `tcp`.

use std::collections::BTreeMap;

use bytes::Bytes;

/// Held bytes and segments of one direction, beyond which what is missing is given up. The largest windows are of this size.
const MAX_HELD_BYTES: usize = 8 * 1024 * 1024;
const MAX_HELD_PIECES: usize = 8192;
/// What a piece takes beside its bytes.
const PIECE_COST: usize = 128;
/// No window is larger (RFC 7323): a segment farther off does not belong to this stream.
const FARTHEST: i64 = 1 << 30;
/// Nothing that is sent again is older.
const OLDEST: i64 = 1 << 26;

/// What comes out, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Bytes(Bytes),
    /// So many bytes are not in the capture.
    Missing(u64),
    /// The side has sent its last byte.
    Finished,
}

/// What of a segment matters to its stream.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Part<'a> {
    pub seq: u32,
    pub payload: &'a [u8],
    /// Bytes behind the payload that were sent and not captured.
    pub uncaptured: u32,
    pub syn: bool,
    pub fin: bool,
}

#[derive(Clone, Debug)]
enum Held {
    Bytes(Bytes),
    Uncaptured(u64),
}

#[derive(Debug, Default)]
pub(super) struct Stream {
    /// The sequence number of the next byte; absent until a segment was seen.
    next: Option<u32>,
    /// Its SYN or a byte of it was seen.
    placed: bool,
    /// How far the stream has come out: places are counted in 64 bits, so a wrap of the sequence number is none here.
    at: u64,
    held: BTreeMap<u64, Held>,
    held_bytes: usize,
    /// The place behind the last byte.
    end: Option<u64>,
    finished: bool,
}

impl Stream {
    /// `false`: the segment lies too far off to be of this stream.
    pub(super) fn take(&mut self, part: Part<'_>, out: &mut Vec<Piece>) -> bool {
        let seq = part.seq.wrapping_add(u32::from(part.syn));
        let next = *self.next.get_or_insert(seq);
        // Until its first byte or its SYN was seen, a stream may begin earlier than it seemed to. A single byte before all
        // others is how a connection is kept alive.
        let begins = part.syn || part.payload.len() > 1;
        let before = i64::from(next.wrapping_sub(seq).cast_signed());
        let next = if begins && !self.placed && before > 0 {
            self.end = self.end.map(|end| end.saturating_add_signed(before));
            seq
        } else {
            next
        };
        self.next = Some(next);
        self.placed |= part.syn || !part.payload.is_empty();
        let ahead = i64::from(seq.wrapping_sub(next).cast_signed());
        if !(-OLDEST..=FARTHEST).contains(&ahead) {
            return false;
        }
        let old = usize::try_from(-ahead).unwrap_or(0);
        let from = self.at + u64::try_from(ahead).unwrap_or(0);
        let sent = part.payload.len() as u64 + u64::from(part.uncaptured);
        let to = (self.at + sent).saturating_add_signed(ahead);
        if part.fin && self.end.is_none() && ahead + sent.cast_signed() >= 0 {
            self.end = Some(to);
        }
        if let Some(fresh) = part.payload.get(old..).filter(|fresh| !fresh.is_empty()) {
            let bytes = Bytes::copy_from_slice(fresh);
            if ahead <= 0 && self.held.is_empty() {
                self.at += bytes.len() as u64;
                self.next = Some(next.wrapping_add(bytes.len() as u32));
                out.push(Piece::Bytes(bytes));
            } else {
                let end = from + bytes.len() as u64;
                self.hold(from, end, |from, to| Held::Bytes(bytes.slice(from..to)));
            }
        }
        let captured = to.saturating_sub(u64::from(part.uncaptured)).max(self.at);
        if part.uncaptured > 0 && captured < to {
            self.hold(captured, to, |from, to| Held::Uncaptured((to - from) as u64));
        }
        self.release(out);
        if self.held_bytes > MAX_HELD_BYTES || self.held.len() > MAX_HELD_PIECES {
            self.flush(out);
        }
        true
    }

    /// The other side has confirmed all before `ack`. What is held behind a hole was confirmed with it: the hole's bytes
    /// arrived and are only missing in the capture.
    pub(super) fn confirmed(&mut self, ack: u32, out: &mut Vec<Piece>) {
        let Some(next) = self.next.filter(|_| !self.held.is_empty()) else { return };
        let ahead = i64::from(ack.wrapping_sub(next).cast_signed());
        if ahead > FARTHEST {
            return;
        }
        let confirmed = self.at.saturating_add_signed(ahead);
        while let Some(first) = self.held.first_key_value().map(|(at, _)| *at).filter(|first| *first < confirmed) {
            self.skip_to(first, out);
        }
    }

    /// Nothing more comes: what is held comes out, and what is missing between is told.
    pub(super) fn flush(&mut self, out: &mut Vec<Piece>) {
        while let Some(first) = self.held.first_key_value().map(|(at, _)| *at) {
            self.skip_to(first, out);
        }
    }

    /// What is held takes so much memory, roughly.
    pub(super) fn cost(&self) -> usize {
        self.held_bytes + self.held.len() * PIECE_COST
    }

    /// Whether a byte or a number of this direction was seen.
    pub(super) fn has_begun(&self) -> bool {
        self.next.is_some()
    }

    fn skip_to(&mut self, place: u64, out: &mut Vec<Piece>) {
        let missing = place.saturating_sub(self.at);
        if missing > 0 {
            out.push(Piece::Missing(missing));
            self.advance(missing);
        }
        self.release(out);
    }

    /// Holds `from..to`, less what is held already. `cut` makes the part between two offsets from `from`.
    fn hold(&mut self, from: u64, to: u64, cut: impl Fn(usize, usize) -> Held) {
        let mut at = from;
        while at < to {
            if let Some((place, held)) = self.held.range(..=at).next_back()
                && place + held.length() > at
            {
                at = place + held.length();
                continue;
            }
            let until = self.held.range(at..to).next().map_or(to, |(place, _)| *place);
            let held = cut((at - from) as usize, (until - from) as usize);
            self.held_bytes += held.bytes();
            self.held.insert(at, held);
            at = until;
        }
    }

    /// Lets out what follows without a hole.
    fn release(&mut self, out: &mut Vec<Piece>) {
        while let Some(first) = self.held.first_entry().filter(|first| *first.key() <= self.at) {
            let held = first.remove();
            self.held_bytes -= held.bytes();
            let length = held.length();
            out.push(match held {
                Held::Bytes(bytes) => Piece::Bytes(bytes),
                Held::Uncaptured(bytes) => Piece::Missing(bytes),
            });
            self.advance(length);
        }
        if !self.finished && self.end.is_some_and(|end| end <= self.at) {
            self.finished = true;
            out.push(Piece::Finished);
        }
    }

    fn advance(&mut self, bytes: u64) {
        self.at += bytes;
        self.next = self.next.map(|next| next.wrapping_add(bytes as u32));
    }
}

impl Held {
    fn length(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Uncaptured(bytes) => *bytes,
        }
    }

    /// What it takes in memory.
    fn bytes(&self) -> usize {
        match self {
            Self::Bytes(bytes) => bytes.len(),
            Self::Uncaptured(_) => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn part(seq: u32, payload: &[u8]) -> Part<'_> {
        Part { seq, payload, ..Part::default() }
    }

    /// The bytes, with as many question marks as are missing.
    fn text(out: &[Piece]) -> String {
        out.iter()
            .map(|piece| match piece {
                Piece::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
                Piece::Missing(bytes) => "?".repeat(*bytes as usize),
                Piece::Finished => "|".into(),
            })
            .collect()
    }

    #[test]
    fn what_comes_twice_or_early_is_put_in_order_once() {
        let (mut stream, mut out) = (Stream::default(), Vec::new());
        stream.take(Part { seq: 99, syn: true, ..Part::default() }, &mut out);
        for (seq, payload) in [(100, "abc"), (106, "gh"), (100, "abc"), (101, "BCd"), (105, "FGHi"), (104, "e")] {
            assert!(stream.take(part(seq, payload.as_bytes()), &mut out));
        }
        assert_eq!(text(&out), "abcdeFghi");
        assert!(!stream.take(part(100u32.wrapping_sub(1 << 31), b"far"), &mut out));
    }

    #[test]
    fn a_stream_whose_beginning_was_not_captured_begins_with_its_first_bytes() {
        let (mut stream, mut out) = (Stream::default(), Vec::new());
        stream.take(part(100, b""), &mut out);
        stream.take(part(99, b"\0"), &mut out);
        stream.take(part(98, b"ab"), &mut out);
        stream.take(part(90, b"too late"), &mut out);
        stream.take(part(100, b"cd"), &mut out);
        assert_eq!(text(&out), "cd");
        let (mut stream, mut out) = (Stream::default(), Vec::new());
        stream.take(part(100, b""), &mut out);
        stream.take(part(98, b"ab"), &mut out);
        stream.take(part(100, b"cd"), &mut out);
        assert_eq!(text(&out), "abcd");
    }

    #[test]
    fn numbers_wrap_and_the_end_waits_for_what_is_before_it() {
        let (mut stream, mut out) = (Stream::default(), Vec::new());
        stream.take(part(u32::MAX - 1, b"ab"), &mut out);
        stream.take(Part { fin: true, ..part(2, b"ef") }, &mut out);
        assert_eq!(text(&out), "ab");
        stream.take(part(0, b"cd"), &mut out);
        assert_eq!(text(&out), "abcdef|");
        stream.take(Part { fin: true, ..part(2, b"ef") }, &mut out);
        assert_eq!(text(&out), "abcdef|");
    }

    #[test]
    fn a_hole_is_told_when_the_other_side_has_confirmed_it_or_nothing_more_comes() {
        let (mut stream, mut out) = (Stream::default(), Vec::new());
        stream.take(part(0, b"ab"), &mut out);
        stream.take(part(5, b"fg"), &mut out);
        stream.confirmed(5, &mut out);
        assert_eq!(text(&out), "ab");
        stream.confirmed(7, &mut out);
        assert_eq!(text(&out), "ab???fg");
        stream.take(part(8, b"i"), &mut out);
        stream.flush(&mut out);
        assert_eq!(text(&out), "ab???fg?i");
    }

    #[test]
    fn what_the_capture_cut_off_is_missing_at_its_place() {
        let (mut stream, mut out) = (Stream::default(), Vec::new());
        stream.take(Part { uncaptured: 3, ..part(0, b"ab") }, &mut out);
        stream.take(part(5, b"fg"), &mut out);
        assert_eq!(text(&out), "ab???fg");
        stream.take(Part { uncaptured: 2, fin: true, ..part(8, b"i") }, &mut out);
        stream.take(part(7, b"h"), &mut out);
        assert_eq!(text(&out), "ab???fghi??|");
    }

    #[test]
    fn what_is_held_is_bounded() {
        let (mut stream, mut out) = (Stream::default(), Vec::new());
        stream.take(part(0, b"x"), &mut out);
        let payload = vec![b'y'; 60_000];
        for n in 1..1000u32 {
            stream.take(part(n * 60_001, &payload), &mut out);
            assert!(stream.held_bytes <= MAX_HELD_BYTES && stream.held.len() <= MAX_HELD_PIECES);
        }
        stream.flush(&mut out);
        assert_eq!(text(&out).bytes().filter(|byte| *byte == b'y').count(), 999 * 60_000);
    }

    proptest! {
        #[test]
        fn any_cutting_order_and_repetition_gives_the_stream_back(
            content in proptest::collection::vec(any::<u8>(), 1..2000),
            begin in any::<u32>(),
            pieces in proptest::collection::vec((any::<prop::sample::Index>(), 1..700usize), 0..60),
            cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..40),
            order in any::<u64>(),
        ) {
            // A partition of the whole, shuffled, between any parts of it.
            let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(content.len())).chain([0, content.len()]).collect();
            at.sort_unstable();
            let mut segments: Vec<(usize, usize)> = at.windows(2).map(|pair| (pair[0], pair[1])).collect();
            segments.extend(pieces.iter().map(|(from, length)| {
                let from = from.index(content.len());
                (from, (from + length).min(content.len()))
            }));
            let mut seed = order | 1;
            segments.sort_by_cached_key(|_| {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                seed >> 33
            });
            let (mut stream, mut out) = (Stream::default(), Vec::new());
            stream.take(Part { seq: begin, syn: true, ..Part::default() }, &mut out);
            let first = begin.wrapping_add(1);
            let fin = Part { seq: first.wrapping_add(content.len() as u32), fin: true, ..Part::default() };
            stream.take(fin, &mut out);
            for (from, to) in segments {
                prop_assert!(stream.take(part(first.wrapping_add(from as u32), &content[from..to]), &mut out));
            }
            prop_assert_eq!(out.pop(), Some(Piece::Finished));
            let mut bytes = Vec::new();
            for piece in out {
                let Piece::Bytes(piece) = piece else { panic!("{piece:?}") };
                bytes.extend_from_slice(&piece);
            }
            prop_assert_eq!(bytes, content);
        }
    }
}
