//! What every store promises about money: the ports `Ledger`, `Effects` and `Pasts`, and what they add to the others.
//!
//! Stamped by [`crate::store_contract!`] with the rest; a file is a module of the list below.

pub mod accounts;
pub mod batches;
pub mod checking;
pub mod deeds;
pub mod effects;
pub mod holds;
pub mod pasts;
pub mod paying;
pub mod recording;
pub mod redriving;
pub mod refunds;
pub mod telling;
pub mod transfers;
pub mod waking;

mod random;
mod steps;

/// The part of [`crate::store_contract!`] that is about money; not for use by itself.
#[doc(hidden)]
#[macro_export]
macro_rules! stamp_money_clauses {
    ($harness:path) => {
        $crate::stamp_store_clauses! { $harness;
            accounts: [
                an_account_is_opened_with_nothing_in_it,
                opening_an_account_again_is_a_replay,
                a_handle_is_never_given_twice,
                a_handle_asked_for_twice_at_once_is_given_once,
                an_account_is_found_by_its_id_and_by_its_handle,
                accounts_are_listed_by_handle_to_their_owner,
            ]
            batches: [
                a_batch_of_no_transfers_is_nothing,
                a_batch_is_decided_in_the_order_given,
                an_account_that_is_hot_in_a_batch_has_every_entry_in_order,
                batches_over_the_same_accounts_from_two_handles_both_go_through,
                a_transfers_key_with_the_same_request_is_a_replay,
                a_replay_shows_the_transfer_as_it_stands,
                a_transfers_key_belongs_to_who_asks,
                the_same_transfer_id_again_is_a_replay,
                keys_and_ids_twice_in_one_batch_are_decided_in_order,
                a_refusal_leaves_its_key_free,
                a_transfers_key_from_two_handles_at_once_books_once,
            ]
            checking: [
                an_empty_ledger_is_clean,
                a_breach_of_the_ledger_is_named,
                a_receipt_that_is_gone_is_a_breach,
                breaches_are_at_most_a_hundred,
                whatever_is_done_leaves_the_ledger_clean,
                an_effect_without_a_transfer_is_a_breach,
            ]
            deeds: [
                receipts_are_numbered_without_a_gap,
                receipts_at_once_are_numbered_without_a_gap,
                a_reward_is_a_transfer_of_its_own,
                a_budget_that_cannot_pay_skips_the_reward,
                fraud_lets_a_hold_pass,
                fraud_fails_a_hold_for_its_reason,
                fraud_decides_only_over_its_own_holds,
                a_batch_of_decisions_is_carried_out_one_by_one,
            ]
            effects: [
                a_claim_makes_the_effect_once,
                services_know_nothing_of_one_another,
                what_was_begun_is_finished_even_where_it_would_not_be_begun_now,
                a_batch_of_claims_leaves_out_what_is_not_to_be_done,
                a_service_is_given_only_what_concerns_it,
                two_claimers_never_have_the_same_effect,
                a_lease_that_ran_out_is_taken_by_another_who_then_holds_it,
                a_lease_that_ran_out_and_was_not_taken_still_records,
                a_renewed_lease_is_held_longer,
                services_that_die_use_up_the_attempts,
                an_effect_of_an_unknown_transfer_is_none,
            ]
            holds: [
                a_hold_sets_money_aside,
                a_hold_is_captured_whole,
                a_hold_is_captured_in_part_and_the_rest_is_free,
                a_hold_is_voided,
                the_same_change_of_a_hold_again_is_a_replay_and_another_is_refused,
                what_was_never_held_is_not_captured,
                only_the_parties_change_a_hold_each_his_way,
                a_hold_by_fraud_is_nobodys_to_change,
                a_hold_expires_by_the_stores_clock,
                holds_expire_in_the_order_of_their_time_and_so_many_at_once,
                sweepers_at_once_expire_a_hold_once,
                a_capture_and_a_void_at_once_end_a_hold_once,
                every_end_of_a_hold_wakes_the_services,
            ]
            pasts: [
                a_first_payment_has_no_past,
                a_past_is_told_by_hour_day_and_payee,
                a_screen_is_asked_about_the_past_before_the_payment,
                pasts_come_in_the_order_asked,
                a_long_past_is_looked_at_as_far_as_the_bound,
            ]
            paying: [
                a_payment_moves_money_and_tells_of_it,
                a_transfer_keeps_all_that_was_asked,
                whatever_is_refused_changes_nothing,
                a_closed_account_neither_pays_nor_is_paid,
                no_account_holds_more_than_can_be_counted,
                only_a_funding_account_may_be_overdrawn,
                a_transfer_between_two_accounts_of_one_owner_is_told_him_once,
                a_hundred_at_once_for_a_full_balance_succeed_once,
            ]
            recording: [
                a_done_effect_is_told_with_its_detail,
                an_effect_is_recorded_once,
                a_skipped_effect_says_why,
                an_effect_to_be_tried_again_is_due_after_its_delay,
                the_last_attempt_that_fails_is_a_dead_letter,
                what_will_not_help_is_a_dead_letter_at_once,
                a_batch_records_each_outcome_for_itself,
                services_at_once_leave_no_gap_in_the_log,
            ]
            redriving: [
                a_redriven_effect_has_fresh_attempts_and_wakes_its_service_only,
                a_redriven_effect_keeps_its_error_until_it_is_tried,
                a_redrive_never_undoes_an_effect,
                a_redrive_of_a_pending_effect_only_wakes_it,
                a_redrive_of_an_effect_from_two_handles_happens_once,
            ]
            refunds: [
                a_refund_gives_everything_back,
                refunds_in_parts_never_exceed_what_was_posted,
                a_part_that_was_captured_is_refunded_no_further,
                a_refund_is_paid_out_of_the_payees_own_money,
                only_the_payee_gives_back,
                a_refund_is_not_refunded,
                the_same_refund_again_is_a_replay,
                refunds_at_once_never_exceed_what_was_posted,
            ]
            telling: [
                both_parties_catch_up_on_a_transfer,
                the_event_of_a_transfer_is_whole_in_itself,
                the_outbox_gives_out_both_kinds,
                rows_of_both_kinds_are_counted_released_and_deleted,
                two_relays_never_claim_the_same_step,
                a_traced_step_keeps_its_trace,
            ]
            transfers: [
                a_transfer_is_shown_to_its_parties_only,
                several_transfers_leave_out_the_unknown,
                transfers_are_listed_newest_first_and_page_without_gap,
                a_list_of_transfers_can_be_filtered,
                recent_transfers_are_those_of_both_sides,
                a_statement_runs_without_a_gap,
            ]
            waking: [
                an_effect_that_is_due_is_woken_once_in_ten_seconds,
                an_effect_whose_lease_ran_out_is_woken,
                effects_to_wake_are_limited_and_disjoint,
                leases_of_effects_that_are_ended_are_due_at_once,
                effects_that_are_missing_are_found_by_service,
                only_effects_that_concern_the_service_are_missing,
            ]
        }
    };
}
