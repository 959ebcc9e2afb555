//! The exact bytes that will go out and their number, coloured by what made them, cut to the width; of templates an example.
//! Beneath it why Send is not possible. Called by: the composer.

use std::fmt::Write as _;
use std::ops::Range;

use egui::text::TextFormat;
use egui::{Align2, Color32, Label, RichText, Sense, TextStyle, Ui, WidgetInfo};

use super::preview::{Example, Shown};
use super::views::Apart;
use super::{Composer, send};
use crate::engine::Target;
use crate::model::PayloadFormat;
use crate::payload::{RenderedPart, visible_text};
use crate::ui::action::{Action, SendAction};
use crate::ui::state::Ctx;
use crate::ui::theme;
use crate::ui::widgets::{formatted, small_button};

/// The share of the line that the bytes may take, alone and with a sentence beside them.
const BYTES_ALONE: f32 = 0.75;
const BYTES_BESIDE: f32 = 0.3;
/// The most of a template that stands for a value not known yet.
const PLACEHOLDER_BYTES: usize = 28;

/// A run of the line: bytes of one part, what stands for them, or a gap.
#[derive(Debug, PartialEq, Eq)]
struct Piece {
    text: String,
    /// Its place among the parts; `None`: bytes were left out here.
    part: Option<usize>,
}

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
                self.bytes(ctx, ui, target, if sentence.is_some() { BYTES_BESIDE } else { BYTES_ALONE });
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

    fn bytes(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, target: Option<&Target>, share: f32) {
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
        let count = ui.label(RichText::new(count_words(ctx, example)).color(ctx.theme.dim));
        if !example.fixed {
            count.on_hover_text(words.get("composer.example_hint"));
        }
        let font = TextStyle::Monospace.resolve(ui.style());
        let digit = ui.fonts_mut(|fonts| fonts.glyph_width(&font, '0')).max(1.0);
        let fit = ((ui.available_width() * share / digit) as usize / 3).max(4);
        let text = self.preview.of().map_or("", |of| &of.text);
        let pieces = pieces(example, text, fit);
        let pointed = show(ctx, ui, example, &pieces, self.pointed);
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

/// Paints the pieces; the part under the pointer, where the pointer is over the line or has just left it.
fn show(
    ctx: &Ctx<'_>,
    ui: &mut Ui,
    example: &Example,
    pieces: &[Piece],
    pointed: Option<usize>,
) -> Option<Option<usize>> {
    let parts = &example.rendered.parts;
    let styled: Vec<_> = pieces
        .iter()
        .map(|piece| {
            let part = piece.part.and_then(|place| parts.get(place));
            let color = part.map_or(ctx.theme.dim, |part| ctx.theme.made_by(part.made_by));
            let mut format = TextFormat::simple(theme::mono(), color);
            if piece.part.is_some() && piece.part == pointed {
                format.background = ctx.theme.selection;
            }
            (piece.text.as_str(), format)
        })
        .collect();
    let job = formatted(&styled);
    let said = job.text.clone();
    let galley = ui.fonts_mut(|fonts| fonts.layout_job(job));
    let (rect, response) = ui.allocate_exact_size(galley.size(), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Label, true, &said));
    let at = Align2::LEFT_CENTER.align_size_within_rect(galley.size(), rect).min;
    ui.painter().galley(at, galley.clone(), ctx.theme.text);
    let Some(pointer) = response.hover_pos() else {
        let left = pointed.is_some() && ui.input(|i| i.pointer.delta() != egui::Vec2::ZERO);
        let over_text = ui.input(|i| i.pointer.hover_pos()).is_some_and(|pos| pos.y < rect.top());
        return (left && !over_text).then_some(None);
    };
    let character = galley.cursor_from_pos(pointer - at).index.0;
    let found = piece_at(pieces, character).and_then(|piece| piece.part);
    if let Some(part) = found.and_then(|place| parts.get(place)) {
        response.on_hover_ui_at_pointer(|ui| explain(ctx, ui, example, part));
    }
    Some(found)
}

/// "Counter, bytes 2 to 3", in the colour of the part.
fn explain(ctx: &Ctx<'_>, ui: &mut Ui, example: &Example, part: &RenderedPart) {
    let words = ctx.words;
    ui.label(RichText::new(words.made_by(part.made_by)).color(ctx.theme.made_by(part.made_by)));
    if example.is_placeholder(part) {
        ui.label(words.get("composer.filled_at_send"));
        return;
    }
    let Range { start, end } = part.bytes.clone();
    let place = match end - start {
        1 => words.fill("composer.part_byte", &[("place", &words.number(start as u64))]),
        count => words.fill(
            "composer.part_bytes",
            &[
                ("from", &words.number(start as u64)),
                ("to", &words.number(end as u64 - 1)),
                ("count", &words.number(count as u64)),
            ],
        ),
    };
    ui.label(RichText::new(place).color(ctx.theme.dim));
}

