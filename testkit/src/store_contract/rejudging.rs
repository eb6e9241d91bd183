//! Judging again: once for each row, behind fresh work, and never at the cost of a verdict.

use std::time::Duration;

use herald_domain::id::{MessageId, SubmissionId};
use herald_domain::problem::ProblemPackage;
use herald_domain::store::{Accepted, Cancelled, Claimed, Rejudge, RejudgeCount, Rejudged, Store, Wakes};
use herald_domain::submission::{
    LEASE_MS, MAX_ATTEMPTS, NewSubmission, Outputs, ProblemRef, Status, Submission, Verdict,
};
use herald_domain::verdict::VerdictRecord;

use super::Harness;
use super::steps::{accept, accept_plain, assert_event, claim, claim_nothing, get, log_names};
use crate::build::{intake, judgement, message_id, new_submission, owner, package, token};

fn of(problem: &str) -> Rejudge {
    Rejudge { problem: problem.to_owned(), since: None, again: false }
}

fn messages(n: usize) -> Vec<MessageId> {
    (0..n).map(|_| message_id()).collect()
}

/// Two versions of a problem, of which the first is current.
async fn two_versions(store: &dyn Store) -> (ProblemPackage, ProblemPackage) {
    let (old, new) = (package("sum", "first"), package("sum", "second"));
    store.import_problem(&old).await.unwrap();
    (old, new)
}

fn submission_of(package: &ProblemPackage) -> NewSubmission {
    let problem = Some(ProblemRef { slug: package.slug.clone(), version: package.version.clone() });
    NewSubmission { problem, ..new_submission(&owner("alice")) }
}

/// Submits for the version and judges; nothing else may be due.
async fn judged(store: &dyn Store, package: &ProblemPackage, verdict: Verdict) -> Submission {
    let id = accept(store, submission_of(package)).await.submission.id;
    judge(store, id, verdict).await
}

async fn judge(store: &dyn Store, id: SubmissionId, verdict: Verdict) -> Submission {
    let (work, _) = claim(store).await;
    assert_eq!(work.submission.id, id);
    store.record_verdict(id, work.token, &judgement(verdict)).await.unwrap().unwrap();
    get(store, id).await
}

/// All pages.
async fn rejudge(store: &dyn Store, asked: &Rejudge) -> Vec<SubmissionId> {
    let done = store.rejudge(asked, None, &messages(100)).await.unwrap().unwrap();
    assert_eq!(done.next, None);
    ids(&done)
}

fn ids(done: &Rejudged) -> Vec<SubmissionId> {
    let id = |row: &herald_domain::store::OutboxRow| match &row.wakes {
        Wakes::Work { submission, .. } => *submission,
        Wakes::Services(step) => panic!("{step:?} is no work"),
    };
    let mut ids: Vec<_> = done.outbox.iter().map(id).collect();
    ids.sort();
    ids
}

pub async fn a_rejudge_queues_what_is_finished_and_keeps_its_verdict(h: &dyn Harness) {
    let store = h.store().await;
    let (old, new) = two_versions(&*store).await;
    let before = judged(&*store, &old, Verdict::WrongAnswer).await;
    store.import_problem(&new).await.unwrap();
    let waiting = store.count_outbox().await.unwrap();

    let sent = messages(100);
    let done = store.rejudge(&of("sum"), None, &sent).await.unwrap().unwrap();
    let row = get(&*store, before.id).await;
    assert_eq!((row.status, row.verdict, row.finished_at), (Status::Queued, None, None));
    assert_eq!(row.problem, Some(ProblemRef { slug: "sum".to_owned(), version: new.version }));
    assert_eq!((row.attempt, row.offset, row.cases.len()), (before.attempt, before.offset + 1, 0));
    let [event] = &done.events[..] else { panic!("{done:?}") };
    assert_event(event, &row);
    let [outbox] = &done.outbox[..] else { panic!("{done:?}") };
    assert!(sent.contains(&outbox.id));
    assert_eq!(outbox.wakes, Wakes::Work { submission: before.id, class: "any".to_owned() });
    assert_eq!((store.count_outbox().await.unwrap(), done.next), (waiting + 1, None));
    assert_eq!(store.kept_verdicts(before.id).await.unwrap(), vec![VerdictRecord::of(&before).unwrap()]);
}

