"""Claims, their standing, their risk, and the numbers that are given out once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import reduce
from operator import getitem
from typing import Any

from pydantic_core import from_json
from sqlalchemy import Select, and_, func, or_
from sqlalchemy.dialects import postgresql, sqlite

from billing_core.claim import BilledClaim, Claim, ClaimLine, ClaimState, Frequency, step
from billing_core.money import Cents
from billing_core.record import each_from_plain, from_plain, from_plain_with, to_plain
from billing_core.registration import Coverage, Location, Patient, Payer, Practice, Provider
from billing_core.rule import Finding
from serving.errors import Conflict, NotFound
from serving.store import schema
from serving.store.bound import CHUNK, Bound, body, in_chunks
from serving.store.states import RemittanceState

CONTROL_MOST = 999_999_999  # ISA13, GS06: nine digits
CLAIM_SERIAL = "claim"


@dataclass(frozen=True, slots=True)
class ClaimRow:
    """A claim as a list shows it: everything but its content."""

    id: str
    number: str
    encounter_id: str
    patient_id: str
    payer_id: str
    rank: int
    frequency: Frequency
    state: ClaimState
    total: Cents
    service_date: date
    created_on: date
    submitted_on: date | None
    deadline: date | None
    replaces: str


@dataclass(frozen=True, slots=True)
class StandingClaim:
    """A claim whole, where it stands, and what our edits found when it was last scrubbed."""

    claim: Claim
    row: ClaimRow
    findings: tuple[Finding, ...]

    @property
    def state(self) -> ClaimState:
        """Where the claim stands."""
        return self.row.state


@dataclass(frozen=True, slots=True)
class ClaimScore:
    """One model's risk of denial for one claim, parts per million. `body` holds reasons as plain values.

    `shadow`: said by a challenger beside the model in service, and advice to nobody. `withheld`: the claim was drawn
    into the slice from which advice is withheld.
    """

    id: str
    claim_id: str
    artifact_sha256: str
    probability_ppm: int
    at: datetime
    shadow: bool
    withheld: bool
    body: Mapping[str, Any]


_LISTED = [schema.claim.c[name] for name in ClaimRow.__dataclass_fields__]


class Claims(Bound):
    """Claims by id, by number, by state. A number is given out once and never again."""

    # --- numbers ---

    def next_control(self, kind: str, count: int = 1) -> int:
        """The next control number of that kind (1, 2, ...); with `count`, the first of that many in a row."""
        last = self._count_up(kind, count)
        if last > CONTROL_MOST:
            raise Conflict("control numbers of this kind are used up", mend="agree a new sender id with the receiver")
        return last - count + 1

    def next_claim_serial(self, count: int = 1) -> int:
        """The next serial for `billing_core.identifiers.claim_number`; with `count`, the first of that many."""
        return self._count_up(CLAIM_SERIAL, count) - count + 1

    def _count_up(self, kind: str, count: int) -> int:
        if count < 1:
            raise ValueError("at least one number")
        dialect = postgresql if self._connection.dialect.name == "postgresql" else sqlite
        table = schema.control_number
        first = dialect.insert(table).values(practice_id=self.practice_id, kind=kind, value=count)
        counted = first.on_conflict_do_update(
            index_elements=["practice_id", "kind"], set_={"value": table.c.value + count}
        )
        return int(self._run(counted.returning(table.c.value)).scalar_one())

    # --- claims ---

    def save_claim(
        self,
        claim: Claim,
        state: ClaimState,
        *,
        findings: Sequence[Finding] = (),
        deadline: date | None = None,
        submitted_on: date | None = None,
    ) -> None:
        """Add a claim, or replace the one of that id while it has not left the house (held or ready)."""
        table = schema.claim
        there = self._run(self._select(table, table.c.state).where(table.c.id == claim.id)).scalar()
        if there not in (None, ClaimState.HELD, ClaimState.READY):
            raise Conflict(f"a {there} claim stays as it was sent", mend="build a replacement or a new claim")
        row = {
            "id": claim.id,
            "number": claim.number,
            "encounter_id": claim.encounter_id,
            "patient_id": claim.patient.id,
            "payer_id": claim.payer.id,
            "rank": claim.rank,
            "frequency": claim.frequency,
            "state": ClaimState(state),
            "total": claim.total,
            "service_date": claim.service_date,
            "created_on": claim.created_on,
            "submitted_on": submitted_on,
            "deadline": deadline,
            "replaces": self._replaced(claim.replaces),
            "findings": body([to_plain(finding) for finding in findings]),
            "body": body(claim),
        }
        self._save(table, [row])

    def set_findings(self, claim_id: str, findings: Sequence[Finding]) -> None:
        """Keep what a payer's front door said of a sent claim, where our own findings stood."""
        table = schema.claim
        self.standing_claim(claim_id)  # NotFound for another practice's id, as for an invented one
        words = body([to_plain(finding) for finding in findings])
        own = and_(table.c.practice_id == self.practice_id, table.c.id == claim_id)
        self._run(table.update().where(own).values(findings=words))

    def _replaced(self, replaces: str) -> str | None:
        """The id of the claim that `replaces` names by id or number; None for "", NotFound for a stranger."""
        if not replaces:
            return None
        table = schema.claim
        named = self._select(table, table.c.id).where(or_(table.c.id == replaces, table.c.number == replaces))
        found = self._run(named).scalar()
        if found is None:
            raise NotFound("the claim to be replaced")
        return str(found)

    def claim(self, claim_id: str) -> Claim:
        """The claim's content, or NotFound."""
        return self._record(Claim, schema.claim, "claim", id=claim_id)

    def standing_claim(self, claim_id: str) -> StandingClaim:
        """The claim, where it stands and what was found, or NotFound."""
        return _standing(self._row(schema.claim, "claim", id=claim_id))

    def claim_by_number(self, number: str) -> StandingClaim:
        """The claim with this CLM01, or NotFound."""
        return _standing(self._row(schema.claim, "claim", number=number))

    def claims_by_number(self, numbers: Iterable[str]) -> dict[str, StandingClaim]:
        """The claims with these CLM01; numbers that are not ours are left out."""
        table, partners = schema.claim, _Partners()
        found: dict[str, StandingClaim] = {}
        for piece in in_chunks(numbers):
            for row in self._run(self._select(table).where(table.c.number.in_(piece))).mappings():
                found[row["number"]] = _standing(row, partners)
        return found

    def claims_answered(self, numbers: Iterable[str]) -> dict[str, tuple[BilledClaim, ClaimState]]:
        """What a payer's answers to the claims with these CLM01 are matched and posted by, and where each stands."""
        table, found = schema.claim, dict[str, tuple[BilledClaim, ClaimState]]()
        parts = table.c.body if self._connection.dialect.name == "postgresql" else func.json_extract(*_BILLED_PARTS)
        for piece in in_chunks(numbers):
            query = self._select(table, table.c.state, table.c.total, table.c.service_date, parts)
            for state, total, service_date, text in self._run(query.where(table.c.number.in_(piece))).all():
                claim = _billed(from_json(text), total, service_date)
                found[claim.number] = claim, ClaimState(state)
        return found

    def claims(
        self,
        state: ClaimState | Iterable[ClaimState] | None = None,
        *,
        encounter_id: str = "",
        patient_id: str = "",
        payer_id: str = "",
        limit: int | None = None,
    ) -> tuple[StandingClaim, ...]:
        """Claims whole, in the order they were built."""
        query = self._claim_query(schema.claim, state, encounter_id, patient_id, payer_id).limit(limit)
        partners = _Partners()
        return tuple([_standing(row, partners) for row in self._run(query).mappings()])

    def claim_rows(
        self,
        state: ClaimState | Iterable[ClaimState] | None = None,
        *,
        encounter_id: str = "",
        patient_id: str = "",
        payer_id: str = "",
        limit: int | None = None,
    ) -> tuple[ClaimRow, ...]:
        """Claims as a list shows them, in the order they were built; far quicker than `claims`."""
        query = self._claim_query(_LISTED, state, encounter_id, patient_id, payer_id).limit(limit)
        return tuple(_claim_row(row) for row in self._run(query).mappings())

    def claims_by_id(self, claim_ids: Iterable[str]) -> dict[str, Claim]:
        """The claims with these ids; ids that are not ours are left out."""
        table, partners = schema.claim, _Partners()
        found: dict[str, Claim] = {}
        for piece in in_chunks(claim_ids):
            for text in self._run(self._select(table, table.c.body).where(table.c.id.in_(piece))).scalars():
                claim = partners.claim(text)
                found[claim.id] = claim
        return found

    def standing_claims(self, claim_ids: Iterable[str]) -> dict[str, StandingClaim]:
        """The claims with these ids and where each stands; ids that are not ours are left out."""
        table, partners = schema.claim, _Partners()
        found: dict[str, StandingClaim] = {}
        for piece in in_chunks(claim_ids):
            for row in self._run(self._select(table).where(table.c.id.in_(piece))).mappings():
                found[row["id"]] = _standing(row, partners)
        return found

    def claims_beside(self, claim_ids: Iterable[str]) -> dict[str, tuple[Claim, ...]]:
        """By each of these claims: what else was sent to its payer for its patient's same day, in the order built; a
        claim without such is left out.
        """
        table, other, partners = schema.claim, schema.claim.alias("other"), _Partners()
        same = [table.c[name] == other.c[name] for name in ("practice_id", "patient_id", "payer_id", "service_date")]
        found: dict[str, tuple[Claim, ...]] = {}
        for piece in in_chunks(claim_ids):
            query = self._select(table, table.c.id, other.c.body).join(other, and_(*same, other.c.id != table.c.id))
            query = query.where(table.c.id.in_(piece), other.c.submitted_on.is_not(None))
            for claim_id, text in self._run(query.order_by(other.c.created_on, other.c.id)).tuples():
                found[claim_id] = (*found.get(claim_id, ()), partners.claim(text))
        return found

    def replaced_claims(self, encounter_ids: Iterable[str]) -> frozenset[str]:
        """The claims of these visits in whose place another one was sent, or is to be: ids."""
        table, found = schema.claim, set[str]()
        for piece in in_chunks(encounter_ids):
            query = self._select(table, table.c.replaces).where(table.c.encounter_id.in_(piece))
            found.update(self._run(query.where(table.c.replaces.is_not(None))).scalars())
        return frozenset(found)

    def latest_claims(self, encounter_ids: Iterable[str]) -> dict[str, ClaimRow]:
        """The claim of each of these visits that was built last; a visit without one is left out."""
        table, found = schema.claim, dict[str, ClaimRow]()
        for piece in in_chunks(encounter_ids):
            query = self._select(table, *_LISTED).where(table.c.encounter_id.in_(piece))
            for row in self._run(query.order_by(table.c.created_on, table.c.id)).mappings():
                found[row["encounter_id"]] = _claim_row(row)
        return found

    def claims_after_a_reversal(self, states: Iterable[ClaimState] = ()) -> tuple[str, ...]:
        """The later payers' claims in one of these states, of visits whose earlier payer took an answer back: ids."""
        table, earlier, paid = schema.claim, schema.claim.alias("earlier"), schema.claim_payment
        parent = schema.remittance
        taken_back = (
            self._select(paid, paid.c.id)
            .join(earlier, (earlier.c.practice_id == paid.c.practice_id) & (earlier.c.id == paid.c.claim_id))
            .join(parent, (parent.c.practice_id == paid.c.practice_id) & (parent.c.id == paid.c.remittance_id))
            .where(paid.c.status == "22", parent.c.state == RemittanceState.POSTED)
            .where(earlier.c.encounter_id == table.c.encounter_id, earlier.c.rank < table.c.rank)
            .correlate(table)
            .exists()
        )
        query = self._select(table, table.c.id).where(table.c.rank > 1, taken_back)
        query = query.where(table.c.state.in_([ClaimState(state) for state in states]))
        return tuple(self._run(query.order_by(table.c.created_on, table.c.id)).scalars())

    def _claim_query(
        self,
        columns: Any,
        state: ClaimState | Iterable[ClaimState] | None,
        encounter_id: str,
        patient_id: str,
        payer_id: str,
    ) -> Select[*tuple[Any, ...]]:
        table = schema.claim
        query = self._select(table, *(columns if isinstance(columns, list) else ()))
        if state is not None:
            states = [state] if isinstance(state, str) else list(state)
            query = query.where(table.c.state.in_([ClaimState(s) for s in states]))
        for column, value in (("encounter_id", encounter_id), ("patient_id", patient_id), ("payer_id", payer_id)):
            if value:
                query = query.where(table.c[column] == value)
        return query.order_by(table.c.created_on, table.c.id)

    def claim_counts(self) -> dict[ClaimState, int]:
        """How many claims stand at each state; states without a claim are left out."""
        table = schema.claim
        query = self._select(table, table.c.state, func.count()).group_by(table.c.state).order_by(table.c.state)
        return {ClaimState(state): count for state, count in self._run(query)}

    def step_claim(self, claim_id: str, to: ClaimState, submitted_on: date | None = None) -> ClaimState:
        """Move a claim to another state; IllegalStep when it may not go there. Returns the state it left."""
        table = schema.claim
        row = self._run(self._select(table, table.c.state).where(table.c.id == claim_id)).first()
        if row is None:
            raise NotFound("claim")
        left = ClaimState(row.state)
        content: dict[str, Any] = {"state": step(left, to)}
        if submitted_on is not None:
            content["submitted_on"] = submitted_on
        self._change(table, "claim", {"id": claim_id}, content)
        return left

    def step_claims(self, steps: Mapping[str, tuple[ClaimState, ClaimState]]) -> None:
        """Many claims at once: id -> (the state it is in, the state it goes to).

        The steps between the two are the caller's, each legal. NotFound when no such claim is in the state said.
        """
        table = schema.claim
        going: defaultdict[tuple[ClaimState, ClaimState], list[str]] = defaultdict(list)
        for claim_id, step_ in steps.items():
            going[step_].append(claim_id)
        for (left, to), claim_ids in sorted(going.items()):
            for piece in in_chunks(claim_ids):
                # The state is asked of claims found by their ids: no plan may look them up by the index of states.
                those = (self._mine(table), table.c.id.in_(piece), table.c.state + "" == left)
                if self._run(table.update().where(*those).values(state=to)).rowcount != len(piece):
                    raise NotFound("claim")

    def claims_resembling(
        self, patient_ids: Iterable[str], service_dates: Iterable[date], limit: int
    ) -> tuple[Claim, ...]:
        """Claims of these patients, then of these days of service, at most `limit` of each: whom an unmatched answer
        may speak of.
        """
        table = schema.claim
        found: dict[str, Claim] = {}
        for column, values in (
            (table.c.patient_id, sorted(set(patient_ids))),
            (table.c.service_date, sorted(set(service_dates))),
        ):
            query = self._select(table, table.c.body).where(column.in_(values[:CHUNK]))
            for claim in self._records(Claim, query.order_by(table.c.created_on.desc(), table.c.id).limit(limit)):
                found[claim.id] = claim
        return tuple(found.values())

    # --- risk ---

    def add_score(
        self,
        claim_id: str,
        artifact_sha256: str,
        probability_ppm: int,
        reasons: Any,
        *,
        shadow: bool = False,
        withheld: bool = False,
    ) -> str:
        """Keep a model's risk for a claim (reasons: a record or plain values); returns its id."""
        row = {
            "id": self.new_id(),
            "claim_id": claim_id,
            "artifact_sha256": artifact_sha256,
            "probability_ppm": probability_ppm,
            "at": self.clock.now(),
            "shadow": shadow,
            "withheld": withheld,
            "body": body(reasons),
        }
        self._insert(schema.model_score, [row])
        return str(row["id"])

    def latest_scores(
        self, claim_ids: Iterable[str], *, shadow: bool = False, artifact_sha256: str = ""
    ) -> dict[str, ClaimScore]:
        """The latest risk of each of these claims, by the model that served or, with `shadow`, by a challenger (of one
        seal, when given); claims never scored are left out.
        """
        table = schema.model_score
        last: dict[str, Any] = {}
        for piece in in_chunks(claim_ids):
            query = self._select(table).where(table.c.claim_id.in_(piece), table.c.shadow.is_(shadow))
            if artifact_sha256:
                query = query.where(table.c.artifact_sha256 == artifact_sha256)
            for row in self._run(query.order_by(table.c.at, table.c.id)).mappings():
                last[row["claim_id"]] = row
        return {claim_id: _score(row) for claim_id, row in last.items()}

    def withheld_claims(self) -> int:
        """How many claims were drawn into the slice without advice."""
        table = schema.model_score
        query = self._select(table, func.count(func.distinct(table.c.claim_id))).where(table.c.withheld.is_(True))
        return int(self._run(query).scalar_one())


