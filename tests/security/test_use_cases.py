"""Every use case x every role, and every use case x another practice. A use case without an entry here fails the test.

Denied means before anything is read; another practice's id means the same words as an id that never was.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import serving.desk
from models.denial.facts import facts
from serving.desk.case import USE_CASES
from serving.errors import Forbidden, InputError, NoModel, NotFound
from serving.schemas.access import KeyIn, RolesIn
from serving.schemas.appeals import FilingIn, LetterIn, OutcomeIn, SentenceIn
from serving.schemas.billing import MendIn, PaymentIn, WriteOffIn
from serving.schemas.coding import AnswerIn, CloseIn, DecisionIn, QueryIn, ReopenIn, SignatureIn
from serving.schemas.contracts import ContractIn, EstimateIn, PlannedIn, WhatIfIn
from serving.schemas.keying import DraftIn, PostIn, SaveIn
from serving.schemas.models import ServiceIn, WithholdIn
from serving.schemas.money import (
    AssignIn,
    BatchIn,
    GuarantorPaymentIn,
    HandMatchIn,
    InvestigationIn,
    KeyedClaim,
    KeyedRemittance,
    PatientWriteOffIn,
    PlanIn,
    ReasonIn,
    RefundIn,
    RefundRulesIn,
    RefundTermIn,
    RequestedIn,
)
from serving.security import ACTIONS, Actor, Role, may
from serving.store import schema
from tests.billing_core import specimens
from tests.security.two_practices import SURNAME, Ids, Two, small_model, two_practices

for module in pkgutil.iter_modules(serving.desk.__path__):
    importlib.import_module(f"serving.desk.{module.name}")

HARDSHIP = PatientWriteOffIn(kind="hardship", reason="none")
NO_REASON = ReasonIn(reason="none")
LEAVE = MendIn(action="leave", reason="none")
ACCEPT = DecisionIn(system="CPT", code="99213", decision="accept")
LETTER = LetterIn(sentences=[SentenceIn(words="none", source="chart: none")])
CASH = PaymentIn(encounter_id="-", amount="1.00", method="cash")
Arguments = Callable[[Ids, Path], tuple[Any, ...]]
NONE: Arguments = lambda ids, folder: ()  # noqa: E731  # a table reads better than fifteen functions


def _visit_planned(ids: Ids) -> EstimateIn:
    patient = ids.coverage.replace("coverage-", "patient-").removesuffix("-1")
    return EstimateIn(patient_id=patient, service_date="2026-01-06", services=[PlannedIn(procedure="99213")])


def _file(folder: Path, text: str) -> Path:
    path = folder / "lines.jsonl"
    path.write_text(text + "\n", "utf-8")
    return path


# The use case -> its arguments, made of somebody's ids. ASKS: it names one thing by id, and must not find a stranger's.
ASKS: Mapping[str, Arguments] = {
    "accounts.account": lambda ids, folder: (ids.patient,),
    "accounts.explain": lambda ids, folder: (ids.entry,),
    "bank.match_by_hand": lambda ids, folder: (
        HandMatchIn(deposits=[ids.write_off], remittances=[ids.remittance], reason="none"),
    ),
    "bank.undo_match": lambda ids, folder: (ids.write_off, NO_REASON),
    "bank.patients_money": lambda ids, folder: (ids.write_off, NO_REASON),
    "credits.decline_refund": lambda ids, folder: (ids.write_off, NO_REASON),
    "credits.investigate": lambda ids, folder: (ids.write_off, InvestigationIn(until="2026-06-01", reason="none")),
    "credits.requested": lambda ids, folder: (ids.write_off, RequestedIn(on="2026-01-01", reason="none")),
    "credits.name_term": lambda ids, folder: (ids.write_off, RefundTermIn(due="2026-06-01", rule="none")),
    "patient_balance.decline_write_off": lambda ids, folder: (ids.write_off, NO_REASON),
    "patient_balance.end_plan": lambda ids, folder: (ids.write_off, NO_REASON),
    "patient_balance.take_guarantor_payment": lambda ids, folder: (
        _guarantor(ids),
        GuarantorPaymentIn(amount="1.00", method="cash"),
    ),
    "remitted.answer": lambda ids, folder: (ids.remittance, 1),
    "remitted.remittance": lambda ids, folder: (ids.remittance,),
    "credits.approve_refund": lambda ids, folder: (ids.write_off,),
    "credits.ask_refund": lambda ids, folder: (ids.write_off, RefundIn(amount="1.00", reason="none")),
    "patient_balance.approve_write_off": lambda ids, folder: (ids.write_off,),
    "patient_balance.ask_write_off": lambda ids, folder: (_guarantor(ids), HARDSHIP),
    "patient_balance.give_back": lambda ids, folder: (_guarantor(ids), ReasonIn(reason="none")),
    "patient_balance.make_plan": lambda ids, folder: (_guarantor(ids), PlanIn(monthly="1.00", first_due="2026-03-01")),
    "patient_balance.place": lambda ids, folder: (_guarantor(ids), ReasonIn(reason="none")),
    "unmatched.assign": lambda ids, folder: (ids.write_off, AssignIn(claim_number=ids.claim_number)),
    "keying.read_draft": lambda ids, folder: (ids.write_off,),
    "keying.save": lambda ids, folder: (ids.write_off, SaveIn(version=0, draft=DraftIn(name="batch"))),
    "keying.post": lambda ids, folder: (ids.write_off, PostIn(version=0)),
    "keying.discard": lambda ids, folder: (ids.write_off, NO_REASON),
    "held.settle": lambda ids, folder: (ids.write_off, NO_REASON),
    "verification.settle": lambda ids, folder: (ids.write_off, NO_REASON),
    "unmatched.leave": lambda ids, folder: (ids.write_off, ReasonIn(reason="none")),
    "unmatched.undo_assignment": lambda ids, folder: (ids.write_off, ReasonIn(reason="none")),
    "appeals.draft": lambda ids, folder: (ids.rejected,),
    "appeals.read_appeal": lambda ids, folder: (ids.appeal,),
    "appeals.edit": lambda ids, folder: (ids.appeal, LETTER),
    "appeals.file": lambda ids, folder: (ids.appeal, FilingIn(signed_by="B. Biller", sent_by="mail")),
    "appeals.decide": lambda ids, folder: (ids.appeal, OutcomeIn(outcome="upheld")),
    "appeals.appeal_paper": lambda ids, folder: (ids.appeal,),
    "batch.suggest_for": lambda ids, folder: ([ids.open_encounter],),
    "billing.file_bytes": lambda ids, folder: (ids.inbound,),
    "billing.mend": lambda ids, folder: (ids.rejected, LEAVE),
    "billing.read_claim": lambda ids, folder: (ids.claim,),
    "contracts.good_faith_pdf": lambda ids, folder: (_visit_planned(ids),),
    "contracts.make_estimate": lambda ids, folder: (_visit_planned(ids),),
    "contracts.what_if": lambda ids, folder: (ids.claim, WhatIfIn()),
    "models.put_in_service": lambda ids, folder: ("denial", ServiceIn(sha256="0" * 64, reason="none")),
    "models.put_in_shadow": lambda ids, folder: ("denial", ServiceIn(sha256="0" * 64, reason="none")),
    "coding.decide": lambda ids, folder: (ids.open_encounter, ACCEPT),
    "coding.read_encounter": lambda ids, folder: (ids.encounter,),
    "coding.sign": lambda ids, folder: (ids.open_encounter, SignatureIn()),
    "coding.suggest": lambda ids, folder: (ids.open_encounter,),
    "coding.close": lambda ids, folder: (ids.open_encounter, CloseIn(reason="no_charge")),
    "coding.reopen": lambda ids, folder: (ids.open_encounter, ReopenIn(reason="none")),
    "queries.ask": lambda ids, folder: (ids.open_encounter, QueryIn(code="M17.10")),
    "queries.answer": lambda ids, folder: (ids.query, AnswerIn(option="left")),
    "queries.settle": lambda ids, folder: (ids.query,),
    "queries.withdraw": lambda ids, folder: (ids.query,),
    "replay.replay": lambda ids, folder: (ids.open_encounter,),
    "money.statement_pdf": lambda ids, folder: (ids.statement,),
    "people.set_roles": lambda ids, folder: (ids.user, RolesIn(roles=["front_desk"])),
    "people.revoke_key": lambda ids, folder: (ids.key,),
    "write_off.approve": lambda ids, folder: (ids.write_off,),
    "write_off.ask": lambda ids, folder: (ids.rejected, WriteOffIn(reason="none")),
    "write_off.decline": lambda ids, folder: (ids.write_off,),
    "money.take_payment": lambda ids, folder: (CASH.model_copy(update={"encounter_id": ids.encounter}),),
}
# LISTS: it takes no id; what it returns or writes must hold nothing of another practice.
LISTS: Mapping[str, Arguments] = {
    "accounts.aging": NONE,
    "accounts.aging_lines": NONE,
    "follow_up.bill_signed": NONE,
    "follow_up.open_ends": NONE,
    "patient_balance.asked_write_offs": NONE,
    "patient_balance.guarantors": NONE,
    "remitted.carried": NONE,
    "remitted.remittances": NONE,
    "report.report": NONE,
    "report.cases": lambda ids, folder: ("denial-rate", "denominator"),
    "accounts.close_day": lambda ids, folder: (date(2026, 1, 8),),
    "accounts.digest": NONE,
    "accounts.read_day": lambda ids, folder: (date(2026, 1, 8),),
    "appeals.appeals": NONE,
    "bank.bank_standing": NONE,
    "bank.matches": NONE,
    "bank.match_deposits": lambda ids, folder: ("bank.csv", b"date,amount,reference\n2026-01-16,80.00,x\n"),
    "credits.credits": NONE,
    "credits.find_credits": NONE,
    "credits.refunds": NONE,
    "refund_rules.rules": NONE,
    "refund_rules.save_rules": lambda ids, folder: (RefundRulesIn(text="format = 2"),),
    "follow_up.find_silent": NONE,
    "keying.begin": lambda ids, folder: (DraftIn(name="batch"),),
    "keying.drafts": NONE,
    "keyed.key_batch": lambda ids, folder: (_keyed(ids),),
    "patient_balance.plans": NONE,
    "unmatched.unmatched": NONE,
    "verification.ask": NONE,
    "verification.coverages": NONE,
    "batch.open_visits": NONE,
    "billing.claims": NONE,
    "billing.deliver": lambda ids, folder: (folder,),
    "billing.files": NONE,
    "billing.queue": NONE,
    "billing.submit": NONE,
    "coding.worklist": NONE,
    "queries.queries": NONE,
    "symmetry.symmetry": NONE,
    "contracts.check_contract": lambda ids, folder: (ContractIn(text="format = 2"),),
    "contracts.contracts": NONE,
    "contracts.read_contract": lambda ids, folder: ("payer-FULL1",),
    "contracts.save_contract": lambda ids, folder: (ContractIn(text="format = 2"),),
    "contracts.patients": NONE,
    "contracts.underpayments": NONE,
    "export.export": lambda ids, folder: (folder / "export",),
    "models.models": NONE,
    "models.activate": lambda ids, folder: ("denial", small_model(folder / "active")),
    "models.offer": lambda ids, folder: ("denial", small_model(folder / "model")),
    "replies.answer_files": NONE,
    "money.analytics": NONE,
    "money.prove": NONE,
    "money.run_statements": NONE,
    "money.statements": NONE,
    "money.summary": NONE,
    "models.withhold": lambda ids, folder: (WithholdIn(percent=5, reason="none"),),
    "models.withholding": NONE,
    "scoring.ask": lambda ids, folder: (facts(specimens.claim(), date(2026, 2, 1), "person"),),
    "scoring.score_claims": NONE,
    "scoring.score_in_shadow": NONE,
    "watching.last_watch": lambda ids, folder: ("denial",),
    "watching.watch_denials": NONE,
    "secondary.build_secondaries": NONE,
    "write_off.asked": NONE,
    "people.users": NONE,
    "people.keys": NONE,
    "people.make_key": lambda ids, folder: (KeyIn(name="scanner", roles=["front_desk"]),),
    "people.events": NONE,
}
# READS: it takes a file of lines that name things; a stranger's are passed over or refused.
READS: Mapping[str, Arguments] = {
    "answers.receive": lambda ids, folder: ("a.835", (folder / "835").read_bytes()),
    "answers.turn_away": lambda ids, folder: ("a.835", (folder / "835").read_bytes(), "cut off"),
    "batch.mend_all": lambda ids, folder: (
        _file(folder, f'{{"action": "correct", "claim_number": "{ids.claim_number}", "changes": {{}}}}'),
    ),
    "batch.sign_all": lambda ids, folder: (
        _file(
            folder,
            f'{{"encounter_id": "{ids.open_encounter}", "signed_on": "2026-01-07", "decisions": [],'
            ' "diagnoses": ["I10"], "procedures": [{"code": "99213"}]}',
        ),
    ),
    "intake.register": lambda ids, folder: (_register(folder, ids), date.min, date.max),
    "intake.take_in": lambda ids, folder: (_visits(folder, ids),),
    "money.take_mailed_payments": lambda ids, folder: (
        _file(folder, f'{{"statement_id": "{ids.statement}", "amount": "1.00", "method": "check"}}'),
    ),
}
EVERY: Mapping[str, Arguments] = {**ASKS, **LISTS, **READS}


def _guarantor(ids: Ids) -> str:
    return ids.patient.replace("patient-", "guarantor-")


def _keyed(ids: Ids) -> BatchIn:
    """A check of a payer, keyed by hand for one claim."""
    claim = KeyedClaim(claim_number=ids.claim_number, charge="1.00", paid="1.00")
    paper = KeyedRemittance(
        payer_number="SHARE", method="CHK", trace="77", paid_on="2026-02-01", amount="1.00", claims=[claim]
    )
    return BatchIn(name="batch", control_amount="1.00", control_claims=1, remittances=[paper])


def _register(folder: Path, ids: Ids) -> Path:
    """A registration that would hang an authorization on the stranger's patient."""
    patient = ids.coverage.removeprefix("coverage-").removesuffix("-1")
    record = (
        f'{{"id": "a", "patient_id": "patient-{patient}", "payer_id": "payer-FULL1", "number": "A1",'
        ' "procedure": "99213", "units": 1, "effective": "2026-01-01", "terminated": "2026-12-31"}'
    )
    (folder / "registration.jsonl").write_text(
        f'{{"kind": "authorization", "record": {record}, "known_on": "2026-01-05"}}\n', "utf-8"
    )
    return folder


