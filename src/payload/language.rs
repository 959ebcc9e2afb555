//! The payload language: a draft is understood once and filled in anew at each sending.
//!
//! Owns: what a draft needs from outside, and which bytes were made by what. Never: reads a clock, a file, the environment:
//! they come in. Called by: ui (preview, Send), cli, engine (sends, replies, sequences).

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use super::{Mistake, compose};
use crate::model::{Draft, Failure, Timestamp};

/// A draft that was understood. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Compiled {
    draft: Arc<Draft>,
    fixed: Bytes,
    needs: Arc<Needs>,
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

/// Counters and seeded random numbers, as they are between one sending and the next.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    /// Of random values without a seed of their own.
    pub seed: u64,
}

/// What one sending is filled in with.
pub struct Fill<'a> {
    pub now: Timestamp,
    pub peer: Option<SocketAddr>,
    pub local: Option<SocketAddr>,
    /// What a reply's pattern captured; place 0 is the whole match.
    pub captures: &'a [Option<Bytes>],
    pub variables: &'a BTreeMap<String, Bytes>,
    pub supplied: &'a Supplied,
    pub memory: &'a mut Memory,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rendered {
    pub bytes: Vec<u8>,
    /// In order, without gaps; together they are all of `bytes`.
    pub parts: Vec<RenderedPart>,
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
    /// A value does not fit the width asked for, or the whole is longer than `MAX_PAYLOAD_BYTES`.
    TooLarge(String),
}

/// Understands a draft of any format but a file's.
pub fn compile(draft: &Draft) -> Result<Compiled, Mistake> {
    let fixed = compose(draft)?.into();
    Ok(Compiled { draft: Arc::new(draft.clone()), fixed, needs: Arc::default() })
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
        Some(&self.fixed)
    }

    pub fn render(&self, _fill: &mut Fill<'_>) -> Result<Rendered, Missing> {
        let length = self.fixed.len();
        let part = RenderedPart { bytes: 0..length, text: 0..self.draft.text.len(), made_by: MadeBy::Typed };
        Ok(Rendered { bytes: self.fixed.to_vec(), parts: vec![part] })
    }
}