def _score(row: Any) -> ClaimScore:
    values = {name: row[name] for name in ClaimScore.__dataclass_fields__}
    return ClaimScore(**values | {"body": from_json(row["body"])})


# SQLite takes these parts out of a claim's content in less time than it takes us to read the rest of it.
_BILLED_PATHS = ("id", "number", "rank", "lines", "payer.id", "patient.id", "patient.guarantor_id", "coverage.rank")
_BILLED_PARTS = (schema.claim.c.body, *(f"$.{path}" for path in _BILLED_PATHS))


def _billed(plain: Any, total: Cents, service_date: date) -> BilledClaim:
    """The claim by its content as plain values: the whole of it, or these parts alone."""
    if isinstance(plain, dict):
        plain = [reduce(getitem, path.split("."), plain) for path in _BILLED_PATHS]
    claim_id, number, rank, plain_lines, payer, patient, guarantor, place = plain
    lines = each_from_plain(ClaimLine, plain_lines)
    ids = tuple([line.charge_id for line in lines])
    return BilledClaim(claim_id, number, rank, lines, payer, patient, guarantor, place, ids, total, service_date)


def _claim_row(row: Any) -> ClaimRow:
    values = {name: row[name] for name in ClaimRow.__dataclass_fields__}
    values |= {"frequency": Frequency(row["frequency"]), "state": ClaimState(row["state"])}
    return ClaimRow(**values | {"replaces": row["replaces"] or ""})


class _Partners:
    """Whom and what many claims name: the practice, its partners, a patient's other claims. Each is read once, and
    again only when it differs.
    """

    _TYPES = (
        ("practice", Practice),
        ("payer", Payer),
        ("rendering", Provider),
        ("location", Location),
        ("patient", Patient),
        ("coverage", Coverage),
    )

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], tuple[Any, Any]] = {}

    def claim(self, text: str) -> Claim:
        """The claim whose body `text` is."""
        plain = from_json(text)
        return from_plain_with(Claim, plain, {name: self._part(name, cls, plain[name]) for name, cls in self._TYPES})

    def _part(self, name: str, cls: type, plain: Any) -> Any:
        known = self._known.get((name, plain["id"]))
        if known is None or known[0] != plain:
            known = self._known[name, plain["id"]] = (plain, from_plain(cls, plain))
        return known[1]


def _standing(row: Any, partners: _Partners | None = None) -> StandingClaim:
    findings = tuple([from_plain(Finding, plain) for plain in from_json(row["findings"])])
    return StandingClaim((partners or _Partners()).claim(row["body"]), _claim_row(row), findings)
