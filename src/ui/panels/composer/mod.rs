//! The composer: to whom, in which format, with which ending and checksum, the text itself, and always the exact bytes.
//!
//! Owns: what is half typed, one text a format, the repeat fields. Never: sending (it asks by `SendAction`), file IO.
//! Called by: the window's shell, through the panel registry.

mod bytes_line;
mod checksum_choice;
mod editor;
mod history;
mod send;
mod target_choice;
mod top_row;

use egui::{Key, Modifiers, Ui};

use super::{Anchor, Panel, set_anchor, target};
use crate::engine::Target;
use crate::model::{Checksum, Draft, LineEnding, PayloadFormat, TextEncoding};
use crate::payload::Mistake;
use crate::ui::action::{Action, Form, SendAction};
use crate::ui::state::{Ctx, Focus};
use crate::ui::widgets::FieldText;

pub use target_choice::read_address;

/// The widget id of the text, for those who want to focus it.
pub fn editor_id() -> egui::Id {
    egui::Id::unique("composer text")
}

#[derive(Default)]
pub struct Composer {
    format: PayloadFormat,
    /// One text a format, so that switching loses nothing.
    text: String,
    hex: String,
    path: String,
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
    composed: Composed,
    running: send::Running,
    tried: send::Tried,
    /// The path that `SendAction::MeasureFile` was asked for last.
    measured: String,
}

/// The bytes of the draft, computed when it changed.
struct Composed {
    of: Option<Draft>,
    bytes: Result<Vec<u8>, Mistake>,
}

impl Default for Composed {
    fn default() -> Self {
        Self { of: None, bytes: Ok(Vec::new()) }
    }
}

impl Panel for Composer {
    fn key(&self) -> &'static str {
        "composer"
    }

    fn ui(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
        self.take_edit(ctx);
        self.take_checksum(ctx);
        self.compose();
        if ctx.state.focus == Some(Focus::Composer) {
            ui.memory_mut(|memory| memory.request_focus(editor_id()));
        }
        let target = self.target(ctx);
        let why = self.why_not(ctx, target.as_ref());
        let by_key = ctx.state.form == Form::None && ui.input_mut(|i| i.consume_key(Modifiers::COMMAND, Key::Enter));

        set_anchor(ui.ctx(), Anchor::Composer, ui.max_rect());
        ui.spacing_mut().item_spacing = egui::vec2(8.0, 6.0);
        let by_button = self.top_row(ctx, ui, target.as_ref(), why.as_ref(), actions);
        self.save_row(ctx, ui, actions);
        self.editor(ctx, ui, actions);
        // What was typed in this frame is shown in this frame.
        self.compose();
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
        let text = match self.format {
            PayloadFormat::Text | PayloadFormat::Mixed => self.text.clone(),
            PayloadFormat::Hex | PayloadFormat::Base64 => self.hex.clone(),
            PayloadFormat::File => self.path.trim().to_owned(),
        };
        let file = self.format == PayloadFormat::File;
        Draft {
            format: self.format,
            text,
            encoding: self.encoding,
            ending: if file { LineEnding::None } else { self.ending },
            checksum: if file { Checksum::default() } else { self.checksum.clone() },
        }
    }

    fn compose(&mut self) {
        let unchanged = self.composed.of.as_ref().is_some_and(|of| {
            of.format == self.format
                && of.encoding == self.encoding
                && (self.format == PayloadFormat::File || (of.ending == self.ending && of.checksum == self.checksum))
                && of.text == *self.current_text()
        });
        if unchanged {
            return;
        }
        let draft = self.draft();
        self.composed.bytes = match self.format {
            PayloadFormat::File => Ok(Vec::new()),
            _ => crate::payload::compose(&draft),
        };
        self.composed.of = Some(Draft { text: self.current_text().clone(), ..draft });
    }

    fn current_text(&self) -> &String {
        match self.format {
            PayloadFormat::Text | PayloadFormat::Mixed => &self.text,
            PayloadFormat::Hex | PayloadFormat::Base64 => &self.hex,
            PayloadFormat::File => &self.path,
        }
    }

    fn take_edit(&mut self, ctx: &Ctx<'_>) {
        let (number, draft) = &ctx.state.edited_draft;
        if *number == self.taken {
            return;
        }
        self.taken = *number;
        if ctx.state.draft_is_offer && !self.current_text().is_empty() {
            return;
        }
        self.format = draft.format;
        match draft.format {
            PayloadFormat::Text | PayloadFormat::Mixed => self.text.clone_from(&draft.text),
            PayloadFormat::Hex | PayloadFormat::Base64 => self.hex.clone_from(&draft.text),
            PayloadFormat::File => {
                self.path.clone_from(&draft.text);
                return;
            }
        }
        self.encoding = draft.encoding;
        self.ending = draft.ending;
        self.checksum.clone_from(&draft.checksum);
    }

    fn take_checksum(&mut self, ctx: &Ctx<'_>) {
        let (number, sum) = &ctx.state.edited_checksum;
        if *number != self.taken_checksum {
            self.taken_checksum = *number;
            self.checksum.clone_from(sum);
        }
    }

    fn measure_file(&mut self, ctx: &Ctx<'_>, actions: &mut Vec<Action>) {
        let path = self.path.trim();
        let known = ctx.state.file.as_ref().is_some_and(|file| file.path == path);
        if self.format == PayloadFormat::File && !path.is_empty() && !known && self.measured != path {
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
