//! What the tests share: one sandbox, and short ways to say what is run.

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use herald_sandbox::{BoxFile, Cgroups, Config, Exit, Limits, Mount, Report, Run, Sandbox, SandboxError, WorkBox};
use tokio::runtime::{Handle, Runtime};

pub const SLOTS: u32 = 4;

/// Every sandbox of the tests has uids of its own, as every worker of a machine must.
static NEXT_UID: AtomicU32 = AtomicU32::new(61_000);

pub fn config() -> Config {
    let first_uid = NEXT_UID.fetch_add(SLOTS, Ordering::Relaxed);
    Config { slots: SLOTS, allow_weak: false, first_uid, box_kb: 64 * 1024, cgroups: Cgroups::Auto }
}

pub const LIMITS: Limits = Limits {
    cpu_ms: 5_000,
    wall_ms: 30_000,
    memory_kb: 256 * 1024,
    limit_address_space: false,
    stack_kb: 8 * 1024,
    processes: 32,
    file_kb: 16 * 1024,
    stdout_bytes: 64 * 1024,
    stderr_bytes: 64 * 1024,
};

#[derive(Clone)]
pub struct Bench {
    runtime: Arc<Runtime>,
    pub sandbox: Sandbox,
}

impl Bench {
    pub fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let sandbox = runtime.block_on(Sandbox::start(config())).expect("the sandbox starts");
        Self { runtime: Arc::new(runtime), sandbox }
    }

    pub fn handle(&self) -> Handle {
        self.runtime.handle().clone()
    }

    /// Whether every run has a cgroup of its own. Where one could be made at all, that is as root; it is said, not hidden.
    pub fn has_cgroups(&self) -> bool {
        self.sandbox.layers().iter().any(|layer| layer.name == "cgroup" && layer.live)
    }

    pub async fn open_box(&self) -> WorkBox {
        self.sandbox.open_box().await.expect("a box")
    }

    /// Compiles a C program in a fresh box; it is then `/box/main`.
    pub async fn compiled(&self, source: &str) -> WorkBox {
        let work = self.open_box().await;
        compile(&work, source, "main").await;
        work
    }

    /// Compiles a C program and runs it under these limits.
    pub async fn c(&self, source: &str, limits: Limits) -> Report {
        let work = self.compiled(source).await;
        work.run(run(&["/box/main"], limits)).await.expect("a report")
    }

    /// Runs a Python program without a file, under these limits.
    pub async fn python(&self, source: &str, limits: Limits) -> Report {
        self.open_box().await.run(run(&["/usr/bin/python3", "-c", source], limits)).await.expect("a report")
    }
}

pub fn run(argv: &[&str], limits: Limits) -> Run {
    Run {
        argv: argv.iter().map(|&a| a.to_owned()).collect(),
        env: vec![("PATH".into(), "/usr/bin:/bin".into()), ("HOME".into(), "/tmp".into())],
        stdin: Vec::new(),
        limits,
        writable: false,
        mounts: Vec::new(),
    }
}

/// For compilers, which need time, memory and threads.
pub fn compile_limits() -> Limits {
    Limits {
        cpu_ms: 60_000,
        wall_ms: 180_000,
        memory_kb: 2 * 1024 * 1024,
        processes: 128,
        file_kb: 256 * 1024,
        ..LIMITS
    }
}

pub async fn compile(work: &WorkBox, source: &str, name: &str) {
    let file = format!("{name}.c");
    work.write_files(&[BoxFile::new(file.as_str(), source)]).await.expect("files are written");
    let argv = ["/usr/bin/gcc", "-O0", "-w", "-pthread", "-o", name, &file];
    let report = work.run(Run { writable: true, ..run(&argv, compile_limits()) }).await.expect("a compiler");
    assert_eq!(report.exit, Exit::Code(0), "{}", String::from_utf8_lossy(&report.stderr));
}

pub fn mount(from: &str, to: &str) -> Mount {
    Mount { from: from.into(), to: to.into() }
}

pub fn stdout(report: &Report) -> String {
    String::from_utf8_lossy(&report.stdout).into_owned()
}

pub fn assert_within(value: u64, range: RangeInclusive<u64>, what: &str, report: &Report) {
    assert!(range.contains(&value), "{what} is {value}, not within {range:?}: {report:?}");
}

pub fn reason(result: Result<impl Sized, SandboxError>) -> String {
    match result {
        Err(SandboxError::Setup(reason)) => reason,
        Err(other) => panic!("not a set-up error: {other}"),
        Ok(_) => panic!("it was not refused"),
    }
}
