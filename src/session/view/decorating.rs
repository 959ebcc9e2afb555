//! What is drawn on rows besides what they say: the colour of the first rule that fits, what was found in the bytes, the
//! note, the gap to the row before.
//!
//! Owns: the rules made ready, and what was found out of the rows in the cache. Never: rows outside of the cache.
//! Called by: `work`.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::Arc;

use super::drawn::Shown;
use super::{Decoration, Orders, Query};
use crate::filter::Filter;
use crate::model::{EndpointId, EventKind, HighlightColor, Recorded, Verify, What};
use crate::payload::checksum::{Verdict, verify};
use crate::payload::checksum_length;
use crate::session::matching::{LookedFrame, Matcher, Placed, gap_before, row_before};
use crate::session::reader::Reader;
use crate::session::{Log, Notes};

/// In a row no more is marked than can be seen.
const MAX_ROW_BYTES: usize = 64 * 1024;
const MAX_ROW_MARKS: usize = 64;
const MAX_SELECTED_MARKS: usize = 10_000;
/// Rows looked at for the one before on the same connection: for one row, and for all of a snapshot.
const MAX_WALK: u64 = 100_000;
const MAX_WALKS: u64 = 2_000_000;
/// Rows looked at for the event that the selected one resembles.
const MAX_LIKE: u64 = 4_000_000;

/// An event by seq, and which of its frames it is.
type Key = (u64, Option<u32>);

fn key(shown: &Shown) -> Key {
    (shown.0.seq, shown.1.as_ref().map(|facts| facts.index))
}

pub(super) struct Decorator {
    rules: Vec<(Matcher, HighlightColor)>,
    filter: Option<Matcher>,
    find: Option<Matcher>,
    notes: Arc<Notes>,
    verify: Arc<BTreeMap<EndpointId, Verify>>,
    /// Of the rows in the cache, by seq: those of the last snapshot, and of this one.
    before: HashMap<Key, Decoration>,
    now: HashMap<Key, Decoration>,
    walks_left: u64,
    selected: Option<(Key, Decoration)>,
    /// The selected event, and the row that it resembles.
    like: Option<(u64, Option<u64>)>,
}

impl Decorator {
    pub(super) fn new(orders: &Orders) -> Self {
        let query = &orders.query;
        let matcher = |filter: &Filter| {
            let (filter, encodings, verify) = (filter.clone(), query.encodings.clone(), query.verify.clone());
            let (local_time, selected_time) = (query.local_time, query.selected_time);
            Matcher::new(&Query { filter, encodings, verify, local_time, selected_time, ..Query::default() })
        };
        Self {
            rules: orders.highlights.iter().map(|rule| (matcher(&rule.filter), rule.color)).collect(),
            filter: (!query.filter.takes_all()).then(|| matcher(&query.filter)),
            find: orders.find.as_ref().map(matcher),
            notes: Arc::default(),
            verify: query.verify.clone(),
            before: HashMap::new(),
            now: HashMap::new(),
            walks_left: MAX_WALKS,
            selected: None,
            like: None,
        }
    }

    /// The rows of a new snapshot follow.
    pub(super) fn begin(&mut self, log: &Log) {
        self.before = std::mem::take(&mut self.now);
        self.walks_left = MAX_WALKS;
        self.notes = log.notes();
    }

