//! Indexing an opened file: from its index blocks when it was closed cleanly, else by walking through all of its blocks.
//!
//! Owns: the thread's work. Never trusts the file: every size is bounded before it is allocated, and damage ends it.
//! Called by: `Log::open`, on a thread of its own.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Weak};

use super::log::Log;
use super::notes::NoteEdit;
use super::pcapng::decode::Stored;
use super::pcapng::index::{END_BYTES, End, Index, MIN_INDEX_BYTES};
use super::pcapng::note::read_note;
use super::pcapng::section::{Interface, is_ours, read_interface};
use super::pcapng::{
    BLOCK_OVERHEAD, Block, Broken, INDEX, INTERFACE, MAX_BLOCK_BYTES, NOTE, SECTION, block_at, u64_at,
};
use super::reader::read_at;
use super::rows::{ConnectionRow, Fresh, Jump, Seen};
use crate::model::{ConnectionId, EventKind};

const WINDOW_BYTES: usize = 2 * 1024 * 1024;
/// Rows are shown as so many are found.
const ROWS_TO_SHOW: usize = 32 * 1024;
/// Notes are handed over as so many are found.
const NOTES_TO_SHOW: usize = 1024;
const NOT_OURS: &str = "this is not a Sockscope session";

pub(super) struct Indexing {
    log: Weak<Log>,
    file: Arc<File>,
    bytes: u64,
    /// The session's later files, and what stands before the one that is read now.
    further: VecDeque<PathBuf>,
    number: u16,
    rows_before: u64,
    bytes_before: u64,
    fresh: Fresh,
    notes: Vec<NoteEdit>,
    /// Interfaces of this section.
    interfaces: Vec<Interface>,
    seen: Seen,
    rows: u64,
    next_seq: u64,
}

/// Where and why it ended.
type Damage = (u64, String);

impl Indexing {
    /// `further`: the files that follow the log's first one.
    pub(super) fn new(log: &Arc<Log>, bytes: u64, further: VecDeque<PathBuf>) -> Self {
        let file = log.source(0).map(|(file, _)| file);
        Self {
            log: Arc::downgrade(log),
            // A log has its file from the beginning.
            file: file.unwrap_or_else(|| unreachable!("a log without a file")),
            bytes,
            further,
            number: 0,
            rows_before: 0,
            bytes_before: 0,
            fresh: Fresh::default(),
            notes: Vec::new(),
            interfaces: Vec::new(),
            seen: Seen::default(),
            rows: 0,
            next_seq: 1,
        }
    }

    pub(super) fn run(mut self) {
        let mut damage = None;
        loop {
            if let Err((at, reason)) = self.index() {
                // What a later file of the session holds is shown all the same.
                let reason = if self.number == 0 { reason } else { format!("file {}: {reason}", self.number + 1) };
                damage.get_or_insert((at, reason));
                self.show(at);
            }
            if !self.begin_next_file() {
                break;
            }
        }
        if let Some(log) = self.log.upgrade() {
            let bytes = damage.as_ref().map_or(self.bytes, |(at, _)| *at);
            log.add_notes(self.notes.drain(..));
            log.grow(&mut self.fresh, self.bytes_before + bytes);
            log.end_indexing(damage);
        }
    }

    /// Goes on with the session's next file. `false`: there is none that can be opened.
    fn begin_next_file(&mut self) -> bool {
        let (Some(path), Some(log)) = (self.further.pop_front(), self.log.upgrade()) else { return false };
        let Ok(file) = File::open(&path) else { return false };
        let Ok(facts) = file.metadata() else { return false };
        let (file, bytes) = (Arc::new(file), facts.len());
        self.show(self.bytes);
        (self.rows_before, self.bytes_before) = (self.rows, self.bytes_before + self.bytes);
        (self.file, self.bytes, self.number) = (file.clone(), bytes, self.number + 1);
        self.interfaces.clear();
        log.add_opened_file(&path, file, self.bytes_before);
        true
    }

    fn index(&mut self) -> Result<(), Damage> {
        let from = match self.end() {
            Some(end) => self.take_index(end),
            None => 0,
        };
        self.walk(from)
    }

