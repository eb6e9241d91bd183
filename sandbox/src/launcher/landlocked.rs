//! Landlock, as far as this kernel has it: a second opinion on what the mounts and the seccomp filter say already.

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, PathBeneath, PathFd, Ruleset, RulesetAttr, RulesetCreatedAttr,
    RulesetError, RulesetStatus, Scope,
};

const NEWEST_KNOWN: ABI = ABI::V6;

/// Restricts this process and all that will come of it. `false`: the kernel has none of it, or it could not be set; the
/// layers that do not depend on it stand.
pub fn restrict(writable: bool) -> bool {
    try_restrict(writable).is_ok_and(|status| status != RulesetStatus::NotEnforced)
}

fn try_restrict(writable: bool) -> Result<RulesetStatus, RulesetError> {
    let reading = AccessFs::from_read(NEWEST_KNOWN);
    let everything = AccessFs::from_all(NEWEST_KNOWN);
    let in_dev = reading | AccessFs::WriteFile;
    let mut places: Vec<(&str, BitFlags<AccessFs>)> = vec![("/", reading), ("/dev", in_dev), ("/tmp", everything)];
    if writable {
        places.push(("/box", everything));
    }
    let mut rules = Ruleset::default()
        .handle_access(everything)?
        // No rule follows: no port can be bound or reached.
        .handle_access(AccessNet::from_all(NEWEST_KNOWN))?
        .scope(Scope::from_all(NEWEST_KNOWN))?
        .create()?;
    for (path, access) in places {
        if let Ok(fd) = PathFd::new(path) {
            rules = rules.add_rule(PathBeneath::new(fd, access))?;
        }
    }
    Ok(rules.restrict_self()?.ruleset)
}
