//! A conversation as lines of one height: a header line for each turn, the lines of its bytes, and a line for each thing
//! that happened between the turns.
//!
//! Owns: how many lines there are, and checkpoints from which any of them is laid out again; never the lines. A turn is
//! decoded for itself: what one side left unfinished when the other spoke is shown as bytes. Within a turn of datagrams
//! each of them begins on a line of its own. Called by: `work`, and by `search` for the line of a place.

use super::breaking::{Breaker, Pen, Place, Shape};
use super::items::side;
use crate::model::Direction;

/// From one checkpoint to the next lie at least so many lines, and so many bytes or so many rows.
const LINES: u64 = 256;
const BYTES: u64 = 8 * 1024;
const ITEMS: u64 = 128;

/// A row of the conversation as the layout needs it.
#[derive(Clone, Copy, Debug)]
pub enum Item<'a> {
    /// `bytes` is `None` where they cannot be read; text needs them, hex and raw only the length.
    Chunk {
        direction: Direction,
        length: usize,
        bytes: Option<&'a [u8]>,
    },
    Happened,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Turn,
    Content,
    EmptyDatagram,
    /// The bytes of a row that cannot be read.
    Unreadable,
    Happened,
}

/// The turn that a line belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Open {
    pub direction: Direction,
    pub first_item: u64,
    /// Counted from 1.
    pub number: u64,
}

/// What is known wherever a line begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Walk {
    pub open: Option<Open>,
    pub turns: u64,
    /// Bytes received and sent before the row.
    streams: [u64; 2],
}

/// What hears of the lines.
pub trait Lines {
    fn begin(&mut self, at: Place, kind: Kind, walk: &Walk);
    fn bytes(&mut self, at: Place, bytes: &[u8]);
}

/// Goes through the rows of a conversation, one after the other.
#[derive(Clone, Debug)]
pub struct Walker {
    /// The row that is taken next.
    pub item: u64,
    /// Bytes of it that are behind already.
    pub skip: u32,
    walk: Walk,
    datagrams: bool,
    breaker: Breaker,
}

impl Walker {
    pub fn new(shape: Shape, datagrams: bool) -> Self {
        Self { item: 0, skip: 0, walk: Walk::default(), datagrams, breaker: Breaker::new(shape) }
    }

    pub fn take(&mut self, item: Item<'_>, lines: &mut impl Lines) {
        match item {
            Item::Happened => {
                self.end(lines);
                self.walk.open = None;
                let at = Place { item: self.item, offset: 0, before: 0 };
                lines.begin(at, Kind::Happened, &self.walk);
            }
            Item::Chunk { direction, length, bytes } => self.chunk(direction, length, bytes, lines),
        }
        self.item += 1;
        self.skip = 0;
    }

    /// What is shown at the end of all there is yet.
    pub fn end(&mut self, lines: &mut impl Lines) {
        self.breaker.end(&mut Within { lines, walk: &self.walk });
    }

    fn chunk(&mut self, direction: Direction, length: usize, bytes: Option<&[u8]>, lines: &mut impl Lines) {
        let before = self.walk.streams[side(direction)];
        let at = Place { item: self.item, offset: self.skip, before };
        if self.walk.open.is_none_or(|open| open.direction != direction) {
            self.end(lines);
            self.walk.open = None;
            lines.begin(at, Kind::Turn, &self.walk);
            self.walk.turns += 1;
            self.walk.open = Some(Open { direction, first_item: self.item, number: self.walk.turns });
        } else if self.datagrams && self.skip == 0 {
            self.end(lines);
        }
        let left = length.saturating_sub(self.skip as usize);
        match bytes {
            _ if length == 0 => {
                self.end(lines);
                lines.begin(at, Kind::EmptyDatagram, &self.walk);
            }
            None => {
                self.end(lines);
                lines.begin(at, Kind::Unreadable, &self.walk);
            }
            Some(bytes) => {
                let bytes = bytes.get(self.skip as usize..).unwrap_or_default();
                self.breaker.take(at, left, bytes, &mut Within { lines, walk: &self.walk });
            }
        }
        self.walk.streams[side(direction)] += length as u64;
    }
}

/// Lines that begin within a turn.
struct Within<'a, L> {
    lines: &'a mut L,
    walk: &'a Walk,
}

impl<L: Lines> Pen for Within<'_, L> {
    fn begin(&mut self, at: Place) {
        self.lines.begin(at, Kind::Content, self.walk);
    }

    fn bytes(&mut self, at: Place, bytes: &[u8]) {
        self.lines.bytes(at, bytes);
    }
}

