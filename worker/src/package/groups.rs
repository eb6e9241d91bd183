//! How the cases are grouped, and what each group counts: `grading`'s tree, made from a package's settings.

use super::config::Config;
use super::settings::{AllSettings, MaxScore, Settings};
use super::{PackageError, TestCase, Validation};
use crate::grading::{Aggregation, Grading, Group, Item, Legacy, Modern, Rule, ScoreMode, VerdictMode, Worth};

/// Of `secret`, unless it says otherwise (2025-09).
const DEFAULT_MAX_SCORE: f64 = 100.0;

pub(super) fn read(
    cases: &[TestCase],
    config: &Config,
    settings: &AllSettings,
    run_all: bool,
) -> Result<Grading, PackageError> {
    let rules = Rules { config, settings };
    let root = if config.legacy { rules.legacy_tree(cases)? } else { rules.modern_tree(cases)? };
    let grading = Grading { scoring: config.kind.scoring, run_all, root };
    if !config.legacy {
        check_references(&grading)?;
        if grading.scoring {
            check_scores(&grading)?;
            check_unbounded(&grading, cases)?;
        }
    }
    Ok(grading)
}

struct Rules<'a> {
    config: &'a Config,
    settings: &'a AllSettings,
}

impl Rules<'_> {
    /// `secret` holds cases, or groups that are the folders right below it.
    fn modern_tree(&self, cases: &[TestCase]) -> Result<Group, PackageError> {
        let mut tops: Vec<Group> = Vec::new();
        for (n, case) in cases.iter().enumerate() {
            let (top, below) = case.name.split_once('/').unwrap_or((&case.name, ""));
            let top = self.group_in(&mut tops, top)?;
            let inner = below.split_once('/').map(|(folder, _)| format!("{}/{folder}", top.name));
            let Some(inner) = inner.filter(|_| top.name == "secret") else {
                top.items.push(Item::Case(n));
                continue;
            };
            let known = top.items.iter().any(|item| matches!(item, Item::Group(group) if group.name == inner));
            if !known {
                let rule = self.modern_rule(&inner)?;
                top.items.push(Item::Group(Group { name: inner.clone(), rule, items: Vec::new() }));
            }
            let group = top.items.iter_mut().find_map(|item| match item {
                Item::Group(group) if group.name == inner => Some(group),
                _ => None,
            });
            group.into_iter().for_each(|group| group.items.push(Item::Case(n)));
        }
        let mixed = |top: &Group| {
            let groups = top.items.iter().filter(|item| matches!(item, Item::Group(_))).count();
            groups > 0 && groups < top.items.len()
        };
        if self.config.kind.scoring && tops.iter().any(mixed) {
            let what = "has both cases and groups; a scoring problem has either, so put the cases into a group";
            return Err(PackageError::invalid("data/secret", what));
        }
        let rule = Modern { aggregation: Aggregation::Sum, max_score: None, require_pass: Vec::new() };
        let items = tops.into_iter().map(Item::Group).collect();
        Ok(Group { name: String::new(), rule: Rule::Modern(rule), items })
    }

    fn group_in<'g>(&self, groups: &'g mut Vec<Group>, name: &str) -> Result<&'g mut Group, PackageError> {
        let at = match groups.iter().position(|group| group.name == name) {
            Some(at) => at,
            None => {
                groups.push(Group { name: name.to_owned(), rule: self.modern_rule(name)?, items: Vec::new() });
                groups.len() - 1
            }
        };
        Ok(&mut groups[at])
    }

    fn modern_rule(&self, name: &str) -> Result<Rule, PackageError> {
        let (file, settings) = match self.settings.of_folder(&format!("data/{name}")) {
            Some((file, settings)) => (file, settings.clone()),
            None => (format!("data/{name}/test_group.yaml"), Settings::default()),
        };
        let invalid = |what: String| Err(PackageError::invalid(&file, what));
        let scored = settings.max_score.is_some() || settings.score_aggregation.is_some();
        if name == "sample" && (scored || !settings.require_pass().is_empty()) {
            return invalid(
                "max_score, score_aggregation and require_pass make no sense for samples; remove them".into(),
            );
        }
        let secret = name == "secret";
        let aggregation = match settings.score_aggregation.as_deref() {
            None if secret => Aggregation::Sum,
            None | Some("pass-fail") => Aggregation::PassFail,
            Some("sum") => Aggregation::Sum,
            Some("min") => Aggregation::Min,
            Some(other) => return invalid(format!("score_aggregation '{other}' is not pass-fail, sum or min")),
        };
        let max_score = match &settings.max_score {
            None if secret => Some(DEFAULT_MAX_SCORE),
            None => None,
            Some(MaxScore::Number(number)) if *number >= 0.0 => Some(*number),
            Some(MaxScore::Word(word)) if word == "unbounded" => None,
            Some(_) => return invalid("max_score is neither a number from 0 on nor 'unbounded'".into()),
        };
        Ok(Rule::Modern(Modern { aggregation, max_score, require_pass: settings.require_pass() }))
    }

    /// A group for every folder.
    fn legacy_tree(&self, cases: &[TestCase]) -> Result<Group, PackageError> {
        let mut root = Group { name: String::new(), rule: self.legacy_rule("data")?, items: Vec::new() };
        for (n, case) in cases.iter().enumerate() {
            let mut group = &mut root;
            for (end, _) in case.name.match_indices('/') {
                group = self.legacy_child(group, &case.name[..end])?;
            }
            group.items.push(Item::Case(n));
        }
        Ok(root)
    }

    fn legacy_child<'g>(&self, group: &'g mut Group, name: &str) -> Result<&'g mut Group, PackageError> {
        let is_it = |item: &Item| matches!(item, Item::Group(group) if group.name == name);
        let at = match group.items.iter().position(is_it) {
            Some(at) => at,
            None => {
                let rule = self.legacy_rule(&format!("data/{name}"))?;
                group.items.push(Item::Group(Group { name: name.to_owned(), rule, items: Vec::new() }));
                group.items.len() - 1
            }
        };
        match &mut group.items[at] {
            Item::Group(group) => Ok(group),
            Item::Case(_) => Err(PackageError::invalid(name, "is both a case and a group; rename one")),
        }
    }

    fn legacy_rule(&self, folder: &str) -> Result<Rule, PackageError> {
        let inherited = |of: &dyn Fn(&Settings) -> Option<f64>| self.settings.inherited(folder, of);
        let on_reject = self.settings.inherited(folder, |settings| settings.on_reject.clone());
        let flags = self.settings.inherited(folder, |settings| settings.grader_flags.clone()).unwrap_or_default();
        let file = || format!("{folder}/testdata.yaml");
        let mut rule = Legacy {
            break_on_reject: match on_reject.as_deref() {
                None | Some("break") => true,
                Some("continue") => false,
                Some(other) => {
                    return Err(PackageError::invalid(
                        &file(),
                        format!("on_reject '{other}' is not break or continue"),
                    ));
                }
            },
            accept_score: inherited(&|settings| settings.accept_score).unwrap_or(1.0),
            reject_score: inherited(&|settings| settings.reject_score).unwrap_or(0.0),
            verdict: VerdictMode::WorstError,
            score: ScoreMode::Sum,
            ignore_sample: false,
            accept_if_any_accepted: false,
        };
        for flag in flags.split_whitespace() {
            match flag {
                "worst_error" | "no_errors" => rule.verdict = VerdictMode::WorstError,
                "first_error" => rule.verdict = VerdictMode::FirstError,
                "always_accept" => rule.verdict = VerdictMode::AlwaysAccept,
                "sum" => rule.score = ScoreMode::Sum,
                "avg" => rule.score = ScoreMode::Avg,
                "min" => rule.score = ScoreMode::Min,
                "max" => rule.score = ScoreMode::Max,
                // Said of the root, which the groups below must not take over.
                "ignore_sample" => rule.ignore_sample = folder == "data",
                "accept_if_any_accepted" => rule.accept_if_any_accepted = true,
                other => {
                    let what = format!("grader_flags has '{other}', which the default grader does not know");
                    return Err(PackageError::invalid(&file(), what));
                }
            }
        }
        Ok(Rule::Legacy(rule))
    }
}

