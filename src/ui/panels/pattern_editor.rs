//! Which frames are meant, in two lines of a dialog. Owns: nothing; the pattern is its caller's. Called by: replies, sequences.

use egui::{Id, RichText, TextEdit, Ui};

use crate::model::{FramePattern, MatchHow, MatchPlace};
use crate::rules::Matcher;
use crate::ui::state::Ctx;
use crate::ui::theme;
use crate::ui::widgets::{Choice, choice, form_row, made_once, problem};

/// `true`: it changed. `id` and `label` tell it from others on screen.
pub fn pattern_editor(
    ctx: &Ctx<'_>,
    ui: &mut Ui,
    id: impl std::hash::Hash + std::fmt::Debug,
    label: &str,
    pattern: &mut FramePattern,
) -> bool {
    let words = ctx.words;
    let before = pattern.clone();
    let id = Id::unique(id);
    ui.push_id(id, |ui| {
        form_row(ui, ctx.theme, label, |ui| {
            let list = MatchHow::ALL.map(|value| Choice { value, text: words.match_how(value).to_owned() });
            let shown = words.match_how(pattern.how).to_owned();
            choice(ui, ctx.theme, words.get("pattern.how"), &shown, Some(150.0), &mut pattern.how, &list);
            if matches!(pattern.how, MatchHow::Text | MatchHow::Hex) {
                let list = MatchPlace::ALL.map(|value| Choice { value, text: words.match_place(value).to_owned() });
                let shown = words.match_place(pattern.place).to_owned();
                choice(ui, ctx.theme, words.get("pattern.place"), &shown, Some(130.0), &mut pattern.place, &list);
            }
            if matches!(pattern.how, MatchHow::Text | MatchHow::Regex) {
                ui.checkbox(&mut pattern.ignore_case, words.get("pattern.ignore_case"));
            }
        });
        if pattern.how == MatchHow::Any {
            return;
        }
        form_row(ui, ctx.theme, "", |ui| {
            let example = words.match_example(pattern.how);
            let field = TextEdit::singleline(&mut pattern.pattern)
                .id(id.with("pattern"))
                .font(theme::mono())
                .hint_text(RichText::new(example).color(ctx.theme.dim))
                .margin(egui::Margin::symmetric(8, 4))
                .desired_width((ui.available_width() - 20.0).max(120.0));
            ui.add(field).accessible_name(words.get("pattern.pattern"));
        });
        let mistake = made_once(ui, id.with("mistake"), pattern, |pattern| Matcher::new(pattern).err());
        if let Some(mistake) = mistake {
            problem(ui, ctx.theme, &words.pattern_mistake(&mistake));
        }
    });
    *pattern != before
}
