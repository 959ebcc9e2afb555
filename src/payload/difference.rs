//! Which bytes of two payloads were changed, added, removed.
//!
//! Pure: the time at which to give up is passed in. Never: more work than that. Called by: ui.

use std::ops::Range;
use std::time::Instant;

use similar::DiffOp;
use similar::algorithms::{Capture, Compact, Replace, myers};

/// Two payloads side by side.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// In order; together they hold every byte of both once.
    pub parts: Vec<Part>,
    /// They are too different for the time that was given: the bytes at equal places were compared.
    pub gave_up: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    pub kind: PartKind,
    /// As long as `after`, unless bytes were removed or added.
    pub before: Range<usize>,
    pub after: Range<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartKind {
    Equal,
    Changed,
    Removed,
    Added,
}

/// How many bytes are different, in each way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub changed: usize,
    pub removed: usize,
    pub added: usize,
}

/// Whether comparing takes less than about a millisecond, whatever the bytes are.
pub fn is_quick(before: &[u8], after: &[u8]) -> bool {
    const MOST: usize = 1 << 17;
    let (start, end) = common_ends(before, after);
    let same = start + end;
    (before.len() - same).saturating_mul(after.len() - same) <= MOST
}

/// Compares; past `until` it gives up and compares place by place. Of two ways to see it, the one with fewer different
/// bytes is taken: fields that changed at their places, or bytes that moved.
pub fn difference(before: &[u8], after: &[u8], until: Option<Instant>) -> Difference {
    let by_place = by_place(before, after);
    let fewest = by_place.counts().total();
    if fewest <= 1 || is_passed(until) {
        return Difference { gave_up: fewest > 1, ..by_place };
    }
    let mut hook = Compact::new(Replace::new(Capture::new()), before, after);
    // The one that finds the fewest different bytes; those for lines of text throw away what stands there often, which is
    // every byte. Its hook cannot fail.
    let _ = myers::diff_deadline_raw(&mut hook, before, 0..before.len(), after, 0..after.len(), until);
    if is_passed(until) {
        return Difference { gave_up: true, ..by_place };
    }
    let mut aligned = Difference::default();
    for op in hook.into_inner().into_inner().into_ops() {
        aligned.push(op);
    }
    if aligned.counts().total() < fewest { aligned.without_chance() } else { by_place }
}

/// So many equal bytes between others that are different stand there by chance,
const CHANCE: usize = 2;
/// where the different ones are so many on either side.
const AROUND: usize = 4;

impl Difference {
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for part in &self.parts {
            match part.kind {
                PartKind::Equal => {}
                PartKind::Changed => counts.changed += part.before.len(),
                PartKind::Removed => counts.removed += part.before.len(),
                PartKind::Added => counts.added += part.after.len(),
            }
        }
        counts
    }

    /// The same, seen from the other payload.
    pub fn swapped(&self) -> Self {
        let swapped = |part: &Part| Part {
            kind: match part.kind {
                PartKind::Removed => PartKind::Added,
                PartKind::Added => PartKind::Removed,
                other => other,
            },
            before: part.after.clone(),
            after: part.before.clone(),
        };
        Self { parts: self.parts.iter().map(swapped).collect(), gave_up: self.gave_up }
    }

    fn push(&mut self, op: DiffOp) {
        let (_, before, after) = op.as_tag_tuple();
        match op {
            DiffOp::Equal { .. } => self.add(PartKind::Equal, before, after),
            DiffOp::Delete { .. } => self.add(PartKind::Removed, before, after),
            DiffOp::Insert { .. } => self.add(PartKind::Added, before, after),
            DiffOp::Replace { .. } => self.replaced(before, after),
        }
    }

    /// A byte or two that are the same in the middle of what is different tell nothing: they are counted as different.
    fn without_chance(self) -> Self {
        let parts = &self.parts;
        let is_long = |run: &mut dyn Iterator<Item = &Part>| {
            run.take_while(|part| part.kind != PartKind::Equal).map(Part::len).sum::<usize>() >= AROUND
        };
        let is_chance = |at: usize, part: &Part| {
            part.kind == PartKind::Equal
                && part.len() <= CHANCE
                && is_long(&mut parts.iter().take(at).rev())
                && is_long(&mut parts.iter().skip(at + 1))
        };
        let mut kept = Self { parts: Vec::with_capacity(parts.len()), gave_up: self.gave_up };
        let mut open: Option<(Range<usize>, Range<usize>)> = None;
        for (at, part) in parts.iter().enumerate() {
            if part.kind == PartKind::Equal && !is_chance(at, part) {
                if let Some((before, after)) = open.take() {
                    kept.replaced(before, after);
                }
                kept.add(PartKind::Equal, part.before.clone(), part.after.clone());
                continue;
            }
            let (before, after) = open.get_or_insert((part.before.clone(), part.after.clone()));
            (before.end, after.end) = (part.before.end, part.after.end);
        }
        if let Some((before, after)) = open {
            kept.replaced(before, after);
        }
        kept
    }

    /// Bytes for other bytes: changed as far as there are both, the rest removed or added.
    fn replaced(&mut self, before: Range<usize>, after: Range<usize>) {
        let both = before.len().min(after.len());
        let (b, a) = (before.start + both, after.start + both);
        self.add(PartKind::Changed, before.start..b, after.start..a);
        self.add(PartKind::Removed, b..before.end, a..a);
        self.add(PartKind::Added, before.end..before.end, a..after.end);
    }

    fn add(&mut self, kind: PartKind, before: Range<usize>, after: Range<usize>) {
        if before.is_empty() && after.is_empty() {
            return;
        }
        match self.parts.last_mut() {
            Some(last) if last.kind == kind => {
                last.before.end = before.end;
                last.after.end = after.end;
            }
            _ => self.parts.push(Part { kind, before, after }),
        }
    }
}

