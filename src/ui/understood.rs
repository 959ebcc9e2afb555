//! A draft understood: its bytes as they would go out now, with what made each of them; of templates an example.
//!
//! Pure; reads no file and no environment: such a value is a placeholder until Send. Called by: the composer's preview, and by a
//! job for a draft that is too long for a frame.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;

use crate::engine::{Repeat, Target};
use crate::model::{Draft, PayloadFormat, Timestamp};
use crate::payload::{self, Compiled, Fill, MadeBy, Memory, Missing, Mistake, Needs, Rendered, RenderedPart, Supplied};

/// A draft of at most so much is understood in the frame in which it was typed or sent.
pub const SHORT_BYTES: usize = 64 * 1024;

/// What is to be understood. `number` tells an answer from older ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    pub number: u64,
    pub draft: Arc<Draft>,
    pub around: Around,
    pub now: Timestamp,
}

/// A press of Send. `asks`: what the dialog was answered, once it was.
#[derive(Clone, Debug)]
pub struct Pressed {
    pub target: Target,
    pub draft: Draft,
    pub repeat: Option<Repeat>,
    pub asks: Option<BTreeMap<String, String>>,
}

#[derive(Debug, Default)]
pub struct Understood {
    pub number: u64,
    pub of: Arc<Draft>,
    pub compiled: Option<Compiled>,
    /// What of the window went into it.
    pub around: Around,
    pub shown: Shown,
}

/// What stands for the bytes.
#[derive(Debug)]
pub enum Shown {
    Bytes(Example),
    Mistake(Mistake),
    /// A value could not be made.
    Missing(Missing),
}

#[derive(Debug, Default)]
pub struct Example {
    pub rendered: Rendered,
    /// The same at each sending.
    pub fixed: bool,
    /// What makes values that are not known before Send.
    pub unknown: Vec<MadeBy>,
}

/// What of the window goes into an example.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Around {
    pub local: Option<SocketAddr>,
    pub peer: Option<SocketAddr>,
    pub asks: BTreeMap<String, String>,
}

impl Around {
    /// Only what is needed: what changes beside it changes no example.
    pub fn needed(self, needs: &Needs) -> Self {
        let addresses = needs.peer || needs.local;
        let asks = self.asks.into_iter().filter(|(name, _)| needs.asks.contains(name)).collect();
        Self { local: self.local.filter(|_| addresses), peer: self.peer.filter(|_| addresses), asks }
    }
}

impl Default for Shown {
    fn default() -> Self {
        Self::Bytes(Example { fixed: true, ..Example::default() })
    }
}

impl Example {
    pub fn len(&self) -> usize {
        self.rendered.bytes.len()
    }

    pub fn is_empty(&self) -> bool {
        self.rendered.bytes.is_empty()
    }

    /// Its bytes are not known before Send.
    pub fn is_placeholder(&self, part: &RenderedPart) -> bool {
        self.unknown.contains(&part.made_by)
    }

    pub fn has_placeholders(&self) -> bool {
        // Asked in each frame, and a long text has many parts: mostly nothing is unknown.
        !self.unknown.is_empty() && self.rendered.parts.iter().any(|part| self.is_placeholder(part))
    }

    /// The part that a character of the text is in.
    pub fn part_at(&self, text: usize) -> Option<usize> {
        let parts = &self.rendered.parts;
        let place = parts.partition_point(|part| part.text.end <= text);
        parts.get(place).filter(|part| part.text.contains(&text)).map(|_| place)
    }
}

pub fn understand(question: Question) -> Understood {
    let Question { number, draft, around, now } = question;
    if draft.format == PayloadFormat::File {
        return Understood { number, of: draft, ..Understood::default() };
    }
    match payload::compile_shared(&draft) {
        Ok(compiled) => {
            let around = around.needed(compiled.needs());
            let shown = example(&compiled, &around, now);
            Understood { number, of: draft, compiled: Some(compiled), around, shown }
        }
        Err(mistake) => Understood { number, of: draft, shown: Shown::Mistake(mistake), ..Understood::default() },
    }
}

/// The bytes that would go out now.
fn example(compiled: &Compiled, around: &Around, now: Timestamp) -> Shown {
    let needs = compiled.needs();
    let mut unknown = Vec::new();
    let mut lacks = |made_by: MadeBy, lacking: bool| {
        if lacking {
            unknown.push(made_by);
        }
    };
    lacks(MadeBy::Asked, needs.asks.iter().any(|name| !around.asks.contains_key(name)));
    lacks(MadeBy::Environment, !needs.environment.is_empty());
    lacks(MadeBy::File, !needs.files.is_empty());
    lacks(MadeBy::Variable, !needs.variables.is_empty());
    lacks(MadeBy::Capture, needs.captures > 0);
    let no_address = (needs.peer && around.peer.is_none()) || (needs.local && around.local.is_none());
    lacks(MadeBy::Address, no_address);

    // One character stands for a value that is not known, so that it has a place among the parts.
    let mark = || Bytes::from_static(b"?");
    let mut supplied = Supplied { asks: around.asks.clone(), ..Supplied::default() };
    for name in &needs.asks {
        supplied.asks.entry(name.clone()).or_insert_with(|| "?".to_owned());
    }
    supplied.environment = needs.environment.iter().map(|name| (name.clone(), "?".to_owned())).collect();
    supplied.files = needs.files.iter().map(|path| (path.clone(), mark())).collect();
    let variables = needs.variables.iter().map(|name| (name.clone(), mark())).collect();
    let captures = vec![Some(mark()); needs.captures + usize::from(needs.captures > 0)];
    let nowhere = SocketAddr::from(([0, 0, 0, 0], 0));
    // A counter shows its first value, random ones change with the text only.
    let mut memory = Memory::default();
    let mut fill = Fill {
        now,
        zone: jiff::tz::TimeZone::system(),
        peer: around.peer.or(Some(nowhere)),
        local: around.local.or(Some(nowhere)),
        captures: &captures,
        variables: &variables,
        supplied: &supplied,
        memory: &mut memory,
    };
    let fixed = compiled.fixed().is_some();
    match compiled.render(&mut fill) {
        Ok(rendered) => Shown::Bytes(Example { rendered, fixed, unknown }),
        Err(missing) => Shown::Missing(missing),
    }
}
