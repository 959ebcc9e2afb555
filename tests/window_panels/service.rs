//! Ready-made services in the window: chosen in the forms, edited in their panel.

use std::sync::Arc;

use egui::Key;
use egui::accesskit::Role;
use egui_kittest::kittest::Queryable as _;
use sockscope::engine::{EndpointState, ModbusStatus};
use sockscope::model::{
    Answer, EndpointId, EndpointSettings, ListenerSettings, ModbusTable, ModbusUnit, PayloadFormat, Protocol,
};
use sockscope::services::modbus::{Bank, Written};
use sockscope::session::Scope;
use sockscope::ui::action::Form;
use sockscope::ui::stage::{Order, Stage};
use sockscope::ui::state::State;

use super::scene::Scene;
use super::{Window, field, orders, press, retype, sees, value, window};

/// A listener that plays this, with its panel open.
fn playing(answer: Answer, modbus: ModbusUnit) -> (Scene, EndpointId) {
    let mut scene = Scene::default();
    let id = scene.listener("127.0.0.1:502", 0);
    let settings = &mut scene.endpoints[0].settings;
    settings.protocol = Protocol::TcpListener(ListenerSettings { answer, ..ListenerSettings::default() });
    settings.modbus = modbus;
    let settings = settings.clone();
    scene.status(id).settings = settings;
    (scene, id)
}

fn panel<'a>(scene: &Scene, id: EndpointId) -> Window<'a> {
    let mut state = scene.state();
    state.form = Form::Service(id);
    window(state, scene.stage())
}

fn live(bank: Bank) -> ModbusStatus {
    ModbusStatus { version: 1, bank: Arc::new(bank), last_written: None }
}

fn settings(window: &Window<'_>) -> EndpointSettings {
    window.state().state.endpoints[0].settings.clone()
}

fn click(window: &mut Window<'_>, role: Role, label: &str) {
    window.get_by_role_and_label(role, label).click();
    window.run_steps(4);
}

fn write(window: &mut Window<'_>, text: &str, key: Key) {
    window.event(egui::Event::Text(text.to_owned()));
    window.run_steps(2);
    window.key_press(key);
    window.run_steps(4);
}

#[test]
fn the_forms_offer_what_their_kind_can_play() {
    for (form, ways) in
        [("Listen", &Answer::ALL[..]), ("Connect", &Answer::FOR_CLIENTS[..]), ("UDP", &Answer::FOR_UDP[..])]
    {
        let mut window = window(State::default(), Stage::default());
        press(&mut window, form);
        click(&mut window, Role::ComboBox, "Answers");
        let words = sockscope::words::Words::of(sockscope::words::Language::English);
        for answer in Answer::ALL {
            let is_offered = window.query_all_by_role_and_label(Role::Button, words.answer(answer)).next().is_some();
            assert_eq!(is_offered, ways.contains(&answer), "{answer:?} in {form}");
        }
    }
    let mut window = window(State::default(), Stage::default());
    press(&mut window, "Listen");
    click(&mut window, Role::ComboBox, "Answers");
    click(&mut window, Role::Button, "Modbus/TCP");
    assert!(sees(&window, "registers that peers read and write") && sees(&window, "in the sidebar: Service…"));
    field(&window, "Port").focus();
    window.run_steps(2);
    window.key_press(Key::Enter);
    let opened = orders(&mut window).into_iter().find_map(|order| match order {
        Order::Open(_, settings) => Some(settings.answer()),
        _ => None,
    });
    assert_eq!(opened, Some(Answer::Modbus));
}

#[test]
fn the_panel_opens_from_the_sidebar_and_the_palette_only_where_there_is_one() {
    for (answer, is_there) in [(Answer::Modbus, true), (Answer::Http, true), (Answer::Echo, false)] {
        let (scene, id) = playing(answer, ModbusUnit::default());
        let mut state = scene.state();
        state.query.scope = Scope::Endpoint(id);
        assert_eq!(sockscope::ui::panels::selected_service(&state).is_some(), is_there);
        let mut window = window(state, scene.stage());
        assert_eq!(window.query_by_role_and_label(Role::Button, "Service…").is_some(), is_there, "{answer:?}");
        if is_there {
            press(&mut window, "Service…");
            assert_eq!(window.state().state.form, Form::Service(id));
            window.key_press(Key::Escape);
            window.run_steps(4);
            assert_eq!(window.state().state.form, Form::None);
        }
    }
}

