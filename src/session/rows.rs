//! A session's rows in memory: 16 bytes an event, whatever it carries.
//!
//! Owns: the row, the growing list of rows, which connections there are, where seq numbers jump.
//! Never: the file. Written by one thread (the recorder, or the indexer of an opened file), read by many; a lock is never
//! held longer than it takes to copy some rows.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use parking_lot::RwLock;

use super::pcapng::section::Interface;
use crate::model::{ConnectionId, EndpointId, EventKind};

/// Rows in one sealed piece.
pub(super) const PIECE_ROWS: usize = 65_536;
/// In memory; a longer file is never written (`MAX_FILE_BYTES`).
const OFFSET_BITS: u32 = 44;
const KIND_BITS: u32 = 6;
/// Rows say in 14 bits in which file they are.
pub(super) const MAX_FILES: u16 = 1 << (64 - OFFSET_BITS - KIND_BITS);
/// A row can point so far into a file: 16 TiB.
pub(super) const MAX_FILE_BYTES: u64 = 1 << OFFSET_BITS;
/// In an index block the kind stands behind so many bits of the offset, and the file has no number.
const STORED_OFFSET_BITS: u32 = 48;
const TAIL_ROWS_AT_ONCE: usize = 4096;
const OF_ENDPOINT: u32 = 1 << 31;

/// Where an event stands in the file, and what a filter needs to know of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// Offset of the block (44 bits), kind (6), number of the file (14).
    place: u64,
    /// The connection, or the endpoint when the event belongs to none.
    whose: u32,
    /// Payload bytes, or the block's length for happenings; the highest bit says that `whose` is an endpoint.
    length: u32,
}

impl Row {
    pub(super) const BYTES: usize = 16;

    pub(super) fn new(
        offset: u64,
        kind: EventKind,
        connection: ConnectionId,
        endpoint: EndpointId,
        length: usize,
    ) -> Self {
        let place = (offset & (MAX_FILE_BYTES - 1)) | (kind as u64) << OFFSET_BITS;
        let length = (length as u32) & !OF_ENDPOINT;
        if connection.is_none() {
            Self { place, whose: endpoint.0, length: length | OF_ENDPOINT }
        } else {
            Self { place, whose: connection.0, length }
        }
    }

    pub(super) fn in_file(self, number: u16) -> Self {
        let of_file = (1 << (OFFSET_BITS + KIND_BITS)) - 1;
        Self { place: (self.place & of_file) | u64::from(number) << (OFFSET_BITS + KIND_BITS), ..self }
    }

    /// The same for a frame that ends in it, which is longer or shorter.
    pub(super) fn of_length(self, length: usize) -> Self {
        Self { length: ((length as u32) & !OF_ENDPOINT) | (self.length & OF_ENDPOINT), ..self }
    }

    pub(super) fn file(self) -> u16 {
        (self.place >> (OFFSET_BITS + KIND_BITS)) as u16
    }

    pub(super) fn offset(self) -> u64 {
        self.place & (MAX_FILE_BYTES - 1)
    }

    /// Grows from row to row: the file's number before the offset in it.
    pub(super) fn place(self) -> (u16, u64) {
        (self.file(), self.offset())
    }

    pub(super) fn kind(self) -> EventKind {
        EventKind::from_u8((self.place >> OFFSET_BITS) as u8 & ((1 << KIND_BITS) - 1))
    }

    pub(super) fn length(self) -> usize {
        (self.length & !OF_ENDPOINT) as usize
    }

    pub(super) fn connection(self) -> ConnectionId {
        if self.length & OF_ENDPOINT == 0 { ConnectionId(self.whose) } else { ConnectionId::NONE }
    }

    /// The endpoint of an event without a connection.
    pub(super) fn own_endpoint(self) -> Option<EndpointId> {
        (self.length & OF_ENDPOINT != 0).then_some(EndpointId(self.whose))
    }

    pub(super) fn to_bytes(self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        let place = self.offset() | (self.kind() as u64) << STORED_OFFSET_BITS;
        bytes[..8].copy_from_slice(&place.to_le_bytes());
        bytes[8..12].copy_from_slice(&self.whose.to_le_bytes());
        bytes[12..].copy_from_slice(&self.length.to_le_bytes());
        bytes
    }

