//! A text in the filter line: `cargo fuzz run -s none filter_parse`.
#![no_main]

#[path = "../checks/filter.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|input: &[u8]| checks::filter_parse(input));
