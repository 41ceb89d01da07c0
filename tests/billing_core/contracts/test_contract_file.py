"""A contract file that is wrong: each fault is named, placed and mended, all at once; nothing becomes a silent zero."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from billing_core.contract import Remedy, Since
from billing_core.contract_file import read

SOUND = (Path(__file__).resolve().parents[3] / "data/synthetic/contracts/commercial-ppo.toml").read_text("utf-8")


def faults(text: str) -> list[tuple[str, str, str]]:
    found = read(text.encode())
    assert (found.contract is None) == bool(found.findings)
    return [(f.message, f.where, f.mend) for f in found.findings]


def test_a_sound_file_gives_its_terms() -> None:
    terms = read(SOUND.encode()).contract
    assert terms is not None
    assert (terms.payer_id, terms.effective, terms.fees["99213"]) == ("northern-health", date(2026, 1, 1), 9200)
    assert terms.file_by(date(2026, 4, 7)) == date(2026, 10, 4)
    assert terms.file_second_by(date(2026, 6, 1)) == date(2026, 8, 30)
    assert [(r.remedy, r.since, r.level) for r in terms.remedies] == [
        (Remedy.REPLACEMENT, Since.REMITTANCE, 1),
        (Remedy.RECONSIDERATION, Since.REMITTANCE, 1),
        (Remedy.APPEAL, Since.LEVEL_BEFORE, 1),
    ]


@pytest.mark.parametrize(
    ("was", "becomes", "message", "where"),
    [
        ("effective = 2026-01-01", 'effective = "soon"', "not a date", "effective (line 6)"),
        ("effective = 2026-01-01\n", "", "the field is missing", "effective"),
        ('99213 = "92.00"', "99213 = 92.00", "not an amount", "fees.99213"),
        ('99213 = "92.00"', '99213 = "92.005"', "not an amount", "fees.99213"),
        ('99213 = "92.00"', '99213 = "-92.00"', "a negative fee", "fees.99213"),
        ('99213 = "92.00"', '"992 13" = "92.00"', "not a code", "fees.992 13"),
        ('basis = "charge"', 'basis = "charges"', "not one of: fee, charge, schedule", "rates[5].basis"),
        ('name = "drugs"', 'name = "surgery"', "two rates have the same name", "rates.surgery"),
        ('schedule = "medicare"\npercent = "1.25"', 'schedule = "medicaid"', "schedule is not in the", "rates.imaging"),
        ('copay = "25.00"', 'copays = "25.00"', "an unknown field", "plans[0].services[0].copays"),
        ('deductible = "1000.00"', 'deductible = "-1.00"', "a negative deductible", "plans.silver.deductible"),
        ('coinsurance = "0.20"', 'coinsurance = "20"', "coinsurance outside 0 to 1", "plans.silver.coinsurance"),
        ('family_deductible = "2000.00"', 'family_deductible = "200.00"', "lower than one member's", "plans.silver"),
        ("terminated = 2026-12-31", "terminated = 2025-12-31", "ends before it begins", "terminated"),
        ("filing = { days = 180 }", "filing = { days = 0 }", "a deadline of no days", "filing_days"),
        ("filing = { days = 180 }\n", "", "the window is missing", "filing"),
        (
            'percents = ["1", "0.5", "0.25"]',
            'percents = ["0.5", "1"]',
            "none higher than",
            "multiple_procedures.surgery",
        ),
        ('codes = ["70010-79999"]', 'codes = ["79999-70010"]', "not a list of codes", "rates[3].codes"),
        ("limit = { visits = 20 }", "limit = {}", "a limit of nothing", "plans.silver.services.therapy.limit"),
        ("year_begins = 7", "year_begins = 13", "begins in no month", "plans.family account.year_begins"),
        ("days = 60", "days = 0", "a remedy without a window", "remedies.appeal"),
        ('expect = { error = "plan gold" }', "expect = {}", "a vector that expects nothing", "vectors[55].expect"),
        ("format = 1", "format = 2", "not a format this version reads", "format"),
    ],
)
def test_a_fault_is_named_placed_and_mended(was: str, becomes: str, message: str, where: str) -> None:
    assert was in SOUND
    found = faults(SOUND.replace(was, becomes, 1))
    said, place, mend = next(f for f in found if message in f[0])
    assert place.startswith(where) and mend, (said, place, mend)


def test_a_rate_that_can_never_apply_is_a_contradiction() -> None:
    late = '[[rates]]\nname = "late"\nbasis = "fee"\ncodes = ["70010-79999"]\namount = "1.00"\n'
    text = SOUND.replace("# Medicare's amounts", f"{late}\n# Medicare's amounts")
    assert [f[0] for f in faults(text)] == ["the rate can never apply: imaging comes first and takes the same lines"]


def test_two_conversion_factors_of_one_day_are_a_contradiction() -> None:
    factors = (
        'conversion_factors = [{ effective = 2026-01-01, factor = "32" }, { effective = 2026-06-01, factor = "33" }]'
    )
    text = SOUND.replace("[schedules.medicare]\n", f"[schedules.medicare]\n{factors}\n")
    assert [f[0] for f in faults(text)] == ["two conversion factors speak of the same day"]


def test_the_line_of_a_fault_is_that_of_its_own_table() -> None:
    text = SOUND.replace('deductible = "3000.00"', 'deductible = "-1.00"')
    ((_, where, _),) = faults(text)
    line = int(where.split("line ")[1].rstrip(")"))
    assert where.startswith("plans.family account.deductible") and "-1.00" in text.splitlines()[line - 1]


def test_every_fault_is_named_at_once() -> None:
    text = SOUND.replace('99213 = "92.00"', "99213 = 92").replace('basis = "charge"', 'basis = "x"')
    assert len(faults(text)) == 2


@pytest.mark.parametrize(
    "data",
    [b"", b"\xff\xfe", b"payer = ", b"[" * 3000, b"[[plans]]\nname = 1.5", b"format = 1\nfees = 3", b"x" * 5_000_000],
)
def test_bytes_that_are_no_contract_are_refused_in_words(data: bytes) -> None:
    found = read(data)
    assert found.contract is None and found.findings
    assert all(f.message and f.where and f.mend for f in found.findings)


LINES = SOUND.splitlines()


@given(
    st.integers(0, len(LINES) - 1),
    st.sampled_from(["", "x = 1", "[[plans]]", 'a = "b', "[fees]", "{ } = {", "= 2026-01-01"]),
)
@example(0, "")
def test_no_damage_to_a_line_makes_it_crash(place: int, instead: str) -> None:
    found = read("\n".join([*LINES[:place], instead, *LINES[place + 1 :]]).encode())
    assert (found.contract is None) == bool(found.findings)
