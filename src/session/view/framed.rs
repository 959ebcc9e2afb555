//! Streams taken apart for a view of frames: rows of the session come in, in their order, and what is shown goes out.
//!
//! Owns: a framer for each direction of each connection, the way back from a frame to its chunks. Never: keeps content.
//! Called by: `work` for the shown rows, `find` for those it looks for, `work` for what stands on screen.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::frame_list::FrameRow;
use super::{FrameFacts, Query};
use crate::framing::{Fault, Frame, Framer};
use crate::model::{ConnectionId, EventKind, Framing, Framings, Recorded, Timestamp, Transport, What};
use crate::session::Log;
use crate::session::matching::{LookedFrame, Matcher, Placed};
use crate::session::reader::Reader;
use crate::session::rows::Row;

/// Rows copied at once on the way from a frame's first chunk to its last.
const WALK_ROWS: usize = 4096;

pub(super) struct Framed {
    framings: Arc<Framings>,
    /// A frame is shown that fits all of them.
    matchers: Vec<Matcher>,
    streams: HashMap<(ConnectionId, EventKind), Stream>,
    /// Frames that were completed just now.
    fresh: Vec<(FrameRow, Vec<u8>)>,
    /// Rows of what waited, where more came: also of frames that a pause had ended, as a chunk is read later than it came.
    gone: Vec<Key>,
    /// The streams that end a frame with a pause, and wait for one.
    waiting: HashMap<(ConnectionId, EventKind), Instant>,
    /// Streams that took bytes since `unfinished` was asked.
    grown: Vec<(ConnectionId, EventKind)>,
    ended: bool,
}

/// A frame's place among the rows.
pub(super) type Key = (u64, u32);

/// One direction of one connection.
struct Stream {
    /// `None`: each chunk stands for itself.
    framer: Option<Framer>,
    /// Each chunk is taken apart by itself.
    datagrams: bool,
    /// Bytes that came so far.
    bytes: u64,
    /// Chunks that a frame may still begin or end in: where each begins in the stream, and its row.
    chunks: VecDeque<(u64, u64)>,
    /// The row in which the last frame ended, and how many did.
    last: (u64, u32),
    /// What waits is shown already: a pause ended it, or it is not finished yet.
    provisional: Option<Key>,
    has_grown: bool,
}

impl Framed {
    pub(super) fn new(query: &Query, matchers: Vec<Matcher>) -> Self {
        let framings = query.framings.clone();
        let (streams, waiting) = (HashMap::new(), HashMap::new());
        let (fresh, gone, grown) = (Vec::new(), Vec::new(), Vec::new());
        Self { framings, matchers, streams, fresh, gone, waiting, grown, ended: false }
    }

    /// When the next frame ends, should nothing more come before.
    pub(super) fn due(&self) -> Option<Instant> {
        self.waiting.values().min().copied()
    }

