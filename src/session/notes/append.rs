//! A note into the file of a session that is not being recorded: behind its last block, and a new end block behind that,
//! so that it still opens by its index. All of it stands in the file, or nothing.
//! Called by: `Log::annotate`, off the UI and tokio threads.

use std::fs::{File, Metadata, TryLockError};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use super::NoteEdit;
use crate::model::{Doing, Failure, Reason};
use crate::session::pcapng::index::{END_BYTES, End};
use crate::session::pcapng::note::put_note;
use crate::session::pcapng::section::is_ours;
use crate::session::pcapng::{SECTION, block_at};
use crate::session::reader::read_at;

/// Who lists the folder holds the lock for a moment; who records into the file never lets go of it.
const PATIENCE: Duration = Duration::from_millis(500);
const NAP: Duration = Duration::from_millis(10);
/// Section headers of ours are far shorter.
const HEAD_BYTES: usize = 1024;

/// Appends a note to the file that `read` reads and that has `bytes` bytes; says how many it has then.
pub(in crate::session) fn append(path: &Path, read: &File, bytes: u64, edit: &NoteEdit) -> Result<u64, Failure> {
    let failed = |error: io::Error| Failure::of_file(Doing::WriteFile, path, &error);
    let refused = |reason| Err(Failure::new(Doing::WriteFile, path.to_string_lossy(), reason));
    if !begins_as_ours(read) {
        return refused(Reason::NotOurs);
    }
    let mut file = open_for_writing(path).map_err(failed)?;
    if !lock(&file).map_err(failed)? {
        return refused(Reason::BeingRecorded);
    }
    let (there, known) = (file.metadata().map_err(failed)?, read.metadata().map_err(failed)?);
    if !is_same_file(&there, &known) || there.len() != bytes {
        return refused(Reason::FileChanged);
    }
    let mut blocks = Vec::new();
    put_note(&mut blocks, edit);
    if let Some(end) = end_of(&file, bytes) {
        end.put(&mut blocks);
    }
    let written = file.seek(SeekFrom::Start(bytes)).and_then(|_| file.write_all(&blocks));
    if let Err(error) = written.and_then(|()| file.sync_data()) {
        // Where even this fails, the reader stops in front of what is not whole.
        let _ = file.set_len(bytes);
        return Err(failed(error));
    }
    Ok(bytes + blocks.len() as u64)
}

fn begins_as_ours(file: &File) -> bool {
    let mut head = [0; HEAD_BYTES];
    let read = read_at(file, &mut head, 0).unwrap_or(0);
    block_at(&head[..read]).is_ok_and(|block| block.kind == SECTION && is_ours(block.body))
}

fn open_for_writing(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true).write(true);
    // What was a file may be a pipe by now.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, rustix::fs::OFlags::NONBLOCK.bits() as i32);
    options.open(path)
}

/// `false`: it is being recorded into, by this or another program of ours.
fn lock(file: &File) -> io::Result<bool> {
    let begun = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(true),
            // Some file systems have no locks, and those of a recorder would not be seen there either.
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => return Ok(true),
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) if begun.elapsed() >= PATIENCE => return Ok(false),
            Err(TryLockError::WouldBlock) => thread::sleep(NAP),
        }
    }
}

#[cfg(unix)]
fn is_same_file(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

#[cfg(not(unix))]
fn is_same_file(one: &Metadata, other: &Metadata) -> bool {
    one.created().ok() == other.created().ok()
}

/// The end block of a session that was closed cleanly.
fn end_of(file: &File, bytes: u64) -> Option<End> {
    let mut block = [0; END_BYTES];
    let read = read_at(file, &mut block, bytes.checked_sub(END_BYTES as u64)?).ok()?;
    End::read(block.get(..read)?)
}
