//! Steps that many clauses about money share.

use herald_domain::channel::Channel;
use herald_domain::event::{StoredEvent, raw};
use herald_domain::id::{AccountId, LeaseToken, TransferId};
use herald_domain::money::{
    Account, AccountKind, AccountName, Deed, Effect, EffectClaim, EffectOutcome, NewAccount, NewTransfer, Refusal,
    Service, Transfer, TransferKind, TransferState, TransferStep,
};
use herald_domain::store::{Booked, LedgerCheck, Moved, Opened, Recorded, Store, Wakes};
use serde_json::Value;

use crate::build::{message_id, new_account, owner, payment, token, transfer_intake};

/// A lease that no clause outlives by chance.
pub const LEASE: u64 = 60_000;

/// Accounts as they stood when they were opened: look them up again for what they hold.
pub struct People {
    pub alice: Account,
    pub bob: Account,
    /// A merchant's.
    pub shop: Account,
    /// May be overdrawn.
    pub bank: Account,
    /// What rewards are paid from.
    pub budget: Account,
}

impl People {
    pub fn all(&self) -> [&Account; 5] {
        [&self.alice, &self.bob, &self.shop, &self.bank, &self.budget]
    }
}

/// Opens five accounts and gives alice so much.
pub async fn people(store: &dyn Store, alice_has: u64) -> People {
    let people = People {
        alice: open(store, new_account("alice", &owner("alice"))).await,
        bob: open(store, new_account("bob", &owner("bob"))).await,
        shop: open(store, NewAccount { kind: AccountKind::Merchant, ..new_account("shop", &owner("carol")) }).await,
        bank: open(store, NewAccount { kind: AccountKind::Funding, ..new_account("bank", &owner("bank")) }).await,
        budget: open(store, NewAccount { kind: AccountKind::Rewards, ..new_account("rewards", &owner("bank")) }).await,
    };
    if alice_has > 0 {
        fund(store, &people.bank, &people.alice, alice_has).await;
    }
    people
}

pub async fn open(store: &dyn Store, new: NewAccount) -> Account {
    match store.open_account(&new).await.unwrap() {
        Opened::Now(account) => account,
        other => panic!("not opened but {other:?}"),
    }
}

pub async fn fund(store: &dyn Store, bank: &Account, account: &Account, amount: u64) -> Transfer {
    let new = NewTransfer { kind: TransferKind::Funding, ..payment(bank, account, amount) };
    book(store, new).await.transfer
}

/// One transfer, in a batch of its own.
pub async fn ask(store: &dyn Store, new: NewTransfer) -> Moved {
    let mut outcomes = store.book_transfers(&[transfer_intake(new)]).await.unwrap();
    assert_eq!(outcomes.len(), 1);
    outcomes.remove(0)
}

pub async fn book(store: &dyn Store, new: NewTransfer) -> Booked {
    booked(ask(store, new).await)
}

pub async fn pay(store: &dyn Store, from: &Account, to: &Account, amount: u64) -> Transfer {
    book(store, payment(from, to, amount)).await.transfer
}

pub fn booked(moved: Moved) -> Booked {
    match moved {
        Moved::Now(booked) => *booked,
        other => panic!("not booked but {other:?}"),
    }
}

pub fn replayed(moved: Moved) -> Transfer {
    match moved {
        Moved::Replayed(transfer) => *transfer,
        other => panic!("no replay but {other:?}"),
    }
}

pub fn refused(moved: Moved) -> Refusal {
    match moved {
        Moved::Refused(refusal) => refusal,
        other => panic!("not refused but {other:?}"),
    }
}

/// The account as it stands, which must exist.
pub async fn account(store: &dyn Store, id: AccountId) -> Account {
    store.find_account(&AccountName::Id(id)).await.unwrap().unwrap()
}

/// Balance, what is held of it, and what can be spent.
pub async fn money(store: &dyn Store, of: &Account) -> (i64, u64, i64) {
    let account = account(store, of.id).await;
    (account.balance(), account.held(), account.available())
}

/// The transfer as it stands, which must exist.
pub async fn transfer(store: &dyn Store, id: TransferId) -> Transfer {
    store.get_transfer(id, None).await.unwrap().unwrap()
}

/// The ledger must have no breach.
pub async fn clean(store: &dyn Store) -> LedgerCheck {
    let check = store.check_ledger().await.unwrap();
    assert_eq!(check.breaches, Vec::<String>::new());
    check
}

/// All that a refusal could have changed.
#[derive(PartialEq, Debug)]
pub struct Everything {
    accounts: Vec<Account>,
    check: LedgerCheck,
    outbox: u64,
    transfers: Vec<Transfer>,
}

