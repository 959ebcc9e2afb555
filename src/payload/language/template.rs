//! What stands between `{{` and `}}`, understood.
//!
//! Never: looks at what is around a template. Called by: `scan`.

use std::ops::Range;

use super::super::checksum::{algorithm, catalogue};
use super::super::{MAX_PAYLOAD_BYTES, Mistake, MistakeKind};
use super::nearest::nearest;
use super::numbers::{MOST_DIGITS, Number, WORDS, Written, integer};
use super::values::{AddressPart, Counter, Moment, Random, Value};
use crate::model::{ByteOrder, Checksum, SumForm};

/// One template.
#[derive(Clone, Debug)]
pub(super) enum Template {
    Value(Value),
    Length { written: Written, plus: i64, part: PartName },
    Sum { sum: Checksum, part: PartName },
    Begin(PartName),
    End(PartName),
}

/// The name of a marked part, empty where none was written, and where it stands.
#[derive(Clone, Debug)]
pub(super) struct PartName {
    pub name: String,
    pub at: Range<usize>,
}

/// Names of templates, captures excepted.
pub(super) const NAMES: [&str; 13] =
    ["counter", "now", "random", "uuid", "peer", "local", "file", "env", "ask", "var", "length", "checksum", "begin"];
const END: &str = "end";

/// A template: `inner` stands at `at` in the draft's text.
pub(super) fn template(inner: &str, at: usize) -> Result<Template, Mistake> {
    let start = at + inner.len() - inner.trim_start().len();
    let whole = inner.trim();
    let name_length = whole.find([':', '.']).unwrap_or(whole.len());
    let (name, rest) = whole.split_at(name_length);
    let rest_text = rest.get(1..).unwrap_or_default();
    let rest_at = start + name_length + usize::from(!rest.is_empty());
    let name = name.trim_end();
    let here = start..start + name.len();
    let arguments = Arguments { text: rest_text, at: rest_at, whole: start..start + whole.len() };
    if rest.starts_with('.') && !matches!(name, "peer" | "local") {
        return Err(unknown(whole, start..start + whole.len()));
    }
    let template = match name {
        "counter" => Template::Value(Value::Counter(counter(&arguments)?)),
        "now" => Template::Value(Value::Now(moment(&arguments)?)),
        "random" => Template::Value(Value::Random(random(&arguments)?)),
        "uuid" => {
            arguments.words().try_for_each(|word| match word.text {
                "v4" => Ok(()),
                _ => Err(word.bad("uuid", "v4")),
            })?;
            Template::Value(Value::Uuid)
        }
        "peer" => Template::Value(Value::Peer(address_part("peer", &arguments)?)),
        "local" => Template::Value(Value::Local(address_part("local", &arguments)?)),
        "file" => Template::Value(Value::File(unquoted(arguments.all("file", "{{file:request.bin}}")?))),
        "env" => Template::Value(Value::Environment(arguments.all("env", "{{env:TOKEN}}")?)),
        "ask" => Template::Value(Value::Ask(arguments.all("ask", "{{ask:Name}}")?)),
        "var" => Template::Value(Value::Variable(arguments.all("var", "{{var:token}}")?)),
        "length" => length(&arguments)?,
        "checksum" => sum(&arguments)?,
        "begin" => Template::Begin(arguments.part_name()),
        END => Template::End(arguments.part_name()),
        _ => match capture(whole) {
            Some(number) => Template::Value(Value::Capture(number)),
            None => return Err(unknown(name, here)),
        },
    };
    Ok(template)
}

/// The template of a file, its path in quotes where it needs them.
pub fn file_template(path: &str) -> String {
    let plain = !path.contains(['{', '}', '"']) && path.trim() == path;
    if plain {
        format!("{{{{file:{path}}}}}")
    } else {
        let path = path.replace('\\', "\\\\").replace('"', "\\\"");
        format!("{{{{file:\"{path}\"}}}}")
    }
}

/// A path in quotes: a backslash stands before a quote and before itself.
fn unquoted(typed: String) -> String {
    let Some(inside) = typed.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else { return typed };
    let mut path = String::with_capacity(inside.len());
    let mut characters = inside.chars().peekable();
    while let Some(character) = characters.next() {
        match (character, characters.peek()) {
            ('\\', Some(&next @ ('"' | '\\'))) => {
                characters.next();
                path.push(next);
            }
            _ => path.push(character),
        }
    }
    path
}

/// Whether what stands behind `{{` can be meant as a template where braces may as well stand between bytes.
pub(super) fn is_meant(behind: &str) -> bool {
    let behind = behind.trim_start();
    let word = behind.find(|c: char| !c.is_ascii_alphanumeric()).map_or(behind, |end| behind.split_at(end).0);
    if word.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return !word.bytes().all(|byte| byte.is_ascii_hexdigit());
    }
    let after = behind.get(word.len()..).unwrap_or_default().trim_start();
    capture(word).is_some() && after.starts_with("}}")
}

fn capture(text: &str) -> Option<usize> {
    let number = text.parse::<usize>().ok().filter(|number| (1..=99).contains(number))?;
    text.starts_with(|c: char| ('1'..='9').contains(&c)).then_some(number)
}

