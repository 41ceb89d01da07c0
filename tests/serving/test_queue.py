"""The queue, page by page: what is looked up does not grow claim by claim, and the pages together are the whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from billing_core.claim import Claim, ClaimState
from billing_core.denial import denials
from billing_core.identifiers import claim_number
from billing_core.record import to_plain
from serving.desk import billing, follow_up
from serving.desk.billing import Wanted
from serving.desk.case import Desk
from serving.desk.contradicted import QUEUE as CONTRADICTED
from serving.desk.secondary import QUEUE as ONWARD
from serving.schemas.billing import QueueView
from serving.store.appeals import StoredAppeal
from serving.store.books import Books
from serving.store.files import StoredDenial
from serving.store.queues import StoredWork
from serving.store.states import AppealState, DenialStatus, RemittanceState
from tests.billing_core import specimens
from tests.billing_core.money_specimens import answer
from tests.serving.store import filled
from tests.serving.store.statements import counted

TODAY = filled.DAY + timedelta(days=30)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with filled.desk_at(tmp_path / "home", TODAY) as desk:
        with desk.store.open("elm") as books:
            books.save_encounter(filled.encounter(), filled.NOTE)
        yield desk


def wait(desk: Desk, serials: range) -> None:
    """Claims that need a person: every third is held, the others were denied as duplicates of each other."""
    with desk.store.open("elm") as books:
        for serial in serials:
            claim = specimens.claim(id=f"claim-{serial}", number=claim_number("ELMF", serial))
            books.save_claim(claim, ClaimState.HELD, deadline=TODAY + timedelta(days=serial - 4))
            if serial % 3:
                books.save_claim(claim, ClaimState.READY)
                books.step_claim(claim.id, ClaimState.SUBMITTED, filled.DAY)
                books.step_claim(claim.id, ClaimState.ACCEPTED)
                books.step_claim(claim.id, ClaimState.DENIED)
                deny(books, claim)


def deny(books: Books, claim: Claim) -> None:
    payment = answer(claim, ("CO-18 150",))
    remitted = replace(filled.remittance(), claims=(payment,), paid_on=filled.DAY, trace=f"T-{claim.id}")
    remittance_id, _ = books.add_remittance(remitted, "", RemittanceState.POSTED, matches={1: claim.id})
    paid = books.claim_payments(remittance_id=remittance_id)[0].id
    books.save_denials(
        StoredDenial(f"{claim.id}-{d.line}", claim.id, paid, d.line, str(d.category), d.amount, filled.DAY, None,
                     DenialStatus.OPEN, to_plain(d))
        for d in denials(payment)
    )  # fmt: skip


def page(desk: Desk, **wanted: object) -> QueueView:
    return billing.queue(desk, 2, Wanted(limit=4, **wanted))


def test_a_longer_queue_asks_the_books_no_more_often(desk: Desk) -> None:
    wait(desk, range(1, 5))
    billing.queue(desk)
    with counted(desk) as few:
        billing.queue(desk)
    wait(desk, range(5, 14))
    with counted(desk) as many:
        billing.queue(desk)
    assert len(few) == len(many)


def test_more_open_ends_ask_the_books_no_more_often(desk: Desk) -> None:
    """Claims whose answers were taken back, or contradict each other; appeals filed, or won and paid."""
    asked = []
    for serials in (range(1, 4), range(4, 13)):
        wait(desk, serials)
        with desk.store.open("elm") as books:
            denied = [f"claim-{serial}" for serial in serials if serial % 3]
            books.save_appeals(
                StoredAppeal(f"{state} {claim_id}", claim_id, level, state, filled.DAY, None, None, None, 0, {})
                for claim_id in denied
                for level, state in enumerate((AppealState.FILED, AppealState.OVERTURNED), start=1)
            )
            books.save_work(
                StoredWork(f"{queue} {claim_id}", queue, f"claim:{claim_id}", TODAY, claim_id=claim_id)
                for claim_id in denied
                for queue in (CONTRADICTED, ONWARD)
            )
            for claim_id in denied[::2]:
                books.step_claim(claim_id, ClaimState.REVERSED)
        with counted(desk) as said:
            follow_up.open_ends(desk)
        asked.append(len(said))
    assert asked[0] == asked[1]


def test_the_pages_are_the_whole_in_its_order_and_the_totals_are_of_all(desk: Desk) -> None:
    wait(desk, range(1, 11))
    whole = billing.queue(desk, 2)
    pages = [page(desk, first=first) for first in (0, 4, 8)]
    assert [item for each in pages for item in each.items] == whole.items and len(whole.items) == 10
    assert [each.first for each in pages] == [0, 4, 8] and [len(each.items) for each in pages] == [4, 4, 2]
    assert {(each.total_at_stake, each.waiting, each.fitting, each.chosen, each.expected_today) for each in pages} == {
        (whole.total_at_stake, 10, 10, 2, whole.expected_today)
    }
    lapsed = [item for item in whole.items if item.lapsed]
    assert whole.lapsed == len(lapsed) > 0
    assert whole.due_soon == sum(item.days_left is not None and 0 <= item.days_left <= 14 for item in whole.items)
    assert (whole.states, whole.payers) == (["denied", "held"], [specimens.PAYER.name])
    assert page(desk, first=400).first == 8, "the last page, where the queue has grown shorter"
    last = whole.items[-1].claim_id
    assert last in [item.claim_id for item in page(desk, claim_id=last).items]


def test_a_part_of_the_queue_keeps_its_order(desk: Desk) -> None:
    wait(desk, range(1, 11))
    whole = billing.queue(desk, 2)
    held = billing.queue(desk, 2, Wanted(state="held"))
    assert held.items == [item for item in whole.items if item.state == "held"] and held.fitting == len(held.items) == 3
    assert held.waiting == 10 and held.total_at_stake == whole.total_at_stake
    today = billing.queue(desk, 2, Wanted(today=True))
    assert today.items == [item for item in whole.items if item.today] and len(today.items) == 2
    assert billing.queue(desk, 2, Wanted(payer="Nobody")).items == []


def test_a_duplicate_is_told_which_claims_went_before(desk: Desk) -> None:
    wait(desk, range(1, 4))
    items = {item.claim_id: item for item in billing.queue(desk).items}
    other = claim_number("ELMF", 2)
    assert f"Find the first answer, to claim {other};" in items["claim-1"].mend
    assert billing.read_claim(desk, "claim-1").plays[0].step in items["claim-1"].mend


def test_what_is_no_longer_open_of_a_denied_charge_is_not_at_stake(desk: Desk) -> None:
    wait(desk, range(1, 2))
    before = billing.queue(desk).items[0]
    with desk.store.open("elm") as books:
        books.save_charges([filled.charge()])
        books.append_entries([filled.entry("entry-1"), filled.entry("entry-2", -14000)])
    (after,) = billing.queue(desk).items
    assert (before.at_stake, after.at_stake) == ("52.00", "10.00")
    assert billing.queue(desk).total_at_stake == "10.00"
