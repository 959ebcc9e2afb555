//! What is wrong with the steps of a sequence as they are written: found before a byte is sent, each with its place.
//!
//! Pure. Never: runs a step. Called by: engine, the fronts (before Run), words (its sentences).

use std::collections::BTreeSet;

use super::{Matcher, PatternMistake};
use crate::model::{Awaited, Draft, MOST_NESTED, PayloadFormat, Sequence, Step};
use crate::payload::{Mistake, compile, file_path};

/// A step that cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SequenceMistake {
    /// Its place at each level, counted from 1; empty: the sequence as a whole.
    pub step: Vec<u32>,
    pub what: SequenceMistakeKind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SequenceMistakeKind {
    Payload(Mistake),
    Pattern(PatternMistake),
    /// More than `MOST_NESTED` repeats in each other.
    TooDeep,
    /// A run of nothing would count as passed.
    NoSteps,
    /// `{{var:…}}` cannot say this name.
    VariableName,
    /// A payload asks for a variable that no step sets.
    NeverSet(String),
}

/// All of them, in the order of the steps.
pub fn sequence_mistakes(sequence: &Sequence) -> Vec<SequenceMistake> {
    let mut variables = BTreeSet::new();
    set_in(&sequence.steps, 0, &mut variables);
    let mut look = Look { variables, place: Vec::new(), found: Vec::new() };
    if sequence.steps.is_empty() {
        look.found(SequenceMistakeKind::NoSteps);
    }
    look.steps(&sequence.steps);
    look.found
}

/// Everything that the payloads of some steps ask, each once, in order.
pub fn sequence_asks(steps: &[Step]) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    asks_in(steps, 0, &mut all);
    all
}

fn asks_in(steps: &[Step], depth: usize, all: &mut Vec<String>) {
    for step in steps {
        match step {
            Step::Send(draft) | Step::Set { value: draft, .. } if draft.format != PayloadFormat::File => {
                let Ok(compiled) = compile(draft) else { continue };
                for name in &compiled.needs().asks {
                    if !all.contains(name) {
                        all.push(name.clone());
                    }
                }
            }
            Step::Repeat { steps, .. } if depth < MOST_NESTED => asks_in(steps, depth + 1, all),
            _ => {}
        }
    }
}

/// The names that some step sets.
fn set_in<'a>(steps: &'a [Step], depth: usize, variables: &mut BTreeSet<&'a str>) {
    for step in steps {
        match step {
            Step::Set { variable, .. } => drop(variables.insert(variable)),
            Step::Repeat { steps, .. } if depth < MOST_NESTED => set_in(steps, depth + 1, variables),
            _ => {}
        }
    }
}

struct Look<'a> {
    variables: BTreeSet<&'a str>,
    place: Vec<u32>,
    found: Vec<SequenceMistake>,
}

impl Look<'_> {
    fn steps(&mut self, steps: &[Step]) {
        if self.place.len() > MOST_NESTED {
            return self.found(SequenceMistakeKind::TooDeep);
        }
        for (number, step) in (1..).zip(steps) {
            self.place.push(number);
            match step {
                Step::Send(draft) => self.draft(draft),
                Step::WaitFor(awaited) | Step::Expect(awaited) => self.awaited(awaited),
                Step::Set { variable, value } => {
                    if !is_variable(variable) {
                        self.found(SequenceMistakeKind::VariableName);
                    }
                    self.draft(value);
                }
                Step::Repeat { steps, .. } => self.steps(steps),
                Step::Pause { .. } | Step::Close { .. } => {}
            }
            self.place.pop();
        }
    }

    fn draft(&mut self, draft: &Draft) {
        if draft.format == PayloadFormat::File {
            if let Err(mistake) = file_path(draft) {
                self.found(SequenceMistakeKind::Payload(mistake));
            }
            return;
        }
        match compile(draft) {
            Err(mistake) => self.found(SequenceMistakeKind::Payload(mistake)),
            Ok(compiled) => {
                let asked = &compiled.needs().variables;
                if let Some(unset) = asked.iter().find(|name| !self.variables.contains(name.as_str())) {
                    self.found(SequenceMistakeKind::NeverSet(unset.clone()));
                }
            }
        }
    }

    fn awaited(&mut self, awaited: &Awaited) {
        if let Err(mistake) = Matcher::new(&awaited.pattern) {
            self.found(SequenceMistakeKind::Pattern(mistake));
        }
    }

    fn found(&mut self, what: SequenceMistakeKind) {
        self.found.push(SequenceMistake { step: self.place.clone(), what });
    }
}

/// Whether a payload that says this name asks for this variable and nothing else.
fn is_variable(name: &str) -> bool {
    let draft = Draft { text: format!("{{{{var:{name}}}}}"), ..Draft::default() };
    let compiled = compile(&draft);
    compiled.is_ok_and(|compiled| compiled.needs().variables == [name])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn send(text: &str) -> Step {
        Step::Send(Draft { text: text.to_owned(), ..Draft::default() })
    }

    fn set(variable: &str, text: &str) -> Step {
        Step::Set { variable: variable.to_owned(), value: Draft { text: text.to_owned(), ..Draft::default() } }
    }

    fn found(steps: Vec<Step>) -> Vec<SequenceMistake> {
        sequence_mistakes(&Sequence { steps, ..Sequence::default() })
    }

    #[test]
    fn every_mistake_is_found_with_its_place() {
        let inner = Step::Repeat { times: 2, steps: vec![send("fine"), send("\\q")] };
        let mistakes = found(vec![send("a"), inner, send("{{var:token}}"), set("a b}", "{{1}}")]);
        let places: Vec<_> = mistakes.iter().map(|mistake| mistake.step.clone()).collect();
        assert_eq!(places, [vec![2, 2], vec![3], vec![4]]);
        assert!(matches!(mistakes[0].what, SequenceMistakeKind::Payload(_)));
        assert_eq!(mistakes[1].what, SequenceMistakeKind::NeverSet("token".into()));
        assert_eq!(mistakes[2].what, SequenceMistakeKind::VariableName);
    }

    #[test]
    fn a_variable_set_anywhere_can_be_asked_for() {
        let round = Step::Repeat { times: 2, steps: vec![send("{{var:token}}"), set("token", "{{1}}")] };
        assert_eq!(found(vec![set("token", "x"), round]), []);
    }

    #[test]
    fn what_is_asked_is_asked_once() {
        let round = Step::Repeat { times: 2, steps: vec![send("{{ask:Name}} {{ask:Password}}")] };
        assert_eq!(
            sequence_asks(&[send("{{ask:Name}}"), round, set("x", "{{ask:Code}}")]),
            ["Name", "Password", "Code"]
        );
    }

    #[test]
    fn a_sequence_of_nothing_is_none() {
        assert_eq!(found(Vec::new())[0].what, SequenceMistakeKind::NoSteps);
    }

    #[test]
    fn depth_is_bounded() {
        let mut step = send("x");
        for _ in 0..MOST_NESTED {
            step = Step::Repeat { times: 1, steps: vec![step] };
        }
        assert_eq!(found(vec![step.clone()]), []);
        let deeper = Step::Repeat { times: 1, steps: vec![step] };
        assert_eq!(found(vec![deeper])[0].what, SequenceMistakeKind::TooDeep);
    }
}
