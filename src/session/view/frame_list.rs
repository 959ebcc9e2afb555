//! The rows of a view of frames, by their places among each other: 24 bytes a row, whatever it carries.
//!
//! Owns: the list. Never: content, which is cut again from the chunks for rows on screen.
//! Called by: `framed`, which fills it; `matches`, which stands before it.

use crate::framing::Fault;
use crate::session::rows::PIECE_ROWS;

/// What a view of frames shows in one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FrameRow {
    /// The row that a happening stands in, or the last chunk of a frame.
    pub end: u64,
    /// So many rows before `end` stands the frame's first chunk.
    back: u32,
    /// Where in the first chunk it begins.
    pub offset: u32,
    /// Bytes in the stream; 0: the row stands for itself.
    pub raw: u32,
    /// Which of the frames that end in the chunk (28 bits), and the fault.
    index_and_fault: u32,
}

/// In place of `back`: the row is a chunk beneath an open frame.
const BENEATH: u32 = u32::MAX;
const FAULT_SHIFT: u32 = 28;
/// In place of a fault: the frame is not finished yet.
const PENDING: u32 = 15;
const FAULTS: [Fault; 5] = [Fault::TooLong, Fault::Unfinished, Fault::BadLength, Fault::Stray, Fault::BadEscape];

impl FrameRow {
    /// A row that stands for itself: a happening, or a chunk that nothing takes apart.
    pub(super) fn whole(row: u64) -> Self {
        Self { end: row, back: 0, offset: 0, raw: 0, index_and_fault: 0 }
    }

    /// A chunk beneath the frame that came in it.
    pub(super) fn beneath(row: u64) -> Self {
        Self { back: BENEATH, ..Self::whole(row) }
    }

    pub(super) fn is_beneath(&self) -> bool {
        self.raw == 0 && self.back == BENEATH
    }

    pub(super) fn frame(end: u64, first: u64, offset: u64, raw: u64, index: u32, fault: Option<Fault>) -> Self {
        let number = fault.and_then(|fault| FAULTS.iter().position(|known| *known == fault)).map_or(0, |at| at + 1);
        let small = |value: u64| u32::try_from(value).unwrap_or(BENEATH - 1);
        Self {
            end,
            back: small(end.saturating_sub(first)),
            offset: small(offset),
            raw: small(raw).max(1),
            index_and_fault: (index & ((1 << FAULT_SHIFT) - 1)) | (number as u32) << FAULT_SHIFT,
        }
    }

    /// Bytes that belong to no finished frame yet.
    pub(super) fn pending(self) -> Self {
        Self { index_and_fault: self.index() | PENDING << FAULT_SHIFT, ..self }
    }

    pub(super) fn is_pending(&self) -> bool {
        self.index_and_fault >> FAULT_SHIFT == PENDING
    }

    pub(super) fn is_frame(&self) -> bool {
        self.raw > 0
    }

    pub(super) fn first(&self) -> u64 {
        self.end.saturating_sub(u64::from(self.back))
    }

    pub(super) fn index(&self) -> u32 {
        self.index_and_fault & ((1 << FAULT_SHIFT) - 1)
    }

    pub(super) fn fault(&self) -> Option<Fault> {
        ((self.index_and_fault >> FAULT_SHIFT) as usize).checked_sub(1).and_then(|at| FAULTS.get(at)).copied()
    }

    /// In this order rows are shown.
    pub(super) fn key(&self) -> (u64, u32) {
        (self.end, self.index())
    }
}

#[derive(Default)]
pub(super) struct FrameList {
    pub count: u64,
    /// For each piece of `PIECE_ROWS` rows of the session: those shown before it, and those in it.
    pieces: Vec<(u64, Vec<FrameRow>)>,
}

impl FrameList {
    /// Takes what was found, in any order, and empties it. A frame that ends with a pause, or with its connection, stands
    /// before what is here already.
    pub(super) fn take(&mut self, found: &mut Vec<FrameRow>) {
        if found.is_empty() {
            return;
        }
        found.sort_unstable_by_key(FrameRow::key);
        let mut rest = found.as_slice();
        while let Some(first) = rest.first() {
            let piece = (first.end / PIECE_ROWS as u64) as usize;
            let count = rest.partition_point(|row| (row.end / PIECE_ROWS as u64) as usize == piece);
            if self.pieces.len() <= piece {
                self.pieces.resize_with(piece + 1, Default::default);
            }
            if let Some((_, rows)) = self.pieces.get_mut(piece) {
                let in_order = rows.last().is_none_or(|last| last.key() < first.key());
                rows.extend_from_slice(&rest[..count]);
                if !in_order {
                    // Two runs in order each: one pass.
                    rows.sort_by_key(FrameRow::key);
                }
            }
            rest = &rest[count..];
        }
        found.clear();
        self.count_anew();
    }

