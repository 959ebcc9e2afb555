//! A capture of another program that may hold anything: it is imported, every row is read, nothing panics, ends late or
//! grows without bound.
#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use sockscope::session::Log;

fuzz_target!(|bytes: &[u8]| {
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    std::fs::write(file.path(), bytes).expect("a written file");
    // What begins neither as pcapng nor as pcap is refused.
    let Ok(log) = Log::open(file.path()) else { return };
    let state = log.wait_complete(Duration::from_secs(10));
    assert!(state.complete, "importing did not end");
    for row in 0..state.rows {
        assert!(log.read(row).is_ok(), "row {row} is ours: it reads");
    }
    let _ = log.flows();
});
