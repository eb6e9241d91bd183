use super::place::Hierarchy;
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
        assert!(v1::counts(&paths).and_then(|()| v1::limit(&paths, &LIMITS)).is_err(), "{missing}");
    }
}

#[test]
fn launchers_that_begin_at_once_leave_each_other_their_groups() {
    const LAUNCHERS: usize = 4;
    const ROUNDS: usize = 200;
    let parents = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let paths = parents.each_ref().map(|parent| parent.path().to_owned());
    let all_began = std::sync::Barrier::new(LAUNCHERS);
    let launcher = || {
        let round = |_| {
            let tree = Tree::open(Version::One, &paths);
            all_began.wait();
            // Nobody panics before all have waited.
            let is_whole = tree.as_ref().map(|tree| tree.folders.iter().all(|folder| folder.is_dir()));
            let found = is_whole.map_err(Clone::clone);
            all_began.wait();
            tree.iter().for_each(Tree::close);
            found
        };
        (0..ROUNDS).map(round).filter(|found| *found != Ok(true)).collect::<Vec<_>>()
    };
    let failed: Vec<_> = std::thread::scope(|scope| {
        let launchers: Vec<_> = (0..LAUNCHERS).map(|_| scope.spawn(launcher)).collect();
        launchers.into_iter().flat_map(|launcher| launcher.join().unwrap()).collect()
    });
    assert!(failed.is_empty(), "{failed:?}");
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
        let refused = tree.make().and_then(|group| {
            let limited = group.limit(&LIMITS);
            tree.discard(group);
            limited
        });
        let reason = refused.unwrap_err();
        assert!(["could not write", "does not count"].iter().any(|part| reason.contains(part)), "{reason}");
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
    let parents = ["memory", "absent"].map(|name| folder.path().join(name));
    fs::create_dir(&parents[0]).unwrap();
    assert!(Tree::open(Version::One, &parents).err().unwrap().contains("absent"));
    assert_eq!(fs::read_dir(&parents[0]).unwrap().count(), 0);
}

const HYBRID_MOUNTS: &str = "\
30 20 0:25 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755
31 30 0:26 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct
32 30 0:27 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
33 30 0:28 /docker/ab /sys/fs/cgroup/pids rw,relatime - cgroup cgroup rw,pids
34 30 0:29 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
";
const HYBRID_OWN: &str = "9:pids:/docker/ab/c\n4:memory:/user/x\n2:cpu,cpuacct:/\n0::/\n";

fn found(controllers: &str, shown: Option<&str>, path: &str) -> Hierarchy {
    Hierarchy { shown: shown.map(PathBuf::from), controllers: controllers.into(), path: path.into() }
}

#[test]
fn a_hybrid_machine_is_version_1() {
    let place = Place::find(HYBRID_MOUNTS, HYBRID_OWN, None).unwrap();
    let hierarchies = vec![
        found("memory", Some("/sys/fs/cgroup/memory/user/x"), "/user/x"),
        found("pids", Some("/sys/fs/cgroup/pids/c"), "/docker/ab/c"),
        found("cpu,cpuacct", Some("/sys/fs/cgroup/cpu,cpuacct"), "/"),
    ];
    assert_eq!(place, Place { version: Version::One, hierarchies });
}

#[test]
fn a_named_group_of_version_1_is_that_one_in_every_hierarchy() {
    let place = Place::find(HYBRID_MOUNTS, HYBRID_OWN, Some(Path::new("/docker/ab/judge"))).unwrap();
    let hierarchies = vec![
        found("memory", Some("/sys/fs/cgroup/memory/docker/ab/judge"), "/docker/ab/judge"),
        found("pids", Some("/sys/fs/cgroup/pids/judge"), "/docker/ab/judge"),
        found("cpu,cpuacct", Some("/sys/fs/cgroup/cpu,cpuacct/docker/ab/judge"), "/docker/ab/judge"),
    ];
    assert_eq!(place, Place { version: Version::One, hierarchies });
}

#[test]
fn a_unified_machine_is_version_2() {
    let mounts = "25 20 0:22 /a /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n";
    let at = |own: &str, parent: Option<&str>| Place::find(mounts, own, parent.map(Path::new));
    let only = |hierarchy| Place { version: Version::Two, hierarchies: vec![hierarchy] };
    let own = found("", Some("/sys/fs/cgroup/b.service"), "/a/b.service");
    assert_eq!(at("0::/a/b.service\n", None), Ok(only(own)));
    assert_eq!(at("0::/elsewhere\n", None), Ok(only(found("", None, "/elsewhere"))), "the mount does not show it");
    let named = only(found("", Some("/sys/fs/cgroup/c"), "/a/c"));
    assert_eq!(at("0::/a/b\n", Some("/a/c")), Ok(named.clone()));
    assert_eq!(at("0::/a/b\n", Some("/sys/fs/cgroup/c")), Ok(named), "by its folder");
    assert_eq!(at("0::/a/b.service/herald-worker\n", None), at("0::/a/b.service\n", None), "it has stepped aside");
    assert_eq!(at("0::/herald-worker\n", None), at("0::/\n", None));
    assert!(at("0::/a/../../x\n", None).is_err(), "outside of the cgroup namespace");
    assert!(at("0::/a\n", Some("relative")).is_err());
    assert_eq!(Place::find("", "0::/\n", None), Ok(only(found("", None, "/"))), "nothing is mounted");
    assert!(Place::find("", "", None).is_err(), "the kernel has no cgroups");
}

#[test]
fn what_is_not_shown_and_cannot_be_mounted_is_told() {
    let absent = Place { version: Version::Two, hierarchies: vec![found("", None, "/")] };
    let stage = tempfile::NamedTempFile::new().unwrap();
    let refused = absent.folders("/", &stage.path().display().to_string()).unwrap_err();
    assert!(refused.contains("not shown here"), "{refused}");
}
