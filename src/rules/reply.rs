//! An automatic reply made ready: its pattern, its payload, and what its payload asks for that no reply ever has.
//!
//! Never: sends. Called by: engine (before a rule is used), ui (while it is edited), words (the mistakes).

use std::collections::BTreeMap;
use std::ops::Range;

use bytes::Bytes;

use super::{Captures, Matcher, PatternMistake};
use crate::model::{MatchHow, Occasion, ReplyAct, ReplyRule};
use crate::payload::{self, Compiled, Missing};

/// A rule that can be used. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ReadyReply {
    /// Where it acts on frames.
    pub matcher: Option<Matcher>,
    /// Where it sends a payload.
    pub payload: Option<Compiled>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReplyMistake {
    Pattern(PatternMistake),
    Payload(payload::Mistake),
    /// The payload can never be filled in; `at` is the template in its text.
    Never {
        at: Range<usize>,
        what: NeverGiven,
    },
}

/// What no reply of this rule can have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NeverGiven {
    /// Nobody sits there who could answer.
    Ask(String),
    /// `regex`: the pattern is a regular expression, which could have a group of that name.
    Variable { name: String, regex: bool },
    /// `groups` of a regular expression; absent: the pattern is none.
    Capture { number: usize, groups: Option<usize> },
}

impl ReadyReply {
    pub fn new(rule: &ReplyRule) -> Result<Self, ReplyMistake> {
        let matcher = match rule.on {
            Occasion::Frame => Some(Matcher::new(&rule.pattern).map_err(ReplyMistake::Pattern)?),
            Occasion::Connect | Occasion::Close => None,
        };
        let payload = match rule.act {
            ReplyAct::Send => Some(payload::compile(&rule.send).map_err(ReplyMistake::Payload)?),
            _ => None,
        };
        if let Some(payload) = &payload {
            let expression = matcher.as_ref().filter(|_| rule.pattern.how == MatchHow::Regex);
            fillable(payload, expression)?;
        }
        Ok(Self { matcher, payload })
    }

    /// What the named groups captured, where the payload asks for variables.
    pub fn variables(&self, captures: &Captures) -> BTreeMap<String, Bytes> {
        let wanted = self.payload.as_ref().is_some_and(|payload| !payload.needs().variables.is_empty());
        let Some(matcher) = self.matcher.as_ref().filter(|_| wanted) else { return BTreeMap::new() };
        let given = |(place, name): (usize, &str)| Some((name.to_owned(), captures.get(place)?.clone()?));
        matcher.group_names().filter_map(given).collect()
    }
}

/// Whether all that the payload asks for can be there; `expression` where the pattern has groups.
fn fillable(payload: &Compiled, expression: Option<&Matcher>) -> Result<(), ReplyMistake> {
    let needs = payload.needs();
    let never = |missing: &Missing, what: NeverGiven| {
        let at = payload.places_of(missing).into_iter().next().unwrap_or_default();
        Err(ReplyMistake::Never { at, what })
    };
    if let Some(name) = needs.asks.first() {
        return never(&Missing::Ask(name.clone()), NeverGiven::Ask(name.clone()));
    }
    let is_given = |wanted: &String| expression.is_some_and(|e| e.group_names().any(|(_, name)| name == wanted));
    if let Some(name) = needs.variables.iter().find(|name| !is_given(name)) {
        let what = NeverGiven::Variable { name: name.clone(), regex: expression.is_some() };
        return never(&Missing::Variable(name.clone()), what);
    }
    let groups = expression.map(Matcher::groups);
    if needs.captures > groups.unwrap_or(0) {
        let what = NeverGiven::Capture { number: needs.captures, groups };
        return never(&Missing::Capture(needs.captures), what);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Draft, FramePattern};

    fn rule(how: MatchHow, pattern: &str, send: &str) -> ReplyRule {
        let pattern = FramePattern { how, pattern: pattern.into(), ..FramePattern::default() };
        ReplyRule { pattern, send: Draft { text: send.into(), ..Draft::default() }, ..ReplyRule::default() }
    }

    fn never(rule: &ReplyRule) -> (Range<usize>, NeverGiven) {
        match ReadyReply::new(rule) {
            Err(ReplyMistake::Never { at, what }) => (at, what),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_no_reply_has_is_a_mistake_at_its_place() {
        let ask = never(&rule(MatchHow::Any, "", "hi {{ask:Name}}"));
        assert_eq!(ask, (3..15, NeverGiven::Ask("Name".into())));
        let beyond = never(&rule(MatchHow::Regex, "a(b)", "{{1}}{{2}}"));
        assert_eq!(beyond, (5..10, NeverGiven::Capture { number: 2, groups: Some(1) }));
        let text = never(&rule(MatchHow::Text, "a", "{{1}}"));
        assert_eq!(text, (0..5, NeverGiven::Capture { number: 1, groups: None }));
        let unnamed = never(&rule(MatchHow::Regex, "(?P<id>a)", "{{var:it}}"));
        assert_eq!(unnamed, (0..10, NeverGiven::Variable { name: "it".into(), regex: true }));
        let early = ReplyRule { on: Occasion::Connect, ..rule(MatchHow::Regex, "(a)", "{{1}}") };
        assert_eq!(never(&early).1, NeverGiven::Capture { number: 1, groups: None });
        let echo = ReplyRule { act: ReplyAct::Echo, ..rule(MatchHow::Any, "", "{{ask:x}}") };
        assert!(ReadyReply::new(&echo).is_ok(), "its payload is not sent");
    }

    #[test]
    fn named_groups_are_variables() {
        let ready = ReadyReply::new(&rule(MatchHow::Regex, "(?P<id>a)(?P<or>b)?", "{{var:id}}{{1}}")).unwrap();
        let captures = ready.matcher.as_ref().unwrap().of(&Bytes::from_static(b"a")).unwrap();
        assert_eq!(ready.variables(&captures), BTreeMap::from([("id".to_owned(), Bytes::from_static(b"a"))]));
    }
}
