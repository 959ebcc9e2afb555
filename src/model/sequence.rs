//! Steps that are run on a connection, and what came of them. The same words stand in the workspace file.

use serde::{Deserialize, Serialize};

use super::{ConnectionId, Draft, EndpointSettings, FramePattern};

/// Steps deeper in each other are refused.
pub const MOST_NESTED: usize = 8;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sequence {
    pub name: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub folder: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub remark: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shortcut: Option<u8>,
    /// The name or the address of the endpoint it is meant for; empty: chosen when it is run.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub endpoint: String,
    #[serde(default, rename = "step", skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub enum Step {
    Send(Draft),
    /// Frames go by until one fits.
    WaitFor(Awaited),
    /// The next frame must fit.
    Expect(Awaited),
    Pause {
        millis: u64,
    },
    /// `{{var:NAME}}` is from now on what this template gives; `{{1}}` in it is a capture of the last frame that fitted.
    Set {
        variable: String,
        #[serde(flatten)]
        value: Draft,
    },
    Repeat {
        times: u32,
        #[serde(rename = "step")]
        steps: Vec<Step>,
    },
    Close {
        #[serde(default)]
        how: SequenceClose,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Awaited {
    #[serde(flatten)]
    pub pattern: FramePattern,
    #[serde(default = "five_seconds")]
    pub timeout_millis: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SequenceClose {
    #[default]
    Close,
    FinishSending,
    Reset,
}

/// One run of a sequence, repeats of steps included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId(pub u64);

/// What came of a run: one outcome for each connection that it ran on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SequenceReport {
    pub name: String,
    pub lanes: Vec<LaneReport>,
}

/// A sequence on one connection.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LaneReport {
    pub connection: ConnectionId,
    /// The peer's address, or what should have been connected.
    pub on: String,
    pub nanos: u64,
    pub outcome: LaneOutcome,
    /// The step that runs, or the last that ran: its place at each level, counted from 1 (`3`, `4.2`).
    pub step: Vec<u32>,
    /// Rounds of the innermost repeat, done and asked for.
    pub round: Option<(u32, u32)>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub enum LaneOutcome {
    /// It waits for its connection, or a step is running.
    #[default]
    Running,
    Passed,
    Failed(StepFailure),
    Stopped,
}

/// Why a step failed.
#[derive(Clone, Debug, PartialEq)]
pub enum StepFailure {
    /// No frame that fits came in time; the last that came, where one did.
    Timeout { expected: String, millis: u64, last: Option<Vec<u8>> },
    /// Another frame came.
    Unexpected { expected: String, got: Vec<u8> },
    /// The connection ended before a frame that fits came.
    Ended { expected: String, failure: super::Failure },
    /// The connection could not be made, or did not take the bytes.
    Connection(super::Failure),
    /// A template of the step could not be filled in; what is missing, in words.
    Template(String),
}

/// The endpoint that is called so, or else has this address: its place among them.
pub fn endpoint_called<'a>(
    wanted: &str,
    endpoints: impl Iterator<Item = &'a EndpointSettings> + Clone,
) -> Option<usize> {
    let named = endpoints.clone().position(|settings| settings.name.as_deref() == Some(wanted));
    named.or_else(|| endpoints.clone().position(|settings| settings.uri().to_string() == wanted))
}

impl SequenceReport {
    pub fn is_over(&self) -> bool {
        self.lanes.iter().all(|lane| lane.outcome != LaneOutcome::Running)
    }

    pub fn passed(&self) -> bool {
        !self.lanes.is_empty() && self.lanes.iter().all(|lane| lane.outcome == LaneOutcome::Passed)
    }
}

impl SequenceClose {
    pub const ALL: [Self; 3] = [Self::Close, Self::FinishSending, Self::Reset];
}

impl Default for Awaited {
    fn default() -> Self {
        Self { pattern: FramePattern::default(), timeout_millis: five_seconds() }
    }
}

fn five_seconds() -> u64 {
    5_000
}
