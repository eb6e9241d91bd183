//! Money where processes, connections and PostgreSQL's own ways get between: twins on other accounts, bookings that cross,
//! a server that goes away, the fence against overdraft, NUL.

use herald_domain::id::TransferId;
use herald_domain::money::{
    Account, AccountKind, Deed, EffectOutcome, MAX_EFFECT_BATCH, NewTransfer, Service, TransferKind,
};
use herald_domain::store::{
    Effects, Ledger, Moved, NewRefund, Opened, Outbox, StoreError, TransferFilter, TransferIntake,
};
use herald_store_postgres::PostgresStore;
use herald_testkit::build::{idempotency, message_id, new_account, new_refund, owner, payment, token, transfer_intake};
use herald_testkit::store_contract::Harness;

use crate::schema::Schema;

async fn open(store: &PostgresStore, handle: &str, kind: AccountKind) -> Account {
    let new = herald_domain::money::NewAccount { kind, ..new_account(handle, &owner(handle)) };
    match store.open_account(&new).await.unwrap() {
        Opened::Now(account) => account,
        other => panic!("not opened but {other:?}"),
    }
}

/// Accounts of these handles with so much in each.
async fn funded(store: &PostgresStore, handles: &[&str], minor: u64) -> Vec<Account> {
    let bank = open(store, "bank", AccountKind::Funding).await;
    let mut accounts = Vec::new();
    for handle in handles {
        let account = open(store, handle, AccountKind::User).await;
        let funding = NewTransfer { kind: TransferKind::Funding, ..payment(&bank, &account, minor) };
        book(store, &[transfer_intake(funding)]).await;
        accounts.push(account);
    }
    accounts
}

async fn book(store: &PostgresStore, batch: &[TransferIntake]) -> Vec<Moved> {
    store.book_transfers(batch).await.unwrap()
}

async fn clean(store: &PostgresStore) {
    assert_eq!(store.check_ledger().await.unwrap().breaches, Vec::<String>::new());
}

fn counts(moved: &[Moved]) -> (usize, usize) {
    let now = moved.iter().filter(|one| matches!(one, Moved::Now(_))).count();
    (now, moved.iter().filter(|one| matches!(one, Moved::Replayed(_))).count())
}

/// The same keys from two processes, on accounts that have nothing to do with one another: no lock makes one wait for the
/// other before it has decided.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twins_on_other_accounts_are_found_all_the_same() {
    let schema = Schema::migrated().await;
    let (one, two) = (schema.open().await, schema.open().await);
    let accounts = funded(&one, &["a", "b", "c", "d"], 1_000).await;
    let alice = owner("alice");
    for round in 0..20 {
        let batch = |from: &Account, to: &Account, reversed: bool| -> Vec<_> {
            let keyed = |n| NewTransfer {
                asked_by: alice.clone(),
                idempotency: idempotency(&format!("k{round}-{n}"), "request"),
                ..payment(from, to, 1)
            };
            let mut batch: Vec<_> = (0..8).map(keyed).map(transfer_intake).collect();
            if reversed {
                batch.reverse();
            }
            batch
        };
        let (left, right) = (batch(&accounts[0], &accounts[1], false), batch(&accounts[2], &accounts[3], true));
        let (left, right) = futures::join!(book(&one, &left), book(&two, &right));
        assert_eq!(counts(&[left, right].concat()), (8, 8));
    }
    clean(&one).await;
    schema.drop().await;
}

/// Two processes pay round and round between the same accounts, in whatever order: locks in id order never deadlock.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bookings_that_cross_never_deadlock() {
    let schema = Schema::migrated().await;
    // Shorter than the server's deadlock_timeout (1 s), so that a deadlock shows and is not undone and tried again.
    let config = herald_store_postgres::PostgresConfig {
        lock_timeout: std::time::Duration::from_millis(900),
        ..schema.config()
    };
    let one = PostgresStore::open(&schema.url, config.clone()).await.unwrap();
    let two = PostgresStore::open(&schema.url, config).await.unwrap();
    // As many as fit in a batch, so that it takes a while to lock them all.
    let handles: Vec<_> = (0..64).map(|n| format!("a{n}")).collect();
    let handles: Vec<_> = handles.iter().map(String::as_str).collect();
    let accounts = funded(&one, &handles, 10_000).await;
    for _ in 0..40 {
        let batch = |step: usize| -> Vec<_> {
            let pair = |n: usize| payment(&accounts[n * step % 64], &accounts[(n * step + 1) % 64], 1);
            (0..64).map(pair).map(transfer_intake).collect()
        };
        let (forth, back) = (batch(1), batch(63));
        let (left, right) = futures::join!(book(&one, &forth), book(&two, &back));
        assert_eq!(counts(&[left, right].concat()), (128, 0));
    }
    clean(&one).await;
    schema.drop().await;
}

