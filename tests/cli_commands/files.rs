//! Recording, exporting, workspaces, completions.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;

use super::program::*;

/// Records a short conversation, and gives the `--json` lines of it.
fn record(path: &Path) -> String {
    let arguments = ["listen", "tcp://127.0.0.1:0", "--echo", "--record", path.to_str().unwrap()];
    let (mut program, at) = Running::listening(&arguments, 1);
    let mut peer = TcpStream::connect(at[0]).unwrap();
    peer.write_all(b"GET / \x00\xff\r\n").unwrap();
    peer.shutdown(std::net::Shutdown::Write).unwrap();
    let mut back = Vec::new();
    peer.read_to_end(&mut back).unwrap();
    assert_eq!(back, b"GET / \x00\xff\r\n");
    program.event("closed");
    program.signal(rustix::process::Signal::TERM);
    while program.line().is_some() {}
    assert!(program.wait(LIMIT).success());
    program.seen.concat()
}

#[test]
fn every_format_comes_out_of_a_recorded_session() {
    let folder = tempfile::tempdir().unwrap();
    let session = folder.path().join("a.pcapng");
    let printed = record(&session);
    let session = session.to_str().unwrap();
    let jsonl = run(&["export", session, "--as", "jsonl"], b"");
    assert_done(&jsonl);
    assert_eq!(text(&jsonl.stdout), printed, "the same objects as --json printed");
    for format in ["text", "csv", "pcapng"] {
        let output = folder.path().join(format!("out.{format}"));
        let to_file = run(&["export", session, "--as", format, "--output", output.to_str().unwrap()], b"");
        assert_done(&to_file);
        assert!(to_file.stdout.is_empty());
        let bytes = std::fs::read(&output).unwrap();
        assert!(!bytes.is_empty(), "{format}");
        if format == "pcapng" {
            assert_eq!(&bytes[..4], [0x0a, 0x0d, 0x0d, 0x0a]);
            continue;
        }
        assert!(text(&bytes).contains("GET /"), "{format}");
        let to_output = run(&["export", session, "--as", format], b"");
        assert_done(&to_output);
        assert_eq!(to_output.stdout, bytes, "{format}");
    }
}

#[test]
fn a_filter_says_what_is_exported() {
    let folder = tempfile::tempdir().unwrap();
    let session = folder.path().join("a.pcapng");
    let printed = record(&session);
    let session = session.to_str().unwrap();
    let exported = |filter: &str| {
        let output = run(&["export", session, "--as", "jsonl", "--filter", filter], b"");
        assert_done(&output);
        text(&output.stdout)
    };
    let payloads: String = printed.split_inclusive('\n').filter(|line| line.contains("\"hex\"")).collect();
    assert_eq!(payloads.lines().count(), 2, "{printed}");
    assert_eq!(exported("get"), payloads);
    assert_eq!(exported(""), printed);
    assert_eq!(exported("nowhere"), "");
}

#[test]
fn a_mistake_in_a_filter_is_shown_where_it_stands() {
    // Told before the session is looked at.
    let output = run(&["export", "/no/such.pcapng", "--as", "csv", "--filter", "温度 kind:rest or x"], b"");
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    let told = text(&output.stderr);
    let lines: Vec<&str> = told.lines().collect();
    let at = lines.iter().position(|line| *line == "  温度 kind:rest or x").unwrap_or_else(|| panic!("{told}"));
    assert_eq!(lines[at + 1], "            ^^^^", "{told}");
    assert!(lines[at + 2].contains("it can be reset"), "{told}");
    let within = run(&["export", "/no/such.pcapng", "--as", "csv", "--filter", "within:5s"], b"");
    assert_eq!(within.status.code(), Some(2));
}

#[test]
fn the_help_of_export_tells_the_filter_language() {
    let output = run(&["export", "--help"], b"");
    assert_done(&output);
    for group in sockscope::filter::help() {
        for row in group.rows {
            assert!(text(&output.stdout).contains(row.example), "{}", row.example);
        }
    }
}

#[test]
fn the_bytes_alone_and_a_hex_dump_come_out_of_a_recorded_session() {
    let folder = tempfile::tempdir().unwrap();
    let session = folder.path().join("a.pcapng");
    record(&session);
    let raw = folder.path().join("a.bin");
    let to_file = ["export", session.to_str().unwrap(), "--as", "raw", "--output", raw.to_str().unwrap()];
    assert_done(&run(&to_file, b""));
    assert_eq!(std::fs::read(raw).unwrap(), b"GET / \x00\xff\r\nGET / \x00\xff\r\n");
    let dump = run(&["export", session.to_str().unwrap(), "--as", "hexdump"], b"");
    assert_done(&dump);
    assert_eq!(text(&dump.stdout).matches("\n000000 47 45 54 20 2f 20 00 ff 0d 0a\n").count(), 2);
}