    /// One number a piece: a hundred and some for ten million rows.
    fn count_anew(&mut self) {
        self.count = 0;
        for (before, rows) in &mut self.pieces {
            *before = self.count;
            self.count += rows.len() as u64;
        }
    }

    /// Takes rows out again, one pass over what stands behind the first of them in its piece.
    pub(super) fn drop_rows(&mut self, mut keys: Vec<(u64, u32)>) {
        if keys.is_empty() {
            return;
        }
        keys.sort_unstable();
        for keys in keys.chunk_by(|one, next| one.0 / PIECE_ROWS as u64 == next.0 / PIECE_ROWS as u64) {
            let Some(first) = keys.first() else { continue };
            if let Some((_, rows)) = self.pieces.get_mut((first.0 / PIECE_ROWS as u64) as usize) {
                let behind = rows.split_off(rows.partition_point(|row| row.key() < *first));
                rows.extend(behind.into_iter().filter(|row| keys.binary_search(&row.key()).is_err()));
            }
        }
        self.count_anew();
    }

    pub(super) fn at(&self, place: u64) -> Option<FrameRow> {
        let piece = self.pieces.partition_point(|(before, _)| *before <= place).checked_sub(1)?;
        let (before, rows) = self.pieces.get(piece)?;
        rows.get(usize::try_from(place - before).ok()?).copied()
    }

    /// How many are shown before this key.
    pub(super) fn place_of(&self, key: (u64, u32)) -> u64 {
        match self.pieces.get((key.0 / PIECE_ROWS as u64) as usize) {
            Some((before, rows)) => before + rows.partition_point(|row| row.key() < key) as u64,
            None => self.count,
        }
    }

    pub(super) fn find(&self, key: (u64, u32)) -> Option<FrameRow> {
        self.at(self.place_of(key)).filter(|row| row.key() == key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_small_and_keeps_what_it_is_told() {
        assert_eq!(size_of::<FrameRow>(), 24);
        for fault in FAULTS.into_iter().map(Some).chain([None]) {
            let row = FrameRow::frame(100, 90, 7, 12, 3, fault);
            assert_eq!((row.first(), row.offset, row.raw, row.index(), row.fault()), (90, 7, 12, 3, fault));
            assert!(row.is_frame());
        }
        assert!(!FrameRow::whole(4).is_frame());
        let pending = FrameRow::frame(100, 90, 7, 12, 3, None).pending();
        assert_eq!((pending.key(), pending.fault(), pending.is_pending()), ((100, 3), None, true));
        assert!(!FrameRow::frame(100, 90, 7, 12, 3, Some(Fault::BadEscape)).is_pending());
    }

    #[test]
    fn places_hold_however_late_a_frame_is_found() {
        let (mut list, far) = (FrameList::default(), 5 * PIECE_ROWS as u64);
        let frame = |end, index| FrameRow::frame(end, end, 0, 1, index, None);
        list.take(&mut vec![frame(3, 0), frame(3, 1), frame(9, 0)]);
        list.take(&mut vec![frame(far + 1, 0), FrameRow::whole(5)]);
        list.take(&mut vec![frame(4, 0), frame(far, 0), frame(2 * PIECE_ROWS as u64, 0)]);
        let keys: Vec<_> = (0..list.count).map(|place| list.at(place).unwrap().key()).collect();
        let right = [(3, 0), (3, 1), (4, 0), (5, 0), (9, 0), (2 * PIECE_ROWS as u64, 0), (far, 0), (far + 1, 0)];
        assert_eq!(keys, right);
        for (place, key) in (0..).zip(right) {
            assert_eq!((list.place_of(key), list.find(key).map(|row| row.key())), (place, Some(key)));
        }
        assert_eq!((list.place_of((10, 0)), list.place_of((far * 9, 0))), (5, 8));
        assert_eq!((list.at(8), list.find((3, 2))), (None, None));
        // What is not there is not missed.
        list.drop_rows(vec![(far, 0), (3, 1), (4, 7), (9, 0), (far * 9, 0)]);
        let keys: Vec<_> = (0..list.count).map(|place| list.at(place).unwrap().key()).collect();
        assert_eq!(keys, [(3, 0), (4, 0), (5, 0), (2 * PIECE_ROWS as u64, 0), (far + 1, 0)]);
    }
}
