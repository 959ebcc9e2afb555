//! A table of words: TOML with nested sections, read into dotted keys. Called by: `Words`.

use std::collections::{BTreeSet, HashMap};
use std::fmt::{Display, Write};

/// Why a table cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    #[error("{0}")]
    Syntax(String),
    #[error("{0} is not a text")]
    NotText(String),
}

/// `[log] pause = "Pause"` becomes `log.pause`.
pub fn flatten(source: &str) -> Result<HashMap<String, String>, TableError> {
    let table: toml::Table = source.parse().map_err(|error: toml::de::Error| TableError::Syntax(error.to_string()))?;
    let mut texts = HashMap::new();
    let mut open = vec![(String::new(), table)];
    while let Some((prefix, table)) = open.pop() {
        for (name, value) in table {
            let key = if prefix.is_empty() { name } else { format!("{prefix}.{name}") };
            match value {
                toml::Value::String(text) => {
                    texts.insert(key, text);
                }
                toml::Value::Table(inner) => open.push((key, inner)),
                _ => return Err(TableError::NotText(key)),
            }
        }
    }
    Ok(texts)
}

/// The names of the `{places}` in a text.
pub fn placeholders(text: &str) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    let mut rest = text;
    while let Some((_, name, after)) = next_place(rest) {
        names.insert(name);
        rest = after;
    }
    names
}

/// Replaces each `{name}` that has a value; what has none stays as it is.
pub(super) fn fill(text: &str, values: &[(&str, &dyn Display)]) -> String {
    let mut filled = String::with_capacity(text.len() + 32);
    let mut rest = text;
    while let Some((before, name, after)) = next_place(rest) {
        filled.push_str(before);
        match values.iter().find(|(known, _)| *known == name) {
            // Writing to a string cannot fail, and a value that refuses to be written leaves nothing.
            Some((_, value)) => drop(write!(filled, "{value}")),
            None => drop(write!(filled, "{{{name}}}")),
        }
        rest = after;
    }
    filled.push_str(rest);
    filled
}

/// What stands before the next `{name}`, its name, and what stands behind.
fn next_place(text: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    loop {
        let open = from + text.get(from..)?.find('{')?;
        let inner = text.get(open + 1..)?;
        let length = inner.bytes().take_while(|byte| byte.is_ascii_lowercase() || *byte == b'_').count();
        if length > 0 && inner.as_bytes().get(length) == Some(&b'}') {
            return Some((text.get(..open)?, inner.get(..length)?, inner.get(length + 1..)?));
        }
        from = open + 1;
    }
}
