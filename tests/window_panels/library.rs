//! The library of payloads: a row of the log becomes one, shortcuts send, the menu arranges, imports arrive.

use std::sync::Arc;

use bytes::Bytes;
use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use sockscope::engine::{ConnectionState, Source, Target};
use sockscope::model::{ConnectionId, Draft, Event, PayloadFormat, Recorded, SavedPayload, What};
use sockscope::session::ViewSnapshot;
use sockscope::ui::effects::{Ask, Done, Job, WindowOrder};
use sockscope::ui::stage::{Order, Stage};
use sockscope::ui::state::State;
use sockscope::workspace::import_text;

use super::scene::{NOW, Scene};
use super::{Window, orders, press, retype, sees, value, window};

/// A listener with two peers; the second sent one line of text, and got three bytes that are none.
fn recorded() -> (State, Stage) {
    let mut scene = Scene::default();
    let id = scene.listener("127.0.0.1:9000", 2);
    let flow = scene.peer(id, 1).flow.clone();
    let row = |seq, what| {
        let event = Event { time: NOW, flow: flow.clone(), what };
        Some(Arc::new(Recorded { seq, event, damaged: false }))
    };
    let rows = vec![
        row(1, What::Received(Bytes::from_static(b"PING {{now}}\r\n"))),
        row(2, What::Sent(Bytes::from_static(&[0, 0xFF, 0xFE, 1]))),
    ];
    let mut stage = scene.stage();
    stage.view = Arc::new(ViewSnapshot { matched: 2, scanned: 2, total: 2, rows, ..ViewSnapshot::default() });
    (scene.state(), stage)
}

fn open_menu(window: &mut Window<'_>, role: Role, text: &str) {
    window
        .query_all_by_label_contains(text)
        .find(|node| node.accesskit_node().role() == role)
        .unwrap_or_else(|| panic!("no row {text}"))
        .click_secondary();
    window.run_steps(4);
}

fn choose(window: &mut Window<'_>, label: &str) {
    let node = window.query_all_by_label(label).find(|node| {
        let role = node.accesskit_node().role();
        matches!(role, Role::Button | Role::MenuItem)
    });
    node.unwrap_or_else(|| panic!("the menu has no {label}")).click();
    window.run_steps(4);
}

fn copied(window: &mut Window<'_>) -> Option<String> {
    orders(window).into_iter().find_map(|order| match order {
        Order::Window(WindowOrder::Copy(text)) => Some(text),
        _ => None,
    })
}

fn library() -> Window<'static> {
    let mut scene = Scene::default();
    scene.listener("127.0.0.1:9000", 1);
    let mut state = scene.state();
    let payload = |name: &str, shortcut| SavedPayload {
        name: name.into(),
        shortcut,
        draft: Draft { text: name.into(), ..Draft::default() },
        ..SavedPayload::default()
    };
    state.payloads = vec![payload("one", Some(1)), payload("two", None), payload("three", None)];
    window(state, scene.stage())
}

fn names(window: &Window<'_>) -> Vec<String> {
    window.state().state.payloads.iter().map(|payload| payload.name.clone()).collect()
}

#[test]
fn what_came_in_is_answered_to_whom_it_came_from() {
    let (state, stage) = recorded();
    let mut window = window(state, stage);
    open_menu(&mut window, Role::ListItem, "PING");
    choose(&mut window, "Reply with this");
    assert_eq!(window.state().state.target, Some(Target::Connection(ConnectionId(2))));
    assert_eq!(value(&window, "Payload"), "PING \\{{now}}\\r\\n");
}

#[test]
fn what_was_sent_is_sent_again_as_hex_where_it_is_no_text() {
    let (state, stage) = recorded();
    let mut window = window(state, stage);
    open_menu(&mut window, Role::ListItem, "00 ff fe 01");
    choose(&mut window, "Send this again");
    assert_eq!(window.state().state.target, Some(Target::Connection(ConnectionId(2))));
    assert_eq!(window.state().state.edited_draft.1.format, PayloadFormat::Hex);
    assert_eq!(value(&window, "Payload"), "00 ff fe 01");
}

#[test]
fn a_row_is_kept_under_a_name_that_can_be_typed_at_once() {
    let (state, stage) = recorded();
    let mut window = window(state, stage);
    open_menu(&mut window, Role::ListItem, "00 ff fe 01");
    choose(&mut window, "Save as payload…");
    assert_eq!(names(&window), ["00 ff fe 01"]);
    assert!(sees(&window, "Saved as 00 ff fe 01"));
    retype(&mut window, "New name", "probe");
    window.key_press(Key::Enter);
    window.run_steps(4);
    assert_eq!(names(&window), ["probe"]);
}

#[test]
fn a_row_is_copied_as_a_command_to_where_it_went() {
    let (state, stage) = recorded();
    let mut window = window(state, stage);
    open_menu(&mut window, Role::ListItem, "00 ff fe 01");
    choose(&mut window, "Copy as");
    choose(&mut window, "netcat command");
    assert_eq!(copied(&mut window).as_deref(), Some("printf '\\000\\377\\376\\001' | nc -w 2 127.0.0.1 20001"));
}

