//! How a line of a conversation looks, and how a screen reader says it. Pure painting; called for lines on screen only.

use std::ops::Range;

use egui::text::{ByteIndex, LayoutJob, LayoutSection, TextFormat};
use egui::{Align2, Color32, Painter, Pos2, Rect, Stroke, Ui, Vec2};

use super::lines::Showing;
use crate::model::Direction;
use crate::session::conversation::{BytesLine, Line, LineContent, TextLine, Turn, raw_character};
use crate::ui::state::Ctx;
use crate::ui::theme::{self, Theme};
use crate::ui::widgets;

/// Where the content of a line begins.
pub const CONTENT: f32 = 30.0;
const BAR: f32 = 3.0;
const ARROW: f32 = 11.0;
/// How much of a direction's colour lies on the ground of its lines.
const TINT: f32 = 0.07;
const HEAD_TINT: f32 = 0.14;
const SELECTED: f32 = 0.10;
const FOUND: f32 = 0.35;
/// A screen reader hears no more of a line.
const SPOKEN_CHARS: usize = 200;

#[derive(Clone, Copy)]
pub struct Look {
    pub selected: bool,
    pub hovered: bool,
    /// The first line on screen: it says whose it is when its header is out of view.
    pub top: bool,
}

/// Cells of a hex line with so many bytes.
pub fn hex_cells(bytes: u16) -> u16 {
    8 + 2 + bytes * 3 + 2 + bytes
}

pub fn line(showing: &Showing<'_, '_>, painter: &Painter, rect: Rect, line: &Line, look: Look) {
    let theme = showing.ctx.theme;
    let is_head = matches!(line.content, LineContent::Turn(_));
    if let Some(direction) = line.direction {
        let color = color_of(theme, direction);
        let tint = if is_head { HEAD_TINT } else { TINT };
        painter.rect_filled(rect, 0.0, Theme::mix(theme.background, color, tint));
        let bar = Rect::from_min_size(rect.min + Vec2::new(3.0, 0.0), Vec2::new(BAR, rect.height()));
        painter.rect_filled(bar, 0.0, color);
    }
    if look.selected {
        let ground = Rect::from_min_max(rect.min + Vec2::new(3.0 + BAR, 0.0), rect.max);
        // Told apart from the tints of both directions.
        painter.rect_filled(ground, 0.0, Theme::mix(theme.selection, theme.accent, SELECTED));
        painter.vline(rect.left() + CONTENT - 5.0, rect.y_range(), Stroke::new(2.0, theme.accent));
    } else if look.hovered {
        let ground = Rect::from_min_max(Pos2::new(rect.left() + CONTENT - 4.0, rect.top()), rect.max);
        painter.rect_filled(ground, 0.0, Theme::mix(theme.background, theme.text, 0.07));
    }
    if let Some(direction) = line.direction.filter(|_| is_head || look.top) {
        let at = Pos2::new(rect.left() + ARROW, rect.center().y);
        widgets::mono_text(painter, at, Align2::LEFT_CENTER, arrow(direction), color_of(theme, direction));
    }
    let at = Pos2::new(rect.left() + CONTENT, rect.center().y);
    let job = match &line.content {
        LineContent::Turn(turn) => head(showing, turn),
        LineContent::Text(text) => {
            boundary(theme, painter, rect, text.datagram);
            text_job(theme, text)
        }
        LineContent::Bytes(bytes) => {
            boundary(theme, painter, rect, bytes.datagram);
            hex_job(theme, bytes)
        }
        LineContent::EmptyDatagram => {
            boundary(theme, painter, rect, true);
            widgets::mono_job(showing.ctx.words.get("log.empty_datagram"), theme.dim)
        }
        LineContent::Unreadable => widgets::mono_job(showing.ctx.words.get("log.unreadable"), theme.error),
        LineContent::Happened(_) => happened(showing, line),
    };
    widgets::paint_job(painter, at, Align2::LEFT_CENTER, job, theme.text);
}

pub fn loading(ctx: &Ctx<'_>, painter: &Painter, rect: Rect) {
    let at = Pos2::new(rect.left() + CONTENT, rect.center().y);
    widgets::mono_text(painter, at, Align2::LEFT_CENTER, ctx.words.get("log.loading"), ctx.theme.faint);
}

