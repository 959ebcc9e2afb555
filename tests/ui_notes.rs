//! Notes and bookmarks in the window, driven by label and role: keys, the row's menu, the editor, the notes tab, going to
//! an event, and saving the rows that are marked.
#![cfg(feature = "window")]

mod window_support;

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use egui::{Key, Modifiers, Role};
use egui_kittest::kittest::{By, NodeT, Queryable};
use sockscope::filter::Filter;
use sockscope::model::{
    ConnectionId, Doing, EndpointId, Event, EventKind, Failure, Flow, Note, Reason, Recorded, Timestamp, Transport,
    What,
};
use sockscope::session::{Notes, Query, ViewSnapshot};
use sockscope::ui::action::{Form, Tab};
use sockscope::ui::app::App;
use sockscope::ui::effects::{Done, Job, NoteChange};
use sockscope::ui::stage::{Order, Stage};
use sockscope::ui::state::{EventFacts, State};
use sockscope::words::Language;

type Window = window_support::Window<Stage>;

const TIME: u64 = 1_763_833_202_118_204_000;

fn window_of(state: State, stage: Stage, size: egui::Vec2) -> Window {
    let mut window = window_support::open(state, stage, size);
    window.run();
    window
}

fn window(state: State, stage: Stage) -> Window {
    window_of(state, stage, egui::vec2(1440.0, 900.0))
}

fn app(window: &mut Window) -> &mut App<Stage> {
    window.state_mut().as_mut().expect("made in the first frame")
}

fn orders(window: &mut Window) -> Vec<Order> {
    app(window).feed.take_orders()
}

fn flow() -> Arc<Flow> {
    let at = |port: u16| Some(SocketAddr::from(([127, 0, 0, 1], port)));
    Arc::new(Flow {
        endpoint: EndpointId(1),
        endpoint_uri: "tcp://127.0.0.1:9000".into(),
        connection: ConnectionId(7),
        transport: Transport::Tcp,
        role: sockscope::model::Role::Listener,
        local: at(9000),
        peer: at(51022),
        mirror: false,
    })
}

fn row(seq: u64) -> Option<Arc<Recorded>> {
    let time = Timestamp(TIME + seq * 1_500_000);
    let what = What::Received(Bytes::from(format!("payload {seq}")));
    Some(Arc::new(Recorded { seq, event: Event { time, flow: flow(), what }, damaged: false }))
}

fn some_rows() -> Stage {
    let rows = (1..=4).map(row).collect();
    stage(ViewSnapshot { matched: 4, scanned: 4, total: 4, rows, ..ViewSnapshot::default() })
}

fn stage(view: ViewSnapshot) -> Stage {
    let mut stage = Stage::default();
    stage.view = Arc::new(view);
    stage.now = Timestamp(TIME);
    stage
}

fn notes(texts: &[(u64, &str)]) -> Arc<Notes> {
    let note = |(seq, text): &(u64, &str)| {
        (*seq, Arc::new(Note { seq: *seq, text: (*text).to_owned(), time: Timestamp(TIME) }))
    };
    Arc::new(Notes { by_seq: texts.iter().map(note).collect(), version: texts.len() as u64 })
}

fn select(window: &mut Window, seq: u64) {
    window.get_by_label_contains(&format!("bytes  payload {seq}")).click();
    window.run();
}

fn changes(window: &mut Window) -> Vec<(u64, NoteChange)> {
    let change = |order| match order {
        Order::Start(Job::Annotate { seq, change, .. }) => Some((seq, change)),
        _ => None,
    };
    orders(window).into_iter().filter_map(change).collect()
}

fn landed(window: &mut Window, seq: u64, change: NoteChange, old: Option<Note>, result: Result<(), Failure>) {
    app(window).feed.landed.push(Done::Annotated { seq, change, old: old.map(Arc::new), result });
    window.run();
}

fn note_field<'t>(window: &'t Window) -> egui_kittest::Node<'t> {
    window.get_by_role_and_label(Role::MultilineTextInput, "Note")
}

fn press(window: &mut Window, label: &str) {
    window.get_by_role_and_label(Role::Button, label).click();
    window.run();
}