fn unknown(name: &str, at: Range<usize>) -> Mistake {
    let nearest = nearest(name, NAMES.into_iter().chain([END]));
    Mistake { at, what: MistakeKind::UnknownTemplate { name: name.to_owned(), nearest } }
}

/// What stands behind the colon.
struct Arguments<'a> {
    text: &'a str,
    at: usize,
    /// The template without its braces.
    whole: Range<usize>,
}

/// One argument, without the blanks around it.
struct Word<'a> {
    /// Before `=`, where letters only stand there.
    key: Option<&'a str>,
    /// Behind `=`, or all of it.
    value: &'a str,
    text: &'a str,
    at: Range<usize>,
}

impl<'a> Arguments<'a> {
    fn words(&self) -> impl Iterator<Item = Word<'a>> {
        let mut at = self.at;
        self.text.split(',').filter_map(move |piece| {
            let start = at + piece.len() - piece.trim_start().len();
            at += piece.len() + 1;
            let text = piece.trim();
            let (key, value) = match text.split_once('=') {
                Some((key, value)) if key.bytes().all(|byte| byte.is_ascii_lowercase()) => (Some(key), value),
                _ => (None, text),
            };
            (!text.is_empty()).then_some(Word { key, value, text, at: start..start + text.len() })
        })
    }

    /// All of it as one word, which must be there.
    fn all(&self, template: &'static str, example: &'static str) -> Result<String, Mistake> {
        match self.text.trim() {
            "" => Err(self.missing(template, example)),
            text => Ok(text.to_owned()),
        }
    }

    fn part_name(&self) -> PartName {
        PartName { name: self.text.trim().to_owned(), at: self.whole.clone() }
    }

    fn missing(&self, template: &'static str, example: &'static str) -> Mistake {
        Mistake { at: self.whole.clone(), what: MistakeKind::MissingArgument { template, example } }
    }
}

impl Word<'_> {
    fn bad(&self, template: &'static str, expected: &'static str) -> Mistake {
        let what = MistakeKind::BadArgument { template, argument: self.text.to_owned(), expected };
        Mistake { at: self.at.clone(), what }
    }

    fn number(&self, template: &'static str, expected: &'static str) -> Result<i64, Mistake> {
        integer(self.value).ok_or_else(|| self.bad(template, expected))
    }

    fn digits(&self, template: &'static str) -> Result<usize, Mistake> {
        let digits = integer(self.value).and_then(|digits| usize::try_from(digits).ok());
        digits.filter(|digits| (1..=MOST_DIGITS).contains(digits)).ok_or_else(|| self.bad(template, "width=1…64"))
    }

    fn part_name(&self) -> PartName {
        PartName { name: self.text.to_owned(), at: self.at.clone() }
    }
}

fn counter(arguments: &Arguments<'_>) -> Result<Counter, Mistake> {
    const EXPECTED: &str = "name=…, start=1, step=1, width=4, as=dec|hex|u8|u16be|…|u64le";
    let mut counter =
        Counter { name: None, start: 1, step: 1, written: Written { number: Number::Decimal, digits: 0 } };
    let mut bare = 0;
    for word in arguments.words() {
        let number = || word.number("counter", EXPECTED);
        match (word.key, bare) {
            (Some("name"), _) => counter.name = Some(word.value.to_owned()),
            (Some("start"), _) => counter.start = number()?,
            (Some("step"), _) => counter.step = number()?,
            (Some("width"), _) => counter.written.digits = word.digits("counter")?,
            (Some("as"), _) | (None, _) if Number::of_word(word.value).is_some() => {
                counter.written.number = Number::of_word(word.value).unwrap_or(Number::Decimal);
            }
            (None, 0..=2) => {
                match bare {
                    0 => counter.start = number()?,
                    1 => counter.step = number()?,
                    _ => counter.written.digits = word.digits("counter")?,
                }
                bare += 1;
            }
            _ => return Err(word.bad("counter", EXPECTED)),
        }
    }
    Ok(counter)
}

/// The format may hold commas: only a last `utc` or `local` is taken off.
fn moment(arguments: &Arguments<'_>) -> Result<Moment, Mistake> {
    let text = arguments.text.trim();
    let (before, last) = text.rsplit_once(',').map_or(("", text), |(before, last)| (before, last.trim()));
    let (format, utc) = match last {
        "utc" => (before.trim_end(), true),
        "local" => (before.trim_end(), false),
        _ => (text, false),
    };
    Moment::of(format, utc).ok_or_else(|| Mistake {
        at: if format.is_empty() { arguments.whole.clone() } else { arguments.at..arguments.at + arguments.text.len() },
        what: MistakeKind::BadArgument {
            template: "now",
            argument: format.to_owned(),
            expected: "unix, millis, micros, nanos, %Y-%m-%d %H:%M:%S",
        },
    })
}

