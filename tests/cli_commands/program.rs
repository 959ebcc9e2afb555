//! Starts the program and talks to it. Every wait has a limit, and no test waits for time where it can wait for an event.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

use serde_json::Value;

/// Nothing in these tests takes so long unless it hangs.
pub const LIMIT: Duration = Duration::from_secs(30);

pub fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sockscope"));
    command.args(arguments).env("LC_ALL", "C.UTF-8");
    command
}

/// Runs the program to its end with this input.
pub fn run(arguments: &[&str], input: &[u8]) -> Output {
    let mut running = Running::start(command(arguments));
    running.write(input);
    running.close_input();
    running.finish()
}

/// A program that runs; killed when the test is over.
pub struct Running {
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<String>,
    complaints: Option<std::thread::JoinHandle<String>>,
    pub seen: Vec<String>,
}

impl Running {
    pub fn start(mut command: Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let output = child.stdout.take().unwrap();
        let mut errors = child.stderr.take().unwrap();
        let (sender, lines) = sync_channel(100_000);
        std::thread::spawn(move || {
            let mut output = BufReader::new(output);
            let mut line = Vec::new();
            while output.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
                if sender.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                    return;
                }
                line.clear();
            }
        });
        let complaints = std::thread::spawn(move || {
            let mut text = Vec::new();
            let _ = errors.read_to_end(&mut text);
            String::from_utf8_lossy(&text).into_owned()
        });
        let input = child.stdin.take();
        Self { child, input, lines, complaints: Some(complaints), seen: Vec::new() }
    }

    /// Starts with `--json` and waits until `count` endpoints listen.
    pub fn listening(arguments: &[&str], count: usize) -> (Self, Vec<SocketAddr>) {
        let mut running = Self::start(command(&[arguments, &["--json"]].concat()));
        let addresses = (0..count).map(|_| running.event("listening")).map(|event| address(&event, "local")).collect();
        (running, addresses)
    }

    pub fn line(&mut self) -> Option<String> {
        match self.lines.recv_timeout(LIMIT) {
            Ok(line) => {
                self.seen.push(line.clone());
                Some(line)
            }
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => panic!("no line came in time; so far: {:#?}", self.seen),
        }
    }

    /// The next event of this kind.
    pub fn event(&mut self, kind: &str) -> Value {
        loop {
            let Some(line) = self.line() else {
                let complaints = self.complaints.take().map(|thread| thread.join().unwrap());
                panic!("the program ended before it said {kind}: {:#?} {complaints:?}", self.seen);
            };
            let event: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
            if event["kind"] == kind {
                return event;
            }
        }
    }

    pub fn write(&mut self, bytes: &[u8]) {
        // A program that ended early closes its input; the test then looks at how it ended.
        let _ = self.input.as_mut().expect("the input is open").write_all(bytes);
    }

    pub fn close_input(&mut self) {
        self.input = None;
    }

    #[cfg(unix)]
    pub fn signal(&self, signal: rustix::process::Signal) {
        let id = rustix::process::Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        rustix::process::kill_process(id, signal).unwrap();
    }

    pub fn wait(&mut self, limit: Duration) -> ExitStatus {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(begun.elapsed() < limit, "the program did not end within {limit:?}; so far: {:#?}", self.seen);
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Waits for the end by itself; standard output is what has not been read yet.
    pub fn finish(mut self) -> Output {
        let mut stdout = String::new();
        while let Some(line) = self.line() {
            stdout.push_str(&line);
        }
        let status = self.wait(LIMIT);
        let stderr = self.complaints.take().map(|thread| thread.join().unwrap()).unwrap_or_default();
        Output { status, stdout: stdout.into_bytes(), stderr: stderr.into_bytes() }
    }

    pub fn complaints(&mut self) -> String {
        self.complaints.take().map(|thread| thread.join().unwrap()).unwrap_or_default()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn address(event: &Value, field: &str) -> SocketAddr {
    event[field].as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("no {field} in {event}"))
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

pub fn events(output: &Output) -> Vec<Value> {
    text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Code 1 and exactly one line on standard error that holds all of these.
pub fn assert_refused(output: &Output, parts: &[&str]) {
    let complaint = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{complaint}");
    assert_eq!(complaint.lines().count(), 1, "{complaint}");
    for part in parts {
        assert!(complaint.contains(part), "{part} is missing: {complaint}");
    }
}

pub fn assert_done(output: &Output) {
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""));
}

/// Whether a tool is there; says loudly when not.
pub fn has(tool: &str) -> bool {
    let found = std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(tool).is_file()));
    if !found {
        let _ = writeln!(std::io::stderr(), "SKIPPED: {tool} is not installed");
    }
    found
}
