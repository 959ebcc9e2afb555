//! One session's rows in memory and the positioned reads behind them; live or opened from a file.
//!
//! Owns: the rows, the interfaces, the handles for reading. Never: writing, filtering.
//! Called by: the recorder (which lets it grow), the log view, exports, `ui` and `cli`.

use std::collections::VecDeque;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::thread;
use std::time::Duration;

use parking_lot::{Condvar, Mutex, RwLock};

use super::import::{self, Whose};
use super::indexing::Indexing;
use super::library::files_of_session;
use super::notes::{self, NoteBook, NoteEdit, Notes};
use super::pcapng::section::Interface;
use super::reader::Reader;
use super::recorder::{NoteLane, Sent};
use super::rows::{ConnectionRow, Connections, Fresh, Jumps, Row, Rows};
use crate::model::{ConnectionId, Doing, EndpointId, Failure, Flow, Imported, Reason, Recorded};

/// One event is read with one system call as a rule.
const ONE_ROW_WINDOW_BYTES: usize = 4 * 1024;

pub struct Log {
    path: PathBuf,
    pub(super) rows: Rows,
    jumps: RwLock<Jumps>,
    connections: RwLock<Connections>,
    sources: RwLock<Vec<Source>>,
    state: Mutex<LogState>,
    notes: RwLock<NoteBook>,
    /// To the recorder, while the session is being recorded.
    note_lane: Mutex<Option<NoteLane>>,
    /// One note at a time goes into the file of a session that was closed.
    appending: Mutex<()>,
    watchers: Mutex<Vec<Weak<Signal>>>,
}

/// A file of the session. There are more when the session was told to begin new ones, or when the file was removed while it
/// was recorded.
struct Source {
    path: PathBuf,
    /// Bytes of the files before it that `LogState::file_bytes` counts.
    bytes_before: u64,
    /// `None`: deleted, because newer ones are kept.
    file: Option<Arc<File>>,
    /// Offsets of section headers, and how many interfaces stand before each.
    sections: Vec<(u64, usize)>,
    interfaces: Vec<Interface>,
    /// Whole blocks up to here; beyond may stand what is being written.
    readable_bytes: u64,
}

#[derive(Clone, Debug, Default)]
pub struct LogState {
    pub rows: u64,
    pub file_bytes: u64,
    /// Bytes of the file that are indexed; equals `file_bytes` when all is.
    pub indexed_bytes: u64,
    /// Where reading stopped because the file is damaged or cut, and why.
    pub damage: Option<(u64, String)>,
    /// It is being recorded by this program.
    pub live: bool,
    /// All that can be read of an opened file has been indexed; always so for a live one.
    pub complete: bool,
    /// Rows before this one are gone: their file was deleted to keep the newest ones.
    pub first_row: u64,
    /// A capture of another program: what it held. Then `file_bytes`, `indexed_bytes` and `damage` are of that file.
    pub imported: Option<Arc<Imported>>,
}

impl Log {
    /// Opens a file read-only; the index is built on a thread of its own, rows appear as it grows.
    pub fn open(path: &Path) -> Result<Arc<Log>, Failure> {
        Self::open_all(path, VecDeque::new())
    }

    /// The same for a session that was told to begin new files: all of them that are there, whichever one `path` names.
    pub fn open_session(path: &Path) -> Result<Arc<Log>, Failure> {
        let mut files = VecDeque::from(files_of_session(path));
        let first = files.pop_front().unwrap_or_else(|| path.to_owned());
        Self::open_all(&first, files)
    }

    fn open_all(path: &Path, further: VecDeque<PathBuf>) -> Result<Arc<Log>, Failure> {
        let failed = |error: &std::io::Error| Failure::of_file(Doing::ReadFile, path, error);
        let file = open_without_waiting(path).map_err(|e| failed(&e))?;
        let metadata = file.metadata().map_err(|e| failed(&e))?;
        if !metadata.is_file() {
            return Err(Failure::new(Doing::ReadFile, path.to_string_lossy(), Reason::NotAFile));
        }
        let bytes = metadata.len();
        let whose = import::whose(&file, path)?;
        if let Whose::Foreign(foreign) = whose {
            return import::open(foreign, path, Arc::new(file), bytes);
        }
        let log = Arc::new(Self::new(path, Arc::new(file), bytes, false));
        for path in &further {
            log.state.lock().file_bytes += std::fs::metadata(path).map_or(0, |facts| facts.len());
        }
        let indexing = Indexing::new(&log, bytes, further);
        thread::Builder::new().name("session-index".into()).spawn(move || indexing.run()).map_err(|e| failed(&e))?;
        Ok(log)
    }

