//! The bytes of a draft that was understood, in the colours of what made them: one line cut to a width, all of them in rows,
//! and what the colours mean.
//!
//! Owns: nothing. Called by: the composer's line of bytes, the draft editor.

use std::fmt::Write as _;
use std::ops::Range;

use egui::text::TextFormat;
use egui::{Align2, Popup, PopupCloseBehavior, RichText, ScrollArea, Sense, TextStyle, Ui, WidgetInfo};

use crate::payload::{MadeBy, RenderedPart, visible_text};
use crate::ui::state::Ctx;
use crate::ui::theme;
use crate::ui::understood::Example;
use crate::ui::widgets::{formatted, small_button};

/// The most of a template that stands for a value not known yet.
const PLACEHOLDER_BYTES: usize = 28;
/// Parts that are looked at for one line and its legend.
const MOST_PARTS: usize = 2000;
const BYTES_A_ROW: usize = 16;
const WHOLE_WIDTH: f32 = 460.0;
/// The button that shows all bytes, with the gap before it.
const BUTTON_WIDTH: f32 = 88.0;

/// A run of the line: bytes of one part, what stands for them, or a gap.
#[derive(Debug, PartialEq, Eq)]
struct Piece {
    text: String,
    /// Its place among the parts; `None`: bytes were left out here.
    part: Option<usize>,
}

/// The line within `width`, and behind it the legend and a way to all bytes, where they are needed.
/// The part under the pointer, where the pointer is over the line or has just left it.
pub fn line(
    ctx: &Ctx<'_>,
    ui: &mut Ui,
    example: &Example,
    text: &str,
    width: f32,
    pointed: Option<usize>,
) -> Option<Option<usize>> {
    let font = TextStyle::Monospace.resolve(ui.style());
    let digit = ui.fonts_mut(|fonts| fonts.glyph_width(&font, '0')).max(1.0);
    let fit = |width: f32| ((width / digit) as usize / 3).max(4);
    let kinds = kinds(example);
    let legend = legend_width(ctx, ui, &kinds);
    let mut shown = pieces(example, text, fit(width));
    let needed = width_of(&shown, digit) + legend;
    let mut names = !kinds.is_empty();
    let button = is_cut(&shown) || needed > width;
    if button {
        // The bytes go before the legend, which is said with all of them, too.
        names &= width - legend - BUTTON_WIDTH >= width / 2.0;
        let room = width - BUTTON_WIDTH - if names { legend } else { 0.0 };
        // Two gaps may stand between the bytes.
        shown = pieces(example, text, fit(room - 4.0 * digit));
    }
    let pointed = show(ctx, ui, example, &shown, pointed);
    if button {
        let button = small_button(ui, ctx.theme, ctx.words.get("composer.all_bytes"));
        let popup = Popup::menu(&button).close_behavior(PopupCloseBehavior::CloseOnClickOutside);
        popup.show(|ui| whole(ctx, ui, example, &kinds));
    }
    if names {
        legend_names(ctx, ui, &kinds);
    }
    pointed
}

