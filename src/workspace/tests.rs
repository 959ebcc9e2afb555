//! The files: read, written, broken, interrupted, trusted, and out of reach.

use std::fs;

use super::*;
use crate::model::*;
use crate::words::Language;

const FIXTURE: &str = include_str!("../../tests/fixtures/workspace-v1.toml");

fn fixture() -> Workspace {
    Workspace::parse(FIXTURE).unwrap()
}

fn second_version() -> Workspace {
    Workspace::parse(include_str!("../../tests/fixtures/workspace-v2.toml")).unwrap()
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn parse_error(text: &str) -> (usize, usize, String) {
    match Workspace::parse(text) {
        Err(WorkspaceError::Syntax { line, column, message }) => (line, column, message),
        other => panic!("{text:?} gives {other:?}"),
    }
}

#[test]
fn the_first_version_is_read() {
    let workspace = fixture();
    let Protocol::TcpListener(listener) = &workspace.endpoints[0].protocol else { panic!() };
    assert_eq!(workspace.endpoints[0].name.as_deref(), Some("PLC mirror"));
    assert!(workspace.endpoints[0].start_with_workspace);
    assert_eq!(workspace.endpoints[0].shown_as, TextEncoding::Gb18030);
    assert_eq!((listener.port, listener.max_peers, listener.over_limit), (502, Some(4), OverLimit::Wait));
    assert_eq!(workspace.endpoints[1].protocol, Protocol::TcpListener(ListenerSettings::default()));
    let Protocol::TcpClient(client) = &workspace.endpoints[2].protocol else { panic!() };
    assert_eq!(client.remote, HostPort::new("fe80::1%eth0", 7));
    assert_eq!((client.source_port, client.connect_timeout_millis), (40_000, 2_500));
    assert_eq!((client.reconnect_millis, client.answer), (Some(1_000), Answer::Echo));
    let usual = ClientSettings::new(HostPort::new("plc-7.local", 502));
    assert_eq!(workspace.endpoints[3].protocol, Protocol::TcpClient(usual));
    let Protocol::Udp(udp) = &workspace.endpoints[4].protocol else { panic!() };
    assert_eq!(udp.remote, Some(HostPort::new("192.0.2.7", 5006)));
    assert!(udp.broadcast && udp.dual_stack && udp.receive_buffer == 65_536);
    let composed = crate::payload::compose(&workspace.payloads[0].draft).unwrap();
    assert_eq!(composed, [1, 3, 0, 0, 0, 2, 0xC4, 0x0B]);
    assert_eq!(workspace.payloads[1].draft.ending, LineEnding::CrLf);
    assert_eq!(workspace.payloads[2].draft.format, PayloadFormat::File);
}

#[test]
fn the_second_version_has_rules_and_filters() {
    let workspace = second_version();
    assert_eq!(workspace.version, 2);
    assert_eq!(workspace.endpoints.len(), 1);
    let rule = |filter: &str, color, enabled| HighlightRule { filter: filter.into(), color, enabled };
    let expected = [
        rule("kind:reset or kind:failed", HighlightColor::Red, true),
        rule("/hëartbeat/i", HighlightColor::Gray, false),
        rule("温度", HighlightColor::Yellow, true),
    ];
    assert_eq!(workspace.highlights, expected);
    assert_eq!(workspace.filters, [SavedFilter { name: "泵".into(), filter: "peer:10.0.0.7 -\"PING\"".into() }]);
}

#[test]
fn a_broken_filter_is_kept_as_it_was_typed() {
    let text = "version = 2\n[[highlight]]\nfilter = 'knd:reset'\n[[filter]]\nname = ''\nfilter = '(a'\n";
    let workspace = Workspace::parse(text).unwrap();
    assert_eq!((workspace.highlights[0].filter.as_str(), workspace.filters[0].filter.as_str()), ("knd:reset", "(a"));
    let again = Workspace::parse(&workspace.to_text().unwrap()).unwrap();
    assert_eq!(again, Workspace { version: VERSION, ..workspace });
    let many = format!("version = 2\n{}", "[[highlight]]\nfilter = 'x'\n".repeat(MAX_HIGHLIGHTS + 1));
    assert!(matches!(Workspace::parse(&many), Err(WorkspaceError::TooLarge(_))));
}

#[test]
fn what_is_written_is_read_again() {
    let folder = folder();
    let path = folder.path().join("bench.toml");
    for workspace in [fixture(), second_version(), Workspace::default()] {
        workspace.save(&path).unwrap();
        assert_eq!(Workspace::load(&path).unwrap(), Workspace { version: VERSION, ..workspace });
    }
    fixture().save(&path).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.starts_with("version = 3\n"), "{text}");
    for table in ["[[endpoint]]", "[[payload]]", "type = \"tcp-listener\"", "type = \"udp\""] {
        assert!(text.contains(table), "{table} in {text}");
    }
}

