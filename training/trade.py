"""What the trade expects of each column before a practice's first claim is seen: weights, in log-odds a unit.

A practice of a few hundred claims cannot find out what a duplicate costs, nor how far to trust a rule that was seen
twice; others have found it out. What is kept here is how much a *kind* of evidence counts, never a payer's rule, a code
or a provider: the columns name none. The ridge holds a practice's own weights near these (learner.HELD), and its own
claims move them from there. The gate says whether the recipe serves a practice.

WEIGHTS is what `python -m training.pooled EXPORT...` prints. It learned from eight synthetic practices: Midtown 7, 8, 9
(1,200 visits) and 7 (6,000), Rural 7 and 8, Lakeside 51, Foothill 52. A real practice differs from all of them.
"""

from __future__ import annotations

from collections.abc import Mapping

# What the trade says of causes that come once a year or once a provider and are nearly certain when they come.
BY_HAND: Mapping[str, float] = {
    "too_late": 1.0,
    "duplicate": 2.5,
    "part_paid_again": 2.5,
    "yearly_again": 2.5,
    "yearly_too_soon": 0.3,
    "visit_without_25": 1.5,
    "coverage_ended": 2.0,  # refused as not in force, and nothing paid since
    "card_ended": 1.0,
    "card_refused": 0.5,
    "card_other_payer": 1.5,
    "provider_not_yet": 1.0,  # enrolled in our record for days, and never yet taken by the payer
    "provider_refused": 0.5,
    "provider_new_to_payer": 0.3,
    "why_authorization_in_a_row": 0.5,
}

WEIGHTS: Mapping[str, float] = {
    "rank": -1.72,
    "replacement": -1.33,
    "lines": 0.079,
    "total_cents": 1.13e-05,
    "largest_line_cents": 2.94e-06,
    "units": 0.0197,
    "largest_units": 0.0134,
    "diagnoses": 0.01,
    "modifiers": -0.151,
    "has_authorization": 0.446,
    "has_referral": 0.727,
    "has_referring_provider": -0.041,
    "newly_enrolled": 0.357,
    "coverage_age_days": 2.05e-06,
    "has_group_number": 0.221,
    "days_to_submit": -0.00563,
    "days_late": 0.00714,
    "age_band": -0.00254,
    "senior": -0.0615,
    "female": -0.0816,
    "dependent": 0.0129,
    "lift_procedure": 0.0317,
    "why_not_covered": 0.0114,
    "why_not_covered_recent": 0.0665,
    "why_not_covered_for": 0.161,
    "why_not_covered_for_recent": 0.254,
    "why_diagnosis_code_recent": 0.0115,
    "why_coding": 0.0056,
    "why_bare_visit": 0.252,
    "why_bare_visit_recent": 0.156,
    "why_modifier_25": 0.386,
    "why_modifier_25_recent": 0.0116,
    "rules": 0.203,
    "missing_authorization": 1.72,
    "missing_referral": 0.816,
    "missing_modifier": 1.0,
    "why_authorization_in_a_row": 1.4,
    "bare_visit": -0.275,
    "minor_procedure": -0.0358,
    "visit_without_25": 1.55,
    "unspecified_diagnosis": 0.00662,
    "patient_claims_year": 0.07,
    "patient_denied_year": 0.143,
    "same_procedure_year": 0.0727,
    "same_procedure_benefit_year": 0.0618,
    "days_since_same_procedure": 0.000275,
    "days_since_yearly_service": -0.00162,
    "yearly_too_soon": 0.538,
    "yearly_again": 2.29,
    "duplicate": 4.81,
    "part_paid_again": 1.15,
    "same_service_sent": 0.235,
    "same_service_denied": -0.0696,
    "coverage_last_denied": 0.0684,
    "coverage_last_days": 0.000406,
    "coverage_refused_last": 0.544,
    "coverage_refused_days": -0.0019,
    "card_unproven_days": 0.000417,
    "card_other_payer": 1.72,
    "card_ended": 1.22,
    "coverage_ended": 2.7,
    "too_late": 0.855,
    "provider_new_to_payer": 1.02,
    "provider_not_yet": 1.15,
}
