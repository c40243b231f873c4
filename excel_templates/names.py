"""The contract between a template and the filler: its defined names.

A copy of the template may be renamed, restyled and rearranged; as long as these names stay, it
can be filled. Formulas use the same names, so they survive a move as well.
"""

from __future__ import annotations

from typing import Final

_GROUPS: Final[dict[str, str]] = {
    "a value of the service, one cell": """
        about_contract about_term about_as_of about_rate_card_day about_scenarios
        about_sampling_error about_seed about_version
        service_sign_for service_expect_to_pay service_budget_p80 service_worst_case_unused
        service_tier_discount service_percentile service_shortfall_probability
        service_overage_probability service_expected_unused service_unused_p80
        service_unused_cvar95 service_cost_p50 service_cost_p95 service_cost_cvar95
        service_no_deal_cost service_as_is_commitment service_avoided_cost
        service_interval_lower service_interval_upper service_band_lower service_band_upper
        migration_note
        service_list_as_is service_list_saving service_list_optimised
        reconciliation_level reconciliation_banner reconciliation_note reconciliation_billed
        reconciliation_repriced reconciliation_share reconciliation_covered
        reconciliation_discount
        backtest_origins backtest_coverage backtest_discount backtest_capture backtest_run_rate
        backtest_note ramp_note service_wait_cost""",
    "values of the service, one cell per tier": """
        service_tier_commitment service_tier_expected_cost service_tier_verdict""",
    "a fact of the contract or the decision set that is no input": """
        n_scenarios n_periods term_months settlement tier_basis drawdown_basis shortfall_price
        usage_is_portable rollover_share live live_reason tolerance_share""",
    "an input, one unlocked cell": """
        in_commitment in_overage in_overage_discount in_unused_value in_outside_discount
        in_growth_shock in_price_change in_realisation""",
    "inputs, one unlocked cell per tier": "in_tier_from in_tier_discount",
    "inputs, one unlocked cell per offer": "in_offer_commitment in_offer_discount",
    "what an offer is called": "offer_label",
    "boxes to type names, answers and days into": "approver_boxes",
    "switches of cleaning entries, one unlocked cell each": "in_entry_on",
    "values of the service, one cell per cleaning entry with a switch": """
        entry_label entry_meaning entry_name entry_factor entry_group service_in_entry_on""",
    "the input as generated": """
        service_in_commitment service_in_overage service_in_overage_discount
        service_in_unused_value service_in_outside_discount service_in_growth_shock
        service_in_price_change service_in_realisation service_in_tier_from
        service_in_tier_discount service_in_offer_commitment service_in_offer_discount""",
    "pattern row of a list; the filler copies it down and lengthens the name": """
        digest_rows bridge_rows in_lines history_rows finding_rows workload_rows waterfall_rows
        lever_rows term_rows month_rows curve_rows move_rows clause_rows offer_rows shock_rows
        migration_rows source_rows line_rows scenario_rows reconciled_rows cause_rows
        discount_rows difference_rows backtest_policy_rows backtest_point_rows
        position_rows exchange_rows flip_rows staging_rows cash_rows dossier_rows
        ramp_rows get_rows change_rows""",
    "column of a list, or of all inputs; lengthened with the list": """
        reconciled_billed reconciled_repriced reconciled_difference
        backtest_point_weeks backtest_point_inside
        bridge_usd bridge_kind waterfall_usd waterfall_kind in_line_name in_line_on in_line_slip
        workload_as_is_usd workload_optimised_usd workload_potential_usd line_kept line_loss
        input_label input_typed input_typed_more input_service input_service_more input_changed
        input_running offer_changed ramp_flat ramp_own ramp_saves get_value get_step
        move_extra move_unused service_move_extra service_move_unused""",
    "column of the decision set; moved to the columns and rows that are needed": """
        scenario_term_list scenario_low_period scenario_high_period scenario_last_period
        typed_cost typed_unused best_cost best_unused period_list as_is_period as_is_term
        as_is_last""",
    "upper left cell of a chart, or all cells it covers": """
        chart_bridge chart_history chart_waterfall chart_forecast chart_backtest
        chart_curve_cost chart_curve_risk chart_tornado chart_offers chart_ramp""",
    "table a chart is drawn from": """
        curve_live curve_best curve_typed curve_no_deal offer_table""",
    "table of formulas": "ladder talk_rows alternative_rows ramp_verdict",
    "a formula that others read": """
        decision_sentence decision_reason decision_sign_for decision_expect_to_pay
        decision_budget_p80 decision_worst_case_unused decision_tier_discount decision_percentile
        decision_shortfall_probability decision_overage_probability decision_expected_unused
        decision_unused_p80 decision_unused_cvar95 decision_cost_p50 decision_cost_p95
        decision_cost_cvar95 decision_no_deal_cost decision_saving decision_as_is_commitment
        decision_avoided_cost
        typed_decision_sign_for typed_decision_expect_to_pay typed_decision_budget_p80
        typed_decision_worst_case_unused typed_decision_tier_discount typed_decision_percentile
        typed_decision_shortfall_probability typed_decision_overage_probability
        typed_decision_expected_unused typed_decision_unused_p80 typed_decision_unused_cvar95
        typed_decision_cost_p50 typed_decision_cost_p95 typed_decision_cost_cvar95
        typed_decision_no_deal_cost typed_decision_saving typed_decision_extra_cost
        typed_level typed_text light_level light_text stale_level stale_text live_level live_text
        check_results checks_failed checks_passed inputs_changed basis_changed
        entry_running entry_group_factor entry_all_factor entries_switched
        used_commitment used_overage_discount used_unused_value used_outside used_growth
        used_price used_realisation demand_factor mean_list_usd mean_as_is_usd
        on_demand_discount rank_50 rank_80 rank_95
        tier_from_used tier_discount tier_threshold tier_overage_discount tier_list_per_usd
        tier_unused_price tier_quantile tier_closed_form_rank tier_rank tier_best
        tier_as_is_best
        typed_commitment typed_discount typed_overage_discount typed_used_up_at
        typed_unused_price typed_expected_cost typed_expected_unused
        typed_shortfall_probability typed_overage_probability typed_percentile
        best_commitment best_tier best_discount best_overage_discount best_used_up_at
        best_unused_price best_expected_cost best_expected_unused best_shortfall_probability
        best_overage_probability best_percentile
        as_is_commitment as_is_expected_cost no_deal_expected_cost as_is_best
        cheapest_commitment
        tier_row_commitment tier_row_expected_cost tier_row_expected_unused
        tier_row_shortfall_probability tier_row_overage_probability tier_row_percentile
        curve_row_commitment curve_row_discount curve_row_expected_cost
        curve_row_expected_unused curve_row_shortfall_probability curve_row_overage_probability
        curve_top curve_candidate
        offer_row_commitment offer_row_discount offer_row_expected_cost offer_row_expected_unused
        offer_row_shortfall_probability offer_row_overage_probability offer_row_percentile
        offer_row_counts step_row_commitment step_row_discount step_row_expected_cost
        step_row_expected_unused step_row_shortfall_probability step_above""",
}

NAMES: Final[dict[str, str]] = {
    name: meaning for meaning, names in _GROUPS.items() for name in names.split()
}
"""Every defined name a template must have, and what it is."""
