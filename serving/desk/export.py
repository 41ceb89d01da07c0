"""The export: what training may read. Pseudonyms only; an outcome that is not known yet is null, never "paid".

claims.parquet    one row a submission: `ClaimFacts`, its state, and its outcome once known
notes/<key>.txt   signed visits' notes without their people (serving.desk.masking)
codes.tsv         note_id, system, code: what a coder signed
decisions.parquet note_id, system, code, decision, reason, score: what the coder said of each suggestion
manifest.json     format, as of which day, sha256 of each file

A synthetic practice's export carries the claim number too, so that predictions can be laid beside the world's oracle.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from billing_core.record import to_plain
from models.denial.replay import Sending
from serving.desk.case import Desk, use_case
from serving.desk.masking import People, mask, names_of
from serving.desk.outcomes import pseudonym, sendings
from serving.errors import Conflict
from serving.store.states import EncounterStatus

if TYPE_CHECKING:
    from billing_core.encounter import Encounter
    from serving.store.books import Books
    from serving.store.claims import StandingClaim

MANIFEST = "manifest.json"
_SIGNED = (EncounterStatus.SIGNED, EncounterStatus.CHARGED)


def _row(sending: Sending, standing: StandingClaim, synthetic: bool) -> dict[str, Any]:
    outcome = sending.outcome
    return to_plain(sending.facts) | {
        "state": str(standing.state),
        "adjudicated_on": outcome.known_on.isoformat() if outcome else None,
        "denied": outcome.denied if outcome else None,
        "categories": list(outcome.categories) if outcome else [],
        "refused": list(outcome.refused) if outcome else [],
        "claim_number": standing.claim.number if synthetic else "",
    }


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


def _notes(desk: Desk, books: Books) -> Iterator[tuple[str, str, str]]:
    """(encounter id, note id, masked text) of the signed visits."""

    def key(text: str) -> int:
        return int(pseudonym(desk, "mask", text), 16)

    for status in _SIGNED:
        for visit in books.encounters(status):
            encounter = visit.encounter
            text = mask(books.note_text(encounter.id), _people(books, encounter), key)
            yield encounter.id, pseudonym(desk, "note", encounter.id), text


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
    decisions: list[dict[str, Any]] = []
    for encounter_id, note_id, text in sorted(_notes(desk, books), key=lambda found: found[1]):
        (folder / "notes" / f"{note_id}.txt").write_text(text, "utf-8")
        signed = books.signed(encounter_id)
        codes += [(note_id, str(c.system), c.code) for c in (*signed.diagnoses, *signed.procedures)]
        decisions += _decisions(books, encounter_id, note_id)
    lines = ["note_id\tsystem\tcode", *("\t".join(row) for row in codes)]
    (folder / "codes.tsv").write_text("\n".join(lines) + "\n", "utf-8")
    texts = [(name, pa.string()) for name in ("note_id", "system", "code", "decision", "reason")]
    schema = pa.schema([*texts, ("score", pa.int64())])
    parquet.write_table(pa.Table.from_pylist(decisions, schema=schema), folder / "decisions.parquet")


@use_case("export.write")
def export(desk: Desk, books: Books, folder: Path, synthetic: bool = False) -> int:
    """Write the folder, which must be new or empty; returns the number of submissions."""
    import pyarrow as pa
    import pyarrow.parquet as parquet

    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise Conflict("the export's folder is not empty", mend="name a new folder: an export is never mixed")
    sent, standing = sendings(desk, books)
    rows = [_row(sending, standing[sending.mark], synthetic) for sending in sent]
    parquet.write_table(pa.Table.from_pylist(rows), folder / "claims.parquet")
    _write_notes(desk, books, folder)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    manifest = {
        "format": 1,
        "as_of": desk.today(books).isoformat(),
        "synthetic": synthetic,
        "files": {p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in files},
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=2, sort_keys=True) + "\n", "utf-8")
    return len(rows)
