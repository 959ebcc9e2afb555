//! The menu of templates, each with a line that says what it gives; the chosen one is put where the cursor stands.
//!
//! Never: reads the file that is chosen. Called by: the composer's row of choices.

use egui::text::{CCursor, CCursorRange};
use egui::{Button, Id, Popup, RichText, ScrollArea, TextEdit, Ui};

use super::pages::Pages;
use super::{Composer, editor_id};
use crate::model::PayloadFormat;
use crate::ui::action::{Action, SendAction};
use crate::ui::state::Ctx;
use crate::ui::widgets::{mono, plain_button};

const WIDTH: f32 = 620.0;
/// The share of the window's height that the list may take.
const MOST_HEIGHT: f32 = 0.6;

/// How much of a long text is shown before the place where something was put.
const BEFORE_CURSOR: usize = 4096;

/// A line of the menu; `{}` stands where the selected text goes.
struct Entry {
    key: &'static str,
    template: &'static str,
}

const ENTRIES: [Entry; 14] = [
    Entry { key: "insert.counter", template: "{{counter}}" },
    Entry { key: "insert.counter_binary", template: "{{counter:start=1,step=1,u16be}}" },
    Entry { key: "insert.unix", template: "{{now:unix}}" },
    Entry { key: "insert.iso", template: "{{now}}" },
    Entry { key: "insert.strftime", template: "{{now:%Y-%m-%d %H:%M:%S}}" },
    Entry { key: "insert.random", template: "{{random:int,1,100}}" },
    Entry { key: "insert.random_bytes", template: "{{random:bytes,8}}" },
    Entry { key: "insert.uuid", template: "{{uuid}}" },
    Entry { key: "insert.peer", template: "{{peer}}" },
    Entry { key: "insert.local", template: "{{local}}" },
    Entry { key: "insert.length", template: "{{length:u16be,body}}{{begin:body}}{}{{end:body}}" },
    Entry { key: "insert.checksum", template: "{{checksum:CRC-16/MODBUS}}" },
    Entry { key: "insert.ask", template: "{{ask:Name}}" },
    Entry { key: "insert.environment", template: "{{env:NAME}}" },
];

impl Composer {
    pub(super) fn insert_menu(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
        if matches!(self.format(), PayloadFormat::File | PayloadFormat::Base64) {
            return;
        }
        let response = plain_button(ui, ctx.theme, ctx.words.get("composer.insert"), "");
        let mut chosen = None;
        Popup::menu(&response).id(Id::unique("composer insert")).show(|ui| {
            let screen = ui.ctx().content_rect().size();
            ui.set_width(WIDTH.min(screen.x - 48.0));
            let most = screen.y * MOST_HEIGHT;
            ScrollArea::vertical().max_height(most).min_scrolled_height(most).show(ui, |ui| {
                for entry in &ENTRIES {
                    if line(ctx, ui, entry.key, entry.template) {
                        chosen = Some(entry.template);
                    }
                }
                if line(ctx, ui, "insert.file", "{{file:…}}") {
                    actions.push(Action::Send(SendAction::ChooseTemplateFile));
                }
            });
        });
        if let Some(template) = chosen {
            self.insert(ui, template);
        }
    }

    /// A file chosen in the dialog for `{{file:…}}`.
    pub(super) fn take_file(&mut self, ctx: &Ctx<'_>, ui: &Ui) {
        let (number, path) = &ctx.state.template_file;
        if *number == self.inserted_file {
            return;
        }
        self.inserted_file = *number;
        if !matches!(self.format(), PayloadFormat::File | PayloadFormat::Base64) {
            self.insert(ui, &crate::payload::file_template(path));
        }
    }

    /// Puts it in place of the selection, or around it, and goes on behind it.
    fn insert(&mut self, ui: &Ui, template: &str) {
        self.put(ui, |selected| match template.split_once("{}") {
            Some((before, behind)) => format!("{before}{selected}{behind}"),
            None => template.to_owned(),
        });
    }

    /// Puts what is made of the selection in its place, and goes on behind it.
    pub(super) fn put(&mut self, ui: &Ui, make: impl FnOnce(&str) -> String) {
        let mut state = TextEdit::load_state(ui.ctx(), editor_id()).unwrap_or_default();
        let paged = Pages::are_for(&self.views);
        let text = if paged { &mut self.pages.text } else { self.views.text_mut() };
        let last = text.chars().count();
        // The menu took the keyboard, and with it the selection.
        let range = self.selected.or(state.cursor.char_range()).map_or(last..last, |range| {
            let (one, other) = (range.primary.index.0.min(last), range.secondary.index.0.min(last));
            one.min(other)..one.max(other)
        });
        let byte = |place: usize| text.char_indices().nth(place).map_or(text.len(), |(byte, _)| byte);
        let bytes = byte(range.start)..byte(range.end);
        let inserted = make(&text[bytes.clone()]);
        let mut cursor = CCursor::new(range.start + inserted.chars().count());
        let mut end = bytes.start + inserted.len();
        text.replace_range(bytes, &inserted);
        if paged {
            end += self.pages.at.start;
            self.pages.put_back(&mut self.views);
        }
        if Pages::are_for(&self.views) {
            // The page in which it ends, however much it was.
            self.pages.go(&self.views, end.saturating_sub(BEFORE_CURSOR));
            let before = end.saturating_sub(self.pages.at.start);
            cursor = CCursor::new(self.pages.text.get(..before).map_or(0, |before| before.chars().count()));
        }
        state.cursor.set_char_range(Some(CCursorRange::one(cursor)));
        TextEdit::store_state(ui.ctx(), editor_id(), state);
        // Not in this frame: the key that chose it would be typed there.
        self.focus_text = true;
        ui.ctx().request_repaint();
        self.selected = None;
        self.history.forget();
    }
}

/// What it gives, and at the right how it is written.
fn line(ctx: &Ctx<'_>, ui: &mut Ui, key: &'static str, template: &str) -> bool {
    let words = ctx.words.get(key);
    let button = Button::new(RichText::new(words).color(ctx.theme.text))
        .right_text(mono(template.replace("{}", "…"), ctx.theme.dim))
        .frame_when_inactive(false)
        .truncate()
        .min_size(egui::vec2(ui.available_width(), 0.0));
    let clicked = ui.push_id(key, |ui| ui.add(button)).inner.clicked();
    if clicked {
        ui.close();
    }
    clicked
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Draft;

    #[test]
    fn every_template_of_the_menu_is_understood() {
        for format in [PayloadFormat::Text, PayloadFormat::Mixed, PayloadFormat::Hex] {
            for entry in &ENTRIES {
                let text = entry.template.replace("{}", "00");
                let draft = Draft { format, text, ..Draft::default() };
                assert!(crate::payload::compile(&draft).is_ok(), "{} as {format:?}", entry.template);
            }
        }
    }
}
