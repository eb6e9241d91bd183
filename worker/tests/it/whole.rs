//! The worker as it is started: over a store and a broker, until it is told to stop.

use std::sync::Arc;
use std::time::Duration;

use herald_broker_memory::{MemoryBroker, MemoryConfig};
use herald_domain::broker::{Broker, WorkMessage};
use herald_domain::clock::SystemClock;
use herald_domain::id::ProcessId;
use herald_domain::process::ProcessInfo;
use herald_domain::store::{Accepted, Store};
use herald_domain::submission::{NewSubmission, ProblemRef, SourceFile, Submission, Verdict};
use herald_store_sqlite::SqliteStore;
use herald_testkit::build;
use herald_worker::{Config, Deps, WorkerError};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::bench::Bench;

crate::tests![a_worker_judges_what_it_is_woken_for_and_tells_of_itself_while_it_lives];

pub const PATIENCE: Duration = Duration::from_secs(60);

async fn a_worker_judges_what_it_is_woken_for_and_tells_of_itself_while_it_lives(bench: &Bench) {
    let Whole { store, broker, process, shutdown, worker, folder: _folder } = whole(bench).await;
    let package = bench.packages.iter().find(|package| package.slug == "hello").unwrap();
    store.import_problem(package).await.unwrap();

    let problem = Some(ProblemRef { slug: "hello".into(), version: package.version.clone() });
    let right = submit(&*store, &*broker, &problem, "print('Hello, World!')\n").await;
    let wrong = submit(&*store, &*broker, &problem, "print('hello, world!')\n").await;
    let right = until_finished(&*store, right).await;
    let wrong = until_finished(&*store, wrong).await;
    assert_eq!((right.verdict, right.attempt), (Some(Verdict::Accepted), 1));
    assert_eq!(wrong.verdict, Some(Verdict::WrongAnswer), "case counts in this problem");

    let row = row(&*store, process).await.expect("a row while it lives");
    assert_eq!((row.kind.as_str(), row.class.as_deref(), row.slots), ("worker", Some("any"), Some(2)));
    let python = row.languages.iter().find(|language| language.id == "python").unwrap();
    assert!(python.available && python.source_name == "main.py", "{python:?}");

    shutdown.cancel();
    tokio::time::timeout(PATIENCE, worker).await.expect("it stops").unwrap().unwrap();
    assert_eq!(self::row(&*store, process).await, None, "the row goes with the worker");
}

/// A worker over a store and a broker of its own.
pub struct Whole {
    pub store: Arc<dyn Store>,
    pub broker: Arc<dyn Broker>,
    pub process: ProcessId,
    pub shutdown: CancellationToken,
    pub worker: JoinHandle<Result<(), WorkerError>>,
    /// Goes with its store.
    pub folder: TempDir,
}

pub async fn whole(bench: &Bench) -> Whole {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("herald.db").display().to_string();
    SqliteStore::migrate(&path, &SystemClock).await.unwrap();
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&path, Arc::new(SystemClock)).await.unwrap());
    let broker: Arc<dyn Broker> = Arc::new(MemoryBroker::new(MemoryConfig::default()));
    let process = ProcessId(Uuid::now_v7());
    let deps = Deps {
        store: store.clone(),
        broker: broker.clone(),
        clock: Arc::new(SystemClock),
        sandbox: bench.sandbox.clone(),
        process,
        grace: Duration::from_secs(10),
    };
    let config = Config {
        class: "any".into(),
        slots: Some(2),
        languages: None,
        compile_cache_mib: 64,
        allow_weak_sandbox: false,
        sandbox_first_uid: None,
        sandbox_cgroups: herald_worker::Cgroups::Auto,
        sandbox_cgroup_parent: None,
    };
    let shutdown = CancellationToken::new();
    let worker = tokio::spawn(herald_worker::run(deps, config, shutdown.clone()));
    Whole { store, broker, process, shutdown, worker, folder }
}

pub async fn submit(store: &dyn Store, broker: &dyn Broker, problem: &Option<ProblemRef>, source: &str) -> Submission {
    let files = vec![SourceFile { name: "main.py".into(), content: source.into() }];
    let problem = problem.clone();
    let new = NewSubmission { problem, files, ..build::new_submission(&build::owner("alice")) };
    let accepted = store.accept_submissions(&[build::intake(new)], 100).await.unwrap().remove(0);
    let Accepted::Created(created) = accepted else { panic!("not created: {accepted:?}") };
    let (id, submission) = (Some(created.outbox.id), created.submission.id);
    let message = WorkMessage { id, submission, class: "any".into(), traceparent: None };
    broker.publish_work(&[message]).await.remove(0).unwrap();
    created.submission
}

pub async fn until_finished(store: &dyn Store, submission: Submission) -> Submission {
    let finished = async {
        loop {
            let now = store.get_submission(submission.id, None).await.unwrap().unwrap();
            if now.status.is_final() {
                return now;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, finished).await.expect("a verdict in time")
}

async fn row(store: &dyn Store, process: ProcessId) -> Option<ProcessInfo> {
    store.list_processes().await.unwrap().into_iter().find(|row| row.id == process)
}