    /// The log of a session that is being recorded.
    pub(super) fn live(path: &Path, file: Arc<File>) -> Arc<Log> {
        Arc::new(Self::new(path, file, 0, true))
    }

    /// The log of a capture of another program: `copy` is where its events are written to.
    pub(super) fn importing(path: &Path, copy: Arc<File>, source_bytes: u64) -> Arc<Log> {
        let log = Self::new(path, copy, source_bytes, false);
        if let Some(source) = log.sources.write().last_mut() {
            source.readable_bytes = 0;
        }
        log.state.lock().imported = Some(Arc::default());
        Arc::new(log)
    }

    fn new(path: &Path, file: Arc<File>, bytes: u64, live: bool) -> Self {
        let state = LogState { file_bytes: bytes, live, complete: live, ..LogState::default() };
        let readable_bytes = if live { 0 } else { u64::MAX };
        let source = Source {
            path: path.to_owned(),
            bytes_before: 0,
            file: Some(file),
            sections: Vec::new(),
            interfaces: Vec::new(),
            readable_bytes,
        };
        Self {
            path: path.to_owned(),
            rows: Rows::default(),
            jumps: RwLock::default(),
            connections: RwLock::default(),
            sources: RwLock::new(vec![source]),
            state: Mutex::new(state),
            notes: RwLock::default(),
            note_lane: Mutex::default(),
            appending: Mutex::default(),
            watchers: Mutex::default(),
        }
    }

    pub fn path(&self) -> PathBuf {
        self.path.clone()
    }

    pub fn state(&self) -> LogState {
        // Taken first: when it says that all is indexed, all rows are there.
        let state = self.state.lock().clone();
        LogState { rows: self.rows.len(), first_row: self.rows.first(), ..state }
    }

    /// Notes and bookmarks as they are now.
    pub fn notes(&self) -> Arc<Notes> {
        self.notes.read().notes()
    }

    /// Writes or removes a note: it is among the notes at once when it stands in the file, or on its way there while the
    /// session is being recorded. May wait for the disk: call it off the UI and tokio threads.
    pub fn annotate(&self, edit: NoteEdit) -> Result<(), Failure> {
        let edit = edit.bounded();
        let _one = self.appending.lock();
        if !self.notes.read().takes(&edit) {
            return Err(notes::too_many(&self.path));
        }
        let sent = self.note_lane.lock().as_ref().map(|lane| lane.send(edit.clone()));
        match sent {
            Some(Sent::Taken) => {}
            Some(Sent::Full) => {
                return Err(Failure::new(Doing::Record, self.path.to_string_lossy(), Reason::NoProgress));
            }
            None => self.append_note(&edit)?,
        }
        self.add_notes([edit]);
        self.wake();
        Ok(())
    }

    fn append_note(&self, edit: &NoteEdit) -> Result<(), Failure> {
        let refused = |reason| Err(Failure::new(Doing::WriteFile, self.path.to_string_lossy(), reason));
        let state = self.state();
        match state.damage {
            _ if state.imported.is_some() => return refused(Reason::NotOurs),
            Some((0, _)) => return refused(Reason::NotOurs),
            Some(_) => return refused(Reason::Damaged),
            None if !state.complete => return refused(Reason::StillReading),
            None => {}
        }
        // Of several files the last one is asked last.
        let newest = |source: &Source| Some((source.path.clone(), source.file.clone()?, source.bytes_before));
        let newest = self.sources.read().last().and_then(newest);
        let Some((path, file, before)) = newest else { return refused(Reason::FileMissing) };
        let bytes = before + notes::append(&path, &file, state.file_bytes.saturating_sub(before), edit)?;
        let mut state = self.state.lock();
        (state.file_bytes, state.indexed_bytes) = (bytes, bytes);
        Ok(())
    }

    /// Notes that were found in the file.
    pub(super) fn add_notes(&self, edits: impl IntoIterator<Item = NoteEdit>) {
        self.notes.write().apply(edits);
    }

    /// Notes go to the recorder from now on; `None`: it has ended.
    pub(super) fn send_notes_to(&self, lane: Option<NoteLane>) {
        *self.note_lane.lock() = lane;
    }