/// The line as a screen reader says it.
pub fn spoken(showing: &Showing<'_, '_>, line: &Line) -> String {
    let words = showing.ctx.words;
    let text = match &line.content {
        LineContent::Turn(turn) => {
            let parts = head_parts(showing, turn);
            return parts.into_iter().map(|(text, _)| text).collect::<String>().trim().to_owned();
        }
        LineContent::Happened(_) => return happened(showing, line).text.trim().to_owned(),
        LineContent::Text(text) => text.text.chars().take(SPOKEN_CHARS).collect(),
        LineContent::Bytes(bytes) => {
            format!("{:08x} {} {}", bytes.offset, crate::payload::bytes_to_hex(&bytes.bytes), printable(&bytes.bytes))
        }
        LineContent::EmptyDatagram => words.get("log.empty_datagram").to_owned(),
        LineContent::Unreadable => words.get("log.unreadable").to_owned(),
    };
    match line.direction {
        Some(direction) => format!("{}  {text}", words.direction(direction)),
        None => text,
    }
}

/// In the middle of the panel: there is nothing to show, and why.
pub fn nothing(ctx: &Ctx<'_>, ui: &mut Ui, title: &'static str, hint: &'static str) {
    let rect = ui.available_rect_before_wrap();
    let size = Vec2::new(rect.width().min(440.0), 96.0_f32.min(rect.height()));
    let middle = Rect::from_center_size(rect.center(), size);
    let layout = egui::Layout::top_down(egui::Align::Center);
    ui.scope_builder(egui::UiBuilder::new().max_rect(middle).layout(layout), |ui| {
        ui.spacing_mut().item_spacing.y = 8.0;
        ui.label(egui::RichText::new(ctx.words.get(title)).font(theme::medium(15.0)));
        let hint = egui::RichText::new(ctx.words.get(hint)).color(ctx.theme.dim);
        ui.add(egui::Label::new(hint).wrap().halign(egui::Align::Center));
    });
}

fn arrow(direction: Direction) -> &'static str {
    match direction {
        Direction::In => "↓",
        Direction::Out => "↑",
    }
}

fn color_of(theme: &Theme, direction: Direction) -> Color32 {
    match direction {
        Direction::In => theme.incoming,
        Direction::Out => theme.outgoing,
    }
}

/// A datagram begins here, within a turn of several.
fn boundary(theme: &Theme, painter: &Painter, rect: Rect, begins: bool) {
    if begins {
        let from = rect.left() + CONTENT - 14.0;
        painter.hline(from..=from + 10.0, rect.top() + 0.5, Stroke::new(1.0, theme.dim));
        painter.hline(from + 10.0..=rect.right(), rect.top() + 0.5, Stroke::new(1.0, theme.line));
    }
}

fn head(showing: &Showing<'_, '_>, turn: &Turn) -> LayoutJob {
    widgets::mono_parts(&head_parts(showing, turn))
}

/// `in  17:40:02.118 204  7 bytes  3 chunks  +1.20 ms`
fn head_parts(showing: &Showing<'_, '_>, turn: &Turn) -> Vec<(String, Color32)> {
    let (theme, words) = (showing.ctx.theme, showing.ctx.words);
    let mut parts = vec![
        (words.direction(turn.direction).to_owned(), color_of(theme, turn.direction)),
        (format!("  {}", showing.clock.time(turn.first, showing.ctx.state.local_time)), theme.dim),
        (format!("  {}", words.count("count.bytes", turn.bytes)), theme.text),
    ];
    if turn.chunks > 1 {
        let is_datagram = showing.snapshot.and_then(|snapshot| snapshot.flow.as_ref());
        let is_datagram = is_datagram.is_some_and(|flow| flow.transport == crate::model::Transport::Udp);
        let units = if is_datagram { "count.datagrams" } else { "conversation.chunks" };
        parts.push((format!("  {}", words.count(units, turn.chunks)), theme.dim));
    }
    if let Some(after) = turn.after {
        parts.push((format!("  +{}", words.duration(after)), theme.dim));
    }
    parts
}

