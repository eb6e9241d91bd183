//! Submissions that have ended, told of by the webhook service: by single attempts under a test clock, and by the loop itself.

use std::sync::Arc;
use std::time::Duration;

use herald_broker_memory::{MemoryBroker, MemoryConfig};
use herald_domain::id::{EndpointId, SubmissionId};
use herald_domain::notice::{MAX_NOTICE_ATTEMPTS, NOTICE_QUEUE, NoticeOutcome};
use herald_domain::store::{Claimed, Outbox, Submissions, Webhooks, Work};
use herald_domain::submission::{LEASE_MS, Verdict};
use herald_domain::webhook::NewEndpoint;
use herald_pipeline::{Deps, Teller, serve_notices};
use herald_services::Webhook;
use herald_services::webhook::{Config, MAX_BODY_BYTES, Message, Sender};
use herald_testkit::build::{
    dead_letter, endpoint, intake, judgement, message_id, new_submission, owner, patterns, token,
};
use herald_testkit::webhook_receiver::{Answer, Call, WebhookReceiver};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::world::{World, world};

struct Bench {
    world: World,
    service: Arc<Webhook>,
    receiver: WebhookReceiver,
    /// Alice's, at the receiver.
    endpoint: EndpointId,
    secret: String,
}

async fn bench() -> Bench {
    let (world, receiver) = (world().await, WebhookReceiver::start().await);
    let service = Arc::new(Webhook::new(&Config { allow_private: true }, world.store.clone(), world.clock.clone()));
    let new =
        NewEndpoint { url: receiver.url(), events: patterns(&["submission.finished"]), ..endpoint(&owner("alice")) };
    world.store.register_endpoint(&new).await.unwrap();
    Bench { world, service, receiver, endpoint: new.id, secret: new.secret.reveal() }
}

impl Bench {
    async fn submitted(&self) -> SubmissionId {
        let new = new_submission(&owner("alice"));
        let id = new.id;
        self.world.store.accept_submissions(&[intake(new)], 1_000).await.unwrap();
        id
    }

    /// Alice's, with its verdict.
    async fn judged(&self, verdict: Verdict) -> SubmissionId {
        let id = self.submitted().await;
        self.judge(id, verdict).await;
        id
    }

    async fn judge(&self, id: SubmissionId, verdict: Verdict) {
        let Claimed::Work(work, _) = self.world.store.claim("any", token(), LEASE_MS).await.unwrap() else { panic!() };
        let judgement = judgement(verdict);
        self.world.store.record_verdict(id, work.token, &judgement).await.unwrap().expect("the lease is held");
    }

    /// One attempt as the pipeline makes it: claim, tell, record. `None`: nothing was to be done now.
    async fn attempt(&self) -> Option<NoticeOutcome> {
        let token = token();
        let claims = self.world.store.claim_notices(token, LEASE_MS, 1).await.unwrap();
        let claim = claims.first()?;
        let outcome = self.service.tell(claim).await;
        self.world.store.record_notice(claim.submission.id, token, &outcome).await.unwrap();
        Some(outcome)
    }

    /// The attempt after the next delay, however long.
    async fn attempt_later(&self) -> NoticeOutcome {
        self.world.clock.advance(Duration::from_secs(2 * 86_400));
        self.attempt().await.expect("it was due again")
    }

    /// The loop, as a process runs it.
    fn serve(&self, stop: &CancellationToken) -> JoinHandle<usize> {
        let deps =
            Deps { store: self.world.store.clone(), broker: Arc::new(MemoryBroker::new(MemoryConfig::default())) };
        let grace = Duration::from_secs(20);
        tokio::spawn(serve_notices(deps, self.service.clone(), 8, grace, stop.clone()))
    }
}

fn body(call: &Call) -> Value {
    serde_json::from_slice(&call.body).unwrap()
}

fn failed(outcome: &NoticeOutcome) -> &str {
    let NoticeOutcome::Again { error, .. } = outcome else { panic!("{outcome:?}") };
    error
}

