//! The steps of a sequence: a row each, with the place (`3`, `4.2`) and what it does; the open one has its fields beneath.
//!
//! Owns: which step is open, which row gets the keyboard. Never: runs one. Called by: the tab of sequences.

mod fields;
mod kind;

use egui::{Align2, EventFilter, Id, Key, Modifiers, Pos2, Rect, RichText, Sense, Ui, UiBuilder, Vec2};

use crate::model::{Sequence, Step};
use crate::rules::SequenceMistake;
use crate::ui::state::Ctx;
use crate::ui::theme;
use crate::ui::widgets::{formatted, icon};

use kind::Kind;

/// Steps that one list may have; more is a program, not a sequence.
const MOST_STEPS: usize = 500;
const ROW: f32 = 28.0;
const INDENT: f32 = 22.0;
/// Of the buttons at the end of a row.
const BUTTONS: f32 = 108.0;

#[derive(Default)]
pub struct Steps {
    /// The path of the step whose fields are shown.
    open: Option<Vec<usize>>,
    /// This row gets the keyboard, and comes into view.
    wanted: Option<Vec<usize>>,
}

/// What stands in the list.
enum Line {
    Step(Vec<usize>),
    /// The end of a list: the path that a new step would have.
    Add(Vec<usize>),
}

/// What is asked of a step, by its path.
#[derive(Clone, Debug)]
enum Ask {
    Toggle,
    Move(Vec<usize>),
    Duplicate,
    Remove,
    Become(Kind),
    Add(Kind),
    Focus(Vec<usize>),
}

/// A row on its way to another place.
struct Dragged(Vec<usize>);

impl Steps {
    pub fn open(&mut self, path: Option<Vec<usize>>) {
        self.open = path;
    }

    /// Draws all; edits the steps in place. The path of a step that is to be removed is returned, so that it can be undone.
    pub fn ui(
        &mut self,
        ctx: &Ctx<'_>,
        ui: &mut Ui,
        place: usize,
        sequence: &mut Sequence,
        mistakes: &[SequenceMistake],
    ) -> Option<Vec<usize>> {
        let mut lines = Vec::new();
        collect(&sequence.steps, &mut Vec::new(), &mut lines);
        let paths: Vec<&Vec<usize>> =
            lines.iter().filter_map(|line| if let Line::Step(path) = line { Some(path) } else { None }).collect();
        ui.spacing_mut().item_spacing.y = 2.0;
        let mut asked = None;
        for line in &lines {
            match line {
                Line::Add(path) => add(ctx, ui, path, &mut asked),
                Line::Step(path) => {
                    self.row(ctx, ui, place, (path, &paths), sequence, mistakes, &mut asked);
                    if self.open.as_ref() == Some(path) {
                        let left = 30.0 + (path.len() - 1) as f32 * INDENT;
                        fields::beneath(ctx, ui, left, path, sequence, mistakes, &mut asked);
                    }
                }
            }
        }
        self.wanted = None;
        let (path, ask) = asked?;
        self.carry_out(sequence, path, ask)
    }

