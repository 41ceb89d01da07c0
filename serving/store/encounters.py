"""From the note to the charge: visits, their notes, what a model suggested, what a coder decided and signed."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, update

from billing_core.charge import Charge
from billing_core.encounter import CodeSystem, Encounter, SignedEncounter
from billing_core.provider_query import ProviderQuery
from serving.errors import Conflict, InputError, NotFound
from serving.store import schema
from serving.store.bound import Bound, body, clean, in_chunks, read
from serving.store.states import ENCOUNTER_STEPS, CodeDecision, EncounterStatus


@dataclass(frozen=True, slots=True)
class Visit:
    """An encounter and where it stands."""

    encounter: Encounter
    status: EncounterStatus
    reason: str


@dataclass(frozen=True, slots=True)
class SuggestionRun:
    """One run of the suggester over one note. `body` is the suggestions as plain values."""

    id: str
    encounter_id: str
    artifact_sha256: str
    made_at: datetime
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Decision:
    """What a coder said of one code. `detail` carries modifiers, units, pointers and spans as plain values."""

    id: str
    encounter_id: str
    position: int
    system: CodeSystem
    code: str
    decision: CodeDecision
    reason: str
    actor: str
    at: datetime
    suggestion_id: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CodingCounts:
    """Codes suggested; decisions by (login, decision); codes signed by login."""

    suggested: int
    decided: Mapping[tuple[str, str], int]
    signed: Mapping[str, int]


class Encounters(Bound):
    """Visits and their coding. Decisions and signings are only ever added; the latest counts."""

    def save_encounter(self, record: Encounter, note_text: str | None = None) -> None:
        """Add a visit as open, with its note when given; a visit that is there keeps its status."""
        row = {
            "id": record.id,
            "patient_id": record.patient_id,
            "provider_id": record.provider_id,
            "location_id": record.location_id,
            "service_date": record.service_date,
            "body": body(record),
        }
        table = schema.encounter
        before = self._run(self._select(table, table.c.provider_id).where(table.c.id == record.id)).scalar()
        if before is not None:
            self._save(table, [row | self._standing(record.id)])
            if before != record.provider_id:
                self._move_balances(record)
        else:
            self._insert(table, [row | {"status": EncounterStatus.OPEN, "status_reason": ""}])
        if note_text is not None:
            self.save_note(record.id, note_text)

    def _move_balances(self, record: Encounter) -> None:
        """What is owed of the visit's charges is kept beside who gave the care."""
        kept, charge = schema.open_balance, schema.charge
        its = self._select(charge, charge.c.id).where(charge.c.encounter_id == record.id)
        moving = update(kept).where(self._mine(kept), kept.c.charge_id.in_(its))
        self._run(moving.values(provider_id=record.provider_id))

    def _standing(self, encounter_id: str) -> dict[str, str]:
        row = self._row(schema.encounter, "encounter", id=encounter_id)
        return {"status": row["status"], "status_reason": row["status_reason"]}

    def encounter(self, encounter_id: str) -> Encounter:
        """The visit, or NotFound."""
        return self._record(Encounter, schema.encounter, "encounter", id=encounter_id)

    def visit(self, encounter_id: str) -> Visit:
        """The visit and where it stands, or NotFound."""
        return _visit(self._row(schema.encounter, "encounter", id=encounter_id))

    def encounters(
        self,
        status: EncounterStatus | str | None = None,
        *,
        patient_id: str = "",
        since: date | None = None,
        until: date | None = None,
        limit: int | None = None,
    ) -> tuple[Visit, ...]:
        """Visits, oldest date of service first; by status, patient and dates of service (both ends) when given."""
        table = schema.encounter
        query = self._select(table).order_by(table.c.service_date, table.c.id).limit(limit)
        if status is not None:
            query = query.where(table.c.status == EncounterStatus(status))
        if patient_id:
            query = query.where(table.c.patient_id == patient_id)
        if since is not None:
            query = query.where(table.c.service_date >= since)
        if until is not None:
            query = query.where(table.c.service_date <= until)
        return tuple(_visit(row) for row in self._run(query).mappings())

    def encounter_counts(self) -> dict[EncounterStatus, int]:
        """How many visits stand at each status; statuses without a visit are left out."""
        table = schema.encounter
        query = self._select(table, table.c.status, func.count()).group_by(table.c.status)
        return {EncounterStatus(status): count for status, count in self._run(query.order_by(table.c.status))}

    def step_encounter(self, encounter_id: str, to: EncounterStatus, reason: str = "") -> None:
        """Move a visit to another status; Conflict when it may not go there, InputError when closed without reason."""
        at = self.visit(encounter_id).status
        if to is not at and to not in ENCOUNTER_STEPS[at]:
            raise Conflict(f"a visit that is {at} cannot become {to}", mend="look at the visit's history")
        if to is EncounterStatus.CLOSED and not reason.strip():
            raise InputError("closing a visit needs a reason", field="reason", mend="say why nothing will be billed")
        self._change(schema.encounter, "encounter", {"id": encounter_id}, {"status": to, "status_reason": reason})

    # --- the note ---

    def save_note(self, encounter_id: str, text: str) -> None:
        """Keep the visit's note. Its bytes (UTF-8) must be those whose sha256 the visit carries."""
        sha256 = hashlib.sha256(clean(text, "note").encode()).hexdigest()
        if self.encounter(encounter_id).note_sha256 != sha256:
            raise InputError(
                "not the note of this visit: its sha256 differs", field="note", mend="import the visit with this note"
            )
        self._save(schema.note, [{"encounter_id": encounter_id, "sha256": sha256, "text": text}])

    def note_text(self, encounter_id: str) -> str:
        """The note, or NotFound."""
        return str(self._row(schema.note, "note", encounter_id=encounter_id)["text"])

    # --- suggested, decided, signed ---

    def add_suggestion(self, encounter_id: str, artifact_sha256: str, suggestions: Any) -> str:
        """Keep one run of the suggester (a record or plain values); returns its id."""
        row = {
            "id": self.new_id(),
            "encounter_id": encounter_id,
            "artifact_sha256": artifact_sha256,
            "made_at": self.clock.now(),
            "body": body(suggestions),
        }
        self._insert(schema.suggestion, [row])
        return str(row["id"])

    def latest_suggestion(self, encounter_id: str) -> SuggestionRun | None:
        """The latest run over the visit's note; None when there was none."""
        table = schema.suggestion
        query = self._select(table).where(table.c.encounter_id == encounter_id)
        row = self._run(query.order_by(table.c.made_at.desc(), table.c.id.desc()).limit(1)).mappings().first()
        return _suggestion_run(row) if row else None

    def suggestion(self, suggestion_id: str) -> SuggestionRun:
        """One run, or NotFound."""
        return _suggestion_run(self._row(schema.suggestion, "suggestion", id=suggestion_id))

    def suggestion_count(self) -> int:
        """How many runs the practice has kept."""
        return int(self._run(self._select(schema.suggestion, func.count())).scalar_one())

    def add_decision(
        self,
        encounter_id: str,
        system: CodeSystem,
        code: str,
        decision: CodeDecision,
        actor: str,
        reason: str = "",
        suggestion_id: str = "",
        detail: Mapping[str, Any] | None = None,
    ) -> Decision:
        """Add a coder's word on one code. It counts until the next word on the same code."""
        table = schema.decision
        last = self._run(self._select(table, func.max(table.c.position)).where(table.c.encounter_id == encounter_id))
        made = Decision(
            id=self.new_id(),
            encounter_id=encounter_id,
            position=(last.scalar() or 0) + 1,
            system=CodeSystem(system),
            code=code,
            decision=CodeDecision(decision),
            reason=clean(reason, "reason"),
            actor=actor,
            at=self.clock.now(),
            suggestion_id=suggestion_id,
            detail=detail or {},
        )
        row = {name: getattr(made, name) for name in Decision.__dataclass_fields__}
        self._insert(table, [row | {"suggestion_id": suggestion_id or None, "detail": body(dict(made.detail))}])
        return made

    def decision_history(self, encounter_id: str) -> tuple[Decision, ...]:
        """Every word on every code of the visit, in the order given."""
        table = schema.decision
        query = self._select(table).where(table.c.encounter_id == encounter_id).order_by(table.c.position)
        return tuple(_decision(row) for row in self._run(query).mappings())

    def decisions(self, encounter_id: str) -> tuple[Decision, ...]:
        """The word that counts for each code, in the order of those words; withdrawn ones are left out."""
        latest = {(d.system, d.code): d for d in self.decision_history(encounter_id)}
        counting = (d for d in latest.values() if d.decision is not CodeDecision.WITHDRAW)
        return tuple(sorted(counting, key=lambda d: d.position))

    def coding_progress(self, encounter_ids: Iterable[str]) -> dict[str, tuple[int, int]]:
        """How many codes were suggested and how many are decided, by visit: a worklist in two questions a chunk."""
        suggested: dict[str, int] = {}
        said: dict[str, dict[tuple[str, str], str]] = {}
        run, word = schema.suggestion, schema.decision
        for some in in_chunks(encounter_ids):
            query = self._select(run, run.c.encounter_id, run.c.body).where(run.c.encounter_id.in_(some))
            for encounter_id, text in self._run(query.order_by(run.c.made_at, run.c.id)):
                suggested[encounter_id] = len(json.loads(text)["codes"])
            query = self._select(word, word.c.encounter_id, word.c.system, word.c.code, word.c.decision)
            for encounter_id, system, code, decision in self._run(
                query.where(word.c.encounter_id.in_(some)).order_by(word.c.encounter_id, word.c.position)
            ):
                said.setdefault(encounter_id, {})[system, code] = decision
        decided = {visit: sum(d != CodeDecision.WITHDRAW for d in words.values()) for visit, words in said.items()}
        return {visit: (suggested.get(visit, 0), decided.get(visit, 0)) for visit in {*suggested, *decided}}

    def sign(self, signed: SignedEncounter, signed_on: date) -> int:
        """Keep a signed coding; returns its version (1, 2, ...). The latest counts."""
        table = schema.sign_off
        encounter_id = signed.encounter.id
        last = self._run(self._select(table, func.max(table.c.version)).where(table.c.encounter_id == encounter_id))
        version = int(last.scalar() or 0) + 1
        row = {
            "encounter_id": encounter_id,
            "version": version,
            "signed_by": signed.signed_by,
            "signed_on": signed_on,
            "at": self.clock.now(),
            "body": body(signed),
        }
        self._insert(table, [row])
        return version

    def coding_counts(self) -> CodingCounts:
        """How many codes were suggested, and how many each coder accepted, rejected, added and signed."""
        runs = self._run(self._select(schema.suggestion, schema.suggestion.c.body)).scalars()
        suggested = sum(len(json.loads(text)["codes"]) for text in runs)
        table, decided = schema.decision, Counter[tuple[str, str]]()
        query = self._select(table, table.c.actor, table.c.decision, func.count())
        for actor, decision, count in self._run(query.group_by(table.c.actor, table.c.decision)):
            decided[actor, decision] = count
        signed = Counter[str]()
        off = schema.sign_off
        for actor, text in self._run(self._select(off, off.c.signed_by, off.c.body)):
            plain = json.loads(text)
            signed[actor] += len(plain["diagnoses"]) + len(plain["procedures"])
        return CodingCounts(suggested, dict(sorted(decided.items())), dict(sorted(signed.items())))

    def signed(self, encounter_id: str) -> SignedEncounter:
        """The coding that counts, or NotFound when nobody has signed."""
        return read(SignedEncounter, self._latest_sign_off(encounter_id)["body"])

    def signed_on(self, encounter_id: str) -> date:
        """The business date of the signing that counts, or NotFound."""
        on: date = self._latest_sign_off(encounter_id)["signed_on"]
        return on

    def _latest_sign_off(self, encounter_id: str) -> Mapping[str, Any]:
        table = schema.sign_off
        query = self._select(table).where(table.c.encounter_id == encounter_id)
        row = self._run(query.order_by(table.c.version.desc()).limit(1)).mappings().first()
        if row is None:
            raise NotFound("signed coding")
        return dict(row)

    # --- queries to the provider ---

    def save_query(self, record: ProviderQuery) -> None:
        """Keep a query, or what became of it."""
        row = {
            "id": record.id,
            "encounter_id": record.encounter_id,
            "state": record.state,
            "asked_on": record.asked_on,
            "body": body(record),
        }
        self._save(schema.provider_query, [row])

    def query(self, query_id: str) -> ProviderQuery:
        """The query, or NotFound."""
        return self._record(ProviderQuery, schema.provider_query, "query", id=query_id)

    def queries(self, encounter_id: str = "") -> tuple[ProviderQuery, ...]:
        """Queries, oldest first; of one visit when given."""
        table = schema.provider_query
        query = self._select(table, table.c.body).order_by(table.c.asked_on, table.c.id)
        if encounter_id:
            query = query.where(table.c.encounter_id == encounter_id)
        return self._records(ProviderQuery, query)

    # --- the charges ---

    def save_charges(self, records: Iterable[Charge]) -> None:
        """Add the charges of a visit. A charge is never replaced: its id may be in the ledger."""
        rows = [
            {
                "id": r.id,
                "encounter_id": r.encounter_id,
                "patient_id": r.patient_id,
                "line": r.line,
                "procedure": r.procedure,
                "service_date": r.service_date,
                "amount": r.amount,
                "body": body(r),
            }
            for r in records
        ]
        self._insert(schema.charge, rows)

    def charge(self, charge_id: str) -> Charge:
        """The charge, or NotFound."""
        return self._record(Charge, schema.charge, "charge", id=charge_id)

    def charges(self, encounter_id: str) -> tuple[Charge, ...]:
        """The visit's charges, by line."""
        table = schema.charge
        query = self._select(table, table.c.body).where(table.c.encounter_id == encounter_id)
        return self._records(Charge, query.order_by(table.c.line, table.c.id))

    def charges_of_patient(self, patient_id: str) -> tuple[Charge, ...]:
        """The patient's charges, oldest service first."""
        table = schema.charge
        query = self._select(table, table.c.body).where(table.c.patient_id == patient_id)
        return self._records(Charge, query.order_by(table.c.service_date, table.c.encounter_id, table.c.line))

    def charges_by_id(self, charge_ids: Iterable[str]) -> dict[str, Charge]:
        """The charges with these ids; ids that are not of this practice are left out."""
        table = schema.charge
        found: dict[str, Charge] = {}
        for piece in in_chunks(charge_ids):
            rows = self._records(Charge, self._select(table, table.c.body).where(table.c.id.in_(piece)))
            found.update({record.id: record for record in rows})
        return found


def _visit(row: Any) -> Visit:
    return Visit(read(Encounter, row["body"]), EncounterStatus(row["status"]), row["status_reason"])


def _suggestion_run(row: Any) -> SuggestionRun:
    kept = json.loads(row["body"])
    return SuggestionRun(row["id"], row["encounter_id"], row["artifact_sha256"], row["made_at"], kept)


def _decision(row: Any) -> Decision:
    values = {name: row[name] for name in Decision.__dataclass_fields__}
    values |= {"system": CodeSystem(row["system"]), "decision": CodeDecision(row["decision"])}
    return Decision(**values | {"suggestion_id": row["suggestion_id"] or "", "detail": json.loads(row["detail"])})
