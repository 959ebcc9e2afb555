//! The exact bytes that will go out and their number, cut to the width; beneath it why Send is not possible.
//! Called by: the composer.

use std::fmt::Write as _;

use egui::{Label, RichText, TextStyle, Ui};

use super::{Composer, send};
use crate::engine::Target;
use crate::model::{Checksum, PayloadFormat};
use crate::ui::state::Ctx;
use crate::ui::widgets::{mono, problem};

/// What the line shows of the bytes.
#[derive(Debug, PartialEq, Eq)]
struct Shown {
    body: String,
    /// The bytes between were left out.
    cut: bool,
    checksum: String,
}

impl Composer {
    pub(super) fn bytes_line(&self, ctx: &Ctx<'_>, ui: &mut Ui, why: Option<&send::Why>, target: Option<&Target>) {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 6.0;
            if self.format != PayloadFormat::File {
                self.bytes(ctx, ui, target);
            }
            if let Some(text) = &ctx.state.send_error {
                problem(ui, ctx.theme, text);
            } else if let Some(failure) = self.failed(ctx) {
                let text = format!("{} {}", ctx.words.failure(failure), ctx.words.hint(failure));
                problem(ui, ctx.theme, text.trim());
            } else if let Some(why) = why.filter(|why| !why.said_below) {
                ui.add(Label::new(RichText::new(&why.text).color(ctx.theme.outgoing)).truncate());
            }
        });
    }

    fn bytes(&self, ctx: &Ctx<'_>, ui: &mut Ui, target: Option<&Target>) {
        let bytes = match &self.composed.bytes {
            Ok(bytes) => bytes,
            Err(mistake) => {
                problem(ui, ctx.theme, &ctx.words.mistake(mistake));
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
        let count = ctx.words.fill(key, &[("count", &bytes.len())]);
        ui.label(RichText::new(count).color(ctx.theme.dim));
        let font = TextStyle::Monospace.resolve(ui.style());
        let digit = ui.fonts_mut(|fonts| fonts.glyph_width(&font, '0')).max(1.0);
        let fit = ((ui.available_width() * 0.75 / digit) as usize / 3).max(4);
        let sum_len = match self.checksum {
            Checksum::None => 0,
            Checksum::Sum8 | Checksum::Xor8 => 1,
            Checksum::Crc16Modbus => 2,
            Checksum::Crc32 => 4,
        };
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
