//! Happenings as sentences. Called by: session (the English ones in the file), ui, cli.

use std::fmt::Display;

use super::{MAX_OUTSIDE_BYTES, Words, numbers::grouped};
use crate::model::{By, Doing, Flow, Happening, Reason, Transport};
use crate::payload::visible_text;

/// More addresses of a name are counted, not listed.
const MAX_LISTED_ADDRESSES: usize = 8;

impl Words {
    /// A happening in one sentence, or a few; the addresses come from the flow.
    pub fn happening(&self, happening: &Happening, flow: &Flow) -> String {
        let bytes = |number: &u64| self.count("count.bytes", *number);
        match happening {
            Happening::Listening { .. } | Happening::Stopped { .. } => self.of_endpoint(happening, flow),
            Happening::Resolved { .. } | Happening::Connecting { .. } | Happening::AttemptFailed { .. } => {
                self.of_connecting(happening)
            }
            Happening::Connected { took_nanos, self_connected } => {
                let peer = peer_of(flow);
                let key = if *self_connected { "happening.connected_self" } else { "happening.connected" };
                self.fill(key, &[("peer", &peer), ("took", &self.duration(*took_nanos))])
            }
            Happening::Accepted => self.fill("happening.accepted", &[("peer", &peer_of(flow))]),
            Happening::TurnedAway { limit } => {
                self.fill("happening.turned_away", &[("peer", &peer_of(flow)), ("limit", limit)])
            }
            Happening::PeerFinished { received } => {
                self.fill("happening.peer_finished", &[("received", &bytes(received))])
            }
            Happening::Finished { sent } => self.fill("happening.finished", &[("sent", &bytes(sent))]),
            Happening::Closed { .. } | Happening::Reset { .. } => self.of_ending(happening),
            Happening::Failed { failure } => self.fill("happening.failed", &[("failure", &self.failure(failure))]),
            Happening::Reconnecting { in_millis, attempt } => self
                .fill("happening.reconnecting", &[("delay", &self.duration_millis(*in_millis)), ("attempt", attempt)]),
            Happening::PeerNotReading { waiting, millis } => self.fill(
                "happening.peer_not_reading",
                &[("time", &self.duration_millis(*millis)), ("waiting", &bytes(waiting))],
            ),
            Happening::PeerReading { waited_millis: millis } => self.after("happening.peer_reading", *millis),
            Happening::AcceptPaused { failure, retry_millis } => self.fill(
                "happening.accept_paused",
                &[("delay", &self.duration_millis(*retry_millis)), ("failure", &self.failure(failure))],
            ),
            Happening::AcceptResumed { after_millis: millis } => self.after("happening.accept_resumed", *millis),
            Happening::ReadingPaused { millis } => self.after("happening.reading_paused", *millis),
            Happening::Dropped { datagrams, total } => self.fill(
                "happening.dropped",
                &[("datagrams", &self.count("count.datagrams", *datagrams)), ("total", &grouped(*total))],
            ),
            Happening::Gap { .. } | Happening::SendStopped { .. } => self.of_missing(happening),
            Happening::Unknown { message } if message.trim().is_empty() => {
                self.get("happening.unknown_empty").to_owned()
            }
            Happening::Unknown { message } => {
                self.fill("happening.unknown", &[("message", &visible_text(message, 4 * MAX_OUTSIDE_BYTES))])
            }
        }
    }

    /// What to try, for happenings that ask for it.
    pub fn happening_hint(&self, happening: &Happening) -> Option<String> {
        if let Some(failure) = happening.failure().filter(|_| !matches!(happening, Happening::Gap { .. })) {
            return Some(self.hint(failure));
        }
        let key = match happening {
            Happening::Listening { receive_buffer: Some((asked, given)), .. } if given < asked => {
                return Some(self.fill("happening.listening_buffer_hint", &[("asked_bytes", asked)]));
            }
            Happening::Connected { self_connected: true, .. } => "happening.connected_self_hint",
            Happening::TurnedAway { .. } => "happening.turned_away_hint",
            Happening::Closed { unread: 1.., .. } => "happening.closed_unread_hint",
            Happening::Reset { by: By::Peer, .. } => "happening.reset_peer_hint",
            Happening::PeerNotReading { .. } => "happening.peer_not_reading_hint",
            Happening::Dropped { .. } => "happening.dropped_hint",
            Happening::ReadingPaused { .. } => "happening.reading_paused_hint",
            Happening::Gap { failure, .. } => {
                let hint = failure.as_ref().map(|failure| self.hint(failure));
                return Some(hint.unwrap_or_else(|| self.get("happening.gap_hint").to_owned()));
            }
            _ => return None,
        };
        Some(self.get(key).to_owned())
    }

