//! The log of events: catch-up and resume.

use std::collections::BTreeSet;
use std::time::Duration;

use herald_domain::channel::Channel;
use herald_domain::event::StoredEvent;
use herald_domain::owner::{Owner, Partition};
use herald_domain::submission::Verdict;
use time::OffsetDateTime;

use super::Harness;
use super::steps::{PLENTY, accept, accept_plain, claim, data, log};
use crate::build::{intake, judgement, new_submission, owner, submission_id};

pub async fn the_epoch_is_the_same_for_every_handle(h: &dyn Harness) {
    let epoch = h.store().await.epoch().await.unwrap();
    assert_eq!(h.second().await.epoch().await.unwrap(), epoch);
    assert!(!epoch.0.is_nil());
    h.advance(Duration::from_secs(86_400)).await;
    assert_eq!(h.store().await.epoch().await.unwrap(), epoch);
}

pub async fn the_stores_time_moves_on(h: &dyn Harness) {
    let before = h.store().await.store_now().await.unwrap();
    h.advance(Duration::from_secs(100)).await;
    let passed = h.second().await.store_now().await.unwrap() - before;
    assert!(passed >= Duration::from_secs(100) && passed < Duration::from_secs(160), "{passed}");
}

pub async fn a_catch_up_reads_its_partitions_only(h: &dyn Harness) {
    let store = h.store().await;
    let start = store.store_now().await.unwrap();
    let (alice, bob, carol) = (owner("alice"), owner("bob"), owner("carol"));
    for who in [&alice, &bob, &carol, &alice] {
        accept_plain(&*store, who).await;
    }
    let read = async |owners: &[&Owner]| {
        let partitions: Vec<_> = owners.iter().map(|owner| owner.partition()).collect();
        let caught = store.events_since(start, &partitions, 100).await.unwrap();
        assert!(caught.complete);
        caught.events.into_iter().map(|event| event.audience[0].clone()).collect::<Vec<_>>()
    };
    let count = |seen: &[Owner], who: &Owner| seen.iter().filter(|one| *one == who).count();
    assert_eq!(read(&[&alice]).await, [alice.clone(), alice.clone()]);
    let two = read(&[&alice, &carol]).await;
    assert_eq!((count(&two, &alice), count(&two, &carol), count(&two, &bob)), (2, 1, 0));
    assert_eq!(read(&[]).await, []);
    let all: Vec<_> = (0..=255).map(Partition).collect();
    assert_eq!(store.events_since(start, &all, 100).await.unwrap().events.len(), 4);
}

pub async fn a_catch_up_starts_where_asked(h: &dyn Harness) {
    let store = h.store().await;
    let alice = owner("alice");
    let first = accept(&*store, new_submission(&alice)).await.event.0;
    h.advance(Duration::from_secs(10)).await;
    let second = accept(&*store, new_submission(&alice)).await.event.0;
    let since = async |at: OffsetDateTime| {
        let caught = store.events_since(at, &[alice.partition()], 100).await.unwrap();
        assert!(caught.complete && caught.now >= second.at);
        caught.events.iter().map(|event| event.channel.to_string()).collect::<Vec<_>>()
    };
    let (one, two) = (first.channel.to_string(), second.channel.to_string());
    assert_eq!(since(first.at).await, [one.as_str(), &two]);
    assert_eq!(since(first.at + Duration::from_secs(1)).await, [two.as_str()]);
    assert_eq!(since(second.at).await, [two.as_str()]);
    assert_eq!(since(second.at + Duration::from_secs(1)).await, Vec::<String>::new());
}

/// However many events share one time: who asks again from the last event's `at` gets to the end.
pub async fn a_limited_catch_up_gets_to_the_end(h: &dyn Harness) {
    let store = h.store().await;
    let mut since = store.store_now().await.unwrap();
    let alice = owner("alice");
    let mut expected = BTreeSet::new();
    for size in [1, 30, 1, 7, 1, 1] {
        let batch: Vec<_> = (0..size).map(|_| intake(new_submission(&alice))).collect();
        store.accept_submissions(&batch, PLENTY).await.unwrap();
        expected.extend(batch.iter().map(|one| Channel::Submission(one.submission.id).to_string()));
        h.advance(Duration::from_secs(1)).await;
    }
    let (mut seen, mut rounds) = (BTreeSet::new(), 0);
    loop {
        rounds += 1;
        assert!(rounds <= 41, "it does not get on");
        let caught = store.events_since(since, &[alice.partition()], 4).await.unwrap();
        let order: Vec<_> = caught.events.iter().map(sort_key).collect();
        assert!(order.is_sorted(), "not by (at, channel, offset)");
        seen.extend(caught.events.iter().map(|event| event.channel.to_string()));
        if caught.complete {
            break;
        }
        since = caught.events.last().unwrap().at;
    }
    assert_eq!(seen, expected);
    assert!(rounds > 1, "the limit was never hit");
}

pub async fn channels_are_read_after_their_offsets(h: &dyn Harness) {
    let store = h.store().await;
    let one = accept_plain(&*store, &owner("alice")).await;
    let (work, _) = claim(&*store).await;
    store.start_running(one, work.token, Some(1)).await.unwrap().unwrap();
    store.record_verdict(one, work.token, &judgement(Verdict::Accepted)).await.unwrap().unwrap();
    let two = accept_plain(&*store, &owner("bob")).await;
    claim(&*store).await;
    let three = accept_plain(&*store, &owner("carol")).await;

    let of = Channel::Submission;
    let asked = [(of(one), 2), (of(two), 0), (of(three), 1), (of(submission_id()), 0)];
    let events = store.channel_events(&asked).await.unwrap();
    let mut got: Vec<_> = events.iter().map(|event| (event.channel.clone(), event.offset)).collect();
    assert!(got.is_sorted_by_key(|(channel, offset)| (channel.to_string(), *offset)));
    let mut expected = vec![(of(one), 3), (of(one), 4), (of(two), 1), (of(two), 2)];
    for list in [&mut got, &mut expected] {
        list.sort_by_key(|(channel, offset)| (channel.to_string(), *offset));
    }
    assert_eq!(got, expected);
    assert!(store.channel_events(&[]).await.unwrap().is_empty());
    assert!(store.channel_events(&[(Channel::User(owner("alice")), 0)]).await.unwrap().is_empty());
}

pub async fn an_event_reads_back_as_it_was_told(h: &dyn Harness) {
    let store = h.store().await;
    let id = accept_plain(&*store, &owner("alice")).await;
    let (work, compiling) = claim(&*store).await;
    let judged = judgement(Verdict::WrongAnswer);
    let finished = store.record_verdict(id, work.token, &judged).await.unwrap().unwrap();
    let read = log(&*h.second().await, id).await;
    let start = read[0].at;
    let caught = store.events_since(start, &[owner("alice").partition()], 100).await.unwrap().events;
    for (told, stored) in [(&compiling, &read[1]), (&finished, &read[2])] {
        let again = caught.iter().find(|event| event.offset == told.offset).unwrap();
        for stored in [stored, again] {
            assert_eq!((&stored.channel, stored.at, &stored.name), (&told.channel, told.at, &told.name));
            assert_eq!((&stored.audience, data(stored)), (&told.audience, data(told)));
        }
    }
}

fn sort_key(event: &StoredEvent) -> (OffsetDateTime, String, u64) {
    (event.at, event.channel.to_string(), event.offset)
}