def _visits(folder: Path, ids: Ids) -> Path:
    """A visit of the stranger's patient."""
    patient = ids.coverage.removeprefix("coverage-").removesuffix("-1")
    (folder / "note.txt").write_text("Assessment: cough.", "utf-8")
    record = (
        f'{{"id": "v", "patient_id": "patient-{patient}", "provider_id": "provider", "location_id": "location",'
        ' "service_date": "2026-01-05", "setting": "outpatient",'
        ' "note_sha256": "98d1b6a55a2d5e9a1e4ad2dc5f3f1b6a", "referring_provider_id": "",'
        ' "supervising_provider_id": "", "authorization_id": ""}'
    )
    (folder / "encounters.jsonl").write_text(
        f'{{"record": {record}, "note": "note.txt", "signed_on": "2026-01-07"}}\n', "utf-8"
    )
    return folder


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Two]:
    with two_practices(tmp_path_factory.mktemp("two")) as two:
        yield two


def _call(name: str) -> Callable[..., Any]:
    module, _, function = name.rpartition(".")
    found: Callable[..., Any] = getattr(importlib.import_module(f"serving.desk.{module}"), function)
    return found


def _rows(two: Two, practice_id: str) -> dict[str, list[str]]:
    """Every row of the practice, but for its event log and chain heads, which grow with each question."""
    grows = {"event", "chain_head"}
    with two.store.engine.connect() as connection:
        return {
            table.name: sorted(map(repr, connection.execute(table.select().where(table.c.practice_id == practice_id))))
            for table in schema.metadata.tables.values()
            if "practice_id" in table.c and table.name not in grows
        }