    /// Frames that are ended by now, since nothing more came.
    pub(super) fn pause<'l>(&mut self, log: &'l Log, reader: &mut Reader<'l>, found: &mut Vec<FrameRow>) {
        let now = Instant::now();
        let due: Vec<_> = self.waiting.iter().filter(|(_, due)| **due <= now).map(|(key, _)| *key).collect();
        let asks_for_content = self.asks_for_content();
        for key in due {
            self.waiting.remove(&key);
            if let Some(stream) = self.streams.get_mut(&key) {
                self.gone.extend(stream.provisional.take());
                self.fresh.extend(stream.provisional(asks_for_content));
            }
        }
        self.give(log, reader, found);
    }

    /// What came and is in no frame yet, a row for each stream: no byte is kept from who looks. To be asked when all rows
    /// were read. The row is gone as soon as more comes.
    pub(super) fn unfinished<'l>(&mut self, log: &'l Log, reader: &mut Reader<'l>, found: &mut Vec<FrameRow>) {
        let asks_for_content = self.asks_for_content();
        for key in std::mem::take(&mut self.grown) {
            let Some(stream) = self.streams.get_mut(&key) else { continue };
            stream.has_grown = false;
            if stream.provisional.is_none() {
                self.fresh.extend(stream.provisional(asks_for_content).map(|(row, content)| (row.pending(), content)));
            }
        }
        self.give(log, reader, found);
    }

    /// Rows given before that are none: to be taken out before what was found since is put in.
    pub(super) fn gone(&mut self) -> Vec<Key> {
        std::mem::take(&mut self.gone)
    }

    /// Takes the next rows of the session and adds what is shown of them.
    pub(super) fn read<'l>(
        &mut self,
        log: &'l Log,
        reader: &mut Reader<'l>,
        first: u64,
        rows: &[Row],
        found: &mut Vec<FrameRow>,
    ) {
        for (number, row) in (first..).zip(rows.iter().copied()) {
            let at = Placed { number, row };
            if !is_chunk(row) {
                self.happened(log, reader, row, found);
                self.whole(log, reader, at, found);
            } else if self.matchers.iter_mut().all(|matcher| matcher.may_show(log, row)) {
                self.chunk(log, reader, at, found);
            }
        }
    }

    /// Nothing more comes: what is left of each stream is shown.
    pub(super) fn end<'l>(&mut self, log: &'l Log, reader: &mut Reader<'l>, found: &mut Vec<FrameRow>) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        self.waiting.clear();
        for (_, mut stream) in std::mem::take(&mut self.streams) {
            self.gone.extend(stream.provisional.take());
            stream.end(&mut self.fresh);
        }
        self.give(log, reader, found);
    }

    fn chunk<'l>(&mut self, log: &'l Log, reader: &mut Reader<'l>, at: Placed, found: &mut Vec<FrameRow>) {
        let key = (at.row.connection(), at.row.kind());
        if key.0.is_none() || !self.streams.contains_key(&key) {
            let Ok(recorded) = reader.recorded(at.number) else { return self.whole(log, reader, at, found) };
            self.streams.insert(key, Stream::new(&recorded, &self.framings));
        }
        let Some(stream) = self.streams.get_mut(&key) else { return };
        if stream.framer.is_none() || (stream.datagrams && at.row.length() == 0) {
            return self.whole(log, reader, at, found);
        }
        self.gone.extend(stream.provisional.take());
        self.waiting.remove(&key);
        if !std::mem::replace(&mut stream.has_grown, true) {
            self.grown.push(key);
        }
        match reader.stored(at.row) {
            Ok(stored) => {
                stream.push(at.number, stored.payload().unwrap_or_default(), stored.time, &mut self.fresh);
                if let Some(rest) = stream.rest(stored.time) {
                    self.waiting.insert(key, Instant::now() + rest);
                }
            }
            Err(_) => {
                // Bytes are missing: no frame goes across them.
                stream.end(&mut self.fresh);
                self.whole(log, reader, at, found);
            }
        }
        self.give(log, reader, found);
    }

    /// A row that says that a stream is at its end.
    fn happened<'l>(&mut self, log: &'l Log, reader: &mut Reader<'l>, row: Row, found: &mut Vec<FrameRow>) {
        let ends: &[EventKind] = match row.kind() {
            EventKind::PeerFinished => &[EventKind::Received],
            EventKind::Finished => &[EventKind::Sent],
            EventKind::Closed | EventKind::Reset | EventKind::Failed => &[EventKind::Received, EventKind::Sent],
            _ => return,
        };
        for kind in ends {
            let key = (row.connection(), *kind);
            self.waiting.remove(&key);
            if let Some(mut stream) = self.streams.remove(&key) {
                self.gone.extend(stream.provisional.take());
                stream.end(&mut self.fresh);
            }
        }
        self.give(log, reader, found);
    }

    fn whole<'l>(&mut self, log: &'l Log, reader: &mut Reader<'l>, at: Placed, found: &mut Vec<FrameRow>) {
        let mut matchers = self.matchers.iter_mut();
        if matchers.all(|matcher| matcher.takes_all() || matcher.matches(log, reader, at.number, at.row)) {
            found.push(FrameRow::whole(at.number));
        }
    }

    fn asks_for_content(&self) -> bool {
        !self.matchers.iter().all(Matcher::takes_all)
    }

    fn give<'l>(&mut self, log: &'l Log, reader: &mut Reader<'l>, found: &mut Vec<FrameRow>) {
        for (frame, content) in self.fresh.drain(..) {
            let fits = |matcher: &mut Matcher, reader: &mut Reader<'l>| {
                matcher.takes_all()
                    || log.rows.get(frame.end).is_some_and(|row| {
                        let looked_at =
                            LookedFrame { content: &content, fault: frame.fault(), pending: frame.is_pending() };
                        matcher.matches_frame(log, reader, Placed { number: frame.end, row }, looked_at)
                    })
            };
            if self.matchers.iter_mut().all(|matcher| fits(matcher, reader)) {
                found.push(frame);
            }
        }
    }
}

