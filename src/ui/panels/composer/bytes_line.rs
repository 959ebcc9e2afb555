//! The exact bytes that will go out and their number, cut to the width; beneath it why Send is not possible.
//! Called by: the composer.

use std::fmt::Write as _;

use egui::{Color32, Label, RichText, TextStyle, Ui};

use super::{Composer, send};
use crate::engine::Target;
use crate::model::PayloadFormat;
use crate::ui::state::Ctx;
use crate::ui::widgets::mono;

/// What the line shows of the bytes.
#[derive(Debug, PartialEq, Eq)]
struct Shown {
    body: String,
    /// The bytes between were left out.
    cut: bool,
    checksum: String,
}

/// The share of the line that the bytes may take, alone and with a sentence beside them.
const BYTES_ALONE: f32 = 0.75;
const BYTES_BESIDE: f32 = 0.3;

impl Composer {
    pub(super) fn bytes_line(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, why: Option<&send::Why>, target: Option<&Target>) {
        // What is wrong now goes before what went wrong.
        let sentence = match why.filter(|why| !why.said_below) {
            Some(why) => Some((why.text.clone(), ctx.theme.outgoing)),
            None => self.failed_words(ctx, target).map(|text| (text, ctx.theme.error)),
        };
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 6.0;
            if self.format != PayloadFormat::File {
                self.bytes(ctx, ui, target, if sentence.is_some() { BYTES_BESIDE } else { BYTES_ALONE });
            }
            if let Some((text, color)) = sentence {
                one_line(ui, &text, color);
            }
        });
    }

    fn bytes(&self, ctx: &Ctx<'_>, ui: &mut Ui, target: Option<&Target>, share: f32) {
        let bytes = match &self.composed.bytes {
            Ok(bytes) => bytes,
            Err(mistake) => {
                one_line(ui, &ctx.words.mistake(mistake), ctx.theme.error);
                return;
            }
        };
        let datagram = target.is_some_and(|target| crate::ui::panels::target::datagram_limit(ctx, target).is_some());
        if bytes.is_empty() {
            let key = if datagram { "composer.empty_datagram" } else { "composer.nothing" };
            ui.label(RichText::new(ctx.words.get(key)).color(ctx.theme.dim));
            return;
        }
        let key = if bytes.len() == 1 { "composer.byte_line" } else { "composer.bytes_line" };
        let count = ctx.words.fill(key, &[("count", &ctx.words.number(bytes.len() as u64))]);
        ui.label(RichText::new(count).color(ctx.theme.dim));
        let font = TextStyle::Monospace.resolve(ui.style());
        let digit = ui.fonts_mut(|fonts| fonts.glyph_width(&font, '0')).max(1.0);
        let fit = ((ui.available_width() * share / digit) as usize / 3).max(4);
        let sum_len = crate::payload::checksum_length(&self.checksum);
        let shown = shown(bytes, sum_len, fit);
        ui.add(Label::new(mono(&shown.body, ctx.theme.text)));
        if shown.cut {
            ui.label(mono("…", ctx.theme.dim));
        }
        if !shown.checksum.is_empty() {
            ui.label(mono(&shown.checksum, ctx.theme.accent)).on_hover_text(ctx.words.get("composer.checksum"));
        }
    }
}

/// Cut where the line ends (the whole is shown over it): a second line would make the composer grow.
fn one_line(ui: &mut Ui, text: &str, color: Color32) {
    ui.add(Label::new(RichText::new(text).color(color)).truncate());
}

/// At most `fit` bytes: the first ones, and always the checksum at the end.
fn shown(bytes: &[u8], sum_len: usize, fit: usize) -> Shown {
    let (body, sum) = bytes.split_at(bytes.len().saturating_sub(sum_len));
    let room = fit.saturating_sub(sum.len()).max(1);
    let cut = body.len() > room;
    let hex = |bytes: &[u8]| {
        bytes.iter().enumerate().fold(String::with_capacity(bytes.len() * 3), |mut text, (place, byte)| {
            // Writing to a string cannot fail.
            let _ = write!(text, "{}{byte:02x}", if place == 0 { "" } else { " " });
            text
        })
    };
    Shown { body: hex(&body[..body.len().min(room)]), cut, checksum: hex(sum) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_the_first_bytes_and_the_whole_checksum() {
        let all = shown(&[1, 2, 0xff], 0, 8);
        assert_eq!(all, Shown { body: "01 02 ff".into(), cut: false, checksum: String::new() });
        let long = shown(&[7; 100], 4, 10);
        assert_eq!(long.body, "07 07 07 07 07 07");
        assert!(long.cut);
        assert_eq!(long.checksum, "07 07 07 07");
        assert_eq!(shown(&[1], 4, 0).checksum, "01");
    }
}