/// Five services record the same transfers at once, each in an order of its own, while refunds change those very rows.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn services_and_refunds_over_the_same_transfers_never_deadlock() {
    let schema = Schema::migrated().await;
    let config = herald_store_postgres::PostgresConfig {
        lock_timeout: std::time::Duration::from_millis(900),
        max_connections: 8,
        ..schema.config()
    };
    let store = PostgresStore::open(&schema.url, config).await.unwrap();
    let accounts = funded(&store, &["a", "b"], 10_000).await;
    let batch: Vec<_> =
        (0..MAX_EFFECT_BATCH).map(|_| transfer_intake(payment(&accounts[0], &accounts[1], 2))).collect();
    let booked = book(&store, &batch).await;
    let ids: Vec<_> = batch.iter().map(|intake| intake.transfer.id).collect();
    let services = Service::ALL.iter().enumerate().map(|(n, service)| {
        let (store, mut ids) = (&store, ids.clone());
        ids.rotate_left(n * 13);
        async move { serve(store, *service, &ids).await }
    });
    let refunds = booked.iter().map(|moved| {
        let Moved::Now(booked) = moved else { panic!("{moved:?}") };
        new_refund(&booked.transfer, Some(1))
    });
    let refunds: Vec<_> = refunds.collect();
    let give_back = async {
        for refund in &refunds {
            let moved = store.refund_transfer(refund, false, message_id()).await.unwrap();
            assert!(matches!(moved, Moved::Now(_)), "{moved:?}");
        }
    };
    futures::join!(futures::future::join_all(services), give_back);
    for transfer in store.get_transfers(&ids).await.unwrap() {
        assert_eq!(transfer.offset, 7, "completed, five services, refunded in part");
    }
    clean(&store).await;
    schema.drop().await;
}

async fn serve(store: &PostgresStore, service: Service, ids: &[TransferId]) {
    let holder = token();
    let (claims, _) = store.claim_effects(service, ids, holder, 15_000).await.unwrap();
    let done = || EffectOutcome::Done {
        detail: herald_domain::event::raw(&serde_json::json!({})),
        deed: if service == Service::Statement { Deed::Receipt } else { Deed::Nothing },
    };
    let outcomes: Vec<_> = claims.iter().map(|claim| (claim.transfer.id, done())).collect();
    let recorded = store.record_effects(service, holder, &outcomes, message_id).await.unwrap();
    assert_eq!(recorded.transfers.len(), ids.len());
}

/// A booking whose answer was lost in the fault is asked again with the same id and moves nothing twice.
#[tokio::test]
async fn a_booking_through_killed_connections_is_lost_or_done_never_doubled() {
    let schema = Schema::migrated().await;
    let store = schema.open().await;
    let accounts = funded(&store, &["a", "b"], 100).await;
    for n in 1..=10 {
        let asked = [transfer_intake(payment(&accounts[0], &accounts[1], 1))];
        let (_, first) = futures::join!(schema.kill_connections(), store.book_transfers(&asked));
        let mut outcome = first;
        for _ in 0..5 {
            if !matches!(outcome, Err(StoreError::Unavailable(_))) {
                break;
            }
            outcome = store.book_transfers(&asked).await;
        }
        let moved = outcome.unwrap();
        assert!(matches!(moved[..], [Moved::Now(_) | Moved::Replayed(_)]), "{moved:?}");
        assert_eq!(balance(&store, "b").await, 100 + n);
    }
    clean(&store).await;
    schema.drop().await;
}

async fn balance(store: &PostgresStore, handle: &str) -> i64 {
    let name = handle.parse().unwrap();
    store.find_account(&name).await.unwrap().unwrap().balance()
}

/// The first bookings are undone by the server as a deadlock's victim would be, and the caller does not notice.
#[tokio::test]
async fn a_booking_that_the_server_undid_is_done_again() {
    let schema = Schema::migrated().await;
    let store = schema.open().await;
    let accounts = funded(&store, &["a", "b"], 100).await;
    schema
        .execute(
            "create sequence undone;
             create function undo() returns trigger language plpgsql as $$ begin
                 if nextval('undone') <= 3 then raise exception 'undone' using errcode = 'deadlock_detected'; end if;
                 return new;
             end $$;
             create trigger undo before insert on entries for each row execute function undo()",
        )
        .await;
    let moved = book(&store, &[transfer_intake(payment(&accounts[0], &accounts[1], 1))]).await;
    assert_eq!(counts(&moved), (1, 0));
    assert_eq!(schema.value("select last_value::text from undone").await, "4");
    clean(&store).await;
    schema.drop().await;
}