def _said(result: Any, folder: Path) -> bytes:
    """Everything that came out: what was returned, and every file left in the folder."""
    text = result if isinstance(result, bytes) else repr(result).encode()
    left = [path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()]
    return b"\n".join([text, *left])


def test_every_use_case_has_its_place_in_the_tables_and_its_action_in_the_policy() -> None:
    assert sorted(EVERY) == sorted(name.removeprefix("serving.desk.") for name in USE_CASES)
    assert set(USE_CASES.values()) <= set(ACTIONS), "an action that no policy names is nobody's"


@pytest.mark.parametrize("role", [*Role, None])
def test_a_use_case_is_denied_to_every_role_that_the_policy_does_not_name(
    two: Two, role: Role | None, tmp_path: Path
) -> None:
    (tmp_path / "835").write_bytes(b"")
    before, ids = _rows(two, two.elm.practice_id), two.ids(two.elm)
    desk = two.desk(two.elm)
    desk = replace(desk, actor=replace(desk.actor, roles=frozenset([role] if role else [])))
    for name, arguments in EVERY.items():
        action = USE_CASES[f"serving.desk.{name}"]
        if role not in ACTIONS[action]:
            given = arguments(ids, tmp_path)
            with pytest.raises(Forbidden) as refused:
                _call(name)(desk, *given)
            assert refused.value.action == action
    assert _rows(two, two.elm.practice_id) == before


