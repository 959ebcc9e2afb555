//! The two strips above a conversation: whose it is and how much was said; how it is shown, finding, saving.

use egui::{Align, Button, Label, Layout, RichText, Ui};

use super::Mode;
use super::find::FindField;
use super::save::SaveBytes;
use crate::model::{ConnectionId, Flow, TextEncoding, Transport};
use crate::payload;
use crate::session::Scope;
use crate::session::conversation::{ConversationOrder, ConversationSnapshot};
use crate::ui::action::{Action, LogAction};
use crate::ui::panels::tabs::strip;
use crate::ui::state::Ctx;
use crate::ui::theme;
use crate::ui::widgets::{self, Choice};

const FACTS: f32 = 34.0;
const TOOLS: f32 = 38.0;
/// In a narrower window the endpoint is left to the tooltip.
const WIDE: f32 = 760.0;

/// Who talks with whom, how much, how long, and how it ended.
pub fn facts(ctx: &Ctx<'_>, ui: &mut Ui, snapshot: Option<&ConversationSnapshot>, actions: &mut Vec<Action>) {
    strip(ctx, ui, FACTS, |ui| {
        ui.spacing_mut().item_spacing.x = 10.0;
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if let Some(snapshot) = snapshot {
                sums(ctx, ui, snapshot);
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                if widgets::icon(ui, "‹", ctx.words.get("conversation.all")).clicked() {
                    actions.push(Action::Log(LogAction::Select(Scope::All)));
                }
                if let Some(flow) = snapshot.and_then(|snapshot| snapshot.flow.as_deref()) {
                    parties(ctx, ui, flow);
                }
            });
        });
    });
}

fn parties(ctx: &Ctx<'_>, ui: &mut Ui, flow: &Flow) {
    let address = |address: Option<std::net::SocketAddr>| address.map_or_else(|| "–".to_owned(), |a| a.to_string());
    let (peer, local) = (address(flow.peer), address(flow.local));
    let endpoint = payload::visible_text(&flow.endpoint_uri, 200);
    let (theme, is_wide) = (ctx.theme, ui.available_width() > WIDE * 0.5);
    let mut parts = vec![(peer.clone(), theme.text), (" ↔ ".to_owned(), theme.faint), (local.clone(), theme.dim)];
    if is_wide {
        parts.push((format!("   {endpoint}"), theme.dim));
    }
    let label = Label::new(widgets::mono_parts(&parts)).truncate().selectable(true);
    let response = ui.add(label);
    response.on_hover_text(
        ctx.words.fill("conversation.parties", &[("peer", &peer), ("local", &local), ("endpoint", &endpoint)]),
    );
}

/// From right to left.
fn sums(ctx: &Ctx<'_>, ui: &mut Ui, snapshot: &ConversationSnapshot) {
    let (theme, words) = (ctx.theme, ctx.words);
    let is_datagram = snapshot.flow.as_ref().is_some_and(|flow| flow.transport == Transport::Udp);
    let state = match &snapshot.end {
        Some(end) => Some((words.kind(end.event.kind()).to_owned(), end.event.kind().is_error())),
        None if !snapshot.live || is_datagram => None,
        None if snapshot.half_closed => Some((words.get("conversation.half_closed").to_owned(), false)),
        None => Some((words.get("conversation.open").to_owned(), false)),
    };
    if let Some((state, is_error)) = state {
        let color = match (is_error, snapshot.end.is_some()) {
            (true, _) => theme.error,
            (false, true) => theme.dim,
            (false, false) if snapshot.half_closed => theme.outgoing,
            (false, false) => theme.ok,
        };
        ui.label(RichText::new(state).color(color));
    }
    if let (Some(first), Some(last)) = (snapshot.first, snapshot.last) {
        ui.label(RichText::new(words.duration(last.nanos_since(first))).color(theme.dim))
            .on_hover_text(words.get("conversation.duration"));
    }
    let units = if is_datagram { "count.datagrams" } else { "conversation.chunks" };
    let sides =
        [("↑", theme.outgoing, 1, "conversation.sides_sent"), ("↓", theme.incoming, 0, "conversation.sides_received")];
    for (arrow, color, side, name) in sides {
        let text = format!("{arrow} {}", words.bytes(snapshot.bytes[side]));
        let whole = format!(
            "{}: {} · {}",
            words.get(name),
            words.count("count.bytes", snapshot.bytes[side]),
            words.count(units, snapshot.chunks[side])
        );
        ui.label(RichText::new(text).color(color)).on_hover_text(&whole).accessible_name(&whole);
    }
}

/// What the second strip changes.
pub struct Tools<'a> {
    pub mode: &'a mut Mode,
    pub find: &'a mut FindField,
    pub save: &'a mut SaveBytes,
    pub connection: ConnectionId,
    pub encoding: TextEncoding,
    /// The first line on screen.
    pub from_line: u64,
}

impl Tools<'_> {
    pub fn ui(
        &mut self,
        ctx: &Ctx<'_>,
        ui: &mut Ui,
        snapshot: Option<&ConversationSnapshot>,
        order: &mut ConversationOrder,
        actions: &mut Vec<Action>,
    ) {
        strip(ctx, ui, TOOLS, |ui| {
            ui.spacing_mut().item_spacing.x = 6.0;
            self.modes(ctx, ui);
            if *self.mode == Mode::Text {
                self.encodings(ctx, ui, actions);
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                self.save.ui(ctx, ui, self.connection, actions);
                progress(ctx, ui, snapshot);
                self.find.ui(ctx, ui, snapshot, order, self.from_line);
            });
        });
    }

    fn modes(&mut self, ctx: &Ctx<'_>, ui: &mut Ui) {
        for mode in Mode::ALL {
            let (name, hint) = mode.words_keys();
            let (name, chosen) = (ctx.words.get(name), *self.mode == mode);
            let (font, color) =
                if chosen { (theme::semibold(13.0), ctx.theme.text) } else { (theme::body(), ctx.theme.dim) };
            let response = ui
                .scope(|ui| {
                    ui.spacing_mut().button_padding.x = 5.0;
                    let text = RichText::new(name).font(font).color(color);
                    ui.add(Button::selectable(chosen, text).frame_when_inactive(chosen))
                })
                .inner
                .on_hover_text(ctx.words.get(hint));
            response.widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, true, chosen, name));
            if response.clicked() {
                *self.mode = mode;
            }
        }
    }

    fn encodings(&self, ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
        let mut encoding = self.encoding;
        let choices = TextEncoding::ALL.map(|value| Choice { value, text: value.name().to_owned() });
        let name = ctx.words.get("conversation.encoding");
        let (_, changed) =
            widgets::choice(ui, ctx.theme, name, self.encoding.name(), Some(86.0), &mut encoding, &choices);
        if changed {
            actions.push(Action::Log(LogAction::SetConnectionEncoding(self.connection, Some(encoding))));
        }
    }
}

/// How far a long conversation is laid out.
fn progress(ctx: &Ctx<'_>, ui: &mut Ui, snapshot: Option<&ConversationSnapshot>) {
    let Some(snapshot) = snapshot.filter(|snapshot| !snapshot.ready && snapshot.total > 0) else { return };
    let percent = snapshot.done.saturating_mul(100) / snapshot.total;
    let text = ctx.words.fill("conversation.reading", &[("percent", &percent)]);
    ui.label(RichText::new(text).color(ctx.theme.dim));
}
