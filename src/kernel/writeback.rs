//! Written bytes on their way to the disk before anybody asks for it.
//!
//! Owns: the hint to the system. Never: waits until the bytes are there (that is `fdatasync`).
//! Called by: the recorder's sync thread.

use std::fs::File;
use std::io;

/// Lets the system begin to write these bytes of the file to the disk, see sync_file_range(2). It says nothing about when
/// they are there; it keeps dirty pages from piling up, so that a later `fdatasync` is short.
///
/// # Errors
/// What the system said. A file system without the call is no error.
#[cfg(target_os = "linux")]
pub fn begin_writeback(file: &File, from: u64, bytes: u64) -> io::Result<()> {
    match super::linux::begin_writeback(file, from, bytes) {
        Err(error) if matches!(error.raw_os_error(), Some(libc::ENOSYS | libc::EINVAL | libc::ESPIPE)) => Ok(()),
        result => result,
    }
}

/// Other systems decide by themselves.
#[cfg(not(target_os = "linux"))]
pub fn begin_writeback(_file: &File, _from: u64, _bytes: u64) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    #[test]
    fn files_take_the_hint_and_pipes_do_not_mind() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&[7; 10_000]).unwrap();
        begin_writeback(&file, 0, 10_000).unwrap();
        let (_reader, writer) = std::io::pipe().unwrap();
        begin_writeback(&File::from(std::os::fd::OwnedFd::from(writer)), 0, 1).unwrap();
    }
}
