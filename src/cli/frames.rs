//! Events taken apart into frames for printing: what each frame holds, whether its checksum is right, what its fields say.
//!
//! Owns: a framer for each direction of each connection. Never: prints. Called by: `printer`.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::time::Duration;

use serde_json::{Value, json};

use super::arguments::FrameArguments;
use crate::decode::{self, Decoded, Field};
use crate::framing::{Fault, Framer};
use crate::model::{
    ConnectionId, DecoderChoice, EventKind, Framing, Recorded, SumForm, TextEncoding, Transport, Verify, What,
};
use crate::payload::checksum::{Verdict, verify};
use crate::payload::{bytes_to_hex, visible, visible_text};
use crate::words::{Language, Words};

/// Fields of a frame on lines of their own.
const MOST_LINES: usize = 32;
const LINE_BYTES: usize = 400;

pub struct Frames {
    framing: Framing,
    verify: Option<Verify>,
    decoder: Option<DecoderChoice>,
    streams: HashMap<(ConnectionId, EventKind), Stream>,
}

struct Stream {
    framer: Framer,
    /// The event of the last chunk, without its bytes.
    last: Recorded,
}

/// What is printed: an event as it is, or a frame in place of its chunks.
pub struct Item {
    pub recorded: Recorded,
    pub frame: Option<Remarks>,
}

/// What is said of a frame.
#[derive(Default)]
pub struct Remarks {
    fault: Option<Fault>,
    verdict: Option<Verdict>,
    /// The checksum is written in digits.
    digits: bool,
    decoded: Option<Decoded>,
}

impl Frames {
    /// `None`: events are printed as they are.
    pub fn new(arguments: &FrameArguments) -> Option<Self> {
        let FrameArguments { framing, verify, decode } = arguments.clone();
        if framing.is_none() && verify.is_none() && decode.is_none() {
            return None;
        }
        let framing = framing.unwrap_or_default();
        Some(Self { framing, verify, decoder: decode, streams: HashMap::new() })
    }

    /// After so long without an event, what is there is a frame.
    pub fn gap(&self) -> Option<Duration> {
        let waits = self.streams.values().any(|stream| stream.framer.waiting() > 0);
        match self.framing {
            Framing::IdleGap { nanos, .. } if waits => Some(Duration::from_nanos(nanos)),
            _ => None,
        }
    }

    pub fn take(&mut self, recorded: &Recorded, items: &mut Vec<Item>) {
        let event = &recorded.event;
        let (What::Received(bytes) | What::Sent(bytes)) = &event.what else {
            self.happened(recorded, items);
            return items.push(Item { recorded: recorded.clone(), frame: None });
        };
        if self.framing == Framing::None || bytes.is_empty() {
            let frame = Some(self.remarks(recorded, None));
            return items.push(Item { recorded: recorded.clone(), frame });
        }
        if event.flow.transport == Transport::Udp {
            // Each datagram is a stream of its own.
            let mut stream = Stream { framer: Framer::new(&self.framing), last: recorded.clone() };
            let mut found = stream.push(recorded);
            found.extend(stream.end());
            return self.give(found, items);
        }
        let key = (event.flow.connection, event.kind());
        let framing = &self.framing;
        let begin = || Stream { framer: Framer::new(framing), last: recorded.clone() };
        let found = self.streams.entry(key).or_insert_with(begin).push(recorded);
        self.give(found, items);
    }

    /// Nothing came for as long as the gap is.
    pub fn paused(&mut self, items: &mut Vec<Item>) {
        let found: Vec<_> = self.streams.values_mut().flat_map(Stream::end).collect();
        self.give(found, items);
    }

    /// A stream that is at its end gives what is left of it.
    fn happened(&mut self, recorded: &Recorded, items: &mut Vec<Item>) {
        let ends: &[EventKind] = match recorded.event.kind() {
            EventKind::PeerFinished => &[EventKind::Received],
            EventKind::Finished => &[EventKind::Sent],
            EventKind::Closed | EventKind::Reset | EventKind::Failed => &[EventKind::Received, EventKind::Sent],
            _ => return,
        };
        for kind in ends {
            if let Some(mut stream) = self.streams.remove(&(recorded.event.flow.connection, *kind)) {
                let found = stream.end();
                self.give(found, items);
            }
        }
    }

    fn give(&self, found: Vec<(Recorded, Option<Fault>)>, items: &mut Vec<Item>) {
        for (recorded, fault) in found {
            let frame = Some(self.remarks(&recorded, fault));
            items.push(Item { recorded, frame });
        }
    }

    fn remarks(&self, recorded: &Recorded, fault: Option<Fault>) -> Remarks {
        let (What::Received(bytes) | What::Sent(bytes)) = &recorded.event.what else { return Remarks::default() };
        let verdict = self.verify.as_ref().map(|expected| verify(expected, bytes));
        let decoder = self.decoder.as_ref().and_then(|choice| decode::decoder_for(choice, &recorded.event.flow));
        let digits = self.verify.as_ref().is_some_and(|verify| verify.checksum.form != SumForm::Binary);
        Remarks { fault, verdict, digits, decoded: decoder.map(|decoder| decoder.decode(bytes)) }
    }
}

