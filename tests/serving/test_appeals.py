"""An appeal from the denial to the second level: every sentence cites, a person signs, what went out is kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from billing_core.claim import ClaimState
from billing_core.contract import Remedy, RemedyTerm, Since
from billing_core.denial import denials
from billing_core.encounter import AssignedCode, CodeSystem, SignedEncounter, Span
from billing_core.record import to_plain
from billing_core.remittance import ClaimPayment
from serving.desk import appeals, billing, follow_up, receipts
from serving.desk.case import Desk
from serving.desk.export import export
from serving.errors import Conflict, Forbidden, InputError
from serving.ids import FixedClock
from serving.schemas.appeals import AppealView, FilingIn, LetterIn, OutcomeIn, SentenceIn
from serving.schemas.billing import MendIn
from serving.security import Actor, Role
from serving.store.books import Books
from serving.store.files import StoredDenial
from serving.store.states import DenialStatus, Direction, RemittanceState
from tests.billing_core import specimens
from tests.billing_core.money_specimens import answer
from tests.serving.store import filled

TODAY = filled.DAY + timedelta(days=20)
SIGNED = FilingIn(signed_by="B. Biller", sent_by="fax")
LEVELS = (
    RemedyTerm(Remedy.APPEAL, Since.REMITTANCE, days=120),
    RemedyTerm(Remedy.APPEAL, Since.LEVEL_BEFORE, days=60, level=2),
)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """One claim, denied for medical necessity, with a signed note behind it."""
    with filled.desk_at(tmp_path / "home", TODAY) as desk:
        with desk.store.open("elm") as books:
            books.save_contract(replace(specimens.CONTRACT, remedies=LEVELS))
            refuse(desk, books, answer(specimens.claim(), ("CO-50 150",), remarks=("N115",)))
        yield desk


def refuse(desk: Desk, books: Books, payment: ClaimPayment) -> None:
    """The visit signed with its evidence, the claim sent and taken at the payer's door, the answer posted."""
    visit = filled.encounter()
    books.save_encounter(visit, filled.NOTE)
    procedure = AssignedCode(CodeSystem.CPT, "99213", "coder", (Span(0, 24),), pointers=(1,))
    diagnosis = AssignedCode(CodeSystem.ICD10CM, "E11.9", "coder")
    books.sign(SignedEncounter(visit, (diagnosis,), (procedure,), "coder"), filled.DAY)
    claim = specimens.claim()
    books.save_claim(claim, ClaimState.READY)
    books.step_claim(claim.id, ClaimState.SUBMITTED, filled.DAY)
    file_id, _ = books.add_file(Direction.INBOUND, "277CA", "taken.277ca", b"what the payer's door said")
    said = receipts.Said(claim.number, "277CA", True, "A2:20", filled.DAY, "T1")
    assert receipts.keep(desk, books, file_id, [said]) == 0
    books.step_claim(claim.id, ClaimState.DENIED)
    paid = posted(books, payment)
    books.save_denials(
        StoredDenial(f"denial-{d.line}", claim.id, paid, d.line, str(d.category), d.amount, filled.DAY, None,
                     DenialStatus.OPEN, to_plain(d))
        for d in denials(payment)
    )  # fmt: skip


def posted(books: Books, payment: ClaimPayment, trace: str = "TRACE1") -> str:
    """A remittance with this one answer; the answer's id."""
    remitted = replace(filled.remittance(trace=trace), claims=(payment,), paid_on=filled.DAY)
    remittance_id, _ = books.add_remittance(remitted, "", RemittanceState.POSTED, matches={1: specimens.claim().id})
    return books.claim_payments(remittance_id=remittance_id)[0].id


def drafted(desk: Desk) -> AppealView:
    return appeals.draft(desk, "claim")


def test_a_draft_cites_chart_contract_and_remittance_in_every_sentence(desk: Desk) -> None:
    made = drafted(desk)
    assert made.state == "draft" and made.level == 1 and made.reasons == ["CO-50"] and made.amount == "150.00"
    assert made.deadline == (filled.DAY + timedelta(days=120)).isoformat() and made.days_left == 100
    assert all(s.source in made.sources for s in made.sentences)
    kinds = {source.split(" ")[0].rstrip(":") for source in made.sources}
    assert {"chart", "contract", "remittance", "claim"} <= kinds
    with desk.store.read("elm") as books:
        note = books.note_text("encounter")
    quote = next(s for s in made.sentences if "characters 0 to" in s.source)
    assert " ".join(note[:24].split()) in quote.words
    assert drafted(desk).id == made.id, "asked again, the same draft"


