"""A batch of paper as it is keyed: kept half typed, what does not agree said with its place, posted whole or not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from billing_core.ledger import AccountKind
from serving.desk import keying, remitted
from serving.desk.case import Desk
from serving.errors import Conflict, NotFound
from serving.schemas.keying import DraftIn, DraftView, PostIn, SaveIn
from serving.schemas.money import ReasonIn
from tests.billing_core.busy_practice import Busy, opened
from tests.stories.test_money_desk import batch, standing, total

WHY = ReasonIn(reason="keyed twice")


@pytest.fixture
def practice(database_url: str, tmp_path: Path) -> Iterator[tuple[Desk, Busy]]:
    desk, busy = opened(database_url, 3, tmp_path)
    yield desk, busy
    desk.store.close()


def paper(busy: Busy, **changed: Any) -> dict[str, Any]:
    """A check for the first claim as it is typed: 130.00 billed, 40.00 and 10.00 discounts, 15.00 copay, 65.00 paid."""
    seen = {"procedure": "99213", "charge": "100", "discount": "40.00", "copay": "15", "paid": "45.00"}
    drawn = {"procedure": "36415", "charge": "$30.00", "other": "co-45 10.00", "paid": "20"}
    claim = {"claim_number": busy.claims[0].number.lower(), "paid": "65.00", "lines": [seen, drawn]}
    payment = {
        **{"payer_number": "60054", "trace": "1001", "paid_on": "5/1/2026", "amount": "65.00"},
        "claims": [claim],
    }
    return {"name": "lockbox 7", "control_amount": "65.00", "control_claims": "1", "payments": [payment]} | changed


def saved(desk: Desk, view: DraftView, draft: dict[str, Any]) -> DraftView:
    return keying.save(desk, view.id, SaveIn(version=view.version, draft=DraftIn.model_validate(draft)))


def said(view: DraftView) -> list[str]:
    return [f"{n.payment}.{n.claim}.{n.line} {n.says}" for n in view.lacks if not n.hint]


def test_a_batch_is_kept_as_it_is_typed_and_posts_when_nothing_is_left(practice: tuple[Desk, Busy]) -> None:
    desk, busy = practice
    begun = keying.begin(desk, DraftIn(name="lockbox 7"))
    assert not begun.ready and begun.keyed == "0.00"
    half = paper(busy)
    half["payments"][0]["claims"][0]["lines"] = [{"procedure": "99213", "charge": "100", "discount": "40"}]
    view = saved(desk, begun, half)
    assert said(view) == [
        "1.1.1 60.00 of the line is neither paid nor explained",
        "1.1.0 the lines and reasons add to 60.00, the paper says 65.00",
    ]
    assert (view.lines_left, view.claims_left, view.payments_left, view.left) == (
        [[["60.00"]]], [["5.00"]], ["0.00"], "0.00",
    )  # fmt: skip
    with pytest.raises(Conflict, match="2 things are left"):
        keying.post(desk, view.id, PostIn(version=view.version))
    assert total(desk, AccountKind.CASH) == 0 and remitted.remittances(desk) == []
    again = keying.read_draft(desk, view.id)
    assert again == view, "as it was typed, whoever opens it, whenever"
    (known,) = again.known
    assert [(line.procedure, line.charge) for line in known.lines][:2] == [("99213", "100.00"), ("36415", "30.00")]
    done = saved(desk, again, paper(busy))
    assert done.ready and said(done) == []
    receipt = keying.post(desk, done.id, PostIn(version=done.version))
    assert (receipt.posted, receipt.held, receipt.unmatched) == (1, [], 0)
    assert standing(desk).insurance_paid == 4500 and total(desk, AccountKind.CASH) == 6500
    assert keying.drafts(desk) == []
    with pytest.raises(Conflict, match="posted already"):
        saved(desk, done, paper(busy))


def test_it_posts_what_a_keyed_file_posts(practice: tuple[Desk, Busy]) -> None:
    from serving.desk.keyed import _remittance

    desk, busy = practice
    draft = paper(busy)
    claim = draft["payments"][0]["claims"][0]
    claim["lines"][0] |= {"copay": "", "paid": "60"}
    claim["paid"] = draft["payments"][0]["amount"] = draft["control_amount"] = "80"
    draft["payments"][0] |= {"trace": "CHECK 1001", "paid_on": "2026-05-01"}
    with desk.store.read(desk.practice_id) as books:
        (typed,) = keying._read(books, DraftIn.model_validate(draft)).made
        assert typed == _remittance(books, batch(busy).remittances[0])


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "batch": ({"control_amount": "66"}, "0.0.0 the payments add to 65.00, the batch says 66.00"),
    "count": ({"control_claims": "2"}, "0.0.0 1 claims are typed, the batch says 2"),
    "no total": ({"control_amount": ""}, "0.0.0 the batch's total is missing"),
    "payment": ({"amount": "64"}, "1.0.0 the claims add to 65.00, the payment is 64.00"),
    "payer": ({"payer_number": "9"}, "1.0.0 no payer of ours: add the payer, or choose another"),
    "trace": ({"trace": " "}, "1.0.0 the check, card or transfer number is missing"),
    "day": ({"paid_on": "5/41/2026"}, "1.0.0 paid on: no day; write it as 2026-05-04 or 5/4/2026"),
    "others": ({"other": "WO seven"}, "1.0.0 not read: write each reason with its amount, as L6 -1.25, WO 7.00"),
    "withheld": ({"other": "WO 7.00"}, "1.0.0 the claims add to 58.00, the payment is 65.00"),
    "claim": ({"paid": "60"}, "1.1.0 the lines and reasons add to 65.00, the paper says 60.00"),
    "number": ({"claim_number": ""}, "1.1.0 the claim's number is missing"),
    "amount": ({"charge": "1oo"}, "1.1.1 charge: no amount; write it as 12.34"),
    "comma": ({"charge": "1,00"}, "1.1.1 charge: no amount; write it as 12.34"),
    "reason": ({"other": "CO-45"}, "1.1.1 not read: write each reason with its amount, as CO-97 12.00, PR-204 5.00"),
    "code": ({"procedure": "99 213"}, "1.1.1 no procedure code"),
}


@pytest.mark.parametrize("case", sorted(WRONG))
def test_what_does_not_agree_is_said_with_its_place(practice: tuple[Desk, Busy], case: str) -> None:
    desk, busy = practice
    change, words = WRONG[case]
    draft = paper(busy)
    payment = draft["payments"][0]
    claim = payment["claims"][0]
    level = {"0.0.0": draft, "1.0.0": payment, "1.1.0": claim, "1.1.1": claim["lines"][0]}[words[:5]]
    level |= change
    view = saved(desk, keying.begin(desk, DraftIn(name="b")), draft)
    assert words in said(view) and not view.ready
    with pytest.raises(Conflict):
        keying.post(desk, view.id, PostIn(version=view.version))
    assert total(desk, AccountKind.CASH) == 0


def test_the_same_check_is_not_posted_twice_nor_typed_twice(practice: tuple[Desk, Busy]) -> None:
    desk, busy = practice
    first = saved(desk, keying.begin(desk, DraftIn(name="a")), paper(busy))
    keying.post(desk, first.id, PostIn(version=first.version))
    again = saved(desk, keying.begin(desk, DraftIn(name="b")), paper(busy, name="another name"))
    assert said(again) == ["1.0.0 a payment with this number of this payer is posted already"]
    twice = paper(busy, control_amount="130", control_claims="2")
    twice["payments"] = [payment | {"trace": "1002"} for payment in twice["payments"] * 2]
    assert said(saved(desk, again, twice)) == ["2.0.0 the same payer and number as payment 1"]


def test_two_people_at_one_batch_lose_nothing_of_each_other(practice: tuple[Desk, Busy]) -> None:
    desk, busy = practice
    begun = keying.begin(desk, DraftIn(name="lockbox"))
    saved(desk, begun, paper(busy))
    with pytest.raises(Conflict, match="changed elsewhere"):
        saved(desk, begun, paper(busy, name="over it"))
    assert keying.read_draft(desk, begun.id).draft.name == "lockbox 7"


def test_a_strangers_number_is_a_hint_and_a_batch_can_be_thrown_away(practice: tuple[Desk, Busy]) -> None:
    desk, busy = practice
    draft = paper(busy)
    draft["payments"][0]["claims"][0]["claim_number"] = "NOT-OURS"
    view = saved(desk, keying.begin(desk, DraftIn(name="a")), draft)
    assert view.ready and [lack.says[:17] for lack in view.lacks] == ["no claim of ours:"]
    keying.discard(desk, view.id, WHY)
    assert keying.drafts(desk) == []
    with pytest.raises(Conflict, match="thrown away already"):
        keying.read_draft(desk, view.id)
    with pytest.raises(NotFound):
        keying.read_draft(desk, "01900000-0000-7000-8000-000000000000")
