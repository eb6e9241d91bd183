//! Reading an entity plainly, conditionally (`If-None-Match`), and waiting (`Prefer: wait=N`).
//!
//! The ETag is the offset of the entity's channel, so it changes with every stored event and with nothing else. What passes
//! between two events is none: a submission's counts, or an effect's attempts, may differ under one ETag, which is why the
//! tag is weak and why the answer is `no-store` (a browser that revalidated by itself would show old counts for new). Who
//! wants all of it watches the socket.

use axum::http::header::{ETAG, IF_NONE_MATCH, RETRY_AFTER, VARY};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::Response;
use herald_domain::channel::Channel;
use herald_domain::owner::Owner;
use tokio::time::{Duration, Instant, sleep, timeout_at};

use crate::App;
use crate::error::Result;
use crate::http::prefer::Wait;

/// Before asking again where the hub woke for nothing (it stops, or cannot know).
const PAUSE: Duration = Duration::from_millis(20);

/// An entity as it was read.
pub(crate) trait Awaited {
    /// The head of its channel.
    fn offset(&self) -> u64;

    /// Whether it has come to what one waits for.
    fn is_settled(&self) -> bool;
}

/// How a client asks for an entity.
pub(crate) struct Asking<'a> {
    /// The entity tags that it knows.
    known: Option<&'a str>,
    wait: Option<Wait>,
}

impl<'a> Asking<'a> {
    pub(crate) fn of(headers: &'a HeaderMap) -> Self {
        let known = headers.get(IF_NONE_MATCH).and_then(|value| value.to_str().ok());
        Self { known, wait: Wait::of(headers) }
    }

    /// Whether the client has this already: the answer is 304.
    pub(crate) fn knows(&self, entity: &impl Awaited) -> bool {
        self.known.is_some_and(|tags| names(tags, entity.offset()))
    }

    /// The answer with all that is said of it in headers.
    pub(crate) fn tell(&self, entity: &impl Awaited, mut response: Response) -> Response {
        let headers = response.headers_mut();
        headers.insert(VARY, HeaderValue::from_static("Prefer, Authorization, Herald-User"));
        if let Ok(tag) = HeaderValue::try_from(etag(entity.offset())) {
            headers.insert(ETAG, tag);
        }
        if !entity.is_settled() {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        if let Some(wait) = self.wait {
            headers.insert(HeaderName::from_static("preference-applied"), wait.applied());
        }
        response
    }

    fn awaits(&self, entity: &impl Awaited) -> bool {
        match self.known {
            Some(_) => self.knows(entity),
            None => !entity.is_settled(),
        }
    }
}

impl App {
    /// The entity now or, if the client would rather wait, once it is what it waits for or the time is over. `owner` is
    /// somebody who may watch the channel.
    pub(crate) async fn await_entity<T: Awaited, F: Future<Output = Result<T>>>(
        &self,
        asking: &Asking<'_>,
        channel: &Channel,
        owner: &Owner,
        read: impl Fn() -> F,
    ) -> Result<T> {
        let deadline = asking.wait.map(|wait| Instant::now() + wait.duration());
        let mut seen = None;
        loop {
            let entity = read().await?;
            let waiting = asking.awaits(&entity);
            let Some(deadline) = deadline.filter(|deadline| waiting && *deadline > Instant::now()) else {
                return Ok(entity);
            };
            let woken_for_nothing = seen.replace(entity.offset()) == Some(entity.offset());
            let news = async {
                if woken_for_nothing {
                    sleep(PAUSE).await;
                }
                // The hub also knows what was committed between the read above and this call.
                self.deps.hub.wait_beyond(channel, owner, entity.offset()).await;
            };
            tokio::select! {
                // Woken or out of time, the store decides: it may know what no hint told of.
                _ = timeout_at(deadline, news) => {}
                () = self.shutdown.cancelled() => return Ok(entity),
            }
        }
    }
}

fn etag(offset: u64) -> String {
    format!("W/\"{offset}\"")
}

/// Whether a list of entity tags names this offset (weak comparison, RFC 9110 8.8.3.2).
fn names(tags: &str, offset: u64) -> bool {
    let wanted = etag(offset);
    tags.split(',').map(str::trim).any(|tag| tag == "*" || tag.trim_start_matches("W/") == &wanted[2..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_compared_weakly() {
        for tags in ["W/\"3\"", "\"3\"", "\"1\", W/\"3\"", "*"] {
            assert!(names(tags, 3), "{tags}");
        }
        for tags in ["", "3", "\"30\"", "W/\"4\""] {
            assert!(!names(tags, 3), "{tags}");
        }
    }
}
