//! Which checksums fit: frames are typed or pasted, one a line, and what fits all of them is listed, likeliest first.
//!
//! Owns: the lines as typed and the search over them: short frames are searched in portions while they are looked at, long ones
//! on a thread of their own, which stops when something else is asked for. Called by: the shell, while its form is open.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use egui::{Id, Label, Modal, RichText, ScrollArea, TextEdit, TextStyle, Ui};

use crate::model::{EndpointId, EndpointSettings, TextEncoding};
use crate::payload::checksum::{Finder, Finding, Found, MOST_FRAME_BYTES, MOST_FRAMES};
use crate::payload::{self, bytes_to_hex, hex_to_bytes, text_to_bytes};
use crate::session::Scope;
use crate::ui::action::{Action, EndpointAction, Form, LogAction, SendAction, ViewAction};
use crate::ui::panels::Panel;
use crate::ui::panels::log::selected_row;
use crate::ui::state::Ctx;
use crate::ui::theme;
use crate::ui::widgets::{self, chip, problem};

const WIDTH: f32 = 660.0;
/// Summed over in one frame of the window.
const PORTION: usize = 1024 * 1024;
/// From one look at how far it is to the next.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// More are no answer.
const MOST_SHOWN: usize = 100;

#[derive(Default)]
pub struct ChecksumFinder {
    lines: String,
    as_text: bool,
    key: String,
    finder: Finder,
    /// The search of long frames, and its number.
    finding: Option<Arc<Finding>>,
    asked: u64,
    frames: usize,
    problem: Option<String>,
    open: bool,
}

impl Panel for ChecksumFinder {
    fn key(&self) -> &'static str {
        "checksum_finder"
    }

    fn ui(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
        if ctx.state.form != Form::ChecksumFinder {
            if std::mem::replace(&mut self.open, false) {
                self.stop();
            }
            return;
        }
        let fresh = !std::mem::replace(&mut self.open, true);
        if fresh {
            self.begin_with_selected(ctx, actions);
        }
        let screen = ui.ctx().content_rect().size();
        let frame = egui::Frame::popup(ui.style()).inner_margin(16);
        let modal = Modal::new(Id::unique("checksum_finder")).frame(frame).show(ui.ctx(), |ui| {
            ui.set_width(WIDTH.min(screen.x - 64.0));
            ui.label(RichText::new(ctx.words.get("checksum.finder")).font(theme::semibold(15.0)));
            ui.add(Label::new(RichText::new(ctx.words.get("checksum.finder_what")).color(ctx.theme.dim)).wrap());
            if self.input(ctx, ui, fresh) {
                self.begin(ctx, actions);
            }
            let most = (screen.y - 360.0).clamp(90.0, 320.0);
            self.results(ctx, ui, most, actions);
            ui.add_space(4.0);
            let layout = egui::Layout::right_to_left(egui::Align::Min);
            ui.with_layout(layout, |ui| widgets::primary(ui, ctx.theme, ctx.words.get("checksum.close")).clicked())
                .inner
        });
        if modal.inner || modal.should_close() {
            actions.push(Action::View(ViewAction::HideForm));
        }
    }
}

impl ChecksumFinder {
    /// True when something was changed.
    fn input(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, fresh: bool) -> bool {
        let words = ctx.words;
        let mut changed = false;
        ui.horizontal(|ui| {
            for (as_text, key) in [(false, "payload_format.hex"), (true, "payload_format.text")] {
                let text = words.get(key);
                if chip(ui, ctx.theme, text, None, text, self.as_text == as_text).clicked() {
                    self.as_text = as_text;
                    changed = true;
                }
            }
            ui.add_space(12.0);
            let name = words.get("checksum.finder_key");
            ui.label(RichText::new(name).color(ctx.theme.dim));
            let field = TextEdit::singleline(&mut self.key).id(Id::unique("finder_key")).desired_width(160.0);
            let response = ui.add(field);
            changed |= response.changed();
            response.accessible_name(name);
        });
        let name = words.get("checksum.frames");
        let hint = if self.as_text { "$OK*4F\\r\\n" } else { "01 03 00 00 00 02 c4 0b" };
        ScrollArea::vertical().id_salt("finder_lines").max_height(92.0).show(ui, |ui| {
            let field = TextEdit::multiline(&mut self.lines)
                .id(Id::unique("finder_frames"))
                .font(TextStyle::Monospace)
                .hint_text(RichText::new(hint).font(theme::mono()).color(ctx.theme.dim))
                .desired_rows(4)
                .desired_width(f32::INFINITY);
            let response = ui.add(field);
            changed |= response.changed();
            if fresh {
                response.request_focus();
            }
            response.accessible_name(name);
        });
        changed
    }

