//! The filter line: taking over, history, filters with names.

use super::*;

#[test]
fn enter_keeps_a_filter_in_the_history() {
    let mut window = window(stage(view_of(1..10)));
    for text in ["one", "two"] {
        window.key_press_modifiers(Modifiers::COMMAND | Modifiers::SHIFT, Key::F);
        window.run();
        window.key_press_modifiers(Modifiers::COMMAND, Key::A);
        field(&window, "Filter").type_text(text);
        window.run();
        window.key_press(Key::Enter);
        window.run();
    }
    assert_eq!(state(&mut window).filter_history, ["two", "one"]);
    assert!(state(&mut window).unsaved.preferences.is_some());
    window.get_by_role_and_label(Role::Button, "Saved and recent filters").click();
    window.run();
    window.get_by_role_and_label(Role::Button, "one").click();
    window.run();
    assert_eq!(field(&window, "Filter").value().as_deref(), Some("one"));
    assert_eq!(state(&mut window).filter_history, ["one", "two"]);
    assert!(
        orders(&mut window).iter().any(|order| matches!(order, Order::Show(query) if query.filter.text() == "one"))
    );
}

#[test]
fn a_filter_is_saved_under_a_name_used_and_deleted() {
    let mut window = window(stage(view_of(1..10)));
    field(&window, "Filter").click();
    window.run();
    field(&window, "Filter").type_text("event");
    settle(&mut window);
    window.get_by_role_and_label(Role::Button, "Saved and recent filters").click();
    window.run();
    field(&window, "Save this filter as").click();
    window.run();
    field(&window, "Save this filter as").type_text("mine");
    window.run();
    window.get_by_role_and_label(Role::Button, "Save").click();
    window.run();
    let saved = &state(&mut window).saved_filters;
    assert_eq!((saved[0].name.as_str(), saved[0].filter.as_str()), ("mine", "event"));
    window.get_by_role_and_label(Role::Button, "Clear").click();
    window.run();
    assert_eq!(state(&mut window).filter_text, "");
    if !sees(&window, "Saved filters") {
        window.get_by_role_and_label(Role::Button, "Saved and recent filters").click();
        window.run();
    }
    window.get_by_role_and_label(Role::Button, "mine").click();
    window.run();
    assert_eq!(state(&mut window).filter_text, "event");
    window.get_by_role_and_label(Role::Button, "Saved and recent filters").click();
    window.run();
    window.get_by_role_and_label(Role::Button, "Delete the filter mine").click();
    window.run();
    assert!(state(&mut window).saved_filters.is_empty());
}

fn type_filter(window: &mut Window, text: &str) {
    window.key_press_modifiers(Modifiers::COMMAND | Modifiers::SHIFT, Key::F);
    window.run();
    field(window, "Filter").type_text(text);
    window.run_steps(3);
}

fn text(window: &Window) -> String {
    field(window, "Filter").value().unwrap_or_default()
}

fn offered(window: &Window) -> Vec<String> {
    let options = window.query_all_by_role(Role::ListBoxOption);
    options.filter_map(|node| node.accesskit_node().label()).collect()
}

fn shown(window: &mut Window) -> Option<String> {
    orders(window).into_iter().rev().find_map(|order| match order {
        Order::Show(query) => Some(query.filter.text().to_owned()),
        _ => None,
    })
}

#[test]
fn completions_are_chosen_with_the_keyboard() {
    let mut window = window(stage(view_of(1..10)));
    type_filter(&mut window, "ki");
    assert_eq!(offered(&window), ["kind:"]);
    window.key_press(Key::Tab);
    window.run_steps(3);
    assert_eq!(text(&window), "kind:");
    assert!(offered(&window).contains(&"reset".to_owned()), "and then its values");
    field(&window, "Filter").type_text("rese");
    window.run_steps(3);
    window.key_press(Key::ArrowDown);
    window.run_steps(2);
    window.key_press(Key::Enter);
    window.run_steps(3);
    assert_eq!(text(&window), "kind:reset");
    assert!(field(&window, "Filter").is_focused(), "one may type on");
    field(&window, "Filter").type_text(" size");
    settle(&mut window);
    window.key_press(Key::Escape);
    window.run_steps(3);
    assert!(offered(&window).is_empty());
    assert_eq!(text(&window), "kind:reset size", "Esc closed the list only");
    assert!(field(&window, "Filter").is_focused());
}

#[test]
fn enter_belongs_to_the_line_while_nothing_is_chosen() {
    let mut window = window(stage(view_of(1..10)));
    type_filter(&mut window, "pi");
    settle(&mut window);
    type_filter(&mut window, "n");
    window.key_press(Key::Enter);
    window.run();
    assert_eq!(text(&window), "pin");
    assert_eq!(state(&mut window).filter_history, ["pin"]);
    assert!(offered(&window).is_empty());
}

#[test]
fn a_completion_is_taken_with_the_mouse() {
    let mut window = window(stage(view_of(1..10)));
    type_filter(&mut window, "di");
    let label = "dir:";
    window.get_by_role_and_label(Role::ListBoxOption, label).click();
    window.run_steps(4);
    assert_eq!(text(&window), "dir:");
    assert!(field(&window, "Filter").is_focused());
    assert_eq!(offered(&window), ["in", "out"]);
}

#[test]
fn arrow_down_shows_what_there_is() {
    let mut window = window(stage(view_of(1..10)));
    type_filter(&mut window, "x ");
    assert!(offered(&window).is_empty(), "nothing is forced on who writes words");
    window.key_press(Key::ArrowDown);
    window.run_steps(3);
    assert!(offered(&window).contains(&"size>".to_owned()));
}

