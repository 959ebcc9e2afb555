//! One run of an endpoint: from the order to open it until it is closed or has failed.
//!
//! Owns: the beginning and the end that all kinds of endpoints share. Never: sockets. Called by: `Engine::open`.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::endpoint::Endpoint;
use super::shared::{Shared, note_failure};
use super::status::EndpointState;
use super::tcp_stream::internal_error;
use super::{tcp_client, tcp_listener, udp};
use crate::kernel;
use crate::model::{Doing, EndpointSettings, Failure, Flow, Happening, Protocol, Reason, Role, Transport};
use crate::session::RecorderHandle;

/// An endpoint that was open and has ended in good order.
pub(super) struct Opened {
    /// With the real port.
    pub flow: Arc<Flow>,
}

/// Shows the end of a run even when its task dies.
struct Run {
    shared: Arc<Shared>,
    recorder: RecorderHandle,
    endpoint: Arc<Endpoint>,
    stop: CancellationToken,
    over: bool,
}

pub(super) async fn run(
    shared: Arc<Shared>,
    recorder: RecorderHandle,
    endpoint: Arc<Endpoint>,
    settings: EndpointSettings,
    stop: CancellationToken,
) {
    let last_run = endpoint.clone();
    let _turn = tokio::select! {
        biased;
        () = stop.cancelled() => return closed(&shared, &endpoint, &stop),
        turn = last_run.turn.lock() => turn,
    };
    let mut run = Run { shared, recorder, endpoint, stop, over: false };
    let Run { shared, recorder, endpoint, stop, .. } = &run;
    endpoint.prepare_replies(shared, recorder);
    let result = match &settings.protocol {
        Protocol::TcpListener(listener) => tcp_listener::run(shared, recorder, endpoint, listener, stop).await,
        Protocol::TcpClient(client) => tcp_client::run(shared, recorder, endpoint, client, stop).await,
        Protocol::Udp(socket) => udp::run(shared, recorder, endpoint, socket, stop).await,
    };
    run.over = true;
    let Run { shared, recorder, endpoint, stop, .. } = &run;
    match result {
        Ok(opened) => {
            if !matches!(settings.protocol, Protocol::TcpClient(_)) {
                let peers_kept = if opened.flow.transport == Transport::Tcp { kept(endpoint) } else { 0 };
                recorder.note(recorder.happened(&opened.flow, Happening::Stopped { peers_kept }));
            }
            closed(shared, endpoint, stop);
        }
        Err(failure) => {
            // A client has told of each of its failures already.
            if !matches!(settings.protocol, Protocol::TcpClient(_)) {
                note_failure(recorder, &endpoint.flow(None), failure.clone());
            }
            run.failed(failure);
        }
    }
}

/// Peers that live on after their listener.
fn kept(endpoint: &Endpoint) -> u64 {
    endpoint.open_peers().iter().filter(|peer| !peer.stop().is_cancelled()).count() as u64
}

/// A later run may be showing its own state already.
fn closed(shared: &Shared, endpoint: &Endpoint, stop: &CancellationToken) {
    if !endpoint.is_current(stop) {
        return;
    }
    shared.show(endpoint, |shown| {
        shown.state = EndpointState::Closed;
        shown.failure = None;
        shown.retry_at = None;
    });
}

impl Run {
    fn failed(&self, failure: Failure) {
        if self.endpoint.is_current(&self.stop) {
            self.shared.show(&self.endpoint, |shown| {
                shown.state = EndpointState::Failed;
                shown.retry_at = None;
                shown.failure = Some(failure);
            });
        }
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        if self.over {
            return;
        }
        self.stop.cancel();
        if std::thread::panicking() {
            let flow = self.endpoint.flow(None);
            let doing = match flow.role {
                Role::Listener => Doing::Listen,
                Role::Client => Doing::Connect,
                Role::Datagram => Doing::Bind,
            };
            let failure = internal_error(doing, flow.endpoint_uri.to_string());
            note_failure(&self.recorder, &flow, failure.clone());
            self.failed(failure);
        } else {
            closed(&self.shared, &self.endpoint, &self.stop);
        }
    }
}

/// Adds who holds the port, which takes a search through /proc: never on a thread that serves sockets.
pub(super) async fn taken_by(transport: Transport, at: SocketAddr, mut failure: Failure) -> Failure {
    if failure.reason == Reason::PortTaken {
        let search = tokio::task::spawn_blocking(move || kernel::port_holder(transport, at));
        failure.holder = search.await.unwrap_or(None);
    }
    failure
}
