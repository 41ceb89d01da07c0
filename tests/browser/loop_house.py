"""A fourth practice in the house, Fir, in which a denial model is at work: claims that went otherwise than it said, a
challenger that saw it coming, and a refused visit whose chart speaks for it.

Everything was done by the desk, on the day it happened. Invented people; the models are trained on planted claims.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from billing_core.claim import ClaimState
from billing_core.contract import Remedy, RemedyTerm, Since
from billing_core.denial import denials
from billing_core.encounter import AssignedCode, CodeSystem, SignedEncounter, Span
from billing_core.identifiers import claim_number
from billing_core.record import to_plain
from models import artifact
from serving.desk import models, watching
from serving.desk.case import Desk, open_desk
from serving.ids import FixedClock, uuid7
from serving.schemas.models import ServiceIn
from serving.security import operator
from serving.settings import Settings
from serving.store.books import Books, Store
from serving.store.files import StoredDenial
from serving.store.states import DenialStatus, RemittanceState
from tests.billing_core import specimens
from tests.billing_core.money_specimens import answer
from tests.serving.store import filled
from tests.training import export_fixture
from training import denial, splits
from training.export_folder import read

FIR = "fir"
COUNT = 40
LEVELS = (
    RemedyTerm(Remedy.APPEAL, Since.REMITTANCE, days=120),
    RemedyTerm(Remedy.APPEAL, Since.LEVEL_BEFORE, days=60, level=2),
)
KNEE = "Knee pain for six months despite exercise and naproxen. Plan: MRI of the knee without contrast."
EVIDENCE = Span(0, 55)


def model(folder: Path) -> Path:
    """A small, really trained model."""
    export = read(export_fixture.write(folder / "export", export_fixture.cases(400)))
    plan = splits.plan(export.submissions, export.as_of)
    trained = denial.train(export.submissions, denial.replay(export.submissions), plan, seed=1)
    denial.seal(folder / "model", trained, export, plan)
    return folder / "model"


def another(folder: Path, like: Path, known_by: date, data: str) -> Path:
    """The same under another seal: as it would have been learned by that day."""
    first = artifact.open_artifact(like)
    fields = {k: v for k, v in first.manifest.items() if k not in ("format", "files", "seal")}
    card = {**fields["card"], "data": data}
    fields |= {"known_by": known_by.isoformat(), "card": card}
    artifact.write(folder, {name: first.read(name) for name in first.names}, fields)
    return folder


def fill(store: Store, ours: Settings, today: date, room: Path) -> None:
    """Fir's books."""
    seen = today - timedelta(days=30)
    with store.open(FIR) as books:
        filled.register(books)
        books.save_contract(replace(specimens.CONTRACT, remedies=LEVELS))
        store.clock = FixedClock(seen + timedelta(days=1))
        _refused(books, seen)
    trained = model(room)
    desk = _on(store, ours, today - timedelta(days=60))
    kept = [
        models.offer(desk, "denial", another(room / name, trained, today - timedelta(days=days), f"{name} claims"))
        for name, days in (("spring", 70), ("autumn", 50), ("late", 40))
    ]
    models.put_in_service(desk, "denial", ServiceIn(sha256=kept[0], reason="the first of this practice"))
    models.put_in_shadow(desk, "denial", ServiceIn(sha256=kept[1], reason="retrained"))
    _surprises(store, today, kept[0], kept[1])
    watching.watch_denials(_on(store, ours, today))


def _on(store: Store, ours: Settings, day: date) -> Desk:
    store.clock = FixedClock(day)
    return open_desk(ours, store, operator(FIR), store.clock, uuid7)


def _surprises(store: Store, today: date, champion: str, challenger: str) -> None:
    """Claims of which the champion thought little and the challenger much, all denied but four, and mature."""
    with store.open(FIR) as books:
        books.clock = FixedClock(today - timedelta(days=45))
        for serial in range(100, 100 + COUNT):
            claim = specimens.claim(id=f"claim-{serial}", number=claim_number("FIRS", serial))
            state = ClaimState.PAID if serial % 10 == 0 else ClaimState.DENIED
            books.save_claim(claim, ClaimState.READY)
            books.step_claim(claim.id, ClaimState.SUBMITTED, today - timedelta(days=45))
            books.add_score(claim.id, champion, 100_000, {"flagged": False})
            books.add_score(claim.id, challenger, 100_000 if state is ClaimState.PAID else 700_000, {}, shadow=True)
        books.clock = FixedClock(today - timedelta(days=31))
        for serial in range(100, 100 + COUNT):
            state = ClaimState.PAID if serial % 10 == 0 else ClaimState.DENIED
            books.step_claim(f"claim-{serial}", state)
            books.log("payer", f"claim.{state}", f"claim-{serial}")


def _refused(books: Books, seen: date) -> None:
    """A visit signed with its evidence, its claim sent and refused for medical necessity."""
    visit = replace(filled.encounter(), service_date=seen, note_sha256=hashlib.sha256(KNEE.encode()).hexdigest())
    books.save_encounter(visit, KNEE)
    procedure = AssignedCode(CodeSystem.CPT, "99213", "coder", (EVIDENCE,), pointers=(1,))
    diagnosis = AssignedCode(CodeSystem.ICD10CM, "E11.9", "coder", (Span(0, 9),))
    books.sign(SignedEncounter(visit, (diagnosis,), (procedure,), "coder"), seen)
    plain = specimens.claim()
    claim = replace(plain, lines=tuple(replace(line, service_date=seen) for line in plain.lines), created_on=seen)
    books.save_claim(claim, ClaimState.READY)
    for state, on in ((ClaimState.SUBMITTED, seen), (ClaimState.ACCEPTED, None), (ClaimState.DENIED, None)):
        books.step_claim(claim.id, state, on)
    payment = answer(claim, ("CO-50 150",), remarks=("N115",))
    paid_on = seen + timedelta(days=14)
    remitted = replace(filled.remittance(), claims=(payment,), paid_on=paid_on)
    remittance_id, _ = books.add_remittance(remitted, "", RemittanceState.POSTED, matches={1: claim.id})
    paid = books.claim_payments(remittance_id=remittance_id)[0].id
    books.save_denials(
        StoredDenial(f"denial-{d.line}", claim.id, paid, d.line, str(d.category), d.amount, paid_on, None,
                     DenialStatus.OPEN, to_plain(d))
        for d in denials(payment)
    )  # fmt: skip
