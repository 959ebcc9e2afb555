//! The fuzz corpus of filters, run through the same checks as under the fuzzer.

// The name of the input stands above the panic that it caused.
#![allow(clippy::print_stdout)]

use std::path::Path;

#[path = "../fuzz/checks/filter.rs"]
mod checks;

#[test]
fn filters() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/filter_parse");
    let mut inputs = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let input = std::fs::read(&path).unwrap();
        println!("{} ({} bytes)", path.display(), input.len());
        checks::filter_parse(&input);
        // Cut off anywhere, as while it is typed, and with a byte that is another.
        for cut in (0..input.len()).step_by(1 + input.len() / 16) {
            checks::filter_parse(&input[..cut]);
            checks::filter_parse(&input[cut..]);
            let mut changed = input.clone();
            changed[cut] ^= 0x15;
            checks::filter_parse(&changed);
        }
        inputs += 1;
    }
    assert!(inputs > 20, "the corpus is missing");
}
