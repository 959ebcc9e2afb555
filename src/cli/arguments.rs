//! What can be typed on the command line, and the texts of `--help`.
//!
//! Owns: the grammar and its checks, so that wrong usage ends with code 2 before anything is opened.
//! Never: sockets, files. Called by: `main` and the commands of this room.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};

use super::durations;
use super::endpoints;
use super::services::ServiceArguments;
use super::{filters, framings, payloads, sizes};
use crate::decode;
use crate::model::{
    Checksum, DecoderChoice, Encodings, EndpointUri, Framing, LineEnding, Rotation, TextEncoding, Verify,
};
use crate::session::CAPTURE_EXTENSIONS;

const ABOUT: &str = "Start TCP and UDP sockets, send payloads, watch every socket event live, and keep all of it.

Without a command the window opens. The commands use the same engine and write the same files without a window.";

const EXAMPLES: &str = "Examples:
  sockscope                                             open the window
  sockscope listen tcp://127.0.0.1:9000 --echo          a TCP echo server that shows every event
  printf 'hello\\n' | sockscope connect tcp://127.0.0.1:9000
  sockscope send udp://127.0.0.1:5005 --text 'ping\\r\\n' --wait 500ms
  sockscope listen tcp://0.0.0.0:502 --record plc.pcapng --for 10m

An ENDPOINT is tcp://HOST:PORT or udp://HOST:PORT; an IPv6 address stands in brackets: tcp://[::1]:9000.
Port 0 lets the system choose a free port; the first line printed says which.

Exit codes: 0 done, 1 the network or a file said no, 2 wrong usage.";

#[derive(Debug, Parser)]
#[command(
    name = "sockscope",
    version,
    about = "Start TCP and UDP sockets, send payloads, watch every socket event live, and keep all of it.",
    long_about = ABOUT,
    after_help = EXAMPLES,
    args_conflicts_with_subcommands = true
)]
pub struct Arguments {
    /// A workspace (.toml), a session (.pcapng) or a capture of another program (.pcap, .pcapng) to open in the window
    #[arg(value_name = "FILE.toml|FILE.pcapng|FILE.pcap", value_parser = file_to_open)]
    pub file: Option<PathBuf>,
    #[command(subcommand)]
    pub command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    Listen(ListenArguments),
    Connect(ConnectArguments),
    Send(SendArguments),
    Run(RunArguments),
    Checksum(ChecksumArguments),
    Export(ExportArguments),
    Completions(CompletionsArguments),
}

const LISTEN_EXAMPLES: &str = "Examples:
  sockscope listen tcp://127.0.0.1:9000 --echo
  sockscope listen tcp://[::1]:0 udp://0.0.0.0:5005 --json
  sockscope listen tcp://127.0.0.1:8080 --answer http --http-body 'hello\\n'
  sockscope listen tcp://127.0.0.1:1502 --answer modbus --registers holding:0=17,0x1234
  sockscope listen tcp://0.0.0.0:9000 --max-peers 10 --record morning.pcapng --for 2h
  sockscope listen tcp://127.0.0.1:502 --framing 'length u16be at 4' --decode modbus-tcp";

/// Open listeners and UDP sockets, and print every event
///
/// Stops all of them and ends with code 1 when one cannot be opened.
#[derive(Debug, Args)]
#[command(after_help = LISTEN_EXAMPLES, after_long_help = format!("{LISTEN_EXAMPLES}\n\n{}", framings::LANGUAGE))]
pub struct ListenArguments {
    /// Where to listen, for example tcp://127.0.0.1:9000 or udp://0.0.0.0:5005
    #[arg(required = true, value_name = "ENDPOINT", value_parser = endpoints::to_listen_at)]
    pub endpoints: Vec<EndpointUri>,
    /// Send every byte back to where it came from
    #[arg(long)]
    pub echo: bool,
    /// Reset TCP peers beyond so many
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub max_peers: Option<u32>,
    /// Take IPv4 peers on [::] as well
    #[arg(long)]
    pub dual_stack: bool,
    #[command(flatten)]
    pub service: ServiceArguments,
    #[command(flatten)]
    pub session: SessionArguments,
}

