//! The fuzz corpora of the ready-made services, run through the same checks as under the fuzzer.

use std::path::Path;

#[path = "../fuzz/checks/services.rs"]
mod checks;

fn replay(corpus: &str, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(corpus);
    let mut inputs = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let input = std::fs::read(entry.unwrap().path()).unwrap();
        // Every cut, every beginning of the input.
        for cut in 0..=255 {
            let mut changed = input.clone();
            changed[0] = cut;
            check(&changed);
        }
        for end in 0..input.len() {
            check(&input[..end]);
        }
        inputs += 1;
    }
    assert!(inputs >= 6, "{inputs} inputs in {corpus}");
}

#[test]
fn the_http_corpus_holds() {
    replay("service_http", checks::service_http);
}

#[test]
fn the_modbus_corpus_holds() {
    replay("service_modbus", checks::service_modbus);
}
