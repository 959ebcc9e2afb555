//! The log's tools driven by label and role: filter line, find bar, highlights, marking rows, tabs. No sockets, no display.
#![cfg(feature = "window")]

#[path = "ui_log_tools/filter_line.rs"]
mod filter_line;
#[path = "ui_log_tools/find.rs"]
mod find;
#[path = "ui_log_tools/highlights.rs"]
mod highlights;
#[path = "ui_log_tools/selection.rs"]
mod selection;
mod window_support;

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use egui::{Key, Modifiers, Role};
use egui_kittest::kittest::{NodeT, Queryable};
use sockscope::model::{ConnectionId, EndpointId, Event, Flow, Recorded, Timestamp, Transport, What};
use sockscope::session::ViewSnapshot;
use sockscope::ui::app::App;
use sockscope::ui::stage::{Order, Stage};
use sockscope::ui::state::State;

pub type Window = window_support::Window<Stage>;

pub fn window_of(state: State, stage: Stage, size: egui::Vec2) -> Window {
    let mut window = window_support::open(state, stage, size);
    window.run();
    window
}

pub fn window(stage: Stage) -> Window {
    window_of(State::default(), stage, egui::vec2(1440.0, 900.0))
}

pub fn app(window: &mut Window) -> &mut App<Stage> {
    window.state_mut().as_mut().expect("made in the first frame")
}

pub fn state(window: &mut Window) -> &mut State {
    &mut app(window).state
}

pub fn orders(window: &mut Window) -> Vec<Order> {
    app(window).feed.take_orders()
}

/// Goes on in time, past the pause in typing.
pub fn settle(window: &mut Window) {
    window.run_steps(14);
}

pub fn row(seq: u64, text: &str) -> Option<Arc<Recorded>> {
    let at = |port: u16| Some(SocketAddr::from(([127, 0, 0, 1], port)));
    let flow = Arc::new(Flow {
        endpoint: EndpointId(1),
        endpoint_uri: "tcp://127.0.0.1:9000".into(),
        connection: ConnectionId(7),
        transport: Transport::Tcp,
        role: sockscope::model::Role::Listener,
        local: at(9000),
        peer: at(51022),
        mirror: false,
    });
    let time = Timestamp(1_763_833_202_118_204_000 + seq * 1_500_000);
    let what = What::Received(Bytes::copy_from_slice(text.as_bytes()));
    Some(Arc::new(Recorded { seq, event: Event { time, flow, what }, damaged: false }))
}

/// Rows `event 1` to `event n`, with these seqs.
pub fn view_of(seqs: impl IntoIterator<Item = u64>) -> ViewSnapshot {
    let rows: Vec<_> = seqs.into_iter().map(|seq| row(seq, &format!("event {seq}."))).collect();
    let count = rows.len() as u64;
    ViewSnapshot { matched: count, scanned: count, total: count, rows, ..ViewSnapshot::default() }
}

pub fn stage(view: ViewSnapshot) -> Stage {
    let mut stage = Stage::default();
    stage.view = Arc::new(view);
    stage
}

/// The row of that event.
pub fn event<'t>(window: &'t Window, seq: u64) -> egui_kittest::Node<'t> {
    let end = format!("  event {seq}.");
    window
        .query_all_by_role(Role::ListItem)
        .find(|node| node.accesskit_node().label().is_some_and(|label| label.ends_with(&end)))
        .unwrap_or_else(|| panic!("no row for event {seq}"))
}

pub fn field<'t>(window: &'t Window, name: &'t str) -> egui_kittest::Node<'t> {
    window.get_by_role_and_label(Role::TextInput, name)
}

pub fn sees(window: &Window, text: &str) -> bool {
    window.query_all_by_label_contains(text).next().is_some()
}

#[test]
fn tabs_are_chosen_by_number_and_by_arrow() {
    use sockscope::ui::action::Tab;
    let mut window = window(stage(view_of(1..5)));
    for (key, tab) in
        [(Key::Num3, Tab::Connections), (Key::Num4, Tab::Notes), (Key::Num5, Tab::Sequences), (Key::Num1, Tab::Log)]
    {
        window.key_press_modifiers(Modifiers::COMMAND, key);
        window.run();
        assert_eq!(state(&mut window).tab, tab);
    }
    window.get_by_role_and_label(Role::Tab, "Log").focus();
    window.run();
    for tab in [Tab::Conversation, Tab::Connections, Tab::Notes, Tab::Sequences, Tab::Log] {
        window.key_press(Key::ArrowRight);
        window.run();
        assert_eq!(state(&mut window).tab, tab);
    }
    window.key_press(Key::ArrowLeft);
    window.run();
    assert_eq!(state(&mut window).tab, Tab::Sequences);
}

#[test]
fn nothing_is_out_of_reach_in_a_narrow_window() {
    let mut state = State::default();
    state.query.received = false;
    state.query.scope = sockscope::session::Scope::Connection(ConnectionId(7));
    let mut view = view_of(1..50);
    view.query = state.query.clone();
    let window = window_of(state, stage(view), egui::vec2(800.0, 500.0));
    let screen = egui::Rect::from_min_size(egui::Pos2::ZERO, egui::vec2(800.0, 500.0));
    for name in ["in", "out", "state", "error", "Pause", "Save log…", "Saved and recent filters", "Show everything"] {
        let rect = window.get_by_role_and_label(Role::Button, name).rect();
        assert!(screen.contains_rect(rect) && rect.width() >= 14.0, "{name} {rect:?}");
    }
    let field = field(&window, "Filter").rect();
    assert!(field.width() >= 120.0, "{field:?}");
    for tab in ["Log", "Conversation", "Connections", "Notes"] {
        assert!(screen.contains_rect(window.get_by_role_and_label(Role::Tab, tab).rect()), "{tab}");
    }
}