def test_nobody_may_anything_in_a_practice_that_is_not_theirs_or_that_no_policy_names() -> None:
    everybody = Actor("u", "u", "elm", frozenset(Role))
    for action in ACTIONS:
        may(everybody, action, "elm")
        for other in ("oak", "", "elm "):
            with pytest.raises(Forbidden):
                may(everybody, action, other)
    for unknown in ("", "claim.destroy", "*"):
        with pytest.raises(Forbidden):
            may(everybody, unknown, "elm")


@pytest.mark.parametrize("name", sorted(ASKS))
def test_another_practices_id_is_answered_like_one_that_never_was(two: Two, name: str, tmp_path: Path) -> None:
    before = _rows(two, two.elm.practice_id), _rows(two, two.oak.practice_id)
    desk, words = two.desk(two.oak), []
    invented = Ids(*(["01900000-0000-7000-8000-000000000000"] * len(Ids.__dataclass_fields__)))
    for ids in (two.ids(two.elm), invented):
        with pytest.raises(NotFound) as refused:
            _call(name)(desk, *ASKS[name](ids, tmp_path))
        words.append(str(refused.value))
    assert words[0] == words[1]
    assert before == (_rows(two, two.elm.practice_id), _rows(two, two.oak.practice_id))
    with pytest.raises(Forbidden):  # and an actor of one practice opens no desk in the other
        _call(name)(_Elsewhere(desk, two.elm.practice_id), *ASKS[name](two.ids(two.elm), tmp_path))


