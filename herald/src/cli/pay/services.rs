//! The five services on stderr while one waits: a list that changes on a terminal, else a line for each change.

use std::collections::BTreeMap;
use std::io::Write;
use std::time::Duration;

use herald_domain::money::view::BookedView;
use herald_domain::money::{EffectState, Service, TransferState};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::cli::Result;
use crate::cli::progress::{broke, may_draw, spinner};
use crate::client::Client;
use crate::client::transfer::{Followed, Standing};
use crate::client::watch::{self, News};

/// What was seen before one stopped looking.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Seen {
    /// Nothing is pending.
    All,
    Some,
}

/// Follows a transfer until nothing is pending, or for so long, showing each step.
pub async fn follow(client: &Client, booked: &BookedView, within: Duration) -> Result<Seen> {
    let mut list = List::start();
    let watched = booked.into();
    let mut show = |news: News<'_, Standing>| list.show(&news);
    let following = watch::follow(client, &watched, Followed::new(booked.id), &mut show);
    let followed = tokio::time::timeout(within, following).await;
    list.clear();
    match followed {
        Ok(followed) => followed.map(|()| Seen::All).map_err(Into::into),
        Err(_) => Ok(Seen::Some),
    }
}

enum List {
    Live { all: MultiProgress, head: ProgressBar, bars: BTreeMap<&'static str, ProgressBar> },
    Plain { state: Option<TransferState>, shown: BTreeMap<String, EffectState> },
}

impl List {
    fn start() -> Self {
        if !may_draw() {
            return Self::Plain { state: None, shown: BTreeMap::new() };
        }
        let all = MultiProgress::new();
        let add = |style: ProgressStyle| {
            let bar = all.add(ProgressBar::new_spinner().with_style(style));
            bar.enable_steady_tick(std::time::Duration::from_millis(100));
            bar
        };
        let head = add(spinner());
        let bars = Service::ALL.iter().map(|service| {
            let bar = add(waiting()).with_message("waiting");
            bar.set_prefix(service.as_str());
            (service.as_str(), bar)
        });
        let bars = bars.collect();
        Self::Live { all, head, bars }
    }

    fn show(&mut self, news: &News<'_, Standing>) {
        match (self, news) {
            (Self::Live { head, .. }, News::Broke(next)) => head.set_message(broke(*next)),
            (Self::Live { head, bars, .. }, News::Update(standing)) => {
                head.set_message(standing.state.as_str().replace('_', " "));
                draw(bars, standing);
            }
            (Self::Plain { .. }, News::Broke(next)) => line(&broke(*next)),
            (Self::Plain { state, shown }, News::Update(standing)) => tell(state, shown, standing),
        }
    }

    /// Leaves the terminal as if nothing had been drawn.
    fn clear(&self) {
        if let Self::Live { all, .. } = self {
            // A terminal that has gone away needs no clearing.
            let _ = all.clear();
        }
    }
}

fn draw(bars: &BTreeMap<&'static str, ProgressBar>, standing: &Standing) {
    for (name, effect) in &standing.services {
        let Some(bar) = bars.get(name.as_str()).filter(|bar| !bar.is_finished()) else { continue };
        if *effect != EffectState::Pending {
            bar.set_style(settled(*effect));
            bar.finish_with_message(effect.as_str());
        }
    }
}

/// What is new, a line for each.
fn tell(state: &mut Option<TransferState>, shown: &mut BTreeMap<String, EffectState>, standing: &Standing) {
    if state.replace(standing.state) != Some(standing.state) {
        line(&standing.state.as_str().replace('_', " "));
    }
    for (name, effect) in standing.services.iter().filter(|(_, effect)| **effect != EffectState::Pending) {
        if shown.insert(name.clone(), *effect) != Some(*effect) {
            line(&format!("{name} {effect}"));
        }
    }
}

/// A closed stderr is no reason to stop watching.
fn line(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

fn waiting() -> ProgressStyle {
    styled("  {spinner:.cyan} {prefix:12} {msg:.dim}")
}

fn settled(effect: EffectState) -> ProgressStyle {
    match effect {
        EffectState::Failed => styled("  ● {prefix:12} {msg:.red}"),
        EffectState::Done => styled("  ● {prefix:12} {msg:.green}"),
        EffectState::Skipped | EffectState::Pending => styled("  ● {prefix:12} {msg:.dim}"),
    }
}

fn styled(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}
