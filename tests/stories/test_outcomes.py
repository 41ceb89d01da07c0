"""Seven stories of a dollar, through real files and public commands: what the payers did to each visit, and who owes.

All seven visits live in one practice and pass the same nights, on each database; a test follows one of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time
from functools import partial
from io import BytesIO
from typing import Any

import pytest
from pypdf import PdfReader

from billing_core.account import Debtor
from billing_core.adjudication import take_back
from billing_core.claim import ClaimState, Frequency
from billing_core.ledger import EntryKind, Owner
from billing_core.record import digest
from billing_core.remittance import Adjustment, Group, ProviderAdjustment
from billing_core.x12 import claim_837p, remittance_835
from billing_core.x12.envelope import Envelope
from serving.store.books import Books
from serving.store.states import Direction
from tests.stories.clinic import PEOPLE, Clinic, claims_of, environment, files_with, standings

SENT, ACKNOWLEDGED = date(2026, 1, 8), date(2026, 1, 9)
PAY_DAY, READ = (
    date(2026, 1, 30),
    date(2026, 1, 31),
)  # the 835s are of 2026-01-16, written by 01-30, read the night after
LATER = (date(2026, 2, 20), date(2026, 3, 10))
TAKEN_BACK, ANEW = date(2026, 3, 20), date(2026, 3, 27)
MEMBER = {person.key: person.member for person in PEOPLE}


def _mend(number: str, **changes: Any) -> dict[str, Any]:
    return {"action": "correct", "claim_number": number, "reason": "worked", "changes": changes}


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def clinic(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    """Signed, sent, answered; the rejected claim and the denied one mended when a biller would; answered again."""
    root = tmp_path_factory.mktemp("clinic")
    url: str = request.getfixturevalue("_migrated")() if request.param == "postgresql" else ""
    with environment(root / "home", url):
        clinic = Clinic(root).open()
        clinic.sign()
        clinic.night(SENT)
        clinic.night(ACKNOWLEDGED)
        with clinic.books() as books:
            rejected = claims_of(books, "rejected")[0].claim.number
            denied = claims_of(books, "denied")[0].claim.number
        clinic.night(date(2026, 1, 10), _mend(rejected, member_id=MEMBER["rejected"]))
        clinic.night(PAY_DAY)
        clinic.night(READ, _mend(denied, lines=[{"line": 1, "modifiers": ["25"]}]))
        for day in LATER:
            clinic.night(day)
        _take_back(clinic)
        yield clinic


def _take_back(clinic: Clinic) -> None:
    """Two 835s in the payer's own hand: what it paid is taken back; a week later it is paid at a lower price.

    Nothing is paid in either: the first carries its want forward, the second withholds it and carries on the rest.
    """
    with clinic.books() as books:
        claim = claims_of(books, "taken")[0].claim
        answer = books.answers(claim.id)[0]
        first, paid = books.remittance(answer.remittance_id).remittance, answer.payment
    lower = tuple(
        replace(s, paid=9_000, allowed=9_000, adjustments=(Adjustment(Group.CONTRACTUAL, "45", 11_000),))
        for s in paid.services
    )
    forward = partial(ProviderAdjustment, "FB", "BACK1")
    for control, (day, trace, payment, carried) in enumerate(
        (
            (TAKEN_BACK, "BACK1", take_back(paid), (forward(-12_000),)),
            (ANEW, "BACK2", replace(paid, paid=9_000, services=lower), (forward(12_000), forward(-3_000))),
        ),
        start=901,
    ):
        made = replace(
            first, trace=trace, paid_on=day, amount=0, handling="H", method="NON", claims=(payment,),
            provider_adjustments=carried,
        )  # fmt: skip
        envelope = Envelope("FULL1", "CLEANCLAIM", control, datetime.combine(day, time(6)))
        (clinic.from_payers / f"{day:%Y%m%d}_FULL1_{control}.835").write_bytes(remittance_835.write([made], envelope))
        clinic.cycle(day)
        if trace == "BACK1":
            with clinic.books() as books:
                (account,), (claim_then,) = standings(books, "taken"), claims_of(books, "taken")
            clinic.seen_when_taken_back = (claim_then.state, account.open, account.debtor)


@pytest.fixture
def books(clinic: Clinic) -> Iterator[Books]:
    with clinic.books() as books:
        yield books


TAKEN = ["claim.submit", "claim.receipt", "claim.receipt", "claim.accepted"]  # sent; its 999 and its 277CA


def _told(books: Books, subject: str) -> list[str]:
    """What the event log says happened to the thing, in order."""
    return [event.action for event in books.events(subject=subject)]


def _kinds(books: Books, key: str) -> list[EntryKind]:
    return [entry.kind for entry in books.entries_on([c.id for c in books.charges(f"visit-{key}")])]


def _lines_stated(books: Books, key: str) -> list[dict[str, Any]]:
    """The lines of the first statement to the person's guarantor."""
    stated = books.statements(f"guarantor-{key}")
    return list(stated[0].body["lines"]) if stated else []


