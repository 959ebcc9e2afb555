//! The sockets at the left: listeners with their peers, clients, UDP sockets with their lanes, saved payloads.
//!
//! Owns: which peers are folded, the scroll, the name being typed. Never: sockets; it asks by `Action`.
//! Virtual: the place of a row is computed from counts, and only the rows on screen are laid out.
//! Called by: the window's shell, through the panel registry.

mod detail;
mod offers;
mod opened_file;
mod outline;
mod row;
mod tree;

use egui::{Panel as Side, Pos2, Rect, Sense, Ui, UiBuilder, Vec2};

use super::payload_folders::{Folder, section_menu};
use super::payloads::{Destination, Payloads, by_shortcut};
use super::{Panel, payloads, target};
use crate::engine::{ConnectionStatus, EndpointStatus};
use crate::model::{EndpointId, Protocol, Transport};
use crate::session::Scope;
use crate::ui::action::{Action, LogAction, SendAction};
use crate::ui::state::{Configured, Ctx};

use outline::{Outline, Row};

pub use offers::of_connection as offers_of_connection;
pub use row::{more_button, one_line};

pub const ROW_HEIGHT: f32 = 26.0;

#[derive(Default)]
pub struct Sidebar {
    folded: std::collections::HashSet<EndpointId>,
    /// Endpoints whose closed connections are all listed.
    unfolded_closed: std::collections::HashSet<EndpointId>,
    payloads: Payloads,
    tree: tree::Tree,
    file: opened_file::OpenedFile,
    /// What the strip of details needed in the last frame.
    detail_height: f32,
}

impl Panel for Sidebar {
    fn key(&self) -> &'static str {
        "sidebar"
    }

    fn ui(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
        if ctx.state.opened_file.is_some() {
            return self.file.ui(ctx, ui, actions);
        }
        if ctx.state.query.scope != Scope::All {
            let most = ui.available_height() * 0.55;
            let shown = Side::bottom("sidebar details")
                .resizable(false)
                .exact_size(self.detail_height.clamp(60.0, most.max(61.0)))
                .frame(egui::Frame::new().inner_margin(egui::Margin::symmetric(12, 8)))
                .show(ui, |ui| detail::strip(ctx, ui, actions));
            // As high as what it has to say, from the next frame on.
            let wanted = shown.inner + 18.0;
            if (wanted - self.detail_height).abs() > 0.5 {
                self.detail_height = wanted;
                ui.ctx().request_repaint();
            }
        }
        self.list(ctx, ui, actions);
    }
}

impl Sidebar {
    fn list(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
        let library = self.tree.rows(&ctx.state.payloads);
        let outline = Outline::of(ctx, &self.folded, &self.unfolded_closed, library);
        let to = Destination::of(ctx);
        self.payloads.begin(ctx, ui);
        by_shortcut(ctx, ui, &to, actions);
        super::sequences::by_shortcut(ctx, ui, actions);
        ui.spacing_mut().item_spacing.y = 0.0;
        let area = egui::ScrollArea::vertical().id_salt("sidebar rows").auto_shrink(false);
        area.show_viewport(ui, |ui, viewport| {
            let height = outline.rows() as f32 * ROW_HEIGHT + 8.0;
            let (whole, _) = ui.allocate_exact_size(Vec2::new(ui.available_width(), height), Sense::hover());
            let first = (viewport.top() / ROW_HEIGHT).floor().max(0.0) as usize;
            let last = ((viewport.bottom() / ROW_HEIGHT).ceil().max(0.0) as usize).min(outline.rows());
            for index in first..last {
                let top = whole.top() + 4.0 + index as f32 * ROW_HEIGHT;
                let place = Rect::from_min_size(Pos2::new(whole.left(), top), Vec2::new(whole.width(), ROW_HEIGHT));
                if let Some(row) = outline.row(index) {
                    self.row(ctx, ui, place, &row, &to, actions);
                }
            }
        });
    }

    fn row(
        &mut self,
        ctx: &Ctx<'_>,
        ui: &mut Ui,
        place: Rect,
        row: &Row<'_>,
        to: &Destination,
        actions: &mut Vec<Action>,
    ) {
        match row {
            Row::Section(key) => {
                row::section(ctx, ui, place, ctx.words.get(key));
                if *key == "sidebar.payloads" {
                    section_menu(ctx, ui, place, actions);
                }
            }
            Row::Empty(key) => row::note(ctx, ui, place, ctx.words.get(key)),
            Row::Endpoint(configured, status) => self.endpoint(ctx, ui, place, configured, *status, actions),
            Row::Peer(endpoint, peer) => peer_row(ctx, ui, place, endpoint, peer, actions),
            Row::MoreClosed(id, count) => {
                let text = ctx.words.fill("sidebar.more_closed", &[("count", count)]);
                if row::link(ctx, ui, place, ("more closed", id), &text).clicked() {
                    self.unfolded_closed.insert(*id);
                }
            }
            Row::Forgotten(count) => {
                row::note(ctx, ui, place, &ctx.words.fill("sidebar.forgotten", &[("count", count)]));
            }
            Row::Library(entry) => self.library(ctx, ui, place, entry, to, actions),
        }
    }

