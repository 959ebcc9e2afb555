//! What a person types ⇄ bytes, and bytes ⇄ what a person can read.
//!
//! Pure: no IO, no clock. Never panics on any input. Called by: words, session, engine, workspace, ui, cli.

mod characters;
pub mod checksum;
mod commands;
mod compose;
mod copying;
mod difference;
mod dump;
mod hex;
mod inspect;
mod language;
mod places;
mod regex_fault;
mod retyped;
mod search;
mod stream;
#[cfg(test)]
mod tests;
mod text;
mod units;
mod visible;

use std::ops::Range;

use crate::model::TextEncoding;

pub use characters::{
    ByteRole, MAX_LINE_BYTES, TextLine, byte_roles, line_of, role_text, text_lines, whole_characters,
};
pub use checksum::{checksum, checksum_length};
pub use commands::{CommandFormat, LONG_FOR_A_COMMAND, Receiver, command, is_possible};
pub use compose::{MAX_PAYLOAD_BYTES, Outgoing, compose, file_path, outgoing};
pub use copying::{CopyFormat, copied};
pub use difference::{Counts, Difference, Part, PartKind, difference, is_quick};
pub use hex::{bytes_to_c_array, bytes_to_hex, hex_to_bytes};
pub use inspect::{Reading, Sums, Value, inspect};
pub use language::nearest::nearest;
pub use language::{
    Compiled, Fill, Kept, MadeBy, Memory, Missing, Needs, Rendered, RenderedPart, Supplied, Supply, compile,
    compile_shared, file_template,
};
pub use places::visible_ranges;
pub use regex_fault::RegexFault;
pub use retyped::retyped;
pub use search::{Pattern, Places, find_all};
pub use stream::{Piece, is_unfinished, pieces};
pub use text::{bytes_to_mixed, bytes_to_text, push_encoded, text_to_bytes, without_templates};
pub use units::is_invisible;
pub use visible::{is_text, visible, visible_text};

/// Something in the text that cannot become bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Byte range in `Draft::text`, on character boundaries; empty at the end when something is missing.
    pub at: Range<usize>,
    pub what: MistakeKind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MistakeKind {
    UnknownEscape(char),
    UnfinishedEscape,
    BadHexDigit(char),
    OddHexDigits,
    BadCodePoint,
    NotInEncoding {
        character: char,
        encoding: TextEncoding,
    },
    TooLong {
        bytes: u64,
        limit: u64,
    },
    /// A file is to be sent and no path stands there.
    NoPath,
    /// A `file://` address that names no file of this computer.
    BadFileUri,
    UnknownChecksum(String),
    /// The draft names a file, whose bytes are streamed and never composed: use `outgoing`.
    IsAFile,
    /// Two braces without the other two.
    UnclosedTemplate,
    UnknownTemplate {
        name: String,
        nearest: Option<&'static str>,
    },
    /// `example` shows what is to stand there.
    MissingArgument {
        template: &'static str,
        example: &'static str,
    },
    /// `expected` lists what the template takes.
    BadArgument {
        template: &'static str,
        argument: String,
        expected: &'static str,
    },
    TooManyTemplates {
        limit: usize,
    },
    /// No checksum has the name, and this one is much like it.
    ChecksumIsCalled {
        name: String,
        nearest: &'static str,
    },
    /// A second part of the same name (empty: the one without a name).
    PartTwice(String),
    UnclosedPart(String),
    EndWithoutBegin(String),
    UnknownPart {
        name: String,
        nearest: Option<String>,
    },
    /// A checksum, or a length of no fixed width, that depends on its own bytes.
    CoversItself,
    /// A length that needs more than its width.
    DoesNotFit,
    /// A template that takes a value at each sending, where the bytes must be known.
    NeedsValues,
    /// `[` without `]`.
    UnclosedBracket,
    EmptyBrackets,
    NotHexInBrackets(char),
    BadBase64(char),
    UnfinishedBase64,
}
