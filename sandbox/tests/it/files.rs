//! Files on their way out of a box, which somebody hostile has filled.

use herald_sandbox::{BoxFile, Exit, Run, WorkBox};

use crate::bench::*;

crate::tests![
    files_and_folders_go_in_and_come_out_as_they_are,
    only_plain_files_are_read,
    a_box_with_anything_else_is_not_copied,
    too_much_is_nothing,
    a_copied_program_runs_in_another_box,
    folders_left_in_the_box_lead_nowhere,
];

async fn sh(work: &WorkBox, script: &str) {
    let report = work.run(Run { writable: true, ..run(&["/bin/sh", "-c", script], LIMITS) }).await.unwrap();
    assert_eq!(report.exit, Exit::Code(0), "{script}: {report:?}");
}

async fn files_and_folders_go_in_and_come_out_as_they_are(bench: Bench) {
    let work = bench.open_box().await;
    let mut files = vec![
        BoxFile::new("a/b/c/deep", [0, 159, 146, 150, b'\n']),
        BoxFile { executable: true, ..BoxFile::new("a/tool", "#!/bin/sh\necho works\n") },
        BoxFile::new("empty", ""),
    ];
    work.write_files(&[files.clone(), vec![BoxFile::new("hollow/", "")]].concat()).await.unwrap();
    let report =
        work.run(run(&["/bin/sh", "-c", "a/tool; ls -d hollow a/b/c; wc -c <a/b/c/deep"], LIMITS)).await.unwrap();
    assert_eq!(stdout(&report), "works\na/b/c\nhollow\n5\n", "{report:?}");
    let mut found = work.files(1024).await.unwrap().unwrap();
    found.sort_by(|a, b| a.path.cmp(&b.path));
    assert_eq!(found, files);
    // Written again, it is replaced, executable or not.
    files[1] = BoxFile::new("a/tool", "now text");
    work.write_files(&files[1..2]).await.unwrap();
    assert_eq!(work.read_file("a/tool", 8).await.unwrap().unwrap(), b"now text");
    let refused = reason(work.run(run(&["/box/a/tool"], LIMITS)).await);
    assert!(refused.contains("Permission denied"), "{refused}");
}

async fn only_plain_files_are_read(bench: Bench) {
    let work = bench.open_box().await;
    let script = "set -e; echo plain > plain; ln -s plain link; ln -s /etc/passwd out; ln -s / root; \
        python3 -c \"import socket; socket.socket(socket.AF_UNIX).bind('socket')\"; mkdir folder; \
        echo x > one; ln one two; echo x > set; chmod 4755 set; echo x > group; chmod 2755 group; \
        truncate -s 10M hollow; echo x > closed; chmod 000 closed; ln -s folder into; echo x > folder/inner";
    sh(&work, script).await;
    assert_eq!(work.read_file("plain", 6).await.unwrap().as_deref(), Some(&b"plain\n"[..]));
    assert_eq!(work.read_file("folder/inner", 6).await.unwrap().as_deref(), Some(&b"x\n"[..]));
    let others = "link out root/etc/passwd socket folder one two set group hollow closed into/inner absent plain/x";
    for path in
        others.split(' ').chain(["../etc/passwd", "/etc/passwd", "", ".", "folder/../plain", "/proc/self/environ"])
    {
        assert_eq!(work.read_file(path, 1 << 20).await.unwrap(), None, "{path}");
    }
    // The box is none the worse for it.
    assert_eq!(work.read_file("plain", 6).await.unwrap().as_deref(), Some(&b"plain\n"[..]));
}

async fn a_box_with_anything_else_is_not_copied(bench: Bench) {
    for left in [
        "ln -s /etc/passwd x",
        "python3 -c \"import socket; socket.socket(socket.AF_UNIX).bind('x')\"",
        "echo > x; ln x y",
        "echo > x; chmod 4755 x",
        "echo > x; chmod 0 x",
        "python3 -c \"open(b'\\\\xff', 'w')\"",
        "p=.; for i in $(seq 20); do p=$p/d; mkdir $p; done; echo > $p/x",
    ] {
        let work = bench.open_box().await;
        sh(&work, &format!("echo main > main; {left}")).await;
        assert_eq!(work.files(1 << 20).await.unwrap(), None, "{left}");
    }
}

async fn too_much_is_nothing(bench: Bench) {
    let work = bench.open_box().await;
    sh(&work, "head -c 1000 /dev/zero > a; head -c 1000 /dev/zero > b").await;
    assert_eq!(work.read_file("a", 999).await.unwrap(), None);
    assert_eq!(work.read_file("a", 1000).await.unwrap().map(|bytes| bytes.len()), Some(1000));
    assert_eq!(work.files(1999).await.unwrap(), None);
    assert_eq!(work.files(2000).await.unwrap().map(|files| files.len()), Some(2));
    sh(&work, "mkdir many; cd many; seq 5000 | xargs touch").await;
    assert_eq!(work.files(1 << 20).await.unwrap(), None);
}

async fn a_copied_program_runs_in_another_box(bench: Bench) {
    let first = bench.compiled("#include <stdio.h>\nint main() { puts(\"copied\"); }").await;
    let files = first.files(16 << 20).await.unwrap().expect("a program and its source");
    drop(first);
    let second = bench.open_box().await;
    second.write_files(&files).await.unwrap();
    assert_eq!(stdout(&second.run(run(&["/box/main"], LIMITS)).await.unwrap()), "copied\n");
}

async fn folders_left_in_the_box_lead_nowhere(bench: Bench) {
    let work = bench.open_box().await;
    let outside = tempfile::tempdir().unwrap();
    std::fs::set_permissions(outside.path(), std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
    sh(&work, &format!("ln -s {} out; ln -s /tmp tmp; ln -s . here; echo > file", outside.path().display())).await;
    for path in ["out/x", "tmp/x", "here/x", "file/x", "out/deep/x"] {
        let refused = reason(work.write_files(&[BoxFile::new(path, "mine")]).await);
        assert!(refused.contains(&format!("could not write {path}")), "{path}: {refused}");
    }
    assert_eq!(std::fs::read_dir(outside.path()).unwrap().count(), 0);
}
