//! Opening a file that somebody named: it must be a file.
//!
//! Owns: the check. Never: reading. Called by: `engine::send`.

use std::fs::File;
use std::io;
use std::path::Path;

/// The file and its length; `None` for what is not a regular file (a folder, a pipe, a device). Opening a pipe that nobody
/// writes to does not wait.
pub fn open_regular_file(path: &Path) -> io::Result<Option<(File, u64)>> {
    let mut options = File::options();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.custom_flags(libc::O_NONBLOCK);
    }
    let file = options.open(path)?;
    let metadata = file.metadata()?;
    Ok(metadata.is_file().then_some((file, metadata.len())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_are_files() {
        let folder = tempfile::tempdir().unwrap();
        assert!(open_regular_file(folder.path()).unwrap().is_none());
        let path = folder.path().join("a");
        assert!(open_regular_file(&path).is_err());
        std::fs::write(&path, b"abc").unwrap();
        assert_eq!(open_regular_file(&path).unwrap().unwrap().1, 3);
    }
}