#[test]
fn notes_are_exported_beside_their_events() {
    let session = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/session-with-notes.pcapng");
    for format in ["jsonl", "csv", "text", "hexdump"] {
        let output = run(&["export", session.to_str().unwrap(), "--as", format], b"");
        assert_done(&output);
        assert!(text(&output.stdout).contains("while it was recorded"), "{format}");
    }
}

#[test]
fn tshark_reads_what_was_recorded() {
    if !has("tshark") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let session = folder.path().join("a.pcapng");
    record(&session);
    let output = Command::new("tshark")
        .args(["-r", session.to_str().unwrap(), "-q", "-z", "follow,tcp,raw,0"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let followed = text(&output.stdout);
    let line = "474554202f2000ff0d0a";
    assert_eq!(followed.lines().filter(|found| found.trim() == line).count(), 2, "{followed}");
}

#[test]
fn an_existing_file_is_replaced_only_by_force() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.pcapng");
    std::fs::write(&path, "precious").unwrap();
    let arguments = ["listen", "tcp://127.0.0.1:0", "--for", "10ms", "--record", path.to_str().unwrap()];
    assert_refused(&run(&arguments, b""), &["mine.pcapng"]);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "precious");
    let forced = run(&[&arguments[..], &["--force"]].concat(), b"");
    assert_eq!(forced.status.code(), Some(0), "{}", text(&forced.stderr));
    assert_done(&run(&["export", path.to_str().unwrap(), "--as", "jsonl"], b""));
}

#[test]
fn a_session_that_is_being_recorded_is_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("live.pcapng");
    let (_program, _) = Running::listening(&["listen", "tcp://127.0.0.1:0", "--record", path.to_str().unwrap()], 1);
    let arguments = ["listen", "tcp://127.0.0.1:0", "--record", path.to_str().unwrap(), "--force"];
    assert_refused(&run(&arguments, b""), &["live.pcapng"]);
}

#[test]
fn a_folder_that_is_not_there_is_refused() {
    let output = run(&["listen", "tcp://127.0.0.1:0", "--record", "/no/such/folder/a.pcapng"], b"");
    assert_refused(&output, &["/no/such/folder/a.pcapng"]);
}

#[test]
fn a_session_that_was_cut_off_is_exported_as_far_as_it_goes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.pcapng");
    let printed = record(&path);
    let bytes = std::fs::read(&path).unwrap();
    let cut = folder.path().join("cut.pcapng");
    std::fs::write(&cut, &bytes[..bytes.len() * 2 / 3]).unwrap();
    let output = run(&["export", cut.to_str().unwrap(), "--as", "jsonl"], b"");
    assert!(printed.starts_with(&text(&output.stdout)), "an exact prefix");
    assert!(!output.stdout.is_empty());
    assert_refused(&output, &["cut.pcapng"]);
}

#[test]
fn what_is_no_session_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("letter.pcapng");
    std::fs::write(&path, "Dear reader, this is no session at all.").unwrap();
    let output = run(&["export", path.to_str().unwrap(), "--as", "text"], b"");
    assert_refused(&output, &["letter.pcapng", "neither pcap nor pcapng", "begins with 44 65 61 72"]);
    assert_refused(&run(&["export", "/no/such.pcapng", "--as", "text"], b""), &["/no/such.pcapng"]);
}

#[test]
fn an_export_never_replaces_its_own_session() {
    let folder = tempfile::tempdir().unwrap();
    let session = folder.path().join("a.pcapng");
    record(&session);
    let before = std::fs::read(&session).unwrap();
    let same = folder.path().join(".").join("a.pcapng");
    let output = run(&["export", session.to_str().unwrap(), "--as", "csv", "--output", same.to_str().unwrap()], b"");
    assert_refused(&output, &["a.pcapng", "the session itself"]);
    assert_eq!(std::fs::read(&session).unwrap(), before);
}

#[test]
fn an_empty_file_and_a_file_of_zeros_are_no_sessions() {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes, said) in [("empty.pcapng", 0, "no session"), ("zeros.pcapng", 1 << 30, "begins with 00 00")] {
        let path = folder.path().join(name);
        std::fs::File::create(&path).unwrap().set_len(bytes).unwrap();
        let output = run(&["export", path.to_str().unwrap(), "--as", "jsonl"], b"");
        assert_refused(&output, &[name, said]);
    }
}

#[test]
fn a_pipe_is_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe.pcapng");
    if !has("mkfifo") {
        return;
    }
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    assert_refused(
        &run(&["export", pipe.to_str().unwrap(), "--as", "text"], b""),
        &["pipe.pcapng", "not a plain file"],
    );
}

