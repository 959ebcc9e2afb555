//! The payload language: a draft is understood once and filled in anew at each sending.
//!
//! Owns: what a draft needs from outside, and which bytes were made by what. Never: reads a clock, a file, the environment:
//! they come in. Called by: ui (preview, Send), cli, engine (sends, replies, sequences).

mod memory;
pub(super) mod nearest;
mod numbers;
mod plan;
mod render;
mod scan;
mod template;
#[cfg(test)]
mod tests;
mod values;

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hasher};
use std::net::SocketAddr;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use jiff::tz::TimeZone;

use self::plan::{Plan, StepKind};
use self::render::{Fault, FaultKind};
use super::{MAX_PAYLOAD_BYTES, Mistake, MistakeKind};
use crate::model::{Draft, Failure, PayloadFormat, TextEncoding, Timestamp};

pub use memory::{Kept, Memory};
pub use template::file_template;

/// A draft that was understood. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Compiled {
    draft: Arc<Draft>,
    needs: Arc<Needs>,
    content: Content,
}

#[derive(Clone, Debug)]
enum Content {
    /// The same bytes at each sending.
    Fixed(Rendered),
    /// Filled in anew; with the hash of the draft's text, by which counters without a name are known.
    Filled(Arc<Plan>, u64),
}

/// What a draft asks of the world around it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Names of `{{ask:…}}`, each once, in order.
    pub asks: Vec<String>,
    /// Names of `{{env:…}}`.
    pub environment: Vec<String>,
    /// Paths of `{{file:…}}`, as typed.
    pub files: Vec<String>,
    /// Names of `{{var:…}}`.
    pub variables: Vec<String>,
    /// The highest number of a capture, `{{1}}` and up.
    pub captures: usize,
    pub peer: bool,
    pub local: bool,
}

/// What a person, the environment and the disk gave for a draft's needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Supplied {
    pub asks: BTreeMap<String, String>,
    pub environment: BTreeMap<String, String>,
    pub files: BTreeMap<String, Bytes>,
}

/// Who reads files and the environment for templates. Blocking: never call it on the UI thread or a runtime's.
pub trait Supply: Send + Sync {
    /// Everything of `needs` that is allowed, asks excepted; the failure says what is not and why.
    fn supply(&self, needs: &Needs) -> Result<Supplied, Failure>;
}

/// What one sending is filled in with.
pub struct Fill<'a> {
    pub now: Timestamp,
    /// Of times that are told as local.
    pub zone: TimeZone,
    pub peer: Option<SocketAddr>,
    pub local: Option<SocketAddr>,
    /// What a reply's pattern captured; place 0 is the whole match.
    pub captures: &'a [Option<Bytes>],
    pub variables: &'a BTreeMap<String, Bytes>,
    pub supplied: &'a Supplied,
    pub memory: &'a mut Memory,
}

impl<'a> Fill<'a> {
    /// A sending that has no addresses, captures or variables.
    pub fn plain(now: Timestamp, zone: TimeZone, supplied: &'a Supplied, memory: &'a mut Memory) -> Self {
        static NO_VARIABLES: BTreeMap<String, Bytes> = BTreeMap::new();
        Self { now, zone, peer: None, local: None, captures: &[], variables: &NO_VARIABLES, supplied, memory }
    }
}

/// What goes out, and what made it. Cheap to clone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rendered {
    pub bytes: Bytes,
    /// In order, without gaps; together they are all of `bytes`.
    pub parts: Arc<Vec<RenderedPart>>,
}

/// Bytes, and what stands for them in `Draft::text` (empty for what was appended).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenderedPart {
    pub bytes: Range<usize>,
    pub text: Range<usize>,
    pub made_by: MadeBy,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MadeBy {
    Typed,
    Escape,
    Hex,
    Counter,
    Time,
    Random,
    Address,
    Length,
    Checksum,
    File,
    Environment,
    Asked,
    Capture,
    Variable,
    Ending,
}

/// What a template asks for and did not get.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Missing {
    Ask(String),
    Environment(String),
    File(String),
    Variable(String),
    Capture(usize),
    Peer,
    Local,
    /// This template's value does not fit the width asked for, or the whole is longer than `MAX_PAYLOAD_BYTES`.
    TooLarge(String),
    /// A value with a character that the draft's encoding has no bytes for.
    NotInEncoding {
        value: String,
        encoding: TextEncoding,
    },
}

/// Understands a draft of any format but a file's.
pub fn compile(draft: &Draft) -> Result<Compiled, Mistake> {
    compile_plan(plan_of(draft)?, || Arc::new(draft.clone()))
}

