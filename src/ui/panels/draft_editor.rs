//! A payload in a few lines of a dialog: format, text, ending, checksum, and the bytes that come of it.
//!
//! Owns: nothing; the draft is its caller's. Called by: replies, sequences, services.

use egui::{Id, RichText, TextEdit, Ui};

use super::composer::checksum_choice::{self, ChecksumChoice};
use crate::model::{Draft, LineEnding, PayloadFormat, TextEncoding};
use crate::payload;
use crate::ui::state::Ctx;
use crate::ui::theme;
use crate::ui::widgets::{Choice, choice, hint, made_once, problem};

/// Bytes of the preview.
const SHOWN: usize = 24;
/// A longer text is not composed in a frame; it goes out all the same.
pub const PREVIEWED: usize = 64 * 1024;

/// `true`: it changed. `id` and `name` tell it from others on screen.
pub fn draft_editor(
    ctx: &Ctx<'_>,
    ui: &mut Ui,
    id: impl std::hash::Hash + std::fmt::Debug,
    name: &str,
    draft: &mut Draft,
) -> bool {
    let words = ctx.words;
    let before = draft.clone();
    let id = Id::unique(id);
    ui.push_id(id, |ui| {
        ui.horizontal_wrapped(|ui| {
            let formats = PayloadFormat::ALL.into_iter().filter(|format| *format != PayloadFormat::File);
            let formats: Vec<_> =
                formats.map(|value| Choice { value, text: words.payload_format(value).to_owned() }).collect();
            let shown = words.payload_format(draft.format).to_owned();
            choice(ui, ctx.theme, words.get("draft.format"), &shown, Some(110.0), &mut draft.format, &formats);
            if matches!(draft.format, PayloadFormat::Text | PayloadFormat::Mixed) {
                let encodings = TextEncoding::ALL.map(|value| Choice { value, text: value.name().to_owned() });
                let shown = draft.encoding.name();
                choice(
                    ui,
                    ctx.theme,
                    words.get("composer.encoding"),
                    shown,
                    Some(84.0),
                    &mut draft.encoding,
                    &encodings,
                );
            }
            let endings = LineEnding::ALL.map(|value| Choice { value, text: words.line_ending(value).to_owned() });
            let shown = words.line_ending(draft.ending).to_owned();
            choice(ui, ctx.theme, words.get("composer.ending"), &shown, Some(112.0), &mut draft.ending, &endings);
            checksum(ctx, ui, id.with("checksum"), draft);
        });
        let edit = TextEdit::multiline(&mut draft.text)
            .id(id.with("text"))
            .font(theme::mono())
            .desired_rows(2)
            .desired_width(f32::INFINITY);
        ui.add(edit).accessible_name(name);
        below(ctx, ui, id.with("bytes"), draft);
    });
    *draft != before
}

/// What was searched for lives with the widget.
fn checksum(ctx: &Ctx<'_>, ui: &mut Ui, id: Id, draft: &mut Draft) {
    let known = ui.data_mut(|data| data.get_temp::<ChecksumChoice>(id));
    let mut choice = known.unwrap_or_else(|| ChecksumChoice::of(id, checksum_choice::WIDTH - 8.0));
    choice.ui(ctx, ui, &mut draft.checksum, None);
    ui.data_mut(|data| data.insert_temp(id, choice));
}

/// The bytes, or what is wrong with the text.
fn below(ctx: &Ctx<'_>, ui: &mut Ui, id: Id, draft: &Draft) {
    if draft.text.len() > PREVIEWED {
        return;
    }
    match made_once(ui, id, draft, head_of) {
        Err(mistake) => {
            problem(ui, ctx.theme, &ctx.words.mistake(&mistake));
        }
        Ok(Some(head)) => {
            ui.label(RichText::new(head).font(theme::mono()).color(ctx.theme.dim));
        }
        Ok(None) => {
            hint(ui, ctx.theme, ctx.words.get("draft.filled_in"));
        }
    }
}

/// The first bytes; `None`: they are others each time.
fn head_of(draft: &Draft) -> Result<Option<String>, payload::Mistake> {
    let compiled = payload::compile(draft)?;
    Ok(compiled.fixed().map(|bytes| {
        let head = payload::bytes_to_hex(bytes.get(..SHOWN).unwrap_or(bytes));
        let more = if bytes.len() > SHOWN { " …" } else { "" };
        format!("{head}{more}")
    }))
}
