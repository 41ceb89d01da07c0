"""Every edit has a claim that passes it and one that fails it; a rule without both fails here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest

from billing_core.claim import Claim, ClaimLine, Frequency, PriorPayer
from billing_core.codesets.tables import Tables
from billing_core.edits import RULES, ClaimContext, scrub
from billing_core.eligibility import PayerAnswer
from billing_core.encounter import Span
from billing_core.identifiers import npi_from
from billing_core.provider_query import OTHER, UNDETERMINED, ProviderQuery, answered, settled
from billing_core.registration import PersonName, Sex
from billing_core.remittance import Adjustment, Group
from billing_core.rule import Finding, Severity, blocking
from tests.billing_core.edits.tables import sample, without
from tests.billing_core.specimens import (
    AUTHORIZATION,
    CONTRACT,
    COVERAGE,
    LOCATION,
    NAME,
    PATIENT,
    PAYER,
    PRACTICE,
    PROVIDER,
    SERVICE,
    claim,
    line,
)

TABLES = sample()
AS_OF = date(2026, 4, 10)
TERMS = replace(CONTRACT, default_percent=None)


class Case(NamedTuple):
    """A sound claim, the same with one thing wrong, and what is expected of the finding. `context` changes both."""

    passing: Claim
    failing: Claim
    where: str = ""
    context: Mapping[str, Any] = MappingProxyType({})
    failing_context: Mapping[str, Any] = MappingProxyType({})


def context(**changes: Any) -> ClaimContext:
    fields: dict[str, Any] = {"as_of": AS_OF, "tables": TABLES, "contract": TERMS, "authorizations": (AUTHORIZATION,)}
    return ClaimContext(**{**fields, **changes})


GOOD = claim()
IMAGING = claim(line(1, "73721", 60000), authorization="AUTH77")
THERAPY = claim(line(1, "90834"), referral="R1")
QUERY = ProviderQuery(
    "q", GOOD.encounter_id, "provider", "0" * 64, "M17.10", "side", (Span(0, 4),), "Which side does this concern?",
    ("right", "left", OTHER, UNDETERMINED), "coder", AS_OF,
)  # fmt: skip
BAD_NPI = npi_from("198765432")[:-1] + "x"
REPLACEMENT = claim(frequency=Frequency.REPLACEMENT, payer_reference="P1", replaces="old")
LINKED = {"corrected_from": date(2026, 4, 8)}
SECOND_COVERAGE = replace(COVERAGE, id="second", rank=2)


def two(first: str, second: str, **changes: Any) -> Claim:
    return claim(line(1, first), line(2, second, **changes))


def practice(**changes: Any) -> Claim:
    return claim(practice=replace(PRACTICE, **changes))


def secondary(paid: int, of_line: int) -> Claim:
    share = Adjustment(Group.PATIENT, "2", 5000)
    prior = PriorPayer(PAYER, COVERAGE, paid, date(2026, 4, 9), ((1, of_line, (share,)),))
    return claim(rank=2, coverage=SECOND_COVERAGE, prior_payers=(prior,))


def other_claim(*lines: ClaimLine, **changes: Any) -> Claim:
    return claim(*lines, **{"id": "other", "number": "OTHER", **changes})


CASES: dict[str, Case] = {
    "claim-number": Case(GOOD, claim(number="ELMF000000010"), "claim number"),
    "billing-npi": Case(GOOD, practice(npi=BAD_NPI), "billing provider"),
    "rendering-npi": Case(GOOD, claim(rendering=replace(PROVIDER, npi="1987654321")), "rendering provider"),
    "other-npi": Case(
        claim(referring=PROVIDER, supervising=PROVIDER, location=replace(LOCATION, npi=PROVIDER.npi)),
        claim(referring=PROVIDER, supervising=replace(PROVIDER, npi="")),
        "supervising provider",
    ),
    "billing-tin": Case(GOOD, practice(tin="12345678"), "billing provider"),
    "billing-street": Case(GOOD, practice(address=replace(PRACTICE.address, line1="P.O. Box 12")), "billing provider"),
    "billing-zip": Case(GOOD, practice(address=replace(PRACTICE.address, postal_code="12180")), "billing provider"),
    "payer-number": Case(GOOD, claim(payer=replace(PAYER, number=" ")), "payer"),
    "member-id": Case(GOOD, claim(coverage=replace(COVERAGE, member_id="")), "subscriber"),
    "name-characters": Case(GOOD, claim(patient=replace(PATIENT, name=PersonName("Do~e", "Ann"))), "patient"),
    "subscriber-name": Case(GOOD, claim(patient=replace(PATIENT, name=PersonName("Doe", ""))), "patient"),
    "self-is-subscriber": Case(GOOD, claim(patient=replace(PATIENT, birth_date=date(1980, 2, 4))), "subscriber"),
    "born-before-service": Case(GOOD, claim(patient=replace(PATIENT, birth_date=date(2062, 2, 3))), "patient"),
    "no-diagnosis": Case(GOOD, claim(diagnoses=()), "diagnoses"),
    "too-many-diagnoses": Case(
        claim(diagnoses=tuple(f"Z{n:02d}.0" for n in range(12))),
        claim(diagnoses=tuple(f"Z{n:02d}.0" for n in range(13))),
        "diagnoses",
    ),
    "repeated-diagnosis": Case(GOOD, claim(diagnoses=("E11.9", "I10", "E119")), "diagnosis 3"),
    "diagnosis-unknown": Case(GOOD, claim(diagnoses=("E11.9", "E11.99X")), "diagnosis 2"),
    "diagnosis-incomplete": Case(GOOD, claim(diagnoses=("E11",)), "diagnosis 1"),
    "diagnosis-not-checked": Case(GOOD, GOOD, "diagnoses", {}, {"tables": without("icd10cm")}),
    "pointer-missing": Case(GOOD, claim(line(pointers=())), "line 1"),
    "pointer-out-of-range": Case(claim(line(pointers=(2, 1))), claim(line(), line(2, pointers=(3,))), "line 2"),
    "external-cause-first": Case(
        claim(diagnoses=("S93.401A", "W01.0XXA")), claim(diagnoses=("W01.0XXA", "S93.401A")), "diagnosis 1"
    ),
    "manifestation-first": Case(claim(diagnoses=("G30.9", "F02.80")), claim(diagnoses=("F02.80",)), "diagnosis 1"),
    "diagnosis-age": Case(claim(diagnoses=("O80",)), claim(diagnoses=("I10", "P59.9")), "diagnosis 2"),
    "diagnosis-sex": Case(
        claim(diagnoses=("N40.0",), patient=replace(PATIENT, sex=Sex.UNKNOWN)),
        claim(diagnoses=("N40.0",)),
        "diagnosis 1",
    ),
    "no-line": Case(GOOD, replace(GOOD, lines=()), "lines"),
    "too-many-lines": Case(claim(*(line(n) for n in range(1, 51))), claim(*(line(n) for n in range(1, 52))), "lines"),
    "line-control": Case(two("99213", "36415"), two("99213", "36415", control=line().control), "lines"),
    "procedure-form": Case(GOOD, claim(line(procedure="9921")), "line 1"),
    "procedure-unknown": Case(GOOD, claim(line(procedure="99218")), "line 1"),
    "procedure-not-checked": Case(GOOD, GOOD, "lines", {}, {"tables": without("procedures")}),
    "modifier-form": Case(claim(line(modifiers=("25",))), claim(line(modifiers=("2",))), "line 1"),
    "modifier-count": Case(claim(line(modifiers=("25", "GT"))), claim(line(modifiers=("25", "GT", "25"))), "line 1"),
    "units": Case(GOOD, claim(line(units=0)), "line 1"),
    "place-of-service": Case(GOOD, claim(location=replace(LOCATION, place_of_service="1")), "location"),
    "charge-negative": Case(GOOD, claim(line(amount=-1)), "line 1"),
    "charge-zero": Case(claim(line(amount=1)), claim(line(amount=0)), "line 1"),
    "prior-payer-line": Case(secondary(10000, 10000), secondary(9999, 9999), "earlier payer 1 line 1"),
    "prior-payer-total": Case(secondary(10000, 10000), secondary(9999, 10000), "earlier payer 1"),
    "charge-below-fee": Case(claim(line(amount=9000)), claim(line(amount=8999)), "line 1"),
    "future-service": Case(claim(line(service_date=AS_OF)), claim(line(service_date=AS_OF + timedelta(1))), "line 1"),
    "filing-deadline-passed": Case(
        GOOD,
        GOOD,
        "claim",
        {"as_of": SERVICE + timedelta(days=90)},
        {"as_of": SERVICE + timedelta(days=91)},
    ),
    "filing-deadline-near": Case(
        GOOD,
        GOOD,
        "claim",
        {"as_of": SERVICE + timedelta(days=75)},
        {"as_of": SERVICE + timedelta(days=76)},
    ),
    "corrected-deadline-not-checked": Case(REPLACEMENT, REPLACEMENT, "claim", LINKED, {"corrected_from": None}),
    "terms-not-checked": Case(GOOD, GOOD, "payer", {}, {"contract": None}),
    "coverage-not-active": Case(
        claim(coverage=replace(COVERAGE, terminated=SERVICE)),
        claim(coverage=replace(COVERAGE, terminated=SERVICE - timedelta(1))),
        "line 1",
    ),
    "coverage-refused": Case(
        GOOD,
        GOOD,
        "line 1",
        {"answers": (PayerAnswer("coverage", SERVICE, True, AS_OF),)},
        {"answers": (PayerAnswer("coverage", SERVICE, False, AS_OF),)},
    ),
    "coverage-not-theirs": Case(GOOD, claim(patient=replace(PATIENT, id="another")), "coverage"),
    "payer-order": Case(
        GOOD,
        claim(coverage=SECOND_COVERAGE),
        "coverage 1",
        {"coverages": (COVERAGE, SECOND_COVERAGE)},
    ),
    "service-not-covered": Case(GOOD, claim(line(procedure="99999")), "line 1"),
    "provider-not-enrolled": Case(GOOD, claim(rendering=replace(PROVIDER, enrollments=())), "line 1"),
    "enrollment-not-checked": Case(GOOD, GOOD, "rendering provider", {}, {"enrolled_known": False}),
    "authorization-missing": Case(IMAGING, replace(IMAGING, authorization=""), "line 1"),
    "authorization-not-checked": Case(IMAGING, replace(IMAGING, authorization="AUTH78"), "authorization"),
    "authorization-service": Case(
        IMAGING, IMAGING, "line 1", {}, {"authorizations": (replace(AUTHORIZATION, procedure="72148"),)}
    ),
    "authorization-dates": Case(
        IMAGING, IMAGING, "line 1", {}, {"authorizations": (replace(AUTHORIZATION, terminated=date(2026, 4, 6)),)}
    ),
    "authorization-units": Case(IMAGING, claim(line(1, "73721", units=2), authorization="AUTH77"), "line 1"),
    "referral-missing": Case(THERAPY, replace(THERAPY, referral=""), "line 1"),
    "duplicate-line": Case(claim(line(1), line(2, modifiers=("76",))), claim(line(1), line(2)), "line 2"),
    "duplicate-claim": Case(
        GOOD,
        GOOD,
        "line 1",
        {"other_claims": (other_claim(line(service_date=date(2026, 3, 1))),)},
        {"other_claims": (other_claim(),)},
    ),
    "replacement-reference": Case(REPLACEMENT, replace(REPLACEMENT, payer_reference=""), "claim", LINKED),
    "original-with-reference": Case(GOOD, claim(payer_reference="P1"), "claim"),
    "ncci-pair": Case(two("11042", "99213", modifiers=("25",)), two("11042", "99213"), "line 2"),
    "ncci-pair-never": Case(two("99214", "36415"), two("99214", "99213", modifiers=("25",)), "line 2"),
    "ncci-pair-not-checked": Case(
        two("99213", "36415"), two("99213", "36415"), "lines", {}, {"tables": without("ptp")}
    ),
    "mue-units": Case(claim(line(1, "36415", units=2)), claim(line(1, "36415"), line(2, "36415", units=2)), "line 1"),
    "mue-not-checked": Case(claim(line(1, "80053")), claim(line(1, "80053", units=2)), "line 1"),
    "add-on-alone": Case(two("11042", "11045"), claim(line(1, "11045")), "line 1"),
    "query-open": Case(
        GOOD,
        GOOD,
        "note",
        {"queries": (settled(answered(QUERY, UNDETERMINED, "", "coder", AS_OF)),)},
        {"queries": (QUERY, replace(QUERY, encounter_id="another"))},
    ),
}
SEVERITIES = {
    Severity.WARNING: {
        "billing-zip", "self-is-subscriber", "diagnosis-age", "diagnosis-sex", "charge-below-fee",
        "filing-deadline-near", "service-not-covered",
    },
    Severity.NOT_CHECKED: {
        "diagnosis-not-checked", "procedure-not-checked", "corrected-deadline-not-checked", "terms-not-checked",
        "enrollment-not-checked", "authorization-not-checked", "ncci-pair-not-checked", "mue-not-checked",
    },
}  # fmt: skip
IDS = [rule.id for rule in RULES]


def of_rule(rule: str, findings: Sequence[Finding]) -> list[Finding]:
    return [f for f in findings if f.rule == rule]


@pytest.mark.parametrize("rule", IDS)
def test_a_sound_claim_passes(rule: str) -> None:
    case = CASES[rule]
    assert not of_rule(rule, scrub(case.passing, context(**case.context)))


@pytest.mark.parametrize("rule", IDS)
def test_a_claim_with_the_mistake_fails_and_is_told_the_mend(rule: str) -> None:
    case = CASES[rule]
    found = of_rule(rule, scrub(case.failing, context(**{**case.context, **case.failing_context})))
    assert len(found) == 1
    expected = next((s for s, ids in SEVERITIES.items() if rule in ids), Severity.ERROR)
    assert (found[0].severity, found[0].where) == (expected, case.where)
    assert found[0].message and found[0].mend


def test_cases_and_rules_are_the_same_set_and_ids_are_unique() -> None:
    assert set(CASES) == set(IDS)
    assert len(IDS) == len(set(IDS))
    assert all(rule.sentence.endswith(".") and rule.source for rule in RULES)


@pytest.mark.parametrize("sound", [GOOD, IMAGING, THERAPY, secondary(10000, 10000)])
def test_a_sound_claim_has_no_finding_at_all(sound: Claim) -> None:
    assert scrub(sound, context()) == ()


def test_without_tables_and_terms_nothing_passes_silently() -> None:
    findings = scrub(two("99213", "36415"), context(tables=Tables.empty(), contract=None))
    assert not blocking(findings)
    assert {f.rule for f in findings} == {
        "diagnosis-not-checked",
        "procedure-not-checked",
        "terms-not-checked",
        "ncci-pair-not-checked",
        "mue-not-checked",
    }


def test_an_empty_claim_is_told_what_it_lacks_without_a_crash() -> None:
    empty = replace(GOOD, lines=(), diagnoses=(), number="", practice=replace(PRACTICE, npi="", tin=""))
    found = {f.rule for f in scrub(empty, context())}
    assert {"no-line", "no-diagnosis", "claim-number", "billing-npi", "billing-tin"} <= found


def test_a_missing_authorization_that_is_on_file_says_so() -> None:
    bare = replace(IMAGING, authorization="")
    assert "on file" in of_rule("authorization-missing", scrub(bare, context()))[0].mend
    assert "ask the payer" in of_rule("authorization-missing", scrub(bare, context(authorizations=())))[0].mend


def test_units_used_on_other_claims_count_against_the_authorization() -> None:
    earlier = other_claim(line(1, "73721", service_date=date(2026, 3, 1)), authorization="AUTH77")
    assert of_rule("authorization-units", scrub(IMAGING, context(other_claims=(earlier,))))
    replaced = replace(IMAGING, frequency=Frequency.REPLACEMENT, payer_reference="P1", replaces="other")
    found = scrub(replaced, context(other_claims=(earlier,), **LINKED))
    assert not of_rule("authorization-units", found)


def test_a_replacement_is_no_duplicate_of_what_it_replaces_but_of_a_third() -> None:
    replaced = replace(GOOD, frequency=Frequency.REPLACEMENT, payer_reference="P1", replaces="other")
    assert not scrub(replaced, context(other_claims=(other_claim(),), **LINKED))
    third = other_claim(id="third")
    assert of_rule("duplicate-claim", scrub(replaced, context(other_claims=(other_claim(), third), **LINKED)))


def test_the_same_service_to_another_payer_is_no_duplicate() -> None:
    elsewhere = other_claim(payer=replace(PAYER, id="p2", number="99999"))
    assert not scrub(GOOD, context(other_claims=(elsewhere,)))


def test_findings_carry_no_patient_data() -> None:
    secrets = (NAME.last, COVERAGE.member_id, PATIENT.record_number, SERVICE.isoformat(), "E11", "1980")
    for rule, case in CASES.items():
        for finding in scrub(case.failing, context(**{**case.context, **case.failing_context})):
            text = f"{finding.message} {finding.where} {finding.mend}"
            assert not [s for s in secrets if s in text], rule


def test_the_order_of_findings_is_the_order_of_rules() -> None:
    broken = claim(line(amount=-5, units=0, pointers=()), diagnoses=(), number="x")
    found = [f.rule for f in scrub(broken, context())]
    assert found == sorted(found, key=IDS.index) and len(found) >= 5