    /// Waits until an opened file is indexed as far as it can be read, or `limit` is over.
    pub fn wait_complete(&self, limit: Duration) -> LogState {
        let signal = self.watch();
        let begun = std::time::Instant::now();
        loop {
            let state = self.state();
            if state.complete || begun.elapsed() >= limit {
                return state;
            }
            signal.wait(limit.saturating_sub(begun.elapsed()));
        }
    }

    /// Reads one row from the file (never in a frame).
    pub fn read(&self, row: u64) -> Result<Recorded, Failure> {
        Reader::new(self, ONE_ROW_WINDOW_BYTES).recorded(row)
    }

    /// The row of the first event whose seq is `seq` or higher; may be the number of rows.
    pub fn row_of(&self, seq: u64) -> u64 {
        self.jumps.read().row_of(seq).min(self.rows.len())
    }

    pub fn seq_of(&self, row: u64) -> u64 {
        self.jumps.read().seq_of(row)
    }

    /// All connections seen so far, in order of their ids: for the CLI and the sidebar of an opened file.
    pub fn flows(&self) -> Vec<Arc<Flow>> {
        let connections = self.connections.read().all();
        let mut reader = Reader::new(self, ONE_ROW_WINDOW_BYTES);
        let flow =
            |(_, connection): (_, ConnectionRow)| Some(reader.recorded(connection.row_plus_one - 1).ok()?.event.flow);
        connections.into_iter().filter_map(flow).collect()
    }

    /// The row that tells most of a connection, for all of them or for one.
    pub(super) fn connection_rows(&self) -> Vec<(ConnectionId, u64)> {
        let connections = self.connections.read().all();
        connections.into_iter().map(|(id, connection)| (id, connection.row_plus_one - 1)).collect()
    }

    pub(super) fn connection_row(&self, id: ConnectionId) -> Option<u64> {
        self.connections.read().get(id).map(|connection| connection.row_plus_one - 1)
    }

    pub(super) fn connection_count(&self) -> usize {
        self.connections.read().count()
    }

    pub(super) fn endpoint_of(&self, row: Row) -> EndpointId {
        let known = || self.connections.read().get(row.connection());
        row.own_endpoint().or_else(|| known().map(|known| known.endpoint)).unwrap_or_default()
    }

    /// The file that a row is in, and how much of it may be read.
    pub(super) fn source(&self, number: u16) -> Option<(Arc<File>, u64)> {
        let sources = self.sources.read();
        sources.get(usize::from(number)).and_then(|source| Some((source.file.clone()?, source.readable_bytes)))
    }

    pub(super) fn interface(&self, file: u16, offset: u64, number: u32) -> Option<Interface> {
        let sources = self.sources.read();
        let source = sources.get(usize::from(file))?;
        let section = source.sections.partition_point(|(at, _)| *at <= offset);
        let first = section.checked_sub(1).and_then(|at| source.sections.get(at)).map_or(0, |(_, first)| *first);
        source.interfaces.get(first.checked_add(number as usize)?).cloned()
    }

    /// Adds what was written or indexed, up to `bytes` of the newest file, and empties `fresh`.
    pub(super) fn grow(&self, fresh: &mut Fresh, bytes: u64) {
        self.take(fresh, bytes);
        let mut state = self.state.lock();
        state.indexed_bytes = bytes;
        if state.live {
            state.file_bytes = bytes;
        }
        drop(state);
        self.wake();
    }

    /// Adds what was imported: `readable` bytes of the copy hold what `taken` bytes of the capture told.
    pub(super) fn grow_imported(&self, fresh: &mut Fresh, readable: u64, taken: u64, imported: &Imported) {
        self.take(fresh, readable);
        let mut state = self.state.lock();
        state.indexed_bytes = taken;
        // A capture may grow while it is read.
        state.file_bytes = state.file_bytes.max(taken);
        state.imported = Some(Arc::new(imported.clone()));
        drop(state);
        self.wake();
    }

    fn take(&self, fresh: &mut Fresh, bytes: u64) {
        if let Some(source) = self.sources.write().last_mut() {
            source.interfaces.append(&mut fresh.interfaces);
            if source.readable_bytes != u64::MAX {
                source.readable_bytes = bytes;
            }
        }
        if !fresh.jumps.is_empty() {
            let mut jumps = self.jumps.write();
            fresh.jumps.drain(..).for_each(|jump| jumps.push(jump));
        }
        if !fresh.connections.is_empty() {
            let mut connections = self.connections.write();
            fresh.connections.drain(..).for_each(|(id, known)| connections.set(id, known));
        }
        self.rows.append(&fresh.rows);
        fresh.clear();
    }

