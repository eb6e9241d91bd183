//! What one run in the sandbox costs: a static program that does nothing, against a bare fork and exec, bubblewrap and nsjail.
//! All of them take turns, one run each, so that whatever else the machine does falls on all alike.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use futures::future::try_join_all;
use herald_sandbox::{BoxFile, Cgroups, Config, Exit, Limits, Run, Sandbox, WorkBox};

use crate::report::{Beside, Goal, Row};
use crate::spawner::{Spawner, compile};
use crate::stats::{Spread, percentile};
use crate::{Bench, machine};

/// Of each, in a round.
const TURNS: usize = 80;
/// Runs one after another, of which the next sandbox is made while the last works.
const IN_A_ROW: usize = 20;
/// Long enough for the next sandbox to be there.
const PAUSE: Duration = Duration::from_millis(6);
const PROGRAM: &str = "int main(void) { return 0; }\n";
const NSJAIL: &str = "target/tools/nsjail/nsjail";
const FIRST_UID: u32 = 59_000;

const LIMITS: Limits = Limits {
    cpu_ms: 5_000,
    wall_ms: 10_000,
    memory_kb: 256 * 1024,
    limit_address_space: false,
    stack_kb: 8 * 1024,
    processes: 32,
    file_kb: 16 * 1024,
    stdout_bytes: 64 * 1024,
    stderr_bytes: 64 * 1024,
};

/// Milliseconds of each turn of a round.
#[derive(Default)]
struct Turns {
    floor: Vec<f64>,
    pooled: Vec<f64>,
    cycle: Vec<f64>,
    boxed: Vec<f64>,
    bwrap: Vec<f64>,
    nsjail: Vec<f64>,
}

/// The median of each round.
#[derive(Default)]
struct Rounds {
    floor: Vec<f64>,
    pooled: Vec<f64>,
    cycle: Vec<f64>,
    boxed: Vec<f64>,
    bwrap: Vec<f64>,
    nsjail: Vec<f64>,
    one_slot: Vec<f64>,
    two_slots: Vec<f64>,
    disturbed: usize,
}

pub async fn measure(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    ensure!(rustix::process::getuid().is_root(), "all layers with cgroups, and nsjail's options, want root");
    let program = compile(PROGRAM, &bench.folder.path().join("nothing")).await?;
    let peers = Peers::of(&program)?;
    let config = Config {
        slots: 3,
        allow_weak: false,
        first_uid: FIRST_UID,
        box_kb: 64 * 1024,
        cgroups: Cgroups::Require,
        cgroup_parent: None,
    };
    let sandbox = Sandbox::start(config).await?;
    let mut spawner = Spawner::start(bench.folder.path()).await?;
    let boxes = [opened(&sandbox, &program).await?, opened(&sandbox, &program).await?];
    let mut rounds = Rounds::default();
    for round in 1..=bench.rounds {
        rounds.disturbed += usize::from(!machine::is_quiet().await);
        let mut turns = Turns::default();
        for _ in 0..TURNS {
            turns.take(&sandbox, &boxes[0], &mut spawner, &peers).await?;
        }
        rounds.keep(&turns);
        rounds.throughput(&boxes).await?;
        eprintln!(
            "  round {round}: fork and exec {:.3} ms, pooled {:.3}, cycle {:.3}, bwrap {:.2}, nsjail {:.2}",
            rounds.floor[round - 1],
            rounds.pooled[round - 1],
            rounds.cycle[round - 1],
            rounds.bwrap[round - 1],
            rounds.nsjail[round - 1],
        );
    }
    Ok(rounds.rows())
}

struct Peers {
    floor: String,
    bwrap: String,
    nsjail: String,
}

impl Peers {
    fn of(program: &std::path::Path) -> anyhow::Result<Self> {
        let floor = program.to_str().context("the folder's name is not text")?.to_owned();
        let bwrap = format!(
            "/usr/bin/bwrap --unshare-all --die-with-parent --ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/lib /lib \
             --symlink usr/lib64 /lib64 --proc /proc --dev /dev --tmpfs /tmp --ro-bind {floor} /main /main"
        );
        let nsjail =
            std::fs::canonicalize(NSJAIL).map_err(|_| anyhow::anyhow!("{NSJAIL} is not there: scripts/bench.sh"))?;
        let nsjail = format!(
            "{} -Mo -Q --user {FIRST_UID} --group {FIRST_UID} -R /usr -R /lib -R /lib64 -R {floor}:/main -T /tmp \
             --rlimit_as 256 --rlimit_cpu 5 --rlimit_fsize 16 --rlimit_nofile 256 --time_limit 10 -- /main",
            nsjail.display()
        );
        ensure!(PathBuf::from("/usr/bin/bwrap").exists(), "bwrap is not installed");
        Ok(Self { floor, bwrap, nsjail })
    }
}

async fn opened(sandbox: &Sandbox, program: &std::path::Path) -> anyhow::Result<WorkBox> {
    let work = sandbox.open_box().await?;
    let file = BoxFile { executable: true, ..BoxFile::new("main", std::fs::read(program)?) };
    work.write_files(&[file]).await?;
    Ok(work)
}

