//! A submission as people read it on a terminal.

use std::fmt::Write;

use herald_domain::submission::{CaseResult, Status, Tests, Verdict};
use herald_domain::view::StatusView;
use owo_colors::{AnsiColors, OwoColorize, Stream};

/// The verdict in colour (where stdout has it), the figures, the first case that failed, and what the program wrote.
pub fn describe(view: &StatusView) -> String {
    let (words, color) = headline(view);
    let mut text = words.if_supports_color(Stream::Stdout, |text| text.color(color)).to_string();
    for figure in figures(view) {
        let _ = write!(text, " · {figure}");
    }
    if let Some(case) = view.cases.iter().find(|case| case.verdict != Verdict::Accepted) {
        let _ = write!(text, "\n{}", failing(case));
    }
    section(&mut text, "compile output", view.compile_output.as_deref(), view);
    section(&mut text, "stdout", view.stdout.as_deref(), view);
    section(&mut text, "stderr", view.stderr.as_deref(), view);
    text
}

fn headline(view: &StatusView) -> (String, AnsiColors) {
    let Some(verdict) = view.verdict else {
        let color = if view.status == Status::Cancelled { AnsiColors::Magenta } else { AnsiColors::Cyan };
        return (view.status.to_string(), color);
    };
    let color = match verdict {
        Verdict::Accepted => AnsiColors::Green,
        Verdict::WrongAnswer | Verdict::RunTimeError | Verdict::CompileError => AnsiColors::Red,
        Verdict::TimeLimitExceeded | Verdict::MemoryLimitExceeded | Verdict::OutputLimitExceeded => AnsiColors::Yellow,
        Verdict::InternalError => AnsiColors::Magenta,
    };
    (verdict.as_str().replace('_', " "), color)
}

fn figures(view: &StatusView) -> Vec<String> {
    let mut all = Vec::new();
    if view.verdict.is_some_and(|verdict| verdict != Verdict::Accepted) {
        all.extend(view.reason.clone());
    }
    all.extend(view.score.map(|score| format!("{score} points")));
    if view.problem.is_some() {
        all.extend(tests(view.tests));
    }
    all.extend(view.exit_code.filter(|_| view.problem.is_none()).map(|code| format!("exit {code}")));
    all.extend(view.signal.map(|signal| format!("signal {signal}")));
    all.extend(view.time_ms.map(|ms| format!("{ms} ms")));
    all.extend(view.memory_kb.map(mebibytes));
    all
}

fn tests(tests: Tests) -> Option<String> {
    tests.total.map(|total| format!("{} of {total} test cases passed", tests.passed))
}

fn mebibytes(kib: u64) -> String {
    format!("{}.{} MiB", kib / 1024, kib % 1024 * 10 / 1024)
}

fn failing(case: &CaseResult) -> String {
    let CaseResult { n, group, verdict, .. } = case;
    let reason = case.reason.as_deref().map(|reason| format!(" ({reason})")).unwrap_or_default();
    let message = case.message.as_deref().map(|message| format!(": {}", message.trim_end())).unwrap_or_default();
    format!("  first failing: case {n} of {group}, {}{reason}{message}", verdict.as_str().replace('_', " "))
}

/// One of the long texts, indented, if there is one.
fn section(text: &mut String, name: &str, content: Option<&str>, view: &StatusView) {
    let Some(content) = content.filter(|content| !content.trim().is_empty()) else { return };
    let cut = view.truncated.iter().any(|field| field.replace('_', " ") == name);
    let _ = write!(text, "\n{name}{}:", if cut { " (cut)" } else { "" });
    for line in content.trim_end().lines() {
        let _ = write!(text, "\n  {line}");
    }
}

#[cfg(test)]
mod test {
    use super::*;
    use serde_json::json;

    fn view(extra: serde_json::Value) -> StatusView {
        let mut view = json!({"id": "0190a6f0-0000-7000-8000-000000000001", "status": "finished", "language": "c",
            "tests": {"passed": 0, "run": 0, "total": null}, "cases": [], "attempt": 1, "offset": 4,
            "created_at": "2026-01-01T00:00:00Z", "finished_at": "2026-01-01T00:00:01Z"});
        view.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        serde_json::from_value(view).unwrap()
    }

    #[test]
    fn the_first_failing_case_is_told() {
        let case = |n, verdict| {
            json!({"n": n, "group": "secret", "verdict": verdict, "reason": "token", "time_ms": 1,
            "wall_ms": 1, "memory_kb": 1, "message": null})
        };
        let wrong = view(json!({"verdict": "wrong_answer", "reason": "token", "problem": "a-plus-b", "time_ms": 12,
            "memory_kb": 3277, "tests": {"passed": 1, "run": 3, "total": 3},
            "cases": [case(1, "accepted"), case(2, "wrong_answer"), case(3, "run_time_error")]}));
        assert_eq!(
            describe(&wrong),
            "wrong answer · token · 1 of 3 test cases passed · 12 ms · 3.2 MiB\n  first failing: case 2 of secret, wrong answer (token)"
        );
    }

    #[test]
    fn a_problem_with_points_tells_them() {
        let some = view(json!({"verdict": "accepted", "reason": "partial", "score": 62.5, "problem": "crates",
            "tests": {"passed": 3, "run": 4, "total": 4}}));
        assert_eq!(describe(&some), "accepted · 62.5 points · 3 of 4 test cases passed");
    }

    #[test]
    fn without_a_problem_the_output_is_shown() {
        let ran = view(json!({"verdict": "accepted", "reason": "ok", "exit_code": 0, "stdout": "a\nb\n", "stderr": "",
            "truncated": ["stdout"]}));
        assert_eq!(describe(&ran), "accepted · exit 0\nstdout (cut):\n  a\n  b");
    }
}
