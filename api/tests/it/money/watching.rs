//! Watching a transfer: by asking, by waiting, with a ticket, and in lists.

use std::time::Duration;

use herald_api::views::TicketView;
use herald_domain::channel::Channel;
use herald_domain::identity::Scope;
use herald_domain::money::view::TransferView;
use herald_domain::money::{EffectOutcome, EffectState, Service, TransferState};
use herald_domain::view::Page;
use herald_testkit::build;
use serde_json::json;
use tokio::time::Instant;

use super::super::app::{TestApp, now};
use super::{bank, done, paid, payment, served, served_by_all, with};

/// Far longer than a wake-up takes, far shorter than the wait asked for.
const SOON: Duration = Duration::from_secs(15);

#[tokio::test]
async fn the_tag_and_the_hint_to_ask_again_follow_the_services() {
    let app = bank().await;
    let id = paid(&app, &payment()).await;
    let path = format!("/transactions/{id}");
    let reply = app.get(&path).user("bob").send().await.ok();
    assert_eq!((reply.header("etag"), reply.header("retry-after")), ("W/\"1\"", "1"));
    assert_eq!(reply.header("cache-control"), "no-store");
    let same = app.get(&path).user("bob").header("if-none-match", "W/\"1\"").send().await;
    assert_eq!((same.status.as_u16(), same.header("etag"), same.text()), (304, "W/\"1\"", ""));
    assert_eq!(same.header("retry-after"), "1");
    served(&app, Service::Fraud, id, done()).await;
    let reply = app.get(&path).user("bob").header("if-none-match", "W/\"1\"").send().await.ok();
    assert_eq!(reply.header("etag"), "W/\"2\"");
    let view: TransferView = reply.json();
    let fraud = &view.services["fraud"];
    assert_eq!((fraud.status, fraud.attempts, fraud.detail.get()), (EffectState::Done, 1, r#"{"by":"test"}"#));
    assert!(fraud.at.is_some());
    let skipped = EffectOutcome::Skipped { reason: "no_endpoint".into() };
    served(&app, Service::Webhook, id, skipped).await;
    let failed = EffectOutcome::Failed { error: "no such mailbox".into() };
    served(&app, Service::Notification, id, failed).await;
    for service in [Service::Statement, Service::Rewards] {
        served(&app, service, id, done()).await;
    }
    let reply = app.get(&path).user("bob").send().await.ok();
    assert_eq!((reply.header("etag"), reply.header("retry-after")), ("W/\"6\"", ""));
    let view: TransferView = reply.json();
    assert_eq!(view.services["webhook"].status, EffectState::Skipped);
    assert_eq!(view.services["notification"].status, EffectState::Failed);
}

#[tokio::test]
async fn a_long_poll_answers_once_all_services_are_done() {
    let app = bank().await;
    let id = paid(&app, &payment()).await;
    let path = format!("/transactions/{id}");
    let waiting = tokio::spawn(app.get(&path).user("bob").header("prefer", "wait=30").send());
    let next = app.get(&path).user("alice").header("prefer", "wait=30").header("if-none-match", "W/\"1\"").send();
    let next = tokio::spawn(next);
    tokio::task::yield_now().await;
    let begun = Instant::now();
    served_by_all(&app, id).await;
    let reply = waiting.await.unwrap();
    assert!(begun.elapsed() < SOON, "woken after {:?}", begun.elapsed());
    let view: TransferView = reply.json();
    assert!(view.services.values().all(|effect| effect.status == EffectState::Done), "{view:?}");
    // The row is read before the effects, so its offset may be older than they are: whoever goes on from it misses nothing.
    assert!((2..=6).contains(&view.offset), "{}", view.offset);
    let settled: TransferView = app.get(&path).user("bob").send().await.json();
    assert_eq!(settled.offset, 6, "{settled:?}");
    assert_eq!(reply.header("preference-applied"), "wait=30");
    assert!(reply.header("vary").contains("Prefer"), "{}", reply.header("vary"));
    assert!(next.await.unwrap().json::<TransferView>().offset > 1);
}

#[tokio::test]
async fn a_long_poll_on_a_hold_waits_for_its_end_and_then_for_the_services() {
    let app = bank().await;
    let id = paid(&app, &with("hold", json!(true))).await;
    let path = format!("/transactions/{id}");
    let waiting = tokio::spawn(app.get(&path).user("alice").header("prefer", "wait=30").send());
    tokio::task::yield_now().await;
    let begun = Instant::now();
    app.post(&format!("{path}/void"), &json!({})).user("bob").send().await.ok();
    for service in [Service::Notification, Service::Webhook] {
        served(&app, service, id, done()).await;
    }
    let view: TransferView = waiting.await.unwrap().json();
    assert!(begun.elapsed() < SOON, "woken after {:?}", begun.elapsed());
    assert_eq!((view.state, view.services["rewards"].status), (TransferState::Voided, EffectState::Skipped));
}

#[tokio::test]
async fn a_long_poll_that_sees_nothing_answers_when_its_time_is_over_and_strangers_do_not_wait() {
    let app = bank().await;
    let id = paid(&app, &payment()).await;
    let path = format!("/transactions/{id}");
    let begun = Instant::now();
    let foreign = app.get(&path).user("shop").header("prefer", "wait=30").send().await;
    assert_eq!((foreign.status.as_u16(), begun.elapsed() < SOON), (404, true));
    let begun = Instant::now();
    let reply = app.get(&path).user("alice").header("prefer", "wait=1").send().await.ok();
    assert!(begun.elapsed() >= Duration::from_secs(1));
    assert_eq!(reply.json::<TransferView>().services["fraud"].status, EffectState::Pending);
}

#[tokio::test]
async fn both_parties_get_a_ticket_for_a_day_and_nobody_else_does() {
    let app = bank().await;
    let id = paid(&app, &payment()).await;
    let body = json!({"channel": format!("transfer:{id}")});
    for user in ["alice", "bob"] {
        let view: TicketView = app.post("/tickets", &body).user(user).send().await.ok().json();
        let grant = app.signing_key.verify(&view.ticket, now() + 86_000).unwrap();
        assert_eq!((grant.channel, grant.owner), (Channel::Transfer(id), build::owner(user)));
        let partition = build::owner(user).partition();
        assert_eq!(view.ws_url, format!("ws://127.0.0.1:8080/ws/p/{partition}?ticket={}", view.ticket));
    }
    let unknown = json!({"channel": "transfer:01975f3e-7a3c-7c11-9b7e-3d1f0a2b4c5d"});
    let malformed = json!({"channel": "transfer:x"});
    for (body, user) in [(&body, "shop"), (&body, "guest"), (&unknown, "alice"), (&malformed, "alice")] {
        assert_eq!(app.post("/tickets", body).user(user).send().await.code(), "not_found", "{body} {user}");
    }
}

#[tokio::test]
async fn transfers_are_listed_newest_first_in_pages() {
    let app = bank().await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(paid(&app, &payment()).await);
    }
    ids.reverse();
    let (mut seen, mut path) = (Vec::new(), "/transactions?limit=2".to_owned());
    loop {
        let page: Page<TransferView> = app.get(&path).user("bob").send().await.ok().json();
        assert!(page.items.len() <= 2);
        seen.extend(page.items.into_iter().map(|item| item.id));
        let Some(next) = page.next else { break };
        path = format!("/transactions?limit=2&cursor={next}");
    }
    assert_eq!(seen, ids);
}

#[tokio::test]
async fn filters_narrow_the_list_and_only_an_admin_sees_others() {
    let app = bank().await;
    let id = paid(&app, &with("reference", json!("order 17"))).await;
    served(&app, Service::Fraud, id, done()).await;
    paid(&app, &with("to", json!("shop"))).await;
    paid(&app, &with("hold", json!(true))).await;
    let alice = app.key("alice", Scope::User).await;
    let shop = super::account(&app, "shop").await.id;
    let counts = [
        ("/transactions".to_owned(), 4),
        ("/transactions?user=me".to_owned(), 4),
        ("/transactions?account=alice".to_owned(), 4),
        ("/transactions?account=shop".to_owned(), 1),
        (format!("/transactions?account={shop}"), 1),
        ("/transactions?account=nobody".to_owned(), 0),
        ("/transactions?state=pending".to_owned(), 1),
        ("/transactions?state=completed&account=bob".to_owned(), 1),
        ("/transactions?reference=order%2017".to_owned(), 1),
        ("/transactions?reference=order".to_owned(), 0),
    ];
    for (path, count) in counts {
        let page: Page<TransferView> = app.get(&path).key(&alice).send().await.ok().json();
        assert_eq!(page.items.len(), count, "{path}");
    }
    let page: Page<TransferView> = app.get("/transactions?reference=order%2017").key(&alice).send().await.json();
    assert_eq!((page.items[0].id, page.items[0].services["fraud"].status), (id, EffectState::Done));
    for path in ["/transactions?user=bob", "/transactions?user=*"] {
        assert_eq!(app.get(path).key(&alice).send().await.code(), "admin_required", "{path}");
    }
    let bobs: Page<TransferView> = app.get("/transactions?user=bob").send().await.ok().json();
    let all: Page<TransferView> = app.get("/transactions?user=*").send().await.ok().json();
    let own: Page<TransferView> = app.get("/transactions").send().await.ok().json();
    assert_eq!((bobs.items.len(), all.items.len(), own.items.len()), (2, 4, 0));
}

#[tokio::test]
async fn what_a_service_could_not_do_is_a_dead_letter_with_the_payers_name() {
    use herald_api::views::{DeadLetterView, RedriveView};
    let app = bank().await;
    let id = paid(&app, &payment()).await;
    served(&app, Service::Webhook, id, EffectOutcome::Failed { error: "410".into() }).await;
    let page: Page<DeadLetterView> = app.get("/admin/dead-letters").send().await.ok().json();
    let letter = &page.items[0];
    assert_eq!((letter.queue.as_str(), letter.user.as_deref()), ("service.webhook", Some("alice")));
    assert_eq!(letter.entity.as_deref(), Some(format!("transfer:{id}").as_str()));
    let path = format!("/admin/dead-letters/{}/redrive", letter.id);
    let done: RedriveView = app.post(&path, &json!({})).send().await.ok().json();
    assert_eq!(done.redriven, 1);
    let view: TransferView = app.get(&format!("/transactions/{id}")).user("alice").send().await.ok().json();
    assert_eq!(view.services["webhook"].status, EffectState::Pending);
}

#[tokio::test]
async fn a_shutdown_lets_no_one_wait() {
    let app: TestApp = bank().await;
    let path = format!("/transactions/{}", paid(&app, &payment()).await);
    let waiting = tokio::spawn(app.get(&path).user("alice").header("prefer", "wait=30").send());
    tokio::task::yield_now().await;
    let begun = Instant::now();
    app.shutdown.cancel();
    assert_eq!(waiting.await.unwrap().status, 200);
    assert!(begun.elapsed() < SOON);
}
