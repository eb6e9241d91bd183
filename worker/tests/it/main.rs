//! Judging for real: real compilers and programs in the real sandbox. Every language of the
//! built-in file has to be there (`scripts/install-test-tools.sh`).
//!
//! This has a `main` of its own (`harness = false`), because the sandbox's launcher is this executable started again.

#![allow(clippy::unwrap_used, reason = "a test says what is wrong by panicking")]

mod bench;
mod engine;
mod functions;
mod interactive;
mod languages;
mod limits;
mod live;
mod problems;
mod verdicts;
mod whole;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;

use bench::Bench;

type Test = (&'static str, for<'a> fn(&'a Bench) -> Pin<Box<dyn Future<Output = ()> + 'a>>);

/// Names the tests of a module: `tests![a, b]`.
#[macro_export]
macro_rules! tests {
    ($($name:ident),+ $(,)?) => {
        pub const TESTS: &[$crate::Test] =
            &[$((concat!(module_path!(), "::", stringify!($name)), |bench| Box::pin($name(bench)))),+];
    };
}

fn main() {
    herald_sandbox::launcher_main_if_asked();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let all = [
        languages::TESTS,
        problems::TESTS,
        limits::TESTS,
        live::TESTS,
        verdicts::TESTS,
        engine::TESTS,
        interactive::TESTS,
        functions::TESTS,
        whole::TESTS,
    ]
    .concat();
    if arguments.iter().any(|argument| argument == "--list") {
        all.iter().for_each(|(name, _)| println!("{name}: test"));
        return;
    }
    let filters: Vec<_> = arguments.iter().filter(|argument| !argument.starts_with('-')).collect();
    let chosen =
        all.iter().filter(|(name, _)| filters.is_empty() || filters.iter().any(|filter| name.contains(*filter)));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let bench = runtime.block_on(Bench::new());
    let (mut passed, mut failed) = (0, 0);
    for (name, test) in chosen {
        let ok = catch_unwind(AssertUnwindSafe(|| runtime.block_on(test(&bench)))).is_ok();
        println!("test {name} ... {}", if ok { "ok" } else { "FAILED" });
        *(if ok { &mut passed } else { &mut failed }) += 1;
    }
    let verdict = if failed == 0 { "ok" } else { "FAILED" };
    println!("\ntest result: {verdict}. {passed} passed; {failed} failed; 0 ignored");
    // An exit alone would leave its cgroups to the next one.
    drop(bench);
    std::process::exit(if failed == 0 { 0 } else { 101 });
}