#[test]
fn payloads_from_before_templates_send_what_they_sent() {
    let payload = |version: u32, format: &str, text: &str| {
        let toml = format!("version = {version}\n[[payload]]\nname = 'x'\nformat = '{format}'\ntext = '{text}'\n");
        let read = Workspace::parse(&toml).unwrap();
        // And again when it was saved as the newest.
        let saved = Workspace::parse(&read.to_text().unwrap()).unwrap();
        assert_eq!(saved.payloads, read.payloads);
        read.payloads[0].draft.clone()
    };
    for version in [1, 2] {
        for (text, bytes) in [
            ("{{name}} {{{x}}}", "{{name}} {{{x}}}"),
            (r"{{\\\\{{now}}", r"{{\\{{now}}"),
            (r"{\u{41}{{\x7b{", "{A{{{{"),
            ("{ {} }", "{ {} }"),
        ] {
            assert_eq!(crate::payload::compose(&payload(version, "text", text)).unwrap(), bytes.as_bytes(), "{text}");
        }
        assert_eq!(crate::payload::compose(&payload(version, "hex", "{{12}, {0x3}}")).unwrap(), [0x12, 3]);
        // What was no payload is kept as it was typed.
        assert_eq!(payload(version, "text", r"a\q{").text, r"a\q{");
    }
    assert_eq!(payload(3, "text", "{{now}}").text, "{{now}}");
}

#[test]
fn mistakes_are_told_with_their_place() {
    let cases = [
        ("", 1, 1, "version is missing"),
        ("version = 0", 1, 1, "version 0 does not exist"),
        ("version = 'x'", 1, 11, "version: "),
        ("version = 1\n[[endpoint]]\ntype = 'tcp'", 3, 8, "no type of endpoint"),
        ("version = 1\n[[endpoint]]\nport = 1", 2, 1, "type is missing"),
        ("version = 1\n[[endpoint]]\ntype = 'udp'\n  prot = 1", 4, 3, "prot is not known here; known are type"),
        ("version = 1\n[[endpoint]]\ntype = 'udp'\nport = 70000", 4, 8, "port: "),
        ("version = 1\n[[endpoint]]\ntype = 'udp'\nport = '9'", 4, 8, "port: "),
        ("version = 1\n[[endpoint]]\ntype = 'udp'\naddress = 'nowhere'", 4, 11, "address: "),
        ("version = 1\n[[endpoint]]\ntype = 'tcp-client'", 2, 1, "remote is missing"),
        ("version = 1\n[[endpoint]]\ntype = 'tcp-client'\nremote = '::1:80'", 4, 10, "brackets"),
        ("version = 1\n[[endpoint]]\ntype = 'tcp-listener'\nover_limit = 'drop'", 4, 14, "over_limit: "),
        ("version = 1\n[[payload]]\nname = 'é'\nending = 'crlf' # ok\nchecksum = 'md4'", 5, 12, "checksum: "),
        ("version = 1\nendpoint = 1", 2, 12, "write [[endpoint]]"),
        ("version = 1\npayload = ['é', 2]", 2, 12, "write [[payload]]"),
        ("version = 1\nrules = []", 2, 1, "rules is not known here"),
        ("version = 1\né = 1", 2, 1, ""),
        ("version = 2\n[[highlight]]\ncolor = 'red'", 2, 1, "filter is missing"),
        ("version = 2\n[[highlight]]\nfilter = 'x'\ncolor = 'pink'", 4, 9, "color: "),
        ("version = 2\n[[highlight]]\nfilter = 'x'\ncolour = 'red'", 4, 1, "colour is not known here"),
        ("version = 2\n[[filter]]\nfilter = 'x'", 2, 1, "name is missing"),
        ("version = 2\n[[filter]]\nname = 'é'\nfilter = 7", 4, 10, "filter: "),
        ("version = 2\nfilter = 'x'", 2, 10, "write [[filter]]"),
        ("version = 1\n[[endpoint]\n", 2, 12, ""),
        ("version = 1\nversion = 1", 2, 1, "duplicate key"),
        ("version = 1\r\n[[endpoint]]\r\ntype = 'udp'\r\nname = 'é' x = 1", 4, 12, ""),
    ];
    for (text, line, column, message) in cases {
        let found = parse_error(text);
        assert_eq!((found.0, found.1), (line, column), "{text:?}: {}", found.2);
        assert!(found.2.contains(message), "{text:?}: {}", found.2);
        assert!(!found.2.contains('\n'));
    }
}

