//! The bytes of the draft as they would go out now, with what made each of them.
//!
//! Owns: the draft as it was understood last. A long one is understood by a job, one at a time, so that the window never waits
//! for it. Called by: the composer.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::example::{Around, Example, Shown, Understood};
use crate::engine::Target;
use crate::model::{Draft, Timestamp};
use crate::payload::Missing;
use crate::ui::action::{Action, SendAction};
use crate::ui::panels::target;
use crate::ui::state::Ctx;

/// A draft of at most so much is understood within the frame.
const SHORT_BYTES: usize = 64 * 1024;
/// So long the bytes of the text before are shown, before it is said that others are on their way.
const PATIENCE: Duration = Duration::from_millis(200);

#[derive(Default)]
pub struct Preview {
    now: Arc<Understood>,
    /// What a job is at, and since when.
    asked: Option<(u64, Timestamp)>,
    /// Counts the questions, so that an answer to an older one is known.
    questions: u64,
    late: bool,
}

impl Preview {
    /// The draft that is shown.
    pub fn of(&self) -> &Arc<Draft> {
        &self.now.draft
    }

    pub fn shown(&self) -> &Shown {
        &self.now.shown
    }

    /// It is of an older text: the draft is long, and the job takes its time.
    pub fn waits(&self) -> bool {
        self.late
    }

    pub fn example(&self) -> Option<&Example> {
        match self.shown() {
            Shown::Bytes(example) => Some(example),
            _ => None,
        }
    }

    /// What Send could never fill in.
    pub fn never(&self) -> Option<Missing> {
        self.now.never()
    }

    /// Brings it up to date. `draft` as it stands in the window; answers how long to wait for what is late.
    pub fn update(
        &mut self,
        ctx: &Ctx<'_>,
        draft: &Arc<Draft>,
        target: Option<&Target>,
        actions: &mut Vec<Action>,
    ) -> Option<Duration> {
        self.take_answer(ctx);
        let is_same = self.now.draft == *draft;
        // The connections are looked through only where their addresses may be asked for.
        let around = around(ctx, target.filter(|_| !is_same || self.now.needs_addresses()));
        if is_same && self.now.needed(&around) == self.now.from {
            (self.asked, self.late) = (None, false);
            return None;
        }
        if draft.text.len() <= SHORT_BYTES {
            (self.asked, self.late) = (None, false);
            let next = match is_same {
                true => self.now.again(&around, ctx.now),
                false => Understood::new(draft.clone(), &around, ctx.now),
            };
            self.now = Arc::new(next);
            return None;
        }
        let since = match self.asked {
            // The next question is asked when this one is answered.
            Some((_, since)) => since,
            None => {
                self.questions += 1;
                self.asked = Some((self.questions, ctx.now));
                let (number, draft) = (self.questions, draft.clone());
                actions.push(Action::Send(SendAction::Understand { number, draft, around }));
                ctx.now
            }
        };
        let waited = Duration::from_nanos(ctx.now.nanos_since(since));
        self.late = waited >= PATIENCE;
        (!self.late).then(|| PATIENCE - waited)
    }

    fn take_answer(&mut self, ctx: &Ctx<'_>) {
        let (Some((number, _)), Some((answered, understood))) = (self.asked, &ctx.state.understood) else { return };
        if number == *answered {
            self.now = understood.clone();
            self.asked = None;
        }
    }
}

fn around(ctx: &Ctx<'_>, target: Option<&Target>) -> Around {
    let (local, peer) = target.map_or((None, None), |target| addresses(ctx, target));
    Around { local, peer, asks: ctx.state.answered.clone() }
}

/// Our address and the peer's, of the first connection that the target sends to.
fn addresses(ctx: &Ctx<'_>, target: &Target) -> (Option<SocketAddr>, Option<SocketAddr>) {
    match target {
        Target::Connection(id) => {
            target::find(ctx, *id).map_or((None, None), |(_, peer)| (peer.flow.local, peer.flow.peer))
        }
        Target::Endpoint(id) => {
            let peer =
                ctx.engine.endpoint(*id).and_then(|endpoint| endpoint.peers.iter().find(|peer| target::can_send(peer)));
            peer.map_or((None, None), |peer| (peer.flow.local, peer.flow.peer))
        }
        Target::Datagram { from, to } => {
            let local = ctx.engine.endpoint(*from).and_then(|endpoint| endpoint.local.first().copied());
            (local, to.host.parse().ok().map(|host| SocketAddr::new(host, to.port)))
        }
    }
}
