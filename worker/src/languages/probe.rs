//! Trying a language out: its probe program has to compile, run and print `ok` inside the sandbox.

use herald_domain::submission::SourceFile;
use herald_domain::text::printable;
use herald_sandbox::{Exit, Report, SandboxError};

use super::Language;
use crate::program::{Program, RunLimits};
use crate::runner::Runner;

/// A machine that is just starting may be too busy once.
const TRIES: usize = 2;

/// The language with its version, or why it is broken. An error is the sandbox's own.
pub(super) async fn probe(runner: &dyn Runner, language: Language) -> Result<Result<Language, String>, SandboxError> {
    let mut outcome = Err(String::new());
    for _ in 0..TRIES {
        outcome = attempt(runner, &language).await?;
        if outcome.is_ok() {
            break;
        }
    }
    Ok(outcome.map(|version| Language { version, ..language }))
}

async fn attempt(runner: &dyn Runner, language: &Language) -> Result<Result<Option<String>, String>, SandboxError> {
    let source = SourceFile { name: language.spec.source_name.clone(), content: language.spec.probe.clone() };
    let sources = [source];
    let program = Program::new(language, &sources);
    let _beside = runner.neighbours().beside().await;
    let folder = runner.open().await?;
    folder.write_files(&program.files()).await?;
    if let Some(compile) = program.compile() {
        let report = folder.run(compile).await?;
        if !succeeded(&report) {
            return Ok(Err(format!("its probe does not compile: {}", describe(&report))));
        }
    }
    let report = folder.run(program.run(Vec::new(), &RunLimits::PROBE)).await?;
    if !succeeded(&report) || report.stdout.trim_ascii() != b"ok" {
        return Ok(Err(format!("its probe does not run: {}", describe(&report))));
    }
    let report = folder.run(program.version(&RunLimits::PROBE)).await?;
    Ok(Ok(first_line(&report)))
}

fn succeeded(report: &Report) -> bool {
    report.stopped_by.is_none() && report.exit == Exit::Code(0)
}

fn describe(report: &Report) -> String {
    let end = match (report.stopped_by, report.exit) {
        (Some(limit), _) => format!("stopped by the limit on {limit:?}"),
        (None, Exit::Code(code)) => format!("exit code {code}"),
        (None, Exit::Signal(signal)) => format!("signal {signal}"),
    };
    first_line(report).map_or_else(|| end.clone(), |line| format!("{end}: {line}"))
}

/// The first line that is not empty, of stderr if stdout has none.
fn first_line(report: &Report) -> Option<String> {
    [&report.stdout, &report.stderr].into_iter().find_map(|bytes| {
        let (text, _) = printable(bytes, 4_096);
        let line = text.lines().map(str::trim).find(|line| !line.is_empty())?;
        Some(herald_domain::text::cut(line, 200).0.to_owned())
    })
}
