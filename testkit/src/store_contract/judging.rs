//! From the claim to the verdict, fenced by the lease's token.

use std::time::Duration;

use herald_domain::submission::{
    Judgement, LEASE_MS, MAX_OUTPUT_BYTES, Output, Outputs, Status, Submission, Tests, Verdict,
};
use tokio::task::JoinSet;

use super::Harness;
use super::steps::{accept_plain, assert_event, claim, claim_nothing, data, get, log, log_names};
use crate::build::{case, judgement, owner, token};

pub async fn running_tells_how_many_cases_there_are(h: &dyn Harness) {
    let store = h.store().await;
    let id = accept_plain(&*store, &owner("alice")).await;
    let (work, _) = claim(&*store).await;
    let event = store.start_running(id, work.token, Some(12)).await.unwrap().unwrap();
    let row = get(&*store, id).await;
    assert_eq!((row.status, row.offset), (Status::Running, 3));
    assert_eq!(row.tests, Tests { passed: 0, run: 0, total: Some(12) });
    assert_event(&event, &row);
    assert_eq!(data(&event)["tests"]["total"], 12);
    assert_eq!(log_names(&*store, id).await, ["queued", "compiling", "running"]);
}

pub async fn running_is_fenced(h: &dyn Harness) {
    let store = h.store().await;
    let id = accept_plain(&*store, &owner("alice")).await;
    assert!(store.start_running(id, token(), None).await.unwrap().is_none());
    let (work, _) = claim(&*store).await;
    assert!(store.start_running(id, token(), None).await.unwrap().is_none());
    assert_eq!(get(&*store, id).await, work.submission);
}

/// A worker that does not know whether it was committed asks again and is not told that it lost the lease.
pub async fn running_twice_is_one_event(h: &dyn Harness) {
    let store = h.store().await;
    let id = accept_plain(&*store, &owner("alice")).await;
    let (work, _) = claim(&*store).await;
    let first = store.start_running(id, work.token, Some(2)).await.unwrap().unwrap();
    let again = store.start_running(id, work.token, Some(2)).await.unwrap().unwrap();
    assert_eq!((again.offset, &again.name, data(&again)), (first.offset, &first.name, data(&first)));
    assert_eq!(log(&*store, id).await.len(), 3);
}

pub async fn progress_is_seen_without_an_event(h: &dyn Harness) {
    let store = h.store().await;
    let id = accept_plain(&*store, &owner("alice")).await;
    let (work, _) = claim(&*store).await;
    store.start_running(id, work.token, Some(3)).await.unwrap().unwrap();
    let tests = Tests { passed: 1, run: 2, total: Some(3) };
    let cases = vec![case(1, Verdict::Accepted), case(2, Verdict::WrongAnswer)];
    assert!(store.save_progress(id, work.token, tests, &cases).await.unwrap());
    let row = get(&*h.second().await, id).await;
    assert_eq!((row.status, row.tests, row.cases, row.offset), (Status::Running, tests, cases, 3));
    assert_eq!(log(&*store, id).await.len(), 3);
}

pub async fn progress_is_fenced(h: &dyn Harness) {
    let store = h.store().await;
    let id = accept_plain(&*store, &owner("alice")).await;
    let (work, _) = claim(&*store).await;
    let tests = Tests { passed: 1, run: 1, total: Some(3) };
    assert!(!store.save_progress(id, token(), tests, &[]).await.unwrap());
    assert_eq!(get(&*store, id).await, work.submission);
    store.record_verdict(id, work.token, &judgement(Verdict::Accepted)).await.unwrap().unwrap();
    let ended = get(&*store, id).await;
    assert!(!store.save_progress(id, work.token, tests, &[]).await.unwrap());
    assert_eq!(get(&*store, id).await, ended);
}

pub async fn a_verdict_ends_the_submission_with_all_its_figures(h: &dyn Harness) {
    let store = h.store().await;
    let id = accept_plain(&*store, &owner("alice")).await;
    let (work, _) = claim(&*store).await;
    store.start_running(id, work.token, Some(2)).await.unwrap().unwrap();
    let judged = judgement(Verdict::WrongAnswer);
    let event = store.record_verdict(id, work.token, &judged).await.unwrap().unwrap();

    let row = get(&*h.second().await, id).await;
    assert_eq!((row.status, row.offset, row.attempt), (Status::Finished, 4, 1));
    assert_judged(&row, &judged);
    assert!(row.finished_at.is_some_and(|at| at == event.at && at >= row.created_at));
    assert_event(&event, &row);
    assert_eq!((&data(&event)["score"], &data(&event)["time_ms"]), (&87.5.into(), &12.into()));
    assert_eq!(store.get_outputs(id).await.unwrap(), judged.outputs);
    assert_eq!(log_names(&*store, id).await, ["queued", "compiling", "running", "finished"]);
    h.advance(Duration::from_millis(LEASE_MS * 2)).await;
    claim_nothing(&*store).await;
    assert!(!store.renew(id, work.token, LEASE_MS).await.unwrap());
}

