//! The contract suite of the `Store` port: what every adapter promises, one clause per promise.
//!
//! An adapter joins with one line in its tests, `herald_testkit::store_contract!(harness);`, where `harness` is an
//! `async fn() -> impl Harness` that makes an empty, migrated store. Each clause becomes one `#[tokio::test]`; there is no list
//! of clauses that an adapter may leave out.
//!
//! Clauses leave room for a clock that runs by itself while they do (a database's): what must not have come due yet is at
//! least several seconds away, and what must be due has been passed by [`Harness::advance`].

#![expect(clippy::unwrap_used, reason = "a clause fails by panicking, as a test does")]

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use herald_domain::store::Store;

pub mod accepting;
pub mod cancelling;
pub mod claiming;
pub mod dead_letters;
pub mod events;
pub mod fleet;
pub mod identity;
pub mod judging;
pub mod keeping;
pub mod money;
pub mod notices;
pub mod outbox;
pub mod problems;
pub mod reading;
pub mod rejudging;
pub mod sweeping;
pub mod webhooks;

mod steps;

// The macro names a clause `store_contract::<module>::<clause>`.
pub use money::{
    accounts, batches, checking, deeds, effects, holds, pasts, paying, recording, redriving, refunds, telling,
    transfers, waking,
};

/// One fresh store under test.
#[async_trait]
pub trait Harness: Send + Sync {
    async fn store(&self) -> Arc<dyn Store>;

    /// Another handle on the same data, as another process would have.
    async fn second(&self) -> Arc<dyn Store>;

    /// Moves the store's clock on, for every handle.
    async fn advance(&self, by: Duration);

    /// Moves it back, as an operator or a time server may.
    async fn set_back(&self, by: Duration);

    /// Changes rows behind the port's back, in SQL that every database reads alike: for damage, and for what no method does.
    async fn tamper(&self, sql: &str);

    /// Called when the clause has held; a failed one leaves its data to be looked at.
    async fn finish(&self) {}
}

