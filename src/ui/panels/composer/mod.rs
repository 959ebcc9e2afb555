//! The composer: to whom, in which format, with which ending and checksum, the text itself, and always the exact bytes.
//!
//! Owns: what is half typed, one text a format, the repeat fields. Never: sending (it asks by `SendAction`), file IO.
//! Called by: the window's shell, through the panel registry.

mod bytes_line;
mod checksum_choice;
mod editor;
mod example;
mod history;
mod insert;
mod piece;
mod preview;
mod send;
mod target_choice;
mod top_row;
mod views;

use egui::{Key, Modifiers, TextEdit, Ui};

use super::{Anchor, Panel, set_anchor, target};
use crate::engine::Target;
use crate::model::{Checksum, Draft, LineEnding, PayloadFormat, TextEncoding};
use crate::ui::action::{Action, Form, SendAction};
use crate::ui::state::{Ctx, Focus};
use crate::ui::widgets::FieldText;

use std::sync::Arc;

pub use example::{Around, Understood};
pub use target_choice::read_address;

/// The widget id of the text, for those who want to focus it.
pub fn editor_id() -> egui::Id {
    egui::Id::unique("composer text")
}

#[derive(Default)]
pub struct Composer {
    views: views::Views,
    /// Why the other view does not show the same bytes; said until something is typed.
    apart: Option<(PayloadFormat, views::Apart, String)>,
    encoding: TextEncoding,
    ending: LineEnding,
    checksum: Checksum,
    checksum_choice: checksum_choice::ChecksumChoice,
    /// The number of the newest checksum taken from `State::edited_checksum`.
    taken_checksum: u64,
    repeat: send::RepeatFields,
    /// The name being typed for "Save payload".
    saving: Option<FieldText>,
    /// Frames until that field takes the keyboard.
    focus_name_after: Option<u8>,
    /// The address being typed for a UDP socket.
    to: FieldText,
    /// The number of the newest draft taken from `State::edited_draft`.
    taken: u64,
    history: history::Place,
    preview: preview::Preview,
    /// The draft as it stands in the window, and of which change of the text it is.
    written: (u64, Arc<Draft>),
    /// The part of the payload under the pointer: a place among the preview's parts, drawn by the line and by the text.
    pointed: Option<usize>,
    /// What was selected while the text had the keyboard.
    selected: Option<egui::text::CCursorRange>,
    /// The text gets the keyboard in the next frame.
    focus_text: bool,
    /// The newest file taken from `State::template_file`.
    inserted_file: u64,
    running: send::Running,
    tried: send::Tried,
    /// The path that `SendAction::MeasureFile` was asked for last.
    measured: String,
}

impl Panel for Composer {
    fn key(&self) -> &'static str {
        "composer"
    }

    fn ui(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
        self.take_edit(ctx, ui);
        self.take_file(ctx, ui);
        self.take_checksum(ctx);
        let target = self.target(ctx);
        self.compose(ctx, ui, target.as_ref(), actions);
        if std::mem::take(&mut self.focus_text) || ctx.state.focus == Some(Focus::Composer) {
            ui.memory_mut(|memory| memory.request_focus(editor_id()));
        }
        let why = self.why_not(ctx, target.as_ref());
        let by_key = ctx.state.form == Form::None && ui.input_mut(|i| i.consume_key(Modifiers::COMMAND, Key::Enter));

        set_anchor(ui.ctx(), Anchor::Composer, ui.max_rect());
        ui.spacing_mut().item_spacing = egui::vec2(8.0, 6.0);
        let by_button = self.top_row(ctx, ui, target.as_ref(), why.as_ref(), actions);
        self.save_row(ctx, ui, actions);
        self.editor(ctx, ui, actions);
        // What was typed in this frame is shown in this frame.
        self.compose(ctx, ui, target.as_ref(), actions);
        self.bytes_line(ctx, ui, why.as_ref(), target.as_ref());
        self.measure_file(ctx, actions);

        match (by_button, by_key) {
            (Some(pressed), _) => self.press(ctx, pressed, target, actions),
            (None, true) => {
                let why = self.why_not(ctx, target.as_ref());
                if why.is_none() && !self.is_repeating(ctx) {
                    self.press(ctx, send::Pressed::Send, target, actions);
                }
            }
            (None, false) => {}
        }
    }
}

