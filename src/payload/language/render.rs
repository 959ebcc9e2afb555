//! A plan filled in: values first, then lengths, then checksums, then what the draft appends.
//!
//! Bounded: no more than `MAX_PAYLOAD_BYTES` are made, and checksums read no more than `MOST_SUMMED_BYTES` in all.
//! Called by: `compile` (for bytes that are always the same) and `Compiled`.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use jiff::tz::TimeZone;

use super::super::checksum::{algorithm, checksum, checksum_length};
use super::super::text::encode_ascii;
use super::super::{MAX_PAYLOAD_BYTES, Mistake, MistakeKind};
use super::plan::{Plan, Step, StepKind};
use super::values::Place;
use super::{Fill, MadeBy, Memory, Missing, Rendered, RenderedPart, Supplied};
use crate::model::{Draft, PayloadFormat, Timestamp};

/// Checksums that cover each other read the same bytes again and again.
const MOST_SUMMED_BYTES: u64 = 4 * MAX_PAYLOAD_BYTES;

/// Why a draft could not be filled in, and where.
#[derive(Debug)]
pub(super) struct Fault {
    pub at: Range<usize>,
    pub what: FaultKind,
}

#[derive(Debug)]
pub(super) enum FaultKind {
    /// The whole has so many bytes.
    TooLong(u64),
    Missing(Missing),
}

/// One sending's bytes; `hash` is that of the draft's text.
pub(super) fn render(plan: &Plan, draft: &Draft, hash: u64, fill: &mut Fill<'_>) -> Result<Rendered, Fault> {
    let mut chunks = values(plan, draft, hash, fill)?;
    let starts = starts(plan, draft, &mut chunks)?;
    let ending = ending(draft);
    let whole = whole(draft, starts.last().copied().unwrap_or_default(), &ending)?;
    let mut bytes = Vec::with_capacity(whole);
    let mut parts = Vec::with_capacity(plan.parts.len() + plan.steps.len() + 2);
    for (index, step) in plan.steps.iter().enumerate() {
        let before = bytes.len();
        let made_by = match &step.what {
            StepKind::Fixed(fixed) => {
                bytes.extend_from_slice(plan.pool.get(fixed.bytes.clone()).unwrap_or_default());
                let moved = |place: usize| place - fixed.bytes.start + before;
                parts.extend(plan.parts.get(fixed.parts.clone()).unwrap_or_default().iter().map(|part| RenderedPart {
                    bytes: moved(part.bytes.start)..moved(part.bytes.end),
                    text: part.text.clone(),
                    made_by: part.made_by,
                }));
                continue;
            }
            StepKind::Value(value) => {
                bytes.extend_from_slice(chunks.get(index).map(|chunk| &**chunk).unwrap_or_default());
                value.made_by()
            }
            StepKind::Length { written, plus, covers } => {
                let chunk = chunks.get(index).filter(|chunk| !chunk.is_empty());
                match chunk {
                    Some(chunk) => bytes.extend_from_slice(chunk),
                    None => {
                        let value = covered(&starts, covers).checked_add_signed(*plus);
                        let exact = value.and_then(|value| written.exact(value, plan.encoding));
                        bytes.extend_from_slice(&exact.ok_or_else(|| does_not_fit(step, draft))?);
                    }
                }
                MadeBy::Length
            }
            StepKind::Sum { sum, .. } => {
                bytes.resize(before + checksum_length(sum), 0);
                MadeBy::Checksum
            }
        };
        add_part(&mut parts, before..bytes.len(), step.text.clone(), made_by);
    }
    fill_sums(plan, draft, &starts, &mut bytes)?;
    Ok(appended(draft, bytes, parts, &ending))
}

/// The bytes of a draft whose templates take no value.
pub(super) fn render_fixed(plan: Plan, draft: &Draft) -> Result<Rendered, Fault> {
    if plan.steps.iter().any(|step| !matches!(step.what, StepKind::Fixed(_))) {
        let supplied = Supplied::default();
        let mut memory = Memory::default();
        let mut fill = Fill::plain(Timestamp(0), TimeZone::UTC, &supplied, &mut memory);
        return render(&plan, draft, 0, &mut fill);
    }
    // A long text without templates is not copied: its pool is what goes out.
    let Plan { mut pool, parts, .. } = plan;
    let ending = ending(draft);
    let whole = whole(draft, pool.len() as u64, &ending)?;
    pool.reserve_exact(whole.saturating_sub(pool.len()));
    Ok(appended(draft, pool, parts, &ending))
}

/// How many bytes go out, of which the text's are `own`.
fn whole(draft: &Draft, own: u64, ending: &[u8]) -> Result<usize, Fault> {
    let whole = own + ending.len() as u64 + checksum_length(&draft.checksum) as u64;
    let at = draft.text.len()..draft.text.len();
    match usize::try_from(whole) {
        Ok(fits) if whole <= MAX_PAYLOAD_BYTES => Ok(fits),
        _ => Err(Fault { at, what: FaultKind::TooLong(whole) }),
    }
}

/// What stands behind the text: its line ending, then the checksum over all before it.
fn appended(draft: &Draft, mut bytes: Vec<u8>, mut parts: Vec<RenderedPart>, ending: &[u8]) -> Rendered {
    let end = draft.text.len()..draft.text.len();
    let before = bytes.len();
    bytes.extend_from_slice(ending);
    add_part(&mut parts, before..bytes.len(), end.clone(), MadeBy::Ending);
    let before = bytes.len();
    let sum = checksum(&draft.checksum, &bytes);
    bytes.extend_from_slice(&sum);
    add_part(&mut parts, before..bytes.len(), end, MadeBy::Checksum);
    Rendered { bytes: bytes.into(), parts: Arc::new(parts) }
}

