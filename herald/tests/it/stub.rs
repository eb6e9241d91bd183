//! A server that speaks Herald's HTTP, WebSocket and SSE from a script, and breaks connections where it is told to.

use std::convert::Infallible;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use futures::stream;
use serde::Deserialize;
use serde_json::{Value, json};

pub const ID: &str = "0190a6f0-0000-7000-8000-000000000001";

/// What the server does.
#[derive(Clone, Default)]
pub struct Script {
    /// The verdict in the end; none: `cancelled`.
    pub verdict: Option<&'static str>,
    /// WebSocket and SSE connections are refused.
    pub no_sockets: bool,
    pub no_events: bool,
    /// A socket is cut after so many frames.
    pub cut_after: Option<usize>,
    /// `POST /submit` is answered with this problem.
    pub refusal: Option<Value>,
}

pub struct Stub {
    pub url: String,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    connections: Mutex<Vec<String>>,
    polls: AtomicU32,
    body: Mutex<Option<Value>>,
}

#[derive(Clone)]
struct Server {
    script: Script,
    url: String,
    seen: Arc<Seen>,
}

impl Stub {
    pub async fn start(script: Script) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Seen::default());
        let server = Server { script, url: url.clone(), seen: seen.clone() };
        let routes = Router::new()
            .route("/submit", post(submit))
            .route("/status/{id}", get(status))
            .route("/ws", get(socket))
            .route("/events", get(events))
            .route("/readyz", get(|| async { "ready" }))
            .with_state(server);
        // Lives as long as the test's runtime.
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { url, seen }
    }

    /// `ws` or `events` for each connection, with the cursor that it went on from.
    pub fn connections(&self) -> Vec<String> {
        self.seen.connections.lock().unwrap().clone()
    }

    /// The last body of `POST /submit`.
    pub fn submitted(&self) -> Option<Value> {
        self.seen.body.lock().unwrap().clone()
    }
}

async fn submit(State(server): State<Server>, Json(body): Json<Value>) -> Response {
    *server.seen.body.lock().unwrap() = Some(body);
    if let Some(problem) = server.script.refusal {
        let status = StatusCode::from_u16(problem["status"].as_u64().unwrap() as u16).unwrap();
        return (status, [("content-type", "application/problem+json")], problem.to_string()).into_response();
    }
    let host = server.url.trim_start_matches("http://");
    let accepted = json!({"id": ID, "status": "queued", "channel": format!("submission:{ID}"),
        "status_url": format!("{}/status/{ID}", server.url), "ws_url": format!("ws://{host}/ws?ticket=t"),
        "events_url": format!("{}/events?ticket=t", server.url), "ticket": "t"});
    (StatusCode::ACCEPTED, Json(accepted)).into_response()
}

/// The first ask finds it queued, the next running, the third the end.
async fn status(State(server): State<Server>) -> Json<Value> {
    let step = match server.seen.polls.fetch_add(1, Ordering::Relaxed) {
        0 if server.script.no_sockets => 1,
        1 if server.script.no_sockets => 3,
        _ => 4,
    };
    Json(view(&server.script, step))
}

fn view(script: &Script, step: u64) -> Value {
    let end = step == 4;
    let failed = json!({"n": 2, "group": "secret", "verdict": script.verdict, "reason": "token", "time_ms": 3,
        "wall_ms": 4, "memory_kb": 2048, "message": "expected 3, got 4"});
    let wrong = end && script.verdict.is_some_and(|verdict| verdict != "accepted");
    json!({"id": ID, "status": status_of(script, step), "verdict": script.verdict.filter(|_| end), "reason": null,
        "problem": "a-plus-b", "language": "python", "tests": {"passed": 2 * u64::from(end), "run": 2 * u64::from(end), "total": 2},
        "cases": if wrong { vec![failed] } else { vec![] }, "time_ms": if end { Some(12) } else { None }, "attempt": 1,
        "created_at": "2026-01-01T00:00:00Z", "finished_at": if end { Some("2026-01-01T00:00:01Z") } else { None },
        "offset": step})
}

fn status_of(script: &Script, step: u64) -> &'static str {
    match step {
        1 => "queued",
        2 => "compiling",
        3 => "running",
        _ if script.verdict.is_some() => "finished",
        _ => "cancelled",
    }
}

/// The frames that follow a cursor: snapshot or `resumed`, then each event with progress between.
fn frames(script: &Script, after: Option<&str>) -> Vec<Value> {
    let last: u64 = after.map_or(1, |cursor| cursor.trim_start_matches('c').parse().unwrap());
    let channel = format!("submission:{ID}");
    let first = match after {
        None => json!({"v": 1, "type": "snapshot", "channel": channel, "offset": 1, "cursor": "c1", "recovered": true,
            "data": view(script, 1)}),
        Some(cursor) => json!({"v": 1, "type": "resumed", "channel": channel, "offset": last, "cursor": cursor,
            "recovered": true}),
    };
    let mut all = vec![first];
    for step in last + 1..=4 {
        let data = view(script, step);
        all.push(json!({"v": 1, "type": "event", "channel": channel, "offset": step, "cursor": format!("c{step}"),
            "event": format!("submission.{}", status_of(script, step)), "data": data}));
        if step == 3 {
            all.push(json!({"v": 1, "type": "progress", "channel": channel, "attempt": 1, "seq": 1,
                "data": {"id": ID, "status": "running", "tests": {"passed": 1, "run": 1, "total": 2}}}));
        }
    }
    all
}

#[derive(Deserialize)]
struct Watching {
    after: Option<String>,
}

/// Notes the connection and says which frames it gets.
fn connected(server: &Server, kind: &str, after: Option<&str>) -> Vec<Value> {
    let mut connections = server.seen.connections.lock().unwrap();
    connections.push(after.map_or_else(|| kind.to_owned(), |cursor| format!("{kind} after {cursor}")));
    let mut frames = frames(&server.script, after);
    if let Some(most) = server.script.cut_after {
        frames.truncate(most);
    }
    frames
}

async fn socket(State(server): State<Server>, Query(query): Query<Watching>, upgrade: WebSocketUpgrade) -> Response {
    if server.script.no_sockets {
        return StatusCode::NOT_FOUND.into_response();
    }
    let frames = connected(&server, "ws", query.after.as_deref());
    upgrade.on_upgrade(async move |mut socket: WebSocket| {
        for frame in frames {
            if socket.send(Message::text(frame.to_string())).await.is_err() {
                return;
            }
        }
        // Dropped without a close frame, as when the network is cut.
    })
}

async fn events(State(server): State<Server>, headers: HeaderMap) -> Response {
    if server.script.no_events {
        return StatusCode::NOT_FOUND.into_response();
    }
    let after = headers.get("last-event-id").map(|value| value.to_str().unwrap());
    let frames = connected(&server, "events", after);
    let events = frames.into_iter().map(|frame| {
        let id = frame["cursor"].as_str().unwrap_or_default();
        let event = Event::default().data(frame.to_string());
        Ok::<_, Infallible>(if id.is_empty() { event } else { event.id(id) })
    });
    Sse::new(stream::iter(events)).into_response()
}
