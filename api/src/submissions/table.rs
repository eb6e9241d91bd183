//! Submissions as CSV (RFC 4180), safe to open in a spreadsheet: a cell that one would take for a formula is quoted by a
//! leading apostrophe.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::views::SubmissionView;

const COLUMNS: [&str; 17] = [
    "id",
    "user",
    "problem",
    "language",
    "status",
    "verdict",
    "reason",
    "score",
    "passed",
    "run",
    "total",
    "time_ms",
    "wall_ms",
    "memory_kb",
    "attempt",
    "created_at",
    "finished_at",
];

pub(super) fn write(submissions: &[SubmissionView]) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(COLUMNS)?;
    for submission in submissions {
        writer.write_record(row(submission))?;
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}

fn row(s: &SubmissionView) -> [String; COLUMNS.len()] {
    [
        s.id.to_string(),
        harmless(&s.user),
        harmless(s.problem.as_deref().unwrap_or_default()),
        harmless(&s.language),
        s.status.to_string(),
        known(s.verdict),
        harmless(s.reason.as_deref().unwrap_or_default()),
        known(s.score),
        s.tests.passed.to_string(),
        s.tests.run.to_string(),
        known(s.tests.total),
        known(s.time_ms),
        known(s.wall_ms),
        known(s.memory_kb),
        s.attempt.to_string(),
        moment(Some(s.created_at)),
        moment(s.finished_at),
    ]
}

/// Not known yet = an empty cell.
fn known<T: std::fmt::Display>(value: Option<T>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

fn moment(at: Option<OffsetDateTime>) -> String {
    at.and_then(|at| at.format(&Rfc3339).ok()).unwrap_or_default()
}

fn harmless(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    if formula { format!("'{text}") } else { text.to_owned() }
}

/// Whether `Accept` asks for `text/csv` by name and likes nothing that JSON satisfies better.
pub(super) fn is_preferred<'a>(accept: impl Iterator<Item = &'a str>) -> bool {
    let (mut table, mut json) = (0.0_f32, 0.0_f32);
    for range in accept.flat_map(|value| value.split(',')) {
        let mut parts = range.split(';').map(str::trim);
        let essence = parts.next().unwrap_or_default().to_ascii_lowercase();
        let quality = parts.find_map(|part| part.strip_prefix("q=")?.parse().ok()).unwrap_or(1.0);
        match essence.as_str() {
            "text/csv" => table = quality,
            "application/json" => json = quality,
            _ => {}
        }
    }
    table > json
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_is_chosen_by_name_only() {
        let preferred = |accept: &str| is_preferred([accept].into_iter());
        assert!(preferred("text/csv"));
        assert!(preferred("text/csv, application/json;q=0.5"));
        assert!(preferred("text/csv;q=0.9, */*;q=0.1"));
        for json in ["", "*/*", "text/*", "application/json", "text/csv;q=0.1, application/json", "text/csv;q=0"] {
            assert!(!preferred(json), "{json}");
        }
    }

    #[test]
    fn a_cell_is_never_a_formula() {
        for (cell, written) in [("=1+1", "'=1+1"), ("@x", "'@x"), ("-1", "'-1"), ("signal:9", "signal:9"), ("", "")] {
            assert_eq!(harmless(cell), written);
        }
    }
}
