//! The first frames that a framing gives for the newest chunks of an endpoint, with their faults.
//!
//! Called by: the framing form. Bounded by a few chunks and bytes.

use std::collections::BTreeMap;

use egui::{RichText, Ui};

use super::super::log::frames::fault_words;
use crate::framing::{Frame, Framer};
use crate::model::{EndpointId, Framing, Transport};
use crate::payload;
use crate::ui::state::Ctx;
use crate::ui::theme;
use crate::ui::widgets;

const MOST_CHUNKS: usize = 20;
const MOST_BYTES: usize = 16 * 1024;
const MOST_FRAMES: usize = 8;
const MOST_SHOWN: usize = 64;

pub fn ui(ctx: &Ctx<'_>, ui: &mut Ui, id: EndpointId, framing: &Framing) {
    ui.label(RichText::new(ctx.words.get("framing.sample")).font(theme::semibold(13.0)));
    let frames = frames(ctx, id, framing);
    if frames.is_empty() {
        ui.label(RichText::new(ctx.words.get("framing.no_sample")).color(ctx.theme.dim));
    }
    for frame in frames {
        let encoding = ctx.state.endpoint(id).map(|endpoint| endpoint.settings.shown_as).unwrap_or_default();
        let text = if payload::is_text(&frame.content, encoding) {
            payload::visible(&frame.content, encoding, MOST_SHOWN)
        } else {
            payload::bytes_to_hex(&frame.content[..frame.content.len().min(MOST_SHOWN / 2)])
        };
        let fault = frame.fault.map(|fault| format!("▲ {}: ", fault_words(ctx.words, fault)));
        let color = if fault.is_some() { ctx.theme.error } else { ctx.theme.text };
        let text = format!("{}{text}", fault.unwrap_or_default());
        ui.add(egui::Label::new(widgets::mono_job(&text, color)).truncate());
    }
}

fn frames(ctx: &Ctx<'_>, id: EndpointId, framing: &Framing) -> Vec<Frame> {
    // Rows of a view of frames are no chunks: their bytes were cut already.
    let rows = ctx.view.rows.iter().zip(&ctx.view.decorations);
    let mut chunks: Vec<_> = rows
        .rev()
        .filter(|(_, decoration)| decoration.frame.is_none())
        .filter_map(|(row, _)| row.as_ref())
        .filter(|row| row.event.flow.endpoint == id && row.event.bytes().is_some())
        .take(MOST_CHUNKS)
        .collect();
    chunks.reverse();
    let (mut framers, mut frames, mut left) = (BTreeMap::new(), Vec::new(), MOST_BYTES);
    for row in chunks {
        let Some(bytes) = row.event.bytes() else { continue };
        let bytes = &bytes[..bytes.len().min(left)];
        left -= bytes.len();
        let direction = row.event.direction() == Some(crate::model::Direction::In);
        let stream = framers.entry((row.event.flow.connection, direction));
        let framer: &mut Framer = stream.or_insert_with(|| Framer::new(framing));
        framer.push(bytes, row.event.time, &mut |frame| frames.push(frame));
        if row.event.flow.transport == Transport::Udp {
            framer.end(&mut |frame| frames.push(frame));
        }
    }
    if frames.len() < MOST_FRAMES {
        framers.values_mut().for_each(|framer| framer.end(&mut |frame| frames.push(frame)));
    }
    frames.truncate(MOST_FRAMES);
    frames
}