#[tokio::test]
async fn a_receiver_is_told_of_a_verdict_in_a_message_that_it_can_verify() {
    let bench = bench().await;
    let id = bench.judged(Verdict::WrongAnswer).await;
    assert_eq!(bench.attempt().await, Some(NoticeOutcome::Told));
    assert_eq!(bench.attempt().await, None, "nothing is left");
    let submission = bench.world.store.get_submission(id, None).await.unwrap().unwrap();
    let calls = bench.receiver.calls();
    let [call] = &calls[..] else { panic!("{calls:?}") };
    assert!(call.is_signed_with(&bench.secret), "{call:?}");
    assert_eq!(call.header("webhook-id"), format!("msg_{}_finished_{}", id.0.as_simple(), submission.offset));
    let (body, data) = (body(call), body(call)["data"].clone());
    assert_eq!(body["type"], "submission.finished");
    assert!(body["timestamp"].is_string(), "{body}");
    assert_eq!(
        (&data["id"], &data["status"], &data["verdict"]),
        (&json!(id), &json!("finished"), &json!("wrong_answer"))
    );
    assert_eq!((&data["language"], &data["tests"]), (&json!(submission.language), &json!(submission.tests)));
    assert_eq!((&data["time_ms"], &data["memory_kb"]), (&json!(submission.time_ms), &json!(submission.memory_kb)));
    assert_eq!(data["status_url"], format!("/status/{id}"));
    let keys: Vec<_> = data.as_object().unwrap().keys().collect();
    for absent in ["source", "files", "stdin", "stdout", "owner", "traceparent"] {
        assert!(!keys.iter().any(|key| *key == absent), "{absent} in {data}");
    }
    let attempts = bench.world.calls(bench.endpoint).await;
    assert_eq!((attempts.len(), attempts[0].submission, attempts[0].transfer), (1, Some(id), None));
    assert!(attempts[0].delivered && attempts[0].event == "submission.finished", "{attempts:?}");
}

#[tokio::test]
async fn a_cancel_is_told_of_as_an_end_without_a_verdict() {
    let bench = bench().await;
    let id = bench.submitted().await;
    bench.world.store.cancel_submission(id, None).await.unwrap();
    assert_eq!(bench.attempt().await, Some(NoticeOutcome::Told));
    let told = body(&bench.receiver.calls()[0]);
    assert_eq!((&told["type"], &told["data"]["status"]), (&json!("submission.finished"), &json!("cancelled")));
    assert_eq!(told["data"].get("verdict"), None);
}

#[tokio::test]
async fn a_failure_is_tried_again_by_the_schedule_with_the_same_id_and_body() {
    let bench = bench().await;
    bench.receiver.answer_once([Answer::Status(500)]);
    bench.judged(Verdict::Accepted).await;
    let outcome = bench.attempt().await.unwrap();
    assert_eq!(failed(&outcome), "1 of 1 endpoints did not take it; the first: it answered 500");
    bench.world.clock.advance(Duration::from_millis(4_900));
    assert_eq!(bench.attempt().await, None, "not before five seconds");
    bench.world.clock.advance(Duration::from_millis(700));
    assert_eq!(bench.attempt().await, Some(NoticeOutcome::Told));
    let calls = bench.receiver.calls();
    let [first, last] = &calls[..] else { panic!("{calls:?}") };
    assert_eq!((first.header("webhook-id"), &first.body), (last.header("webhook-id"), &last.body));
    assert!(calls.iter().all(|call| call.is_signed_with(&bench.secret)));
}

#[tokio::test]
async fn who_has_taken_it_is_not_called_again_for_the_others_sake() {
    let bench = bench().await;
    let slow = WebhookReceiver::start().await;
    slow.answer_once([Answer::Status(503)]);
    let other = NewEndpoint { url: slow.url(), events: patterns(&["submission.*"]), ..endpoint(&owner("alice")) };
    bench.world.store.register_endpoint(&other).await.unwrap();
    bench.judged(Verdict::Accepted).await;
    let outcome = bench.attempt().await.unwrap();
    assert_eq!(failed(&outcome), "1 of 2 endpoints did not take it; the first: it answered 503");
    assert_eq!(bench.attempt_later().await, NoticeOutcome::Told);
    assert_eq!((bench.receiver.calls().len(), slow.calls().len()), (1, 2));
}

#[tokio::test]
async fn an_endpoint_that_is_gone_is_told_no_more() {
    let bench = bench().await;
    bench.receiver.answer(Answer::Status(410));
    bench.judged(Verdict::Accepted).await;
    assert_eq!(bench.attempt().await, Some(NoticeOutcome::Told), "nobody is left to tell");
    let endpoint = bench.world.store.get_endpoint(bench.endpoint, None).await.unwrap().unwrap();
    assert!(endpoint.disabled_at.is_some() && endpoint.reason.as_deref() == Some("gone"), "{endpoint:?}");
    bench.judged(Verdict::Accepted).await;
    assert_eq!(bench.attempt().await, None, "and nothing is owed to it");
    assert_eq!(bench.receiver.calls().len(), 1);
}

