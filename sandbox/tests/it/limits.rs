//! Every limit stops a program, and says which it was.

use herald_sandbox::{Exit, Limits, Report, StoppedBy};

use crate::bench::*;

crate::tests![
    an_endless_loop_runs_out_of_cpu_time,
    threads_share_one_cpu_limit,
    children_share_one_cpu_limit,
    the_time_of_children_nobody_waited_for_counts,
    a_sleeper_is_idle,
    a_busy_program_runs_out_of_wall_time,
    a_memory_bomb_is_stopped,
    a_memory_bomb_is_stopped_with_address_space_limited,
    memory_of_all_children_counts,
    shared_memory_counts,
    pages_shared_by_children_count_once,
    too_much_output_is_stopped_and_its_beginning_kept,
    too_much_on_stderr_is_stopped,
    output_that_just_fits_is_no_offence,
    a_file_too_large_is_stopped,
    a_stack_overflow_is_a_crash,
    a_full_box_is_an_error_of_the_program,
    open_files_are_limited,
    threads_are_limited,
];

const LOOP: &str = "int main() { for (volatile long n = 0;; n++) {} }";

fn assert_stopped(report: &Report, by: StoppedBy) {
    assert_eq!((report.stopped_by, report.exit), (Some(by), Exit::Signal(libc::SIGKILL)), "{report:?}");
}

async fn an_endless_loop_runs_out_of_cpu_time(bench: Bench) {
    let report = bench.c(LOOP, Limits { cpu_ms: 300, ..LIMITS }).await;
    assert_stopped(&report, StoppedBy::Cpu);
    assert_within(report.cpu_ms, 300..=400, "CPU time", &report);
}

async fn threads_share_one_cpu_limit(bench: Bench) {
    let source = r#"
        #include <pthread.h>
        void *spin(void *p) { for (volatile long n = 0;; n++) {} }
        int main() { pthread_t t; for (int i = 0; i < 8; i++) pthread_create(&t, 0, spin, 0); pthread_join(t, 0); }
    "#;
    let report = bench.c(source, Limits { cpu_ms: 300, ..LIMITS }).await;
    assert_stopped(&report, StoppedBy::Cpu);
    assert_within(report.cpu_ms, 300..=500, "CPU time", &report);
}

async fn children_share_one_cpu_limit(bench: Bench) {
    let source = r#"
        #include <unistd.h>
        int main() { for (int i = 0; i < 4; i++) if (!fork()) for (volatile long n = 0;; n++) {} for (;;) pause(); }
    "#;
    let report = bench.c(source, Limits { cpu_ms: 300, ..LIMITS }).await;
    assert_stopped(&report, StoppedBy::Cpu);
    assert_within(report.cpu_ms, 300..=500, "CPU time", &report);
}

async fn the_time_of_children_nobody_waited_for_counts(bench: Bench) {
    let source = r#"
        #include <time.h>
        #include <unistd.h>
        int main() {
            int done[2]; pipe(done);
            for (int i = 0; i < 2; i++) if (!fork()) { while (clock() < CLOCKS_PER_SEC * 3 / 10) {} write(done[1], "x", 1); return 0; }
            char c; read(done[0], &c, 1); read(done[0], &c, 1); _exit(0);
        }
    "#;
    let report = bench.c(source, LIMITS).await;
    assert_eq!((report.exit, report.stopped_by), (Exit::Code(0), None));
    assert_within(report.cpu_ms, 600..=800, "CPU time", &report);
    let report = bench.c(source, Limits { cpu_ms: 400, ..LIMITS }).await;
    assert_eq!(report.stopped_by, Some(StoppedBy::Cpu), "{report:?}");
}

async fn a_sleeper_is_idle(bench: Bench) {
    let work = bench.open_box().await;
    let report = work.run(run(&["/bin/sleep", "60"], Limits { wall_ms: 500, ..LIMITS })).await.unwrap();
    assert_stopped(&report, StoppedBy::Idle);
    assert_within(report.wall_ms, 500..=5_000, "wall time", &report);
    assert_within(report.cpu_ms, 0..=50, "CPU time", &report);
}

