//! A payload as a command that sends it from another program: netcat, socat, Python, and our own command line.
//!
//! Owns: the quoting. What is pasted into `sh` does nothing but send, whatever the bytes and the host are: bytes are octal
//! escapes between single quotes, and a host that is no host name gives no command. Pure. Called by: ui.

use super::{CopyFormat, copied};
use crate::model::{EndpointUri, HostPort, TextEncoding, Transport};

/// Longer payloads are better sent as a file: shells and terminals cut long lines.
pub const LONG_FOR_A_COMMAND: usize = 4096;

/// Linux refuses single arguments of 128 KiB; a byte is two digits.
const LONGEST_ARGUMENT: usize = 60 * 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommandFormat {
    Netcat,
    Socat,
    Python,
    /// The bytes alone; it needs no target.
    CArray,
    Sockscope,
}

impl CommandFormat {
    pub const ALL: [Self; 5] = [Self::Netcat, Self::Socat, Self::Python, Self::CArray, Self::Sockscope];
}

/// To whom a command sends.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Receiver {
    pub transport: Transport,
    pub at: HostPort,
}

/// `None`: no command can do that. There is no receiver, its host is no host name, or the payload is too long for it.
pub fn command(bytes: &[u8], to: Option<&Receiver>, format: CommandFormat) -> Option<String> {
    if format == CommandFormat::CArray {
        return Some(copied(bytes, CopyFormat::CArray, TextEncoding::Utf8));
    }
    let to = to.filter(|_| is_possible(bytes.len(), to, format))?;
    match format {
        CommandFormat::Netcat => Some(netcat(bytes, to)),
        CommandFormat::Socat => Some(socat(bytes, to)),
        CommandFormat::Python => Some(python(bytes, to)),
        CommandFormat::CArray => None,
        CommandFormat::Sockscope => {
            let uri = EndpointUri { transport: to.transport, at: to.at.clone() };
            let hex = copied(bytes, CopyFormat::HexPlain, TextEncoding::Utf8);
            Some(format!("sockscope send {} --hex {} --wait 1s", quoted(&uri.to_string()), quoted(&hex)))
        }
    }
}

/// Whether `command` gives one for so many bytes.
pub fn is_possible(bytes: usize, to: Option<&Receiver>, format: CommandFormat) -> bool {
    let has_receiver = to.is_some_and(|to| is_host(&to.at.host) && to.at.port != 0);
    match format {
        CommandFormat::CArray => true,
        CommandFormat::Sockscope => has_receiver && bytes <= LONGEST_ARGUMENT,
        CommandFormat::Netcat | CommandFormat::Socat | CommandFormat::Python => has_receiver,
    }
}

/// Names and addresses. In socat's language `,` begins an option and `!!` another address, so nothing else is let through.
fn is_host(host: &str) -> bool {
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '%');
    !host.is_empty() && !host.starts_with('-') && host.chars().all(fits)
}

fn netcat(bytes: &[u8], to: &Receiver) -> String {
    // Ends after two seconds in which nothing is answered; a datagram may get no answer at all.
    let how = match to.transport {
        Transport::Tcp => "nc -w 2",
        Transport::Udp => "nc -u -w 2",
    };
    format!("printf {} | {how} {} {}", octal(bytes), quoted(&to.at.host), to.at.port)
}

fn socat(bytes: &[u8], to: &Receiver) -> String {
    let (kind, size) = match to.transport {
        Transport::Tcp => ("TCP", ""),
        // One read of the input is one datagram.
        Transport::Udp => ("UDP", "-b 65536 "),
    };
    format!("printf {} | socat -t 2 {size}- {}", octal(bytes), quoted(&format!("{kind}:{}", to.at)))
}

/// A script; it ends with a line break, which closes the block where it is pasted into the interpreter.
fn python(bytes: &[u8], to: &Receiver) -> String {
    let payload = copied(bytes, CopyFormat::PythonBytes, TextEncoding::Utf8);
    let address = format!("(\"{}\", {})", to.at.host, to.at.port);
    let (open, send) = match to.transport {
        Transport::Tcp => (format!("socket.create_connection({address}, timeout=5)"), "s.sendall(payload)"),
        Transport::Udp => (
            format!("socket.socket(socket.getaddrinfo(*{address}, type=socket.SOCK_DGRAM)[0][0], socket.SOCK_DGRAM)"),
            "s.send(payload)",
        ),
    };
    let connect = match to.transport {
        Transport::Tcp => String::new(),
        Transport::Udp => format!("    s.connect({address})\n"),
    };
    format!(
        "import socket\n\npayload = {payload}\nwith {open} as s:\n{connect}    {send}\n    s.settimeout(2)\n    try:\n        \
         print(s.recv(65536))\n    except TimeoutError:\n        print(\"no answer\")\n\n"
    )
}

