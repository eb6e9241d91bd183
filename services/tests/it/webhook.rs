//! Signed calls of receivers that behave, and of others.

use std::time::Duration;

use herald_domain::clock::Clock;
use herald_domain::id::EndpointId;
use herald_domain::money::{EffectClaim, EffectOutcome, EffectState};
use herald_domain::store::Webhooks;
use herald_pipeline::Servant;
use herald_services::Webhook;
use herald_services::webhook::{Config, Message, Sender, Sent};
use herald_testkit::build::webhook_secret;
use herald_testkit::webhook_receiver::{Answer, WebhookReceiver};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::world::{World, came_to, detail, world};

const HOUR_MS: u64 = 3_600_000;
/// No call takes longer.
const CALL: Duration = Duration::from_secs(16);

struct Bench {
    world: World,
    service: Webhook,
    receiver: WebhookReceiver,
    /// Bob's, at the receiver.
    endpoint: EndpointId,
    secret: String,
}

async fn bench() -> Bench {
    let (world, receiver) = (world().await, WebhookReceiver::start().await);
    let service = Webhook::new(&Config { allow_private: true }, world.store.clone(), world.clock.clone());
    let (endpoint, secret) = world.endpoint(&world.shop.owner, &receiver.url()).await;
    Bench { world, service, receiver, endpoint, secret }
}

impl Bench {
    /// Alice pays the shop, and it is attempted to tell so.
    async fn told(&self) -> (herald_domain::id::TransferId, herald_domain::money::Effect) {
        let paid = self.world.pay(&self.world.alice, &self.world.shop, 1_250).await;
        let effect = self.world.attempt(&self.service, paid.id).await.unwrap();
        (paid.id, effect)
    }

    /// The outcome of an attempt whose call takes all the time that it may have, which passes at once.
    async fn told_in_no_time(&self) -> EffectOutcome {
        let transfer = self.world.pay(&self.world.alice, &self.world.shop, 1_250).await;
        let claim = EffectClaim { transfer, attempt: 1, attempts: 1 };
        tokio::join!(self.service.serve(&claim), self.hasten()).0
    }

    /// Time runs fast while the call waits for the rest of its answer, and not while the store is at work: to a clock that
    /// stands still but for those who sleep, a database on its own thread seems to take for ever.
    async fn hasten(&self) {
        self.receiver.wait_for(1).await;
        tokio::time::pause();
        tokio::time::sleep(CALL).await;
        tokio::time::resume();
    }

    /// What the last call's record says: delivered, status, error.
    async fn last(&self) -> (bool, Option<u16>, Option<String>) {
        let last = self.world.calls(self.endpoint).await.pop().unwrap();
        (last.delivered, last.status, last.error)
    }
}

#[tokio::test]
async fn a_receiver_gets_a_message_that_it_can_verify() {
    let bench = bench().await;
    let (id, effect) = bench.told().await;
    assert_eq!(came_to(&effect), (EffectState::Done, json!({ "delivered": 1, "gone": 0 })));
    let calls = bench.receiver.calls();
    let [call] = &calls[..] else { panic!("{calls:?}") };
    assert!(call.is_signed_with(&bench.secret), "{call:?}");
    assert!(!call.is_signed_with(&webhook_secret().reveal()));
    assert_eq!((call.method.as_str(), call.path.as_str()), ("POST", "/hooks"));
    assert_eq!(call.header("webhook-id"), format!("msg_{}_completed", id.0.as_simple()));
    assert_eq!(call.header("webhook-timestamp"), bench.world.clock.now().unix_timestamp().to_string());
    assert_eq!(call.header("content-type"), "application/json");
    let body: Value = serde_json::from_slice(&call.body).unwrap();
    assert_eq!(body["type"], "transfer.completed");
    assert_eq!((&body["data"]["id"], &body["data"]["amount"]), (&json!(id), &json!(1_250)));
    let attempts = bench.world.calls(bench.endpoint).await;
    assert_eq!((attempts.len(), attempts[0].response.as_deref()), (1, Some("thank you")));
    assert_eq!((attempts[0].transfer, bench.last().await), (Some(id), (true, Some(200), None)));
}