fn count_words(ctx: &Ctx<'_>, example: &Example) -> String {
    let key = match (example.fixed, example.has_placeholders(), example.len()) {
        (true, _, 1) => "composer.byte_line",
        (true, ..) => "composer.bytes_line",
        (false, true, _) => "composer.example_open",
        (false, false, 1) => "composer.example_byte",
        (false, false, _) => "composer.example_bytes",
    };
    ctx.words.fill(key, &[("count", &ctx.words.number(example.len() as u64))])
}

/// Cut where the line ends (the whole is shown over it): a second line would make the composer grow.
fn one_line(ui: &mut Ui, text: &str, color: Color32) {
    ui.add(Label::new(RichText::new(text).color(color)).truncate());
}

/// At most about `fit` bytes: the first ones, and always the checksum that is appended.
fn pieces(example: &Example, text: &str, fit: usize) -> Vec<Piece> {
    let parts = &example.rendered.parts;
    let appended = |part: &&RenderedPart| part.text.is_empty() && part.made_by == crate::payload::MadeBy::Checksum;
    let sum = parts.last().filter(appended).map(|part| part.bytes.clone());
    let mut room = fit.saturating_sub(sum.as_ref().map_or(0, Range::len)).max(1);
    let body = if sum.is_some() { parts.len() - 1 } else { parts.len() };
    let mut pieces: Vec<Piece> = Vec::new();
    let gap = |pieces: &[Piece]| if pieces.is_empty() { "" } else { " " };
    for (place, part) in parts.iter().enumerate().take(body) {
        if room == 0 {
            pieces.push(Piece { text: " …".into(), part: None });
            break;
        }
        if example.is_placeholder(part) {
            let template = visible_text(text.get(part.text.clone()).unwrap_or_default(), PLACEHOLDER_BYTES);
            room = room.saturating_sub(template.len() / 3 + 1);
            pieces.push(Piece { text: format!("{}{template}", gap(&pieces)), part: Some(place) });
            continue;
        }
        let shown = part.bytes.start..part.bytes.end.min(part.bytes.start + room);
        let cut = shown.end < part.bytes.end;
        room -= shown.len();
        let hex = hex(example.rendered.bytes.get(shown).unwrap_or_default());
        pieces.push(Piece { text: format!("{}{hex}", gap(&pieces)), part: Some(place) });
        if cut {
            pieces.push(Piece { text: " …".into(), part: None });
            break;
        }
    }
    if let Some(sum) = sum {
        let hex = hex(example.rendered.bytes.get(sum).unwrap_or_default());
        pieces.push(Piece { text: format!("{}{hex}", gap(&pieces)), part: Some(body) });
    }
    pieces
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().enumerate().fold(String::with_capacity(bytes.len() * 3), |mut text, (place, byte)| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{}{byte:02x}", if place == 0 { "" } else { " " });
        text
    })
}

fn piece_at(pieces: &[Piece], character: usize) -> Option<&Piece> {
    let mut end = 0;
    pieces.iter().find(|piece| {
        end += piece.text.chars().count();
        character < end
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::{MadeBy, Rendered};

    fn example(parts: &[(&[u8], MadeBy)]) -> Example {
        let (mut whole, mut made) = (Vec::new(), Vec::new());
        for (bytes, made_by) in parts {
            let start = whole.len();
            whole.extend_from_slice(bytes);
            made.push(RenderedPart { bytes: start..whole.len(), text: 0..0, made_by: *made_by });
        }
        let rendered = Rendered { bytes: whole.into(), parts: made.into() };
        Example { rendered, ..Example::default() }
    }

    fn line(parts: &[(&[u8], MadeBy)], fit: usize) -> String {
        pieces(&example(parts), "", fit).into_iter().map(|piece| piece.text).collect()
    }

    #[test]
    fn shows_the_first_bytes_and_the_whole_checksum() {
        assert_eq!(line(&[(&[1, 2, 0xff], MadeBy::Typed)], 8), "01 02 ff");
        let long = [(&[7; 100][..], MadeBy::Typed), (&[9; 4], MadeBy::Checksum)];
        assert_eq!(line(&long, 10), "07 07 07 07 07 07 … 09 09 09 09");
        assert_eq!(line(&[(&[1], MadeBy::Checksum)], 0), "01");
        assert_eq!(line(&[(&[1, 2], MadeBy::Typed), (&[3], MadeBy::Counter), (&[4], MadeBy::Typed)], 3), "01 02 03 …");
    }

    #[test]
    fn a_character_of_the_line_has_its_part() {
        let example = example(&[(&[1, 2], MadeBy::Typed), (&[3], MadeBy::Counter)]);
        let pieces = pieces(&example, "", 8);
        assert_eq!(piece_at(&pieces, 4).and_then(|piece| piece.part), Some(0));
        assert_eq!(piece_at(&pieces, 6).and_then(|piece| piece.part), Some(1));
        assert_eq!(piece_at(&pieces, 60), None);
    }
}
