//! What is said of a sequence beside its steps: name, endpoint, folder, shortcut, remark. Called by: the tab of sequences.

use egui::{Id, RichText, TextEdit, Ui};

use crate::model::{Sequence, endpoint_called};
use crate::payload::visible_text;
use crate::ui::action::{Action, SequenceAction};
use crate::ui::state::Ctx;
use crate::ui::widgets::{Choice, choice, problem, small_button};

/// Endpoints that the list offers.
const LISTED: usize = 200;
const LINE: f32 = 26.0;

pub fn details(ctx: &Ctx<'_>, ui: &mut Ui, place: usize, sequence: &mut Sequence, actions: &mut Vec<Action>) {
    let words = ctx.words;
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = egui::Vec2::new(8.0, 6.0);
        ui.set_row_height(LINE);
        text(ctx, ui, ("sequences.name", "sequence name", place), 170.0, &mut sequence.name);
        label(ctx, ui, "sequences.endpoint", 180.0);
        endpoint(ctx, ui, sequence);
        label(ctx, ui, "library.shortcut", 76.0);
        shortcut(ctx, ui, sequence);
        text(ctx, ui, ("sequences.folder", "sequence folder", place), 170.0, &mut sequence.folder);
        text(ctx, ui, ("sequences.remark", "sequence remark", place), 240.0, &mut sequence.remark);
        if small_button(ui, ctx.theme, words.get("library.duplicate")).clicked() {
            actions.push(Action::Sequence(SequenceAction::Duplicate(place)));
        }
        if small_button(ui, ctx.theme, words.get("sequences.remove")).clicked() {
            actions.push(Action::Sequence(SequenceAction::Remove(place)));
        }
    });
    let mut others = ctx.state.sequences.iter().enumerate().filter(|(other, _)| *other != place);
    if sequence.name.trim().is_empty() {
        problem(ui, ctx.theme, words.get("sequences.no_name"));
    } else if others.any(|(_, other)| other.name == sequence.name) {
        problem(ui, ctx.theme, words.get("sequences.same_name"));
    }
}

/// On a new line where the field, which is so wide, would not stand beside it.
fn label(ctx: &Ctx<'_>, ui: &mut Ui, key: &str, width: f32) {
    let text = ctx.words.get(key);
    let galley = ui.painter().layout_no_wrap(text.to_owned(), crate::ui::theme::body(), ctx.theme.dim);
    if ui.available_size_before_wrap().x < galley.size().x + width + 20.0 {
        ui.end_row();
        ui.set_row_height(LINE);
    }
    ui.add(egui::Label::new(RichText::new(text).color(ctx.theme.dim)).selectable(false));
}

fn text(ctx: &Ctx<'_>, ui: &mut Ui, (key, id, place): (&str, &str, usize), width: f32, text: &mut String) {
    label(ctx, ui, key, width);
    let field = TextEdit::singleline(text).id(Id::unique((id, place))).desired_width(width);
    ui.add(field).accessible_name(ctx.words.get(key));
}

fn endpoint(ctx: &Ctx<'_>, ui: &mut Ui, sequence: &mut Sequence) {
    let words = ctx.words;
    let any = || words.get("sequences.any_endpoint").to_owned();
    let mut choices = vec![Choice { value: String::new(), text: any() }];
    for endpoint in ctx.state.endpoints.iter().take(LISTED) {
        let settings = &endpoint.settings;
        let value = settings.name.clone().unwrap_or_else(|| settings.uri().to_string());
        if choices.iter().all(|choice| choice.value != value) {
            choices.push(Choice { text: visible_text(&value, 100), value });
        }
    }
    let shown = if sequence.endpoint.is_empty() { any() } else { visible_text(&sequence.endpoint, 100) };
    choice(ui, ctx.theme, words.get("sequences.endpoint"), &shown, Some(180.0), &mut sequence.endpoint, &choices);
    let endpoints = ctx.state.endpoints.iter().map(|endpoint| &endpoint.settings);
    if !sequence.endpoint.is_empty() && endpoint_called(sequence.endpoint.trim(), endpoints).is_none() {
        let name = visible_text(&sequence.endpoint, 200);
        ui.label(RichText::new(words.fill("sequences.no_endpoint", &[("name", &name)])).color(ctx.theme.error));
    }
}

fn shortcut(ctx: &Ctx<'_>, ui: &mut Ui, sequence: &mut Sequence) {
    let name = |digit: Option<u8>| match digit {
        None => ctx.words.get("library.no_shortcut").to_owned(),
        Some(digit) => format!("Alt {digit}"),
    };
    let digits = std::iter::once(None).chain((1..=9).map(Some));
    let choices: Vec<_> = digits.map(|value| Choice { value, text: name(value) }).collect();
    let shown = name(sequence.shortcut);
    choice(ui, ctx.theme, ctx.words.get("library.shortcut"), &shown, Some(76.0), &mut sequence.shortcut, &choices);
}
