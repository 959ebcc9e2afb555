//! Holds the walls of the house: reads `src/` and `Cargo.toml` and says what stands where it must not.
//!
//! The rules are those of `docs/architecture.md`. Test modules are exempt from the rules about code: a test may look from
//! anywhere. The checker itself is tested at the end, on small made-up sources.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// Who may use whom. A room with a list in brackets may use only those names of it.
const ROOMS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("payload", &["model"]),
    ("filter", &["model", "payload"]),
    ("words", &["model", "payload", "filter", "rules"]),
    ("framing", &["model"]),
    ("rules", &["model", "payload"]),
    ("decode", &["model", "payload"]),
    ("services", &["model"]),
    ("session", &["model", "payload", "filter", "framing", "words", "kernel{begin_writeback}"]),
    ("kernel", &["model"]),
    ("engine", &["model", "payload", "framing", "rules", "services", "kernel", "session{RecorderHandle,Clock,lane}"]),
    ("workspace", &["model", "payload", "filter", "rules", "services", "words"]),
    (
        "ui",
        &[
            "model",
            "payload",
            "filter",
            "framing",
            "rules",
            "decode",
            "services",
            "words",
            "session",
            "kernel",
            "engine",
            "workspace",
        ],
    ),
    (
        "cli",
        &[
            "model",
            "payload",
            "filter",
            "framing",
            "rules",
            "decode",
            "services",
            "words",
            "session",
            "kernel",
            "engine",
            "workspace",
        ],
    ),
];

/// Crates that live in certain rooms only (`main` and `lib` stand for `src/main.rs` and `src/lib.rs`).
const CRATES: &[(&str, &[&str])] = &[
    ("egui", &["ui"]),
    ("eframe", &["ui"]),
    ("rfd", &["ui"]),
    ("libc", &["kernel"]),
    ("clap", &["cli", "main"]),
    ("clap_complete", &["cli"]),
];

/// Text that stands nowhere in `src/` but in the places named.
const WORDS: &[(&str, &[&str], &str)] = &[
    ("unsafe", &["src/kernel/"], "`unsafe` stands in kernel only"),
    ("Color32::", &["src/ui/theme.rs"], "colours are tokens in ui/theme.rs"),
    ("println!", &[], "println! panics on a closed standard output"),
    ("eprintln!", &[], "eprintln! panics on a closed standard error"),
    ("print!", &[], "print! panics on a closed standard output"),
    ("eprint!", &[], "eprint! panics on a closed standard error"),
    ("dbg!", &[], "dbg! is for the desk"),
    ("todo!", &[], "a stub"),
    ("unimplemented!", &[], "a stub"),
    ("unbounded_channel", &[], "every channel is bounded"),
    ("mpsc::unbounded", &[], "every channel is bounded"),
    ("mpsc::channel()", &[], "every channel is bounded: use sync_channel"),
    (".unwrap()", &[], "what can fail is handled; expect() says why it cannot"),
];

/// Words that name nothing, for file names.
const EMPTY_NAMES: &[&str] = &["manager", "helper", "helpers", "util", "utils", "common", "misc", "data", "info"];
const MOST_LINES: usize = 600;

#[test]
fn the_walls_hold() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    let mut files = Vec::new();
    rust_files(&root.join("src"), &mut files);
    assert!(files.len() > 20, "src/ was not found");
    for path in files {
        let name = path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
        found.extend(faults_of_source(&name, &fs::read_to_string(&path).unwrap()));
    }
    found.extend(faults_of_manifest(&fs::read_to_string(root.join("Cargo.toml")).unwrap()));
    assert!(found.is_empty(), "the walls do not hold:\n{}", found.join("\n"));
}

#[test]
fn every_room_is_in_the_table() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for entry in fs::read_dir(source).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type().unwrap().is_dir() {
            assert!(ROOMS.iter().any(|(room, _)| *room == name), "the room {name} has no row in tests/walls.rs");
        } else {
            assert!(matches!(name.as_str(), "lib.rs" | "main.rs"), "src/{name} stands outside every room");
        }
    }
}

fn rust_files(folder: &Path, files: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            rust_files(&path, files);
        } else if path.extension().is_some_and(|end| end == "rs") {
            files.push(path);
        }
    }
}

