//! What stands in a row: time, socket, size, content. Pure, for one row at a time.

use jiff::tz::TimeZone;

use crate::model::{Direction, EndpointId, Event, Recorded, TextEncoding, Timestamp, What};
use crate::payload;
use crate::session::Scope;
use crate::ui::panels::target::endpoint_title;
use crate::ui::state::{Ctx, State};
use crate::words::Words;

/// Longest content that is ever laid out.
const MOST_CHARS: usize = 4096;

/// Wall-clock texts. The system's time zone is read once, when the panel is made: never in a frame.
pub struct Clock {
    zone: TimeZone,
}

impl Clock {
    pub fn new() -> Self {
        Self { zone: TimeZone::system() }
    }

    /// `17:40:02.118 204`
    pub fn time(&self, time: Timestamp, local: bool) -> String {
        self.format(time, local, "%H:%M:%S")
    }

    /// `2026-11-22 17:40:02.118 204`
    pub fn date_time(&self, time: Timestamp, local: bool) -> String {
        self.format(time, local, "%Y-%m-%d %H:%M:%S")
    }

    fn format(&self, time: Timestamp, local: bool, pattern: &str) -> String {
        let micros = time.0 / 1_000;
        let zone = if local { self.zone.clone() } else { TimeZone::UTC };
        match jiff::Timestamp::from_nanosecond(i128::from(time.0)) {
            Ok(at) => {
                let whole = at.to_zoned(zone).strftime(pattern).to_string();
                format!("{whole}.{:03} {:03}", micros / 1_000 % 1_000, micros % 1_000)
            }
            Err(_) => time.0.to_string(),
        }
    }
}

/// The glyph of a row: it carries the meaning that the colour repeats.
pub fn arrow(event: &Event) -> &'static str {
    match &event.what {
        What::Received(_) => "↓",
        What::Sent(_) => "↑",
        What::Happened(happening) if happening.kind().is_error() => "▲",
        What::Happened(happening) if happening.ends_connection() || is_half(event) => "◇",
        What::Happened(_) => "◆",
    }
}

fn is_half(event: &Event) -> bool {
    use crate::model::EventKind::{Finished, PeerFinished, Stopped};
    matches!(event.kind(), Finished | PeerFinished | Stopped)
}

pub fn socket(event: &Event) -> String {
    match event.flow.peer {
        Some(peer) => peer.to_string(),
        None => payload::visible_text(&event.flow.endpoint_uri, 200),
    }
}

/// An address in at most so many characters. What tells sockets apart stands at the end, so the beginning goes: the
/// transport first.
pub fn socket_within(socket: &str, chars: usize) -> String {
    let fits = |text: &str| text.chars().count() <= chars;
    if fits(socket) {
        return socket.to_owned();
    }
    let address = socket.split_once("://").map_or(socket, |(_, address)| address);
    if fits(address) {
        return address.to_owned();
    }
    let skipped = address.chars().count() - chars.saturating_sub(1);
    std::iter::once('…').chain(address.chars().skip(skipped)).collect()
}

/// The content in at most about `chars` characters.
pub fn content(words: &Words, event: &Event, encoding: TextEncoding, as_hex: bool, chars: usize) -> String {
    let chars = chars.min(MOST_CHARS);
    match &event.what {
        What::Received(bytes) | What::Sent(bytes) if bytes.is_empty() => words.get("log.empty_datagram").to_owned(),
        What::Received(bytes) | What::Sent(bytes) => {
            if is_hex(bytes, encoding, as_hex) {
                let shown = bytes.len().min(chars / 3 + 1);
                let hex = payload::bytes_to_hex(&bytes[..shown]);
                if shown < bytes.len() { format!("{hex} …") } else { hex }
            } else {
                let shown = bytes.len().min(chars * 4);
                let text = payload::visible(&bytes[..shown], encoding, MOST_CHARS);
                cut(text, chars, shown < bytes.len())
            }
        }
        What::Happened(happening) => cut(words.happening(happening, &event.flow), chars, false),
    }
}

/// Whether bytes are shown as hex: because the person wants it so, or because they are no text.
pub fn is_hex(bytes: &[u8], encoding: TextEncoding, as_hex: bool) -> bool {
    as_hex || !payload::is_text(bytes, encoding)
}

