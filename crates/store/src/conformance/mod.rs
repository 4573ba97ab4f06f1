//! One list of stories that every engine must tell alike.
//!
//! A story is a function that is given a way to open fresh stores, tells one thing that happens, and asserts the end
//! state in rows. It sees an engine through the three traits only.

mod answers;
mod artifacts;
mod audit;
mod batches;
mod catalogue;
mod collections;
mod crashes;
mod evidence;
mod gates;
mod hands;
mod late;
mod lists;
mod people;
mod pushes;
mod races;
mod receipts;
mod records;
mod sessions;
mod snapshots;
mod time;
mod verdicts;
mod world;

use std::sync::Arc;

use crate::{Book, Journal, Listener, Search, Slots, Store};
use world::Open;

type Reopen = Box<dyn FnOnce(Arc<dyn Slots>, Arc<dyn Listener>) -> Opened>;

/// An opened store of some engine, and how to open it again as after a crash.
pub struct Opened {
    /// The store.
    pub store: Store,
    reopen: Reopen,
}

impl Opened {
    /// An opened engine; `reopen` is given it and opens what a process would find that starts after this one's death.
    pub fn new<E: Journal + Book + Search + 'static>(
        engine: &Arc<E>,
        reopen: impl Fn(&E, Arc<dyn Slots>, Arc<dyn Listener>) -> Arc<E> + 'static,
    ) -> Self {
        let kept = engine.clone();
        Self {
            store: Store::new(engine),
            reopen: Box::new(move |slots, listener| {
                let next = reopen(&kept, slots, listener);
                Opened::new(&next, reopen)
            }),
        }
    }

    /// The store as a process would find it that starts after this one's death.
    #[must_use]
    pub fn reopened(self, slots: Arc<dyn Slots>, listener: Arc<dyn Listener>) -> Self {
        (self.reopen)(slots, listener)
    }
}

