//! A hex dump that `text2pcap` takes back: each event with bytes is a packet with its direction and time, all else stands
//! in comments. No column of text: what looks like hex in it would be taken for bytes.
//!
//! `text2pcap -D -t ISO -T PEER,LOCAL dump.txt dump.pcapng` puts TCP headers with these two ports around the bytes, `-u`
//! UDP headers, `-l 147` none. Called by: the registry beside it.

use std::io::{self, Write};
use std::sync::Arc;

use super::{Export, Format, HEX, Times, note_lines};
use crate::model::{Recorded, What};
use crate::payload::visible_text;
use crate::session::{Notes, sentences};

pub(super) const FORMAT: Format = Format {
    name: "hexdump",
    extension: "hex",
    frames: false,
    begin: |_, notes| Box::new(HexDump { times: Times::default(), out: Vec::new(), notes: notes.clone() }),
};

const LINE_BYTES: usize = 16;
const COMMENT_BYTES: usize = 4096;
const HEAD: &str = "\
# Back to a capture: text2pcap -D -t ISO -T PEER_PORT,LOCAL_PORT THIS_FILE capture.pcapng
# For UDP: -u in the place of -T. Without headers around the bytes: -l 147 in the place of -T and the ports.
";

struct HexDump {
    times: Times,
    out: Vec<u8>,
    notes: Arc<Notes>,
}

impl Export for HexDump {
    fn begin(&mut self, to: &mut dyn Write) -> io::Result<()> {
        to.write_all(HEAD.as_bytes())
    }

    fn event(&mut self, to: &mut dyn Write, recorded: &Recorded) -> io::Result<()> {
        let event = &recorded.event;
        let flow = &event.flow;
        let out = &mut self.out;
        out.clear();
        write!(out, "\n# {} {}", recorded.seq, event.kind().name())?;
        if !flow.endpoint_uri.is_empty() {
            write!(out, " {}", visible_text(&flow.endpoint_uri, COMMENT_BYTES))?;
        }
        if !flow.connection.is_none() {
            write!(out, " connection {}", flow.connection.0)?;
        }
        if let (Some(local), Some(peer)) = (flow.local, flow.peer) {
            let arrow = if matches!(event.what, What::Received(_)) { "<-" } else { "->" };
            write!(out, " {local} {arrow} {peer}")?;
        }
        if let Some(bytes) = event.bytes() {
            writeln!(out, " {} bytes{}", bytes.len(), if recorded.damaged { " (damaged)" } else { "" })?;
        } else {
            writeln!(out, " {}", self.times.text(event.time))?;
        }
        if let Some(happening) = event.happening() {
            writeln!(out, "# {}", visible_text(&sentences::happening(happening, flow), COMMENT_BYTES))?;
        }
        if let Some(note) = self.notes.by_seq.get(&recorded.seq) {
            for line in note_lines(note) {
                writeln!(out, "# note: {line}")?;
            }
        }
        // An empty datagram is no packet for text2pcap: it stays a comment.
        if let Some(bytes) = event.bytes().filter(|bytes| !bytes.is_empty()) {
            let direction = if matches!(event.what, What::Received(_)) { 'I' } else { 'O' };
            writeln!(out, "{direction} {}", self.times.text(event.time))?;
            put_lines(out, bytes)?;
        }
        to.write_all(out)
    }

    fn end(&mut self, _to: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }
}

fn put_lines(out: &mut Vec<u8>, bytes: &[u8]) -> io::Result<()> {
    for (number, line) in bytes.chunks(LINE_BYTES).enumerate() {
        write!(out, "{:06x}", number * LINE_BYTES)?;
        for byte in line {
            out.extend_from_slice(&[b' ', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
        }
        out.push(b'\n');
    }
    Ok(())
}
