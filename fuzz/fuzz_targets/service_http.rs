//! What peers send to the HTTP service.
#![no_main]

#[path = "../checks/services.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|input: &[u8]| checks::service_http(input));
