//! HTTP on one connection: one answer to each request, as the settings have it now.
//!
//! Owns: the order of answers. Never: keeps a body of the peer's. Called by: `serving`.

use std::sync::Arc;

use bytes::{BufMut as _, Bytes, BytesMut};

use super::offered::{Body, HttpOffer};
use super::serving::Ends;
use crate::engine::filling::{Given, Template};
use crate::model::{Doing, Failure, Reason, Timestamp};
use crate::payload::Needs;
use crate::services::http::{Answer, Heard, Refused, Request, Requests};

const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";
/// A body up to here leaves in one write with its head; a larger one is not copied for it.
const TOGETHER: usize = 64 * 1024;
const PLAIN: &str = "text/plain; charset=utf-8";

#[derive(Default)]
pub(super) struct HttpServer {
    requests: Requests,
    /// Once: who sends the requests must not fill the log with it.
    failure_told: bool,
}

impl HttpServer {
    pub async fn received(&mut self, ends: &Ends, bytes: &Bytes) {
        self.requests.push(bytes);
        while let Some(heard) = self.requests.take_next() {
            let (stays, said) = match heard {
                Heard::AsksToContinue => (true, ends.say([Bytes::from_static(CONTINUE)]).await),
                Heard::Request(request) => (request.stays, self.answer(ends, request).await),
                Heard::Refused(refused) => (false, refuse(ends, refused).await),
            };
            if !said {
                return;
            }
            if !stays {
                return ends.finish().await;
            }
        }
    }

    async fn answer(&mut self, ends: &Ends, request: Request) -> bool {
        let offer = ends.peer.endpoint.offered.http();
        let body = match body(ends, &offer).await {
            Ok(body) => body,
            Err(failure) => {
                if !std::mem::replace(&mut self.failure_told, true) {
                    ends.note(failure);
                }
                let why = "The body of this answer could not be made. The log says why.";
                return say_plainly(ends, 500, why, Some(request)).await;
            }
        };
        let date = date(ends.recorder.now());
        let answer = Answer {
            status: offer.answer.status,
            content_type: &offer.answer.content_type,
            headers: &offer.answer.headers,
            length: body.len(),
            date: &date,
        };
        let head = answer.head(Some(request));
        let body = if request.head_only || !answer.has_body() { Bytes::new() } else { body };
        if body.len() > TOGETHER {
            return ends.say([head.into(), body]).await;
        }
        let mut whole = BytesMut::with_capacity(head.len() + body.len());
        whole.put_slice(&head);
        whole.put_slice(&body);
        ends.say([whole.freeze()]).await
    }
}

async fn body(ends: &Ends, offer: &HttpOffer) -> Result<Bytes, Failure> {
    match &offer.body {
        Body::Empty => Ok(Bytes::new()),
        Body::Payload(compiled) => {
            let template = Template::new(compiled.clone(), Arc::default());
            template.fill(&ends.shared, &ends.peer, Given::default()).await
        }
        Body::File(path) => {
            let failure = |reason| Failure::new(Doing::ReadFile, path.clone(), reason);
            let supply = ends.shared.supply.lock().clone().ok_or_else(|| failure(Reason::NotAllowed))?;
            let needs = Needs { files: vec![path.clone()], ..Needs::default() };
            let reading = tokio::task::spawn_blocking(move || supply.supply(&needs));
            let mut supplied = reading.await.unwrap_or_else(|_| Err(failure(Reason::Cancelled)))?;
            supplied.files.remove(path).ok_or_else(|| failure(Reason::FileMissing))
        }
        Body::Wrong => {
            let system = "the body of the HTTP answer cannot be understood".to_owned();
            Err(Failure { system, ..Failure::new(Doing::Send, ends.on(), Reason::Other) })
        }
    }
}

async fn refuse(ends: &Ends, refused: Refused) -> bool {
    say_plainly(ends, refused.status, refused.why, None).await
}

/// An answer of the service's own; without a request nothing more is heard.
async fn say_plainly(ends: &Ends, status: u16, why: &str, request: Option<Request>) -> bool {
    let body = format!("{status}: {why}\n");
    let date = date(ends.recorder.now());
    let answer = Answer { status, content_type: PLAIN, headers: &[], length: body.len(), date: &date };
    let mut whole = answer.head(request);
    if !request.is_some_and(|request| request.head_only) {
        whole.extend_from_slice(body.as_bytes());
    }
    ends.say([whole.into()]).await
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`
fn date(now: Timestamp) -> String {
    let time = jiff::Timestamp::from_nanosecond(i128::from(now.0)).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    time.to_zoned(jiff::tz::TimeZone::UTC).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_http() {
        assert_eq!(date(Timestamp(784_111_777_000_000_000)), "Sun, 06 Nov 1994 08:49:37 GMT");
    }
}