#[test]
fn alt_and_a_digit_send_to_the_target_of_now() {
    let mut window = library();
    window.key_press_modifiers(Modifiers::ALT, Key::Num1);
    let sent = orders(&mut window).into_iter().find_map(|order| match order {
        Order::Send(target, Source::Bytes(bytes), None) => Some((target, bytes)),
        _ => None,
    });
    assert_eq!(sent, Some((Target::Connection(ConnectionId(1)), Bytes::from_static(b"one"))));
    window.key_press_modifiers(Modifiers::ALT, Key::Num2);
    assert!(!orders(&mut window).iter().any(|order| matches!(order, Order::Send(..))));
}

#[test]
fn a_shortcut_counts_when_alt_is_let_go_within_its_frame() {
    let mut window = library();
    orders(&mut window);
    for pressed in [true, false] {
        let (key, modifiers) = (Key::Num1, Modifiers::ALT);
        window.event(egui::Event::Key { key, physical_key: None, pressed, repeat: false, modifiers });
    }
    window.run_steps(4);
    let sent = orders(&mut window).into_iter().filter(|order| matches!(order, Order::Send(..)));
    assert_eq!(sent.count(), 1);
}

#[test]
fn where_nothing_can_be_sent_the_shortcut_says_so() {
    let mut scene = Scene::default();
    let id = scene.listener("127.0.0.1:9000", 1);
    scene.peer(id, 0).state = ConnectionState::Closed;
    let mut state = scene.state();
    state.payloads = vec![SavedPayload { name: "one".into(), shortcut: Some(1), ..SavedPayload::default() }];
    state.target = Some(Target::Connection(ConnectionId(1)));
    let mut window = window(state, scene.stage());
    window.key_press_modifiers(Modifiers::ALT, Key::Num1);
    window.run_steps(4);
    assert!(window.state().state.toasts[0].text.contains("127.0.0.1:20000 is closed"));
}

#[test]
fn the_menu_arranges_without_a_mouse() {
    let mut window = library();
    open_menu(&mut window, Role::Button, "three");
    choose(&mut window, "Move up");
    assert_eq!(names(&window), ["one", "three", "two"]);
    open_menu(&mut window, Role::Button, "one");
    choose(&mut window, "Move down");
    assert_eq!(names(&window), ["three", "one", "two"]);
    open_menu(&mut window, Role::Button, "two");
    choose(&mut window, "Shortcut");
    window.get_by_label("Alt 1 (now one)").click();
    window.run_steps(4);
    let shortcuts: Vec<_> = window.state().state.payloads.iter().map(|payload| payload.shortcut).collect();
    assert_eq!(shortcuts, [None, None, Some(1)], "a shortcut belongs to one");
    assert!(sees(&window, "Alt 1 sends two now; it was the shortcut of one."));
    open_menu(&mut window, Role::Button, "three");
    choose(&mut window, "Duplicate");
    assert_eq!(names(&window), ["three", "three 2", "one", "two"]);
}

#[test]
fn a_removed_payload_comes_back_to_its_place() {
    let mut window = library();
    open_menu(&mut window, Role::Button, "two");
    choose(&mut window, "Remove");
    assert_eq!(names(&window), ["one", "three"]);
    press(&mut window, "Undo");
    assert_eq!(names(&window), ["one", "two", "three"]);
}

#[test]
fn an_import_arrives_with_what_was_left_out_and_can_be_undone() {
    let mut window = library();
    open_menu(&mut window, Role::Button, "two");
    choose(&mut window, "Import payloads…");
    let asked = orders(&mut window);
    assert!(asked.iter().any(|order| matches!(order, Order::Start(Job::AskPath { what: Ask::PayloadImport, .. }))));
    let path = std::path::PathBuf::from("/x/bench.txt");
    let chosen = Done::PathChosen { what: Ask::PayloadImport, path: Some(path.clone()), no_dialog: false };
    window.state_mut().feed.landed.push(chosen);
    let asked = orders(&mut window);
    assert!(asked.iter().any(|order| matches!(order, Order::Start(Job::ImportPayloads(of)) if *of == path)));
    let result = import_text("ping;PING\nlonely;\n", "bench");
    window.state_mut().feed.landed.push(Done::PayloadsImported { path, result });
    window.run_steps(4);
    assert_eq!(names(&window), ["one", "two", "three", "ping"]);
    assert_eq!(window.state().state.payloads[3].folder, "bench");
    assert!(sees(&window, "Imported one payload from bench.txt. 1 left out. lonely; (2): the name before"));
    press(&mut window, "Undo");
    assert_eq!(names(&window), ["one", "two", "three"]);
}