async fn a_busy_program_runs_out_of_wall_time(bench: Bench) {
    let report = bench.c(LOOP, Limits { cpu_ms: 60_000, wall_ms: 700, ..LIMITS }).await;
    assert_stopped(&report, StoppedBy::Wall);
}

const BOMB: &str = r#"
    #include <stdlib.h>
    #include <string.h>
    int main() { for (;;) { char *p = malloc(1 << 20); if (!p) return 3; memset(p, 1, 1 << 20); } }
"#;

async fn a_memory_bomb_is_stopped(bench: Bench) {
    let report = bench.c(BOMB, Limits { memory_kb: 64 * 1024, ..LIMITS }).await;
    assert_stopped(&report, StoppedBy::Memory);
    assert_within(report.memory_kb, 64 * 1024..=1024 * 1024, "memory", &report);
}

async fn a_memory_bomb_is_stopped_with_address_space_limited(bench: Bench) {
    let limits = Limits { memory_kb: 64 * 1024, limit_address_space: true, ..LIMITS };
    let report = bench.c(BOMB, limits).await;
    assert_eq!(report.stopped_by, Some(StoppedBy::Memory), "{report:?}");
    let at_once = "#include <stdlib.h>\nint main() { return malloc(1L << 30) ? 0 : 3; }";
    // A cgroup counts what is touched, so that address space is limited only where there is none.
    let reserved = if bench.has_cgroups() { 0 } else { 3 };
    assert_eq!(bench.c(at_once, limits).await.exit, Exit::Code(reserved));
    assert_eq!(bench.c(at_once, Limits { limit_address_space: false, ..limits }).await.exit, Exit::Code(0));
}

async fn memory_of_all_children_counts(bench: Bench) {
    let source = r#"
        #include <stdlib.h>
        #include <string.h>
        #include <unistd.h>
        int main() {
            for (int i = 0; i < 4; i++) if (!fork()) { memset(malloc(40 << 20), 1, 40 << 20); for (;;) pause(); }
            for (;;) pause();
        }
    "#;
    assert_stopped(&bench.c(source, Limits { memory_kb: 100 * 1024, ..LIMITS }).await, StoppedBy::Memory);
}