#[test]
fn a_register_is_typed_in_place() {
    let modbus = ModbusUnit { holding: [(1, 7)].into(), ..ModbusUnit::default() };
    let (mut scene, id) = playing(Answer::Modbus, modbus);
    scene.status(id).state = EndpointState::Closed;
    let mut window = panel(&scene, id);
    assert!(sees(&window, "Not open: these are the values"));
    click(&mut window, Role::Button, "Holding register 1: 7");
    write(&mut window, "0x12", Key::Enter);
    let set = |address, value| (id, ModbusTable::Holding, address, value);
    let sets = |window: &mut Window<'_>| {
        let orders = orders(window).into_iter();
        let set = orders.filter_map(|order| match order {
            Order::SetRegister(id, table, address, value) => Some((id, table, address, value)),
            _ => None,
        });
        set.collect::<Vec<_>>()
    };
    assert_eq!(sets(&mut window), [set(1, 0x12)]);
    assert_eq!(settings(&window).modbus.holding, [(1, 0x12)].into(), "it stays in the workspace");
    // The next cell is typed into; what is no number is said there and nothing is lost.
    write(&mut window, "70000", Key::Enter);
    assert!(sees(&window, "A whole number from -32768 to 65535"));
    assert_eq!(value(&window, "Holding register 2"), "70000");
    assert_eq!(sets(&mut window), []);
    window.key_press(Key::Escape);
    window.run_steps(4);
    assert_eq!(window.state().state.form, Form::Service(id), "Escape ends the typing only");
    assert!(sees(&window, "Holding register 2: 0"));
    window.key_press(Key::Escape);
    window.run_steps(4);
    assert_eq!(window.state().state.form, Form::None);
}

#[test]
fn floats_take_two_registers_and_coils_are_switched() {
    let (scene, id) = playing(Answer::Modbus, ModbusUnit::default());
    let mut window = panel(&scene, id);
    click(&mut window, Role::ComboBox, "Values shown as");
    click(&mut window, Role::Button, "Float in two registers");
    click(&mut window, Role::Button, "Holding register 2: 0");
    write(&mut window, "1.5", Key::Enter);
    assert_eq!(settings(&window).modbus.holding, [(2, 0x3FC0)].into());
    click(&mut window, Role::Button, "Coils");
    click(&mut window, Role::CheckBox, "Coil 9");
    assert_eq!(settings(&window).modbus.coils, [(9, true)].into());
    click(&mut window, Role::CheckBox, "Coil 9");
    assert!(settings(&window).modbus.coils.is_empty(), "0 is what it holds by itself");
}

#[test]
fn what_a_peer_wrote_is_marked() {
    let (mut scene, id) = playing(Answer::Modbus, ModbusUnit::default());
    let mut bank = Bank::new(&ModbusUnit::default());
    bank.put(ModbusTable::Holding, 5, 99, true);
    let written = Written { table: ModbusTable::Holding, address: 5, count: 1 };
    let by = Some("127.0.0.1:50000".parse().unwrap());
    scene.status(id).modbus = Some(ModbusStatus { last_written: Some((written, by)), ..live(bank) });
    let window = panel(&scene, id);
    assert!(sees(&window, "Holding register 5, written by a peer: 99"));
    assert!(sees(&window, "Holding registers: 127.0.0.1:50000 wrote 5."));
}

