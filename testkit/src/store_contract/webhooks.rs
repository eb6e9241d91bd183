//! Webhooks: endpoints belong to their owner, secrets overlap while they are replaced, calls are kept for a while.

use std::time::Duration;

use herald_domain::id::{AttemptId, EndpointId};
use herald_domain::owner::Owner;
use herald_domain::store::Store;
use herald_domain::webhook::{Attempt, Endpoint, EndpointSecret, NewAttempt, NewEndpoint};
use uuid::Uuid;

use super::Harness;
use crate::build::{attempt, endpoint, owner, patterns, submission_id, transfer_id, webhook_secret};

const HOUR: Duration = Duration::from_secs(3_600);
const HOUR_MS: u64 = 3_600_000;
const DAY: Duration = Duration::from_secs(86_400);

async fn register(store: &dyn Store, new: NewEndpoint) -> Endpoint {
    store.register_endpoint(&new).await.unwrap()
}

/// An endpoint of the owner's for all that transfers come to.
async fn plain(store: &dyn Store, owner: &Owner) -> Endpoint {
    register(store, endpoint(owner)).await
}

async fn get(store: &dyn Store, id: EndpointId) -> Endpoint {
    store.get_endpoint(id, None).await.unwrap().unwrap()
}

async fn calls(store: &dyn Store, endpoint: EndpointId) -> Vec<NewAttempt> {
    let attempts = store.list_attempts(endpoint, None, 100).await.unwrap();
    attempts.into_iter().map(|attempt| attempt.call).collect()
}

fn ids<'a>(endpoints: impl IntoIterator<Item = &'a Endpoint>) -> Vec<EndpointId> {
    endpoints.into_iter().map(|endpoint| endpoint.id).collect()
}

pub async fn an_endpoint_is_kept_as_it_was_registered(h: &dyn Harness) {
    let store = h.store().await;
    let new = NewEndpoint { events: patterns(&["transfer.*", "transfer.voided"]), ..endpoint(&owner("alice")) };
    let kept = register(&*store, new.clone()).await;
    assert!((kept.created_at - store.store_now().await.unwrap()).abs() < time::Duration::minutes(1));
    let created_at = kept.created_at;
    let expected = Endpoint {
        id: new.id,
        owner: new.owner,
        url: new.url,
        events: new.events,
        secrets: vec![EndpointSecret { secret: new.secret, created_at, expires_at: None }],
        created_at,
        disabled_at: None,
        reason: None,
    };
    assert_eq!(kept, expected);
    assert_eq!(h.second().await.get_endpoint(new.id, None).await.unwrap(), Some(kept));
}

pub async fn registering_an_endpoint_again_changes_nothing(h: &dyn Harness) {
    let store = h.store().await;
    let alice = owner("alice");
    let first = plain(&*store, &alice).await;
    h.advance(HOUR).await;
    let again = NewEndpoint { id: first.id, events: patterns(&["transfer.voided"]), ..endpoint(&owner("bob")) };
    assert_eq!(h.second().await.register_endpoint(&again).await.unwrap(), first);
    assert_eq!(store.list_endpoints(&alice, None, 10).await.unwrap(), [first]);
    assert_eq!(store.list_endpoints(&owner("bob"), None, 10).await.unwrap(), []);
}

pub async fn an_endpoint_registered_twice_at_once_is_one(h: &dyn Harness) {
    let (one, two) = (h.store().await, h.second().await);
    let new = endpoint(&owner("alice"));
    let other = NewEndpoint { secret: webhook_secret(), ..new.clone() };
    let (left, right) = futures::join!(one.register_endpoint(&new), two.register_endpoint(&other));
    assert_eq!(left.unwrap(), right.unwrap());
    assert_eq!(get(&*one, new.id).await.secrets.len(), 1);
}

pub async fn a_strangers_endpoint_is_as_none(h: &dyn Harness) {
    let store = h.store().await;
    let (alice, mallory) = (owner("alice"), owner("mallory"));
    let hers = plain(&*store, &alice).await;
    for (id, owner) in [(hers.id, Some(&mallory)), (EndpointId(Uuid::now_v7()), None)] {
        assert_eq!(store.get_endpoint(id, owner).await.unwrap(), None);
        assert_eq!(store.rotate_secret(id, owner, &webhook_secret(), HOUR_MS).await.unwrap(), None);
        assert_eq!(store.disable_endpoint(id, owner, "owner").await.unwrap(), None);
        assert!(!store.delete_endpoint(id, owner).await.unwrap());
    }
    assert_eq!(store.list_endpoints(&mallory, None, 10).await.unwrap(), []);
    assert_eq!(store.get_endpoint(hers.id, Some(&alice)).await.unwrap(), Some(hers), "nothing has changed");
}