    #[expect(clippy::too_many_arguments, reason = "one row of a tree that is edited")]
    fn row(
        &self,
        ctx: &Ctx<'_>,
        ui: &mut Ui,
        of: usize,
        (path, paths): (&[usize], &[&Vec<usize>]),
        sequence: &Sequence,
        mistakes: &[SequenceMistake],
        asked: &mut Option<(Vec<usize>, Ask)>,
    ) {
        let (rect, _) = ui.allocate_exact_size(Vec2::new(ui.available_width(), ROW), Sense::hover());
        let is_wanted = self.wanted.as_deref() == Some(path);
        if !ui.is_rect_visible(rect.expand(2.0 * ROW)) && !is_wanted {
            return;
        }
        let Some(step) = sequence.step(path) else { return };
        let open = self.open.as_deref() == Some(path);
        let mistake = mistakes.iter().find(|mistake| is_at(mistake, path));
        let id = Id::unique(("sequence step", of, path));
        let press = Rect::from_min_max(rect.min, Pos2::new(rect.right() - BUTTONS, rect.bottom()));
        let response = ui.interact(press, id, Sense::click_and_drag());
        response.dnd_set_drag_payload(Dragged(path.to_vec()));
        drop_on(ctx, ui, &response, path, asked);
        if response.hovered() || response.has_focus() || open {
            ui.painter().rect_filled(rect, egui::CornerRadius::same(6), ctx.theme.raised);
        }
        if response.has_focus() {
            ui.painter().rect_stroke(
                rect.shrink(0.5),
                egui::CornerRadius::same(6),
                egui::Stroke::new(1.0, ctx.theme.accent),
                egui::StrokeKind::Inside,
            );
        }
        let place = dotted(path);
        let kind = kind::name(ctx.words, Kind::of(step));
        let (text, color) = match mistake {
            Some(mistake) => (ctx.words.sequence_mistake(&mistake.what), ctx.theme.error),
            None => (kind::summary(ctx.words, step), ctx.theme.text),
        };
        paint(ctx, ui, press, path.len(), &place, kind, &text, color, mistake.is_some());
        let said = ctx.words.fill("sequences.step_said", &[("place", &place), ("kind", &kind), ("what", &text)]);
        response.widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, true, open, &said));
        if is_wanted {
            response.request_focus();
            response.scroll_to_me(None);
        }
        if response.clicked() {
            response.request_focus();
            *asked = Some((path.to_vec(), Ask::Toggle));
        }
        if response.has_focus() {
            keys(ui, id, (path, paths), asked);
        }
        buttons(ctx, ui, rect, path, paths, &place, asked);
    }

    fn carry_out(&mut self, sequence: &mut Sequence, path: Vec<usize>, ask: Ask) -> Option<Vec<usize>> {
        match ask {
            Ask::Toggle => self.open = if self.open.as_ref() == Some(&path) { None } else { Some(path) },
            Ask::Focus(other) => self.wanted = Some(other),
            Ask::Move(to) => {
                if let Some(at) = sequence.move_step(&path, &to) {
                    self.open = self.open.take().filter(|open| *open == path).map(|_| at.clone());
                    self.wanted = Some(at);
                }
            }
            Ask::Duplicate => {
                let mut behind = path.clone();
                if let (Some(step), Some(last)) = (sequence.step(&path).cloned(), behind.last_mut()) {
                    *last += 1;
                    if sequence.insert_step(&behind, step) {
                        self.open = Some(behind.clone());
                        self.wanted = Some(behind);
                    }
                }
            }
            Ask::Remove => {
                self.open = None;
                return Some(path);
            }
            Ask::Become(kind) => {
                if let Some(step) = sequence.step_mut(&path) {
                    *step = kind.of_step(std::mem::replace(step, Step::Pause { millis: 0 }));
                }
            }
            Ask::Add(kind) => {
                if sequence.insert_step(&path, kind.new_step(&sequence.steps)) {
                    self.open = Some(path);
                }
            }
        }
        None
    }
}

fn collect(steps: &[Step], path: &mut Vec<usize>, lines: &mut Vec<Line>) {
    for (at, step) in steps.iter().enumerate() {
        path.push(at);
        lines.push(Line::Step(path.clone()));
        if let Step::Repeat { steps, .. } = step
            && path.len() <= crate::model::MOST_NESTED
        {
            collect(steps, path, lines);
        }
        path.pop();
    }
    if steps.len() < MOST_STEPS {
        path.push(steps.len());
        lines.push(Line::Add(path.clone()));
        path.pop();
    }
}

fn add(ctx: &Ctx<'_>, ui: &mut Ui, path: &[usize], asked: &mut Option<(Vec<usize>, Ask)>) {
    let words = ctx.words;
    let response = ui.horizontal(|ui| {
        ui.add_space(26.0 + (path.len() - 1) as f32 * INDENT);
        let name = match path {
            [_] => words.get("sequences.add_step").to_owned(),
            _ => words.fill("sequences.add_step_to", &[("place", &dotted(&path[..path.len() - 1]))]),
        };
        let text = RichText::new(words.get("sequences.add_step")).color(ctx.theme.accent);
        let menu = ui.menu_button(text, |ui| {
            for kind in Kind::that_fit(path.len()) {
                if ui.button(kind::name(words, kind)).clicked() {
                    *asked = Some((path.to_vec(), Ask::Add(kind)));
                    ui.close();
                }
            }
        });
        menu.response.accessible_name(&name);
    });
    // What is dropped here stands at the end of this list.
    let area = ui.interact(response.response.rect, Id::unique(("sequence add", path)), Sense::hover());
    if area.dnd_hover_payload::<Dragged>().is_some() {
        let stroke = egui::Stroke::new(2.0, ctx.theme.accent);
        ui.painter().hline(area.rect.x_range(), area.rect.top(), stroke);
    }
    if let Some(dragged) = area.dnd_release_payload::<Dragged>() {
        *asked = Some((dragged.0.clone(), Ask::Move(path.to_vec())));
    }
}

fn drop_on(ctx: &Ctx<'_>, ui: &Ui, row: &egui::Response, path: &[usize], asked: &mut Option<(Vec<usize>, Ask)>) {
    let Some(pointer) = ui.ctx().pointer_interact_pos() else { return };
    let behind = pointer.y > row.rect.center().y;
    if row.dnd_hover_payload::<Dragged>().is_some_and(|dragged| !path.starts_with(&dragged.0)) {
        let y = if behind { row.rect.bottom() } else { row.rect.top() };
        ui.painter().hline(row.rect.x_range(), y, egui::Stroke::new(2.0, ctx.theme.accent));
    }
    if let Some(dragged) = row.dnd_release_payload::<Dragged>() {
        let mut to = path.to_vec();
        if let Some(last) = to.last_mut() {
            *last += usize::from(behind);
        }
        *asked = Some((dragged.0.clone(), Ask::Move(to)));
    }
}

