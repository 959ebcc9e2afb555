//! Rows that may fit, found by searching whole windows of the file at once rather than row by row.
//! Called by: `matching`; every row that it keeps is looked at exactly.

use regex::bytes::Regex;

use crate::session::pcapng::BLOCK_OVERHEAD;
use crate::session::reader::Reader;
use crate::session::rows::Row;

/// A window is worth it when one row in so many at least is asked about.
const SPARSE: usize = 8;

/// Drops the places whose blocks do not contain what the prefilter looks for. What cannot be told stays.
pub(super) fn keep_candidates(prefilter: &Regex, reader: &mut Reader<'_>, rows: &[Row], places: &mut Vec<u32>) {
    let (Some(first), Some(last)) = (places.first(), places.last()) else { return };
    let (from, to) = (*first as usize, *last as usize);
    if places.len() < (to - from) / SPARSE {
        return;
    }
    let Some(rows) = rows.get(from..=to) else { return };
    let mut candidates = Vec::new();
    let mut at = 0;
    while at < rows.len() {
        at += search(prefilter, reader, &rows[at..], (from + at) as u32, &mut candidates).max(1);
    }
    let mut next = candidates.into_iter().peekable();
    places.retain(|place| {
        while next.next_if(|candidate| candidate < place).is_some() {}
        next.peek() == Some(place)
    });
}

/// Searches the rows that stand in one window, and says how many those were. `place` is the place of the first.
fn search(prefilter: &Regex, reader: &mut Reader<'_>, rows: &[Row], place: u32, found: &mut Vec<u32>) -> usize {
    // What cannot be read is looked at one by one, which tells why.
    let last = rows.last().map_or(rows[0].offset(), |row| row.offset());
    // All of them in one window, so that looking at them exactly needs no other.
    let span = usize::try_from(last.saturating_sub(rows[0].offset())).unwrap_or(usize::MAX);
    let Ok(bytes) = reader.ahead(rows[0], span.saturating_add(BLOCK_OVERHEAD)) else {
        found.push(place);
        return 1;
    };
    let begins = rows[0].offset();
    let inside = |row: &Row| row.offset().checked_sub(begins).is_some_and(|at| at < bytes.len() as u64);
    let follow = |pair: &[Row]| pair[0].place() < pair[1].place() && pair[0].file() == pair[1].file();
    let count = 1 + rows.windows(2).take_while(|pair| follow(pair) && inside(&pair[1])).count();
    // Where the last of them ends is not known: it is looked at, or begins the next window.
    let whole = count - 1;
    let mut row = 0;
    let mut at = 0;
    let start_of = |row: usize| (rows[row].offset() - begins) as usize;
    let end = start_of(whole).min(bytes.len());
    while at < end
        && let Some(hit) = prefilter.find_at(&bytes[..end], at)
    {
        while row + 1 < whole && start_of(row + 1) <= hit.start() {
            row += 1;
        }
        found.push(place + row as u32);
        // One hit is enough to look at a row.
        row += 1;
        at = start_of(row);
    }
    if count == rows.len() || whole == 0 {
        found.push(place + whole as u32);
        return count;
    }
    whole
}