class _Elsewhere:
    """A desk whose practice is not its actor's: what a forged request would amount to."""

    def __init__(self, desk: Any, practice_id: str) -> None:
        self._desk, self.practice_id = desk, practice_id

    def __getattr__(self, name: str) -> Any:
        return getattr(self._desk, name)


@pytest.mark.parametrize("name", sorted(LISTS))
def test_what_a_practice_is_shown_holds_nothing_of_another(two: Two, name: str, tmp_path: Path) -> None:
    before, elm = _rows(two, two.elm.practice_id), two.ids(two.elm)
    try:
        result = _call(name)(two.desk(two.oak), *LISTS[name](two.ids(two.oak), tmp_path))
    except (NoModel, InputError) as refused:
        result = str(refused)
    said = _said(result, tmp_path)
    assert SURNAME["ELMF"].encode() not in said and SURNAME["ELMF"].upper().encode() not in said
    for value in (elm.claim, elm.claim_number, elm.outbound, elm.inbound, elm.statement, elm.encounter, b"ELMF"):
        assert (value if isinstance(value, bytes) else value.encode()) not in said
    assert _rows(two, two.elm.practice_id) == before


@pytest.mark.parametrize("name", sorted(READS))
def test_a_file_that_names_another_practices_things_moves_nothing(two: Two, name: str, tmp_path: Path) -> None:
    elm = two.ids(two.elm)
    with two.store.read(two.elm.practice_id) as books:
        (tmp_path / "835").write_bytes(books.file_bytes(elm.inbound))
    before = _rows(two, two.elm.practice_id), _rows(two, two.oak.practice_id)
    try:
        result = _call(name)(two.desk(two.oak), *READS[name](elm, tmp_path))
        assert result in (0, {"no claim of ours": 1}), name
    except (NotFound, InputError) as refused:
        assert SURNAME["ELMF"] not in str(refused)
    assert before == (_rows(two, two.elm.practice_id), _rows(two, two.oak.practice_id))
