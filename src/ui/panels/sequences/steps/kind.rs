//! The kinds of steps: their names, what a row says of one, what becomes of a step that turns into another kind.
//! Called by: `steps`.

use crate::model::{Awaited, Draft, LineEnding, MOST_NESTED, MatchHow, PayloadFormat, SequenceClose, Step};
use crate::payload::visible_text;
use crate::rules::expected;
use crate::words::Words;

/// Bytes of a payload or a pattern that a row shows.
const SHOWN: usize = 160;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Send,
    WaitFor,
    Expect,
    Pause,
    Set,
    Repeat,
    Close,
}

impl Kind {
    const ALL: [Self; 7] = [Self::Send, Self::WaitFor, Self::Expect, Self::Pause, Self::Set, Self::Repeat, Self::Close];

    /// Those that a step with a path so long may be.
    pub fn that_fit(levels: usize) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |kind| levels <= MOST_NESTED || *kind != Self::Repeat)
    }

    pub fn of(step: &Step) -> Self {
        match step {
            Step::Send(_) => Self::Send,
            Step::WaitFor(_) => Self::WaitFor,
            Step::Expect(_) => Self::Expect,
            Step::Pause { .. } => Self::Pause,
            Step::Set { .. } => Self::Set,
            Step::Repeat { .. } => Self::Repeat,
            Step::Close { .. } => Self::Close,
        }
    }

    /// One to stand among `steps`: what it sends is written like what they send.
    pub fn new_step(self, steps: &[Step]) -> Step {
        match self {
            Self::Repeat => Step::Repeat { times: 2, steps: Vec::new() },
            Self::Send => Step::Send(last_sent(steps).map(empty_like).unwrap_or_default()),
            kind => kind.of_step(Step::Pause { millis: 0 }),
        }
    }

    /// What both kinds have is kept: a payload, a pattern.
    pub fn of_step(self, step: Step) -> Step {
        let draft = match &step {
            Step::Send(draft) | Step::Set { value: draft, .. } => draft.clone(),
            _ => Draft::default(),
        };
        let awaited = match &step {
            Step::WaitFor(awaited) | Step::Expect(awaited) => awaited.clone(),
            _ => Awaited::default(),
        };
        match self {
            Self::Send => Step::Send(draft),
            Self::WaitFor => Step::WaitFor(awaited),
            Self::Expect => Step::Expect(awaited),
            Self::Pause => Step::Pause { millis: 1000 },
            Self::Set => Step::Set { variable: String::new(), value: draft },
            // What it was is repeated from now on.
            Self::Repeat => Step::Repeat { times: 2, steps: vec![step] },
            Self::Close => Step::Close { how: SequenceClose::default() },
        }
    }
}

pub fn name(words: &Words, kind: Kind) -> &str {
    words.get(match kind {
        Kind::Send => "step.send",
        Kind::WaitFor => "step.wait_for",
        Kind::Expect => "step.expect",
        Kind::Pause => "step.pause",
        Kind::Set => "step.set",
        Kind::Repeat => "step.repeat",
        Kind::Close => "step.close",
    })
}

/// What it does, on one line.
pub fn summary(words: &Words, step: &Step) -> String {
    match step {
        Step::Send(draft) => payload(words, draft),
        Step::Set { variable, value } => format!("{} = {}", visible_text(variable, 60), payload(words, value)),
        Step::WaitFor(awaited) | Step::Expect(awaited) => {
            format!("{}  ≤ {} ms", pattern(words, awaited), words.number(awaited.timeout_millis))
        }
        Step::Pause { millis } => format!("{} ms", words.number(*millis)),
        Step::Repeat { times, .. } => format!("× {}", words.number(u64::from(*times))),
        Step::Close { how } => words.sequence_close(*how).to_owned(),
    }
}

fn payload(words: &Words, draft: &Draft) -> String {
    let text = visible_text(&draft.text, SHOWN);
    let ending = match draft.ending {
        LineEnding::None => "",
        _ => words.line_ending(draft.ending),
    };
    match draft.format {
        PayloadFormat::Text => [text.as_str(), ending].join(" ").trim_end().to_owned(),
        format => format!("{}: {text} {ending}", words.payload_format(format)).trim_end().to_owned(),
    }
}

fn pattern(words: &Words, awaited: &Awaited) -> String {
    match awaited.pattern.how {
        MatchHow::Any => words.match_how(MatchHow::Any).to_owned(),
        _ => visible_text(&expected(&awaited.pattern), SHOWN),
    }
}

fn last_sent(steps: &[Step]) -> Option<&Draft> {
    steps.iter().rev().find_map(|step| match step {
        Step::Send(draft) => Some(draft),
        Step::Repeat { steps, .. } => last_sent(steps),
        _ => None,
    })
}

fn empty_like(draft: &Draft) -> Draft {
    Draft { text: String::new(), ..draft.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_send_is_written_like_the_last_one() {
        let sent = |text: &str, ending| Step::Send(Draft { text: text.into(), ending, ..Draft::default() });
        assert_eq!(Kind::Send.new_step(&[]), Step::Send(Draft::default()));
        let inner = Step::Repeat { times: 2, steps: vec![sent("PING", LineEnding::CrLf)] };
        let steps = [sent("LOGIN", LineEnding::Lf), inner, Step::Pause { millis: 1 }];
        assert_eq!(Kind::Send.new_step(&steps), sent("", LineEnding::CrLf));
    }
}
