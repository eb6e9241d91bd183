//! Reading: ownership, lists, counts.

use std::time::Duration;

use herald_domain::id::SubmissionId;
use herald_domain::store::SubmissionFilter;
use herald_domain::submission::{NewSubmission, Outputs, ProblemRef, Status, Submission, Verdict};

use super::Harness;
use super::steps::{accept, accept_plain, claim, get};
use crate::build::{judgement, new_submission, owner, submission_id};

pub async fn a_submission_is_shown_to_its_owner_only(h: &dyn Harness) {
    let store = h.store().await;
    let id = accept_plain(&*store, &owner("alice")).await;
    let all = get(&*store, id).await;
    assert_eq!(store.get_submission(id, Some(&owner("alice"))).await.unwrap(), Some(all));
    assert_eq!(store.get_submission(id, Some(&owner("bob"))).await.unwrap(), None);
    assert_eq!(store.get_submission(submission_id(), None).await.unwrap(), None);
}

pub async fn several_submissions_leave_out_the_unknown(h: &dyn Harness) {
    let store = h.store().await;
    let one = accept_plain(&*store, &owner("alice")).await;
    let two = accept_plain(&*store, &owner("bob")).await;
    let found = store.get_submissions(&[two, submission_id(), one]).await.unwrap();
    assert_eq!(sorted(ids(&found)), [one, two]);
    assert_eq!(store.get_submissions(&[]).await.unwrap(), vec![]);
}

pub async fn nothing_is_known_of_an_unknown_submission(h: &dyn Harness) {
    let store = h.store().await;
    assert_eq!(store.get_outputs(submission_id()).await.unwrap(), Outputs::default());
    assert_eq!(store.get_source(submission_id()).await.unwrap(), vec![]);
}

pub async fn a_list_is_newest_first_and_pages_without_gap(h: &dyn Harness) {
    let store = h.store().await;
    let mut all = Vec::new();
    for n in 0..7 {
        all.insert(0, accept_plain(&*store, &owner(["alice", "bob"][n % 2])).await);
    }
    let (mut seen, mut before) = (Vec::new(), None);
    for expected in [3, 3, 1, 0] {
        let page = ids(&store.list_submissions(&SubmissionFilter::default(), before, 3).await.unwrap());
        assert_eq!(page.len(), expected);
        before = page.last().copied().or(before);
        seen.extend(page);
    }
    assert_eq!(seen, all);
}

pub async fn a_list_can_be_filtered(h: &dyn Harness) {
    let store = h.store().await;
    let of = |name: &str, slug: &str| NewSubmission {
        problem: Some(ProblemRef { slug: slug.into(), version: "v".into() }),
        ..new_submission(&owner(name))
    };
    let judged = accept(&*store, of("alice", "hello")).await.submission.id;
    let (work, _) = claim(&*store).await;
    store.record_verdict(judged, work.token, &judgement(Verdict::WrongAnswer)).await.unwrap().unwrap();
    let open = accept(&*store, of("alice", "two-sum")).await.submission.id;
    let foreign = accept(&*store, of("bob", "hello")).await.submission.id;
    let plain = accept_plain(&*store, &owner("bob")).await;

    let list = |filter: SubmissionFilter, before| {
        let store = store.clone();
        async move { ids(&store.list_submissions(&filter, before, 10).await.unwrap()) }
    };
    let any = SubmissionFilter::default;
    let alice = Some(owner("alice"));
    let hello = Some("hello".to_owned());
    let wrong = Some(Verdict::WrongAnswer);
    assert_eq!(list(any(), None).await, [plain, foreign, open, judged]);
    assert_eq!(list(SubmissionFilter { owner: alice.clone(), ..any() }, None).await, [open, judged]);
    assert_eq!(list(SubmissionFilter { owner: alice.clone(), ..any() }, Some(open)).await, [judged]);
    assert_eq!(list(SubmissionFilter { problem: hello.clone(), ..any() }, None).await, [foreign, judged]);
    assert_eq!(list(SubmissionFilter { problem: hello.clone(), ..any() }, Some(foreign)).await, [judged]);
    assert_eq!(list(SubmissionFilter { verdict: wrong, ..any() }, None).await, [judged]);
    let queued = Some(Status::Queued);
    assert_eq!(list(SubmissionFilter { status: queued, ..any() }, None).await, [plain, foreign, open]);
    let narrow = SubmissionFilter { owner: alice.clone(), problem: hello.clone(), verdict: wrong, ..any() };
    assert_eq!(list(narrow.clone(), None).await, [judged]);
    assert_eq!(list(SubmissionFilter { status: queued, ..narrow }, None).await, []);
    let foreign_problem = SubmissionFilter { owner: Some(owner("bob")), problem: hello, status: queued, ..any() };
    assert_eq!(list(foreign_problem, None).await, [foreign]);
}

pub async fn recent_submissions_go_by_their_last_change(h: &dyn Harness) {
    let store = h.store().await;
    let alice = owner("alice");
    let mut made = Vec::new();
    for _ in 0..3 {
        made.push(accept_plain(&*store, &alice).await);
        h.advance(Duration::from_secs(1)).await;
    }
    accept_plain(&*store, &owner("bob")).await;
    let recent = async |limit| ids(&store.recent_submissions(&alice, limit).await.unwrap());
    assert_eq!(recent(50).await, [made[2], made[1], made[0]]);
    assert_eq!(claim(&*store).await.0.submission.id, made[0]);
    assert_eq!(recent(50).await, [made[0], made[2], made[1]]);
    assert_eq!(recent(2).await, [made[0], made[2]]);
}

pub async fn open_submissions_and_their_classes_are_counted(h: &dyn Harness) {
    let store = h.store().await;
    assert_eq!(store.open_classes().await.unwrap(), Vec::<String>::new());
    let id = accept_plain(&*store, &owner("alice")).await;
    accept(&*store, NewSubmission { class: "gpu".into(), ..new_submission(&owner("alice")) }).await;
    accept(&*store, NewSubmission { class: "gpu".into(), ..new_submission(&owner("bob")) }).await;
    assert_eq!(store.count_open().await.unwrap(), 3);
    let mut classes = store.open_classes().await.unwrap();
    classes.sort();
    assert_eq!(classes, ["any", "gpu"]);

    let (work, _) = claim(&*store).await;
    assert_eq!(store.count_open().await.unwrap(), 3, "a leased one is not finished");
    store.record_verdict(id, work.token, &judgement(Verdict::Accepted)).await.unwrap().unwrap();
    assert_eq!(store.count_open().await.unwrap(), 2);
    assert_eq!(store.open_classes().await.unwrap(), ["gpu"]);
}

fn ids(submissions: &[Submission]) -> Vec<SubmissionId> {
    submissions.iter().map(|submission| submission.id).collect()
}

fn sorted(mut ids: Vec<SubmissionId>) -> Vec<SubmissionId> {
    ids.sort();
    ids
}
