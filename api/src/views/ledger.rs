//! JSON of looking after the books.

use std::collections::BTreeMap;

use herald_domain::store::LedgerCheck;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a look at the whole ledger found.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct LedgerCheckView {
    /// Nothing is wrong.
    pub ok: bool,
    pub accounts: u64,
    pub transfers: u64,
    pub entries: u64,
    /// What is wrong, in words; at most a hundred.
    pub breaches: Vec<String>,
}

impl From<LedgerCheck> for LedgerCheckView {
    fn from(LedgerCheck { accounts, transfers, entries, breaches }: LedgerCheck) -> Self {
        Self { ok: breaches.is_empty(), accounts, transfers, entries, breaches }
    }
}

/// What `POST /admin/reconcile` found.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct ReconcileView {
    /// Holds past their time, which have ended now.
    pub expired_holds: u64,
    /// By service, transfers that it had made nothing of and has been told of now.
    pub missing: BTreeMap<String, u64>,
    /// What is wrong with the ledger and cannot be mended by itself.
    pub breaches: Vec<String>,
}