/// The escape behind the picture of a control character.
pub fn escape_of(character: char) -> Option<String> {
    Some(match character {
        '␍' => "\\r".to_owned(),
        '␊' => "\\n".to_owned(),
        '␉' => "\\t".to_owned(),
        '␀' => "\\0".to_owned(),
        '␡' => "\\x7F".to_owned(),
        '\u{2400}'..='\u{241F}' => format!("\\x{:02X}", u32::from(character) - 0x2400),
        _ => return None,
    })
}

fn cut(mut text: String, chars: usize, more: bool) -> String {
    match text.char_indices().nth(chars) {
        Some((at, _)) => {
            text.truncate(at);
            text.push('…');
        }
        None if more && !text.ends_with('…') => text.push('…'),
        None => {}
    }
    text
}

pub fn direction(words: &Words, event: &Event) -> String {
    match event.direction() {
        Some(direction @ (Direction::In | Direction::Out)) => words.direction(direction).to_owned(),
        None => words.kind(event.kind()).to_owned(),
    }
}

/// The row as it is copied and as a screen reader says it: time, direction or kind, socket, size, content.
pub fn whole_row(
    words: &Words,
    clock: &Clock,
    recorded: &Recorded,
    state: &State,
    chars: usize,
    separator: &str,
) -> String {
    let event = &recorded.event;
    let encoding = state.encoding_of(&event.flow);
    let size = event.bytes().map(|bytes| words.count("count.bytes", bytes.len() as u64));
    let mut parts = vec![clock.time(event.time, state.local_time), direction(words, event), socket(event)];
    parts.extend(size);
    parts.push(content(words, event, encoding, state.as_hex, chars));
    parts.join(separator)
}

/// What the log is narrowed to, in one line; `None` when it shows everything.
pub fn scope_name(ctx: &Ctx<'_>) -> Option<String> {
    match &ctx.state.query.scope {
        Scope::All => None,
        Scope::Endpoint(id) => Some(endpoint_name(ctx, *id)),
        Scope::Connection(id) => {
            let peer = ctx
                .engine
                .endpoints
                .iter()
                .flat_map(|endpoint| endpoint.peers.iter())
                .find(|peer| peer.id == *id)
                .and_then(|peer| peer.flow.peer)
                .map(|peer| peer.to_string());
            // A closed connection that is listed no more, or one of an opened file: any row of it knows.
            let row = || {
                ctx.view
                    .rows
                    .iter()
                    .flatten()
                    .find(|row| row.event.flow.connection == *id)
                    .map(|row| socket(&row.event))
            };
            Some(peer.or_else(row).unwrap_or_else(|| format!("#{}", id.0)))
        }
    }
}

fn endpoint_name(ctx: &Ctx<'_>, id: EndpointId) -> String {
    let row = || ctx.view.rows.iter().flatten().find(|row| row.event.flow.endpoint == id);
    match ctx.state.endpoint(id) {
        Some(endpoint) if ctx.state.opened_file.is_none() => match (ctx.engine.endpoint(id), &endpoint.settings.name) {
            // As the sidebar calls it.
            (Some(status), None) if !status.local.is_empty() => endpoint_title(status),
            (_, Some(name)) => payload::visible_text(name, 120),
            _ => payload::visible_text(&endpoint.settings.uri().to_string(), 200),
        },
        _ => row().map_or_else(|| format!("#{}", id.0), |row| payload::visible_text(&row.event.flow.endpoint_uri, 200)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_show_microseconds() {
        let clock = Clock { zone: TimeZone::UTC };
        let time = Timestamp(1_763_833_202_118_204_999);
        assert_eq!(clock.time(time, false), "17:40:02.118 204");
        assert_eq!(clock.date_time(time, true), "2025-11-22 17:40:02.118 204");
        assert_eq!(clock.time(Timestamp(u64::MAX), false).len(), "17:40:02.118 204".len());
    }

    #[test]
    fn an_address_keeps_its_port() {
        assert_eq!(socket_within("tcp://127.0.0.1:9000", 22), "tcp://127.0.0.1:9000");
        assert_eq!(socket_within("tcp://192.168.100.200:9000", 22), "192.168.100.200:9000");
        assert_eq!(socket_within("192.168.100.200:50000", 15), "….100.200:50000");
        assert_eq!(socket_within("泵泵泵", 2), "…泵");
    }

    #[test]
    fn cuts_between_characters() {
        assert_eq!(cut("泵泵泵".into(), 2, false), "泵泵…");
        assert_eq!(cut("ab".into(), 2, false), "ab");
        assert_eq!(cut("ab".into(), 2, true), "ab…");
    }
}
