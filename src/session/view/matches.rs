//! Rows that match, by their places among each other: two bytes a match, whatever the rows carry.
//!
//! Owns: the list. Never: what matches. Called by: the log view, for the shown rows and for those the find bar found.

use super::frame_list::{FrameList, FrameRow};
use crate::session::rows::PIECE_ROWS;

/// Rows that match, two bytes each; all rows when the query takes all.
#[derive(Default)]
pub(super) struct Matches {
    pub generation: u64,
    pub all: bool,
    /// The row at the first place, when all rows match: those before it are forgotten.
    pub first_row: u64,
    pub scanned: u64,
    pub count: u64,
    /// For each piece of `PIECE_ROWS` rows: matches before it, and the rows within it.
    pieces: Vec<(u64, Vec<u16>)>,
    /// In place of all that, when frames are shown.
    pub frames: Option<FrameList>,
    /// Frames with their chunks beneath them, in the order of their keys.
    opened: Vec<Opened>,
}

/// A frame that is open, and the rows of its chunks.
pub(super) struct Opened {
    pub key: (u64, u32),
    pub chunks: Vec<u64>,
}

impl Matches {
    /// Rows before `first_row` are not looked at.
    pub(super) fn new(generation: u64, first_row: u64) -> Self {
        Self { generation, first_row, scanned: first_row, ..Self::default() }
    }

    /// The same for a view of frames, where `frames` is set.
    pub(super) fn of(generation: u64, first_row: u64, frames: bool) -> Self {
        Self { frames: frames.then(FrameList::default), ..Self::new(generation, first_row) }
    }

    /// Takes rows of a view of frames, and empties them.
    pub(super) fn take(&mut self, found: &mut Vec<FrameRow>) {
        if let Some(frames) = &mut self.frames {
            frames.take(found);
            self.count_frames();
        }
    }

    /// Takes rows of a view of frames out again.
    pub(super) fn drop_rows(&mut self, keys: Vec<(u64, u32)>) {
        if let Some(frames) = &mut self.frames {
            if keys.is_empty() {
                return;
            }
            frames.drop_rows(keys);
            self.count_frames();
        }
    }

    /// Shows chunks beneath these frames, and beneath no others.
    pub(super) fn open(&mut self, mut opened: Vec<Opened>) {
        opened.sort_by_key(|opened| opened.key);
        self.opened = opened;
        self.count_frames();
    }

    pub(super) fn is_open(&self, keys: &[(u64, u32)]) -> bool {
        self.opened.iter().map(|opened| opened.key).eq(keys.iter().copied())
    }

    fn count_frames(&mut self) {
        let Some(frames) = &self.frames else { return };
        self.opened.retain(|opened| frames.find(opened.key).is_some());
        self.count = frames.count + self.opened.iter().map(|opened| opened.chunks.len() as u64).sum::<u64>();
    }

    /// What stands at a place, and the frame that it stands beneath.
    pub(super) fn at_with_frame(&self, place: u64) -> Option<(FrameRow, Option<(u64, u32)>)> {
        let Some(frames) = self.frames.as_ref().filter(|_| !self.opened.is_empty()) else {
            return Some((self.at(place)?, None));
        };
        let mut place = place;
        for opened in &self.opened {
            let own = frames.place_of(opened.key);
            let Some(beneath) = place.checked_sub(own + 1) else { break };
            if let Some(row) = usize::try_from(beneath).ok().and_then(|at| opened.chunks.get(at)) {
                return Some((FrameRow::beneath(*row), Some(opened.key)));
            }
            place -= opened.chunks.len() as u64;
        }
        Some((frames.at(place)?, None))
    }

    /// What stands at a place; a view without frames has rows that stand for themselves.
    pub(super) fn at(&self, place: u64) -> Option<FrameRow> {
        match &self.frames {
            Some(_) if !self.opened.is_empty() => self.at_with_frame(place).map(|(row, _)| row),
            Some(frames) => frames.at(place),
            None => self.row_at(place).map(FrameRow::whole),
        }
    }

