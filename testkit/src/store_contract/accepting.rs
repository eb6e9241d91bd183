//! Accepting: what a 202 promises, replays, limits, fairness.

use std::collections::HashSet;

use herald_domain::channel::Channel;
use herald_domain::problem::package_version;
use herald_domain::store::{Accepted, Wakes};
use herald_domain::submission::{
    Limits, MAX_SOURCE_BYTES, MAX_STDIN_BYTES, NewSubmission, ProblemRef, SourceFile, Status,
};
use tokio::task::JoinSet;

use super::Harness;
use super::steps::{PLENTY, accept, accept_plain, assert_event, claim, get, log};
use crate::build::{idempotency, intake, judgement, new_submission, owner};

pub async fn accepting_writes_the_row_its_event_and_its_outbox_row(h: &dyn Harness) {
    let store = h.store().await;
    let before = store.store_now().await.unwrap();
    let problem = ProblemRef { slug: "a-plus-b".into(), version: package_version(&[]) };
    let new = NewSubmission {
        problem: Some(problem.clone()),
        traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".into()),
        ..new_submission(&owner("alice"))
    };
    let asked = intake(new);
    let outcomes = store.accept_submissions(std::slice::from_ref(&asked), PLENTY).await.unwrap();
    let [Accepted::Created(created)] = &outcomes[..] else { panic!("not created but {outcomes:?}") };

    let row = &created.submission;
    assert_eq!((row.id, &row.owner, row.status), (asked.submission.id, &owner("alice"), Status::Queued));
    assert_eq!((row.offset, row.attempt, row.verdict, row.finished_at), (1, 0, None, None));
    assert_eq!((&row.problem, row.language.as_str(), row.class.as_str()), (&Some(problem), "python", "any"));
    assert!(row.created_at >= before && row.created_at <= store.store_now().await.unwrap());
    assert_event(&created.event.0, row);
    assert_eq!((created.outbox.id, &created.outbox.traceparent), (asked.message, &row.traceparent));
    assert_eq!(created.outbox.wakes, Wakes::Work { submission: row.id, class: "any".to_owned() });
    assert_eq!(row.traceparent, asked.submission.traceparent);

    let other = h.second().await;
    assert_eq!(&get(&*other, row.id).await, row);
    assert_eq!(log(&*other, row.id).await.len(), 1);
    assert_eq!(other.count_outbox().await.unwrap(), 1);
    assert_eq!(other.get_source(row.id).await.unwrap(), asked.submission.files);
}

pub async fn a_batch_is_answered_in_the_order_given(h: &dyn Harness) {
    let store = h.store().await;
    for names in [["alice", "alice", "bob", "carol"], ["carol", "alice", "bob", "alice"]] {
        let mut batch: Vec<_> = names.map(|name| intake(new_submission(&owner(name)))).into();
        batch.reverse(); // ids fall
        batch[1].submission.idempotency = idempotency(&format!("z{}", names[0]), "one");
        batch[3].submission.idempotency = idempotency(&format!("a{}", names[0]), "one");
        let outcomes = store.accept_submissions(&batch, PLENTY).await.unwrap();
        assert_eq!(outcomes.len(), batch.len());
        for (asked, outcome) in batch.iter().zip(&outcomes) {
            let Accepted::Created(created) = outcome else { panic!("not created but {outcome:?}") };
            assert_eq!(created.submission.id, asked.submission.id);
            assert_eq!(created.submission.owner, asked.submission.owner);
            assert_eq!(created.outbox.id, asked.message);
            assert_eq!(created.event.0.channel, Channel::Submission(asked.submission.id));
        }
    }
    assert_eq!(store.count_outbox().await.unwrap(), 8);
}

pub async fn an_empty_batch_is_nothing(h: &dyn Harness) {
    let store = h.store().await;
    assert_eq!(store.accept_submissions(&[], PLENTY).await.unwrap(), vec![]);
}

pub async fn a_key_with_the_same_request_is_a_replay_of_the_row_as_it_stands(h: &dyn Harness) {
    let store = h.store().await;
    let first = NewSubmission { idempotency: idempotency("k1", "request"), ..new_submission(&owner("alice")) };
    let again = NewSubmission { idempotency: idempotency("k1", "request"), ..new_submission(&owner("alice")) };
    let created = accept(&*store, first).await.submission;
    claim(&*store).await;

    let outcomes = store.accept_submissions(&[intake(again.clone())], PLENTY).await.unwrap();
    let [Accepted::Replayed(replayed)] = &outcomes[..] else { panic!("not replayed but {outcomes:?}") };
    assert_eq!((replayed.id, replayed.status, replayed.offset), (created.id, Status::Compiling, 2));
    assert_eq!(store.get_submission(again.id, None).await.unwrap(), None);
    assert_eq!((store.count_open().await.unwrap(), store.count_outbox().await.unwrap()), (1, 1));
    log(&*store, created.id).await;
}

