//! Which files a session has: the next one's name, when it is due, and which are too many.
//! Never: touches a file. Called by: `writing`.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::model::Rotation;

/// The files of a session, oldest first; the last one grows.
pub(super) struct Files {
    first: PathBuf,
    kept: VecDeque<KeptFile>,
    /// Names given so far, the first file's included.
    named: u32,
    begun: Instant,
}

pub(super) struct KeptFile {
    pub path: PathBuf,
    /// The number that rows have for it.
    pub number: u16,
    /// The session's rows before it.
    pub first_row: u64,
    /// Its size, once it is finished.
    pub bytes: u64,
}

impl Files {
    pub(super) fn new(path: &Path) -> Self {
        let first = KeptFile { path: path.to_owned(), number: 0, first_row: 0, bytes: 0 };
        Self { first: path.to_owned(), kept: VecDeque::from([first]), named: 1, begun: Instant::now() }
    }

    pub(super) fn is_due(&self, rotation: Rotation, bytes: u64) -> bool {
        let full = rotation.every_bytes.is_some_and(|most| bytes >= most.max(Rotation::LEAST_BYTES));
        let least = if cfg!(test) { 0 } else { Rotation::LEAST_SECS };
        full || rotation.every_secs.is_some_and(|most| self.begun.elapsed().as_secs() >= most.max(least))
    }

    /// The name of the next file: `name.0002.pcapng` beside `name.pcapng`.
    pub(super) fn next_path(&self) -> PathBuf {
        numbered(&self.first, self.named + 1)
    }

    /// The newest file is whole and has so many bytes; the next one begins.
    pub(super) fn began(&mut self, next: KeptFile, bytes_before: u64) {
        if let Some(last) = self.kept.back_mut() {
            last.bytes = bytes_before;
        }
        self.kept.push_back(next);
        self.named += 1;
        self.begun = Instant::now();
    }

    /// The newest file was begun anew under another number of its rows.
    pub(super) fn began_anew(&mut self, number: u16, first_row: u64) {
        if let Some(last) = self.kept.back_mut() {
            (last.number, last.first_row) = (number, first_row);
        }
    }

    /// The oldest file, while there are more than are to be kept.
    pub(super) fn surplus(&mut self, rotation: Rotation) -> Option<KeptFile> {
        let keep = rotation.keep_files.filter(|_| rotation.is_on())?.max(1) as usize;
        (self.kept.len() > keep).then(|| self.kept.pop_front())?
    }

    pub(super) fn oldest(&self) -> Option<&KeptFile> {
        self.kept.front()
    }

    /// Bytes of the finished ones.
    pub(super) fn finished_bytes(&self) -> u64 {
        self.kept.iter().map(|file| file.bytes).sum()
    }
}

/// The file of a set that has this number; the first one has no number in its name.
pub(in crate::session) fn numbered(first: &Path, number: u32) -> PathBuf {
    if number <= 1 {
        return first.to_owned();
    }
    let mut name = OsString::from(first.file_stem().unwrap_or_default());
    name.push(format!(".{number:04}"));
    if let Some(extension) = first.extension() {
        name.push(".");
        name.push(extension);
    }
    first.with_file_name(name)
}

/// The first file's path and the number, for the name of a file in a set.
pub(in crate::session) fn place_in_set(path: &Path) -> (PathBuf, u32) {
    let parsed = || {
        let stem = Path::new(path.file_stem()?);
        let digits = stem.extension()?.to_str()?;
        let number = digits.parse::<u32>().ok().filter(|number| *number > 1)?;
        (format!("{number:04}") == digits).then_some(())?;
        let mut name = OsString::from(stem.file_stem()?);
        if let Some(extension) = path.extension() {
            name.push(".");
            name.push(extension);
        }
        Some((path.with_file_name(name), number))
    };
    parsed().unwrap_or_else(|| (path.to_owned(), 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_a_set_lead_both_ways() {
        let first = Path::new("/s/2026-11-22 17-40-03.pcapng");
        assert_eq!(numbered(first, 1), first);
        assert_eq!(numbered(first, 2), Path::new("/s/2026-11-22 17-40-03.0002.pcapng"));
        for number in [1, 2, 17, 9_999, 12_345] {
            assert_eq!(place_in_set(&numbered(first, number)), (first.to_owned(), number));
        }
        for other in ["/s/a.1.pcapng", "/s/a.02.pcapng", "/s/v1.2.pcapng", "/s/a.0001.pcapng", "/s/a", "/"] {
            assert_eq!(place_in_set(Path::new(other)), (PathBuf::from(other), 1), "{other}");
        }
    }
}
