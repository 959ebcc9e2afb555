//! Lengths of frames: `8`, `4..12` (both ends fit), `>=3` and the like.
//!
//! Called by: `rules`.

use super::{PatternMistake, PatternMistakeKind};

/// From the least to the most that fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lengths {
    least: u64,
    most: u64,
}

impl Lengths {
    pub fn parse(typed: &str) -> Result<Self, PatternMistake> {
        let trimmed = typed.trim();
        let number = |text: &str| number(typed, text.trim());
        if let Some((from, to)) = trimmed.split_once("..") {
            let least = if from.trim().is_empty() { 0 } else { number(from)? };
            let to = to.strip_prefix('=').unwrap_or(to);
            let most = if to.trim().is_empty() && !from.trim().is_empty() { u64::MAX } else { number(to)? };
            if least > most {
                let suggestion = format!("{most}..{least}");
                let what = PatternMistakeKind::ReversedRange { suggestion };
                return Err(PatternMistake { at: 0..typed.len(), what });
            }
            return Ok(Self { least, most });
        }
        if let Some(rest) = trimmed.strip_prefix(">=") {
            return Ok(Self { least: number(rest)?, most: u64::MAX });
        }
        if let Some(rest) = trimmed.strip_prefix("<=") {
            return Ok(Self { least: 0, most: number(rest)? });
        }
        if let Some(rest) = trimmed.strip_prefix('>') {
            return Ok(Self { least: number(rest)?.saturating_add(1), most: u64::MAX });
        }
        if let Some(rest) = trimmed.strip_prefix('<') {
            let below = number(rest)?;
            let most = below.checked_sub(1).ok_or_else(|| bad(typed, rest.trim()))?;
            return Ok(Self { least: 0, most });
        }
        let exact = number(trimmed.strip_prefix('=').unwrap_or(trimmed))?;
        Ok(Self { least: exact, most: exact })
    }

    pub fn contain(self, length: usize) -> bool {
        (self.least..=self.most).contains(&(length as u64))
    }
}

/// `part` is a piece of `typed`.
fn number(typed: &str, part: &str) -> Result<u64, PatternMistake> {
    if part.is_empty() || !part.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(bad(typed, part));
    }
    let too_large = |_| PatternMistake { what: PatternMistakeKind::NumberTooLarge, ..bad(typed, part) };
    // Far beyond any frame, and small enough to be written with any number beside it.
    part.parse::<u32>().map(u64::from).map_err(too_large)
}

fn bad(typed: &str, part: &str) -> PatternMistake {
    let begins = (part.as_ptr() as usize).saturating_sub(typed.as_ptr() as usize).min(typed.len());
    let at = begins..(begins + part.len()).min(typed.len());
    PatternMistake { at, what: PatternMistakeKind::BadLength }
}
