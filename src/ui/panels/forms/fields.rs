//! What the forms have in common: rows with a label, a field and its problem or hint; reading numbers and addresses.
//!
//! Never: what a form means. Called by: the forms.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use egui::{Id, Key, Response, RichText, Ui};

use crate::model::{Answer, TextEncoding};
use crate::ui::state::Ctx;
use crate::ui::widgets::{Choice, Field, FieldText, choice, form_row, hint, mono, problem};

pub const FIELD_WIDTH: f32 = 190.0;

/// One form being laid out.
pub struct FormUi<'a, 'b> {
    pub ctx: &'a Ctx<'b>,
    /// Enter was pressed in a field.
    pub enter: bool,
    /// The form has just been opened: its first field takes the focus.
    pub focus_first: bool,
    /// Enter found a mistake: the first field with one takes the focus.
    pub focus_problem: bool,
    /// Tells the fields of one form from those of another.
    pub salt: &'static str,
}

impl FormUi<'_, '_> {
    /// Label, text field, and beside it what is wrong or the hint.
    pub fn text_row(&mut self, ui: &mut Ui, label: &str, value: &mut FieldText, hint_text: &str) -> Response {
        let theme = self.ctx.theme;
        form_row(ui, theme, label, |ui| {
            let response = self.text_field(ui, label, FIELD_WIDTH, "", value);
            match &value.problem {
                Some(text) => problem(ui, theme, text),
                None => hint(ui, theme, hint_text),
            };
            response
        })
    }

    /// The field alone.
    pub fn text_field(
        &mut self,
        ui: &mut Ui,
        name: &str,
        width: f32,
        placeholder: &str,
        value: &mut FieldText,
    ) -> Response {
        let id = Id::unique(("form", self.salt, name));
        let field = Field { theme: self.ctx.theme, name, width, placeholder };
        let response = field.show(ui, id, value);
        if value.problem.is_some() && std::mem::take(&mut self.focus_problem) {
            response.request_focus();
            select_all(ui, response.id, &value.text);
        }
        // Reached by Tab, as everywhere: what is typed replaces what stands there. Unless typing has begun already.
        if response.gained_focus()
            && !response.changed()
            && !ui.input(|i| i.pointer.any_down() || i.pointer.any_released())
        {
            select_all(ui, response.id, &value.text);
        }
        if response.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter)) {
            self.enter = true;
        }
        response
    }

    /// The first field of a form: focused and selected when the form opens.
    pub fn take_focus(&mut self, ui: &Ui, response: &Response, text: &str) {
        if !std::mem::take(&mut self.focus_first) {
            return;
        }
        response.request_focus();
        select_all(ui, response.id, text);
    }

    /// What the endpoint answers by itself, of the ways that its kind has.
    pub fn answer_row(&mut self, ui: &mut Ui, ways: &[Answer], answer: &mut Answer) {
        let words = self.ctx.words;
        let list: Vec<_> = ways.iter().map(|way| Choice { value: *way, text: words.answer(*way).to_owned() }).collect();
        let label = words.get("form.answers");
        form_row(ui, self.ctx.theme, label, |ui| {
            choice(ui, self.ctx.theme, label, words.answer(*answer), Some(FIELD_WIDTH), answer, &list);
            hint(ui, self.ctx.theme, words.answer_hint(*answer));
        });
        if matches!(answer, Answer::Http | Answer::Modbus) {
            form_row(ui, self.ctx.theme, "", |ui| hint(ui, self.ctx.theme, words.get("form.service_hint")));
        }
    }

    pub fn encoding_row(&mut self, ui: &mut Ui, encoding: &mut TextEncoding) {
        let list = TextEncoding::ALL.map(|value| Choice { value, text: value.name().to_owned() });
        let label = self.ctx.words.get("form.shown_as");
        form_row(ui, self.ctx.theme, label, |ui| {
            choice(ui, self.ctx.theme, label, encoding.name(), Some(FIELD_WIDTH), encoding, &list);
        });
    }

    /// Addresses of this computer to listen on, each with what it means.
    pub fn bind_row(&mut self, ui: &mut Ui, address: &mut IpAddr, address_problem: &mut Option<String>) {
        let (ctx, theme) = (self.ctx, self.ctx.theme);
        let label = ctx.words.get("form.address");
        form_row(ui, theme, label, |ui| {
            let combo = egui::ComboBox::from_id_salt(("bind", self.salt))
                .selected_text(mono(address.to_string(), theme.text))
                .width(FIELD_WIDTH)
                .height(360.0)
                .show_ui(ui, |ui| {
                    for (candidate, note) in bind_candidates(ctx, *address) {
                        let mut text = egui::text::LayoutJob::default();
                        let mono_font = egui::TextStyle::Monospace.resolve(ui.style());
                        let small = egui::TextStyle::Small.resolve(ui.style());
                        text.append(&format!("{candidate}  "), 0.0, egui::TextFormat::simple(mono_font, theme.text));
                        text.append(&note, 0.0, egui::TextFormat::simple(small, reach_color(ctx, candidate)));
                        if ui.selectable_label(*address == candidate, text).clicked() {
                            *address = candidate;
                            *address_problem = None;
                        }
                    }
                });
            combo.response.accessible_name(label);
            match address_problem {
                Some(text) => problem(ui, theme, text),
                None => ui.label(RichText::new(reach_words(ctx, *address)).color(reach_color(ctx, *address))),
            };
        });
    }
}

