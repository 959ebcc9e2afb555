//! Checksums that protocols carry: one catalogue for the composer, templates, received frames and the finder.
//! Called by: `compose`, `language`, ui, session (verify), words.

mod crcs;
mod finder;
mod sums;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::LazyLock;

pub use finder::{Finder, Finding, Found, MOST_FRAME_BYTES, MOST_FRAMES, find};

use crate::model::{ByteOrder, Checksum, SumForm, Verify};

/// One way to compute a checksum.
#[derive(Clone, Copy, Debug)]
pub struct Algorithm {
    /// As the catalogue writes it: `CRC-16/MODBUS`.
    pub name: &'static str,
    /// Other names it is found by, in small letters.
    pub aliases: &'static [&'static str],
    /// Bytes of its binary form.
    pub bytes: usize,
    /// How its own protocols send it.
    pub order: ByteOrder,
    /// It needs a key (HMAC).
    pub keyed: bool,
    compute: Compute,
}

/// The sums of `bytes` up to each of these ends, which ascend, with a key; each high byte first.
type Compute = fn(bytes: &[u8], key: &[u8], ends: &[usize]) -> Vec<Vec<u8>>;

/// What became of the checksum of a received frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Right,
    /// Both as bytes of the frame.
    Wrong {
        expected: Vec<u8>,
        got: Vec<u8>,
    },
    /// There is no room for it in the frame.
    TooShort,
}

/// Offered before the rest, which follows in the order of the catalogue.
const FIRST: [&str; 12] = [
    "CRC-16/MODBUS",
    "CRC-32/ISO-HDLC",
    "SUM-8",
    "XOR-8",
    "LRC",
    "CRC-8/SMBUS",
    "CRC-8/MAXIM-DOW",
    "CRC-16/IBM-3740",
    "CRC-16/XMODEM",
    "CRC-16/KERMIT",
    "CRC-16/IBM-SDLC",
    "CRC-16/ARC",
];

static CATALOGUE: LazyLock<Vec<Algorithm>> = LazyLock::new(|| {
    let mut all: Vec<Algorithm> = sums::SUMS.iter().chain(crcs::CRCS).copied().collect();
    all.sort_by_key(|known| FIRST.iter().position(|first| *first == known.name).unwrap_or(FIRST.len()));
    all
});

/// Their places in the catalogue by all their names, in small letters. A name that two have is the first one's.
static BY_NAME: LazyLock<HashMap<Vec<u8>, usize>> = LazyLock::new(|| {
    let mut places = HashMap::new();
    for (place, known) in CATALOGUE.iter().enumerate() {
        for name in std::iter::once(&known.name).chain(known.aliases) {
            places.entry(name.to_ascii_lowercase().into_bytes()).or_insert(place);
        }
    }
    places
});
/// No name is longer.
const LONGEST_NAME: usize = 64;

impl Algorithm {
    /// The binary form, high byte first.
    pub fn compute(&self, bytes: &[u8], key: &[u8]) -> Vec<u8> {
        (self.compute)(bytes, key, &[bytes.len()]).pop().unwrap_or_default()
    }

    /// The same of the bytes up to each of these ends, which ascend, in about the time of the longest one.
    fn compute_up_to(&self, bytes: &[u8], key: &[u8], ends: &[usize]) -> Vec<Vec<u8>> {
        (self.compute)(bytes, key, ends)
    }

    /// Its bytes are a number, so they have an order; a digest is a row of bytes.
    pub fn has_order(&self) -> bool {
        (2..=11).contains(&self.bytes)
    }
}

/// All that are known, in the order in which they are offered.
pub fn catalogue() -> &'static [Algorithm] {
    &CATALOGUE
}

/// The one of a name, in any letters; old names of workspaces count too.
pub fn algorithm(name: &str) -> Option<&'static Algorithm> {
    // Asked for each row on screen and each checksum of a payload: one look, however many are known.
    let mut small = [0; LONGEST_NAME];
    let small = small.get_mut(..name.len())?;
    small.copy_from_slice(name.as_bytes());
    small.make_ascii_lowercase();
    let place = BY_NAME.get(&*small)?;
    catalogue().get(*place)
}

