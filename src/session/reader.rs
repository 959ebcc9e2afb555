//! Positioned reads of rows through a window of the file: one system call brings many neighbouring rows.
//!
//! Owns: the window, bounded by the largest block. Never: believes a length that the file tells. Called by: `log`, the log
//! view, the exports.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::sync::Arc;

use super::log::Log;
use super::pcapng::decode::Stored;
use super::pcapng::{BLOCK_OVERHEAD, MAX_BLOCK_BYTES, block_at};
use super::rows::Row;
use crate::model::{ConnectionId, Doing, Event, Failure, Flow, Reason, Recorded};

/// Flows that are kept to be shared by the events of a connection.
const MAX_FLOWS: usize = 4096;

pub(super) struct Reader<'a> {
    log: &'a Log,
    window_bytes: usize,
    window: Vec<u8>,
    /// What the window holds: bytes of this file from this offset on.
    file: u8,
    begins: u64,
    flows: HashMap<ConnectionId, Arc<Flow>>,
}

impl<'a> Reader<'a> {
    /// Reads at least `window_bytes` at once, where the file has them.
    pub(super) fn new(log: &'a Log, window_bytes: usize) -> Self {
        Self { log, window_bytes, window: Vec::new(), file: 0, begins: 0, flows: HashMap::new() }
    }

    /// The event of a row.
    pub(super) fn recorded(&mut self, row: u64) -> Result<Recorded, Failure> {
        let place = self.log.rows.get(row).ok_or_else(|| failed(self.log, format!("there is no row {row}")))?;
        let log = self.log;
        let (time, seq, damaged, flow, what) = {
            let stored = self.stored(place).map_err(|error| failed(log, error))?;
            let interface = stored.interface().and_then(|number| log.interface(place.file(), place.offset(), number));
            (stored.time, stored.seq, stored.is_damaged(), stored.flow(interface.as_ref()), stored.what())
        };
        let seq_of_row = self.log.seq_of(row);
        if seq != seq_of_row {
            return Err(failed(log, format!("event {seq} stands where {seq_of_row} belongs")));
        }
        Ok(Recorded { seq, event: Event { time, flow: self.share(flow), what }, damaged })
    }

    /// A row as it stands in the file, its payload not copied.
    pub(super) fn stored(&mut self, row: Row) -> Result<Stored<'_>, String> {
        let at = self.hold(row, BLOCK_OVERHEAD).map_err(|error| error.to_string())?;
        let total = super::pcapng::u32_at(&self.window, at + 4).unwrap_or_default() as usize;
        if !(BLOCK_OVERHEAD..=MAX_BLOCK_BYTES).contains(&total) {
            return Err(format!("a block's length is damaged at byte {}", row.offset()));
        }
        let at = self.hold(row, total).map_err(|error| error.to_string())?;
        let block = block_at(&self.window[at..]);
        let block = block.map_err(|_| format!("a block's length is damaged at byte {}", row.offset()))?;
        Stored::read(&block).ok_or_else(|| format!("no event stands at byte {}", row.offset()))
    }

    /// The bytes from a row's block on, as far as the window has them: `bytes` at least where it can hold so many.
    pub(super) fn ahead(&mut self, row: Row, bytes: usize) -> io::Result<&[u8]> {
        let at = match self.hold(row, bytes.clamp(BLOCK_OVERHEAD, self.window_bytes)) {
            Ok(at) => at,
            Err(_) => self.hold(row, BLOCK_OVERHEAD)?,
        };
        Ok(&self.window[at..])
    }

    /// Makes the window hold so many bytes of the row's block, and says where in it they begin.
    fn hold(&mut self, row: Row, bytes: usize) -> io::Result<usize> {
        let offset = row.offset();
        if row.file() == self.file
            && let Some(at) = offset.checked_sub(self.begins).and_then(|at| usize::try_from(at).ok())
            && at.checked_add(bytes).is_some_and(|end| end <= self.window.len())
        {
            return Ok(at);
        }
        let (file, readable) = self.log.source(row.file()).ok_or(io::ErrorKind::NotFound)?;
        let left = usize::try_from(readable.saturating_sub(offset)).unwrap_or(usize::MAX);
        let wanted = bytes.max(self.window_bytes).min(left);
        self.window.resize(wanted, 0);
        (self.file, self.begins) = (row.file(), offset);
        let mut filled = 0;
        while filled < wanted {
            match read_at(&file, &mut self.window[filled..], offset + filled as u64) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) => {
                    self.window.clear();
                    return Err(error);
                }
            }
        }
        self.window.truncate(filled);
        if filled < bytes { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(0) }
    }

    /// One `Flow` for all events of a connection, as long as it stays the same.
    fn share(&mut self, flow: Flow) -> Arc<Flow> {
        if let Some(known) = self.flows.get(&flow.connection)
            && **known == flow
        {
            return known.clone();
        }
        if self.flows.len() >= MAX_FLOWS {
            self.flows.clear();
        }
        let connection = flow.connection;
        let flow = Arc::new(flow);
        self.flows.insert(connection, flow.clone());
        flow
    }
}

fn failed(log: &Log, system: String) -> Failure {
    Failure { system, ..Failure::new(Doing::ReadFile, log.path().to_string_lossy(), Reason::Other) }
}

/// Reads at a place of the file, wherever its cursor is. 0: the end.
pub(super) fn read_at(file: &File, into: &mut [u8], at: u64) -> io::Result<usize> {
    loop {
        #[cfg(unix)]
        let read = std::os::unix::fs::FileExt::read_at(file, into, at);
        #[cfg(windows)]
        let read = std::os::windows::fs::FileExt::seek_read(file, into, at);
        match read {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            read => return read,
        }
    }
}
