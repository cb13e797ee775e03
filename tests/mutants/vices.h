/* vices.h: what the mutant driver can do wrong, one thing at a time: the vice, the one check of sqla-conform that must fail, and
 * the checks among which it must be the only one (check-mutants.sh reads this list). */
#ifndef MUTANTS_VICES_H
#define MUTANTS_VICES_H

#define VICES(X) \
    X(accepts_next_major, "abi-02", "abi-*") \
    X(refuses_later_minor, "abi-03", "abi-*") \
    X(bit_without_slot, "abi-05", "abi-*,con-0*,dml-*") \
    X(writes_beyond_room, "abi-06", "abi-*") \
    X(other_ops_for_second_host, "abi-07", "abi-*") \
    X(short_names, "abi-10", "abi-*,par-0[1-4]") \
    X(environment_at_entry, "abi-11", "abi-*,con-*") \
    X(umask_at_entry, "abi-11", "abi-*,con-*") \
    X(version_once, "abi-12", "abi-*") \
    X(words_unsorted, "abi-13", "abi-*") \
    X(type_twice, "abi-14", "abi-*,ty-0*") \
    X(no_product, "con-01", "con-*") \
    X(takes_unknown_key, "con-02", "con-*") \
    X(cancel_does_nothing, "con-08", "con-*") \
    X(cancelled_write_goes_on, "con-09", "con-*") \
    X(descriptor_leak, "con-10", "con-*") \
    X(memory_leak_per_connection, "con-10", "con-*") \
    X(opens_late, "con-11", "con-*") \
    X(no_memory_said_twice, "con-12", "con-*") \
    X(reset_keeps_temporaries, "con-13", "con-*") \
    X(deadline_late, "con-14", "con-0*,con-1*") \
    X(folder_changed, "con-15", "con-*,abi-*") \
    X(signal_handler, "con-15", "con-*,abi-*") \
    X(locale_changed, "con-15", "con-*,abi-*") \
    X(prints, "con-15", "con-*,abi-*") \
    X(runs_late, "con-19", "con-*") \
    X(told_deadline_ignored, "con-20", "con-*") \
    X(options_not_listed, "con-21", "con-*") \
    X(memory_leak_per_statement, "con-22", "con-0*,con-1*,row-*") \
    X(read_only_ignored, "con-23", "con-*,tx-*") \
    X(foreign_key_is_unique, "err-02", "err-*,tx-*,dml-*") \
    X(error_said_twice, "err-03", "err-*,tx-*") \
    X(crash, "err-04", "err-*") \
    X(position_in_bytes, "err-05", "err-*") \
    X(error_not_said, "err-06", "err-*,dml-*") \
    X(prepares_anything, "err-08", "err-*,row-*") \
    X(runs_scripts, "err-09", "err-*,par-*") \
    X(writes_on_failure, "err-10", "err-*,tx-*") \
    X(rollback_ignored, "tx-05", "tx-*,err-*") \
    X(savepoint_takes_all, "tx-06", "tx-*") \
    X(release_commits, "tx-07", "tx-*") \
    X(hides_transactional_ddl, "tx-08", "tx-*") \
    X(hides_isolated_abort, "tx-09", "tx-*") \
    X(read_only_begin_ignored, "tx-11", "tx-*,con-23") \
    X(failed_commit_is_done, "tx-12", "tx-*") \
    X(close_commits, "tx-13", "tx-*") \
    X(commit_rolls_back, "tx-15", "tx-*,row-0*") \
    X(null_is_empty, "par-01", "par-*,ty-*,row-*") \
    X(blob_ends_at_zero, "par-06", "par-*,ty-*") \
    X(count_not_checked, "par-07", "par-*,err-*") \
    X(order_of_plan, "par-08", "par-*,ty-*,row-*,dml-*") \
    X(writes_too_wide, "ty-01", "ty-*,par-*") \
    X(decimal_shortened, "ty-02", "ty-*,par-*") \
    X(float_rounded, "ty-03", "ty-*,row-*,dml-*") \
    X(always_true, "ty-04", "ty-*") \
    X(text_cut, "ty-05", "ty-*,row-*,par-*") \
    X(empty_is_null, "ty-06", "ty-*,row-*,par-*") \
    X(no_nul_behind_text, "ty-06", "ty-*,row-*,par-*") \
    X(day_lost_before_1970, "ty-08", "ty-*") \
    X(midnight_wraps, "ty-09", "ty-*") \
    X(uuid_swapped, "ty-10", "ty-*") \
    X(json_rewritten, "ty-11", "ty-*") \
    X(label_off_by_one, "ty-12", "ty-*") \
    X(instant_in_millis, "ty-13", "ty-*,ddl-09") \
    X(clock_shifted, "ty-14", "ty-*") \
    X(days_lost, "ty-15", "ty-*") \
    X(chars_cut, "ty-17", "ty-*,row-*") \
    X(integer_narrowed, "ty-19", "ty-*,row-*") \
    X(null_is_let_in, "ty-20", "ty-*") \
    X(mismatch_is_zero, "ty-21", "ty-*") \
    X(row_lost, "row-01", "row-*") \
    X(end_not_latched, "row-02", "row-*") \
    X(runs_again, "row-03", "row-*") \
    X(size_of_view, "row-08", "row-*") \
    X(affected_off_by_one, "row-09", "row-*,dml-*") \
    X(stale_is_empty, "row-11", "row-*") \
    X(hides_multiple_results, "row-12", "row-*") \
    X(text_freed_early, "row-13", "row-*") \
    X(more_than_asked, "row-14", "row-*") \
    X(stream_grows, "row-15", "row-*") \
    X(row_of_stream_lost, "row-16", "row-*") \
    X(text_of_its_own, "row-17", "row-*,ty-*") \
    X(key_lost, "dml-01", "dml-*") \
    X(hides_default_values, "dml-02", "dml-*") \
    X(keys_swapped, "dml-05", "dml-*") \
    X(takes_any_mode, "dml-07", "dml-*") \
    X(sum_off_by_one, "dml-08", "dml-*") \
    X(unmatched_not_told, "dml-11", "dml-*") \
    X(row_number_off_by_one, "dml-12", "dml-*,row-*") \
    X(column_not_named, "dml-13", "dml-*") \
    X(hides_returning, "dml-14", "dml-*") \
    X(only_changed_rows_count, "dml-16", "dml-*,row-*") \
    X(hides_fk_actions, "ddl-05", "ddl-*,err-*") \
    X(claims_add_constraint, "ddl-06", "ddl-*") \
    X(claims_cascade_drop, "ddl-07", "ddl-*") \
    X(hides_forward_keys, "ddl-10", "ddl-*") \
    X(claims_ephemeral_not, "con-25", "con-*") \
    X(exits, "q-10", "q-*") \
    X(tables_out_of_order, "ref-02", "ref-*") \
    X(column_lost, "ref-03", "ref-*") \
    X(type_forgotten, "ref-04", "ref-*") \
    X(promises_too_much, "ref-05", "ref-*") \
    X(sink_ignored, "ref-12", "ref-*") \
    X(constraint_sticks, "err-11", "err-*") \
    X(column_sticks, "err-11", "err-*") \
    X(far_row_off_by_one, "dml-17", "dml-*") \
    X(far_row_of_result_off, "row-19", "row-*") \
    X(message_is_shared, "con-31", "con-3*") \
    X(bound_to_its_thread, "con-32", "con-*") \
    X(later_struct_is_overwritten, "abi-16", "abi-*,con-0*") \
    X(later_begin_is_refused, "abi-16", "abi-*,tx-*") \
    X(later_size_is_refused, "abi-16", "abi-*,con-0*") \
    X(intent_dropped, "con-30", "con-*,tx-*") \
    X(stream_deadline_is_late, "con-29", "con-1*,con-29") \
    X(batch_deadline_ignored, "con-28", "con-*") \
    X(leak_per_failure, "con-27", "con-*") \
    X(leak_per_failed_prepare, "con-27", "con-*") \
    X(reset_forgets_statements, "con-18", "con-*") \
    X(unmatched_row_off, "dml-11", "dml-*") \
    X(far_key_off, "dml-05", "dml-*") \
    X(column_count_is_stale, "row-18", "row-*") \
    X(null_is_zero_in_view, "row-08", "row-0*") \
    X(minus_zero_is_zero, "ty-22", "ty-*") \
    X(tiny_is_zero, "ty-03", "ty-*") \
    X(first_day_is_julian, "ty-08", "ty-*") \
    X(interval_sign_lost, "ty-15", "ty-*") \
    X(blank_at_end_lost, "ty-06", "ty-*") \
    X(rare_character_lost, "ty-06", "ty-*") \
    X(blob_cut_at_255, "ty-07", "ty-*,par-06") \
    X(now_is_local, "ddl-09", "ddl-*,ty-*") \
    X(filter_ignored, "ref-01", "ref-*") \
    X(default_lost, "ref-03", "ref-*") \
    X(nullable_lost, "ref-03", "ref-*") \
    X(key_order_lost, "ref-03", "ref-*") \
    X(single_rows_kept, "pair-01", "pair-0[12]") \
    X(stream_kept, "pair-01", "pair-0[12]") \
    X(error_kept, "pair-01", "pair-0[12]") \
    X(script_kept, "pair-01", "pair-0[12]") \
    X(affected_kept, "pair-01", "pair-0[12]") \
    X(unmatched_kept, "pair-01", "pair-0[12]") \
    X(read_only_kept, "pair-01", "pair-0[12]") \
    X(filter_kept, "pair-01", "pair-0[12]") \
    X(error_kept_inside, "pair-02", "pair-0[12]") \
    X(deadline_kept, "pair-03", "pair-*") \
    X(told_deadline_kept, "pair-03", "pair-*") \
    X(cancel_late, "pair-03", "pair-*") \
    X(cancel_late_inside, "pair-04", "pair-*")

/* The same on a database with a server. */
#define SERVER_VICES(X) \
    X(dead_is_alive, "con-06", "con-*") \
    X(loss_is_an_error, "con-07", "con-*") \
    X(commit_lost_is_done, "con-16", "con-*,tx-*") \
    X(secret_is_logged, "con-03", "con-0*") \
    X(table_comment_lost, "ref-06", "ref-*") \
    X(column_comment_lost, "ref-06", "ref-*") \
    X(labels_unordered, "ref-07", "ref-*")

/* What would be the end of a tool that ran the driver itself (check-conform.sh). */
#define GROSS_VICES(X) \
    X(hangs, "q-10", "q-*") \
    X(hangs_at_entry, "abi-01", "*") \
    X(crashes_at_entry, "abi-01", "*")

#endif
