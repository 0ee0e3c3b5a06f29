//! One contract, three stores: what `tebura_hub::ports::Store` promises holds in memory, on SQLite and on PostgreSQL.
//!
//! A case takes a [`Ground`] and does not know what it stands on. What only a database can promise (restarts, files,
//! queues) is in `durable`.

mod audit;
mod contracts;
mod durable;
mod ground;
mod keys;
mod lists;
mod money;
mod notices;
mod operations;
mod parties;
mod privacy;
mod proofings;
mod races;
mod recognition;
mod records;
mod services;
mod statements;
mod template_spaces;
mod units;
mod webhooks;

use ground::Ground;

macro_rules! on_every_store {
    ($($module:ident :: $case:ident,)*) => {
        mod memory {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    super::$module::$case(&super::Ground::memory()).await;
                }
            )*
        }

        mod sqlite {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    let ground = super::Ground::sqlite().await;
                    super::$module::$case(&ground).await;
                    ground.close().await;
                }
            )*
        }

        mod postgres {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    if let Some(ground) = super::Ground::postgres().await {
                        super::$module::$case(&ground).await;
                        ground.close().await;
                    }
                }
            )*
        }
    };
}

on_every_store! {
    proofings::every_stage_of_a_proofing_is_read_back,
    proofings::a_proofing_moves_on_from_where_it_was_read,
    proofings::due_proofings_come_longest_due_first,
    proofings::a_card_is_one_persons,
    recognition::a_guardian_link_is_read_back_by_either_of_the_two_and_as_it_ended,
    recognition::rules_of_galleries_are_read_back,
    recognition::a_member_whose_term_is_over_goes_and_one_who_came_anew_stays,
    recognition::a_try_of_a_pin_counts_once,
    recognition::a_payments_way_is_read_back,
    recognition::what_was_worn_is_counted_beside_the_decision,
    recognition::two_hubs_on_one_store_come_to_the_same_gallery,
    recognition::who_follows_sees_each_change_once_and_in_order,
    money::an_account_opens_once_and_is_read_back,
    money::a_payment_between_shards_moves_what_was_captured,
    money::every_state_of_an_operation_is_read_back,
    money::a_hold_is_read_back_whole,
    operations::every_operation_on_a_hold_is_read_back,
    operations::a_hold_that_is_captured_at_its_deadline_is_due,
    operations::an_exception_is_listed_and_two_operators_settle_it,
    units::a_refused_command_takes_its_unit_with_it,
    units::a_stale_write_takes_its_unit_with_it,
    units::a_unit_without_anything_is_done,
    units::a_shard_that_does_not_exist_is_refused,
    keys::a_repeat_is_answered_and_not_done,
    keys::another_request_under_the_key_is_refused,
    keys::a_refused_unit_leaves_its_key_free,
    keys::callers_do_not_share_keys,
    keys::fifty_at_once_have_one_effect,
    keys::a_key_stands_for_one_request_in_all_shards,
    keys::at_once_in_all_shards_a_key_has_one_effect,
    lists::holds_come_in_pages,
    lists::a_merchant_sees_what_is_paid_to_it,
    lists::events_are_numbered_without_gaps_while_many_write,
    lists::an_event_is_read_back_whole,
    lists::due_holds_come_oldest_deadline_first,
    lists::due_exchanges_come_oldest_first,
    races::of_two_captures_at_once_one_wins,
    races::of_many_spenders_only_those_with_money_win,
    races::of_many_writers_of_a_row_one_wins,
    races::one_capture_session_enrols_once,
    races::money_is_conserved_through_thousands_of_random_commands,
    records::a_tills_decisions_are_counted_by_period,
    records::every_stage_of_an_exchange_is_read_back,
    records::plugin_data_is_put_replaced_and_deleted,
    records::a_payment_is_written_once,
    records::a_person_keeps_name_and_pin_tries,
    records::nobody_enrols_a_stranger,
    records::templates_are_read_back_page_by_page,
    records::instruments_belong_to_a_person,
    records::merchants_tills_and_payees_are_read_back,
    records::galleries_take_and_lose_members,
    records::api_keys_are_read_back_and_revoked,
    records::what_is_not_there_is_not_found,
    contracts::a_contract_and_what_happened_are_read_back,
    contracts::a_contract_that_runs_is_read_back,
    contracts::of_two_writers_one_moves_a_contract_on,
    contracts::contracts_are_listed_to_their_merchant_and_when_they_are_due,
    services::what_is_asked_is_counted_by_terminal_and_period,
    services::a_request_is_read_back_at_every_stage,
    services::of_two_writers_one_moves_a_request_on,
    services::of_two_writers_one_writes_the_keys_of_a_service,
    services::requests_are_found_when_they_are_due,
    services::what_happened_to_a_request_is_an_event_of_its_merchant,
    services::requests_of_a_service_come_in_pages_and_are_forgotten_as_they_were_read,
    services::of_two_writers_one_writes_the_next_version_of_what_is_configured,
    parties::a_party_and_its_keys_are_read_back,
    parties::a_replacement_and_a_revocation_leave_each_other_alone,
    privacy::what_a_session_saw_is_read_back_and_moves_by_its_revision,
    privacy::consents_are_read_back_in_order,
    privacy::a_ticket_is_opened_once,
    privacy::requests_are_read_back_and_the_open_ones_by_their_deadline,
    privacy::what_has_outlived_its_time_is_found_and_forgotten,
    privacy::an_erased_person_is_nowhere,
    notices::a_notice_is_kept_looked_at_and_over,
    notices::an_operation_is_found_by_its_rails_name_for_it,
    statements::what_a_rail_was_asked_in_a_time_is_found,
    statements::a_statement_is_read_back_with_its_findings,
    webhooks::an_endpoint_is_read_back_changed_and_removed,
    webhooks::of_two_processes_one_moves_a_position,
    webhooks::events_wait_in_order_until_they_are_taken_or_given_up,
    webhooks::an_event_is_found_by_its_place,
}
