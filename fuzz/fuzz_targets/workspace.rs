#![no_main]

#[path = "../checks/workspace.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|input: &[u8]| checks::workspace(input));
