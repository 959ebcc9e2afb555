#![no_main]

#[path = "../checks/workspace.rs"]
#[allow(dead_code)]
mod checks;

libfuzzer_sys::fuzz_target!(|input: &[u8]| checks::payload_import(input));