/// A checksum to append that nobody computes.
pub(super) fn check_appended(draft: &Draft) -> Result<(), Mistake> {
    let name = &draft.checksum.algorithm;
    if draft.checksum.is_none() || algorithm(name).is_some() {
        return Ok(());
    }
    let end = draft.text.len();
    Err(Mistake { at: end..end, what: MistakeKind::UnknownChecksum(name.clone()) })
}

/// The bytes of the values, by step; nothing where a step is no value.
fn values<'a>(plan: &Plan, draft: &Draft, hash: u64, fill: &mut Fill<'a>) -> Result<Vec<Cow<'a, [u8]>>, Fault> {
    let values = || {
        plan.steps.iter().enumerate().filter_map(|(index, step)| match &step.what {
            StepKind::Value(value) => Some((index, step, value)),
            _ => None,
        })
    };
    let fault = |step: &Step, missing| Fault { at: step.text.clone(), what: FaultKind::Missing(missing) };
    // Before any counter takes a step.
    if let Some((step, missing)) = values().find_map(|(_, step, value)| Some((step, value.missing(fill)?))) {
        return Err(fault(step, missing));
    }
    let mut chunks = vec![Cow::default(); plan.steps.len()];
    let mut room = MAX_PAYLOAD_BYTES.saturating_sub(plan.pool.len() as u64);
    for (index, step, value) in values() {
        let place = Place { draft: hash, at: step.text.start, encoding: plan.encoding };
        let chunk = match value.bytes(fill, place, room) {
            Ok(chunk) if chunk.len() as u64 <= room => chunk,
            Ok(_) | Err(Missing::TooLarge(_)) => return Err(does_not_fit(step, draft)),
            Err(missing) => return Err(fault(step, missing)),
        };
        room -= chunk.len() as u64;
        if let Some(slot) = chunks.get_mut(index) {
            *slot = chunk;
        }
    }
    Ok(chunks)
}

/// Where each step begins, and where the last ends. Lengths whose width depends on their value are written here.
fn starts(plan: &Plan, draft: &Draft, chunks: &mut [Cow<'_, [u8]>]) -> Result<Vec<u64>, Fault> {
    let mut starts = running_sum(plan, chunks);
    let mut written_before: Vec<(usize, u64)> = Vec::with_capacity(plan.wide_lengths.len());
    for index in &plan.wide_lengths {
        let Some(step) = plan.steps.get(*index) else { continue };
        let StepKind::Length { written, plus, covers } = &step.what else { continue };
        let inner = written_before.iter().filter(|(place, _)| covers.contains(place)).map(|(_, width)| width);
        let value = (covered(&starts, covers) + inner.sum::<u64>()).checked_add_signed(*plus);
        let bytes = value.and_then(|value| written.exact(value, plan.encoding));
        let bytes = bytes.ok_or_else(|| does_not_fit(step, draft))?;
        written_before.push((*index, bytes.len() as u64));
        if let Some(slot) = chunks.get_mut(*index) {
            *slot = bytes.into();
        }
    }
    if !written_before.is_empty() {
        starts = running_sum(plan, chunks);
    }
    Ok(starts)
}

fn running_sum(plan: &Plan, chunks: &[Cow<'_, [u8]>]) -> Vec<u64> {
    let mut starts = Vec::with_capacity(plan.steps.len() + 1);
    let mut at = 0;
    starts.push(at);
    for (step, chunk) in plan.steps.iter().zip(chunks) {
        at += plan.width(step).unwrap_or(chunk.len()) as u64;
        starts.push(at);
    }
    starts
}

fn covered(starts: &[u64], covers: &Range<usize>) -> u64 {
    let start = |place: usize| starts.get(place).copied().unwrap_or_default();
    start(covers.end).saturating_sub(start(covers.start))
}

fn fill_sums(plan: &Plan, draft: &Draft, starts: &[u64], bytes: &mut [u8]) -> Result<(), Fault> {
    let start = |place: usize| starts.get(place).map_or(0, |start| *start as usize);
    let mut summed = 0;
    for index in &plan.sums {
        let Some(step) = plan.steps.get(*index) else { continue };
        let StepKind::Sum { sum, covers } = &step.what else { continue };
        summed += covered(starts, covers);
        if summed > MOST_SUMMED_BYTES {
            return Err(does_not_fit(step, draft));
        }
        let value = checksum(sum, bytes.get(start(covers.start)..start(covers.end)).unwrap_or_default());
        if let Some(place) = bytes.get_mut(start(*index)..start(*index) + value.len()) {
            place.copy_from_slice(&value);
        }
    }
    Ok(())
}

/// The line ending in the encoding of its text: two bytes a character in UTF-16.
fn ending(draft: &Draft) -> Vec<u8> {
    let mut bytes = Vec::new();
    match (draft.format, std::str::from_utf8(draft.ending.bytes())) {
        (PayloadFormat::Text | PayloadFormat::Mixed, Ok(ending)) => encode_ascii(ending, draft.encoding, &mut bytes),
        _ => bytes.extend_from_slice(draft.ending.bytes()),
    }
    bytes
}

fn add_part(parts: &mut Vec<RenderedPart>, bytes: Range<usize>, text: Range<usize>, made_by: MadeBy) {
    if !bytes.is_empty() {
        parts.push(RenderedPart { bytes, text, made_by });
    }
}

fn does_not_fit(step: &Step, draft: &Draft) -> Fault {
    let template = draft.text.get(step.text.clone()).unwrap_or_default().to_owned();
    Fault { at: step.text.clone(), what: FaultKind::Missing(Missing::TooLarge(template)) }
}
