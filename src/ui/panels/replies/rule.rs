//! The fields of one rule. Called by: the dialog of replies.

use egui::{Id, Ui};

use crate::model::{MatchHow, Occasion, ReplyAct, ReplyRule};
use crate::payload::visible_text;
use crate::rules::{ReadyReply, ReplyMistake};
use crate::ui::panels::draft_editor::{PREVIEWED, draft_editor};
use crate::ui::panels::pattern_editor::pattern_editor;
use crate::ui::state::Ctx;
use crate::ui::widgets::{Choice, Field, FieldText, choice, form_row, hint, problem};
use crate::words::Words;

/// Longer waits are a mistake in a rule, not a use.
const MOST_MILLIS: u64 = 3_600_000;

/// Fields that hold numbers, as typed.
pub struct Numbers {
    name: FieldText,
    delay: FieldText,
    jitter: FieldText,
    times: FieldText,
}

impl Numbers {
    pub fn of(rule: &ReplyRule) -> Self {
        let number = |value: u64| FieldText::new(if value == 0 { String::new() } else { value.to_string() });
        Self {
            name: FieldText::new(rule.name.clone()),
            delay: number(rule.delay_millis),
            jitter: number(rule.jitter_millis),
            times: number(rule.times.map_or(0, u64::from)),
        }
    }
}

/// The rule in one line: its name, or when it acts and what it does.
pub fn summary(words: &Words, rule: &ReplyRule) -> String {
    if !rule.name.trim().is_empty() {
        return visible_text(rule.name.trim(), 200);
    }
    let when = match (rule.on, rule.pattern.how) {
        (Occasion::Frame, MatchHow::Any) => words.get("replies.any_frame").to_owned(),
        (Occasion::Frame, _) => visible_text(&rule.pattern.pattern, 60),
        (occasion, _) => words.occasion(occasion).to_owned(),
    };
    let what = match rule.act {
        ReplyAct::Send => visible_text(&rule.send.text, 60),
        act => words.reply_act(act).to_owned(),
    };
    format!("{when} → {what}")
}

/// `true`: the rule changed.
pub fn fields(ctx: &Ctx<'_>, ui: &mut Ui, line: u64, rule: &mut ReplyRule, numbers: &mut Numbers) -> bool {
    let words = ctx.words;
    let before = rule.clone();
    ui.push_id(("reply rule", line), |ui| {
        form_row(ui, ctx.theme, words.get("replies.name"), |ui| {
            let field = Field { theme: ctx.theme, name: words.get("replies.name"), width: 300.0, placeholder: "" };
            if field.show(ui, Id::unique(("reply name", line)), &mut numbers.name).changed() {
                rule.name.clone_from(&numbers.name.text);
            }
        });
        form_row(ui, ctx.theme, words.get("replies.when"), |ui| {
            let list = Occasion::ALL.map(|value| Choice { value, text: words.occasion(value).to_owned() });
            let shown = words.occasion(rule.on).to_owned();
            choice(ui, ctx.theme, words.get("replies.when"), &shown, Some(220.0), &mut rule.on, &list);
        });
        if rule.on == Occasion::Frame {
            pattern_editor(ctx, ui, ("reply pattern", line), words.get("replies.match"), &mut rule.pattern);
        }
        form_row(ui, ctx.theme, words.get("replies.then"), |ui| {
            let list = ReplyAct::ALL.map(|value| Choice { value, text: words.reply_act(value).to_owned() });
            let shown = words.reply_act(rule.act).to_owned();
            choice(ui, ctx.theme, words.get("replies.then"), &shown, Some(220.0), &mut rule.act, &list);
        });
        if rule.act == ReplyAct::Send {
            draft_editor(ctx, ui, ("reply draft", line), words.get("replies.payload"), &mut rule.send);
            if rule.send.text.len() <= PREVIEWED
                && let Err(ReplyMistake::Never { what, .. }) = ReadyReply::new(rule)
            {
                problem(ui, ctx.theme, &words.never_given(&what));
            }
        }
        waits(ctx, ui, line, rule, numbers);
    });
    *rule != before
}

fn waits(ctx: &Ctx<'_>, ui: &mut Ui, line: u64, rule: &mut ReplyRule, numbers: &mut Numbers) {
    let words = ctx.words;
    let number = |ui: &mut Ui, key: &str, id: &str, text: &mut FieldText, most: u64| -> Option<u64> {
        // Without a number a delay is none, and times are without end.
        let placeholder = if key == "replies.times" { "" } else { "0" };
        let field = Field { theme: ctx.theme, name: words.get(key), width: 80.0, placeholder };
        if field.show(ui, Id::unique((id, line)), text).changed() {
            let typed = text.text.trim();
            match if typed.is_empty() { Ok(0) } else { typed.parse::<u64>() } {
                Ok(value) if value <= most => return Some(value),
                _ => text.problem = Some(words.fill("replies.bad_number", &[("most", &words.number(most))])),
            }
        }
        None
    };
    form_row(ui, ctx.theme, words.get("replies.delay"), |ui| {
        if let Some(millis) = number(ui, "replies.delay", "reply delay", &mut numbers.delay, MOST_MILLIS) {
            rule.delay_millis = millis;
        }
        hint(ui, ctx.theme, words.get("replies.jitter"));
        if let Some(millis) = number(ui, "replies.jitter", "reply jitter", &mut numbers.jitter, MOST_MILLIS) {
            rule.jitter_millis = millis;
        }
        hint(ui, ctx.theme, "ms");
    });
    form_row(ui, ctx.theme, words.get("replies.times"), |ui| {
        let most = u64::from(u32::MAX);
        if let Some(times) = number(ui, "replies.times", "reply times", &mut numbers.times, most) {
            rule.times = u32::try_from(times).ok().filter(|times| *times > 0);
        }
        hint(ui, ctx.theme, words.get("replies.times_hint"));
    });
    for text in [&numbers.delay, &numbers.jitter, &numbers.times] {
        if let Some(text) = &text.problem {
            problem(ui, ctx.theme, text);
        }
    }
}
