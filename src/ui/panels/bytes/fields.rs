//! The fields of the selected payload as a tree of rows, linked to its bytes; and the choice of the decoder.
//!
//! Owns: what was decoded last, which fields are folded, the decoders chosen for a file. Never: what bytes mean (that is
//! `decode`); decodes again before the event, its bytes or the choice is another.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use egui::{Align2, Id, Pos2, Rect, RichText, Sense, Ui, WidgetInfo};

use super::dump::offset_text;
use super::selection::Selection;
use crate::decode::{self, Field};
use crate::model::{DecoderChoice, EndpointId, Recorded};
use crate::ui::action::{Action, EndpointAction};
use crate::ui::state::Ctx;
use crate::ui::theme;
use crate::ui::widgets::{self, row_list, row_list::RowList};

const ROW: f32 = 19.0;
const INDENT: f32 = 12.0;
/// Room for the sign of a field with fields.
const SIGN: f32 = 16.0;
/// Bytes that are decoded.
const MOST_DECODED: usize = 64 * 1024;

#[derive(Default)]
pub struct Fields {
    list: RowList,
    of: Option<Of>,
    decoded: Option<Tree>,
    /// The selection that was looked at last: another one is followed to its field.
    seen: u64,
    /// Bytes of the field that the pointer is on.
    pub hovered: Option<Range<usize>>,
    /// Of an opened file, whose endpoints have no settings.
    chosen: HashMap<EndpointId, DecoderChoice>,
}

/// What was decoded: the event, its frame and bytes, and by whom.
#[derive(PartialEq)]
struct Of {
    seq: u64,
    frame: Option<u32>,
    bytes: (usize, usize),
    key: &'static str,
}

struct Tree {
    heads: Vec<Head>,
    lines: Vec<Line>,
    folded: HashSet<usize>,
    /// Numbers of the lines that are not in folded ones.
    open: Vec<usize>,
    current: Option<usize>,
}

/// What stands above the fields.
struct Head {
    text: String,
    at: Option<Range<usize>>,
    is_fault: bool,
}

struct Line {
    depth: usize,
    name: String,
    value: String,
    at: Range<usize>,
    has_fields: bool,
}

impl Fields {
    /// Decodes, where something is another than in the frame before.
    pub fn follow(&mut self, ctx: &Ctx<'_>, row: &Recorded) {
        let bytes = row.event.bytes().filter(|bytes| !bytes.is_empty());
        let decoder = decode::decoder_for(&self.choice(ctx, row), &row.event.flow);
        let (Some(bytes), Some(decoder)) = (bytes, decoder) else {
            (self.of, self.decoded) = (None, None);
            return;
        };
        let place = (bytes.as_ptr() as usize, bytes.len());
        let of = Of { seq: row.seq, frame: ctx.state.selected_frame, bytes: place, key: decoder.key() };
        if self.of.as_ref() == Some(&of) {
            return;
        }
        let read = bytes.get(..MOST_DECODED).unwrap_or(bytes);
        let decoded = decoder.decode(read);
        let mut heads = Vec::new();
        let summary = if decoded.summary.is_empty() { String::new() } else { format!(": {}", decoded.summary) };
        let head = |text, at, is_fault| Head { text, at, is_fault };
        heads.push(head(format!("{}{summary}", decoder.name()), Some(0..read.len()), false));
        if let Some((at, why)) = decoded.fault {
            let offset = offset_text(at.start, bytes.len(), ctx.state.decimal_offsets);
            let why = ctx.words.decoder_fault(&why);
            let text = ctx.words.fill("bytes.field_fault", &[("offset", &offset), ("why", &why)]);
            heads.push(head(format!("▲ {text}"), Some(at), true));
        }
        if read.len() < bytes.len() {
            let size = ctx.words.count("count.bytes", read.len() as u64);
            heads.push(head(ctx.words.fill("bytes.fields_cut", &[("bytes", &size)]), None, false));
        }
        let mut lines = Vec::new();
        flatten(decoded.fields, 0, &mut lines);
        let open = (0..lines.len()).collect();
        self.decoded = Some(Tree { heads, lines, folded: HashSet::new(), open, current: None });
        (self.of, self.list) = (Some(of), RowList::default());
    }

    /// Whether a decoder has read the payload.
    pub fn has_any(&self) -> bool {
        self.decoded.is_some()
    }