/// What is wrong with one file; `name` is its path from the root of the crate, such as `src/engine/mod.rs`.
fn faults_of_source(name: &str, source: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let parts: Vec<&str> = name.trim_start_matches("src/").trim_end_matches(".rs").split('/').collect();
    let room = parts[0];
    if !source.starts_with("//!") {
        faults.push(format!("{name}: begins without `//!`"));
    }
    for part in parts.iter().flat_map(|part| part.split('_')) {
        if EMPTY_NAMES.contains(&part) {
            faults.push(format!("{name}: `{part}` names nothing"));
        }
    }
    if parts.last().is_some_and(|last| *last == "tests") || parts.contains(&"tests") {
        return faults;
    }
    // No colour is a colour of no theme.
    let code = without_tests(&blank_comments_and_texts(source)).replace("Color32::TRANSPARENT", "");
    let lines = code.trim_end().lines().count();
    if lines > MOST_LINES {
        faults.push(format!("{name}: {lines} lines are more than {MOST_LINES}"));
    }
    for (word, places, why) in WORDS {
        if !places.iter().any(|place| name.starts_with(place)) {
            for line in lines_with(&code, word) {
                faults.push(format!("{name}:{line}: {why}"));
            }
        }
    }
    if matches!(room, "engine" | "ui") {
        for line in lines_with(&code, "thread::sleep") {
            faults.push(format!("{name}:{line}: {room} never sleeps a thread"));
        }
    }
    for (crate_name, rooms) in CRATES {
        if !rooms.contains(&room) {
            for line in lines_with(&code, &format!("{crate_name}::")) {
                faults.push(format!("{name}:{line}: the crate {crate_name} lives in {}", rooms.join(", ")));
            }
        }
    }
    if let Some((_, allowed)) = ROOMS.iter().find(|(known, _)| *known == room) {
        for (line, path) in uses_of_rooms(&code, depth_of(&parts)) {
            if !path.is_empty() && path[0] != room && !is_allowed(allowed, &path) {
                faults.push(format!("{name}:{line}: {room} may not use {}", path.join("::")));
            }
        }
    }
    faults
}

fn is_allowed(allowed: &[&str], path: &[String]) -> bool {
    allowed.iter().any(|entry| match entry.split_once('{') {
        None => *entry == path[0],
        Some((room, names)) => {
            room == path[0]
                && path.get(1).is_some_and(|name| names.trim_end_matches('}').split(',').any(|known| known == name))
        }
    })
}

/// How deep the file's module lies below the crate's root.
fn depth_of(parts: &[&str]) -> usize {
    match *parts.last().unwrap_or(&"") {
        "mod" => parts.len() - 1,
        _ => parts.len(),
    }
}

/// Comments, strings and characters as blanks, line ends kept: what is left is code.
fn blank_comments_and_texts(source: &str) -> String {
    let bytes = source.as_bytes();
    let mut code = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let end = match bytes[at] {
            b'/' if bytes[at..].starts_with(b"//") => end_of_line(bytes, at),
            b'/' if bytes[at..].starts_with(b"/*") => end_of_block_comment(bytes, at),
            b'"' => end_of_string(bytes, at + 1),
            b'r' if !is_name_byte(at.checked_sub(1).map(|before| bytes[before])) => end_of_raw_string(bytes, at),
            b'\'' => end_of_character(bytes, at),
            _ => at,
        };
        for byte in &mut code[at..end] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
        at = end.max(at + 1);
    }
    String::from_utf8(code).unwrap_or_default()
}

fn is_name_byte(byte: Option<u8>) -> bool {
    byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn end_of_line(bytes: &[u8], at: usize) -> usize {
    bytes[at..].iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |length| at + length)
}

