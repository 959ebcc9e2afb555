//! What happened, where no bytes came or went: the sentence, what to try, and the facts.
//!
//! Called by: the bytes panel.

use egui::{Grid, Label, RichText, ScrollArea, Ui};

use crate::model::{ConnectionId, Happening, Recorded};
use crate::payload;
use crate::ui::panels::log::text::Clock;
use crate::ui::state::Ctx;
use crate::ui::theme;

/// Longest address or answer of the system's.
const MOST: usize = 500;

pub fn ui(ctx: &Ctx<'_>, ui: &mut Ui, row: &Recorded, happening: &Happening, clock: &Clock) {
    let words = ctx.words;
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        let color = if happening.kind().is_error() { ctx.theme.error } else { ctx.theme.text };
        let sentence = words.happening(happening, &row.event.flow);
        let sentence = RichText::new(sentence).color(color).font(theme::medium(13.5));
        ui.add(Label::new(sentence).wrap().selectable(true));
        ui.add_space(4.0);
        let facts = facts(ctx, row, happening, clock);
        let width = (ui.available_width() - 140.0).max(80.0);
        Grid::new("bytes_facts").num_columns(2).spacing([16.0, 4.0]).min_row_height(18.0).show(ui, |ui| {
            for (key, value) in facts {
                ui.label(RichText::new(words.get(key)).color(ctx.theme.dim));
                ui.scope(|ui| {
                    ui.set_max_width(width);
                    ui.add(Label::new(value).wrap().selectable(true));
                });
                ui.end_row();
            }
        });
    });
}

fn facts(ctx: &Ctx<'_>, row: &Recorded, happening: &Happening, clock: &Clock) -> Vec<(&'static str, String)> {
    let words = ctx.words;
    let flow = &row.event.flow;
    let mut facts = Vec::new();
    if let Some(hint) = words.happening_hint(happening).filter(|hint| !hint.is_empty()) {
        facts.push(("bytes.try", hint));
    }
    if let Some(failure) = happening.failure() {
        let number = failure.errno.map(|errno| words.fill("bytes.errno", &[("number", &errno)]));
        let system = Some(payload::visible_text(&failure.system, MOST)).filter(|system| !system.is_empty());
        let said: Vec<String> = [system, number].into_iter().flatten().collect();
        if !said.is_empty() {
            facts.push(("bytes.system", said.join(" · ")));
        }
        if let Some(holder) = &failure.holder {
            facts.push(("bytes.holder", payload::visible_text(holder, MOST)));
        }
    }
    facts.push(("bytes.at", clock.date_time(row.event.time, ctx.state.local_time)));
    facts.push(("bytes.endpoint", payload::visible_text(&flow.endpoint_uri, MOST)));
    if flow.connection != ConnectionId::NONE {
        facts.push(("bytes.connection", format!("#{}", flow.connection.0)));
    }
    if let Some(peer) = flow.peer {
        facts.push(("bytes.peer", peer.to_string()));
    }
    if let Some(local) = flow.local {
        facts.push(("bytes.local", local.to_string()));
    }
    facts
}
