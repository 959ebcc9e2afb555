//! The file under the recorder, behind two small traits so that a test can make any call of it fail.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, IoSlice, Write};
use std::path::Path;
use std::sync::Arc;

use crate::kernel::begin_writeback;

/// Room that is left on the disk for others: recording stops before it is used up.
pub(super) const KEEP_FREE_BYTES: u64 = 64 * 1024 * 1024;

/// Something for the sync thread to do: it may take long, so the recorder does not wait for it.
pub(super) type SyncOrder = Box<dyn FnMut() -> io::Result<()> + Send>;

/// An open session file that grows at its end.
pub trait Storage: Send {
    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize>;
    /// Cuts the file to so many bytes; the next write appends there.
    fn truncate(&mut self, bytes: u64) -> io::Result<()>;
    /// Whether the file still has a name in a folder.
    fn is_linked(&self) -> io::Result<bool>;
    /// The same file for positioned reads and for `sync`.
    fn handle(&self) -> Arc<File>;
    /// Hands what was written to the disk; may take long.
    fn sync(&self) -> SyncOrder;
    /// Lets the disk begin with a part of what was written.
    fn begin_writeback(&self, from: u64, bytes: u64) -> SyncOrder;
}

pub trait Storages: Send {
    /// Creates a file that was not there, for its owner only, and locks it.
    fn create(&mut self, path: &Path) -> io::Result<Box<dyn Storage>>;
    /// Bytes that may still be written into the folder of `path`; `None` where the system does not say.
    fn free_bytes(&mut self, path: &Path) -> io::Result<Option<u64>>;
}

/// The real ones.
pub struct Disk;

struct DiskFile {
    file: Arc<File>,
}

impl Storages for Disk {
    fn create(&mut self, path: &Path) -> io::Result<Box<dyn Storage>> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path)?;
        match file.try_lock() {
            // Some file systems have no locks: the session is recorded all the same.
            Ok(()) | Err(TryLockError::Error(_)) => {}
            // Somebody lists the folder at this very moment and lets go at once.
            Err(TryLockError::WouldBlock) => file.lock()?,
        }
        Ok(Box::new(DiskFile { file: Arc::new(file) }))
    }

    #[cfg(unix)]
    fn free_bytes(&mut self, path: &Path) -> io::Result<Option<u64>> {
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let stat = rustix::fs::statvfs(folder)?;
        Ok(Some(stat.f_bavail.saturating_mul(stat.f_frsize)))
    }

    #[cfg(not(unix))]
    fn free_bytes(&mut self, _path: &Path) -> io::Result<Option<u64>> {
        Ok(None)
    }
}

impl Storage for DiskFile {
    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        (&*self.file).write_vectored(slices)
    }

    fn truncate(&mut self, bytes: u64) -> io::Result<()> {
        self.file.set_len(bytes)?;
        io::Seek::seek(&mut &*self.file, io::SeekFrom::Start(bytes))?;
        Ok(())
    }

    #[cfg(unix)]
    fn is_linked(&self) -> io::Result<bool> {
        Ok(std::os::unix::fs::MetadataExt::nlink(&self.file.metadata()?) > 0)
    }

    #[cfg(not(unix))]
    fn is_linked(&self) -> io::Result<bool> {
        Ok(true)
    }

    fn handle(&self) -> Arc<File> {
        self.file.clone()
    }

    fn sync(&self) -> SyncOrder {
        let file = self.file.clone();
        Box::new(move || file.sync_data())
    }

    fn begin_writeback(&self, from: u64, bytes: u64) -> SyncOrder {
        let file = self.file.clone();
        Box::new(move || begin_writeback(&file, from, bytes))
    }
}
