//! The window with the real engine, recorder and log: listen and connect by one click, send, see, save, read back.
#![cfg(feature = "window")]

mod window_support;

use std::path::Path;
use std::time::{Duration, Instant};

use egui::{Key, Modifiers, Role};
use egui_kittest::kittest::Queryable;
use sockscope::model::Draft;
use sockscope::ui::action::{Action, SendAction};
use sockscope::ui::apply::{Seen, apply};
use sockscope::ui::effects::Feed;
use sockscope::ui::live::Live;
use sockscope::ui::state::State;
use sockscope::workspace::Folders;

type Window = window_support::Window<Live>;

const PATIENCE: Duration = Duration::from_secs(20);

fn window(runtime: &tokio::runtime::Runtime, home: &Path) -> Window {
    let folders = Folders::within(home);
    folders.create().expect("a temporary folder can be written");
    let (live, failure) = Live::start(runtime.handle().clone(), &folders, None, true).expect("threads can be had");
    assert_eq!(failure, None);
    window_support::open(State::default(), live, egui::vec2(1440.0, 900.0))
}

/// Frames until a control of this name is there.
fn wait_for(window: &mut Window, label: &str) {
    let begun = Instant::now();
    while window.query_all_by_label_contains(label).next().is_none() {
        assert!(begun.elapsed() < PATIENCE, "{label:?} did not come");
        std::thread::sleep(Duration::from_millis(5));
        window.step();
    }
}

#[test]
fn listen_connect_send_see_save_and_read_back() {
    let home = tempfile::tempdir().expect("a temporary folder");
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let mut window = window(&runtime, home.path());
    window.run_steps(3);
    window.get_by_label("Try the echo demo").click();
    wait_for(&mut window, "Accepted 127.0.0.1:");

    let app = window.state_mut().as_mut().expect("made in the first frame");
    let client = app.state.endpoints.last().expect("the demo has two endpoints").id;
    let (engine, view) = (app.feed.engine(), app.feed.view());
    let seen = Seen { engine: &engine, view: &view, now: app.feed.now() };
    let draft = Draft { text: "one two\\r\\n".into(), ..Draft::default() };
    let send = SendAction::Send { target: sockscope::engine::Target::Endpoint(client), draft, repeat: None };
    apply(&mut app.state, Action::Send(send), &seen, &mut app.feed);
    assert_eq!(app.state.send_error, None);
    // Sent, received, echoed, and back again: four rows with these bytes.
    let begun = Instant::now();
    while window.query_all_by_label_contains("9 bytes  one two␍␊").count() < 4 {
        assert!(begun.elapsed() < PATIENCE, "the echo did not come back");
        std::thread::sleep(Duration::from_millis(5));
        window.step();
    }

    let path = home.path().join("saved.pcapng");
    window.key_press_modifiers(Modifiers::COMMAND, Key::S);
    window.run_steps(3);
    window.key_press_modifiers(Modifiers::COMMAND, Key::A);
    window.run_steps(2);
    window.get_by_role_and_label(Role::TextInput, "File").type_text(&path.to_string_lossy());
    window.run_steps(2);
    window.key_press(Key::Enter);
    wait_for(&mut window, "saved.pcapng");
    let saved = std::fs::metadata(&path).expect("the file is there");
    assert!(saved.len() > 100);

    let app = window.state_mut().as_mut().expect("made in the first frame");
    let recorded = app.feed.recorder().path.expect("it is recorded");
    app.feed.finish();
    let log = sockscope::session::Log::open(&recorded).expect("the session opens");
    let state = log.wait_complete(PATIENCE);
    assert!(state.complete && state.damage.is_none(), "{state:?}");
    assert!(state.rows >= 8, "{state:?}");
}

