use super::*;

/// A folder with these files in it, as the kernel would fill a fresh group.
fn fake(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, contents) in files {
        fs::write(folder.path().join(name), contents).unwrap();
    }
    folder
}

fn read(folder: &tempfile::TempDir, file: &str) -> String {
    fs::read_to_string(folder.path().join(file)).unwrap()
}

const LIMITS: GroupLimits = GroupLimits { memory_kb: 1024, processes: 9 };

const V2: &[(&str, &str)] = &[
    ("memory.max", ""),
    ("memory.oom.group", ""),
    ("memory.swap.max", ""),
    ("pids.max", ""),
    ("cpu.stat", "usage_usec 1234\nuser_usec 1000\nsystem_usec 234\n"),
    ("memory.peak", "2097152\n"),
    ("memory.current", "4096\n"),
    ("memory.events", "low 0\nhigh 0\nmax 7\noom 1\noom_kill 0\noom_group_kill 0\n"),
    ("cgroup.kill", ""),
];

#[test]
fn version_2_sets_every_limit() {
    let folder = fake(V2);
    v2::limit(folder.path(), &LIMITS).unwrap();
    let set = ["memory.max", "memory.oom.group", "memory.swap.max", "pids.max"].map(|file| read(&folder, file));
    assert_eq!(set, ["1048576", "1", "0", "9"]);
}

#[test]
fn version_2_reads_what_was_used() {
    let folder = fake(V2);
    let group = v2::GroupV2::new(vec![folder.path().into()]);
    let used = Used { cpu_us: 1234, peak_kb: 2048, out_of_memory: false };
    assert_eq!((group.used().unwrap(), group.source()), (used, MemorySource::CgroupV2));
    fs::write(folder.path().join("memory.events"), "oom 1\noom_kill 2\n").unwrap();
    assert!(group.used().unwrap().out_of_memory);
    fs::remove_file(folder.path().join("memory.peak")).unwrap();
    assert_eq!(group.used().unwrap().peak_kb, 4, "an older kernel has no peak");
    group.kill();
    assert_eq!(read(&folder, "cgroup.kill"), "1");
}

#[test]
fn version_2_without_a_limit_is_an_error() {
    for missing in ["memory.max", "memory.oom.group", "pids.max", "cpu.stat"] {
        let folder = fake(V2);
        fs::remove_file(folder.path().join(missing)).unwrap();
        assert!(v2::limit(folder.path(), &LIMITS).is_err(), "{missing}");
        assert!(!folder.path().join(missing).exists(), "{missing} was made");
    }
}

#[test]
fn version_2_needs_its_controllers() {
    let without = fake(&[("cgroup.controllers", "cpu memory\n"), ("cgroup.subtree_control", "")]);
    assert!(v2::delegate(without.path()).unwrap_err().contains("the controller pids"));
    let given = fake(&[("cgroup.controllers", "cpu memory pids\n"), ("cgroup.subtree_control", "")]);
    v2::delegate(given.path()).unwrap();
    assert_eq!(read(&given, "cgroup.subtree_control"), "+memory +pids");
}

#[test]
fn version_2_moves_no_strangers() {
    // A subtree_control that cannot be written, as in a group with processes of its own.
    let folder = fake(&[("cgroup.controllers", "memory pids\n"), ("cgroup.procs", "1\n4194304\n")]);
    fs::create_dir(folder.path().join("cgroup.subtree_control")).unwrap();
    assert!(v2::delegate(folder.path()).unwrap_err().contains("other processes"));
    assert!(!folder.path().join("herald-worker").exists());
}

const V1: [&[(&str, &str)]; 3] = [
    &[
        ("memory.limit_in_bytes", ""),
        ("memory.memsw.limit_in_bytes", ""),
        ("memory.max_usage_in_bytes", "3145728\n"),
        ("memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n"),
    ],
    &[("pids.max", "")],
    &[("cpuacct.usage", "7654321\n")],
];

