//! On what a sequence runs: the endpoint it names, else the target of the composer. A client is connected anew, so that what
//! its peer says first is heard, unless the person wants the connection that is open.
//!
//! Owns: nothing. Called by: the tab of sequences, the sidebar (shortcuts).

use egui::{Event, Key, Modifiers, Ui};

use crate::engine::{EndpointState, SequenceTarget, Target};
use crate::model::{EndpointId, Protocol, Sequence, endpoint_called};
use crate::payload::visible_text;
use crate::rules::sequence_mistakes;
use crate::ui::action::{Action, Form, SequenceAction, Tab, ViewAction};
use crate::ui::panels::target;
use crate::ui::state::Ctx;

/// What the engine makes at most for one run.
pub const MOST_CONNECTIONS: u32 = 10_000;

/// What a run on a client uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// So many connections of its own.
    Own(u32),
    /// The one that is open.
    Open,
}

/// On what, and how that is called; or why it cannot be run.
pub fn on(ctx: &Ctx<'_>, sequence: &Sequence, over: Over) -> Result<(SequenceTarget, String), String> {
    let words = ctx.words;
    let place = place(ctx, sequence)?;
    if let (Some((client, remote)), Over::Own(count)) = (client_of(ctx, &place), over) {
        let name = match count {
            1 => words.fill("sequences.on_one_own", &[("remote", &remote)]),
            _ => words.fill("sequences.on_own", &[("count", &words.number(u64::from(count))), ("remote", &remote)]),
        };
        return Ok((SequenceTarget::Connections { client, count }, name));
    }
    if !waits_for_a_peer(ctx, &place)
        && let Err(why) = target::sendable(ctx, Some(&place))
    {
        return Err(words.fill(why.key, &[("name", &why.name)]));
    }
    let name = words.fill("sequences.on", &[("target", &target::name(ctx, &place))]);
    match place {
        Target::Connection(id) => Ok((SequenceTarget::Connection(id), name)),
        Target::Endpoint(id) => Ok((SequenceTarget::Peers(id), name)),
        Target::Datagram { .. } => Err(words.get("sequences.not_typed").to_owned()),
    }
}

/// The client that it would run on, and whether that one is connected now.
pub fn client(ctx: &Ctx<'_>, sequence: &Sequence) -> Option<(EndpointId, bool)> {
    let place = place(ctx, sequence).ok()?;
    let (client, _) = client_of(ctx, &place)?;
    Some((client, target::sendable(ctx, Some(&Target::Endpoint(client))).is_ok()))
}

/// Alt and a digit run the sequence with this shortcut, and show it.
pub fn by_shortcut(ctx: &Ctx<'_>, ui: &Ui, actions: &mut Vec<Action>) {
    const DIGITS: [Key; 9] =
        [Key::Num1, Key::Num2, Key::Num3, Key::Num4, Key::Num5, Key::Num6, Key::Num7, Key::Num8, Key::Num9];
    // Of the presses of this frame: Alt may have been let go before the frame began.
    let with_alt = |event: &Event| matches!(event, Event::Key { modifiers, pressed: true, .. } if modifiers.alt);
    if ctx.state.form != Form::None || !ui.input(|input| input.events.iter().any(with_alt)) {
        return;
    }
    for (place, sequence) in ctx.state.sequences.iter().enumerate() {
        let Some(key) = sequence.shortcut.and_then(|digit| DIGITS.get(usize::from(digit).checked_sub(1)?)) else {
            continue;
        };
        if !ui.input_mut(|input| input.consume_key(Modifiers::ALT, *key)) {
            continue;
        }
        actions.push(Action::View(ViewAction::ShowTab(Tab::Sequences)));
        actions.push(Action::Sequence(SequenceAction::Show(place)));
        let mistake = sequence_mistakes(sequence).into_iter().next();
        let run = match mistake {
            Some(mistake) => Err(ctx.words.sequence_mistake_at(&mistake)),
            None => on(ctx, sequence, Over::Own(1)),
        };
        actions.push(Action::Sequence(match run {
            Ok((on, _)) => SequenceAction::Run { sequence: place, on },
            Err(why) => {
                let name = visible_text(&sequence.name, 100);
                SequenceAction::NotRun(ctx.words.fill("sequences.not_run", &[("name", &name), ("why", &why)]))
            }
        }));
    }
}

fn place(ctx: &Ctx<'_>, sequence: &Sequence) -> Result<Target, String> {
    let wanted = sequence.endpoint.trim();
    if wanted.is_empty() {
        let only = || match ctx.state.endpoints.as_slice() {
            [only] => Some(Target::Endpoint(only.id)),
            _ => None,
        };
        let target = target::current(ctx).or_else(only);
        return target.ok_or_else(|| ctx.words.get("sequences.no_target").to_owned());
    }
    let endpoints = ctx.state.endpoints.iter();
    let found = endpoint_called(wanted, endpoints.map(|endpoint| &endpoint.settings));
    let Some(endpoint) = found.and_then(|at| ctx.state.endpoints.get(at)) else {
        return Err(ctx.words.fill("sequences.no_endpoint", &[("name", &visible_text(wanted, 200))]));
    };
    // The composer may point at one of its peers: then that one is meant.
    let one = ctx.state.target.as_ref().filter(|target| match target {
        Target::Connection(id) => target::find(ctx, *id).is_some_and(|(of, _)| of.id == endpoint.id),
        _ => false,
    });
    Ok(one.cloned().unwrap_or(Target::Endpoint(endpoint.id)))
}

fn client_of(ctx: &Ctx<'_>, place: &Target) -> Option<(EndpointId, String)> {
    let id = match place {
        Target::Endpoint(id) => *id,
        Target::Connection(id) => target::find(ctx, *id)?.0.id,
        Target::Datagram { .. } => return None,
    };
    match &ctx.state.endpoint(id)?.settings.protocol {
        Protocol::TcpClient(client) => Some((id, visible_text(&client.remote.to_string(), 200))),
        _ => None,
    }
}

/// A run on a listener, or on a UDP socket, without peers waits for the first.
fn waits_for_a_peer(ctx: &Ctx<'_>, target: &Target) -> bool {
    let Target::Endpoint(id) = target else { return false };
    let status = ctx.engine.endpoint(*id);
    status.is_some_and(|status| {
        status.state == EndpointState::Open && !matches!(status.settings.protocol, Protocol::TcpClient(_))
    })
}