#[test]
fn a_bookmark_and_a_note_are_kept_in_the_session_and_taken_by_it_again() {
    let home = tempfile::tempdir().expect("a temporary folder");
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let mut window = window(&runtime, home.path());
    window.run_steps(3);
    window.get_by_label("Try the echo demo").click();
    wait_for(&mut window, "Accepted 127.0.0.1:");
    let rows = || egui_kittest::kittest::By::new().role(Role::ListItem).label_contains("Accepted 127.0.0.1:");
    window.query_all(rows()).next().expect("it was waited for").click();
    window.run_steps(3);
    let seq = window.state().as_ref().expect("made in the first frame").state.selected_event.expect("it is selected");
    window.key_press_modifiers(Modifiers::COMMAND, Key::M);
    window.run_steps(2);
    window.get_by_role_and_label(Role::Tab, "Notes").click();
    wait_for(&mut window, "Bookmark");
    // When and where it happened is read by a job.
    wait_for(&mut window, "127.0.0.1:");
    window.key_press_modifiers(Modifiers::COMMAND | Modifiers::SHIFT, Key::M);
    window.run_steps(3);
    window.event(egui::Event::Text("here it began".to_owned()));
    window.run_steps(2);
    window.key_press_modifiers(Modifiers::COMMAND, Key::Enter);
    wait_for(&mut window, "here it began");

    let app = window.state_mut().as_mut().expect("made in the first frame");
    let recorded = app.feed.recorder().path.expect("it is recorded");
    app.feed.finish();
    let log = sockscope::session::Log::open(&recorded).expect("the session opens");
    assert!(log.wait_complete(PATIENCE).complete);
    let texts: Vec<_> = log.notes().by_seq.values().map(|note| (note.seq, note.text.clone())).collect();
    assert_eq!(texts, [(seq, "here it began".to_owned())]);

    // Opened again in the window, it takes another note.
    let open = Action::Session(sockscope::ui::action::SessionAction::Open(recorded.clone()));
    let (engine, view) = (app.feed.engine(), app.feed.view());
    let seen = Seen { engine: &engine, view: &view, now: app.feed.now() };
    apply(&mut app.state, open, &seen, &mut app.feed);
    let begun = Instant::now();
    while window.state().as_ref().expect("made in the first frame").state.opened_file.is_none() {
        assert!(begun.elapsed() < PATIENCE, "the session was not opened");
        std::thread::sleep(Duration::from_millis(5));
        window.step();
    }
    wait_for(&mut window, "here it began");
    let app = window.state_mut().as_mut().expect("made in the first frame");
    let note = sockscope::ui::action::NoteAction::Write { seq: 1, text: "later".into() };
    let (engine, view) = (app.feed.engine(), app.feed.view());
    let seen = Seen { engine: &engine, view: &view, now: app.feed.now() };
    apply(&mut app.state, Action::Note(note), &seen, &mut app.feed);
    wait_for(&mut window, "later");
    let log = sockscope::session::Log::open(&recorded).expect("the session opens");
    assert!(log.wait_complete(PATIENCE).complete);
    assert_eq!(log.notes().by_seq.len(), 2);
}

#[test]
fn the_table_of_connections_follows_the_live_session_and_an_opened_file() {
    use sockscope::ui::action::SessionAction;
    let home = tempfile::tempdir().expect("a temporary folder");
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let mut window = window(&runtime, home.path());
    window.run_steps(3);
    window.get_by_label("Try the echo demo").click();
    wait_for(&mut window, "Accepted 127.0.0.1:");
    window.get_by_role_and_label(Role::Tab, "Connections").click();
    wait_for(&mut window, "2 connections · 2 live");
    let row = |text: &'static str| egui_kittest::kittest::By::new().role(Role::ListItem).label_contains(text);
    window.query_all(row(", open")).next().expect("both are open").click();
    window.run_steps(2);
    window.get_by_role_and_label(Role::Button, "Close").click();
    wait_for(&mut window, "2 connections · 0 live");
    wait_for(&mut window, "closed by us");
    window.get_by_role_and_label(Role::Button, "Copy as CSV").click();
    wait_for(&mut window, "Copied 2 connections as CSV");

    let app = window.state_mut().as_mut().expect("made in the first frame");
    let recorded = app.feed.recorder().path.expect("it is recorded");
    let copy = home.path().join("copy.pcapng");
    std::fs::copy(&recorded, &copy).expect("the file can be copied");
    let (engine, view) = (app.feed.engine(), app.feed.view());
    let seen = Seen { engine: &engine, view: &view, now: app.feed.now() };
    apply(&mut app.state, Action::Session(SessionAction::Open(copy)), &seen, &mut app.feed);
    wait_for(&mut window, "IN THIS FILE");
    wait_for(&mut window, "closed by us, 0 B");
    // The table is that of the file now: nothing in it lives.
    wait_for(&mut window, "2 connections · in 0 B");
    window.get_by_role_and_label(Role::Button, "Leave this file").click();
    wait_for(&mut window, "2 connections · 0 live");
    window.state_mut().as_mut().expect("made in the first frame").feed.finish();
}
