//! Mails to payer and payee.

use std::time::Duration;

use herald_domain::money::{EffectClaim, EffectOutcome, EffectState, Holder};
use herald_domain::store::{HoldChange, Ledger, Outbox};
use herald_pipeline::Servant;
use herald_services::Notification;
use herald_services::notification::Config;
use herald_testkit::build::message_id;
use herald_testkit::own_server::free_port;
use herald_testkit::smtp_catcher::{Mail, Manner, SmtpCatcher};
use serde_json::json;

use crate::world::{World, came_to, detail, world};

fn service(world: &World, smtp_url: Option<String>) -> Notification {
    let config = Config { smtp_url, mail_domain: "localhost".to_owned(), mail_from: None };
    Notification::open(&config, world.data(), world.store.clone()).unwrap()
}

async fn caught() -> (World, SmtpCatcher, Notification) {
    let (world, catcher) = (world().await, SmtpCatcher::start().await);
    let service = service(&world, Some(catcher.url()));
    (world, catcher, service)
}

fn to(mails: &[Mail], address: &str) -> Vec<Mail> {
    mails.iter().filter(|mail| mail.to == [address]).cloned().collect()
}

#[tokio::test]
async fn payer_and_payee_of_a_payment_are_written_to_once_each() {
    let (world, catcher, service) = caught().await;
    let paid = world.pay(&world.alice, &world.shop, 1_250).await;
    let effect = world.attempt(&service, paid.id).await.unwrap();
    assert_eq!(came_to(&effect), (EffectState::Done, json!({ "sent": ["payer", "payee"] })));
    let mails = catcher.mails();
    let [to_alice, to_bob] = &mails[..] else { panic!("{mails:?}") };
    assert_eq!((to_alice.from.as_str(), &to_alice.to[..]), ("herald@localhost", &["alice@localhost".to_owned()][..]));
    assert_eq!(to_alice.header("Subject"), Some("You paid 12.50 INR to shop"));
    assert_eq!(to_bob.header("Subject"), Some("You received 12.50 INR from alice"));
    assert_eq!(to_bob.header("To"), Some("bob@localhost"));
    let id = format!("<{}.payee@localhost>", paid.id);
    assert_eq!(to_bob.header("Message-ID"), Some(id.as_str()));
    assert!(to_alice.text.contains(&paid.id.to_string()), "{}", to_alice.text);
    assert!(world.attempt(&service, paid.id).await.is_none(), "it is done");
}

#[tokio::test]
async fn a_mail_that_was_taken_is_not_sent_again_for_the_other_s_sake() {
    let (world, catcher, service) = caught().await;
    catcher.be("bob@localhost", Manner::Later);
    let paid = world.pay(&world.alice, &world.shop, 1_250).await;
    let effect = world.attempt(&service, paid.id).await.unwrap();
    let error = detail(&effect)["error"].as_str().unwrap().to_owned();
    assert_eq!(effect.state, EffectState::Pending);
    assert!(error.starts_with("sent to payer; payee: ") && error.contains("451"), "{error}");
    world.attempt_later(&service, paid.id).await;
    catcher.be("bob@localhost", Manner::Take);
    let effect = world.attempt_later(&service, paid.id).await;
    assert_eq!((effect.state, effect.attempts), (EffectState::Done, 3));
    let mails = catcher.mails();
    assert_eq!((to(&mails, "alice@localhost").len(), to(&mails, "bob@localhost").len()), (1, 1));
}

#[tokio::test]
async fn what_the_server_will_never_take_is_given_up_and_the_rest_is_sent() {
    let (world, catcher, service) = caught().await;
    catcher.be("alice@localhost", Manner::Never);
    let paid = world.pay(&world.alice, &world.shop, 1_250).await;
    let effect = world.attempt(&service, paid.id).await.unwrap();
    let error = detail(&effect)["error"].as_str().unwrap().to_owned();
    assert_eq!(effect.state, EffectState::Failed);
    assert!(error.starts_with("sent to payee; payer: ") && error.contains("550"), "{error}");
    assert_eq!(to(&catcher.mails(), "bob@localhost").len(), 1);
    let letters = world.store.list_dead_letters(None, 10).await.unwrap();
    assert_eq!(letters.len(), 1, "{letters:?}");
    assert!(letters[0].queue == "service.notification" && letters[0].error.contains("550"), "{letters:?}");
}

#[tokio::test]
async fn a_server_that_is_away_is_tried_again() {
    let world = world().await;
    let service = service(&world, Some(format!("smtp://127.0.0.1:{}", free_port())));
    let paid = world.pay(&world.alice, &world.shop, 1_250).await;
    let effect = world.attempt(&service, paid.id).await.unwrap();
    assert_eq!(effect.state, EffectState::Pending);
    assert!(detail(&effect)["error"].as_str().unwrap().starts_with("payer: "), "{}", effect.detail);
}

/// A server that refuses for a night is not given up.
#[tokio::test]
async fn a_mail_that_is_put_off_waits_longer_each_time() {
    let (world, catcher, service) = caught().await;
    catcher.be("alice@localhost", Manner::Later);
    let transfer = world.pay(&world.alice, &world.shop, 1_250).await;
    for (attempt, seconds) in [(1, 1), (5, 3_600), (9, 86_400)] {
        let claim = EffectClaim { transfer: transfer.clone(), attempt, attempts: 1 };
        let outcome = service.serve(&claim).await;
        let EffectOutcome::Again { delay_ms, .. } = outcome else { panic!("{outcome:?}") };
        assert!((seconds * 1_000..=seconds * 1_100).contains(&delay_ms), "attempt {attempt}: {delay_ms} ms");
    }
}

