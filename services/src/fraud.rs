//! The fraud service: scores every payment by rules, and decides those that were held for a look.
//!
//! A payment is scored when its effect is made, by its past as it was before it; so it scores the same however late that is. The
//! rules marked `hold` are asked earlier, where a payment is accepted ([`Rules::holds`]).

mod rules;

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use clap::Args;
use herald_domain::event::raw;
use herald_domain::money::{Deed, EffectClaim, EffectOutcome, Holder, Service, Transfer, TransferState};
use herald_domain::store::Pasts;
use herald_pipeline::{Servant, retry_delay_ms};

pub use rules::{Assessment, BadRules, DEFAULT, Rules};

use crate::outcome::{skipped, store_failed};
use crate::rules_file::{self, BadRulesFile};

/// The reason of a payment that was held and refused.
const REASON: &str = "fraud_score";

#[derive(Args, Clone, Default, Debug)]
#[group(skip)]
#[command(next_help_heading = "Fraud")]
pub struct Config {
    /// Rules of the fraud service, a TOML file (default: those built in)
    #[arg(id = "fraud_rules", long = "fraud-rules", env = "HERALD_FRAUD_RULES", value_name = "FILE")]
    pub rules: Option<PathBuf>,
}

impl Config {
    pub fn rules(&self) -> Result<Rules, BadRulesFile> {
        rules_file::read("HERALD_FRAUD_RULES", self.rules.as_deref(), DEFAULT, Rules::parse)
    }
}

/// Makes the effects of fraud.
pub struct Fraud {
    rules: Rules,
    pasts: Arc<dyn Pasts + Send + Sync>,
}

impl Fraud {
    pub fn open(config: &Config, pasts: Arc<dyn Pasts + Send + Sync>) -> Result<Self, BadRulesFile> {
        Ok(Self { rules: config.rules()?, pasts })
    }
}

#[async_trait]
impl Servant for Fraud {
    fn service(&self) -> Service {
        Service::Fraud
    }

    async fn serve(&self, claim: &EffectClaim) -> EffectOutcome {
        let transfer = &claim.transfer;
        let past = match self.pasts.pasts(&[transfer.id]).await {
            Ok(pasts) => pasts.into_iter().next().flatten(),
            Err(error) => return store_failed(&error, retry_delay_ms(claim.attempt)),
        };
        match past {
            Some((_, past)) => outcome(transfer, self.rules.assess(&past, transfer.amount)),
            // Only payments have one.
            None => skipped("not_a_payment"),
        }
    }
}

fn outcome(transfer: &Transfer, assessment: Assessment) -> EffectOutcome {
    let Assessment { score, reasons, review, refuse } = assessment;
    let held = transfer.state == TransferState::Pending && transfer.held_by == Some(Holder::Fraud);
    let deed = if held { Deed::Decide { refuse: refuse.then(|| REASON.to_owned()) } } else { Deed::Nothing };
    let detail = raw(&serde_json::json!({ "score": score, "reasons": reasons, "review": review }));
    EffectOutcome::Done { detail, deed }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::payment;

    fn assessment(score: u32) -> Assessment {
        Assessment { score, reasons: vec!["it".to_owned()], review: score >= 50, refuse: score >= 80 }
    }

    fn made(transfer: &Transfer, score: u32) -> (String, Deed) {
        match outcome(transfer, assessment(score)) {
            EffectOutcome::Done { detail, deed } => (detail.get().to_owned(), deed),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_was_held_is_decided_and_all_else_is_only_scored() {
        let pending = Transfer { state: TransferState::Pending, settled_at: None, posted: 0, ..payment() };
        let held = Transfer { held_by: Some(Holder::Fraud), ..pending.clone() };
        let (detail, deed) = made(&held, 80);
        assert_eq!(detail, r#"{"reasons":["it"],"review":true,"score":80}"#);
        assert!(matches!(&deed, Deed::Decide { refuse: Some(reason) } if reason == "fraud_score"), "{deed:?}");
        let (_, deed) = made(&held, 79);
        assert!(matches!(deed, Deed::Decide { refuse: None }), "{deed:?}");
        let by_payer = Transfer { held_by: Some(Holder::Payer), ..pending };
        let captured = Transfer { held_by: Some(Holder::Fraud), ..payment() };
        for transfer in [by_payer, captured, payment()] {
            assert!(matches!(made(&transfer, 90).1, Deed::Nothing));
        }
    }
}
