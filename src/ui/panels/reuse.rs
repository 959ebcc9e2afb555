//! What was recorded becomes a payload: into the composer, into the library, or a command for another program.
//!
//! Never: sends. Called by: the menus of a log row, of the bytes panel, and of the saved payloads.

use egui::{RichText, Ui};

use super::target;
use crate::engine::Target;
use crate::model::{Direction, HostPort, Protocol, Recorded, Role, SavedPayload};
use crate::payload::{self, CommandFormat, LONG_FOR_A_COMMAND, Receiver, is_possible, retyped, visible_text};
use crate::ui::action::{Action, LibraryAction, SendAction, SessionAction};
use crate::ui::state::Ctx;

/// A name made of the payload itself is cut here.
const NAME_BYTES: usize = 32;

/// "Send this again" or "Reply with this", "Save as payload…", "Copy as".
pub fn menu(ctx: &Ctx<'_>, ui: &mut Ui, row: &Recorded, bytes: &[u8], actions: &mut Vec<Action>) {
    let words = ctx.words;
    let draft = || retyped(bytes, ctx.state.encoding_of(&row.event.flow));
    let reply = row.event.direction() == Some(Direction::In) && ctx.state.opened_file.is_none();
    let key = if reply { "library.reply_with" } else { "library.send_again" };
    if ui.button(words.get(key)).clicked() {
        if ctx.state.opened_file.is_some() {
            // Nothing can be sent in a file: the sockets of now are what is left.
            actions.push(Action::Session(SessionAction::ShowLive));
        } else if let Some(target) = to_peer(ctx, row) {
            actions.push(Action::Send(SendAction::SetTarget(Some(target))));
        }
        actions.push(Action::Send(SendAction::Edit(draft())));
        ui.close();
    }
    if ui.button(words.get("library.keep")).clicked() {
        let draft = draft();
        let name = visible_text(&draft.text, NAME_BYTES);
        actions.push(Action::Library(LibraryAction::Keep(SavedPayload { name, draft, ..SavedPayload::default() })));
        ui.close();
    }
    copy_as(ctx, ui, bytes, went_to(row).as_ref(), actions);
}

/// A submenu; what no command can do is there and says why.
pub fn copy_as(ctx: &Ctx<'_>, ui: &mut Ui, bytes: &[u8], to: Option<&Receiver>, actions: &mut Vec<Action>) {
    let words = ctx.words;
    ui.menu_button(words.get("library.copy_as"), |ui| {
        if bytes.len() > LONG_FOR_A_COMMAND {
            let size = words.count("count.bytes", bytes.len() as u64);
            ui.label(RichText::new(words.fill("library.long", &[("size", &size)])).color(ctx.theme.dim));
        }
        for format in CommandFormat::ALL {
            let possible = is_possible(bytes.len(), to, format);
            let response = ui.add_enabled(possible, egui::Button::new(words.get(format_key(format))));
            if response.clicked() {
                actions.extend(payload::command(bytes, to, format).map(Action::Copy));
                ui.close();
            }
            response.on_disabled_hover_text(words.get("library.no_receiver"));
        }
    });
}

/// Where a payload goes that is sent to this target, for a command.
pub fn receiver_of(ctx: &Ctx<'_>, target: &Target) -> Option<Receiver> {
    match target {
        Target::Connection(id) => {
            let (endpoint, peer) = target::find(ctx, *id)?;
            let transport = endpoint.settings.transport();
            Some(Receiver { transport, at: peer.flow.peer?.into() })
        }
        Target::Datagram { from, to } => {
            let transport = ctx.engine.endpoint(*from)?.settings.transport();
            Some(Receiver { transport, at: to.clone() })
        }
        Target::Endpoint(id) => {
            let endpoint = ctx.engine.endpoint(*id)?;
            let transport = endpoint.settings.transport();
            let at = match &endpoint.settings.protocol {
                Protocol::TcpClient(client) => client.remote.clone(),
                Protocol::Udp(udp) => udp.remote.clone()?,
                Protocol::TcpListener(_) => {
                    endpoint.peers.iter().find(|peer| target::can_send(peer))?.flow.peer?.into()
                }
            };
            Some(Receiver { transport, at })
        }
    }
}

/// The other end of the row's connection, as it can be reached now: the connection itself while it lives, else what makes
/// another of the same.
fn to_peer(ctx: &Ctx<'_>, row: &Recorded) -> Option<Target> {
    let flow = &row.event.flow;
    if target::find(ctx, flow.connection).is_some_and(|(_, peer)| target::can_send(peer)) {
        return Some(Target::Connection(flow.connection));
    }
    let endpoint = ctx.engine.endpoint(flow.endpoint)?;
    match flow.role {
        Role::Client => Some(Target::Endpoint(flow.endpoint)),
        Role::Datagram if target::is_connected_udp(endpoint) => Some(Target::Endpoint(flow.endpoint)),
        Role::Datagram => Some(Target::Datagram { from: flow.endpoint, to: flow.peer?.into() }),
        // Another peer of the listener is not the one that was meant: the composer says that it is closed.
        Role::Listener => Some(Target::Connection(flow.connection)),
    }
}

/// The address that the bytes of a row travelled to.
fn went_to(row: &Recorded) -> Option<Receiver> {
    let flow = &row.event.flow;
    let at = match row.event.direction()? {
        Direction::Out => flow.peer?,
        Direction::In => flow.local?,
    };
    Some(Receiver { transport: flow.transport, at: HostPort::from(at) })
}

fn format_key(format: CommandFormat) -> &'static str {
    match format {
        CommandFormat::Netcat => "library.copy_netcat",
        CommandFormat::Socat => "library.copy_socat",
        CommandFormat::Python => "library.copy_python",
        CommandFormat::CArray => "library.copy_c",
        CommandFormat::Sockscope => "library.copy_sockscope",
    }
}
