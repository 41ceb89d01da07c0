"""A remittance that is held: nothing of it is an answer yet, and somebody sees that it waits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from billing_core.contract import Remedy
from billing_core.remittance import ClaimPayment, Remittance
from serving.desk import appeals, billing, contracts, follow_up, held, keyed
from serving.desk.answers import receive
from serving.desk.case import Desk
from serving.errors import Conflict, NotFound
from serving.schemas.billing import MendIn, ReceiptView
from serving.schemas.money import BatchIn, OpenEnd, ReasonIn
from tests.billing_core import specimens
from tests.billing_core.busy_practice import Busy, advice, file_of, opened
from tests.billing_core.money_specimens import answer, taken_back

FULL = (("CO-45 40", "PR-1 20"), ("CO-45 10",))
REFUSED = (("CO-197 100",), ("CO-45 10",))
LATE = (("CO-29 100",), ("CO-29 30",))


@pytest.fixture
def practice(tmp_path: Path) -> Iterator[tuple[Desk, Busy]]:
    desk, busy = opened(f"sqlite:///{tmp_path / 'books.db'}", 2, tmp_path)
    yield desk, busy
    desk.store.close()


def short(given: Remittance) -> Remittance:
    """The same, stating a dollar more than its claims add to."""
    return replace(given, amount=given.amount + 100, handling="I", method="ACH")


def came(desk: Desk, nth: int, given: Remittance) -> ReceiptView:
    return receive(desk, f"{nth}.835", file_of(given, control=nth))


def waiting(desk: Desk) -> list[OpenEnd]:
    return [end for end in follow_up.open_ends(desk) if end.kind == "remittance"]


def under(payment: ClaimPayment, reference: str) -> ClaimPayment:
    return replace(payment, payer_reference=reference)


# --- nothing of it is an answer ---------------------------------------------------------------------------------------


def test_an_appeal_speaks_of_the_answer_that_was_posted(practice: tuple[Desk, Busy]) -> None:
    desk, busy = practice
    claim = busy.claims[0]
    came(desk, 1, short(advice([answer(claim, *REFUSED)], "T1")))
    with pytest.raises(Conflict, match="no answer to this claim denies anything"):
        appeals.draft(desk, claim.id)
    came(desk, 2, advice([answer(claim, *REFUSED)], "T2"))
    came(desk, 3, short(advice([answer(claim, *LATE)], "T3")))
    made = appeals.draft(desk, claim.id)
    assert made.reasons == ["CO-197"] and any("remittance T2" in source for source in made.sources)


def test_what_the_payer_took_back_is_not_appealed(practice: tuple[Desk, Busy]) -> None:
    desk, busy = practice
    refused = answer(busy.claims[0], *REFUSED)
    came(desk, 1, advice([refused], "T1"))
    came(desk, 2, advice([taken_back(refused), answer(busy.claims[0], *FULL)], "T2"))
    with pytest.raises(Conflict, match="no answer to this claim denies anything"):
        appeals.draft(desk, busy.claims[0].id)


def test_a_corrected_claim_names_the_number_of_the_answer_that_was_posted(practice: tuple[Desk, Busy]) -> None:
    desk, busy = practice
    claim = busy.claims[0]
    with desk.store.open(desk.practice_id) as books:
        books.save_contract(replace(specimens.CONTRACT, corrected_by=Remedy.REPLACEMENT))
        for _ in busy.claims:
            books.next_control("claim")
    came(desk, 1, advice([under(answer(claim, *REFUSED), "POSTED1")], "T1"))
    came(desk, 2, short(advice([under(answer(claim, *LATE), "HELD2")], "T2")))
    made = billing.mend(desk, claim.id, MendIn(action="correct", reason="now approved", authorization="AUTH9"))
    with desk.store.read(desk.practice_id) as books:
        assert books.claim(made.claim_id).payer_reference == "POSTED1"


def test_a_deductible_is_used_by_what_was_posted(practice: tuple[Desk, Busy]) -> None:
    desk, (one, other) = practice[0], practice[1].claims
    came(desk, 1, advice([answer(one, *FULL)], "T1"))
    came(desk, 2, short(advice([answer(one, *FULL)], "T2")))
    with desk.store.read(desk.practice_id) as books:
        contract = books.contract(other.payer.id, other.service_date)
        assert contracts.used_before(books, other.coverage, contract, other).deductible_used == 2000


def test_what_is_held_is_no_underpayment(practice: tuple[Desk, Busy]) -> None:
    desk, busy = practice
    came(desk, 1, advice([answer(busy.claims[0], *FULL)], "T1"))
    before = contracts.underpayments(desk)
    came(desk, 2, short(advice([answer(busy.claims[0], *LATE)], "T2")))
    assert contracts.underpayments(desk) == before


# --- somebody sees it -------------------------------------------------------------------------------------------------


def test_it_is_among_what_has_not_ended_until_its_correction_posts(practice: tuple[Desk, Busy]) -> None:
    desk, busy = practice
    given = advice([answer(busy.claims[0], *FULL)], "T1")
    receipt = came(desk, 1, short(given))
    (end,) = waiting(desk)
    (why,) = receipt.held
    assert end.what == f"{specimens.PAYER.name}, T1: 61.00 is held, because {why.removeprefix('set 1: ')}"
    assert "adds to 60.00, states 61.00" in end.what and "corrected file" in end.mend and end.days == 0
    came(desk, 2, short(replace(given, amount=given.amount + 100)))
    (again,) = waiting(desk)
    assert again.id == end.id and "62.00 is held" in again.what, "once, as it came last"
    came(desk, 3, given)
    assert waiting(desk) == []
    with desk.store.read(desk.practice_id) as books:
        assert books.work_item(end.id).outcome.startswith("posted: file ")


def test_another_content_under_a_number_that_was_posted_waits_for_a_persons_word(practice: tuple[Desk, Busy]) -> None:
    desk, busy = practice
    came(desk, 1, advice([answer(busy.claims[0], *FULL)], "T1"))
    came(desk, 2, advice([answer(claim, *FULL) for claim in busy.claims], "T1"))
    (end,) = waiting(desk)
    assert "120.00 is held, because the trace was posted before with other claims" in end.what
    assert "does not post by itself" in end.mend
    held.settle(desk, end.id, ReasonIn(reason="the first holds, says the payer"))
    assert waiting(desk) == []
    with pytest.raises(Conflict, match="the first holds, says the payer"):
        held.settle(desk, end.id, ReasonIn(reason="once more"))


def test_each_other_content_under_a_posted_number_waits_with_its_own_money(practice: tuple[Desk, Busy]) -> None:
    desk, busy = practice
    one, other = busy.claims
    came(desk, 1, advice([answer(one, *FULL)], "T1"))
    came(desk, 2, advice([answer(one, *FULL), answer(other, *FULL)], "T1"))
    came(desk, 3, advice([answer(other, *REFUSED)], "T1"))
    came(desk, 4, advice([answer(one, *FULL), answer(other, *FULL)], "T1"))
    assert len(waiting(desk)) == 2, "each once, however often it comes"
    assert {amount for end in waiting(desk) for amount in ("120.00", "20.00") if f": {amount} is" in end.what} == {
        "120.00", "20.00",
    }  # fmt: skip


def test_what_is_held_of_one_payee_waits_on_when_anothers_posts_under_its_number(practice: tuple[Desk, Busy]) -> None:
    desk, busy = practice
    one, other = busy.claims
    came(desk, 1, short(advice([answer(one, *FULL)], "T1", payee_npi=specimens.PROVIDER.npi)))
    (end,) = waiting(desk)
    assert came(desk, 2, advice([answer(other, *FULL)], "T1")).posted == 1
    (still,) = waiting(desk)
    assert (still.id, still.what) == (end.id, end.what) and "does not post by itself" in still.mend


def test_of_many_reasons_the_first_are_said(practice: tuple[Desk, Busy]) -> None:
    desk, busy = practice
    wrong = [replace(answer(claim, *FULL), paid=1) for claim in busy.claims * 3]
    came(desk, 1, short(advice(wrong, "T1")))
    (end,) = waiting(desk)
    assert end.what.count("adds to") == held.REASONS_MOST and end.what.endswith("and 4 more")


def test_what_was_keyed_in_one_file_and_is_held_waits_as_well(practice: tuple[Desk, Busy]) -> None:
    desk, busy = practice
    claim = {"claim_number": busy.claims[0].number, "charge": "130.00", "paid": "80.00", "lines": []}
    paper = {"payer_number": "60054", "method": "CHK", "trace": "7", "paid_on": "2026-05-01", "amount": "80.00"}
    batch = {
        "name": "box",
        "control_amount": "80.00",
        "control_claims": 1,
        "remittances": [{**paper, "claims": [claim]}],
    }
    assert keyed.key_batch(desk, BatchIn.model_validate(batch)).posted == 0
    (end,) = waiting(desk)
    assert "80.00 is held, because claim 1: adds to 130.00, states 80.00" in end.what


def test_only_a_held_remittance_is_settled_so(practice: tuple[Desk, Busy]) -> None:
    desk, busy = practice
    came(desk, 1, advice([replace(answer(busy.claims[0], *FULL), number="OLD-1")], "T1"))
    with desk.store.read(desk.practice_id) as books:
        (unmatched,) = books.work("unmatched")
    with pytest.raises(NotFound):
        held.settle(desk, unmatched.id, ReasonIn(reason="none"))