pub async fn endpoints_are_listed_newest_first_and_page_without_gap(h: &dyn Harness) {
    let store = h.store().await;
    let alice = owner("alice");
    let mut all = Vec::new();
    for _ in 0..5 {
        all.insert(0, plain(&*store, &alice).await);
        plain(&*store, &owner("bob")).await;
    }
    // A page is of endpoints, however many secrets they have.
    all[1] = store.rotate_secret(all[1].id, Some(&alice), &webhook_secret(), HOUR_MS).await.unwrap().unwrap();
    let (mut seen, mut before) = (Vec::new(), None);
    loop {
        let page = store.list_endpoints(&alice, before, 2).await.unwrap();
        let Some(last) = page.last() else { break };
        assert!(page.len() <= 2);
        before = Some(last.id);
        seen.extend(page);
    }
    assert_eq!(seen, all);
}

pub async fn a_secret_that_is_replaced_signs_until_the_overlap_is_over(h: &dyn Harness) {
    let store = h.store().await;
    let alice = owner("alice");
    let old = plain(&*store, &alice).await;
    let new = webhook_secret();
    let rotated = store.rotate_secret(old.id, Some(&alice), &new, HOUR_MS).await.unwrap().unwrap();
    let [first, second] = &rotated.secrets[..] else { panic!("{rotated:?}") };
    assert_eq!((&first.secret, first.expires_at), (&new, None), "the newest comes first");
    assert_eq!((&second.secret, second.created_at), (&old.secrets[0].secret, old.created_at));
    assert_eq!(second.expires_at, Some(first.created_at + HOUR));
    h.advance(HOUR - Duration::from_secs(30)).await;
    assert_eq!(get(&*store, old.id).await, rotated);
    h.advance(Duration::from_secs(60)).await;
    let left = Endpoint { secrets: vec![first.clone()], ..rotated.clone() };
    assert_eq!(get(&*store, old.id).await, left);
    assert_eq!(store.list_endpoints(&alice, None, 10).await.unwrap(), std::slice::from_ref(&left));
    assert_eq!(store.endpoints_for(&[alice], "transfer.completed").await.unwrap(), [left]);
}

/// A longer overlap later gives a secret no more time, a shorter one less.
pub async fn a_secret_never_signs_for_longer_than_it_was_to(h: &dyn Harness) {
    let store = h.store().await;
    let id = plain(&*store, &owner("alice")).await.id;
    let rotate =
        async |overlap_ms| store.rotate_secret(id, None, &webhook_secret(), overlap_ms).await.unwrap().unwrap();
    let first = rotate(HOUR_MS).await.secrets.pop().unwrap();
    let secrets = rotate(24 * HOUR_MS).await.secrets;
    assert_eq!((secrets.len(), &secrets[2]), (3, &first), "an hour, as it was to be");
    let secrets = rotate(60_000).await.secrets;
    assert_eq!(secrets.len(), 4);
    let until = secrets[0].created_at + Duration::from_secs(60);
    assert!(secrets[1..].iter().all(|secret| secret.expires_at == Some(until)), "{secrets:?}");
    let secrets = rotate(0).await.secrets;
    assert!(secrets.len() == 1 && secrets[0].expires_at.is_none(), "{secrets:?}");
}

pub async fn the_same_secret_again_changes_nothing(h: &dyn Harness) {
    let store = h.store().await;
    let old = plain(&*store, &owner("alice")).await;
    let new = webhook_secret();
    let rotated = store.rotate_secret(old.id, None, &new, HOUR_MS).await.unwrap();
    h.advance(Duration::from_secs(60)).await;
    assert_eq!(h.second().await.rotate_secret(old.id, None, &new, 0).await.unwrap(), rotated);
    let older = &old.secrets[0].secret;
    assert_eq!(store.rotate_secret(old.id, None, older, 0).await.unwrap(), rotated, "nor does an older one");
    h.advance(HOUR).await;
    let left = store.rotate_secret(old.id, None, older, 0).await.unwrap().unwrap();
    assert_eq!(left.secrets, rotated.unwrap().secrets[..1], "nor does it come back once it has expired");
}

pub async fn two_rotations_at_once_leave_one_secret_for_good(h: &dyn Harness) {
    let (one, two) = (h.store().await, h.second().await);
    let id = plain(&*one, &owner("alice")).await.id;
    let (left, right) = (webhook_secret(), webhook_secret());
    let rotations =
        futures::join!(one.rotate_secret(id, None, &left, HOUR_MS), two.rotate_secret(id, None, &right, HOUR_MS));
    rotations.0.unwrap().unwrap();
    rotations.1.unwrap().unwrap();
    let secrets = get(&*one, id).await.secrets;
    let forever: Vec<_> = secrets.iter().map(|secret| secret.expires_at.is_none()).collect();
    assert_eq!(forever, [true, false, false]);
}