fn end_of_block_comment(bytes: &[u8], mut at: usize) -> usize {
    let mut depth = 0;
    while at < bytes.len() {
        if bytes[at..].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if bytes[at..].starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    at
}

fn end_of_string(bytes: &[u8], mut at: usize) -> usize {
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// `r"…"`, `r#"…"#`; anything else that begins with r is a name.
fn end_of_raw_string(bytes: &[u8], at: usize) -> usize {
    let hashes = bytes[at + 1..].iter().take_while(|byte| **byte == b'#').count();
    if bytes.get(at + 1 + hashes) != Some(&b'"') {
        return at;
    }
    let mut close = vec![b'"'];
    close.extend(std::iter::repeat_n(b'#', hashes));
    let from = at + 2 + hashes;
    bytes[from..]
        .windows(close.len())
        .position(|window| window == close)
        .map_or(bytes.len(), |p| from + p + close.len())
}

/// `'x'` and `'\n'`; a lifetime is left as it is.
fn end_of_character(bytes: &[u8], at: usize) -> usize {
    if bytes.get(at + 1) == Some(&b'\\') {
        return bytes[(at + 3).min(bytes.len())..].iter().position(|byte| *byte == b'\'').map_or(at, |p| at + 4 + p);
    }
    let width = bytes.get(at + 1).map_or(1, |first| match first {
        0xF0.. => 4,
        0xE0.. => 3,
        0xC0.. => 2,
        _ => 1,
    });
    if bytes.get(at + 1 + width) == Some(&b'\'') { at + 2 + width } else { at }
}

/// Blanks every `#[cfg(test)]` item with a body.
fn without_tests(code: &str) -> String {
    const MARKS: [&str; 2] = ["#[cfg(test)]", "#[cfg(all(test,"];
    let mut kept = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(at) = MARKS.iter().filter_map(|mark| rest.find(mark)).min() {
        kept.push_str(&rest[..at]);
        let item = &rest[at + MARKS[0].len()..];
        let end = match (item.find('{'), item.find(';')) {
            (Some(brace), semicolon) if semicolon.is_none_or(|semicolon| brace < semicolon) => {
                brace + length_of_block(&item[brace..])
            }
            (_, Some(semicolon)) => semicolon + 1,
            _ => item.len(),
        };
        kept.extend(item[..end].chars().filter(|c| *c == '\n'));
        rest = &item[end..];
    }
    kept + rest
}

fn length_of_block(text: &str) -> usize {
    let mut depth = 0;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at + 1;
        }
    }
    text.len()
}

/// Lines, counted from 1, on which `word` stands as a word of its own.
fn lines_with(code: &str, word: &str) -> Vec<usize> {
    places_of(code, word).into_iter().map(|at| line_of(code, at)).collect()
}

fn places_of(code: &str, word: &str) -> Vec<usize> {
    let bytes = code.as_bytes();
    code.match_indices(word)
        .map(|(at, _)| at)
        .filter(|at| {
            let begins = !is_name_byte(word.bytes().next()) || !is_name_byte(at.checked_sub(1).map(|p| bytes[p]));
            let ends = !is_name_byte(word.bytes().last()) || !is_name_byte(bytes.get(at + word.len()).copied());
            begins && ends
        })
        .collect()
}

fn line_of(code: &str, at: usize) -> usize {
    code[..at].matches('\n').count() + 1
}

/// Every path that begins at the crate's root, by `crate::` or by enough `super::`, groups taken apart.
fn uses_of_rooms(code: &str, depth: usize) -> Vec<(usize, Vec<String>)> {
    let mut uses = Vec::new();
    for at in places_of(code, "crate::") {
        // `$crate::` and `r#crate::` do not occur; `sockscope::` is another crate to this one.
        for path in paths_of_tree(&code[at + "crate::".len()..]) {
            uses.push((line_of(code, at), path));
        }
    }
    for at in places_of(code, "super::") {
        if code[..at].trim_end().ends_with("super::") || code[..at].trim_end().ends_with("super ::") {
            continue;
        }
        let chain = code[at..].split("super::").take_while(|between| between.trim().is_empty()).count();
        let supers = chain.max(1);
        let below = depth + inline_modules_around(code, at);
        if supers >= below {
            let after = code[at..].match_indices("super::").nth(supers - 1).map_or(at, |(p, m)| at + p + m.len());
            for path in paths_of_tree(&code[after..]) {
                uses.push((line_of(code, at), path));
            }
        }
    }
    uses
}

/// How many `mod name { … }` stand open at a place.
fn inline_modules_around(code: &str, at: usize) -> usize {
    let mut open = Vec::new();
    for (place, c) in code[..at].char_indices() {
        match c {
            '{' => {
                let before = code[..place].trim_end();
                let name = before.rsplit(|c: char| !(c.is_alphanumeric() || c == '_')).next().unwrap_or("");
                let keyword = before[..before.len() - name.len()].trim_end();
                open.push(
                    !name.is_empty() && (keyword == "mod" || keyword.ends_with(" mod") || keyword.ends_with("\nmod")),
                );
            }
            '}' => {
                open.pop();
            }
            _ => {}
        }
    }
    open.into_iter().filter(|is_module| *is_module).count()
}