#[test]
fn a_key_bookmarks_the_selected_row_and_nothing_without_one() {
    let mut window = window(State::default(), some_rows());
    window.key_press_modifiers(Modifiers::COMMAND, Key::M);
    window.run();
    assert!(changes(&mut window).is_empty());
    select(&mut window, 2);
    window.key_press_modifiers(Modifiers::COMMAND, Key::M);
    window.run();
    assert_eq!(changes(&mut window), [(2, NoteChange::Toggle)]);
    landed(&mut window, 2, NoteChange::Toggle, None, Ok(()));
    assert!(app(&mut window).state.toasts.is_empty());
    // One that cannot be written says so.
    let damaged = Failure::new(Doing::WriteFile, "/s/a.pcapng", Reason::Damaged);
    landed(&mut window, 2, NoteChange::Toggle, None, Err(damaged));
    window.get_by_label_contains("nothing is put behind the damage");
}

#[test]
fn a_note_is_written_with_the_keyboard_alone() {
    let mut window = window(State::default(), some_rows());
    select(&mut window, 3);
    window.key_press_modifiers(Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::M);
    window.run();
    window.get_by_label("Note on event 3");
    assert!(note_field(&window).is_focused());
    window.event(egui::Event::Text("why is this".to_owned()));
    window.run();
    window.key_press(Key::Enter);
    window.event(egui::Event::Text("so late".to_owned()));
    window.run();
    window.key_press_modifiers(Modifiers::COMMAND, Key::Enter);
    window.run();
    assert_eq!(changes(&mut window), [(3, NoteChange::Write("why is this\nso late".into()))]);
    // The failure stands where it was typed, and nothing that was typed is lost.
    let full = Failure::new(Doing::WriteFile, "/s/a.pcapng", Reason::DiskFull);
    landed(&mut window, 3, NoteChange::Write(String::new()), None, Err(full));
    window.get_by_label_contains("the disk is full");
    assert_eq!(note_field(&window).value().as_deref(), Some("why is this\nso late"));
    press(&mut window, "Save");
    assert_eq!(changes(&mut window).len(), 1);
    landed(&mut window, 3, NoteChange::Write(String::new()), None, Ok(()));
    assert!(window.query_by_label("Note on event 3").is_none());
    assert_eq!(app(&mut window).state.form, Form::None);
}

#[test]
fn a_bookmark_that_lands_late_does_not_close_the_editor() {
    let mut window = window(State::default(), some_rows());
    select(&mut window, 2);
    window.key_press_modifiers(Modifiers::COMMAND, Key::M);
    window.key_press_modifiers(Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::M);
    window.run();
    window.event(egui::Event::Text("half a".to_owned()));
    landed(&mut window, 2, NoteChange::Toggle, None, Ok(()));
    assert_eq!(note_field(&window).value().as_deref(), Some("half a"));
}

#[test]
fn escape_leaves_a_note_as_it_was_and_an_empty_one_is_a_bookmark() {
    let mut stage = some_rows();
    stage.notes = notes(&[(2, "old words")]);
    let mut window = window(State::default(), stage);
    let open = |window: &mut Window, seq: u64| {
        window.get_by_label_contains(&format!("bytes  payload {seq}")).click_secondary();
        window.run();
        press(window, "Note…");
    };
    open(&mut window, 2);
    assert_eq!(note_field(&window).value().as_deref(), Some("old words"));
    window.event(egui::Event::Text("more".to_owned()));
    window.run();
    // A click beside it does not throw away what was typed.
    window.hover_at(egui::pos2(4.0, 4.0));
    window.drag_at(egui::pos2(4.0, 4.0));
    window.drop_at(egui::pos2(4.0, 4.0));
    window.run();
    window.get_by_label("Note on event 2");
    window.key_press(Key::Escape);
    window.run();
    assert!(window.query_by_label("Note on event 2").is_none() && changes(&mut window).is_empty());
    open(&mut window, 2);
    assert_eq!(note_field(&window).value().as_deref(), Some("old words"), "begun anew");
    press(&mut window, "Remove the note");
    assert_eq!(changes(&mut window), [(2, NoteChange::Remove)]);
    window.key_press(Key::Escape);
    window.run();
    open(&mut window, 4);
    window.event(egui::Event::Text("  \n ".to_owned()));
    press(&mut window, "Save");
    assert_eq!(changes(&mut window), [(4, NoteChange::Write(String::new()))]);
}

