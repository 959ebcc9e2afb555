//! Failures as sentences: what was tried, on which address, what came back, and what to try.
//! Called by: ui, cli, session, and the happenings that carry a failure.

use super::{MAX_OUTSIDE_BYTES, Words};
use crate::model::{Failure, HostPort, Reason};
use crate::payload::visible_text;

impl Words {
    /// "Port 9000 on 127.0.0.1 is taken by nginx (pid 812)."
    pub fn failure(&self, failure: &Failure) -> String {
        let on = self.on(failure);
        let at = host_and_port(&failure.on);
        let host = at.as_ref().map_or_else(|| on.clone(), |at| visible_text(&at.host, MAX_OUTSIDE_BYTES));
        let port = at.as_ref().map(|at| at.port.to_string()).unwrap_or_default();
        let holder = failure.holder.as_deref().map(|holder| visible_text(holder, MAX_OUTSIDE_BYTES));
        let system = match tidy_system(&failure.system) {
            text if text.is_empty() => self.get("failure.nothing_said").to_owned(),
            text => text,
        };
        let key = self.sentence_key(failure, at.is_some(), holder.is_some());
        self.fill(
            &key,
            &[
                ("on", &on),
                ("host", &host),
                ("port", &port),
                ("holder", &holder.unwrap_or_default()),
                ("system", &system),
                ("doing", &self.doing(failure)),
            ],
        )
    }

    /// "Pick a free port, or stop that program."
    pub fn hint(&self, failure: &Failure) -> String {
        let reason = failure.reason.name();
        let of_doing = format!("failure.{reason}.{}_hint", failure.doing.name());
        self.find(&of_doing).unwrap_or_else(|| self.reason_text(failure.reason, "hint")).to_owned()
    }

    /// Two or three words for the edge of a list: "port taken".
    pub fn title_of(&self, reason: Reason) -> &str {
        self.reason_text(reason, "title")
    }

    /// The system's own answer, for those who want to look it up: "The system said: Connection refused (error 111)."
    pub fn system_answer(&self, failure: &Failure) -> Option<String> {
        let system = tidy_system(&failure.system);
        if system.is_empty() {
            return None;
        }
        Some(match failure.errno {
            Some(errno) => self.fill("failure.system", &[("system", &system), ("errno", &errno)]),
            None => self.fill("failure.system_without_number", &[("system", &system)]),
        })
    }

    fn sentence_key(&self, failure: &Failure, has_port: bool, has_holder: bool) -> String {
        let of = |name: &str| format!("failure.{}.{name}", failure.reason.name());
        let candidates = [
            Some(failure.doing.name()),
            (has_port && has_holder).then_some("holder"),
            (!has_port && has_holder).then_some("whole_holder"),
            (!has_port).then_some("whole"),
        ];
        let found = candidates.into_iter().flatten().map(of).find(|key| self.find(key).is_some());
        found.unwrap_or_else(|| of("text"))
    }

    /// "listen on 127.0.0.1:80"
    fn doing(&self, failure: &Failure) -> String {
        let name = failure.doing.name();
        if failure.on.trim().is_empty() {
            self.get(&format!("doing_bare.{name}")).to_owned()
        } else {
            self.fill(&format!("doing.{name}"), &[("on", &self.on(failure))])
        }
    }

    fn on(&self, failure: &Failure) -> String {
        let on = failure.on.trim();
        if on.is_empty() { self.get("failure.somewhere").to_owned() } else { visible_text(on, MAX_OUTSIDE_BYTES) }
    }

    fn reason_text(&self, reason: Reason, name: &str) -> &str {
        self.find(&format!("failure.{}.{name}", reason.name())).unwrap_or_default()
    }
}

/// The host and the port in `127.0.0.1:80` or `tcp://127.0.0.1:80`.
fn host_and_port(on: &str) -> Option<HostPort> {
    let on = on.trim();
    on.split_once("://").map_or(on, |(_, rest)| rest).parse().ok()
}

/// The system's words without its full stop and without "(os error 98)", which `errno` says.
fn tidy_system(system: &str) -> String {
    let text = system.trim();
    let text = match text.rfind(" (os error ") {
        Some(at) if text.ends_with(')') => text.get(..at).unwrap_or(text),
        _ => text,
    };
    visible_text(text.trim_end_matches(['.', ' ', '\n']), MAX_OUTSIDE_BYTES)
}
