//! The folder that sessions are recorded into: list, sizes, crashed ones, delete.
//!
//! Owns: names of new sessions. Never: the content of a session beyond its first and last block.
//! Called by: `ui` and `cli`, off the UI thread.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::pcapng::index::{END_BYTES, End};
use super::pcapng::section::{MIN_SECTION_BYTES, is_ours};
use super::pcapng::{SECTION, block_at};
use super::reader::read_at;
use super::recorder::rotation::{numbered, place_in_set};
use super::rows::MAX_FILES;
use crate::model::{Doing, Failure, Reason};

const EXTENSION: &str = "pcapng";
/// Section headers of ours are far shorter.
const HEAD_BYTES: usize = 1024;

pub struct SessionLibrary {
    pub folder: PathBuf,
}

#[derive(Clone, Debug)]
pub struct SessionFile {
    pub path: PathBuf,
    pub bytes: u64,
    pub modified: SystemTime,
    /// Being recorded right now, by this or another program of ours.
    pub recording: bool,
    /// It was not closed cleanly: the program was killed while it recorded.
    pub crashed: bool,
    /// Files it stands in; `path` is the oldest of them that is kept.
    pub files: u32,
}

/// The files of the session that `path` belongs to, oldest first: those that stand beside it under numbered names, without
/// a hole between them. File IO.
pub fn files_of_session(path: &Path) -> Vec<PathBuf> {
    let (first, number) = place_in_set(path);
    let there = |number: u32| {
        let path = numbered(&first, number);
        fs::symlink_metadata(&path).is_ok_and(|facts| facts.is_file()).then_some(path)
    };
    let mut before: Vec<_> = (1..number).rev().map_while(there).collect();
    before.reverse();
    let after = (number.saturating_add(1)..=u32::from(MAX_FILES)).map_while(there);
    before.into_iter().chain([path.to_owned()]).chain(after).collect()
}

impl SessionLibrary {
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// A name for a new session: `2026-11-22 17-40-03.pcapng`; free, in local time. Creates the folder.
    pub fn new_path(&self) -> Result<PathBuf, Failure> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        // What was sent and received is nobody else's business.
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&self.folder).map_err(|error| Failure::of_file(Doing::Record, &self.folder, &error))?;
        let name = jiff::Zoned::now().strftime("%Y-%m-%d %H-%M-%S").to_string();
        // A name must not look like one of a set: it ends in seconds, behind a hyphen.
        let mut path = self.folder.join(format!("{name}.{EXTENSION}"));
        let mut number = 2u32;
        while fs::symlink_metadata(&path).is_ok() {
            path = self.folder.join(format!("{name} ({number}).{EXTENSION}"));
            number += 1;
        }
        Ok(path)
    }

    /// Newest first. File IO: not in a frame.
    pub fn list(&self) -> Result<Vec<SessionFile>, Failure> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(Failure::of_file(Doing::ReadFile, &self.folder, &error)),
        };
        let mut files = Vec::new();
        for entry in entries.flatten() {
            let path = entry.path();
            let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
            if is_file
                && path.extension().is_some_and(|extension| extension == EXTENSION)
                && let Some(file) = look_at(&path)
            {
                files.push(file);
            }
        }
        let mut files = one_for_each_session(files);
        files.sort_by(|a, b| b.modified.cmp(&a.modified).then_with(|| b.path.cmp(&a.path)));
        Ok(files)
    }

    /// Deletes a session, with all of its files. Refuses what is being recorded and what is not in the folder.
    pub fn delete(&self, path: &Path) -> Result<(), Failure> {
        let failed = |error: &std::io::Error| Failure::of_file(Doing::WriteFile, path, error);
        let refused = |why: &str| Failure {
            system: why.into(),
            ..Failure::new(Doing::WriteFile, path.to_string_lossy(), Reason::NotAllowed)
        };
        let folder = fs::canonicalize(&self.folder).map_err(|e| failed(&e))?;
        let parent = path.parent().ok_or_else(|| refused("not a session of this folder"))?;
        let inside = fs::canonicalize(parent).map_err(|e| failed(&e))? == folder;
        if !inside || path.extension().is_none_or(|extension| extension != EXTENSION) {
            return Err(refused("not a session of this folder"));
        }
        fs::symlink_metadata(path).map_err(|e| failed(&e))?;
        let files = files_of_session(path);
        if files.iter().any(|path| is_locked(path)) {
            return Err(refused("it is being recorded"));
        }
        files
            .iter()
            .try_for_each(|path| fs::remove_file(path).map_err(|e| Failure::of_file(Doing::WriteFile, path, &e)))
    }
}