    pub(super) fn row<'l>(&mut self, log: &'l Log, reader: &mut Reader<'l>, at: Placed, shown: &Shown) -> Decoration {
        let (recorded, key) = (&*shown.0, key(shown));
        if let Some(known) = self.before.remove(&key).filter(|known| known.frame == shown.1) {
            self.now.insert(key, known.clone());
            return known;
        }
        let mut decoration = self.decorate(log, reader, at, shown, MAX_ROW_BYTES, MAX_ROW_MARKS);
        let is_known = self.walks_left > 0;
        decoration.gap = self.gap(log, at, recorded);
        if is_known {
            self.now.insert(key, decoration.clone());
        }
        decoration
    }

    /// With everything that was found in it; the filter may not show it at all.
    pub(super) fn selected<'l>(
        &mut self,
        log: &'l Log,
        reader: &mut Reader<'l>,
        at: Placed,
        shown: &Shown,
    ) -> Decoration {
        let (recorded, key) = (&*shown.0, key(shown));
        if let Some((known_key, known)) = &self.selected
            && *known_key == key
            && known.frame == shown.1
        {
            return known.clone();
        }
        let mut decoration = self.decorate(log, reader, at, shown, usize::MAX, MAX_SELECTED_MARKS);
        self.walks_left = self.walks_left.max(MAX_WALK);
        decoration.gap = self.gap(log, at, recorded);
        self.selected = Some((key, decoration.clone()));
        decoration
    }

    /// The row of the event before this one with the same connection, direction and length.
    pub(super) fn before_selected(&mut self, log: &Log, at: Placed) -> Option<u64> {
        match self.like {
            Some((number, like)) if number == at.number => like,
            _ => {
                let row = at.row;
                let bytes = matches!(row.kind(), EventKind::Received | EventKind::Sent);
                let like = (bytes && !row.connection().is_none())
                    .then(|| {
                        log.rows.last_before(at.number, MAX_LIKE, |other| {
                            other.connection() == row.connection()
                                && other.kind() == row.kind()
                                && other.length() == row.length()
                        })
                    })
                    .flatten()
                    .map(|(number, _)| number);
                self.like = Some((at.number, like));
                like
            }
        }
    }

    fn decorate<'l>(
        &mut self,
        log: &'l Log,
        reader: &mut Reader<'l>,
        at: Placed,
        shown: &Shown,
        bytes: usize,
        most: usize,
    ) -> Decoration {
        let (recorded, frame) = (&*shown.0, &shown.1);
        let facts = frame.as_ref().and_then(|facts| {
            Some(LookedFrame { content: recorded.event.bytes()?, fault: facts.fault, pending: facts.pending })
        });
        let fits = |matcher: &mut Matcher, reader: &mut Reader<'l>| match facts {
            Some(frame) => matcher.matches_frame(log, reader, at, frame),
            None => matcher.matches(log, reader, at.number, at.row),
        };
        let highlight = self.rules.iter_mut().find_map(|(rule, color)| fits(rule, reader).then_some(*color));
        let payload = recorded.event.bytes().map(|payload| &payload[..payload.len().min(bytes)]);
        let mut marks = |matcher: &mut Option<Matcher>| -> Arc<[Range<usize>]> {
            let (Some(matcher), Some(payload)) = (matcher, payload) else { return Arc::default() };
            if fits(matcher, reader) { matcher.marks(log, at.row, payload, most).into() } else { Arc::default() }
        };
        Decoration {
            highlight,
            found: marks(&mut self.find),
            filtered: marks(&mut self.filter),
            note: self.notes.by_seq.get(&recorded.seq).cloned(),
            gap: None,
            frame: frame.clone(),
            beneath: None,
            // Of what is not there yet nothing is verified.
            sum: frame.as_ref().is_none_or(|facts| !facts.pending).then(|| sum_of(&self.verify, recorded)).flatten(),
        }
    }

    fn gap(&mut self, log: &Log, at: Placed, recorded: &Recorded) -> Option<u64> {
        if at.row.connection().is_none() || at.row.kind() == EventKind::Accepted {
            return None;
        }
        let most = MAX_WALK.min(self.walks_left);
        let before = row_before(log, at, most);
        let walked = before.map_or(most, |before| at.number - before.number);
        self.walks_left = self.walks_left.saturating_sub(walked);
        gap_before(log, before?, recorded.event.time)
    }
}

/// What became of the checksum of received bytes, where their endpoint verifies one.
fn sum_of(verified: &BTreeMap<EndpointId, Verify>, recorded: &Recorded) -> Option<Verdict> {
    let settings = verified.get(&recorded.event.flow.endpoint)?;
    let What::Received(bytes) = &recorded.event.what else { return None };
    let is_asked = checksum_length(&settings.checksum) > 0;
    is_asked.then(|| verify(settings, bytes))
}
