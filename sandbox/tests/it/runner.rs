//! A small test runner: filters by substring, two tests at a time, the output format of `cargo test`.

use std::future::Future;
use std::os::unix::process::CommandExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::bench::Bench;

pub type Test = (&'static str, fn(Bench) -> Pin<Box<dyn Future<Output = ()>>>);

/// An ordinary user, whom no file belongs to.
const ORDINARY_UID: u32 = 60_999;
const AS_ORDINARY: &str = "--as-ordinary-user";
/// Root with the three capabilities that a container gives the worker, and no other.
const AS_CONTAINER: &str = "--as-container";
const CONTAINER_CAPABILITIES: &str = "-all,+sys_admin,+setuid,+setgid";

/// Names the tests of a module: `tests![a, b]`.
#[macro_export]
macro_rules! tests {
    ($($name:ident),+ $(,)?) => {
        pub const TESTS: &[$crate::runner::Test] =
            &[$((concat!(module_path!(), "::", stringify!($name)), |bench| Box::pin($name(bench)))),+];
    };
}

pub fn run() -> i32 {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|a| a == "--list") {
        all().iter().for_each(|(name, _)| println!("{name}: test"));
        return 0;
    }
    let filters: Vec<String> = arguments.iter().filter(|a| !a.starts_with('-')).cloned().collect();
    let asked = |who: &str| arguments.iter().any(|a| a == who);
    let is_root = rustix::process::getuid().is_root();
    let ok = if asked(AS_ORDINARY) || asked(AS_CONTAINER) {
        run_here(&filters, if is_root { "container" } else { "user" })
    } else if is_root {
        // Not lazily: all three are run, whatever the first says.
        let passes = [run_here(&filters, "root"), run_as_ordinary_user(&filters), run_as_container(&filters)];
        passes.iter().all(|&passed| passed)
    } else {
        println!("not root: the sandbox is tested with user namespaces only");
        run_here(&filters, "user")
    };
    i32::from(!ok) * 101
}

fn all() -> Vec<Test> {
    use crate::{attacks, basics, boxes, cgroups, files, hostile, languages, lifecycle, limits, pool, streams};
    [
        basics::TESTS,
        limits::TESTS,
        cgroups::TESTS,
        attacks::TESTS,
        hostile::TESTS,
        boxes::TESTS,
        files::TESTS,
        streams::TESTS,
        pool::TESTS,
        lifecycle::TESTS,
        languages::TESTS,
    ]
    .concat()
}

fn run_here(filters: &[String], who: &str) -> bool {
    let tests: Vec<Test> = all()
        .into_iter()
        .filter(|(name, _)| filters.is_empty() || filters.iter().any(|f| name.contains(f.as_str())))
        .collect();
    println!("\nrunning {} tests as {who}", tests.len());
    let bench = Bench::new();
    let next = AtomicUsize::new(0);
    let failed = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some((name, test)) = tests.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let bench = bench.clone();
                    let passed =
                        catch_unwind(AssertUnwindSafe(|| bench.handle().block_on(test(bench.clone())))).is_ok();
                    println!("test {who}::{name} ... {}", if passed { "ok" } else { "FAILED" });
                    if !passed {
                        failed.lock().unwrap().push(*name);
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap();
    let passed = tests.len() - failed.len();
    let verdict = if failed.is_empty() { "ok" } else { "FAILED" };
    println!("\ntest result: {verdict}. {passed} passed; {} failed; 0 ignored ({who})", failed.len());
    failed.is_empty()
}

/// The same again in a process that has no rights at all. The executable is reached through a copy, because the folder
/// that it was built in may be closed to others.
fn run_as_ordinary_user(filters: &[String]) -> bool {
    let folder = tempfile::Builder::new().prefix("sandbox-test").tempdir().unwrap();
    let copy = folder.path().join("it");
    std::fs::copy(std::env::current_exe().unwrap(), &copy).unwrap();
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(folder.path(), open).unwrap();
    let mut command = Command::new(copy);
    command.uid(ORDINARY_UID).gid(ORDINARY_UID).current_dir("/").arg(AS_ORDINARY).args(filters);
    command.status().unwrap().success()
}

fn run_as_container(filters: &[String]) -> bool {
    let mut command = Command::new("setpriv");
    command.args(["--bounding-set", CONTAINER_CAPABILITIES, "--inh-caps", "-all", "--"]);
    command.arg(std::env::current_exe().unwrap()).arg(AS_CONTAINER).args(filters);
    command.status().expect("setpriv (util-linux) is installed").success()
}