    fn library(
        &mut self,
        ctx: &Ctx<'_>,
        ui: &mut Ui,
        place: Rect,
        entry: &tree::Entry,
        to: &Destination,
        actions: &mut Vec<Action>,
    ) {
        match entry {
            tree::Entry::Search => {
                let mut child = ui.new_child(UiBuilder::new().max_rect(place.shrink2(Vec2::new(12.0, 0.0))));
                payloads::search_field(ctx, &mut child, &mut self.tree.search);
            }
            tree::Entry::NothingFound => row::note(ctx, ui, place, ctx.words.get("library.nothing_found")),
            tree::Entry::Folder { path, depth, count, open } => {
                let mut place = place.shrink2(Vec2::new(8.0, 0.0));
                place.min.x += *depth as f32 * row::INDENT;
                let folder = Folder { path, count: *count, open: *open };
                if self.payloads.folder(ctx, ui, place, &folder, actions) {
                    self.tree.toggle(path);
                }
            }
            tree::Entry::Payload { place: index, depth } => {
                let Some(payload) = ctx.state.payloads.get(*index) else { return };
                let mut place = place.shrink2(Vec2::new(8.0, 0.0));
                place.min.x += *depth as f32 * row::INDENT;
                let mut child = ui.new_child(UiBuilder::new().max_rect(place));
                self.payloads.row(ctx, &mut child, *index, payload, to, actions);
            }
        }
    }

    fn endpoint(
        &mut self,
        ctx: &Ctx<'_>,
        ui: &mut Ui,
        place: Rect,
        configured: &Configured,
        status: Option<&EndpointStatus>,
        actions: &mut Vec<Action>,
    ) {
        let scope = Scope::Endpoint(configured.id);
        let selected = ctx.state.query.scope == scope;
        let drawn = row::endpoint(ctx, ui, place, configured, status, selected);
        if drawn.response.clicked() && !selected {
            actions.push(Action::Log(LogAction::Select(scope)));
            if let Some(target) = status.and_then(|status| retarget(ctx, status)) {
                actions.push(Action::Send(SendAction::SetTarget(Some(target))));
            }
        }
        let has_peers = status.is_some_and(|status| !status.peers.is_empty());
        if drawn.response.double_clicked() && has_peers && !self.folded.remove(&configured.id) {
            self.folded.insert(configured.id);
        }
        let menu = |ui: &mut Ui, actions: &mut Vec<Action>, folded: &mut std::collections::HashSet<EndpointId>| {
            if has_peers {
                let is_folded = folded.contains(&configured.id);
                let key = if is_folded { "sidebar.show_peers" } else { "sidebar.hide_peers" };
                if ui.button(ctx.words.get(key)).clicked() {
                    if !folded.remove(&configured.id) {
                        folded.insert(configured.id);
                    }
                    ui.close();
                }
                ui.separator();
            }
            offers::menu(ctx, ui, &offers::of_endpoint(configured, status), actions);
            offers::start_checkbox(ctx, ui, configured, actions);
        };
        drawn.response.context_menu(|ui| menu(ui, actions, &mut self.folded));
        if let Some(more) = &drawn.more {
            egui::Popup::menu(more).show(|ui| menu(ui, actions, &mut self.folded));
        }
    }
}

/// To whom the composer sends when this endpoint is selected.
fn retarget(ctx: &Ctx<'_>, status: &EndpointStatus) -> Option<crate::engine::Target> {
    use crate::engine::Target;
    let from = status.id;
    if status.settings.transport() == Transport::Udp && !target::is_connected_udp(status) {
        // The address typed for this socket before stays.
        return match &ctx.state.target {
            Some(Target::Datagram { from: current, .. }) if *current == from => None,
            _ => Some(Target::Endpoint(from)),
        };
    }
    let is_listener = matches!(status.settings.protocol, Protocol::TcpListener(_));
    let mut open = status.peers.iter().filter(|peer| target::can_send(peer));
    match (is_listener, open.next(), open.next()) {
        // One peer is meant as such: a second one that comes later is not written to by surprise.
        (true, Some(only), None) => Some(Target::Connection(only.id)),
        (true, None, _) => None,
        _ => Some(Target::Endpoint(from)),
    }
}

fn peer_row(
    ctx: &Ctx<'_>,
    ui: &mut Ui,
    place: Rect,
    endpoint: &EndpointStatus,
    peer: &ConnectionStatus,
    actions: &mut Vec<Action>,
) {
    let scope = Scope::Connection(peer.id);
    let selected = ctx.state.query.scope == scope;
    let drawn = row::peer(ctx, ui, place, peer, selected);
    if drawn.response.clicked() && !selected {
        actions.push(Action::Log(LogAction::Select(scope)));
        actions.push(Action::Send(SendAction::SetTarget(Some(crate::engine::Target::Connection(peer.id)))));
    }
    let list = || offers::of_connection(endpoint, peer);
    drawn.response.context_menu(|ui| offers::menu(ctx, ui, &list(), actions));
    if let Some(more) = &drawn.more {
        egui::Popup::menu(more).show(|ui| offers::menu(ctx, ui, &list(), actions));
    }
}
