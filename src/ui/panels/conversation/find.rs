//! The find field of a conversation: text as it is typed, `hex:` or `/pattern/`; how many there are, and stepping.

use egui::{Align, Key, Layout, Modifiers, RichText, TextEdit, Ui};

use crate::filter::{Expression, Filter, Mistake, MistakeKind, Term};
use crate::session::FindStep;
use crate::session::conversation::{ConversationOrder, ConversationSnapshot};
use crate::ui::panels::tabs::strip;
use crate::ui::state::{Ctx, Focus};
use crate::ui::theme;
use crate::ui::widgets::{self, row_list::TYPING_PAUSE};

#[derive(Default)]
pub struct FindField {
    text: String,
    /// When the last key was pressed, while the text is not taken over yet.
    typed_at: Option<f64>,
    term: Option<Term>,
    mistake: Option<Mistake>,
    /// The step whose answer is waited for.
    step: Option<u64>,
}

/// Height of the line with a mistake.
const MISTAKE: f32 = 26.0;
const LEAST_WIDTH: f32 = 90.0;
const MOST_WIDTH: f32 = 260.0;

impl FindField {
    /// What is looked for, once typing pauses.
    pub fn order(&mut self, ui: &Ui, order: ConversationOrder) -> ConversationOrder {
        if let Some(typed_at) = self.typed_at {
            let left = TYPING_PAUSE.as_secs_f64() - (ui.input(|input| input.time) - typed_at);
            if left <= 0.0 {
                self.take();
            } else {
                ui.ctx().request_repaint_after(std::time::Duration::from_secs_f64(left));
            }
        }
        ConversationOrder { find: self.term.clone(), ..order }
    }

    /// The line of the match that was stepped to, once.
    pub fn arrived(&mut self, snapshot: Option<&ConversationSnapshot>) -> Option<u64> {
        let find = &snapshot?.find;
        if self.step.is_none_or(|step| step != find.step) || find.term != self.term {
            return None;
        }
        self.step = None;
        find.current.map(|(_, line)| line)
    }

    /// From right to left.
    pub fn ui(
        &mut self,
        ctx: &Ctx<'_>,
        ui: &mut Ui,
        snapshot: Option<&ConversationSnapshot>,
        order: &mut ConversationOrder,
        from_line: u64,
    ) {
        let mut step = None;
        if self.term.is_some() {
            for (glyph, key, to) in
                [("↓", "conversation.next", FindStep::Next), ("↑", "conversation.previous", FindStep::Previous)]
            {
                if widgets::icon(ui, glyph, ctx.words.get(key)).clicked() {
                    step = Some(to);
                }
            }
            self.count(ctx, ui, snapshot);
        }
        step = self.field(ctx, ui).or(step);
        if let Some(step) = step {
            self.take();
            order.find.clone_from(&self.term);
            order.step = (order.step.0 + 1, Some((step, from_line)));
            self.step = Some(order.step.0);
        }
    }

    fn field(&mut self, ctx: &Ctx<'_>, ui: &mut Ui) -> Option<FindStep> {
        let name = ctx.words.get("conversation.find");
        let width = (ui.available_width() - 12.0).clamp(LEAST_WIDTH, MOST_WIDTH);
        let mut layouter = widgets::mono_line(ctx.theme.text);
        let field = TextEdit::singleline(&mut self.text)
            .id(egui::Id::unique("conversation_find"))
            .font(theme::mono())
            .layouter(&mut layouter)
            .hint_text(RichText::new(name).color(ctx.theme.dim))
            .desired_width(width)
            .margin(egui::Margin::symmetric(8, 4));
        let response = ui.add(field).on_hover_text(ctx.words.get("conversation.find_hint"));
        let text = self.text.clone();
        response.widget_info(|| {
            let mut info = egui::WidgetInfo::labeled(egui::Role::TextInput, true, name);
            info.current_text_value = Some(text.clone());
            info
        });
        if matches!(ctx.state.focus, Some(Focus::Find | Focus::Filter)) {
            response.request_focus();
        }
        if response.changed() {
            self.typed_at = Some(ui.input(|input| input.time));
        }
        if !response.lost_focus() {
            return None;
        }
        if ui.input(|input| input.key_pressed(Key::Escape)) {
            self.text.clear();
            self.take();
            return None;
        }
        let pressed =
            ui.input(|input| input.key_pressed(Key::Enter).then_some(input.modifiers.contains(Modifiers::SHIFT)));
        if pressed.is_some() && !self.text.is_empty() {
            // One may press Enter again.
            response.request_focus();
        }
        pressed.filter(|_| !self.text.is_empty()).map(|shift| if shift { FindStep::Previous } else { FindStep::Next })
    }