pub async fn a_key_with_another_request_is_refused(h: &dyn Harness) {
    let store = h.store().await;
    let first = NewSubmission { idempotency: idempotency("k1", "request"), ..new_submission(&owner("alice")) };
    let other = NewSubmission { idempotency: idempotency("k1", "another"), ..new_submission(&owner("alice")) };
    accept(&*store, first).await;
    let outcomes = store.accept_submissions(&[intake(other.clone())], PLENTY).await.unwrap();
    assert_eq!(outcomes, vec![Accepted::KeyReused]);
    assert_eq!(store.get_submission(other.id, None).await.unwrap(), None);
    assert_eq!((store.count_open().await.unwrap(), store.count_outbox().await.unwrap()), (1, 1));
}

pub async fn a_key_belongs_to_its_owner(h: &dyn Harness) {
    let store = h.store().await;
    for name in ["alice", "bob"] {
        accept(&*store, NewSubmission { idempotency: idempotency("k1", name), ..new_submission(&owner(name)) }).await;
    }
    assert_eq!(store.count_open().await.unwrap(), 2);
}

pub async fn a_key_twice_in_one_batch_is_decided_in_order(h: &dyn Harness) {
    let store = h.store().await;
    let with =
        |request| intake(NewSubmission { idempotency: idempotency("k1", request), ..new_submission(&owner("alice")) });
    let batch = [with("one"), with("one"), with("two")];
    let outcomes = store.accept_submissions(&batch, PLENTY).await.unwrap();
    let [Accepted::Created(created), Accepted::Replayed(replayed), Accepted::KeyReused] = &outcomes[..] else {
        panic!("decided otherwise: {outcomes:?}")
    };
    assert_eq!(created.submission.id, batch[0].submission.id);
    assert_eq!(created.submission, **replayed);
    assert_eq!(store.count_open().await.unwrap(), 1);
}

pub async fn a_key_from_two_handles_at_once_creates_one_row(h: &dyn Harness) {
    let handles = [h.store().await, h.second().await];
    let mut tasks = JoinSet::new();
    for n in 0..16 {
        let store = handles[n % 2].clone();
        let new = NewSubmission { idempotency: idempotency("k1", "request"), ..new_submission(&owner("alice")) };
        tasks.spawn(async move { store.accept_submissions(&[intake(new)], PLENTY).await.unwrap().pop().unwrap() });
    }
    let (mut created, mut named) = (0, HashSet::new());
    for outcome in tasks.join_all().await {
        match outcome {
            Accepted::Created(new) => {
                created += 1;
                named.insert(new.submission.id);
            }
            Accepted::Replayed(old) => {
                named.insert(old.id);
            }
            other => panic!("neither created nor replayed but {other:?}"),
        }
    }
    assert_eq!((created, named.len()), (1, 1));
    assert_eq!((handles[0].count_open().await.unwrap(), handles[0].count_outbox().await.unwrap()), (1, 1));
}

/// A caller that does not know whether its accept was committed may ask again.
pub async fn the_same_id_again_is_a_replay(h: &dyn Harness) {
    let store = h.store().await;
    let asked = intake(new_submission(&owner("alice")));
    store.accept_submissions(std::slice::from_ref(&asked), PLENTY).await.unwrap();
    let outcomes = store.accept_submissions(std::slice::from_ref(&asked), PLENTY).await.unwrap();
    let [Accepted::Replayed(replayed)] = &outcomes[..] else { panic!("not replayed but {outcomes:?}") };
    assert_eq!(replayed.id, asked.submission.id);
    assert_eq!((store.count_open().await.unwrap(), store.count_outbox().await.unwrap()), (1, 1));
    log(&*store, asked.submission.id).await;
}

pub async fn a_user_may_have_so_many_open_submissions_and_no_more(h: &dyn Harness) {
    let store = h.store().await;
    let alice = owner("alice");
    accept_plain(&*store, &alice).await;
    accept_plain(&*store, &alice).await;
    let refused = intake(new_submission(&alice));
    let outcomes = store.accept_submissions(std::slice::from_ref(&refused), 2).await.unwrap();
    assert_eq!(outcomes, vec![Accepted::TooManyOpen { open: 2 }]);
    assert_eq!(store.get_submission(refused.submission.id, None).await.unwrap(), None);
    assert_eq!(store.count_outbox().await.unwrap(), 2);

    let bob = store.accept_submissions(&[intake(new_submission(&owner("bob")))], 2).await.unwrap();
    assert!(matches!(bob[..], [Accepted::Created(_)]), "another's submissions do not count: {bob:?}");

    let (work, _) = claim(&*store).await;
    assert_eq!(work.submission.owner, alice);
    let verdict = judgement(herald_domain::submission::Verdict::Accepted);
    store.record_verdict(work.submission.id, work.token, &verdict).await.unwrap().unwrap();
    let again = store.accept_submissions(&[refused], 2).await.unwrap();
    assert!(matches!(again[..], [Accepted::Created(_)]), "a finished one makes room: {again:?}");
}

