//! A save that is killed leaves the old file or the new one, never half of one.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use sockscope::model::{Draft, SavedPayload};
use sockscope::workspace::Workspace;

const VARIABLE: &str = "SOCKSCOPE_TEST_SAVE_FOREVER";
const ROUNDS: usize = 20;

/// Large enough for a write that takes more than one page.
fn workspace(letter: char) -> Workspace {
    let draft = Draft { text: letter.to_string().repeat(200_000), ..Draft::default() };
    Workspace {
        payloads: vec![SavedPayload { name: letter.into(), draft, ..SavedPayload::default() }],
        ..Workspace::default()
    }
}

/// Not a test of its own: the child that the other one starts and kills.
#[test]
fn child_that_saves_forever() {
    let Some(path) = std::env::var_os(VARIABLE).map(PathBuf::from) else { return };
    loop {
        for letter in ['a', 'b'] {
            workspace(letter).save(&path).unwrap();
            std::io::stderr().write_all(b"saved\n").unwrap();
        }
    }
}

#[test]
fn a_killed_save_leaves_the_old_or_the_new_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bench.toml");
    for round in 0..ROUNDS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child_that_saves_forever", "--nocapture"])
            .env(VARIABLE, &path)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        // Killed after another number of saves each round, somewhere within the next one.
        let saves = lines.by_ref().take(1 + round % 5).filter(|line| line.as_ref().unwrap() == "saved").count();
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(saves > 0, "the child saves");
        let found = Workspace::load(&path).unwrap();
        assert!(found == workspace('a') || found == workspace('b'), "round {round}");
    }
}