    fn count(&self, ctx: &Ctx<'_>, ui: &mut Ui, snapshot: Option<&ConversationSnapshot>) {
        let Some(find) = snapshot.map(|snapshot| &snapshot.find).filter(|find| find.term == self.term) else { return };
        let words = ctx.words;
        let found = format!("{}{}", words.number(find.found), if find.full || !find.ready { "+" } else { "" });
        let (text, color) = match find.current {
            _ if find.impossible => (words.get("conversation.impossible").to_owned(), ctx.theme.error),
            _ if find.found == 0 && find.ready => (words.get("conversation.no_match").to_owned(), ctx.theme.error),
            Some((number, _)) => {
                let number = words.number(number);
                (words.fill("conversation.match_of", &[("number", &number), ("found", &found)]), ctx.theme.dim)
            }
            None => (found, ctx.theme.dim),
        };
        ui.label(RichText::new(text).color(color));
    }

    fn take(&mut self) {
        self.typed_at = None;
        (self.term, self.mistake) = match term(&self.text) {
            Ok(term) => (term, None),
            Err(mistake) => (None, Some(mistake)),
        };
    }

    /// Why what stands in the field cannot be looked for: a line of its own beneath it.
    pub fn mistake(&self, ctx: &Ctx<'_>, ui: &mut Ui) {
        let Some(mistake) = &self.mistake else { return };
        strip(ctx, ui, MISTAKE, |ui| {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let text = RichText::new(ctx.words.filter_mistake(mistake)).color(ctx.theme.error);
                ui.add(egui::Label::new(text).truncate());
            });
        });
    }
}

/// `hex:` and `/pattern/` mean what they mean in a filter; everything else is the text as it stands there, blanks and all.
fn term(text: &str) -> Result<Option<Term>, Mistake> {
    let as_text = || (!text.is_empty()).then(|| Term::Text(text.to_owned()));
    let (is_hex, may_be_pattern) = (text.starts_with("hex:"), text.len() > 1 && text.starts_with('/'));
    if !is_hex && !may_be_pattern {
        return Ok(as_text());
    }
    match Filter::parse(text) {
        Ok(filter) => match filter.expression() {
            Some(Expression::Is(term @ (Term::Hex(_) | Term::Regex { .. }))) => Ok(Some(term.clone())),
            _ => Ok(as_text()),
        },
        Err(mistake) if is_hex || is_of_pattern(&mistake.what) => Err(mistake),
        // `/index.html` is a path.
        Err(_) => Ok(as_text()),
    }
}

fn is_of_pattern(what: &MistakeKind) -> bool {
    matches!(what, MistakeKind::Regex(_) | MistakeKind::RegexTooLong { .. } | MistakeKind::RegexTooLarge)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_is_taken_as_it_stands() {
        for text in ["GET /", "a and b", "/", "-x", "hex", "dir:in", "/usr/bin", "/index.html"] {
            assert_eq!(term(text), Ok(Some(Term::Text(text.to_owned()))));
        }
        assert_eq!(term(""), Ok(None));
    }

    #[test]
    fn bytes_and_patterns_are_those_of_a_filter() {
        assert!(matches!(term("hex:0d 0a"), Ok(Some(Term::Hex(bytes))) if bytes.len() == 2));
        assert!(matches!(term("/id=[0-9]+/i"), Ok(Some(Term::Regex { ignore_case: true, .. }))));
        assert!(term("hex:0").is_err() && term("/a[/").is_err());
    }
}
