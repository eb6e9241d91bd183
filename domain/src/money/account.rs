//! The account: whose money it is, and the four counters that say how much.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::Currency;
use crate::id::{AccountId, TransferId};
use crate::owner::Owner;
use crate::words::words;

words!(/// What an account is for.
AccountKind {
    /// A person's.
    User = "user",
    /// A shop's: payments to it may earn rewards.
    Merchant = "merchant",
    /// Where money enters the system: it alone may be overdrawn, by all that has been funded.
    Funding = "funding",
    /// What rewards are paid from; it may run dry.
    Rewards = "rewards",
});

/// What people call an account: 1 to 64 characters out of `a-z`, `0-9`, `.`, `_`, `-`, starting with a letter. Never changes
/// and is never given twice.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String, example = "alice")]
pub struct Handle(String);

/// How the handles of the server's own accounts begin.
const FUNDING: &str = "funding.";
const REWARDS: &str = "rewards.";

#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a handle has 1 to 64 characters out of a-z, 0-9, '.', '_', '-', and starts with a letter")]
pub struct BadHandle;

impl Handle {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the account is called from which money of this currency enters.
    pub fn of_funding(currency: super::Currency) -> Self {
        Self(format!("{FUNDING}{}", currency.as_str().to_ascii_lowercase()))
    }

    /// The currency of whose rewards this account is the budget, by the rules that come with Herald.
    pub fn budget_of(&self) -> Option<super::Currency> {
        self.0.strip_prefix(REWARDS)?.to_ascii_uppercase().parse().ok()
    }

    /// Whether only the server itself opens accounts of this name: else a user who was first could keep money from entering.
    pub fn is_reserved(&self) -> bool {
        [FUNDING, REWARDS].iter().any(|prefix| self.0.starts_with(prefix))
    }

    /// A handle as a store holds it, taken as it is.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }
}

impl FromStr for Handle {
    type Err = BadHandle;

    fn from_str(text: &str) -> Result<Self, BadHandle> {
        let good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'_' | b'-');
        let first = text.bytes().next().is_some_and(|b| b.is_ascii_lowercase());
        if first && text.len() <= 64 && text.bytes().all(good) { Ok(Self(text.to_owned())) } else { Err(BadHandle) }
    }
}

impl TryFrom<String> for Handle {
    type Error = BadHandle;

    fn try_from(text: String) -> Result<Self, BadHandle> {
        text.parse()
    }
}

impl From<Handle> for String {
    fn from(handle: Handle) -> Self {
        handle.0
    }
}

impl fmt::Display for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How a request names an account: by id or by handle (which no UUID is, for a handle that looks like one is read as an id).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum AccountName {
    Id(AccountId),
    Handle(Handle),
}

impl FromStr for AccountName {
    type Err = BadHandle;

    fn from_str(text: &str) -> Result<Self, BadHandle> {
        match text.parse() {
            Ok(id) => Ok(Self::Id(id)),
            Err(_) => text.parse().map(Self::Handle),
        }
    }
}

impl fmt::Display for AccountName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => id.fmt(f),
            Self::Handle(handle) => handle.fmt(f),
        }
    }
}

/// All that has ever gone out of and come into an account, held and for good (TigerBeetle's four counters). None ever falls
/// but the pending ones, and those never below zero.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Counters {
    pub debits_pending: u64,
    pub debits_posted: u64,
    pub credits_pending: u64,
    pub credits_posted: u64,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Account {
    pub id: AccountId,
    pub handle: Handle,
    pub owner: Owner,
    pub currency: Currency,
    pub kind: AccountKind,
    pub counters: Counters,
    /// Ledger entries so far: the next is this + 1.
    pub entries: u64,
    pub created_at: OffsetDateTime,
    pub closed_at: Option<OffsetDateTime>,
}

impl Account {
    /// What is there, held or not.
    pub fn balance(&self) -> i64 {
        signed(self.counters.credits_posted) - signed(self.counters.debits_posted)
    }

    /// What is promised to others.
    pub fn held(&self) -> u64 {
        self.counters.debits_pending
    }

    /// What can be spent.
    pub fn available(&self) -> i64 {
        self.balance() - signed(self.held())
    }

    pub fn may_be_overdrawn(&self) -> bool {
        self.kind == AccountKind::Funding
    }
}

/// Counters are at most [`super::MAX_AMOUNT`].
fn signed(counter: u64) -> i64 {
    counter.try_into().unwrap_or(i64::MAX)
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewAccount {
    pub id: AccountId,
    pub handle: Handle,
    pub owner: Owner,
    pub currency: Currency,
    pub kind: AccountKind,
}

/// One ledger entry as its account sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StatementLine {
    /// Counts 1, 2, 3 … per account without gaps.
    pub n: u64,
    pub transfer: TransferId,
    pub kind: super::TransferKind,
    /// Positive: came in; negative: went out.
    pub amount: i64,
    /// After this entry.
    pub balance: i64,
    /// The account on the other side.
    pub other: Handle,
    pub reference: Option<String>,
    pub note: Option<String>,
    pub at: OffsetDateTime,
}
