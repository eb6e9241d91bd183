//! Finding a language's executable on this machine, by absolute path and never by PATH, and where it lies inside.

use std::path::{Path, PathBuf};

use herald_sandbox::Mount;

use super::spec::LanguageSpec;
use crate::natural;

/// Multiplexers that only hand over to a tool in somebody's home folder.
const SHIMS: [&str; 2] = ["rustup", "volta-shim"];

/// A toolchain as it is seen inside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Toolchain {
    /// The executable.
    pub tool: String,
    /// The folder that it lies in.
    pub bin: String,
    pub mounts: Vec<Mount>,
    /// The words of what is installed beside it.
    pub extras: Vec<String>,
}

/// The first candidate that is there; else why there is none.
pub(super) fn find(spec: &LanguageSpec, home: Option<&Path>) -> Result<Toolchain, String> {
    if let Some(missing) = spec.needs.iter().find(|path| expand(path, home).is_empty()) {
        return Err(format!("{missing} is missing; install it"));
    }
    let mut refused = None;
    for candidate in spec.tool.iter().flat_map(|pattern| expand(pattern, home)) {
        match place(spec, &candidate, home) {
            Ok(mut toolchain) => {
                let extra = spec.mounts.iter().flat_map(|pattern| expand(pattern, home));
                toolchain.mounts.extend(extra.map(|path| Mount { from: path.clone(), to: path }));
                let there = spec.extra.iter().filter(|extra| !expand(&extra.needs, home).is_empty());
                toolchain.extras = there.flat_map(|extra| extra.words.iter().cloned()).collect();
                return Ok(toolchain);
            }
            Err(reason) => refused = Some(reason),
        }
    }
    Err(refused.unwrap_or_else(|| format!("not installed: looked for {}", spec.tool.join(", "))))
}

/// Where the executable lies inside: in place if it is part of `/usr`, else its prefix is shown at `/opt/<id>`.
fn place(spec: &LanguageSpec, candidate: &Path, home: Option<&Path>) -> Result<Toolchain, String> {
    let shown = candidate.display();
    let real = candidate.canonicalize().map_err(|error| format!("{shown} cannot be followed: {error}"))?;
    let name = real.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    if SHIMS.contains(&name) {
        return Err(format!("{shown} is a shim of {name}; install the tool itself"));
    }
    let (Some(bin), Some(tool)) = (real.parent(), real.to_str()) else {
        return Err(format!("{shown} has a path that is not UTF-8"));
    };
    if real.starts_with("/usr") {
        return Ok(Toolchain {
            tool: tool.to_owned(),
            bin: bin.display().to_string(),
            mounts: Vec::new(),
            extras: Vec::new(),
        });
    }
    let prefix = if bin.ends_with("bin") { bin.parent().unwrap_or(bin) } else { bin };
    if home.is_some_and(|home| home.starts_with(prefix)) || prefix == Path::new("/") {
        return Err(format!("{shown} lies in {}, which is not to be shown inside", prefix.display()));
    }
    let inside = Path::new("/opt").join(&spec.id);
    let tool = real.strip_prefix(prefix).map(|rest| inside.join(rest)).unwrap_or_default();
    let bin = tool.parent().unwrap_or(&inside).display().to_string();
    let mount = Mount { from: prefix.to_owned(), to: inside.clone() };
    Ok(Toolchain { tool: tool.display().to_string(), bin, mounts: vec![mount], extras: Vec::new() })
}

/// What exists of a path pattern: `~` is the home folder, `*` anything within one name; the newest (by natural order)
/// first.
fn expand(pattern: &str, home: Option<&Path>) -> Vec<PathBuf> {
    match (pattern.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => matches(vec![home.to_owned()], rest),
        (Some(_), None) => Vec::new(),
        (None, _) => matches(vec![PathBuf::from("/")], pattern.trim_start_matches('/')),
    }
}

fn matches(mut bases: Vec<PathBuf>, pattern: &str) -> Vec<PathBuf> {
    for name in pattern.split('/') {
        bases = match name.split_once('*') {
            None => bases.into_iter().map(|base| base.join(name)).collect(),
            Some((front, back)) => bases.iter().flat_map(|base| entries(base, front, back)).collect(),
        };
    }
    bases.retain(|path| path.exists());
    bases
}

fn entries(base: &Path, front: &str, back: &str) -> Vec<PathBuf> {
    let names = std::fs::read_dir(base).into_iter().flatten().flatten().map(|entry| entry.file_name());
    let mut names: Vec<String> = names.filter_map(|name| name.into_string().ok()).collect();
    names.retain(|name| name.len() >= front.len() + back.len() && name.starts_with(front) && name.ends_with(back));
    names.sort_by(|a, b| natural::compare(b, a));
    names.into_iter().map(|name| base.join(name)).collect()
}
