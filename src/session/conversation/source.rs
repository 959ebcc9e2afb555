//! The rows of a conversation with their bytes, from the log's file.
//! Called by: `work`, `search`.

use super::super::log::Log;
use super::super::reader::Reader;
use super::items::{Items, Sum, direction_of};
use super::layout::Item;
use crate::model::{Recorded, Timestamp};

/// Things that happened between two chunks and are passed over.
const LOOK_BACK: u64 = 64;

/// Reads through one window of the file.
pub struct Source<'a> {
    log: &'a Log,
    reader: Reader<'a>,
}

impl<'a> Source<'a> {
    pub fn new(log: &'a Log, window_bytes: usize) -> Self {
        Self { log, reader: Reader::new(log, window_bytes) }
    }

    /// Gives an item to `use_it`; its bytes only where they are asked for.
    pub fn with<R>(&mut self, items: &Items, item: u64, bytes: bool, use_it: impl FnOnce(Item<'_>) -> R) -> Option<R> {
        let row = self.log.rows.get(items.row(item)?)?;
        let Some(direction) = direction_of(row.kind()) else { return Some(use_it(Item::Happened)) };
        let length = row.length();
        if !bytes {
            return Some(use_it(Item::Chunk { direction, length, bytes: Some(&[]) }));
        }
        // What the row says and what stands in the file are the same length, unless the file lies.
        let stored = self.reader.stored(row).ok().and_then(|stored| stored.payload()).filter(|p| p.len() == length);
        Some(use_it(Item::Chunk { direction, length, bytes: stored }))
    }

    pub fn recorded(&mut self, items: &Items, item: u64) -> Option<Recorded> {
        self.reader.recorded(items.row(item)?).ok()
    }

    pub fn seq(&self, items: &Items, item: u64) -> u64 {
        items.row(item).map_or(0, |row| self.log.seq_of(row))
    }

    pub fn time(&mut self, items: &Items, item: u64) -> Option<Timestamp> {
        let row = self.log.rows.get(items.row(item)?)?;
        self.reader.stored(row).ok().map(|stored| stored.time)
    }

    /// The turn that begins with an item.
    pub fn turn(&self, items: &Items, first_item: u64) -> Option<Sum> {
        items.turn(self.log, first_item)
    }

    /// The last chunk before an item, as far back as one looks for it.
    pub fn chunk_before(&self, items: &Items, item: u64) -> Option<u64> {
        let is_chunk = |item: &u64| {
            let row = items.row(*item).and_then(|row| self.log.rows.get(row));
            row.is_some_and(|row| direction_of(row.kind()).is_some())
        };
        (item.saturating_sub(LOOK_BACK)..item).rev().find(is_chunk)
    }
}