/// A line from which laying out can begin.
#[derive(Clone, Copy, Debug)]
struct Checkpoint {
    line: u64,
    at: Place,
    walk: Walk,
}

/// How many lines there are, and where.
#[derive(Debug)]
pub struct Layout {
    pub shape: Shape,
    datagrams: bool,
    walker: Walker,
    index: Index,
}

#[derive(Debug, Default)]
struct Index {
    lines: u64,
    /// The header line of the newest turn: lines before it change no more.
    newest_turn: u64,
    checkpoints: Vec<Checkpoint>,
}

impl Layout {
    pub fn new(shape: Shape, datagrams: bool) -> Self {
        Self { shape, datagrams, walker: Walker::new(shape, datagrams), index: Index::default() }
    }

    /// The item that `take` is to be given next.
    pub fn next_item(&self) -> u64 {
        self.walker.item
    }

    pub fn take(&mut self, item: Item<'_>) {
        self.walker.take(item, &mut self.index);
    }

    /// Lines there are, with the one that shows the unfinished end.
    pub fn lines(&self) -> u64 {
        let mut end = Count(self.index.lines);
        self.walker.clone().end(&mut end);
        end.0
    }

    pub fn turns(&self) -> u64 {
        self.walker.walk.turns
    }

    /// Lines before this one change no more.
    pub fn settled(&self) -> u64 {
        self.index.newest_turn
    }

    /// The last checkpoint at or before a line: its line, and a walker that stands there.
    pub fn before_line(&self, line: u64) -> (u64, Walker) {
        let after = self.index.checkpoints.partition_point(|checkpoint| checkpoint.line <= line);
        self.walker_at(after)
    }

    /// The last checkpoint at or before a place.
    pub fn before_place(&self, item: u64, offset: u32) -> (u64, Walker) {
        let place = (item, offset);
        let after = self.index.checkpoints.partition_point(|checkpoint| {
            (checkpoint.at.item, checkpoint.at.offset) < place
                || ((checkpoint.at.item, checkpoint.at.offset) == place && checkpoint.walk.open.is_none())
        });
        self.walker_at(after)
    }

    fn walker_at(&self, after: usize) -> (u64, Walker) {
        let mut walker = Walker::new(self.shape, self.datagrams);
        let Some(checkpoint) = after.checked_sub(1).and_then(|at| self.index.checkpoints.get(at)) else {
            return (0, walker);
        };
        (walker.item, walker.skip, walker.walk) = (checkpoint.at.item, checkpoint.at.offset, checkpoint.walk);
        (checkpoint.line, walker)
    }
}

impl Lines for Index {
    fn begin(&mut self, at: Place, kind: Kind, walk: &Walk) {
        let is_due = self.checkpoints.last().is_none_or(|last| {
            let bytes = |walk: &Walk, at: Place| walk.streams[0] + walk.streams[1] + u64::from(at.offset);
            let far = bytes(walk, at).saturating_sub(bytes(&last.walk, last.at)) >= BYTES
                || at.item.saturating_sub(last.at.item) >= ITEMS;
            far && self.lines - last.line >= LINES
        });
        if is_due {
            let mut walk = *walk;
            if let Some(open) = walk.open {
                // A line may begin in an earlier row than the one that was taken: with a character cut in two.
                walk.streams[side(open.direction)] = at.before;
            }
            self.checkpoints.push(Checkpoint { line: self.lines, at, walk });
        }
        if matches!(kind, Kind::Turn | Kind::Happened) {
            self.newest_turn = self.lines;
        }
        self.lines += 1;
    }

    fn bytes(&mut self, _at: Place, _bytes: &[u8]) {}
}

struct Count(u64);

impl Lines for Count {
    fn begin(&mut self, _at: Place, _kind: Kind, _walk: &Walk) {
        self.0 += 1;
    }

    fn bytes(&mut self, _at: Place, _bytes: &[u8]) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::TextEncoding;
    use proptest::prelude::*;

    #[derive(Clone, Debug)]
    enum Step {
        In(Vec<u8>),
        Out(Vec<u8>),
        Happened,
    }

