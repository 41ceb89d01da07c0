"""The export: what training may read. Pseudonyms only; an outcome that is not known yet is null, never "paid".

claims.parquet    one row a submission: `ClaimFacts`, its state, and its outcome once known
                  beside it what the model in service had said last before the answer (`stated_ppm`, `stated_by`), and
                  whether that advice was `withheld`; null where the claim was never scored
appeals.parquet   one row a level of an appeal: the claim's key, what was refused and why, days, outcome once decided
notes/<key>.txt   signed visits' notes without their people (serving.desk.masking)
codes.tsv         note_id, system, code: what a coder signed
visits.tsv        note_id, patient_key (as in claims.parquet), age (at most 90), sex, setting of each note
decisions.parquet note_id, system, code, decision, reason, score: what the coder said of each suggestion
queries.parquet   note_id, code, axis, state: what its author was asked. The answer is not there: it is no part of the
                  note, and a code that rests on it must not be learned from the note's words
manifest.json     format, as of which day, how many outcomes are known by then, sha256 of each file

A synthetic practice's export carries the claim number too, so that predictions can be laid beside the world's oracle.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from billing_core.record import to_plain
from models.denial.replay import Sending
from serving.desk.case import Desk, use_case
from serving.desk.coding import age_on
from serving.desk.masking import People, mask, names_of
from serving.desk.outcomes import person_key, pseudonym, sendings
from serving.errors import Conflict
from serving.store.states import AppealState, EncounterStatus

if TYPE_CHECKING:
    from billing_core.encounter import Encounter
    from serving.store.books import Books
    from serving.store.claims import ClaimScore, StandingClaim

MANIFEST = "manifest.json"
OLDEST = 90  # older people are one group
_WON = (AppealState.OVERTURNED, AppealState.PARTLY)
_LOST = (AppealState.UPHELD,)
_SIGNED = (EncounterStatus.SIGNED, EncounterStatus.CHARGED)


def _row(sending: Sending, standing: StandingClaim, score: ClaimScore | None, synthetic: bool) -> dict[str, Any]:
    outcome = sending.outcome
    return to_plain(sending.facts) | {
        "state": str(standing.state),
        "adjudicated_on": outcome.known_on.isoformat() if outcome else None,
        "denied": outcome.denied if outcome else None,
        "categories": list(outcome.categories) if outcome else [],
        "refused": list(outcome.refused) if outcome else [],
        "stated_ppm": score.probability_ppm if score else None,
        "stated_by": score.artifact_sha256 if score else None,
        "withheld": score.withheld if score else None,
        "claim_number": standing.claim.number if synthetic else "",
    }


def _appeals(books: Books, keys: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """What an overturn model may learn from; `keys` are the claims' by id. An outcome not known yet is null."""
    for filed in books.appeals():
        denied, decided = filed.body["denied"], filed.state in (*_LOST, *_WON)
        yield {
            "claim_key": keys[filed.claim_id],
            "level": filed.level,
            "codes": [f"{d['group']}-{d['reason']}" for d in denied],
            "remarks": sorted({remark for d in denied for remark in d["remarks"]}),
            "categories": sorted({d["category"] for d in denied}),
            "procedures": sorted({d["procedure"] for d in denied if d["procedure"]}),
            "denied_cents": filed.body["denied_cents"],
            "quotes_the_chart": any(s["source"].startswith("chart:") for s in filed.body["sentences"]),
            "remitted_on": filed.body["remitted_on"],
            "deadline": filed.deadline.isoformat() if filed.deadline else None,
            "filed_on": filed.filed_on.isoformat() if filed.filed_on else None,
            "decided_on": filed.decided_on.isoformat() if decided and filed.decided_on else None,
            "outcome": str(filed.state) if decided else None,
            "overturned": filed.state in _WON if decided else None,
            "recovered_cents": filed.recovered if decided else None,
        }


