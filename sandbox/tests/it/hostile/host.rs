//! What an attack could have changed of the machine, as text that can be compared.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::PathBuf;

/// Every name that an attack gives to anything of its own.
const MARK: &str = "herald-attack";

/// The key of an attack's queues, as /proc/sysvipc has it.
const MARKED_KEY: &str = "18497 ";
/// Nobody else mounts anything over these.
const FIXED: [&str; 8] = ["/", "/usr", "/etc", "/proc", "/sys", "/dev", "/tmp", "/root"];

/// A folder of the machine that everybody may read and write, if only they get there.
pub struct Host {
    folder: tempfile::TempDir,
    pub secret: String,
}

impl Host {
    pub fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("host").tempdir().unwrap();
        let secret = format!("secret-{}-{:p}", std::process::id(), &folder);
        let host = Self { folder, secret };
        fs::write(host.canary(), format!("\"{}\"", host.secret)).unwrap();
        fs::set_permissions(host.canary(), fs::Permissions::from_mode(0o666)).unwrap();
        fs::set_permissions(host.folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
        host
    }

    pub fn canary(&self) -> String {
        self.folder.path().join("canary").display().to_string()
    }

    /// Everything that is looked at, by name.
    pub fn look(&self, launcher: u32) -> BTreeMap<String, String> {
        let mut seen = BTreeMap::new();
        let stat = |path: PathBuf| {
            fs::symlink_metadata(path).map(|m| format!("{:o} {} {}", m.mode(), m.uid(), m.mtime_nsec()))
        };
        let here = fs::read_dir(self.folder.path()).unwrap().flatten();
        here.for_each(|entry| drop(seen.insert(entry.path().display().to_string(), stat(entry.path()).unwrap())));
        let files = "/proc/sys/kernel/hostname /proc/sys/kernel/domainname /proc/sys/kernel/core_pattern /etc/passwd /etc/hostname";
        for file in files.split_ascii_whitespace().map(str::to_owned).chain([format!("/proc/{launcher}/limits")]) {
            seen.insert(file.clone(), fs::read_to_string(&file).unwrap_or_default());
        }
        for place in ["/", "/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue", "/usr", "/etc"] {
            let marked = fs::read_dir(place).into_iter().flatten().flatten().map(|entry| entry.file_name());
            let marked: Vec<_> = marked.filter(|name| name.to_string_lossy().contains(MARK)).collect();
            seen.insert(format!("marked in {place}"), format!("{marked:?}"));
        }
        // Others use this machine too: of what they may change meanwhile, only what an attack would have named.
        let queues = ["shm", "msg", "sem"].map(|kind| format!("/proc/sysvipc/{kind}"));
        let lists = ["/proc/keys", "/proc/net/unix", "/proc/swaps", "/proc/self/mountinfo"].map(str::to_owned);
        for file in queues.into_iter().chain(lists) {
            let text = fs::read_to_string(&file).unwrap_or_default();
            let marked = text.lines().filter(|line| line.contains(MARK) || line.trim_start().starts_with(MARKED_KEY));
            seen.insert(file.clone(), marked.collect());
        }
        let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
        let over = mounts.lines().filter(|line| line.split(' ').nth(4).is_some_and(|at| FIXED.contains(&at)));
        seen.insert("mounts over the machine's own folders".into(), over.collect());
        let stat = fs::read_to_string(format!("/proc/{launcher}/stat")).unwrap();
        let fields: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
        seen.insert(
            "the launcher's parent, priority and niceness".into(),
            [fields[1], fields[15], fields[16]].join(" "),
        );
        seen.insert("processes of attacks".into(), format!("{:?}", processes_named("attempts")));
        seen
    }

    pub fn assert_same(&self, before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) {
        for name in before.keys().chain(after.keys()) {
            assert_eq!(before.get(name), after.get(name), "{name} has changed");
        }
        assert_eq!(fs::read_to_string(self.canary()).unwrap(), format!("\"{}\"", self.secret));
    }
}

/// Of this user's sandbox, by name: an attack that outlived its run would be here.
fn processes_named(name: &str) -> Vec<String> {
    let all = fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path().join("comm"));
    all.filter(|comm| fs::read_to_string(comm).is_ok_and(|comm| comm.trim() == name))
        .map(|comm| comm.display().to_string())
        .collect()
}
