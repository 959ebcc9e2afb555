//! Find, decorations and what stands beside the selected event.

#![allow(clippy::single_range_in_vec_init, reason = "marks are ranges, often just one")]

mod session_support;

use std::sync::Arc;

use session_support::watched::{Watched, query, received_at, recorder, sent_at};
use session_support::{LIMIT, flow, open, received};
use sockscope::filter::Filter;
use sockscope::model::{HighlightColor, Role, Transport};
use sockscope::session::FindStep::{Next, Previous};
use sockscope::session::{Found, Highlight, Log, Query};

const SECOND: u64 = 1_000_000_000;

fn filter(text: &str) -> Filter {
    Filter::parse(text).unwrap()
}

/// So many datagrams, numbered from 1; those with an odd number go to connection 1, the others to 2.
fn session(count: u64) -> (tempfile::TempDir, Arc<Log>) {
    let (folder, recorder, handle) = recorder();
    let odd = flow(Transport::Udp, Role::Datagram, 1, "127.0.0.1:5005", "127.0.0.1:50001");
    let even = flow(Transport::Udp, Role::Datagram, 2, "127.0.0.1:5005", "127.0.0.1:50002");
    for n in 1..=count {
        let flow = if n % 2 == 1 { &odd } else { &even };
        received_at(&handle, flow, n * SECOND, format!("no {n}."));
    }
    drop(handle);
    recorder.finish(LIMIT);
    let log = open(&folder.path().join("session.pcapng"));
    (folder, log)
}

fn found(seq: u64, place: u64, number: u64) -> Option<Found> {
    Some(Found { seq, place, number, frame: None })
}

#[test]
fn steps_go_forward_back_and_around() {
    let (_folder, log) = session(1000);
    let watched = Watched::new(&log);
    watched.find("\"00.\"");
    let snapshot = watched.until(|snapshot| snapshot.find.scanned == 1000);
    // 100, 200 … 900, 1000.
    assert_eq!((snapshot.find.found, snapshot.find.current, snapshot.find.step), (10, None, 0));
    assert_eq!(snapshot.matched, 1000);
    let step = |step, from| {
        let answer = watched.step(step, from);
        (answer.current, answer.wrapped)
    };
    assert_eq!(step(Next, None), (found(100, 99, 1), false));
    assert_eq!(step(Next, Some(100)), (found(200, 199, 2), false));
    assert_eq!(step(Next, Some(150)), (found(200, 199, 2), false));
    assert_eq!(step(Next, Some(1000)), (found(100, 99, 1), true));
    assert_eq!(step(Previous, None), (found(1000, 999, 10), false));
    assert_eq!(step(Previous, Some(1000)), (found(900, 899, 9), false));
    assert_eq!(step(Previous, Some(901)), (found(900, 899, 9), false));
    assert_eq!(step(Previous, Some(100)), (found(1000, 999, 10), true));
    assert_eq!(step(Previous, Some(u64::MAX)), (found(1000, 999, 10), false));
    assert_eq!(step(Next, Some(u64::MAX)), (found(100, 99, 1), true));

    // Among the rows that a filter shows places are others, and the answer goes along.
    watched.view.set_query(query("conn:2"));
    let snapshot = watched.until(|snapshot| snapshot.matched == 500 && snapshot.find.scanned == 1000);
    assert_eq!((snapshot.find.found, snapshot.find.current), (10, found(100, 49, 1)));
    watched.view.set_query(query("conn:1"));
    let snapshot = watched.until(|snapshot| {
        snapshot.query.filter.text() == "conn:1" && snapshot.find.scanned == 1000 && snapshot.scanned == 1000
    });
    assert_eq!((snapshot.find.found, snapshot.find.current), (0, None));
    assert_eq!(step(Next, Some(5)), (None, false));
    assert_eq!(step(Previous, None), (None, false));

    // The bar is closed.
    watched.view.find(None);
    let snapshot = watched.until(|snapshot| snapshot.find.filter.takes_all());
    assert_eq!((snapshot.find.found, snapshot.find.current, snapshot.find.bar.len()), (0, None, 0));
}

