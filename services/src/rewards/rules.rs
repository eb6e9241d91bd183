//! Rules of the rewards service: what a payment earns, and who pays for it. Pure, in integers.

use herald_domain::money::{Currency, Handle, MAX_AMOUNT};
use serde::Deserialize;

/// The rules that come with Herald.
pub const DEFAULT: &str = include_str!("../../rewards.toml");

/// Hundredths of a percent in the whole.
const WHOLE: u64 = 10_000;

/// A whole rules file.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    #[serde(default, rename = "rule")]
    rules: Vec<Rule>,
}

#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    /// Fits any where none is named.
    currency: Option<Currency>,
    basis_points: u64,
    at_least: u64,
    at_most: u64,
    budget: String,
}

/// What is wrong with a rules file.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadRules {
    #[error("{0}")]
    Unreadable(String),
    #[error("a rule grants 1 to 10000 basis points, not {0}")]
    Share(u64),
    #[error("a rule's at_least ({at_least}) is 1 or more and its at_most ({at_most}) no less, and no more than 2^53")]
    Bounds { at_least: u64, at_most: u64 },
    #[error("'{0}' is no handle of an account, once {{currency}} stands for one")]
    Budget(String),
}

/// A reward that a payment has earned.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reward {
    pub amount: u64,
    pub budget: Handle,
}

impl Rules {
    pub fn parse(text: &str) -> Result<Self, BadRules> {
        let rules: Self = toml::from_str(text).map_err(|error| BadRules::Unreadable(error.to_string()))?;
        rules.rules.iter().try_for_each(Rule::check)?;
        Ok(rules)
    }

    /// What a payment of `amount` earns; none where it is too small, or no rule fits.
    pub fn reward(&self, amount: u64, currency: Currency) -> Option<Reward> {
        let rule = self.rules.iter().find(|rule| rule.currency.is_none_or(|only| only == currency))?;
        // Both factors are far below 2^64, not their product.
        let share = u128::from(amount) * u128::from(rule.basis_points) / u128::from(WHOLE);
        let amount = u64::try_from(share).unwrap_or(u64::MAX).min(rule.at_most);
        (amount >= rule.at_least).then_some(())?;
        Some(Reward { amount, budget: rule.budget(currency)? })
    }
}

impl Rule {
    fn check(&self) -> Result<(), BadRules> {
        let Self { basis_points, at_least, at_most, .. } = *self;
        if !(1..=WHOLE).contains(&basis_points) {
            return Err(BadRules::Share(basis_points));
        }
        if at_least == 0 || at_most < at_least || at_most > MAX_AMOUNT {
            return Err(BadRules::Bounds { at_least, at_most });
        }
        // A handle does for all currencies if it does for one: they are all three letters.
        let example = self.currency.or_else(|| "INR".parse().ok());
        match example.and_then(|currency| self.budget(currency)) {
            Some(_) => Ok(()),
            None => Err(BadRules::Budget(self.budget.clone())),
        }
    }

    fn budget(&self, currency: Currency) -> Option<Handle> {
        self.budget.replace("{currency}", &currency.as_str().to_ascii_lowercase()).parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn inr() -> Currency {
        "INR".parse().unwrap()
    }

    #[test]
    fn one_percent_rounded_down_within_its_bounds() {
        let rules = Rules::parse(DEFAULT).unwrap();
        for (paid, earned) in [(99, None), (100, Some(1)), (199, Some(1)), (12_550, Some(125)), (499_999, Some(4_999))]
        {
            assert_eq!(rules.reward(paid, inr()).map(|reward| reward.amount), earned, "{paid}");
        }
        for paid in [500_000, 500_001, MAX_AMOUNT] {
            assert_eq!(rules.reward(paid, inr()).unwrap().amount, 5_000, "{paid}");
        }
        assert_eq!(rules.reward(100, inr()).unwrap().budget.as_str(), "rewards.inr");
    }

    #[test]
    fn the_first_rule_that_fits_the_currency_counts() {
        let text = r#"
            rule = [
                { currency = "JPY", basis_points = 10000, at_least = 1, at_most = 7, budget = "gifts" },
                { basis_points = 1, at_least = 1, at_most = 1, budget = "{currency}-gifts" },
            ]"#;
        let rules = Rules::parse(text).unwrap();
        let of = |code: &str| rules.reward(10_000, code.parse().unwrap()).map(|r| (r.amount, r.budget.to_string()));
        assert_eq!(of("JPY"), Some((7, "gifts".to_owned())));
        assert_eq!(of("INR"), Some((1, "inr-gifts".to_owned())));
        assert_eq!(Rules::parse("").unwrap().reward(10_000, inr()), None);
    }

    #[test]
    fn what_is_wrong_with_a_file_is_said() {
        let of = |rule: &str| Rules::parse(&format!("rule = [{rule}]")).unwrap_err();
        let bounds = |at_least, at_most| BadRules::Bounds { at_least, at_most };
        for (text, expected) in [
            ("{ basis_points = 0, at_least = 1, at_most = 1, budget = 'a' }", BadRules::Share(0)),
            ("{ basis_points = 10001, at_least = 1, at_most = 1, budget = 'a' }", BadRules::Share(10_001)),
            ("{ basis_points = 1, at_least = 0, at_most = 1, budget = 'a' }", bounds(0, 1)),
            ("{ basis_points = 1, at_least = 2, at_most = 1, budget = 'a' }", bounds(2, 1)),
            (
                "{ basis_points = 1, at_least = 1, at_most = 1, budget = 'A {currency}' }",
                BadRules::Budget("A {currency}".into()),
            ),
        ] {
            assert_eq!(of(text), expected, "{text}");
        }
        let unknown = of("{ percent = 1 }").to_string();
        assert!(unknown.contains("percent"), "{unknown}");
    }

    proptest! {
        #[test]
        fn a_reward_is_never_more_than_its_share_nor_out_of_bounds(
            paid in 1..=MAX_AMOUNT, points in 1..=10_000_u64, least in 1..1_000_u64, more in 0..10_000_u64,
        ) {
            let most = least + more;
            let text = format!("rule = [{{ basis_points = {points}, at_least = {least}, at_most = {most}, budget = 'b' }}]");
            match Rules::parse(&text).unwrap().reward(paid, inr()) {
                Some(Reward { amount, .. }) => {
                    prop_assert!((least..=most).contains(&amount) && amount <= paid);
                    prop_assert!(u128::from(amount) * 10_000 <= u128::from(paid) * u128::from(points));
                }
                None => prop_assert!(u128::from(paid) * u128::from(points) < u128::from(least) * 10_000),
            }
        }
    }
}
