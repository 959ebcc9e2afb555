//! A note on an event as a block for local use, which other programs skip. A later one for the same event takes the place
//! of an earlier one; one that is marked as removed takes it away.
//! Called by: the recorder, the pcapng export and `session::notes` (writing), `index` and the indexing (reading).

use super::{MAGIC, NOTE, padding, put_block, u32_at, u64_at};
use crate::model::{Note, Timestamp};
use crate::session::notes::{MAX_NOTE_BYTES, NoteEdit};

/// Magic, CRC, seq, time, flags, length of the text.
const FIXED_BYTES: usize = 32;
const REMOVED: u32 = 1;

pub(in crate::session) fn put_note(out: &mut Vec<u8>, edit: &NoteEdit) {
    let (seq, time, flags, text) = match edit {
        NoteEdit::Write(note) => (note.seq, note.time, 0, note.text.as_str()),
        NoteEdit::Remove(seq) => (*seq, Timestamp(0), REMOVED, ""),
    };
    let text = &text[..text.floor_char_boundary(MAX_NOTE_BYTES)];
    let mut body = Vec::with_capacity(FIXED_BYTES + text.len() + 3);
    body.extend_from_slice(&MAGIC);
    body.extend_from_slice(&[0; 4]);
    body.extend_from_slice(&seq.to_le_bytes());
    body.extend_from_slice(&time.0.to_le_bytes());
    body.extend_from_slice(&flags.to_le_bytes());
    body.extend_from_slice(&(text.len() as u32).to_le_bytes());
    body.extend_from_slice(text.as_bytes());
    body.extend_from_slice(&[0; 3][..padding(text.len())]);
    let crc = crc32fast::hash(&body[8..]);
    body[4..8].copy_from_slice(&crc.to_le_bytes());
    put_block(out, NOTE, &body);
}

/// `None`: not ours, or damaged; a damaged note is no reason to stop reading.
pub(in crate::session) fn read_note(body: &[u8]) -> Option<NoteEdit> {
    if body.get(..4)? != MAGIC || u32_at(body, 4)? != crc32fast::hash(body.get(8..)?) {
        return None;
    }
    let (seq, time, flags) = (u64_at(body, 8)?, Timestamp(u64_at(body, 16)?), u32_at(body, 24)?);
    if flags & REMOVED != 0 {
        return Some(NoteEdit::Remove(seq));
    }
    let length = u32_at(body, 28)? as usize;
    let text = body.get(FIXED_BYTES..)?.get(..length).filter(|text| text.len() <= MAX_NOTE_BYTES)?;
    Some(NoteEdit::Write(Note { seq, text: String::from_utf8_lossy(text).into_owned(), time }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::pcapng::block_at;
    use proptest::prelude::*;

    fn back(edit: &NoteEdit) -> Option<NoteEdit> {
        let mut out = Vec::new();
        put_note(&mut out, edit);
        let block = block_at(&out).unwrap();
        assert_eq!((block.kind, block.total), (NOTE, out.len()));
        read_note(block.body)
    }

    fn written(seq: u64, text: &str) -> NoteEdit {
        NoteEdit::Write(Note { seq, text: text.to_owned(), time: Timestamp(seq ^ 7) })
    }

    #[test]
    fn removals_and_bookmarks_come_back() {
        for edit in [NoteEdit::Remove(u64::MAX), written(1, ""), written(0, "x")] {
            assert_eq!(back(&edit), Some(edit));
        }
    }

    #[test]
    fn a_text_that_is_too_long_is_cut_between_characters() {
        let Some(NoteEdit::Write(note)) = back(&written(1, &"泵".repeat(MAX_NOTE_BYTES))) else { panic!("no note") };
        assert_eq!(note.text.len(), MAX_NOTE_BYTES / 3 * 3);
    }

    #[test]
    fn no_prefix_and_no_flipped_bit_panics_or_passes() {
        let mut out = Vec::new();
        put_note(&mut out, &written(9, "a note"));
        let body = &out[8..out.len() - 4];
        for end in 0..body.len() {
            assert_eq!(read_note(&body[..end]), None);
        }
        for bit in 0..body.len() * 8 {
            let mut body = body.to_vec();
            body[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(read_note(&body), None, "bit {bit}");
        }
    }

    proptest! {
        #[test]
        fn any_text_survives(seq: u64, text in "\\PC*|[\\s\\S]*") {
            let edit = written(seq, &text);
            prop_assert_eq!(back(&edit), Some(edit));
        }
    }
}
