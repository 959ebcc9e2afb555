//! The automatic replies of one endpoint, made ready when it is opened or retuned.
//!
//! Owns: which rule a frame, a beginning or an end is for, and how often each acted. Never: sends, waits.
//! Called by: `answering`, `endpoint`, `run`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use parking_lot::Mutex;

use super::filling::Template;
use super::status::ReplyStatus;
use crate::model::{
    Doing, Draft, EndpointSettings, Failure, FramePattern, Framing, Occasion, Reason, ReplyAct, ReplyRule, Timestamp,
};
use crate::rules::{Captures, NeverGiven, ReadyReply, ReplyMistake};

#[derive(Default)]
pub(super) struct ReplySet {
    pub framing: Framing,
    pub rules: Vec<Rule>,
}

pub(super) struct Rule {
    pub settings: ReplyRule,
    /// Nothing where it is off or cannot be made ready.
    ready: Option<Ready>,
    /// It cannot be made ready, and that was told.
    is_broken: bool,
    pub tally: Arc<Tally>,
    /// Why it failed, as it was told: once each is enough until a rule is changed.
    told: Mutex<Vec<Reason>>,
}

struct Ready {
    reply: ReadyReply,
    payload: Option<Template>,
}

/// How often it acted, over all connections; stays while the rule stays the same.
#[derive(Default)]
pub(super) struct Tally {
    hits: AtomicU64,
    last: AtomicU64,
}

impl ReplySet {
    /// With what cannot be made ready and could before: while a rule is typed, its first mistake is told and no later one.
    /// Rules that stand in `old` as well keep their counts.
    pub fn new(settings: &EndpointSettings, old: &Self) -> (Self, Vec<Failure>) {
        let mut failures = Vec::new();
        // Two rules that say the same count each for itself.
        let mut known: Vec<&Rule> = old.rules.iter().collect();
        let rules = settings.replies.iter().enumerate().map(|(index, rule)| {
            let place = known.iter().position(|known| is_same(&known.settings, rule));
            let tally = place.map(|place| known.remove(place).tally.clone()).unwrap_or_default();
            let mut is_broken = false;
            let ready = match Ready::new(rule) {
                Ok(ready) => ready,
                Err(mistake) => {
                    let system = told(rule, &mistake);
                    let on = name_of(index, rule);
                    is_broken = true;
                    if !old.was_told(index, rule) {
                        failures.push(Failure { system, ..Failure::new(Doing::Reply, on, Reason::Other) });
                    }
                    None
                }
            };
            Rule { settings: rule.clone(), ready, is_broken, tally, told: Mutex::default() }
        });
        let rules = rules.collect();
        (Self { framing: settings.framing.clone(), rules }, failures)
    }

    /// This rule was broken before, wherever it stood, or the one in its place was and is being typed.
    fn was_told(&self, index: usize, rule: &ReplyRule) -> bool {
        let mut rules = self.rules.iter().enumerate();
        rules.any(|(at, before)| before.is_broken && (at == index || is_same(&before.settings, rule)))
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
            match (&ready.reply.matcher, frame) {
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
    pub fn payload(&self) -> Option<&Template> {
        self.ready.as_ref().and_then(|ready| ready.payload.as_ref())
    }

    /// What the named groups of its pattern captured, where its payload asks for that.
    pub fn variables(&self, captures: &Captures) -> BTreeMap<String, Bytes> {
        self.ready.as_ref().map(|ready| ready.reply.variables(captures)).unwrap_or_default()
    }

    /// Whether it is the first failure of its kind: who sends the frames must not fill the log with it.
    pub fn is_news(&self, why: Reason) -> bool {
        let mut told = self.told.lock();
        let is_news = !told.contains(&why);
        if is_news {
            told.push(why);
        }
        is_news
    }
}

impl Ready {
    fn new(rule: &ReplyRule) -> Result<Option<Self>, ReplyMistake> {
        if rule.off {
            return Ok(None);
        }
        let reply = ReadyReply::new(rule)?;
        let payload = reply.payload.clone().map(|compiled| Template::new(compiled, Arc::default()));
        Ok(Some(Self { reply, payload }))
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

/// "2 (login)"
pub(super) fn name_of(index: usize, rule: &ReplyRule) -> String {
    if rule.name.is_empty() { (index + 1).to_string() } else { format!("{} ({})", index + 1, rule.name) }
}

fn told(rule: &ReplyRule, mistake: &ReplyMistake) -> String {
    let place = |text: &str, at: usize| text.get(..at).map_or(0, |before| before.chars().count()) + 1;
    match mistake {
        ReplyMistake::Pattern(mistake) => {
            let at = place(&rule.pattern.pattern, mistake.at.start);
            format!("its pattern cannot be understood at character {at}")
        }
        ReplyMistake::Payload(mistake) => {
            let at = place(&rule.send.text, mistake.at.start);
            format!("what it sends cannot be understood at character {at}")
        }
        ReplyMistake::Never { what, .. } => match what {
            NeverGiven::Ask(name) => format!("there is nobody to ask for {{{{ask:{name}}}}}"),
            NeverGiven::Variable { name, .. } => format!("no group of its pattern gives {{{{var:{name}}}}}"),
            NeverGiven::Capture { number, .. } => format!("no group of its pattern gives {{{{{number}}}}}"),
        },
    }
}

/// Apart from its name, from being off, and from what it sends.
fn is_same(one: &ReplyRule, other: &ReplyRule) -> bool {
    let what = |rule: &ReplyRule| -> (Occasion, FramePattern, ReplyAct, Draft) {
        (rule.on, rule.pattern.clone(), rule.act, rule.send.clone())
    };
    what(one) == what(other)
}