#[tokio::test]
async fn a_failure_is_tried_again_by_the_schedule_with_the_same_id_and_a_fresh_time() {
    let bench = bench().await;
    bench.receiver.answer_once([Answer::Status(500), Answer::Cut]);
    let (id, effect) = bench.told().await;
    assert_eq!(effect.state, EffectState::Pending);
    assert_eq!(detail(&effect)["error"], "1 of 1 endpoints did not take it; the first: it answered 500");
    bench.world.clock.advance(Duration::from_millis(4_900));
    assert!(bench.world.attempt(&bench.service, id).await.is_none(), "not before five seconds");
    bench.world.clock.advance(Duration::from_millis(700));
    let effect = bench.world.attempt(&bench.service, id).await.unwrap();
    assert!(detail(&effect)["error"].as_str().unwrap().contains("no answer that can be read"), "{}", effect.detail);
    bench.world.clock.advance(Duration::from_secs(290));
    assert!(bench.world.attempt(&bench.service, id).await.is_none(), "then not before five minutes");
    let effect = bench.world.attempt_later(&bench.service, id).await;
    assert_eq!((effect.state, effect.attempts), (EffectState::Done, 3));
    let calls = bench.receiver.calls();
    let [first, .., last] = &calls[..] else { panic!("{calls:?}") };
    assert_eq!((first.header("webhook-id"), &first.body), (last.header("webhook-id"), &last.body));
    assert_ne!(first.header("webhook-timestamp"), last.header("webhook-timestamp"));
    assert!(calls.iter().all(|call| call.is_signed_with(&bench.secret)));
    assert_eq!(bench.world.calls(bench.endpoint).await.len(), 3);
}

#[tokio::test]
async fn after_ten_attempts_it_has_failed() {
    let bench = bench().await;
    bench.receiver.answer(Answer::Status(500));
    let (id, mut effect) = bench.told().await;
    for _ in 1..10 {
        assert_eq!(effect.state, EffectState::Pending);
        effect = bench.world.attempt_later(&bench.service, id).await;
    }
    assert_eq!((effect.state, effect.attempts), (EffectState::Failed, 10));
    assert_eq!(bench.receiver.calls().len(), 10);
}

#[tokio::test]
async fn who_has_taken_it_is_not_called_again_for_the_others_sake() {
    let bench = bench().await;
    let slow = WebhookReceiver::start().await;
    slow.answer_once([Answer::Status(503)]);
    let (slow_endpoint, _) = bench.world.endpoint(&bench.world.alice.owner, &slow.url()).await;
    let (id, effect) = bench.told().await;
    assert_eq!(detail(&effect)["error"], "1 of 2 endpoints did not take it; the first: it answered 503");
    let effect = bench.world.attempt_later(&bench.service, id).await;
    assert_eq!(came_to(&effect), (EffectState::Done, json!({ "delivered": 2, "gone": 0 })));
    assert_eq!((bench.receiver.calls().len(), slow.calls().len()), (1, 2));
    assert_eq!(bench.world.calls(slow_endpoint).await.len(), 2);
}

#[tokio::test]
async fn a_receiver_that_asks_for_time_is_given_it() {
    let bench = bench().await;
    bench.receiver.answer_once([Answer::Later(429, "3600".to_owned())]);
    let transfer = bench.world.pay(&bench.world.alice, &bench.world.shop, 5).await;
    let outcome = bench.service.serve(&EffectClaim { transfer: transfer.clone(), attempt: 1, attempts: 1 }).await;
    let EffectOutcome::Again { delay_ms, .. } = outcome else { panic!("{outcome:?}") };
    assert!((HOUR_MS..=HOUR_MS * 11 / 10).contains(&delay_ms), "{delay_ms}");
    bench.receiver.answer_once([Answer::Later(500, "3600".to_owned())]);
    let outcome = bench.service.serve(&EffectClaim { transfer, attempt: 1, attempts: 1 }).await;
    let EffectOutcome::Again { delay_ms, .. } = outcome else { panic!("{outcome:?}") };
    assert!(delay_ms <= 5_500, "only 429 and 503 may ask: {delay_ms}");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let bench = bench().await;
    let elsewhere = WebhookReceiver::start().await;
    bench.receiver.answer(Answer::Redirect(elsewhere.url()));
    let (_, effect) = bench.told().await;
    assert_eq!(effect.state, EffectState::Pending);
    let error = Some("it answered 302; redirects are not followed".to_owned());
    assert_eq!(bench.last().await, (false, Some(302), error));
    assert_eq!(elsewhere.connections(), 0);
}

#[tokio::test]
async fn an_endpoint_that_is_gone_is_told_no_more() {
    let bench = bench().await;
    bench.receiver.answer(Answer::Status(410));
    let (_, effect) = bench.told().await;
    assert_eq!(came_to(&effect), (EffectState::Skipped, json!({ "reason": "endpoint_gone" })));
    let endpoint = bench.world.store.get_endpoint(bench.endpoint, None).await.unwrap().unwrap();
    assert!(endpoint.disabled_at.is_some() && endpoint.reason.as_deref() == Some("gone"), "{endpoint:?}");
    let (_, effect) = bench.told().await;
    assert_eq!(came_to(&effect), (EffectState::Skipped, json!({ "reason": "no_endpoint" })));
    assert_eq!(bench.receiver.calls().len(), 1);
}