#[test]
fn a_note_that_is_too_long_is_not_saved() {
    let mut window = window(State::default(), some_rows());
    select(&mut window, 1);
    window.key_press_modifiers(Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::M);
    window.run();
    window.event(egui::Event::Text("x ".repeat(40_000)));
    window.run();
    window.get_by_label_contains("A note takes at most");
    window.key_press_modifiers(Modifiers::COMMAND, Key::Enter);
    window.run();
    assert!(changes(&mut window).is_empty());
}

/// The notes tab over these notes.
fn tab(notes: Arc<Notes>, size: egui::Vec2) -> Window {
    let mut stage = some_rows();
    stage.notes = notes;
    let mut state = State::default();
    state.tab = Tab::Notes;
    window_of(state, stage, size)
}

fn wanted(window: &mut Window) -> Vec<u64> {
    let of = |order| match order {
        Order::Start(Job::ReadFacts { seqs, .. }) => Some(seqs),
        _ => None,
    };
    orders(window).into_iter().filter_map(of).flatten().collect()
}

fn facts(window: &mut Window, asked: &[u64]) {
    let fact = |seq: &u64| {
        (*seq, EventFacts { time: Timestamp(TIME + seq * 1_500_000), kind: EventKind::Received, flow: flow() })
    };
    let found = asked.iter().filter(|seq| **seq <= 4).map(fact).collect();
    app(window).feed.landed.push(Done::Facts { opened: None, asked: asked.to_vec(), found, rows: 4 });
    window.run();
}

#[test]
fn the_tab_lists_notes_and_a_click_shows_the_event() {
    let texts = notes(&[(2, "first line\nsecond line"), (3, ""), (9, "of an event that is not here")]);
    let mut window = tab(texts, egui::vec2(1440.0, 900.0));
    assert_eq!(wanted(&mut window), [2, 3, 9]);
    facts(&mut window, &[2, 3, 9]);
    window.run();
    assert!(wanted(&mut window).is_empty(), "read once");
    window.get_by_label("3 notes");
    window.get_by_role_and_label(Role::ListItem, "#3  17:40:02.122 704  127.0.0.1:51022  Bookmark");
    window.get_by_role_and_label(Role::ListItem, "#9  of an event that is not here");
    window.get_by_role_and_label(Role::ListItem, "#2  17:40:02.121 204  127.0.0.1:51022  first line …").click();
    window.run();
    let state = &app(&mut window).state;
    assert_eq!((state.tab, state.selected_event), (Tab::Log, Some(2)));
    assert!(orders(&mut window).iter().any(|order| matches!(order, Order::Select(Some(2), None))));
    window.get_by_label_contains("bytes  payload 2");
}

#[test]
fn notes_are_searched_edited_and_removed_with_undo() {
    let mut window = tab(notes(&[(1, "Broken frame"), (2, ""), (4, "the frame after")]), egui::vec2(1440.0, 900.0));
    window.get_by_role_and_label(Role::TextInput, "Search in notes").click();
    window.run();
    window.event(egui::Event::Text("FRAME".to_owned()));
    window.run();
    window.get_by_label("2 of 3");
    assert_eq!(window.query_all(By::new().role(Role::ListItem).label_contains("#")).count(), 2);
    window.event(egui::Event::Text(" nowhere".to_owned()));
    window.run();
    window.get_by_label("No note has this text");
    window.key_press_modifiers(Modifiers::COMMAND, Key::A);
    window.run();
    window.key_press(Key::Backspace);
    window.run();
    press(&mut window, "Edit the note on event 4");
    assert_eq!(note_field(&window).value().as_deref(), Some("the frame after"));
    window.key_press(Key::Escape);
    window.run();
    press(&mut window, "Remove the note on event 4");
    assert_eq!(changes(&mut window), [(4, NoteChange::Remove)]);
    let old = Note { seq: 4, text: "the frame after".into(), time: Timestamp(TIME) };
    app(&mut window).feed.notes = notes(&[(1, "Broken frame"), (2, "")]);
    landed(&mut window, 4, NoteChange::Remove, Some(old.clone()), Ok(()));
    window.get_by_label_contains("Removed the note on event 4");
    press(&mut window, "Undo");
    assert_eq!(changes(&mut window), [(4, NoteChange::Restore(old))]);
}

