//! The first frames that a framing gives for the newest chunks of an endpoint, or of its selected connection, with their faults.
//!
//! Called by: the framing form. Bounded by a few chunks and bytes.

use std::collections::BTreeMap;
use std::sync::Arc;

use egui::{RichText, Ui};

use super::super::log::{frames::fault_words, selected_row, text};
use crate::framing::{Frame, Framer};
use crate::model::{EndpointId, Framing, Recorded, Transport};
use crate::payload;
use crate::session::SampleOf;
use crate::ui::state::Ctx;
use crate::ui::theme;
use crate::ui::widgets;

const MOST_CHUNKS: usize = 20;
const MOST_BYTES: usize = 16 * 1024;
const MOST_FRAMES: usize = 8;
const MOST_SHOWN: usize = 64;

/// The connection of the selected row, where it is one of the endpoint.
pub fn of(ctx: &Ctx<'_>, endpoint: EndpointId) -> SampleOf {
    let selected = selected_row(ctx).filter(|row| row.event.flow.endpoint == endpoint);
    let connection = selected.map(|row| row.event.flow.connection).filter(|connection| !connection.is_none());
    SampleOf { endpoint, connection }
}

pub fn ui(ctx: &Ctx<'_>, ui: &mut Ui, of: SampleOf, framing: &Framing) {
    let key = if of.connection.is_some() { "framing.sample_connection" } else { "framing.sample" };
    ui.label(RichText::new(ctx.words.get(key)).font(theme::semibold(13.0)));
    let frames = frames(ctx, of, framing);
    if frames.is_empty() {
        ui.label(RichText::new(ctx.words.get("framing.no_sample")).color(ctx.theme.dim));
    }
    for (arrow, frame) in frames {
        let encoding = ctx.state.endpoint(of.endpoint).map(|endpoint| endpoint.settings.shown_as).unwrap_or_default();
        let text = if payload::is_text(&frame.content, encoding) {
            payload::visible(&frame.content, encoding, MOST_SHOWN)
        } else {
            payload::bytes_to_hex(&frame.content[..frame.content.len().min(MOST_SHOWN / 2)])
        };
        let fault = frame.fault.map(|fault| format!("▲ {}: ", fault_words(ctx.words, fault)));
        let color = if fault.is_some() { ctx.theme.error } else { ctx.theme.text };
        let text = format!("{arrow} {}{text}", fault.unwrap_or_default());
        ui.add(egui::Label::new(widgets::mono_job(&text, color)).truncate());
    }
}

/// Chunks as they were read. Until they are there, those on screen: rows of a view of frames are none, their bytes were cut.
fn chunks(ctx: &Ctx<'_>, of: SampleOf) -> Vec<Arc<Recorded>> {
    let is_of = |row: &Recorded| {
        let flow = &row.event.flow;
        let same = of.connection.is_none_or(|connection| flow.connection == connection);
        flow.endpoint == of.endpoint && same && row.event.bytes().is_some()
    };
    let sample: Vec<_> = ctx.view.sample.iter().filter(|row| is_of(row)).cloned().collect();
    if !sample.is_empty() {
        return sample;
    }
    let rows = ctx.view.rows.iter().zip(&ctx.view.decorations).rev();
    let raw = rows.filter(|(_, decoration)| decoration.frame.is_none()).filter_map(|(row, _)| row.as_ref());
    let mut chunks: Vec<_> = raw.filter(|row| is_of(row)).take(MOST_CHUNKS).cloned().collect();
    chunks.reverse();
    chunks
}

fn frames(ctx: &Ctx<'_>, of: SampleOf, framing: &Framing) -> Vec<(&'static str, Frame)> {
    let (mut framers, mut frames, mut left) = (BTreeMap::new(), Vec::new(), MOST_BYTES);
    for row in chunks(ctx, of) {
        let Some(bytes) = row.event.bytes() else { continue };
        let bytes = &bytes[..bytes.len().min(left)];
        left -= bytes.len();
        let arrow = text::arrow(&row.event);
        let stream = framers.entry((row.event.flow.connection, arrow));
        let framer: &mut Framer = stream.or_insert_with(|| Framer::new(framing));
        framer.push(bytes, row.event.time, &mut |frame| frames.push((arrow, frame)));
        if row.event.flow.transport == Transport::Udp {
            framer.end(&mut |frame| frames.push((arrow, frame)));
        }
    }
    if frames.len() < MOST_FRAMES {
        for ((_, arrow), framer) in &mut framers {
            framer.end(&mut |frame| frames.push((*arrow, frame)));
        }
    }
    frames.sort_by_key(|(_, frame)| frame.last);
    frames.truncate(MOST_FRAMES);
    frames
}
