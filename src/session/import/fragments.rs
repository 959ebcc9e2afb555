//! IP packets that were sent in pieces, put together again. Bounded in number and in bytes.
//! Called by: `headers`.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

/// Unfinished packets that are kept; the oldest go first.
const MAX_PACKETS: usize = 1024;
/// The largest IP payload.
const MAX_BYTES: usize = 65_535;

/// What the pieces of one packet have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Whole {
    pub source: IpAddr,
    pub target: IpAddr,
    pub protocol: u8,
    pub id: u32,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Fragment<'a> {
    pub whole: Whole,
    pub offset: usize,
    pub more: bool,
    pub payload: &'a [u8],
}

#[derive(Debug, Default)]
pub(super) struct Fragments {
    waiting: HashMap<Whole, Waiting>,
    counted: u64,
}

#[derive(Debug, Default)]
struct Waiting {
    parts: BTreeMap<usize, Vec<u8>>,
    end: Option<usize>,
    number: u64,
}

impl Fragments {
    /// The payload of the whole packet, when this was the last piece of it that was missing. The second is how many
    /// pieces were given up for it.
    pub(super) fn take(&mut self, fragment: Fragment<'_>) -> (Option<Vec<u8>>, u64) {
        if fragment.offset + fragment.payload.len() > MAX_BYTES {
            return (None, 1);
        }
        let mut lost = 0;
        if self.waiting.len() >= MAX_PACKETS && !self.waiting.contains_key(&fragment.whole) {
            lost = self.drop_oldest();
        }
        self.counted += 1;
        let number = self.counted;
        let waiting = self.waiting.entry(fragment.whole).or_insert_with(|| Waiting { number, ..Waiting::default() });
        if !fragment.more {
            waiting.end = Some(fragment.offset + fragment.payload.len());
        }
        waiting.parts.entry(fragment.offset).or_insert_with(|| fragment.payload.to_vec());
        let Some(payload) = waiting.whole() else { return (None, lost) };
        self.waiting.remove(&fragment.whole);
        (Some(payload), lost)
    }

    /// Pieces that wait for others and never will be whole.
    pub(super) fn unfinished(&self) -> u64 {
        self.waiting.values().map(|waiting| waiting.parts.len() as u64).sum()
    }

    fn drop_oldest(&mut self) -> u64 {
        let oldest = self.waiting.iter().min_by_key(|(_, waiting)| waiting.number).map(|(whole, _)| *whole);
        let dropped = oldest.and_then(|oldest| self.waiting.remove(&oldest));
        dropped.map_or(0, |waiting| waiting.parts.len() as u64)
    }
}

impl Waiting {
    fn whole(&self) -> Option<Vec<u8>> {
        let end = self.end?;
        let mut payload = Vec::new();
        for (offset, part) in &self.parts {
            // The first copy counts; a hole ends it.
            let overlap = payload.len().checked_sub(*offset)?;
            payload.extend_from_slice(part.get(overlap..).unwrap_or_default());
        }
        (payload.len() >= end).then(|| {
            payload.truncate(end);
            payload
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fragment(id: u32, offset: usize, more: bool, payload: &[u8]) -> Fragment<'_> {
        let whole = Whole { source: [127, 0, 0, 1].into(), target: [127, 0, 0, 2].into(), protocol: 17, id };
        Fragment { whole, offset, more, payload }
    }

    #[test]
    fn pieces_in_any_order_make_the_packet() {
        let mut fragments = Fragments::default();
        assert_eq!(fragments.take(fragment(1, 16, false, b"ij")), (None, 0));
        assert_eq!(fragments.take(fragment(2, 0, true, b"another.")), (None, 0));
        assert_eq!(fragments.take(fragment(1, 0, true, b"12345678")), (None, 0));
        assert_eq!(fragments.take(fragment(1, 0, true, b"twice")), (None, 0));
        assert_eq!(fragments.take(fragment(1, 8, true, b"abcdefgh")), (Some(b"12345678abcdefghij".to_vec()), 0));
        assert_eq!(fragments.unfinished(), 1);
    }

    #[test]
    fn what_never_becomes_whole_is_given_up() {
        let mut fragments = Fragments::default();
        let lost: u64 = (0..5000).map(|id| fragments.take(fragment(id, 8, true, b"x")).1).sum();
        assert_eq!((lost, fragments.unfinished()), (5000 - MAX_PACKETS as u64, MAX_PACKETS as u64));
        assert_eq!(fragments.take(fragment(9, 65_528, false, b"far too long")), (None, 1));
    }
}
