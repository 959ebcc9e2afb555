//! The line above the bytes: what is shown and how, which event it is, copying, encodings; and the one above a comparison.
//!
//! Never: draws bytes.

use std::sync::Arc;

use egui::{Align, Button, Label, Layout, Rect, RichText, Sense, Ui, UiBuilder, Vec2};

use super::{BytesPanel, Mode, divided, dump, has_room_for_both, range_words};
use crate::model::{ConnectionId, Direction, Recorded, TextEncoding};
use crate::payload::{self, CopyFormat};
use crate::ui::action::{Action, LogAction, NoteAction, ViewAction};
use crate::ui::panels::log::frames::fault_words;
use crate::ui::panels::log::text;
use crate::ui::panels::reuse;
use crate::ui::state::Ctx;
use crate::ui::theme;
use crate::ui::widgets;

const HEAD: f32 = 34.0;
/// Where less is there, what can be left out of the line stands in a menu.
const ROOMY: f32 = 820.0;
const NARROW: f32 = 560.0;

impl BytesPanel {
    pub(super) fn head(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, row: Option<&Arc<Recorded>>, actions: &mut Vec<Action>) {
        line(ui, |ui| {
            let width = ui.available_width();
            let bytes = row.and_then(|row| row.event.bytes());
            let searches = self.search.open && bytes.is_some();
            if bytes.is_some() {
                if !searches || width > NARROW {
                    self.modes(ctx, ui);
                }
            } else {
                ui.label(RichText::new(ctx.words.get("bytes.title")).font(theme::semibold(13.0)));
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if widgets::icon(ui, "×", ctx.words.get("bytes.close")).clicked() {
                    actions.push(Action::View(ViewAction::ShowBytes(false)));
                    actions.push(Action::Log(LogAction::SelectEvent(None)));
                    actions.push(Action::View(ViewAction::ShowBytes(true)));
                }
                let Some(row) = row else { return };
                if bytes.is_some() && (!searches || width > NARROW) {
                    self.buttons(ctx, ui, row, width, actions);
                }
                if searches {
                    ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                        self.search.ui(ctx, ui, &mut self.selection);
                    });
                } else {
                    let text = self.head_text(ctx, row);
                    let text = RichText::new(text).color(ctx.theme.dim);
                    ui.with_layout(Layout::left_to_right(Align::Center), |ui| ui.add(Label::new(text).truncate()));
                }
            });
        });
    }

    fn modes(&mut self, ctx: &Ctx<'_>, ui: &mut Ui) {
        let char_width = dump::char_width(ui);
        let dumps = [16, 8].map(|per_row| dump::Columns::new(char_width, per_row, 4).width());
        let both = has_room_for_both(ui.available_width(), dumps);
        let modes = [("bytes.hex", Mode::Hex), ("bytes.text", Mode::Text), ("bytes.both", Mode::Both)];
        for (key, mode) in modes {
            if mode == Mode::Both && !both {
                continue;
            }
            let chosen = self.mode == mode || (mode == Mode::Hex && self.mode == Mode::Both && !both);
            if word_button(ctx, ui, ctx.words.get(key), chosen) {
                self.mode = mode;
            }
        }
    }

    /// From right to left.
    fn buttons(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, row: &Recorded, width: f32, actions: &mut Vec<Action>) {
        let words = ctx.words;
        if widgets::icon(ui, "⌕", words.get("bytes.search")).clicked() {
            if self.search.open {
                self.search.open = false;
            } else {
                self.search.show();
            }
        }
        let (fields, shows) = self.shows_at_side(ui, width);
        ui.menu_button(words.get("bytes.view"), |ui| {
            let mut on = shows;
            if ui.checkbox(&mut on, words.get("bytes.inspector")).clicked() {
                self.show_at_side(false, on);
                ui.close();
            }
            let mut on = fields;
            if self.fields.has_any() && ui.checkbox(&mut on, words.get("bytes.fields")).clicked() {
                self.show_at_side(true, on);
                ui.close();
            }
            ui.menu_button(words.get("bytes.decoder"), |ui| self.fields.chooser(ctx, ui, row, actions));
            if ui.checkbox(&mut self.marks_changes, words.get("bytes.mark_changes")).clicked() {
                ui.close();
            }
            let mut decimal = ctx.state.decimal_offsets;
            if ui.checkbox(&mut decimal, words.get("bytes.decimal")).clicked() {
                actions.push(Action::View(ViewAction::SetDecimalOffsets(decimal)));
                ui.close();
            }
            if width <= NARROW {
                ui.separator();
                ui.menu_button(words.get("log.encoding"), |ui| encodings(ctx, ui, row, actions));
            }
        });
        if width > NARROW {
            let encoding = ctx.state.encoding_of(&row.event.flow);
            let response = ui.menu_button(encoding.name(), |ui| encodings(ctx, ui, row, actions)).response;
            let label = words.fill("bytes.encoding", &[("encoding", &encoding.name())]);
            response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &label));
        }
        chunks(ctx, ui, actions);
        self.copy_menu(ctx, ui, row, actions);
        if width > ROOMY {
            let name = words.get("bytes.mark_changes");
            if widgets::chip(ui, ctx.theme, name, None, name, self.marks_changes).clicked() {
                self.marks_changes = !self.marks_changes;
            }
            let name = words.get("bytes.inspector");
            if widgets::chip(ui, ctx.theme, name, None, name, shows).clicked() {
                self.show_at_side(false, !shows);
            }
            let name = words.get("bytes.fields");
            if self.fields.has_any() && widgets::chip(ui, ctx.theme, name, None, name, fields).clicked() {
                self.show_at_side(true, !fields);
            }
        }
    }

    /// Turns the fields or the readings on or off; they share one place.
    fn show_at_side(&mut self, fields: bool, on: bool) {
        // Where nothing is decoded, turning the readings on says nothing about fields.
        if on && self.fields.has_any() {
            self.prefers_fields = fields;
        }
        self.inspector_wanted = Some(on);
    }

    /// Whether fields, and whether readings are shown.
    fn shows_at_side(&self, ui: &Ui, width: f32) -> (bool, bool) {
        let char_width = dump::char_width(ui);
        let dumps = [16, 8].map(|per_row| dump::Columns::new(char_width, per_row, 4).width());
        let is_there = divided(width - 8.0, self.mode, self.inspector_wanted, dumps).inspector.is_some();
        let fields = self.prefers_fields && self.fields.has_any();
        (is_there && fields, is_there && !fields)
    }

    fn head_text(&self, ctx: &Ctx<'_>, row: &Recorded) -> String {
        let words = ctx.words;
        let seq = words.number(row.seq);
        let time = self.clock.time(row.event.time, ctx.state.local_time);
        let socket = text::socket(&row.event);
        let Some(bytes) = row.event.bytes() else {
            let kind = words.kind(row.event.kind());
            let head = words.fill("bytes.head_happening", &[("seq", &seq), ("kind", &kind)]);
            return format!("{head} · {time} · {socket}");
        };
        let size = words.count("count.bytes", bytes.len() as u64);
        let direction = text::direction(words, &row.event);
        let head = words.fill("bytes.head", &[("size", &size), ("seq", &seq), ("direction", &direction)]);
        let head = format!("{head} · {socket} · {time}");
        match self.selection.range() {
            Some(range) => format!("{} · {head}", range_words(ctx, &range, bytes.len())),
            None => head,
        }
    }

    fn copy_menu(&self, ctx: &Ctx<'_>, ui: &mut Ui, row: &Recorded, actions: &mut Vec<Action>) {
        let Some(bytes) = row.event.bytes() else { return };
        let encoding = ctx.state.encoding_of(&row.event.flow);
        let roles = self.read.as_ref().map_or(&[][..], |read| &read.roles);
        ui.menu_button(ctx.words.get("bytes.copy"), |ui| {
            let what = match self.selection.range() {
                Some(range) => range_words(ctx, &range, bytes.len()),
                None => ctx.words.get("bytes.copy_all").to_owned(),
            };
            ui.label(RichText::new(what).color(ctx.theme.dim));
            for format in CopyFormat::ALL {
                if ui.button(ctx.words.get(copy_key(format))).clicked() {
                    let chosen = self.chosen(bytes, roles, format);
                    actions.push(Action::Copy(payload::copied(chosen, format, encoding)));
                    ui.close();
                }
            }
            ui.separator();
            let chosen = self.selection.range().and_then(|range| bytes.get(range)).unwrap_or(bytes);
            reuse::menu(ctx, ui, row, chosen, actions);
        });
    }

    pub(super) fn compare_head(
        &mut self,
        ctx: &Ctx<'_>,
        ui: &mut Ui,
        before: &Recorded,
        after: &Recorded,
        actions: &mut Vec<Action>,
    ) {
        let words = ctx.words;
        line(ui, |ui| {
            let width = ui.available_width();
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if widgets::icon(ui, "×", words.get("bytes.stop_comparing")).clicked() {
                    Self::stop_comparing(actions);
                }
                if widgets::icon(ui, "⇄", words.get("bytes.swap")).clicked() {
                    self.difference.swapped = !self.difference.swapped;
                }
                let (at, of) = self.difference.place();
                for (glyph, key, back) in
                    [("›", "bytes.next_difference", false), ("‹", "bytes.previous_difference", true)]
                {
                    if ui.add_enabled_ui(of > 0, |ui| widgets::icon(ui, glyph, words.get(key))).inner.clicked() {
                        self.difference.step(back);
                    }
                }
                if let Some(at) = at.filter(|_| width > NARROW) {
                    let (at, of) = (words.number(at as u64 + 1), words.number(of as u64));
                    let text = words.fill("bytes.search_at", &[("at", &at), ("count", &of)]);
                    ui.label(RichText::new(text).color(ctx.theme.dim));
                }
                self.counts(ctx, ui);
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    let [before, after] = [before, after].map(|row| self.compared_name(ctx, row, width > NARROW));
                    let text = format!("{before}  →  {after}");
                    ui.add(Label::new(RichText::new(text).color(ctx.theme.text)).truncate());
                });
            });
        });
    }

    /// From right to left; the signs say the same as the colours.
    fn counts(&self, ctx: &Ctx<'_>, ui: &mut Ui) {
        let Some(counts) = self.difference.counts() else { return };
        let words = ctx.words;
        if counts.total() == 0 {
            ui.label(RichText::new(words.get("bytes.same")).color(ctx.theme.ok));
            return;
        }
        let kinds = [
            (counts.removed, "−", "bytes.removed", ctx.theme.error),
            (counts.added, "+", "bytes.added", ctx.theme.ok),
            (counts.changed, "~", "bytes.changed", ctx.theme.outgoing),
        ];
        for (count, sign, key, color) in kinds.into_iter().filter(|(count, ..)| *count > 0) {
            let number = words.number(count as u64);
            let text = format!("{sign}{number}");
            let response = ui.label(RichText::new(text).font(theme::mono()).color(color));
            let name = words.fill(key, &[("count", &number)]);
            response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, name.clone()));
            response.on_hover_text(name);
        }
    }

    /// `#12 ↓ 60 bytes · 17:40:02.118 204`
    fn compared_name(&self, ctx: &Ctx<'_>, row: &Recorded, with_time: bool) -> String {
        let words = ctx.words;
        let arrow = match row.event.direction() {
            Some(Direction::Out) => "↑",
            _ => "↓",
        };
        let size = words.count("count.bytes", row.event.bytes().map_or(0, |bytes| bytes.len() as u64));
        let name = format!("#{} {arrow} {size}", words.number(row.seq));
        if with_time { format!("{name} · {}", self.clock.time(row.event.time, ctx.state.local_time)) } else { name }
    }
}

