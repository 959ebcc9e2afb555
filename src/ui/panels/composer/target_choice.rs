//! "Send to": the grouped list of targets, and the address field of a UDP socket.
//! Virtual: of ten thousand peers only the rows on screen are laid out.

use egui::{ComboBox, RichText, ScrollArea, TextStyle, Ui};

use super::Composer;
use crate::engine::{EndpointState, EndpointStatus, Target};
use crate::model::{EndpointUri, HostPort, Protocol, Transport};
use crate::ui::action::{Action, SendAction};
use crate::ui::panels::target;
use crate::ui::state::Ctx;
use crate::ui::widgets::{Field, mono};

const ROW_HEIGHT: f32 = 24.0;
const LIST_HEIGHT: f32 = 320.0;

/// A row of the list. Peers are named by their place, so that the list costs nothing while it is built.
enum Entry<'a> {
    Heading(&'static str),
    All(&'a EndpointStatus),
    Peer(&'a EndpointStatus, usize),
    /// A client, or a UDP socket (connected, or with an address to be typed).
    Endpoint(&'a EndpointStatus),
}

/// `host:port`, or the same in a pasted `udp://host:port`.
pub fn read_address(text: &str) -> Option<HostPort> {
    let text = text.trim();
    match text.parse::<EndpointUri>() {
        Ok(uri) if uri.transport == Transport::Udp => Some(uri.at),
        _ => text.parse().ok(),
    }
}

/// Whether an address stands beside the target.
pub fn takes_address(ctx: &Ctx<'_>, target: Option<&Target>) -> bool {
    match target {
        Some(Target::Datagram { .. }) => true,
        Some(Target::Endpoint(id)) => target::wants_address(ctx, *id),
        _ => false,
    }
}

impl Composer {
    pub(super) fn target_choice(
        &mut self,
        ctx: &Ctx<'_>,
        ui: &mut Ui,
        target: Option<&Target>,
        actions: &mut Vec<Action>,
    ) {
        let shown = match target {
            Some(target) => target::name(ctx, target),
            None => ctx.words.get("composer.nobody").to_owned(),
        };
        let name = ctx.words.get("composer.send_to");
        let label = ui.label(RichText::new(name).color(ctx.theme.dim));
        let width = if ui.available_width() < 560.0 { 130.0 } else { 190.0 };
        let combo = ComboBox::from_id_salt("composer target")
            .selected_text(mono(shown, ctx.theme.text))
            .width(width)
            .height(LIST_HEIGHT)
            .truncate();
        let combo = combo.show_ui(ui, |ui| target_list(ctx, ui, target, actions));
        combo.response.labelled_by(label.id);
        self.address_field(ctx, ui, target, actions);
    }

    fn address_field(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, target: Option<&Target>, actions: &mut Vec<Action>) {
        let from = match target {
            Some(Target::Datagram { from, .. }) => *from,
            Some(Target::Endpoint(id)) if target::wants_address(ctx, *id) => *id,
            _ => return,
        };
        let field = Field {
            theme: ctx.theme,
            name: ctx.words.get("composer.to_address"),
            width: 190.0,
            placeholder: ctx.words.get("composer.to_placeholder"),
        };
        let response = field.show(ui, egui::Id::unique("composer to"), &mut self.to);
        if response.changed() {
            let target = match read_address(&self.to.text) {
                Some(to) => Target::Datagram { from, to },
                None => Target::Endpoint(from),
            };
            actions.push(Action::Send(SendAction::SetTarget(Some(target))));
        }
    }
}

fn target_list(ctx: &Ctx<'_>, ui: &mut Ui, chosen: Option<&Target>, actions: &mut Vec<Action>) {
    let entries = entries(ctx);
    if entries.is_empty() {
        ui.label(RichText::new(ctx.words.get("composer.nobody")).color(ctx.theme.dim));
        return;
    }
    ui.set_min_width(280.0);
    ui.spacing_mut().item_spacing.y = 0.0;
    ScrollArea::vertical().max_height(LIST_HEIGHT).show_rows(ui, ROW_HEIGHT, entries.len(), |ui, rows| {
        for entry in &entries[rows] {
            target_row(ctx, ui, entry, chosen, actions);
        }
    });
}

fn entries<'a>(ctx: &Ctx<'a>) -> Vec<Entry<'a>> {
    let mut tcp = Vec::new();
    let mut all = Vec::new();
    let mut udp = Vec::new();
    for endpoint in &ctx.engine.endpoints {
        let endpoint = endpoint.as_ref();
        let open_peers = endpoint.peers.iter().enumerate().filter(|(_, peer)| target::can_send(peer));
        match &endpoint.settings.protocol {
            Protocol::TcpListener(_) => {
                tcp.extend(open_peers.map(|(place, _)| Entry::Peer(endpoint, place)));
                if endpoint.peers.iter().any(target::can_send) {
                    all.push(Entry::All(endpoint));
                }
            }
            Protocol::TcpClient(_) => {
                if endpoint.peers.iter().any(target::can_send) {
                    tcp.push(Entry::Endpoint(endpoint));
                }
            }
            Protocol::Udp(_) if endpoint.state == EndpointState::Open => {
                udp.push(Entry::Endpoint(endpoint));
                if !target::is_connected_udp(endpoint) {
                    udp.extend(open_peers.map(|(place, _)| Entry::Peer(endpoint, place)));
                }
            }
            Protocol::Udp(_) => {}
        }
    }
    let mut list = Vec::new();
    for (heading, mut group) in
        [("composer.group_connections", tcp), ("composer.group_all", all), ("composer.group_udp", udp)]
    {
        if !group.is_empty() {
            list.push(Entry::Heading(heading));
            list.append(&mut group);
        }
    }
    list
}

fn target_row(ctx: &Ctx<'_>, ui: &mut Ui, entry: &Entry<'_>, chosen: Option<&Target>, actions: &mut Vec<Action>) {
    let (target, text) = match entry {
        Entry::Heading(key) => {
            let text = RichText::new(ctx.words.get(key)).text_style(TextStyle::Small).color(ctx.theme.dim);
            ui.add_sized([ui.available_width(), ROW_HEIGHT], egui::Label::new(text).halign(egui::Align::LEFT));
            return;
        }
        Entry::All(endpoint) => {
            let target = Target::Endpoint(endpoint.id);
            let text = target::name(ctx, &target);
            (target, text)
        }
        Entry::Peer(endpoint, place) => {
            let peer = &endpoint.peers[*place];
            (Target::Connection(peer.id), target::peer_name(peer))
        }
        Entry::Endpoint(endpoint) => (Target::Endpoint(endpoint.id), endpoint_text(ctx, endpoint)),
    };
    let selected = chosen == Some(&target);
    ui.push_id(format!("{target:?}"), |ui| {
        let button = egui::Button::selectable(selected, mono(text, ctx.theme.text))
            .truncate()
            .min_size(egui::vec2(ui.available_width(), ROW_HEIGHT));
        if ui.add(button).clicked() {
            actions.push(Action::Send(SendAction::SetTarget(Some(target))));
            ui.close();
        }
    });
}

fn endpoint_text(ctx: &Ctx<'_>, endpoint: &EndpointStatus) -> String {
    let title = target::endpoint_title(endpoint);
    match &endpoint.settings.protocol {
        Protocol::Udp(udp) if udp.remote.is_none() => ctx.words.fill("composer.udp_any", &[("socket", &title)]),
        _ => title,
    }
}
