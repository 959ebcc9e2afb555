//! `sockscope connect`: standard input to the peer, what the peer says to standard output, half-close at the input's end.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::sync::mpsc;

use super::Refusal;
use super::arguments::ConnectArguments;
use super::endpoints;
use super::live::{self, Live, sentence};
use super::printer::Output;
use super::standard;
use crate::engine::{CloseHow, EndpointState, SendState, Source, Target};
use crate::model::{EndpointId, MAX_DATAGRAM_V4, Transport};
use crate::words::{Language, Words};

const ID: EndpointId = EndpointId(1);
/// What is taken from the input for one send over TCP, at most.
const SEND_BYTES: usize = 1024 * 1024;
/// After the peer's end, an input that is silent for so long is not waited for.
const SILENT_INPUT: Duration = Duration::from_millis(500);

type Input = mpsc::Receiver<std::io::Result<Bytes>>;

pub fn connect(arguments: ConnectArguments) -> Result<(), Refusal> {
    let settings = endpoints::connecting(&arguments.endpoint);
    live::run(&arguments.session, Output::Bytes, arguments.session.encodings(), async |live| {
        live.set_unfinished(Some(format!("{} was not connected in time.", arguments.endpoint)));
        live.open(ID, &settings).await;
        live.opened(ID).await.map_err(|failure| sentence(&failure))?;
        live.set_unfinished(None);
        match arguments.endpoint.transport {
            Transport::Tcp => talk_stream(live, arguments.keep_sending).await,
            Transport::Udp => talk_datagrams(live).await,
        }
    })
}

async fn talk_stream(live: &Live, keep_sending: bool) -> Result<(), Refusal> {
    let mut input = open_input(standard::PIECE_BYTES)?;
    let sending = async {
        send_stream(live, &mut input, keep_sending).await?;
        live.seen_when(|seen| seen.life.peer_finished).await;
        Ok(())
    };
    let outcome = tokio::select! {
        biased;
        () = live.ended_or_gone(ID) => Ok(()),
        outcome = sending => outcome,
    };
    // A reset explains a send that failed better than "broken pipe" does.
    let life = live.life();
    if let Some((reset, flow)) = &life.reset {
        return Err(Words::of(Language::English).happening(reset, flow));
    }
    if let Some(failure) = &life.failure {
        return Err(sentence(failure));
    }
    outcome
}

/// Sends the input until its end, then finishes sending. The peer's end ends it too, once the input is silent.
async fn send_stream(live: &Live, input: &mut Input, keep_sending: bool) -> Result<(), Refusal> {
    let mut sent = 0;
    loop {
        let silent = async {
            if keep_sending {
                std::future::pending::<()>().await;
            }
            live.seen_when(|seen| seen.life.peer_finished).await;
            tokio::time::sleep(SILENT_INPUT).await;
        };
        let piece = tokio::select! {
            biased;
            piece = input.recv() => piece,
            () = silent => return Ok(()),
        };
        let Some(piece) = piece else { break };
        let mut bytes = BytesMut::from(piece.map_err(input_refusal)?);
        while bytes.len() < SEND_BYTES {
            match input.try_recv() {
                Ok(piece) => bytes.extend_from_slice(&piece.map_err(input_refusal)?),
                Err(_) => break,
            }
        }
        send_and_wait(live, bytes.freeze(), &mut sent).await?;
    }
    finish_sending(live);
    Ok(())
}

/// Each piece of the input is one datagram. A datagram socket has no end: --for, --events or a signal ends it.
async fn talk_datagrams(live: &Live) -> Result<(), Refusal> {
    let mut input = open_input(MAX_DATAGRAM_V4)?;
    let sending = async {
        let mut sent = 0;
        while let Some(piece) = input.recv().await {
            send_and_wait(live, piece.map_err(input_refusal)?, &mut sent).await?;
        }
        Ok::<(), Refusal>(())
    };
    sending.await?;
    live.seen_when(|seen| {
        // Told again whenever it changes, so that stopping is a failure exactly while the peer is known to be away.
        live.set_unfinished(seen.life.unreachable().map(sentence));
        false
    })
    .await;
    Ok(())
}

/// Sends one piece and waits until the system has taken all of it, so that pieces keep their order.
///
/// The engine tells its state every 50 ms or more; the events of the writes are here within 1 or 2, so they are listened to
/// as well.
async fn send_and_wait(live: &Live, bytes: Bytes, before: &mut u64) -> Result<(), Refusal> {
    let id = loop {
        match live.engine.send(Target::Endpoint(ID), Source::Bytes(bytes.clone()), None) {
            Ok(id) => break id,
            Err(_) => tokio::time::sleep(Duration::from_millis(1)).await,
        }
    };
    *before += bytes.len() as u64;
    let all = *before;
    let state = live.snapshot_when(|snapshot| match &snapshot.send(id)?.state {
        SendState::Running => None,
        SendState::Done => Some(Ok(())),
        SendState::Stopped => Some(Err("Sending was stopped before all of the input was sent.".to_owned())),
        SendState::Failed(failure) => Some(Err(sentence(failure))),
    });
    tokio::select! {
        biased;
        () = live.seen_when(|seen| seen.life.bytes_sent >= all), if !bytes.is_empty() => Ok(()),
        outcome = state => outcome,
    }
}

pub fn finish_sending(live: &Live) {
    let snapshot = live.engine.snapshot();
    let Some(endpoint) = snapshot.endpoint(ID).filter(|endpoint| endpoint.state == EndpointState::Open) else { return };
    if let Some(connection) = endpoint.peers.first() {
        live.engine.close_connection(connection.id, CloseHow::FinishSending);
    }
}

fn open_input(piece_bytes: usize) -> Result<Input, Refusal> {
    standard::read_input(piece_bytes).map_err(input_refusal)
}

fn input_refusal(error: std::io::Error) -> Refusal {
    format!("Standard input cannot be read: {error}.")
}
