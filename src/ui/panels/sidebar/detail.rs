//! The strip beneath the list: all that is known of the selected endpoint or connection, and what can be done with it.
//! Called by: the sidebar.

use egui::{Label, RichText, TextStyle, Ui};

use super::{offers, row};
use crate::engine::{AddressOutcome, ConnectionState, ConnectionStatus, EndpointState, EndpointStatus};
use crate::model::{Failure, Protocol, Transport};
use crate::session::Scope;
use crate::ui::action::Action;
use crate::ui::panels::target;
use crate::ui::state::{Configured, Ctx};
use crate::ui::widgets::{badge, mono, problem};

const LABEL_WIDTH: f32 = 74.0;
/// Addresses that a name resolved to; more are counted.
const RESOLVED_SHOWN: usize = 8;

/// Lays it out and says how high it is as a whole.
pub fn strip(ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) -> f32 {
    ui.spacing_mut().item_spacing.y = 4.0;
    ui.spacing_mut().interact_size.y = 18.0;
    let area = egui::ScrollArea::vertical().id_salt("sidebar details").auto_shrink([false, true]);
    let shown = area.show(ui, |ui| match &ctx.state.query.scope {
        Scope::All => {}
        Scope::Endpoint(id) => {
            if let Some(configured) = ctx.state.endpoints.iter().find(|endpoint| endpoint.id == *id) {
                endpoint(ctx, ui, configured, actions);
            }
        }
        Scope::Connection(id) => match target::find(ctx, *id) {
            Some((of, peer)) => connection(ctx, ui, of, peer, actions),
            None => {
                ui.label(RichText::new(ctx.words.get("sidebar.not_listed")).color(ctx.theme.dim));
            }
        },
    });
    shown.content_size.y
}

fn endpoint(ctx: &Ctx<'_>, ui: &mut Ui, configured: &Configured, actions: &mut Vec<Action>) {
    let status = ctx.engine.endpoint(configured.id).map(|status| status.as_ref());
    let state = status.map_or(EndpointState::Closed, |status| status.state);
    let title = status.map_or_else(|| target::configured_title(&configured.settings), target::endpoint_title);
    heading(ctx, ui, &title);
    if configured.settings.reachable_from_network() {
        badge(ui, ctx.theme, ctx.words.get("sidebar.reachable")).on_hover_text(ctx.words.get("sidebar.reachable_hint"));
    }
    let words = ctx.words.get(row::endpoint_state_key(state, &configured.settings.protocol));
    let retry = status
        .and_then(|status| status.retry_at)
        .filter(|_| matches!(state, EndpointState::Waiting | EndpointState::Paused));
    let state_words = match retry {
        Some(at) => format!("{words} · {}", row::retry_words(ctx, ui, Some(at))),
        None => words.to_owned(),
    };
    fact(ctx, ui, "sidebar.fact_state", &state_words);
    if let Some(status) = status {
        endpoint_facts(ctx, ui, status);
        if let Some(of) = &status.failure {
            failure(ctx, ui, of);
        }
    }
    offers::buttons(ctx, ui, &offers::of_endpoint(configured, status), actions);
    offers::start_checkbox(ctx, ui, configured, actions);
}