/// "12 bytes →", or of templates "example: 12 bytes →".
pub fn count(ctx: &Ctx<'_>, example: &Example) -> String {
    let key = match (example.fixed, example.has_placeholders(), example.len()) {
        (true, _, 1) => "composer.byte_line",
        (true, ..) => "composer.bytes_line",
        (false, true, _) => "composer.example_open",
        (false, false, 1) => "composer.example_byte",
        (false, false, _) => "composer.example_bytes",
    };
    ctx.words.fill(key, &[("count", &ctx.words.number(example.len() as u64))])
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

/// All bytes in rows; of them only those on screen are formatted.
fn whole(ctx: &Ctx<'_>, ui: &mut Ui, example: &Example, kinds: &[MadeBy]) {
    let screen = ui.ctx().content_rect().size();
    ui.set_width(WHOLE_WIDTH.min(screen.x - 48.0));
    if !kinds.is_empty() {
        ui.horizontal_wrapped(|ui| legend_names(ctx, ui, kinds));
    }
    let rows = example.len().div_ceil(BYTES_A_ROW);
    let height = ui.text_style_height(&TextStyle::Monospace);
    let most = (screen.y * 0.5).min(rows as f32 * (height + ui.spacing().item_spacing.y) + 2.0);
    let area = ScrollArea::both().id_salt("all bytes").auto_shrink([false, true]);
    area.max_height(most).min_scrolled_height(most).show_rows(ui, height, rows, |ui, range| {
        for row in range {
            let from = row * BYTES_A_ROW;
            let until = (from + BYTES_A_ROW).min(example.len());
            let offset = format!("{from:08x}  ");
            let runs = row_runs(example, from..until);
            let dim = TextFormat::simple(theme::mono(), ctx.theme.dim);
            let mut styled = vec![(offset.as_str(), dim)];
            styled.extend(runs.iter().map(|(made_by, text)| {
                (text.as_str(), TextFormat::simple(theme::mono(), ctx.theme.made_by(*made_by)))
            }));
            ui.add(egui::Label::new(formatted(&styled)).extend());
        }
    });
}

/// What made each run of these bytes, and the run in hex.
fn row_runs(example: &Example, row: Range<usize>) -> Vec<(MadeBy, String)> {
    let parts = &example.rendered.parts;
    let first = parts.partition_point(|part| part.bytes.end <= row.start);
    let mut runs = Vec::new();
    for part in parts.iter().skip(first).take_while(|part| part.bytes.start < row.end) {
        let bytes = part.bytes.start.max(row.start)..part.bytes.end.min(row.end);
        if bytes.is_empty() {
            continue;
        }
        let gap = if runs.is_empty() { "" } else { " " };
        let text = if example.is_placeholder(part) {
            vec!["??"; bytes.len()].join(" ")
        } else {
            hex(example.rendered.bytes.get(bytes).unwrap_or_default())
        };
        runs.push((part.made_by, format!("{gap}{text}")));
    }
    runs
}

/// What computed bytes of it, each once, in the order of the payload.
fn kinds(example: &Example) -> Vec<MadeBy> {
    let mut kinds = Vec::new();
    let parts = &example.rendered.parts;
    // What is appended stands last, however many there are.
    for part in parts.iter().take(MOST_PARTS).chain(parts.last()) {
        if is_computed(part) && !kinds.contains(&part.made_by) {
            kinds.push(part.made_by);
        }
    }
    kinds
}

fn is_computed(part: &RenderedPart) -> bool {
    !matches!(part.made_by, MadeBy::Typed | MadeBy::Escape | MadeBy::Hex | MadeBy::Ending)
}

fn legend_names(ctx: &Ctx<'_>, ui: &mut Ui, kinds: &[MadeBy]) {
    for kind in kinds {
        let text = format!("• {}", ctx.words.made_by(*kind));
        ui.label(RichText::new(text).text_style(TextStyle::Small).color(ctx.theme.made_by(*kind)));
    }
}

fn legend_width(ctx: &Ctx<'_>, ui: &Ui, kinds: &[MadeBy]) -> f32 {
    let font = TextStyle::Small.resolve(ui.style());
    let gap = ui.spacing().item_spacing.x;
    let names = kinds.iter().map(|kind| {
        let text = format!("• {}", ctx.words.made_by(*kind));
        ui.painter().layout_no_wrap(text, font.clone(), ctx.theme.dim).size().x + gap
    });
    names.sum()
}

fn width_of(pieces: &[Piece], digit: f32) -> f32 {
    pieces.iter().map(|piece| piece.text.chars().count()).sum::<usize>() as f32 * digit
}

fn is_cut(pieces: &[Piece]) -> bool {
    pieces.iter().any(|piece| piece.part.is_none())
}

/// At most about `fit` bytes: the first ones, and what was computed before more of what was typed.
fn pieces(example: &Example, text: &str, fit: usize) -> Vec<Piece> {
    let parts = &example.rendered.parts;
    let last = parts.len().saturating_sub(1);
    // Typed bytes stand in the text as well; computed ones only here, and the last of them is mostly the checksum.
    let mut kept = 0;
    let mut keeps = vec![false; parts.len().min(MOST_PARTS)];
    let lasting = parts.last().filter(|part| is_computed(part)).map(|part| width_in_bytes(example, part, text));
    let budget = fit.saturating_sub(lasting.unwrap_or(0));
    for (place, part) in parts.iter().enumerate().take(keeps.len()).filter(|(place, _)| *place != last) {
        let width = width_in_bytes(example, part, text);
        if is_computed(part) && kept + width < budget {
            kept += width;
            keeps[place] = true;
        }
    }
    let mut room = budget.saturating_sub(kept).max(1);
    let mut pieces: Vec<Piece> = Vec::new();
    for (place, part) in parts.iter().enumerate() {
        let is_kept = keeps.get(place).copied().unwrap_or(false) || (place == last && lasting.is_some());
        if place >= keeps.len() && !is_kept {
            left_out(&mut pieces);
            continue_to_last(&mut pieces, example, text, lasting.is_some());
            return pieces;
        }
        let width = width_in_bytes(example, part, text);
        if width == 0 {
            continue;
        }
        if is_kept {
            pieces.push(piece(example, text, place, part.bytes.clone(), pieces.is_empty()));
        } else if room == 0 || (example.is_placeholder(part) && width > room) {
            left_out(&mut pieces);
            room = 0;
        } else {
            let shown = part.bytes.start..part.bytes.end.min(part.bytes.start + room);
            let cut = shown.end < part.bytes.end;
            room = room.saturating_sub(width);
            pieces.push(piece(example, text, place, shown, pieces.is_empty()));
            if cut {
                left_out(&mut pieces);
            }
        }
    }
    pieces
}

/// Behind parts that nobody looks at: the one that is always shown.
fn continue_to_last(pieces: &mut Vec<Piece>, example: &Example, text: &str, is_shown: bool) {
    let parts = &example.rendered.parts;
    if let Some(part) = parts.last().filter(|_| is_shown) {
        let found = piece(example, text, parts.len() - 1, part.bytes.clone(), pieces.is_empty());
        pieces.push(found);
    }
}

fn left_out(pieces: &mut Vec<Piece>) {
    if pieces.last().is_none_or(|piece| piece.part.is_some()) {
        pieces.push(Piece { text: " …".into(), part: None });
    }
}

fn piece(example: &Example, text: &str, place: usize, bytes: Range<usize>, is_first: bool) -> Piece {
    let gap = if is_first { "" } else { " " };
    let shown = match example.rendered.parts.get(place).filter(|part| example.is_placeholder(part)) {
        Some(part) => placeholder(text, part),
        None => hex(example.rendered.bytes.get(bytes).unwrap_or_default()),
    };
    Piece { text: format!("{gap}{shown}"), part: Some(place) }
}

/// How many bytes would take as much of the line.
fn width_in_bytes(example: &Example, part: &RenderedPart, text: &str) -> usize {
    if example.is_placeholder(part) { placeholder(text, part).len() / 3 + 1 } else { part.bytes.len() }
}

fn placeholder(text: &str, part: &RenderedPart) -> String {
    visible_text(text.get(part.text.clone()).unwrap_or_default(), PLACEHOLDER_BYTES)
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
    use crate::payload::Rendered;

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
    fn a_checksum_within_a_long_text_is_not_cut_off() {
        let long = [(&[7; 100][..], MadeBy::Typed), (&[9; 2], MadeBy::Checksum), (&[8; 50], MadeBy::Typed)];
        assert_eq!(line(&long, 6), "07 07 07 07 … 09 09 …");
        let many: Vec<_> =
            (0..5000).map(|_| (&[1][..], MadeBy::Counter)).chain([(&[2][..], MadeBy::Checksum)]).collect();
        assert_eq!(line(&many, 4), "01 01 01 … 02");
    }

    #[test]
    fn a_character_of_the_line_has_its_part() {
        let example = example(&[(&[1, 2], MadeBy::Typed), (&[3], MadeBy::Counter)]);
        let pieces = pieces(&example, "", 8);
        assert_eq!(piece_at(&pieces, 4).and_then(|piece| piece.part), Some(0));
        assert_eq!(piece_at(&pieces, 6).and_then(|piece| piece.part), Some(1));
        assert_eq!(piece_at(&pieces, 60), None);
    }

    #[test]
    fn every_row_of_all_bytes_has_its_runs() {
        let example = example(&[(&[1; 15], MadeBy::Typed), (&[], MadeBy::Random), (&[2; 3], MadeBy::Counter)]);
        let texts = |row| row_runs(&example, row).into_iter().map(|(_, text)| text).collect::<Vec<_>>();
        assert_eq!(texts(0..16).concat(), "01 ".repeat(15) + "02");
        assert_eq!(texts(16..18), ["02 02"]);
        assert_eq!(kinds(&example), [MadeBy::Random, MadeBy::Counter]);
    }
}
