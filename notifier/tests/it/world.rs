//! A notifier with everything behind it, and clients that fail the test rather than wait for ever.

use std::sync::Arc;
use std::time::Duration;

use futures::{SinkExt, StreamExt};
use herald_domain::broker::Broker;
use herald_domain::channel::Channel;
use herald_domain::clock::{Clock, SystemClock};
use herald_domain::event::{LiveMessage, Progress, StoredEvent, raw};
use herald_domain::id::{KeyId, LeaseToken, SubmissionId};
use herald_domain::owner::Owner;
use herald_domain::store::{Accepted, Claimed, Store};
use herald_domain::submission::{NewSubmission, Status, Tests, Verdict};
use herald_domain::ticket::{Grant, SigningKey};
use herald_domain::view::ProgressData;
use herald_notifier::{Config, Deps, Notifier, Origins};
use herald_push::{Hub, HubConfig};
use herald_testkit::build;
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::backend::{Backend, Ground};

/// Nothing in these tests takes so long unless it is broken.
pub const SOON: Duration = Duration::from_secs(20);

pub const TRACEPARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

pub struct World {
    pub store: Arc<dyn Store>,
    pub broker: Arc<dyn Broker>,
    pub notifier: Notifier,
    pub address: String,
    pub tasks: TaskTracker,
    pub shutdown: CancellationToken,
    signing_key: SigningKey,
    ground: Ground,
}

impl World {
    pub async fn new(backend: Backend) -> Self {
        Self::with(backend, Config::default()).await
    }

    pub async fn with(backend: Backend, config: Config) -> Self {
        let ground = backend.ground().await;
        let (store, broker) = (Arc::clone(&ground.store), Arc::clone(&ground.broker));
        let (tasks, shutdown) = (TaskTracker::new(), CancellationToken::new());
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let hub_deps =
            herald_push::Deps { store: Arc::clone(&store), broker: Arc::clone(&broker), clock: Arc::clone(&clock) };
        let hub_config = HubConfig { catch_up: Duration::from_millis(300), ..config.hub() };
        let hub = Hub::start_with(hub_config, hub_deps, &tasks, shutdown.clone());
        let signing_key = store.signing_key().await.unwrap();
        let origins = Origins::new(vec!["https://app.example".parse().unwrap()], false);
        let deps = Deps { hub, store: Arc::clone(&store), clock, signing_key: signing_key.clone(), origins };
        let notifier = Notifier::new(deps, config, &tasks, shutdown.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let serving =
            axum::serve(listener, notifier.router()).with_graceful_shutdown(shutdown.clone().cancelled_owned());
        tasks.spawn(async move { serving.await.unwrap() });
        Self { store, broker, notifier, address, tasks, shutdown, signing_key, ground }
    }

    pub async fn submit(&self, user: &str) -> Work<'_> {
        let owner = self.user(user);
        let submission = NewSubmission { traceparent: Some(TRACEPARENT.into()), ..build::new_submission(&owner) };
        let accepted = self.store.accept_submissions(&[build::intake(submission)], 1_000).await.unwrap().remove(0);
        let Accepted::Created(created) = accepted else { panic!("{accepted:?}") };
        let work = Work { world: self, id: created.submission.id, owner, token: build::token() };
        work.publish(&created.event.0);
        work
    }

    /// A user whom no other test knows.
    pub fn user(&self, name: &str) -> Owner {
        self.ground.user(name)
    }

    pub fn ticket(&self, owner: &Owner, channel: Channel, key: Option<KeyId>) -> String {
        let expires = SystemClock.now().unix_timestamp() + 60;
        self.signing_key.sign(&Grant { owner: owner.clone(), channel, expires, key })
    }

    pub fn expired_ticket(&self, owner: &Owner, channel: Channel) -> String {
        self.signing_key.sign(&Grant { owner: owner.clone(), channel, expires: 1, key: None })
    }

    pub fn user_ticket(&self, user: &str) -> String {
        let owner = self.user(user);
        self.ticket(&owner, Channel::User(owner.clone()), None)
    }

    /// `ws://…` for the ticket, with whatever else the query has.
    pub fn ws_url(&self, ticket: &str, more: &str) -> String {
        format!("ws://{}/ws?ticket={ticket}{more}", self.address)
    }

    pub fn events_url(&self, ticket: &str, more: &str) -> String {
        format!("http://{}/events?ticket={ticket}{more}", self.address)
    }

    pub async fn connect(&self, ticket: &str, more: &str) -> Client {
        let url = self.ws_url(ticket, more);
        let (stream, response) = tokio_tungstenite::connect_async(url).await.unwrap();
        assert_eq!(response.status(), 101);
        Client(stream)
    }

