use proptest::prelude::*;

use super::*;

fn one(when: &str, hold: bool) -> Rules {
    let text =
        format!("review_at = 10\nrefuse_at = 20\n[[rule]]\nname = 'it'\nscore = 10\nhold = {hold}\nwhen = {when}\n");
    Rules::parse(&text).unwrap()
}

fn met(when: &str, past: Past, amount: u64) -> bool {
    one(when, false).assess(&past, amount).score == 10
}

#[test]
fn the_rules_that_come_with_herald_can_be_read_and_spare_the_usual() {
    let rules = Rules::parse(DEFAULT).unwrap();
    let usual = Past {
        last_hour: 3,
        last_hour_amount: 5_000,
        payments: 40,
        mean_amount: 2_000,
        to_payee: 4,
        to_payee_last_day: 1,
    };
    let assessment = rules.assess(&usual, 2_500);
    assert_eq!(assessment, Assessment { score: 0, reasons: vec![], review: false, refuse: false });
    let first = rules.assess(&Past::default(), 1_000_000);
    assert_eq!((first.score, first.review), (0, false), "all of a seeded account, on the first day");
    assert!(!rules.holds(&Past::default(), 1_000_000));
    assert!(!rules.may_hold(99_999_999) && rules.may_hold(100_000_000) && rules.holds(&Past::default(), 100_000_000));
    let fortune = rules.assess(&Past::default(), 100_000_000);
    assert_eq!(fortune.reasons, ["much_to_a_new_payee", "a_fortune_to_a_new_payee"]);
    assert!(fortune.review && !fortune.refuse, "held, looked at and released: {fortune:?}");
    let third = Past { last_hour: 2, last_hour_amount: 200_000_000, ..Past::default() };
    assert!(rules.assess(&third, 100_000_000).refuse, "the third fortune within an hour");
}

#[test]
fn velocity_counts_the_payment_itself() {
    let count = "{ kind = 'velocity', payments = 3 }";
    assert!(!met(count, Past { last_hour: 2, ..Past::default() }, 1));
    assert!(met(count, Past { last_hour: 3, ..Past::default() }, 1));
    let sum = "{ kind = 'velocity', amount = 100 }";
    assert!(!met(sum, Past { last_hour_amount: 60, ..Past::default() }, 40));
    assert!(met(sum, Past { last_hour_amount: 60, ..Past::default() }, 41));
}

#[test]
fn an_amount_is_measured_by_enough_of_a_past() {
    let when = "{ kind = 'amount_over_history', factor = 10, min_payments = 5 }";
    let past = |payments, mean_amount| Past { payments, mean_amount, ..Past::default() };
    assert!(!met(when, past(5, 100), 1_000) && met(when, past(5, 100), 1_001));
    assert!(!met(when, past(4, 100), 1_000_000), "too short a past");
}

#[test]
fn a_payee_is_new_once() {
    let when = "{ kind = 'new_payee', amount = 100 }";
    assert!(met(when, Past::default(), 100) && !met(when, Past::default(), 99));
    assert!(!met(when, Past { to_payee: 1, ..Past::default() }, 100));
}

#[test]
fn structuring_is_many_payments_just_under_a_threshold() {
    let when = "{ kind = 'structuring', amount = 90, below = 100, payments = 3 }";
    let past = |to_payee_last_day| Past { to_payee_last_day, ..Past::default() };
    assert!(met(when, past(2), 90) && met(when, past(2), 99) && met(when, past(9), 95));
    assert!(!met(when, past(1), 95) && !met(when, past(2), 100) && !met(when, past(2), 89));
}

#[test]
fn only_rules_marked_so_hold_and_only_from_the_threshold_on() {
    let when = "{ kind = 'new_payee', amount = 100 }";
    assert!(one(when, true).holds(&Past::default(), 100) && !one(when, true).holds(&Past::default(), 99));
    assert!(!one(when, false).holds(&Past::default(), 100) && !one(when, false).may_hold(100));
    let weak = DEFAULT.replace("review_at = 50", "review_at = 70");
    assert!(!Rules::parse(&weak).unwrap().holds(&Past::default(), 100_000_000), "50 is under 70");
    let none = Rules::parse("review_at = 0\nrefuse_at = 0").unwrap();
    assert!(!none.holds(&Past::default(), 1), "no rule, no hold");
}

#[test]
fn what_is_wrong_with_a_file_is_said() {
    let rule = |rule: &str| Rules::parse(&format!("review_at = 1\nrefuse_at = 2\n{rule}")).unwrap_err().to_string();
    let of = |name: &str, when: &str| format!("[[rule]]\nname = '{name}'\nscore = 1\nwhen = {when}\n");
    for (text, expected) in [
        (of("a", "{ kind = 'velocity' }"), "the rule 'a' is of kind velocity: it has either payments or amount"),
        (of("a", "{ kind = 'velocity', payments = 1, amount = 1 }"), "either payments or amount"),
        (of("a", "{ kind = 'structuring', amount = 5, below = 5, payments = 1 }"), "can never be met"),
        (of("a", "{ kind = 'new_payee', amount = 1 }").repeat(2), "two rules have the name 'a'"),
        (of("a", "{ kind = 'new_payee', amuont = 1 }"), "amuont"),
        (of("a", "{ kind = 'horoscope' }"), "horoscope"),
        (of("a", "{ kind = 'new_payee', amount = -1 }"), "-1"),
        ("[[rule]]\nname = 'a'\nscore = 1\nheld = true\n".to_owned(), "held"),
    ] {
        let said = rule(&text);
        assert!(said.contains(expected), "'{said}' has no '{expected}'");
    }
    let upside_down = Rules::parse("review_at = 2\nrefuse_at = 1");
    assert_eq!(upside_down, Err(BadRules::Thresholds { review_at: 2, refuse_at: 1 }));
}

prop_compose! {
    fn pasts()(a in 0..200_u64, b in any::<u64>(), c in any::<u64>(), d in any::<u64>(), e in 0..3_u64, f in 0..10_u64) -> Past {
        Past { last_hour: a, last_hour_amount: b, payments: c, mean_amount: d, to_payee: e, to_payee_last_day: f }
    }
}

proptest! {
    /// No figures overflow, and what is said hangs together.
    #[test]
    fn an_assessment_agrees_with_itself(past in pasts(), amount: u64) {
        let rules = Rules::parse(DEFAULT).unwrap();
        let found = rules.assess(&past, amount);
        prop_assert_eq!(found.score == 0, found.reasons.is_empty());
        prop_assert!(!found.refuse || found.review);
        prop_assert!(!rules.holds(&past, amount) || found.review, "held, but not worth a look");
    }

    /// A busier past never makes a payment look better.
    #[test]
    fn more_within_the_hour_never_scores_less(past in pasts(), amount in 0..1_u64 << 53, more in 0..1_000_u64) {
        let rules = Rules::parse(DEFAULT).unwrap();
        let busier = Past {
            last_hour: past.last_hour + more,
            last_hour_amount: past.last_hour_amount.saturating_add(more),
            to_payee_last_day: past.to_payee_last_day + more,
            ..past
        };
        prop_assert!(rules.assess(&busier, amount).score >= rules.assess(&past, amount).score);
    }
}
