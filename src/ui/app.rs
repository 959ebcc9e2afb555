//! The `eframe::App`: reads what is new, lays out, applies. Generic over its `Feed`, so tests drive it without sockets.

use std::ffi::OsStr;
use std::path::Path;
use std::time::Duration;

use egui::{Context, ThemePreference, Ui, Vec2, ViewportCommand};

use super::action::{Action, ConnectionList, SendAction, SessionAction, Tab};
use super::apply;
use super::commands;
use super::effects::{Feed, WindowOrder};
use super::shell::Shell;
use super::state::{Ctx, State};
use super::theme::{self, Theme};
use crate::model::{Draft, PayloadFormat};
use crate::session::CAPTURE_EXTENSIONS;
use crate::words::Words;
use crate::workspace::ThemeChoice;

/// The window when it opens, and the least it can be, in points.
pub const FIRST_SIZE: [f32; 2] = [1380.0, 820.0];
pub const LEAST_SIZE: [f32; 2] = [800.0, 500.0];
/// What a title bar and a bar of the desktop take from the screen.
const AROUND: Vec2 = Vec2::new(8.0, 72.0);

pub struct App<F: Feed> {
    pub state: State,
    pub feed: F,
    shell: Shell,
    title: String,
    /// The window was compared with its screen.
    fitted: bool,
}

impl<F: Feed> App<F> {
    pub fn new(ctx: &Context, state: State, mut feed: F) -> Self {
        theme::install(ctx);
        feed.wake_through(ctx.clone());
        set_theme(ctx, state.theme);
        if state.zoom > 0.0 {
            ctx.set_zoom_factor(state.zoom);
        }
        Self { state, feed, shell: Shell::default(), title: String::new(), fitted: false }
    }

    /// What came in since the last frame. Also runs while the window is hidden.
    pub fn drain(&mut self, ctx: &Context) {
        let now = self.feed.now();
        for done in self.feed.landed() {
            apply::landed(&mut self.state, done, now, &mut self.feed);
        }
        let engine = self.feed.engine();
        apply::engine_moved(&mut self.state, &engine, now, &mut self.feed);
        apply::opened_moved(&mut self.state, self.feed.opened());
        self.state.notes = self.feed.notes();
        apply::list_connections(&mut self.state, &mut self.feed);
        if let Some(wait_nanos) = apply::expire(&mut self.state, now, &mut self.feed) {
            ctx.request_repaint_after(Duration::from_nanos(wait_nanos));
        }
        if self.feed.asked_to_quit() {
            ctx.send_viewport_cmd(ViewportCommand::Close);
        }
        self.set_title(ctx);
        self.fit(ctx);
    }

    pub fn frame(&mut self, ui: &mut Ui) {
        let engine = self.feed.engine();
        let view = self.feed.view();
        let recorder = self.feed.recorder();
        let conversation = self.feed.conversation();
        let connections = self.feed.connections(ConnectionList::Table);
        let outline = self.feed.connections(ConnectionList::Outline);
        let mut actions = dropped_files(ui.ctx());
        actions.extend(commands::pressed(ui.ctx(), &self.state));
        let ctx = Ctx {
            words: Words::of(self.state.language),
            theme: Theme::of(ui.ctx().theme() == egui::Theme::Dark),
            state: &self.state,
            engine: &engine,
            view: &view,
            place_of: &|seq| self.feed.place_of(seq),
            recorder: &recorder,
            conversation: &conversation,
            connections: &connections,
            outline: &outline,
            now: self.feed.now(),
        };
        self.shell.ui(&ctx, ui, &mut actions);
        self.state.focus = None;
        let egui_ctx = ui.ctx().clone();
        let changed = actions.iter().any(|action| !action.is_housekeeping());
        let seen = apply::Seen { engine: &engine, view: &view, now: self.feed.now() };
        for action in actions {
            apply::apply(&mut self.state, action, &seen, &mut self.feed);
        }
        let is_followed = self.state.tab == Tab::Conversation;
        self.feed.follow(is_followed.then_some(&self.state.conversation));
        if changed {
            // What was just asked for shows in a frame of its own.
            egui_ctx.request_repaint();
        }
    }