    pub(super) fn from_bytes(bytes: &[u8; Self::BYTES]) -> Self {
        let (place, rest) = bytes.split_at(8);
        let (whose, length) = rest.split_at(4);
        let word = |bytes: &[u8]| bytes.first_chunk::<4>().map_or(0, |b| u32::from_le_bytes(*b));
        let stored = place.first_chunk::<8>().map_or(0, |b| u64::from_le_bytes(*b));
        let kind = EventKind::from_u8((stored >> STORED_OFFSET_BITS) as u8);
        let offset = (stored & ((1 << STORED_OFFSET_BITS) - 1)).min(MAX_FILE_BYTES - 1);
        let place = offset | (kind as u64) << OFFSET_BITS;
        Self { place, whose: word(whose), length: word(length) }
    }
}

/// The rows, growing at the end.
#[derive(Default)]
pub(super) struct Rows {
    pieces: RwLock<Pieces>,
}

#[derive(Default)]
struct Pieces {
    /// Those of forgotten rows are empty.
    sealed: Vec<Arc<[Row]>>,
    tail: Vec<Row>,
    /// Rows before this one are forgotten: their file was deleted.
    first: u64,
}

impl Rows {
    pub(super) fn len(&self) -> u64 {
        self.pieces.read().len()
    }

    /// The first row that is not forgotten.
    pub(super) fn first(&self) -> u64 {
        self.pieces.read().first
    }

    /// Rows before `first` are forgotten, and their memory is given back.
    pub(super) fn forget_before(&self, first: u64) {
        let mut pieces = self.pieces.write();
        pieces.first = first.min(pieces.len()).max(pieces.first);
        let forgotten = usize::try_from(pieces.first / PIECE_ROWS as u64).unwrap_or(usize::MAX);
        for piece in pieces.sealed.iter_mut().take(forgotten).rev() {
            if piece.is_empty() {
                break;
            }
            *piece = Arc::default();
        }
    }

    pub(super) fn append(&self, mut rows: &[Row]) {
        while !rows.is_empty() {
            let mut pieces = self.pieces.write();
            let fits = rows.len().min(PIECE_ROWS - pieces.tail.len());
            pieces.tail.extend_from_slice(&rows[..fits]);
            rows = &rows[fits..];
            if pieces.tail.len() == PIECE_ROWS {
                let piece = Arc::from(pieces.tail.as_slice());
                pieces.tail.clear();
                pieces.sealed.push(piece);
            }
        }
    }

    pub(super) fn get(&self, row: u64) -> Option<Row> {
        let pieces = self.pieces.read();
        if row < pieces.first {
            return None;
        }
        let (piece, within) = split(row)?;
        match pieces.sealed.get(piece) {
            Some(sealed) => sealed.get(within).copied(),
            None if piece == pieces.sealed.len() => pieces.tail.get(within).copied(),
            None => None,
        }
    }

    /// Copies rows from `first` on, at most `count` and not beyond the end of their piece; none at the end, or when they
    /// are forgotten.
    pub(super) fn copy(&self, first: u64, count: usize, out: &mut Vec<Row>) {
        out.clear();
        let Some((piece, within)) = split(first) else { return };
        let pieces = self.pieces.read();
        if first < pieces.first {
            return;
        }
        if let Some(sealed) = pieces.sealed.get(piece).cloned() {
            drop(pieces);
            out.extend_from_slice(&sealed[within..(within + count).min(PIECE_ROWS)]);
        } else if piece == pieces.sealed.len() && within < pieces.tail.len() {
            out.extend_from_slice(&pieces.tail[within..(within + count).min(pieces.tail.len())]);
        }
    }

    /// The last row before `number` that is right, and its number; looks at `most` rows at most.
    pub(super) fn last_before(&self, number: u64, most: u64, right: impl Fn(&Row) -> bool) -> Option<(u64, Row)> {
        let (mut end, farthest) = (number.min(self.len()), number.saturating_sub(most));
        while end > farthest {
            let (piece, within) = split(end - 1)?;
            let first = (piece * PIECE_ROWS) as u64;
            let pieces = self.pieces.read();
            // Rows may be forgotten between two pieces.
            let least = farthest.max(pieces.first);
            if end <= least {
                return None;
            }
            let (from, found) = if let Some(sealed) = pieces.sealed.get(piece).cloned() {
                drop(pieces);
                let from = least.saturating_sub(first) as usize;
                (from, sealed[from..=within].iter().rposition(&right).map(|at| (from + at, sealed[from + at])))
            } else {
                // The one who appends waits for this: a little at a time.
                let from = (least.saturating_sub(first) as usize).max(within.saturating_sub(TAIL_ROWS_AT_ONCE));
                let rows = pieces.tail.get(from..=within)?;
                (from, rows.iter().rposition(&right).map(|at| (from + at, rows[at])))
            };
            if let Some((at, row)) = found {
                return Some((first + at as u64, row));
            }
            end = first + from as u64;
        }
        None
    }
}

