//! Hex with wildcards.
//! Called by: `compile` and `term`.

use memchr::memmem;

use super::needle::commonness;
use crate::filter::HexByte;

/// Bytes, some of them known in part only.
pub(super) struct HexPattern {
    bytes: Vec<HexByte>,
    /// The place of the wholly known byte that is met most rarely.
    rarest: Option<usize>,
    /// When all are known.
    exact: Option<memmem::Finder<'static>>,
}

impl HexPattern {
    pub(super) fn new(bytes: &[HexByte]) -> Self {
        let known = |at: &usize| bytes[*at].mask == 0xff;
        let rarest = (0..bytes.len()).filter(known).min_by_key(|at| commonness(bytes[*at].value));
        let all: Vec<u8> = bytes.iter().map(|byte| byte.value).collect();
        let exact = (0..bytes.len()).all(|at| known(&at)).then(|| memmem::Finder::new(&all).into_owned());
        Self { bytes: bytes.to_vec(), rarest, exact }
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn is_in(&self, hay: &[u8]) -> bool {
        self.find(hay, 0).is_some()
    }

    /// The first place at or after `from`.
    pub(super) fn find(&self, hay: &[u8], from: usize) -> Option<usize> {
        let hay = hay.get(from..)?;
        if let Some(exact) = &self.exact {
            return exact.find(hay).map(|at| from + at);
        }
        let last = hay.len().checked_sub(self.bytes.len())?;
        let found = match self.rarest {
            Some(rarest) => memchr::memchr_iter(self.bytes[rarest].value, &hay[rarest..=last + rarest])
                .find(|at| self.is_at(&hay[*at..])),
            None => (0..=last).find(|at| self.is_at(&hay[*at..])),
        };
        found.map(|at| from + at)
    }

    /// The longest run of wholly known bytes, at most `most` of it; empty when none is known.
    pub(super) fn piece(&self, most: usize) -> Vec<(u8, bool)> {
        let runs = self.bytes.split(|byte| byte.mask != 0xff);
        let longest = runs.max_by_key(|run| run.len()).unwrap_or_default();
        longest.iter().take(most).map(|byte| (byte.value, false)).collect()
    }

    fn is_at(&self, hay: &[u8]) -> bool {
        self.bytes.iter().zip(hay).all(|(byte, found)| found & byte.mask == byte.value & byte.mask)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[(u8, u8)]) -> HexPattern {
        HexPattern::new(&bytes.iter().map(|(value, mask)| HexByte { value: *value, mask: *mask }).collect::<Vec<_>>())
    }

    #[test]
    fn wildcards_stand_for_any_bits() {
        let pattern = hex(&[(0x0d, 0xff), (0, 0), (0xf0, 0xf0)]);
        assert_eq!(pattern.find(b"\x0d\x0d\x0a\xf7\x0d\x00\xff", 0), Some(1));
        assert_eq!(pattern.find(b"\x0d\x0d\x0a\xf7\x0d\x00\xff", 2), Some(4));
        assert_eq!(pattern.find(b"\x0d\x0a", 0), None);
        assert_eq!(pattern.piece(8), [(0x0d, false)]);
        let any = hex(&[(0, 0), (0, 0)]);
        assert_eq!((any.find(b"ab", 0), any.find(b"a", 0), any.find(b"", 0)), (Some(0), None, None));
        assert!(any.piece(8).is_empty());
        assert!(hex(&[(1, 0xff), (2, 0xff)]).is_in(b"\x00\x01\x02"));
    }
}