pub async fn a_rejudge_ends_with_a_new_verdict_and_a_history(h: &dyn Harness) {
    let store = h.store().await;
    let (old, new) = two_versions(&*store).await;
    let first = judged(&*store, &old, Verdict::WrongAnswer).await;
    assert_eq!(store.kept_verdicts(first.id).await.unwrap(), vec![]);
    store.import_problem(&new).await.unwrap();
    rejudge(&*store, &of("sum")).await;
    let second = judge(&*store, first.id, Verdict::Accepted).await;
    assert_eq!((second.verdict, second.attempt), (Some(Verdict::Accepted), 2));
    assert_eq!(store.get_outputs(first.id).await.unwrap(), judgement(Verdict::Accepted).outputs);

    store.import_problem(&old).await.unwrap();
    rejudge(&*store, &of("sum")).await;
    let (work, _) = claim(&*store).await;
    let silent =
        herald_domain::submission::Judgement { outputs: Outputs::default(), ..judgement(Verdict::CompileError) };
    store.record_verdict(first.id, work.token, &silent).await.unwrap().unwrap();
    assert_eq!(store.get_outputs(first.id).await.unwrap(), Outputs::default(), "those of the verdict before are gone");
    let kept = h.second().await.kept_verdicts(first.id).await.unwrap();
    assert_eq!(kept, [&second, &first].map(|row| VerdictRecord::of(row).unwrap()));
    let one = ["queued", "compiling", "finished"];
    assert_eq!(log_names(&*store, first.id).await, [one, one, one].concat());
}

/// However often it is called, by whom, and wherever it was broken off.
pub async fn a_rejudge_takes_effect_once_for_each_row(h: &dyn Harness) {
    let (one, two) = (h.store().await, h.second().await);
    let (old, new) = two_versions(&*one).await;
    let mut all = Vec::new();
    for _ in 0..5 {
        all.push(judged(&*one, &old, Verdict::WrongAnswer).await.id);
    }
    one.import_problem(&new).await.unwrap();
    let half = one.rejudge(&of("sum"), None, &messages(2)).await.unwrap().unwrap();
    assert_eq!((ids(&half), half.next), (all[3..].to_vec(), Some(all[3])), "the newest first");
    let asked = of("sum");
    let (sent, also) = (messages(100), messages(100));
    let (left, right) = futures::join!(one.rejudge(&asked, None, &sent), two.rejudge(&asked, None, &also));
    let mut queued = [left, right].map(|done| ids(&done.unwrap().unwrap())).concat();
    queued.sort();
    assert_eq!(queued, all[..3]);
    for id in all {
        assert_eq!(log_names(&*one, id).await, ["queued", "compiling", "finished", "queued"]);
        assert_eq!(one.kept_verdicts(id).await.unwrap().len(), 1);
        judge(&*one, id, Verdict::Accepted).await;
    }
    assert_eq!(rejudge(&*one, &asked).await, vec![], "the current version has judged them all");
}

pub async fn a_rejudge_pages_without_gap(h: &dyn Harness) {
    let store = h.store().await;
    let (old, new) = two_versions(&*store).await;
    let mut all = Vec::new();
    for _ in 0..5 {
        all.push(judged(&*store, &old, Verdict::WrongAnswer).await.id);
    }
    store.import_problem(&new).await.unwrap();
    let (mut queued, mut before, mut pages) = (Vec::new(), None, 0);
    loop {
        let done = store.rejudge(&of("sum"), before, &messages(2)).await.unwrap().unwrap();
        (before, pages) = (done.next, pages + 1);
        queued.extend(ids(&done));
        if before.is_none() {
            break;
        }
    }
    queued.sort();
    assert_eq!((queued, pages), (all, 3));
}