impl Pieces {
    fn len(&self) -> u64 {
        (self.sealed.len() * PIECE_ROWS + self.tail.len()) as u64
    }
}

fn split(row: u64) -> Option<(usize, usize)> {
    Some((usize::try_from(row / PIECE_ROWS as u64).ok()?, (row % PIECE_ROWS as u64) as usize))
}

/// Where seq numbers do not go on by one: at `row` stands `seq`. Only gaps make entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Jump {
    pub row: u64,
    pub seq: u64,
}

/// A file may hold them in any order: then what is found is wrong, which reading the row tells, and nothing worse.
#[derive(Debug, Default)]
pub(super) struct Jumps {
    list: Vec<Jump>,
}

impl Jumps {
    pub(super) fn push(&mut self, jump: Jump) {
        self.list.push(jump);
    }

    pub(super) fn seq_of(&self, row: u64) -> u64 {
        let after = self.list.partition_point(|jump| jump.row <= row);
        match after.checked_sub(1).and_then(|at| self.list.get(at)) {
            Some(jump) => jump.seq.saturating_add(row.saturating_sub(jump.row)),
            None => row.saturating_add(1),
        }
    }

    /// The first row whose seq is at least `seq`; may lie beyond the end.
    pub(super) fn row_of(&self, seq: u64) -> u64 {
        let after = self.list.partition_point(|jump| jump.seq <= seq);
        let next = self.list.get(after).map_or(u64::MAX, |jump| jump.row);
        match after.checked_sub(1).and_then(|at| self.list.get(at)) {
            Some(jump) => jump.row.saturating_add(seq.saturating_sub(jump.seq)).min(next),
            None => seq.saturating_sub(1).min(next),
        }
    }
}

/// What is kept of a connection: its endpoint, and the row that tells the rest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct ConnectionRow {
    pub endpoint: EndpointId,
    /// Accepted or connected, or else its first; counted from 1, 0 is an empty place.
    pub row_plus_one: u64,
}

/// Ids are counted up by ourselves: those lie in a vector. A file may say otherwise: those lie in a tree.
#[derive(Default)]
pub(super) struct Connections {
    dense: Vec<ConnectionRow>,
    /// Places of the vector that are taken.
    taken: usize,
    sparse: BTreeMap<u32, ConnectionRow>,
}

/// Places of the vector that may be empty beside one for each that is taken: a file may hold ids with wide holes, and
/// memory must follow the number of connections, not the largest id.
const DENSE_AHEAD: usize = 4096;

impl Connections {
    pub(super) fn get(&self, id: ConnectionId) -> Option<ConnectionRow> {
        let found = self.dense.get(id.0 as usize).filter(|found| found.row_plus_one > 0);
        found.or_else(|| self.sparse.get(&id.0)).copied()
    }

    pub(super) fn set(&mut self, id: ConnectionId, connection: ConnectionRow) {
        let at = id.0 as usize;
        if at >= self.dense.len() && at < 2 * self.taken + DENSE_AHEAD {
            self.dense.resize(at + 1, ConnectionRow::default());
        }
        match self.dense.get_mut(at) {
            Some(place) => {
                self.taken += usize::from(place.row_plus_one == 0);
                *place = connection;
            }
            None => {
                self.sparse.insert(id.0, connection);
            }
        }
    }

    pub(super) fn count(&self) -> usize {
        self.taken + self.sparse.len()
    }

    pub(super) fn all(&self) -> Vec<(ConnectionId, ConnectionRow)> {
        let dense = self.dense.iter().enumerate().filter(|(_, c)| c.row_plus_one > 0);
        let mut all: Vec<_> = dense.map(|(id, c)| (ConnectionId(id as u32), *c)).collect();
        let sparse = self.sparse.iter().map(|(id, c)| (ConnectionId(*id), *c));
        all.extend(sparse.filter(|(id, _)| self.dense.get(id.0 as usize).is_none_or(|c| c.row_plus_one == 0)));
        all.sort_by_key(|(id, _)| *id);
        all
    }
}