fn endpoint_facts(ctx: &Ctx<'_>, ui: &mut Ui, status: &EndpointStatus) {
    let words = ctx.words;
    if let (Protocol::TcpClient(_), Some(peer)) =
        (&status.settings.protocol, status.peers.iter().find(|peer| offers::is_open(peer)))
    {
        if let Some(address) = peer.flow.peer {
            fact(ctx, ui, "sidebar.fact_peer", &address.to_string());
        }
        directions(ctx, ui, peer);
        warnings(ctx, ui, peer);
    }
    for local in &status.local {
        fact(ctx, ui, "sidebar.fact_local", &local.to_string());
    }
    if !matches!(status.settings.protocol, Protocol::TcpClient(_)) {
        fact(ctx, ui, "sidebar.fact_peers", &words.number(status.open_peers));
    }
    bytes(ctx, ui, &status.totals, status.settings.transport());
    resolved(ctx, ui, status);
    if let Some(buffer) = status.receive_buffer {
        let (given, asked) = (words.bytes(buffer.given), words.bytes(buffer.asked));
        fact(ctx, ui, "sidebar.fact_buffer", &words.fill("sidebar.buffer", &[("given", &given), ("asked", &asked)]));
        if buffer.given < buffer.asked {
            // Linux keeps twice the payload budget, and rmem_max bounds the budget itself.
            let text = words.fill("sidebar.buffer_clamped", &[("bytes", &buffer.asked)]);
            note(ctx, ui, &text);
        }
    }
    if let Some(dropped) = status.dropped {
        let color = if dropped > 0 { ctx.theme.error } else { ctx.theme.text };
        colored_fact(ctx, ui, "sidebar.fact_dropped", &words.number(dropped), color);
    }
    if status.forgotten_peers > 0 {
        fact(ctx, ui, "sidebar.fact_forgotten", &words.number(status.forgotten_peers));
    }
}

fn resolved(ctx: &Ctx<'_>, ui: &mut Ui, status: &EndpointStatus) {
    if status.resolved.is_empty() {
        return;
    }
    ui.label(RichText::new(ctx.words.get("sidebar.fact_resolved")).color(ctx.theme.dim));
    for tried in status.resolved.iter().take(RESOLVED_SHOWN) {
        let (text, color) = match &tried.outcome {
            AddressOutcome::NotTried => (ctx.words.get("sidebar.address_not_tried"), ctx.theme.dim),
            AddressOutcome::Trying => (ctx.words.get("sidebar.address_trying"), ctx.theme.outgoing),
            AddressOutcome::Failed(failure) => (ctx.words.title_of(failure.reason), ctx.theme.error),
            AddressOutcome::Won => (ctx.words.get("sidebar.address_won"), ctx.theme.ok),
        };
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing.x = 8.0;
            ui.label(mono(tried.address.to_string(), ctx.theme.text));
            let response = ui.label(RichText::new(text).text_style(TextStyle::Small).color(color));
            if let AddressOutcome::Failed(failure) = &tried.outcome {
                response.on_hover_text(ctx.words.failure(failure));
            }
        });
    }
    if let Some(more) = status.resolved.len().checked_sub(RESOLVED_SHOWN).filter(|more| *more > 0) {
        note(ctx, ui, &ctx.words.fill("sidebar.more_addresses", &[("count", &more)]));
    }
}

fn connection(ctx: &Ctx<'_>, ui: &mut Ui, of: &EndpointStatus, peer: &ConnectionStatus, actions: &mut Vec<Action>) {
    heading(ctx, ui, &target::peer_name(peer));
    fact(ctx, ui, "sidebar.fact_state", ctx.words.get(row::connection_state_key(&peer.state)));
    directions(ctx, ui, peer);
    if let Some(local) = peer.flow.local {
        fact(ctx, ui, "sidebar.fact_local", &local.to_string());
    }
    bytes(ctx, ui, &peer.totals, of.settings.transport());
    let seconds = ctx.now.nanos_since(peer.opened) / 1_000_000_000;
    fact(ctx, ui, "sidebar.fact_since", &clock_words(ctx, peer.opened, seconds));
    warnings(ctx, ui, peer);
    if let ConnectionState::Failed(of) = &peer.state {
        failure(ctx, ui, of);
    }
    offers::buttons(ctx, ui, &offers::of_connection(of, peer), actions);
}

/// What is open, and yet not as one would think.
fn warnings(ctx: &Ctx<'_>, ui: &mut Ui, peer: &ConnectionStatus) {
    if let Some(millis) = peer.not_reading_millis {
        let time = row::whole_seconds(ctx, millis);
        colored_note(ctx, ui, &ctx.words.fill("sidebar.not_reading_long", &[("time", &time)]));
    }
    if peer.self_connected {
        colored_note(ctx, ui, ctx.words.get("sidebar.self_connected"));
    }
}

