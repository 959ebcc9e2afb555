//! What stands in a row of the table, in words. Pure, for one row at a time.
//! Called by: the connections panel and the sidebar's list of an opened file.

use egui::Color32;

use super::columns::Cell;
use crate::model::{By, ConnectionId, Timestamp};
use crate::payload::visible_text;
use crate::session::{ConnectionColumn, ConnectionEntry, ConnectionLife};
use crate::ui::panels::log::text::Clock;
use crate::ui::state::Ctx;
use crate::ui::theme::Theme;
use crate::words::Words;

/// Longest endpoint that is ever laid out, in bytes.
const ENDPOINT_BYTES: usize = 200;

/// A value as it is painted; numbers that nothing is known of are a dash.
pub fn value(ctx: &Ctx<'_>, clock: &Clock, entry: &ConnectionEntry, by: ConnectionColumn) -> String {
    let words = ctx.words;
    let dash = || "–".to_owned();
    let flow = entry.flow.as_deref();
    let rate = |rate: Option<f64>| match rate {
        Some(rate) => format!("{}{}", words.bytes(rate.round() as u64), words.get("units.per_second")),
        None => dash(),
    };
    match by {
        ConnectionColumn::Endpoint => endpoint(entry),
        ConnectionColumn::Local => flow.and_then(|flow| flow.local).map_or_else(dash, |local| local.to_string()),
        ConnectionColumn::Peer => peer(entry),
        ConnectionColumn::State => state(words, &entry.life),
        ConnectionColumn::Opened => entry.opened.map_or_else(dash, |opened| opened_at(ctx, clock, opened)),
        ConnectionColumn::Duration => entry.duration_nanos().map_or_else(dash, |nanos| words.duration(nanos)),
        ConnectionColumn::BytesIn => words.bytes(entry.bytes_in),
        ConnectionColumn::BytesOut => words.bytes(entry.bytes_out),
        ConnectionColumn::EventsIn => count(words, entry.events_in),
        ConnectionColumn::EventsOut => count(words, entry.events_out),
        ConnectionColumn::Rate => rate(entry.rate()),
        ConnectionColumn::RateNow => rate(entry.rate_now),
    }
}

/// Milliseconds are enough to find it by.
pub fn opened_at(ctx: &Ctx<'_>, clock: &Clock, opened: Timestamp) -> String {
    clock.time(opened, ctx.state.local_time).chars().take("00:00:00.000".len()).collect()
}

/// As it is while it fits its column.
fn count(words: &Words, number: u64) -> String {
    if number < 1_000_000 { words.number(number) } else { format!("{:.1} M", number as f64 / 1e6) }
}

pub fn endpoint(entry: &ConnectionEntry) -> String {
    entry.flow.as_deref().map_or_else(|| "–".to_owned(), |flow| visible_text(&flow.endpoint_uri, ENDPOINT_BYTES))
}

/// The peer's address; the number of the connection where that cannot be read.
pub fn peer(entry: &ConnectionEntry) -> String {
    let peer = entry.flow.as_deref().and_then(|flow| flow.peer);
    peer.map_or_else(|| number(entry.id), |peer| peer.to_string())
}

pub fn number(id: ConnectionId) -> String {
    format!("#{}", id.0)
}

/// How it stands, and why.
pub fn state(words: &Words, life: &ConnectionLife) -> String {
    let key = match life {
        ConnectionLife::Open => "connections.open",
        ConnectionLife::HalfClosed { by: By::Us } => "connections.half_closed_us",
        ConnectionLife::HalfClosed { by: By::Peer } => "connections.half_closed_peer",
        ConnectionLife::Closed { by: Some(By::Us) } => "connections.closed_us",
        ConnectionLife::Closed { by: Some(By::Peer) } => "connections.closed_peer",
        ConnectionLife::Closed { by: None } => "connections.closed",
        ConnectionLife::Reset { by: Some(By::Us) } => "connections.reset_us",
        ConnectionLife::Reset { by: Some(By::Peer) } => "connections.reset_peer",
        ConnectionLife::Reset { by: None } => "connections.reset",
        ConnectionLife::TurnedAway => "connections.turned_away",
        ConnectionLife::Unended => "connections.unended",
        ConnectionLife::Failed(None) => "connections.failed",
        ConnectionLife::Failed(Some(failure)) => {
            return words.fill("connections.failed_because", &[("reason", &words.title_of(failure.reason))]);
        }
    };
    words.get(key).to_owned()
}

/// The whole reason, where there is more to say than the state does.
pub fn reason(words: &Words, life: &ConnectionLife) -> Option<String> {
    match life {
        ConnectionLife::Failed(Some(failure)) => Some(words.failure(failure)),
        ConnectionLife::Unended => Some(words.get("connections.unended_hint").to_owned()),
        _ => None,
    }
}

pub fn color(theme: &Theme, life: &ConnectionLife) -> Color32 {
    match life {
        ConnectionLife::Open => theme.ok,
        ConnectionLife::HalfClosed { .. } => theme.outgoing,
        ConnectionLife::Closed { .. } | ConnectionLife::Unended => theme.dim,
        ConnectionLife::Reset { .. } | ConnectionLife::TurnedAway | ConnectionLife::Failed(_) => theme.error,
    }
}

/// The row as it is copied: every column, whatever has room on the screen.
pub fn whole_row(ctx: &Ctx<'_>, clock: &Clock, entry: &ConnectionEntry) -> String {
    let values: Vec<String> = ConnectionColumn::ALL.into_iter().map(|by| value(ctx, clock, entry, by)).collect();
    values.join("\t")
}

/// The row as a screen reader says it: the columns on screen, numbers with their names.
pub fn said(ctx: &Ctx<'_>, clock: &Clock, entry: &ConnectionEntry, columns: &[super::columns::Column]) -> String {
    let parts = columns.iter().filter_map(|column| match column.cell {
        Cell::Lived => None,
        Cell::Value(by @ (ConnectionColumn::Peer | ConnectionColumn::State)) => Some(value(ctx, clock, entry, by)),
        Cell::Value(by) => Some(format!("{} {}", ctx.words.get(column.words), value(ctx, clock, entry, by))),
    });
    parts.collect::<Vec<_>>().join(", ")
}