    /// How many stand before a row, or before one of the frames that end in it.
    pub(super) fn place_of_key(&self, key: (u64, u32)) -> u64 {
        match &self.frames {
            Some(frames) => {
                let before = self.opened.iter().take_while(|opened| opened.key < key);
                frames.place_of(key) + before.map(|opened| opened.chunks.len() as u64).sum::<u64>()
            }
            None => self.place_of(key.0),
        }
    }

    pub(super) fn push(&mut self, row: u64) {
        let piece = (row / PIECE_ROWS as u64) as usize;
        while self.pieces.len() <= piece {
            if let Some((_, last)) = self.pieces.last_mut() {
                last.shrink_to_fit();
            }
            self.pieces.push((self.count, Vec::new()));
        }
        if let Some((_, rows)) = self.pieces.get_mut(piece) {
            rows.push((row % PIECE_ROWS as u64) as u16);
        }
        self.count += 1;
    }

    /// The row at a place.
    pub(super) fn row_at(&self, place: u64) -> Option<u64> {
        if place >= self.count {
            return None;
        }
        if self.all {
            return Some(self.first_row + place);
        }
        let piece = self.pieces.partition_point(|(before, _)| *before <= place).checked_sub(1)?;
        let (before, rows) = self.pieces.get(piece)?;
        let within = rows.get(usize::try_from(place - before).ok()?)?;
        Some(piece as u64 * PIECE_ROWS as u64 + u64::from(*within))
    }

    /// How many matches stand before a row.
    pub(super) fn place_of(&self, row: u64) -> u64 {
        if self.all {
            return row.saturating_sub(self.first_row).min(self.count);
        }
        let (piece, within) = ((row / PIECE_ROWS as u64) as usize, (row % PIECE_ROWS as u64) as u16);
        match self.pieces.get(piece) {
            Some((before, rows)) => before + rows.partition_point(|found| *found < within) as u64,
            None => self.count,
        }
    }

    /// The matches among `count` rows from `first` on, which stand in one piece: as places after `first`.
    pub(super) fn within(&self, first: u64, count: usize, out: &mut Vec<u32>) {
        out.clear();
        if self.all {
            out.extend(0..count as u32);
            return;
        }
        let (piece, from) = ((first / PIECE_ROWS as u64) as usize, (first % PIECE_ROWS as u64) as usize);
        let Some((_, rows)) = self.pieces.get(piece) else { return };
        let begin = rows.partition_point(|row| usize::from(*row) < from);
        let places = rows[begin..].iter().map(|row| usize::from(*row) - from);
        out.extend(places.take_while(|place| *place < count).map(|place| place as u32));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_rows_and_neighbours_are_found_across_pieces() {
        let far = 3 * PIECE_ROWS as u64;
        let rows = [2, 5, 9, far + 1, far + 7];
        let mut matches = Matches::default();
        rows.into_iter().for_each(|row| matches.push(row));
        assert_eq!(
            (0..6).map(|place| matches.row_at(place)).collect::<Vec<_>>(),
            [rows.map(Some).as_slice(), &[None]].concat()
        );
        assert_eq!(
            [0, 2, 3, 10, far, far + 1, far + 8, u64::MAX / 2].map(|row| matches.place_of(row)),
            [0, 0, 1, 3, 3, 3, 5, 5]
        );
        let mut out = Vec::new();
        matches.within(3, 6, &mut out);
        assert_eq!(out, [2]);
        matches.within(far, 100, &mut out);
        assert_eq!(out, [1, 7]);
        matches.within(far * 2, 100, &mut out);
        assert!(out.is_empty());
        let all = Matches { all: true, count: 10, ..Matches::default() };
        all.within(4, 3, &mut out);
        assert_eq!(out, [0, 1, 2]);
        let some = Matches { all: true, count: 10, ..Matches::new(1, 100) };
        assert_eq!((some.row_at(9), some.row_at(10)), (Some(109), None));
        assert_eq!([0, 100, 105, 200].map(|row| some.place_of(row)), [0, 0, 5, 10]);
    }
}
