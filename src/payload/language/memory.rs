//! What goes on from one sending to the next: counters and generators of random numbers.
//!
//! Never: asks the system for randomness or time; the seed comes in. Called by: `values`, engine, ui and cli (which own one).

use std::collections::BTreeMap;

use fastrand::Rng;

/// Counters and seeded random numbers, as they are between one sending and the next.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    /// Of random values without a seed of their own.
    pub seed: u64,
    /// What is remembered by place or name; filled by rendering.
    pub kept: Kept,
}

/// Counters and generators by name or place. Bounded: the one that was not used for longest is forgotten.
#[derive(Clone, Debug, Default)]
pub struct Kept {
    counters: Shelf<i64>,
    generators: Shelf<Rng>,
}

/// Which counter or generator.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    Named(String),
    /// The hash of a draft's text, and a place in it.
    At(u64, usize),
}

const MOST_KEPT: usize = 4096;

impl Memory {
    pub fn seeded(seed: u64) -> Self {
        Self { seed, kept: Kept::default() }
    }

    /// The counter's value now; the next time it is one step further.
    pub(super) fn count(&mut self, key: &Key, start: i64, step: i64) -> i64 {
        let next = self.kept.counters.entry(key, || start);
        let value = *next;
        *next = value.wrapping_add(step);
        value
    }

    /// Lets `draw` take random numbers from the generator of `key`, or from the unseeded one.
    pub(super) fn draw<T>(&mut self, seeded: Option<(&Key, u64)>, draw: impl FnOnce(&mut Rng) -> T) -> T {
        if let Some((key, seed)) = seeded {
            return draw(self.kept.generators.entry(key, || Rng::with_seed(seed)));
        }
        let mut rng = Rng::with_seed(self.seed);
        let drawn = draw(&mut rng);
        self.seed = rng.get_seed();
        drawn
    }
}

#[derive(Clone, Debug)]
struct Shelf<T> {
    kept: BTreeMap<Key, (u64, T)>,
    uses: u64,
}

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Self { kept: BTreeMap::new(), uses: 0 }
    }
}

impl<T> Shelf<T> {
    fn entry(&mut self, key: &Key, new: impl FnOnce() -> T) -> &mut T {
        self.uses += 1;
        if self.kept.len() >= MOST_KEPT && !self.kept.contains_key(key) {
            let oldest = self.kept.iter().min_by_key(|(_, (used, _))| *used).map(|(key, _)| key.clone());
            if let Some(oldest) = oldest {
                self.kept.remove(&oldest);
            }
        }
        let (used, value) = self.kept.entry(key.clone()).or_insert_with(|| (0, new()));
        *used = self.uses;
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_go_on_and_are_bounded() {
        let mut memory = Memory::default();
        let seq = Key::Named("seq".into());
        assert_eq!([0; 3].map(|_| memory.count(&seq, 7, -2)), [7, 5, 3]);
        for place in 0..2 * MOST_KEPT {
            memory.count(&Key::At(1, place), 0, 1);
            memory.count(&Key::At(1, 0), 0, 1);
        }
        assert_eq!(memory.kept.counters.kept.len(), MOST_KEPT);
        // The one in use all the time is still there, the other was forgotten.
        assert!(memory.count(&Key::At(1, 0), 0, 1) > MOST_KEPT as i64);
        assert_eq!(memory.count(&seq, 7, -2), 7);
    }

    #[test]
    fn a_seed_gives_the_same_numbers_again() {
        let numbers = |memory: &mut Memory| [0; 4].map(|_| memory.draw(None, |rng| rng.u32(..)));
        let first = numbers(&mut Memory::seeded(5));
        assert_eq!(first, numbers(&mut Memory::seeded(5)));
        assert_ne!(first, numbers(&mut Memory::seeded(6)));
        assert_ne!(first[0], first[1]);
        let key = Key::At(0, 0);
        let seeded = |seed| Memory::seeded(seed).draw(Some((&key, 9)), |rng| rng.u64(..));
        assert_eq!(seeded(1), seeded(2));
    }
}