async fn shared_memory_counts(bench: Bench) {
    let source = r#"
        #include <string.h>
        #include <sys/mman.h>
        #include <unistd.h>
        int main() {
            char *p = mmap(0, 200 << 20, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
            memset(p, 1, 200 << 20); for (;;) pause();
        }
    "#;
    assert_stopped(&bench.c(source, Limits { memory_kb: 100 * 1024, ..LIMITS }).await, StoppedBy::Memory);
}

async fn pages_shared_by_children_count_once(bench: Bench) {
    let source = r#"
        #include <stdlib.h>
        #include <string.h>
        #include <sys/wait.h>
        #include <unistd.h>
        int main() {
            memset(malloc(60 << 20), 1, 60 << 20);
            for (int i = 0; i < 4; i++) if (!fork()) { usleep(300000); _exit(0); }
            while (wait(0) > 0) {}
            return 0;
        }
    "#;
    let report = bench.c(source, Limits { memory_kb: 100 * 1024, ..LIMITS }).await;
    assert_eq!((report.exit, report.stopped_by), (Exit::Code(0), None), "{report:?}");
    assert_within(report.memory_kb, 60 * 1024..=100 * 1024, "memory", &report);
}

async fn too_much_output_is_stopped_and_its_beginning_kept(bench: Bench) {
    let limits = Limits { stdout_bytes: 100_000, ..LIMITS };
    let work = bench.open_box().await;
    let report = work.run(run(&["/usr/bin/yes", "abc"], limits)).await.unwrap();
    assert_eq!(report.stopped_by, Some(StoppedBy::Stdout));
    assert_eq!(stdout(&report), "abc\n".repeat(25_000));
}

async fn too_much_on_stderr_is_stopped(bench: Bench) {
    let limits = Limits { stderr_bytes: 1000, ..LIMITS };
    let work = bench.open_box().await;
    let report = work.run(run(&["/bin/sh", "-c", "yes abc >&2"], limits)).await.unwrap();
    assert_eq!(report.stopped_by, Some(StoppedBy::Stderr));
    assert_eq!(report.stderr, "abc\n".repeat(250).as_bytes());
}

async fn output_that_just_fits_is_no_offence(bench: Bench) {
    let work = bench.open_box().await;
    let command = run(&["/usr/bin/head", "-c", "1000", "/dev/zero"], Limits { stdout_bytes: 1000, ..LIMITS });
    let report = work.run(command).await.unwrap();
    assert_eq!((report.exit, report.stopped_by, report.stdout.len()), (Exit::Code(0), None, 1000));
    let command = run(&["/usr/bin/head", "-c", "1001", "/dev/zero"], Limits { stdout_bytes: 1000, ..LIMITS });
    let report = work.run(command).await.unwrap();
    assert_eq!((report.stopped_by, report.stdout.len()), (Some(StoppedBy::Stdout), 1000));
}

async fn a_file_too_large_is_stopped(bench: Bench) {
    let script = "exec head -c 2000000 /dev/zero > /tmp/large";
    let work = bench.open_box().await;
    let report = work.run(run(&["/bin/sh", "-c", script], Limits { file_kb: 1024, ..LIMITS })).await.unwrap();
    assert_eq!((report.exit, report.stopped_by), (Exit::Signal(libc::SIGXFSZ), Some(StoppedBy::FileSize)));
}

async fn a_stack_overflow_is_a_crash(bench: Bench) {
    let source = "int deep(volatile int n) { volatile char a[4096]; a[0] = n; return deep(n + 1) + a[0]; } int main() { return deep(0); }";
    let report = bench.c(source, LIMITS).await;
    assert_eq!((report.exit, report.stopped_by), (Exit::Signal(libc::SIGSEGV), None), "{report:?}");
}

async fn a_full_box_is_an_error_of_the_program(bench: Bench) {
    let source = "
import errno
def fill(folder, size):
    n = 0
    try:
        while True:
            with open(f'{folder}/{n}', 'wb') as f: f.write(b'x' * size)
            n += 1
    except OSError as e: print(folder, errno.errorcode[e.errno], n)
fill('/tmp', 8 << 20)
fill('/box', 0)";
    let work = bench.open_box().await;
    let mut filling = run(&["/usr/bin/python3", "-c", source], LIMITS);
    filling.writable = true;
    let report = work.run(filling).await.unwrap();
    let said = stdout(&report);
    let lines: Vec<&str> = said.lines().collect();
    assert!(lines[0].starts_with("/tmp ENOSPC "), "{report:?}");
    assert!(lines[1].starts_with("/box ENOSPC 163"), "{report:?}");
}

async fn open_files_are_limited(bench: Bench) {
    let source = "
import os
n = 0
try:
    while True: os.dup(0); n += 1
except OSError as e: print(e.strerror, n < 256)";
    assert_eq!(stdout(&bench.python(source, LIMITS).await), "Too many open files True\n");
}

async fn threads_are_limited(bench: Bench) {
    let source = r#"
        #include <pthread.h>
        #include <stdio.h>
        #include <unistd.h>
        void *wait_forever(void *p) { for (;;) pause(); }
        int main() { pthread_t t; int n = 1; while (n < 1000 && !pthread_create(&t, 0, wait_forever, 0)) n++; printf("%d", n); }
    "#;
    assert_eq!(stdout(&bench.c(source, Limits { processes: 10, ..LIMITS }).await), "10");
}
