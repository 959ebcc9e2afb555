//! Which checksums fit frames that end with one: every algorithm, order and form, with a beginning that is not covered and an
//! ending behind the sum.
//!
//! Pure, and done in portions, so that a window can look on. Called by: ui, through `checksum`.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use super::{Algorithm, catalogue, written};
use crate::model::{ByteOrder, Checksum, SumForm, Verify};

/// Frames beyond these are not looked at.
pub const MOST_FRAMES: usize = 16;
/// A longer frame fits nothing.
pub const MOST_FRAME_BYTES: usize = 64 * 1024;
/// Bytes at the beginning that a sum may leave out.
const MOST_SKIPPED: usize = 8;
/// Bytes of an ending behind the sum.
const MOST_BEHIND: usize = 4;

/// A checksum that fits all frames.
#[derive(Clone, Copy, Debug)]
pub struct Found {
    pub algorithm: &'static Algorithm,
    pub order: ByteOrder,
    pub form: SumForm,
    /// Bytes at the beginning that it does not cover.
    pub skip: usize,
    /// Bytes behind it.
    pub behind: usize,
    /// Its place in the catalogue.
    place: usize,
    frames: usize,
}

impl PartialEq for Found {
    fn eq(&self, other: &Self) -> bool {
        let of = |found: &Self| (found.place, found.order, found.form, found.skip, found.behind, found.frames);
        of(self) == of(other)
    }
}

/// The search, as far as it has come.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Finder {
    /// The shortest one first: it refuses most at the least cost.
    frames: Vec<Vec<u8>>,
    key: Vec<u8>,
    /// The next algorithm, and how many bytes it leaves out.
    place: usize,
    skip: usize,
    found: Vec<Found>,
    done: bool,
}

/// A search on a thread of its own, seen from outside.
#[derive(Debug, Default)]
pub struct Finding {
    /// Of a hundred.
    pub percent: AtomicU32,
    pub cancel: AtomicBool,
}

impl PartialEq for Finding {
    /// Only with itself.
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

/// Bytes summed over between two looks at whether it is still wanted.
const PORTION: usize = 4 * 1024 * 1024;
/// Frames up to this length are searched while the window draws.
const QUICK_BYTES: usize = 512;

/// All that fit every frame, the likeliest first. HMACs are tried where there is a key.
pub fn find(frames: &[Vec<u8>], key: &str) -> Vec<Found> {
    let mut finder = Finder::new(frames, key);
    while !finder.advance(usize::MAX) {}
    finder.found().to_vec()
}

impl Found {
    pub fn checksum(&self, key: &str) -> Checksum {
        Checksum {
            algorithm: self.algorithm.name.to_owned(),
            order: (self.order != self.algorithm.order).then_some(self.order),
            form: self.form,
            key: if self.algorithm.keyed { key.to_owned() } else { String::new() },
        }
    }

    pub fn verify(&self, key: &str) -> Verify {
        Verify { checksum: self.checksum(key), skip: self.skip as u32, behind: self.behind as u32 }
    }

    /// Random bytes fit it in one of 2 to this power.
    pub fn chance_bits(&self) -> usize {
        8 * self.algorithm.bytes * self.frames
    }

    fn rank(&self) -> impl Ord + use<> {
        let bytes = usize::MAX - self.algorithm.bytes;
        (bytes, self.skip, self.behind, self.form as u8, self.order != self.algorithm.order, self.place)
    }
}

impl Finder {
    pub fn new(frames: &[Vec<u8>], key: &str) -> Self {
        let mut frames: Vec<Vec<u8>> =
            frames.iter().filter(|frame| !frame.is_empty()).take(MOST_FRAMES).cloned().collect();
        frames.sort_by_key(Vec::len);
        // The same bytes twice say nothing new.
        frames.dedup();
        let done = frames.last().is_none_or(|longest| longest.len() > MOST_FRAME_BYTES);
        Self { frames, key: key.as_bytes().to_vec(), done, ..Self::default() }
    }

    /// Computes over at least one sum and about so many bytes; true when all is done.
    pub fn advance(&mut self, most_bytes: usize) -> bool {
        let mut left = most_bytes;
        while !self.done {
            let Some(algorithm) = catalogue().get(self.place) else {
                self.found.sort_by_key(Found::rank);
                self.done = true;
                break;
            };
            left = left.saturating_sub(self.portion(algorithm));
            self.skip += 1;
            if self.skip > MOST_SKIPPED || (algorithm.keyed && self.key.is_empty()) {
                (self.place, self.skip) = (self.place + 1, 0);
            }
            if left == 0 {
                break;
            }
        }
        self.done
    }

