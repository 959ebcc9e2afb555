//! A rule tried on the row of the log that is selected, before it is used. Called by: the dialog of replies.

use egui::Ui;

use crate::model::{Direction, EndpointId, Occasion, ReplyAct, ReplyRule, What};
use crate::payload::{Fill, Memory, Supplied, visible, visible_text};
use crate::rules::{Captures, Matcher, ReadyReply};
use crate::ui::panels::draft_editor::PREVIEWED;
use crate::ui::state::Ctx;
use crate::ui::widgets::{hint, problem};

/// Captures that are shown.
const SHOWN: usize = 9;
const SHOWN_BYTES: usize = 60;

/// What the rule would make of the selected row; nothing where no row with content is selected.
pub fn on_selected(ctx: &Ctx<'_>, ui: &mut Ui, endpoint: EndpointId, rule: &ReplyRule) {
    let Some(selected) = &ctx.view.selected else { return };
    let (What::Received(content) | What::Sent(content)) = &selected.event.what else { return };
    if rule.on != Occasion::Frame {
        return;
    }
    let Ok(matcher) = Matcher::new(&rule.pattern) else { return };
    let words = ctx.words;
    let number = words.number(selected.seq);
    let Some(captures) = matcher.of(content) else {
        problem(ui, ctx.theme, &words.fill("replies.fits_not", &[("number", &number)]));
        return;
    };
    let mut text = words.fill("replies.fits", &[("number", &number)]);
    if rule.act == ReplyAct::Send {
        for (place, capture) in shown(&captures) {
            text.push_str(&format!("  {{{{{place}}}}} = {capture}"));
        }
    }
    hint(ui, ctx.theme, &text);
    if rule.act == ReplyAct::Send && rule.send.text.len() <= PREVIEWED {
        answer(ctx, ui, rule, &captures);
    }
    let is_other = selected.event.flow.endpoint != endpoint || selected.event.direction() != Some(Direction::In);
    if is_other {
        hint(ui, ctx.theme, words.get("replies.other_row"));
    }
}

/// What the row would be answered with. Files and the environment are not read for a look.
fn answer(ctx: &Ctx<'_>, ui: &mut Ui, rule: &ReplyRule, captures: &Captures) {
    let Some(selected) = &ctx.view.selected else { return };
    let Ok(ready) = ReadyReply::new(rule) else { return };
    let Some(payload) = &ready.payload else { return };
    let (supplied, mut memory) = (Supplied::default(), Memory::default());
    let variables = ready.variables(captures);
    let mut fill = Fill {
        peer: selected.event.flow.peer,
        local: selected.event.flow.local,
        captures,
        variables: &variables,
        ..Fill::plain(ctx.now, jiff::tz::TimeZone::system(), &supplied, &mut memory)
    };
    match payload.render(&mut fill) {
        // That it sends nothing is said beneath its text.
        Ok(rendered) if rendered.bytes.is_empty() => {}
        Ok(rendered) => {
            let shown = visible(&rendered.bytes, rule.send.encoding, SHOWN_BYTES);
            let bytes = ctx.words.number(rendered.bytes.len() as u64);
            hint(ui, ctx.theme, &ctx.words.fill("replies.would_send", &[("bytes", &bytes), ("shown", &shown)]));
        }
        Err(missing) => drop(problem(ui, ctx.theme, &ctx.words.missing(&missing))),
    }
}

/// The groups of a regular expression, as people read them.
fn shown(captures: &Captures) -> Vec<(usize, String)> {
    let groups = captures.iter().enumerate().skip(1).take(SHOWN);
    let text = |bytes: &bytes::Bytes| visible_text(&String::from_utf8_lossy(bytes), SHOWN_BYTES);
    groups.map(|(place, bytes)| (place, bytes.as_ref().map_or_else(|| "–".to_owned(), text))).collect()
}