/// Each direction's state: either can be finished alone.
fn directions(ctx: &Ctx<'_>, ui: &mut Ui, peer: &ConnectionStatus) {
    if peer.flow.transport != Transport::Tcp {
        return;
    }
    let (received, sent) = match peer.state {
        ConnectionState::Open => ("open", "open"),
        ConnectionState::PeerFinished => ("finished", "open"),
        ConnectionState::WeFinished => ("open", "finished"),
        ConnectionState::Closed | ConnectionState::Reset | ConnectionState::Failed(_) => ("closed", "closed"),
    };
    let word = |state: &str| {
        ctx.words.get(match state {
            "open" => "sidebar.direction_open",
            "finished" => "sidebar.direction_finished",
            _ => "sidebar.direction_closed",
        })
    };
    let text = ctx.words.fill("sidebar.directions", &[("received", &word(received)), ("sent", &word(sent))]);
    fact(ctx, ui, "sidebar.fact_directions", &text);
}

fn bytes(ctx: &Ctx<'_>, ui: &mut Ui, totals: &crate::engine::Totals, transport: Transport) {
    let side = |bytes: u64, events: u64| match transport {
        Transport::Tcp => ctx.words.count("count.bytes", bytes),
        Transport::Udp => {
            format!("{} · {}", ctx.words.count("count.datagrams", events), ctx.words.bytes(bytes))
        }
    };
    fact(ctx, ui, "sidebar.fact_in", &side(totals.bytes_in, totals.events_in));
    fact(ctx, ui, "sidebar.fact_out", &side(totals.bytes_out, totals.events_out));
}

/// The clock time at which it opened, and how long ago.
fn clock_words(ctx: &Ctx<'_>, at: crate::model::Timestamp, seconds_ago: u64) -> String {
    let ago = match seconds_ago {
        0..60 => row::whole_seconds(ctx, seconds_ago * 1000),
        _ => ctx.words.duration(seconds_ago * 1_000_000_000),
    };
    let zone = if ctx.state.local_time { jiff::tz::TimeZone::system() } else { jiff::tz::TimeZone::UTC };
    let clock = i64::try_from(at.0 / 1_000_000_000)
        .ok()
        .and_then(|second| jiff::Timestamp::from_second(second).ok())
        .map(|second| second.to_zoned(zone).strftime("%H:%M:%S").to_string());
    match clock {
        Some(clock) => format!("{clock} · {ago}"),
        None => ago,
    }
}

fn failure(ctx: &Ctx<'_>, ui: &mut Ui, of: &Failure) {
    problem(ui, ctx.theme, &ctx.words.failure(of));
    let hint = ctx.words.hint(of);
    if !hint.is_empty() {
        note(ctx, ui, &hint);
    }
    if let Some(system) = ctx.words.system_answer(of) {
        note(ctx, ui, &system);
    }
}

pub fn heading(ctx: &Ctx<'_>, ui: &mut Ui, text: &str) {
    let text = mono(text, ctx.theme.text).strong();
    ui.add(Label::new(text).truncate());
}

pub fn fact(ctx: &Ctx<'_>, ui: &mut Ui, key: &str, value: &str) {
    colored_fact(ctx, ui, key, value, ctx.theme.text);
}

pub fn colored_fact(ctx: &Ctx<'_>, ui: &mut Ui, key: &str, value: &str, color: egui::Color32) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        let (place, _) = ui.allocate_exact_size(egui::vec2(LABEL_WIDTH, 18.0), egui::Sense::hover());
        let label = ctx.words.get(key);
        let font = TextStyle::Small.resolve(ui.style());
        ui.painter().text(place.left_center(), egui::Align2::LEFT_CENTER, label, font, ctx.theme.dim);
        let response = ui.add(Label::new(RichText::new(value).color(color)).wrap());
        // The label is painted, so the value says it.
        let said = format!("{label}: {value}");
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, &said));
    });
}

fn note(ctx: &Ctx<'_>, ui: &mut Ui, text: &str) {
    ui.add(Label::new(RichText::new(text).color(ctx.theme.dim)).wrap());
}

fn colored_note(ctx: &Ctx<'_>, ui: &mut Ui, text: &str) {
    ui.add(Label::new(RichText::new(text).color(ctx.theme.outgoing)).wrap());
}
