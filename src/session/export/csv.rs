//! CSV after RFC 4180, safe to open in a spreadsheet.
//! Called by: the registry beside it.

use std::io::{self, Write};
use std::sync::Arc;

use super::{BOOKMARK, Export, Format, Times, fault_name, push_hex};
use crate::model::{Encodings, Recorded};
use crate::payload::{visible, visible_text};
use crate::session::{FrameFacts, Notes, sentences};

pub(super) const FORMAT: Format = Format {
    name: "csv",
    extension: "csv",
    frames: true,
    begin: |query, notes| {
        Box::new(Csv {
            writer: new_writer(),
            times: Times::default(),
            ends: None,
            cell: Vec::new(),
            encodings: query.encodings.clone(),
            notes: notes.clone(),
            fault: "",
        })
    },
};

const HEADER: [&str; 12] =
    ["seq", "time", "kind", "endpoint", "connection", "local", "peer", "length", "hex", "text", "message", "note"];
/// A cell of text is cut here (a spreadsheet takes about as much); the bytes are whole in `hex`.
const TEXT_BYTES: usize = 32 * 1024;

struct Csv {
    writer: csv::Writer<Vec<u8>>,
    times: Times,
    /// Endpoint, connection, local and peer of the event before: often the same again.
    ends: Option<(Arc<crate::model::Flow>, [String; 4])>,
    cell: Vec<u8>,
    encodings: Arc<Encodings>,
    notes: Arc<Notes>,
    /// Of the frame that is written, in the place of a message.
    fault: &'static str,
}

fn new_writer() -> csv::Writer<Vec<u8>> {
    csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new())
}

impl Csv {
    fn hand_over(&mut self, to: &mut dyn Write) -> io::Result<()> {
        self.writer.flush()?;
        let writer = std::mem::replace(&mut self.writer, new_writer());
        let written = writer.into_inner().map_err(|error| io::Error::other(error.to_string()))?;
        to.write_all(&written)
    }
}

impl Export for Csv {
    fn begin(&mut self, _to: &mut dyn Write) -> io::Result<()> {
        self.writer.write_record(HEADER).map_err(io::Error::other)
    }

    fn event(&mut self, to: &mut dyn Write, recorded: &Recorded) -> io::Result<()> {
        let event = &recorded.event;
        let flow = &event.flow;
        if self.ends.as_ref().is_none_or(|(of, _)| !Arc::ptr_eq(of, flow)) {
            let connection = if flow.connection.is_none() { String::new() } else { flow.connection.0.to_string() };
            let address = |a: Option<std::net::SocketAddr>| a.map_or_else(String::new, |a| a.to_string());
            let uri = safe(&visible_text(&flow.endpoint_uri, TEXT_BYTES));
            let ends = [uri, connection, address(flow.local), address(flow.peer)];
            self.ends = Some((flow.clone(), ends));
        }
        let writer = &mut self.writer;
        let seq = recorded.seq.to_string();
        let mut put = |cell: &[u8]| writer.write_field(cell).map_err(io::Error::other);
        put(seq.as_bytes())?;
        put(self.times.text(event.time).as_bytes())?;
        put(event.kind().name().as_bytes())?;
        for end in self.ends.iter().flat_map(|(_, ends)| ends) {
            put(end.as_bytes())?;
        }
        if let Some(bytes) = event.bytes() {
            put(bytes.len().to_string().as_bytes())?;
            self.cell.clear();
            push_hex(&mut self.cell, bytes);
            put(&self.cell)?;
            put(safe(&visible(bytes, self.encodings.of(flow), TEXT_BYTES)).as_bytes())?;
            put(self.fault.as_bytes())?;
        } else {
            let message = event.happening().map(|happening| sentences::happening(happening, flow)).unwrap_or_default();
            for _ in 0..3 {
                put(b"")?;
            }
            put(safe(&visible_text(&message, TEXT_BYTES)).as_bytes())?;
        }
        match self.notes.by_seq.get(&recorded.seq) {
            None => put(b"")?,
            Some(note) if note.text.is_empty() => put(BOOKMARK.as_bytes())?,
            Some(note) => put(safe(&visible_text(&note.text, TEXT_BYTES)).as_bytes())?,
        }
        writer.write_record(None::<&[u8]>).map_err(io::Error::other)?;
        // Cells that are written row by row would cost a call each.
        if recorded.seq.is_multiple_of(256) { self.hand_over(to) } else { Ok(()) }
    }

    fn frame(&mut self, to: &mut dyn Write, recorded: &Recorded, facts: &FrameFacts) -> io::Result<()> {
        self.fault = facts.fault.map_or("", fault_name);
        let written = self.event(to, recorded);
        self.fault = "";
        written
    }

    fn end(&mut self, to: &mut dyn Write) -> io::Result<()> {
        self.hand_over(to)
    }
}

/// A cell that a spreadsheet would take for a formula begins with an apostrophe.
pub(in crate::session) fn safe(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_disarmed() {
        for cell in ["=1+1", "+1", "-1", "@SUM(1)", "\tx", "\rx"] {
            assert_eq!(safe(cell), format!("'{cell}"));
        }
        assert_eq!(safe("plain"), "plain");
    }

    #[test]
    fn a_name_from_a_file_cannot_act_on_a_terminal() {
        use crate::model::{ConnectionId, EndpointId, Event, Flow, Role, Timestamp, Transport, What};
        let flow = Flow {
            endpoint: EndpointId(1),
            endpoint_uri: "tcp://a\u{1b}[31m\u{202e}\r\nx".into(),
            connection: ConnectionId(1),
            transport: Transport::Tcp,
            role: Role::Client,
            local: None,
            peer: None,
            mirror: false,
        };
        let event = Event { time: Timestamp(0), flow: flow.into(), what: What::Received(bytes::Bytes::new()) };
        let mut export = (FORMAT.begin)(&crate::session::Query::default(), &Arc::default());
        let mut out = Vec::new();
        export.event(&mut out, &Recorded { seq: 256, event, damaged: false }).unwrap();
        let line = String::from_utf8(out).unwrap();
        assert_eq!(visible_text(line.trim_end(), usize::MAX), line.trim_end());
    }
}
