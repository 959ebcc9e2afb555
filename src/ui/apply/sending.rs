//! A press of Send: the draft is understood, what it asks is asked, and it goes to the engine.

use std::collections::BTreeMap;

use super::{HISTORY, preferences_changed, words};
use crate::engine::{Repeat, Source, Target};
use crate::model::{Draft, PayloadFormat, Timestamp};
use crate::payload::{self, Compiled, Mistake};
use crate::ui::action::Form;
use crate::ui::effects::Effects;
use crate::ui::state::{Asked, Asking, State};

/// Bytes of a text that Up brings back; a longer one is in the library or in a file.
const LONGEST_REMEMBERED: usize = 256 * 1024;

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
        _ => compiled(state, &draft).map(|compiled| compiled.needs().asks.clone()).unwrap_or_default(),
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
        _ => compiled(state, &draft).map(|compiled| match compiled.fixed() {
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

/// A long draft was understood by a job while it was written.
fn compiled(state: &State, draft: &Draft) -> Result<Compiled, Mistake> {
    let known = state.understood.as_ref().filter(|understood| *understood.of == *draft);
    match known.and_then(|understood| understood.compiled.clone()) {
        Some(compiled) => Ok(compiled),
        None => payload::compile(draft),
    }
}

fn remember(state: &mut State, draft: Draft, now: Timestamp) {
    let kept = 1..=LONGEST_REMEMBERED;
    if draft.format == PayloadFormat::File
        || !kept.contains(&draft.text.len())
        || state.history.last() == Some(&draft.text)
    {
        return;
    }
    state.history.retain(|text| *text != draft.text);
    state.history.push(draft.text);
    if state.history.len() > HISTORY {
        state.history.remove(0);
    }
    preferences_changed(state, now);
}
