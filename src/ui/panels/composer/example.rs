//! A draft understood, and its bytes as they would go out now; of templates an example.
//!
//! Pure: it may be made by a job. Never: reads a file or the environment: such a value is a placeholder until Send, and looking
//! never counts. Called by: `preview`, the window's jobs.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;

use crate::model::{Draft, PayloadFormat, Timestamp};
use crate::payload::{self, Compiled, Fill, MadeBy, Memory, Missing, Mistake, Needs, Rendered, RenderedPart, Supplied};

/// A draft, what was understood of it, and what stands for its bytes.
#[derive(Debug, Default)]
pub struct Understood {
    pub draft: Arc<Draft>,
    /// What the example was made with.
    pub from: Around,
    compiled: Option<Compiled>,
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
        !self.unknown.is_empty()
    }

    /// The part that a character of the text is in.
    pub fn part_at(&self, text: usize) -> Option<usize> {
        let parts = &self.rendered.parts;
        let place = parts.partition_point(|part| part.text.end <= text);
        parts.get(place).filter(|part| part.text.contains(&text)).map(|_| place)
    }
}

impl Around {
    /// Only what is asked for: the rest may change without a new example.
    fn needed(&self, needs: &Needs) -> Self {
        let answered = |name: &String| Some((name.clone(), self.asks.get(name)?.clone()));
        let addresses = needs.peer || needs.local;
        Self {
            local: self.local.filter(|_| addresses),
            peer: self.peer.filter(|_| addresses),
            asks: needs.asks.iter().filter_map(answered).collect(),
        }
    }
}

impl Understood {
    pub fn new(draft: Arc<Draft>, around: &Around, now: Timestamp) -> Self {
        if draft.format == PayloadFormat::File {
            return Self { draft, ..Self::default() };
        }
        match payload::compile(&draft) {
            Ok(compiled) => Self::rendered(draft, compiled, around, now),
            Err(mistake) => Self { draft, shown: Shown::Mistake(mistake), ..Self::default() },
        }
    }

    /// The same draft with other things around it.
    pub fn again(&self, around: &Around, now: Timestamp) -> Self {
        match &self.compiled {
            Some(compiled) => Self::rendered(self.draft.clone(), compiled.clone(), around, now),
            None => Self::new(self.draft.clone(), around, now),
        }
    }

    /// What of this it was made with.
    pub fn needed(&self, around: &Around) -> Around {
        self.compiled.as_ref().map(|compiled| around.needed(compiled.needs())).unwrap_or_default()
    }

    pub fn needs_addresses(&self) -> bool {
        self.compiled.as_ref().is_some_and(|compiled| compiled.needs().peer || compiled.needs().local)
    }

    /// What Send could never fill in: a reply's captures, a sequence's variables.
    pub fn never(&self) -> Option<Missing> {
        let needs = self.compiled.as_ref()?.needs();
        match needs.variables.first() {
            Some(name) => Some(Missing::Variable(name.clone())),
            None => (needs.captures > 0).then_some(Missing::Capture(needs.captures)),
        }
    }

    fn rendered(draft: Arc<Draft>, compiled: Compiled, around: &Around, now: Timestamp) -> Self {
        let from = around.needed(compiled.needs());
        let shown = render(&compiled, &from, now);
        Self { draft, from, compiled: Some(compiled), shown }
    }
}

fn unknown_of(needs: &Needs, from: &Around) -> Vec<MadeBy> {
    let mut unknown = Vec::new();
    let mut lacks = |made_by: MadeBy, lacking: bool| {
        if lacking {
            unknown.push(made_by);
        }
    };
    lacks(MadeBy::Asked, needs.asks.iter().any(|name| !from.asks.contains_key(name)));
    lacks(MadeBy::Environment, !needs.environment.is_empty());
    lacks(MadeBy::File, !needs.files.is_empty());
    lacks(MadeBy::Variable, !needs.variables.is_empty());
    lacks(MadeBy::Capture, needs.captures > 0);
    let no_address = (needs.peer && from.peer.is_none()) || (needs.local && from.local.is_none());
    lacks(MadeBy::Address, no_address);
    unknown
}

fn render(compiled: &Compiled, from: &Around, now: Timestamp) -> Shown {
    let needs = compiled.needs();
    // One character stands for a value that is not known, so that it has a place among the parts.
    let mark = || Bytes::from_static(b"?");
    let mut supplied = Supplied { asks: from.asks.clone(), ..Supplied::default() };
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
        peer: from.peer.or(Some(nowhere)),
        local: from.local.or(Some(nowhere)),
        captures: &captures,
        variables: &variables,
        supplied: &supplied,
        memory: &mut memory,
    };
    let fixed = compiled.fixed().is_some();
    match compiled.render(&mut fill) {
        Ok(rendered) => Shown::Bytes(Example { rendered, fixed, unknown: unknown_of(needs, from) }),
        Err(missing) => Shown::Missing(missing),
    }
}
