//! From the outcomes of cases to the outcome of a submission: which case is still worth running, the score, the verdict.
//!
//! Two rules of the package format: that of 2025-09 (`score_aggregation`, `max_score`, `require_pass`), and the legacy
//! one (`on_reject` and the default grader with its flags).
//!
//! Invariant: everything here depends on the tree and on the outcomes so far, on nothing else; a case that was not run
//! counts as not accepted and gives nothing.

use herald_domain::submission::Verdict;

/// How the cases of a problem are grouped and what counts.
#[derive(Clone, Debug, PartialEq)]
pub struct Grading {
    /// A problem of type `scoring`; else the score is of no account.
    pub scoring: bool,
    /// Run every case although the outcome is settled.
    pub run_all: bool,
    /// The folder `data`: `sample` (if there is any) and `secret`.
    pub root: Group,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// Path below `data/`; empty for the root.
    pub name: String,
    pub rule: Rule,
    /// In the order they are judged.
    pub items: Vec<Item>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// By its place among the problem's cases.
    Case(usize),
    Group(Group),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Rule {
    Modern(Modern),
    Legacy(Legacy),
}

/// 2025-09.
#[derive(Clone, Debug, PartialEq)]
pub struct Modern {
    pub aggregation: Aggregation,
    /// None: unbounded.
    pub max_score: Option<f64>,
    /// Groups whose cases have to be accepted, each of them, before this group is run.
    pub require_pass: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aggregation {
    PassFail,
    Sum,
    Min,
}

/// `testdata.yaml` and the flags of the default grader.
#[derive(Clone, Debug, PartialEq)]
pub struct Legacy {
    /// Stop at the first item of the group that is not accepted.
    pub break_on_reject: bool,
    pub accept_score: f64,
    pub reject_score: f64,
    pub verdict: VerdictMode,
    pub score: ScoreMode,
    /// The score and verdict of a group are those of its last item alone.
    pub ignore_sample: bool,
    pub accept_if_any_accepted: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VerdictMode {
    WorstError,
    FirstError,
    AlwaysAccept,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScoreMode {
    Sum,
    Avg,
    Min,
    Max,
}

/// What came of a case.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Graded {
    pub verdict: Verdict,
    pub score: f64,
}

/// What an accepted case gives.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Worth {
    /// No score is made for it, and none may be.
    Nothing,
    /// A sample: a score is passed over.
    Ignored,
    /// At most this much, and all of it unless the validator says otherwise.
    UpTo(f64),
    /// What the validator says; it has to.
    Unbounded,
    /// What the validator says, else this much.
    Default(f64),
}

/// What came of the submission.
#[derive(Clone, Debug, PartialEq)]
pub struct Total {
    /// The case whose verdict is the submission's; none: accepted.
    pub failed: Option<usize>,
    /// Null unless it is a scoring problem.
    pub score: Option<f64>,
    /// Accepted, but not with every case.
    pub partial: bool,
}

type Results = [Option<Graded>];

impl Grading {
    /// Whether this case is to be run after what has come out.
    pub fn wants(&self, case: usize, results: &Results) -> bool {
        if !self.scoring && !self.run_all && matches!(self.root.rule, Rule::Modern(_)) {
            return !results.iter().any(|result| failed(*result));
        }
        let mut group = &self.root;
        loop {
            let Some(at) = group.items.iter().position(|item| item.has(case)) else { return false };
            if !self.goes_on(group, at, results) {
                return false;
            }
            match &group.items[at] {
                Item::Case(_) => return true,
                Item::Group(inner) => group = inner,
            }
        }
    }

    /// Whether a group still wants its item `at`.
    fn goes_on(&self, group: &Group, at: usize, results: &Results) -> bool {
        match &group.rule {
            Rule::Modern(rule) => {
                let passed = |name: &String| self.root.find(name).is_some_and(|group| group.passed(results));
                if !rule.require_pass.iter().all(passed) {
                    return false;
                }
                let settled = match rule.aggregation {
                    Aggregation::Sum => false,
                    Aggregation::PassFail => group.cases().into_iter().any(|case| failed(results[case])),
                    Aggregation::Min => {
                        group.items.iter().any(|item| matches!(item, Item::Case(n) if failed(results[*n])))
                    }
                };
                self.run_all || !settled
            }
            Rule::Legacy(rule) => {
                self.run_all
                    || !rule.break_on_reject
                    || group.items[..at]
                        .iter()
                        .all(|item| legacy_item(item, results).is_none_or(|result| result.verdict == Verdict::Accepted))
            }
        }
    }

    /// What this case gives if it is accepted.
    pub fn worth(&self, case: usize) -> Worth {
        let Some(group) = self.root.holder(case).filter(|_| self.scoring) else { return Worth::Nothing };
        match &group.rule {
            Rule::Legacy(rule) => Worth::Default(rule.accept_score),
            Rule::Modern(_) if group.name == "sample" => Worth::Ignored,
            Rule::Modern(rule) => match (rule.aggregation, rule.max_score) {
                (Aggregation::PassFail, _) => Worth::Nothing,
                (Aggregation::Sum | Aggregation::Min, None) => Worth::Unbounded,
                (Aggregation::Sum, Some(most)) => Worth::UpTo(most / group.items.len().max(1) as f64),
                (Aggregation::Min, Some(most)) => Worth::UpTo(most),
            },
        }
    }

    /// The score of a case that is not accepted.
    pub fn rejected_score(&self, case: usize) -> f64 {
        match self.root.holder(case).map(|group| &group.rule) {
            Some(Rule::Legacy(rule)) => rule.reject_score,
            _ => 0.0,
        }
    }