    /// Whoever looks at a frame and asks for its checksum means that one.
    fn begin_with_selected(&mut self, ctx: &Ctx<'_>, actions: &mut Vec<Action>) {
        let bytes = selected_row(ctx).and_then(|row| row.event.bytes());
        let fits = |bytes: &&bytes::Bytes| (1..=MOST_FRAME_BYTES).contains(&bytes.len());
        if let Some(bytes) = bytes.filter(fits).filter(|_| self.lines.trim().is_empty()) {
            (self.lines, self.as_text) = (bytes_to_hex(bytes), false);
        }
        self.begin(ctx, actions);
    }

    fn stop(&mut self) {
        if let Some(finding) = self.finding.take() {
            finding.cancel.store(true, Ordering::Relaxed);
        }
    }

    /// Reads the lines anew.
    fn begin(&mut self, ctx: &Ctx<'_>, actions: &mut Vec<Action>) {
        self.stop();
        let words = ctx.words;
        let (mut frames, mut wrong) = (Vec::new(), None);
        for (at, line) in self.lines.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let number = (at + 1).to_string();
            if frames.len() == MOST_FRAMES {
                wrong = Some(words.fill("checksum.too_many_frames", &[("most", &MOST_FRAMES)]));
                break;
            }
            let read = if self.as_text { text_to_bytes(line, TextEncoding::Utf8) } else { hex_to_bytes(line) };
            let why = match read {
                Ok(frame) if frame.len() > MOST_FRAME_BYTES => {
                    words.fill("checksum.frame_too_long", &[("most", &words.number(MOST_FRAME_BYTES as u64))])
                }
                Ok(frame) => {
                    frames.push(frame);
                    continue;
                }
                Err(mistake) => words.mistake(&mistake),
            };
            wrong = Some(words.fill("checksum.wrong_line", &[("line", &number), ("why", &why)]));
            frames.clear();
            break;
        }
        self.frames = frames.len();
        self.finder = Finder::new(&frames, &self.key);
        self.problem = wrong;
        if !self.finder.is_quick() {
            let finding = Arc::new(Finding::default());
            self.asked += 1;
            let (number, finder) = (self.asked, self.finder.clone());
            actions.push(Action::Log(LogAction::FindChecksum { number, finder, finding: finding.clone() }));
            self.finding = Some(finding);
        }
    }

    fn results(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, most: f32, actions: &mut Vec<Action>) {
        let words = ctx.words;
        if let Some(text) = &self.problem {
            problem(ui, ctx.theme, text);
        }
        if self.frames == 0 {
            return;
        }
        let Some(found) = self.found(ctx, ui) else { return };
        let said = if found.is_empty() {
            words.get("checksum.nothing_fits").to_owned()
        } else if self.frames == 1 {
            format!("{} {}", words.count("checksum.fit", found.len() as u64), words.get("checksum.one_more_frame"))
        } else {
            words.count("checksum.fit", found.len() as u64)
        };
        ui.add(Label::new(RichText::new(said).color(ctx.theme.dim)).wrap());
        let verifies = meant_endpoint(ctx);
        ScrollArea::vertical().id_salt("finder_results").max_height(most).min_scrolled_height(most).show(ui, |ui| {
            for (at, found) in found.iter().take(MOST_SHOWN).enumerate() {
                ui.push_id(("found", at), |ui| self.row(ctx, ui, found, verifies.as_ref(), actions));
            }
        });
    }

    /// All that fit, once that is known; until then how far it is.
    fn found(&mut self, ctx: &Ctx<'_>, ui: &mut Ui) -> Option<Arc<Vec<Found>>> {
        let words = ctx.words;
        let Some(finding) = self.finding.clone() else {
            if self.finder.advance(PORTION) {
                return Some(Arc::new(self.finder.found().to_vec()));
            }
            ui.label(RichText::new(words.get("checksum.finding")).color(ctx.theme.dim));
            ui.ctx().request_repaint();
            return None;
        };
        let answer = ctx.state.found_checksums.as_ref().filter(|(number, _)| *number == self.asked);
        let stopped = finding.cancel.load(Ordering::Relaxed);
        match answer {
            Some((_, Some(found))) => return Some(found.clone()),
            None if !stopped => {
                ui.horizontal(|ui| {
                    let percent = finding.percent.load(Ordering::Relaxed);
                    let text = words.fill("checksum.finding_share", &[("percent", &percent)]);
                    ui.label(RichText::new(text).color(ctx.theme.dim));
                    if widgets::button(ui, words.get("checksum.stop")).clicked() {
                        finding.cancel.store(true, Ordering::Relaxed);
                    }
                });
                ui.ctx().request_repaint_after(LOOK_AGAIN);
            }
            _ => {
                ui.label(RichText::new(words.get("checksum.stopped")).color(ctx.theme.dim));
            }
        }
        None
    }

    fn row(
        &self,
        ctx: &Ctx<'_>,
        ui: &mut Ui,
        found: &Found,
        verifies: Option<&(EndpointId, EndpointSettings)>,
        actions: &mut Vec<Action>,
    ) {
        let words = ctx.words;
        let line = found.checksum("").to_string();
        let sum = found.checksum(&self.key);
        ui.horizontal(|ui| {
            let named = |key, line: &str| words.fill(key, &[("checksum", &line)]);
            let whole = found.skip == 0 && found.behind == 0;
            let name = named("checksum.use_named", &line);
            let button = egui::Button::new(words.get("checksum.use"));
            let response = ui.add_enabled(whole, button).on_disabled_hover_text(words.get("checksum.use_whole"));
            if response.clicked() {
                actions.push(Action::Send(SendAction::SetChecksum(sum.clone())));
                actions.push(Action::View(ViewAction::HideForm));
            }
            response.accessible_name(name);
            let name = named("checksum.verify_named", &line);
            let button = egui::Button::new(words.get("checksum.verify"));
            let response = ui.add_enabled(verifies.is_some(), button);
            let response = response.on_disabled_hover_text(words.get("checksum.verify_none"));
            if let Some((id, settings)) = verifies {
                if response.clicked() {
                    let settings = EndpointSettings { verify: Some(found.verify(&self.key)), ..settings.clone() };
                    actions.push(Action::Endpoint(EndpointAction::Retune(*id, Box::new(settings))));
                    actions.push(Action::View(ViewAction::HideForm));
                }
                let socket = payload::visible_text(&settings.uri().to_string(), 120);
                response.clone().on_hover_text(words.fill("checksum.verify_hint", &[("socket", &socket)]));
            }
            response.accessible_name(name);
            let response = ui.button(words.get("checksum.copy"));
            // Never the key: a clipboard is read by others.
            if response.clicked() {
                actions.push(Action::Copy(line.clone()));
            }
            let response = if found.algorithm.keyed {
                response.on_hover_text(words.get("checksum.copy_without_key"))
            } else {
                response
            };
            response.accessible_name(named("checksum.copy_named", &line));
            ui.label(RichText::new(found.algorithm.name).color(ctx.theme.text));
            ui.add(Label::new(RichText::new(described(ctx, found)).color(ctx.theme.dim)).truncate());
        });
    }
}

