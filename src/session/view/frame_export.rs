//! The frames that a query shows, in the order in which the log shows them, for those who write them down.
//!
//! Owns: nothing that lasts; 24 bytes a row while it is under way. Never: shows a frame that the log does not.
//! Called by: the exports.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::frame_list::FrameList;
use super::framed::{Framed, cut_again};
use super::work::{Batch, is_at_end};
use super::{FrameFacts, Query};
use crate::framing::Fault;
use crate::model::Recorded;
use crate::session::Log;
use crate::session::matching::Matcher;
use crate::session::reader::Reader;

/// Gives each row: a frame with its facts, or an event that is none. `done` counts rows of the session, each of them twice:
/// when it is looked at, and when it is written. `false`: cancelled.
pub(in crate::session) fn for_each_frame<'l, E>(
    log: &'l Log,
    reader: &mut Reader<'l>,
    query: &Query,
    (done, cancel): (&AtomicU64, &AtomicBool),
    mut each: impl FnMut(&Recorded, Option<&FrameFacts>) -> Result<(), E>,
    unread: impl Fn(crate::model::Failure) -> E,
) -> Result<bool, E> {
    let matcher = Matcher::new(query);
    let limit = matcher.limit(log.rows.len());
    let mut framed = Framed::new(query, vec![matcher]);
    let (mut list, mut found, mut batch) = (FrameList::default(), Vec::new(), Batch { first: 0, rows: Vec::new() });
    let mut scanned = log.rows.first();
    while scanned < limit {
        if cancel.load(Ordering::Relaxed) {
            return Ok(false);
        }
        batch.fill(log, true, scanned, limit);
        if batch.rows.is_empty() {
            break;
        }
        framed.read(log, reader, scanned, &batch.rows, &mut found);
        scanned += batch.rows.len() as u64;
        list.take(&mut found);
        done.store(scanned, Ordering::Relaxed);
    }
    if is_at_end(log, scanned) {
        framed.end(log, reader, &mut found);
    } else {
        framed.pause(log, reader, &mut found);
        framed.unfinished(log, reader, &mut found);
    }
    list.take(&mut found);
    for place in 0..list.count {
        if cancel.load(Ordering::Relaxed) {
            return Ok(false);
        }
        let Some(row) = list.at(place) else { break };
        match reader.recorded(row.end) {
            Ok(recorded) if row.is_frame() => {
                let (recorded, mut facts) = cut_again(log, reader, &query.framings, row, &recorded);
                // What is written down does not go on.
                facts.fault = facts.fault.or(facts.pending.then_some(Fault::Unfinished));
                each(&recorded, Some(&facts))?;
            }
            Ok(recorded) => each(&recorded, None)?,
            // Forgotten meanwhile, with the file it stood in.
            Err(_) if row.end < log.rows.first() => {}
            Err(failure) => return Err(unread(failure)),
        }
        done.store(limit + row.end, Ordering::Relaxed);
    }
    Ok(true)
}