impl Composer {
    /// The draft as it stands in the window.
    pub fn draft(&self) -> Draft {
        let draft = self.shown_draft();
        match draft.format {
            PayloadFormat::File => Draft {
                format: PayloadFormat::File,
                text: draft.text.trim().to_owned(),
                encoding: draft.encoding,
                ..Draft::default()
            },
            _ => draft,
        }
    }

    fn format(&self) -> PayloadFormat {
        self.views.format
    }

    /// With the text as it stands in the editor.
    fn shown_draft(&self) -> Draft {
        Draft {
            format: self.format(),
            text: self.views.text().clone(),
            encoding: self.encoding,
            ending: self.ending,
            checksum: self.checksum.clone(),
        }
    }

    fn compose(&mut self, ctx: &Ctx<'_>, ui: &Ui, target: Option<&Target>, actions: &mut Vec<Action>) {
        let (of, draft) = &self.written;
        let is_same = *of == self.views.changes()
            && (draft.encoding, draft.ending, &draft.checksum) == (self.encoding, self.ending, &self.checksum);
        if !is_same {
            self.written = (self.views.changes(), Arc::new(self.shown_draft()));
        }
        if let Some(wait) = self.preview.update(ctx, &self.written.1, target, actions) {
            ui.ctx().request_repaint_after(wait);
        }
    }

    fn set_format(&mut self, ui: &Ui, format: PayloadFormat) {
        let state = TextEdit::load_state(ui.ctx(), editor_id());
        let (state, apart) = self.views.switch(format, self.encoding, state);
        TextEdit::store_state(ui.ctx(), editor_id(), state.unwrap_or_default());
        self.selected = None;
        self.apart = None;
        if let Some((from, apart)) = apart {
            self.apart = Some((from, apart, self.views.text().clone()));
        }
    }

    fn take_edit(&mut self, ctx: &Ctx<'_>, ui: &Ui) {
        let (number, draft) = &ctx.state.edited_draft;
        if *number == self.taken {
            return;
        }
        self.taken = *number;
        if ctx.state.draft_is_offer && !self.views.text().is_empty() {
            return;
        }
        if self.format() != draft.format {
            let state = TextEdit::load_state(ui.ctx(), editor_id());
            let state = self.views.leave_for(draft.format, state);
            TextEdit::store_state(ui.ctx(), editor_id(), state.unwrap_or_default());
        }
        self.apart = None;
        self.views.take(&draft.text);
        if draft.format != PayloadFormat::File {
            self.encoding = draft.encoding;
            self.ending = draft.ending;
            self.checksum.clone_from(&draft.checksum);
        }
    }

    fn take_checksum(&mut self, ctx: &Ctx<'_>) {
        let (number, sum) = &ctx.state.edited_checksum;
        if *number != self.taken_checksum {
            self.taken_checksum = *number;
            self.checksum.clone_from(sum);
        }
    }

    fn measure_file(&mut self, ctx: &Ctx<'_>, actions: &mut Vec<Action>) {
        if self.format() != PayloadFormat::File {
            return;
        }
        let path = self.views.text().trim();
        let known = ctx.state.file.as_ref().is_some_and(|file| file.path == path);
        if !path.is_empty() && !known && self.measured != path {
            self.measured = path.to_owned();
            actions.push(Action::Send(SendAction::MeasureFile(path.to_owned())));
        }
    }

    /// The target; an address that came from elsewhere is put into the field.
    fn target(&mut self, ctx: &Ctx<'_>) -> Option<Target> {
        let target = target::current(ctx)?;
        if let Target::Datagram { to, .. } = &target
            && target_choice::read_address(&self.to.text).as_ref() != Some(to)
        {
            self.to = FieldText::new(to.to_string());
        }
        Some(target)
    }
}
