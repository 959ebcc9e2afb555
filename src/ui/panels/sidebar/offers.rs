//! What can be done with an endpoint or a connection now; the same list feeds the menu of a row and the buttons of the strip.
//! Called by: the sidebar.

use egui::Ui;

use crate::engine::{CloseHow, ConnectionState, ConnectionStatus, EndpointState, EndpointStatus, Peers};
use crate::model::{ConnectionId, Protocol, Transport};
use crate::ui::action::{Action, EndpointAction, Form, ViewAction};
use crate::ui::panels::{service, target};
use crate::ui::state::{Configured, Ctx};
use crate::ui::widgets::small_button;

pub struct Offer {
    pub key: &'static str,
    pub action: Action,
}

fn offer(key: &'static str, action: EndpointAction) -> Offer {
    Offer { key, action: Action::Endpoint(action) }
}

fn close(key: &'static str, id: ConnectionId, how: CloseHow) -> Offer {
    offer(key, EndpointAction::CloseConnection(id, how))
}

pub fn of_endpoint(configured: &Configured, status: Option<&EndpointStatus>) -> Vec<Offer> {
    let id = configured.id;
    let state = status.map_or(EndpointState::Closed, |status| status.state);
    let open_peers = status.map_or(0, |status| status.open_peers);
    let over = matches!(state, EndpointState::Closed | EndpointState::Failed);
    let mut offers = Vec::new();
    match &configured.settings.protocol {
        Protocol::TcpListener(_) => {
            if !over && open_peers == 0 {
                offers.push(offer("sidebar.stop", EndpointAction::Close(id, Peers::Close)));
            } else if !over {
                offers.push(offer("sidebar.stop_keep", EndpointAction::Close(id, Peers::Keep)));
                offers.push(offer("sidebar.stop_close", EndpointAction::Close(id, Peers::Close)));
            }
            if open_peers > 0 {
                offers.push(offer("sidebar.close_peers", EndpointAction::ClosePeers(id, CloseHow::Close)));
            }
        }
        Protocol::TcpClient(_) => client(id, state, status, &mut offers),
        Protocol::Udp(_) => {
            if !over {
                offers.push(offer("sidebar.close", EndpointAction::Close(id, Peers::Close)));
            }
            if open_peers > 0 {
                offers.push(offer("sidebar.forget_peers", EndpointAction::ClosePeers(id, CloseHow::Close)));
            }
        }
    }
    if over && !matches!(configured.settings.protocol, Protocol::TcpClient(_)) {
        offers.push(offer("sidebar.open_again", EndpointAction::Open(id)));
    }
    offers.push(Offer { key: "sidebar.edit", action: Action::View(ViewAction::ShowForm(Form::Edit(id))) });
    offers.push(Offer { key: "sidebar.replies", action: Action::View(ViewAction::ShowForm(Form::Replies(id))) });
    if service::can_be_edited(configured) {
        offers.push(Offer { key: "sidebar.service", action: Action::View(ViewAction::ShowForm(Form::Service(id))) });
    }
    offers.push(Offer { key: "sidebar.framing", action: Action::View(ViewAction::ShowForm(Form::Framing(id))) });
    let address = match status {
        Some(status) => address_of(status),
        None => configured.settings.uri().at.to_string(),
    };
    offers.push(Offer { key: "sidebar.copy_address", action: Action::Copy(address) });
    offers.push(offer("sidebar.remove", EndpointAction::Remove(id)));
    offers
}

fn client(
    id: crate::model::EndpointId,
    state: EndpointState,
    status: Option<&EndpointStatus>,
    offers: &mut Vec<Offer>,
) {
    match state {
        EndpointState::Closed | EndpointState::Failed => {
            offers.push(offer("sidebar.connect", EndpointAction::Open(id)));
        }
        EndpointState::Resolving | EndpointState::Connecting | EndpointState::Waiting => {
            offers.push(offer("sidebar.cancel", EndpointAction::Close(id, Peers::Close)));
        }
        EndpointState::Open | EndpointState::Paused => {
            offers.push(offer("sidebar.disconnect", EndpointAction::Close(id, Peers::Close)));
            if let Some(peer) = status.and_then(|status| status.peers.iter().find(|peer| is_open(peer))) {
                if target::can_send(peer) {
                    offers.push(close("sidebar.finish_sending", peer.id, CloseHow::FinishSending));
                }
                offers.push(close("sidebar.reset", peer.id, CloseHow::Reset));
            }
        }
    }
}

pub fn of_connection(endpoint: &EndpointStatus, peer: &ConnectionStatus) -> Vec<Offer> {
    let mut offers = Vec::new();
    let tcp = endpoint.settings.transport() == Transport::Tcp;
    if tcp && target::can_send(peer) {
        offers.push(close("sidebar.finish_sending", peer.id, CloseHow::FinishSending));
    }
    if tcp && is_open(peer) {
        offers.push(close("sidebar.close", peer.id, CloseHow::Close));
        offers.push(close("sidebar.reset", peer.id, CloseHow::Reset));
    }
    if !tcp && is_open(peer) {
        offers.push(close("sidebar.forget", peer.id, CloseHow::Close));
    }
    offers.push(Offer { key: "sidebar.copy_address", action: Action::Copy(target::peer_name(peer)) });
    offers
}

pub fn is_open(peer: &ConnectionStatus) -> bool {
    matches!(peer.state, ConnectionState::Open | ConnectionState::PeerFinished | ConnectionState::WeFinished)
}

fn address_of(status: &EndpointStatus) -> String {
    match (&status.settings.protocol, status.local.first()) {
        (Protocol::TcpListener(_), Some(local)) => local.to_string(),
        (Protocol::Udp(udp), Some(local)) if udp.remote.is_none() => local.to_string(),
        _ => status.settings.uri().at.to_string(),
    }
}

/// The offers as entries of a menu.
pub fn menu(ctx: &Ctx<'_>, ui: &mut Ui, offers: &[Offer], actions: &mut Vec<Action>) {
    ui.set_min_width(180.0);
    for offer in offers {
        let text = ctx.words.get(offer.key);
        let response = ui.button(text);
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::MenuItem, true, text));
        if response.clicked() {
            actions.push(offer.action.clone());
            ui.close();
        }
    }
}

/// The offers as buttons that wrap.
pub fn buttons(ctx: &Ctx<'_>, ui: &mut Ui, offers: &[Offer], actions: &mut Vec<Action>) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = egui::vec2(6.0, 6.0);
        for offer in offers {
            if small_button(ui, ctx.theme, ctx.words.get(offer.key)).clicked() {
                actions.push(offer.action.clone());
            }
        }
    });
}

pub fn start_checkbox(ctx: &Ctx<'_>, ui: &mut Ui, configured: &Configured, actions: &mut Vec<Action>) {
    let mut start = configured.settings.start_with_workspace;
    if ui.checkbox(&mut start, ctx.words.get("sidebar.start_with_workspace")).clicked() {
        actions.push(Action::Endpoint(EndpointAction::SetStartWithWorkspace(configured.id, start)));
    }
}
