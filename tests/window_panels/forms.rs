//! Listen, connect, UDP and edit: from a click or a paste to the order that opens the endpoint.

use std::net::IpAddr;

use egui::Key;
use egui_kittest::kittest::Queryable as _;
use sockscope::engine::{EndpointState, Peers};
use sockscope::model::{
    ClientSettings, Doing, EndpointSettings, Failure, HostPort, ListenerSettings, Protocol, Reason, UdpSettings,
};
use sockscope::ui::action::Form;
use sockscope::ui::stage::{Order, Stage};
use sockscope::ui::state::State;

use super::scene::Scene;
use super::{Window, orders, press, retype, sees, value, window};

fn opened(window: &mut Window<'_>) -> Vec<EndpointSettings> {
    orders(window)
        .into_iter()
        .filter_map(|order| match order {
            Order::Open(_, settings) => Some(settings),
            _ => None,
        })
        .collect()
}

fn empty<'a>() -> Window<'a> {
    window(State::default(), Stage::default())
}

fn listener(window: &mut Window<'_>) -> ListenerSettings {
    match opened(window).as_slice() {
        [EndpointSettings { protocol: Protocol::TcpListener(listener), .. }] => listener.clone(),
        other => panic!("not one listener: {other:?}"),
    }
}

#[test]
fn one_click_and_one_enter_listen_with_the_defaults() {
    let mut window = empty();
    press(&mut window, "Listen");
    assert_eq!(window.state().state.form, Form::Listen);
    window.key_press(Key::Enter);
    assert_eq!(listener(&mut window), ListenerSettings::default());
}

#[test]
fn the_first_card_listens_at_once() {
    let mut window = empty();
    press(&mut window, "Listen on 127.0.0.1:9000");
    assert_eq!(listener(&mut window), ListenerSettings::default());
}

#[test]
fn the_other_cards_open_the_connect_form_and_the_echo_demo() {
    let mut window = empty();
    press(&mut window, "Connect to…");
    assert_eq!(window.state().state.form, Form::Connect);
    window.key_press(Key::Escape);
    window.run_steps(3);
    assert_eq!(window.state().state.form, Form::None);
    press(&mut window, "Try the echo demo");
    assert_eq!(listener(&mut window).port, 0);
}

#[test]
fn a_pasted_address_fills_the_listen_form() {
    let mut window = empty();
    press(&mut window, "Listen");
    retype(&mut window, "Paste an address", "tcp://0.0.0.0:7001");
    assert!(sees(&window, "reachable from the network"));
    window.key_press(Key::Enter);
    let listener = listener(&mut window);
    assert_eq!((listener.address, listener.port), (IpAddr::from([0, 0, 0, 0]), 7001));
}

#[test]
fn a_port_that_is_none_is_said_at_the_field_and_nothing_is_lost() {
    let mut window = empty();
    press(&mut window, "Listen");
    retype(&mut window, "Port", "70000");
    window.key_press(Key::Enter);
    assert_eq!(opened(&mut window), []);
    assert!(sees(&window, "from 0 to 65535"));
    assert_eq!(value(&window, "Port"), "70000");
    retype(&mut window, "Port", "7000");
    assert!(!sees(&window, "from 0 to 65535"));
    window.key_press(Key::Enter);
    assert_eq!(listener(&mut window).port, 7000);
}