def _words_on_paper(books: Books, statement_id: str) -> str:
    pages = PdfReader(BytesIO(books.statement_pdf(statement_id))).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


@pytest.mark.parametrize("key", [person.key for person in PEOPLE])
def test_every_charge_is_accounted_for_and_every_leg_has_its_counterpart(books: Books, key: str) -> None:
    found = standings(books, key)
    assert found, "the visit has charges"
    for account in found:
        assert account.charged == account.paid + account.contractual + account.written_off + account.open
        assert (account.debtor is None) == (account.open == 0)
    for entry in books.entries_on([account.charge_id for account in found]):
        assert sum(leg.amount for leg in entry.legs) == 0


def test_both_chains_hold_and_the_ledger_sums_to_zero(clinic: Clinic, books: Books) -> None:
    ledger, events = books.verify_ledger(), books.verify_events()
    assert ledger.sound and events.sound and books.ledger_sum() == 0
    assert clinic.run("ledger", "verify", by="biller", today=ANEW) == 0
    cash = {kind: total for kind, total in books.account_totals().items() if kind == "cash"}
    rows = books.remittances()
    assert rows and sum(cash.values()) == sum(row.amount for row in rows), "the bank has what the 835s say"


def test_paid(books: Books) -> None:
    (claim,) = claims_of(books, "paid")
    assert claim.state is ClaimState.PAID and claim.row.submitted_on == SENT
    (account,) = standings(books, "paid")
    assert (account.charged, account.insurance_paid, account.contractual, account.open) == (20_000, 12_000, 8_000, 0)
    assert account.debtor is None and not books.statements("guarantor-paid")
    assert _told(books, claim.claim.id) == [*TAKEN, "claim.paid"]
    assert _kinds(books, "paid") == [EntryKind.CHARGE, EntryKind.INSURANCE_PAYMENT]


def test_denied_and_corrected_with_the_payers_own_number_and_then_paid(books: Books) -> None:
    first, second = claims_of(books, "denied")
    (answer, *_) = books.answers(first.claim.id)
    assert (second.claim.frequency, second.claim.payer_reference) == (
        Frequency.REPLACEMENT,
        answer.payment.payer_reference,
    )
    assert second.claim.number != first.claim.number and second.row.replaces == first.claim.id
    (sent,) = files_with(books, second.claim.id)
    (read,) = claim_837p.read(books.file_bytes(sent.id))
    assert (read.frequency, read.payer_reference) == (Frequency.REPLACEMENT, answer.payment.payer_reference)
    assert f"REF*F8*{answer.payment.payer_reference}~".encode() in books.file_bytes(sent.id)
    assert read.lines[0].modifiers == ("25",)
    assert second.state is ClaimState.PAID and first.state in (ClaimState.REPLACED, ClaimState.REVERSED)
    told = _told(books, first.claim.id)
    assert told[:6] == [*TAKEN, "claim.partly denied", "claim.mend"]
    assert all(account.open == 0 and account.debtor is None for account in standings(books, "denied"))
    assert [account.insurance_paid for account in standings(books, "denied")] == [12_000, 18_000]
    (denial,) = books.denials_of_claims([first.claim.id])[first.claim.id]
    assert denial.status != "open" and denial.line == 1