/// The same without a copy of the text.
pub fn compile_shared(draft: &Arc<Draft>) -> Result<Compiled, Mistake> {
    compile_plan(plan_of(draft)?, || draft.clone())
}

fn compile_plan(plan: Plan, draft: impl FnOnce() -> Arc<Draft>) -> Result<Compiled, Mistake> {
    let needs = Arc::new(plan.needs());
    let draft = draft();
    let content = match plan.first_value() {
        Some(_) => {
            let mut hasher = DefaultHasher::new();
            hasher.write(draft.text.as_bytes());
            Content::Filled(Arc::new(plan), hasher.finish())
        }
        None => Content::Fixed(always_the_same(plan, &draft)?),
    };
    Ok(Compiled { draft, needs, content })
}

/// The bytes of a draft without templates that take a value at each sending; such a template is a mistake.
pub(super) fn fixed_bytes(draft: &Draft) -> Result<Bytes, Mistake> {
    let plan = plan_of(draft)?;
    match plan.first_value() {
        Some(step) => Err(Mistake { at: step.text.clone(), what: MistakeKind::NeedsValues }),
        None => Ok(always_the_same(plan, draft)?.bytes),
    }
}

impl Compiled {
    pub fn draft(&self) -> &Draft {
        &self.draft
    }

    pub fn needs(&self) -> &Needs {
        &self.needs
    }

    /// The bytes, where they are the same at each sending.
    pub fn fixed(&self) -> Option<&Bytes> {
        match &self.content {
            Content::Fixed(rendered) => Some(&rendered.bytes),
            Content::Filled(..) => None,
        }
    }

    /// The bytes of one sending. Counters take their step only where nothing is missing.
    pub fn render(&self, fill: &mut Fill<'_>) -> Result<Rendered, Missing> {
        self.render_marked(fill).map_err(|(_, missing)| missing)
    }

    /// `render`, and on failure the place of the template in the draft's text.
    pub fn render_marked(&self, fill: &mut Fill<'_>) -> Result<Rendered, (Range<usize>, Missing)> {
        let (plan, hash) = match &self.content {
            Content::Fixed(rendered) => return Ok(rendered.clone()),
            Content::Filled(plan, hash) => (plan, *hash),
        };
        render::render(plan, &self.draft, hash, fill).map_err(|Fault { at, what }| match what {
            FaultKind::TooLong(bytes) => (at, Missing::TooLarge(format!("{bytes} > {MAX_PAYLOAD_BYTES}"))),
            FaultKind::Missing(missing) => (at, missing),
        })
    }

    /// Where the templates stand that ask of outside what `missing` says.
    pub fn places_of(&self, missing: &Missing) -> Vec<Range<usize>> {
        let Content::Filled(plan, _) = &self.content else { return Vec::new() };
        let asks = |step: &&plan::Step| {
            let mut needs = Needs::default();
            if let StepKind::Value(value) = &step.what {
                value.add_to(&mut needs);
            }
            match missing {
                Missing::Ask(name) => needs.asks.contains(name),
                Missing::Environment(name) => needs.environment.contains(name),
                Missing::File(path) => needs.files.contains(path),
                Missing::Variable(name) => needs.variables.contains(name),
                Missing::Capture(number) => needs.captures == *number,
                Missing::Peer => needs.peer,
                Missing::Local => needs.local,
                Missing::TooLarge(_) | Missing::NotInEncoding { .. } => false,
            }
        };
        plan.steps.iter().filter(asks).map(|step| step.text.clone()).collect()
    }
}

fn plan_of(draft: &Draft) -> Result<Plan, Mistake> {
    let scanned = scan::scan(draft)?;
    render::check_appended(draft)?;
    // What is not text is filled in as UTF-8: the encoding is that of typed characters.
    let encoding = match draft.format {
        PayloadFormat::Text | PayloadFormat::Mixed => draft.encoding,
        PayloadFormat::Hex | PayloadFormat::Base64 | PayloadFormat::File => TextEncoding::Utf8,
    };
    Plan::of(scanned, encoding)
}

fn always_the_same(plan: Plan, draft: &Draft) -> Result<Rendered, Mistake> {
    render::render_fixed(plan, draft).map_err(|Fault { at, what }| {
        let what = match what {
            FaultKind::TooLong(bytes) => MistakeKind::TooLong { bytes, limit: MAX_PAYLOAD_BYTES },
            FaultKind::Missing(_) => MistakeKind::DoesNotFit,
        };
        Mistake { at, what }
    })
}