#[test]
fn the_list_of_notes_is_walked_by_keyboard() {
    let mut window = tab(notes(&[(1, "one"), (3, "three"), (4, "four")]), egui::vec2(1440.0, 900.0));
    window.get_by_role_and_label(Role::List, "Notes").focus();
    window.run();
    for key in [Key::ArrowDown, Key::ArrowDown] {
        window.key_press(key);
        window.run();
    }
    window.key_press(Key::F2);
    window.run();
    window.get_by_label("Note on event 3");
    window.key_press(Key::Escape);
    window.run();
    window.get_by_role_and_label(Role::List, "Notes").focus();
    window.run();
    window.key_press(Key::Delete);
    window.run();
    assert_eq!(changes(&mut window), [(3, NoteChange::Remove)]);
    window.key_press(Key::Enter);
    window.run();
    assert_eq!(app(&mut window).state.selected_event, Some(3));
    assert_eq!(app(&mut window).state.tab, Tab::Log);
}

#[test]
fn a_hundred_thousand_notes_cost_the_rows_on_screen() {
    let texts: Vec<(u64, &str)> = (1..=100_000).map(|seq| (seq, "note")).collect();
    let mut window = tab(notes(&texts), egui::vec2(800.0, 500.0));
    for _ in 0..60 {
        window.step();
    }
    window.get_by_label("100,000 notes");
    let rows = window.query_all(By::new().role(Role::ListItem).label_contains("#")).count();
    assert!((5..40).contains(&rows), "{rows} rows");
    let asked = wanted(&mut window);
    assert!(asked.len() < 40, "{} facts", asked.len());
    facts(&mut window, &asked);
    window.step();
    let delay = window.output().viewport_output.values().map(|output| output.repaint_delay).min();
    assert!(delay.is_some_and(|delay| delay > std::time::Duration::from_secs(3600)), "{delay:?}");
}

#[test]
fn an_empty_tab_teaches_in_both_languages() {
    let mut window = tab(notes(&[]), egui::vec2(1440.0, 900.0));
    window.get_by_label("No notes yet");
    window.get_by_label_contains("Ctrl Shift M");
    app(&mut window).state.language = Language::Chinese;
    window.run();
    window.get_by_label("还没有备注");
}

#[test]
fn hostile_notes_are_shown_and_never_obeyed() {
    let hostile = std::fs::read_to_string("tests/fixtures/hostile.txt").expect("the fixture is there");
    let texts: Vec<(u64, &str)> = hostile.lines().enumerate().map(|(n, line)| (n as u64 + 1, line)).collect();
    let mut window = tab(notes(&texts), egui::vec2(1440.0, 900.0));
    for _ in 0..(texts.len() / 10) {
        let labels: Vec<_> =
            window.root().children_recursive().filter_map(|node| node.accesskit_node().label()).collect();
        for label in labels {
            assert_eq!(sockscope::payload::visible_text(&label, usize::MAX), label);
        }
        window.get_by_role_and_label(Role::List, "Notes").focus();
        window.key_press(Key::PageDown);
        window.run();
    }
    let long = "x".repeat(5_000_000);
    app(&mut window).feed.notes = Arc::new(Notes { version: 999, ..(*notes(&[(1, &long)])).clone() });
    window.run();
    let row = window.get(By::new().role(Role::ListItem).label_contains("#1"));
    assert!(row.accesskit_node().label().is_some_and(|label| label.len() < 4096));
}

