//! JSON lines: one object per event, the same as `--json` prints.
//! Called by: the registry beside it, and `cli` for `--json`.

use std::io::{self, Write};
use std::sync::Arc;

use serde_json::Value;

use super::{Export, Format, Times, fault_name, push_hex};
use crate::model::{ConnectionId, Happening, Note, Recorded};
use crate::payload::is_invisible;
use crate::session::{FrameFacts, Notes, sentences};

pub(super) const FORMAT: Format = Format {
    name: "jsonl",
    extension: "jsonl",
    frames: true,
    begin: |_, notes| Box::new(JsonLines { notes: notes.clone(), ..JsonLines::default() }),
};

#[derive(Default)]
struct JsonLines {
    line: Vec<u8>,
    times: Times,
    ends: Ends,
    notes: Arc<Notes>,
}

impl Export for JsonLines {
    fn begin(&mut self, _to: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    fn event(&mut self, to: &mut dyn Write, recorded: &Recorded) -> io::Result<()> {
        self.line.clear();
        let note = self.notes.by_seq.get(&recorded.seq);
        put_object(&mut self.line, &mut self.times, &mut self.ends, recorded, note.map(|note| &**note));
        self.line.push(b'\n');
        to.write_all(&self.line)
    }

    fn frame(&mut self, to: &mut dyn Write, recorded: &Recorded, facts: &FrameFacts) -> io::Result<()> {
        self.line.clear();
        let note = self.notes.by_seq.get(&recorded.seq);
        put_object(&mut self.line, &mut self.times, &mut self.ends, recorded, note.map(|note| &**note));
        // Within the object.
        self.line.pop();
        write!(self.line, ",\"frame\":{},\"chunks\":{:?}", facts.index, facts.chunks)?;
        if let Some(fault) = facts.fault {
            write!(self.line, ",\"fault\":\"{}\"", fault_name(fault))?;
        }
        self.line.extend_from_slice(b"}\n");
        to.write_all(&self.line)
    }

    fn end(&mut self, _to: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }
}

/// One event as the JSON object of `--json` and `export --as jsonl` (which adds `note`), without a line end.
pub fn json_object(recorded: &Recorded) -> String {
    let mut object = Vec::new();
    put_object(&mut object, &mut Times::default(), &mut Ends::default(), recorded, None);
    // Put together from JSON strings and ASCII.
    String::from_utf8(object).unwrap_or_default()
}

/// The middle of the last object: many events of one connection follow each other.
#[derive(Default)]
struct Ends {
    of: Option<std::sync::Arc<crate::model::Flow>>,
    text: Vec<u8>,
}

impl Ends {
    fn text(&mut self, flow: &std::sync::Arc<crate::model::Flow>) -> &[u8] {
        if self.of.as_ref().is_some_and(|of| std::sync::Arc::ptr_eq(of, flow)) {
            return &self.text;
        }
        let out = &mut self.text;
        out.clear();
        out.extend_from_slice(b",\"endpoint\":");
        put_string(out, &flow.endpoint_uri);
        if flow.connection != ConnectionId::NONE {
            let _ = write!(out, ",\"connection\":{}", flow.connection.0);
        }
        if let Some(local) = flow.local {
            let _ = write!(out, ",\"local\":\"{local}\"");
        }
        if let Some(peer) = flow.peer {
            let _ = write!(out, ",\"peer\":\"{peer}\"");
        }
        self.of = Some(flow.clone());
        &self.text
    }
}

fn put_object(out: &mut Vec<u8>, times: &mut Times, ends: &mut Ends, recorded: &Recorded, note: Option<&Note>) {
    let event = &recorded.event;
    // Writing to a vector cannot fail.
    let _ = write!(out, "{{\"seq\":{},\"time\":\"{}\"", recorded.seq, times.text(event.time));
    let _ = write!(out, ",\"kind\":\"{}\"", event.kind().name());
    out.extend_from_slice(ends.text(&event.flow));
    if let Some(bytes) = event.bytes() {
        let _ = write!(out, ",\"length\":{},\"hex\":\"", bytes.len());
        push_hex(out, bytes);
        out.push(b'"');
    }
    if let Some(happening) = event.happening() {
        put_happening(out, happening, &event.flow);
    }
    if recorded.damaged {
        out.extend_from_slice(b",\"damaged\":true");
    }
    if let Some(note) = note {
        out.extend_from_slice(b",\"note\":");
        put_string(out, &note.text);
    }
    out.push(b'}');
}

fn put_happening(out: &mut Vec<u8>, happening: &Happening, flow: &crate::model::Flow) {
    out.extend_from_slice(b",\"message\":");
    put_string(out, &sentences::happening(happening, flow));
    if let Some(failure) = happening.failure() {
        out.extend_from_slice(b",\"error\":");
        put_string(out, &sentences::failure(failure));
        out.extend_from_slice(b",\"hint\":");
        put_string(out, &sentences::hint(failure));
    }
    // The facts, flattened: none of their names is one of those above but `kind` and `message`.
    if let Ok(Value::Object(facts)) = serde_json::to_value(happening) {
        for (name, fact) in facts.iter().filter(|(name, _)| *name != "kind" && *name != "message") {
            out.push(b',');
            put_string(out, name);
            out.push(b':');
            put_json(out, fact);
        }
    }
}

/// A JSON string; what a terminal would obey or a reader would not see is escaped too.
fn put_string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    for character in text.chars() {
        match character {
            '"' => out.extend_from_slice(b"\\\""),
            '\\' => out.extend_from_slice(b"\\\\"),
            _ => put_character(out, character),
        }
    }
    out.push(b'"');
}

/// Any JSON value, with the same escapes: all but ASCII stands within strings only.
fn put_json(out: &mut Vec<u8>, value: &Value) {
    for character in value.to_string().chars() {
        put_character(out, character);
    }
}

fn put_character(out: &mut Vec<u8>, character: char) {
    match character {
        ' '..='~' => out.push(character as u8),
        '\u{a1}'..='\u{5ff}' | '\u{2e80}'..='\u{d7ff}' if !is_invisible(character) => {
            out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        }
        _ => {
            for unit in character.encode_utf16(&mut [0; 2]) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_are_escaped_like_sentences() {
        let hostile = "a\u{9b}31m\u{202e}\u{7f}\"\\\n温😀";
        let value = serde_json::json!({ "host": hostile, "n": [1.5, null, true] });
        let mut out = Vec::new();
        put_json(&mut out, &value);
        let text = String::from_utf8(out).unwrap();
        assert_eq!(crate::payload::visible_text(&text, usize::MAX), text);
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
    }
}
