//! What must hold for any frame in any protocol. Run by the fuzz target and, over the corpus, by
//! `tests/fuzz_corpus_decode.rs`.

use std::ops::Range;

use sockscope::decode::{Field, MOST_DEPTH, MOST_FIELDS, registry};

/// Every decoder reads it the same way twice; fields lie in their parents and within the bounds; what is shown is harmless.
pub fn decode(input: &[u8]) {
    for decoder in registry() {
        let decoded = decoder.decode(input);
        assert_eq!(decoder.decode(input), decoded, "{}", decoder.key());
        assert!(!decoded.summary.chars().any(char::is_control), "{}: {:?}", decoder.key(), decoded.summary);
        if let Some((at, why)) = &decoded.fault {
            assert!(at.start <= at.end && at.end <= input.len(), "{}: {at:?}", decoder.key());
            assert!(!why.is_empty() && !why.chars().any(char::is_control), "{}: {why:?}", decoder.key());
        }
        let mut count = 0;
        within(&decoded.fields, &(0..input.len()), 0, &mut count);
        assert!(count <= MOST_FIELDS, "{}: {count}", decoder.key());
    }
}

fn within(fields: &[Field], parent: &Range<usize>, depth: usize, count: &mut usize) {
    for field in fields {
        assert!(depth <= MOST_DEPTH);
        *count += 1;
        let at = &field.at;
        assert!(at.start <= at.end && at.start >= parent.start && at.end <= parent.end, "{field:?} in {parent:?}");
        let harmless = |text: &str| !text.chars().any(char::is_control);
        assert!(harmless(&field.name) && harmless(&field.value), "{field:?}");
        within(&field.fields, at, depth + 1, count);
    }
}
