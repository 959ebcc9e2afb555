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
