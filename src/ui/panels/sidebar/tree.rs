//! The saved payloads as rows: folders before what lies in them, or what a search finds.
//!
//! Owns: which folders are closed, the search as typed, and the rows made of them; they are made anew only when something
//! changed. Called by: the sidebar.

use std::collections::{BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use crate::model::SavedPayload;
use crate::ui::widgets::FieldText;

/// With so many there is a field to search them.
const SEARCHED_FROM: usize = 9;
/// Deeper folders stand at this depth.
const DEEPEST: usize = 6;

#[derive(Clone, Debug, PartialEq)]
pub enum Entry {
    Search,
    /// Its path, how deep it lies, how many payloads lie in it and below, whether it is open.
    Folder {
        path: String,
        depth: usize,
        count: usize,
        open: bool,
    },
    /// The place among all payloads.
    Payload {
        place: usize,
        depth: usize,
    },
    NothingFound,
}

#[derive(Default)]
pub struct Tree {
    closed: BTreeSet<String>,
    pub search: FieldText,
    made: Option<(u64, Arc<[Entry]>)>,
}

impl Tree {
    pub fn rows(&mut self, payloads: &[SavedPayload]) -> Arc<[Entry]> {
        let of = self.fingerprint(payloads);
        if let Some((made_of, rows)) = &self.made
            && *made_of == of
        {
            return rows.clone();
        }
        let rows: Arc<[Entry]> = self.make(payloads).into();
        self.made = Some((of, rows.clone()));
        rows
    }

    pub fn toggle(&mut self, path: &str) {
        if !self.closed.remove(path) {
            self.closed.insert(path.to_owned());
        }
    }

    fn fingerprint(&self, payloads: &[SavedPayload]) -> u64 {
        let mut hasher = DefaultHasher::new();
        let searching = !self.search.text.is_empty();
        (payloads.len(), &self.search.text, &self.closed).hash(&mut hasher);
        for payload in payloads {
            payload.folder.hash(&mut hasher);
            if searching {
                (&payload.name, &payload.remark).hash(&mut hasher);
            }
        }
        hasher.finish()
    }

    fn make(&self, payloads: &[SavedPayload]) -> Vec<Entry> {
        let mut rows = Vec::with_capacity(payloads.len() + 1);
        let has_search = payloads.len() >= SEARCHED_FROM;
        if has_search {
            rows.push(Entry::Search);
        }
        let wanted = self.search.text.trim().to_lowercase();
        if has_search && !wanted.is_empty() {
            let fits = |text: &str| text.to_lowercase().contains(&wanted);
            let found = payloads
                .iter()
                .enumerate()
                .filter(|(_, payload)| fits(&payload.name) || fits(&payload.remark) || fits(&payload.folder));
            rows.extend(found.map(|(place, _)| Entry::Payload { place, depth: 0 }));
            if rows.len() == 1 {
                rows.push(Entry::NothingFound);
            }
            return rows;
        }
        let mut folders = Folders::default();
        for (place, payload) in payloads.iter().enumerate() {
            folders.add(place, &payload.folder);
        }
        self.list(&folders, "", 0, &mut rows);
        rows
    }

    fn list(&self, folders: &Folders, path: &str, depth: usize, rows: &mut Vec<Entry>) {
        // No file makes the stack grow: levels are cut where they are added.
        for inner in folders.inner.get(path).into_iter().flatten() {
            let open = !self.closed.contains(inner);
            let count = folders.counts.get(inner).copied().unwrap_or_default();
            rows.push(Entry::Folder { path: inner.clone(), depth, count, open });
            if open {
                self.list(folders, inner, depth + 1, rows);
            }
        }
        let places = folders.places.get(path).into_iter().flatten();
        rows.extend(places.map(|place| Entry::Payload { place: *place, depth }));
    }
}

#[derive(Default)]
struct Folders {
    /// Folders in each, in the order in which they are met.
    inner: HashMap<String, Vec<String>>,
    places: HashMap<String, Vec<usize>>,
    counts: HashMap<String, usize>,
}

impl Folders {
    fn add(&mut self, place: usize, folder: &str) {
        let mut path = String::new();
        // What lies deeper is listed by its last level.
        for level in folder.splitn(DEEPEST, '/').filter(|level| !level.trim().is_empty()) {
            let outer = path.clone();
            if !path.is_empty() {
                path.push('/');
            }
            path.push_str(level);
            let count = self.counts.entry(path.clone()).or_default();
            if *count == 0 {
                self.inner.entry(outer).or_default().push(path.clone());
            }
            *count += 1;
        }
        self.places.entry(path).or_default().push(place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payloads(folders: &[&str]) -> Vec<SavedPayload> {
        let of = |(place, folder): (usize, &&str)| SavedPayload {
            name: format!("p{place}"),
            folder: (*folder).to_owned(),
            ..SavedPayload::default()
        };
        folders.iter().enumerate().map(of).collect()
    }

    fn drawn(rows: &[Entry]) -> Vec<String> {
        let line = |row: &Entry| match row {
            Entry::Search => "search".to_owned(),
            Entry::NothingFound => "nothing".to_owned(),
            Entry::Folder { path, depth, count, open } => {
                format!("{}{path} ({count}){}", "-".repeat(*depth), if *open { "" } else { " closed" })
            }
            Entry::Payload { place, depth } => format!("{}{place}", "-".repeat(*depth)),
        };
        rows.iter().map(line).collect()
    }

    #[test]
    fn folders_stand_before_what_lies_beside_them() {
        let mut tree = Tree::default();
        let list = payloads(&["", "b/x", "a", "b", "/", "b/x"]);
        assert_eq!(drawn(&tree.rows(&list)), ["b (3)", "-b/x (2)", "--1", "--5", "-3", "a (1)", "-2", "0", "4"]);
        tree.toggle("b");
        assert_eq!(drawn(&tree.rows(&list)), ["b (3) closed", "a (1)", "-2", "0", "4"]);
        tree.toggle("b");
        let again = tree.rows(&list);
        assert!(Arc::ptr_eq(&again, &tree.rows(&list)), "nothing changed, nothing is made");
    }

    #[test]
    fn a_search_lists_what_fits_wherever_it_lies() {
        let mut tree = Tree::default();
        let list = payloads(&["", "", "", "", "", "", "", "", "Pump"]);
        assert_eq!(drawn(&tree.rows(&list))[0], "search");
        tree.search.text = "pump".into();
        assert_eq!(drawn(&tree.rows(&list)), ["search", "8"]);
        tree.search.text = "P3".into();
        assert_eq!(drawn(&tree.rows(&list)), ["search", "3"]);
        tree.search.text = "zz".into();
        assert_eq!(drawn(&tree.rows(&list)), ["search", "nothing"]);
        assert_eq!(drawn(&tree.rows(&list[..2])), ["0", "1"], "no field, no search");
    }

    #[test]
    fn a_path_of_any_depth_is_listed() {
        let mut tree = Tree::default();
        let rows = tree.rows(&payloads(&["a/".repeat(50_000).as_str()]));
        assert_eq!(rows.len(), DEEPEST + 1);
    }
}
