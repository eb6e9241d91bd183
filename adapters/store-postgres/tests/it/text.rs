//! NUL, which PostgreSQL's text cannot hold: kept where it belongs to a program, replaced where people read, and never an
//! error that a user could cause.

use herald_domain::store::{Claimed, DeadLetter, Outbox, Problems, SubmissionFilter, Submissions, Webhooks, Work};
use herald_domain::submission::{NewSubmission, Output, Outputs, SourceFile, Verdict};
use herald_domain::webhook::NewAttempt;
use herald_testkit::build::{attempt, dead_letter, endpoint, intake, judgement, new_submission, owner, package, token};

use crate::schema::Schema;

#[tokio::test]
async fn a_program_and_its_input_may_hold_nul() {
    let schema = Schema::migrated().await;
    let store = schema.open().await;
    let new = NewSubmission {
        files: vec![SourceFile { name: "main.py".into(), content: "print('\0')\0".into() }],
        stdin: Some("\0one\0".into()),
        ..new_submission(&owner("alice"))
    };
    store.accept_submissions(&[intake(new.clone())], 10).await.unwrap();
    assert_eq!(store.get_source(new.id).await.unwrap(), new.files);
    let Claimed::Work(claim, _) = store.claim("any", token(), 15_000).await.unwrap() else {
        panic!("nothing to claim")
    };
    assert_eq!((claim.files, claim.stdin), (new.files, new.stdin));
    schema.drop().await;
}

#[tokio::test]
async fn what_people_read_shows_that_a_nul_was_there() {
    let schema = Schema::migrated().await;
    let store = schema.open().await;
    let new = new_submission(&owner("alice"));
    store.accept_submissions(&[intake(new.clone())], 10).await.unwrap();
    let mine = token();
    store.claim("any", mine, 15_000).await.unwrap();
    let output = Some(Output { text: "a\0b".into(), truncated: false });
    let outputs = Outputs { stdout: output, ..Outputs::default() };
    let judged =
        herald_domain::submission::Judgement { outputs, reason: Some("\0".into()), ..judgement(Verdict::WrongAnswer) };
    store.record_verdict(new.id, mine, &judged).await.unwrap().unwrap();
    assert_eq!(store.get_outputs(new.id).await.unwrap().stdout.unwrap().text, "a\u{FFFD}b");

    let time = herald_domain::store::Events::store_now(&store).await.unwrap();
    let letter = DeadLetter { error: "\0".into(), payload: Some("{\0".into()), ..dead_letter(None, time) };
    store.add_dead_letter(&letter).await.unwrap();
    let listed = store.list_dead_letters(None, 10).await.unwrap();
    assert_eq!((listed[0].error.as_str(), listed[0].payload.as_deref()), ("\u{FFFD}", Some("{\u{FFFD}")));

    let endpoint = store.register_endpoint(&endpoint(&owner("alice"))).await.unwrap();
    let call = NewAttempt { response: Some("a\0b".into()), ..attempt(endpoint.id, "msg_1", false) };
    store.record_attempt(&call).await.unwrap();
    let kept = store.list_attempts(endpoint.id, None, 10).await.unwrap();
    assert_eq!(kept[0].call.response.as_deref(), Some("a\u{FFFD}b"));
    schema.drop().await;
}

#[tokio::test]
async fn a_name_with_nul_is_unknown_and_not_an_error() {
    let schema = Schema::migrated().await;
    let store = schema.open().await;
    store.import_problem(&package("hello", "hello")).await.unwrap();
    assert_eq!(store.get_problem("hello\0").await.unwrap(), None);
    assert_eq!(store.problem_files("\0").await.unwrap(), None);
    assert_eq!(store.list_problems(Some("hello\0"), 10).await.unwrap(), vec![]);
    let filter = SubmissionFilter { problem: Some("\0".into()), ..SubmissionFilter::default() };
    assert_eq!(store.list_submissions(&filter, None, 10).await.unwrap(), vec![]);
    schema.drop().await;
}