#[test]
fn a_step_asked_for_with_the_search_is_answered() {
    let (_folder, log) = session(50_000);
    for step in [Next, Previous] {
        let watched = Watched::new(&log);
        watched.find("\"no 777.\"");
        let answer = watched.step(step, None);
        assert_eq!((answer.current, answer.wrapped), (found(777, 776, 1), false));
        // Another search: what the step found for the last one is no answer any more.
        watched.find("\"no 778.\"");
        let snapshot = watched.until(|snapshot| snapshot.find.filter.text() == "\"no 778.\"");
        assert_eq!(snapshot.find.current, None);
        let answer = watched.step(step, Some(778));
        assert_eq!((answer.current, answer.wrapped), (found(778, 777, 1), true));
    }
}

#[test]
fn the_search_follows_the_growing_session() {
    let (_folder, recorder, handle) = recorder();
    let log = recorder.log().unwrap();
    let watched = Watched::new(&log);
    let udp = flow(Transport::Udp, Role::Datagram, 1, "127.0.0.1:5005", "127.0.0.1:50001");
    watched.find("ping");
    assert_eq!(watched.step(Next, None).current, None);
    for n in 1..=100u32 {
        received(&handle, &udp, if n % 10 == 0 { "PING" } else { "pong" });
    }
    let snapshot = watched.until(|snapshot| snapshot.find.scanned == 100);
    assert_eq!((snapshot.find.found, snapshot.find.current), (10, None));
    assert_eq!(watched.step(Previous, None).current, found(100, 99, 10));
    received(&handle, &udp, "ping");
    watched.until(|snapshot| snapshot.find.found == 11);
    assert_eq!(watched.step(Next, Some(100)).current, found(101, 100, 11));
    drop(handle);
    recorder.finish(LIMIT);
}

#[test]
fn the_bar_tells_where_matches_stand() {
    let (_folder, log) = session(4000);
    let watched = Watched::new(&log);
    let bar_of = |text: &str| {
        watched.find(text);
        let bar = watched.until(|s| s.find.filter.text() == text && s.find.scanned == 4000).find.bar.clone();
        (0..bar.len()).filter(|part| bar[*part]).map(|part| (part, bar.len())).collect::<Vec<_>>()
    };
    assert_eq!(bar_of("\"no 1.\""), [(0, 400)]);
    assert_eq!(bar_of("\"no 4000.\""), [(399, 400)]);
    assert_eq!(bar_of("\"no 2001.\" or \"no 2010.\" or \"no 11.\""), [(1, 400), (200, 400)]);
    assert!(bar_of("nothing").is_empty());
    // Of four rows each is a quarter of the bar.
    watched.view.set_query(query("/no [1-4]\\./"));
    watched.until(|snapshot| snapshot.matched == 4 && snapshot.scanned == 4000);
    let quarter = bar_of("\"no 2.\"");
    assert_eq!((quarter.first(), quarter.last(), quarter.len()), (Some(&(100, 400)), Some(&(199, 400)), 100));
}

