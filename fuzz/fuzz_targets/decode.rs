//! Any frame through every decoder.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../checks/decode.rs"]
mod checks;

fuzz_target!(|input: &[u8]| checks::decode(input));
