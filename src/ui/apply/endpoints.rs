//! Endpoints: adding, opening, closing, removing, and what waits for the engine in between.

use super::{Seen, error_toast, toast, words, workspace_changed};
use crate::engine::{EndpointState, EngineSnapshot, Peers, Target};
use crate::model::{
    Answer, ClientSettings, Draft, EndpointId, EndpointSettings, HostPort, ListenerSettings, Protocol, Timestamp,
};
use crate::payload::visible_text;
use crate::session::Scope;
use crate::ui::action::{Action, EndpointAction};
use crate::ui::effects::Effects;
use crate::ui::state::{Configured, State};

pub fn apply(state: &mut State, action: EndpointAction, seen: &Seen<'_>, effects: &mut dyn Effects) {
    match action {
        EndpointAction::Create { settings, replaces } => {
            let edited = replaces.and_then(|id| state.endpoint(id));
            let settings = match edited {
                Some(edited) => settings.keeping(&edited.settings),
                None => *settings,
            };
            // The form stays until what it asked for is open: a failure is said where it was asked for.
            let id = match replaces.filter(|id| state.endpoint(*id).is_some()) {
                Some(id) => {
                    replace(state, id, settings, seen, effects);
                    id
                }
                None => {
                    let id = add(state, settings, state.endpoints.len());
                    // What was just opened is what one means to talk to; a listener has nobody yet.
                    if !matches!(state.endpoint(id).map(|of| &of.settings.protocol), Some(Protocol::TcpListener(_))) {
                        state.target = Some(Target::Endpoint(id));
                    }
                    open(state, id, seen.now, effects);
                    id
                }
            };
            state.last_created = Some(id);
            workspace_changed(state, seen.now);
        }
        EndpointAction::Open(id) => open(state, id, seen.now, effects),
        EndpointAction::Close(id, peers) => effects.close(id, peers),
        EndpointAction::ClosePeers(id, how) => effects.close_peers(id, how),
        EndpointAction::CloseConnection(id, how) => effects.close_connection(id, how),
        EndpointAction::Remove(id) => remove(state, id, seen, effects),
        EndpointAction::Restore { settings, place, open: was_open } => {
            let id = add(state, *settings, place);
            if was_open {
                open(state, id, seen.now, effects);
            }
            workspace_changed(state, seen.now);
        }
        EndpointAction::SetStartWithWorkspace(id, on) => {
            if let Some(endpoint) = state.endpoints.iter_mut().find(|endpoint| endpoint.id == id) {
                endpoint.settings.start_with_workspace = on;
                workspace_changed(state, seen.now);
            }
        }
        EndpointAction::Retune(id, settings) => {
            if let Some(endpoint) = state.endpoints.iter_mut().find(|endpoint| endpoint.id == id) {
                endpoint.settings = endpoint.settings.clone().keeping(&settings);
                effects.retune(id, endpoint.settings.clone());
                workspace_changed(state, seen.now);
            }
        }
        EndpointAction::ResumeReplies(id) => effects.resume_replies(id),
        EndpointAction::SetRegister { endpoint, table, address, value } => {
            effects.set_register(endpoint, table, address, value);
            if let Some(of) = state.endpoints.iter_mut().find(|of| of.id == endpoint) {
                of.settings.modbus.begin_with(table, address, value);
                workspace_changed(state, seen.now);
            }
        }
        EndpointAction::EchoDemo => {
            clear_demo(state, seen, effects);
            let listener = ListenerSettings { port: 0, answer: Answer::Echo, ..ListenerSettings::default() };
            let mut settings = EndpointSettings::new(Protocol::TcpListener(listener));
            settings.name = Some(words(state).get("top.echo_listener").to_owned());
            let id = add(state, settings, state.endpoints.len());
            state.waiting.echo.push(id);
            open(state, id, seen.now, effects);
            workspace_changed(state, seen.now);
        }
    }
}

/// Takes away what an earlier demo left in the workspace and is not open: its port is another one each time.
fn clear_demo(state: &mut State, seen: &Seen<'_>, effects: &mut dyn Effects) {
    let names = [words(state).get("top.echo_listener"), words(state).get("top.echo_client")];
    let is_old = |endpoint: &Configured| {
        let is_closed = seen
            .engine
            .endpoint(endpoint.id)
            .is_none_or(|status| matches!(status.state, EndpointState::Closed | EndpointState::Failed));
        let is_demo = match &endpoint.settings.protocol {
            Protocol::TcpListener(listener) => listener.port == 0 && listener.answer == Answer::Echo,
            Protocol::TcpClient(client) => client.remote.host == "127.0.0.1",
            Protocol::Udp(_) => false,
        };
        is_closed && is_demo && endpoint.settings.name.as_deref().is_some_and(|name| names.contains(&name))
    };
    let old: Vec<EndpointId> =
        state.endpoints.iter().filter(|endpoint| is_old(endpoint)).map(|endpoint| endpoint.id).collect();
    state.endpoints.retain(|endpoint| !old.contains(&endpoint.id));
    for id in old {
        effects.forget(id);
    }
}

