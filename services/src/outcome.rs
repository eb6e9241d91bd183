//! Outcomes that every service has.

use herald_domain::money::EffectOutcome;
use herald_domain::store::StoreError;

/// There was nothing to do; `reason` is a word that a program can act on.
pub(crate) fn skipped(reason: &str) -> EffectOutcome {
    EffectOutcome::Skipped { reason: reason.to_owned() }
}

/// The store did not say what the service needs to know.
pub(crate) fn store_failed(error: &StoreError, delay_ms: u64) -> EffectOutcome {
    tracing::warn!(error = %error, "an effect waits for the store");
    EffectOutcome::Again { error: error.to_string(), delay_ms }
}
