//! The bytes of the selected event: hex dump or text; for what happened, the sentence, what to try, the system's words.

mod dump;

use std::sync::Arc;

use egui::{Align, Button, Id, Label, Layout, Rect, RichText, ScrollArea, Ui, Vec2};

use super::log::{selected_row, text};
use crate::model::{Happening, Recorded, TextEncoding};
use crate::payload;
use crate::ui::action::{Action, LogAction, ViewAction};
use crate::ui::panels::Panel;
use crate::ui::state::Ctx;
use crate::ui::theme::{self, LOG_ROW};
use crate::ui::widgets::{self, row_list::RowList};

const HEAD: f32 = 34.0;

pub struct BytesPanel {
    as_text: bool,
    dump: dump::Dump,
    list: RowList,
    /// The event that is shown, so that a new one begins at its start.
    shown: Option<u64>,
    lines: Option<Lines>,
    clock: text::Clock,
}

impl Default for BytesPanel {
    fn default() -> Self {
        Self {
            as_text: false,
            dump: dump::Dump::default(),
            list: RowList::default(),
            shown: None,
            lines: None,
            clock: text::Clock::new(),
        }
    }
}

/// Text broken into lines that fit: made once for an event, an encoding and a width.
struct Lines {
    of: (u64, TextEncoding, usize),
    lines: Vec<String>,
}

impl Panel for BytesPanel {
    fn key(&self) -> &'static str {
        "bytes"
    }

    fn ui(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
        let row = selected_row(ctx).cloned();
        if self.shown != ctx.state.selected_event {
            self.shown = ctx.state.selected_event;
            self.list = RowList::default();
            self.dump.selection = None;
        }
        self.head(ctx, ui, row.as_ref(), actions);
        let mut rect = ui.available_rect_before_wrap().shrink2(Vec2::new(12.0, 0.0));
        rect.max.y -= 4.0;
        ui.scope_builder(egui::UiBuilder::new().max_rect(rect), |ui| match &row {
            None => {
                ui.label(RichText::new(ctx.words.get("bytes.loading")).color(ctx.theme.dim));
            }
            Some(row) => self.body(ctx, ui, row, actions),
        });
    }
}

impl BytesPanel {
    fn head(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, row: Option<&Arc<Recorded>>, actions: &mut Vec<Action>) {
        let (rect, _) = ui.allocate_exact_size(Vec2::new(ui.available_width(), HEAD), egui::Sense::hover());
        let inner = Rect::from_min_max(rect.min + Vec2::new(8.0, 0.0), rect.max - Vec2::new(8.0, 0.0));
        let layout = Layout::left_to_right(Align::Center);
        ui.scope_builder(egui::UiBuilder::new().max_rect(inner).layout(layout), |ui| {
            if row.is_some_and(|row| row.event.bytes().is_some()) {
                for (key, is_text) in [("bytes.hex", false), ("bytes.text", true)] {
                    let chosen = self.as_text == is_text;
                    let (font, color) =
                        if chosen { (theme::semibold(13.0), ctx.theme.text) } else { (theme::body(), ctx.theme.dim) };
                    let text = RichText::new(ctx.words.get(key)).font(font).color(color);
                    let response = ui
                        .scope(|ui| {
                            ui.spacing_mut().button_padding.x = 4.0;
                            ui.add(Button::new(text).frame_when_inactive(false))
                        })
                        .inner;
                    response.widget_info(|| {
                        egui::WidgetInfo::selected(egui::Role::Button, true, chosen, ctx.words.get(key))
                    });
                    if response.clicked() {
                        self.as_text = is_text;
                        self.list = RowList::default();
                    }
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
                if let Some(row) = row {
                    self.copy_menu(ctx, ui, row, actions);
                    let text = self.head_text(ctx, row);
                    ui.add(Label::new(RichText::new(text).color(ctx.theme.dim)).truncate());
                }
            });
        });
    }

    fn head_text(&self, ctx: &Ctx<'_>, row: &Recorded) -> String {
        let words = ctx.words;
        let seq = words.number(row.seq);
        let Some(bytes) = row.event.bytes() else {
            let kind = words.kind(row.event.kind());
            return words.fill("bytes.head_happening", &[("seq", &seq), ("kind", &kind)]);
        };
        let size = words.count("count.bytes", bytes.len() as u64);
        let direction = text::direction(words, &row.event);
        let head = words.fill("bytes.head", &[("size", &size), ("seq", &seq), ("direction", &direction)]);
        match &self.dump.selection {
            Some(range) if !self.as_text => {
                let count = words.count("count.bytes", range.len() as u64);
                let offset = format!("{:#06x}", range.start);
                let chosen = words.fill("bytes.selected", &[("bytes", &count), ("offset", &offset)]);
                format!("{chosen} · {head}")
            }
            _ => head,
        }
    }