#[test]
fn a_workspace_is_run() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bench.toml");
    let workspace = "version = 1\n\
        [[endpoint]]\ntype = \"tcp-listener\"\naddress = \"127.0.0.1\"\nport = 0\nanswer = \"echo\"\n\
        [[endpoint]]\ntype = \"udp\"\naddress = \"127.0.0.1\"\nport = 0\n\
        [[payload]]\nname = \"elsewhere\"\nformat = \"file\"\ntext = \"/etc/hostname\"\n";
    std::fs::write(&path, workspace).unwrap();
    let (mut program, at) = Running::listening(&["run", path.to_str().unwrap()], 2);
    let mut told = at.into_iter().filter_map(|at| TcpStream::connect(at).ok());
    let mut peer = told.next().expect("one of the two is TCP");
    peer.write_all(b"echo?").unwrap();
    peer.read_exact(&mut [0; 5]).unwrap();
    program.signal(rustix::process::Signal::INT);
    assert!(program.wait(LIMIT).success());
    let complaint = program.complaints();
    assert!(complaint.contains("--trust"), "files outside the folder are told: {complaint}");
    let trusted = run(&["run", path.to_str().unwrap(), "--trust", "--for", "10ms"], b"");
    assert_done(&trusted);
}

#[test]
fn a_workspace_that_cannot_be_run_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("broken.toml");
    std::fs::write(&path, "version = 1\nendpoint = nonsense\n").unwrap();
    assert_refused(&run(&["run", path.to_str().unwrap()], b""), &["broken.toml", "Line 2"]);
    std::fs::write(&path, "version = 99\n").unwrap();
    assert_refused(&run(&["run", path.to_str().unwrap()], b""), &["broken.toml", "99"]);
    assert_refused(&run(&["run", "/no/such.toml"], b""), &["/no/such.toml"]);
    let holder = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = holder.local_addr().unwrap().port();
    std::fs::write(&path, format!("version = 1\n[[endpoint]]\ntype = \"tcp-listener\"\nport = {port}\n")).unwrap();
    assert_refused(&run(&["run", path.to_str().unwrap()], b""), &[&port.to_string()]);
}

#[test]
fn completions_are_scripts() {
    for (shell, part) in [("bash", "complete"), ("zsh", "#compdef sockscope"), ("fish", "complete -c sockscope")] {
        let output = run(&["completions", shell], b"");
        assert_done(&output);
        assert!(text(&output.stdout).contains(part), "{shell}");
    }
    if has("bash") {
        let script = run(&["completions", "bash"], b"").stdout;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sockscope.bash");
        std::fs::write(&path, script).unwrap();
        assert!(Command::new("bash").arg("-n").arg(&path).status().unwrap().success());
    }
}

#[test]
fn help_has_examples() {
    for command in ["listen", "connect", "send", "run", "export", "completions"] {
        let output = run(&[command, "--help"], b"");
        assert_done(&output);
        assert!(text(&output.stdout).contains(&format!("sockscope {command}")), "{command}");
        assert!(text(&output.stdout).contains("Examples:"), "{command}");
    }
}

#[test]
fn content_is_read_in_the_encoding_that_was_named() {
    let folder = tempfile::tempdir().unwrap();
    let session = folder.path().join("a.pcapng");
    let arguments = ["listen", "tcp://127.0.0.1:0", "--record", session.to_str().unwrap(), "--events", "3"];
    let (mut program, at) = Running::listening(&arguments, 1);
    TcpStream::connect(at[0]).unwrap().write_all(&[0xb7, 0xc5, 0xab, 0xd7]).unwrap();
    while program.line().is_some() {}
    assert!(program.wait(LIMIT).success());
    let exported = run(&["export", session.to_str().unwrap(), "--as", "csv", "--encoding", "Big5"], b"");
    assert!(text(&exported.stdout).contains("溫度"), "{}", text(&exported.stdout));
}

#[test]
fn a_session_goes_on_in_new_files() {
    let folder = tempfile::tempdir().unwrap();
    let session = folder.path().join("a.pcapng");
    let arguments = [
        "listen",
        "tcp://127.0.0.1:0",
        "--record",
        session.to_str().unwrap(),
        "--rotate-size",
        "1MiB",
        "--keep-files",
        "2",
    ];
    let (mut program, at) = Running::listening(&arguments, 1);
    let mut peer = TcpStream::connect(at[0]).unwrap();
    peer.write_all(&vec![b'x'; 6 << 20]).unwrap();
    drop(peer);
    program.event("closed");
    program.signal(rustix::process::Signal::TERM);
    while program.line().is_some() {}
    assert!(program.wait(LIMIT).success());
    let mut names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names.len(), 2, "{names:?}");
    assert!(names.iter().all(|name| name.to_string_lossy().starts_with("a.0")), "{names:?}");
    let one = folder.path().join(&names[1]);
    let size = |arguments: &[&str]| {
        let all = [&["export", one.to_str().unwrap(), "--as", "raw"], arguments].concat();
        let output = run(&all, b"");
        assert_done(&output);
        output.stdout.len()
    };
    assert!(size(&[]) < size(&["--whole-session"]));
}
