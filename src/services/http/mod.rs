//! HTTP/1 as a server hears it (RFC 9112): requests, one after the other, out of whatever chunks they came in.
//!
//! Owns: where a request ends. Bodies are skipped, never kept. `httparse` reads heads, sizes of chunks and trailers.
//! Never: answers; `answer` does.

mod answer;
#[cfg(test)]
mod tests;

pub use answer::{Answer, HeaderMistake, MOST_HEADERS_SENT, check_header, check_value, reason};

use bytes::{Buf as _, BytesMut};

/// A longer head, or more behind the last chunk, is refused.
pub const MOST_HEAD: usize = 16 * 1024;
const MOST_FIELDS: usize = 128;
/// The size of a chunk and what may stand behind it on its line.
const MOST_SIZE_LINE: usize = 4096;

/// A request that came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// HEAD: as GET, without the body.
    pub head_only: bool,
    /// HTTP/1.0, where a connection ends with its answer unless both want it otherwise.
    pub old: bool,
    /// More requests may follow.
    pub stays: bool,
}

/// What stands next in the peer's bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// The peer waits for a word before it sends the body.
    AsksToContinue,
    Request(Request),
    /// No HTTP/1, or none that is served: the last thing that is heard.
    Refused(Refused),
}

/// With which status, and why: a sentence for whoever reads the answer's body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    pub status: u16,
    pub why: &'static str,
}

/// The requests of one connection.
#[derive(Debug, Default)]
pub struct Requests {
    buffer: BytesMut,
    at: At,
}

#[derive(Clone, Copy, Debug, Default)]
enum At {
    #[default]
    Head,
    /// So many bytes of the body are to come.
    Body(Request, u64),
    ChunkSize(Request),
    Chunk(Request, u64),
    ChunkEnd(Request),
    Trailers(Request),
    /// What comes now is nobody's business.
    Over,
}

/// What a head says.
struct Head {
    length: usize,
    request: Request,
    body: Body,
    asks: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Body {
    Length(u64),
    Chunked,
}

impl Requests {
    /// Ask `take_next` for all there is before the next chunk, so that nothing piles up.
    pub fn push(&mut self, chunk: &[u8]) {
        if !matches!(self.at, At::Over) {
            self.buffer.extend_from_slice(chunk);
        }
    }

    /// Bytes that are kept for a request that has not ended.
    pub fn waiting(&self) -> usize {
        self.buffer.len()
    }

    pub fn is_over(&self) -> bool {
        matches!(self.at, At::Over)
    }

    pub fn take_next(&mut self) -> Option<Heard> {
        loop {
            let stepped = match self.at {
                At::Over => {
                    self.buffer = BytesMut::new();
                    return None;
                }
                At::Head => self.head(),
                At::Body(request, left) => {
                    let left = self.skip(left);
                    if left > 0 {
                        self.at = At::Body(request, left);
                        return self.wait();
                    }
                    Ok(Some(Some(self.ended(request))))
                }
                At::ChunkSize(request) => self.chunk_size(request),
                At::Chunk(request, left) => {
                    let left = self.skip(left);
                    self.at = if left > 0 { At::Chunk(request, left) } else { At::ChunkEnd(request) };
                    Ok((left == 0).then_some(None))
                }
                At::ChunkEnd(request) => self.chunk_end(request),
                At::Trailers(request) => self.trailers(request),
            };
            match stepped {
                Ok(Some(Some(heard))) => return Some(heard),
                Ok(Some(None)) => {}
                Ok(None) => return self.wait(),
                Err(refused) => {
                    self.at = At::Over;
                    return Some(Heard::Refused(refused));
                }
            }
        }
    }

    /// `None`: more bytes are needed. `Some(None)`: a part is over, and nothing is to be said about it.
    fn head(&mut self) -> Result<Option<Option<Heard>>, Refused> {
        let Some(head) = read_head(&self.buffer)? else { return Ok(None) };
        self.buffer.advance(head.length);
        let has_body = head.body != Body::Length(0);
        self.at = match head.body {
            Body::Length(length) => At::Body(head.request, length),
            Body::Chunked => At::ChunkSize(head.request),
        };
        Ok(Some((head.asks && has_body).then_some(Heard::AsksToContinue)))
    }

    fn chunk_size(&mut self, request: Request) -> Result<Option<Option<Heard>>, Refused> {
        let wrong = refuse(400, "the size of a chunk cannot be read");
        let line = self.buffer.get(..MOST_SIZE_LINE).unwrap_or(&self.buffer);
        if line.first().is_some_and(|first| !first.is_ascii_hexdigit()) {
            return Err(wrong);
        }
        match httparse::parse_chunk_size(line) {
            Ok(httparse::Status::Complete((length, size))) => {
                self.buffer.advance(length);
                self.at = if size == 0 { At::Trailers(request) } else { At::Chunk(request, size) };
                Ok(Some(None))
            }
            Ok(httparse::Status::Partial) if line.len() < MOST_SIZE_LINE => Ok(None),
            _ => Err(wrong),
        }
    }

    fn chunk_end(&mut self, request: Request) -> Result<Option<Option<Heard>>, Refused> {
        if !b"\r\n".starts_with(self.buffer.get(..2).unwrap_or(&self.buffer)) {
            return Err(refuse(400, "a chunk does not end where its size says"));
        }
        if self.buffer.len() < 2 {
            return Ok(None);
        }
        self.buffer.advance(2);
        self.at = At::ChunkSize(request);
        Ok(Some(None))
    }