/// The fence, were the decision ever wrong: the batch is not booked, nothing of it stays, and what comes after is.
#[tokio::test]
async fn the_fence_against_overdraft_undoes_all_of_a_batch() {
    let schema = Schema::migrated().await;
    let store = schema.open().await;
    let accounts = funded(&store, &["a", "b", "c"], 100).await;
    schema
        .execute(
            "create function forge() returns trigger language plpgsql as $$ begin
                 if new.handle = 'a' then new.debits_posted = new.debits_posted + 1000; end if;
                 return new;
             end $$;
             create trigger forge before update on accounts for each row execute function forge()",
        )
        .await;
    let bad = transfer_intake(payment(&accounts[0], &accounts[1], 1));
    let good = transfer_intake(payment(&accounts[2], &accounts[1], 1));
    let refused = store.book_transfers(&[good.clone(), bad.clone()]).await;
    assert!(matches!(refused, Err(StoreError::Broken(_))), "{refused:?}");
    assert_eq!(store.get_transfers(&[good.transfer.id, bad.transfer.id]).await.unwrap(), vec![]);
    assert_eq!(counts(&book(&store, &[good]).await), (1, 0));
    clean(&store).await;
    schema.drop().await;
}

/// PostgreSQL's text cannot hold NUL: it shows that one was there, and is never an error that a user could cause.
#[tokio::test]
async fn words_with_nul_are_kept_as_far_as_they_can_be() {
    let schema = Schema::migrated().await;
    let store = schema.open().await;
    let accounts = funded(&store, &["a", "b"], 100).await;
    let asked = NewTransfer {
        reference: Some("\0r".into()),
        note: Some("n\0".into()),
        idempotency: idempotency("k\0", "request"),
        ..payment(&accounts[0], &accounts[1], 10)
    };
    let moved = book(&store, &[transfer_intake(asked.clone()), transfer_intake(asked.clone())]).await;
    let [Moved::Now(booked), Moved::Replayed(again)] = &moved[..] else { panic!("{moved:?}") };
    assert_eq!((&booked.transfer, again.note.as_deref()), (&**again, Some("n\u{FFFD}")));
    assert_eq!(store.get_transfer(asked.id, None).await.unwrap().as_ref(), Some(&booked.transfer));
    let filter = TransferFilter { reference: asked.reference.clone(), ..TransferFilter::default() };
    assert_eq!(store.list_transfers(&filter, None, 10).await.unwrap().len(), 1);

    let refund = NewRefund { note: Some("\0".into()), ..new_refund(&booked.transfer, None) };
    let moved = store.refund_transfer(&refund, false, message_id()).await.unwrap();
    assert!(matches!(moved, Moved::Now(_)), "{moved:?}");
    fail_with_nul(&store, asked.id).await;
    clean(&store).await;
    schema.drop().await;
}

async fn fail_with_nul(store: &PostgresStore, id: TransferId) {
    let holder = token();
    store.claim_effects(Service::Webhook, &[id], holder, 15_000).await.unwrap();
    let failed = EffectOutcome::Failed { error: "no\0".into() };
    store.record_effects(Service::Webhook, holder, &[(id, failed)], message_id).await.unwrap();
    let letters = store.list_dead_letters(None, 10).await.unwrap();
    assert_eq!(letters[0].error, "no\u{FFFD}");
    let effects = store.get_effects(&[id]).await.unwrap();
    assert_eq!(effects[0].detail.get(), r#"{"error":"no\u0000"}"#);
}

/// What a service may look for is read from its mark on. A clock that was set back takes the mark along.
#[tokio::test]
async fn what_is_missing_is_found_though_the_clock_be_set_back() {
    let schema = Schema::migrated().await;
    let store = schema.open().await;
    let accounts = funded(&store, &["a", "b"], 100).await;
    let missing = async || store.missing_effects(Service::Rewards, 30_000, 10).await.unwrap();
    let pay = async || {
        let asked = transfer_intake(payment(&accounts[0], &accounts[1], 1));
        book(&store, std::slice::from_ref(&asked)).await;
        asked.transfer.id
    };
    let first = pay().await;
    schema.advance(std::time::Duration::from_secs(3_600)).await;
    assert_eq!(missing().await.iter().map(|step| step.transfer).collect::<Vec<_>>(), [first]);
    store.claim_effects(Service::Rewards, &[first], token(), 15_000).await.unwrap();
    assert_eq!(missing().await, []);
    let marked = "select (settled_from > herald_now() - interval '2 hours')::text from effect_marks";
    assert_eq!(schema.value(&format!("{marked} where service = 'rewards'")).await, "true", "history is read once");

    schema.set_back(std::time::Duration::from_secs(3_600)).await;
    assert_eq!(missing().await, []);
    let second = pay().await;
    schema.advance(std::time::Duration::from_secs(60)).await;
    assert_eq!(missing().await.iter().map(|step| step.transfer).collect::<Vec<_>>(), [second]);
    schema.drop().await;
}
