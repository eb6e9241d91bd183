//! Output while it is written, and pipes between runs.

use std::io::{PipeReader, PipeWriter};

use herald_sandbox::{Chunk, Exit, Limits, Run, Sandbox, StoppedBy, Stream, Streams};
use tokio::sync::mpsc;

use crate::bench::*;
use crate::lifecycle::{descendants, eventually};

crate::tests![
    output_arrives_while_the_program_runs_and_adds_up,
    of_a_flood_only_the_beginning_is_sent,
    nobody_who_listens_holds_nobody_up,
    two_runs_converse,
    an_end_of_one_run_is_seen_by_the_other,
    a_forgotten_run_lets_go_of_its_pipes,
];

fn live(room: usize) -> (Streams, mpsc::Receiver<Chunk>) {
    let (sender, receiver) = mpsc::channel(room);
    (Streams { live: Some(sender), ..Streams::default() }, receiver)
}

/// What is left in the channel, one stream's, each chunk where the last one ended.
fn joined(chunks: &[Chunk], stream: Stream) -> Vec<u8> {
    let mut whole = Vec::new();
    for chunk in chunks.iter().filter(|chunk| chunk.stream == stream) {
        assert_eq!(chunk.at, whole.len() as u64);
        assert!((1..=4096).contains(&chunk.bytes.len()));
        whole.extend_from_slice(&chunk.bytes);
    }
    whole
}

/// A pipe of which one end is handed to a run.
fn pipe() -> (PipeReader, PipeWriter) {
    std::io::pipe().unwrap()
}

async fn output_arrives_while_the_program_runs_and_adds_up(bench: Bench) {
    let work = bench.open_box().await;
    // It goes on only when it is told so, which is when the first piece has been seen.
    let source = "import sys; print('first', flush=True); print('oops', file=sys.stderr, flush=True); input(); \
        sys.stdout.write('x' * 30000)";
    let (stdin, go_on) = pipe();
    let (streams, mut chunks) = live(64);
    let streams = Streams { stdin: Some(stdin.into()), ..streams };
    let running = work.run_with(run(&["/usr/bin/python3", "-c", source], LIMITS), streams);
    tokio::pin!(running);
    let mut seen = Vec::new();
    while seen.len() < 2 {
        tokio::select! {
            report = &mut running => panic!("it ended: {report:?}"),
            chunk = chunks.recv() => seen.push(chunk.unwrap()),
        }
    }
    assert_eq!(
        (joined(&seen, Stream::Stdout), joined(&seen, Stream::Stderr)),
        (b"first\n".to_vec(), b"oops\n".to_vec())
    );
    rustix::io::write(&go_on, b"\n").unwrap();
    let report = running.await.unwrap();
    while let Some(chunk) = chunks.recv().await {
        seen.push(chunk);
    }
    assert_eq!(report.exit, Exit::Code(0));
    assert_eq!(joined(&seen, Stream::Stdout), report.stdout);
    assert_eq!(joined(&seen, Stream::Stderr), report.stderr);
}

async fn of_a_flood_only_the_beginning_is_sent(bench: Bench) {
    let (streams, mut chunks) = live(64);
    let limits = Limits { stdout_bytes: 200 * 1024, ..LIMITS };
    let work = bench.open_box().await;
    let report = work.run_with(run(&["/usr/bin/yes"], limits), streams).await.unwrap();
    assert_eq!((report.stopped_by, report.stdout.len()), (Some(StoppedBy::Stdout), 200 * 1024));
    let mut seen = Vec::new();
    while let Some(chunk) = chunks.recv().await {
        seen.push(chunk);
    }
    assert_eq!(joined(&seen, Stream::Stdout), report.stdout[..64 * 1024]);
}

async fn nobody_who_listens_holds_nobody_up(bench: Bench) {
    let work = bench.open_box().await;
    let (full, _kept) = live(1);
    let (gone, receiver) = live(1);
    drop(receiver);
    for streams in [full, gone] {
        let flood = run(&["/bin/sh", "-c", "seq 9000; sleep 0.2; seq 2"], LIMITS);
        let report = work.run_with(flood, streams).await.unwrap();
        assert_eq!((report.exit, report.stopped_by), (Exit::Code(0), None));
        assert!(stdout(&report).ends_with("9000\n1\n2\n"));
    }
}

