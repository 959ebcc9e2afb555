//! From a draft without changing values to what goes out. Called by: ui (the preview and Send), cli, engine.

use std::path::PathBuf;

use super::{Mistake, MistakeKind, language};
use crate::model::{Draft, PayloadFormat};

/// The longest payload that is composed in memory; more goes out as a file.
pub const MAX_PAYLOAD_BYTES: u64 = 64 * 1024 * 1024;

/// What a draft sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outgoing {
    Bytes(Vec<u8>),
    /// The bytes of this file, streamed as they are: no ending, no checksum.
    File(PathBuf),
}

/// What the draft sends, whatever its format.
pub fn outgoing(draft: &Draft) -> Result<Outgoing, Mistake> {
    match draft.format {
        PayloadFormat::File => file_path(draft).map(Outgoing::File),
        _ => compose(draft).map(Outgoing::Bytes),
    }
}

/// The bytes of a draft that sends the same ones each time, line ending and then checksum appended.
///
/// A template with a value of its own is a mistake here (`compile` takes it), and so is a draft of a file.
pub fn compose(draft: &Draft) -> Result<Vec<u8>, Mistake> {
    language::fixed_bytes(draft).map(Vec::from)
}

/// The path in a draft of a file, as typed, dropped or pasted: quotes around it and `file://` are taken off.
pub fn file_path(draft: &Draft) -> Result<PathBuf, Mistake> {
    let whole = 0..draft.text.len();
    let text = unquoted(draft.text.trim());
    if text.is_empty() {
        return Err(Mistake { at: draft.text.len()..draft.text.len(), what: MistakeKind::NoPath });
    }
    let Some(rest) = strip_scheme(text) else {
        return Ok(PathBuf::from(text));
    };
    path_of_uri(rest).ok_or(Mistake { at: whole, what: MistakeKind::BadFileUri })
}

fn unquoted(text: &str) -> &str {
    ['"', '\''].into_iter().find_map(|quote| text.strip_prefix(quote)?.strip_suffix(quote)).unwrap_or(text)
}

fn strip_scheme(text: &str) -> Option<&str> {
    let scheme = text.get(..7)?;
    scheme.eq_ignore_ascii_case("file://").then(|| text.get(7..).unwrap_or_default())
}

/// The part behind `file://`: an empty or local host, then an absolute path with `%HH`.
fn path_of_uri(rest: &str) -> Option<PathBuf> {
    let (host, path) = rest.split_at(rest.find('/')?);
    if !(host.is_empty() || host.eq_ignore_ascii_case("localhost")) {
        return None;
    }
    let bytes = percent_decoded(path)?;
    if bytes.contains(&0) {
        return None;
    }
    path_of_bytes(bytes)
}

fn percent_decoded(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        if *first != b'%' {
            bytes.push(*first);
            rest = after;
            continue;
        }
        let high = char::from(*after.first()?).to_digit(16)?;
        let low = char::from(*after.get(1)?).to_digit(16)?;
        bytes.push((high << 4 | low) as u8);
        rest = after.get(2..)?;
    }
    Some(bytes)
}

#[cfg(unix)]
fn path_of_bytes(bytes: Vec<u8>) -> Option<PathBuf> {
    use std::os::unix::ffi::OsStringExt;
    Some(PathBuf::from(std::ffi::OsString::from_vec(bytes)))
}

#[cfg(not(unix))]
fn path_of_bytes(bytes: Vec<u8>) -> Option<PathBuf> {
    let text = String::from_utf8(bytes).ok()?;
    // `/C:/folder` carries one slash more than the path.
    let has_drive = text.as_bytes().get(2) == Some(&b':');
    Some(PathBuf::from(if has_drive { text.get(1..)? } else { &text }))
}