/// Stamps every clause as a test over the harness that `$harness().await` makes.
#[macro_export]
macro_rules! store_contract {
    ($harness:path) => {
        $crate::stamp_store_clauses! { $harness;
            accepting: [
                accepting_writes_the_row_its_event_and_its_outbox_row,
                a_batch_is_answered_in_the_order_given,
                an_empty_batch_is_nothing,
                a_key_with_the_same_request_is_a_replay_of_the_row_as_it_stands,
                a_key_with_another_request_is_refused,
                a_key_belongs_to_its_owner,
                a_key_twice_in_one_batch_is_decided_in_order,
                a_key_from_two_handles_at_once_creates_one_row,
                the_same_id_again_is_a_replay,
                a_user_may_have_so_many_open_submissions_and_no_more,
                the_limit_counts_the_rows_of_the_batch_before_it,
                a_replay_is_decided_before_the_limit,
                users_alternate,
                the_largest_source_and_any_text_survive,
                a_source_may_hold_nul,
            ]
            reading: [
                a_submission_is_shown_to_its_owner_only,
                several_submissions_leave_out_the_unknown,
                nothing_is_known_of_an_unknown_submission,
                a_list_is_newest_first_and_pages_without_gap,
                a_list_can_be_filtered,
                recent_submissions_go_by_their_last_change,
                open_submissions_and_their_classes_are_counted,
            ]
            claiming: [
                nothing_is_claimed_where_nothing_is_due,
                a_claim_leases_and_tells,
                a_claim_carries_all_that_a_worker_needs,
                claims_go_by_priority_then_turn_then_id,
                two_handles_never_claim_the_same_row,
                an_expired_lease_is_taken_with_a_clean_slate,
                a_renewal_holds_the_lease,
                a_renewal_under_another_token_is_refused,
                an_expired_lease_can_be_renewed_until_it_is_taken,
                released_work_is_due_after_its_delay_and_keeps_its_attempt,
                a_release_is_fenced,
                the_claim_after_the_last_attempt_is_exhausted,
                workers_that_die_use_up_the_attempts_too,
                two_that_are_exhausted_under_one_token_leave_two_letters,
            ]
            judging: [
                running_tells_how_many_cases_there_are,
                running_is_fenced,
                running_twice_is_one_event,
                progress_is_seen_without_an_event,
                progress_is_fenced,
                a_verdict_ends_the_submission_with_all_its_figures,
                a_verdict_is_recorded_once,
                a_verdict_is_recorded_once_from_two_handles,
                a_verdict_of_a_lost_lease_is_refused,
                every_verdict_and_bare_judgements_survive,
                the_largest_outputs_survive,
            ]
            cancelling: [
                an_open_submission_is_cancelled_once,
                a_cancelled_run_is_fenced,
                a_finished_submission_stays_as_it_is,
                only_the_owner_cancels,
                a_cancel_and_a_verdict_at_once_end_it_once,
            ]
            sweeping: [
                an_expired_lease_is_woken_once_in_ten_seconds,
                a_renewed_lease_is_not_woken,
                released_work_is_woken_when_it_is_due,
                what_the_outbox_wakes_or_what_is_final_is_not_woken,
                wakes_are_limited_and_disjoint,
                due_rows_are_those_that_a_claim_would_take,
                due_rows_are_as_old_as_asked,
                a_submission_never_claimed_expires,
                expiry_is_limited,
                a_redriven_submission_has_all_its_time_to_be_started,
                a_clock_that_is_set_back_holds_up_no_fresh_work,
                ended_leases_are_due_at_once,
            ]
            outbox: [
                a_new_row_belongs_to_its_writer_for_five_seconds,
                two_relays_never_claim_the_same_row,
                a_claim_of_the_outbox_runs_out,
                the_outbox_gives_the_oldest_first,
                released_rows_are_claimable_at_once,
                deleted_rows_are_gone,
            ]
            dead_letters: [
                letters_are_listed_newest_first,
                a_letter_is_added_once,
                a_redrive_gives_fresh_attempts,
                a_redrive_clears_what_came_out,
                a_letter_without_an_entity_is_only_deleted,
                an_unknown_letter_is_none,
                a_redrive_of_open_work_only_wakes_it,
                a_redrive_never_undoes_a_verdict_or_a_cancel,
                a_redrive_from_two_handles_happens_once,
            ]
            rejudging: [
                a_rejudge_queues_what_is_finished_and_keeps_its_verdict,
                a_rejudge_ends_with_a_new_verdict_and_a_history,
                a_rejudge_that_uses_up_its_attempts_leaves_no_outputs_of_before,
                a_rejudge_takes_effect_once_for_each_row,
                a_rejudge_pages_without_gap,
                a_rejudge_asked_for_again_takes_what_the_version_has_judged,
                a_rejudge_can_be_of_what_came_since,
                a_rejudge_is_counted_and_leaves_alone_what_it_is_not_of,
                rejudged_work_comes_after_fresh_work_and_counts_in_no_bound,
                rejudged_work_does_not_expire_unclaimed,
                a_cancel_gives_a_rejudged_submission_its_verdict_back,
            ]
            events: [
                the_epoch_is_the_same_for_every_handle,
                the_stores_time_moves_on,
                a_catch_up_reads_its_partitions_only,
                a_catch_up_starts_where_asked,
                a_limited_catch_up_gets_to_the_end,
                channels_are_read_after_their_offsets,
                an_event_reads_back_as_it_was_told,
            ]
            problems: [
                a_problem_is_imported_once,
                a_new_version_is_current_and_the_old_one_stays_readable,
                an_older_version_can_be_made_current_again,
                problems_are_listed_by_slug,
                an_unknown_problem_is_none,
                files_keep_every_byte,
            ]
            identity: [
                the_signing_key_is_the_same_for_every_handle,
                a_key_is_found_by_its_hash,
                a_revoked_key_is_not_found,
                revoked_keys_are_told_for_a_day,
            ]
            fleet: [
                a_process_is_listed_while_it_is_seen,
                a_process_is_refreshed_in_place,
                a_process_can_be_removed,
                the_store_answers_and_names_itself,
            ]
            keeping: [
                events_are_kept_for_seven_days,
                outputs_are_kept_for_ninety_days,
                dead_letters_are_kept_for_thirty_days,
                maintenance_may_be_done_twice_and_by_two_handles,
            ]
            webhooks: [
                an_endpoint_is_kept_as_it_was_registered,
                registering_an_endpoint_again_changes_nothing,
                an_endpoint_registered_twice_at_once_is_one,
                a_strangers_endpoint_is_as_none,
                endpoints_are_listed_newest_first_and_page_without_gap,
                a_secret_that_is_replaced_signs_until_the_overlap_is_over,
                a_secret_never_signs_for_longer_than_it_was_to,
                the_same_secret_again_changes_nothing,
                two_rotations_at_once_leave_one_secret_for_good,
                the_first_reason_to_disable_an_endpoint_stays,
                endpoints_are_found_by_owner_and_event,
                an_attempt_is_kept_whole,
                an_attempt_is_recorded_once,
                attempts_are_listed_newest_first_and_page_without_gap,
                who_has_taken_a_message_is_known,
                a_deleted_endpoint_takes_its_attempts_along,
                a_call_and_a_deletion_at_once_leave_nothing,
                attempts_are_kept_for_thirty_days,
            ]
            notices: [
                whatever_ends_a_submission_owes_a_notice,
                an_open_submission_owes_nothing,
                nobody_is_owed_what_he_does_not_want,
                two_handles_never_claim_the_same_notice,
                the_longest_due_notices_come_first,
                a_notice_that_was_told_is_gone,
                a_notice_is_fenced,
                a_renewed_notice_is_held,
                a_notice_that_failed_is_due_after_its_delay,
                the_tenth_failure_gives_a_notice_up_until_it_is_redriven,
                holders_that_die_use_up_a_notices_attempts,
                a_submission_that_ends_again_is_owed_anew,
                a_notice_whose_lease_was_ended_is_due_at_once,
                notices_that_were_given_up_are_kept_for_thirty_days,
            ]
        }
        $crate::stamp_money_clauses! { $harness }
    };
}

