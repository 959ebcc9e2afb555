//! The exact bytes that will go out and their number, coloured by what made them, cut to the width; of templates an example.
//! Beneath it why Send is not possible. Called by: the composer.

use egui::{Color32, Label, RichText, TextStyle, Ui};

use super::preview::Shown;
use super::views::Apart;
use super::{Composer, send};
use crate::engine::Target;
use crate::model::PayloadFormat;
use crate::ui::action::{Action, SendAction};
use crate::ui::panels::example_bytes;
use crate::ui::state::Ctx;
use crate::ui::widgets::small_button;

/// The share of the line that the bytes have, however long the sentence beside them is.
const BYTES_BESIDE: f32 = 0.4;
/// "Allow this file", with its gap.
const PICK_WIDTH: f32 = 120.0;

impl Composer {
    pub(super) fn bytes_line(
        &mut self,
        ctx: &Ctx<'_>,
        ui: &mut Ui,
        why: Option<&send::Why>,
        target: Option<&Target>,
        actions: &mut Vec<Action>,
    ) {
        let mut refused = None;
        // What is wrong now goes before what went wrong.
        let sentence = match why.filter(|why| !why.said_below) {
            Some(why) => Some((why.text.clone(), ctx.theme.outgoing)),
            None => self
                .failed_words(ctx, target)
                .inspect(|_| refused = self.refused_file(ctx))
                .map(|text| (text, ctx.theme.error))
                .or_else(|| self.repeated_words(ctx, target).map(|text| (text, ctx.theme.dim)))
                .or_else(|| self.apart_words(ctx).map(|text| (text, ctx.theme.dim))),
        };
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 6.0;
            if self.format() != PayloadFormat::File {
                let button = if refused.is_some() { PICK_WIDTH } else { 0.0 };
                let beside = sentence.as_ref().map_or(0.0, |(text, color)| sentence_width(ui, text, *color) + button);
                self.bytes(ctx, ui, target, beside);
            }
            if let Some(path) = refused
                && small_button(ui, ctx.theme, ctx.words.get("composer.pick_file")).clicked()
            {
                actions.push(Action::Send(SendAction::PickFile(path)));
            }
            if let Some((text, color)) = sentence {
                one_line(ui, &text, color);
            }
        });
    }

    fn bytes(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, target: Option<&Target>, beside: f32) {
        let words = ctx.words;
        if self.preview.waits() {
            one_line(ui, words.get("composer.pause"), ctx.theme.dim);
            return;
        }
        let example = match self.preview.shown() {
            Shown::Bytes(example) => example,
            Shown::Mistake(mistake) => return one_line(ui, &words.mistake(mistake), ctx.theme.error),
            Shown::Missing(missing) => return one_line(ui, &words.missing(missing), ctx.theme.error),
        };
        if example.is_empty() {
            let datagram =
                target.is_some_and(|target| crate::ui::panels::target::datagram_limit(ctx, target).is_some());
            let key = if datagram { "composer.empty_datagram" } else { "composer.nothing" };
            ui.label(RichText::new(words.get(key)).color(ctx.theme.dim));
            return;
        }
        let count = ui.label(RichText::new(example_bytes::count(ctx, example)).color(ctx.theme.dim));
        if !example.fixed {
            count.on_hover_text(words.get("composer.example_hint"));
        }
        let room = ui.available_width();
        let width = (room - beside).max(room * BYTES_BESIDE);
        let text = self.preview.of().map_or("", |of| &of.text);
        let pointed = example_bytes::line(ctx, ui, example, text, width, self.pointed);
        // The text has its own say while the pointer is there.
        if let Some(pointed) = pointed
            && self.pointed != pointed
        {
            self.pointed = pointed;
            ui.ctx().request_repaint();
        }
    }

    /// Why the format that was switched to does not show the bytes of the one before; until something is typed.
    fn apart_words(&self, ctx: &Ctx<'_>) -> Option<String> {
        let (from, apart, revision) = self.apart.as_ref()?;
        if *revision != self.views.revision {
            return None;
        }
        let key = match apart {
            Apart::Mistake => "composer.apart_mistake",
            Apart::Templates => "composer.apart_templates",
            Apart::Long => "composer.apart_long",
            Apart::OwnText => "composer.apart_own",
        };
        let name = |format| ctx.words.payload_format(format);
        Some(ctx.words.fill(key, &[("from", &name(*from)), ("to", &name(self.format()))]))
    }
}

fn sentence_width(ui: &Ui, text: &str, color: Color32) -> f32 {
    let font = TextStyle::Body.resolve(ui.style());
    ui.painter().layout_no_wrap(text.to_owned(), font, color).size().x + ui.spacing().item_spacing.x
}

/// Cut where the line ends (the whole is shown over it): a second line would make the composer grow.
fn one_line(ui: &mut Ui, text: &str, color: Color32) {
    ui.add(Label::new(RichText::new(text).color(color)).truncate());
}