#[test]
fn newer_files_are_refused_and_never_touched() {
    let newer = "version = 7\n[[endpoint]]\ntype = 'quic'\n";
    assert_eq!(Workspace::parse(newer), Err(WorkspaceError::Newer(7, VERSION)));
    let folder = folder();
    let path = folder.path().join("bench.toml");
    fs::write(&path, newer).unwrap();
    assert_eq!(fixture().save(&path).unwrap_err().reason, Reason::NotAllowed);
    assert_eq!(fs::read_to_string(&path).unwrap(), newer);
    let error = Workspace::load(&path).unwrap_err();
    for language in Language::ALL {
        let words = crate::words::Words::of(language);
        assert!(error.sentence(words).contains('7'));
        assert!(error.hint(words).is_some());
    }
}

#[test]
fn an_older_file_is_kept_when_it_is_replaced() {
    let folder = folder();
    let path = folder.path().join("bench.toml");
    second_version().save(&path).unwrap();
    second_version().save(&path).unwrap();
    assert!(!folder.path().join("bench.toml.bak").exists());
    fs::write(&path, FIXTURE).unwrap();
    fixture().save(&path).unwrap();
    assert_eq!(fs::read_to_string(folder.path().join("bench.toml.bak")).unwrap(), FIXTURE);
}

#[test]
fn sizes_are_bounded() {
    let many = format!("version = 1\n{}", "[[payload]]\nname = 'x'\n".repeat(MAX_ITEMS + 1));
    assert!(matches!(Workspace::parse(&many), Err(WorkspaceError::TooLarge(_))));
    let most = format!("version = 1\n{}", "[[payload]]\nname = 'x'\n".repeat(MAX_ITEMS));
    assert_eq!(Workspace::parse(&most).unwrap().payloads.len(), MAX_ITEMS);
    let deep = format!("version = 1\nx = {}", "[".repeat(100_000));
    assert!(matches!(Workspace::parse(&deep), Err(WorkspaceError::Syntax { .. })));
    let folder = folder();
    let path = folder.path().join("large.toml");
    fs::File::create(&path).unwrap().set_len(MAX_FILE_BYTES + 1).unwrap();
    assert!(matches!(Workspace::load(&path), Err(WorkspaceError::TooLarge(_))));
    assert!(matches!(Workspace::parse(&" ".repeat(MAX_FILE_BYTES as usize + 1)), Err(WorkspaceError::TooLarge(_))));
}

#[test]
fn unreadable_files_say_why() {
    let folder = folder();
    let reason = |path: &Path| match Workspace::load(path) {
        Err(WorkspaceError::Io(failure)) => (failure.doing, failure.reason),
        other => panic!("{other:?}"),
    };
    assert_eq!(reason(&folder.path().join("none.toml")), (Doing::ReadFile, Reason::FileMissing));
    assert_eq!(reason(folder.path()), (Doing::ReadFile, Reason::NotAFile));
    let path = folder.path().join("latin.toml");
    fs::write(&path, b"version = 1\n# caf\xe9\n").unwrap();
    let error = Workspace::load(&path).unwrap_err();
    assert!(matches!(error, WorkspaceError::Syntax { line: 2, column: 6, .. }), "{error:?}");
    let missing = folder.path().join("no/such/bench.toml");
    assert_eq!(fixture().save(&missing).unwrap_err().reason, Reason::FolderGone);
    assert_eq!(fixture().save(folder.path()).unwrap_err().reason, Reason::NotAFile);
}

