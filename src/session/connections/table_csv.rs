//! The table of connections as CSV, whole: RFC 4180, safe to open in a spreadsheet.
//!
//! Owns: its own pass over the rows, so that no thread of a window has to wait. Blocking: call it off the UI and tokio
//! threads. Called by: jobs of the window.

use std::collections::HashMap;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use super::super::log::Log;
use super::super::reader::Reader;
use super::arrange::{Known, arrange};
use super::detail::Details;
use super::facts::{EndpointBook, FactBook};
use super::records::Records;
use super::{ConnectionEntry, ConnectionLife, ConnectionsOrder};
use crate::model::{By, Failure, Timestamp, Transport};
use crate::payload::visible_text;
use crate::session::export::{Times, formula_safe, write_whole};
use crate::words::{Language, Words};

const HEADER: [&str; 16] = [
    "connection",
    "transport",
    "endpoint",
    "local",
    "peer",
    "state",
    "by",
    "reason",
    "opened",
    "ended",
    "seconds",
    "bytes_in",
    "bytes_out",
    "events_in",
    "events_out",
    "bytes_per_second",
];
/// A cell of text is cut here.
const TEXT_BYTES: usize = 4 * 1024;
const READ_WINDOW_BYTES: usize = 4 * 1024;
const ROWS_AT_ONCE: usize = 1_000_000;

/// The table as text, and how many connections it holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConnectionsCsv {
    pub text: String,
    pub connections: u64,
}

/// All connections that the order lists; `now`: until when open ones live, in a session being recorded.
pub fn connections_csv(log: &Log, order: &ConnectionsOrder, now: Option<Timestamp>) -> ConnectionsCsv {
    let mut text = Vec::new();
    let connections = write(log, order, now, &mut text).unwrap_or_default();
    ConnectionsCsv { text: String::from_utf8_lossy(&text).into_owned(), connections }
}

/// The same into a file, which is there only when it is whole.
pub fn save_connections_csv(
    log: &Log,
    order: &ConnectionsOrder,
    now: Option<Timestamp>,
    to: &Path,
) -> Result<u64, Failure> {
    write_whole(to, |file| {
        let mut buffered = io::BufWriter::new(file);
        let connections = write(log, order, now, &mut buffered)?;
        buffered.flush()?;
        Ok(connections)
    })
}

fn write(log: &Log, order: &ConnectionsOrder, now: Option<Timestamp>, to: &mut dyn Write) -> io::Result<u64> {
    let (mut records, mut facts, mut endpoints) = (Records::default(), FactBook::default(), EndpointBook::default());
    let mut reader = Reader::new(log, READ_WINDOW_BYTES);
    while records.catch_up(log, ROWS_AT_ONCE) {}
    endpoints.update(log, &mut reader, &mut records);
    if super::arrange::needs_facts(order) {
        while facts.read(log, &mut reader, &records, now.is_some(), Duration::MAX).1 {}
    }
    let rates = HashMap::new();
    let known = Known { records: &records, facts: &facts, endpoints: &endpoints, rates: &rates, now };
    let listed = arrange(order, &known);
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(to);
    writer.write_record(HEADER).map_err(io::Error::other)?;
    let (mut details, mut times) = (Details::default(), Times::default());
    let count = listed.count(&records);
    for at in 0..count {
        let Some(place) = listed.at(at, &records) else { continue };
        details.keep(&[]);
        if let Some(entry) = details.entry(log, &mut reader, &records, place, now) {
            writer.write_record(cells(&entry, &mut times)).map_err(io::Error::other)?;
        }
    }
    writer.flush()?;
    Ok(count)
}

fn cells(entry: &ConnectionEntry, times: &mut Times) -> [String; HEADER.len()] {
    let flow = entry.flow.as_deref();
    let address = |address: Option<SocketAddr>| address.map_or_else(String::new, |address| address.to_string());
    let mut time = |time: Option<Timestamp>| time.map_or_else(String::new, |time| times.text(time).to_owned());
    let transport = flow.map_or("", |flow| match flow.transport {
        Transport::Tcp => "tcp",
        Transport::Udp => "udp",
    });
    let uri = flow.map_or_else(String::new, |flow| formula_safe(&visible_text(&flow.endpoint_uri, TEXT_BYTES)));
    let (state, by, reason) = state(&entry.life);
    let seconds = entry.duration_nanos().map_or_else(String::new, |nanos| format!("{:.6}", nanos as f64 / 1e9));
    let rate = entry.rate().map_or_else(String::new, |rate| format!("{rate:.0}"));
    let by = by.map_or("", |by| match by {
        By::Us => "us",
        By::Peer => "peer",
    });
    [
        entry.id.0.to_string(),
        transport.to_owned(),
        uri,
        address(flow.and_then(|flow| flow.local)),
        address(flow.and_then(|flow| flow.peer)),
        state.to_owned(),
        by.to_owned(),
        reason,
        time(entry.opened),
        // What lives has no end yet.
        time(entry.until.filter(|_| !entry.live)),
        seconds,
        entry.bytes_in.to_string(),
        entry.bytes_out.to_string(),
        entry.events_in.to_string(),
        entry.events_out.to_string(),
        rate,
    ]
}

/// Names of the format, not of a language, as `kind` is in other exports.
fn state(life: &ConnectionLife) -> (&'static str, Option<By>, String) {
    match life {
        ConnectionLife::Open => ("open", None, String::new()),
        ConnectionLife::HalfClosed { by } => ("half_closed", Some(*by), String::new()),
        ConnectionLife::Closed { by } => ("closed", *by, String::new()),
        ConnectionLife::Reset { by } => ("reset", *by, String::new()),
        ConnectionLife::TurnedAway => ("turned_away", Some(By::Us), String::new()),
        ConnectionLife::Unended => ("unended", None, String::new()),
        ConnectionLife::Failed(failure) => {
            let words = Words::of(Language::English);
            let reason = failure.as_ref().map(|failure| words.failure(failure)).unwrap_or_default();
            ("failed", None, formula_safe(&visible_text(&reason, TEXT_BYTES)))
        }
    }
}
