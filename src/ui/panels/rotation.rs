//! When the session being recorded goes on in a new file, and how many are kept: three fields of the sessions dialog.
//!
//! Owns: what is half typed. Never: files. Called by: `sessions`.

use egui::{Id, RichText, Ui};

use crate::model::Rotation;
use crate::ui::action::{Action, SessionAction};
use crate::ui::state::Ctx;
use crate::ui::widgets::{Field, FieldText, problem};

const MEGABYTE: u64 = 1_000_000;
const HOUR: u64 = 3_600;
/// A petabyte, a year, and more files than anybody looks at.
const MOST: [u64; 3] = [1_000_000_000, 8_760, 10_000];

#[derive(Default)]
pub struct RotationFields {
    megabytes: FieldText,
    hours: FieldText,
    files: FieldText,
    /// What the fields were filled from.
    taken: Option<Rotation>,
}

impl RotationFields {
    pub fn ui(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
        let words = ctx.words;
        if self.taken != Some(ctx.state.rotation) {
            self.fill(ctx.state.rotation);
        }
        let mut done = false;
        let label = |ui: &mut Ui, key| ui.label(RichText::new(words.get(key)).color(ctx.theme.dim));
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 8.0;
            label(ui, "rotation.every");
            done |= one(ctx, ui, "rotation.megabytes", 72.0, &mut self.megabytes);
            label(ui, "rotation.or");
            done |= one(ctx, ui, "rotation.hours", 48.0, &mut self.hours);
            label(ui, "rotation.after");
        });
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 8.0;
            label(ui, "rotation.keep");
            done |= one(ctx, ui, "rotation.files", 48.0, &mut self.files);
            label(ui, "rotation.newest");
        });
        for field in [&self.megabytes, &self.hours, &self.files] {
            if let Some(text) = &field.problem {
                problem(ui, ctx.theme, text);
            }
        }
        if done {
            self.take(ctx, actions);
        }
    }

    fn fill(&mut self, rotation: Rotation) {
        let text = |value: Option<u64>| FieldText::new(value.map_or_else(String::new, |value| value.to_string()));
        self.megabytes = text(rotation.every_bytes.map(|bytes| bytes.div_ceil(MEGABYTE)));
        self.hours = text(rotation.every_secs.map(|secs| secs.div_ceil(HOUR)));
        self.files = text(rotation.keep_files.map(u64::from));
        self.taken = Some(rotation);
    }

    fn take(&mut self, ctx: &Ctx<'_>, actions: &mut Vec<Action>) {
        let keys = ["rotation.bad_megabytes", "rotation.bad_hours", "rotation.bad_files"];
        let least = [2, 1, 1];
        let mut values = [None; 3];
        let mut whole = true;
        for (at, field) in [&mut self.megabytes, &mut self.hours, &mut self.files].into_iter().enumerate() {
            let text = field.text.trim();
            let value = text.parse::<u64>().ok().filter(|value| (least[at]..=MOST[at]).contains(value));
            field.problem = (value.is_none() && !text.is_empty()).then(|| ctx.words.get(keys[at]).to_owned());
            whole &= field.problem.is_none();
            values[at] = value;
        }
        if !whole {
            return;
        }
        let [megabytes, hours, files] = values;
        let rotation = Rotation {
            every_bytes: megabytes.map(|n| n * MEGABYTE),
            every_secs: hours.map(|n| n * HOUR),
            keep_files: files.and_then(|n| u32::try_from(n).ok()),
        };
        if rotation != ctx.state.rotation {
            self.taken = Some(rotation);
            actions.push(Action::Session(SessionAction::SetRotation(rotation)));
        }
    }
}

/// `true`: the person is done with the field.
fn one(ctx: &Ctx<'_>, ui: &mut Ui, key: &'static str, width: f32, value: &mut FieldText) -> bool {
    let field = Field { theme: ctx.theme, name: ctx.words.get(key), width, placeholder: "–" };
    field.show(ui, Id::unique(key), value).lost_focus()
}