#[test]
fn the_environment_writes_what_serde_reads() {
    // The reader is written by hand and the writer is serde's: a field added to one only is found here.
    let mut workspace = Workspace { highlights: second_version().highlights, ..fixture() };
    workspace.version = VERSION;
    workspace.filters = second_version().filters;
    workspace.highlights[0].filter = "\u{202e}\n\"'".into();
    for endpoint in &mut workspace.endpoints {
        endpoint.name = Some("ü \"quoted\" \u{202e}\n'".into());
    }
    workspace.payloads[0].draft.text = "line\nline\r\n\t\u{1b}\\x00".into();
    let text = workspace.to_text().unwrap();
    assert_eq!(Workspace::parse(&text).unwrap(), workspace, "{text}");
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn saving_keeps_the_mode_and_follows_links() {
        let folder = folder();
        let real = folder.path().join("real.toml");
        let link = folder.path().join("link.toml");
        symlink("real.toml", &link).unwrap();
        fixture().save(&link).unwrap();
        assert_eq!(real.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&real, fs::Permissions::from_mode(0o644)).unwrap();
        Workspace::default().save(&link).unwrap();
        assert!(link.symlink_metadata().unwrap().is_symlink());
        assert_eq!(real.metadata().unwrap().permissions().mode() & 0o777, 0o644);
        assert_eq!(Workspace::load(&real).unwrap(), Workspace::default());
        let names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names.len(), 2, "nothing is left behind: {names:?}");
        symlink("round", folder.path().join("round")).unwrap();
        assert!(fixture().save(&folder.path().join("round")).is_err());
    }

    #[test]
    fn pipes_and_devices_are_no_workspaces() {
        let folder = folder();
        let pipe = folder.path().join("pipe");
        make_pipe(&pipe);
        for path in [pipe.as_path(), Path::new("/dev/zero")] {
            let Err(WorkspaceError::Io(failure)) = Workspace::load(path) else { panic!() };
            assert_eq!(failure.reason, Reason::NotAFile);
        }
    }

    #[test]
    fn payload_files_stay_within_the_folder() {
        let folder = folder();
        let base = folder.path().join("bench");
        fs::create_dir_all(base.join("images")).unwrap();
        fs::write(base.join("images/a.bin"), "a").unwrap();
        fs::write(folder.path().join("secret"), "s").unwrap();
        symlink("../secret", base.join("escape")).unwrap();
        symlink("images/a.bin", base.join("inner")).unwrap();
        symlink("..", base.join("up")).unwrap();
        symlink("nothing", base.join("dangling")).unwrap();
        make_pipe(&base.join("pipe"));
        let real = base.canonicalize().unwrap().join("images/a.bin");
        for good in ["images/a.bin", "inner", "./images/../images/a.bin", "up/bench/inner"] {
            assert_eq!(Workspace::file_allowed(&base, Path::new(good)).unwrap(), real, "{good}");
        }
        assert_eq!(Workspace::file_allowed(&base, &base.join("inner")).unwrap(), real);
        for (bad, reason) in [
            ("../secret", Reason::NotAllowed),
            ("escape", Reason::NotAllowed),
            ("up/secret", Reason::NotAllowed),
            ("images/../../secret", Reason::NotAllowed),
            ("/etc/passwd", Reason::NotAllowed),
            ("/dev/zero", Reason::NotAllowed),
            ("pipe", Reason::NotAFile),
            ("images", Reason::NotAFile),
            (".", Reason::NotAFile),
            ("dangling", Reason::FileMissing),
            ("none", Reason::FileMissing),
        ] {
            assert_eq!(Workspace::file_allowed(&base, Path::new(bad)).unwrap_err().reason, reason, "{bad}");
        }
        // A folder whose name only begins alike is another folder.
        fs::create_dir(folder.path().join("bench-two")).unwrap();
        fs::write(folder.path().join("bench-two/x"), "x").unwrap();
        let beside = Workspace::file_allowed(&base, Path::new("../bench-two/x"));
        assert_eq!(beside.unwrap_err().reason, Reason::NotAllowed);
    }

    fn make_pipe(path: &Path) {
        rustix::fs::mkfifoat(rustix::fs::CWD, path, rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR).unwrap();
    }
}

