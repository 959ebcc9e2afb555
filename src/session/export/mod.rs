//! Exports: one file a format, one registry that the window, the command line and the golden test walk.
//!
//! Owns: the registry, walking through the matching rows, atomic saving. Never: choosing a path.
//! Called by: `ui` and `cli`, off the UI and tokio threads.

mod csv;
mod hexdump;
mod jsonl;
mod pcapng;
mod raw;
mod text;
mod whole;

use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::matching::Matcher;
use super::reader::Reader;
use super::view::for_each_frame;
use super::{FrameFacts, Log, Notes, Query};
use crate::framing::Fault;
use crate::model::{Failure, Note, Recorded};
use crate::payload::visible_text;

pub(in crate::session) use csv::safe as formula_safe;
pub use jsonl::json_object;
pub(in crate::session) use whole::write_whole;

pub struct Format {
    /// `jsonl`, as the command line says it. Its label in the window is the words key `format.<name>`.
    pub name: &'static str,
    pub extension: &'static str,
    /// Writes frames where the query shows frames; the others always write what was read and sent.
    pub frames: bool,
    begin: fn(&Query, &Arc<Notes>) -> Box<dyn Export>,
}

/// A new format: a file of its own, and a line here.
pub static FORMATS: &[Format] =
    &[pcapng::FORMAT, jsonl::FORMAT, csv::FORMAT, text::FORMAT, hexdump::FORMAT, raw::FORMAT];

pub fn format(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}

/// One export under way.
trait Export {
    fn begin(&mut self, to: &mut dyn Write) -> io::Result<()>;
    fn event(&mut self, to: &mut dyn Write, recorded: &Recorded) -> io::Result<()>;
    /// The same with a frame in place of its last chunk.
    fn frame(&mut self, to: &mut dyn Write, recorded: &Recorded, facts: &FrameFacts) -> io::Result<()> {
        let _ = facts;
        self.event(to, recorded)
    }
    fn end(&mut self, to: &mut dyn Write) -> io::Result<()>;
}

/// Why a frame is not what its framing promises, in one word for files.
fn fault_name(fault: Fault) -> &'static str {
    match fault {
        Fault::TooLong => "too_long",
        Fault::Unfinished => "unfinished",
        Fault::BadLength => "bad_length",
        Fault::Stray => "stray",
        Fault::BadEscape => "bad_escape",
    }
}

#[derive(Debug, Default)]
pub struct Progress {
    pub done: AtomicU64,
    pub total: AtomicU64,
    pub cancel: AtomicBool,
}

const BUFFER_BYTES: usize = 256 * 1024;
const READ_WINDOW_BYTES: usize = 2 * 1024 * 1024;
const ROWS_AT_ONCE: usize = 4096;

/// Writes the matching rows beside `to` and renames it when whole. Blocking: call it off the UI and tokio threads.
pub fn save(log: &Log, query: &Query, format: &'static Format, to: &Path, progress: &Progress) -> Result<u64, Failure> {
    write_whole(to, |file| write(log, query, format, file, progress))
}

/// The same, to any writer (standard output). A cancelled one ends with `ErrorKind::Interrupted`.
pub fn write(
    log: &Log,
    query: &Query,
    format: &'static Format,
    to: &mut dyn Write,
    progress: &Progress,
) -> io::Result<u64> {
    let mut to = BufWriter::with_capacity(BUFFER_BYTES, to);
    let mut export = (format.begin)(query, &log.notes());
    if query.frames && format.frames {
        return write_frames(log, query, export.as_mut(), &mut to, progress);
    }
    let mut matcher = Matcher::new(query);
    let mut reader = Reader::new(log, READ_WINDOW_BYTES);
    let total = matcher.limit(log.rows.len());
    progress.total.store(total, Ordering::Relaxed);
    export.begin(&mut to)?;
    let (mut rows, mut done, mut written) = (Vec::new(), 0, 0);
    while done < total {
        if progress.cancel.load(Ordering::Relaxed) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let count = usize::try_from(total - done).unwrap_or(ROWS_AT_ONCE).min(ROWS_AT_ONCE);
        // Rows may be forgotten while they are exported, with the file they stood in.
        done = done.max(log.rows.first());
        log.rows.copy(done, count, &mut rows);
        for row in &rows {
            if matcher.matches(log, &mut reader, done, *row) {
                match reader.recorded(done) {
                    Ok(recorded) => {
                        export.event(&mut to, &recorded)?;
                        written += 1;
                    }
                    Err(_) if done < log.rows.first() => {}
                    Err(failure) => return Err(io::Error::other(failure.system)),
                }
            }
            done += 1;
        }
        progress.done.store(done, Ordering::Relaxed);
    }
    export.end(&mut to)?;
    to.flush()?;
    Ok(written)
}

