//! The ports of money: accounts and transfers, and what the services make of them.
//!
//! Rules beyond those of [`crate::store`], each a clause of the contract suite:
//! * locks are taken in one order, accounts, then transfers, each by id;
//! * every transaction leaves the ledger's invariants true ([`crate::money::Books`] says which);
//! * an effect is recorded once per service and transfer, however often it is claimed, by whomever.

use async_trait::async_trait;
use time::OffsetDateTime;

use super::{EventEq, OutboxRow, Result};
use crate::event::StoredEvent;
use crate::id::{AccountId, LeaseToken, MessageId, TransferId};
use crate::money::{
    Account, AccountName, Books, Effect, EffectClaim, EffectOutcome, FRAUD_HOLD_MS, Handle, Hold, Holder, NewAccount,
    NewTransfer, Refusal, Service, StatementLine, Transfer, TransferKind, TransferState, TransferStep,
};
use crate::owner::Owner;
use crate::submission::Idempotency;

/// What became of opening an account.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Opened {
    Now(Account),
    /// The owner's own account of this handle, currency and kind was there before.
    Before(Account),
    /// The handle is another's, or of another currency or kind.
    HandleTaken,
}

/// What became of one transfer of a batch.
#[derive(Clone, PartialEq, Debug)]
pub enum Moved {
    /// Committed: transfer, entry, counters, event (offset 1) and, where services are concerned, outbox row.
    Now(Box<Booked>),
    /// The same idempotency key with the same request hash, or the same id by the same asker, was booked before: the transfer
    /// as it stands now.
    Replayed(Box<Transfer>),
    /// The same key with another request, or an id that somebody else has used.
    KeyReused,
    /// Nothing was done, for this reason.
    Refused(Refusal),
    /// The caller has no transfer of this id that he may do this to.
    Unknown,
}

/// A change that was committed, with what is to be told of it.
#[derive(Clone, PartialEq, Debug)]
pub struct Booked {
    pub transfer: Transfer,
    /// Of this transfer and, after a refund, of the one it gives back.
    pub events: Vec<EventEq>,
    pub outbox: Vec<OutboxRow>,
}

/// A new transfer with the id that its outbox row shall have.
#[derive(Clone, Debug)]
pub struct TransferIntake {
    pub transfer: NewTransfer,
    pub message: MessageId,
}

/// Whether a payment with this past is to be held until fraud has decided.
pub type Screen<'a> = &'a (dyn Fn(&Past) -> bool + Send + Sync);

impl TransferIntake {
    /// The same, held by fraud.
    pub fn held_by_fraud(mut self) -> Self {
        self.transfer.hold = Some(Hold { by: Holder::Fraud, for_ms: FRAUD_HOLD_MS });
        self
    }
}

/// What to do with a hold. The same again is a replay.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum HoldChange {
    /// All of it where `None`.
    Capture(Option<u64>),
    Void,
}

impl HoldChange {
    /// Whether the change is `owner`'s to make: the payee captures, both parties void, `None` may everything.
    pub fn may(&self, transfer: &Transfer, owner: Option<&Owner>) -> bool {
        owner.is_none_or(|owner| match self {
            Self::Capture(_) => *owner == transfer.payee,
            Self::Void => *owner == transfer.payer || *owner == transfer.payee,
        })
    }

    /// Whether a hold of the payer's has been ended just so before.
    pub fn was_made(&self, transfer: &Transfer) -> bool {
        transfer.held_by == Some(Holder::Payer)
            && match self {
                Self::Capture(amount) => {
                    transfer.state.is_posted() && transfer.posted == amount.unwrap_or(transfer.amount)
                }
                Self::Void => transfer.state == TransferState::Voided,
            }
    }

    /// Makes it. Holds by fraud, and what was never held, are refused with their state.
    pub fn make(&self, books: &mut Books, transfer: &mut Transfer) -> std::result::Result<(), Refusal> {
        if transfer.held_by != Some(Holder::Payer) {
            return Err(Refusal::WrongState(transfer.state));
        }
        match self {
            Self::Capture(amount) => books.capture(transfer, *amount),
            Self::Void => books.release(transfer, TransferState::Voided, None),
        }
    }
}

