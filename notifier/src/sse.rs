//! Server-Sent Events: the same frames, `id:` = cursor, `event:` = the event's name, `data:` = the frame.
//!
//! A client that reconnects by itself sends the last `id` back and so resumes. What has ended for good must therefore not be
//! closed, or it would be asked for for ever: the stream of a finished submission stays open, and a resume at its head is
//! answered 204, at which a browser stops (WHATWG HTML, 9.2). A transfer never ends for good: a refund may
//! come at any time.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::Stream;
use herald_push::close::Close;
use herald_push::{Frame, Subscription};
use tokio::time::{Instant, Sleep, sleep_until};
use tokio_util::task::task_tracker::TaskTrackerToken;

use crate::connections::Place;
use crate::counters::Transport;
use crate::entrance::{Entered, enter};
use crate::{App, jittered, random_up_to};

/// Bytes that one turn takes from the subscription.
const TURN: usize = 64 * 1024;
/// A client waits between this and twice this before it reconnects.
const RETRY: std::time::Duration = std::time::Duration::from_secs(1);

/// `GET /events`
pub(crate) async fn events(State(app): State<Arc<App>>, request: Request) -> Response {
    let headers = request.headers();
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    let mut response = match enter(&app, headers, request.uri(), last, Transport::Sse).await {
        Ok(entered) if entered.landed.complete => StatusCode::NO_CONTENT.into_response(),
        Ok(entered) => stream(&app, entered),
        Err(refusal) => refusal.into_response(headers),
    };
    allow_origin(&app, headers, response.headers_mut());
    response
}

/// `OPTIONS /events`: a script that reads the stream itself asks before it sends `Last-Event-ID`.
pub(crate) async fn preflight(State(app): State<Arc<App>>, request: Request) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    if app.origins.allow(request.headers()) {
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET"));
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("last-event-id, cache-control"));
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    }
    allow_origin(&app, request.headers(), response.headers_mut());
    response
}

/// Lets pages of allowed origins read the answer.
fn allow_origin(app: &App, request: &HeaderMap, response: &mut HeaderMap) {
    response.insert(header::VARY, HeaderValue::from_static("origin"));
    if let Some(origin) = request.get(header::ORIGIN)
        && app.origins.allow(request)
    {
        response.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    }
}

fn stream(app: &Arc<App>, entered: Entered) -> Response {
    app.counters.opened(Transport::Sse);
    let now = Instant::now();
    let retry = u64::try_from(RETRY.as_millis()).unwrap_or(u64::MAX) + random_up_to(RETRY);
    let events = Events {
        subscription: entered.subscription,
        place: entered.place,
        first: Some(format!("retry: {retry}\n\n")),
        silent: Box::pin(sleep_until(now + app.times.heartbeat)),
        ends: now + jittered(app.times.lifetime),
        code: None,
        app: Arc::clone(app),
        _running: app.tasks.token(),
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
    ];
    (headers, Body::from_stream(events)).into_response()
}

/// The body: ends when the client is to reconnect.
struct Events {
    app: Arc<App>,
    subscription: Subscription,
    place: Place,
    /// What goes out before the first frame.
    first: Option<String>,
    /// Fires when nothing has gone out for a while.
    silent: Pin<Box<Sleep>>,
    ends: Instant,
    /// Why the stream ended, once it has.
    code: Option<&'static str>,
    _running: TaskTrackerToken,
}

impl Events {
    /// The last words of a stream that ends for this reason.
    fn end(&mut self, close: Close) -> String {
        self.code = Some(close.label());
        match close {
            Close::GoingAway { reconnect_in_ms } => {
                // Not at once: 1 ms would have every client back before the server is gone.
                format!("retry: {}\n: going away\n\n", reconnect_in_ms.max(100))
            }
            _ => format!(": resume {}\n\n", close.reason()),
        }
    }

    fn poll_text(&mut self, cx: &mut Context<'_>) -> Poll<Option<String>> {
        if self.code.is_some() {
            return Poll::Ready(None);
        }
        if let Poll::Ready(close) = self.place.poll_order(cx) {
            return Poll::Ready(Some(self.end(close)));
        }
        let mut frames = Vec::new();
        match self.subscription.poll_frames(cx, &mut frames, TURN) {
            Poll::Ready(Ok(())) => {
                let mut text = self.first.take().unwrap_or_default();
                for frame in &frames {
                    self.app.counters.count(frame);
                    write_event(&mut text, frame);
                }
                return Poll::Ready(Some(text));
            }
            Poll::Ready(Err(end)) => {
                let close = herald_push::session::close_for(end);
                return Poll::Ready(Some(self.end(close)));
            }
            Poll::Pending => {}
        }
        if self.silent.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        if Instant::now() >= self.ends {
            let lifetime = Close::Resume(herald_push::close::Because::Lifetime, 0);
            return Poll::Ready(Some(self.end(lifetime)));
        }
        Poll::Ready(Some(":\n\n".to_owned()))
    }
}

impl Stream for Events {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let text = std::task::ready!(self.poll_text(cx));
        let next = (Instant::now() + self.app.times.heartbeat).min(self.ends);
        self.silent.as_mut().reset(next);
        Poll::Ready(text.map(|text| Ok(Bytes::from(text))))
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        self.app.counters.closed(Transport::Sse, self.code.unwrap_or("gone"));
        let span = tracing::info_span!("push.session", channel = %self.subscription.channel(), transport = "sse");
        span.in_scope(|| tracing::info!(code = self.code.unwrap_or("gone"), "subscriber gone"));
    }
}

fn write_event(text: &mut String, frame: &Frame) {
    if let Some(cursor) = frame.cursor() {
        text.push_str("id: ");
        text.push_str(cursor);
        text.push('\n');
    }
    text.push_str("event: ");
    text.push_str(frame.name());
    text.push_str("\ndata: ");
    // JSON has no line breaks of its own: one `data:` line holds it.
    text.push_str(&String::from_utf8_lossy(frame.json()));
    text.push_str("\n\n");
}
