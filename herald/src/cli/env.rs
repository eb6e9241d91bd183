//! A misspelt setting must not be silently ignored: every `HERALD_*` variable of the environment has to be one that the
//! command tree knows. Kubernetes injects some for a Service named `herald`; those, and the tests' own, are let pass.

use std::collections::BTreeSet;
use std::ffi::OsString;

/// A variable that no setting has.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown setting {name}{}; `herald COMMAND --help` lists those that there are", hint(.nearest.as_deref()))]
pub struct Unknown {
    pub name: String,
    pub nearest: Option<String>,
}

fn hint(nearest: Option<&str>) -> String {
    nearest.map(|near| format!(" (did you mean {near}?)")).unwrap_or_default()
}

/// Checks the names of all variables that start with `HERALD_`.
pub fn check(command: &clap::Command, names: impl Iterator<Item = OsString>) -> Result<(), Unknown> {
    let mut known = BTreeSet::new();
    collect(command, &mut known);
    let mut ours: Vec<_> =
        names.filter_map(|name| name.into_string().ok()).filter(|n| n.starts_with("HERALD_")).collect();
    ours.sort_unstable();
    match ours.into_iter().find(|name| !known.contains(name) && !is_foreign(name)) {
        None => Ok(()),
        Some(name) => Err(Unknown { nearest: nearest(&name, &known), name }),
    }
}

fn collect(command: &clap::Command, known: &mut BTreeSet<String>) {
    let names = command.get_arguments().filter_map(|argument| argument.get_env()?.to_str());
    known.extend(names.map(str::to_owned));
    for sub in command.get_subcommands() {
        collect(sub, known);
    }
}

fn nearest(name: &str, known: &BTreeSet<String>) -> Option<String> {
    known.iter().min_by_key(|candidate| strsim::damerau_levenshtein(name, candidate)).cloned()
}

fn is_foreign(name: &str) -> bool {
    name.starts_with("HERALD_TEST_") || is_injected(name)
}

/// `HERALD[_NAME]…_SERVICE_HOST`, `…_SERVICE_PORT[_NAME]`, `…_PORT`, `…_PORT_<n>_{TCP,UDP}[_{PROTO,PORT,ADDR}]`
/// (Kubernetes, "Discovering services").
fn is_injected(name: &str) -> bool {
    let parts: Vec<&str> = name.split('_').skip(1).collect();
    (0..parts.len()).any(|start| match &parts[start..] {
        ["SERVICE", "HOST"] | ["PORT"] => true,
        ["SERVICE", "PORT", ..] => true,
        ["PORT", number, "TCP" | "UDP", rest @ ..] => {
            number.bytes().all(|byte| byte.is_ascii_digit()) && matches!(rest, [] | ["PROTO" | "PORT" | "ADDR"])
        }
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Arg, Command};

    fn check_names(names: &[&str]) -> Result<(), Unknown> {
        let data = Arg::new("data").long("data").env("HERALD_DATA");
        let store = Arg::new("store").long("store-url").env("HERALD_STORE_URL");
        let tree = Command::new("herald").arg(data).subcommand(Command::new("up").arg(store));
        check(&tree, names.iter().map(OsString::from))
    }

    #[test]
    fn a_misspelt_setting_is_named_with_the_nearest_one() {
        assert_eq!(check_names(&["PATH", "HERALD_DATA", "HERALD_STORE_URL", "HERALD_TEST_STORE_URL"]), Ok(()));
        let unknown = check_names(&["HERALD_STORE_ULR"]).unwrap_err();
        assert_eq!(
            unknown.to_string(),
            "unknown setting HERALD_STORE_ULR (did you mean HERALD_STORE_URL?); `herald COMMAND --help` lists those that there are"
        );
    }

    #[test]
    fn what_kubernetes_injects_for_a_service_is_let_pass() {
        let injected = ["HERALD_SERVICE_HOST", "HERALD_SERVICE_PORT", "HERALD_API_SERVICE_PORT_HTTP", "HERALD_PORT"];
        assert_eq!(check_names(&injected), Ok(()));
        let injected = ["HERALD_PORT_8080_TCP", "HERALD_PORT_8080_TCP_ADDR", "HERALD_NOTIFIER_PORT_53_UDP_PROTO"];
        assert_eq!(check_names(&injected), Ok(()));
        for ours in ["HERALD_PORTS", "HERALD_PORT_X_TCP", "HERALD_PORT_80_TCP_NAME", "HERALD_SERVICE"] {
            assert!(check_names(&[ours]).is_err(), "{ours}");
        }
    }
}