/// How [`store_contract!`] makes tests of names; not for use by itself.
#[doc(hidden)]
#[macro_export]
macro_rules! stamp_store_clauses {
    ($harness:path; $($module:ident: [$($clause:ident),+ $(,)?])+) => {
        $(mod $module {
            use super::*;

            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $clause() {
                let harness = $harness().await;
                $crate::store_contract::$module::$clause(&harness).await;
                $crate::store_contract::Harness::finish(&harness).await;
            })+
        })+
    };
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    /// A clause that is written but not stamped would be a promise that nobody checks.
    #[test]
    fn every_clause_is_stamped() {
        let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let file = here.join("store_contract");
        let clauses = stamped(&file.with_extension("rs"), &file) + stamped(&file.join("money.rs"), &file.join("money"));
        assert!(clauses > 180, "only {clauses} clauses were found");
    }

    /// How many clauses the files of a folder have, each of which the list must name.
    fn stamped(list: &Path, folder: &Path) -> usize {
        let list = std::fs::read_to_string(list).unwrap();
        let mut clauses = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() || path.ends_with("steps.rs") {
                continue;
            }
            for line in std::fs::read_to_string(&path).unwrap().lines() {
                let Some(rest) = line.strip_prefix("pub async fn ") else { continue };
                let name = rest.split('(').next().unwrap();
                assert!(list.contains(&format!(" {name},")), "{name} of {} is not stamped", path.display());
                clauses += 1;
            }
        }
        clauses
    }
}
