//! The fuzz corpus of frames, run through the same checks as under the fuzzer.

use std::path::Path;

#[path = "../fuzz/checks/decode.rs"]
mod checks;

#[test]
fn the_corpus_holds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/decode");
    let mut inputs = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let input = std::fs::read(entry.unwrap().path()).unwrap();
        // Cut off anywhere, and with any byte another.
        for cut in 0..=input.len() {
            checks::decode(&input[..cut]);
            let mut changed = input.clone();
            if let Some(byte) = changed.get_mut(cut) {
                *byte ^= 0x95;
            }
            checks::decode(&changed);
        }
        inputs += 1;
    }
    assert!(inputs >= 10, "the corpus is missing");
}
