//! `--report`: the result of a sequence as a JUnit file, a test case for each connection. Written whole or not at all.
//! Called by: `sequence`.

use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::sequence::reason;
use crate::model::{Doing, Failure, Reason, SequenceReport};

/// Replaces the file of an earlier run.
pub fn write(path: &Path, report: &SequenceReport) -> Result<(), Failure> {
    let failed = |error: &std::io::Error| Failure::of_file(Doing::WriteFile, path, error);
    let text = junit(report).to_string().map_err(|error| {
        let failure = Failure::new(Doing::WriteFile, path.to_string_lossy(), Reason::Other);
        Failure { system: error.to_string(), ..failure }
    })?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file =
        tempfile::Builder::new().prefix(".sockscope-").tempfile_in(folder).map_err(|error| failed(&error))?;
    file.write_all(text.as_bytes()).and_then(|()| file.as_file().sync_all()).map_err(|error| failed(&error))?;
    file.persist(path).map(|_| ()).map_err(|error| failed(&error.error))
}

fn junit(report: &SequenceReport) -> Report {
    let mut suite = TestSuite::new(allowed(&report.name));
    let mut longest = Duration::ZERO;
    for (number, lane) in (1..).zip(&report.lanes) {
        let status = match reason(lane) {
            None => TestCaseStatus::success(),
            Some(reason) => {
                let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
                status.set_message(allowed(&reason));
                status
            }
        };
        let time = Duration::from_nanos(lane.nanos);
        longest = longest.max(time);
        let mut case = TestCase::new(allowed(&format!("connection {number} ({})", lane.on)), status);
        case.set_classname(allowed(&report.name)).set_time(time);
        suite.add_test_case(case);
    }
    suite.set_time(longest);
    let mut whole = Report::new("sockscope");
    whole.set_time(longest).add_test_suite(suite);
    whole
}

/// The two that XML 1.0 forbids beside control characters; those are left out when it is written.
fn allowed(text: &str) -> String {
    text.replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{LaneOutcome, LaneReport, StepFailure};

    #[test]
    fn what_xml_forbids_does_not_get_in() {
        let failure =
            StepFailure::Unexpected { expected: "a<b>\u{1}&\u{fffe}".into(), got: b"\0\x1b[1m]]>\"".to_vec() };
        let lane = LaneReport { outcome: LaneOutcome::Failed(failure), step: vec![3], ..LaneReport::default() };
        let passed = LaneReport { outcome: LaneOutcome::Passed, on: "\u{b}host".into(), ..LaneReport::default() };
        let text = junit(&SequenceReport { name: "n\u{2}".into(), lanes: vec![lane, passed] }).to_string().unwrap();
        assert!(text.chars().all(|c| c >= ' ' && c != '\u{fffe}' || c == '\n'), "{text:?}");
        let back = Report::deserialize_from_str(&text).unwrap();
        assert_eq!((back.tests, back.failures), (2, 1));
    }
}
