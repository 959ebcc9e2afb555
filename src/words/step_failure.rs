//! Why a step of a sequence failed, as a sentence: what was expected, what came. Called by: ui, cli.

use super::{MAX_OUTSIDE_BYTES, Words};
use crate::model::{StepFailure, TextEncoding};
use crate::payload::{visible, visible_text};

impl Words {
    /// "step 3.2: expected "OK", got ERROR 5␍␊"
    pub fn step_failure(&self, step: &[u32], failure: &StepFailure) -> String {
        let bytes = |bytes: &[u8]| match bytes {
            [] => self.get("step_failure.empty").to_owned(),
            bytes => visible(bytes, TextEncoding::default(), MAX_OUTSIDE_BYTES),
        };
        let expected = |expected: &str| match expected {
            "" => self.get("step_failure.any").to_owned(),
            expected => visible_text(expected, MAX_OUTSIDE_BYTES),
        };
        let what = match failure {
            StepFailure::Timeout { expected: pattern, millis, last: None } => self.fill(
                "step_failure.nothing_came",
                &[("expected", &expected(pattern)), ("millis", &self.number(*millis))],
            ),
            StepFailure::Timeout { expected: pattern, millis, last: Some(last) } => self.fill(
                "step_failure.nothing_fitted",
                &[("expected", &expected(pattern)), ("millis", &self.number(*millis)), ("got", &bytes(last))],
            ),
            StepFailure::Unexpected { expected: pattern, got } => {
                self.fill("step_failure.unexpected", &[("expected", &expected(pattern)), ("got", &bytes(got))])
            }
            StepFailure::Connection(failure) => self.failure(failure),
            StepFailure::Template(template) => {
                self.fill("step_failure.template", &[("template", &visible_text(template, MAX_OUTSIDE_BYTES))])
            }
        };
        self.at_step(step, &what)
    }

    /// What is said about a step, with its place; before the first step without one.
    pub fn at_step(&self, step: &[u32], what: &str) -> String {
        if step.is_empty() {
            return what.to_owned();
        }
        let step = step.iter().map(u32::to_string).collect::<Vec<_>>().join(".");
        self.fill("step_failure.at", &[("step", &step), ("what", &what)])
    }
}

#[cfg(test)]
mod tests {
    use crate::model::StepFailure;
    use crate::words::{Language, Words};

    #[test]
    fn says_what_was_expected_and_what_came() {
        let failure = StepFailure::Unexpected { expected: "\"OK\"".into(), got: b"ERR\x1b[2J\n".to_vec() };
        let english = Words::of(Language::English).step_failure(&[3, 1], &failure);
        assert_eq!(english, "step 3.1: expected \"OK\", got ERR␛[2J␊");
        let chinese = Words::of(Language::Chinese).step_failure(&[3], &failure);
        assert!(chinese.starts_with("第 3 步"), "{chinese}");
        let silent = StepFailure::Timeout { expected: String::new(), millis: 5000, last: None };
        let silent = Words::of(Language::English).step_failure(&[], &silent);
        assert_eq!(silent, "expected any frame within 5,000 ms, and nothing came");
    }
}