impl Part {
    /// Places that it takes when both stand side by side.
    pub fn len(&self) -> usize {
        self.before.len().max(self.after.len())
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Counts {
    pub fn total(self) -> usize {
        self.changed + self.removed + self.added
    }
}

fn is_passed(until: Option<Instant>) -> bool {
    until.is_some_and(|until| Instant::now() >= until)
}

fn common_ends(before: &[u8], after: &[u8]) -> (usize, usize) {
    let start = before.iter().zip(after).take_while(|(b, a)| b == a).count();
    let most = before.len().min(after.len()) - start;
    let end = before.iter().rev().zip(after.iter().rev()).take(most).take_while(|(b, a)| b == a).count();
    (start, end)
}

/// The bytes at equal places compared, what is left over removed or added.
fn by_place(before: &[u8], after: &[u8]) -> Difference {
    let mut difference = Difference::default();
    for (at, (b, a)) in before.iter().zip(after).enumerate() {
        let kind = if b == a { PartKind::Equal } else { PartKind::Changed };
        difference.add(kind, at..at + 1, at..at + 1);
    }
    let both = before.len().min(after.len());
    difference.add(PartKind::Removed, both..before.len(), both..both);
    difference.add(PartKind::Added, before.len()..before.len(), both..after.len());
    difference
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parts(before: &[u8], after: &[u8]) -> Vec<(PartKind, Range<usize>, Range<usize>)> {
        difference(before, after, None).parts.into_iter().map(|part| (part.kind, part.before, part.after)).collect()
    }

    #[test]
    fn fields_that_changed_stay_at_their_places() {
        use PartKind::{Changed, Equal};
        let found = parts(&[1, 2, 0, 0, 9, 9], &[1, 2, 0, 1, 9, 8]);
        assert_eq!(found, [(Equal, 0..3, 0..3), (Changed, 3..4, 3..4), (Equal, 4..5, 4..5), (Changed, 5..6, 5..6),]);
    }

    #[test]
    fn bytes_that_moved_are_found_again() {
        use PartKind::{Added, Equal, Removed};
        assert_eq!(parts(b"abcdef", b"abXYcdef"), [(Equal, 0..2, 0..2), (Added, 2..2, 2..4), (Equal, 2..6, 4..8),]);
        assert_eq!(parts(b"abcdef", b"adef"), [(Equal, 0..1, 0..1), (Removed, 1..3, 1..1), (Equal, 3..6, 1..4),]);
        assert_eq!(parts(b"", b"ab"), [(Added, 0..0, 0..2)]);
        assert_eq!(parts(b"", b""), []);
        assert_eq!(parts(b"same", b"same"), [(Equal, 0..4, 0..4)]);
    }

    #[test]
    fn what_is_equal_by_chance_is_no_island() {
        let parts = parts(b"0123abcd*wxyz4567", b"0123ABCDEFG*WXYZ4567");
        let kinds: Vec<_> = parts.iter().map(|(kind, ..)| *kind).collect();
        assert_eq!(kinds, [PartKind::Equal, PartKind::Changed, PartKind::Added, PartKind::Equal]);
        assert_eq!((parts[0].1.clone(), parts[3].1.clone()), (0..4, 13..17));
    }

    #[test]
    fn where_time_is_up_places_are_compared() {
        let before: Vec<u8> = (0..20_000_u32).map(|n| (n * 7 % 251) as u8).collect();
        let after: Vec<u8> = (0..20_000_u32).map(|n| (n * 11 % 241) as u8).collect();
        assert!(!is_quick(&before, &after));
        let found = difference(&before, &after, Some(Instant::now()));
        assert!(found.gave_up);
        assert_eq!(found.parts.iter().map(Part::len).sum::<usize>(), 20_000);
        let mut near = before.clone();
        near[9_000] ^= 1;
        assert!(is_quick(&before, &near), "equal ends cost nothing");
    }

    fn payload() -> impl Strategy<Value = Vec<u8>> {
        proptest::collection::vec(0u8..4, 0..80)
    }

    proptest! {
        #[test]
        fn parts_hold_every_byte_and_make_one_of_the_other(before in payload(), after in payload()) {
            let found = difference(&before, &after, None);
            prop_assert!(!found.gave_up);
            let (mut b, mut a) = (0, 0);
            let mut made = Vec::new();
            for part in &found.parts {
                prop_assert_eq!((part.before.start, part.after.start), (b, a));
                prop_assert!(!part.is_empty());
                (b, a) = (part.before.end, part.after.end);
                match part.kind {
                    PartKind::Equal => {
                        prop_assert_eq!(&before[part.before.clone()], &after[part.after.clone()]);
                        made.extend_from_slice(&before[part.before.clone()]);
                    }
                    PartKind::Changed => {
                        prop_assert_eq!(part.before.len(), part.after.len());
                        made.extend_from_slice(&after[part.after.clone()]);
                    }
                    PartKind::Removed => prop_assert!(part.after.is_empty()),
                    PartKind::Added => {
                        prop_assert!(part.before.is_empty());
                        made.extend_from_slice(&after[part.after.clone()]);
                    }
                }
            }
            prop_assert_eq!((b, a), (before.len(), after.len()));
            prop_assert_eq!(&made, &after);
            let swapped = found.swapped();
            prop_assert_eq!(swapped.counts().added, found.counts().removed);
            prop_assert_eq!(swapped.swapped(), found);
        }
    }
}