pub async fn the_first_reason_to_disable_an_endpoint_stays(h: &dyn Harness) {
    let store = h.store().await;
    let alice = owner("alice");
    let before = plain(&*store, &alice).await;
    let disabled = store.disable_endpoint(before.id, Some(&alice), "gone").await.unwrap().unwrap();
    let at = disabled.disabled_at.unwrap();
    assert!(at >= before.created_at && at - before.created_at < time::Duration::minutes(1), "{disabled:?}");
    assert_eq!(disabled, Endpoint { disabled_at: Some(at), reason: Some("gone".into()), ..before });
    h.advance(HOUR).await;
    let again = h.second().await.disable_endpoint(disabled.id, None, "owner").await.unwrap();
    assert_eq!(again, Some(disabled.clone()));
    assert_eq!(store.list_endpoints(&alice, None, 10).await.unwrap(), [disabled], "it is still there to be seen");
}

pub async fn endpoints_are_found_by_owner_and_event(h: &dyn Harness) {
    let store = h.store().await;
    let (alice, bob, carol) = (owner("alice"), owner("bob"), owner("carol"));
    let of = |owner: &Owner, events: &[&str]| NewEndpoint { events: patterns(events), ..endpoint(owner) };
    let all = register(&*store, of(&bob, &["transfer.*"])).await;
    let two = register(&*store, of(&alice, &["transfer.failed", "transfer.voided"])).await;
    let one = register(&*store, of(&alice, &["transfer.failed"])).await;
    register(&*store, of(&carol, &["transfer.*"])).await;
    let off = register(&*store, of(&alice, &["transfer.*"])).await;
    store.disable_endpoint(off.id, None, "gone").await.unwrap();
    let parties = [alice.clone(), bob.clone()];
    let find = async |owners: &[Owner], event: &str| ids(&store.endpoints_for(owners, event).await.unwrap());
    assert_eq!(find(&parties, "transfer.failed").await, [all.id, two.id, one.id], "by id, whoever's they are");
    assert_eq!(find(&[bob, alice.clone()], "transfer.failed").await, [all.id, two.id, one.id]);
    assert_eq!(find(&parties, "transfer.completed").await, [all.id]);
    assert_eq!(find(&parties, "transfer.voided").await, [all.id, two.id]);
    assert_eq!(find(&[alice.clone(), alice], "transfer.failed").await, [two.id, one.id], "each once");
    assert_eq!(find(&parties, "webhook.ping").await, []);
    assert_eq!(find(&[], "transfer.failed").await, []);
}

pub async fn an_attempt_is_kept_whole(h: &dyn Harness) {
    let store = h.store().await;
    let endpoint = plain(&*store, &owner("alice")).await.id;
    let taken = NewAttempt { transfer: Some(transfer_id()), ..attempt(endpoint, "msg_1", true) };
    let ended = NewAttempt { submission: Some(submission_id()), ..attempt(endpoint, "msg_2", true) };
    let refused = NewAttempt {
        status: Some(599),
        error: Some("it answered 599".into()),
        response: Some("é".repeat(512)),
        duration_ms: 15_000,
        ..attempt(endpoint, "msg_1", false)
    };
    let unheard = NewAttempt { status: None, response: None, ..attempt(endpoint, "msg_1", false) };
    for call in [&taken, &ended, &refused, &unheard] {
        store.record_attempt(call).await.unwrap();
    }
    let kept = h.second().await.list_attempts(endpoint, None, 10).await.unwrap();
    let now = store.store_now().await.unwrap();
    assert!(kept.iter().all(|attempt| (attempt.at - now).abs() < time::Duration::minutes(1)), "{kept:?}");
    let calls: Vec<_> = kept.into_iter().map(|attempt| attempt.call).collect();
    assert_eq!(calls, [unheard, refused, ended, taken]);
}

pub async fn an_attempt_is_recorded_once(h: &dyn Harness) {
    let store = h.store().await;
    let endpoint = plain(&*store, &owner("alice")).await.id;
    let call = attempt(endpoint, "msg_1", false);
    store.record_attempt(&call).await.unwrap();
    let kept = store.list_attempts(endpoint, None, 10).await.unwrap();
    h.advance(HOUR).await;
    let again = NewAttempt { delivered: true, ..call };
    h.second().await.record_attempt(&again).await.unwrap();
    assert_eq!(store.list_attempts(endpoint, None, 10).await.unwrap(), kept);
    assert_eq!(store.delivered_to("msg_1").await.unwrap(), []);
}

