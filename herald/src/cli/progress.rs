//! Steps on stderr while one waits: a bar on a terminal, else a line for each change; and what the program writes, line by line,
//! while it writes it.

use std::io::{IsTerminal, Write};

use herald_domain::id::SubmissionId;
use herald_domain::submission::Status;
use herald_domain::view::OutputChunk;
use indicatif::{ProgressBar, ProgressStyle};

use super::Result;
use crate::client::Client;
use crate::client::submission::{Followed, Update};
use crate::client::watch::{self, News, Transport, Watched};

/// Follows a submission to its end, showing each step.
pub async fn follow(client: &Client, id: SubmissionId, watched: &Watched) -> Result<()> {
    let mut progress = Progress::start();
    let followed = watch::follow(client, watched, Followed::new(id), &mut |news| progress.show(&news)).await;
    progress.clear();
    Ok(followed?)
}

enum Progress {
    Live(ProgressBar, Unfinished),
    Plain(String, Unfinished),
}

/// The last line of stdout and of stderr, which have not ended yet.
#[derive(Default)]
struct Unfinished([String; 2]);

impl Unfinished {
    /// The lines that the chunk ends.
    fn lines(&mut self, chunk: &OutputChunk) -> String {
        let line = &mut self.0[chunk.stream as usize];
        line.push_str(&chunk.text);
        line.rfind('\n').map(|end| indented(&line.drain(..=end).collect::<String>())).unwrap_or_default()
    }

    fn rest(&mut self) -> String {
        self.0.iter_mut().filter(|line| !line.is_empty()).map(|line| indented(&std::mem::take(line))).collect()
    }
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}\n")).collect()
}

/// Whether stderr is a terminal that may be drawn on (`NO_COLOR`: no-color.org).
pub fn may_draw() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

impl Progress {
    fn start() -> Self {
        if !may_draw() {
            return Self::Plain(String::new(), Unfinished::default());
        }
        let bar = ProgressBar::new_spinner().with_style(spinner());
        bar.enable_steady_tick(std::time::Duration::from_millis(100));
        Self::Live(bar, Unfinished::default())
    }

    fn show(&mut self, news: &News<'_, Update>) {
        let text = match news {
            News::Update(update) => step(update),
            News::Broke(next) => broke(*next),
        };
        match self {
            Self::Live(bar, unfinished) => {
                if let News::Update(update) = news {
                    draw(bar, update);
                    let lines = update.output.as_ref().map(|chunk| unfinished.lines(chunk)).unwrap_or_default();
                    bar.suspend(|| write(&lines));
                }
                bar.set_message(text);
            }
            Self::Plain(last, unfinished) => {
                if *last != text {
                    write(&format!("{text}\n"));
                    *last = text;
                }
                if let News::Update(Update { output: Some(chunk), .. }) = news {
                    write(&unfinished.lines(chunk));
                }
            }
        }
    }

    /// Leaves the terminal as if no bar had been drawn.
    fn clear(&mut self) {
        let (Self::Live(_, unfinished) | Self::Plain(_, unfinished)) = self;
        let rest = unfinished.rest();
        if let Self::Live(bar, _) = self {
            bar.finish_and_clear();
        }
        write(&rest);
    }
}

/// A closed stderr is no reason to stop watching.
fn write(text: &str) {
    let _ = std::io::stderr().write_all(text.as_bytes());
}

pub fn spinner() -> ProgressStyle {
    ProgressStyle::with_template("{spinner:.cyan} {msg}").unwrap_or_else(|_| ProgressStyle::default_spinner())
}

fn draw(bar: &ProgressBar, update: &Update) {
    match (update.status, update.tests.total) {
        (Status::Running, Some(total)) => {
            let style = ProgressStyle::with_template("{spinner:.cyan} {bar:24.cyan/dim} {msg}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.set_length(u64::from(total));
            bar.set_position(u64::from(update.tests.run));
        }
        _ => bar.set_style(spinner()),
    }
}

fn step(update: &Update) -> String {
    let again = if update.attempt > 1 { format!(" (attempt {})", update.attempt) } else { String::new() };
    match (update.status, update.tests.total) {
        (Status::Running, Some(total)) => format!("running {} of {total}{again}", update.tests.run),
        (status, _) => format!("{status}{again}"),
    }
}

/// What is said of a connection that broke.
pub fn broke(next: Transport) -> String {
    format!("the connection broke; going on by {}", name(next))
}

fn name(transport: Transport) -> &'static str {
    match transport {
        Transport::WebSocket => "WebSocket",
        Transport::Events => "server-sent events",
        Transport::Poll => "polling",
    }
}