fn select_all(ui: &Ui, id: Id, text: &str) {
    use egui::text::{CCursor, CCursorRange};
    let mut state = egui::TextEdit::load_state(ui.ctx(), id).unwrap_or_default();
    state.cursor.set_char_range(Some(CCursorRange::two(CCursor::new(0), CCursor::new(text.chars().count()))));
    egui::TextEdit::store_state(ui.ctx(), id, state);
}

fn reach_words<'a>(ctx: &Ctx<'a>, address: IpAddr) -> &'a str {
    ctx.words.get(if address.is_loopback() { "form.this_computer" } else { "form.reachable" })
}

fn reach_color(ctx: &Ctx<'_>, address: IpAddr) -> egui::Color32 {
    if address.is_loopback() { ctx.theme.dim } else { ctx.theme.outgoing }
}

/// Loopback, this computer's own addresses, all of them; `chosen` too where it is none of these.
fn bind_candidates(ctx: &Ctx<'_>, chosen: IpAddr) -> Vec<(IpAddr, String)> {
    let mut list: Vec<(IpAddr, String)> = Vec::new();
    let mut add = |address: IpAddr, interface: &str| {
        if list.iter().any(|(known, _)| *known == address) {
            return;
        }
        let reach = reach_words(ctx, address);
        list.push((address, if interface.is_empty() { reach.to_owned() } else { format!("{interface} · {reach}") }));
    };
    add(IpAddr::V4(Ipv4Addr::LOCALHOST), "");
    add(IpAddr::V6(Ipv6Addr::LOCALHOST), "");
    for own in &ctx.state.own_addresses {
        add(own.address, &own.interface);
    }
    add(IpAddr::V4(Ipv4Addr::UNSPECIFIED), "");
    add(IpAddr::V6(Ipv6Addr::UNSPECIFIED), "");
    add(chosen, "");
    list
}

/// A port; the problem stands at the field.
pub fn read_port(ctx: &Ctx<'_>, field: &mut FieldText, zero_allowed: bool) -> Option<u16> {
    let text = field.text.trim();
    let port = if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse::<u16>().ok() } else { None };
    let key = match port {
        _ if text.is_empty() => "form.port_missing",
        None => "form.port_bad",
        Some(0) if !zero_allowed => "form.port_zero",
        Some(port) => return Some(port),
    };
    field.problem = Some(ctx.words.get(key).to_owned());
    None
}

/// A whole number from `least` to `most`; the problem stands at the field.
pub fn read_number(ctx: &Ctx<'_>, field: &mut FieldText, least: u32, most: u32) -> Option<u32> {
    let number = field.text.trim().parse().ok().filter(|number| (least..=most).contains(number));
    if number.is_none() {
        field.problem = Some(ctx.words.fill("form.number_bad", &[("least", &least), ("most", &most)]));
    }
    number
}

/// Seconds with a decimal point, as milliseconds.
pub fn read_seconds(ctx: &Ctx<'_>, field: &mut FieldText) -> Option<u64> {
    let seconds = field.text.trim().replace(',', ".").parse::<f64>().ok();
    let millis = seconds.filter(|seconds| (0.001..=86_400.0).contains(seconds)).map(|s| (s * 1000.0).round() as u64);
    if millis.is_none() {
        field.problem = Some(ctx.words.get("form.seconds_bad").to_owned());
    }
    millis
}

pub fn seconds(millis: u64) -> String {
    format!("{}", millis as f64 / 1000.0)
}

/// A name of the user's; blank is none.
pub fn read_name(field: &FieldText) -> Option<String> {
    let name = field.text.trim();
    (!name.is_empty()).then(|| name.to_owned())
}

/// The address to bind that stands in a pasted text: a name has no place there, except `localhost`.
pub fn bind_address(host: &str) -> Option<IpAddr> {
    if host.eq_ignore_ascii_case("localhost") {
        return Some(IpAddr::V4(Ipv4Addr::LOCALHOST));
    }
    host.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_read_back_as_they_are_written() {
        for millis in [1, 250, 1000, 10_000, 1500] {
            assert_eq!((seconds(millis).parse::<f64>().unwrap() * 1000.0).round() as u64, millis);
        }
        assert_eq!(seconds(10_000), "10");
    }

    #[test]
    fn binds_to_addresses_only() {
        assert_eq!(bind_address("LocalHost"), Some(IpAddr::V4(Ipv4Addr::LOCALHOST)));
        assert_eq!(bind_address("::"), Some(IpAddr::V6(Ipv6Addr::UNSPECIFIED)));
        assert_eq!(bind_address("example.org"), None);
    }
}