def _write_appeals(books: Books, keys: Mapping[str, str], folder: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as parquet

    text, texts, whole = pa.string(), pa.list_(pa.string()), pa.int64()
    schema = pa.schema(
        [
            *(("claim_key", text), ("level", whole), ("codes", texts), ("remarks", texts), ("categories", texts)),
            *(("procedures", texts), ("denied_cents", whole), ("quotes_the_chart", pa.bool_())),
            *((name, text) for name in ("remitted_on", "deadline", "filed_on", "decided_on", "outcome")),
            *(("overturned", pa.bool_()), ("recovered_cents", whole)),
        ]
    )
    rows = [row for row in _appeals(books, keys) if row["filed_on"] is not None]
    parquet.write_table(pa.Table.from_pylist(rows, schema=schema), folder / "appeals.parquet")


def _people(books: Books, encounter: Encounter) -> People:
    """Everybody and everything that registration could tell of the visit."""
    patient = books.patient(encounter.patient_id)
    guarantor = books.guarantor(patient.guarantor_id)
    coverages = books.coverages(patient.id)
    practice = books.practice()
    persons = [patient.name, guarantor.name, *(c.subscriber.name for c in coverages)]
    persons += [provider.name for provider in books.providers()]
    addresses = [patient.address, guarantor.address, *(c.subscriber.address for c in coverages), practice.address]
    addresses += [location.address for location in books.locations()]
    last, first = names_of([(p.last, p.first) for p in persons] + [(p.last, p.middle) for p in persons])
    things = {a.line1 for a in addresses} | {a.line2 for a in addresses} | {a.city for a in addresses}
    things |= (
        {a.postal_code for a in addresses} | {c.member_id for c in coverages} | {c.group_number for c in coverages}
    )
    things |= {authorization.number for authorization in books.authorizations(patient.id)}
    things |= {patient.record_number, practice.name, practice.phone, practice.npi, practice.tin}
    things |= {location.name for location in books.locations()} | {provider.npi for provider in books.providers()}
    return People(patient.id, last, first, frozenset(filter(None, things)))


def _notes(desk: Desk, books: Books) -> Iterator[tuple[Encounter, str, str]]:
    """(visit, note id, masked text) of the signed visits."""

    def key(text: str) -> int:
        return int(pseudonym(desk, "mask", text), 16)

    for status in _SIGNED:
        for visit in books.encounters(status):
            encounter = visit.encounter
            text = mask(books.note_text(encounter.id), _people(books, encounter), key)
            yield encounter, pseudonym(desk, "note", encounter.id), text


def _visit(desk: Desk, books: Books, encounter: Encounter) -> tuple[str, ...]:
    """The patient's key, age, sex, and the setting. Ages over 89 are one (45 CFR 164.514(b)(2)(i)(C))."""
    patient = books.patient(encounter.patient_id)
    age = min(age_on(patient.birth_date, encounter.service_date), OLDEST)
    return person_key(desk, patient), str(age), str(patient.sex), str(encounter.setting)


def _queries(books: Books, encounter_id: str, note_id: str) -> Iterator[dict[str, str]]:
    for query in books.queries(encounter_id):
        yield {"note_id": note_id, "code": query.code, "axis": query.axis, "state": str(query.state)}


def _decisions(books: Books, encounter_id: str, note_id: str) -> Iterator[dict[str, Any]]:
    """What the coder finally said of each code; `score` (per mille) is null for a code that was not suggested."""
    run = books.latest_suggestion(encounter_id)
    scores = {(code["system"], code["code"]): int(code["score"]) for code in (run.body["codes"] if run else ())}
    for said in books.decisions(encounter_id):
        yield {
            "note_id": note_id,
            "system": str(said.system),
            "code": said.code,
            "decision": str(said.decision),
            "reason": said.reason,
            "score": scores.get((said.system, said.code)),
        }


def _write_notes(desk: Desk, books: Books, folder: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as parquet

    (folder / "notes").mkdir()
    codes: list[tuple[str, str, str]] = []
    visits: list[tuple[str, ...]] = []
    decisions: list[dict[str, Any]] = []
    queries: list[dict[str, Any]] = []
    for encounter, note_id, text in sorted(_notes(desk, books), key=lambda found: found[1]):
        (folder / "notes" / f"{note_id}.txt").write_text(text, "utf-8")
        signed = books.signed(encounter.id)
        codes += [(note_id, str(c.system), c.code) for c in (*signed.diagnoses, *signed.procedures)]
        visits.append((note_id, *_visit(desk, books, encounter)))
        decisions += _decisions(books, encounter.id, note_id)
        queries += _queries(books, encounter.id, note_id)
    _write_table(folder / "codes.tsv", ("note_id", "system", "code"), codes)
    _write_table(folder / "visits.tsv", ("note_id", "patient_key", "age", "sex", "setting"), visits)
    texts = [(name, pa.string()) for name in ("note_id", "system", "code", "decision", "reason")]
    schema = pa.schema([*texts, ("score", pa.int64())])
    parquet.write_table(pa.Table.from_pylist(decisions, schema=schema), folder / "decisions.parquet")
    schema = pa.schema([(name, pa.string()) for name in ("note_id", "code", "axis", "state")])
    parquet.write_table(pa.Table.from_pylist(queries, schema=schema), folder / "queries.parquet")


def _write_table(file: Path, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    file.write_text("".join("\t".join(row) + "\n" for row in (columns, *rows)), "utf-8")


def _table(pa: Any, rows: list[dict[str, Any]]) -> Any:
    """The claims as a table; the columns that may hold nothing but nulls keep their types."""
    table = pa.Table.from_pylist(rows)
    for name, kind in (("stated_ppm", pa.int64()), ("stated_by", pa.string()), ("withheld", pa.bool_())):
        if name in table.column_names:
            table = table.set_column(table.column_names.index(name), name, table[name].cast(kind))
    return table


@use_case("export.write")
def export(desk: Desk, books: Books, folder: Path, synthetic: bool = False) -> int:
    """Write the folder, which must be new or empty; returns the number of submissions."""
    import pyarrow as pa
    import pyarrow.parquet as parquet

    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise Conflict("the export's folder is not empty", mend="name a new folder: an export is never mixed")
    sent, standing = sendings(desk, books)
    scores = books.latest_scores(sending.mark for sending in sent)
    rows = [_row(sending, standing[sending.mark], scores.get(sending.mark), synthetic) for sending in sent]
    parquet.write_table(_table(pa, rows), folder / "claims.parquet")
    _write_appeals(books, {sending.mark: sending.facts.claim_key for sending in sent}, folder)
    _write_notes(desk, books, folder)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    manifest = {
        "format": 1,
        "as_of": desk.today(books).isoformat(),
        "synthetic": synthetic,
        "outcomes": {"sent": len(sent), "known": sum(sending.outcome is not None for sending in sent)},
        "files": {p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in files},
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=2, sort_keys=True) + "\n", "utf-8")
    return len(rows)