/// A refund that is asked for by the payee.
#[derive(Clone, Debug)]
pub struct NewRefund {
    pub id: TransferId,
    pub original: TransferId,
    /// Whatever is left where `None`.
    pub amount: Option<u64>,
    pub note: Option<String>,
    pub asked_by: Owner,
    pub idempotency: Option<Idempotency>,
    pub traceparent: Option<String>,
}

impl NewRefund {
    /// The transfer that it comes to.
    pub fn transfer(&self, original: &Transfer) -> NewTransfer {
        NewTransfer {
            id: self.id,
            kind: TransferKind::Refund,
            from: original.to,
            to: original.from,
            amount: self.amount.unwrap_or(original.posted - original.refunded),
            currency: original.currency,
            hold: None,
            reference: original.reference.clone(),
            note: self.note.clone(),
            parent: Some(original.id),
            asked_by: self.asked_by.clone(),
            idempotency: self.idempotency.clone(),
            traceparent: self.traceparent.clone(),
        }
    }
}

/// Which transfers to list. `None` matches all.
#[derive(Clone, Default, Debug)]
pub struct TransferFilter {
    /// Payer or payee.
    pub party: Option<Owner>,
    /// Either side.
    pub account: Option<AccountId>,
    pub state: Option<TransferState>,
    pub reference: Option<String>,
}

/// What is wrong with the ledger, in words; empty when nothing is.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct LedgerCheck {
    pub accounts: u64,
    pub transfers: u64,
    pub entries: u64,
    /// At most a hundred; each names the account by its handle or the transfer by its id.
    pub breaches: Vec<String>,
}

/// Accounts and transfers.
#[async_trait]
pub trait Ledger {
    async fn open_account(&self, account: &NewAccount) -> Result<Opened>;

    /// Whoever owns it.
    async fn find_account(&self, name: &AccountName) -> Result<Option<Account>>;

    /// The owner's, by handle; `after` is the last handle of the page before.
    async fn list_accounts(&self, owner: &Owner, after: Option<&Handle>, limit: u32) -> Result<Vec<Account>>;

    /// Newest entry first; `before` is the last `n` of the page before.
    async fn statement(&self, account: AccountId, before: Option<u64>, limit: u32) -> Result<Vec<StatementLine>>;

    /// Books a batch in one transaction; outcomes in the order given. Each is decided after those before it; a refusal changes
    /// nothing. The same id again is a replay too.
    async fn book_transfers(&self, batch: &[TransferIntake]) -> Result<Vec<Moved>>;

    /// Books one payment as [`Ledger::book_transfers`] does, but asks `screen` about the payer's past in the same transaction,
    /// with the accounts locked: where it says so, the payment is held by fraud. What asks for a hold itself is not screened.
    async fn book_screened(&self, intake: &TransferIntake, screen: Screen<'_>) -> Result<Moved>;

    /// Captures or voids a hold of the payer's. `owner`: `None` may change any; the payee may capture, the payer and the payee
    /// may void; for anyone else it is `Unknown`. A hold by fraud is refused with its state, and a capture after the hold's time
    /// as of one that has expired.
    async fn change_hold(
        &self,
        id: TransferId,
        owner: Option<&Owner>,
        change: &HoldChange,
        message: MessageId,
    ) -> Result<Moved>;

    /// Gives money back by a new transfer. Only the payee (or, with `any`, an admin) may; for anyone else it is `Unknown`. A
    /// replay is decided before that.
    async fn refund_transfer(&self, refund: &NewRefund, any: bool, message: MessageId) -> Result<Moved>;

    /// The transfer, if `owner` is `None` or one of its parties.
    async fn get_transfer(&self, id: TransferId, owner: Option<&Owner>) -> Result<Option<Transfer>>;

    /// Several at once, in any order; unknown ids are left out.
    async fn get_transfers(&self, ids: &[TransferId]) -> Result<Vec<Transfer>>;

    /// Newest first (by id, descending); `before` is the last id of the page before.
    async fn list_transfers(
        &self,
        filter: &TransferFilter,
        before: Option<TransferId>,
        limit: u32,
    ) -> Result<Vec<Transfer>>;

    /// The owner's newest transfers, as payer or payee, newest first (by id).
    async fn recent_transfers(&self, owner: &Owner, limit: u32) -> Result<Vec<Transfer>>;

    /// Ends holds of the payer's whose time is over, those that were over first, first. `message` makes the ids of the outbox rows.
    async fn expire_holds(&self, limit: u32, message: fn() -> MessageId) -> Result<Vec<Booked>>;

    /// Looks at all invariants in one snapshot: those of [`crate::money::Books`], running balances, refunds, the numbers of
    /// receipts, and that no effect is without its transfer.
    async fn check_ledger(&self) -> Result<LedgerCheck>;
}

/// What services have made of transfers.
#[async_trait]
pub trait Effects {
    /// Of each transfer, the effects that there are; by transfer and service.
    async fn get_effects(&self, transfers: &[TransferId]) -> Result<Vec<Effect>>;