pub async fn everything(store: &dyn Store, people: &People) -> Everything {
    let mut accounts = Vec::new();
    for one in people.all() {
        accounts.push(account(store, one.id).await);
    }
    Everything {
        accounts,
        check: clean(store).await,
        outbox: store.count_outbox().await.unwrap(),
        transfers: store.list_transfers(&Default::default(), None, 1_000).await.unwrap(),
    }
}

/// Every event of a transfer; offsets count 1, 2, 3 … without a gap and end at the row's own.
pub async fn log(store: &dyn Store, id: TransferId) -> Vec<StoredEvent> {
    let events = store.channel_events(&[(Channel::Transfer(id), 0)]).await.unwrap();
    let offsets: Vec<u64> = events.iter().map(|event| event.offset).collect();
    let expected: Vec<u64> = (1..=transfer(store, id).await.offset).collect();
    assert_eq!(offsets, expected, "offsets have a gap, or do not end at the row's");
    events
}

pub async fn log_names(store: &dyn Store, id: TransferId) -> Vec<String> {
    log(store, id).await.into_iter().map(|event| event.name).collect()
}

/// The event is the one of the transfer's own step, and the outbox rows wake the services for it.
pub fn assert_told(booked: &Booked) {
    let told = &booked.transfer;
    let event = &booked.events[0].0;
    assert_eq!(event.channel, Channel::Transfer(told.id));
    assert_eq!((event.offset, event.name.as_str()), (told.offset, told.state.event_name()));
    assert_eq!(event.audience, told.audience());
    let data = data(event);
    let (id, status) = (told.id.to_string(), told.state.as_str());
    assert_eq!((data["id"].as_str(), data["status"].as_str()), (Some(&*id), Some(status)));
    let wakes: Vec<_> = booked.outbox.iter().map(|row| row.wakes.clone()).collect();
    assert_eq!(wakes, [Wakes::Services(told.step())]);
}

pub fn data(event: &StoredEvent) -> Value {
    serde_json::from_str(event.data.get()).unwrap()
}

pub fn step(transfer: &Transfer, state: TransferState) -> TransferStep {
    TransferStep { state, ..transfer.step() }
}

/// Claims these for the service, which must give all of them.
pub async fn claim(store: &dyn Store, service: Service, ids: &[TransferId]) -> LeaseToken {
    let token = token();
    let claims = claim_some(store, service, ids, token).await;
    assert_eq!(claims.iter().map(|claim| claim.transfer.id).collect::<Vec<_>>(), ids);
    token
}

/// Claims these for the service; none may be exhausted.
pub async fn claim_some(
    store: &dyn Store,
    service: Service,
    ids: &[TransferId],
    token: LeaseToken,
) -> Vec<EffectClaim> {
    let (claims, exhausted) = store.claim_effects(service, ids, token, LEASE).await.unwrap();
    assert!(exhausted.is_empty(), "{exhausted:?}");
    claims
}

/// None of these may be the service's to do now.
pub async fn claim_nothing(store: &dyn Store, service: Service, ids: &[TransferId]) {
    let claims = claim_some(store, service, ids, token()).await;
    assert!(claims.is_empty(), "nothing should be claimable, but: {claims:?}");
}

pub fn done() -> EffectOutcome {
    done_with(Deed::Nothing)
}

pub fn done_with(deed: Deed) -> EffectOutcome {
    EffectOutcome::Done { detail: raw(&serde_json::json!({ "by": "a test" })), deed }
}

pub fn again(delay_ms: u64) -> EffectOutcome {
    EffectOutcome::Again { error: "no answer".into(), delay_ms }
}

pub async fn record(
    store: &dyn Store,
    service: Service,
    token: LeaseToken,
    id: TransferId,
    outcome: EffectOutcome,
) -> Recorded {
    store.record_effects(service, token, &[(id, outcome)], message_id).await.unwrap()
}

/// Claims one effect and records it.
pub async fn carry_out(store: &dyn Store, service: Service, id: TransferId, outcome: EffectOutcome) -> Recorded {
    let token = claim(store, service, &[id]).await;
    let recorded = record(store, service, token, id, outcome).await;
    assert_eq!(recorded.transfers, [id]);
    recorded
}

/// The effect as it stands, which must exist.
pub async fn effect(store: &dyn Store, service: Service, id: TransferId) -> Effect {
    let all = store.get_effects(&[id]).await.unwrap();
    all.into_iter().find(|effect| effect.service == service).unwrap()
}

pub fn detail(effect: &Effect) -> Value {
    serde_json::from_str(effect.detail.get()).unwrap()
}
