//! The steps of a sequence, each with its place (`3`, `4.2`), its fields and its buttons. Called by: the tab of sequences.

use egui::{Id, RichText, TextEdit, Ui, Vec2};

use crate::model::{Awaited, Draft, MOST_NESTED, SequenceClose, Step};
use crate::ui::panels::draft_editor::draft_editor;
use crate::ui::panels::pattern_editor::pattern_editor;
use crate::ui::state::Ctx;
use crate::ui::theme;
use crate::ui::widgets::{Choice, choice, form_row, small_button};
use crate::words::Words;

/// Steps that one list may have; more is a program, not a sequence.
const MOST_STEPS: usize = 500;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Send,
    WaitFor,
    Expect,
    Pause,
    Set,
    Repeat,
    Close,
}

enum Ask {
    Up,
    Down,
    Delete,
    Become(Kind),
}

/// Edits the steps in place. `path`: the places of the repeats around them.
pub fn steps(ctx: &Ctx<'_>, ui: &mut Ui, list: &mut Vec<Step>, path: &mut Vec<usize>) {
    let mut asked = None;
    let count = list.len();
    for (at, step) in list.iter_mut().enumerate() {
        path.push(at + 1);
        if let Some(ask) = one(ctx, ui, step, path, count) {
            asked = Some((at, ask));
        }
        path.pop();
    }
    if let Some((at, ask)) = asked {
        carry_out(list, at, ask);
    }
    if list.len() < MOST_STEPS && small_button(ui, ctx.theme, ctx.words.get("sequences.add_step")).clicked() {
        list.push(Step::Send(Draft::default()));
    }
}

fn one(ctx: &Ctx<'_>, ui: &mut Ui, step: &mut Step, path: &mut Vec<usize>, count: usize) -> Option<Ask> {
    let words = ctx.words;
    let place = path.iter().map(ToString::to_string).collect::<Vec<_>>().join(".");
    let last = path.last().copied().unwrap_or(1);
    let mut asked = None;
    ui.push_id(("step", &place), |ui| {
        ui.horizontal(|ui| {
            ui.label(RichText::new(&place).font(theme::mono()).color(ctx.theme.dim));
            let mut kind = kind_of(step);
            let can_repeat = path.len() < MOST_NESTED;
            let kinds = Kind::ALL.into_iter().filter(|kind| can_repeat || *kind != Kind::Repeat);
            let kinds: Vec<_> = kinds.map(|value| Choice { value, text: name(words, value).to_owned() }).collect();
            let label = words.fill("sequences.step_kind", &[("place", &place)]);
            let shown = name(words, kind).to_owned();
            if choice(ui, ctx.theme, &label, &shown, Some(150.0), &mut kind, &kinds).1 {
                asked = Some(Ask::Become(kind));
            }
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                let buttons = [
                    ("×", "sequences.step_delete", true, Ask::Delete),
                    ("↓", "sequences.step_down", last < count, Ask::Down),
                    ("↑", "sequences.step_up", last > 1, Ask::Up),
                ];
                for (glyph, key, enabled, ask) in buttons {
                    let name = words.fill(key, &[("place", &place)]);
                    let button = egui::Button::new(glyph).min_size(Vec2::splat(26.0));
                    if ui.add_enabled(enabled, button).on_hover_text(&name).accessible_name(&name).clicked() {
                        asked = Some(ask);
                    }
                }
            });
        });
        ui.indent("fields", |ui| fields(ctx, ui, step, &place, path));
    });
    asked
}

fn fields(ctx: &Ctx<'_>, ui: &mut Ui, step: &mut Step, place: &str, path: &mut Vec<usize>) {
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
            let label = words.fill("sequences.step_value", &[("place", &place)]);
            draft_editor(ctx, ui, ("step value", place), &label, value);
        }
        Step::Repeat { times, steps: inner } => {
            form_row(ui, ctx.theme, words.get("sequences.times"), |ui| {
                let drag = egui::DragValue::new(times).range(1..=u32::MAX);
                ui.add(drag).accessible_name(words.get("sequences.times"));
            });
            steps(ctx, ui, inner, path);
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

fn carry_out(list: &mut Vec<Step>, at: usize, ask: Ask) {
    match ask {
        Ask::Up if at > 0 => list.swap(at, at - 1),
        Ask::Down if at + 1 < list.len() => list.swap(at, at + 1),
        Ask::Up | Ask::Down => {}
        Ask::Delete => drop(list.remove(at)),
        Ask::Become(kind) => {
            if let Some(step) = list.get_mut(at) {
                *step = become_kind(std::mem::replace(step, Step::Pause { millis: 0 }), kind);
            }
        }
    }
}

/// What both kinds have is kept: a payload, a pattern.
fn become_kind(step: Step, kind: Kind) -> Step {
    let draft = match &step {
        Step::Send(draft) | Step::Set { value: draft, .. } => draft.clone(),
        _ => Draft::default(),
    };
    let awaited = match &step {
        Step::WaitFor(awaited) | Step::Expect(awaited) => awaited.clone(),
        _ => Awaited::default(),
    };
    match kind {
        Kind::Send => Step::Send(draft),
        Kind::WaitFor => Step::WaitFor(awaited),
        Kind::Expect => Step::Expect(awaited),
        Kind::Pause => Step::Pause { millis: 1000 },
        Kind::Set => Step::Set { variable: String::new(), value: draft },
        // What it was is repeated from now on.
        Kind::Repeat => Step::Repeat { times: 2, steps: vec![step] },
        Kind::Close => Step::Close { how: SequenceClose::default() },
    }
}

impl Kind {
    const ALL: [Self; 7] = [Self::Send, Self::WaitFor, Self::Expect, Self::Pause, Self::Set, Self::Repeat, Self::Close];
}

fn kind_of(step: &Step) -> Kind {
    match step {
        Step::Send(_) => Kind::Send,
        Step::WaitFor(_) => Kind::WaitFor,
        Step::Expect(_) => Kind::Expect,
        Step::Pause { .. } => Kind::Pause,
        Step::Set { .. } => Kind::Set,
        Step::Repeat { .. } => Kind::Repeat,
        Step::Close { .. } => Kind::Close,
    }
}

fn name(words: &Words, kind: Kind) -> &str {
    words.get(match kind {
        Kind::Send => "step.send",
        Kind::WaitFor => "step.wait_for",
        Kind::Expect => "step.expect",
        Kind::Pause => "step.pause",
        Kind::Set => "step.set",
        Kind::Repeat => "step.repeat",
        Kind::Close => "step.close",
    })
}
