//! The head of an answer, and which header fields a person may give it.
//!
//! What is not a header field never gets into an answer, wherever it was written: a line end in a value would be a field of
//! its own. Called by: `engine::services`, workspace, ui, cli.

use super::Request;

/// Fields that a person may add.
pub const MOST_HEADERS_SENT: usize = 64;
/// The service itself says these.
const OWN: [&str; 4] = ["content-length", "transfer-encoding", "connection", "content-type"];

/// What is said to every request.
pub struct Answer<'a> {
    pub status: u16,
    /// Empty: none.
    pub content_type: &'a str,
    /// `Name: value` each.
    pub headers: &'a [String],
    /// The length of the body.
    pub length: usize,
    /// As HTTP writes it: `Sun, 06 Nov 1994 08:49:37 GMT`.
    pub date: &'a str,
}

/// Why a line is no header field that can be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderMistake {
    /// No `Name: value`.
    NoColon,
    /// The name has characters that no name has.
    Name,
    /// The value has a character that cannot be sent.
    Value,
    /// Content-Length and the like: the service says them.
    Own,
}

impl Answer<'_> {
    /// Whether an answer with this status has a body at all.
    pub fn has_body(&self) -> bool {
        !matches!(self.status, 204 | 205 | 304)
    }

    /// The bytes before the body.
    pub fn head(&self, request: Option<Request>) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {:03} {}\r\n", self.status, reason(self.status));
        let names_date = self.fields().any(|(name, _)| name.eq_ignore_ascii_case("date"));
        if !names_date {
            head += &format!("Date: {}\r\n", self.date);
        }
        if !self.content_type.is_empty() && self.has_body() && check_value(self.content_type).is_ok() {
            head += &format!("Content-Type: {}\r\n", self.content_type);
        }
        // 204 and 304 end with their head; 205 says that nothing follows.
        if self.has_body() {
            head += &format!("Content-Length: {}\r\n", self.length);
        } else if self.status == 205 {
            head += "Content-Length: 0\r\n";
        }
        for (name, value) in self.fields() {
            head += &format!("{name}: {value}\r\n");
        }
        match request {
            Some(Request { stays: true, old: true, .. }) => head += "Connection: keep-alive\r\n",
            Some(Request { stays: true, .. }) => {}
            _ => head += "Connection: close\r\n",
        }
        head += "\r\n";
        head.into_bytes()
    }

    fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers.iter().take(MOST_HEADERS_SENT).filter_map(|line| check_header(line).ok())
    }
}

/// The name and the value of a field that can be added.
pub fn check_header(line: &str) -> Result<(&str, &str), HeaderMistake> {
    let (name, value) = line.split_once(':').ok_or(HeaderMistake::NoColon)?;
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || !name.bytes().all(is_token) {
        return Err(HeaderMistake::Name);
    }
    if OWN.iter().any(|own| name.eq_ignore_ascii_case(own)) {
        return Err(HeaderMistake::Own);
    }
    check_value(value).map(|value| (name, value))
}

/// A value without the blanks around it.
pub fn check_value(value: &str) -> Result<&str, HeaderMistake> {
    let value = value.trim_matches([' ', '\t']);
    let can_be = |character: char| character == '\t' || !character.is_control();
    if value.chars().all(can_be) { Ok(value) } else { Err(HeaderMistake::Value) }
}

/// The words beside a status; nothing for one that has none.
pub fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        203 => "Non-Authoritative Information",
        204 => "No Content",
        205 => "Reset Content",
        206 => "Partial Content",
        300 => "Multiple Choices",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        408 => "Request Timeout",
        409 => "Conflict",
        410 => "Gone",
        411 => "Length Required",
        412 => "Precondition Failed",
        413 => "Content Too Large",
        415 => "Unsupported Media Type",
        417 => "Expectation Failed",
        418 => "I'm a teapot",
        422 => "Unprocessable Content",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        505 => "HTTP Version Not Supported",
        _ => "",
    }
}
