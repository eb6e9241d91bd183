//! What was found, as a person or a script reads it.

use comfy_table::{Table, presets};
use serde::Serialize;

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Section {
    Sandbox,
    SelfAttack,
    Languages,
    Server,
}

impl Section {
    const ALL: [Self; 4] = [Self::Sandbox, Self::SelfAttack, Self::Languages, Self::Server];

    fn title(self) -> &'static str {
        match self {
            Self::Sandbox => "Sandbox, layer by layer",
            Self::SelfAttack => "Self-attack: a program in the sandbox that …",
            Self::Languages => "Languages",
            Self::Server => "Store and broker",
        }
    }
}

/// How something stands. Whether that matters depends on where it is; see [`Check::is_unsafe`] and [`Check::is_broken`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    On,
    /// There, and less than it could be.
    Degraded,
    Off,
    /// An attempt that came to nothing.
    Held,
    Failed,
}

/// One thing that was looked at.
#[derive(Serialize, Debug)]
pub struct Check {
    pub section: Section,
    pub name: String,
    pub standing: Standing,
    pub detail: String,
}

impl Check {
    pub fn new(section: Section, name: impl Into<String>, standing: Standing, detail: impl Into<String>) -> Self {
        Self { section, name: name.into(), standing, detail: detail.into() }
    }

    /// Something of the store or the broker.
    pub fn server(name: &str, outcome: Result<String, String>) -> Self {
        let (standing, detail) = match outcome {
            Ok(detail) => (Standing::On, detail),
            Err(problem) => (Standing::Failed, problem),
        };
        Self::new(Section::Server, name, standing, detail)
    }

    /// Programs of strangers must not be run here.
    fn is_unsafe(&self) -> bool {
        match self.section {
            Section::Sandbox => !matches!(self.standing, Standing::On | Standing::Degraded),
            Section::SelfAttack => self.standing != Standing::Held,
            Section::Languages | Section::Server => false,
        }
    }

    /// A server could not work here.
    fn is_broken(&self) -> bool {
        self.section == Section::Server && self.standing == Standing::Failed
    }
}

#[derive(Serialize, Debug)]
pub struct Findings {
    /// Every layer of the sandbox is there and the self-attack was held.
    pub safe: bool,
    /// Store and broker answer.
    pub ready: bool,
    pub cgroup_version: Option<u8>,
    /// What the memory of a run is measured by.
    pub memory_source: Option<String>,
    pub checks: Vec<Check>,
}

impl Findings {
    pub fn of(checks: Vec<Check>, cgroup_version: Option<u8>, memory_source: Option<String>) -> Self {
        // What was never tried has not been held.
        let attacked = checks.iter().any(|check| check.section == Section::SelfAttack);
        let safe = attacked && !checks.iter().any(Check::is_unsafe);
        let ready = !checks.iter().any(Check::is_broken);
        Self { safe, ready, cgroup_version, memory_source, checks }
    }

    pub fn text(&self) -> String {
        let mut text = String::new();
        for section in Section::ALL {
            let mut table = Table::new();
            table.load_style(presets::NOTHING);
            for check in self.checks.iter().filter(|check| check.section == section) {
                table.add_row([word(check), &check.name, &check.detail]);
            }
            if !table.is_empty() {
                text += &format!("{}\n{}\n\n", section.title(), table.trim_fmt());
            }
        }
        text + &self.verdict()
    }

    /// The last line: what the exit code says.
    fn verdict(&self) -> String {
        let wrong = |is_it: fn(&Check) -> bool| {
            let names: Vec<_> =
                self.checks.iter().filter(|check| is_it(check)).map(|check| check.name.as_str()).collect();
            names.join(", ")
        };
        let mut verdict = match self.safe {
            true => "Safe to run programs of strangers.".to_owned(),
            false => format!("NOT safe to run programs of strangers: {}.", wrong(Check::is_unsafe)),
        };
        if !self.ready {
            verdict += &format!(" A server cannot work here: {}.", wrong(Check::is_broken));
        }
        verdict
    }
}

fn word(check: &Check) -> &'static str {
    match check.standing {
        Standing::On => "on",
        Standing::Degraded => "degraded",
        Standing::Off => "off",
        Standing::Held => "held",
        Standing::Failed => "FAILED",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(more: Check) -> Findings {
        let whole = [
            Check::new(Section::Sandbox, "seccomp", Standing::On, ""),
            Check::new(Section::SelfAttack, "mounts", Standing::Held, "refused"),
            Check::server("store", Ok("SQLite".into())),
        ];
        Findings::of(whole.into_iter().chain([more]).collect(), None, None)
    }

    #[test]
    fn what_makes_it_unsafe_is_named() {
        for (section, standing) in [
            (Section::Sandbox, Standing::Off),
            (Section::Sandbox, Standing::Failed),
            (Section::SelfAttack, Standing::Failed),
        ] {
            let found = findings(Check::new(section, "the one", standing, ""));
            assert!(!found.safe && found.text().ends_with("NOT safe to run programs of strangers: the one."));
        }
    }

    #[test]
    fn less_than_it_could_be_and_a_missing_language_are_safe() {
        for (section, standing) in [(Section::Sandbox, Standing::Degraded), (Section::Languages, Standing::Off)] {
            let found = findings(Check::new(section, "x", standing, ""));
            assert!(found.safe && found.ready, "{section:?}");
        }
    }

    #[test]
    fn without_the_self_attack_nothing_is_safe() {
        let found = Findings::of(vec![Check::new(Section::Sandbox, "seccomp", Standing::On, "")], None, None);
        assert!(!found.safe);
    }

    #[test]
    fn a_store_that_does_not_answer_is_another_matter() {
        let found = findings(Check::server("broker", Err("refused".into())));
        assert!(found.safe && !found.ready);
        assert!(found.text().ends_with("Safe to run programs of strangers. A server cannot work here: broker."));
    }
}