#[test]
fn only_rows_on_screen_are_there_and_any_address_can_be_reached() {
    let (scene, id) = playing(Answer::Modbus, ModbusUnit::default());
    let mut window = panel(&scene, id);
    let cells = |window: &Window<'_>| window.query_all_by_label_contains("Holding register ").count();
    assert!((8..200).contains(&cells(&window)), "{}", cells(&window));
    assert!(!sees(&window, "Holding register 65535"));
    retype(&mut window, "Go to address", "65535");
    window.key_press(Key::Enter);
    window.run_steps(6);
    assert!(sees(&window, "Holding register 65534: 0"));
    assert_eq!(value(&window, "Holding register 65535"), "0", "it takes what is typed");
    retype(&mut window, "Go to address", "65536");
    window.key_press(Key::Enter);
    window.run_steps(4);
    assert!(sees(&window, "Addresses go from 0 to 65535."));
    retype(&mut window, "Addresses", "10");
    assert_eq!(settings(&window).modbus.size, 10);
    retype(&mut window, "Addresses", "0");
    assert!(sees(&window, "1 to 65536 addresses") && settings(&window).modbus.size == 10);
    retype(&mut window, "Unit", "300");
    assert!(sees(&window, "A unit is a number from 0 to 255."));
    retype(&mut window, "Unit", "17");
    assert_eq!(settings(&window).modbus.unit, Some(17));
}

#[test]
fn the_http_answer_is_edited_and_mistakes_stay_at_their_fields() {
    let (scene, id) = playing(Answer::Http, ModbusUnit::default());
    let mut window = panel(&scene, id);
    retype(&mut window, "Status", "404");
    assert!(settings(&window).http.status == 404 && sees(&window, "Not Found"));
    retype(&mut window, "Status", "99");
    assert!(settings(&window).http.status == 404 && sees(&window, "A number from 200 to 599."));
    retype(&mut window, "Header fields", "X-A: 1\nX B: 2");
    assert!(sees(&window, "The name in line 2 has characters that no header field has."));
    assert!(settings(&window).http.headers.is_empty());
    retype(&mut window, "Header fields", "X-A: 1\nX-B: 2");
    assert_eq!(settings(&window).http.headers, ["X-A: 1", "X-B: 2"]);
    retype(&mut window, "Text of the body", "{{now:%T}}");
    assert_eq!(settings(&window).http.body.text, "{{now:%T}}");
    click(&mut window, Role::RadioButton, "from a file");
    retype(&mut window, "Path", "page.html");
    let body = settings(&window).http.body;
    assert_eq!((body.format, body.text.as_str()), (PayloadFormat::File, "page.html"));
    click(&mut window, Role::RadioButton, "typed here");
    assert_eq!(settings(&window).http.body.text, "{{now:%T}}", "nothing that was typed is lost");
    let retuned = orders(&mut window).into_iter().any(|order| matches!(order, Order::Retune(of, _) if of == id));
    assert!(retuned, "the engine takes it over while it runs");
}

#[test]
fn what_a_peer_writes_while_one_types_is_not_written_over() {
    let (mut scene, id) = playing(Answer::Modbus, ModbusUnit::default());
    let mut bank = Bank::new(&ModbusUnit::default());
    scene.status(id).modbus = Some(live(bank.clone()));
    let mut window = panel(&scene, id);
    click(&mut window, Role::Button, "Holding register 3: 0");
    bank.put(ModbusTable::Holding, 3, 9, true);
    scene.status(id).modbus = Some(live(bank));
    window.state_mut().feed.engine = scene.engine();
    window.run_steps(3);
    window.key_press(Key::Enter);
    let orders = orders(&mut window);
    assert!(!orders.iter().any(|order| matches!(order, Order::SetRegister(..))), "nothing was typed: {orders:?}");
    assert!(sees(&window, "Holding register 3, written by a peer: 9"));
}

#[test]
fn the_file_of_a_body_is_chosen_in_a_dialog() {
    use sockscope::ui::effects::{Ask, Job};
    let (scene, id) = playing(Answer::Http, ModbusUnit::default());
    let mut window = panel(&scene, id);
    click(&mut window, Role::RadioButton, "from a file");
    press(&mut window, "Choose…");
    let asked = orders(&mut window).into_iter().find_map(|order| match order {
        Order::Start(Job::AskPath { what, .. }) => Some(what),
        _ => None,
    });
    assert_eq!(asked, Some(Ask::BodyFile));
    window.state_mut().state.body_file = (1, "/tmp/page.html".into());
    window.run_steps(3);
    assert_eq!(value(&window, "Path"), "/tmp/page.html");
    assert_eq!(settings(&window).http.body.text, "/tmp/page.html");
}