/// Those that every word of `text` fits, best first; all of them for no text. Signs between letters and digits don't matter:
/// `x25` finds X-25.
pub fn search(text: &str) -> Vec<&'static Algorithm> {
    let words: Vec<String> = text.split_whitespace().map(bare).filter(|word| !word.is_empty()).collect();
    let mut found: Vec<(u8, &Algorithm)> =
        catalogue().iter().filter_map(|known| Some((distance(known, &words)?, known))).collect();
    found.sort_by_key(|(distance, _)| *distance);
    found.into_iter().map(|(_, known)| known).collect()
}

/// How many bytes `checksum` gives; 0 where there is none or the name is not known.
pub fn checksum_length(sum: &Checksum) -> usize {
    let bytes = algorithm(&sum.algorithm).map_or(0, |known| known.bytes);
    if sum.form == SumForm::Binary { bytes } else { 2 * bytes }
}

/// The bytes to append to `bytes`, in the order in which they are sent; nothing where the name is not known.
pub fn checksum(sum: &Checksum, bytes: &[u8]) -> Vec<u8> {
    let Some(known) = algorithm(&sum.algorithm) else { return Vec::new() };
    let value = known.compute(bytes, sum.key.as_bytes());
    written(value, sum.order.unwrap_or(known.order), sum.form)
}

/// Looks at the checksum of a received frame. Hex digits count in capital and small letters. Where no checksum is asked for every
/// frame is right; one of an unknown name is right of none.
pub fn verify(verify: &Verify, frame: &[u8]) -> Verdict {
    if verify.checksum.is_none() {
        return Verdict::Right;
    }
    let length = checksum_length(&verify.checksum);
    let (skip, behind) = (verify.skip as usize, verify.behind as usize);
    let at = frame.len().checked_sub(behind).and_then(|end| end.checked_sub(length));
    let Some(at) = at.filter(|at| *at >= skip) else { return Verdict::TooShort };
    let got = &frame[at..at + length];
    let expected = checksum(&verify.checksum, &frame[skip..at]);
    let right = match verify.checksum.form {
        SumForm::Binary => got == expected,
        SumForm::Hex | SumForm::HexUpper => got.eq_ignore_ascii_case(&expected),
    };
    if right && length > 0 { Verdict::Right } else { Verdict::Wrong { expected, got: got.to_vec() } }
}

/// A value, high byte first, as it stands in a frame.
fn written(mut value: Vec<u8>, order: ByteOrder, form: SumForm) -> Vec<u8> {
    if order == ByteOrder::Little {
        value.reverse();
    }
    let digits = match form {
        SumForm::Binary => return value,
        SumForm::Hex => b"0123456789abcdef",
        SumForm::HexUpper => b"0123456789ABCDEF",
    };
    value.iter().flat_map(|byte| [digits[usize::from(byte >> 4)], digits[usize::from(byte & 15)]]).collect()
}

/// In small letters, without signs.
fn bare(text: &str) -> String {
    text.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// How far the words are from the names of an algorithm, the farthest word counting; `None`: one fits none.
fn distance(known: &Algorithm, words: &[String]) -> Option<u8> {
    let names = || std::iter::once(known.name).chain(known.aliases.iter().copied());
    words.iter().try_fold(0, |far, word| {
        let near = names().filter_map(|name| distance_of_name(name, word)).min()?;
        Some(near.max(far))
    })
}

fn distance_of_name(name: &str, word: &str) -> Option<u8> {
    let whole = bare(name);
    // `modbus` is a half of CRC-16/MODBUS, `16` a piece of it.
    let mut halves = name.split('/').map(bare);
    let mut pieces = name.split(|sign: char| !sign.is_alphanumeric());
    if whole == *word {
        Some(0)
    } else if halves.any(|half| half == *word) {
        Some(1)
    } else if pieces.any(|piece| piece.eq_ignore_ascii_case(word)) {
        Some(2)
    } else if whole.starts_with(word) || name.split('/').any(|half| bare(half).starts_with(word)) {
        Some(3)
    } else {
        whole.contains(word).then_some(4)
    }
}
