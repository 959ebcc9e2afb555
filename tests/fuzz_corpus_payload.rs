//! The fuzz corpora of payload, endpoints and workspaces, run through the same checks as under the fuzzer.

// The name of the input stands above the panic that it caused.
#![allow(clippy::print_stdout)]

use std::path::Path;

#[path = "../fuzz/checks/payload.rs"]
mod payload;
#[path = "../fuzz/checks/workspace.rs"]
mod workspace;

fn replay(target: &str, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut inputs = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let input = std::fs::read(&path).unwrap();
        println!("{} ({} bytes)", path.display(), input.len());
        check(&input);
        // What is cut off in the middle, and one byte that is another.
        for cut in [input.len() / 3, input.len() / 2, input.len().saturating_sub(1)] {
            check(&input[..cut]);
            let mut changed = input.clone();
            if let Some(byte) = changed.get_mut(cut) {
                *byte ^= 0x15;
            }
            check(&changed);
        }
        inputs += 1;
    }
    assert!(inputs > 0, "no input for {target}");
}

#[test]
fn payload_text() {
    replay("payload_text", payload::payload_text);
}

#[test]
fn payload_language() {
    replay("payload_language", payload::payload_language);
}

#[test]
fn payload_hex() {
    replay("payload_hex", payload::payload_hex);
}

#[test]
fn endpoint_uri() {
    replay("endpoint_uri", payload::endpoint_uri);
}

#[test]
fn workspaces() {
    replay("workspace", workspace::workspace);
}

#[test]
fn payload_import() {
    replay("payload_import", workspace::payload_import);
}
