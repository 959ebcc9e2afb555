//! The automatic replies of one endpoint, made ready when it is opened or retuned.
//!
//! Owns: which rule a frame, a beginning or an end is for, and how often each acted. Never: sends, waits.
//! Called by: `answering`, `endpoint`, `run`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use bytes::Bytes;

use super::status::ReplyStatus;
use crate::model::{
    Doing, Draft, EndpointSettings, Failure, FramePattern, Framing, Occasion, Reason, ReplyAct, ReplyRule, Timestamp,
};
use crate::payload::{Compiled, compile};
use crate::rules::{Captures, Matcher};

#[derive(Default)]
pub(super) struct ReplySet {
    pub framing: Framing,
    pub rules: Vec<Rule>,
}

pub(super) struct Rule {
    pub settings: ReplyRule,
    /// Nothing where it is off or cannot be made ready.
    ready: Option<Ready>,
    pub tally: Arc<Tally>,
    /// What failed was told: once is enough until it is changed.
    pub told: AtomicBool,
}

struct Ready {
    matcher: Option<Matcher>,
    payload: Option<Compiled>,
}

/// How often it acted, over all connections; stays while the rule stays the same.
#[derive(Default)]
pub(super) struct Tally {
    hits: AtomicU64,
    last: AtomicU64,
}

impl ReplySet {
    /// With what cannot be made ready. Rules that stand in `old` as well keep their counts.
    pub fn new(settings: &EndpointSettings, old: &Self) -> (Self, Vec<Failure>) {
        let mut failures = Vec::new();
        let rules = settings.replies.iter().enumerate().map(|(index, rule)| {
            let known = old.rules.iter().find(|known| is_same(&known.settings, rule));
            let tally = known.map(|known| known.tally.clone()).unwrap_or_default();
            let ready = match Ready::new(rule) {
                Ok(ready) => ready,
                Err(why) => {
                    let on = name_of(index, rule);
                    failures.push(Failure { system: why, ..Failure::new(Doing::Send, on, Reason::Other) });
                    None
                }
            };
            Rule { settings: rule.clone(), ready, tally, told: AtomicBool::new(false) }
        });
        let rules = rules.collect();
        (Self { framing: settings.framing.clone(), rules }, failures)
    }

    pub fn has(&self, on: Occasion) -> bool {
        self.rules.iter().any(|rule| rule.ready.is_some() && rule.settings.on == on)
    }

    /// The bytes of frames as they stood in the stream are wanted.
    pub fn echoes(&self) -> bool {
        self.rules.iter().any(|rule| rule.ready.is_some() && rule.settings.act == ReplyAct::Echo)
    }

    /// The first rule that fits and has not acted as often as it may on this connection.
    pub fn first(
        &self,
        on: Occasion,
        frame: Option<&Bytes>,
        acted: &BTreeMap<usize, u32>,
    ) -> Option<(usize, Captures)> {
        self.rules.iter().enumerate().find_map(|(index, rule)| {
            let ready = rule.ready.as_ref().filter(|_| rule.settings.on == on)?;
            let used = acted.get(&index).copied().unwrap_or(0);
            if rule.settings.times.is_some_and(|times| used >= times) {
                return None;
            }
            match (&ready.matcher, frame) {
                (Some(matcher), Some(frame)) => Some((index, matcher.of(frame)?)),
                _ => Some((index, Vec::new())),
            }
        })
    }

    pub fn status(&self) -> Vec<ReplyStatus> {
        self.rules.iter().map(|rule| rule.tally.status()).collect()
    }
}

impl Rule {
    pub fn payload(&self) -> Option<&Compiled> {
        self.ready.as_ref().and_then(|ready| ready.payload.as_ref())
    }
}

impl Ready {
    fn new(rule: &ReplyRule) -> Result<Option<Self>, String> {
        if rule.off {
            return Ok(None);
        }
        let matcher = match rule.on {
            Occasion::Frame => Some(Matcher::new(&rule.pattern).map_err(|mistake| {
                format!("its pattern cannot be understood at {}", place(&rule.pattern.pattern, mistake.at.start))
            })?),
            Occasion::Connect | Occasion::Close => None,
        };
        let payload = match rule.act {
            ReplyAct::Send => Some(compile(&rule.send).map_err(|mistake| {
                format!("what it sends cannot be understood at {}", place(&rule.send.text, mistake.at.start))
            })?),
            _ => None,
        };
        Ok(Some(Self { matcher, payload }))
    }
}

impl Tally {
    pub fn acted(&self, now: Timestamp) {
        self.hits.fetch_add(1, Ordering::Relaxed);
        self.last.store(now.0, Ordering::Relaxed);
    }

    fn status(&self) -> ReplyStatus {
        let last = self.last.load(Ordering::Relaxed);
        ReplyStatus { hits: self.hits.load(Ordering::Relaxed), last: (last > 0).then_some(Timestamp(last)) }
    }
}

/// "reply 2 (login)"
pub(super) fn name_of(index: usize, rule: &ReplyRule) -> String {
    if rule.name.is_empty() { format!("reply {}", index + 1) } else { format!("reply {} ({})", index + 1, rule.name) }
}

fn place(text: &str, at: usize) -> String {
    let characters = text.get(..at).map_or(0, |before| before.chars().count());
    format!("character {}", characters + 1)
}

/// Apart from its name, from being off, and from what it sends.
fn is_same(one: &ReplyRule, other: &ReplyRule) -> bool {
    let what = |rule: &ReplyRule| -> (Occasion, FramePattern, ReplyAct, Draft) {
        (rule.on, rule.pattern.clone(), rule.act, rule.send.clone())
    };
    what(one) == what(other)
}
