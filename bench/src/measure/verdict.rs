//! From POST to the pushed verdict of trivial programs in `herald up`: ten cases each, and what a C++ source costs that
//! includes all of the library.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, ensure};
use bytes::Bytes;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::http::Client;
use crate::measure::up::wait_until_calm;
use crate::process::Process;
use crate::report::{Beside, Goal, Row};
use crate::spawner::Spawner;
use crate::stats::{Spread, percentile};
use crate::watcher::Watcher;
use crate::{Bench, machine};

/// Submissions of each kind in a round.
const TURNS: usize = 40;
/// Compilations in a round: each takes most of a second.
const COMPILATIONS: usize = 8;
const CASES: usize = 10;
const SLUG: &str = "ten-cases";
const C: &str =
    "#include <stdio.h>\nint main(void) { int a; return scanf(\"%d\", &a) != 1 || printf(\"%d\\n\", a) < 0; }\n";
const PYTHON: &str = "print(int(input()))\n";
const CPP: &str = "#include <bits/stdc++.h>\nint main() { int a; std::cin >> a; std::cout << a << '\\n'; }\n";
/// As worker/languages.toml compiles C++ 20.
const PLAIN: &str = "/usr/bin/g++ -std=gnu++20 -O2 -pipe";

/// The median of each round, in milliseconds.
#[derive(Default)]
struct Rounds {
    c: Vec<f64>,
    python: Vec<f64>,
    fresh: Vec<f64>,
    known: Vec<f64>,
    compile: Vec<f64>,
    plain: Vec<f64>,
    disturbed: usize,
}

pub async fn measure(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let folder = bench.folder.path();
    let data = tempfile::tempdir_in(folder)?;
    let process = Process::start("up", &[("HERALD_DATA", &data.path().to_string_lossy())], folder).await?;
    wait_until_calm(&process).await?;
    import(&process, folder).await?;
    let mut site = Site { client: Client::connect(process.address).await?, process: &process };
    let mut spawner = Spawner::start(folder).await?;
    let mut rounds = Rounds::default();
    // What is compiled once is known afterwards, and the library's header is precompiled when the first wants it.
    for (language, source) in [("c", C), ("python", PYTHON), ("cpp", CPP)] {
        site.verdict(language, source).await?;
    }
    for round in 1..=bench.rounds {
        rounds.disturbed += usize::from(!machine::is_quiet().await);
        rounds.c.push(site.median("c", C).await?);
        rounds.python.push(site.median("python", PYTHON).await?);
        rounds.compile(&mut site, &mut spawner, folder).await?;
        eprintln!(
            "  round {round}: C {:.1} ms, Python {:.1} ms, compiling C++ {:.0} ms, plain g++ {:.0} ms",
            rounds.c[round - 1],
            rounds.python[round - 1],
            rounds.compile[round - 1],
            rounds.plain[round - 1],
        );
    }
    process.end().await?;
    Ok(rounds.rows())
}

/// A problem of ten cases, each a number that is to be printed again.
async fn import(process: &Process, folder: &Path) -> anyhow::Result<()> {
    let package = folder.join(SLUG);
    let secret = package.join("data/secret");
    std::fs::create_dir_all(&secret)?;
    std::fs::create_dir_all(package.join("statement"))?;
    let about = "problem_format_version: 2025-09\nname: Ten cases\nlimits: {time_limit: 5, memory: 256}\n";
    std::fs::write(package.join("problem.yaml"), about)?;
    std::fs::write(package.join("statement/problem.en.md"), "Print the number.\n")?;
    for n in 0..CASES {
        std::fs::write(secret.join(format!("{n}.in")), format!("{n}\n"))?;
        std::fs::write(secret.join(format!("{n}.ans")), format!("{n}\n"))?;
    }
    let program = std::env::current_exe()?.with_file_name("herald");
    let mut command = tokio::process::Command::new(program);
    command.args(["problem", "import"]).arg(&package).env("HERALD_URL", format!("http://{}", process.address));
    let output = command.output().await?;
    ensure!(output.status.success(), "the problem is not taken: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

struct Site<'a> {
    client: Client,
    process: &'a Process,
}

impl Site<'_> {
    /// Milliseconds from the POST to the frame with the verdict, which must be a good one.
    async fn verdict(&mut self, language: &str, source: &str) -> anyhow::Result<f64> {
        let body = json!({"problem": SLUG, "language": language, "source": source});
        let began = Instant::now();
        let accepted = self.client.judge(Bytes::from(body.to_string())).await?;
        let accepted: Value = serde_json::from_slice(&accepted)?;
        let id = accepted["id"].as_str().context("the answer has no id")?;
        let ticket = accepted["ws_url"].as_str().and_then(|url| url.split_once("ticket=")).context("no ticket")?.1;
        let mut watcher = Watcher::connect(self.process.address, ticket).await?;
        watcher.until_finished(id.parse()?).await?;
        let took = began.elapsed().as_secs_f64() * 1e3;
        let status: Value = serde_json::from_slice(&self.client.get(&format!("/status/{id}")).await?)?;
        ensure!(status["verdict"] == "accepted" && status["cases"].as_array().map(Vec::len) == Some(CASES), "{status}");
        Ok(took)
    }

    async fn median(&mut self, language: &str, source: &str) -> anyhow::Result<f64> {
        let mut turns = Vec::new();
        for _ in 0..TURNS {
            turns.push(self.verdict(language, source).await?);
        }
        Ok(percentile(&turns, 50.0))
    }
}

impl Rounds {
    /// What a source that was never seen takes longer than one that was compiled before, beside the same compiler by itself.
    async fn compile(&mut self, site: &mut Site<'_>, spawner: &mut Spawner, folder: &Path) -> anyhow::Result<()> {
        let (mut fresh, mut known, mut plain) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..COMPILATIONS {
            let source = format!("// {}\n{CPP}", Uuid::new_v4());
            fresh.push(site.verdict("cpp", &source).await?);
            known.push(site.verdict("cpp", &source).await?);
            let file = folder.join("plain.cpp");
            std::fs::write(&file, &source)?;
            let into = folder.join("plain");
            plain.push(spawner.time(&format!("{PLAIN} -o {} {}", into.display(), file.display())).await?);
        }
        let [fresh, known, plain] = [fresh, known, plain].map(|turns| percentile(&turns, 50.0));
        self.fresh.push(fresh);
        self.known.push(known);
        self.compile.push(fresh - known);
        self.plain.push(plain);
        Ok(())
    }

    fn rows(self) -> Vec<Row> {
        let Self { c, python, fresh, known, compile, plain, disturbed } = self;
        let row = |name, what, unit, figure, goal, beside| Row {
            name,
            what,
            unit,
            figure,
            goal: Some(Goal::AtMost(goal)),
            later: false,
            beside,
            disturbed,
        };
        vec![
            row("verdict_c", "ten cases in C, compiled before, POST to verdict", "ms", Spread::of(c), 40.0, vec![]),
            row("verdict_python", "ten cases in Python, POST to verdict", "ms", Spread::of(python), 200.0, vec![]),
            row(
                "compile_cpp",
                "compiling C++ with `bits/stdc++.h` ÷ plain g++",
                "×",
                Spread::ratio(&compile, &plain),
                0.35,
                vec![
                    Beside::new("fresh", "ms", &fresh),
                    Beside::new("compiled before", "ms", &known),
                    Beside::new("plain g++", "ms", &plain),
                ],
            ),
        ]
    }
}
