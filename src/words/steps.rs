//! Why a step of a sequence failed, in words. Called by: ui, cli.

use super::Words;
use crate::model::{StepFailure, TextEncoding};
use crate::payload::visible;

/// Bytes of what came that a sentence shows.
const SHOWN: usize = 200;

impl Words {
    /// Why a step of a sequence failed.
    pub fn step_failure(&self, failure: &StepFailure) -> String {
        let bytes = |bytes: &[u8]| visible(bytes, TextEncoding::Utf8, SHOWN);
        match failure {
            StepFailure::Timeout { expected, millis, last: None } => {
                self.fill("step_failure.silence", &[("expected", expected), ("millis", millis)])
            }
            StepFailure::Timeout { expected, millis, last: Some(last) } => {
                self.fill("step_failure.timeout", &[("expected", expected), ("millis", millis), ("got", &bytes(last))])
            }
            StepFailure::Unexpected { expected, got } => {
                self.fill("step_failure.unexpected", &[("expected", expected), ("got", &bytes(got))])
            }
            StepFailure::Connection(failure) => self.failure(failure),
            StepFailure::Template(what) => self.fill("step_failure.template", &[("what", what)]),
        }
    }

    /// What is said about a step, with its place; before the first step without one.
    pub fn at_step(&self, step: &[u32], what: &str) -> String {
        if step.is_empty() {
            return what.to_owned();
        }
        let step = step.iter().map(u32::to_string).collect::<Vec<_>>().join(".");
        self.fill("step_place.at", &[("step", &step), ("what", &what)])
    }
}
