//! A press of Send: the draft is understood, what it asks is asked, and it goes to the engine.

use std::collections::BTreeMap;

use super::{HISTORY, preferences_changed, words};
use crate::engine::{Repeat, Source, Target};
use crate::model::{Draft, PayloadFormat, Timestamp};
use crate::payload;
use crate::ui::action::Form;
use crate::ui::effects::Effects;
use crate::ui::state::{Asked, Asking, State};

pub fn send(
    state: &mut State,
    target: Target,
    draft: Draft,
    repeat: Option<Repeat>,
    now: Timestamp,
    effects: &mut dyn Effects,
) {
    let asks = match draft.format {
        PayloadFormat::File => Vec::new(),
        _ => payload::compile(&draft).map(|compiled| compiled.needs().asks.clone()).unwrap_or_default(),
    };
    if asks.is_empty() {
        return send_answered(state, target, draft, repeat, BTreeMap::new(), now, effects);
    }
    ask(state, asks, Asked::Send { target, draft, repeat });
}

/// Opens the dialog that asks; it begins with what was answered the last time.
pub fn ask(state: &mut State, names: Vec<String>, then: Asked) {
    let names = names.into_iter().map(|name| {
        let last = state.answered.get(&name).cloned().unwrap_or_default();
        (name, last)
    });
    state.asking = Some(Asking { names: names.collect(), then });
    state.form = Form::Ask;
}

pub fn send_answered(
    state: &mut State,
    target: Target,
    draft: Draft,
    repeat: Option<Repeat>,
    asks: BTreeMap<String, String>,
    now: Timestamp,
    effects: &mut dyn Effects,
) {
    state.send_error = None;
    answered(state, &asks);
    let source = match draft.format {
        PayloadFormat::File => payload::file_path(&draft).map(Source::File),
        _ => payload::compile(&draft).map(|compiled| match compiled.fixed() {
            Some(bytes) => Source::Bytes(bytes.clone()),
            None => Source::Payload { compiled, asks: asks.into() },
        }),
    };
    let source = match source {
        Ok(source) => source,
        Err(mistake) => {
            state.send_error = Some(words(state).mistake(&mistake));
            return;
        }
    };
    match effects.send(target, source, repeat) {
        Ok(id) => state.last_send = Some(id),
        Err(_busy) => state.send_error = Some(words(state).get("engine.busy").to_owned()),
    }
    remember(state, draft, now);
}

/// Keeps the answers for the next time they are asked, and closes the dialog that brought them.
pub fn answered(state: &mut State, asks: &BTreeMap<String, String>) {
    state.answered.extend(asks.iter().map(|(name, answer)| (name.clone(), answer.clone())));
    if state.asking.take().is_some() && state.form == Form::Ask {
        state.form = Form::None;
    }
}

fn remember(state: &mut State, draft: Draft, now: Timestamp) {
    if draft.format == PayloadFormat::File || draft.text.is_empty() || state.history.last() == Some(&draft.text) {
        return;
    }
    state.history.retain(|text| *text != draft.text);
    state.history.push(draft.text);
    if state.history.len() > HISTORY {
        state.history.remove(0);
    }
    preferences_changed(state, now);
}
