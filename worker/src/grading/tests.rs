use super::*;
use Verdict::{Accepted, RunTimeError, TimeLimitExceeded, WrongAnswer};

fn modern(name: &str, aggregation: Aggregation, max_score: Option<f64>, items: Vec<Item>) -> Item {
    let rule = Modern { aggregation, max_score, require_pass: Vec::new() };
    Item::Group(Group { name: name.into(), rule: Rule::Modern(rule), items })
}

fn requiring(group: Item, name: &str) -> Item {
    let Item::Group(mut group) = group else { return group };
    if let Rule::Modern(rule) = &mut group.rule {
        rule.require_pass.push(name.into());
    }
    Item::Group(group)
}

fn cases(numbers: std::ops::Range<usize>) -> Vec<Item> {
    numbers.map(Item::Case).collect()
}

/// A sample (case 0) and three groups: passed or failed for 20, the least of 30, the sum of 50.
fn scoring() -> Grading {
    let groups = vec![
        modern("secret/1", Aggregation::PassFail, Some(20.0), cases(1..3)),
        modern("secret/2", Aggregation::Min, Some(30.0), cases(3..5)),
        requiring(modern("secret/3", Aggregation::Sum, Some(50.0), cases(5..7)), "secret/1"),
    ];
    tree(
        true,
        vec![
            modern("sample", Aggregation::PassFail, None, cases(0..1)),
            modern("secret", Aggregation::Sum, Some(100.0), groups),
        ],
    )
}

fn tree(scoring: bool, items: Vec<Item>) -> Grading {
    let Item::Group(root) = modern("", Aggregation::Sum, None, items) else { unreachable!() };
    Grading { scoring, run_all: false, root }
}

/// Judges as the judge does: what each case would come to, in order. `-` in what is returned: not run.
fn judged(grading: &Grading, verdicts: &[Verdict], scores: &[f64]) -> (String, Total) {
    let mut results = vec![None; verdicts.len()];
    for (n, verdict) in verdicts.iter().enumerate() {
        if grading.wants(n, &results) {
            let accepted = *verdict == Accepted;
            let score = match (accepted, grading.worth(n), scores.get(n)) {
                (false, ..) => grading.rejected_score(n),
                (true, _, Some(score)) => *score,
                (true, Worth::UpTo(score) | Worth::Default(score), None) => score,
                (true, ..) => 0.0,
            };
            results[n] = Some(Graded { verdict: *verdict, score });
        }
    }
    let mark = |result: &Option<Graded>| match result {
        None => '-',
        Some(Graded { verdict: Accepted, .. }) => '+',
        Some(_) => 'x',
    };
    (results.iter().map(mark).collect(), grading.total(&results))
}

fn total(failed: Option<usize>, score: f64, partial: bool) -> Total {
    Total { failed, score: Some(score), partial }
}

#[test]
fn a_pass_fail_problem_stops_at_the_first_that_fails_unless_all_are_asked_for() {
    let mut grading = scoring();
    grading.scoring = false;
    let verdicts = [Accepted, Accepted, WrongAnswer, Accepted, TimeLimitExceeded, Accepted, Accepted];
    let failed = Total { failed: Some(2), score: None, partial: false };
    assert_eq!(judged(&grading, &verdicts, &[]), ("++x----".into(), failed.clone()));
    grading.run_all = true;
    // A group that needs another that failed is not run even then.
    assert_eq!(judged(&grading, &verdicts, &[]), ("++x+x--".into(), failed));
    let (marks, total) = judged(&grading, &[Accepted; 7], &[]);
    assert_eq!((marks.as_str(), total.failed), ("+++++++", None));
}

#[test]
fn groups_give_what_their_rule_says() {
    let grading = scoring();
    assert_eq!(judged(&grading, &[Accepted; 7], &[]), ("+++++++".into(), total(None, 100.0, false)));
    assert_eq!((grading.worth(0), grading.worth(1)), (Worth::Ignored, Worth::Nothing));
    assert_eq!((grading.worth(3), grading.worth(5)), (Worth::UpTo(30.0), Worth::UpTo(25.0)));
    assert_eq!(grading.max_score(), Some(100.0));

    let mut verdicts = [Accepted; 7];
    verdicts[6] = WrongAnswer;
    assert_eq!(judged(&grading, &verdicts, &[]), ("++++++x".into(), total(None, 75.0, true)));
    verdicts[3] = WrongAnswer;
    assert_eq!(judged(&grading, &verdicts, &[]), ("+++x-+x".into(), total(None, 45.0, true)), "the least is 0 already");
    verdicts[1] = RunTimeError;
    assert_eq!(judged(&grading, &verdicts, &[]), ("+x-x---".into(), total(Some(1), 0.0, false)), "3 needs 1");
    assert_eq!(judged(&grading, &[Accepted; 7], &[0.0, 0.0, 0.0, 12.0, 7.5, 25.0, 1.0]).1, total(None, 53.5, false));
    // A failed sample costs nothing, as long as nobody needs it.
    let sample = [WrongAnswer, Accepted, Accepted, Accepted, Accepted, Accepted, Accepted];
    assert_eq!(judged(&grading, &sample, &[]), ("x++++++".into(), total(None, 100.0, true)));
}