    pub fn ui(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, selection: &mut Selection, actions: &mut Vec<Action>) {
        let (Some(tree), Some(of)) = (&mut self.decoded, &self.of) else { return };
        if self.seen != selection.moved {
            self.seen = selection.moved;
            tree.current = selection.range().and_then(|bytes| tree.field_at(&bytes));
            if let Some(place) = tree.current.and_then(|number| tree.uncover(number)) {
                self.list.reveal((tree.heads.len() + place) as u64);
            }
        }
        let mut hovered = None;
        let heads = tree.heads.len();
        let rows = (heads + tree.open.len()) as u64;
        let id = Id::unique("bytes_fields");
        let mut asked = None;
        let shown = self.list.show(ui, id, ctx.words.get("bytes.fields"), rows, ROW, |ui, row, rect, _| {
            let row = usize::try_from(row).unwrap_or(usize::MAX);
            if let Some(head) = tree.heads.get(row) {
                if draw_head(ctx, ui, head, rect, (of.seq, row)) {
                    asked = Some(Asked::Select(None, head.at.clone()));
                }
            } else if let Some(number) = tree.open.get(row - heads) {
                let known = (of.seq, *number, tree.current == Some(*number));
                let drawn = tree.draw(ctx, ui, known, rect, selection, actions);
                hovered = drawn.hovered.or(hovered.take());
                asked = drawn.asked.or(asked.take());
            }
        });
        if shown.step != 0 && !tree.open.is_empty() {
            let last = tree.open.len() as i64 - 1;
            let from = tree.current.and_then(|current| tree.open.binary_search(&current).ok());
            let to = from.map_or(0, |from| (from as i64).saturating_add(shown.step).clamp(0, last)) as usize;
            let number = tree.open[to];
            self.list.reveal((heads + to) as u64);
            asked = Some(Asked::Select(Some(number), tree.lines.get(number).map(|line| line.at.clone())));
        }
        if row_list::copy_pressed(ui, &shown.response)
            && let Some(line) = tree.current.and_then(|number| tree.lines.get(number))
        {
            actions.push(Action::Copy(line.value.clone()));
        }
        if self.hovered != hovered {
            self.hovered = hovered;
            // The bytes are marked with the next frame.
            ui.ctx().request_repaint();
        }
        match asked {
            Some(Asked::Fold(number)) => tree.fold(number),
            Some(Asked::Select(number, at)) => {
                tree.current = number;
                selection.select(at.unwrap_or_default());
                self.seen = selection.moved;
            }
            None => {}
        }
    }

    /// The entries of a menu: by port, none, each decoder.
    pub fn chooser(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, row: &Recorded, actions: &mut Vec<Action>) {
        let choice = self.choice(ctx, row);
        let named = decode::registry()
            .iter()
            .map(|decoder| (decoder.name().to_owned(), DecoderChoice::Named(decoder.key().to_owned())));
        let plain = [("bytes.decoder_by_port", DecoderChoice::ByPort), ("bytes.decoder_none", DecoderChoice::None)];
        let plain = plain.map(|(key, choice)| (ctx.words.get(key).to_owned(), choice));
        for (name, offered) in plain.into_iter().chain(named) {
            if ui.radio(choice == offered, RichText::new(name)).clicked() {
                self.choose(ctx, row, offered, actions);
                ui.close();
            }
        }
    }

    fn choose(&mut self, ctx: &Ctx<'_>, row: &Recorded, choice: DecoderChoice, actions: &mut Vec<Action>) {
        let id = row.event.flow.endpoint;
        match ctx.state.endpoint(id).filter(|_| ctx.state.opened_file.is_none()) {
            Some(endpoint) => {
                let mut settings = endpoint.settings.clone();
                settings.decoder = choice;
                actions.push(Action::Endpoint(EndpointAction::Retune(id, Box::new(settings))));
            }
            None => {
                self.chosen.insert(id, choice);
            }
        }
    }

    fn choice(&self, ctx: &Ctx<'_>, row: &Recorded) -> DecoderChoice {
        let id = row.event.flow.endpoint;
        match ctx.state.endpoint(id).filter(|_| ctx.state.opened_file.is_none()) {
            Some(endpoint) => endpoint.settings.decoder.clone(),
            None => self.chosen.get(&id).cloned().unwrap_or_default(),
        }
    }
}

/// What a click asked for.
enum Asked {
    Fold(usize),
    Select(Option<usize>, Option<Range<usize>>),
}

/// What came of drawing a field.
struct Drawn {
    asked: Option<Asked>,
    hovered: Option<Range<usize>>,
}

impl Tree {
    /// The innermost field that holds all of these bytes.
    fn field_at(&self, bytes: &Range<usize>) -> Option<usize> {
        let holds = |line: &Line| line.at.start <= bytes.start && bytes.end <= line.at.end;
        let held = self.lines.iter().enumerate().filter(|(_, line)| holds(line));
        held.min_by_key(|(number, line)| (line.at.len(), usize::MAX - line.depth, *number)).map(|(number, _)| number)
    }

    /// Its place among the open lines, after unfolding all that it is in.
    fn uncover(&mut self, number: usize) -> Option<usize> {
        let mut depth = self.lines.get(number)?.depth;
        for above in (0..number).rev() {
            let line = &self.lines[above];
            if line.depth < depth {
                depth = line.depth;
                if self.folded.contains(&above) {
                    self.fold(above);
                }
            }
        }
        self.open.binary_search(&number).ok()
    }

    fn fold(&mut self, number: usize) {
        if !self.folded.remove(&number) {
            self.folded.insert(number);
        }
        self.open.clear();
        let mut under = None;
        for (number, line) in self.lines.iter().enumerate() {
            if under.is_some_and(|depth| line.depth > depth) {
                continue;
            }
            under = self.folded.contains(&number).then_some(line.depth);
            self.open.push(number);
        }
    }