    /// A section begins at `offset` of the newest file.
    pub(super) fn add_section(&self, offset: u64) {
        if let Some(source) = self.sources.write().last_mut() {
            source.sections.push((offset, source.interfaces.len()));
        }
    }

    /// Another file of an opened session; `before` is the size of those before it.
    pub(super) fn add_opened_file(&self, path: &Path, file: Arc<File>, before: u64) {
        self.add_file(path, file);
        if let Some(source) = self.sources.write().last_mut() {
            (source.readable_bytes, source.bytes_before) = (u64::MAX, before);
        }
    }

    /// Recording goes on in a new file.
    pub(super) fn add_file(&self, path: &Path, file: Arc<File>) {
        let (path, file) = (path.to_owned(), Some(file));
        self.sources.write().push(Source {
            path,
            bytes_before: 0,
            file,
            sections: Vec::new(),
            interfaces: Vec::new(),
            readable_bytes: 0,
        });
    }

    /// The files before number `file` were deleted: `first_row` is the first row that is left.
    pub(super) fn forget_before(&self, file: u16, first_row: u64) {
        self.rows.forget_before(first_row);
        for source in self.sources.write().iter_mut().take(usize::from(file)) {
            // The place on the disk is free when nobody holds the file open.
            (source.file, source.sections, source.interfaces) = (None, Vec::new(), Vec::new());
        }
        self.wake();
    }

    pub(super) fn end_recording(&self) {
        self.state.lock().live = false;
        self.wake();
    }

    pub(super) fn end_indexing(&self, damage: Option<(u64, String)>) {
        let mut state = self.state.lock();
        if damage.is_none() {
            state.indexed_bytes = state.file_bytes;
        }
        state.damage = damage;
        state.complete = true;
        drop(state);
        self.wake();
    }

    /// A signal that is given whenever the log has grown.
    pub(super) fn watch(&self) -> Arc<Signal> {
        let signal = Arc::new(Signal::default());
        let mut watchers = self.watchers.lock();
        watchers.retain(|watcher| watcher.strong_count() > 0);
        watchers.push(Arc::downgrade(&signal));
        signal
    }

    fn wake(&self) {
        for watcher in self.watchers.lock().iter() {
            if let Some(signal) = watcher.upgrade() {
                signal.give();
            }
        }
    }
}

/// Something happened since one looked last. Giving it to one who is awake costs one atomic operation.
#[derive(Default)]
pub(super) struct Signal {
    given: AtomicBool,
    lock: Mutex<()>,
    wake: Condvar,
}

impl Signal {
    pub(super) fn give(&self) {
        if !self.given.swap(true, Ordering::AcqRel) {
            // The lock orders this with the waiter's decision to sleep.
            drop(self.lock.lock());
            self.wake.notify_all();
        }
    }

    /// Whether it is given, without taking it.
    pub(super) fn is_given(&self) -> bool {
        self.given.load(Ordering::Acquire)
    }

    /// Takes it without waiting.
    pub(super) fn take(&self) {
        self.given.store(false, Ordering::Release);
    }

    /// Waits until it is given, or `limit` is over, and takes it.
    pub(super) fn wait(&self, limit: Duration) {
        let mut guard = self.lock.lock();
        if !self.given.load(Ordering::Acquire) {
            self.wake.wait_for(&mut guard, limit);
        }
        self.given.swap(false, Ordering::AcqRel);
    }
}

/// A pipe that nobody writes to is no session, and is not waited for.
fn open_without_waiting(path: &Path) -> std::io::Result<File> {
    let mut options = File::options();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, rustix::fs::OFlags::NONBLOCK.bits() as i32);
    options.open(path)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_pipe_is_refused_and_never_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipe.pcapng");
        let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
        rustix::fs::mkfifoat(rustix::fs::CWD, &path, mode).unwrap();
        for path in [path.as_path(), folder.path()] {
            let failure = Log::open(path).err().expect("neither is a file");
            assert_eq!((failure.doing, failure.reason), (Doing::ReadFile, Reason::NotAFile));
        }
    }
}
