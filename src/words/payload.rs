//! Sentences about templates: what is wrong in them, and what a sending lacks.
//!
//! Called by: `Words::mistake`, ui, cli, engine (through `Words::missing`).

use std::fmt::Display;

use super::{MAX_OUTSIDE_BYTES, Words, numbers};
use crate::payload::{MAX_PAYLOAD_BYTES, Missing, MistakeKind, visible_text};

impl Words {
    /// What a payload asks for and did not get, in one sentence.
    pub fn missing(&self, missing: &Missing) -> String {
        let named = |key: &str, name: &str| self.fill(key, &[("name", &outside(name))]);
        match missing {
            Missing::Ask(name) => named("missing.ask", name),
            Missing::Environment(name) => named("missing.environment", name),
            Missing::File(name) => named("missing.file", name),
            Missing::Variable(name) => named("missing.variable", name),
            Missing::Capture(number) => self.fill("missing.capture", &[("n", number)]),
            Missing::Peer => self.get("missing.peer").to_owned(),
            Missing::Local => self.get("missing.local").to_owned(),
            Missing::TooLarge(name) => self.fill(
                "missing.too_large",
                &[("name", &outside(name)), ("limit", &numbers::grouped(MAX_PAYLOAD_BYTES))],
            ),
            Missing::NotInEncoding { value, encoding } => {
                self.fill("missing.not_in_encoding", &[("value", &outside(value)), ("encoding", &encoding.name())])
            }
        }
    }

    /// The part of `mistake` about templates, brackets and base64.
    pub(super) fn template_mistake(&self, what: &MistakeKind) -> String {
        let say = |key: &str, values: &[(&str, &dyn Display)]| self.fill(&format!("mistake.{key}"), values);
        let part = |named: &str, unnamed: &str, name: &str| match name {
            "" => say(unnamed, &[("begin", &mark("begin", "")), ("end", &mark("end", ""))]),
            name => {
                say(named, &[("name", &outside(name)), ("begin", &mark("begin", name)), ("end", &mark("end", name))])
            }
        };
        match what {
            MistakeKind::UnknownTemplate { name, nearest: Some(nearest) } => {
                say("template_is_called", &[("name", &outside(name)), ("nearest", nearest)])
            }
            MistakeKind::UnknownTemplate { name, nearest: None } => {
                say("unknown_template", &[("name", &outside(name))])
            }
            MistakeKind::MissingArgument { template, example } => {
                say("missing_argument", &[("template", template), ("example", example)])
            }
            MistakeKind::BadArgument { template, argument, expected } => {
                say("bad_argument", &[("template", template), ("argument", &outside(argument)), ("expected", expected)])
            }
            MistakeKind::TooManyTemplates { limit } => {
                say("too_many_templates", &[("limit", &numbers::grouped(*limit as u64))])
            }
            MistakeKind::ChecksumIsCalled { name, nearest } => {
                say("checksum_is_called", &[("name", &outside(name)), ("nearest", nearest)])
            }
            MistakeKind::PartTwice(name) => part("part_twice", "unnamed_part_twice", name),
            MistakeKind::UnclosedPart(name) => part("unclosed_part", "unclosed_unnamed_part", name),
            MistakeKind::EndWithoutBegin(name) => part("end_without_begin", "end_without_unnamed_begin", name),
            MistakeKind::UnknownPart { name, nearest: Some(nearest) } if !nearest.is_empty() => {
                say("part_is_called", &[("name", &outside(name)), ("nearest", &outside(nearest))])
            }
            MistakeKind::UnknownPart { name, .. } => part("unknown_part", "unknown_part", name),
            MistakeKind::NotHexInBrackets(character) => {
                say("not_hex_in_brackets", &[("character", &shown(*character))])
            }
            MistakeKind::BadBase64(character) => say("bad_base64", &[("character", &shown(*character))]),
            MistakeKind::UnclosedTemplate => say("unclosed_template", &[]),
            MistakeKind::CoversItself => say("covers_itself", &[]),
            MistakeKind::DoesNotFit => say("does_not_fit", &[]),
            MistakeKind::NeedsValues => say("needs_values", &[]),
            MistakeKind::UnclosedBracket => say("unclosed_bracket", &[]),
            MistakeKind::EmptyBrackets => say("empty_brackets", &[]),
            MistakeKind::UnfinishedBase64 => say("unfinished_base64", &[]),
            // Said by `mistake` itself.
            _ => String::new(),
        }
    }
}

/// The template that begins or ends a part.
fn mark(template: &str, part: &str) -> String {
    let colon = if part.is_empty() { "" } else { ":" };
    format!("{{{{{template}{colon}{}}}}}", outside(part))
}

fn outside(text: &str) -> String {
    visible_text(text, MAX_OUTSIDE_BYTES)
}

fn shown(character: char) -> String {
    visible_text(character.encode_utf8(&mut [0; 4]), 16)
}
