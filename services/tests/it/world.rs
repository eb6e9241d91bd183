//! A store with three accounts, and one attempt of a service at a time.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use herald_domain::id::{AccountId, EndpointId, TransferId};
use herald_domain::money::{
    Account, AccountKind, AccountName, Effect, EffectState, Holder, NewAccount, NewTransfer, Service, Transfer,
    TransferKind, TransferState,
};
use herald_domain::owner::Owner;
use herald_domain::store::{Effects, Ledger, Moved, NewRefund, Opened, Webhooks};
use herald_domain::webhook::{NewAttempt, NewEndpoint};
use herald_pipeline::Servant;
use herald_store_sqlite::SqliteStore;
use herald_testkit::build::{
    endpoint, inr, message_id, new_account, owner, payment, token, transfer_id, transfer_intake,
};
use herald_testkit::clock::TestClock;
use serde_json::Value;
use tempfile::TempDir;
use uuid::Uuid;

pub struct World {
    pub store: Arc<SqliteStore>,
    pub clock: Arc<TestClock>,
    /// Of `alice`, rich; of `bob`, a merchant's, called `shop`; of `carol`.
    pub alice: Account,
    pub shop: Account,
    pub carol: Account,
    folder: TempDir,
}

pub async fn world() -> World {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("herald.db").display());
    let clock = Arc::new(TestClock::new());
    SqliteStore::migrate(&url, &*clock).await.unwrap();
    let store = Arc::new(SqliteStore::open(&url, clock.clone()).await.unwrap());
    let alice = open(&store, new_account("alice", &owner("alice"))).await;
    let shop = NewAccount { kind: AccountKind::Merchant, ..new_account("shop", &owner("bob")) };
    let shop = open(&store, shop).await;
    let carol = open(&store, new_account("carol", &owner("carol"))).await;
    let world = World { store, clock, alice, shop, carol, folder };
    world.fund(&world.alice, 1_000_000_000).await;
    world
}

async fn open(store: &SqliteStore, account: NewAccount) -> Account {
    match store.open_account(&account).await.unwrap() {
        Opened::Now(account) => account,
        other => panic!("not opened: {other:?}"),
    }
}

impl World {
    pub fn data(&self) -> &Path {
        self.folder.path()
    }

    /// Money out of nothing.
    pub async fn fund(&self, to: &Account, amount: u64) -> Transfer {
        let handle = "funding.inr".parse().unwrap();
        let from = match self.store.find_account(&AccountName::Handle(handle)).await.unwrap() {
            Some(account) => account,
            None => self.own("funding.inr", AccountKind::Funding).await,
        };
        self.book(NewTransfer { kind: TransferKind::Funding, ..payment(&from, to, amount) }).await
    }

    /// An account of the server's own.
    pub async fn own(&self, handle: &str, kind: AccountKind) -> Account {
        let (id, handle, owner) = (AccountId(Uuid::now_v7()), handle.parse().unwrap(), Owner::herald());
        open(&self.store, NewAccount { id, handle, owner, currency: inr(), kind }).await
    }

    pub async fn book(&self, transfer: NewTransfer) -> Transfer {
        match self.store.book_transfers(&[transfer_intake(transfer)]).await.unwrap().remove(0) {
            Moved::Now(booked) => booked.transfer,
            other => panic!("not booked: {other:?}"),
        }
    }

    pub async fn pay(&self, from: &Account, to: &Account, amount: u64) -> Transfer {
        self.book(payment(from, to, amount)).await
    }

    pub async fn hold(&self, from: &Account, to: &Account, amount: u64, by: Holder) -> Transfer {
        self.book(herald_testkit::build::held(from, to, amount, by)).await
    }

    pub async fn refund(&self, original: &Transfer, amount: u64) -> Transfer {
        let refund = NewRefund { id: transfer_id(), ..herald_testkit::build::new_refund(original, Some(amount)) };
        match self.store.refund_transfer(&refund, false, message_id()).await.unwrap() {
            Moved::Now(booked) => booked.transfer,
            other => panic!("not refunded: {other:?}"),
        }
    }

    /// One attempt as the pipeline makes it: claim, serve, record. `None`: nothing was to be done now.
    pub async fn attempt(&self, servant: &dyn Servant, transfer: TransferId) -> Option<Effect> {
        let (service, token) = (servant.service(), token());
        let (claims, _) = self.store.claim_effects(service, &[transfer], token, 15_000).await.unwrap();
        let claim = claims.first()?;
        let outcome = servant.serve(claim).await;
        self.store.record_effects(service, token, &[(transfer, outcome)], message_id).await.unwrap();
        Some(self.effect(service, transfer).await)
    }

    /// The attempt after the next delay, however long.
    pub async fn attempt_later(&self, servant: &dyn Servant, transfer: TransferId) -> Effect {
        self.clock.advance(Duration::from_secs(2 * 86_400));
        self.attempt(servant, transfer).await.expect("it was due again")
    }

    pub async fn effect(&self, service: Service, transfer: TransferId) -> Effect {
        let effects = self.store.get_effects(&[transfer]).await.unwrap();
        effects.into_iter().find(|effect| effect.service == service).expect("there is a row")
    }

    pub async fn transfer(&self, id: TransferId) -> Transfer {
        self.store.get_transfer(id, None).await.unwrap().unwrap()
    }

    pub async fn state(&self, id: TransferId) -> TransferState {
        self.transfer(id).await.state
    }

    /// An endpoint for all that transfers come to; its secret.
    pub async fn endpoint(&self, owner: &Owner, url: &str) -> (EndpointId, String) {
        let new = NewEndpoint { url: url.to_owned(), ..endpoint(owner) };
        self.store.register_endpoint(&new).await.unwrap();
        (new.id, new.secret.reveal())
    }

    /// The calls of an endpoint, oldest first.
    pub async fn calls(&self, endpoint: EndpointId) -> Vec<NewAttempt> {
        let mut all = self.store.list_attempts(endpoint, None, 100).await.unwrap();
        all.reverse();
        all.into_iter().map(|attempt| attempt.call).collect()
    }

    pub async fn balance(&self, account: &Account) -> i64 {
        self.store.find_account(&AccountName::Id(account.id)).await.unwrap().unwrap().balance()
    }
}

pub fn detail(effect: &Effect) -> Value {
    serde_json::from_str(effect.detail.get()).unwrap()
}

/// The state with what is said of it.
pub fn came_to(effect: &Effect) -> (EffectState, Value) {
    (effect.state, detail(effect))
}