#[test]
fn everything_may_have_to_pass() {
    let secret = modern("secret", Aggregation::PassFail, Some(100.0), cases(1..4));
    let grading =
        tree(true, vec![modern("sample", Aggregation::PassFail, None, cases(0..1)), requiring(secret, "sample")]);
    assert_eq!(judged(&grading, &[Accepted; 4], &[]), ("++++".into(), total(None, 100.0, false)));
    let failed = [Accepted, Accepted, WrongAnswer, Accepted];
    assert_eq!(judged(&grading, &failed, &[]), ("++x-".into(), total(Some(2), 0.0, false)));
    let sample = [WrongAnswer, Accepted, Accepted, Accepted];
    assert_eq!(judged(&grading, &sample, &[]), ("x---".into(), total(Some(0), 0.0, false)));
}

fn legacy(name: &str, change: impl Fn(&mut Legacy), items: Vec<Item>) -> Group {
    let mut rule = Legacy {
        break_on_reject: true,
        accept_score: 1.0,
        reject_score: 0.0,
        verdict: VerdictMode::WorstError,
        score: ScoreMode::Sum,
        ignore_sample: false,
        accept_if_any_accepted: false,
    };
    change(&mut rule);
    Group { name: name.into(), rule: Rule::Legacy(rule), items }
}

/// A sample (case 0), and two groups of two cases in `secret`.
fn old(root: impl Fn(&mut Legacy), secret: impl Fn(&mut Legacy), groups: impl Fn(&mut Legacy)) -> Grading {
    let group = |name: &str, items| Item::Group(legacy(name, &groups, items));
    let inner = vec![group("secret/1", cases(1..3)), group("secret/2", cases(3..5))];
    let items = vec![Item::Group(legacy("sample", |_| (), cases(0..1))), Item::Group(legacy("secret", secret, inner))];
    Grading { scoring: true, run_all: false, root: legacy("", root, items) }
}

#[test]
fn legacy_groups_break_or_go_on_and_are_graded_by_flags() {
    let plain = old(|_| (), |_| (), |_| ());
    assert_eq!(judged(&plain, &[Accepted; 5], &[]), ("+++++".into(), total(None, 5.0, false)));
    let one_wrong = [Accepted, Accepted, WrongAnswer, Accepted, Accepted];
    assert_eq!(judged(&plain, &one_wrong, &[]), ("++x--".into(), total(Some(2), 2.0, false)));

    let goes_on = old(|_| (), |rule| rule.break_on_reject = false, |_| ());
    let two = [Accepted, WrongAnswer, Accepted, RunTimeError, Accepted];
    assert_eq!(judged(&goes_on, &two, &[]), ("+x-x-".into(), total(Some(3), 1.0, false)), "the worst error is told");
    let first = old(
        |_| (),
        |rule| {
            rule.break_on_reject = false;
            rule.verdict = VerdictMode::FirstError;
        },
        |_| (),
    );
    assert_eq!(judged(&first, &two, &[]).1.failed, Some(1));

    // As Kattis has it for groups that each give points: accepted if any is, the sample left out.
    let points = old(
        |rule| rule.ignore_sample = true,
        |rule| {
            rule.break_on_reject = false;
            rule.accept_if_any_accepted = true;
        },
        |rule| {
            rule.score = ScoreMode::Min;
            rule.accept_score = 50.0;
        },
    );
    assert_eq!(judged(&points, &one_wrong, &[]), ("++x++".into(), total(None, 50.0, true)));
    assert_eq!(judged(&points, &[Accepted; 5], &[]).1, total(None, 100.0, false));
    assert_eq!(judged(&points, &two, &[]).1, total(Some(3), 0.0, false));
    assert_eq!(points.max_score(), None);

    for (mode, expected) in [(ScoreMode::Avg, 2.0), (ScoreMode::Max, 3.0), (ScoreMode::Min, 1.0), (ScoreMode::Sum, 4.0)]
    {
        let grading = old(|rule| rule.ignore_sample = true, |rule| rule.score = mode, |rule| rule.score = mode);
        assert_eq!(
            judged(&grading, &[Accepted; 5], &[0.0, 1.0, 3.0, 1.0, 3.0]).1.score,
            Some(match mode {
                ScoreMode::Sum => 2.0 * expected,
                _ => expected,
            })
        );
    }
    let always = old(|_| (), |rule| rule.verdict = VerdictMode::AlwaysAccept, |rule| rule.reject_score = -1.0);
    assert_eq!(judged(&always, &one_wrong, &[]), ("++x--".into(), total(None, 1.0, true)));
}
