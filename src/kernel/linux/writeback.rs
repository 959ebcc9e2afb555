//! sync_file_range: dirty pages handed to the disk early.
//!
//! Owns: the one call. Never: waiting for the disk. Called by: `kernel::writeback`.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd as _;

pub fn begin_writeback(file: &File, from: u64, bytes: u64) -> io::Result<()> {
    let out_of_range = |_| io::Error::from(io::ErrorKind::InvalidInput);
    let from = libc::off64_t::try_from(from).map_err(out_of_range)?;
    let bytes = libc::off64_t::try_from(bytes).map_err(out_of_range)?;
    // SAFETY: the call takes numbers only, and `file` keeps its descriptor open meanwhile.
    let result = unsafe { libc::sync_file_range(file.as_raw_fd(), from, bytes, libc::SYNC_FILE_RANGE_WRITE) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
