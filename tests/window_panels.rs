//! The flows of the sidebar, the forms, the composer and the first minute, driven by label and role without sockets:
//! what a person clicks and types becomes the right order to the engine.

#![cfg(feature = "window")]

#[path = "window_panels/composer.rs"]
mod composer;
#[path = "window_panels/connections.rs"]
mod connections;
#[path = "window_panels/forms.rs"]
mod forms;
#[path = "window_panels/library.rs"]
mod library;
#[path = "window_panels/replies.rs"]
mod replies;
#[path = "window_panels/scene.rs"]
mod scene;
#[path = "window_panels/sequences.rs"]
mod sequences;
#[path = "window_panels/service.rs"]
mod service;
#[path = "window_panels/sidebar.rs"]
mod sidebar;

use egui_kittest::kittest::{NodeT as _, Queryable as _};
use egui_kittest::{Harness, Node};
use sockscope::ui::app::App;
use sockscope::ui::stage::{Order, Stage};
use sockscope::ui::state::State;

pub type Window<'a> = Harness<'a, App<Stage>>;

/// The whole window over made-up snapshots. Frames follow at once, so a countdown does not hold a test up.
pub fn window<'a>(state: State, stage: Stage) -> Window<'a> {
    let mut state = Some(state);
    let mut stage = Some(stage);
    let mut harness = Harness::builder()
        .with_size(egui::vec2(1440.0, 900.0))
        .with_max_steps(24)
        .build_eframe(|cc| App::new(&cc.egui_ctx, state.take().unwrap_or_default(), stage.take().unwrap_or_default()));
    harness.run_steps(4);
    harness
}

/// What was ordered of the engine and the window since the last call; queries of the log are left out.
pub fn orders(window: &mut Window<'_>) -> Vec<Order> {
    window.run_steps(4);
    let mut orders = window.state_mut().feed.take_orders();
    orders.retain(|order| !matches!(order, Order::Show(_) | Order::Select(..) | Order::Find(_) | Order::Highlight(_)));
    orders
}

/// Whether a control with this text in its name is there.
pub fn sees(window: &Window<'_>, text: &str) -> bool {
    window.query_all_by_label_contains(text).next().is_some()
}

pub fn press(window: &mut Window<'_>, label: &str) {
    window.get_by_role_and_label(egui::accesskit::Role::Button, label).click();
    window.run_steps(4);
}

/// The field that is called so; its label has the same words.
pub fn field<'t>(window: &'t Window<'_>, label: &'t str) -> Node<'t> {
    use egui::accesskit::Role;
    window
        .query_all_by_label(label)
        .find(|node| matches!(node.accesskit_node().role(), Role::TextInput | Role::MultilineTextInput))
        .unwrap_or_else(|| panic!("no field {label}"))
}

pub fn value(window: &Window<'_>, label: &str) -> String {
    field(window, label).value().unwrap_or_default()
}

/// Replaces what stands in a field.
pub fn retype(window: &mut Window<'_>, label: &str, text: &str) {
    field(window, label).focus();
    window.run_steps(2);
    window.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::A);
    window.run_steps(1);
    window.event(egui::Event::Text(text.to_owned()));
    window.run_steps(3);
}

#[test]
fn the_chinese_table_draws_everything() {
    let mut scene = scene::Scene::default();
    let listener = scene.listener("0.0.0.0:9000", 3);
    scene.udp("127.0.0.1:5005", 2);
    scene.client("plc:502", sockscope::engine::EndpointState::Open);
    let mut state = scene.state();
    state.language = sockscope::words::Language::Chinese;
    state.query.scope = sockscope::session::Scope::Endpoint(listener);
    state.form = sockscope::ui::action::Form::Listen;
    let (mut state, mut stage) = (Some(state), Some(scene.stage()));
    // The window's own fonts hold no Chinese: the system's do, where there are some.
    let mut window: Window<'_> = Harness::builder()
        .with_size(egui::vec2(1440.0, 900.0))
        .allow_missing_glyphs()
        .build_eframe(|cc| App::new(&cc.egui_ctx, state.take().unwrap(), stage.take().unwrap()));
    window.run_steps(4);
    for text in ["监听", "客户端", "载荷", "网络可达", "端口", "发送到"] {
        assert!(sees(&window, text), "{text} is not on screen");
    }
    let leaked: Vec<String> = window
        .root()
        .children_recursive()
        .filter_map(|node| node.accesskit_node().label())
        .filter(|label| {
            ["sidebar.", "form.", "composer.", "first.", "toast.", "banner."].iter().any(|key| label.contains(key))
        })
        .collect();
    assert_eq!(leaked, Vec::<String>::new(), "keys are shown instead of words");
}

#[test]
fn what_lasts_stands_in_a_banner() {
    use sockscope::model::{Doing, Failure, Reason};
    use sockscope::ui::effects::Job;
    let mut state = State::default();
    state.inert_workspace = true;
    state.workspace_path = Some("/w/workspace.toml".into());
    let mut stage = Stage::default();
    stage.recorder.failing = Some(Failure::new(Doing::Record, "/s/live.pcapng", Reason::DiskFull));
    stage.recorder.unrecorded_now = 1234;
    let mut window = window(state, stage);
    assert!(sees(&window, "Not recording:"));
    assert!(sees(&window, "1,234 events are missing"));
    press(&mut window, "Trust this workspace");
    let orders = orders(&mut window);
    assert!(orders.iter().any(|order| matches!(order, Order::Start(Job::TrustWorkspace { .. }))), "{orders:?}");
}
