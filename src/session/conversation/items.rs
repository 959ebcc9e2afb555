//! Which rows of a log are one connection's, and what turns they make: from the rows in memory alone.
//!
//! Two bytes a row, and a sum for every turn of many chunks; shorter turns are summed when they are looked at.
//! Never: the file. Called by: `work`, `layout`, `search`.

use super::super::log::Log;
use super::super::rows::{PIECE_ROWS, Row};
use crate::model::{ConnectionId, Direction, EventKind};

/// Turns of no more chunks are summed anew each time.
const SHORT_TURN: u64 = 64;

/// The rows of one connection, in their order.
pub struct Items {
    pub connection: ConnectionId,
    /// Rows of the log that were looked at.
    pub scanned: u64,
    pub count: u64,
    /// Received and sent.
    pub bytes: [u64; 2],
    pub chunks: [u64; 2],
    /// One side has finished sending.
    pub half_closed: bool,
    /// The row of the newest happening that ends the connection.
    pub end: Option<u64>,
    /// For each piece of `PIECE_ROWS` rows: items before it, and the rows within it.
    pieces: Vec<(u64, Vec<u16>)>,
    open: Option<Sum>,
    /// Turns of more than `SHORT_TURN` chunks that have ended.
    long: Vec<Sum>,
    rows: Vec<Row>,
}

/// A turn: consecutive chunks of one direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sum {
    pub direction: Direction,
    pub first_item: u64,
    pub chunks: u64,
    pub bytes: u64,
}

impl Items {
    pub fn new(connection: ConnectionId) -> Self {
        Self {
            connection,
            scanned: 0,
            count: 0,
            bytes: [0; 2],
            chunks: [0; 2],
            half_closed: false,
            end: None,
            pieces: Vec::new(),
            open: None,
            long: Vec::new(),
            rows: Vec::new(),
        }
    }

    /// Looks at some more rows of the log. `false`: there are no more.
    pub fn scan(&mut self, log: &Log) -> bool {
        let mut rows = std::mem::take(&mut self.rows);
        // What stood before was deleted with its file.
        self.scanned = self.scanned.max(log.rows.first());
        log.rows.copy(self.scanned, PIECE_ROWS, &mut rows);
        for (at, row) in rows.iter().enumerate() {
            if row.connection() == self.connection {
                self.push(self.scanned + at as u64, *row);
            }
        }
        self.scanned += rows.len() as u64;
        let more = !rows.is_empty();
        self.rows = rows;
        more
    }

    /// The row of an item.
    pub fn row(&self, item: u64) -> Option<u64> {
        if item >= self.count {
            return None;
        }
        let piece = self.pieces.partition_point(|(before, _)| *before <= item).checked_sub(1)?;
        let (before, rows) = self.pieces.get(piece)?;
        let within = rows.get(usize::try_from(item - before).ok()?)?;
        Some(piece as u64 * PIECE_ROWS as u64 + u64::from(*within))
    }

    /// The first item at or after a row of the log; may be the number of items.
    pub fn item_of(&self, row: u64) -> u64 {
        let (piece, within) = ((row / PIECE_ROWS as u64) as usize, (row % PIECE_ROWS as u64) as u16);
        match self.pieces.get(piece) {
            Some((before, rows)) => before + rows.partition_point(|found| *found < within) as u64,
            None => self.count,
        }
    }

    /// The turn that begins with an item.
    pub fn turn(&self, log: &Log, first_item: u64) -> Option<Sum> {
        if let Some(open) = self.open.filter(|open| open.first_item == first_item) {
            return Some(open);
        }
        if let Ok(at) = self.long.binary_search_by_key(&first_item, |sum| sum.first_item) {
            return self.long.get(at).copied();
        }
        let mut sum: Option<Sum> = None;
        for item in first_item..self.count.min(first_item.saturating_add(SHORT_TURN)) {
            let row = log.rows.get(self.row(item)?)?;
            match (&mut sum, direction_of(row.kind())) {
                (None, Some(direction)) => {
                    sum = Some(Sum { direction, first_item, chunks: 1, bytes: row.length() as u64 });
                }
                (Some(sum), Some(direction)) if sum.direction == direction => {
                    sum.chunks += 1;
                    sum.bytes += row.length() as u64;
                }
                _ => break,
            }
        }
        sum
    }

    fn push(&mut self, row_number: u64, row: Row) {
        let piece = (row_number / PIECE_ROWS as u64) as usize;
        while self.pieces.len() <= piece {
            if let Some((_, last)) = self.pieces.last_mut() {
                last.shrink_to_fit();
            }
            self.pieces.push((self.count, Vec::new()));
        }
        if let Some((_, rows)) = self.pieces.get_mut(piece) {
            rows.push((row_number % PIECE_ROWS as u64) as u16);
        }
        match direction_of(row.kind()) {
            Some(direction) => self.chunk(direction, row.length() as u64),
            None => {
                self.end_turn();
                self.half_closed |= matches!(row.kind(), EventKind::PeerFinished | EventKind::Finished);
                if matches!(row.kind(), EventKind::Closed | EventKind::Reset | EventKind::Failed) {
                    self.end = Some(row_number);
                }
            }
        }
        self.count += 1;
    }

    fn chunk(&mut self, direction: Direction, bytes: u64) {
        let side = side(direction);
        self.bytes[side] += bytes;
        self.chunks[side] += 1;
        match &mut self.open {
            Some(open) if open.direction == direction => {
                open.chunks += 1;
                open.bytes += bytes;
            }
            _ => {
                self.end_turn();
                self.open = Some(Sum { direction, first_item: self.count, chunks: 1, bytes });
            }
        }
    }

    fn end_turn(&mut self) {
        self.long.extend(self.open.take().filter(|open| open.chunks > SHORT_TURN));
    }
}

pub fn direction_of(kind: EventKind) -> Option<Direction> {
    match kind {
        EventKind::Received => Some(Direction::In),
        EventKind::Sent => Some(Direction::Out),
        _ => None,
    }
}

/// The place of a direction in pairs: received first.
pub fn side(direction: Direction) -> usize {
    match direction {
        Direction::In => 0,
        Direction::Out => 1,
    }
}
