//! The words people read: one table per language (`assets/words/*.toml`), compiled in, switched live.
//!
//! Owns: the tables, sentences for failures, happenings and mistakes, numbers with units. Pure.
//! Never: what is not for people. May use `model`, `payload`, `filter` and `rules`.
//! Called by: ui, cli, session (the English sentences in the file).

mod capture;
mod decode;
mod failure;
mod filter;
mod happening;
mod labels;
mod numbers;
mod pattern;
mod payload;
mod replies;
mod steps;
mod table;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fmt::Display;
use std::sync::OnceLock;

use crate::payload::{Mistake, MistakeKind};

pub use table::{TableError, flatten, placeholders};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum Language {
    #[default]
    #[serde(rename = "en")]
    English,
    #[serde(rename = "zh-CN")]
    Chinese,
}

impl Language {
    pub const ALL: [Self; 2] = [Self::English, Self::Chinese];

    /// The language that a locale such as `zh_CN.UTF-8` asks for.
    pub fn of_locale(locale: &str) -> Self {
        let language = locale.split(['_', '-', '.', '@']).next().unwrap_or_default();
        if language.eq_ignore_ascii_case("zh") { Self::Chinese } else { Self::English }
    }

    /// The language's name in itself.
    pub fn name(self) -> &'static str {
        Words::of(self).get("language.name")
    }

    fn source(self) -> &'static str {
        match self {
            Self::English => include_str!("../../assets/words/en.toml"),
            Self::Chinese => include_str!("../../assets/words/zh-CN.toml"),
        }
    }
}

/// One language's table.
pub struct Words {
    texts: HashMap<String, String>,
}

/// Longest piece of text from outside (a host name, the system's words) within a sentence, in bytes.
const MAX_OUTSIDE_BYTES: usize = 512;

impl Words {
    pub fn of(language: Language) -> &'static Words {
        static ENGLISH: OnceLock<Words> = OnceLock::new();
        static CHINESE: OnceLock<Words> = OnceLock::new();
        let table = match language {
            Language::English => &ENGLISH,
            Language::Chinese => &CHINESE,
        };
        table.get_or_init(|| Words {
            // The tables are part of the program and a test reads both, so an unreadable one cannot be shipped; were it
            // so, keys would be shown.
            texts: flatten(language.source()).unwrap_or_default(),
        })
    }

    /// The text of a key, such as `log.pause`. An unknown key is returned as it is (a test finds those).
    pub fn get<'a>(&'a self, key: &'a str) -> &'a str {
        self.find(key).unwrap_or(key)
    }

    /// The text of a key that may be missing.
    pub fn find(&self, key: &str) -> Option<&str> {
        self.texts.get(key).map(String::as_str)
    }

    /// All keys, in no order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.texts.keys().map(String::as_str)
    }

    /// The text with each `{name}` replaced. A value goes in as it is and is not looked at again.
    pub fn fill(&self, key: &str, values: &[(&str, &dyn Display)]) -> String {
        table::fill(self.get(key), values)
    }

    /// `fill` with what suits the number: `count.bytes` finds `count.bytes_one` and `count.bytes_many`; `{n}` is the
    /// number with thousands set apart.
    pub fn count(&self, key: &str, number: u64) -> String {
        let key = format!("{key}_{}", if number == 1 { "one" } else { "many" });
        self.fill(&key, &[("n", &numbers::grouped(number))])
    }

    /// What is wrong in a payload, in one sentence.
    pub fn mistake(&self, mistake: &Mistake) -> String {
        let shown = |character: char| crate::payload::visible_text(character.encode_utf8(&mut [0; 4]), 16);
        match &mistake.what {
            MistakeKind::UnknownEscape(character) => {
                self.fill("mistake.unknown_escape", &[("character", &shown(*character))])
            }
            MistakeKind::UnknownChecksum(name) => self.fill("mistake.unknown_checksum", &[("name", name)]),
            MistakeKind::UnfinishedEscape => self.get("mistake.unfinished_escape").to_owned(),
            MistakeKind::BadHexDigit(character) => {
                self.fill("mistake.bad_hex_digit", &[("character", &shown(*character))])
            }
            MistakeKind::OddHexDigits => self.get("mistake.odd_hex_digits").to_owned(),
            MistakeKind::BadCodePoint => self.get("mistake.bad_code_point").to_owned(),
            MistakeKind::NotInEncoding { character, encoding } => self
                .fill("mistake.not_in_encoding", &[("character", &shown(*character)), ("encoding", &encoding.name())]),
            MistakeKind::TooLong { bytes, limit } => self.fill(
                "mistake.too_long",
                &[("bytes", &self.count("count.bytes", *bytes)), ("limit", &numbers::grouped(*limit))],
            ),
            MistakeKind::NoPath => self.get("mistake.no_path").to_owned(),
            MistakeKind::BadFileUri => self.get("mistake.bad_file_uri").to_owned(),
            MistakeKind::IsAFile => self.get("mistake.is_a_file").to_owned(),
            other => self.template_mistake(other),
        }
    }
}
