//! The index: now and then a block with the rows since the last one, and at a clean end a block that points at the last.
//! An opened session then shows its rows without reading all of the file. What it says is checked when a row is read.
//! Called by: the recorder (writing), the indexing and the library (reading).

use super::note::{put_note, read_note};
use super::section::{Interface, read_interface};
use super::{END, INDEX, MAGIC, NOTE, put_block, u32_at, u64_at};
use crate::model::{ConnectionId, EndpointId};
use crate::session::notes::NoteEdit;
use crate::session::rows::{ConnectionRow, Jump, Row};

const HEAD_BYTES: usize = 40;
const PAIR_BYTES: usize = 16;
/// An index block without any rows.
pub(in crate::session) const MIN_INDEX_BYTES: u64 = (super::BLOCK_OVERHEAD + HEAD_BYTES) as u64;
/// Magic, rows, next seq, offset of the last index block, CRC.
pub(in crate::session) const END_BYTES: usize = super::BLOCK_OVERHEAD + 32;

/// What was added since the last index block.
#[derive(Debug, Default, PartialEq)]
pub(in crate::session) struct Index {
    /// Offset of the index block before this one; 0: this is the first.
    pub before: u64,
    pub first_row: u64,
    pub rows: Vec<Row>,
    pub jumps: Vec<Jump>,
    pub connections: Vec<(ConnectionId, ConnectionRow)>,
    pub interfaces: Vec<Interface>,
    /// Notes of this stretch of the file, in their order; each stands among the packets as well. At the end of the block,
    /// where programs that know of none do not look.
    pub notes: Vec<NoteEdit>,
}

impl Index {
    pub(in crate::session) fn put(&self, out: &mut Vec<u8>) {
        let mut body =
            Vec::with_capacity(HEAD_BYTES + self.rows.len() * Row::BYTES + self.connections.len() * PAIR_BYTES + 64);
        body.extend_from_slice(&MAGIC);
        body.extend_from_slice(&[0; 4]);
        body.extend_from_slice(&self.before.to_le_bytes());
        body.extend_from_slice(&self.first_row.to_le_bytes());
        for count in [self.rows.len(), self.jumps.len(), self.connections.len(), self.interfaces.len()] {
            body.extend_from_slice(&(count as u32).to_le_bytes());
        }
        for row in &self.rows {
            body.extend_from_slice(&row.to_bytes());
        }
        for jump in &self.jumps {
            body.extend_from_slice(&jump.row.to_le_bytes());
            body.extend_from_slice(&jump.seq.to_le_bytes());
        }
        for (id, connection) in &self.connections {
            body.extend_from_slice(&id.0.to_le_bytes());
            body.extend_from_slice(&connection.endpoint.0.to_le_bytes());
            body.extend_from_slice(&connection.row_plus_one.to_le_bytes());
        }
        let mut interface_block = Vec::new();
        for interface in &self.interfaces {
            interface_block.clear();
            super::section::put_interface(&mut interface_block, interface);
            body.extend_from_slice(&interface_block);
        }
        self.notes.iter().for_each(|note| put_note(&mut body, note));
        let crc = crc32fast::hash(&body[8..]);
        body[4..8].copy_from_slice(&crc.to_le_bytes());
        put_block(out, INDEX, &body);
    }

    /// `None`: not ours, or damaged.
    pub(in crate::session) fn read(body: &[u8]) -> Option<Self> {
        if body.get(..4)? != MAGIC || u32_at(body, 4)? != crc32fast::hash(body.get(8..)?) {
            return None;
        }
        let count = |n: usize| u32_at(body, 24 + n * 4).map(|count| count as usize);
        let (rows, jumps, connections, interfaces) = (count(0)?, count(1)?, count(2)?, count(3)?);
        let rest = body.get(HEAD_BYTES..)?;
        let (row_bytes, rest) = rest.split_at_checked(rows.checked_mul(Row::BYTES)?)?;
        let (jump_bytes, rest) = rest.split_at_checked(jumps.checked_mul(PAIR_BYTES)?)?;
        let (connection_bytes, mut rest) = rest.split_at_checked(connections.checked_mul(PAIR_BYTES)?)?;
        let mut index = Self {
            before: u64_at(body, 8)?,
            first_row: u64_at(body, 16)?,
            rows: row_bytes.as_chunks().0.iter().map(Row::from_bytes).collect(),
            ..Self::default()
        };
        for pair in jump_bytes.chunks_exact(PAIR_BYTES) {
            index.jumps.push(Jump { row: u64_at(pair, 0)?, seq: u64_at(pair, 8)? });
        }
        for pair in connection_bytes.chunks_exact(PAIR_BYTES) {
            let connection = ConnectionRow { endpoint: EndpointId(u32_at(pair, 4)?), row_plus_one: u64_at(pair, 8)? };
            index.connections.push((ConnectionId(u32_at(pair, 0)?), connection));
        }
        for _ in 0..interfaces {
            let block = super::block_at(rest).ok()?;
            index.interfaces.push(read_interface(block.body)?);
            rest = &rest[block.total..];
        }
        while let Ok(block) = super::block_at(rest)
            && block.kind == NOTE
        {
            index.notes.extend(read_note(block.body));
            rest = &rest[block.total..];
        }
        Some(index)
    }
}

/// The last block of a session that was closed cleanly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::session) struct End {
    pub rows: u64,
    /// The seq that the next event would have had.
    pub next_seq: u64,
    /// Offset of the last index block; 0: there is none.
    pub last_index: u64,
}

impl End {
    pub(in crate::session) fn put(&self, out: &mut Vec<u8>) {
        let mut body = Vec::with_capacity(32);
        body.extend_from_slice(&MAGIC);
        body.extend_from_slice(&[0; 4]);
        body.extend_from_slice(&self.rows.to_le_bytes());
        body.extend_from_slice(&self.next_seq.to_le_bytes());
        body.extend_from_slice(&self.last_index.to_le_bytes());
        let crc = crc32fast::hash(&body[8..]);
        body[4..8].copy_from_slice(&crc.to_le_bytes());
        put_block(out, END, &body);
    }

    /// From the last `END_BYTES` of a file.
    pub(in crate::session) fn read(block: &[u8]) -> Option<Self> {
        let block = super::block_at(block).ok().filter(|block| block.kind == END && block.total == END_BYTES)?;
        let body = block.body;
        if body.get(..4)? != MAGIC || u32_at(body, 4)? != crc32fast::hash(body.get(8..)?) {
            return None;
        }
        Some(Self { rows: u64_at(body, 8)?, next_seq: u64_at(body, 16)?, last_index: u64_at(body, 24)? })
    }
}
