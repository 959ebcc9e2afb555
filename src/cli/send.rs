//! `sockscope send`: one payload, once or repeatedly; what the peer answers within --wait goes to standard output.

use std::time::Duration;

use super::Refusal;
use super::arguments::SendArguments;
use super::connect::finish_sending;
use super::endpoints;
use super::live::{self, Live, sentence};
use super::payloads;
use super::printer::Output;
use super::standard::complain;
use crate::engine::{Repeat, SendState, Source, Target};
use crate::model::{EndpointId, SendId, Transport};
use crate::words::{Language, Words};

const ID: EndpointId = EndpointId(1);
/// After our FIN the peer gets so long for its own: closing earlier could reset it while it still reads.
const PARTING: Duration = Duration::from_millis(200);

pub fn send(arguments: SendArguments) -> Result<(), Refusal> {
    if arguments.dry_run {
        return payloads::print_dump(&arguments);
    }
    let (source, supply) = payloads::source(&arguments);
    let repeat = match (arguments.repeat, arguments.every) {
        (None, None) => None,
        (count, every) => Some(Repeat { count, every: every.unwrap_or_default() }),
    };
    let settings = endpoints::connecting(&arguments.endpoint);
    live::run(&arguments.session, Output::Bytes, arguments.session.encodings(), async |live| {
        live.set_unfinished(Some(format!("{} was not connected in time.", arguments.endpoint)));
        if let Some(supply) = supply {
            live.engine.set_supply(supply);
        }
        live.open(ID, &settings).await;
        live.opened(ID).await.map_err(|failure| sentence(&failure))?;
        send_all(live, &arguments, source, repeat).await
    })
}

async fn send_all(
    live: &Live,
    arguments: &SendArguments,
    source: Source,
    repeat: Option<Repeat>,
) -> Result<(), Refusal> {
    let endless = repeat.is_some_and(|repeat| repeat.count.is_none());
    live.set_unfinished((!endless).then(|| "Stopped before all was sent.".to_owned()));
    let id = loop {
        match live.engine.send(Target::Endpoint(ID), source.clone(), repeat) {
            Ok(id) => break id,
            Err(_) => tokio::time::sleep(Duration::from_millis(1)).await,
        }
    };
    let lateness = Lateness { live, id };
    accepted(live, id).await?;
    drop(lateness);
    live.set_unfinished(None);
    match arguments.endpoint.transport {
        Transport::Tcp => {
            wait_for_answers(live, arguments.wait, |life| life.ended || life.peer_finished).await;
            if let Some((reset, flow)) = live.life().reset {
                return Err(Words::of(Language::English).happening(&reset, &flow));
            }
            finish_sending(live);
            wait_for_answers(live, PARTING, |life| life.ended || life.peer_finished).await;
        }
        Transport::Udp => {
            wait_for_answers(live, arguments.wait, |life| life.unreachable().is_some()).await;
            if let Some(failure) = live.life().unreachable() {
                return Err(sentence(failure));
            }
        }
    }
    Ok(())
}

/// Says on standard error how late the rounds of a schedule were, once, however the sending ends: --for and signals end it too.
struct Lateness<'a> {
    live: &'a Live,
    id: SendId,
}

impl Drop for Lateness<'_> {
    fn drop(&mut self) {
        let snapshot = self.live.engine.snapshot();
        let Some(send) = snapshot.send(self.id).filter(|send| send.lateness.most > 0 && send.rounds > 1) else {
            return;
        };
        let words = Words::of(Language::English);
        let late = send.lateness;
        let [median, p99, most] = [late.median, late.p99, late.most].map(|nanos| words.duration(nanos));
        let rounds = words.number(send.rounds);
        let figures: [(&str, &dyn std::fmt::Display); 4] =
            [("rounds", &rounds), ("median", &median), ("rare", &p99), ("most", &most)];
        complain(&words.fill("composer.late_whole", &figures));
    }
}

/// Waits until the system has taken all of it.
async fn accepted(live: &Live, id: SendId) -> Result<(), Refusal> {
    let outcome = live
        .snapshot_when(|snapshot| match &snapshot.send(id)?.state {
            SendState::Running => None,
            SendState::Done => Some(Ok(())),
            SendState::Stopped => Some(Err("Sending was stopped before all was sent.".to_owned())),
            SendState::Failed(failure) => Some(Err(sentence(failure))),
        })
        .await;
    if outcome.is_err() {
        // A reset explains more than "broken pipe"; its event is on its way.
        wait_for_answers(live, PARTING, |life| life.ended).await;
        if let Some((reset, flow)) = live.life().reset {
            return Err(Words::of(Language::English).happening(&reset, &flow));
        }
    }
    outcome
}

async fn wait_for_answers(live: &Live, time: Duration, is_over: impl Fn(&super::life::Life) -> bool) {
    let _ = tokio::time::timeout(time, live.seen_when(|seen| is_over(&seen.life))).await;
}