    /// Once, when the screen is known: a window larger than its screen hides its own status line.
    fn fit(&mut self, ctx: &Context) {
        if self.fitted {
            return;
        }
        let (window, screen) = ctx.input(|input| {
            let viewport = input.viewport();
            (viewport.inner_rect.map(|rect| rect.size()), viewport.monitor_size)
        });
        if let (Some(window), Some(screen)) = (window, screen) {
            self.fitted = true;
            if let Some(size) = fitting(window, screen) {
                ctx.send_viewport_cmd(ViewportCommand::InnerSize(size));
            }
        }
    }

    fn set_title(&mut self, ctx: &Context) {
        let path = match &self.state.opened_file {
            Some(opened) => Some(opened.path.clone()),
            None => self.feed.recorder().path,
        };
        let name = path.as_deref().and_then(|path| path.file_stem()).map(|name| name.to_string_lossy().into_owned());
        let title = match name {
            Some(name) => format!("Sockscope — {}", crate::payload::visible_text(&name, 120)),
            None => "Sockscope".to_owned(),
        };
        if title != self.title {
            ctx.send_viewport_cmd(ViewportCommand::Title(title.clone()));
            self.title = title;
        }
    }
}

impl<F: Feed> eframe::App for App<F> {
    fn logic(&mut self, ctx: &Context, _frame: &mut eframe::Frame) {
        self.drain(ctx);
    }

    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        self.frame(ui);
    }

    fn on_exit(&mut self, _gl: Option<&eframe::glow::Context>) {
        apply::flush(&mut self.state, &mut self.feed);
        self.feed.finish();
    }
}

/// The size that a window on this screen should have, where it is too large.
fn fitting(window: Vec2, screen: Vec2) -> Option<Vec2> {
    let size = window.min(screen - AROUND).max(Vec2::from(LEAST_SIZE));
    (size.x < window.x || size.y < window.y).then_some(size)
}

fn set_theme(ctx: &Context, choice: ThemeChoice) {
    ctx.set_theme(match choice {
        ThemeChoice::System => ThemePreference::System,
        ThemeChoice::Dark => ThemePreference::Dark,
        ThemeChoice::Light => ThemePreference::Light,
    });
}

/// Carries out an order that only the window itself can; for implementations of `Effects`.
pub fn carry_out(ctx: &Context, order: WindowOrder) {
    match order {
        WindowOrder::Copy(text) => ctx.copy_text(text),
        WindowOrder::SetTheme(choice) => set_theme(ctx, choice),
        WindowOrder::SetZoom(zoom) => ctx.set_zoom_factor(zoom),
        WindowOrder::Close => ctx.send_viewport_cmd(ViewportCommand::Close),
    }
}

/// By its name: a session of ours, or a capture of another program.
fn is_capture(path: &Path) -> bool {
    let is = |extension: &OsStr| CAPTURE_EXTENSIONS.iter().any(|known| extension.eq_ignore_ascii_case(known));
    path.extension().is_some_and(is)
}

/// A session or a capture dropped on the window is opened; any other file becomes the payload.
fn dropped_files(ctx: &Context) -> Vec<Action> {
    let dropped = ctx.input(|input| input.raw.dropped_files.clone());
    dropped
        .iter()
        .map(|file| file.path().to_path_buf())
        .filter(|path| !path.as_os_str().is_empty())
        .map(|path| {
            if is_capture(&path) {
                Action::Session(SessionAction::Open(path))
            } else {
                let text = path.to_string_lossy().into_owned();
                Action::Send(SendAction::Edit(Draft { format: PayloadFormat::File, text, ..Draft::default() }))
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_fits_its_screen() {
        let first = Vec2::from(FIRST_SIZE);
        assert_eq!(fitting(first, Vec2::new(1440.0, 900.0)), None);
        assert_eq!(fitting(first, Vec2::new(1366.0, 768.0)), Some(Vec2::new(1358.0, 696.0)));
        assert_eq!(fitting(first, Vec2::new(640.0, 480.0)), Some(Vec2::from(LEAST_SIZE)));
    }
}