    fn trailers(&mut self, request: Request) -> Result<Option<Option<Heard>>, Refused> {
        let mut fields = [httparse::EMPTY_HEADER; MOST_FIELDS];
        let lines = self.buffer.get(..MOST_HEAD).unwrap_or(&self.buffer);
        match httparse::parse_headers(lines, &mut fields) {
            Ok(httparse::Status::Complete((length, _))) => {
                self.buffer.advance(length);
                Ok(Some(Some(self.ended(request))))
            }
            Ok(httparse::Status::Partial) if lines.len() < MOST_HEAD => Ok(None),
            Ok(httparse::Status::Partial) | Err(httparse::Error::TooManyHeaders) => Err(too_large()),
            Err(_) => Err(refuse(400, "what follows the last chunk are no header fields")),
        }
    }

    /// Ten thousand peers that wait must not each keep the room of a large chunk.
    fn wait(&mut self) -> Option<Heard> {
        self.buffer = BytesMut::from(self.buffer.as_ref());
        None
    }

    fn skip(&mut self, left: u64) -> u64 {
        let here = usize::try_from(left).unwrap_or(usize::MAX).min(self.buffer.len());
        self.buffer.advance(here);
        left - here as u64
    }

    fn ended(&mut self, request: Request) -> Heard {
        self.at = if request.stays { At::Head } else { At::Over };
        Heard::Request(request)
    }
}

const fn refuse(status: u16, why: &'static str) -> Refused {
    Refused { status, why }
}

const fn too_large() -> Refused {
    refuse(431, "the head is larger than 16 KiB, or has more than 128 header fields")
}

/// `None`: it does not end here.
fn read_head(buffer: &[u8]) -> Result<Option<Head>, Refused> {
    let bytes = buffer.get(..MOST_HEAD).unwrap_or(buffer);
    let mut fields = [httparse::EMPTY_HEADER; MOST_FIELDS];
    let mut parsed = httparse::Request::new(&mut fields);
    let length = match parsed.parse(bytes) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) if bytes.len() < MOST_HEAD => return Ok(None),
        Ok(httparse::Status::Partial) | Err(httparse::Error::TooManyHeaders) => return Err(too_large()),
        Err(httparse::Error::Version) if names_http(bytes) => {
            return Err(refuse(505, "only HTTP/1.0 and HTTP/1.1 are spoken here"));
        }
        Err(_) => return Err(refuse(400, "this is no HTTP/1 request")),
    };
    let old = parsed.version == Some(0);
    let method = parsed.method.unwrap_or_default();
    if method == "CONNECT" {
        return Err(refuse(501, "no tunnels are made here"));
    }
    let body = body_of(parsed.headers, old)?;
    let has_token =
        |name: &str, token: &str| tokens(parsed.headers, name).any(|there| there.eq_ignore_ascii_case(token));
    let stays = if old {
        has_token("connection", "keep-alive") && !has_token("connection", "close")
    } else {
        !has_token("connection", "close")
    };
    let asks = !old && has_token("expect", "100-continue");
    Ok(Some(Head { length, request: Request { head_only: method == "HEAD", old, stays }, body, asks }))
}

/// The third word of the first line says that it is some HTTP.
fn names_http(bytes: &[u8]) -> bool {
    let start = bytes.iter().position(|byte| !matches!(byte, b'\r' | b'\n')).unwrap_or(bytes.len());
    bytes[start..].splitn(3, |byte| *byte == b' ').nth(2).is_some_and(|version| version.starts_with(b"HTTP/"))
}

/// Two ways to say how long a body is that disagree are refused: the other end may have followed the other one (RFC 9112, 6.3).
fn body_of(fields: &[httparse::Header<'_>], old: bool) -> Result<Body, Refused> {
    let named = |name: &'static str| fields.iter().filter(move |field| field.name.eq_ignore_ascii_case(name));
    let mut length = None;
    for field in named("content-length") {
        let digits = std::str::from_utf8(field.value).ok().map(str::trim);
        let digits = digits.filter(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()));
        let value = digits.and_then(|digits| digits.parse::<u64>().ok());
        let value = value.ok_or(refuse(400, "Content-Length is no number that can be"))?;
        if length.replace(value).is_some_and(|before| before != value) {
            return Err(refuse(400, "there are two values of Content-Length"));
        }
    }
    let codings: Vec<_> = tokens(fields, "transfer-encoding").collect();
    if codings.is_empty() && named("transfer-encoding").next().is_none() {
        return Ok(Body::Length(length.unwrap_or(0)));
    }
    if length.is_some() {
        return Err(refuse(400, "Content-Length and Transfer-Encoding are both there"));
    }
    if old {
        return Err(refuse(400, "HTTP/1.0 has no Transfer-Encoding"));
    }
    match codings.as_slice() {
        [only] if only.eq_ignore_ascii_case("chunked") => Ok(Body::Chunked),
        [.., last] if last.eq_ignore_ascii_case("chunked") => {
            Err(refuse(501, "of the transfer codings only chunked is understood"))
        }
        _ => Err(refuse(400, "the last transfer coding is not chunked, so the body has no end")),
    }
}

/// The comma-separated words of all fields of a name.
fn tokens<'a>(fields: &'a [httparse::Header<'a>], name: &'a str) -> impl Iterator<Item = &'a str> {
    let named = fields.iter().filter(move |field| field.name.eq_ignore_ascii_case(name));
    let texts = named.filter_map(|field| std::str::from_utf8(field.value).ok());
    texts.flat_map(|text| text.split(',')).map(str::trim).filter(|word| !word.is_empty())
}