pub async fn a_rejudge_asked_for_again_takes_what_the_version_has_judged(h: &dyn Harness) {
    let store = h.store().await;
    let (old, _) = two_versions(&*store).await;
    let id = judged(&*store, &old, Verdict::WrongAnswer).await.id;
    assert_eq!(rejudge(&*store, &of("sum")).await, vec![]);
    let again = Rejudge { again: true, ..of("sum") };
    assert_eq!(rejudge(&*store, &again).await, vec![id]);
    assert_eq!(rejudge(&*store, &again).await, vec![], "it is not finished now");
    judge(&*store, id, Verdict::Accepted).await;
    assert_eq!(rejudge(&*store, &again).await, vec![id]);
}

pub async fn a_rejudge_can_be_of_what_came_since(h: &dyn Harness) {
    let store = h.store().await;
    let (old, new) = two_versions(&*store).await;
    judged(&*store, &old, Verdict::WrongAnswer).await;
    h.advance(Duration::from_secs(60)).await;
    let since = store.store_now().await.unwrap();
    h.advance(Duration::from_secs(60)).await;
    let late = judged(&*store, &old, Verdict::WrongAnswer).await.id;
    store.import_problem(&new).await.unwrap();
    let asked = Rejudge { since: Some(since), ..of("sum") };
    let count = RejudgeCount { version: new.version, finished: 1, open: 0 };
    assert_eq!(store.count_rejudge(&asked).await.unwrap(), Some(count));
    assert_eq!(rejudge(&*store, &asked).await, vec![late]);
}

pub async fn a_rejudge_is_counted_and_leaves_alone_what_it_is_not_of(h: &dyn Harness) {
    let store = h.store().await;
    let (old, new) = two_versions(&*store).await;
    let other = package("other", "other");
    store.import_problem(&other).await.unwrap();
    let finished = judged(&*store, &old, Verdict::WrongAnswer).await.id;
    judged(&*store, &other, Verdict::WrongAnswer).await;
    let cancelled = accept(&*store, submission_of(&old)).await.submission.id;
    store.cancel_submission(cancelled, None).await.unwrap();
    let open = accept(&*store, submission_of(&old)).await.submission;
    let plain = accept_plain(&*store, &owner("alice")).await;
    store.import_problem(&new).await.unwrap();

    let count = RejudgeCount { version: new.version, finished: 1, open: 1 };
    assert_eq!(store.count_rejudge(&of("sum")).await.unwrap(), Some(count.clone()));
    assert_eq!(rejudge(&*store, &of("sum")).await, vec![finished]);
    assert_eq!(get(&*store, open.id).await, open, "it ends by the version that it began with");
    assert_eq!(get(&*store, cancelled).await.status, Status::Cancelled);
    assert_eq!(get(&*store, plain).await.offset, 1);
    let count = RejudgeCount { finished: 0, ..count };
    assert_eq!(store.count_rejudge(&of("sum")).await.unwrap(), Some(count));
    assert_eq!(store.count_rejudge(&of("nothing")).await.unwrap(), None);
    assert!(store.rejudge(&of("nothing"), None, &messages(1)).await.unwrap().is_none());
}

pub async fn rejudged_work_comes_after_fresh_work_and_counts_in_no_bound(h: &dyn Harness) {
    let store = h.store().await;
    let (old, new) = two_versions(&*store).await;
    let again = judged(&*store, &old, Verdict::WrongAnswer).await.id;
    store.import_problem(&new).await.unwrap();
    rejudge(&*store, &of("sum")).await;
    assert_eq!(store.count_open().await.unwrap(), 0);
    let fresh = submission_of(&new);
    let id = fresh.id;
    let accepted = store.accept_submissions(&[intake(fresh)], 1).await.unwrap();
    assert!(matches!(accepted[..], [Accepted::Created(_)]), "{accepted:?}");
    assert_eq!(store.count_open().await.unwrap(), 1);
    let (first, _) = claim(&*store).await;
    let (second, _) = claim(&*store).await;
    assert_eq!([first.submission.id, second.submission.id], [id, again]);
}

