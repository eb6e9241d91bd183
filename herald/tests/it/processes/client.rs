//! A client as a careful user writes one: every POST has an idempotency key and is repeated until it is answered.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use tokio::time::Instant;
use uuid::Uuid;

use super::program::Program;

/// Nothing that comes back takes longer.
pub const PATIENCE: Duration = Duration::from_secs(120);

#[derive(Clone)]
pub struct Client {
    apis: Arc<[String]>,
    pushes: Arc<[String]>,
    key: Option<String>,
    /// On whose behalf an admin's client acts.
    user: Option<String>,
    http: reqwest::Client,
    turn: Arc<AtomicUsize>,
}

/// What a 202 said, and what is to become of it.
#[derive(Clone, Debug)]
pub struct Accepted {
    pub id: String,
    pub channel: String,
    pub ws_url: String,
    pub events_url: String,
    pub program: Program,
    /// How long it took to be accepted, repeated POSTs included.
    pub took: Duration,
}

impl Client {
    pub fn new(apis: Vec<String>, pushes: Vec<String>, key: Option<String>) -> Self {
        let http = reqwest::Client::builder().timeout(Duration::from_secs(40)).build().unwrap();
        Self { apis: apis.into(), pushes: pushes.into(), key, user: None, http, turn: Arc::default() }
    }

    /// The same client, acting for a user.
    pub fn acting_for(&self, user: &str) -> Self {
        Self { user: Some(user.to_owned()), ..self.clone() }
    }

    /// A request to one api after the other.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        self.request_to(&self.apis[turn % self.apis.len()], method, path)
    }

    pub fn request_to(&self, base: &str, method: Method, path: &str) -> RequestBuilder {
        let mut request = self.http.request(method, format!("{base}{path}"));
        if let Some(user) = &self.user {
            request = request.header("herald-user", user);
        }
        match &self.key {
            Some(key) => request.bearer_auth(key),
            None => request,
        }
    }

    /// POSTs until it is answered, by whatever but a 503: on a broken connection again, elsewhere and with the same key. Without
    /// a body where that is null.
    pub async fn post(&self, path: &str, body: &Value) -> (StatusCode, Value) {
        let (key, since) = (Uuid::new_v4().to_string(), Instant::now());
        loop {
            let mut request = self.request(Method::POST, path).header("idempotency-key", &key);
            if !body.is_null() {
                request = request.json(body);
            }
            let last = match request.send().await {
                Ok(answer) if answer.status() == StatusCode::SERVICE_UNAVAILABLE => "503".to_owned(),
                Ok(answer) => match (answer.status(), answer.json().await) {
                    (status, Ok(body)) => return (status, body),
                    (_, Err(error)) => error.to_string(),
                },
                Err(error) => error.to_string(),
            };
            assert!(since.elapsed() < PATIENCE, "POST {path} has not been answered in time, lastly because: {last}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// One POST, whatever comes of it.
    pub async fn try_submit(&self, program: Program, key: &str) -> reqwest::Result<Response> {
        let request = self.request(Method::POST, "/submit").header("idempotency-key", key);
        request.json(&program.request()).send().await
    }

    /// POSTs until accepted: on a broken connection and on a 503 again, elsewhere and with the same key.
    pub async fn submit(&self, program: Program) -> Accepted {
        let (key, since) = (Uuid::new_v4().to_string(), Instant::now());
        loop {
            let last = match self.try_submit(program, &key).await {
                Ok(answer) if answer.status() == StatusCode::ACCEPTED => match answer.json().await {
                    Ok(body) => return accepted(&body, program, since.elapsed()),
                    // The server died while it spoke.
                    Err(error) => error.to_string(),
                },
                Ok(answer) if answer.status() == StatusCode::SERVICE_UNAVAILABLE => "503".to_owned(),
                Ok(answer) => panic!("POST /submit was answered {}: {}", answer.status(), answer.text().await.unwrap()),
                Err(error) => error.to_string(),
            };
            assert!(since.elapsed() < PATIENCE, "POST /submit has not been accepted in time, lastly because: {last}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    pub async fn status(&self, id: &str) -> Value {
        self.get(&format!("/status/{id}")).await
    }

    /// GETs JSON until it gets some.
    pub async fn get(&self, path: &str) -> Value {
        let since = Instant::now();
        loop {
            let last = match self.request(Method::GET, path).send().await {
                Ok(answer) if answer.status().is_success() => match answer.json().await {
                    Ok(body) => return body,
                    Err(error) => error.to_string(),
                },
                Ok(answer) => answer.status().to_string(),
                Err(error) => error.to_string(),
            };
            assert!(since.elapsed() < PATIENCE, "GET {path} has not been answered in time, lastly because: {last}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// How many submissions there are in all.
    pub async fn count(&self) -> usize {
        self.list("/submissions?limit=100").await.len()
    }

    /// All pages of a list; the path has a query.
    pub async fn list(&self, path: &str) -> Vec<Value> {
        let mut page = self.get(path).await;
        let mut items = Vec::new();
        loop {
            items.append(page["items"].as_array_mut().unwrap());
            let Some(cursor) = page["next"].as_str() else { return items };
            page = self.get(&format!("{path}&cursor={cursor}")).await;
        }
    }

    /// A push URL at the `n`th notifier: it is made for the api's address, as there is no balancer here.
    pub fn at_notifier(&self, url: &str, n: usize) -> String {
        let base = &self.pushes[n % self.pushes.len()];
        let (scheme, rest) = url.split_once("://").unwrap();
        let (_, path) = rest.split_once('/').unwrap();
        let (_, host) = base.split_once("://").unwrap();
        format!("{scheme}://{host}/{path}")
    }

    pub fn http(&self) -> &reqwest::Client {
        &self.http
    }
}

pub fn accepted(body: &Value, program: Program, took: Duration) -> Accepted {
    let text = |name: &str| body[name].as_str().unwrap_or_else(|| panic!("no {name} in {body}")).to_owned();
    assert_eq!(body["status"], json!("queued"));
    Accepted {
        id: text("id"),
        channel: text("channel"),
        ws_url: text("ws_url"),
        events_url: text("events_url"),
        program,
        took,
    }
}
