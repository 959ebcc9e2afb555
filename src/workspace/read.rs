//! A workspace's text, checked field by field, so that every mistake is told with its line and column.
//!
//! A key that is not known is a mistake too: a mistyped `max_peer` must not be ignored in silence.
//! Called by: `Workspace::parse`.

use serde::de::{DeserializeOwned, IntoDeserializer};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::read_work::{draft, framing, http, modbus, reply, sequence, shortcut, verify};
use super::{MAX_FILE_BYTES, MAX_HIGHLIGHTS, MAX_ITEMS, VERSION, Workspace, WorkspaceError};
use crate::model::{
    ClientSettings, Draft, EndpointSettings, HighlightRule, HostPort, ListenerSettings, PayloadFormat, Protocol,
    SavedFilter, SavedPayload, UdpSettings,
};
use crate::payload::{hex_to_bytes, visible_text, without_templates};

/// Longest message of the TOML reader that is passed on, in bytes.
const MAX_MESSAGE_BYTES: usize = 400;
/// The version of workspaces since which `{{` begins a template.
const FIRST_WITH_TEMPLATES: u32 = 3;

pub(super) fn workspace(text: &str) -> Result<Workspace, WorkspaceError> {
    if text.len() as u64 > MAX_FILE_BYTES {
        return Err(WorkspaceError::TooLarge(format!("{} bytes", text.len())));
    }
    let table = DeTable::parse(text).map_err(|error| from_toml(text, &error, 0))?;
    let mut fields = Fields::of(text, table.span().start, table.into_inner());
    let version = fields.required::<u32>("version")?;
    if version > VERSION {
        return Err(WorkspaceError::Newer(version, VERSION));
    }
    if version == 0 {
        return Err(syntax(text, fields.start, "version 0 does not exist: a workspace begins with version = 1"));
    }
    let endpoints = fields.tables("endpoint")?;
    let payloads = fields.tables("payload")?;
    let highlights = fields.tables("highlight")?;
    let filters = fields.tables("filter")?;
    let sequences = fields.tables("sequence")?;
    let items = endpoints.len() + payloads.len() + highlights.len() + filters.len() + sequences.len();
    if items > MAX_ITEMS {
        return Err(WorkspaceError::TooLarge(format!("{items} endpoints, payloads, rules and filters")));
    }
    if highlights.len() > MAX_HIGHLIGHTS {
        return Err(WorkspaceError::TooLarge(format!("{} highlight rules", highlights.len())));
    }
    fields.finish()?;
    Ok(Workspace {
        version,
        endpoints: endpoints.into_iter().map(endpoint).collect::<Result<_, _>>()?,
        payloads: payloads.into_iter().map(|fields| payload(fields, version)).collect::<Result<_, _>>()?,
        highlights: highlights.into_iter().map(highlight).collect::<Result<_, _>>()?,
        filters: filters.into_iter().map(filter).collect::<Result<_, _>>()?,
        sequences: sequences.into_iter().map(sequence).collect::<Result<_, _>>()?,
    })
}

/// The version in a text, whatever else stands there.
pub(super) fn version_of(text: &str) -> Option<u32> {
    let table = DeTable::parse(text).ok()?;
    let mut fields = Fields::of(text, 0, table.into_inner());
    fields.required("version").ok()
}

/// A mistake at a byte of the text, as line and column in characters.
pub(super) fn syntax(text: &str, at: usize, message: &str) -> WorkspaceError {
    let before = text.get(..text.floor_char_boundary(at)).unwrap_or_default();
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    WorkspaceError::Syntax {
        line: before.matches('\n').count() + 1,
        column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
        message: visible_text(message.trim(), MAX_MESSAGE_BYTES),
    }
}