/// The one case in which a mail may come twice; it has the same id, by which the mailbox can tell.
#[tokio::test]
async fn a_mail_whose_fate_is_unknown_is_sent_again_with_the_same_id() {
    let (world, catcher, service) = caught().await;
    catcher.be("alice@localhost", Manner::TakeAndBreak);
    let paid = world.pay(&world.alice, &world.shop, 1_250).await;
    let effect = world.attempt(&service, paid.id).await.unwrap();
    assert_eq!(effect.state, EffectState::Pending);
    catcher.be("alice@localhost", Manner::Take);
    assert_eq!(world.attempt_later(&service, paid.id).await.state, EffectState::Done);
    let mails = to(&catcher.mails(), "alice@localhost");
    let [first, second] = &mails[..] else { panic!("{mails:?}") };
    assert_eq!(first, second);
    assert_eq!(to(&catcher.mails(), "bob@localhost").len(), 1);
}

#[tokio::test]
async fn who_was_reached_before_a_redrive_is_not_written_to_again() {
    let (world, catcher, service) = caught().await;
    catcher.be("bob@localhost", Manner::Never);
    let paid = world.pay(&world.alice, &world.shop, 1_250).await;
    assert_eq!(world.attempt(&service, paid.id).await.unwrap().state, EffectState::Failed);
    let letters = world.store.list_dead_letters(None, 10).await.unwrap();
    world.store.redrive(letters[0].id, message_id()).await.unwrap().unwrap();
    catcher.be("bob@localhost", Manner::Take);
    assert_eq!(world.attempt(&service, paid.id).await.unwrap().state, EffectState::Done);
    let mails = catcher.mails();
    assert_eq!((to(&mails, "alice@localhost").len(), to(&mails, "bob@localhost").len()), (1, 1));
}

#[tokio::test]
async fn a_server_that_falls_silent_does_not_keep_the_service() {
    let (world, catcher, service) = caught().await;
    catcher.be("alice@localhost", Manner::Hang);
    let claim = EffectClaim { transfer: world.pay(&world.alice, &world.shop, 1_250).await, attempt: 1, attempts: 1 };
    let began = tokio::time::Instant::now();
    tokio::time::pause();
    let outcome = service.serve(&claim).await;
    let EffectOutcome::Again { error, .. } = outcome else { panic!("{outcome:?}") };
    assert!(error.contains("payer: no answer within 25 s"), "{error}");
    assert!(began.elapsed() < Duration::from_secs(60), "the pipeline would have given up before");
}

#[tokio::test]
async fn without_a_server_each_mail_is_a_file() {
    let world = world().await;
    let service = service(&world, None);
    let paid = world.pay(&world.alice, &world.shop, 1_250).await;
    let effect = world.attempt(&service, paid.id).await.unwrap();
    assert_eq!(came_to(&effect), (EffectState::Done, json!({ "sent": ["payer", "payee"] })));
    let folder = world.data().join("mail");
    let mut names: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap().file_name()).collect();
    names.sort();
    let expected = ["payee", "payer"].map(|party| format!("{}.{party}@localhost.eml", paid.id));
    assert_eq!(names, expected.each_ref().map(std::ffi::OsString::from));
    let text = std::fs::read_to_string(folder.join(&expected[0])).unwrap();
    assert!(text.contains("\r\nYou received 12.50 INR from alice.\r\n"), "{text}");
}

#[tokio::test]
async fn every_settled_transfer_is_told_and_funding_to_its_payee_alone() {
    let (world, catcher, service) = caught().await;
    let subject = |address: &str| {
        let mails = catcher.mails();
        let mine = mails.iter().rfind(|mail| mail.to == [address]);
        mine.and_then(|mail| mail.header("Subject").map(str::to_owned)).unwrap_or_default()
    };
    let funded = world.fund(&world.carol, 5_000).await;
    let effect = world.attempt(&service, funded.id).await.unwrap();
    assert_eq!(detail(&effect), json!({ "sent": ["payee"] }));
    assert_eq!(subject("carol@localhost"), "Your account was funded with 50.00 INR from funding.inr");

    let paid = world.pay(&world.alice, &world.shop, 1_250).await;
    let refund = world.refund(&paid, 250).await;
    world.attempt(&service, refund.id).await.unwrap();
    assert_eq!(subject("alice@localhost"), "You were refunded 2.50 INR from shop");
    assert_eq!(subject("bob@localhost"), "You refunded 2.50 INR to alice");

    let hold = world.hold(&world.alice, &world.shop, 700, Holder::Payer).await;
    assert!(world.attempt(&service, hold.id).await.is_none(), "nothing is settled");
    world.store.change_hold(hold.id, None, &HoldChange::Void, message_id()).await.unwrap();
    world.attempt(&service, hold.id).await.unwrap();
    assert_eq!(subject("alice@localhost"), "A hold of 7.00 INR was given up");
}