/// The paths of a use tree: `a::b`, `a::{b, c::d}`, `{a, b::c}`; two steps of each are enough here.
fn paths_of_tree(tree: &str) -> Vec<Vec<String>> {
    let tree = tree.trim_start();
    if let Some(group) = tree.strip_prefix('{') {
        return branches(group).into_iter().flat_map(paths_of_tree).collect();
    }
    let name: String = tree.chars().take_while(|c| c.is_alphanumeric() || *c == '_' || *c == '*').collect();
    if name.is_empty() {
        return Vec::new();
    }
    let rest = tree[name.len()..].trim_start();
    match rest.strip_prefix("::") {
        Some(rest) => {
            let mut below = paths_of_tree(rest);
            if below.is_empty() {
                below.push(Vec::new());
            }
            below.into_iter().map(|path| std::iter::once(name.clone()).chain(path).collect()).collect()
        }
        None => vec![vec![name]],
    }
}

/// The branches of a group, which is given from behind its opening brace on.
fn branches(group: &str) -> Vec<&str> {
    let (mut found, mut depth, mut from) = (Vec::new(), 0, 0);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                found.push(&group[from..at]);
                return found;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                found.push(&group[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    found
}

/// Every dependency stands in a group that begins with a comment.
fn faults_of_manifest(manifest: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let (mut in_dependencies, mut explained, mut open) = (false, false, 0_i32);
    for (number, line) in manifest.lines().enumerate() {
        let line = line.trim();
        let inside_value = open > 0;
        let count = |c: char| i32::try_from(line.matches(c).count()).unwrap_or(0);
        if line.starts_with('[') && !inside_value {
            in_dependencies = line.trim_matches(['[', ']']).ends_with("dependencies");
            explained = false;
            continue;
        }
        open += count('[') - count(']') + count('{') - count('}');
        if line.is_empty() {
            explained = false;
        } else if line.starts_with('#') {
            explained = true;
        } else if in_dependencies && !inside_value && !explained {
            let mut fault = String::new();
            let _ = write!(fault, "Cargo.toml:{}: no comment says what `{line}` is for", number + 1);
            faults.push(fault);
        }
    }
    faults
}

mod the_checker_itself {
    use super::*;

    fn faults(name: &str, body: &str) -> Vec<String> {
        faults_of_source(name, &format!("//! A room.\n{body}"))
    }

    fn holds(name: &str, body: &str) {
        assert_eq!(faults(name, body), Vec::<String>::new(), "{body}");
    }

    fn falls(name: &str, body: &str, says: &str) {
        let found = faults(name, body);
        assert!(found.iter().any(|fault| fault.contains(says)), "{body}\n{found:?}");
    }

    #[test]
    fn plain_uses() {
        holds("src/engine/tcp.rs", "use crate::model::Event;\nuse crate::session::RecorderHandle;");
        falls("src/engine/tcp.rs", "use crate::words::Words;", "src/engine/tcp.rs:2: engine may not use words::Words");
        falls("src/model/ids.rs", "fn a() { crate::payload::compose(); }", "model may not use payload::compose");
        falls("src/ui/app.rs", "pub use crate::cli::Arguments;", "ui may not use cli");
        falls("src/cli/mod.rs", "use crate::ui;", "cli may not use ui");
    }

    #[test]
    fn groups_and_parts_of_rooms() {
        holds("src/engine/udp.rs", "use crate::session::{Clock, RecorderHandle, lane::{Room, CAPACITY}};");
        falls("src/engine/udp.rs", "use crate::{model::{Event, Flow}, session::{Clock, Log}};", "session::Log");
        falls("src/engine/udp.rs", "use crate::session;", "engine may not use session");
        falls("src/engine/udp.rs", "use crate::session::*;", "session::*");
        falls(
            "src/workspace/mod.rs",
            "use crate::{\n    words::{Language, Words},\n    session::Log,\n};",
            "session::Log",
        );
        falls("src/words/mod.rs", "use crate::{model::Failure,\n  workspace::{self, Workspace}};", "workspace");
    }

    #[test]
    fn ways_out_by_super() {
        holds("src/session/export/csv.rs", "use super::super::Log;\nmod inner { use super::super::Format; }");
        falls("src/session/export/csv.rs", "use super::super::super::engine::Engine;", "engine::Engine");
        falls("src/kernel/mod.rs", "use super::engine::Engine;", "kernel may not use engine");
        falls("src/kernel/linux.rs", "use super::super::engine::Engine;", "kernel may not use engine");
        falls(
            "src/kernel/linux.rs",
            "mod a { mod b { use super::super::super::super::ui; } }",
            "kernel may not use ui",
        );
        holds("src/kernel/linux.rs", "mod a { mod b { use super::super::super::fd; } }");
    }

    #[test]
    fn comments_texts_and_tests_are_no_code() {
        holds(
            "src/model/a.rs",
            "/// unsafe crate::ui\n/* /* unsafe */ crate::ui */ const A: &str = \"unsafe \\\" crate::ui\";",
        );
        holds(
            "src/model/a.rs",
            "const A: &str = r#\"crate::ui \" unsafe\"#; const Q: char = '\"'; fn b<'a>(c: &'a str) {}",
        );
        holds("src/model/a.rs", "#[cfg(test)]\nmod tests {\n use crate::ui; fn a() { b.unwrap(); }\n}\nfn c() {}");
        falls(
            "src/model/a.rs",
            "#[cfg(test)]\nmod tests {\n}\nuse crate::ui;",
            "src/model/a.rs:5: model may not use ui",
        );
        falls("src/model/a.rs", "const Q: char = '\\''; unsafe fn a() {}", "kernel only");
        holds("src/kernel/a.rs", "#[cfg(all(test, unix))]\nmod tests {\n fn a() { b.unwrap(); }\n}");
        holds("src/session/tests.rs", "use crate::engine::Engine;");
    }

    #[test]
    fn words_in_their_places() {
        falls("src/engine/a.rs", "fn a() { unsafe { b() } }", "`unsafe` stands in kernel only");
        holds("src/kernel/a.rs", "fn a() { unsafe { b() } }");
        holds("src/engine/a.rs", "#![deny(unsafe_code)]");
        falls("src/ui/log.rs", "let c = egui::Color32::from_rgb(1, 2, 3);", "tokens");
        holds("src/ui/log.rs", "let c = Color32::TRANSPARENT;");
        holds("src/ui/theme.rs", "let c = egui::Color32::from_rgb(1, 2, 3);");
        falls("src/cli/mod.rs", "println!(\"a\");", "println! panics");
        falls("src/session/a.rs", "let (a, b) = mpsc::channel();", "bounded");
        holds("src/session/a.rs", "let (a, b) = mpsc::channel(16); let c = mpsc::sync_channel(1);");
        falls("src/engine/a.rs", "tokio::sync::mpsc::unbounded_channel();", "bounded");
        falls("src/engine/a.rs", "std::thread::sleep(time);", "never sleeps");
        holds("src/cli/a.rs", "std::thread::sleep(time);");
        falls("src/session/a.rs", "use egui::Ui;", "the crate egui lives in ui");
        falls("src/engine/a.rs", "libc::close(1);", "the crate libc lives in kernel");
        falls("src/engine/a.rs", "a.unwrap();", "expect() says why");
        holds("src/engine/a.rs", "a.unwrap_or(1);");
    }

    #[test]
    fn headers_names_and_sizes() {
        assert_eq!(faults_of_source("src/model/a.rs", "use std::fmt;\n"), ["src/model/a.rs: begins without `//!`"]);
        falls("src/model/text_util.rs", "", "`util` names nothing");
        falls("src/engine/manager.rs", "", "names nothing");
        falls("src/engine/a.rs", &"fn a() {}\n".repeat(600), "601 lines");
        holds("src/engine/a.rs", &"fn a() {}\n".repeat(599));
        holds(
            "src/engine/a.rs",
            &format!("#[cfg(test)]\nmod tests {{\n{}}}", "fn a() {}\n".repeat(900))
                .replace("fn a() {}\n", "fn a() {} "),
        );
    }

    #[test]
    fn dependencies_are_explained() {
        let good = "[package]\nname = \"a\"\n[dependencies]\n# Why.\na = \"1\"\nb = { version = \"1\",\n  features = [\n \"c\"] }\n";
        assert!(faults_of_manifest(good).is_empty());
        let bad = "[dependencies]\n# Why.\na = \"1\"\n\nb = \"1\"\n[dev-dependencies]\nc = \"1\"\n";
        assert_eq!(faults_of_manifest(bad).len(), 2);
    }
}
