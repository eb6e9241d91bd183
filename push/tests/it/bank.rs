//! Two people with accounts, and transfers between them that a test leads through their lives. Nothing is published but by
//! the test: what is committed comes back as events.

use std::sync::Arc;

use herald_domain::channel::Channel;
use herald_domain::event::{StoredEvent, raw};
use herald_domain::money::{
    Account, AccountKind, Deed, EffectOutcome, Hold, Holder, NewAccount, NewTransfer, Service, Transfer, TransferKind,
};
use herald_domain::owner::Owner;
use herald_domain::store::{Booked, HoldChange, Moved, Opened, Store};
use herald_testkit::build;
use serde_json::json;

/// Far more than any test pays.
const PLENTY: u64 = 1_000_000;

pub struct Bank {
    store: Arc<dyn Store>,
    /// With plenty in it.
    payer: Account,
    payee: Account,
}

impl Bank {
    pub async fn open(store: &Arc<dyn Store>, payer: &Owner, payee: &Owner) -> Self {
        let funding = NewAccount { kind: AccountKind::Funding, ..build::new_account("bank", &build::owner("bank")) };
        let funding = open(store, funding).await;
        let payer = open(store, build::new_account("alice", payer)).await;
        let payee = open(store, build::new_account("bob", payee)).await;
        let bank = Self { store: Arc::clone(store), payer, payee };
        let plenty = build::payment(&funding, &bank.payer, PLENTY);
        bank.book(NewTransfer { kind: TransferKind::Funding, ..plenty }).await;
        bank
    }

    async fn book(&self, new: NewTransfer) -> Booked {
        booked(self.store.book_transfers(&[build::transfer_intake(new)]).await.unwrap().remove(0))
    }

    /// The transfer and its first event.
    pub async fn pay(&self, amount: u64) -> (Payment<'_>, StoredEvent) {
        self.asks(build::payment(&self.payer, &self.payee, amount)).await
    }

    /// One that is pending, for so long.
    pub async fn hold(&self, amount: u64, by: Holder, for_ms: u64) -> (Payment<'_>, StoredEvent) {
        let hold = Some(Hold { by, for_ms });
        self.asks(NewTransfer { hold, ..build::payment(&self.payer, &self.payee, amount) }).await
    }

    async fn asks(&self, new: NewTransfer) -> (Payment<'_>, StoredEvent) {
        let Booked { transfer, events, .. } = self.book(new).await;
        (Payment { bank: self, transfer }, events[0].0.clone())
    }

    /// Gives up every hold whose time is over.
    pub async fn expire(&self) -> Vec<StoredEvent> {
        let expired = self.store.expire_holds(100, build::message_id).await.unwrap();
        expired.into_iter().flat_map(told).collect()
    }
}

async fn open(store: &Arc<dyn Store>, new: NewAccount) -> Account {
    match store.open_account(&new).await.unwrap() {
        Opened::Now(account) => account,
        other => panic!("not opened but {other:?}"),
    }
}

fn booked(moved: Moved) -> Booked {
    match moved {
        Moved::Now(booked) => *booked,
        other => panic!("not booked but {other:?}"),
    }
}

fn told(booked: Booked) -> Vec<StoredEvent> {
    booked.events.into_iter().map(|event| event.0).collect()
}

/// A transfer under way, as it was booked.
pub struct Payment<'a> {
    bank: &'a Bank,
    pub transfer: Transfer,
}

impl Payment<'_> {
    pub fn channel(&self) -> Channel {
        Channel::Transfer(self.transfer.id)
    }

    /// A service claims its effect and records this.
    pub async fn served(&self, service: Service, outcome: EffectOutcome) -> Vec<StoredEvent> {
        let (store, token, id) = (&self.bank.store, build::token(), self.transfer.id);
        let (claims, _) = store.claim_effects(service, &[id], token, 60_000).await.unwrap();
        assert_eq!(claims.len(), 1, "{service} has nothing to do");
        store.record_effects(service, token, &[(id, outcome)], build::message_id).await.unwrap().events
    }

    /// A service is done with it.
    pub async fn done(&self, service: Service) -> StoredEvent {
        let outcome = EffectOutcome::Done { detail: raw(&json!({"by": "a test"})), deed: Deed::Nothing };
        self.served(service, outcome).await.remove(0)
    }

    pub async fn change(&self, change: HoldChange) -> Vec<StoredEvent> {
        let moved = self.bank.store.change_hold(self.transfer.id, None, &change, build::message_id()).await;
        told(booked(moved.unwrap()))
    }

    /// Of the refund itself, and of what it gives back.
    pub async fn refund(&self, amount: u64) -> Vec<StoredEvent> {
        let refund = build::new_refund(&self.transfer, Some(amount));
        told(booked(self.bank.store.refund_transfer(&refund, false, build::message_id()).await.unwrap()))
    }
}
