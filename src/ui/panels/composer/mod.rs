//! The composer: to whom, in which format, with which ending and checksum, the text itself, and always the exact bytes.
//!
//! Owns: what is half typed, one text a format, the repeat fields. Never: sending (it asks by `SendAction`), file IO.
//! Called by: the window's shell, through the panel registry.

mod bytes_line;
pub mod checksum_choice;
mod editor;
mod history;
mod insert;
mod pages;
mod preview;
mod save;
mod send;
mod target_choice;
mod top_row;
mod views;

use std::sync::Arc;

use egui::{Key, Modifiers, TextEdit, Ui};

use super::{Anchor, Panel, set_anchor, target};
use crate::engine::Target;
use crate::model::{Checksum, Draft, LineEnding, PayloadFormat, TextEncoding};
use crate::ui::action::{Action, Form, SendAction};
use crate::ui::state::{Ctx, Focus};
use crate::ui::widgets::FieldText;
use crate::workspace::Unsent;

pub use target_choice::read_address;

/// The widget id of the text, for those who want to focus it.
pub fn editor_id() -> egui::Id {
    egui::Id::unique("composer text")
}

/// What stands in the composer, without its text: another one where anything changed.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Standing {
    revision: u64,
    text_bytes: usize,
    encoding: TextEncoding,
    ending: LineEnding,
    checksum: Checksum,
}

#[derive(Default)]
pub struct Composer {
    views: views::Views,
    /// Why the other view does not show the same bytes; said until something is typed (the revision is another).
    apart: Option<(PayloadFormat, views::Apart, u64)>,
    encoding: TextEncoding,
    ending: LineEnding,
    checksum: Checksum,
    checksum_choice: checksum_choice::ChecksumChoice,
    /// The number of the newest checksum taken from `State::edited_checksum`.
    taken_checksum: u64,
    repeat: send::RepeatFields,
    /// What is typed for "Save payload".
    saving: Option<save::SaveFields>,
    /// The address being typed for a UDP socket.
    to: FieldText,
    /// The number of the newest draft taken from `State::edited_draft`.
    taken: u64,
    history: history::Place,
    preview: preview::Preview,
    /// The part of the payload under the pointer: a place among the preview's parts, drawn by the line and by the text.
    pointed: Option<usize>,
    /// What was selected while the text had the keyboard.
    selected: Option<egui::text::CCursorRange>,
    /// The text gets the keyboard in the next frame.
    focus_text: bool,
    /// The newest file taken from `State::template_file`.
    inserted_file: u64,
    /// Of a long text.
    pages: pages::Pages,
    /// What was handed over to be kept for the next start.
    kept: Option<Standing>,
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
        self.begin(ctx);
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
        self.bytes_line(ctx, ui, why.as_ref(), target.as_ref(), actions);
        self.measure_file(ctx, actions);
        self.keep_for_the_next_start(actions);

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
        let standing = self.standing();
        let mut preview = std::mem::take(&mut self.preview);
        let wait = preview.update(ctx, &standing, || self.shown_draft(), target, actions);
        self.preview = preview;
        if let Some(wait) = wait {
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
            self.apart = Some((from, apart, self.views.revision));
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

    fn begin(&mut self, ctx: &Ctx<'_>) {
        if self.kept.is_some() {
            return;
        }
        let unsent = &ctx.state.unsent;
        self.views.begin(unsent.format, &unsent.texts);
        (self.encoding, self.ending) = (unsent.encoding, unsent.ending);
        self.checksum.clone_from(&unsent.checksum);
        self.kept = Some(self.standing());
    }

    /// Another one: something of what stands here changed.
    fn standing(&self) -> Standing {
        Standing {
            revision: self.views.revision,
            text_bytes: self.views.text().len(),
            encoding: self.encoding,
            ending: self.ending,
            checksum: self.checksum.clone(),
        }
    }

    fn keep_for_the_next_start(&mut self, actions: &mut Vec<Action>) {
        let standing = Some(self.standing());
        if self.kept == standing {
            return;
        }
        self.kept = standing;
        let unsent = Unsent {
            format: self.format(),
            encoding: self.encoding,
            ending: self.ending,
            checksum: self.checksum.clone(),
            texts: self.views.texts(),
        };
        actions.push(Action::Send(SendAction::Unsent(Arc::new(unsent))));
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
