//! How the streams of one endpoint are taken apart, what reads its frames, and the checksum they carry.
//!
//! Owns: what is half typed. Never: takes the log apart; the sample is cut from chunks that are on screen already.
//! Called by: the shell, while its form is open.

mod fields;
mod sample;

use egui::{Id, Label, Modal, RichText, ScrollArea, Ui};

use self::fields::{Fields, KINDS, Kind};
use crate::decode;
use crate::model::{Checksum, DecoderChoice, EndpointId, EndpointSettings, Framing, Verify};
use crate::payload;
use crate::session::SampleOf;
use crate::ui::action::{Action, EndpointAction, Form, LogAction, ViewAction};
use crate::ui::panels::Panel;
use crate::ui::panels::composer::checksum_choice::ChecksumChoice;
use crate::ui::state::Ctx;
use crate::ui::theme;
use crate::ui::widgets::{self, Choice, Field, FieldText, choice, form_row, hint, problem};

const WIDTH: f32 = 620.0;
const FIELD: f32 = 190.0;

#[derive(Default)]
pub struct FramingForm {
    of: Option<EndpointId>,
    fields: Fields,
    sum: Checksum,
    choice: Option<ChecksumChoice>,
    /// What the log's reader was asked for.
    sampled: Option<SampleOf>,
    skip: FieldText,
    behind: FieldText,
}

impl Panel for FramingForm {
    fn key(&self) -> &'static str {
        "framing"
    }

    fn ui(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
        let Form::Framing(id) = ctx.state.form else {
            self.of = None;
            if self.sampled.take().is_some() {
                actions.push(Action::Log(LogAction::Sample(None)));
            }
            return;
        };
        let sample = Some(sample::of(ctx, id));
        if self.sampled != sample {
            self.sampled = sample;
            actions.push(Action::Log(LogAction::Sample(sample)));
        }
        if self.of != Some(id) {
            self.take_over(ctx, id);
        }
        let screen = ui.ctx().content_rect().size();
        let frame = egui::Frame::popup(ui.style()).inner_margin(16);
        let modal = Modal::new(Id::unique("framing")).frame(frame).show(ui.ctx(), |ui| {
            ui.set_width(WIDTH.min(screen.x - 64.0));
            ui.spacing_mut().item_spacing.y = 8.0;
            let most = screen.y - 140.0;
            ScrollArea::vertical()
                .max_height(most)
                .min_scrolled_height(most)
                .auto_shrink([false, true])
                .show(ui, |ui| self.content(ctx, ui, id, actions));
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Min), |ui| {
                widgets::primary(ui, ctx.theme, ctx.words.get("framing.close")).clicked()
            })
            .inner
        });
        if modal.inner || modal.should_close() {
            actions.push(Action::View(ViewAction::HideForm));
        }
    }
}

impl FramingForm {
    fn take_over(&mut self, ctx: &Ctx<'_>, id: EndpointId) {
        self.of = Some(id);
        self.fields = Fields::of(&framing_of(ctx, id));
        let verify = settings(ctx, id).and_then(|settings| settings.verify.clone()).unwrap_or_default();
        self.sum = verify.checksum.clone();
        self.skip = FieldText::new(verify.skip.to_string());
        self.behind = FieldText::new(verify.behind.to_string());
    }

    fn content(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, id: EndpointId, actions: &mut Vec<Action>) {
        let words = ctx.words;
        let title = words.fill("framing.title", &[("socket", &name_of(ctx, id))]);
        ui.label(RichText::new(title).font(theme::semibold(15.0)));
        ui.add(Label::new(RichText::new(words.get("framing.what")).color(ctx.theme.dim)).wrap());
        let before = framing_of(ctx, id);
        self.kinds(ctx, ui);
        self.fields.ui(ctx, ui);
        let read = self.fields.read(ctx);
        if let Some(framing) = read.as_ref().filter(|framing| **framing != before) {
            set(ctx, id, framing.clone(), actions);
        }
        if let Some(settings) = settings(ctx, id) {
            decoder(ctx, ui, id, settings, actions);
            self.verified(ctx, ui, id, settings, actions);
        }
        ui.add_space(4.0);
        sample::ui(ctx, ui, sample::of(ctx, id), &read.unwrap_or(before));
    }

    fn kinds(&mut self, ctx: &Ctx<'_>, ui: &mut Ui) {
        let words = ctx.words;
        let list = KINDS.map(|value| Choice { value, text: words.get(value.key()).to_owned() });
        let label = words.get("framing.kind");
        form_row(ui, ctx.theme, label, |ui| {
            let kind: &mut Kind = &mut self.fields.kind;
            let shown = words.get(kind.key());
            choice(ui, ctx.theme, label, shown, Some(FIELD), kind, &list);
        });
    }