pub async fn the_limit_counts_the_rows_of_the_batch_before_it(h: &dyn Harness) {
    let store = h.store().await;
    let batch: Vec<_> =
        ["alice", "bob", "alice", "alice", "bob"].map(|name| intake(new_submission(&owner(name)))).into();
    let outcomes = store.accept_submissions(&batch, 2).await.unwrap();
    let created: Vec<bool> = outcomes.iter().map(|outcome| matches!(outcome, Accepted::Created(_))).collect();
    assert_eq!(created, [true, true, true, false, true]);
    assert_eq!(outcomes[3], Accepted::TooManyOpen { open: 2 });
    assert_eq!(store.count_open().await.unwrap(), 4);
}

pub async fn a_replay_is_decided_before_the_limit(h: &dyn Harness) {
    let store = h.store().await;
    let with =
        |key, request| NewSubmission { idempotency: idempotency(key, request), ..new_submission(&owner("alice")) };
    let created = accept(&*store, with("k1", "request")).await.submission;
    let batch = [intake(with("k2", "new")), intake(with("k1", "request")), intake(with("k1", "other"))];
    let outcomes = store.accept_submissions(&batch, 1).await.unwrap();
    let [Accepted::TooManyOpen { open: 1 }, Accepted::Replayed(replayed), Accepted::KeyReused] = &outcomes[..] else {
        panic!("decided otherwise: {outcomes:?}")
    };
    assert_eq!(replayed.id, created.id);
}

/// Who queues many waits behind who queues few: `turn` is the number of the owner's open submissions at accept.
pub async fn users_alternate(h: &dyn Harness) {
    let store = h.store().await;
    for name in ["alice", "alice", "alice", "bob", "bob", "carol"] {
        accept_plain(&*store, &owner(name)).await;
    }
    let batch: Vec<_> = ["dave", "dave"].map(|name| intake(new_submission(&owner(name)))).into();
    store.accept_submissions(&batch, PLENTY).await.unwrap();
    let mut order = Vec::new();
    for _ in 0..8 {
        order.push(claim(&*store).await.0.submission.owner.user_name().to_owned());
    }
    assert_eq!(order, ["alice", "bob", "carol", "dave", "alice", "bob", "dave", "alice"]);
}

pub async fn the_largest_source_and_any_text_survive(h: &dyn Harness) {
    let store = h.store().await;
    let odd = "tab\t quote\" 'single' back\\slash \u{7f} \u{1} ünï 漢字 🦀 \u{2028} e\u{301} $1 ?1 :a @b -- /* % \r\n";
    let big = odd.repeat(MAX_SOURCE_BYTES / odd.len());
    let new = NewSubmission {
        files: vec![
            SourceFile { name: "main.py".into(), content: big },
            SourceFile { name: "empty.txt".into(), content: String::new() },
            SourceFile { name: "odd.txt".into(), content: odd.into() },
        ],
        stdin: Some("é".repeat(MAX_STDIN_BYTES / 2)),
        limits: Limits { cpu_ms: Some(30_000), output_kb: Some(1), ..Limits::default() },
        idempotency: idempotency(odd, odd),
        ..new_submission(&owner("alice"))
    };
    accept(&*store, new.clone()).await;
    assert_eq!(store.get_source(new.id).await.unwrap(), new.files);
    let (work, _) = claim(&*store).await;
    assert_eq!((work.files, work.stdin, work.limits), (new.files.clone(), new.stdin.clone(), new.limits));
    let outcomes = store.accept_submissions(&[intake(new)], PLENTY).await.unwrap();
    assert!(matches!(outcomes[..], [Accepted::Replayed(_)]), "the odd key is not found again");
}

/// Sources and input are bytes that happen to be text: U+0000 is as good as any other.
pub async fn a_source_may_hold_nul(h: &dyn Harness) {
    let store = h.store().await;
    let nul = "before\0after\0".to_owned();
    let new = NewSubmission {
        files: vec![SourceFile { name: "main.py".into(), content: nul.clone() }],
        stdin: Some(nul),
        ..new_submission(&owner("alice"))
    };
    accept(&*store, new.clone()).await;
    assert_eq!(store.get_source(new.id).await.unwrap(), new.files);
    let (work, _) = claim(&*store).await;
    assert_eq!((work.files, work.stdin), (new.files, new.stdin));
}
