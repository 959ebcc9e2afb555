//! The results of sequences as a JUnit file: a suite for each sequence, a test case for each connection. Written whole or
//! not at all. Blocking IO. Called by: cli (`--report`), ui (Save report).

use std::path::Path;
use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::disk;
use crate::model::{Doing, Failure, LaneOutcome, LaneReport, Reason, SequenceReport};
use crate::words::{Language, Words};

/// Replaces the file of an earlier run.
pub fn save_junit(path: &Path, reports: &[&SequenceReport]) -> Result<(), Failure> {
    let text = junit(reports).to_string().map_err(|error| {
        let failure = Failure::new(Doing::WriteFile, path.to_string_lossy(), Reason::Other);
        Failure { system: error.to_string(), ..failure }
    })?;
    disk::replace(&disk::target_of(path)?, text.as_bytes())
}

fn junit(reports: &[&SequenceReport]) -> Report {
    let mut whole = Report::new("sockscope");
    let mut took = Duration::ZERO;
    for report in reports {
        let suite = suite(report);
        // One sequence runs after the other.
        took += suite.time.unwrap_or_default();
        whole.add_test_suite(suite);
    }
    whole.set_time(took);
    whole
}

fn suite(report: &SequenceReport) -> TestSuite {
    let mut suite = TestSuite::new(allowed(&report.name));
    if report.lanes.is_empty() {
        let mut status = TestCaseStatus::skipped();
        status.set_message("it was not run");
        let mut case = TestCase::new("not run", status);
        case.set_classname(allowed(&report.name));
        suite.add_test_case(case);
    }
    let mut longest = Duration::ZERO;
    for (number, lane) in (1..).zip(&report.lanes) {
        let time = Duration::from_nanos(lane.nanos);
        longest = longest.max(time);
        let mut case = TestCase::new(allowed(&format!("connection {number} ({})", lane.on)), status(lane));
        case.set_classname(allowed(&report.name)).set_time(time);
        suite.add_test_case(case);
    }
    // All at once.
    suite.set_time(longest);
    suite
}

fn status(lane: &LaneReport) -> TestCaseStatus {
    if lane.outcome == LaneOutcome::Passed {
        return TestCaseStatus::success();
    }
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    status.set_message(allowed(&Words::of(Language::English).lane(lane)));
    status
}

/// The two that XML 1.0 forbids beside control characters; those are left out when it is written.
fn allowed(text: &str) -> String {
    text.replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::StepFailure;

    #[test]
    fn what_xml_forbids_does_not_get_in() {
        let failure =
            StepFailure::Unexpected { expected: "a<b>\u{1}&\u{fffe}".into(), got: b"\0\x1b[1m]]>\"".to_vec() };
        let lane = LaneReport { outcome: LaneOutcome::Failed(failure), step: vec![3], ..LaneReport::default() };
        let passed = LaneReport { outcome: LaneOutcome::Passed, on: "\u{b}host".into(), ..LaneReport::default() };
        let report = SequenceReport { name: "n\u{2}".into(), lanes: vec![lane, passed] };
        let not_run = SequenceReport { name: "later".into(), lanes: Vec::new() };
        let text = junit(&[&report, &not_run]).to_string().unwrap();
        assert!(text.chars().all(|c| c >= ' ' && c != '\u{fffe}' || c == '\n'), "{text:?}");
        let back = Report::deserialize_from_str(&text).unwrap();
        assert_eq!((back.tests, back.failures, back.test_suites.len()), (3, 1, 2));
        assert_eq!(back.test_suites[1].skipped, 1);
    }

    #[test]
    fn a_report_takes_the_place_of_an_older_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("junit.xml");
        std::fs::write(&path, "old").unwrap();
        save_junit(&path, &[&SequenceReport::default()]).unwrap();
        assert!(std::fs::read_to_string(&path).unwrap().starts_with("<?xml"));
        let gone = folder.path().join("none/junit.xml");
        assert_eq!(save_junit(&gone, &[]).unwrap_err().reason, Reason::FolderGone);
    }
}
