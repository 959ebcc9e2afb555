//! A press of Send: the draft is understood, what it asks is asked, and it goes to the engine.

use std::collections::BTreeMap;

use super::{HISTORY, preferences_changed, words};
use crate::engine::Source;
use crate::model::{Draft, PayloadFormat, Timestamp};
use crate::payload::{self, Compiled, Mistake};
use crate::ui::action::Form;
use crate::ui::effects::{Effects, Job};
use crate::ui::state::{Asked, Asking, State};
use crate::ui::understood::{Pressed, SHORT_BYTES};

/// Bytes of a text that Up brings back; a longer one is in the library or in a file.
const LONGEST_REMEMBERED: usize = 256 * 1024;

pub fn send(state: &mut State, pressed: Pressed, now: Timestamp, effects: &mut dyn Effects) {
    answered(state, pressed.asks.as_ref().unwrap_or(&BTreeMap::new()));
    if pressed.draft.format == PayloadFormat::File {
        return send_from(state, payload::file_path(&pressed.draft).map(Source::File), pressed, now, effects);
    }
    match known(state, &pressed.draft) {
        Some(known) => compiled(state, pressed, Ok(known), now, effects),
        // No frame waits for it.
        None if pressed.draft.text.len() > SHORT_BYTES => {
            state.send_error = None;
            effects.start(Job::Compile(Box::new(pressed)));
        }
        None => {
            let result = payload::compile(&pressed.draft);
            compiled(state, pressed, result, now, effects);
        }
    }
}

/// The draft is understood: what it asks is asked first.
pub fn compiled(
    state: &mut State,
    pressed: Pressed,
    result: Result<Compiled, Mistake>,
    now: Timestamp,
    effects: &mut dyn Effects,
) {
    let asked = result.as_ref().map(|compiled| compiled.needs().asks.clone()).unwrap_or_default();
    if pressed.asks.is_none() && !asked.is_empty() {
        let Pressed { target, draft, repeat, .. } = pressed;
        return ask(state, asked, Asked::Send { target, draft, repeat });
    }
    let source = result.map(|compiled| match compiled.fixed() {
        Some(bytes) => Source::Bytes(bytes.clone()),
        None => Source::Payload { compiled, asks: pressed.asks.clone().unwrap_or_default().into() },
    });
    send_from(state, source, pressed, now, effects);
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

fn send_from(
    state: &mut State,
    source: Result<Source, Mistake>,
    pressed: Pressed,
    now: Timestamp,
    effects: &mut dyn Effects,
) {
    let Pressed { target, draft, repeat, .. } = pressed;
    state.send_error = None;
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
fn known(state: &State, draft: &Draft) -> Option<Compiled> {
    let known = state.understood.as_ref().filter(|understood| *understood.of == *draft)?;
    known.compiled.clone()
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
