//! What a program writes is seen while it runs.

use std::collections::BTreeMap;

use herald_domain::broker::{LiveSignal, LiveSubscription};
use herald_domain::event::LiveMessage;
use herald_domain::submission::{OutputStream, Verdict};
use herald_domain::view::{OutputChunk, ProgressData};
use herald_testkit::build::owner;

use crate::bench::Bench;
use crate::whole::{PATIENCE, Whole, submit, until_finished, whole};

crate::tests![
    what_is_written_is_seen_while_the_program_runs,
    a_character_written_in_two_pieces_is_seen_whole,
    a_flood_is_shown_up_to_its_bound,
];

/// Writes what it is given as an expression of bytes, piece after piece, a second apart.
fn writes(pieces: &[&str]) -> String {
    let pieces = pieces.iter().map(|piece| format!("os.write(1, {piece})\n"));
    format!("import os, time\n{}", pieces.collect::<Vec<_>>().join("time.sleep(1)\n"))
}

async fn what_is_written_is_seen_while_the_program_runs(bench: &Bench) {
    let seen = watch(bench, &writes(&["b'one\\n'", "os.write(2, b'!') * b'two\\n'"])).await;
    let chunk = |stream, at, text: &str| OutputChunk { stream, at, text: text.to_owned() };
    let [one, two, oops] = [
        chunk(OutputStream::Stdout, 0, "one\n"),
        chunk(OutputStream::Stdout, 4, "two\n"),
        chunk(OutputStream::Stderr, 0, "!"),
    ];
    assert_eq!(seen.chunks[0], one);
    // How soon the second run of the clock comes to look decides whether these two are seen before the end.
    assert!(seen.chunks[1..].iter().all(|chunk| *chunk == two || *chunk == oops), "{:?}", seen.chunks);
    assert!(seen.first_ahead_ms >= 500, "the first was seen {} ms before the end", seen.first_ahead_ms);
    assert_eq!(seen.stdout, "one\ntwo\n");
}

async fn a_character_written_in_two_pieces_is_seen_whole(bench: &Bench) {
    let seen = watch(bench, &writes(&["b'a\\xe2\\x82'", "b'\\xac\\xff'", "b'z'"])).await;
    let shown: Vec<_> = seen.chunks.iter().map(|chunk| (chunk.at, chunk.text.as_str())).collect();
    assert_eq!(shown[..2], [(0, "a"), (1, "\u{20ac}\u{fffd}")], "{shown:?}");
    assert_eq!(seen.stdout, "a\u{20ac}\u{fffd}z");
}

async fn a_flood_is_shown_up_to_its_bound(bench: &Bench) {
    let seen = watch(bench, &writes(&["b'x' * 100_000", "b''", "b''", "b'end'"])).await;
    let mut of_each = BTreeMap::<_, usize>::new();
    for chunk in &seen.chunks {
        assert!(chunk.text.len() <= 4_096);
        *of_each.entry(chunk.stream.as_str()).or_default() += chunk.text.len();
    }
    assert_eq!(of_each, BTreeMap::from([("stdout", 65_536)]), "all of what may be shown, and no more");
}

struct Seen {
    chunks: Vec<OutputChunk>,
    /// How long before the end the first was seen.
    first_ahead_ms: u128,
    stdout: String,
}

/// Runs it without a problem, over broker and store, and notes what is pushed meanwhile.
async fn watch(bench: &Bench, source: &str) -> Seen {
    let Whole { store, broker, shutdown, worker, folder: _folder, .. } = whole(bench).await;
    let mut live = broker.subscribe_live().await.unwrap();
    live.bind(owner("alice").partition()).await.unwrap();
    let submission = submit(&*store, &*broker, &None, source).await;
    let (mut chunks, mut first, mut seq) = (Vec::new(), None, 0);
    while let Some(progress) = next(&mut *live).await {
        assert!(progress.attempt == 1 && progress.seq > seq, "{progress:?}");
        seq = progress.seq;
        let data: ProgressData = serde_json::from_str(progress.data.get()).unwrap();
        first.get_or_insert_with(tokio::time::Instant::now);
        chunks.extend(data.output);
    }
    let first_ahead_ms = first.expect("something is shown").elapsed().as_millis();
    let done = until_finished(&*store, submission).await;
    assert_eq!(done.verdict, Some(Verdict::Accepted));
    let stdout = store.get_outputs(done.id).await.unwrap().stdout.unwrap().text;
    shutdown.cancel();
    worker.await.unwrap().unwrap();
    Seen { chunks, first_ahead_ms, stdout }
}

/// The next progress; `None` once it is finished.
async fn next(live: &mut dyn LiveSubscription) -> Option<herald_domain::event::Progress> {
    loop {
        match tokio::time::timeout(PATIENCE, live.next()).await.expect("it goes on") {
            Some(LiveSignal::Message(LiveMessage::Progress(progress))) => return Some(progress),
            Some(LiveSignal::Message(LiveMessage::Event(event))) if event.name == "submission.finished" => return None,
            Some(LiveSignal::Message(_)) => {}
            other => panic!("{other:?}"),
        }
    }
}