    fn end(&self) -> Option<End> {
        let at = self.bytes.checked_sub(END_BYTES as u64)?;
        let mut block = [0; END_BYTES];
        read_at(&self.file, &mut block, at).ok().filter(|read| *read == END_BYTES)?;
        End::read(&block)
    }

    /// Takes the rows from the index blocks and says where the rest begins: the end block, and what was noted later.
    fn take_index(&mut self, end: End) -> u64 {
        let Ok(first) = self.block(0) else { return 0 };
        let is_ours = block_at(&first).is_ok_and(|block| block.kind == SECTION && is_ours(block.body));
        let Some(places) = self.index_places(end.last_index).filter(|_| is_ours) else { return 0 };
        if let Some(log) = self.log.upgrade() {
            log.add_section(0);
        }
        let mut walk_from = first.len() as u64;
        for at in places {
            let own_rows = self.rows - self.rows_before;
            let Some((index, bytes)) = self.index_at(at).filter(|(index, _)| index.first_row == own_rows) else {
                return walk_from;
            };
            self.take(index, at);
            walk_from = at + bytes;
        }
        walk_from
    }

    /// Offsets of the index blocks, first to last. Each points at one that ends before it, so this ends, and there are
    /// never more of them than the file has room for.
    fn index_places(&self, last: u64) -> Option<Vec<u64>> {
        let mut places = Vec::new();
        let mut at = last;
        while at != 0 {
            places.push(at);
            let mut head = [0; 24];
            read_at(&self.file, &mut head, at).ok().filter(|read| *read == head.len())?;
            let before = u64_at(&head, 16)?.min(self.bytes);
            if before + MIN_INDEX_BYTES > at {
                return None;
            }
            at = before;
        }
        places.reverse();
        Some(places)
    }

    fn index_at(&self, at: u64) -> Option<(Index, u64)> {
        let bytes = self.block(at).ok()?;
        let block = block_at(&bytes).ok().filter(|block| block.kind == INDEX)?;
        Some((Index::read(block.body)?, bytes.len() as u64))
    }