/// The first verdict was for want of a worker, and so without an attempt.
pub async fn rejudged_work_does_not_expire_unclaimed(h: &dyn Harness) {
    const HOUR: Duration = Duration::from_secs(3_600);
    let store = h.store().await;
    let (old, new) = two_versions(&*store).await;
    let id = accept(&*store, submission_of(&old)).await.submission.id;
    h.advance(2 * HOUR).await;
    assert_eq!(store.expire_unclaimed(3_600_000, 10).await.unwrap().len(), 1);
    store.import_problem(&new).await.unwrap();
    assert_eq!(rejudge(&*store, &of("sum")).await, vec![id]);
    h.advance(2 * HOUR).await;
    assert!(store.expire_unclaimed(3_600_000, 10).await.unwrap().is_empty());
    judge(&*store, id, Verdict::Accepted).await;
    assert_eq!(store.kept_verdicts(id).await.unwrap()[0].reason.as_deref(), Some("no_worker"));
}

pub async fn a_cancel_gives_a_rejudged_submission_its_verdict_back(h: &dyn Harness) {
    let store = h.store().await;
    let (old, new) = two_versions(&*store).await;
    let before = judged(&*store, &old, Verdict::WrongAnswer).await;
    store.import_problem(&new).await.unwrap();
    rejudge(&*store, &of("sum")).await;
    let (work, _) = claim(&*store).await;
    let stranger = owner("bob");
    assert_eq!(store.cancel_submission(before.id, Some(&stranger)).await.unwrap(), Cancelled::Unknown);
    let Cancelled::Now(row, event) = store.cancel_submission(before.id, Some(&before.owner)).await.unwrap() else {
        panic!("not cancelled")
    };
    assert_eq!(*row, Submission { attempt: 2, offset: before.offset + 3, ..before.clone() });
    assert_event(&event.0, &row);
    assert_eq!(store.get_outputs(before.id).await.unwrap(), judgement(Verdict::WrongAnswer).outputs);
    assert_eq!(store.kept_verdicts(before.id).await.unwrap(), vec![], "it stands again");
    assert!(!store.renew(before.id, work.token, LEASE_MS).await.unwrap());
    let late = store.record_verdict(before.id, work.token, &judgement(Verdict::Accepted)).await.unwrap();
    assert!(late.is_none());
    claim_nothing(&*store).await;
    let again = store.cancel_submission(before.id, None).await.unwrap();
    assert_eq!(again, Cancelled::Finished(row));

    assert_eq!(rejudge(&*store, &of("sum")).await, vec![before.id], "the old version's verdict stands again");
    judge(&*store, before.id, Verdict::Accepted).await;
    assert_eq!(store.kept_verdicts(before.id).await.unwrap()[0].verdict, Verdict::WrongAnswer);
}

pub async fn a_rejudge_that_uses_up_its_attempts_leaves_no_outputs_of_before(h: &dyn Harness) {
    let store = h.store().await;
    let (old, new) = two_versions(&*store).await;
    let id = judged(&*store, &old, Verdict::WrongAnswer).await.id;
    store.import_problem(&new).await.unwrap();
    rejudge(&*store, &of("sum")).await;
    for _ in 0..MAX_ATTEMPTS {
        let (work, _) = claim(&*store).await;
        store.release(id, work.token, 0, "lost").await.unwrap().unwrap();
    }
    let last = store.claim("any", token(), LEASE_MS).await.unwrap();
    assert!(matches!(last, Claimed::Exhausted(_)), "{last:?}");
    assert_eq!(store.get_outputs(id).await.unwrap(), Outputs::default());
}