def test_a_refusal_as_late_is_answered_with_the_day_and_the_file_of_the_payers_own_door(desk: Desk) -> None:
    with desk.store.open("elm") as books:
        posted(books, answer(specimens.claim(), ("CO-29 150",)), "TRACE2")
    said = {s.source: s.words for s in drafted(desk).sentences}
    day = filled.DAY.isoformat()  # which the answer gives; the file came later
    assert said["acknowledgment 277CA taken.277ca"] == f"Your own system took the claim on {day}."


def test_a_filed_appeal_is_among_what_has_not_ended_until_it_is_decided(desk: Desk) -> None:
    made = drafted(desk)
    assert not [end for end in follow_up.open_ends(desk) if end.kind == "appeal"], "a draft's denial is in the queue"
    appeals.file(desk, made.id, SIGNED)
    (end,) = (end for end in follow_up.open_ends(desk) if end.kind == "appeal")
    assert (end.id, end.since) == (made.id, TODAY.isoformat()) and "appeal of level 1 is not decided" in end.what
    appeals.decide(desk, made.id, OutcomeIn(outcome="upheld"))
    assert not [end for end in follow_up.open_ends(desk) if end.kind == "appeal"]


def test_an_appeal_that_is_won_is_awaited_until_the_payer_answers_the_claim_anew(desk: Desk) -> None:
    made = drafted(desk)
    appeals.file(desk, made.id, SIGNED)
    appeals.decide(desk, made.id, OutcomeIn(outcome="overturned", recovered="72.00"))
    (end,) = (end for end in follow_up.open_ends(desk) if end.kind == "appeal")
    assert (end.id, end.since, end.mend) == (made.id, TODAY.isoformat(), "ask the payer for the payment")
    with desk.store.open("elm") as books:
        books.step_claim("claim", ClaimState.REVERSED)
        books.step_claim("claim", ClaimState.PAID)
    assert not [end for end in follow_up.open_ends(desk) if end.kind == "appeal"]


def test_an_appeal_that_is_won_and_paid_without_a_reversal_is_awaited_no_longer(desk: Desk) -> None:
    """The claim stands where its first answer put it; the later one pays."""
    made = drafted(desk)
    appeals.file(desk, made.id, SIGNED)
    appeals.decide(desk, made.id, OutcomeIn(outcome="overturned", recovered="150.00"))
    with desk.store.open("elm") as books:
        posted(books, answer(specimens.claim(), ()), "TRACE2")
        assert books.standing_claim("claim").state is ClaimState.DENIED
    assert not [end for end in follow_up.open_ends(desk) if end.kind == "appeal"]


def test_a_refusal_as_late_is_to_be_appealed_where_the_door_took_the_claim_in_time_whenever_we_read_so(
    tmp_path: Path,
) -> None:
    with filled.desk_at(tmp_path / "home", filled.DAY + timedelta(days=200)) as desk:
        with desk.store.open("elm") as books:
            refuse(desk, books, answer(specimens.claim(), ("CO-29 150",)))
        play, *_ = billing.read_claim(desk, "claim").plays
        assert play.step.startswith("Appeal with the acknowledgment")
        assert f"took the claim on {filled.DAY.isoformat()}" in play.step


def test_a_correction_that_the_payer_does_not_take_leaves_the_denial_in_the_queue(desk: Desk) -> None:
    with desk.store.open("elm") as books:
        books.save_contract(replace(specimens.CONTRACT, remedies=LEVELS, corrected_by=Remedy.APPEAL))
    before = billing.queue(desk).items
    mended = billing.mend(desk, "claim", MendIn(action="correct", reason="another diagnosis", diagnoses=["I10"]))
    assert (mended.state, [f.rule for f in mended.findings]) == ("denied", ["correct-by-appeal"])
    assert billing.queue(desk).items == before != []


def test_a_sentence_without_a_source_is_not_taken_and_what_is_filed_is_kept(desk: Desk) -> None:
    made = drafted(desk)
    sentences = [SentenceIn(words=s.words, source=s.source) for s in made.sentences]
    more = SentenceIn(words="Two trials of medicine <b>failed</b>.", source="chart: note of 2026-03-01")
    with pytest.raises(InputError, match="cites nothing known"):
        appeals.edit(desk, made.id, LetterIn(sentences=[SentenceIn(words="He needed it.", source="everybody knows")]))
    edited = appeals.edit(desk, made.id, LetterIn(sentences=[*sentences, more]))
    assert edited.sentences[-1].words == more.words
    draft = appeals.appeal_paper(desk, made.id)
    filed = appeals.file(desk, made.id, SIGNED)
    paper = appeals.appeal_paper(desk, made.id)
    assert filed.state == "filed" and filed.filed_on == TODAY.isoformat() and filed.signed_by == "B. Biller"
    assert draft.startswith(b"%PDF") and paper.startswith(b"%PDF") and paper != draft
    words = text_of(paper)
    assert "Signed: B. Biller" in words and "<b>failed</b>" in words and "[1]" in words and "DRAFT" not in words
    assert "DRAFT" in text_of(draft)
    with pytest.raises(Conflict, match="filed"):
        appeals.edit(desk, made.id, LetterIn(sentences=sentences))


