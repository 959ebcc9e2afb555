//! Connections that a sequence makes for itself, to the remote of a client.
//!
//! Owns: their endpoint, which is not listed and holds nothing but them. Never: steps. Called by: `sequence`.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{OnceCell, Semaphore};

use super::super::endpoint::Endpoint;
use super::super::pairs::End;
use super::super::resolve::{interleave, resolve};
use super::super::shared::{Shared, note_failure};
use super::super::tcp_connect::Race;
use super::super::tcp_stream::{Conversation, Fresh, Manners};
use super::intake::Listening;
use crate::model::{ClientSettings, Doing, EndpointSettings, Failure, Flow, Happening, Reason};
use crate::session::RecorderHandle;

/// Connections that are being made at a time.
const CONNECTING: usize = 256;

pub(super) struct Remote {
    endpoint: Arc<Endpoint>,
    settings: ClientSettings,
    flow: Arc<Flow>,
    /// Asked for once.
    addresses: OnceCell<Vec<SocketAddr>>,
    turns: Semaphore,
}

impl Remote {
    pub fn new(client: &Endpoint, settings: EndpointSettings, remote: ClientSettings) -> Self {
        // Its own, so that the client that a person sees keeps its connection, its addresses and its state.
        let endpoint = Arc::new(Endpoint::new(client.id, settings));
        let flow = endpoint.flow(None);
        Self { endpoint, settings: remote, flow, addresses: OnceCell::new(), turns: Semaphore::new(CONNECTING) }
    }

    pub fn name(&self) -> String {
        self.settings.remote.to_string()
    }

    /// Connects and begins to read; what came of it is written down.
    pub async fn connect(
        &self,
        shared: &Arc<Shared>,
        recorder: &RecorderHandle,
        deaf: bool,
    ) -> Result<Listening, Failure> {
        let _turn = self.turns.acquire().await;
        let limit = Duration::from_millis(self.settings.connect_timeout_millis);
        let connecting = tokio::time::timeout(limit, self.connected(shared, recorder, deaf)).await;
        let timed_out = |_| Err(Failure::new(Doing::Connect, self.name(), Reason::TimedOut));
        let outcome = connecting.unwrap_or_else(timed_out);
        if let Err(failure) = &outcome {
            note_failure(recorder, &self.flow, failure.clone());
        }
        outcome
    }

    async fn connected(
        &self,
        shared: &Arc<Shared>,
        recorder: &RecorderHandle,
        deaf: bool,
    ) -> Result<Listening, Failure> {
        let resolving = || async { resolve(&*shared.resolver, &self.settings.remote).await.map(interleave) };
        let addresses = self.addresses.get_or_try_init(resolving).await?;
        let race = Race { shared, recorder, endpoint: &self.endpoint, flow: &self.flow, addresses };
        let began = Instant::now();
        let won = race
            .run(&self.settings, End { echoes: false, order: Default::default(), streak: Default::default() })
            .await?;
        let took_nanos = u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let self_connected = won.local == won.peer;
        let flow = Arc::new(Flow {
            connection: shared.next_connection(),
            local: Some(won.local),
            peer: Some(won.peer),
            ..Flow::clone(&self.flow)
        });
        let fresh = Fresh { stream: won.stream, flow: flow.clone(), self_connected, pair: won.pair };
        let begun = Conversation::begin(shared, recorder.clone(), &self.endpoint, fresh, Manners::default());
        let cancelled = || Failure::new(Doing::Connect, won.peer.to_string(), Reason::Cancelled);
        let conversation = begun.ok_or_else(cancelled)?;
        recorder.note(recorder.happened(&flow, Happening::Connected { took_nanos, self_connected }));
        let peer = shared.peer(flow.connection).ok_or_else(cancelled)?;
        // Before the first read.
        let listening = Listening::new(&peer, &shared.runs.held, deaf);
        shared.spawn(async move {
            conversation.run().await;
        });
        Ok(listening)
    }
}