    fn draw(
        &self,
        ctx: &Ctx<'_>,
        ui: &mut Ui,
        (seq, number, is_current): (u64, usize, bool),
        rect: Rect,
        selection: &Selection,
        actions: &mut Vec<Action>,
    ) -> Drawn {
        let Some(line) = self.lines.get(number) else { return Drawn { asked: None, hovered: None } };
        let theme = ctx.theme;
        let words = ctx.words;
        let painter = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
        let response = ui.interact(rect, Id::unique(("bytes_field", seq, number)), Sense::CLICK);
        let is_selected = selection.range().is_some_and(|range| range == line.at && !range.is_empty());
        let is_linked = is_current && selection.range().is_some();
        if is_linked || (is_selected && !response.hovered()) {
            painter.rect_filled(rect, 3.0, theme.selection);
        } else if response.hovered() || response.has_focus() {
            painter.rect_filled(rect, 3.0, theme.raised);
        }
        let left = rect.left() + 4.0 + line.depth.min(12) as f32 * INDENT;
        let mut asked = None;
        if line.has_fields {
            let is_folded = self.folded.contains(&number);
            let place = Rect::from_min_max(Pos2::new(left, rect.top()), Pos2::new(left + SIGN, rect.bottom()));
            let fold = ui.interact(place, Id::unique(("bytes_field_fold", seq, number)), Sense::CLICK);
            let key = if is_folded { "bytes.unfold" } else { "bytes.fold" };
            fold.widget_info(|| {
                WidgetInfo::labeled(egui::Role::Button, true, words.fill(key, &[("name", &line.name)]))
            });
            let color = if fold.hovered() || fold.has_focus() { theme.text } else { theme.dim };
            let sign = if is_folded { "▸" } else { "▾" };
            painter.text(place.center(), Align2::CENTER_CENTER, sign, theme::small(), color);
            if fold.clicked() {
                asked = Some(Asked::Fold(number));
            }
        }
        let at = Pos2::new(left + SIGN, rect.center().y);
        let name = painter.layout_no_wrap(line.name.clone(), theme::small(), theme.dim);
        let value_at = Pos2::new(at.x + name.size().x + 10.0, at.y);
        painter.galley(Align2::LEFT_CENTER.anchor_size(at, name.size()).min, name, theme.dim);
        // What has no room is not laid out.
        let cut: String = line.value.chars().take(200).collect();
        let job = widgets::cut(widgets::mono_job(&cut, theme.text), rect.right() - 4.0 - value_at.x);
        widgets::paint_job(&painter, value_at, Align2::LEFT_CENTER, job, theme.text);
        response.widget_info(|| {
            let label = words.fill("bytes.field", &[("name", &line.name), ("value", &line.value)]);
            WidgetInfo::selected(egui::Role::Button, true, is_selected || is_linked, label)
        });
        if response.clicked() && asked.is_none() {
            asked = Some(Asked::Select(Some(number), Some(line.at.clone())));
        }
        let hovered = response.hovered().then(|| line.at.clone());
        response.context_menu(|ui| copy_menu(ctx, ui, line, actions));
        if !line.value.is_empty() {
            response.on_hover_text(format!("{}: {}", line.name, line.value));
        }
        Drawn { asked, hovered }
    }
}

fn copy_menu(ctx: &Ctx<'_>, ui: &mut Ui, line: &Line, actions: &mut Vec<Action>) {
    let copies = [
        ("bytes.copy_field_value", line.value.clone()),
        ("bytes.copy_field", format!("{}: {}", line.name, line.value)),
    ];
    for (key, text) in copies {
        if ui.button(ctx.words.get(key)).clicked() {
            actions.push(Action::Copy(text));
            ui.close();
        }
    }
}

/// Whether it was clicked.
fn draw_head(ctx: &Ctx<'_>, ui: &mut Ui, head: &Head, rect: Rect, known: (u64, usize)) -> bool {
    let color = if head.is_fault { ctx.theme.error } else { ctx.theme.text };
    let response = ui.interact(rect, Id::unique(("bytes_fields_head", known)), Sense::CLICK);
    if response.hovered() || response.has_focus() {
        ui.painter().rect_filled(rect, 3.0, ctx.theme.raised);
    }
    let painter = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
    let cut: String = head.text.chars().take(200).collect();
    let at = Pos2::new(rect.left() + 8.0, rect.center().y);
    let format = egui::TextFormat::simple(theme::small(), color);
    let job = widgets::cut(widgets::formatted(&[(cut, format)]), rect.right() - 4.0 - at.x);
    widgets::paint_job(&painter, at, Align2::LEFT_CENTER, job, color);
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, &head.text));
    let clicked = response.clicked();
    response.on_hover_text(&head.text);
    clicked && head.at.is_some()
}

fn flatten(fields: Vec<Field>, depth: usize, lines: &mut Vec<Line>) {
    for field in fields {
        let (name, has_fields) = (field.name.into_owned(), !field.fields.is_empty());
        lines.push(Line { depth, name, value: field.value, at: field.at, has_fields });
        flatten(field.fields, depth + 1, lines);
    }
}