#[tokio::test]
async fn a_receiver_that_never_answers_is_left_after_a_while() {
    let bench = bench().await;
    bench.receiver.answer(Answer::Hang);
    let outcome = bench.told_in_no_time().await;
    assert!(matches!(outcome, EffectOutcome::Again { .. }), "{outcome:?}");
    assert_eq!(bench.last().await, (false, None, Some("no answer within 15 s".to_owned())));
}

#[tokio::test]
async fn an_answer_without_end_is_not_read_to_it() {
    let bench = bench().await;
    bench.receiver.answer(Answer::Endless);
    let (_, effect) = bench.told().await;
    assert_eq!(effect.state, EffectState::Done, "the status has decided");
    let kept = bench.world.calls(bench.endpoint).await.pop().unwrap();
    assert_eq!(kept.response, Some("x".repeat(1_024)));
    assert!(kept.duration_ms < 10_000, "it was read until the time was up: {} ms", kept.duration_ms);
}

#[tokio::test]
async fn an_answer_whose_body_never_comes_counts_by_its_status() {
    let bench = bench().await;
    bench.receiver.answer(Answer::Stall);
    let outcome = bench.told_in_no_time().await;
    assert!(matches!(outcome, EffectOutcome::Done { .. }), "{outcome:?}");
    assert_eq!(bench.last().await, (true, Some(200), None));
}

#[tokio::test]
async fn a_private_address_is_not_even_knocked_at() {
    let bench = bench().await;
    let service = Webhook::new(&Config::default(), bench.world.store.clone(), bench.world.clock.clone());
    let port = bench.receiver.port();
    let carol = &bench.world.carol;
    for (url, why) in [
        (format!("https://127.0.0.1:{port}/"), "not a public one"),
        (format!("https://localhost:{port}/"), "not a public one"),
        (format!("https://[::ffff:127.0.0.1]:{port}/"), "not a public one"),
        (format!("http://localhost:{port}/"), "https"),
    ] {
        let (endpoint, _) = bench.world.endpoint(&carol.owner, &url).await;
        let paid = bench.world.pay(&bench.world.alice, carol, 5).await;
        let effect = bench.world.attempt(&service, paid.id).await.unwrap();
        let error = bench.world.calls(endpoint).await.pop().unwrap().error.unwrap();
        assert!(effect.state == EffectState::Pending && error.contains(why), "{url}: {error}");
        bench.world.store.delete_endpoint(endpoint, None).await.unwrap();
    }
    assert_eq!(bench.receiver.connections(), 0);
}

#[tokio::test]
async fn while_a_secret_is_replaced_the_receiver_may_know_either() {
    let bench = bench().await;
    let new = webhook_secret();
    bench.world.store.rotate_secret(bench.endpoint, None, &new, HOUR_MS).await.unwrap();
    bench.told().await;
    bench.world.clock.advance(Duration::from_millis(HOUR_MS));
    bench.told().await;
    let calls = bench.receiver.calls();
    let signed = |i: usize| (calls[i].is_signed_with(&bench.secret), calls[i].is_signed_with(&new.reveal()));
    assert_eq!((signed(0), signed(1)), ((true, true), (false, true)));
}

#[tokio::test]
async fn an_endpoint_is_told_of_nothing_from_before_its_time_nor_of_others() {
    let bench = bench().await;
    let early = bench.world.pay(&bench.world.alice, &bench.world.carol, 5).await;
    bench.world.clock.advance(Duration::from_secs(1));
    bench.world.endpoint(&bench.world.carol.owner, &bench.receiver.url()).await;
    let effect = bench.world.attempt(&bench.service, early.id).await.unwrap();
    assert_eq!(came_to(&effect), (EffectState::Skipped, json!({ "reason": "no_endpoint" })));
    let late = bench.world.pay(&bench.world.alice, &bench.world.carol, 5).await;
    assert_eq!(bench.world.attempt(&bench.service, late.id).await.unwrap().state, EffectState::Done);
    assert_eq!(bench.receiver.calls().len(), 1, "bob has no part in it");
}

/// What the API's test ping does.
#[tokio::test]
async fn an_endpoint_can_be_tried_out() {
    let bench = bench().await;
    let config = Config { allow_private: true };
    let sender = Sender::new(&config, bench.world.store.clone(), bench.world.clock.clone());
    let endpoint = bench.world.store.get_endpoint(bench.endpoint, None).await.unwrap().unwrap();
    let ping = Message::ping(Uuid::now_v7(), bench.world.clock.now());
    let (sent, attempt) = sender.send(&endpoint, &ping).await;
    assert_eq!((sent, attempt.event.as_str(), attempt.transfer), (Sent::Delivered, "webhook.ping", None));
    let calls = bench.receiver.calls();
    assert!(calls[0].is_signed_with(&bench.secret) && calls[0].header("webhook-id") == ping.id);
    assert_eq!(bench.world.calls(bench.endpoint).await, [attempt]);
}
