//! The matching rows as a new session file: it opens in Sockscope and in Wireshark. Events keep their numbers.
//! Called by: the registry beside it.

use std::io::{self, Write};

use super::{Export, Format};
use crate::model::Recorded;
use crate::session::pcapng::batch::Batch;
use crate::session::pcapng::encoder::Encoder;
use crate::session::pcapng::index::End;

pub(super) const FORMAT: Format =
    Format { name: "pcapng", extension: "pcapng", begin: |_| Box::new(Session::default()) };

#[derive(Default)]
struct Session {
    encoder: Encoder,
    batch: Batch,
    rows: u64,
    next_seq: u64,
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
        self.encoder.event(&mut self.batch, 0, recorded.seq, &recorded.event);
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