const CONNECT_EXAMPLES: &str = "Examples:
  printf 'GET / HTTP/1.0\\r\\n\\r\\n' | sockscope connect tcp://example.org:80
  sockscope connect tcp://[::1]:9000 --verbose
  sockscope connect tcp://127.0.0.1:9000 --framing line --verify 'xor-8 HEX'
  sockscope connect udp://127.0.0.1:5005 --for 5s --json < request.bin";

/// Connect: standard input goes to the peer, what the peer says goes to standard output
///
/// When the input ends, sending is finished (half-close) and the peer's end is waited for. When the peer ends first, what
/// still comes in is sent, and half a second without input ends the program. Over UDP each read of the input becomes one
/// datagram, and --for, --events or Ctrl+C ends it.
#[derive(Debug, Args)]
#[command(after_help = CONNECT_EXAMPLES, after_long_help = format!("{CONNECT_EXAMPLES}\n\n{}", framings::LANGUAGE))]
pub struct ConnectArguments {
    /// The peer, for example tcp://example.org:80
    #[arg(value_name = "ENDPOINT", value_parser = endpoints::to_connect_to)]
    pub endpoint: EndpointUri,
    /// Go on sending until the input ends, even when the peer has finished
    #[arg(long)]
    pub keep_sending: bool,
    #[command(flatten)]
    pub session: SessionArguments,
}

/// Send one payload, once or repeatedly, and print what the peer answers
///
/// Ends with code 0 when the system has taken all of it and the wait is over.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sockscope send tcp://127.0.0.1:9000 --text 'hello' --eol crlf --wait 500ms
  sockscope send tcp://127.0.0.1:502 --hex '00 01 00 00 00 06 01 03 00 00 00 02' --wait 1s | xxd
  sockscope send udp://127.0.0.1:5005 --text 'tick {{counter}}' --repeat 100 --every 10ms
  sockscope send tcp://127.0.0.1:9000 --mixed '[02] LOGIN {{ask:User}} [03]' --ask User=me --checksum 'LRC'
  sockscope send tcp://127.0.0.1:502 --hex '01 03 00 00 00 02' --checksum modbus --dry-run
  sockscope send tcp://127.0.0.1:9000 --file firmware.bin")]
