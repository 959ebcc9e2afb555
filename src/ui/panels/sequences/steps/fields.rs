//! The fields of the step that is open. Called by: `steps`.

use egui::{Id, TextEdit, Ui};

use super::kind::{self, Kind};
use super::{Ask, dotted, is_at};
use crate::model::{Sequence, SequenceClose, Step};
use crate::rules::{SequenceMistake, SequenceMistakeKind};
use crate::ui::panels::draft_editor::draft_editor;
use crate::ui::panels::pattern_editor::pattern_editor;
use crate::ui::state::Ctx;
use crate::ui::theme;
use crate::ui::widgets::{Choice, choice, form_row, hint, problem};

pub(super) fn beneath(
    ctx: &Ctx<'_>,
    ui: &mut Ui,
    left: f32,
    path: &[usize],
    sequence: &mut Sequence,
    mistakes: &[SequenceMistake],
    asked: &mut Option<(Vec<usize>, Ask)>,
) {
    let Some(step) = sequence.step_mut(path) else { return };
    let place = dotted(path);
    let frame = egui::Frame::new().inner_margin(egui::Margin { left: left as i8, right: 8, top: 4, bottom: 10 });
    frame.show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 6.0;
        form_row(ui, ctx.theme, ctx.words.get("sequences.kind"), |ui| {
            let mut kind = Kind::of(step);
            let kinds = Kind::that_fit(path.len());
            let kinds: Vec<_> =
                kinds.map(|value| Choice { value, text: kind::name(ctx.words, value).to_owned() }).collect();
            let label = ctx.words.fill("sequences.step_kind", &[("place", &place)]);
            let shown = kind::name(ctx.words, kind).to_owned();
            if choice(ui, ctx.theme, &label, &shown, Some(150.0), &mut kind, &kinds).1 {
                *asked = Some((path.to_vec(), Ask::Become(kind)));
            }
        });
        fields(ctx, ui, step, &place);
        for mistake in mistakes.iter().filter(|mistake| is_at(mistake, path)) {
            // A payload and a pattern tell their own mistakes, as they are typed.
            if !matches!(mistake.what, SequenceMistakeKind::Payload(_) | SequenceMistakeKind::Pattern(_)) {
                problem(ui, ctx.theme, &ctx.words.sequence_mistake(&mistake.what));
            }
        }
    });
}

fn fields(ctx: &Ctx<'_>, ui: &mut Ui, step: &mut Step, place: &str) {
    let words = ctx.words;
    match step {
        Step::Send(draft) => {
            let label = words.fill("sequences.step_payload", &[("place", &place)]);
            draft_editor(ctx, ui, ("step draft", place), &label, draft);
        }
        Step::WaitFor(awaited) | Step::Expect(awaited) => {
            pattern_editor(ctx, ui, ("step pattern", place), words.get("sequences.frame"), &mut awaited.pattern);
            millis(ctx, ui, "sequences.timeout", &mut awaited.timeout_millis);
        }
        Step::Pause { millis: pause } => millis(ctx, ui, "sequences.pause", pause),
        Step::Set { variable, value } => {
            form_row(ui, ctx.theme, words.get("sequences.variable"), |ui| {
                let field = TextEdit::singleline(variable)
                    .id(Id::unique(("step variable", place)))
                    .font(theme::mono())
                    .desired_width(160.0);
                ui.add(field).accessible_name(words.get("sequences.variable"));
            });
            hint(ui, ctx.theme, words.get("sequences.variable_hint"));
            let label = words.fill("sequences.step_value", &[("place", &place)]);
            draft_editor(ctx, ui, ("step value", place), &label, value);
        }
        Step::Repeat { times, .. } => {
            form_row(ui, ctx.theme, words.get("sequences.times"), |ui| {
                let drag = egui::DragValue::new(times).range(1..=u32::MAX);
                ui.add(drag).accessible_name(words.get("sequences.times"));
            });
        }
        Step::Close { how } => {
            form_row(ui, ctx.theme, words.get("sequences.how"), |ui| {
                let list =
                    SequenceClose::ALL.map(|value| Choice { value, text: words.sequence_close(value).to_owned() });
                let shown = words.sequence_close(*how).to_owned();
                choice(ui, ctx.theme, words.get("sequences.how"), &shown, Some(180.0), how, &list);
            });
        }
    }
}

fn millis(ctx: &Ctx<'_>, ui: &mut Ui, key: &str, value: &mut u64) {
    form_row(ui, ctx.theme, ctx.words.get(key), |ui| {
        let drag = egui::DragValue::new(value).range(0..=86_400_000_u64).suffix(" ms");
        ui.add(drag).accessible_name(ctx.words.get(key));
    });
}