    /// Takes those of the transfers that are the service's to do now: makes the row where there is none and the transfer concerns
    /// the service, skips what is done, not due, or under a lease. Attempt + 1, leased for `lease_ms`. A claim after the last
    /// attempt makes the effect `failed` with a dead letter instead; its event is in the second list. Claims in the order asked.
    async fn claim_effects(
        &self,
        service: Service,
        transfers: &[TransferId],
        token: LeaseToken,
        lease_ms: u64,
    ) -> Result<(Vec<EffectClaim>, Vec<StoredEvent>)>;

    /// Extends the leases that are still held under this token.
    async fn renew_effects(
        &self,
        service: Service,
        transfers: &[TransferId],
        token: LeaseToken,
        lease_ms: u64,
    ) -> Result<()>;

    /// Records what came of a batch in one transaction, each with its deed, its event on the transfer's channel and, where a
    /// deed books or settles a transfer, that one's own event (before the effect's) and outbox row. What is to be tried again
    /// has no event; after the last attempt it has failed instead. What failed has a dead letter too, of the queue
    /// `service.<name>` and the entity `transfer:<id>`. What is no longer held under this token is left out. `message` makes the
    /// ids of outbox rows.
    async fn record_effects(
        &self,
        service: Service,
        token: LeaseToken,
        outcomes: &[(TransferId, EffectOutcome)],
        message: fn() -> MessageId,
    ) -> Result<Recorded>;

    /// Effects of the service whose `run_at` or lease has come due since they were last woken; each is handed out once per
    /// 10 s over all callers.
    async fn due_effects(&self, service: Service, limit: u32) -> Result<Vec<TransferStep>>;

    /// Transfers that concern the service, were settled (or held by fraud) before `older_than_ms`, and have no row of it yet,
    /// oldest first.
    async fn missing_effects(&self, service: Service, older_than_ms: u64, limit: u32) -> Result<Vec<TransferStep>>;
}

/// What a recording led to.
#[derive(Clone, Default, Debug)]
pub struct Recorded {
    /// Recorded now.
    pub transfers: Vec<TransferId>,
    pub events: Vec<StoredEvent>,
    pub outbox: Vec<OutboxRow>,
}

/// A payment's past is at most this many payments long: what it costs to look at it does not grow with the years.
pub const MAX_PAST: u32 = 1_000;

/// Figures of a payment's past, for rules that look at it: of the payments of the same account with a smaller id, whatever
/// became of them, the last [`MAX_PAST`].
#[derive(Clone, Copy, Default, PartialEq, Debug)]
pub struct Past {
    /// Within the hour before this payment.
    pub last_hour: u64,
    pub last_hour_amount: u64,
    /// All of them, and their mean amount, rounded down (0 where there is none).
    pub payments: u64,
    pub mean_amount: u64,
    /// To the same account.
    pub to_payee: u64,
    /// To the same account within the day before this payment.
    pub to_payee_last_day: u64,
}

/// What rules need to know.
#[async_trait]
pub trait Pasts {
    /// For each payment, when it was made and the past before it, in the order given; ids of nothing or of something else are
    /// `None`.
    async fn pasts(&self, transfers: &[TransferId]) -> Result<Vec<Option<(OffsetDateTime, Past)>>>;
}
