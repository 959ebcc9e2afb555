//! Payloads that are filled in anew at each sending.
//!
//! Owns: the values of a sending: time, addresses, counters, what was answered, captured or set. Never: sends.
//! Called by: `send`, `answering`, `sequence`.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;

use super::peer::Peer;
use super::shared::Shared;
use crate::model::{Doing, Failure, Reason};
use crate::payload::{Compiled, Fill, Missing, Supplied};

/// A payload and what the person answered to it.
#[derive(Clone)]
pub(super) struct Template {
    pub compiled: Compiled,
    pub asks: Arc<BTreeMap<String, String>>,
}

/// What a frame and earlier steps gave.
#[derive(Clone, Copy, Default)]
pub(super) struct Given<'a> {
    pub captures: &'a [Option<Bytes>],
    pub variables: Option<&'a BTreeMap<String, Bytes>>,
}

impl Template {
    pub fn new(compiled: Compiled, asks: Arc<BTreeMap<String, String>>) -> Self {
        Self { compiled, asks }
    }

    /// The bytes for one peer, now. Files and the environment are read anew, off the runtime's threads.
    pub async fn fill(&self, shared: &Arc<Shared>, peer: &Peer, given: Given<'_>) -> Result<Bytes, Failure> {
        if let Some(fixed) = self.compiled.fixed() {
            return Ok(fixed.clone());
        }
        let supplied = self.supplied(shared).await?;
        let none = BTreeMap::new();
        let mut memory = shared.memory.lock();
        let mut fill = Fill {
            now: shared.clock.now(),
            zone: shared.zone.clone(),
            peer: peer.flow.peer,
            local: peer.flow.local,
            captures: given.captures,
            variables: given.variables.unwrap_or(&none),
            supplied: &supplied,
            memory: &mut memory,
        };
        let rendered = self.compiled.render(&mut fill).map_err(|missing| failure(peer, &missing))?;
        Ok(rendered.bytes)
    }

    async fn supplied(&self, shared: &Shared) -> Result<Supplied, Failure> {
        let needs = self.compiled.needs();
        let asks = BTreeMap::clone(&self.asks);
        if needs.files.is_empty() && needs.environment.is_empty() {
            return Ok(Supplied { asks, ..Supplied::default() });
        }
        let supply = shared.supply.lock().clone();
        let Some(supply) = supply else {
            let what = needs.files.iter().chain(&needs.environment).next().cloned().unwrap_or_default();
            return Err(Failure::new(Doing::ReadFile, what, Reason::OutOfReach));
        };
        let compiled = self.compiled.clone();
        let reading = tokio::task::spawn_blocking(move || supply.supply(compiled.needs()));
        let interrupted = |_| Err(Failure::new(Doing::ReadFile, "", Reason::Other));
        Ok(Supplied { asks, ..reading.await.unwrap_or_else(interrupted)? })
    }
}

/// Named by the template as it is written, which is the same in every language.
fn failure(peer: &Peer, missing: &Missing) -> Failure {
    let on = peer.flow.peer.map(|at| at.to_string()).unwrap_or_default();
    let system = match missing {
        Missing::Ask(name) => format!("{{{{ask:{name}}}}}"),
        Missing::Environment(name) => format!("{{{{env:{name}}}}}"),
        Missing::File(path) => format!("{{{{file:{path}}}}}"),
        Missing::Variable(name) => format!("{{{{var:{name}}}}}"),
        Missing::Capture(number) => format!("{{{{{number}}}}}"),
        Missing::Peer => "{{peer}}".to_owned(),
        Missing::Local => "{{local}}".to_owned(),
        Missing::TooLarge(_) => {
            return other(on, "a value is larger than its place, or the payload longer than 64 MiB".into());
        }
        Missing::NotInEncoding { value, encoding } => {
            return other(on, format!("{value} has characters that do not exist in {}", encoding.name()));
        }
    };
    Failure { system, ..Failure::new(Doing::Send, on, Reason::NotFilledIn) }
}

/// The value is there and cannot be sent.
fn other(on: String, system: String) -> Failure {
    Failure { system, ..Failure::new(Doing::Send, on, Reason::Other) }
}
