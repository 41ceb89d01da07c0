"""What a payer owes by contract: each reason to refuse, their order, each share, and the balance of all of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_core.accumulator import Accumulators
from billing_core.adjudication import Decision, adjudicate, deny_lines, take_back
from billing_core.claim import Claim, Frequency, PriorPayer
from billing_core.codesets.build import write_table
from billing_core.codesets.layout import TableHeader
from billing_core.codesets.tables import Tables
from billing_core.contract import BenefitPlan, Limit, ServiceShare
from billing_core.errors import ContractError
from billing_core.identifiers import line_control_number
from billing_core.pricing import allowed_amount
from billing_core.refusal import ORDER, PayerFacts, line_key
from billing_core.remittance import Adjustment, ClaimPayment, Group, Remittance, imbalances
from tests.billing_core.specimens import (
    AUTHORIZATION,
    CONTRACT,
    COVERAGE,
    NUMBER,
    PAYER,
    PLAN,
    PROVIDER,
    SERVICE,
    claim,
    line,
)

FRESH = Accumulators("coverage", 2026)
MET = replace(FRESH, deductible_used=PLAN.deductible)
RECEIVED = date(2026, 4, 12)
NONE = Tables.empty()


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    folder = tmp_path_factory.mktemp("tables")
    start = date(2026, 1, 1)
    for name, rows in (
        ("mue", [("36415", 2, "3"), ("99213", 1, "1")]),
        ("ptp", [("99213", "36415", 0, "1"), ("73721", "90834", 0, "0")]),
        ("icd10cm", [("E119", "Y", "N", "Diabetes"), ("I10", "Y", "N", "Hypertension"), ("E11", "N", "N", "Diabetes")]),
    ):
        write_table(folder / f"{name}.table", TableHeader(name, "made for a test", "1", start), rows)
    return Tables.open(folder)


def answer(bill: Claim, tables: Tables = NONE, used: Accumulators = MET, **facts: Any) -> Decision:
    return adjudicate(bill, COVERAGE, CONTRACT, used, tables, RECEIVED, PayerFacts(**facts))


def remittance(*payments: ClaimPayment) -> Remittance:
    total = sum(p.paid for p in payments)
    return Remittance("Northern", "60054", "1", "1", "T1", "1", RECEIVED, "I", "ACH", total, payments)


def shares(payment: ClaimPayment, service: int = 0) -> dict[str, int]:
    return {f"{a.group}-{a.reason}": a.amount for a in payment.services[service].adjustments}


def test_a_line_is_priced_copay_then_deductible_then_coinsurance() -> None:
    used = replace(FRESH, deductible_used=PLAN.deductible - 1000)
    decision = answer(claim(line()), used=used)
    # allowed 90.00; copay 25.00; deductible left 10.00; coinsurance 20 % of 55.00 = 11.00; paid 44.00
    assert shares(decision.payment) == {"CO-45": 6000, "PR-3": 2500, "PR-1": 1000, "PR-2": 1100}
    assert decision.payment.paid == 4400
    assert decision.payment.patient_responsibility == 4600
    assert decision.payment.services[0].allowed == 9000
    assert decision.payment.services[0].control == line_control_number(NUMBER, 1)
    assert decision.accumulators == replace(
        used,
        deductible_used=PLAN.deductible,
        out_of_pocket_used=4600,
        family_deductible_used=1000,
        family_out_of_pocket_used=4600,
    )
    assert decision.reasons[0].startswith("line 1: allowed 90.00 (fee 90.00 x 1")


def test_one_copay_for_the_visit_carried_by_the_lines_in_order() -> None:
    payment = answer(claim(line(1, "36415", 1000), line(2))).payment
    assert shares(payment, 0) == {"CO-45": 600, "PR-3": 400}
    assert shares(payment, 1)["PR-3"] == 2100


def test_the_out_of_pocket_maximum_stops_every_share() -> None:
    used = replace(MET, out_of_pocket_used=PLAN.out_of_pocket_max - 3000)
    decision = answer(claim(line(), line(2, "36415", 500)), used=used)
    assert decision.payment.patient_responsibility == 3000
    assert decision.accumulators.out_of_pocket_used == PLAN.out_of_pocket_max


def test_the_payer_never_allows_more_than_the_charge() -> None:
    assert allowed_amount(CONTRACT, line(amount=5000)) == 5000
    assert allowed_amount(CONTRACT, line(amount=50000, units=3)) == 27000


def test_a_code_without_a_fee_takes_the_default_percentage_or_raises() -> None:
    unlisted = line(procedure="11111", amount=9999)
    assert allowed_amount(replace(CONTRACT, default_percent=Decimal("0.5")), unlisted) == 5000
    with pytest.raises(ContractError, match="no rate"):
        answer(claim(unlisted))


@pytest.mark.parametrize(
    ("terms", "used", "coverage"),
    [
        (replace(CONTRACT, effective=date(2027, 1, 1)), MET, COVERAGE),
        (CONTRACT, replace(MET, benefit_year=2025), COVERAGE),
        (CONTRACT, replace(MET, coverage_id="another"), COVERAGE),
        (CONTRACT, MET, replace(COVERAGE, plan="gold")),
    ],
)
def test_terms_that_do_not_fit_raise(terms: Any, used: Accumulators, coverage: Any) -> None:
    with pytest.raises(ContractError):
        adjudicate(claim(), coverage, terms, used, NONE, RECEIVED, PayerFacts())


def test_a_void_is_not_adjudicated() -> None:
    with pytest.raises(ContractError, match="void"):
        answer(claim(frequency=Frequency.VOID))


@pytest.mark.parametrize("bad", [line(amount=-1), line(units=0)])
def test_a_line_that_has_no_price_raises_and_is_never_a_silent_zero(bad: Any) -> None:
    with pytest.raises(ContractError, match="277CA"):
        answer(claim(bad))


IMAGING = claim(line(1, "73721", 60000), authorization="AUTH77")
DUPLICATE = {"seen": {line_key(claim(), line()): "PAYER1"}}
LATE = line(service_date=RECEIVED - timedelta(days=91))
FOUR = line(procedure="36415", units=3)

THERAPY = ServiceShare("therapy", ("97110",), limit=Limit(visits=20))
LIMITED = replace(CONTRACT, plans=(replace(PLAN, services=(THERAPY,)),))

# reason id: (claim, facts that the payer knows, group and CARC); every one is a claim that is paid but for one thing.
REFUSED: dict[str, tuple[Claim, dict[str, Any], str]] = {
    "before-coverage": (claim(line(service_date=date(2024, 12, 31))), {}, "PR-26"),
    "after-coverage": (claim(line(service_date=date(2026, 5, 1))), {}, "PR-27"),
    "not-enrolled": (claim(), {"not_enrolled": frozenset({PROVIDER.npi})}, "CO-B7"),
    "duplicate": (claim(), DUPLICATE, "CO-18"),
    "filed-late": (claim(LATE), {}, "CO-29"),
    "other-payer-first": (claim(), {"other_payer_first": True}, "CO-22"),
    "no-authorization": (replace(IMAGING, authorization=""), {"authorizations": (AUTHORIZATION,)}, "CO-197"),
    "other-authorization": (IMAGING, {"authorizations": (replace(AUTHORIZATION, number="AUTH78"),)}, "CO-15"),
    "authorization-exceeded": (
        replace(IMAGING, lines=(line(1, "73721", 60000, units=2),)),
        {"authorizations": (AUTHORIZATION,)},
        "CO-198",
    ),
    "no-referral": (claim(line(procedure="90834")), {}, "CO-288"),
    "not-covered": (claim(line(procedure="99999")), {}, "PR-96"),
    "limit-reached": (claim(line(procedure="97110")), {}, "PR-119"),
    "too-many-units": (claim(FOUR), {}, "CO-151"),
    "bundled": (claim(line(1, "36415"), line(2, "99213")), {}, "CO-236"),
    "bad-diagnosis": (claim(diagnoses=("E11",)), {}, "CO-146"),
    "unsupported": (claim(), {"supporting_diagnoses": {"99213": ("J",)}}, "CO-11"),
    "imposed": (claim(), {"imposed": {1: (Group.CONTRACTUAL, "50", ("N115",))}}, "CO-50"),
}


@pytest.mark.parametrize("reason", [r.id for r in ORDER if r.id != "unknown-patient"])
def test_each_reason_refuses_the_line_it_should(reason: str, tables: Tables) -> None:
    bill, facts, expected = REFUSED[reason]
    coverage = replace(COVERAGE, terminated=date(2026, 4, 30)) if reason == "after-coverage" else COVERAGE
    used = replace(MET, benefit_year=bill.service_date.year, services={"therapy": 20})
    decision = adjudicate(bill, coverage, LIMITED, used, tables, RECEIVED, PayerFacts(**facts))
    sentence = next(r.sentence for r in ORDER if r.id == reason)
    assert f"line 1: refused, {sentence} ({expected})" in decision.reasons
    assert decision.payment.services[0].paid == 0
    assert not imbalances(remittance(decision.payment))


@pytest.mark.parametrize(
    ("bill", "facts"),
    [
        (claim(), {"not_enrolled": frozenset({"1"}), "supporting_diagnoses": {"99213": ("E11",)}}),
        (IMAGING, {"authorizations": (AUTHORIZATION,)}),
        (claim(line(procedure="90834"), referral="R1"), {}),
        (claim(line(1, "36415", modifiers=("59",)), line(2, "99213")), {}),
        (claim(line(service_date=RECEIVED - timedelta(days=90))), {}),
        (claim(frequency=Frequency.REPLACEMENT, payer_reference="PAYER1"), DUPLICATE),
    ],
)
def test_the_sound_neighbours_are_paid(bill: Claim, facts: dict[str, Any], tables: Tables) -> None:
    payment = answer(bill, tables, **facts).payment
    assert all(s.paid > 0 or s.allowed for s in payment.services), payment.services
    assert payment.status == "1"


def test_the_order_of_reasons_is_the_written_one(tables: Tables) -> None:
    """A claim wrong in every way is refused for the first reason; mend that, and the next one speaks."""
    everything = claim(line(procedure="73721", service_date=date(2025, 12, 1), units=9), diagnoses=("E11",))
    contract = replace(
        CONTRACT, not_covered=frozenset({"73721"}), referral_required=frozenset({"73721"}), filing_days=30
    )
    ended = replace(COVERAGE, terminated=date(2025, 6, 30))
    facts = PayerFacts(
        seen={line_key(everything, everything.lines[0]): "PAYER1"},
        not_enrolled=frozenset({PROVIDER.npi}),
        other_payer_first=True,
        supporting_diagnoses={"73721": ("J",)},
        imposed={1: (Group.CONTRACTUAL, "50", ())},
    )
    used = Accumulators("coverage", 2025)
    spoken = []
    mends: list[Callable[[], None]] = []
    coverage: Any = None
    state: dict[str, Any] = {"claim": everything, "facts": facts, "coverage": coverage, "contract": contract}

    def mend(**changes: Any) -> Callable[[], None]:
        return lambda: state.update({k: v(state[k]) for k, v in changes.items()})

    mends = [
        mend(coverage=lambda _: ended),
        mend(coverage=lambda _: COVERAGE),
        mend(facts=lambda f: replace(f, not_enrolled=frozenset())),
        mend(facts=lambda f: replace(f, seen={})),
        mend(contract=lambda c: replace(c, filing_days=365)),
        mend(facts=lambda f: replace(f, other_payer_first=False)),
        mend(claim=lambda c: replace(c, authorization="AUTH77")),
        mend(facts=lambda f: replace(f, authorizations=(replace(AUTHORIZATION, effective=date(2025, 1, 1)),))),
        mend(claim=lambda c: replace(c, lines=(replace(c.lines[0], units=1),))),
        mend(claim=lambda c: replace(c, referral="R1")),
        mend(contract=lambda c: replace(c, not_covered=frozenset())),
        mend(facts=lambda f: replace(f, supporting_diagnoses={})),
        mend(facts=lambda f: replace(f, imposed={})),
    ]
    for step in [lambda: None, *mends]:
        step()
        decision = adjudicate(
            state["claim"], state["coverage"], state["contract"], used, NONE, date(2026, 2, 1), state["facts"]
        )
        words = decision.reasons[0]
        spoken.append(next((r.id for r in ORDER if r.sentence in words), "paid"))
    assert spoken == [
        "unknown-patient", "after-coverage", "not-enrolled", "duplicate", "filed-late", "other-payer-first",
        "no-authorization", "other-authorization", "authorization-exceeded", "no-referral", "not-covered",
        "unsupported", "imposed", "paid",
    ]  # fmt: skip
    place = {r.id: n for n, r in enumerate(ORDER)}
    assert [place[s] for s in spoken[:-1]] == sorted(place[s] for s in spoken[:-1])


def test_an_unknown_patient_is_the_only_status_4() -> None:
    unknown = adjudicate(claim(), None, CONTRACT, Accumulators("", 2026), NONE, RECEIVED, PayerFacts(reference="P9"))
    assert (unknown.payment.status, shares(unknown.payment)) == ("4", {"CO-31": 15000})
    assert unknown.payment.payer_reference == "P9"
    assert answer(claim(), **DUPLICATE).payment.status == "1"


def test_the_second_of_two_same_lines_is_a_duplicate_unless_marked_as_a_repeat() -> None:
    payment = answer(claim(line(1), line(2))).payment
    assert [s.paid > 0 for s in payment.services] == [True, False]
    repeated = answer(claim(line(1), line(2, modifiers=("76",)))).payment
    assert [s.paid > 0 for s in repeated.services] == [True, True]


def second(paid: int, *adjustments: Adjustment) -> Claim:
    first = PriorPayer(PAYER, COVERAGE, paid, date(2026, 5, 1), ((1, paid, adjustments),))
    return claim(rank=2, prior_payers=(first,))


CUT = Adjustment(Group.CONTRACTUAL, "45", 5000)


def test_a_second_payer_pays_at_most_what_the_first_left_to_the_patient() -> None:
    payment = answer(second(8000, CUT, Adjustment(Group.PATIENT, "2", 2000))).payment
    assert (payment.status, payment.paid) == ("2", 2000)
    assert shares(payment) == {"OA-23": 13000}


def test_a_second_payer_leaves_its_own_share_when_its_benefit_is_smaller() -> None:
    # the first left 100.00 to the patient; we allow 90.00: copay 25.00, coinsurance 13.00, benefit 52.00
    payment = answer(second(0, CUT, Adjustment(Group.PATIENT, "1", 10000))).payment
    assert shares(payment) == {"OA-23": 5000, "CO-45": 1000, "PR-3": 2500, "PR-2": 1300}
    assert payment.paid == 5200


def test_a_second_payer_without_the_first_ones_answer_asks_for_it() -> None:
    payment = answer(claim(rank=2)).payment
    assert shares(payment) == {"CO-22": 15000}
    assert payment.services[0].remarks == ("MA04",)


def test_a_second_payer_counts_the_deadline_from_the_first_ones_remittance() -> None:
    late = adjudicate(
        second(0, Adjustment(Group.PATIENT, "1", 15000)), COVERAGE, CONTRACT, MET, NONE, date(2026, 7, 30), PayerFacts()
    )
    assert late.payment.paid > 0
    facts = PayerFacts(corrected_from=date(2026, 7, 1))
    again = claim(frequency=Frequency.REPLACEMENT, payer_reference="P1")
    assert adjudicate(again, COVERAGE, CONTRACT, MET, NONE, date(2026, 8, 30), facts).payment.paid > 0
    assert adjudicate(again, COVERAGE, CONTRACT, MET, NONE, date(2026, 8, 31), facts).payment.paid == 0


def test_deny_lines_refuses_each_line_for_its_reason_and_balances() -> None:
    bill = claim(line(1), line(2, "36415", 700))
    payment = deny_lines(bill, {1: (Group.CONTRACTUAL, "16", ("M76",)), 2: (Group.PATIENT, "204", ())}, RECEIVED, "P7")
    assert (payment.paid, payment.patient_responsibility) == (0, 700)
    assert payment.services[0].remarks == ("M76",)
    assert not imbalances(remittance(payment))
    with pytest.raises(ContractError, match="line 2"):
        deny_lines(bill, {1: (Group.CONTRACTUAL, "16", ())})


def test_taking_back_undoes_the_answer_and_the_accumulators() -> None:
    decision = answer(claim(line(), line(2, "36415", 700)), used=FRESH)
    reversal = take_back(decision.payment)
    assert reversal.is_reversal
    assert not imbalances(remittance(decision.payment, reversal))
    assert reversal.paid == -decision.payment.paid
    assert decision.accumulators.after(reversal) == FRESH


def test_no_patient_data_in_the_reasons() -> None:
    for reason in answer(claim(), **DUPLICATE).reasons + answer(claim()).reasons:
        assert "Doe" not in reason and "W1234567" not in reason


amounts = st.integers(0, 200_000)
codes = st.sampled_from(["99213", "36415", "73721", "90834", "99999", "00000"])
lines = st.lists(st.tuples(codes, amounts, st.integers(1, 5)), min_size=1, max_size=6)
plans = st.builds(
    BenefitPlan,
    st.just("silver"),
    st.integers(0, 10_000),
    st.integers(0, 300_000),
    st.integers(0, 100).map(lambda p: Decimal(p) / 100),
    st.integers(0, 500_000),
)


@given(lines, plans, amounts, amounts, st.none() | st.lists(amounts, min_size=6, max_size=6), st.booleans())
def test_every_answer_balances_and_no_share_passes_its_limit(
    drawn: list[tuple[str, int, int]],
    plan: BenefitPlan,
    deductible_used: int,
    oop_used: int,
    left_by_first: list[int] | None,
    authorized: bool,
) -> None:
    billed = tuple(line(n, code, amount, units=units) for n, (code, amount, units) in enumerate(drawn, start=1))
    prior: tuple[PriorPayer, ...] = ()
    if left_by_first is not None:
        left = [
            (b.number, b.amount - min(b.amount, share), (Adjustment(Group.PATIENT, "2", min(b.amount, share)),))
            for b, share in zip(billed, left_by_first, strict=False)
        ]
        prior = (PriorPayer(PAYER, COVERAGE, sum(p for _, p, _ in left), SERVICE, tuple(left)),)
    bill = claim(
        *billed,
        rank=2 if prior else 1,
        prior_payers=prior,
        authorization="AUTH77" if authorized else "",
    )
    used = replace(FRESH, deductible_used=deductible_used, out_of_pocket_used=oop_used)
    terms = replace(CONTRACT, plans=(plan,), default_percent=Decimal("0.333"))
    facts = PayerFacts(authorizations=(AUTHORIZATION,))
    decision = adjudicate(bill, COVERAGE, terms, used, NONE, RECEIVED, facts)
    payment = decision.payment
    assert imbalances(remittance(payment)) == ()
    assert imbalances(remittance(take_back(payment))) == ()
    assert payment.charge == bill.total and 0 <= payment.paid <= bill.total
    assert all(a.amount > 0 for s in payment.services for a in s.adjustments)
    assert decision.accumulators.deductible_used <= max(deductible_used, plan.deductible)
    assert decision.accumulators.out_of_pocket_used <= max(oop_used, plan.out_of_pocket_max)
    for service in payment.services:
        if service.allowed is not None:
            assert service.paid <= service.allowed <= service.charge
    if prior:
        assert payment.paid <= sum(min(b.amount, s) for b, s in zip(billed, left_by_first or [], strict=False))
    assert len(decision.reasons) == len(billed)