def test_a_deadline_runs_from_the_day_of_the_remittance_not_from_the_day_it_was_read(books: Books) -> None:
    first, _ = claims_of(books, "denied")
    (denial,) = books.denials_of_claims([first.claim.id])[first.claim.id]
    assert denial.deadline == date(2026, 7, 15), "180 days from the 835 of 2026-01-16, read on 2026-01-31"


def test_rejected_at_the_front_door_and_mended_by_a_new_claim(books: Books) -> None:
    first, second = claims_of(books, "rejected")
    assert first.state is ClaimState.REPLACED and second.state is ClaimState.PAID
    assert (second.claim.frequency, second.claim.payer_reference) == (Frequency.ORIGINAL, "")
    assert second.claim.number != first.claim.number
    assert (first.claim.coverage.member_id, second.claim.coverage.member_id) == ("W99999999", MEMBER["rejected"])
    assert _told(books, first.claim.id) == [*TAKEN[:3], "claim.rejected", "claim.mend"]
    rejection = next(e for e in books.events(subject=first.claim.id) if e.action == "claim.rejected")
    assert rejection.reason == "277CA A3:33"
    assert not books.answers(first.claim.id), "rejected is not denied: no 835 speaks of it"
    (account,) = standings(books, "rejected")
    assert (account.insurance_paid, account.open) == (12_000, 0)


def test_partly_paid_and_the_patients_share_on_a_statement(books: Books) -> None:
    (claim,) = claims_of(books, "share")
    assert claim.state is ClaimState.PAID, "a patient's share is no denial"
    assert not books.denials_of_claims([claim.claim.id])
    visit, blood = standings(books, "share")
    owing = Debtor(Owner.GUARANTOR, "guarantor-share")
    assert (visit.insurance_paid, visit.contractual, visit.owed_by(owing)) == (8_000, 8_000, 4_000)
    assert (blood.insurance_paid, blood.contractual, blood.owed_by(owing)) == (1_600, 1_000, 400)
    first, *_ = books.statements("guarantor-share")
    assert (first.total, first.statement_on) == (4_400, READ)
    for line in _lines_stated(books, "share"):
        owed = (line["charge"], line["insurance_paid"], line["adjusted"], line["you_paid"], line["you_owe"])
        if line["procedure"] == "99213":
            assert owed == ("200.00", "80.00", "80.00", "0.00", "40.00")
            assert "deductible" in line["reason"] and "coinsurance" in line["reason"]
        else:
            assert owed == ("30.00", "16.00", "10.00", "0.00", "4.00") and "coinsurance" in line["reason"]
    paper = _words_on_paper(books, first.id)
    assert "Please pay $44.00 by" in paper and "Dora Dale" in paper and "Office visit" in paper
    assert "and paid $80.00." in paper and "and paid $16.00." in paper, "what the insurance did, of each service"


def test_taken_back_and_paid_less(books: Books) -> None:
    (claim,) = claims_of(books, "taken")
    paid, taken_back, anew = (p.payment for p in books.answers(claim.claim.id))
    assert (paid.paid, taken_back.status, taken_back.paid, taken_back.charge) == (12_000, "22", -12_000, -20_000)
    assert (anew.status, anew.paid) == ("1", 9_000)
    told = [*TAKEN, "claim.paid", "claim.reversed", "claim.paid"]
    assert _told(books, claim.claim.id) == told and claim.state is ClaimState.PAID
    (account,) = standings(books, "taken")
    assert (account.insurance_paid, account.contractual, account.open) == (9_000, 11_000, 0)
    entries = books.entries_on([account.charge_id])
    posted = next(entry for entry in entries if entry.kind is EntryKind.INSURANCE_PAYMENT)
    undone = next(entry for entry in entries if entry.reverses == posted.id)
    assert {(leg.account, leg.amount) for leg in undone.legs} == {(leg.account, -leg.amount) for leg in posted.legs}
    assert not books.statements("guarantor-taken"), "the patient owed nothing at any time"


