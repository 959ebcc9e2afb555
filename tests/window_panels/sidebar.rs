//! The sidebar: what stands where, selecting, closing, and ten thousand peers.

use egui::accesskit::Role;
use egui_kittest::kittest::Queryable as _;
use sockscope::engine::{CloseHow, ConnectionState, EndpointState, Peers, Target};
use sockscope::model::{ConnectionId, Doing, Failure, Reason, Timestamp};
use sockscope::session::Scope;
use sockscope::ui::stage::{Order, Stage};
use sockscope::ui::state::State;

use super::scene::{NOW, Scene};
use super::{Window, orders, press, sees, window};

fn of(scene: &Scene) -> (State, Stage) {
    (scene.state(), scene.stage())
}

fn click_row(window: &mut Window<'_>, text: &str) {
    window
        .query_all_by_label_contains(text)
        .find(|node| node.accesskit_node().role() == Role::Button)
        .unwrap_or_else(|| panic!("no row {text}"))
        .click();
    window.run_steps(4);
}

use egui_kittest::kittest::NodeT as _;

#[test]
fn each_state_is_said_in_words() {
    let mut scene = Scene::default();
    let listener = scene.listener("0.0.0.0:9000", 3);
    scene.peer(listener, 0).state = ConnectionState::PeerFinished;
    scene.peer(listener, 1).not_reading_millis = Some(5_400);
    scene.peer(listener, 2).state = ConnectionState::Reset;
    let failed = scene.listener("127.0.0.1:80", 0);
    scene.status(failed).state = EndpointState::Failed;
    scene.status(failed).failure = Some(Failure::new(Doing::Listen, "127.0.0.1:80", Reason::PortNeedsRights));
    let waiting = scene.client("10.0.0.8:7000", EndpointState::Waiting);
    scene.status(waiting).retry_at = Some(Timestamp(NOW.0 + 2_400_000_000));
    let (state, stage) = of(&scene);
    let window = window(state, stage);
    for text in [
        "0.0.0.0:9000, listening, 3, reachable from the network",
        "127.0.0.1:20000, half-closed: the peer finished sending",
        "127.0.0.1:20001, open, not reading 5 s",
        "127.0.0.1:20002, reset",
        "127.0.0.1:80, failed, port needs",
        "10.0.0.8:7000, waiting to connect again, retry in 3 s",
    ] {
        assert!(sees(&window, text), "not said: {text}");
    }
}

#[test]
fn selecting_a_connection_narrows_the_log_and_turns_the_composer_to_it() {
    let mut scene = Scene::default();
    scene.listener("127.0.0.1:9000", 3);
    let (state, stage) = of(&scene);
    let mut window = window(state, stage);
    click_row(&mut window, "127.0.0.1:20001, open");
    assert_eq!(window.state().state.query.scope, Scope::Connection(ConnectionId(2)));
    assert_eq!(window.state().state.target, Some(Target::Connection(ConnectionId(2))));
    assert!(sees(&window, "Directions: in open · out open"));
}

#[test]
fn a_connection_is_finished_closed_and_reset_from_the_strip() {
    let mut scene = Scene::default();
    scene.listener("127.0.0.1:9000", 1);
    let (mut state, stage) = of(&scene);
    state.query.scope = Scope::Connection(ConnectionId(1));
    let mut window = window(state, stage);
    for (label, how) in
        [("Finish sending", CloseHow::FinishSending), ("Close", CloseHow::Close), ("Reset", CloseHow::Reset)]
    {
        press(&mut window, label);
        let orders = orders(&mut window);
        assert!(
            orders.iter().any(|order| matches!(order, Order::CloseConnection(ConnectionId(1), asked) if *asked == how)),
            "{label}: {orders:?}"
        );
    }
}