/// Gives ids to the endpoints of a workspace that was read.
pub fn adopt(state: &mut State, endpoints: Vec<EndpointSettings>) {
    state.endpoints.clear();
    for settings in endpoints {
        add(state, settings, state.endpoints.len());
    }
}

pub fn engine_moved(state: &mut State, engine: &EngineSnapshot, now: Timestamp, effects: &mut dyn Effects) {
    let is_closed = |id: EndpointId| {
        engine
            .endpoint(id)
            .is_none_or(|endpoint| matches!(endpoint.state, EndpointState::Closed | EndpointState::Failed))
    };
    let ready: Vec<EndpointId> = state.waiting.reopen.iter().copied().filter(|id| is_closed(*id)).collect();
    state.waiting.reopen.retain(|id| !ready.contains(id));
    for id in ready {
        open(state, id, now, effects);
    }
    for id in std::mem::take(&mut state.waiting.echo) {
        let Some(endpoint) = engine.endpoint(id) else {
            if state.endpoint(id).is_some() {
                state.waiting.echo.push(id);
            }
            continue;
        };
        match endpoint.state {
            EndpointState::Open => {
                if let Some(address) = endpoint.local.first() {
                    let client = ClientSettings::new(HostPort::from(*address));
                    let mut settings = EndpointSettings::new(Protocol::TcpClient(client));
                    settings.name = Some(words(state).get("top.echo_client").to_owned());
                    let client = add(state, settings, state.endpoints.len());
                    open(state, client, now, effects);
                    offer_hello(state, client);
                    workspace_changed(state, now);
                }
            }
            EndpointState::Closed | EndpointState::Failed => {}
            _ => state.waiting.echo.push(id),
        }
    }
}

/// One press of Send shows the round trip.
fn offer_hello(state: &mut State, client: EndpointId) {
    state.target = Some(Target::Endpoint(client));
    let draft = Draft { text: "hello\\r\\n".to_owned(), ..Draft::default() };
    state.edited_draft = (state.edited_draft.0 + 1, draft);
    state.draft_is_offer = true;
}

fn add(state: &mut State, settings: EndpointSettings, place: usize) -> EndpointId {
    state.next_endpoint += 1;
    let id = EndpointId(state.next_endpoint);
    let place = place.min(state.endpoints.len());
    state.endpoints.insert(place, Configured { id, settings });
    id
}

fn open(state: &mut State, id: EndpointId, now: Timestamp, effects: &mut dyn Effects) {
    let Some(settings) = state.endpoint(id).map(|endpoint| endpoint.settings.clone()) else { return };
    if effects.open(id, settings).is_err() {
        error_toast(state, words(state).get("engine.busy").to_owned(), now);
    }
}

/// Closes the old socket first: the new one may want the same port.
fn replace(state: &mut State, id: EndpointId, settings: EndpointSettings, seen: &Seen<'_>, effects: &mut dyn Effects) {
    let Some(endpoint) = state.endpoints.iter_mut().find(|endpoint| endpoint.id == id) else { return };
    endpoint.settings = settings;
    if seen.engine.endpoint(id).is_some() {
        effects.close(id, Peers::Close);
        state.waiting.reopen.retain(|waiting| *waiting != id);
        state.waiting.reopen.push_back(id);
    } else {
        open(state, id, seen.now, effects);
    }
}

fn remove(state: &mut State, id: EndpointId, seen: &Seen<'_>, effects: &mut dyn Effects) {
    let Some(place) = state.endpoints.iter().position(|endpoint| endpoint.id == id) else { return };
    let Configured { settings, .. } = state.endpoints.remove(place);
    let was_open = seen
        .engine
        .endpoint(id)
        .is_some_and(|endpoint| !matches!(endpoint.state, EndpointState::Closed | EndpointState::Failed));
    effects.forget(id);
    let scope_is_gone = match &state.query.scope {
        Scope::All => false,
        Scope::Endpoint(shown) => *shown == id,
        Scope::Connection(connection) => {
            seen.engine.endpoint(id).is_some_and(|endpoint| endpoint.peers.iter().any(|peer| peer.id == *connection))
        }
    };
    if scope_is_gone {
        state.query.scope = Scope::All;
        effects.show(state.query.clone());
    }
    let endpoint = visible_text(&settings.uri().to_string(), 200);
    let text = words(state).fill("toasts.removed", &[("endpoint", &endpoint)]);
    let undo = Action::Endpoint(EndpointAction::Restore { settings: settings.into(), place, open: was_open });
    toast(state, text, seen.now, Some(undo));
    workspace_changed(state, seen.now);
}