async fn two_runs_converse(_: Bench) {
    let sandbox = Sandbox::start(config()).await.unwrap();
    let (one, two) = (sandbox.open_box().await.unwrap(), sandbox.open_box().await.unwrap());
    let ((to_two, from_one), (to_one, from_two)) = (pipe(), pipe());
    let asks = "
import sys
for n in range(100):
    print(n, flush=True)
    assert int(input()) == n * n
print('all answered', file=sys.stderr)";
    let answers = "
while True:
    try: print(int(input()) ** 2, flush=True)
    except EOFError: break";
    let first = Streams { stdin: Some(to_one.into()), stdout: Some(from_one.into()), live: None };
    let second = Streams { stdin: Some(to_two.into()), stdout: Some(from_two.into()), live: None };
    let (first, second) = tokio::join!(
        one.run_with(run(&["/usr/bin/python3", "-c", asks], LIMITS), first),
        two.run_with(run(&["/usr/bin/python3", "-c", answers], LIMITS), second),
    );
    let (first, second) = (first.unwrap(), second.unwrap());
    assert_eq!((first.exit, first.stderr.as_slice()), (Exit::Code(0), &b"all answered\n"[..]), "{first:?}");
    assert_eq!((second.exit, second.stopped_by, second.stdout.len()), (Exit::Code(0), None, 0), "{second:?}");
}

/// Closing an end is seen although the program goes on, and writing to nobody is a broken pipe.
async fn an_end_of_one_run_is_seen_by_the_other(bench: Bench) {
    let sandbox = Sandbox::start(config()).await.unwrap();
    let (one, two) = (sandbox.open_box().await.unwrap(), sandbox.open_box().await.unwrap());
    let ((to_two, from_one), (to_one, from_two)) = (pipe(), pipe());
    let first = Streams { stdin: Some(to_one.into()), stdout: Some(from_one.into()), live: None };
    let second = Streams { stdin: Some(to_two.into()), stdout: Some(from_two.into()), live: None };
    let closes = "exec >&-; cat >&2; echo seen >&2";
    let (first, second) = tokio::join!(
        one.run_with(run(&["/bin/sh", "-c", closes], LIMITS), first),
        two.run_with(run(&["/bin/sh", "-c", "cat; echo end"], LIMITS), second),
    );
    let (first, second) = (first.unwrap(), second.unwrap());
    assert_eq!((first.exit, first.stderr.as_slice()), (Exit::Code(0), &b"end\nseen\n"[..]), "{first:?}");
    assert_eq!(second.exit, Exit::Code(0), "{second:?}");
    let (reader, writer) = pipe();
    drop(reader);
    let streams = Streams { stdout: Some(writer.into()), ..Streams::default() };
    let report = bench.open_box().await.run_with(run(&["/usr/bin/yes"], LIMITS), streams).await.unwrap();
    assert_eq!(report.exit, Exit::Signal(libc::SIGPIPE), "{report:?}");
}

async fn a_forgotten_run_lets_go_of_its_pipes(_: Bench) {
    let sandbox = Sandbox::start(config()).await.unwrap();
    let work = sandbox.open_box().await.unwrap();
    let launcher = sandbox.launcher_pid().unwrap();
    let (mut reader, writer) = pipe();
    {
        let streams = Streams { stdout: Some(writer.into()), ..Streams::default() };
        let sleeping = Run { writable: false, ..run(&["/bin/sleep", "60"], LIMITS) };
        tokio::select! {
            report = work.run_with(sleeping, streams) => panic!("it ended: {report:?}"),
            () = eventually("it sleeps", || descendants(launcher).iter().any(|(_, name)| name == "sleep")) => {}
        }
    }
    let end = tokio::task::spawn_blocking(move || std::io::copy(&mut reader, &mut std::io::sink())).await.unwrap();
    assert_eq!(end.unwrap(), 0);
    eventually("it is dead", || descendants(launcher).is_empty()).await;
}
