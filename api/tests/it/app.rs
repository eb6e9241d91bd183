//! An API over a store of its own, and a client for it.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use herald_api::{Api, Config, Deps, Flaw, Mode};
use herald_broker_memory::{MemoryBroker, MemoryConfig};
use herald_domain::clock::SystemClock;
use herald_domain::id::SubmissionId;
use herald_domain::identity::{ApiKey, Scope};
use herald_domain::problem::{PackageFile, ProblemPackage, ProblemSummary, Starter};
use herald_domain::store::{Claimed, Store};
use herald_domain::submission::{LEASE_MS, Verdict};
use herald_domain::ticket::SigningKey;
use herald_domain::view::ProblemDetails;
use herald_testkit::build;
use herald_worker::package::{self, PackageError};
use http_body_util::BodyExt;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

use super::backend::Backend;

pub const PORT: u16 = 8080;

pub struct TestApp {
    pub api: Api,
    pub store: Arc<dyn Store>,
    pub backend: Backend,
    pub broker: MemoryBroker,
    pub signing_key: SigningKey,
    pub shutdown: CancellationToken,
}

/// As the herald program has it.
fn read_package(slug: &str, files: Vec<PackageFile>) -> Result<ProblemPackage, Flaw> {
    package::from_files(slug, files).map_err(|error| match error {
        PackageError::Invalid { file, what } | PackageError::Unsupported { file, what } => Flaw { file, what },
        error => Flaw { file: slug.to_owned(), what: error.to_string() },
    })
}

impl TestApp {
    /// As `herald up` on loopback: the guest needs no key.
    pub async fn loopback() -> Self {
        Self::start(Mode::Loopback { port: PORT }, config()).await
    }

    /// As `herald api`: everybody needs a key.
    pub async fn keyed() -> Self {
        Self::start(Mode::Keyed, config()).await
    }

    /// As `loopback`, with webhooks to public addresses only.
    pub async fn guarded() -> Self {
        let hooks = herald_services::webhook::Config { allow_private: false };
        Self::start_with(Mode::Loopback { port: PORT }, config(), hooks).await
    }

    pub async fn start(mode: Mode, config: Config) -> Self {
        Self::start_with(mode, config, herald_services::webhook::Config { allow_private: true }).await
    }

    async fn start_with(mode: Mode, config: Config, hooks: herald_services::webhook::Config) -> Self {
        let backend = Backend::start().await;
        let (store, clock) = (backend.store(), Arc::new(SystemClock));
        let broker = MemoryBroker::new(MemoryConfig::default());
        let (tasks, shutdown) = (TaskTracker::new(), CancellationToken::new());
        let pipeline = herald_pipeline::Deps { store: store.clone(), broker: Arc::new(broker.clone()) };
        let relay = herald_pipeline::Relay::start(pipeline.clone(), &tasks, shutdown.clone());
        let bookings = herald_pipeline::Bookings::start(pipeline.clone(), relay.clone(), &tasks, shutdown.clone());
        let intake =
            herald_pipeline::Intake::start(pipeline, relay.clone(), config.max_open_per_user, &tasks, shutdown.clone());
        let push = herald_push::Deps { store: store.clone(), broker: Arc::new(broker.clone()), clock: clock.clone() };
        let hub = herald_push::Hub::start(push, &tasks, shutdown.clone());
        let signing_key = store.signing_key().await.unwrap();
        let deps = Deps {
            store: store.clone(),
            broker: Arc::new(broker.clone()),
            clock: clock.clone(),
            intake,
            bookings,
            relay,
            hub,
            fraud: Arc::new(herald_services::fraud::Config::default().rules().unwrap()),
            webhooks: herald_services::webhook::Sender::new(&hooks, store.clone(), clock),
            signing_key: signing_key.clone(),
            packages: read_package,
        };
        let api = Api::new(deps, &config, mode, &tasks, shutdown.clone());
        Self { api, store, backend, broker, signing_key, shutdown }
    }

    /// Imports an archive.
    pub fn zip(&self, query: &str, archive: Vec<u8>) -> Call {
        let path = format!("/admin/problems{query}");
        self.call(Method::POST, &path).header("content-type", "application/zip").body(archive)
    }

    /// A key for the user, made behind the API's back.
    pub async fn key(&self, user: &str, scope: Scope) -> String {
        let secret = format!("hk_{user}_{}", scope.as_str());
        let key = build::api_key(&build::owner(user), &secret, time::OffsetDateTime::UNIX_EPOCH);
        self.store.add_key(&ApiKey { scope, ..key }).await.unwrap();
        secret
    }

    pub async fn import(&self, slug: &str, statement: &str) -> String {
        let package = build::package(slug, statement);
        self.store.import_problem(&package).await.unwrap();
        package.version
    }

    /// A scoring problem in which one completes a function, in C++ or Python.
    pub async fn import_function(&self, slug: &str) {
        let package = build::package(slug, "Write it.");
        let starter = |language: &str, name: &str, content: &str| Starter {
            language: language.into(),
            name: name.into(),
            content: content.into(),
        };
        let starters = vec![
            starter("cpp", "solve.cpp", "int solve();\n"),
            starter("python3", "solve.py", "def solve():\n    pass\n"),
        ];
        let summary = ProblemSummary {
            types: vec!["scoring".into()],
            max_score: Some(100.0),
            languages: Some(vec!["cpp".into(), "python3".into()]),
            starters,
            ..package.summary
        };
        self.store.import_problem(&ProblemPackage { summary, ..package }).await.unwrap();
    }