fn write_frames(
    log: &Log,
    query: &Query,
    export: &mut dyn Export,
    to: &mut dyn Write,
    progress: &Progress,
) -> io::Result<u64> {
    let mut reader = Reader::new(log, READ_WINDOW_BYTES);
    progress.total.store(2 * Matcher::new(query).limit(log.rows.len()), Ordering::Relaxed);
    export.begin(to)?;
    let mut written = 0;
    let each = |recorded: &Recorded, facts: Option<&FrameFacts>| {
        written += 1;
        match facts {
            Some(facts) => export.frame(to, recorded, facts),
            None => export.event(to, recorded),
        }
    };
    let seen = (&progress.done, &progress.cancel);
    if !for_each_frame(log, &mut reader, query, seen, each, |failure| io::Error::other(failure.system))? {
        return Err(io::ErrorKind::Interrupted.into());
    }
    export.end(to)?;
    to.flush()?;
    Ok(written)
}

/// Lines of one note; where there are more, an ellipsis ends them.
const NOTE_LINES: usize = 1000;
const NOTE_LINE_BYTES: usize = 4096;
const BOOKMARK: &str = "bookmark";

/// A note as lines that nothing obeys; one without words is a bookmark.
fn note_lines(note: &Note) -> Vec<String> {
    if note.text.is_empty() {
        return vec![BOOKMARK.to_owned()];
    }
    let mut lines: Vec<_> = note.text.lines().map(|line| visible_text(line, NOTE_LINE_BYTES)).collect();
    if lines.len() > NOTE_LINES {
        lines.truncate(NOTE_LINES);
        lines.push("…".to_owned());
    }
    lines
}

const HEX: &[u8; 16] = b"0123456789abcdef";

/// Two digits for each byte.
fn push_hex(out: &mut Vec<u8>, bytes: &[u8]) {
    out.reserve(bytes.len() * 2);
    for byte in bytes {
        out.extend_from_slice(&[HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
    }
}

/// RFC 3339 in UTC with nine digits after the second; the second is formatted once for all events within it.
pub(in crate::session) struct Times {
    second: u64,
    text: [u8; 30],
}

impl Default for Times {
    fn default() -> Self {
        Self { second: u64::MAX, text: [b'0'; 30] }
    }
}

impl Times {
    pub(in crate::session) fn text(&mut self, time: crate::model::Timestamp) -> &str {
        let (second, mut nanos) = (time.0 / 1_000_000_000, time.0 % 1_000_000_000);
        if second != self.second {
            self.second = second;
            // A u64 of nanoseconds ends in the year 2554: every second of it is a valid date.
            let whole = i64::try_from(second).ok().and_then(|second| jiff::Timestamp::from_second(second).ok());
            let whole = whole.unwrap_or_default().strftime("%Y-%m-%dT%H:%M:%S.").to_string();
            let length = whole.len().min(20);
            self.text[..length].copy_from_slice(&whole.as_bytes()[..length]);
            self.text[29] = b'Z';
        }
        for digit in self.text[20..29].iter_mut().rev() {
            *digit = b'0' + (nanos % 10) as u8;
            nanos /= 10;
        }
        std::str::from_utf8(&self.text).unwrap_or_default()
    }
}
