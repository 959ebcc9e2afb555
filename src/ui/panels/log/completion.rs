//! The list beneath the filter line: what could stand where the cursor is, and choosing of it.
//!
//! Owns: the list and which of it is chosen. Never steals Enter while none is. Called by: the filter line.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::ops::Range;

use egui::{Button, Key, RichText, ScrollArea, Ui, Vec2};

use super::line::pressed;
use crate::filter;
use crate::payload::visible_text;
use crate::ui::state::Ctx;
use crate::ui::theme;

/// Rows of the list that show at once.
const MOST_HEIGHT: f32 = 220.0;
/// Sockets that are looked at for names to offer.
const MOST_OFFERED: usize = 500;
/// Names are cut at this many bytes.
const MOST_SHOWN: usize = 120;

#[derive(Default)]
pub struct Completions {
    list: Vec<Suggestion>,
    chosen: Option<usize>,
    /// The pointer is over the list: a click on it must find it there.
    pub touched: bool,
    /// The keyboard moved the choice: it must be in view.
    moved: bool,
}

/// A text for a part of the line.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Suggestion {
    /// Byte range of the line.
    replaces: Range<usize>,
    text: String,
    /// What the list shows, and what it means.
    label: String,
    about: String,
}

/// What the keyboard asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    Nothing,
    Open,
    Accept(usize),
}

impl Asked {
    pub fn accepted(self) -> Option<usize> {
        match self {
            Self::Accept(at) => Some(at),
            _ => None,
        }
    }
}

impl Completions {
    pub fn is_open(&self) -> bool {
        !self.list.is_empty()
    }

    pub fn is_shown(&self, has_keyboard: bool) -> bool {
        self.is_open() && (has_keyboard || self.touched)
    }

    pub fn close(&mut self) {
        *self = Self::default();
    }

    /// Lists what could stand at the cursor, a byte of the text.
    pub fn offer(&mut self, ctx: &Ctx<'_>, text: &str, cursor: usize, asked: bool) {
        self.list = suggestions(ctx, text, cursor, asked);
        self.chosen = None;
    }

    /// Takes its keys out of the frame's input: before the field sees them.
    pub fn keys(&mut self, ui: &Ui) -> Asked {
        if !self.is_open() {
            return if pressed(ui, Key::ArrowDown) { Asked::Open } else { Asked::Nothing };
        }
        let last = self.list.len() - 1;
        if pressed(ui, Key::ArrowDown) {
            self.chosen = Some(self.chosen.map_or(0, |at| if at == last { 0 } else { at + 1 }));
            self.moved = true;
        }
        if pressed(ui, Key::ArrowUp) {
            self.chosen = Some(self.chosen.map_or(last, |at| at.checked_sub(1).unwrap_or(last)));
            self.moved = true;
        }
        if pressed(ui, Key::Escape) {
            self.close();
            return Asked::Nothing;
        }
        let entered = self.chosen.is_some() && pressed(ui, Key::Enter);
        let tabbed = pressed(ui, Key::Tab);
        if entered || tabbed { Asked::Accept(self.chosen.unwrap_or(0)) } else { Asked::Nothing }
    }

    /// The line with a suggestion in it, and the byte behind that.
    pub fn accepted(&self, text: &str, at: usize) -> Option<(String, usize)> {
        let suggestion = self.list.get(at)?;
        let before = text.get(..suggestion.replaces.start)?;
        let after = text.get(suggestion.replaces.end..)?;
        Some((format!("{before}{}{after}", suggestion.text), before.len() + suggestion.text.len()))
    }

    /// Draws the list; the one that was clicked.
    pub fn list(&mut self, ctx: &Ctx<'_>, ui: &mut Ui) -> Option<usize> {
        let mut clicked = None;
        ui.spacing_mut().item_spacing.y = 1.0;
        ScrollArea::vertical().max_height(MOST_HEIGHT).show(ui, |ui| {
            for (at, suggestion) in self.list.iter().enumerate() {
                let chosen = self.chosen == Some(at);
                let text = RichText::new(&suggestion.label).font(theme::mono()).color(ctx.theme.text);
                let about = RichText::new(&suggestion.about).font(theme::small()).color(ctx.theme.dim);
                let button = Button::selectable(chosen, text).right_text(about).truncate();
                let response = ui.add_sized(Vec2::new(ui.available_width(), 24.0), button);
                if chosen && self.moved {
                    response.scroll_to_me(None);
                }
                let name = suggestion.label.as_str();
                response.widget_info(|| egui::WidgetInfo::selected(egui::Role::ListBoxOption, true, chosen, name));
                if response.clicked() {
                    clicked = Some(at);
                }
            }
        });
        self.moved = false;
        clicked
    }
}

/// `asked`: the person wants to see what there is; while they type, only what continues it.
fn suggestions(ctx: &Ctx<'_>, text: &str, cursor: usize, asked: bool) -> Vec<Suggestion> {
    let before = text.get(..cursor).and_then(|before| before.chars().next_back());
    let begins = before.is_none_or(|before| before.is_whitespace() || matches!(before, '(' | ')' | '-'));
    if begins && !asked {
        return Vec::new();
    }
    let (endpoints, peers) = (endpoints(ctx), peers(ctx));
    let context = filter::Context { endpoints: &endpoints, peers: &peers, saved: &ctx.state.saved_filters };
    let found = filter::complete(text, cursor, &context);
    let about = |key: Option<String>| key.map(|key| ctx.words.get(&key).to_owned()).unwrap_or_default();
    let suggestion = |item: filter::Completion| Suggestion {
        replaces: found.replace.clone(),
        about: about(item.explain_key),
        label: visible_text(&item.label, MOST_SHOWN),
        text: item.insert,
    };
    found.items.into_iter().map(suggestion).collect()
}

/// Address lines of the endpoints of the log that is shown.
fn endpoints(ctx: &Ctx<'_>) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    if ctx.state.opened_file.is_none() {
        all.extend(ctx.state.endpoints.iter().map(|endpoint| endpoint.settings.uri().to_string()));
    }
    for row in ctx.view.rows.iter().flatten() {
        let uri = &*row.event.flow.endpoint_uri;
        if !all.iter().any(|there| there == uri) {
            all.push(uri.to_owned());
        }
        if all.len() >= MOST_OFFERED {
            break;
        }
    }
    all
}

/// Peers of open sockets, and of the rows at hand.
fn peers(ctx: &Ctx<'_>) -> Vec<String> {
    let live = ctx.state.opened_file.is_none();
    let open = ctx.engine.endpoints.iter().filter(|_| live).flat_map(|endpoint| endpoint.peers.iter());
    let open = open.filter_map(|peer| peer.flow.peer);
    let rows = ctx.view.rows.iter().flatten().filter_map(|row| row.event.flow.peer);
    let all: BTreeSet<SocketAddr> = open.chain(rows).take(MOST_OFFERED).collect();
    all.iter().map(SocketAddr::to_string).collect()
}