impl Stream {
    fn push(&mut self, recorded: &Recorded) -> Vec<(Recorded, Option<Fault>)> {
        let (What::Received(bytes) | What::Sent(bytes)) = &recorded.event.what else { return Vec::new() };
        let mut frames = Vec::new();
        // What a pause ended belongs to the chunk before it.
        let time = recorded.event.time;
        self.framer.push(bytes, time, &mut |frame| frames.push(frame));
        let before = std::mem::replace(&mut self.last, recorded.clone());
        let of = |last| if last == time { recorded } else { &before };
        frames.into_iter().map(|frame| (framed(of(frame.last), frame.content), frame.fault)).collect()
    }

    fn end(&mut self) -> Vec<(Recorded, Option<Fault>)> {
        let mut frames = Vec::new();
        self.framer.end(&mut |frame| frames.push(frame));
        frames.into_iter().map(|frame| (framed(&self.last, frame.content), frame.fault)).collect()
    }
}

/// The event of a chunk, with a frame in its place.
fn framed(chunk: &Recorded, content: Vec<u8>) -> Recorded {
    let mut recorded = chunk.clone();
    recorded.event.what = match &recorded.event.what {
        What::Sent(_) => What::Sent(content.into()),
        _ => What::Received(content.into()),
    };
    recorded
}

impl Remarks {
    fn sum(&self, bytes: &[u8]) -> String {
        if self.digits { visible(bytes, TextEncoding::Utf8, LINE_BYTES) } else { bytes_to_hex(bytes) }
    }

    /// What stands behind the frame on its line, and beneath it.
    pub fn text(&self) -> String {
        let words = Words::of(Language::English);
        let mut text = String::new();
        if let Some(fault) = self.fault {
            let _ = write!(text, "  ({})", words.get(fault_key(fault)));
        }
        match &self.verdict {
            None => {}
            Some(Verdict::Right) => text.push_str("  ✓ checksum"),
            Some(Verdict::Wrong { expected, got }) => {
                let (expected, got) = (self.sum(expected), self.sum(got));
                let _ = write!(text, "  ✗ wrong checksum: expected {expected}, got {got}");
            }
            Some(Verdict::TooShort) => text.push_str("  ✗ too short for its checksum"),
        }
        if let Some(decoded) = &self.decoded {
            if !decoded.summary.is_empty() {
                let _ = write!(text, "  {}", visible_text(&decoded.summary, LINE_BYTES));
            }
            let mut left = MOST_LINES;
            push_fields(&decoded.fields, 1, &mut left, &mut text);
            if let Some((_, why)) = &decoded.fault {
                let _ = write!(text, "\n    ✗ {}", visible_text(why, LINE_BYTES));
            }
        }
        text
    }

    /// The object of the event with what is said of the frame.
    pub fn json(&self, object: String) -> String {
        let mut more = serde_json::Map::new();
        more.insert("frame".into(), true.into());
        if let Some(fault) = self.fault {
            more.insert("fault".into(), fault_key(fault).trim_start_matches("frames.").into());
        }
        match &self.verdict {
            None => {}
            Some(Verdict::Right) => drop(more.insert("checksum".into(), "right".into())),
            Some(Verdict::TooShort) => drop(more.insert("checksum".into(), "too_short".into())),
            Some(Verdict::Wrong { expected, got }) => {
                more.insert("checksum".into(), "wrong".into());
                more.insert("checksum_expected".into(), self.sum(expected).into());
                more.insert("checksum_got".into(), self.sum(got).into());
            }
        }
        if let Some(decoded) = &self.decoded {
            let mut left = decode::MOST_FIELDS;
            let fields = field_values(&decoded.fields, &mut left);
            let fault = decoded.fault.as_ref().map(|(_, why)| why.as_str());
            more.insert("decoded".into(), json!({"summary": decoded.summary, "fields": fields, "fault": fault}));
        }
        let more = Value::Object(more).to_string();
        match object.strip_suffix('}') {
            Some(open) => format!("{open},{}", more.trim_start_matches('{')),
            None => object,
        }
    }
}

fn push_fields(fields: &[Field], depth: usize, left: &mut usize, text: &mut String) {
    for field in fields {
        if *left == 0 {
            return;
        }
        *left -= 1;
        let (name, value) = (visible_text(&field.name, LINE_BYTES), visible_text(&field.value, LINE_BYTES));
        let _ = write!(text, "\n{}{name}: {value}", "    ".repeat(depth));
        if *left == 0 {
            text.push_str(" …");
        }
        push_fields(&field.fields, depth + 1, left, text);
    }
}

fn field_values(fields: &[Field], left: &mut usize) -> Value {
    let mut list = Vec::new();
    for field in fields {
        if *left == 0 {
            break;
        }
        *left -= 1;
        let mut object = json!({"name": field.name, "value": field.value});
        if !field.fields.is_empty() {
            object["fields"] = field_values(&field.fields, left);
        }
        list.push(object);
    }
    Value::Array(list)
}

fn fault_key(fault: Fault) -> &'static str {
    match fault {
        Fault::TooLong => "frames.too_long",
        Fault::Unfinished => "frames.unfinished",
        Fault::BadLength => "frames.bad_length",
        Fault::Stray => "frames.stray",
        Fault::BadEscape => "frames.bad_escape",
    }
}
