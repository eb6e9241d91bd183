//! What every run does.

use herald_sandbox::{BoxFile, Exit, Limits, MemorySource, Run};

use crate::bench::*;

crate::tests![
    every_layer_is_live,
    a_c_program_is_compiled_and_then_run_read_only,
    input_and_both_outputs_pass_through,
    exit_codes_are_the_programs_own,
    signals_are_told_from_exit_codes,
    what_cannot_be_executed_is_named,
    the_environment_is_exactly_what_was_asked_for,
    only_three_descriptors_are_open,
    a_mount_is_shown_read_only,
    a_mount_cannot_cover_what_is_there,
    time_and_memory_are_measured,
];

async fn every_layer_is_live(bench: Bench) {
    for layer in bench.sandbox.layers() {
        let optional = ["landlock", "cgroup"].contains(&layer.name.as_str());
        assert!(layer.live || (optional && layer.note.is_some()), "{layer:?}");
    }
    assert_eq!(bench.sandbox.layers().len(), 9);
}

async fn a_c_program_is_compiled_and_then_run_read_only(bench: Bench) {
    let source = r#"
        #include <stdio.h>
        int main() { puts("hello"); FILE *f = fopen("/box/new", "w"); if (f) puts("written"); return 0; }
    "#;
    let report = bench.c(source, LIMITS).await;
    assert_eq!((report.exit, report.stopped_by), (Exit::Code(0), None));
    assert_eq!(stdout(&report), "hello\n");
    assert_eq!(report.memory_source == MemorySource::Rusage, !bench.has_cgroups());
}

async fn input_and_both_outputs_pass_through(bench: Bench) {
    let source = "import sys; d = sys.stdin.read(); print(d.upper()); print(len(d), file=sys.stderr)";
    let stdin = "ä".repeat(50_000).into_bytes();
    let limits = Limits { stdout_bytes: 1 << 20, ..LIMITS };
    let run = Run { stdin, ..run(&["/usr/bin/python3", "-c", source], limits) };
    let report = bench.open_box().await.run(run).await.unwrap();
    assert_eq!(stdout(&report), "Ä".repeat(50_000) + "\n");
    assert_eq!(report.stderr, b"50000\n");
    let reopened = "print(open('/dev/stdin').read(), end='')";
    let run = Run { stdin: b"again".to_vec(), ..crate::bench::run(&["/usr/bin/python3", "-c", reopened], LIMITS) };
    assert_eq!(stdout(&bench.open_box().await.run(run).await.unwrap()), "again");
}

async fn exit_codes_are_the_programs_own(bench: Bench) {
    let work = bench.open_box().await;
    for code in [0, 1, 42, 127, 137, 255] {
        let report = work.run(run(&["/bin/sh", "-c", &format!("exit {code}")], LIMITS)).await.unwrap();
        assert_eq!((report.exit, report.stopped_by), (Exit::Code(code), None));
    }
}

async fn signals_are_told_from_exit_codes(bench: Bench) {
    let work = bench.open_box().await;
    for signal in [libc::SIGSEGV, libc::SIGABRT, libc::SIGKILL, libc::SIGTERM, libc::SIGPIPE] {
        let script = format!("kill -{signal} $$");
        let report = work.run(run(&["/bin/sh", "-c", &script], LIMITS)).await.unwrap();
        assert_eq!((report.exit, report.stopped_by), (Exit::Signal(signal), None));
    }
}

async fn what_cannot_be_executed_is_named(bench: Bench) {
    let work = bench.open_box().await;
    let missing = reason(work.run(run(&["/box/not-there"], LIMITS)).await);
    assert!(missing.contains("/box/not-there") && missing.contains("No such file"), "{missing}");
    work.write_files(&[BoxFile::new("text", "not a program")]).await.unwrap();
    let text = reason(work.run(run(&["/box/text"], LIMITS)).await);
    assert!(text.contains("/box/text") && text.contains("Permission denied"), "{text}");
    let relative = reason(work.run(run(&["sh"], LIMITS)).await);
    assert!(relative.contains("absolute"), "{relative}");
}

async fn the_environment_is_exactly_what_was_asked_for(bench: Bench) {
    let env = vec![("ONLY".to_owned(), "this one".to_owned())];
    let run = Run { env, ..run(&["/usr/bin/env"], LIMITS) };
    let report = bench.open_box().await.run(run).await.unwrap();
    assert_eq!(stdout(&report), "ONLY=this one\n");
}

async fn only_three_descriptors_are_open(bench: Bench) {
    let source = r#"
        #include <fcntl.h>
        #include <stdio.h>
        int main() { for (int fd = 0; fd < 1024; fd++) if (fcntl(fd, F_GETFD) >= 0) printf("%d ", fd); return 0; }
    "#;
    assert_eq!(stdout(&bench.c(source, LIMITS).await), "0 1 2 ");
}

async fn a_mount_is_shown_read_only(bench: Bench) {
    let folder = tempfile::tempdir().unwrap();
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o777);
    std::fs::set_permissions(folder.path(), open).unwrap();
    std::fs::write(folder.path().join("data"), "shown").unwrap();
    let script = "cat /opt/problem/data; touch /opt/problem/new || echo; cat /opt/one";
    let path = folder.path().to_str().unwrap();
    let mounts = vec![mount(path, "/opt/problem"), mount(&format!("{path}/data"), "/opt/one")];
    let run = Run { mounts, ..run(&["/bin/sh", "-c", script], LIMITS) };
    let work = bench.open_box().await;
    let report = work.run(run).await.unwrap();
    assert_eq!(stdout(&report), "shown\nshown");
    assert!(String::from_utf8_lossy(&report.stderr).contains("Read-only file system"), "{report:?}");
    assert!(!folder.path().join("new").exists());
    let later = work.run(crate::bench::run(&["/bin/ls", "/opt/problem"], LIMITS)).await.unwrap();
    assert_eq!(stdout(&later), "", "a mount is for one run");
}

async fn a_mount_cannot_cover_what_is_there(bench: Bench) {
    let work = bench.open_box().await;
    for to in ["/", "/usr/share", "/bin", "/opt/../etc", "relative", "/dev/null"] {
        let run = Run { mounts: vec![mount("/usr/share", to)], ..run(&["/bin/true"], LIMITS) };
        let refused = reason(work.run(run).await);
        assert!(refused.contains("cannot show"), "{to}: {refused}");
    }
    let absent = Run { mounts: vec![mount("/not/there", "/opt/absent")], ..run(&["/bin/true"], LIMITS) };
    assert!(reason(work.run(absent).await).contains("/not/there"));
}

async fn time_and_memory_are_measured(bench: Bench) {
    let source = r#"
        #include <stdlib.h>
        #include <string.h>
        #include <time.h>
        #include <unistd.h>
        int main() {
            char *p = malloc(100 << 20); memset(p, 1, 100 << 20);
            while (clock() < CLOCKS_PER_SEC / 2) {}
            usleep(200000); return p[77] - 1;
        }
    "#;
    let report = bench.c(source, LIMITS).await;
    assert_eq!(report.exit, Exit::Code(0));
    assert_within(report.cpu_ms, 500..=700, "CPU time", &report);
    assert_within(report.memory_kb, 100 * 1024..=120 * 1024, "memory", &report);
    assert_within(report.wall_ms, 690..=20_000, "wall time", &report);
}
