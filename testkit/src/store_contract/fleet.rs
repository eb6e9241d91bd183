//! The processes as they tell of themselves, and the store of itself.

use std::time::Duration;

use herald_domain::process::{ProcessInfo, SEEN_WITHIN_MS};

use super::Harness;
use crate::build::worker_process;

pub async fn a_process_is_listed_while_it_is_seen(h: &dyn Harness) {
    let store = h.store().await;
    let now = store.store_now().await.unwrap();
    let wrong_clock = worker_process(now - Duration::from_secs(86_400)); // `seen_at` is the store's to set
    store.refresh_process(&wrong_clock).await.unwrap();
    let listed = h.second().await.list_processes().await.unwrap();
    assert_eq!(listed.len(), 1);
    assert!(listed[0].seen_at >= now);
    assert_eq!(ProcessInfo { seen_at: wrong_clock.seen_at, ..listed[0].clone() }, wrong_clock);
    h.advance(Duration::from_millis(SEEN_WITHIN_MS + 1_000)).await;
    assert_eq!(store.list_processes().await.unwrap(), vec![]);
}

pub async fn a_process_is_refreshed_in_place(h: &dyn Harness) {
    let store = h.store().await;
    let process = worker_process(store.store_now().await.unwrap());
    store.refresh_process(&process).await.unwrap();
    h.advance(Duration::from_secs(10)).await;
    let busy = ProcessInfo { doing: "judging".into(), class: None, slots: None, languages: vec![], ..process };
    store.refresh_process(&busy).await.unwrap();
    h.advance(Duration::from_secs(10)).await;
    let listed = store.list_processes().await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(ProcessInfo { seen_at: busy.seen_at, ..listed[0].clone() }, busy);
}

pub async fn a_process_can_be_removed(h: &dyn Harness) {
    let store = h.store().await;
    let now = store.store_now().await.unwrap();
    let (leaving, staying) = (worker_process(now), worker_process(now));
    store.refresh_process(&leaving).await.unwrap();
    store.refresh_process(&staying).await.unwrap();
    store.remove_process(leaving.id).await.unwrap();
    store.remove_process(leaving.id).await.unwrap();
    let listed: Vec<_> = store.list_processes().await.unwrap().into_iter().map(|process| process.id).collect();
    assert_eq!(listed, [staying.id]);
}

pub async fn the_store_answers_and_names_itself(h: &dyn Harness) {
    let store = h.store().await;
    store.ping().await.unwrap();
    let name = store.describe().await.unwrap();
    let known = ["SQLite ", "PostgreSQL "].iter().any(|start| name.starts_with(start));
    assert!(known && name.chars().any(|c| c.is_ascii_digit()), "no name and version: {name:?}");
}
