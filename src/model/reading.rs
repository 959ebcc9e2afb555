//! What a person adds to a session while reading it: notes, encodings, filters kept under a name, rules for colours.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{ConnectionId, EndpointId, Flow, Framing, TextEncoding, Timestamp};

/// A note on an event; one without words is a bookmark.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// The event it belongs to.
    pub seq: u64,
    pub text: String,
    /// When it was written.
    pub time: Timestamp,
}

/// How content is shown as text: everywhere, on an endpoint, on one connection. The narrowest counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Encodings {
    pub everywhere: TextEncoding,
    pub endpoints: BTreeMap<EndpointId, TextEncoding>,
    pub connections: BTreeMap<ConnectionId, TextEncoding>,
}

impl Encodings {
    pub fn of(&self, flow: &Flow) -> TextEncoding {
        self.of_connection(flow.endpoint, flow.connection)
    }

    pub fn of_connection(&self, endpoint: EndpointId, connection: ConnectionId) -> TextEncoding {
        let narrow = self.connections.get(&connection).or_else(|| self.endpoints.get(&endpoint));
        narrow.copied().unwrap_or(self.everywhere)
    }

    /// Every encoding in which something is shown, each once.
    pub fn in_use(&self) -> Vec<TextEncoding> {
        let mut all = vec![self.everywhere];
        for encoding in self.endpoints.values().chain(self.connections.values()) {
            if !all.contains(encoding) {
                all.push(*encoding);
            }
        }
        all
    }
}

/// How streams are taken apart into frames: everywhere, on an endpoint. The narrowest counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Framings {
    pub everywhere: Framing,
    pub endpoints: BTreeMap<EndpointId, Framing>,
}

impl Framings {
    pub fn of(&self, flow: &Flow) -> &Framing {
        self.endpoints.get(&flow.endpoint).unwrap_or(&self.everywhere)
    }
}

/// Rows that fit the filter are drawn on a ground of this colour.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HighlightRule {
    /// In the filter language, as typed.
    pub filter: String,
    pub color: HighlightColor,
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub enabled: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HighlightColor {
    #[default]
    Yellow,
    Green,
    Blue,
    Purple,
    Red,
    Gray,
}

impl HighlightColor {
    pub const ALL: [Self; 6] = [Self::Yellow, Self::Green, Self::Blue, Self::Purple, Self::Red, Self::Gray];
}

/// A filter kept under a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedFilter {
    pub name: String,
    /// In the filter language, as typed.
    pub filter: String,
}

fn yes() -> bool {
    true
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_yes(value: &bool) -> bool {
    *value
}