    /// The most that a submission can get; none: no bound that is known.
    pub fn max_score(&self) -> Option<f64> {
        let secret = self.root.find("secret").filter(|_| self.scoring)?;
        match &secret.rule {
            Rule::Modern(rule) => rule.max_score,
            Rule::Legacy(_) => None,
        }
    }

    pub fn total(&self, results: &Results) -> Total {
        let first_failed = self.root.cases().into_iter().find(|case| failed(results[*case]));
        match &self.root.rule {
            Rule::Modern(_) if !self.scoring => Total { failed: first_failed, score: None, partial: false },
            Rule::Modern(_) => {
                let score = self.root.find("secret").map_or(0.0, |secret| modern_score(secret, results));
                let accepted = score > 0.0 || first_failed.is_none();
                Total {
                    failed: first_failed.filter(|_| !accepted),
                    score: Some(score),
                    partial: accepted && first_failed.is_some(),
                }
            }
            Rule::Legacy(_) => {
                let total = legacy_group(&self.root, results);
                let like = |case: &usize| results[*case].is_some_and(|result| result.verdict == total.verdict);
                let named = self.root.cases().into_iter().find(like).or(first_failed);
                let accepted = total.verdict == Verdict::Accepted;
                Total {
                    failed: named.filter(|_| !accepted),
                    score: self.scoring.then_some(total.score),
                    partial: accepted && first_failed.is_some(),
                }
            }
        }
    }
}

impl Item {
    fn has(&self, case: usize) -> bool {
        match self {
            Self::Case(n) => *n == case,
            Self::Group(group) => group.items.iter().any(|item| item.has(case)),
        }
    }
}

impl Group {
    /// The group of this name, itself included.
    pub fn find(&self, name: &str) -> Option<&Group> {
        if self.name == name {
            return Some(self);
        }
        self.groups().find_map(|group| group.find(name))
    }

    pub fn groups(&self) -> impl Iterator<Item = &Group> {
        self.items.iter().filter_map(|item| match item {
            Item::Group(group) => Some(group),
            Item::Case(_) => None,
        })
    }

    /// Every case below it, in order.
    pub fn cases(&self) -> Vec<usize> {
        let below = |item: &Item| match item {
            Item::Case(n) => vec![*n],
            Item::Group(group) => group.cases(),
        };
        self.items.iter().flat_map(below).collect()
    }

    /// The innermost group that this case is in.
    fn holder(&self, case: usize) -> Option<&Group> {
        if self.items.contains(&Item::Case(case)) {
            return Some(self);
        }
        self.groups().find_map(|group| group.holder(case))
    }

    fn passed(&self, results: &Results) -> bool {
        self.cases().into_iter().all(|case| results[case].is_some_and(|result| result.verdict == Verdict::Accepted))
    }
}

fn failed(result: Option<Graded>) -> bool {
    result.is_some_and(|result| result.verdict != Verdict::Accepted)
}

fn modern_score(group: &Group, results: &Results) -> f64 {
    let Rule::Modern(rule) = &group.rule else { return 0.0 };
    let scores = group.items.iter().map(|item| match item {
        Item::Case(n) => results[*n].map_or(0.0, |result| result.score),
        Item::Group(group) => modern_score(group, results),
    });
    match rule.aggregation {
        Aggregation::PassFail if group.passed(results) => rule.max_score.unwrap_or(0.0),
        Aggregation::PassFail => 0.0,
        Aggregation::Sum => scores.sum(),
        Aggregation::Min => scores.reduce(f64::min).unwrap_or(0.0),
    }
}

/// None: nothing of it has been run.
fn legacy_item(item: &Item, results: &Results) -> Option<Graded> {
    match item {
        Item::Case(n) => results[*n],
        Item::Group(group) => {
            group.cases().into_iter().any(|case| results[case].is_some()).then(|| legacy_group(group, results))
        }
    }
}

/// What the default grader makes of the items of a group that have been run.
fn legacy_group(group: &Group, results: &Results) -> Graded {
    let Rule::Legacy(rule) = &group.rule else { return Graded { verdict: Verdict::Accepted, score: 0.0 } };
    let mut items: Vec<Graded> = group.items.iter().filter_map(|item| legacy_item(item, results)).collect();
    if rule.ignore_sample {
        items.drain(..items.len().saturating_sub(1));
    }
    let verdicts = || items.iter().map(|item| item.verdict);
    let verdict = if rule.accept_if_any_accepted && verdicts().any(|verdict| verdict == Verdict::Accepted) {
        Verdict::Accepted
    } else {
        match rule.verdict {
            VerdictMode::AlwaysAccept => Verdict::Accepted,
            VerdictMode::FirstError => verdicts().find(|v| *v != Verdict::Accepted).unwrap_or(Verdict::Accepted),
            VerdictMode::WorstError => verdicts().min_by_key(|verdict| rank(*verdict)).unwrap_or(Verdict::Accepted),
        }
    };
    let scores = || items.iter().map(|item| item.score);
    let score = match rule.score {
        ScoreMode::Sum => scores().sum(),
        ScoreMode::Avg => scores().sum::<f64>() / items.len().max(1) as f64,
        ScoreMode::Min => scores().reduce(f64::min).unwrap_or(0.0),
        ScoreMode::Max => scores().reduce(f64::max).unwrap_or(0.0),
    };
    Graded { verdict, score }
}

/// The default grader's order of errors, worst first.
fn rank(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::InternalError => 0,
        Verdict::CompileError => 1,
        Verdict::RunTimeError => 2,
        Verdict::MemoryLimitExceeded => 3,
        Verdict::TimeLimitExceeded => 4,
        Verdict::OutputLimitExceeded => 5,
        Verdict::WrongAnswer => 6,
        Verdict::Accepted => 7,
    }
}

#[cfg(test)]
mod tests;