def text_of(pdf: bytes) -> str:
    """The words on the page (reportlab writes them in compressed text streams)."""
    from io import BytesIO

    from pypdf import PdfReader

    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages)


def test_what_waits_for_the_payer_is_out_of_the_queue_and_comes_back_when_upheld(desk: Desk) -> None:
    made = drafted(desk)
    assert [i.claim_id for i in billing.queue(desk).items] == ["claim"]
    appeals.file(desk, made.id, SIGNED)
    assert billing.queue(desk).items == []
    with pytest.raises(Conflict, match="not decided"):
        drafted(desk)
    upheld = appeals.decide(desk, made.id, OutcomeIn(outcome="upheld"))
    assert upheld.decided_on == TODAY.isoformat()
    assert [i.claim_id for i in billing.queue(desk).items] == ["claim"]
    second = drafted(desk)
    assert second.level == 2 and second.deadline == (TODAY + timedelta(days=60)).isoformat()
    assert "level 2" in second.sentences[-1].words
    appeals.file(desk, second.id, SIGNED)
    won = appeals.decide(desk, second.id, OutcomeIn(outcome="overturned", recovered="72.00"))
    assert won.recovered == "72.00" and billing.queue(desk).items == []
    with pytest.raises(Conflict, match="nothing more"):
        appeals.draft(desk, "claim")
    assert [(a.level, a.state) for a in appeals.appeals(desk, "claim")] == [(2, "overturned"), (1, "upheld")]


def test_outcomes_leave_in_the_export_under_the_claims_key(desk: Desk, tmp_path: Path) -> None:
    import pyarrow.parquet as parquet

    made = drafted(desk)
    appeals.file(desk, made.id, SIGNED)
    export(desk, tmp_path / "waiting")
    (waiting,) = parquet.read_table(tmp_path / "waiting" / "appeals.parquet").to_pylist()
    assert waiting["outcome"] is None and waiting["decided_on"] is None, "not decided is not lost"
    appeals.decide(desk, made.id, OutcomeIn(outcome="partly overturned", recovered="40.00"))
    export(desk, tmp_path / "decided")
    (row,) = parquet.read_table(tmp_path / "decided" / "appeals.parquet").to_pylist()
    (claim,) = parquet.read_table(tmp_path / "decided" / "claims.parquet").to_pylist()
    assert row["claim_key"] == claim["claim_key"]
    assert (row["level"], row["codes"], row["remarks"]) == (1, ["CO-50"], ["N115"])
    assert (row["outcome"], row["overturned"], row["recovered_cents"]) == ("partly overturned", True, 4000)
    assert (row["denied_cents"], row["categories"]) == (15000, ["medical necessity"])


def test_no_appeal_where_there_is_none_and_the_reason_is_said(desk: Desk) -> None:
    late = replace(desk, clock=FixedClock(filled.DAY + timedelta(days=121)))
    refused = appeals.draft(late, "claim")
    assert refused.sentences == [] and "deadline has passed" in refused.findings[0].message
    assert appeals.appeals(desk) == [], "nothing is kept of a letter that is none"
    made = drafted(desk)
    with pytest.raises(Conflict, match="deadline has passed"):
        appeals.file(late, made.id, SIGNED)
    for wrong in ("2020-01-01", "2099-01-01"):
        with pytest.raises(InputError, match="not between"):
            appeals.file(desk, made.id, SIGNED.model_copy(update={"filed_on": wrong}))
    appeals.file(desk, made.id, SIGNED)
    with pytest.raises(InputError, match="lost"):
        appeals.decide(desk, made.id, OutcomeIn(outcome="upheld", recovered="5.00"))


def test_only_biller_and_manager_may_appeal(desk: Desk) -> None:
    coder = replace(desk, actor=Actor("u", "u", "elm", frozenset({Role.CODER, Role.DATA_SCIENTIST})))
    with pytest.raises(Forbidden):
        appeals.draft(coder, "claim")