/// What was added to a session at once.
#[derive(Default)]
pub(super) struct Fresh {
    pub rows: Vec<Row>,
    pub jumps: Vec<Jump>,
    pub connections: Vec<(ConnectionId, ConnectionRow)>,
    pub interfaces: Vec<Interface>,
}

impl Fresh {
    pub(super) fn clear(&mut self) {
        self.rows.clear();
        self.jumps.clear();
        self.connections.clear();
        self.interfaces.clear();
    }
}

/// Which connections stand in the file already. Ids are counted up: one bit each; wild ones go into a set.
#[derive(Default)]
pub(super) struct Seen {
    bits: Vec<u64>,
    wild: HashSet<u32>,
}

/// 8 MiB of bits.
const MAX_BIT: usize = 64 * 1024 * 1024;

impl Seen {
    /// `true`: it was not there.
    pub(super) fn insert(&mut self, connection: ConnectionId) -> bool {
        let id = connection.0 as usize;
        if id >= MAX_BIT {
            return self.wild.insert(connection.0);
        }
        let (word, bit) = (id / 64, 1 << (id % 64));
        if word >= self.bits.len() {
            self.bits.resize(word + 1, 0);
        }
        let new = self.bits[word] & bit == 0;
        self.bits[word] |= bit;
        new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_sixteen_bytes_and_keeps_what_it_was_given() {
        assert_eq!(size_of::<Row>(), Row::BYTES);
        let row = Row::new(1 << 40, EventKind::Sent, ConnectionId(7), EndpointId(3), 65_527).in_file(MAX_FILES - 1);
        assert_eq!((row.offset(), row.kind(), row.file()), (1 << 40, EventKind::Sent, MAX_FILES - 1));
        let row = Row::from_bytes(&row.to_bytes());
        assert_eq!((row.offset(), row.kind(), row.file(), row.length()), (1 << 40, EventKind::Sent, 0, 65_527));
        assert!(EventKind::ALL.len() <= 1 << KIND_BITS);
        assert_eq!((row.connection(), row.own_endpoint()), (ConnectionId(7), None));
        let row = Row::new(8, EventKind::Listening, ConnectionId::NONE, EndpointId(3), 400);
        assert_eq!(
            (row.connection(), row.own_endpoint(), row.length()),
            (ConnectionId::NONE, Some(EndpointId(3)), 400)
        );
    }

    #[test]
    fn looking_back_ends_where_rows_are_forgotten() {
        let rows = Rows::default();
        let many = |count: usize| vec![Row::new(1, EventKind::Sent, ConnectionId(1), EndpointId(1), 0); count];
        rows.append(&many(2 * PIECE_ROWS + 10));
        for forgotten in [PIECE_ROWS as u64, PIECE_ROWS as u64 + 7, 2 * PIECE_ROWS as u64 + 3] {
            rows.forget_before(forgotten);
            let last = rows.len();
            assert_eq!(rows.last_before(last, u64::MAX, |row| row.connection() == ConnectionId(2)), None);
            assert_eq!(rows.last_before(forgotten, u64::MAX, |_| true), None);
            assert_eq!(rows.last_before(5, u64::MAX, |_| true), None);
            assert_eq!(rows.last_before(forgotten + 1, u64::MAX, |_| true).map(|(at, _)| at), Some(forgotten));
        }
        rows.forget_before(u64::MAX);
        assert_eq!(rows.last_before(rows.len(), u64::MAX, |_| true), None);
    }

    #[test]
    fn rows_are_found_across_pieces() {
        let rows = Rows::default();
        let many: Vec<_> = (0..PIECE_ROWS as u64 + 10)
            .map(|n| Row::new(n, EventKind::Sent, ConnectionId(1), EndpointId(1), 0))
            .collect();
        rows.append(&many[..100]);
        rows.append(&many[100..]);
        assert_eq!(rows.len(), many.len() as u64);
        assert_eq!(rows.get(PIECE_ROWS as u64 + 3).unwrap().offset(), PIECE_ROWS as u64 + 3);
        assert_eq!(rows.get(many.len() as u64), None);
        let mut out = Vec::new();
        rows.copy(PIECE_ROWS as u64 - 2, 100, &mut out);
        assert_eq!(out.len(), 2);
        rows.copy(PIECE_ROWS as u64, 100, &mut out);
        assert_eq!(out.len(), 10);
        rows.copy(u64::MAX, 100, &mut out);
        assert!(out.is_empty());

        let before = |number, most, offset| {
            rows.last_before(number, most, |row| row.offset() == offset).map(|(number, row)| (number, row.offset()))
        };
        assert_eq!(before(u64::MAX, u64::MAX, 3), Some((3, 3)));
        assert_eq!(before(many.len() as u64, 10, PIECE_ROWS as u64), Some((PIECE_ROWS as u64, PIECE_ROWS as u64)));
        assert_eq!(before(many.len() as u64, 9, PIECE_ROWS as u64), None);
        assert_eq!((before(3, 100, 3), before(4, 1, 3), before(0, 100, 0)), (None, Some((3, 3)), None));
        assert_eq!(rows.last_before(20, 100, |_| true).map(|(number, _)| number), Some(19));
    }

    #[test]
    fn forgotten_rows_are_gone_and_the_others_stay_where_they_are() {
        let rows = Rows::default();
        let many: Vec<_> = (0..3 * PIECE_ROWS as u64)
            .map(|n| Row::new(n, EventKind::Sent, ConnectionId(1), EndpointId(1), 0))
            .collect();
        rows.append(&many);
        let first = PIECE_ROWS as u64 + 10;
        rows.forget_before(first);
        rows.forget_before(5);
        assert_eq!((rows.first(), rows.len()), (first, many.len() as u64));
        assert_eq!((rows.get(first - 1), rows.get(first).map(Row::offset)), (None, Some(first)));
        let mut out = Vec::new();
        rows.copy(first - 1, 10, &mut out);
        assert!(out.is_empty());
        rows.copy(first, 10, &mut out);
        assert_eq!(out.len(), 10);
        assert!(rows.pieces.read().sealed[0].is_empty() && !rows.pieces.read().sealed[1].is_empty());
    }

    #[test]
    fn seqs_and_rows_meet_across_gaps() {
        let mut jumps = Jumps::default();
        assert_eq!((jumps.seq_of(0), jumps.row_of(1), jumps.row_of(5)), (1, 0, 4));
        jumps.push(Jump { row: 10, seq: 21 });
        assert_eq!((jumps.seq_of(9), jumps.seq_of(10), jumps.seq_of(12)), (10, 21, 23));
        assert_eq!((jumps.row_of(10), jumps.row_of(15), jumps.row_of(21), jumps.row_of(22)), (9, 10, 10, 11));
    }

    #[test]
    fn far_ids_cost_no_vector() {
        let mut connections = Connections::default();
        let at = |row| ConnectionRow { endpoint: EndpointId(1), row_plus_one: row };
        connections.set(ConnectionId(u32::MAX), at(1));
        connections.set(ConnectionId(1), at(2));
        assert!(connections.dense.len() < 10);
        assert_eq!(connections.get(ConnectionId(u32::MAX)), Some(at(1)));
        assert_eq!(connections.get(ConnectionId(2)), None);
        assert_eq!(connections.all().len(), 2);
    }

    #[test]
    fn ids_with_wide_holes_cost_no_vector_either() {
        let mut connections = Connections::default();
        for n in 1..=10_000u32 {
            connections
                .set(ConnectionId(n * 4095), ConnectionRow { endpoint: EndpointId(1), row_plus_one: u64::from(n) });
        }
        assert!(connections.dense.len() <= 4 * DENSE_AHEAD, "{}", connections.dense.len());
        assert_eq!(connections.all().len(), 10_000);
        assert_eq!(connections.get(ConnectionId(4095 * 7_000)).unwrap().row_plus_one, 7_000);
    }

    #[test]
    fn jumps_in_no_order_are_harmless() {
        let mut jumps = Jumps::default();
        for (row, seq) in [(900, 5), (3, u64::MAX), (u64::MAX, 1), (0, 0), (2, 7)] {
            jumps.push(Jump { row, seq });
        }
        for n in [0, 1, 2, 3, 500, 1_000, u64::MAX] {
            let _ = (jumps.seq_of(n), jumps.row_of(n));
        }
    }
}