fn endpoint(mut fields: Fields<'_>) -> Result<EndpointSettings, WorkspaceError> {
    let kind: String = {
        let at = fields.value_start("type");
        let kind = fields.required::<String>("type")?;
        if !["tcp-listener", "tcp-client", "udp"].contains(&kind.as_str()) {
            let message = format!("{kind:?} is no type of endpoint: use tcp-listener, tcp-client or udp");
            return Err(syntax(fields.text, at, &message));
        }
        kind
    };
    let name = fields.optional("name")?;
    let start_with_workspace = fields.or_default("start_with_workspace")?;
    let shown_as = fields.or_default("shown_as")?;
    let protocol = match kind.as_str() {
        "tcp-listener" => Protocol::TcpListener(listener(&mut fields)?),
        "tcp-client" => Protocol::TcpClient(client(&mut fields)?),
        _ => Protocol::Udp(udp(&mut fields)?),
    };
    let settings = EndpointSettings {
        name,
        start_with_workspace,
        shown_as,
        framing: framing(&mut fields)?,
        decoder: fields.or_default("decoder")?,
        verify: fields.table("verify")?.map(verify).transpose()?,
        replies: fields.tables("reply")?.into_iter().map(reply).collect::<Result<_, _>>()?,
        http: fields.table("http")?.map(http).transpose()?.unwrap_or_default(),
        modbus: fields.table("modbus")?.map(modbus).transpose()?.unwrap_or_default(),
        protocol,
    };
    fields.finish()?;
    Ok(settings)
}

fn listener(fields: &mut Fields<'_>) -> Result<ListenerSettings, WorkspaceError> {
    let usual = ListenerSettings::default();
    Ok(ListenerSettings {
        address: fields.or("address", usual.address)?,
        port: fields.or("port", usual.port)?,
        dual_stack: fields.or("dual_stack", usual.dual_stack)?,
        backlog: fields.or("backlog", usual.backlog)?,
        max_peers: fields.optional("max_peers")?,
        over_limit: fields.or_default("over_limit")?,
        answer: fields.or_default("answer")?,
    })
}

fn client(fields: &mut Fields<'_>) -> Result<ClientSettings, WorkspaceError> {
    let usual = ClientSettings::new(fields.required::<HostPort>("remote")?);
    Ok(ClientSettings {
        source_address: fields.optional("source_address")?,
        source_port: fields.or_default("source_port")?,
        connect_timeout_millis: fields.or("connect_timeout_millis", usual.connect_timeout_millis)?,
        reconnect_millis: fields.optional("reconnect_millis")?,
        answer: fields.or_default("answer")?,
        remote: usual.remote,
    })
}

fn udp(fields: &mut Fields<'_>) -> Result<UdpSettings, WorkspaceError> {
    let usual = UdpSettings::default();
    Ok(UdpSettings {
        address: fields.or("address", usual.address)?,
        port: fields.or("port", usual.port)?,
        dual_stack: fields.or("dual_stack", usual.dual_stack)?,
        remote: fields.optional("remote")?,
        broadcast: fields.or("broadcast", usual.broadcast)?,
        receive_buffer: fields.or("receive_buffer", usual.receive_buffer)?,
        answer: fields.or_default("answer")?,
    })
}

fn payload(mut fields: Fields<'_>, version: u32) -> Result<SavedPayload, WorkspaceError> {
    let mut saved = SavedPayload {
        name: fields.required("name")?,
        folder: fields.or_default("folder")?,
        remark: fields.or_default("remark")?,
        shortcut: shortcut(&mut fields)?,
        draft: draft(&mut fields)?,
    };
    if version < FIRST_WITH_TEMPLATES {
        as_before_templates(&mut saved.draft);
    }
    fields.finish()?;
    Ok(saved)
}

/// Two braces were two braces: the draft still sends them, or separates bytes with them.
fn as_before_templates(draft: &mut Draft) {
    match draft.format {
        PayloadFormat::Text => draft.text = without_templates(&draft.text),
        PayloadFormat::Hex => {
            let apart = draft.text.replace("{{", "{ {");
            // In the text column of a dump they are no separators, and nothing needs to change.
            if hex_to_bytes(&apart) == hex_to_bytes(&draft.text) {
                draft.text = apart;
            }
        }
        PayloadFormat::Mixed | PayloadFormat::Base64 | PayloadFormat::File => {}
    }
}

/// A filter with a mistake is kept as it was typed: the window shows it as broken, and nothing a person wrote is lost.
fn highlight(mut fields: Fields<'_>) -> Result<HighlightRule, WorkspaceError> {
    let rule = HighlightRule {
        filter: fields.required("filter")?,
        color: fields.or_default("color")?,
        enabled: fields.or("enabled", true)?,
    };
    fields.finish()?;
    Ok(rule)
}

