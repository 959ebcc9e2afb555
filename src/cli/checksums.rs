//! `sockscope checksum`: the catalogue, a checksum of some bytes, and the finder for people without a window.
//!
//! Opens no socket. Called by: `cli::run`.

use std::io::Read as _;

use super::Refusal;
use super::arguments::{ChecksumArguments, ChecksumCommand, PayloadArguments};
use super::payloads::{at_place, typed};
use super::standard;
use super::wrong_usage;
use crate::model::{Draft, TextEncoding, Verify};
use crate::payload::checksum::{Found, MOST_FRAME_BYTES, MOST_FRAMES, checksum, find, search};
use crate::payload::{self, MAX_PAYLOAD_BYTES, bytes_to_hex, hex_to_bytes};
use crate::words::{Language, Words};

pub fn checksums(arguments: &ChecksumArguments) -> Result<(), Refusal> {
    match &arguments.what {
        ChecksumCommand::List { words } => list(&words.join(" ")),
        ChecksumCommand::Compute { checksum: sum, payload, encoding } => {
            let bytes = bytes_of(payload, *encoding)?;
            standard::print_all(format!("{}\n", bytes_to_hex(&checksum(sum, &bytes))).as_bytes())
        }
        ChecksumCommand::Find { frames, key } => find_all(frames, key.as_deref().unwrap_or_default()),
    }
}

fn list(words: &str) -> Result<(), Refusal> {
    let found = search(words);
    if found.is_empty() {
        return Err(format!("No checksum is called {words}."));
    }
    let line = |known: &&crate::payload::checksum::Algorithm| {
        let key = if known.keyed { ", key" } else { "" };
        let line = format!("{:<24} {:>4} bit{key}  {}", known.name, 8 * known.bytes, known.aliases.join(", "));
        format!("{}\n", line.trim_end())
    };
    standard::print_all(found.iter().map(line).collect::<String>().as_bytes())
}

fn find_all(frames: &[String], key: &str) -> Result<(), Refusal> {
    if frames.len() > MOST_FRAMES {
        wrong_usage("checksum", &format!("at most {MOST_FRAMES} frames are compared"));
    }
    let bytes: Vec<Vec<u8>> = frames.iter().map(|frame| frame_of(frame)).collect();
    let found = find(&bytes, key);
    if found.is_empty() {
        return Err(
            "No checksum of the catalogue fits: neither in the last bytes, nor before an ending of up to 4 bytes, \
             nor with up to 8 bytes left out at the beginning."
                .to_owned(),
        );
    }
    standard::print_all(found.iter().map(|found| told(found, key)).collect::<String>().as_bytes())
}

fn frame_of(typed: &str) -> Vec<u8> {
    let bytes = hex_to_bytes(typed).unwrap_or_else(|mistake| {
        let words = Words::of(Language::English);
        wrong_usage("checksum", &at_place(typed, &mistake.at, &words.mistake(&mistake)))
    });
    if bytes.is_empty() || bytes.len() > MOST_FRAME_BYTES {
        wrong_usage("checksum", &format!("a frame has 1 to {MOST_FRAME_BYTES} bytes"));
    }
    bytes
}

/// What `--verify` takes, and how likely it is that it fits without a reason.
fn told(found: &Found, key: &str) -> String {
    let Verify { checksum, skip, behind } = found.verify(key);
    let line = checksum.to_string();
    let (words, key) = line.split_once(" key=").map_or((line.as_str(), None), |(words, key)| (words, Some(key)));
    let mut line = words.to_owned();
    for (name, bytes) in [("skip", skip), ("behind", behind)] {
        if bytes > 0 {
            line.push_str(&format!(" {name}={bytes}"));
        }
    }
    if let Some(key) = key {
        line.push_str(&format!(" key={key}"));
    }
    format!("{line:<40} by chance 1 in 2^{}\n", found.chance_bits())
}

/// The bytes, always the same ones.
fn bytes_of(arguments: &PayloadArguments, encoding: TextEncoding) -> Result<Vec<u8>, Refusal> {
    if let Some((format, text)) = typed(arguments) {
        let draft = Draft { format, text, encoding, ..Draft::default() };
        return Ok(payload::compose(&draft).unwrap_or_else(|mistake| {
            let words = Words::of(Language::English);
            wrong_usage("checksum", &at_place(&draft.text, &mistake.at, &words.mistake(&mistake)))
        }));
    }
    let path = arguments.file.clone().unwrap_or_default();
    let refusal = |error: std::io::Error| format!("{} cannot be read: {error}.", path.display());
    let file = std::fs::File::open(&path).map_err(refusal)?;
    let mut bytes = Vec::new();
    file.take(MAX_PAYLOAD_BYTES + 1).read_to_end(&mut bytes).map_err(refusal)?;
    if bytes.len() as u64 > MAX_PAYLOAD_BYTES {
        return Err(format!("{} is longer than 64 MiB, the most that is looked at.", path.display()));
    }
    Ok(bytes)
}