    fn of_endpoint(&self, happening: &Happening, flow: &Flow) -> String {
        let address = local_of(flow);
        match happening {
            Happening::Listening { dual_stack, receive_buffer, .. } => {
                let key = match flow.transport {
                    Transport::Tcp => "happening.listening",
                    Transport::Udp => "happening.listening_udp",
                };
                let mut sentences = vec![self.fill(key, &[("address", &address)])];
                if *dual_stack {
                    sentences.push(self.get("happening.listening_dual").to_owned());
                }
                if let Some((asked, given)) = receive_buffer.filter(|(asked, given)| given < asked) {
                    let values: [(&str, &dyn Display); 2] =
                        [("asked", &self.bytes(asked)), ("given", &self.bytes(given))];
                    sentences.push(self.fill("happening.listening_buffer", &values));
                }
                self.joined(&sentences)
            }
            Happening::Stopped { peers_kept: peers @ 1.. } => self.fill(
                "happening.stopped_kept",
                &[("address", &address), ("peers", &self.count("count.peers", *peers))],
            ),
            _ => self.fill("happening.stopped", &[("address", &address)]),
        }
    }

    fn of_connecting(&self, happening: &Happening) -> String {
        match happening {
            Happening::Resolved { host, addresses } => {
                let host = visible_text(host, MAX_OUTSIDE_BYTES);
                let listed: Vec<String> =
                    addresses.iter().take(MAX_LISTED_ADDRESSES).map(|address| address.ip().to_string()).collect();
                let more = addresses.len().saturating_sub(listed.len());
                let key = match (addresses.is_empty(), more) {
                    (true, _) => "happening.resolved_none",
                    (false, 0) => "happening.resolved",
                    (false, _) => "happening.resolved_more",
                };
                self.fill(key, &[("host", &host), ("addresses", &listed.join(", ")), ("more", &more)])
            }
            Happening::Connecting { address, attempt, of } => {
                let key = if *of > 1 { "happening.connecting_of" } else { "happening.connecting" };
                self.fill(key, &[("address", address), ("attempt", attempt), ("of", of)])
            }
            Happening::AttemptFailed { failure, .. } => {
                self.fill("happening.attempt_failed", &[("failure", &self.failure(failure))])
            }
            _ => String::new(),
        }
    }

    fn of_ending(&self, happening: &Happening) -> String {
        let bytes = |number: &u64| self.count("count.bytes", *number);
        let (key, received, sent, unread) = match happening {
            Happening::Closed { by: By::Us, received, sent, unread } => {
                ("happening.closed_us", received, sent, *unread)
            }
            Happening::Closed { by: By::Peer, received, sent, unread } => {
                ("happening.closed_peer", received, sent, *unread)
            }
            Happening::Reset { by: By::Us, received, sent } => ("happening.reset_us", received, sent, 0),
            Happening::Reset { by: By::Peer, received, sent } => ("happening.reset_peer", received, sent, 0),
            _ => return String::new(),
        };
        let mut sentences = vec![self.fill(key, &[("received", &bytes(received)), ("sent", &bytes(sent))])];
        if unread > 0 {
            sentences.push(self.fill("happening.closed_unread", &[("unread", &bytes(&unread))]));
        }
        self.joined(&sentences)
    }

    fn of_missing(&self, happening: &Happening) -> String {
        let bytes = |number: &u64| self.count("count.bytes", *number);
        match happening {
            Happening::Gap { bytes: lost, failure: Some(failure), .. } if failure.reason == Reason::NotCaptured => {
                let sent = failure.doing == Doing::Send;
                let key = if sent { "happening.gap_captured_out" } else { "happening.gap_captured_in" };
                self.fill(key, &[("bytes", &bytes(lost))])
            }
            Happening::Gap { events, bytes: lost, failure } => {
                let failure = failure.as_ref().map(|failure| self.failure(failure));
                let key = if failure.is_some() { "happening.gap_failure" } else { "happening.gap" };
                let events = self.count("count.events", *events);
                let failure = failure.unwrap_or_default();
                self.fill(key, &[("events", &events), ("bytes", &bytes(lost)), ("failure", &failure)])
            }
            Happening::SendStopped { sent, total } => {
                let key = if *total > 0 { "happening.send_stopped" } else { "happening.send_stopped_unknown" };
                self.fill(key, &[("sent", &bytes(sent)), ("total", &bytes(total))])
            }
            _ => String::new(),
        }
    }

    fn after(&self, key: &str, millis: u64) -> String {
        self.fill(key, &[("time", &self.duration_millis(millis))])
    }

    /// Sentences behind one another: a blank between those that end in an ASCII full stop.
    fn joined(&self, sentences: &[String]) -> String {
        let mut text = String::new();
        for sentence in sentences {
            if text.ends_with('.') {
                text.push(' ');
            }
            text.push_str(sentence);
        }
        text
    }
}

fn local_of(flow: &Flow) -> String {
    match flow.local {
        Some(local) => local.to_string(),
        None => visible_text(&flow.endpoint_uri, MAX_OUTSIDE_BYTES),
    }
}

fn peer_of(flow: &Flow) -> String {
    match flow.peer {
        Some(peer) => peer.to_string(),
        None => visible_text(&flow.endpoint_uri, MAX_OUTSIDE_BYTES),
    }
}