    impl Step {
        fn item(&self) -> Item<'_> {
            let (direction, bytes) = match self {
                Self::Happened => return Item::Happened,
                Self::In(bytes) => (Direction::In, bytes),
                Self::Out(bytes) => (Direction::Out, bytes),
            };
            Item::Chunk { direction, length: bytes.len(), bytes: Some(bytes) }
        }
    }

    /// Every line: its kind, direction, place in its stream, and bytes.
    #[derive(Default)]
    struct Written(Vec<(Kind, Option<Direction>, u64, Vec<u8>)>);

    impl Lines for Written {
        fn begin(&mut self, at: Place, kind: Kind, walk: &Walk) {
            let offset = if kind == Kind::Content { at.before + u64::from(at.offset) } else { at.item };
            self.0.push((kind, walk.open.map(|open| open.direction), offset, Vec::new()));
        }

        fn bytes(&mut self, _at: Place, bytes: &[u8]) {
            self.0.last_mut().expect("a line has begun").3.extend_from_slice(bytes);
        }
    }

    fn written(walker: &mut Walker, steps: &[Step]) -> Written {
        let mut written = Written::default();
        for step in steps.iter().skip(usize::try_from(walker.item).unwrap()) {
            walker.take(step.item(), &mut written);
        }
        walker.end(&mut written);
        written
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let bytes = || {
            prop_oneof![
                "[a-z\n]{0,40}".prop_map(String::into_bytes),
                "[水泵\r\n]{0,9}".prop_map(String::into_bytes),
                proptest::collection::vec(any::<u8>(), 0..30),
            ]
        };
        let step = prop_oneof![
            4 => bytes().prop_map(Step::In),
            4 => bytes().prop_map(Step::Out),
            1 => Just(Step::Happened),
        ];
        proptest::collection::vec(step, 0..1200)
    }

    fn shapes() -> impl Strategy<Value = Shape> {
        prop_oneof![
            (2u16..20).prop_map(|columns| Shape::Text { encoding: TextEncoding::Utf8, columns }),
            (2u16..20).prop_map(|columns| Shape::Text { encoding: TextEncoding::Gbk, columns }),
            Just(Shape::Hex { bytes: 8 }),
            Just(Shape::Raw { columns: 7 }),
        ]
    }

    #[test]
    fn turns_happenings_and_datagrams() {
        use Kind::{Content, EmptyDatagram, Happened, Turn};
        let steps = [
            Step::In(b"ab".to_vec()),
            Step::In(b"c\nd".to_vec()),
            Step::Happened,
            Step::In(vec![]),
            Step::Out(b"e".to_vec()),
        ];
        let kinds = |datagrams| {
            let shape = Shape::Text { encoding: TextEncoding::Utf8, columns: 80 };
            let written = written(&mut Walker::new(shape, datagrams), &steps);
            written.0.into_iter().map(|(kind, _, _, bytes)| (kind, bytes)).collect::<Vec<_>>()
        };
        let line = |text: &str| (Content, text.as_bytes().to_vec());
        let other = |kind| (kind, vec![]);
        let rest = [other(Happened), other(Turn), other(EmptyDatagram), other(Turn), line("e")];
        let mut stream = vec![other(Turn), line("abc\n"), line("d")];
        stream.extend(rest.clone());
        assert_eq!(kinds(false), stream);
        let mut datagrams = vec![other(Turn), line("ab"), line("c\n"), line("d")];
        datagrams.extend(rest);
        assert_eq!(kinds(true), datagrams);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn every_line_is_laid_out_again_from_a_checkpoint(steps in steps(), shape in shapes(), datagrams: bool) {
            let all = written(&mut Walker::new(shape, datagrams), &steps);
            let mut layout = Layout::new(shape, datagrams);
            steps.iter().for_each(|step| layout.take(step.item()));
            prop_assert_eq!(layout.lines(), all.0.len() as u64);
            for line in (0..layout.lines()).step_by(97) {
                let (from, mut walker) = layout.before_line(line);
                prop_assert!(from <= line);
                let again = written(&mut walker, &steps);
                prop_assert_eq!(&again.0[..], &all.0[usize::try_from(from).unwrap()..]);
            }
            // What the lines hold is what the streams held.
            for direction in [Direction::In, Direction::Out] {
                let lines = all.0.iter().filter(|(_, of, ..)| *of == Some(direction));
                let shown: Vec<u8> = lines.flat_map(|(.., bytes)| bytes.clone()).collect();
                let sent: Vec<u8> = steps.iter().flat_map(|step| match step {
                    Step::In(bytes) if direction == Direction::In => bytes.clone(),
                    Step::Out(bytes) if direction == Direction::Out => bytes.clone(),
                    _ => Vec::new(),
                }).collect();
                prop_assert_eq!(shown, sent);
            }
        }
    }
}