fn happened(showing: &Showing<'_, '_>, line: &Line) -> LayoutJob {
    let (theme, words) = (showing.ctx.theme, showing.ctx.words);
    let LineContent::Happened(recorded) = &line.content else { return LayoutJob::default() };
    let Some(happening) = recorded.event.happening() else { return LayoutJob::default() };
    let color = if happening.kind().is_error() { theme.error } else { theme.dim };
    let time = showing.clock.time(recorded.event.time, showing.ctx.state.local_time);
    let glyph = crate::ui::panels::log::text::arrow(&recorded.event);
    let sentence: String = words.happening(happening, &recorded.event.flow).chars().take(1000).collect();
    widgets::mono_parts(&[(format!("{glyph} "), color), (format!("{time}  "), theme.dim), (sentence, color)])
}

fn text_job(theme: &Theme, line: &TextLine) -> LayoutJob {
    let marked = line.marked.iter().cloned().map(|range| (range, Mark::Dim));
    let found = line.found.iter().map(|(range, current)| (range.clone(), Mark::Found(*current)));
    job(theme, &line.text, theme.text, marked.collect(), found.collect())
}

/// `00000010  48 65 6c 6c 6f …  Hello`
fn hex_job(theme: &Theme, line: &BytesLine) -> LayoutJob {
    let per_line = if line.bytes.len() > 8 { 16 } else { 8 };
    let hex = crate::payload::bytes_to_hex(&line.bytes);
    let mut text = format!("{:08x}  {hex:<width$}", line.offset, width = per_line * 3 + 1);
    let printed = text.len();
    text.push_str(&printable(&line.bytes));
    // A place in the text column, where some characters take two bytes.
    let at = |byte: usize| text[printed..].char_indices().nth(byte).map_or(text.len(), |(at, _)| printed + at);
    let mut found = Vec::new();
    for (range, current) in &line.found {
        found.push((10 + range.start * 3..10 + range.end * 3 - 1, Mark::Found(*current)));
        found.push((at(range.start)..at(range.end), Mark::Found(*current)));
    }
    found.sort_by_key(|(range, _)| range.start);
    let marked = vec![(0..8, Mark::Faint), (printed..text.len(), Mark::Dim)];
    job(theme, &text, theme.text, marked, found)
}

fn printable(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| if byte.is_ascii() { raw_character(*byte) } else { '·' }).collect()
}

#[derive(Clone, Copy)]
enum Mark {
    Dim,
    Faint,
    /// The second is the one that was stepped to.
    Found(bool),
}

/// Text in sections: `marked` colours letters, `found` the ground beneath them. Both are in order.
fn job(
    theme: &Theme,
    text: &str,
    color: Color32,
    marked: Vec<(Range<usize>, Mark)>,
    found: Vec<(Range<usize>, Mark)>,
) -> LayoutJob {
    let mut edges: Vec<usize> = marked.iter().chain(&found).flat_map(|(range, _)| [range.start, range.end]).collect();
    edges.extend([0, text.len()]);
    edges.retain(|edge| text.is_char_boundary(*edge));
    edges.sort_unstable();
    edges.dedup();
    let mut job = LayoutJob { text: text.to_owned(), break_on_newline: false, ..LayoutJob::default() };
    for pair in edges.windows(2) {
        let &[from, to] = pair else { continue };
        let at = |marks: &[(Range<usize>, Mark)]| {
            marks.iter().find(|(range, _)| range.contains(&from)).map(|(_, mark)| *mark)
        };
        let mut format = TextFormat::simple(theme::mono(), color);
        match at(&marked) {
            Some(Mark::Dim) => format.color = theme.dim,
            Some(Mark::Faint) => format.color = theme.faint,
            _ => {}
        }
        match at(&found) {
            Some(Mark::Found(true)) => (format.background, format.color) = (theme.accent, theme.on_accent),
            Some(Mark::Found(false)) => {
                (format.background, format.color) = (Theme::mix(theme.background, theme.accent, FOUND), theme.text);
            }
            _ => {}
        }
        job.sections.push(LayoutSection { leading_space: 0.0, byte_range: ByteIndex(from)..ByteIndex(to), format });
    }
    widgets::without_ligatures(job)
}
