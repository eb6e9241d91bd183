//! What every `Broker` adapter must do, as plain functions over the port. An adapter joins with one line,
//! `herald_testkit::broker_contract!(harness());`, where `harness()` is an async function that returns a [`BrokerHarness`];
//! every clause then becomes a test of its own. There is no list of unsupported clauses.

pub mod live;
pub mod services;
pub mod settling;
pub mod work;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::FutureExt;
use herald_domain::broker::{Broker, Delivery, TransferMessage, WorkConsumer, WorkMessage};
use herald_domain::id::{MessageId, SubmissionId, TransferId};
use herald_domain::money::{TransferKind, TransferState, TransferStep};
use uuid::Uuid;

/// Long enough for a busy machine; nothing waits this long unless it is broken.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long to look for something that must not come.
const QUIET: Duration = Duration::from_millis(300);
/// A class that every harness declares.
pub const CLASS: &str = "any";

/// One broker, seen by two processes. Nothing else uses its names; all services are configured; live buffers hold at most
/// [`LIVE_BUFFER`] messages.
#[async_trait]
pub trait BrokerHarness: Send + Sync {
    /// Connected when handed out.
    fn broker(&self) -> Arc<dyn Broker>;

    /// As another process has it: the same names, connections of its own.
    fn second(&self) -> Arc<dyn Broker>;

    /// Closes both and removes what they made.
    async fn tear_down(&self);
}

/// The most live messages that a harness's subscriptions may buffer.
pub const LIVE_BUFFER: usize = 500;

/// Runs one clause and tears the harness down, also if the clause fails.
pub async fn check<H: BrokerHarness>(harness: H, clause: impl AsyncFnOnce(&dyn BrokerHarness)) {
    let outcome = AssertUnwindSafe(clause(&harness)).catch_unwind().await;
    harness.tear_down().await;
    if let Err(panic) = outcome {
        std::panic::resume_unwind(panic);
    }
}

/// Stamps the whole suite over one adapter.
#[macro_export]
macro_rules! broker_contract {
    ($harness:expr) => {
        $crate::broker_contract!(@stamp $harness, work:
            what_is_published_is_consumed,
            what_was_left_out_stays_out,
            a_batch_has_one_result_for_each_message,
            classes_are_apart,
            two_consumers_share_the_work_and_each_message_comes_once,
            a_big_batch_is_confirmed_and_consumed,
            the_depth_counts_what_is_ready_only,
            a_class_that_nobody_uses_has_no_depth,
        );
        $crate::broker_contract!(@stamp $harness, settling:
            the_prefetch_bounds_what_is_unsettled,
            a_dropped_delivery_comes_again,
            what_was_acked_never_comes_again,
            a_closed_consumer_takes_no_more_but_settles_what_it_holds,
            a_dropped_consumer_gives_back_what_it_had_taken,
            waiting_for_a_delivery_can_be_given_up,
            a_closed_broker_ends_its_consumers_and_takes_no_more,
        );
        $crate::broker_contract!(@stamp $harness, services:
            a_step_reaches_every_service_that_it_concerns_and_nobody_else,
            what_was_left_out_stays_out,
            a_step_that_concerns_nobody_is_published_to_nobody,
            waking_one_service_reaches_it_alone,
            a_batch_of_steps_has_one_result_for_each,
            a_batch_holds_what_waits_and_no_more_than_asked_for,
            a_dropped_batch_comes_again,
            what_was_acked_never_comes_again,
            a_batch_is_settled_without_those_before_and_after_it,
            the_prefetch_bounds_what_is_unsettled,
            two_consumers_share_and_each_step_comes_once,
            a_service_that_settles_nothing_holds_up_no_other,
            the_depth_counts_what_is_ready_only,
            a_closed_consumer_takes_no_more_but_settles_what_it_holds,
            a_dropped_consumer_gives_back_what_it_had_taken,
            waiting_for_a_batch_can_be_given_up,
            a_closed_broker_ends_its_consumers_and_takes_no_more,
        );
        $crate::broker_contract!(@stamp $harness, live:
            a_message_arrives_where_its_partition_is_bound_and_nowhere_else,
            an_audience_in_two_bound_partitions_gets_one_copy,
            what_is_unbound_stops,
            every_subscription_gets_its_own_copy,
            events_and_progress_arrive_as_they_were_sent,
            nobody_listening_is_fine,
            a_slow_subscriber_is_told_and_holds_nobody_up,
            binding_twice_is_binding_once,
            a_closed_broker_ends_its_subscriptions,
        );
    };
    (@stamp $harness:expr, $group:ident: $($clause:ident),+ $(,)?) => {
        mod $group {
            #[allow(unused_imports)]
            use super::*;
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $clause() {
                    $crate::broker_contract::check($harness.await, $crate::broker_contract::$group::$clause).await;
                }
            )+
        }
    };
}

/// A wake-up for a submission that nothing else names.
pub fn wake_up(class: &str) -> WorkMessage {
    WorkMessage {
        id: Some(MessageId(Uuid::now_v7())),
        submission: SubmissionId(Uuid::now_v7()),
        class: class.to_owned(),
        traceparent: Some(traceparent()),
    }
}

/// A step of a transfer that nothing else names.
pub fn step(kind: TransferKind, state: TransferState) -> TransferMessage {
    TransferMessage {
        id: Some(MessageId(Uuid::now_v7())),
        step: TransferStep { transfer: TransferId(Uuid::now_v7()), kind, state },
        traceparent: Some(traceparent()),
    }
}

fn traceparent() -> String {
    format!("00-{}-00f067aa0ba902b7-01", Uuid::now_v7().simple())
}

pub(crate) fn wake_ups(count: usize) -> Vec<WorkMessage> {
    (0..count).map(|_| wake_up(CLASS)).collect()
}

/// Publishes and expects every message to be taken.
pub(crate) async fn publish(broker: &dyn Broker, messages: &[WorkMessage]) {
    let outcomes = within("the confirms", broker.publish_work(messages)).await;
    assert_eq!(outcomes.len(), messages.len());
    for outcome in outcomes {
        outcome.expect("the broker takes the message");
    }
}

pub(crate) async fn consume(broker: &dyn Broker, prefetch: u16) -> Box<dyn WorkConsumer> {
    broker.consume_work(CLASS, prefetch).await.expect("the class can be consumed")
}

pub(crate) async fn next(consumer: &mut Box<dyn WorkConsumer>) -> Box<dyn Delivery> {
    within("a delivery", consumer.next()).await.expect("the consumer goes on")
}

/// Nothing comes, as far as one can wait.
pub(crate) async fn nothing_comes(consumer: &mut Box<dyn WorkConsumer>) {
    if let Ok(Some(delivery)) = tokio::time::timeout(QUIET, consumer.next()).await {
        panic!("unexpected delivery: {:?}", delivery.message());
    }
}

pub(crate) async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, future).await {
        Ok(value) => value,
        Err(_) => panic!("waited {PATIENCE:?} in vain for {what}"),
    }
}

/// Waits until the depth is as expected.
pub(crate) async fn depth_becomes(broker: &dyn Broker, expected: u64) {
    let settled = async {
        while broker.work_depth(CLASS).await.expect("the depth can be read") != expected {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    within(&format!("a depth of {expected}"), settled).await;
}