pub struct SendArguments {
    /// The peer, for example udp://127.0.0.1:5005
    #[arg(value_name = "ENDPOINT", value_parser = endpoints::to_connect_to)]
    pub endpoint: EndpointUri,
    #[command(flatten)]
    pub payload: PayloadArguments,
    /// Appended to the payload
    #[arg(long, value_enum, default_value_t = Eol::None, conflicts_with = "file")]
    pub eol: Eol,
    /// A checksum over all before it, appended last: its name, then big or little, hex or HEX, key=…
    #[arg(long, value_name = "CHECKSUM", value_parser = payloads::checksum, conflicts_with = "file")]
    pub checksum: Option<Checksum>,
    /// Answer an {{ask:NAME}} of the payload
    #[arg(long, value_name = "NAME=VALUE", value_parser = answer)]
    pub ask: Vec<(String, String)>,
    /// Let the payload read the environment, and files outside this folder
    #[arg(long)]
    pub trust: bool,
    /// Print the bytes as a hex dump, and send nothing
    #[arg(long, conflicts_with_all = ["record", "json", "wait"])]
    pub dry_run: bool,
    /// How often to send it [default: once; with --every: until stopped]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub repeat: Option<u64>,
    /// Time from one sending to the next [default: as fast as the peer takes it]
    #[arg(long, value_name = "TIME", value_parser = durations::parse)]
    pub every: Option<Duration>,
    /// How long to wait for answers after the last sending
    #[arg(long, value_name = "TIME", default_value = "0ms", value_parser = durations::parse)]
    pub wait: Duration,
    #[command(flatten)]
    pub session: SessionArguments,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct PayloadArguments {
    /// Text with escapes (\r \n \t \0 \\ \xHH \u{…}) and templates ({{counter}}, {{now}}, {{random:hex,8}} …)
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub text: Option<String>,
    /// The same, with bytes in hex between brackets: 'LOGIN [01 ff]\r\n'
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub mixed: Option<String>,
    /// Bytes in hex, templates between them; blanks, commas and 0x are ignored
    #[arg(long, value_name = "HEX", allow_hyphen_values = true)]
    pub hex: Option<String>,
    /// Bytes in base64
    #[arg(long, value_name = "BASE64", allow_hyphen_values = true)]
    pub base64: Option<String>,
    /// The bytes of a file: streamed over TCP, one datagram over UDP
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
}

/// Open every endpoint of a workspace, and print every event
///
/// The command is your consent to open the sockets in the file. Files outside its folder stay out of reach without --trust.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sockscope run bench.toml
  sockscope run bench.toml --json --record bench.pcapng --events 1000
  sockscope run bench.toml --sequence login --ask User=me --report junit.xml --timeout 1m
  sockscope run bench.toml --all-sequences --report junit.xml --verbose")]
pub struct RunArguments {
    #[arg(value_name = "WORKSPACE.toml")]
    pub workspace: PathBuf,
    /// Let the workspace use files outside its own folder, and the environment
    #[arg(long)]
    pub trust: bool,
    /// Run this sequence on the endpoint it names, then stop: code 0 when it passed, 1 when it failed; several run in order
    #[arg(long, value_name = "NAME", group = "sequences")]
    pub sequence: Vec<String>,
    /// Run all sequences of the workspace, in their order
    #[arg(long, group = "sequences", conflicts_with = "sequence")]
    pub all_sequences: bool,
    /// Run the sequence on this endpoint: its name or address in the workspace, or any address to connect to
    #[arg(long, value_name = "NAME|ENDPOINT", requires = "sequences")]
    pub on: Option<String>,
    /// Run the sequence on so many connections of its own, all at once (TCP clients)
    #[arg(long, value_name = "N", requires = "sequences", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub connections: Option<u32>,
    /// Answer an {{ask:NAME}} of the sequence's payloads
    #[arg(long, value_name = "NAME=VALUE", requires = "sequences", value_parser = answer)]
    pub ask: Vec<(String, String)>,
    /// Write the result of the sequence as a JUnit report
    #[arg(long, value_name = "FILE.xml", requires = "sequences")]
    pub report: Option<PathBuf>,
    /// A sequence fails when it takes longer
    #[arg(long, value_name = "TIME", requires = "sequences", value_parser = durations::parse)]
    pub timeout: Option<Duration>,
    #[command(flatten)]
    pub session: SessionArguments,
}

/// List checksums, compute one, or find the one that some bytes end with
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sockscope checksum list modbus
  sockscope checksum compute 'modbus big' --hex '01 03 00 00 00 02'
  sockscope checksum find '01 03 00 00 00 02 c4 0b'")]
pub struct ChecksumArguments {
    #[command(subcommand)]
    pub what: ChecksumCommand,
}

#[derive(Debug, Subcommand)]
pub enum ChecksumCommand {
    /// The catalogue, or what of it these words fit
    List {
        #[arg(value_name = "WORD")]
        words: Vec<String>,
    },
    /// Print the checksum of some bytes in hex, as it is sent
    Compute {
        /// Its name, then big or little, hex or HEX, key=…
        #[arg(value_name = "CHECKSUM", value_parser = payloads::some_checksum)]
        checksum: Checksum,
        #[command(flatten)]
        payload: PayloadArguments,
        /// The encoding of --text and --mixed
        #[arg(long, value_name = "ENCODING", default_value = "UTF-8", ignore_case = true, hide_default_value = true, value_parser = encoding_of())]
        encoding: TextEncoding,
    },
    /// Find the checksums that fit all of these frames; each line is what --verify takes
    Find {
        /// A frame with its checksum at the end, in hex
        #[arg(required = true, value_name = "HEX")]
        frames: Vec<String>,
        /// Try HMACs with this key as well
        #[arg(long, value_name = "KEY")]
        key: Option<String>,
    },
}

const EXPORT_EXAMPLES: &str = "Examples:
  sockscope export morning.pcapng --as jsonl | jq 'select(.kind == \"received\").hex'
  sockscope export morning.pcapng --as csv --output morning.csv
  sockscope export morning.pcapng --as csv --filter 'dir:in size>64 not heartbeat'";

/// Turn a recorded session into text, CSV, JSON lines or a pcapng file for others
#[derive(Debug, Args)]
#[command(after_help = EXPORT_EXAMPLES, after_long_help = format!("{EXPORT_EXAMPLES}\n\n{}", filters::language()))]
pub struct ExportArguments {
    #[arg(value_name = "SESSION.pcapng")]
    pub session: PathBuf,
    /// The format of the export
    #[arg(long = "as", value_name = "FORMAT", value_enum)]
    pub format: ExportFormat,
    /// Where to write it: whole or not at all [default: standard output]
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// How content is read as text
    #[arg(long, value_name = "ENCODING", default_value = "UTF-8", ignore_case = true, hide_default_value = true, value_parser = encoding_of())]
    pub encoding: TextEncoding,
    /// Only what fits, in the language of the window's filter line (--help tells it)
    #[arg(long, value_name = "FILTER", allow_hyphen_values = true)]
    pub filter: Option<String>,
    /// All files of a session that went on in new ones (--rotate-size), whichever of them is named
    #[arg(long)]
    pub whole_session: bool,
    /// Read times in --filter on the clock of this computer [default: UTC, as exports write them]
    #[arg(long, requires = "filter")]
    pub local: bool,
}

/// Print a completion script for a shell
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sockscope completions bash > ~/.local/share/bash-completion/completions/sockscope
  sockscope completions fish > ~/.config/fish/completions/sockscope.fish")]
pub struct CompletionsArguments {
    pub shell: clap_complete::Shell,
}

/// What all commands that open sockets take.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Session")]
#[command(group = clap::ArgGroup::new("rotation").args(["rotate_size", "rotate_every"]).multiple(true))]
pub struct SessionArguments {
    /// Record the session into this file, which Wireshark opens as well
    #[arg(long, value_name = "FILE.pcapng")]
    pub record: Option<PathBuf>,
    /// Replace the file of --record if it exists
    #[arg(long, requires = "record")]
    pub force: bool,
    /// Go on in a new file (NAME.0002.pcapng, …) when one holds so much, for example 100MB
    #[arg(long, value_name = "SIZE", requires = "record", value_parser = rotation_size)]
    pub rotate_size: Option<u64>,
    /// Go on in a new file after this time, for example 1h
    #[arg(long, value_name = "TIME", requires = "record", value_parser = rotation_time)]
    pub rotate_every: Option<Duration>,
    /// Keep only so many of the newest files of --record; older ones are deleted
    #[arg(long, value_name = "N", requires = "rotation", value_parser = clap::value_parser!(u32).range(1..))]
    pub keep_files: Option<u32>,
    /// Stop after this time, for example 500ms, 10s, 2m
    #[arg(long = "for", value_name = "TIME", value_parser = durations::parse)]
    pub for_time: Option<Duration>,
    /// Print so many events, then stop; the file of --record goes on until the sockets are closed
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub events: Option<u64>,
    /// Print one JSON object per event on standard output
    #[arg(long)]
    pub json: bool,
    /// Print what happens, one line per event on standard error (connect, send and run --sequence)
    #[arg(long, short)]
    pub verbose: bool,
    #[command(flatten)]
    pub frames: FrameArguments,
    /// The encoding of text: what is sent with --text, and how content is shown
    #[arg(long, value_name = "ENCODING", default_value = "UTF-8", ignore_case = true, hide_default_value = true, value_parser = encoding_of())]
    pub encoding: TextEncoding,
}

/// How what is printed is taken apart. Chunks are recorded as they are.
#[derive(Clone, Debug, Default, Args)]
pub struct FrameArguments {
    /// Print frames in place of chunks: line, 'delimiter \\r\\n', 'fixed 8', 'length u16be' … (--help tells all)
    #[arg(long, value_name = "FRAMING", value_parser = framings::framing)]
    pub framing: Option<Framing>,
    /// Say of each frame whether its checksum is right: a CHECKSUM, then skip=N bytes before it, behind=N after it
    #[arg(long, value_name = "CHECKSUM", value_parser = framings::verify)]
    pub verify: Option<Verify>,
    /// Print the fields of each frame
    #[arg(long, value_name = "PROTOCOL", value_parser = decoder())]
    pub decode: Option<DecoderChoice>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Eol {
    None,
    Lf,
    Crlf,
    Cr,
    Nul,
}

/// The names of `session::export::FORMATS`; a test holds the two together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// A line for each event, and its bytes as hex and text
    Text,
    /// For spreadsheets
    Csv,
    /// One JSON object a line, the same as --json prints
    Jsonl,
    /// A session again, which Wireshark opens too
    Pcapng,
    /// A hex dump that text2pcap takes back
    Hexdump,
    /// The payload bytes alone, one event after the other
    Raw,
}

impl SessionArguments {
    pub fn encodings(&self) -> Encodings {
        Encodings { everywhere: self.encoding, ..Encodings::default() }
    }

