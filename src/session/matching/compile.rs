//! Expressions to tests: needles and patterns prepared once, cheap tests first, and what the bytes of a fitting row must
//! contain.
//! Called by: `matching`.

use regex::bytes::{Regex, RegexBuilder};

use super::hex::HexPattern;
use super::moments;
use super::needle::Needle;
use super::term::{FlowTest, Node, Side, Test, Texts, kind_bit};
use crate::filter::{self, Expression, Term};
use crate::model::{Direction, EventKind, TextEncoding};
use crate::session::Query;

/// Bytes of a needle that the search through whole windows looks for.
const PIECE_BYTES: usize = 16;
/// More different ones than this are not looked for at once.
const MAX_PIECES: usize = 48;

pub(super) fn compile(expression: &Expression, query: &Query) -> Node {
    match expression {
        Expression::All(all) => Node::All(compile_list(all, query)),
        Expression::Any(any) => Node::Any(compile_list(any, query)),
        Expression::Not(not) => Node::Not(Box::new(compile(not, query))),
        Expression::Is(term) => Node::Is(test(term, query)),
    }
}

fn compile_list(list: &[Expression], query: &Query) -> Vec<Node> {
    let mut nodes: Vec<_> = list.iter().map(|expression| compile(expression, query)).collect();
    nodes.sort_by_key(cost);
    nodes
}

fn test(term: &Term, query: &Query) -> Test {
    match term {
        Term::Text(text) => Test::Text(Box::new(texts(text, query))),
        Term::Regex { pattern, ignore_case } => Test::Regex(filter::regex(pattern, *ignore_case)),
        Term::Hex(bytes) => Test::Hex(Box::new(HexPattern::new(bytes))),
        Term::Direction(Direction::In) => Test::Kinds(kind_bit(EventKind::Received)),
        Term::Direction(Direction::Out) => Test::Kinds(kind_bit(EventKind::Sent)),
        Term::Kind(kinds) => Test::Kinds(kinds.iter().fold(0, |bits, kind| bits | kind_bit(*kind))),
        Term::From(pattern) => Test::Flow(FlowTest::From(pattern.clone())),
        Term::To(pattern) => Test::Flow(FlowTest::To(pattern.clone())),
        Term::Peer(pattern) => Test::Flow(FlowTest::Peer(pattern.clone())),
        Term::Port(bounds) => Test::Flow(FlowTest::Port(*bounds)),
        Term::Connection(bounds) => Test::Connection(*bounds),
        Term::Endpoint(text) => Test::Flow(FlowTest::Endpoint(text.to_ascii_lowercase())),
        Term::Transport(transport) => Test::Flow(FlowTest::Transport(*transport)),
        Term::Size(bounds) => Test::Size(*bounds),
        Term::After(moment) => Test::Moment(*moment, Side::After),
        Term::Before(moment) => Test::Moment(*moment, Side::Before),
        Term::Within(nanos) => Test::Time(query.selected_time.map(|time| moments::around(time, *nanos))),
        Term::Gap(bounds) => Test::Gap(*bounds),
        Term::HasNote => Test::HasNote,
        Term::Damaged => Test::Damaged,
        Term::WrongSum => Test::WrongSum(query.verify.clone()),
        Term::BadFrame => Test::BadFrame,
    }
}

fn texts(text: &str, query: &Query) -> Texts {
    let encodings = query.encodings.in_use();
    Texts {
        by_encoding: encodings.into_iter().map(|encoding| (encoding, Needle::new(text, encoding))).collect(),
        words: Needle::new(text, TextEncoding::Utf8),
    }
}

