//! The bytes of the draft as they would go out now, with what made each of them; of templates an example.
//!
//! Owns: the draft as it was understood last. Long drafts are understood by a job when typing pauses, so that no frame waits for
//! them. Called by: the composer.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::Standing;
use crate::engine::Target;
use crate::model::{Draft, Timestamp};
use crate::payload::{Compiled, Missing};
use crate::ui::action::{Action, SendAction};
use crate::ui::panels::target;
use crate::ui::state::Ctx;
use crate::ui::understood::{Around, Question, SHORT_BYTES, Understood, understand};

pub use crate::ui::understood::{Example, Shown};

/// Without a change for so long, typing pauses.
const PAUSE: Duration = Duration::from_millis(250);

#[derive(Default)]
pub struct Preview {
    /// As it stands in the editor, as far as it was understood.
    of: Option<Arc<Draft>>,
    /// What `of` was made of.
    standing: Option<Standing>,
    understood: Arc<Understood>,
    /// A long text that waits for a pause, and since when.
    waiting: Option<(Standing, Timestamp)>,
    /// What a job is asked; `number` counts all questions.
    asked: Option<(Standing, Arc<Draft>)>,
    number: u64,
}

impl Preview {
    /// The draft that is shown.
    pub fn of(&self) -> Option<&Arc<Draft>> {
        self.of.as_ref()
    }

    pub fn shown(&self) -> &Shown {
        &self.understood.shown
    }

    /// It is of an older text: the draft is long, and is being typed or understood.
    pub fn waits(&self) -> bool {
        self.waiting.is_some()
            || self.asked.as_ref().is_some_and(|(standing, _)| Some(standing) != self.standing.as_ref())
    }

    pub fn example(&self) -> Option<&Example> {
        match self.shown() {
            Shown::Bytes(example) => Some(example),
            _ => None,
        }
    }

    /// Brings it up to date. `standing` and `draft`: what stands in the window; answers how long it has to wait.
    pub fn update(
        &mut self,
        ctx: &Ctx<'_>,
        standing: &Standing,
        draft: impl FnOnce() -> Draft,
        target: Option<&Target>,
        actions: &mut Vec<Action>,
    ) -> Option<Duration> {
        self.take_answer(ctx);
        if self.asked.as_ref().is_some_and(|(of, _)| of == standing) {
            self.waiting = None;
            return None;
        }
        if self.standing.as_ref() == Some(standing) {
            self.waiting = None;
            if self.is_around_another(ctx, target)
                && let Some(draft) = self.of.clone()
            {
                self.understand(ctx, standing, draft, target, actions);
            }
            return None;
        }
        if standing.text_bytes > SHORT_BYTES {
            let since = match &self.waiting {
                Some((of, since)) if of == standing => *since,
                _ => ctx.now,
            };
            let waited = Duration::from_nanos(ctx.now.nanos_since(since));
            if waited < PAUSE {
                self.waiting = Some((standing.clone(), since));
                return Some(PAUSE - waited);
            }
        }
        self.understand(ctx, standing, Arc::new(draft()), target, actions);
        None
    }

    fn understand(
        &mut self,
        ctx: &Ctx<'_>,
        standing: &Standing,
        draft: Arc<Draft>,
        target: Option<&Target>,
        actions: &mut Vec<Action>,
    ) {
        self.number += 1;
        let (number, around) = (self.number, around(ctx, target));
        let question = Question { number, draft: draft.clone(), around, now: ctx.now };
        self.waiting = None;
        if standing.text_bytes > SHORT_BYTES {
            actions.push(Action::Send(SendAction::Understand(Box::new(question))));
            self.asked = Some((standing.clone(), draft));
        } else {
            self.take(standing.clone(), draft, Arc::new(understand(question)));
        }
    }

    fn take_answer(&mut self, ctx: &Ctx<'_>) {
        if let Some(understood) = ctx.state.understood.as_ref().filter(|understood| understood.number == self.number)
            && let Some((standing, draft)) = self.asked.take()
        {
            self.take(standing, draft, understood.clone());
        }
    }

    fn take(&mut self, standing: Standing, draft: Arc<Draft>, understood: Arc<Understood>) {
        (self.waiting, self.asked) = (None, None);
        (self.standing, self.of, self.understood) = (Some(standing), Some(draft), understood);
    }

    /// The same text would be other bytes: it is sent elsewhere, or something else was answered.
    fn is_around_another(&self, ctx: &Ctx<'_>, target: Option<&Target>) -> bool {
        let Some(needs) = self.understood.compiled.as_ref().map(Compiled::needs) else { return false };
        (needs.peer || needs.local || !needs.asks.is_empty())
            && around(ctx, target).needed(needs) != self.understood.around
    }

    /// What Send could never fill in: a reply's captures, a sequence's variables.
    pub fn never(&self) -> Option<Missing> {
        let needs = self.understood.compiled.as_ref()?.needs();
        match needs.variables.first() {
            Some(name) => Some(Missing::Variable(name.clone())),
            None => (needs.captures > 0).then_some(Missing::Capture(needs.captures)),
        }
    }
}

/// All that an example may need.
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
