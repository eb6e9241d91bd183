//! The rewards service: cashback for payments to merchants, as a transfer of kind reward from a budget account.
//!
//! The reward's id is made of the payment's, so making it again is asking for the same transfer. A budget that has run dry is no
//! failure: the effect is skipped, and nobody waits for it. (Rewards and refunds never come here: [`Service::concerns`].)

mod rules;

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use clap::Args;
use herald_domain::event::raw;
use herald_domain::id::TransferId;
use herald_domain::money::{
    AccountKind, AccountName, Deed, EffectClaim, EffectOutcome, Service, Transfer, TransferKind,
};
use herald_domain::store::Ledger;
use herald_pipeline::{Servant, retry_delay_ms};
use sha2::{Digest, Sha256};
use uuid::Uuid;

pub use rules::{BadRules, DEFAULT, Reward, Rules};

use crate::outcome::{skipped, store_failed};
use crate::rules_file::{self, BadRulesFile};

#[derive(Args, Clone, Default, Debug)]
#[group(skip)]
#[command(next_help_heading = "Rewards")]
pub struct Config {
    /// Rules of the rewards service, a TOML file (default: those built in)
    #[arg(id = "reward_rules", long = "reward-rules", env = "HERALD_REWARD_RULES", value_name = "FILE")]
    pub rules: Option<PathBuf>,
}

impl Config {
    pub fn rules(&self) -> Result<Rules, BadRulesFile> {
        rules_file::read("HERALD_REWARD_RULES", self.rules.as_deref(), DEFAULT, Rules::parse)
    }
}

/// Makes the effects of rewards.
pub struct Rewards {
    rules: Rules,
    ledger: Arc<dyn Ledger + Send + Sync>,
}

impl Rewards {
    pub fn open(config: &Config, ledger: Arc<dyn Ledger + Send + Sync>) -> Result<Self, BadRulesFile> {
        Ok(Self { rules: config.rules()?, ledger })
    }
}

#[async_trait]
impl Servant for Rewards {
    fn service(&self) -> Service {
        Service::Rewards
    }

    async fn serve(&self, claim: &EffectClaim) -> EffectOutcome {
        let transfer = &claim.transfer;
        match self.ledger.find_account(&AccountName::Id(transfer.to)).await {
            Ok(payee) => outcome(&self.rules, transfer, payee.map(|account| account.kind)),
            Err(error) => store_failed(&error, retry_delay_ms(claim.attempt)),
        }
    }
}

/// By what was posted, whatever has come back since: so it is the same whenever it is made.
fn outcome(rules: &Rules, transfer: &Transfer, payee: Option<AccountKind>) -> EffectOutcome {
    if transfer.kind != TransferKind::Payment || payee != Some(AccountKind::Merchant) {
        return skipped("not_a_merchant");
    }
    let Some(Reward { amount, budget }) = rules.reward(transfer.posted, transfer.currency) else {
        return skipped("below_minimum");
    };
    let id = reward_id(transfer.id);
    let detail = raw(&serde_json::json!({ "amount": amount, "transfer": id }));
    EffectOutcome::Done { detail, deed: Deed::Reward { id, amount, budget } }
}

/// A UUIDv8 (RFC 9562, 5.8): the payment's own time in front, so that lists by id have both side by side, and behind it a hash
/// of the payment's id.
pub fn reward_id(payment: TransferId) -> TransferId {
    let hash = Sha256::new().chain_update(b"herald.reward").chain_update(payment.0.as_bytes()).finalize();
    let mut bytes = [0; 16];
    bytes[..6].copy_from_slice(&payment.0.as_bytes()[..6]);
    bytes[6..].copy_from_slice(&hash[..10]);
    TransferId(Uuid::new_v8(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::payment;

    fn reason(transfer: &Transfer, payee: Option<AccountKind>) -> String {
        match outcome(&Config::default().rules().unwrap(), transfer, payee) {
            EffectOutcome::Skipped { reason } => reason,
            other => panic!("{other:?}"),
        }
    }

    fn made(transfer: &Transfer) -> (String, TransferId, u64, String) {
        match outcome(&Config::default().rules().unwrap(), transfer, Some(AccountKind::Merchant)) {
            EffectOutcome::Done { detail, deed: Deed::Reward { id, amount, budget } } => {
                (detail.get().to_owned(), id, amount, budget.to_string())
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_payment_to_a_merchant_earns_the_same_reward_each_time() {
        let captured = Transfer { amount: 9_000, posted: 1_250, ..payment() };
        let (detail, id, amount, budget) = made(&captured);
        assert_eq!((amount, budget.as_str()), (12, "rewards.inr"), "by what was captured");
        assert_eq!(detail, format!(r#"{{"amount":12,"transfer":"{id}"}}"#));
        assert_eq!(id, reward_id(captured.id));
        let refunded = Transfer { refunded: 1_250, offset: 9, ..captured };
        assert_eq!(made(&refunded), (detail, id, amount, budget));
    }

    #[test]
    fn what_earns_nothing_says_why() {
        for kind in [AccountKind::User, AccountKind::Funding, AccountKind::Rewards] {
            assert_eq!(reason(&payment(), Some(kind)), "not_a_merchant");
        }
        assert_eq!(reason(&payment(), None), "not_a_merchant");
        let small = Transfer { posted: 99, ..payment() };
        assert_eq!(reason(&small, Some(AccountKind::Merchant)), "below_minimum");
        for kind in [TransferKind::Refund, TransferKind::Reward, TransferKind::Funding] {
            let transfer = Transfer { kind, ..payment() };
            assert_eq!(reason(&transfer, Some(AccountKind::Merchant)), "not_a_merchant");
        }
    }

    /// Part of the contract: another version of Herald must come to the same id.
    #[test]
    fn a_rewards_id_never_changes() {
        let id = reward_id(payment().id);
        assert_eq!(id.to_string(), PINNED);
        assert_eq!((id.0.get_version_num(), id.0.get_variant()), (8, uuid::Variant::RFC4122));
        assert_eq!(id.0.as_bytes()[..6], payment().id.0.as_bytes()[..6], "the payment's time");
        assert_ne!(reward_id(TransferId(Uuid::from_u128(1))), reward_id(TransferId(Uuid::from_u128(2))));
    }
    const PINNED: &str = "019590d4-2a00-83c0-b4fc-dbcea8a031a7";
}
