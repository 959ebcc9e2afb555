//! What is said about sequences: why a step failed, how a connection fared, what is wrong with a step. Called by: ui, cli,
//! workspace (reports).

use super::Words;
use crate::model::{LaneOutcome, LaneReport, MOST_NESTED, StepFailure, TextEncoding};
use crate::payload::{visible, visible_text};
use crate::rules::{SequenceMistake, SequenceMistakeKind};

/// Bytes of what came, and of what was expected, that a sentence shows.
const SHOWN: usize = 200;

impl Words {
    /// Why a step of a sequence failed.
    pub fn step_failure(&self, failure: &StepFailure) -> String {
        let bytes = |bytes: &[u8]| visible(bytes, TextEncoding::Utf8, SHOWN);
        let text = |text: &str| visible_text(text, SHOWN);
        match failure {
            StepFailure::Timeout { expected, millis, last: None } => {
                self.fill("step_failure.silence", &[("expected", &text(expected)), ("millis", millis)])
            }
            StepFailure::Timeout { expected, millis, last: Some(last) } => {
                let places: [(&str, &dyn std::fmt::Display); 3] =
                    [("expected", &text(expected)), ("millis", millis), ("got", &bytes(last))];
                self.fill("step_failure.timeout", &places)
            }
            StepFailure::Unexpected { expected, got } => {
                self.fill("step_failure.unexpected", &[("expected", &text(expected)), ("got", &bytes(got))])
            }
            StepFailure::Ended { expected, failure } => {
                let why = self.failure(failure);
                self.fill("step_failure.ended", &[("expected", &text(expected)), ("why", &why)])
            }
            StepFailure::Connection(failure) => self.failure(failure),
            StepFailure::Template(what) => self.fill("step_failure.template", &[("what", &text(what))]),
        }
    }

    /// How a sequence fares on a connection: "passed", "failed at step 3: expected …, got …".
    pub fn lane(&self, lane: &LaneReport) -> String {
        let step = &dotted(&lane.step);
        match &lane.outcome {
            LaneOutcome::Passed => self.get("sequences.lane_passed").to_owned(),
            LaneOutcome::Running if lane.step.is_empty() => self.get("sequences.lane_waiting").to_owned(),
            LaneOutcome::Running => match lane.round {
                None => self.fill("sequences.lane_running", &[("step", step)]),
                // The round that runs, not those that are over.
                Some((done, of)) => {
                    let round = done.saturating_add(1).min(of);
                    self.fill("sequences.lane_round", &[("step", step), ("round", &round), ("of", &of)])
                }
            },
            LaneOutcome::Stopped if lane.step.is_empty() => self.get("sequences.lane_not_begun").to_owned(),
            LaneOutcome::Stopped => self.fill("sequences.lane_stopped", &[("step", step)]),
            LaneOutcome::Failed(failure) if lane.step.is_empty() => {
                self.fill("sequences.lane_failed_first", &[("why", &self.step_failure(failure))])
            }
            LaneOutcome::Failed(failure) => {
                self.fill("sequences.lane_failed", &[("step", step), ("why", &self.step_failure(failure))])
            }
        }
    }

    /// What is wrong with a step as it is written, without its place.
    pub fn sequence_mistake(&self, mistake: &SequenceMistakeKind) -> String {
        match mistake {
            SequenceMistakeKind::Payload(mistake) => self.mistake(mistake),
            SequenceMistakeKind::Pattern(mistake) => self.pattern_mistake(mistake),
            SequenceMistakeKind::TooDeep => self.fill("step_place.too_deep", &[("most", &MOST_NESTED)]),
            SequenceMistakeKind::NoSteps => self.get("step_place.no_steps").to_owned(),
            SequenceMistakeKind::VariableName => self.get("step_place.variable_name").to_owned(),
            SequenceMistakeKind::NeverSet(name) => {
                self.fill("step_place.never_set", &[("name", &visible_text(name, SHOWN))])
            }
        }
    }

    /// The same with the place of the step.
    pub fn sequence_mistake_at(&self, mistake: &SequenceMistake) -> String {
        let what = self.sequence_mistake(&mistake.what);
        if mistake.step.is_empty() {
            return what;
        }
        self.fill("step_place.at", &[("step", &dotted(&mistake.step)), ("what", &what)])
    }
}

/// `4.2`: the second step in the repeat that is the fourth.
fn dotted(step: &[u32]) -> String {
    step.iter().map(u32::to_string).collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Language;

    #[test]
    fn what_came_and_what_was_expected_is_safe_and_short() {
        let words = Words::of(Language::English);
        let failure = StepFailure::Unexpected {
            expected: format!("\"a\u{1b}[2J\u{202e}{}\"", "x".repeat(5000)),
            got: [&b"\x1b[31mred\r\n\0"[..], &[0xff; 5000]].concat(),
        };
        let lane = LaneReport { outcome: LaneOutcome::Failed(failure), step: vec![4, 2], ..LaneReport::default() };
        let told = words.lane(&lane);
        assert!(told.starts_with("failed at step 4.2: expected \"a"), "{told}");
        assert!(told.len() < 4096 && !told.contains(['\u{1b}', '\u{202e}', '\n', '\0']), "{told}");
    }

    #[test]
    fn a_lane_before_its_first_step_names_none() {
        let words = Words::of(Language::English);
        let failed = LaneOutcome::Failed(StepFailure::Template("{{ask:Name}}".into()));
        for outcome in [LaneOutcome::Running, LaneOutcome::Stopped, failed] {
            let told = words.lane(&LaneReport { outcome, ..LaneReport::default() });
            assert!(!told.contains("step"), "{told}");
        }
        let round = LaneReport { step: vec![2, 1], round: Some((1, 3)), ..LaneReport::default() };
        assert_eq!(words.lane(&round), "at step 2.1, round 2 of 3");
    }
}