#[test]
fn the_engines_failure_stands_in_the_form_with_its_hint() {
    let mut scene = Scene::default();
    let mut window = window(scene.state(), scene.stage());
    press(&mut window, "Listen");
    window.key_press(Key::Enter);
    assert_eq!(opened(&mut window).len(), 1);
    // The engine answers: the port is taken.
    let id = scene.listener("127.0.0.1:9000", 0);
    let status = scene.status(id);
    status.state = EndpointState::Failed;
    status.local.clear();
    status.failure = Some(Failure::new(Doing::Listen, "127.0.0.1:9000", Reason::PortTaken));
    window.state_mut().feed.engine = scene.engine();
    window.run_steps(4);
    assert_eq!(window.state().state.form, Form::Listen, "the form stays");
    assert!(sees(&window, "is taken"));
    assert!(sees(&window, "Pick a free port"));
    // Another try takes the failed one's place.
    press(&mut window, "Let the system choose a port");
    let again = orders(&mut window);
    assert!(again.iter().all(|order| !matches!(order, Order::Open(..))) || !again.is_empty());
    assert_eq!(window.state().state.endpoints.len(), 1);
    match &window.state().state.endpoints[0].settings.protocol {
        Protocol::TcpListener(listener) => assert_eq!(listener.port, 0),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_form_closes_once_the_socket_is_open() {
    let mut scene = Scene::default();
    let mut window = window(scene.state(), scene.stage());
    press(&mut window, "Listen");
    window.key_press(Key::Enter);
    assert_eq!(opened(&mut window).len(), 1);
    scene.listener("127.0.0.1:9000", 0);
    window.state_mut().feed.engine = scene.engine();
    window.run_steps(4);
    assert_eq!(window.state().state.form, Form::None);
}

#[test]
fn connect_takes_a_host_and_a_port() {
    let mut window = empty();
    press(&mut window, "Connect");
    retype(&mut window, "Host", "plc-7.local");
    retype(&mut window, "Port", "502");
    window.key_press(Key::Enter);
    let expected = ClientSettings::new(HostPort::new("plc-7.local", 502));
    assert_eq!(opened(&mut window), [EndpointSettings::new(Protocol::TcpClient(expected))]);
}

#[test]
fn an_address_typed_into_the_host_field_fills_both() {
    let mut window = empty();
    press(&mut window, "Connect");
    retype(&mut window, "Host", "tcp://[::1]:4242");
    assert_eq!(value(&window, "Host"), "::1");
    assert_eq!(value(&window, "Port"), "4242");
}

#[test]
fn connect_says_what_is_wrong_with_the_host() {
    let mut window = empty();
    press(&mut window, "Connect");
    retype(&mut window, "Host", " ");
    window.key_press(Key::Enter);
    assert_eq!(opened(&mut window), []);
    assert!(sees(&window, "The host is missing."));
    retype(&mut window, "Host", "a/b");
    window.key_press(Key::Enter);
    assert_eq!(opened(&mut window), []);
    assert!(sees(&window, "no spaces, slashes"));
}

#[test]
fn udp_opens_with_the_defaults_and_with_one_peer() {
    let mut window = empty();
    press(&mut window, "UDP");
    window.key_press(Key::Enter);
    let expected = UdpSettings { port: 5005, ..UdpSettings::default() };
    assert_eq!(opened(&mut window), [EndpointSettings::new(Protocol::Udp(expected))]);

    let mut window = empty();
    press(&mut window, "UDP");
    window.get_by_label("Only one peer").click();
    window.run_steps(3);
    retype(&mut window, "Address of the one peer", "10.0.0.7:9");
    window.key_press(Key::Enter);
    match opened(&mut window).as_slice() {
        [EndpointSettings { protocol: Protocol::Udp(udp), .. }] => {
            assert_eq!(udp.remote, Some(HostPort::new("10.0.0.7", 9)));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_udp_address_pasted_into_connect_moves_to_the_udp_form() {
    let mut window = empty();
    press(&mut window, "Connect");
    retype(&mut window, "Paste an address", "udp://10.0.0.7:9");
    assert_eq!(window.state().state.form, Form::Udp);
    assert_eq!(value(&window, "Address of the one peer"), "10.0.0.7:9");
}

#[test]
fn editing_begins_with_what_is_set_and_replaces_it() {
    let mut scene = Scene::default();
    let id = scene.listener("127.0.0.1:9000", 0);
    let mut state = scene.state();
    state.form = Form::Edit(id);
    let mut window = window(state, scene.stage());
    window.run_steps(4);
    assert_eq!(value(&window, "Port"), "9000");
    retype(&mut window, "Port", "9100");
    press(&mut window, "Apply");
    let orders = orders(&mut window);
    assert!(orders.iter().any(|order| matches!(order, Order::Close(of, Peers::Close) if *of == id)), "{orders:?}");
    assert_eq!(window.state().state.endpoints.len(), 1);
}

#[test]
fn typing_at_once_loses_no_character() {
    for frames in 0..4 {
        let mut window = empty();
        window.key_press_modifiers(egui::Modifiers::COMMAND, Key::N);
        window.run_steps(1 + frames);
        let mut before = String::new();
        for character in "10.1.2.3".chars() {
            window.event(egui::Event::Text(character.to_string()));
            window.run_steps(1);
            let host = window.query_by_role_and_label(egui::accesskit::Role::TextInput, "Host");
            let now = host.and_then(|node| node.value()).unwrap_or_default();
            assert!(now == "127.0.0.1" || now.starts_with(&before) || before == "127.0.0.1", "{before} became {now}");
            before = now;
        }
        assert!("10.1.2.3".ends_with(&value(&window, "Host")), "{}", value(&window, "Host"));
    }
}

#[test]
fn what_was_just_connected_is_what_the_composer_sends_to() {
    use sockscope::engine::Target;
    let mut scene = Scene::default();
    scene.client("127.0.0.1:502", EndpointState::Open);
    let mut window = window(scene.state(), scene.stage());
    press(&mut window, "Connect");
    window.key_press(egui::Key::Enter);
    window.run_steps(4);
    let created = window.state().state.last_created.expect("it was created");
    assert_eq!(window.state().state.target, Some(Target::Endpoint(created)));
    let before = window.state().state.target.clone();
    press(&mut window, "Listen");
    window.key_press(egui::Key::Enter);
    window.run_steps(4);
    assert_eq!(window.state().state.target, before, "a listener has nobody yet");
}

#[test]
fn cancel_ends_a_connect_that_takes_long() {
    let mut window = empty();
    press(&mut window, "Connect");
    window.key_press(Key::Enter);
    orders(&mut window);
    let created = window.state().state.last_created.expect("it was created");
    let mut scene = Scene::default();
    assert_eq!(scene.client("127.0.0.1:9000", EndpointState::Connecting), created);
    window.state_mut().feed.engine = scene.engine();
    window.run_steps(4);
    assert!(sees(&window, "Connecting…"));
    window.get_by_role_and_label(egui::accesskit::Role::Button, "Cancel").click();
    let ordered = orders(&mut window);
    assert!(matches!(ordered.as_slice(), [Order::Close(id, Peers::Close)] if *id == created), "{ordered:?}");
    assert_eq!(window.state().state.form, Form::None);
}
