//! `sockscope run --sequence` as CI uses it: the real program against a socket of the test, its exit code and its report.

#[path = "cli_sequence/several.rs"]
mod several;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output};
use std::thread::JoinHandle;
use std::time::Duration;

/// Answers so many connections: `LOGIN` with this.
fn server(connections: usize, answer: &'static [u8]) -> (u16, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let serving = std::thread::spawn(move || {
        for _ in 0..connections {
            let (mut stream, _) = listener.accept().unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
            let mut asked = [0; 6];
            stream.read_exact(&mut asked).unwrap();
            assert_eq!(&asked, b"LOGIN\n");
            stream.write_all(answer).unwrap();
            let _ = stream.read_to_end(&mut Vec::new());
        }
    });
    (port, serving)
}

fn workspace(folder: &Path, port: u16) -> String {
    let file = folder.join("bench.toml");
    let text = format!(
        r#"version = 3

[[endpoint]]
name = "device"
type = "tcp-client"
remote = "127.0.0.1:{port}"
framing = {{ type = "line" }}

[[sequence]]
name = "login"
endpoint = "device"

[[sequence.step]]
do = "send"
text = "LOGIN\\n"

[[sequence.step]]
do = "expect"
match = "text"
pattern = "OK"
place = "whole"
timeout_millis = 10000

[[endpoint]]
name = "own"
type = "tcp-listener"
address = "127.0.0.1"
port = 0
framing = {{ type = "line" }}

[[sequence]]
name = "denied"
endpoint = "device"

[[sequence.step]]
do = "send"
text = "LOGIN\\n"

[[sequence.step]]
do = "expect"
match = "text"
pattern = "DENIED"

[[sequence]]
name = "serve"
endpoint = "own"

[[sequence.step]]
do = "expect"
match = "text"
pattern = "HELLO"

[[sequence.step]]
do = "send"
text = "HI\\n"

[[sequence]]
name = "asks"
endpoint = "device"

[[sequence.step]]
do = "send"
text = "{{{{ask:User}}}}\\n"

[[sequence]]
name = "environment"
endpoint = "device"

[[sequence.step]]
do = "set"
variable = "home"
text = "{{{{env:PATH}}}}"

[[sequence.step]]
do = "send"
text = "LOGIN\\n"

[[sequence]]
name = "wrong"
endpoint = "device"

[[sequence.step]]
do = "send"
text = "\\q"

[[sequence]]
name = "endless"
endpoint = "device"

[[sequence.step]]
do = "send"
text = "LOGIN\\n"

[[sequence.step]]
do = "pause"
millis = 3600000
"#
    );
    std::fs::write(&file, text).unwrap();
    file.to_str().unwrap().to_owned()
}

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_sockscope")).arg("run").args(arguments).env("LC_ALL", "C.UTF-8").output().unwrap()
}

fn output(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn passed_on_many_connections() {
    let folder = tempfile::tempdir().unwrap();
    let (port, serving) = server(3, b"OK\r\n");
    let file = workspace(folder.path(), port);
    let report = folder.path().join("junit.xml");
    let ended =
        run(&[&file, "--sequence", "login", "--connections", "3", "--report", report.to_str().unwrap(), "--json"]);
    assert_eq!(ended.status.code(), Some(0), "{}", output(&ended));
    serving.join().unwrap();
    let parsed = quick_junit::Report::deserialize_from_str(&std::fs::read_to_string(report).unwrap()).unwrap();
    assert_eq!((parsed.tests, parsed.failures), (3, 0));
    let told = String::from_utf8(ended.stdout).unwrap();
    let objects = told.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let passed = objects.filter(|object| object["kind"] == "sequence" && object["passed"] == true).count();
    assert_eq!(passed, 3, "{told}");
}

#[test]
fn failed_with_what_came_instead() {
    let folder = tempfile::tempdir().unwrap();
    let (port, serving) = server(1, b"ERR <5>\x1b\n");
    let file = workspace(folder.path(), port);
    let report = folder.path().join("junit.xml");
    let ended = run(&[&file, "--sequence", "login", "--report", report.to_str().unwrap()]);
    assert_eq!(ended.status.code(), Some(1), "{}", output(&ended));
    serving.join().unwrap();
    let told = output(&ended);
    assert!(told.contains("step 2: expected \"OK\", got ERR <5>␛"), "{told}");
    assert!(told.contains("login: 0 of 1 passed"), "{told}");
    let text = std::fs::read_to_string(report).unwrap();
    assert!(text.contains("step 2: expected &quot;OK&quot;, got ERR &lt;5&gt;␛"), "{text}");
}

#[test]
fn a_timeout_is_a_failure() {
    let folder = tempfile::tempdir().unwrap();
    let (port, serving) = server(1, b"");
    let file = workspace(folder.path(), port);
    let ended = run(&[&file, "--sequence", "endless", "--on", "device", "--timeout", "1s"]);
    assert_eq!(ended.status.code(), Some(1), "{}", output(&ended));
    assert!(output(&ended).contains("stopped at step 2"), "{}", output(&ended));
    serving.join().unwrap();
}

#[test]
fn wrong_usage_ends_with_2_before_anything_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let file = workspace(folder.path(), 9);
    for arguments in [
        &["--sequence", "nothing"][..],
        &["--sequence", "wrong"],
        &["--sequence", "login", "--on", "nowhere"],
        &["--sequence", "login", "--connections", "0"],
        &["--sequence", "login", "--ask", "Name"],
        &["--report", "junit.xml"],
    ] {
        let ended = run(&[&[file.as_str()], arguments].concat());
        assert_eq!(ended.status.code(), Some(2), "{arguments:?}: {}", output(&ended));
    }
}
