//! A text to be found in bytes: as an encoding writes it, ASCII letters in both cases.
//!
//! Owns: which bytes of a text match in both cases, and finding them. Never: which encoding a row has.
//! Called by: `compile` and `term`.

use std::ops::Range;

use memchr::memmem;

use crate::model::TextEncoding;
use crate::payload;

/// The bytes of a text in one encoding.
pub(super) struct Needle {
    bytes: Vec<u8>,
    /// Which of the bytes are ASCII letters, kept in lower case (the second byte of a GBK character may look like one).
    letters: Vec<bool>,
    /// The place of the byte that is met most rarely.
    rarest: usize,
    /// Without letters the bytes are searched as they are.
    exact: Option<memmem::Finder<'static>>,
}

impl Needle {
    /// `None`: no bytes of the encoding say that text.
    pub(super) fn new(text: &str, encoding: TextEncoding) -> Option<Self> {
        let (mut bytes, mut letters) = (Vec::new(), Vec::new());
        let (mut lower, mut upper) = (Vec::new(), Vec::new());
        for character in text.chars() {
            lower.clear();
            upper.clear();
            put(character.to_ascii_lowercase(), encoding, &mut lower)?;
            put(character.to_ascii_uppercase(), encoding, &mut upper)?;
            bytes.extend_from_slice(&lower);
            letters.extend(lower.iter().zip(&upper).map(|(lower, upper)| lower != upper));
        }
        let rarest = (0..bytes.len()).min_by_key(|at| commonness(bytes[*at]))?;
        let exact = (!letters.contains(&true)).then(|| memmem::Finder::new(&bytes).into_owned());
        Some(Self { bytes, letters, rarest, exact })
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
        let (rare, letter) = (self.bytes[self.rarest], self.letters[self.rarest]);
        // Where the rarest byte can stand.
        let places = &hay[self.rarest..=last + self.rarest];
        let found = if letter {
            memchr::memchr2_iter(rare, rare.to_ascii_uppercase(), places).find(|at| self.is_at(&hay[*at..]))
        } else {
            memchr::memchr_iter(rare, places).find(|at| self.is_at(&hay[*at..]))
        };
        found.map(|at| from + at)
    }

    /// A piece of the needle of at most `most` bytes around its rarest one, and which of its bytes are letters.
    pub(super) fn piece(&self, most: usize) -> Vec<(u8, bool)> {
        let from = self.rarest.saturating_sub(most / 2).min(self.bytes.len().saturating_sub(most));
        let within: Range<usize> = from..(from + most).min(self.bytes.len());
        self.bytes[within.clone()].iter().copied().zip(self.letters[within].iter().copied()).collect()
    }

    fn is_at(&self, hay: &[u8]) -> bool {
        self.bytes
            .iter()
            .zip(&self.letters)
            .zip(hay)
            .all(|((byte, letter), found)| byte == found || (*letter && *byte == found.to_ascii_lowercase()))
    }
}

/// Writes a character as an encoding does. `None`: the encoding has no bytes for it.
fn put(character: char, encoding: TextEncoding, out: &mut Vec<u8>) -> Option<()> {
    payload::push_encoded(character.encode_utf8(&mut [0; 4]), encoding, out).then_some(())
}

/// Roughly how often a byte is met in text and in binary protocols; only its order matters.
pub(super) fn commonness(byte: u8) -> usize {
    const COMMON: &[u8] = b"zqxjkvbpygfwmucldrhsnioate0123456789-_/.:,\"\n\r \xff\0";
    COMMON.iter().position(|common| *common == byte).map_or(0, |at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finds(needle: &str, encoding: TextEncoding, hay: &[u8]) -> bool {
        Needle::new(needle, encoding).is_some_and(|needle| needle.is_in(hay))
    }

    #[test]
    fn letters_match_in_both_cases() {
        assert!(finds("get /INDEX", TextEncoding::Utf8, b"xx GET /index.html"));
        assert!(finds("a", TextEncoding::Utf8, b"A"));
        assert!(finds("1234", TextEncoding::Utf8, b"01234"));
        assert!(!finds("12345", TextEncoding::Utf8, b"1234"));
        assert!(!finds("ab", TextEncoding::Utf8, b""));
    }

    #[test]
    fn text_is_looked_for_in_the_bytes_of_its_encoding() {
        assert!(finds("温度", TextEncoding::Utf8, "x温度".as_bytes()));
        assert!(finds("温度", TextEncoding::Gbk, &[0, 0xce, 0xc2, 0xb6, 0xc8]));
        assert!(!finds("温度", TextEncoding::Gbk, "x温度".as_bytes()));
        assert!(finds("é", TextEncoding::Latin1, &[0xe9]));
        assert!(!finds("温", TextEncoding::Latin1, "温".as_bytes()));
        assert!(finds("溫", TextEncoding::Big5, &[0xb7, 0xc5]));
        assert!(finds("ポ", TextEncoding::ShiftJis, &[0x83, 0x7c]));
        assert!(finds("ab温", TextEncoding::Utf16Le, b"A\0b\0\x29\x6e"));
        assert!(finds("ab温", TextEncoding::Utf16Be, b"\0A\0b\x6e\x29"));
        assert!(!finds("ab", TextEncoding::Utf16Be, b"AB"));
        // 丂 is 81 40, 乤 is 81 61: its second byte is no letter "a".
        assert!(!finds("乤", TextEncoding::Gbk, &[0x81, 0x41]));
    }

    #[test]
    fn places_are_found_one_after_the_other() {
        let needle = Needle::new("aB", TextEncoding::Utf8).unwrap();
        assert_eq!(needle.find(b"xAbab", 0), Some(1));
        assert_eq!(needle.find(b"xAbab", 2), Some(3));
        assert_eq!(needle.find(b"xAbab", 4), None);
        assert_eq!(needle.find(b"xAbab", 40), None);
        let piece = Needle::new("aaaaaaaaaaaaaaaaZaa", TextEncoding::Utf8).unwrap().piece(4);
        assert_eq!(piece.len(), 4);
        assert!(piece.contains(&(b'z', true)));
    }
}