    /// A live worker that has Python, and Go without its toolchain.
    pub async fn worker(&self) {
        let mut worker = build::worker_process(time::OffsetDateTime::UNIX_EPOCH);
        let mut go = worker.languages[0].clone();
        go.id = "go".into();
        (go.available, go.reason, go.version) = (false, Some("go: not found".into()), None);
        worker.languages.push(go);
        self.store.refresh_process(&worker).await.unwrap();
    }

    /// Plays a worker: takes the best submission that waits and judges it.
    pub async fn judge_next(&self, verdict: Verdict) -> SubmissionId {
        let token = build::token();
        let Claimed::Work(claim, event) = self.store.claim("any", token, LEASE_MS).await.unwrap() else {
            panic!("nothing waits to be judged")
        };
        herald_pipeline::announce(&self.broker, &event);
        let id = claim.submission.id;
        let running = self.store.start_running(id, token, Some(2)).await.unwrap().unwrap();
        herald_pipeline::announce(&self.broker, &running);
        let finished = self.store.record_verdict(id, token, &build::judgement(verdict)).await.unwrap().unwrap();
        herald_pipeline::announce(&self.broker, &finished);
        id
    }

    pub fn get(&self, path: &str) -> Call {
        self.call(Method::GET, path)
    }

    pub fn post(&self, path: &str, body: &Value) -> Call {
        self.call(Method::POST, path).header("content-type", "application/json").body(body.to_string())
    }

    pub fn delete(&self, path: &str) -> Call {
        self.call(Method::DELETE, path)
    }

    pub fn call(&self, method: Method, path: &str) -> Call {
        let mut request = Request::new(Body::empty());
        *request.method_mut() = method;
        *request.uri_mut() = path.parse().unwrap();
        let call = Call { router: self.api.router(), request };
        call.header("host", "127.0.0.1:8080")
    }

    /// Submits a good Python program; its id.
    pub async fn submitted(&self) -> SubmissionId {
        self.post("/submit", &python()).send().await.accepted()
    }

    /// How many submissions the store holds, whosever they are.
    pub async fn stored(&self) -> usize {
        use herald_domain::store::SubmissionFilter;
        self.store.list_submissions(&SubmissionFilter::default(), None, 200).await.unwrap().len()
    }
}

pub fn config() -> Config {
    Config { max_queued: 100_000, max_open_per_user: 2_000, ..Config::default() }
}

/// Unix seconds.
pub fn now() -> i64 {
    use herald_domain::clock::Clock;
    SystemClock.now().unix_timestamp()
}

/// A good request.
pub fn python() -> Value {
    json!({"language": "python", "source": "print('Hello, World!')"})
}

/// A request being made up.
pub struct Call {
    router: axum::Router,
    request: Request<Body>,
}

impl Call {
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.request.headers_mut().insert(name, value.parse().unwrap());
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.request.headers_mut().remove(name);
        self
    }

    pub fn key(self, key: &str) -> Self {
        self.header("authorization", &format!("Bearer {key}"))
    }

    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        *self.request.body_mut() = Body::from(body.into());
        self
    }

    pub fn through(mut self, router: axum::Router) -> Self {
        self.router = router;
        self
    }

    /// No answer takes longer than a test's patience.
    pub async fn send(self) -> Reply {
        let answered = tokio::time::timeout(Duration::from_secs(60), self.router.oneshot(self.request));
        let (parts, body) = answered.await.expect("an answer in time").unwrap().into_parts();
        Reply { status: parts.status, headers: parts.headers, body: body.collect().await.unwrap().to_bytes() }
    }
}

pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Reply {
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    #[track_caller]
    pub fn json<T: DeserializeOwned>(&self) -> T {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {} {}", self.status, self.text()))
    }

    #[track_caller]
    pub fn ok(self) -> Self {
        assert!(self.status.is_success(), "{} {}", self.status, self.text());
        self
    }

    /// The id of what a POST accepted.
    #[track_caller]
    pub fn accepted(&self) -> SubmissionId {
        assert_eq!(self.status, StatusCode::ACCEPTED, "{}", self.text());
        self.json::<Value>()["id"].as_str().unwrap().parse().unwrap()
    }

    /// The problem, whose form is checked in passing.
    #[track_caller]
    pub fn problem(&self) -> ProblemDetails {
        assert_eq!(self.header("content-type"), "application/problem+json", "{} {}", self.status, self.text());
        let problem: ProblemDetails = self.json();
        assert_eq!(problem.status, self.status.as_u16());
        assert!(problem.kind.ends_with(&format!("/docs/errors#{}", problem.code)), "{}", problem.kind);
        assert_eq!(problem.request_id.as_deref(), Some(self.header("x-request-id")));
        problem
    }

    /// Status and code of the problem, and the pointers of its errors.
    #[track_caller]
    pub fn fault(&self) -> (u16, String, Vec<String>) {
        let problem = self.problem();
        (problem.status, problem.code, problem.errors.into_iter().map(|error| error.pointer).collect())
    }

    #[track_caller]
    pub fn code(&self) -> String {
        self.problem().code
    }
}
