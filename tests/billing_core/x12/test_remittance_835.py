"""Nothing an 835 says about money is lost, and what we write reads back as it was."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing_core.errors import X12Error
from billing_core.record import to_plain
from billing_core.remittance import (
    Adjustment,
    ClaimPayment,
    Group,
    ProviderAdjustment,
    Remittance,
    ServicePayment,
    imbalances,
)
from billing_core.x12.remittance_835 import read, write
from tests.billing_core.x12.people import (
    ANSWER,
    DENIED,
    DOCTOR,
    OFFSETS,
    PAID,
    SEVEN_ADJUSTMENTS,
    TAKEN_BACK,
    remittance,
)


def test_six_triplets_to_a_segment_and_the_seventh_in_a_new_one() -> None:
    text = write([remittance(SEVEN_ADJUSTMENTS)], ANSWER).decode()
    assert "CAS*CO*45*5*1*59*5*1*97*5*1*131*5*1*144*5*1*253*5*1~\nCAS*CO*P12*5*1~\nCAS*PR*3*27~" in text
    assert read(text.encode())[0].claims[0].services[0].adjusted == 6200


def test_everything_of_a_claim_comes_back() -> None:
    sent = remittance(PAID, DENIED, TAKEN_BACK, SEVEN_ADJUSTMENTS, provider_adjustments=OFFSETS)
    assert read(write([sent], ANSWER)) == (sent,)
    assert imbalances(sent) == ()


def test_plb_pairs_beyond_six_and_for_another_provider() -> None:
    more = (*OFFSETS, ProviderAdjustment("72", "X", -5, OFFSETS[0].provider, OFFSETS[0].fiscal_period))
    more = (*more, ProviderAdjustment("L6", "", 7, DOCTOR.npi, date(2026, 6, 30)))
    sent = remittance(PAID, provider_adjustments=more)
    text = write([sent], ANSWER)
    assert text.count(b"\nPLB*") == 3
    assert read(text) == (sent,)


def test_a_provider_adjustment_takes_payee_and_year_of_payment_by_default() -> None:
    sent = remittance(PAID, provider_adjustments=(ProviderAdjustment("WO", "A", 1),))
    (got,) = read(write([sent], ANSWER))
    assert got.provider_adjustments == (ProviderAdjustment("WO", "A", 1, sent.payee_npi, date(2026, 12, 31)),)


def test_segments_nobody_knows_are_kept_and_written_back() -> None:
    text = write([remittance(PAID)], ANSWER).decode()
    count = text.count("\n") - 4
    for after in ("TRN*1", "CLP*", "SVC*", "LX*", "CAS*"):
        at = text.index("~\n", text.index(f"\n{after}")) + 2
        more = text[:at] + "ZZ9*WHAT*IS:THIS~\n" + text[at:]
        whole = more.replace(f"SE*{count}*", f"SE*{count + 1}*").encode()
        got = read(whole)
        assert to_plain(got[0])["amount"] == to_plain(remittance(PAID))["amount"] and got != (remittance(PAID),)
        assert b"ZZ9*WHAT*IS:THIS~" in write(got, ANSWER) and read(write(got, ANSWER)) == got


def test_the_corrected_insured_wins_over_the_patient() -> None:
    text = write([remittance(PAID)], ANSWER).decode()
    count = text.count("\n") - 4
    more = text.replace("MI*W1234567~\n", "MI*W1234567~\nNM1*74*1******C*W7654321~\n")
    (got,) = read(more.replace(f"SE*{count}*", f"SE*{count + 1}*").encode())
    assert got.claims[0].member_id == "W7654321" and got.claims[0].patient_last == "DOE"


def test_a_payment_date_that_is_no_date_falls_back_on_the_production_date() -> None:
    text = write([remittance(PAID)], ANSWER).decode()
    assert read(text.replace("*20260420~\nTRN", "*20262004~\nTRN").encode())[0].paid_on == date(2026, 4, 20)
    with pytest.raises(X12Error, match="a date is missing"):
        read(text.replace("20260420", "20262004").encode())


def test_remarks_of_inpatient_and_outpatient_adjudication() -> None:
    text = write([remittance(PAID)], ANSWER).decode()
    inpatient = "MIA*0****MA02" + "*" * 15 + "N1*N2*N3*N4~"
    assert read(text.replace("MOA***MA01~", inpatient).encode())[0].claims[0].remarks == (
        "MA02",
        "N1",
        "N2",
        "N3",
        "N4",
    )


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        (replace(PAID, number=""), "CLP01"),
        (replace(PAID, number="A*B"), "CLP01"),
        (replace(PAID, payer_reference="A" * 51), "CLP07"),
        (replace(PAID, remarks=("N1",) * 6), "MOA"),
        (replace(PAID, adjustments=(Adjustment(Group.OTHER, "", 1),)), "CAS02"),
    ],
)
def test_what_cannot_be_written_is_refused_and_named(changed: ClaimPayment, place: str) -> None:
    with pytest.raises(X12Error) as caught:
        write([remittance(DENIED, changed)], ANSWER)
    assert place in caught.value.where and "remittance 1 claim 2" in caught.value.where


# --- any remittance ------------------------------------------------------------------------------------------------

cents = st.integers(-(10**9), 10**9)
days = st.integers(0, 4000).map(lambda n: date(2020, 1, 1) + timedelta(n))
codes = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-", min_size=1, max_size=12)
names = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ'-.", min_size=1, max_size=20)
adjustments = st.lists(
    st.builds(Adjustment, st.sampled_from(Group), st.sampled_from(("45", "97", "P12", "1", "3")), cents), max_size=15
).map(tuple)
services = st.builds(
    ServicePayment,
    procedure=st.sampled_from(("99213", "J1885", "D0120", "0450", "12345678901", "0001U")),
    modifiers=st.lists(st.sampled_from(("25", "59", "GT")), max_size=4).map(tuple),
    charge=cents,
    paid=cents,
    units=st.sampled_from(("", "1", "2.5", "0")),
    service_date=st.none() | days,
    adjustments=adjustments,
    control=st.just("") | codes,
    remarks=st.lists(st.sampled_from(("N130", "M15", "MA130")), max_size=3).map(tuple),
    submitted=st.sampled_from(("", "99214")),
    allowed=st.none() | cents,
)
claims = st.builds(
    ClaimPayment,
    number=codes,
    status=st.sampled_from(("1", "2", "3", "4", "19", "22")),
    charge=cents,
    paid=cents,
    patient_responsibility=cents,
    payer_reference=st.just("") | codes,
    adjustments=adjustments,
    services=st.lists(services, max_size=3).map(tuple),
    remarks=st.lists(st.sampled_from(("MA01", "MA130")), max_size=5).map(tuple),
    filing=st.sampled_from(("", "12", "MB", "HM")),
    patient_last=names,
    patient_first=st.just("") | names,
    member_id=st.just("") | codes,
    service_date=st.none() | days,
    received_on=st.none() | days,
    crossover_payer=st.just("") | names,
    interest=cents,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(claims, max_size=3).map(tuple),
    cents,
    days,
    st.lists(
        st.builds(ProviderAdjustment, st.sampled_from(("WO", "72", "L6")), codes, cents, codes, days), max_size=14
    ).map(tuple),
)
def test_any_remittance_reads_back(
    some: tuple[ClaimPayment, ...], amount: int, day: date, plbs: tuple[ProviderAdjustment, ...]
) -> None:
    sent: Remittance = remittance(*some, amount=amount, paid_on=day, provider_adjustments=plbs)
    data = write([sent, sent], ANSWER)
    assert read(data) == (sent, sent)
    assert write(read(data), ANSWER) == data
