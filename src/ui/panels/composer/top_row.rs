//! The row of choices above the text: target, format, encoding, ending, checksum, repeat, save, send.
//! In a narrow window it becomes two rows. Called by: the composer.

use egui::{Align, Layout, RichText, Ui};

use super::{Composer, checksum_choice, send, target_choice};
use crate::engine::Target;
use crate::model::{LineEnding, PayloadFormat, TextEncoding};
use crate::ui::action::Action;
use crate::ui::state::Ctx;
use crate::ui::widgets::{Choice, Field, chip, choice, primary_button};

/// Below this the choices stand in a row of their own.
const ONE_ROW_WIDTH: f32 = 1332.0;
/// Below this the formats stand with the choices.
const FORMATS_WIDTH: f32 = 700.0;
/// What the address of a UDP socket and the fields of a repeat add to it.
const ADDRESS_WIDTH: f32 = 220.0;
const REPEAT_WIDTH: f32 = 250.0;
/// What the lateness of a repeat takes; where there is less it is told of the progress under the pointer.
const LATENESS_WIDTH: f32 = 240.0;

impl Composer {
    pub(super) fn top_row(
        &mut self,
        ctx: &Ctx<'_>,
        ui: &mut Ui,
        target: Option<&Target>,
        why: Option<&send::Why>,
        actions: &mut Vec<Action>,
    ) -> Option<send::Pressed> {
        let address = if target_choice::takes_address(ctx, target) { ADDRESS_WIDTH } else { 0.0 };
        let repeat = if self.repeat.on { REPEAT_WIDTH } else { 0.0 };
        let wide = ui.available_width() >= ONE_ROW_WIDTH + address + repeat;
        let formats_above = ui.available_width() >= FORMATS_WIDTH + address;
        let mut pressed = None;
        ui.horizontal(|ui| {
            ui.set_min_height(28.0);
            self.target_choice(ctx, ui, target, actions);
            if formats_above {
                self.formats(ctx, ui);
            }
            if wide {
                self.choices(ctx, ui, actions);
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                pressed = self.send_button(ctx, ui, why);
                if wide {
                    self.save_button(ctx, ui);
                    self.repeat_fields(ctx, ui, true);
                }
            });
        });
        if !wide {
            ui.horizontal_wrapped(|ui| {
                if !formats_above {
                    self.formats(ctx, ui);
                }
                self.choices(ctx, ui, actions);
                self.repeat_fields(ctx, ui, false);
                room(ui, 110.0);
                self.save_button(ctx, ui);
            });
        }
        pressed
    }

    fn formats(&mut self, ctx: &Ctx<'_>, ui: &mut Ui) {
        let words = ctx.words;
        for format in PayloadFormat::ALL {
            let text = words.payload_format(format);
            let name = words.fill("composer.format", &[("format", &text)]);
            if chip(ui, ctx.theme, text, None, &name, self.format() == format).clicked() {
                self.set_format(ui, format);
            }
        }
    }

    fn choices(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
        let words = ctx.words;
        if self.format() == PayloadFormat::File {
            return;
        }
        self.insert_menu(ctx, ui, actions);
        if matches!(self.format(), PayloadFormat::Text | PayloadFormat::Mixed) {
            let list = TextEncoding::ALL.map(|value| Choice { value, text: value.name().to_owned() });
            let shown = self.encoding.name();
            room(ui, 90.0);
            choice(ui, ctx.theme, words.get("composer.encoding"), shown, Some(84.0), &mut self.encoding, &list);
        }
        let list = LineEnding::ALL.map(|value| Choice { value, text: words.line_ending(value).to_owned() });
        let shown = words.line_ending(self.ending);
        room(ui, 130.0);
        choice(ui, ctx.theme, words.get("composer.ending"), shown, Some(112.0), &mut self.ending, &list);
        room(ui, checksum_choice::WIDTH);
        self.checksum_choice.ui(ctx, ui, &mut self.checksum, Some(actions));
    }

    fn send_button(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, why: Option<&send::Why>) -> Option<send::Pressed> {
        if let Some(running) = self.stoppable(ctx, ui) {
            let pressed = primary_button(ui, ctx.theme, ctx.words.get("composer.stop"), "", true).clicked();
            let late = send::lateness_words(ctx, running);
            let progress = ui.label(RichText::new(send::progress_words(ctx, running)).color(ctx.theme.dim));
            if let Some(late) = late {
                progress.on_hover_text(&late);
                if ui.available_width() > LATENESS_WIDTH {
                    ui.label(RichText::new(late).color(ctx.theme.dim));
                }
            }
            return pressed.then_some(send::Pressed::Stop);
        }
        let text = ctx.words.get("composer.send");
        let response = primary_button(ui, ctx.theme, text, ctx.words.get("composer.send_keys"), why.is_none());
        match why {
            Some(why) => {
                response.on_disabled_hover_text(&why.text);
                None
            }
            None => response.clicked().then_some(send::Pressed::Send),
        }
    }

    /// `from_right`: the layout runs from right to left, so the parts come in the other order.
    fn repeat_fields(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, from_right: bool) {
        if !from_right {
            room(ui, if self.repeat.on { REPEAT_WIDTH + 60.0 } else { 80.0 });
        }
        if !self.repeat.on {
            if chip(ui, ctx.theme, ctx.words.get("composer.repeat"), None, ctx.words.get("composer.repeat"), false)
                .clicked()
            {
                self.repeat.on = true;
            }
            return;
        }
        if from_right {
            self.repeat_part(ctx, ui, 3);
            self.repeat_part(ctx, ui, 2);
            self.repeat_part(ctx, ui, 1);
            self.repeat_part(ctx, ui, 0);
        } else {
            (0..4).for_each(|part| self.repeat_part(ctx, ui, part));
        }
    }

    fn repeat_part(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, part: u8) {
        let words = ctx.words;
        match part {
            0 => {
                if chip(ui, ctx.theme, words.get("composer.repeat"), None, words.get("composer.repeat"), true).clicked()
                {
                    self.repeat.on = false;
                }
            }
            1 => {
                let name = words.get("composer.repeat_count");
                let field = Field { theme: ctx.theme, name, width: 56.0, placeholder: "∞" };
                field
                    .show(ui, egui::Id::unique("repeat count"), &mut self.repeat.count)
                    .on_hover_text(words.get("composer.repeat_count_hint"));
            }
            2 => {
                ui.label(RichText::new(words.get("composer.repeat_every")).color(ctx.theme.dim));
            }
            _ => {
                let field = Field {
                    theme: ctx.theme,
                    name: words.get("composer.repeat_millis"),
                    width: 56.0,
                    placeholder: "0",
                };
                let id = egui::Id::unique("repeat millis");
                ui.horizontal(|ui| {
                    field.show(ui, id, &mut self.repeat.every_millis);
                    ui.label(RichText::new("ms").color(ctx.theme.dim));
                });
            }
        }
    }
}

/// Begins another line of a wrapping row where a control would not fit: groups of widgets do not wrap by themselves.
fn room(ui: &mut Ui, width: f32) {
    if ui.layout().main_wrap() && ui.available_size_before_wrap().x < width {
        ui.end_row();
    }
}