    pub async fn stream(&self, ticket: &str, more: &str) -> EventSource {
        let response = reqwest::get(self.events_url(ticket, more)).await.unwrap();
        EventSource::new(response)
    }
}

/// A submission under way.
pub struct Work<'a> {
    world: &'a World,
    pub id: SubmissionId,
    pub owner: Owner,
    token: LeaseToken,
}

impl Work<'_> {
    pub fn channel(&self) -> Channel {
        Channel::Submission(self.id)
    }

    pub fn ticket(&self) -> String {
        self.world.ticket(&self.owner, self.channel(), None)
    }

    pub fn publish(&self, event: &StoredEvent) {
        self.world.broker.publish_live(&LiveMessage::Event(event.clone()));
    }

    pub fn progress_message(&self, seq: u64, run: u32) -> LiveMessage {
        let tests = Tests { passed: run, run, total: Some(9) };
        let case = Some(build::case(run, Verdict::Accepted));
        let data = ProgressData { id: self.id, status: Status::Running, tests, case, output: None };
        let audience = vec![self.owner.clone()];
        LiveMessage::Progress(Progress { channel: self.channel(), audience, attempt: 1, seq, data: raw(&data) })
    }

    pub async fn compile(&self) -> StoredEvent {
        let claimed = self.world.store.claim("any", self.token, 60_000).await.unwrap();
        let Claimed::Work(_, event) = claimed else { panic!("{claimed:?}") };
        self.publish(&event);
        event
    }

    pub async fn run(&self) -> StoredEvent {
        let event = self.world.store.start_running(self.id, self.token, Some(9)).await.unwrap().unwrap();
        self.publish(&event);
        event
    }

    pub async fn end(&self) -> StoredEvent {
        let judgement = build::judgement(Verdict::Accepted);
        let event = self.world.store.record_verdict(self.id, self.token, &judgement).await.unwrap().unwrap();
        self.publish(&event);
        event
    }

    pub async fn finish(&self) {
        self.compile().await;
        self.run().await;
        self.end().await;
    }
}

/// A stock WebSocket client.
pub struct Client(pub WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Client {
    async fn message(&mut self) -> Option<Result<Message, Error>> {
        loop {
            let message = tokio::time::timeout(SOON, self.0.next()).await.expect("a message was due");
            if !matches!(message, Some(Ok(Message::Ping(_) | Message::Pong(_)))) {
                return message;
            }
        }
    }

    pub async fn json(&mut self) -> Value {
        match self.message().await {
            Some(Ok(Message::Text(text))) => serde_json::from_str(&text).unwrap(),
            other => panic!("a frame was due, and {other:?} came"),
        }
    }

    /// Frames up to and with the first for which `last` holds.
    pub async fn until(&mut self, last: impl Fn(&Value) -> bool) -> Vec<Value> {
        let mut frames = Vec::new();
        while !frames.last().is_some_and(&last) {
            frames.push(self.json().await);
        }
        frames
    }

    pub async fn say(&mut self, message: Value) {
        self.0.send(Message::text(message.to_string())).await.unwrap();
    }

    /// Reads to the close; how many frames came before.
    pub async fn closed(&mut self) -> (u16, String, usize) {
        let mut frames = 0;
        loop {
            match self.message().await {
                Some(Ok(Message::Close(Some(CloseFrame { code, reason })))) => {
                    return (code.into(), reason.to_string(), frames);
                }
                Some(Ok(Message::Text(_))) => frames += 1,
                other => panic!("a close was due, and {other:?} came"),
            }
        }
    }
}

/// As much of an `EventSource` as a test needs.
pub struct EventSource {
    pub response: reqwest::Response,
    buffer: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    pub id: Option<String>,
    pub name: String,
    pub data: Value,
}

impl EventSource {
    pub fn new(response: reqwest::Response) -> Self {
        Self { response, buffer: String::new() }
    }

    /// The next block of lines; `None` at the end of the stream.
    pub async fn block(&mut self) -> Option<String> {
        loop {
            if let Some((block, rest)) = self.buffer.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.buffer = rest;
                return Some(block);
            }
            let chunk = tokio::time::timeout(SOON, self.response.chunk()).await.expect("a block was due").unwrap()?;
            self.buffer.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    /// The next event; comments and `retry` are skipped.
    pub async fn event(&mut self) -> Event {
        loop {
            let block = self.block().await.expect("an event was due, and the stream ended");
            let field = |name: &str| {
                block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).map(str::to_owned)
            };
            if let (Some(name), Some(data)) = (field("event"), field("data")) {
                return Event { id: field("id"), name, data: serde_json::from_str(&data).unwrap() };
            }
        }
    }
}

/// Waits for something that is observed from outside.
pub async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let come = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(SOON, come).await.unwrap_or_else(|_| panic!("{what}"));
}
