//! The bytes of the draft as they would go out now, with what made each of them; of templates an example.
//!
//! Owns: the draft as it was understood last, and counters of its own, so that looking never counts. Never: reads a file or the
//! environment: such a value is a placeholder until Send. Called by: the composer.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::engine::Target;
use crate::model::{Draft, PayloadFormat, Timestamp};
use crate::payload::{self, Compiled, Fill, MadeBy, Memory, Missing, Mistake, Rendered, RenderedPart, Supplied};
use crate::ui::panels::target;
use crate::ui::state::Ctx;

/// A draft of at most so much is always understood at once.
const SHORT_BYTES: usize = 64 * 1024;
/// A longer one that took more than this is understood when typing pauses.
const LONG: Duration = Duration::from_millis(10);
/// Without a change for so long, typing pauses.
const PAUSE: Duration = Duration::from_millis(250);

#[derive(Default)]
pub struct Preview {
    /// The text as it stands in the editor.
    of: Option<Draft>,
    from: Around,
    compiled: Option<Compiled>,
    pub shown: Shown,
    took: Duration,
    /// A text that waits for a pause, and when it became so.
    waiting: Option<(Draft, Timestamp)>,
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
struct Around {
    local: Option<SocketAddr>,
    peer: Option<SocketAddr>,
    asks: BTreeMap<String, String>,
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
        self.rendered.parts.iter().any(|part| self.is_placeholder(part))
    }

    /// The part that a character of the text is in.
    pub fn part_at(&self, text: usize) -> Option<usize> {
        let parts = &self.rendered.parts;
        let place = parts.partition_point(|part| part.text.end <= text);
        parts.get(place).filter(|part| part.text.contains(&text)).map(|_| place)
    }
}

impl Preview {
    /// The draft that is shown.
    pub fn of(&self) -> Option<&Draft> {
        self.of.as_ref()
    }

    /// It is of an older text: the draft is long and is being typed.
    pub fn waits(&self) -> bool {
        self.waiting.is_some()
    }

    pub fn example(&self) -> Option<&Example> {
        match &self.shown {
            Shown::Bytes(example) => Some(example),
            _ => None,
        }
    }

    /// Brings it up to date. `draft` as it stands in the window; answers how long it has to wait.
    pub fn update(&mut self, ctx: &Ctx<'_>, draft: Draft, target: Option<&Target>) -> Option<Duration> {
        let same = self.of.as_ref() == Some(&draft);
        if same {
            self.waiting = None;
            let around = self.around(ctx, target);
            if self.from != around {
                self.from = around;
                self.render(ctx.now);
            }
            return None;
        }
        if self.took > LONG && draft.text.len() > SHORT_BYTES {
            let since = match &self.waiting {
                Some((of, since)) if *of == draft => *since,
                _ => ctx.now,
            };
            let waited = Duration::from_nanos(ctx.now.nanos_since(since));
            if waited < PAUSE {
                self.waiting = Some((draft, since));
                return Some(PAUSE - waited);
            }
        }
        self.understand(ctx, draft, target);
        None
    }

    /// The same without waiting.
    pub fn understand(&mut self, ctx: &Ctx<'_>, draft: Draft, target: Option<&Target>) {
        self.waiting = None;
        if self.of.as_ref() == Some(&draft) {
            return;
        }
        let begun = Instant::now();
        match draft.format {
            PayloadFormat::File => {
                self.compiled = None;
                self.shown = Shown::default();
            }
            _ => match payload::compile(&draft) {
                Ok(compiled) => {
                    self.compiled = Some(compiled);
                    self.from = self.around(ctx, target);
                    self.render(ctx.now);
                }
                Err(mistake) => {
                    self.compiled = None;
                    self.shown = Shown::Mistake(mistake);
                }
            },
        }
        self.of = Some(draft);
        self.took = begun.elapsed();
    }

    fn around(&self, ctx: &Ctx<'_>, target: Option<&Target>) -> Around {
        let Some(needs) = self.compiled.as_ref().map(Compiled::needs) else { return Around::default() };
        let (local, peer) = match target {
            Some(target) if needs.peer || needs.local => addresses(ctx, target),
            _ => (None, None),
        };
        let answered = |name: &String| Some((name.clone(), ctx.state.answered.get(name)?.clone()));
        Around { local, peer, asks: needs.asks.iter().filter_map(answered).collect() }
    }

    fn render(&mut self, now: Timestamp) {
        let Some(compiled) = &self.compiled else { return };
        let needs = compiled.needs();
        let mut unknown = Vec::new();
        let mut lacks = |made_by: MadeBy, lacking: bool| {
            if lacking {
                unknown.push(made_by);
            }
        };
        lacks(MadeBy::Asked, needs.asks.iter().any(|name| !self.from.asks.contains_key(name)));
        lacks(MadeBy::Environment, !needs.environment.is_empty());
        lacks(MadeBy::File, !needs.files.is_empty());
        lacks(MadeBy::Variable, !needs.variables.is_empty());
        lacks(MadeBy::Capture, needs.captures > 0);
        let no_address = (needs.peer && self.from.peer.is_none()) || (needs.local && self.from.local.is_none());
        lacks(MadeBy::Address, no_address);

        // One character stands for a value that is not known, so that it has a place among the parts.
        let mark = || Bytes::from_static(b"?");
        let mut supplied = Supplied { asks: self.from.asks.clone(), ..Supplied::default() };
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
            peer: self.from.peer.or(Some(nowhere)),
            local: self.from.local.or(Some(nowhere)),
            captures: &captures,
            variables: &variables,
            supplied: &supplied,
            memory: &mut memory,
        };
        let fixed = compiled.fixed().is_some();
        self.shown = match compiled.render(&mut fill) {
            Ok(rendered) => Shown::Bytes(Example { rendered, fixed, unknown }),
            Err(missing) => Shown::Missing(missing),
        };
    }

    /// What Send could never fill in: a reply's captures, a sequence's variables.
    pub fn never(&self) -> Option<Missing> {
        let needs = self.compiled.as_ref()?.needs();
        match needs.variables.first() {
            Some(name) => Some(Missing::Variable(name.clone())),
            None => (needs.captures > 0).then_some(Missing::Capture(needs.captures)),
        }
    }
}

/// Our address and the peer's, of the first connection that the target sends to.
fn addresses(ctx: &Ctx<'_>, target: &Target) -> (Option<SocketAddr>, Option<SocketAddr>) {
    match target {
        Target::Connection(id) => {
            target::find(ctx, *id).map_or((None, None), |(_, peer)| (peer.flow.local, peer.flow.peer))
        }
        Target::Endpoint(id) => {
            let peer =
                ctx.engine.endpoint(*id).and_then(|endpoint| endpoint.peers.iter().find(|peer| target::can_send(peer)));
            peer.map_or((None, None), |peer| (peer.flow.local, peer.flow.peer))
        }
        Target::Datagram { from, to } => {
            let local = ctx.engine.endpoint(*from).and_then(|endpoint| endpoint.local.first().copied());
            (local, to.host.parse().ok().map(|host| SocketAddr::new(host, to.port)))
        }
    }
}
