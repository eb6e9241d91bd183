//! The worker loop: one verdict each, whatever the judge or the worker does.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use herald_domain::broker::{Broker, LiveSignal, WorkMessage};
use herald_domain::event::LiveMessage;
use herald_domain::store::{Cancelled, Outbox, Problems, Rejudge, Rejudging, Submissions};
use herald_domain::submission::{NewSubmission, ProblemRef, Status, Verdict};
use herald_testkit::build::{message_id, new_submission, owner, package};
use tokio::sync::Semaphore;

use crate::faulty_store::Fault;
use crate::world::{Deed, PATIENCE, Scripted, world};

#[tokio::test]
async fn the_steps_of_a_submission_are_stored_in_order() {
    let world = world().await;
    world.worker(&Scripted::new([Deed::Cases]));
    let id = world.submit().await;
    let done = world.until(id, |submission| submission.status.is_final()).await;
    assert_eq!(done.verdict, Some(Verdict::Accepted));
    let names = world.event_names(id).await;
    let wished = ["submission.queued", "submission.compiling", "submission.running", "submission.finished"];
    assert_eq!(names, wished);
}

#[tokio::test]
async fn every_step_is_announced_and_progress_is_shown_and_saved() {
    let world = world().await;
    let mut live = world.listen().await;
    let gate = Arc::new(Semaphore::new(0));
    world.worker(&Scripted::new([Deed::CasesThenWait(gate.clone())]));
    let id = world.submit().await;
    let counts = world.until(id, |submission| submission.tests.run > 0).await;
    assert_eq!((counts.status, counts.cases.len()), (Status::Running, counts.tests.run as usize));
    gate.add_permits(1);
    let (mut names, mut seqs) = (Vec::new(), Vec::new());
    while names.last().map(String::as_str) != Some("submission.finished") {
        match tokio::time::timeout(PATIENCE, live.next()).await.expect("it is announced") {
            Some(LiveSignal::Message(LiveMessage::Event(event))) => names.push(event.name),
            Some(LiveSignal::Message(LiveMessage::Progress(progress))) => {
                assert_eq!(progress.attempt, 1);
                seqs.push(progress.seq);
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(names, world.event_names(id).await);
    assert!(!seqs.is_empty() && seqs.is_sorted_by(|one, next| one < next), "{seqs:?}");
}

/// Even of a broker that delivers more than it was asked for.
#[tokio::test]
async fn no_more_is_judged_at_once_than_there_are_slots() {
    let world = world().await;
    let gate = Arc::new(Semaphore::new(0));
    let judge = Scripted::new([Deed::Wait(gate.clone())]);
    world.worker(&judge);
    let ids = futures::future::join_all((0..12).map(|_| world.submit())).await;
    let _ = judge.begun.acquire_many(4).await.unwrap();
    world.until_published().await;
    // For as long as a worker that took more would need to claim it.
    world.sweeper(false);
    world.until_calls("due_wakes", 10).await;
    assert_eq!(world.faulty.calls("claim"), 4);
    gate.add_permits(12);
    for id in ids {
        world.until(id, |submission| submission.verdict.is_some()).await;
    }
    assert_eq!(*judge.at_once.lock().unwrap(), (0, 4));
}

/// Renewals go on for as long as the run, and one that fails is made up for by the next.
#[tokio::test]
async fn a_lease_survives_a_renewal_that_fails() {
    let world = world().await;
    world.faulty.set("renew", [Fault::None, Fault::Away, Fault::None]);
    let gate = Arc::new(Semaphore::new(0));
    let judge = Scripted::new([Deed::Wait(gate.clone())]);
    world.worker(&judge);
    let id = world.submit().await;
    world.until_calls("renew", 3).await;
    gate.add_permits(1);
    let done = world.until(id, |submission| submission.verdict.is_some()).await;
    assert_eq!((done.attempt, judge.stopped.available_permits()), (1, 0));
}

/// Before the store would give it to somebody else, so that no two judge the same: one more try would come at the lease's end.
#[tokio::test]
async fn a_run_whose_lease_cannot_be_renewed_is_stopped_before_the_lease_is_over() {
    let world = world().await;
    world.faulty.set("renew", [Fault::Away]);
    let judge = Scripted::new([Deed::Wait(Arc::new(Semaphore::new(0)))]);
    world.worker(&judge);
    world.submit().await;
    let _ = judge.begun.acquire().await.unwrap();
    assert!(tokio::time::timeout(PATIENCE, judge.stopped.acquire()).await.is_ok(), "the run went on without a lease");
    assert!(world.faulty.calls("renew") <= 3);
}

/// A program that is killed looks like one that crashed; what a judge says of it is not believed.
#[tokio::test]
async fn what_a_judge_says_once_it_was_stopped_is_no_verdict() {
    let world = world().await;
    let judge = Scripted::new([Deed::AnswerWhenStopped]);
    let (shutdown, worker) = world.worker(&judge);
    let ids = futures::future::join_all((0..4).map(|_| world.submit())).await;
    let _ = judge.begun.acquire_many(4).await.unwrap();
    shutdown.cancel();
    assert_eq!(tokio::time::timeout(PATIENCE, worker).await.unwrap().unwrap(), 4);
    for id in ids {
        let row = world.get(id).await;
        assert_eq!((row.status, row.verdict), (Status::Queued, None));
    }
}

/// A delivery whose claim never came about was no licence used up.
#[tokio::test]
async fn a_worker_that_stops_while_the_store_is_away_leaves_its_delivery_to_others() {
    let world = world().await;
    world.faulty.set("claim", [Fault::Away]);
    let (shutdown, worker) = world.worker(&Scripted::new([Deed::Accept]));
    let id = world.submit().await;
    world.until_calls("claim", 1).await;
    shutdown.cancel();
    assert_eq!(tokio::time::timeout(PATIENCE, worker).await.unwrap().unwrap(), 0);
    assert_eq!(world.broker.work_depth("any").await.unwrap(), 1);
    world.faulty.set("claim", [Fault::None]);
    world.worker(&Scripted::new([Deed::Accept]));
    world.until(id, |submission| submission.verdict.is_some()).await;
}

#[tokio::test]
async fn a_judge_that_panics_or_fails_is_asked_again_and_the_attempts_are_counted() {
    let world = world().await;
    world.sweeper(false);
    let judge = Scripted::new([Deed::Panic, Deed::Fail, Deed::Accept]);
    world.worker(&judge);
    let id = world.submit().await;
    for attempt in 1..=2 {
        world.until(id, |submission| submission.attempt == attempt && submission.status == Status::Queued).await;
        world.clock.advance(Duration::from_secs(61));
    }
    let done = world.until(id, |submission| submission.status.is_final()).await;
    assert_eq!((done.verdict, done.attempt), (Some(Verdict::Accepted), 3));
}

#[tokio::test]
async fn a_submission_that_fails_ten_times_ends_as_internal_error_with_a_dead_letter_and_can_be_redriven() {
    let world = world().await;
    world.sweeper(false);
    let mut deeds = vec![Deed::Fail; 10];
    deeds.push(Deed::Accept);
    let judge = Scripted::new(deeds);
    world.worker(&judge);
    let id = world.submit().await;
    let moving = async {
        while !world.get(id).await.status.is_final() {
            world.clock.advance(Duration::from_secs(61));
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, moving).await.unwrap();
    let ended = world.get(id).await;
    assert_eq!((ended.verdict, ended.reason.as_deref()), (Some(Verdict::InternalError), Some("attempts")));
    assert_eq!(judge.attempts_of(id), 10);

    let letters = world.store.list_dead_letters(None, 10).await.unwrap();
    assert_eq!(letters.len(), 1);
    let redriven = world.store.redrive(letters[0].id, herald_testkit::build::message_id()).await.unwrap().unwrap();
    world.relay.hand_over(redriven.outbox.unwrap());
    let done = world.until(id, |submission| submission.verdict == Some(Verdict::Accepted)).await;
    assert_eq!(done.attempt, 11, "attempts go on counting, so that progress never goes backwards");
}

#[tokio::test]
async fn the_work_of_a_worker_that_died_is_done_by_another_and_the_dead_one_can_write_nothing() {
    let world = world().await;
    world.sweeper(false);
    let gate = Arc::new(Semaphore::new(0));
    let dying = Scripted::new([Deed::Wait(gate)]);
    let (_, worker) = world.worker(&dying);
    let id = world.submit().await;
    let _ = dying.begun.acquire().await.unwrap();
    worker.abort();
    // Only the lease's end frees the row.
    let other = Scripted::new([Deed::Accept]);
    world.worker(&other);
    world.clock.advance(Duration::from_secs(16));
    let done = world.until(id, |submission| submission.status.is_final()).await;
    assert_eq!((done.verdict, done.attempt), (Some(Verdict::Accepted), 2));
    let names = world.event_names(id).await;
    assert_eq!(names.iter().filter(|name| *name == "submission.finished").count(), 1);
}

#[tokio::test]
async fn a_cancel_stops_the_run_and_no_verdict_follows() {
    let world = world().await;
    let gate = Arc::new(Semaphore::new(0));
    let judge = Scripted::new([Deed::Wait(gate.clone())]);
    world.worker(&judge);
    let id = world.submit().await;
    let _ = judge.begun.acquire().await.unwrap();
    world.store.cancel_submission(id, None).await.unwrap();
    // The next renewal, at most five seconds later, tells the worker.
    let stopped = tokio::time::timeout(PATIENCE, judge.stopped.acquire()).await;
    assert!(stopped.is_ok(), "the run went on after the cancel");
    gate.add_permits(1);
    let names = world.event_names(id).await;
    assert_eq!(names.last().map(String::as_str), Some("submission.cancelled"));
    assert_eq!(world.get(id).await.verdict, None);
}

/// Heard of, it does not wait for the next renewal, which is five seconds after the look at the row that begins the listening.
#[tokio::test]
async fn a_cancel_that_is_announced_stops_the_run_at_once() {
    let world = world().await;
    let judge = Scripted::new([Deed::Wait(Arc::new(Semaphore::new(0)))]);
    world.worker(&judge);
    let (id, other) = (world.submit().await, world.submit().await);
    world.until_calls("renew", 2).await;
    let Cancelled::Now(_, event) = world.store.cancel_submission(id, None).await.unwrap() else { panic!("not open") };
    herald_pipeline::announce(&*world.broker, &event.0);
    let stopped = tokio::time::timeout(Duration::from_secs(2), judge.stopped.acquire()).await;
    assert!(stopped.is_ok(), "the run waited for its renewal");
    assert_eq!(world.faulty.calls("renew"), 3, "only the one is asked about");
    assert_eq!(world.get(other).await.status, Status::Compiling);
}

/// Its verdict is given back, so it is `finished` and not `cancelled` that is heard.
#[tokio::test]
async fn a_cancel_of_what_is_judged_again_stops_the_run_at_once() {
    let world = world().await;
    let judge = Scripted::new([Deed::Accept, Deed::Wait(Arc::new(Semaphore::new(0)))]);
    world.worker(&judge);
    let (old, new) = (package("sum", "first"), package("sum", "second"));
    world.store.import_problem(&old).await.unwrap();
    let problem = Some(ProblemRef { slug: old.slug, version: old.version });
    let id = world.submit_as(NewSubmission { problem, ..new_submission(&owner("alice")) }).await;
    world.until(id, |submission| submission.status.is_final()).await;
    world.store.import_problem(&new).await.unwrap();
    let asked = Rejudge { problem: "sum".into(), since: None, again: false };
    world.store.rejudge(&asked, None, &[message_id()]).await.unwrap().unwrap();
    let wake = WorkMessage { id: None, submission: id, class: "any".into(), traceparent: None };
    world.broker.publish_work(&[wake]).await.pop().unwrap().unwrap();
    world.until_calls("renew", 1).await;
    let Cancelled::Now(_, event) = world.store.cancel_submission(id, None).await.unwrap() else { panic!("not open") };
    herald_pipeline::announce(&*world.broker, &event.0);
    let stopped = tokio::time::timeout(Duration::from_secs(2), judge.stopped.acquire()).await;
    assert!(stopped.is_ok(), "the run waited for its renewal");
    assert_eq!(world.get(id).await.verdict, Some(Verdict::Accepted));
}

/// Before anybody listened: nothing is heard of it, but the row is looked at when listening begins.
#[tokio::test]
async fn a_cancel_made_before_one_listens_is_seen() {
    let world = world().await;
    let judge = Scripted::new([Deed::Wait(Arc::new(Semaphore::new(0)))]);
    world.worker(&judge);
    let id = world.submit().await;
    let _ = judge.begun.acquire().await.unwrap();
    world.store.cancel_submission(id, None).await.unwrap();
    let stopped = tokio::time::timeout(Duration::from_secs(3), judge.stopped.acquire()).await;
    assert!(stopped.is_ok(), "the run waited for its renewal");
}

#[tokio::test]
async fn a_drain_finishes_what_it_can_and_gives_the_rest_back() {
    let world = world().await;
    let gate = Arc::new(Semaphore::new(0));
    let judge = Scripted::new([Deed::Wait(gate.clone())]);
    let (shutdown, worker) = world.worker(&judge);
    let (first, second) = (world.submit().await, world.submit().await);
    let _ = judge.begun.acquire_many(2).await.unwrap();
    shutdown.cancel();
    let closed = async {
        while world.broker.closed.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, closed).await.expect("nothing is taken while it drains");
    assert!(!worker.is_finished());
    gate.add_permits(1);
    let given_back = tokio::time::timeout(PATIENCE, worker).await.unwrap().unwrap();
    assert_eq!(given_back, 1);
    let statuses = [world.get(first).await.status, world.get(second).await.status];
    assert!(statuses.contains(&Status::Finished) && statuses.contains(&Status::Queued), "{statuses:?}");

    // What was given back is due at once for the next worker.
    world.sweeper(false);
    world.worker(&Scripted::new([Deed::Accept]));
    world.clock.advance(Duration::from_secs(1));
    for id in [first, second] {
        world.until(id, |submission| submission.verdict.is_some()).await;
    }
}

/// What the store refuses for good, it would refuse for as long as it was asked: the slot goes on to the next.
#[tokio::test]
async fn an_attempt_that_the_store_refuses_is_given_back() {
    for (method, deed) in [("start_running", Deed::Cases), ("record_verdict", Deed::Accept)] {
        let world = world().await;
        world.faulty.set(method, [Fault::Broken, Fault::None]);
        world.worker(&Scripted::new([deed]));
        let id = world.submit().await;
        world.until(id, |submission| submission.attempt == 1 && submission.status == Status::Queued).await;
        world.sweeper(false);
        world.clock.advance(Duration::from_secs(61));
        let done = world.until(id, |submission| submission.status.is_final()).await;
        assert_eq!((done.verdict, done.attempt), (Some(Verdict::Accepted), 2), "{method}");
    }
}

#[tokio::test]
async fn a_claim_that_the_store_refuses_is_made_again() {
    let world = world().await;
    world.faulty.set("claim", [Fault::Broken, Fault::Away, Fault::Broken, Fault::None]);
    world.worker(&Scripted::new([Deed::Accept]));
    let id = world.submit().await;
    let done = world.until(id, |submission| submission.status.is_final()).await;
    assert_eq!((done.verdict, done.attempt), (Some(Verdict::Accepted), 1));
}

/// A verdict is held for a minute while the store is away, but not past the grace period.
#[tokio::test]
async fn a_drain_does_not_wait_for_a_store_that_is_away() {
    let world = world().await;
    world.faulty.set("record_verdict", [Fault::Away]);
    world.faulty.set("release", [Fault::Away]);
    let (shutdown, worker) = world.worker(&Scripted::new([Deed::Accept]));
    world.submit().await;
    while world.faulty.calls("record_verdict") == 0 {
        tokio::task::yield_now().await;
    }
    shutdown.cancel();
    let given_back = tokio::time::timeout(PATIENCE, worker).await.expect("the drain ends").unwrap();
    assert_eq!(given_back, 1);
}
