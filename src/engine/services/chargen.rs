//! Characters (RFC 864): lines of 72 printable characters, each begins one character further on.
//!
//! Called by: `services`.

use std::hash::BuildHasher as _;
use std::sync::OnceLock;

use bytes::Bytes;

const WIDTH: usize = 72;
/// A datagram has so many bytes at most.
const MOST: usize = 512;

/// As many lines as there are characters; behind the last the first follows.
pub(super) fn lines() -> Bytes {
    static LINES: OnceLock<Bytes> = OnceLock::new();
    let made = LINES.get_or_init(|| {
        let characters: Vec<u8> = (b' '..=b'~').collect();
        let mut lines = Vec::with_capacity(characters.len() * (WIDTH + 2));
        for first in 0..characters.len() {
            lines.extend(characters.iter().cycle().skip(first).take(WIDTH));
            lines.extend_from_slice(b"\r\n");
        }
        lines.into()
    });
    made.clone()
}

/// 0 to 512 bytes, as many as chance has it.
pub(super) fn datagram() -> Bytes {
    let random = std::hash::RandomState::new().hash_one(0u8);
    lines().slice(..usize::try_from(random % (MOST as u64 + 1)).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_shift_by_one_and_go_round() {
        let lines = lines();
        assert_eq!(lines.len(), 95 * 74);
        assert!(
            lines.starts_with(b" !\"#") && lines[74..].starts_with(b"!\"#$") && lines[94 * 74..].starts_with(b"~ !")
        );
        assert!((0..200).all(|_| datagram().len() <= 512));
    }
}