/// Every group that is required is there, and earlier.
fn check_references(grading: &Grading) -> Result<(), PackageError> {
    let mut earlier: Vec<&str> = Vec::new();
    for top in grading.root.groups() {
        for group in std::iter::once(top).chain(top.groups()) {
            let Rule::Modern(rule) = &group.rule else { continue };
            if let Some(missing) = rule.require_pass.iter().find(|name| !earlier.contains(&name.as_str())) {
                let what = format!("require_pass names '{missing}', which is no group that comes before");
                return Err(PackageError::invalid(&format!("data/{}/test_group.yaml", group.name), what));
            }
            // A group inside another cannot wait for it.
            if group != top {
                earlier.push(&group.name);
            }
        }
        earlier.push(&top.name);
    }
    Ok(())
}

/// Bounds fit together (2025-09, "Scoring problems").
fn check_scores(grading: &Grading) -> Result<(), PackageError> {
    let Some(secret) = grading.root.find("secret") else { return Ok(()) };
    let Rule::Modern(top) = &secret.rule else { return Ok(()) };
    let file = |group: &Group| format!("data/{}/test_group.yaml", group.name);
    let mut together = 0.0;
    for group in std::iter::once(secret).chain(secret.groups()) {
        let Rule::Modern(rule) = &group.rule else { continue };
        let what = match (rule.aggregation, rule.max_score) {
            (Aggregation::PassFail, None) => "has no max_score, which a group that is passed or failed needs; add it",
            (_, None) if top.max_score.is_some() => "has no max_score, but secret has one (100 by default); add it",
            (Aggregation::Sum | Aggregation::Min, _) if top.aggregation == Aggregation::PassFail && group != secret => {
                "has score_aggregation sum or min below a secret that is passed or failed as a whole"
            }
            _ => {
                together += rule.max_score.filter(|_| group != secret).unwrap_or(0.0);
                continue;
            }
        };
        return Err(PackageError::invalid(&file(group), what));
    }
    match top.max_score {
        Some(most) if top.aggregation == Aggregation::Sum && together > most => {
            let what = format!("the max_score of its groups come to {together}, more than secret's {most}");
            Err(PackageError::invalid(&file(secret), what))
        }
        _ => Ok(()),
    }
}

/// Where there is no bound, the validator has to say the score.
fn check_unbounded(grading: &Grading, cases: &[TestCase]) -> Result<(), PackageError> {
    let silent = |(n, case): &(usize, &TestCase)| {
        matches!(case.validation, Validation::Default(_)) && grading.worth(*n) == Worth::Unbounded
    };
    match cases.iter().enumerate().find(silent) {
        None => Ok(()),
        Some((_, case)) => {
            let file = format!("data/{}/test_group.yaml", case.group);
            Err(PackageError::invalid(&file, "is unbounded, but the default validator gives no scores; add max_score"))
        }
    }
}
