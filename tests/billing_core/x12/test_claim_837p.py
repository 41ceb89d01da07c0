"""Claims to bytes and back; every file is one that pyx12 accepts, whatever the names in it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from billing_core.claim import Claim, ClaimLine, Frequency, PriorPayer
from billing_core.errors import X12Error
from billing_core.identifiers import npi_from
from billing_core.registration import (
    Address,
    Coverage,
    Location,
    Patient,
    Payer,
    PersonName,
    Provider,
    Relationship,
    Sex,
    Subscriber,
)
from billing_core.remittance import Adjustment, Group
from billing_core.x12.claim_837p import as_carried, read, write
from billing_core.x12.segment import free_text, read_segments
from serving.clearinghouse.outbound_check import refusals
from tests.billing_core.x12.people import (
    CHILD,
    COVERAGE,
    DOCTOR,
    ENVELOPE,
    HOME,
    HOSPITAL,
    LOCATION,
    OF_A_CHILD,
    OFFICE_VISIT,
    PAYER,
    PRACTICE,
    REPLACEMENT,
    SECOND_PRACTICE,
    SECONDARY,
    SOLO,
    SPECIALIST,
    SUBSCRIBER,
    TWELVE_DIAGNOSES,
    line,
)

DAY = ENVELOPE.on.date()


def written(*claims: Claim) -> bytes:
    return write(claims, ENVELOPE, "Northern Health")


def segments(data: bytes, id: str) -> list[str]:
    return [one for one in data.decode().split("~\n") if one.startswith(id + "*")]


@pytest.mark.parametrize(
    "claim",
    [OFFICE_VISIT, OF_A_CHILD, REPLACEMENT, SOLO, TWELVE_DIAGNOSES, SECONDARY],
    ids=["office", "child", "replacement", "solo", "twelve", "secondary"],
)
def test_each_story_reads_back_as_the_file_carries_it(claim: Claim) -> None:
    data = written(claim)
    assert read(data) == (as_carried(claim, DAY),)
    assert write(read(data), ENVELOPE, "Northern Health") == data


def test_what_is_carried_keeps_every_number_that_matters() -> None:
    got = as_carried(REPLACEMENT, DAY)
    assert (got.number, got.total, got.diagnoses) == (REPLACEMENT.number, 15850, ("E11.9", "I10"))
    assert (got.payer_reference, got.authorization, got.referral) == ("NH2026040001", "AUTH77", "REF88")
    assert (got.rendering.npi, got.practice.npi, got.coverage.member_id) == (DOCTOR.npi, PRACTICE.npi, "W1234567")
    assert [one.control for one in got.lines] == [one.control for one in REPLACEMENT.lines]


def test_levels_count_through_billing_providers_subscribers_and_dependents() -> None:
    data = written(OFFICE_VISIT, replace(OF_A_CHILD, practice=SECOND_PRACTICE), SOLO, OF_A_CHILD)
    assert segments(data, "HL") == [
        "HL*1**20*1",
        "HL*2*1*22*0",
        "HL*3*1*22*0",
        "HL*4*1*22*1",
        "HL*5*4*23*0",
        "HL*6**20*1",
        "HL*7*6*22*1",
        "HL*8*7*23*0",
    ]
    assert [one.number for one in read(data)] == [
        OFFICE_VISIT.number,
        SOLO.number,
        OF_A_CHILD.number,
        OF_A_CHILD.number,
    ]
    assert [one.practice.phone for one in read(data)] == ["5185550100"] * 3 + ["5185550177"]


def test_decimal_points_go_and_come_back() -> None:
    data = written(TWELVE_DIAGNOSES)
    assert segments(data, "HI")[0].startswith("HI*ABK:E1165*ABF:I10*ABF:E785*ABF:N1830")
    assert read(data)[0].diagnoses == TWELVE_DIAGNOSES.diagnoses


def test_the_rendering_provider_is_left_out_when_it_bills() -> None:
    assert not any(one.startswith("NM1*82") for one in segments(written(SOLO), "NM1"))
    assert read(written(SOLO))[0].rendering.npi == PRACTICE.npi


def test_a_service_location_is_named_only_when_it_is_elsewhere() -> None:
    assert not any(one.startswith("NM1*77") for one in segments(written(OFFICE_VISIT), "NM1"))
    assert f"NM1*77*2*TROY HOSPITAL*****XX*{HOSPITAL.npi}" in segments(written(REPLACEMENT), "NM1")


def test_a_secondary_claim_tells_what_the_first_payer_did() -> None:
    text = written(SECONDARY).decode()
    assert "SBR*S*18" in text and "SBR*P*18" in text and "AMT*D*96~\nOI***Y***Y~" in text
    assert "SVD*13202*88*HC:99213**1~\nCAS*CO*45*40~\nCAS*PR*2*22~\nDTP*573*D8*20260408~" in text


def test_adjustments_go_group_by_group_in_at_most_five_segments() -> None:
    mixed = tuple(Adjustment(g, "45", 1) for g in (Group.CONTRACTUAL, Group.PATIENT) * 9)
    prior = replace(SECONDARY.prior_payers[0], line_adjustments=((1, 0, mixed),))
    data = written(replace(SECONDARY, prior_payers=(prior,)))
    assert len(segments(data, "CAS")) == 4 and refusals(data) == ()
    with pytest.raises(X12Error, match="more adjustments"):
        more = replace(prior, line_adjustments=((1, 0, mixed + mixed),))
        written(replace(SECONDARY, prior_payers=(more,)))


def test_adjustments_of_the_whole_claim_are_line_zero() -> None:
    prior = replace(
        SECONDARY.prior_payers[0], paid=0, line_adjustments=((0, 0, (Adjustment(Group.PATIENT, "1", 15850),)),)
    )
    data = written(replace(SECONDARY, prior_payers=(prior,)))
    assert b"CAS*PR*1*158.5~\nAMT*D*0~" in data and refusals(data) == ()
    assert read(data)[0].prior_payers[0].line_adjustments == prior.line_adjustments
    assert read(data)[0].prior_payers[0].paid_on == prior.paid_on


def test_more_than_five_thousand_claims_go_in_several_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("billing_core.x12.claim_837p.CLAIMS_MAX", 2)
    five = [replace(OFFICE_VISIT, number=f"N{n}") for n in range(5)]
    data = written(*five)
    assert len(segments(data, "ST")) == 3 and refusals(data) == ()
    assert [one.number for one in read(data)] == [one.number for one in five]


def test_the_same_claims_make_the_same_bytes() -> None:
    assert written(REPLACEMENT, SECONDARY) == written(REPLACEMENT, SECONDARY)


HOSTILE = "O'Brien~CLM*EVIL*999***11:B:1^~\r\nSV1*\x00\x1f"


def test_a_hostile_name_stays_inside_its_element() -> None:
    name = PersonName(HOSTILE[:30], "*:~^J", "~", "~Jr")
    hostile = replace(
        OFFICE_VISIT,
        practice=replace(PRACTICE, name="Elm~SE*2*0001~" + PRACTICE.name),
        payer=replace(PAYER, name="Northern*Health~GE*1*1~"),
        coverage=replace(COVERAGE, subscriber=replace(SUBSCRIBER, name=name, address=replace(HOME, line1=HOSTILE))),
        rendering=replace(DOCTOR, name=name),
        location=replace(HOSPITAL, name=HOSTILE),
    )
    plain, data = written(replace(hostile, practice=PRACTICE, payer=PAYER)), written(hostile)
    assert [s.id for s in read_segments(data)] == [s.id for s in read_segments(plain)]
    assert read(data) == (as_carried(hostile, DAY),) and refusals(data) == ()
    assert read(data)[0].patient.name == PersonName("O'BRIEN CLM EVIL 999 11 B 1", "J", "", "JR")


@pytest.mark.parametrize(
    ("claim", "place"),
    [
        (replace(OFFICE_VISIT, number="A~B"), "CLM01"),
        (replace(OFFICE_VISIT, number=""), "CLM01"),
        (replace(OFFICE_VISIT, number="A" * 39), "CLM01"),
        (replace(OFFICE_VISIT, authorization="A*1"), "REF02"),
        (replace(OFFICE_VISIT, payer_reference="1\n2"), "REF02"),
        (replace(OFFICE_VISIT, coverage=replace(COVERAGE, member_id="W1:2")), "NM109"),
        (replace(OFFICE_VISIT, coverage=replace(COVERAGE, member_id=" ")), "NM109"),
        (replace(OFFICE_VISIT, coverage=replace(COVERAGE, group_number="G~1")), "SBR03"),
        (replace(OFFICE_VISIT, diagnoses=()), "HI"),
        (replace(OFFICE_VISIT, diagnoses=("E11.9", "")), "HI"),
        (replace(OFFICE_VISIT, diagnoses=("E11.9",) * 13), "HI"),
        (replace(OFFICE_VISIT, lines=()), "LX"),
        (replace(OFFICE_VISIT, lines=(line(2),)), "LX01"),
        (replace(OFFICE_VISIT, lines=(line(procedure="992~3"),)), "SV101"),
        (replace(OFFICE_VISIT, lines=(line(procedure=""),)), "SV101"),
        (replace(OFFICE_VISIT, lines=(replace(line(), modifiers=("25",) * 5),)), "SV101"),
        (replace(OFFICE_VISIT, lines=(line(amount=-1),)), "SV102"),
        (replace(OFFICE_VISIT, lines=(replace(line(), units=0),)), "SV102"),
        (replace(OFFICE_VISIT, lines=(line(pointers=()),)), "SV107"),
        (replace(OFFICE_VISIT, lines=(line(pointers=(3,)),)), "SV107"),
        (replace(OFFICE_VISIT, practice=replace(PRACTICE, npi="")), "NM109"),
        (replace(OFFICE_VISIT, rendering=replace(DOCTOR, name=PersonName("李", "明"))), "NM103"),
        (replace(OFFICE_VISIT, rank=12), "SBR01"),
        (replace(SECONDARY, prior_payers=SECONDARY.prior_payers * 2), "NM109"),
        (replace(SECONDARY, lines=(line(),)), "SVD"),
    ],
)
def test_a_claim_that_cannot_be_written_names_itself_the_element_and_the_mend(claim: Claim, place: str) -> None:
    with pytest.raises(X12Error) as caught:
        written(OFFICE_VISIT, claim)
    assert place in caught.value.where and caught.value.mend
    assert caught.value.where.startswith("claim 2 ")


def test_no_claim_is_no_file() -> None:
    with pytest.raises(X12Error, match="no claim"):
        written()


def test_the_submitter_must_have_a_telephone_number() -> None:
    with pytest.raises(X12Error, match="telephone"):
        written(replace(OFFICE_VISIT, practice=replace(PRACTICE, phone="none")))


@pytest.mark.parametrize(
    ("right", "wrong", "says"),
    [
        ("CLM*ELMF000000011*158.5***11:B:1", "CLM*ELMF000000011*158.5***11:B:6", "frequency"),
        ("SV1*HC:99213*150", "SV1*HC:99213*15O", "amount"),
        ("*UN*1***1:2", "*UN*1.5.2***1:2", "not a number"),
        ("*UN*1***1:2", "*UN*1***1:x", "pointer"),
        ("DTP*472*D8*20260407", "DTP*472*D8*20261407", "date"),
        ("DTP*472", "DTP*471", "date of service"),
        ("NM1*IL*", "NM1*XX*", r"NM1\*IL"),
        ("SBR*P", "SBR*Z", "responsibility"),
        ("HL*2*1*22", "HL*2*1*20", "outside"),
    ],
)
def test_a_claim_that_cannot_be_read_says_why(right: str, wrong: str, says: str) -> None:
    text = written(OFFICE_VISIT).decode()
    assert right in text
    with pytest.raises(X12Error, match=says) as caught:
        read(text.replace(right, wrong, 1).encode())
    assert caught.value.where.startswith("segment ") and caught.value.mend


# --- any claim -----------------------------------------------------------------------------------------------------

letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
ids = st.text(letters + "0123456789", min_size=2, max_size=15)
free = st.text(
    st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs", "Cc")) | st.sampled_from("*:~^\n'é"),
    min_size=1,
    max_size=12,
).filter(lambda text: 0 < len(free_text(text)) <= 20)
optional = st.just("") | free
names = st.builds(PersonName, free, free, optional, st.just("") | st.sampled_from(("Jr", "III")))
zips = st.text("0123456789", min_size=5, max_size=5) | st.text("0123456789", min_size=9, max_size=9)
addresses = st.builds(
    Address, free, free.filter(lambda t: len(free_text(t)) >= 2), st.sampled_from(("NY", "CA", "tx")), zips, optional
)
npis = st.integers(100_000_000, 199_999_999).map(lambda n: npi_from(str(n)))
days = st.integers(0, 600).map(lambda n: date(2024, 8, 1) + timedelta(n))
births = st.integers(0, 30000).map(lambda n: date(1930, 1, 1) + timedelta(n))
providers = st.builds(Provider, st.just("id"), names, npis, st.just("207Q00000X"))
cents = st.integers(0, 10**7)
diagnoses = st.lists(
    st.sampled_from(("E11.9", "I10", "Z00.00", "M54.50", "S72.001A", "J45.909")), min_size=1, max_size=12
).map(tuple)


def patients(subscriber: Subscriber) -> Patient:
    return Patient("id", "77", subscriber.name, subscriber.birth_date, subscriber.sex, subscriber.address, "g")


@st.composite
def claims(draw: st.DrawFn) -> Claim:
    subscriber = draw(st.builds(Subscriber, names, births, st.sampled_from(Sex), addresses))
    relationship = draw(st.sampled_from(Relationship))
    patient = patients(subscriber)
    if relationship is not Relationship.SELF:
        patient = replace(CHILD, name=draw(names), address=draw(addresses), birth_date=draw(births))
    codes = draw(diagnoses)
    pointers = st.lists(st.integers(1, len(codes)), min_size=1, max_size=4).map(tuple)
    lines = draw(
        st.lists(
            st.builds(
                ClaimLine,
                number=st.just(1),
                control=st.just("") | ids,
                charge_id=st.just("c"),
                procedure=st.sampled_from(("99213", "J1885", "0001U", "36415")),
                modifiers=st.lists(st.sampled_from(("25", "59", "GT", "LT")), max_size=4).map(tuple),
                units=st.integers(1, 99),
                pointers=pointers,
                amount=cents,
                service_date=days,
                place_of_service=st.sampled_from(("", "11", "22")),
            ),
            min_size=1,
            max_size=4,
        )
    )
    lines = [replace(one, number=n) for n, one in enumerate(lines, start=1)]
    payer = draw(st.builds(Payer, st.just("id"), free, ids, st.sampled_from(("MB", "CI", "BL", "HM")), addresses))
    coverage = draw(
        st.builds(
            Coverage,
            id=st.just("id"),
            patient_id=st.just("id"),
            payer_id=st.just("id"),
            rank=st.integers(1, 3),
            member_id=ids,
            relationship=st.just(relationship),
            subscriber=st.just(subscriber),
            effective=days,
            group_number=st.just("") | ids,
            plan=optional,
        )
    )
    claim = Claim(
        id="id",
        number=draw(ids),
        frequency=draw(st.sampled_from((Frequency.ORIGINAL, Frequency.REPLACEMENT, Frequency.VOID))),
        rank=draw(st.integers(1, 3)),
        encounter_id="e",
        practice=draw(st.sampled_from((PRACTICE, SECOND_PRACTICE))),
        payer=payer,
        coverage=coverage,
        patient=patient,
        rendering=draw(providers | st.just(SOLO.rendering)),
        location=draw(
            st.sampled_from((LOCATION, HOSPITAL)) | st.builds(Location, st.just("l"), free, st.just("12"), addresses)
        ),
        diagnoses=codes,
        lines=tuple(lines),
        created_on=draw(days),
        authorization=draw(st.just("") | ids),
        referral=draw(st.just("") | ids),
        referring=draw(st.none() | st.just(SPECIALIST)),
        supervising=draw(st.none() | st.just(DOCTOR)),
        payer_reference=draw(st.just("") | ids),
        prior_payers=(),
    )
    return replace(claim, prior_payers=draw(st.lists(prior_payers(claim), max_size=2).map(tuple)))


@st.composite
def prior_payers(draw: st.DrawFn, claim: Claim) -> PriorPayer:
    some = st.lists(
        st.builds(
            Adjustment, st.sampled_from((Group.CONTRACTUAL, Group.PATIENT)), st.sampled_from(("45", "1", "2")), cents
        ),
        max_size=7,
    ).map(tuple)
    numbers = draw(st.sets(st.integers(1, len(claim.lines))).map(sorted))
    entries = [(number, draw(cents), draw(some)) for number in numbers]
    whole_claim = draw(some)
    payer = replace(PAYER, number=draw(ids), name=draw(free))
    coverage = replace(COVERAGE, rank=draw(st.integers(1, 3)), member_id=draw(ids))
    coverage = replace(coverage, relationship=draw(st.sampled_from(Relationship)))
    before = ((0, 0, whole_claim),) if whole_claim else ()
    return PriorPayer(payer, coverage, draw(cents), draw(days), (*before, *entries))


@settings(
    max_examples=20,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # pyx12 loads its map each time: shrinking would take minutes
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(st.lists(claims(), min_size=1, max_size=3, unique_by=lambda one: one.number))
def test_any_claims_are_accepted_by_pyx12_and_read_back(some: list[Claim]) -> None:
    for one in some:
        numbers = [prior.payer.number for prior in one.prior_payers]
        assume(len(set(numbers)) == len(numbers))
    data = written(*some)
    assert refusals(data) == ()
    grouped = sorted(some, key=lambda one: [c.practice for c in some].index(one.practice))
    assert read(data) == tuple(as_carried(one, DAY) for one in grouped)