/// The argument of `printf` that prints these bytes, in single quotes.
fn octal(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() + bytes.len() / 2 + 2);
    text.push('\'');
    for (index, byte) in bytes.iter().enumerate() {
        match byte {
            b'\r' => text.push_str("\\r"),
            b'\n' => text.push_str("\\n"),
            b'\t' => text.push_str("\\t"),
            // A format of its own, an end of the quotes, a history command; an option where it comes first.
            b'\\' | b'%' | b'\'' | b'!' => push_octal(*byte, &mut text),
            b'-' if index == 0 => push_octal(*byte, &mut text),
            0x20..=0x7E => text.push(char::from(*byte)),
            _ => push_octal(*byte, &mut text),
        }
    }
    text.push('\'');
    text
}

fn push_octal(byte: u8, text: &mut String) {
    text.push('\\');
    for shift in [6, 3, 0] {
        text.push(char::from(b'0' + ((byte >> shift) & 7)));
    }
}

/// One word of the shell.
fn quoted(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '/');
    if !text.is_empty() && text.chars().all(is_plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
#[allow(clippy::print_stdout, reason = "a skipped test says so")]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::{TcpListener, UdpSocket};
    use std::process::{Command, Stdio};
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::payload::is_invisible;

    fn to(transport: Transport, host: &str, port: u16) -> Receiver {
        Receiver { transport, at: HostPort::new(host, port) }
    }

    fn made(bytes: &[u8], to: &Receiver, format: CommandFormat) -> String {
        command(bytes, Some(to), format).unwrap()
    }

    #[test]
    fn each_command_reads_as_a_person_would_write_it() {
        let peer = to(Transport::Tcp, "127.0.0.1", 9000);
        let bytes = b"it's 5%\r\n\0";
        let printf = r"printf 'it\047s 5\045\r\n\000'";
        assert_eq!(made(bytes, &peer, CommandFormat::Netcat), format!("{printf} | nc -w 2 127.0.0.1 9000"));
        assert_eq!(made(bytes, &peer, CommandFormat::Socat), format!("{printf} | socat -t 2 - TCP:127.0.0.1:9000"));
        assert_eq!(
            made(b"hi", &peer, CommandFormat::Sockscope),
            "sockscope send tcp://127.0.0.1:9000 --hex 6869 --wait 1s"
        );
        assert!(made(b"hi", &peer, CommandFormat::Python).contains("create_connection((\"127.0.0.1\", 9000)"));
        let six = to(Transport::Udp, "::1", 7);
        assert_eq!(made(b"-n", &six, CommandFormat::Netcat), r"printf '\055n' | nc -u -w 2 ::1 7");
        assert_eq!(made(b"", &six, CommandFormat::Socat), "printf '' | socat -t 2 -b 65536 - 'UDP:[::1]:7'");
        assert_eq!(command(b"a", None, CommandFormat::CArray).unwrap(), "unsigned char bytes[1] = { 0x61 };");
    }

    #[test]
    fn what_is_no_host_gives_no_command() {
        for host in
            ["", "-e/bin/sh", "a b", "a;b", "x,lockfile=/tmp/x", "x!!EXEC:sh", "$(id)", "a\u{202e}b", "a\"b", "a'b"]
        {
            for format in [CommandFormat::Netcat, CommandFormat::Socat, CommandFormat::Python, CommandFormat::Sockscope]
            {
                assert_eq!(command(b"x", Some(&to(Transport::Tcp, host, 9)), format), None, "{host}");
            }
        }
        assert_eq!(command(b"x", None, CommandFormat::Netcat), None);
        let peer = to(Transport::Tcp, "a", 9);
        assert_eq!(command(&vec![0; LONGEST_ARGUMENT + 1], Some(&peer), CommandFormat::Sockscope), None);
    }

    /// Every byte, and what shells, printf and Python would take for theirs.
    fn samples() -> Vec<Vec<u8>> {
        vec![
            (0..=255).collect(),
            b"$(touch /tmp/sockscope-pwned) `id` ' \" \\ ! # ~ * ?\n".to_vec(),
            b"--help %s %n \\x41 \\101".to_vec(),
            b"\x001\x0071\xff0".to_vec(),
            "\u{202e}evil\u{2066}".as_bytes().to_vec(),
        ]
    }

    fn has(program: &str) -> bool {
        let found = Command::new("sh").args(["-c", "command -v \"$0\" >/dev/null", program]).status();
        let found = found.is_ok_and(|status| status.success());
        if !found {
            println!("SKIPPED: {program} is not there");
        }
        found
    }

    fn run(program: &str, arguments: &[&str], input: &str) -> std::process::Child {
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        child
    }

    /// Pastes the command into the shell, or the script into Python, and gives what arrived on the socket.
    fn arrived(transport: Transport, bytes: &[u8], format: CommandFormat) -> Vec<u8> {
        let program = if format == CommandFormat::Python { "python3" } else { "sh" };
        let mut got = Vec::new();
        match transport {
            Transport::Tcp => {
                let listener = TcpListener::bind("127.0.0.1:0").unwrap();
                let peer = to(transport, "127.0.0.1", listener.local_addr().unwrap().port());
                let mut child = run(program, &[], &made(bytes, &peer, format));
                let (mut stream, _) = again(|| listener.accept());
                stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
                got.resize(bytes.len(), 0);
                stream.read_exact(&mut got).unwrap();
                drop(stream);
                child.wait().unwrap();
            }
            Transport::Udp => {
                let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
                socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
                let peer = to(transport, "127.0.0.1", socket.local_addr().unwrap().port());
                let mut child = run(program, &[], &made(bytes, &peer, format));
                got.resize(70_000, 0);
                let (length, from) = again(|| socket.recv_from(&mut got));
                got.truncate(length);
                // An answer ends Python's wait.
                socket.send_to(b"ok", from).unwrap();
                child.kill().unwrap();
                child.wait().unwrap();
            }
        }
        got
    }

    /// A child that ends meanwhile interrupts the call.
    fn again<T>(mut call: impl FnMut() -> std::io::Result<T>) -> T {
        loop {
            match call() {
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                other => return other.unwrap(),
            }
        }
    }

    #[test]
    fn the_commands_send_the_same_bytes() {
        for (format, program) in
            [(CommandFormat::Netcat, "nc"), (CommandFormat::Socat, "socat"), (CommandFormat::Python, "python3")]
        {
            if !has("sh") || !has(program) {
                continue;
            }
            for bytes in samples() {
                for transport in [Transport::Tcp, Transport::Udp] {
                    assert_eq!(arrived(transport, &bytes, format), bytes, "{format:?} {transport:?}");
                }
            }
        }
        assert!(!std::path::Path::new("/tmp/sockscope-pwned").exists());
    }

    /// What the shell makes of the words of a command, one a line in hex.
    #[test]
    fn our_own_command_line_gets_one_word_for_the_bytes() {
        if !has("sh") {
            return;
        }
        for bytes in samples() {
            let line = made(&bytes, &to(Transport::Tcp, "fe80::1%eth0", 9), CommandFormat::Sockscope);
            let script = format!("sockscope() {{ printf '%s\\n' \"$@\"; }}\n{line}\n");
            let output = Command::new("sh").args(["-c", &script]).output().unwrap();
            let printed = String::from_utf8(output.stdout).unwrap();
            let words: Vec<&str> = printed.lines().collect();
            let hex = copied(&bytes, CopyFormat::HexPlain, TextEncoding::Utf8);
            assert_eq!(words, ["send", "tcp://[fe80::1%eth0]:9", "--hex", &hex, "--wait", "1s"]);
        }
    }

    /// What `printf` prints for a word in single quotes.
    fn printed(line: &str) -> Vec<u8> {
        let inside = line.strip_prefix("printf '").unwrap().split_once('\'').unwrap().0;
        let mut rest = inside.bytes();
        let mut bytes = Vec::new();
        while let Some(byte) = rest.next() {
            assert!((0x20..0x7F).contains(&byte) && byte != b'%');
            bytes.push(match byte {
                b'\\' => match rest.next().unwrap() {
                    b'r' => b'\r',
                    b'n' => b'\n',
                    b't' => b'\t',
                    high => {
                        let digits = [high, rest.next().unwrap(), rest.next().unwrap()];
                        digits.iter().fold(0, |value: u8, digit| (value << 3) | (digit - b'0'))
                    }
                },
                plain => plain,
            });
        }
        bytes
    }

    proptest! {
        #[test]
        fn nothing_leaves_the_quotes(bytes in proptest::collection::vec(any::<u8>(), 0..200), host in any::<String>()) {
            for transport in [Transport::Tcp, Transport::Udp] {
                for format in CommandFormat::ALL {
                    let Some(line) = command(&bytes, Some(&to(transport, &host, 9)), format) else { continue };
                    prop_assert!(line.chars().all(|c| c == '\n' || !is_invisible(c)), "{}", line);
                }
                let near = to(transport, "h", 9);
                for format in [CommandFormat::Netcat, CommandFormat::Socat] {
                    let line = made(&bytes, &near, format);
                    prop_assert_eq!(line.lines().count(), 1);
                    prop_assert_eq!(printed(&line), &bytes[..]);
                    prop_assert_eq!(line.matches('\'').count(), 2);
                }
            }
        }

        #[test]
        fn sh_prints_the_same_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let script = format!("printf {}", octal(&bytes));
            if let Ok(output) = Command::new("sh").args(["-c", &script]).output() {
                prop_assert_eq!(output.stdout, bytes);
            }
        }
    }
}
