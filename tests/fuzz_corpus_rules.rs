//! The fuzz corpus of patterns, run through the same checks as under the fuzzer.

use std::path::Path;

#[path = "../fuzz/checks/rules.rs"]
mod checks;

#[test]
fn the_corpus_holds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/rule_match");
    let mut inputs = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let input = std::fs::read(entry.unwrap().path()).unwrap();
        // Every way to match, every beginning of the input.
        for how in 0..5 {
            for end in 3..=input.len() {
                let mut changed = input[..end].to_vec();
                changed[0] = how;
                checks::rule_match(&changed);
            }
        }
        inputs += 1;
    }
    assert!(inputs >= 8);
}