/// A line of the panel's width, its content in the middle of its height.
fn line(ui: &mut Ui, content: impl FnOnce(&mut Ui)) {
    let (rect, _) = ui.allocate_exact_size(Vec2::new(ui.available_width(), HEAD), Sense::hover());
    let inner = Rect::from_min_max(rect.min + Vec2::new(8.0, 0.0), rect.max - Vec2::new(8.0, 0.0));
    let layout = Layout::left_to_right(Align::Center);
    ui.scope_builder(UiBuilder::new().max_rect(inner).layout(layout), |ui| {
        ui.set_clip_rect(rect.intersect(ui.clip_rect()));
        content(ui);
    });
}

/// One of several words, of which one is chosen.
fn word_button(ctx: &Ctx<'_>, ui: &mut Ui, name: &str, chosen: bool) -> bool {
    let (font, color) = if chosen { (theme::semibold(13.0), ctx.theme.text) } else { (theme::body(), ctx.theme.dim) };
    let text = RichText::new(name).font(font).color(color);
    let response = ui
        .scope(|ui| {
            ui.spacing_mut().button_padding.x = 4.0;
            ui.add(Button::new(text).frame_when_inactive(false))
        })
        .inner;
    response.widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, true, chosen, name));
    response.clicked()
}

/// The chunks of the selected frame; each leads to itself in the log of chunks.
fn chunks(ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
    let words = ctx.words;
    let decoration = super::decoration(ctx);
    let Some(frame) = decoration.and_then(|decoration| decoration.frame.as_ref()) else { return };
    let text = words.count("count.chunks", frame.chunks.len() as u64);
    ui.menu_button(text, |ui| {
        let raw = words.count("count.bytes", frame.raw_bytes);
        ui.label(RichText::new(words.fill("frames.raw", &[("size", &raw)])).color(ctx.theme.dim));
        if frame.pending {
            ui.label(RichText::new(words.get("frames.pending_hint")).color(ctx.theme.dim));
        }
        if let Some(fault) = frame.fault {
            ui.label(RichText::new(fault_words(words, fault)).color(ctx.theme.error));
        }
        egui::ScrollArea::vertical().max_height(240.0).show_rows(ui, theme::ROW, frame.chunks.len(), |ui, shown| {
            for seq in frame.chunks.get(shown).unwrap_or_default() {
                let name = words.fill("frames.chunk", &[("seq", &words.number(*seq))]);
                if ui.button(name).clicked() {
                    actions.push(Action::Log(LogAction::ShowFrames(false)));
                    actions.push(Action::Log(LogAction::SelectEvent(Some(*seq))));
                    actions.push(Action::Note(NoteAction::GoTo(*seq)));
                    ui.close();
                }
            }
        });
    });
}

