//! What peers send to the Modbus/TCP service.
#![no_main]

#[path = "../checks/services.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|input: &[u8]| checks::service_modbus(input));