/// Arrows walk through the rows, with Alt they move the step, Delete removes it, Ctrl D duplicates it.
fn keys(ui: &Ui, id: Id, (path, paths): (&[usize], &[&Vec<usize>]), asked: &mut Option<(Vec<usize>, Ask)>) {
    let filter = EventFilter { vertical_arrows: true, ..EventFilter::default() };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(id, filter));
    let pressed = |modifiers, key| ui.input_mut(|input| input.consume_key(modifiers, key));
    let at = paths.iter().position(|other| other.as_slice() == path);
    let ask = if pressed(Modifiers::ALT, Key::ArrowUp) {
        above(path).map(Ask::Move)
    } else if pressed(Modifiers::ALT, Key::ArrowDown) {
        below(path, paths).map(Ask::Move)
    } else if pressed(Modifiers::COMMAND, Key::D) {
        Some(Ask::Duplicate)
    } else if pressed(Modifiers::NONE, Key::Delete) {
        Some(Ask::Remove)
    } else if pressed(Modifiers::NONE, Key::ArrowUp) {
        at.and_then(|at| paths.get(at.checked_sub(1)?)).map(|path| Ask::Focus(path.to_vec()))
    } else if pressed(Modifiers::NONE, Key::ArrowDown) {
        at.and_then(|at| paths.get(at + 1)).map(|path| Ask::Focus(path.to_vec()))
    } else {
        None
    };
    if let Some(ask) = ask {
        *asked = Some((path.to_vec(), ask));
    }
}

fn buttons(
    ctx: &Ctx<'_>,
    ui: &mut Ui,
    rect: Rect,
    path: &[usize],
    paths: &[&Vec<usize>],
    place: &str,
    asked: &mut Option<(Vec<usize>, Ask)>,
) {
    let right = Rect::from_min_max(Pos2::new(rect.right() - BUTTONS, rect.top()), rect.max);
    let layout = egui::Layout::right_to_left(egui::Align::Center);
    let mut ui = ui.new_child(UiBuilder::new().max_rect(right).layout(layout));
    ui.spacing_mut().item_spacing.x = 2.0;
    let buttons = [
        ("×", "sequences.step_delete", Some(Ask::Remove)),
        ("+", "sequences.step_duplicate", Some(Ask::Duplicate)),
        ("↓", "sequences.step_down", below(path, paths).map(Ask::Move)),
        ("↑", "sequences.step_up", above(path).map(Ask::Move)),
    ];
    for (glyph, key, ask) in buttons {
        let name = ctx.words.fill(key, &[("place", &place)]);
        let pressed = ui.add_enabled_ui(ask.is_some(), |ui| icon(ui, glyph, &name).clicked()).inner;
        if let (true, Some(ask)) = (pressed, ask) {
            *asked = Some((path.to_vec(), ask));
        }
    }
}

#[expect(clippy::too_many_arguments, reason = "the parts of a row that is painted")]
fn paint(
    ctx: &Ctx<'_>,
    ui: &Ui,
    rect: Rect,
    depth: usize,
    place: &str,
    kind: &str,
    text: &str,
    color: egui::Color32,
    is_mistake: bool,
) {
    let left = rect.left() + 6.0 + (depth.saturating_sub(1)) as f32 * INDENT;
    let format = |font, color| egui::TextFormat::simple(font, color);
    let font = if is_mistake { theme::body() } else { theme::mono() };
    let mut job = formatted(&[
        (format!("{place}  "), format(theme::mono(), ctx.theme.dim)),
        (format!("{kind}  "), format(theme::semibold(13.0), ctx.theme.text)),
        (text.to_owned(), format(font, color)),
    ]);
    job.wrap = egui::text::TextWrapping::truncate_at_width((rect.right() - left - 6.0).max(20.0));
    let galley = ui.painter().layout_job(job);
    let at = Align2::LEFT_CENTER.anchor_size(Pos2::new(left, rect.center().y), galley.size()).min;
    ui.painter().galley(at, galley, ctx.theme.text);
}

/// Before the step above it in its list.
fn above(path: &[usize]) -> Option<Vec<usize>> {
    let (last, repeats) = path.split_last()?;
    Some([repeats, &[last.checked_sub(1)?]].concat())
}

/// Behind the step below it in its list.
fn below(path: &[usize], paths: &[&Vec<usize>]) -> Option<Vec<usize>> {
    let (last, repeats) = path.split_last()?;
    let next = [repeats, &[last + 1]].concat();
    paths.contains(&&next).then(|| [repeats, &[last + 2]].concat())
}

/// A mistake counts its places from 1.
fn is_at(mistake: &SequenceMistake, path: &[usize]) -> bool {
    mistake.step.len() == path.len() && mistake.step.iter().zip(path).all(|(one, zero)| *one as usize == zero + 1)
}

/// `4.2`: the second step in the repeat that is the fourth.
fn dotted(path: &[usize]) -> String {
    path.iter().map(|at| (at + 1).to_string()).collect::<Vec<_>>().join(".")
}
