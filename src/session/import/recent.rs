//! What is kept by pair of addresses, in either direction, up to a bound: what was not used for longest goes first.
//! Called by: `tcp` and `udp`.

use std::collections::HashMap;
use std::net::SocketAddr;

/// Connections or lanes that are kept at once. A capture may hold any number of them.
pub(super) const MAX_KEPT: usize = if cfg!(test) { 64 } else { 128 * 1024 };

/// Two ends, whichever of them speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Pair(SocketAddr, SocketAddr);

impl Pair {
    pub(super) fn of(one: SocketAddr, other: SocketAddr) -> Self {
        if one <= other { Self(one, other) } else { Self(other, one) }
    }
}

#[derive(Debug)]
pub(super) struct Recent<V> {
    kept: HashMap<Pair, Kept<V>>,
    counted: u64,
}

#[derive(Debug)]
struct Kept<V> {
    used: u64,
    value: V,
}

impl<V> Default for Recent<V> {
    fn default() -> Self {
        Self { kept: HashMap::new(), counted: 0 }
    }
}

impl<V> Recent<V> {
    pub(super) fn get(&mut self, pair: Pair) -> Option<&mut V> {
        self.counted += 1;
        let kept = self.kept.get_mut(&pair)?;
        kept.used = self.counted;
        Some(&mut kept.value)
    }

    /// The value that stood there before.
    pub(super) fn insert(&mut self, pair: Pair, value: V) -> Option<V> {
        self.counted += 1;
        self.kept.insert(pair, Kept { used: self.counted, value }).map(|kept| kept.value)
    }

    pub(super) fn all(&mut self) -> impl Iterator<Item = &mut V> {
        self.kept.values_mut().map(|kept| &mut kept.value)
    }

    /// Where there are too many: a quarter of them, those that were not used for longest.
    pub(super) fn overflow(&mut self) -> Vec<V> {
        if self.kept.len() <= MAX_KEPT {
            return Vec::new();
        }
        let mut used: Vec<u64> = self.kept.values().map(|kept| kept.used).collect();
        let (_, limit, _) = used.select_nth_unstable(self.kept.len() / 4);
        let limit = *limit;
        let mut taken: Vec<Kept<V>> =
            self.kept.extract_if(|_, kept| kept.used <= limit).map(|(_, kept)| kept).collect();
        taken.sort_by_key(|kept| kept.used);
        taken.into_iter().map(|kept| kept.value).collect()
    }

    /// Everything, in the order in which it was last used.
    pub(super) fn drain(&mut self) -> Vec<V> {
        let mut taken: Vec<Kept<V>> = self.kept.drain().map(|(_, kept)| kept).collect();
        taken.sort_by_key(|kept| kept.used);
        taken.into_iter().map(|kept| kept.value).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_go_when_there_are_too_many() {
        let mut recent = Recent::default();
        let pair = |port| Pair::of(([127, 0, 0, 1], port).into(), ([10, 0, 0, 1], 1).into());
        for port in 0..=MAX_KEPT as u16 {
            assert!(recent.overflow().is_empty());
            assert_eq!(recent.insert(pair(port), port), None);
        }
        assert_eq!(recent.get(pair(0)), Some(&mut 0));
        let gone = recent.overflow();
        assert_eq!(gone.len(), MAX_KEPT / 4 + 1);
        assert_eq!((gone[0], recent.get(pair(0))), (1, Some(&mut 0)));
        assert_eq!(recent.drain().last(), Some(&0));
    }
}