    pub fn rotation(&self) -> Rotation {
        Rotation {
            every_bytes: self.rotate_size,
            every_secs: self.rotate_every.map(|time| time.as_secs()),
            keep_files: self.keep_files,
        }
    }
}

impl Eol {
    pub fn ending(self) -> LineEnding {
        match self {
            Self::None => LineEnding::None,
            Self::Lf => LineEnding::Lf,
            Self::Crlf => LineEnding::CrLf,
            Self::Cr => LineEnding::Cr,
            Self::Nul => LineEnding::Nul,
        }
    }
}

impl ExportFormat {
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Csv => "csv",
            Self::Jsonl => "jsonl",
            Self::Pcapng => "pcapng",
            Self::Hexdump => "hexdump",
            Self::Raw => "raw",
        }
    }
}

/// The names of all encodings.
fn encoding_of() -> impl TypedValueParser<Value = TextEncoding> {
    let names = TextEncoding::ALL.map(|encoding| PossibleValue::new(encoding.name()));
    PossibleValuesParser::new(names).map(|name| {
        let named = |encoding: &TextEncoding| encoding.name().eq_ignore_ascii_case(&name);
        TextEncoding::ALL.into_iter().find(named).unwrap_or_default()
    })
}

/// The keys of all decoders, and the choice by ports.
fn decoder() -> impl TypedValueParser<Value = DecoderChoice> {
    let keys = std::iter::once("by-port").chain(decode::registry().iter().map(|decoder| decoder.key()));
    PossibleValuesParser::new(keys.map(PossibleValue::new)).map(DecoderChoice::from)
}

