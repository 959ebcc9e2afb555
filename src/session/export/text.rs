//! Text for people: a line for each event, and its bytes as a dump.
//! Called by: the registry beside it.

use std::io::{self, Write};
use std::sync::Arc;

use super::{Export, Format, HEX, Times, fault_name, note_lines};
use crate::model::{Encodings, Recorded, TextEncoding, What};
use crate::payload::{visible, visible_text};
use crate::session::{FrameFacts, Notes, sentences};

pub(super) const FORMAT: Format = Format {
    name: "text",
    extension: "txt",
    frames: true,
    begin: |query, notes| {
        let (encodings, notes) = (query.encodings.clone(), notes.clone());
        Box::new(Text { times: Times::default(), out: Vec::new(), encodings, notes, about: String::new() })
    },
};

const LINE_BYTES: usize = 16;
const MESSAGE_BYTES: usize = 64 * 1024;

struct Text {
    times: Times,
    out: Vec<u8>,
    encodings: Arc<Encodings>,
    notes: Arc<Notes>,
    /// Of the frame that is written, said behind its size.
    about: String,
}

impl Export for Text {
    fn begin(&mut self, _to: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    fn event(&mut self, to: &mut dyn Write, recorded: &Recorded) -> io::Result<()> {
        let event = &recorded.event;
        let flow = &event.flow;
        let out = &mut self.out;
        out.clear();
        write!(out, "#{} {} {}", recorded.seq, self.times.text(event.time), event.kind().name())?;
        if !flow.endpoint_uri.is_empty() {
            write!(out, " {}", visible_text(&flow.endpoint_uri, MESSAGE_BYTES))?;
        }
        if !flow.connection.is_none() {
            write!(out, " connection {}", flow.connection.0)?;
        }
        let arrow = if matches!(event.what, What::Received(_)) { "<-" } else { "->" };
        if let (Some(local), Some(peer)) = (flow.local, flow.peer) {
            write!(out, " {local} {arrow} {peer}")?;
        }
        if let Some(bytes) = event.bytes() {
            let damaged = if recorded.damaged { " (damaged)" } else { "" };
            writeln!(out, " {} bytes{damaged}{}", bytes.len(), self.about)?;
            put_dump(out, bytes, self.encodings.of(flow))?;
        } else if let Some(happening) = event.happening() {
            let message = sentences::happening(happening, flow);
            writeln!(out, "\n    {}", visible_text(&message, MESSAGE_BYTES))?;
            if let Some(hint) = happening.failure().map(sentences::hint).filter(|hint| !hint.is_empty()) {
                writeln!(out, "    {}", visible_text(&hint, MESSAGE_BYTES))?;
            }
        }
        if let Some(note) = self.notes.by_seq.get(&recorded.seq) {
            for line in note_lines(note) {
                writeln!(out, "    note: {line}")?;
            }
        }
        to.write_all(out)
    }

    fn frame(&mut self, to: &mut dyn Write, recorded: &Recorded, facts: &FrameFacts) -> io::Result<()> {
        let chunks = facts.chunks.len();
        let several = if chunks > 1 { format!(", {chunks} chunks") } else { String::new() };
        let fault = facts.fault.map(|fault| format!(", {}", fault_name(fault))).unwrap_or_default();
        self.about = format!(" (frame {}{several}{fault})", facts.index + 1);
        let written = self.event(to, recorded);
        self.about.clear();
        written
    }

    fn end(&mut self, _to: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }
}

/// Offset, hex, and the line's bytes as text.
fn put_dump(out: &mut Vec<u8>, bytes: &[u8], encoding: TextEncoding) -> io::Result<()> {
    for (number, line) in bytes.chunks(LINE_BYTES).enumerate() {
        write!(out, "    {:06x} ", number * LINE_BYTES)?;
        for at in 0..LINE_BYTES {
            if at == LINE_BYTES / 2 {
                out.push(b' ');
            }
            match line.get(at) {
                Some(byte) => {
                    out.extend_from_slice(&[b' ', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
                }
                None => out.extend_from_slice(b"   "),
            }
        }
        writeln!(out, "  {}", visible(line, encoding, LINE_BYTES * 16))?;
    }
    Ok(())
}
