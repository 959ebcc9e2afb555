//! Fields as they are read: one place in the frame that moves on, and the tree that grows behind it.
//!
//! Owns: the bounds of every decoder (depth, number of fields, length of a value) and that fields lie within their parents.
//! Never: knows a protocol. Called by: the decoders.

use std::borrow::Cow;
use std::ops::Range;

use super::{Decoded, Field};
use crate::model::TextEncoding;
use crate::payload;

pub const MOST_DEPTH: usize = 64;
pub const MOST_FIELDS: usize = 10_000;
/// Bytes of one shown value.
pub const MOST_VALUE: usize = 1024;

/// Where a frame is not what its protocol promises.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    pub at: Range<usize>,
    pub why: String,
}

pub type Step<T = ()> = Result<T, Fault>;

/// A walk over one frame.
pub struct Walk<'a> {
    pub bytes: &'a [u8],
    pub at: usize,
    /// What may be read now; a part with a length of its own sets it nearer.
    end: usize,
    fields: Vec<Field>,
    made: usize,
    depth: usize,
    fault: Option<Fault>,
}

/// A place to come back to, when bytes turn out to be laid out in another way.
pub struct Mark {
    at: usize,
    fields: usize,
    made: usize,
    fault: Option<Fault>,
}

impl<'a> Walk<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, end: bytes.len(), fields: Vec::new(), made: 0, depth: 0, fault: None }
    }

    pub fn left(&self) -> usize {
        self.end.saturating_sub(self.at)
    }

    pub fn is_done(&self) -> bool {
        self.left() == 0
    }

    /// What has not been read.
    pub fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..self.end).unwrap_or_default()
    }

    /// The next bytes, which stay unread.
    pub fn peek(&self, ahead: usize) -> Option<u8> {
        self.rest().get(ahead).copied()
    }

    /// The next `count` bytes, read; what they are called stands in the fault.
    pub fn take(&mut self, count: usize, name: &str) -> Step<&'a [u8]> {
        let Some(taken) = self.rest().get(..count) else {
            let why = format!("{name} has {count} bytes, {} of them are here", self.left());
            return Err(Fault { at: self.at..self.end, why });
        };
        self.at += count;
        Ok(taken)
    }

    /// A fault at these bytes.
    pub fn wrong<T>(&self, at: Range<usize>, why: impl Into<String>) -> Step<T> {
        Err(Fault { at, why: why.into() })
    }

    /// What is wrong without keeping the walk from going on. The first one stays.
    pub fn note(&mut self, at: Range<usize>, why: impl Into<String>) {
        self.fault.get_or_insert(Fault { at, why: why.into() });
    }

    /// A field of bytes that were read already, without fields of its own. The value is harmless text.
    pub fn field(&mut self, name: impl Into<Cow<'static, str>>, value: impl Into<String>, at: Range<usize>) -> Step {
        self.count(at.clone())?;
        self.fields.push(Field { name: name.into(), value: value.into(), at, fields: Vec::new() });
        Ok(())
    }

    pub fn u8(&mut self, name: &'static str) -> Step<u8> {
        self.number(name, 1).map(|value| value as u8)
    }

    pub fn u16(&mut self, name: &'static str) -> Step<u16> {
        self.number(name, 2).map(|value| value as u16)
    }

    pub fn u32(&mut self, name: &'static str) -> Step<u32> {
        self.number(name, 4).map(|value| value as u32)
    }

    /// An integer, its most significant byte first.
    fn number(&mut self, name: &'static str, width: usize) -> Step<u64> {
        let start = self.at;
        let value = big(self.take(width, name)?);
        self.field(name, format!("{value} (0x{value:0width$x})", width = width * 2), start..self.at)?;
        Ok(value)
    }

    /// `count` bytes shown as text.
    pub fn text(&mut self, name: impl Into<Cow<'static, str>>, count: usize) -> Step<&'a [u8]> {
        let name = name.into();
        let start = self.at;
        let taken = self.take(count, &name)?;
        self.field(name, shown(taken), start..self.at)?;
        Ok(taken)
    }

    /// `count` bytes shown as text where they read as text, in hex otherwise.
    pub fn octets(&mut self, name: impl Into<Cow<'static, str>>, count: usize) -> Step<&'a [u8]> {
        let name = name.into();
        let start = self.at;
        let taken = self.take(count, &name)?;
        self.field(name, text_or_hex(taken), start..self.at)?;
        Ok(taken)
    }

    pub fn hex(&mut self, name: impl Into<Cow<'static, str>>, count: usize) -> Step<&'a [u8]> {
        let name = name.into();
        let start = self.at;
        let taken = self.take(count, &name)?;
        self.field(name, hex(taken), start..self.at)?;
        Ok(taken)
    }

    /// A field with fields of its own: those that `content` makes, from here to where it ends. They stay when it fails.
    /// What `content` returns first is the value.
    pub fn nest<T>(
        &mut self,
        name: impl Into<Cow<'static, str>>,
        content: impl FnOnce(&mut Self) -> Step<(String, T)>,
    ) -> Step<T> {
        let start = self.at;
        if self.depth >= MOST_DEPTH {
            return self.wrong(start..self.end, format!("nested deeper than {MOST_DEPTH}"));
        }
        self.count(start..self.end)?;
        let outer = std::mem::take(&mut self.fields);
        self.depth += 1;
        let done = content(self);
        self.depth -= 1;
        let fields = std::mem::replace(&mut self.fields, outer);
        let end = fields.iter().map(|field| field.at.end).fold(self.at, usize::max);
        let begin = fields.iter().map(|field| field.at.start).fold(start, usize::min);
        let (value, done) = match done {
            Ok((value, done)) => (value, Ok(done)),
            Err(fault) => (String::new(), Err(fault)),
        };
        self.fields.push(Field { name: name.into(), value, at: begin..end, fields });
        done
    }

    /// Nothing beyond the next `count` bytes is read by `content`. What it leaves is behind its end.
    pub fn within<T>(&mut self, count: usize, name: &str, content: impl FnOnce(&mut Self) -> Step<T>) -> Step<T> {
        let outer = self.end;
        let Some(end) = self.at.checked_add(count).filter(|end| *end <= outer) else {
            // What is there is read, as far as it goes.
            let at = self.at..outer;
            let here = self.left();
            if let Err(fault) = content(self)
                && fault.at.end < outer
            {
                return Err(fault);
            }
            return self.wrong(at, format!("{name} has {count} bytes, {here} of them are here"));
        };
        self.end = end;
        let done = content(self);
        self.end = outer;
        done
    }

    pub fn mark(&self) -> Mark {
        Mark { at: self.at, fields: self.fields.len(), made: self.made, fault: self.fault.clone() }
    }

    /// Takes back what was read and made since then, on the same level.
    pub fn rewind(&mut self, mark: Mark) {
        self.at = mark.at;
        self.fields.truncate(mark.fields);
        self.made = mark.made;
        self.fault = mark.fault;
    }

    /// The end of the walk.
    pub fn finish(self, done: Step, summary: String) -> Decoded {
        let fault = self.fault.or(done.err()).map(|fault| (fault.at, fault.why));
        Decoded { summary, fields: self.fields, fault }
    }

    fn count(&mut self, at: Range<usize>) -> Step {
        if self.made >= MOST_FIELDS {
            return self.wrong(at, format!("more than {MOST_FIELDS} fields"));
        }
        self.made += 1;
        Ok(())
    }
}

/// Messages one behind the other, until the frame ends: each makes its own fields and says what it is.
pub fn messages(bytes: &[u8], mut one: impl FnMut(&mut Walk<'_>) -> Step<String>) -> Decoded {
    let mut walk = Walk::new(bytes);
    let (mut first, mut more) = (None, 0_usize);
    let mut done = Ok(());
    while !walk.is_done() {
        let before = walk.at;
        match one(&mut walk) {
            Ok(summary) => match first {
                None => first = Some(summary),
                Some(_) => more += 1,
            },
            Err(fault) => {
                done = Err(fault);
                break;
            }
        }
        if walk.at == before {
            break;
        }
    }
    let mut summary = first.unwrap_or_default();
    if more > 0 {
        summary.push_str(&format!(" (+{more})"));
    }
    walk.finish(done, summary)
}

/// An integer of at most eight bytes, the most significant first.
pub fn big(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |value, byte| value << 8 | u64::from(*byte))
}

pub fn shown(bytes: &[u8]) -> String {
    payload::visible(bytes, TextEncoding::Utf8, MOST_VALUE)
}

pub fn shown_text(text: &str) -> String {
    payload::visible_text(text, MOST_VALUE)
}

pub fn text_or_hex(bytes: &[u8]) -> String {
    if payload::is_text(bytes, TextEncoding::Utf8) { shown(bytes) } else { hex(bytes) }
}

/// `0a ff …`, at most as long as any value.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    const MOST: usize = MOST_VALUE / 3 - 2;
    let mut text = String::with_capacity(bytes.len().min(MOST) * 3);
    for (at, byte) in bytes.iter().take(MOST).enumerate() {
        // Writing to a string cannot fail.
        let _ = write!(text, "{}{byte:02x}", if at == 0 { "" } else { " " });
    }
    if bytes.len() > MOST {
        text.push_str(" …");
    }
    text
}

/// The place of a part of a frame in it.
pub fn place(whole: &[u8], part: &[u8]) -> Range<usize> {
    let start = (part.as_ptr() as usize).saturating_sub(whole.as_ptr() as usize).min(whole.len());
    start..(start + part.len()).min(whole.len())
}
