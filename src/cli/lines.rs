//! One event in one line for people: time, arrow, socket, size, content. Pure. Called by: `printer`.

use std::fmt::Write;

use jiff::tz::TimeZone;

use crate::model::{Encodings, Event, Recorded, Role, Timestamp, What};
use crate::payload;
use crate::words::{Language, Words};

/// Longer content is cut: a terminal is no place for megabytes, and `--json` has every byte.
pub const CONTENT_BYTES: usize = 4096;

pub struct Lines {
    words: &'static Words,
    zone: TimeZone,
    encodings: Encodings,
}

impl Lines {
    pub fn new(zone: TimeZone, encodings: Encodings) -> Self {
        Self { words: Words::of(Language::English), zone, encodings }
    }

    /// The line, without its end. It holds no control character, whatever a peer sent.
    pub fn line(&self, recorded: &Recorded) -> String {
        let event = &recorded.event;
        let mut line = String::with_capacity(120);
        self.push_time(&mut line, event.time);
        let mark = match &event.what {
            What::Received(_) => '↓',
            What::Sent(_) => '↑',
            What::Happened(_) if event.kind().is_error() => '✗',
            What::Happened(_) => '·',
        };
        let _ = write!(line, " {mark} {}  ", socket(event));
        match &event.what {
            What::Received(bytes) | What::Sent(bytes) => {
                let _ = write!(line, "{} B  {}", bytes.len(), self.content(event));
            }
            What::Happened(happening) => {
                line.push_str(&self.words.happening(happening, &event.flow));
                if let Some(hint) = self.words.happening_hint(happening) {
                    line.push(' ');
                    line.push_str(&hint);
                }
            }
        }
        line.truncate(line.trim_end().len());
        line
    }

    /// Its bytes as text, without a control character.
    pub fn content(&self, event: &Event) -> String {
        let bytes = event.bytes().map_or(&[][..], |bytes| bytes);
        payload::visible(bytes, self.encodings.of(&event.flow), CONTENT_BYTES)
    }

    fn push_time(&self, line: &mut String, time: Timestamp) {
        let nanos = i128::from(time.0);
        let Ok(time) = jiff::Timestamp::from_nanosecond(nanos) else {
            let _ = write!(line, "{nanos}");
            return;
        };
        let time = time.to_zoned(self.zone.clone());
        let _ = write!(line, "{}", time.strftime("%H:%M:%S.%6f"));
    }
}

/// The endpoint, and whom it talks to where its own name does not say that already.
fn socket(event: &Event) -> String {
    let flow = &event.flow;
    // Its host may come from a workspace that somebody else wrote.
    let endpoint = payload::visible_text(&flow.endpoint_uri, CONTENT_BYTES);
    match flow.peer {
        Some(peer) if flow.role != Role::Client => format!("{endpoint} {peer}"),
        _ => endpoint,
    }
}