/// What is told to one fresh store, or to several.
type Story = fn(&Open<'_>);

macro_rules! stories {
    ($($theme:ident: [$($story:ident),+ $(,)?]),+ $(,)?) => {
        &[$($((stringify!($story), $theme::$story)),+),+]
    };
}

/// Every story, with its name.
const STORIES: &[(&str, Story)] = stories![
    answers: [
        a_basic_scanner_finds_something,
        a_skip_is_clear,
        a_deferral_is_concluded_by_its_call_back_once,
        a_call_back_that_comes_before_the_answer_has_the_last_word,
        a_skip_may_be_replaced_by_a_call_back,
        an_answer_to_a_second_question_replaces_the_first_unless_it_is_an_error,
        of_two_questions_under_way_only_the_later_may_conclude,
        a_deferred_second_question_is_answered_by_a_call_back,
    ],
    pushes: [
        a_push_acts_at_once_and_once_per_rule,
        the_same_commit_in_a_fork_is_another_subject,
    ],
    late: [
        silence_is_redelivered_and_then_missing,
        silence_is_held_blocked_or_waived,
        what_comes_late_is_kept_and_never_satisfies,
        asked_again_after_the_deadline_an_answer_satisfies,
    ],
    gates: [
        a_protected_subject_is_not_blocked,
        a_block_that_a_person_lifted_is_not_made_again,
        a_hold_moves_the_reviews_deadline_earlier_and_a_clearance_ends_it,
        two_last_scanners_in_one_group_let_the_more_severe_rule_act,
        a_second_event_reopens_the_verdict,
        a_verdict_waits_only_for_what_blocks,
        coverage_that_must_be_stated_is_missing_when_it_is_not,
    ],
    snapshots: [
        an_event_shows_what_was_true_at_its_commit,
        an_event_that_the_store_causes_shows_it_too,
        an_event_about_a_new_subject_shows_its_collection,
        an_event_whose_type_has_no_form_freezes_nothing,
    ],
    records: [
        a_worker_writes_its_record_and_keeps_the_body,
        an_unknown_source_name_is_a_second_record,
        a_worker_that_delivers_before_it_defers_loses_nothing,
        a_strangers_put_takes_the_record_and_leaves_the_expectation,
        a_put_that_says_processing_leaves_the_record_to_the_answer,
        a_redelivered_workers_answer_is_written,
        a_failed_call_is_an_error_until_the_next_one_succeeds,
        a_record_that_no_answer_comes_for_ends_as_an_error,
    ],
    evidence: [
        an_evidence_is_made_with_its_event_its_file_and_its_tags,
        a_description_is_amended_in_parts,
        a_tags_name_is_unique_in_its_collection_and_its_number_everywhere,
        a_collection_that_must_be_new_is_refused_when_it_is_not,
    ],
    batches: [
        a_batch_pauses_restarts_and_asks_each_pair_once,
        a_paused_or_ended_batch_takes_no_step,
        a_batch_counts_how_its_runs_ended_and_is_completed_with_the_last,
        an_aborted_batch_cancels_what_is_due_and_leaves_what_is_owed_anyway,
        who_was_not_named_is_asked_only_about_what_it_subscribed_to,
        a_batch_wakes_whoever_steps_it_and_tells_of_other_collections_nothing,
    ],
    collections: [
        a_hold_on_a_collection_stops_its_subjects_step_by_step,
        a_hold_on_a_track_leaves_the_others_alone,
        a_new_subject_of_a_held_collection_is_held_from_the_beginning,
        an_answer_and_a_hold_on_the_collection_cross,
        a_hold_on_a_collection_ends_in_time,
        a_rule_holds_the_whole_collection_and_moves_its_own_hold,
    ],
    races: [
        a_service_that_appears_while_an_event_is_recorded_is_asked,
        a_lost_lease_writes_nothing,
        a_stale_revision_writes_nothing,
        one_bad_command_between_two_good_ones,
        an_answer_and_an_adoption_cross,
        a_changed_catalogue_stops_a_conclusion,
    ],
    receipts: [
        refused_requests_are_kept_up_to_a_number_and_so_many_bytes,
        refused_requests_are_let_go_of_in_time,
        a_refused_request_that_is_believed_leaves_with_its_receipt_and_once,
        the_use_of_a_secret_is_noted_with_the_receipt,
        three_events_in_one_body_are_remembered_one_by_one,
        a_repeated_delivery_is_the_first_receipt_also_after_a_restart,
        a_new_delivery_of_the_same_body_is_a_second_event,
        a_source_without_memory_takes_everything,
        two_events_about_a_new_subject_in_one_body_are_both_owed,
        two_events_about_a_known_subject_in_one_body_change_it_once,
        a_known_event_beside_a_new_one_asks_for_nothing,
    ],
    audit: [
        every_entry_follows_the_one_before_also_after_a_restart,
        what_is_refused_leaves_the_chain_as_it_was,
        each_group_has_one_root_and_it_is_its_last_entrys,
    ],
    verdicts: [
        a_hold_is_told_ends_and_is_told_again,
        a_loop_ends_after_eight_hops,
    ],
    time: [
        a_license_stops_time_and_no_row_is_written_for_what_waits,
        a_gate_that_somebody_turned_says_who_in_the_same_commit,
        a_service_that_is_gone_is_still_owed_everything,
        a_clock_that_goes_back_loses_nothing,
        a_redelivery_is_skipped_while_a_call_is_under_way,
        a_deferral_that_ends_is_asked_again,
    ],
    crashes: [
        a_crash_after_the_lease_sends_again_under_the_same_id,
        only_the_lease_of_the_present_epoch_counts,
        a_crash_does_not_resend_what_a_call_back_concluded,
        an_interrupted_program_is_unknown,
        a_program_that_ends_is_done_or_failed,
        numbers_are_never_given_out_twice,
    ],
    artifacts: [
        what_was_found_about_an_upload_holds_whoever_lists_it_first,
        a_call_that_is_under_way_concludes_for_the_lister,
        a_second_lister_gets_nothing,
        an_artifact_that_nobody_awaits_is_let_go_once,
        an_artifact_may_be_fetched_while_an_answer_is_awaited,
        a_blob_is_kept_for_a_receipt_too,
    ],
    lists: [
        events_are_narrowed_by_everything_that_is_stated,
        events_are_found_by_how_far_they_have_come,
        runs_are_found_by_where_they_stand,
        results_are_found_by_who_said_what,
        subjects_are_found_by_how_they_were_judged,
        a_word_is_the_beginning_of_a_name,
        whoever_sees_some_collections_finds_nothing_of_others,
        pages_follow_each_other_without_gaps,
        times_bound_a_list,
        a_page_looks_at_so_many_rows_and_says_how_far,
        receipts_refused_requests_and_the_audit_are_narrowed_too,
    ],
    people: [
        a_restricted_actor_is_refused,
        an_actor_restricted_for_releases_is_held,
        a_restriction_is_lifted_once_and_what_it_held_is_judged_again,
        a_lifted_restriction_lets_the_actor_submit_again,
        a_clearance_sets_aside_what_asks_for_a_person,
        a_person_lifts_a_hold_once,
    ],
    sessions: [
        a_session_is_found_by_its_token_also_after_a_restart,
        sessions_end_one_by_one_or_all_but_one,
        a_new_session_takes_the_place_of_what_no_longer_counts,
        a_sign_in_that_was_overtaken_begins_nothing,
        a_code_is_used_up_with_all_before_it,
        the_use_of_an_account_and_of_its_key_is_noted,
    ],
];

/// Tells every story to stores that `open` makes, each to a fresh one.
///
/// # Panics
/// When a store tells one differently.
pub fn run(open: impl Fn(Arc<dyn Slots>, Arc<dyn Listener>) -> Opened) {
    for (name, story) in STORIES {
        let _named = Named(name);
        story(&open);
    }
}

/// Says which story it was when one fails.
struct Named(&'static str);

impl Drop for Named {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("in the story {:?}", self.0);
        }
    }
}