impl Stream {
    fn new(first: &Recorded, framings: &Framings) -> Self {
        let (flow, framing) = (&first.event.flow, framings.of(&first.event.flow));
        Self {
            framer: (*framing != Framing::None).then(|| Framer::new(framing)),
            datagrams: flow.transport == Transport::Udp,
            bytes: 0,
            chunks: VecDeque::new(),
            last: (u64::MAX, 0),
            provisional: None,
            has_grown: false,
        }
    }

    /// How long nothing more may come until what waits is a frame.
    fn rest(&self, newest: Timestamp) -> Option<Duration> {
        let framer = self.framer.as_ref().filter(|framer| framer.waiting() > 0)?;
        let pause = framer.pause_nanos()?;
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        // Of old chunks that are read only now the pause is over.
        let since = u64::try_from(wall.as_nanos()).unwrap_or(u64::MAX).saturating_sub(newest.0);
        Some(Duration::from_nanos(pause.saturating_sub(since)))
    }

    /// What waits, as the frame that it is when nothing more comes, and its bytes as they came
    /// where somebody looks at them.
    fn provisional(&mut self, with_content: bool) -> Option<(FrameRow, Vec<u8>)> {
        let raw = self.framer.as_ref()?.rest_bytes();
        let waiting = raw.len();
        if waiting == 0 {
            return None;
        }
        let ((begins, first), (_, end)) = (*self.chunks.front()?, *self.chunks.back()?);
        let from = self.bytes - waiting as u64;
        let index = if self.last.0 == end { self.last.1 } else { 0 };
        let row = FrameRow::frame(end, first, from - begins, waiting as u64, index, None);
        let raw = if with_content { raw.to_vec() } else { Vec::new() };
        self.provisional = Some(row.key());
        Some((row, raw))
    }

    fn push(&mut self, row: u64, payload: &[u8], time: Timestamp, fresh: &mut Vec<(FrameRow, Vec<u8>)>) {
        let Some(framer) = &mut self.framer else { return };
        if payload.is_empty() {
            return;
        }
        self.chunks.push_back((self.bytes, row));
        self.bytes += payload.len() as u64;
        let (chunks, last) = (&self.chunks, &mut self.last);
        let mut take = |frame: Frame| fresh.push(placed(chunks, last, frame));
        framer.push(payload, time, &mut take);
        if self.datagrams {
            framer.end(&mut take);
        }
        let waits_from = self.bytes - framer.waiting() as u64;
        while self.chunks.get(1).map_or(self.bytes, |(begins, _)| *begins) <= waits_from
            && self.chunks.pop_front().is_some()
        {}
        // No frame begins or ends in a chunk between: a frame that comes byte by byte takes no more memory than another.
        let settled = self.bytes.saturating_sub(framer.reach() as u64);
        while self.chunks.get(2).is_some_and(|(begins, _)| *begins <= settled) {
            self.chunks.remove(1);
        }
    }

    fn end(&mut self, fresh: &mut Vec<(FrameRow, Vec<u8>)>) {
        let Some(framer) = &mut self.framer else { return };
        let (chunks, last) = (&self.chunks, &mut self.last);
        framer.end(&mut |frame| fresh.push(placed(chunks, last, frame)));
        self.chunks.clear();
    }
}

fn placed(chunks: &VecDeque<(u64, u64)>, last: &mut (u64, u32), frame: Frame) -> (FrameRow, Vec<u8>) {
    let chunk_of = |offset: u64| {
        let at = chunks.partition_point(|(begins, _)| *begins <= offset);
        at.checked_sub(1).and_then(|at| chunks.get(at)).copied().unwrap_or_default()
    };
    let (begins, first) = chunk_of(frame.begins);
    let (_, end) = chunk_of(frame.ends.saturating_sub(1));
    if last.0 != end {
        *last = (end, 0);
    }
    let index = last.1;
    last.1 += 1;
    let raw = frame.ends - frame.begins;
    (FrameRow::frame(end, first, frame.begins - begins, raw, index, frame.fault), frame.content)
}