    /// One whole block, read for itself.
    fn block(&self, at: u64) -> io::Result<Vec<u8>> {
        let mut head = [0; 8];
        let total = match read_at(&self.file, &mut head, at)? {
            8 => u32::from_le_bytes([head[4], head[5], head[6], head[7]]) as usize,
            _ => return Err(io::ErrorKind::UnexpectedEof.into()),
        };
        if !(BLOCK_OVERHEAD..=MAX_BLOCK_BYTES).contains(&total) || at.saturating_add(total as u64) > self.bytes {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let mut block = vec![0; total];
        let read = read_at(&self.file, &mut block, at)?;
        if read == total { Ok(block) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }

    fn take(&mut self, mut index: Index, at: u64) {
        // It counts from the beginning of its file.
        let (number, before) = (self.number, self.rows_before);
        if number > 0 {
            index.rows.iter_mut().for_each(|row| *row = row.in_file(number));
            index.jumps.iter_mut().for_each(|jump| jump.row = jump.row.saturating_add(before));
            let connections = index.connections.iter_mut();
            connections.for_each(|(_, known)| known.row_plus_one = known.row_plus_one.saturating_add(before));
        }
        self.rows += index.rows.len() as u64;
        let last = index.jumps.last().copied();
        self.next_seq = match last {
            Some(Jump { row, seq }) => seq.saturating_add(self.rows.saturating_sub(row)),
            None => self.next_seq.saturating_add(index.rows.len() as u64),
        };
        for (id, _) in &index.connections {
            self.seen.insert(*id);
        }
        self.interfaces.extend_from_slice(&index.interfaces);
        self.notes.extend(index.notes);
        self.fresh = Fresh {
            rows: index.rows,
            jumps: index.jumps,
            connections: index.connections,
            interfaces: index.interfaces,
        };
        self.show(at);
    }

    /// Walks through all blocks from `from` on.
    fn walk(&mut self, from: u64) -> Result<(), Damage> {
        let mut window = Vec::new();
        // The window begins at this offset of the file; `at` is where the walk stands in it.
        let (mut begins, mut at) = (from, 0);
        loop {
            let offset = begins + at as u64;
            if offset == self.bytes {
                return Ok(());
            }
            match block_at(&window[at..]) {
                Ok(block) => {
                    let total = block.total;
                    self.block_found(&block, offset)?;
                    at += total;
                }
                Err(Broken::Length) => return Err((offset, "a block's length is damaged".into())),
                Err(Broken::Cut { needs }) => {
                    if offset + needs as u64 > self.bytes {
                        let text = if offset == 0 { NOT_OURS } else { "the last block is cut off" };
                        return Err((offset, text.into()));
                    }
                    window.drain(..at);
                    (begins, at) = (offset, 0);
                    self.fill(&mut window, begins, needs)?;
                }
            }
        }
    }

    /// Reads on, so that the window holds `needs` bytes at least.
    fn fill(&self, window: &mut Vec<u8>, begins: u64, needs: usize) -> Result<(), Damage> {
        let held = window.len();
        let left = usize::try_from(self.bytes - begins).unwrap_or(usize::MAX);
        window.resize(needs.max(WINDOW_BYTES).min(left), 0);
        let mut filled = held;
        while filled < window.len() {
            match read_at(&self.file, &mut window[filled..], begins + filled as u64) {
                Ok(0) => return Err((begins, "the file became shorter while it was read".into())),
                Ok(read) => filled += read,
                Err(error) => return Err((begins, error.to_string())),
            }
        }
        Ok(())
    }

    fn block_found(&mut self, block: &Block<'_>, offset: u64) -> Result<(), Damage> {
        match block.kind {
            SECTION => {
                if !is_ours(block.body) {
                    return Err((offset, NOT_OURS.into()));
                }
                self.show(offset);
                self.interfaces.clear();
                if let Some(log) = self.log.upgrade() {
                    log.add_section(offset);
                }
            }
            _ if offset == 0 => return Err((0, NOT_OURS.into())),
            INTERFACE => {
                let Some(interface) = read_interface(block.body) else {
                    return Err((offset, "an interface of another program".into()));
                };
                self.interfaces.push(interface.clone());
                self.fresh.interfaces.push(interface);
            }
            NOTE => {
                self.notes.extend(read_note(block.body));
                if self.notes.len() >= NOTES_TO_SHOW {
                    self.show(offset + block.total as u64);
                }
            }
            _ => {
                if let Some(stored) = Stored::read(block) {
                    self.event_found(&stored, offset, block.total)?;
                }
            }
        }
        Ok(())
    }

    fn event_found(&mut self, stored: &Stored<'_>, offset: u64, total: usize) -> Result<(), Damage> {
        if stored.seq < self.next_seq || stored.seq == u64::MAX {
            return Err((
                offset,
                format!("event {} stands where {} or a later one belongs", stored.seq, self.next_seq),
            ));
        }
        if stored.seq != self.next_seq {
            self.fresh.jumps.push(Jump { row: self.rows, seq: stored.seq });
        }
        self.next_seq = stored.seq + 1;
        let interface = stored.interface().and_then(|number| self.interfaces.get(number as usize));
        let row = stored.row(offset, total, stored.endpoint(interface));
        if !stored.connection.is_none() {
            let endpoint = stored.endpoint(interface);
            self.connection_found(
                stored.connection,
                row.kind(),
                ConnectionRow { endpoint, row_plus_one: self.rows + 1 },
            );
        }
        self.fresh.rows.push(row.in_file(self.number));
        self.rows += 1;
        if self.fresh.rows.len() >= ROWS_TO_SHOW {
            self.show(offset + total as u64);
        }
        if self.log.strong_count() == 0 {
            return Err((offset, String::new()));
        }
        Ok(())
    }

    fn connection_found(&mut self, id: ConnectionId, kind: EventKind, known: ConnectionRow) {
        let tells = matches!(kind, EventKind::Accepted | EventKind::Connected);
        if tells || self.seen.insert(id) {
            self.fresh.connections.push((id, known));
        }
    }

    fn show(&mut self, bytes: u64) {
        if let Some(log) = self.log.upgrade() {
            log.add_notes(self.notes.drain(..));
            log.grow(&mut self.fresh, self.bytes_before + bytes);
        }
    }
}
