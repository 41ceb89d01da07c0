"""After the payer's answer: the next payer is billed with what the first one said; patients pay by mail; a write-off
needs two people.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from billing_core.account import Debtor
from billing_core.claim import ClaimState
from billing_core.errors import PostingError
from billing_core.ledger import Owner
from billing_core.registration import PersonName
from serving import settings
from serving.desk import write_off
from serving.desk.case import Desk, open_desk
from serving.desk.money import take_mailed_payments
from serving.errors import Conflict, Forbidden, InputError
from serving.schemas.billing import WriteOffIn
from serving.security import Actor, Role
from tests.stories.clinic import Clinic, Person, claims_of, environment, standings

TWO = Person("two", ("SHARE", "FULL1"), name=PersonName("Grant", "Gus"))
MAIL = Person("mail", (), name=PersonName("Hale", "Hope"))
DENIED = Person("denied", ("DENY3",), ("99213", "20610"), name=PersonName("Ives", "Ian"))
NIGHTS = (
    date(2026, 1, 8),
    date(2026, 1, 9),
    date(2026, 1, 30),
    date(2026, 1, 31),
    date(2026, 2, 20),
    date(2026, 3, 10),
)
TODAY = date(2026, 3, 11)


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    root = tmp_path_factory.mktemp("after")
    with environment(root / "home"):
        clinic = Clinic(root, (TWO, MAIL, DENIED)).open()
        clinic.sign()
        for night in NIGHTS:
            clinic.night(night)
        yield clinic


def desk(clinic: Clinic, login: str, *roles: Role) -> Desk:
    actor = Actor(f"user-{login}", login, clinic.practice_id, frozenset(roles))
    store = clinic.store(TODAY)
    return open_desk(settings.read(), store, actor, store.clock, store.new_id)


def test_the_second_payer_gets_what_the_first_one_said_and_pays_the_rest(clinic: Clinic) -> None:
    with clinic.books() as books:
        first, second = claims_of(books, "two")
        (account,) = standings(books, "two")
        answer = books.answers(first.claim.id)[0].payment
    assert (first.claim.rank, first.state) == (1, ClaimState.PAID)
    assert second.claim.rank == 2 and second.claim.number != first.claim.number
    (prior,) = second.claim.prior_payers
    assert prior.payer == first.claim.payer and prior.paid == answer.paid
    assert sum(paid + sum(a.amount for a in said) for _, paid, said in prior.line_adjustments) == first.claim.total
    assert second.state is ClaimState.PAID
    assert account.open == 0, "the second payer's answer leaves nothing"
    assert account.charged == account.insurance_paid + account.contractual
    assert account.insurance_paid > answer.paid, "the second payer paid part of it"


def test_no_second_claim_is_built_twice(clinic: Clinic) -> None:
    clinic.cycle(TODAY)
    with clinic.books() as books:
        assert [c.claim.rank for c in claims_of(books, "two")] == [1, 2]


def test_a_mailed_payment_goes_to_the_statement_and_the_rest_is_credit(clinic: Clinic, tmp_path: Path) -> None:
    with clinic.books() as books:
        sent = books.statements("guarantor-mail")[0]
    paid = tmp_path / "lockbox.jsonl"
    paid.write_text(json.dumps({"statement_id": sent.id, "amount": "250.00", "method": "check"}) + "\n")
    front = desk(clinic, "dora", Role.FRONT_DESK)
    assert take_mailed_payments(front, paid) == 1
    with clinic.books() as books:
        (account,) = standings(books, "mail")
        entries = books.entry_count()
        assert (account.open, account.patient_paid) == (0, 20_000)
        assert books.unapplied() == {"guarantor-mail": 5_000}
    assert take_mailed_payments(front, paid) == 0, "the same file is the same money"
    with clinic.books() as books:
        assert books.entry_count() == entries


@pytest.mark.parametrize(
    "line",
    [
        '{"statement_id": "nobody", "amount": "1.00", "method": "check"}',
        '{"statement_id": "%s", "amount": "-1.00", "method": "check"}',
        '{"statement_id": "%s", "amount": "0", "method": "check"}',
        '{"statement_id": "%s", "amount": "NaN", "method": "check"}',
        '{"statement_id": "%s", "method": "check"}',
        '{"statement_id": 7, "amount": "1.00", "method": "check"}',
        "[]",
        "not json",
    ],
)
def test_a_bad_payment_is_refused_with_its_place_and_nothing_of_the_file_is_posted(
    clinic: Clinic, tmp_path: Path, line: str
) -> None:
    with clinic.books() as books:
        sent, before = books.statements("guarantor-mail")[0], books.entry_count()
    good = json.dumps({"statement_id": sent.id, "amount": "1.00", "method": "check"})
    paid = tmp_path / "bad.jsonl"
    paid.write_text(f"{good}\n{line.replace('%s', sent.id)}\n")
    with pytest.raises(InputError, match=r"bad\.jsonl line 2"):
        take_mailed_payments(desk(clinic, "dora", Role.FRONT_DESK), paid)
    with clinic.books() as books:
        assert books.entry_count() == before


def test_a_write_off_needs_two_people(clinic: Clinic) -> None:
    with clinic.books() as books:
        claim = claims_of(books, "denied")[0].claim
        before = books.entry_count()
    ben, mia = desk(clinic, "ben", Role.BILLER), desk(clinic, "mia", Role.MANAGER)
    asked = write_off.ask(ben, claim.id, WriteOffIn(reason="payer out of business"))
    with clinic.books() as books:
        assert books.entry_count() == before, "asking moves nothing"
    with pytest.raises(Conflict):
        write_off.ask(ben, claim.id, WriteOffIn(reason="again"))
    with pytest.raises(Forbidden):
        write_off.approve(ben, asked.id)
    with pytest.raises(PostingError, match="who asks"):
        write_off.approve(desk(clinic, "ben", Role.MANAGER), asked.id)
    write_off.approve(mia, asked.id)
    with clinic.books() as books:
        accounts = standings(books, "denied")
        assert sum(a.open for a in accounts) == 0 and sum(a.written_off for a in accounts) > 0
        assert claims_of(books, "denied")[0].state is ClaimState.CLOSED
        assert books.ledger_sum() == 0
    with pytest.raises(Conflict):
        write_off.approve(mia, asked.id)


def test_nothing_is_written_off_while_a_payer_has_to_answer_or_when_nothing_is_open(clinic: Clinic) -> None:
    with clinic.books() as books:
        paid = claims_of(books, "two")[1].claim
    with pytest.raises(InputError, match="nothing is open"):
        write_off.ask(desk(clinic, "ben", Role.BILLER), paid.id, WriteOffIn(reason="small balance"))


def test_who_owes_after_the_first_payer_is_the_second(clinic: Clinic) -> None:
    with clinic.books() as books:
        first = claims_of(books, "two")[0].claim
        charge = first.lines[0].charge_id
        moved = [
            leg.account
            for entry in books.entries_on([charge])
            for leg in entry.legs
            if leg.account.owner is Owner.PAYER_2 and leg.amount > 0
        ]
    assert {Debtor(Owner.PAYER_2, account.party) for account in moved} == {Debtor(Owner.PAYER_2, "payer-FULL1")}
