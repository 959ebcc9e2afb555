//! Patterns of replies and steps on frames.
#![no_main]

#[path = "../checks/rules.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|input: &[u8]| checks::rule_match(input));
