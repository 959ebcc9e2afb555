#![no_main]

#[path = "../checks/framing.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|input: &[u8]| checks::framing(input));