#[test]
fn rows_are_decorated() {
    let (_folder, log) = session(100);
    let watched = Watched::new(&log);
    watched.view.want(0, 100);
    let rule = |text: &str, color| Highlight { filter: filter(text), color };
    watched.view.highlight(Arc::from([
        rule("\"no 3.\"", HighlightColor::Red),
        rule("conn:1", HighlightColor::Blue),
        rule("gap>1m", HighlightColor::Green),
    ]));
    watched.view.set_query(query("\"NO\" -\"no 1.\""));
    watched.find("3 or /no 2\\d/");
    let snapshot = watched.until(|s| s.rows.len() == 99 && s.find.scanned == 100);
    assert_eq!(snapshot.decorations.len(), 99);
    let of = |seq: usize| &snapshot.decorations[seq - 2];
    assert_eq!([2, 3, 5].map(|seq| of(seq).highlight), [None, Some(HighlightColor::Red), Some(HighlightColor::Blue)]);
    assert_eq!(*of(2).filtered, [0..2]);
    assert_eq!([2, 3, 23, 33].map(|seq| of(seq).found.to_vec()), [vec![], vec![3..4], vec![0..5], vec![3..4, 4..5]]);
    // The row before on the same connection need not be shown.
    assert_eq!([2, 3, 4].map(|seq| of(seq).gap), [None, Some(2 * SECOND), Some(2 * SECOND)]);
    assert_eq!(of(3).note, None);

    // Without rules and search nothing of them stays.
    watched.view.highlight(Arc::from([]));
    watched.view.find(None);
    watched.view.set_query(Query::default());
    let snapshot = watched.until(|snapshot| snapshot.rows.len() == 100);
    let bare = |at: usize| &snapshot.decorations[at];
    assert!(
        (0..100).all(|at| bare(at).highlight.is_none() && bare(at).found.is_empty() && bare(at).filtered.is_empty())
    );
}

#[test]
fn marks_are_bounded_in_rows_and_many_in_the_selected_event() {
    let (folder, recorder, handle) = recorder();
    let udp = flow(Transport::Udp, Role::Datagram, 1, "127.0.0.1:5005", "127.0.0.1:50001");
    received(&handle, &udp, "ab".repeat(30_000));
    drop(handle);
    recorder.finish(LIMIT);
    let watched = Watched::new(&open(&folder.path().join("session.pcapng")));
    watched.view.want(0, 10);
    watched.view.select(Some(1), None);
    watched.find("ab");
    let snapshot = watched.until(|snapshot| snapshot.find.scanned == 1 && snapshot.selected.is_some());
    assert_eq!(snapshot.decorations[0].found.len(), 64);
    assert_eq!(snapshot.selected_decoration.found.len(), 10_000);
    assert_eq!(snapshot.selected_decoration.found.last(), Some(&(19_998..20_000)));
}

#[test]
fn the_selected_event_and_those_beside_it() {
    let (folder, recorder, handle) = recorder();
    let one = flow(Transport::Udp, Role::Datagram, 1, "127.0.0.1:5005", "127.0.0.1:50001");
    let two = flow(Transport::Udp, Role::Datagram, 2, "127.0.0.1:5005", "127.0.0.1:50002");
    received_at(&handle, &one, 1, "abcd");
    received_at(&handle, &two, 2, "abcx");
    sent_at(&handle, &one, 3, "abce");
    received_at(&handle, &one, 4, "abcde");
    received_at(&handle, &one, 5, "abcf");
    drop(handle);
    recorder.finish(LIMIT);
    let watched = Watched::new(&open(&folder.path().join("session.pcapng")));
    watched.view.set_query(query("abce or abcf"));
    watched.view.select(Some(5), Some(2));
    let seq = |event: &Option<Arc<sockscope::model::Recorded>>| event.as_ref().map(|event| event.seq);
    let snapshot = watched.until(|snapshot| snapshot.selected.is_some());
    assert_eq!((seq(&snapshot.selected), seq(&snapshot.compared)), (Some(5), Some(2)));
    assert_eq!(seq(&snapshot.before_selected), Some(1));
    assert_eq!(*snapshot.selected_decoration.filtered, [0..4]);
    assert_eq!(snapshot.selected_decoration.gap, Some(1));
    watched.view.select(Some(1), None);
    let snapshot = watched.until(|snapshot| seq(&snapshot.selected) == Some(1));
    assert_eq!((seq(&snapshot.before_selected), seq(&snapshot.compared)), (None, None));
    // It is not shown, and does not fit the filter.
    assert!(snapshot.selected_decoration.filtered.is_empty());
    watched.view.select(Some(77), Some(78));
    watched.until(|snapshot| snapshot.selected.is_none() && snapshot.compared.is_none());
}
