//! Rules of the fraud service: what a payment scores, by its own amount and its past. Pure, so that accepting a payment and
//! scoring it can ask the same rules.

use herald_domain::store::Past;
use serde::Deserialize;

/// The rules that come with Herald.
pub const DEFAULT: &str = include_str!("../../fraud.toml");

/// A whole rules file.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    review_at: u32,
    refuse_at: u32,
    #[serde(default, rename = "rule")]
    rules: Vec<Rule>,
}

#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    name: String,
    score: u32,
    /// Also asked before the money moves.
    #[serde(default)]
    hold: bool,
    when: When,
}

/// When a rule is met. The payment that is looked at counts itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum When {
    /// More than this within an hour.
    Velocity { payments: Option<u64>, amount: Option<u64> },
    /// More than `factor` times the mean of at least `min_payments` payments before.
    AmountOverHistory { factor: u64, min_payments: u64 },
    /// This much to an account that was never paid before.
    NewPayee { amount: u64 },
    /// Payments to one account within a day, this one from `amount` up to just under `below`.
    Structuring { amount: u64, below: u64, payments: u64 },
}

/// What is wrong with a rules file.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadRules {
    #[error("{0}")]
    Unreadable(String),
    #[error("refuse_at is {refuse_at}, below review_at {review_at}")]
    Thresholds { review_at: u32, refuse_at: u32 },
    #[error("two rules have the name '{0}'")]
    Twice(String),
    #[error("the rule '{0}' is of kind velocity: it has either payments or amount")]
    Velocity(String),
    #[error("the rule '{0}' can never be met: amount is not under below")]
    Never(String),
}

/// How a payment fares.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Assessment {
    pub score: u32,
    /// Names of the rules that were met, in the file's order.
    pub reasons: Vec<String>,
    /// A person shall look at it.
    pub review: bool,
    /// If it was held: refuse it.
    pub refuse: bool,
}

impl Rules {
    pub fn parse(text: &str) -> Result<Self, BadRules> {
        let rules: Self = toml::from_str(text).map_err(|error| BadRules::Unreadable(error.to_string()))?;
        rules.check()?;
        Ok(rules)
    }

    fn check(&self) -> Result<(), BadRules> {
        let Self { review_at, refuse_at, rules } = self;
        if refuse_at < review_at {
            return Err(BadRules::Thresholds { review_at: *review_at, refuse_at: *refuse_at });
        }
        for (i, rule) in rules.iter().enumerate() {
            let name = || rule.name.clone();
            if rules[..i].iter().any(|before| before.name == rule.name) {
                return Err(BadRules::Twice(name()));
            }
            match rule.when {
                When::Velocity { payments, amount } if payments.is_some() == amount.is_some() => {
                    return Err(BadRules::Velocity(name()));
                }
                When::Structuring { amount, below, .. } if amount >= below => return Err(BadRules::Never(name())),
                _ => {}
            }
        }
        Ok(())
    }

    /// What the payment scores.
    pub fn assess(&self, past: &Past, amount: u64) -> Assessment {
        let met: Vec<_> = self.rules.iter().filter(|rule| rule.when.is_met(past, amount)).collect();
        let score = sum(met.iter().copied());
        Assessment {
            score,
            reasons: met.iter().map(|rule| rule.name.clone()).collect(),
            review: score >= self.review_at,
            refuse: score >= self.refuse_at,
        }
    }

    /// Whether a payment is to be held instead of made, by the rules marked `hold` alone.
    pub fn holds(&self, past: &Past, amount: u64) -> bool {
        let met: Vec<_> = self.rules.iter().filter(|rule| rule.hold && rule.when.is_met(past, amount)).collect();
        !met.is_empty() && sum(met.into_iter()) >= self.review_at
    }

    /// Whether any past could make a payment of this amount be held: else nobody need look up the past there.
    pub fn may_hold(&self, amount: u64) -> bool {
        sum(self.rules.iter().filter(|rule| rule.hold && rule.when.could_be_met(amount))) >= self.review_at
    }
}

fn sum<'a>(rules: impl Iterator<Item = &'a Rule>) -> u32 {
    rules.fold(0, |all, rule| all.saturating_add(rule.score))
}

impl When {
    /// With some past.
    fn could_be_met(self, amount: u64) -> bool {
        match self {
            Self::Velocity { .. } | Self::AmountOverHistory { .. } => true,
            Self::NewPayee { amount: least } => amount >= least,
            Self::Structuring { amount: least, below, .. } => (least..below).contains(&amount),
        }
    }

    fn is_met(self, past: &Past, amount: u64) -> bool {
        match self {
            Self::Velocity { payments, amount: most } => {
                payments.is_some_and(|payments| past.last_hour.saturating_add(1) > payments)
                    || most.is_some_and(|most| past.last_hour_amount.saturating_add(amount) > most)
            }
            Self::AmountOverHistory { factor, min_payments } => {
                past.payments >= min_payments && amount > past.mean_amount.saturating_mul(factor)
            }
            Self::NewPayee { amount: least } => past.to_payee == 0 && amount >= least,
            Self::Structuring { amount: least, below, payments } => {
                (least..below).contains(&amount) && past.to_payee_last_day.saturating_add(1) >= payments
            }
        }
    }
}

#[cfg(test)]
mod tests;
