//! Which bytes lengths and checksums cover, and in which order they can be known.
//!
//! Owns: marked parts by name, and every mistake in what covers what. Called by: `compile`.

use std::collections::HashMap;
use std::ops::Range;

use super::super::checksum::checksum_length;
use super::super::{Mistake, MistakeKind};
use super::nearest::nearest;
use super::numbers::Written;
use super::scan::{Fixed, Piece, PieceKind, Scanned};
use super::template::{PartName, Template};
use super::values::Value;
use super::{Needs, RenderedPart};
use crate::model::{Checksum, TextEncoding};

/// A draft's text, ready to be filled in.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Of all fixed steps, the bytes and what made them.
    pub pool: Vec<u8>,
    pub parts: Vec<RenderedPart>,
    pub steps: Vec<Step>,
    /// Lengths whose width depends on their value, each behind those it covers: places in `steps`.
    pub wide_lengths: Vec<usize>,
    /// Checksums, each behind those it covers.
    pub sums: Vec<usize>,
    /// How digits and values are encoded.
    pub encoding: TextEncoding,
}

/// What gives the next bytes, and where it stands in the text.
#[derive(Debug)]
pub(super) struct Step {
    pub text: Range<usize>,
    pub what: StepKind,
}

#[derive(Debug)]
pub(super) enum StepKind {
    Fixed(Fixed),
    Value(Box<Value>),
    /// `covers`: places in `steps`.
    Length {
        written: Written,
        plus: i64,
        covers: Range<usize>,
    },
    Sum {
        sum: Box<Checksum>,
        covers: Range<usize>,
    },
}

/// Marked parts by name, as places in `steps`.
struct Parts<'a> {
    marked: HashMap<&'a str, Range<usize>>,
}

impl Plan {
    pub(super) fn of(scanned: Scanned, encoding: TextEncoding) -> Result<Self, Mistake> {
        let Scanned { pool, parts: fixed, pieces, .. } = scanned;
        let parts = Parts::of(&pieces)?;
        let count = pieces.iter().filter(|piece| !is_mark(piece)).count();
        let mut covered = Vec::new();
        let mut place = 0;
        for piece in &pieces {
            let (part, usual) = match piece.template() {
                Some(Template::Length { part, .. }) => (part, place + 1..count),
                Some(Template::Sum { part, .. }) => (part, 0..place),
                _ => {
                    place += usize::from(!is_mark(piece));
                    continue;
                }
            };
            covered.push(parts.covered(part, usual)?);
            place += 1;
        }
        drop(parts);
        let mut covered = covered.into_iter();
        let mut steps = Vec::with_capacity(count);
        for Piece { text, what } in pieces {
            let template = match what {
                PieceKind::Fixed(fixed) => {
                    steps.push(Step { text, what: StepKind::Fixed(fixed) });
                    continue;
                }
                PieceKind::Template(template) => *template,
            };
            let what = match template {
                Template::Value(value) => StepKind::Value(Box::new(value)),
                Template::Begin(_) | Template::End(_) => continue,
                Template::Length { written, plus, .. } => {
                    StepKind::Length { written, plus, covers: covered.next().unwrap_or_default() }
                }
                Template::Sum { sum, .. } => {
                    StepKind::Sum { sum: Box::new(sum), covers: covered.next().unwrap_or_default() }
                }
            };
            steps.push(Step { text, what });
        }
        let mut plan = Self { pool, parts: fixed, steps, encoding, ..Self::default() };
        plan.wide_lengths = plan.order(|step| match &step.what {
            StepKind::Length { written, covers, .. } if written.width(encoding).is_none() => Some(covers.clone()),
            _ => None,
        })?;
        plan.sums = plan.order(|step| match &step.what {
            StepKind::Sum { covers, .. } => Some(covers.clone()),
            _ => None,
        })?;
        Ok(plan)
    }

    pub(super) fn needs(&self) -> Needs {
        let mut needs = Needs::default();
        for step in &self.steps {
            if let StepKind::Value(value) = &step.what {
                value.add_to(&mut needs);
            }
        }
        needs
    }

    /// The first value that is another one at each sending.
    pub(super) fn first_value(&self) -> Option<&Step> {
        self.steps.iter().find(|step| matches!(step.what, StepKind::Value(_)))
    }

