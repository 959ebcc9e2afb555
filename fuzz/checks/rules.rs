//! What must hold for any pattern and any frame. Run by the fuzz target and, over the corpus, by
//! `tests/fuzz_corpus_rules.rs`.

use bytes::Bytes;
use sockscope::model::{FramePattern, MatchHow, MatchPlace, TextEncoding};
use sockscope::rules::Matcher;

/// The first three bytes choose how, where and in which encoding; the pattern is what follows up to a zero byte, the frame the
/// rest. A mistake stands at a place of the pattern; what is captured lies within the frame.
pub fn rule_match(input: &[u8]) {
    let (Some([how, place, encoding]), Some(rest)) = (input.first_chunk::<3>(), input.get(3..)) else { return };
    let mut parts = rest.splitn(2, |byte| *byte == 0);
    let pattern = String::from_utf8_lossy(parts.next().unwrap_or_default()).into_owned();
    let frame = Bytes::copy_from_slice(parts.next().unwrap_or_default());
    let hows = [MatchHow::Any, MatchHow::Text, MatchHow::Hex, MatchHow::Regex, MatchHow::Length];
    let places = [MatchPlace::Anywhere, MatchPlace::Begins, MatchPlace::Ends, MatchPlace::Whole];
    let pattern = FramePattern {
        how: hows[usize::from(*how) % hows.len()],
        pattern,
        place: places[usize::from(*place) % places.len()],
        encoding: TextEncoding::ALL[usize::from(*encoding) % TextEncoding::ALL.len()],
        ignore_case: *place > 127,
    };
    match Matcher::new(&pattern) {
        Err(mistake) => assert!(pattern.pattern.get(mistake.at.clone()).is_some(), "{mistake:?} in {pattern:?}"),
        Ok(matcher) => {
            assert!(!matcher.expected().is_empty());
            let Some(found) = matcher.of(&frame) else { return };
            let within = |part: &Bytes| part.is_empty() || frame.as_ptr_range().contains(&part.as_ptr());
            assert!(!found.is_empty() && found.iter().flatten().all(within), "{pattern:?}");
        }
    }
}