pub async fn a_verdict_is_recorded_once(h: &dyn Harness) {
    let store = h.store().await;
    let id = accept_plain(&*store, &owner("alice")).await;
    let (work, _) = claim(&*store).await;
    store.record_verdict(id, work.token, &judgement(Verdict::Accepted)).await.unwrap().unwrap();
    let first = get(&*store, id).await;
    assert!(store.record_verdict(id, work.token, &judgement(Verdict::WrongAnswer)).await.unwrap().is_none());
    assert!(store.start_running(id, work.token, Some(1)).await.unwrap().is_none());
    assert!(store.release(id, work.token, 0, "no").await.unwrap().is_none());
    assert_eq!(get(&*store, id).await, first);
    assert_eq!(log_names(&*store, id).await, ["queued", "compiling", "finished"]);
}

pub async fn a_verdict_is_recorded_once_from_two_handles(h: &dyn Harness) {
    let handles = [h.store().await, h.second().await];
    let id = accept_plain(&*handles[0], &owner("alice")).await;
    let (work, _) = claim(&*handles[0]).await;
    let mut tasks = JoinSet::new();
    for n in 0..8 {
        let (store, token) = (handles[n % 2].clone(), work.token);
        tasks.spawn(async move { store.record_verdict(id, token, &judgement(Verdict::Accepted)).await.unwrap() });
    }
    assert_eq!(tasks.join_all().await.into_iter().flatten().count(), 1);
    assert_eq!(log_names(&*handles[1], id).await, ["queued", "compiling", "finished"]);
}

pub async fn a_verdict_of_a_lost_lease_is_refused(h: &dyn Harness) {
    let store = h.store().await;
    let id = accept_plain(&*store, &owner("alice")).await;
    let (lost, _) = claim(&*store).await;
    h.advance(Duration::from_millis(LEASE_MS + 1_000)).await;
    let (taken, _) = claim(&*h.second().await).await;
    assert!(store.record_verdict(id, lost.token, &judgement(Verdict::WrongAnswer)).await.unwrap().is_none());
    assert_eq!(store.get_outputs(id).await.unwrap(), Outputs::default(), "a fenced verdict writes nothing");
    store.record_verdict(id, taken.token, &judgement(Verdict::Accepted)).await.unwrap().unwrap();
    assert_eq!(get(&*store, id).await.verdict, Some(Verdict::Accepted));
    assert_eq!(log_names(&*store, id).await, ["queued", "compiling", "compiling", "finished"]);
}

pub async fn every_verdict_and_bare_judgements_survive(h: &dyn Harness) {
    let store = h.store().await;
    for verdict in Verdict::ALL {
        let id = accept_plain(&*store, &owner("alice")).await;
        let (work, _) = claim(&*store).await;
        let judged = Judgement { signal: Some(11), exit_code: Some(-1), ..Judgement::bare(*verdict, "signal:11") };
        store.record_verdict(id, work.token, &judged).await.unwrap().unwrap();
        assert_judged(&get(&*store, id).await, &judged);
        assert_eq!(store.get_outputs(id).await.unwrap(), Outputs::default());
    }
}

pub async fn the_largest_outputs_survive(h: &dyn Harness) {
    let store = h.store().await;
    let id = accept_plain(&*store, &owner("alice")).await;
    let (work, _) = claim(&*store).await;
    let full = |text: &str, truncated| Some(Output { text: text.repeat(MAX_OUTPUT_BYTES / text.len()), truncated });
    let outputs =
        Outputs { stdout: full("x", true), stderr: full("漢\u{FFFD}\t", false), compile_output: full("🦀\n", true) };
    let cases = (1..=500).map(|n| case(n, Verdict::Accepted)).collect();
    let judged = Judgement { outputs, cases, ..judgement(Verdict::Accepted) };
    store.record_verdict(id, work.token, &judged).await.unwrap().unwrap();
    assert_eq!(store.get_outputs(id).await.unwrap(), judged.outputs);
    assert_eq!(get(&*store, id).await.cases, judged.cases);
}

fn assert_judged(row: &Submission, judged: &Judgement) {
    assert_eq!((row.verdict, &row.reason, row.score), (Some(judged.verdict), &judged.reason, judged.score));
    assert_eq!((row.tests, &row.cases), (judged.tests, &judged.cases));
    assert_eq!(row.language_version, judged.language_version);
    assert_eq!((row.time_ms, row.wall_ms), (judged.time_ms, judged.wall_ms));
    assert_eq!((row.memory_kb, row.memory_source), (judged.memory_kb, judged.memory_source));
    assert_eq!((row.exit_code, row.signal), (judged.exit_code, judged.signal));
}