#[test]
fn a_mistake_is_told_and_the_last_good_filter_stays() {
    let mut window = window(stage(view_of(1..10)));
    type_filter(&mut window, "event");
    settle(&mut window);
    assert_eq!(shown(&mut window).as_deref(), Some("event"));
    field(&window, "Filter").type_text(" dir:up");
    settle(&mut window);
    assert_eq!(shown(&mut window), None);
    let mistake = state(&mut window).filter_mistake.clone().unwrap();
    assert_eq!(mistake.at, 10..12);
    window.get_by_label("Still filtering by event");
    window.get_by_role_and_label(Role::List, "Events").click();
    window.run();
    window.get_by_label_contains("· Still filtering by event");
    window.get_by_role_and_label(Role::TextInput, "Filter");
    window.key_press_modifiers(Modifiers::COMMAND | Modifiers::SHIFT, Key::F);
    window.run();
    window.key_press(Key::Backspace);
    window.key_press(Key::Backspace);
    field(&window, "Filter").type_text("in");
    settle(&mut window);
    assert_eq!(shown(&mut window).as_deref(), Some("event dir:in"));
    assert!(!sees(&window, "Still filtering"));
}

#[test]
fn rows_like_one_are_left_out_by_a_filter_that_stays_visible() {
    let mut window = window(stage(view_of(1..10)));
    event(&window, 4).click_secondary();
    window.run();
    window.get_by_label("Exclude ones like this").click();
    window.run();
    assert_eq!(text(&window), r"not (dir:in /^event [0-9]+\.$/)");
    assert_eq!(shown(&mut window), Some(text(&window)));
    let written = text(&window);
    assert_eq!(state(&mut window).filter_history, [written]);
    event(&window, 5).click_secondary();
    window.run();
    window.get_by_label("Only ones like this").click();
    window.run();
    assert!(text(&window).ends_with(r" and dir:in /^event [0-9]+\.$/"), "{}", text(&window));
}

#[test]
fn rows_like_one_are_highlighted() {
    use sockscope::ui::action::Form;
    let mut window = window(stage(view_of(1..10)));
    event(&window, 4).click_secondary();
    window.run();
    window.get_by_label("Highlight rows like this…").click();
    window.run();
    assert_eq!(state(&mut window).form, Form::Highlights);
    assert_eq!(field(&window, "Rows that fit 1").value().as_deref(), Some(r"dir:in /^event [0-9]+\.$/"));
}

#[test]
fn a_filter_around_the_selected_row_is_told_its_time() {
    let mut window = window(stage(view_of(1..10)));
    let time = |window: &mut Window| {
        orders(window).into_iter().rev().find_map(|order| match order {
            Order::Show(query) => Some(query.selected_time),
            _ => None,
        })
    };
    event(&window, 4).click();
    window.run();
    assert_eq!(time(&mut window), None, "only a filter that asks for it is told");
    type_filter(&mut window, "not (x or within:5s)");
    settle(&mut window);
    let of = |seq: u64| Some(Timestamp(1_763_833_202_118_204_000 + seq * 1_500_000));
    assert_eq!(time(&mut window), Some(of(4)));
    event(&window, 6).click();
    window.run();
    assert_eq!(time(&mut window), Some(of(6)));
    window.get_by_role_and_label(Role::Button, "Clear").click();
    window.run();
    assert_eq!(time(&mut window), Some(None));
}

#[test]
fn a_selected_row_that_is_read_late_tells_its_time_then() {
    let mut state = State::default();
    state.selected_event = Some(4_000);
    state.filter_text = "within:5s".into();
    state.query.filter = sockscope::filter::Filter::parse("within:5s").unwrap();
    let mut window = window_of(state, stage(view_of([])), egui::vec2(1440.0, 900.0));
    let mut view = view_of(1..10);
    view.selected = row(4_000, "late");
    app(&mut window).feed.view = Arc::new(view);
    window.run();
    let time = app(&mut window).state.query.selected_time;
    assert_eq!(time, Some(row(4_000, "late").unwrap().event.time));
}

#[test]
fn the_help_shows_every_example_and_takes_one_over() {
    let mut window = window(stage(view_of(1..10)));
    window.get_by_role_and_label(Role::Button, "Saved and recent filters").click();
    window.run();
    window.get_by_label("Filter help").click();
    window.run();
    for row in sockscope::filter::help().iter().flat_map(|group| group.rows) {
        let name = format!("Use {}", row.example);
        assert!(window.query_by_role_and_label(Role::Button, &name).is_some(), "{name}");
    }
    window.get_by_role_and_label(Role::Button, "Use is:error").click();
    window.run();
    assert_eq!(text(&window), "is:error");
    assert!(field(&window, "Filter").is_focused());
}

#[test]
fn an_endless_text_is_cut_where_it_is_told() {
    let mut state = State::default();
    state.filter_history = vec!["a\u{202e}".repeat(100_000)];
    let mut window = window_of(state, stage(view_of(1..10)), egui::vec2(1440.0, 900.0));
    window.get_by_role_and_label(Role::Button, "Saved and recent filters").click();
    window.run();
    let longest = window.query_all_by_role(Role::Button).filter_map(|node| node.accesskit_node().label());
    assert!(longest.map(|label| label.len()).max().unwrap_or(0) <= 4096);
}