    fn verified(
        &mut self,
        ctx: &Ctx<'_>,
        ui: &mut Ui,
        id: EndpointId,
        of: &EndpointSettings,
        actions: &mut Vec<Action>,
    ) {
        let label = ctx.words.get("framing.verify");
        let choice = self.choice.get_or_insert_with(|| ChecksumChoice::of(Id::unique("framing_checksum"), FIELD));
        form_row(ui, ctx.theme, label, |ui| choice.ui(ctx, ui, &mut self.sum, Some(actions)));
        let is_asked = !self.sum.is_none();
        if is_asked {
            field(ctx, ui, "framing.skip", "", &mut self.skip);
            field(ctx, ui, "framing.behind", "", &mut self.behind);
        }
        let (skip, behind) =
            (fields::number(ctx, &mut self.skip, 0, 65_535), fields::number(ctx, &mut self.behind, 0, 65_535));
        let (Some(skip), Some(behind)) = (skip, behind) else { return };
        let verify = is_asked.then(|| Verify { checksum: self.sum.clone(), skip: skip as u32, behind: behind as u32 });
        if verify != of.verify {
            retune(id, EndpointSettings { verify, ..of.clone() }, actions);
        }
    }
}

fn decoder(ctx: &Ctx<'_>, ui: &mut Ui, id: EndpointId, of: &EndpointSettings, actions: &mut Vec<Action>) {
    let words = ctx.words;
    let fixed = [(DecoderChoice::ByPort, "framing.by_port"), (DecoderChoice::None, "framing.no_decoder")];
    let named = decode::registry()
        .iter()
        .map(|known| Choice { value: DecoderChoice::Named(known.key().to_owned()), text: known.name().to_owned() });
    let list: Vec<_> =
        fixed.into_iter().map(|(value, key)| Choice { value, text: words.get(key).to_owned() }).chain(named).collect();
    let mut chosen = of.decoder.clone();
    let shown = match &chosen {
        DecoderChoice::Named(key) => key.as_str(),
        other => list.iter().find(|choice| choice.value == *other).map_or("", |choice| &choice.text),
    };
    let shown = list.iter().find(|choice| choice.value == chosen).map_or(shown, |choice| &choice.text).to_owned();
    let label = words.get("framing.decoder");
    form_row(ui, ctx.theme, label, |ui| {
        choice(ui, ctx.theme, label, &shown, Some(FIELD), &mut chosen, &list);
    });
    if chosen != of.decoder {
        retune(id, EndpointSettings { decoder: chosen, ..of.clone() }, actions);
    }
}

/// Label, field, and beside it what is wrong or the hint.
fn field(ctx: &Ctx<'_>, ui: &mut Ui, key: &'static str, hint_text: &str, value: &mut FieldText) {
    let label = ctx.words.get(key);
    form_row(ui, ctx.theme, label, |ui| {
        let field = Field { theme: ctx.theme, name: label, width: FIELD, placeholder: "" };
        field.show(ui, Id::unique(("framing_field", key)), value);
        match &value.problem {
            Some(text) => problem(ui, ctx.theme, text),
            None => hint(ui, ctx.theme, hint_text),
        };
    });
}

/// Of a live endpoint; those of an opened file have none.
fn settings<'a>(ctx: &Ctx<'a>, id: EndpointId) -> Option<&'a EndpointSettings> {
    let configured = ctx.state.endpoint(id).filter(|_| ctx.state.opened_file.is_none());
    configured.map(|configured| &configured.settings)
}

fn framing_of(ctx: &Ctx<'_>, id: EndpointId) -> Framing {
    match settings(ctx, id) {
        Some(settings) => settings.framing.clone(),
        None => ctx.state.file_framings.get(&id).cloned().unwrap_or_default(),
    }
}

fn name_of(ctx: &Ctx<'_>, id: EndpointId) -> String {
    let uri = settings(ctx, id).map(|settings| settings.uri().to_string());
    let shown = ctx.view.rows.iter().flatten().find(|row| row.event.flow.endpoint == id);
    let uri = uri.or_else(|| shown.map(|row| row.event.flow.endpoint_uri.to_string()));
    payload::visible_text(&uri.unwrap_or_else(|| format!("#{}", id.0)), 120)
}

fn set(ctx: &Ctx<'_>, id: EndpointId, framing: Framing, actions: &mut Vec<Action>) {
    match settings(ctx, id) {
        Some(settings) => retune(id, EndpointSettings { framing, ..settings.clone() }, actions),
        None => actions.push(Action::Log(LogAction::SetFraming(id, framing))),
    }
}

fn retune(id: EndpointId, settings: EndpointSettings, actions: &mut Vec<Action>) {
    actions.push(Action::Endpoint(EndpointAction::Retune(id, Box::new(settings))));
}
