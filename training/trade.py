"""What the trade expects of each column before a practice's first claim is seen: weights, in log-odds a unit.

A practice of a few hundred claims cannot find out what a duplicate costs, nor how far to trust a rule that was seen
twice; others have found it out. What is kept here is how much a *kind* of evidence counts, never a payer's rule, a code
or a provider: the columns name none. A practice begins with these, and leaves them when its own later claims say so
(learner.HELD). The gate says whether the recipe serves a practice.

WEIGHTS and INTERCEPT are what `python -m training.pooled EXPORT...` prints. They were learned from 41 synthetic
practices: Midtown 7, 8, 9, 11 (1,200 visits) and 7 (6,000), Rural 7 and 8, Lakeside 51, Foothill 52, and 32 whose
payers were drawn at random (`python -m training.synthetic.drawn_world`), N from 0 to 29, 31 and 33: name wN, seed
3000 + N, base midtown for even N and rural for odd, lived with seed N by the demo's commands, a night every 28 days,
for 1,200 visits (2,000 where N % 8 is 5 or 6, 800 where it is 7). A real practice differs from all of them.
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
    "rank": -0.908,
    "replacement": -2.39,
    "lines": 0.134,
    "total_cents": -1.03e-07,
    "largest_line_cents": -7.35e-07,
    "units": 0.0157,
    "largest_units": -0.00069,
    "diagnoses": 0.0466,
    "modifiers": -0.112,
    "has_authorization": 0.329,
    "has_referral": 0.0924,
    "has_referring_provider": -0.0829,
    "coverage_age_days": 0.00159,
    "has_group_number": 0.0622,
    "days_to_submit": -0.00691,
    "days_late": 0.0182,
    "lateness": 0.0159,
    "age_band": 0.0012,
    "senior": -0.137,
    "female": -0.0294,
    "dependent": 0.048,
    "lift_payer": 0.15,
    "lift_payer_provider": 0.0405,
    "lift_payer_lateness": 0.00485,
    "lift_procedure": 0.0352,
    "lift_payer_procedure": 0.0898,
    "lift_procedure_diagnosis": 0.0335,
    "seen_procedure": 0.043,
    "seen_payer_procedure": 0.119,
    "seen_procedure_diagnosis": 0.0336,
    "seen_payer_authorization": 0.00645,
    "seen_payer_modifiers": -0.0425,
    "why_not_covered_for": 0.0821,
    "why_records": 0.0362,
    "why_bare_visit": 0.228,
    "why_modifier_25": 0.324,
    "rule_authorization": 0.203,
    "rule_not_covered": 0.454,
    "rule_diagnosis_code": 0.0136,
    "rule_coding": 0.00643,
    "rule_coding_for": 0.0504,
    "rule_other_payer": 0.387,
    "rule_bare_visit": 0.318,
    "rule_modifier_25": 0.0604,
    "rules": 0.109,
    "missing_referral": 1.27,
    "missing_modifier": 0.341,
    "why_authorization_in_a_row": 0.839,
    "unusual_diagnosis": 0.0107,
    "bare_visit": -0.328,
    "minor_procedure": -0.215,
    "visit_without_25": 0.894,
    "lift_payer_diagnosis": 0.133,
    "why_unspecified": 0.0519,
    "rule_code": 0.0836,
    "rule_unspecified": 0.108,
    "unspecified_diagnosis": -0.025,
    "patient_claims_year": -0.0524,
    "patient_denied_year": 0.196,
    "same_procedure_year": -0.0251,
    "same_procedure_benefit_year": 0.0328,
    "days_since_same_procedure": -0.000226,
    "days_since_yearly_service": -0.00194,
    "yearly_too_soon": 0.645,
    "yearly_again": 2.75,
    "yearly_nearly": 0.273,
    "duplicate": 5.25,
    "part_paid_again": 0.845,
    "same_service_sent": 0.407,
    "same_service_paid": -1.41,
    "same_service_denied": 0.361,
    "coverage_last_denied": 0.0777,
    "coverage_last_days": 0.000355,
    "coverage_refused_last": 0.673,
    "coverage_refused_days": -0.00184,
    "card_unproven_days": 0.000264,
    "card_other_payer": 1.65,
    "card_ended": 0.734,
    "coverage_ended": 3.19,
    "coverage_perhaps_ended": 1.76,
    "too_late": 0.642,
    "provider_new_to_payer": 0.441,
    "provider_not_yet": 1.24,
}
INTERCEPT = -0.707
