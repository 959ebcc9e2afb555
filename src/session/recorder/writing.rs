//! What is being written: the batch, the file, the rows that wait for it, the index.
//!
//! Only whole batches count. Where one fails, the file is cut back to where the batch began, and all of it is lost: so the
//! file is an exact prefix of the events at every moment, and the gap's count is exact.
//! Called by: `thread`.

use std::io;
use std::mem;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::file::{KEEP_FREE_BYTES, Storage, Storages, SyncOrder};
use super::rotation::{Files, KeptFile};
use crate::model::{Doing, Event, EventKind, Failure, Reason, Rotation};
use crate::session::log::Log;
use crate::session::notes::NoteEdit;
use crate::session::pcapng::batch::Batch;
use crate::session::pcapng::encoder::Encoder;
use crate::session::pcapng::index::{End, Index};
use crate::session::pcapng::note::put_note;
use crate::session::rows::{ConnectionRow, Fresh, Jump, MAX_FILE_BYTES, MAX_FILES, PIECE_ROWS, Seen};

/// An index block follows after so many notes at the latest: it repeats them, and must not become too long.
const NOTES_TO_INDEX: usize = 64;
/// Free space is looked at after so many bytes at the latest, and when recording begins again.
const BYTES_TO_LOOK: u64 = 8 * 1024 * 1024;

pub(super) struct Writing {
    path: PathBuf,
    storages: Box<dyn Storages>,
    /// `None`: the file was removed under us.
    storage: Option<Box<dyn Storage>>,
    /// Counts the files of this session: a new one is begun when the old one was removed.
    file_number: u16,
    files: Files,
    /// Finished files that no sync has been ordered for.
    unsynced: Vec<SyncOrder>,
    /// Bytes of whole blocks in the file.
    good_bytes: u64,
    /// Something that is not whole may stand behind them.
    torn: bool,
    /// May be written before free space is looked at again: never more than there was to spare.
    bytes_to_look: u64,
    encoder: Encoder,
    batch: Batch,
    /// What the batch adds; it counts when the batch is written.
    fresh: Fresh,
    /// Notes that are not in the file yet: they stay here until a batch with them is.
    notes: Vec<NoteEdit>,
    /// The seq that would need no jump after the rows of the batch, and after the written ones.
    next_seq: u64,
    written_next_seq: u64,
    interfaces_written: usize,
    seen: Seen,
    /// Rows in all files of the session, and in those before this one.
    rows: u64,
    rows_before_file: u64,
    index: Index,
    last_index: u64,
    log: Option<Arc<Log>>,
}

/// A batch failed; `rows_written`: only the index behind it did, the events stand in the file.
pub(super) struct NotWritten {
    pub failure: Failure,
    pub rows_written: bool,
}

impl Writing {
    pub(super) fn create(path: &Path, storages: Box<dyn Storages>, keep_rows: bool) -> Result<Self, Failure> {
        let mut writing = Self {
            path: path.to_owned(),
            storages,
            storage: None,
            file_number: 0,
            files: Files::new(path),
            unsynced: Vec::new(),
            good_bytes: 0,
            torn: false,
            bytes_to_look: 0,
            encoder: Encoder::default(),
            batch: Batch::default(),
            fresh: Fresh::default(),
            notes: Vec::new(),
            next_seq: 1,
            written_next_seq: 1,
            interfaces_written: 0,
            seen: Seen::default(),
            rows: 0,
            rows_before_file: 0,
            index: Index::default(),
            last_index: 0,
            log: None,
        };
        writing.look_at_space(0)?;
        let storage = writing.begin_file()?;
        if keep_rows {
            writing.log = Some(Log::live(path, storage));
        }
        writing.encoder.begin_section(&mut writing.batch);
        if let Err(not) = writing.write_rows() {
            // It was created a moment ago, and nobody wants an empty session.
            let _ = std::fs::remove_file(path);
            return Err(not.failure);
        }
        Ok(writing)
    }

