//! A rule tried on the row of the log that is selected, before it is used. Called by: the dialog of replies.

use egui::Ui;

use crate::model::{Direction, EndpointId, Occasion, ReplyAct, ReplyRule, What};
use crate::payload::visible_text;
use crate::rules::{Captures, Matcher};
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
    let is_other = selected.event.flow.endpoint != endpoint || selected.event.direction() != Some(Direction::In);
    if is_other {
        hint(ui, ctx.theme, words.get("replies.other_row"));
    }
}

/// The groups of a regular expression, as people read them.
fn shown(captures: &Captures) -> Vec<(usize, String)> {
    let groups = captures.iter().enumerate().skip(1).take(SHOWN);
    let text = |bytes: &bytes::Bytes| visible_text(&String::from_utf8_lossy(bytes), SHOWN_BYTES);
    groups.map(|(place, bytes)| (place, bytes.as_ref().map_or_else(|| "–".to_owned(), text))).collect()
}
