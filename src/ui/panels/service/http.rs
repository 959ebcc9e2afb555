//! The answer of the HTTP service: status, type, more header fields, body. What can be sent counts at once.
//!
//! Called by: the service panel.

use egui::{Id, TextEdit, Ui};

use crate::model::{Draft, HttpAnswer, PayloadFormat};
use crate::services::http::{HeaderMistake, MOST_HEADERS_SENT, check_header, check_value, reason};
use crate::ui::action::{Action, SendAction};
use crate::ui::panels::draft_editor::draft_editor;
use crate::ui::state::Ctx;
use crate::ui::theme;
use crate::ui::widgets::{Field, FieldText, form_row, hint, plain_button, problem};

const FIELD: f32 = 300.0;

#[derive(Default)]
pub struct HttpForm {
    status: FieldText,
    content_type: FieldText,
    headers: FieldText,
    path: FieldText,
    /// The body as typed while it comes from a file.
    typed: Draft,
    /// The newest file taken from `State::body_file`.
    taken: u64,
}

impl HttpForm {
    /// `taken`: the number of the newest file that was chosen for another form.
    pub fn of(answer: &HttpAnswer, taken: u64) -> Self {
        let is_file = answer.body.format == PayloadFormat::File;
        Self {
            status: FieldText::new(answer.status.to_string()),
            content_type: FieldText::new(answer.content_type.clone()),
            headers: FieldText::new(answer.headers.join("\n")),
            path: FieldText::new(if is_file { answer.body.text.clone() } else { String::new() }),
            typed: if is_file { HttpAnswer::default().body } else { Draft::default() },
            taken,
        }
    }

    pub fn ui(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, answer: &mut HttpAnswer, actions: &mut Vec<Action>) {
        let words = ctx.words;
        line(ctx, ui, "service.status", 80.0, &mut self.status, |ui, typed| {
            let status = typed.trim().parse().ok().filter(|status| (200..=599).contains(status));
            match status {
                Some(status) => {
                    answer.status = status;
                    hint(ui, ctx.theme, reason(status));
                    None
                }
                None => Some(words.get("service.bad_status").to_owned()),
            }
        });
        line(ctx, ui, "service.content_type", FIELD, &mut self.content_type, |ui, typed| match check_value(typed) {
            Ok(value) => {
                answer.content_type = value.to_owned();
                hint(ui, ctx.theme, words.get("service.content_type_hint"));
                None
            }
            Err(_) => Some(words.get("service.bad_value_characters").to_owned()),
        });
        self.headers(ctx, ui, answer);
        self.body(ctx, ui, answer, actions);
    }

    fn headers(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, answer: &mut HttpAnswer) {
        let (words, label) = (ctx.words, ctx.words.get("service.headers"));
        form_row(ui, ctx.theme, label, |ui| {
            let edit = TextEdit::multiline(&mut self.headers.text)
                .id(Id::unique("service headers"))
                .font(theme::mono())
                .hint_text("Cache-Control: no-store")
                .desired_rows(2)
                .desired_width(f32::INFINITY);
            ui.add(edit).accessible_name(label);
        });
        match headers_of(&self.headers.text) {
            Ok(headers) => answer.headers = headers,
            Err((number, mistake)) => {
                problem(ui, ctx.theme, &words.fill(key_of(mistake), &[("number", &number)]));
            }
        }
    }

    fn body(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, answer: &mut HttpAnswer, actions: &mut Vec<Action>) {
        let words = ctx.words;
        let mut from_file = answer.body.format == PayloadFormat::File;
        form_row(ui, ctx.theme, words.get("service.body"), |ui| {
            ui.radio_value(&mut from_file, false, words.get("service.body_typed"));
            ui.radio_value(&mut from_file, true, words.get("service.body_file"));
        });
        if from_file != (answer.body.format == PayloadFormat::File) {
            // Both are kept: the text here while it is a path, and the path in its field.
            answer.body = if from_file {
                self.typed = std::mem::take(&mut answer.body);
                Draft { format: PayloadFormat::File, text: self.path.text.clone(), ..Draft::default() }
            } else {
                std::mem::take(&mut self.typed)
            };
        }
        if from_file {
            let (number, chosen) = &ctx.state.body_file;
            if std::mem::replace(&mut self.taken, *number) != *number {
                self.path = FieldText::new(chosen.clone());
            }
            line(ctx, ui, "service.path", FIELD, &mut self.path, |ui, typed| {
                answer.body.text = typed.trim().to_owned();
                let choose = words.get("composer.choose_file");
                if ui
                    .add_enabled_ui(!ctx.state.dialog_open, |ui| plain_button(ui, ctx.theme, choose, ""))
                    .inner
                    .clicked()
                {
                    actions.push(Action::Send(SendAction::ChooseBodyFile));
                }
                None
            });
            hint(ui, ctx.theme, words.get("service.path_hint"));
        } else {
            draft_editor(ctx, ui, "service body", words.get("service.body_text"), &mut answer.body);
            hint(ui, ctx.theme, words.get("service.body_hint"));
        }
    }
}

/// Label, field, and beside it what `read` says: a hint, or the problem that it gives back.
fn line(
    ctx: &Ctx<'_>,
    ui: &mut Ui,
    key: &'static str,
    width: f32,
    value: &mut FieldText,
    read: impl FnOnce(&mut Ui, &str) -> Option<String>,
) {
    let label = ctx.words.get(key);
    form_row(ui, ctx.theme, label, |ui| {
        let field = Field { theme: ctx.theme, name: label, width, placeholder: "" };
        field.show(ui, Id::unique(("service field", key)), value);
        value.problem = read(ui, &value.text);
        if let Some(text) = &value.problem {
            problem(ui, ctx.theme, text);
        }
    });
}

/// One line each, empty ones left out; or the number of the first line that is none.
fn headers_of(text: &str) -> Result<Vec<String>, (usize, Option<HeaderMistake>)> {
    let mut headers = Vec::new();
    for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        check_header(line.trim()).map_err(|mistake| (at + 1, Some(mistake)))?;
        if headers.len() == MOST_HEADERS_SENT {
            return Err((at + 1, None));
        }
        headers.push(line.trim().to_owned());
    }
    Ok(headers)
}

fn key_of(mistake: Option<HeaderMistake>) -> &'static str {
    match mistake {
        Some(HeaderMistake::NoColon) => "service.header_no_colon",
        Some(HeaderMistake::Name) => "service.header_name",
        Some(HeaderMistake::Value) => "service.header_value",
        Some(HeaderMistake::Own) => "service.header_own",
        None => "service.header_too_many",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_lines_are_told_by_their_number() {
        assert_eq!(headers_of("A: 1\n\n  B:2 \n"), Ok(vec!["A: 1".to_owned(), "B:2".to_owned()]));
        assert_eq!(headers_of("A: 1\nB"), Err((2, Some(HeaderMistake::NoColon))));
        assert_eq!(headers_of("Content-Length: 1"), Err((1, Some(HeaderMistake::Own))));
        assert_eq!(headers_of(&"A: 1\n".repeat(65)), Err((65, None)));
    }
}