fn answer(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("NAME=VALUE is missing its =")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn rotation_size(text: &str) -> Result<u64, String> {
    let bytes = sizes::parse(text)?;
    if bytes < Rotation::LEAST_BYTES {
        Err("less than 1MiB: the files would be too many".to_owned())
    } else {
        Ok(bytes)
    }
}

fn rotation_time(text: &str) -> Result<Duration, String> {
    let time = durations::parse(text)?;
    if time.as_secs() < Rotation::LEAST_SECS {
        Err("less than 10s: the files would be too many".to_owned())
    } else {
        Ok(time)
    }
}

/// A mistyped command would otherwise be taken for a file to open.
fn file_to_open(text: &str) -> Result<PathBuf, String> {
    let path = Path::new(text);
    let known = path.extension().is_some_and(|end| {
        end.eq_ignore_ascii_case("toml") || CAPTURE_EXTENSIONS.iter().any(|known| end.eq_ignore_ascii_case(known))
    });
    if known { Ok(path.to_path_buf()) } else { Err("neither a command nor a .toml, .pcapng or .pcap file".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_grammar_holds() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn the_window_is_what_no_command_means() {
        assert!(Arguments::try_parse_from(["sockscope"]).unwrap().command.is_none());
        let opened = Arguments::try_parse_from(["sockscope", "a b.TOML"]).unwrap();
        assert_eq!(opened.file.unwrap(), Path::new("a b.TOML"));
        for capture in ["a.pcapng", "a.pcap", "A.CAP"] {
            assert!(Arguments::try_parse_from(["sockscope", capture]).unwrap().file.is_some());
        }
        assert!(Arguments::try_parse_from(["sockscope", "listne"]).is_err());
    }

    #[test]
    fn wrong_usage_is_told_before_anything_opens() {
        for line in [
            "listen",
            "listen 127.0.0.1:1",
            "listen http://127.0.0.1:1",
            "listen tcp://name.example:1",
            "listen tcp://127.0.0.1:1 --for 10",
            "listen tcp://127.0.0.1:1 --events 0",
            "listen tcp://127.0.0.1:1 --max-peers 0",
            "listen tcp://127.0.0.1:1 --force",
            "listen tcp://127.0.0.1:1 --rotate-size 10MB",
            "listen tcp://127.0.0.1:1 --record a.pcapng --rotate-size 10",
            "listen tcp://127.0.0.1:1 --record a.pcapng --rotate-size 10kB",
            "listen tcp://127.0.0.1:1 --record a.pcapng --keep-files 3",
            "listen tcp://127.0.0.1:1 --record a.pcapng --rotate-every 1s",
            "connect tcp://127.0.0.1:0",
            "send tcp://127.0.0.1:1",
            "send tcp://127.0.0.1:1 --text a --hex 00",
            "send tcp://127.0.0.1:1 --file a --eol lf",
            "send tcp://127.0.0.1:1 --file a --checksum modbus",
            "send tcp://127.0.0.1:1 --hex 00 --base64 AA==",
            "send tcp://127.0.0.1:1 --hex 00 --checksum modbsu",
            "send tcp://127.0.0.1:1 --text a --ask Name",
            "send tcp://127.0.0.1:1 --text a --dry-run --json",
            "send tcp://127.0.0.1:1 --text a --repeat 0",
            "send tcp://127.0.0.1:1 --text a --encoding ebcdic",
            "export a.pcapng",
            "export a.pcapng --as xml",
            "export a.pcapng --as csv --local",
            "completions tcsh7",
            "checksum compute modbus",
            "checksum compute none --text a",
            "checksum find",
            "listen tcp://127.0.0.1:1 --framing lines",
            "listen tcp://127.0.0.1:1 --decode gopher",
            "listen tcp://127.0.0.1:1 --verify none",
        ] {
            let words = std::iter::once("sockscope").chain(line.split(' '));
            let error = Arguments::try_parse_from(words).expect_err(line);
            assert_eq!(error.exit_code(), 2, "{line}");
        }
    }

    #[test]
    fn texts_may_begin_with_a_hyphen() {
        let arguments = Arguments::try_parse_from(["sockscope", "send", "tcp://a:1", "--text", "-5"]).unwrap();
        let Some(Command::Send(send)) = arguments.command else { panic!("send") };
        assert_eq!(send.payload.text.as_deref(), Some("-5"));
    }

    #[test]
    fn export_formats_are_those_of_the_registry() {
        let ours: Vec<_> = ExportFormat::value_variants().iter().map(|format| format.name()).collect();
        for name in &ours {
            assert!(crate::session::export::format(name).is_some(), "{name}");
        }
        for format in crate::session::export::FORMATS {
            assert!(ours.contains(&format.name), "{} is missing on the command line", format.name);
        }
    }
}
