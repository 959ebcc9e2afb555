//! Several sequences in one run, names that are mistyped, answers that are missing, a signal in the middle.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};

use super::{output, run, server, workspace};

fn parsed(report: &Path) -> quick_junit::Report {
    quick_junit::Report::deserialize_from_str(&std::fs::read_to_string(report).unwrap()).unwrap()
}

#[test]
fn one_after_the_other_in_one_report() {
    let folder = tempfile::tempdir().unwrap();
    let (port, serving) = server(3, b"OK\n");
    let file = workspace(folder.path(), port);
    let report = folder.path().join("junit.xml");
    let report_text = report.to_str().unwrap();
    let ended =
        run(&[&file, "--sequence", "login", "--sequence", "denied", "--sequence", "login", "--report", report_text]);
    assert_eq!(ended.status.code(), Some(1), "{}", output(&ended));
    serving.join().unwrap();
    let told = String::from_utf8_lossy(&ended.stdout).into_owned();
    let lines: Vec<_> = told.lines().collect();
    assert!(lines[0] == "login: 1 of 1 passed" && lines[3] == "login: 1 of 1 passed", "{told}");
    assert!(lines[1].ends_with("failed at step 2: expected …\"DENIED\"…, got OK"), "{told}");
    assert!(String::from_utf8_lossy(&ended.stderr).contains("The sequence denied failed."), "{}", output(&ended));
    let parsed = parsed(&report);
    assert_eq!((parsed.tests, parsed.failures, parsed.test_suites.len()), (3, 1, 3));
}

#[test]
fn a_mistyped_name_is_put_right_and_all_of_them_are_looked_at_first() {
    let folder = tempfile::tempdir().unwrap();
    let file = workspace(folder.path(), 9);
    let ended = run(&[&file, "--sequence", "logn"]);
    assert_eq!(ended.status.code(), Some(2));
    assert!(output(&ended).contains("did you mean \"login\"? It has: \"login\", "), "{}", output(&ended));
    // One of them has a payload that cannot be understood: none is run.
    let ended = run(&[&file, "--all-sequences", "--ask", "User=me"]);
    assert_eq!(ended.status.code(), Some(2));
    assert!(output(&ended).contains("the sequence \"wrong\", step 1: "), "{}", output(&ended));
    let ended = run(&[&file, "--sequence", "asks"]);
    assert_eq!(ended.status.code(), Some(2));
    assert!(output(&ended).contains("--ask \"User=VALUE\""), "{}", output(&ended));
}

#[test]
fn answers_and_trust_reach_the_payloads() {
    let folder = tempfile::tempdir().unwrap();
    let (port, serving) = server(1, b"");
    let file = workspace(folder.path(), port);
    let ended = run(&[&file, "--sequence", "asks", "--ask", "User=LOGIN"]);
    assert_eq!(ended.status.code(), Some(0), "{}", output(&ended));
    serving.join().unwrap();
    let (port, serving) = server(1, b"");
    let file = workspace(folder.path(), port);
    let ended = run(&[&file, "--sequence", "environment", "--trust"]);
    assert_eq!(ended.status.code(), Some(0), "{}", output(&ended));
    serving.join().unwrap();
}

/// Without --trust the environment stays out of reach, and not a byte of the payload is sent.
#[test]
fn a_workspace_from_elsewhere_does_not_read_the_environment() {
    let folder = tempfile::tempdir().unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let file = workspace(folder.path(), listener.local_addr().unwrap().port());
    let serving = std::thread::spawn(move || {
        let mut said = Vec::new();
        let _ = listener.accept().unwrap().0.read_to_end(&mut said);
        said
    });
    let ended = run(&[&file, "--sequence", "environment"]);
    assert_eq!(ended.status.code(), Some(1), "{}", output(&ended));
    assert!(output(&ended).contains("failed at step 1: "), "{}", output(&ended));
    assert_eq!(serving.join().unwrap(), b"");
}

#[test]
fn a_listener_says_where_it_waits() {
    let folder = tempfile::tempdir().unwrap();
    let file = workspace(folder.path(), 9);
    let mut child = Command::new(env!("CARGO_BIN_EXE_sockscope"))
        .args(["run", &file, "--sequence", "serve"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = BufReader::new(child.stderr.take().unwrap()).lines();
    let line = told.next().unwrap().unwrap();
    let at = line.rsplit_once("waits for a peer at tcp://").unwrap_or_else(|| panic!("{line}")).1.to_owned();
    let mut peer = TcpStream::connect(at).unwrap();
    peer.write_all(b"HELLO\n").unwrap();
    let mut said = [0; 3];
    peer.read_exact(&mut said).unwrap();
    assert_eq!(&said, b"HI\n");
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[cfg(unix)]
#[test]
fn ctrl_c_reports_what_ran() {
    let folder = tempfile::tempdir().unwrap();
    let (port, serving) = server(2, b"OK\n");
    let file = workspace(folder.path(), port);
    let report = folder.path().join("junit.xml");
    let child = Command::new(env!("CARGO_BIN_EXE_sockscope"))
        .args(["run", &file, "--sequence", "login", "--sequence", "endless", "--sequence", "login", "--verbose"])
        .args(["--report", report.to_str().unwrap()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut child = child;
    let mut told = BufReader::new(child.stderr.take().unwrap()).lines();
    // The second login request is that of the sequence that never ends.
    let asked = told.by_ref().map(Result::unwrap).filter(|line| line.contains("LOGIN")).nth(1);
    assert!(asked.is_some());
    let interrupted = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(interrupted.success());
    let rest: Vec<_> = told.map(Result::unwrap).collect();
    assert_eq!(child.wait().unwrap().code(), Some(1), "{rest:?}");
    serving.join().unwrap();
    let parsed = parsed(&report);
    assert_eq!((parsed.tests, parsed.failures), (3, 1));
    assert_eq!(parsed.test_suites[2].skipped, 1, "the third was not begun");
}
