//! The fuzz corpus of framings, run through the same checks as under the fuzzer.

use std::path::Path;

#[path = "../fuzz/checks/framing.rs"]
mod checks;

#[test]
fn the_corpus_holds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/framing");
    let mut inputs = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let input = std::fs::read(entry.unwrap().path()).unwrap();
        // Every framing, every beginning of the stream.
        for kind in 0..8 {
            for end in 4..=input.len() {
                let mut changed = input[..end].to_vec();
                changed[0] = kind;
                checks::framing(&changed);
            }
        }
        inputs += 1;
    }
    assert!(inputs >= 8);
}