#[test]
fn folders_open_close_and_take_what_is_moved_there() {
    let mut window = library();
    open_menu(&mut window, Role::Button, "two");
    choose(&mut window, "Move to folder");
    choose(&mut window, "New folder…");
    retype(&mut window, "Folder", "pumps/north");
    window.key_press(Key::Enter);
    window.run_steps(4);
    assert_eq!(window.state().state.payloads[1].folder, "pumps/north");
    assert!(sees(&window, "Folder north, 1"));
    press(&mut window, "Folder pumps, 1");
    assert!(!sees(&window, "Send two"), "a closed folder hides what lies in it");
    press(&mut window, "Folder pumps, 1");
    assert!(sees(&window, "Send two"));
    open_menu(&mut window, Role::Button, "three");
    choose(&mut window, "Move to folder");
    window.get_by_label("pumps/north").click();
    window.run_steps(4);
    assert!(sees(&window, "Folder pumps, 2"));
    open_menu(&mut window, Role::Button, "three");
    choose(&mut window, "Remark…");
    retype(&mut window, "Remark", "slow one");
    window.key_press(Key::Enter);
    window.run_steps(4);
    assert_eq!(window.state().state.payloads[2].remark, "slow one");
}

#[test]
fn rows_are_dragged_to_their_place() {
    let mut window = library();
    let center = |window: &Window<'_>, name: &str| window.get_by_role_and_label(Role::Button, name).rect().center();
    let (from, to) = (center(&window, "one"), center(&window, "three") + egui::vec2(-40.0, 6.0));
    window.drag_at(from - egui::vec2(40.0, 0.0));
    window.run_steps(2);
    window.hover_at(to - egui::vec2(0.0, 20.0));
    window.run_steps(2);
    window.drop_at(to);
    window.run_steps(4);
    assert_eq!(names(&window), ["two", "three", "one"]);
}

#[test]
fn many_payloads_are_searched() {
    let mut scene = Scene::default();
    scene.listener("127.0.0.1:9000", 1);
    let mut state = scene.state();
    let payload = |number: usize| SavedPayload { name: format!("probe {number}"), ..SavedPayload::default() };
    state.payloads = (1..=9).map(payload).collect();
    let mut window = window(state, scene.stage());
    retype(&mut window, "Search payloads", "E 7");
    assert!(sees(&window, "Send probe 7") && !sees(&window, "Send probe 6"));
    retype(&mut window, "Search payloads", "zz");
    assert!(sees(&window, "nothing found") || !sees(&window, "Send probe 7"));
}

#[test]
fn the_menu_of_a_row_has_a_button() {
    let mut window = library();
    press(&mut window, "Actions of two");
    choose(&mut window, "Move up");
    assert_eq!(names(&window), ["two", "one", "three"]);
}

#[test]
fn a_folder_is_renamed_dissolved_and_removed_with_undo() {
    let mut window = library();
    for place in [0, 2] {
        window.state_mut().state.payloads[place].folder = "pumps/north".into();
    }
    window.run_steps(4);
    press(&mut window, "Actions of pumps");
    choose(&mut window, "Rename");
    retype(&mut window, "Folder", "plant/pumps");
    window.key_press(Key::Enter);
    window.run_steps(4);
    let folders = |window: &Window<'_>| -> Vec<String> {
        window.state().state.payloads.iter().map(|payload| payload.folder.clone()).collect()
    };
    assert_eq!(folders(&window), ["plant/pumps/north", "", "plant/pumps/north"]);
    press(&mut window, "Actions of pumps");
    choose(&mut window, "Take payloads out");
    assert_eq!(folders(&window), ["plant/north", "", "plant/north"]);
    press(&mut window, "Actions of plant");
    choose(&mut window, "Remove with payloads");
    assert_eq!(names(&window), ["two"]);
    assert!(sees(&window, "Removed folder plant (2)"));
    press(&mut window, "Undo");
    assert_eq!(names(&window), ["one", "two", "three"]);
    assert_eq!(folders(&window), ["plant/north", "", "plant/north"]);
}

#[test]
fn an_empty_library_can_import() {
    let mut window = window(State::default(), Stage::default());
    press(&mut window, "Actions of PAYLOADS");
    choose(&mut window, "Import payloads…");
    let asked = orders(&mut window);
    assert!(asked.iter().any(|order| matches!(order, Order::Start(Job::AskPath { what: Ask::PayloadImport, .. }))));
}

#[test]
fn an_edited_payload_is_saved_under_its_own_name_and_can_be_undone() {
    let mut window = library();
    window.state_mut().state.payloads[1].folder = "pumps".into();
    window.run_steps(4);
    window.get_by_role_and_label(Role::Button, "two").click();
    window.run_steps(4);
    retype(&mut window, "Payload", "two more");
    press(&mut window, "Save payload");
    assert_eq!((value(&window, "Name of the payload"), value(&window, "Folder")), ("two".into(), "pumps".into()));
    press(&mut window, "Save");
    assert_eq!(names(&window), ["one", "two", "three"]);
    assert_eq!(window.state().state.payloads[1].draft.text, "two more");
    press(&mut window, "Undo");
    assert_eq!(window.state().state.payloads[1].draft.text, "two");
}