#[test]
fn version_1_sets_every_limit_and_reads_what_was_used() {
    let folders = V1.map(fake);
    let paths: Vec<PathBuf> = folders.iter().map(|folder| folder.path().into()).collect();
    v1::limit(&paths, &LIMITS).unwrap();
    assert_eq!(read(&folders[0], "memory.limit_in_bytes"), "1048576");
    assert_eq!(read(&folders[0], "memory.memsw.limit_in_bytes"), "1048576");
    assert_eq!(read(&folders[1], "pids.max"), "9");
    let group = v1::GroupV1::new(paths);
    let used = Used { cpu_us: 7654, peak_kb: 3072, out_of_memory: true };
    assert_eq!((group.used().unwrap(), group.source()), (used, MemorySource::CgroupV1));
}

#[test]
fn version_1_without_a_limit_is_an_error() {
    // Without memsw, swappiness must be there to be set.
    for (n, missing) in
        [(0, "memory.limit_in_bytes"), (0, "memory.memsw.limit_in_bytes"), (1, "pids.max"), (2, "cpuacct.usage")]
    {
        let folders = V1.map(fake);
        fs::remove_file(folders[n].path().join(missing)).unwrap();
        let paths: Vec<PathBuf> = folders.iter().map(|folder| folder.path().into()).collect();
        assert!(v1::limit(&paths, &LIMITS).is_err(), "{missing}");
    }
}

#[test]
fn limits_that_cannot_be_set_are_an_error_and_leave_nothing() {
    // Plain folders have no such files: exactly the case that must not become an unlimited run.
    for version in [Version::One, Version::Two] {
        let folder = tempfile::tempdir().unwrap();
        let parents = ["memory", "pids", "cpuacct"].map(|name| folder.path().join(name));
        parents.iter().for_each(|parent| fs::create_dir(parent).unwrap());
        let lock = locked(folder.path()).unwrap();
        let (next, busy) = (Cell::new(1), RefCell::default());
        let tree = Tree { folders: parents.to_vec(), version, next, busy, _lock: lock };
        let group = tree.make().unwrap();
        assert!(group.limit(&LIMITS).unwrap_err().contains("could not write"));
        tree.discard(group);
        for parent in &parents {
            assert_eq!(fs::read_dir(parent).unwrap().count(), 0, "{version:?}");
        }
    }
}

#[test]
fn what_a_killed_launcher_left_is_swept_and_what_a_living_one_has_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let make = |name: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.join("1")).unwrap();
        path
    };
    let (left, living, foreign) = (make("herald-run-1"), make("herald-run-2"), make("other"));
    let _lock = locked(&living).unwrap();
    sweep(&[folder.path().into()]);
    assert_eq!((left.exists(), living.join("1").exists(), foreign.join("1").exists()), (false, true, true));
}

#[test]
fn one_hierarchy_that_refuses_leaves_nothing_in_the_others() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("memory")).unwrap();
    let place = Place { version: Version::One, folders: ["/memory", "/absent"].map(PathBuf::from).into() };
    let root = folder.path().display().to_string();
    assert!(Tree::open(&place, &root).err().unwrap().contains("absent"));
    assert_eq!(fs::read_dir(folder.path().join("memory")).unwrap().count(), 0);
}

const HYBRID_MOUNTS: &str = "\
30 20 0:25 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755
31 30 0:26 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct
32 30 0:27 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
33 30 0:28 /docker/ab /sys/fs/cgroup/pids rw,relatime - cgroup cgroup rw,pids
34 30 0:29 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
";

#[test]
fn a_hybrid_machine_is_version_1() {
    let own = "9:pids:/docker/ab/c\n4:memory:/user/x\n2:cpu,cpuacct:/\n0::/\n";
    let place = Place::find(HYBRID_MOUNTS, own).unwrap();
    let folders =
        ["/sys/fs/cgroup/memory/user/x", "/sys/fs/cgroup/pids/c", "/sys/fs/cgroup/cpu,cpuacct"].map(PathBuf::from);
    assert_eq!(place, Place { version: Version::One, folders: folders.into() });
}

#[test]
fn a_unified_machine_is_version_2() {
    let mounts = "25 20 0:22 /a /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n";
    let place = Place::find(mounts, "0::/a/b.service\n").unwrap();
    assert_eq!(place, Place { version: Version::Two, folders: vec!["/sys/fs/cgroup/b.service".into()] });
    assert!(Place::find(mounts, "0::/elsewhere\n").is_err(), "the mount does not show it");
    assert!(Place::find("", "0::/\n").is_err(), "nothing is mounted");
    assert!(Place::find(mounts, "0::/a/../../x\n").is_err(), "outside of the cgroup namespace");
}
