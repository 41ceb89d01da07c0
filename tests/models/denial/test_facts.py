import dataclasses
import inspect
from dataclasses import replace
from datetime import date, timedelta

from billing_core.claim import Claim, Frequency
from billing_core.record import canonical, from_plain, to_plain
from billing_core.registration import PersonName
from models.denial import facts as facts_module
from models.denial.facts import ClaimFacts, age_band, facts, member_id_shape
from tests.billing_core import specimens

SENT = date(2026, 4, 10)


def test_facts_show_what_the_claim_shows() -> None:
    found = facts(
        specimens.claim(
            specimens.line(1, "99213", 15000, modifiers=("25",), pointers=(2,)), specimens.line(2, "20610", 20000)
        ),
        SENT,
        "p",
    )
    assert found.procedures == ("99213", "20610")
    assert found.modifiers == ("25", "")
    assert found.pointed == ("I10", "E11.9")
    assert found.total_cents == 35000
    assert (found.days_to_submit, found.service_on) == (3, specimens.SERVICE)
    assert (found.payer, found.enrolled, found.coverage_active, found.has_authorization) == ("60054", True, True, False)
    assert (found.age_band, found.sex, found.relationship, found.plan) == (40, "F", "18", "silver")
    assert found.coverage_age_days == (specimens.SERVICE - date(2025, 1, 1)).days


def test_no_outcome_can_be_handed_to_facts() -> None:
    parameters = inspect.signature(facts, eval_str=True).parameters
    assert [p.annotation for p in parameters.values()] == [Claim, date, str, str]
    names = {module for module in vars(facts_module) if "emittance" in module or "ayment" in module}
    assert not names


def test_facts_name_no_person() -> None:
    planted = replace(
        specimens.PATIENT, name=PersonName("Quackenbush", "Zebulon"), record_number="MRN70001", id="secret-id"
    )
    coverage = replace(
        specimens.COVERAGE,
        member_id="W5550001",
        group_number="GRP-Z9",
        subscriber=replace(specimens.SUBSCRIBER, name=planted.name),
    )
    claim = specimens.claim(patient=planted, coverage=coverage, authorization="AUTH-SECRET", number="ELMF0SECRET")
    text = canonical(to_plain(facts(claim, SENT, "opaque"))).decode()
    for secret in ("Quackenbush", "Zebulon", "MRN70001", "W5550001", "GRP-Z9", "AUTH-SECRET", "ELMF0SECRET", "Elm St"):
        assert secret.lower() not in text.lower()
    assert "secret-id" not in text and "1980-02-03" not in text


def test_keys_are_one_per_claim_and_coverage() -> None:
    first, again = facts(specimens.claim(), SENT, "p"), facts(specimens.claim(), SENT, "p")
    other = facts(specimens.claim(id="claim-2", frequency=Frequency.REPLACEMENT), SENT, "p")
    assert first == again
    assert first.claim_key != other.claim_key and first.coverage_key == other.coverage_key
    assert facts(specimens.claim(), SENT, "q").coverage_key != first.coverage_key


def test_facts_survive_a_file() -> None:
    found = facts(specimens.claim(), SENT, "p")
    assert from_plain(ClaimFacts, to_plain(found)) == found
    assert {f.name for f in dataclasses.fields(ClaimFacts)} == set(to_plain(found))


def test_age_bands_and_member_id_shapes() -> None:
    on = date(2026, 4, 7)
    assert [age_band(on - timedelta(days=int(365.25 * y) + 2), on) for y in (0, 1, 17, 18, 64, 65, 89, 97)] == [
        *(0, 0, 12, 18, 50, 65, 75, 90)
    ]
    assert member_id_shape("W123456-01") == "A1 9x6 - 9x2"
    assert member_id_shape("") == ""


def test_a_claim_without_lines_or_pointers_has_facts() -> None:
    bare = replace(specimens.claim(), lines=(), diagnoses=())
    assert facts(bare, SENT, "p").procedures == ()
    astray = specimens.claim(specimens.line(pointers=(9,)))
    assert facts(astray, SENT, "p").pointed == ("",)
