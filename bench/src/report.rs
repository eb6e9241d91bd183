//! The figures as a Markdown table and as JSON.

use std::fmt::Write;

use herald_domain::clock::{Clock, SystemClock};
use serde::Serialize;

use crate::machine::Machine;
use crate::stats::Spread;

/// What a figure is to reach.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Goal {
    AtMost(f64),
    AtLeast(f64),
}

/// One figure that counts, with those beside it that only inform.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Row {
    pub name: &'static str,
    pub what: &'static str,
    /// `×` for a ratio.
    pub unit: &'static str,
    pub figure: Spread,
    pub goal: Option<Goal>,
    /// The goal is one for a later release.
    pub later: bool,
    pub beside: Vec<Beside>,
    /// Rounds that began while others used the machine.
    pub disturbed: usize,
}

/// An absolute figure of this machine.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Beside {
    pub what: &'static str,
    pub unit: &'static str,
    pub figure: Spread,
}

impl Beside {
    pub fn new(what: &'static str, unit: &'static str, rounds: &[f64]) -> Self {
        Self { what, unit, figure: Spread::of(rounds.to_vec()) }
    }
}

impl Goal {
    fn is_met(self, figure: f64) -> bool {
        match self {
            Self::AtMost(most) => figure <= most,
            Self::AtLeast(least) => figure >= least,
        }
    }
}

#[derive(Serialize)]
pub struct Report {
    date: String,
    machine: Machine,
    servers: String,
    rows: Vec<Row>,
}

impl Report {
    pub fn new(machine: Machine, servers: String, rows: Vec<Row>) -> Self {
        Self { date: SystemClock.now().date().to_string(), machine, servers, rows }
    }

    pub fn json(&self) -> anyhow::Result<String> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }

    /// A line about the run, the table, and what its marks mean.
    pub fn markdown(&self) -> String {
        let Machine { cpu, cores, memory_gib, kernel } = &self.machine;
        let mut text = format!(
            "{}, {cores} cores ({cpu}), {memory_gib} GiB, Linux {kernel}, {}; client, servers and Herald on the same cores.\n\n",
            self.date, self.servers
        );
        let heads = ["measured", "median [least–greatest]", "goal", "met", "absolute, on this machine"];
        let lines: Vec<_> = self.rows.iter().map(cells).collect();
        table(&mut text, &heads.map(str::to_owned), &lines);
        if self.rows.iter().any(|row| row.disturbed > 0) {
            text.push_str("\n† so many rounds began while other programs used the machine.\n");
        }
        text
    }
}

fn cells(row: &Row) -> [String; 5] {
    let mut figure = with_spread(&row.figure, row.unit);
    if row.disturbed > 0 {
        let _ = write!(figure, " †{}/{}", row.disturbed, row.figure.rounds.len());
    }
    let goal = match row.goal {
        None => "–".to_owned(),
        Some(goal) => {
            let (sign, value) = match goal {
                Goal::AtMost(most) => ("≤", most),
                Goal::AtLeast(least) => ("≥", least),
            };
            format!("{sign} {}{}", number(value), if row.later { ", later" } else { "" })
        }
    };
    let met = row.goal.map_or("–", |goal| if goal.is_met(row.figure.median) { "yes" } else { "**no**" });
    let beside: Vec<_> = row.beside.iter().map(beside_cell).collect();
    [row.what.to_owned(), figure, goal, met.to_owned(), beside.join("; ")]
}

fn beside_cell(beside: &Beside) -> String {
    format!("{} {}{}", beside.what, number(beside.figure.median), unit(beside.unit))
}

fn with_spread(spread: &Spread, name: &str) -> String {
    let median = number(spread.median);
    format!("{median}{} [{}–{}]", unit(name), number(spread.min), number(spread.max))
}

fn unit(name: &str) -> String {
    if name.is_empty() { String::new() } else { format!(" {name}") }
}

/// Three digits that mean something, thousands apart.
fn number(value: f64) -> String {
    let decimals = match value.abs() {
        small if small < 10.0 => 2,
        middle if middle < 100.0 => 1,
        _ => 0,
    };
    let text = format!("{value:.decimals$}");
    let (whole, rest) = text.split_once('.').map_or((text.as_str(), None), |(whole, rest)| (whole, Some(rest)));
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) && digit.is_ascii_digit() {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    rest.map_or(grouped.clone(), |rest| format!("{grouped}.{rest}"))
}

/// Columns padded, so that it can be read as it is.
fn table<const N: usize>(text: &mut String, heads: &[String; N], lines: &[[String; N]]) {
    let all = || std::iter::once(heads).chain(lines);
    let widths: Vec<_> = (0..N).map(|n| all().map(|cells| cells[n].chars().count()).max().unwrap_or(0)).collect();
    for (index, cells) in all().enumerate() {
        for (cell, width) in cells.iter().zip(&widths) {
            let _ = write!(text, "| {cell:width$} ");
        }
        text.push_str("|\n");
        if index == 0 {
            for width in &widths {
                let _ = write!(text, "|{}", "-".repeat(width + 2));
            }
            text.push_str("|\n");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_digits_that_mean_something() {
        let cases =
            [(0.456, "0.46"), (2.0, "2.00"), (47.25, "47.2"), (812.4, "812"), (14_052.3, "14,052"), (1e6, "1,000,000")];
        for (value, text) in cases {
            assert_eq!(number(value), text);
        }
    }

    #[test]
    fn a_missed_goal_and_a_disturbed_round_are_said() {
        let row = Row {
            name: "push_p50",
            what: "push",
            unit: "×",
            figure: Spread::of(vec![3.5, 3.0, 4.0]),
            goal: Some(Goal::AtMost(3.0)),
            later: true,
            beside: vec![Beside::new("frame", "ms", &[1.0])],
            disturbed: 2,
        };
        assert_eq!(cells(&row), ["push", "3.50 × [3.00–4.00] †2/3", "≤ 3.00, later", "**no**", "frame 1.00 ms"]);
        let good = Row { goal: Some(Goal::AtLeast(3.5)), disturbed: 0, ..row };
        assert_eq!(cells(&good)[3], "yes");
    }
}