/// Files of one session become one entry.
fn one_for_each_session(mut files: Vec<SessionFile>) -> Vec<SessionFile> {
    files.sort_by_cached_key(|file| place_in_set(&file.path));
    let mut sessions: Vec<(PathBuf, u32, SessionFile)> = Vec::new();
    for file in files {
        let (first, number) = place_in_set(&file.path);
        match sessions.last_mut() {
            Some((of, last, session)) if *of == first && *last + 1 == number => {
                *last = number;
                session.bytes += file.bytes;
                session.modified = session.modified.max(file.modified);
                session.recording |= file.recording;
                session.crashed |= file.crashed;
                session.files += 1;
            }
            _ => sessions.push((first, number, file)),
        }
    }
    sessions.into_iter().map(|(_, _, session)| session).collect()
}

/// `None`: it went away, or cannot be read.
fn look_at(path: &Path) -> Option<SessionFile> {
    let file = File::open(path).ok()?;
    let metadata = file.metadata().ok()?;
    let recording = matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock));
    Some(SessionFile {
        path: path.to_owned(),
        bytes: metadata.len(),
        modified: metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH),
        recording,
        crashed: !recording && !is_closed_or_foreign(&file, metadata.len()),
        files: 1,
    })
}

fn is_locked(path: &Path) -> bool {
    File::open(path).is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

fn is_closed_or_foreign(file: &File, bytes: u64) -> bool {
    let mut head = [0; HEAD_BYTES];
    let read = read_at(file, &mut head, 0).unwrap_or(0);
    if read >= MIN_SECTION_BYTES
        && block_at(&head[..read]).is_ok_and(|block| block.kind != SECTION || !is_ours(block.body))
    {
        return true;
    }
    let mut end = [0; END_BYTES];
    bytes
        .checked_sub(END_BYTES as u64)
        .is_some_and(|at| read_at(file, &mut end, at).is_ok_and(|read| read == END_BYTES) && End::read(&end).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::{Recorder, RecorderOptions};
    use std::time::Duration;

    #[test]
    fn tells_recorded_crashed_closed_and_foreign_files_apart() {
        let folder = tempfile::tempdir().unwrap();
        let library = SessionLibrary::new(folder.path().join("sessions"));
        assert!(library.list().unwrap().is_empty());
        let path = library.new_path().unwrap();
        let options = RecorderOptions { path: Some(path.clone()), ..RecorderOptions::default() };
        let (recorder, handle, _) = Recorder::start(options).unwrap();
        assert_ne!(library.new_path().unwrap(), path);
        let one =
            |library: &SessionLibrary| library.list().unwrap().into_iter().find(|file| file.path == path).unwrap();
        assert!(one(&library).recording && !one(&library).crashed);
        assert!(library.delete(&path).is_err());
        let bytes = fs::read(&path).unwrap();
        drop(handle);
        recorder.finish(Duration::from_secs(10));
        assert!(!one(&library).recording && !one(&library).crashed);
        fs::write(library.folder.join("crashed.pcapng"), &bytes).unwrap();
        fs::write(library.folder.join("other.pcapng"), b"not pcapng at all, whatever its name says").unwrap();
        fs::write(library.folder.join("notes.txt"), b"").unwrap();
        let list = library.list().unwrap();
        assert_eq!(list.len(), 3);
        let crashed: Vec<_> = list.iter().filter(|f| f.crashed).map(|f| f.path.file_name().unwrap()).collect();
        assert!(crashed.contains(&"crashed.pcapng".as_ref()), "{crashed:?}");
        let outside = folder.path().join("outside.pcapng");
        fs::write(&outside, b"").unwrap();
        assert!(library.delete(&outside).is_err());
        assert!(library.delete(&library.folder.join("../outside.pcapng")).is_err());
        library.delete(&path).unwrap();
        assert!(!path.exists() && outside.exists());
    }

    #[test]
    fn the_files_of_a_session_are_one_entry() {
        let folder = tempfile::tempdir().unwrap();
        let library = SessionLibrary::new(folder.path());
        let write =
            |name: &str| fs::write(folder.path().join(name), b"0123456789 not pcapng, whatever its name says").unwrap();
        for name in ["a.0002.pcapng", "a.0003.pcapng", "a.0005.pcapng", "b.pcapng", "b.0002.pcapng", "c.pcapng"] {
            write(name);
        }
        let mut list: Vec<_> = library.list().unwrap().into_iter().map(|s| (s.path, s.files)).collect();
        list.sort();
        let at = |name: &str| folder.path().join(name);
        let expected = [(at("a.0002.pcapng"), 2), (at("a.0005.pcapng"), 1), (at("b.pcapng"), 2), (at("c.pcapng"), 1)];
        assert_eq!(list, expected);
        assert_eq!(files_of_session(&at("a.0003.pcapng")), [at("a.0002.pcapng"), at("a.0003.pcapng")]);
        assert_eq!(files_of_session(&at("b.pcapng")), [at("b.pcapng"), at("b.0002.pcapng")]);
        library.delete(&at("b.pcapng")).unwrap();
        assert!(!at("b.0002.pcapng").exists() && at("c.pcapng").exists());
    }
}