fn filter(mut fields: Fields<'_>) -> Result<SavedFilter, WorkspaceError> {
    let saved = SavedFilter { name: fields.required("name")?, filter: fields.required("filter")? };
    fields.finish()?;
    Ok(saved)
}

/// The keys of one table: each is taken once, and what is left at the end is not known.
pub(super) struct Fields<'a> {
    pub text: &'a str,
    pub start: usize,
    left: Vec<(Spanned<String>, Spanned<DeValue<'a>>)>,
    asked: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    fn of(text: &'a str, start: usize, table: DeTable<'a>) -> Self {
        let left = table
            .into_iter()
            .map(|(key, value)| (Spanned::new(key.span(), key.into_inner().into_owned()), value))
            .collect();
        Self { text, start, left, asked: Vec::new() }
    }

    pub fn value_start(&self, key: &str) -> usize {
        self.left.iter().find(|(name, _)| name.get_ref() == key).map_or(self.start, |(_, value)| value.span().start)
    }

    fn take(&mut self, key: &'static str) -> Option<Spanned<DeValue<'a>>> {
        self.asked.push(key);
        let index = self.left.iter().position(|(name, _)| name.get_ref() == key)?;
        Some(self.left.swap_remove(index).1)
    }

    pub fn optional<T: DeserializeOwned>(&mut self, key: &'static str) -> Result<Option<T>, WorkspaceError> {
        let Some(value) = self.take(key) else { return Ok(None) };
        let start = value.span().start;
        match T::deserialize(value.into_deserializer()) {
            Ok(value) => Ok(Some(value)),
            Err(error) => {
                let at = error.span().map_or(start, |span| span.start);
                Err(syntax(self.text, at, &format!("{key}: {}", error.message())))
            }
        }
    }

    pub fn or<T: DeserializeOwned>(&mut self, key: &'static str, usual: T) -> Result<T, WorkspaceError> {
        Ok(self.optional(key)?.unwrap_or(usual))
    }

    pub fn or_default<T: DeserializeOwned + Default>(&mut self, key: &'static str) -> Result<T, WorkspaceError> {
        Ok(self.optional(key)?.unwrap_or_default())
    }

    pub fn required<T: DeserializeOwned>(&mut self, key: &'static str) -> Result<T, WorkspaceError> {
        let start = self.start;
        self.optional(key)?.ok_or_else(|| syntax(self.text, start, &format!("{key} is missing here")))
    }

    /// The table of `[key]`.
    pub fn table(&mut self, key: &'static str) -> Result<Option<Fields<'a>>, WorkspaceError> {
        let Some(value) = self.take(key) else { return Ok(None) };
        let start = value.span().start;
        match value.into_inner() {
            DeValue::Table(table) => Ok(Some(Fields::of(self.text, start, table))),
            _ => Err(syntax(self.text, start, &format!("write [{key}] above its keys, or {key} = {{ … }}"))),
        }
    }

    /// The tables of `[[key]]`.
    pub fn tables(&mut self, key: &'static str) -> Result<Vec<Fields<'a>>, WorkspaceError> {
        let Some(value) = self.take(key) else { return Ok(Vec::new()) };
        let start = value.span().start;
        let wrong = |at| syntax(self.text, at, &format!("write [[{key}]] above the keys of each {key}"));
        let DeValue::Array(items) = value.into_inner() else { return Err(wrong(start)) };
        let tables = items.into_iter().map(|item| {
            let start = item.span().start;
            match item.into_inner() {
                DeValue::Table(table) => Ok(Fields::of(self.text, start, table)),
                _ => Err(wrong(start)),
            }
        });
        tables.collect()
    }

    pub fn finish(self) -> Result<(), WorkspaceError> {
        let Some((key, _)) = self.left.into_iter().min_by_key(|(key, _)| key.span().start) else { return Ok(()) };
        let message = format!("{} is not known here; known are {}", key.get_ref(), self.asked.join(", "));
        Err(syntax(self.text, key.span().start, &message))
    }
}

fn from_toml(text: &str, error: &toml::de::Error, start: usize) -> WorkspaceError {
    syntax(text, error.span().map_or(start, |span| span.start), error.message())
}