fn random(arguments: &Arguments<'_>) -> Result<Random, Mistake> {
    const EXPECTED: &str = "int,1,6 / hex,8 / bytes,16 / seed=7";
    let mut seed = None;
    let mut kind = None;
    let mut numbers = Vec::new();
    for word in arguments.words() {
        match word.key {
            Some("seed") => seed = Some(word.number("random", EXPECTED)? as u64),
            None if kind.is_none() => kind = Some(word),
            None if numbers.len() < 2 => numbers.push((word.number("random", EXPECTED)?, word.at)),
            _ => return Err(word.bad("random", EXPECTED)),
        }
    }
    let missing = || arguments.missing("random", "{{random:int,1,6}}, {{random:hex,8}}, {{random:bytes,16}}");
    let kind = kind.ok_or_else(missing)?;
    let count = || match numbers.as_slice() {
        [(count, _)] if (1..=MAX_PAYLOAD_BYTES as i64).contains(count) => Ok(*count as usize),
        [] => Err(missing()),
        _ => Err(kind.bad("random", EXPECTED)),
    };
    match (kind.text, numbers.as_slice()) {
        ("int", [(from, _), (to, at)]) if to < from => {
            let argument = format!("{from},{to}");
            Err(Mistake {
                at: at.clone(),
                what: MistakeKind::BadArgument { template: "random", argument, expected: "int,1,6" },
            })
        }
        ("int", [(from, _), (to, _)]) => Ok(Random::Int { from: *from, to: *to, seed }),
        ("int", _) => Err(missing()),
        ("hex", _) => Ok(Random::Hex { digits: count()?, seed }),
        ("bytes", _) => Ok(Random::Bytes { count: count()?, seed }),
        _ => Err(kind.bad("random", EXPECTED)),
    }
}

fn address_part(template: &'static str, arguments: &Arguments<'_>) -> Result<AddressPart, Mistake> {
    let mut part = AddressPart::Both;
    for word in arguments.words() {
        part = match word.text {
            "ip" => AddressPart::Ip,
            "port" => AddressPart::Port,
            _ => return Err(word.bad(template, "ip, port")),
        };
    }
    Ok(part)
}

fn length(arguments: &Arguments<'_>) -> Result<Template, Mistake> {
    let mut written = Written { number: Number::Decimal, digits: 0 };
    let mut plus = 0_i64;
    let mut part = PartName { name: String::new(), at: arguments.whole.clone() };
    let mut has_form = false;
    for word in arguments.words() {
        let sign = word.text.starts_with(['+', '-']);
        match word.key {
            Some("width") => written.digits = word.digits("length")?,
            None if sign => plus = word.number("length", "+2, -1")?,
            None => match Number::of_word(word.text) {
                Some(number) if !has_form => {
                    written.number = number;
                    has_form = true;
                }
                None if part.name.is_empty() && (has_form || !looks_like_number_form(word.text)) => {
                    part = word.part_name();
                }
                _ => return Err(word.bad("length", FORMS)),
            },
            _ => return Err(word.bad("length", FORMS)),
        }
    }
    Ok(Template::Length { written, plus, part })
}

const FORMS: &str = "u8, u16be, u16le, u24be, u32be, u32le, u64be, u64le, dec, hex, width=4, +2, -1";

/// `u16` or `u16b` was meant as a form and is not the name of a part.
fn looks_like_number_form(word: &str) -> bool {
    let digits = word.strip_prefix(['u', 'U', 'i', 'I']).unwrap_or_default();
    digits.starts_with(|c: char| c.is_ascii_digit()) || nearest(word, WORDS).is_some()
}

fn sum(arguments: &Arguments<'_>) -> Result<Template, Mistake> {
    const EXPECTED: &str = "big, little, hex, HEX, key=…";
    let mut words = arguments.words();
    let first = words.next().ok_or_else(|| arguments.missing("checksum", "{{checksum:CRC-16/MODBUS}}"))?;
    let Some(known) = algorithm(first.text) else {
        let names =
            catalogue().iter().flat_map(|known| std::iter::once(known.name).chain(known.aliases.iter().copied()));
        let what = match nearest(first.text, names) {
            Some(nearest) => MistakeKind::ChecksumIsCalled { name: first.text.to_owned(), nearest },
            None => MistakeKind::UnknownChecksum(first.text.to_owned()),
        };
        return Err(Mistake { at: first.at, what });
    };
    let mut sum = Checksum::of(known.name);
    let mut part = PartName { name: String::new(), at: arguments.whole.clone() };
    for word in words {
        match (word.key, word.text) {
            (Some("key"), _) => word.value.clone_into(&mut sum.key),
            (_, "big") => sum.order = Some(ByteOrder::Big),
            (_, "little") => sum.order = Some(ByteOrder::Little),
            (_, "hex") => sum.form = SumForm::Hex,
            (_, "HEX") => sum.form = SumForm::HexUpper,
            (None, _) if part.name.is_empty() => part = word.part_name(),
            _ => return Err(word.bad("checksum", EXPECTED)),
        }
    }
    if known.keyed && sum.key.is_empty() {
        return Err(arguments.missing("checksum", "key=…"));
    }
    Ok(Template::Sum { sum, part })
}
