//! The toolchains work inside. One that is not installed is named in the output.

use std::path::Path;

use herald_sandbox::{BoxFile, Exit, Limits, Report, Run, WorkBox};

use crate::bench::*;

crate::tests![cpp, go, java, javascript, python, rust];

/// For run times that reserve far more address space than they use, and start threads of their own.
fn run_limits() -> Limits {
    Limits { memory_kb: 512 * 1024, processes: 64, cpu_ms: 20_000, wall_ms: 120_000, ..LIMITS }
}

fn installed(path: &str) -> bool {
    let there = Path::new(path).exists();
    if !there {
        println!("not installed, so not tested: {path}");
    }
    there
}

async fn compile_with(work: &WorkBox, file: &str, source: &str, argv: &[&str], env: &[(&str, &str)]) {
    work.write_files(&[BoxFile::new(file, source)]).await.unwrap();
    let mut run = Run { writable: true, ..run(argv, compile_limits()) };
    run.env.extend(env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    assert_hello(&work.run(run).await.unwrap(), "");
}

fn assert_hello(report: &Report, expected: &str) {
    let said = (String::from_utf8_lossy(&report.stdout), String::from_utf8_lossy(&report.stderr));
    assert_eq!((report.exit, report.stopped_by), (Exit::Code(0), None), "{said:?}");
    assert_eq!(said.0, expected, "{said:?}");
}

async fn cpp(bench: Bench) {
    let work = bench.open_box().await;
    let source = "#include <iostream>\nint main() { long a, b; std::cin >> a >> b; std::cout << a + b << '\\n'; }";
    compile_with(&work, "main.cpp", source, &["/usr/bin/g++", "-O2", "-o", "main", "main.cpp"], &[]).await;
    let adding = Run { stdin: b"40 2".to_vec(), ..run(&["/box/main"], LIMITS) };
    assert_hello(&work.run(adding).await.unwrap(), "42\n");
}

async fn go(bench: Bench) {
    if !installed("/usr/bin/go") {
        return;
    }
    let work = bench.open_box().await;
    let source =
        "package main\nimport \"fmt\"\nfunc main() { c := make(chan int); go func() { c <- 42 }(); fmt.Println(<-c) }";
    let env = [("GOCACHE", "/tmp/cache"), ("GOPATH", "/tmp/go"), ("CGO_ENABLED", "0"), ("GO111MODULE", "off")];
    compile_with(&work, "main.go", source, &["/usr/bin/go", "build", "-o", "main", "main.go"], &env).await;
    assert_hello(&work.run(run(&["/box/main"], run_limits())).await.unwrap(), "42\n");
}

async fn java(bench: Bench) {
    if !installed("/usr/bin/javac") {
        return;
    }
    let work = bench.open_box().await;
    let source = "public class Main { public static void main(String[] a) { System.out.println(\"hello\"); } }";
    compile_with(&work, "Main.java", source, &["/usr/bin/javac", "-J-Xmx512m", "Main.java"], &[]).await;
    let java =
        run(&["/usr/bin/java", "-Xmx64m", "-XX:+UseSerialGC", "-XX:-UsePerfData", "-cp", "/box", "Main"], run_limits());
    assert_hello(&work.run(java).await.unwrap(), "hello\n");
}

async fn javascript(bench: Bench) {
    if !installed("/usr/bin/node") {
        return;
    }
    let work = bench.open_box().await;
    let source = "const n = require('fs').readFileSync('/dev/stdin', 'utf8'); console.log(Number(n) * 2)";
    work.write_files(&[BoxFile::new("main.js", source)]).await.unwrap();
    let node = Run { stdin: b"21".to_vec(), ..run(&["/usr/bin/node", "main.js"], run_limits()) };
    assert_hello(&work.run(node).await.unwrap(), "42\n");
}

async fn python(bench: Bench) {
    let source = "import threading, random, hashlib, json, tempfile, subprocess\nt = threading.Thread(target=print, args=('hello',)); t.start(); t.join()";
    assert_hello(&bench.python(source, LIMITS).await, "hello\n");
}

/// The toolchain may live in a home folder, so it is shown as a mount.
async fn rust(bench: Bench) {
    let sysroot = std::process::Command::new("rustc").args(["--print", "sysroot"]).output();
    let sysroot = sysroot.map(|out| String::from_utf8_lossy(&out.stdout).trim().to_owned()).unwrap_or_default();
    if sysroot.is_empty() || !installed(&format!("{sysroot}/bin/rustc")) {
        println!("no rustc within this user's reach, so not tested");
        return;
    }
    let work = bench.open_box().await;
    let source = "fn main() { let t = std::thread::spawn(|| 42); println!(\"{}\", t.join().unwrap()); }";
    work.write_files(&[BoxFile::new("main.rs", source)]).await.unwrap();
    let mut compile = run(&["/opt/rust/bin/rustc", "-O", "-o", "main", "main.rs"], compile_limits());
    compile.writable = true;
    compile.mounts.push(mount(&sysroot, "/opt/rust"));
    assert_hello(&work.run(compile).await.unwrap(), "");
    assert_hello(&work.run(run(&["/box/main"], LIMITS)).await.unwrap(), "42\n");
}