    /// The steps that `covers` something, each behind all that it covers; one that covers itself is a mistake.
    fn order(&self, covers: impl Fn(&Step) -> Option<Range<usize>>) -> Result<Vec<usize>, Mistake> {
        let mut nodes: Vec<(usize, Range<usize>, usize)> = Vec::new();
        for (place, step) in self.steps.iter().enumerate() {
            if let Some(covered) = covers(step) {
                nodes.push((place, covered, 0));
            }
        }
        let places: Vec<usize> = nodes.iter().map(|(place, ..)| *place).collect();
        // Places ascend, so those within a range stand side by side.
        let within = |range: &Range<usize>| {
            places.partition_point(|place| *place < range.end) - places.partition_point(|place| *place < range.start)
        };
        for (_, covered, waits_for) in &mut nodes {
            *waits_for = if covered.start < covered.end { within(covered) } else { 0 };
        }
        let (mut ready, mut waiting): (Vec<usize>, Vec<usize>) =
            (0..nodes.len()).partition(|node| nodes.get(*node).is_some_and(|(.., waits_for)| *waits_for == 0));
        let mut order = Vec::with_capacity(nodes.len());
        while let Some(node) = ready.pop() {
            let place = nodes[node].0;
            order.push(place);
            waiting.retain(|other| {
                let (_, covered, waits_for) = &mut nodes[*other];
                *waits_for -= usize::from(covered.contains(&place));
                if *waits_for == 0 {
                    ready.push(*other);
                }
                *waits_for > 0
            });
        }
        match nodes.iter().find(|(place, covered, waits_for)| *waits_for > 0 && covered.contains(place)) {
            Some((place, ..)) => Err(self.covers_itself(*place)),
            None => match nodes.iter().find(|(.., waits_for)| *waits_for > 0) {
                Some((place, ..)) => Err(self.covers_itself(*place)),
                None => Ok(order),
            },
        }
    }

    fn covers_itself(&self, place: usize) -> Mistake {
        let at = self.steps.get(place).map_or(0..0, |step| step.text.clone());
        Mistake { at, what: MistakeKind::CoversItself }
    }

    /// The bytes a step takes, where that is known without its value.
    pub(super) fn width(&self, step: &Step) -> Option<usize> {
        match &step.what {
            StepKind::Fixed(fixed) => Some(fixed.bytes.len()),
            StepKind::Value(_) => None,
            StepKind::Length { written, .. } => written.width(self.encoding),
            StepKind::Sum { sum, .. } => Some(checksum_length(sum)),
        }
    }
}

impl<'a> Parts<'a> {
    fn of(pieces: &'a [Piece]) -> Result<Self, Mistake> {
        let mut marked: HashMap<&str, Range<usize>> = HashMap::new();
        let mut open: Vec<(&PartName, usize)> = Vec::new();
        let mut place = 0;
        for piece in pieces {
            match piece.template() {
                Some(Template::Begin(part)) => {
                    if marked.contains_key(&*part.name) || open.iter().any(|(other, _)| other.name == part.name) {
                        let what = MistakeKind::PartTwice(part.name.clone());
                        return Err(Mistake { at: piece.text.clone(), what });
                    }
                    open.push((part, place));
                }
                Some(Template::End(part)) => {
                    let named = open.iter().rposition(|(other, _)| other.name == part.name);
                    // Without a name it ends the part that was begun last.
                    let last = if part.name.is_empty() { open.len().checked_sub(1) } else { None };
                    let Some(index) = named.or(last) else {
                        let what = MistakeKind::EndWithoutBegin(part.name.clone());
                        return Err(Mistake { at: piece.text.clone(), what });
                    };
                    let (begun, from) = open.remove(index);
                    marked.insert(&begun.name, from..place);
                }
                _ => place += 1,
            }
        }
        match open.last() {
            Some((part, _)) => Err(Mistake { at: part.at.clone(), what: MistakeKind::UnclosedPart(part.name.clone()) }),
            None => Ok(Self { marked }),
        }
    }

    fn covered(&self, part: &PartName, usual: Range<usize>) -> Result<Range<usize>, Mistake> {
        match self.marked.get(&*part.name) {
            Some(range) => Ok(range.clone()),
            None if part.name.is_empty() => Ok(usual),
            None => {
                let nearest = nearest(&part.name, self.marked.keys().copied()).map(str::to_owned);
                let what = MistakeKind::UnknownPart { name: part.name.clone(), nearest };
                Err(Mistake { at: part.at.clone(), what })
            }
        }
    }
}

fn is_mark(piece: &Piece) -> bool {
    matches!(piece.template(), Some(Template::Begin(_) | Template::End(_)))
}