pub async fn attempts_are_listed_newest_first_and_page_without_gap(h: &dyn Harness) {
    let store = h.store().await;
    let (mine, other) = (plain(&*store, &owner("alice")).await.id, plain(&*store, &owner("alice")).await.id);
    let mut all = Vec::new();
    for n in 0..5 {
        let call = attempt(mine, &format!("msg_{n}"), n % 2 == 0);
        store.record_attempt(&call).await.unwrap();
        store.record_attempt(&attempt(other, "msg_0", true)).await.unwrap();
        all.insert(0, call.id);
    }
    let (mut seen, mut before): (Vec<AttemptId>, _) = (Vec::new(), None);
    loop {
        let page = store.list_attempts(mine, before, 2).await.unwrap();
        let Some(Attempt { call, .. }) = page.last() else { break };
        assert!(page.len() <= 2);
        before = Some(call.id);
        seen.extend(page.iter().map(|attempt| attempt.call.id));
    }
    assert_eq!(seen, all);
}

pub async fn who_has_taken_a_message_is_known(h: &dyn Harness) {
    let store = h.store().await;
    let alice = owner("alice");
    let (one, two, three) =
        (plain(&*store, &alice).await.id, plain(&*store, &alice).await.id, plain(&*store, &owner("bob")).await.id);
    for (endpoint, message, delivered) in [
        (one, "msg_1", false),
        (one, "msg_1", true),
        (one, "msg_1", true),
        (two, "msg_1", false),
        (two, "msg_2", true),
        (three, "msg_1", true),
    ] {
        store.record_attempt(&attempt(endpoint, message, delivered)).await.unwrap();
    }
    let taken = async |message: &str| {
        let mut taken = store.delivered_to(message).await.unwrap();
        taken.sort();
        taken
    };
    assert_eq!(taken("msg_1").await, [one, three], "each once");
    assert_eq!(taken("msg_2").await, [two]);
    assert_eq!(taken("msg_3").await, []);
}

pub async fn a_deleted_endpoint_takes_its_attempts_along(h: &dyn Harness) {
    let store = h.store().await;
    let alice = owner("alice");
    let (gone, stays) = (plain(&*store, &alice).await, plain(&*store, &alice).await);
    store.rotate_secret(gone.id, None, &webhook_secret(), HOUR_MS).await.unwrap();
    for id in [gone.id, stays.id] {
        store.record_attempt(&attempt(id, "msg_1", true)).await.unwrap();
    }
    assert!(store.delete_endpoint(gone.id, Some(&alice)).await.unwrap());
    assert!(!h.second().await.delete_endpoint(gone.id, None).await.unwrap());
    assert_eq!(store.get_endpoint(gone.id, None).await.unwrap(), None);
    assert_eq!(calls(&*store, gone.id).await, []);
    assert_eq!(store.delivered_to("msg_1").await.unwrap(), [stays.id]);
    store.record_attempt(&attempt(gone.id, "msg_1", true)).await.unwrap();
    assert_eq!(calls(&*store, gone.id).await, [], "a call that was under way is forgotten");
    assert_eq!(store.list_endpoints(&alice, None, 10).await.unwrap(), std::slice::from_ref(&stays));
    assert_eq!(calls(&*store, stays.id).await.len(), 1);
    let anew = NewEndpoint { id: gone.id, ..endpoint(&alice) };
    assert_eq!(register(&*store, anew.clone()).await.secrets[0].secret, anew.secret, "nothing of it is left");
    assert_eq!(calls(&*store, gone.id).await, []);
}

/// Whichever comes first.
pub async fn a_call_and_a_deletion_at_once_leave_nothing(h: &dyn Harness) {
    let (one, two) = (h.store().await, h.second().await);
    for _ in 0..10 {
        let endpoint = plain(&*one, &owner("alice")).await.id;
        let call = attempt(endpoint, "msg_1", true);
        let (recorded, deleted) = futures::join!(one.record_attempt(&call), two.delete_endpoint(endpoint, None));
        recorded.unwrap();
        assert!(deleted.unwrap());
        assert_eq!(calls(&*one, endpoint).await, []);
    }
    assert_eq!(one.delivered_to("msg_1").await.unwrap(), []);
}

pub async fn attempts_are_kept_for_thirty_days(h: &dyn Harness) {
    let store = h.store().await;
    let endpoint = plain(&*store, &owner("alice")).await;
    store.record_attempt(&attempt(endpoint.id, "msg_1", true)).await.unwrap();
    h.advance(DAY * 29).await;
    let young = attempt(endpoint.id, "msg_2", true);
    store.record_attempt(&young).await.unwrap();
    store.maintain().await.unwrap();
    assert_eq!(calls(&*store, endpoint.id).await.len(), 2);
    h.advance(DAY * 2).await;
    store.maintain().await.unwrap();
    assert_eq!(calls(&*store, endpoint.id).await, [young]);
    assert_eq!(store.delivered_to("msg_1").await.unwrap(), []);
    assert_eq!(get(&*store, endpoint.id).await, endpoint, "endpoints are kept for ever");
}
