//! A sequence made ready: every payload and every pattern understood once, before a byte is sent.
//!
//! Pure. Never: sends, waits. Called by: `sequence` and, for what a person typed, the fronts (`check_sequence`).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::super::filling::Template;
use crate::model::{Awaited, Draft, PayloadFormat, Sequence, SequenceClose, Step};
use crate::payload::{compile, file_path};
use crate::rules::{Matcher, SequenceMistake, SequenceMistakeKind, sequence_mistakes};

/// The first step of a sequence that cannot be run as it is written.
pub fn check_sequence(sequence: &Sequence) -> Result<(), SequenceMistake> {
    sequence_mistakes(sequence).into_iter().next().map_or(Ok(()), Err)
}

pub(super) struct Program {
    pub steps: Vec<Ready>,
    /// Some step waits for frames.
    pub listens: bool,
}

pub(super) enum Ready {
    Send(Load),
    WaitFor(Awaiting),
    Expect(Awaiting),
    Pause(Duration),
    Set { variable: String, value: Load },
    Repeat { times: u32, steps: Vec<Ready> },
    Close(SequenceClose),
}

pub(super) enum Load {
    Template(Template),
    /// The bytes of a file, read anew each time.
    File(String),
}

pub(super) struct Awaiting {
    pub matcher: Matcher,
    pub timeout: Duration,
}

impl Program {
    pub fn new(sequence: &Sequence, asks: &Arc<BTreeMap<String, String>>) -> Result<Self, SequenceMistake> {
        check_sequence(sequence)?;
        let mut reader = Reader { asks, place: Vec::new(), listens: false };
        let steps = reader.steps(&sequence.steps)?;
        Ok(Self { steps, listens: reader.listens })
    }
}

struct Reader<'a> {
    asks: &'a Arc<BTreeMap<String, String>>,
    place: Vec<u32>,
    listens: bool,
}

impl Reader<'_> {
    fn steps(&mut self, steps: &[Step]) -> Result<Vec<Ready>, SequenceMistake> {
        let mut ready = Vec::with_capacity(steps.len());
        for (number, step) in (1..).zip(steps) {
            self.place.push(number);
            ready.push(self.step(step)?);
            self.place.pop();
        }
        Ok(ready)
    }

    fn step(&mut self, step: &Step) -> Result<Ready, SequenceMistake> {
        Ok(match step {
            Step::Send(draft) => Ready::Send(self.load(draft)?),
            Step::WaitFor(awaited) => Ready::WaitFor(self.awaiting(awaited)?),
            Step::Expect(awaited) => Ready::Expect(self.awaiting(awaited)?),
            Step::Pause { millis } => Ready::Pause(Duration::from_millis(*millis)),
            Step::Set { variable, value } => Ready::Set { variable: variable.clone(), value: self.load(value)? },
            Step::Repeat { times, steps } => Ready::Repeat { times: *times, steps: self.steps(steps)? },
            Step::Close { how } => Ready::Close(*how),
        })
    }

    fn load(&self, draft: &Draft) -> Result<Load, SequenceMistake> {
        let mistaken = |mistake| self.mistake(SequenceMistakeKind::Payload(mistake));
        if draft.format == PayloadFormat::File {
            let path = file_path(draft).map_err(mistaken)?;
            return Ok(Load::File(path.to_string_lossy().into_owned()));
        }
        Ok(Load::Template(Template::new(compile(draft).map_err(mistaken)?, self.asks.clone())))
    }

    fn awaiting(&mut self, awaited: &Awaited) -> Result<Awaiting, SequenceMistake> {
        self.listens = true;
        let matcher =
            Matcher::new(&awaited.pattern).map_err(|mistake| self.mistake(SequenceMistakeKind::Pattern(mistake)))?;
        Ok(Awaiting { matcher, timeout: Duration::from_millis(awaited.timeout_millis) })
    }

    fn mistake(&self, what: SequenceMistakeKind) -> SequenceMistake {
        SequenceMistake { step: self.place.clone(), what }
    }
}
