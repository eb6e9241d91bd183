//! Money: accounts, transfers between them, and what follows from a transfer in each service.
//!
//! Amounts are integers in the currency's minor unit (paise, cents). Nothing here is a fraction and nothing rounds.

mod account;
mod currency;
mod effect;
mod event;
mod ledger;
mod transfer;
pub mod view;

pub use account::{Account, AccountKind, AccountName, BadHandle, Counters, Handle, NewAccount, StatementLine};
pub use currency::{BadAmount, BadCurrency, Currency};
pub use effect::{
    Deed, Effect, EffectClaim, EffectOutcome, EffectState, MAX_EFFECT_ATTEMPTS, MAX_EFFECT_BATCH, Service,
    error_detail, reason_detail, with_receipt,
};
pub use ledger::{Books, Entry, Leg, Refusal, Side};
pub use transfer::{FRAUD_HOLD_MS, Hold, Holder, NewTransfer, Transfer, TransferKind, TransferState, TransferStep};
pub use view::{EffectEventData, EffectView, TransferEventData};

/// No amount and no counter of an account is larger: every language's JSON numbers are exact up to here (2^53).
pub const MAX_AMOUNT: u64 = 1 << 53;
