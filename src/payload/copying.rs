//! Bytes as people copy them into other programs: hex, text, and the literals of programming languages.
//!
//! Pure. Never: the clipboard. Called by: ui.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::text::bytes_to_text;
use super::units::{Unit, Units, is_invisible};
use super::{bytes_to_hex, visible_text};
use crate::model::TextEncoding;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CopyFormat {
    /// `68 65 6c`
    Hex,
    /// `68656c`
    HexPlain,
    /// As it reads: line ends stay, what is hidden or invalid is marked.
    Text,
    /// As the composer takes it: every byte can be told.
    EscapedText,
    CArray,
    RustArray,
    PythonBytes,
    Base64,
}

impl CopyFormat {
    pub const ALL: [Self; 8] = [
        Self::Hex,
        Self::HexPlain,
        Self::Text,
        Self::EscapedText,
        Self::CArray,
        Self::RustArray,
        Self::PythonBytes,
        Self::Base64,
    ];
}

/// The bytes in this format; `encoding` counts for text only.
pub fn copied(bytes: &[u8], format: CopyFormat, encoding: TextEncoding) -> String {
    match format {
        CopyFormat::Hex => bytes_to_hex(bytes),
        CopyFormat::HexPlain => bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            push_hex(*byte, &mut text);
            text
        }),
        CopyFormat::Text => readable(bytes, encoding),
        CopyFormat::EscapedText => bytes_to_text(bytes, encoding),
        CopyFormat::CArray => array(bytes, &format!("unsigned char bytes[{}] = {{", bytes.len()), " ", "};"),
        CopyFormat::RustArray => array(bytes, &format!("const BYTES: [u8; {}] = [", bytes.len()), "", "];"),
        CopyFormat::PythonBytes => python(bytes),
        CopyFormat::Base64 => STANDARD.encode(bytes),
    }
}

/// Numbers on one line, or twelve a line where they are many. `pad` stands inside the brackets of a single line.
fn array(bytes: &[u8], opening: &str, pad: &str, closing: &str) -> String {
    const PER_LINE: usize = 12;
    let mut text = String::with_capacity(bytes.len() * 6 + opening.len() + 8);
    text.push_str(opening);
    let one_line = bytes.len() <= PER_LINE;
    for (index, byte) in bytes.iter().enumerate() {
        text.push_str(match index {
            _ if !one_line && index % PER_LINE == 0 => "\n    ",
            0 => pad,
            _ => " ",
        });
        text.push_str("0x");
        push_hex(*byte, &mut text);
        if index + 1 < bytes.len() {
            text.push(',');
        }
    }
    text.push_str(if one_line { pad } else { "\n" });
    text.push_str(closing);
    text
}

/// `b"..."`
fn python(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() + bytes.len() / 4 + 3);
    text.push_str("b\"");
    for byte in bytes {
        match byte {
            b'\r' => text.push_str("\\r"),
            b'\n' => text.push_str("\\n"),
            b'\t' => text.push_str("\\t"),
            b'\\' | b'"' => {
                text.push('\\');
                text.push(char::from(*byte));
            }
            0x20..=0x7E => text.push(char::from(*byte)),
            _ => {
                text.push_str("\\x");
                push_hex(*byte, &mut text);
            }
        }
    }
    text.push('"');
    text
}

/// Text for a document: a terminal or an editor that it is put into is commanded by nothing in it.
fn readable(bytes: &[u8], encoding: TextEncoding) -> String {
    let mut text = String::with_capacity(bytes.len() + bytes.len() / 8);
    for unit in Units::of(bytes, encoding) {
        match unit {
            Unit::Plain(plain) => text.push_str(plain),
            Unit::Character(character @ ('\r' | '\n' | '\t'), _) => text.push(character),
            Unit::Character(character, _) if is_invisible(character) => {
                text.push_str(&visible_text(character.encode_utf8(&mut [0; 4]), 16));
            }
            Unit::Character(character, _) => text.push(character),
            Unit::Invalid(byte) => {
                text.push('⟨');
                push_hex(byte, &mut text);
                text.push('⟩');
            }
        }
    }
    text
}

fn push_hex(byte: u8, text: &mut String) {
    for digit in [byte >> 4, byte & 15] {
        text.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
    }
}

#[cfg(test)]
#[allow(clippy::print_stdout, reason = "a skipped test says so")]
mod tests {
    use std::io::Write as _;
    use std::process::{Command, Stdio};

    use super::*;
    use crate::payload::{hex_to_bytes, text_to_bytes};
    use proptest::prelude::*;

    fn as_format(bytes: &[u8], format: CopyFormat) -> String {
        copied(bytes, format, TextEncoding::Utf8)
    }