#[tokio::test]
async fn after_ten_attempts_it_is_a_dead_letter_and_a_redrive_brings_it_home() {
    let bench = bench().await;
    bench.receiver.answer(Answer::Status(500));
    bench.judged(Verdict::Accepted).await;
    failed(&bench.attempt().await.unwrap());
    for _ in 1..MAX_NOTICE_ATTEMPTS {
        failed(&bench.attempt_later().await);
    }
    bench.world.clock.advance(Duration::from_secs(2 * 86_400));
    assert_eq!(bench.attempt().await, None);
    let letters = bench.world.store.list_dead_letters(None, 10).await.unwrap();
    let [letter] = &letters[..] else { panic!("{letters:?}") };
    assert!(letter.queue == NOTICE_QUEUE && letter.error.ends_with("it answered 500"), "{letter:?}");
    bench.receiver.answer(Answer::Status(200));
    bench.world.store.redrive(letter.id, message_id()).await.unwrap().unwrap();
    assert_eq!(bench.attempt().await, Some(NoticeOutcome::Told));
    assert_eq!(bench.receiver.calls().len(), 11);
}

/// Of a submission that was redriven: the first end is not told once it is out of date, and the second is news.
#[tokio::test]
async fn each_end_of_a_redriven_submission_has_a_message_of_its_own() {
    let bench = bench().await;
    let id = bench.judged(Verdict::InternalError).await;
    bench.attempt().await.unwrap();
    let redrive = async || {
        let letter = dead_letter(Some(id), time::OffsetDateTime::UNIX_EPOCH);
        bench.world.store.add_dead_letter(&letter).await.unwrap();
        bench.world.store.redrive(letter.id, message_id()).await.unwrap().unwrap();
    };
    redrive().await;
    bench.judge(id, Verdict::InternalError).await;
    redrive().await;
    assert_eq!(bench.attempt().await, Some(NoticeOutcome::Told), "out of date: nothing was sent");
    assert_eq!(bench.receiver.calls().len(), 1);
    bench.judge(id, Verdict::Accepted).await;
    assert_eq!(bench.attempt().await, Some(NoticeOutcome::Told));
    let calls = bench.receiver.calls();
    let [first, second] = &calls[..] else { panic!("{calls:?}") };
    assert_ne!(first.header("webhook-id"), second.header("webhook-id"));
    let verdicts = [first, second].map(|call| body(call)["data"]["verdict"].clone());
    assert_eq!(verdicts, [json!("internal_error"), json!("accepted")]);
}

/// Two processes, of which either may find each notice.
#[tokio::test]
async fn two_that_serve_at_once_call_once_each() {
    let bench = bench().await;
    let stop = CancellationToken::new();
    for _ in 0..10 {
        bench.judged(Verdict::Accepted).await;
    }
    let serving = [bench.serve(&stop), bench.serve(&stop)];
    bench.receiver.wait_for(10).await;
    let late = bench.judged(Verdict::Accepted).await;
    bench.receiver.wait_for(11).await;
    stop.cancel();
    for one in serving {
        assert_eq!(one.await.unwrap(), 0, "what was begun is recorded");
    }
    let ids: Vec<_> = bench.receiver.calls().iter().map(|call| body(call)["data"]["id"].clone()).collect();
    assert_eq!(ids.len(), 11, "{ids:?}");
    assert_eq!(ids.iter().collect::<std::collections::HashSet<_>>().len(), 11, "{ids:?}");
    assert_eq!(ids[10], json!(late));
    bench.world.clock.advance(Duration::from_secs(86_400));
    assert_eq!(bench.attempt().await, None, "nothing is left");
}

/// A process that died between its claim and its call: the next tells it when the lease is over.
#[tokio::test]
async fn what_a_dead_process_held_is_told_by_another() {
    let bench = bench().await;
    bench.judged(Verdict::Accepted).await;
    assert_eq!(bench.world.store.claim_notices(token(), LEASE_MS, 10).await.unwrap().len(), 1);
    assert_eq!(bench.attempt().await, None, "it is another's");
    bench.world.clock.advance(Duration::from_millis(LEASE_MS));
    let stop = CancellationToken::new();
    let serving = bench.serve(&stop);
    bench.receiver.wait_for(1).await;
    stop.cancel();
    assert_eq!(serving.await.unwrap(), 0);
}

/// It died between its call and the record of the notice, but after the record of the call.
#[tokio::test]
async fn a_call_that_was_recorded_is_not_made_again() {
    let bench = bench().await;
    let id = bench.judged(Verdict::Accepted).await;
    let submission = bench.world.store.get_submission(id, None).await.unwrap().unwrap();
    let sender = Sender::new(&Config { allow_private: true }, bench.world.store.clone(), bench.world.clock.clone());
    let endpoint = bench.world.store.get_endpoint(bench.endpoint, None).await.unwrap().unwrap();
    let message = Message::of_submission(&submission).unwrap();
    assert!(message.body.len() < MAX_BODY_BYTES);
    sender.send(&endpoint, &message).await;
    assert_eq!(bench.attempt().await, Some(NoticeOutcome::Told));
    assert_eq!(bench.receiver.calls().len(), 1);
}