#[test]
fn trust_hangs_on_path_and_content() {
    let folder = folder();
    let config = folder.path().join("config");
    fs::create_dir(&config).unwrap();
    let path = folder.path().join("bench.toml");
    let mut trust = TrustStore::load(&config);
    trust.save_workspace(&fixture(), &path, true).unwrap();
    assert!(trust.trusts(&path), "made here");
    assert!(TrustStore::load(&config).trusts(&path), "and remembered");

    let content = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("{content}# changed by somebody\n")).unwrap();
    assert!(!trust.trusts(&path));
    trust.save_workspace(&Workspace::default(), &path, false).unwrap();
    assert!(!trust.trusts(&path), "saving does not trust what came from elsewhere");
    trust.trust(&path).unwrap();
    assert!(trust.trusts(&path));
    trust.save_workspace(&fixture(), &path, true).unwrap();
    assert!(trust.trusts(&path), "what was trusted stays so when saved here");

    let copy = folder.path().join("copy.toml");
    fs::copy(&path, &copy).unwrap();
    assert!(!trust.trusts(&copy), "the same content elsewhere is another workspace");
    assert!(!trust.trusts(&folder.path().join("none.toml")));
    let mut other = TrustStore::load(&config);
    other.trust(&copy).unwrap();
    trust.trust_content(&path, b"seen").unwrap();
    let now = TrustStore::load(&config);
    assert!(now.trusts(&copy), "two programs add to one list");
    assert!(now.trusts_content(&path, b"seen") && !now.trusts(&path));
    fs::write(config.join("trusted.toml"), "broken").unwrap();
    assert!(!TrustStore::load(&config).trusts(&copy));
}

#[test]
fn a_second_program_does_not_get_the_lock() {
    let home = folder();
    let folders = Folders::within(home.path());
    folders.create().unwrap();
    let path = home.path().join("bench.toml");
    let lock = WorkspaceLock::take(&folders, &path).unwrap().expect("nobody else has it");
    assert!(WorkspaceLock::take(&folders, &path).unwrap().is_none());
    fixture().save(&path).unwrap();
    assert!(WorkspaceLock::take(&folders, &path).unwrap().is_none(), "the first save changes nothing");
    let other = home.path().join("other.toml");
    assert!(WorkspaceLock::take(&folders, &other).unwrap().is_some());
    drop(lock);
    assert!(WorkspaceLock::take(&folders, &path).unwrap().is_some());
}

#[test]
fn preferences_are_kept() {
    let folder = folder();
    assert_eq!(Preferences::load(folder.path()), Preferences::default());
    let preferences = Preferences {
        version: 1,
        language: Some(Language::Chinese),
        theme: ThemeChoice::Dark,
        zoom: Some(1.1),
        local_time: true,
        rotation: crate::model::Rotation { every_bytes: Some(5_000_000), every_secs: None, keep_files: Some(3) },
        decimal_offsets: true,
        workspace: Some("/home/a b/bench.toml".into()),
        history: vec!["PING\\r\\n".into(), String::new()],
        filter_history: vec!["dir:in /a+/".into()],
        rest: toml::Table::new(),
    };
    preferences.save(folder.path()).unwrap();
    assert_eq!(Preferences::load(folder.path()), preferences);
    let crowded = Preferences {
        zoom: Some(f32::NAN),
        history: std::iter::once("x".repeat(1 << 20)).chain((0..5_000).map(|n| n.to_string())).collect(),
        ..preferences
    };
    crowded.save(folder.path()).unwrap();
    let kept = Preferences::load(folder.path());
    assert_eq!((kept.zoom, kept.history.len(), kept.history[0].as_str()), (None, 200, "0"));
}

#[test]
fn newer_preferences_keep_what_is_not_known() {
    let folder = folder();
    let file = folder.path().join("preferences.toml");
    fs::write(&file, "version = 9\ntheme = 'light'\nfuture = 'x'\n[panel]\nwidth = 3\n").unwrap();
    let preferences = Preferences::load(folder.path());
    assert_eq!(preferences.theme, ThemeChoice::Light);
    preferences.save(folder.path()).unwrap();
    let text: toml::Table = fs::read_to_string(&file).unwrap().parse().unwrap();
    assert_eq!(text["version"].as_integer(), Some(9));
    assert_eq!(text["future"].as_str(), Some("x"));
    assert_eq!(text["panel"]["width"].as_integer(), Some(3));
}

#[test]
fn broken_preferences_are_put_aside() {
    for broken in ["theme = ", "theme = 'pink'", "\u{0}"] {
        let folder = folder();
        fs::write(folder.path().join("preferences.toml"), broken).unwrap();
        assert_eq!(Preferences::load(folder.path()), Preferences::default());
        assert_eq!(fs::read_to_string(folder.path().join("preferences.toml.bad")).unwrap(), broken);
        Preferences::default().save(folder.path()).unwrap();
    }
}
