//! The desk: what one transaction does to the ledger, decided in memory over [`Books`] and written with one statement per table,
//! however many transfers there are.

use std::collections::BTreeMap;

use herald_domain::event::StoredEvent;
use herald_domain::id::{MessageId, TransferId};
use herald_domain::money::{Account, Books, EffectView, NewTransfer, Refusal, Service, Transfer};
use herald_domain::owner::Owner;
use herald_domain::store::{Booked, EventEq, OutboxRow, Result, Wakes};
use herald_domain::submission::Idempotency;
use time::OffsetDateTime;

use super::write;
use crate::events::fitting;
use crate::outbox::FRESH;
use crate::row::time;
use crate::write::Write;

/// A transfer to be inserted.
pub(crate) struct New {
    pub transfer: Transfer,
    pub asked_by: Owner,
    pub idempotency: Option<Idempotency>,
}

pub(crate) struct Desk {
    pub books: Books,
    new: Vec<New>,
    /// As they stand after their last change.
    changed: BTreeMap<TransferId, Transfer>,
    events: Vec<StoredEvent>,
    outbox: Vec<OutboxRow>,
    at: OffsetDateTime,
}

impl Desk {
    pub(crate) fn open(accounts: Vec<Account>, now: i64) -> Result<Self> {
        let at = time(now)?;
        let books = Books::open(accounts, at);
        let (events, outbox) = (Vec::new(), Vec::new());
        Ok(Self { books, new: Vec::new(), changed: BTreeMap::new(), events, outbox, at })
    }

    /// A new transfer, or why there is none.
    pub(crate) fn pay(
        &mut self,
        asked: &NewTransfer,
        message: MessageId,
    ) -> Result<std::result::Result<Booked, Refusal>> {
        match self.books.pay(asked) {
            Ok(transfer) => self.book(transfer, asked, message).map(Ok),
            Err(refusal) => Ok(Err(refusal)),
        }
    }

    /// Gives back a part of `original`, which becomes what it is afterwards.
    pub(crate) fn refund(
        &mut self,
        original: &mut Transfer,
        asked: &NewTransfer,
        message: MessageId,
    ) -> Result<std::result::Result<Booked, Refusal>> {
        let refund = match self.books.refund(original, asked) {
            Ok(refund) => refund,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let mut booked = self.book(refund, asked, message)?;
        booked.events.push(EventEq(self.tell(original)?));
        Ok(Ok(booked))
    }

    /// A transfer that the books have just settled.
    pub(crate) fn settled(&mut self, transfer: &Transfer, message: MessageId) -> Result<Booked> {
        let event = self.tell(transfer)?;
        let outbox = self.wake(transfer, message);
        Ok(Booked { transfer: transfer.clone(), events: vec![EventEq(event)], outbox })
    }

    /// What a service has made of the transfer, whose offset this raises.
    pub(crate) fn tell_effect(
        &mut self,
        transfer: &mut Transfer,
        service: Service,
        effect: EffectView,
    ) -> Result<StoredEvent> {
        transfer.offset += 1;
        let event = fitting(transfer.effect_event(service, effect, self.at))?;
        self.changed.insert(transfer.id, transfer.clone());
        self.events.push(event.clone());
        Ok(event)
    }

    /// Writes everything; nothing where nothing was done.
    pub(crate) async fn write(self, write: &mut Write) -> Result<()> {
        let (accounts, entries) = self.books.close();
        write::accounts(write, &accounts).await?;
        write::new_transfers(write, &self.new).await?;
        write::changed_transfers(write, self.changed.values()).await?;
        write::entries(write, &entries).await?;
        crate::events::insert_all(write, &self.events.iter().collect::<Vec<_>>()).await?;
        let claimed_until = write.now + FRESH;
        crate::outbox::insert_all(write, &self.outbox.iter().collect::<Vec<_>>(), claimed_until).await
    }

    fn book(&mut self, transfer: Transfer, asked: &NewTransfer, message: MessageId) -> Result<Booked> {
        let event = fitting(transfer.event(self.at))?;
        self.events.push(event.clone());
        let outbox = self.wake(&transfer, message);
        let (asked_by, idempotency) = (asked.asked_by.clone(), asked.idempotency.clone());
        self.new.push(New { transfer: transfer.clone(), asked_by, idempotency });
        Ok(Booked { transfer, events: vec![EventEq(event)], outbox })
    }

    fn tell(&mut self, transfer: &Transfer) -> Result<StoredEvent> {
        let event = fitting(transfer.event(self.at))?;
        self.changed.insert(transfer.id, transfer.clone());
        self.events.push(event.clone());
        Ok(event)
    }

    /// The outbox row for the transfer's state, if that concerns a service.
    fn wake(&mut self, transfer: &Transfer, message: MessageId) -> Vec<OutboxRow> {
        if !Service::ALL.iter().any(|service| service.concerns(transfer.kind, transfer.state)) {
            return Vec::new();
        }
        let row = OutboxRow {
            id: message,
            wakes: Wakes::Services(transfer.step()),
            traceparent: transfer.traceparent.clone(),
        };
        self.outbox.push(row.clone());
        vec![row]
    }
}