/// The log stands at the end of ten million rows; the event is far above and not in the cache.
#[test]
fn an_event_that_is_not_in_the_cache_is_gone_to() {
    let view = ViewSnapshot { matched: 10_000_000, scanned: 10_000_000, total: 10_000_000, ..ViewSnapshot::default() };
    let mut stage = stage(ViewSnapshot { first: 4_999_999, rows: vec![row(5_000_000)], ..view });
    stage.notes = notes(&[(5_000_000, "here")]);
    let mut state = State::default();
    state.tab = Tab::Notes;
    let mut window = window(state, stage);
    window.get_by_role_and_label(Role::ListItem, "#5000000  here").click();
    window.run();
    let orders = std::mem::take(&mut app(&mut window).feed.orders);
    let wanted = orders.into_iter().rev().find_map(|order| match order {
        Order::Want(first, count) => Some(first..first + count as u64),
        _ => None,
    });
    assert!(wanted.is_some_and(|range| range.contains(&4_999_999)));
    window.get_by_label_contains("bytes  payload 5000000");
}

#[test]
fn what_hides_the_event_is_cleared() {
    let query = Query { filter: Filter::parse("nothing").expect("a filter"), ..Query::default() };
    let view = ViewSnapshot { query: query.clone(), scanned: 4, total: 4, ..ViewSnapshot::default() };
    let mut stage = stage(view);
    stage.notes = notes(&[(2, "hidden")]);
    let mut state = State::default();
    (state.query, state.filter_text, state.tab) = (query, "nothing".into(), Tab::Notes);
    let mut window = window(state, stage);
    window.get_by_role_and_label(Role::ListItem, "#2  hidden").click();
    window.run();
    let shown = |order: &Order| matches!(order, Order::Show(query) if query.filter.takes_all());
    assert!(orders(&mut window).iter().any(shown));
    app(&mut window).feed.view = some_rows().view;
    window.run();
    window.get_by_label_contains("bytes  payload 2");
    assert!(!orders(&mut window).iter().any(|order| matches!(order, Order::Show(_))));
}

#[test]
fn saving_offers_all_shown_and_marked_with_their_numbers() {
    let mut window = window(State::default(), some_rows());
    app(&mut window).state.saving.suggested = "/tmp/2026".into();
    let open = |window: &mut Window| {
        window.key_press_modifiers(Modifiers::COMMAND, Key::S);
        window.run();
    };
    let saved = |window: &mut Window| {
        press(window, "Save");
        let query = orders(window).into_iter().find_map(|order| match order {
            Order::Start(Job::SaveLog { query, .. }) => Some(query),
            _ => None,
        });
        app(window).state.saving.running = None;
        query.expect("it is saved")
    };
    open(&mut window);
    assert!(window.query_by_label_contains("Marked rows").is_none(), "nothing is marked");
    window.get_by_label("All events (4)");
    assert_eq!(saved(&mut window), Query { before_row: Some(4), ..Query::default() });
    press(&mut window, "What the filter shows (4)");
    assert_eq!(saved(&mut window), Query::default());
    window.key_press(Key::Escape);
    window.run();
    app(&mut window).state.marked = vec![1..=2, 4..=4];
    open(&mut window);
    window.get_by_label("Marked rows (3)");
    let query = saved(&mut window);
    assert_eq!(query.only.as_deref(), Some(&[1..=2, 4..=4][..]), "whoever marked rows means those");
    app(&mut window).state.marked.clear();
    window.run();
    assert!(window.query_by_label_contains("Marked rows").is_none());
    assert_eq!(saved(&mut window).only, None);
}

#[test]
fn saving_shows_its_percentage() {
    use sockscope::session::export::Progress;
    use sockscope::ui::state::SaveRunning;
    let progress = Arc::new(Progress::default());
    progress.done.store(250, std::sync::atomic::Ordering::Relaxed);
    progress.total.store(1000, std::sync::atomic::Ordering::Relaxed);
    let mut state = State::default();
    state.form = Form::SaveLog;
    state.saving.running = Some(SaveRunning { path: "/tmp/a".into(), progress: progress.clone() });
    let mut window = window(state, some_rows());
    window.step();
    window.get_by_label_contains("25 % · 250 of 1,000 events");
    window.get_by_role_and_label(Role::Button, "Stop saving").click();
    window.step();
    window.step();
    assert!(progress.cancel.load(std::sync::atomic::Ordering::Relaxed));
}