async fn run_once(work: &WorkBox) -> anyhow::Result<()> {
    let run = Run {
        argv: vec!["/box/main".into()],
        env: vec![("PATH".into(), "/usr/bin:/bin".into())],
        stdin: Vec::new(),
        limits: LIMITS,
        writable: false,
        mounts: Vec::new(),
    };
    let report = work.run(run).await?;
    ensure!(report.exit == Exit::Code(0) && report.stopped_by.is_none(), "{report:?}");
    Ok(())
}

fn ms(began: Instant) -> f64 {
    began.elapsed().as_secs_f64() * 1e3
}

impl Turns {
    async fn take(
        &mut self,
        sandbox: &Sandbox,
        work: &WorkBox,
        spawner: &mut Spawner,
        peers: &Peers,
    ) -> anyhow::Result<()> {
        self.floor.push(spawner.time(&peers.floor).await?);
        self.bwrap.push(spawner.time(&peers.bwrap).await?);
        self.nsjail.push(spawner.time(&peers.nsjail).await?);
        tokio::time::sleep(PAUSE).await;
        let began = Instant::now();
        run_once(work).await?;
        self.pooled.push(ms(began));
        let began = Instant::now();
        for _ in 0..IN_A_ROW {
            run_once(work).await?;
        }
        self.cycle.push(ms(began) / IN_A_ROW as f64);
        // A box of its own, from nothing to nothing: `/bin/true` needs no file in it.
        let began = Instant::now();
        let fresh = sandbox.open_box().await?;
        let truth = Run { argv: vec!["/bin/true".into()], ..nothing() };
        ensure!(fresh.run(truth).await?.exit == Exit::Code(0), "true is false");
        drop(fresh);
        self.boxed.push(ms(began));
        Ok(())
    }
}

fn nothing() -> Run {
    Run { argv: Vec::new(), env: Vec::new(), stdin: Vec::new(), limits: LIMITS, writable: false, mounts: Vec::new() }
}

impl Rounds {
    fn keep(&mut self, turns: &Turns) {
        let pairs = [
            (&mut self.floor, &turns.floor),
            (&mut self.pooled, &turns.pooled),
            (&mut self.cycle, &turns.cycle),
            (&mut self.boxed, &turns.boxed),
            (&mut self.bwrap, &turns.bwrap),
            (&mut self.nsjail, &turns.nsjail),
        ];
        for (rounds, turns) in pairs {
            rounds.push(percentile(turns, 50.0));
        }
    }

    /// Runs per second of one box, and of two at once.
    async fn throughput(&mut self, boxes: &[WorkBox; 2]) -> anyhow::Result<()> {
        let many = async |work: &WorkBox| {
            for _ in 0..IN_A_ROW * 5 {
                run_once(work).await?;
            }
            anyhow::Ok(())
        };
        let (mut one, mut two) = (Vec::new(), Vec::new());
        for _ in 0..5 {
            let began = Instant::now();
            many(&boxes[0]).await?;
            one.push((IN_A_ROW * 5) as f64 / began.elapsed().as_secs_f64());
            let began = Instant::now();
            try_join_all(boxes.iter().map(many)).await?;
            two.push((IN_A_ROW * 10) as f64 / began.elapsed().as_secs_f64());
        }
        self.one_slot.push(percentile(&one, 50.0));
        self.two_slots.push(percentile(&two, 50.0));
        Ok(())
    }

    fn rows(self) -> Vec<Row> {
        let Self { floor, pooled, cycle, boxed, bwrap, nsjail, one_slot, two_slots, disturbed } = self;
        let row = |name, what, figure, goal, beside| Row {
            name,
            what,
            unit: "×",
            figure,
            goal: Some(goal),
            later: false,
            beside,
            disturbed,
        };
        let fork = || Beside::new("fork and exec", "ms", &floor);
        let whole = || Beside::new("whole cycle", "ms", &cycle);
        vec![
            row(
                "sandbox_pooled",
                "`return 0` where a sandbox waits, asked to told ÷ fork and exec",
                Spread::ratio(&pooled, &floor),
                Goal::AtMost(2.1),
                vec![Beside::new("asked to told", "ms", &pooled), fork()],
            ),
            row(
                "sandbox_cycle",
                "`return 0`, whole cycle with all layers ÷ fork and exec",
                Spread::ratio(&cycle, &floor),
                Goal::AtMost(5.0),
                vec![whole(), Beside::new("`true` with a box of its own", "ms", &boxed)],
            ),
            row(
                "sandbox_slots",
                "runs per second, two slots at once ÷ one",
                Spread::ratio(&two_slots, &one_slot),
                Goal::AtLeast(1.5),
                vec![Beside::new("one", "runs/s", &one_slot), Beside::new("two", "runs/s", &two_slots)],
            ),
            row(
                "sandbox_bwrap",
                "`bwrap --unshare-all` ÷ whole cycle",
                Spread::ratio(&bwrap, &cycle),
                Goal::AtLeast(2.0),
                vec![Beside::new("bwrap", "ms", &bwrap), whole()],
            ),
            row(
                "sandbox_nsjail",
                "nsjail ÷ whole cycle",
                Spread::ratio(&nsjail, &cycle),
                Goal::AtLeast(3.0),
                vec![Beside::new("nsjail", "ms", &nsjail), whole()],
            ),
        ]
    }
}