    /// Done within a few frames of the window; otherwise it is work for another thread.
    pub fn is_quick(&self) -> bool {
        self.frames.first().is_none_or(|shortest| shortest.len() <= QUICK_BYTES)
    }

    /// Goes on to the end; `None`: it was cancelled.
    pub fn run(mut self, finding: &Finding) -> Option<Vec<Found>> {
        loop {
            if finding.cancel.load(Ordering::Relaxed) {
                return None;
            }
            if self.advance(PORTION) {
                return Some(self.found);
            }
            let percent = self.place * 100 / catalogue().len().max(1);
            finding.percent.store(percent as u32, Ordering::Relaxed);
        }
    }

    /// What fits, the likeliest first once all is done.
    pub fn found(&self) -> &[Found] {
        &self.found
    }

    /// One algorithm at one beginning; gives the bytes that were looked at.
    fn portion(&mut self, algorithm: &'static Algorithm) -> usize {
        let Some(first) = self.frames.first().filter(|_| !algorithm.keyed || !self.key.is_empty()) else { return 1 };
        let places: Vec<_> = (0..=MOST_BEHIND)
            .flat_map(|behind| [false, true].map(|digits| (behind, digits)))
            .filter_map(|(behind, digits)| Some((behind, digits, self.place(first, algorithm, behind, digits)?)))
            .collect();
        // All places in one walk over the frame.
        let mut ends: Vec<usize> = places.iter().map(|(.., at)| at - self.skip).collect();
        ends.sort_unstable();
        ends.dedup();
        let bytes = first.get(self.skip..).unwrap_or_default();
        let sums = algorithm.compute_up_to(bytes, &self.key, &ends);
        let looked_at = ends.last().copied().unwrap_or(0) + 1;
        let mut fitting = Vec::new();
        for (behind, digits, at) in places {
            let sum = ends.binary_search(&(at - self.skip)).ok().and_then(|place| sums.get(place));
            for (order, form) in self.forms(algorithm, behind, digits, sum.map_or(&[], Vec::as_slice)) {
                // The same with fewer bytes left out says more.
                let known = |found: &Found| {
                    found.place == self.place && (found.order, found.form, found.behind) == (order, form, behind)
                };
                if !self.found.iter().any(known) {
                    let (place, skip, frames) = (self.place, self.skip, self.frames.len());
                    fitting.push(Found { algorithm, order, form, skip, behind, place, frames });
                }
            }
        }
        self.found.append(&mut fitting);
        looked_at
    }

    /// Where a sum can begin in a frame; digits only where digits stand.
    fn place(&self, frame: &[u8], algorithm: &Algorithm, behind: usize, digits: bool) -> Option<usize> {
        let length = if digits { 2 * algorithm.bytes } else { algorithm.bytes };
        let at = frame.len().checked_sub(behind + length).filter(|at| *at > self.skip)?;
        (!digits || frame.get(at..at + length)?.iter().all(u8::is_ascii_hexdigit)).then_some(at)
    }

    /// In which orders and forms the sums stand in all frames; small and capital digits are told apart where there are letters.
    /// `first_sum`: that of the first frame.
    fn forms(&self, algorithm: &Algorithm, behind: usize, digits: bool, first_sum: &[u8]) -> Vec<(ByteOrder, SumForm)> {
        let forms: &[SumForm] = if digits { &[SumForm::HexUpper, SumForm::Hex] } else { &[SumForm::Binary] };
        let other = if algorithm.order == ByteOrder::Big { ByteOrder::Little } else { ByteOrder::Big };
        let orders = if algorithm.has_order() { vec![algorithm.order, other] } else { vec![algorithm.order] };
        let mut open: Vec<_> = orders.iter().map(|order| (*order, forms.to_vec())).collect();
        let mut telling = false;
        let length = if digits { 2 * algorithm.bytes } else { algorithm.bytes };
        for (number, frame) in self.frames.iter().enumerate() {
            let Some(at) = self.place(frame, algorithm, behind, digits) else { return Vec::new() };
            let got = &frame[at..at + length];
            telling |= frame[self.skip..at + length].iter().any(|byte| *byte != 0);
            let value = match number {
                0 => first_sum.to_vec(),
                _ => algorithm.compute(&frame[self.skip..at], &self.key),
            };
            for (order, forms) in &mut open {
                forms.retain(|form| written(value.clone(), *order, *form) == got);
            }
            open.retain(|(_, forms)| !forms.is_empty());
            if open.is_empty() {
                return Vec::new();
            }
        }
        // Nearly every sum of zeros is zero.
        if !telling {
            return Vec::new();
        }
        // Digits without letters are both: one of them is enough.
        open.into_iter().map(|(order, forms)| (order, forms[0])).collect()
    }
}