/// How this connection's content is shown, and its endpoint's.
fn encodings(ctx: &Ctx<'_>, ui: &mut Ui, row: &Recorded, actions: &mut Vec<Action>) {
    let (words, state, flow) = (ctx.words, ctx.state, &row.event.flow);
    let current = state.encoding_of(flow);
    let connection = flow.connection;
    let endpoint = state.endpoint(flow.endpoint).map(|endpoint| endpoint.settings.shown_as);
    if connection != ConnectionId::NONE {
        let own = state.connection_encodings.get(&connection).copied();
        ui.label(RichText::new(words.get("bytes.of_connection")).color(ctx.theme.dim));
        let usual = endpoint.unwrap_or_default();
        let text = words.fill("bytes.as_endpoint", &[("encoding", &usual.name())]);
        if ui.radio(own.is_none(), text).clicked() {
            actions.push(Action::Log(LogAction::SetConnectionEncoding(connection, None)));
            ui.close();
        }
        for encoding in TextEncoding::ALL {
            if ui.radio(own == Some(encoding), encoding.name()).clicked() {
                actions.push(Action::Log(LogAction::SetConnectionEncoding(connection, Some(encoding))));
                ui.close();
            }
        }
    }
    if endpoint.is_some() {
        ui.menu_button(words.get("bytes.of_endpoint"), |ui| {
            for encoding in TextEncoding::ALL {
                if ui.radio(endpoint.unwrap_or(current) == encoding, encoding.name()).clicked() {
                    actions.push(Action::Log(LogAction::SetEncoding(flow.endpoint, encoding)));
                    ui.close();
                }
            }
        });
    }
}

fn copy_key(format: CopyFormat) -> &'static str {
    match format {
        CopyFormat::Hex => "bytes.copy_hex",
        CopyFormat::HexPlain => "bytes.copy_hex_plain",
        CopyFormat::Text => "bytes.copy_text",
        CopyFormat::EscapedText => "bytes.copy_escaped",
        CopyFormat::CArray => "bytes.copy_c",
        CopyFormat::RustArray => "bytes.copy_rust",
        CopyFormat::PythonBytes => "bytes.copy_python",
        CopyFormat::Base64 => "bytes.copy_base64",
    }
}
