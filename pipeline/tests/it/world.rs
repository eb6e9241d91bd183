//! One store, one broker, the background tasks, and as many workers as a test starts.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use herald_domain::broker::{Broker, LiveSubscription};
use herald_domain::channel::Channel;
use herald_domain::event::StoredEvent;
use herald_domain::id::SubmissionId;
use herald_domain::store::{Accepted, Outbox, Store};
use herald_domain::submission::{Claim, Judgement, NewSubmission, Submission, Verdict};
use herald_pipeline::work::{AttemptFailed, Judge, Steps, WorkConfig, run_worker};
use herald_pipeline::{Deps, Intake, Relay, SweepConfig, Sweeper};
use herald_store_sqlite::SqliteStore;
use herald_testkit::build::{case, judgement, new_submission, owner};
use herald_testkit::clock::TestClock;
use tempfile::TempDir;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::faulty_broker::FaultyBroker;
use crate::faulty_store::FaultyStore;

/// Long enough for a busy machine; a test that waits this long has failed.
pub const PATIENCE: Duration = Duration::from_secs(30);

pub struct World {
    /// The store itself, which always answers.
    pub store: SqliteStore,
    /// The store as the pipeline sees it.
    pub faulty: Arc<FaultyStore>,
    pub broker: Arc<FaultyBroker>,
    pub clock: Arc<TestClock>,
    pub relay: Relay,
    pub intake: Intake,
    pub tasks: TaskTracker,
    pub stop: CancellationToken,
    _folder: TempDir,
}

pub async fn world() -> World {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("herald.db").display());
    let clock = Arc::new(TestClock::new());
    SqliteStore::migrate(&url, &*clock).await.unwrap();
    let store = SqliteStore::open(&url, clock.clone()).await.unwrap();
    let broker = Arc::new(FaultyBroker::new());
    let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
    let faulty = Arc::new(FaultyStore::over(store.clone()));
    let deps = Deps { store: faulty.clone(), broker: broker.clone() };
    let relay = Relay::start(deps.clone(), &tasks, stop.clone());
    let intake = Intake::start(deps, relay.clone(), 2_000, &tasks, stop.clone());
    World { store, faulty, broker, clock, relay, intake, tasks, stop, _folder: folder }
}

impl World {
    pub fn deps(&self) -> Deps {
        Deps { store: self.faulty.clone(), broker: self.broker.clone() }
    }

    pub fn sweeper(&self, alone: bool) {
        let config = SweepConfig { every: Duration::from_millis(50), max_queue_age_ms: 3_600_000, alone };
        self.tasks.spawn(Sweeper::new(self.deps(), config).run(self.stop.clone()));
    }

    /// A worker of class `any` with four slots. Aborting the handle is its sudden death.
    pub fn worker(&self, judge: &Arc<Scripted>) -> (CancellationToken, JoinHandle<usize>) {
        let shutdown = CancellationToken::new();
        let config = WorkConfig { class: "any".into(), slots: 4, grace: Duration::from_millis(200) };
        let worker = run_worker(self.deps(), config, judge.clone(), shutdown.clone());
        (shutdown, tokio::spawn(worker))
    }

    pub async fn submit(&self) -> SubmissionId {
        self.submit_as(new_submission(&owner("alice"))).await
    }

    pub async fn submit_as(&self, submission: NewSubmission) -> SubmissionId {
        match self.intake.accept(submission).await.unwrap() {
            Accepted::Created(created) => created.submission.id,
            other => panic!("not accepted: {other:?}"),
        }
    }

    pub async fn get(&self, id: SubmissionId) -> Submission {
        self.as_store().get_submission(id, None).await.unwrap().unwrap()
    }

    fn as_store(&self) -> Arc<dyn Store> {
        Arc::new(self.store.clone())
    }