def test_between_the_taking_back_and_the_answer_the_payer_owed_it_again(clinic: Clinic, books: Books) -> None:
    assert clinic.seen_when_taken_back == (ClaimState.REVERSED, 20_000, Debtor(Owner.PAYER_1, "payer-FULL1"))
    forwarded = [row.amount for row in books.remittances() if row.trace in ("BACK1", "BACK2")]
    assert forwarded == [0, 0], "an 835 never pays less than nothing: what it lacks is carried forward (PLB FB)"


def test_what_the_first_payer_leaves_goes_to_the_second_with_all_that_the_first_said(books: Books) -> None:
    first, second = claims_of(books, "both")
    assert (first.claim.rank, second.claim.rank) == (1, 2) and first.claim.number != second.claim.number
    assert first.state is second.state is ClaimState.PAID
    (prior,) = second.claim.prior_payers
    assert (prior.payer.number, prior.paid) == ("SHARE", 8_000)
    (sent,) = files_with(books, second.claim.id)
    (read,) = [c for c in claim_837p.read(books.file_bytes(sent.id)) if c.number == second.claim.number]
    assert [(line, paid) for line, paid, _ in read.prior_payers[0].line_adjustments] == [(1, 8_000)]
    (account,) = standings(books, "both")
    assert (account.insurance_paid, account.contractual, account.open) == (12_000, 8_000, 0)
    assert not books.statements("guarantor-both"), "two payers left nothing to the patient"


def test_self_pay_goes_straight_to_a_statement(books: Books) -> None:
    assert not claims_of(books, "self")
    (account,) = standings(books, "self")
    assert account.owed_by(Debtor(Owner.GUARANTOR, "guarantor-self")) == account.charged == 20_000
    first, *_ = books.statements("guarantor-self")
    assert (first.statement_on, first.total) == (SENT, 20_000)
    (line,) = _lines_stated(books, "self")
    assert (line["you_owe"], line["insurance_paid"], line["adjusted"]) == ("200.00", "0.00", "0.00")
    assert line["reason"] == "no insurance on file for the day of the visit"
    assert _kinds(books, "self") == [EntryKind.CHARGE]


def test_nothing_crossed_the_line_but_files(clinic: Clinic, books: Books) -> None:
    left = {f.name: f for f in books.files(Direction.OUTBOUND)}
    came = {f.name: f for f in books.files(Direction.INBOUND)}
    assert {p.name for p in clinic.to_payers.iterdir()} == set(left)
    assert {p.name for p in clinic.from_payers.iterdir()} == set(came)
    for folder, kept in ((clinic.to_payers, left), (clinic.from_payers, came)):
        for name, file in kept.items():
            assert (folder / name).read_bytes() == books.file_bytes(file.id)
    paid = sum(r.amount for f in came.values() if f.kind == "835" for r in remittance_835.read(books.file_bytes(f.id)))
    assert paid == sum(row.amount for row in books.remittances())


DECISIONS = {  # what people and payers decided: each names its thing and carries the hash of it before and after
    "code.decide": 7,
    "encounter.sign": 7,
    "claim.submit": 9,
    "claim.accepted": 8,
    "claim.rejected": 1,
    "claim.mend": 2,
    "claim.paid": 8,
    "claim.reversed": 2,
    "claim.partly denied": 1,
}


def test_each_decision_is_in_the_event_log_with_its_hash_before_and_after(books: Books) -> None:
    found: dict[str, int] = {}
    for event in books.events():
        assert event.actor and event.at.utcoffset() is not None
        if event.action in DECISIONS and event.subject:
            assert len(event.before_hash) == len(event.after_hash) == 64, event.action
            assert event.before_hash != event.after_hash, event.action
            found[event.action] = found.get(event.action, 0) + 1
    assert found == DECISIONS
    roles = {event.actor for event in books.events(action="encounter.sign")}
    assert roles == {"coder@elmf"}, "nothing signs itself"
    (signed,) = books.events(subject="visit-paid", action="encounter.sign")
    assert signed.after_hash == digest(books.signed("visit-paid")), "the hash is that of the signed coding"
