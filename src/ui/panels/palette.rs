//! The palette (Ctrl+K): every command and every socket, found by typing a part of its name.

use egui::{
    Align2, Area, Button, EventFilter, Frame, Id, Key, Modifiers, Order, RichText, ScrollArea, TextEdit, Ui, Vec2,
};

use crate::session::Scope;
use crate::ui::action::{Action, LogAction, ViewAction};
use crate::ui::commands::{self, COMMANDS};
use crate::ui::panels::Panel;
use crate::ui::state::Ctx;
use crate::ui::theme;
use crate::words::{Language, Words};

/// Entries that are listed at the most: beyond that one types.
const MOST: usize = 60;

#[derive(Default)]
pub struct Palette {
    text: String,
    chosen: usize,
    open: bool,
}

struct Found {
    name: String,
    shortcut: Option<String>,
    action: Action,
}

impl Panel for Palette {
    fn key(&self) -> &'static str {
        "palette"
    }

    fn ui(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
        if !ctx.state.palette_open {
            self.open = false;
            return;
        }
        let fresh = !std::mem::replace(&mut self.open, true);
        if fresh {
            self.text.clear();
            self.chosen = 0;
        }
        let screen = ui.ctx().content_rect();
        let area = Area::new(Id::unique("palette"))
            .order(Order::Foreground)
            .pivot(Align2::CENTER_TOP)
            .fixed_pos(screen.center_top() + Vec2::new(0.0, 46.0));
        let response = area.show(ui.ctx(), |ui| {
            Frame::popup(ui.style()).inner_margin(8).show(ui, |ui| {
                ui.set_width(520.0_f32.min(screen.width() - 40.0));
                self.content(ctx, ui, fresh, screen.height() - 160.0, actions);
            });
        });
        let escaped = ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape));
        if escaped || (response.response.clicked_elsewhere() && !fresh) {
            actions.push(Action::View(ViewAction::ShowPalette(false)));
        }
    }
}

fn has_word_with(name: &str, beginning: &str) -> bool {
    let name = name.to_lowercase();
    name.split_whitespace().any(|word| word.starts_with(beginning)) || name.starts_with(beginning)
}

impl Palette {
    fn content(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, fresh: bool, height: f32, actions: &mut Vec<Action>) {
        // Taken before the field sees them.
        let pressed = |ui: &mut Ui, key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
        let (down, up, enter) = (pressed(ui, Key::ArrowDown), pressed(ui, Key::ArrowUp), pressed(ui, Key::Enter));
        let name = ctx.words.get("palette.hint");
        let field = TextEdit::singleline(&mut self.text)
            .id(egui::Id::unique("palette_text"))
            .hint_text(RichText::new(name).color(ctx.theme.dim))
            .desired_width(f32::INFINITY)
            .margin(egui::Margin::symmetric(10, 6));
        let response = ui.add(field);
        let text = self.text.clone();
        response.widget_info(|| {
            let mut info = egui::WidgetInfo::labeled(egui::Role::TextInput, true, name);
            info.current_text_value = Some(text.clone());
            info
        });
        if fresh {
            response.request_focus();
        }
        let filter = EventFilter { vertical_arrows: true, ..EventFilter::default() };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
        if response.changed() {
            self.chosen = 0;
        }
        let found = self.found(ctx);
        if found.is_empty() {
            ui.label(RichText::new(ctx.words.get("palette.none")).color(ctx.theme.dim));
            return;
        }
        self.chosen = match (down, up) {
            (true, false) => (self.chosen + 1) % found.len(),
            (false, true) => (self.chosen + found.len() - 1) % found.len(),
            _ => self.chosen.min(found.len() - 1),
        };
        let mut run = enter.then_some(self.chosen);
        ScrollArea::vertical().max_height(height.clamp(80.0, 420.0)).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 1.0;
            for (at, entry) in found.iter().enumerate() {
                let mut button = Button::selectable(at == self.chosen, entry.name.as_str());
                if let Some(shortcut) = &entry.shortcut {
                    button = button.shortcut_text(RichText::new(shortcut).font(theme::small()).color(ctx.theme.dim));
                }
                let response = ui.add(button.min_size(Vec2::new(ui.available_width(), 26.0)));
                if at == self.chosen && (down || up) {
                    response.scroll_to_me(None);
                }
                if response.clicked() {
                    run = Some(at);
                }
            }
        });
        if let Some(entry) = run.and_then(|at| found.into_iter().nth(at)) {
            actions.push(Action::View(ViewAction::ShowPalette(false)));
            // The palette itself is one of the commands: choosing it closes.
            if entry.action != Action::View(ViewAction::ShowPalette(false)) {
                actions.push(entry.action);
            }
        }
    }

    fn found(&self, ctx: &Ctx<'_>) -> Vec<Found> {
        let wanted = self.text.trim().to_lowercase();
        let fits = |name: &str| wanted.split_whitespace().all(|part| name.to_lowercase().contains(part));
        let commands = COMMANDS.iter().filter_map(|command| {
            let key = commands::words_key(command);
            let name = ctx.words.get(&key).to_owned();
            let action = (command.action)(ctx.state)?;
            // A keyboard that writes Latin letters finds a Chinese command by its English name.
            let found = fits(&name) || fits(Words::of(Language::English).get(&key));
            found.then_some(())?;
            Some(Found { name, shortcut: command.shortcut.map(commands::shortcut_text), action })
        });
        let sockets = ctx.state.endpoints.iter().filter_map(|endpoint| {
            let uri = crate::payload::visible_text(&endpoint.settings.uri().to_string(), 200);
            let socket = match &endpoint.settings.name {
                Some(name) => format!("{} {uri}", crate::payload::visible_text(name, 120)),
                None => uri,
            };
            let name = ctx.words.fill("palette.show", &[("socket", &socket)]);
            fits(&name).then_some(())?;
            let action = Action::Log(LogAction::Select(Scope::Endpoint(endpoint.id)));
            Some(Found { name, shortcut: None, action })
        });
        let mut found: Vec<Found> = commands.chain(sockets).collect();
        // A name with a word that begins so is meant rather than one that merely contains it.
        found.sort_by_key(|entry| !has_word_with(&entry.name, &wanted));
        found.truncate(MOST);
        found
    }
}