    #[test]
    fn each_format_looks_as_its_language_wants() {
        let bytes = b"he\r\n\"\\\xff";
        assert_eq!(as_format(bytes, CopyFormat::Hex), "68 65 0d 0a 22 5c ff");
        assert_eq!(as_format(bytes, CopyFormat::HexPlain), "68650d0a225cff");
        assert_eq!(as_format(bytes, CopyFormat::Text), "he\r\n\"\\⟨ff⟩");
        assert_eq!(as_format(bytes, CopyFormat::EscapedText), "he\\r\\n\"\\\\\\xff");
        assert_eq!(as_format(b"hi", CopyFormat::CArray), "unsigned char bytes[2] = { 0x68, 0x69 };");
        assert_eq!(as_format(b"hi", CopyFormat::RustArray), "const BYTES: [u8; 2] = [0x68, 0x69];");
        assert_eq!(as_format(bytes, CopyFormat::PythonBytes), r#"b"he\r\n\"\\\xff""#);
        assert_eq!(as_format(bytes, CopyFormat::Base64), "aGUNCiJc/w==");
        assert_eq!(as_format(&[7; 13], CopyFormat::CArray).lines().count(), 4);
    }

    #[test]
    fn copied_text_commands_nothing() {
        let text = as_format("a\x1b[2J\u{202e}b\u{200b}\n".as_bytes(), CopyFormat::Text);
        assert_eq!(text, "a␛[2J⟨U+202E⟩b⟨U+200B⟩\n");
    }

    fn numbers(text: &str) -> Vec<u8> {
        let inside = text.split_once(['{', '[']).map_or("", |(_, rest)| rest);
        let inside = inside.split_once(['{', '[']).map_or(inside, |(_, rest)| rest);
        let numbers = inside.trim_end_matches([';', '}', ']', ' ', '\n']).split(',');
        let numbers = numbers.map(str::trim).filter(|number| !number.is_empty());
        numbers.map(|number| u8::from_str_radix(number.trim_start_matches("0x"), 16).unwrap()).collect()
    }

    /// What `b"..."` means in Python.
    fn python_value(literal: &str) -> Vec<u8> {
        let mut characters = literal.strip_prefix("b\"").unwrap().strip_suffix('"').unwrap().chars();
        let mut bytes = Vec::new();
        while let Some(character) = characters.next() {
            assert!(character.is_ascii() && character != '"');
            bytes.push(match character {
                '\\' => match characters.next().unwrap() {
                    'r' => b'\r',
                    'n' => b'\n',
                    't' => b'\t',
                    'x' => {
                        let digits: String = characters.by_ref().take(2).collect();
                        u8::from_str_radix(&digits, 16).unwrap()
                    }
                    other => other as u8,
                },
                plain => plain as u8,
            });
        }
        bytes
    }

    proptest! {
        #[test]
        fn what_was_copied_comes_back(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            for format in [CopyFormat::CArray, CopyFormat::RustArray] {
                let text = as_format(&bytes, format);
                prop_assert_eq!(numbers(&text), &bytes[..]);
                let length = format!("{}]", bytes.len());
                prop_assert!(text.contains(&length));
            }
            prop_assert_eq!(python_value(&as_format(&bytes, CopyFormat::PythonBytes)), &bytes[..]);
            prop_assert_eq!(STANDARD.decode(as_format(&bytes, CopyFormat::Base64)).unwrap(), &bytes[..]);
            for format in [CopyFormat::Hex, CopyFormat::HexPlain, CopyFormat::CArray] {
                prop_assert_eq!(hex_to_bytes(&as_format(&bytes, format)).unwrap(), &bytes[..]);
            }
            for encoding in TextEncoding::ALL {
                let text = copied(&bytes, CopyFormat::EscapedText, encoding);
                prop_assert_eq!(text_to_bytes(&text, encoding).unwrap(), &bytes[..]);
                let readable = copied(&bytes, CopyFormat::Text, encoding);
                prop_assert!(readable.chars().all(|c| !is_invisible(c) || matches!(c, '\r' | '\n' | '\t')));
            }
        }
    }

    /// Every byte, and strings that are easily quoted wrongly.
    fn samples() -> Vec<Vec<u8>> {
        vec![
            (0..=255).collect(),
            b"\\x41\"'\\".to_vec(),
            vec![0, b'0', b'1'],
            b"a\"\"\"b\\".to_vec(),
            b"{0}%s".to_vec(),
        ]
    }

    #[test]
    fn python_reads_the_literal_as_the_same_bytes() {
        let script: String = samples()
            .iter()
            .map(|bytes| format!("print({}.hex())\n", as_format(bytes, CopyFormat::PythonBytes)))
            .collect();
        let child = Command::new("python3").arg("-").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let Ok(mut child) = child else {
            println!("SKIPPED: python3 is not there");
            return;
        };
        child.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let expected: String = samples().iter().map(|bytes| as_format(bytes, CopyFormat::HexPlain) + "\n").collect();
        assert_eq!(String::from_utf8_lossy(&output.stdout).replace("\r\n", "\n"), expected);
    }

    /// Compiles a source, runs it and gives what it printed; `None`: the compiler is not there.
    fn compiled(compiler: &str, name: &str, source: &str) -> Option<Vec<u8>> {
        let folder = tempfile::tempdir().unwrap();
        let (file, program) = (folder.path().join(name), folder.path().join("program"));
        std::fs::write(&file, source).unwrap();
        let status = Command::new(compiler).arg("-o").arg(&program).arg(&file).status();
        let Ok(status) = status else {
            println!("SKIPPED: {compiler} is not there");
            return None;
        };
        assert!(status.success(), "{source}");
        Some(Command::new(program).output().unwrap().stdout)
    }

    #[test]
    fn compilers_read_the_arrays_as_the_same_bytes() {
        let bytes: Vec<u8> = (0..=255).collect();
        let c = format!(
            "#include <stdio.h>\n{}\nint main(void) {{ fwrite(bytes, 1, sizeof bytes, stdout); return 0; }}\n",
            as_format(&bytes, CopyFormat::CArray)
        );
        if let Some(printed) = compiled("cc", "program.c", &c) {
            assert_eq!(printed, bytes);
        }
        let rust = format!(
            "use std::io::Write;\n{}\nfn main() {{ std::io::stdout().write_all(&BYTES).unwrap(); }}\n",
            as_format(&bytes, CopyFormat::RustArray)
        );
        if let Some(printed) = compiled("rustc", "program.rs", &rust) {
            assert_eq!(printed, bytes);
        }
    }
}
