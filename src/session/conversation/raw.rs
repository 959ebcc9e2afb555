//! One side of a conversation, or both in their order, as a file of raw bytes.
//! Called by: `ui`, off the UI and tokio threads.

use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::atomic::Ordering;

use super::super::export::{Progress, write_whole};
use super::super::log::Log;
use super::items::Items;
use super::layout::Item;
use super::source::Source;
use crate::model::{ConnectionId, Direction, Failure};

const WINDOW_BYTES: usize = 2 * 1024 * 1024;
const BUFFER_BYTES: usize = 256 * 1024;
/// Rows between two looks at whether it was cancelled.
const ROWS_AT_ONCE: u64 = 256;

/// Whose bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sides {
    #[default]
    Received,
    Sent,
    /// In the order in which they were recorded.
    Both,
}

impl Sides {
    pub const ALL: [Self; 3] = [Self::Received, Self::Sent, Self::Both];

    fn holds(self, direction: Direction) -> bool {
        match self {
            Self::Received => direction == Direction::In,
            Self::Sent => direction == Direction::Out,
            Self::Both => true,
        }
    }
}

/// Writes the bytes beside `to` and renames the file when it is whole. Returns how many they are; `progress` counts rows.
/// A row that cannot be read ends it: a file with a hole in it would not be what the side said.
pub fn save_raw(
    log: &Log,
    connection: ConnectionId,
    sides: Sides,
    to: &Path,
    progress: &Progress,
) -> Result<u64, Failure> {
    write_whole(to, |file| write(log, connection, sides, file, progress))
}

fn write(
    log: &Log,
    connection: ConnectionId,
    sides: Sides,
    to: &mut dyn Write,
    progress: &Progress,
) -> io::Result<u64> {
    let mut items = Items::new(connection);
    // What comes while it is being saved belongs to the next time.
    let rows = log.state().rows;
    while items.scanned < rows && items.scan(log) {
        stop_if_asked(progress)?;
    }
    progress.total.store(items.count, Ordering::Relaxed);
    let mut to = BufWriter::with_capacity(BUFFER_BYTES, to);
    let mut source = Source::new(log, WINDOW_BYTES);
    let mut written = 0;
    for item in 0..items.count {
        if item % ROWS_AT_ONCE == 0 {
            stop_if_asked(progress)?;
            progress.done.store(item, Ordering::Relaxed);
        }
        let wrote = source.with(&items, item, true, |item| match item {
            Item::Chunk { direction, bytes: Some(bytes), .. } if sides.holds(direction) => {
                to.write_all(bytes).map(|()| bytes.len() as u64)
            }
            Item::Chunk { direction, bytes: None, .. } if sides.holds(direction) => {
                Err(io::Error::new(io::ErrorKind::InvalidData, "an event cannot be read from the session file"))
            }
            _ => Ok(0),
        });
        written += wrote.unwrap_or(Ok(0))?;
    }
    to.flush()?;
    progress.done.store(items.count, Ordering::Relaxed);
    Ok(written)
}

fn stop_if_asked(progress: &Progress) -> io::Result<()> {
    if progress.cancel.load(Ordering::Relaxed) { Err(io::ErrorKind::Interrupted.into()) } else { Ok(()) }
}
