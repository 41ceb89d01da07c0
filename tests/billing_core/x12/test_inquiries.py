"""270, 271, 276 and 277: what is asked and answered comes through as it was said."""

from __future__ import annotations

from dataclasses import replace

import pytest

from billing_core.errors import X12Error
from billing_core.inquiry import Benefit, BenefitAnswer, Refusal
from billing_core.record import from_plain, to_plain
from billing_core.x12 import eligibility_270, eligibility_271, status_276, status_277
from billing_core.x12.check import check
from billing_core.x12.envelope import sets_of, write_interchange
from billing_core.x12.inquiry_levels import read_levels
from tests.billing_core.x12.people import (
    ANSWER,
    ASKED,
    ASKED_FOR_CHILD,
    COVERED,
    ENVELOPE,
    NOT_COVERED,
    NOT_FOUND,
    PAID_ALREADY,
    STILL_OPEN,
    WHAT_OF_IT,
    WHAT_OF_THE_CHILD,
)

HOLDER = replace(WHAT_OF_THE_CHILD.subscriber, birth_date=None, sex=None)  # the file gives them for the patient alone
PAIRS = (
    (eligibility_270, (ASKED, replace(ASKED_FOR_CHILD, reference="ASK9"))),
    (eligibility_270, (ASKED, replace(ASKED_FOR_CHILD, trace="TRACE9"))),
    (eligibility_271, (COVERED, NOT_FOUND)),
    (eligibility_271, (NOT_COVERED,)),
    (status_276, (WHAT_OF_IT, replace(WHAT_OF_THE_CHILD, subscriber=HOLDER))),
    (status_277, (PAID_ALREADY, STILL_OPEN)),
)


@pytest.mark.parametrize(("guide", "records"), PAIRS)
def test_written_and_read_back_the_same(guide: object, records: tuple[object, ...]) -> None:
    data = guide.write(records, ENVELOPE)
    assert guide.read(data) == records
    assert check(data).accepted, check(data).findings
    for record in records:
        assert from_plain(type(record), to_plain(record)) == record


def test_active_is_what_the_payer_says() -> None:
    said = [replace(COVERED, benefits=(Benefit(code),)).active for code in ("1", "5", "6", "B")]
    assert said == [True, True, False, None]


def test_every_qualifier_of_a_benefit_is_read() -> None:
    (answer,) = eligibility_271.read(eligibility_271.write([COVERED], ANSWER))
    plan, copay, deductible, coinsurance, other = answer.benefits
    assert plan.service_types == ("30", "98") and plan.insurance == "HM" and plan.plan == "GOLD PLAN"
    assert copay.amount == 2500 and copay.in_network == "Y" and copay.messages == ("PER VISIT",)
    assert deductible.period == "23" and deductible.level == "FAM" and coinsurance.percent == "0.2"
    assert [party.name for party in other.others] == ["MEDICARE"]


def test_a_request_refused_as_a_whole_names_no_patient() -> None:
    refused = BenefitAnswer(
        "ASK3",
        COVERED.answered_on,
        COVERED.payer,
        COVERED.provider,
        refusals=(Refusal("provider", "50", "N", valid=True),),
    )
    assert eligibility_271.read(eligibility_271.write([refused], ANSWER)) == (refused,)


def test_what_no_record_models_comes_back() -> None:
    text = eligibility_271.write([COVERED], ANSWER).decode()
    more = text.replace("MSG*PER VISIT~\n", "HSD*VS*12***23~\nMSG*PER VISIT~\n").replace(
        "LE*2120~", "PER*IC**TE*5551234567~\nLE*2120~"
    )
    count = text.count("\n") - 4
    (got,) = eligibility_271.read(more.replace(f"SE*{count}*", f"SE*{count + 2}*").encode())
    again = eligibility_271.write([got], ANSWER)
    assert b"HSD*VS*12***23~" in again and b"PER*IC**TE*5551234567~\nLE*2120~" in again
    assert eligibility_271.read(again) == (got,)


@pytest.mark.parametrize(
    ("guide", "record", "right", "wrong"),
    [
        (eligibility_270, ASKED, "NM1*IL", "NM1*ZZ"),
        (eligibility_270, ASKED, "NM1*PR", "XX1*PR"),
        (eligibility_271, COVERED, "BHT*", "BHX*"),
        (status_276, WHAT_OF_IT, "AMT*T3*158.5", "AMT*T3*15S.5"),
        (status_277, PAID_ALREADY, "NM1*PR*2", "XX1*PR*2"),
    ],
)
def test_what_cannot_be_read_is_an_x12_error(guide: object, record: object, right: str, wrong: str) -> None:
    text = guide.write([record], ENVELOPE).decode()
    assert right in text
    with pytest.raises(X12Error) as caught:
        guide.read(text.replace(right, wrong).encode())
    assert caught.value.mend


@pytest.mark.parametrize("guide", [eligibility_270, eligibility_271, status_276, status_277])
def test_nothing_is_not_written(guide: object) -> None:
    with pytest.raises(X12Error):
        guide.write([], ENVELOPE)


def test_a_level_under_many_knows_only_those_that_hold_a_party() -> None:
    lines = ["BHT*0022*11*X*20260106*0600", "HL*1**20*1", "NM1*PR*2*P*****PI*P1"]
    lines += [f"HL*{n}*{n - 1}*X{n}*1" for n in range(2, 300)]
    data = write_interchange(ENVELOPE, "HB", eligibility_271.VERSION, [("271", lines)])
    (found,) = sets_of(data, "271", eligibility_271.VERSIONS, "eligibility answer (271)")
    _, levels = read_levels(found)
    assert {code for level in levels for code in level.above} == {"20"}


def test_a_subscriber_is_read_once_for_all_dependents(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [
        "BHT*0022*11*X*20260106*0600",
        "HL*1**20*1",
        "NM1*PR*2*P*****PI*P1",
        "HL*2*1*22*1",
        "NM1*IL*1*D*A****MI*W1",
    ]
    for n in range(3, 30):
        lines += [f"HL*{n}*2*23*0", "NM1*03*1*D*B", "EB*1**30"]
    data = write_interchange(ENVELOPE, "HB", eligibility_271.VERSION, [("271", lines)])
    read, given = eligibility_271.read_insured, list[str]()
    monkeypatch.setattr(eligibility_271, "read_insured", lambda *of: given.append(of[1]) or read(*of))
    said = eligibility_271.read(data)
    assert {one.subscriber.member_id for one in said} == {"W1"} and len(said) == given.count("03") == 27
    assert given.count("IL") == 1