#[test]
fn a_listener_stops_with_or_without_its_peers() {
    let mut scene = Scene::default();
    let id = scene.listener("127.0.0.1:9000", 2);
    let (mut state, stage) = of(&scene);
    state.query.scope = Scope::Endpoint(id);
    let mut window = window(state, stage);
    for (label, peers) in [("Stop, keep peers", Peers::Keep), ("Stop and close peers", Peers::Close)] {
        press(&mut window, label);
        assert!(
            orders(&mut window)
                .iter()
                .any(|order| matches!(order, Order::Close(of, asked) if *of == id && *asked == peers))
        );
    }
    press(&mut window, "Close all peers");
    assert!(
        orders(&mut window).iter().any(|order| matches!(order, Order::ClosePeers(of, CloseHow::Close) if *of == id))
    );
    press(&mut window, "Remove");
    assert!(orders(&mut window).iter().any(|order| matches!(order, Order::Forget(of) if *of == id)));
    assert!(window.state().state.endpoints.is_empty());
    press(&mut window, "Undo");
    assert_eq!(window.state().state.endpoints.len(), 1);
}

#[test]
fn the_row_menu_offers_the_same() {
    let mut scene = Scene::default();
    scene.listener("127.0.0.1:9000", 1);
    let (state, stage) = of(&scene);
    let mut window = window(state, stage);
    window.query_all_by_label_contains("127.0.0.1:20000, open").next().unwrap().click_secondary();
    window.run_steps(4);
    window.get_by_role_and_label(Role::MenuItem, "Reset").click();
    assert!(orders(&mut window).iter().any(|order| matches!(order, Order::CloseConnection(_, CloseHow::Reset))));
}

#[test]
fn a_clients_addresses_and_failure_are_shown() {
    let mut scene = Scene::default();
    let id = scene.client("plc-7.local:502", EndpointState::Open);
    let (mut state, stage) = of(&scene);
    state.query.scope = Scope::Endpoint(id);
    let mut window = window(state, stage);
    assert!(sees(&window, "[::1]:502"));
    assert!(sees(&window, "answered"));
    press(&mut window, "Disconnect");
    assert!(orders(&mut window).iter().any(|order| matches!(order, Order::Close(of, _) if *of == id)));
}

#[test]
fn a_clamped_receive_buffer_names_the_setting() {
    let mut scene = Scene::default();
    let id = scene.udp("127.0.0.1:5005", 1);
    let (mut state, stage) = of(&scene);
    state.query.scope = Scope::Endpoint(id);
    let window = window(state, stage);
    assert!(sees(&window, "net.core.rmem_max=4194304"));
}

#[test]
fn ten_thousand_peers_cost_no_more_than_a_screenful() {
    let nodes = |peers: usize| {
        let mut scene = Scene::default();
        scene.listener("127.0.0.1:9000", peers);
        let (state, stage) = of(&scene);
        let mut window = window(state, stage);
        window.run_steps(2);
        window.root().children_recursive().count()
    };
    let (few, many) = (nodes(60), nodes(10_000));
    assert!(many <= few + 40, "{few} nodes with 60 peers, {many} with 10,000");
}

#[test]
fn the_last_of_ten_thousand_peers_can_be_reached() {
    let mut scene = Scene::default();
    scene.listener("127.0.0.1:9000", 10_000);
    let (state, stage) = of(&scene);
    let mut window = window(state, stage);
    window.hover_at(egui::pos2(100.0, 300.0));
    window.run_steps(1);
    for _ in 0..3 {
        window.event(egui::Event::MouseWheel {
            unit: egui::MouseWheelUnit::Point,
            delta: egui::vec2(0.0, -400_000.0),
            phase: egui::TouchPhase::Move,
            source: egui::MouseWheelSource::Unknown,
            modifiers: egui::Modifiers::NONE,
        });
        window.run_steps(8);
    }
    assert!(sees(&window, "127.0.0.1:29999, open"), "the last peer is not on screen");
    assert!(sees(&window, "PAYLOADS"));
}

#[test]
fn a_client_says_that_its_peer_does_not_read() {
    let mut scene = Scene::default();
    let id = scene.client("127.0.0.1:502", EndpointState::Open);
    let peer = scene.peer(id, 0);
    peer.not_reading_millis = Some(5_200);
    peer.self_connected = true;
    let (mut state, stage) = of(&scene);
    state.query.scope = Scope::Endpoint(id);
    let window = window(state, stage);
    assert!(sees(&window, "tcp 127.0.0.1:502, connected, not reading"));
    assert!(sees(&window, "has not read for 5 s"));
    assert!(sees(&window, "connected to itself"));
}