/// The endpoint that receives such frames: of the selected row, of what the log shows, or the only one.
fn meant_endpoint(ctx: &Ctx<'_>) -> Option<(EndpointId, EndpointSettings)> {
    if ctx.state.opened_file.is_some() {
        return None;
    }
    let scoped = match ctx.state.query.scope {
        Scope::Endpoint(id) => Some(id),
        _ => None,
    };
    let selected = selected_row(ctx).map(|row| row.event.flow.endpoint);
    let only = match ctx.state.endpoints.as_slice() {
        [only] => Some(only.id),
        _ => None,
    };
    let id = selected.or(scoped).or(only)?;
    Some((id, ctx.state.endpoint(id)?.settings.clone()))
}

/// Order, form, what is left out, and how often random bytes would fit.
fn described(ctx: &Ctx<'_>, found: &Found) -> String {
    let words = ctx.words;
    let mut parts = Vec::new();
    if found.algorithm.has_order() {
        parts.push(words.byte_order(found.order).to_owned());
    }
    parts.push(words.sum_form(found.form).to_owned());
    if found.skip > 0 {
        parts.push(words.count("checksum.skipped", found.skip as u64));
    }
    if found.behind > 0 {
        parts.push(words.count("checksum.behind", found.behind as u64));
    }
    let bits = found.chance_bits();
    let one_in = if bits <= 32 { words.number(1 << bits) } else { format!("2^{bits}") };
    parts.push(words.fill("checksum.chance", &[("number", &one_in)]));
    parts.join(" · ")
}
