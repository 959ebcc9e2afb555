//! The matching rows as a new session file: it opens in Sockscope and in Wireshark. Events keep their numbers and notes;
//! Wireshark shows a note as the comment of its packet, or behind the sentence of what happened.
//! Called by: the registry beside it.

use std::io::{self, Write};
use std::sync::Arc;

use super::{Export, Format, note_lines};
use crate::model::Recorded;
use crate::session::Notes;
use crate::session::notes::NoteEdit;
use crate::session::pcapng::batch::Batch;
use crate::session::pcapng::encoder::Encoder;
use crate::session::pcapng::index::End;
use crate::session::pcapng::note::put_note;

pub(super) const FORMAT: Format = Format {
    name: "pcapng",
    extension: "pcapng",
    frames: false,
    begin: |_, notes| Box::new(Session { notes: notes.clone(), ..Session::default() }),
};

/// An option takes 65,535 bytes.
const COMMENT_BYTES: usize = 60_000;

#[derive(Default)]
struct Session {
    encoder: Encoder,
    batch: Batch,
    rows: u64,
    next_seq: u64,
    notes: Arc<Notes>,
}

impl Session {
    fn hand_over(&mut self, to: &mut dyn Write) -> io::Result<()> {
        self.batch.write_all(|slices| to.write_vectored(slices))?;
        self.batch.clear();
        Ok(())
    }
}

impl Export for Session {
    fn begin(&mut self, _to: &mut dyn Write) -> io::Result<()> {
        self.encoder.begin_section(&mut self.batch);
        Ok(())
    }

    fn event(&mut self, to: &mut dyn Write, recorded: &Recorded) -> io::Result<()> {
        let note = self.notes.by_seq.get(&recorded.seq);
        if let Some(note) = note {
            let mut comment = note_lines(note).join("\n");
            comment.truncate(comment.floor_char_boundary(COMMENT_BYTES));
            self.encoder.comment_next(comment);
        }
        self.encoder.event(&mut self.batch, 0, recorded.seq, &recorded.event);
        if let Some(note) = note {
            put_note(self.batch.buffer(), &NoteEdit::Write((**note).clone()));
        }
        self.rows += 1;
        self.next_seq = recorded.seq + 1;
        if self.batch.is_full() { self.hand_over(to) } else { Ok(()) }
    }

    fn end(&mut self, to: &mut dyn Write) -> io::Result<()> {
        // Without index blocks: whoever opens it walks through it once.
        End { rows: self.rows, next_seq: self.next_seq, last_index: 0 }.put(self.batch.buffer());
        self.hand_over(to)
    }
}