    /// Waits until the submission is as wished.
    pub async fn until(&self, id: SubmissionId, wished: impl Fn(&Submission) -> bool) -> Submission {
        let waiting = async {
            loop {
                let submission = self.get(id).await;
                if wished(&submission) {
                    return submission;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        match tokio::time::timeout(PATIENCE, waiting).await {
            Ok(submission) => submission,
            Err(_) => panic!("it never came to that: {:?}", self.get(id).await),
        }
    }

    /// What is announced to alice from now on.
    pub async fn listen(&self) -> Box<dyn LiveSubscription> {
        let mut subscription = self.broker.subscribe_live().await.unwrap();
        subscription.bind(owner("alice").partition()).await.unwrap();
        subscription
    }

    /// Waits until the store has been asked so many times.
    pub async fn until_calls(&self, method: &'static str, calls: usize) {
        let called = async {
            while self.faulty.calls(method) < calls {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(PATIENCE, called).await.unwrap_or_else(|_| panic!("{method} is not called {calls} times"));
    }

    /// Waits until the relay has published everything.
    pub async fn until_published(&self) {
        let empty = async {
            while self.store.count_outbox().await.unwrap() > 0 {
                tokio::task::yield_now().await
            }
        };
        tokio::time::timeout(PATIENCE, empty).await.expect("confirmed rows are deleted");
    }

    /// The names of its events, having checked that offsets run 1, 2, 3 … without a gap.
    pub async fn event_names(&self, id: SubmissionId) -> Vec<String> {
        let events: Vec<StoredEvent> = self.as_store().channel_events(&[(Channel::Submission(id), 0)]).await.unwrap();
        let offsets: Vec<_> = events.iter().map(|event| event.offset).collect();
        assert_eq!(offsets, (1..=events.len() as u64).collect::<Vec<_>>());
        events.into_iter().map(|event| event.name).collect()
    }
}

/// What the judge shall do with a submission.
#[derive(Clone)]
pub enum Deed {
    Accept,
    /// Two cases, then accept.
    Cases,
    /// Two cases, and then as `Wait`.
    CasesThenWait(Arc<Semaphore>),
    Panic,
    Fail,
    /// Waits for a permit of the gate (or for being stopped), then accepts.
    Wait(Arc<Semaphore>),
    /// Answers as soon as it is told to stop, with what a killed program looks like.
    AnswerWhenStopped,
}

/// Does the deed that is next for the submission; the last one again and again.
pub struct Scripted {
    deeds: Vec<Deed>,
    /// Running now, and the most at once so far.
    pub at_once: Mutex<(usize, usize)>,
    pub attempts: Mutex<HashMap<SubmissionId, u32>>,
    pub stopped: Semaphore,
    pub begun: Semaphore,
}

impl Scripted {
    pub fn new(deeds: impl Into<Vec<Deed>>) -> Arc<Self> {
        let (stopped, begun) = (Semaphore::new(0), Semaphore::new(0));
        let deeds = deeds.into();
        Arc::new(Self { deeds, at_once: Mutex::default(), attempts: Mutex::default(), stopped, begun })
    }

    pub fn attempts_of(&self, id: SubmissionId) -> u32 {
        self.attempts.lock().unwrap().get(&id).copied().unwrap_or(0)
    }
}

/// Counts itself among those that run.
struct Running<'a>(&'a Mutex<(usize, usize)>);

impl<'a> Running<'a> {
    fn begin(at_once: &'a Mutex<(usize, usize)>) -> Self {
        let mut counts = at_once.lock().unwrap();
        *counts = (counts.0 + 1, counts.1.max(counts.0 + 1));
        Self(at_once)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.lock().unwrap().0 -= 1;
    }
}

/// Counts a judge that was dropped in mid-run.
struct DroppedRun<'a>(Option<&'a Semaphore>);

impl Drop for DroppedRun<'_> {
    fn drop(&mut self) {
        if let Some(stopped) = self.0 {
            stopped.add_permits(1);
        }
    }
}

#[async_trait]
impl Judge for Scripted {
    async fn judge(&self, claim: &Claim, steps: &Steps) -> Result<Judgement, AttemptFailed> {
        let tried = {
            let mut attempts = self.attempts.lock().unwrap();
            let tried = attempts.entry(claim.submission.id).or_default();
            *tried += 1;
            *tried as usize
        };
        let _running = Running::begin(&self.at_once);
        self.begun.add_permits(1);
        let deed = self.deeds[(tried - 1).min(self.deeds.len() - 1)].clone();
        match deed {
            Deed::Accept => {}
            Deed::Cases => run_cases(steps).await?,
            Deed::CasesThenWait(gate) => {
                run_cases(steps).await?;
                self.wait(&gate).await;
            }
            Deed::Panic => panic!("as it was told"),
            Deed::Fail => return Err(AttemptFailed("the sandbox is gone".into())),
            Deed::Wait(gate) => self.wait(&gate).await,
            Deed::AnswerWhenStopped => {
                steps.stopped().cancelled().await;
                return Ok(judgement(Verdict::RunTimeError));
            }
        }
        Ok(judgement(Verdict::Accepted))
    }
}

impl Scripted {
    async fn wait(&self, gate: &Semaphore) {
        let mut run = DroppedRun(Some(&self.stopped));
        gate.acquire().await.unwrap().forget();
        run.0 = None;
    }
}

async fn run_cases(steps: &Steps) -> Result<(), AttemptFailed> {
    steps.running(Some(2)).await.map_err(|stopped| AttemptFailed(stopped.to_string()))?;
    for n in 1..=2 {
        let tests = herald_domain::submission::Tests { passed: n, run: n, total: Some(2) };
        steps.case(tests, case(n, Verdict::Accepted));
    }
    Ok(())
}