/// The frame of a row, its content cut again from the chunks. `last`: the chunk that it ends in.
pub(super) fn cut_again<'l>(
    log: &'l Log,
    reader: &mut Reader<'l>,
    framings: &Framings,
    frame: FrameRow,
    last: &Recorded,
) -> (Recorded, FrameFacts) {
    let (raw, chunks) = raw_bytes(log, reader, frame);
    let (raw_bytes, fault, pending) = (u64::from(frame.raw), frame.fault(), frame.is_pending());
    let mut facts = FrameFacts { index: frame.index(), chunks, raw_bytes, fault, pending };
    let framing = framings.of(&last.event.flow);
    if raw.len() < frame.raw as usize {
        // A chunk can be read no longer.
        facts.fault = facts.fault.or(Some(Fault::Unfinished));
    }
    let content = if pending { raw } else { content_of(framing, raw, facts.fault) };
    let what = match &last.event.what {
        What::Sent(_) => What::Sent(content.into()),
        _ => What::Received(content.into()),
    };
    let mut recorded = last.clone();
    recorded.event.what = what;
    (recorded, facts)
}

fn content_of(framing: &Framing, raw: Vec<u8>, fault: Option<Fault>) -> Vec<u8> {
    let as_it_stands = matches!(fault, Some(Fault::Unfinished | Fault::BadLength | Fault::Stray))
        || matches!(framing, Framing::None | Framing::IdleGap { .. });
    if as_it_stands {
        return raw;
    }
    let (mut framer, mut content) = (Framer::new(framing), None);
    let mut take = |frame: Frame| {
        content.get_or_insert(frame.content);
    };
    framer.push(&raw, Timestamp::default(), &mut take);
    framer.end(&mut take);
    content.unwrap_or(raw)
}

/// As it stood in the stream, and the seqs of its chunks. Longer frames than `MOST_FRAME_BYTES` are never cut.
fn raw_bytes<'l>(log: &'l Log, reader: &mut Reader<'l>, frame: FrameRow) -> (Vec<u8>, Vec<u64>) {
    let (mut raw, mut chunks) = (Vec::new(), Vec::new());
    let Some(end) = log.rows.get(frame.end) else { return (raw, chunks) };
    let (mut next, mut rows) = (frame.first(), Vec::new());
    while next <= frame.end {
        let left = usize::try_from(frame.end - next + 1).unwrap_or(WALK_ROWS);
        log.rows.copy(next, left.min(WALK_ROWS), &mut rows);
        if rows.is_empty() {
            break;
        }
        for (number, row) in (next..).zip(&rows) {
            if row.kind() != end.kind() || row.connection() != end.connection() || row.length() == 0 {
                continue;
            }
            let Ok(stored) = reader.stored(*row) else { continue };
            let payload = stored.payload().unwrap_or_default();
            let from = if chunks.is_empty() { (frame.offset as usize).min(payload.len()) } else { 0 };
            let missing = (frame.raw as usize).saturating_sub(raw.len());
            raw.extend(payload[from..].iter().take(missing));
            chunks.push(log.seq_of(number));
        }
        next += rows.len() as u64;
    }
    (raw, chunks)
}

/// The rows of a frame's chunks; no more than so many.
pub(super) fn chunks_of(log: &Log, frame: FrameRow, most: usize) -> Vec<u64> {
    let (mut found, mut rows, mut next) = (Vec::new(), Vec::new(), frame.first());
    let Some(end) = log.rows.get(frame.end) else { return found };
    while next <= frame.end && found.len() < most {
        let left = usize::try_from(frame.end - next + 1).unwrap_or(WALK_ROWS);
        log.rows.copy(next, left.min(WALK_ROWS), &mut rows);
        if rows.is_empty() {
            break;
        }
        let is_of = |row: &Row| row.kind() == end.kind() && row.connection() == end.connection() && row.length() > 0;
        found.extend((next..).zip(&rows).filter(|(_, row)| is_of(row)).map(|(number, _)| number));
        next += rows.len() as u64;
    }
    found.truncate(most);
    found
}

fn is_chunk(row: Row) -> bool {
    matches!(row.kind(), EventKind::Received | EventKind::Sent)
}