/// What a test costs beside others; only its order matters.
fn cost(node: &Node) -> u32 {
    match node {
        Node::All(nodes) | Node::Any(nodes) => nodes.iter().map(cost).max().unwrap_or(0) + 1,
        Node::Not(node) => cost(node),
        Node::Is(test) => match test {
            Test::Kinds(_) | Test::Connection(_) | Test::Size(_) => 0,
            Test::HasNote => 10,
            Test::Flow(_) => 20,
            Test::Time(_) | Test::Moment(..) => 30,
            Test::Text(_) | Test::Hex(_) => 50,
            Test::BadFrame => 5,
            Test::Damaged => 60,
            Test::WrongSum(_) => 75,
            Test::Regex(_) => 70,
            // It may read another row.
            Test::Gap(_) => 80,
        },
    }
}

/// Whether some test of a kind stands in it.
pub(super) fn has(node: &Node, is_it: &dyn Fn(&Test) -> bool) -> bool {
    match node {
        Node::All(nodes) | Node::Any(nodes) => nodes.iter().any(|node| has(node, is_it)),
        Node::Not(node) => has(node, is_it),
        Node::Is(test) => is_it(test),
    }
}

pub(super) fn for_each_test(node: &mut Node, change: &mut dyn FnMut(&mut Test)) {
    match node {
        Node::All(nodes) | Node::Any(nodes) => nodes.iter_mut().for_each(|node| for_each_test(node, change)),
        Node::Not(node) => for_each_test(node, change),
        Node::Is(test) => change(test),
    }
}

/// Calls with the tests that make a row fit when they do: those under no "not", or under two.
pub(super) fn for_each_positive<'n>(node: &'n Node, positive: bool, call: &mut dyn FnMut(&'n Test)) {
    match node {
        Node::All(nodes) | Node::Any(nodes) => {
            nodes.iter().for_each(|node| for_each_positive(node, positive, call));
        }
        Node::Not(node) => for_each_positive(node, !positive, call),
        Node::Is(test) if positive => call(test),
        Node::Is(_) => {}
    }
}

/// Bytes, and which of them are letters that match in both cases.
type Piece = Vec<(u8, bool)>;

/// Finds where one of the pieces stands that the block of every fitting row contains. `None`: there are no such pieces.
pub(super) fn prefilter(node: &Node) -> Option<Regex> {
    let pieces = required(node)?;
    if pieces.is_empty() {
        // Nothing fits; a class of no bytes matches nowhere.
        return Regex::new(r"[^\s\S]").ok();
    }
    let mut pattern = String::new();
    for piece in &pieces {
        if !pattern.is_empty() {
            pattern.push('|');
        }
        for (byte, letter) in piece {
            if *letter {
                let (lower, upper) = (char::from(*byte), char::from(byte.to_ascii_uppercase()));
                pattern.extend(['[', lower, upper, ']']);
            } else {
                pattern.push_str(&format!(r"\x{byte:02x}"));
            }
        }
    }
    RegexBuilder::new(&pattern).unicode(false).build().ok()
}

/// Every row that fits contains one of these.
fn required(node: &Node) -> Option<Vec<Piece>> {
    let pieces = match node {
        Node::Not(_) => return None,
        Node::All(nodes) => {
            let all = nodes.iter().filter_map(required);
            all.max_by_key(|pieces| pieces.iter().map(Vec::len).min().unwrap_or(usize::MAX))?
        }
        Node::Any(nodes) => {
            let mut any = Vec::new();
            for node in nodes {
                any.extend(required(node)?);
            }
            any
        }
        Node::Is(Test::Text(texts)) => {
            let needles = texts.by_encoding.iter().filter_map(|(_, needle)| needle.as_ref()).chain(&texts.words);
            needles.map(|needle| needle.piece(PIECE_BYTES)).collect()
        }
        Node::Is(Test::Hex(pattern)) => vec![pattern.piece(PIECE_BYTES)],
        Node::Is(_) => return None,
    };
    let mut pieces = pieces;
    pieces.sort_unstable();
    pieces.dedup();
    (pieces.len() <= MAX_PIECES && pieces.iter().all(|piece| !piece.is_empty())).then_some(pieces)
}