    pub(super) fn log(&self) -> Option<Arc<Log>> {
        self.log.clone()
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn file_bytes(&self) -> u64 {
        self.good_bytes
    }

    /// Bytes in all files that are kept.
    pub(super) fn kept_bytes(&self) -> u64 {
        self.files.finished_bytes() + self.good_bytes
    }

    /// Rows of files that were deleted.
    pub(super) fn deleted_rows(&self) -> u64 {
        self.files.oldest().map_or(0, |file| file.first_row)
    }

    /// Of this file, and of those that were finished since it was asked for last.
    pub(super) fn sync(&mut self) -> Option<SyncOrder> {
        let mut orders = mem::take(&mut self.unsynced);
        orders.extend(self.storage.as_ref().map(|storage| storage.sync()));
        (!orders.is_empty()).then(|| -> SyncOrder { Box::new(move || orders.iter_mut().try_for_each(|order| order())) })
    }

    pub(super) fn is_rotation_due(&self, rotation: Rotation) -> bool {
        // A file without rows is not worth another, and rows can point into so many files only.
        self.rows > self.rows_before_file
            && self.file_number + 1 < MAX_FILES
            && self.batch.is_empty()
            && (self.files.is_due(rotation, self.good_bytes) || self.good_bytes > MAX_FILE_BYTES / 2)
    }

    /// Finishes this file, begins the next one, and deletes those that are too many.
    pub(super) fn rotate(&mut self, rotation: Rotation) -> Result<(), Failure> {
        self.finish()?;
        let bytes = self.good_bytes;
        self.unsynced.extend(self.storage.as_ref().map(|storage| storage.sync()));
        self.unlock();
        self.storage = None;
        self.path = self.files.next_path();
        let next = KeptFile { path: self.path.clone(), number: self.file_number + 1, first_row: self.rows, bytes: 0 };
        self.files.began(next, bytes);
        // Should the next file fail, it is tried again like one that was removed.
        self.good_bytes = 0;
        self.begin_next_file()?;
        while let Some(old) = self.files.surplus(rotation) {
            // What cannot be deleted stays where it is: the session goes on without it.
            let _ = std::fs::remove_file(&old.path);
        }
        if let (Some(log), Some(oldest)) = (&self.log, self.files.oldest()) {
            log.forget_before(oldest.number, oldest.first_row);
        }
        Ok(())
    }

    pub(super) fn begin_writeback(&self, from: u64) -> Option<SyncOrder> {
        let bytes = self.good_bytes.saturating_sub(from);
        self.storage.as_ref().map(|storage| storage.begin_writeback(from, bytes))
    }

    /// Encodes an event into the batch; `true`: the batch is full, write it.
    pub(super) fn put(&mut self, seq: u64, event: &Event) -> bool {
        let row = self.encoder.event(&mut self.batch, self.good_bytes, seq, event);
        let at = self.rows + self.fresh.rows.len() as u64;
        if seq != self.next_seq {
            self.fresh.jumps.push(Jump { row: at, seq });
        }
        self.next_seq = seq + 1;
        let connection = event.flow.connection;
        let tells = matches!(row.kind(), EventKind::Accepted | EventKind::Connected);
        if !connection.is_none() && (self.seen.insert(connection) || tells) {
            let known = ConnectionRow { endpoint: event.flow.endpoint, row_plus_one: at + 1 };
            self.fresh.connections.push((connection, known));
        }
        self.fresh.rows.push(row.in_file(self.file_number));
        self.batch.is_full()
    }

    /// An event that is not written while recording fails.
    pub(super) fn skip(&mut self, event: &Event) {
        self.encoder.skip(event);
    }

    /// A note for the next batch. Of several on one event only the last is written.
    pub(super) fn note(&mut self, edit: NoteEdit) {
        self.notes.retain(|waiting| waiting.seq() != edit.seq());
        self.notes.push(edit);
    }

    /// Writes the batch. When that fails the file is cut back, and nothing of the batch counts.
    pub(super) fn write_rows(&mut self) -> Result<(), NotWritten> {
        self.notes.iter().for_each(|edit| put_note(self.batch.buffer(), edit));
        if self.batch.is_empty() {
            return Ok(());
        }
        if let Err(failure) = self.write_batch() {
            self.give_up_batch();
            return Err(NotWritten { failure, rows_written: false });
        }
        self.publish();
        if self.index.rows.len() < PIECE_ROWS && self.index.notes.len() < NOTES_TO_INDEX {
            return Ok(());
        }
        self.write_index().map_err(|failure| NotWritten { failure, rows_written: true })
    }

    /// What can go wrong without an event: the file was removed, or others filled the disk.
    pub(super) fn look_after(&mut self) -> Result<(), Failure> {
        self.look_at_space(0)?;
        let Some(storage) = &self.storage else { return Err(self.gone()) };
        if storage.is_linked().map_err(|error| self.failed(&error))? {
            return Ok(());
        }
        self.storage = None;
        Err(self.gone())
    }

    /// Makes the file fit to be appended to after a failure: cut back, with space, begun again where it was removed.
    pub(super) fn recover(&mut self) -> Result<(), Failure> {
        self.look_at_space(0)?;
        if self.storage.is_some() {
            return self.cut_torn();
        }
        self.begin_next_file()
    }

    fn begin_next_file(&mut self) -> Result<(), Failure> {
        let number = Some(self.file_number + 1).filter(|number| *number < MAX_FILES).ok_or_else(|| self.gone())?;
        let handle = self.begin_file()?;
        self.file_number = number;
        self.files.began_anew(number, self.rows);
        // In a file that does not begin with event 1, the first row is a jump.
        (self.next_seq, self.written_next_seq) = (0, 0);
        self.batch.clear();
        if let Some(log) = &self.log {
            log.add_file(&self.path, handle);
        }
        self.encoder.begin_section(&mut self.batch);
        Ok(())
    }

    /// The rest, the index and the end block: the file is whole.
    pub(super) fn finish(&mut self) -> Result<(), Failure> {
        self.write_rows().map_err(|not| not.failure)?;
        if self.storage.is_none() {
            return Err(self.gone());
        }
        if !self.index.rows.is_empty() || !self.index.notes.is_empty() {
            self.write_index()?;
        }
        let rows = self.rows - self.rows_before_file;
        let end = End { rows, next_seq: self.written_next_seq, last_index: self.last_index };
        end.put(self.batch.buffer());
        let written = self.write_batch();
        self.batch.clear();
        if let Some(log) = &self.log {
            log.grow(&mut Fresh::default(), self.good_bytes);
        }
        written
    }

    /// Creates the file anew; what belonged to the one before is forgotten.
    fn begin_file(&mut self) -> Result<Arc<std::fs::File>, Failure> {
        let storage = self.storages.create(&self.path).map_err(|error| self.failed(&error))?;
        let handle = storage.handle();
        self.storage = Some(storage);
        (self.good_bytes, self.torn, self.interfaces_written, self.last_index) = (0, false, 0, 0);
        self.rows_before_file = self.rows;
        self.index = Index::default();
        self.seen = Seen::default();
        Ok(handle)
    }

    /// Not being recorded any more, although a reader or a sync that still runs may hold the file open.
    pub(super) fn unlock(&self) {
        if let Some(storage) = &self.storage {
            // Where there are no locks there is nothing to let go of.
            let _ = storage.handle().unlock();
        }
    }

    fn write_batch(&mut self) -> Result<(), Failure> {
        self.cut_torn()?;
        let bytes = self.batch.len() as u64;
        if bytes > self.bytes_to_look {
            self.look_at_space(bytes)?;
        }
        self.bytes_to_look = self.bytes_to_look.saturating_sub(bytes);
        let Some(storage) = &mut self.storage else { return Err(self.gone()) };
        self.torn = true;
        let written = self.batch.write_all(|slices| storage.write_vectored(slices));
        let linked = written.and_then(|()| storage.is_linked()).map_err(|error| self.failed(&error))?;
        if !linked {
            // Written, but into a file that nobody will find: begun again when the folder is back.
            self.storage = None;
            return Err(self.gone());
        }
        self.torn = false;
        self.good_bytes += bytes;
        Ok(())
    }

    fn give_up_batch(&mut self) {
        self.batch.clear();
        self.fresh.clear();
        self.encoder.forget_interfaces(self.interfaces_written);
        self.next_seq = self.written_next_seq;
        // When the section header itself was lost, the file is begun anew.
        if self.good_bytes == 0 {
            self.encoder.begin_section(&mut self.batch);
        }
        // Tried again before anything is appended.
        let _ = self.cut_torn();
    }

    /// The batch stands in the file: its rows count from now on.
    fn publish(&mut self) {
        let interfaces = &self.encoder.interfaces()[self.interfaces_written..];
        self.fresh.interfaces.extend_from_slice(interfaces);
        self.interfaces_written += interfaces.len();
        self.rows += self.fresh.rows.len() as u64;
        self.written_next_seq = self.next_seq;
        // The index counts the rows of this file only.
        let before = self.rows_before_file;
        self.index.rows.extend(self.fresh.rows.iter().map(|row| row.in_file(0)));
        let jumps = self.fresh.jumps.iter().map(|jump| Jump { row: jump.row - before, ..*jump });
        self.index.jumps.extend(jumps);
        let own = |c: &ConnectionRow| ConnectionRow { row_plus_one: c.row_plus_one - before, ..*c };
        self.index.connections.extend(self.fresh.connections.iter().map(|(id, c)| (*id, own(c))));
        self.index.interfaces.extend_from_slice(&self.fresh.interfaces);
        self.index.notes.append(&mut self.notes);
        if let Some(log) = &self.log {
            log.grow(&mut self.fresh, self.good_bytes);
        }
        self.batch.clear();
        self.fresh.clear();
    }

    fn write_index(&mut self) -> Result<(), Failure> {
        self.index.put(self.batch.buffer());
        let at = self.good_bytes;
        let written = self.write_batch();
        self.batch.clear();
        written?;
        self.last_index = at;
        let mut rows = mem::take(&mut self.index.rows);
        rows.clear();
        self.index = Index { before: at, first_row: self.rows - self.rows_before_file, rows, ..Index::default() };
        Ok(())
    }

    fn cut_torn(&mut self) -> Result<(), Failure> {
        if !self.torn {
            return Ok(());
        }
        let Some(storage) = &mut self.storage else { return Err(self.gone()) };
        let cut = storage.truncate(self.good_bytes);
        cut.map_err(|error| self.failed(&error))?;
        self.torn = false;
        Ok(())
    }

    /// Whether `bytes` more may be written and leave others their room.
    fn look_at_space(&mut self, bytes: u64) -> Result<(), Failure> {
        // Should it fail, it is asked again before the next batch.
        self.bytes_to_look = 0;
        let free = self.storages.free_bytes(&self.path).map_err(|error| self.failed(&error))?;
        let spare = free.map_or(u64::MAX, |free| free.saturating_sub(KEEP_FREE_BYTES));
        if spare == 0 || spare < bytes {
            return Err(Failure::new(Doing::Record, self.path.to_string_lossy(), Reason::DiskFull));
        }
        self.bytes_to_look = spare.min(BYTES_TO_LOOK);
        Ok(())
    }

    fn failed(&self, error: &io::Error) -> Failure {
        Failure::of_file(Doing::Record, &self.path, error)
    }

    fn gone(&self) -> Failure {
        Failure::new(Doing::Record, self.path.to_string_lossy(), Reason::FolderGone)
    }
}