    fn copy_menu(&self, ctx: &Ctx<'_>, ui: &mut Ui, row: &Recorded, actions: &mut Vec<Action>) {
        let Some(bytes) = row.event.bytes() else { return };
        let bytes = self.chosen(bytes);
        let encoding = ctx.state.encoding_of(&row.event.flow);
        ui.menu_button(ctx.words.get("bytes.copy"), |ui| {
            let kinds: [(&str, &dyn Fn() -> String); 3] = [
                ("bytes.copy_text", &|| payload::bytes_to_text(bytes, encoding)),
                ("bytes.copy_hex", &|| payload::bytes_to_hex(bytes)),
                ("bytes.copy_c", &|| payload::bytes_to_c_array(bytes)),
            ];
            for (key, text) in kinds {
                if ui.button(ctx.words.get(key)).clicked() {
                    actions.push(Action::Copy(text()));
                    ui.close();
                }
            }
        });
    }

    /// What copying takes: the selected bytes, or all.
    fn chosen<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        match &self.dump.selection {
            Some(range) if !self.as_text => bytes.get(range.clone()).unwrap_or(bytes),
            _ => bytes,
        }
    }

    fn body(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, row: &Arc<Recorded>, actions: &mut Vec<Action>) {
        if let Some(happening) = row.event.happening() {
            return self.happened(ctx, ui, row, happening);
        }
        let Some(bytes) = row.event.bytes() else { return };
        if bytes.is_empty() {
            ui.label(RichText::new(ctx.words.get("bytes.zero")).color(ctx.theme.dim));
            return;
        }
        if self.as_text {
            self.text(ctx, ui, row, bytes);
        } else if let Some(copied) = self.dump.ui(ctx, ui, &mut self.list, row.seq, bytes) {
            actions.push(Action::Copy(payload::bytes_to_hex(copied)));
        }
    }

    fn text(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, row: &Recorded, bytes: &[u8]) {
        let encoding = ctx.state.encoding_of(&row.event.flow);
        let char_width = ui.fonts_mut(|fonts| fonts.glyph_width(&theme::mono(), '0')).max(1.0);
        let chars = (((ui.available_width() - 16.0) / char_width) as usize).clamp(16, 1_000);
        let of = (row.seq, encoding, chars);
        if self.lines.as_ref().is_none_or(|lines| lines.of != of) {
            let text = payload::visible(bytes, encoding, usize::MAX);
            self.lines = Some(Lines { of, lines: broken(&text, chars) });
        }
        let Some(lines) = &self.lines else { return };
        let name = ctx.words.get("bytes.text");
        let count = lines.lines.len() as u64;
        self.list.show(ui, Id::unique("bytes_text"), name, count, LOG_ROW - 2.0, |ui, at, rect, _| {
            let Some(line) = usize::try_from(at).ok().and_then(|at| lines.lines.get(at)) else { return };
            let color = ctx.theme.text;
            let mut job = super::log::text::painted(line, usize::MAX, color, ctx.theme.dim);
            if job.text.chars().count() > chars + 2 {
                // A line full of control characters: only their pictures fit.
                job = widgets::mono_job(line, color);
            }
            widgets::paint_job(ui.painter(), rect.left_center(), egui::Align2::LEFT_CENTER, job, color);
            let node = ui.interact(rect, Id::unique(("text_line", row.seq, at)), egui::Sense::hover());
            node.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ListItem, true, line));
        });
    }

    fn happened(&self, ctx: &Ctx<'_>, ui: &mut Ui, row: &Recorded, happening: &Happening) {
        let words = ctx.words;
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            let color = if happening.kind().is_error() { ctx.theme.error } else { ctx.theme.text };
            let sentence = words.happening(happening, &row.event.flow);
            ui.add(Label::new(RichText::new(sentence).color(color)).wrap().selectable(true));
            let fact = |ui: &mut Ui, key: &str, value: &str| {
                ui.horizontal_wrapped(|ui| {
                    ui.label(RichText::new(words.get(key)).color(ctx.theme.dim));
                    ui.add(Label::new(value).wrap().selectable(true));
                });
            };
            if let Some(hint) = words.happening_hint(happening).filter(|hint| !hint.is_empty()) {
                fact(ui, "bytes.try", &hint);
            }
            if let Some(failure) = happening.failure() {
                let number = failure.errno.map(|errno| words.fill("bytes.errno", &[("number", &errno)]));
                let system = payload::visible_text(&failure.system, 500);
                let said = [Some(system).filter(|system| !system.is_empty()), number];
                let said: Vec<String> = said.into_iter().flatten().collect();
                if !said.is_empty() {
                    fact(ui, "bytes.system", &said.join(" · "));
                }
            }
            fact(ui, "bytes.at", &self.clock.date_time(row.event.time, ctx.state.local_time));
        });
    }
}

/// Lines of at most `chars` characters; a visible line feed ends a line.
fn broken(text: &str, chars: usize) -> Vec<String> {
    let mut lines = vec![];
    let (mut line, mut length) = (String::new(), 0);
    for character in text.chars() {
        line.push(character);
        length += 1;
        if character == '␊' || length == chars {
            lines.push(std::mem::take(&mut line));
            length = 0;
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::broken;

    #[test]
    fn lines_end_at_line_feeds_and_at_the_width() {
        assert_eq!(broken("ab␍␊cdefg泵x", 4), ["ab␍␊", "cdef", "g泵x"]);
        assert!(broken("", 4).is_empty());
    }
}
