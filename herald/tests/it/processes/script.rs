//! A program in another language that a test runs, and what it prints.

use std::path::PathBuf;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::{Instant, timeout_at};

use crate::processes::client::PATIENCE;

/// A script that runs, and what it prints.
pub struct Script {
    lines: Lines<BufReader<ChildStdout>>,
    pub printed: Vec<String>,
    _child: Child,
}

impl Script {
    pub fn start(program: &str, arguments: &[&str]) -> Self {
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{program} cannot be run: {error}"));
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { lines, printed: Vec::new(), _child: child }
    }

    /// Reads until a line has all these words.
    pub async fn until(&mut self, words: &[&str]) {
        let until = Instant::now() + PATIENCE;
        loop {
            let line = timeout_at(until, self.lines.next_line()).await.ok().and_then(Result::unwrap);
            let line = line.unwrap_or_else(|| panic!("there is no line with {words:?} in {:#?}", self.printed));
            self.printed.push(line.clone());
            if words.iter().all(|word| line.contains(word)) {
                return;
            }
        }
    }
}

/// A file of `examples/`.
pub fn example(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../examples").join(name);
    path.to_str().unwrap().to_owned()
}
