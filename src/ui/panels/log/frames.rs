//! What is said of a row that is a frame: how many chunks it came in, what is wrong with it or with its checksum.
//!
//! Called by: the rows and the head of the bytes.

use crate::framing::Fault;
use crate::payload;
use crate::payload::checksum::Verdict;
use crate::session::{Decoration, FrameFacts};
use crate::words::Words;

/// Stands before the content.
pub fn said(words: &'static Words, decoration: &Decoration) -> String {
    let mut said = String::new();
    if decoration.beneath.is_some() {
        said += "└ ";
    }
    if let Some(frame) = &decoration.frame {
        if frame.pending {
            said += &format!("… {}: ", pending_words(words, frame));
        }
        if frame.chunks.len() > 1 {
            said += &format!("×{} ", words.number(frame.chunks.len() as u64));
        }
        if let Some(fault) = frame.fault {
            said += &format!("▲ {}: ", fault_words(words, fault));
        }
    }
    if let Some(wrong) = sum_words(words, decoration) {
        said += &format!("▲ {wrong}: ");
    }
    said
}

/// The same in sentences, with what was expected.
pub fn hint(words: &'static Words, decoration: &Decoration) -> Option<String> {
    let fault =
        decoration.frame.as_ref().and_then(|frame| frame.fault).map(|fault| fault_words(words, fault).to_owned());
    let sum = match &decoration.sum {
        Some(Verdict::Wrong { expected, got }) => {
            let (expected, got) = (payload::bytes_to_hex(expected), payload::bytes_to_hex(got));
            Some(words.fill("frames.sum_expected", &[("expected", &expected), ("got", &got)]))
        }
        Some(Verdict::TooShort) => Some(words.get("frames.sum_too_short").to_owned()),
        Some(Verdict::Right) | None => None,
    };
    let pending = decoration.frame.as_ref().filter(|frame| frame.pending).map(|frame| pending_words(words, frame));
    let parts: Vec<_> = pending.into_iter().chain(fault).chain(sum).collect();
    (!parts.is_empty()).then(|| parts.join("\n"))
}

pub fn is_wrong(decoration: &Decoration) -> bool {
    let faulty = decoration.frame.as_ref().is_some_and(|frame| frame.fault.is_some());
    faulty || matches!(decoration.sum, Some(Verdict::Wrong { .. } | Verdict::TooShort))
}

pub fn fault_words(words: &'static Words, fault: Fault) -> &'static str {
    words.get(match fault {
        Fault::TooLong => "frames.too_long",
        Fault::Unfinished => "frames.unfinished",
        Fault::BadLength => "frames.bad_length",
        Fault::Stray => "frames.stray",
        Fault::BadEscape => "frames.bad_escape",
    })
}

fn pending_words(words: &'static Words, frame: &FrameFacts) -> String {
    words.fill("frames.pending", &[("size", &words.count("count.bytes", frame.raw_bytes))])
}

fn sum_words(words: &'static Words, decoration: &Decoration) -> Option<&'static str> {
    match &decoration.sum {
        Some(Verdict::Wrong { .. }) => Some(words.get("frames.sum_wrong")),
        Some(Verdict::TooShort) => Some(words.get("frames.sum_too_short")),
        Some(Verdict::Right) | None => None,
    }
}
